/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as aligned text, and what a narrow terminal is spared. */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "unit.h"

static const char *const names[] = {"name", "live", "gaps", "dead", "why"};
enum { COLUMNS = sizeof names / sizeof names[0] };

static struct cell text(const char *value)
{
    return (struct cell){
        .type = value ? CELL_TEXT : CELL_NULL, .text = span_of(value ? value : "")};
}

static struct cell number(int64_t value)
{
    return (struct cell){.type = CELL_INTEGER, .integer = value};
}

/* Two rows; the last columns are theirs. To be freed. */
static char *shown(size_t room, int64_t dead, const char *why)
{
    char *out = NULL;
    size_t length;
    FILE *stream = open_memstream(&out, &length);
    ck_assert_ptr_nonnull(stream);
    struct table *table = table_create(stream, TABLE_TEXT, "rows");
    ck_assert_ptr_nonnull(table);
    table_fit(table, room);
    const struct cell first[COLUMNS] = {text("Zoë"), number(7), text(NULL), number(0), text(why)};
    const struct cell second[COLUMNS] = {
        text("acme"), number(10), text(NULL), number(dead), text(NULL)};
    ck_assert(table_row(table, names, first, COLUMNS));
    ck_assert(table_row(table, names, second, COLUMNS));
    ck_assert(table_finish(table));
    table_free(table);
    ck_assert_int_eq(fclose(stream), 0);
    return out;
}

static void is_shown(size_t room, int64_t dead, const char *why, const char *wanted)
{
    char *out = shown(room, dead, why);
    ck_assert_str_eq(out, wanted);
    free(out);
}

START_TEST(case_a_wide_one_shows_all)
{
    static const char all[] = "name  live  gaps  dead  why\n"
                              "Zoë      7  -        0  -\n"
                              "acme    10  -        0  -\n";
    is_shown(0, 0, NULL, all);
    is_shown(27, 0, NULL, all);
}
END_TEST

START_TEST(case_a_narrow_one_leaves_out_what_is_empty)
{
    is_shown(26, 0, NULL,
        "name  live  gaps  dead\n"
        "Zoë      7  -        0\n"
        "acme    10  -        0\n"
        "(left out, empty or 0 in every row: why)\n");
    is_shown(12, 0, NULL,
        "name  live\n"
        "Zoë      7\n"
        "acme    10\n"
        "(left out, empty or 0 in every row: gaps, dead, why)\n");
}
END_TEST

START_TEST(case_what_says_something_stays)
{
    is_shown(12, 1, "x",
        "name  live  dead  why\n"
        "Zoë      7     0  x\n"
        "acme    10     1  -\n"
        "(left out, empty or 0 in every row: gaps)\n");
}
END_TEST

START_TEST(case_the_last_column_is_whole)
{
    char why[200];
    (void)memset(why, 'w', sizeof why - 1);
    why[sizeof why - 1] = '\0';
    char *out = shown(0, 0, why);
    ck_assert_ptr_nonnull(strstr(out, why));
    free(out);
}
END_TEST

UNIT_MAIN("table", case_a_wide_one_shows_all, case_a_narrow_one_leaves_out_what_is_empty,
    case_what_says_something_stays, case_the_last_column_is_whole)
