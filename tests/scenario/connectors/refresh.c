/* SPDX-License-Identifier: Apache-2.0 */
/* The sample application behind OAuth 2.0 refresh tokens that rotate; the client authenticates in
 * the body. */
#include <muster/connector.h>

const struct muster_connector muster_connector = {
    MUSTER_CONNECTOR_HEADER,
    .name = "refresh",
    .version = "1.0.0",
    .summary = "Accounts of the sample application, by refresh token",
    .parameters = MUSTER_LIST(struct muster_parameter,
        {.name = "client", .summary = "Client id", .required = 1},
        {.name = "client_secret", .summary = "Client secret", .required = 1, .secret = 1},
        {.name = "refresh_token", .summary = "First refresh token", .required = 1, .secret = 1}),
    .auth = {.scheme = MUSTER_AUTH_REFRESH_TOKEN,
        .place = MUSTER_IN_BODY,
        .username_parameter = "client",
        .secret_parameter = "client_secret",
        .refresh_token_parameter = "refresh_token",
        .token_url = "{base_url}/oauth/token"},
    .streams = MUSTER_LIST(
        struct muster_stream, {.name = "users",
                                  .request = {.path = "/cursor/users"},
                                  .items = "/items",
                                  .paging = {.kind = MUSTER_PAGING_CURSOR,
                                      .ends = MUSTER_END_NEXT_NULL,
                                      .next = "/paging/next",
                                      .size_parameter = "limit",
                                      .size = 20,
                                      .total = {.pointer = "/paging/total", .exact = 1}},
                                  .yields = MUSTER_LIST(struct muster_yield,
                                      {.kind = MUSTER_ACCOUNT,
                                          .fields = MUSTER_LIST(struct muster_field,
                                              {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED},
                                              {.to = "login", .from = "/login"})})}),
};
