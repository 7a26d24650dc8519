/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and times as headers state them. The same header has different units at different
 * vendors, so a time is read by its form and its magnitude: a date; an epoch in seconds or
 * milliseconds where that lies near the server's present; else a span of time.
 */
#include "moment.h"

#include <string.h>
#include "base/ascii.h"
#include "base/timestamp.h"
#include "policy/dialect.h"

#define NUMBER_MILLI_MOST INT64_C(1000000000000000000) /* numbers saturate here, in thousandths */
/* An epoch lies near the present, and after 2001: else a span of seconds would be one to a clock
 * that says 1970. */
#define EPOCH_NEAR_MS  (INT64_C(400) * 86400 * 1000)
#define EPOCH_LEAST_MS INT64_C(1000000000000)
/* A span above a day in seconds is taken for milliseconds: as seconds it would be beyond every
 * bound anyway. */
#define SPAN_SECONDS_MOST INT64_C(86400)

static bool is_one_of(char c, const char *these)
{
    return c != '\0' && strchr(these, c) != NULL;
}

bool moment_number(struct span text, int64_t *ret_milli, size_t *ret_used)
{
    int64_t whole = 0, milli = 0, unit = 100;
    size_t at = 0;
    for (; at < text.length && ascii_is_digit(text.data[at]); at++)
        whole = whole < NUMBER_MILLI_MOST / 1000 ? whole * 10 + (text.data[at] - '0') : whole;
    if (at == 0)
        return false;
    if (at + 1 < text.length && text.data[at] == '.' && ascii_is_digit(text.data[at + 1]))
        for (at++; at < text.length && ascii_is_digit(text.data[at]); at++, unit /= 10)
            milli += (text.data[at] - '0') * unit;
    *ret_milli = whole >= NUMBER_MILLI_MOST / 1000 ? NUMBER_MILLI_MOST : whole * 1000 + milli;
    *ret_used = at;
    return true;
}

int64_t moment_whole(struct span text)
{
    int64_t milli;
    size_t used;
    text = span_trim(text);
    if (!moment_number(text, &milli, &used))
        return RATE_UNKNOWN;
    if (used < text.length && !is_one_of(text.data[used], ",; \t("))
        return RATE_UNKNOWN;
    return milli / 1000;
}

int64_t moment_clamp(int64_t ms, int64_t most_ms)
{
    return ms < 0 ? 0 : ms > most_ms ? most_ms : ms;
}

static bool is_epoch(int64_t wall_ms, int64_t now_ms)
{
    return wall_ms >= EPOCH_LEAST_MS && wall_ms >= now_ms - EPOCH_NEAR_MS &&
           wall_ms <= now_ms + EPOCH_NEAR_MS;
}

/* A bare number as a span from now. */
static int64_t span_from_number(int64_t milli, int64_t now_ms, int64_t most_ms)
{
    if (is_epoch(milli, now_ms)) /* epoch in seconds: its thousandths are milliseconds */
        return moment_clamp(milli - now_ms, most_ms);
    if (is_epoch(milli / 1000, now_ms)) /* epoch in milliseconds */
        return moment_clamp(milli / 1000 - now_ms, most_ms);
    if (milli / 1000 > SPAN_SECONDS_MOST && milli / 1000 <= most_ms)
        return milli / 1000;
    return moment_clamp(milli, most_ms);
}

int64_t moment_read(struct span text, int64_t now_ms, int64_t most_ms)
{
    int64_t value;
    size_t used;
    text = span_trim(text);
    if (moment_number(text, &value, &used) &&
        (used == text.length || is_one_of(text.data[used], ",; \t")))
        return span_from_number(value, now_ms, most_ms);
    if (timestamp_from_rfc3339(text, &value) || timestamp_from_http_date(text, &value))
        return moment_clamp(value - now_ms, most_ms);
    if (timestamp_duration(text, &value))
        return moment_clamp(value, most_ms);
    return RATE_UNKNOWN;
}
