/* SPDX-License-Identifier: Apache-2.0 */
/* The listener, spoken to over raw sockets on loopback. */
#include "serve/serve.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "unit.h"

#define WAIT_MS 20000 /* no test waits that long unless it fails */

static struct serve *serve;
static char reply[1 << 20];
static atomic_llong now_ms;
static atomic_int calls;

static int64_t fake_monotonic(void *context)
{
    (void)context;
    return atomic_load(&now_ms);
}

static bool answer_metrics(void *context, struct serve_reply *answer, struct fault *fault)
{
    atomic_fetch_add(&calls, 1);
    answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    return bytes_append_text(&answer->body, context, fault);
}

static bool answer_not_ready(void *context, struct serve_reply *answer, struct fault *fault)
{
    (void)context;
    answer->status = 503;
    return bytes_append_text(&answer->body, "no store\n", fault);
}

static bool answer_nothing(void *context, struct serve_reply *answer, struct fault *fault)
{
    (void)context;
    (void)answer;
    (void)fault;
    return true;
}

static bool answer_large(void *context, struct serve_reply *answer, struct fault *fault)
{
    (void)context;
    for (int i = 0; i < 50000; i++)
        if (!bytes_append_text(&answer->body, "0123456789", fault))
            return false;
    return true;
}

#define HUGE_BYTES (16u << 20) /* more than the sockets' buffers take */

static bool answer_hugely(void *context, struct serve_reply *answer, struct fault *fault)
{
    static char some[65536];
    (void)context;
    (void)memset(some, 'x', sizeof some);
    for (size_t i = 0; i < HUGE_BYTES / sizeof some; i++)
        if (!bytes_append(&answer->body, (struct span){some, sizeof some}, fault))
            return false;
    return true;
}

static bool answer_badly(void *context, struct serve_reply *answer, struct fault *fault)
{
    (void)context;
    return bytes_append_text(&answer->body, "half", fault) &&
           fault_set(fault, FAULT_STORE, "the disk at /secret/place is full");
}

static char metrics_text[] = "muster_up 1\n";
static const struct serve_route routes[] = {
    {"/metrics", answer_metrics, metrics_text},
    {"/readyz", answer_not_ready, NULL},
    {"/healthz", answer_nothing, NULL},
    {"/large", answer_large, NULL},
    {"/huge", answer_hugely, NULL},
    {"/v1/verdict", answer_badly, NULL},
};

static struct serve_options options(void)
{
    struct serve_options made = {.routes = routes, .route_count = sizeof routes / sizeof routes[0]};
    made.clock = (struct clock){.monotonic_ms = fake_monotonic};
    return made;
}

static void start(struct serve_options with)
{
    struct fault fault;
    ck_assert_msg(serve_start(&with, &serve, &fault), "%s", fault.text);
    ck_assert_uint_ne(serve_port(serve), 0);
}

static int dial(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(serve_port(serve))};
    struct timeval wait = {.tv_sec = WAIT_MS / 1000};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(client, 0);
    ck_assert_int_eq(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    return client;
}

static void say(int client, const char *text)
{
    ck_assert_int_eq(send(client, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* All until the server closes. */
static const char *hear(int client)
{
    size_t length = 0;
    ssize_t more;
    while ((more = recv(client, reply + length, sizeof reply - 1 - length, 0)) > 0)
        length += (size_t)more;
    ck_assert_msg(more == 0 || length > 0, "the server did not close the connection");
    reply[length] = '\0';
    (void)close(client);
    return reply;
}

/* One request on a connection of its own; "Connection: close" is added. */
static const char *ask(const char *line, const char *more)
{
    char request[32768];
    int client = dial();
    (void)snprintf(
        request, sizeof request, "%s HTTP/1.1\r\n%sConnection: close\r\n\r\n", line, more);
    say(client, request);
    return hear(client);
}

#define LOCAL "Host: localhost\r\n"

static bool is_status(const char *text, int status)
{
    char wanted[32];
    (void)snprintf(wanted, sizeof wanted, "HTTP/1.1 %d ", status);
    return strncmp(text, wanted, strlen(wanted)) == 0;
}

static const char *body(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    ck_assert_ptr_nonnull(end);
    return end + 4;
}

START_TEST(answers)
{
    start(options());
    const char *text = ask("GET /metrics", LOCAL);
    ck_assert(is_status(text, 200));
    ck_assert_str_eq(body(text), "muster_up 1\n");
    ck_assert_ptr_nonnull(
        strcasestr(text, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    ck_assert_ptr_nonnull(strcasestr(text, "\r\nX-Content-Type-Options: nosniff\r\n"));
    ck_assert_ptr_nonnull(strcasestr(text, "\r\nCache-Control: no-store\r\n"));
    ck_assert_ptr_nonnull(strcasestr(text, "\r\nContent-Security-Policy: default-src 'none'"));
    ck_assert_ptr_null(strcasestr(text, "\r\nServer:"));
    text = ask("GET /metrics?x=1", LOCAL);
    ck_assert(is_status(text, 200));
    text = ask("GET /readyz", LOCAL);
    ck_assert(is_status(text, 503));
    ck_assert_str_eq(body(text), "no store\n");
    text = ask("GET /healthz", LOCAL);
    ck_assert(is_status(text, 200));
    ck_assert_str_eq(body(text), "");
    text = ask("GET /large", LOCAL);
    ck_assert(is_status(text, 200));
    ck_assert_uint_eq(strlen(body(text)), 500000);
    serve_stop(serve);
    serve_stop(NULL);
}
END_TEST

START_TEST(answers_head_without_a_body)
{
    start(options());
    const char *text = ask("HEAD /metrics", LOCAL);
    ck_assert(is_status(text, 200));
    ck_assert_ptr_nonnull(strcasestr(text, "\r\nContent-Length: 12\r\n"));
    ck_assert_str_eq(body(text), "");
    serve_stop(serve);
}
END_TEST

START_TEST(hides_why_a_route_failed)
{
    start(options());
    const char *text = ask("GET /v1/verdict", LOCAL);
    ck_assert(is_status(text, 500));
    ck_assert_str_eq(body(text), "failed (store); the log says why\n");
    serve_stop(serve);
}
END_TEST

START_TEST(refuses_paths_and_methods)
{
    static const char *const methods[] = {
        "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "FOO"};
    static const char *const paths[] = {"/", "/metrics/", "/Metrics", "/metrics%2f", "//metrics",
        "/../metrics", "/v1", "http://localhost/metrics", "*"};
    start(options());
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "%s /metrics", methods[i]);
        const char *text = ask(line, LOCAL);
        ck_assert_msg(is_status(text, 405), "%s: %s", line, text);
        ck_assert_ptr_nonnull(strcasestr(text, "\r\nAllow: GET, HEAD\r\n"));
    }
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "GET %s", paths[i]);
        const char *text = ask(line, LOCAL);
        ck_assert_msg(is_status(text, 404), "%s: %s", line, text);
        ck_assert_str_eq(body(text), "nothing is at this path\n");
    }
    ck_assert_int_eq(atomic_load(&calls), 0);
    serve_stop(serve);
}
END_TEST

START_TEST(refuses_forged_hosts)
{
    static const struct {
        const char *header;
        int status;
    } rows[] = {{"Host: localhost\r\n", 200}, {"Host: LOCALHOST:9464\r\n", 200},
        {"Host: 127.0.0.1:1\r\n", 200}, {"Host: 192.0.2.7\r\n", 200}, {"Host: [::1]:80\r\n", 200},
        {"Host: [::1]\r\n", 200}, {"Host: evil.example\r\n", 421},
        {"Host: localhost.evil.example\r\n", 421}, {"Host: 127.0.0.1.evil.example\r\n", 421},
        {"Host: 2130706433\r\n", 421}, {"Host: evil.example:9464\r\n", 421}, {"", 400},
        {"Host:\r\n", 400}, {"Host: :80\r\n", 400}, {"Host: localhost:x\r\n", 400},
        {"Host: localhost:99999\r\n", 400}, {"Host: [::1\r\n", 400}, {"Host: [evil]\r\n", 400},
        {"Host: a@localhost\r\n", 400}, {"Host: local host\r\n", 400},
        {"Host: localhost, evil.example\r\n", 400}, {"Host: localhost\r\nHost: localhost\r\n", 400},
        {"Host: evil.example\r\nHost: localhost\r\n", 400}};
    start(options());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *text = ask("GET /healthz", rows[i].header);
        ck_assert_msg(is_status(text, rows[i].status), "%s: %.40s", rows[i].header, text);
    }
    int client = dial(); /* an old health check */
    say(client, "GET /healthz HTTP/1.0\r\n\r\n");
    ck_assert_ptr_nonnull(strstr(hear(client), " 200 "));
    client = dial();
    say(client, "GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n");
    ck_assert_ptr_nonnull(strstr(hear(client), " 421 "));
    serve_stop(serve);
    struct serve_options named = options();
    named.host = "localhost";
    start(named);
    ck_assert(is_status(ask("GET /healthz", "Host: Localhost:1\r\n"), 200));
    serve_stop(serve);
}
END_TEST

START_TEST(refuses_bodies_unread)
{
    start(options());
    int client = dial();
    say(client, "GET /metrics HTTP/1.1\r\n" LOCAL "Content-Length: 100000000\r\n\r\n");
    ck_assert(is_status(hear(client), 413)); /* and closes, without waiting for the body */
    client = dial();
    say(client, "POST /metrics HTTP/1.1\r\n" LOCAL "Transfer-Encoding: chunked\r\n\r\n");
    ck_assert(is_status(hear(client), 413));
    client = dial(); /* the body is not taken for the next request */
    say(client, "GET /metrics HTTP/1.1\r\n" LOCAL "Content-Length: 44\r\n\r\n"
                "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n....");
    const char *text = hear(client);
    ck_assert(is_status(text, 413));
    ck_assert_ptr_null(strstr(text, "muster_up"));
    ck_assert(is_status(ask("GET /metrics", LOCAL "Content-Length: 0\r\n"), 200));
    serve_stop(serve);
}
END_TEST

START_TEST(refuses_large_headers)
{
    static char header[SERVE_HEADER_BYTES_MAX + 64] = LOCAL "X: ";
    start(options());
    size_t at = strlen(header);
    (void)memset(header + at, 'a', SERVE_HEADER_BYTES_MAX);
    (void)strcpy(header + at + SERVE_HEADER_BYTES_MAX, "\r\n");
    const char *text = ask("GET /metrics", header);
    ck_assert_msg(!strstr(text, "muster_up"), "accepted");
    ck_assert_msg(!*text || is_status(text, 431) || is_status(text, 400), "%.40s", text);
    ck_assert(is_status(ask("GET /metrics", LOCAL), 200));
    serve_stop(serve);
}
END_TEST

START_TEST(keeps_connections_alive)
{
    start(options());
    int client = dial();
    for (int i = 0; i < 3; i++) {
        size_t length = 0;
        say(client, "GET /metrics HTTP/1.1\r\n" LOCAL "\r\n");
        do {
            ssize_t more = recv(client, reply + length, sizeof reply - 1 - length, 0);
            ck_assert_int_gt(more, 0);
            length += (size_t)more;
            reply[length] = '\0';
        } while (!strstr(reply, "muster_up 1\n"));
        ck_assert(is_status(reply, 200));
    }
    (void)close(client);
    serve_stop(serve);
}
END_TEST

START_TEST(limits_requests_a_second)
{
    struct serve_options slow = options();
    slow.requests_per_second = 2;
    start(slow);
    ck_assert(is_status(ask("GET /metrics", LOCAL), 200));
    ck_assert(is_status(ask("GET /nowhere", LOCAL), 404)); /* refused ones count too */
    const char *text = ask("GET /metrics", LOCAL);
    ck_assert(is_status(text, 429));
    ck_assert_ptr_nonnull(strcasestr(text, "\r\nRetry-After: 1\r\n"));
    atomic_fetch_add(&now_ms, 499);
    ck_assert(is_status(ask("GET /metrics", LOCAL), 429));
    atomic_fetch_add(&now_ms, 1);
    ck_assert(is_status(ask("GET /metrics", LOCAL), 200));
    ck_assert(is_status(ask("GET /metrics", LOCAL), 429));
    atomic_fetch_add(&now_ms, 1000000);
    ck_assert(is_status(ask("GET /metrics", LOCAL), 200));
    ck_assert(is_status(ask("GET /metrics", LOCAL), 200));
    ck_assert(is_status(ask("GET /metrics", LOCAL), 429));
    serve_stop(serve);
}
END_TEST

START_TEST(limits_connections)
{
    struct serve_options few = options();
    few.connections_per_ip = 2;
    start(few);
    int first = dial(), second = dial();
    /* Both are served, so both are accepted. */
    say(first, "GET /healthz HTTP/1.1\r\n" LOCAL "\r\n");
    ck_assert_int_gt(recv(first, reply, sizeof reply, 0), 0);
    say(second, "GET /healthz HTTP/1.1\r\n" LOCAL "\r\n");
    ck_assert_int_gt(recv(second, reply, sizeof reply, 0), 0);
    int third = dial();
    (void)send(third, "GET /healthz HTTP/1.1\r\n" LOCAL "\r\n", 41,
        MSG_NOSIGNAL); /* may be closed already */
    ck_assert_int_le(recv(third, reply, sizeof reply, 0), 0);
    (void)close(third);
    (void)close(first);
    (void)close(second);
    serve_stop(serve);
}
END_TEST

START_TEST(drops_silent_connections)
{
    struct serve_options quick = options();
    quick.timeout_s = 1;
    start(quick);
    int silent = dial(), slow = dial();
    say(slow, "GET /metrics HTTP/1.1\r\nHost: lo");
    ck_assert_str_eq(hear(silent), "");
    ck_assert_ptr_null(strstr(hear(slow), "muster_up"));
    ck_assert(is_status(ask("GET /metrics", LOCAL), 200));
    serve_stop(serve);
}
END_TEST

/* Fault 153: a byte now and then keeps no connection, and who is too slow is told so; the others
 * are answered meanwhile. */
START_TEST(sends_slow_clients_away)
{
    start(options());
    int slow = dial(), idle = dial();
    say(slow, "GET /metrics HTTP/1.1\r\nHost: lo");
    say(idle, "GET /healthz HTTP/1.1\r\n" LOCAL "\r\n");
    ck_assert_int_gt(recv(idle, reply, sizeof reply, 0), 0);
    for (unsigned i = 1; i < SERVE_TIMEOUT_S; i++) {
        atomic_fetch_add(&now_ms, 1000);
        say(slow, "c");
        ck_assert(is_status(ask("GET /metrics", LOCAL), 200));
    }
    ck_assert_int_lt(recv(slow, reply, sizeof reply, MSG_DONTWAIT), 0); /* not yet */
    atomic_fetch_add(&now_ms, 1000);
    const char *text = hear(slow);
    ck_assert_msg(is_status(text, 408), "%s", text);
    ck_assert_ptr_nonnull(strcasestr(text, "\r\nConnection: close\r\n"));
    ck_assert_uint_eq(strlen(body(text)), 35);
    ck_assert_int_eq(recv(idle, reply, sizeof reply, 0), 0); /* nothing is said to the idle */
    (void)close(idle);
    ck_assert(is_status(ask("GET /metrics", LOCAL), 200));
    serve_stop(serve);
}
END_TEST

/* It owes nothing while its answer is on the way. */
START_TEST(who_reads_a_long_answer_is_not_sent_away)
{
    size_t length = 0;
    ssize_t more;
    start(options());
    int reader = dial();
    say(reader, "GET /huge HTTP/1.1\r\n" LOCAL "Connection: close\r\n\r\n");
    ck_assert_int_gt(recv(reader, reply, 1, MSG_PEEK), 0);
    atomic_fetch_add(&now_ms, INT64_C(3000) * SERVE_TIMEOUT_S);
    for (int i = 0; i < 3; i++) { /* it is looked at: others are sent away */
        int slow = dial();
        say(slow, "GET /");
        while (recv(slow, reply, sizeof reply, MSG_DONTWAIT) < 0)
            atomic_fetch_add(&now_ms, INT64_C(1000) * SERVE_TIMEOUT_S);
        (void)close(slow);
    }
    while ((more = recv(reader, reply, sizeof reply, 0)) > 0)
        length += (size_t)more;
    ck_assert_uint_gt(length, HUGE_BYTES);
    (void)close(reader);
    serve_stop(serve);
}
END_TEST

START_TEST(many_slow_clients_leave_room)
{
    int slow[SERVE_CONNECTIONS_PER_IP - 1];
    start(options());
    for (size_t i = 0; i < SERVE_CONNECTIONS_PER_IP - 1; i++) {
        slow[i] = dial();
        say(slow[i], "GET /");
    }
    ck_assert(is_status(ask("GET /metrics", LOCAL), 200)); /* those before it are accepted, too */
    atomic_fetch_add(&now_ms, INT64_C(1000) * SERVE_TIMEOUT_S);
    for (size_t i = 0; i < SERVE_CONNECTIONS_PER_IP - 1; i++)
        ck_assert(is_status(hear(slow[i]), 408));
    ck_assert(is_status(ask("GET /metrics", LOCAL), 200));
    serve_stop(serve);
}
END_TEST

START_TEST(names_why_it_cannot_listen)
{
    struct serve *second = NULL;
    struct fault fault;
    start(options());
    struct serve_options same = options();
    same.port = serve_port(serve);
    ck_assert(!serve_start(&same, &second, &fault));
    ck_assert_int_eq(fault.code, FAULT_CONFIGURATION);
    ck_assert_ptr_nonnull(strstr(fault.text, "cannot listen on 127.0.0.1, port"));
    ck_assert_ptr_nonnull(strstr(fault.text, "in use"));
    ck_assert_ptr_null(second);
    same = options();
    same.host = "192.0.2.1"; /* of nobody (RFC 5737) */
    ck_assert(!serve_start(&same, &second, &fault));
    ck_assert_int_eq(fault.code, FAULT_CONFIGURATION);
    serve_stop(serve);
}
END_TEST

static int open_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder))
        count++;
    (void)closedir(folder);
    return count;
}

START_TEST(leaves_nothing_behind)
{
    int before = open_descriptors();
    for (int i = 0; i < 5; i++) {
        start(options());
        int idle = dial();
        ck_assert(is_status(ask("GET /metrics", LOCAL), 200));
        serve_stop(serve);
        (void)close(idle);
    }
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

START_TEST(takes_no_signals)
{
    sigset_t before, now;
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
    start(options());
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &now), 0);
    ck_assert_int_eq(sigismember(&now, SIGTERM), sigismember(&before, SIGTERM));
    serve_stop(serve);
}
END_TEST

UNIT_MAIN("serve", answers, answers_head_without_a_body, hides_why_a_route_failed,
    refuses_paths_and_methods, refuses_forged_hosts, refuses_bodies_unread, refuses_large_headers,
    keeps_connections_alive, limits_requests_a_second, limits_connections, drops_silent_connections,
    sends_slow_clients_away, who_reads_a_long_answer_is_not_sent_away, many_slow_clients_leave_room,
    names_why_it_cannot_listen, leaves_nothing_behind, takes_no_signals)
