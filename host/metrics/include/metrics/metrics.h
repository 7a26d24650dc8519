/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's metrics: the families of CONTRACT.md, no others, and their text for Prometheus. The
 * same families for every connector; labels are names of the configuration and words of the host,
 * never a URL or an id.
 *
 * Safe from many threads; an update takes one family's lock for the time of a look-up. Updates
 * never fail: without memory one is lost, and a family that is full counts under labels that all
 * read "other".
 */
#ifndef MUSTER_METRICS_METRICS_H
#define MUSTER_METRICS_METRICS_H

#include "base/bytes.h"

#define METRICS_LABELS_MAX      3
#define METRICS_LABEL_BYTES_MAX 128u   /* of one value; longer ones are cut */
#define METRICS_SERIES_MAX      20000u /* of one family */
/* Of one histogram: each of its series is many lines. */
#define METRICS_HISTOGRAM_SERIES_MAX 2000u
#define METRICS_CONTENT_TYPE         "text/plain; version=0.0.4; charset=utf-8"

/* id, type, name without muster_, label names, help. */
#define METRICS_TABLE(X)                                                                        \
    X(METRIC_HTTP_REQUESTS, COUNTER, "http_requests_total", "connection stream code_class",     \
        "Requests sent, by the class of the answer's status, or none.")                         \
    X(METRIC_HTTP_DURATION, HISTOGRAM, "http_request_duration_seconds", "connection stream",    \
        "Time from sending a request to its whole answer.")                                     \
    X(METRIC_OUTCOMES, COUNTER, "outcomes_total", "connection stream class",                    \
        "Requests by the class of their outcome, which alone decides what happens next.")       \
    X(METRIC_RETRIES, COUNTER, "retries_total", "connection stream reason",                     \
        "Requests that were sent again, by the class of the outcome before.")                   \
    X(METRIC_THROTTLE_WAIT, COUNTER, "throttle_wait_seconds_total", "connection",               \
        "Time that requests waited for a rate limit.")                                          \
    X(METRIC_RATE_LIMIT_REMAINING, GAUGE, "rate_limit_remaining", "connection",                 \
        "Requests left in the present window, as the server states them.")                      \
    X(METRIC_BREAKER_STATE, GAUGE, "breaker_state", "connection",                               \
        "The circuit breaker: 0 closed, 1 half open, 2 open.")                                  \
    X(METRIC_QUARANTINED, GAUGE, "quarantined", "connection",                                   \
        "1 while a connection that keeps failing is tried on a stretched schedule only.")       \
    X(METRIC_PAGES, COUNTER, "pages_total", "connection stream", "Pages received and read.")    \
    X(METRIC_PAGE_ANOMALIES, COUNTER, "page_anomalies_total", "connection stream kind",         \
        "Pages that were not what was declared, by what was wrong.")                            \
    X(METRIC_RECORDS, COUNTER, "records_total", "connection stream outcome",                    \
        "Records by their outcome in the ledger.")                                              \
    X(METRIC_DEAD_LETTERS, GAUGE, "dead_letters", "connection stream",                          \
        "Dead letters that wait to be replayed or discarded.")                                  \
    X(METRIC_SYNC_LAG, GAUGE, "sync_lag_seconds", "connection stream",                          \
        "Time since the last complete run began.")                                              \
    X(METRIC_LAST_SUCCESS, GAUGE, "last_success_timestamp_seconds", "connection stream",        \
        "When the last complete run ended, in seconds since 1970.")                             \
    X(METRIC_COMPLETE_AS_OF, GAUGE, "complete_as_of_timestamp_seconds", "connection stream",    \
        "As of when the data is complete, in seconds since 1970.")                              \
    X(METRIC_RECONCILIATION_GAP, GAUGE, "reconciliation_gap", "connection stream",              \
        "What the source says it has, less what was seen, in the last full run that was told.") \
    X(METRIC_RUNS, COUNTER, "runs_total", "connection stream proof",                            \
        "Runs ended, by how complete they were.")                                               \
    X(METRIC_RUN_DURATION, HISTOGRAM, "run_duration_seconds", "connection stream",              \
        "Time that a run took.")                                                                \
    X(METRIC_DRIFT, COUNTER, "drift_total", "connection stream kind",                           \
        "Paths of items that are new, missing or of another type than before.")                 \
    X(METRIC_HELD, GAUGE, "held", "connection",                                                 \
        "Absences and mass changes that wait for a person.")                                    \
    X(METRIC_QUEUE_BYTES, GAUGE, "queue_bytes", "queue", "Bytes that wait in a queue.")         \
    X(METRIC_COMMIT_DURATION, HISTOGRAM, "commit_duration_seconds", "",                         \
        "Time that a transaction of the store took.")                                           \
    X(METRIC_RELOADS, COUNTER, "reloads_total", "result",                                       \
        "Reloads of the configuration: ok or refused.")                                         \
    X(METRIC_CONNECTOR_INFO, GAUGE, "connector_info", "connector version hash",                 \
        "1 for each connector that is loaded; hash is the declaration's.")                      \
    X(METRIC_BUILD_INFO, GAUGE, "build_info", "version", "1; the version that runs.")

enum metric {
#define X(id, type, name, labels, help) id,
    METRICS_TABLE(X)
#undef X
        METRIC_COUNT
};

struct metrics;

struct metrics *metrics_create(void);       /* NULL without memory */
void metrics_free(struct metrics *metrics); /* NULL is fine */

/* Label values in the order of the table: METRICS_LABELS("acme", "users", "2xx"), or
 * METRICS_LABELS() for a family without labels. All of a family's, none empty where it matters. A
 * value that is not UTF-8 reads "invalid". */
#define METRICS_LABELS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

/* Counters: `by` is not negative. */
void metrics_add(struct metrics *metrics, enum metric metric, const char *const *labels, double by);
/* Gauges. */
void metrics_set(
    struct metrics *metrics, enum metric metric, const char *const *labels, double value);
/* Histograms. */
void metrics_observe(
    struct metrics *metrics, enum metric metric, const char *const *labels, double value);
/* Sets each series of the gauge `age` to the time from what `since`, a gauge with the same labels,
 * says until now; seconds. A clock that went backwards makes no negative age. */
void metrics_age(struct metrics *metrics, enum metric age, enum metric since, double now_seconds);
/* Forgets all series of a connection that is no longer configured. */
void metrics_remove_connection(struct metrics *metrics, const char *connection);
/* Forgets all series of one family, so that it can be set anew: connector_info after a reload. */
void metrics_clear(struct metrics *metrics, enum metric metric);

/* Appends the text exposition format 0.0.4. FAULT_LIMIT where `into` is too small, FAULT_MEMORY. */
bool metrics_write(struct metrics *metrics, struct bytes *into, struct fault *fault) MUST_CHECK;

#endif
