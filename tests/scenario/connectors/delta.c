/* SPDX-License-Identifier: Apache-2.0 */
/* Users of the sample application by delta token: the last page names what the next run begins
 * with. */
#include "users.h"

const struct muster_connector muster_connector = {
    MUSTER_CONNECTOR_HEADER,
    .name = "delta",
    .version = "1.0.0",
    .summary = "Accounts of the sample application, by delta token",
    .streams = MUSTER_LIST(struct muster_stream,
        {.name = "users",
            .mode = MUSTER_DELTA,
            .request = {.path = "/delta/users",
                .query = MUSTER_LIST(struct muster_pair, {.name = "deleted", .value = "true"})},
            .items = "/items",
            .paging = {.kind = MUSTER_PAGING_CURSOR,
                .ends = MUSTER_END_DELTA,
                .next = "/paging/next",
                .size_parameter = "limit",
                .size = 50},
            .yields = ACCOUNTS,
            .tombstone = {.pointer = "/deleted", .value = "true"},
            .delta = {.token = "/paging/delta", .parameter = "delta"}}),
};
