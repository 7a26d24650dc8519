/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: one row a batch, each linked to the one before it by a hash. Written here only,
 * recomputed by audit. */
#ifndef MUSTER_STORE_LEDGER_H
#define MUSTER_STORE_LEDGER_H

#include "inside.h"

struct ledger_row {
    int64_t batch, run, scope, sequence, epoch, at_ms;
    struct batch_outcome outcome;
    int64_t orphans, seen_count;
    bool replay;        /* of dead letters, not a page */
    int64_t superseded; /* of a replay, part of filtered: something newer is known of the object */
    struct span seen, position, bookmark;
};

/* The link over the row's canonical text: every column, texts and blobs with their length before
 * them. */
bool ledger_link(const struct ledger_row *row, const struct hash256 *before, struct bytes *scratch,
    struct hash256 *ret_link, struct fault *fault) MUST_CHECK;
/* Writes the row and moves the chain's head. */
bool ledger_append(struct store *store, struct ledger_row *row, struct fault *fault) MUST_CHECK;
/* The outcome of a batch that is there already. *ret_found tells. */
bool ledger_find(struct store *store, int64_t run, int64_t scope, int64_t sequence,
    struct batch_outcome *ret_outcome, bool *ret_found, struct fault *fault) MUST_CHECK;
/* A row of SQL_LEDGER_ALL; spans are borrowed from the statement. ret_link: the stored one. */
void ledger_read(sqlite3_stmt *statement, struct ledger_row *ret_row, struct span *ret_link);

#endif
