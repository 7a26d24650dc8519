/* SPDX-License-Identifier: Apache-2.0 */
/* Where rows belong: one scope of one run, with what its counters gain in the open transaction. */
#ifndef MUSTER_STORE_PLACE_H
#define MUSTER_STORE_PLACE_H

#include "inside.h"

struct place {
    int64_t run, scope, scope_run, stream, connection, declaration;
    bool enriches, full, ended;
    int64_t sequence, seen_after;
    int64_t withdrawn; /* seen, and then gone again in the same run */
    int64_t live_before;
    struct batch_outcome sums;  /* of the scope's run so far */
    int64_t count[STATE_COUNT]; /* objects by their presence in this scope; deleted ones are not
                                   counted */
    int64_t complete_ms;
    int64_t mapping[KIND_COUNT + 1];            /* by kind; 0: not looked up yet */
    int64_t tally[KIND_COUNT + 1][STATE_COUNT]; /* what the connection's counts gain */
    int64_t gain[STATE_COUNT];                  /* what the scope's counts gain */
};

/* FAULT_NOT_FOUND where the run has no such scope. */
bool place_load(struct store *store, int64_t run, int64_t scope, struct place *ret_place,
    struct fault *fault) MUST_CHECK;
/* For changes outside a run's scope: the scope as it stands, under a run's number. */
bool place_of_scope(struct store *store, int64_t scope, int64_t run, struct place *ret_place,
    struct fault *fault) MUST_CHECK;
/* Writes the gains. */
bool place_save(struct store *store, struct place *place, struct fault *fault) MUST_CHECK;

/* An object's state, and its presence in this scope, become another; -1: it was or is not there. */
void place_tally(struct place *place, uint32_t kind, int from, int to);
void place_presence(struct place *place, int from, int to);
/* What absent fields of a kind mean under this stream's mapping. */
bool place_mapping(struct store *store, struct place *place, uint32_t kind, int64_t *ret_mapping,
    struct fault *fault) MUST_CHECK;
/* The same for an object that the streams in `streams` (a JSON array of their keys, rising)
 * contribute to. */
bool place_mapping_of(struct store *store, const struct place *place, uint32_t kind,
    struct span streams, int64_t *ret_mapping, struct fault *fault) MUST_CHECK;
/* Adds what batches saw, by the rows of a statement that was started (NULL: it was not). */
bool place_read_seen(
    struct store *store, sqlite3_stmt *rows, struct seen *seen, struct fault *fault) MUST_CHECK;
/* The set of what the scope's run saw, from memory or from its batches. */
bool place_seen(struct store *store, const struct place *place, struct seen **ret_seen,
    struct fault *fault) MUST_CHECK;

#endif
