/* SPDX-License-Identifier: Apache-2.0 */
/* The group `policy` of the configuration. */
#ifndef MUSTER_CONFIG_POLICY_H
#define MUSTER_CONFIG_POLICY_H

#include "reading.h"

/* For a table of keys: `member` is a struct policy_settings that holds the defaults. */
bool policy_read(const struct reading *reading, const config_setting_t *group, void *member,
    struct fault *fault) MUST_CHECK;

#endif
