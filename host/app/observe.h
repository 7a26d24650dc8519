/* SPDX-License-Identifier: Apache-2.0 */
/* From the engine's notes to metrics and log lines: the one place that decides what of a run is
 * counted and what is said. */
#ifndef MUSTER_APP_OBSERVE_H
#define MUSTER_APP_OBSERVE_H

#include "engine/engine.h"
#include "metrics/metrics.h"
#include "store/store.h"

void observe_note(struct metrics *metrics, const struct note *note, int64_t wall_ms);
/* What waits for a person, as the store has it now: dead letters by stream, absences on hold, and
 * as of when each stream is complete, of the named connections. Any thread, on a handle of its own.
 */
void observe_waiting(
    struct metrics *metrics, struct store *store, const char *const *names, size_t count);
void observe_round(const struct effect *effect);

#endif
