/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes, read one by one; before this the gate said which strings are sound. */
#include "escape.h"

#include <string.h>

#define SURROGATES_HIGH 0xD800u
#define SURROGATES_LOW  0xDC00u
#define SURROGATES_END  0xE000u
#define REPLACEMENT     0xFFFDu

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

int escape_hex4(const char *at, const char *end)
{
    int value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex(at[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static size_t put_utf8(uint32_t code, char *into)
{
    if (code < 0x80) {
        into[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        into[0] = (char)(0xC0 | code >> 6);
        into[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        into[0] = (char)(0xE0 | code >> 12);
        into[1] = (char)(0x80 | (code >> 6 & 0x3F));
        into[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    into[0] = (char)(0xF0 | code >> 18);
    into[1] = (char)(0x80 | (code >> 12 & 0x3F));
    into[2] = (char)(0x80 | (code >> 6 & 0x3F));
    into[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* The second half of a pair, where an escape at `at` is one; 0: none. */
static uint32_t low_half(const char *at, const char *end)
{
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return 0;
    int code = escape_hex4(at + 2, end);
    return code >= (int)SURROGATES_LOW && code < (int)SURROGATES_END ? (uint32_t)code : 0;
}

size_t escape_read(const char **at, const char *end, char ret_utf8[ESCAPE_UTF8_MAX])
{
    static const char plain[256] = {['b'] = '\b',
        ['f'] = '\f',
        ['n'] = '\n',
        ['r'] = '\r',
        ['t'] = '\t',
        ['"'] = '"',
        ['\\'] = '\\',
        ['/'] = '/'};
    if (*at >= end)
        return 0;
    char c = *(*at)++;
    if (c != 'u') {
        ret_utf8[0] = plain[(unsigned char)c];
        return 1;
    }
    int read = escape_hex4(*at, end);
    uint32_t code = read < 0 ? REPLACEMENT : (uint32_t)read, low;
    *at = end - *at < 4 ? end : *at + 4;
    if (code < SURROGATES_HIGH || code >= SURROGATES_END)
        return put_utf8(code, ret_utf8);
    if (code >= SURROGATES_LOW || !(low = low_half(*at, end)))
        return put_utf8(REPLACEMENT, ret_utf8);
    *at += 6;
    return put_utf8(0x10000 + ((code - SURROGATES_HIGH) << 10 | (low - SURROGATES_LOW)), ret_utf8);
}

size_t escape_undo(struct span raw, char *into)
{
    const char *at = raw.data, *end = raw.data + raw.length;
    size_t length = 0;
    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((slash ? slash : end) - at);
        (void)memcpy(into + length, at, plain);
        length += plain;
        if (!slash)
            break;
        at = slash + 1;
        /* An escape is never shorter than what it stands for, but for one that the text ends in. */
        length += escape_read(&at, end, into + length);
    }
    return length;
}
