/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCIM 2.0: any application that speaks RFC 7643 (schema) and RFC 7644 (protocol).
 *
 *     { name = "acme"; connector = "scim"; base_url = "https://scim.example.com/v2";
 *       secrets = { token = "file:/run/credentials/acme.token"; }; every = "15m"; }
 *
 * base_url is the address up to and without "/Users". The token needs read access to Users and
 * Groups.
 *
 * What it gives
 *   users   -> account, one a User
 *   groups  -> group, one a Group, and one grant a member: subject -> group, permission "member"
 *
 * Decisions
 *   Listings page by startIndex and count. totalResults is their end and, being exact by RFC 7644
 *   section 3.4.2, their witness. A server may give fewer items than asked: the next startIndex
 *   follows from what was received.
 *   Listings have no order that a client may rely on (RFC 7644 section 3.4.2.4), and sorting is
 *   optional (section 3.4.2.3), so that their places are loose. meta.created is when a Resource
 *   was added (RFC 7643 section 3.1): while nobody is, one reading proves. Else, or without it, a
 *   listing that shows anything new is asserted, and the next one that shows the same is proven, or
 *   policy second_pass = "always" reads it twice; and so it is before anything goes missing.
 *   `active` is optional (RFC 7643 section 4.1.1). Where it is missing, so is the status; nothing
 *   is made up.
 *   The e-mail is the primary one, else the first. At most one is primary (section 2.4).
 *   A member without `type` is a User: the attribute is optional (section 4.2), and it is groups
 *   inside groups that need it.
 *   Members are grants, so they are not kept a second time in the attributes of their group.
 *   Roles and entitlements of a User have no identity of their own in SCIM; they stay in the
 *   account's attributes.
 *
 * Documentation: https://www.rfc-editor.org/rfc/rfc7643, https://www.rfc-editor.org/rfc/rfc7644;
 * the error words of cursors: https://www.rfc-editor.org/rfc/rfc9865
 */
#include <muster/connector.h>

#define ENTERPRISE "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define PAGE_SIZE  200

#define PAGING                                                                              \
    {                                                                                       \
        .kind = MUSTER_PAGING_SCIM, .ends = MUSTER_END_TOTAL, .size = PAGE_SIZE, .total = { \
            .pointer = "/totalResults",                                                     \
            .exact = 1                                                                      \
        }                                                                                   \
    }

#define CREATED                  \
    {                            \
        .field = "/meta/created" \
    }

const struct muster_connector muster_connector = {
    MUSTER_CONNECTOR_HEADER,
    .name = "scim",
    .version = "1.0.0",
    .vendor = "Muster",
    .summary = "Accounts, groups and memberships of any application that speaks SCIM 2.0",
    .documentation = "https://www.rfc-editor.org/rfc/rfc7644",
    .parameters = MUSTER_LIST(struct muster_parameter,
        {.name = "token",
            .summary = "Bearer token with read access to Users and Groups",
            .required = 1,
            .secret = 1},
        {.name = "tenant",
            .summary = "Tenant, where one address serves several: sent as the header X-Tenant-ID"}),
    .headers = MUSTER_LIST(struct muster_pair,
        {.name = "Accept", .value = "application/scim+json, application/json;q=0.9"},
        {.name = "X-Tenant-ID", .value = "{tenant}"}),
    .auth = {.scheme = MUSTER_AUTH_BEARER, .secret_parameter = "token"},
    .envelope = {.code = "/scimType", .message = "/detail"},
    .error_words = MUSTER_LIST(struct muster_error_word,
        {.status = 400, .class_ = MUSTER_CLASS_INVALID, .code = "tooMany"},
        {.status = 400, .class_ = MUSTER_CLASS_CURSOR_EXPIRED, .code = "expiredCursor"},
        {.status = 400, .class_ = MUSTER_CLASS_CURSOR_EXPIRED, .code = "invalidCursor"},
        {.status = 403, .class_ = MUSTER_CLASS_FORBIDDEN, .code = "sensitive"}),
    .streams = MUSTER_LIST(struct muster_stream,
        {.name = "users",
            .summary = "Every User, as an account",
            .request = {.path = "/Users"},
            .items = "/Resources",
            .paging = PAGING,
            .joined = CREATED,
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_ACCOUNT,
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED},
                        {.to = "external_id", .from = "/externalId"},
                        {.to = "login", .from = "/userName"},
                        {.to = "display_name",
                            .from = "/displayName",
                            .or_from = "/name/formatted"},
                        {.to = "email",
                            .from = "/emails",
                            .pick = {.where = "/primary", .equals = "true", .take = "/value"},
                            .or_from = "/emails/0/value"},
                        {.to = "status",
                            .from = "/active",
                            .values = MUSTER_LIST(
                                struct muster_value, {"true", "active"}, {"false", "disabled"})},
                        {.to = "employee_id", .from = ENTERPRISE "/employeeNumber"},
                        {.to = "manager_id", .from = ENTERPRISE "/manager/value"},
                        {.to = "created_at", .from = "/meta/created"})}),
            .redact = MUSTER_LIST(struct muster_redact, {"/password"}),
            .read_one = {.request = {.path = "/Users/{id}"}},
            .requires_permission = "read access to Users"},
        {.name = "groups",
            .summary = "Every Group, and a grant for each of its members",
            .request = {.path = "/Groups"},
            .items = "/Resources",
            .paging = PAGING,
            .joined = CREATED,
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_GROUP,
                    .attributes = MUSTER_ATTRIBUTES_NONE,
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED},
                        {.to = "display_name", .from = "/displayName"},
                        {.to = "created_at", .from = "/meta/created"})},
                {.kind = MUSTER_GRANT,
                    .attributes = MUSTER_ATTRIBUTES_NONE,
                    .each = "/members",
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "subject_kind",
                            .from = "/type",
                            .default_value = "account",
                            .values = MUSTER_LIST(struct muster_value, {"User", "account"},
                                {"user", "account"}, {"Group", "group"}, {"group", "group"})},
                        {.to = "subject_id", .from = "/value", .flags = MUSTER_REQUIRED},
                        {.to = "object_kind", .source = MUSTER_CONSTANT, .from = "group"},
                        {.to = "object_id",
                            .source = MUSTER_FROM_ITEM,
                            .from = "/id",
                            .flags = MUSTER_REQUIRED},
                        {.to = "permission", .source = MUSTER_CONSTANT, .from = "member"},
                        {.to = "direct", .source = MUSTER_CONSTANT, .from = "true"})}),
            .read_one = {.request = {.path = "/Groups/{id}"}},
            .requires_permission = "read access to Groups"}),
};
