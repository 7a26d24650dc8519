/* SPDX-License-Identifier: Apache-2.0 */
/* Seen sets: bitmaps over surrogate keys, which a source's objects get in the order of its pages,
 * so that they lie close together. */
#include "seen.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"

#define CHUNK_KEYS  4096
#define TABLE_FIRST 16u
#define ID_STAND_IN UINT64_C(0x9e3779b97f4a7c15) /* for a hash of 0, which marks a free place */

struct seen_chunk {
    int64_t number;
    uint64_t own[CHUNK_KEYS / 64];
    uint64_t others[CHUNK_KEYS / 64];
};

static size_t place_of(uint64_t value, size_t capacity)
{
    return (size_t)((value * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (capacity - 1);
}

static struct seen_chunk *chunk_find(struct seen *seen, int64_t number)
{
    if (seen->last && seen->last->number == number)
        return seen->last;
    if (seen->chunk_capacity == 0)
        return NULL;
    size_t at = place_of((uint64_t)number, seen->chunk_capacity);
    while (seen->chunks[at] && seen->chunks[at]->number != number)
        at = (at + 1) & (seen->chunk_capacity - 1);
    if (seen->chunks[at])
        seen->last = seen->chunks[at];
    return seen->chunks[at];
}

static bool chunks_grow(struct seen *seen, struct fault *fault)
{
    size_t capacity = seen->chunk_capacity ? seen->chunk_capacity * 2 : TABLE_FIRST;
    struct seen_chunk **table = memory_allocate_array(capacity, sizeof(struct seen_chunk *));
    if (!table)
        return fault_memory(fault);
    for (size_t i = 0; i < seen->chunk_capacity; i++) {
        if (!seen->chunks[i])
            continue;
        size_t at = place_of((uint64_t)seen->chunks[i]->number, capacity);
        while (table[at])
            at = (at + 1) & (capacity - 1);
        table[at] = seen->chunks[i];
    }
    memory_free(seen->chunks);
    seen->chunks = table;
    seen->chunk_capacity = capacity;
    return true;
}

static struct seen_chunk *chunk_add(struct seen *seen, int64_t number, struct fault *fault)
{
    if (seen->chunk_count * 2 >= seen->chunk_capacity && !chunks_grow(seen, fault))
        return NULL;
    struct seen_chunk *chunk = memory_allocate(sizeof *chunk);
    if (!chunk) {
        (void)fault_memory(fault);
        return NULL;
    }
    chunk->number = number;
    size_t at = place_of((uint64_t)number, seen->chunk_capacity);
    while (seen->chunks[at])
        at = (at + 1) & (seen->chunk_capacity - 1);
    seen->chunks[at] = chunk;
    seen->chunk_count++;
    seen->last = chunk;
    return chunk;
}

enum seen_as seen_object(struct seen *seen, struct seen_addition *addition, int64_t object,
    bool own, struct fault *fault)
{
    assert(object > 0);
    struct seen_chunk *chunk = chunk_find(seen, object / CHUNK_KEYS);
    if (!chunk)
        chunk = chunk_add(seen, object / CHUNK_KEYS, fault);
    if (!chunk)
        return SEEN_FAILED;
    size_t word = (size_t)(object % CHUNK_KEYS) / 64;
    uint64_t bit = UINT64_C(1) << (object % 64);
    if (chunk->own[word] & bit)
        return SEEN_OWN;
    bool other = (chunk->others[word] & bit) != 0;
    if (other && !own)
        return SEEN_OTHER;
    bool listed = true;
    if (addition && own)
        listed = seen_list_add(
            &addition->own, &addition->own_count, &addition->own_capacity, object, fault);
    else if (addition)
        listed = seen_list_add(
            &addition->others, &addition->other_count, &addition->other_capacity, object, fault);
    if (!listed)
        return SEEN_FAILED;
    seen->changed = true;
    if (own) {
        chunk->own[word] |= bit;
        seen->own++;
    } else {
        chunk->others[word] |= bit;
        seen->others++;
    }
    return other ? SEEN_OTHER : SEEN_NEW;
}

bool seen_has(struct seen *seen, int64_t object)
{
    struct seen_chunk *chunk = chunk_find(seen, object / CHUNK_KEYS);
    if (!chunk)
        return false;
    size_t word = (size_t)(object % CHUNK_KEYS) / 64;
    return ((chunk->own[word] | chunk->others[word]) >> (object % 64)) & 1;
}

static bool ids_grow(struct seen *seen, struct fault *fault)
{
    size_t capacity = seen->id_capacity ? seen->id_capacity * 2 : TABLE_FIRST;
    uint64_t *table = memory_allocate_array(capacity, sizeof *table);
    if (!table)
        return fault_memory(fault);
    for (size_t i = 0; i < seen->id_capacity; i++) {
        if (!seen->ids[i])
            continue;
        size_t at = place_of(seen->ids[i], capacity);
        while (table[at])
            at = (at + 1) & (capacity - 1);
        table[at] = seen->ids[i];
    }
    memory_free(seen->ids);
    seen->ids = table;
    seen->id_capacity = capacity;
    return true;
}

bool seen_id(struct seen *seen, struct seen_addition *addition, uint64_t id, bool *ret_new,
    struct fault *fault)
{
    if (id == 0)
        id = ID_STAND_IN;
    if (seen->id_count * 2 >= seen->id_capacity && !ids_grow(seen, fault))
        return false;
    size_t at = place_of(id, seen->id_capacity);
    while (seen->ids[at] && seen->ids[at] != id)
        at = (at + 1) & (seen->id_capacity - 1);
    bool fresh = seen->ids[at] == 0;
    if (fresh && addition &&
        !seen_list_add((int64_t **)&addition->ids, &addition->id_count, &addition->id_capacity,
            (int64_t)id, fault))
        return false;
    if (fresh) {
        seen->ids[at] = id;
        seen->id_count++;
        seen->changed = true;
    }
    *ret_new = fresh;
    return true;
}

bool seen_has_id(const struct seen *seen, uint64_t id)
{
    if (seen->id_count == 0)
        return false;
    if (id == 0)
        id = ID_STAND_IN;
    size_t at = place_of(id, seen->id_capacity);
    while (seen->ids[at] && seen->ids[at] != id)
        at = (at + 1) & (seen->id_capacity - 1);
    return seen->ids[at] != 0;
}

int64_t seen_distinct(const struct seen *seen)
{
    return seen->own + (int64_t)seen->id_count;
}

void seen_clear(struct seen *seen)
{
    for (size_t i = 0; i < seen->chunk_capacity; i++)
        memory_free(seen->chunks[i]);
    memory_free(seen->chunks);
    memory_free(seen->ids);
    *seen = (struct seen){.scope_run = seen->scope_run};
}

bool seen_list_add(
    int64_t **list, size_t *count, size_t *capacity, int64_t key, struct fault *fault)
{
    int64_t *grown = memory_grow(*list, *count, capacity, sizeof **list);
    if (!grown)
        return fault_memory(fault);
    *list = grown;
    (*list)[(*count)++] = key;
    return true;
}

void seen_addition_reset(struct seen_addition *addition)
{
    addition->own_count = addition->other_count = addition->id_count = 0;
}

void seen_addition_free(struct seen_addition *addition)
{
    memory_free(addition->own);
    memory_free(addition->others);
    memory_free(addition->ids);
    *addition = (struct seen_addition){0};
}

static size_t set_bytes(const struct seen *seen)
{
    return sizeof *seen + seen->chunk_count * sizeof(struct seen_chunk) +
           seen->chunk_capacity * sizeof(struct seen_chunk *) +
           seen->id_capacity * sizeof(uint64_t);
}

static void set_free(struct seen *seen)
{
    seen_clear(seen);
    memory_free(seen);
}

/* Moves entry `at` to the front. */
static void to_front(struct seen_cache *cache, size_t at)
{
    struct seen *found = cache->sets[at];
    (void)memmove(cache->sets + 1, cache->sets, at * sizeof(struct seen *));
    cache->sets[0] = found;
}

bool seen_cache_get(struct seen_cache *cache, int64_t scope_run, struct seen **ret_seen,
    bool *ret_fresh, struct fault *fault)
{
    for (size_t i = 0; i < cache->count; i++) {
        if (cache->sets[i]->scope_run != scope_run)
            continue;
        to_front(cache, i);
        *ret_seen = cache->sets[0];
        *ret_fresh = false;
        return true;
    }
    struct seen *seen = memory_allocate(sizeof *seen);
    if (!seen)
        return fault_memory(fault);
    seen->scope_run = scope_run;
    if (cache->count == SEEN_OPEN_MAX)
        set_free(cache->sets[--cache->count]);
    cache->sets[cache->count++] = seen;
    to_front(cache, cache->count - 1);
    *ret_seen = seen;
    *ret_fresh = true;
    return true;
}

void seen_cache_drop(struct seen_cache *cache, int64_t scope_run)
{
    for (size_t i = 0; i < cache->count; i++) {
        if (cache->sets[i]->scope_run != scope_run)
            continue;
        set_free(cache->sets[i]);
        cache->count--;
        (void)memmove(
            cache->sets + i, cache->sets + i + 1, (cache->count - i) * sizeof(struct seen *));
        return;
    }
}

void seen_cache_trim(struct seen_cache *cache)
{
    size_t bytes = 0, keep = 0;
    while (keep < cache->count) {
        bytes += set_bytes(cache->sets[keep]);
        if (keep > 0 && bytes > SEEN_BYTES_MAX)
            break;
        keep++;
    }
    while (cache->count > keep)
        set_free(cache->sets[--cache->count]);
}

void seen_cache_settle(struct seen_cache *cache, bool committed)
{
    size_t kept = 0;
    for (size_t i = 0; i < cache->count; i++) {
        struct seen *seen = cache->sets[i];
        if (seen->changed && !committed) {
            set_free(seen);
            continue;
        }
        seen->changed = false;
        cache->sets[kept++] = seen;
    }
    cache->count = kept;
}

void seen_cache_free(struct seen_cache *cache)
{
    while (cache->count > 0)
        set_free(cache->sets[--cache->count]);
}
