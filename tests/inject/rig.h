/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host in small for tests that break things under it: one thread, a scripted application, a
 * virtual clock, the real engine, digests and store. One round of a small scenario: a token login,
 * a request that fails first, a listing of two pages, a dead letter, a child stream of two parents.
 *
 * Whoever uses it breaks memory (allocate.h) or the disk (disk.h) under it.
 */
#ifndef MUSTER_TESTS_RIG_H
#define MUSTER_TESTS_RIG_H

#include "engine/engine.h"
#include "store/store.h"

#define RIG_WAITING_MAX 256
#define RIG_PATH_MAX    128

enum rig_wait { RIG_RESPONSE, RIG_DIGESTED, RIG_JOB };

struct rig_waiting {
    enum rig_wait kind;
    uint64_t ticket;
    struct response *response;
    struct digest *digest;
    struct job *job;
    bool executed;
    struct fault fault;
};

/* What became of one attempt at a round. */
struct rig_outcome {
    bool opened;        /* the store and the connection could be opened; else `fault` says why */
    bool over;          /* the round came to its end; false where it hangs */
    bool failed;        /* as a whole */
    enum proof proof;   /* the round's */
    struct fault fault; /* of opening */
    char reason[REASON_MAX]; /* the round's, or the first run's that has one */
    bool store_failed;       /* for good: store_has_failed */
    int64_t commits;         /* batches whose commit was acknowledged */
};

struct rig {
    char folder[RIG_PATH_MAX], configuration[RIG_PATH_MAX], pattern[RIG_PATH_MAX],
        store[RIG_PATH_MAX];
    struct store *handle;
    struct store_reader *reader;
    struct connection *connection;
    struct engine *engine;
    struct rig_waiting waiting[RIG_WAITING_MAX];
    size_t first, count;
    int64_t now_ms, armed_ms;
    int users_asked; /* of the first page of users: the first one is answered with a 503 */
    struct rig_outcome *outcome;
};

/* A folder of its own, a configuration, and an empty store as the pattern of all. */
void rig_begin(struct rig *rig);
void rig_end(struct rig *rig);
/* The store is the pattern again, without companions; or none at all. */
void rig_fresh(const struct rig *rig);
void rig_remove(const struct rig *rig);
/* Another one, whose store is a copy of the files as they are, with the log's index or without. */
void rig_copy(const struct rig *rig, bool with_index, struct rig *ret_copy);
/* After a loss of power: what lay in memory that processes share is gone. */
void rig_reboot(const struct rig *rig);
/* Opens the store, runs one round, closes it. `late`: an hour after the first. */
void rig_round(struct rig *rig, bool late, struct rig_outcome *ret_outcome);

/* What the store knows, as text to compare; malloc'd. `books`: ledger, runs and checkpoints too,
 * which are equal only where one round was taken up to its end. */
char *rig_state(const struct rig *rig, bool books);
/* Both are the same; says on stderr where they part. */
bool rig_same(const char *state, const char *expected);
/* Every stream's run is over in the file: nothing is left of the round but to close it. */
bool rig_runs_ended(const struct rig *rig);
int64_t rig_batches(const struct rig *rig);
/* The audit holds, integrity_check included; says on stderr what does not. */
bool rig_audit(const struct rig *rig);

#endif
