/* SPDX-License-Identifier: Apache-2.0 */
/* What a person decides (hold approve, hold reject, dead discard, dead replay), made in the store:
 * by a command that has the lock, or by a running host on a short-lived thread with a store handle
 * of its own, because the writer's handle is the writer's and the I/O thread never waits. */
#ifndef MUSTER_APP_DECISION_H
#define MUSTER_APP_DECISION_H

#include "command.h"
#include "generation.h"
#include "host.h"
#include "message.h"
#include "metrics/metrics.h"

/* On a handle that may write; beside a host's writer it waits for its transaction. Not for
 * REQUEST_SYNC and REQUEST_REPLAY. */
bool decision_make(
    struct store *store, const struct control_request *request, struct fault *fault) MUST_CHECK;

struct decision;

#define DECISION_LINES_MAX (128u << 10) /* bytes of a replay's lines that wait to be fetched */

/* Rings the host when it is made, and when a replay has lines. Copies what it needs; a replay holds
 * the generation's connections until it is freed. The gauges of what waits for a person are right
 * before it is done. */
bool decision_start(struct host *host, struct metrics *metrics, const char *store_path,
    const struct control_request *request, const struct generation *generation,
    struct decision **ret_decision, struct fault *fault) MUST_CHECK;
/* Moves whole lines that wait to `out`, where that has room for all of them; the replay goes on
 * meanwhile. */
void decision_fetch(struct decision *decision, struct bytes *out);
bool decision_has_lines(struct decision *decision);
/* Nobody fetches lines any more: a replay ends with the batch at hand. The others are made all the
 * same. */
void decision_leave(struct decision *decision);
/* Made (ret_status), or refused with ret_fault (FAULT_NONE: made), and every line is fetched. */
bool decision_is_done(struct decision *decision, enum status *ret_status, struct fault *ret_fault);
void decision_wait(struct decision *decision); /* until it is done */
void decision_free(struct decision *decision); /* waits for it; NULL is fine */

#endif
