/* SPDX-License-Identifier: Apache-2.0 */
/* The breaker's states, the quarantine's stretching schedule. */
#include "policy/breaker.h"

#include "unit.h"

static const struct policy_settings policy = {.breaker_failures = 5,
    .breaker_open_ms = 30000,
    .quarantine_failures = 3,
    .absence_most = 3,
    .absence_percent = 5};

static struct breaker opened_at(int64_t now_ms)
{
    struct breaker breaker = {0};
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(breaker_wait_ms(&breaker, now_ms), 0);
        breaker_sent(&breaker);
        breaker_result(&breaker, &policy, true, now_ms);
    }
    ck_assert_int_eq(breaker.state, BREAKER_OPEN);
    return breaker;
}

START_TEST(a_row_of_failures_opens_it)
{
    struct breaker breaker = {0};
    for (int i = 0; i < 100; i++) /* never five in a row */
        breaker_result(&breaker, &policy, i % 5 != 4, 0);
    ck_assert_int_eq(breaker.state, BREAKER_CLOSED);
    breaker = opened_at(1000);
    ck_assert_int_eq(breaker_wait_ms(&breaker, 1000), 30000);
    ck_assert_int_eq(breaker_wait_ms(&breaker, 30999), 1);
    ck_assert_int_eq(breaker_wait_ms(&breaker, 31000), 0);
    ck_assert_int_eq(breaker.state, BREAKER_HALF_OPEN);
}
END_TEST

START_TEST(half_open_lets_one_through)
{
    struct breaker breaker = opened_at(0);
    ck_assert_int_eq(breaker_wait_ms(&breaker, 30000), 0);
    breaker_sent(&breaker);
    ck_assert_int_gt(breaker_wait_ms(&breaker, 30000), 0);
    ck_assert_int_gt(breaker_wait_ms(&breaker, 90000), 0);
    breaker_result(&breaker, &policy, true, 40000);
    ck_assert_int_eq(breaker.state, BREAKER_OPEN);
    ck_assert_int_eq(breaker_wait_ms(&breaker, 40000), 30000);
    ck_assert_int_eq(breaker_wait_ms(&breaker, 70000), 0);
    breaker_sent(&breaker);
    breaker_result(&breaker, &policy, false, 70001);
    ck_assert_int_eq(breaker.state, BREAKER_CLOSED);
    ck_assert_int_eq(breaker.failures, 0);
    ck_assert_int_eq(breaker_wait_ms(&breaker, 70001), 0);
}
END_TEST

START_TEST(a_trial_without_a_result_is_given_up)
{
    struct breaker breaker = opened_at(0);
    ck_assert_int_eq(breaker_wait_ms(&breaker, 30000), 0);
    breaker_sent(&breaker); /* and then it is cancelled */
    ck_assert_int_gt(breaker_wait_ms(&breaker, 30000), 0);
    ck_assert_int_gt(breaker_wait_ms(&breaker, 30000 + BREAKER_PROBE_MOST_MS - 1), 0);
    ck_assert_int_eq(breaker_wait_ms(&breaker, 30000 + BREAKER_PROBE_MOST_MS), 0);
    breaker_sent(&breaker);
    ck_assert_int_gt(breaker_wait_ms(&breaker, 40000 + BREAKER_PROBE_MOST_MS), 0);
}
END_TEST

START_TEST(late_results_do_not_move_an_open_breaker)
{
    struct breaker breaker = opened_at(0);
    breaker_result(&breaker, &policy, false, 100);
    ck_assert_int_eq(breaker.state, BREAKER_OPEN);
    breaker_result(&breaker, &policy, true, 20000);
    ck_assert_int_eq(breaker_wait_ms(&breaker, 20000), 10000);
}
END_TEST

START_TEST(quarantine_stretches_and_heals)
{
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct random random = random_seeded(seed);
        struct quarantine quarantine = {0};
        int64_t now_ms = 1000, most_ms = QUARANTINE_FIRST_MS;
        for (int i = 0; i < 2; i++) {
            quarantine_result(&quarantine, &policy, true, now_ms, &random);
            ck_assert(!quarantine_active(&quarantine, now_ms));
        }
        for (int i = 0; i < 40; i++) {
            quarantine_result(&quarantine, &policy, true, now_ms, &random);
            int64_t wait_ms = quarantine.until_ms - now_ms;
            ck_assert_int_le(wait_ms, most_ms);
            ck_assert_int_ge(wait_ms, most_ms - most_ms / 10);
            ck_assert(quarantine_active(&quarantine, now_ms));
            ck_assert(quarantine_active(&quarantine, quarantine.until_ms - 1));
            ck_assert(!quarantine_active(&quarantine, quarantine.until_ms));
            now_ms = quarantine.until_ms;
            most_ms = most_ms * 2 > QUARANTINE_MOST_MS ? QUARANTINE_MOST_MS : most_ms * 2;
        }
        quarantine_result(&quarantine, &policy, false, now_ms, &random);
        ck_assert(!quarantine_active(&quarantine, now_ms));
        ck_assert_int_eq(quarantine.failures, 0);
    }
}
END_TEST

START_TEST(quarantine_for_what_must_be_mended_is_long_at_once)
{
    struct quarantine quarantine = {0};
    quarantine_at_once(&quarantine, &policy, 1000);
    ck_assert(quarantine_active(&quarantine, 1000));
    ck_assert_int_eq(quarantine.until_ms, 1000 + QUARANTINE_MOST_MS);
    struct random random = random_seeded(1);
    quarantine_result(&quarantine, &policy, false, 2000, &random);
    ck_assert(!quarantine_active(&quarantine, 2000));
}
END_TEST

UNIT_MAIN("breaker", a_row_of_failures_opens_it, half_open_lets_one_through,
    a_trial_without_a_result_is_given_up, late_results_do_not_move_an_open_breaker,
    quarantine_stretches_and_heals, quarantine_for_what_must_be_mended_is_long_at_once)
