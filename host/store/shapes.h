/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drift of a stream's items (DESIGN section 7): the shapes that its runs showed, the paths and
 * types that they are made of, and what of that is news. Known shapes are rows, so that a restart
 * reports nothing anew; never a value.
 *
 * The first full run of a stream is what later ones are compared with, and reports nothing. From
 * then on a path or a type that no run has shown is reported as it comes, once. A path is reported
 * as vanished at the end of a full run that was proven or asserted, where none of its items has it
 * and at least SHAPES_SHARE in a hundred of those of the last such run did.
 */
#ifndef MUSTER_STORE_SHAPES_H
#define MUSTER_STORE_SHAPES_H

#include "place.h"

#define SHAPES_SHARE 5 /* percent; what was rarer may be missing by chance */

/* What one batch saw of shapes. */
bool shapes_note(struct store *store, const struct place *place, const struct batch *batch,
    struct fault *fault) MUST_CHECK;
/* Once, when a run is over. conclude: it was full, and proven or asserted. */
bool shapes_run_end(struct store *store, int64_t run, bool full, bool conclude, int64_t wall_ms,
    struct fault *fault) MUST_CHECK;
/* One line of drift; counts on where it was reported before. */
bool shapes_report(struct store *store, int64_t stream, int64_t run, const char *kind,
    const char *path, const char *type, int64_t count, int64_t wall_ms,
    struct fault *fault) MUST_CHECK;
/* After a rollback, or another process's write: what the open transaction has counted is undone,
 * and rows are looked up anew. What was counted before it stays in memory until the run ends; a
 * process that dies takes it along, and its run's counts are then too low. */
void shapes_doubt(struct store *store);

#endif
