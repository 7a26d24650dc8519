/* SPDX-License-Identifier: Apache-2.0 */
/* From the records that a letter gives today to rows, unless something newer is known. */
#include "replay_item.h"

#include <string.h>
#include "merge.h"
#include "objects.h"

/* ------------------------------------------------------------------ letters ------------------- */

static bool is_same(const struct letter *letter, const struct kept_letter *kept)
{
    return span_equal_text(kept->reason, letter->reason) &&
           span_equal_text(kept->pointer, letter->pointer);
}

/* The first of today's letters of the item that none of its old ones is, or NULL: a record whose
 * first trouble is mended and whose second one shows now. */
static const struct letter *first_stranger(
    const struct replay *replay, const struct kept_item *kept)
{
    for (size_t i = 0; i < replay->batch.letter_count; i++) {
        const struct letter *letter = &replay->batch.letters[i];
        bool known = letter->item != kept->index;
        for (size_t k = 0; !known && k < kept->count; k++)
            known = is_same(letter, &kept->letters[k]);
        if (!known)
            return letter;
    }
    return NULL;
}

bool replay_item_match(const struct replay *replay, struct kept_item *kept)
{
    const struct letter *stranger = first_stranger(replay, kept);
    bool done = false;
    for (size_t k = 0; k < kept->count; k++) {
        struct kept_letter *one = &kept->letters[k];
        one->now = stranger;
        for (size_t i = 0; i < replay->batch.letter_count; i++) {
            const struct letter *letter = &replay->batch.letters[i];
            if (letter->item == kept->index && is_same(letter, one))
                one->now = letter;
        }
        one->fate = one->now ? REPLAY_FAILS : REPLAY_TAKEN;
        done = done || !one->now;
    }
    return done;
}

/* ------------------------------------------------------------------ overtaken ----------------- */

bool replay_item_said(
    struct store *store, struct replay_scope *scope, int64_t letter, struct fault *fault)
{
    const int64_t from = scope->said.from ? scope->said.from : INT64_MAX;
    scope->said.from = letter;
    return place_read_seen(store,
        sql_start(&store->sql, SQL_REPLAY_SAID, fault, "iii", scope->scope, letter, from),
        &scope->said.names, fault);
}

/* Adds what the batches in (from, to] listed. */
static bool add_later(
    struct replay_turn *turn, int64_t run, int64_t from, int64_t to, struct fault *fault)
{
    struct store *store = turn->item.store;
    return place_read_seen(store,
        sql_start(&store->sql, SQL_SEEN_LATER, fault, "iiii", turn->scope->scope, run, from, to),
        &turn->scope->later.seen, fault);
}

/* Items come newest first, so the set only grows; batches that others committed since the last
 * transaction are at its other end. */
static bool look_later(struct replay_turn *turn, struct fault *fault)
{
    struct later *later = &turn->scope->later;
    const struct kept_letter *letter = &turn->kept->letters[0];
    int64_t newest = turn->item.batch_key - 1;
    if (!later->begun)
        *later = (struct later){
            .seen = later->seen, .from = letter->batch, .to = letter->batch, .begun = true};
    if (newest > later->to) {
        if (!add_later(turn, letter->run, later->to, newest, fault))
            return false;
        later->to = newest;
    }
    if (letter->batch < later->from) {
        if (!add_later(turn, letter->run, letter->batch, later->from, fault))
            return false;
        later->from = letter->batch;
    }
    return true;
}

/* Whether what `run` did to the object came after the letter. */
static bool came_later(
    struct replay_turn *turn, int64_t run, bool *ret_later, bool *ret_replay, struct fault *fault)
{
    const struct kept_letter *letter = &turn->kept->letters[0];
    int64_t newest = -1;
    if (!sql_integer(&turn->item.store->sql, SQL_REPLAY_NEWEST, &newest, fault, "ii", run,
            turn->scope->scope))
        return false;
    *ret_replay = newest >= 0;
    *ret_later = *ret_replay ? newest > letter->letter : run > letter->run;
    return true;
}

struct named {
    uint32_t kind;
    struct span id;
    bool own; /* of the item itself */
};

/* The letter named the object, which was marked `mapping = failed` then; where it is no longer, a
 * sound item came since. */
static bool was_mended(
    const struct replay_turn *turn, const struct named *named, const struct object_row *row)
{
    return named->own && span_equal(turn->kept->letters[0].id, named->id) && !row->failed &&
           (row->state == STATE_LIVE || row->state == STATE_FILTERED);
}

static bool object_is_newer(struct replay_turn *turn, const struct named *named, int64_t object,
    bool *ret_newer, struct fault *fault)
{
    struct store *store = turn->item.store;
    struct object_row row;
    int64_t run = 0;
    bool later = false, replayed = false;
    if (!object_read(store, object, &row, fault))
        return false;
    bool alone = !row.shared && row.scope == turn->scope->scope;
    bool found = row.shared ? sql_integer(&store->sql, SQL_CONTRIBUTION_RUN, &run, fault, "ii",
                                  object, turn->scope->scope)
                            : sql_integer(&store->sql, SQL_OBJECT_RUN, &run, fault, "i", object);
    if (!found ||
        ((alone || row.shared) && run && !came_later(turn, run, &later, &replayed, fault)))
        return false;
    *ret_newer = later || (alone && !replayed && was_mended(turn, named, &row));
    return true;
}

/* Whether something newer than the letter is known of what it names. */
static bool is_overtaken(
    struct replay_turn *turn, const struct named *named, bool *ret_overtaken, struct fault *fault)
{
    struct store *store = turn->item.store;
    int64_t connection = turn->item.place->connection, object = 0;
    struct slot *slot;
    const uint64_t name = slots_hash(store, connection, named->kind, named->id);
    *ret_overtaken = true;
    if (seen_has_id(&turn->scope->said.names, name) ||
        (named->own && seen_has_id(&turn->scope->later.seen, name)))
        return true;
    /* The latest of its id, whatever its incarnation. */
    if (!slots_object_by_id(store, connection, named->kind, named->id, &object, &slot, fault))
        return false;
    if (object && (seen_has(&turn->scope->later.seen, object) || seen_has(turn->item.seen, object)))
        return true;
    *ret_overtaken = false;
    return object == 0 || object_is_newer(turn, named, object, ret_overtaken, fault);
}

/* ------------------------------------------------------------------ records ------------------- */

/* The object's row before the record is taken, for who wants to see the difference. */
static bool read_before(struct replay_turn *turn, const struct record *record,
    struct replay_record *into, struct fault *fault)
{
    struct store *store = turn->item.store;
    uint32_t index;
    if (!slots_add(store, turn->item.place->connection, record, &index, fault) ||
        !slots_fill_one(store, index, fault))
        return false;
    int64_t object = store->slots.slots[index].object;
    into->attributes_differ = record->attributes.data != NULL;
    if (object == 0)
        return true;
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_OBJECT_TEXTS, &row, fault, "i", object);
    if (step != SQL_ROW)
        return step == SQL_END;
    into->attributes_differ = !span_equal(sql_span(row, 2), record->attributes);
    return sql_copy(row, 0, turn->arena, &into->fields_before, fault) &&
           sql_copy(row, 1, turn->arena, &into->volatiles_before, fault);
}

/* Which of the counters moved. */
static const char *outcome_between(const struct batch_outcome *before,
    const struct batch_outcome *after, const struct record *record)
{
    if (after->created > before->created)
        return "created";
    if (after->reappeared > before->reappeared)
        return "reappeared";
    if (after->changed > before->changed)
        return record->tombstone ? "deleted" : "changed";
    if (after->duplicate > before->duplicate)
        return "duplicate";
    return after->filtered > before->filtered ? "orphan" : "unchanged";
}

/* For the letters after it, which are older. */
static bool note_said(struct replay_turn *turn, uint32_t kind, struct span id, struct fault *fault)
{
    bool fresh;
    return seen_id(&turn->scope->said.names, NULL,
        slots_hash(turn->item.store, turn->item.place->connection, kind, id), &fresh, fault);
}

static bool take_record(struct replay_turn *turn, const struct record *record, bool overtaken,
    struct replay_record *into, struct fault *fault)
{
    struct batch_outcome before = *turn->item.outcome;
    *into = (struct replay_record){.kind = record->kind,
        .id = record->id,
        .outcome = "superseded",
        .fields = record->fields,
        .volatiles = record->volatiles};
    if (!read_before(turn, record, into, fault))
        return false;
    if (overtaken) {
        turn->item.outcome->filtered++;
        turn->item.superseded++;
        return true;
    }
    if (!item_record(&turn->item, record, fault))
        return false;
    into->outcome = outcome_between(&before, turn->item.outcome, record);
    return note_said(turn, record->kind->kind, record->id, fault);
}

static bool take_filtered(struct replay_turn *turn, const struct filtered *filtered,
    struct replay_record *into, struct fault *fault)
{
    const struct muster_stream *stream = turn->replay->batch.program->declaration;
    struct named named = {.kind = stream->yields.items[0].kind, .id = filtered->id, .own = true};
    bool overtaken = false;
    if (filtered->id.data && !is_overtaken(turn, &named, &overtaken, fault))
        return false;
    *into = (struct replay_record){.kind = kind_by_number(named.kind),
        .id = filtered->id,
        .outcome = overtaken ? "superseded" : "filtered"};
    if (!overtaken)
        return item_filtered(&turn->item, filtered, fault) &&
               (!filtered->id.data || note_said(turn, named.kind, filtered->id, fault));
    turn->item.outcome->filtered += filtered->records;
    turn->item.superseded += filtered->records;
    return true;
}

/* All of the item's records are looked at before one is taken: taking marks them as seen. */
static bool find_overtaken(struct replay_turn *turn, bool *overtaken, struct fault *fault)
{
    const struct batch *batch = &turn->replay->batch;
    for (size_t i = 0; i < batch->record_count; i++) {
        const struct record *record = &batch->records[i];
        struct named named = {record->kind->kind, record->id, record->yield == 0};
        if (record->item == turn->kept->index && !is_overtaken(turn, &named, &overtaken[i], fault))
            return false;
    }
    return true;
}

static size_t count_entries(const struct batch *batch, uint32_t index)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->record_count; i++)
        count += batch->records[i].item == index;
    for (size_t i = 0; i < batch->filtered_count; i++)
        count += batch->filtered[i].item == index;
    return count;
}

bool replay_item_take(struct replay_turn *turn, struct kept_item *kept,
    struct replay_record **ret_records, size_t *ret_count, struct fault *fault)
{
    const struct batch *batch = &turn->replay->batch;
    const int64_t superseded = turn->item.superseded;
    struct batch_outcome *outcome = turn->item.outcome;
    int64_t received = 0;
    size_t entries = count_entries(batch, kept->index), count = 0;
    bool *overtaken = arena_allocate_array(turn->arena, batch->record_count + 1, sizeof *overtaken);
    struct replay_record *records = arena_allocate_array(turn->arena, entries + 1, sizeof *records);
    turn->kept = kept;
    if (!overtaken || !records)
        return fault_memory(fault);
    if (!look_later(turn, fault) || !find_overtaken(turn, overtaken, fault))
        return false;
    for (size_t i = 0; i < batch->record_count; i++) {
        if (batch->records[i].item != kept->index)
            continue;
        received++;
        if (!take_record(turn, &batch->records[i], overtaken[i], &records[count++], fault))
            return false;
    }
    for (size_t i = 0; i < batch->filtered_count; i++) {
        if (batch->filtered[i].item != kept->index)
            continue;
        received += batch->filtered[i].records;
        if (!take_filtered(turn, &batch->filtered[i], &records[count++], fault))
            return false;
    }
    outcome->received += received;
    if (received > 0 && turn->item.superseded - superseded == received)
        for (size_t k = 0; k < kept->count; k++)
            if (kept->letters[k].fate == REPLAY_TAKEN)
                kept->letters[k].fate = REPLAY_SUPERSEDED;
    *ret_records = records;
    *ret_count = count;
    return true;
}
