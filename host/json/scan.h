/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The innermost loops: where a run of uninteresting bytes ends. Each takes [at, end), reads nothing
 * outside it whatever the bytes are, and returns a place in it or `end`. Sixteen bytes at a time
 * where there is SSE2; the last few, and other machines, one at a time.
 */
#ifndef MUSTER_JSON_SCAN_H
#define MUSTER_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#ifdef __SSE2__
#include <emmintrin.h>

#define SCAN_STEP 16

static inline __m128i scan_load(const char *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

static inline __m128i scan_find(__m128i chunk, char c)
{
    return _mm_cmpeq_epi8(chunk, _mm_set1_epi8(c));
}

static inline unsigned scan_mask(__m128i hits)
{
    return (unsigned)_mm_movemask_epi8(hits);
}
#endif

static inline bool scan_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The rest of a run of white space; out of line, as compact texts have none. */
const char *scan_blank_run(const char *at, const char *end);

/* The first byte that is no white space. */
static inline const char *scan_blank(const char *at, const char *end)
{
    return at < end && (unsigned char)*at <= ' ' ? scan_blank_run(at, end) : at;
}

/* The first byte that a string's body does not hold just as it is: a quote, a backslash, a
 * control character, or one that is not ASCII. */
static inline const char *scan_plain(const char *at, const char *end)
{
#ifdef __SSE2__
    for (; end - at >= SCAN_STEP; at += SCAN_STEP) {
        __m128i chunk = scan_load(at);
        /* Bytes from 0x80 on are negative, so one signed comparison finds them and the control
         * characters. */
        __m128i hits = _mm_cmplt_epi8(chunk, _mm_set1_epi8(' '));
        hits = _mm_or_si128(hits, scan_find(chunk, '"'));
        hits = _mm_or_si128(hits, scan_find(chunk, '\\'));
        unsigned mask = scan_mask(hits);
        if (mask)
            return at + __builtin_ctz(mask);
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= ' ' &&
           (unsigned char)*at < 0x80)
        at++;
    return at;
}

/* The first quote or backslash. */
static inline const char *scan_quote(const char *at, const char *end)
{
#ifdef __SSE2__
    for (; end - at >= SCAN_STEP; at += SCAN_STEP) {
        __m128i chunk = scan_load(at);
        unsigned mask = scan_mask(_mm_or_si128(scan_find(chunk, '"'), scan_find(chunk, '\\')));
        if (mask)
            return at + __builtin_ctz(mask);
    }
#endif
    while (at < end && *at != '"' && *at != '\\')
        at++;
    return at;
}

/* Past a run of well-formed multi-byte sequences (RFC 3629): the first byte that is ASCII, or
 * that begins no such one. */
const char *scan_utf8(const char *at, const char *end);

/* The closing quote of the string whose body begins at `at`. */
static inline const char *scan_string(const char *at, const char *end)
{
    for (;;) {
        at = scan_quote(at, end);
        if (at == end || *at == '"')
            return at;
        at = end - at > 2 ? at + 2 : end;
    }
}

/* Past the value that begins at `at`, of a text that passed the gate. */
const char *scan_value(const char *at, const char *end);

#endif
