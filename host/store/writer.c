/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that owns the store while it runs. It takes the whole queue at once: the busier it
 * is, the larger the groups. */
#include "store/writer.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include "base/memory.h"

#define WRITER_TAKE_MAX 1024u /* jobs handed to the store at once */

/* A ring that grows: callers bound what they submit by writer_queued_bytes(). */
struct writer {
    struct store *store;
    void (*done)(void *context, struct job *job);
    void *context;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct job **ring;
    size_t capacity, first, count;
    bool stop;
    _Atomic size_t bytes;
};

static size_t take(struct writer *writer, struct job **jobs)
{
    (void)pthread_mutex_lock(&writer->mutex); /* an ordinary mutex, held by no one else for long */
    while (writer->count == 0 && !writer->stop)
        (void)pthread_cond_wait(&writer->wake, &writer->mutex); /* checked again by the loop */
    assert(writer->capacity > 0);
    size_t taken = writer->count < WRITER_TAKE_MAX ? writer->count : WRITER_TAKE_MAX;
    for (size_t i = 0; i < taken; i++)
        jobs[i] = writer->ring[(writer->first + i) % writer->capacity];
    if (taken > 0)
        writer->first = (writer->first + taken) % writer->capacity;
    writer->count -= taken;
    (void)pthread_mutex_unlock(&writer->mutex); /* held by this thread */
    return taken;
}

static void *run(void *argument)
{
    struct writer *writer = argument;
    struct job *jobs[WRITER_TAKE_MAX];
    size_t taken;
    while ((taken = take(writer, jobs)) > 0) {
        store_execute(writer->store, jobs, taken);
        for (size_t i = 0; i < taken; i++) {
            size_t bytes = jobs[i]->bytes;
            writer->done(writer->context, jobs[i]);
            (void)atomic_fetch_sub(&writer->bytes, bytes); /* the sum itself is not needed here */
        }
    }
    return NULL;
}

bool writer_start(struct store *store, void (*done)(void *context, struct job *job), void *context,
    struct writer **ret_writer, struct fault *fault)
{
    struct writer *writer = memory_allocate(sizeof *writer);
    if (!writer)
        return fault_memory(fault);
    *writer = (struct writer){
        .store = store, .done = done, .context = context, .capacity = WRITER_TAKE_MAX};
    writer->ring = memory_allocate_array(writer->capacity, sizeof(struct job *));
    if (!writer->ring) {
        memory_free(writer);
        return fault_memory(fault);
    }
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
        memory_free(writer->ring);
        memory_free(writer);
        return fault_set(
            fault, FAULT_SYSTEM, "the store's writer thread cannot be started (error %d)", error);
    }
    (void)pthread_setname_np(writer->thread, "muster-store"); /* for those who look with top -H */
    *ret_writer = writer;
    return true;
}

static bool grow(struct writer *writer)
{
    struct job **ring = memory_allocate_array(writer->capacity * 2, sizeof(struct job *));
    if (!ring)
        return false;
    for (size_t i = 0; i < writer->count; i++)
        ring[i] = writer->ring[(writer->first + i) % writer->capacity];
    memory_free(writer->ring);
    writer->ring = ring;
    writer->capacity *= 2;
    writer->first = 0;
    return true;
}

void writer_submit(struct writer *writer, struct job *job)
{
    job->done = false;
    (void)atomic_fetch_add(&writer->bytes, job->bytes); /* the sum itself is not needed here */
    (void)pthread_mutex_lock(&writer->mutex);           /* as in take() */
    assert(!writer->stop && writer->capacity > 0);
    bool room = writer->count < writer->capacity || grow(writer);
    if (room) {
        writer->ring[(writer->first + writer->count) % writer->capacity] = job;
        writer->count++;
        (void)pthread_cond_signal(&writer->wake); /* cannot fail */
    }
    (void)pthread_mutex_unlock(&writer->mutex); /* held by this thread */
    if (!room) {
        (void)fault_memory(&job->fault);
        (void)atomic_fetch_sub(&writer->bytes, job->bytes); /* as above */
        writer->done(writer->context, job);
    }
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
    memory_free(writer->ring);
    memory_free(writer);
}
