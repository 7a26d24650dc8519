/* SPDX-License-Identifier: Apache-2.0 */
/* Which shapes a page's items have, and for those that are new to this process which paths and
 * types they are made of. What of it is news the store decides, which remembers longer
 * (store/shapes.c). Bounded; safe from many threads. */
#ifndef MUSTER_RECORD_DRIFT_H
#define MUSTER_RECORD_DRIFT_H

#include "record/mapper.h"

#define DRIFT_SHAPES_MAX 1024u /* shapes remembered; further ones count together, as 0 */
#define DRIFT_TELLINGS   3u   /* pages that tell a shape's paths: a page may fail to be committed */
#define DRIFT_PATHS_MAX  512u /* of one shape; one with more is not told */
#define DRIFT_PATH_BYTES 512u /* of one path; what lies deeper is not looked at */
#define DRIFT_PAGE_MAX   4096u /* paths told by one page */

struct shape_memory;

bool shape_memory_create(struct shape_memory **ret_memory, struct fault *fault) MUST_CHECK;
void shape_memory_free(struct shape_memory *memory);

/* Fills the batch's shapes from the items that the gate found sound, unchanged ones included: it
 * needs no parse of an item whose shape was told before. key: against paths crafted to collide. */
bool drift_note_page(struct shape_memory *memory, const struct hash_key *key,
    struct mapping *mapping, struct fault *fault) MUST_CHECK;

#endif
