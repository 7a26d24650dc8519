/* SPDX-License-Identifier: Apache-2.0 */
/* muster-upstream: an application to synchronise with. Reads the command line, starts, says where
 * it listens. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "tenants.h"

#define USERS_DEFAULT        1000
#define USERS_A_GROUP        50
#define RECORD_BYTES_DEFAULT 700
#define RECORD_BYTES_MAX     (1 << 20)
#define PAGE_MAX_DEFAULT     1000
#define LIFETIME_S_DEFAULT   3600
#define SCRIPT_FILE_MAX      (1u << 20)
#define LATENCY_MS_MAX       3600000

struct settings {
    struct application_options application;
    struct server_options server;
    const char *script_path;
    bool groups_given, list_actions, help;
};

enum value_type { VALUE_NUMBER, VALUE_TEXT, VALUE_FLAG };

struct setting {
    const char *name, *value, *summary;
    enum value_type type;
    int64_t least, most; /* numbers */
    void *into;          /* int64_t, const char * or bool */
};

#define SETTINGS_MAX 32

struct numbers {
    int64_t port, users, groups, seed, record_bytes, page_max, latency_ms, lifetime_s;
};

static size_t list_settings(
    struct settings *settings, struct numbers *numbers, struct setting *list)
{
    struct login_options *login = &settings->application.login;
    const struct setting all[] = {
        {"port", "N", "port on 127.0.0.1; 0, the default, takes a free one", VALUE_NUMBER, 0, 65535,
            &numbers->port},
        {"users", "N", "users; 1000", VALUE_NUMBER, 0, DATASET_OBJECTS_MAX / 2, &numbers->users},
        {"groups", "N", "groups; one for 50 users", VALUE_NUMBER, -1, DATASET_OBJECTS_MAX / 2,
            &numbers->groups},
        {"seed", "N", "what all data derives from; 1", VALUE_NUMBER, INT64_MIN, INT64_MAX,
            &numbers->seed},
        {"record-bytes", "N", "size to which users are padded; 700", VALUE_NUMBER, 0,
            RECORD_BYTES_MAX, &numbers->record_bytes},
        {"page-max", "N", "most items of one page; 1000", VALUE_NUMBER, 1, MESSAGE_ITEMS_MAX,
            &numbers->page_max},
        {"latency-ms", "N", "time before every answer; 0", VALUE_NUMBER, 0, LATENCY_MS_MAX,
            &numbers->latency_ms},
        {"token", "T", "accept this bearer token", VALUE_TEXT, 0, 0, &login->token},
        {"api-key", "K", "accept this key: header X-API-Key, query or cookie api_key", VALUE_TEXT,
            0, 0, &login->api_key},
        {"basic", "USER:PASSWORD", "accept these with basic authentication", VALUE_TEXT, 0, 0,
            &login->basic},
        {"oauth", "ID:SECRET", "accept tokens of /oauth/token for this client", VALUE_TEXT, 0, 0,
            &login->oauth},
        {"refresh-token", "T", "the first refresh token; each can be used once", VALUE_TEXT, 0, 0,
            &login->refresh_token},
        {"token-lifetime", "S", "seconds for which a token is good; 3600", VALUE_NUMBER, 1,
            INT32_MAX, &numbers->lifetime_s},
        {"script", "FILE", "faults by script", VALUE_TEXT, 0, 0, &settings->script_path},
        {"gzip", NULL, "compress for clients that take it", VALUE_FLAG, 0, 0,
            &settings->application.gzip},
        {"until-stdin-closes", NULL, "stop when standard input, a pipe, ends", VALUE_FLAG, 0, 0,
            &settings->server.until_stdin_closes},
        {"actions", NULL, "list what scripts can do, and stop", VALUE_FLAG, 0, 0,
            &settings->list_actions},
        {"help", NULL, "show this, and stop", VALUE_FLAG, 0, 0, &settings->help},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        list[i] = all[i];
    return sizeof all / sizeof all[0];
}

static bool set_value(const struct setting *setting, const char *value, struct fault *fault)
{
    switch (setting->type) {
    case VALUE_FLAG:
        *(bool *)setting->into = true;
        return true;
    case VALUE_TEXT:
        *(const char **)setting->into = value;
        return true;
    case VALUE_NUMBER:
        break;
    }
    int64_t number;
    if (!span_to_int64(span_of(value), &number) || number < setting->least ||
        number > setting->most)
        return fault_set(fault, FAULT_USAGE,
            "--%s is a number from %" PRId64 " to %" PRId64 ", not \"%s\"", setting->name,
            setting->least, setting->most, value);
    *(int64_t *)setting->into = number;
    return true;
}

static bool apply_numbers(
    struct settings *settings, const struct numbers *numbers, struct fault *fault)
{
    int64_t groups = numbers->groups;
    if (groups < 0)
        groups = (numbers->users + USERS_A_GROUP - 1) / USERS_A_GROUP;
    /* A user is in two groups at most; half of the bound leaves room for users that are added
     * later. */
    if (groups > 0 && numbers->users / groups > DATASET_MEMBERS_MAX / 4)
        return fault_set(fault, FAULT_USAGE,
            "%" PRId64 " users need at least %" PRId64 " groups, or none", numbers->users,
            numbers->users / (DATASET_MEMBERS_MAX / 4) + 1);
    settings->server.port = (uint16_t)numbers->port;
    settings->application.dataset = (struct dataset_options){.seed = (uint64_t)numbers->seed,
        .users = (uint32_t)numbers->users,
        .groups = (uint32_t)groups,
        .record_bytes = (uint32_t)numbers->record_bytes};
    settings->application.page_max = (uint32_t)numbers->page_max;
    settings->application.latency_ms = (uint32_t)numbers->latency_ms;
    settings->application.login.lifetime_s = (uint32_t)numbers->lifetime_s;
    return true;
}

static bool read_arguments(int argc, char **argv, struct settings *settings, struct setting *list,
    size_t *ret_count, struct fault *fault)
{
    struct numbers numbers = {.users = USERS_DEFAULT,
        .groups = -1,
        .seed = 1,
        .record_bytes = RECORD_BYTES_DEFAULT,
        .page_max = PAGE_MAX_DEFAULT,
        .lifetime_s = LIFETIME_S_DEFAULT};
    struct option options[SETTINGS_MAX + 1] = {0};
    size_t count = list_settings(settings, &numbers, list);
    for (size_t i = 0; i < count; i++)
        options[i] = (struct option){list[i].name,
            list[i].type == VALUE_FLAG ? no_argument : required_argument, NULL, (int)i};
    *ret_count = count;
    int which;
    while ((which = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (which == '?')
            return fault_set(fault, FAULT_USAGE, "--help lists the options");
        if (!set_value(&list[which], optarg, fault))
            return false;
    }
    if (optind < argc)
        return fault_set(
            fault, FAULT_USAGE, "\"%s\" is no option; --help lists them", argv[optind]);
    return apply_numbers(settings, &numbers, fault);
}

static bool read_script(const char *path, struct application *application, struct fault *fault)
{
    AUTO_BYTES text = {.limit = SCRIPT_FILE_MAX};
    FILE *file = fopen(path, "re");
    if (!file)
        return fault_system(fault, "the script %s cannot be opened", path);
    bool ok = true;
    for (size_t length = 1; ok && length > 0;) {
        char part[4096];
        length = fread(part, 1, sizeof part, file);
        ok = bytes_append(&text, (struct span){part, length}, fault);
    }
    if (ok && ferror(file))
        ok = fault_system(fault, "the script %s cannot be read", path);
    (void)fclose(file); /* was read only */
    return ok && (script_set(&application->script, bytes_span(&text),
                      application->options.dataset.seed, fault) ||
                     fault_prefix(fault, "%s", path));
}

static bool serve(const struct settings *settings, struct fault *fault)
{
    struct application application;
    struct server *server = NULL;
    if (!application_create(&settings->application, &application, fault))
        return false;
    struct tenants tenants = {.main = &application};
    const struct server_handler handler = {tenants_answer, &tenants};
    bool ok = (!settings->script_path || read_script(settings->script_path, &application, fault)) &&
              server_create(&settings->server, &handler, &server, fault);
    if (ok) {
        application.counts = server_counts(server);
        (void)printf("listening 127.0.0.1:%u\n", server_port(server)); /* checked by the flush */
        ok = fflush(stdout) == 0 ? server_run(server, fault)
                                 : fault_system(fault, "standard output");
    }
    server_free(server);
    tenants_free(&tenants);
    application_free(&application);
    return ok;
}

static void print_help(const struct setting *list, size_t count)
{
    (void)puts("muster-upstream: a small application with users, groups and API keys, to "
               "synchronise with.\n");
    for (size_t i = 0; i < count; i++)
        (void)printf("  --%s%s%-*s %s\n", list[i].name, list[i].value ? " " : "",
            (int)(26 - (list[i].value ? 1 : 0)) - (int)span_of(list[i].name).length,
            list[i].value ? list[i].value : "", list[i].summary);
}

static void print_actions(void)
{
    const struct action *action;
    for (size_t i = 0; (action = action_at(i)) != NULL; i++)
        (void)printf(
            "%-18s %-38s %-24s %s\n", action->name, action->usage, action->faults, action->summary);
}

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct setting list[SETTINGS_MAX];
    struct fault fault = {0};
    size_t count = 0;
    bool ok = read_arguments(argc, argv, &settings, list, &count, &fault);
    if (ok && settings.help)
        print_help(list, count);
    else if (ok && settings.list_actions)
        print_actions();
    else if (ok)
        ok = serve(&settings, &fault);
    if (ok)
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "muster-upstream: %s\n", fault.text);
    return fault.code == FAULT_USAGE || fault.code == FAULT_SYNTAX ? 2 : EXIT_FAILURE;
}
