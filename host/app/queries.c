/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that look into the store: status, runs, ledger, audit, hold, export. They work
 * beside a running host: readers of a write-ahead log never wait for its writer; what a person
 * decides goes through the host. */
#include <assert.h>
#include <string.h>
#include "base/timestamp.h"
#include "change.h"
#include "command.h"
#include "policy/breaker.h"

struct opened {
    struct settings *settings;
    struct store *store;
};

static void close_opened(struct opened *opened)
{
    store_close(opened->store);
    settings_free(opened->settings);
}
#define AUTO_OPENED __attribute__((cleanup(close_opened))) struct opened

#define STATUS_CELLS_MAX 32

struct status_rows {
    struct table *table;
    const struct settings *settings;
};

static const struct cell *named(
    const char *const *names, const struct cell *cells, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return &cells[i];
    return NULL;
}

/* Until when the daemon leaves the connection alone; TIMESTAMP_NONE: it does not. The daemon takes
 * off a little at random. */
static int64_t quarantined_until(const struct settings *settings, const char *const *names,
    const struct cell *cells, size_t count)
{
    const struct cell *name = named(names, cells, count, "connection");
    const struct cell *failures = named(names, cells, count, "failures");
    const struct cell *failed_at = named(names, cells, count, "failed_at");
    int64_t at_ms;
    if (!name || !failures || !failed_at || failed_at->type != CELL_TEXT ||
        !timestamp_from_rfc3339(failed_at->text, &at_ms))
        return TIMESTAMP_NONE;
    for (size_t i = 0; i < settings->connection_count; i++)
        if (span_equal_text(name->text, settings->connections[i].name) &&
            settings->connections[i].every_ms > 0) {
            int64_t wait_ms = quarantine_wait_ms(&settings->policy, (uint32_t)failures->integer);
            return wait_ms > 0 ? at_ms + wait_ms : TIMESTAMP_NONE;
        }
    return TIMESTAMP_NONE;
}

/* The verdict's row with what only the configuration can tell. */
static bool status_row(
    void *context, const char *const *names, const struct cell *cells, size_t count)
{
    const struct status_rows *rows = context;
    const char *more_names[STATUS_CELLS_MAX];
    struct cell more_cells[STATUS_CELLS_MAX];
    char text[TIMESTAMP_TEXT];
    assert(count < STATUS_CELLS_MAX);
    (void)memcpy(more_names, names, count * sizeof *names);
    (void)memcpy(more_cells, cells, count * sizeof *cells);
    timestamp_text(quarantined_until(rows->settings, names, cells, count), text);
    more_names[count] = "quarantined_until";
    more_cells[count] = (struct cell){.type = text[0] ? CELL_TEXT : CELL_NULL,
        .text = text[0] ? span_of(text) : (struct span){NULL, 0}};
    return table_row(rows->table, more_names, more_cells, count + 1);
}

enum status command_show(const struct command_line *line, enum query query, const char *argument,
    const char *name, const char *nothing, size_t *ret_rows)
{
    struct fault fault;
    AUTO_OPENED opened = {0};
    if (!command_open(line, &opened.settings, &opened.store, &fault))
        return command_fail(&fault);
    struct table *table = table_create(stdout, line->json ? TABLE_JSON : TABLE_TEXT, name);
    struct status_rows status = {table, opened.settings};
    bool shown =
        table && (query == QUERY_STATUS
                         ? query_run(opened.store, query, argument, status_row, &status, &fault)
                         : query_run(opened.store, query, argument, table_row, table, &fault));
    if (!shown) {
        if (!table)
            (void)fault_memory(&fault);
        table_free(table);
        return command_fail(&fault);
    }
    bool written = table_finish(table);
    size_t rows = table_count(table);
    table_free(table);
    if (rows == 0 && !line->json && nothing)
        (void)printf("%s\n", nothing);
    if (ret_rows)
        *ret_rows = rows;
    return written ? STATUS_DONE : STATUS_INTERNAL;
}

enum status command_status(const struct command_line *line)
{
    return command_show(line, QUERY_STATUS, NULL, "verdict", "nothing was collected yet", NULL);
}

/* Nothing was found of a connection: is that its name? One that is gone from the configuration is
 * known by what the store has of it. */
static bool is_known(const char *name, const struct settings *settings, struct fault *fault)
{
    for (size_t i = 0; i < settings->connection_count; i++)
        if (strcmp(settings->connections[i].name, name) == 0)
            return true;
    return fault_set(fault, FAULT_NOT_FOUND,
        "neither the configuration nor the store has a connection \"%.64s\"", name);
}

enum status command_runs(const struct command_line *line)
{
    const char *name = line->argument_count ? line->arguments[0] : NULL;
    struct settings *settings;
    struct fault fault;
    size_t rows = 0;
    enum status status =
        command_show(line, QUERY_RUNS, name, "runs", name ? NULL : "no runs yet", &rows);
    if (status != STATUS_DONE || rows > 0 || !name)
        return status;
    if (!settings_read(line->configuration, &settings, &fault))
        return command_fail(&fault);
    bool known = is_known(name, settings, &fault);
    settings_free(settings);
    if (!known)
        return command_fail(&fault);
    if (!line->json)
        (void)printf("no runs of %s yet\n", name);
    return STATUS_DONE;
}

enum status command_ledger(const struct command_line *line)
{
    size_t rows = 0;
    struct fault fault;
    enum status status =
        command_show(line, QUERY_LEDGER, line->arguments[0], "batches", NULL, &rows);
    if (status != STATUS_DONE || rows > 0)
        return status;
    (void)fault_set(&fault, FAULT_NOT_FOUND,
        "there is no run %.32s, or it has no pages; muster runs lists them", line->arguments[0]);
    return command_fail(&fault);
}

/* ------------------------------------------------------------------ audit --------------------- */

struct audit {
    bool json;
    int64_t found;
};

static void audit_found(void *context, const char *sentence)
{
    struct audit *audit = context;
    struct fault fault;
    AUTO_BYTES line = {0};
    if (audit->json && bytes_append_json(&line, span_of(sentence), &fault))
        (void)printf("%s%s", audit->found ? "," : "", line.data);
    else
        (void)printf("broken: %s\n", sentence);
    audit->found++;
}

static enum status repair(const struct command_line *line)
{
    const struct control_request request = {.verb = REQUEST_REPAIR};
    enum status status = change_make(line, &request);
    if (status == STATUS_DONE)
        (void)printf("damaged objects are written anew when they are listed next: run muster sync "
                     "--full, then muster audit\n");
    return status;
}

enum status command_audit(const struct command_line *line)
{
    if (line->repair)
        return repair(line);
    struct fault fault;
    AUTO_OPENED opened = {0};
    struct audit audit = {.json = line->json};
    int64_t batches, breaks;
    if (!command_open(line, &opened.settings, &opened.store, &fault))
        return command_fail(&fault);
    if (line->json)
        (void)printf("{\"breaks\":[");
    if (!store_audit(opened.store, audit_found, &audit, &batches, &breaks, &fault)) {
        if (line->json)
            (void)printf("]}\n");
        return command_fail(&fault);
    }
    if (line->json)
        (void)printf(
            "],\"batches\":%lld,\"balanced\":%s}\n", (long long)batches, breaks ? "false" : "true");
    else if (breaks)
        (void)printf("%lld batches read, %lld breaks: the books do not hold\n", (long long)batches,
            (long long)breaks);
    else
        (void)printf(
            "%lld batches read: every sum agrees and the chain holds\n", (long long)batches);
    return breaks ? STATUS_PARTIAL : STATUS_DONE;
}

/* ------------------------------------------------------------------ hold ---------------------- */

static bool run_number(const struct command_line *line, int64_t *ret_run)
{
    return line->argument_count == 1 && span_to_int64(span_of(line->run), ret_run) && *ret_run > 0;
}

enum status command_hold(const struct command_line *line)
{
    const char *verb = line->arguments[0];
    bool approve = strcmp(verb, "approve") == 0;
    int64_t number;
    if (strcmp(verb, "list") == 0 && line->argument_count == 1)
        return command_show(line, QUERY_HOLDS, NULL, "holds", "nothing is held", NULL);
    if (!approve && strcmp(verb, "reject") != 0)
        return command_misuse("hold takes list, approve or reject, not \"%s\"", verb);
    if (line->run ? !run_number(line, &number) : !change_number(line, &number))
        return command_misuse("hold %s takes the number of a hold, as `muster hold list` prints it,"
                              " or --run and that of a run, for all its holds",
            verb);
    const struct control_request request = {.verb = approve ? REQUEST_APPROVE : REQUEST_REJECT,
        .number = number,
        .of_run = line->run != NULL,
        .who = change_who()};
    enum status status = change_make(line, &request);
    if (status != STATUS_DONE)
        return status;
    (void)printf(line->run ? "the holds of run %lld are %s\n" : "hold %lld is %s\n",
        (long long)number, approve ? "approved" : "rejected");
    return STATUS_DONE;
}

/* ------------------------------------------------------------------ export -------------------- */

struct search {
    const char *name;
    bool found;
};

static bool search_row(
    void *context, const char *const *names, const struct cell *cells, size_t count)
{
    struct search *search = context;
    const struct cell *name = named(names, cells, count, "connection");
    search->found = name && span_equal_text(name->text, search->name);
    return !search->found;
}

/* Nothing of a kind is no news of a connection that is there. */
static bool is_collected(const struct opened *opened, const char *name, struct fault *fault)
{
    struct search search = {.name = name};
    if (!query_run(opened->store, QUERY_STATUS, NULL, search_row, &search, fault))
        return false;
    return search.found || is_known(name, opened->settings, fault);
}

enum status command_export(const struct command_line *line)
{
    struct fault fault;
    enum table_format format = TABLE_NDJSON;
    struct export_options options = {.kind = kind_by_name(span_of(line->arguments[0])),
        .connection = line->connection,
        .all_states = line->all_states,
        .as_of_ms = TIMESTAMP_NONE};
    if (!options.kind)
        return command_misuse("\"%s\" is no kind: person, account, group, role, resource, "
                              "entitlement, grant, ownership, "
                              "credential or event",
            line->arguments[0]);
    if (line->format && strcmp(line->format, "csv") == 0)
        format = TABLE_CSV;
    else if (line->format && strcmp(line->format, "ndjson") != 0)
        return command_misuse("--format is ndjson or csv, not \"%s\"", line->format);
    if (line->as_of && !timestamp_from_rfc3339(span_of(line->as_of), &options.as_of_ms) &&
        !timestamp_from_date(span_of(line->as_of), &options.as_of_ms))
        return command_misuse(
            "--as-of takes a time as 2026-01-31T12:00:00Z, not \"%s\"", line->as_of);
    AUTO_OPENED opened = {0};
    if (!command_open(line, &opened.settings, &opened.store, &fault))
        return command_fail(&fault);
    struct table *table = table_create(stdout, format, "objects");
    if (!table)
        return STATUS_INTERNAL;
    bool ran = query_export(opened.store, &options, table_row, table, &fault);
    bool written = table_finish(table), empty = table_count(table) == 0;
    table_free(table);
    if (!ran)
        return command_fail(&fault);
    if (empty && line->connection && !is_collected(&opened, line->connection, &fault))
        return command_fail(&fault);
    return written ? STATUS_DONE : STATUS_INTERNAL;
}
