/* SPDX-License-Identifier: Apache-2.0 */
/* Plans: canonical JSON in, an immutable connector with its hashes out. Comes after the reader,
 * before config and engine. */
#include "plan_internal.h"

#include <json-c/json.h>
#include <stdatomic.h>
#include <string.h>
#include "base/memory.h"
#include "json/gate.h"
#include "schema.h"
#include "validate.h"

#define PLAN_ARENA_MAX    (64u << 20)
#define PLAN_DEPTH_MAX    (2 * JSON_DEPTH_MAX)
#define PAGE_SIZE_DEFAULT 100u
/* json-c's tree, in bytes a byte of text: 21 for connectors, 111 for objects of one member. */
#define PLAN_TREE_FACTOR 112

struct stream_hashes {
    struct hash256 shape, mapping;
    int parent;
};

/* The plan that is handed out is the first member. */
struct plan_owner {
    struct plan plan;
    struct arena *arena; /* holds everything but this structure */
    struct stream_hashes *streams;
    atomic_uint references;
};

static const struct plan_owner *owner_of(const struct plan *plan)
{
    return (const struct plan_owner *)plan;
}

static void json_free_cleanup(struct json_object **object)
{
    (void)json_object_put(*object);
}

static void tokener_free_cleanup(struct json_tokener **tokener)
{
    if (*tokener)
        json_tokener_free(*tokener);
}

/* Members of all objects in a text that has passed the gate: each has one colon outside strings. */
static size_t members_in_text(struct span text)
{
    size_t count = 0;
    bool inside = false;
    for (size_t i = 0; i < text.length; i++) {
        if (inside && text.data[i] == '\\')
            i++;
        else if (text.data[i] == '"')
            inside = !inside;
        else
            count += !inside && text.data[i] == ':';
    }
    return count;
}

static size_t members_of(struct json_object *value)
{
    size_t count = 0;
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            count += members_of(json_object_array_get_idx(value, i));
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, name, member)
        {
            (void)name;
            count += 1 + members_of(member);
        }
    }
    return count;
}

/* json-c after the gate: the gate refuses what json-c would merge or cut. What json-c itself leaves
 * out, a member for which it finds no memory (0.16 does not look), is found missing by count. */
static bool parse(struct span canonical, struct json_object **ret_object, struct fault *fault)
{
    AUTO_ARENA *scratch = arena_create(PLAN_ARENA_MAX);
    __attribute__((cleanup(tokener_free_cleanup))) struct json_tokener *tokener =
        json_tokener_new_ex(PLAN_DEPTH_MAX);
    const struct json_gate_options options = {0};
    struct json_page page;
    if (!scratch || !tokener)
        return fault_memory(fault);
    if (canonical.length > INTAKE_CANONICAL_MAX)
        return fault_set(
            fault, FAULT_LIMIT, "the declaration has more than %u bytes", INTAKE_CANONICAL_MAX);
    if (!memory_is_there(canonical.length * PLAN_TREE_FACTOR))
        return fault_memory(fault);
    if (!json_gate(canonical, &options, scratch, &page, fault))
        return fault_prefix(fault, "the declaration");
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    struct json_object *object =
        json_tokener_parse_ex(tokener, page.value.data, (int)page.value.length);
    enum json_tokener_error error = json_tokener_get_error(tokener);
    bool whole = object && members_of(object) == members_in_text(page.value);
    if (error == json_tokener_success && !whole) {
        (void)json_object_put(object);
        return fault_memory(fault);
    }
    if (error != json_tokener_success) {
        (void)json_object_put(object);
        return fault_set(fault, FAULT_DECLARATION, "the declaration is no JSON object: %s",
            json_tokener_error_desc(error));
    }
    *ret_object = object;
    return true;
}

/* Fills in the defaults of connector.h that depend on the kind of paging, so that later stages find
 * values, not rules. */
static void fill_paging(struct muster_paging *paging)
{
    static const struct {
        const char *parameter, *size_parameter, *total;
        uint32_t ends;
        int64_t start;
    } defaults[] = {
        [MUSTER_PAGING_NONE] = {NULL, NULL, NULL, MUSTER_END_SINGLE, 0},
        [MUSTER_PAGING_NUMBER] = {.parameter = "page"},
        [MUSTER_PAGING_OFFSET] = {.parameter = "offset"},
        [MUSTER_PAGING_CURSOR] = {.parameter = "cursor"},
        [MUSTER_PAGING_LINK] = {NULL, NULL, NULL, 0, 0},
        [MUSTER_PAGING_KEYSET] = {NULL, NULL, NULL, 0, 0},
        [MUSTER_PAGING_SCIM] = {"startIndex", "count", "/totalResults", MUSTER_END_TOTAL, 1},
    };
    uint32_t kind = paging->kind;
    if (!paging->ends)
        paging->ends = defaults[kind].ends;
    if (!paging->start)
        paging->start = defaults[kind].start;
    if (!paging->parameter)
        paging->parameter = defaults[kind].parameter;
    if (!paging->size_parameter)
        paging->size_parameter = defaults[kind].size_parameter;
    if (!paging->total.pointer && !paging->total.header && !paging->total.parent)
        paging->total.pointer = defaults[kind].total;
    if (!paging->size)
        paging->size = PAGE_SIZE_DEFAULT;
    if (!paging->size_max)
        paging->size_max = paging->size;
    bool by_position =
        kind == MUSTER_PAGING_NUMBER || kind == MUSTER_PAGING_OFFSET || kind == MUSTER_PAGING_SCIM;
    if (paging->stability == MUSTER_STABILITY_DEFAULT)
        paging->stability = by_position ? MUSTER_STABILITY_LOOSE : MUSTER_STABILITY_FIXED;
}

static bool fill_defaults(
    struct plan_owner *owner, struct muster_connector *connector, struct fault *fault)
{
    const struct muster_stream_list *read = &connector->streams;
    struct muster_stream *filled = arena_allocate_array(owner->arena, read->count, sizeof *filled);
    if (!filled)
        return fault_memory(fault);
    for (size_t i = 0; i < read->count; i++) {
        filled[i] = read->items[i];
        fill_paging(&filled[i].paging);
    }
    connector->streams.items = filled;
    return true;
}

static bool hash_members(const struct muster_stream *stream, const char *const *members,
    struct hash256 *ret_hash, struct fault *fault)
{
    AUTO_BYTES text = {0};
    struct refusal refusal;
    if (!schema_write(&schema_stream, stream, sizeof *stream, NULL, members, &text, &refusal)) {
        *fault = refusal.fault;
        return false;
    }
    *ret_hash = hash_content(bytes_span(&text));
    return true;
}

static bool describe_streams(
    struct plan_owner *owner, struct muster_connector *connector, struct fault *fault)
{
    static const char *const shape[] = {"name", "role", "mode", "request", "parent", "items",
        "items_form", "paging", "incremental", "delta", NULL};
    static const char *const mapping[] = {
        "role", "yields", "parent", "filters", "redact", "tombstone", NULL};
    size_t count = connector->streams.count;
    owner->streams = arena_allocate_array(owner->arena, count, sizeof *owner->streams);
    if (!owner->streams)
        return fault_memory(fault);
    for (size_t i = 0; i < count; i++) {
        const struct muster_stream *stream = &connector->streams.items[i];
        struct stream_hashes *hashes = &owner->streams[i];
        if (!hash_members(stream, shape, &hashes->shape, fault) ||
            !hash_members(stream, mapping, &hashes->mapping, fault))
            return false;
        hashes->parent = stream->parent.stream
                             ? plan_stream_index(&owner->plan, span_of(stream->parent.stream))
                             : -1;
    }
    return true;
}

/* The text may have been written by hand or by an older build; what is kept and hashed is this
 * build's own rendering. */
static bool keep_canonical(struct plan_owner *owner, struct fault *fault)
{
    AUTO_BYTES text = {.limit = INTAKE_CANONICAL_MAX};
    struct refusal refusal;
    if (!schema_write(&schema_connector, owner->plan.connector, sizeof *owner->plan.connector, NULL,
            NULL, &text, &refusal)) {
        *fault = refusal.fault;
        return false;
    }
    owner->plan.canonical = arena_copy(owner->arena, bytes_span(&text));
    if (!owner->plan.canonical.data)
        return fault_memory(fault);
    owner->plan.hash = hash_content(owner->plan.canonical);
    return true;
}

static bool build(struct plan_owner *owner, struct span canonical, const char *path,
    struct intake_report *report, struct fault *fault)
{
    __attribute__((cleanup(json_free_cleanup))) struct json_object *object = NULL;
    struct muster_connector *connector = arena_allocate(owner->arena, sizeof *connector);
    owner->plan.path = arena_copy_text(owner->arena, path ? path : "");
    if (!connector || !owner->plan.path)
        return fault_memory(fault);
    if (!parse(canonical, &object, fault) ||
        !schema_read(&schema_connector, object, owner->arena, connector, fault))
        return false;
    owner->plan.connector = connector;
    size_t before = report->count;
    if (!validate_connector(connector, report, fault))
        return false;
    if (report->count > before)
        return fault_set(fault, FAULT_DECLARATION, "%s", report->problems[before].text);
    if (!keep_canonical(owner, fault))
        return false;
    return fill_defaults(owner, connector, fault) && describe_streams(owner, connector, fault);
}

bool plan_create_reported(struct span canonical, const char *path,
    const struct hash256 *content_hash, struct intake_report *report, struct plan **ret_plan,
    struct fault *fault)
{
    struct plan_owner *owner = memory_allocate(sizeof *owner);
    if (!owner)
        return fault_memory(fault);
    atomic_init(&owner->references, 1);
    owner->arena = arena_create(PLAN_ARENA_MAX);
    if (content_hash)
        owner->plan.content_hash = *content_hash;
    size_t before = report->count;
    bool ok = owner->arena ? build(owner, canonical, path, report, fault) : fault_memory(fault);
    if (!ok) {
        if (report->count == before)
            report_add(
                report, fault->code == FAULT_MEMORY ? REFUSAL_OTHER : REFUSAL_READER, fault->text);
        plan_release(&owner->plan);
        return false;
    }
    *ret_plan = &owner->plan;
    return true;
}

bool plan_create(struct span canonical, const char *path, const struct hash256 *content_hash,
    struct plan **ret_plan, struct fault *fault)
{
    AUTO_FREE struct intake_report *report = memory_allocate(sizeof *report);
    if (!report)
        return fault_memory(fault);
    return plan_create_reported(canonical, path, content_hash, report, ret_plan, fault);
}

struct plan *plan_acquire(struct plan *plan)
{
    struct plan_owner *owner = (struct plan_owner *)plan;
    (void)atomic_fetch_add_explicit(&owner->references, 1, memory_order_relaxed);
    return plan;
}

void plan_release(struct plan *plan)
{
    struct plan_owner *owner = (struct plan_owner *)plan;
    /* acq_rel: the last holder must see what the others did before it frees. */
    if (!owner || atomic_fetch_sub_explicit(&owner->references, 1, memory_order_acq_rel) != 1)
        return;
    arena_free(owner->arena);
    memory_free(owner);
}

int plan_stream_index(const struct plan *plan, struct span name)
{
    for (size_t i = 0; i < plan->connector->streams.count; i++)
        if (span_equal_text(name, plan->connector->streams.items[i].name))
            return (int)i;
    return -1;
}

int plan_stream_parent(const struct plan *plan, size_t stream)
{
    return owner_of(plan)->streams[stream].parent;
}

struct hash256 plan_stream_shape(const struct plan *plan, size_t stream)
{
    return owner_of(plan)->streams[stream].shape;
}

struct hash256 plan_stream_mapping(const struct plan *plan, size_t stream)
{
    return owner_of(plan)->streams[stream].mapping;
}
