/* SPDX-License-Identifier: Apache-2.0 */
/* What connectors that read users share: a client's parameters, what a user gives, and the stream
 * of the sample application's users. */
#ifndef MUSTER_TESTS_USERS_H
#define MUSTER_TESTS_USERS_H

#include <muster/connector.h>

#define CLIENT                                                                          \
    {.name = "client", .summary = "Client id", .required = 1},                          \
    {                                                                                   \
        .name = "client_secret", .summary = "Client secret", .required = 1, .secret = 1 \
    }
#define CLIENT_AND_TOKEN                                                                      \
    CLIENT,                                                                                   \
    {                                                                                         \
        .name = "refresh_token", .summary = "First refresh token", .required = 1, .secret = 1 \
    }

#define ACCOUNTS                                                                            \
    MUSTER_LIST(                                                                            \
        struct muster_yield, {.kind = MUSTER_ACCOUNT,                                       \
                                 .fields = MUSTER_LIST(struct muster_field,                 \
                                     {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED}, \
                                     {.to = "login", .from = "/login"})})

#define USERS                                                                                     \
    MUSTER_LIST(struct muster_stream, {.name = "users",                                           \
                                          .request = {.path = "/cursor/users"},                   \
                                          .items = "/items",                                      \
                                          .paging = {.kind = MUSTER_PAGING_CURSOR,                \
                                              .ends = MUSTER_END_NEXT_NULL,                       \
                                              .next = "/paging/next",                             \
                                              .size_parameter = "limit",                          \
                                              .size = 20,                                         \
                                              .total = {.pointer = "/paging/total", .exact = 1}}, \
                                          .yields = ACCOUNTS})

#endif
