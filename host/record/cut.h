/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving values out of a JSON text: credential material by "[redacted]", volatile members whole.
 */
#ifndef MUSTER_RECORD_CUT_H
#define MUSTER_RECORD_CUT_H

#include "base/arena.h"

#define CUT_REDACTED "[redacted]" /* what stands where credential material was */

enum cut_kind {
    CUT_REDACT, /* the value becomes "[redacted]" */
    CUT_MEMBER  /* the member goes, name and value; an array's element becomes null, so that its
                   neighbours keep their place */
};

struct cut {
    struct span at; /* a value within the text */
    enum cut_kind kind;
};

struct cut_list {
    struct cut *cuts;
    size_t count, capacity;
};

bool cut_add(struct cut_list *list, struct span at, enum cut_kind kind, struct arena *arena,
    struct fault *fault) MUST_CHECK;
/* Before cut_apply: by place; of nested ones the outer first. */
void cut_sort(struct cut_list *list);
/* Whether `span` and one of the cuts share a byte. NULL is an empty list. */
bool cut_overlaps(const struct cut_list *list, struct span span);
/* `within` without what is cut out of it: `within` itself where no cut lies in it, else a new JSON
 * text in the arena. */
bool cut_apply(const struct cut_list *list, struct span within, struct arena *arena,
    struct span *ret_text, struct fault *fault) MUST_CHECK;

#endif
