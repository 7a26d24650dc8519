/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes of a run: begun, resumed, begun anew; and the parents that child streams run for. */
#ifndef MUSTER_STORE_SCOPES_H
#define MUSTER_STORE_SCOPES_H

#include "inside.h"

bool scopes_begin(struct store *store, struct job_scope_begin *begin, struct arena *arena,
    int64_t wall_ms, struct fault *fault) MUST_CHECK;
bool scopes_restart(
    struct store *store, const struct job_scope_restart *restart, struct fault *fault) MUST_CHECK;
bool scopes_parents(struct store *store, struct job_parents *parents, struct arena *arena,
    int64_t wall_ms, struct fault *fault) MUST_CHECK;
/* The key of a connection's stream; FAULT_NOT_FOUND before its first round. */
bool scopes_stream(struct store *store, int64_t connection, const char *name, int64_t *ret_stream,
    struct fault *fault) MUST_CHECK;
/* A parent object as the child stream's templates need it, from its present row; *ret_there is
 * false where it is deleted. Texts live in `arena`. */
bool scopes_parent(struct store *store, int64_t object, const struct muster_stream *child,
    struct arena *arena, struct job_parent *ret_parent, bool *ret_there,
    struct fault *fault) MUST_CHECK;

#endif
