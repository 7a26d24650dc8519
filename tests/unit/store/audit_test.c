/* SPDX-License-Identifier: Apache-2.0 */
/* Hand-made changes to the books are found, whichever column they touch. */
#include "world.h"

static void fill(struct world *world)
{
    struct draft draft;
    world_open(world);
    (void)world_list(world, USERS, NULL, PROOF_PROVEN, IDS("a", "b", "c"));
    world_round(world);
    struct job_scope_begin scope = world_scope(world, USERS, world_run(world, USERS), NULL);
    draft_begin(world, &draft, USERS, &scope, 1);
    (void)draft_record(&draft, MUSTER_ACCOUNT, "a", "{\"login\":\"other\"}");
    (void)draft_record(&draft, MUSTER_ACCOUNT, "d", "{\"login\":\"l\"}");
    draft_letter(&draft, "x");
    (void)draft_commit(world, &draft);
    draft_begin(world, &draft, USERS, &scope, 2);
    (void)draft_record(&draft, MUSTER_ACCOUNT, "b", "{\"login\":\"l\"}");
    (void)draft_commit(world, &draft);
    world_assert_sound(world);
}

START_TEST(case_every_column_of_the_ledger)
{
    static const char *const columns[] = {"run=99", "scope=99", "sequence=9", "epoch=1",
        "received=9", "created=9", "changed=9", "unchanged=9", "duplicate=9", "filtered=9",
        "dead=9", "reappeared=1", "conflicts=1", "unreadable=9", "orphans=1", "distinct_items=9",
        "seen_count=9", "seen=x'0000'", "position=x'41'", "bookmark=x'41'", "at_ms=1",
        "link=zeroblob(32)", "created=0,changed=2"};
    struct world world;
    struct fault fault;
    fill(&world);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        char sql[256], first[512];
        (void)snprintf(sql, sizeof sql,
            "PRAGMA ignore_check_constraints=ON;UPDATE batches SET %s WHERE batch=2", columns[i]);
        ck_assert_msg(
            sql_execute(&world.store->sql, sql, &fault), "%s: %s", columns[i], fault.text);
        ck_assert_msg(world_audit(&world, first) > 0, "%s was not found", columns[i]);
        ck_assert_msg(strstr(first, "batch 2") != NULL, "%s: %s", columns[i], first);
        world_close(&world);
        fill(&world);
    }
    world_close(&world);
}
END_TEST

START_TEST(case_rows_that_are_gone_and_sums_that_lie)
{
    static const char *const edits[] = {"DELETE FROM batches WHERE batch=1",
        "DELETE FROM batches WHERE batch=3", "DELETE FROM dead_letters",
        "UPDATE dead_letters SET records=2",
        "UPDATE scope_runs SET created=9,received=11 WHERE run=2", "UPDATE scopes SET live=99",
        "UPDATE tallies SET count=99", "DELETE FROM objects WHERE object=1",
        "UPDATE objects SET state=2 WHERE object=1", "UPDATE recent_lookups SET hash=hash+1",
        "UPDATE recent_lookups SET object=object+10",
        "UPDATE meta SET value=zeroblob(32) WHERE name='head'"};
    struct world world;
    struct fault fault;
    fill(&world);
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char first[512];
        ck_assert_msg(sql_execute(&world.store->sql, "PRAGMA ignore_check_constraints=ON", &fault),
            "%s", fault.text);
        ck_assert_msg(
            sql_execute(&world.store->sql, edits[i], &fault), "%s: %s", edits[i], fault.text);
        ck_assert_msg(world_audit(&world, first) > 0, "%s was not found", edits[i]);
        world_close(&world);
        fill(&world);
    }
    world_close(&world);
}
END_TEST

START_TEST(case_one_break_is_told_once)
{
    struct world world;
    struct fault fault;
    char first[512];
    fill(&world);
    ck_assert(
        sql_execute(&world.store->sql, "UPDATE batches SET at_ms=at_ms+1 WHERE batch=1", &fault));
    ck_assert_int_eq(world_audit(&world, first), 1);
    ck_assert_ptr_nonnull(strstr(first, "batch 1 "));
    world_close(&world);
}
END_TEST

START_TEST(case_an_empty_store_is_sound)
{
    struct world world;
    world_open(&world);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

UNIT_MAIN("audit", case_every_column_of_the_ledger, case_rows_that_are_gone_and_sums_that_lie,
    case_one_break_is_told_once, case_an_empty_store_is_sound)
