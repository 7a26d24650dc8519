/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled form of a stream's mapping: made by compile.c, run by map.c and field.c. Immutable.
 */
#ifndef MUSTER_RECORD_COMPILE_H
#define MUSTER_RECORD_COMPILE_H

#include <regex.h>
#include "declaration/condition.h"
#include "cut.h"
#include "record/mapper.h"

/* Where a look-up finds its value: values projected from the item once, or from the element of an
 * `each` yield. */
enum slot_space { SLOT_NONE, SLOT_ITEM, SLOT_ELEMENT };

struct slot {
    enum slot_space space;
    size_t index;
};

/* One place that a value comes from. */
struct origin {
    enum muster_source source;
    struct slot slot;    /* ELEMENT, ITEM */
    const char *pointer; /* as declared, for messages; the name for PARENT and PARAMETER */
    struct span text;    /* PARENT: the field's name; PARAMETER: its value, nothing if not set;
                            CONSTANT: the text */
};

struct field_program {
    const struct kind_field *field; /* NULL: the id */
    const struct muster_field *declared;
    size_t index; /* in the kind's table */
    bool has_from, has_or_from;
    struct origin from, or_from;
    struct origin *parts; /* composed */
    size_t part_count;
    struct json_pointer pick_where, pick_take;
};

struct yield_program {
    const struct muster_yield *declared;
    const struct kind *kind;
    bool each;
    struct slot each_slot;
    struct json_pointer each_pointer;
    struct condition when;
    struct slot when_slot;
    struct json_projection *projection; /* of the element; NULL where nothing is looked up in it */
    size_t value_count;
    const struct json_pointer *pointers;
    struct span
        names[KIND_FIELDS_MAX];   /* "name": with quotes and colon, of every field of the kind */
    struct field_program *fields; /* in table order */
    size_t field_count;
    struct field_program *id; /* NULL: composed of the key fields */
    uint32_t key_mask;        /* table indices of the fields that a composed id is made of */
    size_t key_order[KIND_FIELDS_MAX];
    size_t key_count;
    int incarnation;                /* table index; -1: the kind has none */
    int class_, class_basis, login; /* table indices; -1: the kind has none */
    uint32_t volatile_mask;         /* table indices */
};

struct filter_program {
    const char *reason;
    struct condition when;
    struct slot slot;
};

struct carry_field {
    struct span name; /* with quotes and colon */
    struct slot slot;
};

struct carry_when {
    struct span name; /* "!child": with quotes and colon */
    struct condition when;
    struct slot slot;
};

struct class_pattern {
    regex_t pattern;
    struct span word;
};

struct mapper {
    struct arena *arena;
    const struct source *source; /* borrowed */
    const struct muster_stream *stream;
    struct yield_program *yields;
    size_t yield_count;
    struct json_projection *projection; /* of the item */
    size_t value_count;
    const struct json_pointer *pointers;
    struct filter_program *filters;
    size_t filter_count;
    struct condition tombstone;
    struct slot tombstone_slot;
    struct slot bound;
    struct json_pointer bound_pointer;
    struct json_pointer joined_pointer; /* where the stream declares one */
    struct json_pointer *redactions;
    size_t redaction_count;
    struct carry_field *carry;
    size_t carry_count;
    struct carry_when *carry_whens;
    size_t carry_when_count;
    struct class_pattern *patterns;
    size_t pattern_count;
    bool one_record; /* one yield without `each`: every item has exactly one record */
    bool by_bytes;
    /* What the path by bytes looks up: id, incarnation, conditions and bound, but none of the
     * fields. Its values go to `light_slots` of the item's. */
    struct json_projection *light;
    size_t light_count;
    size_t *light_slots;
};

#define MAPPER_VALUES_MAX 512u /* pointers of one projection */

/* The account class that the operator's patterns give to a login; nothing where none matches. */
struct span class_of_login(const struct mapper *mapper, struct span login);
bool class_compile(struct mapper *mapper, struct fault *fault) MUST_CHECK;
void class_free(struct mapper *mapper);

/* mapper_bound for a value that was already looked up. */
bool bound_of_value(const struct mapper *mapper, struct json_value value, struct arena *arena,
    struct span *ret_bound, int64_t *ret_order);

/* What child streams need of an item, as a JSON object in the arena. */
bool carry_write(const struct mapper *mapper, const struct json_value *values,
    const struct cut_list *redactions, struct arena *arena, struct bytes *scratch,
    struct span *ret_carry, struct fault *fault) MUST_CHECK;

#endif
