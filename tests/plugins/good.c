/* SPDX-License-Identifier: Apache-2.0 */
/* A sound connector. The tests spoil copies of its file byte by byte. */
#include <muster/connector.h>

const struct muster_connector muster_connector = {
    MUSTER_CONNECTOR_HEADER,
    .name = "good",
    .version = "1.0.0",
    .summary = "a sound connector",
    .parameters = MUSTER_LIST(struct muster_parameter,
        {.name = "token", .summary = "API token", .required = 1, .secret = 1}),
    .base_url = "https://api.example.com",
    .auth = {.scheme = MUSTER_AUTH_BEARER, .secret_parameter = "token"},
    .streams = MUSTER_LIST(
        struct muster_stream, {.name = "users",
                                  .request = {.path = "/users"},
                                  .items = "/data",
                                  .paging = {.kind = MUSTER_PAGING_CURSOR,
                                      .ends = MUSTER_END_NEXT_ABSENT | MUSTER_END_NEXT_NULL,
                                      .next = "/next"},
                                  .yields = MUSTER_LIST(struct muster_yield,
                                      {.kind = MUSTER_ACCOUNT,
                                          .fields = MUSTER_LIST(struct muster_field,
                                              {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED},
                                              {.to = "login", .from = "/login"})})}),
};
