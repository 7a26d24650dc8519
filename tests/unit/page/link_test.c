/* SPDX-License-Identifier: Apache-2.0 */
/* Link header fields as servers write them, and as they should not. */
#include "../../../host/page/link.h"

#include "unit.h"

static const struct {
    const char *first, *second; /* header fields; null: none */
    enum link_result result;
    const char *target;
} rows[] = {
    {NULL, NULL, LINK_NONE, NULL},
    {"", NULL, LINK_NONE, NULL},
    {"<a>; rel=next", NULL, LINK_FOUND, "a"},
    {"<a>;rel=\"next\"", NULL, LINK_FOUND, "a"},
    {"<a> ; REL = \"Next\"", NULL, LINK_FOUND, "a"},
    {"<a>; rel=\"last next\"", NULL, LINK_FOUND, "a"},
    {"<a>; rel=\"nextpage\"", NULL, LINK_NONE, NULL},
    {"<a>; rel=\"http://x/next\"", NULL, LINK_NONE, NULL},
    {"<a>; rel=prev; rel=next", NULL, LINK_NONE, NULL}, /* only the first rel counts */
    {"<a>; title=\"x; rel=next\"; rel=last", NULL, LINK_NONE, NULL},
    {"<a>; title=\"say \\\"<b>, \\\"\"; rel=next", NULL, LINK_FOUND, "a"},
    {"<a>; rel=last, <b?x=1,2;3>; rel=next", NULL, LINK_FOUND, "b?x=1,2;3"},
    {", ,<a>; rel=next,", NULL, LINK_FOUND, "a"},
    {"<a>; rel=last", "<b>; rel=next", LINK_FOUND, "b"},
    {"<>; rel=next", NULL, LINK_FOUND, ""},
    {"<a>; rel=\"ne\\xt\"", NULL, LINK_FOUND, "a"}, /* an escape stands for its character */
    {"<a>; rel=next, <a>; rel=next", NULL, LINK_FOUND, "a"},
    {"<a>; rel=next, <b>; rel=next", NULL, LINK_BROKEN, NULL},
    {"<a>; anchor=\"#x\"; rel=next", NULL, LINK_NONE, NULL},
    {"<a>; rel=next; hreflang", NULL, LINK_FOUND, "a"},
    {"<a>; ; rel=next", NULL, LINK_FOUND, "a"},
    {"a; rel=next", NULL, LINK_BROKEN, NULL},
    {"<a; rel=next", NULL, LINK_BROKEN, NULL},
    {"<a>; rel=\"next", NULL, LINK_BROKEN, NULL},
    {"<a> rel=next", NULL, LINK_BROKEN, NULL},
    {"<a>; rel=last, garbage", "<b>; rel=next", LINK_FOUND, "b"},
    {"garbage", "<b>; rel=last", LINK_BROKEN, NULL},
};

START_TEST(every_row)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_headers headers = {0};
        struct fault fault;
        struct span target = {NULL, 0};
        ck_assert(http_headers_add(&headers, SPAN("Date"), SPAN("<z>; rel=next"), &fault));
        if (rows[i].first)
            ck_assert(http_headers_add(&headers, SPAN("Link"), span_of(rows[i].first), &fault));
        if (rows[i].second)
            ck_assert(http_headers_add(&headers, SPAN("LINK"), span_of(rows[i].second), &fault));
        enum link_result result = link_next(&headers, &target);
        ck_assert_msg(result == rows[i].result, "row %zu: %d", i, result);
        if (rows[i].target)
            ck_assert_msg(
                span_equal_text(target, rows[i].target), "row %zu: %.*s", i, SPAN_FORMAT(target));
        http_headers_free(&headers);
    }
}
END_TEST

START_TEST(too_many_values_show_no_absence)
{
    struct http_headers headers = {0};
    struct fault fault;
    struct span target;
    AUTO_BYTES text = {0};
    for (unsigned i = 0; i <= LINK_VALUES_MAX; i++)
        ck_assert(bytes_append_text(&text, "<a>;rel=prev,", &fault));
    ck_assert(http_headers_add(&headers, SPAN("Link"), bytes_span(&text), &fault));
    ck_assert_int_eq(link_next(&headers, &target), LINK_BROKEN);
    http_headers_free(&headers);
}
END_TEST

UNIT_MAIN("link", every_row, too_many_values_show_no_absence)
