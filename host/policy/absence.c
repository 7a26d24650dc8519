/* SPDX-License-Identifier: Apache-2.0 */
/* The absence guard: when not to believe a listing that shows less than before. */
#include "policy/absence.h"

#include <assert.h>
#include <stddef.h>

/* missing > present * percent / 100: the hundreds first, then what is left of them, so that no
 * product overflows. */
static bool is_above_share(int64_t missing, int64_t present, int64_t percent)
{
    int64_t above = missing - present / 100 * percent;
    if (above <= 0 || above > percent)
        return above > 0;
    return above * 100 > present % 100 * percent;
}

static bool is_above(const struct absence_facts *facts, int64_t missing, int64_t present)
{
    return missing > facts->most && is_above_share(missing, present, facts->percent);
}

const char *absence_hold(const struct absence_facts *facts)
{
    assert(facts->missing >= 0 && facts->present >= 0 && facts->missing_elsewhere >= 0);
    if (facts->missing == 0)
        return NULL;
    if (is_above(facts, facts->missing, facts->present))
        return "more objects missing at once than the guard lets pass";
    if (facts->child &&
        is_above(facts, facts->missing_elsewhere + facts->missing, facts->present_in_all))
        return "more objects missing in all listings of the stream than the guard lets pass";
    if (facts->empty && !facts->child)
        return "the listing is empty and was not before";
    return NULL;
}
