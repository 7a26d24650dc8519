/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict, byte-level check that every JSON text passes before anything reads it (RFC 8259,
 * I-JSON RFC 7493).
 *
 * json-c saturates integers past 64 bits, cuts keys at \u0000, lets the last duplicate member win,
 * turns lone surrogates into U+FFFD and takes NaN and single quotes. None of that may happen to an
 * identity, so the gate refuses what is not sound and names the byte.
 *
 * Two kinds of trouble: a structure that cannot be read (syntax, depth, sizes, trailing bytes)
 * fails the whole text; a content that must not be believed (duplicate member, NUL, malformed
 * UTF-8, lone surrogate) fails only the item that it is in, if it is in one, because its end is
 * still known.
 */
#ifndef MUSTER_JSON_GATE_H
#define MUSTER_JSON_GATE_H

#include "base/arena.h"
#include "base/hash.h"
#include "json/pointer.h"

#define JSON_DEPTH_MAX        32u
#define JSON_STRING_MAX       (4u << 20) /* bytes of one string as sent */
#define JSON_MEMBERS_MAX      65536u     /* members of one object */
#define JSON_OPEN_MEMBERS_MAX 262144u    /* members of an object and of those around it, together */
#define JSON_NUMBER_MAX       64u        /* characters of one number's literal */
#define JSON_ITEMS_MAX        100000u    /* items of one page */

struct json_item {
    struct span bytes; /* the item's value, without white space around it */
    const char *why;   /* static sentence on what is wrong with its content; NULL: sound */
    size_t why_offset; /* of the byte at fault, in the whole text */
    /* Equal for items with the same paths and types, in this process and any other. The order of
     * members does not count, nor the length of an array whose neighbours are alike. Not secret,
     * and no proof: for drift only. */
    uint64_t shape;
};

struct json_page {
    struct span value;      /* the whole value, without white space around it */
    struct span items;      /* the array, or the one object; nothing if the pointer leads nowhere */
    struct json_item *item; /* in the arena */
    size_t item_count;
};

struct json_gate_options {
    /* Where the items are; NULL: the text has none, every fault is the text's. */
    const struct json_pointer *items;
    /* What is at `items` is itself the one item (an object), not an array of them. */
    bool one_object;
    /* Keys the hashes of member names, so that colliding names cost no quadratic time (fault
     * 54). */
    struct hash_key key;
};

/*
 * Checks `text`. An array at `items` gives its elements, with one_object an object there is the one
 * item; anything else there (null, a number) is FAULT_CONTENT. A pointer that leads nowhere gives
 * no items and `items` = nothing, which the caller judges. FAULT_SYNTAX, FAULT_LIMIT, FAULT_CONTENT
 * (outside items), FAULT_MEMORY; the sentence begins with "byte N: ", counted from 0. Memory that
 * an item list or member names need beside the arena is released on return. A UTF-8 byte order mark
 * is refused. An empty text is FAULT_SYNTAX "empty body".
 */
bool json_gate(struct span text, const struct json_gate_options *options, struct arena *arena,
    struct json_page *ret_page, struct fault *fault) MUST_CHECK;

#endif
