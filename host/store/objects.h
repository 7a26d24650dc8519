/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of objects and their history: one function for each way in which an object changes. Every
 * change closes the version before it. */
#ifndef MUSTER_STORE_OBJECTS_H
#define MUSTER_STORE_OBJECTS_H

#include "place.h"

/* Why and when an object changes. */
struct cause {
    int64_t wall_ms;
    const char *evidence; /* NULL: the source listed it so */
    int64_t absent_run;   /* for missing: the run that concluded it; 0 otherwise */
    bool absent_proven;
};

/* An object as merge and absence read it. */
struct object_row {
    int64_t object, scope, mapping, absent_run;
    uint32_t kind;
    enum state state;
    enum state presence; /* in the scope that asks; of an object that is not shared its state */
    bool shared, failed, absent_proven;
    struct hash128 content_hash, bytes_hash;
};

bool object_read(struct store *store, int64_t object, struct object_row *ret_row,
    struct fault *fault) MUST_CHECK;
/* A new object of `place`'s scope. */
bool object_create(struct store *store, struct place *place, struct slot *slot,
    const struct record *record, int64_t wall_ms, struct fault *fault) MUST_CHECK;
/* New content, and the state live, of an object that only this scope contributes to. */
bool object_change(struct store *store, struct place *place, struct slot *slot,
    const struct record *record, int64_t wall_ms, struct fault *fault) MUST_CHECK;
/* The content means the same; what is kept beside it (volatile fields, bytes, mapping) is brought
 * up to date, without a version. */
bool object_refresh(struct store *store, struct place *place, struct slot *slot,
    const struct record *record, struct fault *fault) MUST_CHECK;
/* Another state, same content. `object` is not shared; `row` is as read and follows. */
bool object_state(struct store *store, struct place *place, struct object_row *row,
    enum state state, const struct cause *cause, struct fault *fault) MUST_CHECK;
/* Closes the present version into the history. */
bool object_close_version(struct store *store, const struct place *place, int64_t object,
    int64_t wall_ms, struct fault *fault) MUST_CHECK;
bool object_mark_failed(struct store *store, int64_t object, struct fault *fault) MUST_CHECK;
/* Its item maps again, whatever it gives. */
bool object_mark_mapped(struct store *store, int64_t object, struct fault *fault) MUST_CHECK;

/* What a version says that brings an object back; NULL where it was not gone. */
#define STORE_REAPPEARED(state) \
    ((state) == STATE_MISSING || (state) == STATE_DELETED ? "reappeared" : NULL)

static inline struct span hash128_span(const struct hash128 *hash)
{
    static const struct hash128 zero = {{0}};
    bool none = hash128_equal(*hash, zero);
    return (struct span){none ? NULL : (const char *)hash->bytes, none ? 0 : sizeof hash->bytes};
}

#endif
