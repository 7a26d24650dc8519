/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes by libsodium, in the host's own types. */
#include "base/hash.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(struct hash_key) == crypto_shorthash_siphashx24_KEYBYTES, "SipHash key");
_Static_assert(sizeof(struct hash128) == crypto_shorthash_siphashx24_BYTES, "SipHash-128");

struct hash128 hash_keyed(const struct hash_key *key, struct span data)
{
    struct hash128 hash;
    (void)crypto_shorthash_siphashx24(
        hash.bytes, (const unsigned char *)data.data, data.length, key->bytes); /* always 0 */
    return hash;
}

uint64_t hash_keyed64(const struct hash_key *key, struct span data)
{
    uint64_t hash;
    (void)crypto_shorthash((unsigned char *)&hash, (const unsigned char *)data.data, data.length,
        key->bytes); /* always 0 */
    return hash;
}

bool hash128_equal(struct hash128 a, struct hash128 b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static void update(crypto_generichash_state *state, const void *data, size_t length)
{
    (void)crypto_generichash_update(state, data, length); /* fails only after final */
}

static void final(crypto_generichash_state *state, void *hash, size_t length)
{
    int result = crypto_generichash_final(state, hash, length);
    assert(result == 0);
    (void)result;
}

struct hash_key hash_derive_key(
    const struct hash_key *secret, const struct span *parts, size_t count)
{
    crypto_generichash_state state;
    struct hash_key key;
    int result = crypto_generichash_init(
        &state, secret ? secret->bytes : NULL, secret ? sizeof secret->bytes : 0, sizeof key.bytes);
    assert(result == 0);
    (void)result;
    for (size_t i = 0; i < count; i++) {
        uint64_t length = parts[i].length;
        update(&state, &length, sizeof length);
        update(&state, parts[i].data, parts[i].length);
    }
    final(&state, key.bytes, sizeof key.bytes);
    return key;
}

struct hash256 hash_content(struct span data)
{
    struct hash256 hash;
    int result = crypto_generichash(
        hash.bytes, sizeof hash.bytes, (const unsigned char *)data.data, data.length, NULL, 0);
    assert(result == 0);
    (void)result;
    return hash;
}

struct hash256 hash_chain(const struct hash256 *previous, struct span data)
{
    crypto_generichash_state state;
    struct hash256 hash;
    int result = crypto_generichash_init(&state, NULL, 0, sizeof hash.bytes);
    assert(result == 0);
    (void)result;
    update(&state, previous->bytes, sizeof previous->bytes);
    update(&state, data.data, data.length);
    final(&state, hash.bytes, sizeof hash.bytes);
    return hash;
}

void hash256_text(const struct hash256 *hash, char ret_text[65])
{
    (void)sodium_bin2hex(ret_text, 65, hash->bytes, sizeof hash->bytes);
}
