/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator's door. */
#include "base/memory.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_BYTES  (16 << 20) /* freed at the end of a heap, before the system gets it back */
#define WHOLE_BYTES (4 << 20)  /* blocks from here on are the system's, one by one */
#define ARRAY_FIRST 64         /* members of an array that begins to grow */

void memory_keep(void)
{
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES); /* refused, it only costs time */
    (void)mallopt(M_MMAP_THRESHOLD, WHOLE_BYTES);
}

void *memory_allocate(size_t size)
{
    return calloc(1, size ? size : 1);
}

void *memory_allocate_array(size_t count, size_t size)
{
    if (size > 0 &&
        count > SIZE_MAX / size) /* calloc checks too, but a sanitizer's stops the program */
        return NULL;
    return calloc(count ? count : 1, size ? size : 1);
}

void *memory_resize(void *block, size_t size)
{
    return realloc(block, size ? size : 1);
}

void *memory_double(void *array, size_t *capacity, size_t size)
{
    size_t more = *capacity ? *capacity * 2 : ARRAY_FIRST;
    void *grown = more <= MEMORY_ARRAY_MAX / size ? memory_resize(array, more * size) : NULL;
    if (grown)
        *capacity = more;
    return grown;
}

char *memory_copy_text(const char *text)
{
    return text ? strdup(text) : NULL;
}

bool memory_is_there(size_t size)
{
    void *volatile block = malloc(size); /* volatile: or the compiler takes both calls away */
    free(block);
    return block != NULL;
}

void memory_free(void *block)
{
    free(block);
}
