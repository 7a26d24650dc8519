/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Pointers, parsed once when a declaration is loaded. */
#include "json/pointer.h"

static bool unescape(struct span step, struct arena *arena, const char *text, struct span *ret_step,
    struct fault *fault)
{
    char *copy = arena_allocate(arena, step.length + 1);
    size_t length = 0;
    if (!copy)
        return fault_memory(fault);
    for (size_t i = 0; i < step.length; i++) {
        char c = step.data[i];
        if (c == '~') {
            char next = i + 1 < step.length ? step.data[i + 1] : '\0';
            if (next != '0' && next != '1')
                return fault_set(fault, FAULT_DECLARATION,
                    "\"%s\" is no JSON Pointer: \"~\" must be written \"~0\"", text);
            c = next == '0' ? '~' : '/';
            i++;
        }
        copy[length++] = c;
    }
    *ret_step = (struct span){copy, length};
    return true;
}

bool json_pointer_parse(
    const char *text, struct arena *arena, struct json_pointer *ret_pointer, struct fault *fault)
{
    struct json_pointer pointer = {.text = arena_copy_text(arena, text)};
    struct span rest = span_of(text);
    if (!pointer.text)
        return fault_memory(fault);
    if (rest.length > 0 && rest.data[0] != '/')
        return fault_set(fault, FAULT_DECLARATION,
            "\"%.200s\" is no JSON Pointer: it must be empty or begin with \"/\"", text);
    if (!span_is_utf8(rest))
        return fault_set(fault, FAULT_DECLARATION, "a JSON Pointer is not UTF-8");
    pointer.steps = arena_allocate_array(arena, JSON_POINTER_DEPTH_MAX, sizeof *pointer.steps);
    if (!pointer.steps)
        return fault_memory(fault);
    while (rest.length > 0) {
        size_t length = 1;
        while (length < rest.length && rest.data[length] != '/')
            length++;
        if (pointer.count == JSON_POINTER_DEPTH_MAX)
            return fault_set(fault, FAULT_DECLARATION, "\"%.200s\" is deeper than %u steps", text,
                JSON_POINTER_DEPTH_MAX);
        if (!unescape((struct span){rest.data + 1, length - 1}, arena, text,
                &pointer.steps[pointer.count++], fault))
            return false;
        rest = (struct span){rest.data + length, rest.length - length};
    }
    *ret_pointer = pointer;
    return true;
}
