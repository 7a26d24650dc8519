/* SPDX-License-Identifier: Apache-2.0 */
/* What the data set is, as computed from its seed; dataset_change.c alters it. */
#include "dataset.h"

#include <string.h>
#include "base/memory.h"
#include "base/timestamp.h"

#define DAYS_FIRST_S 1262304000 /* 2010-01-01 */
#define DAYS         14610u     /* forty years */
#define DAY_S        86400
#define DAY_TEXT     10u

/* The finalizer of splitmix64 (Steele, Lea, Flood 2014), which is a bijection, and its inverse: an
 * id is found again without an index. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static uint64_t unmix(uint64_t x)
{
    x = (x ^ (x >> 31) ^ (x >> 62)) * 0x319642B2D24D8EC3u;
    x = (x ^ (x >> 27) ^ (x >> 54)) * 0x96DE1B173F119089u;
    return x ^ (x >> 30) ^ (x >> 60);
}

uint64_t dataset_hash(const struct dataset *dataset, uint64_t number, uint32_t purpose)
{
    return mix(mix(dataset->seed + purpose * 0x9E3779B97F4A7C15u) ^ number);
}

static uint64_t id_salt(const struct dataset *dataset, enum collection_name name)
{
    return mix(dataset->seed ^ (0x1D00u + (uint64_t)name));
}

/* Of the 32 digits of a UUID (RFC 9562) two are fixed: version and variant. */
static const char id_form[] = "aaaaaaaa-aaaa-4aaa-8abb-bbbbbbbbbbbb";

void dataset_id(
    const struct dataset *dataset, enum collection_name name, uint32_t number, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t first = mix(number ^ id_salt(dataset, name)), second = mix(~first);
    for (size_t i = 0; i < DATASET_ID_TEXT; i++) {
        if (id_form[i] == 'a') {
            ret_text[i] = digits[first >> 60];
            first <<= 4;
        } else if (id_form[i] == 'b') {
            ret_text[i] = digits[second >> 60];
            second <<= 4;
        } else {
            ret_text[i] = id_form[i];
        }
    }
}

static bool hex_digit(char c, uint64_t *ret_value)
{
    if (c >= '0' && c <= '9')
        *ret_value = (uint64_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *ret_value = (uint64_t)(c - 'a') + 10;
    else
        return false;
    return true;
}

bool dataset_find(
    const struct dataset *dataset, enum collection_name name, struct span id, uint32_t *ret_number)
{
    uint64_t first = 0, digit = 0;
    if (id.length != DATASET_ID_TEXT)
        return false;
    for (size_t i = 0; i < DATASET_ID_TEXT; i++) {
        if (id_form[i] != 'a')
            continue;
        if (!hex_digit(id.data[i], &digit))
            return false;
        first = first << 4 | digit;
    }
    uint64_t number = unmix(first) ^ id_salt(dataset, name);
    if (number >= dataset->collections[name].made)
        return false;
    char text[DATASET_ID_TEXT];
    dataset_id(dataset, name, (uint32_t)number, text);
    if (memcmp(text, id.data, sizeof text) != 0)
        return false;
    *ret_number = (uint32_t)number;
    return true;
}

uint32_t dataset_number_at(
    const struct dataset *dataset, enum collection_name name, uint32_t position)
{
    const struct collection *collection = &dataset->collections[name];
    return collection->live ? collection->live[position] : position;
}

uint32_t dataset_position_of(
    const struct dataset *dataset, enum collection_name name, uint32_t number)
{
    const struct collection *collection = &dataset->collections[name];
    if (!collection->live)
        return number < collection->live_count ? number : collection->live_count;
    uint32_t low = 0, high = collection->live_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (collection->live[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct entry *dataset_entry(
    const struct dataset *dataset, enum collection_name name, uint32_t number)
{
    static const struct entry as_seeded;
    const struct collection *collection = &dataset->collections[name];
    return number < collection->made ? &collection->entries[number] : &as_seeded;
}

uint32_t dataset_changed_s(
    const struct dataset *dataset, enum collection_name name, uint32_t number)
{
    const struct entry *entry = dataset_entry(dataset, name, number);
    return entry->version ? entry->changed_s : number / DATASET_USERS_A_SECOND;
}

const char *dataset_login(const struct dataset *dataset, uint32_t number)
{
    if (!(dataset_entry(dataset, USERS, number)->flags & ENTRY_RENAMED))
        return NULL;
    for (size_t i = dataset->login_count; i-- > 0;)
        if (dataset->logins[i].number == number)
            return dataset->logins[i].text;
    return NULL;
}

static char *two_digits(char *at, int64_t value, char after)
{
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
    at[2] = after;
    return at + 3;
}

char *dataset_time(const struct dataset *dataset, char *at, int64_t epoch_s)
{
    int64_t since = epoch_s < DAYS_FIRST_S ? 0 : epoch_s - DAYS_FIRST_S;
    int64_t day = since / DAY_S, second = since % DAY_S;
    if (day >= DAYS)
        day = DAYS - 1;
    (void)memcpy(at, dataset->days + day * DAY_TEXT, DAY_TEXT);
    at[DAY_TEXT] = 'T';
    at = two_digits(at + DAY_TEXT + 1, second / 3600, ':');
    at = two_digits(at, second / 60 % 60, ':');
    return two_digits(at, second % 60, 'Z');
}

/* A user is in group number % groups, and in group (number / groups) % groups where that is
 * another. */
static bool is_listed(const struct dataset *dataset, uint32_t user)
{
    return (dataset_entry(dataset, USERS, user)->flags & (ENTRY_GONE | ENTRY_LEFT)) == 0;
}

uint32_t dataset_members(
    const struct dataset *dataset, uint32_t group, uint64_t *ret_members, uint32_t capacity)
{
    uint64_t groups = dataset->groups_seeded, users = dataset->collections[USERS].made;
    uint32_t count = 0;
    if (group >= groups) /* added later: empty, so that it moves nobody else */
        return 0;
    for (uint64_t block = 0; block * groups < users; block++) {
        bool whole =
            block % groups == group; /* every user of this block is a member by the second rule */
        uint64_t from = block * groups + (whole ? 0 : group);
        uint64_t to = whole ? (block + 1) * groups : from + 1;
        for (uint64_t user = from; user < to && user < users; user++) {
            if (!is_listed(dataset, (uint32_t)user))
                continue;
            if (ret_members && count < capacity)
                ret_members[count] = user;
            count++;
        }
    }
    if (group % 5 == 0 && group > 0 &&
        !(dataset_entry(dataset, GROUPS, group - 1)->flags & ENTRY_GONE)) {
        if (ret_members && count < capacity)
            ret_members[count] = DATASET_MEMBER_GROUP | (group - 1);
        count++;
    }
    return count;
}

uint32_t dataset_member_count(const struct dataset *dataset, uint32_t group)
{
    return dataset_members(dataset, group, NULL, 0);
}

uint32_t dataset_key_owner(uint32_t key)
{
    return key / DATASET_KEYS_EACH * DATASET_KEYS_EVERY;
}

uint64_t dataset_changes_since(
    const struct dataset *dataset, enum collection_name name, int64_t since_s)
{
    const struct collection *collection = &dataset->collections[name];
    if (since_s < 0)
        return 0;
    uint64_t seeded = (uint64_t)since_s * DATASET_USERS_A_SECOND;
    if (seeded < collection->made)
        return seeded;
    size_t low = 0, high = collection->change_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (collection->changes[middle].changed_s < since_s)
            low = middle + 1;
        else
            high = middle;
    }
    return collection->made + low;
}

uint64_t dataset_changes_end(const struct dataset *dataset, enum collection_name name)
{
    return dataset->collections[name].made + dataset->collections[name].change_count;
}

bool dataset_change_at(const struct dataset *dataset, enum collection_name name, uint64_t position,
    uint32_t *ret_number)
{
    const struct collection *collection = &dataset->collections[name];
    if (position < collection->made) {
        *ret_number = (uint32_t)position;
        return collection->entries[position].version == 0;
    }
    const struct change *change = &collection->changes[position - collection->made];
    *ret_number = change->number;
    return collection->entries[change->number].version == change->version;
}

static bool write_days(char *ret_days, struct fault *fault)
{
    for (uint32_t day = 0; day < DAYS; day++) {
        char text[TIMESTAMP_TEXT];
        timestamp_text((DAYS_FIRST_S + (int64_t)day * DAY_S) * 1000, text);
        if (strlen(text) < DAY_TEXT)
            return fault_set(fault, FAULT_SYNTAX, "day %u has no text", day);
        (void)memcpy(ret_days + (size_t)day * DAY_TEXT, text, DAY_TEXT);
    }
    return true;
}

static bool allocate_all(struct dataset *dataset, const uint64_t sizes[COLLECTION_COUNT])
{
    static const char filler[] = "Looks after the things that nobody else remembers. ";
    dataset->days = memory_allocate((size_t)DAYS * DAY_TEXT);
    dataset->padding = memory_allocate(dataset->record_bytes + 1);
    dataset->logins = memory_allocate_array(DATASET_LOGINS_MAX, sizeof *dataset->logins);
    if (!dataset->days || !dataset->padding || !dataset->logins)
        return false;
    for (uint32_t i = 0; i < dataset->record_bytes; i++)
        dataset->padding[i] = filler[i % (sizeof filler - 1)];
    for (size_t i = 0; i < COLLECTION_COUNT; i++) {
        struct collection *collection = &dataset->collections[i];
        collection->made = collection->live_count = (uint32_t)sizes[i];
        collection->capacity = collection->made ? collection->made : 1;
        collection->entries =
            memory_allocate_array(collection->capacity, sizeof *collection->entries);
        if (!collection->entries)
            return false;
    }
    return true;
}

bool dataset_create(
    const struct dataset_options *options, struct dataset *ret_dataset, struct fault *fault)
{
    uint64_t keys = (uint64_t)(options->users + DATASET_KEYS_EVERY - 1) / DATASET_KEYS_EVERY *
                    DATASET_KEYS_EACH;
    const uint64_t sizes[COLLECTION_COUNT] = {
        [USERS] = options->users, [GROUPS] = options->groups, [KEYS] = keys};
    struct dataset dataset = {.seed = mix(options->seed),
        .record_bytes = options->record_bytes,
        .groups_seeded = options->groups,
        .now_s = options->users / DATASET_USERS_A_SECOND + 1};
    bool ok = allocate_all(&dataset, sizes) ? write_days(dataset.days, fault) : fault_memory(fault);
    if (!ok) {
        dataset_free(&dataset);
        return false;
    }
    *ret_dataset = dataset;
    return true;
}

void dataset_free(struct dataset *dataset)
{
    for (size_t i = 0; i < COLLECTION_COUNT; i++) {
        memory_free(dataset->collections[i].entries);
        memory_free(dataset->collections[i].live);
        memory_free(dataset->collections[i].changes);
    }
    memory_free(dataset->logins);
    memory_free(dataset->days);
    memory_free(dataset->padding);
    *dataset = (struct dataset){0};
}
