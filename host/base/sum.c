/* SPDX-License-Identifier: Apache-2.0 */
/* Four lanes that take a word each, so that a processor multiplies for all of them at once. */
#include "base/sum.h"

#include <endian.h>
#include <string.h>

#define WORD  sizeof(uint64_t)
#define BLOCK (4 * WORD)

/* Odd, half of their bits set: multiplying by them loses nothing and carries a bit far. */
#define FACTOR UINT64_C(0x9e3779b97f4a7c15) /* 2^64 by the golden ratio */
#define SPREAD UINT64_C(0xd6e8feb86659fd93)

static inline uint64_t rotate(uint64_t word, int by)
{
    return word << by | word >> (64 - by);
}

/* A bijection of `lane` for every word, and of `word` for every lane. */
static inline uint64_t take(uint64_t lane, uint64_t word)
{
    return rotate((lane ^ word) * FACTOR, 29);
}

static inline uint64_t word_at(const char *data)
{
    uint64_t word;
    (void)memcpy(&word, data, sizeof word);
    return le64toh(word);
}

/* Carries the high bits down, the only way in which multiplying does not carry them. */
static inline uint64_t finish(uint64_t sum)
{
    sum = (sum ^ sum >> 32) * SPREAD;
    sum = (sum ^ sum >> 29) * FACTOR;
    return sum ^ sum >> 32;
}

uint64_t sum_bytes(uint64_t seed, struct span data)
{
    const char *at = data.data;
    size_t left = data.length;
    uint64_t sum = take(seed * SPREAD, left);
    if (left >= BLOCK) {
        uint64_t a = sum, b = ~sum, c = sum ^ FACTOR, d = sum ^ SPREAD;
        for (; left >= BLOCK; left -= BLOCK, at += BLOCK) {
            a = take(a, word_at(at));
            b = take(b, word_at(at + WORD));
            c = take(c, word_at(at + 2 * WORD));
            d = take(d, word_at(at + 3 * WORD));
        }
        sum = a + rotate(b, 11) + rotate(c, 23) + rotate(d, 41);
    }
    for (; left >= WORD; left -= WORD, at += WORD)
        sum = take(sum, word_at(at));
    if (left > 0) {
        char rest[WORD] = {0};
        (void)memcpy(rest, at, left);
        sum = take(sum, word_at(rest));
    }
    return finish(sum);
}

uint64_t sum_integer(uint64_t seed, int64_t value)
{
    return finish(take(take(FACTOR, seed), (uint64_t)value));
}
