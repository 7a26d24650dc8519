/* SPDX-License-Identifier: Apache-2.0 */
/* The only door to the allocator, so that tests can make every k-th allocation fail (with the
 * linker's --wrap). */
#ifndef MUSTER_BASE_MEMORY_H
#define MUSTER_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* For a process that reads page after page: what is freed is kept for the next, within bounds, and
 * not given back to the system and asked for again each time. Before any thread is started. */
void memory_keep(void);

/* All return NULL when there is no memory; the caller turns that into fault_memory(). */
void *memory_allocate(size_t size) __attribute__((malloc)); /* zeroed */
void *memory_allocate_array(size_t count, size_t size)
    __attribute__((malloc)); /* zeroed; NULL on overflow too */
void *memory_resize(void *block, size_t size);
#define MEMORY_ARRAY_MAX ((size_t)1 << 30) /* beyond every caller's own limit */
/* memory_grow's part where an array is full. */
void *memory_double(void *array, size_t *capacity, size_t size);
/* An array of `count` members, each of `size` bytes, with room for one more: itself, or one with
 * twice the capacity, of MEMORY_ARRAY_MAX bytes at the most. NULL: it stays as it is. */
static inline void *memory_grow(void *array, size_t count, size_t *capacity, size_t size)
{
    return count < *capacity ? array : memory_double(array, capacity, size);
}
char *memory_copy_text(const char *text); /* NULL for NULL */
void memory_free(void *block);            /* NULL is fine */
/* Whether there is that much just now: asked before a library is called that does not look whether
 * it got its memory (libconfig 1.5, json-c 0.16), so that it fails here and not there. */
bool memory_is_there(size_t size);

static inline void memory_free_cleanup(void *block_pointer)
{
    memory_free(*(void **)block_pointer);
}
#define AUTO_FREE __attribute__((cleanup(memory_free_cleanup)))
/* Moves a pointer out of its variable: the reader sees that ownership goes elsewhere. */
#define TAKE(pointer)                           \
    ({                                          \
        __typeof__(pointer) taken_ = (pointer); \
        (pointer) = NULL;                       \
        taken_;                                 \
    })

#endif
