/* SPDX-License-Identifier: Apache-2.0 */
/* From one sound item to its records (VOCABULARY, Mapping). Pure; safe from many threads. */
#ifndef MUSTER_RECORD_MAPPER_H
#define MUSTER_RECORD_MAPPER_H

#include "record/program.h"

bool mapper_create(const struct source *source, size_t stream, struct mapper **ret_mapper,
    struct fault *fault) MUST_CHECK;
void mapper_free(struct mapper *mapper);

/* How many records the item must give: 1 for each yield of the item itself, the length of the array
 * for each `each` yield. Counted from the bytes, without mapping; conditions (`when`) that do not
 * hold give none; an item none of whose yields apply counts 1. A tombstone gives its own records
 * only; something at `each` that is neither array nor null counts 1 (a letter). */
int64_t mapper_fan_out(const struct mapper *mapper, struct span item);

/* The id of the item's own record, by the first yield. False where it is not readable; may be asked
 * of items with faults. */
bool mapper_item_id(const struct mapper *mapper, struct span item,
    const struct scope_parent *parent, struct arena *arena, struct span *ret_id,
    struct span *ret_incarnation);
/* Whether items may be compared by their bytes (struct program). */
bool mapper_by_bytes(const struct mapper *mapper);

/* Where mapped things are gathered; each appends to its list in the batch (arrays grow in the
 * arena). */
struct mapping {
    struct batch *batch;
    struct arena *arena;
    struct hash_key content_key;
    size_t record_capacity, letter_capacity, filtered_capacity, drift_capacity;
    struct bytes scratch; /* text under way; whoever made the mapping frees it */
};

/* How many of the received records the batch accounts for by now: records, and what letters and
 * filtered entries stand for. */
int64_t mapping_accounted(const struct batch *batch);

/* Maps item number `index`: appends records, letters and filtered entries that add up to
 * mapper_fan_out(). bytes_hash: stored in the item's own record where the program allows the path
 * by bytes. False only with FAULT_MEMORY or FAULT_LIMIT of our own. */
bool mapper_map(const struct mapper *mapper, struct mapping *mapping, uint32_t index,
    const struct json_item *item, const struct scope_parent *parent, struct hash128 bytes_hash,
    struct fault *fault) MUST_CHECK;

/* Incremental streams: the item's bound as text in the declared format, floored to its granularity;
 * false where it has none. ret_order: larger is later, not floored; 0 for opaque bounds, which
 * compare byte by byte. */
bool mapper_bound(const struct mapper *mapper, struct span item, struct arena *arena,
    struct span *ret_bound, int64_t *ret_order);
/* When the item joined the listing, as stream.joined says; INT64_MAX where it does not say. */
int64_t mapper_joined_ms(
    const struct mapper *mapper, const struct json_item *item, struct arena *arena);

#endif
