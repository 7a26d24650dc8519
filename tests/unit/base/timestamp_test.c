/* SPDX-License-Identifier: Apache-2.0 */
/* Times in every form that is read, at the edges of the calendar. */
#include "base/timestamp.h"

#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "base/random.h"
#include "unit.h"

#define YEAR_1   INT64_C(-62135596800000)
#define YEAR_END INT64_C(253402300799999)

struct row {
    const char *text;
    int64_t ms; /* TIMESTAMP_NONE: refused */
};

typedef bool read_time(struct span text, int64_t *ret_wall_ms);

static void check_rows(read_time *read, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t ms = 42;
        bool ok = read(span_of(rows[i].text), &ms);
        ck_assert_msg(ok == (rows[i].ms != TIMESTAMP_NONE), "%s", rows[i].text);
        if (ok)
            ck_assert_msg(ms == rows[i].ms, "%s: %lld", rows[i].text, (long long)ms);
        else
            ck_assert_int_eq(ms, 42);
    }
    int64_t ms = 42;
    ck_assert(!read((struct span){NULL, 0}, &ms));
}
#define CHECK_ROWS(read, rows) check_rows(read, rows, sizeof(rows) / sizeof(rows)[0])

START_TEST(reads_rfc_3339)
{
    static const struct row rows[] = {{"1970-01-01T00:00:00Z", 0}, {"1970-01-01t00:00:00z", 0},
        {"1970-01-01 00:00:00Z", 0}, {"1970-01-01T00:00Z", 0}, {"1970-01-01T00:00:00.1Z", 100},
        {"1970-01-01T00:00:00.001999999Z", 1}, {"1969-12-31T23:59:59.999Z", -1},
        {"1970-01-01T01:00:00+01:00", 0}, {"1969-12-31T23:30:00-0030", 0},
        {"1970-01-01T05:00:00+05", 0}, {"1970-01-01T00:00:00-00:00", 0},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"2026-01-31T23:59:59.123Z", INT64_C(1769903999123)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228799000)}, {"0001-01-01T00:00:00Z", YEAR_1},
        {"9999-12-31T23:59:59.999Z", YEAR_END}, {"2038-01-19T03:14:08Z", INT64_C(2147483648000)},
        {"1970-01-01T00:00:00", TIMESTAMP_NONE}, {"1970-01-01", TIMESTAMP_NONE},
        {"", TIMESTAMP_NONE}, {"1970-01-01T00:00:00.Z", TIMESTAMP_NONE},
        {"1970-01-01T00:00:00Z ", TIMESTAMP_NONE}, {"1970-1-01T00:00:00Z", TIMESTAMP_NONE},
        {"1970-00-01T00:00:00Z", TIMESTAMP_NONE}, {"1970-13-01T00:00:00Z", TIMESTAMP_NONE},
        {"1970-02-29T00:00:00Z", TIMESTAMP_NONE}, {"1900-02-29T00:00:00Z", TIMESTAMP_NONE},
        {"1970-04-31T00:00:00Z", TIMESTAMP_NONE}, {"1970-01-00T00:00:00Z", TIMESTAMP_NONE},
        {"1970-01-01T24:00:00Z", TIMESTAMP_NONE}, {"1970-01-01T00:60:00Z", TIMESTAMP_NONE},
        {"1970-01-01T00:00:61Z", TIMESTAMP_NONE}, {"1970-01-01T00:00:00+24:00", TIMESTAMP_NONE},
        {"1970-01-01T00:00:00+00:60", TIMESTAMP_NONE}, {"1970-01-01T00:00:00+0:00", TIMESTAMP_NONE},
        {"1970-01-01T00:00:00+00:", TIMESTAMP_NONE}, {"0000-01-01T00:00:00Z", TIMESTAMP_NONE},
        {"-0001-01-01T00:00:00Z", TIMESTAMP_NONE}, {"10000-01-01T00:00:00Z", TIMESTAMP_NONE},
        /* What lies outside the years that can be written again. */
        {"0001-01-01T00:00:00+00:01", TIMESTAMP_NONE},
        {"9999-12-31T23:59:59-00:01", TIMESTAMP_NONE}, {"0001-01-01T00:01:00+00:01", YEAR_1}};
    CHECK_ROWS(timestamp_from_rfc3339, rows);
}
END_TEST

START_TEST(reads_dates)
{
    static const struct row rows[] = {{"1970-01-01", 0}, {"1970-01-02", 86400000},
        {"2024-02-29", INT64_C(1709164800000)}, {"2023-02-29", TIMESTAMP_NONE},
        {"1970-01-01T00:00:00Z", TIMESTAMP_NONE}, {"1970-01-1", TIMESTAMP_NONE},
        {"19700101", TIMESTAMP_NONE}};
    CHECK_ROWS(timestamp_from_date, rows);
}
END_TEST

START_TEST(reads_http_dates)
{
    static const int64_t example =
        INT64_C(784111777000); /* RFC 9110 section 5.6.7, three times the same */
    static const struct row rows[] = {{"Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(784111777000)},
        {"Sunday, 06-Nov-94 08:49:37 GMT", INT64_C(784111777000)},
        {"Sun Nov  6 08:49:37 1994", INT64_C(784111777000)},
        {"Sun Nov 16 08:49:37 1994", INT64_C(784111777000) + INT64_C(864000000)},
        {"  Sun, 06 Nov 1994 08:49:37 GMT ", INT64_C(784111777000)},
        {"Thursday, 01-Jan-69 00:00:00 GMT", INT64_C(3124224000000)},
        {"Thursday, 01-Jan-70 00:00:00 GMT", 0}, {"Sun, 06 Nov 1994 08:49:37 UTC", TIMESTAMP_NONE},
        {"Sun, 06 Nov 1994 08:49:37", TIMESTAMP_NONE},
        {"Sun, 6 Nov 1994 08:49:37 GMT", TIMESTAMP_NONE},
        {"Sun, 06 nov 1994 08:49:37 GMT", TIMESTAMP_NONE},
        {"Sun, 31 Feb 1994 08:49:37 GMT", TIMESTAMP_NONE},
        {"Sun, 06 Nov 1994 24:00:00 GMT", TIMESTAMP_NONE},
        {"Su, 06 Nov 1994 08:49:37 GMT", TIMESTAMP_NONE},
        {"Sun,06 Nov 1994 08:49:37 GMT", TIMESTAMP_NONE}, {"120", TIMESTAMP_NONE},
        {"", TIMESTAMP_NONE}, {"Sun", TIMESTAMP_NONE}, {"Sun,", TIMESTAMP_NONE},
        {"Sun, 06 No", TIMESTAMP_NONE}};
    CHECK_ROWS(timestamp_from_http_date, rows);
    ck_assert_int_eq(rows[0].ms, example);
}
END_TEST

START_TEST(reads_generalized_time)
{
    /* The first two are the examples of RFC 4517 section 3.3.13. */
    static const struct row rows[] = {{"199412161032Z", INT64_C(787573920000)},
        {"199412160532-0500", INT64_C(787573920000)}, {"19941216103200Z", INT64_C(787573920000)},
        {"19941216103200.5Z", INT64_C(787573920500)}, {"19941216103200,25Z", INT64_C(787573920250)},
        {"1994121610.5Z", INT64_C(787573800000)}, {"199412161032.5Z", INT64_C(787573950000)},
        {"1994121610Z", INT64_C(787572000000)}, {"1994121611+01", INT64_C(787572000000)},
        {"19941216103260Z", INT64_C(787573979000)}, {"19941216103200.0Z", INT64_C(787573920000)},
        {"199412161032", TIMESTAMP_NONE}, {"19941216Z", TIMESTAMP_NONE},
        {"199412161Z", TIMESTAMP_NONE}, {"19941216103Z", TIMESTAMP_NONE},
        {"19941216103200.Z", TIMESTAMP_NONE}, {"19941316103200Z", TIMESTAMP_NONE},
        {"", TIMESTAMP_NONE}};
    CHECK_ROWS(timestamp_from_generalized, rows);
}
END_TEST

START_TEST(reads_durations)
{
    static const struct row rows[] = {{"0s", 0}, {"250ms", 250}, {"1s", 1000}, {"15m", 900000},
        {"2h", 7200000}, {"1d", 86400000}, {"007s", 7000},
        {"106751991167d", INT64_C(9223372036828800000)}, {"106751991168d", TIMESTAMP_NONE},
        {"9223372036854775807ms", INT64_MAX}, {"9223372036854775808ms", TIMESTAMP_NONE},
        {"", TIMESTAMP_NONE}, {"s", TIMESTAMP_NONE}, {"15", TIMESTAMP_NONE},
        {"-1s", TIMESTAMP_NONE}, {"+1s", TIMESTAMP_NONE}, {"1.5h", TIMESTAMP_NONE},
        {"1 h", TIMESTAMP_NONE}, {"1H", TIMESTAMP_NONE}, {"1w", TIMESTAMP_NONE},
        {"1h30m", TIMESTAMP_NONE}, {"1s ", TIMESTAMP_NONE}};
    CHECK_ROWS(timestamp_duration, rows);
}
END_TEST

static void check_round_trip(int64_t ms)
{
    char text[TIMESTAMP_TEXT];
    int64_t back = 42;
    timestamp_text(ms, text);
    ck_assert_uint_eq(strlen(text), 24);
    ck_assert_msg(timestamp_from_rfc3339(span_of(text), &back), "%s", text);
    ck_assert_msg(back == ms, "%s", text);
}

START_TEST(writes_what_it_reads)
{
    char text[TIMESTAMP_TEXT];
    timestamp_text(INT64_C(1769903999123), text);
    ck_assert_str_eq(text, "2026-01-31T23:59:59.123Z");
    timestamp_text(-1, text);
    ck_assert_str_eq(text, "1969-12-31T23:59:59.999Z");
    timestamp_text(YEAR_1, text);
    ck_assert_str_eq(text, "0001-01-01T00:00:00.000Z");
    timestamp_text(YEAR_END, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
    static const int64_t outside[] = {
        TIMESTAMP_NONE, INT64_MIN + 1, INT64_MAX, YEAR_1 - 1, YEAR_END + 1};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        timestamp_text(outside[i], text);
        ck_assert_str_eq(text, "");
    }
    struct random random = random_seeded(3);
    for (int i = 0; i < 20000; i++)
        check_round_trip(YEAR_1 + (int64_t)random_below(&random, (uint64_t)(YEAR_END - YEAR_1)));
}
END_TEST

/* Every day of 800 years against the C library's calendar. */
START_TEST(agrees_with_the_c_library)
{
    for (int64_t day = -135140; day < 157060; day++) {
        char text[TIMESTAMP_TEXT], wanted[TIMESTAMP_TEXT];
        time_t seconds = day * 86400;
        struct tm tm;
        ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
        (void)strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%S.000Z", &tm);
        timestamp_text(day * 86400000, text);
        if (strcmp(text, wanted) != 0)
            ck_abort_msg("%s, not %s", text, wanted);
    }
}
END_TEST

START_TEST(reads_the_clocks)
{
    struct clock clock = clock_system();
    int64_t wall = clock_wall_ms(&clock), before = clock_monotonic_ms(&clock);
    ck_assert_int_gt(wall, INT64_C(1600000000000));
    ck_assert_int_le(before, clock_monotonic_ms(&clock));
    ck_assert_int_ge(wall, (int64_t)time(NULL) * 1000 - 60000);
}
END_TEST

UNIT_MAIN("timestamp", reads_rfc_3339, reads_dates, reads_http_dates, reads_generalized_time,
    reads_durations, writes_what_it_reads, agrees_with_the_c_library, reads_the_clocks)
