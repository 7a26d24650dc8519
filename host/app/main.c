/* SPDX-License-Identifier: Apache-2.0 */
/* muster: reads the command line and calls the subcommand. */
#include <getopt.h>
#include <locale.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "base/memory.h"
#include "build.h"
#include "command.h"
#include "declaration/intake.h"

struct subcommand {
    const char *name, *usage, *summary;
    command *run;
    int least, most; /* arguments */
};

static const struct subcommand subcommands[] = {
    {"sync", "[--full] [--json] [NAME…]", "runs the connections once, now", command_sync, 0,
        1 << 16},
    {"serve", "", "the daemon: schedules, metrics, health; SIGHUP reloads, SIGTERM drains",
        command_serve, 0, 0},
    {"status", "[--json]", "the verdict: complete as of when, by which proof", command_status, 0,
        0},
    {"runs", "[--json] [NAME]", "history of runs", command_runs, 0, 1},
    {"ledger", "[--json] RUN", "the books of one run, page by page", command_ledger, 1, 1},
    {"audit", "[--repair] [--json]", "adds up the books again and checks the chain", command_audit,
        0, 0},
    {"dead",
        "list|show NUMBER|replay [--dry-run] [--connection NAME] [--stream S] [NUMBER…]|discard "
        "NUMBER --reason WHY [--json]",
        "dead letters; replay maps again without a fetch", command_dead, 1, 1 << 16},
    {"hold", "list|approve NUMBER|reject NUMBER|approve --run RUN|reject --run RUN [--json]",
        "absences that wait for a person", command_hold, 1, 2},
    {"export", "KIND [--connection NAME] [--state live|all] [--as-of TIME] [--format ndjson|csv]",
        "objects in id order", command_export, 1, 1},
    {"connectors", "[--json]", "what is loaded, what was refused, and why", command_connectors, 0,
        0},
    {"lint", "[--json] FILE.so… | --kinds", "intake and meaning checks of connector files",
        command_lint, 0, 1 << 16},
    {"check", "", "reads the configuration as serve would, contacts nobody", command_check, 0, 0},
};

#define SUBCOMMANDS (sizeof subcommands / sizeof subcommands[0])

static void print_help(FILE *out)
{
    (void)fprintf(out, "usage: muster [-c FILE] COMMAND [ARGUMENT…]\n\ncommands:\n");
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        (void)fprintf(out, "  %-11s %s\n  %-11s   %s\n", subcommands[i].name, subcommands[i].usage,
            "", subcommands[i].summary);
    (void)fprintf(out,
        "\n  -c FILE      configuration (default " CONFIGURATION_DEFAULT ")\n"
        "  --version    version, and exit\n\n"
        "exit status: 0 done; 1 done, but something is partial, held, refused or broken;\n"
        "             2 usage or configuration; 3 the store cannot be used; 4 internal\n");
}

enum status command_misuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "muster: ");
    (void)vfprintf(stderr, format, arguments);
    (void)fprintf(stderr, " (muster --help lists the commands)\n");
    va_end(arguments);
    return STATUS_USAGE;
}

enum status command_exit(enum fault_code code)
{
    switch (code) {
    case FAULT_CONFIGURATION:
    case FAULT_DECLARATION:
    case FAULT_PLUGIN:
    case FAULT_SECRET:
    case FAULT_USAGE:
    case FAULT_NOT_FOUND:
        return STATUS_USAGE;
    case FAULT_STORE:
    case FAULT_STORE_BUSY:
    case FAULT_STORE_CORRUPT:
    case FAULT_STORE_NEWER:
        return STATUS_STORE;
    default:
        return STATUS_INTERNAL;
    }
}

enum status command_fail(const struct fault *fault)
{
    (void)fprintf(stderr, "muster: %s\n", fault->text);
    return command_exit(fault->code);
}

bool command_open(const struct command_line *line, struct settings **ret_settings,
    struct store **ret_store, struct fault *fault)
{
    const struct store_options options = {.read_only = true};
    struct settings *settings;
    if (!settings_read(line->configuration, &settings, fault))
        return false;
    if (!store_open(settings->store_path, &options, ret_store, fault)) {
        settings_free(settings);
        return false;
    }
    *ret_settings = settings;
    return true;
}

enum {
    OPTION_JSON = 256,
    OPTION_FULL,
    OPTION_CONNECTION,
    OPTION_STATE,
    OPTION_AS_OF,
    OPTION_FORMAT,
    OPTION_REASON,
    OPTION_STREAM,
    OPTION_RUN,
    OPTION_DRY_RUN,
    OPTION_REPAIR,
    OPTION_KINDS,
    OPTION_VERSION,
    OPTION_HELP
};

static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
    {"full", no_argument, NULL, OPTION_FULL},
    {"connection", required_argument, NULL, OPTION_CONNECTION},
    {"state", required_argument, NULL, OPTION_STATE},
    {"as-of", required_argument, NULL, OPTION_AS_OF},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"reason", required_argument, NULL, OPTION_REASON},
    {"stream", required_argument, NULL, OPTION_STREAM},
    {"run", required_argument, NULL, OPTION_RUN}, {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"repair", no_argument, NULL, OPTION_REPAIR}, {"kinds", no_argument, NULL, OPTION_KINDS},
    {"configuration", required_argument, NULL, 'c'}, {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP}, {NULL, 0, NULL, 0}};

/* STATUS_DONE: go on; `ret_stop` where the answer was given already (help, version). */
static enum status parse(int argc, char **argv, struct command_line *line, bool *ret_stop)
{
    int option;
    *ret_stop = false;
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            line->configuration = optarg;
            break;
        case OPTION_JSON:
            line->json = true;
            break;
        case OPTION_FULL:
            line->full = true;
            break;
        case OPTION_CONNECTION:
            line->connection = optarg;
            break;
        case OPTION_STATE:
            if (strcmp(optarg, "live") != 0 && strcmp(optarg, "all") != 0)
                return command_misuse("--state is live or all, not \"%s\"", optarg);
            line->all_states = strcmp(optarg, "all") == 0;
            break;
        case OPTION_AS_OF:
            line->as_of = optarg;
            break;
        case OPTION_FORMAT:
            line->format = optarg;
            break;
        case OPTION_REASON:
            line->reason = optarg;
            break;
        case OPTION_STREAM:
            line->stream = optarg;
            break;
        case OPTION_RUN:
            line->run = optarg;
            break;
        case OPTION_DRY_RUN:
            line->dry_run = true;
            break;
        case OPTION_REPAIR:
            line->repair = true;
            break;
        case OPTION_KINDS:
            line->kinds_only = true;
            break;
        case 'h':
        case OPTION_HELP:
            print_help(stdout);
            *ret_stop = true;
            return STATUS_DONE;
        case OPTION_VERSION:
            (void)printf("%s\n", MUSTER_BUILD);
            *ret_stop = true;
            return STATUS_DONE;
        default:
            return STATUS_USAGE; /* getopt has said what is wrong */
        }
    }
    return STATUS_DONE;
}

static const struct subcommand *find(const char *name)
{
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        if (strcmp(name, subcommands[i].name) == 0)
            return &subcommands[i];
    return NULL;
}

/* A crash leaves no image of the memory that secrets lie in (promise 9). The limit keeps the file
 * away; a handler behind a pipe does not heed it (core(5)), but the flag, which takes the leak
 * checker's own look at the process away, too. */
static bool leave_no_core(void)
{
    const struct rlimit none = {0, 0};
    bool left = setrlimit(RLIMIT_CORE, &none) == 0;
#ifndef __SANITIZE_ADDRESS__
    left = left && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
#endif
    return left;
}

int main(int argc, char **argv)
{
    /* The reader child is this binary anew, with nothing but two descriptors: first, before
     * anything is set up. */
    if (argc == 2 && strcmp(argv[1], INTAKE_READER_ARGUMENT) == 0)
        intake_reader_main(INTAKE_READER_IMAGE, INTAKE_READER_ANSWER);
    memory_keep();
    if (!leave_no_core() || sodium_init() < 0) {
        (void)fprintf(stderr, "muster: %s\n",
            "core dumps cannot be forbidden, or libsodium cannot be set up");
        return STATUS_INTERNAL;
    }
    struct command_line line = {.configuration = CONFIGURATION_DEFAULT};
    bool stop;
    enum status status = parse(argc, argv, &line, &stop);
    if (status != STATUS_DONE || stop)
        return status;
    if (optind == argc)
        return command_misuse("a command is missing");
    const struct subcommand *subcommand = find(argv[optind]);
    if (!subcommand)
        return command_misuse("there is no command \"%s\"", argv[optind]);
    line.arguments = argv + optind + 1;
    line.argument_count = argc - optind - 1;
    if (line.argument_count < subcommand->least || line.argument_count > subcommand->most)
        return command_misuse("usage: muster %s %s", subcommand->name, subcommand->usage);
    return subcommand->run(&line);
}
