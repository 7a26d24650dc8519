/* SPDX-License-Identifier: Apache-2.0 */
/* The transport against loopback servers that behave and misbehave. */
#include "transport/transport.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <zlib.h>
#include "server.h"
#include "unit.h"

#define RESPONSES_MAX 32
#define WAIT_MS_MAX   8000

struct fixture {
    struct transport *transport;
    struct connection_settings settings;
    struct source source;
    struct response *responses[RESPONSES_MAX]; /* by ticket */
    size_t done;
    int64_t longest_ms; /* of a poll */
};

static void on_done(void *context, uint64_t ticket, struct response *response)
{
    struct fixture *f = context;
    ck_assert_uint_lt(ticket, RESPONSES_MAX);
    ck_assert_ptr_null(f->responses[ticket]);
    f->responses[ticket] = response;
    f->done++;
}

static void set_up(struct fixture *f)
{
    struct transport_options options = {.user_agent = "muster/test"};
    struct fault fault;
    *f = (struct fixture){0};
    (void)signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    f->settings =
        (struct connection_settings){.name = "test", .allow_http = true, .allow_private = true};
    f->source = (struct source){.settings = &f->settings,
        .name = "test",
        .policy = {.connect_timeout_ms = 2000,
            .low_speed_ms = 30000,
            .request_timeout_ms = 5000,
            .body_bytes_most = 1 << 20}};
    ck_assert(transport_create(&options, on_done, f, &f->transport, &fault));
}

static void tear_down(struct fixture *f)
{
    transport_free(f->transport);
    for (size_t i = 0; i < RESPONSES_MAX; i++)
        response_free(f->responses[i]);
}

static void send_to(struct fixture *f, uint64_t ticket, const char *url, struct request *more)
{
    struct request request = more ? *more : (struct request){0};
    request.url = url;
    ck_assert(transport_send(f->transport, &f->source, &request, ticket));
}

static const char *url_of(const struct server *server, const char *path)
{
    static char url[256];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", server->port, path);
    return url;
}

static void wait_done(struct fixture *f, size_t count)
{
    struct clock clock = clock_system();
    int64_t until_ms = clock_monotonic_ms(&clock) + WAIT_MS_MAX;
    while (f->done < count) {
        struct epoll_event event;
        int outer = epoll_create1(EPOLL_CLOEXEC);
        struct epoll_event interest = {.events = EPOLLIN};
        int64_t timeout_ms = transport_timeout_ms(f->transport);
        ck_assert_int_eq(
            epoll_ctl(outer, EPOLL_CTL_ADD, transport_descriptor(f->transport), &interest), 0);
        (void)epoll_wait(
            outer, &event, 1, timeout_ms < 0 || timeout_ms > 200 ? 200 : (int)timeout_ms);
        (void)close(outer);
        int64_t before_ms = clock_monotonic_ms(&clock);
        transport_poll(f->transport);
        int64_t took_ms = clock_monotonic_ms(&clock) - before_ms;
        f->longest_ms = took_ms > f->longest_ms ? took_ms : f->longest_ms;
        ck_assert_msg(clock_monotonic_ms(&clock) < until_ms, "no answer in time");
    }
}

/* One GET, one answer. */
static struct response *get(struct fixture *f, uint64_t ticket, const char *url)
{
    send_to(f, ticket, url, NULL);
    wait_done(f, f->done + 1);
    return f->responses[ticket];
}

static void check_answer(server_answer *answer, enum exchange exchange, int status)
{
    struct fixture f;
    struct server *server = server_start(answer);
    set_up(&f);
    struct response *response = get(&f, 1, url_of(server, "/x?key=hidden"));
    ck_assert_msg(
        response->exchange == exchange, "%s: %s", exchange_name(response->exchange), response->why);
    ck_assert_int_eq(response->status, status);
    if (exchange != EXCHANGE_DONE) {
        ck_assert_int_gt(strlen(response->why), 10);
        ck_assert_ptr_null(strstr(response->why, "hidden")); /* queries hold secrets */
        ck_assert_uint_eq(response->body.length, 0);
    }
    ck_assert_uint_eq(transport_under_way(f.transport), 0);
    tear_down(&f);
    server_stop(server);
}

/* ------------------------------------------------------------------ good answers -------------- */

static bool answer_ok(struct server *server, int connection, const char *request)
{
    (void)server;
    (void)request;
    return server_text(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                   "X-Two: a\r\nx-two:  b \r\nContent-Length: 8\r\n\r\n{\"a\": 1}");
}

START_TEST(a_plain_answer)
{
    struct fixture f;
    struct server *server = server_start(answer_ok);
    struct http_header header = {SPAN("Authorization"), SPAN("Bearer s3cret")};
    struct http_header empty[] = {header, {SPAN("X-Empty"), SPAN("")}};
    set_up(&f);
    send_to(&f, 1, url_of(server, "/a%20b?x=1"),
        &(struct request){.headers = empty, .header_count = 2});
    ck_assert_uint_eq(transport_under_way(f.transport), 1);
    wait_done(&f, 1);
    struct response *response = f.responses[1];
    ck_assert_int_eq(response->exchange, EXCHANGE_DONE);
    ck_assert_int_eq(response->status, 200);
    ck_assert(!response->unframed);
    ck_assert(span_equal(bytes_span(&response->body), SPAN("{\"a\": 1}")));
    ck_assert(
        span_equal(http_headers_get(&response->headers, "content-type"), SPAN("application/json")));
    ck_assert(span_equal(response->headers.fields[2].value, SPAN("b")));
    ck_assert_double_gt(response->seconds, 0);
    ck_assert_ptr_nonnull(strstr(server->last, "GET /a%20b?x=1 HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(server->last, "Authorization: Bearer s3cret\r\n"));
    ck_assert_ptr_nonnull(strstr(server->last, "X-Empty:\r\n"));
    ck_assert_ptr_nonnull(strstr(server->last, "User-Agent: muster/test\r\n"));
    ck_assert_ptr_nonnull(strstr(server->last, "Accept-Encoding: gzip, deflate\r\n"));
    ck_assert_ptr_null(strstr(server->last, "Expect"));
    tear_down(&f);
    server_stop(server);
}
END_TEST

START_TEST(a_post_with_its_body)
{
    struct fixture f;
    struct server *server = server_start(answer_ok);
    set_up(&f);
    send_to(&f, 1, url_of(server, "/search"),
        &(struct request){
            .method = MUSTER_POST, .body = SPAN("{\"q\":1}"), .content_type = "application/json"});
    wait_done(&f, 1);
    ck_assert_int_eq(f.responses[1]->status, 200);
    ck_assert_ptr_nonnull(strstr(server->last, "POST /search HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(server->last, "Content-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(server->last, "\r\n\r\n{\"q\":1}"));
    tear_down(&f);
    server_stop(server);
}
END_TEST

START_TEST(a_connection_is_used_again)
{
    struct fixture f;
    struct server *server = server_start(answer_ok);
    set_up(&f);
    for (uint64_t i = 1; i <= 5; i++)
        ck_assert_int_eq(get(&f, i, url_of(server, "/"))->status, 200);
    ck_assert_int_eq(atomic_load(&server->accepted), 1);
    ck_assert_int_eq(atomic_load(&server->requests), 5);
    tear_down(&f);
    server_stop(server);
}
END_TEST

START_TEST(what_is_sent_once_gets_a_connection_of_its_own)
{
    struct fixture f;
    struct server *server = server_start(answer_ok);
    struct request once = {.method = MUSTER_POST, .body = SPAN("a=b"), .send_once = true};
    set_up(&f);
    (void)get(&f, 1, url_of(server, "/"));
    send_to(&f, 2, url_of(server, "/token"), &once);
    wait_done(&f, 2);
    send_to(&f, 3, url_of(server, "/token"), &once);
    wait_done(&f, 3);
    ck_assert_int_eq(atomic_load(&server->accepted), 3);
    (void)get(&f, 4, url_of(server, "/")); /* the first one is still there */
    ck_assert_int_eq(atomic_load(&server->accepted), 3);
    tear_down(&f);
    server_stop(server);
}
END_TEST

START_TEST(many_at_once)
{
    struct fixture f;
    struct server *server = server_start(answer_ok);
    set_up(&f);
    for (uint64_t i = 0; i < RESPONSES_MAX; i++)
        send_to(&f, i, url_of(server, "/"), NULL);
    wait_done(&f, RESPONSES_MAX);
    for (size_t i = 0; i < RESPONSES_MAX; i++)
        ck_assert_int_eq(f.responses[i]->status, 200);
    tear_down(&f);
    server_stop(server);
}
END_TEST

START_TEST(connections_are_bounded_and_the_rest_waits)
{
    struct fixture f;
    struct server *server = server_start(answer_ok);
    struct transport_options options = {.connections_most = 3};
    struct fault fault;
    set_up(&f);
    transport_free(f.transport);
    ck_assert(transport_create(&options, on_done, &f, &f.transport, &fault));
    for (uint64_t i = 0; i < RESPONSES_MAX; i++)
        send_to(&f, i, url_of(server, "/"), NULL);
    wait_done(&f, RESPONSES_MAX);
    ck_assert_int_le(atomic_load(&server->accepted), 3);
    tear_down(&f);
    server_stop(server);
}
END_TEST

/* ------------------------------------------------------------------ compression --------------- */

#define PACKED_BYTES 100000

/* One gzip file (RFC 1952) of `length` bytes, or of as many zeros where data is NULL. The caller
 * frees it. */
static unsigned char *gzip(const void *data, size_t length, size_t *ret_packed)
{
    static const unsigned char zeros[65536];
    z_stream stream = {0};
    size_t room = 4096 + (data ? length * 2 : length / 100);
    unsigned char *packed = malloc(room);
    ck_assert_int_eq(
        deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = packed;
    stream.avail_out = (uInt)room;
    for (size_t done = 0, piece; done < length; done += piece) {
        piece = data || length - done < sizeof zeros ? length - done : sizeof zeros;
        stream.next_in = data ? data : zeros;
        stream.avail_in = (uInt)piece;
        ck_assert_int_eq(deflate(&stream, Z_NO_FLUSH), Z_OK);
    }
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *ret_packed = stream.total_out;
    ck_assert_int_eq(deflateEnd(&stream), Z_OK);
    return packed;
}

static bool answer_gzip(int connection, size_t zeros, int times, const char *codings)
{
    char head[256];
    size_t length;
    unsigned char *packed = gzip(NULL, zeros, &length);
    while (--times > 0) {
        unsigned char *inner = packed;
        packed = gzip(inner, length, &length);
        free(inner);
    }
    (void)snprintf(head, sizeof head,
        "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n", codings, length);
    bool sent = server_text(connection, head) && server_write(connection, packed, length);
    free(packed);
    return sent;
}

static bool answer_packed(struct server *server, int connection, const char *request)
{
    (void)server;
    (void)request;
    return answer_gzip(connection, PACKED_BYTES, 1, "gzip");
}

static bool answer_stacked(struct server *server, int connection, const char *request)
{
    (void)server;
    (void)request;
    return answer_gzip(connection, PACKED_BYTES, 2, "gzip, gzip");
}

static bool answer_stacked_in_two_fields(struct server *server, int connection, const char *request)
{
    (void)server;
    (void)request;
    return answer_gzip(connection, PACKED_BYTES, 2, "gzip\r\nContent-Encoding: gzip");
}

static bool answer_unasked_coding(struct server *server, int connection, const char *request)
{
    (void)server;
    (void)request;
    return answer_gzip(connection, PACKED_BYTES, 1, "br");
}

/* Decoding is for whoever reads the body (unit.base.coding). */
START_TEST(gzip_is_handed_on)
{
    struct fixture f;
    struct server *server = server_start(answer_packed);
    set_up(&f);
    const struct response *response = get(&f, 1, url_of(server, "/"));
    ck_assert_int_eq(response->coding, CODING_GZIP);
    ck_assert_uint_lt(response->body.length, PACKED_BYTES / 100);
    ck_assert_mem_eq(response->body.data, "\x1f\x8b", 2);
    tear_down(&f);
    server_stop(server);
}
END_TEST

START_TEST(codings_are_judged)
{
    check_answer(answer_stacked, EXCHANGE_PROTOCOL, 200);
    check_answer(answer_stacked_in_two_fields, EXCHANGE_PROTOCOL, 200);
    check_answer(answer_unasked_coding, EXCHANGE_PROTOCOL, 200);
}
END_TEST

/* ------------------------------------------------------------------ framing ------------------- */

#define FIXED_ANSWER(name, text, keep)                                           \
    static bool name(struct server *server, int connection, const char *request) \
    {                                                                            \
        (void)server;                                                            \
        (void)request;                                                           \
        return server_text(connection, text) && (keep);                          \
    }

FIXED_ANSWER(answer_cut, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":", false)
FIXED_ANSWER(answer_no_last_chunk,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", false)
FIXED_ANSWER(answer_bad_chunk,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabcde\r\n0\r\n\r\n", true)
FIXED_ANSWER(
    answer_two_lengths, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", true)
FIXED_ANSWER(answer_length_and_chunks,
    "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nTransfer-Encoding: "
    "chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    true)
FIXED_ANSWER(answer_coded_chunks,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", true)
FIXED_ANSWER(answer_negative_length, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}", false)
FIXED_ANSWER(answer_huge_length, "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n{", true)
FIXED_ANSWER(answer_nothing, "", false)
FIXED_ANSWER(answer_not_http, "SSH-2.0-OpenSSH_9.2\r\n", false)
FIXED_ANSWER(answer_half_a_header, "HTTP/1.1 200 OK\r\nContent-Le", false)
FIXED_ANSWER(answer_unframed, "HTTP/1.1 200 OK\r\n\r\n{}", false)
FIXED_ANSWER(answer_chunks,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n",
    true)
FIXED_ANSWER(answer_no_content, "HTTP/1.1 204 No Content\r\n\r\n", true)
FIXED_ANSWER(answer_hints,
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    true)

START_TEST(bodies_that_are_cut_or_framed_twice)
{
    check_answer(answer_cut, EXCHANGE_RECEIVE, 200);
    check_answer(answer_no_last_chunk, EXCHANGE_RECEIVE, 200);
    check_answer(answer_bad_chunk, EXCHANGE_PROTOCOL, 200);
    check_answer(answer_two_lengths, EXCHANGE_PROTOCOL, 200);
    check_answer(answer_length_and_chunks, EXCHANGE_PROTOCOL, 200);
    check_answer(answer_coded_chunks, EXCHANGE_PROTOCOL, 200);
    check_answer(answer_negative_length, EXCHANGE_PROTOCOL, 200);
    check_answer(answer_huge_length, EXCHANGE_TOO_LARGE, 200);
    check_answer(answer_nothing, EXCHANGE_SEND, 0);
    check_answer(answer_not_http, EXCHANGE_PROTOCOL, 0);
}
END_TEST

START_TEST(a_header_without_an_end_is_no_answer)
{
    struct fixture f;
    struct server *server = server_start(answer_half_a_header);
    set_up(&f);
    ck_assert_int_ne(get(&f, 1, url_of(server, "/"))->exchange, EXCHANGE_DONE);
    tear_down(&f);
    server_stop(server);
}
END_TEST

static struct response *one_answer(struct fixture *f, server_answer *answer)
{
    struct server *server = server_start(answer);
    set_up(f);
    struct response *response = get(f, 1, url_of(server, "/"));
    server_stop(server);
    return response;
}

START_TEST(a_body_that_ends_with_the_connection_is_told)
{
    struct fixture f;
    struct response *response = one_answer(&f, answer_unframed);
    ck_assert_int_eq(response->exchange, EXCHANGE_DONE);
    ck_assert(response->unframed);
    ck_assert(span_equal(bytes_span(&response->body), SPAN("{}")));
    tear_down(&f);
    ck_assert(!one_answer(&f, answer_chunks)->unframed);
    ck_assert(!http_headers_get(&f.responses[1]->headers, "X-Trailer").data);
    tear_down(&f);
    ck_assert(!one_answer(&f, answer_no_content)->unframed);
    tear_down(&f);
}
END_TEST

START_TEST(interim_answers_are_passed_over)
{
    struct fixture f;
    struct response *response = one_answer(&f, answer_hints);
    ck_assert_int_eq(response->exchange, EXCHANGE_DONE);
    ck_assert_int_eq(response->status, 200);
    ck_assert(!http_headers_get(&response->headers, "Link").data);
    tear_down(&f);
}
END_TEST

static bool answer_interim_flood(struct server *server, int connection, const char *request)
{
    (void)server;
    (void)request;
    for (int i = 0; i < 1000; i++)
        if (!server_text(connection, "HTTP/1.1 102 Processing\r\n\r\n"))
            return false;
    return true;
}

static bool answer_many_headers(struct server *server, int connection, const char *request)
{
    (void)server;
    (void)request;
    if (!server_text(connection, "HTTP/1.1 200 OK\r\n"))
        return false;
    for (int i = 0; i < 1000; i++)
        if (!server_text(connection, "X-A: b\r\n"))
            return false;
    return server_text(connection, "Content-Length: 2\r\n\r\n{}");
}

static bool answer_long_header(struct server *server, int connection, const char *request)
{
    char block[1024];
    (void)server;
    (void)request;
    (void)memset(block, 'a', sizeof block);
    if (!server_text(connection, "HTTP/1.1 200 OK\r\nX-Long: "))
        return false;
    for (int i = 0; i < 200; i++)
        if (!server_write(connection, block, sizeof block))
            return false;
    return server_text(connection, "\r\nContent-Length: 2\r\n\r\n{}");
}

START_TEST(header_floods_are_cut_off)
{
    check_answer(answer_interim_flood, EXCHANGE_PROTOCOL, 102);
    check_answer(answer_many_headers, EXCHANGE_TOO_LARGE, 200);
    check_answer(answer_long_header, EXCHANGE_TOO_LARGE, 200);
}
END_TEST

/* ------------------------------------------------------------------ redirects ----------------- */

static bool answer_redirect(struct server *server, int connection, const char *request)
{
    char text[512];
    const char *to = NULL;
    if (strncmp(request, "GET /same", 9) == 0)
        to = "/end";
    else if (strncmp(request, "GET /loop", 9) == 0 || strncmp(request, "POST ", 5) == 0)
        to = "/loop";
    else if (strncmp(request, "GET /other", 10) == 0)
        to = "http://localhost/x";
    if (!to)
        return answer_ok(server, connection, request);
    (void)snprintf(text, sizeof text,
        "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 4\r\n\r\nmove", to);
    return server_text(connection, text);
}

START_TEST(redirects_are_followed_on_their_own_origin_only)
{
    struct fixture f;
    struct server *server = server_start(answer_redirect);
    set_up(&f);
    struct response *response = get(&f, 1, url_of(server, "/same"));
    ck_assert_int_eq(response->status, 200);
    ck_assert(span_equal(bytes_span(&response->body), SPAN("{\"a\": 1}")));
    ck_assert_int_eq(atomic_load(&server->requests), 2);
    response = get(&f, 2, url_of(server, "/other"));
    ck_assert_int_eq(response->exchange, EXCHANGE_DONE);
    ck_assert_int_eq(response->status, 302);
    ck_assert(
        span_equal(http_headers_get(&response->headers, "Location"), SPAN("http://localhost/x")));
    ck_assert_int_eq(atomic_load(&server->requests), 3);
    ck_assert_int_eq(get(&f, 3, url_of(server, "/loop"))->status, 302);
    ck_assert_int_eq(atomic_load(&server->requests), 3 + 6);
    send_to(&f, 4, url_of(server, "/post"), &(struct request){.method = MUSTER_POST});
    wait_done(&f, 4);
    ck_assert_int_eq(f.responses[4]->status, 302);
    ck_assert_int_eq(atomic_load(&server->requests), 3 + 6 + 1);
    tear_down(&f);
    server_stop(server);
}
END_TEST

/* ------------------------------------------------------------------ egress -------------------- */

START_TEST(private_addresses_are_refused_before_anything_is_sent)
{
    struct fixture f;
    struct server *server = server_start(answer_ok);
    char url[64];
    set_up(&f);
    ck_assert_int_eq(get(&f, 1, url_of(server, "/"))->status, 200); /* leaves a pooled connection */
    f.settings.allow_private = false;
    ck_assert_int_eq(get(&f, 2, url_of(server, "/"))->exchange, EXCHANGE_REFUSED);
    (void)snprintf(url, sizeof url, "http://localhost:%u/", server->port);
    ck_assert_int_eq(get(&f, 3, url)->exchange, EXCHANGE_REFUSED);
    (void)snprintf(url, sizeof url, "http://[::ffff:127.0.0.1]:%u/", server->port);
    ck_assert_int_eq(get(&f, 4, url)->exchange, EXCHANGE_REFUSED);
    ck_assert_int_eq(atomic_load(&server->accepted), 1);
    ck_assert_int_eq(atomic_load(&server->requests), 1);
    f.settings.allow_private = true;
    ck_assert_int_eq(
        get(&f, 5, url_of(server, "/"))->status, 200); /* and the pool is still its own */
    ck_assert_int_eq(atomic_load(&server->accepted), 1);
    tear_down(&f);
    server_stop(server);
}
END_TEST

START_TEST(plain_http_needs_the_operators_word)
{
    struct fixture f;
    struct server *server = server_start(answer_ok);
    set_up(&f);
    f.settings.allow_http = false;
    ck_assert_int_eq(get(&f, 1, url_of(server, "/"))->exchange, EXCHANGE_REFUSED);
    ck_assert_int_eq(get(&f, 2, "ftp://127.0.0.1/")->exchange, EXCHANGE_REFUSED);
    ck_assert_int_eq(get(&f, 3, "file:///etc/passwd")->exchange, EXCHANGE_REFUSED);
    ck_assert_int_eq(atomic_load(&server->accepted), 0);
    tear_down(&f);
    server_stop(server);
}
END_TEST

START_TEST(the_environments_proxy_is_ignored)
{
    struct fixture f;
    struct server *server = server_start(answer_ok);
    (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
    (void)setenv("all_proxy", "http://127.0.0.1:1", 1);
    set_up(&f);
    ck_assert_int_eq(get(&f, 1, url_of(server, "/"))->status, 200);
    tear_down(&f);
    server_stop(server);
}
END_TEST

START_TEST(the_operators_proxy_is_used)
{
    struct fixture f;
    struct server *server = server_start(answer_ok);
    char proxy[64];
    set_up(&f);
    (void)snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", server->port);
    f.settings.proxy = proxy;
    f.settings.allow_private = false;
    ck_assert_int_eq(get(&f, 1, "http://api.example.com/users")->status, 200);
    ck_assert_ptr_nonnull(strstr(server->last, "GET http://api.example.com/users HTTP/1.1\r\n"));
    ck_assert_int_eq(get(&f, 2, "http://169.254.169.254/latest")->exchange, EXCHANGE_REFUSED);
    ck_assert_int_eq(atomic_load(&server->requests), 1);
    tear_down(&f);
    server_stop(server);
}
END_TEST

/* ------------------------------------------------------------------ trouble and time ---------- */

static unsigned closed_port(void)
{
    struct server *server = server_start(answer_ok);
    unsigned port = server->port;
    server_stop(server);
    return port;
}

START_TEST(refused_and_unknown_hosts)
{
    struct fixture f;
    char url[64];
    set_up(&f);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", closed_port());
    ck_assert_int_eq(get(&f, 1, url)->exchange, EXCHANGE_CONNECT);
    /* And again: what did not resolve leaves nothing behind that spoils the next request. */
    for (uint64_t ticket = 2; ticket < 6; ticket++)
        ck_assert_int_eq(
            get(&f, ticket, "http://no-such-host.invalid/")->exchange, EXCHANGE_RESOLVE);
    ck_assert_int_lt(f.longest_ms, 200);
    tear_down(&f);
}
END_TEST

FIXED_ANSWER(answer_stall, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", true)

static bool answer_never(struct server *server, int connection, const char *request)
{
    (void)server;
    (void)connection;
    (void)request;
    return true;
}

START_TEST(stalled_answers_time_out)
{
    struct fixture f;
    struct server *server = server_start(answer_stall);
    set_up(&f);
    f.source.policy.low_speed_ms = 1000;
    struct response *response = get(&f, 1, url_of(server, "/"));
    ck_assert_int_eq(response->exchange, EXCHANGE_TIMEOUT);
    ck_assert_double_lt(response->seconds, 4);
    f.source.policy.low_speed_ms = 30000;
    f.source.policy.request_timeout_ms = 200;
    ck_assert_int_eq(get(&f, 2, url_of(server, "/"))->exchange, EXCHANGE_TIMEOUT);
    tear_down(&f);
    server_stop(server);
}
END_TEST

START_TEST(cancelling_calls_done_at_once)
{
    struct fixture f;
    struct server *server = server_start(answer_never);
    set_up(&f);
    send_to(&f, 1, url_of(server, "/"), NULL);
    send_to(&f, 2, url_of(server, "/"), NULL);
    send_to(&f, 3, "gopher://x/", NULL); /* finished, not yet handed over */
    transport_poll(f.transport);
    transport_cancel(f.transport, 1);
    ck_assert_int_eq(f.responses[1]->exchange, EXCHANGE_CANCELLED);
    transport_cancel(f.transport, 1); /* not there any more: nothing happens */
    transport_cancel(f.transport, 77);
    ck_assert_uint_eq(transport_under_way(f.transport), 1);
    ck_assert_int_eq(f.responses[3]->exchange, EXCHANGE_REFUSED);
    tear_down(&f); /* the other is dropped without `done` */
    ck_assert_ptr_null(f.responses[2]);
    server_stop(server);
}
END_TEST

static void send_more(void *context, uint64_t ticket, struct response *response)
{
    struct fixture *f = context;
    on_done(context, ticket, response);
    if (ticket == 1) {
        transport_cancel(f->transport, 2);
        send_to(f, 3, "gopher://x/", NULL);
    }
}

START_TEST(done_may_send_and_cancel)
{
    struct fixture f;
    struct transport_options options = {0};
    struct fault fault;
    set_up(&f);
    transport_free(f.transport);
    ck_assert(transport_create(&options, send_more, &f, &f.transport, &fault));
    send_to(&f, 1, "gopher://x/", NULL);
    send_to(&f, 2, "gopher://x/", NULL);
    wait_done(&f, 3);
    ck_assert_int_eq(f.responses[2]->exchange, EXCHANGE_CANCELLED);
    ck_assert_int_eq(f.responses[3]->exchange, EXCHANGE_REFUSED);
    tear_down(&f);
}
END_TEST

START_TEST(more_policies_than_pools_make_room)
{
    struct fixture f;
    struct server *server = server_start(answer_ok);
    set_up(&f);
    for (uint64_t i = 0; i < 100; i++) {
        char certificate[32];
        (void)snprintf(certificate, sizeof certificate, "/nowhere/%d", (int)i);
        f.settings.ca_file = certificate; /* http: it is never read */
        uint64_t ticket = i % RESPONSES_MAX;
        response_free(f.responses[ticket]);
        f.responses[ticket] = NULL;
        ck_assert_int_eq(get(&f, ticket, url_of(server, "/"))->exchange, EXCHANGE_DONE);
    }
    tear_down(&f);
    server_stop(server);
}
END_TEST

/* ------------------------------------------------------------------ TLS ----------------------- */

/* `openssl s_server` with a certificate nobody signed. False where the tool is not there. */
static bool start_tls(const char *directory, pid_t *ret_child, unsigned *ret_port)
{
    char command[1024], line[256];
    int out[2];
    (void)snprintf(command, sizeof command,
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout %s/key -out %s/cert "
        "2>/dev/null",
        directory, directory);
    if (system(command) != 0)
        return false;
    ck_assert_int_eq(pipe(out), 0);
    *ret_child = fork();
    if (*ret_child == 0) {
        (void)snprintf(command, sizeof command,
            "exec openssl s_server -accept 127.0.0.1:0 -www -key %s/key -cert %s/cert 2>/dev/null",
            directory, directory);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    (void)close(out[1]);
    FILE *lines = fdopen(out[0], "r");
    *ret_port = 0;
    while (*ret_port == 0 && fgets(line, sizeof line, lines))
        if (strncmp(line, "ACCEPT", 6) == 0)
            *ret_port = (unsigned)strtoul(strrchr(line, ':') + 1, NULL, 10);
    (void)fclose(lines);
    return *ret_port != 0;
}

START_TEST(a_certificate_nobody_signed_is_refused)
{
    char directory[] = "/tmp/transport_test_XXXXXX", url[64], path[64];
    unsigned port;
    pid_t child;
    struct fixture f;
    ck_assert_ptr_nonnull(mkdtemp(directory));
    if (start_tls(directory, &child, &port)) {
        set_up(&f);
        (void)snprintf(url, sizeof url, "https://localhost:%u/", port);
        struct response *response = get(&f, 1, url);
        ck_assert_int_eq(response->exchange, EXCHANGE_TLS);
        ck_assert_ptr_nonnull(strstr(response->why, "certificate"));
        (void)snprintf(path, sizeof path, "%s/cert", directory);
        f.settings.ca_file = path; /* the operator vouches for it */
        response = get(&f, 2, url);
        ck_assert_msg(response->exchange == EXCHANGE_DONE, "%s", response->why);
        ck_assert_int_eq(response->status, 200);
        (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", port); /* not the name in it */
        ck_assert_int_eq(get(&f, 3, url)->exchange, EXCHANGE_TLS);
        tear_down(&f);
        (void)kill(child, SIGTERM);
        (void)waitpid(child, NULL, 0);
    }
    (void)snprintf(path, sizeof path, "%s/cert", directory);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/key", directory);
    (void)unlink(path);
    (void)rmdir(directory);
}
END_TEST

UNIT_MAIN("transport", a_plain_answer, a_post_with_its_body, a_connection_is_used_again,
    what_is_sent_once_gets_a_connection_of_its_own, many_at_once,
    connections_are_bounded_and_the_rest_waits, gzip_is_handed_on, codings_are_judged,
    bodies_that_are_cut_or_framed_twice, a_header_without_an_end_is_no_answer,
    a_body_that_ends_with_the_connection_is_told, interim_answers_are_passed_over,
    header_floods_are_cut_off, redirects_are_followed_on_their_own_origin_only,
    private_addresses_are_refused_before_anything_is_sent, plain_http_needs_the_operators_word,
    the_environments_proxy_is_ignored, the_operators_proxy_is_used, refused_and_unknown_hosts,
    stalled_answers_time_out, cancelling_calls_done_at_once, done_may_send_and_cancel,
    more_policies_than_pools_make_room, a_certificate_nobody_signed_is_refused)
