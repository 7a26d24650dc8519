/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of meaning: each row spoils the sound sample in one place and names the sentence that
 * must come of it. */
#include "declaration/plan.h"

#include "../../../host/declaration/plan_internal.h"
#include "base/memory.h"
#include "sample.h"
#include "unit.h"

struct spoiled {
    const char *from, *to, *expected;
};

static void expect(const struct spoiled *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *text = sample_edit(cases[i].from, cases[i].to);
        struct plan *plan = NULL;
        struct fault fault = {0};
        bool ok = plan_create(span_of(text), "", NULL, &plan, &fault);
        if (!cases[i].expected) {
            ck_assert_msg(ok, "%s: %s", cases[i].to, fault.text);
            plan_release(plan);
        } else {
            ck_assert_msg(!ok, "accepted: %s", cases[i].to);
            ck_assert_int_eq(fault.code, FAULT_DECLARATION);
            ck_assert_msg(strstr(fault.text, cases[i].expected), "%s: %s", cases[i].to, fault.text);
        }
        free(text);
    }
}

#define EXPECT(...)                                          \
    do {                                                     \
        static const struct spoiled cases[] = {__VA_ARGS__}; \
        expect(cases, sizeof cases / sizeof cases[0]);       \
    } while (0)

#define NAME     "\"name\":\"acme\","
#define BASE     "\"https://{tenant}.example.com/v2\""
#define AUTH     "{\"scheme\":\"bearer\",\"secret_parameter\":\"token\"}"
#define TENANT   "{\"name\":\"tenant\",\"pattern\":\"[a-z]+\",\"required\":true}"
#define FILTER   "{\"name\":\"filter\"}"
#define WORD     "{\"status\":403,\"class\":\"throttled\",\"code\":\"slow\"}"
#define QUERY    "\"query\":[{\"name\":\"q\",\"value\":\"{filter}\"}]"
#define PAGING   "{\"kind\":\"number\",\"ends\":[\"empty_page\"],\"size\":50}"
#define ID       "{\"to\":\"id\",\"from\":\"/id\"}"
#define LOGIN    "{\"to\":\"login\",\"from\":\"/login\"}"
#define CLASS    "{\"to\":\"class\",\"from\":\"human\",\"source\":\"constant\"}"
#define CREATED  "{\"to\":\"created_at\",\"from\":\"/created\",\"time_format\":\"epoch_s\"}"
#define ITEMS    "\"items\":\"/data\","
#define PARENT   "{\"stream\":\"users\",\"fields\":[{\"name\":\"id\",\"from\":\"/id\"}]}"
#define READ_ONE "{\"request\":{\"path\":\"/users/{id}\"},\"gone_status\":[404]}"
#define OAUTH(url)                                                                               \
    "{\"scheme\":\"client_credentials\",\"username_parameter\":\"tenant\",\"secret_parameter\":" \
    "\"token\",\"token_url\":\"" url "\"}"

START_TEST(connector)
{
    EXPECT({"\"abi\":1,", "", "abi: is 0"}, {"\"abi\":1", "\"abi\":2", "abi: is 2"},
        {NAME, "", "a name is missing"}, {NAME, "\"name\":\"Acme\",", "\"Acme\" is no name"},
        {NAME, "\"name\":\"a-b_c9\",", NULL},
        {NAME, "\"name\":\"acme\",\"version\":\"1 2\",", "is no version"},
        {NAME, "\"name\":\"acme\",\"documentation\":\"javascript:x\",", "documentation: "},
        {BASE, "\"ftp://x\"", "base_url: \"ftp://x\" is no absolute URL"},
        {BASE, "\"https://u:p@x\"", "no sound host"}, {BASE, "\"https://\"", "no sound host"},
        {BASE, "\"https://x/?a=1\"", "has a query"},
        {BASE, "\"https://{nobody}.x\"", "{nobody} is no parameter"},
        {BASE, "\"https://{token}.x\"", "{token} is a secret"},
        {BASE, "\"https://{filter}.x\"", "may be without a value"},
        {BASE, "\"{base_url}/x\"", "names itself"}, {BASE, "\"{tenant}/x\"", "must be MUSTER_URL"},
        {BASE, "\"https://x:8080/a\"", NULL},
        {NAME, "\"name\":\"acme\",\"origins\":[{\"url\":\"https://x/y\"}],",
            "origins[0]: \"https://x/y\" has a path"},
        {NAME, "\"name\":\"acme\",\"origins\":[{}],", "origins[0]: has no URL"},
        {NAME, "\"name\":\"acme\",\"headers\":[{\"name\":\"X-Key\",\"value\":\"{token}\"}],", NULL},
        {NAME, "\"name\":\"acme\",\"headers\":[{\"name\":\"hOST\",\"value\":\"x\"}],",
            "headers[0]: the header hOST is the host's"},
        {NAME, "\"name\":\"acme\",\"headers\":[{\"name\":\"Authorization\",\"value\":\"x\"}],",
            "declared under auth"},
        {NAME, "\"name\":\"acme\",\"headers\":[{\"name\":\"proxy-x\",\"value\":\"x\"}],",
            "is the host's"},
        {NAME, "\"name\":\"acme\",\"headers\":[{\"name\":\"A B\",\"value\":\"x\"}],",
            "is no header name"},
        {NAME, "\"name\":\"acme\",\"headers\":[{\"name\":\"A\",\"value\":\"x\\ny\"}],", "one line"},
        {NAME,
            "\"name\":\"acme\",\"headers\":[{\"name\":\"A\",\"value\":\"x\"},{\"name\":\"a\","
            "\"value\":\"y\"}],",
            "a is there twice"},
        {NAME, "\"name\":\"acme\",\"headers\":[{\"name\":\"A\"}],", "has no value"},
        {NAME, "\"name\":\"acme\",\"headers\":[{\"name\":\"A\",\"value\":\"{parent.x}\"}],",
            "needs a stream with a parent"},
        {"{\"code\":\"/error\"}",
            "{\"success\":{\"pointer\":\"/ok\"},\"failure\":{\"pointer\":\"/no\"},\"code\":\"/"
            "error\"}",
            "keep one of them"},
        {"{\"code\":\"/error\"}", "{\"success\":{\"value\":\"1\"},\"code\":\"/error\"}",
            "without a pointer"},
        {"{\"code\":\"/error\"}", "{\"code\":\"error\"}", "envelope.code: "});
}
END_TEST

START_TEST(parameters)
{
    EXPECT({FILTER, "{}", "parameters[2]: a name is missing"},
        {FILTER, "{\"name\":\"tenant\"}", "declared twice"},
        {FILTER, "{\"name\":\"filter\"},{\"name\":\"id\"}", "taken by templates"},
        {FILTER, "{\"name\":\"filter\"},{\"name\":\"base_url\"}", "always there as a URL"},
        {FILTER, "{\"name\":\"filter\"},{\"name\":\"x\",\"secret\":true,\"default_value\":\"s\"}",
            "a secret has a default"},
        {FILTER, "{\"name\":\"filter\",\"type\":\"integer\",\"default_value\":\"x\"}",
            "not of the parameter's type"},
        {FILTER, "{\"name\":\"filter\",\"type\":\"boolean\",\"default_value\":\"true\"}", NULL},
        {FILTER, "{\"name\":\"filter\",\"type\":\"url\",\"default_value\":\"https://a?b\"}",
            "not of the parameter's type"},
        {FILTER, "{\"name\":\"filter\",\"pattern\":\"(\"}", "does not compile"},
        {FILTER, "{\"name\":\"filter\",\"pattern\":\"((a{1,255}){1,255}){1,255}\"}",
            "multiply to more than 1024"},
        {FILTER, "{\"name\":\"filter\",\"pattern\":\"a{99999999999999999999999999}\"}",
            "multiply to more than 1024"},
        {FILTER, "{\"name\":\"filter\",\"pattern\":\"(a)\\\\1\"}", "back-reference"},
        {FILTER, "{\"name\":\"filter\",\"pattern\":\"a|b\",\"default_value\":\"ab\"}",
            "does not match the pattern"},
        {FILTER, "{\"name\":\"filter\",\"pattern\":\"a|b\",\"default_value\":\"b\"}", NULL});
}
END_TEST

START_TEST(auth)
{
    EXPECT({AUTH, "{\"scheme\":\"bearer\"}", "auth.secret_parameter: the scheme bearer needs it"},
        {AUTH, "{\"secret_parameter\":\"token\"}", "the scheme none has no use for it"},
        {AUTH, "{\"scheme\":\"bearer\",\"secret_parameter\":\"tenant\"}",
            "tenant is not declared secret"},
        {AUTH, "{\"scheme\":\"bearer\",\"secret_parameter\":\"nobody\"}",
            "\"nobody\" is no parameter"},
        {AUTH, "{\"scheme\":\"bearer\",\"place\":\"query\",\"secret_parameter\":\"token\"}",
            "auth.place: "},
        {AUTH,
            "{\"scheme\":\"api_key\",\"place\":\"query\",\"name\":\"key\",\"secret_parameter\":"
            "\"token\"}",
            NULL},
        {AUTH,
            "{\"scheme\":\"api_key\",\"name\":\"Authorization\",\"prefix\":\"Token "
            "\",\"secret_parameter\":\"token\"}",
            NULL},
        {AUTH, "{\"scheme\":\"api_key\",\"name\":\"Host\",\"secret_parameter\":\"token\"}",
            "the header Host is the host's"},
        {AUTH, "{\"scheme\":\"basic\",\"username_parameter\":\"tenant\"}",
            "unless the user name is the secret"},
        {AUTH, "{\"scheme\":\"basic\",\"username_parameter\":\"token\"}", NULL},
        {AUTH,
            "{\"scheme\":\"basic\",\"username_parameter\":\"filter\",\"secret_parameter\":"
            "\"token\"}",
            "may be without a value"},
        {AUTH, OAUTH("https://{tenant}.example.com/oauth"), NULL},
        {AUTH, OAUTH("{base_url}/oauth"), NULL},
        {AUTH, OAUTH("https://evil.example/oauth"),
            "https://evil.example is neither the base URL's origin"},
        {AUTH, OAUTH("https://{tenant}.example.com.evil/oauth"), "neither the base URL's origin"},
        {AUTH, OAUTH("{base_url}.evil/oauth"), "adds to a URL's host"},
        {AUTH, OAUTH("https://{token}.example.com/oauth"), "{token} is a secret"},
        {AUTH,
            "{\"scheme\":\"client_credentials\",\"username_parameter\":\"tenant\",\"secret_"
            "parameter\":\"token\"}",
            "auth.token_url: the scheme"},
        {AUTH,
            "{\"scheme\":\"refresh_token\",\"username_parameter\":\"tenant\",\"token_url\":\"{base_"
            "url}/t\"}",
            "auth.refresh_token_parameter"},
        {AUTH,
            "{\"scheme\":\"bearer\",\"secret_parameter\":\"token\",\"extra\":[{\"name\":\"a\","
            "\"value\":\"b\"}]}",
            "makes no token request"});
}
END_TEST

START_TEST(error_words)
{
    EXPECT({WORD, "{\"status\":403,\"code\":\"slow\"}", "error_words[0]: names no class"},
        {WORD, "{\"class\":\"transient\"}", "holds for every answer"},
        {WORD, "{\"status\":200,\"class\":\"transient\"}", "every answer with status 200"},
        {WORD, "{\"status\":204,\"class\":\"transient\",\"header\":\"X\"}",
            "every answer with status 204"},
        {WORD, "{\"status\":200,\"class\":\"transient\",\"code\":\"x\"}", NULL},
        {WORD, "{\"status\":99,\"class\":\"transient\"}", "99 is no HTTP status"},
        {WORD, "{\"status\":403,\"class\":\"transient\",\"header_value\":\"0\"}",
            "without a header"},
        {"\"envelope\":{\"code\":\"/error\"},", "", "envelope.code says not where"});
}
END_TEST

START_TEST(requests)
{
    EXPECT({"\"path\":\"/users\"", "\"path\":\"users\"",
               "stream users: request.path: \"users\" does not begin"},
        {"\"path\":\"/users\"", "\"method\":\"GET\"", "request: has no path"},
        {"\"path\":\"/users\"", "\"path\":\"/users?x=1\"", "has a query"},
        {"\"path\":\"/users\"", "\"path\":\"/../users\"", "steps outside"},
        {"\"path\":\"/users\"", "\"path\":\"/{token}\"", "{token} is a secret"},
        {"\"path\":\"/users\"", "\"path\":\"/{filter}\"", "may be without a value"},
        {"\"path\":\"/users\"", "\"path\":\"/{parent.id}\"", "needs a stream with a parent"},
        {"\"path\":\"/users\"", "\"path\":\"/{id}\"", "{id} is no parameter"},
        {"\"path\":\"/users\"", "\"path\":\"/{\"", "without its \"}\""},
        {QUERY, "\"query\":[{\"name\":\"key\",\"value\":\"{token}\"}]", "{token} is a secret"},
        {QUERY, "\"query\":[{\"name\":\"page\",\"value\":\"1\"}]", NULL},
        {QUERY, "\"query\":[{\"name\":\"x\",\"value\":\"1\"},{\"name\":\"x\",\"value\":\"2\"}]",
            NULL},
        {QUERY, "\"query\":[{\"value\":\"1\"}]", "request.query[0]: the name is missing"},
        {QUERY, "\"body\":\"json\"", "a GET with a body"},
        {QUERY, "\"method\":\"POST\",\"fields\":[{\"name\":\"a\",\"value\":\"b\"}]", "no body"},
        {QUERY,
            "\"method\":\"POST\",\"body\":\"json\",\"fields\":[{\"name\":\"a\",\"value\":\"{token}"
            "\"}]",
            NULL},
        {QUERY,
            "\"method\":\"POST\",\"body\":\"json\",\"fields\":[{\"name\":\"/"
            "a\",\"value\":\"{{x\"}]",
            "request.fields[0]: "},
        {READ_ONE, "{\"request\":{\"path\":\"/users/x\"}}", "does not say which object"},
        {READ_ONE, "{\"request\":{\"method\":\"POST\",\"path\":\"/users/{id}\"}}",
            "for listings alone"},
        {READ_ONE, "{\"gone_status\":[404]}", "read_one: has no path"},
        {READ_ONE, "{\"request\":{\"path\":\"/users/{id}\"},\"gone_status\":[200]}",
            "200 is no error status"},
        {READ_ONE,
            "{\"request\":{\"path\":\"/users/"
            "{id}\"},\"gone_status\":[404],\"hidden_status\":[404]}",
            "both gone and hidden"});
}
END_TEST

START_TEST(paging)
{
    EXPECT({PAGING, "{\"kind\":\"number\"}", "paging.ends: does not say how this listing ends"},
        {PAGING, "{\"kind\":\"offset\",\"ends\":[\"next_absent\"]}",
            "has an end that paging by offset cannot have"},
        {PAGING, "{\"kind\":\"number\",\"ends\":[\"total_pages\"]}",
            "paging.total_pages: is an end"},
        {PAGING, "{\"kind\":\"number\",\"ends\":[\"total\"]}", "paging.total: is an end"},
        {PAGING, "{\"kind\":\"number\",\"ends\":[\"total\"],\"total\":{\"header\":\"X-Total\"}}",
            NULL},
        {PAGING, "{\"kind\":\"number\",\"ends\":[\"has_more_false\"]}",
            "paging.has_more: is an end"},
        {PAGING, "{\"kind\":\"number\",\"ends\":[\"empty_page\"],\"has_more\":\"/more\"}",
            "does not end the listing"},
        {PAGING, "{\"kind\":\"number\",\"ends\":[\"empty_page\"],\"next\":\"/n\"}",
            "has no use for it"},
        {PAGING, "{\"kind\":\"number\",\"ends\":[\"empty_page\"],\"parameter\":\"q\"}",
            "sets q too"},
        {PAGING, "{\"kind\":\"cursor\",\"ends\":[\"next_absent\"]}",
            "paging.next: paging by cursor needs it"},
        {PAGING,
            "{\"kind\":\"cursor\",\"ends\":[\"next_absent\",\"next_null\"],\"next\":\"/next\"}",
            NULL},
        {PAGING, "{\"kind\":\"link\",\"ends\":[\"next_null\"]}", "absent, never null"},
        {PAGING, "{\"kind\":\"link\",\"ends\":[\"next_absent\"],\"parameter\":\"x\"}",
            "has no use for it"},
        {PAGING, "{\"kind\":\"link\",\"ends\":[\"next_absent\"]}", NULL},
        {PAGING, "{\"kind\":\"keyset\",\"ends\":[\"empty_page\"],\"key\":\"/id\"}",
            "paging.parameter: paging by keyset needs it"},
        {PAGING, "{\"kind\":\"scim\"}", NULL},
        {PAGING, "{\"ends\":[\"total\"]}", "paging by none cannot have"},
        {PAGING, "{\"start\":-1,\"kind\":\"offset\",\"ends\":[\"empty_page\"]}", "is negative"},
        {PAGING, "{\"ceiling\":-1}", "paging.ceiling: is negative"},
        {PAGING, "{\"size\":200000}", "more than 100000 items"},
        {PAGING, "{\"size_max\":50}", "more than size_max"},
        {PAGING, "{\"stability\":\"fixed\"}", "says nothing of a listing in one answer"},
        {PAGING, "{\"kind\":\"number\",\"ends\":[\"empty_page\"],\"stability\":\"fixed\"}",
            "paging.stability: cannot be FIXED"},
        {PAGING, "{\"kind\":\"number\",\"ends\":[\"empty_page\"],\"stability\":\"loose\"}", NULL},
        {PAGING, "{\"kind\":\"scim\",\"stability\":\"fixed\"}", NULL},
        {PAGING, "{\"place\":\"body\"}", "the request has none"},
        {PAGING, "{\"place\":\"cookie\"}", "cannot be a cookie"},
        {PAGING, "{\"total\":{\"exact\":true}}", "nothing of where the total is"},
        {PAGING, "{\"total\":{\"pointer\":\"/t\",\"header\":\"X-T\"}}", "in several places"},
        {PAGING, "{\"total\":{\"parent\":\"count\"}}", "not among parent.fields"},
        {PAGING, "{\"truncated\":{\"pointer\":\"t\"}}", "paging.truncated: "},
        {ITEMS, "\"items\":\"/data\",\"items_form\":\"object\",",
            "one object, which has no pages"});
}
END_TEST

#define INCREMENTAL(more) "\"items\":\"/data\",\"mode\":\"incremental\",\"incremental\":{" more "},"

START_TEST(joined)
{
    EXPECT({ITEMS, ITEMS "\"joined\":{\"field\":\"/created\",\"format\":\"epoch_s\"},", NULL},
        {ITEMS, ITEMS "\"joined\":{\"field\":\"created\"},", "joined.field: "},
        {ITEMS, ITEMS "\"joined\":{\"format\":\"epoch_s\"},", "joined.field: is missing"},
        {ITEMS, ITEMS "\"joined\":{\"field\":\"/n\",\"format\":\"counter\"},", "is no time"});
}
END_TEST

START_TEST(incremental)
{
    EXPECT({ITEMS, "\"mode\":\"incremental\"," ITEMS, "incremental.field: is missing"},
        {ITEMS, ITEMS "\"incremental\":{\"field\":\"/u\"},", "mode is not MUSTER_INCREMENTAL"},
        {ITEMS,
            INCREMENTAL("\"field\":\"/u\",\"format\":\"opaque\",\"exclusive\":true,\"bound\":{"
                        "\"name\":\"since\",\"value\":\"{bound}\"}"),
            "incremental.exclusive: needs a bound just below"},
        {ITEMS,
            INCREMENTAL("\"field\":\"/u\",\"bound\":{\"name\":\"since\",\"value\":\"{bound}\","
                        "\"full_only\":true}"),
            "remove full_only"},
        {ITEMS, INCREMENTAL("\"field\":\"/u\""), "where the lower bound goes"},
        {ITEMS, INCREMENTAL("\"field\":\"/u\",\"bound\":{\"name\":\"since\",\"value\":\"x\"}"),
            "does not use {bound}"},
        {ITEMS,
            INCREMENTAL("\"field\":\"/u\",\"bound\":{\"name\":\"since\",\"value\":\"gt {bound}\"}"),
            NULL},
        {ITEMS,
            INCREMENTAL(
                "\"field\":\"/"
                "u\",\"place\":\"header\",\"bound\":{\"name\":\"Range\",\"value\":\"{bound}\"}"),
            "is the host's"},
        {ITEMS,
            INCREMENTAL("\"field\":\"/"
                        "u\",\"format\":\"opaque\",\"look_back_s\":5,\"bound\":{\"name\":\"since\","
                        "\"value\":\"{bound}\"}"),
            "in seconds"});
}
END_TEST

#define DELTA(more) "\"items\":\"/data\",\"mode\":\"delta\"," more

START_TEST(delta_tokens)
{
    EXPECT({ITEMS, DELTA(""), "delta.token: is missing"},
        {ITEMS, ITEMS "\"delta\":{\"token\":\"/t\"},", "mode is not MUSTER_DELTA"},
        {ITEMS, DELTA("\"delta\":{\"token\":\"/t\"},"), NULL},
        {ITEMS, DELTA("\"delta\":{\"token\":\"/t\",\"parameter\":\"since\"},"), NULL},
        {ITEMS, DELTA("\"delta\":{\"token\":\"t\"},"), "delta.token"},
        {ITEMS, DELTA("\"delta\":{\"token\":\"/t\",\"place\":\"header\"},"), "there is none"},
        {ITEMS, DELTA("\"delta\":{\"token\":\"/t\",\"parameter\":\"t\",\"place\":\"cookie\"},"),
            "cannot be a cookie"},
        {ITEMS, DELTA("\"delta\":{\"token\":\"/t\",\"parameter\":\"t\",\"place\":\"body\"},"),
            "the request has none"});
}
END_TEST

START_TEST(streams)
{
    EXPECT({"\"name\":\"members\",", "\"name\":\"users\",", "streams[1]: the name users is taken"},
        {"\"name\":\"members\",", "", "streams[1]: a name is missing"},
        {PARENT, "{\"stream\":\"nobody\",\"fields\":[{\"name\":\"id\",\"from\":\"/id\"}]}",
            "\"nobody\" is no stream"},
        {PARENT, "{\"stream\":\"members\",\"fields\":[{\"name\":\"id\",\"from\":\"/id\"}]}",
            "in a circle"},
        {PARENT, "{\"stream\":\"users\",\"fields\":[{\"name\":\"uid\",\"from\":\"/id\"}]}",
            "{parent.id} is not among parent.fields"},
        {PARENT, "{\"stream\":\"users\",\"fields\":[{\"name\":\"id\"}]}",
            "parent.fields[0]: has no pointer"},
        {PARENT, "{\"fields\":[{\"name\":\"id\",\"from\":\"/id\"}]}", "names no stream"},
        {ITEMS, ITEMS "\"parent\":{\"stream\":\"members\"},", "in a circle"},
        {ITEMS, ITEMS "\"role\":\"enriches\",", "users enriches"},
        {ITEMS, ITEMS "\"filters\":[{\"reason\":\"bots\"}],", "filters[0]: has no condition"},
        {ITEMS, ITEMS "\"filters\":[{\"reason\":\"Bots\",\"when\":{\"pointer\":\"/b\"}}],",
            "\"Bots\" is no name"},
        {ITEMS, ITEMS "\"redact\":[{\"pointer\":\"/keys/-/secret\"}],", NULL},
        {ITEMS, ITEMS "\"redact\":[{}],", "redact[0]: has no pointer"},
        {ITEMS, "\"items\":\"/a/-/b\",", "\"-\" (each element) has no meaning here"},
        {ITEMS, ITEMS "\"tombstone\":{\"pointer\":\"/d\",\"op\":\"contains\"},",
            "tombstone: this operator compares"},
        {ITEMS, ITEMS "\"tombstone\":{\"pointer\":\"/d\",\"op\":\"absent\",\"value\":\"x\"},",
            "takes no value"});
}
END_TEST

START_TEST(mapping)
{
    EXPECT({ID ",", "", "yields[0]: account needs an \"id\""},
        {ID, "{\"to\":\"id\",\"from\":\"/id\",\"default_value\":\"0\"}",
            "an identity has no default"},
        {ID, "{\"to\":\"id\",\"from\":\"x\",\"source\":\"constant\"}", "all items one object"},
        {ID, "{\"to\":\"id\",\"compose\":[{\"from\":\"x\",\"source\":\"constant\"}]}",
            "constants alone"},
        {ID, "{\"to\":\"id\",\"compose\":[{\"from\":\"/a\"},{\"from\":\"/b\"}]}", NULL},
        {ID, "{\"to\":\"id\",\"from\":\"/id\",\"flags\":[\"volatile\"]}", "cannot be volatile"},
        {ID, "{\"to\":\"id\",\"from\":\"/id\",\"values\":[{\"from\":\"a\",\"to\":\"b\"}]}",
            "an identity takes no value map"},
        {LOGIN, "{\"to\":\"logn\",\"from\":\"/login\"}", "account has no field \"logn\""},
        {LOGIN, "{\"from\":\"/login\"}", "fields[1] has no to"},
        {LOGIN, "{\"to\":\"login\"}", "neither from nor compose"},
        {LOGIN, LOGIN "," LOGIN, "field login: is mapped twice"},
        {LOGIN, "{\"to\":\"login\",\"from\":\"login\"}", "field login: "},
        {LOGIN, "{\"to\":\"login\",\"from\":\"/a\",\"compose\":[{\"from\":\"/b\"}]}", "keep one"},
        {LOGIN, "{\"to\":\"login\",\"from\":\"token\",\"source\":\"parameter\"}",
            "no record may hold"},
        {LOGIN, "{\"to\":\"login\",\"from\":\"nobody\",\"source\":\"parameter\"}",
            "is no parameter"},
        {LOGIN, "{\"to\":\"login\",\"from\":\"nobody\",\"source\":\"parent\"}",
            "not among parent.fields"},
        {LOGIN, "{\"to\":\"login\",\"from\":\"/a\",\"flags\":[\"negate\"]}",
            "MUSTER_NEGATE is for"},
        {LOGIN, "{\"to\":\"login\",\"from\":\"/a\",\"time_format\":\"date\"}", "is no time"},
        {LOGIN,
            "{\"to\":\"login\",\"from\":\"/a\",\"pick\":{\"where\":\"/p\",\"equals\":\"true\"}}",
            "pick lacks"},
        {LOGIN,
            "{\"to\":\"login\",\"from\":\"/a\",\"pick\":{\"where\":\"/"
            "p\",\"equals\":\"true\",\"take\":\"/v\"}}",
            NULL},
        {CREATED, "{\"to\":\"created_at\",\"from\":\"/c\",\"time_format\":\"counter\"}",
            "tells no time"},
        {CREATED,
            "{\"to\":\"created_at\",\"from\":\"/c\",\"values\":[{\"from\":\"never\",\"to\":\"\"}]}",
            "a time takes no value map"},
        {CREATED, "{\"to\":\"created_at\",\"from\":\"soon\",\"source\":\"constant\"}",
            "is no time; write"},
        {CLASS, "{\"to\":\"class\",\"from\":\"robot\",\"source\":\"constant\"}",
            "the constant \"robot\" is none of its words"},
        {CLASS, "{\"to\":\"class\",\"from\":\"/c\",\"default_value\":\"robot\"}",
            "the default \"robot\" is none"},
        {CLASS, "{\"to\":\"privileged\",\"from\":\"yes\",\"source\":\"constant\"}",
            "neither true nor false"},
        {"\"to\":\"active\"", "\"to\":\"live\"", "the value \"live\" is none of its words"},
        {"{\"from\":\"off\",", "{\"from\":\"on\",", "maps \"on\" twice"},
        {"\"from\":\"group\",\"source\"", "\"from\":\"gruop\",\"source\"", "\"gruop\" is no kind"},
        {",{\"to\":\"object_id\",\"from\":\"/group\"}", "",
            "stream members: yields[0]: grant needs \"object_id\""},
        {"\"kind\":\"account\",", "", "yields[0]: names no kind"},
        {"\"kind\":\"account\",", "\"kind\":\"account\",\"each\":\"/x\",",
            "the first yield is the item itself"});
}
END_TEST

START_TEST(collects_every_problem)
{
    struct intake_report *report = memory_allocate(sizeof *report);
    char *text = sample_edit(LOGIN,
        "{\"to\":\"login\"},{\"to\":\"nobody\",\"from\":\"/a\"},{\"to\":\"email\",\"from\":\"e\"}");
    struct plan *plan = NULL;
    struct fault fault = {0};
    ck_assert(!plan_create_reported(span_of(text), "", NULL, report, &plan, &fault));
    ck_assert_uint_eq(report->count, 3);
    ck_assert_str_eq(fault.text, report->problems[0].text);
    free(text);
    memory_free(report);
}
END_TEST

UNIT_MAIN("validate", connector, parameters, auth, error_words, requests, paging, joined,
    incremental, delta_tokens, streams, mapping, collects_every_problem)
