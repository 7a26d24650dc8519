/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: rows, checkpoints, dead letters and ledger in one SQLite file (DESIGN sections 2, 3,
 * 10, 11; CONTRACT, Store). One writer
 * thread owns `struct store`; readers open their own handles. WAL, synchronous FULL.
 */
#ifndef MUSTER_STORE_STORE_H
#define MUSTER_STORE_STORE_H

#include "request/request.h"
#include "engine/job.h"
#include "record/known.h"

#define STORE_SCHEMA_VERSION 6

struct store;

struct store_options {
    bool create;    /* make the file (mode 0600) and its schema where there is none */
    bool read_only; /* for commands that only look */
    bool take_lock; /* be the one writing host on this store; a second one is refused (fault 123) */
    int64_t cache_bytes;         /* page cache; 0: chosen by measurement */
    int64_t recent_lookups_most; /* entries of the small index; 0: chosen by measurement */
};

/* FAULT_STORE with a sentence: cannot open, not a Muster store, locked by process N;
 * FAULT_STORE_NEWER; FAULT_STORE_CORRUPT. Migrates
 * older schemas in one transaction. */
bool store_open(const char *path, const struct store_options *options, struct store **ret_store,
    struct fault *fault) MUST_CHECK;
void store_close(struct store *store); /* NULL is fine */
/* The store's own random key for content hashes; made with the store. */
struct hash_key store_key(const struct store *store);

/* Executes jobs in order; runs of COMMIT jobs share one transaction. Each job's `done` and `fault`
 * are set. A batch whose
 * books do not balance gets FAULT_BALANCE before the transaction begins, and the others are
 * committed without it. */
void store_execute(struct store *store, struct job **jobs, size_t count);

/* A read or a flush failed, or the file is damaged: nothing more is written, and what is in memory
 * says nothing about the disk. The process must end; the next one takes up what is really there
 * (faults 99 to 103). Any thread. */
bool store_has_failed(const struct store *store);

/* Reading beside the writer: one handle a thread. */
struct store_reader;
bool store_reader_open(
    struct store *store, struct store_reader **ret_reader, struct fault *fault) MUST_CHECK;
void store_reader_close(struct store_reader *reader);
struct known store_reader_known(struct store_reader *reader);

#endif
