/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edges of what is read many bytes at a time: every length, every place of the byte that
 * counts, in memory that ends where the text ends (a sanitizer then sees one byte too many); names
 * on both sides of the limit where the search for duplicates changes its ways; and what an unsound
 * string is to those who read an item all the same.
 */
#include "json/gate.h"

#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "json/value.h"
#include "unit.h"

#define LENGTH_MAX 40u  /* two steps of sixteen, and some */
#define NAMES_MAX  140u /* twice as many names as have tags, and some */

static const struct hash_key key = {{2, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4, 5}};

/* A text in memory of its own, of exactly its length. */
struct exact {
    struct span text;
    char *memory;
    struct arena *arena;
    struct json_page page;
    struct fault fault;
    bool passed;
};

static void exact_free(struct exact *exact)
{
    memory_free(exact->memory);
    arena_free(exact->arena);
}

#define AUTO_EXACT __attribute__((cleanup(exact_free))) struct exact

/* Through the gate; items: the text is a list of items. */
static struct exact exact(struct span text, bool items)
{
    struct exact exact = {.memory = memory_allocate(text.length), .arena = arena_create(0)};
    const struct json_pointer root = {.text = ""};
    const struct json_gate_options options = {.items = items ? &root : NULL, .key = key};
    ck_assert_ptr_nonnull(exact.memory);
    (void)memcpy(exact.memory, text.data, text.length);
    exact.text = (struct span){exact.memory, text.length};
    exact.passed = json_gate(exact.text, &options, exact.arena, &exact.page, &exact.fault);
    return exact;
}

static void append(struct bytes *into, const char *text)
{
    struct fault fault;
    ck_assert(bytes_append_text(into, text, &fault));
}

static void append_times(struct bytes *into, char c, size_t count)
{
    struct fault fault;
    while (count-- > 0)
        ck_assert(bytes_append_char(into, c, &fault));
}

/* Bytes that are no plain ones, and what is right about them. */
static const struct {
    const char *bytes, *says; /* says: NULL where they are unsound */
} specials[] = {{"\\n", "\n"}, {"\\\"", "\""}, {"\\\\", "\\"}, {"\\u0041", "A"},
    {"\\ud83d\\ude00", "\xF0\x9F\x98\x80"}, {"\xC3\xA9", "\xC3\xA9"},
    {"\xE2\x82\xAC", "\xE2\x82\xAC"}, {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"}, {"\x7F", "\x7F"},
    {"\x01", NULL}, {"\x1F", NULL}, {"\\u0000", NULL}, {"\\udc00", NULL}, {"\\ud800", NULL},
    {"\\ud800\\u0041", NULL}, {"\x80", NULL}, {"\xC3", NULL}, {"\xE2\x82", NULL},
    {"\xED\xA0\x80", NULL}, {"\xF4\x90\x80\x80", NULL}};

static void check_special(size_t special, size_t before, size_t after)
{
    AUTO_BYTES text = {0}, says = {0};
    append(&text, "[\"");
    append_times(&text, 'x', before);
    append(&text, specials[special].bytes);
    append_times(&text, 'y', after);
    append(&text, "\"]");
    append_times(&says, 'x', before);
    append(&says, specials[special].says ? specials[special].says : "");
    append_times(&says, 'y', after);
    AUTO_EXACT it = exact(bytes_span(&text), true);
    ck_assert_msg(it.passed, "%s: %s", text.data, it.fault.text);
    ck_assert_uint_eq(it.page.item_count, 1);
    ck_assert_uint_eq(it.page.item[0].bytes.length, text.length - 2);
    ck_assert_msg(!it.page.item[0].why == !!specials[special].says, "%s", text.data);
    ck_assert(!it.page.item[0].why || it.page.item[0].why_offset == before + 2);
    /* The item alone, where it ends with the memory. */
    AUTO_EXACT alone = exact(it.page.item[0].bytes, false);
    ck_assert(alone.passed == !!specials[special].says);
    struct span said = SPAN("unset");
    ck_assert(json_text(json_value_of(alone.text), alone.arena, &said, &alone.fault));
    ck_assert_msg(specials[special].says ? span_equal(said, bytes_span(&says)) : !said.data,
        "%s: %.*s", text.data, SPAN_FORMAT(said));
    (void)json_content_hash(&key, alone.text);
}

START_TEST(finds_each_byte_at_each_place)
{
    for (size_t special = 0; special < sizeof specials / sizeof specials[0]; special++)
        for (size_t before = 0; before < LENGTH_MAX; before++)
            for (size_t after = 0; after <= 17; after += after % 16 == 1 ? 14 : 1)
                check_special(special, before, after);
}
END_TEST

START_TEST(refuses_each_cut)
{
    static const char whole[] = "{\"id\":\"a\\u00e9\\ud83d\\ude00\xC3\xA9 0123456789abcdef\",\"n\":"
                                "[-12.5E+10,true,false,null,{}],\"o\":{\"p\":[[],\"\"]}}";
    AUTO_EXACT sound = exact(SPAN(whole), false);
    ck_assert_msg(sound.passed, "%s", sound.fault.text);
    for (size_t length = 0; length < sizeof whole - 1; length++) {
        AUTO_EXACT cut = exact((struct span){whole, length}, false);
        ck_assert_msg(!cut.passed, "%.*s", (int)length, whole);
        ck_assert_int_eq(cut.fault.code, FAULT_SYNTAX);
    }
}
END_TEST

/* Skipping brackets of both kinds, and strings that hold some, of every length. */
START_TEST(passes_over_what_is_not_wanted)
{
    struct json_pointer pointer;
    struct fault fault;
    AUTO_ARENA *arena = arena_create(0);
    ck_assert(json_pointer_parse("/last", arena, &pointer, &fault));
    for (size_t length = 0; length < LENGTH_MAX; length++) {
        AUTO_BYTES text = {0};
        struct json_projection *projection;
        struct json_value value;
        append(&text, "{\"first\":[{\"]}\\\"");
        append_times(&text, '{', length);
        append(&text, "\":\"\xC3\xA9[\"},[");
        append_times(&text, ' ', length);
        append(&text, "\"\\\\\"]],\"last\":4711}");
        AUTO_EXACT it = exact(bytes_span(&text), false);
        ck_assert_msg(it.passed, "%s", it.fault.text);
        ck_assert(json_projection_create(&pointer, 1, &projection, &fault));
        json_project(projection, it.text, &value);
        json_projection_free(projection);
        ck_assert_msg(span_equal_text(value.bytes, "4711"), "%s", text.data);
        ck_assert(span_equal_text(json_find(it.text, &pointer).bytes, "4711"));
    }
}
END_TEST

/* An object of `count` names; the one at `again` says what the one at `at` says, escaped or not.
 * again == count: all differ. */
static void append_names(struct bytes *into, size_t count, size_t at, size_t again, bool escaped)
{
    struct fault fault;
    append(into, "{");
    for (size_t i = 0; i < count; i++) {
        size_t number = i == again ? at : i;
        ck_assert(bytes_format(into, &fault, "%s\"name%s%03zu\":[%zu]", i ? "," : "",
            i == again && escaped ? "\\u005F" : "_", number, i));
    }
    append(into, "}");
}

START_TEST(finds_the_name_that_stands_twice)
{
    static const size_t counts[] = {2, 7, 8, 9, 16, 17, 63, 64, 65, 66, 127, 128, 129, NAMES_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (size_t again = counts[i]; again > 0;
             again -= again > counts[i] - 2 ? 1 : 1 + again / 3)
            for (size_t at = 0; at < again; at += 1 + at) {
                AUTO_BYTES text = {0};
                append(&text, "[");
                append_names(&text, counts[i], at, again, at % 2 == 0);
                append(&text, ",{\"name_000\":0}]");
                AUTO_EXACT it = exact(bytes_span(&text), true);
                ck_assert_msg(it.passed, "%s", it.fault.text);
                ck_assert_msg(!it.page.item[0].why == (again >= counts[i]), "%zu of %zu is %zu",
                    again, counts[i], at);
                ck_assert_ptr_null(it.page.item[1].why);
                char value[32];
                (void)snprintf(value, sizeof value, ":[%zu]", again);
                const char *after = strstr(text.data, value);
                ck_assert(again >= counts[i] ||
                          (text.data + it.page.item[0].why_offset < after &&
                              after - (text.data + it.page.item[0].why_offset) < 24));
            }
}
END_TEST

/* Of all that is wrong with an item the first byte is named, though long objects are searched
 * when they close. */
START_TEST(names_the_first_fault)
{
    AUTO_BYTES text = {0};
    append(&text, "[{\"a\":");
    append_names(&text, NAMES_MAX, 0, 100, false);
    text.length--; /* a second fault behind the first, and before its object closes */
    append(&text, ",\"b\":\"\x01\"}}]");
    AUTO_EXACT it = exact(bytes_span(&text), true);
    ck_assert(it.passed && it.page.item[0].why);
    ck_assert_uint_eq(
        it.page.item[0].why_offset, (size_t)(strstr(text.data, ",\"name_000") + 1 - text.data));
}
END_TEST

START_TEST(limits_the_names_of_open_objects)
{
    const size_t each = JSON_MEMBERS_MAX - 1;
    for (size_t levels = 4; levels <= 5; levels++) {
        AUTO_BYTES text = {0};
        struct fault fault;
        for (size_t level = 0; level < levels; level++) {
            append(&text, level ? ",\"in\":{" : "{");
            for (size_t i = 0; i < each; i++)
                ck_assert(bytes_format(&text, &fault, "%s\"%zx\":0", i ? "," : "", i));
        }
        append_times(&text, '}', levels);
        AUTO_EXACT it = exact(bytes_span(&text), false);
        ck_assert_msg(it.passed == (levels == 4), "%zu: %s", levels, it.fault.text);
        ck_assert(it.passed || it.fault.code == FAULT_LIMIT);
    }
}
END_TEST

UNIT_MAIN("json.bounds", finds_each_byte_at_each_place, refuses_each_cut,
    passes_over_what_is_not_wanted, finds_the_name_that_stands_twice, names_the_first_fault,
    limits_the_names_of_open_objects)
