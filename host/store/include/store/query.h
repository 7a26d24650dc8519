/* SPDX-License-Identifier: Apache-2.0 */
/* What people and commands read from a store, row by row, without knowing its tables. */
#ifndef MUSTER_STORE_QUERY_H
#define MUSTER_STORE_QUERY_H

#include "store/store.h"

enum cell_type { CELL_NULL, CELL_TEXT, CELL_INTEGER, CELL_REAL, CELL_JSON };

struct cell {
    enum cell_type type;
    struct span text; /* TEXT, JSON: borrowed until the next row */
    int64_t integer;
    double real;
};

/* Called once for each row; false stops (not an error). Names are the same at every call of one
 * query. */
typedef bool query_row(
    void *context, const char *const *names, const struct cell *cells, size_t count);

enum query {
    QUERY_STATUS,   /* the verdict: one row a connection and kind, `not collected` included */
    QUERY_RUNS,     /* newest first; argument: connection name or NULL */
    QUERY_LEDGER,   /* batches of one run; argument: run number */
    QUERY_DEAD,     /* dead letters without their raw bytes; argument: connection or NULL */
    QUERY_DEAD_ONE, /* one, with raw bytes; argument: its number */
    QUERY_HOLDS,
    QUERY_FAILURES, /* connections whose last rounds failed: name, how many in a row, when the last
                       ended (ms since 1970) */
    QUERY_WAITING,  /* what waits for a person, one row a stream: connection, stream, open dead
                       letters, the connection's absences on hold; and as of when the
                       stream is complete (ms since 1970), null where it never was or is not read */
    QUERY_DRIFT     /* argument: connection or NULL */
};

bool query_run(struct store *store, enum query query, const char *argument, query_row *row,
    void *context, struct fault *fault) MUST_CHECK;

/* `muster export`: objects of one kind in id order, all view columns; as_of_ms: TIMESTAMP_NONE for
 * now. */
struct export_options {
    const struct kind *kind;
    const char *connection; /* NULL: all */
    bool all_states;        /* false: live only */
    int64_t as_of_ms;
};
bool query_export(struct store *store, const struct export_options *options, query_row *row,
    void *context, struct fault *fault) MUST_CHECK;

/* `muster audit`: adds up every batch, run and letter again, follows the chain, runs
 * integrity_check. Calls `found` for each
 * break (a sentence each, first break first); *ret_breaks is their number, *ret_batches how many
 * links were followed. */
bool store_audit(struct store *store, void (*found)(void *context, const char *sentence),
    void *context, int64_t *ret_batches, int64_t *ret_breaks, struct fault *fault) MUST_CHECK;

/* `muster dead discard`, `muster hold approve|reject`: who and why are kept. FAULT_NOT_FOUND where
 * there is no such number. */
bool store_dead_discard(struct store *store, int64_t letter, const char *who, const char *reason,
    int64_t wall_ms, struct fault *fault) MUST_CHECK;
/* Takes from each object that is not as it was written what would pass over its item as unchanged:
 * the listing that shows it next writes it anew. Its row does not fit until then, and its version
 * up to then never will. */
bool store_audit_repair(struct store *store, struct fault *fault) MUST_CHECK;
bool store_hold_decide(struct store *store, int64_t hold, bool approve, const char *who,
    int64_t wall_ms, struct fault *fault) MUST_CHECK;
/* All open holds of a run at once: a loss that is spread over many listings has one in each. */
bool store_hold_decide_run(struct store *store, int64_t run, bool approve, const char *who,
    int64_t wall_ms, int64_t *ret_decided, struct fault *fault) MUST_CHECK;

#endif
