/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents made up from a seed: as a tree that knows what it means, and as text in any of the
 * forms that mean the same. */
#ifndef MUSTER_TESTS_UNIT_JSON_DOCUMENT_H
#define MUSTER_TESTS_UNIT_JSON_DOCUMENT_H

#include "base/arena.h"
#include "base/random.h"
#include "json/value.h"

struct document {
    enum json_type type;
    struct span name; /* as a member; UTF-8 without escapes */
    struct span text; /* of a string: UTF-8 without escapes; of a number: its literal */
    struct document *inner;
    size_t count;
};

/* At most `depth` levels of arrays and objects. Names in one object differ. Never runs out of the
 * arena (asserted). */
struct document *document_random(struct random *random, unsigned depth, struct arena *arena);

/* As text: plain without `style`; with it, white space, order of members and forms of escapes are
 * drawn from it. */
void document_write(const struct document *document, struct random *style, struct bytes *into);

/* Changes one thing that counts: a value, a type, a name, an element's place, what is there. */
void document_edit(struct document *document, struct random *random, struct arena *arena);

/* Whether both mean the same: members in any order, elements in theirs, numbers by their literals.
 */
bool document_equal(const struct document *a, const struct document *b);

/* A pointer to somewhere in the document, mostly; into one of its neighbours now and then. */
void document_pointer(const struct document *document, struct random *random, struct bytes *into);

#endif
