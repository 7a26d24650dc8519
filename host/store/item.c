/* SPDX-License-Identifier: Apache-2.0 */
/* The outcomes (record/batch.h), decided. */
#include "item.h"

#include <string.h>
#include "merge.h"
#include "objects.h"
#include "record/program.h"

/* Notes an id that stands for no object of this scope. */
static bool note_id(struct item *item, uint64_t hash, struct fault *fault)
{
    bool fresh;
    return seen_id(item->seen, &item->store->addition, hash, &fresh, fault);
}

/* How content was taken over. */
struct taken {
    bool changed, reappeared;
    bool differs; /* this scope said something else before */
};

static bool take_content(struct item *item, struct slot *slot, const struct record *record,
    struct taken *ret_taken, struct fault *fault)
{
    struct store *store = item->store;
    struct place *place = item->place;
    int64_t wall_ms = item->batch->wall_ms;
    bool alone = !slot->shared && !place->enriches &&
                 (slot->scope == place->scope || slot->state == STATE_DELETED);
    if (!alone) {
        struct merged merged;
        if (!merge_record(store, place, slot, record, wall_ms, &merged, fault))
            return false;
        *ret_taken = (struct taken){merged.object_changed || merged.contribution_changed,
            merged.reappeared, merged.contribution_changed};
        return true;
    }
    bool same = hash128_equal(slot->content_hash, record->content_hash);
    *ret_taken = (struct taken){.differs = !same};
    if (same && slot->state == STATE_LIVE)
        return object_refresh(store, place, slot, record, fault);
    ret_taken->changed = true;
    ret_taken->reappeared = slot->state == STATE_MISSING || slot->state == STATE_DELETED;
    return object_change(store, place, slot, record, wall_ms, fault);
}

#define REUSED_MOST 64 /* earlier holders of one id that are looked at */

/* The objects that have the slot's id under another incarnation. */
static bool find_reused(struct store *store, const struct slot *slot, int64_t *ret_objects,
    size_t *ret_count, struct fault *fault)
{
    sqlite3_stmt *row = sql_start(&store->sql, SQL_OBJECT_BY_HASH, fault, "i", (int64_t)slot->hash);
    if (!row)
        return false;
    enum sql_step step;
    *ret_count = 0;
    while ((step = sql_next(&store->sql, row, fault)) == SQL_ROW)
        if (*ret_count < REUSED_MOST && sqlite3_column_int64(row, 1) == slot->connection &&
            sqlite3_column_int64(row, 2) == slot->kind && span_equal(sql_span(row, 3), slot->id) &&
            !span_equal(sql_span(row, 4), slot->incarnation))
            ret_objects[(*ret_count)++] = sqlite3_column_int64(row, 0);
    return step == SQL_END;
}

/* The id belonged to somebody else before (fault 79): a new object, and flagged. The earlier one is
 * over in this scope, unless the same run lists it too. */
static bool take_over_id(struct item *item, const struct slot *slot, struct fault *fault)
{
    struct store *store = item->store;
    int64_t objects[REUSED_MOST];
    size_t count;
    const struct cause cause = {
        .wall_ms = item->batch->wall_ms, .evidence = "its id was given to another incarnation"};
    if (!sql_run(&store->sql, SQL_DRIFT, fault, "izzziii", item->place->stream, "id_reused", "", "",
            INT64_C(1), item->batch->run, item->batch->wall_ms) ||
        !find_reused(store, slot, objects, &count, fault))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct object_row row;
        if (seen_has(item->seen, objects[i]))
            continue;
        if (!object_read(store, objects[i], &row, fault))
            return false;
        bool here = !row.shared && row.scope == item->place->scope && row.state != STATE_DELETED;
        if (row.shared
                ? !merge_state(store, item->place, row.object, STATE_DELETED, &cause, &row, fault)
                : here && !object_state(store, item->place, &row, STATE_DELETED, &cause, fault))
            return false;
        slots_follow(&store->slots, slot->hash, row.object, row.state);
    }
    return true;
}

static bool take_new(
    struct item *item, struct slot *slot, const struct record *record, struct fault *fault)
{
    if (item->place->enriches) {
        item->outcome->filtered++;
        item->orphans++;
        return note_id(item, slot->hash, fault);
    }
    if (slot->other_incarnation && !take_over_id(item, slot, fault))
        return false;
    if (!object_create(item->store, item->place, slot, record, item->batch->wall_ms, fault))
        return false;
    item->outcome->created++;
    return seen_object(item->seen, &item->store->addition, slot->object, record->yield == 0,
               fault) != SEEN_FAILED;
}

/* The source says that it is gone. An object of which nothing is known stays unknown. Said twice in
 * a run, as when a page boundary moved, it is a duplicate the second time. */
static bool take_tombstone(struct item *item, struct slot *slot, struct fault *fault)
{
    struct store *store = item->store;
    struct place *place = item->place;
    bool known = slot->object > 0, fresh;
    if (!seen_id(item->seen, &store->addition, slot->hash, &fresh, fault))
        return false;
    int64_t *unchanged = fresh ? &item->outcome->unchanged : &item->outcome->duplicate;
    int64_t *changed = fresh ? &item->outcome->changed : &item->outcome->duplicate;
    if (!known || slot->state == STATE_DELETED || place->enriches) {
        ++*unchanged;
        return true;
    }
    struct cause cause = {.wall_ms = item->batch->wall_ms, .evidence = "tombstone"};
    struct object_row row;
    if (slot->shared) {
        if (!merge_state(store, place, slot->object, STATE_DELETED, &cause, &row, fault))
            return false;
    } else {
        if (!object_read(store, slot->object, &row, fault))
            return false;
        if (row.scope == place->scope &&
            !object_state(store, place, &row, STATE_DELETED, &cause, fault))
            return false;
    }
    if (row.state == slot->state) {
        ++*unchanged;
        return true;
    }
    slot->state = row.state;
    if (seen_has(item->seen, slot->object))
        place->withdrawn++;
    ++*changed;
    return true;
}

bool item_record(struct item *item, const struct record *record, struct fault *fault)
{
    uint32_t index;
    if (!slots_add(item->store, item->place->connection, record, &index, fault) ||
        !slots_fill_one(item->store, index, fault))
        return false;
    struct slot *slot = &item->store->slots.slots[index];
    if (record->tombstone)
        return take_tombstone(item, slot, fault);
    if (slot->object == 0)
        return take_new(item, slot, record, fault);
    bool own = record->yield == 0;
    enum seen_as before = seen_object(item->seen, &item->store->addition, slot->object, own, fault);
    if (before == SEEN_FAILED)
        return false;
    if (before == SEEN_OWN && !own) {
        item->outcome->duplicate++; /* the item itself says more than its mention elsewhere */
        return true;
    }
    bool was_gone = slot->state == STATE_DELETED;
    struct taken taken;
    if (!take_content(item, slot, record, &taken, fault))
        return false;
    if (before != SEEN_NEW) {
        item->outcome->duplicate++;
        if (taken.differs && (before == SEEN_OWN) == own)
            item->outcome->conflicts++;
        if (was_gone && item->place->withdrawn > 0)
            item->place->withdrawn--;
        return true;
    }
    if (taken.changed)
        item->outcome->changed++;
    else
        item->outcome->unchanged++;
    if (taken.reappeared)
        item->outcome->reappeared++;
    return true;
}

bool item_assumed(
    struct item *item, const struct assumed *assumed, bool *ret_holds, struct fault *fault)
{
    struct store *store = item->store;
    int64_t version = item->batch->known_version;
    *ret_holds = true;
    if (version < 0 || changes_since(&store->changes, assumed->object, version) != CHANGED_NO) {
        struct object_row row;
        struct fault gone;
        *ret_holds = object_read(store, assumed->object, &row, &gone) && row.state == STATE_LIVE &&
                     !row.shared && !row.failed && row.scope == item->place->scope &&
                     hash128_equal(row.bytes_hash, assumed->bytes_hash);
        if (!*ret_holds)
            return true; /* the long way meets a failing store again, and says so */
    }
    enum seen_as before = seen_object(item->seen, &store->addition, assumed->object, true, fault);
    if (before == SEEN_NEW)
        item->outcome->unchanged++;
    else if (before != SEEN_FAILED)
        item->outcome->duplicate++;
    return before != SEEN_FAILED;
}

/* The object of an item that gave no record: of the kind of the item's own yield. 0: none in this
 * scope. */
static bool find_item(struct item *item, struct span id, struct object_row *ret_row,
    struct slot **ret_slot, uint64_t *ret_hash, struct fault *fault)
{
    const struct muster_stream *stream = item->batch->program->declaration;
    uint32_t kind = stream->yields.count > 0 ? stream->yields.items[0].kind : 0;
    int64_t object;
    *ret_hash = slots_hash(item->store, item->place->connection, kind, id);
    *ret_row = (struct object_row){.object = 0};
    if (!slots_object_by_id(
            item->store, item->place->connection, kind, id, &object, ret_slot, fault))
        return false;
    if (object == 0)
        return true;
    struct object_row row;
    if (!object_read(item->store, object, &row, fault))
        return false;
    bool here = row.scope == item->place->scope;
    if (row.shared) {
        struct contribution contribution;
        if (!merge_contribution(item->store, item->place, object, &contribution, fault))
            return false;
        here = contribution.state >= 0;
        row.presence = here ? (enum state)contribution.state : STATE_DELETED;
    }
    if (here)
        *ret_row = row;
    return true;
}

bool item_letter(struct item *item, const struct letter *letter, struct fault *fault)
{
    struct store *store = item->store;
    struct object_row row = {.object = 0};
    item->outcome->dead += letter->records;
    if (letter->others_lost)
        item->outcome->unreadable++; /* whose ids these were nobody can tell */
    if (letter->id.data) {
        struct slot *slot;
        uint64_t hash;
        if (!find_item(item, letter->id, &row, &slot, &hash, fault))
            return false;
        /* A missing one was listed after all: it stays missing until its item maps, but nothing
         * more is concluded. */
        bool present = row.object && row.presence != STATE_DELETED;
        if (present &&
            (!object_mark_failed(store, row.object, fault) ||
                seen_object(item->seen, &store->addition, row.object, true, fault) == SEEN_FAILED))
            return false;
        if (present && slot)
            slot->failed = true;
        if (!present && !note_id(item, hash, fault))
            return false;
    } else if (!letter->others_lost) {
        item->outcome->unreadable++;
    }
    const char *code = fault_name(letter->code);
    return sql_run(&store->sql, SQL_LETTER_ADD, fault, "iiiiiiizzzztbi", store->next_letter++,
        item->batch_key, item->batch->run, item->batch->scope, item->place->declaration,
        (int64_t)letter->item, (int64_t)letter->records, code, letter->reason, letter->why,
        letter->pointer, letter->id, letter->raw, item->batch->wall_ms);
}

bool item_filtered(struct item *item, const struct filtered *filtered, struct fault *fault)
{
    struct store *store = item->store;
    struct object_row row;
    struct slot *slot;
    uint64_t hash;
    item->outcome->filtered += filtered->records;
    if (!filtered->id.data) {
        item->outcome->unreadable++;
        return true;
    }
    if (!find_item(item, filtered->id, &row, &slot, &hash, fault))
        return false;
    if (!row.object || row.presence == STATE_DELETED)
        return note_id(item, hash, fault);
    if (seen_object(item->seen, &store->addition, row.object, true, fault) == SEEN_FAILED ||
        (row.failed && !object_mark_mapped(store, row.object, fault)))
        return false;
    if (row.failed && slot)
        slot->failed = false;
    if (row.presence == STATE_FILTERED || row.presence == STATE_MISSING)
        return true;
    struct cause cause = {.wall_ms = item->batch->wall_ms, .evidence = filtered->reason};
    bool good = row.shared ? merge_state(store, item->place, row.object, STATE_FILTERED, &cause,
                                 &row, fault)
                           : object_state(store, item->place, &row, STATE_FILTERED, &cause, fault);
    if (good && slot)
        slot->state = row.state;
    return good;
}

bool item_counted(struct item *item, struct span id, struct fault *fault)
{
    uint32_t kind = item->batch->program->declaration->yields.items[0].kind;
    return note_id(item, slots_hash(item->store, item->place->connection, kind, id), fault);
}
