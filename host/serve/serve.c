/* SPDX-License-Identifier: Apache-2.0 */
/* The listener on libmicrohttpd: who is let in, which route answers, what every answer carries. */
#include "serve/serve.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/memory.h"
#include "listen.h"

#define HOST_NORMAL "127.0.0.1"
#define SWEEP_MS    250 /* how late a slow client may be noticed */

/* A connection, from its acceptance to its end. */
struct visitor {
    TAILQ_ENTRY(visitor) place;
    int socket;
    int64_t since_ms; /* it owes a whole request's headers since then */
    bool owes, answered, sent_away;
};

/* All but `stop` belongs to the listener's thread once it runs. */
struct serve {
    struct MHD_Daemon *daemon;
    pthread_t thread;
    int stop; /* an eventfd */
    int64_t patience_ms;
    TAILQ_HEAD(, visitor) visitors;
    char *host;
    uint16_t port;
    const struct serve_route *routes;
    size_t route_count;
    struct clock clock;
    int64_t tokens_ms, rate; /* requests that may come now, in thousandths; and a second */
    int64_t refilled_ms;
};

static const struct {
    const char *name, *value;
} headers[] = {
    {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Referrer-Policy", "no-referrer"},
};

/* Sends a reply and lets go of its body. `extra` is one more header, or NULL. */
static enum MHD_Result send_reply(struct MHD_Connection *connection, struct serve_reply *reply,
    const char *extra, const char *extra_value)
{
    const char *type = reply->content_type ? reply->content_type : "text/plain; charset=utf-8";
    char *data = TAKE(reply->body.data);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(
        reply->body.length, data ? (void *)data : (void *)&headers, data ? memory_free : NULL);
    if (!response) {
        memory_free(data);
        return MHD_NO; /* closes the connection */
    }
    bool ok = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES &&
              (!extra || MHD_add_response_header(response, extra, extra_value) == MHD_YES);
    for (size_t i = 0; ok && i < sizeof headers / sizeof headers[0]; i++)
        ok = MHD_add_response_header(response, headers[i].name, headers[i].value) == MHD_YES;
    enum MHD_Result result =
        ok ? MHD_queue_response(connection, (unsigned)reply->status, response) : MHD_NO;
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, int status, const char *sentence,
    const char *extra, const char *extra_value)
{
    struct serve_reply reply = {.status = status};
    struct fault fault;
    if (!bytes_append_text(&reply.body, sentence, &fault)) {
        bytes_free(&reply.body);
        return MHD_NO;
    }
    return send_reply(connection, &reply, extra, extra_value);
}

/* A token bucket that holds a second's worth. */
static bool take_token(struct serve *serve)
{
    int64_t now_ms = clock_monotonic_ms(&serve->clock), most = serve->rate * 1000;
    int64_t passed_ms = now_ms - serve->refilled_ms;
    serve->refilled_ms = now_ms;
    if (passed_ms >= 1000)
        serve->tokens_ms = most;
    else if (passed_ms > 0)
        serve->tokens_ms += passed_ms * serve->rate;
    if (serve->tokens_ms > most)
        serve->tokens_ms = most;
    if (serve->tokens_ms < 1000)
        return false;
    serve->tokens_ms -= 1000;
    return true;
}

struct host_headers {
    struct span value;
    unsigned count;
};

static enum MHD_Result see_header(
    void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct host_headers *seen = context;
    (void)kind;
    if (span_equal_nocase(span_of(name), SPAN(MHD_HTTP_HEADER_HOST))) {
        seen->value = span_of(value ? value : "");
        seen->count++;
    }
    return MHD_YES;
}

static enum listen_host judge_host(
    const struct serve *serve, struct MHD_Connection *connection, const char *version)
{
    struct host_headers seen = {0};
    (void)MHD_get_connection_values(
        connection, MHD_HEADER_KIND, see_header, &seen); /* counts only */
    if (seen.count == 0) /* old health checks; a browser always sends one */
        return strcmp(version, MHD_HTTP_VERSION_1_0) == 0 ? LISTEN_HOST_OK : LISTEN_HOST_MALFORMED;
    return seen.count == 1 ? listen_judge_host(seen.value, serve->host) : LISTEN_HOST_MALFORMED;
}

/* ------------------------------------------------------------------ slow clients -------------- */

static void on_connection(void *context, struct MHD_Connection *connection, void **visitor_at,
    enum MHD_ConnectionNotificationCode code)
{
    struct serve *serve = context;
    struct visitor *visitor = *visitor_at;
    const union MHD_ConnectionInfo *info;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (visitor)
            TAILQ_REMOVE(&serve->visitors, visitor, place);
        memory_free(visitor);
        return;
    }
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    visitor = info ? memory_allocate(sizeof *visitor) : NULL;
    if (!visitor) /* the library's own limit is left: that of a connection on which nothing moves */
        return;
    *visitor = (struct visitor){
        .socket = info->connect_fd, .since_ms = clock_monotonic_ms(&serve->clock), .owes = true};
    TAILQ_INSERT_TAIL(&serve->visitors, visitor, place);
    *visitor_at = visitor;
}

static struct visitor *visitor_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode code)
{
    const struct serve *serve = context;
    struct visitor *visitor = visitor_of(connection);
    (void)state, (void)code;
    if (!visitor)
        return;
    visitor->owes = visitor->answered = true;
    visitor->since_ms = clock_monotonic_ms(&serve->clock);
}

/* The library gives up on a connection on which nothing moves, but a byte now and then keeps one
 * for ever, and neither is told why: who has not sent a request's headers in time gets 408 and is
 * cut off. One that was answered before may just be idle, and is only cut off. */
static void send_away_slow(const struct serve *serve)
{
    static const char late[] = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 35\r\n"
                               "\r\nthe request took too long to come\r\n";
    int64_t now_ms = clock_monotonic_ms(&serve->clock);
    struct visitor *visitor;
    for (visitor = TAILQ_FIRST(&serve->visitors); visitor; visitor = TAILQ_NEXT(visitor, place)) {
        if (!visitor->owes || visitor->sent_away || now_ms - visitor->since_ms < serve->patience_ms)
            continue;
        visitor->sent_away = true;
        if (!visitor->answered) /* where the socket does not take it, it is only cut off */
            (void)send(visitor->socket, late, sizeof late - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)shutdown(visitor->socket, SHUT_RDWR); /* the library sees its end, and closes it */
    }
}

static int wait_ms(const struct serve *serve)
{
    MHD_UNSIGNED_LONG_LONG library_ms = 0;
    int wait = TAILQ_EMPTY(&serve->visitors) ? -1 : SWEEP_MS;
    if (MHD_get_timeout(serve->daemon, &library_ms) == MHD_YES &&
        (wait < 0 || library_ms < (MHD_UNSIGNED_LONG_LONG)wait))
        wait = (int)(library_ms < INT32_MAX ? library_ms : INT32_MAX);
    return wait;
}

static void *run(void *context)
{
    struct serve *serve = context;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(serve->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd watched[] = {
        {.fd = serve->stop, .events = POLLIN}, {.fd = info->epoll_fd, .events = POLLIN}};
    while (watched[0].revents == 0) {
        if (poll(watched, 2, wait_ms(serve)) < 0 && errno != EINTR)
            break; /* nothing is answered any more: /healthz tells by its silence */
        (void)MHD_run(serve->daemon); /* NO where the daemon is none of this kind */
        send_away_slow(serve);
    }
    return NULL;
}

/* ------------------------------------------------------------------ requests ------------------ */

static bool has_body(struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return (length && strcmp(length, "0") != 0) ||
           MHD_lookup_connection_value(
               connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static const struct serve_route *find_route(const struct serve *serve, const char *path)
{
    for (size_t i = 0; i < serve->route_count; i++)
        if (strcmp(serve->routes[i].path, path) == 0)
            return &serve->routes[i];
    return NULL;
}

static enum MHD_Result answer(const struct serve_route *route, struct MHD_Connection *connection)
{
    struct serve_reply reply = {.status = MHD_HTTP_OK, .body = {.limit = SERVE_BODY_BYTES_MAX}};
    struct fault fault = {0};
    if (route->answer(route->context, &reply, &fault))
        return send_reply(connection, &reply, NULL, NULL);
    bytes_free(&reply.body);
    AUTO_BYTES sentence = {0};
    struct fault second;
    if (!bytes_format(
            &sentence, &second, "failed (%s); the log says why\n", fault_name(fault.code)))
        return MHD_NO;
    return refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, sentence.data, NULL, NULL);
}

/* Called once when the headers are there, and again when the request is whole: what is refused in
 * the first call is refused before any body is read, and closes the connection. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload_data, size_t *upload_data_size,
    void **state)
{
    static char admitted;
    struct serve *serve = context;
    struct visitor *visitor = visitor_of(connection);
    (void)upload_data;
    if (visitor)
        visitor->owes = false;
    if (*upload_data_size > 0)
        return MHD_NO; /* nothing that was admitted has a body */
    if (!*state) {
        if (!take_token(serve))
            return refuse(connection, MHD_HTTP_TOO_MANY_REQUESTS, "too many requests; slow down\n",
                MHD_HTTP_HEADER_RETRY_AFTER, "1");
        if (has_body(connection))
            return refuse(
                connection, MHD_HTTP_CONTENT_TOO_LARGE, "no request here has a body\n", NULL, NULL);
        *state = &admitted;
        return MHD_YES;
    }
    switch (judge_host(serve, connection, version)) {
    case LISTEN_HOST_OK:
        break;
    case LISTEN_HOST_MALFORMED:
        return refuse(connection, MHD_HTTP_BAD_REQUEST,
            "one Host header is needed, HOST or HOST:PORT\n", NULL, NULL);
    case LISTEN_HOST_FOREIGN:
        return refuse(connection, MHD_HTTP_MISDIRECTED_REQUEST,
            "this host does not go by that name; use its address, or the name that it listens on\n",
            NULL, NULL);
    }
    const struct serve_route *route = find_route(serve, url);
    if (!route)
        return refuse(connection, MHD_HTTP_NOT_FOUND, "nothing is at this path\n", NULL, NULL);
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
            "only GET and HEAD are answered here\n", MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    return answer(route, connection);
}

static unsigned or_normal(unsigned value, unsigned normal)
{
    return value ? value : normal;
}

/* One second more than we have patience: whom we send away is told why. */
static struct MHD_Daemon *start_daemon(
    struct serve *serve, const struct serve_options *options, int listener)
{
    return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, serve,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        or_normal(options->connections_max, SERVE_CONNECTIONS_MAX),
        MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        or_normal(options->connections_per_ip, SERVE_CONNECTIONS_PER_IP),
        MHD_OPTION_CONNECTION_TIMEOUT, or_normal(options->timeout_s, SERVE_TIMEOUT_S) + 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVE_HEADER_BYTES_MAX,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, on_connection, serve,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, serve, MHD_OPTION_END);
}

static bool start_thread(struct serve *serve)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    /* The thread inherits the mask: signals are for the thread that waits for them. */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&serve->thread, NULL, run, serve) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static void serve_free(struct serve *serve)
{
    if (serve->stop >= 0)
        (void)close(serve->stop);
    memory_free(serve->host);
    memory_free(serve);
}

bool serve_start(const struct serve_options *options, struct serve **ret_serve, struct fault *fault)
{
    int listener = -1;
    struct serve *serve = memory_allocate(sizeof *serve);
    if (!serve)
        return fault_memory(fault);
    TAILQ_INIT(&serve->visitors);
    serve->patience_ms = (int64_t)or_normal(options->timeout_s, SERVE_TIMEOUT_S) * 1000;
    serve->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    serve->host = memory_copy_text(options->host ? options->host : HOST_NORMAL);
    serve->routes = options->routes;
    serve->route_count = options->route_count;
    serve->clock = options->clock;
    serve->rate = or_normal(options->requests_per_second, SERVE_REQUESTS_PER_SECOND);
    serve->tokens_ms = serve->rate * 1000;
    serve->refilled_ms = clock_monotonic_ms(&serve->clock);
    bool ok = serve->host ? listen_open(serve->host, options->port, &listener, &serve->port, fault)
                          : fault_memory(fault);
    if (ok) {
        serve->daemon = serve->stop >= 0 ? start_daemon(serve, options, listener) : NULL;
        ok = serve->daemon && start_thread(serve);
        if (serve->daemon && !ok)
            MHD_stop_daemon(serve->daemon); /* closes the listener, too */
        else if (!ok)
            (void)close(listener); /* nothing was accepted */
        if (!ok)
            (void)fault_set(fault, FAULT_SYSTEM, "the HTTP listener cannot be started");
    }
    if (!ok) {
        serve_free(serve);
        return false;
    }
    *ret_serve = serve;
    return true;
}

uint16_t serve_port(const struct serve *serve)
{
    return serve->port;
}

void serve_stop(struct serve *serve)
{
    if (!serve)
        return;
    (void)eventfd_write(serve->stop, 1); /* its counter takes one */
    (void)pthread_join(serve->thread, NULL);
    MHD_stop_daemon(serve->daemon); /* closes the listener */
    serve_free(serve);
}
