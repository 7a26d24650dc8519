/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics: the exposition's text, bounds, removal, threads. */
#include "metrics/metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "unit.h"

static struct metrics *metrics;
static struct bytes text;

static const char *write_all(void)
{
    struct fault fault;
    bytes_clear(&text);
    ck_assert(metrics_write(metrics, &text, &fault));
    return text.data;
}

static bool has(const char *line)
{
    char whole[1032];
    (void)snprintf(whole, sizeof whole, "\n%s\n", line);
    return strstr(write_all(), whole) != NULL;
}

static size_t count(const char *word)
{
    size_t found = 0;
    for (const char *at = write_all(); (at = strstr(at, word)) != NULL; at++)
        found++;
    return found;
}

static void open_metrics(void)
{
    metrics = metrics_create();
    ck_assert_ptr_nonnull(metrics);
    text = (struct bytes){0};
}

static void close_metrics(void)
{
    metrics_free(metrics);
    bytes_free(&text);
}

START_TEST(names_every_family)
{
    static const char *const names[] = {"http_requests_total counter",
        "http_request_duration_seconds histogram", "outcomes_total counter",
        "retries_total counter", "throttle_wait_seconds_total counter",
        "rate_limit_remaining gauge", "breaker_state gauge", "quarantined gauge",
        "pages_total counter", "page_anomalies_total counter", "records_total counter",
        "dead_letters gauge", "sync_lag_seconds gauge", "last_success_timestamp_seconds gauge",
        "complete_as_of_timestamp_seconds gauge", "reconciliation_gap gauge", "runs_total counter",
        "run_duration_seconds histogram", "drift_total counter", "held gauge", "queue_bytes gauge",
        "commit_duration_seconds histogram", "reloads_total counter", "connector_info gauge",
        "build_info gauge"};
    open_metrics();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[128];
        (void)snprintf(line, sizeof line, "# TYPE muster_%s", names[i]);
        ck_assert_msg(has(line), "%s", line);
    }
    ck_assert_uint_eq(count("# TYPE "), sizeof names / sizeof names[0]);
    ck_assert_uint_eq(count("# HELP "), sizeof names / sizeof names[0]);
    ck_assert_int_eq(strncmp(text.data, "# HELP ", 7), 0);
    ck_assert_int_eq(text.data[text.length - 1], '\n');
    ck_assert(has("muster_commit_duration_seconds_count 0"));
    close_metrics();
    metrics_free(NULL);
}
END_TEST

START_TEST(counts_and_sets)
{
    open_metrics();
    metrics_add(metrics, METRIC_HTTP_REQUESTS, METRICS_LABELS("acme", "users", "2xx"), 1);
    metrics_add(metrics, METRIC_HTTP_REQUESTS, METRICS_LABELS("acme", "users", "2xx"), 2);
    metrics_add(metrics, METRIC_HTTP_REQUESTS, METRICS_LABELS("acme", "users", "5xx"), 1);
    metrics_add(metrics, METRIC_THROTTLE_WAIT, METRICS_LABELS("acme"), 0.25);
    metrics_add(metrics, METRIC_THROTTLE_WAIT, METRICS_LABELS("acme"), 0.1);
    metrics_set(metrics, METRIC_DEAD_LETTERS, METRICS_LABELS("acme", "users"), 7);
    metrics_set(metrics, METRIC_DEAD_LETTERS, METRICS_LABELS("acme", "users"), 3);
    metrics_set(metrics, METRIC_RECONCILIATION_GAP, METRICS_LABELS("acme", "users"), -2);
    metrics_set(metrics, METRIC_LAST_SUCCESS, METRICS_LABELS("acme", "users"), 1769903999.123);
    metrics_set(metrics, METRIC_SYNC_LAG, METRICS_LABELS("acme", "users"), (double)INFINITY);
    metrics_set(metrics, METRIC_SYNC_LAG, METRICS_LABELS("b", "users"), (double)NAN);
    metrics_set(metrics, METRIC_QUEUE_BYTES, METRICS_LABELS("writer"), 9007199254740992.0);
    ck_assert(has(
        "muster_http_requests_total{connection=\"acme\",stream=\"users\",code_class=\"2xx\"} 3"));
    ck_assert(has(
        "muster_http_requests_total{connection=\"acme\",stream=\"users\",code_class=\"5xx\"} 1"));
    ck_assert(has("muster_throttle_wait_seconds_total{connection=\"acme\"} 0.35"));
    ck_assert(has("muster_dead_letters{connection=\"acme\",stream=\"users\"} 3"));
    ck_assert(has("muster_reconciliation_gap{connection=\"acme\",stream=\"users\"} -2"));
    ck_assert(has("muster_last_success_timestamp_seconds{connection=\"acme\",stream=\"users\"} "
                  "1769903999.123"));
    ck_assert(has("muster_sync_lag_seconds{connection=\"acme\",stream=\"users\"} +Inf"));
    ck_assert(has("muster_sync_lag_seconds{connection=\"b\",stream=\"users\"} NaN"));
    ck_assert(has("muster_queue_bytes{queue=\"writer\"} 9007199254740992"));
    close_metrics();
}
END_TEST

START_TEST(ages)
{
    open_metrics();
    metrics_set(metrics, METRIC_COMPLETE_AS_OF, METRICS_LABELS("acme", "users"), 1000);
    metrics_set(metrics, METRIC_COMPLETE_AS_OF, METRICS_LABELS("acme", "groups"), 1300);
    metrics_age(metrics, METRIC_SYNC_LAG, METRIC_COMPLETE_AS_OF, 1200.5);
    ck_assert(has("muster_sync_lag_seconds{connection=\"acme\",stream=\"users\"} 200.5"));
    ck_assert(has("muster_sync_lag_seconds{connection=\"acme\",stream=\"groups\"} 0"));
    metrics_age(metrics, METRIC_SYNC_LAG, METRIC_COMPLETE_AS_OF, 1400);
    ck_assert(has("muster_sync_lag_seconds{connection=\"acme\",stream=\"users\"} 400"));
    ck_assert(has("muster_complete_as_of_timestamp_seconds{connection=\"acme\",stream=\"users\"} "
                  "1000"));
    close_metrics();
}
END_TEST

START_TEST(observes)
{
    open_metrics();
    metrics_observe(
        metrics, METRIC_COMMIT_DURATION, METRICS_LABELS(), 0.001); /* on the bound: in it */
    metrics_observe(metrics, METRIC_COMMIT_DURATION, METRICS_LABELS(), 0.002);
    metrics_observe(metrics, METRIC_COMMIT_DURATION, METRICS_LABELS(), 99);
    ck_assert(has("muster_commit_duration_seconds_bucket{le=\"0.0005\"} 0"));
    ck_assert(has("muster_commit_duration_seconds_bucket{le=\"0.001\"} 1"));
    ck_assert(has("muster_commit_duration_seconds_bucket{le=\"0.0025\"} 2"));
    ck_assert(has("muster_commit_duration_seconds_bucket{le=\"5\"} 2"));
    ck_assert(has("muster_commit_duration_seconds_bucket{le=\"+Inf\"} 3"));
    ck_assert(has("muster_commit_duration_seconds_sum 99.003"));
    ck_assert(has("muster_commit_duration_seconds_count 3"));
    metrics_observe(metrics, METRIC_HTTP_DURATION, METRICS_LABELS("acme", "users"), 0.3);
    ck_assert(has("muster_http_request_duration_seconds_bucket{connection=\"acme\",stream="
                  "\"users\",le=\"0.25\"} 0"));
    ck_assert(has("muster_http_request_duration_seconds_bucket{connection=\"acme\",stream="
                  "\"users\",le=\"0.5\"} 1"));
    ck_assert(
        has("muster_http_request_duration_seconds_count{connection=\"acme\",stream=\"users\"} 1"));
    close_metrics();
}
END_TEST

START_TEST(escapes_labels)
{
    char value[512];
    open_metrics();
    metrics_set(metrics, METRIC_QUEUE_BYTES, METRICS_LABELS("a\"b\\c\nd"), 1);
    ck_assert(has("muster_queue_bytes{queue=\"a\\\"b\\\\c\\nd\"} 1"));
    metrics_set(metrics, METRIC_QUEUE_BYTES, METRICS_LABELS("\xff"), 2);
    ck_assert(has("muster_queue_bytes{queue=\"invalid\"} 2"));
    metrics_set(metrics, METRIC_QUEUE_BYTES, METRICS_LABELS(""), 3);
    ck_assert(has("muster_queue_bytes{queue=\"\"} 3"));
    (void)memset(value, 'a', sizeof value);
    value[sizeof value - 1] = '\0';
    (void)memcpy(
        value + METRICS_LABEL_BYTES_MAX - 1, "\xC3\xA9", 2); /* the cut would go through it */
    metrics_set(metrics, METRIC_QUEUE_BYTES, METRICS_LABELS(value), 4);
    value[METRICS_LABEL_BYTES_MAX - 1] = '\0';
    char line[1024];
    (void)snprintf(line, sizeof line, "muster_queue_bytes{queue=\"%s\"} 4", value);
    ck_assert(has(line));
    /* Values that would be one text if they were only put together. */
    metrics_add(metrics, METRIC_PAGES, METRICS_LABELS("ab", "c"), 1);
    metrics_add(metrics, METRIC_PAGES, METRICS_LABELS("a", "bc"), 1);
    ck_assert(has("muster_pages_total{connection=\"ab\",stream=\"c\"} 1"));
    ck_assert(has("muster_pages_total{connection=\"a\",stream=\"bc\"} 1"));
    close_metrics();
}
END_TEST

START_TEST(bounds_series)
{
    char name[32];
    open_metrics();
    for (unsigned i = 0; i < METRICS_SERIES_MAX + 10; i++) {
        (void)snprintf(name, sizeof name, "c%u", i);
        metrics_add(metrics, METRIC_PAGES, METRICS_LABELS(name, "users"), 1);
    }
    metrics_add(
        metrics, METRIC_PAGES, METRICS_LABELS("c0", "users"), 1); /* known ones still count */
    const char *all = write_all();
    ck_assert_ptr_nonnull(
        strstr(all, "\nmuster_pages_total{connection=\"other\",stream=\"other\"} 10\n"));
    ck_assert_ptr_nonnull(
        strstr(all, "\nmuster_pages_total{connection=\"c0\",stream=\"users\"} 2\n"));
    ck_assert_uint_eq(count("\nmuster_pages_total{"), METRICS_SERIES_MAX + 1);
    metrics_remove_connection(metrics, "c5");
    metrics_remove_connection(metrics, "c6");
    metrics_add(metrics, METRIC_PAGES, METRICS_LABELS("new", "users"), 1); /* room again */
    ck_assert(has("muster_pages_total{connection=\"new\",stream=\"users\"} 1"));
    for (unsigned i = 0; i < METRICS_HISTOGRAM_SERIES_MAX + 3; i++) {
        (void)snprintf(name, sizeof name, "c%u", i);
        metrics_observe(metrics, METRIC_RUN_DURATION, METRICS_LABELS(name, "users"), 1);
    }
    ck_assert(has("muster_run_duration_seconds_count{connection=\"other\",stream=\"other\"} 3"));
    close_metrics();
}
END_TEST

START_TEST(removes_connections)
{
    open_metrics();
    metrics_add(metrics, METRIC_PAGES, METRICS_LABELS("gone", "users"), 1);
    metrics_add(metrics, METRIC_PAGES, METRICS_LABELS("kept", "gone"), 1);
    metrics_add(metrics, METRIC_PAGES, METRICS_LABELS("gone", "groups"), 1);
    metrics_observe(metrics, METRIC_RUN_DURATION, METRICS_LABELS("gone", "users"), 1);
    metrics_set(metrics, METRIC_HELD, METRICS_LABELS("gone"), 1);
    metrics_set(metrics, METRIC_QUEUE_BYTES, METRICS_LABELS("gone"), 1); /* a queue of that name */
    metrics_remove_connection(metrics, "gone");
    ck_assert_uint_eq(count("connection=\"gone\""), 0);
    ck_assert(has("muster_pages_total{connection=\"kept\",stream=\"gone\"} 1"));
    ck_assert(has("muster_queue_bytes{queue=\"gone\"} 1"));
    metrics_add(metrics, METRIC_PAGES, METRICS_LABELS("kept", "gone"), 1);
    metrics_add(metrics, METRIC_PAGES, METRICS_LABELS("gone", "users"), 5);
    ck_assert(has("muster_pages_total{connection=\"kept\",stream=\"gone\"} 2"));
    ck_assert(has("muster_pages_total{connection=\"gone\",stream=\"users\"} 5"));
    metrics_set(metrics, METRIC_CONNECTOR_INFO, METRICS_LABELS("scim", "1.0.0", "aa"), 1);
    metrics_clear(metrics, METRIC_CONNECTOR_INFO);
    ck_assert_uint_eq(count("connector=\"scim\""), 0);
    close_metrics();
}
END_TEST

START_TEST(fails_where_the_text_is_too_large)
{
    struct fault fault;
    struct bytes small = {.limit = 100};
    open_metrics();
    ck_assert(!metrics_write(metrics, &small, &fault));
    ck_assert_int_eq(fault.code, FAULT_LIMIT);
    bytes_free(&small);
    write_all(); /* no lock was left behind */
    close_metrics();
}
END_TEST

#define THREADS 4
#define UPDATES 5000

static void *update(void *unused)
{
    (void)unused;
    for (int i = 0; i < UPDATES; i++) {
        metrics_add(metrics, METRIC_PAGES, METRICS_LABELS(i % 2 ? "a" : "b", "users"), 1);
        metrics_observe(metrics, METRIC_COMMIT_DURATION, METRICS_LABELS(), 0.01);
        if (i % 100 == 0)
            metrics_remove_connection(metrics, "nobody");
    }
    return NULL;
}

START_TEST(updates_from_many_threads)
{
    pthread_t threads[THREADS];
    char line[128];
    open_metrics();
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, update, NULL), 0);
    for (int i = 0; i < 20; i++)
        write_all();
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    (void)snprintf(line, sizeof line, "muster_pages_total{connection=\"a\",stream=\"users\"} %d",
        THREADS * UPDATES / 2);
    ck_assert(has(line));
    (void)snprintf(line, sizeof line, "muster_commit_duration_seconds_count %d", THREADS * UPDATES);
    ck_assert(has(line));
    close_metrics();
}
END_TEST

UNIT_MAIN("metrics", names_every_family, counts_and_sets, observes, ages, escapes_labels,
    bounds_series, removes_connections, fails_where_the_text_is_too_large,
    updates_from_many_threads)
