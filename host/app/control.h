/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: commands that change something go to the host that runs on the store (DESIGN
 * section 11).
 *
 * A Unix stream socket at STORE.sock, mode 0600, for the host's own user and root. The command
 * writes one line, a JSON object, and keeps its side open; the host writes lines until `done`, and
 * closes. A command that closes its side has left: rounds that were begun for it go on, those that
 * were not are not begun.
 *
 *     {"command":"sync","full":false,"names":["acme"]}                 names: none means all
 *     {"command":"hold","verb":"approve","number":7,"who":"ada"}       verb: approve, reject;
 *         "of_run":true: of the run with that number, all open holds
 *     {"command":"discard","number":7,"who":"ada","reason":"a test account"}
 *     {"command":"repair"}                                             of objects: audit --repair
 *     {"command":"replay","dry":false,"who":"ada","connection":"acme","letters":[7,9]}
 *
 *     {"run":{"connection":"acme","stream":"users",…}}                 a run ended; the row of
 * `muster sync --json`
 *     {"trouble":{"connection":"acme","text":"…"}}
 *     {"progress":{"pages":12,"records":2400}}                         a few times a second at most
 *     {"letter":{"letter":7,"fate":"replayed",…}}                      of a replay, once it is
 * settled
 *     {"replayed":{"replayed":2,"failed":0,…}}                         and its sums
 *     {"done":0,"text":""}                                             the last line: exit status,
 * and a sentence or ""
 *
 * What a sync brings was read after it was asked for: where a round of a connection is under way,
 * it ends first and another follows (order.h). While the host drains, requests are refused, and
 * orders that wait end with the rounds under way.
 *
 * Everything here runs on the I/O thread and never waits: sockets are non-blocking, lines, clients
 * and what waits for them are bounded, a client that says nothing or does not read is dropped,
 * decisions have a thread (decision.h).
 */
#ifndef MUSTER_APP_CONTROL_H
#define MUSTER_APP_CONTROL_H

#include "generation.h"
#include "host.h"
#include "metrics/metrics.h"
#include "schedule.h"

#define CONTROL_CLIENTS_MAX 16u
#define CONTROL_QUEUE_MAX   (512u << 10) /* bytes of answers that wait for one client */
#define CONTROL_REQUEST_MS  10000        /* for a client's request to arrive whole */
#define CONTROL_STUCK_MS    30000        /* a client that reads nothing for so long is dropped */
#define CONTROL_PAUSE_MS    1000         /* without a descriptor for another client */

struct control;

/* Only for the holder of the store's lock: a socket that is there already is a dead host's and is
 * removed. */
bool control_open(struct host *host, struct metrics *metrics, const char *store_path,
    struct control **ret_control, struct fault *fault) MUST_CHECK;
/* From the host's hooks; NULL is fine. */
void control_note(struct control *control, const struct note *note);
void control_round_done(struct control *control, const struct effect *effect);
void control_tick(struct control *control, struct schedule *schedule,
    const struct generation *generation, int64_t now_ms);
/* The host drains. */
void control_stop(struct control *control);
/* Tells who still waits, and removes the socket. NULL is fine. */
void control_free(struct control *control);

#endif
