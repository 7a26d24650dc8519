/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for a scope's pages, one after the other: request, answer, retry. The next page is asked for
 * as soon as its cursor is known; pages.c follows each page from its answer to its commit, lane.c
 * says when a request may go. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/coding.h"
#include "machine.h"

/* ------------------------------------------------------------------ request ------------------- */

/* Builds the request for `at`, in an arena that the page keeps until its commit is back. */
static bool build(struct scope *scope, struct fault *fault)
{
    const struct round *round = scope->run->round;
    const struct request_bound bound = {scope->run->bound};
    page_work_free(scope->asked);
    struct page_work *work = scope->asked = page_work_create(scope);
    if (!work)
        return fault_memory(fault);
    work->token_number = login_number(round);
    if (scope->inquiry.about != INQUIRY_NONE)
        return inquiry_build(scope, work, login_token(round), fault);
    work->at.overlap = probe_wanted(scope);
    return request_page(round->connection->source, scope->run->stream, &work->at, &scope->parent,
        &bound, login_token(round), work->arena, &work->request, fault);
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
    if (scope->turn != TURN_NONE) {
        scope_restart(scope);
        return;
    }
    if (!login_is_ready(round)) {
        scope_enter(scope, SCOPE_TOKEN);
        login_need(round);
        return;
    }
    if (!build(scope, &fault)) {
        scope_fail_now(scope, "page %" PRId64 ": %s", scope->ahead.pages + 1, fault.text);
        return;
    }
    scope_enter(scope, SCOPE_QUEUED);
    lane_queue(scope);
}

void scope_send(struct scope *scope)
{
    struct engine *engine = scope_engine(scope);
    scope->ticket = engine_ticket(engine, TICKET_SCOPE_SEND, scope);
    scope_enter(scope, SCOPE_SENT);
    scope->asked->sent_ms = engine->now_ms;
    scope->run->summary.requests++;
    retry_budget_request(&scope->run->round->circuit->budget, round_policy(scope->run->round));
    struct effect *effect = engine_effect(engine, EFFECT_SEND);
    effect->ticket = scope->ticket;
    effect->connection = scope->run->round->connection;
    effect->request = &scope->asked->request;
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

void listing_outcome(struct scope *scope, enum outcome outcome)
{
    struct round *round = scope->run->round;
    round->sound += outcome == OUTCOME_OK;
    round->unsound += outcome != OUTCOME_OK && outcome != OUTCOME_LOCAL;
    engine_note(round->engine, NOTE_OUTCOME, round, scope->run)->outcome = outcome;
}

static void note_retry(struct scope *scope, enum outcome outcome, int64_t wait_ms)
{
    struct note *note = engine_note(scope_engine(scope), NOTE_RETRY, scope->run->round, scope->run);
    note->outcome = outcome;
    note->number = wait_ms;
    scope->run->summary.retries++;
}

static void wait_and_retry(struct scope *scope, enum outcome outcome, int64_t wait_ms)
{
    struct engine *engine = scope_engine(scope);
    scope->ticket = engine_ticket(engine, TICKET_SCOPE_WAIT, scope);
    scope_enter(scope, SCOPE_WAITING);
    if (outcome == OUTCOME_THROTTLED) {
        scope->run->summary.throttled_ms += wait_ms;
        engine_note(engine, NOTE_WAITED, scope->run->round, scope->run)->number = wait_ms;
    }
    if (outcome != OUTCOME_UNAVAILABLE) /* of which nothing was sent that could be sent again */
        note_retry(scope, outcome, wait_ms);
    engine_timer_set(engine, scope->ticket, engine->now_ms + wait_ms);
}

/* A 401: a token is renewed once, for all that were sent with it (fault 40); a credential that
 * cannot be is tried once more, then refused for the whole connection. */
static void renew(struct scope *scope, const struct classified *said)
{
    const char *message = said->message[0] ? said->message : said->word;
    struct round *round = scope->run->round;
    bool renewed = login_is_renewed(round, scope->asked->token_number);
    if (renewed || scope->renewals++ < ENGINE_RENEWALS_MAX) {
        if (!renewed)
            login_void(round);
        note_retry(scope, OUTCOME_AUTH_EXPIRED, 0);
        scope_next(scope);
        return;
    }
    if (scope->inquiry.about != INQUIRY_NONE) { /* one object may be hidden: the listing was not */
        inquiry_refused(scope, said);
        return;
    }
    scope_fail_now(scope, "the application refuses the login: %s", message);
    round_deny(round, "the application refuses the login: %s", message);
}

static void stop_connection(struct scope *scope, const struct classified *said)
{
    struct round *round = scope->run->round; /* the scope may be over, and freed with it */
    scope_fail_now(scope, "the application refuses the login: %s %s", said->word, said->message);
    round_deny(round, "the application refuses the login: %s %s", said->word, said->message);
}

/* What it was called, without the class that says the same ("refused: refused: "). */
static void reason_of(const struct classified *said, char *ret_text, size_t size)
{
    const char *class = outcome_name(said->outcome);
    bool same = said->message[0] && strcmp(class, said->word) == 0;
    (void)snprintf(ret_text, size, "%s%s%s%s%.*s", class, same ? "" : ": ", same ? "" : said->word,
        said->message[0] ? ": " : "", (int)size, said->message); /* cut where it is too long */
}

/* closed: the stream may be one that the credential is not allowed to read. */
static void give_up(struct scope *scope, const struct classified *said, bool closed)
{
    struct round *round = scope->run->round;
    char doubt[REASON_MAX], reason[REASON_MAX];
    if (scope->inquiry.about != INQUIRY_NONE && !said->of_connection) {
        inquiry_refused(scope, said);
        return;
    }
    reason_of(said, reason, sizeof reason);
    (void)snprintf(doubt, sizeof doubt, "page %" PRId64 ": %s: %.90s: %.100s",
        scope->ahead.pages + 1, outcome_name(said->outcome), said->word, said->message);
    if (said->outcome == OUTCOME_NOT_FOUND && inquiry_parent(scope, doubt))
        return;
    if (closed && scope->ahead.pages == 0)
        scope_fail_now(scope, "not permitted: %s %s", said->word, said->message);
    else
        scope_fail_now(scope, "page %" PRId64 ": %s", scope->ahead.pages + 1, reason);
    if (said->of_connection)
        round_fail(round, "%s", reason);
}

/* A cursor or bound that is no longer taken (fault 30): once, the listing begins anew; an
 * incremental run reads the whole stream. Where other scopes were read by the same bound, that is
 * the next run's. */
static void expired(struct scope *scope, const struct classified *said)
{
    struct run *run = scope->run;
    bool bounded = run->bound.data != NULL, of_many = run->parent >= 0;
    bool bound_expired = bounded && of_many && scope->ahead.pages == 0;
    if (proof_may_restart(scope) && !bound_expired) {
        (void)snprintf(scope->reason, sizeof scope->reason,
            run_widen(run) ? "the bookmark expired" : "the cursor expired");
        scope_restart(scope);
        return;
    }
    run->bookmark_expired = bounded;
    give_up(scope, said, false);
}

int64_t listing_wait_ms(const struct scope *scope, const struct response *response)
{
    struct rate_reading reading;
    dialect_read(&response->headers, scope_engine(scope)->wall_ms,
        round_policy(scope->run->round)->retry_after_most_ms, &reading);
    return reading.retry_after_ms != RATE_UNKNOWN ? reading.retry_after_ms
           : reading.remaining == 0               ? reading.reset_ms
                                                  : RATE_UNKNOWN;
}

void listing_trouble(struct scope *scope, struct classified *said, int64_t wait_ms)
{
    struct round *round = scope->run->round;
    if (wait_ms == RATE_UNKNOWN && said->wait_ms > 0)
        wait_ms = said->wait_ms;
    login_redact(round, said->word);
    login_redact(round, said->message);
    if (scope->failed || round->stopping || scope->turn != TURN_NONE) {
        scope_next(scope);
        return;
    }
    if (said->outcome == OUTCOME_INVALID && scope->asked->request.overlap > 0) {
        scope->probe_off = true; /* some servers take multiples of the page size only */
        scope_next(scope);
        return;
    }
    if (said->outcome == OUTCOME_AUTH_EXPIRED) {
        renew(scope, said);
        return;
    }
    switch (retry_decide(round_policy(round), &round->circuit->budget, &scope->retry, said->outcome,
        wait_ms, round->engine->now_ms, &round->engine->random, &wait_ms)) {
    case RETRY_LATER:
        wait_and_retry(scope, said->outcome, wait_ms);
        break;
    case RETRY_RESTART:
        expired(scope, said);
        break;
    case RETRY_STOP:
    case RETRY_RENEW: /* seen to above */
        stop_connection(scope, said);
        break;
    case RETRY_CLOSED:
        give_up(scope, said, scope->inquiry.about == INQUIRY_NONE);
        break;
    case RETRY_GIVE_UP:
        give_up(scope, said, false);
        break;
    }
}

void scope_unavailable(struct scope *scope, int64_t wait_ms)
{
    struct round *round = scope->run->round;
    int64_t failing_ms = circuit_failing_ms(round);
    struct classified said = {.outcome = OUTCOME_UNAVAILABLE, .word = "the breaker is open"};
    listing_outcome(scope, OUTCOME_UNAVAILABLE);
    if (failing_ms < round_policy(round)->unavailable_most_ms) {
        listing_trouble(scope, &said, wait_ms);
        return;
    }
    scope_fail_now(scope, "the application is unavailable: no sound answer for %" PRId64 " s",
        failing_ms / 1000);
    round_fail(round, "the application is unavailable: no sound answer for %" PRId64 " s",
        failing_ms / 1000);
}

/* ------------------------------------------------------------------ answer -------------------- */

static void note_request(struct scope *scope, const struct response *response)
{
    struct note *note =
        engine_note(scope_engine(scope), NOTE_REQUEST, scope->run->round, scope->run);
    note->number = scope->run->round->lane->throttle.remaining;
    note->status = response->status;
    note->seconds = response->seconds;
}

static void judge(struct scope *scope, const struct response *response, struct classified *ret_said)
{
    struct engine *engine = scope_engine(scope);
    struct round *round = scope->run->round;
    const struct program *program =
        scope->inquiry.about == INQUIRY_NONE ? run_program(scope->run) : inquiry_program(scope);
    classify_response(page_reader_classifier(program->reader), response,
        scope->asked->request.carries_cursor, ret_said);
    scope->inquiry.status = response->status;
    lane_answered(scope, ret_said->outcome, response);
    note_request(scope, response);
    if (ret_said->outcome != OUTCOME_OK || scope->failed) /* else its page tells */
        listing_outcome(scope, ret_said->outcome);
    lane_pump(engine, round->lane); /* before what follows, which may end the round */
}

/* An error's words matter at once; a page is decoded by who reads it. Without words the status says
 * enough. */
static void decode_error(struct response *response)
{
    if (response->exchange != EXCHANGE_DONE || response->status < 400)
        return;
    response_decode(response, CLASSIFY_BODY_MAX);
    response->exchange = EXCHANGE_DONE;
}

void scope_response(struct scope *scope, struct response *response)
{
    struct classified said;
    decode_error(response);
    judge(scope, response, &said);
    if (said.outcome == OUTCOME_OK && !scope->failed && scope->turn == TURN_NONE) {
        if (scope->inquiry.about != INQUIRY_NONE)
            inquiry_answered(scope, response);
        else
            pages_answered(scope, response);
    } else {
        int64_t wait_ms = listing_wait_ms(scope, response);
        response_free(response);
        listing_trouble(scope, &said, wait_ms);
    }
}

void scope_declined(struct scope *scope)
{
    const struct response none = {.exchange = EXCHANGE_LOCAL, .why = "out of memory"};
    struct classified said;
    judge(scope, &none, &said);
    listing_trouble(scope, &said, RATE_UNKNOWN);
}
