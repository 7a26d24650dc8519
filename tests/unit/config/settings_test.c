/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file: what is taken, and that each refusal names file, line and key. */
#include "config/settings.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "unit.h"

#define HOUR INT64_C(3600000)

static char folder[64], file[128];

static void set_up(void)
{
    (void)strcpy(folder, "/tmp/muster-settings-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(file, sizeof file, "%s/muster.conf", folder);
}

static void tear_down(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

static void write_bytes(const char *name, const char *data, size_t length)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(data, 1, length, out), length);
    ck_assert_int_eq(fclose(out), 0);
}

static void write_text(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}

static struct settings *accept(const char *text)
{
    struct settings *settings = NULL;
    struct fault fault = {0};
    write_text("muster.conf", text);
    ck_assert_msg(settings_read(file, &settings, &fault), "%s", fault.text);
    return settings;
}

/* Refused, at that line, and with those words; the text begins with FILE:LINE. */
static void refuse_file(unsigned line, const char *words)
{
    char where[160];
    struct settings *settings = NULL;
    struct fault fault = {0};
    ck_assert_msg(!settings_read(file, &settings, &fault), "accepted; wanted \"%s\"", words);
    ck_assert_ptr_null(settings);
    ck_assert_int_eq(fault.code, FAULT_CONFIGURATION);
    (void)snprintf(where, sizeof where, "%s:%u: ", file, line);
    ck_assert_msg(
        strncmp(fault.text, where, strlen(where)) == 0, "\"%s\" is not at %s", fault.text, where);
    ck_assert_msg(strstr(fault.text, words) != NULL, "\"%s\" lacks \"%s\"", fault.text, words);
}

static void refuse(unsigned line, const char *words, const char *text)
{
    write_text("muster.conf", text);
    refuse_file(line, words);
}

/* A configuration with one connection that has `more` on line 2. */
static void refuse_in_connection(const char *words, const char *more)
{
    char text[4096];
    (void)snprintf(
        text, sizeof text, "connections = ({ name = \"a\"; connector = \"scim\";\n%s\n});\n", more);
    refuse(2, words, text);
}

START_TEST(reads_everything)
{
    set_up();
    struct settings *settings = accept(
        "# a comment with \"quotes\" and @include \"nothing\"\n"
        "store      = { path = \"muster.db\"; seal_key = \"file:seal.key\"; };\n"
        "connectors = { directory = \"plugins\"; require_signature = false; };\n"
        "listen     = \"127.0.0.1:9464\";\n"
        "policy     = { attempts_max = 3; connect_timeout = \"2s\"; low_speed_ms = 5000; drain_ms "
        "= \"1s\"; };\n"
        "connections = (\n"
        "  { name = \"acme\"; connector = \"scim\"; base_url = \"https://scim.example.com/v2\";\n"
        "    tenant = \"t\"; parameters = { org = \"acme\"; page = 0x10; big = "
        "9223372036854775807; on = true;\n"
        "    minus = -9223372036854775808L; };\n"
        "    secrets = { token = \"file:acme.token\"; other = \"env:X\"; abs = \"file:/run/x\"; "
        "};\n"
        "    labels = { owner = \"team\" \"-a\"; }; streams = [ \"users\", \"groups\" ];\n"
        "    classify = ( { login = \"^svc\\.\"; class = \"service\"; }, { login = \".\"; class = "
        "\"human\"; } );\n"
        "    every = \"15m\"; full_every = \"2d\"; allow_http = true; allow_private = TRUE;\n"
        "    ca_file = \"ca.pem\"; client_cert = \"/etc/c.pem\"; proxy = \"http://proxy:3128\"; "
        "},\n"
        "  { name = \"b\" connector = \"scim\" }\n"
        ");\n");
    char path[128];
    (void)snprintf(path, sizeof path, "%s/muster.db", folder);
    ck_assert_str_eq(settings->store_path, path);
    (void)snprintf(path, sizeof path, "%s/plugins", folder);
    ck_assert_str_eq(settings->connectors_directory, path);
    ck_assert_str_eq(settings->path, file);
    ck_assert_str_eq(settings->listen, "127.0.0.1:9464");
    ck_assert_int_eq(settings->policy.attempts_max, 3);
    ck_assert_int_eq(settings->policy.connect_timeout_ms, 2000);
    ck_assert_int_eq(settings->policy.low_speed_ms, 5000);
    ck_assert_int_eq(settings->policy.drain_ms, 1000);
    ck_assert_int_eq(settings->policy.window_pages, 32);
    ck_assert_uint_eq(settings->connection_count, 2);
    const struct connection_settings *c = &settings->connections[0];
    ck_assert_str_eq(c->name, "acme");
    ck_assert_str_eq(c->tenant, "t");
    ck_assert_str_eq(c->base_url, "https://scim.example.com/v2");
    ck_assert_uint_eq(c->parameter_count, 5);
    ck_assert_str_eq(c->parameters[0].value, "acme");
    ck_assert_str_eq(c->parameters[1].value, "16");
    ck_assert_str_eq(c->parameters[2].value, "9223372036854775807");
    ck_assert_str_eq(c->parameters[3].value, "true");
    ck_assert_str_eq(c->parameters[4].name, "minus");
    ck_assert_str_eq(c->parameters[4].value, "-9223372036854775808");
    ck_assert_uint_eq(c->parameters[4].line, 9);
    (void)snprintf(path, sizeof path, "file:%s/acme.token", folder);
    ck_assert_str_eq(c->secrets[0].value, path);
    ck_assert_str_eq(c->secrets[1].value, "env:X");
    ck_assert_str_eq(c->secrets[2].value, "file:/run/x");
    ck_assert_str_eq(c->labels[0].value, "team-a");
    ck_assert_uint_eq(c->stream_count, 2);
    ck_assert_str_eq(c->streams[1], "groups");
    ck_assert_uint_eq(c->classify_count, 2);
    ck_assert_str_eq(c->classify[0].name, "^svc\\.");
    ck_assert_str_eq(c->classify[1].value, "human");
    ck_assert_int_eq(c->every_ms, HOUR / 4);
    ck_assert_int_eq(c->full_every_ms, 48 * HOUR);
    ck_assert(c->allow_http && c->allow_private);
    (void)snprintf(path, sizeof path, "%s/ca.pem", folder);
    ck_assert_str_eq(c->ca_file, path);
    ck_assert_str_eq(c->client_cert, "/etc/c.pem");
    ck_assert_str_eq(c->proxy, "http://proxy:3128");
    ck_assert_uint_eq(c->line, 7);
    ck_assert_uint_eq(settings->connections[1].line, 15);
    ck_assert_int_eq(settings->connections[1].every_ms, 0);
    ck_assert_int_eq(settings->connections[1].full_every_ms, 24 * HOUR);
    settings_free(settings);
    settings_free(NULL);
    tear_down();
}
END_TEST

START_TEST(has_defaults)
{
    set_up();
    struct settings *settings = accept("connections = ();");
    struct policy_settings policy = policy_settings_default();
    ck_assert_uint_eq(settings->connection_count, 0);
    ck_assert_str_eq(settings->store_path, "/var/lib/muster/muster.db");
    ck_assert_int_eq(settings->connectors_directory[0], '/');
    ck_assert_ptr_null(settings->listen);
    ck_assert_mem_eq(&settings->policy, &policy, sizeof policy);
    ck_assert_int_eq(policy.attempts_max, 6);
    ck_assert_int_eq(policy.body_bytes_most, 64 << 20);
    ck_assert_int_eq(policy.run_bytes_most, INT64_C(64) << 30);
    ck_assert_int_eq(policy.resume_age_most_ms, 24 * HOUR);
    settings_free(settings);
    tear_down();
}
END_TEST

START_TEST(names_a_missing_file)
{
    struct settings *settings = NULL;
    struct fault fault;
    set_up();
    ck_assert(!settings_read(file, &settings, &fault));
    ck_assert_int_eq(fault.code, FAULT_CONFIGURATION);
    ck_assert_ptr_nonnull(strstr(fault.text, file));
    ck_assert_ptr_nonnull(strstr(fault.text, "no such file"));
    ck_assert(!settings_read("/nonexistent/muster.conf", &settings, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/nonexistent/muster.conf"));
    ck_assert(!settings_read(folder, &settings, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "not a regular file"));
    ck_assert(!settings_read("", &settings, &fault));
    tear_down();
}
END_TEST

START_TEST(refuses_unknown_keys_with_a_guess)
{
    set_up();
    refuse(2, "conections: unknown key; did you mean \"connections\"?",
        "listen=\"h:1\";\nconections = ();\n");
    refuse(1, "stor: unknown key; did you mean \"store\"?", "stor = {}; connections=();");
    refuse(
        1, "store.pth: unknown key; did you mean \"path\"?", "store={pth=\"x\";}; connections=();");
    refuse(1, "policy.window_page: unknown key; did you mean \"window_pages\"?",
        "policy={window_page=1;}; connections=();");
    refuse(1, "policy.zzzzzzzzzz: unknown key", "policy={zzzzzzzzzz=1;}; connections=();");
    refuse_in_connection(
        "connections[0].evry: unknown key; did you mean \"every\"?", "evry = \"1h\";");
    refuse_in_connection(
        "connections[0].classify[0].clas", "classify=({login=\"x\"; clas=\"human\";});");
    tear_down();
}
END_TEST

START_TEST(refuses_duplicate_keys)
{
    set_up();
    refuse(3, "listen: set twice; the first is at",
        "connections=();\nlisten=\"h:1\";\nlisten=\"h:2\";\n");
    refuse(4, "every: set twice",
        "connections=({name=\"a\";\n every=\"1h\";\n connector=\"c\";\n every=\"2h\";});");
    refuse(1, "org: set twice", "connections=({parameters={org=\"1\"; x={org=1;}; org=\"2\";};});");
    refuse(2, "connect_timeout_ms: set twice, as connect_timeout and as connect_timeout_ms",
        "policy={connect_timeout=\"1s\";\nconnect_timeout_ms=5;};connections=();");
    /* The same key in two groups is none. */
    settings_free(
        accept("connections=({name=\"a\";connector=\"c\";},{name=\"b\";connector=\"c\";});"));
    refuse(3, "\"a\" is the name of two connections; the first is at",
        "connections=({name=\"a\";connector=\"c\";},\n{name=\"b\";connector=\"c\";},\n{name=\"a\";"
        "connector=\"c\";});");
    tear_down();
}
END_TEST

START_TEST(refuses_integers_that_would_wrap)
{
    set_up();
    refuse(2, "attempts_max: 99999999999999999999 is no integer of 64 bits",
        "policy={window_pages=1;\nattempts_max=99999999999999999999;};connections=();");
    refuse(1, "9223372036854775808", "policy={attempts_max=9223372036854775808;};connections=();");
    refuse(1, "0x8000000000000000", "policy={attempts_max=0x8000000000000000;};connections=();");
    refuse(1, "attempts_max: 4294967297 is out of bounds",
        "policy={attempts_max=4294967297;};connections=();");
    refuse(1, "policy.attempts_max: 0 is out of bounds: 1 to 20",
        "policy={attempts_max=0;};connections=();");
    refuse(1, "out of bounds", "policy={attempts_max=-1;};connections=();");
    refuse(1, "a number with a fraction", "policy={attempts_max=3.0;};connections=();");
    refuse_in_connection("parameters.n: is a number with a fraction", "parameters = { n = 1.5; };");
    refuse_in_connection(
        "n: 18446744073709551616L is no integer", "parameters = { n = 18446744073709551616L; };");
    struct settings *settings =
        accept("policy={run_bytes_most=+68719476736; body_bytes_most=0xFFFFFFL;};connections=();");
    ck_assert_int_eq(settings->policy.run_bytes_most, INT64_C(68719476736));
    ck_assert_int_eq(settings->policy.body_bytes_most, 0xFFFFFF);
    settings_free(settings);
    tear_down();
}
END_TEST

START_TEST(refuses_wrong_types)
{
    set_up();
    refuse(1, "listen: is an integer; write a text", "listen = 9464; connections=();");
    refuse(1, "store: is a text; write a group", "store = \"muster.db\"; connections=();");
    refuse(1, "connections: is a group; write a list", "connections = {};");
    refuse(1, "connections: is an array; write a list", "connections = [\"a\"];");
    refuse(1, "connections[0]: is a text; write a group", "connections = (\"a\");");
    refuse_in_connection("allow_http: is an integer; write true or false", "allow_http = 1;");
    refuse_in_connection("allow_http: is a text; write true or false", "allow_http = \"true\";");
    refuse_in_connection("every: is an integer; write a time with its unit", "every = 15;");
    refuse_in_connection("parameters.x: is a group", "parameters = { x = {}; };");
    refuse_in_connection("parameters: is a list; write a group", "parameters = ();");
    refuse_in_connection("streams: is a text; write an array", "streams = \"users\";");
    refuse_in_connection("streams[0]: is an integer", "streams = (1);");
    refuse_in_connection("classify: is a group; write a list", "classify = {};");
    refuse_in_connection("labels.a: is an integer", "labels = { a = 1; };");
    refuse(1, "policy.connect_timeout: is an integer; write a time with its unit",
        "policy={connect_timeout=10;};connections=();");
    tear_down();
}
END_TEST

START_TEST(names_what_is_missing)
{
    set_up();
    refuse(1, "the key \"connections\" is missing", "");
    refuse(1, "the key \"connections\" is missing", "listen=\"h:1\";");
    refuse(2, "connections[1]: the key \"connector\" is missing",
        "connections=({name=\"a\";connector=\"c\";},\n{name=\"b\";});");
    refuse(1, "connections[0]: the key \"name\" is missing", "connections=({connector=\"c\";});");
    refuse(1, "store: the key \"path\" is missing", "store={}; connections=();");
    refuse(1, "store.seal_key: a secret is given by reference",
        "store={path=\"x\"; seal_key=\"hunter2\";}; connections=();");
    refuse_in_connection("classify[0]: the key \"class\" is missing", "classify=({login=\"x\";});");
    tear_down();
}
END_TEST

START_TEST(checks_values)
{
    set_up();
    refuse(1, "\"-a\" is no name", "connections=({name=\"-a\";connector=\"c\";});");
    refuse(1, "is no name", "connections=({name=\"a b\";connector=\"c\";});");
    refuse(1, "is no name",
        "connections=({name=\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345\";"
        "connector=\"c\";});");
    refuse(1, "is no connector's name", "connections=({name=\"a\";connector=\"scim.so\";});");
    refuse(1, "is no connector's name", "connections=({name=\"a\";connector=\"../scim\";});");
    refuse_in_connection("base_url: not an absolute URL", "base_url = \"example.com\";");
    refuse_in_connection("base_url: user information", "base_url = \"https://u:p@example.com\";");
    refuse_in_connection(
        "base_url: ends with a query or a fragment", "base_url = \"https://h/?x\";");
    refuse_in_connection(
        "base_url: the scheme is neither https nor http", "base_url = \"socks5://h/\";");
    refuse_in_connection("base_url: is empty", "base_url = \"\";");
    refuse_in_connection("proxy: ", "proxy = \"proxy:3128\";");
    refuse_in_connection("proxy: is no proxy", "proxy = \"http://proxy:3128/path\";");
    refuse_in_connection("every: \"15\" is no time", "every = \"15\";");
    refuse_in_connection("every: \"fifteen\" is no time", "every = \"fifteen\";");
    refuse_in_connection("every: is out of bounds: 1s", "every = \"999ms\";");
    refuse_in_connection("full_every: is out of bounds", "full_every = \"0s\";");
    refuse_in_connection("every: is out of bounds", "every = \"367d\";");
    refuse_in_connection("no time", "every = \"99999999999999999999d\";");
    refuse_in_connection(
        "classify[0].login: is no POSIX", "classify=({login=\"(\"; class=\"human\";});");
    refuse_in_connection("\"robot\" is no account class; one of: human",
        "classify=({login=\"x\"; class=\"robot\";});");
    refuse_in_connection("streams: is empty", "streams = [];");
    refuse_in_connection("streams[1]: \"a\" is selected twice", "streams = [\"a\",\"a\"];");
    refuse_in_connection("tenant: has a control character", "tenant = \"a\\nb\";");
    refuse_in_connection("tenant: is not UTF-8", "tenant = \"\\xff\";");
    refuse_in_connection("tenant: a NUL in a string", "tenant = \"a\\x00b\";");
    settings_free(accept("connections=({name=\"a\";connector=\"c\";tenant=\"a\\\\x00\";});"));
    refuse(1, "listen: has no port", "listen=\"localhost\"; connections=();");
    refuse(1, "listen: has no port", "listen=\"localhost:\"; connections=();");
    refuse(1, "listen: has no port", "listen=\"[::1]\"; connections=();");
    refuse(1, "listen: ", "listen=\"::1:80\"; connections=();");
    refuse(1, "listen: ", "listen=\"h:99999\"; connections=();");
    refuse(1, "listen: ", "listen=\":80\"; connections=();");
    settings_free(accept("listen=\"[::1]:0\"; connections=();"));
    refuse(2, "connectors.require_signature: signatures are not supported yet",
        "connectors={\nrequire_signature=true;}; connections=();");
    refuse(1, "backoff_first (60000 ms) is above backoff_most (1000 ms)",
        "policy={backoff_first=\"1m\";backoff_most=\"1s\";};connections=();");
    refuse(1, "connect_timeout_ms: 1 ms is out of bounds: 100 to 300000 ms",
        "policy={connect_timeout_ms=1;};connections=();");
    tear_down();
}
END_TEST

START_TEST(never_quotes_a_secret)
{
    struct settings *settings = NULL;
    struct fault fault;
    set_up();
    write_text("muster.conf",
        "connections=({name=\"a\";connector=\"c\";\nsecrets={token=\"hunter2\";};});");
    ck_assert(!settings_read(file, &settings, &fault));
    ck_assert_ptr_nonnull(
        strstr(fault.text, ":2: connections[0].secrets.token: a secret is given by reference"));
    ck_assert_ptr_null(strstr(fault.text, "hunter2"));
    refuse_in_connection("secrets.token: is an integer", "secrets = { token = 12345; };");
    tear_down();
}
END_TEST

START_TEST(names_the_line_of_a_syntax_error)
{
    set_up();
    refuse(3, "after the key \"listen\"", "connections=();\nlisten = \"h:1\"\n!\n");
    refuse(2, "syntax error", "connections=(\n};\n");
    refuse(2, "a string that does not end", "connections=();\nlisten = \"h:1\n\n");
    refuse(2, "a comment that does not end", "connections=();\n/* never\n\n");
    refuse(1, "syntax error", "connections");
    refuse(1, "syntax error", "connections=(); @include \"x\"");
    tear_down();
}
END_TEST

START_TEST(refuses_bytes_that_are_no_text)
{
    set_up();
    write_bytes("muster.conf", "connections=();\n\0listen", 23);
    refuse_file(2, "a NUL byte");
    write_bytes("muster.conf", "connections=();\n# \xC3\xA9\n# \xE9\n", 25);
    refuse_file(3, "not UTF-8");
    tear_down();
}
END_TEST

START_TEST(reads_included_files)
{
    set_up();
    char path[160];
    (void)snprintf(path, sizeof path, "%s/conf.d", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    write_text("conf.d/a.conf", "{ name = \"a\"; connector = \"c\"; ca_file = \"ca.pem\"; }");
    write_text("conf.d/b.conf",
        "# the second\n,{ name = \"b\"; connector = \"c\"; }\n# without an end of line");
    struct settings *settings =
        accept("connections = (\n  @include \"conf.d/a.conf\"\n@include \"conf.d/b.conf\"\n);\n"
               "# @include \"absent\"\nlisten = \"h:1\"; /*\n@include \"absent\"\n*/\n");
    ck_assert_uint_eq(settings->connection_count, 2);
    (void)snprintf(path, sizeof path, "%s/ca.pem",
        folder); /* beside the first file, not beside the included one */
    ck_assert_str_eq(settings->connections[0].ca_file, path);
    (void)snprintf(path, sizeof path, "%s/conf.d/b.conf", folder);
    ck_assert_str_eq(settings->connections[1].file, path);
    ck_assert_uint_eq(settings->connections[1].line, 2);
    settings_free(settings);
    write_text("conf.d/b.conf", "\n,{ name = \"b\"; conector = \"c\"; }\n");
    struct fault fault;
    ck_assert(!settings_read(file, &settings, &fault));
    (void)snprintf(path, sizeof path, "%s/conf.d/b.conf:2: connections[1].conector: ", folder);
    ck_assert_ptr_eq(strstr(fault.text, path), fault.text);
    write_text("conf.d/empty", "\n\n");
    /* Lines after an include still count in their own file. */
    refuse(5, "policy: ", "@include \"conf.d/empty\"\n\n\n\npolicy=1;connections=();");
    tear_down();
}
END_TEST

START_TEST(refuses_include_loops)
{
    set_up();
    refuse(1, "@include: ", "@include \"muster.conf\"\n");
    refuse_file(1, "an include loop");
    write_text("a.conf", "\n@include \"b.conf\"\n");
    write_text("b.conf", "@include \"a.conf\"\n");
    refuse(2, "an include loop", "connections=();\n@include \"a.conf\"\n");
    refuse(1, "there is no such file", "@include \"absent.conf\"\n");
    refuse(1, "needs the name of a file", "@include \"\"\n");
    /* A link to itself by another name is the same file. */
    char link_path[160];
    (void)snprintf(link_path, sizeof link_path, "%s/link.conf", folder);
    ck_assert_int_eq(symlink("muster.conf", link_path), 0);
    refuse(1, "an include loop", "@include \"link.conf\"\n");
    tear_down();
}
END_TEST

START_TEST(limits_depth_and_number_of_includes)
{
    char name[32], text[64];
    set_up();
    for (int i = 1; i <= 8; i++) { /* muster.conf is the first level */
        (void)snprintf(name, sizeof name, "%d.conf", i);
        (void)snprintf(text, sizeof text, "@include \"%d.conf\"\n", i + 1);
        write_text(name, i == 8 ? "" : text);
    }
    refuse(1, "more than 8 files deep", "@include \"1.conf\"\nconnections=();");
    settings_free(accept("@include \"2.conf\"\nconnections=();"));
    char many[8192] = "connections=();\n";
    for (int i = 0; i < 256; i++)
        (void)strcat(many, "@include \"8.conf\"\n");
    refuse(257, "more than 256 files", many);
    tear_down();
}
END_TEST

START_TEST(limits_sizes)
{
    set_up();
    size_t size = (16u << 20) + 1;
    char *large = malloc(size);
    ck_assert_ptr_nonnull(large);
    (void)memset(large, '\n', size);
    write_bytes("muster.conf", large, size);
    free(large);
    struct settings *settings = NULL;
    struct fault fault;
    ck_assert(!settings_read(file, &settings, &fault));
    ck_assert_int_eq(fault.code, FAULT_CONFIGURATION);
    ck_assert_ptr_nonnull(strstr(fault.text, "16777216 bytes"));
    char deep[64] = "connections=";
    (void)strcat(deep, "((((((((((((((((((((");
    refuse(1, "connections: more than 16 groups", deep);
    char tenant[5000] = "tenant = \"";
    (void)memset(tenant + 10, 'a', 4097);
    (void)strcpy(tenant + 10 + 4097, "\";");
    char text[6000];
    (void)snprintf(text, sizeof text, "connections=({name=\"a\";connector=\"c\";%s});", tenant);
    refuse(1, "tenant: has more than 4096 bytes", text);
    tear_down();
}
END_TEST

START_TEST(counts_lines_past_16_bits)
{
    enum { LINES = 70000 };
    set_up();
    char *text = malloc(LINES + 64);
    ck_assert_ptr_nonnull(text);
    (void)memset(text, '\n', LINES);
    (void)strcpy(text + LINES, "connections=(); lissten=1;");
    refuse(LINES + 1, "lissten: unknown key", text);
    free(text);
    tear_down();
}
END_TEST

START_TEST(reads_ten_thousand_connections)
{
    enum { COUNT = 10000 };
    set_up();
    FILE *out = fopen(file, "w");
    ck_assert_ptr_nonnull(out);
    (void)fputs("connections = (", out);
    for (int i = 0; i < COUNT; i++)
        (void)fprintf(out,
            "%s\n{ name = \"c%d\"; connector = \"scim\"; parameters = { org = \"o%d\"; }; }",
            i ? "," : "", i, i);
    (void)fputs("\n);\n", out);
    ck_assert_int_eq(fclose(out), 0);
    struct settings *settings = NULL;
    struct fault fault;
    ck_assert(settings_read(file, &settings, &fault));
    ck_assert_uint_eq(settings->connection_count, COUNT);
    ck_assert_str_eq(settings->connections[COUNT - 1].name, "c9999");
    ck_assert_uint_eq(settings->connections[COUNT - 1].line, COUNT + 1);
    settings_free(settings);
    tear_down();
}
END_TEST

UNIT_MAIN("settings", reads_everything, has_defaults, names_a_missing_file,
    refuses_unknown_keys_with_a_guess, refuses_duplicate_keys, refuses_integers_that_would_wrap,
    refuses_wrong_types, names_what_is_missing, checks_values, never_quotes_a_secret,
    names_the_line_of_a_syntax_error, refuses_bytes_that_are_no_text, reads_included_files,
    refuses_include_loops, limits_depth_and_number_of_includes, limits_sizes,
    counts_lines_past_16_bits, reads_ten_thousand_connections)
