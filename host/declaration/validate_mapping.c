/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of mapping: every record gets an identity, its mandatory fields, and only values that
 * its fields can hold. */
#include "validate.h"

#include <string.h>
#include "base/timestamp.h"

/* One field while it is checked. `field` is NULL for "id". */
struct mapping {
    const struct muster_stream *stream;
    const struct muster_yield *yield;
    const struct kind *kind;
    const struct muster_field *from;
    const struct kind_field *field;
    char where[CHECK_PLACE_MAX];
};

static bool is_id(const struct muster_field *field)
{
    return strcmp(field->to, "id") == 0;
}

static bool is_type(const struct mapping *mapping, enum field_type type)
{
    return mapping->field && mapping->field->type == type;
}

/* A value that is fixed in the declaration must be one that the field can hold. */
static void check_fixed(
    struct check *check, const struct mapping *mapping, const char *what, const char *value)
{
    const struct kind_field *field = mapping->field;
    int64_t time;
    if (!field || !value)
        return;
    if (field->type == FIELD_ENUM && !kind_field_has_word(field, span_of(value)))
        check_problem(check, mapping->where, "%s \"%.64s\" is none of its words: %s", what, value,
            field->words);
    if (field->type == FIELD_BOOLEAN && !is_boolean_word(value))
        check_problem(check, mapping->where, "%s \"%.64s\" is neither true nor false", what, value);
    if (field->type == FIELD_KIND && !kind_by_name(span_of(value)))
        check_problem(check, mapping->where,
            "%s \"%.64s\" is no kind; write account, group, role, resource, …", what, value);
    if (field->type == FIELD_TIME && !timestamp_from_rfc3339(span_of(value), &time))
        check_problem(check, mapping->where, "%s \"%.64s\" is no time; write 2026-01-31T00:00:00Z",
            what, value);
}

/* `from` as its source reads it: a pointer, a parent field, a parameter, or the text itself. */
static void check_from(struct check *check, const struct mapping *mapping, const char *what,
    const char *from, uint32_t source)
{
    const struct muster_parent *parent = &mapping->stream->parent;
    const struct muster_parameter *parameter;
    bool found = false;
    if (!from)
        return;
    switch ((enum muster_source)source) {
    case MUSTER_FROM_ELEMENT:
    case MUSTER_FROM_ITEM:
        check_pointer(check, mapping->where, from, false);
        return;
    case MUSTER_FROM_PARENT:
        for (size_t i = 0; i < parent->fields.count; i++)
            found |=
                parent->fields.items[i].name && strcmp(parent->fields.items[i].name, from) == 0;
        if (!found)
            check_problem(check, mapping->where,
                "%s \"%.64s\" is not among parent.fields; add the field", what, from);
        return;
    case MUSTER_FROM_PARAMETER:
        parameter = check_parameter(check, span_of(from));
        if (!parameter)
            check_problem(
                check, mapping->where, "%s \"%.64s\" is no parameter; declare it", what, from);
        else if (parameter->secret)
            check_problem(check, mapping->where,
                "%s \"%.64s\" is a secret, which no record may hold; remove it", what, from);
        return;
    case MUSTER_CONSTANT:
        return;
    }
}

static void check_compose(struct check *check, const struct mapping *mapping)
{
    const struct muster_field *from = mapping->from;
    if (from->compose.count == 0) {
        if (!from->from)
            check_problem(
                check, mapping->where, "has neither from nor compose; say where the value is");
        return;
    }
    if (from->from || from->or_from || from->pick.where)
        check_problem(
            check, mapping->where, "is composed, and has from, or_from or pick as well; keep one");
    for (size_t i = 0; i < from->compose.count; i++) {
        if (!from->compose.items[i].from)
            check_problem(
                check, mapping->where, "compose[%zu] has no from; say where the part is", i);
        check_from(
            check, mapping, "compose", from->compose.items[i].from, from->compose.items[i].source);
    }
}

static void check_values(struct check *check, const struct mapping *mapping)
{
    const struct muster_value_list *values = &mapping->from->values;
    if (values->count == 0)
        return;
    if (!mapping->field || mapping->field->type == FIELD_TIME)
        check_problem(check, mapping->where, "%s takes no value map; remove values",
            mapping->field ? "a time" : "an identity");
    if (mapping->from->source == MUSTER_CONSTANT)
        check_problem(
            check, mapping->where, "a constant needs no value map; write the value itself");
    for (size_t i = 0; i < values->count; i++) {
        const struct muster_value *value = &values->items[i];
        if (!value->from || !value->to) {
            check_problem(check, mapping->where, "values[%zu] lacks from or to; write both", i);
            continue;
        }
        check_fixed(check, mapping, "the value", value->to);
        for (size_t j = 0; j < i; j++)
            if (values->items[j].from && strcmp(values->items[j].from, value->from) == 0)
                check_problem(
                    check, mapping->where, "values maps \"%.64s\" twice; remove one", value->from);
    }
}

static void check_pick(struct check *check, const struct mapping *mapping)
{
    const struct muster_pick *pick = &mapping->from->pick;
    if (!pick->where) {
        if (pick->equals || pick->take)
            check_problem(
                check, mapping->where, "pick has no where; add the pointer that is compared");
        return;
    }
    check_pointer(check, mapping->where, pick->where, false);
    check_pointer(check, mapping->where, pick->take, false);
    if (!pick->equals || !pick->take)
        check_problem(check, mapping->where, "pick lacks equals or take; write both");
    if (mapping->from->source != MUSTER_FROM_ELEMENT && mapping->from->source != MUSTER_FROM_ITEM)
        check_problem(check, mapping->where,
            "pick chooses among elements of the item; use it with that source");
}

static void check_flags(struct check *check, const struct mapping *mapping)
{
    const struct muster_field *from = mapping->from;
    bool mandatory = !mapping->field || mapping->field->rule == FIELD_MANDATORY;
    if ((from->flags & MUSTER_NEGATE) && !is_type(mapping, FIELD_BOOLEAN))
        check_problem(check, mapping->where, "MUSTER_NEGATE is for true and false; remove it");
    if ((from->flags & MUSTER_VOLATILE) && mandatory)
        check_problem(check, mapping->where,
            "is part of what the record is, so it cannot be volatile; remove the flag");
    if ((from->flags & MUSTER_LOWER) &&
        (is_type(mapping, FIELD_TIME) || is_type(mapping, FIELD_BOOLEAN)))
        check_problem(check, mapping->where, "MUSTER_LOWER is for texts; remove it");
    if (from->time_format && !is_type(mapping, FIELD_TIME))
        check_problem(check, mapping->where, "is no time, and has a time_format; remove it");
    if (from->time_format == MUSTER_TIME_COUNTER || from->time_format == MUSTER_TIME_OPAQUE)
        check_problem(check, mapping->where,
            "a counter or opaque text tells no time; choose another time_format");
}

/* An identity comes from the item, always: one that is made up would make two objects into one. */
static void check_identity(struct check *check, const struct mapping *mapping)
{
    const struct muster_field *from = mapping->from;
    if (from->default_value)
        check_problem(check, mapping->where,
            "an identity has no default; a record without one goes to the dead letters");
    if (from->source == MUSTER_CONSTANT && from->compose.count == 0 &&
        mapping->stream->items_form == MUSTER_ARRAY)
        check_problem(check, mapping->where,
            "a constant would make all items one object; point to what tells them apart");
    bool varies = from->compose.count == 0;
    for (size_t i = 0; i < from->compose.count; i++)
        varies |= from->compose.items[i].source != MUSTER_CONSTANT;
    if (!varies)
        check_problem(check, mapping->where,
            "is composed of constants alone; add what tells the items apart");
}

static void check_field(struct check *check, struct mapping *mapping)
{
    const struct muster_field *from = mapping->from;
    check_from(check, mapping, "from", from->from, from->source);
    check_from(check, mapping, "or_from", from->or_from, from->source);
    if (from->or_from && (from->source == MUSTER_CONSTANT || !from->from))
        check_problem(check, mapping->where,
            "or_from is tried where from is absent; it needs a from that can be");
    check_compose(check, mapping);
    check_values(check, mapping);
    check_pick(check, mapping);
    check_flags(check, mapping);
    if (from->source == MUSTER_CONSTANT && from->compose.count == 0)
        check_fixed(check, mapping, "the constant", from->from);
    check_fixed(check, mapping, "the default", from->default_value);
    if (is_id(from))
        check_identity(check, mapping);
}

static bool maps(const struct muster_yield *yield, const char *name)
{
    for (size_t i = 0; i < yield->fields.count; i++)
        if (yield->fields.items[i].to && strcmp(yield->fields.items[i].to, name) == 0)
            return true;
    return false;
}

static void check_fields(struct check *check, struct mapping *mapping, const char *yield_where)
{
    const struct muster_field_list *fields = &mapping->yield->fields;
    for (size_t i = 0; i < fields->count; i++) {
        mapping->from = &fields->items[i];
        if (!mapping->from->to) {
            check_problem(check, yield_where, "fields[%zu] has no to; name a field of %s", i,
                mapping->kind->name);
            continue;
        }
        int index = kind_field_index(mapping->kind, span_of(mapping->from->to));
        if (index < 0 && !is_id(mapping->from)) {
            check_problem(check, yield_where,
                "%s has no field \"%.64s\"; correct the name, attributes keep the rest",
                mapping->kind->name, mapping->from->to);
            continue;
        }
        mapping->field = index < 0 ? NULL : &mapping->kind->fields[index];
        check_place(mapping->where, "%s: field %.64s", yield_where, mapping->from->to);
        check_field(check, mapping);
        for (size_t j = 0; j < i; j++)
            if (fields->items[j].to && strcmp(fields->items[j].to, mapping->from->to) == 0)
                check_problem(check, mapping->where, "is mapped twice; remove one");
    }
}

static void check_needed(struct check *check, const struct mapping *mapping, const char *where)
{
    const struct kind *kind = mapping->kind;
    bool id = maps(mapping->yield, "id");
    if (!id && !kind->composed_id)
        check_problem(check, where,
            "%s needs an \"id\"; map it to what the application calls the object by", kind->name);
    if (mapping->stream->role == MUSTER_ENRICHES && id)
        return; /* it adds to objects that another stream yields whole */
    for (size_t i = 0; i < kind->field_count; i++)
        if (kind->fields[i].rule == FIELD_MANDATORY && !maps(mapping->yield, kind->fields[i].name))
            check_problem(check, where, "%s needs \"%s\" (%s); map it", kind->name,
                kind->fields[i].name, kind->fields[i].summary);
}

static void check_yield(struct check *check, const struct muster_stream *stream, size_t index)
{
    char where[CHECK_PLACE_MAX];
    const struct muster_yield *yield = &stream->yields.items[index];
    struct mapping mapping = {
        .stream = stream, .yield = yield, .kind = kind_by_number(yield->kind)};
    check_place(where, "yields[%zu]", index);
    if (!mapping.kind) {
        check_problem(
            check, where, "names no kind; set kind to one of MUSTER_PERSON, MUSTER_ACCOUNT, …");
        return;
    }
    if (yield->each && index == 0)
        check_problem(check, where,
            "the first yield is the item itself, whose id the witness counts; point items at the "
            "inner list, or put this yield second");
    check_pointer(check, where, yield->each, false);
    check_condition(check, where, &yield->when);
    check_needed(check, &mapping, where);
    check_fields(check, &mapping, where);
}

void check_mapping(struct check *check, const struct muster_stream *stream)
{
    if (stream->yields.count == 0)
        check_problem(
            check, "yields", "there is none; say which kind an item is, and map its fields");
    for (size_t i = 0; i < stream->yields.count; i++)
        check_yield(check, stream, i);
}
