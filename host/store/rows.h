/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a statement that was put together for one question, handed on as cells. */
#ifndef MUSTER_STORE_ROWS_H
#define MUSTER_STORE_ROWS_H

#include "sql.h"
#include "store/query.h"

#define ROWS_COLUMNS_MAX 64

struct rows {
    struct sql_handle *handle;
    sqlite3_stmt *statement;
    const char *names[ROWS_COLUMNS_MAX];
    struct cell cells[ROWS_COLUMNS_MAX];
    size_t count; /* columns that are handed on */
};

/* Prepares; `hidden` columns at the end are kept back. */
bool rows_open(struct rows *rows, struct sql_handle *handle, const char *sql, size_t hidden,
    struct fault *fault) MUST_CHECK;
/* Hands every row to `row` until that says stop, then resets. *ret_stopped may be NULL. */
bool rows_each(struct rows *rows, query_row *row, void *context, bool *ret_stopped,
    struct fault *fault) MUST_CHECK;
void rows_close(struct rows *rows);
#define AUTO_ROWS __attribute__((cleanup(rows_close))) struct rows

#endif
