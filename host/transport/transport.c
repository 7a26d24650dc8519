/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The owner's side: transfers wait in a queue, run in their pool's multi handle, and are handed
 * over when they are finished. Nothing is handed over from inside a callback of the library, so the
 * owner may send and cancel from `done`.
 */
#include "internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "base/memory.h"

#define USER_AGENT_DEFAULT "muster"

void list_append(struct transfer_list *list, struct transfer *transfer)
{
    transfer->previous = list->last;
    transfer->next = NULL;
    if (list->last)
        list->last->next = transfer;
    else
        list->first = transfer;
    list->last = transfer;
    list->count++;
}

void list_remove(struct transfer_list *list, struct transfer *transfer)
{
    if (transfer->previous)
        transfer->previous->next = transfer->next;
    else
        list->first = transfer->next;
    if (transfer->next)
        transfer->next->previous = transfer->previous;
    else
        list->last = transfer->previous;
    transfer->previous = transfer->next = NULL;
    list->count--;
}

bool transport_create(const struct transport_options *options,
    void (*done)(void *context, uint64_t ticket, struct response *response), void *context,
    struct transport **ret_transport, struct fault *fault)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return fault_set(fault, FAULT_SYSTEM, "the HTTP library cannot be initialised");
    struct transport *transport = memory_allocate(sizeof *transport);
    if (!transport) {
        curl_global_cleanup();
        return fault_memory(fault);
    }
    *transport = (struct transport){.clock = clock_system(), .done = done, .context = context};
    for (size_t i = 0; i < POOLS_MAX; i++)
        transport->pools[i].deadline_ms = -1;
    transport->connections_most =
        options->connections_most > 0 ? (size_t)options->connections_most : CONNECTIONS_DEFAULT;
    transport->epoll = epoll_create1(EPOLL_CLOEXEC);
    transport->user_agent =
        memory_copy_text(options->user_agent ? options->user_agent : USER_AGENT_DEFAULT);
    if (transport->epoll < 0 || !transport->user_agent) {
        bool ok = transport->epoll < 0 ? fault_system(fault, "cannot make an epoll descriptor")
                                       : fault_memory(fault);
        transport_free(transport);
        return ok;
    }
    *ret_transport = transport;
    return true;
}

/* ------------------------------------------------------------------ states -------------------- */

static struct transfer_list *list_of(struct transport *transport, enum transfer_state state)
{
    struct transfer_list *const lists[] = {[TRANSFER_QUEUED] = &transport->queued,
        [TRANSFER_ACTIVE] = &transport->active,
        [TRANSFER_FINISHED] = &transport->finished};
    return lists[state];
}

/* The one place where a transfer changes its state. */
static void enter(struct transfer *transfer, enum transfer_state state)
{
    struct transport *transport = transfer->transport;
    list_remove(list_of(transport, transfer->state), transfer);
    transfer->state = state;
    list_append(list_of(transport, state), transfer);
}

static CURL *take_easy(struct transport *transport)
{
    return transport->spare_count > 0 ? transport->spare[--transport->spare_count]
                                      : curl_easy_init();
}

/* Only what ended well is used again: a reset leaves things behind of what did not. libcurl 7.88
 * keeps the receive buffer of a handle whose name did not resolve, and then refuses
 * CURLOPT_BUFFERSIZE to whoever gets the handle next. */
static void give_easy(struct transport *transport, CURL *easy, bool ended_well)
{
    if (!ended_well || transport->spare_count == EASY_SPARE_MAX) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    transport->spare[transport->spare_count++] = easy;
}

/* Takes it away from the library; its response stays. */
static void detach(struct transfer *transfer)
{
    transfer_resolved(transfer);
    if (transfer->easy) {
        if (transfer->state == TRANSFER_ACTIVE)
            (void)curl_multi_remove_handle(transfer->pool->multi, transfer->easy);
        give_easy(transfer->transport, TAKE(transfer->easy), transfer->failed == EXCHANGE_DONE);
    }
    if (transfer->pool)
        TAKE(transfer->pool)->users--;
}

static void finish(struct transfer *transfer)
{
    detach(transfer);
    transfer->response->exchange = transfer->failed;
    enter(transfer, TRANSFER_FINISHED);
}

static void hand_over(struct transfer *transfer)
{
    struct transport *transport = transfer->transport;
    struct response *response = TAKE(transfer->response);
    uint64_t ticket = transfer->ticket;
    list_remove(list_of(transport, transfer->state), transfer);
    transfer_free(transfer);
    if (response->exchange != EXCHANGE_DONE)
        bytes_free(&response->body); /* not usable, by contract */
    transport->done(transport->context, ticket, response);
}

/* ------------------------------------------------------------------ start --------------------- */

static size_t resolving_of(const struct transport *transport, const char *host)
{
    size_t count = 0;
    for (const struct transfer *other = transport->active.first; other; other = other->next)
        count += other->resolving && span_equal_nocase(span_of(other->host), span_of(host));
    return count;
}

static bool may_resolve(const struct transfer *transfer)
{
    return transfer->literal ||
           (transfer->transport->resolving < RESOLVING_MAX &&
               resolving_of(transfer->transport, transfer->host) < RESOLVING_PER_HOST_MAX);
}

static bool begin(struct transfer *transfer)
{
    if (!transfer->easy && !(transfer->easy = take_easy(transfer->transport))) {
        transfer_fail(transfer, EXCHANGE_LOCAL, "out of memory for a request");
        return false;
    }
    if (!options_set(transfer))
        return false;
    CURLMcode code = curl_multi_add_handle(transfer->pool->multi, transfer->easy);
    if (code != CURLM_OK) {
        transfer_fail(transfer, EXCHANGE_LOCAL, "the HTTP library takes no request: %s",
            curl_multi_strerror(code));
        return false;
    }
    transfer->resolving = !transfer->literal;
    transfer->transport->resolving += transfer->resolving;
    return true;
}

static void start_queued(struct transport *transport)
{
    struct transfer *next;
    for (struct transfer *transfer = transport->queued.first;
         transfer && transport->active.count < transport->connections_most; transfer = next) {
        next = transfer->next;
        if (!may_resolve(transfer))
            continue;
        if (begin(transfer))
            enter(transfer, TRANSFER_ACTIVE);
        else
            finish(transfer);
    }
}

bool transport_send(struct transport *transport, const struct source *source,
    const struct request *request, uint64_t ticket)
{
    struct transfer *transfer = transfer_create(transport, source, request, ticket);
    if (!transfer)
        return false;
    transfer->state = TRANSFER_QUEUED;
    list_append(&transport->queued, transfer);
    if (transfer->failed != EXCHANGE_DONE)
        finish(transfer);
    else
        start_queued(transport);
    return true;
}

static struct transfer *find(struct transport *transport, uint64_t ticket)
{
    for (int state = TRANSFER_QUEUED; state <= TRANSFER_FINISHED; state++)
        for (struct transfer *transfer = list_of(transport, (enum transfer_state)state)->first;
             transfer; transfer = transfer->next)
            if (transfer->ticket == ticket)
                return transfer;
    return NULL;
}

void transport_cancel(struct transport *transport, uint64_t ticket)
{
    struct transfer *transfer = find(transport, ticket);
    if (!transfer)
        return;
    transfer->failed = EXCHANGE_DONE;
    transfer_fail(transfer, EXCHANGE_CANCELLED, "cancelled");
    detach(transfer);
    transfer->response->exchange = transfer->failed;
    hand_over(transfer);
}

/* ------------------------------------------------------------------ poll ---------------------- */

int transport_descriptor(const struct transport *transport)
{
    return transport->epoll;
}

int64_t transport_timeout_ms(const struct transport *transport)
{
    int64_t now_ms = clock_monotonic_ms(&transport->clock), least = -1;
    if (transport->finished.count > 0)
        return 0;
    for (size_t i = 0; i < POOLS_MAX; i++) {
        const struct pool *pool = &transport->pools[i];
        if (!pool->multi || pool->deadline_ms < 0)
            continue;
        int64_t left = pool->deadline_ms > now_ms ? pool->deadline_ms - now_ms : 0;
        if (least < 0 || left < least)
            least = left;
    }
    return least;
}

static void collect(struct pool *pool)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(pool->multi, &left))) {
        struct transfer *transfer = NULL;
        CURLcode code = message->data.result;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        assert(transfer && transfer->easy == message->easy_handle);
        transfer_conclude(transfer, code);
        if (!transfer_redirect(transfer)) {
            finish(transfer);
            continue;
        }
        transfer_resolved(transfer);
        (void)curl_multi_remove_handle(pool->multi, transfer->easy);
        enter(transfer, TRANSFER_QUEUED);
    }
}

static void act_on_sockets(struct transport *transport)
{
    struct epoll_event events[EVENTS_MAX];
    int running;
    int count = epoll_wait(transport->epoll, events, EVENTS_MAX, 0);
    for (int i = 0; i < count; i++) {
        struct pool *pool = &transport->pools[events[i].data.u64 >> 32];
        int action = ((events[i].events & EPOLLIN) ? CURL_CSELECT_IN : 0) |
                     ((events[i].events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
                     ((events[i].events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0);
        if (pool->multi)
            (void)curl_multi_socket_action(
                pool->multi, (curl_socket_t)(events[i].data.u64 & UINT32_MAX), action, &running);
    }
}

static void act_on_timers(struct transport *transport)
{
    int64_t now_ms = clock_monotonic_ms(&transport->clock);
    int running;
    for (size_t i = 0; i < POOLS_MAX; i++) {
        struct pool *pool = &transport->pools[i];
        if (pool->multi && pool->deadline_ms >= 0 && pool->deadline_ms <= now_ms) {
            pool->deadline_ms = -1; /* the library sets the next one */
            (void)curl_multi_socket_action(pool->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
    }
}

/* A socket that nobody watches would be waited for until the request's time is up; which transfer
 * it belongs to is not known. */
static void give_up_deaf(struct transport *transport)
{
    struct transfer *next;
    for (struct transfer *transfer = transport->active.first; transfer; transfer = next) {
        next = transfer->next;
        if (!transfer->pool->deaf)
            continue;
        transfer_fail(transfer, EXCHANGE_LOCAL, "a socket could not be watched: %s",
            strerror(transfer->pool->deaf));
        finish(transfer);
    }
    for (size_t i = 0; i < POOLS_MAX; i++)
        transport->pools[i].deaf = 0;
}

void transport_poll(struct transport *transport)
{
    assert(!transport->polling);
    transport->polling = true;
    act_on_sockets(transport);
    act_on_timers(transport);
    for (size_t i = 0; i < POOLS_MAX; i++)
        if (transport->pools[i].multi)
            collect(&transport->pools[i]);
    give_up_deaf(transport);
    start_queued(transport);
    /* Only what is finished now: `done` may send more, which may finish at once. */
    for (size_t left = transport->finished.count; left > 0 && transport->finished.first; left--)
        hand_over(transport->finished.first);
    transport->polling = false;
}

size_t transport_under_way(const struct transport *transport)
{
    return transport->queued.count + transport->active.count + transport->finished.count;
}

void transport_free(struct transport *transport)
{
    if (!transport)
        return;
    assert(!transport->polling);
    for (int state = TRANSFER_QUEUED; state <= TRANSFER_FINISHED; state++) {
        struct transfer_list *list = list_of(transport, (enum transfer_state)state);
        while (list->first) {
            struct transfer *transfer = list->first;
            detach(transfer);
            list_remove(list, transfer);
            transfer_free(transfer);
        }
    }
    while (transport->spare_count > 0)
        curl_easy_cleanup(transport->spare[--transport->spare_count]);
    for (size_t i = 0; i < POOLS_MAX; i++)
        pool_close(&transport->pools[i]);
    if (transport->epoll >= 0)
        (void)close(transport->epoll);
    memory_free(transport->user_agent);
    memory_free(transport);
    curl_global_cleanup();
}
