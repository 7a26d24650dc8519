/* SPDX-License-Identifier: Apache-2.0 */
/* Objects in the order of their ids, now or as of a time. Only ids are sorted; each object's row
 * is read by its key, so that memory stays flat. */
#include "base/timestamp.h"
#include "inside.h"
#include "rows.h"
#include "store/query.h"
#include "sums.h"

/* Keys in the order of export. ?1 kind, ?2 connection or null, ?3 live only. */
#define KEYS                                                                         \
    "SELECT o.object FROM objects o JOIN connections c ON c.connection=o.connection" \
    " WHERE o.kind=?1 AND (?2 IS NULL OR c.name=?2) AND (NOT ?3 OR o.state=0)"       \
    " ORDER BY o.id,o.incarnation,c.name"

static bool prepare_object(struct rows *rows, struct store *store,
    const struct export_options *options, struct fault *fault)
{
    AUTO_BYTES sql = {.limit = 0};
    const char *name = options->kind->name;
    bool now = options->as_of_ms == TIMESTAMP_NONE;
    bool formed = now ? bytes_format(&sql, fault, "SELECT * FROM \"%s\" WHERE object=?1", name)
                      : bytes_format(&sql, fault,
                            "SELECT * FROM \"%s_history\" WHERE object=?1 AND valid_from<=?2"
                            " AND (valid_to IS NULL OR valid_to>?2)%s",
                            name, options->all_states ? "" : " AND state='live'");
    return formed && rows_open(rows, &store->sql, sql.data, 1, fault);
}

static bool each_object(struct rows *keys, struct rows *object, const char *as_of, query_row *row,
    void *context, struct fault *fault)
{
    enum sql_step step;
    bool stopped = false, good = true;
    while (good && !stopped && (step = sql_next(keys->handle, keys->statement, fault)) == SQL_ROW) {
        int code =
            sqlite3_bind_int64(object->statement, 1, sqlite3_column_int64(keys->statement, 0));
        if (code == SQLITE_OK && as_of)
            code = sqlite3_bind_text(object->statement, 2, as_of, -1, SQLITE_STATIC);
        good = (code == SQLITE_OK || sql_fault(object->handle, code, fault)) &&
               rows_each(object, row, context, &stopped, fault);
    }
    return good && (stopped || step == SQL_END);
}

bool query_export(struct store *store, const struct export_options *options, query_row *row,
    void *context, struct fault *fault)
{
    AUTO_ROWS keys = {.count = 0};
    AUTO_ROWS object = {.count = 0};
    char as_of[TIMESTAMP_TEXT] = "";
    bool now = options->as_of_ms == TIMESTAMP_NONE;
    timestamp_text(options->as_of_ms, as_of);
    if (!sums_whole(&store->sql, now ? SUMS_SHOWN_NOW : SUMS_SHOWN_AS_OF, fault) ||
        !rows_open(&keys, &store->sql, KEYS, 0, fault) ||
        !prepare_object(&object, store, options, fault))
        return false;
    int code = sqlite3_bind_int64(keys.statement, 1, options->kind->kind);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(keys.statement, 2, options->connection, -1, SQLITE_STATIC);
    if (code == SQLITE_OK) /* as of a time, who is gone by now may have been live */
        code = sqlite3_bind_int(keys.statement, 3, now && !options->all_states);
    if (code != SQLITE_OK)
        return sql_fault(&store->sql, code, fault);
    return each_object(&keys, &object, now ? NULL : as_of, row, context, fault);
}
