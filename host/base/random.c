/* SPDX-License-Identifier: Apache-2.0 */
/* xoshiro256**, seeded through splitmix64 as its authors advise. */
#include "base/random.h"

#include <assert.h>
#include <sodium.h>

struct random random_seeded(uint64_t seed)
{
    struct random random;
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += 0x9E3779B97F4A7C15u);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        random.state[i] = z ^ (z >> 31);
    }
    return random;
}

struct random random_from_system(void)
{
    uint64_t seed;
    randombytes_buf(&seed, sizeof seed);
    return random_seeded(seed);
}

static uint64_t rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

uint64_t random_next(struct random *random)
{
    uint64_t *s = random->state, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t random_below(struct random *random, uint64_t bound)
{
    assert(bound > 0);
    uint64_t skip = -bound % bound; /* values below this would favour small results */
    for (;;) {
        uint64_t value = random_next(random);
        if (value >= skip)
            return value % bound;
    }
}
