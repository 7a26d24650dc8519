/* SPDX-License-Identifier: Apache-2.0 */
/* The breaker of one connection (or, fed with connect failures only, of one origin), and the
 * quarantine of a connection whose runs keep failing. Pure state machines over monotonic time. */
#ifndef MUSTER_POLICY_BREAKER_H
#define MUSTER_POLICY_BREAKER_H

#include "base/random.h"
#include "config/settings.h"

enum breaker_state { BREAKER_CLOSED = 0, BREAKER_HALF_OPEN = 1, BREAKER_OPEN = 2 };

struct breaker {
    enum breaker_state state;
    uint32_t failures;        /* in a row */
    int64_t failing_since_ms; /* monotonic time of the first of them */
    int64_t open_until_ms;    /* of a trial: when it is given up; 0: not known yet */
    bool probing;             /* half open: the one trial is under way */
};

#define BREAKER_PROBE_WAIT_MS 1000 /* asked while the trial is under way: ask again after this */
#define BREAKER_PROBE_MOST_MS \
    600000 /* a trial without a result (cancelled) is given up after this */

/* 0: may send (in HALF_OPEN one request at a time). Otherwise ms to wait. */
int64_t breaker_wait_ms(struct breaker *breaker, int64_t now_ms);
void breaker_sent(struct breaker *breaker);
void breaker_result(
    struct breaker *breaker, const struct policy_settings *policy, bool failed, int64_t now_ms);
/* What was sent came to nothing that tells of the other side (cancelled, or our own trouble): if it
 * was the trial, the next request is. */
void breaker_no_result(struct breaker *breaker);
/* How long it has failed without a success between; 0: it has not. */
int64_t breaker_failing_ms(const struct breaker *breaker, int64_t now_ms);

struct quarantine {
    uint32_t failures; /* rounds failed in a row */
    int64_t until_ms;  /* monotonic; 0: not quarantined */
};

#define QUARANTINE_FIRST_MS (INT64_C(5) * 60 * 1000)
#define QUARANTINE_MOST_MS  (INT64_C(6) * 60 * 60 * 1000)

/* How long a connection is left alone that failed so often in a row; 0: it is not. */
int64_t quarantine_wait_ms(const struct policy_settings *policy, uint32_t failures);
/* As it was `ago_ms` after the last of so many failures, for a host that starts anew. */
struct quarantine quarantine_restored(
    const struct policy_settings *policy, uint32_t failures, int64_t ago_ms, int64_t now_ms);
/* After a round: a good one clears it; from policy.quarantine_failures failures on, each doubles
 * the wait up to the bound, less jitter of at most a tenth. */
void quarantine_result(struct quarantine *quarantine, const struct policy_settings *policy,
    bool failed, int64_t now_ms, struct random *random);
/* A failure that will stay until somebody mends it: the longest wait from the first time on. */
void quarantine_at_once(
    struct quarantine *quarantine, const struct policy_settings *policy, int64_t now_ms);
bool quarantine_active(const struct quarantine *quarantine, int64_t now_ms);

#endif
