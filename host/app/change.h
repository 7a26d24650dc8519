/* SPDX-License-Identifier: Apache-2.0 */
/* What a person decides on the command line, made here or by the host that has the store. */
#ifndef MUSTER_APP_CHANGE_H
#define MUSTER_APP_CHANGE_H

#include "command.h"
#include "message.h"

/* With the store's lock, or through the host that has it. Not for REQUEST_SYNC and
 * REQUEST_REPLAY. */
enum status change_make(const struct command_line *line, const struct control_request *request);
const char *change_who(void); /* the name that stays in the books */
/* The one number after the verb. */
bool change_number(const struct command_line *line, int64_t *ret_number);

#endif
