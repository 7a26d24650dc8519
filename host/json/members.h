/* SPDX-License-Identifier: Apache-2.0 */
/* The member names of the objects that are open at the gate, and the search for one that stands twice. */
#ifndef MUSTER_JSON_MEMBERS_H
#define MUSTER_JSON_MEMBERS_H

#include "base/bytes.h"
#include "base/hash.h"

struct member {
    uint64_t word;   /* length and first bytes of the name: unequal words are unequal names */
    const char *raw; /* the name as sent, between its quotes */
    size_t length;   /* of `raw`; of the unescaped name where it has escapes */
    size_t escaped;  /* where the unescaped name begins in `text`; MEMBER_PLAIN: raw is the name */
    uint64_t hash;   /* only where there are many */
};

#define MEMBER_PLAIN SIZE_MAX

/* A stack: objects inside objects push their names above their parents'. What it holds is bounded by JSON_OPEN_MEMBERS_MAX and by
 * the length of the text that is being read; nothing is kept of an object that is closed. */
struct members {
    struct member *list;
    size_t count, capacity;
    struct bytes text; /* names that had escapes */
};

/* raw: the name as sent. ret_name: unescaped, until the next push. The caller sees to it that count is below the limit. */
bool members_push(struct members *members, struct span raw, bool escaped, struct span *ret_name,
    struct fault *fault) MUST_CHECK;
/* Looks for a name that stands twice among those from `from` on, and takes them off the stack. True where there is one, with the
 * beginning of its second appearance, as sent. Time n log n under any choice of names. */
bool members_pop(
    struct members *members, size_t from, const struct hash_key *key, const char **ret_second);
void members_free(struct members *members);

#endif
