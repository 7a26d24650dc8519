/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's columns as cells. Columns that hold JSON are known by their names, which are the
 * views'. */
#include "rows.h"

#include <string.h>

static const char *const json_columns[] = {"attributes", "field_state"};

static bool is_json(const char *name)
{
    for (size_t i = 0; i < sizeof json_columns / sizeof json_columns[0]; i++)
        if (strcmp(name, json_columns[i]) == 0)
            return true;
    return false;
}

bool rows_open(struct rows *rows, struct sql_handle *handle, const char *sql, size_t hidden,
    struct fault *fault)
{
    rows->handle = handle;
    int code = sqlite3_prepare_v2(handle->db, sql, -1, &rows->statement, NULL);
    if (code != SQLITE_OK)
        return sql_fault(handle, code, fault);
    size_t count = (size_t)sqlite3_column_count(rows->statement);
    if (count - hidden > ROWS_COLUMNS_MAX)
        return fault_set(fault, FAULT_LIMIT, "a view has more than %d columns", ROWS_COLUMNS_MAX);
    rows->count = count - hidden;
    for (size_t i = 0; i < rows->count; i++)
        rows->names[i] = sqlite3_column_name(rows->statement, (int)i);
    return true;
}

static void read_cell(struct rows *rows, size_t column)
{
    struct cell *cell = &rows->cells[column];
    *cell = (struct cell){.type = CELL_NULL};
    switch (sqlite3_column_type(rows->statement, (int)column)) {
    case SQLITE_NULL:
        return;
    case SQLITE_INTEGER:
        cell->type = CELL_INTEGER;
        cell->integer = sqlite3_column_int64(rows->statement, (int)column);
        return;
    case SQLITE_FLOAT:
        cell->type = CELL_REAL;
        cell->real = sqlite3_column_double(rows->statement, (int)column);
        return;
    default: /* text or blob */
        cell->type = is_json(rows->names[column]) ? CELL_JSON : CELL_TEXT;
        cell->text = sql_span(rows->statement, (int)column);
        return;
    }
}

bool rows_each(
    struct rows *rows, query_row *row, void *context, bool *ret_stopped, struct fault *fault)
{
    enum sql_step step;
    bool stopped = false;
    while (!stopped && (step = sql_next(rows->handle, rows->statement, fault)) == SQL_ROW) {
        for (size_t i = 0; i < rows->count; i++)
            read_cell(rows, i);
        stopped = !row(context, rows->names, rows->cells, rows->count);
    }
    (void)sqlite3_reset(rows->statement); /* its failure was seen by sql_next */
    if (ret_stopped)
        *ret_stopped = stopped;
    return stopped || step == SQL_END;
}

void rows_close(struct rows *rows)
{
    (void)sqlite3_finalize(rows->statement); /* repeats the last step's code */
    rows->statement = NULL;
}
