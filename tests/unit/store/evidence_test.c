/* SPDX-License-Identifier: Apache-2.0 */
/* What direct reads are asked about, and what becomes of what they say. */
#include "world.h"

/* A scope of users that ended with `missing` of them missing, in a round that goes on. */
static struct job_scope_begin begin_after(
    struct world *world, const char *const *before, const char *const *after)
{
    struct draft draft;
    (void)world_list(world, USERS, NULL, PROOF_ASSERTED, before);
    world_round(world);
    struct job_scope_begin scope = world_scope(world, USERS, world_run(world, USERS), NULL);
    draft_begin(world, &draft, USERS, &scope, 1);
    for (; *after; after++)
        (void)draft_record(&draft, MUSTER_ACCOUNT, *after, "{\"login\":\"l\"}");
    (void)draft_commit(world, &draft);
    (void)world_scope_end(world, &scope, PROOF_ASSERTED);
    return scope;
}

static struct job_suspects ask(
    struct world *world, const struct job_scope_begin *scope, uint32_t kind, bool parent)
{
    struct job job = {.kind = JOB_SUSPECTS};
    job.suspects = (struct job_suspects){.run = scope->run,
        .scope = scope->scope,
        .kind = kind,
        .parent = parent,
        .before = INT64_MAX,
        .most = 2};
    world_do(world, &job);
    return job.suspects;
}

static int64_t say(struct world *world, const struct job_scope_begin *scope, int64_t object,
    bool gone, bool parent)
{
    struct job job = {.kind = JOB_EVIDENCE};
    job.evidence = (struct job_evidence){.run = scope->run,
        .scope = scope->scope,
        .object = object,
        .gone = gone,
        .parent = parent,
        .evidence = gone ? "direct read: 404, while a answers" : "seen by direct read"};
    world_do(world, &job);
    return job.evidence.deleted;
}

static const char *states(struct world *world)
{
    return world_sql(world, "SELECT id,state,evidence FROM account ORDER BY id");
}

START_TEST(missing_objects_are_suspects_and_a_live_one_the_control)
{
    struct world world;
    world_open(&world);
    struct job_scope_begin scope = begin_after(&world, IDS("a", "b", "c", "d"), IDS("a"));
    struct job_suspects suspects = ask(&world, &scope, MUSTER_ACCOUNT, false);
    ck_assert_uint_eq(suspects.suspect_count, 2); /* as many as were asked for */
    ck_assert(span_equal_text(suspects.control.id, "a"));
    for (size_t i = 0; i < 2; i++)
        ck_assert(!span_equal_text(suspects.suspects[i].id, "a"));
    ck_assert_uint_eq(ask(&world, &scope, MUSTER_GROUP, false).suspect_count, 0);
    struct job earlier = {.kind = JOB_SUSPECTS};
    earlier.suspects = (struct job_suspects){.run = scope.run,
        .scope = scope.scope,
        .kind = MUSTER_ACCOUNT,
        .before = scope.run,
        .most = 9};
    world_do(&world, &earlier);
    ck_assert_uint_eq(earlier.suspects.suspect_count, 0); /* all of them went in this run */
    /* Another run begins with others: none is starved by those that never get an answer. */
    bool first[3] = {false};
    for (int64_t run = 1; run < 30; run++) {
        struct job job = {.kind = JOB_SUSPECTS};
        job.suspects = (struct job_suspects){.run = run,
            .scope = scope.scope,
            .kind = MUSTER_ACCOUNT,
            .before = INT64_MAX,
            .most = 1};
        world_do(&world, &job);
        first[job.suspects.suspects[0].id.data[0] - 'b'] = true;
    }
    ck_assert(first[0] && first[1] && first[2]);
    world_close(&world);
}
END_TEST

START_TEST(gone_is_deleted_with_its_evidence_and_there_is_live_again)
{
    struct world world;
    world_open(&world);
    struct job_scope_begin scope = begin_after(&world, IDS("a", "b", "c"), IDS("a"));
    ck_assert_str_eq(states(&world), "a|live|\nb|missing|\nc|missing|\n");
    ck_assert_int_eq(say(&world, &scope, 2, true, false), 1);
    ck_assert_int_eq(say(&world, &scope, 3, false, false), 0);
    ck_assert_str_eq(states(&world),
        "a|live|\nb|deleted|direct read: 404, while a answers\nc|live|seen by direct read\n");
    ck_assert_str_eq(world_sql(&world, "SELECT missing,deleted FROM scope WHERE run=2"), "2|1\n");
    /* Executed again, or of an object that is not missing: nothing more happens. */
    ck_assert_int_eq(say(&world, &scope, 2, true, false), 0);
    ck_assert_int_eq(say(&world, &scope, 2, false, false), 0);
    ck_assert_int_eq(say(&world, &scope, 1, true, false), 0);
    ck_assert_str_eq(states(&world),
        "a|live|\nb|deleted|direct read: 404, while a answers\nc|live|seen by direct read\n");
    ck_assert_str_eq(world_sql(&world, "SELECT missing,deleted FROM scope WHERE run=2"), "2|1\n");
    ck_assert_str_eq(
        world_sql(&world,
            "SELECT state,evidence FROM account_history WHERE id='b' ORDER BY valid_to IS NULL,"
            "valid_from"),
        "live|\nmissing|\ndeleted|direct read: 404, while a answers\n");
    world_assert_sound(&world);
    (void)world_run_end(&world, scope.run, PROOF_ASSERTED);
    world_close(&world);
}
END_TEST

/* An object that two streams list is gone from both; while one of them lists it, it is no suspect.
 */
START_TEST(an_object_of_two_scopes_is_gone_from_both)
{
    struct world world;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_ASSERTED, IDS("a", "b"));
    (void)world_list(&world, DIRECTORY, NULL, PROOF_ASSERTED, IDS("a", "b"));
    struct job_scope_begin scope = begin_after(&world, IDS("a", "b"), IDS("a"));
    ck_assert_uint_eq(ask(&world, &scope, MUSTER_ACCOUNT, false).suspect_count, 0);
    (void)world_run_end(&world, scope.run, PROOF_ASSERTED);
    world_round_end(&world);
    (void)world_list(&world, DIRECTORY, NULL, PROOF_ASSERTED, IDS("a"));
    struct job_suspects suspects = ask(&world, &scope, MUSTER_ACCOUNT, false);
    ck_assert_uint_eq(suspects.suspect_count, 1);
    ck_assert(span_equal_text(suspects.control.id, "a"));
    ck_assert_int_eq(say(&world, &scope, suspects.suspects[0].object, true, false), 1);
    ck_assert_str_eq(states(&world), "a|live|\nb|deleted|direct read: 404, while a answers\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(an_object_of_two_scopes_is_live_again_where_it_was_read)
{
    struct world world;
    world_open(&world);
    (void)world_list(&world, DIRECTORY, NULL, PROOF_ASSERTED, IDS("a", "b"));
    (void)world_list(&world, USERS, NULL, PROOF_ASSERTED, IDS("a", "b"));
    (void)world_list(&world, DIRECTORY, NULL, PROOF_ASSERTED, IDS("a"));
    struct job_scope_begin scope = begin_after(&world, IDS("a", "b"), IDS("a"));
    ck_assert_int_eq(say(&world, &scope, 2, false, false), 0);
    ck_assert_str_eq(states(&world), "a|live|\nb|live|seen by direct read\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* Fault 29: a parent that is gone takes its scope along, and nothing else. */
START_TEST(a_parent_that_is_gone_closes_its_scope)
{
    struct world world;
    struct draft draft;
    world_open(&world);
    (void)world_list(&world, GROUPS, NULL, PROOF_PROVEN, IDS("g1", "g2"));
    world_round(&world);
    int64_t run = world_run(&world, MEMBERS);
    struct job_scope_begin scopes[2];
    for (size_t i = 0; i < 2; i++) {
        scopes[i] = world_scope(&world, MEMBERS, run, i ? "g2" : "g1");
        draft_begin(&world, &draft, MEMBERS, &scopes[i], 1);
        (void)draft_record(&draft, MUSTER_GRANT, i ? "u1-g2" : "u1-g1", "{\"subject_id\":\"u1\"}");
        (void)draft_commit(&world, &draft);
    }
    struct job_suspects suspects = ask(&world, &scopes[0], MUSTER_GROUP, true);
    ck_assert_uint_eq(suspects.suspect_count, 1);
    ck_assert(span_equal_text(suspects.suspects[0].id, "g1"));
    ck_assert(span_equal_text(suspects.control.id, "g2"));
    int64_t group = suspects.suspects[0].object;
    ck_assert_int_eq(say(&world, &scopes[0], group, false, true), 0); /* says nothing */
    ck_assert_int_eq(say(&world, &scopes[0], group, true, true), 1);
    ck_assert_int_eq(say(&world, &scopes[0], group, true, true), 0);
    ck_assert_str_eq(world_sql(&world, "SELECT id,state,evidence FROM \"grant\" ORDER BY id"),
        "u1-g1|deleted|parent object 1 deleted\nu1-g2|live|\n");
    ck_assert_str_eq(world_sql(&world, "SELECT id,state,evidence FROM \"group\" ORDER BY id"),
        "g1|deleted|direct read: 404, while a answers\ng2|live|\n");
    ck_assert_uint_eq(ask(&world, &scopes[0], MUSTER_GROUP, true).suspect_count, 0);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

UNIT_MAIN("evidence", missing_objects_are_suspects_and_a_live_one_the_control,
    gone_is_deleted_with_its_evidence_and_there_is_live_again,
    an_object_of_two_scopes_is_gone_from_both,
    an_object_of_two_scopes_is_live_again_where_it_was_read, a_parent_that_is_gone_closes_its_scope)
