/* SPDX-License-Identifier: Apache-2.0 */
/* One element of the list `connections`. */
#ifndef MUSTER_CONFIG_CONNECTION_H
#define MUSTER_CONFIG_CONNECTION_H

#include "reading.h"

#define CONNECTION_PAIRS_MAX \
    512u /* parameters, secrets, labels, patterns or streams of one connection */

bool connection_read(const struct reading *reading, const config_setting_t *group,
    struct connection_settings *ret_connection, struct fault *fault) MUST_CHECK;

#endif
