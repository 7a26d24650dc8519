/* SPDX-License-Identifier: Apache-2.0 */
/* A scope's pages: request, answer, retry, digest, commit. The next page is asked for as soon as its cursor is known; the checkpoint
 * moves with the commits. lane.c says when a request may go, proof.c what a page is worth. */
#include <inttypes.h>
#include <stdio.h>
#include "base/memory.h"
#include "machine.h"

/* ------------------------------------------------------------------ request ------------------- */

/* Builds the request for `at` into a fresh arena, in which the page's commit job will lie too. */
static bool build(struct scope *scope, struct fault *fault)
{
    const struct round *round = scope->run->round;
    const struct request_bound bound = {scope->run->bound};
    struct span token = round->login.state == LOGIN_READY ? bytes_span(&round->login.access_token)
                                                          : (struct span){NULL, 0};
    scope_drop_page(scope);
    scope->token_number = round->login.number;
    scope->page_arena = arena_create(0);
    if (!scope->page_arena)
        return fault_memory(fault);
    scope->asked_at = scope->at;
    scope->asked_at.token = arena_copy(scope->page_arena, scope->at.token);
    if (scope->at.token.data && !scope->asked_at.token.data)
        return fault_memory(fault);
    return request_page(round->connection->source, scope->run->stream, &scope->asked_at,
        &scope->parent, &bound, token, scope->page_arena, &scope->request, fault);
}

void scope_next(struct scope *scope)
{
    struct round *round = scope->run->round;
    struct fault fault;
    if (scope->failed) {
        scope_flush(scope);
        return;
    }
    if (round->stopping) {
        scope_stop_here(scope);
        return;
    }
    if (login_is_stale(round))
        round->login.state = LOGIN_NEEDED;
    if (round->login.state != LOGIN_NONE && round->login.state != LOGIN_READY) {
        scope_enter(scope, SCOPE_TOKEN);
        login_need(round);
        return;
    }
    if (!build(scope, &fault)) {
        scope_fail_now(scope, "page %" PRId64 ": %s", scope->pages + 1, fault.text);
        return;
    }
    scope->next_known = false;
    scope_enter(scope, SCOPE_QUEUED);
    lane_queue(round->engine, round->lane, scope);
}

void scope_send(struct scope *scope)
{
    struct engine *engine = scope_engine(scope);
    scope->ticket = engine_ticket(engine, TICKET_SCOPE_SEND, scope);
    scope_enter(scope, SCOPE_SENT);
    scope->sent_ms = engine->now_ms;
    scope->run->summary.requests++;
    retry_budget_request(&scope->run->round->budget, round_policy(scope->run->round));
    struct effect *effect = engine_effect(engine, EFFECT_SEND);
    effect->ticket = scope->ticket;
    effect->connection = scope->run->round->connection;
    effect->request = &scope->request;
}

void scope_token_ready(struct scope *scope)
{
    if (scope->state == SCOPE_TOKEN)
        scope_next(scope);
}

void scope_timer(struct scope *scope)
{
    scope_next(scope);
}

/* ------------------------------------------------------------------ trouble ------------------- */

static void wait_and_retry(struct scope *scope, enum outcome outcome, int64_t wait_ms)
{
    struct engine *engine = scope_engine(scope);
    scope->ticket = engine_ticket(engine, TICKET_SCOPE_WAIT, scope);
    scope_enter(scope, SCOPE_WAITING);
    if (outcome == OUTCOME_THROTTLED)
        scope->run->summary.throttled_ms += wait_ms;
    scope->run->summary.retries++;
    struct note *note = engine_note(engine, NOTE_RETRY, scope->run->round, scope->run);
    note->outcome = outcome;
    note->number = wait_ms;
    engine_timer_set(engine, scope->ticket, engine->now_ms + wait_ms);
}

/* A 401: a token is renewed once, for all that were sent with it (fault 40); a credential that cannot be is tried once more, then refused for the whole connection. */
static void renew(struct scope *scope, const char *message)
{
    struct round *round = scope->run->round;
    const struct login *login = &round->login;
    bool renewed = login->state == LOGIN_READY && scope->token_number != login->number;
    if (renewed || scope->renewals++ < ENGINE_RENEWALS_MAX) {
        if (login->state == LOGIN_READY && !renewed)
            round->login.state = LOGIN_NEEDED;
        scope_next(scope);
        return;
    }
    scope_fail_now(scope, "the application refuses the login: %s", message);
    round_fail(round, "the application refuses the login: %s", message);
}

static void give_up(struct scope *scope, const struct classified *said)
{
    struct round *round = scope->run->round;
    scope->not_permitted = said->outcome == OUTCOME_FORBIDDEN;
    if (said->outcome == OUTCOME_AUTH_DENIED) {
        scope_fail_now(
            scope, "the application refuses the login: %s %s", said->word, said->message);
        round_fail(round, "the application refuses the login: %s %s", said->word, said->message);
        return;
    }
    if (scope->not_permitted && scope->pages == 0)
        scope_fail_now(scope, "not permitted: %s %s", said->word, said->message);
    else
        scope_fail_now(scope, "page %" PRId64 ": %s: %s%s%s", scope->pages + 1,
            outcome_name(said->outcome), said->word, said->message[0] ? ": " : "", said->message);
}

static int64_t server_wait_ms(const struct scope *scope, const struct response *response)
{
    struct rate_reading reading;
    dialect_read(&response->headers, scope_engine(scope)->wall_ms,
        round_policy(scope->run->round)->retry_after_most_ms, &reading);
    return reading.retry_after_ms != RATE_UNKNOWN ? reading.retry_after_ms
           : reading.remaining == 0               ? reading.reset_ms
                                                  : RATE_UNKNOWN;
}

/* The request failed: the class decides. */
static void trouble(struct scope *scope, struct classified *said, int64_t wait_ms)
{
    struct round *round = scope->run->round;
    source_redact(round->connection->source, said->message);
    if (scope->failed || round->stopping) {
        scope_next(scope);
        return;
    }
    if (said->outcome == OUTCOME_AUTH_EXPIRED) {
        renew(scope, said->message[0] ? said->message : said->word);
        return;
    }
    switch (retry_decide(round_policy(round), &round->budget, &scope->retry, said->outcome, wait_ms,
        &round->engine->random, &wait_ms)) {
    case RETRY_LATER:
        wait_and_retry(scope, said->outcome, wait_ms);
        break;
    case RETRY_RESTART:
        if (scope->restarts < ENGINE_LISTING_RESTARTS_MAX) {
            (void)snprintf(scope->reason, sizeof scope->reason, "the cursor expired");
            scope_drop_page(scope);
            scope_restart(scope);
            break;
        }
        give_up(scope, said);
        break;
    case RETRY_RENEW:
    case RETRY_GIVE_UP:
        give_up(scope, said);
        break;
    }
}

/* ------------------------------------------------------------------ answer -------------------- */

static void note_request(struct scope *scope, const struct response *response, enum outcome outcome)
{
    struct note *note =
        engine_note(scope_engine(scope), NOTE_REQUEST, scope->run->round, scope->run);
    note->outcome = outcome;
    note->status = response->status;
    note->seconds = response->seconds;
}

void scope_response(struct scope *scope, struct response *response)
{
    struct engine *engine = scope_engine(scope);
    struct round *round = scope->run->round;
    struct classified said;
    classify_response(page_reader_classifier(run_program(scope->run)->reader), response,
        scope->request.carries_cursor, &said);
    note_request(scope, response, said.outcome);
    lane_answered(engine, round->lane, round_policy(round), said.outcome, response);
    lane_pump(engine, round->lane); /* before what follows, which may end the round */
    if (said.outcome == OUTCOME_OK && !scope->failed) {
        scope->ticket = engine_ticket(engine, TICKET_SCOPE_DIGEST, scope);
        scope_enter(scope, SCOPE_DIGESTING);
        struct effect *effect = engine_effect(engine, EFFECT_DIGEST);
        effect->ticket = scope->ticket;
        effect->input = (struct digest_input){.program = run_program(scope->run),
            .response = response,
            .asked = scope->request,
            .at = scope->asked_at,
            .parent = &scope->parent,
            .scope = scope->key,
            .nothing_known = scope->live_before == 0};
    } else {
        int64_t wait_ms = server_wait_ms(scope, response);
        response_free(response);
        trouble(scope, &said, wait_ms);
    }
}

/* ------------------------------------------------------------------ page ---------------------- */

static bool take_next(struct scope *scope, const struct page *page, struct fault *fault)
{
    scope->at = page->next;
    bytes_clear(&scope->token);
    if (!page->next.token.data)
        return true;
    if (!bytes_append(&scope->token, page->next.token, fault))
        return false;
    scope->at.token = bytes_span(&scope->token);
    return true;
}

static bool take_bookmark(struct scope *scope, const struct digest *digest, struct fault *fault)
{
    const struct muster_incremental *declared = &run_program(scope->run)->declaration->incremental;
    struct span kept =
        scope->bookmark.length ? bytes_span(&scope->bookmark) : (struct span){NULL, 0};
    if (!digest->bound_high.data || !bookmark_later(declared->format, digest->bound_high, kept))
        return true;
    bytes_clear(&scope->bookmark);
    return bytes_append(&scope->bookmark, digest->bound_high, fault);
}

/* The page goes to the store, with the position after it and what the listing came to. The digest lives until the commit is back. */
static bool commit(
    struct scope *scope, struct digest *digest, enum checkpoint_state state, struct fault *fault)
{
    struct round *round = scope->run->round;
    struct batch *batch = &digest->batch;
    struct job *job = engine_job_in(scope->page_arena, JOB_COMMIT);
    if (!job)
        return fault_memory(fault);
    batch->run = scope->run->key;
    batch->scope = scope->key;
    batch->sequence = scope->sequence + 1;
    batch->wall_ms = round->engine->wall_ms;
    if (!checkpoint_encode(scope, state, scope->page_arena, &batch->position, fault))
        return false;
    if (scope->bookmark.length)
        batch->bookmark = arena_copy(scope->page_arena, bytes_span(&scope->bookmark));
    job->commit.batch = batch;
    job->bytes = batch->bytes;
    scope->page_arena = NULL; /* the job's from here */
    engine_job_submit(round, job, scope);
    scope->sequence++;
    scope->commits++;
    round->held_bytes += batch->bytes;
    round->engine->held_bytes += batch->bytes;
    return true;
}

static void accept_page(struct scope *scope, struct digest *digest)
{
    struct fault fault;
    http_headers_free(
        &digest->response->headers); /* have said all they had to; the body waits for the commit */
    scope->retry = (struct retry_state){0};
    scope->renewals = 0;
    bool sound = proof_page(scope, digest);
    bool goes_on = sound && digest->page.end == PAGE_GOES_ON;
    enum checkpoint_state state = scope->failed ? CHECKPOINT_FAILED /* !sound, or failed before */
                                  : goes_on     ? CHECKPOINT_GOES_ON
                                                : CHECKPOINT_OVER;
    bool kept = take_bookmark(scope, digest, &fault) &&
                (!goes_on || take_next(scope, &digest->page, &fault)) &&
                commit(scope, digest, state, &fault);
    if (!kept) {
        digest_free(digest);
        scope_fail(scope, "page %" PRId64 ": %s", scope->pages, fault.text);
    }
    if (!goes_on || !kept) {
        scope_flush(scope);
        return;
    }
    scope->next_known = true;
    if (scope->commits < (unsigned)round_policy(scope->run->round)->window_pages)
        scope_next(scope);
    else
        scope_enter(scope, SCOPE_WINDOW);
}

void scope_digested(struct scope *scope, struct digest *digest, const struct fault *fault)
{
    struct round *round = scope->run->round;
    if (!digest) {
        scope_fail_now(scope, "page %" PRId64 ": %s", scope->pages + 1, fault->text);
        return;
    }
    if (digest->page.verdict.outcome == OUTCOME_OK) {
        accept_page(scope, digest);
        return;
    }
    struct classified said = digest->page.verdict;
    int64_t wait_ms = server_wait_ms(scope, digest->response);
    if (said.outcome == OUTCOME_THROTTLED)
        lane_refused(round->engine, round->lane, round_policy(round), digest->response);
    digest_free(digest);
    trouble(scope, &said, wait_ms);
}
