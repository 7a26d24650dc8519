/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the log as text. Comes before log.c, which writes it. */
#ifndef MUSTER_LOG_LINE_H
#define MUSTER_LOG_LINE_H

#include "log/log.h"

struct line {
    enum log_format format;
    char text[LOG_LINE_MAX];
    size_t length;
    bool truncated, empty; /* empty: no field yet */
};

/* `prefix` stands before everything, as "<6>". */
void line_begin(struct line *line, enum log_format format, const char *prefix);
/* The time stands first; in logfmt without a name. */
void line_time(struct line *line, const char *time);
void line_field(struct line *line, const struct log_field *field);
/* Ends it with a newline. */
void line_end(struct line *line);

#endif
