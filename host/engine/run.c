/* SPDX-License-Identifier: Apache-2.0 */
/* A run: one stream of a round, with one scope, or one for each object of its parent. Its proof is
 * the least of its scopes' and of its parent's, because a scope nobody knew of is missing too. */
#include <stdio.h>
#include "base/memory.h"
#include "machine.h"

const struct program *run_program(const struct run *run)
{
    return run->round->connection->programs[run->stream];
}

static const struct muster_stream *declaration(const struct run *run)
{
    return &run->round->connection->source->plan->connector->streams.items[run->stream];
}

static void run_enter(struct run *run, enum run_state state)
{
    engine_trace_change(run->round->engine, "run", (int64_t)run->stream << 8 | run->state, state);
    run->state = state;
}

/* The run's proof sinks to `proof`; the first reason for the lowest one is kept. */
static void sink(struct run *run, enum proof proof, const char *reason)
{
    if (proof >= run->summary.proof)
        return;
    run->summary.proof = proof;
    (void)snprintf(run->summary.reason, sizeof run->summary.reason, "%.255s", reason);
}

static void lower_proof(struct run *run, enum proof proof, const char *reason)
{
    run->cut |= proof < PROOF_ASSERTED;
    sink(run, proof, reason);
}

/* One parent's trouble is not the stream's: "not permitted" at the head of a run's reason would
 * close the stream as a whole. */
static void lower_for_scope(struct run *run, const struct scope *scope)
{
    char reason[REASON_MAX];
    (void)snprintf(reason, sizeof reason, "%s%.230s",
        run->parent >= 0 ? "in one of its scopes: " : "", scope->reason);
    run->cut |= scope->proof < PROOF_ASSERTED && !scope->read_whole;
    sink(run, scope->proof, reason);
}

static void run_over(struct run *run)
{
    run_enter(run, RUN_OVER);
    run->summary.duration_ms = run->round->engine->now_ms - run->began_ms;
    engine_note(run->round->engine, NOTE_RUN_ENDED, run->round, run)->summary = &run->summary;
    round_advance(run->round);
}

static void fill_summary(struct run *run)
{
    const struct muster_stream *stream = declaration(run);
    const struct kind *kind =
        stream->yields.count ? kind_by_number(stream->yields.items[0].kind) : NULL;
    run->summary.connection = run->round->connection->source->name;
    run->summary.stream = stream->name;
    run->summary.kind = kind ? kind->name : "";
    run->began_ms = run->round->engine->now_ms;
}

/* Over without having been begun: done earlier in this round, not selected, or the connection
 * failed. */
void run_skip(struct run *run, enum proof proof, const char *reason)
{
    fill_summary(run);
    run->summary.proof = proof;
    (void)snprintf(run->summary.reason, sizeof run->summary.reason, "%.255s", reason);
    run_enter(run, RUN_OVER);
    if (reason[0] &&
        proof == PROOF_PARTIAL) /* one that ended earlier in this round was told of then */
        engine_note(run->round->engine, NOTE_RUN_ENDED, run->round, run)->summary = &run->summary;
}

/* Before the store knows of it: the run ends with what went wrong. */
static void give_up(struct run *run, const char *why)
{
    run->summary.proof = PROOF_PARTIAL;
    (void)snprintf(run->summary.reason, sizeof run->summary.reason, "%.200s", why);
    run_over(run);
}

void run_begin(struct run *run)
{
    struct round *round = run->round;
    const struct muster_stream *stream = declaration(run);
    struct job_stream *entry = &round->entries[run->stream];
    fill_summary(run);
    run_enter(run, RUN_BEGINNING);
    run->summary.proof = PROOF_PROVEN;
    if (!entry->full && bookmark_is_too_old(&stream->incremental, entry->bookmark,
                            round_policy(round)->look_back_ms, round->engine->wall_ms)) {
        entry->full = true;
        entry->why_full = "changes no longer kept";
    }
    run->full = entry->full || stream->mode == MUSTER_FULL || !entry->bookmark.data;
    run->summary.full = run->full;
    run->arena = arena_create(0);
    struct job *job = run->arena ? engine_job(JOB_RUN_BEGIN) : NULL;
    if (!job) {
        give_up(run, "out of memory");
        return;
    }
    if (!run->full) /* a delta token is the application's own: it goes back as it came */
        run->bound = stream->mode == MUSTER_DELTA
                         ? entry->bookmark
                         : bookmark_bound(&stream->incremental, entry->bookmark,
                               round_policy(round)->look_back_ms, run->arena);
    job->run_begin = (struct job_run_begin){.connection = round->connection_key,
        .round = round->key,
        .stream = run->stream,
        .entry = entry,
        .source = round->connection->source,
        .full = run->full,
        .bound = run->bound};
    engine_job_submit(round, job, run);
}

static void end(struct run *run)
{
    struct round *round = run->round;
    run_enter(run, RUN_ENDING);
    if (run->parent >= 0 && round->runs[run->parent].summary.proof < run->summary.proof) {
        char reason[REASON_MAX];
        (void)snprintf(reason, sizeof reason, "its parent stream %s is %s",
            round->connection->source->plan->connector->streams.items[run->parent].name,
            proof_name(round->runs[run->parent].summary.proof));
        lower_proof(run, round->runs[run->parent].summary.proof, reason);
    }
    if (run->parent >= 0 && round->runs[run->parent].summary.sums.dead > 0)
        lower_proof(run, PROOF_ASSERTED,
            "items of its parent stream went to the dead letters: their children were not read");
    struct job *job = engine_job(JOB_RUN_END);
    if (!job) {
        give_up(run, "out of memory");
        return;
    }
    job->run_end = (struct job_run_end){.run = run->key,
        .proof = run->summary.proof,
        .reason = run->summary.proof == PROOF_PROVEN ? NULL : run->summary.reason,
        .requests = run->summary.requests,
        .retries = run->summary.retries,
        .throttled_ms = run->summary.throttled_ms,
        .complete = run->summary.proof >= PROOF_ASSERTED,
        .read_whole = !run->cut,
        .forget_bookmark = run->bookmark_expired};
    if (run->bookmark.length > 0 && job->run_end.complete && !run->bookmark_lost) {
        struct span copy = arena_copy(job->arena, bytes_span(&run->bookmark));
        job->run_end.bookmark = declaration(run)->mode == MUSTER_DELTA
                                    ? copy
                                    : bookmark_cap(declaration(run)->incremental.format, copy,
                                          run->started_wall_ms, job->arena);
    }
    engine_job_submit(round, job, run);
}

static void ask_parents(struct run *run)
{
    struct round *round = run->round;
    struct job *job = engine_job(JOB_PARENTS);
    if (!job) {
        lower_proof(run, PROOF_PARTIAL, "out of memory");
        run->parents_done = true;
        return;
    }
    run->parents_asked = true;
    job->parents = (struct job_parents){.connection = round->connection_key,
        .source = round->connection->source,
        .stream = run->stream,
        .after = run->parents_after};
    engine_job_submit(round, job, run);
}

static void drop_parents(struct run *run)
{
    if (run->parents)
        arena_free(run->parents->arena);
    run->parents = NULL;
}

/* Begins scopes while there are parents and room; asks for the next parents when these are used up;
 * ends the run when all is done. */
static void fill(struct run *run)
{
    struct round *round = run->round;
    if (run->state != RUN_ACTIVE)
        return;
    if (round->failed) {
        drop_parents(run);
        run->parents_done = run->parents_done || !run->parents_asked;
        lower_proof(run, PROOF_PARTIAL, round->reason);
    }
    while (run->parents && !round->stopping && run->scope_count < ENGINE_SCOPES_MAX) {
        struct job_parents *answer = &run->parents->parents;
        if (run->parents_at < answer->parent_count) {
            const struct job_parent *parent = &answer->parents[run->parents_at++];
            run->parents_after = parent->object;
            scope_begin(run, &parent->parent);
        } else {
            run->parents_done = !answer->more;
            drop_parents(run);
        }
        if (run->state != RUN_ACTIVE)
            return;
    }
    if (run->parent >= 0 && !run->parents && !run->parents_done && !run->parents_asked &&
        !round->stopping)
        ask_parents(run);
    if (run->scope_count == 0 && run->parents_done && !run->parents_asked)
        end(run);
}

static void begun(struct run *run, struct job *job)
{
    struct round *round = run->round;
    struct fault fault = job->fault;
    bool done = job->done;
    run->key = job->run_begin.run;
    run->started_wall_ms = job->run_begin.started_wall_ms;
    run->summary.run = run->key;
    run->summary.started_wall_ms = run->started_wall_ms;
    arena_free(job->arena);
    if (!done) {
        give_up(run, fault.text);
        return;
    }
    (void)engine_note(round->engine, NOTE_RUN_STARTED, round, run);
    run_enter(run, RUN_ACTIVE);
    if (run->parent < 0) {
        run->parents_done = true;
        if (!round->stopping && !round->failed)
            scope_begin(run, NULL);
        else if (round->failed)
            lower_proof(run, PROOF_PARTIAL, round->reason);
        else
            return;
    }
    fill(run);
}

static void got_parents(struct run *run, struct job *job)
{
    run->parents_asked = false;
    if (!job->done) {
        lower_proof(run, PROOF_PARTIAL, job->fault.text);
        run->parents_done = true;
        arena_free(job->arena);
    } else {
        run->parents = job;
        run->parents_at = 0;
    }
    fill(run);
}

static void ended(struct run *run, struct job *job)
{
    if (job->done) {
        run->summary.sums = job->run_end.sums;
        run->summary.pages = job->run_end.pages;
        run->summary.missing = job->run_end.missing;
        run->summary.deleted = job->run_end.deleted;
        run->summary.held = job->run_end.held;
        run->summary.letters_open = job->run_end.letters_open;
        run->summary.held_open = job->run_end.held_open;
        for (size_t i = 0; i < DRIFT_KINDS; i++) {
            run->summary.drift_of[i] = job->run_end.drift[i];
            run->summary.drift += job->run_end.drift[i];
        }
        run->round->entries[run->stream].run_ended = true;
    } else {
        lower_proof(run, PROOF_PARTIAL, job->fault.text);
    }
    arena_free(job->arena);
    run_over(run);
}

void run_job_done(struct run *run, struct job *job)
{
    struct round *round = run->round;
    round->jobs--;
    if (job->kind == JOB_RUN_BEGIN)
        begun(run, job);
    else if (job->kind == JOB_PARENTS)
        got_parents(run, job);
    else
        ended(run, job);
    round_advance(round);
}

static void keep_bookmark(struct run *run, const struct scope *scope)
{
    const struct muster_stream *stream = declaration(run);
    struct fault fault;
    if (stream->mode == MUSTER_FULL)
        return;
    if (scope->proof < PROOF_ASSERTED || scope->marks & SCOPE_MARKS_STAY) {
        run->bookmark_lost = true;
        return;
    }
    struct span found =
        scope->bookmark.length ? bytes_span(&scope->bookmark) : (struct span){NULL, 0};
    struct span kept = run->bookmark.length ? bytes_span(&run->bookmark) : (struct span){NULL, 0};
    /* A counter cannot be held back to the run's beginning: of several scopes, read one after the
     * other, the least counts; and one that is empty tells nothing of how far it was read. */
    bool least = run->parent >= 0 && !bookmark_is_time(stream->incremental.format);
    if (least && !found.data)
        run->bookmark_lost = true;
    if (least && kept.data ? !bookmark_later(stream->incremental.format, kept, found) || !found.data
                           : !bookmark_later(stream->incremental.format, found, kept))
        return;
    bytes_clear(&run->bookmark);
    if (!bytes_append(&run->bookmark, found, &fault))
        run->bookmark_lost = true;
}

bool run_widen(struct run *run)
{
    if (run->full || run->parent >= 0)
        return false;
    run->full = run->summary.full = true;
    run->bound = (struct span){NULL, 0};
    engine_trace_change(run->round->engine, "run widened", run->key, 0);
    return true;
}

/* Of a run that asks for changes a total may be of more than what changed. */
static void reconcile(struct run *run, const struct scope *scope)
{
    if (!run->full || scope->total == PAGE_TOTAL_UNKNOWN)
        return;
    run->summary.gap_known = true;
    run->summary.gap += scope->total - scope->sums.distinct - scope->sums.unreadable;
}

void run_scope_over(struct run *run, struct scope *scope)
{
    struct round *round = run->round;
    run->summary.scopes++;
    reconcile(run, scope);
    keep_bookmark(run, scope);
    lower_for_scope(run, scope);
    struct scope **at = &run->scopes;
    while (*at != scope)
        at = &(*at)->next;
    *at = scope->next;
    run->scope_count--;
    scope->over_next = round->engine->over; /* callers still look at it */
    round->engine->over = scope;
    fill(run);
    round_advance(round);
}

void run_stop(struct run *run)
{
    struct scope *next;
    for (struct scope *scope = run->scopes; scope; scope = next) {
        next = scope->next;
        scope_stop(scope);
    }
}

void run_free(struct run *run)
{
    while (run->scopes) {
        struct scope *scope = run->scopes;
        run->scopes = scope->next;
        scope_free(scope);
    }
    drop_parents(run);
    bytes_free(&run->bookmark);
    arena_free(run->arena);
}
