/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: parsed once into pieces, each a literal with the name that follows it. */
#include "declaration/template.h"

#include <string.h>
#include "base/ascii.h"

static bool is_name(struct span name)
{
    if (name.length == 0 || !ascii_is_lower(name.data[0]))
        return false;
    for (size_t i = 1; i < name.length; i++) {
        char c = name.data[i];
        if (!ascii_is_lower(c) && !ascii_is_digit(c) && c != '_' && c != '.')
            return false;
    }
    return true;
}

/* Copies text up to the next name or the end, with braces unescaped. Advances *at; false for an
 * unpaired brace. */
static bool take_literal(
    const char **at, char *into, size_t *ret_length, const char *text, struct fault *fault)
{
    size_t length = 0;
    const char *from = *at;
    while (*from && (*from != '{' || from[1] == '{')) {
        if (*from == '}' && from[1] != '}')
            return fault_set(fault, FAULT_DECLARATION,
                "\"%.100s\" has a \"}\" without its \"{\" at byte %zu; write \"}}\" for a brace",
                text, (size_t)(from - text));
        if (*from == '{' || *from == '}')
            from++;
        into[length++] = *from++;
    }
    into[length] = '\0';
    *at = from;
    *ret_length = length;
    return true;
}

static bool take_name(const char **at, struct span *ret_name, const char *text, struct fault *fault)
{
    const char *begin = *at + 1;
    const char *end = strchr(begin, '}');
    if (!end)
        return fault_set(fault, FAULT_DECLARATION,
            "\"%.100s\" has a \"{\" without its \"}\" at byte %zu; write \"{{\" for a brace", text,
            (size_t)(*at - text));
    struct span name = {begin, (size_t)(end - begin)};
    if (!is_name(name))
        return fault_set(fault, FAULT_DECLARATION,
            "\"%.100s\" names {%.*s}; a name is [a-z][a-z0-9_.]*, and \"{{\" is a brace", text,
            (int)(name.length < 64 ? name.length : 64), name.data);
    *ret_name = name;
    *at = end + 1;
    return true;
}

bool template_parse(
    const char *text, struct arena *arena, struct template *ret_template, struct fault *fault)
{
    size_t size = text ? strlen(text) : 0, names = 0;
    for (size_t i = 0; i < size; i++)
        names += text[i] == '{';
    struct template_piece *pieces = arena_allocate_array(arena, names + 1, sizeof *pieces);
    char *literal = arena_allocate(arena, size + names + 2); /* all literals, each with a NUL */
    if (!pieces || !literal)
        return fault_memory(fault);
    size_t count = 0, length = 0;
    for (const char *at = text; at && *at; count++, literal += length + 1) {
        if (!take_literal(&at, literal, &length, text, fault))
            return false;
        pieces[count].literal = (struct span){literal, length};
        if (!*at)
            continue;
        struct span name = {NULL, 0};
        if (!take_name(&at, &name, text, fault))
            return false;
        pieces[count].name = arena_copy(arena, name);
        if (!pieces[count].name.data)
            return fault_memory(fault);
    }
    *ret_template = (struct template){pieces, count};
    return true;
}

bool template_expand(const struct template *template, template_lookup *lookup, void *context,
    bool percent, struct bytes *into, bool *ret_complete, struct fault *fault)
{
    size_t before = into->length;
    for (size_t i = 0; i < template->count; i++) {
        const struct template_piece *piece = &template->pieces[i];
        struct span value;
        if (!bytes_append(into, piece->literal, fault))
            return false;
        if (!piece->name.data)
            continue;
        if (!lookup(context, piece->name, &value)) {
            into->length = before;
            if (into->data)
                into->data[before] = '\0';
            *ret_complete = false;
            return true;
        }
        if (!(percent ? bytes_append_percent(into, value, fault)
                      : bytes_append(into, value, fault)))
            return false;
    }
    *ret_complete = true;
    return true;
}
