/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual time: effects become events later, in a fixed order. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/memory.h"

#define ACTS_MAX      200000
#define WALL_START_MS INT64_C(1767225600000) /* 2026-01-01 */

enum what { WHAT_RESPONSE, WHAT_DIGESTED, WHAT_WRITER, WHAT_JOB, WHAT_TIMER };

struct world_event {
    struct world_event *next;
    int64_t at_ms;
    uint64_t order;
    enum what what;
    uint64_t ticket;
    struct response *response;
    struct digest *digest;
    struct job *job;
    struct fault fault;
};

static void must(bool done, const struct fault *fault)
{
    if (done)
        return;
    (void)fprintf(stderr, "the simulated world broke: %s\n", fault ? fault->text : "out of memory");
    abort();
}

static struct world_event *schedule(struct world *world, enum what what, int64_t delay_ms)
{
    struct world_event *event = memory_allocate(sizeof *event), **at = &world->events;
    must(event != NULL, NULL);
    event->what = what;
    event->at_ms = world->now_ms + delay_ms;
    event->order = ++world->order;
    while (*at && ((*at)->at_ms < event->at_ms ||
                      ((*at)->at_ms == event->at_ms && (*at)->order < event->order)))
        at = &(*at)->next;
    event->next = *at;
    *at = event;
    return event;
}

/* ------------------------------------------------------------------ the host's body ------------ */

static void do_digest(struct world *world, const struct effect *effect)
{
    struct known known = store_reader_known(world->reader);
    struct world_event *event =
        schedule(world, WHAT_DIGESTED, (int64_t)random_below(&world->random, 3));
    event->ticket = effect->ticket;
    if (!digest_page(&effect->input, &known, &event->digest, &event->fault))
        event->digest = NULL;
}

static void do_job(struct world *world, struct job *job)
{
    must(world->queued < sizeof world->queue / sizeof world->queue[0], NULL);
    world->queue[world->queued++] = job;
    if (!world->writer_busy) {
        world->writer_busy = true;
        (void)schedule(world, WHAT_WRITER, 1 + (int64_t)random_below(&world->random, 5));
    }
}

/* The writer takes all that waits into one group. */
static void write_group(struct world *world)
{
    store_execute(world->store, world->queue, world->queued);
    for (size_t i = 0; i < world->queued; i++)
        schedule(world, WHAT_JOB, 1)->job = world->queue[i];
    world->queued = 0;
    world->writer_busy = false;
}

static void keep_summary(struct world *world, const struct run_summary *summary)
{
    must(world->run_count < sizeof world->runs / sizeof world->runs[0], NULL);
    world->runs[world->run_count++] = *summary;
}

static void act(struct world *world, const struct effect *effect)
{
    int64_t latency_ms;
    world->acts++;
    switch (effect->kind) {
    case EFFECT_SEND: {
        struct response *response =
            application_answer(&world->application, effect->request, &latency_ms);
        struct world_event *event = schedule(world, WHAT_RESPONSE, latency_ms);
        event->ticket = effect->ticket;
        event->response = response;
        break;
    }
    case EFFECT_CANCEL:
        break;
    case EFFECT_DIGEST:
        do_digest(world, effect);
        break;
    case EFFECT_JOB:
        do_job(world, effect->job);
        break;
    case EFFECT_ARM:
        world->timer_ms = effect->deadline_ms;
        if (effect->deadline_ms != INT64_MAX)
            (void)schedule(world, WHAT_TIMER,
                effect->deadline_ms > world->now_ms ? effect->deadline_ms - world->now_ms : 0);
        break;
    case EFFECT_NOTE:
        if (effect->note.kind == NOTE_RUN_ENDED)
            keep_summary(world, effect->note.summary);
        break;
    case EFFECT_ROUND_DONE:
        world->round_over = true;
        break;
    }
}

static void feed(struct world *world, struct event *event)
{
    struct effect effect;
    event->now_ms = world->now_ms;
    event->wall_ms = WALL_START_MS + world->now_ms;
    engine_handle(world->engine, event);
    while (engine_next_effect(world->engine, &effect))
        act(world, &effect);
}

static void deliver(struct world *world, struct world_event *at)
{
    struct event event = {.ticket = at->ticket};
    switch (at->what) {
    case WHAT_RESPONSE:
        event.kind = EVENT_RESPONSE;
        event.response = at->response;
        break;
    case WHAT_DIGESTED:
        event.kind = EVENT_DIGESTED;
        event.digest = at->digest;
        event.fault = at->fault;
        break;
    case WHAT_JOB:
        event.kind = EVENT_JOB_DONE;
        event.job = at->job;
        break;
    case WHAT_TIMER:
        event.kind = EVENT_TIMER;
        break;
    case WHAT_WRITER:
        write_group(world);
        memory_free(at);
        return;
    }
    memory_free(at);
    feed(world, &event);
}

/* ------------------------------------------------------------------ crash ---------------------- */

static void drop_job(struct job *job)
{
    if (job->kind == JOB_COMMIT)
        digest_free(job->commit.batch->digest);
    arena_free(job->arena);
}

/* Everything in memory is gone; what the store has committed is not. */
static void drop_memory(struct world *world)
{
    world->traces ^= world->engine ? engine_trace(world->engine) : 0;
    engine_free(world->engine);
    world->engine = NULL;
    while (world->events) {
        struct world_event *event = world->events;
        world->events = event->next;
        response_free(event->response);
        digest_free(event->digest);
        if (event->job)
            drop_job(event->job);
        memory_free(event);
    }
    for (size_t i = 0; i < world->queued; i++)
        drop_job(world->queue[i]);
    world->queued = 0;
    world->writer_busy = false;
}

static void open_store(struct world *world)
{
    const struct store_options options = {.create = true};
    const char *declaration = application_declaration(world->application.style);
    struct fault fault;
    struct plan *plan;
    static const struct hash256 no_file;
    must(store_open(world->path, &options, &world->store, &fault), &fault);
    must(store_reader_open(world->store, &world->reader, &fault), &fault);
    must(plan_create(span_of(declaration), "world", &no_file, &plan, &fault), &fault);
    struct hash_key key = store_key(world->store);
    char path[160];
    (void)snprintf(path, sizeof path, "%s/muster.conf", world->folder);
    struct settings *settings;
    struct source *source;
    must(settings_read(path, &settings, &fault), &fault);
    must(source_create(settings, 0, plan, &source, &fault), &fault);
    settings_free(settings);
    plan_release(plan);
    must(connection_create(source, &key, &world->connection, &fault), &fault);
}

static void close_store(struct world *world)
{
    connection_release(world->connection);
    store_reader_close(world->reader);
    store_close(world->store);
}

static void start_engine(struct world *world, uint64_t seed)
{
    const struct engine_options options = {.seed = seed};
    struct fault fault;
    must(engine_create(&options, &world->engine, &fault), &fault);
}

void world_open(struct world *world, uint64_t seed, enum style style, size_t users, size_t groups)
{
    *world = (struct world){.random = random_seeded(seed ^ 0x5EED), .crash_at = -1, .now_ms = 1000};
    application_init(&world->application, seed, style, users, groups);
    (void)snprintf(world->folder, sizeof world->folder, "%s/muster-world-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    must(mkdtemp(world->folder) != NULL, NULL);
    (void)snprintf(world->path, sizeof world->path, "%s/store.db", world->folder);
    char path[160];
    (void)snprintf(path, sizeof path, "%s/muster.conf", world->folder);
    FILE *file = fopen(path, "w");
    must(file != NULL, NULL);
    (void)fprintf(file, "connectors = { directory = \"/\"; };\nstore = { path = \"store.db\"; };\n"
                        "connections = ( { name = \"world\"; connector = \"world\"; } );\n");
    must(fclose(file) == 0, NULL);
    open_store(world);
    start_engine(world, seed);
}

void world_close(struct world *world)
{
    drop_memory(world);
    close_store(world);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", world->folder);
    must(system(command) == 0, NULL);
}

static void crash(struct world *world)
{
    drop_memory(world);
    close_store(world);
    open_store(world);
    start_engine(world, (uint64_t)world->acts);
    world->crashed = true;
    world->crash_at = -1;
}

bool world_round(struct world *world, bool full)
{
    int64_t most = world->acts + ACTS_MAX;
    world->round_over = false;
    world->run_count = 0;
    feed(
        world, &(struct event){.kind = EVENT_START, .connection = world->connection, .full = full});
    while (!world->round_over && world->acts < most) {
        struct world_event *event = world->events;
        if (!event)
            return false; /* nothing is under way, and the round is not over: it hangs */
        if (world->crash_at >= 0 && world->acts >= world->crash_at) {
            crash(world);
            feed(world, &(struct event){
                            .kind = EVENT_START, .connection = world->connection, .full = full});
            continue;
        }
        world->events = event->next;
        if (event->at_ms > world->now_ms)
            world->now_ms = event->at_ms;
        deliver(world, event);
    }
    return world->round_over;
}

uint64_t world_trace(const struct world *world)
{
    return engine_trace(world->engine) ^ world->traces;
}

const struct run_summary *world_run(const struct world *world, const char *stream)
{
    for (size_t i = 0; i < world->run_count; i++)
        if (strcmp(world->runs[i].stream, stream) == 0)
            return &world->runs[i];
    return NULL;
}
