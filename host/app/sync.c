/* SPDX-License-Identifier: Apache-2.0 */
/* muster sync: runs the connections once, now, with a progress line, and prints what became of each run. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "command.h"
#include "generation.h"
#include "host.h"
#include "progress.h"

struct sync {
    struct host *host;
    struct progress progress;
    struct run_summary *runs; /* texts borrowed from the generation, which outlives them */
    size_t run_count, run_capacity;
    size_t rounds; /* still under way */
    int64_t drain_until_ms;
    bool troubled, interrupted;
};

static void keep_run(struct sync *sync, const struct run_summary *summary)
{
    if (sync->run_count == sync->run_capacity) {
        size_t capacity = sync->run_capacity ? sync->run_capacity * 2 : 32;
        struct run_summary *runs = memory_resize(sync->runs, capacity * sizeof *runs);
        if (!runs) {
            sync->troubled = true;
            return;
        }
        sync->runs = runs;
        sync->run_capacity = capacity;
    }
    sync->runs[sync->run_count++] = *summary;
    if (summary->proof < PROOF_ASSERTED || summary->held > 0)
        sync->troubled = true;
}

static void on_note(void *context, const struct note *note)
{
    struct sync *sync = context;
    progress_note(&sync->progress, note, host_now_ms(sync->host));
    if (note->kind == NOTE_RUN_ENDED) {
        keep_run(sync, note->summary);
    } else if (note->kind == NOTE_TROUBLE) {
        progress_clear(&sync->progress);
        (void)fprintf(stderr, "muster: %s: %s\n", note->connection, note->text);
    }
}

static void on_round_done(void *context, const struct effect *effect)
{
    struct sync *sync = context;
    sync->rounds--;
    if (effect->round.failed || effect->round.interrupted || effect->round.proof < PROOF_ASSERTED)
        sync->troubled = true;
    if (effect->round.failed && effect->round.reason[0]) {
        progress_clear(&sync->progress);
        (void)fprintf(stderr, "muster: %s: %s\n", effect->round.connection, effect->round.reason);
    }
}

/* SIGINT and SIGTERM drain: pages under way are committed, and the next sync goes on from there. A second one does not wait. */
static void on_signal(void *context, int number)
{
    struct sync *sync = context;
    if (number == SIGHUP)
        return;
    if (sync->interrupted) {
        sync->drain_until_ms = 0;
        return;
    }
    progress_clear(&sync->progress);
    (void)fprintf(stderr,
        "muster: stopping; pages under way are finished first, the next sync goes on from here\n");
    sync->interrupted = true;
    sync->drain_until_ms = host_now_ms(sync->host) + policy_settings_default().drain_ms;
    host_wake(sync->host, sync->drain_until_ms);
    host_stop(sync->host);
}

static void on_tick(void *context, int64_t now_ms)
{
    struct sync *sync = context;
    progress_draw(&sync->progress, now_ms);
    if (sync->progress.shown)
        host_wake(sync->host, now_ms + 250);
}

/* ------------------------------------------------------------------ result -------------------- */

static struct cell text_cell(const char *text)
{
    return (struct cell){.type = text ? CELL_TEXT : CELL_NULL, .text = span_of(text)};
}

static struct cell number_cell(int64_t number)
{
    return (struct cell){.type = CELL_INTEGER, .integer = number};
}

static struct cell real_cell(double real)
{
    return (struct cell){.type = CELL_REAL, .real = real};
}

static struct cell bool_cell(bool value)
{
    return (struct cell){.type = CELL_JSON, .text = value ? SPAN("true") : SPAN("false")};
}

static void json_row(struct table *table, const struct run_summary *run)
{
    static const char *const names[] = {"connection", "stream", "kind", "proof", "reason", "pages",
        "received", "created", "changed", "unchanged", "duplicate", "filtered", "dead", "missing",
        "deleted", "held", "requests", "retries", "throttled_s", "seconds", "full", "run",
        "scopes"};
    const struct batch_outcome *sums = &run->sums;
    const struct cell cells[] = {text_cell(run->connection), text_cell(run->stream),
        text_cell(run->kind), text_cell(proof_name(run->proof)),
        text_cell(run->reason[0] ? run->reason : NULL), number_cell(run->pages),
        number_cell(sums->received), number_cell(sums->created), number_cell(sums->changed),
        number_cell(sums->unchanged), number_cell(sums->duplicate), number_cell(sums->filtered),
        number_cell(sums->dead), number_cell(run->missing), number_cell(run->deleted),
        number_cell(run->held), number_cell(run->requests), number_cell(run->retries),
        real_cell((double)run->throttled_ms / 1000), real_cell((double)run->duration_ms / 1000),
        bool_cell(run->full), number_cell(run->run), number_cell(run->scopes)};
    (void)table_row(table, names, cells, sizeof cells / sizeof cells[0]);
}

static void text_row(struct table *table, const struct run_summary *run)
{
    static const char *const names[] = {"connection", "stream", "proof", "pages", "received",
        "created", "changed", "unchanged", "duplicate", "filtered", "dead", "missing", "seconds",
        "reason"};
    const struct batch_outcome *sums = &run->sums;
    const struct cell cells[] = {text_cell(run->connection), text_cell(run->stream),
        text_cell(proof_name(run->proof)), number_cell(run->pages), number_cell(sums->received),
        number_cell(sums->created), number_cell(sums->changed), number_cell(sums->unchanged),
        number_cell(sums->duplicate), number_cell(sums->filtered), number_cell(sums->dead),
        number_cell(run->missing), real_cell((double)run->duration_ms / 1000),
        text_cell(run->reason)};
    (void)table_row(table, names, cells, sizeof cells / sizeof cells[0]);
}

/* In the order in which a round began them, which is that of the declaration, not in that of their ends. */
static int by_run(const void *a, const void *b)
{
    const struct run_summary *left = a, *right = b;
    int order = strcmp(left->connection, right->connection);
    return order != 0 ? order : (left->run > right->run) - (left->run < right->run);
}

static bool print_runs(struct sync *sync, bool json)
{
    if (sync->run_count)
        qsort(sync->runs, sync->run_count, sizeof *sync->runs, by_run);
    struct table *table = table_create(stdout, json ? TABLE_JSON : TABLE_TEXT, "runs");
    if (!table)
        return false;
    for (size_t i = 0; i < sync->run_count; i++)
        (json ? json_row : text_row)(table, &sync->runs[i]);
    bool written = table_finish(table);
    table_free(table);
    return written;
}

/* ------------------------------------------------------------------ command ------------------- */

static bool is_wanted(const struct command_line *line, const char *name)
{
    for (int i = 0; i < line->argument_count; i++)
        if (strcmp(line->arguments[i], name) == 0)
            return true;
    return line->argument_count == 0;
}

static bool names_exist(
    const struct command_line *line, const struct generation *generation, struct fault *fault)
{
    for (int i = 0; i < line->argument_count; i++) {
        size_t at = 0;
        while (
            at < generation->count && strcmp(generation->entries[at].name, line->arguments[i]) != 0)
            at++;
        if (at == generation->count)
            return fault_set(fault, FAULT_CONFIGURATION, "%s has no connection \"%s\"",
                line->configuration, line->arguments[i]);
    }
    return true;
}

static void start_all(
    struct sync *sync, const struct command_line *line, const struct generation *generation)
{
    for (size_t i = 0; i < generation->count; i++) {
        const struct generation_entry *entry = &generation->entries[i];
        if (!is_wanted(line, entry->name))
            continue;
        if (!entry->connection) {
            (void)fprintf(stderr, "muster: %s: %s\n", entry->name, entry->fault.text);
            sync->troubled = true;
            continue;
        }
        sync->rounds++;
        host_start(sync->host, entry->connection, line->full);
    }
}

static enum status run_all(
    const struct command_line *line, struct store *store, const struct generation *generation)
{
    struct sync sync = {.drain_until_ms = INT64_MAX};
    const struct host_hooks hooks = {.note = on_note,
        .round_done = on_round_done,
        .signal = on_signal,
        .tick = on_tick,
        .context = &sync};
    struct fault fault;
    if (!host_create(store, &hooks, &sync.host, &fault))
        return command_fail(&fault);
    progress_begin(&sync.progress, host_now_ms(sync.host));
    start_all(&sync, line, generation);
    enum status status = STATUS_DONE;
    while (sync.rounds > 0 && host_now_ms(sync.host) < sync.drain_until_ms)
        if (!host_step(sync.host, &fault)) {
            status = command_fail(&fault);
            break;
        }
    progress_clear(&sync.progress);
    host_free(sync.host);
    if (!print_runs(&sync, line->json) && status == STATUS_DONE)
        status = STATUS_INTERNAL;
    memory_free(sync.runs);
    return status == STATUS_DONE && sync.troubled ? STATUS_PARTIAL : status;
}

enum status command_sync(const struct command_line *line)
{
    const struct store_options options = {.create = true, .take_lock = true};
    struct generation *generation;
    struct store *store;
    struct fault fault;
    if (!generation_load(line->configuration, &generation, &fault))
        return command_fail(&fault);
    if (!names_exist(line, generation, &fault) ||
        !store_open(generation->settings->store_path, &options, &store, &fault)) {
        generation_free(generation);
        return command_fail(&fault);
    }
    struct hash_key key = store_key(store);
    generation_join(generation, &key, NULL);
    enum status status = run_all(line, store, generation);
    generation_free(generation);
    store_close(store);
    return status;
}
