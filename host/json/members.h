/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The member names of the objects that are open at the gate, and the search for one that stands
 * twice.
 *
 * A short object compares a keyed tag of each name with the tags before it; only equal tags lead to
 * a comparison of names. A long one is searched when it closes, through a table of keyed hashes.
 * Either way the time is linear in the bytes of the names, whatever names a server chooses.
 */
#ifndef MUSTER_JSON_MEMBERS_H
#define MUSTER_JSON_MEMBERS_H

#include "base/hash.h"
#include "json/gate.h"
#include "mix.h"

#define MEMBERS_SHORT 64u /* so many names have tags */

struct members_name {
    const char *data; /* as sent, without quotes */
    uint32_t length;
    bool escaped;
};

struct members_slot; /* of the table for long objects */

struct members {
    struct hash_key key;
    struct mix_key tag_key;
    struct members_name *names; /* a stack: an object's names stand above its parents' */
    size_t count, capacity;
    struct members_slot *slots;
    size_t slot_capacity;
    struct bytes plain; /* the unescaped form of the name in hand */
    uint16_t tags[JSON_DEPTH_MAX][MEMBERS_SHORT];
};

enum members_result { MEMBERS_SOUND, MEMBERS_TWICE, MEMBERS_MEMORY };

void members_start(struct members *members, const struct hash_key *key);
void members_free(struct members *members);

/* Adds a name to the object that is open at `depth` and whose names begin at `first`. `end`
 * bounds what may be read behind the name. `ret_hash`, set unless there is no memory, is the
 * same for the same name in every process. */
enum members_result members_add(struct members *members, size_t depth, size_t first,
    struct members_name name, const char *end, uint64_t *ret_hash);

/* Takes the names of the innermost object away. MEMBERS_TWICE comes for long objects only;
 * `ret_name` is then the first name that stood there before. */
enum members_result members_close(
    struct members *members, size_t first, struct members_name *ret_name);

#endif
