/* SPDX-License-Identifier: Apache-2.0 */
/* muster dead: letters shown, discarded, replayed. */
#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "change.h"
#include "command.h"
#include "generation.h"
#include "replay.h"

#define NAME_COLUMNS 18 /* of a letter's columns, one a line */

/* ------------------------------------------------------------------ show ---------------------- */

/* One column a line and nothing cut: the letter is looked at whole. What would move a terminal's
 * cursor is shown as "?". */
static bool show_columns(
    void *context, const char *const *names, const struct cell *cells, size_t count)
{
    size_t *rows = context;
    struct fault fault;
    for (size_t i = 0; i < count; i++) {
        AUTO_BYTES text = {0};
        bool plain = cells[i].type == CELL_TEXT || cells[i].type == CELL_JSON;
        if (cells[i].type == CELL_NULL)
            continue;
        if (!(plain ? bytes_append(&text, cells[i].text, &fault)
                    : table_cell_json(&cells[i], &text, &fault)))
            return false;
        (void)printf("%-*s ", NAME_COLUMNS, names[i]);
        table_put_plain(stdout, bytes_span(&text));
        (void)putchar('\n');
    }
    ++*rows;
    return true;
}

static enum status show_text(const struct command_line *line)
{
    struct settings *settings;
    struct store *store;
    struct fault fault;
    size_t rows = 0;
    if (!command_open(line, &settings, &store, &fault))
        return command_fail(&fault);
    bool good = query_run(store, QUERY_DEAD_ONE, line->arguments[1], show_columns, &rows, &fault);
    store_close(store);
    settings_free(settings);
    if (!good)
        return command_fail(&fault);
    return fflush(stdout) == 0 && rows ? STATUS_DONE : STATUS_INTERNAL;
}

/* ------------------------------------------------------------------ replay -------------------- */

/* Lines that were made here, shown as they come. */
static bool show_lines(void *context, struct span lines)
{
    struct replay_view *view = context;
    while (lines.length > 0) {
        const char *end = memchr(lines.data, '\n', lines.length);
        size_t length = end ? (size_t)(end - lines.data) : lines.length;
        struct json_iterator iterator =
            json_begin(json_value_of((struct span){lines.data, length}));
        struct json_value value;
        struct span key;
        if (json_next(&iterator, &key, &value))
            (span_equal_text(key, "\"letter\"") ? replay_view_letter : replay_view_sums)(
                view, value);
        length += end != NULL;
        lines = (struct span){lines.data + length, lines.length - length};
    }
    return true;
}

/* With the store's lock: this process is the host for once. */
static enum status replay_here(
    const struct command_line *line, struct store *store, const struct control_request *request)
{
    struct replay_view view = {.json = line->json, .dry = request->dry};
    struct generation *generation;
    struct replay_kit kit;
    struct fault fault;
    enum status status = STATUS_DONE;
    if (!generation_load(line->configuration, &generation, &fault))
        return command_fail(&fault);
    struct hash_key key = store_key(store);
    generation_join(generation, &key, NULL);
    bool good = replay_kit_take(generation, &kit, &fault);
    if (good) {
        good = replay_make(store, request, &kit, show_lines, &view, &status, &fault);
        replay_view_end(&view);
        replay_kit_free(&kit);
    }
    generation_free(generation);
    if (!good)
        return command_fail(&fault);
    return fflush(stdout) == 0 ? status : STATUS_INTERNAL;
}

static enum status command_replay(const struct command_line *line)
{
    size_t count = (size_t)line->argument_count - 1;
    int64_t *letters AUTO_FREE = memory_allocate_array(count + 1, sizeof *letters);
    if (!letters)
        return STATUS_INTERNAL;
    for (size_t i = 0; i < count; i++)
        if (!span_to_int64(span_of(line->arguments[i + 1]), &letters[i]) || letters[i] <= 0)
            return command_misuse("dead replay takes numbers of letters, as `muster dead list` "
                                  "prints them, not \"%s\"",
                line->arguments[i + 1]);
    const struct control_request request = {.verb = REQUEST_REPLAY,
        .dry = line->dry_run,
        .connection = line->connection,
        .stream = line->stream,
        .letters = letters,
        .letter_count = count,
        .who = change_who()};
    return change_order(line, &request, replay_here);
}

/* ------------------------------------------------------------------ command ------------------- */

static enum status discard(const struct command_line *line, int64_t number)
{
    if (!line->reason || !line->reason[0])
        return command_misuse("dead discard needs --reason: it stays in the books");
    const struct control_request request = {
        .verb = REQUEST_DISCARD, .number = number, .who = change_who(), .reason = line->reason};
    enum status status = change_make(line, &request);
    if (status == STATUS_DONE)
        (void)printf("letter %lld is discarded\n", (long long)number);
    return status;
}

enum status command_dead(const struct command_line *line)
{
    const char *verb = line->arguments[0];
    int64_t number;
    if (strcmp(verb, "list") == 0 && line->argument_count == 1)
        return command_show(
            line, QUERY_DEAD, line->connection, "dead_letters", "no dead letters", NULL);
    if (strcmp(verb, "replay") == 0)
        return command_replay(line);
    if (strcmp(verb, "show") != 0 && strcmp(verb, "discard") != 0)
        return command_misuse("dead takes list, show, replay or discard, not \"%s\"", verb);
    if (!change_number(line, &number))
        return command_misuse(
            "dead %s takes the number of a letter, as `muster dead list` prints it", verb);
    if (strcmp(verb, "discard") == 0)
        return discard(line, number);
    return line->json ? command_show(line, QUERY_DEAD_ONE, line->arguments[1], "dead_letter",
                            "no such letter", NULL)
                      : show_text(line);
}
