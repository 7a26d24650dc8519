/* SPDX-License-Identifier: Apache-2.0 */
/* json-server behind oidc-provider, both from npm: refresh tokens that rotate, and whose second use
 * revokes the grant. The client authenticates by Basic. */
#include <muster/connector.h>

const struct muster_connector muster_connector = {
    MUSTER_CONNECTOR_HEADER,
    .name = "grants",
    .version = "1.0.0",
    .summary = "Accounts of json-server, by refresh token",
    .parameters = MUSTER_LIST(struct muster_parameter,
        {.name = "client", .summary = "Client id", .required = 1},
        {.name = "client_secret", .summary = "Client secret", .required = 1, .secret = 1},
        {.name = "refresh_token", .summary = "First refresh token", .required = 1, .secret = 1}),
    .auth = {.scheme = MUSTER_AUTH_REFRESH_TOKEN,
        .username_parameter = "client",
        .secret_parameter = "client_secret",
        .refresh_token_parameter = "refresh_token",
        .token_url = "{base_url}/oidc/token"},
    .streams = MUSTER_LIST(
        struct muster_stream, {.name = "users",
                                  .request = {.path = "/api/users"},
                                  .paging = {.kind = MUSTER_PAGING_NUMBER,
                                      .ends = MUSTER_END_TOTAL,
                                      .start = 1,
                                      .parameter = "_page",
                                      .size_parameter = "_limit",
                                      .size = 20,
                                      .total = {.header = "X-Total-Count", .exact = 1}},
                                  .yields = MUSTER_LIST(struct muster_yield,
                                      {.kind = MUSTER_ACCOUNT,
                                          .fields = MUSTER_LIST(struct muster_field,
                                              {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED},
                                              {.to = "login", .from = "/login"})})}),
};
