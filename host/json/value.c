/* SPDX-License-Identifier: Apache-2.0 */
/* Values as spans of the source: type, text, number, elements, one look-up. After the gate;
 * several look-ups: projection.c. */
#include "json/value.h"

#include <string.h>
#include "scan.h"
#include "text.h"
#include "token.h"
#include "type.h"

#define INTEGER_MAX 24u /* bytes of a text that can be a number of 64 bits */

static const struct json_value nothing = {JSON_NONE, {NULL, 0}};

struct json_value json_value_of(struct span text)
{
    text = span_trim(text);
    return text.length ? type_value(text.data, text.data + text.length) : nothing;
}

/* The text of a string that is not plain ASCII. What the gate says of it is asked again: an item
 * with a `why` has sound strings, too, and those must be told apart. */
static bool read_string(
    struct span quoted, struct arena *arena, struct span *ret_text, struct fault *fault)
{
    struct span body = text_body(quoted), run;
    struct token token;
    if (!token_string(body.data, quoted.data + quoted.length, &token) || token.unsound) {
        *ret_text = (struct span){NULL, 0};
        return true;
    }
    if (!token.escaped) {
        *ret_text = body;
        return true;
    }
    char *copy =
        arena_allocate(arena, body.length + 1); /* no escape is shorter than its character */
    if (!copy)
        return fault_memory(fault);
    struct text text = text_begin(body);
    char buffer[TEXT_CHARACTER_MAX];
    size_t length = 0;
    for (; text_next(&text, buffer, &run); length += run.length)
        (void)memcpy(copy + length, run.data, run.length);
    *ret_text = (struct span){copy, length};
    return true;
}

bool json_text(
    struct json_value value, struct arena *arena, struct span *ret_text, struct fault *fault)
{
    struct span body;
    switch (value.type) {
    case JSON_STRING:
        body = text_body(value.bytes);
        if (scan_plain(body.data, body.data + body.length) != body.data + body.length)
            return read_string(value.bytes, arena, ret_text, fault);
        *ret_text = body;
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
    if (value.type == JSON_NUMBER)
        return span_to_int64(value.bytes, ret_number);
    if (value.type != JSON_STRING)
        return false;
    struct text text = text_begin(text_body(value.bytes));
    struct span run;
    char buffer[TEXT_CHARACTER_MAX], digits[INTEGER_MAX];
    size_t length = 0;
    while (text_next(&text, buffer, &run)) {
        if (run.length > sizeof digits - length)
            return false;
        (void)memcpy(digits + length, run.data, run.length);
        length += run.length;
    }
    return span_to_int64((struct span){digits, length}, ret_number);
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
    const char *end = iterator->end, *from = scan_blank(iterator->at, end);
    struct span key = {NULL, 0};
    if (from < end && *from == ',')
        from = scan_blank(from + 1, end);
    const char *to = scan_value(from, end), *next = scan_blank(to, end);
    if (next < end && *next == ':') {
        key = (struct span){from, (size_t)(to - from)};
        from = scan_blank(next + 1, end);
        next = to = scan_value(from, end);
    }
    if (to == from)
        return false;
    iterator->at = next;
    if (ret_key)
        *ret_key = key;
    *ret_value = type_value(from, to);
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

static struct json_value step_into(struct json_value container, struct span step)
{
    struct json_iterator iterator = json_begin(container);
    struct json_value value;
    struct span key;
    size_t index = 0;
    if (container.type == JSON_OBJECT) {
        while (json_next(&iterator, &key, &value))
            if (text_equal(text_body(key), step))
                return value;
    } else if (json_pointer_index(step, &index)) {
        while (json_next(&iterator, NULL, &value))
            if (index-- == 0)
                return value;
    }
    return nothing;
}

struct json_value json_find(struct span text, const struct json_pointer *pointer)
{
    struct json_value value = json_value_of(text);
    for (size_t i = 0; i < pointer->count && value.type != JSON_NONE; i++)
        value = step_into(value, pointer->steps[i]);
    return value;
}
