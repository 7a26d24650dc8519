/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OAuth token that rounds share (credential.c says which). One renewal flies at a time; scopes
 * that need it wait in SCOPE_TOKEN and are told when it is there. A token request is sent once and
 * outside the lane: its endpoint has a budget of its own.
 *
 *     NEEDED -> [LOADING ->] SENT -> [SAVING ->] READY -> NEEDED (stale, or refused by a 401) ...
 *
 * What is in brackets is for refresh tokens: the latest one is loaded before the first use, and one
 * that the server gave in its place is durable before the access token beside it is used. A crash
 * between the server's answer and that loses it, which nothing on this side can prevent (fault 39):
 * the next renewal is then denied, and somebody has to sign in again.
 */
#include <stdio.h>
#include <string.h>
#include "base/coding.h"
#include "base/memory.h"
#include "json/gate.h"
#include "machine.h"

/* A token is renewed this long before it expires: the clock skew and the time a page may take. */
#define LOGIN_EARLY_MS INT64_C(30000)
/* However soon it expires, it is used for so long: else its endpoint would be asked without end. */
#define LOGIN_LEAST_MS INT64_C(1000)

#define LOGIN_BODY_MAX (1u << 20) /* of an endpoint's answer, decoded */

#define SIGN_IN_AGAIN "sign in to the application anew and configure the new refresh token"

static void enter(struct login *login, enum login_state state)
{
    engine_trace_change(login->engine, "login", login->state, state);
    login->state = state;
}

/* Of the connection whose declaration the token request follows. */
static struct note *make_note(struct login *login, enum note_kind kind)
{
    return engine_note_of(login->engine, kind, login->connection);
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

/* Something has come to an end: those that wait for it go on. */
static void tell(struct login *login)
{
    struct round *next;
    login->rounds++; /* so that it outlives the last of them */
    for (struct round *round = login->engine->rounds; round; round = next) {
        next = round->next;
        if (round->login != login)
            continue;
        if (login->state == LOGIN_REFUSED)
            login_need(round);
        else if (login->state == LOGIN_READY)
            tell_scopes(round);
        round_advance(round);
    }
    login_release(login);
}

/* final: trying again would not help; somebody has to mend it. */
static void refuse(struct login *login, bool final, const char *why)
{
    (void)snprintf(login->why, sizeof login->why, "no access token: %.220s", why);
    login->final = final;
    enter(login, LOGIN_REFUSED);
    tell(login);
}

static bool is_final(enum outcome outcome)
{
    return outcome != OUTCOME_TRANSIENT && outcome != OUTCOME_THROTTLED &&
           outcome != OUTCOME_MALFORMED && outcome != OUTCOME_LOCAL &&
           outcome != OUTCOME_UNAVAILABLE;
}

static void wait_for(struct login *login, enum outcome outcome, int64_t wait_ms)
{
    struct engine *engine = login->engine;
    login->ticket = engine_ticket(engine, TICKET_TOKEN_WAIT, login);
    enter(login, LOGIN_WAITING);
    struct note *note = make_note(login, NOTE_RETRY);
    note->outcome = outcome;
    note->number = wait_ms;
    engine_timer_set(engine, login->ticket, engine->now_ms + wait_ms);
}

static bool try_again(struct login *login, enum outcome outcome, int64_t server_ms)
{
    int64_t wait_ms;
    if (retry_decide(&login->connection->source->policy, &login->budget, &login->retry, outcome,
            server_ms, login->engine->now_ms, &login->engine->random, &wait_ms) != RETRY_LATER)
        return false;
    wait_for(login, outcome, wait_ms);
    return true;
}

/* ------------------------------------------------------------------ store --------------------- */

static struct job *make_job(const struct login *login, enum job_kind kind)
{
    struct job *job = engine_job(kind);
    if (job)
        job->token = (struct job_token){.origin = bytes_span(&login->origin),
            .configured = login_configured(login),
            .seal_key = source_seal_key(login->connection->source)};
    return job;
}

static void load(struct login *login)
{
    struct job *job = make_job(login, JOB_TOKEN_LOAD);
    if (!job) {
        refuse(login, false, "out of memory");
        return;
    }
    enter(login, LOGIN_LOADING);
    engine_job_send(login->engine, job, login);
}

/* The server knows only the new one by now, so giving up on keeping it is the last resort. */
static void save_failed(struct login *login, const struct fault *fault)
{
    char why[REASON_MAX];
    login->unsaved = true;
    if (fault->code != FAULT_SECRET && try_again(login, OUTCOME_LOCAL, RATE_UNKNOWN))
        return;
    (void)snprintf(why, sizeof why,
        "the refresh token that the application gave could not be kept (%.60s), and is "
        "lost; " SIGN_IN_AGAIN,
        fault->text);
    login->unsaved = false;
    refuse(login, true, why);
}

static void save(struct login *login)
{
    struct job *job = make_job(login, JOB_TOKEN_SAVE);
    struct fault fault;
    if (!job) {
        (void)fault_memory(&fault);
        save_failed(login, &fault);
        return;
    }
    job->token.token = bytes_span(&login->refresh_token);
    enter(login, LOGIN_SAVING);
    engine_job_send(login->engine, job, login);
}

/* ------------------------------------------------------------------ request ------------------- */

static void send(struct login *login)
{
    struct engine *engine = login->engine;
    struct span refresh =
        login->refresh_token.length ? bytes_span(&login->refresh_token) : (struct span){NULL, 0};
    struct fault fault;
    arena_wipe(TAKE(login->arena));
    login->arena = arena_create(0);
    if (!login->arena) {
        refuse(login, false, "out of memory");
        return;
    }
    if (!request_token(login->connection->source, refresh, login->arena, &login->request, &fault)) {
        refuse(login, is_final(fault_outcome(fault.code)), fault.text);
        return;
    }
    retry_budget_request(&login->budget, &login->connection->source->policy);
    login->ticket = engine_ticket(engine, TICKET_TOKEN_SEND, login);
    enter(login, LOGIN_SENT);
    struct effect *effect = engine_effect(engine, EFFECT_SEND);
    effect->ticket = login->ticket;
    effect->connection = login->connection;
    effect->request = &login->request;
}

static void renew(struct login *login)
{
    if (login->rotates && !login->loaded)
        load(login);
    else
        send(login);
}

void login_need(struct round *round)
{
    struct login *login = round->login;
    if (login->state == LOGIN_NEEDED)
        renew(login);
    else if (login->state == LOGIN_REFUSED && login->final)
        round_deny(round, "%s", login->why);
    else if (login->state == LOGIN_REFUSED)
        round_fail(round, "%s", login->why);
}

/* ------------------------------------------------------------------ answer -------------------- */

static bool keep(struct bytes *into, struct span token, struct fault *fault)
{
    bytes_wipe(into);
    return bytes_reserve(into, token.length, fault) && bytes_append(into, token, fault);
}

static int64_t usable_ms(int64_t expires_in_ms)
{
    int64_t early = expires_in_ms > 2 * LOGIN_EARLY_MS ? LOGIN_EARLY_MS : expires_in_ms / 2;
    int64_t usable = expires_in_ms - early;
    return usable > LOGIN_LEAST_MS ? usable : LOGIN_LEAST_MS;
}

/* The server has given another refresh token than the one it was sent. */
static bool is_rotated(const struct login *login, struct span refresh)
{
    struct span sent =
        login->refresh_token.length ? bytes_span(&login->refresh_token) : login_configured(login);
    return login->rotates && refresh.data && !span_equal(refresh, sent);
}

static void ready(struct login *login)
{
    login->retry = (struct retry_state){0};
    login->number++;
    enter(login, LOGIN_READY);
    (void)make_note(login, NOTE_TOKEN);
    tell(login);
}

static void take_token(struct login *login, const struct response *response)
{
    struct engine *engine = login->engine;
    struct token token = {.expires_in_ms = -1};
    struct fault fault;
    struct arena *arena = arena_create(0);
    bool rotated = false;
    bool taken = arena ? token_read(login->connection->source, bytes_span(&response->body),
                             engine->wall_ms, arena, &token, &fault)
                       : fault_memory(&fault);
    taken = taken && keep(&login->access_token, token.access_token, &fault);
    if (taken && is_rotated(login, token.refresh_token)) {
        rotated = true;
        taken = keep(&login->refresh_token, token.refresh_token, &fault);
    }
    if (taken)
        login->expires_ms =
            token.expires_in_ms < 0 ? INT64_MAX : engine->now_ms + usable_ms(token.expires_in_ms);
    arena_wipe(arena);
    login->unanswered = false;
    if (!taken) {
        refuse(login, false, fault.text);
    } else if (rotated) {
        login->retry = (struct retry_state){0};
        save(login);
    } else {
        ready(login);
    }
}

/* A request that went out and was not answered may have been carried out. */
static bool may_have_rotated(const struct response *response)
{
    return response->exchange == EXCHANGE_SEND || response->exchange == EXCHANGE_RECEIVE ||
           response->exchange == EXCHANGE_TIMEOUT;
}

static void explain(
    const struct login *login, const struct classified *said, char *ret_why, size_t size)
{
    const char *advice = "";
    if (login->rotates && said->outcome == OUTCOME_AUTH_DENIED)
        advice = login->unanswered
                     ? "; an earlier renewal was not answered, and the token that it gave may be "
                       "lost: " SIGN_IN_AGAIN
                     : "; " SIGN_IN_AGAIN;
    (void)snprintf(ret_why, size, "%s: %.40s %.50s%s", outcome_name(said->outcome), said->word,
        said->message, advice);
}

static void trouble(struct login *login, const struct response *response, struct classified *said)
{
    const struct source *source = login->connection->source;
    struct span tokens[] = {bytes_span(&login->access_token), bytes_span(&login->refresh_token)};
    struct rate_reading reading;
    char why[REASON_MAX];
    dialect_read(
        &response->headers, login->engine->wall_ms, source->policy.retry_after_most_ms, &reading);
    source_redact_with(source, tokens, 2, said->word);
    source_redact_with(source, tokens, 2, said->message);
    login->unanswered |= login->rotates && may_have_rotated(response);
    if (!is_final(said->outcome) && login->engine->stopping) { /* the next host tries again */
        enter(login, LOGIN_NEEDED);
        tell(login);
        return;
    }
    if (!is_final(said->outcome) && try_again(login, said->outcome, reading.retry_after_ms)) {
        tell(login);
        return;
    }
    explain(login, said, why, sizeof why);
    refuse(login, is_final(said->outcome), why);
}

/* Some endpoints say 200 and mean what stands in the body. */
static void judge_body(
    const struct classifier *classifier, const struct response *response, struct classified *said)
{
    const struct json_gate_options options = {0}; /* small enough for any collision */
    struct arena *arena = arena_create(0);
    struct json_page page;
    struct fault ignored; /* what is not sound is token_read's to tell */
    if (arena && json_gate(bytes_span(&response->body), &options, arena, &page, &ignored))
        classify_body(classifier, response->status, &response->headers, page.value, said);
    arena_wipe(arena);
}

static void judge(
    const struct login *login, const struct response *response, struct classified *ret_said)
{
    struct classifier *classifier;
    struct fault fault;
    if (!classifier_create(login->connection->source->plan->connector, NULL, &classifier, &fault)) {
        /* A good answer may hold a token that is given only once: it is read all the same. */
        *ret_said = (struct classified){
            .outcome = response->status == 200 ? OUTCOME_OK : OUTCOME_LOCAL, .word = "memory"};
        return;
    }
    classify_response(classifier, response, false, ret_said);
    if (ret_said->outcome == OUTCOME_OK)
        judge_body(classifier, response, ret_said);
    classifier_free(classifier);
}

static void take_answer(struct login *login, const struct response *response)
{
    struct classified said;
    judge(login, response, &said);
    struct note *note = make_note(login, NOTE_REQUEST);
    note->number = RATE_UNKNOWN; /* its endpoint has a budget of its own */
    note->status = response->status;
    note->seconds = response->seconds;
    make_note(login, NOTE_OUTCOME)->outcome = said.outcome;
    arena_wipe(TAKE(login->arena)); /* the request has the secrets in it */
    if (said.outcome == OUTCOME_OK)
        take_token(login, response);
    else
        trouble(login, response, &said);
}

void login_response(struct login *login, struct response *response)
{
    response_decode(response, LOGIN_BODY_MAX);
    take_answer(login, response);
    bytes_wipe(&response->body);
    response_free(response);
}

void login_declined(struct login *login)
{
    const struct response none = {.exchange = EXCHANGE_LOCAL, .why = "out of memory"};
    take_answer(login, &none);
}

/* ------------------------------------------------------------------ what comes back ----------- */

static void loaded(struct login *login, struct job *job)
{
    struct fault fault = job->fault;
    bool done = job->done &&
                (!job->token.token.data || keep(&login->refresh_token, job->token.token, &fault));
    arena_wipe(job->arena); /* the token lies in it */
    login->loaded = done;
    if (!done) {
        refuse(login, fault.code == FAULT_SECRET, fault.text);
    } else if (login->engine->stopping) {
        enter(login, LOGIN_NEEDED);
        tell(login);
    } else {
        send(login);
    }
}

static void saved(struct login *login, struct job *job)
{
    struct fault fault = job->fault;
    bool done = job->done;
    arena_free(job->arena);
    login->unsaved = !done;
    if (done)
        ready(login);
    else
        save_failed(login, &fault);
}

void login_job_done(struct login *login, struct job *job)
{
    if (job->kind == JOB_TOKEN_LOAD)
        loaded(login, job);
    else
        saved(login, job);
}

void login_timer(struct login *login)
{
    enter(login, LOGIN_NEEDED);
    if (login->unsaved)
        save(login);
    else if (login->engine->stopping)
        tell(login);
    else
        renew(login);
}

void login_stop(struct login *login)
{
    if (login->state != LOGIN_WAITING)
        return;
    engine_timer_drop(login->engine, login->ticket);
    engine_ticket_drop(login->engine, login->ticket);
    enter(login, LOGIN_NEEDED);
}

/* ------------------------------------------------------------------ questions ----------------- */

bool login_is_under_way(const struct login *login)
{
    return login->state == LOGIN_LOADING || login->state == LOGIN_SENT ||
           login->state == LOGIN_SAVING || login->unsaved;
}

bool login_is_busy(const struct round *round)
{
    return round->login && login_is_under_way(round->login);
}

bool login_is_ready(struct round *round)
{
    struct login *login = round->login;
    if (!login)
        return true;
    if (login->state == LOGIN_READY && login->engine->now_ms >= login->expires_ms)
        enter(login, LOGIN_NEEDED);
    return login->state == LOGIN_READY;
}

struct span login_token(const struct round *round)
{
    return round->login && round->login->state == LOGIN_READY
               ? bytes_span(&round->login->access_token)
               : (struct span){NULL, 0};
}

unsigned login_number(const struct round *round)
{
    return round->login ? round->login->number : 0;
}

bool login_is_renewed(const struct round *round, unsigned number)
{
    const struct login *login = round->login;
    return login && login->state == LOGIN_READY && login->number != number;
}

void login_void(struct round *round)
{
    if (round->login && round->login->state == LOGIN_READY)
        enter(round->login, LOGIN_NEEDED);
}
