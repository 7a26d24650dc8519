/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side of the reader child (intake_reader_main is the child's). */
#ifndef MUSTER_DECLARATION_READER_H
#define MUSTER_DECLARATION_READER_H

#include "base/bytes.h"
#include "refusal.h"

/* Executes the host's binary anew over the sealed file and appends its answer, the canonical
 * declaration, to `answer`. However the child behaves, it is gone and reaped when this returns.
 * Safe beside other threads. */
bool reader_run(const struct intake_options *options, int image, struct bytes *answer,
    struct refusal *refusal) MUST_CHECK;

#endif
