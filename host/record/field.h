/* SPDX-License-Identifier: Apache-2.0 */
/* One field of one record: from the values found in an item to its canonical value. */
#ifndef MUSTER_RECORD_FIELD_H
#define MUSTER_RECORD_FIELD_H

#include "compile.h"
#include "convert.h"
#include "cut.h"

/* What look-ups read from: the item's projected values, the element's, and what came with the
 * scope. */
struct look_up {
    const struct json_value *item, *element;
    const struct scope_parent *parent; /* may be NULL */
    const struct cut_list *redactions; /* values that may not be shown; may be empty */
    struct arena *arena;
};

enum value_state { VALUE_ABSENT, VALUE_NULL, VALUE_TEXT, VALUE_TRUE, VALUE_FALSE };

struct field_value {
    enum value_state state;
    bool fixed;       /* a constant or default: in the canonical form already, times in RFC 3339 */
    struct span text; /* VALUE_TEXT: borrowed from the source, the declaration or the arena */
    struct span raw;  /* the word that became "unknown"; nothing: none did */
    const char *bad;  /* static reason why the record cannot be taken; NULL: sound. Only where no
                         default stands in */
    char time[TIMESTAMP_TEXT];
};

/* Reads one field. False only for want of memory. ret_value stays where it is while its text is
 * used. */
bool field_read(const struct field_program *field, const struct look_up *from,
    struct field_value *ret_value, struct fault *fault) MUST_CHECK;

/* The id by its own rules: a string or number that is not empty and not too long; else `bad` says
 * why. */
bool field_read_id(const struct field_program *field, const struct look_up *from,
    struct field_value *ret_value, struct fault *fault) MUST_CHECK;

/* Appends a part of a composed text, so that no two lists of parts give the same: "/" and "%" are
 * percent-encoded, parts are joined with "/". `first`: no separator before it. */
bool field_append_part(
    struct bytes *into, struct span text, bool first, struct fault *fault) MUST_CHECK;

/* Where the field says that its value comes from, for messages: a pointer or a name. */
const char *field_pointer(const struct field_program *field);

/* Adds what a volatile field read to the cuts that keep it out of the content hash. */
bool field_add_cuts(const struct field_program *field, const struct look_up *from,
    struct cut_list *cuts, struct fault *fault) MUST_CHECK;

#endif
