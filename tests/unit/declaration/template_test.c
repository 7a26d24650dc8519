/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: what parses, what expands, what is left out. */
#include "declaration/template.h"

#include <string.h>
#include "unit.h"

static bool lookup(void *context, struct span name, struct span *ret_value)
{
    (void)context;
    if (span_equal_text(name, "tenant"))
        *ret_value = SPAN("a/b c");
    else if (span_equal_text(name, "parent.id"))
        *ret_value = SPAN("7");
    else if (span_equal_text(name, "empty"))
        *ret_value = SPAN("");
    else
        return false;
    return true;
}

static void expand(const char *text, bool percent, bool complete, const char *expected)
{
    struct arena *arena = arena_create(0);
    AUTO_BYTES into = {0};
    struct template template;
    struct fault fault;
    bool is_complete;
    ck_assert(template_parse(text, arena, &template, &fault));
    ck_assert(bytes_append_text(&into, "<", &fault));
    ck_assert(template_expand(&template, lookup, NULL, percent, &into, &is_complete, &fault));
    ck_assert_int_eq(is_complete, complete);
    ck_assert_str_eq(into.data, expected);
    arena_free(arena);
}

START_TEST(expands)
{
    expand("/t/{tenant}/x", true, true, "</t/a%2Fb%20c/x");
    expand("/t/{tenant}/x", false, true, "</t/a/b c/x");
    expand("{parent.id}{parent.id}", true, true, "<77");
    expand("{{x}} {empty}.", true, true, "<{x} .");
    expand("", true, true, "<");
    expand(NULL, true, true, "<");
    expand("plain", true, true, "<plain");
}
END_TEST

START_TEST(leaves_nothing_behind_where_a_name_is_not_set)
{
    expand("a{tenant}b{absent}c", true, false, "<");
}
END_TEST

START_TEST(refuses)
{
    static const char *const bad[] = {
        "{", "}", "a}", "{}", "{Tenant}", "{ tenant}", "{1a}", "{a b}", "{a{b}", "{{}", "{tenant"};
    struct arena *arena = arena_create(0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct template template;
        struct fault fault = {0};
        ck_assert_msg(!template_parse(bad[i], arena, &template, &fault), "%s", bad[i]);
        ck_assert_int_eq(fault.code, FAULT_DECLARATION);
        ck_assert_ptr_nonnull(strstr(fault.text, bad[i]));
    }
    arena_free(arena);
}
END_TEST

START_TEST(long_texts_of_names_are_bounded)
{
    char text[4097];
    struct arena *arena = arena_create(1u << 20);
    struct template template;
    struct fault fault;
    for (size_t i = 0; i + 4 <= sizeof text; i += 3)
        (void)memcpy(text + i, "{a}", 4);
    ck_assert(template_parse(text, arena, &template, &fault));
    ck_assert_uint_eq(template.count, 1365);
    arena_free(arena);
}
END_TEST

UNIT_MAIN("template", expands, leaves_nothing_behind_where_a_name_is_not_set, refuses,
    long_texts_of_names_are_bounded)
