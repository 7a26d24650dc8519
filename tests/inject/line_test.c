/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation on the line from a declaration to records fails, one after the other: plan,
 * source, programs, requests, page and records. Whatever could not be made says that it was for
 * want of memory, and what is made is what it is with memory enough: an item is no dead letter
 * because there was none.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "allocate.h"
#include "base/memory.h"
#include "engine/connection.h"
#include "record/digest.h"
#include "unit.h"

static const char declaration[] =
    "{'abi':1,'name':'acme','base_url':'https://{tenant}.example.com','parameters':["
    "{'name':'tenant','pattern':'[a-z]+','default_value':'acme'},{'name':'filter'},"
    "{'name':'client','default_value':'robot'},{'name':'key','secret':true,'required':true}],"
    "'auth':{'scheme':'refresh_token','refresh_token_parameter':'key',"
    "'username_parameter':'client','token_url':'{base_url}/token'},'envelope':{'code':'/code'},"
    "'error_words':[{'status':403,'class':'throttled','code':'slow'}],'streams':["
    "{'name':'users','request':{'path':'/users','query':[{'name':'q','value':'{filter}'}],"
    "'headers':[{'name':'X-Tenant','value':'{tenant}'}]},'items':'/items','paging':{"
    "'kind':'cursor','ends':['next_absent'],'next':'/next','size':50,'total':{"
    "'pointer':'/total','exact':true}},'mode':'incremental','incremental':{'field':'/at',"
    "'bound':{'name':'since','value':'{bound}'}},"
    "'filters':[{'reason':'archived','when':{'pointer':'/archived','value':'true'}}],"
    "'tombstone':{'pointer':'/deleted','value':'true'},'yields':[{'kind':'account','fields':["
    "{'to':'id','from':'/id'},{'to':'login','from':'/login'},{'to':'status','from':'/state',"
    "'values':[{'from':'on','to':'active'},{'from':'off','to':'disabled'}]},"
    "{'to':'created_at','from':'/created','time_format':'epoch_s'},"
    "{'to':'class','from':'human','source':'constant'}]}],"
    "'read_one':{'request':{'path':'/users/{id}'},'gone_status':[404]}},"
    "{'name':'groups','request':{'path':'/users/{parent.id}/groups'},'items':'/items',"
    "'parent':{'stream':'users','fields':[{'name':'id','from':'/id'}]},'yields':["
    "{'kind':'group','fields':[{'to':'id','from':'/id'},{'to':'name','from':'/name'}]},"
    "{'kind':'grant','each':'/members','when':{'pointer':'/type','value':'user'},'fields':["
    "{'to':'subject_kind','from':'account','source':'constant'},"
    "{'to':'subject_id','from':'/id'},{'to':'object_kind','from':'group','source':'constant'},"
    "{'to':'object_id','from':'/id','source':'item'},{'to':'permission','from':'/role'},"
    "{'to':'granted_at','from':'/at'}]}]}]}";

static const char *const bodies[] = {
    "{'items':[{'id':'1','login':'a\\u00e9','state':'on','created':1700000000,'at':"
    "'2026-01-01T00:00:00Z'},{'id':'2','login':null,'state':'off','created':'1700000001','at':"
    "'2026-01-02T00:00:00Z'},{'id':'3','archived':true},{'id':'4','deleted':true},"
    "{'login':'nobody'},{'id':'6','created':'bad'}],'next':'b','total':12}",
    "{'items':[{'id':'g/1','name':'G','members':[{'type':'user','id':7,'role':'admin'},"
    "{'type':'bot','id':8},{'type':'user','id':'u%','role':null},{'type':'user'},"
    "{'type':'user','id':9,'at':'bad'}]},{'id':'h','members':{'id':1}}]}"};

#define STREAMS (sizeof bodies / sizeof bodies[0])

/* What is made, in order; the rest of a line that broke is empty. */
struct line {
    struct plan *plan;
    struct source *source; /* until the connection has it */
    struct connection *connection;
    struct arena *arena;
    struct request token, pages[STREAMS], one;
    struct digest *digests[STREAMS];
};

static char *quote(const char *text)
{
    char *copy = memory_copy_text(text);
    ck_assert_ptr_nonnull(copy);
    for (char *at = copy; *at; at++)
        if (*at == '\'')
            *at = '"';
    return copy;
}

static int64_t nothing_known(void *context, int64_t scope, enum muster_kind kind,
    const struct known_query *queries, size_t count, struct known_answer *ret_answers)
{
    (void)context, (void)scope, (void)kind, (void)queries;
    for (size_t i = 0; i < count; i++)
        ret_answers[i] = (struct known_answer){0};
    return -1;
}

static bool make_plan(
    struct line *line, const struct settings *settings, const char *text, struct fault *fault)
{
    static const struct hash256 file;
    static const struct hash_key store_key = {{9, 8, 7}};
    return plan_create(span_of(text), "acme.so", &file, &line->plan, fault) &&
           source_create(settings, 0, line->plan, &line->source, fault) &&
           connection_create(TAKE(line->source), &store_key, &line->connection, fault);
}

static struct http_header parent_field = {SPAN("id"), SPAN("1")};
static const struct scope_parent parent = {SPAN("1"), &parent_field, 1};

static bool make_requests(struct line *line, struct fault *fault)
{
    const struct source *source = line->connection->source;
    const struct request_bound bound = {SPAN("2026-01-01T00:00:00Z")};
    line->arena = arena_create(0);
    if (!line->arena)
        return fault_memory(fault);
    if (!request_token(source, (struct span){NULL, 0}, line->arena, &line->token, fault) ||
        !request_one(source, 0, SPAN("a/b"), NULL, SPAN("t"), line->arena, &line->one, fault))
        return false;
    for (size_t i = 0; i < STREAMS; i++) {
        struct position at = request_first_position(&source->plan->connector->streams.items[i]);
        if (!request_page(
                source, i, &at, &parent, &bound, SPAN("t"), line->arena, &line->pages[i], fault))
            return false;
    }
    return true;
}

/* The answers come from elsewhere: theirs is not the memory that is short. */
static bool make_records(
    struct line *line, struct response *responses[STREAMS], struct fault *fault)
{
    const struct known nothing = {nothing_known, NULL};
    for (size_t i = 0; i < STREAMS; i++) {
        const struct digest_input input = {.program = line->connection->programs[i],
            .response = TAKE(responses[i]),
            .asked = line->pages[i],
            .at = request_first_position(&line->plan->connector->streams.items[i]),
            .parent = &parent};
        if (!digest_page(&input, &nothing, &line->digests[i], fault))
            return false;
    }
    return true;
}

static void drop(struct line *line)
{
    for (size_t i = 0; i < STREAMS; i++)
        digest_free(line->digests[i]);
    arena_free(line->arena);
    connection_release(line->connection);
    plan_release(line->plan);
}

static void check_whole(const struct line *line, int64_t at)
{
    const struct batch *users = &line->digests[0]->batch, *groups = &line->digests[1]->batch;
    ck_assert_str_eq(line->token.url, "https://acme.example.com/token");
    ck_assert_str_eq(line->one.url, "https://acme.example.com/users/a%2Fb");
    ck_assert_ptr_nonnull(strstr(line->pages[0].url, "since=2026-01-01T00%3A00%3A00Z"));
    ck_assert_str_eq(line->pages[1].url, "https://acme.example.com/users/1/groups");
    for (size_t i = 0; i < STREAMS; i++)
        ck_assert_int_eq(line->digests[i]->page.verdict.outcome, OUTCOME_OK);
    ck_assert_msg(users->record_count == 3 && users->letter_count == 2 &&
                      users->filtered_count == 1 && users->received == 6,
        "%lld: %zu records, %zu letters, %zu filtered", (long long)at, users->record_count,
        users->letter_count, users->filtered_count);
    ck_assert_msg(groups->record_count == 4 && groups->letter_count == 3,
        "%lld: %zu records, %zu letters of groups", (long long)at, groups->record_count,
        groups->letter_count);
}

static struct response *answer(const char *text)
{
    struct response *response = memory_allocate(sizeof *response);
    struct fault fault;
    char *body = quote(text);
    response->status = 200;
    ck_assert(bytes_append_text(&response->body, body, &fault));
    ck_assert(http_headers_add(
        &response->headers, SPAN("Content-Type"), SPAN("application/json"), &fault));
    memory_free(body);
    return response;
}

/* False where the line had no such allocation any more. */
static bool line_with(const struct settings *settings, const char *text, int64_t at, bool for_good)
{
    struct line line = {0};
    struct fault fault = {.text = ""};
    struct response *responses[STREAMS];
    for (size_t i = 0; i < STREAMS; i++)
        responses[i] = answer(bodies[i]);
    allocate_begin(at, for_good);
    allocate_of_libraries(false); /* json-c, which reads a declaration, falls where it has none */
    bool made = make_plan(&line, settings, text, &fault) && make_requests(&line, &fault) &&
                make_records(&line, responses, &fault);
    bool hit = allocate_end() >= at;
    for (size_t i = 0; i < STREAMS; i++)
        response_free(responses[i]);
    ck_assert_msg(made || hit, "%lld: %s", (long long)at, fault.text);
    if (made)
        check_whole(&line, at);
    else
        ck_assert_msg(
            strstr(fault.text, "memory") != NULL, "%lld: says only: %s", (long long)at, fault.text);
    drop(&line);
    return hit;
}

START_TEST(what_cannot_be_made_says_that_memory_was_short)
{
    struct setting_pair secrets[] = {{"key", "env:MUSTER_TEST_KEY", 1}};
    struct connection_settings connection = {
        .name = "acme", .connector = "acme", .secrets = secrets, .secret_count = 1};
    const struct settings settings = {.path = "muster.conf",
        .policy = policy_settings_default(),
        .seal_key = "env:MUSTER_TEST_SEAL",
        .connections = &connection,
        .connection_count = 1};
    char *text = quote(declaration);
    ck_assert_int_eq(setenv("MUSTER_TEST_KEY", "s3cret", 1), 0);
    ck_assert_int_eq(setenv("MUSTER_TEST_SEAL",
                         "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 1),
        0);
    for (int good = 0; good < 2; good++) {
        int64_t at = 1;
        while (line_with(&settings, text, at, good))
            at++;
        ck_assert_int_gt(at, 50);
    }
    memory_free(text);
}
END_TEST

static const char configuration[] =
    "connections = ( { name = \"acme\"; connector = \"scim\"; base_url = "
    "\"https://scim.example.com/v2\"; tenant = \"t\";\n"
    "parameters = { org = \"acme\"; page = 0x10; on = true; };\n"
    "secrets = { token = \"file:acme.token\"; other = \"env:X\"; };\n"
    "labels = { owner = \"team\" \"-a\"; }; streams = [ \"users\", \"groups\" ];\n"
    "classify = ( { login = \"^svc\\.\"; class = \"service\"; } ); every = \"15m\";\n"
    "ca_file = \"ca.pem\"; client_cert = \"/etc/c.pem\"; proxy = \"http://proxy:3128\"; },\n"
    "{ name = \"b\" connector = \"scim\" } );\n";

/* Nor is a configuration wrong because there was no memory to read it. */
START_TEST(a_configuration_is_read_whole_or_not_at_all)
{
    char path[] = "/tmp/muster-line-XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(
        write(file, configuration, sizeof configuration - 1), sizeof configuration - 1);
    ck_assert_int_eq(close(file), 0);
    for (int good = 0; good < 2; good++) {
        bool hit = true;
        for (int64_t at = 1; hit; at++) {
            struct settings *settings = NULL;
            struct fault fault = {.text = ""};
            allocate_begin(at, good);
            allocate_of_libraries(false); /* libconfig falls likewise */
            bool read = settings_read(path, &settings, &fault);
            hit = allocate_end() >= at;
            ck_assert_msg(read || hit, "%s", fault.text);
            ck_assert_msg(read || strstr(fault.text, "memory") != NULL, "%lld: says only: %s",
                (long long)at, fault.text);
            if (read) {
                ck_assert_uint_eq(settings->connection_count, 2);
                ck_assert_uint_eq(settings->connections[0].parameter_count, 3);
                ck_assert_uint_eq(settings->connections[0].stream_count, 2);
                ck_assert_uint_eq(settings->connections[0].classify_count, 1);
                ck_assert_str_eq(settings->connections[0].labels[0].value, "team-a");
                ck_assert_str_eq(settings->connections[0].proxy, "http://proxy:3128");
            }
            settings_free(settings);
        }
    }
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

UNIT_MAIN("line", a_configuration_is_read_whole_or_not_at_all,
    what_cannot_be_made_says_that_memory_was_short)
