/* SPDX-License-Identifier: Apache-2.0 */
/* The pace of one origin and credential: a token bucket for rates, AIMD for requests under way, a
 * gate for waits. */
#include "policy/throttle.h"

#include <assert.h>

#define MILLI             INT64_C(1000)
#define CONCURRENCY_FIRST 2    /* slow start */
#define HALVING_WINDOW_MS 1000 /* answers to one burst halve once */
#define UNSTATED_PAUSE_MS 1000 /* a throttled answer that says nothing of time */
#define WINDOW_SLACK_MS   1000 /* two statements of one reset differ by as much: Date has seconds */
#define BURST_SHARE       10   /* the bucket holds a tenth of a second's requests, at least one */

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void throttle_init(struct throttle *throttle, int64_t now_ms)
{
    *throttle = (struct throttle){.concurrency_milli = CONCURRENCY_FIRST * MILLI,
        .tokens_milli = MILLI,
        .refilled_ms = now_ms,
        .closed_until_ms = now_ms,
        .sent_ms = INT64_MIN,
        .lowered_ms = INT64_MIN,
        .limit = RATE_UNKNOWN,
        .remaining = RATE_UNKNOWN};
}

/* Thousandths of a request a second: the lower of the operator's and the server's; 0: none. */
static int64_t rate_milli(const struct throttle *throttle, const struct policy_settings *policy)
{
    int64_t own = policy->rate_per_second * MILLI, stated = throttle->stated_rate_milli;
    return own == 0 || (stated != 0 && stated < own) ? stated : own;
}

static void refill(struct throttle *throttle, int64_t rate, int64_t now_ms)
{
    int64_t burst = greater(MILLI, rate / BURST_SHARE), gained;
    if (__builtin_mul_overflow(now_ms - throttle->refilled_ms, rate, &gained) ||
        gained / MILLI >= burst) {
        throttle->tokens_milli = burst;
        throttle->refilled_ms = now_ms;
        return;
    }
    gained /= MILLI;
    /* Rounded up, so that time is never counted twice: the rate stated is an upper bound. */
    throttle->refilled_ms += (gained * MILLI + rate - 1) / rate;
    throttle->tokens_milli = lesser(burst, throttle->tokens_milli + gained);
}

static int64_t token_wait_ms(
    struct throttle *throttle, const struct policy_settings *policy, int64_t now_ms)
{
    int64_t rate = rate_milli(throttle, policy);
    if (rate == 0)
        return 0;
    refill(throttle, rate, now_ms);
    int64_t lacking = MILLI - throttle->tokens_milli;
    return lacking <= 0
               ? 0
               : greater(1, throttle->refilled_ms + (lacking * MILLI + rate - 1) / rate - now_ms);
}

/* How many may be sent before an answer must tell more, or the window end. */
static int64_t window_room(const struct throttle *throttle)
{
    const struct throttle_window *window = &throttle->window;
    if (!window->known)
        return INT64_MAX;
    return greater(0, window->left - throttle->under_way - window->untold);
}

static int64_t window_wait_ms(const struct throttle *throttle, int64_t now_ms)
{
    if (window_room(throttle) > 0)
        return 0;
    return throttle->under_way > 0 ? INT64_MAX : throttle->window.ends_ms - now_ms;
}

/* The window that was told of is over. Until an answer tells of the next, that is taken to have the
 * same limit; what is under way may count in either. Where answers no longer tell, nothing is left
 * to go by. */
static void end_window(struct throttle *throttle, int64_t now_ms)
{
    struct throttle_window *window = &throttle->window;
    if (!window->known || now_ms < window->ends_ms)
        return;
    throttle->spacing_ms = 0;
    if (!window->over && throttle->limit > 0) {
        window->left = throttle->limit;
        window->untold = 0;
    } else if (!window->over || (window_room(throttle) == 0 && throttle->under_way == 0)) {
        window->known = false;
    }
    window->over = true;
}

static int64_t spacing_wait_ms(const struct throttle *throttle, int64_t now_ms)
{
    if (throttle->spacing_ms == 0 || throttle->sent_ms == INT64_MIN)
        return 0;
    /* The window's end ends the spacing, too. */
    return lesser(throttle->sent_ms + throttle->spacing_ms, throttle->window.ends_ms) - now_ms;
}

int64_t throttle_wait_ms(
    struct throttle *throttle, const struct policy_settings *policy, int64_t now_ms)
{
    end_window(throttle, now_ms);
    int64_t wait_ms = window_wait_ms(throttle, now_ms);
    if (wait_ms == INT64_MAX || (throttle->under_way + 1) * MILLI > throttle->concurrency_milli)
        return INT64_MAX;
    wait_ms = greater(wait_ms, throttle->closed_until_ms - now_ms);
    wait_ms = greater(wait_ms, spacing_wait_ms(throttle, now_ms));
    wait_ms = greater(wait_ms, token_wait_ms(throttle, policy, now_ms));
    return wait_ms;
}

int64_t throttle_slots(const struct throttle *throttle)
{
    return greater(0, throttle->concurrency_milli / MILLI - throttle->under_way);
}

void throttle_sent(struct throttle *throttle, const struct policy_settings *policy, int64_t now_ms)
{
    if (rate_milli(throttle, policy) != 0)
        throttle->tokens_milli -= MILLI;
    throttle->under_way++;
    throttle->sent_ms = now_ms;
}

static void close_for(struct throttle *throttle, int64_t ms, int64_t now_ms)
{
    throttle->closed_until_ms = greater(throttle->closed_until_ms, now_ms + ms);
}

static void lower(struct throttle *throttle, int64_t now_ms)
{
    if (throttle->lowered_ms != INT64_MIN && now_ms - throttle->lowered_ms < HALVING_WINDOW_MS)
        return;
    throttle->lowered_ms = now_ms;
    throttle->concurrency_milli = greater(MILLI, throttle->concurrency_milli / 2);
}

static void raise(struct throttle *throttle, const struct policy_settings *policy)
{
    throttle->concurrency_milli += MILLI * MILLI / throttle->concurrency_milli;
    throttle->concurrency_milli =
        greater(MILLI, lesser(throttle->concurrency_milli, policy->concurrency_most * MILLI));
}

static void pause_for(struct throttle *throttle, const struct policy_settings *policy,
    const struct rate_reading *reading, int64_t now_ms)
{
    int64_t ms = reading ? reading->retry_after_ms : RATE_UNKNOWN;
    if (ms == RATE_UNKNOWN && reading && reading->concurrency)
        return; /* fewer at a time is what it asks for */
    if (ms == RATE_UNKNOWN && reading && reading->remaining <= 0)
        ms = reading->reset_ms;
    if (ms == RATE_UNKNOWN)
        ms = UNSTATED_PAUSE_MS;
    close_for(throttle, lesser(ms, policy->retry_after_most_ms), now_ms);
}

/* Of a window that had ended before the one that is known of began: what it says is old news. An
 * end that is earlier is not enough, since answers speak of several budgets in turn. */
static bool is_of_the_past(
    const struct throttle_window *window, int64_t reset_ms, int64_t sent_ms, int64_t now_ms)
{
    if (!window->known)
        return false;
    if (window->over)
        return sent_ms < window->ends_ms && sent_ms + reset_ms <= window->ends_ms + WINDOW_SLACK_MS;
    return sent_ms < window->told_ms && now_ms + reset_ms + WINDOW_SLACK_MS < window->lasts_ms;
}

/* Answers may overtake each other: in one window the least that is stated counts, and its end does
 * not move on, so that windows that slide are looked at anew at least once in their length. */
static void note_window(struct throttle_window *window, const struct rate_reading *reading,
    int64_t reset_ms, int64_t sent_ms, int64_t now_ms)
{
    bool same =
        window->known && !window->over && sent_ms + reset_ms <= window->ends_ms + WINDOW_SLACK_MS;
    if (sent_ms >= window->untold_ms) /* it counts all those answered before */
        window->untold = 0;
    if (!same) {
        *window = (struct throttle_window){.known = true,
            .left = reading->remaining,
            .told_ms = sent_ms,
            .lasts_ms = sent_ms + reset_ms,
            .ends_ms = now_ms + reset_ms,
            .untold = window->untold,
            .untold_ms = window->untold_ms};
        return;
    }
    window->left = lesser(window->left, reading->remaining);
    window->lasts_ms = greater(window->lasts_ms, sent_ms + reset_ms);
    /* One that was asked for before may be of a window before, in spite of all: its end must not
     * cut this one short. */
    if (sent_ms >= window->told_ms)
        window->ends_ms = lesser(window->ends_ms, now_ms + reset_ms);
}

/* Whether an answer states a budget of requests in a window of time. "None left" may be of requests
 * under way, where an answer speaks of those, and would hold for no longer than one of them. A
 * reset in 0 s is a second rounded down, or no time at all. */
static bool tells_window(const struct rate_reading *reading)
{
    return reading && reading->remaining != RATE_UNKNOWN && reading->reset_ms > 0 &&
           (!reading->concurrency || reading->remaining > 0);
}

/* What a budget that is stated means for the requests to come. */
static void budget(struct throttle *throttle, const struct policy_settings *policy,
    const struct rate_reading *reading, int64_t sent_ms, int64_t now_ms)
{
    struct throttle_window *window = &throttle->window;
    int64_t reset_ms = lesser(reading->reset_ms, policy->retry_after_most_ms);
    if (is_of_the_past(window, reset_ms, sent_ms, now_ms))
        return;
    note_window(window, reading, reset_ms, sent_ms, now_ms);
    throttle->limit = reading->limit;
    throttle->remaining = window->left;
    throttle->spacing_ms = 0;
    if (window->left > 0 && throttle->limit > window->left * 10)
        throttle->spacing_ms = (window->ends_ms - now_ms + window->left - 1) / window->left;
}

/* The request may have been counted all the same, after those that an answer to come was. */
static void hear_nothing(
    struct throttle *throttle, const struct rate_reading *reading, int64_t now_ms)
{
    throttle->window.untold++;
    throttle->window.untold_ms = now_ms;
    if (!throttle->window.known && throttle->under_way == 0) /* what comes is counted after it */
        throttle->window.untold = 0;
    if (!throttle->window.known && reading && reading->remaining != RATE_UNKNOWN) {
        throttle->limit = reading->limit; /* to be shown: there is no window to keep to */
        throttle->remaining = reading->remaining;
    }
}

void throttle_answered(struct throttle *throttle, const struct policy_settings *policy,
    enum outcome outcome, const struct rate_reading *reading, int64_t sent_ms, int64_t now_ms)
{
    assert(throttle->under_way > 0 && sent_ms <= now_ms);
    end_window(throttle, now_ms);
    throttle->under_way--;
    if (reading && reading->rate_per_second > 0)
        throttle->stated_rate_milli = greater(1, (int64_t)(reading->rate_per_second * MILLI));
    if (tells_window(reading))
        budget(throttle, policy, reading, sent_ms, now_ms);
    else
        hear_nothing(throttle, reading, now_ms);
    if (outcome == OUTCOME_THROTTLED) {
        lower(throttle, now_ms);
        pause_for(throttle, policy, reading, now_ms);
    } else if (outcome == OUTCOME_OK) {
        raise(throttle, policy);
    }
}
