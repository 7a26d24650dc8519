/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Pointers, compiled once when a declaration is loaded. */
#include "json/pointer.h"

#include <assert.h>
#include <string.h>

#define QUOTE_MAX 200u /* bytes of a pointer that a sentence repeats */

/* As much of a text as a sentence repeats, without a character that is cut. */
static struct span quote(struct span text)
{
    if (text.length <= QUOTE_MAX)
        return text;
    text.length = QUOTE_MAX;
    while (text.length > 0 && ((unsigned char)text.data[text.length] & 0xC0) == 0x80)
        text.length--;
    return text;
}

/* One step without its "/", into `steps` and the text behind it. */
static bool unescape(
    struct span step, struct span whole, char *into, struct span *ret_step, struct fault *fault)
{
    size_t length = 0;
    for (size_t i = 0; i < step.length; i++) {
        char c = step.data[i];
        if (c == '~') {
            if (++i == step.length || (step.data[i] != '0' && step.data[i] != '1'))
                return fault_set(fault, FAULT_DECLARATION,
                    "\"%.*s\" is no JSON Pointer: \"~\" stands only in \"~0\" (for ~) and "
                    "\"~1\" (for /)",
                    SPAN_FORMAT(quote(whole)));
            if (step.data[i] == '1')
                c = '/';
        }
        into[length++] = c;
    }
    *ret_step = (struct span){into, length};
    return true;
}

static bool count_steps(struct span whole, size_t *ret_count, struct fault *fault)
{
    size_t count = 0;
    if (!span_is_utf8(whole))
        return fault_set(fault, FAULT_DECLARATION, "a JSON Pointer is not UTF-8");
    if (whole.length > 0 && whole.data[0] != '/')
        return fault_set(fault, FAULT_DECLARATION,
            "\"%.*s\" is no JSON Pointer: it must be empty or begin with \"/\"",
            SPAN_FORMAT(quote(whole)));
    for (size_t i = 0; i < whole.length; i++)
        count += whole.data[i] == '/';
    if (count > JSON_POINTER_DEPTH_MAX)
        return fault_set(fault, FAULT_DECLARATION, "\"%.*s\" has more than %u steps",
            SPAN_FORMAT(quote(whole)), JSON_POINTER_DEPTH_MAX);
    *ret_count = count;
    return true;
}

bool json_pointer_parse(
    const char *text, struct arena *arena, struct json_pointer *ret_pointer, struct fault *fault)
{
    assert(text);
    struct span whole = span_of(text);
    struct json_pointer pointer = {.text = NULL};
    if (!count_steps(whole, &pointer.count, fault))
        return false;
    pointer.text = arena_copy_text(arena, text);
    pointer.steps = arena_allocate_array(arena, pointer.count, sizeof *pointer.steps);
    char *plain = arena_allocate(arena, whole.length + 1);
    if (!pointer.text || !pointer.steps || !plain)
        return fault_memory(fault);
    const char *at = text;
    for (size_t i = 0; i < pointer.count; i++) {
        const char *from = at + 1;
        at = strchrnul(from, '/');
        if (!unescape(
                (struct span){from, (size_t)(at - from)}, whole, plain, &pointer.steps[i], fault))
            return false;
        plain += pointer.steps[i].length;
    }
    *ret_pointer = pointer;
    return true;
}

bool json_pointer_index(struct span step, size_t *ret_index)
{
    size_t index = 0;
    if (step.length == 0 || (step.data[0] == '0' && step.length > 1))
        return false;
    for (size_t i = 0; i < step.length; i++) {
        unsigned digit = (unsigned char)(step.data[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(index, 10, &index) ||
            __builtin_add_overflow(index, digit, &index))
            return false;
    }
    *ret_index = index;
    return true;
}
