/* SPDX-License-Identifier: Apache-2.0 */
/* What a person decides on the command line, made here or by the host that has the store. */
#ifndef MUSTER_APP_CHANGE_H
#define MUSTER_APP_CHANGE_H

#include "command.h"
#include "message.h"

/* Does it with the store, whose lock this process has. */
typedef enum status change_here(
    const struct command_line *line, struct store *store, const struct control_request *request);
/* By `here`, or through the host that has the store's lock. Not for REQUEST_SYNC, which may create
 * a store. */
enum status change_order(
    const struct command_line *line, const struct control_request *request, change_here *here);
/* Likewise, of what decision_make can do. */
enum status change_make(const struct command_line *line, const struct control_request *request);
const char *change_who(void); /* the name that stays in the books */
/* The one number after the verb. */
bool change_number(const struct command_line *line, int64_t *ret_number);

#endif
