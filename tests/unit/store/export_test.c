/* SPDX-License-Identifier: Apache-2.0 */
/* Export in id order, now and as of a time; and the commands' questions. */
#include "world.h"

struct list {
    char text[512];
    int stop_after;
};

static bool keep(void *context, const char *const *names, const struct cell *cells, size_t count)
{
    struct list *list = context;
    for (size_t i = 0; i < count; i++) {
        ck_assert_str_ne(names[i], "object"); /* keys are the store's own */
        if (strcmp(names[i], "id") != 0 && strcmp(names[i], "state") != 0 &&
            strcmp(names[i], "login") != 0)
            continue;
        size_t used = strlen(list->text);
        (void)snprintf(
            list->text + used, sizeof list->text - used, "%.*s ", SPAN_FORMAT(cells[i].text));
    }
    return --list->stop_after != 0;
}

static const char *export_accounts(
    struct world *world, struct list *list, bool all, int64_t as_of_ms)
{
    struct fault fault;
    struct export_options options = {.kind = kind_by_number(MUSTER_ACCOUNT),
        .connection = "acme",
        .all_states = all,
        .as_of_ms = as_of_ms};
    *list = (struct list){.text = "", .stop_after = list->stop_after};
    ck_assert_msg(query_export(world->store, &options, keep, list, &fault), "%s", fault.text);
    return list->text;
}

START_TEST(case_now_and_then)
{
    struct world world;
    struct draft draft;
    struct list list = {.stop_after = 0};
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("c", "a", "b"));
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("c", "a"));
    world_round(&world);
    struct job_scope_begin scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    draft_begin(&world, &draft, USERS, &scope, 1);
    (void)draft_record(&draft, MUSTER_ACCOUNT, "a", "{\"login\":\"new\"}");
    (void)draft_commit(&world, &draft);
    ck_assert_str_eq(export_accounts(&world, &list, false, TIMESTAMP_NONE), "a live new c live l ");
    ck_assert_str_eq(
        export_accounts(&world, &list, true, TIMESTAMP_NONE), "a live new b missing l c live l ");
    ck_assert_str_eq(export_accounts(&world, &list, false, WALL), "a live l b live l c live l ");
    ck_assert_str_eq(
        export_accounts(&world, &list, true, WALL + 60000), "a live l b missing l c live l ");
    ck_assert_str_eq(export_accounts(&world, &list, true, WALL - 1), "");
    list.stop_after = 1;
    ck_assert_str_eq(export_accounts(&world, &list, true, TIMESTAMP_NONE), "a live new ");
    world_close(&world);
}
END_TEST

static bool count_rows(
    void *context, const char *const *names, const struct cell *cells, size_t count)
{
    (void)names;
    (void)cells;
    (void)count;
    ++*(int *)context;
    return true;
}

static int rows_of(struct world *world, enum query query, const char *argument)
{
    struct fault fault;
    int count = 0;
    ck_assert_msg(
        query_run(world->store, query, argument, count_rows, &count, &fault), "%s", fault.text);
    return count;
}

START_TEST(case_questions)
{
    struct world world;
    struct draft draft;
    struct fault fault;
    int count = 0;
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    world_round(&world);
    struct job_scope_begin scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    draft_begin(&world, &draft, USERS, &scope, 1);
    draft_letter(&draft, "z");
    (void)draft_commit(&world, &draft);
    ck_assert_int_eq(rows_of(&world, QUERY_STATUS, NULL), KIND_COUNT);
    ck_assert_int_eq(rows_of(&world, QUERY_RUNS, NULL), 2);
    ck_assert_int_eq(rows_of(&world, QUERY_RUNS, "nobody"), 0);
    ck_assert_int_eq(rows_of(&world, QUERY_LEDGER, "1"), 1);
    ck_assert_int_eq(rows_of(&world, QUERY_DEAD, "acme"), 1);
    ck_assert_int_eq(rows_of(&world, QUERY_DEAD_ONE, "1"), 1);
    ck_assert_int_eq(rows_of(&world, QUERY_HOLDS, NULL), 0);
    ck_assert_int_eq(rows_of(&world, QUERY_DRIFT, NULL), 0);
    ck_assert(!query_run(world.store, QUERY_DEAD_ONE, "9", count_rows, &count, &fault));
    ck_assert_int_eq(fault.code, FAULT_NOT_FOUND);
    ck_assert(!query_run(world.store, QUERY_LEDGER, "one", count_rows, &count, &fault));
    ck_assert_int_eq(fault.code, FAULT_USAGE);
    ck_assert(store_dead_discard(world.store, 1, "eve", "known", world.wall_ms, &fault));
    ck_assert_str_eq(world_sql(&world, "SELECT state,closed_by,closed_reason FROM dead_letter"),
        "discarded|eve|known\n");
    ck_assert(!store_dead_discard(world.store, 1, "eve", "known", world.wall_ms, &fault));
    ck_assert_int_eq(fault.code, FAULT_NOT_FOUND);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

UNIT_MAIN("export", case_now_and_then, case_questions)
