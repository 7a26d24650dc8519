/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of pointers, compared with names and places. */
#include "step.h"

#include <string.h>
#include "escape.h"

int64_t step_index(struct span step)
{
    int64_t index;
    if (step.length == 0 || step.data[0] == '-' || (step.data[0] == '0' && step.length > 1))
        return STEP_NO_INDEX;
    return span_to_int64(step, &index) ? index : STEP_NO_INDEX;
}

bool step_names(struct span step, struct span raw_name)
{
    const char *at = raw_name.data, *end = raw_name.data + raw_name.length;
    size_t done = 0;
    if (!escape_is_in(raw_name))
        return span_equal(raw_name, step);
    while (at < end) {
        char piece[ESCAPE_UTF8_MAX] = {*at};
        size_t length = 1;
        if (*at++ == '\\')
            length = escape_read(&at, end, piece);
        if (step.length - done < length || memcmp(step.data + done, piece, length) != 0)
            return false;
        done += length;
    }
    return done == step.length;
}
