/* SPDX-License-Identifier: Apache-2.0 */
/* One line, redrawn in place. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "table.h"

#define REDRAW_MS       200
#define COLUMNS_UNKNOWN 79 /* of a terminal that does not say */
#define LEFT_MS_MAX     INT64_C(1000000000000)

void progress_begin(struct progress *progress, int64_t now_ms)
{
    *progress = (struct progress){
        .shown = isatty(STDERR_FILENO) == 1, .began_ms = now_ms, .drawn_ms = now_ms};
}

static void count_total(struct progress *progress, const struct note *note)
{
    size_t i = 0;
    while (i < progress->stream_count &&
           (strcmp(progress->streams[i].stream, note->stream) != 0 ||
               strcmp(progress->streams[i].connection, note->connection) != 0))
        i++;
    if (i == PROGRESS_STREAMS_MAX)
        return;
    if (i == progress->stream_count) {
        progress->streams[i].connection = note->connection;
        progress->streams[i].stream = note->stream;
        progress->streams[i].received = 0;
        progress->stream_count++;
    }
    progress->streams[i].total = note->number;
    progress->streams[i].received += note->batch.received;
}

static void name(struct progress *progress, const struct note *note)
{
    (void)snprintf(progress->now, sizeof progress->now, "%.60s%s%.60s", note->connection,
        note->stream ? "/" : "", note->stream ? note->stream : "");
}

void progress_note(struct progress *progress, const struct note *note, int64_t now_ms)
{
    if (note->kind == NOTE_PAGE) {
        progress->pages++;
        progress->records += note->batch.received;
        progress->dead += note->batch.dead;
        count_total(progress, note);
        name(progress, note);
    } else if (note->kind == NOTE_RETRY || note->kind == NOTE_WAIT) {
        if (now_ms + note->number <= progress->waiting_until_ms)
            return;
        progress->waiting_until_ms = now_ms + note->number;
        progress->waiting_for = note->kind == NOTE_RETRY ? outcome_name(note->outcome) : NULL;
        name(progress, note);
    }
}

/* Until the last of the streams is through, each at its own pace so far; -1 where any stream under
 * way states no total. Streams run beside each other: one that sent all in a page says nothing of
 * the others' pace. */
static int64_t left_ms(const struct progress *progress, int64_t spent_ms)
{
    int64_t most = 0;
    for (size_t i = 0; i < progress->stream_count; i++) {
        int64_t total = progress->streams[i].total, received = progress->streams[i].received;
        if (total < 0 || received == 0)
            return -1;
        double ms = (double)(total - received) * (double)spent_ms / (double)received;
        most = ms > (double)most && ms < (double)LEFT_MS_MAX ? (int64_t)ms : most;
    }
    return most;
}

void progress_line(
    const struct progress *progress, int64_t now_ms, size_t columns, char *ret_line, size_t size)
{
    char more[96] = "";
    int64_t spent_ms = now_ms - progress->began_ms, to_come_ms = left_ms(progress, spent_ms);
    int64_t rate = spent_ms > 0 ? progress->records * 1000 / spent_ms : 0;
    int64_t wait_s = (progress->waiting_until_ms - now_ms + 999) / 1000;
    if (progress->waiting_until_ms > now_ms && progress->waiting_for)
        (void)snprintf(more, sizeof more, ", trying again in %" PRId64 " s (%s)", wait_s,
            progress->waiting_for);
    else if (progress->waiting_until_ms > now_ms)
        (void)snprintf(more, sizeof more, ", waiting %" PRId64 " s", wait_s);
    else if (to_come_ms > 0)
        (void)snprintf(more, sizeof more, ", about %" PRId64 " s left", (to_come_ms + 999) / 1000);
    (void)snprintf(ret_line, size, "%" PRId64 " pages, %" PRId64 " records, %" PRId64 "/s%s%s  %s",
        progress->pages, progress->records, rate, progress->dead ? ", some dead letters" : "", more,
        progress->now);
    if (columns < size)
        ret_line[columns] = '\0';
}

void progress_draw(struct progress *progress, int64_t now_ms)
{
    char line[384];
    if (!progress->shown || now_ms - progress->drawn_ms < REDRAW_MS)
        return;
    /* In the last column a terminal may go on to the next line, which is not redrawn. */
    size_t columns = table_terminal_columns(STDERR_FILENO);
    progress_line(progress, now_ms, columns > 1 ? columns - 1 : COLUMNS_UNKNOWN, line, sizeof line);
    (void)fprintf(stderr, "\r\033[K%s", line);
    (void)fflush(stderr);
    progress->drawn_ms = now_ms;
    progress->drawn = true;
}

void progress_clear(struct progress *progress)
{
    if (progress->drawn)
        (void)fprintf(stderr, "\r\033[K");
    progress->drawn = false;
}
