/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading values out of text that passed the gate. A value is a span of the source bytes: nothing
 * is converted, so an id of 2^64 + 1 is the text that was sent. Every function here may assume
 * sound JSON and does not check it again.
 */
#ifndef MUSTER_JSON_VALUE_H
#define MUSTER_JSON_VALUE_H

#include "base/arena.h"
#include "base/hash.h"
#include "json/pointer.h"

enum json_type {
    JSON_NONE = 0,
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_value {
    enum json_type type; /* JSON_NONE: not there */
    struct span bytes;   /* as sent, strings with their quotes */
};

/* The value that `text` is. */
struct json_value json_value_of(struct span text);
/* One look-up by pointer. For several pointers into one value use a projection. */
struct json_value json_find(struct span value, const struct json_pointer *pointer);

/* A text for an id or a field: a string unescaped to UTF-8, unnormalised; a number as its
 * literal; true and false as such. Nothing for null, arrays, objects, values that are not there,
 * and for strings that the gate calls unsound (of an item with a `why`): a text with
 * replacements would make two ids one. A string without escapes is borrowed from the source;
 * another is written to `arena`. False only for FAULT_MEMORY. */
bool json_text(struct json_value value, struct arena *arena, struct span *ret_text,
    struct fault *fault) MUST_CHECK;
/* An integer that fits; false for anything else (fractions and exponents included). A string of
 * digits counts. */
bool json_integer(struct json_value value, int64_t *ret_number);

/* Elements of an array (or members' values of an object) in order: start with at = {0}. */
struct json_iterator {
    const char *at, *end;
};
struct json_iterator json_begin(struct json_value container);
/* False at the end. ret_key: the member's name with quotes, as sent; nothing in arrays; may be
 * NULL. */
bool json_next(struct json_iterator *iterator, struct span *ret_key, struct json_value *ret_value);
size_t json_count(struct json_value container);

/* Many pointers looked up in one pass over the bytes: a trie of their steps, compiled once. */
struct json_projection;
/* At most 512 pointers; the same pointer twice is fine. The projection owns its memory. */
bool json_projection_create(const struct json_pointer *pointers, size_t count,
    struct json_projection **ret_projection, struct fault *fault) MUST_CHECK;
void json_projection_free(struct json_projection *projection);
/* Writes `count` values, in the order of the pointers; JSON_NONE for those that lead nowhere.
 * Safe from many threads, and on an item with a `why`: it then reads the first of two members of
 * one name. */
void json_project(
    const struct json_projection *projection, struct span value, struct json_value *ret_values);

/* A hash of what the value says: white space, the order of members, the form of escapes do not
 * count; the order of elements and the literal of numbers do. */
struct hash128 json_content_hash(const struct hash_key *key, struct span value);

#endif
