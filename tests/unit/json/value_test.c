/* SPDX-License-Identifier: Apache-2.0 */
/* Values as spans: type, look-up, text, integer, iteration; of sound text, and of what the gate
 * flagged. */
#include "json/value.h"

#include "gated.h"

START_TEST(types)
{
    static const struct {
        const char *text;
        enum json_type type;
    } table[] = {{"", JSON_NONE}, {" \t\r\n", JSON_NONE}, {"null", JSON_NULL},
        {"false", JSON_FALSE}, {"true", JSON_TRUE}, {"0", JSON_NUMBER}, {"9", JSON_NUMBER},
        {"-1", JSON_NUMBER}, {"\"\"", JSON_STRING}, {"[]", JSON_ARRAY}, {"{}", JSON_OBJECT},
        {" [ 1 ]\n", JSON_ARRAY}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct json_value value = json_value_of(span_of(table[i].text));
        ck_assert_msg(value.type == table[i].type, "%s is %d", table[i].text, (int)value.type);
        ck_assert(span_equal(value.bytes, span_trim(span_of(table[i].text))));
    }
    ck_assert_int_eq(json_value_of((struct span){NULL, 0}).type, JSON_NONE);
}
END_TEST

/* ------------------------------------------------------------------ look-up ------------------- */

#define SAMPLE                                                                                 \
    "{ \"id\" : 7, \"\" : \"empty\", \"a/b\":\"slash\",\"m~n\":\"tilde\",\"01\":\"zero one\"," \
    "\"list\": [ 10 ,[20,21], {\"k\":\"v\"}, null ],\"obj\":{\"x\":{\"y\":{\"z\":true}},"      \
    "\"0\":\"member\"},\"n\":null,\"e\\u0073c\":\"escaped\",\"q\\\"\":\"quote\","              \
    "\"\\ud83d\\ude00\":\"face\",\"tail\":[[[\"deep\"]]],\"brackets\":\"]}[{,:\\\"\"}"

static const struct {
    const char *pointer, *bytes; /* NULL: nowhere */
} finds[] = {
    {"", SAMPLE},
    {"/id", "7"},
    {"/", "\"empty\""},
    {"/a~1b", "\"slash\""},
    {"/m~0n", "\"tilde\""},
    {"/01", "\"zero one\""},
    {"/list", "[ 10 ,[20,21], {\"k\":\"v\"}, null ]"},
    {"/list/0", "10"},
    {"/list/1/1", "21"},
    {"/list/2/k", "\"v\""},
    {"/list/3", "null"},
    {"/obj/0", "\"member\""},
    {"/obj/x/y/z", "true"},
    {"/n", "null"},
    {"/esc", "\"escaped\""},
    {"/q\"", "\"quote\""},
    {"/\xF0\x9F\x98\x80", "\"face\""},
    {"/tail/0/0/0", "\"deep\""},
    {"/brackets", "\"]}[{,:\\\"\""},
    {"/ID", NULL},
    {"/i", NULL},
    {"/idx", NULL},
    {"/e\\u0073c", NULL},
    {"/a", NULL},
    {"/1", NULL},
    {"/id/0", NULL},
    {"/n/x", NULL},
    {"/brackets/0", NULL},
    {"/list/4", NULL},
    {"/list/-", NULL},
    {"/list/-1", NULL},
    {"/list/-0", NULL},
    {"/list/00", NULL}, /* RFC 6901 section 4: no leading zeros */
    {"/list/01", NULL},
    {"/list/1e0", NULL},
    {"/list/ 1", NULL},
    {"/list/+1", NULL},
    {"/list/", NULL},
    {"/list/18446744073709551617", NULL},
    {"/list/k", NULL},
    {"/list/2/0", NULL},
    {"/obj/x/z", NULL},
};

START_TEST(looks_up)
{
    AUTO_GATED it = gated(SPAN(SAMPLE), NULL, false);
    ck_assert_msg(it.ok, "%s", it.fault.text);
    for (size_t i = 0; i < COUNT(finds); i++) {
        struct json_pointer pointer = gated_pointer(finds[i].pointer, it.arena);
        struct json_value value = json_find(it.page.value, &pointer);
        if (finds[i].bytes)
            ck_assert_msg(span_equal_text(value.bytes, finds[i].bytes), "%s is %.*s",
                finds[i].pointer, SPAN_FORMAT(value.bytes));
        ck_assert_msg(
            (value.type != JSON_NONE) == (finds[i].bytes != NULL), "%s", finds[i].pointer);
        ck_assert(value.type != JSON_NONE || !value.bytes.data);
    }
}
END_TEST

/* ------------------------------------------------------------------ text ---------------------- */

#define BYTES(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

static const struct {
    const char *value;
    struct span text;
    bool borrowed;
} texts[] = {
    {"\"\"", BYTES(""), true},
    {"\"plain\"", BYTES("plain"), true},
    {"\"\xC3\xA9\"", BYTES("\xC3\xA9"), true},
    {"18446744073709551616", BYTES("18446744073709551616"), true},
    {"18446744073709551617", BYTES("18446744073709551617"), true},
    {"-0", BYTES("-0"), true},
    {"1.50", BYTES("1.50"), true},
    {"1E+2", BYTES("1E+2"), true},
    {"true", BYTES("true"), true},
    {"false", BYTES("false"), true},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", BYTES("\"\\/\b\f\n\r\t"), false},
    {"\"a\\u0041b\"", BYTES("aAb"), false},
    {"\"\\u007f\\u0080\\u07FF\\u0800\\uFFFF\"",
        BYTES("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF"), false},
    {"\"\\ud800\\udc00\\uDBFF\\uDFFF\"", BYTES("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), false},
    {"\"\\\\u0041\"", BYTES("\\u0041"), false},
    {"\"e\\u0301\"", BYTES("e\xCC\x81"), false}, /* not normalised */
    {"\"\\n\"", BYTES("\n"), false},
};

START_TEST(says_text)
{
    struct arena *arena = arena_create(0);
    struct span text;
    struct fault fault;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct json_value value = json_value_of(span_of(texts[i].value));
        ck_assert(json_text(value, arena, &text, &fault));
        ck_assert_msg(span_equal(text, texts[i].text), "%s", texts[i].value);
        ck_assert_ptr_nonnull(text.data); /* an empty text is not nothing */
        bool inside =
            text.data >= value.bytes.data && text.data <= value.bytes.data + value.bytes.length;
        ck_assert_msg(inside == texts[i].borrowed, "%s", texts[i].value);
    }
    arena_free(arena);
}
END_TEST

START_TEST(has_no_text_for_the_rest)
{
    /* Nor for what the gate flags: with something else in its place, two ids could be one. */
    static const struct span nothing[] = {BYTES(""), BYTES("null"), BYTES("[]"), BYTES("{}"),
        BYTES("[\"a\"]"), BYTES("{\"a\":\"b\"}"), BYTES("\"\\ud800\""), BYTES("\"\\udc00\\ud800\""),
        BYTES("\"\\ud800\\ud800\\udc00\""), BYTES("\"a\\ud800\\n\""), BYTES("\"\xFF\""),
        BYTES("\"\\n\xC3\""), BYTES("\"\xED\xA0\x80\""), BYTES("\"\\u0000\""),
        BYTES("\"a\\u0000b\""), BYTES("\"a\0b\""), BYTES("\"a\nb\""), BYTES("\"\\n\x1F\"")};
    struct arena *arena = arena_create(0);
    struct fault fault;
    for (size_t i = 0; i < COUNT(nothing); i++) {
        struct span text = SPAN("untouched");
        ck_assert(json_text(json_value_of(nothing[i]), arena, &text, &fault));
        ck_assert_msg(!text.data && text.length == 0, "%s", nothing[i].data);
    }
    arena_free(arena);
}
END_TEST

START_TEST(says_when_there_is_no_memory)
{
    struct arena *arena = arena_create(1); /* no room for anything */
    struct fault fault = {0};
    struct span text = SPAN("untouched");
    ck_assert(!json_text(json_value_of(SPAN("\"\\n\"")), arena, &text, &fault));
    ck_assert_int_eq(fault.code, FAULT_MEMORY);
    ck_assert(span_equal_text(text, "untouched"));
    ck_assert(json_text(json_value_of(SPAN("\"n\"")), arena, &text, &fault)); /* needs none */
    arena_free(arena);
}
END_TEST

START_TEST(integers)
{
    static const struct {
        const char *text;
        bool fits;
        int64_t number;
    } table[] = {{"0", true, 0}, {"-0", true, 0}, {"42", true, 42}, {"-42", true, -42},
        {"9223372036854775807", true, INT64_MAX}, {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0}, {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0}, {"1.0", false, 0}, {"1e2", false, 0},
        {"\"42\"", true, 42}, {"\"-42\"", true, -42}, {"\"007\"", true, 7}, {"\"\"", false, 0},
        {"\" 1\"", false, 0}, {"\"1 \"", false, 0}, {"\"+1\"", false, 0}, {"\"1.0\"", false, 0},
        {"\"-\"", false, 0}, {"\"9223372036854775808\"", false, 0}, {"true", false, 0},
        {"null", false, 0}, {"[1]", false, 0}, {"{}", false, 0}, {"", false, 0}};
    for (size_t i = 0; i < COUNT(table); i++) {
        int64_t number = 77;
        bool fits = json_integer(json_value_of(span_of(table[i].text)), &number);
        ck_assert_msg(fits == table[i].fits, "%s", table[i].text);
        ck_assert_msg(number == (fits ? table[i].number : 77), "%s", table[i].text);
    }
}
END_TEST

/* ------------------------------------------------------------------ iteration ----------------- */

static void check_walk(
    const char *container, const char *const *keys, const char *const *values, size_t count)
{
    AUTO_GATED it = gated(span_of(container), NULL, false);
    ck_assert_msg(it.ok, "%s", it.fault.text);
    struct json_value whole = json_value_of(it.page.value), value;
    struct json_iterator iterator = json_begin(whole);
    struct span key;
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(json_next(&iterator, &key, &value), "%s has only %zu", container, i);
        ck_assert_msg(span_equal_text(value.bytes, values[i]), "%s: %.*s", container,
            SPAN_FORMAT(value.bytes));
        if (keys)
            ck_assert_msg(span_equal_text(key, keys[i]), "%s: %.*s", container, SPAN_FORMAT(key));
        else
            ck_assert_ptr_null(key.data);
    }
    ck_assert(!json_next(&iterator, &key, &value));
    ck_assert(!json_next(&iterator, &key, &value));
    ck_assert_uint_eq(json_count(whole), count);
}

START_TEST(iterates)
{
    static const char *const keys[] = {"\"a\"", "\"\\u0062\"", "\"c:\\\"\"", "\"\""};
    static const char *const values[] = {"1", "\"x,:\"", "[ {\"a\":1} , 2 ]", "{ }"};
    check_walk("{}", NULL, NULL, 0);
    check_walk("[ ]", NULL, NULL, 0);
    check_walk("[1,\"x,:\",[ {\"a\":1} , 2 ],{ }]", NULL, values, 4);
    check_walk(" [ 1 , \"x,:\" , [ {\"a\":1} , 2 ] , { } ] ", NULL, values, 4);
    check_walk(
        "{\"a\":1,\"\\u0062\":\"x,:\",\"c:\\\"\":[ {\"a\":1} , 2 ],\"\":{ }}", keys, values, 4);
    check_walk("\n{ \"a\" : 1 , \"\\u0062\" :\"x,:\" , \"c:\\\"\" : [ {\"a\":1} , 2 ],\"\":{ }\t} ",
        keys, values, 4);
}
END_TEST

START_TEST(scalars_have_no_elements)
{
    static const char *const none[] = {"", "null", "true", "0", "\"[1,2]\""};
    struct json_value value;
    for (size_t i = 0; i < COUNT(none); i++) {
        struct json_iterator iterator = json_begin(json_value_of(span_of(none[i])));
        ck_assert(!json_next(&iterator, NULL, &value));
        ck_assert_uint_eq(json_count(json_value_of(span_of(none[i]))), 0);
    }
}
END_TEST

/* Reading never leaves the bytes and always ends, even of text that no gate has seen. Each cut is
 * in memory of its own. */
START_TEST(broken_text_is_read_safely)
{
    static const char *const more[] = {"[[[[{\"a\":[\"\\ud83d\\ude00\\", "{{{{", "]]]]", "[,,,,]",
        "{\"a\"\"b\":,}", "[1}2]3}", "\"\\\"\\", "{\"a\":\"\\u12", "{:}", "[:]"};
    for (size_t i = 0; i <= COUNT(more); i++) {
        struct span sample = i < COUNT(more) ? span_of(more[i]) : SPAN(SAMPLE);
        for (size_t length = 0; length <= sample.length; length++) {
            AUTO_GATED it = gated((struct span){sample.data, length}, NULL, false);
            struct json_value whole = json_value_of(it.text), value;
            struct json_iterator iterator = json_begin(whole);
            struct json_pointer deep = gated_pointer("/obj/x/y/z", it.arena);
            struct json_pointer odd = gated_pointer("/0/0/\xF0\x9F\x98\x80", it.arena);
            struct span text;
            struct fault fault;
            int64_t number;
            size_t steps = 0;
            while (json_next(&iterator, NULL, &value))
                ck_assert_uint_le(++steps, length);
            (void)json_find(it.text, &deep); /* that they come back is the test */
            (void)json_find(it.text, &odd);
            ck_assert(json_text(whole, it.arena, &text, &fault));
            (void)json_integer(whole, &number);
            (void)json_content_hash(&gated_key, it.text);
        }
    }
}
END_TEST

UNIT_MAIN("json.value", types, looks_up, says_text, has_no_text_for_the_rest,
    says_when_there_is_no_memory, integers, iterates, scalars_have_no_elements,
    broken_text_is_read_safely)
