/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running host: one I/O thread that holds the engine and acts on its effects (transport, page
 * workers, store writer, timer) and feeds back what came of them, on one epoll. `sync` and `serve`
 * differ only in what they start and in what they do with notes.
 */
#ifndef MUSTER_APP_HOST_H
#define MUSTER_APP_HOST_H

#include "engine/engine.h"
#include "store/store.h"

struct host;

struct host_hooks {
    void (*note)(void *context, const struct note *note);
    void (*round_done)(void *context, const struct effect *effect);
    void (*signal)(void *context, int number);   /* SIGTERM, SIGINT, SIGHUP; on the I/O thread */
    void (*tick)(void *context, int64_t now_ms); /* at `host_wake` times and after every wake-up */
    void (*stored)(void *context, double seconds); /* a transaction of the store took so long; on
                                                      the writer's thread. NULL: nobody asks */
    void *context;
};

/* Opens nothing of the store; takes signals over from the process. */
bool host_create(struct store *store, const struct host_hooks *hooks, struct host **ret_host,
    struct fault *fault) MUST_CHECK;
void host_free(struct host *host);
void host_start(struct host *host, struct connection *connection, bool full);
/* Drains: nothing new is sent. */
void host_stop(struct host *host);
/* Wakes `tick` at a monotonic time at the latest. */
void host_wake(struct host *host, int64_t deadline_ms);
/* Another thread's result is there: `tick` runs soon. Any thread. */
void host_ring(struct host *host);
/* Calls `ready` on the I/O thread while the descriptor is readable. At most HOST_WATCHES_MAX, until
 * host_free; the descriptor must stay open as long, or be an epoll's that is closed. */
#define HOST_WATCHES_MAX 4u
bool host_watch(struct host *host, int descriptor, void (*ready)(void *context), void *context,
    struct fault *fault) MUST_CHECK;
/* Waits for events and acts on them, once. False where that cannot go on: the store has failed
 * (store_has_failed), or the system. */
bool host_step(struct host *host, struct fault *fault) MUST_CHECK;
size_t host_rounds(const struct host *host);
size_t host_queue_bytes(const struct host *host);
int64_t host_now_ms(const struct host *host);
int64_t host_wall_ms(const struct host *host);

#endif
