/* SPDX-License-Identifier: Apache-2.0 */
/* The line of progress: the time left is that of the slowest stream, a wait says what for, and a
 * terminal's columns are kept to. */
#include "progress.h"

#include <string.h>
#include "unit.h"

static struct progress begun(void)
{
    return (struct progress){.began_ms = 1000};
}

static void page(
    struct progress *progress, const char *stream, int64_t received, int64_t total, int64_t now_ms)
{
    progress_note(progress,
        &(struct note){.kind = NOTE_PAGE,
            .connection = "acme",
            .stream = stream,
            .number = total,
            .batch = {.received = received}},
        now_ms);
}

static void is_line(
    const struct progress *progress, int64_t now_ms, size_t columns, const char *wanted)
{
    char line[256];
    progress_line(progress, now_ms, columns, line, sizeof line);
    ck_assert_str_eq(line, wanted);
}

START_TEST(case_each_stream_has_its_pace)
{
    struct progress progress = begun();
    page(&progress, "groups", 39900, 39900, 1500); /* all of it in one page */
    page(&progress, "users", 200, 2000, 2000);
    is_line(&progress, 2000, 200, "2 pages, 40100 records, 40100/s, about 9 s left  acme/users");
    page(&progress, "keys", 10, -1, 2000);
    is_line(&progress, 2000, 200, "3 pages, 40110 records, 40110/s  acme/keys");
}
END_TEST

START_TEST(case_a_wait_says_what_for)
{
    struct progress progress = begun();
    progress_note(&progress,
        &(struct note){.kind = NOTE_RETRY,
            .connection = "acme",
            .stream = "users",
            .outcome = OUTCOME_TRANSIENT,
            .number = 4000},
        1000);
    is_line(&progress, 1000, 200,
        "0 pages, 0 records, 0/s, trying again in 4 s (transient)  acme/users");
    is_line(&progress, 5000, 200, "0 pages, 0 records, 0/s  acme/users");
    progress_note(
        &progress, &(struct note){.kind = NOTE_WAIT, .connection = "acme", .number = 2000}, 5000);
    is_line(&progress, 5000, 200, "0 pages, 0 records, 0/s, waiting 2 s  acme");
}
END_TEST

START_TEST(case_a_terminal_is_not_overrun)
{
    struct progress progress = begun();
    page(&progress, "users", 200, 200, 2000);
    is_line(&progress, 2000, 20, "1 pages, 200 records");
}
END_TEST

UNIT_MAIN("progress", case_each_stream_has_its_pace, case_a_wait_says_what_for,
    case_a_terminal_is_not_overrun)
