/* SPDX-License-Identifier: Apache-2.0 */
/* Time formats, booleans and bounds. */
#include "../../../host/record/convert.h"

#include <string.h>
#include "unit.h"

static const struct {
    uint32_t format;
    const char *text;
    enum convert_result result;
    const char *time;
} times[] = {
    {MUSTER_TIME_DEFAULT, "2024-01-02T03:04:05.678Z", CONVERT_OK, "2024-01-02T03:04:05.678Z"},
    {MUSTER_TIME_RFC3339, "2024-01-02T03:04:05", CONVERT_BAD, NULL},
    {MUSTER_TIME_RFC3339, "1700000000", CONVERT_BAD, NULL},
    {MUSTER_TIME_EPOCH_S, "1700000000", CONVERT_OK, "2023-11-14T22:13:20.000Z"},
    {MUSTER_TIME_EPOCH_S, "0", CONVERT_OK, "1970-01-01T00:00:00.000Z"},
    {MUSTER_TIME_EPOCH_S, "-1.5", CONVERT_OK, "1969-12-31T23:59:58.500Z"},
    {MUSTER_TIME_EPOCH_S, "-1.0001", CONVERT_OK, "1969-12-31T23:59:58.999Z"},
    {MUSTER_TIME_EPOCH_S, "1.", CONVERT_BAD, NULL},
    {MUSTER_TIME_EPOCH_S, "1.x", CONVERT_BAD, NULL},
    {MUSTER_TIME_EPOCH_S, "", CONVERT_BAD, NULL},
    {MUSTER_TIME_EPOCH_S, "1700000000000", CONVERT_BAD, NULL}, /* milliseconds under a wrong name */
    {MUSTER_TIME_EPOCH_S, "9223372036854775807", CONVERT_BAD, NULL},
    {MUSTER_TIME_EPOCH_MS, "1700000000123", CONVERT_OK, "2023-11-14T22:13:20.123Z"},
    {MUSTER_TIME_EPOCH_MS, "1700000000123.9", CONVERT_OK, "2023-11-14T22:13:20.123Z"},
    {MUSTER_TIME_DATE, "2024-02-29", CONVERT_OK, "2024-02-29T00:00:00.000Z"},
    {MUSTER_TIME_DATE, "2023-02-29", CONVERT_BAD, NULL},
    {MUSTER_TIME_HTTP_DATE, "Sun, 06 Nov 1994 08:49:37 GMT", CONVERT_OK,
        "1994-11-06T08:49:37.000Z"},
    {MUSTER_TIME_FILETIME, "133444736000000000", CONVERT_OK, "2023-11-14T22:13:20.000Z"},
    {MUSTER_TIME_FILETIME, "0", CONVERT_NEVER, NULL},
    {MUSTER_TIME_FILETIME, "9223372036854775807", CONVERT_NEVER, NULL},
    {MUSTER_TIME_FILETIME, "-1", CONVERT_BAD, NULL},
    {MUSTER_TIME_GENERALIZED, "20231114221320.0Z", CONVERT_OK, "2023-11-14T22:13:20.000Z"},
    {MUSTER_TIME_COUNTER, "7", CONVERT_BAD, NULL},
    {999, "7", CONVERT_BAD, NULL},
};

START_TEST(every_time)
{
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[TIMESTAMP_TEXT];
        int64_t wall_ms = 0;
        enum convert_result result =
            convert_time(times[i].format, span_of(times[i].text), &wall_ms);
        ck_assert_msg(result == times[i].result, "row %zu: %d", i, result);
        if (!times[i].time)
            continue;
        timestamp_text(wall_ms, text);
        ck_assert_msg(strcmp(text, times[i].time) == 0, "row %zu: %s", i, text);
    }
}
END_TEST

static const struct {
    uint32_t format, granularity_s;
    int64_t number;
    const char *bound; /* null: none */
} bounds[] = {
    {MUSTER_TIME_DEFAULT, 0, INT64_C(1700000000999), "2023-11-14T22:13:20Z"},
    {MUSTER_TIME_RFC3339, 60, INT64_C(1700000019000), "2023-11-14T22:13:00Z"},
    {MUSTER_TIME_EPOCH_S, 0, INT64_C(1700000000999), "1700000000"},
    {MUSTER_TIME_EPOCH_S, 0, INT64_C(-1), "-1"}, /* floored, never towards zero */
    {MUSTER_TIME_EPOCH_MS, 1, INT64_C(1700000000999), "1700000000000"},
    {MUSTER_TIME_DATE, 0, INT64_C(1700000000999), "2023-11-14"},
    {MUSTER_TIME_COUNTER, 60, 119, "119"},
    {MUSTER_TIME_OPAQUE, 0, 1, NULL},
    {MUSTER_TIME_HTTP_DATE, 0, INT64_C(784111777000), "Sun, 06 Nov 1994 08:49:37 GMT"},
    {MUSTER_TIME_HTTP_DATE, 0, INT64_C(-86400000), "Wed, 31 Dec 1969 00:00:00 GMT"},
    {MUSTER_TIME_FILETIME, 0, INT64_C(1700000000999), "133444736000000000"},
    {MUSTER_TIME_GENERALIZED, 0, INT64_C(1700000000999), "20231114221320Z"},
    {MUSTER_TIME_RFC3339, 0, INT64_MAX / 2, NULL},
};

START_TEST(every_bound)
{
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        char text[CONVERT_BOUND_MAX];
        bool made =
            convert_bound(bounds[i].format, bounds[i].granularity_s, bounds[i].number, text);
        ck_assert_msg(made == (bounds[i].bound != NULL), "row %zu", i);
        if (made)
            ck_assert_msg(strcmp(text, bounds[i].bound) == 0, "row %zu: %s", i, text);
    }
}
END_TEST

START_TEST(booleans)
{
    static const char *const yes[] = {"true", "TRUE", "1", "Yes"},
                             *const no[] = {"false", "0", "NO"},
                             *const neither[] = {"", "y", "2", "on", "truee", " true"};
    bool value = false;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        ck_assert(convert_boolean(span_of(yes[i]), &value) && value);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        ck_assert(convert_boolean(span_of(no[i]), &value) && !value);
    for (size_t i = 0; i < sizeof neither / sizeof neither[0]; i++)
        ck_assert(!convert_boolean(span_of(neither[i]), &value));
}
END_TEST

UNIT_MAIN("convert", every_time, every_bound, booleans)
