/* SPDX-License-Identifier: Apache-2.0 */
/* One look-up an object, sorted: random ids then touch each page of the index once a group. */
#include "slots.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "inside.h"

#define NAME_ON_STACK 512 /* longer names are hashed in two steps */

/* Objects of one id share the hash whatever their incarnation: a dead item of which only the id is
 * readable finds them too. */
uint64_t slots_hash(const struct store *store, int64_t connection, uint32_t kind, struct span id)
{
    char name[NAME_ON_STACK];
    size_t length = 0;
    (void)memcpy(name, &connection, sizeof connection);
    length += sizeof connection;
    (void)memcpy(name + length, &kind, sizeof kind);
    length += sizeof kind;
    if (id.length > sizeof name - length) {
        struct hash128 whole = hash_keyed(&store->lookup_key, id);
        (void)memcpy(name + length, whole.bytes, sizeof whole.bytes);
        length += sizeof whole.bytes;
    } else if (id.length > 0) {
        (void)memcpy(name + length, id.data, id.length);
        length += id.length;
    }
    return hash_keyed64(&store->lookup_key, (struct span){name, length});
}

/* Room for that many, those that are there included. */
static bool grow(struct slots *slots, size_t capacity, struct fault *fault)
{
    size_t buckets = 64;
    struct slot *grown = memory_resize(slots->slots, capacity * sizeof *grown);
    if (!grown)
        return fault_memory(fault);
    slots->slots = grown;
    uint32_t *order = memory_resize(slots->order, capacity * sizeof *order);
    if (!order)
        return fault_memory(fault);
    slots->order = order;
    while (buckets < capacity * 2)
        buckets *= 2;
    uint32_t *table = memory_allocate_array(buckets, sizeof *table);
    if (!table)
        return fault_memory(fault);
    for (uint32_t i = 0; i < slots->count; i++) {
        uint32_t *bucket = &table[slots->slots[i].hash & (buckets - 1)];
        slots->slots[i].next = *bucket;
        *bucket = i + 1;
    }
    memory_free(slots->buckets);
    slots->buckets = table;
    slots->bucket_count = buckets;
    slots->capacity = capacity;
    return true;
}

bool slots_begin(struct slots *slots, size_t count, struct fault *fault)
{
    slots_clear(slots);
    return count <= slots->capacity || grow(slots, count, fault);
}

void slots_clear(struct slots *slots)
{
    slots->count = 0;
    if (slots->buckets)
        (void)memset(slots->buckets, 0, slots->bucket_count * sizeof *slots->buckets);
}

static bool same_object(const struct slot *slot, int64_t connection, const struct record *record)
{
    return slot->kind == record->kind->kind && slot->connection == connection &&
           span_equal(slot->id, record->id) && span_equal(slot->incarnation, record->incarnation);
}

bool slots_add(struct store *store, int64_t connection, const struct record *record,
    uint32_t *ret_index, struct fault *fault)
{
    struct slots *slots = &store->slots;
    uint64_t hash = slots_hash(store, connection, record->kind->kind, record->id);
    if (slots->bucket_count > 0) {
        uint32_t at = slots->buckets[hash & (slots->bucket_count - 1)];
        for (; at; at = slots->slots[at - 1].next) {
            if (slots->slots[at - 1].hash != hash ||
                !same_object(&slots->slots[at - 1], connection, record))
                continue;
            *ret_index = at - 1;
            return true;
        }
    }
    /* Records that an assumption's failure added late need room beyond what slots_begin was told.
     */
    if (slots->count == slots->capacity && !grow(slots, slots->capacity * 2 + 64, fault))
        return false;
    uint32_t *bucket = &slots->buckets[hash & (slots->bucket_count - 1)];
    slots->slots[slots->count] = (struct slot){.hash = hash,
        .next = *bucket,
        .kind = record->kind->kind,
        .connection = connection,
        .id = record->id,
        .incarnation = record->incarnation};
    *ret_index = (uint32_t)slots->count++;
    *bucket = *ret_index + 1;
    return true;
}

static int compare_slots(const void *a, const void *b, void *context)
{
    const struct slot *slots = context;
    int64_t x = (int64_t)slots[*(const uint32_t *)a].hash;
    int64_t y = (int64_t)slots[*(const uint32_t *)b].hash;
    return (x > y) - (x < y);
}

/* The slots for which `wanted` holds, by their place in the index. */
static size_t in_index_order(struct slots *slots, bool created)
{
    size_t count = 0;
    for (uint32_t i = 0; i < slots->count; i++)
        if (created ? slots->slots[i].created : !slots->slots[i].filled)
            slots->order[count++] = i;
    if (count > 0) /* a batch of unchanged items alone has no slots, and no order to sort */
        qsort_r(slots->order, count, sizeof *slots->order, compare_slots, slots->slots);
    return count;
}

/* Columns of SQL_OBJECT_BY_HASH. */
static void take_row(struct slot *slot, sqlite3_stmt *row)
{
    if (sqlite3_column_int64(row, 1) != slot->connection ||
        sqlite3_column_int64(row, 2) != slot->kind || !span_equal(sql_span(row, 3), slot->id))
        return;
    if (!span_equal(sql_span(row, 4), slot->incarnation)) {
        slot->other_incarnation = true;
        return;
    }
    slot->object = sqlite3_column_int64(row, 0);
    slot->scope = sqlite3_column_int64(row, 5);
    slot->state = (enum state)sqlite3_column_int(row, 6);
    slot->shared = sqlite3_column_int(row, 7) != 0;
    slot->failed = sqlite3_column_int(row, 8) != 0;
    slot->mapping = sqlite3_column_int64(row, 9);
    slot->content_hash = sql_hash128(row, 10);
    slot->bytes_hash = sql_hash128(row, 11);
}

bool slots_fill_one(struct store *store, uint32_t index, struct fault *fault)
{
    struct slot *slot = &store->slots.slots[index];
    if (slot->filled)
        return true;
    sqlite3_stmt *row = sql_start(&store->sql, SQL_OBJECT_BY_HASH, fault, "i", (int64_t)slot->hash);
    if (!row)
        return false;
    enum sql_step step;
    while ((step = sql_next(&store->sql, row, fault)) == SQL_ROW)
        take_row(slot, row);
    slot->filled = step == SQL_END;
    return slot->filled;
}

bool slots_fill(struct store *store, struct fault *fault)
{
    struct slots *slots = &store->slots;
    size_t count = in_index_order(slots, false);
    for (size_t i = 0; i < count; i++)
        if (!slots_fill_one(store, slots->order[i], fault))
            return false;
    return true;
}

bool slots_object_by_id(struct store *store, int64_t connection, uint32_t kind, struct span id,
    int64_t *ret_object, struct slot **ret_slot, struct fault *fault)
{
    struct slots *slots = &store->slots;
    uint64_t hash = slots_hash(store, connection, kind, id);
    struct slot *found = NULL;
    int64_t object = 0;
    if (slots->bucket_count > 0) {
        uint32_t at = slots->buckets[hash & (slots->bucket_count - 1)];
        for (; at; at = slots->slots[at - 1].next) {
            struct slot *slot = &slots->slots[at - 1];
            if (slot->hash != hash || slot->kind != kind || slot->connection != connection ||
                slot->object <= object || !span_equal(slot->id, id))
                continue;
            object = slot->object;
            found = slot;
        }
    }
    sqlite3_stmt *row = sql_start(&store->sql, SQL_OBJECT_BY_HASH, fault, "i", (int64_t)hash);
    if (!row)
        return false;
    enum sql_step step;
    while ((step = sql_next(&store->sql, row, fault)) == SQL_ROW) {
        if (sqlite3_column_int64(row, 1) != connection || sqlite3_column_int64(row, 2) != kind ||
            sqlite3_column_int64(row, 0) <= object || !span_equal(sql_span(row, 3), id))
            continue;
        object = sqlite3_column_int64(row, 0);
        found = NULL;
    }
    if (step != SQL_END)
        return false;
    *ret_object = object;
    *ret_slot = found;
    return true;
}

void slots_follow(struct slots *slots, uint64_t hash, int64_t object, enum state state)
{
    if (slots->bucket_count == 0)
        return;
    uint32_t at = slots->buckets[hash & (slots->bucket_count - 1)];
    for (; at; at = slots->slots[at - 1].next)
        if (slots->slots[at - 1].object == object)
            slots->slots[at - 1].state = state;
}

/* The small index into the large one, once it is full. */
static bool merge_recent(struct store *store, struct fault *fault)
{
    if (store->recent_lookups < store->recent_lookups_most)
        return true;
    if (!sql_run(&store->sql, SQL_LOOKUPS_MERGE, fault, "") ||
        !sql_run(&store->sql, SQL_LOOKUPS_CLEAR, fault, ""))
        return false;
    store->recent_lookups = 0;
    return true;
}

bool slots_index(struct store *store, struct fault *fault)
{
    struct slots *slots = &store->slots;
    size_t count = in_index_order(slots, true);
    for (size_t i = 0; i < count; i++) {
        const struct slot *slot = &slots->slots[slots->order[i]];
        if (!sql_run(&store->sql, SQL_LOOKUP_ADD, fault, "ii", (int64_t)slot->hash, slot->object))
            return false;
    }
    store->recent_lookups += (int64_t)count;
    return merge_recent(store, fault);
}

void slots_free(struct slots *slots)
{
    memory_free(slots->slots);
    memory_free(slots->buckets);
    memory_free(slots->order);
    *slots = (struct slots){0};
}
