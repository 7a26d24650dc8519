/* SPDX-License-Identifier: Apache-2.0 */
/* What goes on the wire, for every kind of paging, place, login and body; and what may not get
 * there. */
#include "request/request.h"

#include <string.h>
#include "made_source.h"
#include "unit.h"

#define QUERY(...) MUSTER_LIST(struct muster_pair, __VA_ARGS__)

static const struct span none = {NULL, 0};

struct made {
    struct arena *arena;
    struct request request;
    struct fault fault;
    bool ok;
};

static struct muster_stream listing(uint32_t kind)
{
    struct muster_stream stream = {.name = "users", .request = {.path = "/users"}};
    stream.paging.kind = kind;
    return stream;
}

static struct made page_of(struct muster_connector connector, const struct muster_stream *stream,
    const struct position *position, const struct scope_parent *parent, struct span bound)
{
    struct made made = {.arena = arena_create(0)};
    struct request_bound bounds = {bound};
    struct plan plan;
    struct source *source = made_source(&plan, &connector, stream);
    made.ok = request_page(
        source, 0, position, parent, &bounds, none, made.arena, &made.request, &made.fault);
    source_release(source);
    return made;
}

static void check_url(
    const struct muster_stream *stream, const struct position *position, const char *url)
{
    struct made made = page_of((struct muster_connector){0}, stream, position, NULL, none);
    ck_assert_msg(made.ok, "%s", made.fault.text);
    ck_assert_str_eq(made.request.url, url);
    arena_free(made.arena);
}

static void check_refused(const struct muster_stream *stream, const struct position *position,
    const struct scope_parent *parent, enum fault_code code, const char *words)
{
    struct made made = page_of((struct muster_connector){0}, stream, position, parent, none);
    ck_assert_msg(!made.ok, "accepted: %s", made.request.url);
    ck_assert_msg(made.fault.code == code && strstr(made.fault.text, words), "%s", made.fault.text);
    arena_free(made.arena);
}

static struct span header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (span_equal_nocase(request->headers[i].name, span_of(name)))
            return request->headers[i].value;
    return none;
}

/* The overlap probe: one item early, on top where pages may be larger; never where it would not get
 * on, nor on the first page's account. */
START_TEST(an_overlap_asks_one_item_early)
{
    static const struct {
        uint32_t kind, size, size_max, step;
        const char *url;
        int64_t asked, overlap;
    } rows[] = {
        {MUSTER_PAGING_OFFSET, 10, 0, 0, "?limit=10&offset=9", 10, 1},
        {MUSTER_PAGING_OFFSET, 10, 10, 0, "?limit=10&offset=9", 10, 1},
        {MUSTER_PAGING_OFFSET, 10, 50, 0, "?limit=11&offset=9", 11, 1},
        {MUSTER_PAGING_OFFSET, 50, 10, 0, "?limit=10&offset=9", 10, 1},
        {MUSTER_PAGING_OFFSET, 10, 50, MUSTER_STEP_ASKED, "?limit=10&offset=9", 10, 1},
        {MUSTER_PAGING_OFFSET, 1, 0, 0, "?limit=1&offset=10", 1, 0},
        {MUSTER_PAGING_OFFSET, 1, 2, 0, "?limit=2&offset=9", 2, 1},
        {MUSTER_PAGING_SCIM, 10, 0, 0, "?limit=11&startIndex=9", 11, 1},
        {MUSTER_PAGING_SCIM, 10, 10, 0, "?limit=10&startIndex=9", 10, 1},
        {MUSTER_PAGING_NUMBER, 10, 0, 0, "?limit=10&page=10", 10, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct muster_stream stream = listing(rows[i].kind);
        stream.paging.size_parameter = "limit";
        stream.paging.size = rows[i].size;
        stream.paging.size_max = rows[i].size_max;
        stream.paging.step = rows[i].step;
        const struct position at = {.page = 1, .number = 10, .overlap = 1};
        struct made made = page_of((struct muster_connector){0}, &stream, &at, NULL, none);
        ck_assert_msg(made.ok, "row %zu: %s", i, made.fault.text);
        ck_assert_msg(
            strstr(made.request.url, rows[i].url) != NULL, "row %zu: %s", i, made.request.url);
        ck_assert_int_eq(made.request.asked, rows[i].asked);
        ck_assert_int_eq(made.request.overlap, rows[i].overlap);
        arena_free(made.arena);
    }
}
END_TEST

START_TEST(every_kind_of_paging_asks_in_its_way)
{
    struct muster_stream stream = listing(MUSTER_PAGING_NONE);
    struct position position = request_first_position(&stream);
    check_url(&stream, &position, "https://api.example.com/v2/users");

    stream = listing(MUSTER_PAGING_NUMBER);
    stream.paging.start = 1;
    stream.paging.size_parameter = "per page";
    position = request_first_position(&stream);
    check_url(&stream, &position, "https://api.example.com/v2/users?per%20page=100&page=1");
    stream.paging.size = 500;
    stream.paging.size_max = 200;
    position.number = 7;
    check_url(&stream, &position, "https://api.example.com/v2/users?per%20page=200&page=7");

    stream = listing(MUSTER_PAGING_OFFSET);
    stream.paging.parameter = "skip";
    position = request_first_position(&stream);
    check_url(&stream, &position, "https://api.example.com/v2/users?skip=0");

    stream = listing(MUSTER_PAGING_CURSOR);
    position = request_first_position(&stream);
    check_url(&stream, &position, "https://api.example.com/v2/users");
    position = (struct position){.page = 1, .token = SPAN("a/b+c==&x")};
    check_url(&stream, &position, "https://api.example.com/v2/users?cursor=a%2Fb%2Bc%3D%3D%26x");
    stream.paging.initial = "*";
    position = request_first_position(&stream);
    check_url(&stream, &position, "https://api.example.com/v2/users?cursor=%2A");

    stream = listing(MUSTER_PAGING_KEYSET);
    stream.paging.parameter = "since";
    position = (struct position){.page = 1, .token = SPAN("42")};
    check_url(&stream, &position, "https://api.example.com/v2/users?since=42");

    stream = listing(MUSTER_PAGING_SCIM);
    position = request_first_position(&stream);
    check_url(&stream, &position, "https://api.example.com/v2/users?count=101&startIndex=1");
}
END_TEST

START_TEST(pairs_are_sent_when_they_are_meant)
{
    struct muster_stream stream = listing(MUSTER_PAGING_NUMBER);
    struct position first = {0}, second = {.page = 1, .number = 1};
    stream.request.path = "/users?kept=1";
    stream.request.query = (struct muster_pair_list)QUERY({"a", "x y", 1, 0},
        {"b", "{tenant}", 0, 1}, {"c", "{unset}", 0, 0}, {"filter[d]", "eq \"{tenant}\"", 0, 0});
    stream.incremental.bound = (struct muster_pair){"since", "{bound}", 0, 0};
    check_url(&stream, &first,
        "https://api.example.com/v2/users?kept=1&a=x%20y&b=a%20b%26c&"
        "filter%5Bd%5D=eq%20%22a%20b%26c%22&page=0");
    check_url(&stream, &second,
        "https://api.example.com/v2/"
        "users?kept=1&b=a%20b%26c&filter%5Bd%5D=eq%20%22a%20b%26c%22&page=1");
    struct made made =
        page_of((struct muster_connector){0}, &stream, &second, NULL, SPAN("2026-01-01T00:00:00Z"));
    ck_assert_str_eq(made.request.url,
        "https://api.example.com/v2/users?kept=1&filter%5Bd%5D=eq%20%22a%"
        "20b%26c%22&page=1&since=2026-01-01T00%3A00%3A00Z");
    arena_free(made.arena);
}
END_TEST

START_TEST(next_links_stay_on_their_origin)
{
    struct muster_stream stream = listing(MUSTER_PAGING_LINK);
    struct position position = {.page = 1};
    static const char *const elsewhere[] = {"https://evil.example.com/v2/users?page=2",
        "http://api.example.com/v2/users", "https://api.example.com:8443/users",
        "https://api.example.com.evil.example/users"};
    stream.paging.size_parameter = "limit";
    stream.request.query = (struct muster_pair_list)QUERY({"a", "b", 0, 0});
    check_url(&stream, &(struct position){0}, "https://api.example.com/v2/users?a=b&limit=100");
    position.token = SPAN("https://API.example.com:443/other?page=2&a=b#frag");
    check_url(&stream, &position, "https://API.example.com:443/other?page=2&a=b");
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        position.token = span_of(elsewhere[i]);
        check_refused(&stream, &position, NULL, FAULT_EGRESS, "next link");
    }
    position.token = SPAN("/relative");
    check_refused(&stream, &position, NULL, FAULT_SYNTAX, "next link");
    position.token = SPAN("https://api.example.com/\r\nX: y");
    check_refused(&stream, &position, NULL, FAULT_SYNTAX, "next link");
}
END_TEST

START_TEST(parents_fill_the_path_and_cannot_leave_it)
{
    struct muster_stream stream = listing(MUSTER_PAGING_NONE);
    struct http_header fields[] = {{SPAN("id"), SPAN("a/../b c?x#y")}};
    struct scope_parent parent = {SPAN("key"), fields, 1};
    struct position first = {0};
    stream.request.path = "/groups/{parent.id}/members";
    struct made made = page_of((struct muster_connector){0}, &stream, &first, &parent, none);
    ck_assert_str_eq(
        made.request.url, "https://api.example.com/v2/groups/a%2F..%2Fb%20c%3Fx%23y/members");
    arena_free(made.arena);
    fields[0].value = SPAN("..");
    check_refused(&stream, &first, &parent, FAULT_CONTENT, "dot segment");
    fields[0].value = SPAN("");
    check_refused(&stream, &first, &parent, FAULT_CONTENT, "empty");
    check_refused(&stream, &first, NULL, FAULT_DECLARATION, "parent.id");
    stream.request.path = "/t/{unset}";
    check_refused(&stream, &first, NULL, FAULT_DECLARATION, "unset");
}
END_TEST

START_TEST(headers_cannot_be_injected)
{
    struct muster_stream stream = listing(MUSTER_PAGING_CURSOR);
    struct position position = {.page = 1, .token = SPAN("a\r\nX-Evil: 1")};
    stream.paging.place = MUSTER_IN_HEADER;
    stream.paging.parameter = "X-Cursor";
    check_refused(&stream, &position, NULL, FAULT_CONTENT, "X-Cursor");
    position.token = SPAN("fine");
    struct made made =
        page_of((struct muster_connector){.headers = QUERY({"X-One", "1"}, {"Accept", "a/b"})},
            &stream, &position, NULL, none);
    ck_assert(span_equal(header(&made.request, "x-cursor"), SPAN("fine")));
    ck_assert(span_equal(header(&made.request, "accept"), SPAN("a/b")));
    ck_assert(made.request.carries_cursor);
    arena_free(made.arena);
    stream.request.headers = (struct muster_pair_list)QUERY({"Host", "evil.example.com", 0, 0});
    check_refused(&stream, &position, NULL, FAULT_DECLARATION, "Host");
    stream.request.headers = (struct muster_pair_list)QUERY({"Bad Name", "x", 0, 0});
    check_refused(&stream, &position, NULL, FAULT_DECLARATION, "header name");
}
END_TEST

static void check_body(const struct muster_stream *stream, const struct position *position,
    const char *body, const char *type)
{
    struct made made = page_of((struct muster_connector){0}, stream, position, NULL, none);
    ck_assert_msg(made.ok, "%s", made.fault.text);
    ck_assert_int_eq(made.request.method, MUSTER_POST);
    ck_assert_str_eq(made.request.body.data, body);
    ck_assert_str_eq(made.request.content_type, type);
    arena_free(made.arena);
}

START_TEST(json_bodies_take_pointers_and_escape_what_they_insert)
{
    struct muster_stream stream = listing(MUSTER_PAGING_CURSOR);
    struct position first = {0}, second = {.page = 1, .token = SPAN("c\"1")};
    stream.request.method = MUSTER_POST;
    stream.request.body = MUSTER_BODY_JSON;
    stream.request.fields = (struct muster_pair_list)QUERY({"query", "{evil}", 0, 0},
        {"/variables", "{{\"filter\":{{\"name\":\"{evil}\"}}}}", 0, 0}, {"/deep/er", "[1]", 1, 0});
    stream.paging.place = MUSTER_IN_BODY;
    stream.paging.parameter = "/variables/after";
    stream.paging.size_parameter = "/variables/first";
    check_body(&stream, &first,
        "{\"query\":\"x\\\",\\\"admin\\\":\\\"y\",\"variables\":{\"filter\":{\"name\":\"x\\\","
        "\\\"admin\\\":\\\"y\"},\"first\":100},\"deep\":{\"er\":[1]}}",
        "application/json");
    check_body(&stream, &second,
        "{\"query\":\"x\\\",\\\"admin\\\":\\\"y\",\"variables\":{\"filter\":{\"name\":\"x\\\","
        "\\\"admin\\\":\\\"y\"},\"first\":100,\"after\":\"c\\\"1\"}}",
        "application/json");
    stream.request.fields = (struct muster_pair_list)QUERY({"/variables", "[1]", 0, 0});
    check_refused(&stream, &first, NULL, FAULT_DECLARATION, "no object");
    stream.request.fields = (struct muster_pair_list)QUERY({"/variables", "nope", 0, 0});
    check_refused(&stream, &first, NULL, FAULT_DECLARATION, "not JSON");
}
END_TEST

START_TEST(form_bodies_are_encoded)
{
    struct muster_stream stream = listing(MUSTER_PAGING_OFFSET);
    stream.request.method = MUSTER_POST;
    stream.request.body = MUSTER_BODY_FORM;
    stream.request.fields =
        (struct muster_pair_list)QUERY({"a b", "{tenant}", 0, 0}, {"/x", "=&", 0, 0});
    stream.paging.place = MUSTER_IN_BODY;
    check_body(&stream, &(struct position){.number = 20}, "a%20b=a%20b%26c&%2Fx=%3D%26&offset=20",
        "application/x-www-form-urlencoded");
    stream.request.body = MUSTER_BODY_NONE;
    check_refused(&stream, &(struct position){0}, NULL, FAULT_DECLARATION, "body");
    stream.request.body = MUSTER_BODY_JSON;
    stream.request.method = MUSTER_GET;
    check_refused(&stream, &(struct position){0}, NULL, FAULT_DECLARATION, "GET");
}
END_TEST

START_TEST(a_url_beyond_the_bound_is_refused)
{
    static char cursor[REQUEST_URL_MAX];
    struct muster_stream stream = listing(MUSTER_PAGING_CURSOR);
    struct position position = {.page = 1, .token = {cursor, sizeof cursor}};
    (void)memset(cursor, 'a', sizeof cursor);
    check_refused(&stream, &position, NULL, FAULT_LIMIT, "too large");
}
END_TEST

START_TEST(one_object_is_read_by_its_id)
{
    struct muster_stream stream = listing(MUSTER_PAGING_NUMBER);
    struct muster_connector connector = {0};
    AUTO_ARENA *arena = arena_create(0);
    struct request request;
    struct fault fault;
    struct plan plan;
    struct source *source = made_source(&plan, &connector, &stream);
    ck_assert(!request_one(source, 0, SPAN("7"), NULL, none, arena, &request, &fault));
    ck_assert_int_eq(fault.code, FAULT_DECLARATION);
    stream.read_one.request.path = "/users/{id}";
    stream.read_one.request.query = (struct muster_pair_list)QUERY({"full", "{id}", 0, 0});
    ck_assert_msg(
        request_one(source, 0, SPAN("a/7"), NULL, none, arena, &request, &fault), "%s", fault.text);
    ck_assert_str_eq(request.url, "https://api.example.com/v2/users/a%2F7?full=a%2F7");
    ck_assert(!request_one(source, 0, SPAN(".."), NULL, none, arena, &request, &fault));
    source_release(source);
}
END_TEST

UNIT_MAIN("request", an_overlap_asks_one_item_early, every_kind_of_paging_asks_in_its_way,
    pairs_are_sent_when_they_are_meant, next_links_stay_on_their_origin,
    parents_fill_the_path_and_cannot_leave_it, headers_cannot_be_injected,
    json_bodies_take_pointers_and_escape_what_they_insert, form_bodies_are_encoded,
    a_url_beyond_the_bound_is_refused, one_object_is_read_by_its_id)
