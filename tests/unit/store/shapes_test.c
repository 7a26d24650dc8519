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

#define SHAPE(number_, items_, paths_)                                          \
    {                                                                           \
        .shape = (number_), .items = (items_), .told = true, .paths = (paths_), \
        .path_count = sizeof(paths_) / sizeof(paths_)[0]                        \
    }

static struct shape_seen shape_plain = SHAPE(11, 90, plain), shape_mail = SHAPE(12, 10, with_mail),
                         shape_types = SHAPE(13, 5, other_types);

/* One full run of users with a page of these shapes. */
static struct job_run_end list(
    struct world *world, enum proof proof, const struct shape_seen *const *shapes, size_t count)
{
    struct draft page;
    struct shape_seen seen[8];
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
    (void)LIST(&world, PROOF_PROVEN, &shape_plain, &shape_mail);
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

/* What was only ever null had no type that could change. */
START_TEST(case_a_first_value_after_nulls_changes_no_type)
{
    struct world world;
    world_open(&world);
    (void)LIST(&world, PROOF_PROVEN, &shape_types);
    (void)LIST(&world, PROOF_PROVEN, &shape_plain);
    ck_assert_str_eq(drift(&world), "type_changed|/id|string|90|2|2\n");
    world_close(&world);
}
END_TEST

/* An empty listing has no items that could lack anything; nor does it make a first one known. */
START_TEST(case_an_empty_listing_concludes_nothing)
{
    struct world world;
    world_open(&world);
    (void)list(&world, PROOF_PROVEN, NULL, 0);
    (void)LIST(&world, PROOF_PROVEN, &shape_plain, &shape_mail);
    ck_assert_str_eq(drift(&world), "");
    (void)list(&world, PROOF_PROVEN, NULL, 0);
    ck_assert_str_eq(drift(&world), "");
    (void)LIST(&world, PROOF_PROVEN, &shape_plain);
    ck_assert_str_eq(drift(&world), "vanished_path|/mail||20|4|4\n");
    world_close(&world);
}
END_TEST

static void take_as_incremental(struct world *world, bool on)
{
    (void)world_sql(world, on ? "CREATE TEMP TRIGGER part AFTER INSERT ON runs BEGIN"
                                " UPDATE runs SET full=0 WHERE run=NEW.run; END"
                              : "DROP TRIGGER part");
}

/* Only what changed comes: it may lack what the others have, and is no first run to compare with.
 */
START_TEST(case_an_incremental_run_concludes_nothing)
{
    struct world world;
    world_open(&world);
    take_as_incremental(&world, true);
    (void)LIST(&world, PROOF_PROVEN, &shape_mail);
    take_as_incremental(&world, false);
    (void)LIST(&world, PROOF_PROVEN, &shape_plain, &shape_mail, &shape_types);
    ck_assert_str_eq(drift(&world), "");
    take_as_incremental(&world, true);
    (void)LIST(&world, PROOF_PROVEN, &shape_plain);
    ck_assert_str_eq(drift(&world), "");
    world_close(&world);
}
END_TEST

/* Beyond some thousand paths a shape is not known, and nothing is concluded while it is listed. */
START_TEST(case_endless_paths_are_bounded)
{
    enum { PATHS = 500, SHAPES = 9 };
    struct world world;
    static struct path_seen paths[SHAPES][PATHS];
    static char names[SHAPES][PATHS][16];
    static struct shape_seen shapes[SHAPES];
    world_open(&world);
    for (int s = 0; s < SHAPES; s++) {
        for (int p = 0; p < PATHS; p++) {
            (void)snprintf(names[s][p], sizeof names[s][p], "/%d-%d", s, p);
            paths[s][p] = (struct path_seen){names[s][p], STRING};
        }
        shapes[s] = (struct shape_seen){.shape = (uint64_t)s + 100,
            .items = 10,
            .told = true,
            .paths = paths[s],
            .path_count = PATHS};
    }
    (void)LIST(&world, PROOF_PROVEN, &shapes[0], &shapes[1], &shapes[2], &shapes[3], &shapes[4],
        &shapes[5], &shapes[6], &shapes[7]);
    ck_assert_str_eq(world_sql(&world, "SELECT count(*) FROM paths"), "4000\n");
    (void)LIST(&world, PROOF_PROVEN, &shapes[8], &shapes[0]);
    ck_assert_str_eq(world_sql(&world, "SELECT count(*) FROM paths"), "4096\n");
    ck_assert_str_eq(world_sql(&world, "SELECT DISTINCT kind FROM drift"), "new_path\n");
    (void)LIST(&world, PROOF_PROVEN, &shapes[0]);
    ck_assert_str_eq(
        world_sql(&world, "SELECT count(*) FROM drift WHERE kind='vanished_path'"), "3500\n");
    world_close(&world);
}
END_TEST

/* Pages of plain items and mails in one run, and what happens to it. */
enum meanwhile { NOTHING_ELSE, SOMEBODY_WRITES, FIRST_PAGE_FAILS, LAST_PAGE_FAILS, END_FAILS };

static void list_with(struct world *world, enum meanwhile meanwhile)
{
    struct draft page;
    struct fault fault;
    struct shape_seen seen[2] = {shape_plain, shape_mail};
    struct job again = {.kind = JOB_RUN_END};
    world_round(world);
    int64_t run = world_run(world, USERS);
    struct job_scope_begin scope = world_scope(world, USERS, run, NULL);
    for (int64_t sequence = 1; sequence <= 3; sequence++) {
        draft_begin(world, &page, USERS, &scope, sequence);
        (void)draft_record(&page, MUSTER_ACCOUNT, sequence == 1 ? "a" : "b", "{\"login\":\"l\"}");
        page.batch.shapes = seen;
        page.batch.shape_count = 2;
        if (sequence == 3 && meanwhile == SOMEBODY_WRITES) {
            struct store *other;
            const struct store_options options = {.take_lock = false};
            ck_assert(store_open(world->path, &options, &other, &fault));
            ck_assert(sql_execute(&other->sql, "UPDATE connections SET tenant='t'", &fault));
            store_close(other);
        }
        if ((sequence == 1 && meanwhile == FIRST_PAGE_FAILS) ||
            (sequence == 3 && meanwhile == LAST_PAGE_FAILS)) {
            struct job job = {.kind = JOB_COMMIT, .commit = {.batch = &page.batch}};
            (void)world_sql(world, "CREATE TEMP TRIGGER boom BEFORE INSERT ON batches BEGIN"
                                   " SELECT RAISE(ABORT,'boom'); END");
            ck_assert_int_ne(world_try(world, &job), FAULT_NONE);
            (void)world_sql(world, "DROP TRIGGER boom");
        }
        (void)draft_commit(world, &page);
    }
    (void)world_scope_end(world, &scope, PROOF_PROVEN);
    if (meanwhile == END_FAILS) {
        again.run_end = (struct job_run_end){
            .run = run, .proof = PROOF_PROVEN, .complete = true, .read_whole = true};
        (void)world_sql(world, "CREATE TEMP TRIGGER boom BEFORE UPDATE ON paths BEGIN"
                               " SELECT RAISE(ABORT,'boom'); END");
        ck_assert_int_ne(world_try(world, &again), FAULT_NONE);
        (void)world_sql(world, "DROP TRIGGER boom");
    }
    (void)world_run_end(world, run, PROOF_PROVEN);
    world_round_end(world);
}

/* What is only in memory yet is neither lost nor counted twice. */
START_TEST(case_counts_survive_what_happens_to_a_run)
{
    for (enum meanwhile meanwhile = NOTHING_ELSE; meanwhile <= END_FAILS; meanwhile++) {
        struct world world;
        world_open(&world);
        list_with(&world, meanwhile);
        ck_assert_msg(
            strcmp(world_sql(&world, "SELECT items FROM shapes ORDER BY shape"), "270\n30\n") == 0,
            "%d: %s", (int)meanwhile, world_sql(&world, "SELECT items FROM shapes ORDER BY shape"));
        ck_assert_str_eq(world_sql(&world, "SELECT name,items,of_items FROM paths ORDER BY 1"),
            "/id|300|300\n/mail|30|300\n/name|300|300\n");
        world_close(&world);
    }
}
END_TEST

UNIT_MAIN("shapes", case_the_first_run_is_what_others_are_compared_with,
    case_a_restart_reports_nothing_anew, case_a_type_changes_and_null_changes_none,
    case_vanished_is_concluded_from_a_whole_listing_only,
    case_rare_paths_and_unknown_shapes_conclude_nothing,
    case_a_first_value_after_nulls_changes_no_type, case_an_empty_listing_concludes_nothing,
    case_an_incremental_run_concludes_nothing, case_endless_paths_are_bounded,
    case_counts_survive_what_happens_to_a_run)
