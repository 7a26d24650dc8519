/* SPDX-License-Identifier: Apache-2.0 */
/* What a character is in ASCII, in every locale. The bytes of what UTF-8 needs several for are
 * nothing here. */
#ifndef MUSTER_BASE_ASCII_H
#define MUSTER_BASE_ASCII_H

#include <stdbool.h>
#include <string.h>

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static inline bool ascii_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool ascii_is_letter(char c)
{
    return ascii_is_lower(c) || ascii_is_upper(c);
}

/* Tabs, line ends, NUL and DEL among them. */
static inline bool ascii_is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

/* Of a method's or a header's name: RFC 9110 section 5.6.2. */
static inline bool ascii_is_token(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* Stands for itself in a URL: RFC 3986 section 2.3. */
static inline bool ascii_is_unreserved(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || (c && strchr("-._~", c));
}

static inline char ascii_lower(char c)
{
    return (char)(ascii_is_upper(c) ? c - 'A' + 'a' : c);
}

/* Of a hexadecimal digit in either case; -1: it is none. */
static inline int ascii_hex_value(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
