/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the store alone is: synthetic records of 700 bytes in random id order, 200 a page, first
 * created, then found unchanged. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/memory.h"
#include "base/random.h"
#include "config/source.h"
#include "record/program.h"
#include "store/store.h"

#define PAGE_RECORDS 200
#define ATTRIBUTES   700
#define WALL_MS      INT64_C(1770000000000)

static const struct muster_field fields[] = {
    {.to = "id", .from = "/id"}, {.to = "login", .from = "/login"}};
static const struct muster_yield yields[] = {
    {.kind = MUSTER_ACCOUNT, .fields = {fields, 2, sizeof fields[0]}}};
static const struct muster_stream streams[] = {
    {.name = "users", .yields = {yields, 1, sizeof yields[0]}}};
static const struct muster_connector connector = {
    .name = "bench", .version = "1", .streams = {streams, 1, sizeof streams[0]}};

struct bench {
    struct store *store;
    struct store_reader *reader;
    struct source source;
    struct plan plan;
    struct program program;
    struct job_stream entry;
    int64_t connection, round, run, scope, sequence;
    size_t records, group;
    struct arena *arena;
};

static double seconds(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(bool good, const struct fault *fault)
{
    if (good)
        return;
    (void)fprintf(stderr, "store_bench: %s\n", fault ? fault->text : "out of memory");
    exit(EXIT_FAILURE);
}

static void execute(struct bench *bench, struct job **jobs, size_t count)
{
    store_execute(bench->store, jobs, count);
    for (size_t i = 0; i < count; i++)
        must(jobs[i]->done, &jobs[i]->fault);
}

static void begin(struct bench *bench)
{
    struct job job = {.kind = JOB_ROUND_OPEN, .wall_ms = WALL_MS, .arena = bench->arena},
               *jobs[] = {&job};
    bench->entry = (struct job_stream){
        .declaration = streams, .shape = SPAN("s"), .mapping = SPAN("m"), .selected = true};
    job.round_open = (struct job_round_open){
        .source = &bench->source, .full = true, .streams = &bench->entry, .stream_count = 1};
    execute(bench, jobs, 1);
    bench->connection = job.round_open.connection;
    bench->round = job.round_open.round;
    job = (struct job){.kind = JOB_RUN_BEGIN, .wall_ms = WALL_MS, .arena = bench->arena};
    job.run_begin = (struct job_run_begin){.connection = bench->connection,
        .round = bench->round,
        .entry = &bench->entry,
        .source = &bench->source,
        .full = true};
    execute(bench, jobs, 1);
    bench->run = job.run_begin.run;
    job = (struct job){.kind = JOB_SCOPE_BEGIN, .wall_ms = WALL_MS, .arena = bench->arena};
    job.scope_begin = (struct job_scope_begin){
        .connection = bench->connection, .run = bench->run, .source = &bench->source, .full = true};
    execute(bench, jobs, 1);
    bench->scope = job.scope_begin.scope;
    bench->sequence = job.scope_begin.sequence;
}

static void end(struct bench *bench)
{
    struct job ends[3] = {{.kind = JOB_SCOPE_END}, {.kind = JOB_RUN_END}, {.kind = JOB_ROUND_END}},
               *jobs[3];
    for (size_t i = 0; i < 3; i++) {
        ends[i].wall_ms = WALL_MS;
        ends[i].arena = bench->arena;
        jobs[i] = &ends[i];
    }
    ends[0].scope_end = (struct job_scope_end){.run = bench->run,
        .scope = bench->scope,
        .full = true,
        .proof = PROOF_PROVEN,
        .total = (int64_t)bench->records,
        .absence_most = 3,
        .absence_percent = 5};
    ends[1].run_end =
        (struct job_run_end){.run = bench->run, .proof = PROOF_PROVEN, .complete = true};
    ends[2].round_end =
        (struct job_round_end){.connection = bench->connection, .round = bench->round};
    execute(bench, jobs, 3);
    if (ends[0].scope_end.missing || ends[0].scope_end.live != (int64_t)bench->records)
        must(false, &(struct fault){FAULT_STORE, "the listing was not taken whole"});
}

/* The id of record `number`: the same in every pass, in no order. */
static uint64_t id_of(uint64_t number)
{
    struct random random = random_seeded(number + 1);
    return random_next(&random);
}

static struct span keep(struct arena *arena, const char *text)
{
    struct span copy = arena_copy(arena, span_of(text));
    must(copy.data != NULL, NULL);
    return copy;
}

static struct span id_text(struct arena *arena, uint64_t id)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%016" PRIx64, id);
    return keep(arena, text);
}

static struct span fields_text(struct arena *arena, uint64_t number)
{
    char text[256];
    (void)snprintf(text, sizeof text,
        "{\"login\":\"user%" PRIu64 "\",\"email\":\"user%" PRIu64
        "@example.com\",\"display_name\":\"Some Body\",\"status\":\"active\","
        "\"created_at\":\"2020-01-01T00:00:00.000Z\"}",
        number, number);
    return keep(arena, text);
}

static void make_record(struct record *record, struct arena *arena, uint64_t number)
{
    uint64_t id = id_of(number);
    char *attributes = arena_allocate(arena, ATTRIBUTES + 1);
    must(attributes != NULL, NULL);
    (void)memset(attributes, 'x', ATTRIBUTES);
    (void)snprintf(attributes, ATTRIBUTES, "{\"id\":\"%016" PRIx64 "\",\"pad\":\"", id);
    attributes[strlen(attributes)] = 'x';
    (void)memcpy(attributes + ATTRIBUTES - 2, "\"}", 2);
    record->kind = kind_by_number(MUSTER_ACCOUNT);
    record->item = (uint32_t)(number % PAGE_RECORDS);
    record->id = id_text(arena, id);
    record->fields = fields_text(arena, number);
    record->attributes = (struct span){attributes, ATTRIBUTES};
    (void)memcpy(record->content_hash.bytes, &id, sizeof id);
    (void)memcpy(record->bytes_hash.bytes + 8, &id, sizeof id);
}

static void fill_created(struct batch *batch, struct arena *arena, size_t first)
{
    batch->records = arena_allocate_array(arena, PAGE_RECORDS, sizeof *batch->records);
    must(batch->records != NULL, NULL);
    for (size_t i = 0; i < PAGE_RECORDS; i++)
        make_record(&batch->records[i], arena, first + i);
    batch->record_count = PAGE_RECORDS;
}

static double look_up_s, look_up_cpu_s;

static void fill_known(struct bench *bench, struct batch *batch, struct arena *arena, size_t first)
{
    struct known_query queries[PAGE_RECORDS] = {{{NULL, 0}, {NULL, 0}}};
    struct known_answer answers[PAGE_RECORDS];
    for (size_t i = 0; i < PAGE_RECORDS; i++)
        queries[i].id = id_text(arena, id_of(first + i));
    batch->assumed = arena_allocate_array(arena, PAGE_RECORDS, sizeof *batch->assumed);
    must(batch->assumed != NULL, NULL);
    struct known known = store_reader_known(bench->reader);
    double from = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    batch->known_version =
        known.look_up(known.context, bench->scope, MUSTER_ACCOUNT, queries, PAGE_RECORDS, answers);
    look_up_s += seconds(CLOCK_MONOTONIC) - from;
    look_up_cpu_s += seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    for (size_t i = 0; i < PAGE_RECORDS; i++) {
        must(answers[i].object != 0, &(struct fault){FAULT_STORE, "an object was not found"});
        batch->assumed[i] = (struct assumed){(uint32_t)i, answers[i].object, answers[i].bytes_hash};
    }
    batch->assumed_count = PAGE_RECORDS;
}

static void pass(struct bench *bench, bool created, const char *name)
{
    double wall = 0, cpu = 0;
    size_t pages = bench->records / PAGE_RECORDS;
    struct job *jobs = memory_allocate_array(bench->group, sizeof *jobs);
    struct batch *batches = memory_allocate_array(bench->group, sizeof *batches);
    struct job **list = memory_allocate_array(bench->group, sizeof *list);
    must(jobs && batches && list, NULL);
    begin(bench);
    look_up_s = look_up_cpu_s = 0;
    for (size_t page = 0; page < pages;) {
        struct arena *arena = arena_create(0);
        size_t count = 0;
        for (; count < bench->group && page < pages; count++, page++) {
            batches[count] = (struct batch){.program = &bench->program,
                .received = PAGE_RECORDS,
                .run = bench->run,
                .scope = bench->scope,
                .sequence = ++bench->sequence,
                .wall_ms = WALL_MS,
                .position = page + 1 < pages ? SPAN("{\"page\":1}") : (struct span){NULL, 0},
                .known_version = -1};
            if (created)
                fill_created(&batches[count], arena, page * PAGE_RECORDS);
            else
                fill_known(bench, &batches[count], arena, page * PAGE_RECORDS);
            jobs[count] = (struct job){
                .kind = JOB_COMMIT, .wall_ms = WALL_MS, .commit = {.batch = &batches[count]}};
            list[count] = &jobs[count];
        }
        double from = seconds(CLOCK_MONOTONIC), from_cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        execute(bench, list, count);
        wall += seconds(CLOCK_MONOTONIC) - from;
        cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - from_cpu;
        arena_free(arena);
    }
    end(bench);
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf("%-10s %8zu records  %9.0f records/s  wall %6.2f s  CPU %6.2f s  known %5.2f s "
                 "(CPU %5.2f s)  RSS at most %ld MiB\n",
        name, bench->records, (double)bench->records / (wall + look_up_s), wall, cpu, look_up_s,
        look_up_cpu_s, usage.ru_maxrss / 1024);
    memory_free(jobs);
    memory_free(batches);
    memory_free(list);
}

static int64_t number_of(int argc, char **argv, int index, int64_t otherwise)
{
    int64_t value;
    return argc > index && span_to_int64(span_of(argv[index]), &value) ? value : otherwise;
}

/* store_bench [RECORDS [PAGES_A_GROUP [CACHE_BYTES [PATH]]]] */
int main(int argc, char **argv)
{
    struct fault fault;
    struct bench bench = {.records = (size_t)number_of(argc, argv, 1, 1000000),
        .group = (size_t)number_of(argc, argv, 2, 50)};
    const char *path = argc > 4 ? argv[4] : "store_bench.db";
    struct store_options options = {
        .create = true, .take_lock = true, .cache_bytes = number_of(argc, argv, 3, 0)};
    static const char *const endings[] = {"", "-wal", "-shm", ".lock", ".anchor"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char name[4096];
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        (void)unlink(name);
    }
    bench.plan.connector = &connector;
    bench.plan.canonical = SPAN("{}");
    bench.source.plan = &bench.plan;
    bench.source.name = "bench";
    bench.program = (struct program){.source = &bench.source, .declaration = streams};
    bench.arena = arena_create(0);
    must(store_open(path, &options, &bench.store, &fault), &fault);
    must(store_reader_open(bench.store, &bench.reader, &fault), &fault);
    pass(&bench, true, "created");
    pass(&bench, false, "unchanged");
    store_reader_close(bench.reader);
    store_close(bench.store);
    arena_free(bench.arena);
    return EXIT_SUCCESS;
}
