/* SPDX-License-Identifier: Apache-2.0 */
/* Retries: what a class allows, how long to wait, and the share of traffic that retries may be. */
#include "policy/retry.h"

#include <assert.h>

#define MILLI INT64_C(1000)

enum rule {
    RULE_NONE,     /* nothing is to be decided */
    RULE_ATTEMPT,  /* uses an attempt and the budget */
    RULE_THROTTLE, /* waits as long as the server says; uses neither */
    RULE_WAIT,     /* nothing was sent: waits, uses neither */
    RULE_RENEW,
    RULE_RESTART,
    RULE_GIVE_UP,
    RULE_CLOSED,
    RULE_STOP
};

/* The one consequence of each class (DESIGN section 7). */
static const enum rule rules[OUTCOME_COUNT] = {
    [OUTCOME_OK] = RULE_NONE,
    [OUTCOME_TRANSIENT] = RULE_ATTEMPT,
    [OUTCOME_THROTTLED] = RULE_THROTTLE,
    [OUTCOME_AUTH_EXPIRED] = RULE_RENEW,
    [OUTCOME_AUTH_DENIED] = RULE_STOP,
    [OUTCOME_FORBIDDEN] = RULE_CLOSED,
    [OUTCOME_NOT_FOUND] = RULE_GIVE_UP,
    [OUTCOME_CURSOR_EXPIRED] = RULE_RESTART,
    [OUTCOME_INVALID] = RULE_GIVE_UP,
    [OUTCOME_MALFORMED] = RULE_ATTEMPT,
    [OUTCOME_REFUSED] = RULE_GIVE_UP,
    [OUTCOME_UNAVAILABLE] = RULE_WAIT,
    [OUTCOME_LOCAL] = RULE_ATTEMPT,
};

void retry_budget_init(struct retry_budget *budget, int64_t now_ms)
{
    *budget =
        (struct retry_budget){.tokens_milli = RETRY_BUDGET_FIRST * MILLI, .filled_ms = now_ms};
}

/* What comes with time; never above what there is at the start. */
static void refill(struct retry_budget *budget, int64_t now_ms)
{
    const int64_t first = RETRY_BUDGET_FIRST * MILLI;
    int64_t count = (now_ms - budget->filled_ms) / RETRY_BUDGET_EVERY_MS;
    if (count <= 0)
        return;
    budget->filled_ms += count * RETRY_BUDGET_EVERY_MS;
    if (count > RETRY_BUDGET_FIRST)
        count = RETRY_BUDGET_FIRST;
    if (budget->tokens_milli < first)
        budget->tokens_milli = budget->tokens_milli + count * MILLI < first
                                   ? budget->tokens_milli + count * MILLI
                                   : first;
}

void retry_budget_request(struct retry_budget *budget, const struct policy_settings *policy)
{
    const int64_t most = RETRY_BUDGET_MOST * MILLI;
    int64_t tokens = budget->tokens_milli + policy->retry_budget_percent * (MILLI / 100);
    budget->tokens_milli = tokens > most ? most : tokens;
}

/* first * 2^doublings, at most `most`. */
static int64_t backoff_ms(const struct policy_settings *policy, uint32_t doublings)
{
    int64_t ms = policy->backoff_first_ms;
    while (doublings-- > 0 && ms < policy->backoff_most_ms)
        ms = ms > policy->backoff_most_ms / 2 ? policy->backoff_most_ms : ms * 2;
    return ms < policy->backoff_most_ms ? ms : policy->backoff_most_ms;
}

/* Evenly from 0 to `most_ms`, both included. */
static int64_t jitter_ms(struct random *random, int64_t most_ms)
{
    return most_ms > 0 ? (int64_t)random_below(random, (uint64_t)most_ms + 1) : 0;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static enum retry_choice attempt(const struct policy_settings *policy, struct retry_budget *budget,
    struct retry_state *state, int64_t server_ms, struct random *random, int64_t *ret_wait_ms)
{
    state->attempts++;
    state->waits = 0;
    if (state->attempts >= policy->attempts_max || budget->tokens_milli < MILLI)
        return RETRY_GIVE_UP;
    budget->tokens_milli -= MILLI;
    *ret_wait_ms = greater(jitter_ms(random, backoff_ms(policy, state->attempts - 1)), server_ms);
    return RETRY_LATER;
}

static enum retry_choice throttled(const struct policy_settings *policy, struct retry_state *state,
    int64_t server_ms, struct random *random, int64_t *ret_wait_ms)
{
    if (++state->waits > RETRY_WAITS_MOST)
        return RETRY_GIVE_UP;
    int64_t wait_ms = greater(server_ms, backoff_ms(policy, state->waits - 1));
    wait_ms += jitter_ms(random, wait_ms / 10);
    *ret_wait_ms = lesser(wait_ms, policy->retry_after_most_ms);
    return RETRY_LATER;
}

static enum retry_choice unavailable(const struct policy_settings *policy,
    struct retry_state *state, int64_t server_ms, struct random *random, int64_t *ret_wait_ms)
{
    if (++state->waits > RETRY_WAITS_MOST)
        return RETRY_GIVE_UP;
    *ret_wait_ms = greater(jitter_ms(random, backoff_ms(policy, state->waits - 1)), server_ms);
    return RETRY_LATER;
}

static enum retry_choice decide(const struct policy_settings *policy, struct retry_budget *budget,
    struct retry_state *state, enum outcome outcome, int64_t server_ms, struct random *random,
    int64_t *ret_wait_ms)
{
    switch (rules[outcome]) {
    case RULE_ATTEMPT:
        return attempt(policy, budget, state, server_ms, random, ret_wait_ms);
    case RULE_THROTTLE:
        return throttled(policy, state, server_ms, random, ret_wait_ms);
    case RULE_WAIT:
        return unavailable(policy, state, server_ms, random, ret_wait_ms);
    case RULE_RENEW:
        if (state->renewed)
            return RETRY_STOP;
        state->renewed = true;
        return RETRY_RENEW;
    case RULE_RESTART:
        return RETRY_RESTART;
    case RULE_CLOSED:
        return RETRY_CLOSED;
    case RULE_STOP:
        return RETRY_STOP;
    case RULE_NONE:
    case RULE_GIVE_UP:
        break;
    }
    return RETRY_GIVE_UP;
}

enum retry_choice retry_decide(const struct policy_settings *policy, struct retry_budget *budget,
    struct retry_state *state, enum outcome outcome, int64_t server_wait_ms, int64_t now_ms,
    struct random *random, int64_t *ret_wait_ms)
{
    int64_t server_ms = lesser(greater(server_wait_ms, 0), policy->retry_after_most_ms);
    assert(outcome > OUTCOME_OK && outcome < OUTCOME_COUNT);
    refill(budget, now_ms);
    if (!state->failing) {
        state->failing = true;
        state->since_ms = now_ms;
    }
    *ret_wait_ms = 0;
    enum retry_choice choice =
        decide(policy, budget, state, outcome, server_ms, random, ret_wait_ms);
    if (choice == RETRY_LATER && now_ms - state->since_ms > policy->wait_most_ms - *ret_wait_ms)
        return RETRY_GIVE_UP; /* to wait on would be in vain */
    return choice;
}
