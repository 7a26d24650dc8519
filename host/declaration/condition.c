/* SPDX-License-Identifier: Apache-2.0 */
/* Declared tests of one value. Texts are unescaped as they are compared, so that no test allocates.
 */
#include "declaration/condition.h"

#include <string.h>
#include "base/ascii.h"

/* Reads a gated string's content byte by byte, unescaped to UTF-8. */
struct unescaper {
    const char *at, *end;
    unsigned char pending[4]; /* what one escape stands for, last byte first */
    size_t pending_count;
};

static struct unescaper unescaper_of(struct span string)
{
    struct unescaper reader = {string.data + 1, string.data + string.length - 1, {0}, 0};
    return reader;
}

/* The four digits after "\u". */
static uint32_t take_unit(struct unescaper *reader)
{
    uint32_t unit = 0;
    for (int i = 0; i < 4 && reader->at < reader->end; i++)
        unit = unit << 4 | (uint32_t)ascii_hex_value(*reader->at++);
    return unit;
}

static uint32_t take_code_point(struct unescaper *reader)
{
    uint32_t first = take_unit(reader);
    if (first < 0xD800 || first > 0xDBFF)
        return first;
    reader->at += 2; /* the gate has seen to it that "\u" and the low surrogate follow */
    return 0x10000 + ((first - 0xD800) << 10) + (take_unit(reader) - 0xDC00);
}

static void push_utf8(struct unescaper *reader, uint32_t point)
{
    size_t more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0x00, 0xC0, 0xE0, 0xF0};
    for (size_t i = 0; i < more; i++) {
        reader->pending[reader->pending_count++] = (unsigned char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    reader->pending[reader->pending_count++] = (unsigned char)(leads[more] | point);
}

static void take_escape(struct unescaper *reader)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    char c = *reader->at++;
    const char *found = strchr(from, c);
    if (c == 'u')
        push_utf8(reader, take_code_point(reader));
    else
        reader->pending[reader->pending_count++] = (unsigned char)(found ? to[found - from] : c);
}

/* The next byte of the text; false at its end. */
static bool next_byte(struct unescaper *reader, char *ret_byte)
{
    if (reader->pending_count == 0) {
        if (reader->at >= reader->end)
            return false;
        if (*reader->at != '\\') {
            *ret_byte = *reader->at++;
            return true;
        }
        reader->at++;
        take_escape(reader);
    }
    *ret_byte = (char)reader->pending[--reader->pending_count];
    return true;
}

static bool has_escape(struct span string)
{
    return memchr(string.data, '\\', string.length) != NULL;
}

static struct span without_quotes(struct span string)
{
    return (struct span){string.data + 1, string.length - 2};
}

static bool string_equal(struct span string, struct span text)
{
    struct unescaper reader = unescaper_of(string);
    char c;
    if (!has_escape(string))
        return span_equal(without_quotes(string), text);
    for (size_t i = 0; i < text.length; i++)
        if (!next_byte(&reader, &c) || c != text.data[i])
            return false;
    return !next_byte(&reader, &c);
}

bool json_text_equal(struct json_value value, struct span text)
{
    switch (value.type) {
    case JSON_STRING:
        return string_equal(value.bytes, text);
    case JSON_NUMBER:
    case JSON_TRUE:
    case JSON_FALSE:
        return span_equal(value.bytes, text);
    case JSON_NONE:
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return false;
}

/* Searches window by window; the last bytes of a window are kept, since the text may lie across
 * two. */
static bool string_contains(struct span string, struct span text)
{
    char window[2 * MUSTER_STRING_MAX];
    struct unescaper reader = unescaper_of(string);
    size_t length = 0;
    bool more = true;
    if (!has_escape(string))
        return memmem(string.data + 1, string.length - 2, text.data, text.length) != NULL;
    while (more) {
        while (length < sizeof window && (more = next_byte(&reader, &window[length])))
            length++;
        if (memmem(window, length, text.data, text.length))
            return true;
        size_t keep = text.length < length ? text.length : length;
        (void)memmove(window, window + length - keep, keep);
        length = keep;
    }
    return false;
}

bool condition_compile(const struct muster_condition *declared, struct arena *arena,
    struct condition *ret_condition, struct fault *fault)
{
    struct condition condition = {.declared = true};
    if (!declared->pointer) {
        *ret_condition = (struct condition){0};
        return true;
    }
    if (declared->op > MUSTER_CONTAINS)
        return fault_set(fault, FAULT_DECLARATION,
            "a condition on \"%s\" has the operator %u, which this host does not know",
            declared->pointer, declared->op);
    condition.op = (enum muster_operator)declared->op;
    if (condition.op == MUSTER_EQUALS && !declared->value)
        condition.op = MUSTER_PRESENT;
    if ((condition.op == MUSTER_NOT_EQUALS || condition.op == MUSTER_CONTAINS) && !declared->value)
        return fault_set(fault, FAULT_DECLARATION,
            "a condition on \"%s\" compares but has no value to compare with", declared->pointer);
    if (declared->value && strlen(declared->value) > MUSTER_STRING_MAX)
        return fault_set(fault, FAULT_DECLARATION,
            "a condition on \"%s\" has a value of more than %u bytes", declared->pointer,
            MUSTER_STRING_MAX);
    if (!json_pointer_parse(declared->pointer, arena, &condition.pointer, fault))
        return false;
    condition.value = arena_copy(arena, span_of(declared->value));
    if (declared->value && !condition.value.data)
        return fault_memory(fault);
    *ret_condition = condition;
    return true;
}

bool condition_holds_of(const struct condition *condition, struct json_value found)
{
    bool present = found.type != JSON_NONE && found.type != JSON_NULL;
    if (!condition->declared)
        return false;
    switch (condition->op) {
    case MUSTER_EQUALS:
        return json_text_equal(found, condition->value);
    case MUSTER_NOT_EQUALS:
        return present && !json_text_equal(found, condition->value);
    case MUSTER_PRESENT:
        return present;
    case MUSTER_ABSENT:
        return !present;
    case MUSTER_IS_NULL:
        return found.type == JSON_NULL;
    case MUSTER_CONTAINS:
        return found.type == JSON_STRING && string_contains(found.bytes, condition->value);
    }
    return false;
}

bool condition_holds(const struct condition *condition, struct span value)
{
    return condition->declared &&
           condition_holds_of(condition, json_find(value, &condition->pointer));
}
