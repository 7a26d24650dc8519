/* SPDX-License-Identifier: Apache-2.0 */
/* Pointers followed through items as they came, duplicates and all. */
#include "walk.h"

#include <string.h>
#include "declaration/condition.h"
#include "list.h"

struct walking {
    const struct json_pointer *pointer;
    bool dashes;
    struct arena *arena;
    struct walk_hits *hits;
    struct fault *fault;
};

static bool step_is(const struct walking *on, struct span step, struct span key, int64_t index)
{
    int64_t number;
    if (key.data)
        return json_text_equal((struct json_value){JSON_STRING, key}, step);
    if (on->dashes && span_equal(step, SPAN("-")))
        return true;
    return span_to_int64(step, &number) && number == index;
}

static bool walk(struct walking *on, struct json_value value, size_t depth)
{
    struct json_iterator children;
    struct json_value child;
    struct span key = {NULL, 0};
    if (depth == on->pointer->count) {
        struct walk_hits *hits = on->hits;
        if (!list_grow(on->arena, &hits->values, sizeof *hits->values, hits->count, &hits->capacity,
                on->fault))
            return false;
        hits->values[hits->count++] = value;
        return true;
    }
    if (value.type != JSON_ARRAY && value.type != JSON_OBJECT)
        return true;
    children = json_begin(value);
    for (int64_t index = 0; json_next(&children, &key, &child); index++) {
        struct span name = value.type == JSON_OBJECT ? key : (struct span){NULL, 0};
        if (step_is(on, on->pointer->steps[depth], name, index) && !walk(on, child, depth + 1))
            return false;
    }
    return true;
}

bool walk_find(struct json_value in, const struct json_pointer *pointer, bool dashes,
    struct arena *arena, struct walk_hits *hits, struct fault *fault)
{
    struct walking on = {pointer, dashes, arena, hits, fault};
    return walk(&on, in, 0);
}

bool walk_append_step(struct bytes *into, struct span name, struct fault *fault)
{
    if (!bytes_append_char(into, '/', fault))
        return false;
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (!(c == '~'     ? bytes_append_text(into, "~0", fault)
                : c == '/' ? bytes_append_text(into, "~1", fault)
                           : bytes_append_char(into, c, fault)))
            return false;
    }
    return true;
}

static bool holds(struct span span, const char *at)
{
    return span.data && at >= span.data && at < span.data + span.length;
}

/* Appends the step to the child that `at` lies in and gives that child; JSON_NONE where there is
 * none. */
static bool descend(struct json_value *value, const char *at, struct arena *arena,
    struct bytes *pointer, struct fault *fault)
{
    struct json_iterator children = json_begin(*value);
    struct json_value child;
    struct span key = {NULL, 0}, name;
    bool object = value->type == JSON_OBJECT;
    value->type = value->type == JSON_OBJECT || value->type == JSON_ARRAY ? value->type : JSON_NONE;
    if (value->type == JSON_NONE)
        return true;
    value->type = JSON_NONE;
    for (int64_t index = 0; json_next(&children, &key, &child); index++) {
        if (!holds(child.bytes, at) && !(object && holds(key, at)))
            continue;
        if (!object)
            return bytes_format(pointer, fault, "/%lld", (long long)index) &&
                   (*value = child, true);
        if (!json_text((struct json_value){JSON_STRING, key}, arena, &name, fault))
            return false;
        if (!name.data || memchr(name.data, '\0', name.length) || !span_is_utf8(name))
            return true; /* the name itself is the trouble: its parent is as near as a text can say
                          */
        if (!walk_append_step(pointer, name, fault))
            return false;
        if (holds(child.bytes, at))
            *value = child;
        return true;
    }
    return true;
}

bool walk_locate(struct span item, const char *at, struct arena *arena, const char **ret_pointer,
    struct fault *fault)
{
    AUTO_BYTES pointer = {0};
    struct json_value value = json_value_of(item);
    while (value.type != JSON_NONE)
        if (!descend(&value, at, arena, &pointer, fault))
            return false;
    *ret_pointer = arena_copy(arena, bytes_span(&pointer)).data;
    return *ret_pointer || fault_memory(fault);
}
