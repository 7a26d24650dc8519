/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that owns the store while it runs. It takes the whole queue at once: the busier it
 * is, the larger the groups. While nobody waits for what is queued it lets more gather, since a
 * transaction of ten pages costs little more than one of a single page. */
#include "store/writer.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include "base/memory.h"

#define WRITER_TAKE_MAX  1024u /* jobs handed to the store at once */
#define WRITER_GATHER_MS 5     /* patient jobs wait for company at most so long */

/* The queue is of the jobs themselves, so that taking one in cannot fail; callers bound what they
 * submit by writer_queued_bytes(). */
struct writer {
    struct store *store;
    struct writer_hooks hooks;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct job *first, *last;
    size_t urgent; /* queued jobs that are not patient */
    bool stop;
    _Atomic size_t bytes;
};

/* With the mutex held: until there is something to do that should not wait any longer. */
static void gather(struct writer *writer)
{
    struct timespec until;
    while (!writer->first && !writer->stop)
        (void)pthread_cond_wait(&writer->wake, &writer->mutex); /* checked again by the loop */
    (void)clock_gettime(CLOCK_MONOTONIC, &until);               /* cannot fail for this clock */
    until.tv_nsec += WRITER_GATHER_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    int waited = 0;
    while (writer->urgent == 0 && !writer->stop && waited == 0)
        waited = pthread_cond_clockwait(&writer->wake, &writer->mutex, CLOCK_MONOTONIC, &until);
}

static size_t take(struct writer *writer, struct job **jobs)
{
    (void)pthread_mutex_lock(&writer->mutex); /* an ordinary mutex, held by no one else for long */
    gather(writer);
    size_t taken = 0;
    for (; writer->first && taken < WRITER_TAKE_MAX; writer->first = jobs[taken++]->next) {
        jobs[taken] = writer->first;
        writer->urgent -= !writer->first->patient;
    }
    (void)pthread_mutex_unlock(&writer->mutex); /* held by this thread */
    return taken;
}

static double now_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void execute(struct writer *writer, struct job **jobs, size_t count)
{
    double from = now_seconds();
    store_execute(writer->store, jobs, count);
    if (writer->hooks.took)
        writer->hooks.took(writer->hooks.context, now_seconds() - from);
}

static void *run(void *argument)
{
    struct writer *writer = argument;
    struct job *jobs[WRITER_TAKE_MAX];
    size_t taken;
    while ((taken = take(writer, jobs)) > 0) {
        execute(writer, jobs, taken);
        for (size_t i = 0; i < taken; i++) {
            size_t bytes = jobs[i]->bytes;
            writer->hooks.done(writer->hooks.context, jobs[i]);
            (void)atomic_fetch_sub(&writer->bytes, bytes); /* the sum itself is not needed here */
        }
    }
    return NULL;
}

bool writer_start(struct store *store, const struct writer_hooks *hooks, struct writer **ret_writer,
    struct fault *fault)
{
    struct writer *writer = memory_allocate(sizeof *writer);
    if (!writer)
        return fault_memory(fault);
    *writer = (struct writer){.store = store, .hooks = *hooks};
    (void)pthread_mutex_init(&writer->mutex, NULL); /* cannot fail with default attributes */
    (void)pthread_cond_init(&writer->wake, NULL);
    sigset_t all, before; /* signals are the main thread's */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&writer->thread, NULL, run, writer);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        (void)pthread_cond_destroy(&writer->wake);
        (void)pthread_mutex_destroy(&writer->mutex);
        memory_free(writer);
        return fault_set(
            fault, FAULT_SYSTEM, "the store's writer thread cannot be started (error %d)", error);
    }
    (void)pthread_setname_np(writer->thread, "muster-store"); /* for those who look with top -H */
    *ret_writer = writer;
    return true;
}

void writer_submit(struct writer *writer, struct job *job)
{
    job->done = false;
    (void)atomic_fetch_add(&writer->bytes, job->bytes); /* the sum itself is not needed here */
    (void)pthread_mutex_lock(&writer->mutex);           /* as in take() */
    assert(!writer->stop);
    job->next = NULL;
    bool wakes = !writer->first || !job->patient;
    if (writer->first)
        writer->last->next = job;
    else
        writer->first = job;
    writer->last = job;
    writer->urgent += !job->patient;
    if (wakes)
        (void)pthread_cond_signal(&writer->wake); /* cannot fail */
    (void)pthread_mutex_unlock(&writer->mutex);   /* held by this thread */
}

size_t writer_queued_bytes(const struct writer *writer)
{
    return atomic_load(&writer->bytes);
}

void writer_stop(struct writer *writer)
{
    if (!writer)
        return;
    (void)pthread_mutex_lock(&writer->mutex); /* as in take() */
    writer->stop = true;
    (void)pthread_cond_signal(&writer->wake); /* cannot fail */
    (void)pthread_mutex_unlock(&writer->mutex);
    (void)pthread_join(writer->thread, NULL); /* joinable, and not this thread */
    (void)pthread_cond_destroy(&writer->wake);
    (void)pthread_mutex_destroy(&writer->mutex);
    memory_free(writer);
}
