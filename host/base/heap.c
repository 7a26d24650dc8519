/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines. Linear search by token: a host has a few hundred timers, set rarely. */
#include "base/heap.h"

#include "base/memory.h"

static bool earlier(const struct heap_entry *a, const struct heap_entry *b)
{
    return a->deadline_ms != b->deadline_ms ? a->deadline_ms < b->deadline_ms : a->token < b->token;
}

static void swap(struct heap *heap, size_t a, size_t b)
{
    struct heap_entry entry = heap->entries[a];
    heap->entries[a] = heap->entries[b];
    heap->entries[b] = entry;
}

static void sift_up(struct heap *heap, size_t at)
{
    while (at > 0 && earlier(&heap->entries[at], &heap->entries[(at - 1) / 2])) {
        swap(heap, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct heap *heap, size_t at)
{
    for (;;) {
        size_t least = at, left = 2 * at + 1;
        for (size_t child = left; child < left + 2 && child < heap->count; child++)
            if (earlier(&heap->entries[child], &heap->entries[least]))
                least = child;
        if (least == at)
            return;
        swap(heap, at, least);
        at = least;
    }
}

static size_t find(const struct heap *heap, uint64_t token)
{
    size_t at = 0;
    while (at < heap->count && heap->entries[at].token != token)
        at++;
    return at;
}

bool heap_reserve(struct heap *heap, size_t capacity, struct fault *fault)
{
    if (capacity <= heap->capacity)
        return true;
    struct heap_entry *entries = memory_resize(heap->entries, capacity * sizeof *entries);
    if (!entries)
        return fault_memory(fault);
    heap->entries = entries;
    heap->capacity = capacity;
    return true;
}

bool heap_set(struct heap *heap, int64_t deadline_ms, uint64_t token, struct fault *fault)
{
    size_t at = find(heap, token);
    if (at == heap->count) {
        size_t more = heap->capacity ? heap->capacity * 2 : 16;
        if (heap->count == heap->capacity && !heap_reserve(heap, more, fault))
            return false;
        heap->count++;
    }
    heap->entries[at] = (struct heap_entry){deadline_ms, token};
    sift_up(heap, at);
    sift_down(heap, find(heap, token));
    return true;
}

void heap_remove(struct heap *heap, uint64_t token)
{
    size_t at = find(heap, token);
    if (at == heap->count)
        return;
    heap->entries[at] = heap->entries[--heap->count];
    if (at < heap->count) {
        sift_up(heap, at);
        sift_down(heap, at);
    }
}

const struct heap_entry *heap_first(const struct heap *heap)
{
    return heap->count ? &heap->entries[0] : NULL;
}

void heap_free(struct heap *heap)
{
    memory_free(heap->entries);
    *heap = (struct heap){0};
}
