/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow in an arena. */
#include "list.h"

#include <string.h>

#define LIST_FIRST 16u

bool list_grow(struct arena *arena, void *items, size_t size, size_t count, size_t *capacity,
    struct fault *fault)
{
    void *old, *grown;
    size_t wanted = *capacity ? *capacity * 2 : LIST_FIRST;
    if (count < *capacity)
        return true;
    (void)memcpy(&old, items, sizeof old); /* any object pointer: void ** would break aliasing */
    grown = arena_allocate_array(arena, wanted, size);
    if (!grown)
        return fault_memory(fault);
    if (count > 0)
        (void)memcpy(grown, old, count * size);
    (void)memcpy(items, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}
