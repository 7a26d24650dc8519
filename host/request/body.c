/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON body of a request as a tree of members, set by name or by pointer and written once. */
#include "build.h"

#include "json/gate.h"
#include "json/value.h"

/* A member: raw JSON, or an object of further members. */
struct body_node {
    struct span name; /* nothing: the root */
    struct span raw;  /* nothing: an object */
    struct body_node *first, *next;
};

static struct body_node *add_child(struct build *build, struct body_node *node, struct span name)
{
    struct body_node **last = &node->first;
    struct body_node *child = arena_allocate(build->arena, sizeof *child);
    if (!child)
        return NULL;
    child->name = name;
    while (*last)
        last = &(*last)->next;
    *last = child;
    return child;
}

/* Raw JSON text that is an object becomes members, so that a pointer can lead into it. */
static bool open_raw(struct build *build, struct body_node *node)
{
    struct json_value value = json_value_of(node->raw), member;
    struct json_iterator iterator = json_begin(value);
    struct span key, name;
    if (value.type != JSON_OBJECT)
        return fault_set(build->fault, FAULT_DECLARATION,
            "a body pointer leads into \"%.*s\", which is no object",
            (int)(node->name.length < 64 ? node->name.length : 64), node->name.data);
    node->raw = (struct span){NULL, 0};
    while (json_next(&iterator, &key, &member)) {
        if (!json_text(json_value_of(key), build->arena, &name, build->fault))
            return false;
        struct body_node *child = add_child(build, node, name);
        if (!child)
            return fault_memory(build->fault);
        child->raw = member.bytes;
    }
    return true;
}

static struct body_node *step_into(struct build *build, struct body_node *node, struct span name)
{
    if (node->raw.data && !open_raw(build, node))
        return NULL;
    for (struct body_node *child = node->first; child; child = child->next)
        if (span_equal(child->name, name))
            return child;
    struct body_node *child = add_child(build, node, name);
    if (!child)
        (void)fault_memory(build->fault);
    return child;
}

static bool check_json(struct build *build, struct span name, struct span *json)
{
    struct json_gate_options options = {
        0}; /* the declaration's own text: nobody crafts collisions */
    struct json_page page;
    if (!json_gate(*json, &options, build->arena, &page, build->fault)) {
        build->fault->code = build->fault->code == FAULT_MEMORY ? FAULT_MEMORY : FAULT_DECLARATION;
        return fault_prefix(build->fault, "the body's \"%.*s\" is not JSON",
            (int)(name.length < 64 ? name.length : 64), name.data);
    }
    *json = page.value;
    return true;
}

bool body_set(struct build *build, struct span name, struct span json)
{
    struct json_pointer pointer = {.steps = &name, .count = 1};
    if (!build->json && !(build->json = arena_allocate(build->arena, sizeof *build->json)))
        return fault_memory(build->fault);
    if (!check_json(build, name, &json))
        return false;
    if (name.length > 0 && name.data[0] == '/') {
        struct span text = arena_copy(build->arena, name);
        if (!text.data)
            return fault_memory(build->fault);
        if (!json_pointer_parse(text.data, build->arena, &pointer, build->fault))
            return false;
    }
    struct body_node *node = build->json;
    for (size_t i = 0; i < pointer.count; i++)
        if (!(node = step_into(build, node, pointer.steps[i])))
            return false;
    node->first = NULL;
    node->raw = json;
    return true;
}

/* Depth is bounded: by the pointers' steps, and by the gate in raw text. */
static bool write_object(const struct body_node *node, struct bytes *into, struct fault *fault)
{
    if (!bytes_append_char(into, '{', fault))
        return false;
    for (const struct body_node *child = node->first; child; child = child->next) {
        if ((child != node->first && !bytes_append_char(into, ',', fault)) ||
            !bytes_append_json(into, child->name, fault) || !bytes_append_char(into, ':', fault))
            return false;
        if (!(child->raw.data ? bytes_append(into, child->raw, fault)
                              : write_object(child, into, fault)))
            return false;
    }
    return bytes_append_char(into, '}', fault);
}

bool body_write(const struct body_node *root, struct bytes *into, struct fault *fault)
{
    return root ? write_object(root, into, fault) : bytes_append_text(into, "{}", fault);
}
