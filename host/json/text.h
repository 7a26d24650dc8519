/* SPDX-License-Identifier: Apache-2.0 */
/* What a string says: its body with the escapes taken out, run by run, so that nobody needs
 * memory to compare or hash it. */
#ifndef MUSTER_JSON_TEXT_H
#define MUSTER_JSON_TEXT_H

#include "base/bytes.h"

/* The escape that begins with the backslash at `at`, a surrogate pair as one. Returns the place
 * after it, NULL where it is no escape of RFC 8259. `ret_code`: the character; a surrogate that
 * stands alone is given as it is. */
const char *text_escape(const char *at, const char *end, uint32_t *ret_code);

#define TEXT_CHARACTER_MAX 4 /* bytes of a character in UTF-8 */

/* A string that is being read. */
struct text {
    const char *at, *end; /* what is left of its body */
};

/* Of a string's body, that is without its quotes. */
struct text text_begin(struct span body);
/* The next run: borrowed from the body, or an escape written to `buffer` as UTF-8. What is no
 * character, half of a surrogate pair, is read as U+FFFD. False at the end. */
bool text_next(struct text *text, char buffer[TEXT_CHARACTER_MAX], struct span *ret_run);
/* Whether a string's body says `plain`. */
bool text_equal(struct span body, struct span plain);
/* Without the quotes. Nothing stays nothing. */
struct span text_body(struct span quoted);

#endif
