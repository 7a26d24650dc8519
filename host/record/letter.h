/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters and filtered entries: what becomes of an item, or of one of its records, that is not
 * mapped. */
#ifndef MUSTER_RECORD_LETTER_H
#define MUSTER_RECORD_LETTER_H

#include "compile.h"

/* What is known of the item that a letter is about. */
struct letter_item {
    const struct mapper *mapper;
    struct mapping *mapping;
    uint32_t index;
    const struct json_item *item;
    const struct scope_parent *parent;
    const struct cut_list *redactions;
};

/* One record of the item cannot be taken. Letters of one item with the same reason and pointer are
 * one. own: the record is the item's own. */
bool letter_record(const struct letter_item *of, const char *reason, const char *pointer,
    const char *field, bool own, struct fault *fault) MUST_CHECK;
/* The gate found fault with the item's content: none of its records is taken, and it stands for
 * one. */
bool letter_unsound(const struct letter_item *of, struct fault *fault) MUST_CHECK;
/* The item was left out on purpose. */
bool letter_filtered(const struct letter_item *of, const char *reason, uint32_t records,
    struct fault *fault) MUST_CHECK;

#endif
