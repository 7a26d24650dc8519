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
    throttle_answered(throttle, &policy, outcome, reading, now_ms, now_ms);
}

START_TEST(slow_start_grows_to_the_bound_and_no_further)
{
    struct throttle throttle = at(0);
    for (int allowed = 2; allowed > 0; allowed--) {
        ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 0), 0);
        throttle_sent(&throttle, &policy, 0);
    }
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 0), INT64_MAX);
    throttle_answered(&throttle, &policy, OUTCOME_OK, &silent, 0, 10);
    throttle_answered(&throttle, &policy, OUTCOME_OK, &silent, 0, 10);
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
        throttle_answered(&throttle, &policy, OUTCOME_THROTTLED, &silent, 5000, 5000 + i * 100);
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
    throttle_answered(&throttle, &policy, OUTCOME_THROTTLED, &reading, 0, 0);
    reading.retry_after_ms = 1000;
    throttle_answered(&throttle, &policy, OUTCOME_THROTTLED, &reading, 0, 10);
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
    throttle_answered(&throttle, &own, OUTCOME_OK, &reading, now_ms, now_ms);
    now_ms += 60000; /* idle: nothing may be saved up beyond the burst */
    for (int i = 0; i < SENDS; i++) {
        int64_t wait_ms;
        while ((wait_ms = throttle_wait_ms(&throttle, &own, now_ms)) > 0)
            now_ms += wait_ms + (int64_t)random_below(&random, (uint64_t)late_ms + 1);
        throttle_sent(&throttle, &own, now_ms);
        throttle_answered(&throttle, &own, OUTCOME_OK, &silent, now_ms, now_ms);
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
    int64_t sent_ms, back_ms;
    enum outcome outcome;
    struct rate_reading reading;
};

static void land(struct throttle *throttle, struct flight *flights, size_t *count, int64_t now_ms)
{
    for (size_t i = 0; i < *count;)
        if (flights[i].back_ms <= now_ms) {
            struct rate_reading reading = flights[i].reading;
            throttle_answered(
                throttle, &policy, flights[i].outcome, &reading, flights[i].sent_ms, now_ms);
            flights[i] = flights[--*count];
        } else {
            i++;
        }
}

START_TEST(a_server_that_states_its_budget_is_never_overrun)
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
                flight->sent_ms = now_ms;
                flight->back_ms = now_ms + server.latency_ms;
                flight->reading = serve(&server, now_ms, &flight->outcome);
            }
        }
        ck_assert_msg(server.refused == 0, "kind %zu: %ld refused, %ld served", kind,
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
                flight->sent_ms = now_ms;
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

/* ------------------------------------------------------------------ windows ------------------- */

static void told(
    struct throttle *throttle, int64_t remaining, int64_t reset_ms, int64_t sent_ms, int64_t now_ms)
{
    struct rate_reading reading = silent;
    reading.limit = 10;
    reading.remaining = remaining;
    reading.reset_ms = reset_ms;
    throttle_answered(throttle, &policy, OUTCOME_OK, &reading, sent_ms, now_ms);
}

static int64_t may_send(struct throttle *throttle, int64_t now_ms)
{
    int64_t sent = 0;
    struct throttle copy = *throttle;
    copy.concurrency_milli = 100000;
    while (throttle_wait_ms(&copy, &policy, now_ms) == 0 && sent < 100) {
        throttle_sent(&copy, &policy, now_ms);
        sent++;
    }
    return sent;
}

static void send_many(struct throttle *throttle, int count, int64_t now_ms)
{
    for (int i = 0; i < count; i++)
        throttle_sent(throttle, &policy, now_ms);
}

/* A window of ten from 0 s to 10 s. What was sent at 2 s says "reset in 8 s", whenever it comes. */
START_TEST(a_late_answer_is_of_the_window_in_which_it_was_asked_for)
{
    struct throttle throttle = at(0);
    send_many(&throttle, 2, 1000);
    told(&throttle, 9, 9000, 1000, 1050);
    told(&throttle, 8, 9000, 1000, 1050);
    send_many(&throttle, 8, 2000);
    ck_assert_int_eq(may_send(&throttle, 2000), 0);
    told(&throttle, 5, 8000, 2000, 7500); /* "in 8 s", 5.5 s ago: not at 15.5 s */
    ck_assert_int_eq(throttle.window.ends_ms, 10050);
    ck_assert_int_eq(may_send(&throttle, 7500), 0);
    for (int i = 0; i < 7; i++)
        told(&throttle, i < 4 ? i : 7, 8000, 2000, 9000);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 9000), 1050);
    ck_assert_int_eq(may_send(&throttle, 10050), 10);
}
END_TEST

/* As short as the slack: what was asked for after a window is not of it. */
START_TEST(windows_of_a_second_follow_each_other)
{
    struct throttle throttle = at(0);
    send_many(&throttle, 1, 0);
    told(&throttle, 9, 1000, 0, 50);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 1050), 0);
    send_many(&throttle, 1, 1050);
    told(&throttle, 7, 1000, 1050, 1100);
    ck_assert_int_eq(throttle.window.ends_ms, 2100);
    ck_assert_int_eq(may_send(&throttle, 1100), 7);
}
END_TEST

/* A second's rounding is within the slack; a millisecond more is another window. */
START_TEST(another_window_is_one_that_ends_later_by_more_than_a_rounding)
{
    struct throttle throttle = at(0);
    send_many(&throttle, 2, 0);
    told(&throttle, 3, 10000, 0, 0);
    told(&throttle, 6, 11000, 0, 0);
    ck_assert_int_eq(throttle.window.ends_ms, 10000);
    ck_assert_int_eq(may_send(&throttle, 0), 3);
    send_many(&throttle, 1, 1);
    told(&throttle, 6, 11000, 1, 1);
    ck_assert_int_eq(throttle.window.ends_ms, 11001);
    ck_assert_int_eq(may_send(&throttle, 1), 6);
}
END_TEST

START_TEST(an_answer_from_before_the_turn_tells_nothing_of_the_new_window)
{
    struct throttle throttle = at(0);
    send_many(&throttle, 4, 5000);
    told(&throttle, 9, 5000, 5000, 5050);
    ck_assert_int_eq(may_send(&throttle, 10050), 7); /* three may count in either */
    send_many(&throttle, 1, 10050);
    told(&throttle, 6, 5000, 5000, 10100); /* before anything is heard of the new one */
    ck_assert_int_eq(may_send(&throttle, 10100), 7);
    told(&throttle, 9, 10000, 10050, 10150);
    ck_assert_int_eq(throttle.window.ends_ms, 20150);
    struct throttle late = throttle;
    told(&throttle, 0, 5000, 5000, 14049); /* and after it */
    ck_assert_int_eq(throttle.window.ends_ms, 20150);
    ck_assert_int_eq(may_send(&throttle, 14049), 8);
    told(&late, 3, 5000, 5000, 14050); /* of either, as seconds are rounded: the worse counts */
    ck_assert_int_eq(late.window.ends_ms, 20150);
    ck_assert_int_eq(may_send(&late, 14050), 2);
}
END_TEST

/* The last of four is answered first. The others come to be known as counted, one by one. */
START_TEST(answers_that_overtake_each_other_cost_nothing)
{
    struct throttle throttle = at(0);
    send_many(&throttle, 4, 0);
    told(&throttle, 6, 10000, 0, 10);
    ck_assert_int_eq(may_send(&throttle, 10), 3);
    for (int i = 0; i < 3; i++)
        told(&throttle, 7 + i, 10000, 0, 20);
    ck_assert_int_eq(may_send(&throttle, 20), 6);
}
END_TEST

/* A request that was reset on its way may have been counted: until an answer to one sent later. */
START_TEST(a_request_without_an_answer_counts_as_used)
{
    struct throttle throttle = at(0);
    send_many(&throttle, 3, 0);
    told(&throttle, 9, 10000, 0, 10);
    throttle_answered(&throttle, &policy, OUTCOME_TRANSIENT, NULL, 0, 20);
    ck_assert_int_eq(may_send(&throttle, 20), 7);
    ck_assert_int_eq(may_send(&throttle, 10010), 9); /* as one is under way still */
    struct throttle turned = throttle;
    throttle_answered(&turned, &policy, OUTCOME_TRANSIENT, NULL, 0, 10010);
    ck_assert_int_eq(may_send(&turned, 10010), 9); /* and may have come in the new window */
    told(&throttle, 9, 10000, 0, 30);              /* sent before that was lost */
    ck_assert_int_eq(may_send(&throttle, 30), 8);
    send_many(&throttle, 1, 40);
    told(&throttle, 8, 10000, 40, 50); /* it never reached the server */
    ck_assert_int_eq(may_send(&throttle, 50), 8);
}
END_TEST

/* The first that tells may have been counted before others that were on their way with it. */
START_TEST(what_was_lost_beside_the_first_answer_counts_as_used)
{
    struct throttle throttle = at(0);
    for (int i = 0; i < 50; i++) /* before those were sent: they all count them */
        exchange(&throttle, OUTCOME_TRANSIENT, NULL, 0);
    send_many(&throttle, 3, 10);
    throttle_answered(&throttle, &policy, OUTCOME_TRANSIENT, NULL, 10, 20);
    struct throttle next = throttle;
    told(&throttle, 9, 10000, 10, 30);
    ck_assert_int_eq(may_send(&throttle, 30), 7);
    told(&next, 9, 10000, 20, 30);
    ck_assert_int_eq(may_send(&next, 30), 8);
}
END_TEST

START_TEST(where_no_answer_tells_any_more_nothing_is_left_to_go_by)
{
    struct throttle throttle = at(0);
    send_many(&throttle, 1, 0);
    told(&throttle, 9, 10000, 0, 0);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 10000), 0);
        exchange(&throttle, OUTCOME_OK, &silent, 10000);
    }
    ck_assert_int_eq(may_send(&throttle, 10000), 100);
}
END_TEST

/* "None left" beside a word on requests under way may be of those; it opens no window that others
 * told of, and one left is one left. */
START_TEST(a_word_on_requests_under_way_opens_no_window)
{
    struct throttle throttle = at(0);
    struct rate_reading reading = silent;
    reading.concurrency = true;
    reading.limit = 10;
    reading.remaining = 0;
    reading.reset_ms = 5000;
    exchange(&throttle, OUTCOME_THROTTLED, &reading, 0);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 0), 0);
    reading.remaining = 1;
    exchange(&throttle, OUTCOME_THROTTLED, &reading, 0);
    reading.remaining = 0;
    exchange(&throttle, OUTCOME_THROTTLED, &reading, 0);
    ck_assert_int_eq(throttle_wait_ms(&throttle, &policy, 0), 5000);
}
END_TEST

/* One of an hour, and one of a second, which runs low first. */
START_TEST(the_shorter_of_two_budgets_is_kept_to)
{
    struct throttle throttle = at(0);
    send_many(&throttle, 1, 0);
    told(&throttle, 900, 3600000, 0, 0);
    send_many(&throttle, 1, 60000);
    told(&throttle, 2, 1000, 60000, 60010);
    ck_assert_int_eq(may_send(&throttle, 60010), 2);
    ck_assert_int_eq(throttle.window.ends_ms, 61010);
}
END_TEST

/* Answers that take from no time to longer than a window, and that are lost at times, from a server
 * that states its reset in whole seconds. Once one has told of the budget no window sees more than
 * its limit; but where as many as the limit have gone without a word, it may have been lifted. */
static void check_windows(uint64_t seed, int64_t *ret_served)
{
    struct random random = random_seeded(seed);
    struct server server = {.limit = 5 + (int64_t)random_below(&random, 14),
        .window_ms = 5000 + 5000 * (int64_t)random_below(&random, 3)};
    uint64_t slowest_ms = (uint64_t[]){50, 1500, 6000, 60000}[random_below(&random, 4)];
    struct throttle throttle = at(0);
    struct flight flights[8];
    size_t count = 0;
    int64_t heard = 0, unheard = 0; /* sent since an answer told */
    for (int64_t now_ms = 0; now_ms < 30 * server.window_ms; now_ms += 10) {
        for (size_t i = 0; i < count; i++)
            if (flights[i].back_ms <= now_ms && flights[i].reading.limit != RATE_UNKNOWN) {
                heard++;
                unheard = 0;
            }
        land(&throttle, flights, &count, now_ms);
        while (throttle_wait_ms(&throttle, &policy, now_ms) == 0) {
            struct flight *flight = &flights[count++];
            throttle_sent(&throttle, &policy, now_ms);
            *flight = (struct flight){.sent_ms = now_ms,
                .back_ms = now_ms + 10 + (int64_t)random_below(&random, slowest_ms),
                .reading = serve(&server, now_ms, &flight->outcome)};
            flight->reading.reset_ms = (flight->reading.reset_ms + 999) / 1000 * 1000;
            unheard++;
            if (flight->outcome == OUTCOME_THROTTLED && heard > 0 && unheard <= server.limit)
                ck_abort_msg("seed %lu: more than %ld at %ld ms", seed, server.limit, now_ms);
            if (random_below(&random, 10) == 0) {
                flight->outcome = OUTCOME_TRANSIENT;
                flight->reading = silent;
            }
        }
    }
    *ret_served += server.served;
}

START_TEST(no_window_sees_more_than_its_limit_however_late_its_answers)
{
    int64_t served = 0;
    for (uint64_t seed = 1; seed <= 300; seed++)
        check_windows(seed, &served);
    ck_assert_int_ge(served, INT64_C(300) * 30);
}
END_TEST

UNIT_MAIN("throttle", slow_start_grows_to_the_bound_and_no_further,
    a_burst_of_throttled_answers_halves_once_a_window,
    the_gate_stays_closed_as_long_as_the_server_says, a_shorter_wait_does_not_open_a_longer_one,
    nothing_left_closes_the_gate_even_on_success, the_last_requests_are_spread,
    a_limit_on_requests_under_way_only_halves, no_time_stated_pauses_for_a_second,
    a_stated_rate_is_never_exceeded, a_server_that_states_its_budget_is_never_overrun,
    a_budget_shared_with_others_is_not_overrun_again_and_again,
    a_late_answer_is_of_the_window_in_which_it_was_asked_for, windows_of_a_second_follow_each_other,
    another_window_is_one_that_ends_later_by_more_than_a_rounding,
    an_answer_from_before_the_turn_tells_nothing_of_the_new_window,
    answers_that_overtake_each_other_cost_nothing, a_request_without_an_answer_counts_as_used,
    what_was_lost_beside_the_first_answer_counts_as_used,
    where_no_answer_tells_any_more_nothing_is_left_to_go_by,
    a_word_on_requests_under_way_opens_no_window, the_shorter_of_two_budgets_is_kept_to,
    no_window_sees_more_than_its_limit_however_late_its_answers)
