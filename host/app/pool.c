/* SPDX-License-Identifier: Apache-2.0 */
/* Page workers. A page that waits is read before one that was read is mapped, since its listing can
 * then go on. How much waits here is bounded by the engine, which sends no request for which there
 * is no room. */
#include "pool.h"

#include <assert.h>
#include <pthread.h>
#include "base/memory.h"

#define POOL_WORKERS_MAX 16u

/* A page with a worker, and with whoever asks for results. */
struct task {
    struct task *next;      /* among those that wait for a worker */
    struct task *told_next; /* among those that have something to tell */
    bool telling, done;
    struct digest *read; /* not mapped, or could not be; its page may still be looked at */
    struct digest_input input;
    struct pool_result result;
};

struct queue {
    struct task *first, *last;
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
    struct queue unread, unmapped;
    struct task *told_first, *told_last;
    struct bell *bell;
    bool stopping;
    unsigned count;
    struct worker workers[POOL_WORKERS_MAX];
};

/* With the mutex held. A task that still waits to tell of its page tells of the digest instead. */
static void tell(struct pool *pool, struct task *task)
{
    bool was_empty = pool->told_first == NULL;
    if (task->telling)
        return;
    task->telling = true;
    task->told_next = NULL;
    if (was_empty)
        pool->told_first = task;
    else
        pool->told_last->told_next = task;
    pool->told_last = task;
    if (was_empty)
        bell_ring(pool->bell);
}

static void put(struct queue *queue, struct task *task)
{
    task->next = NULL;
    if (queue->first)
        queue->last->next = task;
    else
        queue->first = task;
    queue->last = task;
}

static struct task *take(struct queue *queue)
{
    struct task *task = queue->first;
    if (task)
        queue->first = task->next;
    return task;
}

static struct task *wait_for_task(struct pool *pool)
{
    struct task *task = NULL;
    (void)pthread_mutex_lock(&pool->mutex);
    while (!pool->unread.first && !pool->unmapped.first && !pool->stopping)
        (void)pthread_cond_wait(&pool->wake, &pool->mutex);
    if (!pool->stopping)
        task = take(pool->unread.first ? &pool->unread : &pool->unmapped);
    (void)pthread_mutex_unlock(&pool->mutex);
    return task;
}

static void finish(struct pool *pool, struct task *task, bool mapped, const struct fault *fault)
{
    (void)pthread_mutex_lock(&pool->mutex);
    task->done = true;
    task->result.page = NULL;
    if (mapped)
        task->result.digest = TAKE(task->read);
    else
        task->result.fault = *fault;
    tell(pool, task);
    (void)pthread_mutex_unlock(&pool->mutex);
}

static void map_page(struct worker *worker, struct task *task)
{
    struct fault fault;
    bool mapped = digest_map(task->read, &worker->known, &fault);
    finish(worker->pool, task, mapped, &fault);
}

/* Who reads a page maps it too, while it is warm, if no other page waits. What was decoded waits
 * only once the engine is told of it, which counts its memory. Whoever takes a page from
 * the queue is awake and comes back to it, so nobody need be woken for what is put there. */
static void read_page(struct worker *worker, struct task *task)
{
    struct pool *pool = worker->pool;
    struct fault fault;
    if (!digest_read(&task->input, &task->read, &fault)) {
        finish(pool, task, false, &fault);
        return;
    }
    assert(task->read);
    const struct page *page = &task->read->page;
    (void)pthread_mutex_lock(&pool->mutex);
    bool goes_on = page->verdict.outcome == OUTCOME_OK && page->end == PAGE_GOES_ON;
    bool later = goes_on && pool->unread.first != NULL;
    if (goes_on) {
        task->result.page = page;
        tell(pool, task);
    }
    if (later)
        put(&pool->unmapped, task);
    (void)pthread_mutex_unlock(&pool->mutex);
    if (!later)
        map_page(worker, task);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct task *task;
    while ((task = wait_for_task(worker->pool)))
        if (task->read)
            map_page(worker, task);
        else
            read_page(worker, task);
    return NULL;
}

bool pool_submit(struct pool *pool, uint64_t ticket, const struct digest_input *input)
{
    struct task *task = memory_allocate(sizeof *task);
    if (!task) {
        response_free(input->response);
        return false;
    }
    task->input = *input;
    task->result.ticket = ticket;
    (void)pthread_mutex_lock(&pool->mutex);
    put(&pool->unread, task);
    (void)pthread_cond_signal(&pool->wake);
    (void)pthread_mutex_unlock(&pool->mutex);
    return true;
}

bool pool_take(struct pool *pool, struct pool_result *ret_result)
{
    (void)pthread_mutex_lock(&pool->mutex);
    struct task *task = pool->told_first;
    bool done = task && task->done;
    if (task) {
        pool->told_first = task->told_next;
        task->telling = false;
        *ret_result = task->result;
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    if (done) {
        digest_free(task->read);
        memory_free(task);
    }
    return task != NULL;
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

/* Results first: a page that was told of may still wait to be mapped. */
static void drop_leftovers(struct pool *pool)
{
    struct pool_result result;
    struct task *task;
    while (pool_take(pool, &result))
        digest_free(result.digest);
    while ((task = take(&pool->unread))) {
        response_free(task->input.response);
        memory_free(task);
    }
    while ((task = take(&pool->unmapped))) {
        digest_free(task->read);
        memory_free(task);
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
