/* SPDX-License-Identifier: Apache-2.0 */
/* A hash of what a value says, not of how it is written. Each member is hashed once, name and value together; an object is the sum of its
 * members' hashes, so that their order does not count; types, lengths and counts go in, so that nothing can move between members or
 * levels. */
#include "json/value.h"

#include <stddef.h>
#include <string.h>
#include "escape.h"

#define SHORT_MAX 480u /* bytes of name and value that are hashed in one piece, as nearly all are */

/* What a hash is taken of: type and lengths first, then the bytes. */
struct leaf {
    uint8_t type;
    uint8_t role; /* member, element, or the closing of a container */
    uint16_t unused;
    uint32_t name_length;
    uint64_t number; /* of an element: its place; of a closing: the count */
    char bytes[SHORT_MAX];
};

enum role { ROLE_MEMBER = 1, ROLE_ELEMENT, ROLE_CLOSING, ROLE_LONG, ROLE_UNREAD };

#define LEAF_HEAD offsetof(struct leaf, bytes)

/* Little-endian 128-bit sum. */
static void add(struct hash128 *sum, struct hash128 more)
{
    uint64_t low[2], high[2];
    (void)memcpy(&low[0], sum->bytes, 8);
    (void)memcpy(&high[0], sum->bytes + 8, 8);
    (void)memcpy(&low[1], more.bytes, 8);
    (void)memcpy(&high[1], more.bytes + 8, 8);
    low[0] += low[1];
    high[0] += high[1] + (low[0] < low[1]);
    (void)memcpy(sum->bytes, &low[0], 8);
    (void)memcpy(sum->bytes + 8, &high[0], 8);
}

/* Name and value as one piece; what is long goes in as its own hash. */
static struct hash128 hash_leaf(const struct hash_key *key, enum json_type type, enum role role,
    uint64_t number, struct span name, struct span value)
{
    struct leaf leaf;
    struct hash128 long_name, long_value;
    (void)memset(&leaf, 0, LEAF_HEAD);
    leaf.type = (uint8_t)type;
    leaf.role = (uint8_t)role;
    leaf.number = number;
    leaf.name_length = (uint32_t)name.length;
    if (name.length + value.length > SHORT_MAX) {
        leaf.unused = ROLE_LONG;
        long_name = hash_keyed(key, name);
        long_value = hash_keyed(key, value);
        name = (struct span){(const char *)long_name.bytes, sizeof long_name.bytes};
        value = (struct span){(const char *)long_value.bytes, sizeof long_value.bytes};
    }
    if (name.length)
        (void)memcpy(leaf.bytes, name.data, name.length);
    if (value.length)
        (void)memcpy(leaf.bytes + name.length, value.data, value.length);
    return hash_keyed(
        key, (struct span){(const char *)&leaf, LEAF_HEAD + name.length + value.length});
}

/* One hash in the making. */
struct hashing {
    const struct hash_key *key;
    struct arena *arena; /* for unescaped texts; made when the first one needs it */
    bool unread;         /* there was no memory for one of them: its escaped form stands in */
};

/* The text of a string whatever its escapes. */
static struct span text_of(struct hashing *hashing, struct span quoted)
{
    struct span raw = escape_inside(quoted), text;
    struct fault fault;
    if (!escape_is_in(raw))
        return raw;
    if (!hashing->arena)
        hashing->arena = arena_create(0);
    if (hashing->arena &&
        json_text((struct json_value){JSON_STRING, quoted}, hashing->arena, &text, &fault))
        return text;
    hashing->unread = true;
    return raw;
}

static struct hash128 hash_value(struct hashing *hashing, struct json_value value);

static struct hash128 hash_inner(struct hashing *hashing, enum role role, uint64_t number,
    struct span name, struct json_value value)
{
    struct span said = {NULL, 0};
    struct hash128 inner;
    switch (value.type) {
    case JSON_STRING:
        said = text_of(hashing, value.bytes);
        break;
    case JSON_NUMBER:
        said = value.bytes;
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
        inner = hash_value(hashing, value);
        said = (struct span){(const char *)inner.bytes, sizeof inner.bytes};
        break;
    case JSON_NONE:
    case JSON_NULL:
    case JSON_TRUE:
    case JSON_FALSE:
        break;
    }
    return hash_leaf(hashing->key, value.type, role, number, name, said);
}

static struct hash128 hash_value(struct hashing *hashing, struct json_value value)
{
    struct json_iterator iterator = json_begin(value);
    struct json_value inner;
    struct span name;
    struct hash128 sum = {{0}};
    uint64_t count = 0;
    if (value.type != JSON_OBJECT && value.type != JSON_ARRAY)
        return hash_inner(hashing, ROLE_ELEMENT, 0, (struct span){NULL, 0}, value);
    for (; json_next(&iterator, &name, &inner); count++) {
        bool member = value.type == JSON_OBJECT;
        struct span text = member ? text_of(hashing, name) : (struct span){NULL, 0};
        add(&sum, hash_inner(hashing, member ? ROLE_MEMBER : ROLE_ELEMENT, member ? 0 : count, text,
                      inner));
    }
    return hash_leaf(hashing->key, value.type, ROLE_CLOSING, count, (struct span){NULL, 0},
        (struct span){(const char *)sum.bytes, sizeof sum.bytes});
}

struct hash128 json_content_hash(const struct hash_key *key, struct span text)
{
    struct hashing hashing = {.key = key};
    struct hash128 hash = hash_value(&hashing, json_value_of(text));
    arena_free(hashing.arena);
    /* Without memory the value gets a hash that none has otherwise: it looks changed, which costs a write. It must not look like
     * the value whose text is the escaped form, which would lose a change. */
    if (hashing.unread)
        hash = hash_leaf(key, JSON_NONE, ROLE_UNREAD, 0, (struct span){NULL, 0},
            (struct span){(const char *)hash.bytes, sizeof hash.bytes});
    return hash;
}
