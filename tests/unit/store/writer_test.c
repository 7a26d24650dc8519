/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's queue: everything comes back, in order, and stopping waits for what is queued. */
#include <pthread.h>
#include "store/writer.h"
#include "world.h"

#define JOBS 3000

struct seen_order {
    size_t count;
    bool in_order;
    size_t measured; /* groups, each before the first of its jobs is done */
};

static void note_done(void *context, struct job *job)
{
    struct seen_order *order = context;
    order->in_order = order->in_order && job->done && job->ticket == order->count;
    order->count++;
    order->in_order = order->in_order && order->measured > 0;
}

static void note_took(void *context, double seconds)
{
    struct seen_order *order = context;
    order->in_order = order->in_order && seconds > 0 && seconds < 60;
    order->measured++;
}

START_TEST(case_all_come_back_in_order)
{
    static struct job jobs[JOBS];
    struct world world;
    struct writer *writer;
    struct fault fault;
    struct seen_order order = {.in_order = true};
    world_open(&world);
    world_round(&world);
    const struct writer_hooks hooks = {.done = note_done, .took = note_took, .context = &order};
    ck_assert_msg(writer_start(world.store, &hooks, &writer, &fault), "%s", fault.text);
    for (size_t i = 0; i < JOBS; i++) {
        jobs[i] =
            (struct job){.kind = JOB_TOKEN_LOAD, .ticket = i, .bytes = 10, .arena = world.arena};
        writer_submit(writer, &jobs[i]);
    }
    writer_stop(writer);
    ck_assert_uint_eq(order.count, JOBS);
    ck_assert(order.in_order);
    ck_assert_uint_ge(order.measured, 1);
    writer_stop(NULL);
    world_close(&world);
}
END_TEST

struct arrival {
    pthread_mutex_t mutex;
    pthread_cond_t there;
    size_t count;
};

static void note_arrival(void *context, struct job *job)
{
    struct arrival *arrival = context;
    (void)job;
    (void)pthread_mutex_lock(&arrival->mutex);
    arrival->count++;
    (void)pthread_cond_signal(&arrival->there);
    (void)pthread_mutex_unlock(&arrival->mutex);
}

/* Nobody comes after them: patient jobs are done all the same, and one in a hurry takes those along
 * that wait before it. */
START_TEST(case_patience_has_an_end)
{
    struct arrival arrival = {
        .mutex = PTHREAD_MUTEX_INITIALIZER, .there = PTHREAD_COND_INITIALIZER};
    struct job jobs[6];
    struct world world;
    struct writer *writer;
    struct fault fault;
    world_open(&world);
    world_round(&world);
    const struct writer_hooks hooks = {.done = note_arrival, .context = &arrival};
    ck_assert_msg(writer_start(world.store, &hooks, &writer, &fault), "%s", fault.text);
    for (size_t i = 0; i < 6; i++) {
        jobs[i] = (struct job){.kind = JOB_TOKEN_LOAD, .patient = i != 4, .arena = world.arena};
        writer_submit(writer, &jobs[i]);
        if (i % 2 == 0) /* now it waits alone */
            continue;
        (void)pthread_mutex_lock(&arrival.mutex);
        while (arrival.count <= i)
            (void)pthread_cond_wait(&arrival.there, &arrival.mutex);
        (void)pthread_mutex_unlock(&arrival.mutex);
    }
    writer_stop(writer);
    ck_assert_uint_eq(arrival.count, 6);
    world_close(&world);
}
END_TEST

UNIT_MAIN("writer", case_all_come_back_in_order, case_patience_has_an_end)
