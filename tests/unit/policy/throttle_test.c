/* SPDX-License-Identifier: Apache-2.0 */
/* The throttle against servers in virtual time: never above a stated rate, halved once a window,
 * recovering, and never early. */
#include "policy/throttle.h"

#include "base/random.h"
#include "unit.h"

static const struct policy_settings policy = {.concurrency_most = 8, .retry_after_most_ms = 900000};
static const struct rate_reading silent = {.limit = RATE_UNKNOWN,
    .remaining = RATE_UNKNOWN,
    .reset_ms = RATE_UNKNOWN,
    .window_ms = RATE_UNKNOWN,
    .retry_after_ms = RATE_UNKNOWN};

static struct throttle at(int64_t now_ms)
{
    struct throttle throttle;
    throttle_init(&throttle, now_ms);
    return throttle;
}

static void exchange(struct throttle *throttle, enum outcome outcome,
    const struct rate_reading *reading, int64_t now_ms)
{
    throttle_sent(throttle, &policy, now_ms);
    throttle_answered(throttle, &policy, outcome, reading, now_ms);
}

START_TEST(slow_start_grows_to_the_bound_and_no_further)
{
    struct throttle throttle = at(0);
    for (int allowed = 2; allowed > 0; allowed--) {
        ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 0), 0);
        throttle_sent(&throttle, &policy, 0);
    }
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 0), INT64_MAX);
    throttle_answered(&throttle, &policy, OUTCOME_OK, &silent, 10);
    throttle_answered(&throttle, &policy, OUTCOME_OK, &silent, 10);
    ck_assert_int_ge(throttle.concurrency_milli, 2900); /* 2 + 1/2 + 1/2.5 */
    ck_assert_int_lt(throttle.concurrency_milli, 3000);
    for (int i = 0; i < 1000; i++)
        exchange(&throttle, OUTCOME_OK, &silent, 20);
    ck_assert_int_eq(throttle.concurrency_milli, 8000);
}
END_TEST

START_TEST(a_burst_of_throttled_answers_halves_once_a_window)
{
    struct throttle throttle = at(0);
    for (int i = 0; i < 1000; i++)
        exchange(&throttle, OUTCOME_OK, &silent, 0);
    for (int i = 0; i < 8; i++)
        throttle_sent(&throttle, &policy, 5000);
    for (int i = 0; i < 8; i++)
        throttle_answered(&throttle, &policy, OUTCOME_THROTTLED, &silent, 5000 + i * 100);
    ck_assert_int_eq(throttle.concurrency_milli, 4000);
    exchange(&throttle, OUTCOME_THROTTLED, &silent, 6000);
    ck_assert_int_eq(throttle.concurrency_milli, 2000);
    for (int64_t now_ms = 7000; now_ms < 60000; now_ms += 1000)
        exchange(&throttle, OUTCOME_THROTTLED, &silent, now_ms);
    ck_assert_int_eq(throttle.concurrency_milli, 1000);
    for (int i = 0; i < 100; i++)
        exchange(&throttle, OUTCOME_OK, &silent, 90000);
    ck_assert_int_eq(throttle.concurrency_milli, 8000);
}
END_TEST

START_TEST(the_gate_stays_closed_as_long_as_the_server_says)
{
    struct throttle throttle = at(0);
    struct rate_reading reading = silent;
    reading.retry_after_ms = 30000;
    exchange(&throttle, OUTCOME_THROTTLED, &reading, 1000);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 1000), 30000);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 30999), 1);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 31000), 0);
    reading.retry_after_ms = INT64_MAX / 2;
    exchange(&throttle, OUTCOME_THROTTLED, &reading, 40000);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 40000), policy.retry_after_most_ms);
}
END_TEST

START_TEST(a_shorter_wait_does_not_open_a_longer_one)
{
    struct throttle throttle = at(0);
    struct rate_reading reading = silent;
    throttle_sent(&throttle, &policy, 0);
    throttle_sent(&throttle, &policy, 0);
    reading.retry_after_ms = 30000;
    throttle_answered(&throttle, &policy, OUTCOME_THROTTLED, &reading, 0);
    reading.retry_after_ms = 1000;
    throttle_answered(&throttle, &policy, OUTCOME_THROTTLED, &reading, 10);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 10), 29990);
}
END_TEST

START_TEST(nothing_left_closes_the_gate_even_on_success)
{
    struct throttle throttle = at(0);
    struct rate_reading reading = silent;
    reading.limit = 100;
    reading.remaining = 0;
    reading.reset_ms = 12000;
    exchange(&throttle, OUTCOME_OK, &reading, 0);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 0), 12000);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 12000), 0);
}
END_TEST

START_TEST(the_last_requests_are_spread)
{
    struct throttle throttle = at(0);
    struct rate_reading reading = silent;
    reading.limit = 200;
    reading.remaining = 12;
    reading.reset_ms = 60000;
    exchange(&throttle, OUTCOME_OK, &reading, 0);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 0), 5000);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 5000), 0);
    exchange(&throttle, OUTCOME_OK, &silent,
        58000); /* says nothing: the spacing stays, to the window's end */
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 58000), 2000);
    reading.remaining = 199;
    exchange(&throttle, OUTCOME_OK, &reading, 60000);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 60000), 0);
}
END_TEST

START_TEST(a_limit_on_requests_under_way_only_halves)
{
    struct throttle throttle = at(0);
    struct rate_reading reading = silent;
    for (int i = 0; i < 1000; i++)
        exchange(&throttle, OUTCOME_OK, &silent, 0);
    reading.concurrency = true;
    reading.limit = reading.remaining = 0;
    reading.reset_ms = 600000;
    exchange(&throttle, OUTCOME_THROTTLED, &reading, 10000);
    ck_assert_int_eq(throttle.concurrency_milli, 4000);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 10000), 0);
}
END_TEST

START_TEST(no_time_stated_pauses_for_a_second)
{
    struct throttle throttle = at(0);
    exchange(&throttle, OUTCOME_THROTTLED, NULL, 100);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 100), 1000);
}
END_TEST

/* Sends as fast as it is let, waking up to `late_ms` late, and checks every window against the
 * stated rate. */
static void check_rate(int64_t rate_per_second, double stated, uint64_t seed, int64_t late_ms)
{
    enum { SENDS = 2000 };
    static int64_t sent[SENDS];
    struct policy_settings own = policy;
    struct rate_reading reading = silent;
    struct throttle throttle = at(12345);
    struct random random = random_seeded(seed);
    int64_t now_ms = 12345;
    own.rate_per_second = rate_per_second;
    reading.rate_per_second = stated;
    double rate = rate_per_second == 0 || (stated > 0 && stated < (double)rate_per_second)
                      ? stated
                      : (double)rate_per_second;
    double burst = rate / 10 > 1 ? rate / 10 : 1;
    throttle_sent(&throttle, &own, now_ms); /* tells the stated rate */
    throttle_answered(&throttle, &own, OUTCOME_OK, &reading, now_ms);
    now_ms += 60000; /* idle: nothing may be saved up beyond the burst */
    for (int i = 0; i < SENDS; i++) {
        int64_t wait_ms;
        while ((wait_ms = throttle_wait_ms(&throttle, &own, now_ms)) > 0)
            now_ms += wait_ms + (int64_t)random_below(&random, (uint64_t)late_ms + 1);
        throttle_sent(&throttle, &own, now_ms);
        throttle_answered(&throttle, &own, OUTCOME_OK, &silent, now_ms);
        sent[i] = now_ms;
    }
    for (int first = 0; first < SENDS; first += 7)
        for (int last = first; last < SENDS && last < first + 300; last++) {
            double seconds = (double)(sent[last] - sent[first]) / 1000;
            if (last - first + 1 >
                rate * seconds + burst + 1e-6) /* a check each would take longer */
                ck_abort_msg("%d requests in %f s at %f/s", last - first + 1, seconds, rate);
        }
    if (late_ms < 5) { /* and it is used, not merely kept */
        double seconds = (double)(sent[SENDS - 1] - sent[0]) / 1000;
        ck_assert_double_ge(SENDS, rate * seconds * 0.9);
    }
}

START_TEST(a_stated_rate_is_never_exceeded)
{
    static const int64_t rates[] = {1, 3, 7, 10, 33, 100, 777, 1000};
    static const double stated[] = {0.2, 0.3333, 1, 2.5, 50};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        for (int64_t late_ms = 0; late_ms < 40; late_ms += 13)
            check_rate(rates[i], 0, i + 1, late_ms);
    for (size_t i = 0; i < sizeof stated / sizeof stated[0]; i++) {
        check_rate(0, stated[i], i + 100, 1);
        check_rate(5, stated[i], i + 100, 20);
    }
}
END_TEST

/* A server with a fixed window and answers that take a while; the client keeps as many under way as
 * it may. */
struct server {
    int64_t limit, window_ms, latency_ms;
    int64_t window_started_ms, used;
    int64_t refused, served;
};

static struct rate_reading serve(struct server *server, int64_t now_ms, enum outcome *ret_outcome)
{
    struct rate_reading reading = silent;
    if (now_ms >= server->window_started_ms + server->window_ms) {
        server->window_started_ms = now_ms - now_ms % server->window_ms;
        server->used = 0;
    }
    *ret_outcome = server->used < server->limit ? OUTCOME_OK : OUTCOME_THROTTLED;
    if (*ret_outcome == OUTCOME_OK)
        server->used++;
    server->served += *ret_outcome == OUTCOME_OK;
    server->refused += *ret_outcome == OUTCOME_THROTTLED;
    reading.limit = server->limit;
    reading.remaining = server->limit - server->used;
    reading.reset_ms = server->window_started_ms + server->window_ms - now_ms;
    return reading;
}

struct flight {
    int64_t back_ms;
    enum outcome outcome;
    struct rate_reading reading;
};

static void land(struct throttle *throttle, struct flight *flights, size_t *count, int64_t now_ms)
{
    for (size_t i = 0; i < *count;)
        if (flights[i].back_ms <= now_ms) {
            struct rate_reading reading = flights[i].reading;
            throttle_answered(throttle, &policy, flights[i].outcome, &reading, now_ms);
            flights[i] = flights[--*count];
        } else {
            i++;
        }
}

START_TEST(a_server_that_states_its_budget_is_hardly_ever_overrun)
{
    static const struct server kinds[] = {
        {.limit = 10, .window_ms = 10000, .latency_ms = 50},
        {.limit = 60, .window_ms = 60000, .latency_ms = 200},
        {.limit = 600, .window_ms = 60000, .latency_ms = 20},
        {.limit = 5000, .window_ms = 3600000, .latency_ms = 100},
    };
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        struct server server = kinds[kind];
        struct throttle throttle = at(0);
        struct flight flights[8];
        size_t count = 0;
        int64_t windows = 5, end_ms = windows * server.window_ms;
        for (int64_t now_ms = 0; now_ms < end_ms; now_ms += 10) {
            land(&throttle, flights, &count, now_ms);
            while (throttle_wait_ms(&throttle, &policy, now_ms) == 0) {
                if (count == 8)
                    ck_abort_msg("more under way than the policy allows");
                struct flight *flight = &flights[count++];
                throttle_sent(&throttle, &policy, now_ms);
                flight->back_ms = now_ms + server.latency_ms;
                flight->reading = serve(&server, now_ms, &flight->outcome);
            }
        }
        ck_assert_msg(server.refused <= windows, "kind %zu: %ld refused, %ld served", kind,
            server.refused, server.served);
        ck_assert_msg(server.served * 10 >= server.limit * windows * 8, "kind %zu: only %ld served",
            kind, server.served);
    }
}
END_TEST

/* Fault 89: somebody else spends the same budget, steadily or all at once. What the server says is
 * left is what is gone by; where it is all gone, those under way find out, and nothing is sent on:
 * at most as many as may be under way are refused in a window. */
START_TEST(a_budget_shared_with_others_is_not_overrun_again_and_again)
{
    static const int64_t spent_every_ms[] = {2000, 100, 10};
    for (size_t kind = 0; kind < sizeof spent_every_ms / sizeof spent_every_ms[0]; kind++) {
        struct server server = {.limit = 60, .window_ms = 60000, .latency_ms = 100};
        struct throttle throttle = at(0);
        struct flight flights[8];
        size_t count = 0;
        int64_t windows = 6, others = 0;
        for (int64_t now_ms = 0; now_ms < windows * server.window_ms; now_ms += 10) {
            bool spends = now_ms % spent_every_ms[kind] == 0 && now_ms % server.window_ms < 30000;
            if (spends && server.used < server.limit) {
                server.used++;
                others++;
            }
            land(&throttle, flights, &count, now_ms);
            while (throttle_wait_ms(&throttle, &policy, now_ms) == 0) {
                struct flight *flight = &flights[count++];
                throttle_sent(&throttle, &policy, now_ms);
                flight->back_ms = now_ms + server.latency_ms;
                flight->reading = serve(&server, now_ms, &flight->outcome);
            }
        }
        ck_assert_int_gt(others, windows);
        ck_assert_msg(server.refused <= 8 * windows, "every %ld ms: %ld refused, %ld served",
            spent_every_ms[kind], server.refused, server.served);
        ck_assert_msg(server.served + others >= server.limit * windows * 7 / 10,
            "every %ld ms: only %ld served beside %ld", spent_every_ms[kind], server.served,
            others);
    }
}
END_TEST

UNIT_MAIN("throttle", slow_start_grows_to_the_bound_and_no_further,
    a_burst_of_throttled_answers_halves_once_a_window,
    the_gate_stays_closed_as_long_as_the_server_says, a_shorter_wait_does_not_open_a_longer_one,
    nothing_left_closes_the_gate_even_on_success, the_last_requests_are_spread,
    a_limit_on_requests_under_way_only_halves, no_time_stated_pauses_for_a_second,
    a_stated_rate_is_never_exceeded, a_server_that_states_its_budget_is_hardly_ever_overrun,
    a_budget_shared_with_others_is_not_overrun_again_and_again)
