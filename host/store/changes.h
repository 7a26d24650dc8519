/* SPDX-License-Identifier: Apache-2.0 */
/* Which objects changed at which version lately, so that an assumption of a page worker is checked
 * without reading a row. */
#ifndef MUSTER_STORE_CHANGES_H
#define MUSTER_STORE_CHANGES_H

#include "base/fault.h"
#include <stddef.h>
#include <stdint.h>

#define CHANGES_MAX 65536u /* objects remembered; beyond it everything older counts as changed */

struct changes {
    struct change {
        int64_t object, version;
    } * table; /* open addressing; object 0 is free */
    size_t count;
    int64_t floor; /* what was true before this version may have changed since */
};

enum changed { CHANGED_NO, CHANGED_MAYBE };

/* Notes that `object` changes at `version`, the latest one. */
void changes_note(struct changes *changes, int64_t object, int64_t version);
/* Whether the object may have changed after `version`. */
enum changed changes_since(const struct changes *changes, int64_t object, int64_t version);
/* Nothing that was known before `version` can be relied on. */
void changes_forget(struct changes *changes, int64_t version);
void changes_free(struct changes *changes);

#endif
