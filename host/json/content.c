/* SPDX-License-Identifier: Apache-2.0 */
/* A hash of what a value says, not of how it is written. Leaves are hashed with SipHash; an object is the sum of its members'
 * hashes, so that their order does not count; types are told apart, and counts go in, so that nothing can move between levels. */
#include "json/value.h"

#include "scan.h"

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

struct seal {
    uint64_t type, count;
    struct hash128 a, b;
};

static struct hash128 seal(const struct hash_key *key, enum json_type type, uint64_t count,
    struct hash128 a, struct hash128 b)
{
    struct seal entry = {.type = type, .count = count, .a = a, .b = b};
    return hash_keyed(key, (struct span){(const char *)&entry, sizeof entry});
}

/* The text of a string, whatever its escapes: hashed as it stands where it has none. */
static struct hash128 hash_string(const struct hash_key *key, struct span quoted)
{
    struct span raw = {quoted.data + 1, quoted.length >= 2 ? quoted.length - 2 : 0};
    struct fault fault;
    struct hash128 hash;
    if (!raw.length || !memchr(raw.data, '\\', raw.length))
        return hash_keyed(key, raw);
    struct arena *arena = arena_create(0);
    struct span text = raw;
    /* Without memory the escaped form is hashed: the record then looks changed, which costs a write and loses nothing. */
    if (arena && !json_text((struct json_value){JSON_STRING, quoted}, arena, &text, &fault))
        text = raw;
    hash = hash_keyed(key, text);
    arena_free(arena);
    return hash;
}

struct hash128 json_content_hash(const struct hash_key *key, struct span text)
{
    struct json_value value = json_value_of(text), inner;
    struct hash128 hash = {{0}};
    struct json_iterator iterator;
    struct span name;
    uint64_t count = 0;
    switch (value.type) {
    case JSON_STRING:
        return seal(key, JSON_STRING, 0, hash_string(key, value.bytes), hash);
    case JSON_NUMBER:
        return seal(key, JSON_NUMBER, 0, hash_keyed(key, value.bytes), hash);
    case JSON_OBJECT:
        for (iterator = json_begin(value); json_next(&iterator, &name, &inner); count++)
            add(&hash, seal(key, JSON_OBJECT, 1, hash_string(key, name),
                           json_content_hash(key, inner.bytes)));
        return seal(key, JSON_OBJECT, count, hash, (struct hash128){{0}});
    case JSON_ARRAY:
        for (iterator = json_begin(value); json_next(&iterator, NULL, &inner); count++)
            hash = seal(key, JSON_ARRAY, count, hash, json_content_hash(key, inner.bytes));
        return seal(key, JSON_ARRAY, count, hash, (struct hash128){{1}});
    case JSON_NONE:
    case JSON_NULL:
    case JSON_TRUE:
    case JSON_FALSE:
        break;
    }
    return seal(key, value.type, 0, hash, hash);
}
