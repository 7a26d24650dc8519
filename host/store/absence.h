/* SPDX-License-Identifier: Apache-2.0 */
/* Conclusions from what a listing did not show (DESIGN section 6), and holds on those that are too
 * large to draw alone. */
#ifndef MUSTER_STORE_ABSENCE_H
#define MUSTER_STORE_ABSENCE_H

#include "place.h"

/* SCOPE_END. */
bool absence_scope_end(struct store *store, struct job_scope_end *end, int64_t wall_ms,
    struct fault *fault) MUST_CHECK;
/* Every object loses its presence in the scope, for good: its parent is deleted. */
bool absence_close_scope(struct store *store, int64_t scope, int64_t run, const char *evidence,
    int64_t wall_ms, struct fault *fault) MUST_CHECK;

#endif
