/* SPDX-License-Identifier: Apache-2.0 */
/* The innermost loops: finding the next interesting byte of a string, and passing over values that are known to be sound. */
#ifndef MUSTER_JSON_SCAN_H
#define MUSTER_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool scan_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline const char *scan_blank(const char *at, const char *end)
{
    while (at < end && scan_is_blank(*at))
        at++;
    return at;
}

/* The first byte from `at` that is a quote, a backslash, a control character or not ASCII; `end` if there is none. */
static inline const char *scan_plain(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  space = _mm_set1_epi8(0x20);
    while (end - at >= 16) {
        __m128i chunk = _mm_loadu_si128((const __m128i *)(const void *)at);
        /* Signed: bytes from 0x80 on are negative, so "less than space" finds them and the control characters alike. */
        __m128i hit =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, slash)),
                _mm_cmplt_epi8(chunk, space));
        unsigned mask = (unsigned)_mm_movemask_epi8(hit);
        if (mask)
            return at + __builtin_ctz(mask);
        at += 16;
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && (signed char)*at >= 0x20)
        at++; /* whether a plain char is signed is up to the machine */
    return at;
}

/* Past the closing quote of a string of a text that passed the gate; `at` is after the opening one. */
static inline const char *scan_string(const char *at, const char *end)
{
    for (;;) {
        at = scan_plain(at, end);
        if (at >= end)
            return end;
        if (*at == '"')
            return at + 1;
        at += *at == '\\' ? 2 : 1;
    }
}

/* The first byte from `at` that is a quote or a bracket of either kind; `end` if there is none. */
static inline const char *scan_structure(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}');
    const __m128i fold = _mm_set1_epi8(0x20);
    while (end - at >= 16) {
        __m128i chunk = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i folded = _mm_or_si128(chunk, fold); /* [ becomes {, ] becomes } */
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(chunk, quote),
            _mm_or_si128(_mm_cmpeq_epi8(folded, open), _mm_cmpeq_epi8(folded, close)));
        unsigned mask = (unsigned)_mm_movemask_epi8(hit);
        if (mask)
            return at + __builtin_ctz(mask);
        at += 16;
    }
#endif
    while (at < end && *at != '"' && *at != '{' && *at != '}' && *at != '[' && *at != ']')
        at++;
    return at;
}

/* Past the sound value that begins at `at`. Never beyond `end`, whatever the bytes are. */
static inline const char *scan_value(const char *at, const char *end)
{
    if (at >= end)
        return end;
    if (*at == '"')
        return scan_string(at + 1, end);
    if (*at != '{' && *at != '[') {
        while (at < end && *at != ',' && *at != '}' && *at != ']' && !scan_is_blank(*at))
            at++;
        return at;
    }
    for (int depth = 0;;) {
        at = scan_structure(at, end);
        if (at >= end)
            return end;
        if (*at == '"') {
            at = scan_string(at + 1, end);
            continue;
        }
        depth += (*at | 0x20) == '{' ? 1 : -1;
        at++;
        if (depth <= 0)
            return at;
    }
}

#endif
