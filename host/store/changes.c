/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded table of the latest changes. Where it cannot tell, it says so: that costs a look-up,
 * never a mistake. */
#include "changes.h"

#include <string.h>
#include "base/memory.h"

#define PLACES ((size_t)CHANGES_MAX * 2) /* a power of two */

static size_t place_of(int64_t object)
{
    return (size_t)(((uint64_t)object * UINT64_C(0x9e3779b97f4a7c15)) >> 40) & (PLACES - 1);
}

void changes_forget(struct changes *changes, int64_t version)
{
    if (changes->table && changes->count > 0)
        (void)memset(changes->table, 0, PLACES * sizeof *changes->table);
    changes->count = 0;
    changes->floor = version;
}

void changes_note(struct changes *changes, int64_t object, int64_t version)
{
    if (!changes->table)
        changes->table = memory_allocate_array(PLACES, sizeof *changes->table);
    if (!changes->table || changes->count == CHANGES_MAX)
        changes_forget(changes, version);
    if (!changes->table)
        return;
    size_t at = place_of(object);
    while (changes->table[at].object && changes->table[at].object != object)
        at = (at + 1) & (PLACES - 1);
    if (!changes->table[at].object)
        changes->count++;
    changes->table[at] = (struct change){object, version};
}

enum changed changes_since(const struct changes *changes, int64_t object, int64_t version)
{
    if (version < changes->floor)
        return CHANGED_MAYBE;
    if (changes->count == 0)
        return CHANGED_NO;
    size_t at = place_of(object);
    while (changes->table[at].object && changes->table[at].object != object)
        at = (at + 1) & (PLACES - 1);
    return changes->table[at].object && changes->table[at].version > version ? CHANGED_MAYBE
                                                                             : CHANGED_NO;
}

void changes_free(struct changes *changes)
{
    memory_free(changes->table);
    *changes = (struct changes){0};
}
