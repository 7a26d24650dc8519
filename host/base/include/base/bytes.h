/* SPDX-License-Identifier: Apache-2.0 */
/* Text and bytes with a length: a borrowed span, and a growable buffer that never exceeds its
 * limit. */
#ifndef MUSTER_BASE_BYTES_H
#define MUSTER_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include "base/fault.h"

/* Borrowed bytes. Not ended by NUL. {NULL, 0} is "nothing", which is not the same as the empty text
 * {"", 0}. */
struct span {
    const char *data;
    size_t length;
};

#define SPAN(literal)  ((struct span){(literal), sizeof(literal) - 1})
#define SPAN_FORMAT(s) (int)(s).length, (s).data /* for "%.*s" */

struct span span_of(const char *text); /* of a NUL-ended text; NULL gives nothing */
bool span_equal(struct span a, struct span b);
bool span_equal_text(struct span a, const char *text);
bool span_equal_nocase(struct span a, struct span b); /* ASCII */
int span_compare(struct span a, struct span b);       /* by bytes, shorter first */
bool span_starts_with(struct span a, struct span prefix);
struct span span_trim(struct span a); /* without spaces, tabs, CR and LF at both ends */
/* The whole of `a` as a decimal number, with an optional minus sign; false if it is anything else
 * or does not fit. */
bool span_to_int64(struct span a, int64_t *ret_value);
bool span_is_utf8(
    struct span a); /* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF */

/* A growable buffer. Owns `data`. Always holds a NUL after `length`, so data is a C string where it
 * has no NUL inside. */
struct bytes {
    char *data;
    size_t length;
    size_t capacity;
    size_t limit; /* most bytes it may hold; 0: BYTES_LIMIT_DEFAULT */
};

#define BYTES_LIMIT_DEFAULT (64u << 20)

struct span bytes_span(const struct bytes *bytes);
bool bytes_reserve(struct bytes *bytes, size_t more, struct fault *fault) MUST_CHECK;
bool bytes_append(struct bytes *bytes, struct span more, struct fault *fault) MUST_CHECK;
bool bytes_append_text(struct bytes *bytes, const char *text, struct fault *fault) MUST_CHECK;
bool bytes_append_char(struct bytes *bytes, char c, struct fault *fault) MUST_CHECK;
bool bytes_format(struct bytes *bytes, struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 3, 4))) MUST_CHECK;
/* `text` as a JSON string with its quotes (RFC 8259). The text must be UTF-8; other bytes become
 * U+FFFD. */
bool bytes_append_json(struct bytes *bytes, struct span text, struct fault *fault) MUST_CHECK;
/* `text` percent-encoded: all but the unreserved characters of RFC 3986 section 2.3. */
bool bytes_append_percent(struct bytes *bytes, struct span text, struct fault *fault) MUST_CHECK;
/* Lower-case hexadecimal. */
bool bytes_append_hex(
    struct bytes *bytes, const void *data, size_t length, struct fault *fault) MUST_CHECK;
void bytes_clear(struct bytes *bytes); /* keeps the memory */
void bytes_free(struct bytes *bytes);  /* releases it; the limit stays */
void bytes_wipe(struct bytes *bytes);  /* overwrites, then releases: for secrets */

#define AUTO_BYTES __attribute__((cleanup(bytes_free))) struct bytes

#endif
