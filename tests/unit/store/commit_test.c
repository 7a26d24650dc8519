/* SPDX-License-Identifier: Apache-2.0 */
/* Every outcome of a record, and what a batch that is wrong cannot do. */
#include "world.h"

/* A round that is open, with one scope of `users`. */
static struct job_scope_begin open_users(struct world *world)
{
    world_round(world);
    return world_scope(world, USERS, world_run(world, USERS), NULL);
}

START_TEST(case_created_then_unchanged_then_changed)
{
    struct world world;
    struct draft page;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b", "c"));
    struct job_scope_begin scope = open_users(&world);
    ck_assert_int_eq(scope.live_before, 3);
    draft_begin(&world, &page, USERS, &scope, 1);
    (void)draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    (void)draft_record(&page, MUSTER_ACCOUNT, "b", "{\"login\":\"other\"}");
    (void)draft_record(&page, MUSTER_ACCOUNT, "d", "{\"login\":\"l\"}");
    struct batch_outcome outcome = draft_commit(&world, &page);
    ck_assert_int_eq(outcome.unchanged, 1);
    ck_assert_int_eq(outcome.changed, 1);
    ck_assert_int_eq(outcome.created, 1);
    ck_assert_int_eq(outcome.distinct, 3);
    ck_assert_str_eq(world_sql(&world, "SELECT id,state,login FROM account ORDER BY id"),
        "a|live|l\nb|live|other\nc|live|l\nd|live|l\n");
    ck_assert_str_eq(
        world_sql(&world, "SELECT id,login FROM account_history WHERE valid_to IS NOT NULL"),
        "b|l\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_duplicate_and_conflict)
{
    struct world world;
    struct draft page;
    world_open(&world);
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    (void)draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    (void)draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    struct batch_outcome outcome = draft_commit(&world, &page);
    ck_assert_int_eq(outcome.duplicate, 1);
    ck_assert_int_eq(outcome.conflicts, 0);
    draft_begin(&world, &page, USERS, &scope, 2);
    (void)draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"newest\"}");
    outcome = draft_commit(&world, &page);
    ck_assert_int_eq(outcome.duplicate, 1);
    ck_assert_int_eq(outcome.conflicts, 1);
    ck_assert_int_eq(outcome.distinct, 1);
    ck_assert_str_eq(world_sql(&world, "SELECT login FROM account"), "newest\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_same_new_object_twice_in_one_group)
{
    struct world world;
    struct draft first, second;
    world_open(&world);
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &first, USERS, &scope, 1);
    (void)draft_record(&first, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    draft_begin(&world, &second, USERS, &scope, 2);
    (void)draft_record(&second, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    (void)draft_record(&second, MUSTER_ACCOUNT, "b", "{\"login\":\"l\"}");
    struct job jobs[2] = {{.kind = JOB_COMMIT, .commit = {.batch = &first.batch}},
        {.kind = JOB_COMMIT, .commit = {.batch = &second.batch}}};
    struct job *list[] = {&jobs[0], &jobs[1]};
    store_execute(world.store, list, 2);
    ck_assert(jobs[0].done && jobs[1].done);
    ck_assert_int_eq(jobs[1].commit.outcome.duplicate, 1);
    ck_assert_int_eq(jobs[1].commit.outcome.created, 1);
    ck_assert_int_eq(jobs[1].commit.live, 2);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_dead_and_filtered)
{
    struct world world;
    struct draft page;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    draft_letter(&page, "a");
    draft_letter(&page, NULL);
    draft_letter(&page, "unknown");
    draft_filtered(&page, "b");
    draft_filtered(&page, "robot");
    struct batch_outcome outcome = draft_commit(&world, &page);
    ck_assert_int_eq(outcome.dead, 3);
    ck_assert_int_eq(outcome.filtered, 2);
    ck_assert_int_eq(outcome.unreadable, 1);
    ck_assert_int_eq(outcome.distinct, 4);
    ck_assert_str_eq(world_sql(&world, "SELECT id,state,mapping FROM account ORDER BY id"),
        "a|live|failed\nb|filtered|ok\n");
    ck_assert_str_eq(
        world_sql(&world,
            "SELECT id,reason,pointer,state,page,raw FROM dead_letter ORDER BY letter LIMIT 1"),
        "a|field_missing|/login|open|1|{\"bad\":1}\n");
    world_assert_sound(&world);
    /* Nothing of this is absence: dead and filtered ids were seen. */
    struct job_scope_end end = world_scope_end(&world, &scope, PROOF_PROVEN);
    ck_assert_int_eq(end.missing, 0);
    world_close(&world);
}
END_TEST

START_TEST(case_tombstone_and_reappearance)
{
    struct world world;
    struct draft page;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    draft_record(&page, MUSTER_ACCOUNT, "a", NULL)->tombstone = true;
    draft_record(&page, MUSTER_ACCOUNT, "never", NULL)->tombstone = true;
    struct batch_outcome outcome = draft_commit(&world, &page);
    ck_assert_int_eq(outcome.changed, 1);
    ck_assert_int_eq(outcome.unchanged, 1);
    ck_assert_str_eq(world_sql(&world, "SELECT state,evidence FROM account WHERE id='a'"),
        "deleted|tombstone\n");
    draft_begin(&world, &page, USERS, &scope, 2);
    (void)draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    outcome = draft_commit(&world, &page);
    ck_assert_int_eq(outcome.changed, 1);
    ck_assert_int_eq(outcome.reappeared, 1);
    ck_assert_str_eq(
        world_sql(&world,
            "SELECT state FROM account_history WHERE id='a' ORDER BY valid_from,to_run IS NULL"),
        "live\ndeleted\nlive\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* A page boundary moved, and the same tombstone came again: seen once, a duplicate then. */
START_TEST(case_tombstone_twice_is_a_duplicate)
{
    struct world world;
    struct draft page;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    struct job_scope_begin scope = open_users(&world);
    for (int64_t sequence = 1; sequence <= 2; sequence++) {
        draft_begin(&world, &page, USERS, &scope, sequence);
        draft_record(&page, MUSTER_ACCOUNT, "a", NULL)->tombstone = true;
        draft_record(&page, MUSTER_ACCOUNT, "never", NULL)->tombstone = true;
        struct batch_outcome outcome = draft_commit(&world, &page);
        ck_assert_int_eq(outcome.duplicate, sequence == 1 ? 0 : 2);
        ck_assert_int_eq(outcome.changed + outcome.unchanged, sequence == 1 ? 2 : 0);
    }
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_seen_and_then_gone_is_not_an_accident)
{
    struct world world;
    struct draft page;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    (void)draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    (void)draft_commit(&world, &page);
    draft_begin(&world, &page, USERS, &scope, 2);
    draft_record(&page, MUSTER_ACCOUNT, "a", NULL)->tombstone = true;
    (void)draft_commit(&world, &page);
    /* One seen, one present: the counts agree, and b is missing all the same. */
    struct job_scope_end end = world_scope_end(&world, &scope, PROOF_PROVEN);
    ck_assert_int_eq(end.missing, 1);
    ck_assert_str_eq(
        world_sql(&world, "SELECT id,state FROM account ORDER BY id"), "a|deleted\nb|missing\n");
    world_close(&world);
}
END_TEST

START_TEST(case_incarnation_makes_another_object)
{
    struct world world;
    struct draft page;
    world_open(&world);
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    draft_record(&page, MUSTER_ACCOUNT, "7", "{\"login\":\"old\"}")->incarnation = SPAN("2001");
    (void)draft_commit(&world, &page);
    draft_begin(&world, &page, USERS, &scope, 2);
    draft_record(&page, MUSTER_ACCOUNT, "7", "{\"login\":\"new\"}")->incarnation = SPAN("2024");
    ck_assert_int_eq(draft_commit(&world, &page).created, 1);
    ck_assert_str_eq(world_sql(&world, "SELECT incarnation,login FROM account ORDER BY 1"),
        "2001|old\n2024|new\n");
    ck_assert_str_eq(world_sql(&world, "SELECT kind,stream FROM drift"), "id_reused|users\n");
    world_close(&world);
}
END_TEST

/* Fault 79: the id is somebody else's now. A new object, and flagged; the earlier one is over, by
 * name, and its history stays its own. */
START_TEST(case_reused_id_ends_its_earlier_holder)
{
    struct world world;
    struct draft page;
    world_open(&world);
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    draft_record(&page, MUSTER_ACCOUNT, "7", "{\"login\":\"old\"}")->incarnation = SPAN("2001");
    (void)draft_record(&page, MUSTER_ACCOUNT, "8", "{\"login\":\"l\"}");
    (void)draft_commit(&world, &page);
    (void)world_scope_end(&world, &scope, PROOF_PROVEN);
    (void)world_run_end(&world, scope.run, PROOF_PROVEN);
    world_round_end(&world);
    world_round(&world);
    scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    draft_begin(&world, &page, USERS, &scope, 1);
    draft_record(&page, MUSTER_ACCOUNT, "7", "{\"login\":\"new\"}")->incarnation = SPAN("2024");
    (void)draft_record(&page, MUSTER_ACCOUNT, "8", "{\"login\":\"l\"}");
    struct batch_outcome outcome = draft_commit(&world, &page);
    ck_assert_int_eq(outcome.created, 1);
    ck_assert_int_eq(outcome.distinct, 2);
    const char *expected = "2001|old|deleted|its id was given to another incarnation\n"
                           "2024|new|live|\n";
    const char *of_seven =
        "SELECT incarnation,login,state,evidence FROM account WHERE id='7' ORDER BY 1";
    ck_assert_str_eq(world_sql(&world, of_seven), expected);
    ck_assert_str_eq(
        world_sql(&world, "SELECT kind,stream,count FROM drift"), "id_reused|users|1\n");
    ck_assert_str_eq(
        world_sql(&world,
            "SELECT login,state FROM account_history WHERE id='7' ORDER BY object,from_run"),
        "old|live\nold|deleted\nnew|live\n");
    struct job_scope_end end = world_scope_end(&world, &scope, PROOF_PROVEN);
    ck_assert_int_eq(end.missing, 0);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* A listing that shows both at once is believed, in one page too. */
START_TEST(case_two_incarnations_at_once_are_two_objects)
{
    struct world world;
    struct draft page;
    world_open(&world);
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    draft_record(&page, MUSTER_ACCOUNT, "7", "{\"login\":\"old\"}")->incarnation = SPAN("2001");
    (void)draft_commit(&world, &page);
    (void)world_scope_end(&world, &scope, PROOF_PROVEN);
    (void)world_run_end(&world, scope.run, PROOF_PROVEN);
    world_round_end(&world);
    world_round(&world);
    scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    draft_begin(&world, &page, USERS, &scope, 1);
    draft_record(&page, MUSTER_ACCOUNT, "7", "{\"login\":\"new\"}")->incarnation = SPAN("2024");
    draft_record(&page, MUSTER_ACCOUNT, "7", "{\"login\":\"old\"}")->incarnation = SPAN("2001");
    struct batch_outcome outcome = draft_commit(&world, &page);
    ck_assert_int_eq(outcome.created, 1);
    ck_assert_str_eq(
        world_sql(&world, "SELECT incarnation,login,state FROM account ORDER BY incarnation"),
        "2001|old|live\n2024|new|live\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* Items that give records of others only are items of the listing: the witness counts them once. */
START_TEST(case_items_without_a_record_of_their_own_are_counted)
{
    struct world world;
    struct draft page;
    struct counted ids[] = {{1, SPAN("robot")}, {2, SPAN("robot")}, {3, SPAN("other")}};
    world_open(&world);
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    (void)draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    draft_record(&page, MUSTER_GROUP, "g", "{\"name\":\"n\"}")->yield = 1;
    page.batch.counted = ids;
    page.batch.counted_count = 3;
    struct batch_outcome outcome = draft_commit(&world, &page);
    ck_assert_int_eq(outcome.received, 2);
    ck_assert_int_eq(outcome.distinct, 3);
    ck_assert_int_eq(outcome.filtered + outcome.dead, 0);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_unbalanced_is_refused_alone)
{
    struct world world;
    struct draft good, bad, after;
    world_open(&world);
    struct job_scope_begin scope = open_users(&world);
    int64_t other_run = world_run(&world, DIRECTORY);
    struct job_scope_begin other = world_scope(&world, DIRECTORY, other_run, NULL);
    draft_begin(&world, &good, USERS, &scope, 1);
    (void)draft_record(&good, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    draft_begin(&world, &bad, DIRECTORY, &other, 1);
    (void)draft_record(&bad, MUSTER_ACCOUNT, "z", "{\"login\":\"l\"}");
    bad.batch.received++;
    draft_begin(&world, &after, USERS, &scope, 2);
    (void)draft_record(&after, MUSTER_ACCOUNT, "b", "{\"login\":\"l\"}");
    struct job jobs[3] = {{.kind = JOB_COMMIT, .commit = {.batch = &good.batch}},
        {.kind = JOB_COMMIT, .commit = {.batch = &bad.batch}},
        {.kind = JOB_COMMIT, .commit = {.batch = &after.batch}}};
    struct job *list[] = {&jobs[0], &jobs[1], &jobs[2]};
    store_execute(world.store, list, 3);
    ck_assert(jobs[0].done && !jobs[1].done && jobs[2].done);
    ck_assert_int_eq(jobs[1].fault.code, FAULT_BALANCE);
    ck_assert_str_eq(world_sql(&world, "SELECT id FROM account ORDER BY id"), "a\nb\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* A batch that fails inside the transaction: rolled back, and its neighbours done anew without it.
 */
START_TEST(case_group_survives_a_batch_out_of_order)
{
    struct world world;
    struct draft first, wrong, second;
    world_open(&world);
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &first, USERS, &scope, 1);
    (void)draft_record(&first, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    draft_begin(&world, &wrong, USERS, &scope, 7);
    (void)draft_record(&wrong, MUSTER_ACCOUNT, "w", "{\"login\":\"l\"}");
    draft_begin(&world, &second, USERS, &scope, 2);
    (void)draft_record(&second, MUSTER_ACCOUNT, "b", "{\"login\":\"l\"}");
    struct job jobs[3] = {{.kind = JOB_COMMIT, .commit = {.batch = &first.batch}},
        {.kind = JOB_COMMIT, .commit = {.batch = &wrong.batch}},
        {.kind = JOB_COMMIT, .commit = {.batch = &second.batch}}};
    struct job *list[] = {&jobs[0], &jobs[1], &jobs[2]};
    store_execute(world.store, list, 3);
    ck_assert(jobs[0].done && !jobs[1].done && jobs[2].done);
    ck_assert_int_eq(jobs[0].commit.outcome.created, 1);
    ck_assert_int_eq(jobs[2].commit.outcome.distinct, 2);
    ck_assert_str_eq(world_sql(&world, "SELECT object,id FROM account ORDER BY id"), "1|a\n2|b\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_committing_twice_changes_nothing)
{
    struct world world;
    struct draft page;
    world_open(&world);
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    page.batch.epoch = 42;
    (void)draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    draft_letter(&page, NULL);
    struct batch_outcome once = draft_commit(&world, &page);
    struct batch_outcome again = draft_commit(&world, &page);
    ck_assert_mem_eq(&once, &again, sizeof once);
    ck_assert_str_eq(world_sql(&world, "SELECT count(*),sum(epoch) FROM batch"), "1|42\n");
    ck_assert_str_eq(world_sql(&world, "SELECT count(*) FROM dead_letter"), "1\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* Whoever writes: the tables refuse books that do not balance. */
START_TEST(case_tables_refuse_unbalanced_rows)
{
    static const char *const refused[] = {
        "INSERT INTO batches SELECT "
        "99,run,scope,2,0,2,1,0,0,0,0,0,0,0,0,0,1,0,seen,NULL,NULL,0,link,'page',0 "
        "FROM batches",
        "INSERT INTO batches SELECT "
        "99,run,scope,2,0,2,1,0,0,0,0,1,0,0,0,0,1,0,seen,NULL,NULL,0,link,'page',0 "
        "FROM batches",
        "UPDATE batches SET created=created+1",
        "UPDATE batches SET reappeared=1",
        "UPDATE batches SET superseded=1",
        "UPDATE batches SET kind='other'",
        "UPDATE scope_runs SET received=received+1",
    };
    struct world world;
    struct draft page;
    struct fault fault;
    world_open(&world);
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    (void)draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    (void)draft_commit(&world, &page);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        ck_assert_msg(!sql_execute(&world.store->sql, refused[i], &fault), "%s", refused[i]);
        ck_assert_int_eq(fault.code, FAULT_BALANCE);
    }
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_volatile_fields_keep_the_latest_without_a_version)
{
    struct world world;
    struct draft page;
    world_open(&world);
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}")->volatiles =
        SPAN("{\"last_login_at\":\"2024-01-01T00:00:00.000Z\"}");
    (void)draft_commit(&world, &page);
    (void)world_scope_end(&world, &scope, PROOF_PROVEN);
    world_round_end(&world);
    scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    struct record *record = draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    record->volatiles = SPAN("{\"last_login_at\":\"2025-01-01T00:00:00.000Z\"}");
    record->bytes_hash = hash_of("other bytes");
    ck_assert_int_eq(draft_commit(&world, &page).unchanged, 1);
    ck_assert_str_eq(
        world_sql(&world, "SELECT last_login_at FROM account"), "2025-01-01T00:00:00.000Z\n");
    ck_assert_str_eq(world_sql(&world, "SELECT count(*) FROM account_history"), "1\n");
    world_close(&world);
}
END_TEST

START_TEST(case_empty_batch_is_the_first_of_a_store)
{
    struct world world;
    struct draft page;
    world_open(&world);
    struct job_scope_begin scope = open_users(&world);
    draft_begin(&world, &page, USERS, &scope, 1);
    ck_assert_int_eq(draft_commit(&world, &page).received, 0);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

UNIT_MAIN("commit", case_empty_batch_is_the_first_of_a_store,
    case_created_then_unchanged_then_changed, case_duplicate_and_conflict,
    case_same_new_object_twice_in_one_group, case_dead_and_filtered,
    case_tombstone_and_reappearance, case_tombstone_twice_is_a_duplicate,
    case_seen_and_then_gone_is_not_an_accident, case_incarnation_makes_another_object,
    case_reused_id_ends_its_earlier_holder, case_two_incarnations_at_once_are_two_objects,
    case_items_without_a_record_of_their_own_are_counted, case_unbalanced_is_refused_alone,
    case_group_survives_a_batch_out_of_order, case_committing_twice_changes_nothing,
    case_tables_refuse_unbalanced_rows, case_volatile_fields_keep_the_latest_without_a_version)
