/* SPDX-License-Identifier: Apache-2.0 */
/* Memory with one lifetime: allocate piece by piece, release all at once. One arena per page, reset
 * after its commit. */
#ifndef MUSTER_BASE_ARENA_H
#define MUSTER_BASE_ARENA_H

#include "base/bytes.h"

struct arena;

/* limit: most bytes that it may hold in all; 0 means ARENA_LIMIT_DEFAULT. NULL when there is no
 * memory. */
#define ARENA_LIMIT_DEFAULT (256u << 20)
struct arena *arena_create(size_t limit);
void arena_free(struct arena *arena);
void arena_wipe(struct arena *arena); /* overwrites, then releases: for secrets */
void arena_reset(
    struct arena *arena); /* everything allocated from it is gone; its first block is kept */
/* Zeroed, aligned for any object. NULL when the limit or the memory is reached. */
void *arena_allocate(struct arena *arena, size_t size);
void *arena_allocate_array(struct arena *arena, size_t count, size_t size);
/* A copy that ends with NUL. data is NULL when there is no memory; nothing stays nothing. */
struct span arena_copy(struct arena *arena, struct span text);
char *arena_copy_text(struct arena *arena, const char *text);
/* Bytes that were handed out, and the book-keeping. What a block has left costs addresses, not
 * memory: it was never touched. */
size_t arena_used(const struct arena *arena);

static inline void arena_free_cleanup(struct arena **arena)
{
    arena_free(*arena);
}
#define AUTO_ARENA __attribute__((cleanup(arena_free_cleanup))) struct arena

#endif
