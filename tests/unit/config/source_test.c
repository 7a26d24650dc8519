/* SPDX-License-Identifier: Apache-2.0 */
/* A connection joined with a plan: parameters, secrets, base URL, selection, fingerprint,
 * redaction. */
#include "config/source.h"

#include <pthread.h>
#include <string.h>
#include "unit.h"

/* A plan made by hand, with its door replaced: plan_create needs the JSON layer, which is not what
 * is tested here. */
static int plan_references;

struct plan *plan_acquire(struct plan *plan)
{
    (void)__atomic_add_fetch(&plan_references, 1, __ATOMIC_SEQ_CST);
    return plan;
}

void plan_release(struct plan *plan)
{
    if (plan)
        (void)__atomic_sub_fetch(&plan_references, 1, __ATOMIC_SEQ_CST);
}

int plan_stream_index(const struct plan *plan, struct span name)
{
    for (uint32_t i = 0; i < plan->connector->streams.count; i++)
        if (span_equal_text(name, plan->connector->streams.items[i].name))
            return (int)i;
    return -1;
}

int plan_stream_parent(const struct plan *plan, size_t stream)
{
    const char *parent = plan->connector->streams.items[stream].parent.stream;
    return parent ? plan_stream_index(plan, span_of(parent)) : -1;
}

static const struct muster_parameter parameters[] = {
    {.name = "tenant", .summary = "the customer's name", .required = 1, .pattern = "[a-z]+|x y"},
    {.name = "region", .default_value = "eu"},
    {.name = "page", .type = MUSTER_INTEGER},
    {.name = "archived", .type = MUSTER_BOOLEAN},
    {.name = "server", .type = MUSTER_URL},
    {.name = "host", .type = MUSTER_HOST},
    {.name = "token", .summary = "an API token", .required = 1, .secret = 1},
    {.name = "key", .secret = 1, .pattern = "k-[0-9]+"},
};

static const struct muster_stream streams[] = {
    {.name = "users"},
    {.name = "groups"},
    {.name = "members", .parent = {.stream = "groups"}},
};

static struct muster_connector connector = {
    .name = "scim",
    .base_url = "https://{tenant}.{region}.Example.com:443/v2/",
    .parameters = {parameters, sizeof parameters / sizeof parameters[0], sizeof parameters[0]},
    .streams = {streams, 3, sizeof streams[0]},
};

static struct setting_pair given[8],
    secrets[2] = {{"token", "env:MUSTER_TEST_TOKEN", 21}, {"key", "env:MUSTER_TEST_KEY", 22}};
static const char *selection[3];
static struct connection_settings connection;
static struct settings settings;
static struct plan plan;

static void set_up(void)
{
    given[0] = (struct setting_pair){"tenant", "acme", 11};
    connection = (struct connection_settings){.name = "acme", .connector = "scim", .line = 10};
    connection.file = "/etc/m.conf";
    connection.parameters = given;
    connection.parameter_count = 1;
    connection.secrets = secrets;
    connection.secret_count = 1;
    connection.streams = selection;
    settings = (struct settings){
        .path = "/etc/muster.conf", .connections = &connection, .connection_count = 1};
    settings.policy = policy_settings_default();
    connector.base_url = "https://{tenant}.{region}.Example.com:443/v2/";
    plan = (struct plan){.connector = &connector};
    ck_assert_int_eq(setenv("MUSTER_TEST_TOKEN", "t0ps3cret", 1), 0);
    ck_assert_int_eq(setenv("MUSTER_TEST_KEY", "k-1", 1), 0);
}

static void give(const char *name, const char *value)
{
    given[connection.parameter_count] = (struct setting_pair){name, value, 12};
    connection.parameter_count++;
}

static struct source *accept(void)
{
    struct source *source = NULL;
    struct fault fault = {0};
    ck_assert_msg(source_create(&settings, 0, &plan, &source, &fault), "%s", fault.text);
    return source;
}

static void refuse(enum fault_code code, const char *words)
{
    struct source *source = NULL;
    struct fault fault = {0};
    ck_assert_msg(
        !source_create(&settings, 0, &plan, &source, &fault), "accepted; wanted %s", words);
    ck_assert_ptr_null(source);
    ck_assert_msg(strstr(fault.text, words) != NULL, "\"%s\" lacks \"%s\"", fault.text, words);
    ck_assert_msg(strncmp(fault.text, "/etc/m.conf:", 12) == 0, "%s", fault.text);
    ck_assert_int_eq(fault.code, code);
    ck_assert_ptr_null(strstr(fault.text, "t0ps3cret"));
    ck_assert_int_eq(plan_references, 0);
}

static const char *parameter(const struct source *source, const char *name)
{
    struct span value;
    return source_parameter(source, span_of(name), &value) ? value.data : "(none)";
}

START_TEST(joins)
{
    set_up();
    give("page", "50");
    struct source *source = accept();
    ck_assert_str_eq(source->name, "acme");
    ck_assert_str_eq(source->base_url, "https://acme.eu.example.com/v2");
    ck_assert_str_eq(source->origin, "https://acme.eu.example.com:443");
    ck_assert(source->selected[0] && source->selected[1] && source->selected[2]);
    ck_assert_int_eq(source->policy.attempts_max, 6);
    ck_assert_ptr_eq(source->plan, &plan);
    ck_assert_str_eq(parameter(source, "tenant"), "acme");
    ck_assert_str_eq(parameter(source, "region"), "eu");
    ck_assert_str_eq(parameter(source, "page"), "50");
    ck_assert_str_eq(parameter(source, "token"), "t0ps3cret");
    ck_assert_str_eq(parameter(source, "base_url"), "https://acme.eu.example.com/v2");
    ck_assert_str_eq(parameter(source, "archived"), "(none)");
    ck_assert_str_eq(parameter(source, "unheard_of"), "(none)");
    ck_assert(source_parameter_is_secret(source, SPAN("token")));
    ck_assert(!source_parameter_is_secret(source, SPAN("tenant")));
    ck_assert(!source_parameter_is_secret(source, SPAN("unheard_of")));
    source_release(source);
    source_release(NULL);
}
END_TEST

START_TEST(keeps_nothing_of_the_settings)
{
    static char name[] = "acme", value[] = "acme", label[] = "red";
    struct setting_pair labels[] = {{label, label, 1}};
    set_up();
    connection.name = name;
    given[0].value = value;
    connection.labels = labels;
    connection.label_count = 1;
    struct source *source = accept();
    (void)memset(name, 'x', 4);
    (void)memset(value, 'x', 4);
    (void)memset(label, 'x', 3);
    given[0].name = "gone";
    connection.parameter_count = 0;
    ck_assert_str_eq(source->settings->name, "acme");
    ck_assert_str_eq(source->settings->labels[0].value, "red");
    ck_assert_str_eq(source->settings->parameters[0].name, "tenant");
    ck_assert_str_eq(parameter(source, "tenant"), "acme");
    source_release(source);
    (void)memcpy(name, "acme", 4);
    (void)memcpy(value, "acme", 4);
}
END_TEST

START_TEST(refuses_unknown_and_misplaced_parameters)
{
    set_up();
    give("tennant", "x");
    refuse(FAULT_CONFIGURATION,
        ":12: connections[0].parameters.tennant: the connector scim has no such "
        "parameter; did you mean \"tenant\"?");
    given[1].name = "base_url";
    refuse(FAULT_CONFIGURATION, "base_url is a key of the connection itself");
    given[1] = (struct setting_pair){"token", "t0ps3cret", 13};
    refuse(FAULT_CONFIGURATION,
        ":13: connections[0].parameters: token is a secret; give it under secrets");
    set_up();
    secrets[0].name = "region";
    refuse(FAULT_CONFIGURATION,
        ":21: connections[0].secrets: region is no secret; give it under parameters");
    secrets[0].name = "tokn";
    refuse(FAULT_CONFIGURATION,
        "connections[0].secrets.tokn: the connector scim has no such parameter; did "
        "you mean \"token\"?");
    secrets[0].name = "token";
}
END_TEST

START_TEST(demands_what_is_required)
{
    set_up();
    connection.parameter_count = 0;
    refuse(FAULT_CONFIGURATION,
        ":10: connections[0].parameters: tenant is missing; the connector scim needs it: "
        "the customer's name");
    set_up();
    connection.secret_count = 0;
    refuse(FAULT_CONFIGURATION, "connections[0].secrets: token is missing");
}
END_TEST

START_TEST(checks_types_and_patterns)
{
    static const struct {
        const char *name, *value, *words; /* NULL: fine */
    } rows[] = {
        {"page", "12", NULL},
        {"page", "-12", NULL},
        {"page", "1.5", "must be an integer"},
        {"page", "", "integer"},
        {"page", "9223372036854775808", "must be an integer"},
        {"archived", "true", NULL},
        {"archived", "yes", "must be true or false"},
        {"archived", "True", "must be true or false"},
        {"server", "https://h/p", NULL},
        {"server", "http://h", NULL},
        {"server", "h", "absolute URL"},
        {"server", "https://h/?q", "absolute URL"},
        {"server", "https://u@h/", "absolute URL"},
        {"server", "socks5://h/", "absolute URL"},
        {"host", "h", NULL},
        {"host", "[::1]:80", NULL},
        {"host", "h:0", "must be a host"},
        {"host", "a/b", "must be a host"},
        {"region", "", "1 to 4096"},
        {"region", "a\nb", "control"},
        {"region", "\xff", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_up();
        connection.base_url = "https://h";
        give(rows[i].name, rows[i].value);
        if (rows[i].words)
            refuse(FAULT_CONFIGURATION, rows[i].words);
        else
            source_release(accept());
    }
    set_up();
    given[0].value = "Acme";
    refuse(
        FAULT_CONFIGURATION, "parameters.tenant: does not match [a-z]+|x y (the customer's name)");
    given[0].value = "acme1"; /* the whole value, whatever alternatives the pattern has */
    refuse(FAULT_CONFIGURATION, "does not match");
    given[0].value = "zx y";
    refuse(FAULT_CONFIGURATION, "does not match");
}
END_TEST

START_TEST(reads_secrets)
{
    set_up();
    connection.secret_count = 2;
    struct source *source = accept();
    ck_assert_str_eq(parameter(source, "key"), "k-1");
    source_release(source);
    ck_assert_int_eq(setenv("MUSTER_TEST_KEY", "wrong-key", 1), 0);
    struct fault fault;
    ck_assert(!source_create(&settings, 0, &plan, &source, &fault));
    ck_assert_ptr_null(strstr(fault.text, "wrong-key"));
    refuse(FAULT_SECRET, ":22: connections[0].secrets.key: does not match");
    ck_assert_int_eq(unsetenv("MUSTER_TEST_TOKEN"), 0);
    refuse(FAULT_SECRET,
        ":21: connections[0].secrets.token: env:MUSTER_TEST_TOKEN: there is no such variable");
    ck_assert_int_eq(setenv("MUSTER_TEST_TOKEN", "\xff", 1), 0);
    refuse(FAULT_SECRET, "is not UTF-8");
}
END_TEST

START_TEST(expands_the_base_url)
{
    set_up();
    given[0].value = "x y"; /* encoded, and then no host */
    refuse(FAULT_CONFIGURATION, "base_url: https://x%20y.eu.Example.com");
    set_up();
    connector.base_url = "{server}/api/{tenant}";
    give("server", "https://h.example:8443/root");
    struct source *source = accept();
    ck_assert_str_eq(source->base_url, "https://h.example:8443/root/api/acme");
    ck_assert_str_eq(source->origin, "https://h.example:8443");
    source_release(source);
    given[0].value = "x y";
    source = accept();
    ck_assert_str_eq(source->base_url, "https://h.example:8443/root/api/x%20y");
    source_release(source);
    connector.base_url = "https://{host}/";
    refuse(FAULT_CONFIGURATION, "needs the parameter host; set it, or write base_url");
    give("host", "[::1]:8080");
    source = accept();
    ck_assert_str_eq(source->origin, "https://[::1]:8080");
    ck_assert_str_eq(source->base_url, "https://[::1]:8080");
    source_release(source);
    connector.base_url = "https://h/{token}";
    refuse(FAULT_CONFIGURATION, "puts a secret into its base URL");
    connector.base_url = NULL;
    refuse(FAULT_CONFIGURATION, "base_url: missing; the connector scim declares none");
    connection.base_url = "https://own.example/v1//";
    source = accept();
    ck_assert_str_eq(source->base_url, "https://own.example/v1");
    source_release(source);
    connection.base_url = "http://own.example/v1";
    refuse(FAULT_CONFIGURATION, "is not https");
    connection.allow_http = true;
    source = accept();
    ck_assert_str_eq(source->origin, "http://own.example:80");
    source_release(source);
}
END_TEST

START_TEST(selects_streams)
{
    set_up();
    selection[0] = "users";
    connection.stream_count = 1;
    struct source *source = accept();
    ck_assert(source->selected[0] && !source->selected[1] && !source->selected[2]);
    source_release(source);
    selection[0] = "members";
    refuse(FAULT_CONFIGURATION,
        "streams: members is read once for each of groups, which is not selected");
    selection[1] = "groups";
    connection.stream_count = 2;
    source = accept();
    ck_assert(!source->selected[0] && source->selected[1] && source->selected[2]);
    source_release(source);
    selection[1] = "group";
    refuse(FAULT_CONFIGURATION, "has no stream \"group\"; did you mean \"groups\"?");
}
END_TEST

static struct hash256 fingerprint(void)
{
    struct source *source = accept();
    struct hash256 hash = source->fingerprint;
    source_release(source);
    return hash;
}

static bool same(struct hash256 a, struct hash256 b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

START_TEST(fingerprints_what_a_run_depends_on)
{
    set_up();
    struct hash256 before = fingerprint();
    connection.line = 99;
    given[0].line = 98;
    ck_assert(same(before, fingerprint())); /* moved in the file, but unchanged */
    ck_assert_int_eq(setenv("MUSTER_TEST_TOKEN", "rotated", 1), 0);
    struct hash256 after = fingerprint();
    ck_assert(!same(before, after));
    given[0].value = "other";
    ck_assert(!same(after, fingerprint()));
    set_up();
    connection.every_ms = 1;
    ck_assert(!same(before, fingerprint()));
    set_up();
    connection.full_every_ms = 1;
    ck_assert(!same(before, fingerprint()));
    set_up();
    connection.allow_private = true;
    struct hash256 private = fingerprint();
    ck_assert(!same(before, private));
    set_up();
    connection.allow_http = true;
    ck_assert(!same(before, fingerprint()) && !same(private, fingerprint()));
    set_up();
    settings.policy.window_pages++;
    ck_assert(!same(before, fingerprint()));
    set_up();
    plan.hash.bytes[31] = 1;
    ck_assert(!same(before, fingerprint()));
    set_up();
    connection.tenant = "";
    ck_assert(!same(before, fingerprint())); /* nothing is not the empty text */
    set_up();
    connection.proxy = "http://p:1";
    ck_assert(!same(before, fingerprint()));
    set_up();
    struct setting_pair one[] = {{"a", "bc", 0}}, other[] = {{"ab", "c", 0}};
    connection.labels = one;
    connection.label_count = 1;
    struct hash256 labelled = fingerprint();
    connection.labels = other;
    ck_assert(!same(labelled, fingerprint()));
    set_up();
    selection[0] = "users";
    connection.stream_count = 1;
    ck_assert(!same(before, fingerprint()));
}
END_TEST

START_TEST(checks_certificate_files)
{
    set_up();
    connection.ca_file = "/nonexistent/ca.pem";
    refuse(FAULT_CONFIGURATION, "connections[0].ca_file: /nonexistent/ca.pem: cannot be read");
    connection.ca_file = NULL;
    connection.client_cert = "/nonexistent/c.pem";
    refuse(FAULT_CONFIGURATION, "connections[0].client_cert: /nonexistent/c.pem");
    connection.client_cert = "/etc/passwd";
    refuse(FAULT_CONFIGURATION, "lets others at it");
}
END_TEST

START_TEST(redacts)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"", ""},
        {"nothing here", "nothing here"},
        {"t0ps3cret", "[secret]"},
        {"a t0ps3cret b", "a [secret] b"},
        {"t0ps3crett0ps3cret", "[secret][secret]"},
        {"t0ps3cre", "t0ps3cre"},
        {"key k-1!", "key ***!"},
        {"k-1k-1", "******"},
        {"token=t0ps%33cret", "token=[secret]"},
        {"%74%30ps3cret", "[secret]"},
        {"t0ps3cr\\et", "[secret]"},
        {"tt0ps3cret", "t[secret]"},
        {"%7", "%7"},
        {"%", "%"},
        {"t0ps%", "t0ps%"},
    };
    set_up();
    connection.secret_count = 2;
    struct source *source = accept();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[128];
        (void)strcpy(text, rows[i].text);
        source_redact(source, text);
        ck_assert_str_eq(text, rows[i].wanted);
    }
    source_release(source);
    /* Secrets that overlap: nothing of either stays. */
    ck_assert_int_eq(setenv("MUSTER_TEST_TOKEN", "abcdk-", 1), 0);
    source = accept();
    char text[] = "abcdk-1 abcd";
    source_redact(source, text);
    ck_assert_str_eq(text, "******* abcd");
    source_release(source);
}
END_TEST

START_TEST(redacts_tokens_that_were_given)
{
    const struct span given_tokens[] = {SPAN("at-1"), {NULL, 0}, SPAN("rt-22-longer")};
    char text[] = "at-1 and rt-22-longer, t0ps3cret";
    set_up();
    struct source *source = accept();
    source_redact_with(source, given_tokens, 3, text);
    ck_assert_str_eq(text, "**** and [secret], [secret]");
    source_release(source);
}
END_TEST

#define SEAL_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

START_TEST(demands_a_seal_key_for_refresh_tokens)
{
    set_up();
    struct source *source = accept();
    ck_assert_uint_eq(source_seal_key(source).length, 0);
    source_release(source);
    connector.auth.scheme = MUSTER_AUTH_REFRESH_TOKEN;
    refuse(FAULT_CONFIGURATION, "head -c 32 /dev/urandom | base64");
    settings.seal_key = "env:MUSTER_TEST_SEAL";
    ck_assert_int_eq(unsetenv("MUSTER_TEST_SEAL"), 0);
    refuse(FAULT_SECRET, "store.seal_key");
    ck_assert_int_eq(setenv("MUSTER_TEST_SEAL", "password", 1), 0);
    refuse(FAULT_SECRET, "is no key");
    ck_assert_int_eq(setenv("MUSTER_TEST_SEAL", SEAL_KEY, 1), 0);
    source = accept();
    ck_assert_uint_eq(source_seal_key(source).length, 32);
    ck_assert_int_eq(source_seal_key(source).data[31], 31);
    struct hash256 before = source->fingerprint;
    source_release(source);
    ck_assert_int_eq(setenv("MUSTER_TEST_SEAL",
                         "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 1),
        0);
    source = accept(); /* another key is another source: a reload takes it up */
    ck_assert_mem_ne(&before, &source->fingerprint, sizeof before);
    source_release(source);
    connector.auth.scheme = MUSTER_AUTH_NONE;
}
END_TEST

static void *acquire_and_release(void *source)
{
    for (int i = 0; i < 10000; i++)
        source_release(source_acquire(source));
    return NULL;
}

START_TEST(is_shared_by_count)
{
    pthread_t threads[4];
    set_up();
    struct source *source = accept();
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, acquire_and_release, source), 0);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_str_eq(parameter(source, "token"), "t0ps3cret");
    ck_assert_int_eq(plan_references, 1);
    source_release(source);
    ck_assert_int_eq(plan_references, 0);
}
END_TEST

UNIT_MAIN("source", joins, keeps_nothing_of_the_settings, refuses_unknown_and_misplaced_parameters,
    demands_what_is_required, checks_types_and_patterns, reads_secrets, expands_the_base_url,
    selects_streams, fingerprints_what_a_run_depends_on, checks_certificate_files, redacts,
    redacts_tokens_that_were_given, demands_a_seal_key_for_refresh_tokens, is_shared_by_count)
