/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, declarations and streams by name, brought up to the source that a round begins
 * with. */
#ifndef MUSTER_STORE_REGISTRY_H
#define MUSTER_STORE_REGISTRY_H

#include "inside.h"

/* Fills open->connection. */
bool registry_connection(struct store *store, struct job_round_open *open, int64_t *ret_declaration,
    int64_t wall_ms, struct fault *fault) MUST_CHECK;
/* A stream whose shape changed loses its bookmark, with that as the note. Streams that are gone
 * are no longer selected. */
bool registry_streams(struct store *store, const struct job_round_open *open, int64_t declaration,
    struct fault *fault) MUST_CHECK;
/* The declaration of a connection that is there, with what it asks of each stream that is there:
 * for records that come otherwise than by a round. Streams and their checkpoints stay as they
 * are. */
bool registry_declaration(struct store *store, int64_t connection, const struct source *source,
    int64_t *ret_declaration, int64_t wall_ms, struct fault *fault) MUST_CHECK;

#endif
