/* SPDX-License-Identifier: Apache-2.0 */
/* From canonical JSON to the host's own structures. The text was written by a sandboxed child over
 * a vendor's file, so it is hostile: whatever the tables do not allow is refused. */
#include "schema.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include "muster/connector.h"

struct reading {
    struct arena *arena;
    struct fault *fault;
};

static bool bad(const struct reading *reading, const char *what)
{
    return fault_set(reading->fault, FAULT_DECLARATION, "%s", what);
}

static bool read_u32(const struct reading *reading, struct json_object *value, uint32_t *into)
{
    if (!json_object_is_type(value, json_type_int))
        return bad(reading, "must be a whole number");
    int64_t number = json_object_get_int64(value);
    if (number < 0 || number > UINT32_MAX)
        return bad(reading, "must be between 0 and 4294967295");
    *into = (uint32_t)number;
    return true;
}

static bool read_i64(const struct reading *reading, struct json_object *value, int64_t *into)
{
    if (!json_object_is_type(value, json_type_int))
        return bad(reading, "must be a whole number");
    int64_t number = json_object_get_int64(value);
    /* json-c saturates; its unsigned reading tells the largest number from one beyond it. */
    if (number > 0 && json_object_get_uint64(value) > INT64_MAX)
        return bad(reading, "does not fit 64 bits");
    *into = number;
    return true;
}

static bool read_text(const struct reading *reading, struct json_object *value, const char **into)
{
    if (!json_object_is_type(value, json_type_string))
        return bad(reading, "must be a text");
    struct span text = {json_object_get_string(value), (size_t)json_object_get_string_len(value)};
    const char *trouble = schema_text_trouble(text);
    if (trouble)
        return fault_set(reading->fault, FAULT_DECLARATION, "the text cannot be used: %s", trouble);
    struct span copy = arena_copy(reading->arena, text);
    if (!copy.data)
        return fault_memory(reading->fault);
    *into = copy.data;
    return true;
}

static bool read_word(const struct reading *reading, const struct schema_words *words,
    struct json_object *value, uint32_t *into)
{
    if (!json_object_is_type(value, json_type_string))
        return bad(reading, "must be a word");
    struct span text = {json_object_get_string(value), (size_t)json_object_get_string_len(value)};
    if (!schema_word_value(words, text, into))
        return fault_set(reading->fault, FAULT_DECLARATION, "\"%.64s\" is none of its words",
            schema_text_trouble(text) ? "?" : text.data);
    return true;
}

static bool read_flags(const struct reading *reading, const struct schema_words *words,
    struct json_object *value, uint32_t *into)
{
    uint32_t all = 0;
    if (!json_object_is_type(value, json_type_array))
        return bad(reading, "must be a list of words");
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        uint32_t one = 0;
        if (!read_word(reading, words, json_object_array_get_idx(value, i), &one))
            return false;
        all |= one;
    }
    *into = all;
    return true;
}

static bool read_u32s(
    const struct reading *reading, size_t count, struct json_object *value, uint32_t *into)
{
    if (!json_object_is_type(value, json_type_array) || json_object_array_length(value) > count)
        return fault_set(
            reading->fault, FAULT_DECLARATION, "must be a list of at most %zu numbers", count);
    for (size_t i = 0; i < json_object_array_length(value); i++)
        if (!read_u32(reading, json_object_array_get_idx(value, i), &into[i]))
            return false;
    return true;
}

static bool read_list(const struct reading *reading, const struct schema_member *member,
    struct json_object *value, struct schema_list *into)
{
    if (!json_object_is_type(value, json_type_array))
        return bad(reading, "must be a list");
    size_t count = json_object_array_length(value);
    if (count > member->count)
        return fault_set(reading->fault, FAULT_DECLARATION,
            "has %zu elements; at most %u are allowed", count, member->count);
    char *items = arena_allocate_array(reading->arena, count, member->of->size);
    if (!items)
        return fault_memory(reading->fault);
    for (size_t i = 0; i < count; i++)
        if (!schema_read(member->of, json_object_array_get_idx(value, i), reading->arena,
                items + i * member->of->size, reading->fault))
            return fault_prefix(reading->fault, "[%zu]", i);
    *into = (struct schema_list){items, (uint32_t)count, (uint32_t)member->of->size};
    return true;
}

static bool read_member(const struct reading *reading, const struct schema_member *member,
    struct json_object *value, char *into)
{
    void *field = into + member->offset;
    uint32_t *number = field;
    switch (member->type) {
    case SCHEMA_TEXT:
        return read_text(reading, value, field);
    case SCHEMA_U32:
        return read_u32(reading, value, number);
    case SCHEMA_I64:
        return read_i64(reading, value, field);
    case SCHEMA_BOOLEAN:
        if (!json_object_is_type(value, json_type_boolean))
            return bad(reading, "must be true or false");
        *number = json_object_get_boolean(value) ? 1 : 0;
        return true;
    case SCHEMA_ENUM:
        return read_word(reading, member->words, value, number);
    case SCHEMA_FLAGS:
        return read_flags(reading, member->words, value, number);
    case SCHEMA_U32S:
        return read_u32s(reading, member->count, value, number);
    case SCHEMA_STRUCT:
        return schema_read(member->of, value, reading->arena, field, reading->fault);
    case SCHEMA_LIST:
        return read_list(reading, member, value, field);
    case SCHEMA_RESERVED:
    case SCHEMA_SIZE:
        break;
    }
    return bad(reading, "is not for a declaration to set");
}

static const struct schema_member *member_by_name(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->member_count; i++)
        if (strcmp(schema->members[i].name, name) == 0)
            return &schema->members[i];
    return NULL;
}

bool schema_read(const struct schema *schema, struct json_object *object, struct arena *arena,
    void *into, struct fault *fault)
{
    const struct reading reading = {arena, fault};
    if (!json_object_is_type(object, json_type_object))
        return bad(&reading, "must be an object");
    for (struct json_object_iterator at = json_object_iter_begin(object),
                                     end = json_object_iter_end(object);
         !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        const struct schema_member *member = member_by_name(schema, name);
        if (!member)
            return fault_set(fault, FAULT_DECLARATION, "\"%.64s\" is no member of a %s",
                schema_text_trouble(span_of(name)) ? "?" : name, schema->name);
        if (!read_member(&reading, member, json_object_iter_peek_value(&at), into))
            return fault_prefix(fault, "%s", member->name);
    }
    for (size_t i = 0; i < schema->member_count; i++)
        if (schema->members[i].type == SCHEMA_SIZE)
            *(uint32_t *)((char *)into + schema->members[i].offset) = (uint32_t)schema->size;
    return true;
}
