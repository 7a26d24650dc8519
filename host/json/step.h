/* SPDX-License-Identifier: Apache-2.0 */
/* One step of a JSON Pointer against what is there: a member's name, or the place of an element. */
#ifndef MUSTER_JSON_STEP_H
#define MUSTER_JSON_STEP_H

#include "base/bytes.h"

#define STEP_NO_INDEX (-1)

/* The place in an array that a step names, or STEP_NO_INDEX. RFC 6901 section 4: digits without leading zeros; "-", which is
 * the place after the last element, is nowhere. */
int64_t step_index(struct span step);
/* Whether a member's name as sent, between its quotes, says `step`. Takes no memory, so that it cannot fail. */
bool step_names(struct span step, struct span raw_name);

#endif
