/* SPDX-License-Identifier: Apache-2.0 */
/* Incremental streams: the changed time or counter of an item, as the bound that a later request
 * may carry. Loose listings: when an item joined. */
#include <string.h>
#include "compile.h"
#include "convert.h"
#include "walk.h"

static bool order_of(
    const struct muster_incremental *declared, struct span text, int64_t *ret_order)
{
    if (declared->format == MUSTER_TIME_COUNTER)
        return span_to_int64(text, ret_order);
    return convert_time(declared->format, text, ret_order) == CONVERT_OK;
}

bool mapper_bound(const struct mapper *mapper, struct span item, struct arena *arena,
    struct span *ret_bound, int64_t *ret_order)
{
    if (mapper->bound.space == SLOT_NONE)
        return false;
    return bound_of_value(
        mapper, json_find(item, &mapper->bound_pointer), arena, ret_bound, ret_order);
}

bool bound_of_value(const struct mapper *mapper, struct json_value value, struct arena *arena,
    struct span *ret_bound, int64_t *ret_order)
{
    const struct muster_incremental *declared = &mapper->stream->incremental;
    char bound[CONVERT_BOUND_MAX];
    struct span text;
    struct fault ignored; /* no memory: no bound, and the bookmark stays where it is */
    int64_t order = 0;
    if ((value.type != JSON_STRING && value.type != JSON_NUMBER) ||
        !json_text(value, arena, &text, &ignored) || text.length == 0)
        return false;
    if (declared->format != MUSTER_TIME_OPAQUE) {
        if (!order_of(declared, text, &order) ||
            !convert_bound(declared->format, declared->granularity_s, order, bound))
            return false;
        text = arena_copy(arena, span_of(bound));
        if (!text.data)
            return false;
    }
    *ret_bound = text;
    *ret_order = order;
    return true;
}

int64_t mapper_joined_ms(
    const struct mapper *mapper, const struct json_item *item, struct arena *arena)
{
    const struct muster_joined *declared = &mapper->stream->joined;
    struct walk_hits hits = {0};
    struct span text;
    struct fault ignored; /* no memory: not known */
    int64_t wall_ms;
    if (!declared->field)
        return INT64_MAX;
    struct json_value whole = json_value_of(item->bytes);
    if (item->why && (!walk_find(whole, &mapper->joined_pointer, false, arena, &hits, &ignored) ||
                         hits.count != 1))
        return INT64_MAX; /* said twice, it is not said */
    struct json_value value = json_find(item->bytes, &mapper->joined_pointer);
    if ((value.type != JSON_STRING && value.type != JSON_NUMBER) ||
        !json_text(value, arena, &text, &ignored) ||
        convert_time(declared->format, text, &wall_ms) != CONVERT_OK)
        return INT64_MAX;
    return wall_ms;
}
