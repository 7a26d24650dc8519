/* SPDX-License-Identifier: Apache-2.0 */
/* Many pointers in one pass: a trie of their steps is walked beside the value, and what no
 * pointer names is passed over. */
#include "json/value.h"

#include <string.h>
#include "base/memory.h"
#include "scan.h"
#include "text.h"
#include "type.h"

#define POINTERS_MAX 512u
#define NO_INDEX     SIZE_MAX

/* One step of one or several pointers. Places in lists are numbers from 1; 0 is none. */
struct node {
    struct span name;
    size_t index;         /* the name read as an index; NO_INDEX */
    uint16_t child;       /* its first child */
    uint16_t sibling;     /* the next child of its parent */
    uint16_t chain;       /* the next one in its bucket */
    uint16_t output;      /* the first pointer that ends here */
    uint32_t buckets;     /* its children by name: where in `buckets` they begin, */
    uint32_t bucket_mask; /* and how many there are, less one */
};

struct json_projection {
    struct arena *arena;
    struct node *nodes; /* [0] is none, [1] the root */
    size_t node_count;
    uint16_t *same; /* for each pointer, from 1, the next one that ends at its node */
    uint16_t *buckets;
    size_t count, ends; /* pointers, and nodes where some end */
};

#define ROOT 1u

/* The names are the operator's and few, so that a crude spread does. */
static inline size_t bucket_of(const struct node *node, struct span name)
{
    size_t spread = name.length;
    if (name.length > 0)
        spread += 5u * (unsigned char)name.data[0] +
                  3u * (unsigned char)name.data[name.length - 1] +
                  (unsigned char)name.data[name.length / 2];
    return node->buckets + (spread & node->bucket_mask);
}

static uint16_t find_child(
    const struct json_projection *projection, uint16_t node, struct span name)
{
    uint16_t at = projection->nodes[node].child;
    while (at != 0 && !span_equal(projection->nodes[at].name, name))
        at = projection->nodes[at].sibling;
    return at;
}

static uint16_t add_child(struct json_projection *projection, uint16_t parent, struct span name)
{
    uint16_t number = (uint16_t)++projection->node_count;
    struct node *node = &projection->nodes[number];
    node->name = arena_copy(projection->arena, name);
    if (!node->name.data)
        return 0;
    if (!json_pointer_index(name, &node->index))
        node->index = NO_INDEX;
    node->sibling = projection->nodes[parent].child;
    projection->nodes[parent].child = number;
    return number;
}

static bool add_pointer(
    struct json_projection *projection, const struct json_pointer *pointer, uint16_t number)
{
    uint16_t at = ROOT;
    for (size_t i = 0; i < pointer->count; i++) {
        uint16_t child = find_child(projection, at, pointer->steps[i]);
        at = child ? child : add_child(projection, at, pointer->steps[i]);
        if (at == 0)
            return false;
    }
    struct node *node = &projection->nodes[at];
    projection->ends += node->output == 0;
    projection->same[number] = node->output;
    node->output = number;
    return true;
}

static size_t count_children(const struct json_projection *projection, const struct node *node)
{
    size_t count = 0;
    for (uint16_t at = node->child; at != 0; at = projection->nodes[at].sibling)
        count++;
    return count;
}

/* Twice as many buckets as children or more, so that most names are told by their bucket. */
static bool add_buckets(struct json_projection *projection)
{
    size_t all = 0;
    for (size_t i = ROOT; i <= projection->node_count; i++) {
        struct node *node = &projection->nodes[i];
        size_t size = 1, children = count_children(projection, node);
        while (size < 2 * children)
            size *= 2;
        node->buckets = (uint32_t)all;
        node->bucket_mask = (uint32_t)(size - 1);
        all += size;
    }
    projection->buckets = arena_allocate_array(projection->arena, all, sizeof *projection->buckets);
    if (!projection->buckets)
        return false;
    for (size_t i = ROOT; i <= projection->node_count; i++)
        for (uint16_t at = projection->nodes[i].child; at != 0;
             at = projection->nodes[at].sibling) {
            uint16_t *bucket =
                &projection->buckets[bucket_of(&projection->nodes[i], projection->nodes[at].name)];
            projection->nodes[at].chain = *bucket;
            *bucket = at;
        }
    return true;
}

static bool build(
    struct json_projection *projection, const struct json_pointer *pointers, size_t count)
{
    size_t steps = ROOT + 1;
    for (size_t i = 0; i < count; i++)
        steps += pointers[i].count;
    projection->arena = arena_create(0);
    if (!projection->arena)
        return false;
    projection->nodes = arena_allocate_array(projection->arena, steps, sizeof *projection->nodes);
    projection->same = arena_allocate_array(projection->arena, count + 1, sizeof *projection->same);
    if (!projection->nodes || !projection->same)
        return false;
    projection->count = count;
    projection->node_count = ROOT;
    for (size_t i = 0; i < count; i++)
        if (!add_pointer(projection, &pointers[i], (uint16_t)(i + 1)))
            return false;
    return add_buckets(projection);
}

bool json_projection_create(const struct json_pointer *pointers, size_t count,
    struct json_projection **ret_projection, struct fault *fault)
{
    _Static_assert(POINTERS_MAX * JSON_POINTER_DEPTH_MAX + ROOT < UINT16_MAX, "node numbers");
    if (count > POINTERS_MAX)
        return fault_set(fault, FAULT_LIMIT,
            "%zu pointers into one value; %u are the most, leave some fields out", count,
            POINTERS_MAX);
    struct json_projection *projection = memory_allocate(sizeof *projection);
    if (!projection || !build(projection, pointers, count)) {
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

/* ---- The pass ----------------------------------------------------------------------------- */

struct walk {
    const struct json_projection *projection;
    struct json_value *values;
    size_t
        missing; /* ends of pointers that were not met yet; the pass is over when there are none */
    const char *end;
};

static void give(struct walk *walk, const struct node *node, struct json_value value)
{
    uint16_t number = node->output;
    if (number == 0 || walk->values[number - 1].type != JSON_NONE)
        return;
    walk->missing--;
    for (; number != 0; number = walk->projection->same[number])
        walk->values[number - 1] = value;
}

static const struct node *match_name(
    const struct walk *walk, const struct node *node, struct span body)
{
    const struct node *nodes = walk->projection->nodes;
    uint16_t at = walk->projection->buckets[bucket_of(node, body)];
    for (; at != 0; at = nodes[at].chain)
        if (nodes[at].name.length == body.length &&
            memcmp(nodes[at].name.data, body.data, body.length) == 0)
            return &nodes[at];
    return NULL;
}

/* A name with escapes may be any of the children's. */
static const struct node *match_escaped(
    const struct walk *walk, const struct node *node, struct span body)
{
    const struct node *nodes = walk->projection->nodes;
    for (uint16_t at = node->child; at != 0; at = nodes[at].sibling)
        if (text_equal(body, nodes[at].name))
            return &nodes[at];
    return NULL;
}

static const struct node *match_index(
    const struct walk *walk, const struct node *node, size_t index)
{
    const struct node *nodes = walk->projection->nodes;
    for (uint16_t at = node->child; at != 0; at = nodes[at].sibling)
        if (nodes[at].index == index)
            return &nodes[at];
    return NULL;
}

static const char *walk_value(struct walk *walk, const struct node *node, const char *at);

/* A member's or element's value, and the comma behind it. */
static const char *walk_inner(struct walk *walk, const struct node *child, const char *at)
{
    at = child ? walk_value(walk, child, at) : scan_value(at, walk->end);
    at = scan_blank(at, walk->end);
    return at < walk->end && *at == ',' ? scan_blank(at + 1, walk->end) : at;
}

static const char *walk_object(struct walk *walk, const struct node *node, const char *at)
{
    const char *end = walk->end;
    at = scan_blank(at + 1, end);
    while (at < end && *at == '"' && walk->missing > 0) {
        const char *from = at + 1, *to = scan_quote(from, end);
        bool escaped = to < end && *to == '\\';
        if (escaped)
            to = scan_string(to, end);
        if (to == end)
            return end;
        struct span body = {from, (size_t)(to - from)};
        at = scan_blank(to + 1, end);
        if (at == end || *at != ':')
            return end;
        at = walk_inner(walk,
            escaped ? match_escaped(walk, node, body) : match_name(walk, node, body),
            scan_blank(at + 1, end));
    }
    return at < end && *at == '}' ? at + 1 : end;
}

static const char *walk_array(struct walk *walk, const struct node *node, const char *at)
{
    const char *end = walk->end;
    at = scan_blank(at + 1, end);
    for (size_t index = 0; at < end && *at != ']' && walk->missing > 0; index++) {
        const char *from = at;
        at = walk_inner(walk, match_index(walk, node, index), at);
        if (at == from)
            return end;
    }
    return at < end && *at == ']' ? at + 1 : end;
}

/* The calls nest as deep as the pointers. */
static const char *walk_value(struct walk *walk, const struct node *node, const char *at)
{
    const char *from = at;
    if (at == walk->end)
        return at;
    if (node->child && *at == '{')
        at = walk_object(walk, node, at);
    else if (node->child && *at == '[')
        at = walk_array(walk, node, at);
    else
        at = scan_value(at, walk->end);
    if (at > from && walk->missing > 0)
        give(walk, node, type_value(from, at));
    return at;
}

void json_project(
    const struct json_projection *projection, struct span value, struct json_value *ret_values)
{
    struct walk walk = {projection, ret_values, projection->ends, value.data + value.length};
    for (size_t i = 0; i < projection->count; i++)
        ret_values[i] = (struct json_value){JSON_NONE, {NULL, 0}};
    if (value.length > 0 && projection->count > 0)
        (void)walk_value(&walk, &projection->nodes[ROOT], scan_blank(value.data, walk.end));
}
