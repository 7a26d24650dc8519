/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's body: sockets, threads, clock and signals around the one state machine. */
#include "host.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/memory.h"
#include "bell.h"
#include "build.h"
#include "pool.h"
#include "store/writer.h"
#include "transport/transport.h"

#define HOST_EVENTS        16
#define HOST_WAIT_IDLE_MS  60000
#define HOST_WAIT_BUSY_MS  1000 /* a bell that was not heard delays a round, and no more */
#define HOST_WORKERS_LEAST 2u   /* one digests while the other waits for the store's pages */

struct host {
    struct clock clock;
    struct host_hooks hooks;
    struct store *store;
    struct engine *engine;
    struct transport *transport;
    struct pool *pool;
    struct writer *writer;
    struct bell bell;
    int epoll, signals;
    struct watch {
        int descriptor;
        void (*ready)(void *context);
        void *context;
    } watches[HOST_WATCHES_MAX];
    size_t watch_count;
    int64_t armed_ms, wake_ms;
    pthread_mutex_t mutex; /* of the jobs below, which the writer's thread has finished */
    struct job *first, *last;
};

int64_t host_now_ms(const struct host *host)
{
    return clock_monotonic_ms(&host->clock);
}

int64_t host_wall_ms(const struct host *host)
{
    return clock_wall_ms(&host->clock);
}

size_t host_rounds(const struct host *host)
{
    return engine_rounds(host->engine);
}

size_t host_queue_bytes(const struct host *host)
{
    return writer_queued_bytes(host->writer);
}

/* ------------------------------------------------------------------ effects ------------------- */

static void act(struct host *host, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_SEND:
        if (!transport_send(
                host->transport, effect->connection->source, effect->request, effect->ticket))
            engine_decline(host->engine, effect->ticket);
        break;
    case EFFECT_DIGEST:
        if (!pool_submit(host->pool, effect->ticket, &effect->input))
            engine_decline(host->engine, effect->ticket);
        break;
    case EFFECT_JOB:
        writer_submit(host->writer, effect->job);
        break;
    case EFFECT_ARM:
        host->armed_ms = effect->deadline_ms;
        break;
    case EFFECT_NOTE:
        host->hooks.note(host->hooks.context, &effect->note);
        break;
    case EFFECT_ROUND_DONE:
        host->hooks.round_done(host->hooks.context, effect);
        break;
    }
}

static void handle(struct host *host, struct event *event)
{
    struct effect effect;
    event->now_ms = host_now_ms(host);
    event->wall_ms = host_wall_ms(host);
    engine_handle(host->engine, event);
    while (engine_next_effect(host->engine, &effect))
        act(host, &effect);
}

static void feed(struct host *host, struct event *event)
{
    handle(host, event);
    while (engine_has_declined(host->engine))
        handle(host, &(struct event){.kind = EVENT_DECLINED});
}

void host_start(struct host *host, struct connection *connection, bool full)
{
    feed(host, &(struct event){.kind = EVENT_START, .connection = connection, .full = full});
}

void host_stop(struct host *host)
{
    feed(host, &(struct event){.kind = EVENT_STOP});
}

/* ------------------------------------------------------------------ events -------------------- */

/* From transport_poll, on this thread. */
static void answered(void *context, uint64_t ticket, struct response *response)
{
    feed(context, &(struct event){.kind = EVENT_RESPONSE, .ticket = ticket, .response = response});
}

/* On the writer's thread. */
static void transaction_took(void *context, double seconds)
{
    struct host *host = context;
    if (host->hooks.stored)
        host->hooks.stored(host->hooks.context, seconds);
}

/* On the writer's thread. */
static void job_finished(void *context, struct job *job)
{
    struct host *host = context;
    job->next = NULL;
    (void)pthread_mutex_lock(&host->mutex);
    bool was_empty = host->first == NULL;
    if (was_empty)
        host->first = job;
    else
        host->last->next = job;
    host->last = job;
    (void)pthread_mutex_unlock(&host->mutex);
    if (was_empty)
        bell_ring(&host->bell);
}

static void take_jobs(struct host *host)
{
    (void)pthread_mutex_lock(&host->mutex);
    struct job *job = host->first;
    host->first = host->last = NULL;
    (void)pthread_mutex_unlock(&host->mutex);
    for (struct job *next; job; job = next) {
        next = job->next; /* before the engine frees the job */
        feed(host, &(struct event){.kind = EVENT_JOB_DONE, .job = job});
    }
}

static void take_pages(struct host *host)
{
    struct pool_result result;
    while (pool_take(host->pool, &result)) {
        struct event event = {.kind = result.page ? EVENT_PAGED : EVENT_DIGESTED,
            .ticket = result.ticket,
            .page = result.page,
            .digest = result.digest};
        event.fault = result.fault;
        feed(host, &event);
    }
}

static void take_signals(struct host *host)
{
    struct signalfd_siginfo info;
    while (read(host->signals, &info, sizeof info) == (ssize_t)sizeof info)
        host->hooks.signal(host->hooks.context, (int)info.ssi_signo);
}

static int wait_ms(const struct host *host)
{
    int64_t now_ms = host_now_ms(host),
            wait = host_rounds(host) > 0 ? HOST_WAIT_BUSY_MS : HOST_WAIT_IDLE_MS,
            transport_ms = transport_timeout_ms(host->transport);
    int64_t deadline_ms = host->armed_ms < host->wake_ms ? host->armed_ms : host->wake_ms;
    if (deadline_ms != INT64_MAX && deadline_ms - now_ms < wait)
        wait = deadline_ms - now_ms;
    if (transport_ms >= 0 && transport_ms < wait)
        wait = transport_ms;
    return wait < 0 ? 0 : (int)wait;
}

static void take_watched(const struct host *host, const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++)
        for (size_t w = 0; w < host->watch_count; w++)
            if (events[i].data.fd == host->watches[w].descriptor)
                host->watches[w].ready(host->watches[w].context);
}

bool host_step(struct host *host, struct fault *fault)
{
    struct epoll_event events[HOST_EVENTS];
    int count = epoll_wait(host->epoll, events, HOST_EVENTS, wait_ms(host));
    if (count < 0 && errno != EINTR)
        return fault_system(fault, "cannot wait for events");
    bell_silence(&host->bell);
    take_signals(host);
    take_watched(host, events, count);
    transport_poll(host->transport);
    take_pages(host);
    take_jobs(host);
    int64_t now_ms = host_now_ms(host);
    if (host->armed_ms <= now_ms) {
        host->armed_ms = INT64_MAX;
        feed(host, &(struct event){.kind = EVENT_TIMER});
    }
    if (host->wake_ms <= now_ms)
        host->wake_ms = INT64_MAX;
    if (host->hooks.tick)
        host->hooks.tick(host->hooks.context, now_ms);
    return !store_has_failed(host->store) ||
           fault_set(fault, FAULT_STORE,
               "the store's disk failed or its file is damaged; Muster ends, and goes on from its "
               "checkpoints when it is started again");
}

void host_wake(struct host *host, int64_t deadline_ms)
{
    if (deadline_ms < host->wake_ms)
        host->wake_ms = deadline_ms;
}

void host_ring(struct host *host)
{
    bell_ring(&host->bell);
}

/* ------------------------------------------------------------------ begin, end ---------------- */

static bool watch(struct host *host, int descriptor, struct fault *fault)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    return epoll_ctl(host->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 ||
           fault_system(fault, "cannot watch a descriptor");
}

bool host_watch(struct host *host, int descriptor, void (*ready)(void *context), void *context,
    struct fault *fault)
{
    if (host->watch_count == HOST_WATCHES_MAX)
        return fault_set(
            fault, FAULT_LIMIT, "no more than %u descriptors can be watched", HOST_WATCHES_MAX);
    if (!watch(host, descriptor, fault))
        return false;
    host->watches[host->watch_count++] =
        (struct watch){.descriptor = descriptor, .ready = ready, .context = context};
    return true;
}

static bool take_over_signals(struct host *host, struct fault *fault)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return fault_system(fault, "cannot block signals");
    host->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return host->signals >= 0 || fault_system(fault, "cannot make a signal descriptor");
}

/* As many descriptors as the system lets us have: the usual 1,024 are fewer than a busy host's
 * connections. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(
            RLIMIT_NOFILE, &limit); /* where it fails, fewer connections are open at once */
    }
}

static unsigned worker_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > (long)HOST_WORKERS_LEAST ? (unsigned)cores : HOST_WORKERS_LEAST;
}

bool host_create(struct store *store, const struct host_hooks *hooks, struct host **ret_host,
    struct fault *fault)
{
    struct host *host = memory_allocate(sizeof *host);
    if (!host)
        return fault_memory(fault);
    struct random random = random_from_system();
    const struct engine_options engine_options = {.seed = random_next(&random)};
    const struct transport_options transport_options = {
        .connections_most = 512, .user_agent = "muster/" MUSTER_VERSION};
    const struct writer_hooks writer_hooks = {
        .done = job_finished, .took = transaction_took, .context = host};
    raise_descriptor_limit();
    host->clock = clock_system();
    host->hooks = *hooks;
    host->store = store;
    host->armed_ms = host->wake_ms = INT64_MAX;
    host->signals = host->bell.descriptor = -1;
    (void)pthread_mutex_init(&host->mutex, NULL);
    host->epoll = epoll_create1(EPOLL_CLOEXEC);
    if ((host->epoll < 0 && !fault_system(fault, "cannot make an epoll descriptor")) ||
        !take_over_signals(host, fault) || !bell_open(&host->bell, fault) ||
        !engine_create(&engine_options, &host->engine, fault) ||
        !transport_create(&transport_options, answered, host, &host->transport, fault) ||
        !pool_start(store, worker_count(), &host->bell, &host->pool, fault) ||
        !writer_start(store, &writer_hooks, &host->writer, fault) ||
        !watch(host, host->bell.descriptor, fault) || !watch(host, host->signals, fault) ||
        !watch(host, transport_descriptor(host->transport), fault)) {
        host_free(host);
        return false;
    }
    *ret_host = host;
    return true;
}

/* What the writer still held goes nowhere: its pages are committed, and the engine that would hear
 * of it is gone. */
static void drop_finished(struct host *host)
{
    for (struct job *job = host->first, *next; job; job = next) {
        next = job->next;
        if (job->kind == JOB_COMMIT)
            digest_free(job->commit.batch->digest);
        arena_free(job->arena);
    }
}

void host_free(struct host *host)
{
    if (!host)
        return;
    writer_stop(host->writer);
    pool_stop(host->pool);
    transport_free(host->transport);
    drop_finished(host);
    engine_free(host->engine);
    bell_close(&host->bell);
    if (host->signals >= 0)
        (void)close(host->signals);
    if (host->epoll >= 0)
        (void)close(host->epoll);
    (void)pthread_mutex_destroy(&host->mutex);
    memory_free(host);
}
