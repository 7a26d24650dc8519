/* SPDX-License-Identifier: Apache-2.0 */
/* A round is one pass over a connection's streams. One that a crash left open is taken up again,
 * or closed as superseded. */
#include "rounds.h"

#include <string.h>
#include "base/timestamp.h"
#include "config/source.h"
#include "registry.h"
#include "shapes.h"

/* The round that is open, if it may be taken up again. 0: none, or it was closed. */
static bool find_open(struct store *store, const struct job_round_open *open, int64_t declaration,
    int64_t wall_ms, int64_t *ret_round, struct fault *fault)
{
    *ret_round = 0;
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_ROUND_FIND, &row, fault, "i", open->connection);
    if (step != SQL_ROW)
        return step == SQL_END;
    int64_t round = sqlite3_column_int64(row, 0);
    struct span fingerprint = sql_span(row, 3);
    struct span ours = {
        (const char *)open->source->fingerprint.bytes, sizeof open->source->fingerprint.bytes};
    int64_t age_ms = wall_ms - sqlite3_column_int64(row, 1);
    bool good = age_ms <= open->resume_age_ms && sqlite3_column_int64(row, 2) == declaration &&
                span_equal(fingerprint, ours) && (!open->full || sqlite3_column_int(row, 4) != 0);
    if (good) {
        *ret_round = round;
        return true;
    }
    return sql_run(&store->sql, SQL_SCOPE_RUNS_CLOSE, fault, "izi", round, STORE_REASON_SUPERSEDED,
               wall_ms) &&
           sql_run(&store->sql, SQL_RUNS_CLOSE, fault, "izi", round, STORE_REASON_SUPERSEDED,
               wall_ms) &&
           sql_run(&store->sql, SQL_ROUND_END, fault, "izzi", round, "superseded",
               STORE_REASON_SUPERSEDED, wall_ms);
}

/* What the store knows of a stream before this round. */
struct past {
    int64_t stream, last_full_ms, complete_ms;
    bool ever_full, mapping_changed, shape_changed, expired, has_bookmark;
};

static bool read_past(struct store *store, int64_t connection, struct job_stream *entry,
    struct arena *arena, struct past *past, struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(
        &store->sql, SQL_STREAM_PAST, &row, fault, "iz", connection, entry->declaration->name);
    if (step == SQL_FAILED)
        return false;
    if (step == SQL_END)
        return fault_set(
            fault, FAULT_STORE, "the stream %s is not registered", entry->declaration->name);
    past->stream = sqlite3_column_int64(row, 0);
    past->ever_full = sqlite3_column_type(row, 1) != SQLITE_NULL;
    past->last_full_ms = past->ever_full ? sqlite3_column_int64(row, 1) : TIMESTAMP_NONE;
    past->complete_ms = sqlite3_column_int64(row, 2);
    const struct span mapping = sql_span(row, 3);
    past->mapping_changed = mapping.data && !span_equal(mapping, entry->mapping);
    past->shape_changed = span_equal_text(sql_span(row, 5), "shape changed");
    past->expired = span_equal_text(sql_span(row, 5), "expired");
    past->has_bookmark = sqlite3_column_type(row, 4) != SQLITE_NULL;
    return sql_copy(row, 4, arena, &entry->bookmark, fault);
}

#define FULL_EVERY_DEFAULT_MS INT64_C(86400000)

static const char *why_full(const struct job_round_open *open, const struct job_stream *entry,
    const struct past *past, int64_t wall_ms)
{
    const struct muster_stream *stream = entry->declaration;
    const struct connection_settings *settings = open->source->settings;
    int64_t every_ms =
        settings && settings->full_every_ms > 0 ? settings->full_every_ms : FULL_EVERY_DEFAULT_MS;
    int64_t kept_ms = (int64_t)stream->incremental.keeps_s * 1000;
    if (open->full)
        return "asked for";
    if (stream->mode == MUSTER_FULL)
        return "not incremental";
    if (past->shape_changed)
        return "shape changed";
    if (!past->ever_full)
        return "first";
    if (past->mapping_changed)
        return "mapping changed";
    if (past->expired)
        return "bookmark expired";
    if (!past->has_bookmark)
        return "no bookmark";
    if (wall_ms - past->last_full_ms >= every_ms ||
        wall_ms < past->last_full_ms) /* the clock went back: nobody knows how long it is ago */
        return "due";
    if (kept_ms > 0 && wall_ms - past->complete_ms > kept_ms)
        return "changes no longer kept";
    return NULL;
}

/* The run that this round already has of the stream. */
static bool read_run(struct store *store, int64_t round, int64_t stream, struct job_stream *entry,
    struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_RUN_OF_ROUND, &row, fault, "ii", round, stream);
    if (step != SQL_ROW)
        return step == SQL_END;
    entry->run = sqlite3_column_int64(row, 0);
    entry->run_ended = sqlite3_column_type(row, 1) != SQLITE_NULL;
    entry->proof = (enum proof)sqlite3_column_int(row, 2);
    bool full = sqlite3_column_int(row, 3) != 0;
    if (full && !entry->full)
        entry->why_full = "resumed";
    entry->full = full;
    return true;
}

bool rounds_open(struct store *store, struct job_round_open *open, struct arena *arena,
    int64_t wall_ms, struct fault *fault)
{
    int64_t declaration, round;
    if (!registry_connection(store, open, &declaration, wall_ms, fault) ||
        !find_open(store, open, declaration, wall_ms, &round, fault) ||
        !registry_streams(store, open, declaration, fault))
        return false;
    open->resumed = round != 0;
    struct span fingerprint = {
        (const char *)open->source->fingerprint.bytes, sizeof open->source->fingerprint.bytes};
    if (round == 0) {
        if (!sql_run(&store->sql, SQL_ROUND_ADD, fault, "iibii", open->connection, declaration,
                fingerprint, (int64_t)open->full, wall_ms))
            return false;
        round = sqlite3_last_insert_rowid(store->sql.db);
    }
    open->round = round;
    for (size_t i = 0; i < open->stream_count; i++) {
        struct job_stream *entry = &open->streams[i];
        struct past past = {0};
        if (!read_past(store, open->connection, entry, arena, &past, fault))
            return false;
        entry->run = 0;
        entry->run_ended = false;
        entry->proof = PROOF_NONE;
        entry->why_full = why_full(open, entry, &past, wall_ms);
        entry->full = entry->why_full != NULL;
        entry->last_full_wall_ms = past.last_full_ms;
        if (open->resumed && !read_run(store, round, past.stream, entry, fault))
            return false;
    }
    return true;
}

bool rounds_end(
    struct store *store, const struct job_round_end *end, int64_t wall_ms, struct fault *fault)
{
    const char *reason = end->reason[0] ? end->reason : NULL;
    const char *of_runs = reason ? reason : "the round ended";
    return sql_run(&store->sql, SQL_SCOPE_RUNS_CLOSE, fault, "izi", end->round, of_runs, wall_ms) &&
           sql_run(&store->sql, SQL_RUNS_CLOSE, fault, "izi", end->round, of_runs, wall_ms) &&
           sql_run(&store->sql, SQL_ROUND_END, fault, "izzi", end->round,
               end->failed ? "failed" : "done", reason, wall_ms);
}

bool rounds_run_begin(
    struct store *store, struct job_run_begin *begin, int64_t wall_ms, struct fault *fault)
{
    const struct muster_stream *declared = begin->entry->declaration;
    int64_t stream = 0, run = 0;
    if (!sql_integer(
            &store->sql, SQL_STREAM_FIND, &stream, fault, "iz", begin->connection, declared->name))
        return false;
    if (stream == 0)
        return fault_set(
            fault, FAULT_NOT_FOUND, "the store does not know the stream %s", declared->name);
    if (!sql_integer(&store->sql, SQL_RUN_OF_ROUND, &run, fault, "ii", begin->round, stream))
        return false;
    if (run == 0) {
        if (!sql_run(&store->sql, SQL_RUN_ADD, fault, "iitizbi", begin->round, stream,
                begin->entry->mapping, (int64_t)begin->full,
                begin->full ? begin->entry->why_full : NULL, begin->bound, wall_ms))
            return false;
        run = sqlite3_last_insert_rowid(store->sql.db);
        if (!sql_run(&store->sql, SQL_STREAM_RUN, fault, "ii", stream, run))
            return false;
    }
    begin->run = run;
    return sql_integer(
        &store->sql, SQL_RUN_STARTED, &begin->started_wall_ms, fault, "i", begin->run);
}

static bool read_sums(struct store *store, struct job_run_end *end, struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_RUN_SUMS, &row, fault, "i", end->run);
    if (step != SQL_ROW)
        return step == SQL_END;
    int64_t *const columns[] = {&end->pages, &end->sums.received, &end->sums.created,
        &end->sums.changed, &end->sums.unchanged, &end->sums.duplicate, &end->sums.filtered,
        &end->sums.dead, &end->sums.reappeared, &end->sums.conflicts, &end->sums.unreadable,
        &end->sums.distinct, &end->missing, &end->deleted, &end->held};
    for (int i = 0; i < (int)(sizeof columns / sizeof columns[0]); i++)
        *columns[i] = sqlite3_column_int64(row, i);
    return true;
}

/* Drift, concluded and counted. */
static bool end_shapes(
    struct store *store, const struct job_run_end *end, int64_t wall_ms, struct fault *fault)
{
    int64_t full = 0;
    return sql_integer(&store->sql, SQL_RUN_FULL, &full, fault, "i", end->run) &&
           shapes_run_end(store, end->run, full != 0, end->read_whole, wall_ms, fault);
}

static bool count_waiting(struct store *store, struct job_run_end *end, struct fault *fault)
{
    for (enum drift_kind kind = DRIFT_NEW_PATH; kind < DRIFT_KINDS; kind++)
        if (!sql_integer(&store->sql, SQL_RUN_DRIFT, &end->drift[kind], fault, "iz", end->run,
                drift_kind_name(kind)))
            return false;
    return sql_integer(&store->sql, SQL_LETTERS_OPEN, &end->letters_open, fault, "i", end->run) &&
           sql_integer(&store->sql, SQL_HELD_OPEN, &end->held_open, fault, "i", end->run);
}

bool rounds_run_end(
    struct store *store, struct job_run_end *end, int64_t wall_ms, struct fault *fault)
{
    int64_t found = 0, ended = 0;
    if (!sql_integer(&store->sql, SQL_RUN_FIND, &found, fault, "i", end->run) ||
        !sql_integer(&store->sql, SQL_RUN_ENDED, &ended, fault, "i", end->run))
        return false;
    if (found == 0)
        return fault_set(fault, FAULT_NOT_FOUND, "there is no run %lld", (long long)end->run);
    if (!ended) {
        bool closed = end->reason && strncmp(end->reason, STORE_REASON_FORBIDDEN,
                                         sizeof STORE_REASON_FORBIDDEN - 1) == 0;
        if (!sql_run(&store->sql, SQL_RUN_END, fault, "iiziiiii", end->run, (int64_t)end->proof,
                end->reason, end->requests, end->retries, end->throttled_ms, (int64_t)end->complete,
                wall_ms) ||
            !sql_run(&store->sql, SQL_STREAM_CLOSED, fault, "ii", end->run, (int64_t)closed) ||
            !sql_run(&store->sql, SQL_MAPPING_STATES_OF_RUN, fault, "i", end->run) ||
            !end_shapes(store, end, wall_ms, fault))
            return false;
        if (end->forget_bookmark &&
            !sql_run(&store->sql, SQL_BOOKMARK_FORGET, fault, "i", end->run))
            return false;
        if (end->complete && !sql_run(&store->sql, SQL_STREAM_COMPLETE, fault, "iib", end->run,
                                 (int64_t)end->proof, end->bookmark))
            return false;
    }
    return count_waiting(store, end, fault) && read_sums(store, end, fault);
}
