/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow in an arena, for what a page gathers. */
#ifndef MUSTER_RECORD_LIST_H
#define MUSTER_RECORD_LIST_H

#include "base/arena.h"

/* Makes room for one element more. `items` is the array's pointer; a moved array leaves its old
 * place in the arena, so that growing costs at most as much again as the array. */
bool list_grow(struct arena *arena, void *items, size_t size, size_t count, size_t *capacity,
    struct fault *fault) MUST_CHECK;

#endif
