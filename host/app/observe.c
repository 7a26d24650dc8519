/* SPDX-License-Identifier: Apache-2.0 */
/* Notes become counters and events. */
#include "observe.h"

#include <stdio.h>
#include "log/log.h"
#include "store/query.h"

static const char *stream_of(const struct note *note)
{
    return note->stream ? note->stream : "";
}

static void observe_request(struct metrics *metrics, const struct note *note)
{
    static const char *const classes[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    int hundred = note->status / 100;
    const char *code_class = hundred >= 0 && hundred <= 5 ? classes[hundred] : "none";
    metrics_add(metrics, METRIC_HTTP_REQUESTS,
        METRICS_LABELS(note->connection, stream_of(note), code_class), 1);
    metrics_observe(metrics, METRIC_HTTP_DURATION,
        METRICS_LABELS(note->connection, stream_of(note)), note->seconds);
    if (note->number >= 0)
        metrics_set(metrics, METRIC_RATE_LIMIT_REMAINING, METRICS_LABELS(note->connection),
            (double)note->number);
}

static void observe_breaker(struct metrics *metrics, const struct note *note)
{
    static const char *const states[] = {"closed", "half open", "open"};
    metrics_set(
        metrics, METRIC_BREAKER_STATE, METRICS_LABELS(note->connection), (double)note->number);
    log_event(note->number == 2 ? LOG_WARNING : LOG_DEBUG, "breaker",
        LOG_TEXT("connection", note->connection), LOG_TEXT("state", states[note->number]));
}

static void observe_page(struct metrics *metrics, const struct note *note)
{
    const struct batch_outcome *batch = &note->batch;
    const struct {
        const char *outcome;
        int64_t count;
    } rows[] = {{"created", batch->created}, {"changed", batch->changed},
        {"unchanged", batch->unchanged}, {"duplicate", batch->duplicate},
        {"filtered", batch->filtered}, {"dead", batch->dead}};
    metrics_add(metrics, METRIC_PAGES, METRICS_LABELS(note->connection, stream_of(note)), 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].count)
            metrics_add(metrics, METRIC_RECORDS,
                METRICS_LABELS(note->connection, stream_of(note), rows[i].outcome),
                (double)rows[i].count);
}

static void observe_run(struct metrics *metrics, const struct note *note, int64_t wall_ms)
{
    const struct run_summary *run = note->summary;
    const struct batch_outcome *sums = &run->sums;
    const char *const *labels = METRICS_LABELS(note->connection, stream_of(note));
    metrics_add(metrics, METRIC_RUNS,
        METRICS_LABELS(note->connection, stream_of(note), proof_name(run->proof)), 1);
    metrics_observe(metrics, METRIC_RUN_DURATION, labels, (double)run->duration_ms / 1000);
    if (run->proof >= PROOF_ASSERTED) {
        metrics_set(metrics, METRIC_LAST_SUCCESS, labels, (double)wall_ms / 1000);
        metrics_set(metrics, METRIC_COMPLETE_AS_OF, labels, (double)run->started_wall_ms / 1000);
    }
    if (run->gap_known)
        metrics_set(metrics, METRIC_RECONCILIATION_GAP, labels, (double)run->gap);
    for (enum drift_kind kind = DRIFT_NEW_PATH; kind < DRIFT_KINDS; kind++)
        if (run->drift_of[kind])
            metrics_add(metrics, METRIC_DRIFT,
                METRICS_LABELS(note->connection, stream_of(note), drift_kind_name(kind)),
                (double)run->drift_of[kind]);
    metrics_set(metrics, METRIC_DEAD_LETTERS, labels, (double)run->letters_open);
    metrics_set(metrics, METRIC_HELD, METRICS_LABELS(note->connection), (double)run->held_open);
    log_event(run->proof >= PROOF_ASSERTED ? LOG_INFO : LOG_WARNING, "run_ended",
        LOG_TEXT("connection", note->connection), LOG_TEXT("stream", note->stream),
        LOG_TEXT("proof", proof_name(run->proof)),
        LOG_TEXT("reason", run->reason[0] ? run->reason : NULL), LOG_NUMBER("run", run->run),
        LOG_NUMBER("pages", run->pages), LOG_NUMBER("received", sums->received),
        LOG_NUMBER("created", sums->created), LOG_NUMBER("changed", sums->changed),
        LOG_NUMBER("unchanged", sums->unchanged), LOG_NUMBER("duplicate", sums->duplicate),
        LOG_NUMBER("filtered", sums->filtered), LOG_NUMBER("dead", sums->dead),
        LOG_NUMBER("missing", run->missing), LOG_NUMBER("deleted", run->deleted),
        LOG_NUMBER("held", run->held), LOG_NUMBER("drift", run->drift),
        LOG_NUMBER("ms", run->duration_ms));
}

struct waiting {
    struct metrics *metrics;
    const char *const *names;
    size_t count;
};

/* A query_row of QUERY_WAITING. Names of the store are bounded as those of a configuration are. */
static bool observe_waiting_row(
    void *context, const char *const *columns, const struct cell *cells, size_t count)
{
    struct waiting *waiting = context;
    (void)columns, (void)count;
    for (size_t i = 0; i < waiting->count; i++) {
        if (!span_equal_text(cells[0].text, waiting->names[i]))
            continue;
        char stream[METRICS_LABEL_BYTES_MAX + 1];
        (void)snprintf(stream, sizeof stream, "%.*s", SPAN_FORMAT(cells[1].text));
        metrics_set(waiting->metrics, METRIC_DEAD_LETTERS,
            METRICS_LABELS(waiting->names[i], stream), (double)cells[2].integer);
        metrics_set(waiting->metrics, METRIC_HELD, METRICS_LABELS(waiting->names[i]),
            (double)cells[3].integer);
        if (cells[4].type == CELL_INTEGER)
            metrics_set(waiting->metrics, METRIC_COMPLETE_AS_OF,
                METRICS_LABELS(waiting->names[i], stream), (double)cells[4].integer / 1000);
    }
    return true;
}

void observe_waiting(
    struct metrics *metrics, struct store *store, const char *const *names, size_t count)
{
    struct waiting waiting = {metrics, names, count};
    struct fault fault;
    if (!query_run(store, QUERY_WAITING, NULL, observe_waiting_row, &waiting, &fault))
        log_event(LOG_WARNING, "not_measured", LOG_TEXT("why", fault.text));
}

void observe_note(struct metrics *metrics, const struct note *note, int64_t wall_ms)
{
    switch (note->kind) {
    case NOTE_REQUEST:
        observe_request(metrics, note);
        break;
    case NOTE_PAGE:
        observe_page(metrics, note);
        break;
    case NOTE_RETRY:
        metrics_add(metrics, METRIC_RETRIES,
            METRICS_LABELS(note->connection, stream_of(note), outcome_name(note->outcome)), 1);
        log_event(LOG_DEBUG, "retry", LOG_TEXT("connection", note->connection),
            LOG_TEXT("stream", note->stream), LOG_TEXT("class", outcome_name(note->outcome)),
            LOG_NUMBER("wait_ms", note->number));
        break;
    case NOTE_OUTCOME:
        metrics_add(metrics, METRIC_OUTCOMES,
            METRICS_LABELS(note->connection, stream_of(note), outcome_name(note->outcome)), 1);
        break;
    case NOTE_BREAKER:
        observe_breaker(metrics, note);
        break;
    case NOTE_WAITED:
        metrics_add(metrics, METRIC_THROTTLE_WAIT, METRICS_LABELS(note->connection),
            (double)note->number / 1000);
        break;
    case NOTE_ANOMALY:
        metrics_add(metrics, METRIC_PAGE_ANOMALIES,
            METRICS_LABELS(note->connection, stream_of(note), note->text), 1);
        log_event(LOG_INFO, "page_anomaly", LOG_TEXT("connection", note->connection),
            LOG_TEXT("stream", note->stream), LOG_TEXT("kind", note->text));
        break;
    case NOTE_RUN_ENDED:
        observe_run(metrics, note, wall_ms);
        break;
    case NOTE_TROUBLE:
        log_event(LOG_ERROR, "connection_trouble", LOG_TEXT("connection", note->connection),
            LOG_TEXT("why", note->text));
        break;
    case NOTE_ROUND_STARTED:
        log_event(LOG_INFO, "round_started", LOG_TEXT("connection", note->connection));
        break;
    case NOTE_TOKEN:
        log_event(LOG_DEBUG, "token_renewed", LOG_TEXT("connection", note->connection));
        break;
    case NOTE_RUN_STARTED:
    case NOTE_WAIT:
    case NOTE_SCOPE_ENDED:
        break;
    }
}

void observe_round(const struct effect *effect)
{
    log_event(effect->round.failed ? LOG_ERROR : LOG_INFO, "round_ended",
        LOG_TEXT("connection", effect->round.connection),
        LOG_TEXT("proof", proof_name(effect->round.proof)),
        LOG_TEXT("why", effect->round.reason[0] ? effect->round.reason : NULL),
        LOG_FLAG("interrupted", effect->round.interrupted));
}
