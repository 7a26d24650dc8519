/* SPDX-License-Identifier: Apache-2.0 */
/* The progress line of `muster sync` on a terminal: pages, records, rate, waits, and the time left
 * where the total is known. */
#ifndef MUSTER_APP_PROGRESS_H
#define MUSTER_APP_PROGRESS_H

#include "engine/engine.h"

#define PROGRESS_STREAMS_MAX 256u

struct progress {
    bool shown; /* stderr is a terminal */
    bool drawn;
    int64_t began_ms, drawn_ms, waiting_until_ms;
    const char *waiting_for; /* what a retry is for; NULL: its turn */
    int64_t pages, records, dead;
    /* What each stream has said of its total, to know how much is left. */
    struct {
        const char *connection, *stream;
        int64_t total, received;
    } streams[PROGRESS_STREAMS_MAX];
    size_t stream_count;
    char now[160]; /* who was heard of last */
};

void progress_begin(struct progress *progress, int64_t now_ms);
void progress_note(struct progress *progress, const struct note *note, int64_t now_ms);
/* What a terminal would be shown now, without what does not fit into its columns. */
void progress_line(
    const struct progress *progress, int64_t now_ms, size_t columns, char *ret_line, size_t size);
void progress_draw(struct progress *progress, int64_t now_ms); /* at most five times a second */
void progress_clear(struct progress *progress);

#endif
