/* SPDX-License-Identifier: Apache-2.0 */
/* From a response to a batch: page, match by bytes, mapping, drift, bounds. Everything lives in the
 * digest's arena; items are spans into the response's body, which the digest keeps until the
 * commit. */
#include "record/digest.h"

#include <assert.h>
#include <string.h>
#include "base/coding.h"
#include "base/memory.h"
#include "compile.h"
#include "drift.h"
#include "field.h"

#define NO_ID (UINT64_C(1) << 63) /* no text is that long */

/* The digest with what later calls need; the public part comes first. */
struct digest_box {
    struct digest digest;
    struct mapping mapping;
    struct hash_key scope_key;
    int64_t scope;
    bool one, nothing_known;
};

/* One page on its way through. */
struct digesting {
    struct digest_box *box;
    const struct program *program;
    const struct mapper *mapper;
    struct span *ids;       /* of each item, by whichever path; nothing where it has none */
    struct hash128 *hashes; /* of each item's bytes; by_bytes only */
    bool *taken;            /* by an assumption */
    struct fault *fault;
};

void digest_free(struct digest *digest)
{
    if (!digest)
        return;
    struct digest_box *box = (struct digest_box *)digest; /* its first member */
    bytes_free(&box->mapping.scratch);
    response_free(digest->response);
    arena_free(digest->arena);
    memory_free(box);
}

/* ------------------------------------------------------------------ match by bytes ------------ */

/* Looks up what the path by bytes needs, in the places of the whole projection. */
static void project_light(
    const struct mapper *mapper, struct span item, struct json_value *ret_values)
{
    struct json_value found[MAPPER_VALUES_MAX];
    json_project(mapper->light, item, found);
    for (size_t i = 0; i < mapper->light_count; i++)
        ret_values[mapper->light_slots[i]] = found[i];
}

/* Whether an item is of the plain sort: it would give one live record. */
static bool is_plain(const struct mapper *mapper, const struct json_value *values)
{
    const struct yield_program *yield = &mapper->yields[0];
    if (condition_holds_of(&mapper->tombstone, values[mapper->tombstone_slot.index]))
        return false;
    if (yield->when.declared && !condition_holds_of(&yield->when, values[yield->when_slot.index]))
        return false;
    for (size_t i = 0; i < mapper->filter_count; i++)
        if (condition_holds_of(&mapper->filters[i].when, values[mapper->filters[i].slot.index]))
            return false;
    return true;
}

static bool read_incarnation(const struct digesting *on, const struct look_up *from,
    struct span *ret_incarnation, bool *ret_sound)
{
    const struct yield_program *yield = &on->mapper->yields[0];
    struct field_value value;
    *ret_incarnation = (struct span){NULL, 0};
    *ret_sound = true;
    for (size_t i = 0; i < yield->field_count; i++) {
        if ((int)yield->fields[i].index != yield->incarnation)
            continue;
        if (!field_read(&yield->fields[i], from, &value, on->fault))
            return false;
        *ret_sound = !value.bad;
        if (value.state == VALUE_TEXT)
            *ret_incarnation = value.text;
    }
    return true;
}

/* Cuts the key out of one item. ret_plain: it can be asked for. */
static bool cut_key(
    const struct digesting *on, size_t index, struct known_query *ret_query, bool *ret_plain)
{
    struct json_value values[MAPPER_VALUES_MAX];
    struct digest *digest = &on->box->digest;
    const struct json_item *item = &digest->batch.items[index];
    struct look_up from = {values, values, digest->batch.parent, NULL, digest->arena};
    struct field_value id;
    bool sound;
    *ret_plain = false;
    if (item->why)
        return true;
    values[0].type = JSON_NONE; /* what an undeclared condition's slot reads */
    project_light(on->mapper, item->bytes, values);
    if (!is_plain(on->mapper, values))
        return true;
    if (!field_read_id(on->mapper->yields[0].id, &from, &id, on->fault) ||
        !read_incarnation(on, &from, &ret_query->incarnation, &sound))
        return false;
    if (id.bad || !sound)
        return true;
    ret_query->id = id.text;
    *ret_plain = true;
    return true;
}

/* Asks once for the whole page, and takes the items that equal what is known. */
static bool ask_known(struct digesting *on, const struct known *known,
    const struct known_query *queries, const uint32_t *items, size_t count)
{
    struct batch *batch = &on->box->digest.batch;
    if (on->box->nothing_known)
        return true;
    struct known_answer *answers =
        arena_allocate_array(on->box->digest.arena, count, sizeof *answers);
    batch->assumed = arena_allocate_array(on->box->digest.arena, count, sizeof *batch->assumed);
    if (!answers || !batch->assumed)
        return fault_memory(on->fault);
    batch->known_version = known->look_up(
        known->context, on->box->scope, on->mapper->yields[0].kind->kind, queries, count, answers);
    for (size_t i = 0; batch->known_version >= 0 && i < count; i++) {
        if (answers[i].object == 0 || !hash128_equal(answers[i].bytes_hash, on->hashes[items[i]]))
            continue;
        on->taken[items[i]] = true;
        batch->assumed[batch->assumed_count++] =
            (struct assumed){items[i], answers[i].object, answers[i].bytes_hash};
    }
    return true;
}

static bool match(struct digesting *on, const struct known *known)
{
    struct digest *digest = &on->box->digest;
    const size_t count = digest->batch.item_count;
    struct known_query *queries = arena_allocate_array(digest->arena, count, sizeof *queries);
    uint32_t *items = arena_allocate_array(digest->arena, count, sizeof *items);
    size_t plain = 0;
    bool is_plain_item;
    on->hashes = arena_allocate_array(digest->arena, count, sizeof *on->hashes);
    if (!queries || !items || !on->hashes)
        return fault_memory(on->fault);
    for (size_t i = 0; i < count; i++) {
        if (!cut_key(on, i, &queries[plain], &is_plain_item))
            return false;
        on->hashes[i] = hash_keyed(&on->box->scope_key, digest->batch.items[i].bytes);
        if (!is_plain_item)
            continue;
        on->ids[i] = queries[plain].id;
        items[plain++] = (uint32_t)i;
    }
    return plain == 0 || ask_known(on, known, queries, items, plain);
}

/* ------------------------------------------------------------------ mapping ------------------- */

/* An item with records of others only: it is counted by the id that its own would have, or by its
 * bytes where it shows none. */
static bool count_item(struct digesting *on, size_t index)
{
    struct digest *digest = &on->box->digest;
    struct batch *batch = &digest->batch;
    struct span id = batch->items[index].bytes, incarnation;
    if (mapper_item_id(
            on->mapper, batch->items[index].bytes, batch->parent, digest->arena, &id, &incarnation))
        on->ids[index] = id;
    if (!batch->counted)
        batch->counted =
            arena_allocate_array(digest->arena, batch->item_count, sizeof *batch->counted);
    if (!batch->counted)
        return fault_memory(on->fault);
    batch->counted[batch->counted_count++] = (struct counted){(uint32_t)index, id};
    return true;
}

static bool map_item(struct digesting *on, size_t index)
{
    struct digest *digest = &on->box->digest;
    struct batch *batch = &digest->batch;
    const struct hash128 none = {{0}};
    const size_t records = batch->record_count, letters = batch->letter_count,
                 filtered = batch->filtered_count;
    if (!mapper_map(on->mapper, &on->box->mapping, (uint32_t)index, &batch->items[index],
            batch->parent, on->program->by_bytes ? on->hashes[index] : none, on->fault))
        return false;
    if (batch->record_count > records && batch->records[records].yield == 0)
        on->ids[index] = batch->records[records].id;
    else if (batch->letter_count > letters)
        on->ids[index] = batch->letters[letters].id;
    else if (batch->filtered_count > filtered)
        on->ids[index] = batch->filtered[filtered].id;
    else if (batch->record_count > records)
        return count_item(on, index);
    return true;
}

/* What the items must give, before any of them is mapped. */
static void count_received(const struct mapper *mapper, struct batch *batch)
{
    for (size_t i = 0; i < batch->item_count; i++)
        batch->received += batch->items[i].why ? 1 : mapper_fan_out(mapper, batch->items[i].bytes);
}

/* ------------------------------------------------------------------ the page as a whole ------- */

/* The same for the same ids in the same order; an item without one counts by its bytes. */
static bool hash_ids(const struct digesting *on)
{
    struct digest *digest = &on->box->digest;
    const struct batch *batch = &digest->batch;
    size_t length = 0, at = 0;
    for (size_t i = 0; i < batch->item_count; i++)
        length += sizeof(uint64_t) + on->ids[i].length;
    char *text = arena_allocate(digest->arena, length + 1);
    if (!text)
        return fault_memory(on->fault);
    for (size_t i = 0; i < batch->item_count; i++) {
        uint64_t mark = on->ids[i].length;
        if (!on->ids[i].data)
            mark = hash_keyed64(&on->program->content_key, batch->items[i].bytes) | NO_ID;
        (void)memcpy(text + at, &mark, sizeof mark);
        if (on->ids[i].data && on->ids[i].length > 0)
            (void)memcpy(text + at + sizeof mark, on->ids[i].data, on->ids[i].length);
        at += sizeof mark + on->ids[i].length;
    }
    digest->ids_hash = hash_keyed64(&on->program->content_key, (struct span){text, length});
    return true;
}

/* One item among those of its stream; never 0. */
static uint64_t hash_item(const struct digesting *on, size_t index)
{
    const struct hash_key *key = &on->program->content_key;
    struct span id = on->ids[index];
    return (id.data ? hash_keyed64(key, id) & ~NO_ID
                    : hash_keyed64(key, on->box->digest.batch.items[index].bytes) | NO_ID) |
           1;
}

static int64_t joined_at(const struct digesting *on, size_t index)
{
    const struct json_item *item = &on->box->digest.batch.items[index];
    if (on->taken[index])
        return 0;
    return mapper_joined_ms(on->mapper, item, on->box->digest.arena);
}

/* What tells the page's items apart from those of the pages beside it, and of another listing. */
static void note_ends(const struct digesting *on)
{
    struct digest *digest = &on->box->digest;
    const size_t count = digest->batch.item_count;
    const uint32_t kind = on->program->declaration->paging.kind;
    if (count == 0)
        return;
    digest->first_id = hash_item(on, 0);
    digest->last_id = hash_item(on, count - 1);
    if (kind != MUSTER_PAGING_NUMBER && kind != MUSTER_PAGING_OFFSET &&
        kind != MUSTER_PAGING_SCIM &&
        on->program->declaration->paging.stability != MUSTER_STABILITY_LOOSE)
        return;
    for (size_t i = 0; i < count; i++) {
        digest->ids_sum += hash_item(on, i);
        int64_t joined_ms = joined_at(on, i);
        if (joined_ms > digest->joined_ms)
            digest->joined_ms = joined_ms;
    }
}

static bool in_order(uint32_t declared, int64_t before, int64_t now, int by_bytes)
{
    bool falls = now < before || (now == before && by_bytes < 0);
    bool rises = now > before || (now == before && by_bytes > 0);
    return declared == MUSTER_ORDER_FALLING ? !rises : declared == MUSTER_ORDER_RISING && !falls;
}

static void find_bounds(const struct digesting *on)
{
    struct digest *digest = &on->box->digest;
    const struct batch *batch = &digest->batch;
    const uint32_t declared = on->program->declaration->incremental.order;
    struct span last = {NULL, 0}, bound;
    int64_t last_order = 0, order;
    if (on->mapper->bound.space == SLOT_NONE)
        return;
    digest->bounds_rising = declared != MUSTER_ORDER_NONE;
    for (size_t i = 0; i < batch->item_count; i++) {
        if (batch->items[i].why ||
            !mapper_bound(on->mapper, batch->items[i].bytes, digest->arena, &bound, &order))
            continue;
        /* Opaque bounds have no order but their bytes; the others' texts are floored and would hide
         * a difference. */
        bool opaque = on->program->declaration->incremental.format == MUSTER_TIME_OPAQUE;
        int by_bytes = opaque && last.data ? span_compare(bound, last) : 0;
        if (last.data && !in_order(declared, last_order, order, by_bytes))
            digest->bounds_rising = false;
        if (!digest->bound_high.data || order > digest->bound_order ||
            (opaque && span_compare(bound, digest->bound_high) > 0)) {
            digest->bound_high = bound;
            digest->bound_order = order;
        }
        if (!digest->bound_low.data || order < digest->low_order ||
            (opaque && span_compare(bound, digest->bound_low) < 0)) {
            digest->bound_low = bound;
            digest->low_order = order;
        }
        last = bound;
        last_order = order;
    }
}

static bool fill_batch(struct digesting *on, const struct known *known)
{
    struct digest *digest = &on->box->digest;
    struct batch *batch = &digest->batch;
    const size_t count = digest->page.item_count;
    batch->items = digest->page.items;
    batch->item_count = count;
    on->ids = arena_allocate_array(digest->arena, count, sizeof *on->ids);
    on->taken = arena_allocate_array(digest->arena, count, sizeof *on->taken);
    if (!on->ids || !on->taken)
        return fault_memory(on->fault);
    count_received(on->mapper, batch);
    if (on->program->by_bytes && count > 0 && !match(on, known))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!on->taken[i] && !map_item(on, i))
            return false;
    int64_t accounted = mapping_accounted(batch) + (int64_t)batch->assumed_count;
    if (accounted != batch->received)
        return fault_set(on->fault, FAULT_BALANCE,
            "a page of %lld records was mapped to %lld; nothing of it is stored",
            (long long)batch->received, (long long)accounted);
    find_bounds(on);
    note_ends(on);
    return hash_ids(on) && drift_note_page(on->program->shapes, &on->program->content_key,
                               &on->box->mapping, on->fault);
}

/* ------------------------------------------------------------------ entry --------------------- */

static struct digest_box *create_box(const struct digest_input *input)
{
    struct digest_box *box = memory_allocate(sizeof *box);
    struct arena *arena = box ? arena_create(0) : NULL;
    if (!arena) {
        memory_free(box);
        return NULL;
    }
    struct digest *digest = &box->digest;
    digest->arena = arena;
    digest->response = input->response;
    digest->batch.program = input->program;
    digest->batch.digest = digest;
    digest->batch.parent = input->parent;
    digest->batch.known_version = -1;
    box->mapping.batch = &digest->batch;
    box->mapping.arena = arena;
    box->mapping.content_key = input->program->content_key;
    box->scope_key = program_scope_key(input->program, input->parent);
    box->scope = input->scope;
    box->one = input->one;
    box->nothing_known = input->nothing_known;
    return box;
}

static bool read_page(const struct digest_input *input, struct digest *digest, struct fault *fault)
{
    const struct page_reader *reader = input->one ? input->program->one : input->program->reader;
    digest->page.total = PAGE_TOTAL_UNKNOWN;
    digest->page.end = PAGE_UNDECLARED;
    response_decode(digest->response, SIZE_MAX);
    digest->batch.body = digest->response->body.data;
    classify_response(page_reader_classifier(reader), digest->response, input->asked.carries_cursor,
        &digest->page.verdict);
    return digest->page.verdict.outcome != OUTCOME_OK ||
           page_read(reader, digest->response, &input->at, &input->asked, input->parent,
               &input->program->gate_key, digest->arena, &digest->page, fault);
}

static void name_object(struct digest *digest)
{
    const struct page *page = &digest->page;
    struct span id, incarnation;
    if (page->verdict.outcome != OUTCOME_OK || page->item_count != 1 || page->items[0].why ||
        !mapper_item_id(digest->batch.program->mapper, page->items[0].bytes, digest->batch.parent,
            digest->arena, &id, &incarnation))
        return;
    digest->one_id = id;
    digest->one_incarnation = incarnation;
}

bool digest_read(const struct digest_input *input, struct digest **ret_digest, struct fault *fault)
{
    struct digest_box *box = create_box(input);
    if (!box) {
        response_free(input->response);
        return fault_memory(fault);
    }
    if (!read_page(input, &box->digest, fault)) {
        digest_free(&box->digest);
        return false;
    }
    if (input->one)
        name_object(&box->digest);
    *ret_digest = &box->digest;
    return true;
}

bool digest_map(struct digest *digest, const struct known *known, struct fault *fault)
{
    struct digest_box *box = (struct digest_box *)digest; /* its first member */
    struct digesting on = {.box = box,
        .program = digest->batch.program,
        .mapper = digest->batch.program->mapper,
        .fault = fault};
    if (digest->page.verdict.outcome == OUTCOME_OK && !box->one && !fill_batch(&on, known))
        return false;
    digest->batch.bytes = arena_used(digest->arena) + digest->response->body.capacity +
                          digest->response->headers.text.capacity + sizeof *box;
    return true;
}

bool digest_page(const struct digest_input *input, const struct known *known,
    struct digest **ret_digest, struct fault *fault)
{
    struct digest *digest = NULL;
    if (!digest_read(input, &digest, fault))
        return false;
    assert(digest);
    if (!digest_map(digest, known, fault)) {
        digest_free(digest);
        return false;
    }
    *ret_digest = digest;
    return true;
}

bool digest_item_again(struct digest *digest, uint32_t index, struct fault *fault)
{
    struct digest_box *box = (struct digest_box *)digest; /* its first member */
    struct batch *batch = &digest->batch;
    assert(index < batch->item_count);
    struct hash128 bytes_hash = hash_keyed(&box->scope_key, batch->items[index].bytes);
    return mapper_map(batch->program->mapper, &box->mapping, index, &batch->items[index],
        batch->parent, bytes_hash, fault);
}

void digest_drop_first(struct digest *digest)
{
    struct batch *batch = &digest->batch;
    size_t kept = 0;
    for (size_t i = 0; i < batch->record_count; i++)
        if (batch->records[i].item > 0)
            batch->records[kept++] = batch->records[i];
    batch->received -= (int64_t)(batch->record_count - kept);
    batch->record_count = kept;
    kept = 0;
    for (size_t i = 0; i < batch->assumed_count; i++)
        if (batch->assumed[i].item > 0)
            batch->assumed[kept++] = batch->assumed[i];
    batch->received -= (int64_t)(batch->assumed_count - kept);
    batch->assumed_count = kept;
    kept = 0;
    for (size_t i = 0; i < batch->letter_count; i++)
        if (batch->letters[i].item > 0)
            batch->letters[kept++] = batch->letters[i];
        else
            batch->received -= batch->letters[i].records;
    batch->letter_count = kept;
    kept = 0;
    for (size_t i = 0; i < batch->filtered_count; i++)
        if (batch->filtered[i].item > 0)
            batch->filtered[kept++] = batch->filtered[i];
        else
            batch->received -= batch->filtered[i].records;
    batch->filtered_count = kept;
    kept = 0;
    for (size_t i = 0; i < batch->counted_count; i++)
        if (batch->counted[i].item > 0)
            batch->counted[kept++] = batch->counted[i];
    batch->counted_count = kept;
    digest->ids_sum -= digest->first_id;
}
