/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's calls, each checked, with its result codes turned into faults (catalogue 97 to 106). */
#include "sql.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

static const char *const texts[SQL_COUNT] = {
#define X(name, text) [name] = (text),
    SQL_TABLE(X)
#undef X
};

bool sql_fault(struct sql_handle *handle, int code, struct fault *fault)
{
    const char *message = handle->db ? sqlite3_errmsg(handle->db) : sqlite3_errstr(code);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fault_set(
            fault, FAULT_STORE_BUSY, "the store is locked by another process; try again");
    case SQLITE_NOMEM:
        return fault_memory(fault);
    case SQLITE_FULL:
        return fault_set(fault, FAULT_STORE,
            "the store's disk is full; nothing of this was committed; free some space");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        handle->broken = true;
        return fault_set(fault, FAULT_STORE_CORRUPT,
            "the store's file is damaged (%s); restore a backup and run muster audit", message);
    case SQLITE_IOERR:
        if (code == SQLITE_IOERR_NOMEM) /* no word about the disk */
            return fault_memory(fault);
        handle->broken = true;
        return fault_set(fault, FAULT_STORE,
            "the store's disk failed (%s, code %d); nothing more is written before a restart",
            message, code);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return fault_set(fault, FAULT_STORE,
            "the store cannot be written (%s); check its owner and mode", message);
    case SQLITE_CONSTRAINT:
        return fault_set(fault, FAULT_BALANCE, "the store refused a row: %s", message);
    default: /* SQLite's codes are open-ended */
        return fault_set(fault, FAULT_STORE, "the store failed: %s (code %d)", message, code);
    }
}

static int bind_one(sqlite3_stmt *statement, int index, char type, va_list *arguments)
{
    struct span span;
    switch (type) {
    case 'i':
        return sqlite3_bind_int64(statement, index, va_arg(*arguments, int64_t));
    case 't':
        span = va_arg(*arguments, struct span);
        return sqlite3_bind_text64(
            statement, index, span.data, span.length, SQLITE_STATIC, SQLITE_UTF8);
    case 'b':
        span = va_arg(*arguments, struct span);
        return sqlite3_bind_blob64(statement, index, span.data, span.length, SQLITE_STATIC);
    case 'z':
        return sqlite3_bind_text(
            statement, index, va_arg(*arguments, const char *), -1, SQLITE_STATIC);
    default:
        assert(type == 'n');
        return sqlite3_bind_null(statement, index);
    }
}

static sqlite3_stmt *start(struct sql_handle *handle, enum sql sql, struct fault *fault,
    const char *format, va_list *arguments)
{
    sqlite3_stmt **slot = &handle->statements[sql];
    if (!*slot) {
        int code =
            sqlite3_prepare_v3(handle->db, texts[sql], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
        if (code != SQLITE_OK) {
            (void)sql_fault(handle, code, fault);
            return NULL;
        }
    }
    assert(!sqlite3_stmt_busy(*slot));
    for (int i = 0; format[i]; i++) {
        int code = bind_one(*slot, i + 1, format[i], arguments);
        if (code != SQLITE_OK) {
            (void)sql_fault(handle, code, fault);
            return NULL;
        }
    }
    return *slot;
}

sqlite3_stmt *sql_start(
    struct sql_handle *handle, enum sql sql, struct fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sqlite3_stmt *statement = start(handle, sql, fault, format, &arguments);
    va_end(arguments);
    return statement;
}

enum sql_step sql_next(struct sql_handle *handle, sqlite3_stmt *statement, struct fault *fault)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return SQL_ROW;
    if (code != SQLITE_DONE)
        (void)sql_fault(handle, sqlite3_extended_errcode(handle->db), fault);
    (void)sqlite3_reset(statement); /* repeats the step's code */
    return code == SQLITE_DONE ? SQL_END : SQL_FAILED;
}

static enum sql_step first(
    struct sql_handle *handle, sqlite3_stmt *statement, sqlite3_stmt **ret_row, struct fault *fault)
{
    enum sql_step step = statement ? sql_next(handle, statement, fault) : SQL_FAILED;
    if (step == SQL_ROW)
        *ret_row = statement;
    return step;
}

enum sql_step sql_one(struct sql_handle *handle, enum sql sql, sqlite3_stmt **ret_row,
    struct fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sqlite3_stmt *statement = start(handle, sql, fault, format, &arguments);
    va_end(arguments);
    return first(handle, statement, ret_row, fault);
}

bool sql_finish(struct sql_handle *handle, sqlite3_stmt *statement, struct fault *fault)
{
    enum sql_step step;
    do
        step = sql_next(handle, statement, fault);
    while (step == SQL_ROW);
    return step == SQL_END;
}

bool sql_run(struct sql_handle *handle, enum sql sql, struct fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sqlite3_stmt *statement = start(handle, sql, fault, format, &arguments);
    va_end(arguments);
    return statement && sql_finish(handle, statement, fault);
}

bool sql_integer(struct sql_handle *handle, enum sql sql, int64_t *ret_value, struct fault *fault,
    const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sqlite3_stmt *statement = start(handle, sql, fault, format, &arguments);
    va_end(arguments);
    AUTO_ROW *row = NULL;
    enum sql_step step = first(handle, statement, &row, fault);
    if (step == SQL_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL)
        *ret_value = sqlite3_column_int64(row, 0);
    return step != SQL_FAILED;
}

bool sql_execute(struct sql_handle *handle, const char *text, struct fault *fault)
{
    int code = sqlite3_exec(handle->db, text, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return true;
    return sql_fault(handle, sqlite3_extended_errcode(handle->db), fault);
}

void sql_close(struct sql_handle *handle)
{
    for (size_t i = 0; i < SQL_COUNT; i++)
        (void)sqlite3_finalize(handle->statements[i]); /* repeats the last step's code */
    (void)memset(handle->statements, 0, sizeof handle->statements);
    /* Closing writes the log back and syncs. After a sync that failed another one may well succeed
     * over pages that are lost (fault 100): the next process reads what is really there. */
    if (handle->broken)
        (void)sqlite3_db_config(handle->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    (void)sqlite3_close_v2(handle->db); /* never fails for a handle without statements */
    handle->db = NULL;
}

struct span sql_span(sqlite3_stmt *statement, int column)
{
    int type = sqlite3_column_type(statement, column);
    if (type == SQLITE_NULL)
        return (struct span){NULL, 0};
    const char *data = type == SQLITE_BLOB ? sqlite3_column_blob(statement, column)
                                           : (const char *)sqlite3_column_text(statement, column);
    size_t length = (size_t)sqlite3_column_bytes(statement, column);
    return (struct span){data ? data : "", length};
}

struct hash128 sql_hash128(sqlite3_stmt *statement, int column)
{
    struct hash128 hash = {{0}};
    struct span found = sql_span(statement, column);
    if (found.length == sizeof hash.bytes)
        (void)memcpy(hash.bytes, found.data, sizeof hash.bytes);
    return hash;
}

bool sql_copy(sqlite3_stmt *statement, int column, struct arena *arena, struct span *ret_copy,
    struct fault *fault)
{
    struct span found = sql_span(statement, column);
    *ret_copy = arena_copy(arena, found);
    return !found.data || ret_copy->data || fault_memory(fault);
}
