/* SPDX-License-Identifier: Apache-2.0 */
/* What direct reads are asked about, and what becomes of their answers (DESIGN section 6). */
#ifndef MUSTER_STORE_EVIDENCE_H
#define MUSTER_STORE_EVIDENCE_H

#include "place.h"

/* SUSPECTS. */
bool evidence_suspects(struct store *store, struct job_suspects *suspects, struct arena *arena,
    struct fault *fault) MUST_CHECK;
/* EVIDENCE. */
bool evidence_take(struct store *store, struct job_evidence *evidence, int64_t wall_ms,
    struct fault *fault) MUST_CHECK;

#endif
