/* SPDX-License-Identifier: Apache-2.0 */
/* Many pointers in one pass: a trie of their steps is walked beside the value; members that no pointer names are skipped. */
#include "json/value.h"

#include "base/memory.h"
#include "escape.h"
#include "scan.h"
#include "step.h"

#define POINTERS_MAX 512u
#define NONE         (-1)

struct node {
    struct span name;
    int64_t index;      /* the name as a place in an array; STEP_NO_INDEX */
    int child, sibling; /* places in the array of nodes */
    int output;         /* first pointer that ends here */
};

struct json_projection {
    struct arena *arena;
    struct node *nodes; /* [0] is the root */
    size_t node_count, count;
    int *same; /* for each pointer the next one that ends at the same node, or NONE */
};

static int find_child(const struct json_projection *projection, int node, struct span name)
{
    int at = projection->nodes[node].child;
    while (at != NONE && !span_equal(projection->nodes[at].name, name))
        at = projection->nodes[at].sibling;
    return at;
}

static int add_child(struct json_projection *projection, int node, struct span name)
{
    int at = (int)projection->node_count++;
    struct node *fresh = &projection->nodes[at];
    *fresh = (struct node){.name = arena_copy(projection->arena, name),
        .index = step_index(name),
        .child = NONE,
        .sibling = projection->nodes[node].child,
        .output = NONE};
    projection->nodes[node].child = at;
    return at;
}

static bool add(struct json_projection *projection, const struct json_pointer *pointer, int number)
{
    int at = 0;
    for (size_t i = 0; i < pointer->count; i++) {
        int child = find_child(projection, at, pointer->steps[i]);
        at = child == NONE ? add_child(projection, at, pointer->steps[i]) : child;
        if (!projection->nodes[at].name.data)
            return false;
    }
    projection->same[number] = projection->nodes[at].output;
    projection->nodes[at].output = number;
    return true;
}

bool json_projection_create(const struct json_pointer *pointers, size_t count,
    struct json_projection **ret_projection, struct fault *fault)
{
    size_t steps = 1;
    if (count > POINTERS_MAX)
        return fault_set(fault, FAULT_LIMIT, "more than %u pointers into one item", POINTERS_MAX);
    for (size_t i = 0; i < count; i++)
        steps += pointers[i].count;
    struct json_projection *projection = memory_allocate(sizeof *projection);
    if (!projection || !(projection->arena = arena_create(0)) ||
        !(projection->nodes =
                arena_allocate_array(projection->arena, steps, sizeof *projection->nodes)) ||
        !(projection->same =
                arena_allocate_array(projection->arena, count, sizeof *projection->same))) {
        json_projection_free(projection);
        return fault_memory(fault);
    }
    projection->nodes[0] =
        (struct node){.index = STEP_NO_INDEX, .child = NONE, .sibling = NONE, .output = NONE};
    projection->node_count = 1;
    projection->count = count;
    for (size_t i = 0; i < count; i++)
        if (!add(projection, &pointers[i], (int)i)) {
            json_projection_free(projection);
            return fault_memory(fault);
        }
    *ret_projection = projection;
    return true;
}

void json_projection_free(struct json_projection *projection)
{
    if (!projection)
        return;
    arena_free(projection->arena);
    memory_free(projection);
}

struct walk {
    const struct json_projection *projection;
    struct json_value *values;
};

static void give(const struct walk *walk, int node, struct json_value value)
{
    for (int i = walk->projection->nodes[node].output; i != NONE; i = walk->projection->same[i])
        if (walk->values[i].type == JSON_NONE)
            walk->values[i] = value;
}

static int match_member(const struct json_projection *projection, int node, struct span name)
{
    for (int at = projection->nodes[node].child; at != NONE; at = projection->nodes[at].sibling) {
        const struct node *child = &projection->nodes[at];
        if (child->name.length == name.length &&
            memcmp(child->name.data, name.data, name.length) == 0)
            return at;
    }
    return NONE;
}

/* A name with escapes is rare; it is compared the slow way. */
static int match_escaped(const struct json_projection *projection, int node, struct span raw)
{
    int at = projection->nodes[node].child;
    while (at != NONE && !step_names(projection->nodes[at].name, raw))
        at = projection->nodes[at].sibling;
    return at;
}

static const char *walk_value(const struct walk *walk, int node, const char *at, const char *end);

static const char *walk_object(const struct walk *walk, int node, const char *at, const char *end)
{
    for (at = scan_blank(at + 1, end); at < end && *at == '"'; at = scan_blank(at, end)) {
        const char *name = at + 1, *after = scan_string(name, end);
        struct span raw = {name, after > name ? (size_t)(after - name - 1) : 0};
        at = scan_blank(after, end);
        if (at >= end || *at != ':')
            return end;
        at = scan_blank(at + 1, end);
        int child = escape_is_in(raw) ? match_escaped(walk->projection, node, raw)
                                      : match_member(walk->projection, node, raw);
        at = child == NONE ? scan_value(at, end) : walk_value(walk, child, at, end);
        at = scan_blank(at, end);
        if (at < end && *at == ',')
            at++;
    }
    return at < end ? at + 1 : end;
}

static const char *walk_array(const struct walk *walk, int node, const char *at, const char *end)
{
    int64_t index = 0;
    for (at = scan_blank(at + 1, end); at < end && *at != ']'; at = scan_blank(at, end), index++) {
        const char *from = at;
        int child = walk->projection->nodes[node].child;
        while (child != NONE && walk->projection->nodes[child].index != index)
            child = walk->projection->nodes[child].sibling;
        at = child == NONE ? scan_value(at, end) : walk_value(walk, child, at, end);
        if (at == from)
            return end;
        at = scan_blank(at, end);
        if (at < end && *at == ',')
            at++;
    }
    return at < end ? at + 1 : end;
}

static const char *walk_value(const struct walk *walk, int node, const char *at, const char *end)
{
    const char *from = at;
    bool deeper = walk->projection->nodes[node].child != NONE && at < end;
    if (deeper && *at == '{')
        at = walk_object(walk, node, at, end);
    else if (deeper && *at == '[')
        at = walk_array(walk, node, at, end);
    else
        at = scan_value(at, end);
    if (walk->projection->nodes[node].output != NONE)
        give(walk, node, json_value_of((struct span){from, (size_t)(at - from)}));
    return at;
}

void json_project(
    const struct json_projection *projection, struct span value, struct json_value *ret_values)
{
    const struct walk walk = {projection, ret_values};
    const char *end = value.data + value.length;
    for (size_t i = 0; i < projection->count; i++)
        ret_values[i] = (struct json_value){JSON_NONE, {NULL, 0}};
    if (value.length)
        (void)walk_value(&walk, 0, scan_blank(value.data, end), end);
}
