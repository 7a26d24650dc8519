/* SPDX-License-Identifier: Apache-2.0 */
/* A scope's life: begun by run.c, taken up from its checkpoint, its pages' commits counted, ended
 * with what proof.c makes of it. Between begin and end stands listing.c, which asks for page after
 * page. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/memory.h"
#include "machine.h"

struct engine *scope_engine(const struct scope *scope)
{
    return scope->run->round->engine;
}

void scope_enter(struct scope *scope, enum scope_state state)
{
    engine_trace_change(scope_engine(scope), "scope", scope->key << 8 | scope->state, state);
    scope->state = state;
}

void scope_over(struct scope *scope)
{
    scope_enter(scope, SCOPE_OVER);
    run_scope_over(scope->run, scope);
}

/* ------------------------------------------------------------------ end ----------------------- */

/* The listing goes on where it was before the page that did not fit. */
static void turn_back(struct scope *scope)
{
    scope->turn = TURN_NONE;
    scope->cut = false;
    scope->ahead = scope->trail;
    scope->at = scope->back;
    scope->at.overlap = 0;
    scope_next(scope);
}

void scope_restart(struct scope *scope)
{
    scope_enter(scope, SCOPE_RESTARTING);
    page_work_free(TAKE(scope->asked));
    if (scope->first || scope->commits > 0)
        return;
    if (scope->failed) { /* meanwhile */
        scope_flush(scope);
        return;
    }
    if (scope->turn == TURN_BACK) {
        turn_back(scope);
        return;
    }
    struct job *job = engine_job(JOB_SCOPE_RESTART);
    scope->restarts++;
    if (job) {
        job->scope_restart = (struct job_scope_restart){.run = scope->run->key,
            .scope = scope->key,
            .reason = scope->reason,
            .full = scope->run->full};
        engine_job_submit(scope->run->round, job, scope);
        return;
    }
    scope->proof = PROOF_PARTIAL;
    (void)snprintf(scope->reason, sizeof scope->reason, "out of memory");
    scope_over(scope);
}

static void send_end(struct scope *scope)
{
    const struct policy_settings *policy = round_policy(scope->run->round);
    scope_enter(scope, SCOPE_ENDING);
    struct job *job = scope->key ? engine_job(JOB_SCOPE_END) : NULL;
    if (!job) {
        if (!scope->failed)
            (void)snprintf(scope->reason, sizeof scope->reason, "out of memory");
        scope->proof = PROOF_PARTIAL;
        scope_over(scope);
        return;
    }
    job->scope_end = (struct job_scope_end){.run = scope->run->key,
        .scope = scope->key,
        .full = scope->run->full,
        .proof = scope->proof,
        .reason = scope->proof == PROOF_PROVEN ? NULL : scope->reason,
        .end_signal = scope->end_signal[0] ? scope->end_signal : NULL,
        .total = scope->total,
        /* Where it moved to the last, items may have slipped through every time it was read. */
        .bar_absence =
            scope->closed || scope->sums.unreadable > 0 || scope->total_moved || !scope->run->full,
        .look_again = !proof_stands(scope),
        .proof_in_reach = scope->read_once,
        .seen_since = scope->guards.slippery && scope->twice ? scope->before_from : -1,
        .absence_most = policy->absence_most,
        .absence_percent = policy->absence_percent};
    if (scope->bookmark.length)
        job->scope_end.bookmark = arena_copy(
            job->arena, bytes_span(&scope->bookmark)); /* without memory: the last one stays */
    engine_job_submit(scope->run->round, job, scope);
}

void scope_flush(struct scope *scope)
{
    scope_enter(scope, SCOPE_FLUSHING);
    page_work_free(TAKE(scope->asked));
    if (scope->inquiry.about == INQUIRY_MISSING) { /* it has ended; what is left to read may wait */
        scope_over(scope);
        return;
    }
    inquiry_drop(scope);
    if (scope->first || scope->commits > 0)
        return;
    if (scope->closed && !scope->failed) {
        scope->proof = PROOF_PROVEN;
        (void)snprintf(scope->end_signal, sizeof scope->end_signal, "its parent is gone");
        send_end(scope);
        return;
    }
    if (proof_conclude(scope)) {
        scope_restart(scope);
        return;
    }
    send_end(scope);
}

/* The first reason stays. */
static void blame(struct scope *scope, const char *format, va_list arguments)
{
    if (scope->failed)
        return;
    if (scope->inquiry.about !=
        INQUIRY_MISSING) /* whose scope has ended, with a reason of its own */
        (void)vsnprintf(scope->reason, sizeof scope->reason, format, arguments);
    scope->failed = true;
}

void scope_fail_now(struct scope *scope, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    blame(scope, format, arguments);
    va_end(arguments);
    scope_flush(scope);
}

/* Takes back what the scope waits for. False where something of it is with somebody else, or it is
 * over: that comes back by itself. */
static bool leave_wait(struct scope *scope)
{
    switch (scope->state) {
    case SCOPE_QUEUED:
        lane_remove(scope);
        return true;
    case SCOPE_WAITING:
        engine_timer_drop(scope_engine(scope), scope->ticket);
        engine_ticket_drop(scope_engine(scope), scope->ticket);
        return true;
    case SCOPE_TOKEN:
    case SCOPE_WINDOW:
    case SCOPE_PROBING:
        return true;
    case SCOPE_BEGINNING:
    case SCOPE_SENT:
    case SCOPE_READING:
    case SCOPE_RESTARTING:
    case SCOPE_FLUSHING:
    case SCOPE_ENDING:
    case SCOPE_ASKING:
    case SCOPE_STOPPED:
    case SCOPE_OVER:
        break;
    }
    return false;
}

void scope_fail(struct scope *scope, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    blame(scope, format, arguments);
    va_end(arguments);
    if (leave_wait(scope)) /* else what is under way comes back, and then finds `failed` */
        scope_flush(scope);
}

void scope_turn(struct scope *scope, enum turn turn)
{
    scope->turn = turn;
    scope->cut = true;
    if (leave_wait(scope) || scope->state == SCOPE_FLUSHING)
        scope_restart(scope); /* else what is under way comes back, and then finds `turn` */
}

void scope_settle(struct scope *scope)
{
    if (scope->state == SCOPE_FLUSHING)
        scope_flush(scope);
    else if (scope->state == SCOPE_RESTARTING)
        scope_restart(scope);
    else if (scope->state == SCOPE_WINDOW && pages_have_room(scope))
        scope_next(scope);
}

/* ------------------------------------------------------------------ stopping ------------------ */

bool scope_is_idle(const struct scope *scope)
{
    return scope->state == SCOPE_STOPPED && !scope->first && scope->commits == 0;
}

void scope_stop_here(struct scope *scope)
{
    scope_enter(scope, SCOPE_STOPPED);
    page_work_free(TAKE(scope->asked));
    round_advance(scope->run->round);
}

void scope_stop(struct scope *scope)
{
    if (leave_wait(scope))
        scope_stop_here(scope);
}

/* ------------------------------------------------------------------ store --------------------- */

static void add_earlier(struct batch_outcome *earlier, const struct batch_outcome *sums)
{
    earlier->received += sums->received;
    earlier->dead += sums->dead;
    earlier->conflicts += sums->conflicts;
    earlier->unreadable += sums->unreadable;
}

static bool resume(struct scope *scope, const struct job_scope_begin *begin,
    enum checkpoint_state *ret_state, struct fault *fault)
{
    *ret_state = CHECKPOINT_GOES_ON;
    scope->sequence = begin->sequence;
    if (begin->bookmark.data && !bytes_append(&scope->bookmark, begin->bookmark, fault))
        return false;
    if (begin->position.data) {
        if (!checkpoint_decode(scope, begin->position, ret_state, fault))
            return false;
        /* The store's sums are of the whole run; what proves is this listing. */
        scope->sums = begin->so_far;
        scope->sums.received -= scope->earlier.received;
        scope->sums.dead -= scope->earlier.dead;
        scope->sums.conflicts -= scope->earlier.conflicts;
        scope->sums.unreadable -= scope->earlier.unreadable;
        return true;
    }
    if (begin->sequence > 0) { /* batches but no position: stopped right after a restart */
        scope->restarts = ENGINE_LISTING_RESTARTS_MAX;
        scope->pass_from = begin->sequence;
        add_earlier(&scope->earlier, &begin->so_far);
    }
    scope->at = request_first_position(run_program(scope->run)->declaration);
    return true;
}

static void begun(struct scope *scope, struct job *job)
{
    const struct job_scope_begin *begin = &job->scope_begin;
    struct fault fault = job->fault;
    enum checkpoint_state state = CHECKPOINT_GOES_ON;
    bool ended = job->done && begin->ended;
    scope->key = job->done ? begin->scope : 0;
    scope->live_before = begin->live_before;
    bool ok = job->done && resume(scope, begin, &state, &fault);
    if (ended) {
        scope->proof = begin->proof;
        (void)snprintf(scope->reason, sizeof scope->reason, "%.*s", SPAN_FORMAT(begin->reason));
    }
    arena_free(job->arena);
    if (ended) {
        scope_over(scope);
        return;
    }
    if (!ok)
        scope_fail(scope, "%s", fault.text);
    if (!ok || state != CHECKPOINT_GOES_ON)
        scope_flush(scope);
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

static void committed(struct scope *scope, struct job *job)
{
    struct round *round = scope->run->round;
    struct batch *batch = job->commit.batch;
    struct fault fault = job->fault;
    bool done = job->done;
    scope->commits--;
    engine_release(round->engine, PLACES_PAGE); /* of the page that the job was */
    pages_release(round, batch->bytes);
    lane_pump(round->engine, round->lane); /* memory came free: a sender may go on */
    if (done) {
        struct note *note = engine_note(round->engine, NOTE_PAGE, round, scope->run);
        note->batch = job->commit.outcome;
        note->number = scope->total;
        batch_outcome_add(&scope->sums, &job->commit.outcome);
        scope->live = job->commit.live;
        if (is_barren(scope, &job->commit.outcome))
            scope_fail(scope,
                "page %" PRId64 ": page after page without a new record: endless, or stuck",
                batch->sequence);
    } else {
        scope_fail(scope, "page %" PRId64 ": %s", batch->sequence, fault.text);
    }
    digest_free(batch->digest);
    arena_free(job->arena);
    scope_settle(scope);
}

static void restarted(struct scope *scope, struct job *job)
{
    bool done = job->done;
    struct fault fault = job->fault;
    arena_free(job->arena);
    if (!done) {
        scope_fail_now(scope, "%s", fault.text);
        return;
    }
    add_earlier(&scope->earlier, &scope->sums);
    proof_reset(scope);
    bytes_clear(&scope->bookmark); /* the listing thrown away says nothing of what was reached */
    scope->turn = TURN_NONE;
    scope->exact = false;
    scope->pass_from = scope->sequence;
    if (!scope->failed)
        scope->reason[0] = '\0';
    scope->at = request_first_position(run_program(scope->run)->declaration);
    scope_next(scope);
}

static void ended(struct scope *scope, struct job *job)
{
    if (job->done && job->scope_end.again && !scope->run->round->stopping) {
        arena_free(job->arena);
        proof_vouch(scope);
        (void)snprintf(scope->reason, sizeof scope->reason,
            "a listing that was read once would take objects away: second pass");
        scope_restart(scope);
        return;
    }
    if (job->done && job->scope_end.again) { /* draining: the next host looks again */
        arena_free(job->arena);
        scope_stop_here(scope);
        return;
    }
    if (!job->done) {
        scope->proof = PROOF_PARTIAL;
        (void)snprintf(scope->reason, sizeof scope->reason, "%.200s", job->fault.text);
    }
    const struct job_scope_end *end = &job->scope_end;
    int64_t fresh = scope->proof == PROOF_PROVEN ? end->missing : 0;
    int64_t absent = job->done ? end->absent - fresh : 0;
    arena_free(job->arena);
    struct note *note =
        engine_note(scope_engine(scope), NOTE_SCOPE_ENDED, scope->run->round, scope->run);
    note->number = scope->key;
    (void)snprintf(note->text, sizeof note->text, "%s", scope->reason);
    if (!inquiry_begin(scope, absent))
        scope_over(scope);
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
    else if (job->kind == JOB_SUSPECTS || job->kind == JOB_EVIDENCE)
        inquiry_job_done(scope, job);
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
    if (!scope || !engine_reserve(round->engine, PLACES_SCOPE)) {
        memory_free(scope);
        round_fail(round, "out of memory");
        return;
    }
    scope->run = run;
    scope->next = run->scopes;
    run->scopes = scope;
    run->scope_count++;
    scope->token.limit = POSITION_TEXT_MAX;
    scope->live = -1;
    proof_reset(scope);
    scope->arena = arena_create(0);
    struct job *job =
        scope->arena && copy_parent(scope, parent) ? engine_job(JOB_SCOPE_BEGIN) : NULL;
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
    scope_over(scope);
}

void scope_free(struct scope *scope)
{
    pages_free(scope);
    inquiry_drop(scope);
    engine_release(scope_engine(scope), PLACES_SCOPE);
    bytes_free(&scope->token);
    bytes_free(&scope->bookmark);
    arena_free(scope->arena);
    memory_free(scope);
}
