/* SPDX-License-Identifier: Apache-2.0 */
/* What a page worker may ask the store: which of these ids are there, live, and with which bytes.
 * Read only, handed in. */
#ifndef MUSTER_RECORD_KNOWN_H
#define MUSTER_RECORD_KNOWN_H

#include "base/hash.h"
#include "muster/connector.h"

struct known_query {
    struct span id;
    struct span incarnation;
};

struct known_answer {
    int64_t object; /* 0: not there, not live, contributed by another scope too, or not sure: take
                       the long way */
    struct hash128 bytes_hash;
};

struct known {
    /* Looks up `count` ids of one kind in a scope; fills as many answers. Returns the store's
     * version at which they were true, or -1 where it cannot say (every answer is then 0). A
     * failure of the store is not an error here: it only costs the long way. */
    int64_t (*look_up)(void *context, int64_t scope, enum muster_kind kind,
        const struct known_query *queries, size_t count, struct known_answer *ret_answers);
    void *context;
};

#endif
