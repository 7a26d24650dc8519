/* SPDX-License-Identifier: Apache-2.0 */
/* The escapes of JSON strings (RFC 8259 section 7): reading one, and undoing all of a string's. */
#ifndef MUSTER_JSON_ESCAPE_H
#define MUSTER_JSON_ESCAPE_H

#include <string.h>
#include "base/bytes.h"

#define ESCAPE_UTF8_MAX 4u /* bytes that one escape, or two of a surrogate pair, can stand for */

/* The number that the four hexadecimal digits at `at` are; -1 where there are no four before `end`. */
int escape_hex4(const char *at, const char *end);

/* Reads the escape at `*at`, which is after its backslash, moves `*at` past it (past both of a surrogate pair) and gives the length of
 * its UTF-8. What the gate flagged is read too: half of a pair is U+FFFD, an escape that the text ends in is nothing. */
size_t escape_read(const char **at, const char *end, char ret_utf8[ESCAPE_UTF8_MAX]);

/* The inside of a string as sent, undone into `into`, which has room for raw.length + ESCAPE_UTF8_MAX bytes; gives the length. */
size_t escape_undo(struct span raw, char *into);

static inline bool escape_is_in(struct span raw)
{
    return raw.length > 0 && memchr(raw.data, '\\', raw.length);
}

/* A string without its quotes. */
static inline struct span escape_inside(struct span quoted)
{
    return quoted.length >= 2 ? (struct span){quoted.data + 1, quoted.length - 2}
                              : (struct span){quoted.data, 0};
}

#endif
