/* SPDX-License-Identifier: Apache-2.0 */
/* One writer for each collection and form, chosen from a table. */
#include "render.h"

#include <string.h>

#define RECORD_ROOM     2048u /* of an object without padding and members */
#define MEMBER_ROOM     320u
#define CREATED_FIRST_S 1420070400 /* 2015-01-01 */
#define CREATED_SPAN_S  157680000u /* five years */
#define LOGIN_SPAN_S    31536000u  /* last logins: the year before the data set's first change */

#define PUT(at, literal) put(at, literal, sizeof(literal) - 1)

enum purpose { FOR_NAME = 1, FOR_STATUS, FOR_CREATED, FOR_LOGIN, FOR_FINGERPRINT };

struct name {
    const char *shown, *plain; /* as people write it; as it stands in a login */
};

static const struct name given_names[] = {{"Ada", "ada"}, {"Zoë", "zoe"}, {"Łukasz", "lukasz"},
    {"Amélie", "amelie"}, {"Jürgen", "jurgen"}, {"Søren", "soren"}, {"Nadia", "nadia"},
    {"José", "jose"}, {"Mei", "mei"}, {"Olga", "olga"}, {"İpek", "ipek"}, {"Priya", "priya"},
    {"Tomás", "tomas"}, {"Yuki", "yuki"}, {"Grace", "grace"}, {"Dmitri", "dmitri"}};
static const struct name family_names[] = {{"Nguyễn", "nguyen"}, {"O'Brien", "obrien"},
    {"Müller", "muller"}, {"García", "garcia"}, {"Kowalska", "kowalska"}, {"Haddad", "haddad"},
    {"Øster", "oster"}, {"Tanaka", "tanaka"}, {"Lovelace", "lovelace"}, {"D'Angelo", "dangelo"},
    {"Çelik", "celik"}, {"Singh", "singh"}, {"Okafor", "okafor"}, {"Ferreira", "ferreira"},
    {"van Dijk", "vandijk"}, {"Petrov", "petrov"}};
static const char *const departments[] = {
    "Finance", "Engineering", "Support", "Sales", "Legal", "Research", "Operations", "People"};
static const char *const titles[] = {
    "Analyst", "Engineer", "Manager", "Specialist", "Director", "Assistant"};
static const char *const scopes[] = {
    "read:users", "read:users read:groups", "admin", "write:users"};
#define COUNT(table)      (sizeof(table) / sizeof((table)[0]))
#define CHOOSE(table, by) (table)[(by) % COUNT(table)]

static char *put(char *at, const char *text, size_t length)
{
    (void)memcpy(at, text, length);
    return at + length;
}

static char *put_text(char *at, const char *text)
{
    return put(at, text, strlen(text));
}

static char *put_number(char *at, uint64_t value)
{
    char digits[20];
    size_t from = sizeof digits;
    do {
        digits[--from] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return put(at, digits + from, sizeof digits - from);
}

static char *put_id(
    const struct dataset *dataset, char *at, enum collection_name name, uint32_t number)
{
    dataset_id(dataset, name, number, at);
    return at + DATASET_ID_TEXT;
}

static char *put_changed(const struct dataset *dataset, char *at, const struct item *item)
{
    return dataset_time(dataset, at,
        DATASET_EPOCH_S +
            (int64_t)dataset_changed_s(dataset, item->collection, (uint32_t)item->number));
}

static char *put_created(const struct dataset *dataset, char *at, const struct item *item)
{
    const struct entry *entry = dataset_entry(dataset, item->collection, (uint32_t)item->number);
    uint64_t hash =
        dataset_hash(dataset, item->number + ((uint64_t)entry->incarnation << 32), FOR_CREATED);
    return dataset_time(dataset, at, CREATED_FIRST_S + (int64_t)(hash % CREATED_SPAN_S));
}

/* What several forms say about one user. */
struct user {
    const struct entry *entry;
    const struct name *given, *family;
    const char *department, *title, *status;
    uint64_t chance;
    bool service, admin;
    uint32_t manager;
    char login[DATASET_LOGIN_MAX + 1];
    size_t login_length;
};

static const char *user_status(uint64_t chance)
{
    uint64_t percent = chance % 100;
    return percent < 90   ? "active"
           : percent < 95 ? "suspended"
           : percent < 98 ? "locked"
                          : "pending";
}

static struct user user_of(const struct dataset *dataset, uint32_t number)
{
    const struct entry *entry = dataset_entry(dataset, USERS, number);
    uint64_t hash = dataset_hash(dataset, number + ((uint64_t)entry->incarnation << 32), FOR_NAME);
    uint64_t chance = dataset_hash(dataset, number, FOR_STATUS);
    struct user user = {.entry = entry,
        .given = &CHOOSE(given_names, hash),
        .family = &CHOOSE(family_names, hash >> 8),
        .department = CHOOSE(departments, (hash >> 16) + entry->version),
        .title = CHOOSE(titles, hash >> 24),
        .status = user_status(chance),
        .chance = chance >> 8,
        .service = number % 20 == 19,
        .admin = number % 50 == 7,
        .manager = number / 10};
    const char *renamed = dataset_login(dataset, number);
    char *at = user.login;
    if (renamed) {
        at = put_text(at, renamed);
    } else {
        at = PUT(put_text(at, user.given->plain), ".");
        at = PUT(put_text(at, user.family->plain), ".");
        at = put_number(at, number + 1);
    }
    user.login_length = (size_t)(at - user.login);
    return user;
}

/* Fills the object up to the record size with the value of a last member that is already open, and
 * closes both. */
static char *put_padding(const struct dataset *dataset, char *start, char *at)
{
    size_t used = (size_t)(at - start) + 2;
    if (used < dataset->record_bytes)
        at = put(at, dataset->padding, dataset->record_bytes - used);
    return PUT(at, "\"}");
}

static char *native_user(const struct dataset *dataset, const struct item *item, char *start)
{
    uint32_t number = (uint32_t)item->number;
    struct user user = user_of(dataset, number);
    char *at = put_id(dataset, PUT(start, "{\"id\":\""), USERS, number);
    at = put_number(PUT(at, "\",\"number\":"), item->number + 1);
    at = put(PUT(at, ",\"login\":\""), user.login, user.login_length);
    at = put(PUT(at, "\",\"email\":\""), user.login, user.login_length);
    at = put_text(PUT(at, "@example.test\",\"display_name\":\""), user.given->shown);
    at = put_text(PUT(at, " "), user.family->shown);
    at = put_text(PUT(at, "\",\"given_name\":\""), user.given->shown);
    at = put_text(PUT(at, "\",\"family_name\":\""), user.family->shown);
    at = put_text(PUT(at, "\",\"status\":\""), user.status);
    at = user.service ? PUT(at, "\",\"type\":\"service\"") : PUT(at, "\",\"type\":\"human\"");
    at = user.admin ? PUT(at, ",\"admin\":true") : PUT(at, ",\"admin\":false");
    at = user.chance % 3 == 0 ? PUT(at, ",\"two_factor\":\"enrolled\"")
                              : PUT(at, ",\"two_factor\":\"none\"");
    at = put_created(dataset, PUT(at, ",\"created_at\":\""), item);
    at = put_changed(dataset, PUT(at, "\",\"updated_at\":\""), item);
    if (user.chance % 16 == 0) {
        at = PUT(at, "\",\"last_login_at\":null");
    } else {
        at = PUT(at, "\",\"last_login_at\":\"");
        at = dataset_time(dataset, at, DATASET_EPOCH_S - (int64_t)(user.chance % LOGIN_SPAN_S));
        at = PUT(at, "\"");
    }
    at = PUT(at, ",\"manager_id\":");
    if (number == 0)
        at = PUT(at, "null");
    else
        at = PUT(put_id(dataset, PUT(at, "\""), USERS, user.manager), "\"");
    at = put_text(PUT(at, ",\"department\":\""), user.department);
    at = put_text(PUT(at, "\",\"title\":\""), user.title);
    at = put_number(PUT(at, "\",\"revision\":"), user.entry->version);
    return put_padding(dataset, start, PUT(at, ",\"about\":\""));
}

static char *scim_meta(const struct dataset *dataset, const struct item *item, char *at)
{
    at = item->collection == USERS
             ? PUT(at, ",\"meta\":{\"resourceType\":\"User\",\"created\":\"")
             : PUT(at, ",\"meta\":{\"resourceType\":\"Group\",\"created\":\"");
    at = put_created(dataset, at, item);
    at = put_changed(dataset, PUT(at, "\",\"lastModified\":\""), item);
    at = PUT(at, "\",\"version\":\"W/\\\"");
    at = put_number(at, dataset_entry(dataset, item->collection, (uint32_t)item->number)->version);
    return PUT(at, "\\\"\"}");
}

static char *scim_user(const struct dataset *dataset, const struct item *item, char *start)
{
    uint32_t number = (uint32_t)item->number;
    struct user user = user_of(dataset, number);
    char *at = put_id(dataset, PUT(start, "{\"id\":\""), USERS, number);
    at = PUT(at,
        "\",\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\","
        "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"],\"externalId\":\"E-");
    at = put_number(at, item->number + 1);
    at = put(PUT(at, "\",\"userName\":\""), user.login, user.login_length);
    at = put_text(PUT(at, "\",\"name\":{\"givenName\":\""), user.given->shown);
    at = put_text(PUT(at, "\",\"familyName\":\""), user.family->shown);
    at = put_text(PUT(at, "\"},\"displayName\":\""), user.given->shown);
    at = put_text(PUT(at, " "), user.family->shown);
    at = user.status[0] == 'a' ? PUT(at, "\",\"active\":true") : PUT(at, "\",\"active\":false");
    at = put(PUT(at, ",\"emails\":[{\"value\":\""), user.login, user.login_length);
    at = put(
        PUT(at, "@home.test\",\"type\":\"home\"},{\"value\":\""), user.login, user.login_length);
    at = PUT(at,
        "@example.test\",\"type\":\"work\",\"primary\":true}],"
        "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"employeeNumber\":\"");
    at = put_number(at, item->number + 100001);
    at = put_text(PUT(at, "\",\"department\":\""), user.department);
    if (number > 0)
        at = PUT(
            put_id(dataset, PUT(at, "\",\"manager\":{\"value\":\""), USERS, user.manager), "\"}}");
    else
        at = PUT(at, "\"}");
    at = scim_meta(dataset, item, at);
    return put_padding(dataset, start, put_text(PUT(at, ",\"title\":\""), user.title));
}

static char *put_member(const struct dataset *dataset, uint64_t member, char *at)
{
    bool group = (member & DATASET_MEMBER_GROUP) != 0;
    at = put_id(dataset, at, group ? GROUPS : USERS, (uint32_t)member);
    return group ? PUT(at, "\",\"type\":\"Group\"") : PUT(at, "\",\"type\":\"User\"");
}

static char *native_member(const struct dataset *dataset, const struct item *item, char *at)
{
    bool owner =
        (item->number & DATASET_MEMBER_GROUP) == 0 && item->number / 10 % 10 == item->group % 10;
    at = put_member(dataset, item->number, PUT(at, "{\"id\":\""));
    at = owner ? PUT(at, ",\"role\":\"owner\"") : PUT(at, ",\"role\":\"member\"");
    at = dataset_time(dataset, PUT(at, ",\"added_at\":\""),
        CREATED_FIRST_S + (int64_t)(dataset_hash(dataset, item->number ^ item->group, FOR_CREATED) %
                                    CREATED_SPAN_S));
    return PUT(at, "\"}");
}

static char *put_group_name(const struct item *item, char *at)
{
    at = put_text(at, CHOOSE(departments, item->number));
    return put_number(PUT(at, " "), item->number / COUNT(departments) + 1);
}

static char *native_group(const struct dataset *dataset, const struct item *item, char *at)
{
    uint32_t number = (uint32_t)item->number;
    const struct entry *entry = dataset_entry(dataset, GROUPS, number);
    at = put_id(dataset, PUT(at, "{\"id\":\""), GROUPS, number);
    at = put_number(PUT(at, "\",\"number\":"), item->number + 1);
    at = put_number(PUT(at, ",\"name\":\"group-"), item->number + 1);
    at = put_group_name(item, PUT(at, "\",\"display_name\":\""));
    at = entry->version % 2 ? PUT(at, "\",\"type\":\"project\"") : PUT(at, "\",\"type\":\"team\"");
    at = put_id(dataset, PUT(at, ",\"owner_id\":\""), USERS, number);
    at = put_number(PUT(at, "\",\"member_count\":"), dataset_member_count(dataset, number));
    at = put_created(dataset, PUT(at, ",\"created_at\":\""), item);
    at = put_changed(dataset, PUT(at, "\",\"updated_at\":\""), item);
    at = put_number(PUT(at, "\",\"revision\":"), entry->version);
    return PUT(at, "}");
}

static char *scim_group(const struct dataset *dataset, const struct item *item, char *at)
{
    uint64_t members[DATASET_MEMBERS_MAX];
    uint32_t count = dataset_members(dataset, (uint32_t)item->number, members, DATASET_MEMBERS_MAX);
    at = put_id(dataset, PUT(at, "{\"id\":\""), GROUPS, (uint32_t)item->number);
    at = PUT(
        at, "\",\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"");
    at = PUT(put_group_name(item, at), "\",\"members\":[");
    for (uint32_t i = 0; i < count && i < DATASET_MEMBERS_MAX; i++) {
        if (i > 0)
            at = PUT(at, ",");
        at = put_member(dataset, members[i], PUT(at, "{\"value\":\""));
        at = members[i] & DATASET_MEMBER_GROUP ? PUT(at, ",\"$ref\":\"/scim/v2/Groups/")
                                               : PUT(at, ",\"$ref\":\"/scim/v2/Users/");
        at = put_id(
            dataset, at, members[i] & DATASET_MEMBER_GROUP ? GROUPS : USERS, (uint32_t)members[i]);
        at = PUT(at, "\"}");
    }
    return PUT(scim_meta(dataset, item, PUT(at, "]")), "}");
}

static char *native_key(const struct dataset *dataset, const struct item *item, char *at)
{
    uint32_t number = (uint32_t)item->number;
    uint64_t hash = dataset_hash(dataset, item->number, FOR_FINGERPRINT);
    at = put_id(dataset, PUT(at, "{\"id\":\""), KEYS, number);
    at = put_number(PUT(at, "\",\"number\":"), item->number + 1);
    at = put_number(PUT(at, ",\"name\":\"key-"), item->number + 1);
    at = put_id(dataset, PUT(at, "\",\"owner_id\":\""), USERS, dataset_key_owner(number));
    at =
        hash % 10 == 0 ? PUT(at, "\",\"status\":\"revoked\"") : PUT(at, "\",\"status\":\"active\"");
    at = put_number(PUT(at, ",\"fingerprint\":\""), hash);
    at = put_text(PUT(at, "\",\"scopes\":\""), CHOOSE(scopes, hash >> 8));
    at = put_number(
        PUT(at, "\",\"secret\":\"mk_live_"), dataset_hash(dataset, hash, FOR_FINGERPRINT));
    at = put_created(dataset, PUT(at, "\",\"created_at\":\""), item);
    at = put_changed(dataset, PUT(at, "\",\"updated_at\":\""), item);
    at = number % 4 == 0 ? PUT(at, "\",\"expires_at\":null")
                         : PUT(at, "\",\"expires_at\":\"2031-01-01T00:00:00Z\"");
    at = number % 3 == 0 ? PUT(at, ",\"last_used_at\":null")
                         : PUT(at, ",\"last_used_at\":\"2020-02-03T04:05:06Z\"");
    at = put_number(PUT(at, ",\"revision\":"), dataset_entry(dataset, KEYS, number)->version);
    return PUT(at, "}");
}

static char *bare_tombstone(const struct dataset *dataset, const struct item *item, char *at)
{
    at = put_id(dataset, PUT(at, "{\"id\":\""), item->collection, (uint32_t)item->number);
    at = put_changed(dataset, PUT(at, "\",\"deleted\":true,\"updated_at\":\""), item);
    return PUT(at, "\"}");
}

static char *tombstone(const struct dataset *dataset, const struct item *item, char *at)
{
    at = bare_tombstone(dataset, item, at);
    at = put_created(dataset, PUT(at - 1, ",\"created_at\":\""), item);
    return PUT(at, "\"}");
}

typedef char *writer(const struct dataset *dataset, const struct item *item, char *at);

static writer *const writers[][COLLECTION_COUNT] = {
    [FORM_NATIVE] = {[USERS] = native_user, [GROUPS] = native_group, [KEYS] = native_key},
    [FORM_SCIM] = {[USERS] = scim_user, [GROUPS] = scim_group, [KEYS] = native_key},
    [FORM_MEMBER] = {[USERS] = native_member, [GROUPS] = native_member, [KEYS] = native_key},
    [FORM_TOMBSTONE] = {[USERS] = tombstone, [GROUPS] = tombstone, [KEYS] = tombstone},
    [FORM_BARE_TOMBSTONE] =
        {[USERS] = bare_tombstone, [GROUPS] = bare_tombstone, [KEYS] = bare_tombstone},
};

char *render_item(const struct dataset *dataset, const struct item *item, char *at)
{
    return writers[item->form][item->collection](dataset, item, at);
}

size_t render_room(const struct dataset *dataset, const struct item *item)
{
    if (item->form == FORM_SCIM && item->collection == GROUPS) {
        uint32_t count = dataset_member_count(dataset, (uint32_t)item->number);
        return RECORD_ROOM +
               (size_t)(count < DATASET_MEMBERS_MAX ? count : DATASET_MEMBERS_MAX) * MEMBER_ROOM;
    }
    return RECORD_ROOM + dataset->record_bytes;
}
