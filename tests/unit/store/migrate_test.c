/* SPDX-License-Identifier: Apache-2.0 */
/* Stores of every earlier version of the schema (stores.sql, as the program of its day made them),
 * brought up to date; and processes that die while they are. */
#include "world.h"

#include <signal.h>
#include <sys/wait.h>
#include "base/memory.h"
#include "disk.h"

#define FILE_BYTES_MAX (1 << 20)

/* ------------------------------------------------------------------ files --------------------- */

static void execute(sqlite3 *db, const char *sql)
{
    char *text = NULL;
    int code = sqlite3_exec(db, sql, NULL, NULL, &text);
    ck_assert_msg(code == SQLITE_OK, "%s: %s", sql, text ? text : "");
}

static sqlite3 *open_plain(const char *path)
{
    sqlite3 *db = NULL;
    ck_assert_int_eq(
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL), SQLITE_OK);
    return db;
}

static void remove_files(const struct world *world)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char name[128];
        (void)snprintf(name, sizeof name, "%s%s", world->path, endings[i]);
        (void)unlink(name);
    }
}

/* The statements of one version, out of those of all. */
static void pick(const char *text, int version, struct bytes *into)
{
    struct fault fault;
    long from = 0, to = 0;
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        if (strncmp(text, "-- In ", strlen("-- In ")) == 0) {
            char *rest = NULL;
            from = strtol(text + strlen("-- In "), &rest, 10);
            to = strtol(rest + strlen(" to "), NULL, 10);
        } else if (from <= version && version <= to) {
            ck_assert(bytes_append(into, (struct span){text, (size_t)(end + 1 - text)}, &fault));
        }
    }
    ck_assert_uint_gt(into->length, 0);
}

/* The world's store is closed, and its file that of another version. */
static void load(struct world *world, int version)
{
    AUTO_BYTES statements = {.limit = 0};
    char *text = memory_allocate(FILE_BYTES_MAX);
    FILE *file = fopen(TESTS_STORES, "r");
    ck_assert(file != NULL);
    text[fread(text, 1, FILE_BYTES_MAX - 1, file)] = '\0';
    ck_assert_int_eq(fclose(file), 0);
    pick(text, version, &statements);
    store_close(TAKE(world->store));
    remove_files(world);
    sqlite3 *db = open_plain(world->path);
    execute(db, "PRAGMA page_size=16384;PRAGMA journal_mode=WAL;BEGIN");
    execute(db, statements.data);
    execute(db, "COMMIT");
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    memory_free(text);
}

/* ------------------------------------------------------------------ what is in them ----------- */

static void append_rows(struct bytes *into, sqlite3 *db, const char *sql)
{
    struct fault fault;
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &row, NULL);
    ck_assert_msg(code == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    while ((code = sqlite3_step(row)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(row); i++) {
            const char *text = (const char *)sqlite3_column_text(row, i);
            ck_assert(bytes_format(into, &fault, "%s|", text ? text : ""));
        }
        ck_assert(bytes_append_char(into, '\n', &fault));
    }
    ck_assert_int_eq(code, SQLITE_DONE);
    (void)sqlite3_finalize(row);
}

static const char *keep(struct world *world, const struct bytes *text)
{
    return arena_copy_text(world->arena, text->data ? text->data : "");
}

/* Every table with its columns, as the file at `like` has them; what a program derives is not
 * said, nor the table of tokens that was never written to. */
static const char *const each_table =
    "SELECT 'SELECT '''||m.name||''',* FROM (SELECT '||(SELECT group_concat('quote('||c.name||')')"
    " FROM pragma_table_info(m.name) c)||' FROM '||m.name||CASE m.name WHEN 'meta' THEN"
    " ' WHERE name<>''derived''' ELSE '' END||' ORDER BY '||(SELECT group_concat(c.name)"
    " FROM pragma_table_info(m.name) c)||')' FROM sqlite_schema m WHERE m.type='table'"
    " AND m.name NOT IN ('kinds','tokens') AND m.name NOT LIKE 'sqlite%' ORDER BY m.name";

/* The questions that ask for every row of the tables of this file. */
static const char *questions(struct world *world)
{
    AUTO_BYTES text = {.limit = 0};
    sqlite3 *db = open_plain(world->path);
    append_rows(&text, db, each_table);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return keep(world, &text);
}

static const char *rows_of(struct world *world, const char *asked)
{
    AUTO_BYTES text = {.limit = 0};
    sqlite3 *db = open_plain(world->path);
    for (const char *end; (end = strstr(asked, "|\n")) != NULL; asked = end + 2) {
        char sql[4096];
        (void)snprintf(sql, sizeof sql, "%.*s", (int)(end - asked), asked);
        append_rows(&text, db, sql);
    }
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    ck_assert_uint_gt(text.length, 1000);
    return keep(world, &text);
}

/* What tables, columns, indexes, views and triggers there are; columns that a step added have
 * another text than those that a newer first step makes. */
static const char *schema_of(struct world *world)
{
    AUTO_BYTES text = {.limit = 0};
    sqlite3 *db = open_plain(world->path);
    append_rows(&text, db,
        "SELECT m.name,c.name,c.type,c.\"notnull\",c.dflt_value,c.pk FROM sqlite_schema m,"
        " pragma_table_info(m.name) c WHERE m.type='table' ORDER BY m.name,c.name");
    append_rows(&text, db,
        "SELECT type,name,tbl_name,CASE WHEN type='table' THEN '' ELSE sql END FROM sqlite_schema"
        " WHERE name NOT LIKE 'sqlite%' ORDER BY type,name");
    append_rows(&text, db, "SELECT * FROM kinds ORDER BY kind");
    append_rows(&text, db, "SELECT * FROM pragma_user_version,pragma_application_id");
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return keep(world, &text);
}

/* ------------------------------------------------------------------ brought up to date -------- */

START_TEST(case_every_version_ends_as_a_new_store_does_with_its_rows)
{
    struct world world;
    world_open(&world);
    const char *fresh = schema_of(&world);
    for (int version = 1; version <= STORE_SCHEMA_VERSION; version++) {
        load(&world, version);
        const char *asked = questions(&world), *rows = rows_of(&world, asked);
        world_reopen(&world);
        ck_assert_msg(strcmp(schema_of(&world), fresh) == 0, "version %d", version);
        ck_assert_str_eq(rows_of(&world, asked), rows);
        world_assert_sound(&world);
        ck_assert_str_eq(world_sql(&world, "SELECT what,count(*) FROM run GROUP BY 1"), "pull|7\n");
        ck_assert_str_eq(world_sql(&world, "SELECT letter,state,id,replay_run FROM dead_letter"),
            "1|open|x|\n2|discarded||\n3|open|y|\n");
        ck_assert_str_eq(world_sql(&world, "SELECT id,state,login FROM account ORDER BY id"),
            "a|live|anna\nb|live|l\nc|missing|l\nd|live|dora\ne|live|l\n");
    }
    world_close(&world);
}
END_TEST

START_TEST(case_work_goes_on_where_the_older_program_left_it)
{
    for (int version = 1; version <= STORE_SCHEMA_VERSION; version++) {
        struct world world;
        struct draft page;
        world_open(&world);
        load(&world, version);
        world.wall_ms = WALL + 361000;
        world_reopen(&world);
        world_round(&world);
        ck_assert(world.resumed);
        struct job_scope_begin scope =
            world_scope(&world, DIRECTORY, world_run(&world, DIRECTORY), NULL);
        ck_assert_int_eq(scope.sequence, 1);
        ck_assert_int_eq(scope.so_far.dead, 1);
        draft_begin(&world, &page, DIRECTORY, &scope, 2);
        (void)draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
        struct batch_outcome outcome = draft_commit(&world, &page);
        ck_assert_int_eq(outcome.unchanged, 1);
        world_assert_sound(&world);
        world_close(&world);
    }
}
END_TEST

/* ------------------------------------------------------------------ views and triggers -------- */

/* As another program of the same version would have left it. */
static void derive_otherwise(struct world *world)
{
    store_close(TAKE(world->store));
    sqlite3 *db = open_plain(world->path);
    execute(db, "DROP VIEW verdict;CREATE VIEW verdict AS SELECT 1 AS old;DROP VIEW run;"
                "DROP TRIGGER letters_match;DELETE FROM kinds WHERE kind>3;"
                "INSERT INTO kinds VALUES(77,'ghost');UPDATE meta SET value=x'00'"
                " WHERE name='derived'");
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

START_TEST(case_views_triggers_and_kinds_are_this_programs)
{
    struct world world;
    world_open(&world);
    const char *fresh = schema_of(&world);
    derive_otherwise(&world);
    ck_assert_str_ne(schema_of(&world), fresh);
    world_reopen(&world);
    ck_assert_str_eq(schema_of(&world), fresh);
    world_close(&world);
}
END_TEST

START_TEST(case_one_that_knows_nothing_of_them_has_them_made_too)
{
    struct world world;
    world_open(&world);
    const char *fresh = schema_of(&world);
    derive_otherwise(&world);
    sqlite3 *db = open_plain(world.path);
    execute(db, "DELETE FROM meta WHERE name='derived'");
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    world_reopen(&world);
    ck_assert_str_eq(schema_of(&world), fresh);
    world_close(&world);
}
END_TEST

/* A file that has what the program derives is not written to by opening it. */
START_TEST(case_nothing_is_written_where_nothing_differs)
{
    struct world world;
    world_open(&world);
    const char *before = world_sql(&world, "SELECT * FROM pragma_schema_version");
    world_reopen(&world);
    ck_assert_str_eq(world_sql(&world, "SELECT * FROM pragma_schema_version"), before);
    world_close(&world);
}
END_TEST

START_TEST(case_a_reader_sees_its_own_views_and_changes_nothing)
{
    struct world world;
    struct fault fault;
    const struct store_options options = {.read_only = true};
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    derive_otherwise(&world);
    const char *before = schema_of(&world);
    ck_assert_msg(store_open(world.path, &options, &world.store, &fault), "%s", fault.text);
    ck_assert_str_eq(
        world_sql(&world, "SELECT verdict,live FROM verdict WHERE kind='account'"), "partial|1\n");
    ck_assert_str_eq(world_sql(&world, "SELECT run,received FROM run"), "1|1\n");
    store_close(TAKE(world.store));
    ck_assert_str_eq(schema_of(&world), before);
    world_close(&world);
}
END_TEST

START_TEST(case_older_for_a_reader_and_newer_for_all_are_refused)
{
    struct world world;
    struct fault fault;
    struct store_options options = {.read_only = true};
    world_open(&world);
    for (int version = 1; version < STORE_SCHEMA_VERSION; version++) {
        load(&world, version);
        const char *before = schema_of(&world);
        ck_assert(!store_open(world.path, &options, &world.store, &fault));
        ck_assert_int_eq(fault.code, FAULT_STORE);
        ck_assert_msg(strstr(fault.text, "older Muster") != NULL, "%s", fault.text);
        ck_assert_str_eq(schema_of(&world), before);
    }
    load(&world, STORE_SCHEMA_VERSION);
    sqlite3 *db = open_plain(world.path);
    execute(db, "PRAGMA user_version=1000");
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    const char *before = schema_of(&world);
    for (int i = 0; i < 2; i++) {
        options.read_only = i == 0;
        ck_assert(!store_open(world.path, &options, &world.store, &fault));
        ck_assert_int_eq(fault.code, FAULT_STORE_NEWER);
        ck_assert_msg(strstr(fault.text, "use the newer Muster") != NULL, "%s", fault.text);
    }
    ck_assert_str_eq(schema_of(&world), before);
    world_close(&world);
}
END_TEST

/* ------------------------------------------------------------------ dying meanwhile ----------- */

static bool open_in_child(const struct world *world, enum disk_trouble trouble, int64_t at)
{
    int status = 0;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const struct store_options options = {.create = true};
        struct store *store;
        struct fault fault;
        disk_begin(trouble, at, false);
        if (!store_open(world->path, &options, &store, &fault))
            _exit(1);
        store_close(store);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    ck_assert_msg(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0), "operation %lld: %x",
        (long long)at, status);
    return killed;
}

/* What memory that processes shared said of the log, after the power went. */
static void reboot(const struct world *world)
{
    char name[128];
    (void)snprintf(name, sizeof name, "%s-shm", world->path);
    (void)unlink(name);
}

static void copy_files(const struct world *world, bool back)
{
    char command[320];
    (void)snprintf(command, sizeof command, back ? "cp %s.kept %s" : "cp %s %s.kept", world->path,
        world->path);
    ck_assert_int_eq(system(command), 0);
}

/* Dies at every operation; what it leaves is the old store or the new one. */
static void die_everywhere(
    struct world *world, int version, enum disk_trouble trouble, int64_t step)
{
    int64_t old = 0, done = 0;
    if (!sqlite3_vfs_find("disk"))
        disk_prepare();
    load(world, version);
    copy_files(world, false);
    const char *asked = questions(world);
    const char *before = schema_of(world), *rows = rows_of(world, asked);
    world_reopen(world);
    store_close(TAKE(world->store));
    const char *after = schema_of(world);
    ck_assert_str_ne(before, after);
    for (int64_t at = 1;; at += step) {
        remove_files(world);
        copy_files(world, true);
        if (!open_in_child(world, trouble, at))
            break;
        if (trouble != DISK_KILL)
            reboot(world);
        const char *left = schema_of(world);
        bool is_old = strcmp(left, before) == 0;
        ck_assert_msg(is_old || strcmp(left, after) == 0, "version %d, operation %lld: %s", version,
            (long long)at, left);
        old += is_old;
        done += !is_old;
        ck_assert_str_eq(rows_of(world, asked), rows);
        world_reopen(world);
        store_close(TAKE(world->store));
        ck_assert_str_eq(schema_of(world), after);
        ck_assert_str_eq(rows_of(world, asked), rows);
    }
    ck_assert_int_gt(old, 0);
    ck_assert_int_gt(done, 0);
    remove_files(world);
    char name[128];
    (void)snprintf(name, sizeof name, "%s.kept", world->path);
    (void)unlink(name);
}

START_TEST(case_who_dies_in_a_migration_leaves_the_old_store_or_the_new)
{
    struct world world;
    world_open(&world);
    die_everywhere(&world, 1, DISK_KILL, 11);
    die_everywhere(&world, 1, DISK_LOST, 17);
    die_everywhere(&world, 1, DISK_TORN, 17);
    world_close(&world);
}
END_TEST

START_TEST(case_who_dies_while_views_are_made_leaves_the_old_ones_or_the_new)
{
    struct world world;
    world_open(&world);
    die_everywhere(&world, STORE_SCHEMA_VERSION, DISK_KILL, 5);
    die_everywhere(&world, STORE_SCHEMA_VERSION, DISK_TORN, 5);
    world_close(&world);
}
END_TEST

UNIT_MAIN("migrate", case_every_version_ends_as_a_new_store_does_with_its_rows,
    case_work_goes_on_where_the_older_program_left_it,
    case_views_triggers_and_kinds_are_this_programs,
    case_one_that_knows_nothing_of_them_has_them_made_too,
    case_nothing_is_written_where_nothing_differs,
    case_a_reader_sees_its_own_views_and_changes_nothing,
    case_older_for_a_reader_and_newer_for_all_are_refused,
    case_who_dies_in_a_migration_leaves_the_old_store_or_the_new,
    case_who_dies_while_views_are_made_leaves_the_old_ones_or_the_new)
