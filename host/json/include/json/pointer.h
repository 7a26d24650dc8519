/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Pointers (RFC 6901), compiled once at load. */
#ifndef MUSTER_JSON_POINTER_H
#define MUSTER_JSON_POINTER_H

#include "base/arena.h"

#define JSON_POINTER_DEPTH_MAX 16u

struct json_pointer {
    const char *text;   /* as declared; "" is the whole value */
    struct span *steps; /* unescaped member names, or array indices in decimal */
    size_t count;
};

/* FAULT_DECLARATION names what is wrong: no leading "/", a bad "~" escape, too deep, not UTF-8.
 * `ret_pointer` lives in `arena`. */
bool json_pointer_parse(const char *text, struct arena *arena, struct json_pointer *ret_pointer,
    struct fault *fault) MUST_CHECK;
/* A step as the index of an array's element: decimal digits without a leading zero. False for
 * all else, "-" included. */
bool json_pointer_index(struct span step, size_t *ret_index);

#endif
