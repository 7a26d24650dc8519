/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap of deadlines. A token may be in it once; setting it again moves it. */
#ifndef MUSTER_BASE_HEAP_H
#define MUSTER_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>
#include "base/fault.h"

struct heap_entry {
    int64_t deadline_ms;
    uint64_t token;
};

struct heap {
    struct heap_entry *entries;
    size_t count, capacity;
};

/* Room for that many entries in all: heap_set of no more of them cannot fail. */
bool heap_reserve(struct heap *heap, size_t capacity, struct fault *fault) MUST_CHECK;
/* Entries with equal deadlines leave in the order of their tokens, so that a run is repeatable. */
bool heap_set(
    struct heap *heap, int64_t deadline_ms, uint64_t token, struct fault *fault) MUST_CHECK;
void heap_remove(struct heap *heap, uint64_t token); /* not there: nothing happens */
/* The earliest entry, or NULL. */
const struct heap_entry *heap_first(const struct heap *heap);
void heap_free(struct heap *heap);

#endif
