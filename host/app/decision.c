/* SPDX-License-Identifier: Apache-2.0 */
/* One decision, one thread, one handle. SQLite lets one transaction write at a time; the writer
 * notices that another handle wrote (store/execute.c) and reads its counters anew. */
#include "decision.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include "base/clock.h"
#include "base/memory.h"
#include "observe.h"
#include "replay.h"
#include "store/query.h"

struct decision {
    struct arena *arena; /* this lies in it too */
    struct host *host;
    struct metrics *metrics;
    const char *store_path;
    const char **names; /* of the connections that are measured */
    size_t name_count;
    struct control_request request;
    struct replay_kit kit; /* REPLAY; taken and given back on the I/O thread */
    pthread_t thread;
    bool joined;
    atomic_bool done; /* after it `fault` and `status` are the I/O thread's */
    struct fault fault;
    enum status status;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t room;
    struct bytes lines;
    bool left;
};

bool decision_make(struct store *store, const struct control_request *request, struct fault *fault)
{
    struct clock clock = clock_system();
    int64_t wall_ms = clock_wall_ms(&clock);
    if (request->verb == REQUEST_DISCARD)
        return store_dead_discard(
            store, request->number, request->who, request->reason, wall_ms, fault);
    if (request->verb == REQUEST_REPAIR)
        return store_audit_repair(store, fault);
    int64_t decided;
    if (request->of_run)
        return store_hold_decide_run(store, request->number, request->verb == REQUEST_APPROVE,
            request->who, wall_ms, &decided, fault);
    return store_hold_decide(
        store, request->number, request->verb == REQUEST_APPROVE, request->who, wall_ms, fault);
}

/* One line at a time, so that what waits is bounded whatever a batch gives. */
static bool push_line(struct decision *decision, struct span line)
{
    struct fault fault;                         /* no memory: whoever waits sees the end alone */
    (void)pthread_mutex_lock(&decision->mutex); /* an ordinary mutex, held by no one for long */
    while (!decision->left && decision->lines.length > 0 &&
           decision->lines.length + line.length > DECISION_LINES_MAX)
        (void)pthread_cond_wait(&decision->room, &decision->mutex); /* checked by the loop */
    bool pushed = !decision->left && bytes_append(&decision->lines, line, &fault);
    (void)pthread_mutex_unlock(&decision->mutex); /* held by this thread */
    host_ring(decision->host);
    return pushed;
}

/* A replay_lines: what was settled goes to the I/O thread. Outside any transaction, so that a slow
 * reader holds up nobody. */
static bool push_lines(void *context, struct span lines)
{
    const char *end;
    bool going = true;
    while (going && (end = lines.length ? memchr(lines.data, '\n', lines.length) : NULL)) {
        size_t length = (size_t)(end - lines.data) + 1;
        going = push_line(context, (struct span){lines.data, length});
        lines = (struct span){lines.data + length, lines.length - length};
    }
    return going;
}

static bool make(struct decision *decision, struct store *store, struct fault *fault)
{
    if (decision->request.verb != REQUEST_REPLAY)
        return decision_make(store, &decision->request, fault);
    return replay_make(
        store, &decision->request, &decision->kit, push_lines, decision, &decision->status, fault);
}

static void *decide(void *context)
{
    const struct store_options options = {.take_lock = false}; /* this process has it */
    struct decision *decision = context;
    struct fault fault = {.code = FAULT_NONE};
    struct store *store;
    if (store_open(decision->store_path, &options, &store, &fault)) {
        if (make(decision, store, &fault))
            fault = (struct fault){.code = FAULT_NONE};
        observe_waiting(decision->metrics, store, decision->names, decision->name_count);
        store_close(store);
    }
    decision->fault = fault;
    atomic_store(&decision->done, true);
    host_ring(decision->host);
    return NULL;
}

static bool copy_text(struct arena *arena, const char **text, struct fault *fault)
{
    if (*text)
        *text = arena_copy_text(arena, *text);
    else
        return true;
    return *text || fault_memory(fault);
}

/* The request outlives the line that it came in. */
static bool copy_request(struct decision *decision, struct fault *fault)
{
    struct control_request *request = &decision->request;
    int64_t *letters =
        arena_allocate_array(decision->arena, request->letter_count + 1, sizeof *letters);
    if (!letters)
        return fault_memory(fault);
    for (size_t i = 0; i < request->letter_count; i++)
        letters[i] = request->letters[i];
    request->letters = letters;
    return copy_text(decision->arena, &request->who, fault) &&
           copy_text(decision->arena, &request->reason, fault) &&
           copy_text(decision->arena, &request->connection, fault) &&
           copy_text(decision->arena, &request->stream, fault);
}

static bool copy_names(
    struct decision *decision, const struct generation *generation, struct fault *fault)
{
    decision->names =
        arena_allocate_array(decision->arena, generation->count + 1, sizeof *decision->names);
    if (!decision->names)
        return fault_memory(fault);
    for (; decision->name_count < generation->count; decision->name_count++) {
        const char *name = generation->entries[decision->name_count].name;
        if (!copy_text(decision->arena, &name, fault))
            return false;
        decision->names[decision->name_count] = name;
    }
    return true;
}

bool decision_start(struct host *host, struct metrics *metrics, const char *store_path,
    const struct control_request *request, const struct generation *generation,
    struct decision **ret_decision, struct fault *fault)
{
    AUTO_ARENA *arena = arena_create(0);
    struct decision *decision = arena ? arena_allocate(arena, sizeof *decision) : NULL;
    if (!decision)
        return fault_memory(fault);
    decision->arena = arena;
    decision->host = host;
    decision->metrics = metrics;
    decision->store_path = arena_copy_text(arena, store_path);
    decision->request = *request;
    if (!(decision->store_path || fault_memory(fault)) || !copy_request(decision, fault) ||
        !copy_names(decision, generation, fault))
        return false;
    if (request->verb == REQUEST_REPLAY && !replay_kit_take(generation, &decision->kit, fault))
        return false;
    (void)pthread_mutex_init(&decision->mutex, NULL); /* cannot fail with default attributes */
    (void)pthread_cond_init(&decision->room, NULL);
    if (pthread_create(&decision->thread, NULL, decide, decision) != 0) {
        replay_kit_free(&decision->kit);
        (void)pthread_cond_destroy(&decision->room);
        (void)pthread_mutex_destroy(&decision->mutex);
        return fault_set(fault, FAULT_SYSTEM, "cannot start a thread; nothing was decided");
    }
    (void)TAKE(arena); /* the decision owns it now */
    *ret_decision = decision;
    return true;
}

void decision_fetch(struct decision *decision, struct bytes *out)
{
    struct fault fault;                         /* no room: they stay */
    (void)pthread_mutex_lock(&decision->mutex); /* as in push_line */
    if (decision->lines.length > 0 && bytes_append(out, bytes_span(&decision->lines), &fault)) {
        bytes_clear(&decision->lines);
        (void)pthread_cond_signal(&decision->room); /* cannot fail */
    }
    (void)pthread_mutex_unlock(&decision->mutex); /* held by this thread */
}

bool decision_has_lines(struct decision *decision)
{
    (void)pthread_mutex_lock(&decision->mutex); /* as in push_line */
    bool waiting = decision->lines.length > 0;
    (void)pthread_mutex_unlock(&decision->mutex); /* held by this thread */
    return waiting;
}

void decision_leave(struct decision *decision)
{
    (void)pthread_mutex_lock(&decision->mutex); /* as in push_line */
    decision->left = true;
    bytes_clear(&decision->lines);
    (void)pthread_cond_signal(&decision->room);   /* cannot fail */
    (void)pthread_mutex_unlock(&decision->mutex); /* held by this thread */
}

bool decision_is_done(struct decision *decision, enum status *ret_status, struct fault *ret_fault)
{
    if (!atomic_load(&decision->done))
        return false;
    *ret_fault = decision->fault;
    *ret_status = decision->status;
    return !decision_has_lines(decision);
}

void decision_wait(struct decision *decision)
{
    if (!decision->joined)
        (void)pthread_join(decision->thread, NULL);
    decision->joined = true;
}

void decision_free(struct decision *decision)
{
    if (!decision)
        return;
    decision_wait(decision);
    replay_kit_free(&decision->kit);
    bytes_free(&decision->lines);
    (void)pthread_cond_destroy(&decision->room); /* its thread has ended */
    (void)pthread_mutex_destroy(&decision->mutex);
    arena_free(decision->arena);
}
