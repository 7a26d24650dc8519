/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving values out of a text must leave sound JSON behind. */
#include "../../../host/record/cut.h"

#include <string.h>
#include "json/gate.h"
#include "unit.h"

/* Each mark "<" … ">" in `text` is a cut of that kind; the marks are taken out first. */
static const struct {
    enum cut_kind kind;
    const char *text, *wanted;
} rows[] = {
    {CUT_REDACT, "{\"a\":<1>,\"b\":2}", "{\"a\":\"[redacted]\",\"b\":2}"},
    {CUT_REDACT, "{\"a\":<{\"x\":<1>}>}", "{\"a\":\"[redacted]\"}"},
    {CUT_REDACT, "[<1>,<2>]", "[\"[redacted]\",\"[redacted]\"]"},
    {CUT_REDACT, "<7>", "\"[redacted]\""},
    {CUT_MEMBER, "{\"a\":<1>,\"b\":2}", "{\"b\":2}"},
    {CUT_MEMBER, "{\"a\":1,\"b\":<2>}", "{\"a\":1}"},
    {CUT_MEMBER, "{\"a\":<1>}", "{}"},
    {CUT_MEMBER, "{\"a\":1 , \"b\" : <2> , \"c\":3}", "{\"a\":1 ,  \"c\":3}"},
    {CUT_MEMBER, "{\"a\":1,\"b\":<2>,\"c\":<3>}", "{\"a\":1}"},
    {CUT_MEMBER, "{\"a\":<1>,\"b\":<2>,\"c\":<3>}", "{}"},
    {CUT_MEMBER, "{\"x\":{\"a\":<1>},\"b\":2}", "{\"x\":{},\"b\":2}"},
    {CUT_MEMBER, "{\"q\\\"\\\\\":<1>,\"b\":2}", "{\"b\":2}"},
    {CUT_MEMBER, "{\"a\":0,\"\\\\\":<1>}", "{\"a\":0}"},
    {CUT_MEMBER, "{\"\":<1>,\"b\":2}", "{\"b\":2}"},
    {CUT_MEMBER, "[1,<2>,3]", "[1,null,3]"},
    {CUT_MEMBER, "{\"a\":1}", "{\"a\":1}"},
};

START_TEST(every_row)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO_ARENA *arena = arena_create(0);
        struct cut_list list = {0};
        struct fault fault;
        char text[256];
        size_t length = 0, starts[8], depth = 0;
        for (const char *at = rows[i].text; *at; at++) {
            if (*at == '<')
                starts[depth++] = length;
            else if (*at == '>')
                ck_assert(
                    --depth < 8 &&
                    cut_add(&list, (struct span){text + starts[depth], length - starts[depth]},
                        rows[i].kind, arena, &fault));
            else
                text[length++] = *at;
        }
        struct span whole = {text, length}, result;
        cut_sort(&list);
        ck_assert(cut_apply(&list, whole, arena, &result, &fault));
        ck_assert_msg(
            span_equal_text(result, rows[i].wanted), "row %zu: %.*s", i, SPAN_FORMAT(result));
        ck_assert((list.count == 0) == (result.data == text)); /* borrowed where nothing was cut */
        const struct json_gate_options options = {0};
        struct json_page page;
        ck_assert_msg(
            json_gate(result, &options, arena, &page, &fault), "row %zu: %s", i, fault.text);
    }
}
END_TEST

START_TEST(cuts_outside_leave_a_part_alone)
{
    AUTO_ARENA *arena = arena_create(0);
    static const char text[] = "[{\"a\":1},{\"a\":2}]";
    struct cut_list list = {0};
    struct fault fault;
    struct span second = {text + 9, 7}, result;
    ck_assert(cut_add(&list, (struct span){text + 6, 1}, CUT_REDACT, arena, &fault));
    cut_sort(&list);
    ck_assert(cut_apply(&list, second, arena, &result, &fault));
    ck_assert(result.data == second.data);
    ck_assert(!cut_overlaps(&list, second));
    ck_assert(cut_overlaps(&list, (struct span){text, sizeof text - 1}));
    ck_assert(!cut_overlaps(NULL, second));
}
END_TEST

UNIT_MAIN("cut", every_row, cuts_outside_leave_a_part_alone)
