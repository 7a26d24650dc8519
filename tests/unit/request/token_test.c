/* SPDX-License-Identifier: Apache-2.0 */
/* Logins on the wire, token requests (RFC 6749 sections 2.3.1, 4.4, 6) and their answers. */
#include "request/request.h"

#include <string.h>
#include "made_source.h"
#include "unit.h"

static const struct span none = {NULL, 0};
static const struct muster_stream users = {.name = "users", .request = {.path = "/users"}};

struct made {
    struct arena *arena;
    struct request request;
    struct fault fault;
    bool ok;
};

static struct made page_with(struct muster_auth auth, struct span access_token)
{
    struct made made = {.arena = arena_create(0)};
    struct muster_connector connector = {.auth = auth};
    struct position first = {0};
    struct plan plan;
    struct source *source = made_source(&plan, &connector, &users);
    made.ok = request_page(
        source, 0, &first, NULL, NULL, access_token, made.arena, &made.request, &made.fault);
    ck_assert_int_eq(request_needs_token(source), auth.scheme >= MUSTER_AUTH_CLIENT_CREDENTIALS);
    source_release(source);
    return made;
}

static struct made token_with(struct muster_auth auth, struct span refresh_token)
{
    static const struct muster_origin origins[] = {{"{login}"}};
    struct made made = {.arena = arena_create(0)};
    struct muster_connector connector = {.auth = auth, .origins = {origins, 1, sizeof origins[0]}};
    struct plan plan;
    struct source *source = made_source(&plan, &connector, &users);
    made.ok = request_token(source, refresh_token, made.arena, &made.request, &made.fault);
    source_release(source);
    return made;
}

static struct span header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (span_equal_nocase(request->headers[i].name, span_of(name)))
            return request->headers[i].value;
    return none;
}

static void check_header(
    struct muster_auth auth, struct span access_token, const char *name, const char *value)
{
    struct made made = page_with(auth, access_token);
    ck_assert_msg(made.ok, "%s", made.fault.text);
    ck_assert_msg(span_equal_text(header(&made.request, name), value), "%.*s",
        SPAN_FORMAT(header(&made.request, name)));
    arena_free(made.arena);
}

START_TEST(each_login_goes_where_it_is_declared)
{
    struct muster_auth auth = {.scheme = MUSTER_AUTH_API_KEY, .secret_parameter = "token"};
    check_header(auth, none, "X-API-Key", "s3cret/+");
    auth.name = "Authorization";
    auth.prefix = "Token ";
    check_header(auth, none, "Authorization", "Token s3cret/+");
    auth.place = MUSTER_IN_COOKIE;
    auth.name = "session";
    auth.prefix = NULL;
    check_header(auth, none, "Cookie", "session=s3cret/+");
    auth.place = MUSTER_IN_QUERY;
    auth.name = "api_key";
    struct made made = page_with(auth, none);
    ck_assert_str_eq(made.request.url, "https://api.example.com/v2/users?api_key=s3cret%2F%2B");
    arena_free(made.arena);
    auth = (struct muster_auth){.scheme = MUSTER_AUTH_BEARER, .secret_parameter = "token"};
    check_header(auth, none, "Authorization", "Bearer s3cret/+");
    auth = (struct muster_auth){
        .scheme = MUSTER_AUTH_BASIC, .username_parameter = "name", .secret_parameter = "token"};
    check_header(auth, none, "Authorization", "Basic Y2xpZW50OnMzY3JldC8r");
    auth = (struct muster_auth){.scheme = MUSTER_AUTH_CLIENT_CREDENTIALS};
    check_header(auth, SPAN("at"), "Authorization", "Bearer at");
}
END_TEST

START_TEST(an_api_key_is_not_added_to_a_link_that_has_it)
{
    struct muster_stream stream = {.name = "users", .paging.kind = MUSTER_PAGING_LINK};
    struct muster_connector connector = {.auth = {.scheme = MUSTER_AUTH_API_KEY,
                                             .secret_parameter = "token",
                                             .place = MUSTER_IN_QUERY,
                                             .name = "key"}};
    struct position position = {.page = 1, .token = SPAN("https://api.example.com/u?xkey=1&key=2")};
    AUTO_ARENA *arena = arena_create(0);
    struct request request;
    struct fault fault;
    struct plan plan;
    struct source *source = made_source(&plan, &connector, &stream);
    ck_assert(request_page(source, 0, &position, NULL, NULL, none, arena, &request, &fault));
    ck_assert_str_eq(request.url, "https://api.example.com/u?xkey=1&key=2");
    position.token = SPAN("https://api.example.com/u?xkey=1");
    ck_assert(request_page(source, 0, &position, NULL, NULL, none, arena, &request, &fault));
    ck_assert_str_eq(request.url, "https://api.example.com/u?xkey=1&key=s3cret%2F%2B");
    source_release(source);
}
END_TEST

START_TEST(logins_that_cannot_work_say_so_without_the_secret)
{
    static const struct muster_auth bad[] = {
        {.scheme = MUSTER_AUTH_BEARER},
        {.scheme = MUSTER_AUTH_BEARER, .secret_parameter = "unset"},
        {.scheme = MUSTER_AUTH_BASIC},
        {.scheme = MUSTER_AUTH_BASIC, .username_parameter = "user", .secret_parameter = "token"},
        {.scheme = MUSTER_AUTH_CLIENT_CREDENTIALS},
        {.scheme = 99},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0] - 1; i++) {
        struct made made = page_with(bad[i], none);
        ck_assert(!made.ok);
        ck_assert_ptr_null(strstr(made.fault.text, "s3cret"));
        arena_free(made.arena);
    }
    struct made made = page_with(bad[4], SPAN("a\r\nb"));
    ck_assert_int_eq(made.fault.code, FAULT_SECRET);
    arena_free(made.arena);
}
END_TEST

static struct muster_auth client(void)
{
    return (struct muster_auth){.scheme = MUSTER_AUTH_CLIENT_CREDENTIALS,
        .username_parameter = "user",
        .secret_parameter = "token",
        .token_url = "{login}/oauth/{tenant}/token",
        .scope = "read {tenant}"};
}

START_TEST(client_credentials_in_basic_and_in_the_body)
{
    struct muster_auth auth = client();
    struct made made = token_with(auth, none);
    ck_assert_msg(made.ok, "%s", made.fault.text);
    ck_assert_int_eq(made.request.method, MUSTER_POST);
    ck_assert(made.request.send_once);
    ck_assert_str_eq(made.request.url, "https://login.example.com/oauth/a%20b%26c/token");
    ck_assert_str_eq(
        made.request.body.data, "grant_type=client_credentials&scope=read%20a%20b%26c");
    ck_assert_str_eq(made.request.content_type, "application/x-www-form-urlencoded");
    /* client%3A1:s3cret%2F%2B: form-encoded before it is joined */
    ck_assert(span_equal(
        header(&made.request, "Authorization"), SPAN("Basic Y2xpZW50JTNBMTpzM2NyZXQlMkYlMkI=")));
    arena_free(made.arena);
    auth.place = MUSTER_IN_BODY;
    auth.extra = (struct muster_pair_list)MUSTER_LIST(
        struct muster_pair, {"audience", "x&y", 0, 0}, {"gone", "{unset}", 0, 0});
    made = token_with(auth, none);
    ck_assert_str_eq(made.request.body.data,
        "client_id=client%3A1&client_secret=s3cret%2F%2B&grant_type=client_credentials&"
        "scope=read%20a%20b%26c&audience=x%26y");
    ck_assert(!header(&made.request, "Authorization").data);
    arena_free(made.arena);
}
END_TEST

START_TEST(refresh_tokens_are_the_latest_at_hand)
{
    struct muster_auth auth = client();
    auth.scheme = MUSTER_AUTH_REFRESH_TOKEN;
    auth.secret_parameter = NULL; /* a public client */
    auth.refresh_token_parameter = "token";
    auth.scope = NULL;
    struct made made = token_with(auth, none);
    ck_assert_msg(made.ok, "%s", made.fault.text);
    ck_assert_str_eq(made.request.body.data,
        "client_id=client%3A1&grant_type=refresh_token&refresh_token=s3cret%2F%2B");
    arena_free(made.arena);
    made = token_with(auth, SPAN("rotated"));
    ck_assert_ptr_nonnull(strstr(made.request.body.data, "refresh_token=rotated"));
    arena_free(made.arena);
}
END_TEST

START_TEST(token_urls_stay_on_declared_origins_and_on_https)
{
    static const char *const bad[] = {"https://evil.example.com/token",
        "http://login.example.com/token", "https://login.example.com:444/token",
        "{login}.evil.example/token"};
    struct muster_auth auth = client();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        auth.token_url = bad[i];
        struct made made = token_with(auth, none);
        ck_assert(!made.ok);
        ck_assert_int_eq(made.fault.code, FAULT_EGRESS);
        arena_free(made.arena);
    }
    auth.token_url = "{base_url}/token";
    struct made made = token_with(auth, none);
    ck_assert_str_eq(made.request.url, "https://api.example.com/v2/token");
    arena_free(made.arena);
    auth.token_url = "{unset}/token";
    made = token_with(auth, none);
    ck_assert_int_eq(made.fault.code, FAULT_DECLARATION);
    arena_free(made.arena);
}
END_TEST

#define NOW INT64_C(1760000000000)

static bool read_with(struct muster_auth auth, const char *body, struct arena *arena,
    struct token *token, struct fault *fault)
{
    struct muster_connector connector = {.auth = auth};
    struct plan plan;
    struct source *source = made_source(&plan, &connector, &users);
    bool ok = token_read(source, span_of(body), NOW, arena, token, fault);
    source_release(source);
    return ok;
}

START_TEST(answers_are_read)
{
    static const struct {
        const char *body;
        uint32_t format;
        const char *access, *refresh;
        int64_t expires_in_ms;
    } rows[] = {
        {"{\"access_token\":\"a\",\"expires_in\":3600}", 0, "a", NULL, 3600000},
        {"{\"access_token\":\"a\\u002fb\",\"expires_in\":\"60\",\"refresh_token\":\"r\"}", 0, "a/b",
            "r", 60000},
        {"{\"access_token\":\"a\"}", 0, "a", NULL, -1},
        {"{\"access_token\":\"a\",\"expires_in\":null,\"refresh_token\":\"\"}", 0, "a", NULL, -1},
        {"{\"access_token\":\"a\",\"expires_in\":-5}", 0, "a", NULL, 0},
        {"{\"access_token\":\"a\",\"expires_in\":99999999999999999999}", 0, "a", NULL, -1},
        {"{\"access_token\":\"a\",\"expires_in\":9223372036854775}", 0, "a", NULL, -1},
        {"{\"access_token\":\"a\",\"expires_in\":\"soon\"}", 0, "a", NULL, -1},
        {"{\"access_token\":\"a\",\"expires_in\":1760000030}", MUSTER_TIME_EPOCH_S, "a", NULL,
            30000},
        {"{\"access_token\":\"a\",\"expires_in\":1760000030500}", MUSTER_TIME_EPOCH_MS, "a", NULL,
            30500},
        {"{\"access_token\":\"a\",\"expires_in\":\"2025-10-09T08:54:20Z\"}", MUSTER_TIME_RFC3339,
            "a", NULL, 60000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO_ARENA *arena = arena_create(0);
        struct muster_auth auth = client();
        struct token token;
        struct fault fault;
        auth.expires_format = rows[i].format;
        ck_assert_msg(read_with(auth, rows[i].body, arena, &token, &fault), "%s", fault.text);
        ck_assert(span_equal_text(token.access_token, rows[i].access));
        ck_assert(span_equal(token.refresh_token, span_of(rows[i].refresh)));
        ck_assert_int_eq(token.refresh_token.data != NULL, rows[i].refresh != NULL);
        ck_assert_msg(
            token.expires_in_ms == rows[i].expires_in_ms, "row %zu: %ld", i, token.expires_in_ms);
    }
}
END_TEST

START_TEST(answers_that_are_none_are_not_quoted)
{
    static const char *const bad[] = {"", "<html>hidden</html>", "{\"access_token\":5}",
        "{\"access_token\":\"\"}", "{\"access_token\":\"hidden value\"}",
        "{\"access_token\":\"hidden\\r\\nX: y\"}", "{\"access_token\":\"hidden\"", "[]",
        "{\"token\":\"hidden\"}", "{\"access_token\":\"a\",\"access_token\":\"hidden\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        AUTO_ARENA *arena = arena_create(0);
        struct token token;
        struct fault fault = {0};
        ck_assert_msg(!read_with(client(), bad[i], arena, &token, &fault), "%s", bad[i]);
        ck_assert_ptr_null(strstr(fault.text, "hidden"));
        ck_assert_int_gt(strlen(fault.text), 10);
    }
}
END_TEST

UNIT_MAIN("token", each_login_goes_where_it_is_declared,
    an_api_key_is_not_added_to_a_link_that_has_it,
    logins_that_cannot_work_say_so_without_the_secret, client_credentials_in_basic_and_in_the_body,
    refresh_tokens_are_the_latest_at_hand, token_urls_stay_on_declared_origins_and_on_https,
    answers_are_read, answers_that_are_none_are_not_quoted)
