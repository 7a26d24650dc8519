/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libconfig does not tell about its source text: each setting's key, true line and literal. It
 * keeps lines in 16 bits, wraps integers silently and reports a duplicate key by line alone. Comes
 * between text.h and the parser.
 */
#ifndef MUSTER_CONFIG_SCAN_H
#define MUSTER_CONFIG_SCAN_H

#include "text.h"

#define SCAN_DEPTH_MAX 16u   /* groups, lists and arrays inside one another */
#define SCAN_KEYS_MAX  1024u /* keys of one group */
#define SCAN_NONE      UINT32_MAX

/* One setting, in the order of the text, which is the pre-order of the parsed tree. */
struct scan_entry {
    const char *name;    /* NULL: an element of a list or array */
    struct span literal; /* a word or number as written; the bracket of a group, list or array; of a
                            string nothing */
    uint32_t line;       /* in the text, from 0 */
    uint32_t parent;     /* its group, list or array; SCAN_NONE: the file itself */
    uint32_t before;     /* the setting before it in the same parent, or SCAN_NONE */
    uint32_t last;       /* the last setting in it so far, or SCAN_NONE */
    uint32_t children;
};

struct scan {
    struct scan_entry *entries;
    size_t count, capacity;
};

/* FAULT_CONFIGURATION "FILE:LINE: KEY: ..." for a key that is set twice, an integer outside 64
 * bits, NUL in a string, too many levels or keys. Syntax is the parser's to judge: a text that it
 * will refuse gives some scan or other. */
bool scan_read(const struct text *text, struct scan *ret_scan, struct fault *fault) MUST_CHECK;
void scan_free(struct scan *scan);
/* An integer's literal, decimal or hexadecimal, with or without L. False where it is none, or does
 * not fit. */
bool scan_integer(struct span literal, int64_t *ret_value);

#endif
