/* SPDX-License-Identifier: Apache-2.0 */
/* A record: one object as one item of one scope states it, in canonical form. What the store
 * compares, keeps and shows. */
#ifndef MUSTER_RECORD_RECORD_H
#define MUSTER_RECORD_RECORD_H

#include "base/hash.h"
#include "declaration/kind.h"

#define RECORD_ID_MAX    2048u  /* bytes of an id; a longer one goes to the dead letters */
#define RECORD_FIELD_MAX 65536u /* bytes of one mapped field */

struct record {
    const struct kind *kind;
    uint32_t item;  /* index of the item in its page */
    uint32_t yield; /* index of the yield that made it; 0 is the item's own */
    bool tombstone; /* the source says that the object is gone; only kind, id and incarnation are
                       set then */
    struct span id;
    struct span incarnation; /* part of the key; nothing where not mapped */
    struct span fields;    /* canonical JSON object: mapped fields in table order; absent ones left
                              out, null kept, unknown enum    values as "unknown" */
    struct span volatiles; /* canonical JSON object of fields declared volatile; nothing: none */
    struct span raw; /* JSON object: raw words of values that became "unknown"; nothing: none */
    struct span attributes; /* source bytes, redacted; nothing where not kept */
    struct span
        carry; /* JSON object of what child streams need of it: "name": text for each
                  {parent.name}, and "!stream": true or      false for each child stream whose
                  parent.when is declared. Nothing where no stream has this one as parent */
    struct hash128
        content_hash; /* of fields and attributes by meaning; volatile fields do not count */
    struct hash128 bytes_hash; /* of the item's bytes under the scope's key; equal means nothing can
                                  have changed. Zero: the item has several records, or was redacted
                                  in a way that needs the long way */
};

/* An item, or one of its records, that could not be taken. Kept whole. */
struct letter {
    uint32_t item;
    uint32_t records; /* how many of the batch's received records it stands for (1, or an item's
                         whole fan-out) */
    enum fault_code code;
    const char *reason; /* short static word: duplicate_member, id_missing, id_type, field_missing,
                           bad_time, … */
    char why[FAULT_TEXT_MAX]; /* sentence, with the JSON Pointer and the byte; never a value */
    const char *pointer;      /* JSON Pointer at fault, in the arena; "" for the item */
    struct span raw;          /* the item's bytes, redacted */
    struct span id;           /* the item's id where it is readable: counts as seen */
    bool others_lost; /* records other than the item's own are lost with it, whose ids nobody can
                         tell: the scope may draw no conclusion about absence, though the item
                         itself counts as seen */
};

struct filtered {
    uint32_t item;
    uint32_t records; /* how many of the batch's received records it stands for: the item's whole
                         fan-out */
    const char *reason;
    struct span id; /* nothing: not readable */
};

/* Items of one shape on a page: the gate's hash of paths and types (json/gate.h). */
struct shape_seen {
    uint64_t shape; /* 0: shapes beyond those that are remembered, together */
    uint32_t items;
    bool told; /* `paths` are all that an item of this shape has */
    const struct path_seen *paths;
    size_t path_count;
};

struct path_seen {
    const char *path; /* JSON Pointer with "-" for array elements; never a value */
    uint32_t types;   /* a bit for each enum path_type (record/drift_kind.h) */
};

/* A value outside a value map: for the drift view. */
struct drift {
    const char *kind; /* unknown_value */
    const char *path; /* JSON Pointer with "-" for array elements; never a value */
    const char *type;
    uint32_t count; /* occurrences in this batch */
};

#endif
