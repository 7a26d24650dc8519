/* SPDX-License-Identifier: Apache-2.0 */
/* plan_create with every problem reported: what intake needs and nobody else. */
#ifndef MUSTER_DECLARATION_PLAN_INTERNAL_H
#define MUSTER_DECLARATION_PLAN_INTERNAL_H

#include "refusal.h"

bool plan_create_reported(struct span canonical, const char *path,
    const struct hash256 *content_hash, struct intake_report *report, struct plan **ret_plan,
    struct fault *fault) MUST_CHECK;

#endif
