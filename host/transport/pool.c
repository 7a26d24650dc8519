/* SPDX-License-Identifier: Apache-2.0 */
/* Pools of connections, one for each egress policy, so that a permission never leaks to a
 * connection that lacks it. */
#include "internal.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include "base/memory.h"

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_key(const struct pool_key *a, const struct pool_key *b)
{
    return a->allow_private == b->allow_private && same_text(a->proxy, b->proxy) &&
           same_text(a->ca_file, b->ca_file) && same_text(a->client_cert, b->client_cert);
}

static bool copy_key(struct pool *pool, const struct pool_key *key)
{
    const char *const texts[] = {key->proxy, key->ca_file, key->client_cert};
    for (size_t i = 0; i < 3; i++) {
        pool->owned[i] = memory_copy_text(texts[i]);
        if (texts[i] && !pool->owned[i])
            return false;
    }
    pool->key =
        (struct pool_key){key->allow_private, pool->owned[0], pool->owned[1], pool->owned[2]};
    return true;
}

/* The library says what it wants to know of a socket. `known`: it is in the epoll set. */
static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
    struct pool *pool = context;
    struct transport *transport = pool->transport;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(
            transport->epoll, EPOLL_CTL_DEL, socket, NULL); /* closed ones have left it */
        return 0;
    }
    struct epoll_event event = {.events = ((what & CURL_POLL_IN) ? (uint32_t)EPOLLIN : 0) |
                                          ((what & CURL_POLL_OUT) ? (uint32_t)EPOLLOUT : 0),
        .data.u64 = (uint64_t)(pool - transport->pools) << 32 | (uint32_t)socket};
    int operation = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    int result = epoll_ctl(transport->epoll, operation, socket, &event);
    if (result != 0 &&
        (errno == EEXIST || errno == ENOENT)) /* a number that was closed and came again */
        result = epoll_ctl(
            transport->epoll, errno == EEXIST ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    if (result != 0) { /* to say so to the library would be the end of all that it has under way */
        pool->deaf = errno;
        return 0;
    }
    (void)curl_multi_assign(pool->multi, socket, pool);
    return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct pool *pool = context;
    (void)multi;
    pool->deadline_ms =
        timeout_ms < 0 ? -1 : clock_monotonic_ms(&pool->transport->clock) + timeout_ms;
    return 0;
}

static bool open_multi(struct pool *pool)
{
    long most = (long)pool->transport->connections_most;
    pool->multi = curl_multi_init();
    return pool->multi && !curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) &&
           !curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool) &&
           !curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, set_timer) &&
           !curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool) &&
           !curl_multi_setopt(pool->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX) &&
           !curl_multi_setopt(pool->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, most) &&
           !curl_multi_setopt(
               pool->multi, CURLMOPT_MAXCONNECTS, most); /* fewer would reopen them under load */
}

void pool_close(struct pool *pool)
{
    if (pool->multi)
        (void)curl_multi_cleanup(pool->multi);
    for (size_t i = 0; i < 3; i++)
        memory_free(pool->owned[i]);
    *pool = (struct pool){.deadline_ms = -1};
}

struct pool *pool_for(struct transport *transport, const struct pool_key *key, struct fault *fault)
{
    struct pool *free_slot = NULL, *idle = NULL;
    for (size_t i = 0; i < POOLS_MAX; i++) {
        struct pool *pool = &transport->pools[i];
        if (pool->multi && same_key(&pool->key, key))
            return pool;
        if (!pool->multi && !free_slot)
            free_slot = pool;
        if (pool->multi && pool->users == 0)
            idle = pool;
    }
    if (!free_slot && !idle) {
        (void)fault_set(fault, FAULT_LIMIT,
            "more than %d different egress settings are in use at once", POOLS_MAX);
        return NULL;
    }
    if (!free_slot) {
        pool_close(idle);
        free_slot = idle;
    }
    *free_slot = (struct pool){.transport = transport, .deadline_ms = -1};
    if (!copy_key(free_slot, key) || !open_multi(free_slot)) {
        pool_close(free_slot);
        (void)fault_memory(fault);
        return NULL;
    }
    return free_slot;
}
