/* SPDX-License-Identifier: Apache-2.0 */
/* muster sync: runs the connections once, now, with a progress line, and prints what became of each
 * run. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "command.h"
#include "generation.h"
#include "host.h"
#include "progress.h"
#include "remote.h"
#include "runs.h"

struct sync {
    struct host *host;
    struct progress progress;
    struct runs runs; /* texts borrowed from the generation, which outlives them */
    size_t rounds;    /* still under way */
    int64_t drain_until_ms;
    bool troubled, interrupted, started;
};

static void keep_run(struct sync *sync, const struct run_summary *summary)
{
    struct fault fault;
    if (!runs_add(&sync->runs, summary, &fault) || !runs_is_good(summary))
        sync->troubled = true;
}

static void on_note(void *context, const struct note *note)
{
    struct sync *sync = context;
    progress_note(&sync->progress, note, host_now_ms(sync->host));
    if (note->kind == NOTE_RUN_ENDED)
        keep_run(sync, note->summary);
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

/* SIGINT and SIGTERM drain: pages under way are committed, and the next sync goes on from there. A
 * second one does not wait. */
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

/* ------------------------------------------------------------------ command ------------------- */

static bool is_wanted(const struct command_line *line, const char *name)
{
    for (int i = 0; i < line->argument_count; i++)
        if (strcmp(line->arguments[i], name) == 0)
            return true;
    return line->argument_count == 0;
}

static bool names_exist(
    const struct command_line *line, const struct settings *settings, struct fault *fault)
{
    for (int i = 0; i < line->argument_count; i++) {
        size_t at = 0;
        while (at < settings->connection_count &&
               strcmp(settings->connections[at].name, line->arguments[i]) != 0)
            at++;
        if (at == settings->connection_count)
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
        sync->started = true;
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
    if (!runs_print(&sync.runs, line->json) && status == STATUS_DONE)
        status = STATUS_INTERNAL;
    runs_free(&sync.runs);
    if (status == STATUS_DONE && sync.troubled)
        return sync.started ? STATUS_PARTIAL : STATUS_USAGE;
    return status;
}

/* With the store's lock: this process is the host for once. */
static enum status sync_here(const struct command_line *line, struct store *store)
{
    struct generation *generation;
    struct fault fault;
    if (!generation_load(line->configuration, &generation, &fault))
        return command_fail(&fault);
    struct hash_key key = store_key(store);
    generation_join(generation, &key, NULL);
    enum status status = run_all(line, store, generation);
    generation_free(generation);
    return status;
}

/* By the host that has the store. False where none listens. */
static bool sync_there(
    const struct command_line *line, const char *store_path, enum status *ret_status)
{
    const struct control_request request = {.verb = REQUEST_SYNC,
        .full = line->full,
        .names = (const char *const *)line->arguments,
        .name_count = (size_t)line->argument_count};
    int descriptor;
    if (!remote_connect(store_path, &descriptor))
        return false;
    *ret_status = remote_order(descriptor, &request, line->json);
    return true;
}

enum status command_sync(const struct command_line *line)
{
    const struct store_options options = {.create = true, .take_lock = true};
    struct settings *settings;
    struct store *store;
    struct fault fault;
    enum status status;
    if (!settings_read(line->configuration, &settings, &fault))
        return command_fail(&fault);
    bool known = names_exist(line, settings, &fault);
    if (known && store_open(settings->store_path, &options, &store, &fault)) {
        status = sync_here(line, store);
        store_close(store);
    } else if (!known || !sync_there(line, settings->store_path, &status)) {
        status = command_fail(&fault);
    }
    settings_free(settings);
    return status;
}
