/* SPDX-License-Identifier: Apache-2.0 */
/* The OAuth token of a round. One renewal flies at a time; scopes that need it wait in SCOPE_TOKEN
 * and are told when it is there. A token request is sent once and outside the lane: its endpoint
 * has a budget of its own. */
#include <stdio.h>
#include "base/memory.h"
#include "machine.h"

/* A token is renewed this long before it expires: the clock skew and the time a page may take. */
#define LOGIN_EARLY_MS INT64_C(30000)

static void enter(struct round *round, enum login_state state)
{
    engine_trace_change(round->engine, "login", round->login.state, state);
    round->login.state = state;
}

bool login_init(struct round *round)
{
    struct login *login = &round->login;
    if (!request_needs_token(round->connection->source))
        return true;
    login->expires_ms = INT64_MAX;
    login->arena = arena_create(0);
    login->state = LOGIN_NEEDED;
    return login->arena != NULL;
}

static void refuse(struct round *round, const char *why)
{
    enter(round, LOGIN_REFUSED);
    round_fail(round, "no access token: %s", why);
    round_advance(round);
}

static void send(struct round *round)
{
    struct login *login = &round->login;
    struct engine *engine = round->engine;
    struct span refresh =
        login->refresh_token.length ? bytes_span(&login->refresh_token) : (struct span){NULL, 0};
    struct fault fault;
    if (round->connection->source->plan->connector->auth.scheme == MUSTER_AUTH_REFRESH_TOKEN) {
        /* A server may rotate the token with this very request; lost, it locks everybody out. */
        refuse(round,
            "OAuth refresh tokens are not supported yet, since a rotated one could not be "
            "kept; use client credentials or a static token");
        return;
    }
    arena_reset(login->arena);
    if (!request_token(round->connection->source, refresh, login->arena, &login->request, &fault)) {
        refuse(round, fault.text);
        return;
    }
    login->ticket = engine_ticket(engine, TICKET_TOKEN_SEND, round);
    enter(round, LOGIN_SENT);
    struct effect *effect = engine_effect(engine, EFFECT_SEND);
    effect->ticket = login->ticket;
    effect->connection = round->connection;
    effect->request = &login->request;
}

void login_need(struct round *round)
{
    if (round->login.state == LOGIN_NEEDED)
        send(round);
    else if (round->login.state == LOGIN_REFUSED)
        round_fail(round, "no access token");
}

static void tell_scopes(struct round *round)
{
    for (size_t i = 0; i < round->run_count; i++) {
        struct scope *next;
        for (struct scope *scope = round->runs[i].scopes; scope; scope = next) {
            next = scope->next;
            scope_token_ready(scope);
        }
    }
}

static bool keep(struct round *round, const struct token *token, struct fault *fault)
{
    struct login *login = &round->login;
    bytes_wipe(&login->access_token);
    if (!bytes_append(&login->access_token, token->access_token, fault))
        return false;
    login->expires_ms = INT64_MAX;
    if (token->expires_in_ms >= 0) {
        int64_t early =
            token->expires_in_ms > 2 * LOGIN_EARLY_MS ? LOGIN_EARLY_MS : token->expires_in_ms / 2;
        login->expires_ms = round->engine->now_ms + token->expires_in_ms - early;
    }
    return true;
}

static void take_token(struct round *round, const struct response *response)
{
    struct token token;
    struct fault fault;
    AUTO_ARENA *arena = arena_create(0);
    if (!arena) {
        refuse(round, "out of memory");
    } else if (!token_read(round->connection->source, bytes_span(&response->body),
                   round->engine->wall_ms, arena, &token, &fault) ||
               !keep(round, &token, &fault)) {
        refuse(round, fault.text);
    } else {
        round->login.retry = (struct retry_state){0};
        round->login.number++;
        enter(round, LOGIN_READY);
        (void)engine_note(round->engine, NOTE_TOKEN, round, NULL);
        tell_scopes(round);
    }
}

static void wait_and_retry(struct round *round, enum outcome outcome, int64_t wait_ms)
{
    struct engine *engine = round->engine;
    round->login.ticket = engine_ticket(engine, TICKET_TOKEN_WAIT, round);
    enter(round, LOGIN_WAITING);
    struct note *note = engine_note(engine, NOTE_RETRY, round, NULL);
    note->outcome = outcome;
    note->number = wait_ms;
    engine_timer_set(engine, round->login.ticket, engine->now_ms + wait_ms);
}

static void trouble(struct round *round, const struct response *response, struct classified *said)
{
    const struct policy_settings *policy = round_policy(round);
    struct rate_reading reading;
    int64_t wait_ms;
    dialect_read(&response->headers, round->engine->wall_ms, policy->retry_after_most_ms, &reading);
    source_redact(round->connection->source, said->message);
    bool may_pass = said->outcome == OUTCOME_TRANSIENT || said->outcome == OUTCOME_THROTTLED ||
                    said->outcome == OUTCOME_LOCAL;
    if (round->stopping && may_pass) { /* the next host tries again */
        enter(round, LOGIN_NEEDED);
        return;
    }
    if (may_pass && retry_decide(policy, &round->circuit->budget, &round->login.retry,
                        said->outcome, reading.retry_after_ms, round->engine->now_ms,
                        &round->engine->random, &wait_ms) == RETRY_LATER) {
        wait_and_retry(round, said->outcome, wait_ms);
        return;
    }
    char why[REASON_MAX];
    (void)snprintf(why, sizeof why, "%s: %.90s %.100s", outcome_name(said->outcome), said->word,
        said->message);
    refuse(round, why);
}

static void take_answer(struct round *round, const struct response *response)
{
    struct classifier *classifier;
    struct classified said;
    struct fault fault;
    if (round->failed ||
        !classifier_create(round->connection->source->plan->connector, NULL, &classifier, &fault)) {
        refuse(round, round->failed ? "the round has failed" : fault.text);
        return;
    }
    classify_response(classifier, response, false, &said);
    classifier_free(classifier);
    struct note *note = engine_note(round->engine, NOTE_REQUEST, round, NULL);
    note->number = RATE_UNKNOWN; /* its endpoint has a budget of its own */
    note->status = response->status;
    note->seconds = response->seconds;
    engine_note(round->engine, NOTE_OUTCOME, round, NULL)->outcome = said.outcome;
    if (said.outcome == OUTCOME_OK)
        take_token(round, response);
    else
        trouble(round, response, &said);
    round_advance(round);
}

void login_response(struct round *round, struct response *response)
{
    take_answer(round, response);
    response_free(response);
}

void login_declined(struct round *round)
{
    const struct response none = {.exchange = EXCHANGE_LOCAL, .why = "out of memory"};
    take_answer(round, &none);
}

void login_timer(struct round *round)
{
    enter(round, LOGIN_NEEDED);
    if (round->stopping || round->failed)
        round_advance(round);
    else
        send(round);
}

void login_stop(struct round *round)
{
    if (round->login.state != LOGIN_WAITING)
        return;
    engine_timer_drop(round->engine, round->login.ticket);
    engine_ticket_drop(round->engine, round->login.ticket);
    enter(round, LOGIN_NEEDED);
}

bool login_is_stale(const struct round *round)
{
    return round->login.state == LOGIN_READY && round->engine->now_ms >= round->login.expires_ms;
}

void login_free(struct login *login)
{
    bytes_wipe(&login->access_token);
    bytes_wipe(&login->refresh_token);
    arena_free(login->arena);
}
