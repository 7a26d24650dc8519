/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the chain of batches ended when this host last wrote, kept beside the store in
 * STORE.anchor. A store that has lost its log, or was put back from an older backup, is sound in
 * itself; only something outside it can tell that there was more (faults 104, 105). It is written
 * after the commit is durable and never synced by itself: after a loss of power it may say less
 * than the store, and never more.
 */
#ifndef MUSTER_STORE_ANCHOR_H
#define MUSTER_STORE_ANCHOR_H

#include "inside.h"

struct anchor {
    int64_t batch; /* 0: none was written, or it cannot be read */
    struct hash256 head;
};

/* Opens it for the one writing host. `fresh`: the store was made just now, so that whatever is said
 * there is of another one. Without the file the store goes unwatched: it is a guard, not data. */
void anchor_open(struct store *store, bool fresh);
void anchor_close(struct store *store);
/* By path, for those that only look. */
void anchor_read(const struct store *store, struct anchor *ret_anchor);
/* Whether the chain of batches goes through the anchor. FAULT_STORE_CORRUPT with what is gone and
 * what to do. */
bool anchor_holds(struct store *store, const struct anchor *anchor, struct fault *fault) MUST_CHECK;
/* After a commit: to where the chain ends now. */
void anchor_move(struct store *store);

#endif
