/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's queue: everything comes back, in order, and stopping waits for what is queued. */
#include "store/writer.h"
#include "world.h"

#define JOBS 3000

struct seen_order {
    size_t count;
    bool in_order;
};

static void note_done(void *context, struct job *job)
{
    struct seen_order *order = context;
    order->in_order = order->in_order && job->done && job->ticket == order->count;
    order->count++;
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
    ck_assert_msg(writer_start(world.store, note_done, &order, &writer, &fault), "%s", fault.text);
    for (size_t i = 0; i < JOBS; i++) {
        jobs[i] =
            (struct job){.kind = JOB_TOKEN_LOAD, .ticket = i, .bytes = 10, .arena = world.arena};
        writer_submit(writer, &jobs[i]);
    }
    writer_stop(writer);
    ck_assert_uint_eq(order.count, JOBS);
    ck_assert(order.in_order);
    writer_stop(NULL);
    world_close(&world);
}
END_TEST

UNIT_MAIN("writer", case_all_come_back_in_order)
