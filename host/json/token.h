/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, numbers and words, one at a time, checked against RFC 8259. */
#ifndef MUSTER_JSON_TOKEN_H
#define MUSTER_JSON_TOKEN_H

#include <stdbool.h>
#include "base/fault.h"

/* What is known of the token that was read last. The sentences are static. */
struct token {
    bool escaped; /* a string with a backslash in it */
    const char
        *unsound; /* what must not be believed in it; NULL: nothing. The first such thing counts */
    const char *broken;   /* why it cannot be read, where a function returned NULL */
    enum fault_code code; /* with `broken` */
    const char *where;    /* the byte that `unsound` or `broken` speaks of */
};

/* `at` is behind the opening quote; returns the place behind the closing one. Sets the whole
 * token. */
const char *token_string(const char *at, const char *end, struct token *ret_token);
/* Returns the place behind it. Sets `broken`, `code` and `where` where it returns NULL, nothing
 * otherwise. */
const char *token_number(const char *at, const char *end, struct token *ret_token);

#endif
