/* SPDX-License-Identifier: Apache-2.0 */
/* The books, added up again from the first batch on: nothing here believes a sum that the store
 * keeps. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "anchor.h"
#include "base/memory.h"
#include "ledger.h"
#include "rows.h"
#include "store/query.h"
#include "sums.h"

#define AUDIT_SENTENCE_MAX 512

struct audit {
    struct store *store;
    void (*found)(void *context, const char *sentence);
    void *context;
    int64_t breaks, batches;
};

static void report(struct audit *audit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void report(struct audit *audit, const char *format, ...)
{
    char sentence[AUDIT_SENTENCE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof sentence, format, arguments); /* a longer one is cut */
    va_end(arguments);
    audit->breaks++;
    audit->found(audit->context, sentence);
}

/* What one row says of itself. */
static bool check_row(struct audit *audit, const struct ledger_row *row, struct fault *fault)
{
    const struct batch_outcome *o = &row->outcome;
    long long batch = (long long)row->batch;
    int64_t dead = 0, seen = 0;
    int64_t sum = o->created + o->changed + o->unchanged + o->duplicate + o->filtered + o->dead;
    if (sum != o->received)
        report(audit, "batch %lld: received %lld, but its outcomes add up to %lld", batch,
            (long long)o->received, (long long)sum);
    if (!sql_integer(&audit->store->sql, SQL_LETTERS_OF_BATCH, &dead, fault, "i", row->batch))
        return false;
    if (dead != o->dead)
        report(audit, "batch %lld: counts %lld dead, but its dead letters stand for %lld", batch,
            (long long)o->dead, (long long)dead);
    if (!seen_count(row->seen, &seen))
        report(audit, "batch %lld: its seen set cannot be read", batch);
    else if (seen != row->seen_count)
        report(audit, "batch %lld: says that it saw %lld things first, its seen set holds %lld",
            batch, (long long)row->seen_count, (long long)seen);
    else if (seen > 2 * o->received || /* an item without a record of its own is seen beside it */
             seen < o->created + o->changed + o->unchanged - row->orphans - o->dead - o->filtered -
                        o->duplicate)
        report(audit,
            "batch %lld: its seen set holds %lld things, which does not go with %lld received",
            batch, (long long)seen, (long long)o->received);
    return true;
}

/* Follows the chain; after a break it goes on from the stored link, so that each break is found
 * once. */
static bool follow_chain(struct audit *audit, struct fault *fault)
{
    struct store *store = audit->store;
    struct hash256 before = {{0}}, link;
    int64_t last = 0;
    AUTO_BYTES scratch = {.limit = 0};
    sqlite3_stmt *statement = sql_start(&store->sql, SQL_LEDGER_ALL, fault, "");
    if (!statement)
        return false;
    enum sql_step step;
    bool good = true;
    while (good && (step = sql_next(&store->sql, statement, fault)) == SQL_ROW) {
        struct ledger_row row;
        struct span stored;
        ledger_read(statement, &row, &stored);
        audit->batches++;
        if (row.batch != last + 1)
            report(audit, "batch %lld: follows batch %lld; the batches between them are gone",
                (long long)row.batch, (long long)last);
        last = row.batch;
        good = ledger_link(&row, &before, &scratch, &link, fault);
        struct span computed = {(const char *)link.bytes, sizeof link.bytes};
        if (good && !span_equal(stored, computed))
            report(audit,
                "batch %lld (run %lld, scope %lld, page %lld): the chain breaks here; this row was "
                "changed after it was written, or the one before it is not the one it followed",
                (long long)row.batch, (long long)row.run, (long long)row.scope,
                (long long)row.sequence);
        good = good && check_row(audit, &row, fault);
        if (stored.length == sizeof before.bytes)
            (void)memcpy(before.bytes, stored.data, stored.length);
    }
    (void)sqlite3_reset(statement); /* its failure was seen by sql_next */
    if (!good || step == SQL_FAILED)
        return false;
    struct span end = {(const char *)before.bytes, sizeof before.bytes};
    struct span head = {(const char *)store->head.bytes, sizeof store->head.bytes};
    if (!span_equal(end, head))
        report(audit, "batch %lld: is not the last that was written; later batches are gone",
            (long long)last);
    return true;
}

static bool report_anchor(struct audit *audit, const struct anchor *anchor, struct fault *fault)
{
    struct fault gone = {FAULT_NONE, ""};
    if (anchor_holds(audit->store, anchor, &gone))
        return true;
    if (gone.code != FAULT_STORE_CORRUPT) {
        *fault = gone;
        return false;
    }
    report(audit, "%s", gone.text);
    return true;
}

/* A row of a statement that lists what does not agree: its one column is the sentence. */
static bool report_row(
    void *context, const char *const *names, const struct cell *cells, size_t count)
{
    (void)names;
    (void)count;
    report(context, "%.*s", SPAN_FORMAT(cells[0].text));
    return true;
}

#define SUM_DIFFERS(column)                                                                        \
    "SELECT printf('run %d, scope %d: %s of its batches add up to %d, its own row says %d',s.run," \
    "s.scope,'" column "',coalesce(b.n,0),s." column ") FROM scope_runs s LEFT JOIN"               \
    " (SELECT run,scope,sum(" column ") n FROM batches GROUP BY run,scope) b"                      \
    " ON b.run=s.run AND b.scope=s.scope WHERE coalesce(b.n,0)<>s." column

static const char *const disagreements[] = {
    SUM_DIFFERS("received"),
    SUM_DIFFERS("created"),
    SUM_DIFFERS("changed"),
    SUM_DIFFERS("unchanged"),
    SUM_DIFFERS("duplicate"),
    SUM_DIFFERS("filtered"),
    SUM_DIFFERS("dead"),
    SUM_DIFFERS("reappeared"),
    SUM_DIFFERS("conflicts"),
    SUM_DIFFERS("unreadable"),
    "SELECT printf('run %d, scope %d: has %d batches up to page %d, its own row says %d up to %d',"
    "s.run,s.scope,coalesce(b.n,0),coalesce(b.last,0),s.pages,s.sequence) FROM scope_runs s LEFT "
    "JOIN"
    " (SELECT run,scope,count(*) n,max(sequence) last FROM batches GROUP BY run,scope) b"
    " ON b.run=s.run AND b.scope=s.scope"
    " WHERE coalesce(b.n,0)<>s.pages OR coalesce(b.last,0)<>s.sequence",
    "SELECT printf('batch %d: belongs to run %d and scope %d, which do not exist',batch,run,scope)"
    " FROM batches b WHERE NOT EXISTS (SELECT 1 FROM scope_runs s"
    "  WHERE s.run=b.run AND s.scope=b.scope)",
    "SELECT printf('dead letter %d: belongs to batch %d, which does not exist',letter,batch)"
    " FROM dead_letters l WHERE NOT EXISTS (SELECT 1 FROM batches b WHERE b.batch=l.batch)",
    "WITH n AS (SELECT connection,kind,state,count(*) n FROM objects GROUP BY 1,2,3)"
    " SELECT printf('connection %d, kind %d, state %d: %d objects, counted as %d',t.connection,"
    "t.kind,t.state,coalesce(n.n,0),t.count) FROM tallies t LEFT JOIN n "
    "USING(connection,kind,state)"
    " WHERE coalesce(n.n,0)<>t.count UNION ALL"
    " SELECT printf('connection %d, kind %d, state %d: %d objects, not "
    "counted',n.connection,n.kind,"
    "n.state,n.n) FROM n LEFT JOIN tallies t USING(connection,kind,state) WHERE t.count IS NULL",
    "WITH n AS (SELECT scope,count(*) n FROM (SELECT scope FROM objects WHERE shared=0 AND state=0"
    "  UNION ALL SELECT scope FROM contributions WHERE state=0) GROUP BY scope)"
    " SELECT printf('scope %d: lists %d live objects, counted as "
    "%d',s.scope,coalesce(n.n,0),s.live)"
    " FROM scopes s LEFT JOIN n USING(scope) WHERE coalesce(n.n,0)<>s.live",
    "SELECT printf('object %d: cannot be found by its name',object) FROM objects o"
    " WHERE NOT EXISTS (SELECT 1 FROM lookups l"
    "  WHERE l.hash=name_hash(o.connection,o.kind,o.id) AND l.object=o.object) AND"
    " NOT EXISTS (SELECT 1 FROM recent_lookups l"
    "  WHERE l.hash=name_hash(o.connection,o.kind,o.id) AND l.object=o.object)",
    "SELECT printf('the file: %s',integrity_check) FROM pragma_integrity_check"
    " WHERE integrity_check<>'ok'",
};

/* In SQL: where lookups have the object of that name. */
static void name_hash(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const char *id = (const char *)sqlite3_value_blob(values[2]);
    const struct span name = {id, (size_t)sqlite3_value_bytes(values[2])};
    uint64_t hash = slots_hash(sqlite3_user_data(context), sqlite3_value_int64(values[0]),
        (uint32_t)sqlite3_value_int64(values[1]), name);
    sqlite3_result_int64(context, (sqlite3_int64)hash);
}

static bool add_functions(struct store *store, struct fault *fault)
{
    int code = sqlite3_create_function_v2(store->sql.db, "name_hash", 3,
        SQLITE_UTF8 | SQLITE_DETERMINISTIC, store, name_hash, NULL, NULL, NULL);
    return code == SQLITE_OK || sql_fault(&store->sql, code, fault);
}

bool store_audit(struct store *store, void (*found)(void *context, const char *sentence),
    void *context, int64_t *ret_batches, int64_t *ret_breaks, struct fault *fault)
{
    struct audit audit = {.store = store, .found = found, .context = context};
    struct anchor anchor;
    anchor_read(store, &anchor); /* before the snapshot: what it names must be there */
    /* One snapshot for all of it: a sync may run beside. */
    if (!add_functions(store, fault) || !sql_run(&store->sql, SQL_READ_BEGIN, fault, ""))
        return false;
    bool good = store_reload(store, fault) && report_anchor(&audit, &anchor, fault) &&
                follow_chain(&audit, fault);
    for (size_t i = 0; good && i < sizeof disagreements / sizeof disagreements[0]; i++) {
        AUTO_ROWS rows = {.count = 0};
        good = rows_open(&rows, &store->sql, disagreements[i], 0, fault) &&
               rows_each(&rows, report_row, &audit, NULL, fault);
    }
    good = good && sums_damaged(&store->sql, SUMS_ALL, report_row, &audit, fault);
    struct fault ignored; /* nothing was written */
    (void)(sql_run(&store->sql, SQL_READ_END, &ignored, "") || fault_memory(&ignored));
    if (!good)
        return false;
    *ret_batches = audit.batches;
    *ret_breaks = audit.breaks;
    return true;
}

/* ------------------------------------------------------------------ repair -------------------- */

struct doubted {
    int64_t *objects;
    size_t count, capacity;
};

static void doubted_free(struct doubted *doubted)
{
    memory_free(doubted->objects);
}

/* Outside any transaction that writes: a host's writer does not wait while all objects are read. */
static bool find_damaged(struct store *store, struct doubted *doubted, struct fault *fault)
{
    AUTO_ROW *row = sql_start(&store->sql, SQL_OBJECTS_DAMAGED, fault, "");
    enum sql_step step = row ? sql_next(&store->sql, row, fault) : SQL_FAILED;
    for (; step == SQL_ROW; step = sql_next(&store->sql, row, fault))
        if (!seen_list_add(&doubted->objects, &doubted->count, &doubted->capacity,
                sqlite3_column_int64(row, 0), fault))
            return false;
    return step == SQL_END;
}

static bool doubt(struct store *store, const struct doubted *doubted, struct fault *fault)
{
    for (size_t i = 0; i < doubted->count; i++) {
        changes_note(&store->changes, doubted->objects[i], store->version);
        if (!sql_run(&store->sql, SQL_OBJECT_DOUBT, fault, "i", doubted->objects[i]))
            return false;
    }
    return true;
}

bool store_audit_repair(struct store *store, struct fault *fault)
{
    struct doubted doubted __attribute__((cleanup(doubted_free))) = {.objects = NULL};
    return find_damaged(store, &doubted, fault) && store_begin(store, fault) &&
           store_end(store, doubt(store, &doubted, fault), fault);
}
