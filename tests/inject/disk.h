/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that fails, or loses power, at a chosen operation: a VFS before SQLite's own, the default
 * one from disk_prepare on. It remembers what was written and not yet synced, so that it can take
 * that back as a disk without power does.
 */
#ifndef MUSTER_TESTS_DISK_H
#define MUSTER_TESTS_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum disk_operation {
    DISK_OPEN,
    DISK_READ,
    DISK_WRITE,
    DISK_TRUNCATE,
    DISK_SYNC,
    DISK_SIZE,
    DISK_DELETE,
    DISK_LOCK, /* of the file, or of a place in the log's index */
    DISK_MAP,  /* the log's index */
    DISK_OPERATIONS
};

enum disk_trouble {
    DISK_SOUND,
    DISK_ERROR, /* every operation: an I/O error of its kind */
    DISK_FULL,  /* what writes: no space */
    DISK_BUSY,  /* locks: somebody else has it */
    DISK_KILL,  /* the process dies here (SIGKILL): what was written stays */
    DISK_LOST,  /* the power goes: what was not synced is not there */
    DISK_TORN   /* the power goes: of what was not synced some is there, some not, some in part */
};

struct disk_report {
    int64_t operations;        /* that the trouble applies to */
    int64_t syncs_after_error; /* of a file whose sync had failed */
    enum disk_operation hit;   /* which one it was */
    bool happened;
};

void disk_prepare(void);
/* From here on operations that `trouble` applies to are counted, and it strikes at number `at`
 * (from 1), once or from then on; 0: never. */
void disk_begin(enum disk_trouble trouble, int64_t at, bool for_good);
/* From here on `look` is called before each operation that `trouble` applies to, with its number;
 * nothing strikes. What is not synced is remembered. */
void disk_watch(
    enum disk_trouble trouble, void (*look)(void *context, int64_t number), void *context);
/* In a process that looks: the copies at `copy` of the files at `path` become what a loss of power
 * now would leave of those. */
void disk_lose_power(bool torn, const char *path, const char *copy);
/* What number `at` of the last count was. */
enum disk_operation disk_was(int64_t at);
/* It strikes no more. */
struct disk_report disk_end(void);
const char *disk_operation_name(enum disk_operation operation);

#endif
