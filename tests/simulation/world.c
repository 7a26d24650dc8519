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

enum what { WHAT_RESPONSE, WHAT_PAGED, WHAT_DIGESTED, WHAT_WRITER, WHAT_JOB, WHAT_TIMER };

struct world_event {
    struct world_event *next;
    int64_t at_ms;
    uint64_t order;
    enum what what;
    uint64_t ticket;
    struct response *response;
    struct digest *digest; /* PAGED: borrowed */
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
    if (!event)
        abort();
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

/* ------------------------------------------------------------------ the host's body */

/* A worker tells of a page when it has read it, mostly, and when it has mapped it: at once, or so
 * late that the pages after it are mapped first. */
static void do_digest(struct world *world, const struct effect *effect)
{
    const struct known known = store_reader_known(world->reader);
    struct digest *digest = NULL;
    struct fault fault = {0};
    int64_t read_ms = (int64_t)random_below(&world->random, 2),
            mapped_ms =
                (int64_t)random_below(&world->random, random_below(&world->random, 4) ? 3 : 200);
    bool read = digest_read(&effect->input, &digest, &fault);
    if (read && digest->page.verdict.outcome == OUTCOME_OK && digest->page.end == PAGE_GOES_ON &&
        random_below(&world->random, 8) > 0) {
        struct world_event *paged = schedule(world, WHAT_PAGED, read_ms);
        paged->ticket = effect->ticket;
        paged->digest = digest;
    }
    bool mapped = read && digest_map(digest, &known, &fault);
    struct world_event *event = schedule(world, WHAT_DIGESTED, read_ms + mapped_ms);
    event->ticket = effect->ticket;
    event->fault = fault;
    event->digest = mapped ? digest : NULL;
    must(!read || mapped, &fault);
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

/* The jobs that the disk refuses, in its turn; they stand apart, as the store would leave them: not
 * done. */
static size_t refuse_jobs(struct world *world, struct job **sound)
{
    size_t count = 0;
    for (size_t i = 0; i < world->queued; i++) {
        struct job *job = world->queue[i];
        world->jobs++;
        if (world->fault_every == 0 || world->applications[0].healthy ||
            world->jobs % world->fault_every != 0) {
            sound[count++] = job;
            continue;
        }
        job->done = false;
        (void)fault_set(&job->fault, FAULT_STORE, "the simulated disk is full");
        world->faults++;
    }
    return count;
}

/* The writer takes all that waits into one group. */
static void write_group(struct world *world)
{
    static struct job *sound[sizeof world->queue / sizeof world->queue[0]];
    store_execute(world->store, sound, refuse_jobs(world, sound));
    for (size_t i = 0; i < world->queued; i++)
        schedule(world, WHAT_JOB, 1)->job = world->queue[i];
    world->queued = 0;
    world->writer_busy = false;
}

static void keep_summary(struct world *world, const struct run_summary *summary)
{
    must(world->run_count < sizeof world->runs / sizeof world->runs[0], NULL);
    struct run_summary *kept = &world->runs[world->run_count];
    char(*names)[32] = world->names[world->run_count++];
    (void)snprintf(names[0], sizeof names[0], "%s", summary->connection);
    (void)snprintf(names[1], sizeof names[1], "%s", summary->stream);
    *kept = *summary;
    kept->connection = names[0];
    kept->stream = names[1];
}

static size_t index_of(const struct world *world, const struct connection *connection)
{
    size_t i = 0;
    while (i < world->connection_count && world->connections[i] != connection)
        i++;
    must(i < world->connection_count, NULL);
    return i;
}

static void act(struct world *world, const struct effect *effect)
{
    int64_t latency_ms;
    world->acts++;
    switch (effect->kind) {
    case EFFECT_SEND: {
        struct response *response =
            application_answer(&world->applications[index_of(world, effect->connection)],
                effect->request, &latency_ms);
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
        world->rounds_over++;
        world->failed |= effect->round.failed;
        world->interrupted |= effect->round.interrupted || world->stopping;
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
    case WHAT_PAGED:
        event.kind = EVENT_PAGED;
        event.page = &at->digest->page;
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

/* ------------------------------------------------------------------ crash */

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
        if (event->what == WHAT_DIGESTED)
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
    const struct store_options options = {.create = true, .recent_lookups_most = 40};
    const char *declaration = application_declaration(world->applications[0].style);
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
    for (size_t i = 0; i < world->connection_count; i++) {
        must(source_create(settings, i, plan, &source, &fault), &fault);
        must(connection_create(source, &key, &world->connections[i], &fault), &fault);
    }
    settings_free(settings);
    plan_release(plan);
}

static void close_store(struct world *world)
{
    for (size_t i = 0; i < world->connection_count; i++)
        connection_release(world->connections[i]);
    store_reader_close(world->reader);
    store_close(world->store);
}

static void start_engine(struct world *world, uint64_t seed)
{
    const struct engine_options options = {.seed = seed};
    struct fault fault;
    must(engine_create(&options, &world->engine, &fault), &fault);
}

static void write_configuration(const struct world *world)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/muster.conf", world->folder);
    FILE *file = fopen(path, "w");
    must(file != NULL, NULL);
    (void)fprintf(file, "connectors = { directory = \"/\"; };\nstore = { path = \"store.db\"; };\n"
                        "connections = (");
    for (size_t i = 0; i < world->connection_count; i++)
        (void)fprintf(file,
            "%s{ name = \"world%zu\"; connector = \"world\"; base_url = \"https://app%zu.test\"; }",
            i ? ", " : " ", i, i);
    (void)fprintf(file, " );\n");
    must(fclose(file) == 0, NULL);
}

void world_open(struct world *world, uint64_t seed, enum style style, size_t users, size_t groups)
{
    *world = (struct world){.random = random_seeded(seed ^ 0x5EED),
        .crash_at = -1,
        .stop_at = -1,
        .now_ms = 1000,
        .connection_count = 1};
    application_init(&world->applications[0], seed, style, users, groups);
    (void)snprintf(world->folder, sizeof world->folder, "%s/muster-world-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    must(mkdtemp(world->folder) != NULL, NULL);
    (void)snprintf(world->path, sizeof world->path, "%s/store.db", world->folder);
    write_configuration(world);
    open_store(world);
    start_engine(world, seed);
}

void world_add(struct world *world, uint64_t seed, size_t users, size_t groups)
{
    must(world->connection_count < WORLD_CONNECTIONS_MAX, NULL);
    close_store(world);
    application_init(&world->applications[world->connection_count++], seed,
        world->applications[0].style, users, groups);
    write_configuration(world);
    open_store(world);
}

void world_close(struct world *world)
{
    drop_memory(world);
    close_store(world);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", world->folder);
    must(system(command) == 0, NULL);
}

static void restart(struct world *world)
{
    drop_memory(world);
    close_store(world);
    open_store(world);
    start_engine(world, (uint64_t)world->acts);
}

static void start_rounds(struct world *world, bool full)
{
    world->rounds_over = 0;
    world->stopping = world->interrupted = false;
    for (size_t i = 0; i < world->connection_count; i++)
        feed(world, &(struct event){
                        .kind = EVENT_START, .connection = world->connections[i], .full = full});
}

/* What hits the host from outside, in its time. */
static bool is_hit(struct world *world)
{
    if (world->crash_at >= 0 && world->acts >= world->crash_at) {
        world->crashed = true;
        world->crash_at = -1;
        restart(world);
        return true;
    }
    if (world->stop_at >= 0 && world->acts >= world->stop_at) {
        world->stop_at = -1;
        world->stopping = true;
        world->stops++;
        feed(world, &(struct event){.kind = EVENT_STOP});
    }
    return false;
}

bool world_round(struct world *world, bool full)
{
    int64_t most = world->acts + ACTS_MAX;
    world->run_count = 0;
    world->failed = false;
    start_rounds(world, full);
    while (world->acts < most) {
        if (world->rounds_over == world->connection_count) {
            if (!world->interrupted)
                return true;
            restart(world); /* drained: another host goes on */
            start_rounds(world, full);
            continue;
        }
        struct world_event *event = world->events;
        if (!event)
            return false; /* nothing is under way, and a round is not over: it hangs */
        if (is_hit(world)) {
            start_rounds(world, full);
            continue;
        }
        event = world->events; /* a drain may have come in */
        if (!event)
            continue;
        world->events = event->next;
        if (event->at_ms > world->now_ms)
            world->now_ms = event->at_ms;
        deliver(world, event);
    }
    return false;
}

uint64_t world_trace(const struct world *world)
{
    return engine_trace(world->engine) ^ world->traces;
}

const struct run_summary *world_run(
    const struct world *world, size_t connection, const char *stream)
{
    for (size_t i = world->run_count; i-- > 0;)
        if (strcmp(world->runs[i].stream, stream) == 0 &&
            world->runs[i].connection[strlen("world")] == (char)('0' + connection))
            return &world->runs[i];
    return NULL;
}
