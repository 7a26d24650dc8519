/* SPDX-License-Identifier: Apache-2.0 */
/* Contributions and what they add up to. Rare beside the straight line, so plainness goes before
 * speed here. */
#include "merge.h"

#include <string.h>
#include "base/arena.h"
#include "json/value.h"

#define CONTRIBUTORS_MAX \
    4096 /* scopes that may list one object; further ones keep their rows but add no fields */

struct contributor {
    int64_t scope, stream;
    bool enriches;
    enum state state;
    struct span fields, volatiles, raw, attributes, carry;
    struct hash128 content_hash;
};

struct gathering {
    struct arena *arena;
    struct contributor *list;
    size_t count;
    enum state state; /* the object's, by its yielding contributors */
    bool any_yields;
    bool damaged; /* one of them is not as it was written */
};

/* Live beats filtered, filtered beats missing, missing beats deleted. */
static const int state_rank[STATE_COUNT] = {
    [STATE_LIVE] = 3, [STATE_FILTERED] = 2, [STATE_MISSING] = 1, [STATE_DELETED] = 0};

static bool gather(
    struct store *store, int64_t object, struct gathering *gathering, struct fault *fault)
{
    gathering->list =
        arena_allocate_array(gathering->arena, CONTRIBUTORS_MAX, sizeof *gathering->list);
    if (!gathering->list)
        return fault_memory(fault);
    gathering->state = STATE_DELETED;
    AUTO_ROW *row =
        sql_start(&store->sql, SQL_CONTRIBUTIONS, fault, "ii", object, (int64_t)CONTRIBUTORS_MAX);
    if (!row)
        return false;
    enum sql_step step;
    while ((step = sql_next(&store->sql, row, fault)) == SQL_ROW) {
        struct contributor *one = &gathering->list[gathering->count++];
        one->scope = sqlite3_column_int64(row, 0);
        one->stream = sqlite3_column_int64(row, 1);
        one->enriches = sqlite3_column_int(row, 2) != 0;
        one->state = (enum state)sqlite3_column_int(row, 3);
        one->content_hash = sql_hash128(row, 4);
        struct span *const texts[] = {
            &one->fields, &one->volatiles, &one->raw, &one->attributes, &one->carry};
        for (int i = 0; i < (int)(sizeof texts / sizeof texts[0]); i++)
            if (!sql_copy(row, 5 + i, gathering->arena, texts[i], fault))
                return false;
        gathering->damaged |= sqlite3_column_int(row, 10) == 0;
        if (one->enriches)
            continue;
        gathering->any_yields = true;
        if (state_rank[one->state] > state_rank[gathering->state])
            gathering->state = one->state;
    }
    return step == SQL_END;
}

/* Those who have a say: the live ones, or all that yield where none is live any more. */
static bool counts(const struct gathering *gathering, const struct contributor *one)
{
    if (gathering->state == STATE_LIVE || one->enriches)
        return one->state == STATE_LIVE;
    return true;
}

/* Members of `text` into the places of their fields, where nothing is yet; null gives way to a
 * value. */
static void take_members(const struct kind *kind, struct span text, struct json_value *values)
{
    if (text.length == 0)
        return;
    struct json_iterator iterator = json_begin(json_value_of(text));
    struct span key;
    struct json_value value;
    while (json_next(&iterator, &key, &value)) {
        if (key.length < 2)
            continue;
        int field = kind_field_index(kind, (struct span){key.data + 1, key.length - 2});
        if (field >= 0 && (values[field].type == JSON_NONE || values[field].type == JSON_NULL))
            values[field] = value;
    }
}

/* One of the contributors' objects, merged in the order of the kind's fields. Nothing where no one
 * has any. */
static bool merge_members(const struct kind *kind, const struct gathering *gathering, size_t offset,
    struct bytes *into, struct fault *fault)
{
    struct json_value values[KIND_FIELDS_MAX] = {{JSON_NONE, {NULL, 0}}};
    bool any = false;
    for (size_t i = 0; i < gathering->count; i++) {
        const struct contributor *one = &gathering->list[i];
        const struct span *text = (const struct span *)((const char *)one + offset);
        if (!counts(gathering, one) || !text->data)
            continue;
        any = true;
        take_members(kind, *text, values);
    }
    if (!any)
        return true;
    const char *separator = "{";
    for (size_t i = 0; i < kind->field_count; i++) {
        if (values[i].type == JSON_NONE)
            continue;
        if (!bytes_format(into, fault, "%s\"%s\":", separator, kind->fields[i].name) ||
            !bytes_append(into, values[i].bytes, fault))
            return false;
        separator = ",";
    }
    return bytes_append_text(into, *separator == '{' ? "{}" : "}", fault);
}

struct product {
    struct bytes fields, volatiles, raw, streams;
    struct span attributes, carry;
    struct hash128 content_hash;
    int64_t scope; /* the first that yields and counts */
};

static void product_free(struct product *product)
{
    bytes_free(&product->fields);
    bytes_free(&product->volatiles);
    bytes_free(&product->raw);
    bytes_free(&product->streams);
}
#define AUTO_PRODUCT __attribute__((cleanup(product_free))) struct product

/* The streams that yield it, rising and once each, as a JSON array. */
static bool list_streams(const struct gathering *gathering, struct bytes *into, struct fault *fault)
{
    int64_t last = 0;
    const char *separator = "[";
    for (;;) {
        int64_t next = INT64_MAX;
        for (size_t i = 0; i < gathering->count; i++) {
            const struct contributor *one = &gathering->list[i];
            if (!one->enriches && counts(gathering, one) && one->stream > last &&
                one->stream < next)
                next = one->stream;
        }
        if (next == INT64_MAX)
            return bytes_append_text(into, *separator == '[' ? "[]" : "]", fault);
        if (!bytes_format(into, fault, "%s%lld", separator, (long long)next))
            return false;
        separator = ",";
        last = next;
    }
}

static bool produce(struct store *store, const struct kind *kind, const struct gathering *gathering,
    struct product *product, struct fault *fault)
{
    if (!merge_members(
            kind, gathering, offsetof(struct contributor, fields), &product->fields, fault) ||
        !merge_members(
            kind, gathering, offsetof(struct contributor, volatiles), &product->volatiles, fault) ||
        !merge_members(kind, gathering, offsetof(struct contributor, raw), &product->raw, fault) ||
        !list_streams(gathering, &product->streams, fault))
        return false;
    struct hash128 attributes_from = {{0}};
    for (size_t i = 0; i < gathering->count; i++) {
        const struct contributor *one = &gathering->list[i];
        if (!counts(gathering, one))
            continue;
        if (!product->scope && !one->enriches)
            product->scope = one->scope;
        if (!product->attributes.data && one->attributes.data) {
            product->attributes = one->attributes;
            attributes_from = one->content_hash;
        }
        if (!product->carry.data)
            product->carry = one->carry;
    }
    struct span parts[] = {bytes_span(&product->fields),
        {(const char *)attributes_from.bytes, sizeof attributes_from.bytes}};
    struct hash_key hash = hash_derive_key(&store->key, parts, 2);
    (void)memcpy(product->content_hash.bytes, hash.bytes, sizeof hash.bytes);
    return true;
}

static struct span text_or_nothing(const struct bytes *bytes)
{
    return bytes->length ? bytes_span(bytes) : (struct span){NULL, 0};
}

/* Brings the object's row to what its contributions give. */
static bool merge_object(struct store *store, struct place *place, struct object_row *row,
    const struct cause *cause, bool *ret_changed, struct fault *fault)
{
    AUTO_ARENA *arena = arena_create(0);
    AUTO_PRODUCT product = {.scope = 0};
    struct gathering gathering = {.arena = arena};
    const struct kind *kind = kind_by_number(row->kind);
    if (!arena)
        return fault_memory(fault);
    if (!gather(store, row->object, &gathering, fault) ||
        !produce(store, kind, &gathering, &product, fault))
        return false;
    enum state state = gathering.any_yields ? gathering.state : row->state;
    bool content = !hash128_equal(product.content_hash, row->content_hash);
    struct span volatiles = text_or_nothing(&product.volatiles);
    *ret_changed = content || state != row->state;
    if (!*ret_changed)
        return sql_run(&store->sql, SQL_OBJECT_VOLATILES, fault, "it", row->object, volatiles);
    int64_t mapping;
    if (!place_mapping_of(store, place, row->kind, bytes_span(&product.streams), &mapping, fault) ||
        !object_close_version(store, place, row->object, cause->wall_ms, fault) ||
        !sql_run(&store->sql, SQL_OBJECT_CONTENT, fault, "inbiiittttti", row->object,
            hash128_span(&product.content_hash), mapping, place->run, cause->wall_ms,
            text_or_nothing(&product.fields), volatiles, text_or_nothing(&product.raw),
            product.attributes, product.carry, (int64_t)gathering.damaged))
        return false;
    if (product.scope)
        row->scope = product.scope;
    int64_t seen_ms = state == STATE_LIVE ? cause->wall_ms : place->complete_ms;
    if (!sql_run(&store->sql, SQL_OBJECT_STATE, fault, "iiiiznn", row->object, row->scope,
            (int64_t)state, seen_ms, cause->evidence))
        return false;
    place_tally(place, row->kind, (int)row->state, (int)state);
    row->state = state;
    row->content_hash = product.content_hash;
    return true;
}

/* The only contributor so far becomes one of several. The row's content hash is then the merged
 * one, which this computes. */
static bool share(struct store *store, struct slot *slot, struct fault *fault)
{
    changes_note(&store->changes, slot->object, store->version);
    return sql_run(&store->sql, SQL_CONTRIBUTION_FROM_OBJECT, fault, "i", slot->object) &&
           sql_run(&store->sql, SQL_OBJECT_SHARE, fault, "i", slot->object);
}

bool merge_contribution(struct store *store, const struct place *place, int64_t object,
    struct contribution *ret_contribution, struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step =
        sql_one(&store->sql, SQL_CONTRIBUTION, &row, fault, "ii", object, place->scope);
    if (step == SQL_FAILED)
        return false;
    *ret_contribution = (struct contribution){.state = -1};
    if (step == SQL_ROW)
        *ret_contribution = (struct contribution){.state = sqlite3_column_int(row, 0),
            .absent_proven = sqlite3_column_int(row, 1) != 0,
            .content_hash = sql_hash128(row, 2)};
    return true;
}

bool merge_record(struct store *store, struct place *place, struct slot *slot,
    const struct record *record, int64_t wall_ms, struct merged *ret_merged, struct fault *fault)
{
    struct contribution before;
    struct object_row row;
    int64_t mapping;
    if ((!slot->shared && !share(store, slot, fault)) ||
        !merge_contribution(store, place, slot->object, &before, fault) ||
        !place_mapping(store, place, record->kind->kind, &mapping, fault))
        return false;
    slot->shared = true;
    bool same =
        before.state == STATE_LIVE && hash128_equal(before.content_hash, record->content_hash);
    if (!sql_run(&store->sql, SQL_CONTRIBUTION_PUT, fault, "iibbiittttt", slot->object,
            place->scope, hash128_span(&record->bytes_hash), hash128_span(&record->content_hash),
            mapping, place->run, record->fields, record->volatiles, record->raw, record->attributes,
            record->carry) ||
        !object_read(store, slot->object, &row, fault))
        return false;
    place_presence(place, before.state, STATE_LIVE);
    bool gone = row.state == STATE_MISSING || row.state == STATE_DELETED;
    struct cause cause = {.wall_ms = wall_ms, .evidence = STORE_REAPPEARED(row.state)};
    bool changed;
    if (!merge_object(store, place, &row, &cause, &changed, fault))
        return false;
    slot->state = row.state;
    slot->scope = row.scope;
    slot->content_hash = row.content_hash;
    *ret_merged = (struct merged){.contribution_changed = !same,
        .object_changed = changed,
        .reappeared = gone && row.state == STATE_LIVE};
    return true;
}

bool merge_state(struct store *store, struct place *place, int64_t object, enum state state,
    const struct cause *cause, struct object_row *ret_row, struct fault *fault)
{
    struct contribution before;
    bool changed;
    if (!merge_contribution(store, place, object, &before, fault) ||
        !object_read(store, object, ret_row, fault))
        return false;
    if (before.state < 0 || before.state == (int)state)
        return true;
    changes_note(&store->changes, object, store->version);
    if (!sql_run(&store->sql, SQL_CONTRIBUTION_STATE, fault, "iiiii", object, place->scope,
            (int64_t)state, cause->absent_run, (int64_t)cause->absent_proven))
        return false;
    place_presence(place, before.state, (int)state);
    return merge_object(store, place, ret_row, cause, &changed, fault);
}
