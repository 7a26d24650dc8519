/* SPDX-License-Identifier: Apache-2.0 */
/* A store beside connectors that change: pages of items as text, really digested, committed, and
 * replayed by whatever connector is declared at the time. Texts are written with ' for ". */
#ifndef MUSTER_TESTS_STORE_REPLAY_WORLD_H
#define MUSTER_TESTS_STORE_REPLAY_WORLD_H

#include "../record/sample.h"
#include "world.h"

#include "store/replay.h"

#define AGAIN_STREAMS 6
#define ALL_SETTLED   (-1)

struct again {
    struct world world;
    struct plan *plan;
    struct settings settings;
    struct connection_settings connection;
    struct source *source;
    struct program *programs[AGAIN_STREAMS];
    struct job_stream entries[AGAIN_STREAMS];
    size_t count;
    /* the last replay */
    struct bytes told; /* a line for each letter */
    struct replay_sums sums;
    int64_t turns, turns_most;
};

static inline void again_undeclare(struct again *again)
{
    for (size_t i = 0; i < again->count; i++)
        program_free(TAKE(again->programs[i]));
    if (again->source)
        source_release(TAKE(again->source));
    if (again->plan)
        plan_release(TAKE(again->plan));
    again->count = 0;
}

/* Another version of the connector: its streams as JSON. */
static inline void again_declare(struct again *again, const char *streams)
{
    struct fault fault;
    AUTO_BYTES text = {0};
    AUTO_FREE char *quoted = sample_quote(streams);
    const struct hash_key key = store_key(again->world.store);
    again_undeclare(again);
    ck_assert(bytes_format(&text, &fault,
        "{\"abi\":1,\"name\":\"acme\",\"base_url\":\"https://api.example.com\",\"streams\":[%s]}",
        quoted));
    const struct hash256 file = hash_content(bytes_span(&text));
    ck_assert_msg(
        plan_create(bytes_span(&text), "acme.so", &file, &again->plan, &fault), "%s", fault.text);
    ck_assert_msg(
        source_create(&again->settings, 0, again->plan, &again->source, &fault), "%s", fault.text);
    const struct muster_connector *connector = again->plan->connector;
    for (; again->count < connector->streams.count; again->count++) {
        ck_assert_uint_lt(again->count, AGAIN_STREAMS);
        ck_assert_msg(program_create(again->source, again->count, &key,
                          &again->programs[again->count], &fault),
            "%s", fault.text);
        again->entries[again->count] =
            (struct job_stream){.declaration = &connector->streams.items[again->count],
                .shape = SPAN("shape"),
                .mapping = SPAN("mapping"),
                .selected = true};
    }
}

static inline void again_begin(struct again *again, const char *streams)
{
    *again = (struct again){.connection = {.name = "acme", .connector = "acme"}};
    again->settings = (struct settings){.path = "muster.conf",
        .policy = policy_settings_default(),
        .connections = &again->connection,
        .connection_count = 1};
    world_open(&again->world);
    again_declare(again, streams);
}

static inline void again_end(struct again *again)
{
    world_assert_sound(&again->world);
    again_undeclare(again);
    bytes_free(&again->told);
    world_close(&again->world);
}

static inline void again_page(struct again *again, size_t stream, const char *parent,
    const struct job_scope_begin *scope, int64_t sequence, const char *body)
{
    const struct known nothing = {sample_knows_nothing, NULL};
    const struct scope_parent of = {.id = span_of(parent)};
    struct fault fault;
    struct digest *digest = NULL;
    AUTO_FREE char *quoted = sample_quote(body);
    struct response *response = memory_allocate(sizeof *response);
    struct digest_input input = {.program = again->programs[stream],
        .response = response,
        .asked = {.url = "https://api.example.com/x"},
        .parent = parent ? &of : NULL,
        .scope = scope->scope};
    response->status = 200;
    ck_assert(bytes_append(&response->body, span_of(quoted), &fault));
    ck_assert(http_headers_add(
        &response->headers, SPAN("Content-Type"), SPAN("application/json"), &fault));
    ck_assert_msg(digest_page(&input, &nothing, &digest, &fault), "%s", fault.text);
    ck_assert_msg(digest->page.verdict.outcome == OUTCOME_OK, "%s", digest->page.verdict.message);
    struct batch *batch = &digest->batch;
    batch->run = scope->run;
    batch->scope = scope->scope;
    batch->sequence = sequence;
    batch->position = SPAN("at");
    batch->wall_ms = again->world.wall_ms;
    struct job job = {.kind = JOB_COMMIT, .commit = {.batch = batch}};
    world_do(&again->world, &job);
    digest_free(digest);
}

/* One round of one stream and one scope: a batch for each body; NULL ends them. Its run. */
static inline int64_t again_pull(struct again *again, size_t stream, const char *parent,
    enum proof proof, const char *const *bodies)
{
    struct world *world = &again->world;
    struct job job = {.kind = JOB_ROUND_OPEN};
    job.round_open = (struct job_round_open){.source = again->source,
        .full = true,
        .resume_age_ms = 86400000,
        .streams = again->entries,
        .stream_count = again->count};
    world_do(world, &job);
    world->connection = job.round_open.connection;
    world->round = job.round_open.round;
    job = (struct job){.kind = JOB_RUN_BEGIN};
    job.run_begin = (struct job_run_begin){.connection = world->connection,
        .round = world->round,
        .stream = stream,
        .entry = &again->entries[stream],
        .source = again->source,
        .full = true};
    world_do(world, &job);
    const int64_t run = job.run_begin.run;
    job = (struct job){.kind = JOB_SCOPE_BEGIN};
    job.scope_begin = (struct job_scope_begin){.connection = world->connection,
        .run = run,
        .stream = stream,
        .source = again->source,
        .parent = {.id = span_of(parent)},
        .full = true};
    world_do(world, &job);
    const struct job_scope_begin scope = job.scope_begin;
    for (int64_t sequence = 1; *bodies; bodies++, sequence++)
        again_page(again, stream, parent, &scope, sequence, *bodies);
    (void)world_scope_end(world, &scope, proof);
    (void)world_run_end(world, run, proof);
    world_round_end(world);
    return run;
}
#define PAGES(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline bool again_told(
    void *context, const struct replay_letter *letter, struct fault *fault)
{
    static const char *const fates[] = {
        [REPLAY_TAKEN] = "taken", [REPLAY_SUPERSEDED] = "superseded", [REPLAY_FAILS] = "fails"};
    struct again *again = context;
    bool good =
        bytes_format(
            &again->told, fault, "%lld %s", (long long)letter->letter, fates[letter->fate]) &&
        (!letter->now_reason || bytes_format(&again->told, fault, " %s", letter->now_reason));
    for (size_t i = 0; good && i < letter->record_count; i++)
        good = bytes_format(&again->told, fault, ", %s %.*s %s", letter->records[i].kind->name,
            SPAN_FORMAT(letter->records[i].id), letter->records[i].outcome);
    return good && bytes_append_char(&again->told, '\n', fault);
}

static inline bool again_settled(void *context)
{
    struct again *again = context;
    return ++again->turns != again->turns_most;
}

/* What became of each letter. */
static inline const char *again_replay_of(
    struct again *again, bool dry, int64_t turns_most, const int64_t *letters, size_t count)
{
    struct fault fault;
    const struct replay_source source = {again->source, again->programs};
    const struct replay_sink sink = {again_told, again_settled, again};
    const struct replay_order order = {.sources = &source,
        .source_count = again->source ? 1 : 0,
        .letters = letters,
        .letter_count = count,
        .who = "ann",
        .dry = dry,
        .clock = clock_system()};
    bytes_clear(&again->told);
    ck_assert(bytes_append_text(&again->told, "", &fault));
    again->turns = 0;
    again->turns_most = turns_most;
    ck_assert_msg(
        store_replay(again->world.store, &order, &sink, &again->sums, &fault), "%s", fault.text);
    return arena_copy_text(again->world.arena, again->told.data);
}

static inline const char *again_replay(struct again *again)
{
    const char *told = again_replay_of(again, false, ALL_SETTLED, NULL, 0);
    world_assert_sound(&again->world);
    return told;
}

static inline const char *again_rehearse(struct again *again)
{
    return again_replay_of(again, true, ALL_SETTLED, NULL, 0);
}

/* Every row of every table. */
static inline const char *again_everything(struct again *again)
{
    struct fault fault;
    AUTO_BYTES text = {.limit = 0};
    const char *asked = world_sql(&again->world,
        "SELECT 'SELECT '''||m.name||''','||(SELECT group_concat('quote('||c.name||')')"
        " FROM pragma_table_info(m.name) c)||' FROM '||m.name FROM sqlite_schema m"
        " WHERE m.type='table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name");
    for (const char *end; (end = strchr(asked, '\n')) != NULL; asked = end + 1) {
        char sql[2048];
        (void)snprintf(sql, sizeof sql, "%.*s", (int)(end - asked), asked);
        ck_assert(bytes_append_text(&text, world_sql(&again->world, sql), &fault));
    }
    ck_assert_uint_gt(text.length, 1000);
    return arena_copy_text(again->world.arena, text.data);
}

#endif
