/* SPDX-License-Identifier: Apache-2.0 */
/* A scope of a run, read once for each batch and written once. */
#include "place.h"

#include <stdio.h>
#include <string.h>

bool place_load(
    struct store *store, int64_t run, int64_t scope, struct place *ret_place, struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_PLACE, &row, fault, "ii", run, scope);
    if (step == SQL_FAILED)
        return false;
    if (step == SQL_END)
        return fault_set(
            fault, FAULT_NOT_FOUND, "run %lld has no scope %lld", (long long)run, (long long)scope);
    struct place place = {.run = run, .scope = scope};
    int64_t *const columns[] = {&place.scope_run, &place.stream, &place.connection,
        &place.declaration, &place.sequence, &place.seen_after, &place.withdrawn,
        &place.live_before, &place.sums.received, &place.sums.created, &place.sums.changed,
        &place.sums.unchanged, &place.sums.duplicate, &place.sums.filtered, &place.sums.dead,
        &place.sums.reappeared, &place.sums.conflicts, &place.sums.unreadable, &place.sums.distinct,
        &place.count[STATE_LIVE], &place.count[STATE_MISSING], &place.count[STATE_FILTERED],
        &place.complete_ms};
    int count = (int)(sizeof columns / sizeof columns[0]);
    for (int i = 0; i < count; i++)
        *columns[i] = sqlite3_column_int64(row, i);
    place.enriches = sqlite3_column_int(row, count) != 0;
    place.full = sqlite3_column_int(row, count + 1) != 0;
    place.ended = sqlite3_column_int(row, count + 2) != 0;
    *ret_place = place;
    return true;
}

bool place_of_scope(
    struct store *store, int64_t scope, int64_t run, struct place *ret_place, struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_PLACE_OF_SCOPE, &row, fault, "i", scope);
    if (step == SQL_FAILED)
        return false;
    if (step == SQL_END)
        return fault_set(fault, FAULT_NOT_FOUND, "there is no scope %lld", (long long)scope);
    *ret_place = (struct place){.run = run,
        .scope = scope,
        .stream = sqlite3_column_int64(row, 0),
        .connection = sqlite3_column_int64(row, 1),
        .declaration = sqlite3_column_int64(row, 2),
        .enriches = sqlite3_column_int(row, 3) != 0,
        .complete_ms = sqlite3_column_int64(row, 4),
        .count = {[STATE_LIVE] = sqlite3_column_int64(row, 5),
            [STATE_MISSING] = sqlite3_column_int64(row, 6),
            [STATE_FILTERED] = sqlite3_column_int64(row, 7)}};
    return true;
}

void place_tally(struct place *place, uint32_t kind, int from, int to)
{
    if (from >= 0)
        place->tally[kind][from]--;
    if (to >= 0)
        place->tally[kind][to]++;
}

void place_presence(struct place *place, int from, int to)
{
    if (from >= 0 && from != STATE_DELETED) {
        place->gain[from]--;
        place->count[from]--;
    }
    if (to >= 0 && to != STATE_DELETED) {
        place->gain[to]++;
        place->count[to]++;
    }
}

bool place_save(struct store *store, struct place *place, struct fault *fault)
{
    for (uint32_t kind = 1; kind <= KIND_COUNT; kind++) {
        for (int state = 0; state < STATE_COUNT; state++) {
            int64_t gain = place->tally[kind][state];
            if (gain == 0)
                continue;
            if (!sql_run(&store->sql, SQL_TALLY_PUT, fault, "iii", place->connection, (int64_t)kind,
                    (int64_t)state) ||
                !sql_run(&store->sql, SQL_TALLY_GAIN, fault, "iiii", place->connection,
                    (int64_t)kind, (int64_t)state, gain))
                return false;
        }
    }
    const int64_t *gain = place->gain;
    if ((gain[STATE_LIVE] || gain[STATE_MISSING] || gain[STATE_FILTERED]) &&
        !sql_run(&store->sql, SQL_SCOPE_GAIN, fault, "iiii", place->scope, gain[STATE_LIVE],
            gain[STATE_MISSING], gain[STATE_FILTERED]))
        return false;
    (void)memset(place->tally, 0, sizeof place->tally);
    (void)memset(place->gain, 0, sizeof place->gain);
    return true;
}

bool place_mapping_of(struct store *store, const struct place *place, uint32_t kind,
    struct span streams, int64_t *ret_mapping, struct fault *fault)
{
    int64_t mapping = 0;
    if (!sql_integer(&store->sql, SQL_MAPPING_FIND, &mapping, fault, "iiti", place->connection,
            (int64_t)kind, streams, place->declaration))
        return false;
    if (mapping == 0) {
        if (!sql_run(&store->sql, SQL_MAPPING_ADD, fault, "iiti", place->connection, (int64_t)kind,
                streams, place->declaration))
            return false;
        mapping = sqlite3_last_insert_rowid(store->sql.db);
        if (!sql_run(&store->sql, SQL_MAPPING_STATES, fault, "i", place->connection))
            return false;
    }
    *ret_mapping = mapping;
    return true;
}

bool place_mapping(struct store *store, struct place *place, uint32_t kind, int64_t *ret_mapping,
    struct fault *fault)
{
    if (place->mapping[kind] == 0) {
        char streams[32];
        int length = snprintf(streams, sizeof streams, "[%lld]", (long long)place->stream);
        if (!place_mapping_of(store, place, kind, (struct span){streams, (size_t)length},
                &place->mapping[kind], fault))
            return false;
    }
    *ret_mapping = place->mapping[kind];
    return true;
}

bool place_read_seen(
    struct store *store, sqlite3_stmt *rows, struct seen *seen, struct fault *fault)
{
    AUTO_ROW *row = rows;
    enum sql_step step = row ? sql_next(&store->sql, row, fault) : SQL_FAILED;
    for (; step == SQL_ROW; step = sql_next(&store->sql, row, fault))
        if (!seen_decode(seen, sql_span(row, 0), fault))
            return false;
    return step == SQL_END;
}

bool place_seen(
    struct store *store, const struct place *place, struct seen **ret_seen, struct fault *fault)
{
    struct seen *seen;
    bool fresh;
    if (!seen_cache_get(&store->seen, place->scope_run, &seen, &fresh, fault))
        return false;
    if (fresh && place->sequence > place->seen_after &&
        !place_read_seen(store,
            sql_start(
                &store->sql, SQL_SEEN, fault, "iii", place->run, place->scope, place->seen_after),
            seen, fault)) {
        seen_cache_drop(&store->seen, place->scope_run);
        return false;
    }
    *ret_seen = seen;
    return true;
}
