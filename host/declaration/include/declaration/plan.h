/* SPDX-License-Identifier: Apache-2.0 */
/* A connector that passed intake: its declaration, rebuilt in the host's own memory from canonical
 * JSON, validated, and immutable from then on. Shared by count between generations and the runs
 * that began with it; safe from many threads. */
#ifndef MUSTER_DECLARATION_PLAN_H
#define MUSTER_DECLARATION_PLAN_H

#include "base/hash.h"
#include "muster/connector.h"

struct plan {
    const struct muster_connector
        *connector;              /* every list has the host's own strides; every string is sound */
    const char *path;            /* the file it came from */
    struct span canonical;       /* canonical declaration, JSON */
    struct hash256 hash;         /* of `canonical`: the declaration hash */
    struct hash256 content_hash; /* of the file's bytes */
};

/* Reads canonical JSON, validates it, and gives a plan with one reference. `path` is copied.
 * Failure: FAULT_DECLARATION with the first problem; intake.h gives all of them. */
bool plan_create(struct span canonical, const char *path, const struct hash256 *content_hash,
    struct plan **ret_plan, struct fault *fault) MUST_CHECK;
struct plan *plan_acquire(struct plan *plan);
void plan_release(struct plan *plan); /* NULL is fine */

/* The stream's index by name, or -1. */
int plan_stream_index(const struct plan *plan, struct span name);
/* The index of the stream's parent, or -1. */
int plan_stream_parent(const struct plan *plan, size_t stream);
/* Equal for two declarations of a stream under which a checkpoint means the same (request, items,
 * paging, parent, mode). */
struct hash256 plan_stream_shape(const struct plan *plan, size_t stream);
/* Equal for two declarations of a stream that map in the same way (yields, filters, redactions). */
struct hash256 plan_stream_mapping(const struct plan *plan, size_t stream);

#endif
