/* SPDX-License-Identifier: Apache-2.0 */
/* The clock as a value that is passed in. Deadlines use the monotonic clock; the wall clock is for
 * what is shown and for HTTP dates. Both in milliseconds; the wall clock since 1970-01-01 UTC. */
#ifndef MUSTER_BASE_CLOCK_H
#define MUSTER_BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*monotonic_ms)(void *context);
    int64_t (*wall_ms)(void *context);
    void *context;
};

struct clock clock_system(void);

static inline int64_t clock_monotonic_ms(const struct clock *clock)
{
    return clock->monotonic_ms(clock->context);
}

static inline int64_t clock_wall_ms(const struct clock *clock)
{
    return clock->wall_ms(clock->context);
}

#endif
