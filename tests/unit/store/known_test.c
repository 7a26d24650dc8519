/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker is told to be unchanged, and that the writer does not take its word for it. */
#include "world.h"
#include "../record/sample.h"

#define COUNT 50

static char ids[COUNT][16];

static void fill(
    struct world *world, struct job_scope_begin *ret_scope, struct store_reader **ret_reader)
{
    struct draft draft;
    struct fault fault;
    world_open(world);
    world_round(world);
    *ret_scope = world_scope(world, USERS, world_run(world, USERS), NULL);
    draft_begin(world, &draft, USERS, ret_scope, 1);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "u%d", (i * 7919) % 1009);
        (void)draft_record(&draft, MUSTER_ACCOUNT, ids[i], "{\"login\":\"l\"}");
    }
    (void)draft_commit(world, &draft);
    (void)world_scope_end(world, ret_scope, PROOF_PROVEN);
    world_round_end(world);
    world_round(world);
    *ret_scope = world_scope(world, USERS, world_run(world, USERS), NULL);
    ck_assert_msg(store_reader_open(world->store, ret_reader, &fault), "%s", fault.text);
}

static size_t ask(struct store_reader *reader, int64_t scope, const int *order, size_t count,
    struct known_answer *answers, int64_t *ret_version)
{
    struct known known = store_reader_known(reader);
    struct known_query queries[COUNT];
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        queries[i] = (struct known_query){.id = span_of(ids[order[i]])};
    *ret_version = known.look_up(known.context, scope, MUSTER_ACCOUNT, queries, count, answers);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(answers[i].object == 0 || answers[i].object == order[i] + 1,
            "answer %zu is of object %lld", i, (long long)answers[i].object);
        found += answers[i].object != 0;
    }
    return found;
}

START_TEST(case_any_order_is_found)
{
    struct world world;
    struct job_scope_begin scope;
    struct store_reader *reader;
    struct known_answer answers[COUNT];
    int order[COUNT];
    int64_t version;
    fill(&world, &scope, &reader);
    for (int i = 0; i < COUNT; i++)
        order[i] = i;
    ck_assert_uint_eq(ask(reader, scope.scope, order, COUNT, answers, &version), COUNT);
    ck_assert_int_gt(version, 0);
    ck_assert(hash128_equal(answers[3].bytes_hash, hash_of("{\"login\":\"l\"}")));
    for (int i = 0; i < COUNT; i++)
        order[i] = COUNT - 1 - i;
    ck_assert_uint_eq(ask(reader, scope.scope, order, COUNT, answers, &version), COUNT);
    for (int i = 0; i < COUNT; i++)
        order[i] = (i * 17) % COUNT;
    ck_assert_uint_eq(ask(reader, scope.scope, order, COUNT, answers, &version), COUNT);
    for (int i = 0; i < 25; i++)
        order[i] = i * 2; /* every second one is left out of the page */
    ck_assert_uint_eq(ask(reader, scope.scope, order, 25, answers, &version), 25);
    store_reader_close(reader);
    world_close(&world);
}
END_TEST

START_TEST(case_unsure_ones_go_the_long_way)
{
    struct world world;
    struct job_scope_begin scope;
    struct store_reader *reader;
    struct known_answer answers[4];
    struct fault fault;
    int64_t version;
    const int order[] = {0, 1, 2, 3};
    fill(&world, &scope, &reader);
    ck_assert(sql_execute(&world.store->sql,
        "UPDATE objects SET state=1 WHERE object=1;UPDATE objects SET shared=1 WHERE object=2;"
        "UPDATE objects SET failed=1 WHERE object=3;UPDATE objects SET bytes_hash=NULL WHERE "
        "object=4",
        &fault));
    ck_assert_uint_eq(ask(reader, scope.scope, order, 4, answers, &version), 0);
    ck_assert_int_gt(version, 0);
    ck_assert_uint_eq(ask(reader, scope.scope + 1, order, 4, answers, &version), 0);
    ck_assert_int_eq(version, -1);
    store_reader_close(reader);
    world_close(&world);
}
END_TEST

static void assume(struct draft *draft, const struct known_answer *answer, uint32_t item)
{
    draft->assumed[draft->batch.assumed_count++] =
        (struct assumed){item, answer->object, answer->bytes_hash};
    draft->batch.received++;
}

START_TEST(case_an_assumption_costs_no_write)
{
    struct world world;
    struct job_scope_begin scope;
    struct store_reader *reader;
    struct known_answer answers[2];
    struct draft draft;
    const int order[] = {0, 1};
    fill(&world, &scope, &reader);
    draft_begin(&world, &draft, USERS, &scope, 1);
    ck_assert_uint_eq(ask(reader, scope.scope, order, 2, answers, &draft.batch.known_version), 2);
    assume(&draft, &answers[0], 0);
    assume(&draft, &answers[1], 1);
    assume(&draft, &answers[1], 2);
    struct batch_outcome outcome = draft_commit(&world, &draft);
    ck_assert_int_eq(outcome.unchanged, 2);
    ck_assert_int_eq(outcome.duplicate, 1);
    ck_assert_int_eq(outcome.distinct, 2);
    ck_assert_str_eq(world_sql(&world, "SELECT count(*) FROM object_history"), "0\n");
    world_assert_sound(&world);
    store_reader_close(reader);
    world_close(&world);
}
END_TEST

/* The object changes between the worker's look and the commit; the change before is in the same
 * group. */
START_TEST(case_a_stale_assumption_is_noticed)
{
    struct world world;
    struct job_scope_begin scope;
    struct store_reader *reader;
    struct known_answer answers[2];
    struct draft draft;
    int64_t version;
    const int order[] = {0, 1};
    fill(&world, &scope, &reader);
    ck_assert_uint_eq(ask(reader, scope.scope, order, 2, answers, &version), 2);
    draft_begin(&world, &draft, USERS, &scope, 1);
    (void)draft_record(&draft, MUSTER_ACCOUNT, ids[0], "{\"login\":\"changed\"}");
    (void)draft_commit(&world, &draft);
    ck_assert_int_eq(changes_since(&world.store->changes, 1, version), CHANGED_MAYBE);
    ck_assert_int_eq(changes_since(&world.store->changes, 2, version), CHANGED_NO);
    store_reader_close(reader);
    world_close(&world);
}
END_TEST

/* Digests one page of one user and makes it the scope's next batch. */
static struct batch *page_of(struct sample *sample, const char *body, const struct known *known,
    const struct job_scope_begin *scope, int64_t sequence)
{
    struct batch *batch = &sample_digest(sample, body, known)->batch;
    batch->run = scope->run;
    batch->scope = scope->scope;
    batch->sequence = sequence;
    batch->position = SPAN("at");
    batch->wall_ms = WALL;
    return batch;
}

static struct batch_outcome commit(struct world *world, struct batch *batch)
{
    struct job job = {.kind = JOB_COMMIT, .commit = {.batch = batch}};
    world_do(world, &job);
    return job.commit.outcome;
}

/* Two pages of one listing hold the same user, first changed, then as it was stored. The worker of
 * the second looks before the first is committed and finds nothing changed; the writer knows
 * better: the item is mapped after all, and the two contradict each other. */
START_TEST(case_a_stale_assumption_is_mapped_after_all)
{
    struct world world;
    struct job_scope_begin scope;
    struct store_reader *reader;
    struct sample first, second;
    struct fault fault;
    const char *stream = STREAM(ACCOUNT(ID ",{'to':'login','from':'/l'}", ""), "");
    world_open(&world);
    sample_begin(&first, stream, NULL, 0);
    sample_begin(&second, stream, NULL, 0);
    world_round(&world);
    scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    (void)commit(&world, page_of(&second, "[{'id':'a','l':'before'}]", NULL, &scope, 1));
    (void)world_scope_end(&world, &scope, PROOF_PROVEN);
    world_round_end(&world);
    world_round(&world);
    scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    ck_assert_msg(store_reader_open(world.store, &reader, &fault), "%s", fault.text);
    struct known known = store_reader_known(reader);
    struct batch *changed = page_of(&first, "[{'id':'a','l':'after'}]", NULL, &scope, 1);
    struct batch *stale = page_of(&second, "[{'id':'a','l':'before'}]", &known, &scope, 2);
    ck_assert_uint_eq(stale->assumed_count, 1);
    ck_assert_int_eq(commit(&world, changed).changed, 1);
    struct batch_outcome outcome = commit(&world, stale);
    ck_assert_int_eq(outcome.duplicate, 1);
    ck_assert_int_eq(outcome.conflicts, 1);
    ck_assert_int_eq(outcome.unchanged, 0);
    ck_assert_str_eq(world_sql(&world, "SELECT login FROM account"), "before\n");
    world_assert_sound(&world);
    store_reader_close(reader);
    sample_end(&first);
    sample_end(&second);
    world_close(&world);
}
END_TEST

START_TEST(case_without_a_version_the_row_is_read)
{
    struct world world;
    struct job_scope_begin scope;
    struct store_reader *reader;
    struct known_answer answers[2];
    struct draft draft;
    int64_t version;
    const int order[] = {0, 1};
    fill(&world, &scope, &reader);
    ck_assert_uint_eq(ask(reader, scope.scope, order, 2, answers, &version), 2);
    draft_begin(&world, &draft, USERS, &scope, 1);
    draft.batch.known_version = -1;
    assume(&draft, &answers[0], 0);
    ck_assert_int_eq(draft_commit(&world, &draft).unchanged, 1);
    store_reader_close(reader);
    world_close(&world);
}
END_TEST

UNIT_MAIN("known", case_any_order_is_found, case_unsure_ones_go_the_long_way,
    case_an_assumption_costs_no_write, case_a_stale_assumption_is_noticed,
    case_a_stale_assumption_is_mapped_after_all, case_without_a_version_the_row_is_read)
