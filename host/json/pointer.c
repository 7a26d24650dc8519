/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Pointers, parsed once when a declaration is loaded. */
#include "json/pointer.h"

#define SHOWN_MAX 200u /* bytes of a pointer in a sentence about it */

/* As much of the text as a sentence has room for, cut between characters. */
static struct span shown(struct span text)
{
    size_t length = text.length < SHOWN_MAX ? text.length : SHOWN_MAX;
    while (length < text.length && ((unsigned char)text.data[length] & 0xC0) == 0x80)
        length--;
    return (struct span){text.data, length};
}

static bool unescape(struct span step, struct arena *arena, struct span text, struct span *ret_step,
    struct fault *fault)
{
    char *copy = arena_allocate(arena, step.length + 1);
    size_t length = 0;
    if (!copy)
        return fault_memory(fault);
    for (size_t i = 0; i < step.length; i++) {
        char c = step.data[i];
        if (c == '~') {
            char next = '\0';
            if (i + 1 < step.length)
                next = step.data[i + 1];
            if (next != '0' && next != '1')
                return fault_set(fault, FAULT_DECLARATION,
                    "\"%.*s\" is no JSON Pointer: \"~\" must be written \"~0\"",
                    SPAN_FORMAT(shown(text)));
            c = (char)(next == '0' ? '~' : '/');
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
    const struct span whole = span_of(text);
    struct span rest = whole;
    if (!pointer.text)
        return fault_memory(fault);
    if (!span_is_utf8(rest))
        return fault_set(fault, FAULT_DECLARATION, "a JSON Pointer is not UTF-8");
    if (rest.length > 0 && rest.data[0] != '/')
        return fault_set(fault, FAULT_DECLARATION,
            "\"%.*s\" is no JSON Pointer: it must be empty or begin with \"/\"",
            SPAN_FORMAT(shown(rest)));
    pointer.steps = arena_allocate_array(arena, JSON_POINTER_DEPTH_MAX, sizeof *pointer.steps);
    if (!pointer.steps)
        return fault_memory(fault);
    while (rest.length > 0) {
        size_t length = 1;
        while (length < rest.length && rest.data[length] != '/')
            length++;
        if (pointer.count == JSON_POINTER_DEPTH_MAX)
            return fault_set(fault, FAULT_DECLARATION, "\"%.*s\" is deeper than %u steps",
                SPAN_FORMAT(shown(whole)), JSON_POINTER_DEPTH_MAX);
        if (!unescape((struct span){rest.data + 1, length - 1}, arena, whole,
                &pointer.steps[pointer.count++], fault))
            return false;
        rest = (struct span){rest.data + length, rest.length - length};
    }
    *ret_pointer = pointer;
    return true;
}
