/* SPDX-License-Identifier: Apache-2.0 */
/* One writing host on a store (fault 123): a locked file beside it that names the holder. Freed by
 * the system when the holder dies. */
#ifndef MUSTER_STORE_LOCK_H
#define MUSTER_STORE_LOCK_H

#include "base/fault.h"

/* FAULT_STORE that names the process which holds it. */
bool lock_take(const char *store_path, int *ret_descriptor, struct fault *fault) MUST_CHECK;
void lock_release(int descriptor); /* -1 is fine */

#endif
