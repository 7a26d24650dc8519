/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that several scopes list, and streams that only add to them. */
#include "world.h"

static struct batch_outcome put(
    struct world *world, size_t stream, const char *id, const char *fields)
{
    struct draft draft;
    world_round(world);
    int64_t run = world_run(world, stream);
    struct job_scope_begin scope = world_scope(world, stream, run, NULL);
    draft_begin(world, &draft, stream, &scope, 1);
    (void)draft_record(&draft, MUSTER_ACCOUNT, id, fields);
    struct batch_outcome outcome = draft_commit(world, &draft);
    (void)world_scope_end(world, &scope, PROOF_PROVEN);
    (void)world_run_end(world, run, PROOF_PROVEN);
    world_round_end(world);
    return outcome;
}

START_TEST(case_earlier_stream_wins_per_field)
{
    struct world world;
    world_open(&world);
    ck_assert_int_eq(
        put(&world, DIRECTORY, "a", "{\"login\":\"from_directory\",\"email\":\"d@x\"}").created, 1);
    ck_assert_int_eq(
        put(&world, USERS, "a", "{\"login\":\"from_users\",\"email\":null}").changed, 1);
    ck_assert_str_eq(
        world_sql(&world, "SELECT login,email,stream FROM account"), "from_users|d@x|users\n");
    ck_assert_int_eq(
        put(&world, USERS, "a", "{\"login\":\"from_users\",\"email\":null}").unchanged, 1);
    ck_assert_int_eq(put(&world, DIRECTORY, "a", "{\"login\":\"x\",\"email\":\"d@y\"}").changed, 1);
    ck_assert_str_eq(world_sql(&world, "SELECT login,email FROM account"), "from_users|d@y\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_live_while_any_scope_lists_it)
{
    struct world world;
    world_open(&world);
    (void)put(&world, DIRECTORY, "a", "{\"login\":\"d\"}");
    (void)put(&world, USERS, "a", "{\"login\":\"u\"}");
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("other"));
    ck_assert_str_eq(world_sql(&world, "SELECT login,state FROM account WHERE id='a'"), "d|live\n");
    (void)world_list(&world, DIRECTORY, NULL, PROOF_PROVEN, IDS("another"));
    ck_assert_str_eq(world_sql(&world, "SELECT state FROM account WHERE id='a'"), "missing\n");
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("other"));
    ck_assert_str_eq(world_sql(&world, "SELECT state FROM account WHERE id='a'"), "missing\n");
    (void)world_list(&world, DIRECTORY, NULL, PROOF_PROVEN, IDS("another"));
    ck_assert_str_eq(world_sql(&world, "SELECT state FROM account WHERE id='a'"), "deleted\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_enriching_adds_and_never_creates_or_removes)
{
    struct world world;
    world_open(&world);
    struct batch_outcome outcome = put(&world, BADGES, "a", "{\"employee_id\":\"7\"}");
    ck_assert_int_eq(outcome.filtered, 1);
    ck_assert_str_eq(world_sql(&world, "SELECT count(*) FROM account"), "0\n");
    (void)put(&world, USERS, "a", "{\"login\":\"u\"}");
    ck_assert_int_eq(
        put(&world, BADGES, "a", "{\"employee_id\":\"7\",\"login\":\"ignored\"}").changed, 1);
    ck_assert_str_eq(
        world_sql(&world, "SELECT login,employee_id,stream FROM account"), "u|7|users\n");
    (void)world_list(&world, BADGES, NULL, PROOF_PROVEN, IDS("nobody"));
    ck_assert_str_eq(world_sql(&world, "SELECT state,login,employee_id FROM account"), "live|u|\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_field_states_stay_apart)
{
    struct world world;
    world_open(&world);
    (void)put(&world, USERS, "a", "{\"login\":null}");
    ck_assert_str_eq(world_sql(&world, "SELECT "
                                       "field_state->>'login',field_state->>'email',field_state->>'"
                                       "employee_id',field_state->>'mfa' FROM account"),
        "null|absent|absent|not_requested\n");
    (void)put(&world, USERS, "a", "{\"login\":\"l\",\"email\":\"e\"}");
    ck_assert_str_eq(
        world_sql(&world, "SELECT json_type(field_state,'$.login') FROM account"), "\n");
    /* The only stream that gives a field is closed to us. */
    world_round(&world);
    struct job job = {.kind = JOB_RUN_END};
    job.run_end = (struct job_run_end){
        .run = world_run(&world, BADGES), .proof = PROOF_PARTIAL, .reason = "not permitted: 403"};
    world_do(&world, &job);
    ck_assert_str_eq(
        world_sql(&world, "SELECT field_state->>'employee_id',field_state->>'mfa' FROM account"),
        "not_permitted|not_requested\n");
    world_close(&world);
}
END_TEST

START_TEST(case_a_deleted_object_moves_to_the_scope_that_lists_it)
{
    struct world world;
    struct draft draft;
    world_open(&world);
    (void)put(&world, DIRECTORY, "a", "{\"login\":\"d\"}");
    world_round(&world);
    struct job_scope_begin scope =
        world_scope(&world, DIRECTORY, world_run(&world, DIRECTORY), NULL);
    draft_begin(&world, &draft, DIRECTORY, &scope, 1);
    draft_record(&draft, MUSTER_ACCOUNT, "a", NULL)->tombstone = true;
    (void)draft_commit(&world, &draft);
    world_round_end(&world);
    struct batch_outcome outcome = put(&world, USERS, "a", "{\"login\":\"u\"}");
    ck_assert_int_eq(outcome.reappeared, 1);
    ck_assert_str_eq(world_sql(&world, "SELECT stream,login,state FROM account"), "users|u|live\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

UNIT_MAIN("merge", case_earlier_stream_wins_per_field, case_live_while_any_scope_lists_it,
    case_enriching_adds_and_never_creates_or_removes, case_field_states_stay_apart,
    case_a_deleted_object_moves_to_the_scope_that_lists_it)
