/* SPDX-License-Identifier: Apache-2.0 */
/* muster serve: the daemon. Runs connections when they are due, answers on HTTP, reloads on SIGHUP,
 * drains on SIGTERM. */
#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/memory.h"
#include "build.h"
#include "command.h"
#include "control.h"
#include "host.h"
#include "listener.h"
#include "log/log.h"
#include "observe.h"
#include "reload.h"
#include "schedule.h"
#include "store/query.h"

struct daemon {
    struct store *store;
    struct hash_key store_key;
    struct host *host;
    struct generation *generation;
    struct schedule schedule;
    struct reload *reload;
    struct metrics *metrics;
    struct listener *listener;
    struct control *control;
    atomic_bool ready;
    bool stopping;
    int64_t drain_until_ms;
};

/* ------------------------------------------------------------------ generations --------------- */

static void tell_entries(const struct generation *generation)
{
    for (size_t i = 0; i < generation->count; i++) {
        const struct generation_entry *entry = &generation->entries[i];
        if (entry->fault.code == FAULT_NONE && entry->connection)
            continue;
        log_event(LOG_ERROR, "connection_refused", LOG_TEXT("connection", entry->name),
            LOG_TEXT("why", entry->fault.text), LOG_FLAG("goes_on_as_before", entry->stale));
    }
    for (size_t i = 0; i < generation->connectors.count; i++) {
        const struct intake_entry *entry = &generation->connectors.entries[i];
        if (!entry->plan && entry->report.count)
            log_event(LOG_ERROR, "connector_refused", LOG_TEXT("file", entry->path),
                LOG_NUMBER("fault", entry->report.problems[0].fault_number),
                LOG_TEXT("why", entry->report.problems[0].text));
    }
}

static void measure_connectors(struct daemon *daemon)
{
    metrics_clear(daemon->metrics, METRIC_CONNECTOR_INFO);
    for (size_t i = 0; i < daemon->generation->connectors.count; i++) {
        const struct plan *plan = daemon->generation->connectors.entries[i].plan;
        char hash[65];
        if (!plan)
            continue;
        hash256_text(&plan->hash, hash);
        metrics_set(daemon->metrics, METRIC_CONNECTOR_INFO,
            METRICS_LABELS(plan->connector->name,
                plan->connector->version ? plan->connector->version : "", hash),
            1);
    }
}

/* What waited for a person before this process began. */
static bool measure_waiting(struct daemon *daemon, struct fault *fault)
{
    const struct generation *generation = daemon->generation;
    const char **names AUTO_FREE = memory_allocate_array(generation->count + 1, sizeof *names);
    if (!names)
        return fault_memory(fault);
    for (size_t i = 0; i < generation->count; i++)
        names[i] = generation->entries[i].name;
    observe_waiting(daemon->metrics, daemon->store, names, generation->count);
    return true;
}

static void measure_quarantine(const struct daemon *daemon, const struct appointment *at)
{
    metrics_set(daemon->metrics, METRIC_QUARANTINED, METRICS_LABELS(at->name),
        schedule_is_quarantined(at) ? 1 : 0);
}

/* Connections that are gone from the configuration leave the metrics too. */
static void forget_removed(
    struct daemon *daemon, const struct generation *before, const struct generation *after)
{
    for (size_t i = 0; before && i < before->count; i++) {
        size_t at = 0;
        while (at < after->count && strcmp(after->entries[at].name, before->entries[i].name) != 0)
            at++;
        if (at == after->count)
            metrics_remove_connection(daemon->metrics, before->entries[i].name);
    }
}

/* The new generation takes the old one's place, whole; rounds under way hold what they began with.
 */
static bool swap_generation(struct daemon *daemon, struct generation *fresh, struct fault *fault)
{
    struct generation *before = daemon->generation;
    size_t kept = 0;
    generation_join(fresh, &daemon->store_key, before);
    if (!schedule_build(&daemon->schedule, fresh, host_now_ms(daemon->host), fault)) {
        generation_free(fresh);
        return false;
    }
    forget_removed(daemon, before, fresh);
    daemon->generation = fresh;
    for (size_t i = 0; i < daemon->schedule.count; i++)
        measure_quarantine(daemon, &daemon->schedule.list[i]);
    for (size_t i = 0; i < fresh->count; i++)
        kept += fresh->entries[i].kept;
    tell_entries(fresh);
    measure_connectors(daemon);
    log_event(LOG_INFO, "configuration_loaded", LOG_NUMBER("connections", (int64_t)fresh->count),
        LOG_NUMBER("unchanged", (int64_t)kept), LOG_NUMBER("refused", (int64_t)fresh->troubled),
        LOG_NUMBER("connectors", (int64_t)fresh->connectors.count));
    generation_free(before);
    return true;
}

static void finish_reload(struct daemon *daemon)
{
    struct generation *fresh;
    struct fault fault;
    while (reload_take(daemon->reload, &fresh, &fault)) {
        bool swapped = fresh && swap_generation(daemon, fresh, &fault);
        if (!swapped)
            log_event(LOG_ERROR, "reload_refused", LOG_TEXT("why", fault.text),
                LOG_FLAG("goes_on_as_before", true));
        metrics_add(daemon->metrics, METRIC_RELOADS,
            METRICS_LABELS(swapped && fresh->troubled == 0 ? "ok" : "refused"), 1);
    }
}

/* ------------------------------------------------------------------ hooks --------------------- */

static void on_note(void *context, const struct note *note)
{
    struct daemon *daemon = context;
    observe_note(daemon->metrics, note, host_wall_ms(daemon->host));
    control_note(daemon->control, note);
}

static void tell_quarantine(
    const struct appointment *at, bool before, const struct effect *effect, int64_t now_ms)
{
    if (schedule_is_quarantined(at))
        log_event(effect->round.denied ? LOG_ERROR : LOG_WARNING,
            effect->round.denied ? "connection_stopped" : "connection_quarantined",
            LOG_TEXT("connection", at->name),
            LOG_NUMBER("failures", (int64_t)at->quarantine.failures),
            LOG_NUMBER("tried_again_in_s", (at->due_ms - now_ms) / 1000),
            LOG_FLAG("until_mended", effect->round.denied),
            LOG_TEXT("why", effect->round.reason[0] ? effect->round.reason : NULL));
    else if (before)
        log_event(LOG_INFO, "connection_healed", LOG_TEXT("connection", at->name));
}

static void on_round_done(void *context, const struct effect *effect)
{
    struct daemon *daemon = context;
    int64_t now_ms = host_now_ms(daemon->host);
    size_t hint = 0;
    const struct appointment *at =
        schedule_find(&daemon->schedule, effect->round.connection, &hint);
    bool before = at && schedule_is_quarantined(at);
    at = schedule_round_done(&daemon->schedule, effect, now_ms);
    if (at)
        measure_quarantine(daemon, at);
    observe_round(effect); /* after the metrics: who reads the log may look at them */
    if (at && !effect->round.interrupted)
        tell_quarantine(at, before, effect, now_ms);
    control_round_done(daemon->control, effect);
}

static void on_signal(void *context, int number)
{
    struct daemon *daemon = context;
    struct fault fault;
    if (number == SIGHUP) {
        log_event(LOG_INFO, "reload_asked");
        if (!daemon->stopping && !reload_ask(daemon->reload, &fault))
            log_event(LOG_ERROR, "reload_refused", LOG_TEXT("why", fault.text));
        return;
    }
    if (daemon->stopping) { /* asked twice: do not wait */
        daemon->drain_until_ms = 0;
        return;
    }
    daemon->stopping = true;
    daemon->drain_until_ms =
        host_now_ms(daemon->host) + daemon->generation->settings->policy.drain_ms;
    atomic_store(&daemon->ready, false);
    log_event(LOG_INFO, "draining", LOG_NUMBER("rounds", (int64_t)host_rounds(daemon->host)));
    host_wake(daemon->host, daemon->drain_until_ms);
    control_stop(daemon->control);
    host_stop(daemon->host);
}

static void on_tick(void *context, int64_t now_ms)
{
    struct daemon *daemon = context;
    struct appointment *due;
    finish_reload(daemon);
    control_tick(daemon->control, &daemon->schedule, daemon->generation, now_ms);
    while (!daemon->stopping && (due = schedule_take_due(&daemon->schedule, now_ms)))
        host_start(daemon->host, due->connection, false);
    metrics_set(daemon->metrics, METRIC_QUEUE_BYTES, METRICS_LABELS("store"),
        (double)host_queue_bytes(daemon->host));
    host_wake(daemon->host,
        daemon->stopping ? daemon->drain_until_ms : schedule_next_ms(&daemon->schedule));
}

static void on_stored(void *context, double seconds)
{
    struct daemon *daemon = context;
    metrics_observe(daemon->metrics, METRIC_COMMIT_DURATION, METRICS_LABELS(), seconds);
}

/* ------------------------------------------------------------------ quarantine ---------------- */

/* One connection whose last rounds failed, as the store has it. */
static bool restore_row(
    void *context, const char *const *names, const struct cell *cells, size_t count)
{
    struct daemon *daemon = context;
    char name[128];
    (void)names;
    assert(count == 3);
    (void)snprintf(name, sizeof name, "%.*s", SPAN_FORMAT(cells[0].text));
    const struct appointment *at = schedule_restore(&daemon->schedule, name,
        cells[1].integer > UINT32_MAX ? UINT32_MAX : (uint32_t)cells[1].integer,
        host_wall_ms(daemon->host) - cells[2].integer, host_now_ms(daemon->host));
    if (at && schedule_is_quarantined(at)) {
        measure_quarantine(daemon, at);
        log_event(LOG_WARNING, "connection_quarantined", LOG_TEXT("connection", at->name),
            LOG_NUMBER("failures", (int64_t)at->quarantine.failures),
            LOG_NUMBER("tried_again_in_s", (at->due_ms - host_now_ms(daemon->host)) / 1000),
            LOG_FLAG("since_before_the_start", true));
    }
    return true;
}

/* ------------------------------------------------------------------ life ---------------------- */

static bool begin(struct daemon *daemon, const struct command_line *line,
    struct generation *generation, struct fault *fault)
{
    const struct host_hooks hooks = {.note = on_note,
        .round_done = on_round_done,
        .signal = on_signal,
        .tick = on_tick,
        .stored = on_stored,
        .context = daemon};
    daemon->schedule.random = random_from_system();
    daemon->metrics = metrics_create();
    if (!daemon->metrics || !host_create(daemon->store, &hooks, &daemon->host, fault)) {
        generation_free(generation);
        return daemon->metrics ? false : fault_memory(fault);
    }
    daemon->store_key = store_key(daemon->store);
    daemon->reload = reload_create(line->configuration, daemon->host);
    if (!daemon->reload) {
        generation_free(generation);
        return fault_memory(fault);
    }
    if (!swap_generation(daemon, generation, fault) ||
        !query_run(daemon->store, QUERY_FAILURES, NULL, restore_row, daemon, fault))
        return false;
    metrics_set(daemon->metrics, METRIC_BUILD_INFO, METRICS_LABELS(MUSTER_VERSION), 1);
    const struct settings *settings = daemon->generation->settings;
    if (!measure_waiting(daemon, fault) ||
        !control_open(daemon->host, daemon->metrics, settings->store_path, &daemon->control, fault))
        return false;
    if (settings->listen && !listener_start(settings->listen, settings->store_path, daemon->metrics,
                                &daemon->ready, &daemon->listener, fault))
        return false;
    atomic_store(&daemon->ready, true);
    if (daemon->listener) /* whoever reads this line may ask at once */
        log_event(LOG_INFO, "listening", LOG_TEXT("address", settings->listen),
            LOG_NUMBER("port", listener_port(daemon->listener)));
    host_wake(daemon->host, schedule_next_ms(&daemon->schedule));
    return true;
}

static void end(struct daemon *daemon)
{
    control_free(daemon->control);
    listener_stop(daemon->listener);
    reload_free(daemon->reload);
    host_free(daemon->host);
    schedule_free(&daemon->schedule);
    generation_free(daemon->generation);
    metrics_free(daemon->metrics);
    store_close(daemon->store);
}

enum status command_serve(const struct command_line *line)
{
    const struct store_options options = {.create = true, .take_lock = true};
    struct daemon daemon = {.drain_until_ms = INT64_MAX};
    struct generation *generation;
    struct fault fault;
    log_configure(&(const struct log_options){
        .descriptor = STDERR_FILENO, .level = LOG_INFO, .clock = clock_system()});
    if (!generation_load(line->configuration, &generation, &fault))
        return command_fail(&fault);
    if (!store_open(generation->settings->store_path, &options, &daemon.store, &fault)) {
        generation_free(generation);
        return command_fail(&fault);
    }
    bool running = begin(&daemon, line, generation, &fault);
    while (running && !(daemon.stopping && host_rounds(daemon.host) == 0) &&
           host_now_ms(daemon.host) < daemon.drain_until_ms)
        running = host_step(daemon.host, &fault);
    if (running)
        log_event(
            LOG_INFO, "stopped", LOG_NUMBER("rounds_left", (int64_t)host_rounds(daemon.host)));
    enum status status = running ? STATUS_DONE : command_fail(&fault);
    end(&daemon);
    return status;
}
