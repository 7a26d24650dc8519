/* SPDX-License-Identifier: Apache-2.0 */
/* A generation: the configuration and the connector directory as they were read at one moment,
 * joined to connections. Immutable; a new one is built beside it (on any thread) and swapped in
 * whole. Rounds hold what they began with. */
#ifndef MUSTER_APP_GENERATION_H
#define MUSTER_APP_GENERATION_H

#include "config/settings.h"
#include "declaration/intake.h"
#include "engine/connection.h"

struct generation_entry {
    const char *name;
    struct connection *connection; /* NULL: it cannot run; `fault` says why */
    struct fault fault;
    bool kept;  /* taken over unchanged from the generation before */
    bool stale; /* taken over because what is new is refused */
    bool gone;  /* its connector is not there any more, which is no mistake */
};

struct generation {
    struct settings *settings;
    struct intake_directory connectors;
    struct generation_entry *entries; /* one for each connection of the configuration */
    size_t count;
    size_t troubled; /* entries with a fault */
};

/* Reads configuration and connectors. Fails only where the configuration file itself is refused;
 * trouble with one connector or one connection is that entry's. */
bool generation_load(
    const char *configuration, struct generation **ret_generation, struct fault *fault) MUST_CHECK;
/* Joins the entries to connections; needs the store's key. On the thread that runs the engine.
 * `before`: entries whose source is the same are taken over; where the new one is refused the old
 * one goes on (`stale`). NULL: none. */
void generation_join(struct generation *generation, const struct hash_key *store_key,
    const struct generation *before);
void generation_free(struct generation *generation);

#endif
