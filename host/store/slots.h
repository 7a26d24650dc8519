/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects that one group of batches is about: one slot for each, found by name, filled by one
 * look-up in the order of the lookup index.
 * A slot follows what the group does to its object, so that no row is read twice.
 */
#ifndef MUSTER_STORE_SLOTS_H
#define MUSTER_STORE_SLOTS_H

#include "base/hash.h"
#include "record/record.h"
#include "schema.h"

struct store;

struct slot {
    uint64_t hash; /* of connection, kind and id */
    uint32_t next; /* chain of the same bucket, by index + 1; 0 ends it */
    uint32_t kind;
    int64_t connection;
    struct span id, incarnation; /* borrowed from the batch */
    bool filled, created, shared, failed;
    bool other_incarnation; /* the id was somebody else's before (fault 79) */
    enum state state;
    int64_t object; /* 0: there is none yet */
    int64_t scope, mapping;
    struct hash128 content_hash, bytes_hash;
};

struct slots {
    struct slot *slots;
    uint32_t *buckets;
    uint32_t *order;
    size_t count, capacity, bucket_count;
};

uint64_t slots_hash(const struct store *store, int64_t connection, uint32_t kind, struct span id);

/* Room for `count` objects; forgets the last group. */
bool slots_begin(struct slots *slots, size_t count, struct fault *fault) MUST_CHECK;
/* The slot of a name, added where it is new. *ret_index stays valid while slots are added;
 * pointers do not. */
bool slots_add(struct store *store, int64_t connection, const struct record *record,
    uint32_t *ret_index, struct fault *fault) MUST_CHECK;
/* Reads every slot that is not filled, in the order of the index. */
bool slots_fill(struct store *store, struct fault *fault) MUST_CHECK;
/* The same for one slot that was added late. */
bool slots_fill_one(struct store *store, uint32_t index, struct fault *fault) MUST_CHECK;
/* The object of an item of which only the id is known, whatever its incarnation: the latest, or 0;
 * and its slot, or NULL. */
bool slots_object_by_id(struct store *store, int64_t connection, uint32_t kind, struct span id,
    int64_t *ret_object, struct slot **ret_slot, struct fault *fault) MUST_CHECK;
/* An object that may have a slot in the group was changed past it. */
void slots_follow(struct slots *slots, uint64_t hash, int64_t object, enum state state);
/*
 * Writes the index entries of the objects that were created. Names come in random order, so each
 * entry falls on a page of its own, and a large index would be written anew with every group: new
 * entries go into a small index first, and from there into the large one many at a time.
 */
bool slots_index(struct store *store, struct fault *fault) MUST_CHECK;
/* Forgets the group, whose batches may be freed then. */
void slots_clear(struct slots *slots);
void slots_free(struct slots *slots);

#endif
