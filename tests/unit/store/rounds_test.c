/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds that a crash left open, and the reasons for a full run. */
#include "world.h"
#include "store/query.h"

/* One complete run of the incremental stream, with a bookmark. */
static void run_changes(struct world *world, bool full)
{
    world->full = false;
    world_round(world);
    ck_assert_int_eq(world->entries[CHANGES].full, full);
    int64_t run = world_run(world, CHANGES);
    struct job_scope_begin scope = world_scope(world, CHANGES, run, NULL);
    (void)world_scope_end(world, &scope, PROOF_ASSERTED);
    struct job job = {.kind = JOB_RUN_END};
    job.run_end = (struct job_run_end){.run = run,
        .proof = PROOF_ASSERTED,
        .reason = "why",
        .complete = true,
        .read_whole = true,
        .bookmark = SPAN("2026-01-01")};
    world_do(world, &job);
    world_round_end(world);
}

START_TEST(case_why_a_run_is_full)
{
    struct world world;
    world_open(&world);
    world_round(&world);
    ck_assert_str_eq(world.entries[CHANGES].why_full, "asked for");
    world_round_end(&world);
    world.full = false;
    world_round(&world);
    ck_assert_str_eq(world.entries[CHANGES].why_full, "first");
    ck_assert_str_eq(world.entries[USERS].why_full, "not incremental");
    world_round_end(&world);
    run_changes(&world, true);
    run_changes(&world, false);
    world_round(&world);
    ck_assert(!world.entries[CHANGES].full);
    ck_assert_ptr_null(world.entries[CHANGES].why_full);
    ck_assert(span_equal_text(world.entries[CHANGES].bookmark, "2026-01-01"));
    world_round_end(&world);
    world.entries[CHANGES].mapping = SPAN("another");
    world_round(&world);
    ck_assert_str_eq(world.entries[CHANGES].why_full, "mapping changed");
    world_round_end(&world);
    run_changes(&world, true);
    world.wall_ms += INT64_C(86400000);
    world_round(&world);
    ck_assert_str_eq(world.entries[CHANGES].why_full, "due");
    world_round_end(&world);
    world.entries[CHANGES].shape = SPAN("another");
    world_round(&world);
    ck_assert_str_eq(world.entries[CHANGES].why_full, "shape changed");
    ck_assert_ptr_null(world.entries[CHANGES].bookmark.data);
    ck_assert_str_eq(world_sql(&world, "SELECT what,note FROM checkpoint WHERE stream='changes'"),
        "bookmark|shape changed\n");
    world_close(&world);
}
END_TEST

/* Its bookmark has expired: the run that was incremental is a full one from here on, over a restart
 * of the host too. */
START_TEST(case_a_run_is_widened)
{
    struct world world;
    world_open(&world);
    run_changes(&world, true);
    world_round(&world);
    ck_assert(!world.entries[CHANGES].full);
    int64_t run = world_run(&world, CHANGES);
    struct job_scope_begin scope = world_scope(&world, CHANGES, run, NULL);
    struct job again = {.kind = JOB_SCOPE_RESTART,
        .scope_restart = {
            .run = run, .scope = scope.scope, .reason = "the bookmark expired", .full = true}};
    world_do(&world, &again);
    ck_assert_str_eq(
        world_sql(&world, "SELECT full,why_full,bound IS NULL FROM runs ORDER BY run DESC LIMIT 1"),
        "1|the bookmark expired|1\n");
    ck_assert_str_eq(
        world_sql(&world, "SELECT full FROM scope_runs ORDER BY scope_run DESC LIMIT 1"), "1\n");
    world_reopen(&world);
    world_round(&world);
    ck_assert(world.resumed && world.entries[CHANGES].full);
    world_close(&world);
}
END_TEST

START_TEST(case_an_expired_bookmark_is_forgotten)
{
    struct world world;
    world_open(&world);
    run_changes(&world, true);
    world_round(&world);
    struct job job = {.kind = JOB_RUN_END,
        .run_end = {.run = world_run(&world, CHANGES),
            .proof = PROOF_PARTIAL,
            .reason = "gone",
            .forget_bookmark = true}};
    world_do(&world, &job);
    world_round_end(&world);
    world_round(&world);
    ck_assert_str_eq(world.entries[CHANGES].why_full, "bookmark expired");
    world_round_end(&world);
    run_changes(&world, true);
    world_round(&world);
    ck_assert(!world.entries[CHANGES].full);
    world_close(&world);
}
END_TEST

/* Two pages of `users`, committed; the process dies. */
static struct job_scope_begin half_a_run(struct world *world)
{
    struct draft draft;
    world_round(world);
    struct job_scope_begin scope = world_scope(world, USERS, world_run(world, USERS), NULL);
    draft_begin(world, &draft, USERS, &scope, 1);
    (void)draft_record(&draft, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    (void)draft_commit(world, &draft);
    draft_begin(world, &draft, USERS, &scope, 2);
    draft.batch.position = SPAN("page 3");
    (void)draft_record(&draft, MUSTER_ACCOUNT, "b", "{\"login\":\"l\"}");
    draft_letter(&draft, "dead");
    (void)draft_commit(world, &draft);
    world_reopen(world);
    return scope;
}

/* Faults 92 to 95: a clock that was in 2038 and came back does not put off full runs until then. */
START_TEST(case_a_clock_that_went_back_makes_full_runs_due)
{
    struct world world;
    world_open(&world);
    int64_t now_ms = world.wall_ms;
    world.wall_ms = INT64_C(2147483648000);
    run_changes(&world, true);
    world.full = false;
    world_round(&world);
    ck_assert_ptr_null(world.entries[CHANGES].why_full);
    world_round_end(&world);
    world.wall_ms = now_ms;
    world_round(&world);
    ck_assert_str_eq(world.entries[CHANGES].why_full, "due");
    world_round_end(&world);
    world_close(&world);
}
END_TEST

struct failures {
    int rows;
    int64_t count, ended_ms;
};

static bool take_failures(
    void *context, const char *const *names, const struct cell *cells, size_t count)
{
    struct failures *failures = context;
    (void)names;
    ck_assert_uint_eq(count, 3);
    failures->rows++;
    failures->count = cells[1].integer;
    failures->ended_ms = cells[2].integer;
    return true;
}

static void end_round(struct world *world, bool failed)
{
    struct job job = {.kind = JOB_ROUND_END};
    job.round_end = (struct job_round_end){
        .connection = world->connection, .round = world->round, .failed = failed};
    (void)snprintf(job.round_end.reason, sizeof job.round_end.reason, "%s", failed ? "why" : "");
    world->wall_ms += 60000;
    world_round(world);
    job.round_end.round = world->round;
    world_do(world, &job);
}

/* What a host needs to know of a connection that keeps failing, when it starts anew. */
START_TEST(case_failures_in_a_row_are_counted)
{
    static const struct {
        bool failed;
        int64_t count;
    } rounds[] = {{false, 0}, {true, 1}, {true, 2}, {true, 3}, {false, 0}, {true, 1}};
    struct world world;
    struct fault fault;
    world_open(&world);
    for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
        struct failures failures = {0};
        end_round(&world, rounds[i].failed);
        ck_assert(query_run(world.store, QUERY_FAILURES, NULL, take_failures, &failures, &fault));
        ck_assert_int_eq(failures.rows, rounds[i].count > 0);
        ck_assert_int_eq(failures.count, rounds[i].count);
        if (failures.rows)
            ck_assert_int_eq(failures.ended_ms, world.wall_ms);
        const char *shown =
            world_sql(&world, "SELECT DISTINCT failures, failed_at IS NULL FROM verdict");
        ck_assert_msg(shown[0] == '0' + rounds[i].count, "%s", shown);
    }
    world_close(&world);
}
END_TEST

START_TEST(case_an_open_round_is_taken_up)
{
    struct world world;
    struct draft draft;
    world_open(&world);
    struct job_scope_begin before = half_a_run(&world);
    int64_t round = world.round;
    world_round(&world);
    ck_assert(world.resumed);
    ck_assert_int_eq(world.round, round);
    ck_assert_int_eq(world.entries[USERS].run, before.run);
    ck_assert(!world.entries[USERS].run_ended);
    struct job_scope_begin scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    ck_assert_int_eq(scope.scope, before.scope);
    ck_assert_int_eq(scope.sequence, 2);
    ck_assert(span_equal_text(scope.position, "page 3"));
    ck_assert_int_eq(scope.so_far.created, 2);
    ck_assert_int_eq(scope.so_far.distinct, 3);
    ck_assert_int_eq(scope.live_before, 0);
    /* The seen set is back: this is a duplicate, and the dead one is still one item. */
    draft_begin(&world, &draft, USERS, &scope, 3);
    (void)draft_record(&draft, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    draft_letter(&draft, "dead");
    struct batch_outcome outcome = draft_commit(&world, &draft);
    ck_assert_int_eq(outcome.duplicate, 1);
    ck_assert_int_eq(outcome.distinct, 3);
    ck_assert_int_eq(world_scope_end(&world, &scope, PROOF_PROVEN).missing, 0);
    struct job_run_end end = world_run_end(&world, scope.run, PROOF_PROVEN);
    ck_assert_int_eq(end.pages, 3);
    ck_assert_int_eq(end.sums.received, 5);
    ck_assert_int_eq(end.sums.dead, 2);
    world_round(&world);
    ck_assert(world.entries[USERS].run_ended);
    ck_assert_int_eq(world.entries[USERS].proof, PROOF_PROVEN);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_an_old_or_changed_round_is_superseded)
{
    struct world world;
    world_open(&world);
    for (int way = 0; way < 4; way++) {
        (void)half_a_run(&world);
        int64_t round = world.round;
        if (way == 0)
            world.wall_ms += INT64_C(86400001);
        if (way == 1)
            world.plan.hash.bytes[0]++;
        if (way == 2)
            world.source.fingerprint.bytes[0]++;
        if (way == 3) {
            world_round_end(&world);
            world.full = false;
            (void)half_a_run(&world);
            round = world.round;
            world.full = true;
        }
        world_round(&world);
        ck_assert(!world.resumed);
        ck_assert_int_ne(world.round, round);
        ck_assert_int_eq(world.entries[USERS].run, 0);
        ck_assert_str_eq(world_sql(&world, "SELECT state,reason FROM rounds WHERE "
                                           "state='superseded' ORDER BY round DESC LIMIT 1"),
            "superseded|superseded\n");
        ck_assert_str_eq(
            world_sql(&world, "SELECT proof,reason FROM run ORDER BY run DESC LIMIT 1"),
            "partial|superseded\n");
        world_round_end(&world);
    }
    ck_assert_str_eq(world_sql(&world, "SELECT count(*) FROM account WHERE state='live'"), "2\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

START_TEST(case_restart_forgets_what_was_seen)
{
    struct world world;
    struct draft draft;
    world_open(&world);
    struct job_scope_begin scope = half_a_run(&world);
    struct job job = {.kind = JOB_SCOPE_RESTART};
    job.scope_restart = (struct job_scope_restart){
        .run = scope.run, .scope = scope.scope, .reason = "cursor expired"};
    world_do(&world, &job);
    draft_begin(&world, &draft, USERS, &scope, 3);
    (void)draft_record(&draft, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    struct batch_outcome outcome = draft_commit(&world, &draft);
    ck_assert_int_eq(outcome.unchanged, 1);
    ck_assert_int_eq(outcome.distinct, 1);
    ck_assert_int_eq(world_scope_end(&world, &scope, PROOF_PROVEN).missing, 1);
    ck_assert_str_eq(world_sql(&world, "SELECT restarts,restart_reason,received FROM scope"),
        "1|cursor expired|4\n");
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

/* The last page is committed, the end is not: nobody knows any more what ended it, so it is listed
 * again. */
START_TEST(case_a_scope_that_stopped_before_its_end_begins_anew)
{
    struct world world;
    struct draft draft;
    world_open(&world);
    world_round(&world);
    struct job_scope_begin scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    draft_begin(&world, &draft, USERS, &scope, 1);
    draft.batch.position = (struct span){NULL, 0};
    (void)draft_record(&draft, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    (void)draft_commit(&world, &draft);
    world_reopen(&world);
    world_round(&world);
    scope = world_scope(&world, USERS, world_run(&world, USERS), NULL);
    ck_assert_ptr_null(scope.position.data);
    ck_assert_int_eq(scope.sequence, 1);
    ck_assert_int_eq(scope.so_far.distinct, 0);
    draft_begin(&world, &draft, USERS, &scope, 2);
    (void)draft_record(&draft, MUSTER_ACCOUNT, "a", "{\"login\":\"l\"}");
    struct batch_outcome outcome = draft_commit(&world, &draft);
    ck_assert_int_eq(outcome.unchanged, 1);
    ck_assert_int_eq(outcome.distinct, 1);
    world_close(&world);
}
END_TEST

START_TEST(case_a_full_disk_loses_nothing)
{
    struct world world;
    struct draft draft;
    struct fault fault;
    char big[8192], ids[8][32];
    world_open(&world);
    struct job_scope_begin scope = half_a_run(&world);
    (void)memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    ck_assert(sql_execute(
        &world.store->sql, "PRAGMA max_page_count=1", &fault)); /* becomes the present size */
    struct job job = {.kind = JOB_COMMIT, .commit = {.batch = &draft.batch}};
    enum fault_code code = FAULT_NONE;
    int64_t page = 3;
    for (; page < 40 && code == FAULT_NONE; page++) {
        draft_begin(&world, &draft, USERS, &scope, page);
        for (int i = 0; i < 8; i++) {
            (void)snprintf(ids[i], sizeof ids[i], "%lld-%d", (long long)page, i);
            (void)draft_record(&draft, MUSTER_ACCOUNT, ids[i], big);
        }
        code = world_try(&world, &job);
    }
    ck_assert_int_eq(code, FAULT_STORE);
    ck_assert_ptr_nonnull(strstr(job.fault.text, "full"));
    world_assert_sound(&world);
    ck_assert(sql_execute(&world.store->sql, "PRAGMA max_page_count=100000", &fault));
    world_do(&world, &job); /* the same batch, once there is room */
    ck_assert_int_eq(job.commit.outcome.created, 8);
    world_assert_sound(&world);
    world_close(&world);
}
END_TEST

#define HEX_REFRESH "726F7461746564" /* "rotated" */

START_TEST(case_tokens_are_sealed)
{
    static const char key[32] = {1}, other[32] = {2};
    const struct span ours = {key, sizeof key}, theirs = {other, sizeof other};
    struct world world;
    world_open(&world);
    world_round(&world);
    struct job save = {.kind = JOB_TOKEN_SAVE,
        .token = {.origin = SPAN("https://a.test"),
            .configured = SPAN("first"),
            .token = SPAN("rotated-secret")}};
    struct job load = {.kind = JOB_TOKEN_LOAD,
        .token = {.origin = SPAN("https://a.test"), .configured = SPAN("first")}};
    ck_assert_int_eq(world_try(&world, &save), FAULT_SECRET);
    save.token.seal_key = load.token.seal_key = ours;
    world_do(&world, &load);
    ck_assert_ptr_null(load.token.token.data);
    world_do(&world, &save);
    world_do(&world, &load);
    ck_assert(span_equal_text(load.token.token, "rotated-secret"));
    const char *sealed = world_sql(&world, "SELECT hex(sealed) FROM refresh_tokens");
    ck_assert_ptr_null(strstr(sealed, HEX_REFRESH));
    char once[256];
    (void)snprintf(once, sizeof once, "%s", sealed);
    world_do(&world, &save);
    ck_assert_str_ne(
        world_sql(&world, "SELECT hex(sealed) FROM refresh_tokens"), once); /* another nonce */
    load.token.seal_key = theirs;
    ck_assert_int_eq(world_try(&world, &load), FAULT_SECRET);
    ck_assert_ptr_null(load.token.token.data);
    world_close(&world);
}
END_TEST

/* What came of a token that is configured no more, or of another server, is not given. */
START_TEST(case_tokens_belong_to_what_was_configured)
{
    static const char key[32] = {1};
    struct world world;
    world_open(&world);
    world_round(&world);
    struct job save = {.kind = JOB_TOKEN_SAVE,
        .token = {.origin = SPAN("https://a.test"),
            .configured = SPAN("first"),
            .seal_key = {key, sizeof key},
            .token = SPAN("second")}};
    world_do(&world, &save);
    static const struct {
        const char *origin, *configured, *found;
    } rows[] = {{"https://a.test", "first", "second"}, {"https://a.test", "anew", NULL},
        {"https://b.test", "first", NULL}, {"https://a.tes", "tfirst", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job load = {.kind = JOB_TOKEN_LOAD,
            .token = {.origin = span_of(rows[i].origin),
                .configured = span_of(rows[i].configured),
                .seal_key = {key, sizeof key}}};
        world_do(&world, &load);
        ck_assert_msg(rows[i].found ? span_equal_text(load.token.token, rows[i].found)
                                    : load.token.token.data == NULL,
            "%zu", i);
    }
    /* A box under another's name, as an edited file may have it, does not open. */
    char sealed[512], sql[640];
    (void)snprintf(
        sealed, sizeof sealed, "%s", world_sql(&world, "SELECT hex(sealed) FROM refresh_tokens"));
    save.token.configured = SPAN("other");
    world_do(&world, &save);
    (void)snprintf(sql, sizeof sql, "UPDATE refresh_tokens SET sealed=X'%.*s'",
        (int)strcspn(sealed, "\n"), sealed);
    (void)world_sql(&world, sql);
    struct job moved = {.kind = JOB_TOKEN_LOAD, .token = save.token};
    ck_assert_int_eq(world_try(&world, &moved), FAULT_SECRET);
    world_close(&world);
}
END_TEST

UNIT_MAIN("rounds", case_why_a_run_is_full, case_a_clock_that_went_back_makes_full_runs_due,
    case_failures_in_a_row_are_counted, case_a_run_is_widened,
    case_an_expired_bookmark_is_forgotten, case_an_open_round_is_taken_up,
    case_an_old_or_changed_round_is_superseded, case_restart_forgets_what_was_seen,
    case_a_scope_that_stopped_before_its_end_begins_anew, case_a_full_disk_loses_nothing,
    case_tokens_are_sealed, case_tokens_belong_to_what_was_configured)
