/* SPDX-License-Identifier: Apache-2.0 */
/* Maps one item: look-ups in one pass, then a record for each yield that applies, or a letter for
 * each that cannot be taken. */
#include "record/mapper.h"

#include <string.h>
#include "field.h"
#include "letter.h"
#include "list.h"
#include "walk.h"
#include "write.h"

struct item_map {
    struct letter_item of;
    struct look_up from; /* element and its values change with the element at hand */
    struct cut_list redactions;
    struct hash128 bytes_hash;
    bool tombstone;
    struct fault *fault;
};

bool mapper_by_bytes(const struct mapper *mapper)
{
    return mapper->by_bytes;
}

int64_t mapping_accounted(const struct batch *batch)
{
    int64_t records = (int64_t)batch->record_count;
    for (size_t i = 0; i < batch->letter_count; i++)
        records += batch->letters[i].records;
    for (size_t i = 0; i < batch->filtered_count; i++)
        records += batch->filtered[i].records;
    return records;
}

/* ------------------------------------------------------------------ counting ------------------ */

/* Whether a yield gives a record of `element`. No condition: always. */
static bool applies(const struct condition *when, struct json_value found)
{
    return !when->declared || condition_holds_of(when, found);
}

static int64_t count_each(const struct yield_program *yield, struct span item)
{
    struct json_value list = json_find(item, &yield->each_pointer), element;
    struct json_iterator elements;
    int64_t count = 0;
    if (list.type == JSON_NONE || list.type == JSON_NULL)
        return 0;
    if (list.type != JSON_ARRAY)
        return 1;
    if (!yield->when.declared)
        return (int64_t)json_count(list);
    elements = json_begin(list);
    while (json_next(&elements, NULL, &element))
        count += condition_holds(&yield->when, element.bytes);
    return count;
}

int64_t mapper_fan_out(const struct mapper *mapper, struct span item)
{
    int64_t count = 0;
    if (mapper->one_record)
        return 1;
    bool tombstone = condition_holds(&mapper->tombstone, item);
    for (size_t i = 0; i < mapper->yield_count; i++) {
        const struct yield_program *yield = &mapper->yields[i];
        if (!yield->each)
            count += !yield->when.declared || condition_holds(&yield->when, item);
        else if (!tombstone)
            count += count_each(yield, item);
    }
    return count > 0 ? count : 1;
}

/* ------------------------------------------------------------------ redaction ----------------- */

/* The values of an item that may not be shown: all of them, also where a member comes twice. Null
 * shows nothing. */
static bool find_redactions(const struct mapper *mapper, struct span item, struct arena *arena,
    struct cut_list *ret_cuts, struct fault *fault)
{
    struct walk_hits hits = {0};
    for (size_t i = 0; i < mapper->redaction_count; i++)
        if (!walk_find(json_value_of(item), &mapper->redactions[i], true, arena, &hits, fault))
            return false;
    for (size_t i = 0; i < hits.count; i++)
        if (hits.values[i].type != JSON_NULL &&
            !cut_add(ret_cuts, hits.values[i].bytes, CUT_REDACT, arena, fault))
            return false;
    cut_sort(ret_cuts);
    return true;
}

/* ------------------------------------------------------------------ identity ------------------ */

/* The id of a kind that has none of its own: its key fields, those that are absent at the end left
 * out. An absent part is empty, and an empty text is "%", so that the two stay apart. */
static bool compose_key(const struct yield_program *yield, const struct field_value *values,
    struct arena *arena, struct field_value *ret_id, struct fault *fault)
{
    AUTO_BYTES text = {0};
    size_t last = 0;
    for (size_t i = 0; i < yield->key_count; i++)
        if (values[yield->key_order[i]].state == VALUE_TEXT)
            last = i + 1;
    for (size_t i = 0; i < last; i++) {
        const struct field_value *value = &values[yield->key_order[i]];
        bool there = value->state == VALUE_TEXT;
        bool ok = field_append_part(&text, there ? value->text : SPAN(""), i == 0, fault) &&
                  (!there || value->text.length > 0 || bytes_append_char(&text, '%', fault));
        if (!ok)
            return false;
        if (text.length > RECORD_ID_MAX) {
            ret_id->bad = "id_too_long";
            return true;
        }
    }
    ret_id->text = arena_copy(arena, bytes_span(&text));
    ret_id->bad = text.length == 0 ? "id_missing" : NULL;
    return ret_id->text.data || fault_memory(fault);
}

static bool read_fields(const struct yield_program *yield, const struct look_up *from,
    struct field_value *values, struct fault *fault)
{
    for (size_t i = 0; i < yield->kind->field_count; i++) {
        values[i].state = VALUE_ABSENT;
        values[i].raw = (struct span){NULL, 0};
    }
    for (size_t i = 0; i < yield->field_count; i++)
        if (!field_read(&yield->fields[i], from, &values[yield->fields[i].index], fault))
            return false;
    return true;
}

static bool read_id(const struct yield_program *yield, const struct look_up *from,
    const struct field_value *values, struct field_value *ret_id, struct fault *fault)
{
    ret_id->bad = NULL;
    return yield->id ? field_read_id(yield->id, from, ret_id, fault)
                     : compose_key(yield, values, from->arena, ret_id, fault);
}

static struct span incarnation_of(
    const struct yield_program *yield, const struct field_value *values)
{
    if (yield->incarnation < 0 || values[yield->incarnation].state != VALUE_TEXT)
        return (struct span){NULL, 0};
    return values[yield->incarnation].text;
}

/* What is wrong with a field, or NULL. */
static const char *trouble_of(const struct field_program *field, const struct field_value *value)
{
    bool mandatory = field->field->rule == FIELD_MANDATORY;
    bool missing = value->state == VALUE_ABSENT || value->state == VALUE_NULL ||
                   (mandatory && value->state == VALUE_TEXT && value->text.length == 0);
    if (value->bad)
        return value->bad;
    return missing && (mandatory || (field->declared->flags & MUSTER_REQUIRED)) ? "field_missing"
                                                                                : NULL;
}

/* The first field of `mask` that keeps the record from being taken, or NULL. */
static const struct field_program *first_trouble(
    const struct yield_program *yield, uint32_t mask, const struct field_value *values)
{
    for (size_t i = 0; i < yield->field_count; i++) {
        const struct field_program *field = &yield->fields[i];
        if ((mask & (1u << field->index)) && trouble_of(field, &values[field->index]))
            return field;
    }
    return NULL;
}

/* ------------------------------------------------------------------ records ------------------- */

/* Only the operator's word and the declaration's count; without either nobody knows. A stream that
 * enriches says nothing where it knows nothing. */
static void set_class(
    const struct mapper *mapper, const struct yield_program *yield, struct field_value *values)
{
    if (yield->class_ < 0 || yield->class_basis < 0)
        return;
    struct field_value *class_ = &values[yield->class_], *basis = &values[yield->class_basis];
    const struct field_value *login = &values[yield->login];
    struct span word = {NULL, 0};
    const char *by = "operator";
    if (login->state == VALUE_TEXT && mapper->pattern_count > 0)
        word = class_of_login(mapper, login->text);
    if (!word.data && class_->state == VALUE_TEXT) {
        if (basis->state == VALUE_TEXT)
            return;
        word = class_->text;
        by = "declared";
    }
    if (!word.data && mapper->stream->role == MUSTER_ENRICHES)
        return;
    if (!word.data) {
        word = SPAN("unknown");
        by = "unknown";
    }
    class_->state = basis->state = VALUE_TEXT;
    class_->text = word;
    basis->text = span_of(by);
}

static bool note_unknown(struct item_map *on, const struct field_program *field)
{
    struct mapping *mapping = on->of.mapping;
    struct batch *batch = mapping->batch;
    const char *path = field_pointer(field);
    for (size_t i = 0; i < batch->drift_count; i++)
        if (batch->drift[i].path == path) { /* the declaration's own text: the same field */
            batch->drift[i].count++;
            return true;
        }
    if (!list_grow(mapping->arena, &batch->drift, sizeof *batch->drift, batch->drift_count,
            &mapping->drift_capacity, on->fault))
        return false;
    batch->drift[batch->drift_count++] =
        (struct drift){.kind = "unknown_value", .path = path, .type = "string", .count = 1};
    return true;
}

static bool note_unknowns(
    struct item_map *on, const struct yield_program *yield, const struct field_value *values)
{
    for (size_t i = 0; i < yield->field_count; i++)
        if (values[yield->fields[i].index].raw.data && !note_unknown(on, &yield->fields[i]))
            return false;
    return true;
}

/* Attributes as they are kept, and as they count for the content hash: without volatile members. */
static bool set_attributes(struct item_map *on, const struct yield_program *yield,
    struct span element, struct record *record, struct span *ret_counting)
{
    struct arena *arena = on->of.mapping->arena;
    struct cut_list cuts = {0};
    *ret_counting = (struct span){NULL, 0};
    if (yield->declared->attributes == MUSTER_ATTRIBUTES_NONE)
        return true;
    if (!cut_apply(&on->redactions, element, arena, &record->attributes, on->fault))
        return false;
    *ret_counting = record->attributes;
    if (yield->volatile_mask == 0)
        return true;
    for (size_t i = 0; i < on->redactions.count; i++)
        if (!cut_add(&cuts, on->redactions.cuts[i].at, CUT_REDACT, arena, on->fault))
            return false;
    for (size_t i = 0; i < yield->field_count; i++)
        if ((yield->volatile_mask & (1u << yield->fields[i].index)) &&
            !field_add_cuts(&yield->fields[i], &on->from, &cuts, on->fault))
            return false;
    cut_sort(&cuts);
    return cut_apply(&cuts, element, arena, ret_counting, on->fault);
}

static bool write_record(struct item_map *on, const struct yield_program *yield,
    struct span element, const struct field_value *values, struct record *record)
{
    struct mapping *mapping = on->of.mapping;
    const uint32_t volatiles = yield->volatile_mask;
    struct span counting;
    if (!write_fields(yield, values, ~volatiles, mapping, &record->fields, on->fault) ||
        (volatiles &&
            !write_fields(yield, values, volatiles, mapping, &record->volatiles, on->fault)) ||
        !write_raw(yield, values, mapping, &record->raw, on->fault) ||
        !set_attributes(on, yield, element, record, &counting))
        return false;
    if (record->yield == 0 && !carry_write(on->of.mapper, on->from.item, &on->redactions,
                                  mapping->arena, &mapping->scratch, &record->carry, on->fault))
        return false;
    return write_hash(record, counting, mapping, on->fault) && note_unknowns(on, yield, values);
}

/* One record of the item, or a letter in its place. */
static bool map_record(struct item_map *on, size_t index, struct span element)
{
    const struct yield_program *yield = &on->of.mapper->yields[index];
    struct mapping *mapping = on->of.mapping;
    struct batch *batch = mapping->batch;
    struct field_value values[KIND_FIELDS_MAX], id;
    bool own = index == 0 && !yield->each;
    struct record record = {.kind = yield->kind, .item = on->of.index, .yield = (uint32_t)index};
    record.tombstone = on->tombstone;
    if (!read_fields(yield, &on->from, values, on->fault))
        return false;
    const struct field_program *wrong =
        first_trouble(yield, on->tombstone ? yield->key_mask : UINT32_MAX, values);
    if (wrong)
        return letter_record(&on->of, trouble_of(wrong, &values[wrong->index]),
            field_pointer(wrong), wrong->field->name, own, on->fault);
    if (!read_id(yield, &on->from, values, &id, on->fault))
        return false;
    if (id.bad)
        return letter_record(
            &on->of, id.bad, yield->id ? field_pointer(yield->id) : "", "id", own, on->fault);
    record.id = id.text;
    record.incarnation = incarnation_of(yield, values);
    if (!on->tombstone) {
        if (own)
            record.bytes_hash = on->bytes_hash;
        set_class(on->of.mapper, yield, values);
        if (!write_record(on, yield, element, values, &record))
            return false;
    }
    if (!list_grow(mapping->arena, &batch->records, sizeof *batch->records, batch->record_count,
            &mapping->record_capacity, on->fault))
        return false;
    batch->records[batch->record_count++] = record;
    return true;
}

static bool map_elements(
    struct item_map *on, size_t index, struct json_value list, struct json_value *values)
{
    const struct yield_program *yield = &on->of.mapper->yields[index];
    struct json_iterator elements = json_begin(list);
    struct json_value element;
    while (json_next(&elements, NULL, &element)) {
        if (yield->projection)
            json_project(yield->projection, element.bytes, values);
        if (applies(&yield->when, values[yield->when_slot.index]) &&
            !map_record(on, index, element.bytes))
            return false;
    }
    return true;
}

static bool map_each(struct item_map *on, size_t index)
{
    const struct yield_program *yield = &on->of.mapper->yields[index];
    struct json_value list = on->from.item[yield->each_slot.index];
    struct json_value values[MAPPER_VALUES_MAX];
    if (list.type == JSON_NONE || list.type == JSON_NULL)
        return true;
    if (list.type != JSON_ARRAY)
        return letter_record(
            &on->of, "each_type", yield->declared->each, yield->kind->name, false, on->fault);
    values[0].type = JSON_NONE; /* what an undeclared condition's slot reads */
    on->from.element = values;
    bool mapped = map_elements(on, index, list, values);
    on->from.element = on->from.item;
    return mapped;
}

static bool map_yields(struct item_map *on)
{
    const struct mapper *mapper = on->of.mapper;
    for (size_t i = 0; i < mapper->yield_count; i++) {
        const struct yield_program *yield = &mapper->yields[i];
        if (yield->each) {
            if (!on->tombstone && !map_each(on, i))
                return false;
        } else if (applies(&yield->when, on->from.item[yield->when_slot.index])) {
            on->from.element = on->from.item;
            if (!map_record(on, i, on->of.item->bytes))
                return false;
        }
    }
    return true;
}

static const struct filter_program *filter_of(
    const struct mapper *mapper, const struct json_value *values)
{
    for (size_t i = 0; i < mapper->filter_count; i++)
        if (condition_holds_of(&mapper->filters[i].when, values[mapper->filters[i].slot.index]))
            return &mapper->filters[i];
    return NULL;
}

static bool map_sound(struct item_map *on, const struct json_value *values)
{
    const struct mapper *mapper = on->of.mapper;
    const struct batch *batch = on->of.mapping->batch;
    const size_t before = batch->record_count + batch->letter_count;
    on->tombstone = condition_holds_of(&mapper->tombstone, values[mapper->tombstone_slot.index]);
    const struct filter_program *filter = on->tombstone ? NULL : filter_of(mapper, values);
    if (filter)
        return letter_filtered(&on->of, filter->reason,
            (uint32_t)mapper_fan_out(mapper, on->of.item->bytes), on->fault);
    if (!map_yields(on))
        return false;
    if (batch->record_count + batch->letter_count > before)
        return true;
    return letter_filtered(&on->of, "no_record", 1, on->fault);
}

bool mapper_map(const struct mapper *mapper, struct mapping *mapping, uint32_t index,
    const struct json_item *item, const struct scope_parent *parent, struct hash128 bytes_hash,
    struct fault *fault)
{
    struct json_value values[MAPPER_VALUES_MAX];
    struct item_map on = {.bytes_hash = bytes_hash, .fault = fault};
    on.of = (struct letter_item){mapper, mapping, index, item, parent, &on.redactions};
    on.from = (struct look_up){values, values, parent, &on.redactions, mapping->arena};
    values[0].type = JSON_NONE; /* what an undeclared condition's slot reads */
    if (!find_redactions(mapper, item->bytes, mapping->arena, &on.redactions, fault))
        return false;
    if (item->why)
        return letter_unsound(&on.of, fault);
    if (mapper->projection)
        json_project(mapper->projection, item->bytes, values);
    return map_sound(&on, values);
}

/* ------------------------------------------------------------------ ids and bounds ------------ */

/* Whether what the origin points to comes once at most: of two ids nobody can tell which one is
 * meant. */
static bool is_single(
    const struct mapper *mapper, const struct origin *origin, struct span item, struct arena *arena)
{
    struct walk_hits hits = {0};
    struct fault ignored; /* no memory: not readable */
    return origin->slot.space != SLOT_ITEM ||
           (walk_find(json_value_of(item), &mapper->pointers[origin->slot.index], false, arena,
                &hits, &ignored) &&
               hits.count <= 1);
}

static bool is_single_field(const struct mapper *mapper, const struct field_program *field,
    struct span item, struct arena *arena)
{
    for (size_t i = 0; i < field->part_count; i++)
        if (!is_single(mapper, &field->parts[i], item, arena))
            return false;
    return is_single(mapper, &field->from, item, arena) &&
           is_single(mapper, &field->or_from, item, arena);
}

static bool is_single_key(const struct mapper *mapper, struct span item, struct arena *arena)
{
    const struct yield_program *yield = &mapper->yields[0];
    if (yield->id && !is_single_field(mapper, yield->id, item, arena))
        return false;
    for (size_t i = 0; i < yield->field_count; i++)
        if ((yield->key_mask & (1u << yield->fields[i].index)) &&
            !is_single_field(mapper, &yield->fields[i], item, arena))
            return false;
    return true;
}

static bool is_believable(struct span text)
{
    return !memchr(text.data, '\0', text.length) && span_is_utf8(text);
}

bool mapper_item_id(const struct mapper *mapper, struct span item,
    const struct scope_parent *parent, struct arena *arena, struct span *ret_id,
    struct span *ret_incarnation)
{
    struct json_value found[MAPPER_VALUES_MAX];
    struct field_value values[KIND_FIELDS_MAX], id;
    struct cut_list redactions = {0};
    struct fault ignored; /* no memory: not readable, which is the careful answer */
    const struct yield_program *yield = &mapper->yields[0];
    struct look_up from = {found, found, parent, &redactions, arena};
    if (yield->each || !is_single_key(mapper, item, arena) ||
        !find_redactions(mapper, item, arena, &redactions, &ignored))
        return false;
    if (mapper->projection)
        json_project(mapper->projection, item, found);
    if (!read_fields(yield, &from, values, &ignored) ||
        first_trouble(yield, yield->key_mask, values) ||
        !read_id(yield, &from, values, &id, &ignored) || id.bad || !is_believable(id.text))
        return false;
    struct span incarnation = arena_copy(arena, incarnation_of(yield, values));
    if (incarnation.data && !is_believable(incarnation))
        return false;
    *ret_id = id.text;
    *ret_incarnation = incarnation;
    return true;
}
