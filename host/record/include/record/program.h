/* SPDX-License-Identifier: Apache-2.0 */
/* Everything of one stream compiled for running: page reader, mapper, keys. Immutable, shared by
 * count with the source it came from. */
#ifndef MUSTER_RECORD_PROGRAM_H
#define MUSTER_RECORD_PROGRAM_H

#include "page/page.h"
#include "record/batch.h"

struct mapper;
struct shape_memory;

struct program {
    struct source *source; /* one reference */
    size_t stream;
    const struct muster_stream *declaration;
    struct page_reader *reader;
    struct page_reader *one; /* of read_one; NULL: not declared */
    struct mapper *mapper;
    struct hash_key gate_key; /* secret of this process: member names at the gate */
    struct hash_key
        content_key; /* of the store: content_hash must stay comparable between processes */
    struct hash_key bytes_key;   /* what scope keys are derived from */
    struct shape_memory *shapes; /* paths and types seen by this process; locks itself, so that a
                                    const program may be shared */
    bool by_bytes; /* one yield, no fan-out, a plain-pointer id: the unchanged path by bytes is open
                    */
};

/* store_key: the store's own random key (struct store): hashes are comparable within one store
 * only. */
bool program_create(struct source *source, size_t stream, const struct hash_key *store_key,
    struct program **ret_program, struct fault *fault) MUST_CHECK;
void program_free(struct program *program);

/* The key for bytes_hash in one scope: over the declaration's mapping, parameters and parent fields
 * that the mapping uses. */
struct hash_key program_scope_key(const struct program *program, const struct scope_parent *parent);

#endif
