/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All jobs that wait together in one transaction. A job that is itself at fault is taken out and
 * the rest is done anew, so that it never
 * takes its neighbours along; a failing disk fails them all, and nothing of them is in the file.
 */
#include <assert.h>
#include "absence.h"
#include "anchor.h"
#include "commit.h"
#include "evidence.h"
#include "inside.h"
#include "rounds.h"
#include "scopes.h"
#include "shapes.h"
#include "token.h"

#define EXECUTE_JOBS_MAX 1024 /* jobs of one transaction */
#define VERSION_UNKNOWN  (-1) /* of the file's data: what is in memory is not of it */
#define WAL_BYTES_MAX \
    (64 << 20) /* of log, after which it is written back; measured with tests/bench/store_bench */

static bool execute_one(struct store *store, struct job *job, struct fault *fault)
{
    switch (job->kind) {
    case JOB_ROUND_OPEN:
        return rounds_open(store, &job->round_open, job->arena, job->wall_ms, fault);
    case JOB_RUN_BEGIN:
        return rounds_run_begin(store, &job->run_begin, job->wall_ms, fault);
    case JOB_PARENTS:
        return scopes_parents(store, &job->parents, job->arena, job->wall_ms, fault);
    case JOB_SCOPE_BEGIN:
        return scopes_begin(store, &job->scope_begin, job->arena, job->wall_ms, fault);
    case JOB_SCOPE_RESTART:
        return scopes_restart(store, &job->scope_restart, fault);
    case JOB_SCOPE_END:
        return absence_scope_end(store, &job->scope_end, job->wall_ms, fault);
    case JOB_SUSPECTS:
        return evidence_suspects(store, &job->suspects, job->arena, fault);
    case JOB_EVIDENCE:
        return evidence_take(store, &job->evidence, job->wall_ms, fault);
    case JOB_RUN_END:
        return rounds_run_end(store, &job->run_end, job->wall_ms, fault);
    case JOB_ROUND_END:
        return rounds_end(store, &job->round_end, job->wall_ms, fault);
    case JOB_TOKEN_SAVE:
        return token_save(store, &job->token, job->wall_ms, fault);
    case JOB_TOKEN_LOAD:
        return token_load(store, &job->token, job->arena, fault);
    case JOB_COMMIT:
        break;
    }
    assert(job->kind != JOB_COMMIT); /* they come in groups */
    return fault_set(fault, FAULT_USAGE, "a job of an unknown kind");
}

/* How many COMMIT jobs from the first one on make one group. */
static size_t group_size(struct job **jobs, size_t count)
{
    size_t size = 0, weight = 0;
    while (size < count && jobs[size]->kind == JOB_COMMIT) {
        weight += commit_weight(jobs[size]->commit.batch);
        if (size > 0 && weight > COMMIT_RECORDS_MAX)
            break;
        size++;
    }
    return size;
}

/* *ret_bad: the job at which it failed; count where it was none of them. */
static bool execute_all(
    struct store *store, struct job **jobs, size_t count, size_t *ret_bad, struct fault *fault)
{
    for (size_t at = 0; at < count;) {
        *ret_bad = at;
        if (jobs[at]->kind != JOB_COMMIT) {
            if (!execute_one(store, jobs[at++], fault))
                return false;
            continue;
        }
        size_t size = group_size(jobs + at, count - at), bad = 0;
        if (!commit_group(store, jobs + at, size, &bad, fault)) {
            *ret_bad = at + bad;
            return false;
        }
        at += size;
    }
    *ret_bad = count;
    return true;
}

/* What was read before another process wrote is stale. */
static bool notice_others(struct store *store, struct fault *fault)
{
    int64_t version = 0;
    if (!sql_integer(&store->sql, SQL_DATA_VERSION, &version, fault, ""))
        return false;
    if (version == store->data_version)
        return true;
    changes_forget(&store->changes, store->version);
    shapes_doubt(store);
    seen_cache_settle(&store->seen, false);
    seen_cache_free(&store->seen);
    if (!store_reload(store, fault))
        return false;
    store->data_version = version; /* not before: a failure must not pass for news that are known */
    return true;
}

bool store_keep_head(struct store *store, struct fault *fault)
{
    struct span head = {(const char *)store->head.bytes, sizeof store->head.bytes};
    return sql_run(&store->sql, SQL_META_PUT, fault, "zb", "head", head) &&
           sql_run(&store->sql, SQL_META_PUT, fault, "zi", "batches", store->next_batch - 1);
}

static bool finish(struct store *store, const struct hash256 *head_before, struct fault *fault)
{
    struct span head = {(const char *)store->head.bytes, sizeof store->head.bytes};
    struct span before = {(const char *)head_before->bytes, sizeof head_before->bytes};
    if (!span_equal(head, before) && !store_keep_head(store, fault))
        return false;
    return sql_run(&store->sql, SQL_COMMIT, fault, "");
}

/* Opens a transaction on what the file says now. */
static bool begin(struct store *store, struct fault *fault)
{
    store->version = atomic_load(&store->published) + 1;
    return sql_run(&store->sql, SQL_BEGIN, fault, "") && notice_others(store, fault);
}

static bool transaction(
    struct store *store, struct job **jobs, size_t count, size_t *ret_bad, struct fault *fault)
{
    *ret_bad = count;
    if (!begin(store, fault))
        return false;
    struct hash256 head = store->head;
    return execute_all(store, jobs, count, ret_bad, fault) && finish(store, &head, fault);
}

/* Back to what the file says, without reading it now: that could take as long as another process
 * holds on to it. */
static void roll_back(struct store *store)
{
    for (size_t i = 0; i < SQL_COUNT; i++)
        if (store->sql.statements[i])
            (void)sqlite3_reset(store->sql.statements[i]); /* their failure is known */
    if (!sqlite3_get_autocommit(store->sql.db))
        (void)sqlite3_exec(store->sql.db, "ROLLBACK", NULL, NULL, NULL); /* the log has no commit */
    seen_cache_settle(&store->seen, false);
    changes_forget(&store->changes, store->version);
    store->data_version = VERSION_UNKNOWN; /* the next transaction begins with reading it */
    shapes_doubt(store);
}

/* The fault is the job's own: the others can go on without it. */
static bool of_the_job(enum fault_code code)
{
    return code != FAULT_STORE && code != FAULT_STORE_BUSY && code != FAULT_STORE_CORRUPT &&
           code != FAULT_STORE_NEWER;
}

/* Writes the log back into the file once it is long. Its commits are durable already, so a failure
 * costs nothing but disk space. */
static void write_back(struct store *store)
{
    int pages = 0, written = 0;
    struct fault ignored;
    if (store->wal_pages * store->page_bytes < WAL_BYTES_MAX)
        return;
    int code =
        sqlite3_wal_checkpoint_v2(store->sql.db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &written);
    if ((code & 0xff) == SQLITE_IOERR)
        (void)sql_fault(&store->sql, code, &ignored); /* marks the handle */
}

static bool refuse(const struct store *store, struct fault *fault)
{
    if (store->read_only)
        return !fault_set(fault, FAULT_STORE, "the store was opened for reading only");
    if (store->sql.broken)
        return !fault_set(
            fault, FAULT_STORE, "the store failed before and writes nothing more; restart Muster");
    return false;
}

bool store_begin(struct store *store, struct fault *fault)
{
    if (refuse(store, fault))
        return false;
    if (begin(store, fault))
        return true;
    roll_back(store);
    return false;
}

bool store_end(struct store *store, bool good, struct fault *fault)
{
    if (good && sql_run(&store->sql, SQL_COMMIT, fault, "")) {
        atomic_store(&store->published, store->version);
        anchor_move(store);
        return true;
    }
    roll_back(store);
    return false;
}

static void execute_some(struct store *store, struct job **jobs, size_t count)
{
    while (count > 0) {
        struct fault fault = {FAULT_NONE, ""};
        size_t bad;
        if (transaction(store, jobs, count, &bad, &fault)) {
            atomic_store(&store->published, store->version);
            anchor_move(store);
            seen_cache_settle(&store->seen, true);
            seen_cache_trim(&store->seen);
            for (size_t i = 0; i < count; i++)
                jobs[i]->done = true;
            write_back(store);
            return;
        }
        roll_back(store);
        if (bad == count || !of_the_job(fault.code)) {
            for (size_t i = 0; i < count; i++)
                jobs[i]->fault = fault;
            return;
        }
        jobs[bad]->fault = fault;
        for (size_t i = bad + 1; i < count; i++)
            jobs[i - 1] = jobs[i];
        count--;
    }
}

void store_execute(struct store *store, struct job **jobs, size_t count)
{
    struct job *waiting[EXECUTE_JOBS_MAX];
    for (size_t at = 0; at < count;) {
        size_t some = 0;
        for (; at < count && some < EXECUTE_JOBS_MAX; at++) {
            struct job *job = jobs[at];
            job->done = false;
            job->fault = (struct fault){FAULT_NONE, ""};
            if (refuse(store, &job->fault) ||
                (job->kind == JOB_COMMIT && !commit_balance(job->commit.batch, &job->fault)))
                continue;
            waiting[some++] = job;
        }
        execute_some(store, waiting, some);
        atomic_store(&store->failed, store->sql.broken);
    }
}
