/* SPDX-License-Identifier: Apache-2.0 */
/* The two functions, and one table from which triggers and questions are made. */
#include "sums.h"

#include <stdarg.h>
#include <string.h>
#include "base/sum.h"
#include "rows.h"

#define SUMS_TABLES (sizeof summed / sizeof summed[0])

/* Where the rows of a table get their sums. */
enum summed_by { BY_STATEMENTS, BY_TRIGGERS };

struct summed {
    const char *table, *key;
    const char *columns; /* each at its place; none is ever moved, new ones come last */
    const char *name;    /* in SQL: what a person calls row t */
    enum summed_by by;
    enum sums_shown shown;
    const char *remedy; /* NULL: a backup is all there is */
};

#define NAME(column)    "json_quote(CAST(substr(" column ",1,64) AS TEXT))"
#define CONNECTION(key) "(SELECT name FROM connections c WHERE c.connection=" key ")"
#define OBJECT(key)                                                                        \
    "(SELECT coalesce((SELECT name FROM kinds k WHERE k.kind=o.kind),'kind '||o.kind)||' " \
    "'||" NAME("o.id") "||' of '||coalesce(" CONNECTION(                                   \
        "o.connection") ",'no connection')"                                                \
                        " FROM objects o WHERE o.object=" key ")"
#define STREAM(key)                                                                    \
    "(SELECT 'stream '||s.name||' of '||" CONNECTION("s.connection") " FROM streams s" \
                                                                     " WHERE s.stream=" key ")"
#define SCOPE(key) "(SELECT " STREAM("p.stream") " FROM scopes p WHERE p.scope=" key ")"

static const struct summed summed[] = {
    {"connections", "connection", "connection,name,connector,tenant,made_ms", NAME("t.name"),
        BY_TRIGGERS, SUMS_SHOWN_NOW},
    {"declarations", "declaration", "declaration,hash,connector,version,canonical,made_ms",
        "'of connector '||" NAME("t.connector"), BY_TRIGGERS, SUMS_SHOWN_NOW},
    {"mappings", "mapping", "mapping,connection,kind,streams,declaration,states",
        "'of '||" CONNECTION("t.connection"), BY_TRIGGERS, SUMS_SHOWN_NOW},
    {"streams", "stream",
        "stream,connection,name,position,enriches,incremental,selected,parent,shape,full_mapping,"
        "bookmark,bookmark_note,last_full_ms,complete_ms,complete_proof,complete_run,last_run,"
        "closed",
        STREAM("t.stream"), BY_TRIGGERS, SUMS_SHOWN_NOW},
    {"scopes", "scope",
        "scope,stream,parent,parent_object,closed,complete_ms,complete_run,complete_proof",
        "'of '||" STREAM("t.stream"), BY_TRIGGERS, SUMS_SHOWN_NOW},
    {"runs", "run",
        "run,round,stream,declaration,mapping,full,why_full,bound,proof,reason,complete,"
        "started_ms,ended_ms,what",
        "'of '||" STREAM("t.stream"), BY_TRIGGERS, SUMS_ALL},
    {"scope_runs", "scope_run",
        "scope_run,run,scope,full,ended,proof,reason,end_signal,total,restarts,restart_reason,"
        "missing,deleted,held,started_ms,ended_ms",
        "'run '||t.run||' of '||" SCOPE("t.scope"), BY_TRIGGERS, SUMS_ALL},
    {"holds", "hold", SQL_HOLD_SUMMED, "'of '||" SCOPE("t.scope"), BY_TRIGGERS, SUMS_ALL},
    {"dead_letters", "letter", SQL_LETTER_SUMMED, "'of '||" SCOPE("t.scope"), BY_TRIGGERS,
        SUMS_ALL},
    {"objects", "object", SQL_OBJECT_SUMMED, OBJECT("t.object"), BY_STATEMENTS, SUMS_SHOWN_NOW,
        "muster audit --repair has it written anew when it is listed next, or restore a backup"},
    {"contributions", "scope", SQL_CONTRIBUTION_SUMMED,
        "'of object '||t.object||', '||" OBJECT("t.object"), BY_STATEMENTS, SUMS_ALL},
    {"object_history", "version", SQL_HISTORY_SUMMED,
        "'of object '||t.object||', '||" OBJECT("t.object"), BY_STATEMENTS, SUMS_SHOWN_AS_OF},
};

/* ------------------------------------------------------------------ functions ----------------- */

/* The same value says something else at another place, and as another type. */
static uint64_t seed_of(int place, int type)
{
    return (uint64_t)place << 3 | (uint64_t)type;
}

static uint64_t sum_value(int place, sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL)
        return 0;
    if (type == SQLITE_INTEGER)
        return sum_integer(seed_of(place, type), sqlite3_value_int64(value));
    const char *data = sqlite3_value_blob(value);
    return sum_bytes(seed_of(place, type), (struct span){data, (size_t)sqlite3_value_bytes(value)});
}

static uint64_t sum_span(int place, int type, struct span span)
{
    return span.data ? sum_bytes(seed_of(place, type), span) : 0;
}

int64_t sums_row(const char *format, ...)
{
    va_list values;
    uint64_t sum = 0;
    va_start(values, format);
    for (int place = 1; format[place - 1]; place++) {
        char type = format[place - 1];
        if (type == 'i')
            sum += sum_integer(seed_of(place, SQLITE_INTEGER), va_arg(values, int64_t));
        else if (type != 'n')
            sum += sum_span(
                place, type == 't' ? SQLITE_TEXT : SQLITE_BLOB, va_arg(values, struct span));
    }
    va_end(values);
    return (int64_t)sum;
}

static void row_sum(sqlite3_context *context, int count, sqlite3_value **values)
{
    uint64_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += sum_value(i + 1, values[i]);
    sqlite3_result_int64(context, (sqlite3_int64)sum);
}

static void row_sum_change(sqlite3_context *context, int count, sqlite3_value **values)
{
    if (sqlite3_value_type(values[0]) == SQLITE_NULL)
        return; /* there is no way back from none */
    uint64_t sum = (uint64_t)sqlite3_value_int64(values[0]);
    for (int i = 1; i + 2 < count; i += 3) {
        int place = sqlite3_value_int(values[i]);
        sum += sum_value(place, values[i + 2]) - sum_value(place, values[i + 1]);
    }
    sqlite3_result_int64(context, (sqlite3_int64)sum);
}

bool sums_functions(struct sql_handle *handle, struct fault *fault)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    int code = sqlite3_create_function_v2(
        handle->db, "row_sum", -1, flags, NULL, row_sum, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_create_function_v2(
            handle->db, "row_sum_change", -1, flags, NULL, row_sum_change, NULL, NULL, NULL);
    return code == SQLITE_OK || sql_fault(handle, code, fault);
}

/* ------------------------------------------------------------------ triggers ------------------ */

/* The next of a list of columns; false after the last. */
static bool next_column(const char **columns, struct span *ret_column)
{
    size_t length = strcspn(*columns, ",");
    *ret_column = (struct span){*columns, length};
    *columns += length;
    *columns += **columns == ',';
    return length > 0;
}

static bool append_trigger(struct bytes *into, const struct summed *one, struct fault *fault)
{
    struct span column;
    const char *columns = one->columns;
    if (!bytes_format(into, fault,
            "CREATE TEMP TRIGGER added_to_%s AFTER INSERT ON main.%s WHEN NEW.sum IS NULL BEGIN"
            " UPDATE %s SET sum=row_sum(%s) WHERE %s=NEW.%s; END;\n"
            "CREATE TEMP TRIGGER changed_in_%s AFTER UPDATE OF %s ON main.%s BEGIN"
            " UPDATE %s SET sum=row_sum_change(sum",
            one->table, one->table, one->table, one->columns, one->key, one->key, one->table,
            one->columns, one->table, one->table))
        return false;
    for (int place = 1; next_column(&columns, &column); place++)
        if (!bytes_format(into, fault, ",%d,OLD.%.*s,NEW.%.*s", place, SPAN_FORMAT(column),
                SPAN_FORMAT(column)))
            return false;
    return bytes_format(into, fault, ") WHERE %s=NEW.%s; END;\n", one->key, one->key);
}

bool sums_triggers(struct sql_handle *handle, struct fault *fault)
{
    AUTO_BYTES text = {.limit = 0};
    for (size_t i = 0; i < SUMS_TABLES; i++)
        if (summed[i].by == BY_TRIGGERS && !append_trigger(&text, &summed[i], fault))
            return false;
    return sql_execute(handle, text.data, fault);
}

bool sums_fill(struct sql_handle *handle, struct fault *fault)
{
    AUTO_BYTES text = {.limit = 0};
    for (size_t i = 0; i < SUMS_TABLES; i++)
        if (!bytes_format(&text, fault, "UPDATE %s SET sum=row_sum(%s);\n", summed[i].table,
                summed[i].columns))
            return false;
    return sql_execute(handle, text.data, fault);
}

/* ------------------------------------------------------------------ questions ----------------- */

static bool append_question(struct bytes *into, const struct summed *one, struct fault *fault)
{
    return bytes_format(into, fault,
        "SELECT '%s '||t.%s||coalesce(' ('||%s||')','')||': this row is not as it was written'||"
        "CASE WHEN t.sum IS NULL THEN ', or was made of such a row' ELSE '' END||'; %s'"
        " FROM %s t WHERE t.sum IS NOT row_sum(%s)",
        one->table, one->key, one->name, one->remedy ? one->remedy : "restore a backup", one->table,
        one->columns);
}

bool sums_damaged(struct sql_handle *handle, enum sums_shown shown, query_row *row, void *context,
    struct fault *fault)
{
    bool stopped = false;
    for (size_t i = 0; !stopped && i < SUMS_TABLES; i++) {
        AUTO_BYTES text = {.limit = 0};
        AUTO_ROWS rows = {.count = 0};
        if (summed[i].shown < shown)
            continue;
        if (!append_question(&text, &summed[i], fault) ||
            !rows_open(&rows, handle, text.data, 0, fault) ||
            !rows_each(&rows, row, context, &stopped, fault))
            return false;
    }
    return true;
}

static bool refuse(void *context, const char *const *names, const struct cell *cells, size_t count)
{
    (void)names;
    (void)count;
    return fault_set(context, FAULT_STORE_CORRUPT, "%.*s; muster audit lists all that are damaged",
        SPAN_FORMAT(cells[0].text));
}

bool sums_whole(struct sql_handle *handle, enum sums_shown shown, struct fault *fault)
{
    struct fault damage = {FAULT_NONE, ""};
    if (!sums_damaged(handle, shown, refuse, &damage, fault))
        return false;
    if (damage.code == FAULT_NONE)
        return true;
    *fault = damage;
    return false;
}

bool sums_whole_letter(struct sql_handle *handle, int64_t letter, struct fault *fault)
{
    int64_t whole = 1; /* one that is not there is no damage */
    return sql_integer(handle, SQL_LETTER_WHOLE, &whole, fault, "i", letter) &&
           (whole || sums_refuse_letter(letter, fault));
}

bool sums_refuse_letter(int64_t letter, struct fault *fault)
{
    return fault_set(fault, FAULT_STORE_CORRUPT,
        "dead letter %lld is not as it was written; restore a backup, or discard it: muster audit "
        "lists all that is damaged",
        (long long)letter);
}
