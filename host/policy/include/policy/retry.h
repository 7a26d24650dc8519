/* SPDX-License-Identifier: Apache-2.0 */
/* Whether and when a failed request is tried again. Pure: state and randomness are the caller's. */
#ifndef MUSTER_POLICY_RETRY_H
#define MUSTER_POLICY_RETRY_H

#include "base/random.h"
#include "config/settings.h"

/* Retries as a share of requests, per connection: each request adds percent/100 of a token, each
 * retry takes one. A few are there from the start, and come back with time, so that small runs can
 * retry at all: in t minutes at most RETRY_BUDGET_FIRST + t + percent/100 * requests retries, once
 * what was saved up (RETRY_BUDGET_MOST) is spent. */
struct retry_budget {
    int64_t tokens_milli; /* thousandths of a retry */
    int64_t filled_ms;    /* monotonic time of the last that came with time */
};

#define RETRY_BUDGET_FIRST    10    /* retries in hand at the start */
#define RETRY_BUDGET_MOST     100   /* and the most that can be saved up */
#define RETRY_BUDGET_EVERY_MS 60000 /* one more comes in this time, up to the first */

void retry_budget_init(struct retry_budget *budget, int64_t now_ms);
void retry_budget_request(struct retry_budget *budget, const struct policy_settings *policy);

/* What one request has been through. */
struct retry_state {
    uint32_t attempts; /* sent so far that count */
    uint32_t waits;    /* waits in a row for a rate limit or the breaker, not counted as attempts */
    bool renewed;      /* its credential was renewed once */
    bool failing;
    int64_t since_ms; /* monotonic time of its first failure, where `failing` */
};

enum retry_choice {
    RETRY_LATER,   /* after *ret_wait_ms */
    RETRY_RENEW,   /* auth_expired for the first time: renew the credential, then at once */
    RETRY_RESTART, /* cursor_expired: the listing anew */
    RETRY_GIVE_UP, /* this listing ends as partial; the others go on */
    RETRY_CLOSED,  /* so it does, and is told to be closed to this credential */
    RETRY_STOP     /* the credential is no good: the connection stops */
};

#define RETRY_WAITS_MOST 100 /* rate-limit waits in a row after which we give up */

/*
 * Called once for each answer that is not ok; counts it in `state`.
 * transient, malformed, local (descriptors come back): full jitter, wait evenly from 0 to min(most,
 * first * 2^n), n attempts before this one (Brooker, "Exponential Backoff And Jitter", AWS 2015),
 * while attempts and budget last; never less than a wait that the server states. throttled: the
 * server's wait (never less than the backoff of `waits` in a row, so that Retry-After: 0 for ever
 * still grows), plus jitter of a tenth; clamped to the policy's bound. unavailable: like transient,
 * but nothing was sent, so it uses no attempt and no budget; it counts as a wait. auth_expired:
 * renewed once, then as auth_denied: RETRY_STOP. forbidden: RETRY_CLOSED. The rest is never
 * retried. Whatever the class, nothing is waited for past policy.wait_most_ms after the request's
 * first failure. server_wait_ms: RATE_UNKNOWN or less where nothing is stated.
 */
enum retry_choice retry_decide(const struct policy_settings *policy, struct retry_budget *budget,
    struct retry_state *state, enum outcome outcome, int64_t server_wait_ms, int64_t now_ms,
    struct random *random, int64_t *ret_wait_ms);

#endif
