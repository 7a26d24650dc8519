/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions on their way from the command line to the store. */
#include "change.h"

#include <pwd.h>
#include <unistd.h>
#include "decision.h"
#include "remote.h"

const char *change_who(void)
{
    const struct passwd *user = getpwuid(getuid());
    return user ? user->pw_name : "unknown";
}

bool change_number(const struct command_line *line, int64_t *ret_number)
{
    return line->argument_count == 2 && span_to_int64(span_of(line->arguments[1]), ret_number) &&
           *ret_number > 0;
}

enum status change_order(
    const struct command_line *line, const struct control_request *request, change_here *here)
{
    const struct store_options options = {.take_lock = true};
    struct settings *settings;
    struct store *store;
    struct fault fault;
    enum status status;
    int descriptor;
    if (!settings_read(line->configuration, &settings, &fault))
        return command_fail(&fault);
    if (store_open(settings->store_path, &options, &store, &fault)) {
        status = here(line, store, request);
        store_close(store);
    } else {
        status = remote_connect(settings->store_path, &descriptor)
                     ? remote_order(descriptor, request, line->json)
                     : command_fail(&fault);
    }
    settings_free(settings);
    return status;
}

static enum status decide(
    const struct command_line *line, struct store *store, const struct control_request *request)
{
    struct fault fault;
    (void)line;
    return decision_make(store, request, &fault) ? STATUS_DONE : command_fail(&fault);
}

enum status change_make(const struct command_line *line, const struct control_request *request)
{
    return change_order(line, request, decide);
}
