/* SPDX-License-Identifier: Apache-2.0 */
/* A command's side of the control socket (control.h): sends one request to the host that has the
 * store, and shows what comes back as the command itself would. */
#ifndef MUSTER_APP_REMOTE_H
#define MUSTER_APP_REMOTE_H

#include "command.h"
#include "message.h"

/* False where no host listens beside this store: the caller's own fault says why it cannot work. */
bool remote_connect(const char *store_path, int *ret_descriptor) MUST_CHECK;
/* Closes the descriptor. REQUEST_SYNC: a progress line on a terminal, then the table or, with
 * `json`, the document; REQUEST_REPLAY: its letters (replay.h). SIGINT and SIGTERM only leave; the
 * host goes on. */
enum status remote_order(int descriptor, const struct control_request *request, bool json);

#endif
