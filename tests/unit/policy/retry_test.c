/* SPDX-License-Identifier: Apache-2.0 */
/* Retries: the bounds and the spread of jitter, the budget as a share of traffic, and each class's
 * own rule. */
#include "policy/retry.h"

#include "policy/dialect.h"
#include "unit.h"

static const struct policy_settings policy = {.attempts_max = 6,
    .backoff_first_ms = 500,
    .backoff_most_ms = 60000,
    .retry_after_most_ms = 900000,
    .wait_most_ms = 90000000,
    .retry_budget_percent = 20};

struct fixture {
    struct retry_budget budget;
    struct retry_state state;
    struct random random;
    int64_t wait_ms, now_ms;
};

static struct fixture fixture(uint64_t seed)
{
    struct fixture f = {.random = random_seeded(seed)};
    retry_budget_init(&f.budget, 0);
    return f;
}

static enum retry_choice decide(struct fixture *f, enum outcome outcome, int64_t server_ms)
{
    return retry_decide(
        &policy, &f->budget, &f->state, outcome, server_ms, f->now_ms, &f->random, &f->wait_ms);
}

START_TEST(jitter_is_full_and_bounded)
{
    static const int64_t bounds[] = {500, 1000, 2000, 4000, 8000};
    double sums[5] = {0};
    int64_t most[5] = {0};
    const int rounds = 4000;
    for (int round = 0; round < rounds; round++) {
        struct fixture f = fixture((uint64_t)round);
        for (int i = 0; i < 5; i++) {
            ck_assert_int_eq(decide(&f, OUTCOME_TRANSIENT, RATE_UNKNOWN), RETRY_LATER);
            ck_assert_int_ge(f.wait_ms, 0);
            ck_assert_int_le(f.wait_ms, bounds[i]);
            sums[i] += (double)f.wait_ms;
            most[i] = f.wait_ms > most[i] ? f.wait_ms : most[i];
        }
        ck_assert_int_eq(decide(&f, OUTCOME_TRANSIENT, RATE_UNKNOWN), RETRY_GIVE_UP);
        ck_assert_int_eq(f.state.attempts, 6);
    }
    for (int i = 0; i < 5; i++) { /* an even spread: its mean is the middle, its ends are reached */
        double mean = sums[i] / rounds, middle = (double)bounds[i] / 2;
        ck_assert_double_ge(mean, middle * 0.95);
        ck_assert_double_le(mean, middle * 1.05);
        ck_assert_int_ge(most[i], bounds[i] * 99 / 100);
    }
}
END_TEST

START_TEST(retries_are_at_most_a_share_of_requests)
{
    struct fixture f = fixture(1);
    const int64_t requests = 10000;
    int64_t retries = 0;
    for (int64_t i = 0; i < requests; i++) { /* everything fails, for ever */
        retry_budget_request(&f.budget, &policy);
        f.state = (struct retry_state){0};
        retries += decide(&f, OUTCOME_TRANSIENT, RATE_UNKNOWN) == RETRY_LATER;
    }
    ck_assert_int_le(retries, RETRY_BUDGET_FIRST + requests * policy.retry_budget_percent / 100);
    ck_assert_int_ge(retries, requests * policy.retry_budget_percent / 100);
}
END_TEST

START_TEST(a_budget_saves_up_only_so_much)
{
    struct fixture f = fixture(1);
    int64_t retries = 0;
    for (int i = 0; i < 100000; i++)
        retry_budget_request(&f.budget, &policy);
    do
        f.state = (struct retry_state){0};
    while (decide(&f, OUTCOME_TRANSIENT, RATE_UNKNOWN) == RETRY_LATER && ++retries < 1000);
    ck_assert_int_eq(retries, RETRY_BUDGET_MOST);
}
END_TEST

START_TEST(rate_limit_waits_use_up_nothing_and_still_grow)
{
    struct fixture f = fixture(3);
    int64_t before = f.budget.tokens_milli, floor_ms = 500;
    for (int i = 0; i < RETRY_WAITS_MOST; i++) {
        ck_assert_int_eq(decide(&f, OUTCOME_THROTTLED, 0), RETRY_LATER); /* Retry-After: 0 */
        ck_assert_int_ge(f.wait_ms, floor_ms);
        ck_assert_int_le(f.wait_ms, floor_ms + floor_ms / 10);
        floor_ms = floor_ms * 2 > policy.backoff_most_ms ? policy.backoff_most_ms : floor_ms * 2;
    }
    ck_assert_int_eq(decide(&f, OUTCOME_THROTTLED, 0), RETRY_GIVE_UP);
    ck_assert_int_eq(f.state.attempts, 0);
    ck_assert_int_eq(f.budget.tokens_milli, before);
}
END_TEST

START_TEST(the_servers_wait_is_kept_and_clamped)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct fixture f = fixture(seed);
        ck_assert_int_eq(decide(&f, OUTCOME_THROTTLED, 30000), RETRY_LATER);
        ck_assert_int_ge(f.wait_ms, 30000);
        ck_assert_int_le(f.wait_ms, 33000);
        ck_assert_int_eq(decide(&f, OUTCOME_THROTTLED, INT64_MAX), RETRY_LATER);
        ck_assert_int_eq(f.wait_ms, policy.retry_after_most_ms);
        ck_assert_int_eq(decide(&f, OUTCOME_TRANSIENT, 7000), RETRY_LATER);
        ck_assert_int_ge(f.wait_ms, 7000);
    }
}
END_TEST

START_TEST(an_attempt_in_between_ends_the_row_of_waits)
{
    struct fixture f = fixture(4);
    for (int i = 0; i < 5; i++)
        (void)decide(&f, OUTCOME_THROTTLED, 0);
    (void)decide(&f, OUTCOME_TRANSIENT, RATE_UNKNOWN);
    ck_assert_int_eq(f.state.waits, 0);
    (void)decide(&f, OUTCOME_THROTTLED, 0);
    ck_assert_int_le(f.wait_ms, 550);
}
END_TEST

START_TEST(each_class_has_its_rule)
{
    static const struct {
        enum outcome outcome;
        enum retry_choice first, second;
    } table[] = {
        {OUTCOME_TRANSIENT, RETRY_LATER, RETRY_LATER},
        {OUTCOME_MALFORMED, RETRY_LATER, RETRY_LATER},
        {OUTCOME_LOCAL, RETRY_LATER, RETRY_LATER},
        {OUTCOME_THROTTLED, RETRY_LATER, RETRY_LATER},
        {OUTCOME_UNAVAILABLE, RETRY_LATER, RETRY_LATER},
        {OUTCOME_AUTH_EXPIRED, RETRY_RENEW, RETRY_STOP},
        {OUTCOME_AUTH_DENIED, RETRY_STOP, RETRY_STOP},
        {OUTCOME_FORBIDDEN, RETRY_CLOSED, RETRY_CLOSED},
        {OUTCOME_NOT_FOUND, RETRY_GIVE_UP, RETRY_GIVE_UP},
        {OUTCOME_CURSOR_EXPIRED, RETRY_RESTART, RETRY_RESTART},
        {OUTCOME_INVALID, RETRY_GIVE_UP, RETRY_GIVE_UP},
        {OUTCOME_REFUSED, RETRY_GIVE_UP, RETRY_GIVE_UP},
    };
    ck_assert_int_eq(sizeof table / sizeof table[0], OUTCOME_COUNT - 1); /* all but ok */
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct fixture f = fixture(5);
        ck_assert_int_eq(decide(&f, table[i].outcome, RATE_UNKNOWN), table[i].first);
        ck_assert_int_eq(decide(&f, table[i].outcome, RATE_UNKNOWN), table[i].second);
    }
}
END_TEST

START_TEST(waiting_for_the_breaker_uses_no_attempt)
{
    struct fixture f = fixture(6);
    int64_t before = f.budget.tokens_milli;
    ck_assert_int_eq(decide(&f, OUTCOME_UNAVAILABLE, 20000), RETRY_LATER);
    ck_assert_int_ge(f.wait_ms, 20000);
    ck_assert_int_eq(f.state.attempts, 0);
    ck_assert_int_eq(f.budget.tokens_milli, before);
}
END_TEST

/* A thing that passes by itself, an application that asks to wait and one that is not there: each
 * is given up in time, whatever attempts and waits are left. */
START_TEST(nothing_waits_for_ever)
{
    static const enum outcome outcomes[] = {
        OUTCOME_TRANSIENT, OUTCOME_THROTTLED, OUTCOME_UNAVAILABLE, OUTCOME_LOCAL};
    struct policy_settings patient = policy;
    patient.attempts_max = 1000;
    patient.retry_budget_percent = 100;
    patient.wait_most_ms = 3600000;
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        struct fixture f = fixture(i);
        int64_t began_ms = f.now_ms = 77;
        int tries = 0;
        for (; tries < 10000; tries++) {
            retry_budget_request(&f.budget, &patient);
            if (retry_decide(&patient, &f.budget, &f.state, outcomes[i], 300000, f.now_ms,
                    &f.random, &f.wait_ms) != RETRY_LATER)
                break;
            f.now_ms += f.wait_ms;
        }
        ck_assert_int_le(f.now_ms - began_ms, patient.wait_most_ms);
        ck_assert_int_ge(f.now_ms - began_ms, patient.wait_most_ms - 330000);
        ck_assert_int_ge(tries, 10);
    }
}
END_TEST

START_TEST(a_spent_budget_comes_back_with_time)
{
    struct fixture f = fixture(1);
    for (int i = 0; i < RETRY_BUDGET_FIRST; i++) {
        f.state = (struct retry_state){0};
        ck_assert_int_eq(decide(&f, OUTCOME_TRANSIENT, RATE_UNKNOWN), RETRY_LATER);
    }
    f.state = (struct retry_state){0};
    f.now_ms = RETRY_BUDGET_EVERY_MS - 1;
    ck_assert_int_eq(decide(&f, OUTCOME_TRANSIENT, RATE_UNKNOWN), RETRY_GIVE_UP);
    f.state = (struct retry_state){0};
    f.now_ms = RETRY_BUDGET_EVERY_MS;
    ck_assert_int_eq(decide(&f, OUTCOME_TRANSIENT, RATE_UNKNOWN), RETRY_LATER);
    f.state = (struct retry_state){0};
    ck_assert_int_eq(decide(&f, OUTCOME_TRANSIENT, RATE_UNKNOWN), RETRY_GIVE_UP);
    f.now_ms = INT64_C(1000) * RETRY_BUDGET_EVERY_MS; /* no more than at the start */
    int retries = 0;
    do
        f.state = (struct retry_state){0};
    while (decide(&f, OUTCOME_TRANSIENT, RATE_UNKNOWN) == RETRY_LATER && ++retries < 1000);
    ck_assert_int_eq(retries, RETRY_BUDGET_FIRST);
}
END_TEST

START_TEST(extreme_settings_do_not_overflow)
{
    const struct policy_settings extreme = {.attempts_max = UINT32_MAX,
        .backoff_first_ms = 1,
        .backoff_most_ms = INT64_MAX / 4,
        .retry_after_most_ms = INT64_MAX / 4,
        .wait_most_ms = INT64_MAX / 2,
        .retry_budget_percent = 10000};
    struct fixture f = fixture(7);
    for (int i = 0; i < 90; i++) {
        retry_budget_request(&f.budget, &extreme);
        ck_assert_int_eq(retry_decide(&extreme, &f.budget, &f.state, OUTCOME_TRANSIENT,
                             RATE_UNKNOWN, 0, &f.random, &f.wait_ms),
            RETRY_LATER);
        ck_assert_int_ge(f.wait_ms, 0);
        ck_assert_int_le(f.wait_ms, extreme.backoff_most_ms);
    }
}
END_TEST

UNIT_MAIN("retry", jitter_is_full_and_bounded, retries_are_at_most_a_share_of_requests,
    a_budget_saves_up_only_so_much, rate_limit_waits_use_up_nothing_and_still_grow,
    the_servers_wait_is_kept_and_clamped, an_attempt_in_between_ends_the_row_of_waits,
    each_class_has_its_rule, nothing_waits_for_ever, a_spent_budget_comes_back_with_time,
    waiting_for_the_breaker_uses_no_attempt, extreme_settings_do_not_overflow)
