/* SPDX-License-Identifier: Apache-2.0 */
/* From kept bytes to records: the gate and the mapper, without a page around them. */
#include "record/replay.h"

#include <string.h>
#include "base/memory.h"
#include "compile.h"
#include "cut.h"
#include "letter.h"
#include "list.h"

void replay_free(struct replay *replay)
{
    if (!replay)
        return;
    bytes_free(&replay->mapping.scratch);
    arena_free(replay->arena);
    memory_free(replay);
}

static void replay_free_cleanup(struct replay **replay)
{
    replay_free(*replay);
}

static struct replay *create(const struct program *program, const struct scope_parent *parent)
{
    struct replay *replay = memory_allocate(sizeof *replay);
    if (!replay)
        return NULL;
    replay->arena = arena_create(0);
    if (!replay->arena) {
        memory_free(replay);
        return NULL;
    }
    replay->batch.program = program;
    replay->batch.parent = parent;
    replay->batch.known_version = -1;
    replay->mapping.batch = &replay->batch;
    replay->mapping.arena = replay->arena;
    replay->mapping.content_key = program->content_key;
    return replay;
}

/* The text as the one element of an array, because an item may be anything, a number too. */
static bool gate(struct replay *replay, struct span raw, struct json_item *ret_item,
    struct span *ret_text, struct fault *fault)
{
    const struct json_pointer root = {.text = ""};
    struct json_gate_options options = {.items = &root, .key = replay->batch.program->gate_key};
    struct json_page page;
    struct fault refused;
    char *text = arena_allocate(replay->arena, raw.length + 3);
    if (!text)
        return fault_memory(fault);
    text[0] = '[';
    if (raw.length > 0)
        (void)memcpy(text + 1, raw.data, raw.length);
    text[raw.length + 1] = ']';
    *ret_text = (struct span){text, raw.length + 2};
    bool sound = json_gate(*ret_text, &options, replay->arena, &page, &refused);
    if (!sound && refused.code == FAULT_MEMORY)
        return fault_memory(fault);
    if (sound && page.item_count == 1)
        *ret_item = page.item[0];
    else
        *ret_item = (struct json_item){
            .bytes = {text + 1, raw.length}, .why = "its bytes are no longer one value"};
    return true;
}

/* How long the batch's lists were before an item. */
struct marks {
    size_t records, letters, filtered;
};

static struct marks mark(const struct batch *batch)
{
    return (struct marks){batch->record_count, batch->letter_count, batch->filtered_count};
}

static bool has_redacted_id(const struct batch *batch, const struct marks *before)
{
    for (size_t i = before->records; i < batch->record_count; i++) {
        struct span id = batch->records[i].id;
        if (id.data && memmem(id.data, id.length, CUT_REDACTED, sizeof CUT_REDACTED - 1))
            return true;
    }
    return false;
}

/* In the place of everything that the item gave. */
static bool refuse_redacted(struct replay *replay, uint32_t index, const struct marks *before,
    uint32_t fan_out, struct fault *fault)
{
    struct batch *batch = &replay->batch;
    batch->record_count = before->records;
    batch->letter_count = before->letters;
    batch->filtered_count = before->filtered;
    if (!list_grow(replay->arena, &batch->letters, sizeof *batch->letters, batch->letter_count,
            &replay->mapping.letter_capacity, fault))
        return false;
    batch->letters[batch->letter_count++] = (struct letter){.item = index,
        .records = fan_out,
        .code = FAULT_CONTENT,
        .reason = "id_redacted",
        .why = "its id was redacted before the letter was kept; only another pull can tell it",
        .pointer = "",
        .raw = batch->items[index].bytes};
    return true;
}

static bool map_one(struct replay *replay, uint32_t index, struct span raw,
    const struct hash_key *scope_key, struct fault *fault)
{
    struct batch *batch = &replay->batch;
    const struct program *program = batch->program;
    struct json_item *item = &batch->items[index];
    struct hash128 bytes_hash = {{0}};
    struct span text = {NULL, 0};
    if (!gate(replay, raw, item, &text, fault))
        return false;
    int64_t fan_out = item->why ? 1 : mapper_fan_out(program->mapper, item->bytes);
    const struct marks before = mark(batch);
    batch->received += fan_out;
    batch->body = text.data; /* what the item's offsets count from */
    if (program->by_bytes)
        bytes_hash = hash_keyed(scope_key, item->bytes);
    bool mapped = mapper_map(
        program->mapper, &replay->mapping, index, item, batch->parent, bytes_hash, fault);
    batch->body = NULL;
    if (!mapped)
        return false;
    return !has_redacted_id(batch, &before) ||
           refuse_redacted(replay, index, &before, (uint32_t)fan_out, fault);
}

bool replay_map(const struct program *program, const struct scope_parent *parent,
    const struct span *raws, size_t count, struct replay **ret_replay, struct fault *fault)
{
    __attribute__((cleanup(replay_free_cleanup))) struct replay *replay = create(program, parent);
    const struct hash_key scope_key = program_scope_key(program, parent);
    if (!replay)
        return fault_memory(fault);
    struct batch *batch = &replay->batch;
    batch->items = arena_allocate_array(replay->arena, count + 1, sizeof *batch->items);
    if (!batch->items)
        return fault_memory(fault);
    batch->item_count = count;
    for (size_t i = 0; i < count; i++)
        if (!map_one(replay, (uint32_t)i, raws[i], &scope_key, fault))
            return false;
    int64_t accounted = mapping_accounted(batch);
    if (accounted != batch->received)
        return fault_set(fault, FAULT_BALANCE,
            "%zu letters give %lld records but account for %lld; nothing of them is replayed",
            count, (long long)batch->received, (long long)accounted);
    *ret_replay = TAKE(replay);
    return true;
}
