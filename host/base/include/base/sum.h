/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checksum for what is stored: it finds what a disk or a memory changed, at a few bytes a cycle.
 * It keeps nobody out: who wants to can make it fit (base/hash.h has what cannot be forged).
 *
 * A change within one aligned word of eight bytes always changes the sum, since every step is a
 * bijection of that word; any other goes unseen once in 2^64. Sums are stored: the function never
 * changes.
 */
#ifndef MUSTER_BASE_SUM_H
#define MUSTER_BASE_SUM_H

#include "base/bytes.h"

/* Of what is at one place: equal values have other sums under another `seed`. */
uint64_t sum_bytes(uint64_t seed, struct span data);
uint64_t sum_integer(uint64_t seed, int64_t value);

#endif
