/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of blocks, each twice the last, freed together. */
#include "base/arena.h"

#include <sodium.h>
#include <stdalign.h>
#include <string.h>
#include "base/memory.h"

#define BLOCK_FIRST (16u << 10)
#define BLOCK_MOST  (1u << 20)

struct block {
    struct block *before;
    size_t size, used;
    alignas(max_align_t) char data[];
};

struct arena {
    struct block *last;
    size_t limit, total; /* of the blocks */
};

struct arena *arena_create(size_t limit)
{
    struct arena *arena = memory_allocate(sizeof *arena);
    if (arena)
        arena->limit = limit ? limit : ARENA_LIMIT_DEFAULT;
    return arena;
}

void arena_reset(struct arena *arena)
{
    while (arena->last && arena->last->before) {
        struct block *block = arena->last;
        arena->last = block->before;
        memory_free(block);
    }
    arena->total = arena->last ? arena->last->size : 0;
    if (arena->last)
        arena->last->used = 0;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    arena_reset(arena);
    memory_free(arena->last);
    memory_free(arena);
}

void arena_wipe(struct arena *arena)
{
    for (struct block *block = arena ? arena->last : NULL; block; block = block->before)
        sodium_memzero(block->data, block->used);
    arena_free(arena);
}

static struct block *add_block(struct arena *arena, size_t need)
{
    size_t size = arena->last ? arena->last->size * 2 : BLOCK_FIRST;
    if (size > BLOCK_MOST)
        size = BLOCK_MOST;
    if (size >
        arena->limit - arena->total) /* what is left may do, though it is less than a usual block */
        size = arena->limit - arena->total;
    if (size < need)
        size = need;
    if (size > arena->limit - arena->total || size > SIZE_MAX - sizeof(struct block))
        return NULL;
    struct block *block = memory_resize(NULL, sizeof *block + size);
    if (!block)
        return NULL;
    *block = (struct block){.before = arena->last, .size = size};
    arena->last = block;
    arena->total += size;
    return block;
}

void *arena_allocate(struct arena *arena, size_t size)
{
    const size_t unit = alignof(max_align_t);
    if (size > arena->limit || size > SIZE_MAX - unit)
        return NULL;
    size = (size + unit - 1) / unit * unit;
    if (size == 0)
        size = unit;
    struct block *block = arena->last;
    if (!block || block->size - block->used < size)
        block = add_block(arena, size);
    if (!block)
        return NULL;
    void *piece = block->data + block->used;
    block->used += size;
    return memset(piece, 0, size);
}

void *arena_allocate_array(struct arena *arena, size_t count, size_t size)
{
    size_t all;
    if (__builtin_mul_overflow(count, size, &all))
        return NULL;
    return arena_allocate(arena, all);
}

struct span arena_copy(struct arena *arena, struct span text)
{
    if (!text.data)
        return text;
    char *copy = arena_allocate(arena, text.length + 1);
    if (!copy)
        return (struct span){NULL, 0};
    (void)memcpy(copy, text.data, text.length);
    return (struct span){copy, text.length};
}

char *arena_copy_text(struct arena *arena, const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;
    char *copy = text ? arena_allocate(arena, size) : NULL;
    return copy ? memcpy(copy, text, size) : NULL;
}

size_t arena_used(const struct arena *arena)
{
    size_t used = sizeof *arena;
    for (const struct block *block = arena->last; block; block = block->before)
        used += sizeof *block + block->used;
    return used;
}
