/* SPDX-License-Identifier: Apache-2.0 */
/* Page workers. How much waits here is bounded by the engine, which sends no request for which
 * there is no room. */
#include "pool.h"

#include <pthread.h>
#include "base/memory.h"

#define POOL_WORKERS_MAX 16u

struct task {
    struct task *next;
    struct pool_result *result; /* made beforehand, so that a finished digest can always be told */
    struct digest_input input;
};

struct worker {
    struct pool *pool;
    struct store_reader *reader;
    struct known known;
    pthread_t thread;
    bool started;
};

struct pool {
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct task *first, *last;
    struct pool_result *done_first, *done_last;
    struct bell *bell;
    bool stopping;
    unsigned count;
    struct worker workers[POOL_WORKERS_MAX];
};

static void append_result(struct pool *pool, struct pool_result *result)
{
    bool was_empty = pool->done_first == NULL;
    result->next = NULL;
    if (was_empty)
        pool->done_first = result;
    else
        pool->done_last->next = result;
    pool->done_last = result;
    if (was_empty)
        bell_ring(pool->bell);
}

static struct task *wait_for_task(struct pool *pool)
{
    struct task *task = NULL;
    (void)pthread_mutex_lock(&pool->mutex);
    while (!pool->first && !pool->stopping)
        (void)pthread_cond_wait(&pool->wake, &pool->mutex);
    if (!pool->stopping) {
        task = pool->first;
        pool->first = task->next;
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return task;
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct pool *pool = worker->pool;
    struct task *task;
    while ((task = wait_for_task(pool))) {
        struct pool_result *result = task->result;
        if (!digest_page(&task->input, &worker->known, &result->digest, &result->fault))
            result->digest = NULL;
        memory_free(task);
        (void)pthread_mutex_lock(&pool->mutex);
        append_result(pool, result);
        (void)pthread_mutex_unlock(&pool->mutex);
    }
    return NULL;
}

void pool_submit(struct pool *pool, uint64_t ticket, const struct digest_input *input)
{
    struct pool_result *result = memory_allocate(sizeof *result);
    struct task *task = memory_allocate(sizeof *task);
    if (!result) { /* the engine would wait for ever: let the process end and recover from its
                      checkpoints */
        memory_free(task);
        response_free(input->response);
        __builtin_trap();
    }
    result->ticket = ticket;
    (void)pthread_mutex_lock(&pool->mutex);
    if (!task) {
        response_free(input->response);
        (void)fault_memory(&result->fault);
        append_result(pool, result);
    } else {
        *task = (struct task){.result = result, .input = *input};
        if (pool->first)
            pool->last->next = task;
        else
            pool->first = task;
        pool->last = task;
        (void)pthread_cond_signal(&pool->wake);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
}

struct pool_result *pool_take(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    struct pool_result *first = pool->done_first;
    pool->done_first = pool->done_last = NULL;
    (void)pthread_mutex_unlock(&pool->mutex);
    return first;
}

bool pool_start(struct store *store, unsigned workers, struct bell *bell, struct pool **ret_pool,
    struct fault *fault)
{
    struct pool *pool = memory_allocate(sizeof *pool);
    if (!pool)
        return fault_memory(fault);
    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_cond_init(&pool->wake, NULL);
    pool->bell = bell;
    pool->count = workers < POOL_WORKERS_MAX ? workers : POOL_WORKERS_MAX;
    for (unsigned i = 0; i < pool->count; i++) {
        struct worker *worker = &pool->workers[i];
        worker->pool = pool;
        if (!store_reader_open(store, &worker->reader, fault)) {
            pool_stop(pool);
            return false;
        }
        worker->known = store_reader_known(worker->reader);
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
            pool_stop(pool);
            return fault_set(fault, FAULT_SYSTEM, "cannot start a page worker");
        }
        worker->started = true;
        (void)pthread_setname_np(
            worker->thread, "muster-page"); /* for those who look with top -H */
    }
    *ret_pool = pool;
    return true;
}

static void drop_leftovers(struct pool *pool)
{
    while (pool->first) {
        struct task *task = pool->first;
        pool->first = task->next;
        response_free(task->input.response);
        memory_free(task->result);
        memory_free(task);
    }
    for (struct pool_result *result = pool_take(pool), *next; result; result = next) {
        next = result->next;
        digest_free(result->digest);
        memory_free(result);
    }
}

void pool_stop(struct pool *pool)
{
    if (!pool)
        return;
    (void)pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    (void)pthread_cond_broadcast(&pool->wake);
    (void)pthread_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < pool->count; i++) {
        if (pool->workers[i].started)
            (void)pthread_join(pool->workers[i].thread, NULL);
        store_reader_close(pool->workers[i].reader);
    }
    drop_leftovers(pool);
    (void)pthread_cond_destroy(&pool->wake);
    (void)pthread_mutex_destroy(&pool->mutex);
    memory_free(pool);
}
