/* SPDX-License-Identifier: Apache-2.0 */
/* The three hashes of the host. All from libsodium; nothing here is home-made. */
#ifndef MUSTER_BASE_HASH_H
#define MUSTER_BASE_HASH_H

#include "base/bytes.h"

struct hash_key {
    uint8_t bytes[16];
};

/* Keyed, 128 bits (SipHash-2-4 with 128-bit output): content that a server chooses cannot be
 * crafted to collide. */
struct hash128 {
    uint8_t bytes[16];
};

/* BLAKE2b-256: content addresses and the ledger's chain. */
struct hash256 {
    uint8_t bytes[32];
};

struct hash128 hash_keyed(const struct hash_key *key, struct span data);
uint64_t hash_keyed64(const struct hash_key *key, struct span data);
bool hash128_equal(struct hash128 a, struct hash128 b);
/* A key for one purpose: BLAKE2b of the parts, each with its length before it, under `secret`
 * (NULL: none). */
struct hash_key hash_derive_key(
    const struct hash_key *secret, const struct span *parts, size_t count);
struct hash256 hash_content(struct span data);
/* The chain's link: BLAKE2b-256 over the previous link and `data`. */
struct hash256 hash_chain(const struct hash256 *previous, struct span data);
/* 64 hexadecimal digits and NUL. */
void hash256_text(const struct hash256 *hash, char ret_text[65]);

#endif
