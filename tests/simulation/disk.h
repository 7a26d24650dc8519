/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated disk: an SQLite VFS in memory, the default one of the process once installed. It
 * knows which bytes a sync has made durable, can fail by plan, and can lose its power: then every
 * call fails until it is switched on again with what survived.
 *
 *     disk_install(&disk, path);  disk_format(&disk, image)  ...  disk_cut(&disk)
 *     ... close every handle ...  disk_restore(&disk, DISK_LOSES_UNSYNCED)
 */
#ifndef MUSTER_TESTS_DISK_H
#define MUSTER_TESTS_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/random.h"

#define DISK_FILES             3u /* database, log, journal */
#define DISK_LOCKS             8u /* of the log's index, SQLITE_SHM_NLOCK */
#define DISK_INDEX_REGIONS_MAX 64u

struct disk_write {               /* since the last sync of its file */
    size_t offset, length, saved; /* what was there before: at `saved` of the file's undo bytes */
};

struct disk_file {
    const char *suffix;
    bool exists;
    unsigned char *data;
    size_t size, capacity;
    struct disk_write *writes;
    size_t write_count, write_capacity;
    unsigned char *undo;
    size_t undo_size, undo_capacity;
    int shared; /* handles with a SHARED lock or more */
    bool reserved, exclusive;
};

enum disk_trouble {
    DISK_SOUND,
    DISK_BUSY,        /* another process has the write lock (97) */
    DISK_FULL,        /* no space (98) */
    DISK_READ_FAILS,  /* (99) */
    DISK_SYNC_FAILS,  /* (100) */
    DISK_WRITE_FAILS, /* a short write (101) */
    DISK_READ_ONLY    /* (106) */
};

/* What a loss of power leaves of writes that no sync had followed. */
enum disk_survival {
    DISK_KEEPS_ALL,      /* the process died, the machine did not */
    DISK_LOSES_UNSYNCED, /* any of them may be there or not (102) */
    DISK_TEARS_LAST      /* likewise, and one is there in part (101) */
};

struct disk {
    char path[128];
    struct disk_file files[DISK_FILES];
    unsigned char *index[DISK_INDEX_REGIONS_MAX]; /* of the log: shared memory, 32 KiB each */
    int index_shared[DISK_LOCKS];
    bool index_exclusive[DISK_LOCKS];
    struct random random;
    enum disk_trouble trouble;
    int64_t skip, strikes; /* calls of that kind that still go well; then so many fail */
    int64_t struck;        /* that have failed */
    int64_t cut_in;        /* the power goes in so many writes and syncs; negative: it stays */
    int64_t calls;         /* writes and syncs so far */
    bool dead;
    bool spared; /* the checker is reading: it is no part of the world */
};

/* The contents of a database file, without a log. */
struct disk_image {
    unsigned char *data;
    size_t size;
};

void disk_install(struct disk *disk, const char *path);
/* Every file is gone but the database, which becomes the image; what was seeded decides later. */
void disk_format(struct disk *disk, const struct disk_image *image, uint64_t seed);
/* The database as it stands, its log not counted. */
struct disk_image disk_copy(const struct disk *disk);
void disk_plan(struct disk *disk, enum disk_trouble trouble, int64_t skip, int64_t strikes);
void disk_cut(struct disk *disk);
void disk_restore(struct disk *disk, enum disk_survival survival);
/* A whole backup of database and log, and going back to it (105). */
struct disk_backup {
    struct disk_image database, log;
    bool log_exists;
};
struct disk_backup disk_back_up(const struct disk *disk);
void disk_put_back(struct disk *disk, const struct disk_backup *backup);
void disk_backup_free(struct disk_backup *backup);
void disk_delete_log(struct disk *disk);            /* (104) */
bool disk_flip_bit(struct disk *disk, uint64_t at); /* (103); false where there is no such byte */

#endif
