/* SPDX-License-Identifier: Apache-2.0 */
/* The host's body in virtual time: effects become events later, in a fixed order. */
#include "world.h"

#include <inttypes.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "checker.h"

#define ACTS_MAX        60000 /* of one round */
#define WRITER_EVERY_MS 4 /* it takes what waits at these moments: nobody's jobs move another's */

static void must(bool done, const struct fault *fault)
{
    if (done)
        return;
    (void)fprintf(stderr, "the simulated world broke: %s\n", fault ? fault->text : "out of memory");
    abort();
}

void world_complain(struct world *world, const char *format, ...)
{
    va_list arguments;
    if (world->complaint[0])
        return;
    va_start(arguments, format);
    (void)vsnprintf(world->complaint, sizeof world->complaint, format, arguments);
    va_end(arguments);
}

int64_t world_wall_ms(const struct world *world)
{
    int64_t strobe_ms = world->strobe && world->acts % 2 ? -7000000 : 0;
    return APPLICATION_WALL_START_MS + world->now_ms + world->wall_offset_ms + strobe_ms;
}

/* FNV-1a over what a connection sees: its own trace. */
static void trace(struct world *world, size_t connection, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void trace(struct world *world, size_t connection, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    uint64_t hash = world->trace_of[connection];
    if (world->shown)
        (void)printf("app%zu %s\n", connection, text);
    for (const char *c = text; *c; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    world->trace_of[connection] = hash;
}

static size_t index_of(const struct world *world, const struct connection *connection)
{
    size_t i = 0;
    while (i < world->connection_count && world->connections[i] != connection)
        i++;
    must(i < world->connection_count, NULL);
    return i;
}

static size_t index_named(const char *name)
{
    return (size_t)(name[strlen("app")] - '0');
}

/* ------------------------------------------------------------------ page workers -------------- */

static struct given take_given(struct world *world, const struct response *response)
{
    for (size_t i = 0; i < world->given_count; i++)
        if (world->given[i].response == response) {
            struct given given = world->given[i];
            world->given[i] = world->given[--world->given_count];
            return given;
        }
    return (struct given){.response = NULL};
}

/* Dead letters are for what was damaged on its way, and for nothing else. */
static void check_letters(struct world *world, const struct digest *digest, struct given given)
{
    if (digest->page.verdict.outcome == OUTCOME_OK && digest->batch.letter_count != given.damaged)
        world_complain(world, "%zu items of a page were damaged, and %zu dead letters written",
            given.damaged, digest->batch.letter_count);
    world->letters += (int64_t)digest->batch.letter_count;
}

/* A worker tells of a page when it has read it, mostly, and when it has mapped it: at once, or so
 * late that the pages after it are mapped first. */
static void do_digest(struct world *world, const struct effect *effect)
{
    const struct known known = store_reader_known(world->reader);
    struct given given = take_given(world, effect->input.response);
    struct digest *digest = NULL;
    struct fault fault = {0};
    size_t whose = 0; /* a program belongs to one connection */
    for (size_t c = 0; c < world->connection_count; c++)
        for (size_t s = 0; world->connections[c] && s < world->connections[c]->stream_count; s++)
            if (world->connections[c]->programs[s] == effect->input.program)
                whose = c;
    struct random *random = &world->delays[whose];
    int64_t read_ms = (int64_t)random_below(random, 2);
    int64_t mapped_ms = (int64_t)random_below(random, random_below(random, 4) ? 3 : 200);
    bool read = digest_read(&effect->input, &digest, &fault);
    if (read && digest->page.verdict.outcome == OUTCOME_OK && digest->page.end == PAGE_GOES_ON &&
        random_below(random, 8) > 0) {
        struct world_event *paged = events_add(world, WHAT_PAGED, world->now_ms + read_ms);
        paged->ticket = effect->ticket;
        paged->digest = digest;
    }
    bool mapped = read && digest_map(digest, &known, &fault);
    if (read && !mapped) { /* the disk failed under the reader */
        digest_free(digest);
        digest = NULL;
    }
    struct world_event *event =
        events_add(world, WHAT_DIGESTED, world->now_ms + read_ms + mapped_ms);
    event->ticket = effect->ticket;
    event->fault = fault;
    event->digest = digest;
    if (digest)
        check_letters(world, digest, given);
}

/* ------------------------------------------------------------------ writer -------------------- */

static void do_job(struct world *world, struct job *job)
{
    must(world->queued < WORLD_JOBS_MAX, NULL);
    world->queue[world->queued++] = job;
    if (!world->writer_busy) {
        world->writer_busy = true;
        int64_t ticks = world->now_ms / WRITER_EVERY_MS + 1;
        (void)events_add(world, WHAT_WRITER, ticks * WRITER_EVERY_MS);
    }
}

/* The writer takes all that waits into one group. */
static void write_group(struct world *world)
{
    struct job *jobs[WORLD_JOBS_MAX]; /* a list of its own: the store may reorder it */
    size_t count = world->queued;
    if (mishap_before_group(world))
        return;
    for (size_t i = 0; i < count; i++)
        jobs[i] = world->queue[i];
    store_execute(world->store, jobs, count);
    if (mishap_after_group(world))
        return;
    for (size_t i = 0; i < count; i++)
        events_add(world, WHAT_JOB, world->now_ms + 1)->job = world->queue[i];
    world->queued = 0;
    world->writer_busy = false;
    world->acknowledged = checker_last_batch(world);
}

/* ------------------------------------------------------------------ effects ------------------- */

static bool has_answers_under_way(const struct world *world, size_t connection)
{
    for (const struct world_event *event = world->events; event; event = event->next)
        if (event->what == WHAT_RESPONSE && event->connection == connection && !event->token)
            return true;
    return false;
}

static void send(struct world *world, const struct effect *effect)
{
    size_t c = index_of(world, effect->connection);
    struct application *application = &world->applications[c];
    int64_t latency_ms;
    size_t damaged;
    bool token = strstr(effect->request->url, "/token") != NULL;
    world->requests++;
    struct response *response =
        application_answer(application, effect->request, world->now_ms, &latency_ms, &damaged);
    trace(world, c, "%" PRId64 " send %s -> %d %d after %" PRId64, world->now_ms,
        effect->request->url, (int)response->exchange, response->status, latency_ms);
    if (token && ++application->tokens_under_way > application->tokens_under_way_most)
        application->tokens_under_way_most = application->tokens_under_way;
    if (token && has_answers_under_way(world, c))
        world->fired[40]++; /* others will find the old one expired, too */
    struct world_event *event = events_add(world, WHAT_RESPONSE, world->now_ms + latency_ms);
    event->ticket = effect->ticket;
    event->response = response;
    event->connection = c;
    event->token = token;
    (void)take_given(world, response); /* of one that was freed, and lay in the same place */
    must(world->given_count < WORLD_DIGESTS_MAX, NULL);
    if (damaged > 0)
        world->given[world->given_count++] = (struct given){response, damaged};
}

static void note_run(struct world *world, const struct note *note)
{
    size_t c = index_named(note->connection);
    for (size_t s = 0; s < LISTING_COUNT; s++) {
        struct run_told *run = &world->runs[c][s];
        if (strcmp(note->stream, listing_name((enum listing_name)s)) != 0)
            continue;
        if (note->kind == NOTE_RUN_STARTED && !run->open) {
            run->open = true;
            run->began_ms = world->now_ms;
        }
        if (note->kind != NOTE_RUN_ENDED)
            continue;
        run->told = true;
        run->summary = *note->summary;
        run->ended_ms = world->now_ms;
    }
}

static void take_note(struct world *world, const struct note *note)
{
    size_t c = index_named(note->connection);
    const struct run_summary *summary = note->kind == NOTE_RUN_ENDED ? note->summary : NULL;
    if (note->kind == NOTE_RUN_STARTED || note->kind == NOTE_RUN_ENDED)
        note_run(world, note);
    if (note->kind == NOTE_SCOPE_ENDED) { /* its number is the store's */
        trace(world, c, "%" PRId64 " scope %s %s", world->now_ms, note->stream, note->text);
    } else if (summary) {
        const struct batch_outcome *sums = &summary->sums;
        trace(world, c, "%" PRId64 " run %s %d %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
            world->now_ms, summary->stream, (int)summary->proof, summary->reason, summary->pages,
            summary->requests, summary->missing, summary->held);
        trace(world, c, " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
            sums->received, sums->created, sums->changed, sums->unchanged, sums->duplicate,
            sums->dead);
    } else {
        trace(world, c, "%" PRId64 " note %d %s %d %" PRId64 " %s", world->now_ms, (int)note->kind,
            note->stream ? note->stream : "", note->status, note->number, note->text);
    }
}

static void act(struct world *world, const struct effect *effect)
{
    world->acts++;
    switch (effect->kind) {
    case EFFECT_SEND:
        send(world, effect);
        break;
    case EFFECT_DIGEST:
        do_digest(world, effect);
        break;
    case EFFECT_JOB:
        do_job(world, effect->job);
        break;
    case EFFECT_ARM:
        world->armed = 0; /* replaces what was armed */
        if (effect->deadline_ms != INT64_MAX)
            world->armed = events_add(world, WHAT_TIMER,
                effect->deadline_ms > world->now_ms ? effect->deadline_ms : world->now_ms)
                               ->order;
        break;
    case EFFECT_NOTE:
        take_note(world, &effect->note);
        break;
    case EFFECT_ROUND_DONE:
        world->over[index_named(effect->round.connection)] = true;
        world->failed |= effect->round.failed;
        world->interrupted |= effect->round.interrupted || world->stopping;
        if (effect->round.failed && !effect->round.reason[0])
            world_complain(world, "a round failed without a reason");
        break;
    }
}

void world_feed(struct world *world, struct event *event)
{
    struct effect effect;
    event->now_ms = world->now_ms;
    event->wall_ms = world_wall_ms(world);
    engine_handle(world->engine, event);
    while (engine_next_effect(world->engine, &effect))
        act(world, &effect);
}

static void deliver(struct world *world, struct world_event *at)
{
    struct event event = {.ticket = at->ticket};
    if (at->what == WHAT_TIMER && at->order != world->armed) {
        events_done(world, at);
        return;
    }
    switch (at->what) {
    case WHAT_START:
        event.kind = EVENT_START;
        event.connection = world->connections[at->connection];
        event.full = at->full;
        break;
    case WHAT_RESPONSE:
        event.kind = EVENT_RESPONSE;
        event.response = at->response;
        if (!at->token)
            application_heard(&world->applications[at->connection], at->response);
        if (at->token) {
            world->applications[at->connection].tokens_under_way--;
            mishap_token(world, at->response);
        }
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
        events_done(world, at);
        write_group(world);
        return;
    }
    events_done(world, at);
    world_feed(world, &event);
}

/* ------------------------------------------------------------------ life and death ------------ */

static void drop_memory(struct world *world)
{
    world->traces ^= world->engine ? engine_trace(world->engine) : 0;
    engine_free(world->engine);
    world->engine = NULL;
    events_clear(world);
    for (size_t i = 0; i < world->queued; i++) {
        if (world->queue[i]->kind == JOB_COMMIT)
            digest_free(world->queue[i]->commit.batch->digest);
        arena_free(world->queue[i]->arena);
    }
    world->queued = world->given_count = 0;
    world->writer_busy = false;
    for (size_t c = 0; c < world->connection_count; c++) {
        world->applications[c].tokens_under_way = 0;
        application_forgotten(&world->applications[c]);
    }
}

static void open_connection(struct world *world, size_t c, const struct hash_key *key)
{
    char name[24], url[48], refresh[32];
    const struct application *application = &world->applications[c];
    struct setting_pair secrets[] = {{.name = "secret", .value = "env:MUSTER_SIMULATION_SECRET"},
        {.name = "refresh", .value = "env:MUSTER_SIMULATION_REFRESH"}};
    struct connection_settings connection = {.name = name,
        .connector = "world",
        .base_url = url,
        .file = "/world.conf",
        .secrets = secrets,
        .secret_count = (size_t)application->shape.login};
    struct settings settings = {.path = "/world.conf",
        .seal_key = "env:MUSTER_SIMULATION_SEAL",
        .connections = &connection,
        .connection_count = 1};
    struct source *source;
    struct fault fault;
    (void)snprintf(name, sizeof name, "app%zu", c);
    (void)snprintf(url, sizeof url, "https://app%zu.test", c);
    (void)snprintf(refresh, sizeof refresh, "r%" PRId64, application->signed_in);
    must(setenv("MUSTER_SIMULATION_REFRESH", refresh, 1) == 0, NULL);
    settings.policy = policy_settings_default();
    must(source_create(&settings, 0, world->plans[c], &source, &fault), &fault);
    must(connection_create(source, key, &world->connections[c], &fault), &fault);
}

static void open_host(struct world *world, uint64_t seed)
{
    const struct store_options options = {.create = true, .recent_lookups_most = 40};
    const struct engine_options engine = {.seed = seed};
    struct fault fault;
    must(store_open(world->disk->path, &options, &world->store, &fault), &fault);
    must(store_reader_open(world->store, &world->reader, &fault), &fault);
    struct hash_key key = store_key(world->store);
    for (size_t c = world->first_connection; c < world->connection_count; c++)
        open_connection(world, c, &key);
    must(engine_create(&engine, &world->engine, &fault), &fault);
}

static void close_host(struct world *world)
{
    drop_memory(world);
    disk_cut(world->disk); /* a kill: nothing is tidied up */
    for (size_t c = world->first_connection; c < world->connection_count; c++) {
        connection_release(world->connections[c]);
        world->connections[c] = NULL;
    }
    store_reader_close(world->reader);
    store_close(world->store);
    world->reader = NULL;
    world->store = NULL;
}

void world_restart(struct world *world, enum disk_survival survival)
{
    world->restarts++;
    close_host(world);
    disk_restore(world->disk, survival);
    world->must_restart = false;
    world->stopping = false;
    world->lethal = NULL;
    open_host(world, (uint64_t)world->acts);
    int64_t kept = checker_last_batch(world);
    if (kept < world->acknowledged && !world->went_back)
        world_complain(world,
            "batch %" PRId64 " was acknowledged, and %" PRId64 " is the last one after a restart",
            world->acknowledged, kept);
    world->acknowledged = kept;
}

static void fixed_bytes(void *const into, const size_t length)
{
    (void)memset(into, 7, length);
}

static const char *implementation_name(void)
{
    return "fixed";
}

static uint32_t fixed_number(void)
{
    return 7;
}

/* The store's key, too, must be the same in every process, or the disk's pages would differ. */
static struct randombytes_implementation fixed = {
    .implementation_name = implementation_name, .random = fixed_number, .buf = fixed_bytes};

static struct disk_image empty_store;

void world_prepare(struct disk *disk)
{
    const struct store_options options = {.create = true};
    struct store *store;
    struct fault fault;
    sqlite3 *db;
    disk_format(disk, NULL, 1);
    must(randombytes_set_implementation(&fixed) == 0 && sodium_init() >= 0, NULL);
    must(sqlite3_open(disk->path, &db) == SQLITE_OK, NULL);
    /* Small pages, since there is little in them: most of a seed's time would go into copying. */
    must(sqlite3_exec(db, "PRAGMA page_size=1024;PRAGMA journal_mode=WAL;", NULL, NULL, NULL) ==
             SQLITE_OK,
        NULL);
    must(store_open(disk->path, &options, &store, &fault), &fault);
    store_close(store);
    checker_prepare(db);
    must(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL) == SQLITE_OK, NULL);
    empty_store = disk_copy(disk);
}

void world_open(struct world *world, struct disk *disk, uint64_t seed)
{
    struct world_event *spare = world->spare;
    bool shown = world->shown;
    (void)memset(world, 0, offsetof(struct world, applications));
    (void)memset(
        &world->connection_count, 0, sizeof *world - offsetof(struct world, connection_count));
    world->spare = spare;
    world->shown = shown;
    world->disk = disk;
    world->random = random_seeded(seed ^ 0x5EED);
    world->now_ms = 1000000;
    disk_format(disk, &empty_store, seed);
}

struct application *world_add(struct world *world, uint64_t seed)
{
    size_t c = world->connection_count++;
    must(c < WORLD_CONNECTIONS_MAX, NULL);
    world->delays[c] = random_seeded(seed ^ 0xDE1A);
    world->applications[c].faults = (struct faults){.random = random_seeded(seed ^ 0xFA)};
    return &world->applications[c];
}

void world_start(struct world *world)
{
    static const struct hash256 no_file;
    struct fault fault;
    for (size_t c = world->first_connection; c < world->connection_count; c++) {
        AUTO_BYTES text = {.limit = 65536};
        shape_declare(&world->applications[c].shape, &text);
        must(plan_create(bytes_span(&text), "world", &no_file, &world->plans[c], &fault), &fault);
    }
    open_host(world, 1);
}

void world_close(struct world *world)
{
    close_host(world);
    for (size_t c = world->first_connection; c < world->connection_count; c++)
        plan_release(world->plans[c]);
    disk_backup_free(&world->backup);
    disk_restore(world->disk, DISK_KEEPS_ALL);
}

/* ------------------------------------------------------------------ rounds -------------------- */

void world_start_rounds(struct world *world, bool full)
{
    world->stopping = world->interrupted = false;
    for (size_t c = world->first_connection; c < world->connection_count; c++) {
        struct world_event *event = events_add(
            world, WHAT_START, world->now_ms + (int64_t)random_below(&world->delays[c], 300));
        event->connection = c;
        event->full = full;
        world->over[c] = false;
    }
}

static bool all_over(const struct world *world)
{
    for (size_t c = world->first_connection; c < world->connection_count; c++)
        if (!world->over[c])
            return false;
    return true;
}

bool world_round(struct world *world, bool full)
{
    int64_t most = world->acts + ACTS_MAX;
    for (size_t c = 0; c < world->connection_count; c++) {
        bool read_in_full[LISTING_COUNT];
        for (size_t s = 0; s < LISTING_COUNT; s++) {
            struct run_told *run = &world->runs[c][s];
            read_in_full[s] = run->told && run->summary.full && run->summary.proof > PROOF_PARTIAL;
            run->told = false;
            run->open = run->open && world->failed;
        }
        if (!world->failed)
            application_round(&world->applications[c], read_in_full);
    }
    world->failed = false;
    world_start_rounds(world, full);
    while (world->acts < most) {
        if (world->must_restart) {
            world_restart(world, world->survival);
            world_start_rounds(world, full);
        }
        if (all_over(world)) {
            if (!world->interrupted)
                return true;
            world_restart(world, DISK_KEEPS_ALL); /* drained: another host goes on */
            world_start_rounds(world, full);
            continue;
        }
        if (mishap_strike(world)) {
            world_start_rounds(world, full);
            continue;
        }
        struct world_event *event = events_take(world);
        if (!event)
            return false; /* nothing is under way, and a round is not over: it hangs */
        if (event->at_ms > world->now_ms)
            world->now_ms = event->at_ms;
        deliver(world, event);
    }
    return false;
}

uint64_t world_trace(const struct world *world)
{
    uint64_t folded = engine_trace(world->engine) ^ world->traces;
    for (size_t c = 0; c < world->connection_count; c++)
        folded = folded * UINT64_C(1099511628211) ^ world->trace_of[c];
    return folded;
}
