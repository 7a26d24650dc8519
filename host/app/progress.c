/* SPDX-License-Identifier: Apache-2.0 */
/* One line, redrawn in place. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REDRAW_MS        200
#define LINE_MAX_COLUMNS 110

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

void progress_note(struct progress *progress, const struct note *note, int64_t now_ms)
{
    if (note->kind == NOTE_PAGE) {
        progress->pages++;
        progress->records += note->batch.received;
        progress->dead += note->batch.dead;
        count_total(progress, note);
        (void)snprintf(
            progress->now, sizeof progress->now, "%.60s/%.60s", note->connection, note->stream);
    } else if (note->kind == NOTE_RETRY || note->kind == NOTE_WAIT) {
        if (now_ms + note->number > progress->waiting_until_ms)
            progress->waiting_until_ms = now_ms + note->number;
    }
}

/* Records still to come, as far as totals were stated; -1 where any stream under way states none.
 */
static int64_t left(const struct progress *progress)
{
    int64_t sum = 0;
    for (size_t i = 0; i < progress->stream_count; i++) {
        if (progress->streams[i].total < 0)
            return -1;
        if (progress->streams[i].total > progress->streams[i].received)
            sum += progress->streams[i].total - progress->streams[i].received;
    }
    return sum;
}

void progress_draw(struct progress *progress, int64_t now_ms)
{
    char line[384], more[96] = "";
    if (!progress->shown || now_ms - progress->drawn_ms < REDRAW_MS)
        return;
    int64_t spent_ms = now_ms - progress->began_ms, to_come = left(progress);
    int64_t rate = spent_ms > 0 ? progress->records * 1000 / spent_ms : 0;
    if (progress->waiting_until_ms > now_ms)
        (void)snprintf(more, sizeof more, ", waiting %" PRId64 " s",
            (progress->waiting_until_ms - now_ms + 999) / 1000);
    else if (to_come > 0 && rate > 0)
        (void)snprintf(more, sizeof more, ", about %" PRId64 " s left", to_come / rate + 1);
    (void)snprintf(line, sizeof line,
        "%" PRId64 " pages, %" PRId64 " records, %" PRId64 "/s%s%s  %s", progress->pages,
        progress->records, rate, progress->dead ? ", some dead letters" : "", more, progress->now);
    (void)fprintf(stderr, "\r\033[K%.*s", LINE_MAX_COLUMNS, line);
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
