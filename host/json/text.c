/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes to characters, characters to UTF-8. */
#include "text.h"

#include <string.h>

#define SURROGATE_HIGH 0xD800u
#define SURROGATE_LOW  0xDC00u
#define SURROGATE_END  0xE000u
#define REPLACEMENT    0xFFFDu
#define ESCAPE_UNICODE 6 /* bytes of \uXXXX */

/* What stands for what after a backslash; 0: nothing. */
static const unsigned char escapes[256] = {['"'] = '"',
    ['\\'] = '\\',
    ['/'] = '/',
    ['b'] = '\b',
    ['f'] = '\f',
    ['n'] = '\n',
    ['r'] = '\r',
    ['t'] = '\t'};

/* The value of a hexadecimal digit, plus one; 0: none. */
static const unsigned char digits[256] = {['0'] = 1,
    ['1'] = 2,
    ['2'] = 3,
    ['3'] = 4,
    ['4'] = 5,
    ['5'] = 6,
    ['6'] = 7,
    ['7'] = 8,
    ['8'] = 9,
    ['9'] = 10,
    ['a'] = 11,
    ['b'] = 12,
    ['c'] = 13,
    ['d'] = 14,
    ['e'] = 15,
    ['f'] = 16,
    ['A'] = 11,
    ['B'] = 12,
    ['C'] = 13,
    ['D'] = 14,
    ['E'] = 15,
    ['F'] = 16};

/* \uXXXX at `at`: one UTF-16 unit. */
static bool read_unit(const char *at, const char *end, uint32_t *ret_unit)
{
    uint32_t unit = 0;
    if (end - at < ESCAPE_UNICODE || at[0] != '\\' || at[1] != 'u')
        return false;
    for (int i = 2; i < ESCAPE_UNICODE; i++) {
        unsigned char digit = digits[(unsigned char)at[i]];
        if (digit == 0)
            return false;
        unit = unit << 4 | (uint32_t)(digit - 1);
    }
    *ret_unit = unit;
    return true;
}

const char *text_escape(const char *at, const char *end, uint32_t *ret_code)
{
    uint32_t unit, low;
    if (end - at < 2)
        return NULL;
    if (at[1] != 'u') {
        *ret_code = escapes[(unsigned char)at[1]];
        return *ret_code ? at + 2 : NULL;
    }
    if (!read_unit(at, end, &unit))
        return NULL;
    at += ESCAPE_UNICODE;
    if (unit >= SURROGATE_HIGH && unit < SURROGATE_LOW && read_unit(at, end, &low) &&
        low >= SURROGATE_LOW && low < SURROGATE_END) {
        *ret_code = 0x10000u + ((unit - SURROGATE_HIGH) << 10 | (low - SURROGATE_LOW));
        return at + ESCAPE_UNICODE;
    }
    *ret_code = unit;
    return at;
}

static size_t write_utf8(uint32_t code, char into[TEXT_CHARACTER_MAX])
{
    static const unsigned char leads[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        into[i] = (char)(0x80 | (code & 0x3F));
    into[0] = (char)(leads[length] | code);
    return length;
}

struct text text_begin(struct span body)
{
    return (struct text){.at = body.data, .end = body.data + body.length};
}

bool text_next(struct text *text, char buffer[TEXT_CHARACTER_MAX], struct span *ret_run)
{
    const char *from = text->at;
    if (from == text->end)
        return false;
    const char *slash = memchr(from, '\\', (size_t)(text->end - from));
    if (slash != from) {
        text->at = slash ? slash : text->end;
        *ret_run = (struct span){from, (size_t)(text->at - from)};
        return true;
    }
    uint32_t code = REPLACEMENT;
    const char *after = text_escape(from, text->end, &code);
    text->at = after ? after : from + 1;
    if (!after || (code >= SURROGATE_HIGH && code < SURROGATE_END))
        code = REPLACEMENT;
    *ret_run = (struct span){buffer, write_utf8(code, buffer)};
    return true;
}

bool text_equal(struct span body, struct span plain)
{
    struct text text = text_begin(body);
    struct span run;
    char buffer[TEXT_CHARACTER_MAX];
    while (text_next(&text, buffer, &run)) {
        if (!span_starts_with(plain, run))
            return false;
        plain = (struct span){plain.data + run.length, plain.length - run.length};
    }
    return plain.length == 0;
}

struct span text_body(struct span quoted)
{
    return quoted.length >= 2 ? (struct span){quoted.data + 1, quoted.length - 2}
                              : (struct span){quoted.data, 0};
}
