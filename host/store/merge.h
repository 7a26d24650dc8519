/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that more than one scope contributes to. Each scope's contribution is a row of its own;
 * the object's row is what they give together:
 * the earlier stream wins per field, streams that enrich come last and decide nothing about
 * presence.
 */
#ifndef MUSTER_STORE_MERGE_H
#define MUSTER_STORE_MERGE_H

#include "objects.h"

struct merged {
    bool contribution_changed; /* this scope says something else than before */
    bool object_changed;       /* and the object is another than before */
    bool reappeared;           /* it was missing or deleted */
};

struct contribution {
    int state; /* its presence in the scope; -1: the scope contributes nothing */
    bool absent_proven;
    struct hash128 content_hash;
};

/* Takes what this scope says about an object that is there. */
bool merge_record(struct store *store, struct place *place, struct slot *slot,
    const struct record *record, int64_t wall_ms, struct merged *ret_merged,
    struct fault *fault) MUST_CHECK;
/* The presence of a shared object in this scope becomes `state`; the object's follows. ret_row: as
 * it is afterwards. */
bool merge_state(struct store *store, struct place *place, int64_t object, enum state state,
    const struct cause *cause, struct object_row *ret_row, struct fault *fault) MUST_CHECK;
/* What this scope contributes to a shared object. */
bool merge_contribution(struct store *store, const struct place *place, int64_t object,
    struct contribution *ret_contribution, struct fault *fault) MUST_CHECK;

#endif
