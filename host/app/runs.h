/* SPDX-License-Identifier: Apache-2.0 */
/* Summaries of runs: gathered, printed as `muster sync` does, and carried from a host to a command
 * as one JSON object each. */
#ifndef MUSTER_APP_RUNS_H
#define MUSTER_APP_RUNS_H

#include "base/arena.h"
#include "engine/engine.h"
#include "json/value.h"

struct runs {
    struct run_summary *list; /* texts are borrowed */
    size_t count, capacity;
};

bool runs_add(struct runs *runs, const struct run_summary *run, struct fault *fault) MUST_CHECK;
void runs_free(struct runs *runs);
/* The table or, with `json`, the document of CONTRACT on stdout. False where that cannot be
 * written. */
bool runs_print(struct runs *runs, bool json) MUST_CHECK;
/* Nothing in this run asks for attention. */
bool runs_is_good(const struct run_summary *run);

/* The object that is a row of the document. */
bool runs_write(const struct run_summary *run, struct bytes *into, struct fault *fault) MUST_CHECK;
/* Reads it back from gated text; a member that is missing or of another type is FAULT_CONTENT.
 * Texts live in `arena`. */
bool runs_read(struct json_value object, struct arena *arena, struct run_summary *ret_run,
    struct fault *fault) MUST_CHECK;

#endif
