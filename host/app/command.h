/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands share: the command line as a value, exit statuses, opening the store. */
#ifndef MUSTER_APP_COMMAND_H
#define MUSTER_APP_COMMAND_H

#include "config/settings.h"
#include "store/store.h"
#include "table.h"

/* CONTRACT, Command line. */
enum status {
    STATUS_DONE = 0,
    STATUS_PARTIAL =
        1, /* done, but something is partial, held, refused or broken; stdout says what */
    STATUS_USAGE = 2, /* usage or configuration */
    STATUS_STORE = 3, /* the store cannot be used */
    STATUS_INTERNAL = 4
};

#define CONFIGURATION_DEFAULT "/etc/muster/muster.conf"

struct command_line {
    const char *configuration;
    bool json, full, kinds_only, all_states, dry_run, repair;
    const char *connection, *stream, *run, *format, *as_of, *reason;
    char **arguments;
    int argument_count;
};

typedef enum status command(const struct command_line *line);

command command_sync, command_serve, command_status, command_runs, command_ledger, command_audit,
    command_dead, command_hold, command_export, command_connectors, command_lint, command_check;

/* "muster: sentence" on stderr, and the exit status that its code means. */
enum status command_fail(const struct fault *fault);
enum status command_exit(enum fault_code code);
enum status command_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The configuration and, from it, the store for reading. */
bool command_open(const struct command_line *line, struct settings **ret_settings,
    struct store **ret_store, struct fault *fault) MUST_CHECK;
/* Runs one query into a table on stdout; `nothing` where it gives no row. ret_rows may be NULL. */
enum status command_show(const struct command_line *line, enum query query, const char *argument,
    const char *name, const char *nothing, size_t *ret_rows);

#endif
