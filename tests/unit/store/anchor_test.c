/* SPDX-License-Identifier: Apache-2.0 */
/* A store that is older than what was written, or another one, is noticed (faults 104, 105). */
#include "world.h"

static void copy_to(struct world *world, const char *path)
{
    char sql[256];
    struct fault fault;
    (void)unlink(path);
    (void)snprintf(sql, sizeof sql, "VACUUM INTO '%s'", path);
    ck_assert_msg(sql_execute(&world->store->sql, sql, &fault), "%s", fault.text);
}

/* The store is closed and the copy takes its place. */
static void put_back(struct world *world, const char *path)
{
    static const char *const companions[] = {"-wal", "-shm"};
    store_close(world->store);
    world->store = NULL;
    for (size_t i = 0; i < 2; i++) {
        char name[128];
        (void)snprintf(name, sizeof name, "%s%s", world->path, companions[i]);
        (void)unlink(name);
    }
    ck_assert_int_eq(rename(path, world->path), 0);
}

static enum fault_code open_again(struct world *world, char *ret_text, size_t size)
{
    const struct store_options options = {.create = true, .take_lock = true};
    struct fault fault = {FAULT_NONE, ""};
    bool opened = store_open(world->path, &options, &world->store, &fault);
    ck_assert_int_eq(opened, fault.code == FAULT_NONE);
    (void)snprintf(ret_text, size, "%s", fault.text);
    return fault.code;
}

static void remove_anchor(const struct world *world)
{
    char name[128];
    (void)snprintf(name, sizeof name, "%s.anchor", world->path);
    ck_assert_int_eq(unlink(name), 0);
}

START_TEST(case_an_older_store_is_refused_until_somebody_takes_it)
{
    struct world world;
    char backup[128], text[512];
    world_open(&world);
    (void)snprintf(backup, sizeof backup, "%s.backup", world.path);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    copy_to(&world, backup);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b", "c"));
    put_back(&world, backup);
    ck_assert_int_eq(open_again(&world, text, sizeof text), FAULT_STORE_CORRUPT);
    ck_assert_msg(strstr(text, "batch 2") && strstr(text, "backup"), "%s", text);
    ck_assert_int_eq(open_again(&world, text, sizeof text), FAULT_STORE_CORRUPT);
    remove_anchor(&world);
    ck_assert_int_eq(open_again(&world, text, sizeof text), FAULT_NONE);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* As long as the one that was written, and yet not that one. */
START_TEST(case_another_history_is_refused)
{
    struct world world;
    char backup[128], text[512];
    world_open(&world);
    (void)snprintf(backup, sizeof backup, "%s.backup", world.path);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    copy_to(&world, backup);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    put_back(&world, backup);
    remove_anchor(&world);
    world_reopen(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("x", "y"));
    copy_to(&world, backup);
    store_close(world.store);
    world.store = NULL;
    /* The anchor of the first history's second batch, beside the second history. */
    char name[128], line[128];
    (void)snprintf(name, sizeof name, "%s.anchor", world.path);
    FILE *file = fopen(name, "r+");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_gt(fread(line, 1, 60, file), 50);
    line[40] = line[40] == '0' ? '1' : '0';
    rewind(file);
    ck_assert_uint_eq(fwrite(line, 1, 60, file), 60);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(open_again(&world, text, sizeof text), FAULT_STORE_CORRUPT);
    ck_assert_msg(strstr(text, "another one now") != NULL, "%s", text);
    (void)unlink(backup);
    world_close(&world);
}
END_TEST

START_TEST(case_the_audit_says_it_too)
{
    struct world world;
    char first[512];
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    world_assert_sound(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    struct fault fault;
    ck_assert(sql_execute(
        &world.store->sql, "PRAGMA foreign_keys=OFF;DELETE FROM batches WHERE batch=2", &fault));
    ck_assert_int_gt(world_audit(&world, first), 0);
    ck_assert_msg(strstr(first, "batch 2 was written here") != NULL, "%s", first);
    world_close(&world);
}
END_TEST

START_TEST(case_a_new_store_knows_nothing_of_the_one_before)
{
    struct world world;
    char text[512];
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    store_close(world.store);
    world.store = NULL;
    ck_assert_int_eq(unlink(world.path), 0);
    ck_assert_int_eq(open_again(&world, text, sizeof text), FAULT_NONE);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a", "b"));
    world_reopen(&world);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_an_anchor_that_cannot_be_read_says_nothing)
{
    struct world world;
    char name[128], text[512];
    world_open(&world);
    (void)world_list(&world, USERS, NULL, PROOF_PROVEN, IDS("a"));
    store_close(world.store);
    world.store = NULL;
    (void)snprintf(name, sizeof name, "%s.anchor", world.path);
    ck_assert_int_eq(truncate(name, 30), 0);
    ck_assert_int_eq(open_again(&world, text, sizeof text), FAULT_NONE);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

UNIT_MAIN("anchor", case_an_older_store_is_refused_until_somebody_takes_it,
    case_another_history_is_refused, case_the_audit_says_it_too,
    case_a_new_store_knows_nothing_of_the_one_before,
    case_an_anchor_that_cannot_be_read_says_nothing)
