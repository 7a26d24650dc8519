/* SPDX-License-Identifier: Apache-2.0 */
/* struct store, for the files of this folder. Owned by the one thread that writes. */
#ifndef MUSTER_STORE_INSIDE_H
#define MUSTER_STORE_INSIDE_H

#include <stdatomic.h>
#include "changes.h"
#include "schema.h"
#include "seen.h"
#include "slots.h"
#include "sql.h"
#include "store/store.h"

#define STORE_REASON_SUPERSEDED "superseded"
#define STORE_REASON_FORBIDDEN  "not permitted" /* a reason that begins so closes the stream */

struct store {
    struct sql_handle sql;
    char *path;
    int lock;         /* descriptor of the lock file, -1 without */
    int anchor;       /* of the anchor file, -1 without (anchor.h) */
    int64_t anchored; /* the batch it names */
    bool read_only;
    struct hash_key key;        /* handed out: content hashes */
    struct hash_key lookup_key; /* of the way from an object's name to its key */

    /* What the file says too; read anew after a rollback, and after another process wrote. */
    int64_t next_object, next_batch, next_letter;
    int64_t recent_lookups;
    struct hash256 head; /* the chain's last link */
    int64_t wal_pages, page_bytes;
    int64_t data_version;
    int64_t recent_lookups_most;

    struct seen_cache seen;
    struct shape_entry *shapes; /* of the runs under way (shapes.c) */
    size_t shape_count;
    struct changes changes; /* which objects changed lately, for assumptions of workers */
    int64_t version;        /* of the open transaction; published when it is durable */
    _Atomic int64_t published;
    _Atomic bool failed; /* sql.broken, for other threads */

    /* Memory of one group of batches, kept for the next. */
    struct slots slots;
    struct seen_addition addition;
    struct bytes text, blob;
};

/* Counters, chain head and caches from the file. */
bool store_reload(struct store *store, struct fault *fault) MUST_CHECK;

/* A transaction outside store_execute. store_end commits where `good`, rolls back otherwise;
 * returns whether it is committed. */
bool store_begin(struct store *store, struct fault *fault) MUST_CHECK;
bool store_end(struct store *store, bool good, struct fault *fault) MUST_CHECK;
/* The chain's head as it is now, for a transaction that appended to the ledger. */
bool store_keep_head(struct store *store, struct fault *fault) MUST_CHECK;

#endif
