/* SPDX-License-Identifier: Apache-2.0 */
/* The sample application, read too narrowly (letters_narrow.c) and as it is (letters_wide.c): for
 * the scenario of dead letters, where the second replaces the first. */
#ifndef MUSTER_TESTS_LETTERS_H
#define MUSTER_TESTS_LETTERS_H

#include <muster/connector.h>

#if LETTERS_WIDE
#define VERSION "2.0.0"
#define LOGIN                                                                          \
    {                                                                                  \
        .to = "login", .from = "/login", .or_from = "/email", .flags = MUSTER_REQUIRED \
    }
#define CREATED                                   \
    {                                             \
        .to = "status_raw", .from = "/created_at" \
    }
#define GRANTED                                 \
    {                                           \
        .to = "granted_at", .from = "/added_at" \
    }
#else
#define VERSION "1.0.0"
#define LOGIN                                                     \
    {                                                             \
        .to = "login", .from = "/login", .flags = MUSTER_REQUIRED \
    }
#define CREATED                                   \
    {                                             \
        .to = "created_at", .from = "/created_at" \
    }
#define GRANTED                             \
    {                                       \
        .to = "granted_at", .from = "/type" \
    }
#endif

#define PAGE                                                                                       \
    {                                                                                              \
        .kind = MUSTER_PAGING_NUMBER, .ends = MUSTER_END_TOTAL_PAGES, .start = 1,                  \
        .size_parameter = "per_page", .size = 20, .total_pages = "/paging/total_pages", .total = { \
            .pointer = "/paging/total",                                                            \
            .exact = 1                                                                             \
        }                                                                                          \
    }

const struct muster_connector muster_connector = {
    MUSTER_CONNECTOR_HEADER,
    .name = "letters",
    .version = VERSION,
    .summary = "Accounts, groups and members of the sample application",
    .parameters = MUSTER_LIST(struct muster_parameter,
        {.name = "token", .summary = "Bearer token", .required = 1, .secret = 1}),
    .auth = {.scheme = MUSTER_AUTH_BEARER, .secret_parameter = "token"},
    .streams = MUSTER_LIST(struct muster_stream,
        {.name = "users",
            .request = {.path = "/page/users"},
            .items = "/items",
            .paging = PAGE,
            .joined = {.field = "/created_at"},
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_ACCOUNT,
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED}, LOGIN, CREATED,
                        {.to = "status",
                            .from = "/status",
                            .values = MUSTER_LIST(struct muster_value, {"active", "active"},
                                {"suspended", "disabled"}, {"locked", "locked"},
                                {"pending", "pending"})})}),
            .redact = MUSTER_LIST(struct muster_redact, {"/api_token"})},
        {.name = "groups",
            .request = {.path = "/page/groups"},
            .items = "/items",
            .paging = PAGE,
            .yields = MUSTER_LIST(
                struct muster_yield, {.kind = MUSTER_GROUP,
                                         .fields = MUSTER_LIST(struct muster_field,
                                             {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED},
                                             {.to = "name", .from = "/name"})})},
        {.name = "members",
            .request = {.path = "/offset/groups/{parent.id}/members"},
            .parent = {.stream = "groups",
                .fields =
                    MUSTER_LIST(struct muster_parent_field, {"id", "/id"}, {"name", "/name"})},
            .items = "/items",
            .paging = {.kind = MUSTER_PAGING_OFFSET,
                .ends = MUSTER_END_HAS_MORE_FALSE,
                .size_parameter = "limit",
                .size = 20,
                .has_more = "/paging/has_more"},
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_GRANT,
                    .attributes = MUSTER_ATTRIBUTES_NONE,
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "subject_kind",
                            .from = "/type",
                            .values = MUSTER_LIST(struct muster_value, {"User", "account"},
                                {"Group", "group"})},
                        {.to = "subject_id", .from = "/id", .flags = MUSTER_REQUIRED},
                        {.to = "object_kind", .source = MUSTER_CONSTANT, .from = "group"},
                        {.to = "object_id", .source = MUSTER_FROM_PARENT, .from = "id"},
                        {.to = "condition", .source = MUSTER_FROM_PARENT, .from = "name"},
                        {.to = "permission", .source = MUSTER_CONSTANT, .from = "member"},
                        GRANTED)})}),
};

#endif
