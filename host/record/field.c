/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one field: look up, pick or compose, transform, map the value, convert to the field's type.
 */
#include "field.h"

#include <string.h>
#include "base/ascii.h"

/* What a look-up found, before it is a text. */
struct found {
    enum { FOUND_NOTHING, FOUND_NULL, FOUND_VALUE, FOUND_TEXT } form;
    struct json_value value; /* FOUND_VALUE: neither null nor absent */
    struct span text;        /* FOUND_TEXT */
};

/* ------------------------------------------------------------------ look-up ------------------- */

static struct json_value value_at(const struct look_up *from, struct slot slot)
{
    return slot.space == SLOT_ELEMENT ? from->element[slot.index] : from->item[slot.index];
}

static struct found found_value(struct json_value value)
{
    if (value.type == JSON_NONE)
        return (struct found){.form = FOUND_NOTHING};
    if (value.type == JSON_NULL)
        return (struct found){.form = FOUND_NULL};
    return (struct found){.form = FOUND_VALUE, .value = value};
}

static struct found found_text(struct span text)
{
    return (struct found){.form = text.data ? FOUND_TEXT : FOUND_NOTHING, .text = text};
}

static struct span parent_field(const struct scope_parent *parent, struct span name)
{
    for (size_t i = 0; parent && i < parent->field_count; i++)
        if (span_equal(parent->fields[i].name, name))
            return parent->fields[i].value;
    return (struct span){NULL, 0};
}

static struct found look_up(const struct origin *origin, const struct look_up *from)
{
    switch (origin->source) {
    case MUSTER_FROM_ELEMENT:
    case MUSTER_FROM_ITEM: {
        struct found found = found_value(value_at(from, origin->slot));
        if (found.form == FOUND_VALUE && from->redactions && from->redactions->count > 0 &&
            cut_overlaps(from->redactions, found.value.bytes))
            return found_text(SPAN(CUT_REDACTED));
        return found;
    }
    case MUSTER_FROM_PARENT:
        return found_text(parent_field(from->parent, origin->text));
    case MUSTER_FROM_PARAMETER:
    case MUSTER_CONSTANT:
        break;
    }
    return found_text(origin->text);
}

/* The member `take` of the first element whose member `where` equals what was declared. */
static struct found pick(const struct field_program *field, struct found found)
{
    struct json_iterator elements;
    struct json_value element;
    struct span equals = span_of(field->declared->pick.equals);
    if (found.form != FOUND_VALUE || found.value.type != JSON_ARRAY)
        return found;
    elements = json_begin(found.value);
    while (json_next(&elements, NULL, &element))
        if (json_text_equal(json_find(element.bytes, &field->pick_where), equals))
            return found_value(json_find(element.bytes, &field->pick_take));
    return (struct found){.form = FOUND_NOTHING};
}

static struct found first_found(const struct field_program *field, const struct look_up *from)
{
    struct found found = {.form = FOUND_NOTHING}, other;
    if (field->has_from)
        found = look_up(&field->from, from);
    if (field->declared->pick.where)
        found = pick(field, found);
    if (found.form == FOUND_VALUE || found.form == FOUND_TEXT || !field->has_or_from)
        return found;
    other = look_up(&field->or_from, from);
    if (field->declared->pick.where)
        other = pick(field, other);
    return other.form == FOUND_NOTHING ? found : other;
}

static bool is_scalar(enum json_type type)
{
    return type == JSON_STRING || type == JSON_NUMBER || type == JSON_TRUE || type == JSON_FALSE;
}

/* The text of what was found. `bad` is set, and no text, where it has none. */
static bool found_to_text(struct found found, struct arena *arena, struct span *ret_text,
    const char **ret_bad, struct fault *fault)
{
    if (found.form == FOUND_TEXT) {
        *ret_text = found.text;
        return true;
    }
    if (!is_scalar(found.value.type)) {
        *ret_bad = "field_type";
        return true;
    }
    return json_text(found.value, arena, ret_text, fault);
}

/* ------------------------------------------------------------------ compose ------------------- */

bool field_append_part(struct bytes *into, struct span text, bool first, struct fault *fault)
{
    if (!first && !bytes_append_char(into, '/', fault))
        return false;
    for (size_t at = 0; at < text.length;) {
        size_t plain = at;
        while (plain < text.length && text.data[plain] != '/' && text.data[plain] != '%')
            plain++;
        if (!bytes_append(into, (struct span){text.data + at, plain - at}, fault))
            return false;
        if (plain < text.length &&
            !bytes_append_text(into, text.data[plain] == '/' ? "%2F" : "%25", fault))
            return false;
        at = plain + 1;
    }
    return true;
}

/* Joins the parts. Nothing is found where one of them is absent or null: a text with a hole in it
 * names nobody. */
static bool compose(const struct field_program *field, const struct look_up *from,
    struct found *ret_found, const char **ret_bad, struct fault *fault)
{
    AUTO_BYTES text = {.limit = RECORD_FIELD_MAX};
    *ret_found = (struct found){.form = FOUND_NOTHING};
    for (size_t i = 0; i < field->part_count; i++) {
        struct found found = look_up(&field->parts[i], from);
        struct span part = {NULL, 0};
        if (found.form == FOUND_NOTHING || found.form == FOUND_NULL)
            return true;
        if (!found_to_text(found, from->arena, &part, ret_bad, fault))
            return false;
        if (*ret_bad)
            return true;
        if (part.length > RECORD_FIELD_MAX / 4 || text.length > RECORD_FIELD_MAX / 4) {
            *ret_bad = "field_too_long";
            return true;
        }
        if (!field_append_part(&text, part, i == 0, fault))
            return false;
    }
    *ret_found = found_text(arena_copy(from->arena, bytes_span(&text)));
    return ret_found->text.data || fault_memory(fault);
}

/* ------------------------------------------------------------------ transforms ---------------- */

static bool to_lower(struct arena *arena, struct span *text, struct fault *fault)
{
    size_t at = 0;
    while (at < text->length && !ascii_is_upper(text->data[at]))
        at++;
    if (at == text->length)
        return true;
    char *copy = arena_allocate(arena, text->length + 1);
    if (!copy)
        return fault_memory(fault);
    for (size_t i = 0; i < text->length; i++)
        copy[i] = ascii_lower(text->data[i]);
    text->data = copy;
    return true;
}

/* Puts the declared word in place of the application's; an unlisted one becomes "unknown" and is
 * kept as raw. */
static void map_value(const struct muster_value_list *map, struct field_value *value)
{
    if (map->count == 0)
        return;
    for (uint32_t i = 0; i < map->count; i++)
        if (span_equal_text(value->text, map->items[i].from)) {
            value->text = span_of(map->items[i].to);
            return;
        }
    value->raw = value->text;
    value->text = SPAN("unknown");
}

/* ------------------------------------------------------------------ types --------------------- */

static void convert_to_text(const struct field_program *field, struct field_value *value)
{
    (void)field; /* any text will do */
    if (value->text.length > RECORD_FIELD_MAX)
        value->bad = "field_too_long";
}

static void convert_to_word(const struct field_program *field, struct field_value *value)
{
    if (kind_field_has_word(field->field, value->text))
        return;
    if (!value->raw.data)
        value->raw = value->text;
    value->text = SPAN("unknown");
}

static void convert_to_boolean(const struct field_program *field, struct field_value *value)
{
    bool truth;
    if (value->text.length == 0 || value->raw.data) { /* nothing stated, or not known */
        value->state = VALUE_NULL;
    } else if (convert_boolean(value->text, &truth)) {
        truth = truth != (!value->fixed && (field->declared->flags & MUSTER_NEGATE));
        value->state = truth ? VALUE_TRUE : VALUE_FALSE;
    } else {
        value->bad = "bad_boolean";
    }
}

static void convert_to_time(const struct field_program *field, struct field_value *value)
{
    int64_t wall_ms = 0;
    enum convert_result result = CONVERT_NEVER;
    if (value->text.length > 0 && !value->raw.data)
        result = convert_time(value->fixed ? MUSTER_TIME_RFC3339 : field->declared->time_format,
            value->text, &wall_ms);
    if (result == CONVERT_BAD) {
        value->bad = "bad_time";
    } else if (result == CONVERT_NEVER) {
        value->state = VALUE_NULL;
    } else {
        timestamp_text(wall_ms, value->time);
        value->text = (struct span){value->time, strlen(value->time)};
    }
}

static void convert_to_kind(const struct field_program *field, struct field_value *value)
{
    (void)field; /* every kind's name will do */
    if (!kind_by_name(value->text))
        value->bad = "bad_kind";
}

static void (*const converters[])(const struct field_program *field, struct field_value *value) = {
    [FIELD_TEXT] = convert_to_text,
    [FIELD_ENUM] = convert_to_word,
    [FIELD_BOOLEAN] = convert_to_boolean,
    [FIELD_TIME] = convert_to_time,
    [FIELD_KIND] = convert_to_kind,
};

static void convert(const struct field_program *field, struct field_value *value)
{
    if (field->field && value->state == VALUE_TEXT)
        converters[field->field->type](field, value);
}

/* ------------------------------------------------------------------ entry --------------------- */

static void take_default(const struct field_program *field, struct field_value *value)
{
    value->state = VALUE_TEXT;
    value->text = span_of(field->declared->default_value);
    value->bad = NULL;
    value->fixed = true;
    convert(field, value);
}

/* Sets state and text from what was found: transformed and mapped, not yet converted. */
static bool read_text(const struct field_program *field, const struct look_up *from,
    struct found found, struct field_value *value, struct fault *fault)
{
    struct span text = {NULL, 0};
    if (found.form == FOUND_NULL)
        value->state = VALUE_NULL;
    if (found.form == FOUND_NOTHING || found.form == FOUND_NULL)
        return true;
    if (!found_to_text(found, from->arena, &text, &value->bad, fault))
        return false;
    if (value->bad)
        return true;
    if (field->declared->flags & MUSTER_TRIM)
        text = span_trim(text);
    if ((field->declared->flags & MUSTER_LOWER) && !to_lower(from->arena, &text, fault))
        return false;
    value->state = VALUE_TEXT;
    value->text = text;
    map_value(&field->declared->values, value);
    return true;
}

static bool find(const struct field_program *field, const struct look_up *from,
    struct found *ret_found, struct field_value *value, struct fault *fault)
{
    if (field->part_count > 0)
        return compose(field, from, ret_found, &value->bad, fault);
    *ret_found = first_found(field, from);
    return true;
}

/* The id of another object is a text or a number, as that object's own id is; true would be made
 * the name of an object that nobody has. */
static bool is_wrong_reference(const struct field_program *field, struct found found)
{
    const struct kind_field *into = field->field;
    bool reference = into && into->type == FIELD_TEXT && into->rule == FIELD_MANDATORY;
    return reference && found.form == FOUND_VALUE && !field->declared->values.count &&
           (found.value.type == JSON_TRUE || found.value.type == JSON_FALSE);
}

bool field_read(const struct field_program *field, const struct look_up *from,
    struct field_value *ret_value, struct fault *fault)
{
    struct found found;
    ret_value->state = VALUE_ABSENT;
    ret_value->raw = (struct span){NULL, 0};
    ret_value->bad = NULL;
    ret_value->fixed = field->has_from && field->from.source == MUSTER_CONSTANT;
    if (!find(field, from, &found, ret_value, fault))
        return false;
    if (!ret_value->bad && is_wrong_reference(field, found))
        ret_value->bad = "reference_type";
    if (!ret_value->bad && !read_text(field, from, found, ret_value, fault))
        return false;
    if (!ret_value->bad)
        convert(field, ret_value);
    bool missing = ret_value->state == VALUE_ABSENT || ret_value->state == VALUE_NULL;
    if (field->declared->default_value && (missing || ret_value->bad) && !ret_value->raw.data)
        take_default(field, ret_value);
    return true;
}

bool field_read_id(const struct field_program *field, const struct look_up *from,
    struct field_value *ret_value, struct fault *fault)
{
    struct found found = {.form = FOUND_NOTHING};
    *ret_value = (struct field_value){.state = VALUE_ABSENT};
    if (!find(field, from, &found, ret_value, fault))
        return false;
    if (found.form == FOUND_VALUE && found.value.type != JSON_STRING &&
        found.value.type != JSON_NUMBER)
        ret_value->bad = "id_type";
    if (!ret_value->bad && !read_text(field, from, found, ret_value, fault))
        return false;
    if (!ret_value->bad && ret_value->state != VALUE_TEXT && field->declared->default_value)
        take_default(field, ret_value);
    if (ret_value->bad)
        ret_value->bad = strcmp(ret_value->bad, "field_too_long") == 0 ? "id_too_long" : "id_type";
    else if (ret_value->state != VALUE_TEXT)
        ret_value->bad = "id_missing";
    else if (ret_value->text.length == 0)
        ret_value->bad = "id_empty";
    else if (ret_value->text.length > RECORD_ID_MAX)
        ret_value->bad = "id_too_long";
    return true;
}

const char *field_pointer(const struct field_program *field)
{
    if (field->has_from)
        return field->from.pointer;
    if (field->part_count > 0)
        return field->parts[0].pointer;
    return "";
}

static bool add_cut(const struct origin *origin, const struct look_up *from, struct cut_list *cuts,
    struct fault *fault)
{
    if (origin->slot.space == SLOT_NONE)
        return true;
    struct json_value value = value_at(from, origin->slot);
    return value.type == JSON_NONE || cut_add(cuts, value.bytes, CUT_MEMBER, from->arena, fault);
}

bool field_add_cuts(const struct field_program *field, const struct look_up *from,
    struct cut_list *cuts, struct fault *fault)
{
    if (field->declared->pick.where) { /* the element's value alone: its neighbours do count */
        struct found found = first_found(field, from);
        return found.form != FOUND_VALUE ||
               cut_add(cuts, found.value.bytes, CUT_MEMBER, from->arena, fault);
    }
    if ((field->has_from && !add_cut(&field->from, from, cuts, fault)) ||
        (field->has_or_from && !add_cut(&field->or_from, from, cuts, fault)))
        return false;
    for (size_t i = 0; i < field->part_count; i++)
        if (!add_cut(&field->parts[i], from, cuts, fault))
            return false;
    return true;
}
