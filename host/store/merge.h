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

/* Takes what this scope says about an object that is there. */
bool merge_record(struct store *store, struct place *place, struct slot *slot,
    const struct record *record, int64_t wall_ms, struct merged *ret_merged,
    struct fault *fault) MUST_CHECK;
/* The presence of a shared object in this scope becomes `state`; the object's follows. ret_row: as
 * it is afterwards. */
bool merge_state(struct store *store, struct place *place, int64_t object, enum state state,
    const struct cause *cause, struct object_row *ret_row, struct fault *fault) MUST_CHECK;
/* The presence in this scope: of a contribution, or -1 where the scope contributes nothing. */
bool merge_presence(struct store *store, const struct place *place, int64_t object, int *ret_state,
    int64_t *ret_absent_run, bool *ret_absent_proven, struct fault *fault) MUST_CHECK;

#endif
