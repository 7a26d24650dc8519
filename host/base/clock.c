/* SPDX-License-Identifier: Apache-2.0 */
/* The real clocks, behind the seam. */
#include "base/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now = {0};
    (void)clock_gettime(id, &now); /* cannot fail for these two clocks (clock_gettime(2)) */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_monotonic_ms(void *context)
{
    (void)context;
    return read_ms(CLOCK_BOOTTIME);
}

static int64_t system_wall_ms(void *context)
{
    (void)context;
    return read_ms(CLOCK_REALTIME);
}

struct clock clock_system(void)
{
    return (struct clock){.monotonic_ms = system_monotonic_ms, .wall_ms = system_wall_ms};
}
