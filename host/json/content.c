/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash of what a value says, not of how it is written.
 *
 * Each member is hashed with its name and its value together, and an object is the sum of its
 * members: so their order does not count, and no value can change places with another. An array is
 * hashed as the row of its elements. Every piece ends with its length and type, so that a row can
 * be read back in one way only, from its end; each kind of row has its own first byte. All is
 * SipHash under the caller's key: sums of hashes that nobody outside knows cannot be steered.
 */
#include "json/value.h"

#include <string.h>
#include "scan.h"
#include "text.h"
#include "type.h"

#define ROW_MAX 256u /* bytes that are hashed at once; a longer row is a chain of such */

enum mark { MARK_VALUE = 1, MARK_MEMBER, MARK_ARRAY, MARK_OBJECT, MARK_CHAIN };

/* What follows a member's name; the types of values are other numbers. */
#define TYPE_NAME 0x80u

/* Bytes on their way into one hash. */
struct row {
    const struct hash_key *key;
    size_t used;
    uint8_t bytes[ROW_MAX];
};

/* Where in the value the pass is. */
struct pass {
    const struct hash_key *key;
    const char *at, *end;
};

static void row_begin(struct row *row, const struct hash_key *key, enum mark mark)
{
    row->key = key;
    row->bytes[0] = (uint8_t)mark;
    row->used = 1;
}

static struct hash128 row_end(const struct row *row)
{
    return hash_keyed(row->key, (struct span){(const char *)row->bytes, row->used});
}

static void row_add(struct row *row, const void *data, size_t length)
{
    const uint8_t *at = data;
    while (length > ROW_MAX - row->used) {
        size_t part = ROW_MAX - row->used;
        (void)memcpy(row->bytes + row->used, at, part);
        row->used = ROW_MAX;
        struct hash128 before = row_end(row);
        row_begin(row, row->key, MARK_CHAIN);
        (void)memcpy(row->bytes + row->used, before.bytes, sizeof before.bytes);
        row->used += sizeof before.bytes;
        at += part;
        length -= part;
    }
    (void)memcpy(row->bytes + row->used, at, length);
    row->used += length;
}

/* What makes the bytes before it one piece. */
static void row_add_end(struct row *row, uint32_t length, uint8_t type)
{
    const uint8_t end[5] = {(uint8_t)length, (uint8_t)(length >> 8), (uint8_t)(length >> 16),
        (uint8_t)(length >> 24), type};
    if (sizeof end > ROW_MAX - row->used) {
        row_add(row, end, sizeof end);
        return;
    }
    (void)memcpy(row->bytes + row->used, end, sizeof end);
    row->used += sizeof end;
}

/* The string at the pass, as what it says. */
static void add_string(struct pass *pass, struct row *row, uint8_t type)
{
    const char *from = pass->at < pass->end ? pass->at + 1 : pass->end;
    const char *to = scan_quote(from, pass->end);
    uint32_t length = (uint32_t)(to - from);
    if (to < pass->end && *to == '\\') {
        to = scan_string(to, pass->end);
        struct text text = text_begin((struct span){from, (size_t)(to - from)});
        struct span run;
        char buffer[TEXT_CHARACTER_MAX];
        for (length = 0; text_next(&text, buffer, &run); length += (uint32_t)run.length)
            row_add(row, run.data, run.length);
    } else {
        row_add(row, from, length);
    }
    row_add_end(row, length, type);
    pass->at = to < pass->end ? to + 1 : to;
}

/* Little-endian sum of 128 bits. */
static void add_hash(uint64_t sum[2], struct hash128 hash)
{
    uint64_t words[2];
    (void)memcpy(words, hash.bytes, sizeof words);
    sum[1] += words[1] + __builtin_add_overflow(sum[0], words[0], &sum[0]);
}

static void add_value(struct pass *pass, struct row *row);

/* At a comma or an end, behind a member or an element: to the next one. False at the end. */
static bool go_on(struct pass *pass)
{
    pass->at = scan_blank(pass->at, pass->end);
    if (pass->at < pass->end && *pass->at == ',') {
        pass->at = scan_blank(pass->at + 1, pass->end);
        return true;
    }
    if (pass->at < pass->end)
        pass->at++;
    return false;
}

/* Past the opening bracket; true where there is something inside. */
static bool go_in(struct pass *pass)
{
    pass->at = scan_blank(pass->at + 1, pass->end);
    if (pass->at < pass->end && *pass->at != '}' && *pass->at != ']')
        return true;
    if (pass->at < pass->end)
        pass->at++;
    return false;
}

static struct hash128 hash_object(struct pass *pass)
{
    uint64_t sum[3] = {0, 0, 0}; /* and the count */
    struct row row;
    for (bool more = go_in(pass); more; more = go_on(pass), sum[2]++) {
        row_begin(&row, pass->key, MARK_MEMBER);
        add_string(pass, &row, TYPE_NAME);
        pass->at = scan_blank(pass->at, pass->end);
        if (pass->at < pass->end && *pass->at == ':')
            pass->at = scan_blank(pass->at + 1, pass->end);
        add_value(pass, &row);
        add_hash(sum, row_end(&row));
    }
    row_begin(&row, pass->key, MARK_OBJECT);
    row_add(&row, sum, sizeof sum);
    return row_end(&row);
}

static struct hash128 hash_array(struct pass *pass)
{
    struct row row;
    row_begin(&row, pass->key, MARK_ARRAY);
    for (bool more = go_in(pass); more; more = go_on(pass))
        add_value(pass, &row);
    return row_end(&row);
}

/* The value at the pass as one piece of a row. The calls nest as deep as the value, which the
 * gate limits. */
static void add_value(struct pass *pass, struct row *row)
{
    const char *from = pass->at;
    if (from == pass->end)
        return;
    uint8_t type = type_of_byte[(unsigned char)*from];
    if (type == JSON_STRING) {
        add_string(pass, row, type);
    } else if (type == JSON_OBJECT || type == JSON_ARRAY) {
        struct hash128 inner = type == JSON_OBJECT ? hash_object(pass) : hash_array(pass);
        row_add(row, inner.bytes, sizeof inner.bytes);
        row_add_end(row, sizeof inner.bytes, type);
    } else {
        pass->at = scan_value(from, pass->end);
        uint32_t length = type == JSON_NUMBER ? (uint32_t)(pass->at - from) : 0;
        row_add(row, from, length);
        row_add_end(row, length, type);
    }
}

struct hash128 json_content_hash(const struct hash_key *key, struct span value)
{
    struct pass pass = {key, value.data, value.data + value.length};
    struct row row;
    pass.at = scan_blank(pass.at, pass.end);
    row_begin(&row, key, MARK_VALUE);
    add_value(&pass, &row);
    return row_end(&row);
}
