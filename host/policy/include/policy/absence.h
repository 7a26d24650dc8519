/* SPDX-License-Identifier: Apache-2.0 */
/* The absence guard (DESIGN section 6): whether what one listing would take away must wait for a
 * person. Pure; the store asks it, with the bounds of the policy that the run began with. */
#ifndef MUSTER_POLICY_ABSENCE_H
#define MUSTER_POLICY_ABSENCE_H

#include <stdbool.h>
#include <stdint.h>

struct absence_facts {
    int64_t missing; /* that would go missing now */
    int64_t present; /* that were there before; with `missing` of it */
    bool empty;      /* the listing named nothing at all */
    bool child;      /* the listing of one parent object: such a one may run empty */
    /* Of the stream's other listings, where there are several: what they would take away in this
     * run, or want to since an earlier one, and what was there before in all of them. */
    int64_t missing_elsewhere, present_in_all;
    int64_t most, percent; /* policy absence_most, absence_percent */
};

/* Why it is held: a static sentence, as `muster hold list` shows it; NULL: it may be concluded.
 * Held is what is more than `most` and more than `percent` of `present`, exactly and without
 * overflow; likewise of all the listings together, so that a loss that is spread over many of them
 * does not pass bit by bit; and an empty listing of what was not empty before (fault 77), unless it
 * is a child's. */
const char *absence_hold(const struct absence_facts *facts);

#endif
