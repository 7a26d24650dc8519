/* SPDX-License-Identifier: Apache-2.0 */
/* One item of a replay: which of its letters it still earns, whether what it says is overtaken, and
 * what becomes of its records. replay.c holds the transaction around it. */
#ifndef MUSTER_STORE_REPLAY_ITEM_H
#define MUSTER_STORE_REPLAY_ITEM_H

#include "item.h"
#include "record/replay.h"
#include "store/replay.h"

/* A letter as it was read, texts in the arena of its batch. */
struct kept_letter {
    int64_t letter, batch, run, item, page;
    struct span reason, pointer, id, raw;
    enum replay_fate fate;
    const struct letter *now; /* FAILS: what it is today */
};

/* The letters of one item. */
struct kept_item {
    struct kept_letter *letters;
    size_t count;
    uint32_t index; /* in the replay's batch */
};

/* What batches after those of the letters at hand have listed in the scope. */
struct later {
    struct seen seen;
    int64_t from, to; /* the batches that are in it: from < batch <= to */
    bool begun;
};

/* What newer letters of the scope have said: hashes of names, whether or not there is an object.
 * A rehearsal knows it from here alone, since its rows are gone with each transaction. */
struct said {
    struct seen names;
    int64_t from; /* replayed letters from this one on are in it */
};

struct replay_scope {
    int64_t scope, connection, stream;
    const char *connection_name, *stream_name;
    struct span parent;
    int64_t parent_object;
    bool closed;
    struct later later;
    struct said said;
};

struct replay_turn {
    struct item item; /* store, place, books */
    const struct replay *replay;
    struct replay_scope *scope;
    const struct kept_item *kept;
    struct arena *arena;
};

/* Adds what earlier replays took of letters newer than `letter`, the first of a transaction. */
bool replay_item_said(struct store *store, struct replay_scope *scope, int64_t letter,
    struct fault *fault) MUST_CHECK;
/* Sets the fate and `now` of each letter of the item from what it gives today. True where at least
 * one of them is done with: only then are the item's records to be taken, so that a replay that
 * mends nothing changes nothing. */
bool replay_item_match(const struct replay *replay, struct kept_item *kept);
/* Takes the item's records and filtered entries; ret_records says what became of each. Letters that
 * were done with become superseded where all of it was overtaken. */
bool replay_item_take(struct replay_turn *turn, struct kept_item *kept,
    struct replay_record **ret_records, size_t *ret_count, struct fault *fault) MUST_CHECK;

#endif
