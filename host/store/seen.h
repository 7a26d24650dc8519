/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runs that are under way have seen. One set for each scope of a run: objects as a bitmap
 * over their surrogate keys, and hashes of ids
 * that belong to no object of the scope. Each batch keeps what it added in its ledger row, so a
 * set can be built again from there.
 */
#ifndef MUSTER_STORE_SEEN_H
#define MUSTER_STORE_SEEN_H

#include "base/bytes.h"

#define SEEN_OPEN_MAX  256u       /* sets kept in memory */
#define SEEN_BYTES_MAX (8u << 20) /* and what they may hold together; one set may be larger */

struct seen_chunk;

struct seen {
    int64_t scope_run;
    struct seen_chunk **chunks; /* open addressing by key / SEEN_CHUNK_KEYS */
    size_t chunk_capacity, chunk_count;
    struct seen_chunk *last; /* of the latest key: pages list neighbours */
    uint64_t *ids;           /* open addressing; 0 is free */
    size_t id_capacity, id_count;
    int64_t own, others; /* objects listed as items themselves, and inside other items */
    bool changed;        /* since the last commit: forgotten when that fails */
};

/* What one batch was the first to see. */
struct seen_addition {
    int64_t *own, *others;
    uint64_t *ids;
    size_t own_count, other_count, id_count;
    size_t own_capacity, other_capacity, id_capacity;
};

enum seen_as { SEEN_NEW, SEEN_OWN, SEEN_OTHER, SEEN_FAILED };

/* Notes an object; `own`: as the item itself. What it was before. The addition may be NULL
 * (building from the ledger). */
enum seen_as seen_object(struct seen *seen, struct seen_addition *addition, int64_t object,
    bool own, struct fault *fault) MUST_CHECK;
/* Notes an id without an object; *ret_new where it is the first time. */
bool seen_id(struct seen *seen, struct seen_addition *addition, uint64_t id, bool *ret_new,
    struct fault *fault) MUST_CHECK;
bool seen_has(struct seen *seen, int64_t object);
bool seen_has_id(const struct seen *seen, uint64_t id);
/* Distinct items. */
int64_t seen_distinct(const struct seen *seen);
void seen_clear(struct seen *seen);

/* The ledger's form: three lists, each its length and the rising differences of its members as
 * varints; ids as 8 bytes. Sorts the
 * addition. */
bool seen_encode(
    struct seen_addition *addition, struct bytes *into, struct fault *fault) MUST_CHECK;
/* Adds what a batch saw. FAULT_STORE_CORRUPT for a text that encode did not write. */
bool seen_decode(struct seen *seen, struct span blob, struct fault *fault) MUST_CHECK;
/* How many objects and ids a blob holds, without a set; false for a damaged one. */
bool seen_count(struct span blob, int64_t *ret_count);
/* Rising keys alone, for holds. */
bool seen_encode_keys(
    int64_t *keys, size_t count, struct bytes *into, struct fault *fault) MUST_CHECK;
/* Calls `each` for every key; false where the blob is damaged or `each` says so. */
bool seen_each_key(
    struct span blob, bool (*each)(void *context, int64_t key), void *context) MUST_CHECK;

bool seen_list_add(
    int64_t **list, size_t *count, size_t *capacity, int64_t key, struct fault *fault) MUST_CHECK;
void seen_addition_reset(struct seen_addition *addition); /* keeps the memory */
void seen_addition_free(struct seen_addition *addition);

/* The sets in memory, the latest used first. */
struct seen_cache {
    struct seen *sets[SEEN_OPEN_MAX];
    size_t count;
};

/* The set of a scope's run; *ret_fresh where it was not in memory and has to be built. Valid until
 * the next seen_cache_trim. */
bool seen_cache_get(struct seen_cache *cache, int64_t scope_run, struct seen **ret_seen,
    bool *ret_fresh, struct fault *fault) MUST_CHECK;
void seen_cache_drop(struct seen_cache *cache, int64_t scope_run);
/* Lets go of the longest unused sets above the limits. */
void seen_cache_trim(struct seen_cache *cache);
/* After a commit, and after a rollback: changed sets are then forgotten. */
void seen_cache_settle(struct seen_cache *cache, bool committed);
void seen_cache_free(struct seen_cache *cache);

#endif
