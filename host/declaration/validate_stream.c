/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of a stream as a whole: its parent, its items, filters, redactions, tombstone. */
#include "validate.h"

#include <string.h>

static const struct muster_stream *stream_by_name(const struct check *check, const char *name)
{
    const struct muster_stream_list *streams = &check->connector->streams;
    for (size_t i = 0; name && i < streams->count; i++)
        if (streams->items[i].name && strcmp(streams->items[i].name, name) == 0)
            return &streams->items[i];
    return NULL;
}

static bool has_cycle(const struct check *check, const struct muster_stream *stream)
{
    const struct muster_stream *at = stream;
    for (size_t steps = 0; at && steps <= check->connector->streams.count; steps++) {
        at = stream_by_name(check, at->parent.stream);
        if (at == stream)
            return true;
    }
    return at != NULL;
}

static bool first_yield_has_id(const struct muster_stream *stream)
{
    if (stream->yields.count == 0)
        return false;
    const struct muster_yield *yield = &stream->yields.items[0];
    const struct kind *kind = kind_by_number(yield->kind);
    if (kind && kind->composed_id)
        return true;
    for (size_t i = 0; i < yield->fields.count; i++)
        if (yield->fields.items[i].to && strcmp(yield->fields.items[i].to, "id") == 0)
            return true;
    return false;
}

static void check_parent_fields(struct check *check, const struct muster_parent_field_list *fields)
{
    char where[CHECK_PLACE_MAX];
    for (size_t i = 0; i < fields->count; i++) {
        const struct muster_parent_field *field = &fields->items[i];
        check_place(where, "parent.fields[%zu]", i);
        check_name(check, where, field->name, false);
        if (!field->from)
            check_problem(
                check, where, "has no pointer; add where in the parent's item the value is");
        check_pointer(check, where, field->from, false);
        for (size_t j = 0; j < i && field->name; j++)
            if (fields->items[j].name && strcmp(fields->items[j].name, field->name) == 0)
                check_problem(
                    check, where, "%.64s is there twice; rename or remove one", field->name);
    }
}

static void check_parent(struct check *check, const struct muster_stream *stream)
{
    const struct muster_parent *parent = &stream->parent;
    if (!parent->stream) {
        if (parent->fields.count > 0 || parent->when.pointer)
            check_problem(
                check, "parent", "names no stream; add parent.stream, or remove the rest");
        return;
    }
    const struct muster_stream *of = stream_by_name(check, parent->stream);
    check_parent_fields(check, &parent->fields);
    check_condition(check, "parent.when", &parent->when);
    if (!of)
        check_problem(check, "parent", "\"%.64s\" is no stream of this connector; correct the name",
            parent->stream);
    else if (has_cycle(check, stream))
        check_problem(check, "parent",
            "the streams are parents of each other in a circle; one of them must have none");
    else if (of->role != MUSTER_YIELDS)
        check_problem(check, "parent",
            "%.64s enriches, so it has no objects of its own; name a stream that yields",
            parent->stream);
    else if (!first_yield_has_id(of))
        check_problem(check, "parent",
            "the first yield of %.64s has no id, which scopes are named by; map it",
            parent->stream);
}

static void check_filters(struct check *check, const struct muster_filter_list *filters)
{
    char where[CHECK_PLACE_MAX];
    for (size_t i = 0; i < filters->count; i++) {
        const struct muster_filter *filter = &filters->items[i];
        check_place(where, "filters[%zu]", i);
        check_name(check, where, filter->reason, false);
        if (!filter->when.pointer)
            check_problem(check, where, "has no condition; say which items are left out");
        check_condition(check, where, &filter->when);
    }
}

static void check_redactions(struct check *check, const struct muster_redact_list *redactions)
{
    char where[CHECK_PLACE_MAX];
    for (size_t i = 0; i < redactions->count; i++) {
        check_place(where, "redact[%zu]", i);
        if (!redactions->items[i].pointer || !redactions->items[i].pointer[0])
            check_problem(check, where, "has no pointer to a member; say what is to be hidden");
        check_pointer(check, where, redactions->items[i].pointer, true);
    }
}

static void check_joined(struct check *check, const struct muster_joined *joined)
{
    check_pointer(check, "joined.field", joined->field, false);
    if (!joined->field && joined->format != MUSTER_TIME_DEFAULT)
        check_problem(check, "joined.field", "is missing; say where the time is, or remove joined");
    if (joined->format == MUSTER_TIME_COUNTER || joined->format == MUSTER_TIME_OPAQUE)
        check_problem(check, "joined.format", "is no time; name the format of one");
}

void check_stream(struct check *check, const struct muster_stream *stream)
{
    check_parent(check, stream);
    check_request(check, "request", &stream->request);
    check_pointer(check, "items", stream->items, false);
    check_paging(check, stream);
    check_incremental(check, stream);
    check_delta(check, stream);
    check_joined(check, &stream->joined);
    check_mapping(check, stream);
    check_filters(check, &stream->filters);
    check_redactions(check, &stream->redact);
    check_condition(check, "tombstone", &stream->tombstone);
    if (stream->tombstone.pointer && stream->role == MUSTER_ENRICHES)
        check_problem(
            check, "tombstone", "a stream that enriches removes nothing; remove the tombstone");
    check_read_one(check, &stream->read_one);
    check_error_words(check, &stream->error_words);
}
