/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of one item of a batch: each function takes one entry and counts it under exactly
 * one outcome. */
#ifndef MUSTER_STORE_ITEM_H
#define MUSTER_STORE_ITEM_H

#include "place.h"

/* The batch that is being taken. */
struct item {
    struct store *store;
    struct place *place;
    struct batch *batch;
    struct batch_outcome *outcome;
    struct seen *seen;
    int64_t batch_key;
    int64_t orphans;    /* of filtered: enrichment of objects that are not there */
    bool replay;        /* its items are dead letters (replay.c) */
    int64_t superseded; /* of filtered, replay only */
};

bool item_record(struct item *item, const struct record *record, struct fault *fault) MUST_CHECK;
bool item_letter(struct item *item, const struct letter *letter, struct fault *fault) MUST_CHECK;
bool item_filtered(
    struct item *item, const struct filtered *filtered, struct fault *fault) MUST_CHECK;
/* Notes an item that gave records, but none of its own. */
bool item_counted(struct item *item, struct span id, struct fault *fault) MUST_CHECK;
/* Counts an item that a worker held to be unchanged, where it still is; *ret_holds is false where
 * it is not, and nothing was
 * counted. */
bool item_assumed(struct item *item, const struct assumed *assumed, bool *ret_holds,
    struct fault *fault) MUST_CHECK;

#endif
