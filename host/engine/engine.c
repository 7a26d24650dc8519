/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's door: events in, effects out, tickets and timers in between; in one file, since what
 * gives a ticket out is what takes it back. The work itself is in round.c, run.c and scope.c. */
#include "engine/engine.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "machine.h"

#define PLACES_FIRST 32u /* what the tables begin with */

const char *proof_name(enum proof proof)
{
    static const char *const names[] = {"none", "partial", "asserted", "proven"};
    return names[proof];
}

bool engine_create(
    const struct engine_options *options, struct engine **ret_engine, struct fault *fault)
{
    struct engine *engine = memory_allocate(sizeof *engine);
    if (!engine)
        return fault_memory(fault);
    engine->random = random_seeded(options->seed);
    engine->armed_ms = INT64_MAX;
    if (!engine_reserve(engine, PLACES_ENGINE)) {
        engine_free(engine);
        return fault_memory(fault);
    }
    *ret_engine = engine;
    return true;
}

/* What is over has given its places back. */
static bool is_settled(const struct engine *engine)
{
    size_t places = PLACES_ENGINE;
    for (const struct lane *lane = engine->lanes; lane; lane = lane->next)
        places += PLACES_LANE;
    for (const struct login *login = engine->logins; login; login = login->next)
        places += PLACES_LOGIN;
    return engine->places == places;
}

static void free_gone(struct engine *engine)
{
    bool some = engine->gone != NULL;
    while (engine->over) {
        struct scope *scope = engine->over;
        engine->over = scope->over_next;
        scope_free(scope);
    }
    while (engine->gone) {
        struct round *round = engine->gone;
        engine->gone = round->next;
        round_free(round);
    }
    while (engine->logins_gone) {
        struct login *login = engine->logins_gone;
        engine->logins_gone = login->next;
        login_free(login);
    }
    assert(!some || engine->rounds || is_settled(engine));
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    free_gone(engine);
    while (engine->rounds) {
        struct round *round = engine->rounds;
        engine->rounds = round->next;
        round_free(round);
    }
    while (engine->logins) {
        struct login *login = engine->logins;
        engine->logins = login->next;
        login_free(login);
    }
    while (engine->lanes) {
        struct lane *lane = engine->lanes;
        engine->lanes = lane->next;
        memory_free(lane->key);
        memory_free(lane);
    }
    circuit_free_all(&engine->circuits);
    circuit_free_all(&engine->origins);
    heap_free(&engine->timers);
    memory_free(engine->tickets);
    memory_free(engine->effects);
    memory_free(engine);
}

size_t engine_rounds(const struct engine *engine)
{
    return engine->round_count;
}

uint64_t engine_trace(const struct engine *engine)
{
    uint64_t trace;
    (void)memcpy(&trace, engine->trace.bytes, sizeof trace);
    return trace;
}

void engine_trace_change(struct engine *engine, const char *what, int64_t a, int64_t b)
{
    static const struct hash_key key; /* equal in every process: a trace is no secret */
    struct {
        struct hash128 before;
        int64_t now_ms, a, b;
        char what[24];
    } entry = {.before = engine->trace, .now_ms = engine->now_ms, .a = a, .b = b};
    (void)snprintf(entry.what, sizeof entry.what, "%s", what);
    engine->trace = hash_keyed(&key, (struct span){(const char *)&entry, sizeof entry});
}

/* ------------------------------------------------------------------ tickets ------------------- */

static bool grow_tickets(struct engine *engine, size_t capacity)
{
    struct ticket *tickets = memory_resize(engine->tickets, capacity * sizeof *tickets);
    if (!tickets)
        return false;
    for (size_t i = engine->ticket_capacity; i < capacity; i++)
        tickets[i] = (struct ticket){.kind = TICKET_FREE, .generation = 1};
    engine->tickets = tickets;
    engine->ticket_capacity = capacity;
    return true;
}

static bool grow_effects(struct engine *engine, size_t capacity)
{
    struct effect *effects = memory_resize(engine->effects, capacity * sizeof *effects);
    if (!effects)
        return false;
    engine->effects = effects;
    engine->effect_capacity = capacity;
    return true;
}

static size_t at_least(size_t capacity, size_t wanted)
{
    capacity = capacity ? capacity : PLACES_FIRST;
    while (capacity < wanted)
        capacity *= 2;
    return capacity;
}

bool engine_reserve(struct engine *engine, size_t places)
{
    size_t wanted = engine->places + places;
    struct fault fault;
    if ((wanted > engine->ticket_capacity &&
            !grow_tickets(engine, at_least(engine->ticket_capacity, wanted))) ||
        !heap_reserve(&engine->timers, engine->ticket_capacity, &fault) ||
        (wanted > engine->effect_capacity &&
            !grow_effects(engine, at_least(engine->effect_capacity, wanted))))
        return false;
    engine->places = wanted;
    return true;
}

void engine_release(struct engine *engine, size_t places)
{
    assert(places <= engine->places);
    engine->places -= places;
}

uint64_t engine_ticket(struct engine *engine, enum ticket_kind kind, void *object)
{
    size_t place = engine->ticket_free;
    while (place < engine->ticket_capacity && engine->tickets[place].kind != TICKET_FREE)
        place++;
    assert(place < engine->ticket_capacity && "more tickets than places");
    engine->ticket_free = place + 1;
    struct ticket *ticket = &engine->tickets[place];
    ticket->kind = kind;
    ticket->declined = false;
    ticket->object = object;
    return (uint64_t)ticket->generation << 32 | (uint64_t)place;
}

static struct ticket *find_ticket(struct engine *engine, uint64_t ticket)
{
    size_t place = (size_t)(ticket & 0xFFFFFFFFu);
    if (place >= engine->ticket_capacity || engine->tickets[place].generation != ticket >> 32 ||
        engine->tickets[place].kind == TICKET_FREE)
        return NULL;
    return &engine->tickets[place];
}

void engine_ticket_drop(struct engine *engine, uint64_t ticket)
{
    struct ticket *found = find_ticket(engine, ticket);
    assert(found && "a ticket is given back twice");
    size_t place = (size_t)(found - engine->tickets);
    engine->declined -= found->declined;
    found->kind = TICKET_FREE;
    found->generation++;
    if (place < engine->ticket_free)
        engine->ticket_free = place;
}

/* ------------------------------------------------------------------ effects ------------------- */

struct effect *engine_effect(struct engine *engine, enum effect_kind kind)
{
    assert(engine->effect_count < engine->effect_capacity && "more effects than places");
    struct effect *effect = &engine->effects[engine->effect_count++];
    (void)memset(effect, 0, sizeof *effect);
    effect->kind = kind;
    if (kind != EFFECT_NOTE)
        engine_trace_change(engine, "effect", kind, 0);
    return effect;
}

bool engine_next_effect(struct engine *engine, struct effect *ret_effect)
{
    if (engine->effect_at == engine->effect_count)
        return false;
    *ret_effect = engine->effects[engine->effect_at++];
    return true;
}

/* A note may take what room the places of this event leave; that a run has ended is told in any
 * case. */
static struct note *note_room(struct engine *engine, enum note_kind kind)
{
    size_t acts = engine->effect_count - engine->note_count;
    size_t kept = engine->places > acts ? engine->places - acts : 0;
    if (kind == NOTE_RUN_ENDED)
        return &engine_effect(engine, EFFECT_NOTE)->note;
    if (engine->effect_count + kept >= engine->effect_capacity &&
        !grow_effects(engine, engine->effect_capacity * 2)) {
        engine->notes_lost++;
        engine->lost = (struct note){0};
        return &engine->lost;
    }
    engine->note_count++;
    return &engine_effect(engine, EFFECT_NOTE)->note;
}

struct note *engine_note_of(
    struct engine *engine, enum note_kind kind, const struct connection *connection)
{
    struct note *note = note_room(engine, kind);
    note->kind = kind;
    note->connection = connection->source->name;
    return note;
}

struct note *engine_note(
    struct engine *engine, enum note_kind kind, const struct round *round, const struct run *run)
{
    struct note *note = engine_note_of(engine, kind, round->connection);
    if (run)
        note->stream = round->connection->source->plan->connector->streams.items[run->stream].name;
    return note;
}

struct job *engine_job_in(struct arena *arena, enum job_kind kind)
{
    struct job *job = arena ? arena_allocate(arena, sizeof *job) : NULL;
    if (!job)
        return NULL;
    job->kind = kind;
    job->arena = arena;
    return job;
}

struct job *engine_job(enum job_kind kind)
{
    struct arena *arena = arena_create(0);
    struct job *job = engine_job_in(arena, kind);
    if (!job)
        arena_free(arena);
    return job;
}

void engine_job_send(struct engine *engine, struct job *job, void *object)
{
    uint64_t ticket = engine_ticket(engine, TICKET_JOB, object);
    job->ticket = ticket;
    job->wall_ms = engine->wall_ms;
    struct effect *effect = engine_effect(engine, EFFECT_JOB);
    effect->job = job;
    effect->ticket = ticket;
    engine_trace_change(engine, "job", job->kind, (int64_t)ticket);
}

void engine_job_submit(struct round *round, struct job *job, void *object)
{
    round->jobs++;
    engine_job_send(round->engine, job, object);
}

/* ------------------------------------------------------------------ timers -------------------- */

void engine_timer_set(struct engine *engine, uint64_t ticket, int64_t deadline_ms)
{
    struct fault fault;
    bool set = heap_set(&engine->timers, deadline_ms, ticket, &fault);
    assert(set && "more timers than places");
    (void)set;
}

void engine_timer_drop(struct engine *engine, uint64_t ticket)
{
    heap_remove(&engine->timers, ticket);
}

static void handle_timers(struct engine *engine)
{
    const struct heap_entry *first;
    engine->armed_ms = INT64_MAX; /* what was armed has fired */
    while ((first = heap_first(&engine->timers)) && first->deadline_ms <= engine->now_ms) {
        uint64_t token = first->token;
        heap_remove(&engine->timers, token);
        const struct ticket *ticket = find_ticket(engine, token);
        assert(ticket && "a timer outlived its ticket");
        enum ticket_kind kind = ticket->kind;
        void *object = ticket->object;
        engine_trace_change(engine, "timer", kind, (int64_t)token);
        engine_ticket_drop(engine, token);
        if (kind == TICKET_SCOPE_WAIT) {
            scope_timer(object);
        } else if (kind == TICKET_LANE_WAIT) {
            ((struct lane *)object)->timer = 0;
            lane_pump(engine, object);
        } else {
            assert(kind == TICKET_TOKEN_WAIT);
            login_timer(object);
        }
    }
}

static void arm(struct engine *engine)
{
    const struct heap_entry *first = heap_first(&engine->timers);
    int64_t deadline_ms = first ? first->deadline_ms : INT64_MAX;
    if (deadline_ms == engine->armed_ms)
        return;
    engine->armed_ms = deadline_ms;
    engine_effect(engine, EFFECT_ARM)->deadline_ms = deadline_ms;
}

/* ------------------------------------------------------------------ events -------------------- */

static void handle_response(struct engine *engine, const struct event *event)
{
    struct ticket *ticket = find_ticket(engine, event->ticket);
    if (!ticket) {
        response_free(event->response);
        return;
    }
    enum ticket_kind kind = ticket->kind;
    void *object = ticket->object;
    engine_trace_change(engine, "response", event->response->status, event->response->exchange);
    engine_ticket_drop(engine, event->ticket);
    if (kind == TICKET_TOKEN_SEND)
        login_response(object, event->response);
    else
        scope_response(object, event->response);
}

static void handle_digested(struct engine *engine, const struct event *event)
{
    struct ticket *ticket = find_ticket(engine, event->ticket);
    if (!ticket) {
        digest_free(event->digest);
        return;
    }
    enum ticket_kind kind = ticket->kind;
    void *object = ticket->object;
    engine_ticket_drop(engine, event->ticket);
    if (kind == TICKET_INQUIRY_DIGEST)
        inquiry_digested(object, event->digest);
    else
        pages_digested(object, event->digest, &event->fault);
}

static void handle_paged(struct engine *engine, const struct event *event)
{
    const struct ticket *ticket = find_ticket(engine, event->ticket);
    if (ticket && ticket->kind == TICKET_PAGE_DIGEST)
        pages_read(ticket->object, event->page);
}

static void handle_job(struct engine *engine, const struct event *event)
{
    struct job *job = event->job;
    struct ticket *ticket = find_ticket(engine, job->ticket);
    assert(ticket && "a job came back twice");
    void *object = ticket->object;
    engine_ticket_drop(engine, job->ticket);
    engine_trace_change(engine, "done", job->kind, job->done);
    switch (job->kind) {
    case JOB_ROUND_OPEN:
    case JOB_ROUND_END:
        round_job_done(object, job);
        break;
    case JOB_RUN_BEGIN:
    case JOB_PARENTS:
    case JOB_RUN_END:
        run_job_done(object, job);
        break;
    case JOB_SCOPE_BEGIN:
    case JOB_COMMIT:
    case JOB_SCOPE_RESTART:
    case JOB_SCOPE_END:
    case JOB_SUSPECTS:
    case JOB_EVIDENCE:
        scope_job_done(object, job);
        break;
    case JOB_TOKEN_SAVE:
    case JOB_TOKEN_LOAD:
        login_job_done(object, job);
        break;
    }
}

void engine_decline(struct engine *engine, uint64_t ticket)
{
    struct ticket *found = find_ticket(engine, ticket);
    assert(found && !found->declined);
    found->declined = true;
    engine->declined++;
}

bool engine_has_declined(const struct engine *engine)
{
    return engine->declined > 0;
}

int64_t engine_notes_lost(const struct engine *engine)
{
    return engine->notes_lost;
}

/* The table may grow under the loop, and tickets that it takes may be declined only later. */
static void handle_declined(struct engine *engine)
{
    struct fault fault;
    for (size_t i = 0; i < engine->ticket_capacity && engine->declined > 0; i++) {
        const struct ticket *ticket = &engine->tickets[i];
        if (ticket->kind == TICKET_FREE || !ticket->declined)
            continue;
        enum ticket_kind kind = ticket->kind;
        void *object = ticket->object;
        engine_trace_change(engine, "declined", kind, (int64_t)i);
        engine_ticket_drop(engine, (uint64_t)ticket->generation << 32 | (uint64_t)i);
        if (kind == TICKET_TOKEN_SEND) {
            login_declined(object);
        } else if (kind == TICKET_SCOPE_SEND) {
            scope_declined(object);
        } else if (kind == TICKET_INQUIRY_DIGEST) {
            inquiry_digested(object, NULL);
        } else {
            assert(kind == TICKET_PAGE_DIGEST);
            (void)fault_memory(&fault);
            pages_digested(object, NULL, &fault);
        }
    }
}

static void handle_stop(struct engine *engine)
{
    engine->stopping = true;
    struct round *next;
    for (struct round *round = engine->rounds; round; round = next) {
        next = round->next;
        round_stop(round);
    }
}

void engine_handle(struct engine *engine, const struct event *event)
{
    engine->now_ms = event->now_ms;
    engine->wall_ms = event->wall_ms;
    engine->effect_count = engine->effect_at = engine->note_count = 0;
    free_gone(engine);
    engine_trace_change(engine, "event", event->kind, (int64_t)event->ticket);
    switch (event->kind) {
    case EVENT_START:
        round_start(engine, event->connection, event->full);
        break;
    case EVENT_RESPONSE:
        handle_response(engine, event);
        break;
    case EVENT_PAGED:
        handle_paged(engine, event);
        break;
    case EVENT_DIGESTED:
        handle_digested(engine, event);
        break;
    case EVENT_JOB_DONE:
        handle_job(engine, event);
        break;
    case EVENT_DECLINED:
        handle_declined(engine);
        break;
    case EVENT_TIMER:
        handle_timers(engine);
        break;
    case EVENT_STOP:
        handle_stop(engine);
        break;
    }
    arm(engine);
}
