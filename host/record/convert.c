/* SPDX-License-Identifier: Apache-2.0 */
/* Time formats and boolean words, as tables. */
#include "convert.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECOND_MS         INT64_C(1000)
#define DAY_MS            INT64_C(86400000)
#define FILETIME_PER_MS   INT64_C(10000)           /* 100 ns units */
#define FILETIME_EPOCH_MS INT64_C(11644473600000)  /* from 1601-01-01 to 1970-01-01 */
#define WALL_MS_LEAST     INT64_C(-62135596800000) /* 0001-01-01T00:00:00Z */
#define WALL_MS_MOST      INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

static int64_t floor_to(int64_t value, int64_t unit)
{
    int64_t rest = value % unit;
    return value - (rest < 0 ? rest + unit : rest);
}

/* A decimal number with an optional fraction, in thousandths where `scale` is 1000, floored. */
static bool read_decimal(struct span text, int64_t scale, int64_t *ret_value)
{
    const char *point = text.length ? memchr(text.data, '.', text.length) : NULL;
    struct span whole = {text.data, point ? (size_t)(point - text.data) : text.length};
    int64_t value, part = 0, unit = scale;
    bool negative = text.length > 0 && text.data[0] == '-', more = false;
    if (!span_to_int64(whole, &value) || __builtin_mul_overflow(value, scale, &value))
        return false;
    for (const char *at = point ? point + 1 : NULL; at && at < text.data + text.length; at++) {
        if (*at < '0' || *at > '9')
            return false;
        unit /= 10;
        part += (*at - '0') * unit;
        more = more || (unit == 0 && *at != '0');
    }
    if (point && point + 1 == text.data + text.length)
        return false;
    return !__builtin_add_overflow(value, negative ? -part - more : part, ret_value);
}

static enum convert_result within(bool read, int64_t wall_ms, int64_t *ret_wall_ms)
{
    if (!read || wall_ms < WALL_MS_LEAST || wall_ms > WALL_MS_MOST)
        return CONVERT_BAD;
    *ret_wall_ms = wall_ms;
    return CONVERT_OK;
}

static enum convert_result from_rfc3339(struct span text, int64_t *ret_wall_ms)
{
    int64_t wall_ms = 0;
    bool read = timestamp_from_rfc3339(text, &wall_ms);
    return within(read, wall_ms, ret_wall_ms);
}

static enum convert_result from_epoch_s(struct span text, int64_t *ret_wall_ms)
{
    int64_t wall_ms = 0;
    bool read = read_decimal(text, SECOND_MS, &wall_ms);
    return within(read, wall_ms, ret_wall_ms);
}

static enum convert_result from_epoch_ms(struct span text, int64_t *ret_wall_ms)
{
    int64_t wall_ms = 0;
    bool read = read_decimal(text, 1, &wall_ms);
    return within(read, wall_ms, ret_wall_ms);
}

static enum convert_result from_date(struct span text, int64_t *ret_wall_ms)
{
    int64_t wall_ms = 0;
    bool read = timestamp_from_date(text, &wall_ms);
    return within(read, wall_ms, ret_wall_ms);
}

static enum convert_result from_http_date(struct span text, int64_t *ret_wall_ms)
{
    int64_t wall_ms = 0;
    bool read = timestamp_from_http_date(text, &wall_ms);
    return within(read, wall_ms, ret_wall_ms);
}

static enum convert_result from_filetime(struct span text, int64_t *ret_wall_ms)
{
    int64_t units;
    if (!span_to_int64(text, &units) || units < 0)
        return CONVERT_BAD;
    if (units == 0 || units == INT64_MAX)
        return CONVERT_NEVER;
    return within(true, units / FILETIME_PER_MS - FILETIME_EPOCH_MS, ret_wall_ms);
}

static enum convert_result from_generalized(struct span text, int64_t *ret_wall_ms)
{
    int64_t wall_ms = 0;
    bool read = timestamp_from_generalized(text, &wall_ms);
    return within(read, wall_ms, ret_wall_ms);
}

static enum convert_result not_a_time(struct span text, int64_t *ret_wall_ms)
{
    (void)text, (void)ret_wall_ms; /* counters and opaque texts are bounds, not times */
    return CONVERT_BAD;
}

static enum convert_result (*const time_formats[])(struct span text, int64_t *ret_wall_ms) = {
    [MUSTER_TIME_DEFAULT] = from_rfc3339,
    [MUSTER_TIME_RFC3339] = from_rfc3339,
    [MUSTER_TIME_EPOCH_S] = from_epoch_s,
    [MUSTER_TIME_EPOCH_MS] = from_epoch_ms,
    [MUSTER_TIME_DATE] = from_date,
    [MUSTER_TIME_COUNTER] = not_a_time,
    [MUSTER_TIME_OPAQUE] = not_a_time,
    [MUSTER_TIME_HTTP_DATE] = from_http_date,
    [MUSTER_TIME_FILETIME] = from_filetime,
    [MUSTER_TIME_GENERALIZED] = from_generalized,
};

#define TIME_FORMATS (sizeof time_formats / sizeof time_formats[0])

enum convert_result convert_time(uint32_t format, struct span text, int64_t *ret_wall_ms)
{
    return format < TIME_FORMATS ? time_formats[format](text, ret_wall_ms) : CONVERT_BAD;
}

bool convert_boolean(struct span text, bool *ret_value)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        {"true", true}, {"false", false}, {"1", true}, {"0", false}, {"yes", true}, {"no", false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (span_equal_nocase(text, span_of(words[i].word))) {
            *ret_value = words[i].value;
            return true;
        }
    return false;
}

/* ------------------------------------------------------------------ bounds -------------------- */

/* "2026-01-31T23:59:59.000Z" cut in its parts, since every format below is made of them. */
static void write_http_date(const char *iso, int64_t wall_ms, char *ret_text)
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t day = floor_to(wall_ms, DAY_MS) / DAY_MS % 7;
    size_t tens = (size_t)(iso[5] - '0'), month = tens * 10 + (size_t)(iso[6] - '0');
    (void)snprintf(ret_text, CONVERT_BOUND_MAX, "%.3s, %.2s %.3s %.4s %.8s GMT",
        days + 3 * (day < 0 ? day + 7 : day), iso + 8, months + 3 * (month - 1), iso, iso + 11);
}

static void write_generalized(const char *iso, int64_t wall_ms, char *ret_text)
{
    (void)wall_ms; /* the text says it all */
    (void)snprintf(ret_text, CONVERT_BOUND_MAX, "%.4s%.2s%.2s%.2s%.2s%.2sZ", iso, iso + 5, iso + 8,
        iso + 11, iso + 14, iso + 17);
}

static void write_rfc3339(const char *iso, int64_t wall_ms, char *ret_text)
{
    (void)wall_ms; /* the text says it all */
    (void)snprintf(ret_text, CONVERT_BOUND_MAX, "%.19sZ", iso);
}

static void write_date(const char *iso, int64_t wall_ms, char *ret_text)
{
    (void)wall_ms; /* the text says it all */
    (void)snprintf(ret_text, CONVERT_BOUND_MAX, "%.10s", iso);
}

static void write_epoch_s(const char *iso, int64_t wall_ms, char *ret_text)
{
    (void)iso; /* a number */
    (void)snprintf(
        ret_text, CONVERT_BOUND_MAX, "%" PRId64, floor_to(wall_ms, SECOND_MS) / SECOND_MS);
}

static void write_number(const char *iso, int64_t number, char *ret_text)
{
    (void)iso; /* a number */
    (void)snprintf(ret_text, CONVERT_BOUND_MAX, "%" PRId64, number);
}

static void write_filetime(const char *iso, int64_t wall_ms, char *ret_text)
{
    (void)iso; /* a number */
    (void)snprintf(
        ret_text, CONVERT_BOUND_MAX, "%" PRId64, (wall_ms + FILETIME_EPOCH_MS) * FILETIME_PER_MS);
}

static void (*const bound_formats[])(const char *iso, int64_t wall_ms, char *ret_text) = {
    [MUSTER_TIME_DEFAULT] = write_rfc3339,
    [MUSTER_TIME_RFC3339] = write_rfc3339,
    [MUSTER_TIME_EPOCH_S] = write_epoch_s,
    [MUSTER_TIME_EPOCH_MS] = write_number,
    [MUSTER_TIME_DATE] = write_date,
    [MUSTER_TIME_COUNTER] = write_number,
    [MUSTER_TIME_OPAQUE] = NULL,
    [MUSTER_TIME_HTTP_DATE] = write_http_date,
    [MUSTER_TIME_FILETIME] = write_filetime,
    [MUSTER_TIME_GENERALIZED] = write_generalized,
};

bool convert_bound(
    uint32_t format, uint32_t granularity_s, int64_t number, char ret_text[CONVERT_BOUND_MAX])
{
    char iso[TIMESTAMP_TEXT] = "";
    if (format >= TIME_FORMATS || !bound_formats[format])
        return false;
    if (format != MUSTER_TIME_COUNTER) {
        number = floor_to(number, (granularity_s ? granularity_s : 1) * SECOND_MS);
        if (number < WALL_MS_LEAST || number > WALL_MS_MOST)
            return false;
        timestamp_text(number, iso);
    }
    bound_formats[format](iso, number, ret_text);
    return true;
}
