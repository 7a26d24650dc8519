/* SPDX-License-Identifier: Apache-2.0 */
/* What a person decides (hold approve, hold reject, dead discard), made in the store: by a command
 * that has the lock, or by a running host on a short-lived thread with a store handle of its own,
 * because the writer's handle is the writer's and the I/O thread never waits. */
#ifndef MUSTER_APP_DECISION_H
#define MUSTER_APP_DECISION_H

#include "host.h"
#include "message.h"

/* On a handle that may write; beside a host's writer it waits for its transaction. Not for
 * REQUEST_SYNC. */
bool decision_make(
    struct store *store, const struct control_request *request, struct fault *fault) MUST_CHECK;

struct decision;

/* Rings the host when it is made. Copies what it needs. */
bool decision_start(struct host *host, const char *store_path,
    const struct control_request *request, struct decision **ret_decision,
    struct fault *fault) MUST_CHECK;
/* Made, or refused with ret_fault (FAULT_NONE: made). */
bool decision_is_done(const struct decision *decision, struct fault *ret_fault);
void decision_wait(struct decision *decision); /* until it is done */
void decision_free(struct decision *decision); /* waits for it; NULL is fine */

#endif
