/* SPDX-License-Identifier: Apache-2.0 */
/* Where a listing stands: what the next request of a scope asks for, and what a checkpoint stores.
 */
#ifndef MUSTER_REQUEST_POSITION_H
#define MUSTER_REQUEST_POSITION_H

#include "base/arena.h"

/* Bytes of an encoded position: long enough for the cursors and URLs seen in practice. */
#define POSITION_TEXT_MAX 16384

struct position {
    int64_t page;           /* pages answered so far: 0 asks for the first */
    int64_t received;       /* items received so far, before filters */
    int64_t number;         /* NUMBER, OFFSET, SCIM: what to ask for next */
    int64_t total_plus_one; /* the total that the first page stated, where later pages leave it out;
                               0: none */
    struct span token; /* CURSOR, KEYSET: what to send back; LINK: the absolute URL; nothing on the
                          first page */
    int64_t overlap; /* OFFSET, SCIM: how many items before `number` to begin: the overlap probe (0
                        or 1). Of the one request; not kept in a checkpoint */
};

/* One line of text for the checkpoint, and back. FAULT_SYNTAX for anything that encode did not
 * write. */
bool position_encode(
    const struct position *position, struct bytes *into, struct fault *fault) MUST_CHECK;
bool position_decode(struct span text, struct arena *arena, struct position *ret_position,
    struct fault *fault) MUST_CHECK;

#endif
