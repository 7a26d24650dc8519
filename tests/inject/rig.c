/* SPDX-License-Identifier: Apache-2.0 */
/* Events, one after the other, and what the store looks like after them. */
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "allocate.h"
#include "answers.h"
#include "base/memory.h"
#include "store/query.h"

#define STEPS_MAX     5000
#define WALL_START_MS INT64_C(1767225600000) /* 2026-01-01 */
#define LATER_MS      INT64_C(3600000)
#define CACHE_BYTES   65536 /* four pages: rows are read again and again, and spilled */

static void must(bool done, const char *what)
{
    if (done)
        return;
    perror(what);
    abort();
}

/* ------------------------------------------------------------------ what waits ---------------- */

static struct rig_waiting *await(struct rig *rig, enum rig_wait kind, uint64_t ticket)
{
    must(rig->count < RIG_WAITING_MAX, "too much is under way");
    struct rig_waiting *at = &rig->waiting[(rig->first + rig->count++) % RIG_WAITING_MAX];
    *at = (struct rig_waiting){.kind = kind, .ticket = ticket};
    return at;
}

static void drop_waiting(struct rig *rig)
{
    for (; rig->count > 0; rig->count--, rig->first = (rig->first + 1) % RIG_WAITING_MAX) {
        struct rig_waiting *at = &rig->waiting[rig->first];
        response_free(at->response);
        digest_free(at->digest);
        if (at->job && at->job->kind == JOB_COMMIT)
            digest_free(at->job->commit.batch->digest);
        if (at->job)
            arena_free(at->job->arena);
    }
}

/* ------------------------------------------------------------------ effects ------------------- */

static void keep_reason(struct rig_outcome *outcome, const char *reason)
{
    if (!outcome->reason[0])
        (void)snprintf(outcome->reason, sizeof outcome->reason, "%s", reason);
}

static void act(struct rig *rig, const struct effect *effect)
{
    struct rig_outcome *outcome = rig->outcome;
    const struct known known = store_reader_known(rig->reader);
    struct rig_waiting *at;
    struct response *response;
    switch (effect->kind) {
    case EFFECT_SEND:
        response = answers_give(effect->request, &rig->users_asked);
        if (response)
            await(rig, RIG_RESPONSE, effect->ticket)->response = response;
        else
            engine_decline(rig->engine, effect->ticket);
        break;
    case EFFECT_DIGEST:
        at = await(rig, RIG_DIGESTED, effect->ticket);
        if (!digest_page(&effect->input, &known, &at->digest, &at->fault))
            at->digest = NULL;
        break;
    case EFFECT_JOB:
        await(rig, RIG_JOB, effect->ticket)->job = effect->job;
        break;
    case EFFECT_ARM:
        rig->armed_ms = effect->deadline_ms;
        break;
    case EFFECT_NOTE:
        if (effect->note.kind == NOTE_RUN_ENDED && effect->note.summary->proof < PROOF_ASSERTED)
            keep_reason(outcome, effect->note.summary->reason);
        break;
    case EFFECT_ROUND_DONE:
        outcome->over = true;
        outcome->failed = effect->round.failed;
        outcome->proof = effect->round.proof;
        keep_reason(outcome, effect->round.reason);
        break;
    }
}

static void handle(struct rig *rig, struct event event)
{
    struct effect effect;
    event.now_ms = rig->now_ms;
    event.wall_ms = WALL_START_MS + rig->now_ms;
    engine_handle(rig->engine, &event);
    while (engine_next_effect(rig->engine, &effect))
        act(rig, &effect);
}

static void feed(struct rig *rig, struct event event)
{
    handle(rig, event);
    while (engine_has_declined(rig->engine))
        handle(rig, (struct event){.kind = EVENT_DECLINED});
}

/* ------------------------------------------------------------------ events -------------------- */

/* The writer takes all that waits into one group. */
static void execute_waiting(struct rig *rig)
{
    struct job *group[RIG_WAITING_MAX], *given[RIG_WAITING_MAX]; /* the store moves these about */
    size_t size = 0;
    for (size_t i = 0; i < rig->count; i++) {
        struct rig_waiting *at = &rig->waiting[(rig->first + i) % RIG_WAITING_MAX];
        if (at->kind != RIG_JOB || at->executed)
            continue;
        at->executed = true;
        group[size] = given[size] = at->job;
        size++;
    }
    store_execute(rig->handle, given, size);
    rig->outcome->store_failed = store_has_failed(rig->handle);
    for (size_t i = 0; i < size; i++)
        rig->outcome->commits += group[i]->done && group[i]->kind == JOB_COMMIT;
}

static void deliver(struct rig *rig)
{
    if (rig->waiting[rig->first].kind == RIG_JOB && !rig->waiting[rig->first].executed)
        execute_waiting(rig);
    struct rig_waiting at = rig->waiting[rig->first];
    rig->first = (rig->first + 1) % RIG_WAITING_MAX;
    rig->count--;
    struct event event = {.ticket = at.ticket};
    switch (at.kind) {
    case RIG_RESPONSE:
        event.kind = EVENT_RESPONSE;
        event.response = at.response;
        break;
    case RIG_DIGESTED:
        event.kind = EVENT_DIGESTED;
        event.digest = at.digest;
        event.fault = at.fault;
        break;
    case RIG_JOB:
        event.kind = EVENT_JOB_DONE;
        event.job = at.job;
        break;
    }
    feed(rig, event);
}

/* False where nothing can happen any more. */
static bool step(struct rig *rig)
{
    rig->now_ms++;
    if (rig->count > 0) {
        deliver(rig);
        return true;
    }
    if (rig->armed_ms == INT64_MAX)
        return false;
    if (rig->armed_ms > rig->now_ms)
        rig->now_ms = rig->armed_ms;
    rig->armed_ms = INT64_MAX;
    feed(rig, (struct event){.kind = EVENT_TIMER});
    return true;
}

/* ------------------------------------------------------------------ a round ------------------- */

static bool connect_rig(struct rig *rig, struct fault *fault)
{
    static const struct hash256 no_file;
    struct settings *settings;
    struct source *source;
    struct plan *plan;
    struct hash_key key = store_key(rig->handle);
    allocate_of_libraries(false); /* json-c and libconfig do not look whether they got memory */
    if (!plan_create(span_of(answers_declaration()), "small", &no_file, &plan, fault))
        return false;
    bool read = settings_read(rig->configuration, &settings, fault);
    allocate_of_libraries(true);
    bool made = read && source_create(settings, 0, plan, &source, fault) &&
                connection_create(source, &key, &rig->connection, fault);
    if (read)
        settings_free(settings);
    plan_release(plan);
    return made;
}

static bool open_all(struct rig *rig, struct fault *fault)
{
    const struct store_options options = {
        .create = true, .take_lock = true, .cache_bytes = CACHE_BYTES};
    const struct engine_options engine_options = {.seed = 7};
    return store_open(rig->store, &options, &rig->handle, fault) && connect_rig(rig, fault) &&
           store_reader_open(rig->handle, &rig->reader, fault) &&
           engine_create(&engine_options, &rig->engine, fault);
}

static void close_all(struct rig *rig)
{
    engine_free(rig->engine);
    drop_waiting(rig);
    store_reader_close(rig->reader);
    connection_release(rig->connection);
    store_close(rig->handle);
    rig->connection = NULL;
    rig->engine = NULL;
    rig->reader = NULL;
    rig->handle = NULL;
}

void rig_round(struct rig *rig, bool late, struct rig_outcome *ret_outcome)
{
    /* SQLite's random numbers, which are in its log, are the same in every round. */
    (void)sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 1, NULL);
    *ret_outcome = (struct rig_outcome){.proof = PROOF_NONE};
    rig->outcome = ret_outcome;
    rig->users_asked = 0;
    rig->now_ms = 1000 + (late ? LATER_MS : 0);
    rig->armed_ms = INT64_MAX;
    ret_outcome->opened = open_all(rig, &ret_outcome->fault);
    if (ret_outcome->opened) {
        feed(rig, (struct event){.kind = EVENT_START, .connection = rig->connection});
        for (int steps = 0; !ret_outcome->over && steps < STEPS_MAX; steps++)
            if (!step(rig))
                break;
    }
    close_all(rig);
}

/* ------------------------------------------------------------------ files --------------------- */

/* The views of kinds, which nothing here looks through, are most of the schema; without them a
 * store is opened in a third of the time. */
static void drop_views(const char *path)
{
    char sql[8192];
    size_t length = 0;
    for (size_t i = 0; i < KIND_COUNT; i++)
        length += (size_t)snprintf(sql + length, sizeof sql - length,
            "DROP VIEW \"%s\";DROP VIEW \"%s_history\";", kind_at(i)->name, kind_at(i)->name);
    sqlite3 *db;
    must(sqlite3_open(path, &db) == SQLITE_OK, "the pattern");
    must(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "the pattern's views");
    must(sqlite3_exec(db, "VACUUM", NULL, NULL, NULL) == SQLITE_OK, "the pattern's pages");
    must(sqlite3_close(db) == SQLITE_OK, "the pattern");
}

void rig_begin(struct rig *rig)
{
    *rig = (struct rig){.armed_ms = INT64_MAX};
    (void)snprintf(rig->folder, sizeof rig->folder, "%s/muster-inject-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    must(mkdtemp(rig->folder) != NULL, "a folder");
    /* With the same random numbers, processes would give their temporary files the same names. */
    sqlite3_temp_directory = sqlite3_mprintf("%s", rig->folder);
    must(sqlite3_temp_directory != NULL, "a folder for SQLite");
    (void)snprintf(
        rig->configuration, sizeof rig->configuration, "%.100s/muster.conf", rig->folder);
    (void)snprintf(rig->pattern, sizeof rig->pattern, "%.100s/pattern.db", rig->folder);
    (void)snprintf(rig->store, sizeof rig->store, "%.100s/store.db", rig->folder);
    FILE *file = fopen(rig->configuration, "w");
    must(file != NULL, "the configuration");
    (void)fprintf(file, "%s", answers_configuration());
    must(fclose(file) == 0, "the configuration");
    must(setenv("MUSTER_TEST_KEY", "s3cret", 1) == 0, "the environment");
    const struct store_options options = {.create = true};
    struct store *store;
    struct fault fault;
    if (!store_open(rig->pattern, &options, &store, &fault)) {
        (void)fprintf(stderr, "no pattern: %s\n", fault.text);
        abort();
    }
    store_close(store);
    drop_views(rig->pattern);
}

void rig_end(struct rig *rig)
{
    char command[RIG_PATH_MAX + 16];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", rig->folder);
    must(system(command) == 0, "cleaning up");
}

static void remove_beside(const struct rig *rig, const char *ending)
{
    char path[RIG_PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s%s", rig->store, ending);
    (void)unlink(path); /* mostly it is not there */
}

void rig_remove(const struct rig *rig)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal", ".lock", ".anchor"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        remove_beside(rig, endings[i]);
}

void rig_reboot(const struct rig *rig)
{
    remove_beside(rig, "-shm");
}

static void copy_file(const char *old, const char *new)
{
    struct stat status;
    int from = open(old, O_RDONLY | O_CLOEXEC);
    if (from < 0 && errno == ENOENT)
        return;
    int to = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    must(from >= 0 && to >= 0 && fstat(from, &status) == 0, old);
    must(sendfile(to, from, NULL, (size_t)status.st_size) == status.st_size, new);
    must(close(from) == 0 && close(to) == 0, new);
}

void rig_fresh(const struct rig *rig)
{
    rig_remove(rig);
    copy_file(rig->pattern, rig->store);
}

void rig_copy(const struct rig *rig, bool with_index, struct rig *ret_copy)
{
    static const char *const endings[] = {"", "-wal", "-journal", ".anchor", "-shm"};
    size_t count = sizeof endings / sizeof endings[0] - (with_index ? 0 : 1);
    char old[RIG_PATH_MAX + 16], new[RIG_PATH_MAX + 16];
    *ret_copy = (struct rig){.armed_ms = INT64_MAX};
    (void)memcpy(ret_copy->folder, rig->folder, sizeof rig->folder);
    (void)memcpy(ret_copy->configuration, rig->configuration, sizeof rig->configuration);
    (void)memcpy(ret_copy->pattern, rig->pattern, sizeof rig->pattern);
    (void)snprintf(ret_copy->store, sizeof ret_copy->store, "%.100s/copy.db", rig->folder);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(old, sizeof old, "%s%s", rig->store, endings[i]);
        (void)snprintf(new, sizeof new, "%s%s", ret_copy->store, endings[i]);
        copy_file(old, new);
    }
}

/* ------------------------------------------------------------------ what is known ------------- */

static const char *const content[] = {
    "SELECT kind,id,state,failed,fields,volatiles,raw,attributes,evidence"
    " FROM objects ORDER BY kind,id",
    "SELECT connection,kind,state,count FROM tallies WHERE count>0 ORDER BY 1,2,3",
    "SELECT DISTINCT stream,item,records,code,reason,pointer,id,hex(raw) FROM dead_letter"
    " WHERE state='open' ORDER BY 1,2,3",
    "SELECT connection,kind,verdict,proof,live,missing,deleted,held FROM verdict ORDER BY 1,2",
    "SELECT t.name,p.parent,p.live FROM scopes p JOIN streams t ON t.stream=p.stream ORDER BY 1,2",
    "SELECT stream,kind,path,type FROM drift ORDER BY 1,2,3,4",
};

static const char *const books[] = {
    "SELECT connection,kind,gaps,dead FROM verdict ORDER BY 1,2",
    "SELECT kind,id,hex(content_hash),hex(bytes_hash) FROM objects ORDER BY kind,id",
    "SELECT stream,parent,sequence,received,created,changed,unchanged,duplicate,filtered,dead,"
    "reappeared,conflicts,unreadable,distinct_items,hex(position) FROM batch ORDER BY 1,2,3",
    "SELECT stream,parent,proof,reason,end_signal,total,distinct_items,pages,received,created,"
    "changed,unchanged,duplicate,filtered,dead,missing,deleted,held,restarts FROM scope"
    " ORDER BY 1,2",
    "SELECT stream,proof,reason,full,scopes,pages,received,created,dead FROM run ORDER BY 1",
    "SELECT stream,parent,what,value,sequence FROM checkpoint ORDER BY 1,2,3",
};

static sqlite3 *look(const struct rig *rig)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(rig->store, &db, SQLITE_OPEN_READONLY, "unix") != SQLITE_OK) {
        (void)fprintf(stderr, "the store cannot be looked at: %s\n", sqlite3_errmsg(db));
        abort();
    }
    return db;
}

static void print_rows(sqlite3 *db, const char *sql, FILE *into)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const unsigned char *text = sqlite3_column_text(statement, i);
            (void)fprintf(into, "%s|", text ? (const char *)text : "~");
        }
        (void)fprintf(into, "\n");
        code = SQLITE_OK;
    }
    if (code != SQLITE_DONE)
        (void)fprintf(into, "%s: %s\n", sql, sqlite3_errmsg(db));
    (void)sqlite3_finalize(statement);
    (void)fprintf(into, "--\n");
}

char *rig_state(const struct rig *rig, bool with_books)
{
    char *text = NULL;
    size_t length;
    FILE *into = open_memstream(&text, &length);
    must(into != NULL, "memory");
    sqlite3 *db = look(rig);
    for (size_t i = 0; i < sizeof content / sizeof content[0]; i++)
        print_rows(db, content[i], into);
    for (size_t i = 0; with_books && i < sizeof books / sizeof books[0]; i++)
        print_rows(db, books[i], into);
    (void)sqlite3_close(db);
    must(fclose(into) == 0, "memory");
    return text;
}

static int64_t number(const struct rig *rig, const char *sql)
{
    sqlite3 *db = look(rig);
    sqlite3_stmt *statement = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return value;
}

bool rig_runs_ended(const struct rig *rig)
{
    return number(rig, "SELECT count(*) FROM runs WHERE ended_ms IS NOT NULL") >= ANSWERS_STREAMS;
}

bool rig_same(const char *state, const char *expected)
{
    while (*state && *state == *expected) {
        state++;
        expected++;
    }
    if (!*state && !*expected)
        return true;
    (void)fprintf(stderr, "found    ...%.*s\nexpected ...%.*s\n", (int)strcspn(state, "\n"), state,
        (int)strcspn(expected, "\n"), expected);
    return false;
}

int64_t rig_batches(const struct rig *rig)
{
    return number(rig, "SELECT count(*) FROM batches");
}

static void complain(void *context, const char *sentence)
{
    (void)context;
    (void)fprintf(stderr, "audit: %s\n", sentence);
}

bool rig_audit(const struct rig *rig)
{
    const struct store_options options = {.read_only = true};
    struct store *store;
    struct fault fault;
    int64_t batches, breaks = 0;
    if (!store_open(rig->store, &options, &store, &fault)) {
        (void)fprintf(stderr, "audit: %s\n", fault.text);
        return false;
    }
    bool good = store_audit(store, complain, NULL, &batches, &breaks, &fault);
    if (!good)
        (void)fprintf(stderr, "audit: %s\n", fault.text);
    store_close(store);
    return good && breaks == 0;
}
