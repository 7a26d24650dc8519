/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structured log: one line an event, written with one write(2), so that lines of threads and
 * processes never mix.
 *
 *     log_event(LOG_INFO, "run_finished", LOG_TEXT("connection", name), LOG_NUMBER("pages",
 * pages));
 *
 *     2026-01-31T23:59:59.123Z level=info event=run_finished connection=acme pages=50
 *
 * Values come from servers and files: whatever is in them, they cannot begin a line, a field or a
 * terminal's escape sequence. Only app and what it calls for the purpose log; libraries return
 * faults. This is the one place below app with state of its own.
 */
#ifndef MUSTER_LOG_LOG_H
#define MUSTER_LOG_LOG_H

#include "base/bytes.h"
#include "base/clock.h"

#define LOG_LINE_MAX \
    4096u /* bytes of a line with its end: PIPE_BUF, so that a pipe takes it whole */
#define LOG_VALUE_MAX \
    1024u /* bytes of one value before escapes; longer ones are cut and end with "..." */

/* Most urgent first. The last column is the priority of syslog(3), which the journal reads as <N>.
 */
#define LOG_LEVEL_TABLE(X)       \
    X(LOG_ERROR, "error", 3)     \
    X(LOG_WARNING, "warning", 4) \
    X(LOG_INFO, "info", 6)       \
    X(LOG_DEBUG, "debug", 7)

enum log_level {
#define X(level, name, priority) level,
    LOG_LEVEL_TABLE(X)
#undef X
        LOG_LEVEL_COUNT
};

enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

enum log_field_type {
    LOG_FIELD_END,
    LOG_FIELD_TEXT,
    LOG_FIELD_NUMBER,
    LOG_FIELD_REAL,
    LOG_FIELD_FLAG
};

/* Made with the macros below. Names are constants of the program: [a-z][a-z0-9_]*. */
struct log_field {
    const char *name;
    enum log_field_type type;
    struct span text;
    int64_t number;
    double real;
};

/* A NULL text leaves the field out. */
#define LOG_TEXT(name_, value) \
    ((struct log_field){.name = (name_), .type = LOG_FIELD_TEXT, .text = span_of(value)})
#define LOG_SPAN(name_, value) \
    ((struct log_field){.name = (name_), .type = LOG_FIELD_TEXT, .text = (value)})
#define LOG_NUMBER(name_, value) \
    ((struct log_field){.name = (name_), .type = LOG_FIELD_NUMBER, .number = (value)})
#define LOG_REAL(name_, value) \
    ((struct log_field){.name = (name_), .type = LOG_FIELD_REAL, .real = (value)})
#define LOG_FLAG(name_, value) \
    ((struct log_field){.name = (name_), .type = LOG_FIELD_FLAG, .number = (value)})
/* Two fields: the fault's name and its sentence. */
#define LOG_FAULT(fault) \
    LOG_TEXT("fault", fault_name((fault)->code)), LOG_TEXT("why", (fault)->text)

#define log_event(level, event, ...) \
    log_write((level), (event),      \
        (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.type = LOG_FIELD_END}})

struct log_options {
    int descriptor; /* where lines go; standard error is 2 */
    enum log_level level;
    enum log_format format;
    struct clock clock;
};

/* Before the first thread starts. Until then: level info, logfmt, to standard error. Where
 * $JOURNAL_STREAM says that the descriptor is the journal's, lines begin with their priority
 * (systemd.exec(5)). */
void log_configure(const struct log_options *options);
/* At any time, from any thread. */
void log_set_level(enum log_level level);
bool log_is_enabled(enum log_level level);
/* False for a name that is no level. */
bool log_level_from_name(struct span name, enum log_level *ret_level);

/* `fields` end with LOG_FIELD_END. Never fails: a line that cannot be written is counted, and the
 * next one that can be says how many were lost. Fields that do not fit are left out, and the line
 * then ends with truncated=true. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

#endif
