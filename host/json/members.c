/* SPDX-License-Identifier: Apache-2.0 */
/* Duplicate member names: few are compared with each other, many are sorted by a keyed hash that a server cannot aim at. */
#include "members.h"

#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "escape.h"

#define MEMBERS_FEW   24u /* up to here comparing each with each is quicker than hashing */
#define MEMBERS_FIRST 64u

static uint64_t word_of(struct span name)
{
    uint64_t word = 0;
    (void)memcpy(&word, name.data, name.length < 7 ? name.length : 7);
    return word << 8 | (name.length & 0xFF);
}

static bool grow(struct members *members, struct fault *fault)
{
    size_t capacity = members->capacity ? members->capacity * 2 : MEMBERS_FIRST;
    struct member *list = memory_resize(members->list, capacity * sizeof *list);
    if (!list)
        return fault_memory(fault);
    members->list = list;
    members->capacity = capacity;
    return true;
}

/* The name without its escapes, at the end of members->text. */
static bool undo_escapes(struct members *members, struct span *name, struct fault *fault)
{
    struct bytes *text = &members->text;
    text->limit = SIZE_MAX / 2; /* it is never longer than what is read, which has its limit */
    if (!bytes_reserve(text, name->length + ESCAPE_UTF8_MAX, fault))
        return false;
    char *into = text->data + text->length;
    *name = (struct span){into, escape_undo(*name, into)};
    text->length += name->length;
    return true;
}

bool members_push(struct members *members, struct span raw, bool escaped, struct span *ret_name,
    struct fault *fault)
{
    struct span name = raw;
    size_t at = escaped ? members->text.length : MEMBER_PLAIN;
    if ((members->count == members->capacity && !grow(members, fault)) ||
        (escaped && !undo_escapes(members, &name, fault)))
        return false;
    members->list[members->count++] = (struct member){
        .word = word_of(name), .raw = raw.data, .length = name.length, .escaped = at};
    *ret_name = name;
    return true;
}

static struct span name_of(const struct members *members, const struct member *member)
{
    const char *data =
        member->escaped == MEMBER_PLAIN ? member->raw : members->text.data + member->escaped;
    return (struct span){data, member->length};
}

static bool same(const struct members *members, const struct member *a, const struct member *b)
{
    return a->word == b->word && span_equal(name_of(members, a), name_of(members, b));
}

static const char *search_few(
    const struct members *members, const struct member *list, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (same(members, &list[i], &list[j]))
                return list[i].raw;
    return NULL;
}

static int by_hash(const void *a, const void *b)
{
    const struct member *left = a, *right = b;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return (left->raw > right->raw) - (left->raw < right->raw);
}

static const char *search_many(
    const struct members *members, struct member *list, size_t count, const struct hash_key *key)
{
    const char *second = NULL;
    for (size_t i = 0; i < count; i++)
        list[i].hash = hash_keyed64(key, name_of(members, &list[i]));
    qsort(list, count, sizeof *list, by_hash);
    for (size_t i = 1; i < count; i++)
        if (list[i].hash == list[i - 1].hash && same(members, &list[i], &list[i - 1]) &&
            (!second || list[i].raw < second))
            second = list[i].raw;
    return second;
}

/* Where the unescaped names from `from` on begin, which is where those of the objects around end. */
static size_t text_from(const struct members *members, size_t from)
{
    for (size_t i = from; i < members->count; i++)
        if (members->list[i].escaped != MEMBER_PLAIN)
            return members->list[i].escaped;
    return members->text.length;
}

bool members_pop(
    struct members *members, size_t from, const struct hash_key *key, const char **ret_second)
{
    struct member *list = members->list + from;
    size_t count = members->count - from, text = text_from(members, from);
    const char *second = count <= MEMBERS_FEW ? search_few(members, list, count)
                                              : search_many(members, list, count, key);
    members->count = from;
    members->text.length = text;
    if (second)
        *ret_second = second;
    return second != NULL;
}

void members_free(struct members *members)
{
    memory_free(members->list);
    bytes_free(&members->text);
}
