/* SPDX-License-Identifier: Apache-2.0 */
/* A seeded generator for jitter and simulations (xoshiro256**, Blackman and Vigna 2018). Never for
 * secrets. */
#ifndef MUSTER_BASE_RANDOM_H
#define MUSTER_BASE_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state[4];
};

struct random random_seeded(uint64_t seed);
struct random random_from_system(void);
uint64_t random_next(struct random *random);
/* Evenly from 0 to bound - 1; bound must not be 0. */
uint64_t random_below(struct random *random, uint64_t bound);

#endif
