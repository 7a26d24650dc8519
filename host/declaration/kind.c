/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kinds. A new field is appended to its kind: stored records then read as "not
 * requested" in it. */
#include "declaration/kind.h"

#define TEXT(name, summary)                             \
    {                                                   \
        name, FIELD_TEXT, FIELD_OPTIONAL, NULL, summary \
    }
#define NEEDED(name, summary)                            \
    {                                                    \
        name, FIELD_TEXT, FIELD_MANDATORY, NULL, summary \
    }
#define ENUM(name, words, summary)                       \
    {                                                    \
        name, FIELD_ENUM, FIELD_OPTIONAL, words, summary \
    }
#define BOOLEAN(name, summary)                             \
    {                                                      \
        name, FIELD_BOOLEAN, FIELD_OPTIONAL, NULL, summary \
    }
#define TIME(name, summary)                             \
    {                                                   \
        name, FIELD_TIME, FIELD_OPTIONAL, NULL, summary \
    }
#define KIND(name, rule, summary)             \
    {                                         \
        name, FIELD_KIND, rule, NULL, summary \
    }

static const struct kind_field person_fields[] = {
    TEXT("employee_id", "identifier in the HR system"),
    TEXT("display_name", "name as shown"),
    TEXT("given_name", "given name"),
    TEXT("family_name", "family name"),
    TEXT("email", "work address"),
    ENUM("status", "active inactive on_leave terminated pre_hire unknown", "employment status"),
    TEXT("status_raw", "the application's own word for the status"),
    TEXT("title", "job title"),
    TEXT("department", "organizational unit"),
    TEXT("manager_id", "id of the manager, a person"),
    TIME("start_at", "first day"),
    TIME("end_at", "last day"),
};

static const struct kind_field account_fields[] = {
    TEXT("incarnation",
        "witness that tells apart two owners of a reused id: a created time, a uuid"),
    TEXT("external_id", "id that another system gave it (SCIM externalId)"),
    TEXT("employee_id", "identifier of the person in the HR system"),
    TEXT("manager_id", "id of the manager's account"),
    TIME("expires_at", "when it stops working by itself"),
    TEXT("status_raw", "the application's own word for the status"),
    TEXT("origin", "where it is mastered: local, or the name of a directory"),
    ENUM("class", "human service workload app agent device external unknown",
        "what uses the account"),
    ENUM("class_basis", "declared inferred operator unknown", "how the class is known"),
    TEXT("login", "the name it signs in with"),
    TEXT("email", "primary address"),
    TEXT("display_name", "name as shown"),
    ENUM("status", "active disabled locked pending expired deleted unknown",
        "whether it can be used"),
    BOOLEAN("privileged", "has administrative rights in the application"),
    TIME("created_at", "when it was made"),
    TIME("last_login_at", "last successful sign-in"),
    ENUM("mfa", "enrolled enforced none unknown", "second factor"),
    TEXT("owner_id", "id of the account or person that answers for it"),
};

static const struct kind_field group_fields[] = {
    TEXT("name", "technical name"),
    TEXT("display_name", "name as shown"),
    TEXT("description", "what it is for"),
    TEXT("type", "the application's own type word"),
    TEXT("parent_id", "id of the group that contains it"),
    TEXT("owner_id", "id of the account that answers for it"),
    BOOLEAN("privileged", "membership gives administrative rights"),
    TIME("created_at", "when it was made"),
};

static const struct kind_field role_fields[] = {
    TEXT("name", "technical name"),
    TEXT("display_name", "name as shown"),
    TEXT("description", "what it allows"),
    TEXT("resource_id", "id of the resource that it applies to"),
    BOOLEAN("privileged", "gives administrative rights"),
    TIME("created_at", "when it was made"),
};

static const struct kind_field resource_fields[] = {
    TEXT("name", "technical name"),
    TEXT("display_name", "name as shown"),
    TEXT("type", "repository, project, database, …"),
    TEXT("parent_id", "id of the resource that contains it"),
    TEXT("owner_id", "id of the account or group that answers for it"),
    ENUM("visibility", "public internal private unknown", "who can see it"),
    ENUM("status", "active archived disabled unknown", "whether it can be used"),
    TEXT("status_raw", "the application's own word for the status"),
    TIME("created_at", "when it was made"),
};

static const struct kind_field entitlement_fields[] = {
    TEXT("name", "technical name"),
    TEXT("display_name", "name as shown"),
    TEXT("description", "what it allows"),
    TEXT("type", "permission, licence, scope, …"),
    TEXT("resource_id", "id of the resource that it applies to"),
    BOOLEAN("privileged", "gives administrative rights"),
};

static const struct kind_field grant_fields[] = {
    KIND("subject_kind", FIELD_MANDATORY, "kind of who has it"),
    NEEDED("subject_id", "id of who has it"),
    KIND("object_kind", FIELD_MANDATORY, "kind of what is had: group, role, resource, entitlement"),
    NEEDED("object_id", "id of what is had"),
    TEXT("permission", "what may be done: member, owner, admin, read, …"),
    BOOLEAN("direct", "given to the subject itself, not through something else"),
    KIND("via_kind", FIELD_OPTIONAL, "kind of what it is had through"),
    TEXT("via", "id of what it is had through"),
    KIND("scope_kind", FIELD_OPTIONAL, "kind of where it applies"),
    TEXT("scope_id", "id of where it applies"),
    ENUM("effect", "allow deny unknown", "default allow"),
    TEXT("condition", "the application's own condition text"),
    ENUM("assignment", "active eligible unknown", "active now, or to be activated"),
    TEXT("granted_by", "id of who gave it"),
    TIME("granted_at", "when it was given"),
    TIME("expires_at", "when it ends by itself"),
};

static const struct kind_field ownership_fields[] = {
    KIND("subject_kind", FIELD_MANDATORY, "kind of the owner"),
    NEEDED("subject_id", "id of the owner"),
    KIND("object_kind", FIELD_MANDATORY, "kind of what is owned"),
    NEEDED("object_id", "id of what is owned"),
    ENUM("basis", "declared inferred attested unknown", "how the ownership is known"),
};

static const struct kind_field credential_fields[] = {
    TEXT("name", "name as shown"),
    ENUM("type",
        "password api_key token ssh_key certificate oauth_app app_installation deploy_key "
        "webhook_secret other unknown",
        "what it is"),
    TEXT("resource_id", "id of the resource that it opens"),
    TEXT("created_by", "id of the account that made it"),
    KIND("owner_kind", FIELD_OPTIONAL, "kind of who uses it"),
    TEXT("owner_id", "id of who uses it"),
    ENUM("status", "active disabled revoked expired unknown", "whether it can be used"),
    TIME("created_at", "when it was made"),
    TIME("expires_at", "when it ends by itself"),
    TIME("last_used_at", "last use seen by the application"),
    TIME("last_rotated_at", "when its material last changed"),
    TEXT("fingerprint", "public digest of the material; never the material"),
    TEXT("scopes", "what it allows, in the application's words"),
};

static const struct kind_field event_fields[] = {
    TEXT("type", "the application's own event word"),
    TIME("occurred_at", "when it happened"),
    KIND("actor_kind", FIELD_OPTIONAL, "kind of who did it"),
    TEXT("actor_id", "id of who did it"),
    KIND("target_kind", FIELD_OPTIONAL, "kind of what it was done to"),
    TEXT("target_id", "id of what it was done to"),
    ENUM("outcome", "success failure unknown", "whether it worked"),
};

#define ROW(number, label, composed, keys, list) \
    [(number)-1] = {.kind = (number),            \
        .name = (label),                         \
        .composed_id = (composed),               \
        .key_fields = (keys),                    \
        .fields = (list),                        \
        .field_count = sizeof(list) / sizeof((list)[0])}

static const struct kind kinds[KIND_COUNT] = {
    ROW(MUSTER_PERSON, "person", false, "", person_fields),
    ROW(MUSTER_ACCOUNT, "account", false, "", account_fields),
    ROW(MUSTER_GROUP, "group", false, "", group_fields),
    ROW(MUSTER_ROLE, "role", false, "", role_fields),
    ROW(MUSTER_RESOURCE, "resource", false, "", resource_fields),
    ROW(MUSTER_ENTITLEMENT, "entitlement", false, "", entitlement_fields),
    ROW(MUSTER_GRANT, "grant", true,
        "subject_kind subject_id object_kind object_id permission via_kind via scope_kind scope_id",
        grant_fields),
    ROW(MUSTER_OWNERSHIP, "ownership", true, "subject_kind subject_id object_kind object_id",
        ownership_fields),
    ROW(MUSTER_CREDENTIAL, "credential", false, "", credential_fields),
    ROW(MUSTER_EVENT, "event", false, "", event_fields),
};

const struct kind *kind_at(size_t index)
{
    return index < KIND_COUNT ? &kinds[index] : NULL;
}

const struct kind *kind_by_number(uint32_t kind)
{
    return kind >= 1 && kind <= KIND_COUNT ? &kinds[kind - 1] : NULL;
}

const struct kind *kind_by_name(struct span name)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (span_equal_text(name, kinds[i].name))
            return &kinds[i];
    return NULL;
}

int kind_field_index(const struct kind *kind, struct span name)
{
    for (size_t i = 0; i < kind->field_count; i++)
        if (span_equal_text(name, kind->fields[i].name))
            return (int)i;
    return -1;
}

bool kind_field_has_word(const struct kind_field *field, struct span word)
{
    struct span rest = span_of(field->words);
    while (rest.length > 0) {
        size_t length = 0;
        while (length < rest.length && rest.data[length] != ' ')
            length++;
        if (span_equal((struct span){rest.data, length}, word))
            return true;
        size_t step = length < rest.length ? length + 1 : length;
        rest = (struct span){rest.data + step, rest.length - step};
    }
    return false;
}
