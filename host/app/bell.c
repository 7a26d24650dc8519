/* SPDX-License-Identifier: Apache-2.0 */
/* An eventfd as a bell. */
#include "bell.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define RING_TRIES 3 /* a write to an event descriptor is not expected to fail at all */

bool bell_open(struct bell *bell, struct fault *fault)
{
    bell->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return bell->descriptor >= 0 || fault_system(fault, "cannot make an event descriptor");
}

void bell_ring(struct bell *bell)
{
    uint64_t one = 1;
    for (int tries = 0; tries < RING_TRIES; tries++)
        if (write(bell->descriptor, &one, sizeof one) == (ssize_t)sizeof one || errno == EAGAIN)
            return; /* EAGAIN: it rings already */
}

void bell_silence(struct bell *bell)
{
    uint64_t count;
    ssize_t got = read(bell->descriptor, &count, sizeof count);
    (void)got; /* EAGAIN: it did not ring */
}

void bell_close(struct bell *bell)
{
    if (bell->descriptor >= 0)
        (void)close(bell->descriptor);
    bell->descriptor = -1;
}
