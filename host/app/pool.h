/* SPDX-License-Identifier: Apache-2.0 */
/* Page workers: threads that digest responses, each with a reader of its own on the store. */
#ifndef MUSTER_APP_POOL_H
#define MUSTER_APP_POOL_H

#include "bell.h"
#include "record/digest.h"
#include "store/store.h"

struct pool;

/* One finished digest. */
struct pool_result {
    struct pool_result *next;
    uint64_t ticket;
    struct digest *digest; /* NULL: `fault` */
    struct fault fault;
};

/* The store must outlive the pool. `bell` is rung when a result is there. */
bool pool_start(struct store *store, unsigned workers, struct bell *bell, struct pool **ret_pool,
    struct fault *fault) MUST_CHECK;
/* Never blocks; where the task cannot even be queued its result is a fault. Takes the response. */
void pool_submit(struct pool *pool, uint64_t ticket, const struct digest_input *input);
/* All results since the last call, oldest first; the caller frees each with memory_free. */
struct pool_result *pool_take(struct pool *pool);
void pool_stop(
    struct pool *pool); /* finishes nothing more than what is being worked on; NULL is fine */

#endif
