/* SPDX-License-Identifier: Apache-2.0 */
/* What control requests do to the data set: every change is an instant of its own and a line of the
 * change log. */
#include "dataset.h"

#include <string.h>
#include "base/memory.h"

#define CHANGES_FIRST 64u

/* The list of live numbers, made when the first object goes: until then it is the identity. */
static bool live_make(struct collection *collection, struct fault *fault)
{
    if (collection->live)
        return true;
    uint32_t *live = memory_allocate_array(collection->capacity, sizeof *live);
    if (!live)
        return fault_memory(fault);
    for (uint32_t i = 0; i < collection->live_count; i++)
        live[i] = i;
    collection->live = live;
    return true;
}

/* Before the log grows, lines that a later change outdated are dropped. */
static bool log_reserve(struct collection *collection, size_t more, struct fault *fault)
{
    if (collection->change_count + more <= collection->change_capacity)
        return true;
    size_t kept = 0;
    for (size_t i = 0; i < collection->change_count; i++) {
        struct change change = collection->changes[i];
        if (collection->entries[change.number].version == change.version)
            collection->changes[kept++] = change;
    }
    collection->change_count = kept;
    size_t capacity = collection->change_capacity ? collection->change_capacity : CHANGES_FIRST;
    while (capacity < kept + more)
        capacity *= 2;
    struct change *changes = memory_resize(collection->changes, capacity * sizeof *changes);
    if (!changes)
        return fault_memory(fault);
    collection->changes = changes;
    collection->change_capacity = capacity;
    return true;
}

/* Room was reserved. A late change goes to its place in time, after those of the same second. */
static void log_change(struct collection *collection, uint32_t number, uint32_t at_s)
{
    struct entry *entry = &collection->entries[number];
    entry->version++;
    entry->changed_s = at_s;
    size_t place = collection->change_count;
    while (place > 0 && collection->changes[place - 1].changed_s > at_s)
        place--;
    (void)memmove(&collection->changes[place + 1], &collection->changes[place],
        (collection->change_count - place) * sizeof *collection->changes);
    collection->changes[place] =
        (struct change){.changed_s = at_s, .number = number, .version = entry->version};
    collection->change_count++;
}

/* The position of the first object meant and how many there are; at least one. */
static bool choose(const struct dataset *dataset, enum collection_name name, uint32_t number,
    uint32_t count, uint32_t *ret_position, uint32_t *ret_count, struct fault *fault)
{
    uint32_t position = dataset_position_of(dataset, name, number);
    uint32_t left = dataset->collections[name].live_count - position;
    if (left == 0 || count == 0)
        return fault_set(
            fault, FAULT_NOT_FOUND, "nothing is listed at or after number %u", number + 1);
    *ret_position = position;
    *ret_count = count < left ? count : left;
    return true;
}

bool dataset_change(struct dataset *dataset, enum collection_name name, uint32_t number,
    uint32_t count, uint32_t late_s, struct fault *fault)
{
    struct collection *collection = &dataset->collections[name];
    uint32_t position = 0, chosen = 0, first_s = collection->made / DATASET_USERS_A_SECOND + 1;
    if (!choose(dataset, name, number, count, &position, &chosen, fault) ||
        !log_reserve(collection, chosen, fault))
        return false;
    uint32_t at_s = ++dataset->now_s;
    if (late_s > 0)
        at_s = at_s > first_s + late_s ? at_s - late_s : first_s;
    for (uint32_t i = 0; i < chosen; i++)
        log_change(collection, dataset_number_at(dataset, name, position + i), at_s);
    return true;
}

bool dataset_delete(struct dataset *dataset, enum collection_name name, uint32_t number,
    uint32_t count, struct fault *fault)
{
    struct collection *collection = &dataset->collections[name];
    uint32_t position = 0, chosen = 0;
    if (!choose(dataset, name, number, count, &position, &chosen, fault) ||
        !live_make(collection, fault) || !log_reserve(collection, chosen, fault))
        return false;
    uint32_t now_s = ++dataset->now_s;
    for (uint32_t i = position; i < position + chosen; i++) {
        collection->entries[collection->live[i]].flags |= ENTRY_GONE;
        log_change(collection, collection->live[i], now_s);
    }
    (void)memmove(&collection->live[position], &collection->live[position + chosen],
        (collection->live_count - position - chosen) * sizeof *collection->live);
    collection->live_count -= chosen;
    return true;
}

bool dataset_restore(struct dataset *dataset, enum collection_name name, uint32_t number,
    uint32_t count, struct fault *fault)
{
    struct collection *collection = &dataset->collections[name];
    if (!live_make(collection, fault))
        return false;
    uint32_t now_s = ++dataset->now_s, restored = 0;
    for (; restored < count && number < collection->made; number++) {
        if (!(collection->entries[number].flags & ENTRY_GONE))
            continue;
        if (!log_reserve(collection, 1, fault))
            return false;
        uint32_t position = dataset_position_of(dataset, name, number);
        (void)memmove(&collection->live[position + 1], &collection->live[position],
            (collection->live_count - position) * sizeof *collection->live);
        collection->live[position] = number;
        collection->live_count++;
        collection->entries[number].flags &= (uint16_t)~ENTRY_GONE;
        log_change(collection, number, now_s);
        restored++;
    }
    return restored > 0 || fault_set(fault, FAULT_NOT_FOUND,
                               "nothing is deleted at or after number %u", number + 1);
}

static bool collection_grow(struct collection *collection, uint32_t count, struct fault *fault)
{
    uint64_t need = (uint64_t)collection->made + count, capacity = collection->capacity;
    if (need > DATASET_OBJECTS_MAX)
        return fault_set(fault, FAULT_LIMIT, "more than %u objects", DATASET_OBJECTS_MAX);
    while (capacity < need)
        capacity *= 2;
    if (capacity == collection->capacity)
        return true;
    struct entry *entries = memory_resize(collection->entries, capacity * sizeof *entries);
    if (!entries)
        return fault_memory(fault);
    (void)memset(entries + collection->made, 0, (capacity - collection->made) * sizeof *entries);
    collection->entries = entries;
    if (collection->live) {
        uint32_t *live = memory_resize(collection->live, capacity * sizeof *live);
        if (!live)
            return fault_memory(fault);
        collection->live = live;
    }
    collection->capacity = (uint32_t)capacity;
    return true;
}

bool dataset_add(
    struct dataset *dataset, enum collection_name name, uint32_t count, struct fault *fault)
{
    struct collection *collection = &dataset->collections[name];
    if (!collection_grow(collection, count, fault) || !log_reserve(collection, count, fault))
        return false;
    uint32_t now_s = ++dataset->now_s;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = collection->made++;
        if (collection->live)
            collection->live[collection->live_count] = number;
        collection->live_count++;
        log_change(collection, number, now_s);
    }
    return true;
}

/* The live user of that number, with room in the log; NULL where there is none. */
static struct entry *one_user(struct dataset *dataset, uint32_t number, struct fault *fault)
{
    struct collection *users = &dataset->collections[USERS];
    if (number >= users->made || (users->entries[number].flags & ENTRY_GONE)) {
        (void)fault_set(fault, FAULT_NOT_FOUND, "there is no user number %u", number + 1);
        return NULL;
    }
    return log_reserve(users, 1, fault) ? &users->entries[number] : NULL;
}

bool dataset_rename(
    struct dataset *dataset, uint32_t number, struct span login, struct fault *fault)
{
    if (login.length == 0 || login.length > DATASET_LOGIN_MAX)
        return fault_set(fault, FAULT_USAGE, "a login has 1 to %u bytes", DATASET_LOGIN_MAX);
    if (dataset->login_count == DATASET_LOGINS_MAX)
        return fault_set(fault, FAULT_LIMIT, "more than %u renames", DATASET_LOGINS_MAX);
    struct entry *entry = one_user(dataset, number, fault);
    if (!entry)
        return false;
    struct login_name *name = &dataset->logins[dataset->login_count++];
    name->number = number;
    (void)memcpy(name->text, login.data, login.length);
    name->text[login.length] = '\0';
    entry->flags |= ENTRY_RENAMED;
    log_change(&dataset->collections[USERS], number, ++dataset->now_s);
    return true;
}

bool dataset_leave(struct dataset *dataset, uint32_t number, struct fault *fault)
{
    struct entry *entry = one_user(dataset, number, fault);
    if (!entry)
        return false;
    entry->flags |= ENTRY_LEFT;
    log_change(&dataset->collections[USERS], number, ++dataset->now_s);
    return true;
}

bool dataset_reuse(struct dataset *dataset, uint32_t number, struct fault *fault)
{
    struct entry *entry = one_user(dataset, number, fault);
    if (!entry)
        return false;
    entry->incarnation++;
    entry->flags &= (uint16_t)~ENTRY_RENAMED;
    log_change(&dataset->collections[USERS], number, ++dataset->now_s);
    return true;
}
