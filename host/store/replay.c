/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays: scope by scope, some letters at a time, each some in a transaction of its own, so that a
 * host's writer never waits long. What becomes of an item is replay_item.c's to say.
 */
#include "store/replay.h"

#include <string.h>
#include "base/memory.h"
#include "commit.h"
#include "ledger.h"
#include "registry.h"
#include "replay_item.h"
#include "scopes.h"

#define WHO_MAX 64 /* bytes of a name in a reason */

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

/* ------------------------------------------------------------------ reading ------------------- */

static struct span numbers_of(const struct replaying *on)
{
    return on->order->letter_count ? bytes_span(&on->letters) : (struct span){NULL, 0};
}

static bool write_numbers(struct replaying *on, struct fault *fault)
{
    const struct replay_order *order = on->order;
    for (size_t i = 0; i < order->letter_count; i++)
        if (!bytes_format(
                &on->letters, fault, "%c%lld", i ? ',' : '[', (long long)order->letters[i]))
            return false;
    return order->letter_count == 0 || bytes_append_char(&on->letters, ']', fault);
}

/* Numbers that were asked for must exist; those that are closed have nothing to be done. */
static bool check_numbers(struct replaying *on, struct fault *fault)
{
    int64_t unknown = 0;
    struct sql_handle *sql = &on->store->sql;
    if (on->order->letter_count == 0)
        return true;
    if (!sql_integer(sql, SQL_REPLAY_UNKNOWN, &unknown, fault, "t", numbers_of(on)) ||
        !sql_integer(sql, SQL_REPLAY_CLOSED, &on->sums->closed, fault, "t", numbers_of(on)))
        return false;
    return unknown == 0 ||
           fault_set(fault, FAULT_NOT_FOUND,
               "there is no dead letter %lld; muster dead list shows them", (long long)unknown);
}

/* The next scope that has open letters; *ret_found tells. Its texts live in `arena`. */
static bool next_scope(struct replaying *on, struct arena *arena, int64_t after,
    struct replay_scope *scope, bool *ret_found, struct fault *fault)
{
    struct span connection, stream, parent;
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&on->store->sql, SQL_REPLAY_SCOPE, &row, fault, "izz", after,
        on->order->connection, on->order->stream);
    *ret_found = step == SQL_ROW;
    if (step != SQL_ROW)
        return step == SQL_END;
    bool good = sql_copy(row, 2, arena, &connection, fault) &&
                sql_copy(row, 4, arena, &stream, fault) && sql_copy(row, 5, arena, &parent, fault);
    if (good)
        *scope = (struct replay_scope){.scope = sqlite3_column_int64(row, 0),
            .connection = sqlite3_column_int64(row, 1),
            .stream = sqlite3_column_int64(row, 3),
            .connection_name = connection.data,
            .stream_name = stream.data,
            .parent = parent.length ? parent : (struct span){NULL, 0},
            .parent_object = sqlite3_column_int64(row, 6),
            .closed = sqlite3_column_int(row, 7) != 0};
    return good;
}

static bool read_letter(struct turn *turn, sqlite3_stmt *row, struct fault *fault)
{
    struct kept_letter *letters =
        memory_grow(turn->letters, turn->letter_count, &turn->capacity, sizeof *letters);
    if (!letters)
        return fault_memory(fault);
    turn->letters = letters;
    struct kept_letter *letter = &letters[turn->letter_count];
    *letter = (struct kept_letter){.letter = sqlite3_column_int64(row, 0),
        .batch = sqlite3_column_int64(row, 1),
        .run = sqlite3_column_int64(row, 2),
        .item = sqlite3_column_int64(row, 3),
        .page = sqlite3_column_int64(row, 4),
        .fate = REPLAY_FAILS};
    return sql_copy(row, 5, turn->arena, &letter->reason, fault) &&
           sql_copy(row, 6, turn->arena, &letter->pointer, fault) &&
           sql_copy(row, 7, turn->arena, &letter->id, fault) &&
           sql_copy(row, 8, turn->arena, &letter->raw, fault);
}

/* The newest open letters of the scope before (run, letter), whole items only. */
static bool read_letters(struct turn *turn, int64_t run, int64_t letter, struct fault *fault)
{
    struct sql_handle *sql = &turn->on->store->sql;
    size_t bytes = 0;
    AUTO_ROW *row = sql_start(sql, SQL_REPLAY_LETTERS, fault, "iiit", turn->scope->scope, run,
        letter, numbers_of(turn->on));
    if (!row)
        return false;
    enum sql_step step;
    bool good = true;
    while (good && (step = sql_next(sql, row, fault)) == SQL_ROW) {
        const struct kept_letter *last =
            turn->letter_count ? &turn->letters[turn->letter_count - 1] : NULL;
        bool same = last && last->batch == sqlite3_column_int64(row, 1) &&
                    last->item == sqlite3_column_int64(row, 3);
        turn->more = last && !same &&
                     (turn->letter_count >= REPLAY_LETTERS_MAX || bytes >= REPLAY_BYTES_MAX);
        if (turn->more)
            break;
        turn->item_count += !same;
        good = read_letter(turn, row, fault);
        if (good)
            bytes += turn->letters[turn->letter_count++].raw.length;
    }
    return good && (turn->more || step == SQL_END);
}

static bool group_letters(struct turn *turn, struct fault *fault)
{
    turn->items = arena_allocate_array(turn->arena, turn->item_count + 1, sizeof *turn->items);
    if (!turn->items)
        return fault_memory(fault);
    size_t items = 0;
    for (size_t i = 0; i < turn->letter_count; i++) {
        struct kept_letter *letter = &turn->letters[i];
        if (i == 0 || letter[-1].batch != letter->batch || letter[-1].item != letter->item) {
            turn->items[items] = (struct kept_item){.letters = letter, .index = (uint32_t)items};
            items++;
        }
        turn->items[items - 1].count++;
    }
    return true;
}

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

/* ------------------------------------------------------------------ letters' ends ------------- */

static bool tell(struct turn *turn, const struct kept_letter *letter,
    const struct replay_record *records, size_t count, const char *word, const char *sentence,
    const char *pointer, struct fault *fault)
{
    struct replay_sums *sums = turn->on->sums;
    const struct replay_letter told = {.letter = letter->letter,
        .run = letter->run,
        .page = letter->page,
        .item = letter->item,
        .connection = turn->scope->connection_name,
        .stream = turn->scope->stream_name,
        .parent = turn->scope->parent,
        .id = letter->id,
        .reason = letter->reason,
        .pointer = letter->pointer,
        .fate = letter->fate,
        .now_reason = word,
        .now_why = sentence,
        .now_pointer = pointer,
        .records = records,
        .record_count = count};
    sums->letters++;
    sums->replayed += letter->fate == REPLAY_TAKEN;
    sums->superseded += letter->fate == REPLAY_SUPERSEDED;
    sums->failed += letter->fate == REPLAY_FAILS;
    return turn->on->sink->letter(turn->on->sink->context, &told, fault);
}

static const char newer_text[] = "something newer is known of what it says";
static const char gone_text[] = "the object that it belongs to is gone";

/* The letter is done with, by batch `batch` of run `run` (0: by none). */
static bool close_letter(struct turn *turn, const struct kept_letter *letter, int64_t run,
    int64_t batch, const char *reason, struct fault *fault)
{
    struct sql_handle *sql = &turn->on->store->sql;
    const char *state = letter->fate == REPLAY_TAKEN ? "replayed" : "superseded";
    return batch ? sql_run(sql, SQL_LETTER_REPLAYED, fault, "izzziiii", letter->letter, state,
                       turn->on->order->who, reason, run, batch, turn->declaration, turn->wall_ms)
                 : sql_run(sql, SQL_LETTER_REPLAYED, fault, "izzznnni", letter->letter, state,
                       turn->on->order->who, reason, turn->wall_ms);
}

static bool settle_letters(struct turn *turn, const struct kept_item *kept,
    const struct replay_turn *taking, const struct replay_record *records, size_t count,
    struct fault *fault)
{
    for (size_t i = 0; i < kept->count; i++) {
        const struct kept_letter *letter = &kept->letters[i];
        const struct letter *now = letter->now;
        bool good;
        if (now)
            good = sql_run(&turn->on->store->sql, SQL_LETTER_FAILS, fault, "izzzii", letter->letter,
                       now->reason, now->why, now->pointer, turn->declaration, turn->wall_ms) &&
                   tell(turn, letter, NULL, 0, now->reason, now->why, now->pointer, fault);
        else {
            const char *reason = letter->fate == REPLAY_SUPERSEDED ? newer_text : NULL;
            good = close_letter(turn, letter, taking->item.batch->run, taking->item.batch_key,
                       reason, fault) &&
                   tell(turn, letter, records, count, NULL, reason, NULL, fault);
        }
        if (!good)
            return false;
    }
    return true;
}

/* None of them is mapped: the same word for all. */
static bool settle_alike(struct turn *turn, enum replay_fate fate, struct fault *fault)
{
    const char *sentence = fate == REPLAY_FAILS ? turn->why_not_text : gone_text;
    for (size_t i = 0; i < turn->letter_count; i++) {
        struct kept_letter *letter = &turn->letters[i];
        letter->fate = fate;
        if ((fate != REPLAY_FAILS && !close_letter(turn, letter, 0, 0, sentence, fault)) ||
            !tell(turn, letter, NULL, 0, turn->why_not, sentence, NULL, fault))
            return false;
    }
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
        if (!settle_letters(turn, kept, &taking, records, count, fault))
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
        return settle_alike(turn, REPLAY_FAILS, fault);
    if (turn->parent_gone)
        return settle_alike(turn, REPLAY_SUPERSEDED, fault);
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
    bool good = read_letters(turn, *run, *letter, fault) && group_letters(turn, fault) &&
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
        if (!next_scope(on, arena, after, &scope, &found, fault))
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
    bool good = write_numbers(&on, fault) && check_numbers(&on, fault) && replay_all(&on, fault);
    memory_free(on.runs);
    bytes_free(&on.letters);
    *ret_sums = sums;
    return good;
}
