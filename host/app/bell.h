/* SPDX-License-Identifier: Apache-2.0 */
/* How other threads wake the I/O thread: an eventfd that any thread may ring. */
#ifndef MUSTER_APP_BELL_H
#define MUSTER_APP_BELL_H

#include "base/fault.h"

struct bell {
    int descriptor; /* readable while it rings */
};

bool bell_open(struct bell *bell, struct fault *fault) MUST_CHECK;
void bell_ring(struct bell *bell);
void bell_silence(struct bell *bell);
void bell_close(struct bell *bell);

#endif
