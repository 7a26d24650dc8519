/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, locking, refusing; and what is in the file after the process was killed. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "world.h"
#include "base/memory.h"

START_TEST(case_made_with_mode_0600_and_reopened)
{
    struct world world;
    struct stat info;
    world_open(&world);
    struct hash_key key = store_key(world.store);
    ck_assert_int_eq(stat(world.path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    world_reopen(&world);
    struct hash_key again = store_key(world.store);
    ck_assert_mem_eq(&key, &again, sizeof key);
    world_close(&world);
}
END_TEST

START_TEST(case_second_host_is_refused_by_name)
{
    struct world world;
    struct store *second = NULL;
    struct fault fault;
    char expected[64];
    world_open(&world);
    struct store_options options = {.create = true, .take_lock = true};
    ck_assert(!store_open(world.path, &options, &second, &fault));
    ck_assert_int_eq(fault.code, FAULT_STORE);
    (void)snprintf(expected, sizeof expected, "process %ld", (long)getpid());
    ck_assert_msg(strstr(fault.text, expected) != NULL, "%s", fault.text);
    options = (struct store_options){.read_only = true};
    ck_assert_msg(store_open(world.path, &options, &second, &fault), "%s", fault.text);
    struct job job = {.kind = JOB_ROUND_END};
    struct job *jobs[] = {&job};
    store_execute(second, jobs, 1);
    ck_assert(!job.done);
    ck_assert_int_eq(job.fault.code, FAULT_STORE);
    store_close(second);
    world_close(&world);
}
END_TEST

START_TEST(case_what_is_no_store_is_refused)
{
    struct world world;
    struct store *other = NULL;
    struct fault fault;
    struct store_options options = {.create = false};
    world_open(&world);
    ck_assert(!store_open("/tmp/muster-there-is-none.db", &options, &other, &fault));
    ck_assert_int_eq(fault.code, FAULT_STORE);
    ck_assert(sql_execute(&world.store->sql, "PRAGMA user_version=99", &fault));
    ck_assert(!store_open(world.path, &options, &other, &fault));
    ck_assert_int_eq(fault.code, FAULT_STORE_NEWER);
    ck_assert(
        sql_execute(&world.store->sql, "PRAGMA user_version=1;PRAGMA application_id=7", &fault));
    ck_assert(!store_open(world.path, &options, &other, &fault));
    ck_assert_int_eq(fault.code, FAULT_STORE);
    store_close(TAKE(world.store));
    FILE *file = fopen(world.path, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_ge(fputs("this is no database", file), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert(!store_open(world.path, &options, &other, &fault));
    ck_assert_int_eq(fault.code, FAULT_STORE_CORRUPT);
    world_close(&world);
}
END_TEST

/* Every view has the columns of the contract, the kind's own in the order of the table of kinds. */
START_TEST(case_views_have_the_columns_of_the_table_of_kinds)
{
    struct world world;
    struct fault fault;
    world_open(&world);
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct kind *kind = kind_at(i);
        AUTO_BYTES expected = {.limit = 0};
        char sql[160];
        ck_assert(bytes_append_text(&expected,
            "connection\nstream\nid\nstate\nfirst_seen\nlast_seen\nlast_changed\nattributes\n",
            &fault));
        for (size_t f = 0; f < kind->field_count; f++)
            ck_assert(bytes_format(&expected, &fault, "%s\n", kind->fields[f].name));
        ck_assert(bytes_append_text(&expected, "field_state\n", &fault));
        (void)snprintf(sql, sizeof sql, "SELECT name FROM pragma_table_info('%s')", kind->name);
        const char *columns = world_sql(&world, sql);
        ck_assert_msg(
            strncmp(columns, expected.data, expected.length) == 0, "%s: %s", kind->name, columns);
        (void)snprintf(sql, sizeof sql,
            "SELECT count(*) FROM pragma_table_info('%s_history')"
            " WHERE name IN ('valid_from','valid_to','from_run','to_run','field_state','id')",
            kind->name);
        ck_assert_str_eq(world_sql(&world, sql), "6\n");
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%s\" JOIN \"%s_history\" USING(id)",
            kind->name, kind->name);
        ck_assert_str_eq(world_sql(&world, sql), "0\n");
    }
    static const char *const others[] = {
        "run", "scope", "batch", "dead_letter", "checkpoint", "drift", "hold", "verdict"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "SELECT count(*)>=0 FROM \"%s\"", others[i]);
        ck_assert_str_eq(world_sql(&world, sql), "1\n");
    }
    world_close(&world);
}
END_TEST

START_TEST(case_verdict_has_every_kind)
{
    struct world world;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    ck_assert_str_eq(
        world_sql(&world,
            "SELECT kind,verdict,proof,live FROM verdict WHERE kind IN ('account','group','person')"
            " ORDER BY kind"),
        "account|partial|none|1\ngroup|not collected|none|0\nperson|not collected|none|0\n");
    (void)world_list(&world, DIRECTORY, NULL, PROOF_ASSERTED, IDS("b"));
    ck_assert_str_eq(
        world_sql(&world, "SELECT verdict,proof,live,complete_as_of IS NOT NULL,gaps FROM verdict"
                          " WHERE kind='account'"),
        "asserted|asserted|2|1|\n");
    ck_assert_str_eq(world_sql(&world, "SELECT count(*) FROM verdict"), "10\n");
    world_close(&world);
}
END_TEST

START_TEST(case_last_seen_is_the_scopes_last_complete_run)
{
    struct world world;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    const char *when =
        world_sql(&world, "SELECT id,first_seen,last_seen,last_changed FROM account ORDER BY id");
    ck_assert_str_eq(when,
        "a|2026-02-02T02:40:00.000Z|2026-02-02T02:41:00.000Z|2026-02-02T02:40:00.000Z\n"
        "b|2026-02-02T02:40:00.000Z|2026-02-02T02:40:00.000Z|2026-02-02T02:41:00.000Z\n");
    world_close(&world);
}
END_TEST

/* Commits page after page until it is killed. */
static void write_until_killed(struct world *world, int report)
{
    struct draft draft;
    char id[32];
    world_reopen(world);
    world_round(world);
    struct job_scope_begin scope = world_scope(world, USERS, world_run(world, USERS), NULL);
    for (int64_t page = scope.sequence + 1;; page++) {
        draft_begin(world, &draft, USERS, &scope, page);
        char ids[40][40];
        for (int i = 0; i < 40; i++) {
            (void)snprintf(ids[i], sizeof ids[i], "p%lld-%d", (long long)page, i);
            (void)draft_record(&draft, MUSTER_ACCOUNT, ids[i], "{\"login\":\"l\"}");
        }
        draft_letter(&draft, NULL);
        (void)draft_commit(world, &draft);
        (void)snprintf(id, sizeof id, "%8lld", (long long)page);
        if (write(report, id, 8) != 8)
            _exit(1);
    }
}

START_TEST(case_killed_at_any_instant)
{
    struct world world;
    world_open(&world);
    store_close(TAKE(world.store));
    for (int round = 0; round < 5; round++) {
        int pipes[2];
        char text[9] = "";
        ck_assert_int_eq(pipe(pipes), 0);
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            write_until_killed(&world, pipes[1]);
        (void)close(pipes[1]);
        for (int i = 0; i < 3 + round; i++)
            ck_assert_int_eq(read(pipes[0], text, 8), 8);
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        while (read(pipes[0], text, 8) == 8) {
        }
        (void)close(pipes[0]);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        /* What was acknowledged is there, whole; and the next process goes on behind it. */
        world_reopen(&world);
        world_assert_sound(&world);
        world_round(&world);
        ck_assert(world.resumed);
        struct job_scope_begin scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
        ck_assert_int_ge(scope.sequence, strtoll(text, NULL, 10));
        ck_assert_int_eq(scope.so_far.created, scope.sequence * 40);
        ck_assert_int_eq(scope.so_far.dead, scope.sequence);
        ck_assert_int_eq(scope.so_far.distinct, scope.sequence * 40);
        store_close(TAKE(world.store));
    }
    world_close(&world);
}
END_TEST

UNIT_MAIN("store", case_made_with_mode_0600_and_reopened, case_second_host_is_refused_by_name,
    case_what_is_no_store_is_refused, case_views_have_the_columns_of_the_table_of_kinds,
    case_verdict_has_every_kind, case_last_seen_is_the_scopes_last_complete_run,
    case_killed_at_any_instant)
