/* SPDX-License-Identifier: Apache-2.0 */
/* The objects' own rows. Who decides that they change is in commit.c, merge.c and absence.c. */
#include "objects.h"

#include "sums.h"

bool object_read(
    struct store *store, int64_t object, struct object_row *ret_row, struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_OBJECT, &row, fault, "i", object);
    if (step == SQL_FAILED)
        return false;
    if (step == SQL_END)
        return fault_set(fault, FAULT_NOT_FOUND, "the store has no object %lld", (long long)object);
    *ret_row = (struct object_row){.object = object,
        .scope = sqlite3_column_int64(row, 0),
        .state = (enum state)sqlite3_column_int(row, 1),
        .presence = (enum state)sqlite3_column_int(row, 1),
        .shared = sqlite3_column_int(row, 2) != 0,
        .kind = (uint32_t)sqlite3_column_int(row, 3),
        .mapping = sqlite3_column_int64(row, 4),
        .absent_run = sqlite3_column_int64(row, 5),
        .absent_proven = sqlite3_column_int(row, 6) != 0,
        .content_hash = sql_hash128(row, 7),
        .bytes_hash = sql_hash128(row, 8),
        .failed = sqlite3_column_int(row, 9) != 0};
    return true;
}

bool object_create(struct store *store, struct place *place, struct slot *slot,
    const struct record *record, int64_t wall_ms, struct fault *fault)
{
    int64_t mapping, object = store->next_object, kind = record->kind->kind;
    const struct span bytes = hash128_span(&record->bytes_hash),
                      content = hash128_span(&record->content_hash);
    if (!place_mapping(store, place, record->kind->kind, &mapping, fault))
        return false;
    int64_t sum = sums_row("iiiiiiittbbiiiiinnnttttt", object, place->scope, (int64_t)STATE_LIVE,
        INT64_C(0), INT64_C(0), kind, place->connection, record->id, record->incarnation, bytes,
        content, mapping, place->run, wall_ms, wall_ms, wall_ms, record->fields, record->volatiles,
        record->raw, record->attributes, record->carry);
    if (!sql_run(&store->sql, SQL_OBJECT_ADD, fault, "iiiittbbiiiittttti", object, place->scope,
            kind, place->connection, record->id, record->incarnation, bytes, content, mapping,
            place->run, wall_ms, wall_ms, record->fields, record->volatiles, record->raw,
            record->attributes, record->carry, sum))
        return false;
    store->next_object++;
    place_tally(place, record->kind->kind, -1, STATE_LIVE);
    place_presence(place, -1, STATE_LIVE);
    slot->object = object;
    slot->created = true;
    slot->scope = place->scope;
    slot->state = STATE_LIVE;
    slot->mapping = mapping;
    slot->content_hash = record->content_hash;
    slot->bytes_hash = record->bytes_hash;
    return true;
}

bool object_close_version(struct store *store, const struct place *place, int64_t object,
    int64_t wall_ms, struct fault *fault)
{
    changes_note(&store->changes, object, store->version);
    return sql_run(&store->sql, SQL_HISTORY_ADD, fault, "iii", object, wall_ms, place->run);
}

bool object_change(struct store *store, struct place *place, struct slot *slot,
    const struct record *record, int64_t wall_ms, struct fault *fault)
{
    int64_t mapping;
    if (!place_mapping(store, place, record->kind->kind, &mapping, fault) ||
        !object_close_version(store, place, slot->object, wall_ms, fault) ||
        !sql_run(&store->sql, SQL_OBJECT_CONTENT, fault, "ibbiiittttti", slot->object,
            hash128_span(&record->bytes_hash), hash128_span(&record->content_hash), mapping,
            place->run, wall_ms, record->fields, record->volatiles, record->raw, record->attributes,
            record->carry, INT64_C(0)))
        return false;
    if (slot->state != STATE_LIVE || slot->scope != place->scope) {
        const char *evidence = STORE_REAPPEARED(slot->state);
        if (!sql_run(&store->sql, SQL_OBJECT_STATE, fault, "iiiiznn", slot->object, place->scope,
                (int64_t)STATE_LIVE, wall_ms, evidence))
            return false;
        place_tally(place, record->kind->kind, (int)slot->state, STATE_LIVE);
        place_presence(place, (int)slot->state, STATE_LIVE);
    }
    slot->scope = place->scope;
    slot->state = STATE_LIVE;
    slot->failed = false;
    slot->mapping = mapping;
    slot->content_hash = record->content_hash;
    slot->bytes_hash = record->bytes_hash;
    return true;
}

bool object_refresh(struct store *store, struct place *place, struct slot *slot,
    const struct record *record, struct fault *fault)
{
    int64_t mapping;
    if (!place_mapping(store, place, record->kind->kind, &mapping, fault))
        return false;
    bool same_bytes = hash128_equal(record->bytes_hash, slot->bytes_hash);
    bool whole_item = hash128_span(&record->bytes_hash).length > 0; /* volatile fields included */
    if (mapping == slot->mapping && !slot->failed && same_bytes &&
        (whole_item || record->volatiles.length == 0))
        return true;
    changes_note(&store->changes, slot->object, store->version);
    slot->mapping = mapping;
    slot->failed = false;
    slot->bytes_hash = record->bytes_hash;
    return sql_run(&store->sql, SQL_OBJECT_REFRESH, fault, "ibitt", slot->object,
        hash128_span(&record->bytes_hash), mapping, record->volatiles, record->carry);
}

bool object_state(struct store *store, struct place *place, struct object_row *row,
    enum state state, const struct cause *cause, struct fault *fault)
{
    if (!object_close_version(store, place, row->object, cause->wall_ms, fault) ||
        !sql_run(
            &store->sql, SQL_OBJECT_VERSION, fault, "iii", row->object, place->run, cause->wall_ms))
        return false;
    /* What a live object was last seen at is its scope's last complete run, or its own row's time
     * where that is later. */
    int64_t seen_ms =
        state == STATE_LIVE || state == STATE_FILTERED ? cause->wall_ms : place->complete_ms;
    bool good = cause->absent_run
                    ? sql_run(&store->sql, SQL_OBJECT_STATE, fault, "iiiizii", row->object,
                          row->scope, (int64_t)state, seen_ms, cause->evidence, cause->absent_run,
                          (int64_t)cause->absent_proven)
                    : sql_run(&store->sql, SQL_OBJECT_STATE, fault, "iiiiznn", row->object,
                          row->scope, (int64_t)state, seen_ms, cause->evidence);
    if (!good)
        return false;
    place_tally(place, row->kind, (int)row->state, (int)state);
    place_presence(place, (int)row->state, (int)state);
    row->state = state;
    return true;
}

bool object_mark_failed(struct store *store, int64_t object, struct fault *fault)
{
    changes_note(&store->changes, object, store->version);
    return sql_run(&store->sql, SQL_OBJECT_FAILED, fault, "i", object);
}

bool object_mark_mapped(struct store *store, int64_t object, struct fault *fault)
{
    changes_note(&store->changes, object, store->version);
    return sql_run(&store->sql, SQL_OBJECT_MAPS, fault, "i", object);
}
