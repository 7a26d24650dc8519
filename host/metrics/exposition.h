/* SPDX-License-Identifier: Apache-2.0 */
/* A family as text (Prometheus text exposition format 0.0.4). */
#ifndef MUSTER_METRICS_EXPOSITION_H
#define MUSTER_METRICS_EXPOSITION_H

#include "family.h"

/* With the family's lock held. */
bool exposition_family(
    const struct family *family, struct bytes *into, struct fault *fault) MUST_CHECK;

#endif
