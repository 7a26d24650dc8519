/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that somebody else than Muster changed (fault 103): in any column, by SQL on a handle of its
 * own or by a bit of the file; and what becomes of such a row when Muster goes on. */
#include "world.h"

#include <sqlite3.h>
#include "base/memory.h"

/* ------------------------------------------------------------------ behind the host's back ---- */

static sqlite3 *open_plain(const struct world *world)
{
    sqlite3 *db = NULL;
    ck_assert_int_eq(sqlite3_open_v2(world->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    (void)sqlite3_exec(db, "PRAGMA ignore_check_constraints=ON", NULL, NULL, NULL);
    return db;
}

static int change(sqlite3 *db, const char *sql)
{
    char *text = NULL;
    int code = sqlite3_exec(db, sql, NULL, NULL, &text);
    ck_assert_msg(code == SQLITE_OK, "%s: %s", sql, text ? text : "");
    return sqlite3_changes(db);
}

static void hand(const struct world *world, const char *sql)
{
    sqlite3 *db = open_plain(world);
    ck_assert_int_gt(change(db, sql), 0);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

struct heard {
    const char *wanted;
    int64_t count, wanted_count;
    char last[512];
};

static void hear(void *context, const char *sentence)
{
    struct heard *heard = context;
    heard->count++;
    heard->wanted_count += strstr(sentence, heard->wanted) != NULL;
    (void)snprintf(heard->last, sizeof heard->last, "%s", sentence);
}

static struct heard audited(struct world *world, const char *wanted)
{
    struct heard heard = {.wanted = wanted};
    struct fault fault = {FAULT_NONE, ""};
    int64_t batches, breaks;
    ck_assert_msg(
        store_audit(world->store, hear, &heard, &batches, &breaks, &fault), "%s", fault.text);
    return heard;
}

#define NAMES(world, words)                                                    \
    do {                                                                       \
        struct heard heard_ = audited(world, words);                           \
        ck_assert_msg(heard_.wanted_count == 1, "%s: %s", words, heard_.last); \
    } while (0)

/* ------------------------------------------------------------------ a store with every row ---- */

static void put(struct world *world, size_t stream, const char *parent, const char *id,
    const char *fields, const char *letter)
{
    struct draft draft;
    uint32_t kind = world_streams[stream].yields.items[0].kind;
    world_round(world);
    int64_t run = world_run(world, stream);
    struct job_scope_begin scope = world_scope(world, stream, run, parent);
    draft_begin(world, &draft, stream, &scope, 1);
    (void)draft_record(&draft, kind, id, fields);
    if (letter)
        draft_letter(&draft, letter);
    (void)draft_commit(world, &draft);
    (void)world_scope_end(world, &scope, letter ? PROOF_PARTIAL : PROOF_PROVEN);
    (void)world_run_end(world, run, letter ? PROOF_PARTIAL : PROOF_PROVEN);
    world_round_end(world);
}

/* Rows in every table that has sums; "a" alone has a history, "s" is of two streams. */
static void fill(struct world *world)
{
    world_open(world);
    put(world, USERS, NULL, "a", "{\"login\":\"anna\"}", "x");
    put(world, USERS, NULL, "a", "{\"login\":\"anne\"}", NULL);
    put(world, DIRECTORY, NULL, "s", "{\"login\":\"sara\"}", NULL);
    put(world, BADGES, NULL, "s", "{\"employee_id\":\"7\"}", NULL);
    put(world, GROUPS, NULL, "g", "{\"name\":\"g\"}", NULL);
    put(world, MEMBERS, "g", "m", "{\"subject_id\":\"a\"}", NULL);
    (void)world_list(
        world, CHANGES, NULL, PROOF_PROVEN, IDS("1", "2", "3", "4", "5", "6", "7", "8", "9"));
    (void)world_list(world, CHANGES, NULL, PROOF_PROVEN, IDS("1"));
    world_assert_sound(world);
}

/* ------------------------------------------------------------------ every column -------------- */

/* Columns of these tables that have other witnesses, or on which nothing rests. */
static const char *const uncovered[] = {"streams.shapes_run", /* drift's */
    "scopes.live", "scopes.missing", "scopes.filtered", "runs.requests", "runs.retries",
    "runs.throttled_ms", "runs.present_before", "runs.absent", "scope_runs.position",
    "scope_runs.bookmark", "scope_runs.sequence", "scope_runs.seen_after", "scope_runs.live_before",
    "scope_runs.withdrawn", "scope_runs.pages", "scope_runs.received", "scope_runs.created",
    "scope_runs.changed", "scope_runs.unchanged", "scope_runs.duplicate", "scope_runs.filtered",
    "scope_runs.dead", "scope_runs.reappeared", "scope_runs.conflicts", "scope_runs.unreadable",
    "scope_runs.distinct_items", "object_history.version"};

static bool is_uncovered(const char *table, const char *column)
{
    char name[128];
    (void)snprintf(name, sizeof name, "%s.%s", table, column);
    for (size_t i = 0; i < sizeof uncovered / sizeof uncovered[0]; i++)
        if (strcmp(uncovered[i], name) == 0)
            return true;
    return false;
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *row = NULL;
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK, "%s", sql);
    ck_assert_msg(sqlite3_step(row) == SQLITE_ROW, "%s", sql);
    int64_t found = sqlite3_column_int64(row, 0);
    (void)sqlite3_finalize(row);
    return found;
}

/* What a value may become: another of its type, of another type, nothing. */
static const char *const others[] = {
    "CASE typeof(c) WHEN 'integer' THEN c+1048576 WHEN 'text' THEN c||' ' WHEN 'blob' THEN"
    " CAST('!'||c AS BLOB) ELSE 1 END",
    "CASE typeof(c) WHEN 'text' THEN CAST(c AS BLOB) WHEN 'blob' THEN CAST(c AS TEXT) WHEN"
    " 'integer' THEN -c-1 ELSE '' END",
    "CASE WHEN c IS NULL THEN 0 END"};

/* Changes one value of one row in every way; the row is known by its sum, which stays. */
static void change_column(
    struct world *world, sqlite3 *db, const char *table, const char *column, bool covered)
{
    char sql[1024], wanted[128];
    int done = 0;
    (void)snprintf(sql, sizeof sql, "SELECT max(sum) FROM %s", table);
    long long sum = (long long)number(db, sql);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        (void)snprintf(sql, sizeof sql,
            "DROP TABLE IF EXISTS kept.row;CREATE TABLE kept.row AS SELECT c,%s AS other FROM"
            " (SELECT %s AS c FROM %s WHERE sum=%lld)",
            others[i], column, table, sum);
        (void)change(db, sql);
        (void)snprintf(sql, sizeof sql,
            "UPDATE OR IGNORE %s SET %s=(SELECT other FROM kept.row) WHERE sum=%lld", table, column,
            sum);
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK || sqlite3_changes(db) == 0)
            continue; /* what the table's own constraints refuse */
        (void)snprintf(wanted, sizeof wanted, "%s ", table);
        struct heard heard = audited(world, "this row is not as it was written");
        ck_assert_msg((heard.wanted_count == 1) == covered, "%s.%s, way %zu: %lld", table, column,
            i, (long long)heard.wanted_count);
        ck_assert_msg(!covered || strncmp(heard.last, wanted, strlen(wanted)) == 0, "%s.%s: %s",
            table, column, heard.last);
        (void)snprintf(sql, sizeof sql, "UPDATE %s SET %s=(SELECT c FROM kept.row) WHERE sum=%lld",
            table, column, sum);
        done += change(db, sql);
    }
    ck_assert_msg(done > 0, "%s.%s was never changed", table, column);
}

START_TEST(case_every_column_is_covered_or_said_not_to_be)
{
    static const char *const tables[] = {"connections", "declarations", "mappings", "streams",
        "scopes", "runs", "scope_runs", "holds", "dead_letters", "objects", "contributions",
        "object_history"};
    struct world world;
    fill(&world);
    sqlite3 *db = open_plain(&world), *names = open_plain(&world);
    (void)change(db, "ATTACH ':memory:' AS kept");
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char sql[128];
        sqlite3_stmt *column = NULL;
        (void)snprintf(sql, sizeof sql,
            "SELECT name FROM pragma_table_info('%s') WHERE name<>'sum'", tables[i]);
        ck_assert_int_eq(sqlite3_prepare_v2(names, sql, -1, &column, NULL), SQLITE_OK);
        while (sqlite3_step(column) == SQLITE_ROW) {
            const char *name = (const char *)sqlite3_column_text(column, 0);
            change_column(&world, db, tables[i], name, !is_uncovered(tables[i], name));
        }
        (void)sqlite3_finalize(column);
    }
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(names), SQLITE_OK);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_the_sentence_names_the_row)
{
    static const char *const edits[][2] = {
        {"UPDATE objects SET fields=replace(fields,'sara','sarb') WHERE id='s'",
            "objects 2 (account \"s\" of acme): this row is not as it was written; muster audit "
            "--repair"},
        {"UPDATE object_history SET raw='x' WHERE version=1",
            "object_history 1 (of object 1, account \"a\" of acme): this row is not as"},
        {"UPDATE contributions SET fields='{}' WHERE scope=3",
            "contributions 3 (of object 2, account \"s\" of acme): this row is not"},
        {"UPDATE dead_letters SET raw=x'00'", "dead_letters 1 (of stream users of acme): this"},
        {"UPDATE holds SET count=1", "holds 1 (of stream changes of acme): this row is not"},
        {"UPDATE streams SET complete_proof=2 WHERE name='users'",
            "streams 1 (stream users of acme): this row is not"},
        {"INSERT INTO mappings(connection,kind,streams,declaration) VALUES(1,9,'[]',1)",
            "(of acme): this row is not as it was written, or was made of such a row; restore"},
        {"UPDATE runs SET proof=2 WHERE run=2", "runs 2 (of stream users of acme): this row"},
        {"UPDATE objects SET id=id||char(10)||'broken: no' WHERE id='g'",
            "objects 3 (group \"g\\nbroken: no\" of acme): this row"},
    };
    struct world world;
    fill(&world);
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        hand(&world, edits[i][0]);
        NAMES(&world, edits[i][1]);
    }
    world_close(&world);
}
END_TEST

/* ------------------------------------------------------------------ bits of the file ---------- */

/* All that rows with sums say. */
static char *said(const struct world *world)
{
    static const char *const questions[] = {"SELECT * FROM objects", "SELECT * FROM contributions",
        "SELECT * FROM object_history", "SELECT * FROM dead_letters", "SELECT * FROM holds",
        "SELECT * FROM streams", "SELECT * FROM mappings", "SELECT * FROM runs"};
    struct fault fault;
    struct bytes text = {.limit = 0};
    sqlite3 *db = open_plain(world);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        sqlite3_stmt *row = NULL;
        if (sqlite3_prepare_v2(db, questions[i], -1, &row, NULL) != SQLITE_OK)
            break;
        while (sqlite3_step(row) == SQLITE_ROW)
            for (int at = 0; at < sqlite3_column_count(row); at++) {
                const void *data = sqlite3_column_blob(row, at);
                struct span value = {data, (size_t)sqlite3_column_bytes(row, at)};
                ck_assert(bytes_format(&text, &fault, "%d:", sqlite3_column_type(row, at)) &&
                          bytes_append(&text, value, &fault));
            }
        (void)sqlite3_finalize(row);
    }
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return text.data;
}

static void flip(const struct world *world, long bit)
{
    FILE *file = fopen(world->path, "r+");
    ck_assert(file && fseek(file, bit / 8, SEEK_SET) == 0);
    int byte = fgetc(file);
    ck_assert(fseek(file, bit / 8, SEEK_SET) == 0);
    ck_assert(fputc(byte ^ 1 << bit % 8, file) != EOF);
    ck_assert_int_eq(fclose(file), 0);
}

static bool passes(const struct world *world)
{
    const struct store_options options = {.read_only = true};
    struct store *store = NULL;
    struct fault fault;
    struct heard heard = {.wanted = ""};
    int64_t batches, breaks = 0;
    if (!store_open(world->path, &options, &store, &fault))
        return false;
    bool good = store_audit(store, hear, &heard, &batches, &breaks, &fault);
    store_close(store);
    return good && breaks == 0;
}

/* Whatever a flipped bit does, the rows say what they said, or the audit does not pass. */
START_TEST(case_no_bit_of_a_row_changes_unnoticed)
{
    enum { FLIPS = 160 };
    struct world world;
    fill(&world);
    store_close(TAKE(world.store));
    char *before = said(&world);
    size_t noticed = 0;
    FILE *file = fopen(world.path, "r");
    ck_assert(file && fseek(file, 0, SEEK_END) == 0);
    long bits = 8 * ftell(file);
    (void)fclose(file);
    for (long i = 0; i < FLIPS; i++) {
        long bit = i * (bits / FLIPS) + i % 8 + 8 * (i * 7919 % (bits / FLIPS / 8));
        flip(&world, bit);
        if (passes(&world)) {
            char *after = said(&world);
            ck_assert_msg(strcmp(after, before) == 0, "bit %ld goes unnoticed", bit);
            memory_free(after);
        } else {
            noticed++;
        }
        flip(&world, bit);
    }
    ck_assert_uint_gt(noticed, 0);
    memory_free(before);
    world_reopen(&world);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* Every bit of one row's text, found in the file by what it says. */
START_TEST(case_every_bit_of_a_text_is_noticed)
{
    static const char text[] = "{\"login\":\"sara\"}";
    struct world world;
    fill(&world);
    store_close(TAKE(world.store));
    static char bytes[4 << 20];
    FILE *file = fopen(world.path, "r");
    size_t length = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    ck_assert(length > 0 && length < sizeof bytes && fclose(file) == 0);
    size_t found = 0;
    for (size_t at = 0; at + sizeof text < length; at++) {
        if (memcmp(bytes + at, text, sizeof text - 1) != 0)
            continue;
        found++;
        for (size_t bit = 0; bit < 8 * (sizeof text - 1); bit += 11) {
            flip(&world, (long)(8 * at + bit));
            ck_assert_msg(!passes(&world), "bit %zu of the text at %zu", bit, at);
            flip(&world, (long)(8 * at + bit));
        }
    }
    ck_assert_uint_ge(found, 3); /* attributes, and fields of object and contribution */
    world_reopen(&world);
    world_close(&world);
}
END_TEST

/* ------------------------------------------------------------------ what becomes of them ------ */

START_TEST(case_another_state_makes_no_row_whole)
{
    struct world world;
    fill(&world);
    hand(&world, "UPDATE objects SET fields='{}' WHERE id='a'");
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("b"));
    ck_assert_str_eq(world_sql(&world, "SELECT state FROM account WHERE id='a'"), "missing\n");
    NAMES(&world, "objects 1 (account \"a\"");
    NAMES(&world, "object_history 3 (of object 1");
    ck_assert_int_eq(audited(&world, "").count, 2);
    world_close(&world);
}
END_TEST

START_TEST(case_new_content_does_and_the_version_before_stays_damaged)
{
    struct world world;
    fill(&world);
    hand(&world, "UPDATE objects SET fields='{}' WHERE id='a'");
    put(&world, USERS, NULL, "a", "{\"login\":\"new\"}", NULL);
    NAMES(&world, "object_history 3 (of object 1");
    ck_assert_int_eq(audited(&world, "").count, 1);
    world_close(&world);
}
END_TEST

START_TEST(case_what_is_merged_of_a_damaged_row_does_not_fit)
{
    struct world world;
    fill(&world);
    hand(&world, "UPDATE contributions SET fields='{\"employee_id\":\"8\"}' WHERE scope=3");
    put(&world, DIRECTORY, NULL, "s", "{\"login\":\"sarah\"}", NULL);
    ck_assert_str_eq(
        world_sql(&world, "SELECT login,employee_id FROM account WHERE id='s'"), "sarah|8\n");
    NAMES(&world, "contributions 3 (of object 2");
    NAMES(&world, "objects 2 (account \"s\" of acme): this row is not as it was written, or was");
    put(&world, BADGES, NULL, "s", "{\"employee_id\":\"9\"}", NULL);
    put(&world, DIRECTORY, NULL, "s", "{\"login\":\"sarai\"}", NULL);
    ck_assert_int_eq(audited(&world, "object_history").wanted_count, audited(&world, "").count);
    world_close(&world);
}
END_TEST

START_TEST(case_a_shared_row_takes_the_damage_along)
{
    struct world world;
    fill(&world);
    hand(&world, "UPDATE objects SET fields='{}' WHERE id='a'");
    put(&world, DIRECTORY, NULL, "a", "{\"login\":\"d\"}", NULL);
    NAMES(&world, "contributions 1 (of object 1");
    world_close(&world);
}
END_TEST

/* ------------------------------------------------------------------ what is shown of them ----- */

static bool ignore(void *context, const char *const *names, const struct cell *cells, size_t count)
{
    (void)names, (void)cells, (void)count;
    ++*(int *)context;
    return true;
}

static enum fault_code exported(struct world *world, int64_t as_of_ms, int *ret_rows)
{
    struct fault fault = {FAULT_NONE, ""};
    const struct export_options options = {
        .kind = kind_by_number(MUSTER_ACCOUNT), .as_of_ms = as_of_ms};
    *ret_rows = 0;
    if (!query_export(world->store, &options, ignore, ret_rows, &fault))
        ck_assert_msg(strstr(fault.text, "not as it was written") != NULL, "%s", fault.text);
    return fault.code;
}

START_TEST(case_an_export_of_damaged_rows_is_refused)
{
    static const char *const edits[] = {"UPDATE objects SET kind=3 WHERE id='a'",
        "UPDATE mappings SET states='{\"email\":\"absent\"}'"};
    struct world world;
    int rows;
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        fill(&world);
        ck_assert_int_eq(exported(&world, TIMESTAMP_NONE, &rows), FAULT_NONE);
        ck_assert_int_eq(rows, 2);
        hand(&world, edits[i]);
        ck_assert_int_eq(exported(&world, TIMESTAMP_NONE, &rows), FAULT_STORE_CORRUPT);
        ck_assert_int_eq(rows, 0);
        world_close(&world);
    }
    fill(&world);
    hand(&world, "UPDATE object_history SET fields='{}'");
    ck_assert_int_eq(exported(&world, TIMESTAMP_NONE, &rows), FAULT_NONE);
    ck_assert_int_eq(exported(&world, WALL, &rows), FAULT_STORE_CORRUPT);
    world_close(&world);
}
END_TEST

START_TEST(case_a_damaged_letter_is_not_shown_and_stays_damaged)
{
    struct world world;
    struct fault fault;
    int rows = 0;
    fill(&world);
    put(&world, USERS, NULL, "a", "{\"login\":\"anne\"}", "y");
    ck_assert(query_run(world.store, QUERY_DEAD_ONE, "2", ignore, &rows, &fault));
    hand(&world, "UPDATE dead_letters SET raw=CAST('{\"bad\":3}' AS BLOB) WHERE letter=2");
    ck_assert(!query_run(world.store, QUERY_DEAD_ONE, "2", ignore, &rows, &fault));
    ck_assert_int_eq(fault.code, FAULT_STORE_CORRUPT);
    ck_assert_msg(strstr(fault.text, "dead letter 2 ") != NULL, "%s", fault.text);
    ck_assert_int_eq(rows, 1);
    ck_assert(store_dead_discard(world.store, 2, "me", "damaged", WALL, &fault));
    NAMES(&world, "dead_letters 2 ");
    ck_assert(query_run(world.store, QUERY_DEAD_ONE, "1", ignore, &rows, &fault));
    world_close(&world);
}
END_TEST

/* Of its own scope, and of several. */
START_TEST(case_a_repair_has_damaged_objects_written_anew)
{
    struct world world;
    struct fault fault;
    fill(&world);
    hand(&world, "UPDATE objects SET fields='{}' WHERE id IN ('a','s','g')");
    put(&world, USERS, NULL, "a", "{\"login\":\"anne\"}", NULL);
    put(&world, DIRECTORY, NULL, "s", "{\"login\":\"sara\"}", NULL);
    NAMES(&world, "objects 1 (account \"a\"");
    NAMES(&world, "objects 2 (account \"s\"");
    ck_assert(store_audit_repair(world.store, &fault));
    put(&world, USERS, NULL, "a", "{\"login\":\"anne\"}", NULL);
    put(&world, DIRECTORY, NULL, "s", "{\"login\":\"sara\"}", NULL);
    ck_assert_str_eq(
        world_sql(&world, "SELECT login,employee_id FROM account ORDER BY id"), "anne|\nsara|7\n");
    ck_assert_int_eq(audited(&world, "objects 1 ").wanted_count, 0);
    ck_assert_int_eq(audited(&world, "objects 2 ").wanted_count, 0);
    NAMES(&world, "objects 3 (group \"g\"");
    ck_assert_int_eq(audited(&world, "object_history ").wanted_count, 2);
    world_close(&world);
}
END_TEST

/* What fits is left as it is: a repair costs no writing where nothing is damaged. */
START_TEST(case_a_repair_leaves_whole_objects_alone)
{
    static const char kept[] = "SELECT count(*) FROM objects WHERE content_hash IS NOT NULL";
    struct world world;
    struct fault fault;
    fill(&world);
    char before[32];
    (void)snprintf(before, sizeof before, "%s", world_sql(&world, kept));
    ck_assert(store_audit_repair(world.store, &fault));
    ck_assert_str_eq(world_sql(&world, kept), before);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* Whom it makes missing is what it holds. */
START_TEST(case_a_damaged_hold_can_only_be_rejected)
{
    static const char live[] = "SELECT count(*) FROM role WHERE state='live'";
    struct world world;
    struct fault fault;
    int64_t decided;
    fill(&world);
    hand(&world, "UPDATE holds SET after_batch=after_batch+1");
    ck_assert(!store_hold_decide(world.store, 1, true, "eve", WALL, &fault));
    ck_assert_int_eq(fault.code, FAULT_STORE_CORRUPT);
    ck_assert_msg(strstr(fault.text, "hold 1 ") != NULL, "%s", fault.text);
    int64_t run = strtoll(world_sql(&world, "SELECT run FROM holds"), NULL, 10);
    ck_assert(!store_hold_decide_run(world.store, run, true, "eve", WALL, &decided, &fault));
    ck_assert_str_eq(world_sql(&world, live), "9\n");
    ck_assert(store_hold_decide(world.store, 1, false, "eve", WALL, &fault));
    (void)world_list(&world, CHANGES, NULL, PROOF_PROVEN, IDS("1"));
    ck_assert(store_hold_decide(world.store, 2, true, "eve", WALL, &fault));
    ck_assert_str_eq(world_sql(&world, live), "1\n");
    world_close(&world);
}
END_TEST

UNIT_MAIN("sums", case_every_column_is_covered_or_said_not_to_be, case_the_sentence_names_the_row,
    case_no_bit_of_a_row_changes_unnoticed, case_every_bit_of_a_text_is_noticed,
    case_another_state_makes_no_row_whole,
    case_new_content_does_and_the_version_before_stays_damaged,
    case_what_is_merged_of_a_damaged_row_does_not_fit, case_a_shared_row_takes_the_damage_along,
    case_an_export_of_damaged_rows_is_refused, case_a_damaged_letter_is_not_shown_and_stays_damaged,
    case_a_damaged_hold_can_only_be_rejected, case_a_repair_has_damaged_objects_written_anew,
    case_a_repair_leaves_whole_objects_alone)
