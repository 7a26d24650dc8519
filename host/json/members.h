/* SPDX-License-Identifier: Apache-2.0 */
/* The member names of the objects that are open at the gate, and the search for one that stands twice. */
#ifndef MUSTER_JSON_MEMBERS_H
#define MUSTER_JSON_MEMBERS_H

#include "base/arena.h"
#include "base/hash.h"

struct member {
    uint64_t word;    /* length and first bytes of the name: unequal words are unequal names */
    struct span name; /* unescaped */
    size_t offset;    /* of the name in the text */
    uint64_t hash;    /* only where there are many */
};

/* A stack: objects inside objects push their names above their parents'. */
struct members {
    struct member *list;
    size_t count, capacity;
};

bool members_push(struct members *members, struct arena *arena, struct span name, size_t offset,
    struct fault *fault) MUST_CHECK;
/* Looks for a name that stands twice among those from `from` on, and takes them off the stack. True where there is one, with the
 * offset of its second appearance. Time n log n under any choice of names. */
bool members_pop(
    struct members *members, size_t from, const struct hash_key *key, size_t *ret_offset);

#endif
