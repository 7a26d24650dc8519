/* SPDX-License-Identifier: Apache-2.0 */
/* One decision, one thread, one handle. SQLite lets one transaction write at a time; the writer
 * notices that another handle wrote (store/execute.c) and reads its counters anew. */
#include "decision.h"

#include <pthread.h>
#include <stdatomic.h>
#include "base/clock.h"
#include "base/memory.h"
#include "store/query.h"

struct decision {
    struct arena *arena; /* this lies in it too */
    struct host *host;
    const char *store_path;
    struct control_request request;
    pthread_t thread;
    bool joined;
    atomic_bool done; /* after it `fault` is the I/O thread's */
    struct fault fault;
};

bool decision_make(struct store *store, const struct control_request *request, struct fault *fault)
{
    struct clock clock = clock_system();
    int64_t wall_ms = clock_wall_ms(&clock);
    if (request->verb == REQUEST_DISCARD)
        return store_dead_discard(
            store, request->number, request->who, request->reason, wall_ms, fault);
    return store_hold_decide(
        store, request->number, request->verb == REQUEST_APPROVE, request->who, wall_ms, fault);
}

static void *decide(void *context)
{
    const struct store_options options = {.take_lock = false}; /* this process has it */
    struct decision *decision = context;
    struct fault fault = {.code = FAULT_NONE};
    struct store *store;
    if (store_open(decision->store_path, &options, &store, &fault)) {
        if (decision_make(store, &decision->request, &fault))
            fault = (struct fault){.code = FAULT_NONE};
        store_close(store);
    }
    decision->fault = fault;
    atomic_store(&decision->done, true);
    host_ring(decision->host);
    return NULL;
}

bool decision_start(struct host *host, const char *store_path,
    const struct control_request *request, struct decision **ret_decision, struct fault *fault)
{
    AUTO_ARENA *arena = arena_create(0);
    struct decision *decision = arena ? arena_allocate(arena, sizeof *decision) : NULL;
    if (!decision)
        return fault_memory(fault);
    decision->arena = arena;
    decision->host = host;
    decision->store_path = arena_copy_text(arena, store_path);
    decision->request = *request;
    decision->request.who = arena_copy_text(arena, request->who);
    decision->request.reason = request->reason ? arena_copy_text(arena, request->reason) : NULL;
    if (!decision->store_path || !decision->request.who ||
        (request->reason && !decision->request.reason))
        return fault_memory(fault);
    if (pthread_create(&decision->thread, NULL, decide, decision) != 0)
        return fault_set(fault, FAULT_SYSTEM, "cannot start a thread; nothing was decided");
    (void)TAKE(arena); /* the decision owns it now */
    *ret_decision = decision;
    return true;
}

bool decision_is_done(const struct decision *decision, struct fault *ret_fault)
{
    if (!atomic_load(&decision->done))
        return false;
    *ret_fault = decision->fault;
    return true;
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
    arena_free(decision->arena);
}
