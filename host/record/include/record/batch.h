/* SPDX-License-Identifier: Apache-2.0 */
/* A batch: the unit of the ledger and of a commit (DESIGN section 3). Made by digest from one page,
 * completed by the engine, committed by the store, freed with its digest. */
#ifndef MUSTER_RECORD_BATCH_H
#define MUSTER_RECORD_BATCH_H

#include "record/record.h"

struct program;
struct digest;

/* An item that equals what the store held when the worker looked: no parse, no write. The writer
 * checks the assumption again. */
struct assumed {
    uint32_t item;
    int64_t object;            /* surrogate key in the store */
    struct hash128 bytes_hash; /* what was found there */
};

/* An item that gave records, but none of its own: the first yield's condition does not hold. It is
 * an item of the listing all the same, and the witness of completeness counts it. */
struct counted {
    uint32_t item;
    struct span id; /* that its own record would have, or its bytes */
};

struct batch {
    /* by digest */
    const struct program *program;
    struct digest *digest;   /* that it is part of: digest_item_again() */
    const char *body;        /* where the offsets of json_item count from; NULL: not at hand */
    struct json_item *items; /* source bytes stay until the commit, for assumptions that fail */
    size_t item_count;
    const struct scope_parent *parent;
    int64_t received; /* records that the page's items must give: counted from items and declared
                         fan-out, before any outcome */
    struct record *records;
    size_t record_count;
    struct assumed *assumed;
    size_t assumed_count;
    struct letter *letters;
    size_t letter_count;
    struct filtered *filtered;
    size_t filtered_count;
    struct counted *counted;
    size_t counted_count;
    struct drift *drift;
    size_t drift_count;
    struct shape_seen *shapes; /* of the sound items, unchanged ones included */
    size_t shape_count;
    int64_t known_version; /* what known() was asked at; see record/known.h */
    size_t bytes;          /* memory it holds, for the queue's bound */
    /* by the engine */
    int64_t run, scope, sequence; /* sequence: the scope's batches from 1 */
    int64_t epoch;
    struct span position; /* encoded position after this page; nothing: the listing is over */
    struct span bookmark; /* highest bound seen so far, incremental streams; nothing: none */
    int64_t wall_ms;
};

/* What became of it. received = created + changed + unchanged + duplicate + filtered + dead, or the
 * batch is not committed. */
struct batch_outcome {
    int64_t received, created, changed, unchanged, duplicate, filtered, dead;
    int64_t reappeared; /* part of changed: was missing or deleted */
    int64_t conflicts;  /* part of duplicate: the same id again in this run with other content;
                           denies proof */
    int64_t unreadable; /* dead letters without an id: bar conclusions about absence */
    int64_t distinct; /* distinct items of the scope in this run so far, dead and filtered ones with
                         an id included */
};

/* Adds `more` to `sums`, except for `distinct`, which is of the scope so far and is taken over. */
void batch_outcome_add(struct batch_outcome *sums, const struct batch_outcome *more);

#endif
