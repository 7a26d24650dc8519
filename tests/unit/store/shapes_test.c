/* SPDX-License-Identifier: Apache-2.0 */
/* Drift over runs and restarts: what is news is said once, and what vanished at the end of a run
 * that can tell. */
#include "world.h"

#include "record/drift_kind.h"

#define STRING  (1u << PATH_STRING)
#define NUMBER  (1u << PATH_NUMBER)
#define NOTHING (1u << PATH_NULL)

static const struct path_seen plain[] = {{"/id", STRING}, {"/name", STRING}};
static const struct path_seen with_mail[] = {{"/id", STRING}, {"/name", STRING}, {"/mail", STRING}};
static const struct path_seen other_types[] = {{"/id", NUMBER}, {"/name", NOTHING}};

#define SHAPE(number_, items_, paths_)                                    \
    {                                                                     \
        .shape = number_, .items = items_, .told = true, .paths = paths_, \
        .path_count = sizeof(paths_) / sizeof(paths_)[0]                  \
    }

static struct shape_seen shape_plain = SHAPE(11, 90, plain), shape_mail = SHAPE(12, 10, with_mail),
                         shape_types = SHAPE(13, 5, other_types);

/* One full run of users with a page of these shapes. */
static struct job_run_end list(
    struct world *world, enum proof proof, const struct shape_seen *const *shapes, size_t count)
{
    struct draft page;
    struct shape_seen seen[4];
    world_round(world);
    int64_t run = world_run(world, USERS);
    struct job_scope_begin scope = world_scope(world, USERS, run, NULL);
    for (int64_t sequence = 1; sequence <= 2; sequence++) {
        draft_begin(world, &page, USERS, &scope, sequence);
        (void)draft_record(&page, MUSTER_ACCOUNT, sequence == 1 ? "a" : "b", "{\"login\":\"l\"}");
        for (size_t i = 0; i < count; i++)
            seen[i] = *shapes[i];
        page.batch.shapes = seen;
        page.batch.shape_count = count;
        (void)draft_commit(world, &page);
    }
    (void)world_scope_end(world, &scope, proof);
    struct job_run_end end = world_run_end(world, run, proof);
    world_round_end(world);
    return end;
}
#define LIST(world, proof, ...)                                         \
    list(world, proof, (const struct shape_seen *const[]){__VA_ARGS__}, \
        sizeof((const struct shape_seen *const[]){__VA_ARGS__}) / sizeof(void *))

static const char *drift(struct world *world)
{
    return world_sql(
        world, "SELECT kind,path,type,count,first_run,last_run FROM drift ORDER BY drift");
}

START_TEST(case_the_first_run_is_what_others_are_compared_with)
{
    struct world world;
    world_open(&world);
    struct job_run_end end = LIST(&world, PROOF_PROVEN, &shape_plain);
    ck_assert_str_eq(drift(&world), "");
    ck_assert_int_eq(end.drift[DRIFT_NEW_PATH], 0);
    end = LIST(&world, PROOF_PROVEN, &shape_plain, &shape_mail);
    ck_assert_str_eq(drift(&world), "new_path|/mail|string|10|2|2\n");
    ck_assert_int_eq(end.drift[DRIFT_NEW_PATH], 1);
    ck_assert_str_eq(world_sql(&world, "SELECT run,drift FROM run ORDER BY run"), "1|0\n2|1\n");
    world_close(&world);
}
END_TEST

START_TEST(case_a_restart_reports_nothing_anew)
{
    struct world world;
    world_open(&world);
    (void)LIST(&world, PROOF_PROVEN, &shape_plain);
    (void)LIST(&world, PROOF_PROVEN, &shape_plain, &shape_mail);
    world_reopen(&world);
    struct job_run_end end = LIST(&world, PROOF_PROVEN, &shape_plain, &shape_mail);
    ck_assert_int_eq(end.drift[DRIFT_NEW_PATH], 0);
    ck_assert_str_eq(drift(&world), "new_path|/mail|string|10|2|2\n");
    world_close(&world);
}
END_TEST

START_TEST(case_a_type_changes_and_null_changes_none)
{
    struct world world;
    world_open(&world);
    (void)LIST(&world, PROOF_PROVEN, &shape_plain);
    struct job_run_end end = LIST(&world, PROOF_PROVEN, &shape_types, &shape_plain);
    ck_assert_int_eq(end.drift[DRIFT_TYPE_CHANGED], 1);
    ck_assert_str_eq(drift(&world), "type_changed|/id|number|5|2|2\n");
    world_close(&world);
}
END_TEST

START_TEST(case_vanished_is_concluded_from_a_whole_listing_only)
{
    struct world world;
    world_open(&world);
    (void)LIST(&world, PROOF_PROVEN, &shape_plain, &shape_mail);
    struct job_run_end end = LIST(&world, PROOF_PARTIAL, &shape_plain);
    ck_assert_int_eq(end.drift[DRIFT_VANISHED_PATH], 0);
    world_reopen(&world);
    end = LIST(&world, PROOF_ASSERTED, &shape_plain);
    ck_assert_int_eq(end.drift[DRIFT_VANISHED_PATH], 1);
    ck_assert_str_eq(drift(&world), "vanished_path|/mail||20|3|3\n");
    end = LIST(&world, PROOF_PROVEN, &shape_plain);
    ck_assert_int_eq(end.drift[DRIFT_VANISHED_PATH], 0); /* once */
    end = LIST(&world, PROOF_PROVEN, &shape_plain, &shape_mail);
    ck_assert_str_eq(drift(&world), "vanished_path|/mail||20|3|3\nnew_path|/mail||20|5|5\n");
    world_close(&world);
}
END_TEST

START_TEST(case_rare_paths_and_unknown_shapes_conclude_nothing)
{
    struct world world;
    struct shape_seen rare = shape_mail, untold = shape_plain, others = {.items = 3};
    rare.items = 2; /* of 92 */
    untold.shape = 14;
    untold.told = false;
    world_open(&world);
    (void)LIST(&world, PROOF_PROVEN, &shape_plain, &rare);
    (void)LIST(&world, PROOF_PROVEN, &shape_plain);
    ck_assert_str_eq(drift(&world), "");
    (void)LIST(&world, PROOF_PROVEN, &shape_plain, &shape_mail);
    (void)LIST(&world, PROOF_PROVEN, &shape_plain, &untold);
    (void)LIST(&world, PROOF_PROVEN, &shape_plain, &others);
    ck_assert_str_eq(drift(&world), "");
    (void)LIST(&world, PROOF_PROVEN, &shape_plain);
    ck_assert_str_eq(drift(&world), "vanished_path|/mail||20|6|6\n");
    world_close(&world);
}
END_TEST

UNIT_MAIN("shapes", case_the_first_run_is_what_others_are_compared_with,
    case_a_restart_reports_nothing_anew, case_a_type_changes_and_null_changes_none,
    case_vanished_is_concluded_from_a_whole_listing_only,
    case_rare_paths_and_unknown_shapes_conclude_nothing)
