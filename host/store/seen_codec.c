/* SPDX-License-Identifier: Apache-2.0 */
/* Seen sets as the ledger keeps them: sorted keys as differences in base-128 varints, about a byte
 * a key. */
#include "seen.h"

#include <stdlib.h>
#include <string.h>

#define VARINT_MAX 10 /* bytes of a 64-bit varint */

static int compare_keys(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool append_varint(struct bytes *into, uint64_t value, struct fault *fault)
{
    char text[VARINT_MAX];
    size_t length = 0;
    while (value >= 0x80) {
        text[length++] = (char)(value | 0x80);
        value >>= 7;
    }
    text[length++] = (char)value;
    return bytes_append(into, (struct span){text, length}, fault);
}

static bool take_varint(struct span *rest, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < VARINT_MAX && i < rest->length; i++) {
        uint8_t byte = (uint8_t)rest->data[i];
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *rest = (struct span){rest->data + i + 1, rest->length - i - 1};
            *ret_value = value;
            return true;
        }
    }
    return false;
}

bool seen_encode_keys(int64_t *keys, size_t count, struct bytes *into, struct fault *fault)
{
    if (count > 1)
        qsort(keys, count, sizeof *keys, compare_keys);
    if (!append_varint(into, count, fault))
        return false;
    int64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        if (!append_varint(into, (uint64_t)(keys[i] - before), fault))
            return false;
        before = keys[i];
    }
    return true;
}

bool seen_encode(struct seen_addition *addition, struct bytes *into, struct fault *fault)
{
    if (!seen_encode_keys(addition->own, addition->own_count, into, fault) ||
        !seen_encode_keys(addition->others, addition->other_count, into, fault) ||
        !append_varint(into, addition->id_count, fault))
        return false;
    struct span ids = {(const char *)addition->ids, addition->id_count * sizeof *addition->ids};
    return ids.length == 0 || bytes_append(into, ids, fault);
}

static bool take_keys(struct span *rest, bool (*each)(void *context, int64_t key), void *context)
{
    uint64_t count, difference;
    int64_t key = 0;
    if (!take_varint(rest, &count))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        if (!take_varint(rest, &difference) || difference == 0 ||
            __builtin_add_overflow(key, difference, &key) || !each(context, key))
            return false;
    }
    return true;
}

bool seen_each_key(struct span blob, bool (*each)(void *context, int64_t key), void *context)
{
    return take_keys(&blob, each, context) && blob.length == 0;
}

struct adding {
    struct seen *seen;
    bool own;
    struct fault *fault;
};

static bool add_key(void *context, int64_t key)
{
    struct adding *adding = context;
    return seen_object(adding->seen, NULL, key, adding->own, adding->fault) != SEEN_FAILED;
}

bool seen_decode(struct seen *seen, struct span blob, struct fault *fault)
{
    (void)fault_set(fault, FAULT_STORE_CORRUPT,
        "a batch's seen set is damaged; run muster audit, and restore a backup");
    struct adding own = {seen, true, fault}, others = {seen, false, fault};
    uint64_t count;
    if (!take_keys(&blob, add_key, &own) || !take_keys(&blob, add_key, &others) ||
        !take_varint(&blob, &count) || count > blob.length / sizeof(uint64_t) ||
        blob.length != count * sizeof(uint64_t))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t id;
        bool fresh;
        (void)memcpy(&id, blob.data + i * sizeof id, sizeof id);
        if (!seen_id(seen, NULL, id, &fresh, fault))
            return false;
    }
    *fault = (struct fault){FAULT_NONE, ""};
    return true;
}

static bool count_key(void *context, int64_t key)
{
    (void)key;
    ++*(int64_t *)context;
    return true;
}

bool seen_count(struct span blob, int64_t *ret_count)
{
    int64_t count = 0;
    uint64_t ids;
    for (int list = 0; list < 2; list++) /* items themselves, and others */
        if (!take_keys(&blob, count_key, &count))
            return false;
    if (!take_varint(&blob, &ids) || ids > blob.length / sizeof(uint64_t) ||
        blob.length != ids * sizeof(uint64_t))
        return false;
    *ret_count = count + (int64_t)ids;
    return true;
}
