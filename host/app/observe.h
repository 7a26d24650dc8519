/* SPDX-License-Identifier: Apache-2.0 */
/* From the engine's notes to metrics and log lines: the one place that decides what of a run is
 * counted and what is said. */
#ifndef MUSTER_APP_OBSERVE_H
#define MUSTER_APP_OBSERVE_H

#include "engine/engine.h"
#include "metrics/metrics.h"

void observe_note(struct metrics *metrics, const struct note *note, int64_t wall_ms);
void observe_round(const struct effect *effect);

#endif
