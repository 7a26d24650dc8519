/* SPDX-License-Identifier: Apache-2.0 */
/* Steps from version to version. The first makes the tables; a later one alters them and leaves
 * the data's meaning as it was. Views, triggers and the table of kinds follow the program, not the
 * version: they are made anew wherever they are not its own. */
#include "migrate.h"

#include <sodium.h>
#include <string.h>
#include "schema.h"
#include "store/store.h"
#include "sums.h"

#define META_DERIVED "derived" /* in meta: a hash of what the program derived */

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
    {SUMS_SCHEMA, schema_sums},
    {6, schema_absent},
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

/* What the program makes of its own text, whatever the schema's version. */
static bool write_derived(struct bytes *into, struct fault *fault)
{
    if (!schema_drop_views(into, fault) || !schema_views(into, false, fault) ||
        !bytes_append_text(into, schema_triggers(), fault) ||
        !bytes_append_text(into, "DELETE FROM kinds;\n", fault))
        return false;
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (!bytes_format(into, fault, "INSERT INTO kinds VALUES(%u,'%s');\n",
                (unsigned)kind_at(i)->kind, kind_at(i)->name))
            return false;
    return true;
}

/* Whether the file has what this program derives, and no other's. */
static bool is_derived(
    struct sql_handle *handle, const struct hash256 *derived, bool *ret_same, struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(handle, SQL_META_GET, &row, fault, "z", META_DERIVED);
    if (step == SQL_FAILED)
        return false;
    struct span found = step == SQL_ROW ? sql_span(row, 0) : (struct span){NULL, 0};
    *ret_same = found.length == sizeof derived->bytes &&
                memcmp(found.data, derived->bytes, found.length) == 0;
    return true;
}

/* A handle that cannot write looks at an older or newer program's file through views of its own. */
static bool hide_views(struct sql_handle *handle, struct fault *fault)
{
    AUTO_BYTES text = {.limit = 0};
    return schema_views(&text, true, fault) && sql_execute(handle, text.data, fault);
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

/* The file as it is. */
struct present {
    int64_t version, application, objects;
    bool derived;
};

static bool look(struct sql_handle *handle, const struct hash256 *derived,
    struct present *ret_present, struct fault *fault)
{
    struct present present = {.version = 0};
    if (!pragma(handle, "PRAGMA user_version", &present.version, fault) ||
        !pragma(handle, "PRAGMA application_id", &present.application, fault) ||
        !pragma(handle, "SELECT count(*) FROM sqlite_schema", &present.objects, fault))
        return false;
    if (present.application != MIGRATE_APPLICATION_ID &&
        (present.application != 0 || present.objects > 0))
        return fault_set(
            fault, FAULT_STORE, "the file is an SQLite database, but not a Muster store");
    if (present.version > STORE_SCHEMA_VERSION)
        return fault_set(fault, FAULT_STORE_NEWER,
            "the store has schema version %lld, this program knows up to %d; use the newer Muster",
            (long long)present.version, STORE_SCHEMA_VERSION);
    if (present.version == STORE_SCHEMA_VERSION &&
        !is_derived(handle, derived, &present.derived, fault))
        return false;
    *ret_present = present;
    return true;
}

static bool step(struct sql_handle *handle, const struct present *present,
    const struct bytes *derived, const struct hash256 *hash, struct fault *fault)
{
    for (size_t i = 0; i < sizeof migrations / sizeof migrations[0]; i++)
        if (migrations[i].to > present->version && !sql_execute(handle, migrations[i].sql(), fault))
            return false;
    if (present->version < SUMS_SCHEMA && !sums_fill(handle, fault))
        return false;
    AUTO_BYTES marks = {.limit = 0};
    return sql_execute(handle, derived->data, fault) &&
           sql_run(handle, SQL_META_PUT, fault, "zb", META_DERIVED,
               (struct span){(const char *)hash->bytes, sizeof hash->bytes}) &&
           write_key(handle, fault) &&
           bytes_format(&marks, fault, "PRAGMA user_version=%d;PRAGMA application_id=%d;",
               STORE_SCHEMA_VERSION, MIGRATE_APPLICATION_ID) &&
           sql_execute(handle, marks.data, fault);
}

bool migrate(struct sql_handle *handle, bool may_write, struct fault *fault)
{
    AUTO_BYTES derived = {.limit = 0};
    struct present present = {.version = 0};
    if (!write_derived(&derived, fault))
        return false;
    const struct hash256 hash = hash_content(bytes_span(&derived));
    if (!look(handle, &hash, &present, fault))
        return false;
    if (present.derived)
        return true;
    if (!may_write && present.version == STORE_SCHEMA_VERSION)
        return hide_views(handle, fault);
    if (!may_write)
        return fault_set(fault, FAULT_STORE,
            present.objects
                ? "the store is of an older Muster; run a command that writes, as muster sync"
                : "the store is empty; run muster sync first");
    if (!sql_execute(handle, "BEGIN IMMEDIATE", fault))
        return false;
    /* Another process may have been faster, and newer. */
    bool good = look(handle, &hash, &present, fault) &&
                (present.derived || step(handle, &present, &derived, &hash, fault)) &&
                sql_execute(handle, "COMMIT", fault);
    if (!good)
        (void)sqlite3_exec(handle->db, "ROLLBACK", NULL, NULL, NULL); /* the fault is set already */
    return good;
}
