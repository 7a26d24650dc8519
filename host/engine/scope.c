/* SPDX-License-Identifier: Apache-2.0 */
/* A scope: one listing, page after page. Before it is run.c, which begins it; after it proof.c, which judges it, and lane.c, which
 * says when a request may go. The next page is asked for as soon as its cursor is known; the checkpoint moves with the commits. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/memory.h"
#include "machine.h"

static struct engine *engine_of(const struct scope *scope)
{
    return scope->run->round->engine;
}

static void enter(struct scope *scope, enum scope_state state)
{
    engine_trace_change(engine_of(scope), "scope", scope->key << 8 | scope->state, state);
    scope->state = state;
}

static void drop_page(struct scope *scope)
{
    arena_free(TAKE(scope->page_arena));
    scope->request = (struct request){0};
}

static void over(struct scope *scope)
{
    enter(scope, SCOPE_OVER);
    run_scope_over(scope->run, scope);
}

/* ------------------------------------------------------------------ end ----------------------- */

static void restart(struct scope *scope)
{
    enter(scope, SCOPE_RESTARTING);
    if (scope->commits > 0)
        return;
    struct job *job = engine_job(engine_of(scope), JOB_SCOPE_RESTART);
    scope->restarts++;
    scope->restart_wanted = false;
    if (job) {
        job->scope_restart = (struct job_scope_restart){
            .run = scope->run->key, .scope = scope->key, .reason = scope->reason};
        engine_job_submit(scope->run->round, job, scope);
        return;
    }
    scope->proof = PROOF_PARTIAL;
    (void)snprintf(scope->reason, sizeof scope->reason, "out of memory");
    over(scope);
}

static void send_end(struct scope *scope)
{
    const struct policy_settings *policy = round_policy(scope->run->round);
    enter(scope, SCOPE_ENDING);
    struct job *job = scope->key ? engine_job(engine_of(scope), JOB_SCOPE_END) : NULL;
    if (!job) {
        scope->proof = PROOF_PARTIAL;
        over(scope);
        return;
    }
    job->scope_end = (struct job_scope_end){.run = scope->run->key,
        .scope = scope->key,
        .full = scope->run->full,
        .proof = scope->proof,
        .reason = scope->proof == PROOF_PROVEN ? NULL : scope->reason,
        .end_signal = scope->end_signal[0] ? scope->end_signal : NULL,
        .total = scope->total,
        .bar_absence = scope->sums.unreadable > 0 || !scope->run->full,
        .absence_most = policy->absence_most,
        .absence_percent = policy->absence_percent};
    if (scope->bookmark.length)
        job->scope_end.bookmark = arena_copy(job->arena, bytes_span(&scope->bookmark));
    engine_job_submit(scope->run->round, job, scope);
}

/* The listing is over, one way or the other; what is with the store comes back first. */
static void flush(struct scope *scope)
{
    enter(scope, SCOPE_FLUSHING);
    drop_page(scope);
    if (scope->commits > 0)
        return;
    if (proof_conclude(scope)) {
        (void)snprintf(scope->reason, sizeof scope->reason,
            "the total does not agree with what was seen: second pass");
        restart(scope);
        return;
    }
    send_end(scope);
}

/* The first reason stays. */
static void blame(struct scope *scope, const char *format, va_list arguments)
{
    if (scope->failed)
        return;
    (void)vsnprintf(scope->reason, sizeof scope->reason, format, arguments);
    scope->failed = true;
}

/* For a scope of which nothing is under way but commits: it ends here and now. */
static void fail_now(struct scope *scope, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void fail_now(struct scope *scope, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    blame(scope, format, arguments);
    va_end(arguments);
    flush(scope);
}

void scope_fail(struct scope *scope, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    blame(scope, format, arguments);
    va_end(arguments);
    switch (scope->state) {
    case SCOPE_QUEUED:
        lane_remove(scope->run->round->lane, scope);
        flush(scope);
        break;
    case SCOPE_WAITING:
        engine_timer_drop(engine_of(scope), scope->ticket);
        engine_ticket_drop(engine_of(scope), scope->ticket);
        flush(scope);
        break;
    case SCOPE_TOKEN:
    case SCOPE_WINDOW:
        flush(scope);
        break;
    case SCOPE_BEGINNING:
    case SCOPE_SENT:
    case SCOPE_DIGESTING:
    case SCOPE_RESTARTING:
    case SCOPE_FLUSHING:
    case SCOPE_ENDING:
    case SCOPE_STOPPED:
    case SCOPE_OVER:
        break; /* what is under way comes back, and then finds `failed` */
    }
}

/* ------------------------------------------------------------------ stopping ------------------ */

bool scope_is_idle(const struct scope *scope)
{
    return scope->state == SCOPE_STOPPED && scope->commits == 0;
}

static void stop_here(struct scope *scope)
{
    enter(scope, SCOPE_STOPPED);
    drop_page(scope);
    round_advance(scope->run->round);
}

void scope_stop(struct scope *scope)
{
    switch (scope->state) {
    case SCOPE_QUEUED:
        lane_remove(scope->run->round->lane, scope);
        stop_here(scope);
        break;
    case SCOPE_WAITING:
        engine_timer_drop(engine_of(scope), scope->ticket);
        engine_ticket_drop(engine_of(scope), scope->ticket);
        stop_here(scope);
        break;
    case SCOPE_TOKEN:
    case SCOPE_WINDOW:
        stop_here(scope);
        break;
    case SCOPE_BEGINNING:
    case SCOPE_SENT:
    case SCOPE_DIGESTING:
    case SCOPE_RESTARTING:
    case SCOPE_FLUSHING:
    case SCOPE_ENDING:
    case SCOPE_STOPPED:
    case SCOPE_OVER:
        break;
    }
}

/* ------------------------------------------------------------------ request ------------------- */

/* Builds the request for `at` into a fresh arena, in which the page's commit job will lie too. */
static bool build(struct scope *scope, struct fault *fault)
{
    const struct round *round = scope->run->round;
    const struct request_bound bound = {scope->run->bound};
    struct span token = round->login.state == LOGIN_READY ? bytes_span(&round->login.access_token)
                                                          : (struct span){NULL, 0};
    drop_page(scope);
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
        flush(scope);
        return;
    }
    if (round->stopping) {
        stop_here(scope);
        return;
    }
    if (login_is_stale(round))
        round->login.state = LOGIN_NEEDED;
    if (round->login.state != LOGIN_NONE && round->login.state != LOGIN_READY) {
        enter(scope, SCOPE_TOKEN);
        login_need(round);
        return;
    }
    if (!build(scope, &fault)) {
        fail_now(scope, "page %" PRId64 ": %s", scope->pages + 1, fault.text);
        return;
    }
    scope->next_known = false;
    enter(scope, SCOPE_QUEUED);
    lane_queue(round->engine, round->lane, scope);
}

void scope_send(struct scope *scope)
{
    struct engine *engine = engine_of(scope);
    scope->ticket = engine_ticket(engine, TICKET_SCOPE_SEND, scope);
    enter(scope, SCOPE_SENT);
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
    struct engine *engine = engine_of(scope);
    scope->ticket = engine_ticket(engine, TICKET_SCOPE_WAIT, scope);
    enter(scope, SCOPE_WAITING);
    if (outcome == OUTCOME_THROTTLED)
        scope->run->summary.throttled_ms += wait_ms;
    scope->run->summary.retries++;
    struct note *note = engine_note(engine, NOTE_RETRY, scope->run->round, scope->run);
    note->outcome = outcome;
    note->number = wait_ms;
    engine_timer_set(engine, scope->ticket, engine->now_ms + wait_ms);
}

/* A 401: a token is renewed once; a credential that cannot be is tried once more, then refused for the whole connection. */
static void renew(struct scope *scope, const char *message)
{
    struct round *round = scope->run->round;
    if (scope->renewals++ < ENGINE_RENEWALS_MAX) {
        if (round->login.state == LOGIN_READY)
            round->login.state = LOGIN_NEEDED;
        scope_next(scope);
        return;
    }
    fail_now(scope, "the application refuses the login: %s", message);
    round_fail(round, "the application refuses the login: %s", message);
}

static void give_up(struct scope *scope, const struct classified *said)
{
    struct round *round = scope->run->round;
    scope->not_permitted = said->outcome == OUTCOME_FORBIDDEN;
    if (said->outcome == OUTCOME_AUTH_DENIED) {
        fail_now(scope, "the application refuses the login: %s %s", said->word, said->message);
        round_fail(round, "the application refuses the login: %s %s", said->word, said->message);
        return;
    }
    if (scope->not_permitted && scope->pages == 0)
        fail_now(scope, "not permitted: %s %s", said->word, said->message);
    else
        fail_now(scope, "page %" PRId64 ": %s: %s%s%s", scope->pages + 1,
            outcome_name(said->outcome), said->word, said->message[0] ? ": " : "", said->message);
}

static int64_t server_wait_ms(const struct scope *scope, const struct response *response)
{
    struct rate_reading reading;
    dialect_read(&response->headers, engine_of(scope)->wall_ms,
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
            drop_page(scope);
            restart(scope);
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
    struct note *note = engine_note(engine_of(scope), NOTE_REQUEST, scope->run->round, scope->run);
    note->outcome = outcome;
    note->status = response->status;
    note->seconds = response->seconds;
}

void scope_response(struct scope *scope, struct response *response)
{
    struct engine *engine = engine_of(scope);
    struct round *round = scope->run->round;
    struct classified said;
    classify_response(page_reader_classifier(run_program(scope->run)->reader), response,
        scope->request.carries_cursor, &said);
    note_request(scope, response, said.outcome);
    lane_answered(engine, round->lane, round_policy(round), said.outcome, response);
    if (said.outcome == OUTCOME_OK && !scope->failed) {
        scope->ticket = engine_ticket(engine, TICKET_SCOPE_DIGEST, scope);
        enter(scope, SCOPE_DIGESTING);
        struct effect *effect = engine_effect(engine, EFFECT_DIGEST);
        effect->ticket = scope->ticket;
        effect->input = (struct digest_input){.program = run_program(scope->run),
            .response = response,
            .asked = scope->request,
            .at = scope->asked_at,
            .parent = &scope->parent,
            .scope = scope->key};
    } else {
        int64_t wait_ms = server_wait_ms(scope, response);
        response_free(response);
        trouble(scope, &said, wait_ms);
    }
    lane_pump(engine, round->lane);
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

/* The page goes to the store, with the position after it; where a guard spoke, with its own, so that a host that comes back meets the
 * guard again. The digest lives until the commit is back. */
static bool commit(
    struct scope *scope, struct digest *digest, bool listing_over, struct fault *fault)
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
    if (!checkpoint_encode(scope, listing_over, scope->page_arena, &batch->position, fault))
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
    return true;
}

static void accept_page(struct scope *scope, struct digest *digest)
{
    struct fault fault;
    scope->retry = (struct retry_state){0};
    scope->renewals = 0;
    bool sound = proof_page(scope, digest);
    bool goes_on = sound && digest->page.end == PAGE_GOES_ON;
    bool kept = take_bookmark(scope, digest, &fault) &&
                (!goes_on || take_next(scope, &digest->page, &fault)) &&
                commit(scope, digest, sound && !goes_on, &fault);
    if (!kept) {
        digest_free(digest);
        scope_fail(scope, "page %" PRId64 ": %s", scope->pages, fault.text);
    }
    if (!goes_on || !kept) {
        flush(scope);
        return;
    }
    scope->next_known = true;
    if (scope->commits < (unsigned)round_policy(scope->run->round)->window_pages)
        scope_next(scope);
    else
        enter(scope, SCOPE_WINDOW);
}

void scope_digested(struct scope *scope, struct digest *digest, const struct fault *fault)
{
    struct round *round = scope->run->round;
    if (!digest) {
        fail_now(scope, "page %" PRId64 ": %s", scope->pages + 1, fault->text);
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

/* ------------------------------------------------------------------ store --------------------- */

static bool resume(
    struct scope *scope, const struct job_scope_begin *begin, bool *ret_over, struct fault *fault)
{
    *ret_over = false;
    scope->sequence = begin->sequence;
    scope->sums = begin->so_far;
    if (begin->bookmark.data && !bytes_append(&scope->bookmark, begin->bookmark, fault))
        return false;
    if (begin->position.data)
        return checkpoint_decode(scope, begin->position, ret_over, fault);
    scope->at = request_first_position(run_program(scope->run)->declaration);
    return true;
}

static void begun(struct scope *scope, struct job *job)
{
    const struct job_scope_begin *begin = &job->scope_begin;
    struct fault fault = job->fault;
    bool listing_over = false, ended = job->done && begin->ended;
    scope->key = job->done ? begin->scope : 0;
    scope->live_before = begin->live_before;
    bool ok = job->done && resume(scope, begin, &listing_over, &fault);
    if (ended)
        scope->proof = begin->proof;
    arena_free(job->arena);
    if (ended) {
        over(scope);
        return;
    }
    if (!ok)
        scope_fail(scope, "%s", fault.text);
    if (!ok || listing_over)
        flush(scope);
    else
        scope_next(scope);
}

/* A listing that brings nothing new page after page is endless, or stuck (fault 75). */
static bool is_barren(struct scope *scope, const struct batch_outcome *outcome)
{
    bool barren = outcome->received == outcome->duplicate;
    scope->guards.barren = barren ? scope->guards.barren + 1 : 0;
    return scope->guards.barren > round_policy(scope->run->round)->empty_pages_most;
}

static void add_outcome(struct batch_outcome *sums, const struct batch_outcome *more)
{
    sums->received += more->received;
    sums->created += more->created;
    sums->changed += more->changed;
    sums->unchanged += more->unchanged;
    sums->duplicate += more->duplicate;
    sums->filtered += more->filtered;
    sums->dead += more->dead;
    sums->reappeared += more->reappeared;
    sums->conflicts += more->conflicts;
    sums->unreadable += more->unreadable;
    sums->distinct = more->distinct;
}

static void committed(struct scope *scope, struct job *job)
{
    struct round *round = scope->run->round;
    struct batch *batch = job->commit.batch;
    struct fault fault = job->fault;
    bool done = job->done;
    scope->commits--;
    round->held_bytes -= batch->bytes;
    if (done) {
        struct note *note = engine_note(round->engine, NOTE_PAGE, round, scope->run);
        note->batch = job->commit.outcome;
        note->number = scope->total;
        add_outcome(&scope->sums, &job->commit.outcome);
        if (is_barren(scope, &job->commit.outcome))
            scope_fail(scope,
                "page %" PRId64 ": page after page without a new record: endless, or stuck",
                batch->sequence);
    } else {
        scope_fail(scope, "page %" PRId64 ": %s", batch->sequence, fault.text);
    }
    digest_free(batch->digest);
    arena_free(job->arena);
    if (scope->state == SCOPE_FLUSHING)
        flush(scope);
    else if (scope->state == SCOPE_RESTARTING)
        restart(scope);
    else if (scope->state == SCOPE_WINDOW && scope->next_known)
        scope_next(scope);
    lane_pump(round->engine, round->lane); /* memory came free: a sender may go on */
}

static void restarted(struct scope *scope, struct job *job)
{
    bool done = job->done;
    struct fault fault = job->fault;
    arena_free(job->arena);
    if (!done) {
        fail_now(scope, "%s", fault.text);
        return;
    }
    proof_reset(scope);
    scope->reason[0] = '\0';
    scope->at = request_first_position(run_program(scope->run)->declaration);
    scope->pages = 0;
    scope_next(scope);
}

static void ended(struct scope *scope, struct job *job)
{
    if (!job->done) {
        scope->proof = PROOF_PARTIAL;
        (void)snprintf(scope->reason, sizeof scope->reason, "%.200s", job->fault.text);
    }
    arena_free(job->arena);
    struct note *note =
        engine_note(engine_of(scope), NOTE_SCOPE_ENDED, scope->run->round, scope->run);
    note->number = scope->key;
    (void)snprintf(note->text, sizeof note->text, "%s", scope->reason);
    over(scope);
}

void scope_job_done(struct scope *scope, struct job *job)
{
    struct round *round = scope->run->round;
    round->jobs--;
    if (job->kind == JOB_SCOPE_BEGIN)
        begun(scope, job);
    else if (job->kind == JOB_COMMIT)
        committed(scope, job);
    else if (job->kind == JOB_SCOPE_RESTART)
        restarted(scope, job);
    else
        ended(scope, job);
    round_advance(round);
}

/* ------------------------------------------------------------------ begin --------------------- */

static bool copy_parent(struct scope *scope, const struct scope_parent *parent)
{
    if (!parent)
        return true;
    struct http_header *fields =
        arena_allocate_array(scope->arena, parent->field_count, sizeof *fields);
    scope->parent.id = arena_copy(scope->arena, parent->id);
    if (!fields || !scope->parent.id.data)
        return false;
    for (size_t i = 0; i < parent->field_count; i++) {
        fields[i].name = arena_copy(scope->arena, parent->fields[i].name);
        fields[i].value = arena_copy(scope->arena, parent->fields[i].value);
        if (!fields[i].name.data || (parent->fields[i].value.data && !fields[i].value.data))
            return false;
    }
    scope->parent.fields = fields;
    scope->parent.field_count = parent->field_count;
    return true;
}

void scope_begin(struct run *run, const struct scope_parent *parent)
{
    struct round *round = run->round;
    struct scope *scope = memory_allocate(sizeof *scope);
    if (!scope) {
        round_fail(round, "out of memory");
        return;
    }
    scope->run = run;
    scope->next = run->scopes;
    run->scopes = scope;
    run->scope_count++;
    scope->token.limit = POSITION_TEXT_MAX;
    proof_reset(scope);
    scope->arena = arena_create(0);
    struct job *job = scope->arena && copy_parent(scope, parent)
                          ? engine_job(round->engine, JOB_SCOPE_BEGIN)
                          : NULL;
    if (job) {
        job->scope_begin = (struct job_scope_begin){.connection = round->connection_key,
            .run = run->key,
            .stream = run->stream,
            .source = round->connection->source,
            .parent = scope->parent,
            .full = run->full};
        engine_job_submit(round, job, scope);
        return;
    }
    scope->proof = PROOF_PARTIAL;
    (void)snprintf(scope->reason, sizeof scope->reason, "out of memory");
    over(scope);
}

void scope_free(struct scope *scope)
{
    if (!scope)
        return;
    drop_page(scope);
    bytes_free(&scope->token);
    bytes_free(&scope->bookmark);
    arena_free(scope->arena);
    memory_free(scope);
}
