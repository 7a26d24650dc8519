/* SPDX-License-Identifier: Apache-2.0 */
/* Where lines go, and which. */
#include "log/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/timestamp.h"
#include "line.h"

static const struct {
    const char *name;
    int priority;
} levels[] = {
#define X(level, name, priority) [level] = {name, priority},
    LOG_LEVEL_TABLE(X)
#undef X
};

/* The log's own state, the one exception to "no mutable file-scope state" below app. */
static struct {
    atomic_int level;
    atomic_ullong lost; /* lines that could not be written, not yet reported */
    int descriptor;
    enum log_format format;
    bool journal;
    struct clock clock;
} state = {.level = LOG_INFO, .descriptor = STDERR_FILENO};

/* $JOURNAL_STREAM holds device and inode of the journal's socket, so that a redirected descriptor
 * is told apart. */
static bool is_journal(int descriptor)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat stat;
    if (!stream || fstat(descriptor, &stat) != 0)
        return false;
    char *end;
    errno = 0;
    device = strtoull(stream, &end, 10);
    if (errno != 0 || *end != ':')
        return false;
    inode = strtoull(end + 1, &end, 10);
    return errno == 0 && *end == '\0' && device == stat.st_dev && inode == stat.st_ino;
}

void log_configure(const struct log_options *options)
{
    atomic_store(&state.level, (int)options->level);
    state.descriptor = options->descriptor;
    state.format = options->format;
    state.clock = options->clock;
    state.journal = is_journal(options->descriptor);
}

void log_set_level(enum log_level level)
{
    atomic_store(&state.level, (int)level);
}

bool log_is_enabled(enum log_level level)
{
    return (int)level <= atomic_load(&state.level);
}

bool log_level_from_name(struct span name, enum log_level *ret_level)
{
    for (int i = 0; i < LOG_LEVEL_COUNT; i++)
        if (span_equal_text(name, levels[i].name)) {
            *ret_level = (enum log_level)i;
            return true;
        }
    return false;
}

static bool write_line(const struct line *line)
{
    ssize_t written;
    do
        written = write(state.descriptor, line->text, line->length);
    while (written < 0 && errno == EINTR);
    return written == (ssize_t)line->length;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    char time[TIMESTAMP_TEXT], prefix[8] = "";
    struct line line;
    int number = errno; /* logging changes nothing of its caller's */
    if (!log_is_enabled(level))
        return;
    struct clock clock = state.clock.wall_ms ? state.clock : clock_system();
    timestamp_text(clock_wall_ms(&clock), time);
    if (state.journal)
        (void)snprintf(prefix, sizeof prefix, "<%d>", levels[level].priority);
    line_begin(&line, state.format, prefix);
    line_time(&line, time);
    line_field(&line, &LOG_TEXT("level", levels[level].name));
    line_field(&line, &LOG_TEXT("event", event));
    unsigned long long lost = atomic_exchange(&state.lost, 0);
    if (lost > 0)
        line_field(&line, &LOG_NUMBER("lost", (int64_t)lost));
    for (; fields->type != LOG_FIELD_END; fields++)
        line_field(&line, fields);
    line_end(&line);
    if (!write_line(&line))
        atomic_fetch_add(&state.lost, lost + 1);
    errno = number;
}
