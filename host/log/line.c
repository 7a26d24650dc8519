/* SPDX-License-Identifier: Apache-2.0 */
/* Fields to text, in logfmt or JSON. Nothing is allocated: a log must work when memory is gone. */
#include "line.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/ascii.h"

#define ESCAPED_MAX   12u  /* bytes that one character becomes at most: a pair of \uXXXX */
#define TAIL_RESERVED 24u  /* room for the mark of a cut line and its end */
#define NUMBER_MAX    352u /* characters of a double in "%.6f" */

/* Formats and the marks that a line which was cut ends with. */
static const struct {
    const char *truncated, *end;
} forms[] = {
    [LOG_FORMAT_LOGFMT] = {" truncated=true", "\n"},
    [LOG_FORMAT_JSON] = {",\"truncated\":true", "}\n"},
};

static void append(struct line *line, const char *text, size_t length)
{
    if (line->truncated)
        return;
    if (length > sizeof line->text - TAIL_RESERVED - line->length) {
        line->truncated = true;
        return;
    }
    (void)memcpy(line->text + line->length, text, length);
    line->length += length;
}

static void append_text(struct line *line, const char *text)
{
    append(line, text, strlen(text));
}

void line_begin(struct line *line, enum log_format format, const char *prefix)
{
    line->format = format;
    line->length = 0;
    line->truncated = false;
    line->empty = true;
    append_text(line, prefix);
    if (format == LOG_FORMAT_JSON)
        append_text(line, "{");
}

void line_time(struct line *line, const char *time)
{
    append_text(line, line->format == LOG_FORMAT_JSON ? "\"time\":\"" : "");
    append_text(line, time);
    append_text(line, line->format == LOG_FORMAT_JSON ? "\"" : "");
    line->empty = false;
}

static bool is_plain(struct span text)
{
    static const char others[] = "._:/@+,-";
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (!ascii_is_letter(c) && !ascii_is_digit(c) && !memchr(others, c, sizeof others - 1))
            return false;
    }
    return text.length > 0;
}

/* Characters that a terminal or a reader of lines could take for something else than text:
 * controls, line separators, and those that reorder what is shown (Unicode bidi controls). */
static bool is_treacherous(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x200E && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

/* The character that `text` begins with, which is sound UTF-8 of `length` bytes. */
static uint32_t decode(const char *text, size_t length)
{
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t c = (unsigned char)text[0] & masks[length];
    for (size_t i = 1; i < length; i++)
        c = c << 6 | ((unsigned char)text[i] & 0x3F);
    return c;
}

static size_t sound_length(struct span text)
{
    for (size_t length = 1; length <= 4 && length <= text.length; length++)
        if (span_is_utf8((struct span){text.data, length}))
            return length;
    return 0;
}

/* Appends the character that `text` begins with, escaped as JSON has it; gives its length. */
static size_t append_character(struct line *line, struct span text)
{
    char escaped[ESCAPED_MAX + 1];
    size_t length = sound_length(text);
    uint32_t c = length ? decode(text.data, length) : 0xFFFD;
    if (c == '"' || c == '\\') {
        char pair[2] = {'\\', (char)c};
        append(line, pair, sizeof pair);
    } else if (length > 0 && !is_treacherous(c)) {
        append(line, text.data, length);
    } else if (c == '\n' || c == '\r' || c == '\t') {
        append_text(line, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
    } else {
        (void)snprintf(
            escaped, sizeof escaped, "\\u%04x", (unsigned)c); /* all of them below U+10000 */
        append_text(line, escaped);
    }
    return length ? length : 1;
}

static void append_value(struct line *line, struct span text)
{
    bool cut = text.length > LOG_VALUE_MAX;
    if (cut)
        text.length = LOG_VALUE_MAX;
    if (line->format == LOG_FORMAT_LOGFMT && !cut && is_plain(text)) {
        append(line, text.data, text.length);
        return;
    }
    append_text(line, "\"");
    while (text.length > 0) {
        /* A character that the cut went through is not shown as a broken one. */
        if (cut && text.length < 4 && sound_length(text) == 0)
            break;
        size_t length = append_character(line, text);
        text.data += length;
        text.length -= length;
    }
    append_text(line, cut ? "...\"" : "\"");
}

void line_field(struct line *line, const struct log_field *field)
{
    char number[NUMBER_MAX];
    size_t before = line->length;
    bool json = line->format == LOG_FORMAT_JSON;
    if (field->type == LOG_FIELD_END || (field->type == LOG_FIELD_TEXT && !field->text.data))
        return;
    if (!line->empty)
        append_text(line, json ? "," : " ");
    append_text(line, json ? "\"" : "");
    append_text(line, field->name);
    append_text(line, json ? "\":" : "=");
    switch (field->type) {
    case LOG_FIELD_END:
        break;
    case LOG_FIELD_TEXT:
        append_value(line, field->text);
        break;
    case LOG_FIELD_NUMBER:
        (void)snprintf(number, sizeof number, "%" PRId64, field->number);
        append_text(line, number);
        break;
    case LOG_FIELD_REAL:
        (void)snprintf(number, sizeof number, "%.6f", field->real);
        append_text(line, isfinite(field->real) ? number : json ? "null" : "nan");
        break;
    case LOG_FIELD_FLAG:
        append_text(line, field->number ? "true" : "false");
        break;
    }
    if (line->truncated)
        line->length = before; /* a field is whole or not there */
    else
        line->empty = false;
}

void line_end(struct line *line)
{
    const char *mark = line->truncated ? forms[line->format].truncated : "";
    const char *end = forms[line->format].end;
    size_t mark_length = strlen(mark), end_length = strlen(end);
    (void)memcpy(line->text + line->length, mark, mark_length); /* TAIL_RESERVED covers both */
    (void)memcpy(line->text + line->length + mark_length, end, end_length);
    line->length += mark_length + end_length;
}
