/* SPDX-License-Identifier: Apache-2.0 */
/* json-server behind oidc-provider, both from npm: refresh tokens that rotate, and whose second use
 * revokes the grant. The client authenticates by Basic. */
#include "users.h"

const struct muster_connector muster_connector = {
    MUSTER_CONNECTOR_HEADER,
    .name = "grants",
    .version = "1.0.0",
    .summary = "Accounts of json-server, by refresh token",
    .parameters = MUSTER_LIST(struct muster_parameter, CLIENT_AND_TOKEN),
    .auth = {.scheme = MUSTER_AUTH_REFRESH_TOKEN,
        .username_parameter = "client",
        .secret_parameter = "client_secret",
        .refresh_token_parameter = "refresh_token",
        .token_url = "{base_url}/oidc/token"},
    .streams =
        MUSTER_LIST(struct muster_stream, {.name = "users",
                                              .request = {.path = "/api/users"},
                                              .paging = {.kind = MUSTER_PAGING_NUMBER,
                                                  .ends = MUSTER_END_TOTAL,
                                                  .start = 1,
                                                  .parameter = "_page",
                                                  .size_parameter = "_limit",
                                                  .size = 20,
                                                  .total = {.header = "X-Total-Count", .exact = 1}},
                                              .yields = ACCOUNTS}),
};
