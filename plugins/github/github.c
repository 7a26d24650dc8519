/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GitHub: one organization, by the REST API of version 2022-11-28, on github.com or on an
 * Enterprise Server.
 *
 *     { name = "acme-github"; connector = "github"; parameters = { org = "acme"; };
 *       secrets = { token = "file:/run/credentials/github.token"; }; every = "30m"; }
 *
 * For an Enterprise Server write base_url = "https://HOST/api/v3". The token belongs to an owner of
 * the organization or to an app installed there, and may read: organization members and
 * administration; repository metadata and administration.
 *
 * What it gives
 *   organization               -> resource of type "organization"
 *   owners, members            -> account, and a grant on the organization: admin or member
 *   outside_collaborators      -> account of class external
 *   teams                      -> group
 *   team_maintainers,
 *   team_members               -> grant account -> group, for each team
 *   repositories               -> resource of type "repository"
 *   repository_collaborators   -> grant account -> resource, direct ones, for each repository
 *   team_repositories          -> grant group -> resource, for each team
 *   deploy_keys                -> credential, for each repository
 *   installations              -> credential: apps that are installed on the organization
 *
 * Decisions
 *   A listed member does not say its role. So the two roles are listed one by one: together they
 *   are everybody.
 *   Ids are GitHub's numbers, since logins and names change hands. The organization's id is the
 *   parameter's text, which every grant on it can know.
 *   Members of a team include those of its child teams. `direct` is what GitHub says of it, which
 *   it does for some organizations only; elsewhere it is not claimed.
 *   What a team may do with a repository is `role_name`, which GitHub's description does not
 *   promise there: a grant without it is kept, without a permission.
 *   A user who left still exists on GitHub: reading one user proves nothing about membership, so
 *   none is read directly.
 *   Of a suspended installation GitHub says since when, and no word that a status could be mapped
 *   from: the time is in the attributes.
 *   403 means "throttled" where the limit's headers or message say so, and "forbidden" otherwise;
 *   429 always is a limit.
 *
 * Documentation: https://docs.github.com/en/rest, there
 *   /using-the-rest-api/using-pagination-in-the-rest-api
 *   /using-the-rest-api/rate-limits-for-the-rest-api
 *   /orgs/members, /orgs/outside-collaborators, /orgs/orgs, /teams, /repos, /deploy-keys
 */
#include <muster/connector.h>

/* Link: rel="next", absent on the last page; 100 is the most that GitHub gives. What it leads to is
 * the next page number. */
#define PAGING                                                                                    \
    {                                                                                             \
        .kind = MUSTER_PAGING_LINK, .ends = MUSTER_END_NEXT_ABSENT, .size_parameter = "per_page", \
        .size = 100, .stability = MUSTER_STABILITY_LOOSE                                          \
    }

#define EACH_TEAM                                                                           \
    {                                                                                       \
        .stream = "teams",                                                                  \
        .fields = MUSTER_LIST(struct muster_parent_field, {"id", "/id"}, {"slug", "/slug"}) \
    }

#define EACH_REPOSITORY                                                                     \
    {                                                                                       \
        .stream = "repositories",                                                           \
        .fields = MUSTER_LIST(struct muster_parent_field, {"id", "/id"}, {"name", "/name"}) \
    }

#define CLASSES                                                                                   \
    MUSTER_LIST(struct muster_value, {"User", "human"}, {"Bot", "app"}, {"Mannequin", "unknown"}, \
        {"Organization", "unknown"}, {"EnterpriseUserAccount", "human"})

/* An account as a listing shows it, and its standing in the organization. */
#define MEMBER(is_privileged, role)                                                     \
    MUSTER_LIST(struct muster_yield,                                                    \
        {.kind = MUSTER_ACCOUNT,                                                        \
            .fields = MUSTER_LIST(struct muster_field,                                  \
                {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED},                  \
                {.to = "login", .from = "/login", .flags = MUSTER_REQUIRED},            \
                {.to = "class", .from = "/type", .values = CLASSES},                    \
                {.to = "class_basis", .source = MUSTER_CONSTANT, .from = "declared"},   \
                {.to = "privileged", .source = MUSTER_CONSTANT, .from = is_privileged}, \
                {.to = "status", .source = MUSTER_CONSTANT, .from = "active"})},        \
        {.kind = MUSTER_GRANT,                                                          \
            .attributes = MUSTER_ATTRIBUTES_NONE,                                       \
            .fields = MUSTER_LIST(struct muster_field,                                  \
                {.to = "subject_kind", .source = MUSTER_CONSTANT, .from = "account"},   \
                {.to = "subject_id", .from = "/id", .flags = MUSTER_REQUIRED},          \
                {.to = "object_kind", .source = MUSTER_CONSTANT, .from = "resource"},   \
                {.to = "object_id", .source = MUSTER_FROM_PARAMETER, .from = "org"},    \
                {.to = "permission", .source = MUSTER_CONSTANT, .from = role},          \
                {.to = "direct", .source = MUSTER_CONSTANT, .from = "true"})})

#define TEAM_MEMBER(role)                                                             \
    MUSTER_LIST(struct muster_yield,                                                  \
        {.kind = MUSTER_GRANT,                                                        \
            .attributes = MUSTER_ATTRIBUTES_NONE,                                     \
            .fields = MUSTER_LIST(struct muster_field,                                \
                {.to = "subject_kind", .source = MUSTER_CONSTANT, .from = "account"}, \
                {.to = "subject_id", .from = "/id", .flags = MUSTER_REQUIRED},        \
                {.to = "object_kind", .source = MUSTER_CONSTANT, .from = "group"},    \
                {.to = "object_id", .source = MUSTER_FROM_PARENT, .from = "id"},      \
                {.to = "permission", .source = MUSTER_CONSTANT, .from = role},        \
                {.to = "direct", .from = "/inherited", .flags = MUSTER_NEGATE})})

const struct muster_connector muster_connector = {
    MUSTER_CONNECTOR_HEADER,
    .name = "github",
    .version = "1.0.0",
    .vendor = "Muster",
    .summary =
        "Members, teams, repositories, deploy keys and installed apps of a GitHub organization",
    .documentation = "https://docs.github.com/en/rest",
    .parameters = MUSTER_LIST(struct muster_parameter,
        {.name = "org",
            .summary = "Name of the organization, as in its address",
            .pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$",
            .required = 1},
        {.name = "token",
            .summary = "Token of an owner of the organization or of an app installed there",
            .required = 1,
            .secret = 1}),
    .base_url = "https://api.github.com",
    .headers =
        MUSTER_LIST(struct muster_pair, {.name = "Accept", .value = "application/vnd.github+json"},
            {.name = "X-GitHub-Api-Version", .value = "2022-11-28"}),
    .auth = {.scheme = MUSTER_AUTH_BEARER, .secret_parameter = "token"},
    .envelope = {.message = "/message"},
    .error_words = MUSTER_LIST(struct muster_error_word,
        {.status = 403,
            .class_ = MUSTER_CLASS_THROTTLED,
            .header = "x-ratelimit-remaining",
            .header_value = "0"},
        {.status = 403, .class_ = MUSTER_CLASS_THROTTLED, .header = "Retry-After"},
        {.status = 403,
            .class_ = MUSTER_CLASS_THROTTLED,
            .also = {.pointer = "/message", .op = MUSTER_CONTAINS, .value = "rate limit"}},
        {.status = 403,
            .class_ = MUSTER_CLASS_THROTTLED,
            .also = {.pointer = "/documentation_url",
                .op = MUSTER_CONTAINS,
                .value = "rate-limits"}},
        {.status = 429, .class_ = MUSTER_CLASS_THROTTLED}),
    .streams = MUSTER_LIST(struct muster_stream,
        {.name = "organization",
            .summary = "The organization itself",
            .request = {.path = "/orgs/{org}"},
            .items_form = MUSTER_OBJECT,
            .paging = {.kind = MUSTER_PAGING_NONE},
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_RESOURCE,
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "id",
                            .source = MUSTER_FROM_PARAMETER,
                            .from = "org",
                            .flags = MUSTER_REQUIRED},
                        {.to = "name", .from = "/login"}, {.to = "display_name", .from = "/name"},
                        {.to = "type", .source = MUSTER_CONSTANT, .from = "organization"},
                        {.to = "created_at", .from = "/created_at"})}),
            .requires_permission = "none beyond membership"},
        {.name = "owners",
            .summary = "Members with the role admin",
            .request = {.path = "/orgs/{org}/members",
                .query = MUSTER_LIST(struct muster_pair, {.name = "role", .value = "admin"})},
            .paging = PAGING,
            .yields = MEMBER("true", "admin"),
            .requires_permission = "organization members: read"},
        {.name = "members",
            .summary = "Members with the role member",
            .request = {.path = "/orgs/{org}/members",
                .query = MUSTER_LIST(struct muster_pair, {.name = "role", .value = "member"})},
            .paging = PAGING,
            .yields = MEMBER("false", "member"),
            .requires_permission = "organization members: read"},
        {.name = "outside_collaborators",
            .summary = "Users who can reach repositories without being members",
            .request = {.path = "/orgs/{org}/outside_collaborators"},
            .paging = PAGING,
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_ACCOUNT,
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED},
                        {.to = "login", .from = "/login", .flags = MUSTER_REQUIRED},
                        {.to = "class", .source = MUSTER_CONSTANT, .from = "external"},
                        {.to = "class_basis", .source = MUSTER_CONSTANT, .from = "declared"},
                        {.to = "status", .source = MUSTER_CONSTANT, .from = "active"})}),
            .requires_permission = "organization members: read"},
        {.name = "teams",
            .summary = "Every team",
            .request = {.path = "/orgs/{org}/teams"},
            .paging = PAGING,
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_GROUP,
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED},
                        {.to = "name", .from = "/slug"}, {.to = "display_name", .from = "/name"},
                        {.to = "description", .from = "/description"},
                        {.to = "type", .from = "/privacy"},
                        {.to = "parent_id", .from = "/parent/id"})}),
            .requires_permission = "organization members: read"},
        {.name = "team_maintainers",
            .summary = "Who maintains each team",
            .request = {.path = "/orgs/{org}/teams/{parent.slug}/members",
                .query = MUSTER_LIST(struct muster_pair, {.name = "role", .value = "maintainer"})},
            .parent = EACH_TEAM,
            .paging = PAGING,
            .yields = TEAM_MEMBER("maintainer"),
            .requires_permission = "organization members: read"},
        {.name = "team_members",
            .summary = "Who else belongs to each team",
            .request = {.path = "/orgs/{org}/teams/{parent.slug}/members",
                .query = MUSTER_LIST(struct muster_pair, {.name = "role", .value = "member"})},
            .parent = EACH_TEAM,
            .paging = PAGING,
            .yields = TEAM_MEMBER("member"),
            .requires_permission = "organization members: read"},
        {.name = "repositories",
            .summary = "Every repository",
            .request = {.path = "/orgs/{org}/repos",
                .query = MUSTER_LIST(struct muster_pair, {.name = "type", .value = "all"})},
            .paging = PAGING,
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_RESOURCE,
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED},
                        {.to = "name", .from = "/full_name"},
                        {.to = "display_name", .from = "/name"},
                        {.to = "type", .source = MUSTER_CONSTANT, .from = "repository"},
                        {.to = "parent_id", .source = MUSTER_FROM_PARAMETER, .from = "org"},
                        {.to = "visibility",
                            .from = "/visibility",
                            .values = MUSTER_LIST(struct muster_value, {"public", "public"},
                                {"internal", "internal"}, {"private", "private"})},
                        {.to = "status",
                            .from = "/archived",
                            .values = MUSTER_LIST(
                                struct muster_value, {"false", "active"}, {"true", "archived"})},
                        {.to = "created_at", .from = "/created_at"})}),
            .requires_permission = "repository metadata: read"},
        {.name = "repository_collaborators",
            .summary = "Who was let into each repository directly",
            .request = {.path = "/repos/{org}/{parent.name}/collaborators",
                .query =
                    MUSTER_LIST(struct muster_pair, {.name = "affiliation", .value = "direct"})},
            .parent = EACH_REPOSITORY,
            .paging = PAGING,
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_GRANT,
                    .attributes = MUSTER_ATTRIBUTES_NONE,
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "subject_kind", .source = MUSTER_CONSTANT, .from = "account"},
                        {.to = "subject_id", .from = "/id", .flags = MUSTER_REQUIRED},
                        {.to = "object_kind", .source = MUSTER_CONSTANT, .from = "resource"},
                        {.to = "object_id", .source = MUSTER_FROM_PARENT, .from = "id"},
                        {.to = "permission", .from = "/role_name", .flags = MUSTER_REQUIRED},
                        {.to = "direct", .source = MUSTER_CONSTANT, .from = "true"})}),
            .requires_permission = "repository administration: read"},
        {.name = "team_repositories",
            .summary = "What each team can reach",
            .request = {.path = "/orgs/{org}/teams/{parent.slug}/repos"},
            .parent = EACH_TEAM,
            .paging = PAGING,
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_GRANT,
                    .attributes = MUSTER_ATTRIBUTES_NONE,
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "subject_kind", .source = MUSTER_CONSTANT, .from = "group"},
                        {.to = "subject_id", .source = MUSTER_FROM_PARENT, .from = "id"},
                        {.to = "object_kind", .source = MUSTER_CONSTANT, .from = "resource"},
                        {.to = "object_id", .from = "/id", .flags = MUSTER_REQUIRED},
                        {.to = "permission", .from = "/role_name"})}),
            .requires_permission = "organization members: read, repository metadata: read"},
        {.name = "deploy_keys",
            .summary = "Keys that open one repository without a user",
            .request = {.path = "/repos/{org}/{parent.name}/keys"},
            .parent = EACH_REPOSITORY,
            .paging = PAGING,
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_CREDENTIAL,
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED},
                        {.to = "name", .from = "/title"},
                        {.to = "type", .source = MUSTER_CONSTANT, .from = "deploy_key"},
                        {.to = "resource_id", .source = MUSTER_FROM_PARENT, .from = "id"},
                        {.to = "status",
                            .from = "/enabled",
                            .values = MUSTER_LIST(
                                struct muster_value, {"true", "active"}, {"false", "disabled"})},
                        {.to = "created_at", .from = "/created_at"},
                        {.to = "last_used_at", .from = "/last_used", .flags = MUSTER_VOLATILE},
                        {.to = "scopes",
                            .from = "/read_only",
                            .values = MUSTER_LIST(
                                struct muster_value, {"true", "read"}, {"false", "read write"})})}),
            .requires_permission = "repository administration: read"},
        {.name = "installations",
            .summary = "Apps that are installed on the organization",
            .request = {.path = "/orgs/{org}/installations"},
            .items = "/installations",
            .paging = {.kind = MUSTER_PAGING_LINK,
                .ends = MUSTER_END_NEXT_ABSENT,
                .size_parameter = "per_page",
                .size = 100,
                .stability = MUSTER_STABILITY_LOOSE,
                .total = {.pointer = "/total_count", .exact = 1}},
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_CREDENTIAL,
                    .fields = MUSTER_LIST(struct muster_field,
                        {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED},
                        {.to = "name", .from = "/app_slug"},
                        {.to = "type", .source = MUSTER_CONSTANT, .from = "app_installation"},
                        {.to = "resource_id", .source = MUSTER_FROM_PARAMETER, .from = "org"},
                        {.to = "created_at", .from = "/created_at"})}),
            .requires_permission = "organization administration: read"}),
};
