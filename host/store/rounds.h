/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds and runs: opened, resumed, superseded, ended; and why a run must be full. */
#ifndef MUSTER_STORE_ROUNDS_H
#define MUSTER_STORE_ROUNDS_H

#include "inside.h"

bool rounds_open(struct store *store, struct job_round_open *open, struct arena *arena,
    int64_t wall_ms, struct fault *fault) MUST_CHECK;
bool rounds_end(struct store *store, const struct job_round_end *end, int64_t wall_ms,
    struct fault *fault) MUST_CHECK;
bool rounds_run_begin(struct store *store, struct job_run_begin *begin, int64_t wall_ms,
    struct fault *fault) MUST_CHECK;
bool rounds_run_end(
    struct store *store, struct job_run_end *end, int64_t wall_ms, struct fault *fault) MUST_CHECK;

#endif
