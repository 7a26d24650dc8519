/* SPDX-License-Identifier: Apache-2.0 */
/* Times, read and written without the C library's locale and time zone. */
#include "base/timestamp.h"

#include <stdio.h>
#include <string.h>
#include "base/ascii.h"

#define DAY_MS        INT64_C(86400000)
#define YEAR_1_MS     INT64_C(-62135596800000) /* 0001-01-01T00:00:00Z */
#define YEAR_10000_MS INT64_C(253402300800000) /* 10000-01-01T00:00:00Z */

struct reader {
    struct span rest;
    bool failed;
};

static bool take(struct reader *reader, char c)
{
    if (reader->rest.length == 0 || reader->rest.data[0] != c)
        return false;
    reader->rest.data++;
    reader->rest.length--;
    return true;
}

static void expect(struct reader *reader, char c)
{
    if (!take(reader, c))
        reader->failed = true;
}

static int digits(struct reader *reader, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (reader->rest.length == 0 || reader->rest.data[0] < '0' || reader->rest.data[0] > '9') {
            reader->failed = true;
            return 0;
        }
        value = value * 10 + (reader->rest.data[0] - '0');
        reader->rest.data++;
        reader->rest.length--;
    }
    return value;
}

static bool at_digit(const struct reader *reader)
{
    return reader->rest.length > 0 && ascii_is_digit(reader->rest.data[0]);
}

/* Digits of a fraction of `unit_ms` as milliseconds, floored. At least one digit. */
static int fraction_ms(struct reader *reader, int unit_ms)
{
    int64_t nanos = 0,
            scale = 100000000; /* of the unit; finer digits change no millisecond of an hour */
    int count = 0;
    while (at_digit(reader)) {
        nanos += (reader->rest.data[0] - '0') * scale;
        scale /= 10;
        count++;
        reader->rest.data++;
        reader->rest.length--;
    }
    if (count == 0)
        reader->failed = true;
    return (int)(nanos * unit_ms / 1000000000);
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible
 * low-level date algorithms"). */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400,
            of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), mp = (5 * of_year + 2) / 153;
    *ret_day = (int)(of_year - (153 * mp + 2) / 5 + 1);
    *ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *ret_year = (int)(year + era * 400 + (*ret_month <= 2));
}

struct civil {
    int year, month, day, hour, minute, second, ms;
};

static bool civil_ms(const struct civil *c, int64_t *ret_wall_ms)
{
    if (c->year < 1 || c->month < 1 || c->month > 12 || c->day < 1 ||
        c->day > month_days(c->year, c->month) || c->hour > 23 || c->minute > 59 || c->second > 60)
        return false;
    int second = c->second == 60 ? 59 : c->second;
    *ret_wall_ms = days_from_civil(c->year, c->month, c->day) * DAY_MS +
                   ((c->hour * INT64_C(60) + c->minute) * 60 + second) * 1000 + c->ms;
    return true;
}

void timestamp_text(int64_t wall_ms, char ret_text[TIMESTAMP_TEXT])
{
    int year, month, day;
    int64_t days = wall_ms / DAY_MS, rest = wall_ms % DAY_MS;
    ret_text[0] = '\0';
    if (wall_ms == TIMESTAMP_NONE)
        return;
    if (rest < 0) {
        rest += DAY_MS;
        days--;
    }
    civil_from_days(days, &year, &month, &day);
    if (year < 1 || year > 9999)
        return;
    (void)snprintf(ret_text, TIMESTAMP_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month,
        day, (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
        (int)(rest % 1000));
}

/* Z, +hh:mm, -hhmm or -hh as milliseconds to take off. */
static int64_t offset_ms(struct reader *reader)
{
    if (take(reader, 'Z') || take(reader, 'z'))
        return 0;
    int sign = take(reader, '+') ? 1 : take(reader, '-') ? -1 : 0;
    if (sign == 0)
        reader->failed = true;
    int hours = digits(reader, 2), minutes = 0;
    if (take(reader, ':') || reader->rest.length > 0)
        minutes = digits(reader, 2);
    if (hours > 23 || minutes > 59)
        reader->failed = true;
    return sign * (hours * INT64_C(60) + minutes) * 60000;
}

/* What stands after date and time: the offset and the end. The point in time must be one that
 * timestamp_text can write. */
static bool finish(struct reader *reader, const struct civil *c, int64_t *ret_wall_ms)
{
    int64_t offset = offset_ms(reader), wall_ms = 0;
    if (reader->failed || reader->rest.length > 0 || !civil_ms(c, &wall_ms))
        return false;
    wall_ms -= offset;
    if (wall_ms < YEAR_1_MS || wall_ms >= YEAR_10000_MS)
        return false;
    *ret_wall_ms = wall_ms;
    return true;
}

static void read_day(struct reader *reader, struct civil *c)
{
    c->year = digits(reader, 4);
    expect(reader, '-');
    c->month = digits(reader, 2);
    expect(reader, '-');
    c->day = digits(reader, 2);
}

bool timestamp_from_rfc3339(struct span text, int64_t *ret_wall_ms)
{
    struct reader reader = {text, false};
    struct civil c = {0};
    read_day(&reader, &c);
    if (!take(&reader, 'T') && !take(&reader, 't'))
        expect(&reader, ' ');
    c.hour = digits(&reader, 2);
    expect(&reader, ':');
    c.minute = digits(&reader, 2);
    if (take(&reader, ':'))
        c.second = digits(&reader, 2);
    if (take(&reader, '.'))
        c.ms = fraction_ms(&reader, 1000);
    return finish(&reader, &c, ret_wall_ms);
}

bool timestamp_from_date(struct span text, int64_t *ret_wall_ms)
{
    struct reader reader = {text, false};
    struct civil c = {0};
    read_day(&reader, &c);
    return !reader.failed && reader.rest.length == 0 && civil_ms(&c, ret_wall_ms);
}

static int month_from_name(struct reader *reader)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (size_t i = 0; i < 12; i++)
        if (reader->rest.length >= 3 && memcmp(reader->rest.data, names + 3 * i, 3) == 0) {
            reader->rest.data += 3;
            reader->rest.length -= 3;
            return (int)i + 1;
        }
    reader->failed = true;
    return 0;
}

static void clock_time(struct reader *reader, struct civil *c)
{
    c->hour = digits(reader, 2);
    expect(reader, ':');
    c->minute = digits(reader, 2);
    expect(reader, ':');
    c->second = digits(reader, 2);
}

/* "06 Nov 1994 08:49:37 GMT" or "06-Nov-94 08:49:37 GMT", after the day's name. */
static void modern_or_rfc850(struct reader *reader, struct civil *c)
{
    expect(reader, ' ');
    c->day = digits(reader, 2);
    bool old = take(reader, '-');
    if (!old)
        expect(reader, ' ');
    c->month = month_from_name(reader);
    expect(reader, old ? '-' : ' ');
    c->year = digits(reader, old ? 2 : 4);
    if (old) /* RFC 9110: a date over 50 years ahead is past; 70 is the customary pivot */
        c->year += c->year < 70 ? 2000 : 1900;
    expect(reader, ' ');
    clock_time(reader, c);
    for (const char *zone = " GMT"; *zone; zone++)
        expect(reader, *zone);
}

bool timestamp_from_http_date(struct span text, int64_t *ret_wall_ms)
{
    struct reader reader = {span_trim(text), false};
    struct civil c = {0};
    size_t name = 0;
    while (
        name < reader.rest.length && reader.rest.data[name] != ',' && reader.rest.data[name] != ' ')
        name++;
    if (name < 3 || name > 9)
        return false;
    reader.rest.data += name;
    reader.rest.length -= name;
    if (take(&reader, ',')) {
        modern_or_rfc850(&reader, &c);
    } else { /* asctime: "Sun Nov  6 08:49:37 1994" */
        expect(&reader, ' ');
        c.month = month_from_name(&reader);
        expect(&reader, ' ');
        c.day = take(&reader, ' ') ? digits(&reader, 1) : digits(&reader, 2);
        expect(&reader, ' ');
        clock_time(&reader, &c);
        expect(&reader, ' ');
        c.year = digits(&reader, 4);
    }
    return !reader.failed && reader.rest.length == 0 && civil_ms(&c, ret_wall_ms);
}

bool timestamp_from_generalized(struct span text, int64_t *ret_wall_ms)
{
    struct reader reader = {text, false};
    struct civil c = {0};
    c.year = digits(&reader, 4);
    c.month = digits(&reader, 2);
    c.day = digits(&reader, 2);
    c.hour = digits(&reader, 2);
    int unit_ms =
        3600000; /* minutes and seconds may be left out; a fraction is of what stands last */
    if (at_digit(&reader)) {
        c.minute = digits(&reader, 2);
        unit_ms = 60000;
        if (at_digit(&reader)) {
            c.second = digits(&reader, 2);
            unit_ms = 1000;
        }
    }
    if (take(&reader, '.') || take(&reader, ','))
        c.ms = fraction_ms(&reader, unit_ms);
    return finish(&reader, &c, ret_wall_ms);
}

bool timestamp_duration(struct span text, int64_t *ret_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", DAY_MS}};
    size_t length = 0;
    int64_t number, ms;
    while (length < text.length && ascii_is_digit(text.data[length]))
        length++;
    if (!span_to_int64((struct span){text.data, length}, &number))
        return false;
    struct span unit = {text.data + length, text.length - length};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (span_equal_text(unit, units[i].unit) &&
            !__builtin_mul_overflow(number, units[i].ms, &ms)) {
            *ret_ms = ms;
            return true;
        }
    return false;
}
