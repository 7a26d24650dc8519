/* SPDX-License-Identifier: Apache-2.0 */
/* Every dialect of the vocabulary's table, units told apart by magnitude, clocks that differ, and
 * garbage. */
#include "policy/dialect.h"

#include <stdio.h>
#include "base/timestamp.h"
#include "unit.h"

#define MOST  INT64_C(900000)
#define NOW   INT64_C(1760000000000) /* 2025-10-09T08:53:20Z */
#define NONE  RATE_UNKNOWN
#define PAIRS 20

static struct rate_reading read_at(const char *const *pairs, int64_t wall_ms, int64_t most_ms)
{
    struct http_headers headers = {0};
    struct rate_reading reading;
    struct fault fault;
    for (size_t i = 0; i < PAIRS && pairs[i]; i += 2)
        ck_assert(http_headers_add(&headers, span_of(pairs[i]), span_of(pairs[i + 1]), &fault));
    dialect_read(&headers, wall_ms, most_ms, &reading);
    http_headers_free(&headers);
    return reading;
}

/* What the vendors' pages show, each at the time of its own Date: 2025-10-09T08:53:20Z. */
#define DATE "Date", "Thu, 09 Oct 2025 08:53:20 GMT"
static const struct documented {
    const char *api;
    const char *pairs[PAIRS];
    int64_t limit, remaining, reset_ms, retry_after_ms;
    double rate;
    bool concurrency;
} documented[] = {
    /* https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-03 section 1.5 */
    {"IETF, three fields",
        {DATE, "RateLimit-Limit", "10, 10;w=1, 50;w=60", "RateLimit-Remaining", "9",
            "RateLimit-Reset", "1"},
        10, 9, 1000, NONE, 0, false},
    /* https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10 section 6 */
    {"IETF, one field and a policy",
        {DATE, "RateLimit-Policy", "\"permin\";q=50;w=60,\"perhr\";q=1000;w=3600", "RateLimit",
            "\"permin\";r=50;t=50;pk=:dHJpYWwxMjEzMjM=:"},
        50, 50, 50000, NONE, 0, false},
    /* RFC 9110 section 10.2.3 */
    {"Retry-After, a date", {DATE, "Retry-After", "Thu, 09 Oct 2025 08:55:20 GMT"}, NONE, NONE,
        NONE, 120000, 0, false},
    {"Retry-After, seconds", {DATE, "Retry-After", "120"}, NONE, NONE, NONE, 120000, 0, false},
    /* https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
    {"GitHub, used up",
        {DATE, "x-ratelimit-limit", "60", "x-ratelimit-remaining", "0", "x-ratelimit-used", "60",
            "x-ratelimit-reset", "1760000120", "x-ratelimit-resource", "core"},
        60, 0, 120000, NONE, 0, false},
    {"GitHub, a secondary limit",
        {DATE, "x-ratelimit-limit", "5000", "x-ratelimit-remaining", "4200", "x-ratelimit-reset",
            "1760000120", "Retry-After", "60"},
        5000, 4200, 120000, 60000, 0, false},
    /* https://developer.okta.com/docs/reference/rl-best-practices/ */
    {"Okta",
        {DATE, "X-Rate-Limit-Limit", "600", "X-Rate-Limit-Remaining", "598", "X-Rate-Limit-Reset",
            "1760000030"},
        600, 598, 30000, NONE, 0, false},
    {"Okta, too many under way",
        {DATE, "X-Rate-Limit-Limit", "0", "X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset",
            "1760000030"},
        0, 0, 30000, NONE, 0, true},
    /* https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers */
    {"GitLab",
        {DATE, "RateLimit-Limit", "60", "RateLimit-Name", "throttle_authenticated_web",
            "RateLimit-Observed", "67", "RateLimit-Remaining", "0", "RateLimit-Reset", "1760000030",
            "RateLimit-ResetTime", "Thu, 09 Oct 2025 08:53:50 GMT", "Retry-After", "30"},
        60, 0, 30000, 30000, 0, false},
    /* https://developer.zendesk.com/api-reference/introduction/rate-limits/ */
    {"Zendesk",
        {DATE, "X-Rate-Limit", "700", "X-Rate-Limit-Remaining", "699", "ratelimit-limit", "700",
            "ratelimit-remaining", "699", "ratelimit-reset", "41"},
        700, 699, NONE, NONE, 0, false},
    {"Zendesk, one endpoint",
        {DATE, "X-Rate-Limit", "700", "X-Rate-Limit-Remaining", "699",
            "zendesk-ratelimit-tickets-index", "total=50; remaining=0; resets=41", "Retry-After",
            "41"},
        50, 0, 41000, 41000, 0, false},
    /* https://developer.atlassian.com/cloud/jira/platform/rate-limiting/ */
    {"Atlassian",
        {DATE, "X-RateLimit-Limit", "350", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset",
            "2025-10-09T08:55Z", "X-RateLimit-NearLimit", "false", "RateLimit-Reason",
            "jira-burst-based", "Retry-After", "5"},
        350, 0, 100000, 5000, 0, false},
    /* https://learn.microsoft.com/en-us/graph/throttling */
    {"Microsoft Graph",
        {DATE, "Retry-After", "2.128", "x-ms-resource-unit", "5", "x-ms-throttle-limit-percentage",
            "1.05", "x-ms-throttle-information", "CPULimitExceeded"},
        100, 0, NONE, 2128, 0, false},
    {"Microsoft Graph, near", {DATE, "x-ms-throttle-limit-percentage", "0.95"}, 100, 5, NONE, NONE,
        0, false},
    /* https://learn.microsoft.com/en-us/sharepoint/dev/general-development/
       how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online */
    {"SharePoint",
        {DATE, "RateLimit-Limit", "1200", "RateLimit-Remaining", "120", "RateLimit-Reset", "5"},
        1200, 120, 5000, NONE, 0, false},
    /* https://api.slack.com/apis/rate-limits */
    {"Slack", {DATE, "Retry-After", "30"}, NONE, NONE, NONE, 30000, 0, false},
    /* https://developers.hubspot.com/docs/guides/apps/api-usage/usage-details */
    {"HubSpot",
        {DATE, "X-HubSpot-RateLimit-Daily", "250000", "X-HubSpot-RateLimit-Daily-Remaining",
            "249997", "X-HubSpot-RateLimit-Interval-Milliseconds", "10000",
            "X-HubSpot-RateLimit-Max", "100", "X-HubSpot-RateLimit-Remaining", "3"},
        100, 3, 10000, NONE, 0, false},
    /* https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm
     */
    {"Salesforce", {DATE, "Sforce-Limit-Info", "api-usage=4999/5000"}, 5000, 1, NONE, NONE, 0,
        false},
    /* https://shopify.dev/docs/api/admin-rest/usage/rate-limits */
    {"Shopify", {DATE, "X-Shopify-Shop-Api-Call-Limit", "40/40", "Retry-After", "2.0"}, 40, 0, 1000,
        2000, 0, false},
    /* https://linear.app/developers/rate-limiting */
    {"Linear",
        {DATE, "X-RateLimit-Requests-Limit", "1500", "X-RateLimit-Requests-Remaining", "1499",
            "X-RateLimit-Requests-Reset", "1760003600000", "X-Complexity", "21",
            "X-RateLimit-Complexity-Limit", "250000", "X-RateLimit-Complexity-Remaining", "0",
            "X-RateLimit-Complexity-Reset", "1760000060000"},
        250000, 0, 60000, NONE, 0, false},
    /* https://developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits */
    {"Amazon", {DATE, "x-amzn-RateLimit-Limit", "0.0167"}, NONE, NONE, NONE, NONE, 0.016, false},
    /* https://discord.com/developers/docs/topics/rate-limits */
    {"Discord",
        {DATE, "X-RateLimit-Limit", "10", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset",
            "1760000064.57", "X-RateLimit-Reset-After", "64.57", "X-RateLimit-Bucket", "abcd1234",
            "X-RateLimit-Scope", "user", "Retry-After", "65"},
        10, 0, 64570, 65000, 0, false},
};

/* Our own clock is an hour off: only what the server says counts. */
START_TEST(each_vendor_as_its_pages_show_it)
{
    for (size_t i = 0; i < sizeof documented / sizeof documented[0]; i++) {
        const struct documented *row = &documented[i];
        for (int64_t off_ms = -3600000; off_ms <= 3600000; off_ms += 3600000) {
            struct rate_reading got = read_at(row->pairs, NOW + off_ms, MOST);
            ck_assert_msg(got.limit == row->limit, "%s: limit %ld", row->api, got.limit);
            ck_assert_msg(
                got.remaining == row->remaining, "%s: remaining %ld", row->api, got.remaining);
            ck_assert_msg(got.reset_ms == row->reset_ms, "%s: reset %ld", row->api, got.reset_ms);
            ck_assert_msg(got.retry_after_ms == row->retry_after_ms, "%s: retry after %ld",
                row->api, got.retry_after_ms);
            ck_assert_msg(got.concurrency == row->concurrency, "%s", row->api);
            ck_assert_double_eq_tol(got.rate_per_second, row->rate, 0.0005);
        }
    }
}
END_TEST

static const struct {
    const char *api;
    const char *pairs[PAIRS];
    int64_t limit, remaining, reset_ms, retry_after_ms;
} rows[] = {
    {"IETF -03",
        {"RateLimit-Limit", "100, 100;w=60", "RateLimit-Remaining", "50", "RateLimit-Reset", "30"},
        100, 50, 30000, NONE},
    {"IETF -07", {"RateLimit", "limit=100, remaining=50, reset=30"}, 100, 50, 30000, NONE},
    {"IETF -08",
        {"RateLimit", "\"default\";r=50;t=30", "RateLimit-Policy", "\"default\";q=100;w=60"}, 100,
        50, 30000, NONE},
    {"IETF, comma in a name", {"RateLimit", "\"a,b;c\";r=7;t=2"}, NONE, 7, 2000, NONE},
    {"IETF, two buckets",
        {"RateLimit", "\"day\";r=900;t=600, \"burst\";r=3;t=1", "RateLimit-Policy",
            "\"burst\";q=20;w=2, \"day\";q=1000;w=86400"},
        20, 3, 1000, NONE},
    {"GitHub",
        {"x-ratelimit-limit", "5000", "x-ratelimit-remaining", "4999", "x-ratelimit-used", "1",
            "x-ratelimit-reset", "1760000060", "x-ratelimit-resource", "core"},
        5000, 4999, 60000, NONE},
    {"Okta",
        {"X-Rate-Limit-Limit", "600", "X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset",
            "1760000010"},
        600, 0, 10000, NONE},
    {"GitLab",
        {"RateLimit-Limit", "60", "RateLimit-Observed", "67", "RateLimit-Remaining", "0",
            "RateLimit-Reset", "1760000030", "RateLimit-ResetTime",
            "Thu, 09 Oct 2025 08:53:50 GMT"},
        60, 0, 30000, NONE},
    {"Zendesk",
        {"X-Rate-Limit", "700", "X-Rate-Limit-Remaining", "699", "Zendesk-RateLimit-incremental",
            "total=10; remaining=2; resets=41"},
        10, 2, 41000, NONE},
    {"Atlassian",
        {"X-RateLimit-Limit", "350", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset",
            "2025-10-09T08:54Z", "X-RateLimit-NearLimit", "true"},
        350, 0, 40000, NONE},
    {"Microsoft Graph", {"x-ms-throttle-limit-percentage", "0.8", "Retry-After", "10"}, 100, 20,
        NONE, 10000},
    {"Slack", {"Retry-After", "30"}, NONE, NONE, NONE, 30000},
    {"HubSpot",
        {"X-HubSpot-RateLimit-Max", "100", "X-HubSpot-RateLimit-Remaining", "0",
            "X-HubSpot-RateLimit-Interval-Milliseconds", "10000", "X-HubSpot-RateLimit-Daily",
            "250000"},
        100, 0, 10000, NONE},
    {"HubSpot, daily",
        {"X-HubSpot-RateLimit-Max", "100", "X-HubSpot-RateLimit-Remaining", "99",
            "X-HubSpot-RateLimit-Daily", "250000", "X-HubSpot-RateLimit-Daily-Remaining", "0"},
        250000, 0, NONE, NONE},
    {"Salesforce", {"Sforce-Limit-Info", "api-usage=18/5000; per-app-api-usage=17/250(appName=x)"},
        250, 233, NONE, NONE},
    {"Salesforce, above its limit", {"Sforce-Limit-Info", "api-usage=5001/5000"}, 5000, 0, NONE,
        NONE},
    {"Shopify", {"X-Shopify-Shop-Api-Call-Limit", "32/40"}, 40, 8, 1000, NONE},
    {"Linear",
        {"X-RateLimit-Requests-Limit", "1500", "X-RateLimit-Requests-Remaining", "0",
            "X-RateLimit-Requests-Reset", "1760000005000"},
        1500, 0, 5000, NONE},
    {"Discord",
        {"X-RateLimit-Limit", "5", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset",
            "1760000100.250", "X-RateLimit-Reset-After", "1.5", "X-RateLimit-Bucket", "abcd1234"},
        5, 0, 1500, NONE},
    {"epoch with a fraction", {"X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "1760000000.250"},
        NONE, 1, 250, NONE},
    {"a duration", {"X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "20ms"}, NONE, 1, 20, NONE},
    {"a span in ms", {"X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "120000"}, NONE, 1, 120000,
        NONE},
    {"two proxies' views",
        {"X-RateLimit-Remaining", "40", "X-RateLimit-Remaining", "4", "X-RateLimit-Limit", "50"},
        50, 4, NONE, NONE},
    {"Retry-After as a date", {"Retry-After", "Thu, 09 Oct 2025 08:54:20 GMT"}, NONE, NONE, NONE,
        60000},
    {"Retry-After in RFC 850", {"Retry-After", "Thursday, 09-Oct-25 08:53:21 GMT"}, NONE, NONE,
        NONE, 1000},
    {"Retry-After in the past", {"Retry-After", "Thu, 09 Oct 2025 08:00:00 GMT"}, NONE, NONE, NONE,
        0},
    {"Retry-After as an epoch", {"Retry-After", "1760000002"}, NONE, NONE, NONE, 2000},
    {"Retry-After 0", {"Retry-After", "0"}, NONE, NONE, NONE, 0},
    {"Retry-After negative", {"Retry-After", "-5"}, NONE, NONE, NONE, NONE},
    {"Retry-After 10^12", {"Retry-After", "1000000000000"}, NONE, NONE, NONE, MOST},
    {"Retry-After with 40 digits", {"Retry-After", "9999999999999999999999999999999999999999"},
        NONE, NONE, NONE, MOST},
    {"Retry-After as garbage", {"Retry-After", "soon"}, NONE, NONE, NONE, NONE},
    {"Retry-After as a number and garbage", {"Retry-After", "12soon"}, NONE, NONE, NONE, NONE},
    {"Retry-After empty", {"Retry-After", ""}, NONE, NONE, NONE, NONE},
    {"remaining negative",
        {"X-RateLimit-Remaining", "-1", "X-RateLimit-Limit", "x", "X-RateLimit-Reset", ","}, NONE,
        NONE, NONE, NONE},
    {"structured garbage", {"RateLimit", ";;=,\"", "Sforce-Limit-Info", "/;=/;a=1/"}, NONE, NONE,
        NONE, NONE},
    {"something else", {"X-RateLimit-Remaining-Words", "7", "Date-Limit", "1"}, NONE, NONE, NONE,
        NONE},
};

START_TEST(every_dialect)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rate_reading got = read_at(rows[i].pairs, NOW, MOST);
        ck_assert_msg(got.limit == rows[i].limit, "%s: limit %ld", rows[i].api, got.limit);
        ck_assert_msg(
            got.remaining == rows[i].remaining, "%s: remaining %ld", rows[i].api, got.remaining);
        ck_assert_msg(got.reset_ms == rows[i].reset_ms, "%s: reset %ld", rows[i].api, got.reset_ms);
        ck_assert_msg(got.retry_after_ms == rows[i].retry_after_ms, "%s: retry after %ld",
            rows[i].api, got.retry_after_ms);
        ck_assert_msg(!got.concurrency, "%s", rows[i].api);
    }
}
END_TEST

START_TEST(the_servers_date_corrects_our_clock)
{
    static const char *const pairs[PAIRS] = {"Date", "Thu, 09 Oct 2025 08:53:20 GMT",
        "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1760000060", "Retry-After",
        "Thu, 09 Oct 2025 08:53:50 GMT"};
    static const int64_t clocks[] = {NOW, NOW + 3600000, NOW - 3600000, 0, 86400000,
        INT64_C(2147483648000), INT64_C(4102444800000)};
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        struct rate_reading got = read_at(pairs, clocks[i], MOST);
        ck_assert_int_eq(got.reset_ms, 60000);
        ck_assert_int_eq(got.retry_after_ms, 30000);
    }
}
END_TEST

START_TEST(spans_do_not_depend_on_the_clock_at_all)
{
    static const char *const pairs[PAIRS] = {
        "Retry-After", "30", "RateLimit-Remaining", "0", "RateLimit-Reset", "45"};
    static const int64_t clocks[] = {0, 15000, 30000, 86400000, NOW, INT64_C(4102444800000)};
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        struct rate_reading got = read_at(pairs, clocks[i], MOST);
        ck_assert_int_eq(got.retry_after_ms, 30000);
        ck_assert_int_eq(got.reset_ms, 45000);
    }
}
END_TEST

START_TEST(limits_on_requests_under_way_are_told_apart)
{
    static const char *const okta[PAIRS] = {"X-Rate-Limit-Limit", "0", "X-Rate-Limit-Remaining",
        "0", "X-Rate-Limit-Reset", "1760000010"};
    static const char *const reason[PAIRS] = {"RateLimit-Reason", "jira-Concurrent-requests"};
    static const char *const other[PAIRS] = {"RateLimit-Reason", "jira-quota-global-based"};
    ck_assert(read_at(okta, NOW, MOST).concurrency);
    ck_assert(read_at(reason, NOW, MOST).concurrency);
    ck_assert(!read_at(other, NOW, MOST).concurrency);
}
END_TEST

START_TEST(a_rate_is_a_rate)
{
    static const struct {
        const char *text;
        double rate;
    } amazon[] = {{"0.5", 0.5}, {"20", 20}, {"0", 0}, {"-1", 0}, {"1/s", 0}};
    for (size_t i = 0; i < sizeof amazon / sizeof amazon[0]; i++) {
        const char *const pairs[PAIRS] = {"x-amzn-RateLimit-Limit", amazon[i].text};
        ck_assert_double_eq(read_at(pairs, NOW, MOST).rate_per_second, amazon[i].rate);
    }
}
END_TEST

START_TEST(the_slowest_pace_decides_between_low_buckets)
{
    /* 9 of 10 left for a second is plenty; 20 of 5,000 for ten minutes is not. */
    static const char *const pairs[PAIRS] = {"RateLimit", "\"s\";r=9;t=1, \"h\";r=20;t=600",
        "RateLimit-Policy", "\"s\";q=10;w=1, \"h\";q=5000;w=3600"};
    struct rate_reading got = read_at(pairs, NOW, MOST);
    ck_assert_int_eq(got.remaining, 20);
    ck_assert_int_eq(got.limit, 5000);
    ck_assert_int_eq(got.window_ms, MOST);
}
END_TEST

START_TEST(more_buckets_than_are_kept_do_no_harm)
{
    struct http_headers headers = {0};
    struct rate_reading reading;
    struct fault fault;
    for (int i = 0; i < 40; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "zendesk-ratelimit-%d", i);
        ck_assert(http_headers_add(
            &headers, span_of(name), SPAN("total=10; remaining=5; resets=1"), &fault));
    }
    dialect_read(&headers, NOW, MOST, &reading);
    ck_assert_int_eq(reading.remaining, 5);
    http_headers_free(&headers);
}
END_TEST

UNIT_MAIN("dialect", every_dialect, each_vendor_as_its_pages_show_it,
    the_servers_date_corrects_our_clock, spans_do_not_depend_on_the_clock_at_all,
    limits_on_requests_under_way_are_told_apart, a_rate_is_a_rate,
    the_slowest_pace_decides_between_low_buckets, more_buckets_than_are_kept_do_no_harm)
