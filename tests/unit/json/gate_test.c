/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: which texts pass, which fail and at which byte, which items are flagged alone, and what
 * the limits are. */
#include "json/gate.h"

#include "gated.h"

/* ------------------------------------------------------------------ texts --------------------- */

static const char *const sound[] = {"{}", "[]", "\"\"", "0", "-0", "null", "true", "false", "12",
    "-1.5", "0.0", "1e5", "1E+05", "1.5e-3", "-0e0", "18446744073709551616", "1e999999",
    " \t\r\n[ \t\r\n] \t\r\n", "[null,true,false,0,\"\",[],{}]", "{\"\":0}", "{\"a\":{\"a\":{}}}",
    "[{\"a\":1},{\"a\":1}]", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", "\"\\uD83D\\ude00\"",
    "\"\\uFFFF\\uFFFE\\uFDD0\"", "\"\x7F\"", "\"\xC2\x80\xDF\xBF\"",
    "\"\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\"", "\"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\"",
    "\"0123456789abcde\\n0123456789abcdef\xC3\xA9\"",
    "{\"a\":1,\"A\":2,\"a \":3,\"\\u0061a\":4,\"\":5}", "\"\\\\u0000 \\\\ud800\"",
    "{\"\xC3\xA9\":1,\"e\xCC\x81\":2}"}; /* names are not normalised */

START_TEST(passes)
{
    for (size_t i = 0; i < COUNT(sound); i++) {
        AUTO_GATED it = gated(span_of(sound[i]), NULL, false);
        ck_assert_msg(it.ok, "%s: %s", sound[i], it.fault.text);
        ck_assert(span_equal(it.page.value, span_trim(it.text)));
        ck_assert_ptr_null(it.page.items.data);
        ck_assert_uint_eq(it.page.item_count, 0);
    }
}
END_TEST

static const struct {
    const char *text;
    size_t offset;
} broken[] = {{"", 0}, {" \n\t", 3}, {"\xEF\xBB\xBF{}", 0}, {"{", 1}, {"[", 1}, {"\"", 1}, {"}", 0},
    {"]", 0}, {":", 0}, {",", 0}, {"[1,]", 3}, {"[,1]", 1}, {"[1 2]", 3}, {"[1}", 2},
    {"{\"a\":1]", 6}, {"{\"a\":1,}", 7}, {"{\"a\"}", 4}, {"{\"a\" 1}", 5}, {"{\"a\":}", 5},
    {"{\"a\":1 \"b\":2}", 7}, {"{a:1}", 1}, {"{'a':1}", 1}, {"{1:1}", 1}, {"{null:1}", 1},
    {"{,}", 1}, {"['a']", 1}, {"NaN", 0}, {"[NaN]", 1}, {"Infinity", 0}, {"[-Infinity]", 2},
    {"nan", 0}, {"undefined", 0}, {"True", 0}, {"nul", 0}, {"nulll", 4}, {"truefalse", 4},
    {"{} {}", 3}, {"{}{}", 2}, {"[] 1", 3}, {"1 2", 2}, {"{},", 2}, {"null\x0B", 4},
    {"\xC2\xA0{}", 0}, {"[1]\f", 3}, {"/**/1", 0}, {"[1//\n]", 2}, {"01", 0}, {"-01", 1}, {"00", 0},
    {"-", 1}, {"+1", 0}, {".5", 0}, {"1.", 2}, {"1.e5", 2}, {"1e", 2}, {"1e+", 3}, {"0x10", 1},
    {"1_000", 1}, {"1.5.5", 3}, {"--1", 1}, {"[1.]", 3}, {"\"\\x41\"", 1}, {"\"\\'\"", 1},
    {"\"\\\n\"", 1}, {"\"\\u12\"", 1}, {"\"\\u12G4\"", 1}, {"\"\\u 123\"", 1}, {"\"\\u+123\"", 1},
    {"\"\\U0041\"", 1}, {"\"a\\\"", 4}, {"\"abc", 4}, {"\"\\u004", 1}, {"\"\\", 1},
    {"{\"a\":\"b}", 8}, {"[\"a]", 4}, {"<html>", 0}, {"[1,\xFF]", 3}};

START_TEST(refuses_what_is_no_json)
{
    for (size_t i = 0; i < COUNT(broken); i++) {
        AUTO_GATED it = gated(span_of(broken[i].text), NULL, false);
        gated_refused(&it, FAULT_SYNTAX, broken[i].offset, broken[i].text);
    }
    AUTO_GATED none = gated((struct span){NULL, 0}, NULL, false);
    gated_refused(&none, FAULT_SYNTAX, 0, "nothing");
    ck_assert_str_eq(none.fault.text, "byte 0: empty body");
}
END_TEST

/* A NUL is no end of a text, wherever it stands. */
START_TEST(refuses_nul_bytes)
{
    static const struct {
        struct span text;
        enum fault_code code;
        size_t offset;
    } table[] = {
        {{"\0", 1}, FAULT_SYNTAX, 0},
        {{"{}\0", 3}, FAULT_SYNTAX, 2},
        {{"{}\0x", 4}, FAULT_SYNTAX, 2},
        {{"[1,\0]", 5}, FAULT_SYNTAX, 3},
        {{"1\0", 2}, FAULT_SYNTAX, 1},
        {{"nul\0", 4}, FAULT_SYNTAX, 0},
        {{"\"\\\0\"", 4}, FAULT_SYNTAX, 1},
        {{"\"a\0b\"", 5}, FAULT_CONTENT, 2},
        {{"{\"a\0b\":1}", 9}, FAULT_CONTENT, 3},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        AUTO_GATED it = gated(table[i].text, NULL, false);
        gated_refused(&it, table[i].code, table[i].offset, table[i].text.data);
    }
}
END_TEST

/* Fault 47: whatever a server sent before it died, it is not taken for a page. */
START_TEST(refuses_a_text_cut_at_any_byte)
{
    static const char whole[] =
        "{\"next\":\"a\\u00e9\\ud83d\\ude00\\n\",\"items\":[{\"id\":-12.5e+3,\"name\":"
        "\"\xC3\xA9\xF0"
        "\x9F\x98\x80\"},[true,false,null,[],{}],\"x\"],\"total\":[1,{\"a\":{\"b\":0}}]}";
    static const char *const items[] = {NULL, "", "/items", "/total", "/nowhere"};
    for (size_t i = 0; i < COUNT(items); i++) {
        bool root = items[i] && !*items[i];
        for (size_t length = 0; length < sizeof whole - 1; length++) {
            AUTO_GATED it = gated((struct span){whole, length}, items[i], root);
            ck_assert_msg(!it.ok, "passed with %zu bytes", length);
            /* A cut inside a pair of surrogates or a character is seen as a lone half first. */
            ck_assert_msg(it.fault.code == FAULT_SYNTAX || it.fault.code == FAULT_CONTENT,
                "%zu: %s", length, it.fault.text);
        }
        AUTO_GATED it = gated(SPAN(whole), items[i], root);
        ck_assert_msg(it.ok, "%s", it.fault.text);
    }
}
END_TEST

/* ------------------------------------------------------------------ limits -------------------- */

static void nest(struct bytes *text, const char *open, size_t depth, const char *close)
{
    put_times(text, open, depth);
    put(text, strcmp(open, "[") == 0 ? "" : "0");
    put_times(text, close, depth);
}

START_TEST(depth)
{
    static const struct {
        const char *open, *close;
        size_t nests; /* levels that one `open` is */
    } forms[] = {{"[", "]", 1}, {"{\"a\":", "}", 1}, {"[{\"a\":", "}]", 2}};
    for (size_t i = 0; i < COUNT(forms); i++) {
        AUTO_BYTES fits = {0}, exceeds = {0}, absurd = {0};
        size_t repeats = JSON_DEPTH_MAX / forms[i].nests, width = strlen(forms[i].open);
        nest(&fits, forms[i].open, repeats, forms[i].close);
        nest(&exceeds, forms[i].open, repeats + 1, forms[i].close);
        put_times(&absurd, forms[i].open, 100000); /* not even closed: stops before it looks */
        AUTO_GATED good = gated(bytes_span(&fits), NULL, false);
        AUTO_GATED bad = gated(bytes_span(&exceeds), NULL, false);
        AUTO_GATED worse = gated(bytes_span(&absurd), NULL, false);
        ck_assert_msg(good.ok, "%s", good.fault.text);
        gated_refused(&bad, FAULT_LIMIT, repeats * width, "33");
        gated_refused(&worse, FAULT_LIMIT, repeats * width, "100,000");
    }
}
END_TEST

/* Items count from the text's root, and depth is a limit of the text: an item does not take it upon
 * itself. */
START_TEST(depth_inside_items)
{
    AUTO_BYTES fits = {0}, exceeds = {0}, object = {0};
    put(&fits, "{\"items\":[");
    nest(&fits, "[", JSON_DEPTH_MAX - 2, "]");
    put(&fits, "]}");
    put(&exceeds, "{\"items\":[");
    nest(&exceeds, "[", JSON_DEPTH_MAX - 1, "]");
    put(&exceeds, "]}");
    nest(&object, "{\"a\":", JSON_DEPTH_MAX, "}");
    AUTO_GATED good = gated(bytes_span(&fits), "/items", false);
    AUTO_GATED bad = gated(bytes_span(&exceeds), "/items", false);
    AUTO_GATED one = gated(bytes_span(&object), "", true);
    ck_assert_msg(good.ok, "%s", good.fault.text);
    gated_refused(&bad, FAULT_LIMIT, strlen("{\"items\":[") + JSON_DEPTH_MAX - 2, "items");
    ck_assert_msg(one.ok, "%s", one.fault.text);
}
END_TEST

START_TEST(length_of_strings)
{
    static const struct {
        const char *before, *after;
    } places[] = {{"", ""}, {"[", "]"}, {"{", ":1}"}};
    for (size_t i = 0; i < COUNT(places); i++) {
        AUTO_BYTES text = {0};
        put(&text, places[i].before);
        put(&text, "\"");
        size_t at = text.length;
        put_times(&text, "0123456789abcdef", JSON_STRING_MAX / 16);
        put(&text, "\"");
        put(&text, places[i].after);
        AUTO_GATED fits = gated(bytes_span(&text), NULL, false);
        ck_assert_msg(fits.ok, "%s", fits.fault.text);
        text.length = at;
        put_times(&text, "0123456789abcdef", JSON_STRING_MAX / 16);
        put(&text, "x\"");
        put(&text, places[i].after);
        AUTO_GATED exceeds = gated(bytes_span(&text), NULL, false);
        gated_refused(&exceeds, FAULT_LIMIT, at - 1, "a string");
    }
}
END_TEST

/* What is limited is the string as sent, so that escapes cannot stretch it. */
START_TEST(length_of_escaped_strings)
{
    AUTO_BYTES text = {0};
    put(&text, "[\"");
    put_times(&text, "\\n", JSON_STRING_MAX / 2);
    put(&text, "\"]");
    AUTO_GATED fits = gated(bytes_span(&text), "", false);
    ck_assert_msg(fits.ok, "%s", fits.fault.text);
    text.length -= 2;
    put(&text, "\\n\"]");
    AUTO_GATED exceeds = gated(bytes_span(&text), "", false);
    gated_refused(&exceeds, FAULT_LIMIT, 1, "an item of one string");
}
END_TEST

START_TEST(length_of_numbers)
{
    static const char *const forms[] = {"", "-", "0.", "1e", "-1.5E-"};
    for (size_t i = 0; i < COUNT(forms); i++) {
        AUTO_BYTES text = {0};
        put(&text, "[");
        put(&text, forms[i]);
        put_times(&text, "9", JSON_NUMBER_MAX - strlen(forms[i]));
        put(&text, "]");
        AUTO_GATED fits = gated(bytes_span(&text), NULL, false);
        ck_assert_msg(fits.ok, "%s", fits.fault.text);
        text.length--;
        put(&text, "9]");
        AUTO_GATED exceeds = gated(bytes_span(&text), NULL, false);
        gated_refused(&exceeds, FAULT_LIMIT, 1, forms[i]);
    }
}
END_TEST

static void put_members(struct bytes *text, size_t count, const char *name)
{
    put(text, "{");
    for (size_t i = 0; i < count; i++)
        put_format(text, "%s\"%s%zu\":0", i ? "," : "", name, i);
    put(text, "}");
}

START_TEST(number_of_members)
{
    AUTO_BYTES fits = {0}, exceeds = {0};
    put(&fits, "[1,");
    put_members(&fits, JSON_MEMBERS_MAX, "m");
    put(&fits, "]");
    put(&exceeds, "[1,");
    put_members(&exceeds, JSON_MEMBERS_MAX + 1, "m");
    put(&exceeds, "]");
    AUTO_GATED good = gated(bytes_span(&fits), "", false);
    AUTO_GATED bad = gated(bytes_span(&exceeds), "", false);
    ck_assert_msg(good.ok, "%s", good.fault.text);
    ck_assert_ptr_null(good.page.item[1].why);
    ck_assert_int_eq(bad.ok, false);
    ck_assert_int_eq(bad.fault.code, FAULT_LIMIT);
    ck_assert(strstr(bad.fault.text, "65536 members"));
}
END_TEST

/* The names of one object are not counted against another's, before it, after it or around it. */
START_TEST(members_are_counted_by_object)
{
    AUTO_BYTES text = {0};
    put(&text, "{\"a\":");
    put_members(&text, JSON_MEMBERS_MAX / 2 + 1, "m");
    put(&text, ",\"b\":");
    put_members(&text, JSON_MEMBERS_MAX / 2 + 1, "m");
    put(&text, ",\"c\":{\"a\":1,\"b\":{\"a\":");
    put_members(&text, JSON_MEMBERS_MAX - 1, "m");
    put(&text, "}}}");
    AUTO_GATED it = gated(bytes_span(&text), NULL, false);
    ck_assert_msg(it.ok, "%s", it.fault.text);
}
END_TEST

START_TEST(number_of_items)
{
    AUTO_BYTES text = {0};
    put(&text, "[0");
    put_times(&text, ",0", JSON_ITEMS_MAX - 1);
    put(&text, "]");
    AUTO_GATED fits = gated(bytes_span(&text), "", false);
    AUTO_GATED plain = gated(bytes_span(&text), NULL, false);
    ck_assert_msg(fits.ok, "%s", fits.fault.text);
    ck_assert_uint_eq(fits.page.item_count, JSON_ITEMS_MAX);
    for (size_t i = 0; i < fits.page.item_count; i++)
        if (fits.page.item[i].bytes.data != fits.text.data + 1 + 2 * i ||
            fits.page.item[i].bytes.length != 1)
            ck_abort_msg("item %zu is elsewhere", i);
    ck_assert(plain.ok);
    text.length--;
    put(&text, ",0]");
    AUTO_GATED exceeds = gated(bytes_span(&text), "", false);
    AUTO_GATED no_items = gated(bytes_span(&text), NULL, false);
    gated_refused(&exceeds, FAULT_LIMIT, 1 + 2 * (size_t)JSON_ITEMS_MAX, "items");
    ck_assert_msg(no_items.ok, "an array that is no list of items has no such limit");
}
END_TEST

/* The arena holds an entry an item, whatever the items say. */
START_TEST(memory_does_not_grow_with_escaped_names)
{
    AUTO_BYTES text = {0};
    put(&text, "[");
    for (size_t i = 0; i < 200; i++) {
        put(&text, i ? "," : "");
        put_members(&text, 400, "\\u006d\\n");
    }
    put(&text, "]");
    AUTO_GATED it = gated(bytes_span(&text), "", false);
    ck_assert_msg(it.ok, "%s", it.fault.text);
    ck_assert_uint_eq(it.page.item_count, 200);
    ck_assert_uint_lt(arena_used(it.arena), 64u << 10);
}
END_TEST

START_TEST(says_when_there_is_no_memory)
{
    struct arena *arena = arena_create(1); /* no room for anything */
    struct json_pointer root = {.text = ""};
    struct json_gate_options options = {&root, false, gated_key};
    struct json_page page = {.item_count = 7};
    struct fault fault = {0};
    ck_assert(!json_gate(SPAN("[1]"), &options, arena, &page, &fault));
    ck_assert_int_eq(fault.code, FAULT_MEMORY);
    ck_assert_uint_eq(page.item_count, 7);
    arena_free(arena);
}
END_TEST

UNIT_MAIN("json.gate", passes, refuses_what_is_no_json, refuses_nul_bytes,
    refuses_a_text_cut_at_any_byte, depth, depth_inside_items, length_of_strings,
    length_of_escaped_strings, length_of_numbers, number_of_members, members_are_counted_by_object,
    number_of_items, memory_does_not_grow_with_escaped_names, says_when_there_is_no_memory)
