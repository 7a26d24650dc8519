/* SPDX-License-Identifier: Apache-2.0 */
/* Duplicate member names: few are compared with each other, many are sorted by a keyed hash that a server cannot aim at. */
#include "members.h"

#include <stdlib.h>
#include <string.h>

#define MEMBERS_FEW   24u /* up to here comparing each with each is quicker than hashing */
#define MEMBERS_FIRST 64u

static uint64_t word_of(struct span name)
{
    uint64_t word = 0;
    (void)memcpy(&word, name.data, name.length < 7 ? name.length : 7);
    return word << 8 | (name.length & 0xFF);
}

bool members_push(struct members *members, struct arena *arena, struct span name, size_t offset,
    struct fault *fault)
{
    if (members->count == members->capacity) {
        size_t capacity = members->capacity ? members->capacity * 2 : MEMBERS_FIRST;
        struct member *list = arena_allocate_array(arena, capacity, sizeof *list);
        if (!list)
            return fault_memory(fault);
        if (members->count)
            (void)memcpy(list, members->list, members->count * sizeof *list);
        members->list = list;
        members->capacity = capacity;
    }
    members->list[members->count++] =
        (struct member){.word = word_of(name), .name = name, .offset = offset};
    return true;
}

static bool same(const struct member *a, const struct member *b)
{
    return a->word == b->word && span_equal(a->name, b->name);
}

static bool search_few(const struct member *list, size_t count, size_t *ret_offset)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (same(&list[i], &list[j])) {
                *ret_offset = list[i].offset;
                return true;
            }
    return false;
}

static int by_hash(const void *a, const void *b)
{
    const struct member *left = a, *right = b;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return (left->offset > right->offset) - (left->offset < right->offset);
}

static bool search_many(
    struct member *list, size_t count, const struct hash_key *key, size_t *ret_offset)
{
    bool found = false;
    for (size_t i = 0; i < count; i++)
        list[i].hash = hash_keyed64(key, list[i].name);
    qsort(list, count, sizeof *list, by_hash);
    for (size_t i = 1; i < count; i++)
        if (list[i].hash == list[i - 1].hash && same(&list[i], &list[i - 1]) &&
            (!found || list[i].offset < *ret_offset)) {
            *ret_offset = list[i].offset;
            found = true;
        }
    return found;
}

bool members_pop(
    struct members *members, size_t from, const struct hash_key *key, size_t *ret_offset)
{
    struct member *list = members->list + from;
    size_t count = members->count - from;
    members->count = from;
    if (count < 2)
        return false;
    return count <= MEMBERS_FEW ? search_few(list, count, ret_offset)
                                : search_many(list, count, key, ret_offset);
}
