/* SPDX-License-Identifier: Apache-2.0 */
/* Bookmarks of incremental streams: comparing them, and taking one back by the look-back window.
 * Cursors are floored, never rounded up: reading a little twice is harmless, skipping is not. */
#include <stdio.h>
#include "base/timestamp.h"
#include "machine.h"

#define DAY_MS            INT64_C(86400000)
#define FILETIME_EPOCH_MS INT64_C(11644473600000) /* 1601-01-01 to 1970-01-01 */

/* The bookmark in the unit in which it can be compared and moved: ms, or the counter itself. */
static bool to_number(uint32_t format, struct span text, int64_t *ret_number)
{
    int64_t number;
    switch (format) {
    case MUSTER_TIME_DEFAULT:
    case MUSTER_TIME_RFC3339:
        return timestamp_from_rfc3339(text, ret_number);
    case MUSTER_TIME_DATE:
        return timestamp_from_date(text, ret_number);
    case MUSTER_TIME_HTTP_DATE:
        return timestamp_from_http_date(text, ret_number);
    case MUSTER_TIME_GENERALIZED:
        return timestamp_from_generalized(text, ret_number);
    case MUSTER_TIME_EPOCH_S:
        return span_to_int64(text, &number) && !__builtin_mul_overflow(number, 1000, ret_number);
    case MUSTER_TIME_EPOCH_MS:
    case MUSTER_TIME_COUNTER:
        return span_to_int64(text, ret_number);
    case MUSTER_TIME_FILETIME:
        if (!span_to_int64(text, &number))
            return false;
        *ret_number = number / 10000 - FILETIME_EPOCH_MS;
        return true;
    default:
        return false;
    }
}

/* RFC 9110 section 5.6.7, IMF-fixdate, of an RFC 3339 stamp. */
static void write_http_date(int64_t wall_ms, const char *stamp, char *ret_text, size_t size)
{
    static const char days[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t day = wall_ms / DAY_MS - (wall_ms % DAY_MS < 0);
    int month = (stamp[5] - '0') * 10 + stamp[6] - '0';
    (void)snprintf(ret_text, size, "%s, %.2s %s %.4s %.8s GMT", days[((day % 7) + 7) % 7],
        stamp + 8, months[month - 1], stamp, stamp + 11);
}

static struct span from_number(uint32_t format, int64_t number, struct arena *arena)
{
    char stamp[TIMESTAMP_TEXT], text[2 * TIMESTAMP_TEXT];
    timestamp_text(number, stamp);
    switch (format) {
    case MUSTER_TIME_DATE:
        (void)snprintf(text, sizeof text, "%.10s", stamp);
        break;
    case MUSTER_TIME_HTTP_DATE:
        write_http_date(number, stamp, text, sizeof text);
        break;
    case MUSTER_TIME_EPOCH_S:
        (void)snprintf(text, sizeof text, "%lld", (long long)(number / 1000));
        break;
    case MUSTER_TIME_EPOCH_MS:
    case MUSTER_TIME_COUNTER:
        (void)snprintf(text, sizeof text, "%lld", (long long)number);
        break;
    case MUSTER_TIME_FILETIME:
        (void)snprintf(text, sizeof text, "%lld", (long long)(number + FILETIME_EPOCH_MS) * 10000);
        break;
    case MUSTER_TIME_GENERALIZED:
        (void)snprintf(text, sizeof text, "%.4s%.2s%.2s%.2s%.2s%.2sZ", stamp, stamp + 5, stamp + 8,
            stamp + 11, stamp + 14, stamp + 17);
        break;
    default:
        (void)snprintf(text, sizeof text, "%s", stamp);
        break;
    }
    return arena_copy(arena, span_of(text));
}

bool bookmark_later(uint32_t format, struct span a, struct span b)
{
    int64_t of_a, of_b;
    if (!a.data || !b.data)
        return a.data != NULL;
    if (to_number(format, a, &of_a) && to_number(format, b, &of_b))
        return of_a > of_b;
    return span_compare(a, b) > 0;
}

struct span bookmark_bound(const struct muster_incremental *declared, struct span bookmark,
    int64_t look_back_ms, struct arena *arena)
{
    int64_t number;
    bool counter = declared->format == MUSTER_TIME_COUNTER;
    if (!bookmark.data || declared->format == MUSTER_TIME_OPAQUE ||
        !to_number(declared->format, bookmark, &number))
        return bookmark;
    int64_t unit =
        counter ? 1 : (declared->granularity_s ? declared->granularity_s : 1) * INT64_C(1000);
    if (declared->look_back_s)
        look_back_ms = declared->look_back_s * INT64_C(1000);
    if (!counter)
        number -= look_back_ms;
    if (declared->exclusive)
        number -= unit;
    number -= ((number % unit) + unit) % unit;
    return from_number(declared->format, number, arena);
}

bool bookmark_is_too_old(const struct muster_incremental *declared, struct span bookmark,
    int64_t look_back_ms, int64_t wall_ms)
{
    int64_t number;
    if (declared->keeps_s == 0 || !bookmark_is_time(declared->format) ||
        !to_number(declared->format, bookmark, &number))
        return false;
    if (declared->look_back_s)
        look_back_ms = declared->look_back_s * INT64_C(1000);
    return wall_ms - (number - look_back_ms) > declared->keeps_s * INT64_C(1000);
}

bool bookmark_is_time(uint32_t format)
{
    return format != MUSTER_TIME_COUNTER && format != MUSTER_TIME_OPAQUE;
}

struct span bookmark_cap(
    uint32_t format, struct span bookmark, int64_t wall_ms, struct arena *arena)
{
    int64_t number;
    if (!bookmark.data || !bookmark_is_time(format) || !to_number(format, bookmark, &number) ||
        number <= wall_ms)
        return bookmark;
    return from_number(format, wall_ms, arena);
}
