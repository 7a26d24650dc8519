/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsodium's secretbox: a fresh nonce before each box. A row belongs to a credential: the origin
 * that gives the tokens, and the token that the operator configured, of which the kept one is a
 * descendant. So a newly configured token begins anew, and connections that share one share its
 * descendants. The credential's name, a keyed hash, is inside the box, so that boxes cannot be
 * swapped.
 */
#include "token.h"

#include <sodium.h>
#include <string.h>
#include "base/arena.h"

#define NONCE crypto_secretbox_NONCEBYTES
#define MAC   crypto_secretbox_MACBYTES

_Static_assert(crypto_secretbox_KEYBYTES == 32, "the seal key's size");

static bool need_key(const struct job_token *token, struct fault *fault)
{
    return token->seal_key.length == crypto_secretbox_KEYBYTES ||
           fault_set(fault, FAULT_SECRET,
               "a rotated refresh token cannot be kept: no key to seal it with is configured");
}

/* One name of both parts: the key of the second hash is made of the first part. */
static struct hash128 name_credential(const struct store *store, const struct job_token *token)
{
    const struct span parts[] = {SPAN("refresh token"), token->origin};
    struct hash_key key = hash_derive_key(&store->key, parts, 2);
    return hash_keyed(&key, token->configured);
}

static struct span name_span(const struct hash128 *name)
{
    return (struct span){(const char *)name->bytes, sizeof name->bytes};
}

bool token_save(
    struct store *store, const struct job_token *token, int64_t wall_ms, struct fault *fault)
{
    AUTO_BYTES sealed = {.limit = 0};
    struct bytes plain = {.limit = 0};
    const struct hash128 name = name_credential(store, token);
    size_t length = sizeof name.bytes + token->token.length;
    if (!need_key(token, fault))
        return false;
    bool good = bytes_reserve(&sealed, NONCE + MAC + length, fault) &&
                bytes_reserve(&plain, length, fault) && /* once, so that no copy is left behind */
                bytes_append(&plain, name_span(&name), fault) &&
                bytes_append(&plain, token->token, fault);
    if (good) {
        unsigned char *box = (unsigned char *)sealed.data;
        randombytes_buf(box, NONCE);
        (void)crypto_secretbox_easy(box + NONCE, (const unsigned char *)plain.data, plain.length,
            box,
            (const unsigned char *)
                token->seal_key.data); /* fails only for lengths that do not fit in memory */
        struct span whole = {sealed.data, NONCE + MAC + length};
        good = sql_run(&store->sql, SQL_TOKEN_PUT, fault, "bbi", name_span(&name), whole, wall_ms);
    }
    bytes_wipe(&plain);
    return good;
}

static bool open_box(struct span box, const struct hash128 *name, struct job_token *token,
    struct arena *arena, struct fault *fault)
{
    if (box.length < NONCE + MAC + sizeof name->bytes)
        return fault_set(fault, FAULT_STORE_CORRUPT, "a sealed refresh token is cut short");
    size_t length = box.length - NONCE - MAC;
    unsigned char *plain = arena_allocate(arena, length + 1);
    if (!plain)
        return fault_memory(fault);
    const unsigned char *data = (const unsigned char *)box.data;
    if (crypto_secretbox_open_easy(plain, data + NONCE, box.length - NONCE, data,
            (const unsigned char *)token->seal_key.data) != 0 ||
        memcmp(plain, name->bytes, sizeof name->bytes) != 0)
        return fault_set(fault, FAULT_SECRET,
            "the kept refresh token does not open with the configured store.seal_key; give the "
            "key that it was sealed with, or sign in to the application anew and configure the "
            "new refresh token");
    token->token =
        (struct span){(const char *)plain + sizeof name->bytes, length - sizeof name->bytes};
    return true;
}

bool token_load(
    struct store *store, struct job_token *token, struct arena *arena, struct fault *fault)
{
    const struct hash128 name = name_credential(store, token);
    token->token = (struct span){NULL, 0};
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_TOKEN_GET, &row, fault, "b", name_span(&name));
    if (step != SQL_ROW)
        return step == SQL_END;
    return need_key(token, fault) && open_box(sql_span(row, 0), &name, token, arena, fault);
}
