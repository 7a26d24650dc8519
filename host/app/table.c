/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as text table, JSON, NDJSON or CSV. */
#include "table.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/ascii.h"
#include "base/memory.h"

#define COLUMNS_MAX 64
#define WIDTH_MAX \
    60 /* display columns of one cell in the text form, but for the last; longer ones are cut */

struct table {
    FILE *out;
    enum table_format format;
    const char *name;
    size_t rows, columns;
    char *names[COLUMNS_MAX];
    bool numeric[COLUMNS_MAX];
    struct bytes cells; /* TEXT: cells, each ended by NUL, row by row */
    size_t gathered, room;
    bool failed;
};

struct table *table_create(FILE *out, enum table_format format, const char *name)
{
    struct table *table = memory_allocate(sizeof *table);
    if (!table)
        return NULL;
    table->out = out;
    table->format = format;
    table->name = name;
    table->cells.limit = BYTES_LIMIT_DEFAULT;
    table->room = table_terminal_columns(fileno(out));
    return table;
}

void table_fit(struct table *table, size_t columns)
{
    table->room = columns;
}

size_t table_terminal_columns(int descriptor)
{
    struct winsize size;
    bool known =
        descriptor >= 0 && isatty(descriptor) == 1 && ioctl(descriptor, TIOCGWINSZ, &size) == 0;
    return known ? size.ws_col : 0;
}

size_t table_count(const struct table *table)
{
    return table->rows;
}

bool table_cell_json(const struct cell *cell, struct bytes *into, struct fault *fault)
{
    switch (cell->type) {
    case CELL_NULL:
        return bytes_append_text(into, "null", fault);
    case CELL_TEXT:
        return bytes_append_json(into, cell->text, fault);
    case CELL_INTEGER:
        return bytes_format(into, fault, "%" PRId64, cell->integer);
    case CELL_REAL:
        return bytes_format(into, fault, "%.3f", cell->real);
    case CELL_JSON:
        return cell->text.length ? bytes_append(into, cell->text, fault)
                                 : bytes_append_text(into, "null", fault);
    }
    return false;
}

/* Control characters would let hostile text move the cursor; they become "?". */
static char plain(char c)
{
    return (char)(ascii_is_control(c) ? '?' : c);
}

void table_put_plain(FILE *out, struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        (void)putc(plain(text.data[i]), out); /* the stream keeps its error */
}

/* NUL ends a cell, so it becomes plain too. */
static bool append_plain(struct bytes *into, const struct cell *cell, struct fault *fault)
{
    size_t from = into->length;
    bool ok = cell->type == CELL_NULL ? bytes_append_text(into, "-", fault)
              : cell->type == CELL_TEXT || cell->type == CELL_JSON
                  ? bytes_append(into, cell->text, fault)
                  : table_cell_json(cell, into, fault);
    for (size_t i = from; ok && i < into->length; i++)
        into->data[i] = plain(into->data[i]);
    return ok && bytes_append_char(into, '\0', fault);
}

/* Display columns, counting each UTF-8 sequence as one. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* The columns of what is gathered: how wide each is, and which are shown. */
struct layout {
    size_t widths[COLUMNS_MAX];
    bool hidden[COLUMNS_MAX];
    size_t last; /* shown */
};

/* The last one stands at its end, where length does no harm. */
static size_t cut_to(const struct layout *layout, size_t column, size_t width)
{
    return column != layout->last && width > WIDTH_MAX ? WIDTH_MAX : width;
}

static void put_cell(
    const struct table *table, const struct layout *layout, size_t column, const char *text)
{
    size_t own = width_of(text), width = cut_to(layout, column, own), bytes = 0;
    bool right = table->numeric[column], cut = width < own;
    for (size_t seen = 0; text[bytes]; bytes++)
        if (((unsigned char)text[bytes] & 0xC0) != 0x80 && seen++ == width - cut)
            break;
    int pad = (int)(layout->widths[column] - width);
    (void)fprintf(table->out, "%*s%.*s%s", right ? pad : 0, "", (int)bytes, text, cut ? "…" : "");
    if (column != layout->last)
        (void)fprintf(table->out, "%*s  ", right ? 0 : pad, "");
}

enum emptiness { EMPTY_TEXT, EMPTY_ZERO, EMPTY_NOT };

static enum emptiness emptiness_of(const char *text)
{
    static const char *const zeros[] = {"0", "0.000", "-", ""};
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
        if (strcmp(text, zeros[i]) == 0)
            return i < 2 ? EMPTY_ZERO : EMPTY_TEXT;
    return EMPTY_NOT;
}

static void measure(
    const struct table *table, struct layout *ret_layout, enum emptiness *ret_emptiness)
{
    ret_layout->last = table->columns ? table->columns - 1 : 0;
    for (size_t c = 0; c < table->columns; c++) {
        ret_layout->widths[c] = width_of(table->names[c]);
        ret_emptiness[c] = EMPTY_TEXT;
    }
    const char *at = table->cells.data;
    for (size_t i = 0; i < table->gathered * table->columns; i++, at += strlen(at) + 1) {
        size_t c = i % table->columns, width = cut_to(ret_layout, c, width_of(at));
        if (width > ret_layout->widths[c])
            ret_layout->widths[c] = width;
        if (emptiness_of(at) > ret_emptiness[c])
            ret_emptiness[c] = emptiness_of(at);
    }
}

static size_t total_width(const struct table *table, const struct layout *layout)
{
    size_t sum = 0;
    for (size_t c = 0; c < table->columns; c++)
        sum += layout->hidden[c] ? 0 : layout->widths[c] + 2;
    return sum < 2 ? 0 : sum - 2;
}

/* What is left out says nothing, and that it was is said. */
static void fit(const struct table *table, struct layout *layout, const enum emptiness *emptiness)
{
    for (enum emptiness least = EMPTY_TEXT; table->room && least <= EMPTY_ZERO; least++)
        for (size_t c = table->columns; c-- > 1 && total_width(table, layout) > table->room;)
            layout->hidden[c] |= emptiness[c] == least;
    while (layout->last > 0 && layout->hidden[layout->last])
        layout->last--;
}

static void put_hidden(const struct table *table, const struct layout *layout)
{
    size_t count = 0;
    for (size_t c = 0; c < table->columns; c++)
        if (layout->hidden[c])
            (void)fprintf(table->out, "%s%s",
                count++ ? ", " : "(left out, empty or 0 in every row: ", table->names[c]);
    if (count)
        (void)fputs(")\n", table->out);
}

static void put_row(const struct table *table, const struct layout *layout, const char **at)
{
    for (size_t c = 0; c < table->columns; c++, *at += strlen(*at) + 1)
        if (!layout->hidden[c])
            put_cell(table, layout, c, *at);
    (void)fputc('\n', table->out);
}

static void flush_text(struct table *table)
{
    enum emptiness emptiness[COLUMNS_MAX];
    struct layout layout = {.last = 0};
    measure(table, &layout, emptiness);
    fit(table, &layout, emptiness);
    for (size_t c = 0; c < table->columns; c++)
        if (!layout.hidden[c])
            put_cell(table, &layout, c, table->names[c]);
    if (table->columns)
        (void)fputc('\n', table->out);
    const char *at = table->cells.data;
    for (size_t i = 0; i < table->gathered; i++)
        put_row(table, &layout, &at);
    put_hidden(table, &layout);
    bytes_clear(&table->cells);
    table->gathered = 0;
}

static bool text_row(
    struct table *table, const struct cell *cells, size_t count, struct fault *fault)
{
    for (size_t c = 0; c < count; c++) {
        if (table->rows == 0)
            table->numeric[c] = cells[c].type == CELL_INTEGER || cells[c].type == CELL_REAL;
        if (!append_plain(&table->cells, &cells[c], fault))
            return false;
    }
    if (++table->gathered == TABLE_ROWS_MAX)
        flush_text(table);
    return true;
}

static bool json_row(
    struct table *table, const struct cell *cells, size_t count, struct fault *fault)
{
    AUTO_BYTES line = {0};
    if (table->format == TABLE_JSON) {
        bool ok = table->rows ? bytes_append_text(&line, ",\n  ", fault)
                              : bytes_format(&line, fault, "{\"%s\":[\n  ", table->name);
        if (!ok)
            return false;
    }
    for (size_t c = 0; c < count; c++)
        if (!bytes_append_char(&line, c ? ',' : '{', fault) ||
            !bytes_append_json(&line, span_of(table->names[c]), fault) ||
            !bytes_append_char(&line, ':', fault) || !table_cell_json(&cells[c], &line, fault))
            return false;
    if (!bytes_append_text(&line, table->format == TABLE_JSON ? "}" : "}\n", fault))
        return false;
    return fwrite(line.data, 1, line.length, table->out) == line.length;
}

/* RFC 4180, quoted where needed. A cell that a spreadsheet would take for a formula is quoted with
 * a leading apostrophe kept out: the data stays as it is, and the reader decides. */
static bool csv_field(struct bytes *line, struct span text, struct fault *fault)
{
    bool quote = false;
    for (size_t i = 0; i < text.length; i++)
        quote = quote || text.data[i] == ',' || text.data[i] == '"' || text.data[i] == '\n' ||
                text.data[i] == '\r';
    if (!quote)
        return bytes_append(line, text, fault);
    bool ok = bytes_append_char(line, '"', fault);
    for (size_t i = 0; ok && i < text.length; i++)
        ok = (text.data[i] != '"' || bytes_append_char(line, '"', fault)) &&
             bytes_append_char(line, text.data[i], fault);
    return ok && bytes_append_char(line, '"', fault);
}

static bool csv_row(
    struct table *table, const struct cell *cells, size_t count, struct fault *fault)
{
    AUTO_BYTES line = {0};
    AUTO_BYTES one = {0};
    for (size_t c = 0; table->rows == 0 && c < count; c++)
        if ((c && !bytes_append_char(&line, ',', fault)) ||
            !csv_field(&line, span_of(table->names[c]), fault))
            return false;
    if (table->rows == 0 && !bytes_append_text(&line, "\r\n", fault))
        return false;
    for (size_t c = 0; c < count; c++) {
        bytes_clear(&one);
        bool text = cells[c].type == CELL_TEXT || cells[c].type == CELL_JSON;
        if ((!text && cells[c].type != CELL_NULL && !table_cell_json(&cells[c], &one, fault)) ||
            (c && !bytes_append_char(&line, ',', fault)) ||
            !csv_field(&line, text ? cells[c].text : bytes_span(&one), fault))
            return false;
    }
    if (!bytes_append_text(&line, "\r\n", fault))
        return false;
    return fwrite(line.data, 1, line.length, table->out) == line.length;
}

static bool keep_names(struct table *table, const char *const *names, size_t count)
{
    table->columns = count < COLUMNS_MAX ? count : COLUMNS_MAX;
    for (size_t c = 0; c < table->columns; c++)
        if (!(table->names[c] = memory_copy_text(names[c])))
            return false;
    return true;
}

bool table_row(void *context, const char *const *names, const struct cell *cells, size_t count)
{
    static bool (*const writers[])(struct table *, const struct cell *, size_t, struct fault *) = {
        [TABLE_TEXT] = text_row,
        [TABLE_JSON] = json_row,
        [TABLE_NDJSON] = json_row,
        [TABLE_CSV] = csv_row};
    struct table *table = context;
    struct fault fault;
    if (table->rows == 0 && table->columns == 0 && !keep_names(table, names, count))
        table->failed = true;
    if (!table->failed && !writers[table->format](table, cells, table->columns, &fault))
        table->failed = true;
    table->rows++;
    return !table->failed;
}

bool table_finish(struct table *table)
{
    if (table->format == TABLE_TEXT && table->gathered)
        flush_text(table);
    if (table->format == TABLE_JSON && table->rows == 0)
        (void)fprintf(table->out, "{\"%s\":[", table->name);
    if (table->format == TABLE_JSON)
        (void)fprintf(table->out, "%s]}\n", table->rows ? "\n" : "");
    return !table->failed && fflush(table->out) == 0 && !ferror(table->out);
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t c = 0; c < table->columns; c++)
        memory_free(table->names[c]);
    bytes_free(&table->cells);
    memory_free(table);
}
