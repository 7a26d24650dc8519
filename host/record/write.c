/* SPDX-License-Identifier: Apache-2.0 */
/* Writes canonical records and hashes them. */
#include "write.h"

#include <string.h>

/* Most texts need no escape: those are copied, the others go to the general writer. */
static bool write_text(struct bytes *into, struct span text, struct fault *fault)
{
    if (!bytes_reserve(into, text.length + 2, fault))
        return false;
    char *to = into->data + into->length;
    size_t plain = 0;
    *to++ = '"';
    for (; plain < text.length; plain++) {
        unsigned char c = (unsigned char)text.data[plain];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
            return bytes_append_json(into, text, fault);
        to[plain] = (char)c;
    }
    to[plain] = '"';
    to[plain + 1] = '\0';
    into->length += text.length + 2;
    return true;
}

static bool write_value(struct bytes *into, const struct field_value *value, struct fault *fault)
{
    switch (value->state) {
    case VALUE_TEXT:
        return write_text(into, value->text, fault);
    case VALUE_TRUE:
        return bytes_append(into, SPAN("true"), fault);
    case VALUE_FALSE:
        return bytes_append(into, SPAN("false"), fault);
    case VALUE_ABSENT:
    case VALUE_NULL:
        break;
    }
    return bytes_append(into, SPAN("null"), fault);
}

static bool write_name(struct bytes *into, struct span name, struct fault *fault)
{
    return (into->length == 1 || bytes_append_char(into, ',', fault)) &&
           bytes_append(into, name, fault);
}

static bool keep(struct mapping *mapping, struct span *ret_object, struct fault *fault)
{
    if (!bytes_append_char(&mapping->scratch, '}', fault))
        return false;
    struct span kept = arena_copy(mapping->arena, bytes_span(&mapping->scratch));
    if (!kept.data)
        return fault_memory(fault);
    *ret_object = kept;
    return true;
}

bool write_fields(const struct yield_program *yield, const struct field_value *values,
    uint32_t mask, struct mapping *mapping, struct span *ret_object, struct fault *fault)
{
    struct bytes *into = &mapping->scratch;
    bytes_clear(into);
    if (!bytes_append_char(into, '{', fault))
        return false;
    for (size_t i = 0; i < yield->kind->field_count; i++)
        if ((mask & (1u << i)) && values[i].state != VALUE_ABSENT &&
            (!write_name(into, yield->names[i], fault) || !write_value(into, &values[i], fault)))
            return false;
    return keep(mapping, ret_object, fault);
}

bool write_raw(const struct yield_program *yield, const struct field_value *values,
    struct mapping *mapping, struct span *ret_object, struct fault *fault)
{
    struct bytes *into = &mapping->scratch;
    size_t first = 0;
    while (first < yield->field_count && !values[yield->fields[first].index].raw.data)
        first++;
    if (first == yield->field_count)
        return true;
    bytes_clear(into);
    if (!bytes_append_char(into, '{', fault))
        return false;
    for (size_t i = first; i < yield->field_count; i++) {
        size_t index = yield->fields[i].index;
        if (values[index].raw.data && (!write_name(into, yield->names[index], fault) ||
                                          !bytes_append_json(into, values[index].raw, fault)))
            return false;
    }
    return keep(mapping, ret_object, fault);
}

/* One part with a byte that says whether it is there. JSON objects end by themselves: no two lists
 * of parts are alike. */
static bool hash_part(struct bytes *into, struct span part, struct fault *fault)
{
    return bytes_append_char(into, part.data ? '+' : '-', fault) && bytes_append(into, part, fault);
}

bool write_hash(
    struct record *record, struct span counting, struct mapping *mapping, struct fault *fault)
{
    struct bytes *into = &mapping->scratch;
    struct hash128 attributes = {{0}};
    struct span hash = {NULL, 0};
    if (counting.data) {
        attributes = json_content_hash(&mapping->content_key, counting);
        hash = (struct span){(const char *)attributes.bytes, sizeof attributes.bytes};
    }
    bytes_clear(into);
    if (!hash_part(into, hash, fault) || !hash_part(into, record->fields, fault) ||
        !hash_part(into, record->raw, fault) || !hash_part(into, record->carry, fault))
        return false;
    record->content_hash = hash_keyed(&mapping->content_key, bytes_span(into));
    return true;
}
