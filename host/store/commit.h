/* SPDX-License-Identifier: Apache-2.0 */
/* Committing batches: from records to rows, books and checkpoint, inside the transaction that
 * execute.c holds. */
#ifndef MUSTER_STORE_COMMIT_H
#define MUSTER_STORE_COMMIT_H

#include "item.h"
#include "place.h"

/* Records of one group; a further batch begins the next group. */
#define COMMIT_RECORDS_MAX 65536u

/* What the batch says of itself adds up: FAULT_BALANCE where not. Looks at nothing but the batch.
 */
bool commit_balance(const struct batch *batch, struct fault *fault) MUST_CHECK;
/*
 * Commits `count` COMMIT jobs in order. False: *ret_bad is the job at fault, and the transaction
 * must be rolled back: what the
 * group changed in memory is then stale (store_reload).
 */
bool commit_group(struct store *store, struct job **jobs, size_t count, size_t *ret_bad,
    struct fault *fault) MUST_CHECK;
/* The rows of a batch that are not objects: drift, the ledger, the scope's checkpoint and sums.
 * What its items gave is in item->outcome. */
bool commit_books(struct item *item, struct fault *fault) MUST_CHECK;
size_t commit_weight(const struct batch *batch); /* in records */

#endif
