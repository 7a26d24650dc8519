/* SPDX-License-Identifier: Apache-2.0 */
/* One reading thread at a time. */
#include "reload.h"

#include <pthread.h>
#include "base/memory.h"

struct reload {
    const char *configuration;
    struct host *host;
    pthread_t thread;
    pthread_mutex_t mutex;
    bool running; /* the thread is to be joined */
    bool asked_again;
    bool finished; /* under the mutex, as the two below */
    struct generation *generation;
    struct fault fault;
};

struct reload *reload_create(const char *configuration, struct host *host)
{
    struct reload *reload = memory_allocate(sizeof *reload);
    if (!reload)
        return NULL;
    reload->configuration = configuration;
    reload->host = host;
    (void)pthread_mutex_init(&reload->mutex, NULL);
    return reload;
}

static void *read_files(void *context)
{
    struct reload *reload = context;
    struct generation *generation = NULL;
    struct fault fault = {.code = FAULT_NONE};
    if (!generation_load(reload->configuration, &generation, &fault))
        generation = NULL;
    (void)pthread_mutex_lock(&reload->mutex);
    reload->generation = generation;
    reload->fault = fault;
    reload->finished = true;
    (void)pthread_mutex_unlock(&reload->mutex);
    host_ring(reload->host);
    return NULL;
}

bool reload_ask(struct reload *reload, struct fault *fault)
{
    if (reload->running) {
        reload->asked_again = true;
        return true;
    }
    if (pthread_create(&reload->thread, NULL, read_files, reload) != 0)
        return fault_set(
            fault, FAULT_SYSTEM, "cannot start a thread to reload with; what runs goes on");
    reload->running = true;
    return true;
}

bool reload_take(struct reload *reload, struct generation **ret_generation, struct fault *ret_fault)
{
    (void)pthread_mutex_lock(&reload->mutex);
    bool finished = reload->finished;
    reload->finished = false;
    (void)pthread_mutex_unlock(&reload->mutex);
    if (!finished)
        return false;
    (void)pthread_join(reload->thread, NULL);
    reload->running = false;
    *ret_generation = TAKE(reload->generation);
    *ret_fault = reload->fault;
    if (reload->asked_again) {
        struct fault again;
        reload->asked_again = false;
        if (!reload_ask(reload, &again))
            *ret_fault = again;
    }
    return true;
}

void reload_free(struct reload *reload)
{
    if (!reload)
        return;
    if (reload->running)
        (void)pthread_join(reload->thread, NULL);
    generation_free(reload->generation);
    (void)pthread_mutex_destroy(&reload->mutex);
    memory_free(reload);
}
