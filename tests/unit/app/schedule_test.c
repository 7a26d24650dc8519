/* SPDX-License-Identifier: Apache-2.0 */
/* When a connection is due: its own schedule, a quarantine that stretches and heals, a restart, and
 * somebody's order. */
#include "schedule.h"

#include "unit.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define EVERY  (15 * MINUTE)

static struct connection_settings settings = {.name = "acme", .every_ms = EVERY};
static struct source source = {.name = "acme", .settings = &settings};
static struct connection connection = {.source = &source}, other = {.source = &source};
static struct generation_entry entry = {.name = "acme", .connection = &connection};
static struct generation generation = {.entries = &entry, .count = 1};

static struct schedule built(int64_t now_ms)
{
    struct schedule schedule = {.random = random_seeded(1)};
    struct fault fault;
    source.policy = policy_settings_default();
    settings.every_ms = EVERY;
    entry.connection = &connection;
    ck_assert(schedule_build(&schedule, &generation, now_ms, &fault));
    return schedule;
}

static void rebuild(struct schedule *schedule, int64_t now_ms)
{
    struct fault fault;
    ck_assert(schedule_build(schedule, &generation, now_ms, &fault));
}

/* The next round begins when it is due and ends so at once. */
static int64_t next_round(struct schedule *schedule, bool failed)
{
    const struct effect effect = {
        .kind = EFFECT_ROUND_DONE, .round = {.connection = "acme", .failed = failed}};
    int64_t due_ms = schedule_next_ms(schedule);
    ck_assert_ptr_null(schedule_take_due(schedule, due_ms - 1));
    ck_assert_ptr_nonnull(schedule_take_due(schedule, due_ms));
    ck_assert_ptr_nonnull(schedule_round_done(schedule, &effect, due_ms));
    return due_ms;
}

START_TEST(a_connection_that_keeps_failing_is_tried_less_and_less_often)
{
    struct schedule schedule = built(0);
    int64_t before_ms = next_round(&schedule, true), longest_ms = 0;
    for (int i = 1; i < 40; i++) {
        int64_t at_ms = next_round(&schedule, true), gap_ms = at_ms - before_ms;
        ck_assert_int_ge(gap_ms, EVERY);
        ck_assert_int_le(gap_ms, QUARANTINE_MOST_MS);
        longest_ms = gap_ms > longest_ms ? gap_ms : longest_ms;
        before_ms = at_ms;
        ck_assert_int_eq(schedule_is_quarantined(&schedule.list[0]), i >= 2);
    }
    ck_assert_int_ge(longest_ms, QUARANTINE_MOST_MS * 9 / 10);
    /* One success heals it. */
    before_ms = next_round(&schedule, false);
    ck_assert(!schedule_is_quarantined(&schedule.list[0]));
    ck_assert_int_eq(next_round(&schedule, false) - before_ms, EVERY);
    schedule_free(&schedule);
}
END_TEST

START_TEST(an_order_tries_it_at_once)
{
    struct schedule schedule = built(0);
    size_t hint = 0;
    for (int i = 0; i < 9; i++)
        (void)next_round(&schedule, true);
    int64_t now_ms = schedule_next_ms(&schedule) - HOUR;
    ck_assert_ptr_null(schedule_take_due(&schedule, now_ms));
    struct appointment *at = schedule_find(&schedule, "acme", &hint);
    ck_assert_ptr_nonnull(at);
    schedule_take(at, now_ms);
    const struct effect good = {.round = {.connection = "acme"}};
    ck_assert_ptr_nonnull(schedule_round_done(&schedule, &good, now_ms));
    ck_assert(!schedule_is_quarantined(at));
    ck_assert_int_eq(schedule_next_ms(&schedule), now_ms + EVERY);
    schedule_free(&schedule);
}
END_TEST

START_TEST(a_drained_round_says_nothing)
{
    struct schedule schedule = built(0);
    for (int i = 0; i < 5; i++)
        (void)next_round(&schedule, true);
    uint32_t failures = schedule.list[0].quarantine.failures;
    const struct effect drained = {.round = {.connection = "acme", .interrupted = true}};
    (void)schedule_round_done(&schedule, &drained, 0);
    ck_assert_uint_eq(schedule.list[0].quarantine.failures, failures);
    ck_assert(schedule_is_quarantined(&schedule.list[0]));
    schedule_free(&schedule);
}
END_TEST

START_TEST(a_restart_keeps_a_quarantine)
{
    static const struct {
        uint32_t failures;
        int64_t ago_ms, due_ms; /* due_ms: from now, at the latest */
    } rows[] = {
        {2, 0, SCHEDULE_SPREAD_MS},
        {3, 0, 5 * MINUTE},
        {4, 4 * MINUTE, 6 * MINUTE},
        {4, 20 * MINUTE, SCHEDULE_SPREAD_MS},
        {100, HOUR, 5 * HOUR},
        {4, -HOUR, 10 * MINUTE}, /* the clock went back: no longer than from now on */
        {UINT32_MAX, 0, 6 * HOUR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct schedule schedule = built(7);
        const struct appointment *at =
            schedule_restore(&schedule, "acme", rows[i].failures, rows[i].ago_ms, 7);
        ck_assert_ptr_nonnull(at);
        ck_assert_int_eq(schedule_is_quarantined(at), rows[i].failures >= 3);
        ck_assert_int_le(schedule_next_ms(&schedule), 7 + rows[i].due_ms);
        ck_assert_int_ge(schedule_next_ms(&schedule),
            rows[i].due_ms == SCHEDULE_SPREAD_MS ? 7 : 7 + rows[i].due_ms);
        schedule_free(&schedule);
    }
}
END_TEST

START_TEST(a_changed_connection_is_tried_at_once)
{
    struct schedule schedule = built(0);
    for (int i = 0; i < 9; i++)
        (void)next_round(&schedule, true);
    int64_t due_ms = schedule_next_ms(&schedule), now_ms = due_ms - HOUR;
    rebuild(&schedule, now_ms); /* a reload that changed another one */
    ck_assert_int_eq(schedule_next_ms(&schedule), due_ms);
    entry.connection = &other;
    rebuild(&schedule, now_ms);
    ck_assert_int_eq(schedule_next_ms(&schedule), now_ms);
    ck_assert(!schedule_is_quarantined(&schedule.list[0]));
    schedule_free(&schedule);
}
END_TEST

START_TEST(what_runs_by_hand_only_is_never_quarantined)
{
    struct schedule schedule = built(0);
    settings.every_ms = 0;
    rebuild(&schedule, 0);
    for (int i = 0; i < 5; i++) {
        const struct effect bad = {.round = {.connection = "acme", .failed = true}};
        (void)schedule_round_done(&schedule, &bad, 0);
    }
    ck_assert(!schedule_is_quarantined(&schedule.list[0]));
    ck_assert_int_eq(schedule_next_ms(&schedule), INT64_MAX);
    schedule_free(&schedule);
}
END_TEST

UNIT_MAIN("schedule", a_connection_that_keeps_failing_is_tried_less_and_less_often,
    an_order_tries_it_at_once, a_drained_round_says_nothing, a_restart_keeps_a_quarantine,
    a_changed_connection_is_tried_at_once, what_runs_by_hand_only_is_never_quarantined)
