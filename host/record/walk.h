/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into items that may hold the same member twice: every match counts, not the first or the
 * last. */
#ifndef MUSTER_RECORD_WALK_H
#define MUSTER_RECORD_WALK_H

#include "json/value.h"

struct walk_hits {
    struct json_value *values;
    size_t count, capacity;
};

/* Adds every value that `pointer` leads to. dashes: "-" stands for each element of an array. */
bool walk_find(struct json_value in, const struct json_pointer *pointer, bool dashes,
    struct arena *arena, struct walk_hits *hits, struct fault *fault) MUST_CHECK;

/* The JSON Pointer of the innermost value or name that byte `at` lies in, in the arena; "" for the
 * item itself. */
bool walk_locate(struct span item, const char *at, struct arena *arena, const char **ret_pointer,
    struct fault *fault) MUST_CHECK;

/* Appends one reference token of a JSON Pointer: "/" and the name with "~" and "/" escaped (RFC
 * 6901 section 3). */
bool walk_append_step(struct bytes *into, struct span name, struct fault *fault) MUST_CHECK;

#endif
