/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast one origin and credential may be asked: a token bucket and a concurrency that adapts
 * (AIMD), shared by all streams that use them. Pure: the time is a parameter, nothing sleeps. The
 * owner asks before each send and reports each answer.
 *
 * Worked example: policy concurrency 8, no stated rate. Slow start from 2 requests under way; each
 * answer without trouble adds 1/n, up to 8. A throttled answer halves the concurrency (not under
 * 1), at most once a window of one second, and closes the gate until the server's time; one that
 * says no time closes it for a second; one for requests under way (concurrency) only halves. With
 * "limit 200, remaining 12, reset in 60 s" the last requests are spread: one every 5 s once less
 * than a tenth of the limit is left; remaining 0 closes the gate until the reset. What is under
 * way, and what was answered without a word of the budget, counts as used. After the reset as many
 * as the limit may go before an answer tells of the new window. So once one answer has told of a
 * budget, no window sees more than its limit, as far as the server's reset is right: one that
 * rounds it down by a second may see that second's requests early.
 *
 * An answer speaks of the moment at which the server made it, somewhere between its request's
 * sending and its receipt: with "reset in 10 s", sent at 100 s and received at 105 s, the window
 * ends between 110 s and 115 s. It is taken to end at the latest of these moments that no other
 * answer contradicts, and an answer is of another window only where even the earliest lies behind
 * that.
 *
 * A rate (policy.rate_per_second, or stated by the server, whichever is lower) is an upper bound:
 * in any t seconds at most rate * t + max(1, rate / 10) requests are sent.
 */
#ifndef MUSTER_POLICY_THROTTLE_H
#define MUSTER_POLICY_THROTTLE_H

#include "config/settings.h"
#include "policy/dialect.h"

/* The server's window, as far as answers tell of it. */
struct throttle_window {
    bool known;
    bool over;        /* it has ended, and no answer has told of the next: `left` is a guess */
    int64_t left;     /* the least that one of its answers has stated; once it is over, the limit */
    int64_t told_ms;  /* monotonic, as all here: when the request was sent that first told of it */
    int64_t lasts_ms; /* it does not end before */
    int64_t ends_ms;  /* it has ended by then; ends the spacing, too */
    int64_t untold;   /* answers that said nothing of it: `left` may not have them in it */
    int64_t untold_ms; /* when the last of those came */
};

struct throttle {
    int64_t concurrency_milli; /* requests under way allowed, in thousandths */
    int64_t under_way;
    int64_t tokens_milli;    /* bucket, thousandths of a request */
    int64_t refilled_ms;     /* monotonic time of the last refill */
    int64_t closed_until_ms; /* monotonic; nothing is sent before */
    int64_t spacing_ms;      /* least time between two sends, from the server's budget */
    int64_t sent_ms;         /* monotonic time of the last send */
    int64_t lowered_ms;      /* monotonic time of the last halving */
    struct throttle_window window;
    int64_t
        stated_rate_milli; /* thousandths of a request a second, as the server states it; 0: not */
    int64_t limit, remaining; /* last stated; RATE_UNKNOWN */
};

void throttle_init(struct throttle *throttle, int64_t now_ms);
/* 0: one request may be sent now. Otherwise ms to wait before asking again; INT64_MAX: until an
 * answer arrives. */
int64_t throttle_wait_ms(
    struct throttle *throttle, const struct policy_settings *policy, int64_t now_ms);
int64_t throttle_slots(
    const struct throttle *throttle); /* that could be under way beside what is */
void throttle_sent(struct throttle *throttle, const struct policy_settings *policy, int64_t now_ms);
/* Once for each throttle_sent, whatever came of it. reading: NULL where no answer came. sent_ms:
 * when that request was sent, or any moment before. */
void throttle_answered(struct throttle *throttle, const struct policy_settings *policy,
    enum outcome outcome, const struct rate_reading *reading, int64_t sent_ms, int64_t now_ms);

#endif
