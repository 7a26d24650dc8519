/* SPDX-License-Identifier: Apache-2.0 */
/* One SQLite handle with its statements, prepared once; binding, stepping and the words for what
 * went wrong. */
#ifndef MUSTER_STORE_SQL_H
#define MUSTER_STORE_SQL_H

#include <sqlite3.h>
#include "base/arena.h"
#include "base/hash.h"
#include "statements.h"

enum sql {
#define X(name, text) name,
    SQL_TABLE(X)
#undef X
        SQL_COUNT
};

struct sql_handle {
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_COUNT];
    bool broken; /* a read or a flush failed: nothing more may be written until the process starts
                    anew */
};

enum sql_step { SQL_FAILED, SQL_ROW, SQL_END };

/* Fills `fault` from a result code of SQLite; returns false. Marks the handle broken where the
 * disk cannot be trusted any more. */
bool sql_fault(struct sql_handle *handle, int code, struct fault *fault);

/*
 * A statement, reset and bound: i int64_t, t struct span as text, z const char * as text, b struct
 * span as blob, n null. A span of
 * nothing and a NULL text bind null. Texts are borrowed until the statement ends. NULL with the
 * fault set.
 */
sqlite3_stmt *sql_start(struct sql_handle *handle, enum sql sql, struct fault *fault,
    const char *format, ...) MUST_CHECK;
/* The next row; the statement is reset at its end and after a failure. */
enum sql_step sql_next(
    struct sql_handle *handle, sqlite3_stmt *statement, struct fault *fault) MUST_CHECK;
/* sql_start, and its first row: SQL_END where there is none. An AUTO_ROW takes it. */
enum sql_step sql_one(struct sql_handle *handle, enum sql sql, sqlite3_stmt **ret_row,
    struct fault *fault, const char *format, ...) MUST_CHECK;
/* Runs to the end; rows are not looked at. */
bool sql_finish(struct sql_handle *handle, sqlite3_stmt *statement, struct fault *fault) MUST_CHECK;
/* sql_start and sql_finish in one. */
bool sql_run(struct sql_handle *handle, enum sql sql, struct fault *fault, const char *format,
    ...) MUST_CHECK;
/* The first column of the first row; *ret_value is not touched where there is no row or it is
 * null. */
bool sql_integer(struct sql_handle *handle, enum sql sql, int64_t *ret_value, struct fault *fault,
    const char *format, ...) MUST_CHECK;
/* Text without parameters, several statements allowed. */
bool sql_execute(struct sql_handle *handle, const char *text, struct fault *fault) MUST_CHECK;
void sql_close(struct sql_handle *handle);

/* Of the present row: borrowed until the next step; null gives nothing. */
struct span sql_span(sqlite3_stmt *statement, int column);
struct hash128 sql_hash128(sqlite3_stmt *statement, int column); /* zero where null */
/* Likewise, to stay. */
bool sql_copy(sqlite3_stmt *statement, int column, struct arena *arena, struct span *ret_copy,
    struct fault *fault) MUST_CHECK;

/* A statement that is reset, so that it can be started again, wherever its reader returns. */
static inline void sql_row_done(sqlite3_stmt **row)
{
    (void)sqlite3_reset(*row); /* repeats the step's code; NULL is fine */
}
#define AUTO_ROW __attribute__((cleanup(sql_row_done))) sqlite3_stmt

#endif
