/* SPDX-License-Identifier: Apache-2.0 */
/* A file descriptor that closes itself at the end of its block, unless it was taken out. For
 * descriptors that are read, where close() has nothing to lose; what is written is closed by hand
 * and the answer looked at. */
#ifndef MUSTER_BASE_DESCRIPTOR_H
#define MUSTER_BASE_DESCRIPTOR_H

#include <unistd.h>

static inline void descriptor_cleanup(const int *descriptor)
{
    if (*descriptor >= 0)
        (void)close(*descriptor);
}
#define AUTO_CLOSE __attribute__((cleanup(descriptor_cleanup))) int

/* Moves a descriptor out of its variable. */
static inline int descriptor_take(int *descriptor)
{
    int taken = *descriptor;
    *descriptor = -1;
    return taken;
}

#endif
