/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays: scope by scope, some letters at a time, each some in a transaction of its own, so that a
 * host's writer never waits long. Which letters those are and how each ends is replay_letters.c's,
 * what becomes of an item replay_item.c's to say.
 */
#include "store/replay.h"

#include <string.h>
#include "base/memory.h"
#include "commit.h"
#include "registry.h"
#include "replay_letters.h"
#include "scopes.h"

#define WHO_MAX 64 /* bytes of a name in a reason */

/* ------------------------------------------------------------------ what maps them ------------ */

static bool refuse(struct turn *turn, const char *word, const char *sentence)
{
    turn->why_not = word;
    turn->why_not_text = sentence;
    return true;
}

/* True also where there is nothing to map with: why_not says it then. */
static bool find_source(struct turn *turn, struct fault *fault)
{
    const struct replay_order *order = turn->on->order;
    const struct replay_scope *scope = turn->scope;
    for (size_t i = 0; i < order->source_count && !turn->source; i++)
        if (strcmp(order->sources[i].source->name, scope->connection_name) == 0)
            turn->source = &order->sources[i];
    if (!turn->source)
        return refuse(turn, "no_connection",
            "the configuration has no such connection, or it cannot be used now");
    const struct plan *plan = turn->source->source->plan;
    int stream = plan_stream_index(plan, span_of(scope->stream_name));
    if (stream < 0)
        return refuse(turn, "no_stream", "its connector has no such stream any more");
    turn->stream = (size_t)stream;
    if (!turn->source->programs[stream])
        return refuse(turn, "not_selected", "its stream is not selected for the connection");
    const struct muster_stream *declared = &plan->connector->streams.items[stream];
    if ((declared->parent.stream != NULL) != (scope->parent.data != NULL))
        return refuse(
            turn, "scope_changed", "its stream runs for other objects than it did at the time");
    turn->parent.parent.id = scope->parent;
    turn->parent_gone = scope->closed;
    if (scope->parent_object == 0)
        return true;
    bool there = true;
    if (!scopes_parent(turn->on->store, scope->parent_object, declared, turn->arena, &turn->parent,
            &there, fault))
        return false;
    turn->parent_gone = turn->parent_gone || !there;
    return true;
}

static bool map_letters(struct turn *turn, struct replay **ret_replay, struct fault *fault)
{
    struct span *raws = arena_allocate_array(turn->arena, turn->item_count + 1, sizeof *raws);
    if (!raws)
        return fault_memory(fault);
    for (size_t i = 0; i < turn->item_count; i++)
        raws[i] = turn->items[i].letters[0].raw;
    const struct scope_parent *parent = turn->parent.parent.id.data ? &turn->parent.parent : NULL;
    return replay_map(
        turn->source->programs[turn->stream], parent, raws, turn->item_count, ret_replay, fault);
}

/* ------------------------------------------------------------------ the run ------------------- */

static struct replay_run *find_run(struct replaying *on, const struct replay_scope *scope)
{
    for (size_t i = 0; i < on->run_count; i++)
        if (on->runs[i].stream == scope->stream)
            return &on->runs[i];
    return NULL;
}

static int64_t find_round(const struct replaying *on, int64_t connection)
{
    for (size_t i = 0; i < on->run_count; i++)
        if (on->runs[i].connection == connection)
            return on->runs[i].round;
    return 0;
}

/* The run of the scope's stream, begun where this order has none of it yet. It is over at any
 * moment: nothing has to be taken up again after a crash. */
static bool begin_run(struct turn *turn, int64_t *ret_run, struct fault *fault)
{
    struct replaying *on = turn->on;
    const struct replay_run *known = find_run(on, turn->scope);
    struct sql_handle *sql = &on->store->sql;
    struct replay_run run = {.connection = turn->scope->connection, .stream = turn->scope->stream};
    AUTO_BYTES reason = {.limit = 0};
    if (known) {
        *ret_run = known->run;
        return sql_run(sql, SQL_REPLAY_RUN_END, fault, "ii", known->run, turn->wall_ms);
    }
    struct replay_run *runs = memory_grow(on->runs, on->run_count, &on->run_capacity, sizeof *runs);
    if (!runs)
        return fault_memory(fault);
    on->runs = runs;
    if (!bytes_format(&reason, fault, "replay of dead letters by %.*s", WHO_MAX, on->order->who))
        return false;
    run.round = find_round(on, run.connection);
    if (run.round == 0) {
        if (!sql_run(sql, SQL_REPLAY_ROUND_ADD, fault, "iizi", run.connection, turn->declaration,
                reason.data, turn->wall_ms))
            return false;
        run.round = sqlite3_last_insert_rowid(sql->db);
    }
    if (!sql_run(sql, SQL_REPLAY_RUN_ADD, fault, "iiizi", run.round, run.stream, turn->declaration,
            reason.data, turn->wall_ms))
        return false;
    run.run = sqlite3_last_insert_rowid(sql->db);
    on->runs[on->run_count++] = run;
    *ret_run = run.run;
    return true;
}

static bool begin_place(
    struct turn *turn, struct batch *batch, struct place *place, struct fault *fault)
{
    int64_t run = 0;
    struct store *store = turn->on->store;
    if (!begin_run(turn, &run, fault) ||
        !sql_run(&store->sql, SQL_SCOPE_RUN_PUT, fault, "iiii", run, turn->scope->scope, INT64_C(0),
            turn->wall_ms) ||
        !place_load(store, run, turn->scope->scope, place, fault))
        return false;
    batch->run = run;
    batch->scope = turn->scope->scope;
    batch->sequence = place->sequence + 1;
    batch->wall_ms = turn->wall_ms;
    return true;
}

/* ------------------------------------------------------------------ one turn ------------------ */

/* Books, index and checkpoint of the batch. */
static bool finish_batch(struct turn *turn, struct replay_turn *taking, struct fault *fault)
{
    struct store *store = turn->on->store;
    taking->item.outcome->distinct = seen_distinct(taking->item.seen);
    turn->on->sums->batches++;
    bool good = commit_books(&taking->item, fault) && slots_index(store, fault) &&
                sql_run(&store->sql, SQL_REPLAY_SCOPE_RUN_END, fault, "ii",
                    taking->item.place->scope_run, turn->wall_ms) &&
                store_keep_head(store, fault);
    seen_cache_drop(&store->seen, taking->item.place->scope_run);
    return good;
}

static bool take_items(struct turn *turn, const struct replay *replay, struct fault *fault)
{
    struct store *store = turn->on->store;
    struct place place = {.run = 0};
    struct batch batch = {.program = replay->batch.program,
        .drift = replay->batch.drift,
        .drift_count = replay->batch.drift_count,
        .known_version = -1};
    struct batch_outcome outcome = {.received = 0};
    struct replay_turn taking = {.item = {.store = store,
                                     .place = &place,
                                     .batch = &batch,
                                     .outcome = &outcome,
                                     .batch_key = store->next_batch,
                                     .replay = true},
        .replay = replay,
        .scope = turn->scope,
        .arena = turn->arena};
    seen_addition_reset(&store->addition);
    if (!registry_declaration(store, turn->scope->connection, turn->source->source,
            &turn->declaration, turn->wall_ms, fault) ||
        !slots_begin(&store->slots, replay->batch.record_count, fault))
        return false;
    for (size_t i = 0; i < turn->item_count; i++) {
        struct kept_item *kept = &turn->items[i];
        struct replay_record *records = NULL;
        size_t count = 0;
        bool taken = replay_item_match(replay, kept);
        if (taken && batch.run == 0 &&
            (!begin_place(turn, &batch, &place, fault) ||
                !place_seen(store, &place, &taking.item.seen, fault)))
            return false;
        if (taken && !replay_item_take(&taking, kept, &records, &count, fault))
            return false;
        if (!replay_letters_settle(turn, kept, &taking, records, count, fault))
            return false;
    }
    return batch.run == 0 || finish_batch(turn, &taking, fault);
}

static bool act(struct turn *turn, struct fault *fault)
{
    struct replay *replay = NULL;
    if (!find_source(turn, fault))
        return false;
    if (turn->why_not)
        return replay_letters_settle_alike(turn, REPLAY_FAILS, fault);
    if (turn->parent_gone)
        return replay_letters_settle_alike(turn, REPLAY_SUPERSEDED, fault);
    if (!replay_item_said(turn->on->store, turn->scope, turn->letters[0].letter, fault) ||
        !map_letters(turn, &replay, fault))
        return false;
    bool good = take_items(turn, replay, fault);
    slots_clear(&turn->on->store->slots); /* they borrow from the replay */
    replay_free(replay);
    return good;
}

/* One transaction. *run, *letter: where to go on below. */
static bool take_turn(struct turn *turn, int64_t *run, int64_t *letter, struct fault *fault)
{
    struct replaying *on = turn->on;
    if (!store_begin(on->store, fault))
        return false;
    turn->wall_ms = clock_wall_ms(&on->order->clock);
    bool good = replay_letters_read(turn, *run, *letter, fault) &&
                (turn->letter_count == 0 || act(turn, fault));
    if (!good || on->order->dry) {
        struct fault undone; /* of a rollback that is wanted: set by nobody */
        on->run_count = 0;   /* what was begun is gone with it */
        (void)(store_end(on->store, false, &undone) || good);
        seen_clear(&turn->scope->later.seen);
        turn->scope->later.begun = false;
    } else if (!store_end(on->store, true, fault)) {
        return false;
    }
    if (good && turn->letter_count > 0) {
        *run = turn->letters[turn->letter_count - 1].run;
        *letter = turn->letters[turn->letter_count - 1].letter;
    }
    return good;
}

static bool replay_scope(
    struct replaying *on, struct replay_scope *scope, bool *ret_stopped, struct fault *fault)
{
    int64_t run = INT64_MAX, letter = INT64_MAX;
    bool more = true, good = true;
    while (good && more && !*ret_stopped) {
        struct turn turn = {.on = on, .scope = scope, .arena = arena_create(0)};
        good = turn.arena ? take_turn(&turn, &run, &letter, fault) : fault_memory(fault);
        more = turn.more;
        if (good && turn.letter_count > 0)
            *ret_stopped = !on->sink->settled(on->sink->context);
        memory_free(turn.letters);
        arena_free(turn.arena);
    }
    seen_clear(&scope->later.seen);
    seen_clear(&scope->said.names);
    return good;
}

static bool replay_all(struct replaying *on, struct fault *fault)
{
    int64_t after = 0;
    bool stopped = false;
    while (!stopped) {
        AUTO_ARENA *arena = arena_create(0);
        struct replay_scope scope;
        bool found;
        if (!arena)
            return fault_memory(fault);
        if (!replay_letters_scope(on, arena, after, &scope, &found, fault))
            return false;
        if (!found)
            return true;
        if (!replay_scope(on, &scope, &stopped, fault))
            return false;
        after = scope.scope;
    }
    return true;
}

bool store_replay(struct store *store, const struct replay_order *order,
    const struct replay_sink *sink, struct replay_sums *ret_sums, struct fault *fault)
{
    struct replay_sums sums = {.letters = 0};
    struct replaying on = {.store = store, .order = order, .sink = sink, .sums = &sums};
    bool good = replay_letters_asked(&on, fault) && replay_all(&on, fault);
    memory_free(on.runs);
    bytes_free(&on.letters);
    *ret_sums = sums;
    return good;
}
