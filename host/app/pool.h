/* SPDX-License-Identifier: Apache-2.0 */
/* Page workers: threads that digest responses, each with a reader of its own on the store. */
#ifndef MUSTER_APP_POOL_H
#define MUSTER_APP_POOL_H

#include "bell.h"
#include "record/digest.h"
#include "store/store.h"

struct pool;

/* What a worker tells of a page: that it has read where the listing goes on, then that it is done;
 * the former only while the latter is still to come. */
struct pool_result {
    uint64_t ticket;
    const struct page *page; /* the former: borrowed until the latter; NULL */
    struct digest *digest;   /* the latter; NULL: `fault` */
    struct fault fault;
};

/* The store must outlive the pool. `bell` is rung when a result is there. */
bool pool_start(struct store *store, unsigned workers, struct bell *bell, struct pool **ret_pool,
    struct fault *fault) MUST_CHECK;
/* Never blocks. Takes the response. False where there is no memory: there will be no result. */
bool pool_submit(struct pool *pool, uint64_t ticket, const struct digest_input *input) MUST_CHECK;
/* The oldest result that was not taken yet; false where there is none. */
bool pool_take(struct pool *pool, struct pool_result *ret_result);
void pool_stop(
    struct pool *pool); /* finishes nothing more than what is being worked on; NULL is fine */

#endif
