/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes against published vectors, and that parts cannot be shifted into one another. */
#include "base/hash.h"

#include <string.h>
#include "unit.h"

START_TEST(matches_published_vectors)
{
    char text[65];
    struct hash256 hash = hash_content(SPAN("abc")); /* BLAKE2b-256 */
    hash256_text(&hash, text);
    ck_assert_str_eq(text, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    hash = hash_content(SPAN(""));
    hash256_text(&hash, text);
    ck_assert_str_eq(text, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    hash = hash_content((struct span){NULL, 0});
    hash256_text(&hash, text);
    ck_assert_str_eq(text, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    /* SipHash-2-4, the authors' vectors: key 00..0f, input 00..07. */
    struct hash_key key;
    char input[8];
    for (size_t i = 0; i < sizeof key.bytes; i++)
        key.bytes[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (char)i;
    ck_assert_uint_eq(hash_keyed64(&key, (struct span){input, 8}), 0x93f5f5799a932462u);
    struct hash128 one = hash_keyed(&key, (struct span){input, 8}),
                   other = hash_keyed(&key, (struct span){input, 7});
    ck_assert(hash128_equal(one, one));
    ck_assert(!hash128_equal(one, other));
    key.bytes[0] ^= 1;
    ck_assert(!hash128_equal(one, hash_keyed(&key, (struct span){input, 8})));
}
END_TEST

static bool same(struct hash_key a, struct hash_key b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

START_TEST(derives_keys)
{
    const struct span ab_c[] = {SPAN("ab"), SPAN("c")}, a_bc[] = {SPAN("a"), SPAN("bc")},
                      abc[] = {SPAN("abc")};
    const struct span abc_nothing[] = {SPAN("abc"), {NULL, 0}};
    struct hash_key secret = {{1}}, other = {{2}};
    ck_assert(same(hash_derive_key(NULL, ab_c, 2), hash_derive_key(NULL, ab_c, 2)));
    ck_assert(!same(hash_derive_key(NULL, ab_c, 2), hash_derive_key(NULL, a_bc, 2)));
    ck_assert(!same(hash_derive_key(NULL, ab_c, 2), hash_derive_key(NULL, abc, 1)));
    ck_assert(!same(hash_derive_key(NULL, abc, 1), hash_derive_key(NULL, abc_nothing, 2)));
    ck_assert(!same(hash_derive_key(&secret, abc, 1), hash_derive_key(&other, abc, 1)));
    ck_assert(!same(hash_derive_key(&secret, abc, 1), hash_derive_key(NULL, abc, 1)));
}
END_TEST

START_TEST(chains)
{
    struct hash256 zero = {{0}};
    struct hash256 one = hash_chain(&zero, SPAN("a")), two = hash_chain(&one, SPAN("b"));
    struct hash256 swapped = hash_chain(&zero, SPAN("b"));
    swapped = hash_chain(&swapped, SPAN("a"));
    ck_assert_mem_ne(&two, &swapped, sizeof two);
    struct hash256 again = hash_chain(&one, SPAN("b"));
    ck_assert_mem_eq(&two, &again, sizeof two);
    one.bytes[31] ^= 0x80;
    again = hash_chain(&one, SPAN("b"));
    ck_assert_mem_ne(&two, &again, sizeof two);
}
END_TEST

UNIT_MAIN("hash", matches_published_vectors, derives_keys, chains)
