/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which items of a page the store holds unchanged. Objects got their keys in the order of the
 * pages that first listed them, so a
 * page's objects mostly lie side by side: one look-up finds the first, one range scan reads the
 * rest.
 */
#include <string.h>
#include "base/memory.h"
#include "inside.h"

#define READER_CACHE_KIB 2048 /* page cache of one reader */
#define PROBES_MAX       3 /* ids that are looked up before the page is held to be out of order */
#define RANGE_SLACK      64 /* objects read beyond the number asked for: neighbours of other scopes */
#define BUSY_MS          1000

struct store_reader {
    struct sql_handle sql;
    struct store *store;
    int64_t scope, connection; /* of the latest look-up */
};

struct look_up {
    struct store_reader *reader;
    int64_t scope;
    uint32_t kind;
    const struct known_query *queries;
    size_t count;
    struct known_answer *answers;
    size_t found, next; /* next: the query that the next row most likely answers */
};

bool store_reader_open(struct store *store, struct store_reader **ret_reader, struct fault *fault)
{
    struct store_reader *reader = memory_allocate(sizeof *reader);
    if (!reader)
        return fault_memory(fault);
    reader->store = store;
    int code = sqlite3_open_v2(store->path, &reader->sql.db,
        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    AUTO_BYTES text = {.limit = 0};
    if (!(code == SQLITE_OK || sql_fault(&reader->sql, code, fault)) ||
        !bytes_format(&text, fault, "PRAGMA cache_size=-%d", READER_CACHE_KIB) ||
        !sql_execute(&reader->sql, text.data, fault)) {
        store_reader_close(reader);
        return false;
    }
    (void)sqlite3_busy_timeout(reader->sql.db, BUSY_MS);
    *ret_reader = reader;
    return true;
}

void store_reader_close(struct store_reader *reader)
{
    if (!reader)
        return;
    sql_close(&reader->sql);
    memory_free(reader);
}

/* Columns of SQL_KNOWN_RANGE and SQL_KNOWN_ONE. */
static bool row_is(const struct look_up *on, sqlite3_stmt *row, size_t query)
{
    return span_equal(sql_span(row, 6), on->queries[query].id) &&
           span_equal(sql_span(row, 7), on->queries[query].incarnation);
}

/* Live, of this scope alone, mapped, and with the hash of its bytes: only then may its item be
 * passed over. */
static bool row_counts(const struct look_up *on, sqlite3_stmt *row)
{
    return sqlite3_column_int64(row, 1) == on->scope && sqlite3_column_int(row, 2) == STATE_LIVE &&
           !sqlite3_column_int(row, 3) && !sqlite3_column_int(row, 4) &&
           (uint32_t)sqlite3_column_int(row, 5) == on->kind &&
           sqlite3_column_bytes(row, 8) == (int)sizeof(struct hash128);
}

static void answer(struct look_up *on, sqlite3_stmt *row, size_t query)
{
    if (on->answers[query].object)
        return;
    on->answers[query] = (struct known_answer){sqlite3_column_int64(row, 0), sql_hash128(row, 8)};
    on->found++;
}

/* One id by the index. */
static bool look_up_one(struct look_up *on, size_t query, struct fault *fault)
{
    uint64_t hash =
        slots_hash(on->reader->store, on->reader->connection, on->kind, on->queries[query].id);
    sqlite3_stmt *row = sql_start(&on->reader->sql, SQL_KNOWN_ONE, fault, "i", (int64_t)hash);
    if (!row)
        return false;
    enum sql_step step;
    while ((step = sql_next(&on->reader->sql, row, fault)) == SQL_ROW)
        if (row_counts(on, row) && row_is(on, row, query))
            answer(on, row, query);
    return step == SQL_END;
}

/* The query that a row answers: mostly the one after the last; otherwise one a little further on,
 * where the page left some out. */
static bool match_row(struct look_up *on, sqlite3_stmt *row)
{
    for (size_t ahead = 0; ahead < RANGE_SLACK && on->next + ahead < on->count; ahead++) {
        if (!row_is(on, row, on->next + ahead))
            continue;
        answer(on, row, on->next + ahead);
        on->next += ahead + 1;
        return true;
    }
    return false;
}

/* Objects side by side from the one that answers query `from` on. */
static bool look_up_range(struct look_up *on, size_t from, struct fault *fault)
{
    int64_t first = on->answers[from].object;
    int64_t last = first + (int64_t)(on->count - from) + RANGE_SLACK;
    AUTO_ROW *row = sql_start(&on->reader->sql, SQL_KNOWN_RANGE, fault, "ii", first + 1, last);
    if (!row)
        return false;
    on->next = from + 1;
    size_t strangers = 0;
    enum sql_step step = SQL_END;
    while (on->next < on->count && strangers < RANGE_SLACK &&
           (step = sql_next(&on->reader->sql, row, fault)) == SQL_ROW)
        if (!row_counts(on, row) || !match_row(on, row))
            strangers++;
    return step != SQL_FAILED;
}

static bool look_up_page(struct look_up *on, struct fault *fault)
{
    size_t at = 0;
    for (size_t probes = 0; at < on->count && probes < PROBES_MAX; probes++) {
        if (!look_up_one(on, at, fault))
            return false;
        if (on->answers[at++].object == 0)
            continue;
        size_t before = on->found;
        if (!look_up_range(on, at - 1, fault))
            return false;
        /* A stretch found and then a gap: go on behind the gap as at a beginning. */
        while (at < on->count && on->answers[at].object)
            at++;
        if (on->found > before)
            probes = 0;
    }
    for (size_t i = 0; i < on->count; i++)
        if (on->answers[i].object == 0 && i >= at && !look_up_one(on, i, fault))
            return false;
    return true;
}

static bool find_connection(struct store_reader *reader, int64_t scope, struct fault *fault)
{
    if (reader->scope == scope)
        return true;
    reader->connection = 0;
    if (!sql_integer(&reader->sql, SQL_SCOPE_CONNECTION, &reader->connection, fault, "i", scope))
        return false;
    reader->scope = reader->connection ? scope : 0;
    return true;
}

static int64_t look_up(void *context, int64_t scope, enum muster_kind kind,
    const struct known_query *queries, size_t count, struct known_answer *ret_answers)
{
    struct store_reader *reader = context;
    struct look_up on = {.reader = reader,
        .scope = scope,
        .kind = kind,
        .queries = queries,
        .count = count,
        .answers = ret_answers};
    struct fault ignored; /* a failure only costs the long way, where it shows again */
    (void)memset(ret_answers, 0, count * sizeof *ret_answers);
    /* Before the snapshot: what it shows is at least as new. */
    int64_t version = atomic_load(&reader->store->published);
    bool good = sql_run(&reader->sql, SQL_READ_BEGIN, &ignored, "") &&
                find_connection(reader, scope, &ignored) && reader->connection != 0 &&
                look_up_page(&on, &ignored);
    if (!sqlite3_get_autocommit(reader->sql.db) &&
        !sql_run(&reader->sql, SQL_READ_END, &ignored, ""))
        good = false;
    if (good)
        return version;
    (void)memset(ret_answers, 0, count * sizeof *ret_answers);
    return -1;
}

struct known store_reader_known(struct store_reader *reader)
{
    return (struct known){look_up, reader};
}
