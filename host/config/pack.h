/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's settings copied into one block, so that a source outlives the file that it was
 * read from at the cost of its own bytes. Run twice: first without a block, to learn the size. */
#ifndef MUSTER_CONFIG_PACK_H
#define MUSTER_CONFIG_PACK_H

#include "config/settings.h"

struct pack {
    char *block; /* NULL: count only */
    size_t used;
};

/* NULL while counting. */
void *pack_space(struct pack *pack, size_t size);
const char *pack_text(struct pack *pack, const char *text);
struct connection_settings *pack_connection(
    struct pack *pack, const struct connection_settings *connection);

#endif
