/* SPDX-License-Identifier: Apache-2.0 */
/* Rate-limit headers of every dialect in the vocabulary's table, read without being told which one
 * it is. */
#ifndef MUSTER_POLICY_DIALECT_H
#define MUSTER_POLICY_DIALECT_H

#include "base/http.h"

#define RATE_UNKNOWN (-1)

/* What the server says of its budget. Times are from now, corrected by the server's own Date;
 * RATE_UNKNOWN where it says nothing. */
struct rate_reading {
    int64_t limit;          /* requests in the window */
    int64_t remaining;      /* requests left in it; the least of several buckets */
    int64_t reset_ms;       /* until the window ends */
    int64_t window_ms;      /* length of the window, where it is stated */
    int64_t retry_after_ms; /* Retry-After, in either form; 0 is "now"; never negative */
    double rate_per_second; /* stated as a rate (x-amzn-RateLimit-Limit); 0: not */
    bool concurrency;       /* the limit is on requests under way, not on a rate */
};

/* Garbage, negative and absurd values read as unknown or are clamped to `most_ms`; epoch and delta,
 * seconds and milliseconds are told apart by magnitude. */
void dialect_read(const struct http_headers *headers, int64_t wall_ms, int64_t most_ms,
    struct rate_reading *ret_reading);

/* One time in any of those forms, as Discord states it in a body; RATE_UNKNOWN where it is none. */
int64_t dialect_wait_ms(struct span text, int64_t most_ms);

#endif
