/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's quick hash, for tags and shapes: it says "surely different" or "look closer", never
 * that two things are one. */
#ifndef MUSTER_JSON_MIX_H
#define MUSTER_JSON_MIX_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The halves of the product of two words, folded. */
static inline uint64_t mix_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    uint64_t crossed = (a >> 32 | a << 32) * b;
    return (a * b) ^ (crossed >> 32 | crossed << 32);
#endif
}

/* Two keys; a name's hash under keys that nobody outside knows cannot be aimed at. */
struct mix_key {
    uint64_t low, high;
};

/* Up to 16 bytes as two words, zeros behind them. Reads 16 bytes where `end` allows it, which
 * saves a branch on each length. */
static inline struct mix_key mix_words(const char *data, size_t length, const char *end)
{
    uint64_t words[2] = {0, 0};
    if (end - data >= (ptrdiff_t)sizeof words)
        (void)memcpy(words, data, sizeof words);
    else
        (void)memcpy(words, data, length < sizeof words ? length : sizeof words);
    uint64_t low = le64toh(words[0]), high = le64toh(words[1]);
    if (length < 8) {
        low &= ~(~0ULL << 8 * length);
        high = 0;
    } else if (length < sizeof words) {
        high &= ~(~0ULL << 8 * (length - 8));
    }
    return (struct mix_key){low, high};
}

static inline uint64_t mix_bytes(
    struct mix_key key, const char *data, size_t length, const char *end)
{
    uint64_t hash = length;
    for (; length > 16; data += 16, length -= 16) {
        struct mix_key words = mix_words(data, 16, end);
        hash = mix_fold(words.low ^ key.low ^ hash, words.high ^ key.high);
    }
    struct mix_key words = mix_words(data, length, end);
    return mix_fold(words.low ^ key.low ^ hash, words.high ^ key.high ^ length);
}

#endif
