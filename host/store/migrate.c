/* SPDX-License-Identifier: Apache-2.0 */
/* Steps from version to version. The first makes the tables; a later one alters them and leaves
 * the data's meaning as it was. */
#include "migrate.h"

#include <sodium.h>
#include "schema.h"
#include "store/store.h"

struct migration {
    int64_t to; /* schema version that it leads to */
    const char *(*sql)(void);
};

static const struct migration migrations[] = {
    {1, schema_tables},
    {2, schema_tokens},
    {3, schema_recent_lookups},
    {4, schema_replays},
    {5, schema_shapes},
};

static bool pragma(
    struct sql_handle *handle, const char *text, int64_t *ret_value, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle->db, text, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret_value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement); /* repeats the step's code */
    return code == SQLITE_ROW || sql_fault(handle, code, fault);
}

/* The views and the table of kinds follow this program's table of kinds. */
static bool write_kinds(struct sql_handle *handle, struct fault *fault)
{
    AUTO_BYTES sql = {.limit = 0};
    if (!schema_drop_views(&sql, fault) || !schema_views(&sql, fault))
        return false;
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (!bytes_format(&sql, fault, "INSERT OR REPLACE INTO kinds VALUES(%u,'%s');\n",
                (unsigned)kind_at(i)->kind, kind_at(i)->name))
            return false;
    return sql_execute(handle, sql.data, fault);
}

static bool write_key(struct sql_handle *handle, struct fault *fault)
{
    int64_t there = 0;
    struct hash_key key;
    if (!pragma(handle, "SELECT count(*) FROM meta WHERE name='key'", &there, fault))
        return false;
    if (there)
        return true;
    randombytes_buf(key.bytes, sizeof key.bytes);
    return sql_run(handle, SQL_META_PUT, fault, "zb", "key",
        (struct span){(const char *)key.bytes, sizeof key.bytes});
}

static bool step(struct sql_handle *handle, int64_t from, struct fault *fault)
{
    for (size_t i = 0; i < sizeof migrations / sizeof migrations[0]; i++)
        if (migrations[i].to > from && !sql_execute(handle, migrations[i].sql(), fault))
            return false;
    AUTO_BYTES marks = {.limit = 0};
    return write_kinds(handle, fault) && write_key(handle, fault) &&
           bytes_format(&marks, fault, "PRAGMA user_version=%d;PRAGMA application_id=%d;",
               STORE_SCHEMA_VERSION, MIGRATE_APPLICATION_ID) &&
           sql_execute(handle, marks.data, fault);
}

bool migrate(struct sql_handle *handle, bool may_write, struct fault *fault)
{
    int64_t version = 0, application = 0, objects = 0;
    if (!pragma(handle, "PRAGMA user_version", &version, fault) ||
        !pragma(handle, "PRAGMA application_id", &application, fault) ||
        !pragma(handle, "SELECT count(*) FROM sqlite_schema", &objects, fault))
        return false;
    if (application != MIGRATE_APPLICATION_ID && (application != 0 || objects > 0))
        return fault_set(
            fault, FAULT_STORE, "the file is an SQLite database, but not a Muster store");
    if (version > STORE_SCHEMA_VERSION)
        return fault_set(fault, FAULT_STORE_NEWER,
            "the store has schema version %lld, this program knows up to %d; use the newer Muster",
            (long long)version, STORE_SCHEMA_VERSION);
    if (version == STORE_SCHEMA_VERSION)
        return true;
    if (!may_write)
        return fault_set(fault, FAULT_STORE,
            objects ? "the store is of an older Muster; run a command that writes, as muster sync"
                    : "the store is empty; run muster sync first");
    if (!sql_execute(handle, "BEGIN IMMEDIATE", fault))
        return false;
    /* Another process may have been faster. */
    bool good = pragma(handle, "PRAGMA user_version", &version, fault) &&
                (version == STORE_SCHEMA_VERSION || step(handle, version, fault)) &&
                sql_execute(handle, "COMMIT", fault);
    if (!good)
        (void)sqlite3_exec(handle->db, "ROLLBACK", NULL, NULL, NULL); /* the fault is set already */
    return good;
}
