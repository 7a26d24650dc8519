/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dead letters mapped again under the connectors of today, without a fetch (DESIGN sections 2 and
 * 7; CONTRACT, `muster dead replay`).
 *
 * What maps is committed as a batch of kind `replay` in a run of its own, one for each stream, with
 * its row in the ledger and its link in the chain; its letters become `replayed`. What fails stays
 * open, with today's reason beside the old one. A letter never overwrites what is newer than it: an
 * object that was listed, changed or concluded to be gone since stays as it is, its record counts
 * as filtered (superseded), and the letter is closed as `superseded`. So a second replay of the
 * same letters finds nothing to do.
 *
 *     letter of run 5: user u7 has no login        the connector learns that it is at /name
 *     replay in run 9: u7 maps                     received 1, created 1; letter: replayed, run 9
 *     u7 was listed whole in run 8                 received 1, filtered 1 (superseded 1)
 *
 * Letters go by item: those of one item are replayed together, because they keep the same bytes.
 * The newest goes first, so that of two letters about one object the newer one counts.
 */
#ifndef MUSTER_STORE_REPLAY_H
#define MUSTER_STORE_REPLAY_H

#include "base/clock.h"
#include "record/program.h"
#include "store/store.h"

#define REPLAY_LETTERS_MAX 256u       /* of one batch; one item's letters stay together */
#define REPLAY_BYTES_MAX   (8u << 20) /* of what they keep, likewise */

/* What the letters of one connection are mapped with. */
struct replay_source {
    const struct source *source;
    struct program *const *programs; /* one for each stream of the plan; NULL: not selected */
};

struct replay_order {
    const struct replay_source *sources;
    size_t source_count;
    const char *connection, *stream; /* NULL: all */
    const int64_t *letters;          /* none: all that are open */
    size_t letter_count;
    const char *who;
    bool dry; /* everything is done, looked at and undone, batch by batch */
    struct clock clock;
};

/* What became of a record, or would. */
struct replay_record {
    const struct kind *kind;
    struct span id;
    const char *outcome; /* created, changed, reappeared, unchanged, duplicate, filtered, deleted,
                            superseded, orphan (nothing there to enrich) */
    /* Canonical JSON objects, or nothing: the object's present row, and what the letter says. */
    struct span fields_before, volatiles_before, fields, volatiles;
    bool attributes_differ;
};

enum replay_fate { REPLAY_TAKEN, REPLAY_SUPERSEDED, REPLAY_FAILS };

struct replay_letter {
    int64_t letter, run, page, item;
    const char *connection, *stream;
    struct span parent, id; /* nothing: none, not readable */
    struct span reason, pointer;
    enum replay_fate fate;
    const char *now_reason, *now_why, *now_pointer; /* FAILS: why now; SUPERSEDED: now_why */
    const struct replay_record *records;            /* of its item; none where it FAILS alone */
    size_t record_count;
};

struct replay_sums {
    int64_t letters, replayed, superseded, failed;
    int64_t closed;  /* asked for by number, but not open (any more) */
    int64_t batches; /* committed, or that would be */
};

struct replay_sink {
    /* Each letter, inside the transaction: must not wait. */
    bool (*letter)(void *context, const struct replay_letter *letter, struct fault *fault);
    /* The letters since the last call are settled: committed, or undone where the order is dry. May
     * wait; false stops before the next batch. */
    bool (*settled)(void *context);
    void *context;
};

/* On a handle that may write; beside a host's writer each batch waits for its transaction.
 * FAULT_NOT_FOUND names a letter that does not exist, before anything is done; what was settled
 * before another failure stays. */
bool store_replay(struct store *store, const struct replay_order *order,
    const struct replay_sink *sink, struct replay_sums *ret_sums, struct fault *fault) MUST_CHECK;

#endif
