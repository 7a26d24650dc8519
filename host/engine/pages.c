/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scope's pages from answer to commit. A worker tells of a page twice: when it has read where the
 * listing goes on (the next page is then asked for), and when it has mapped the items. Pages are
 * taken in the order of the listing, whichever is mapped first; the checkpoint moves with the
 * commits. A page that is not taken takes those after it along: they are read again, or never.
 */
#include <inttypes.h>
#include <stdio.h>
#include "base/memory.h"
#include "base/timestamp.h"
#include "machine.h"

/* ------------------------------------------------------------------ memory -------------------- */

void pages_hold(struct round *round, size_t bytes)
{
    round->held_bytes += bytes;
    round->engine->held_bytes += bytes;
}

void pages_release(struct round *round, size_t bytes)
{
    round->held_bytes -= bytes;
    round->engine->held_bytes -= bytes;
}

static void hold_anew(struct page_work *work, size_t bytes)
{
    struct round *round = work->scope->run->round;
    pages_release(round, work->held_bytes);
    work->held_bytes = bytes;
    pages_hold(round, bytes);
}

bool pages_have_room(const struct scope *scope)
{
    return scope->work_count + scope->commits <
           (unsigned)round_policy(scope->run->round)->window_pages;
}

struct page_work *page_work_create(struct scope *scope)
{
    struct engine *engine = scope_engine(scope);
    struct arena *arena = arena_create(0);
    struct page_work *work = arena ? arena_allocate(arena, sizeof *work) : NULL;
    struct span token = work ? arena_copy(arena, scope->at.token) : (struct span){NULL, 0};
    if (!work || (scope->at.token.data && !token.data) || !engine_reserve(engine, PLACES_PAGE)) {
        arena_free(arena);
        return NULL;
    }
    work->scope = scope;
    work->arena = arena;
    work->at = scope->at;
    work->at.token = token;
    return work;
}

void page_work_free(struct page_work *work)
{
    if (!work)
        return;
    engine_release(scope_engine(work->scope), PLACES_PAGE);
    digest_free(work->digest);
    arena_free(work->arena);
}

void pages_free(struct scope *scope)
{
    while (scope->first) {
        struct page_work *work = scope->first;
        scope->first = work->next;
        page_work_free(work);
    }
    page_work_free(TAKE(scope->asked));
}

static void stage_enter(struct page_work *work, enum page_stage stage)
{
    engine_trace_change(
        scope_engine(work->scope), "page", work->scope->key << 8 | work->stage, stage);
    work->stage = stage;
}

/* ------------------------------------------------------------------ answer -------------------- */

void pages_answered(struct scope *scope, struct response *response)
{
    struct engine *engine = scope_engine(scope);
    struct page_work *work = TAKE(scope->asked);
    if (scope->first)
        scope->last->next = work;
    else
        scope->first = work;
    scope->last = work;
    scope->work_count++;
    int64_t date_ms;
    if (work->at.page == 0 &&
        timestamp_from_http_date(http_headers_get(&response->headers, "Date"), &date_ms))
        scope->guards.began_ms = date_ms;
    work->body_length = response->body.length;
    work->held_bytes = response->body.capacity;
    pages_hold(scope->run->round, work->held_bytes);
    work->ticket = engine_ticket(engine, TICKET_PAGE_DIGEST, work);
    stage_enter(work, STAGE_READING);
    scope_enter(scope, SCOPE_READING);
    struct effect *effect = engine_effect(engine, EFFECT_DIGEST);
    effect->ticket = work->ticket;
    effect->input = (struct digest_input){.program = run_program(scope->run),
        .response = response,
        .asked = work->request,
        .at = work->at,
        .parent = &scope->parent,
        .scope = scope->key,
        .nothing_known = scope->live_before == 0};
}

/* ------------------------------------------------------------------ read ---------------------- */

static bool take_next(struct scope *scope, const struct position *next, struct fault *fault)
{
    scope->at = *next;
    bytes_clear(&scope->token);
    if (!next->token.data)
        return true;
    if (!bytes_append(&scope->token, next->token, fault))
        return false;
    scope->at.token = bytes_span(&scope->token);
    return true;
}

void pages_read(struct page_work *work, const struct page *page)
{
    struct scope *scope = work->scope;
    struct fault fault;
    if (work->stage != STAGE_READING)
        return;
    stage_enter(work, STAGE_MAPPING);
    work->body_length = page->body_length;
    if (work->held_bytes < page->body_length) /* it may wait so for long before it is mapped */
        hold_anew(work, page->body_length);
    scope->retry = (struct retry_state){0};
    scope->renewals = 0;
    if (scope->turn != TURN_NONE) { /* a page before it did not fit: this one is dropped */
        scope_restart(scope);
        return;
    }
    work->alone = probe_is_alone(work, page);
    if (work->alone) {
        work->trail = scope->ahead;
        work->trail.pages++;
        work->trail.bytes += (int64_t)work->body_length;
        if (scope->failed || scope->run->round->stopping)
            scope_next(scope); /* which sees to either */
        else
            scope_enter(scope, SCOPE_PROBING);
        return;
    }
    scope->exact = false;
    work->guard = proof_read(scope, work, page);
    work->trail = scope->ahead;
    if (work->guard || page->end != PAGE_GOES_ON)
        scope_flush(scope);
    else if (!take_next(scope, &page->next, &fault))
        scope_fail_now(scope, "page %" PRId64 ": %s", work->trail.pages, fault.text);
    else if (pages_have_room(scope))
        scope_next(scope);
    else
        scope_enter(scope, SCOPE_WINDOW);
}

/* ------------------------------------------------------------------ commit -------------------- */

static bool take_bookmark(struct scope *scope, const struct digest *digest, struct fault *fault)
{
    const struct muster_incremental *declared = &run_program(scope->run)->declaration->incremental;
    if (digest->page.delta.data) {
        bytes_clear(&scope->bookmark);
        return bytes_append(&scope->bookmark, digest->page.delta, fault);
    }
    struct span kept =
        scope->bookmark.length ? bytes_span(&scope->bookmark) : (struct span){NULL, 0};
    if (!digest->bound_high.data || !bookmark_later(declared->format, digest->bound_high, kept))
        return true;
    bytes_clear(&scope->bookmark);
    return bytes_append(&scope->bookmark, digest->bound_high, fault);
}

/* Nobody waits for the commit of a page while the listing goes on, and half of what may be ahead
 * is still free. */
static bool is_patient(const struct scope *scope, const struct page *page)
{
    const struct round *round = scope->run->round;
    const struct policy_settings *policy = round_policy(round);
    return page->end == PAGE_GOES_ON && !scope->failed && !round->stopping &&
           (scope->work_count + scope->commits) * 2 < (unsigned)policy->window_pages &&
           round->engine->held_bytes * 4 < (size_t)policy->queue_bytes_most;
}

/* The page goes to the store, with the position after it and what the listing came to. The digest
 * lives until the commit is back. */
static bool commit(struct page_work *work, enum checkpoint_state state, struct fault *fault)
{
    struct scope *scope = work->scope;
    struct round *round = scope->run->round;
    struct batch *batch = &work->digest->batch;
    const struct page *page = &work->digest->page;
    const struct position *at = page->end == PAGE_GOES_ON ? &page->next : &work->at;
    struct job *job = engine_job_in(work->arena, JOB_COMMIT);
    if (!job)
        return fault_memory(fault);
    batch->run = scope->run->key;
    batch->scope = scope->key;
    batch->sequence = scope->sequence + 1;
    batch->wall_ms = round->engine->wall_ms;
    if (!checkpoint_encode(scope, state, at, work->arena, &batch->position, fault))
        return false;
    if (scope->bookmark.length)
        batch->bookmark = arena_copy(work->arena, bytes_span(&scope->bookmark));
    if (scope->bookmark.length && !batch->bookmark.data)
        return fault_memory(fault);
    job->commit.batch = batch;
    job->bytes = batch->bytes;
    job->patient = is_patient(scope, page);
    pages_hold(round, batch->bytes);
    scope->sequence++;
    scope->commits++;
    engine_job_submit(round, job, scope); /* with it goes the arena, and `work` in it */
    return true;
}

/* False where the page is not taken: it does not fit to the one before it, or says nothing more
 * than that it does. */
static bool fits(struct page_work *work)
{
    struct scope *scope = work->scope;
    enum probe probe = scope->failed ? PROBE_NONE : probe_judge(work);
    if (probe == PROBE_MET)
        digest_drop_first(work->digest);
    else if (probe == PROBE_ROUNDED)
        scope->probe_off = true;
    if (probe == PROBE_ROUNDED || (probe == PROBE_MET && work->alone)) {
        scope->exact = true;
        scope->back = work->at;
        scope_turn(scope, TURN_BACK);
        return false;
    }
    if (probe == PROBE_MISSED)
        proof_note(scope, "overlap_missed");
    if (probe == PROBE_MISSED && proof_may_restart(scope)) {
        (void)snprintf(scope->reason, sizeof scope->reason,
            "page %" PRId64 " does not begin with the item that the page before it ended with: "
            "second pass",
            scope->trail.pages + 1);
        scope_turn(scope, TURN_RESTART);
        return false;
    }
    if (probe == PROBE_MISSED)
        work->guard =
            "the listing changed while it was read, in the second pass too: the page does "
            "not begin with the item that the page before it ended with";
    return true;
}

/* False where the page does not go to the store, or is the last that does. */
static bool take(struct page_work *work)
{
    struct scope *scope = work->scope;
    struct digest *digest = work->digest;
    struct fault fault = work->fault;
    bool sound = true, kept = false;
    if (digest && !fits(work)) {
        page_work_free(work);
        return false;
    }
    if (digest) {
        http_headers_free(&digest->response->headers); /* have said all they had to; the body waits
                                                          for the commit */
        sound = proof_page(scope, work);
        enum checkpoint_state state = scope->failed
                                          ? CHECKPOINT_FAILED /* by this page, or before */
                                      : digest->page.end == PAGE_GOES_ON ? CHECKPOINT_GOES_ON
                                                                         : CHECKPOINT_OVER;
        kept = take_bookmark(scope, digest, &fault) && commit(work, state, &fault);
    }
    if (!kept) {
        scope_fail(scope, "page %" PRId64 ": %s", work->trail.pages, fault.text);
        page_work_free(work);
    }
    return sound && kept;
}

/* Takes the pages whose turn it is. The scope cannot end under its feet: a page leaves the list
 * only once it is taken. */
static void take_turns(struct scope *scope)
{
    struct round *round = scope->run->round;
    while (scope->first && scope->first->stage == STAGE_DIGESTED) {
        struct page_work *work = scope->first, *next = work->next;
        pages_release(round, work->held_bytes);
        if (scope->cut)
            page_work_free(work);
        else
            scope->cut = !take(work);
        scope->first = next;
        scope->work_count--;
    }
    lane_pump(round->engine, round->lane); /* memory may have come free: a sender may go on */
}

/* The page that was being read is none. */
static void reject(struct page_work *work)
{
    struct scope *scope = work->scope;
    struct round *round = scope->run->round;
    struct digest *digest = TAKE(work->digest);
    struct fault fault = work->fault;
    struct page_work **at = &scope->first;
    scope->last = NULL;
    while (*at != work) {
        scope->last = *at;
        at = &(*at)->next;
    }
    *at = NULL;
    scope->work_count--;
    pages_release(round, work->held_bytes);
    lane_pump(round->engine, round->lane);
    scope->asked = work; /* its request may have to be sent anew */
    if (!digest) {
        scope_fail_now(scope, "page %" PRId64 ": %s", scope->ahead.pages + 1, fault.text);
        return;
    }
    struct classified said = digest->page.verdict;
    int64_t wait_ms = listing_wait_ms(scope, digest->response);
    if (said.outcome == OUTCOME_THROTTLED)
        lane_refused(scope, digest->response);
    digest_free(digest);
    listing_trouble(scope, &said, wait_ms);
}

void pages_digested(struct page_work *work, struct digest *digest, const struct fault *fault)
{
    struct scope *scope = work->scope;
    struct round *round = scope->run->round;
    bool is_page = digest && digest->page.verdict.outcome == OUTCOME_OK;
    work->digest = digest;
    if (!digest)
        work->fault = *fault;
    else
        hold_anew(work, digest->batch.bytes); /* decoded, and with what was made of it */
    listing_outcome(scope, digest ? digest->page.verdict.outcome : fault_outcome(work->fault.code));
    if (is_page)
        pages_read(work, &digest->page); /* where the worker has not told yet */
    if (work->stage == STAGE_READING) {
        reject(work);
    } else {
        stage_enter(work, STAGE_DIGESTED);
        take_turns(scope);
        scope_settle(scope);
    }
    round_advance(round);
}
