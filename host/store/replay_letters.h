/* SPDX-License-Identifier: Apache-2.0 */
/* The letters of a replay: which of them a turn takes, and the end of each. replay.c maps them and
 * holds the run and the transaction that take them. */
#ifndef MUSTER_STORE_REPLAY_LETTERS_H
#define MUSTER_STORE_REPLAY_LETTERS_H

#include "replay_item.h"

/* The run that takes the letters of one stream. */
struct replay_run {
    int64_t connection, stream, round, run;
};

struct replaying {
    struct store *store;
    const struct replay_order *order;
    const struct replay_sink *sink;
    struct replay_sums *sums;
    struct bytes letters; /* their numbers as a JSON array; nothing: all */
    struct replay_run *runs;
    size_t run_count, run_capacity;
};

/* Some letters of one scope, from reading them to settling them. */
struct turn {
    struct replaying *on;
    struct replay_scope *scope;
    struct arena *arena;
    struct kept_letter *letters;
    struct kept_item *items;
    size_t letter_count, item_count, capacity;
    bool more;
    const struct replay_source *source; /* NULL: see why_not */
    size_t stream;                      /* of the plan */
    const char *why_not, *why_not_text; /* nothing can be mapped, and nothing is written */
    int64_t declaration;                /* of today, as the store knows it */
    struct job_parent parent;
    bool parent_gone;
    int64_t wall_ms;
};

/* Looks up the numbers that the order names: FAULT_NOT_FOUND where there is no such letter. */
bool replay_letters_asked(struct replaying *on, struct fault *fault) MUST_CHECK;
/* The next scope after `after` that has open letters; *ret_found tells. Its texts live in
 * `arena`. */
bool replay_letters_scope(struct replaying *on, struct arena *arena, int64_t after,
    struct replay_scope *scope, bool *ret_found, struct fault *fault) MUST_CHECK;
/* The newest open letters of the turn's scope before (run, letter), whole items only, and grouped
 * by item. */
bool replay_letters_read(
    struct turn *turn, int64_t run, int64_t letter, struct fault *fault) MUST_CHECK;

/* Writes and tells what became of an item's letters, and of its records. */
bool replay_letters_settle(struct turn *turn, const struct kept_item *kept,
    const struct replay_turn *taking, const struct replay_record *records, size_t count,
    struct fault *fault) MUST_CHECK;
/* Likewise of all that the turn has, none of which is mapped. */
bool replay_letters_settle_alike(
    struct turn *turn, enum replay_fate fate, struct fault *fault) MUST_CHECK;

#endif
