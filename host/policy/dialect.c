/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rate-limit headers of every dialect, read into buckets and judged as one. A name is a prefix,
 * which says whose bucket it is, and a suffix, which says what of it; headers that hold several
 * things in one value have a reader of their own. Numbers and times are moment.c's to read.
 */
#include "policy/dialect.h"

#include <string.h>
#include "base/ascii.h"
#include "base/timestamp.h"
#include "moment.h"

#define BUCKETS_MAX 16 /* buckets of one answer that are kept */
#define SHOPIFY_LEAK_MS \
    1000 /* its bucket leaks at least two requests a second: room again after this */

enum measure {
    MEASURE_LIMIT,
    MEASURE_REMAINING,
    MEASURE_RESET,       /* a time: date, epoch or span */
    MEASURE_RESET_EXACT, /* likewise, and better than the former where both are there */
    MEASURE_WINDOW_MS
};

struct bucket {
    struct span
        family; /* which header's bucket it is; static text, or the bucket's name on the wire */
    struct rate_reading of;
    bool reset_exact;
};

struct reader {
    struct bucket buckets[BUCKETS_MAX];
    size_t count;
    int64_t now_ms;  /* the server's present; ours where it states none */
    int64_t most_ms; /* no time is read as longer than this */
    struct rate_reading *reading;
};

static const struct rate_reading nothing_read = {.limit = RATE_UNKNOWN,
    .remaining = RATE_UNKNOWN,
    .reset_ms = RATE_UNKNOWN,
    .window_ms = RATE_UNKNOWN,
    .retry_after_ms = RATE_UNKNOWN};

/* ------------------------------------------------------------------ buckets ------------------- */

/* The bucket of that name, begun where it is new; NULL where there are too many. */
static struct bucket *bucket_of(struct reader *reader, struct span family)
{
    for (size_t i = 0; i < reader->count; i++)
        if (span_equal_nocase(reader->buckets[i].family, family))
            return &reader->buckets[i];
    if (reader->count == BUCKETS_MAX)
        return NULL;
    struct bucket *bucket = &reader->buckets[reader->count++];
    *bucket = (struct bucket){.family = family, .of = nothing_read};
    return bucket;
}

static int64_t least_known(int64_t a, int64_t b)
{
    return a == RATE_UNKNOWN || (b != RATE_UNKNOWN && b < a) ? b : a;
}

/* Adds one measure. A proxy may state the same one again: the tighter of the two counts. */
static void bucket_set(
    const struct reader *reader, struct bucket *bucket, enum measure measure, struct span text)
{
    struct rate_reading *of = &bucket->of;
    int64_t ms;
    switch (measure) {
    case MEASURE_LIMIT:
        of->limit = least_known(of->limit, moment_whole(text));
        return;
    case MEASURE_REMAINING:
        of->remaining = least_known(of->remaining, moment_whole(text));
        return;
    case MEASURE_WINDOW_MS:
        of->window_ms = least_known(of->window_ms, moment_whole(text));
        return;
    case MEASURE_RESET:
    case MEASURE_RESET_EXACT:
        ms = moment_read(text, reader->now_ms, reader->most_ms);
        if (ms == RATE_UNKNOWN || (bucket->reset_exact && measure == MEASURE_RESET))
            return;
        if (measure == MEASURE_RESET_EXACT && !bucket->reset_exact)
            of->reset_ms = ms;
        bucket->reset_exact = measure == MEASURE_RESET_EXACT;
        of->reset_ms = of->reset_ms > ms ? of->reset_ms : ms;
        return;
    }
}

static void set(struct reader *reader, struct span family, enum measure measure, struct span text)
{
    struct bucket *bucket = bucket_of(reader, family);
    if (bucket)
        bucket_set(reader, bucket, measure, text);
}

/* ------------------------------------------------------------------ names: prefix and suffix -- */

static const char *const prefixes[] = {
    "RateLimit",                     /* IETF draft -03, GitLab, Zendesk, Microsoft Graph */
    "X-RateLimit",                   /* GitHub, Atlassian, Discord, and most others */
    "X-Rate-Limit",                  /* Okta, Zendesk */
    "X-RateLimit-Requests",          /* Linear */
    "X-RateLimit-Endpoint-Requests", /* Linear */
    "X-RateLimit-Complexity",        /* Linear: points of GraphQL complexity */
    "X-HubSpot-RateLimit",           /* HubSpot, per interval */
    "X-HubSpot-RateLimit-Daily",     /* HubSpot, per day */
    "X-HubSpot-RateLimit-Secondly",  /* HubSpot, per second (older) */
};

static const struct {
    const char *suffix;
    enum measure measure;
} suffixes[] = {
    {"", MEASURE_LIMIT}, /* X-Rate-Limit, X-HubSpot-RateLimit-Daily */
    {"-Limit", MEASURE_LIMIT},
    {"-Max", MEASURE_LIMIT},
    {"-Remaining", MEASURE_REMAINING},
    {"-Reset", MEASURE_RESET},
    {"-ResetTime", MEASURE_RESET},
    {"-Reset-After", MEASURE_RESET_EXACT},
    {"-Interval-Milliseconds", MEASURE_WINDOW_MS},
};

static struct span after(struct span text, size_t length)
{
    return (struct span){text.data + length, text.length - length};
}

static bool starts_with_nocase(struct span text, const char *prefix)
{
    struct span start = span_of(prefix);
    return text.length >= start.length &&
           span_equal_nocase((struct span){text.data, start.length}, start);
}

/* ------------------------------------------------------------------ values that hold several -- */

/* Takes the part before the next `separator` outside quotes off the front of *text. False at the
 * end. */
static bool next_part(struct span *text, char separator, struct span *ret_part)
{
    bool quoted = false;
    size_t at = 0;
    if (text->length == 0)
        return false;
    for (; at < text->length && (quoted || text->data[at] != separator); at++)
        quoted ^= text->data[at] == '"';
    *ret_part = span_trim((struct span){text->data, at});
    *text = after(*text, at < text->length ? at + 1 : at);
    return true;
}

/* "name=value" into its two sides; false where there is no "=". */
static bool split_pair(struct span part, struct span *ret_name, struct span *ret_value)
{
    const char *equals = part.length ? memchr(part.data, '=', part.length) : NULL;
    if (!equals)
        return false;
    *ret_name = span_trim((struct span){part.data, (size_t)(equals - part.data)});
    *ret_value = span_trim(after(part, (size_t)(equals - part.data) + 1));
    return true;
}

static const struct {
    const char *name;
    enum measure measure;
} pair_names[] = {
    {"limit", MEASURE_LIMIT},         /* IETF draft -07 */
    {"remaining", MEASURE_REMAINING}, /* IETF draft -07, Zendesk */
    {"reset", MEASURE_RESET},         /* IETF draft -07 */
    {"r", MEASURE_REMAINING},         /* IETF draft -08 and later */
    {"t", MEASURE_RESET},
    {"q", MEASURE_LIMIT},     /* its RateLimit-Policy */
    {"total", MEASURE_LIMIT}, /* Zendesk */
    {"resets", MEASURE_RESET},
};

static void read_pair(struct reader *reader, struct span family, struct span part)
{
    struct span name, value;
    int64_t window_s;
    if (!split_pair(part, &name, &value))
        return;
    for (size_t i = 0; i < sizeof pair_names / sizeof pair_names[0]; i++)
        if (span_equal_nocase(name, span_of(pair_names[i].name)))
            set(reader, family, pair_names[i].measure, value);
    struct bucket *bucket = span_equal_nocase(name, SPAN("w")) ? bucket_of(reader, family) : NULL;
    if (bucket && (window_s = moment_whole(value)) != RATE_UNKNOWN)
        bucket->of.window_ms = least_known(
            bucket->of.window_ms, window_s > INT64_MAX / 1000 ? INT64_MAX : window_s * 1000);
}

/* IETF: `"default";r=50;t=30, "burst";r=1;t=1` (draft -08 on), `limit=100, remaining=50, reset=30`
 * (draft -07), and RateLimit-Policy: `"default";q=100;w=60`, `100;w=60`. */
static void read_structured(struct reader *reader, struct span value)
{
    struct span member, part;
    while (next_part(&value, ',', &member)) {
        struct span family = SPAN("RateLimit");
        bool first = true;
        while (next_part(&member, ';', &part)) {
            bool is_name = first && part.length > 0 && !memchr(part.data, '=', part.length);
            if (is_name && !ascii_is_digit(part.data[0]))
                family = part;
            else if (is_name)
                set(reader, family, MEASURE_LIMIT, part);
            else
                read_pair(reader, family, part);
            first = false;
        }
    }
}

/* zendesk-ratelimit-NAME: total=100; remaining=99; resets=41 */
static void read_zendesk(struct reader *reader, struct span name, struct span value)
{
    struct span part;
    while (next_part(&value, ';', &part))
        read_pair(reader, name, part);
}

static void set_used(struct reader *reader, struct span family, struct span used_of_total)
{
    const char *slash =
        used_of_total.length ? memchr(used_of_total.data, '/', used_of_total.length) : NULL;
    struct bucket *bucket = slash ? bucket_of(reader, family) : NULL;
    if (!bucket)
        return;
    size_t at = (size_t)(slash - used_of_total.data);
    int64_t used = moment_whole((struct span){used_of_total.data, at});
    int64_t total = moment_whole(after(used_of_total, at + 1));
    if (used == RATE_UNKNOWN || total == RATE_UNKNOWN)
        return;
    bucket->of.limit = total;
    bucket->of.remaining = used < total ? total - used : 0;
}

/* Sforce-Limit-Info: api-usage=18/5000; per-app-api-usage=17/250(appName=sample) */
static void read_salesforce(struct reader *reader, struct span name, struct span value)
{
    struct span part, key, usage;
    (void)name;
    while (next_part(&value, ';', &part))
        if (split_pair(part, &key, &usage))
            set_used(reader, key, usage);
}

/* X-Shopify-Shop-Api-Call-Limit: 32/40 */
static void read_shopify(struct reader *reader, struct span name, struct span value)
{
    set_used(reader, name, value);
    struct bucket *bucket = bucket_of(reader, name);
    if (bucket && bucket->of.remaining != RATE_UNKNOWN)
        bucket->of.reset_ms = moment_clamp(SHOPIFY_LEAK_MS, reader->most_ms);
}

static void read_ietf(struct reader *reader, struct span name, struct span value)
{
    (void)name;
    read_structured(reader, value);
}

static void read_retry_after(struct reader *reader, struct span name, struct span value)
{
    int64_t ms = moment_read(value, reader->now_ms, reader->most_ms);
    (void)name;
    if (ms > reader->reading->retry_after_ms)
        reader->reading->retry_after_ms = ms;
}

/* x-amzn-RateLimit-Limit: 0.5, in requests a second. */
static void read_amazon(struct reader *reader, struct span name, struct span value)
{
    int64_t milli;
    size_t used;
    (void)name;
    value = span_trim(value);
    if (moment_number(value, &milli, &used) && used == value.length && milli > 0)
        reader->reading->rate_per_second = (double)milli / 1000.0;
}

/* x-ms-throttle-limit-percentage: 0.8 to 1.8, there from 0.8 on; 1 is the limit. Read as a bucket
 * of 100. */
static void read_microsoft(struct reader *reader, struct span name, struct span value)
{
    int64_t milli;
    size_t used;
    struct bucket *bucket;
    value = span_trim(value);
    if (!moment_number(value, &milli, &used) || used != value.length ||
        !(bucket = bucket_of(reader, name)))
        return;
    bucket->of.limit = 100;
    bucket->of.remaining = milli < 1000 ? 100 - milli / 10 : 0;
}

/* Words that tell which limit was hit (Atlassian, GitLab, Zoom): only one on requests under way
 * matters here. */
static void read_reason(struct reader *reader, struct span name, struct span value)
{
    (void)name;
    for (; value.length > 0; value = after(value, 1))
        if (starts_with_nocase(value, "concurren"))
            reader->reading->concurrency = true;
}

static const struct {
    const char *name;
    bool prefix; /* names that begin so */
    void (*read)(struct reader *reader, struct span name, struct span value);
} special[] = {
    {"Retry-After", false, read_retry_after},
    {"RateLimit", false, read_ietf},
    {"RateLimit-Policy", false, read_ietf},
    {"zendesk-ratelimit-", true, read_zendesk},
    {"Sforce-Limit-Info", false, read_salesforce},
    {"X-Shopify-Shop-Api-Call-Limit", false, read_shopify},
    {"x-amzn-RateLimit-Limit", false, read_amazon},
    {"x-ms-throttle-limit-percentage", false, read_microsoft},
    {"RateLimit-Reason", false, read_reason},
    {"RateLimit-Name", false, read_reason},
    {"X-RateLimit-Reason", false, read_reason},
    {"X-RateLimit-Resource", false, read_reason},
    {"X-RateLimit-Type", false, read_reason},
};

static bool read_special(struct reader *reader, const struct http_header *field)
{
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        bool same = special[i].prefix ? starts_with_nocase(field->name, special[i].name)
                                      : span_equal_nocase(field->name, span_of(special[i].name));
        if (same) {
            special[i].read(reader, field->name, field->value);
            return true;
        }
    }
    return false;
}

static void read_plain(struct reader *reader, const struct http_header *field)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        struct span prefix = span_of(prefixes[i]);
        if (!starts_with_nocase(field->name, prefixes[i]))
            continue;
        for (size_t j = 0; j < sizeof suffixes / sizeof suffixes[0]; j++)
            if (span_equal_nocase(after(field->name, prefix.length), span_of(suffixes[j].suffix))) {
                set(reader, prefix, suffixes[j].measure, field->value);
                return;
            }
    }
}

/* ------------------------------------------------------------------ judgement ----------------- */

/* ms that a request may take of a bucket that runs low; 0 where it does not. */
static int64_t pace_ms(const struct rate_reading *of)
{
    if (of->remaining <= 0 || of->reset_ms <= 0 || of->remaining * 10 >= of->limit)
        return 0;
    return of->reset_ms / of->remaining;
}

/* Used up before everything else, and of two such the one that resets later; then the slower pace;
 * then the least remaining. */
static bool is_tighter(const struct rate_reading *a, const struct rate_reading *b)
{
    if ((a->remaining == RATE_UNKNOWN) != (b->remaining == RATE_UNKNOWN))
        return a->remaining != RATE_UNKNOWN;
    if ((a->remaining == 0) != (b->remaining == 0))
        return a->remaining == 0;
    if (a->remaining == 0)
        return a->reset_ms > b->reset_ms;
    if (pace_ms(a) != pace_ms(b))
        return pace_ms(a) > pace_ms(b);
    return a->remaining < b->remaining;
}

static void settle_window(struct rate_reading *of, int64_t most_ms)
{
    if (of->window_ms != RATE_UNKNOWN)
        of->window_ms = moment_clamp(of->window_ms, most_ms);
    if (of->reset_ms == RATE_UNKNOWN) /* a window ends after its own length at the latest */
        of->reset_ms = of->window_ms;
}

int64_t dialect_wait_ms(struct span text, int64_t most_ms)
{
    return moment_read(text, 0, most_ms);
}

void dialect_read(const struct http_headers *headers, int64_t wall_ms, int64_t most_ms,
    struct rate_reading *ret_reading)
{
    struct rate_reading reading = nothing_read;
    struct reader reader = {.now_ms = wall_ms, .most_ms = most_ms, .reading = &reading};
    const struct rate_reading *tightest = NULL;
    int64_t server_ms;
    if (timestamp_from_http_date(http_headers_get(headers, "Date"), &server_ms))
        reader.now_ms = server_ms;
    for (size_t i = 0; i < headers->count; i++)
        if (!read_special(&reader, &headers->fields[i]))
            read_plain(&reader, &headers->fields[i]);
    for (size_t i = 0; i < reader.count; i++) {
        struct rate_reading *of = &reader.buckets[i].of;
        settle_window(of, most_ms);
        if (of->limit == 0 && of->remaining == 0) /* Okta's form of a limit on requests under way */
            reading.concurrency = true;
        if (!tightest || is_tighter(of, tightest))
            tightest = of;
    }
    if (tightest) {
        reading.limit = tightest->limit;
        reading.remaining = tightest->remaining;
        reading.reset_ms = tightest->reset_ms;
        reading.window_ms = tightest->window_ms;
    }
    *ret_reading = reading;
}
