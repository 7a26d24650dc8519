/* SPDX-License-Identifier: Apache-2.0 */
/* Tags for the short objects, a table of keyed hashes for the long ones. */
#include "members.h"

#include <string.h>
#include "base/memory.h"
#include "scan.h"
#include "text.h"

#define SLOTS_FIRST 256u
#define TAGS_STEP   8u /* tags that one SSE2 register holds */

/* A name's place in the table, with as much of its hash as the place does not tell. */
struct members_slot {
    uint32_t check;
    uint32_t number; /* of the name in its object, from 1; 0: empty */
};

/* Digits of pi: any constants do, these are visibly nobody's choice. The second pair goes into
 * the caller's key, so that one of few bits (a test's, or none at all) spreads tags as well as
 * another. */
static const struct mix_key shape_key = {0x243F6A8885A308D3u, 0x13198A2E03707344u};
static const struct mix_key tag_key = {0xA4093822299F31D0u, 0x082EFA98EC4E6C89u};

void members_start(struct members *members, const struct hash_key *key)
{
    members->key = *key;
    (void)memcpy(&members->tag_key, key->bytes, sizeof members->tag_key);
    members->tag_key.low ^= tag_key.low;
    members->tag_key.high ^= tag_key.high;
    members->names = NULL;
    members->slots = NULL;
    members->count = members->capacity = members->slot_capacity = 0;
    members->plain = (struct bytes){.limit = JSON_STRING_MAX};
}

void members_free(struct members *members)
{
    memory_free(members->names);
    memory_free(members->slots);
    bytes_free(&members->plain);
}

static bool push(struct members *members, struct members_name name)
{
    struct members_name *names =
        memory_grow(members->names, members->count, &members->capacity, sizeof *names);
    if (!names)
        return false;
    members->names = names;
    members->names[members->count++] = name;
    return true;
}

/* The name without escapes; where it has some, in `plain` until the next call. */
static bool unescape(struct members *members, struct members_name name, struct span *ret_plain)
{
    struct span body = {name.data, name.length};
    if (name.escaped) {
        struct text text = text_begin(body);
        struct span run;
        struct fault fault;
        char buffer[TEXT_CHARACTER_MAX];
        bytes_clear(&members->plain);
        while (text_next(&text, buffer, &run))
            if (!bytes_append(&members->plain, run, &fault))
                return false;
        body = bytes_span(&members->plain);
    }
    *ret_plain = body;
    return true;
}

static bool says(struct members_name name, struct span plain)
{
    struct span body = {name.data, name.length};
    return name.escaped ? text_equal(body, plain) : span_equal(body, plain);
}

/* Whether `tag` is among the first `index` tags, rounded up to whole steps: those behind are 0. */
static inline bool has_tag(const uint16_t *tags, size_t index, uint16_t tag)
{
#ifdef __SSE2__
    __m128i wanted = _mm_set1_epi16((short)tag), hits = _mm_setzero_si128();
    for (size_t i = 0; i < index; i += TAGS_STEP) {
        __m128i these = _mm_loadu_si128((const __m128i *)(const void *)(tags + i));
        hits = _mm_or_si128(hits, _mm_cmpeq_epi16(these, wanted));
    }
    return _mm_movemask_epi8(hits) != 0;
#else
    for (size_t i = 0; i < index; i++)
        if (tags[i] == tag)
            return true;
    return false;
#endif
}

static bool stands_before(const uint16_t *tags, size_t index, uint16_t tag,
    const struct members_name *names, struct span plain)
{
    for (size_t i = 0; i < index; i++)
        if (tags[i] == tag && says(names[i], plain))
            return true;
    return false;
}

enum members_result members_add(struct members *members, size_t depth, size_t first,
    struct members_name name, const char *end, uint64_t *ret_hash)
{
    struct span plain = {name.data, name.length};
    size_t index = members->count - first;
    if (!push(members, name) || (name.escaped && !unescape(members, name, &plain)))
        return MEMBERS_MEMORY;
    if (name.escaped)
        end = plain.data + plain.length;
    *ret_hash = mix_bytes(shape_key, plain.data, plain.length, end);
    if (index >= MEMBERS_SHORT)
        return MEMBERS_SOUND;
    uint16_t *tags = members->tags[depth];
    uint16_t tag = (uint16_t)(mix_bytes(members->tag_key, plain.data, plain.length, end) >> 48);
    tag += tag == 0; /* 0 stands for no name */
    if (index % TAGS_STEP == 0)
        (void)memset(tags + index, 0, TAGS_STEP * sizeof *tags);
    bool twice =
        has_tag(tags, index, tag) && stands_before(tags, index, tag, members->names + first, plain);
    tags[index] = tag;
    return twice ? MEMBERS_TWICE : MEMBERS_SOUND;
}

/* An empty table that is at most half full when all names are in it. */
static bool clear_slots(struct members *members, size_t names, size_t *ret_mask)
{
    size_t capacity = SLOTS_FIRST;
    while (capacity < 2 * names)
        capacity *= 2;
    if (members->slot_capacity < capacity) {
        struct members_slot *slots =
            memory_resize(members->slots, capacity * sizeof *members->slots);
        if (!slots)
            return false;
        members->slots = slots;
        members->slot_capacity = capacity;
    }
    (void)memset(members->slots, 0, capacity * sizeof *members->slots);
    *ret_mask = capacity - 1;
    return true;
}

static enum members_result search(
    struct members *members, const struct members_name *names, size_t count, size_t *ret_index)
{
    size_t mask;
    if (!clear_slots(members, count, &mask))
        return MEMBERS_MEMORY;
    for (size_t i = 0; i < count; i++) {
        struct span plain;
        if (!unescape(members, names[i], &plain))
            return MEMBERS_MEMORY;
        uint64_t hash = hash_keyed64(&members->key, plain);
        uint32_t check = (uint32_t)(hash >> 32);
        size_t at = hash & mask;
        for (; members->slots[at].number != 0; at = (at + 1) & mask)
            if (members->slots[at].check == check &&
                says(names[members->slots[at].number - 1], plain)) {
                *ret_index = i;
                return MEMBERS_TWICE;
            }
        members->slots[at] = (struct members_slot){check, (uint32_t)i + 1};
    }
    return MEMBERS_SOUND;
}

enum members_result members_close(
    struct members *members, size_t first, struct members_name *ret_name)
{
    const struct members_name *names = members->names + first;
    size_t count = members->count - first, index = 0;
    members->count = first;
    if (count <= MEMBERS_SHORT)
        return MEMBERS_SOUND;
    enum members_result result = search(members, names, count, &index);
    if (result == MEMBERS_TWICE)
        *ret_name = names[index];
    return result;
}
