/* SPDX-License-Identifier: Apache-2.0 */
/* What the store's tests share: a store in a folder of its own, a declared source with four
 * streams, and batches made by hand. */
#ifndef MUSTER_TESTS_STORE_WORLD_H
#define MUSTER_TESTS_STORE_WORLD_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "unit.h"
#include "../../../host/store/inside.h"
#include "../../../host/store/rows.h"
#include "base/arena.h"
#include "base/timestamp.h"
#include "config/source.h"
#include "record/program.h"
#include "store/query.h"

#define WALL INT64_C(1770000000000)

enum { USERS, DIRECTORY, BADGES, GROUPS, MEMBERS, CHANGES, STREAMS };

static const struct muster_field world_user_fields[] = {{.to = "id", .from = "/id"},
    {.to = "login", .from = "/login"}, {.to = "email", .from = "/email"}};
static const struct muster_field world_badge_fields[] = {
    {.to = "id", .from = "/id"}, {.to = "employee_id", .from = "/badge"}};
static const struct muster_field world_group_fields[] = {
    {.to = "id", .from = "/id"}, {.to = "name", .from = "/name"}};
static const struct muster_field world_grant_fields[] = {{.to = "subject_id", .from = "/id"}};
static const struct muster_parent_field world_parent_fields[] = {{.name = "slug", .from = "/slug"}};

#define WORLD_YIELD(kind_, fields_)                                                          \
    {                                                                                        \
        (const struct muster_yield[]){{.kind = kind_,                                        \
            .fields = {fields_, sizeof(fields_) / sizeof(fields_)[0], sizeof(fields_)[0]}}}, \
            1, sizeof(struct muster_yield)                                                   \
    }

static const struct muster_stream world_streams[STREAMS] = {
    [USERS] = {.name = "users", .yields = WORLD_YIELD(MUSTER_ACCOUNT, world_user_fields)},
    [DIRECTORY] = {.name = "directory", .yields = WORLD_YIELD(MUSTER_ACCOUNT, world_user_fields)},
    [BADGES] = {.name = "badges",
        .role = MUSTER_ENRICHES,
        .yields = WORLD_YIELD(MUSTER_ACCOUNT, world_badge_fields)},
    [GROUPS] = {.name = "groups", .yields = WORLD_YIELD(MUSTER_GROUP, world_group_fields)},
    [MEMBERS] = {.name = "members",
        .yields = WORLD_YIELD(MUSTER_GRANT, world_grant_fields),
        .parent = {.stream = "groups",
            .fields = {world_parent_fields, 1, sizeof world_parent_fields[0]}}},
    [CHANGES] = {.name = "changes",
        .mode = MUSTER_INCREMENTAL,
        .yields = WORLD_YIELD(MUSTER_ROLE, world_group_fields)},
};

static const struct muster_connector world_connector = {
    .name = "test", .version = "1.0", .streams = {world_streams, STREAMS, sizeof world_streams[0]}};

struct world {
    char folder[64], path[96];
    struct store *store;
    struct plan plan;
    struct connection_settings settings;
    struct source source;
    struct program programs[STREAMS];
    struct job_stream entries[STREAMS];
    struct arena *arena;
    int64_t wall_ms;
    int64_t connection, round;
    bool full, resumed;
};

static inline void world_reopen(struct world *world)
{
    struct fault fault = {FAULT_NONE, ""};
    struct store_options options = {
        .create = true, .take_lock = true, .recent_lookups_most = 7}; /* so that tests cross it */
    store_close(world->store);
    world->store = NULL;
    ck_assert_msg(store_open(world->path, &options, &world->store, &fault), "%s", fault.text);
}

static inline void world_open(struct world *world)
{
    *world = (struct world){.wall_ms = WALL, .arena = arena_create(0), .full = true};
    (void)snprintf(world->folder, sizeof world->folder, "/tmp/muster-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(world->folder));
    (void)snprintf(world->path, sizeof world->path, "%s/m.db", world->folder);
    world->plan =
        (struct plan){.connector = &world_connector, .canonical = SPAN("{\"name\":\"test\"}")};
    world->settings = (struct connection_settings){.name = "acme", .connector = "test"};
    world->source =
        (struct source){.settings = &world->settings, .plan = &world->plan, .name = "acme"};
    for (size_t i = 0; i < STREAMS; i++) {
        world->programs[i] = (struct program){
            .source = &world->source, .stream = i, .declaration = &world_streams[i]};
        world->entries[i] = (struct job_stream){.declaration = &world_streams[i],
            .shape = SPAN("shape"),
            .mapping = SPAN("mapping"),
            .selected = true};
    }
    world_reopen(world);
}

static inline void world_close(struct world *world)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".lock", ".anchor"};
    store_close(world->store);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char name[128];
        (void)snprintf(name, sizeof name, "%s%s", world->path, endings[i]);
        (void)unlink(name);
    }
    (void)rmdir(world->folder);
    arena_free(world->arena);
}

/* Executes one job; its fault's code. */
static inline enum fault_code world_try(struct world *world, struct job *job)
{
    struct job *jobs[] = {job};
    job->wall_ms = world->wall_ms;
    job->arena = world->arena;
    store_execute(world->store, jobs, 1);
    ck_assert_int_eq(job->done, job->fault.code == FAULT_NONE);
    return job->fault.code;
}

static inline void world_do(struct world *world, struct job *job)
{
    (void)world_try(world, job);
    ck_assert_msg(job->done, "%s", job->fault.text);
}

static inline void world_round(struct world *world)
{
    struct job job = {.kind = JOB_ROUND_OPEN};
    job.round_open = (struct job_round_open){.source = &world->source,
        .full = world->full,
        .resume_age_ms = 86400000,
        .streams = world->entries,
        .stream_count = STREAMS};
    world_do(world, &job);
    world->connection = job.round_open.connection;
    world->round = job.round_open.round;
    world->resumed = job.round_open.resumed;
}

static inline int64_t world_run(struct world *world, size_t stream)
{
    struct job job = {.kind = JOB_RUN_BEGIN};
    job.run_begin = (struct job_run_begin){.connection = world->connection,
        .round = world->round,
        .stream = stream,
        .entry = &world->entries[stream],
        .source = &world->source,
        .full = world->entries[stream].full};
    world_do(world, &job);
    return job.run_begin.run;
}

static inline struct job_scope_begin world_scope(
    struct world *world, size_t stream, int64_t run, const char *parent)
{
    struct job job = {.kind = JOB_SCOPE_BEGIN};
    job.scope_begin = (struct job_scope_begin){.connection = world->connection,
        .run = run,
        .stream = stream,
        .source = &world->source,
        .parent = {.id = span_of(parent)},
        .full = true};
    world_do(world, &job);
    return job.scope_begin;
}

/* A batch under construction. */
struct draft {
    struct batch batch;
    struct record records[64];
    struct letter letters[8];
    struct filtered filtered[8];
    struct assumed assumed[64];
};

static inline void draft_begin(struct world *world, struct draft *page, size_t stream,
    const struct job_scope_begin *scope, int64_t sequence)
{
    (void)memset(page, 0, sizeof *page);
    page->batch = (struct batch){.program = &world->programs[stream],
        .records = page->records,
        .letters = page->letters,
        .filtered = page->filtered,
        .assumed = page->assumed,
        .known_version = -1,
        .run = scope->run,
        .scope = scope->scope,
        .sequence = sequence,
        .position = SPAN("at"),
        .wall_ms = world->wall_ms};
}

static inline struct hash128 hash_of(const char *text)
{
    static const struct hash_key key = {{7}};
    return hash_keyed(&key, span_of(text));
}

static inline struct record *draft_record(
    struct draft *page, uint32_t kind, const char *id, const char *fields)
{
    struct record *record = &page->records[page->batch.record_count];
    *record = (struct record){.kind = kind_by_number(kind),
        .item = (uint32_t)page->batch.record_count,
        .id = span_of(id),
        .fields = span_of(fields),
        .attributes = span_of(fields),
        .content_hash = hash_of(fields),
        .bytes_hash = hash_of(fields)};
    page->batch.record_count++;
    page->batch.received++;
    return record;
}

static inline void draft_letter(struct draft *page, const char *id)
{
    page->letters[page->batch.letter_count++] = (struct letter){.records = 1,
        .code = FAULT_CONTENT,
        .reason = "field_missing",
        .why = "no login",
        .pointer = "/login",
        .raw = SPAN("{\"bad\":1}"),
        .id = span_of(id)};
    page->batch.received++;
}

static inline void draft_filtered(struct draft *page, const char *id)
{
    page->filtered[page->batch.filtered_count++] =
        (struct filtered){.records = 1, .reason = "robot", .id = span_of(id)};
    page->batch.received++;
}

static inline struct batch_outcome draft_commit(struct world *world, struct draft *page)
{
    struct job job = {.kind = JOB_COMMIT, .commit = {.batch = &page->batch}};
    world_do(world, &job);
    return job.commit.outcome;
}

static inline struct job_scope_end world_scope_end(
    struct world *world, const struct job_scope_begin *scope, enum proof proof)
{
    struct job job = {.kind = JOB_SCOPE_END};
    job.scope_end = (struct job_scope_end){.run = scope->run,
        .scope = scope->scope,
        .full = scope->full,
        .proof = proof,
        .reason = proof == PROOF_PROVEN ? NULL : "why",
        .total = -1,
        .seen_since = -1,
        .absence_most = 3,
        .absence_percent = 5};
    world_do(world, &job);
    return job.scope_end;
}

static inline struct job_run_end world_run_end(struct world *world, int64_t run, enum proof proof)
{
    struct job job = {.kind = JOB_RUN_END};
    job.run_end = (struct job_run_end){.run = run,
        .proof = proof,
        .reason = proof == PROOF_PROVEN ? NULL : "why",
        .complete = proof >= PROOF_ASSERTED,
        .read_whole = proof >= PROOF_ASSERTED};
    world_do(world, &job);
    return job.run_end;
}

static inline void world_round_end(struct world *world)
{
    struct job job = {.kind = JOB_ROUND_END};
    job.round_end = (struct job_round_end){.connection = world->connection, .round = world->round};
    world_do(world, &job);
    world->wall_ms += 60000;
}

/* One whole round of one stream and one scope that lists accounts (or groups) with these ids; NULL
 * ends them. */
static inline struct job_scope_end world_list(struct world *world, size_t stream,
    const char *parent, enum proof proof, const char *const *ids)
{
    struct draft page;
    world_round(world);
    int64_t run = world_run(world, stream);
    struct job_scope_begin scope = world_scope(world, stream, run, parent);
    uint32_t kind = world_streams[stream].yields.items[0].kind;
    draft_begin(world, &page, stream, &scope, scope.sequence + 1);
    for (; *ids; ids++)
        (void)draft_record(
            &page, kind, *ids, kind == MUSTER_GROUP ? "{\"name\":\"n\"}" : "{\"login\":\"l\"}");
    (void)draft_commit(world, &page);
    struct job_scope_end end = world_scope_end(world, &scope, proof);
    (void)world_run_end(world, run, proof);
    world_round_end(world);
    return end;
}
#define IDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline bool world_keep_row(
    void *context, const char *const *names, const struct cell *cells, size_t count)
{
    struct bytes *text = context;
    struct fault fault;
    (void)names;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            ck_assert(bytes_append_char(text, '|', &fault));
        if (cells[i].type == CELL_INTEGER)
            ck_assert(bytes_format(text, &fault, "%lld", (long long)cells[i].integer));
        else if (cells[i].type == CELL_REAL)
            ck_assert(bytes_format(text, &fault, "%g", cells[i].real));
        else if (cells[i].type != CELL_NULL)
            ck_assert(bytes_append(text, cells[i].text, &fault));
    }
    return bytes_append_char(text, '\n', &fault);
}

/* The rows of any SQL: columns with "|" between them, a line each. */
static inline const char *world_sql(struct world *world, const char *sql)
{
    struct fault fault = {FAULT_NONE, ""};
    AUTO_ROWS rows = {.count = 0};
    AUTO_BYTES text = {.limit = 0};
    ck_assert(bytes_append_text(&text, "", &fault));
    ck_assert_msg(rows_open(&rows, &world->store->sql, sql, 0, &fault), "%s: %s", sql, fault.text);
    ck_assert_msg(rows_each(&rows, world_keep_row, &text, NULL, &fault), "%s: %s", sql, fault.text);
    struct span copy =
        arena_copy(world->arena, (struct span){text.data ? text.data : "", text.length});
    return copy.data;
}

static inline void world_found(void *context, const char *sentence)
{
    char *first = context;
    if (!*first)
        (void)snprintf(first, 512, "%s", sentence);
}

/* The number of breaks; the first one's sentence. */
static inline int64_t world_audit(struct world *world, char first[512])
{
    struct fault fault = {FAULT_NONE, ""};
    int64_t batches = -1, breaks = -1;
    *first = '\0';
    ck_assert_msg(
        store_audit(world->store, world_found, first, &batches, &breaks, &fault), "%s", fault.text);
    return breaks;
}

static inline void world_assert_sound(struct world *world)
{
    char first[512];
    (void)world_audit(world, first);
    ck_assert_str_eq(first, "");
}

#endif
