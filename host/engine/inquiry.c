/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Direct reads (DESIGN section 6). After a listing that is complete, of objects of its scope that
 * are missing: gone makes them deleted, there brings them back, anything else leaves them as they
 * are. And of a parent whose listing of children is not found (fault 29): gone closes the scope,
 * anything else leaves it partial. Nothing is believed before a live object beside them could be
 * read in the same way, because some APIs answer 404 for what they hide.
 */
#include <stdio.h>
#include "base/memory.h"
#include "machine.h"

static const struct muster_stream *stream_of(const struct scope *scope)
{
    const struct inquiry *inquiry = &scope->inquiry;
    return &scope->run->round->connection->source->plan->connector->streams.items[inquiry->stream];
}

const struct program *inquiry_program(const struct scope *scope)
{
    return scope->run->round->connection->programs[scope->inquiry.stream];
}

void inquiry_drop(struct scope *scope)
{
    struct job *job = TAKE(scope->inquiry.job);
    if (job)
        arena_free(job->arena);
    scope->inquiry = (struct inquiry){.about = INQUIRY_NONE};
}

/* ------------------------------------------------------------------ begin --------------------- */

static bool ask(struct scope *scope, enum inquiry_about about, size_t stream, int64_t most)
{
    struct round *round = scope->run->round;
    const struct program *program = round->connection->programs[stream];
    if (!program || !program->one || program->declaration->yields.count == 0 || round->failed ||
        round->stopping)
        return false;
    struct job *job = engine_job(JOB_SUSPECTS);
    if (!job)
        return false;
    scope->inquiry = (struct inquiry){.about = about, .stream = stream};
    job->suspects = (struct job_suspects){.run = scope->run->key,
        .scope = scope->key,
        .kind = program->declaration->yields.items[0].kind,
        .parent = about == INQUIRY_PARENT,
        .before = scope->proof == PROOF_PROVEN ? scope->run->key : INT64_MAX,
        .most = (size_t)most};
    scope_enter(scope, SCOPE_ASKING);
    engine_job_submit(round, job, scope);
    return true;
}

/* A proven run has its own second proof: there only what is missing from before is read, so that a
 * first absence is seen as what it is. */
bool inquiry_begin(struct scope *scope, int64_t absent)
{
    struct run *run = scope->run;
    int64_t most = round_policy(run->round)->direct_reads_most - run->direct_reads;
    bool complete = run->full && scope->proof >= PROOF_ASSERTED && !scope->failed;
    if (!complete || absent <= 0 || most <= 0)
        return false;
    most = most < absent ? most : absent;
    if (!ask(scope, INQUIRY_MISSING, run->stream, most))
        return false;
    run->direct_reads += most;
    return true;
}

bool inquiry_parent(struct scope *scope, const char *doubt)
{
    if (scope->run->parent < 0 || scope->ahead.pages > 0 ||
        !ask(scope, INQUIRY_PARENT, (size_t)scope->run->parent, 1))
        return false;
    (void)snprintf(scope->inquiry.doubt, sizeof scope->inquiry.doubt, "%s", doubt);
    return true;
}

/* ------------------------------------------------------------------ reading ------------------- */

/* The object whose turn it is: the control first. */
static const struct job_suspect *object_of(const struct scope *scope)
{
    const struct job_suspects *suspects = &scope->inquiry.job->suspects;
    return scope->inquiry.at == 0 ? &suspects->control : &suspects->suspects[scope->inquiry.at - 1];
}

bool inquiry_build(
    struct scope *scope, struct page_work *work, struct span token, struct fault *fault)
{
    bool about_own = scope->inquiry.about == INQUIRY_MISSING;
    return request_one(scope->run->round->connection->source, scope->inquiry.stream,
        object_of(scope)->id, about_own ? &scope->parent : NULL, token, work->arena, &work->request,
        fault);
}

/* Nothing more is to be read. */
static void finish(struct scope *scope)
{
    char doubt[REASON_MAX];
    page_work_free(TAKE(scope->asked));
    if (scope->inquiry.about == INQUIRY_MISSING || scope->closed || scope->failed) {
        scope_flush(scope);
        return;
    }
    (void)snprintf(doubt, sizeof doubt, "%s", scope->inquiry.doubt);
    inquiry_drop(scope);
    scope_fail_now(scope, "%s", doubt);
}

static void read_next(struct scope *scope)
{
    scope->retry = (struct retry_state){0};
    scope->renewals = 0;
    if (scope->inquiry.at > scope->inquiry.job->suspects.suspect_count)
        finish(scope);
    else
        scope_next(scope);
}

/* ------------------------------------------------------------------ what was said ------------- */

enum said { SAID_GONE, SAID_THERE, SAID_HIDDEN, SAID_NOTHING /* nothing more is asked */ };

static void record(struct scope *scope, bool gone)
{
    struct round *round = scope->run->round;
    const struct job_suspects *suspects = &scope->inquiry.job->suspects;
    struct job *job = engine_job(JOB_EVIDENCE);
    struct bytes text = {.limit = REASON_MAX};
    struct fault fault;
    bool said =
        job && (gone ? bytes_format(&text, &fault,
                           "direct read answered %d, while %.*s beside it could be read",
                           scope->inquiry.status,
                           suspects->control.id.length > 64 ? 64 : (int)suspects->control.id.length,
                           suspects->control.id.data)
                     : bytes_append_text(&text, "seen by direct read", &fault));
    struct span evidence =
        said ? arena_copy(job->arena, bytes_span(&text)) : (struct span){NULL, 0};
    bytes_free(&text);
    if (!evidence.data) {
        if (job)
            arena_free(job->arena);
        finish(scope);
        return;
    }
    job->evidence = (struct job_evidence){.run = scope->run->key,
        .scope = scope->key,
        .object = object_of(scope)->object,
        .gone = gone,
        .parent = scope->inquiry.about == INQUIRY_PARENT,
        .evidence = evidence.data};
    scope_enter(scope, SCOPE_ASKING);
    engine_job_submit(round, job, scope);
}

static void take(struct scope *scope, enum said said)
{
    bool control = scope->inquiry.at == 0, about_own = scope->inquiry.about == INQUIRY_MISSING;
    if (said == SAID_NOTHING || (control && said != SAID_THERE)) {
        finish(scope);
    } else if (!control && (said == SAID_GONE || (said == SAID_THERE && about_own))) {
        record(scope, said == SAID_GONE);
    } else {
        scope->inquiry.at++;
        read_next(scope);
    }
}

static bool is_listed(const uint32_t declared[4], const uint32_t defaults[4], int status)
{
    const uint32_t *list = declared[0] ? declared : defaults;
    for (size_t i = 0; i < 4; i++)
        if (list[i] != 0 && list[i] == (uint32_t)status)
            return true;
    return false;
}

/* The declaration says which statuses mean gone and which hidden; an error word inside a sound body
 * may say gone as well. Whatever passes by itself, or is nobody's word on the object, says nothing.
 */
static enum said judge(const struct scope *scope, enum outcome outcome)
{
    static const uint32_t gone[4] = {404, 410}, hidden[4] = {401, 403};
    const struct muster_read_one *declared = &stream_of(scope)->read_one;
    const int status = scope->inquiry.status;
    bool on_object = outcome == OUTCOME_NOT_FOUND || outcome == OUTCOME_INVALID;
    if (is_listed(declared->hidden_status, hidden, status) || outcome == OUTCOME_FORBIDDEN ||
        outcome == OUTCOME_AUTH_EXPIRED)
        return SAID_HIDDEN;
    if (on_object && is_listed(declared->gone_status, gone, status))
        return SAID_GONE;
    if (outcome == OUTCOME_NOT_FOUND && status >= 200 && status < 300)
        return SAID_GONE;
    return on_object ? SAID_HIDDEN : SAID_NOTHING;
}

void inquiry_refused(struct scope *scope, const struct classified *said)
{
    page_work_free(TAKE(scope->asked));
    take(scope, judge(scope, said->outcome));
}

void inquiry_answered(struct scope *scope, struct response *response)
{
    struct engine *engine = scope_engine(scope);
    scope->ticket = engine_ticket(engine, TICKET_INQUIRY_DIGEST, scope);
    scope_enter(scope, SCOPE_READING);
    struct effect *effect = engine_effect(engine, EFFECT_DIGEST);
    effect->ticket = scope->ticket;
    effect->input = (struct digest_input){.program = inquiry_program(scope),
        .response = response,
        .asked = scope->asked->request,
        .parent = scope->inquiry.about == INQUIRY_MISSING ? &scope->parent : NULL,
        .scope = scope->key,
        .one = true};
}

/* The object that was asked for, and nobody else who has its id now (fault 79). */
static enum said who_is_it(const struct job_suspect *wanted, const struct digest *digest)
{
    if (!digest->one_id.data || !span_equal(digest->one_id, wanted->id))
        return SAID_HIDDEN;
    return span_equal(digest->one_incarnation, wanted->incarnation) ? SAID_THERE : SAID_GONE;
}

void inquiry_digested(struct scope *scope, struct digest *digest)
{
    struct round *round = scope->run->round;
    if (!digest) {
        finish(scope);
        round_advance(round);
        return;
    }
    struct classified verdict = digest->page.verdict;
    listing_outcome(scope, verdict.outcome);
    if (verdict.outcome == OUTCOME_OK) {
        enum said said = who_is_it(object_of(scope), digest);
        digest_free(digest);
        page_work_free(TAKE(scope->asked));
        take(scope, said);
    } else {
        int64_t wait_ms = listing_wait_ms(scope, digest->response);
        digest_free(digest);
        listing_trouble(scope, &verdict, wait_ms);
    }
    round_advance(round);
}

/* ------------------------------------------------------------------ store --------------------- */

static void got_suspects(struct scope *scope, struct job *job)
{
    const struct job_suspects *suspects = &job->suspects;
    scope->inquiry.job = job;
    if (job->done && suspects->suspect_count > 0 && suspects->control.object != 0)
        read_next(scope);
    else
        finish(scope);
}

static void recorded(struct scope *scope, struct job *job)
{
    bool done = job->done;
    scope->closed = done && job->evidence.parent && job->evidence.gone;
    arena_free(job->arena);
    scope->inquiry.at++;
    if (done)
        read_next(scope);
    else
        finish(scope);
}

void inquiry_job_done(struct scope *scope, struct job *job)
{
    if (job->kind == JOB_SUSPECTS)
        got_suspects(scope, job);
    else
        recorded(scope, job);
}
