/* SPDX-License-Identifier: Apache-2.0 */
/* The breaker and the quarantine: when to leave a connection alone. */
#include "policy/breaker.h"

/* The one place where a breaker changes its state. */
static void enter(struct breaker *breaker, enum breaker_state state, int64_t open_until_ms)
{
    breaker->state = state;
    breaker->open_until_ms = open_until_ms;
    breaker->probing = false;
    if (state == BREAKER_CLOSED)
        breaker->failures = 0;
}

int64_t breaker_wait_ms(struct breaker *breaker, int64_t now_ms)
{
    if (breaker->state == BREAKER_OPEN) {
        if (now_ms < breaker->open_until_ms)
            return breaker->open_until_ms - now_ms;
        enter(breaker, BREAKER_HALF_OPEN, 0);
    }
    if (breaker->state != BREAKER_HALF_OPEN || !breaker->probing)
        return 0;
    if (breaker->open_until_ms == 0) /* the first to ask starts the trial's own deadline */
        breaker->open_until_ms = now_ms + BREAKER_PROBE_MOST_MS;
    if (now_ms < breaker->open_until_ms)
        return BREAKER_PROBE_WAIT_MS;
    enter(breaker, BREAKER_HALF_OPEN, 0);
    return 0;
}

void breaker_sent(struct breaker *breaker)
{
    if (breaker->state == BREAKER_HALF_OPEN)
        breaker->probing = true;
}

void breaker_result(
    struct breaker *breaker, const struct policy_settings *policy, bool failed, int64_t now_ms)
{
    if (breaker->state == BREAKER_OPEN) /* sent before it opened: says nothing about now */
        return;
    if (!failed) {
        enter(breaker, BREAKER_CLOSED, 0);
        return;
    }
    if (breaker->failures == 0)
        breaker->failing_since_ms = now_ms;
    if (breaker->failures < UINT32_MAX)
        breaker->failures++;
    if (breaker->state == BREAKER_HALF_OPEN || breaker->failures >= policy->breaker_failures)
        enter(breaker, BREAKER_OPEN, now_ms + policy->breaker_open_ms);
}

void breaker_no_result(struct breaker *breaker)
{
    if (breaker->state == BREAKER_HALF_OPEN)
        enter(breaker, BREAKER_HALF_OPEN, 0);
}

int64_t breaker_failing_ms(const struct breaker *breaker, int64_t now_ms)
{
    return breaker->failures == 0 ? 0 : now_ms - breaker->failing_since_ms;
}

int64_t quarantine_wait_ms(const struct policy_settings *policy, uint32_t failures)
{
    int64_t wait_ms = QUARANTINE_FIRST_MS;
    if (failures < policy->quarantine_failures)
        return 0;
    for (int64_t i = policy->quarantine_failures; i < failures && wait_ms < QUARANTINE_MOST_MS; i++)
        wait_ms *= 2;
    return wait_ms < QUARANTINE_MOST_MS ? wait_ms : QUARANTINE_MOST_MS;
}

struct quarantine quarantine_restored(
    const struct policy_settings *policy, uint32_t failures, int64_t ago_ms, int64_t now_ms)
{
    int64_t wait_ms = quarantine_wait_ms(policy, failures);
    int64_t left_ms = ago_ms < 0 ? wait_ms : wait_ms - ago_ms; /* the clock may have gone back */
    return (struct quarantine){failures, wait_ms == 0 ? 0 : now_ms + (left_ms > 0 ? left_ms : 0)};
}

void quarantine_result(struct quarantine *quarantine, const struct policy_settings *policy,
    bool failed, int64_t now_ms, struct random *random)
{
    if (!failed) {
        *quarantine = (struct quarantine){0};
        return;
    }
    if (quarantine->failures < UINT32_MAX)
        quarantine->failures++;
    int64_t wait_ms = quarantine_wait_ms(policy, quarantine->failures);
    if (wait_ms > 0)
        quarantine->until_ms =
            now_ms + wait_ms - (int64_t)random_below(random, (uint64_t)wait_ms / 10 + 1);
}

void quarantine_at_once(
    struct quarantine *quarantine, const struct policy_settings *policy, int64_t now_ms)
{
    if (quarantine->failures < policy->quarantine_failures)
        quarantine->failures = (uint32_t)policy->quarantine_failures;
    quarantine->until_ms = now_ms + QUARANTINE_MOST_MS;
}

bool quarantine_active(const struct quarantine *quarantine, int64_t now_ms)
{
    return quarantine->until_ms != 0 && now_ms < quarantine->until_ms;
}
