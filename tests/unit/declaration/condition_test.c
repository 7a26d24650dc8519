/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: every operator against every type, escapes, and texts longer than one search window.
 */
#include "declaration/condition.h"

#include <string.h>
#include "unit.h"

static struct condition compile(struct arena *arena, const struct muster_condition *declared)
{
    struct condition condition;
    struct fault fault;
    ck_assert_msg(condition_compile(declared, arena, &condition, &fault), "%s", fault.text);
    return condition;
}

static bool holds(enum muster_operator op, const char *value, const char *json)
{
    AUTO_ARENA *arena = arena_create(0);
    struct muster_condition declared = {.pointer = "/v", .value = value, .op = op};
    struct condition condition = compile(arena, &declared);
    return condition_holds(&condition, span_of(json));
}

START_TEST(each_operator_against_each_type)
{
    static const struct {
        const char *value, *json;
        enum muster_operator op;
        bool holds;
    } rows[] = {
        {"a", "{\"v\":\"a\"}", MUSTER_EQUALS, true},
        {"a", "{\"v\":\"A\"}", MUSTER_EQUALS, false},
        {"a", "{\"v\":\"ab\"}", MUSTER_EQUALS, false},
        {"ab", "{\"v\":\"a\"}", MUSTER_EQUALS, false},
        {"", "{\"v\":\"\"}", MUSTER_EQUALS, true},
        {"18446744073709551617", "{\"v\":18446744073709551617}", MUSTER_EQUALS, true},
        {"18446744073709551616", "{\"v\":18446744073709551617}", MUSTER_EQUALS, false},
        {"1", "{\"v\":1.0}", MUSTER_EQUALS, false},
        {"true", "{\"v\":true}", MUSTER_EQUALS, true},
        {"true", "{\"v\":\"true\"}", MUSTER_EQUALS, true},
        {"false", "{\"v\":true}", MUSTER_EQUALS, false},
        {"null", "{\"v\":null}", MUSTER_EQUALS, false},
        {"[]", "{\"v\":[]}", MUSTER_EQUALS, false},
        {NULL, "{\"v\":0}", MUSTER_EQUALS, true},
        {NULL, "{\"v\":null}", MUSTER_EQUALS, false},
        {"a", "{\"v\":\"b\"}", MUSTER_NOT_EQUALS, true},
        {"a", "{\"v\":\"a\"}", MUSTER_NOT_EQUALS, false},
        {"a", "{\"v\":null}", MUSTER_NOT_EQUALS, false},
        {"a", "{}", MUSTER_NOT_EQUALS, false},
        {"a", "{\"v\":[\"a\"]}", MUSTER_NOT_EQUALS, true},
        {NULL, "{\"v\":false}", MUSTER_PRESENT, true},
        {NULL, "{\"v\":null}", MUSTER_PRESENT, false},
        {NULL, "{\"w\":1}", MUSTER_PRESENT, false},
        {NULL, "{\"w\":1}", MUSTER_ABSENT, true},
        {NULL, "{\"v\":null}", MUSTER_ABSENT, true},
        {NULL, "{\"v\":\"\"}", MUSTER_ABSENT, false},
        {NULL, "{\"v\":null}", MUSTER_IS_NULL, true},
        {NULL, "{}", MUSTER_IS_NULL, false},
        {"rate", "{\"v\":\"secondary rate limit\"}", MUSTER_CONTAINS, true},
        {"rate", "{\"v\":\"ra\\u0074e\"}", MUSTER_CONTAINS, true},
        {"rate", "{\"v\":\"rat\\n e\"}", MUSTER_CONTAINS, false},
        {"1", "{\"v\":1}", MUSTER_CONTAINS, false},
        {"rate", "{\"v\":[\"rate\"]}", MUSTER_CONTAINS, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(holds(rows[i].op, rows[i].value, rows[i].json) == rows[i].holds,
            "row %zu: %s", i, rows[i].json);
}
END_TEST

START_TEST(escapes_are_compared_by_what_they_stand_for)
{
    ck_assert(holds(MUSTER_EQUALS, "\"\\/\b\f\n\r\t", "{\"v\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"));
    ck_assert(holds(MUSTER_EQUALS, "é€😀", "{\"v\":\"\\u00E9\\u20ac\\uD83D\\uDE00\"}"));
    ck_assert(holds(MUSTER_EQUALS, "é€😀", "{\"v\":\"é€😀\"}"));
    ck_assert(!holds(MUSTER_EQUALS, "😀", "{\"v\":\"\\uD83D\\uDE01\"}"));
    ck_assert(!holds(MUSTER_EQUALS, "ab", "{\"v\":\"\\u0061\"}"));
    ck_assert(!holds(MUSTER_EQUALS, "a", "{\"v\":\"\\u0061b\"}"));
}
END_TEST

START_TEST(a_text_across_two_windows_is_found)
{
    /* Escaped letters before the needle move it over every place around the window's edge. */
    for (size_t before = 2 * MUSTER_STRING_MAX - 8; before < 2 * MUSTER_STRING_MAX + 8; before++) {
        AUTO_BYTES json = {0};
        struct fault fault;
        ck_assert(bytes_append_text(&json, "{\"v\":\"\\u0078", &fault));
        for (size_t i = 1; i < before; i++)
            ck_assert(bytes_append_char(&json, 'x', &fault));
        ck_assert(bytes_append_text(&json, "needle\"}", &fault));
        ck_assert(holds(MUSTER_CONTAINS, "needle", json.data));
        ck_assert(!holds(MUSTER_CONTAINS, "needles", json.data));
    }
}
END_TEST

START_TEST(what_does_not_compile_is_refused_with_a_sentence)
{
    static const struct muster_condition bad[] = {
        {.pointer = "v", .value = "a"},
        {.pointer = "/v", .value = "a", .op = 6},
        {.pointer = "/v", .op = MUSTER_CONTAINS},
        {.pointer = "/v", .op = MUSTER_NOT_EQUALS},
    };
    AUTO_ARENA *arena = arena_create(0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct condition condition = {.declared = true, .op = MUSTER_ABSENT};
        struct fault fault = {0};
        ck_assert(!condition_compile(&bad[i], arena, &condition, &fault));
        ck_assert_int_eq(fault.code, FAULT_DECLARATION);
        ck_assert_int_gt(strlen(fault.text), 10);
        ck_assert_int_eq(condition.op, MUSTER_ABSENT); /* untouched on failure */
    }
}
END_TEST

START_TEST(what_is_not_declared_never_holds)
{
    AUTO_ARENA *arena = arena_create(0);
    struct muster_condition none = {0};
    struct condition condition = compile(arena, &none);
    ck_assert(!condition.declared);
    ck_assert(!condition_holds(&condition, SPAN("{}")));
    ck_assert(!condition_holds_of(&condition, (struct json_value){0}));
}
END_TEST

UNIT_MAIN("condition", each_operator_against_each_type, escapes_are_compared_by_what_they_stand_for,
    a_text_across_two_windows_is_found, what_does_not_compile_is_refused_with_a_sentence,
    what_is_not_declared_never_holds)
