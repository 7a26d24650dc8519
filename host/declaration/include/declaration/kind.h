/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of kinds and their fields (DESIGN section 10). DDL and views, validation of
 * declarations, mapping, export and documentation all come from it. Field order is the order of
 * view columns and of the canonical record.
 */
#ifndef MUSTER_DECLARATION_KIND_H
#define MUSTER_DECLARATION_KIND_H

#include <stddef.h>
#include "base/bytes.h"
#include "muster/connector.h"

enum field_type {
    FIELD_TEXT,
    FIELD_ENUM, /* one of `words`; anything else becomes "unknown" with the raw value kept (drift)
                 */
    FIELD_BOOLEAN, /* stored as true or false; 1 or 0 in the views */
    FIELD_TIME,    /* stored and shown as RFC 3339 UTC with milliseconds */
    FIELD_KIND     /* the name of a kind */
};

enum field_rule {
    FIELD_OPTIONAL,
    FIELD_MANDATORY /* every yield of the kind must map it, and a record without it is dead-lettered
                     */
};

struct kind_field {
    const char *name;
    enum field_type type;
    enum field_rule rule;
    const char *words; /* FIELD_ENUM: separated by spaces; "unknown" always is one of them */
    const char *summary;
};

struct kind {
    const char *name;
    const char *key_fields; /* separated by spaces */
    const struct kind_field *fields;
    size_t field_count;
    enum muster_kind kind;
    bool composed_id; /* a record without a mapped id gets one composed of `key_fields` */
};

#define KIND_COUNT      10
#define KIND_FIELDS_MAX 32

/* Kinds in the order of enum muster_kind, from index 0. */
const struct kind *kind_at(size_t index);
/* NULL for a number or name that is no kind. */
const struct kind *kind_by_number(uint32_t kind);
const struct kind *kind_by_name(struct span name);
/* The field's index, or -1. "id" is no field of the table: it is every kind's identity. */
int kind_field_index(const struct kind *kind, struct span name);
bool kind_field_has_word(const struct kind_field *field, struct span word);

#endif
