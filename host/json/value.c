/* SPDX-License-Identifier: Apache-2.0 */
/* Values as spans of the source: type, text, number, elements. */
#include "json/value.h"

#include "escape.h"
#include "scan.h"
#include "step.h"

struct json_value json_value_of(struct span text)
{
    static const enum json_type types[256] = {['n'] = JSON_NULL,
        ['f'] = JSON_FALSE,
        ['t'] = JSON_TRUE,
        ['"'] = JSON_STRING,
        ['['] = JSON_ARRAY,
        ['{'] = JSON_OBJECT,
        ['-'] = JSON_NUMBER,
        ['0'] = JSON_NUMBER,
        ['1'] = JSON_NUMBER,
        ['2'] = JSON_NUMBER,
        ['3'] = JSON_NUMBER,
        ['4'] = JSON_NUMBER,
        ['5'] = JSON_NUMBER,
        ['6'] = JSON_NUMBER,
        ['7'] = JSON_NUMBER,
        ['8'] = JSON_NUMBER,
        ['9'] = JSON_NUMBER};
    text = span_trim(text);
    return text.length ? (struct json_value){types[(unsigned char)text.data[0]], text}
                       : (struct json_value){JSON_NONE, {NULL, 0}};
}

static bool unescape(
    struct span raw, struct arena *arena, struct span *ret_text, struct fault *fault)
{
    char *copy = arena_allocate(arena, raw.length + ESCAPE_UTF8_MAX);
    if (!copy)
        return fault_memory(fault);
    *ret_text = (struct span){copy, escape_undo(raw, copy)};
    return true;
}

bool json_text(
    struct json_value value, struct arena *arena, struct span *ret_text, struct fault *fault)
{
    struct span raw = escape_inside(value.bytes);
    switch (value.type) {
    case JSON_STRING:
        if (escape_is_in(raw))
            return unescape(raw, arena, ret_text, fault);
        *ret_text = raw;
        return true;
    case JSON_NUMBER:
    case JSON_TRUE:
    case JSON_FALSE:
        *ret_text = value.bytes;
        return true;
    case JSON_NONE:
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    *ret_text = (struct span){NULL, 0};
    return true;
}

bool json_integer(struct json_value value, int64_t *ret_number)
{
    if (value.type == JSON_STRING)
        return span_to_int64(escape_inside(value.bytes), ret_number);
    return value.type == JSON_NUMBER && span_to_int64(value.bytes, ret_number);
}

struct json_iterator json_begin(struct json_value container)
{
    if ((container.type != JSON_ARRAY && container.type != JSON_OBJECT) ||
        container.bytes.length < 2)
        return (struct json_iterator){NULL, NULL};
    return (struct json_iterator){
        container.bytes.data + 1, container.bytes.data + container.bytes.length - 1};
}

bool json_next(struct json_iterator *iterator, struct span *ret_key, struct json_value *ret_value)
{
    const char *end = iterator->end, *at = scan_blank(iterator->at, end);
    struct span key = {NULL, 0};
    if (at < end && *at == ',')
        at = scan_blank(at + 1, end);
    if (at >= end)
        return false;
    const char *from = at;
    at = scan_value(at, end);
    const char *after = scan_blank(at, end);
    if (*from == '"' && after < end && *after == ':') {
        key = (struct span){from, (size_t)(at - from)};
        from = scan_blank(after + 1, end);
        at = scan_value(from, end);
    }
    if (at == from)
        return false; /* no sound text: never stand still */
    iterator->at = at;
    if (ret_key)
        *ret_key = key;
    *ret_value = json_value_of((struct span){from, (size_t)(at - from)});
    return true;
}

size_t json_count(struct json_value container)
{
    struct json_iterator iterator = json_begin(container);
    struct json_value value;
    size_t count = 0;
    while (json_next(&iterator, NULL, &value))
        count++;
    return count;
}

static struct json_value step_into(struct json_value value, struct span step)
{
    struct json_iterator iterator = json_begin(value);
    struct json_value member;
    struct span key;
    int64_t index = value.type == JSON_ARRAY ? step_index(step) : STEP_NO_INDEX;
    if (value.type == JSON_ARRAY && index == STEP_NO_INDEX)
        return (struct json_value){JSON_NONE, {NULL, 0}};
    while (json_next(&iterator, &key, &member)) {
        if (value.type == JSON_ARRAY ? index-- == 0 : step_names(step, escape_inside(key)))
            return member;
    }
    return (struct json_value){JSON_NONE, {NULL, 0}};
}

struct json_value json_find(struct span text, const struct json_pointer *pointer)
{
    struct json_value value = json_value_of(text);
    for (size_t i = 0; i < pointer->count && value.type != JSON_NONE; i++)
        value = step_into(value, pointer->steps[i]);
    return value;
}
