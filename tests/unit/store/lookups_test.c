/* SPDX-License-Identifier: Apache-2.0 */
/* The way from a name to its object, while entries move from the small index to the large one. */
#include "base/memory.h"
#include "world.h"

#include "../../../host/store/migrate.h"

#define PAGES        11 /* so that both have some in the end */
#define PAGE_RECORDS 3

static int64_t count_of(struct world *world, enum sql name)
{
    int64_t count = -1;
    struct fault fault;
    ck_assert(sql_integer(&world->store->sql, name, &count, &fault, ""));
    return count;
}

static void keep(void *context, const char *sentence)
{
    (void)snprintf(context, 256, "%s", sentence);
}

static int64_t breaks(struct world *world, char sentence[256])
{
    int64_t batches = 0, broken = -1;
    struct fault fault;
    ck_assert_msg(
        store_audit(world->store, keep, sentence, &batches, &broken, &fault), "%s", fault.text);
    return broken;
}

/* Every name is found again whichever index it is in, and the small one stays small. */
START_TEST(case_names_are_found_in_either_index)
{
    struct world world;
    char ids[PAGES * PAGE_RECORDS][16], sentence[256] = "";
    world_open(&world);
    for (int round = 0; round < 2; round++) {
        world_round(&world);
        int64_t run = world_run(&world, USERS);
        struct job_scope_begin scope = world_scope(&world, USERS, run, NULL);
        for (int page = 0; page < PAGES; page++) {
            struct draft draft;
            draft_begin(&world, &draft, USERS, &scope, page + 1);
            for (int i = page * PAGE_RECORDS; i < (page + 1) * PAGE_RECORDS; i++) {
                (void)snprintf(ids[i], sizeof ids[i], "u%d", (i * 7919) % 1009);
                (void)draft_record(&draft, MUSTER_ACCOUNT, ids[i], "{\"login\":\"l\"}");
            }
            struct batch_outcome outcome = draft_commit(&world, &draft);
            ck_assert_int_eq(round == 0 ? outcome.created : outcome.unchanged, PAGE_RECORDS);
            ck_assert_int_lt(count_of(&world, SQL_LOOKUPS_RECENT), 7);
        }
        (void)world_scope_end(&world, &scope, PROOF_PROVEN);
        (void)world_run_end(&world, run, PROOF_PROVEN);
        world_round_end(&world);
        store_close(TAKE(world.store)); /* and in the next process */
        world_reopen(&world);
        ck_assert_int_eq(world.store->recent_lookups, count_of(&world, SQL_LOOKUPS_RECENT));
        ck_assert_int_gt(world.store->recent_lookups, 0);
    }
    ck_assert_int_eq(breaks(&world, sentence), 0);
    world_close(&world);
}
END_TEST

/* A name that is in neither index is a break in the store. */
START_TEST(case_the_audit_misses_a_lost_name)
{
    struct world world;
    struct fault fault;
    char sentence[256] = "";
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b", "c"));
    ck_assert_int_eq(count_of(&world, SQL_LOOKUPS_RECENT), 3);
    ck_assert_int_eq(breaks(&world, sentence), 0);
    ck_assert(sql_execute(&world.store->sql, "DELETE FROM recent_lookups WHERE object=2", &fault));
    ck_assert_int_eq(breaks(&world, sentence), 1);
    ck_assert_str_eq(sentence, "object 2: cannot be found by its name");
    world_close(&world);
}
END_TEST

/* A store of an older version comes with an empty small index, and with books that know replays. */
START_TEST(case_an_older_store_is_given_the_small_index)
{
    struct world world;
    struct fault fault;
    sqlite3 *old;
    AUTO_BYTES marks = {.limit = 0};
    world_open(&world);
    store_close(TAKE(world.store));
    ck_assert_int_eq(unlink(world.path), 0);
    ck_assert_int_eq(sqlite3_open(world.path, &old), SQLITE_OK);
    ck_assert(bytes_format(&marks, &fault,
        "INSERT INTO lookups VALUES(1,1),(2,2),(3,3);PRAGMA user_version=2;"
        "PRAGMA application_id=%d",
        MIGRATE_APPLICATION_ID));
    const char *const steps[] = {schema_tables(), schema_tokens(), marks.data};
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(sqlite3_exec(old, steps[i], NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(old), SQLITE_OK);
    world_reopen(&world);
    ck_assert_int_eq(count_of(&world, SQL_LOOKUPS_RECENT), 0);
    ck_assert_str_eq(world_sql(&world, "SELECT count(*) FROM lookups"), "3\n");
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    ck_assert_str_eq(world_sql(&world, "SELECT kind,superseded FROM batch"), "page|0\n");
    world_close(&world);
}
END_TEST

UNIT_MAIN("lookups", case_names_are_found_in_either_index, case_the_audit_misses_a_lost_name,
    case_an_older_store_is_given_the_small_index)
