/* SPDX-License-Identifier: Apache-2.0 */
/* What may be concluded from an object that a listing did not show, and what must wait for a
 * person. */
#include "world.h"

static const char *states(struct world *world)
{
    return world_sql(world, "SELECT id,state,evidence FROM account ORDER BY id");
}

START_TEST(case_two_proven_runs_delete)
{
    struct world world;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    struct job_scope_end end = world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    ck_assert_int_eq(end.missing, 1);
    ck_assert_int_eq(end.live, 1);
    ck_assert_str_eq(states(&world), "a|live|\nb|missing|\n");
    end = world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    ck_assert_int_eq(end.missing, 0);
    ck_assert_int_eq(end.deleted, 1);
    ck_assert_str_eq(states(&world), "a|live|\nb|deleted|second proven run 3\n");
    end = world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    ck_assert_str_eq(states(&world), "a|live|\nb|live|reappeared\n");
    ck_assert_str_eq(world_sql(&world, "SELECT state,evidence FROM account_history WHERE id='b'"
                                       " ORDER BY from_run"),
        "live|\nmissing|\ndeleted|second proven run 3\nlive|reappeared\n");
    ck_assert_str_eq(
        world_sql(&world, "SELECT created,reappeared FROM run ORDER BY run DESC LIMIT 1"), "0|1\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* Fault 78: a replica that lags shows an object in one listing and not in the next. */
START_TEST(case_a_replica_that_flaps_deletes_nothing)
{
    struct world world;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    for (int turn = 0; turn < 3; turn++) {
        struct job_scope_end end = world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
        ck_assert_int_eq(end.missing, 1);
        ck_assert_int_eq(end.deleted, 0);
        end = world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
        ck_assert_int_eq(end.deleted, 0);
        ck_assert_str_eq(states(&world), "a|live|\nb|live|reappeared\n");
    }
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    /* What lies between two proofs and concludes nothing does not count as one. */
    (void)world_list(&world, USERS, NULL, PROOF_PARTIAL, IDS("a"));
    ck_assert_str_eq(states(&world), "a|live|\nb|missing|\n");
    world_close(&world);
}
END_TEST

/* A listing that alone may take nothing away: it is looked at again, and what either saw stays. */
START_TEST(case_two_listings_vouch_for_absence_together)
{
    struct world world;
    struct draft draft;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b", "c"));
    world_round(&world);
    struct job_scope_begin scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    struct job end = {.kind = JOB_SCOPE_END};
    end.scope_end = (struct job_scope_end){.run = scope.run,
        .scope = scope.scope,
        .full = true,
        .proof = PROOF_PROVEN,
        .total = -1,
        .look_again = true,
        .seen_since = -1,
        .absence_most = 3,
        .absence_percent = 5};
    draft_begin(&world, &draft, USERS, &scope, 1);
    (void)draft_record(&draft, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    (void)draft_record(&draft, MUSTER_ACCOUNT, "b", "{\"login\":\"l\"}");
    (void)draft_commit(&world, &draft);
    world_do(&world, &end);
    ck_assert(end.scope_end.again);
    ck_assert_str_eq(states(&world), "a|live|\nb|live|\nc|live|\n");
    ck_assert_str_eq(world_sql(&world, "SELECT proof FROM scope WHERE run=2"), "running\n");
    struct job restart = {.kind = JOB_SCOPE_RESTART};
    restart.scope_restart =
        (struct job_scope_restart){.run = scope.run, .scope = scope.scope, .reason = "again"};
    world_do(&world, &restart);
    draft_begin(&world, &draft, USERS, &scope, 2);
    (void)draft_record(&draft, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    (void)draft_commit(&world, &draft);
    end.scope_end.look_again = false;
    end.scope_end.seen_since = 0;
    world_do(&world, &end);
    ck_assert(!end.scope_end.again);
    ck_assert_int_eq(end.scope_end.missing, 1);
    ck_assert_str_eq(states(&world), "a|live|\nb|live|\nc|missing|\n");
    world_do(&world, &end); /* once more: the answer is kept */
    ck_assert_int_eq(end.scope_end.missing, 1);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* What is missing would be deleted, if the listing were proven, and another look can prove it. */
START_TEST(case_a_deletion_in_reach_is_looked_at_again)
{
    struct world world;
    struct draft draft;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    world_round(&world);
    struct job_scope_begin scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    draft_begin(&world, &draft, USERS, &scope, 1);
    (void)draft_record(&draft, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    (void)draft_commit(&world, &draft);
    struct job end = {.kind = JOB_SCOPE_END};
    end.scope_end = (struct job_scope_end){.run = scope.run,
        .scope = scope.scope,
        .full = true,
        .proof = PROOF_ASSERTED,
        .reason = "read once",
        .total = -1,
        .look_again = true,
        .proof_in_reach = true,
        .seen_since = -1};
    world_do(&world, &end);
    ck_assert(end.scope_end.again);
    ck_assert_str_eq(states(&world), "a|live|\nb|missing|\n");
    end.scope_end.proof_in_reach = false; /* nothing is to be had by looking again */
    world_do(&world, &end);
    ck_assert(!end.scope_end.again);
    ck_assert_str_eq(states(&world), "a|live|\nb|missing|\n");
    world_close(&world);
}
END_TEST

/* Where nothing would go, one listing is enough. */
START_TEST(case_nothing_missing_needs_no_second_look)
{
    struct world world;
    struct draft draft;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    world_round(&world);
    struct job_scope_begin scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    draft_begin(&world, &draft, USERS, &scope, 1);
    (void)draft_record(&draft, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    (void)draft_commit(&world, &draft);
    struct job end = {.kind = JOB_SCOPE_END};
    end.scope_end = (struct job_scope_end){.run = scope.run,
        .scope = scope.scope,
        .full = true,
        .proof = PROOF_PROVEN,
        .total = -1,
        .look_again = true,
        .seen_since = -1};
    world_do(&world, &end);
    ck_assert(!end.scope_end.again);
    ck_assert_str_eq(world_sql(&world, "SELECT proof FROM scope WHERE run=2"), "proven\n");
    world_close(&world);
}
END_TEST

START_TEST(case_asserted_makes_missing_at_most)
{
    struct world world;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    (void)world_list(&world, USERS, NULL, PROOF_ASSERTED, IDS("a"));
    (void)world_list(&world, USERS, NULL, PROOF_ASSERTED, IDS("a"));
    ck_assert_str_eq(states(&world), "a|live|\nb|missing|\n");
    /* The first proven absence, then the second. */
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    ck_assert_str_eq(states(&world), "a|live|\nb|missing|\n");
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    ck_assert_str_eq(states(&world), "a|live|\nb|deleted|second proven run 5\n");
    world_close(&world);
}
END_TEST

START_TEST(case_partial_and_barred_conclude_nothing)
{
    struct world world;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    (void)world_list(&world, USERS, NULL, PROOF_PARTIAL, IDS("a"));
    ck_assert_str_eq(states(&world), "a|live|\nb|live|\n");
    world_round(&world);
    struct job_scope_begin scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    struct job job = {.kind = JOB_SCOPE_END};
    job.scope_end = (struct job_scope_end){.run = scope.run,
        .scope = scope.scope,
        .full = true,
        .proof = PROOF_PROVEN,
        .bar_absence = true,
        .seen_since = -1,
        .absence_most = 3,
        .absence_percent = 5};
    world_do(&world, &job);
    ck_assert_str_eq(states(&world), "a|live|\nb|live|\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_ending_twice_answers_the_same)
{
    struct world world;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    struct draft draft;
    world_round(&world);
    struct job_scope_begin scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    draft_begin(&world, &draft, USERS, &scope, 1);
    (void)draft_record(&draft, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    (void)draft_commit(&world, &draft);
    struct job_scope_end once = world_scope_end(&world, &scope, PROOF_PROVEN);
    struct job_scope_end again = world_scope_end(&world, &scope, PROOF_PROVEN);
    ck_assert_int_eq(once.missing, 1);
    ck_assert_int_eq(again.missing, 1);
    ck_assert_int_eq(again.deleted, 0);
    ck_assert_str_eq(states(&world), "a|live|\nb|missing|\n");
    world_close(&world);
}
END_TEST

/* Fault 77. */
START_TEST(case_empty_listing_is_held)
{
    struct world world;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    struct job_scope_end end = world_list(&world, USERS, NULL, PROOF_PROVEN, IDS(NULL));
    ck_assert_int_eq(end.held, 2);
    ck_assert_int_eq(end.missing, 0);
    ck_assert_str_eq(states(&world), "a|live|\nb|live|\n");
    /* Again empty: the older hold gives way to the newer one. */
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS(NULL));
    ck_assert_str_eq(world_sql(&world, "SELECT hold,count,state FROM hold ORDER BY hold"),
        "1|2|superseded\n2|2|open\n");
    ck_assert_str_eq(world_sql(&world, "SELECT reason,of_live FROM hold WHERE state='open'"),
        "the listing is empty and was not before: account a, account b|2\n");
    /* Back again: nothing is open any more. */
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    ck_assert_str_eq(world_sql(&world, "SELECT count(*) FROM hold WHERE state='open'"), "0\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_mass_absence_is_held_and_decided)
{
    struct world world;
    struct fault fault;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b", "c", "d", "e", "f"));
    struct job_scope_end end = world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    ck_assert_int_eq(end.held, 4);
    ck_assert_str_eq(world_sql(&world, "SELECT reason FROM hold"),
        "more objects missing at once than the guard lets pass: account c, account d, account e "
        "and 1 more\n");
    ck_assert(store_hold_decide(world.store, 1, false, "eve", world.wall_ms, &fault));
    ck_assert_str_eq(world_sql(&world, "SELECT count(*) FROM account WHERE state='live'"), "6\n");
    ck_assert(!store_hold_decide(world.store, 1, true, "eve", world.wall_ms, &fault));
    ck_assert_int_eq(fault.code, FAULT_NOT_FOUND);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    /* A partial run sees one of them again before the decision. */
    (void)world_list(&world, USERS, NULL, PROOF_PARTIAL, IDS("c"));
    ck_assert(store_hold_decide(world.store, 2, true, "eve", world.wall_ms, &fault));
    ck_assert_str_eq(world_sql(&world, "SELECT id,state FROM account ORDER BY id"),
        "a|live\nb|live\nc|live\nd|missing\ne|missing\nf|missing\n");
    ck_assert_str_eq(world_sql(&world, "SELECT state,decided_by FROM hold ORDER BY hold"),
        "rejected|eve\napproved|eve\n");
    world_assert_sound(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b", "c"));
    ck_assert_str_eq(
        world_sql(&world, "SELECT count(*) FROM account WHERE state='deleted'"), "3\n");
    world_close(&world);
}
END_TEST

START_TEST(case_child_scopes_are_their_own_and_close_with_the_parent)
{
    struct world world;
    struct draft draft;
    world_open(&world);
    world_round(&world);
    int64_t run = world_run(&world, GROUPS);
    struct job_scope_begin groups = world_scope(&world, GROUPS, run, NULL);
    draft_begin(&world, &draft, GROUPS, &groups, 1);
    draft_record(&draft, MUSTER_GROUP, "g1", "{\"name\":\"one\"}")->carry =
        SPAN("{\"slug\":\"s1\"}");
    draft_record(&draft, MUSTER_GROUP, "g2", "{\"name\":\"two\"}")->carry =
        SPAN("{\"slug\":\"s2\"}");
    (void)draft_commit(&world, &draft);
    (void)world_scope_end(&world, &groups, PROOF_PROVEN);
    struct job parents = {.kind = JOB_PARENTS};
    parents.parents = (struct job_parents){
        .connection = world.connection, .source = &world.source, .stream = MEMBERS};
    world_do(&world, &parents);
    ck_assert_uint_eq(parents.parents.parent_count, 2);
    ck_assert(!parents.parents.more);
    ck_assert(span_equal_text(parents.parents.parents[1].parent.id, "g2"));
    ck_assert(span_equal_text(parents.parents.parents[1].parent.fields[0].value, "s2"));
    int64_t members = world_run(&world, MEMBERS);
    for (size_t i = 0; i < 2; i++) {
        struct job_scope_begin scope = world_scope(&world, MEMBERS, members, i ? "g2" : "g1");
        draft_begin(&world, &draft, MEMBERS, &scope, 1);
        (void)draft_record(&draft, MUSTER_GRANT, i ? "u1-g2" : "u1-g1", "{\"subject_id\":\"u1\"}");
        (void)draft_commit(&world, &draft);
        (void)world_scope_end(&world, &scope, PROOF_PROVEN);
    }
    (void)world_run_end(&world, run, PROOF_PROVEN);
    (void)world_run_end(&world, members, PROOF_PROVEN);
    world_round_end(&world);
    (void)world_list(&world, GROUPS, NULL, PROOF_PROVEN, IDS("g1"));
    (void)world_list(&world, GROUPS, NULL, PROOF_PROVEN, IDS("g1"));
    world_round(&world);
    parents.parents.after = 0;
    world_do(&world, &parents);
    ck_assert_uint_eq(parents.parents.parent_count, 1);
    ck_assert_str_eq(world_sql(&world, "SELECT id,state,evidence FROM \"grant\" ORDER BY id"),
        "u1-g1|live|\nu1-g2|deleted|parent object 2 deleted\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* One run over the members of ten groups, `count` in each, those from `from` on without their last
 * one; the answer of the last group. */
static int64_t list_members(struct world *world, int count, int from, int64_t *ret_held)
{
    int64_t missing = 0;
    world_round(world);
    int64_t run = world_run(world, MEMBERS);
    *ret_held = 0;
    for (int group = 0; group < 10; group++) {
        char parent[16], id[32];
        struct draft draft;
        (void)snprintf(parent, sizeof parent, "g%d", group);
        struct job_scope_begin scope = world_scope(world, MEMBERS, run, parent);
        draft_begin(world, &draft, MEMBERS, &scope, 1);
        for (int i = 0; i < count - (group >= from); i++) {
            (void)snprintf(id, sizeof id, "u%d-g%d", i, group);
            (void)draft_record(
                &draft, MUSTER_GRANT, arena_copy_text(world->arena, id), "{\"subject_id\":\"u\"}");
        }
        (void)draft_commit(world, &draft);
        struct job_scope_end end = world_scope_end(world, &scope, PROOF_PROVEN);
        missing += end.missing;
        *ret_held += end.held;
    }
    (void)world_run_end(world, run, PROOF_PROVEN);
    world_round_end(world);
    return missing;
}

/* Of 100 grants five may go in one run, whichever groups they are of; and not five more in the
 * next. */
START_TEST(case_a_loss_that_is_spread_is_held)
{
    struct world world;
    struct fault fault;
    int64_t held, decided;
    world_open(&world);
    ck_assert_int_eq(list_members(&world, 10, 10, &held), 0);
    ck_assert_int_eq(list_members(&world, 10, 5, &held), 5);
    ck_assert_int_eq(held, 0);
    world_close(&world);
    world_open(&world);
    (void)list_members(&world, 10, 10, &held);
    ck_assert_int_eq(list_members(&world, 10, 0, &held), 5);
    ck_assert_int_eq(held, 5);
    ck_assert_str_eq(world_sql(&world, "SELECT count,reason FROM hold WHERE parent='g9'"),
        "1|more objects missing in all listings of the stream than the guard lets pass: grant "
        "u9-g9\n");
    ck_assert_int_eq(list_members(&world, 9, 10, &held), 0); /* five wait, five are gone */
    ck_assert_int_eq(held, 5);
    ck_assert_str_eq(
        world_sql(&world, "SELECT state,count(*) FROM \"grant\" GROUP BY state ORDER BY state"),
        "deleted|5\nlive|95\n");
    ck_assert(!store_hold_decide_run(world.store, 2, true, "eve", world.wall_ms, &decided, &fault));
    ck_assert_int_eq(fault.code, FAULT_NOT_FOUND);
    ck_assert(store_hold_decide_run(world.store, 3, true, "eve", world.wall_ms, &decided, &fault));
    ck_assert_int_eq(decided, 5);
    ck_assert_str_eq(
        world_sql(&world, "SELECT state,count(*) FROM \"grant\" GROUP BY state ORDER BY state"),
        "deleted|5\nlive|90\nmissing|5\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* Each is looked for behind the one before it, or thousands would hold up the host's writer. */
START_TEST(case_many_holds_are_decided_in_one_pass)
{
    struct world world;
    struct fault fault;
    int64_t decided;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b", "c", "d", "e", "f"));
    ck_assert_int_eq(world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b")).held, 4);
    (void)world_sql(&world,
        "INSERT INTO holds(run,scope,after_batch,proven,count,of_live,reason,keys,at_ms)"
        " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<400)"
        " SELECT run,scope,after_batch,proven,count,of_live,reason,keys,at_ms FROM holds,n");
    ck_assert(store_hold_decide_run(world.store, 2, false, "eve", WALL, &decided, &fault));
    ck_assert_int_eq(decided, 401);
    int steps = sqlite3_stmt_status(
        world.store->sql.statements[SQL_HOLD_OF_RUN], SQLITE_STMTSTATUS_VM_STEP, 0);
    ck_assert_int_lt(steps, 401 * 401);
    world_close(&world);
}
END_TEST

START_TEST(case_many_parents_come_in_pages)
{
    struct world world;
    struct draft draft;
    char ids[600][16];
    world_open(&world);
    world_round(&world);
    struct job_scope_begin groups = world_scope(&world, GROUPS, world_run(&world, GROUPS), NULL);
    for (int page = 0; page < 10; page++) {
        draft_begin(&world, &draft, GROUPS, &groups, page + 1);
        for (int i = page * 60; i < page * 60 + 60; i++) {
            (void)snprintf(ids[i], sizeof ids[i], "g%d", i);
            draft_record(&draft, MUSTER_GROUP, ids[i], "{}")->carry =
                i % 2 ? SPAN("{\"slug\":\"s\"}") : SPAN("{\"slug\":\"s\",\"!members\":false}");
        }
        (void)draft_commit(&world, &draft);
    }
    size_t found = 0, calls = 0;
    struct job parents = {.kind = JOB_PARENTS};
    parents.parents = (struct job_parents){
        .connection = world.connection, .source = &world.source, .stream = MEMBERS};
    do {
        world_do(&world, &parents);
        found += parents.parents.parent_count;
        if (parents.parents.parent_count)
            parents.parents.after =
                parents.parents.parents[parents.parents.parent_count - 1].object;
        calls++;
    } while (parents.parents.more);
    ck_assert_uint_eq(found, 300);
    ck_assert_uint_eq(calls, 2);
    world_close(&world);
}
END_TEST

/* An item that does not map, but whose id is readable, was listed: a missing object goes no further
 * (DESIGN section 6). */
START_TEST(case_missing_and_listed_dead_is_not_deleted)
{
    struct world world;
    struct draft page;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    struct job_scope_end end = world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    ck_assert_int_eq(end.missing, 1);
    world_round(&world);
    struct job_scope_begin scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    draft_begin(&world, &page, USERS, &scope, 1);
    (void)draft_record(&page, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    draft_letter(&page, "b");
    (void)draft_commit(&world, &page);
    end = world_scope_end(&world, &scope, PROOF_PROVEN);
    ck_assert_int_eq(end.deleted, 0);
    ck_assert_str_eq(world_sql(&world, "SELECT id,state,mapping FROM account ORDER BY id"),
        "a|live|ok\nb|missing|failed\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* A replay of dead letters beside a run knows more than the run does. */
START_TEST(case_what_a_later_run_touched_is_left_alone)
{
    struct world world;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b", "c"));
    struct fault fault;
    ck_assert(sql_execute(&world.store->sql, "UPDATE objects SET run=99 WHERE id='b'", &fault));
    struct job_scope_end end = world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    ck_assert_int_eq(end.missing, 1);
    ck_assert_str_eq(world_sql(&world, "SELECT id FROM account WHERE state='missing'"), "c\n");
    world_close(&world);
}
END_TEST

UNIT_MAIN("absence", case_two_proven_runs_delete, case_a_replica_that_flaps_deletes_nothing,
    case_two_listings_vouch_for_absence_together, case_a_deletion_in_reach_is_looked_at_again,
    case_nothing_missing_needs_no_second_look, case_asserted_makes_missing_at_most,
    case_partial_and_barred_conclude_nothing, case_ending_twice_answers_the_same,
    case_empty_listing_is_held, case_mass_absence_is_held_and_decided,
    case_child_scopes_are_their_own_and_close_with_the_parent, case_a_loss_that_is_spread_is_held,
    case_many_holds_are_decided_in_one_pass, case_many_parents_come_in_pages,
    case_missing_and_listed_dead_is_not_deleted, case_what_a_later_run_touched_is_left_alone)
