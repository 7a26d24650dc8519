/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator's door. */
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

char *memory_copy_text(const char *text)
{
    return text ? strdup(text) : NULL;
}

void memory_free(void *block)
{
    free(block);
}
