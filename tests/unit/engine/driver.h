/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host in miniature around a real engine and real digests: an application that answers from a
 * script, and a store that keeps in memory just what the port (engine/job.h) asks for. What is
 * under way waits in a list and comes back one step at a time, so that a test can stop, crash or
 * fail the host between any two events.
 */
#ifndef MUSTER_TESTS_ENGINE_DRIVER_H
#define MUSTER_TESTS_ENGINE_DRIVER_H

#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include "base/memory.h"
#include "engine/engine.h"
#include "unit.h"

#define DRIVER_IDS_MAX     256
#define DRIVER_SCOPES_MAX  64
#define DRIVER_STEPS_MAX   20000
#define DRIVER_ANSWERS_MAX 64
#define DRIVER_BLANK_64    "                                                                "
#define DRIVER_BLANK_512                                                            \
    DRIVER_BLANK_64 DRIVER_BLANK_64 DRIVER_BLANK_64 DRIVER_BLANK_64 DRIVER_BLANK_64 \
        DRIVER_BLANK_64 DRIVER_BLANK_64 DRIVER_BLANK_64
#define DRIVER_WALL_MS INT64_C(1767225600000) /* 2026-01-01 */

/* One answer of the script: for a URL that contains `when`, `times` times (0: for ever), in order.
 */
struct answer {
    const char *when;
    int times;
    int status; /* 0: 200 */
    enum exchange exchange;
    const char *header, *value; /* one header field more; NULL: none */
    const char *type;           /* content type; NULL: application/json */
    const char *body;           /* ' stands for " */
    bool unframed;
    bool deflated; /* the body goes its way so */
};

enum wait_kind { WAIT_RESPONSE, WAIT_PAGED, WAIT_DIGESTED, WAIT_JOB, WAIT_KINDS };

struct waiting {
    struct waiting *next;
    enum wait_kind kind;
    uint64_t ticket;
    struct response *response;
    struct digest *digest; /* PAGED: borrowed */
    struct job *job;
    struct fault fault;
};

struct kept_id {
    char text[64];
    struct hash128 content;
};

/* What the store in miniature keeps of one scope in one run. */
struct kept_scope {
    int64_t run;
    size_t stream;
    char parent[64];
    bool ended;
    enum proof proof;
    char reason[REASON_MAX];
    char *position, *bookmark; /* NULL: none */
    int64_t sequence;
    struct batch_outcome sums;
    struct kept_id ids[DRIVER_IDS_MAX]; /* seen in this listing */
    size_t id_count;
    bool bar_absence;
    int64_t seen_since;
    int restarts;
};

struct kept_run {
    bool begun, ended;
    enum proof proof;
    char reason[REASON_MAX];
    char *bookmark;
    bool bookmark_moved, bookmark_forgotten, widened, read_whole;
    int64_t started_ms;
};

struct driver {
    struct plan *plan;
    struct settings settings;
    struct connection_settings connection_settings;
    struct connection *connection;
    struct engine *engine;
    int64_t now_ms, armed_ms;
    const struct answer *answers;
    size_t answer_count;
    int served[DRIVER_ANSWERS_MAX];
    /* In place of the script, and beside it; NULL: none. */
    struct response *(*serve)(struct driver *driver, const char *url);
    void (*hear)(struct driver *driver, const struct note *note);
    int64_t (*wall)(const struct driver *driver);
    struct driver *(*route)(struct driver *driver, const struct effect *effect); /* whose it is */
    void (*handle)(struct driver *driver, const struct event *event); /* for engine_handle */
    void *context;
    struct waiting *first, *last;
    bool held[WAIT_KINDS]; /* do not deliver these */
    /* the store in miniature */
    bool round_open;
    int64_t rounds;
    struct kept_run runs[8];
    struct kept_scope scopes[DRIVER_SCOPES_MAX];
    size_t scope_count;
    const char *const *suspects; /* ids that a direct read may ask about; NULL ends them */
    const char *incarnation;     /* theirs; NULL: none */
    bool parents_only;           /* they are asked for of parents, not after listings */
    const char *control;         /* id of one that is live; NULL: none */
    int64_t live; /* objects of the scope before the round, and after: nothing but `fresh` is new */
    const char *fresh;    /* of those listed with `live`: the id of one that is; NULL */
    int again;            /* listings that would take something away: so many times */
    char evidence[1024];  /* what was said of the suspects */
    const char *bookmark; /* of the first stream, before the round; NULL: none */
    char kept_token[64];  /* refresh token; empty: none */
    bool wrong_seal_key;
    int loads, saves;
    int64_t requests_at_save;
    /* faults: the job with this number (from 1), or any of this kind, fails */
    int64_t jobs, fail_job;
    int fail_kind;                        /* -1: none */
    int declined_sends, declined_digests; /* that many are declined, as if there were no memory */
    int64_t digests, fail_digest;         /* the digest with this number cannot be mapped */
    /* what came of it */
    int64_t requests, retries;
    int64_t not_before_ms; /* the last retry's time: with one scope nothing is sent before it */
    char last_url[512];
    char sent[4096]; /* bodies of all requests that had one, each ended by a blank */
    bool over, failed, denied, interrupted;
    enum proof proof;
    char reason[REASON_MAX];
    struct run_summary summaries[16];
    size_t summary_count;
    char anomalies[512];
};

static inline char *driver_quote(const char *text)
{
    char *copy = memory_copy_text(text);
    for (char *at = copy; *at; at++)
        if (*at == '\'')
            *at = '"';
    return copy;
}

static inline char *driver_text(struct span span)
{
    return span.data ? strndup(span.data, span.length) : NULL;
}

/* ------------------------------------------------------------------ the store in miniature */

static inline struct kept_scope *driver_scope(struct driver *driver, int64_t key)
{
    ck_assert(key >= 1 && (size_t)key <= driver->scope_count);
    return &driver->scopes[key - 1];
}

static inline void driver_round_open(struct driver *driver, struct job_round_open *open)
{
    open->resumed = driver->round_open;
    if (!open->resumed) {
        driver->rounds++;
        for (size_t i = 0; i < 8; i++) {
            free(driver->runs[i].bookmark);
            driver->runs[i] = (struct kept_run){0};
        }
    }
    driver->round_open = true;
    open->connection = 1;
    open->round = driver->rounds;
    for (size_t i = 0; i < open->stream_count; i++) {
        struct job_stream *entry = &open->streams[i];
        const struct kept_run *run = &driver->runs[i];
        entry->run = run->begun ? driver->rounds * 100 + (int64_t)i : 0;
        entry->run_ended = run->ended;
        entry->proof = run->proof;
        entry->full = driver->bookmark == NULL;
        entry->bookmark = span_of(driver->bookmark);
    }
}

static inline void driver_scope_begin(struct driver *driver, struct job *job)
{
    struct job_scope_begin *begin = &job->scope_begin;
    char parent[64] = "";
    if (begin->parent.id.data)
        (void)snprintf(parent, sizeof parent, "%.*s", SPAN_FORMAT(begin->parent.id));
    size_t at = 0;
    while (at < driver->scope_count &&
           (driver->scopes[at].run != begin->run || strcmp(driver->scopes[at].parent, parent) != 0))
        at++;
    struct kept_scope *scope = &driver->scopes[at];
    if (at == driver->scope_count) {
        ck_assert_uint_lt(at, DRIVER_SCOPES_MAX);
        driver->scope_count++;
        *scope = (struct kept_scope){.run = begin->run, .stream = begin->stream};
        (void)snprintf(scope->parent, sizeof scope->parent, "%s", parent);
    }
    begin->scope = (int64_t)at + 1;
    begin->ended = scope->ended;
    begin->proof = scope->proof;
    begin->reason = arena_copy(job->arena, span_of(scope->reason));
    begin->position = arena_copy(job->arena, span_of(scope->position));
    begin->bookmark = arena_copy(job->arena, span_of(scope->bookmark));
    begin->sequence = scope->sequence;
    begin->live_before = driver->live;
    begin->so_far = scope->sums;
}

static inline void driver_see(const struct driver *driver, struct kept_scope *scope, struct span id,
    const struct hash128 *content, struct batch_outcome *outcome)
{
    static const struct hash128 none;
    for (size_t i = 0; i < scope->id_count; i++)
        if (span_equal_text(id, scope->ids[i].text)) {
            outcome->duplicate += content != NULL;
            outcome->conflicts += content && !hash128_equal(*content, scope->ids[i].content);
            return;
        }
    ck_assert_uint_lt(scope->id_count, DRIVER_IDS_MAX);
    struct kept_id *kept = &scope->ids[scope->id_count++];
    (void)snprintf(kept->text, sizeof kept->text, "%.*s", SPAN_FORMAT(id));
    kept->content = content ? *content : none;
    bool known = driver->live > 0 && !span_equal_text(id, driver->fresh ? driver->fresh : "");
    outcome->created += content != NULL && !known;
    outcome->unchanged += content != NULL && known;
}

static inline bool driver_commit(
    struct driver *driver, struct job_commit *commit, struct fault *fault)
{
    const struct batch *batch = commit->batch;
    struct kept_scope *scope = driver_scope(driver, batch->scope);
    struct batch_outcome *outcome = &commit->outcome, *sums = &scope->sums;
    if (scope->ended || batch->sequence != scope->sequence + 1)
        return fault_set(
            fault, FAULT_USAGE, "batch %lld does not follow", (long long)batch->sequence);
    *outcome = (struct batch_outcome){.received = batch->received};
    for (size_t i = 0; i < batch->record_count; i++)
        if (batch->records[i].yield == 0)
            driver_see(
                driver, scope, batch->records[i].id, &batch->records[i].content_hash, outcome);
        else if (driver->live > 0)
            outcome->unchanged++;
        else
            outcome->created++;
    for (size_t i = 0; i < batch->letter_count; i++) {
        outcome->dead += batch->letters[i].records;
        outcome->unreadable += !batch->letters[i].id.data;
        if (batch->letters[i].id.data)
            driver_see(driver, scope, batch->letters[i].id, NULL, outcome);
    }
    for (size_t i = 0; i < batch->filtered_count; i++) {
        outcome->filtered += batch->filtered[i].records;
        driver_see(driver, scope, batch->filtered[i].id, NULL, outcome);
    }
    for (size_t i = 0; i < batch->counted_count; i++)
        driver_see(driver, scope, batch->counted[i].id, NULL, outcome);
    outcome->distinct = (int64_t)scope->id_count;
    ck_assert_int_eq(outcome->received, outcome->created + outcome->unchanged + outcome->duplicate +
                                            outcome->filtered + outcome->dead);
    commit->live = driver->live;
    sums->received += outcome->received;
    sums->unchanged += outcome->unchanged;
    sums->created += outcome->created;
    sums->duplicate += outcome->duplicate;
    sums->filtered += outcome->filtered;
    sums->dead += outcome->dead;
    sums->conflicts += outcome->conflicts;
    sums->unreadable += outcome->unreadable;
    sums->distinct = outcome->distinct;
    scope->sequence = batch->sequence;
    free(scope->position);
    scope->position = driver_text(batch->position);
    if (batch->bookmark.data) {
        free(scope->bookmark);
        scope->bookmark = driver_text(batch->bookmark);
    }
    return true;
}

/* The live objects of the parent stream are what its scopes saw. */
static inline void driver_parents(struct driver *driver, struct job *job)
{
    struct job_parents *parents = &job->parents;
    const struct plan *plan = parents->source->plan;
    int64_t of = plan_stream_parent(plan, parents->stream);
    parents->parents = arena_allocate_array(job->arena, JOB_PARENTS_PAGE, sizeof *parents->parents);
    int64_t key = 0;
    for (size_t s = 0; s < driver->scope_count; s++) {
        const struct kept_scope *scope = &driver->scopes[s];
        if ((int64_t)scope->stream != of || scope->run / 100 != driver->rounds)
            continue;
        for (size_t i = 0; i < scope->id_count; i++) {
            if (++key <= parents->after)
                continue;
            if (parents->parent_count == 3) { /* small pages, so that there is more than one */
                parents->more = true;
                return;
            }
            struct http_header *fields = arena_allocate_array(job->arena, 1, sizeof *fields);
            struct span id = arena_copy(job->arena, span_of(scope->ids[i].text));
            fields[0] = (struct http_header){SPAN("id"), id};
            parents->parents[parents->parent_count++] =
                (struct job_parent){.parent = {id, fields, 1}, .object = key};
        }
    }
}

static inline void driver_scope_end(struct driver *driver, struct job_scope_end *end)
{
    struct kept_scope *scope = driver_scope(driver, end->scope);
    ck_assert_msg(!scope->ended, "a scope is ended twice");
    scope->seen_since = end->seen_since;
    for (size_t i = 0; !driver->parents_only && driver->suspects && driver->suspects[i]; i++)
        end->absent++;
    if (end->look_again && driver->again > 0) {
        driver->again--;
        end->again = true;
        return;
    }
    ck_assert(end->proof == PROOF_PROVEN ? end->reason == NULL : end->reason && end->reason[0]);
    scope->ended = true;
    scope->proof = end->proof;
    scope->bar_absence = end->bar_absence;
    (void)snprintf(scope->reason, sizeof scope->reason, "%s", end->reason ? end->reason : "");
    free(scope->position);
    scope->position = NULL;
}

static inline void driver_suspects(struct driver *driver, struct job *job)
{
    struct job_suspects *suspects = &job->suspects;
    const char *const *ids = driver->suspects;
    suspects->suspects = arena_allocate_array(job->arena, 16, sizeof *suspects->suspects);
    for (size_t i = 0; ids && ids[i] && i < suspects->most; i++)
        suspects->suspects[suspects->suspect_count++] =
            (struct job_suspect){(int64_t)i + 1, arena_copy(job->arena, span_of(ids[i])),
                arena_copy(job->arena, span_of(driver->incarnation))};
    if (driver->control)
        suspects->control =
            (struct job_suspect){99, arena_copy(job->arena, span_of(driver->control)),
                arena_copy(job->arena, span_of(driver->incarnation))};
}

static inline void driver_evidence(struct driver *driver, const struct job_evidence *evidence)
{
    size_t length = strlen(driver->evidence);
    (void)snprintf(driver->evidence + length, sizeof driver->evidence - length, "%s%lld %s: %s;",
        evidence->parent ? "parent " : "", (long long)evidence->object,
        evidence->gone ? "gone" : "there", evidence->evidence);
}

static inline void driver_run_end(struct driver *driver, struct job_run_end *end)
{
    struct kept_run *run = &driver->runs[end->run % 100];
    run->ended = true;
    run->proof = end->proof;
    (void)snprintf(run->reason, sizeof run->reason, "%s", end->reason ? end->reason : "");
    run->read_whole = end->read_whole;
    run->bookmark_forgotten = end->forget_bookmark;
    if (end->bookmark.data) {
        run->bookmark_moved = true;
        free(run->bookmark);
        run->bookmark = driver_text(end->bookmark);
    }
    for (size_t i = 0; i < driver->scope_count; i++)
        if (driver->scopes[i].run == end->run) {
            end->sums.received += driver->scopes[i].sums.received;
            end->sums.dead += driver->scopes[i].sums.dead;
        }
}

static inline bool driver_execute(struct driver *driver, struct job *job)
{
    struct job_scope_restart *restart = &job->scope_restart;
    struct kept_scope *scope;
    struct kept_run *run;
    switch (job->kind) {
    case JOB_ROUND_OPEN:
        driver_round_open(driver, &job->round_open);
        return true;
    case JOB_RUN_BEGIN:
        run = &driver->runs[job->run_begin.stream];
        if (!run->begun)
            run->started_ms = job->wall_ms;
        run->begun = true;
        job->run_begin.run = driver->rounds * 100 + (int64_t)job->run_begin.stream;
        job->run_begin.started_wall_ms = run->started_ms;
        return true;
    case JOB_PARENTS:
        driver_parents(driver, job);
        return true;
    case JOB_SCOPE_BEGIN:
        driver_scope_begin(driver, job);
        return true;
    case JOB_COMMIT:
        return driver_commit(driver, &job->commit, &job->fault);
    case JOB_SCOPE_RESTART:
        scope = driver_scope(driver, restart->scope);
        scope->restarts++;
        driver->runs[scope->stream].widened = restart->full;
        scope->id_count = 0;
        scope->sums.distinct = 0;
        free(scope->position);
        free(scope->bookmark);
        scope->position = scope->bookmark = NULL;
        return true;
    case JOB_SCOPE_END:
        driver_scope_end(driver, &job->scope_end);
        return true;
    case JOB_SUSPECTS:
        driver_suspects(driver, job);
        return true;
    case JOB_EVIDENCE:
        driver_evidence(driver, &job->evidence);
        return true;
    case JOB_RUN_END:
        driver_run_end(driver, &job->run_end);
        return true;
    case JOB_ROUND_END:
        driver->round_open = false;
        return true;
    case JOB_TOKEN_SAVE:
        if (driver->wrong_seal_key)
            return fault_set(&job->fault, FAULT_SECRET, "it cannot be sealed");
        driver->saves++;
        driver->requests_at_save = driver->requests;
        (void)snprintf(
            driver->kept_token, sizeof driver->kept_token, "%.*s", SPAN_FORMAT(job->token.token));
        return true;
    case JOB_TOKEN_LOAD:
        driver->loads++;
        if (driver->wrong_seal_key)
            return fault_set(&job->fault, FAULT_SECRET, "it does not open");
        if (driver->kept_token[0])
            job->token.token = arena_copy(job->arena, span_of(driver->kept_token));
        return true;
    }
    return false;
}

/* ------------------------------------------------------------------ the host's body */

static inline struct waiting *driver_await(
    struct driver *driver, enum wait_kind kind, uint64_t ticket)
{
    struct waiting *waiting = memory_allocate(sizeof *waiting);
    waiting->kind = kind;
    waiting->ticket = ticket;
    if (driver->last)
        driver->last->next = waiting;
    else
        driver->first = waiting;
    driver->last = waiting;
    return waiting;
}

static inline void driver_deflate(struct response *response, const char *body)
{
    struct fault fault;
    char into[1024];
    uLongf packed = sizeof into;
    ck_assert_int_eq(compress((Bytef *)into, &packed, (const Bytef *)body, strlen(body)), Z_OK);
    ck_assert(bytes_append(&response->body, (struct span){into, packed}, &fault));
    response->coding = CODING_DEFLATE;
}

static inline struct response *driver_answer(struct driver *driver, const char *url)
{
    struct fault fault;
    const struct answer *answer = NULL;
    if (driver->serve)
        return driver->serve(driver, url);
    for (size_t i = 0; i < driver->answer_count && !answer; i++)
        if (strstr(url, driver->answers[i].when) &&
            (driver->answers[i].times == 0 || driver->served[i] < driver->answers[i].times)) {
            answer = &driver->answers[i];
            driver->served[i]++;
        }
    ck_assert_msg(answer != NULL, "the script has no answer for %s", url);
    struct response *response = memory_allocate(sizeof *response);
    response->exchange = answer->exchange;
    response->status = answer->exchange != EXCHANGE_DONE ? 0
                       : answer->status                  ? answer->status
                                                         : 200;
    response->unframed = answer->unframed;
    AUTO_FREE char *body = driver_quote(answer->body ? answer->body : "");
    if (answer->deflated)
        driver_deflate(response, body);
    else
        ck_assert(bytes_append_text(&response->body, body, &fault));
    ck_assert(http_headers_add(&response->headers, SPAN("Content-Type"),
        span_of(answer->type ? answer->type : "application/json"), &fault));
    if (answer->header)
        ck_assert(http_headers_add(
            &response->headers, span_of(answer->header), span_of(answer->value), &fault));
    return response;
}

static inline int64_t driver_knows_nothing(void *context, int64_t scope, enum muster_kind kind,
    const struct known_query *queries, size_t count, struct known_answer *ret_answers)
{
    (void)context, (void)scope, (void)kind, (void)queries;
    for (size_t i = 0; i < count; i++)
        ret_answers[i] = (struct known_answer){0};
    return -1;
}

static inline void driver_note(struct driver *driver, const struct note *note)
{
    if (driver->hear)
        driver->hear(driver, note);
    if (note->kind == NOTE_RETRY) {
        driver->retries++;
        ck_assert_int_ge(note->number, 0);
        driver->not_before_ms = driver->now_ms + note->number;
    }
    if (note->kind == NOTE_RUN_ENDED) {
        ck_assert_uint_lt(driver->summary_count, 16);
        driver->summaries[driver->summary_count++] = *note->summary;
    }
    if (note->kind == NOTE_ANOMALY) {
        size_t length = strlen(driver->anomalies);
        (void)snprintf(
            driver->anomalies + length, sizeof driver->anomalies - length, "%s ", note->text);
    }
}

/* Tells of each page twice, as the host does. */
static inline void driver_digest(struct driver *driver, const struct effect *effect)
{
    const struct known nothing = {driver_knows_nothing, NULL};
    struct digest *digest;
    struct fault fault;
    ck_assert(digest_read(&effect->input, &digest, &fault));
    if (digest->page.verdict.outcome == OUTCOME_OK && digest->page.end == PAGE_GOES_ON)
        driver_await(driver, WAIT_PAGED, effect->ticket)->digest = digest;
    ck_assert(digest_map(digest, &nothing, &fault));
    driver_await(driver, WAIT_DIGESTED, effect->ticket)->digest = digest;
}

static inline void driver_act(struct driver *driver, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_SEND:
        if (driver->declined_sends > 0) {
            driver->declined_sends--;
            engine_decline(driver->engine, effect->ticket);
            break;
        }
        driver->requests++;
        if (driver->scope_count <= 1)
            ck_assert_int_ge(driver->now_ms, driver->not_before_ms);
        (void)snprintf(driver->last_url, sizeof driver->last_url, "%s", effect->request->url);
        if (effect->request->body.data) {
            size_t length = strlen(driver->sent);
            (void)snprintf(driver->sent + length, sizeof driver->sent - length, "%.*s ",
                SPAN_FORMAT(effect->request->body));
        }
        driver_await(driver, WAIT_RESPONSE, effect->ticket)->response =
            driver_answer(driver, effect->request->url);
        break;
    case EFFECT_DIGEST:
        if (driver->declined_digests > 0) {
            driver->declined_digests--;
            response_free(effect->input.response);
            engine_decline(driver->engine, effect->ticket);
            break;
        }
        driver_digest(driver, effect);
        break;
    case EFFECT_JOB:
        driver_await(driver, WAIT_JOB, effect->ticket)->job = effect->job;
        break;
    case EFFECT_ARM:
        driver->armed_ms = effect->deadline_ms;
        break;
    case EFFECT_NOTE:
        driver_note(driver, &effect->note);
        break;
    case EFFECT_ROUND_DONE:
        ck_assert_msg(!driver->over, "a round is over twice");
        driver->over = true;
        driver->failed = effect->round.failed;
        driver->denied = effect->round.denied;
        driver->interrupted = effect->round.interrupted;
        driver->proof = effect->round.proof;
        (void)snprintf(driver->reason, sizeof driver->reason, "%s", effect->round.reason);
        break;
    }
}

static inline void driver_handle(struct driver *driver, struct event event)
{
    struct effect effect;
    event.now_ms = driver->now_ms;
    event.wall_ms = driver->wall ? driver->wall(driver) : DRIVER_WALL_MS + driver->now_ms;
    if (driver->handle)
        driver->handle(driver, &event);
    else
        engine_handle(driver->engine, &event);
    while (engine_next_effect(driver->engine, &effect))
        driver_act(driver->route ? driver->route(driver, &effect) : driver, &effect);
}

static inline void driver_feed(struct driver *driver, struct event event)
{
    driver_handle(driver, event);
    while (engine_has_declined(driver->engine))
        driver_handle(driver, (struct event){.kind = EVENT_DECLINED});
}

static inline struct waiting *driver_take(struct driver *driver)
{
    struct waiting *before = NULL, *at = driver->first;
    while (at && driver->held[at->kind]) {
        before = at;
        at = at->next;
    }
    if (!at)
        return NULL;
    if (before)
        before->next = at->next;
    else
        driver->first = at->next;
    if (driver->last == at)
        driver->last = before;
    return at;
}

static inline void driver_deliver(struct driver *driver, struct waiting *at)
{
    struct event event = {.ticket = at->ticket};
    if (at->kind == WAIT_RESPONSE) {
        event.kind = EVENT_RESPONSE;
        event.response = at->response;
    } else if (at->kind == WAIT_PAGED) {
        event.kind = EVENT_PAGED;
        event.page = &at->digest->page;
    } else if (at->kind == WAIT_DIGESTED) {
        event.kind = EVENT_DIGESTED;
        event.digest = at->digest;
        if (++driver->digests == driver->fail_digest) {
            digest_free(TAKE(event.digest));
            (void)fault_set(&event.fault, FAULT_BALANCE, "the page does not balance");
        }
    } else {
        struct job *job = at->job;
        event.kind = EVENT_JOB_DONE;
        event.job = job;
        driver->jobs++;
        if (driver->jobs == driver->fail_job || (int)job->kind == driver->fail_kind)
            (void)fault_set(&job->fault, FAULT_STORE, "the disk is full");
        else
            job->done = driver_execute(driver, job);
    }
    memory_free(at);
    driver_feed(driver, event);
}

/* One event: the oldest of what is under way and not held, or else the timer. False where nothing
 * is left to happen. */
static inline bool driver_step(struct driver *driver)
{
    struct waiting *at = driver_take(driver);
    driver->now_ms++;
    if (at) {
        driver_deliver(driver, at);
        return true;
    }
    if (driver->armed_ms == INT64_MAX)
        return false;
    if (driver->armed_ms > driver->now_ms)
        driver->now_ms = driver->armed_ms;
    driver->armed_ms = INT64_MAX;
    driver_feed(driver, (struct event){.kind = EVENT_TIMER});
    return true;
}

static inline void driver_start(struct driver *driver)
{
    driver->over = false;
    driver->summary_count = 0;
    driver_feed(driver, (struct event){.kind = EVENT_START, .connection = driver->connection});
}

/* To the end of the round; a round that hangs fails the test. */
static inline int driver_finish(struct driver *driver)
{
    int steps = 0;
    while (!driver->over) {
        ck_assert_msg(
            driver_step(driver), "the round hangs: nothing is under way and it is not over");
        ck_assert_msg(++steps < DRIVER_STEPS_MAX, "the round does not end");
    }
    return steps;
}

static inline void driver_engine(struct driver *driver)
{
    const struct engine_options options = {.seed = 7};
    struct fault fault;
    ck_assert(engine_create(&options, &driver->engine, &fault));
    driver->armed_ms = INT64_MAX;
}

/* The host dies: what is in memory is gone, what the store has is not. A new engine takes over. */
static inline void driver_crash(struct driver *driver)
{
    engine_free(driver->engine);
    while (driver->first) {
        struct waiting *at = driver->first;
        driver->first = at->next;
        response_free(at->response);
        if (at->kind == WAIT_DIGESTED)
            digest_free(at->digest);
        if (at->job && at->job->kind == JOB_COMMIT)
            digest_free(at->job->commit.batch->digest);
        if (at->job)
            arena_free(at->job->arena);
        memory_free(at);
    }
    driver->last = NULL;
    driver->not_before_ms = 0;
    driver_engine(driver);
}

/* members: further members of the connector, each ended by a comma; streams: its streams. ' stands
 * for ". */
static inline void driver_begin(struct driver *driver, const char *members, const char *streams,
    const struct answer *answers, size_t answer_count)
{
    static const struct hash256 file;
    struct fault fault;
    AUTO_BYTES text = {0};
    AUTO_FREE char *quoted_members = driver_quote(members);
    AUTO_FREE char *quoted = driver_quote(streams);
    ck_assert_uint_le(answer_count, DRIVER_ANSWERS_MAX);
    *driver = (struct driver){.connection_settings = {.name = "acme", .connector = "acme"},
        .now_ms = 1000,
        .fail_kind = -1,
        .answers = answers,
        .answer_count = answer_count};
    ck_assert(bytes_format(&text, &fault,
        "{\"abi\":1,\"name\":\"acme\",\"base_url\":\"https://api.example.com\",%s\"streams\":[%s]}",
        quoted_members, quoted));
    ck_assert_msg(
        plan_create(bytes_span(&text), "acme.so", &file, &driver->plan, &fault), "%s", fault.text);
    driver->settings = (struct settings){.path = "muster.conf",
        .policy = policy_settings_default(),
        .seal_key = "env:MUSTER_TEST_SEAL",
        .connections = &driver->connection_settings,
        .connection_count = 1};
    driver_engine(driver);
}

/* After what the test changes in the settings. A connector with parameters has one secret, called
 * key. */
static inline void driver_join(struct driver *driver)
{
    static const struct hash_key store_key = {{9, 8, 7}};
    static struct setting_pair secrets[] = {{"key", "env:MUSTER_TEST_KEY", 1}};
    struct source *source;
    struct fault fault;
    if (driver->plan->connector->parameters.count > 0) {
        ck_assert_int_eq(setenv("MUSTER_TEST_KEY", "s3cret", 1), 0);
        ck_assert_int_eq(setenv("MUSTER_TEST_SEAL",
                             "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 1),
            0);
        driver->connection_settings.secrets = secrets;
        driver->connection_settings.secret_count = 1;
    }
    ck_assert_msg(
        source_create(&driver->settings, 0, driver->plan, &source, &fault), "%s", fault.text);
    ck_assert_msg(
        connection_create(source, &store_key, &driver->connection, &fault), "%s", fault.text);
}

static inline void driver_end(struct driver *driver)
{
    driver_crash(driver);
    engine_free(driver->engine);
    for (size_t i = 0; i < driver->scope_count; i++) {
        free(driver->scopes[i].position);
        free(driver->scopes[i].bookmark);
    }
    for (size_t i = 0; i < 8; i++)
        free(driver->runs[i].bookmark);
    connection_release(driver->connection);
    plan_release(driver->plan);
}

/* Until `done` holds, by steps. */
#define DRIVER_UNTIL(driver, done)                                       \
    do {                                                                 \
        for (int steps_ = 0; !(done); steps_++)                          \
            ck_assert(steps_ < DRIVER_STEPS_MAX && driver_step(driver)); \
    } while (0)

static inline const struct run_summary *driver_summary(
    const struct driver *driver, const char *stream)
{
    for (size_t i = 0; i < driver->summary_count; i++)
        if (strcmp(driver->summaries[i].stream, stream) == 0)
            return &driver->summaries[i];
    ck_abort_msg("there is no run of %s", stream);
    return NULL;
}

#define ANSWERS(list) (list), sizeof(list) / sizeof(list)[0]

/* Streams in common use. */
#define YIELDS                                                   \
    "'yields':[{'kind':'account','fields':[{'to':'id','from':'/" \
    "id'},{'to':'display_name','from':'/name'}]}]"
#define TOTAL "'total':{'pointer':'/total','exact':true}"
#define USERS(paging) \
    "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" paging "," YIELDS "}"
#define CURSOR(more) "{'kind':'cursor','ends':['next_absent'],'next':'/next'" more "}"
#define ITEM(id)     "{'id':'" id "','name':'n'}"

#endif
