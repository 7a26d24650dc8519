/* SPDX-License-Identifier: Apache-2.0 */
/* A source with the program of each of its streams: what a round runs on. Immutable, shared by
 * count between the generation that made it and the rounds that began with it. */
#ifndef MUSTER_ENGINE_CONNECTION_H
#define MUSTER_ENGINE_CONNECTION_H

#include "record/program.h"

struct connection {
    struct source *source; /* one reference */
    struct program *
        *programs; /* one for each stream of the plan; NULL where the stream is not selected */
    size_t stream_count;
    char credential[33]; /* hexadecimal digest that tells credentials apart without being one: lanes
                            are per origin and this */
    unsigned references; /* owned by the engine's thread; never touched from another */
};

/* Takes the source, on failure too. */
bool connection_create(struct source *source, const struct hash_key *store_key,
    struct connection **ret_connection, struct fault *fault) MUST_CHECK;
struct connection *connection_acquire(struct connection *connection);
void connection_release(struct connection *connection); /* NULL is fine */

#endif
