/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles a stream's yields, filters and redactions into field programs and projections, once at
 * load. */
#include "record/mapper.h"

#include <string.h>
#include "base/memory.h"
#include "compile.h"

/* The pointers of one projection while it is being gathered; the same text is looked up once. */
struct pointer_list {
    struct json_pointer items[MAPPER_VALUES_MAX];
    size_t count;
};

struct compiling {
    struct mapper *mapper;
    struct pointer_list item;
    struct pointer_list element; /* of the yield at hand */
    struct fault *fault;
};

static bool add_pointer(
    struct compiling *on, enum slot_space space, const char *text, struct slot *ret_slot)
{
    struct pointer_list *list = space == SLOT_ITEM ? &on->item : &on->element;
    size_t at = 0;
    while (at < list->count && strcmp(list->items[at].text, text) != 0)
        at++;
    if (at == MAPPER_VALUES_MAX)
        return fault_set(on->fault, FAULT_DECLARATION,
            "more than %u different pointers into one item", MAPPER_VALUES_MAX);
    if (at == list->count) {
        if (!json_pointer_parse(text, on->mapper->arena, &list->items[at], on->fault))
            return false;
        list->count++;
    }
    *ret_slot = (struct slot){space, at};
    return true;
}

static bool finish_list(struct compiling *on, const struct pointer_list *list,
    struct json_projection **ret_projection, const struct json_pointer **ret_pointers)
{
    if (list->count == 0)
        return true;
    struct json_pointer *kept = arena_allocate_array(on->mapper->arena, list->count, sizeof *kept);
    if (!kept)
        return fault_memory(on->fault);
    (void)memcpy(kept, list->items, list->count * sizeof *kept);
    *ret_pointers = kept;
    return json_projection_create(kept, list->count, ret_projection, on->fault);
}

static bool compile_condition(struct compiling *on, enum slot_space space,
    const struct muster_condition *declared, struct condition *ret_condition, struct slot *ret_slot)
{
    if (!condition_compile(declared, on->mapper->arena, ret_condition, on->fault))
        return false;
    return !declared->pointer || add_pointer(on, space, declared->pointer, ret_slot);
}

/* ------------------------------------------------------------------ fields -------------------- */

static bool compile_origin(struct compiling *on, const struct yield_program *yield, uint32_t source,
    const char *from, struct origin *ret_origin)
{
    struct origin origin = {
        .source = (enum muster_source)source, .pointer = from, .text = span_of(from)};
    enum slot_space space = source == MUSTER_FROM_ELEMENT && yield->each ? SLOT_ELEMENT : SLOT_ITEM;
    if (source > MUSTER_CONSTANT)
        return fault_set(
            on->fault, FAULT_DECLARATION, "source %u is none that this host knows", source);
    if (source == MUSTER_FROM_PARAMETER) {
        if (source_parameter_is_secret(on->mapper->source, origin.text))
            return fault_set(on->fault, FAULT_DECLARATION,
                "parameter %s is a secret; a record may not hold it", from);
        if (!source_parameter(on->mapper->source, span_of(from), &origin.text))
            origin.text = (struct span){NULL, 0};
    }
    if ((source == MUSTER_FROM_ELEMENT || source == MUSTER_FROM_ITEM) &&
        !add_pointer(on, space, from, &origin.slot))
        return false;
    *ret_origin = origin;
    return true;
}

static bool compile_name(struct compiling *on, const char *name, struct span *ret_name)
{
    AUTO_BYTES text = {0};
    if (!bytes_append_json(&text, span_of(name), on->fault) ||
        !bytes_append_char(&text, ':', on->fault))
        return false;
    *ret_name = arena_copy(on->mapper->arena, bytes_span(&text));
    return ret_name->data || fault_memory(on->fault);
}

static bool compile_parts(
    struct compiling *on, const struct yield_program *yield, struct field_program *field)
{
    const struct muster_part_list *parts = &field->declared->compose;
    if (parts->count == 0)
        return true;
    field->parts = arena_allocate_array(on->mapper->arena, parts->count, sizeof *field->parts);
    if (!field->parts)
        return fault_memory(on->fault);
    for (uint32_t i = 0; i < parts->count; i++)
        if (!compile_origin(
                on, yield, parts->items[i].source, parts->items[i].from, &field->parts[i]))
            return false;
    field->part_count = parts->count;
    return true;
}

static bool compile_field(struct compiling *on, const struct yield_program *yield,
    const struct muster_field *declared, struct field_program *field)
{
    int index = kind_field_index(yield->kind, span_of(declared->to));
    field->declared = declared;
    if (strcmp(declared->to, "id") != 0) {
        if (index < 0)
            return fault_set(on->fault, FAULT_DECLARATION, "kind %s has no field %s",
                yield->kind->name, declared->to);
        field->index = (size_t)index;
        field->field = &yield->kind->fields[index];
    }
    field->has_from = declared->from != NULL;
    field->has_or_from = declared->or_from != NULL;
    if (field->has_from &&
        !compile_origin(on, yield, declared->source, declared->from, &field->from))
        return fault_prefix(on->fault, "field %s", declared->to);
    if (field->has_or_from &&
        !compile_origin(on, yield, declared->source, declared->or_from, &field->or_from))
        return fault_prefix(on->fault, "field %s", declared->to);
    if (!compile_parts(on, yield, field))
        return fault_prefix(on->fault, "field %s", declared->to);
    if (declared->pick.where &&
        (!json_pointer_parse(
             declared->pick.where, on->mapper->arena, &field->pick_where, on->fault) ||
            !json_pointer_parse(declared->pick.take ? declared->pick.take : "", on->mapper->arena,
                &field->pick_take, on->fault)))
        return fault_prefix(on->fault, "field %s, pick", declared->to);
    return true;
}

/* Canonical records have their fields in the order of the kind's table. */
static void sort_fields(struct field_program *fields, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t at = i; at > 0 && fields[at - 1].index > fields[at].index; at--) {
            struct field_program moved = fields[at];
            fields[at] = fields[at - 1];
            fields[at - 1] = moved;
        }
}

static bool compile_fields(struct compiling *on, struct yield_program *yield)
{
    const struct muster_field_list *declared = &yield->declared->fields;
    struct field_program *fields =
        arena_allocate_array(on->mapper->arena, declared->count + 1, sizeof *fields);
    size_t count = 0;
    uint32_t seen = 0;
    if (!fields)
        return fault_memory(on->fault);
    for (uint32_t i = 0; i < declared->count; i++) {
        struct field_program field = {0};
        if (!compile_field(on, yield, &declared->items[i], &field))
            return false;
        bool twice = field.field ? (seen & (1u << field.index)) != 0 : yield->id != NULL;
        if (twice)
            return fault_set(
                on->fault, FAULT_DECLARATION, "field %s is mapped twice", declared->items[i].to);
        if (!field.field) {
            yield->id = arena_allocate(on->mapper->arena, sizeof field);
            if (!yield->id)
                return fault_memory(on->fault);
            *yield->id = field;
            continue;
        }
        seen |= 1u << field.index;
        if (field.declared->flags & MUSTER_VOLATILE)
            yield->volatile_mask |= 1u << field.index;
        fields[count++] = field;
    }
    sort_fields(fields, count);
    yield->fields = fields;
    yield->field_count = count;
    return true;
}

static void compile_keys(struct yield_program *yield)
{
    struct span rest = span_of(yield->kind->key_fields);
    while (rest.length > 0) {
        size_t length = 0;
        while (length < rest.length && rest.data[length] != ' ')
            length++;
        int index = kind_field_index(yield->kind, (struct span){rest.data, length});
        if (index >= 0 && yield->key_count < KIND_FIELDS_MAX) {
            yield->key_order[yield->key_count++] = (size_t)index;
            yield->key_mask |= 1u << index;
        }
        length += length < rest.length;
        rest = (struct span){rest.data + length, rest.length - length};
    }
}

static bool compile_yield(struct compiling *on, struct yield_program *yield)
{
    const struct muster_yield *declared = yield->declared;
    enum slot_space space = declared->each ? SLOT_ELEMENT : SLOT_ITEM;
    on->element.count = 0;
    yield->kind = kind_by_number(declared->kind);
    if (!yield->kind)
        return fault_set(
            on->fault, FAULT_DECLARATION, "kind %u is none that this host knows", declared->kind);
    yield->each = declared->each != NULL;
    if (yield->each && (!add_pointer(on, SLOT_ITEM, declared->each, &yield->each_slot) ||
                           !json_pointer_parse(
                               declared->each, on->mapper->arena, &yield->each_pointer, on->fault)))
        return fault_prefix(on->fault, "each");
    if (!compile_condition(on, space, &declared->when, &yield->when, &yield->when_slot))
        return fault_prefix(on->fault, "when");
    yield->incarnation = kind_field_index(yield->kind, SPAN("incarnation"));
    yield->class_ = kind_field_index(yield->kind, SPAN("class"));
    yield->class_basis = kind_field_index(yield->kind, SPAN("class_basis"));
    yield->login = kind_field_index(yield->kind, SPAN("login"));
    compile_keys(yield);
    for (size_t i = 0; i < yield->kind->field_count; i++)
        if (!compile_name(on, yield->kind->fields[i].name, &yield->names[i]))
            return false;
    if (!compile_fields(on, yield))
        return false;
    if (!yield->id && !yield->kind->composed_id)
        return fault_set(
            on->fault, FAULT_DECLARATION, "a yield of kind %s maps no id", yield->kind->name);
    if (yield->id)
        yield->key_mask = 0;
    if (yield->incarnation >= 0)
        yield->key_mask |= 1u << yield->incarnation;
    yield->value_count = on->element.count;
    return finish_list(on, &on->element, &yield->projection, &yield->pointers);
}

static bool compile_yields(struct compiling *on)
{
    struct mapper *mapper = on->mapper;
    const struct muster_yield_list *declared = &mapper->stream->yields;
    if (declared->count == 0)
        return fault_set(on->fault, FAULT_DECLARATION, "it yields nothing");
    mapper->yields = arena_allocate_array(mapper->arena, declared->count, sizeof *mapper->yields);
    if (!mapper->yields)
        return fault_memory(on->fault);
    for (uint32_t i = 0; i < declared->count; i++) {
        struct yield_program *yield = &mapper->yields[i];
        mapper->yield_count = i + 1;
        yield->declared = &declared->items[i];
        if (!compile_yield(on, yield))
            return fault_prefix(on->fault, "yield %u", i + 1);
    }
    mapper->one_record = mapper->yield_count == 1 && !mapper->yields[0].each;
    return true;
}

/* ------------------------------------------------------------------ the rest ------------------ */

static bool compile_filters(struct compiling *on)
{
    struct mapper *mapper = on->mapper;
    const struct muster_filter_list *declared = &mapper->stream->filters;
    if (declared->count > 0) {
        mapper->filters =
            arena_allocate_array(mapper->arena, declared->count, sizeof *mapper->filters);
        if (!mapper->filters)
            return fault_memory(on->fault);
    }
    for (uint32_t i = 0; i < declared->count; i++) {
        struct filter_program *filter = &mapper->filters[mapper->filter_count++];
        filter->reason = declared->items[i].reason;
        if (!compile_condition(
                on, SLOT_ITEM, &declared->items[i].when, &filter->when, &filter->slot))
            return fault_prefix(on->fault, "filter %s", filter->reason);
    }
    return compile_condition(on, SLOT_ITEM, &mapper->stream->tombstone, &mapper->tombstone,
               &mapper->tombstone_slot) ||
           fault_prefix(on->fault, "tombstone");
}

static bool compile_redactions(struct compiling *on)
{
    struct mapper *mapper = on->mapper;
    const struct muster_redact_list *declared = &mapper->stream->redact;
    if (declared->count == 0)
        return true;
    mapper->redactions =
        arena_allocate_array(mapper->arena, declared->count, sizeof *mapper->redactions);
    if (!mapper->redactions)
        return fault_memory(on->fault);
    for (uint32_t i = 0; i < declared->count; i++)
        if (!json_pointer_parse(declared->items[i].pointer, mapper->arena,
                &mapper->redactions[mapper->redaction_count++], on->fault))
            return fault_prefix(on->fault, "redact");
    return true;
}

static bool compile_bound(struct compiling *on)
{
    struct mapper *mapper = on->mapper;
    const struct muster_incremental *incremental = &mapper->stream->incremental;
    if (mapper->stream->mode != MUSTER_INCREMENTAL || !incremental->field)
        return true;
    return (add_pointer(on, SLOT_ITEM, incremental->field, &mapper->bound) &&
               json_pointer_parse(
                   incremental->field, mapper->arena, &mapper->bound_pointer, on->fault)) ||
           fault_prefix(on->fault, "incremental.field");
}

static bool compile_joined(struct compiling *on)
{
    const char *field = on->mapper->stream->joined.field;
    return !field ||
           json_pointer_parse(field, on->mapper->arena, &on->mapper->joined_pointer, on->fault) ||
           fault_prefix(on->fault, "joined.field");
}

/* One field that a child stream asks for. Two children may ask for the same name only of the same
 * place: the name is all that a template has. */
static bool add_carry(struct compiling *on, const struct muster_parent_field *wanted)
{
    struct mapper *mapper = on->mapper;
    struct carry_field field = {0};
    if (!compile_name(on, wanted->name, &field.name) ||
        !add_pointer(on, SLOT_ITEM, wanted->from, &field.slot))
        return false;
    for (size_t i = 0; i < mapper->carry_count; i++) {
        if (!span_equal(mapper->carry[i].name, field.name))
            continue;
        return mapper->carry[i].slot.index == field.slot.index ||
               fault_set(on->fault, FAULT_DECLARATION,
                   "two child streams take the parent field %s from different places; give them "
                   "two names",
                   wanted->name);
    }
    mapper->carry[mapper->carry_count++] = field;
    return true;
}

static bool add_carry_when(struct compiling *on, const struct muster_stream *child)
{
    struct mapper *mapper = on->mapper;
    struct carry_when *when = &mapper->carry_whens[mapper->carry_when_count];
    AUTO_BYTES name = {0};
    if (!child->parent.when.pointer)
        return true;
    if (!bytes_format(&name, on->fault, "!%s", child->name) ||
        !compile_name(on, name.data, &when->name) ||
        !compile_condition(on, SLOT_ITEM, &child->parent.when, &when->when, &when->slot))
        return false;
    mapper->carry_when_count++;
    return true;
}

static bool is_child(const struct mapper *mapper, const struct muster_stream *stream)
{
    return stream->parent.stream && strcmp(stream->parent.stream, mapper->stream->name) == 0;
}

static bool compile_carry(struct compiling *on)
{
    struct mapper *mapper = on->mapper;
    const struct muster_stream_list *streams = &mapper->source->plan->connector->streams;
    size_t fields = 0, children = 0;
    for (uint32_t i = 0; i < streams->count; i++)
        if (is_child(mapper, &streams->items[i])) {
            fields += streams->items[i].parent.fields.count;
            children++;
        }
    if (children == 0)
        return true;
    mapper->carry = arena_allocate_array(mapper->arena, fields + 1, sizeof *mapper->carry);
    mapper->carry_whens =
        arena_allocate_array(mapper->arena, children, sizeof *mapper->carry_whens);
    if (!mapper->carry || !mapper->carry_whens)
        return fault_memory(on->fault);
    for (uint32_t i = 0; i < streams->count; i++) {
        const struct muster_stream *child = &streams->items[i];
        if (!is_child(mapper, child))
            continue;
        for (uint32_t at = 0; at < child->parent.fields.count; at++)
            if (!add_carry(on, &child->parent.fields.items[at]))
                return fault_prefix(on->fault, "child stream %s", child->name);
        if (!add_carry_when(on, child))
            return fault_prefix(on->fault, "child stream %s", child->name);
    }
    return true;
}

/* ------------------------------------------------------------------ the path by bytes --------- */

static bool is_plain_pointer(const struct field_program *field)
{
    const struct muster_field *declared = field->declared;
    return field->has_from && field->part_count == 0 && !declared->pick.where &&
           declared->values.count == 0 && !declared->default_value &&
           (declared->source == MUSTER_FROM_ELEMENT || declared->source == MUSTER_FROM_ITEM);
}

/* Redaction is no obstacle: equal bytes are equal once they are redacted, too. */
static bool is_by_bytes(const struct mapper *mapper)
{
    const struct yield_program *yield = &mapper->yields[0];
    if (!mapper->one_record || !yield->id || !is_plain_pointer(yield->id))
        return false;
    for (size_t i = 0; i < yield->field_count; i++)
        if ((int)yield->fields[i].index == yield->incarnation &&
            !is_plain_pointer(&yield->fields[i]))
            return false;
    return true;
}

static void add_light(struct mapper *mapper, struct slot slot)
{
    if (slot.space == SLOT_NONE)
        return;
    for (size_t i = 0; i < mapper->light_count; i++)
        if (mapper->light_slots[i] == slot.index)
            return;
    mapper->light_slots[mapper->light_count++] = slot.index;
}

static bool compile_light(struct compiling *on)
{
    struct mapper *mapper = on->mapper;
    const struct yield_program *yield = &mapper->yields[0];
    struct json_pointer *pointers;
    mapper->by_bytes = is_by_bytes(mapper);
    if (!mapper->by_bytes)
        return true;
    mapper->light_slots =
        arena_allocate_array(mapper->arena, on->item.count, sizeof *mapper->light_slots);
    pointers = arena_allocate_array(mapper->arena, on->item.count, sizeof *pointers);
    if (!mapper->light_slots || !pointers)
        return fault_memory(on->fault);
    add_light(mapper, yield->id->from.slot);
    add_light(mapper, yield->id->or_from.slot);
    for (size_t i = 0; i < yield->field_count; i++)
        if ((int)yield->fields[i].index == yield->incarnation) {
            add_light(mapper, yield->fields[i].from.slot);
            add_light(mapper, yield->fields[i].or_from.slot);
        }
    add_light(mapper, yield->when_slot);
    add_light(mapper, mapper->tombstone_slot);
    add_light(mapper, mapper->bound);
    for (size_t i = 0; i < mapper->filter_count; i++)
        add_light(mapper, mapper->filters[i].slot);
    for (size_t i = 0; i < mapper->light_count; i++)
        pointers[i] = mapper->pointers[mapper->light_slots[i]];
    return json_projection_create(pointers, mapper->light_count, &mapper->light, on->fault);
}

/* ------------------------------------------------------------------ entry --------------------- */

void mapper_free(struct mapper *mapper)
{
    if (!mapper)
        return;
    for (size_t i = 0; i < mapper->yield_count; i++)
        json_projection_free(mapper->yields[i].projection);
    json_projection_free(mapper->projection);
    json_projection_free(mapper->light);
    class_free(mapper);
    arena_free(mapper->arena);
    memory_free(mapper);
}

static void mapper_free_cleanup(struct mapper **mapper)
{
    mapper_free(*mapper);
}

static bool compile(struct mapper *mapper, struct fault *fault)
{
    AUTO_FREE struct compiling *on = memory_allocate(sizeof *on);
    if (!on)
        return fault_memory(fault);
    on->mapper = mapper;
    on->fault = fault;
    if (!compile_yields(on) || !compile_filters(on) || !compile_redactions(on) ||
        !compile_bound(on) || !compile_joined(on) || !compile_carry(on) ||
        !class_compile(mapper, fault))
        return false;
    mapper->value_count = on->item.count;
    return finish_list(on, &on->item, &mapper->projection, &mapper->pointers) && compile_light(on);
}

bool mapper_create(
    const struct source *source, size_t stream, struct mapper **ret_mapper, struct fault *fault)
{
    __attribute__((cleanup(mapper_free_cleanup))) struct mapper *mapper =
        memory_allocate(sizeof *mapper);
    if (!mapper)
        return fault_memory(fault);
    mapper->arena = arena_create(0);
    if (!mapper->arena)
        return fault_memory(fault);
    mapper->source = source;
    mapper->stream = &source->plan->connector->streams.items[stream];
    if (!compile(mapper, fault))
        return fault_prefix(fault, "stream %s", mapper->stream->name);
    *ret_mapper = TAKE(mapper);
    return true;
}
