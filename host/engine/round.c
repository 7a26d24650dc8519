/* SPDX-License-Identifier: Apache-2.0 */
/* A round: one pass over a connection's streams. Parents before children; what stops the connection
 * stops the round. */
#include <stdarg.h>
#include <stdio.h>
#include "base/memory.h"
#include "machine.h"

const struct policy_settings *round_policy(const struct round *round)
{
    return &round->connection->source->policy;
}

static void round_enter(struct round *round, enum round_state state)
{
    engine_trace_change(round->engine, "round", round->state, state);
    round->state = state;
}

/* The round is over for the engine; it is freed before the next event, because effects and callers
 * still point into it. */
static void round_leave(struct round *round, bool interrupted)
{
    struct engine *engine = round->engine;
    struct effect *effect = engine_effect(engine, EFFECT_ROUND_DONE);
    enum proof least = PROOF_PROVEN;
    for (size_t i = 0; i < round->run_count; i++)
        if (round->entries[i].selected && round->runs[i].summary.proof < least)
            least = round->runs[i].summary.proof;
    effect->round.connection = round->connection->source->name;
    effect->round.failed = round->failed;
    effect->round.denied = round->denied;
    effect->round.interrupted = interrupted;
    effect->round.proof =
        round->failed || interrupted || round->run_count == 0 ? PROOF_PARTIAL : least;
    (void)snprintf(effect->round.reason, sizeof effect->round.reason, "%s", round->reason);
    login_leave(round);
    struct round **at = &engine->rounds;
    while (*at != round)
        at = &(*at)->next;
    *at = round->next;
    engine->round_count--;
    lane_leave(round);
    round->next = engine->gone;
    engine->gone = round;
    round_enter(round, ROUND_GONE);
}

static bool has_run(const struct round *round, enum run_state state)
{
    for (size_t i = 0; i < round->run_count; i++)
        if (round->runs[i].state == state)
            return true;
    return false;
}

/* Draining: everything that was under way has come back, so the round can be put down where its
 * checkpoints stand. */
static bool has_settled(const struct round *round)
{
    if (round->jobs > 0 || login_is_busy(round))
        return false;
    for (size_t i = 0; i < round->run_count; i++)
        for (const struct scope *scope = round->runs[i].scopes; scope; scope = scope->next)
            if (!scope_is_idle(scope))
                return false;
    return true;
}

static void interrupt(struct round *round)
{
    for (size_t i = 0; i < round->run_count; i++) {
        struct run *run = &round->runs[i];
        if (run->state == RUN_OVER)
            continue;
        run->summary.interrupted = true;
        run->summary.proof = PROOF_PARTIAL;
        (void)snprintf(run->summary.reason, sizeof run->summary.reason,
            "interrupted; goes on where it stopped");
        if (round->entries[i].selected)
            engine_note(round->engine, NOTE_RUN_ENDED, round, run)->summary = &run->summary;
    }
    round_leave(round, true);
}

/* Not one answer was sound: no stream's trouble, but the connection's, which is then tried less
 * often (quarantine). */
static void judge_fruit(struct round *round)
{
    const char *reason = NULL;
    if (round->failed || round->sound > 0 || round->unsound == 0)
        return;
    for (size_t i = 0; i < round->run_count && !reason; i++)
        if (round->runs[i].summary.reason[0] && round->runs[i].summary.requests > 0)
            reason = round->runs[i].summary.reason;
    round->failed = true;
    (void)snprintf(round->reason, sizeof round->reason,
        "no answer of the application was sound: %.200s", reason ? reason : "unavailable");
}

/* Of memory: nothing more can be asked of the store. */
static void run_out(struct round *round)
{
    if (!round->failed)
        (void)snprintf(round->reason, sizeof round->reason, "out of memory");
    round->failed = true;
    round_leave(round, false);
}

static void close_round(struct round *round)
{
    round_enter(round, ROUND_CLOSING);
    judge_fruit(round);
    login_leave(round); /* or it would send for a round that is gone */
    struct job *job = engine_job(JOB_ROUND_END);
    if (!job) {
        run_out(round);
        return;
    }
    job->round_end = (struct job_round_end){
        .connection = round->connection_key, .round = round->key, .failed = round->failed};
    (void)snprintf(job->round_end.reason, sizeof job->round_end.reason, "%s", round->reason);
    engine_job_submit(round, job, round);
}

void round_advance(struct round *round)
{
    if (round->state != ROUND_ACTIVE)
        return;
    for (size_t i = 0; i < round->run_count && !round->stopping; i++) {
        struct run *run = &round->runs[i];
        if (run->state != RUN_WAITING ||
            (run->parent >= 0 && round->runs[run->parent].state != RUN_OVER))
            continue;
        if (round->entries[i].run_ended)
            run_skip(run, round->entries[i].proof, "");
        else if (!round->entries[i].selected)
            run_skip(run, PROOF_NONE, "not selected");
        else if (round->failed)
            run_skip(run, PROOF_PARTIAL, round->reason);
        else
            run_begin(run);
        i = (size_t)-1; /* a run that was skipped may be the parent of an earlier one */
    }
    if (round->state != ROUND_ACTIVE) /* a run that could not begin was the last */
        return;
    bool over = !has_run(round, RUN_WAITING) && !has_run(round, RUN_BEGINNING) &&
                !has_run(round, RUN_ACTIVE) && !has_run(round, RUN_ENDING);
    if (over && round->jobs == 0 && !login_is_busy(round))
        close_round(round);
    else if (round->stopping && has_settled(round))
        interrupt(round);
}

static struct job *open_job(struct connection *connection, bool full);

/* All that is selected was over before the host was started anew. */
static bool is_spent(const struct round *round)
{
    for (size_t i = 0; i < round->run_count; i++)
        if (round->entries[i].selected && !round->entries[i].run_ended)
            return false;
    return true;
}

/* The open round is closed; the one that was asked for is opened in its place. */
static void open_again(struct round *round)
{
    struct job *job = open_job(round->connection, round->full);
    round->spent = false;
    arena_free(TAKE(round->arena));
    round->run_count = 0;
    if (!job) {
        run_out(round);
        return;
    }
    round_enter(round, ROUND_OPENING);
    engine_job_submit(round, job, round);
}

static void opened(struct round *round, struct job *job)
{
    bool resumed = job->done && job->round_open.resumed;
    if (!job->done) {
        round->failed = true;
        (void)snprintf(round->reason, sizeof round->reason, "%.200s", job->fault.text);
        arena_free(job->arena);
        round_leave(round, false);
        return;
    }
    round->connection_key = job->round_open.connection;
    round->key = job->round_open.round;
    round->arena = job->arena; /* entries and their bookmarks lie in it */
    round->entries = job->round_open.streams;
    round->run_count = job->round_open.stream_count;
    round->spent = resumed && is_spent(round);
    if (round->spent) {
        round->run_count = 0; /* nobody is told of them again */
        close_round(round);
        return;
    }
    round->runs = arena_allocate_array(round->arena, round->run_count, sizeof *round->runs);
    if (!round->runs || !login_join(round) ||
        !engine_reserve(round->engine, round->run_count * PLACES_RUN)) {
        round->run_count = 0;
        run_out(round);
        return;
    }
    for (size_t i = 0; i < round->run_count; i++) {
        struct run *run = &round->runs[i];
        run->round = round;
        run->stream = i;
        TAILQ_INIT(&run->waiting);
        run->parent = plan_stream_parent(round->connection->source->plan, i);
    }
    (void)engine_note(round->engine, NOTE_ROUND_STARTED, round, NULL);
    round_enter(round, ROUND_ACTIVE);
    round_advance(round);
}

void round_job_done(struct round *round, struct job *job)
{
    round->jobs--;
    if (job->kind == JOB_ROUND_OPEN) {
        opened(round, job);
        return;
    }
    if (!job->done && !round->failed) {
        round->failed = true;
        (void)snprintf(round->reason, sizeof round->reason, "%.200s", job->fault.text);
    }
    bool again = round->spent && job->done && !round->stopping;
    arena_free(job->arena);
    if (again)
        open_again(round);
    else
        round_leave(round, false);
}

static struct job *open_job(struct connection *connection, bool full)
{
    const struct source *source = connection->source;
    struct job *job = engine_job(JOB_ROUND_OPEN);
    if (!job)
        return NULL;
    job->round_open = (struct job_round_open){.source = source,
        .full = full,
        .resume_age_ms = source->policy.resume_age_most_ms,
        .stream_count = connection->stream_count};
    job->round_open.streams =
        arena_allocate_array(job->arena, connection->stream_count, sizeof(struct job_stream));
    for (size_t i = 0; job->round_open.streams && i < connection->stream_count; i++) {
        struct job_stream *entry = &job->round_open.streams[i];
        char shape[65], mapping[65];
        struct hash256 hash = plan_stream_shape(source->plan, i);
        hash256_text(&hash, shape);
        hash = plan_stream_mapping(source->plan, i);
        hash256_text(&hash, mapping);
        entry->declaration = &source->plan->connector->streams.items[i];
        entry->shape = arena_copy(job->arena, span_of(shape));
        entry->mapping = arena_copy(job->arena, span_of(mapping));
        entry->selected = source->selected[i];
        if (!entry->shape.data || !entry->mapping.data)
            job->round_open.streams = NULL;
    }
    if (!job->round_open.streams) {
        arena_free(job->arena);
        return NULL;
    }
    return job;
}

static void refuse(struct engine *engine, const struct connection *connection, const char *reason)
{
    struct effect *effect = engine_effect(engine, EFFECT_ROUND_DONE);
    effect->round.connection = connection->source->name;
    effect->round.failed = true;
    effect->round.proof = PROOF_PARTIAL;
    (void)snprintf(effect->round.reason, sizeof effect->round.reason, "%s", reason);
}

void round_start(struct engine *engine, struct connection *connection, bool full)
{
    for (const struct round *round = engine->rounds; round; round = round->next)
        if (span_equal_text(span_of(round->connection->source->name), connection->source->name)) {
            refuse(engine, connection, "a round of this connection is already under way");
            return;
        }
    if (engine->stopping) {
        refuse(engine, connection, "the host is stopping");
        return;
    }
    struct round *round = memory_allocate(sizeof *round);
    struct job *job = open_job(connection, full);
    bool placed = round && engine_reserve(engine, PLACES_ROUND);
    if (placed) {
        round->engine = engine;
        round->connection = connection_acquire(connection);
        round->full = full;
    }
    if (!placed || !job || !lane_join(round)) {
        if (placed)
            round_free(round);
        else
            memory_free(round);
        if (job)
            arena_free(job->arena);
        refuse(engine, connection, "out of memory");
        return;
    }
    round->next = engine->rounds;
    engine->rounds = round;
    engine->round_count++;
    engine_job_submit(round, job, round);
}

static void fail(struct round *round, bool denied, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
static void fail(struct round *round, bool denied, const char *format, va_list arguments)
{
    if (round->failed)
        return;
    round->failed = true;
    round->denied = denied;
    (void)vsnprintf(round->reason, sizeof round->reason, format, arguments);
    engine_trace_change(round->engine, "round failed", 0, 0);
    struct note *note = engine_note(round->engine, NOTE_TROUBLE, round, NULL);
    (void)snprintf(note->text, sizeof note->text, "%s", round->reason);
    for (size_t i = 0; i < round->run_count; i++) {
        struct scope *next;
        for (struct scope *scope = round->runs[i].scopes; scope; scope = next) {
            next = scope->next;
            scope_fail(scope, "%s", round->reason);
        }
    }
}

void round_fail(struct round *round, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail(round, false, format, arguments);
    va_end(arguments);
}

void round_deny(struct round *round, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail(round, true, format, arguments);
    va_end(arguments);
}

void round_stop(struct round *round)
{
    round->stopping = true;
    for (size_t i = 0; i < round->run_count; i++)
        run_stop(&round->runs[i]);
    round_advance(round);
}

void round_free(struct round *round)
{
    for (size_t i = 0; i < round->run_count; i++)
        run_free(&round->runs[i]);
    engine_release(round->engine, PLACES_ROUND + round->run_count * PLACES_RUN);
    lane_leave(round);
    connection_release(round->connection);
    arena_free(round->arena);
    memory_free(round);
}
