/* SPDX-License-Identifier: Apache-2.0 */
/* What the HTTP listener answers: metrics, health, the verdict. Runs on the listener's thread with
 * a store handle of its own. */
#ifndef MUSTER_APP_LISTENER_H
#define MUSTER_APP_LISTENER_H

#include <stdatomic.h>
#include "metrics/metrics.h"
#include "store/store.h"

struct listener;

/* store_path: opened anew, read only. ready: true once the store is usable and the configuration is
 * loaded. */
bool listener_start(const char *address, const char *store_path, struct metrics *metrics,
    const atomic_bool *ready, struct listener **ret_listener, struct fault *fault) MUST_CHECK;
unsigned listener_port(const struct listener *listener);
void listener_stop(struct listener *listener); /* NULL is fine */

#endif
