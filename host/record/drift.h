/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths and types a stream's items have shown, so that a new one is reported once. Bounded;
 * safe from many threads. */
#ifndef MUSTER_RECORD_DRIFT_H
#define MUSTER_RECORD_DRIFT_H

#include "record/mapper.h"

#define DRIFT_SHAPES_MAX \
    1024u /* item shapes remembered; after that nothing is looked at any more */
#define DRIFT_PATHS_MAX  4096u /* paths remembered */
#define DRIFT_PATH_BYTES 512u  /* of one path; what lies deeper is not looked at */
#define DRIFT_PAGE_MAX   256u  /* reports of one page */

struct shape_memory;

bool shape_memory_create(struct shape_memory **ret_memory, struct fault *fault) MUST_CHECK;
void shape_memory_free(struct shape_memory *memory);

/* Looks at the items of a page whose shape is new, and adds new_path and type_changed to the
 * batch's drift. ret_count: how many. A null is a value not given: it neither changes a type nor is
 * changed into one. key: against paths crafted to collide. */
bool drift_note_page(struct shape_memory *memory, const struct hash_key *key,
    struct mapping *mapping, int64_t *ret_count, struct fault *fault) MUST_CHECK;

#endif
