/* SPDX-License-Identifier: Apache-2.0 */
/* The scanning loops that are too long to be copied into every caller. */
#include "scan.h"

const char *scan_blank_run(const char *at, const char *end)
{
#ifdef __SSE2__
    for (; end - at >= SCAN_STEP; at += SCAN_STEP) {
        __m128i chunk = scan_load(at);
        __m128i blank = _mm_or_si128(scan_find(chunk, ' '), scan_find(chunk, '\n'));
        blank = _mm_or_si128(blank, scan_find(chunk, '\r'));
        blank = _mm_or_si128(blank, scan_find(chunk, '\t'));
        unsigned mask = scan_mask(blank) ^ 0xFFFFu;
        if (mask)
            return at + __builtin_ctz(mask);
    }
#endif
    while (at < end && scan_is_blank(*at))
        at++;
    return at;
}

static bool is_continuation(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* The length of the multi-byte sequence at `at`, or 0. */
static inline unsigned sequence(const unsigned char *at, size_t left)
{
    if (left < 2 || at[0] < 0xC2 || !is_continuation(at[1]))
        return 0;
    if (at[0] < 0xE0)
        return 2;
    if (left < 3 || !is_continuation(at[2]))
        return 0;
    if (at[0] < 0xF0) {
        unsigned code = (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6;
        return code >= 0x800 && (code < 0xD800 || code > 0xDFFF) ? 3 : 0;
    }
    if (left < 4 || at[0] > 0xF4 || !is_continuation(at[3]))
        return 0;
    unsigned code = (at[0] & 0x07u) << 18 | (at[1] & 0x3Fu) << 12;
    return code >= 0x10000 && code <= 0x10FFFF ? 4 : 0;
}

const char *scan_utf8(const char *at, const char *end)
{
    while (at < end && (unsigned char)*at >= 0x80) {
        unsigned length = sequence((const unsigned char *)at, (size_t)(end - at));
        if (length == 0)
            break;
        at += length;
    }
    return at;
}

/* The first quote or bracket of either kind. */
static inline const char *structure(const char *at, const char *end)
{
#ifdef __SSE2__
    for (; end - at >= SCAN_STEP; at += SCAN_STEP) {
        __m128i chunk = scan_load(at);
        __m128i folded =
            _mm_or_si128(chunk, _mm_set1_epi8(0x20)); /* [ and { alike, ] and } alike */
        __m128i hits = _mm_or_si128(scan_find(folded, '{'), scan_find(folded, '}'));
        unsigned mask = scan_mask(_mm_or_si128(hits, scan_find(chunk, '"')));
        if (mask)
            return at + __builtin_ctz(mask);
    }
#endif
    while (at < end && *at != '"' && (*at | 0x20) != '{' && (*at | 0x20) != '}')
        at++;
    return at;
}

static const char *container(const char *at, const char *end)
{
    for (size_t depth = 0; (at = structure(at, end)) < end; at++) {
        if (*at == '"') {
            at = scan_string(at + 1, end);
            if (at == end)
                break;
        } else if ((*at | 0x20) == '{') {
            depth++;
        } else if (--depth == 0) {
            return at + 1;
        }
    }
    return end;
}

const char *scan_value(const char *at, const char *end)
{
    if (at == end)
        return end;
    if (*at == '"') {
        at = scan_string(at + 1, end);
        return at == end ? end : at + 1;
    }
    if (*at == '{' || *at == '[')
        return container(at, end);
    while (at < end && *at != ',' && *at != '}' && *at != ']' && !scan_is_blank(*at))
        at++;
    return at;
}
