/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated disk as SQLite sees it (https://www.sqlite.org/vfs.html): files, locks, and the
 * shared memory of the write-ahead log's index. One thread. */
#include "disk_vfs.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct handle {
    sqlite3_file base; /* first: SQLite's */
    struct disk *disk;
    struct disk_file *file;
    struct disk_file *own; /* a temporary file: gone with its handle */
    int lock;
    unsigned index_shared, index_exclusive; /* bits of the locks that it holds */
};

static struct handle *handle_of(sqlite3_file *file)
{
    return (struct handle *)(void *)file;
}

/* ------------------------------------------------------------------ bytes --------------------- */

static int do_read(sqlite3_file *base, void *into, int length, sqlite3_int64 offset)
{
    const struct handle *handle = handle_of(base);
    const struct disk_file *file = handle->file;
    size_t wanted = (size_t)length, at = (size_t)offset;
    if (!handle->own && (handle->disk->dead || disk_strikes(handle->disk, DISK_READ_FAILS)))
        return SQLITE_IOERR_READ;
    size_t there = at >= file->size ? 0 : file->size - at < wanted ? file->size - at : wanted;
    if (there > 0)
        (void)memcpy(into, file->data + at, there);
    if (there == wanted)
        return SQLITE_OK;
    (void)memset((char *)into + there, 0, wanted - there);
    return SQLITE_IOERR_SHORT_READ;
}

static int do_write(sqlite3_file *base, const void *from, int length, sqlite3_int64 offset)
{
    struct handle *handle = handle_of(base);
    struct disk *disk = handle->disk;
    if (handle->own) {
        disk_file_write(handle->file, from, (size_t)length, (size_t)offset);
        disk_file_synced(handle->file);
        return SQLITE_OK;
    }
    if (!disk_passes(disk))
        return SQLITE_IOERR_WRITE;
    if (disk_strikes(disk, DISK_FULL))
        return SQLITE_FULL;
    if (disk_strikes(disk, DISK_READ_ONLY))
        return SQLITE_READONLY;
    bool fails = disk_strikes(disk, DISK_WRITE_FAILS);
    disk_file_write(handle->file, from, (size_t)(fails ? length / 2 : length), (size_t)offset);
    return fails ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int do_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct handle *handle = handle_of(base);
    if (handle->disk->dead && !handle->own)
        return SQLITE_IOERR_TRUNCATE;
    if ((size_t)size < handle->file->size)
        handle->file->size = (size_t)size;
    return SQLITE_OK;
}

static int do_sync(sqlite3_file *base, int flags)
{
    struct handle *handle = handle_of(base);
    (void)flags;
    if (handle->own)
        return SQLITE_OK;
    if (!disk_passes(handle->disk) || disk_strikes(handle->disk, DISK_SYNC_FAILS))
        return SQLITE_IOERR_FSYNC;
    disk_file_synced(handle->file);
    return SQLITE_OK;
}

static int do_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    *ret_size = (sqlite3_int64)handle_of(base)->file->size;
    return SQLITE_OK;
}

/* ------------------------------------------------------------------ locks --------------------- */

static int do_lock(sqlite3_file *base, int level)
{
    struct handle *handle = handle_of(base);
    struct disk_file *file = handle->file;
    if (level <= handle->lock)
        return SQLITE_OK;
    if (handle->lock == SQLITE_LOCK_NONE) {
        if (file->exclusive)
            return SQLITE_BUSY;
        file->shared++;
        handle->lock = SQLITE_LOCK_SHARED;
    }
    if (level >= SQLITE_LOCK_RESERVED && handle->lock < SQLITE_LOCK_RESERVED) {
        if (file->reserved)
            return SQLITE_BUSY;
        file->reserved = true;
        handle->lock = SQLITE_LOCK_RESERVED;
    }
    if (level == SQLITE_LOCK_EXCLUSIVE) {
        if (file->shared > 1)
            return SQLITE_BUSY;
        file->exclusive = true;
        handle->lock = SQLITE_LOCK_EXCLUSIVE;
    }
    return SQLITE_OK;
}

static int do_unlock(sqlite3_file *base, int level)
{
    struct handle *handle = handle_of(base);
    struct disk_file *file = handle->file;
    if (handle->lock >= SQLITE_LOCK_RESERVED && level < SQLITE_LOCK_RESERVED) {
        file->reserved = false;
        file->exclusive = false;
    }
    if (handle->lock >= SQLITE_LOCK_SHARED && level == SQLITE_LOCK_NONE)
        file->shared--;
    if (level < handle->lock)
        handle->lock = level;
    return SQLITE_OK;
}

static int do_check_reserved(sqlite3_file *base, int *ret_reserved)
{
    *ret_reserved = handle_of(base)->file->reserved;
    return SQLITE_OK;
}

static int do_control(sqlite3_file *base, int what, void *argument)
{
    (void)base, (void)what, (void)argument;
    return SQLITE_NOTFOUND;
}

static int do_sector_size(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int do_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* what SQLite takes for granted on Linux */
}

/* ------------------------------------------------------------------ index of the log ---------- */

static int do_index_map(
    sqlite3_file *base, int region, int size, int extend, void volatile **ret_memory)
{
    struct disk *disk = handle_of(base)->disk;
    *ret_memory = NULL;
    if (size != (int)DISK_INDEX_BYTES || region >= (int)DISK_INDEX_REGIONS_MAX)
        return SQLITE_IOERR_SHMMAP;
    if (!disk->index[region] && extend) {
        disk->index[region] = calloc(1, DISK_INDEX_BYTES);
        if (!disk->index[region])
            return SQLITE_NOMEM;
    }
    *ret_memory = disk->index[region];
    return SQLITE_OK;
}

static int do_index_lock(sqlite3_file *base, int offset, int count, int flags)
{
    struct handle *handle = handle_of(base);
    struct disk *disk = handle->disk;
    bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    unsigned *held = exclusive ? &handle->index_exclusive : &handle->index_shared;
    if (flags & SQLITE_SHM_LOCK && exclusive && offset == 0 && disk_strikes(disk, DISK_BUSY))
        return SQLITE_BUSY; /* lock 0: the writer's */
    for (int i = offset; flags & SQLITE_SHM_LOCK && i < offset + count; i++) {
        bool own = (handle->index_shared | handle->index_exclusive) & 1u << i;
        if (!own && (disk->index_exclusive[i] || (exclusive && disk->index_shared[i] > 0)))
            return SQLITE_BUSY;
    }
    for (int i = offset; i < offset + count; i++) {
        bool take = flags & SQLITE_SHM_LOCK, has = *held & 1u << i;
        if (take == has)
            continue;
        *held ^= 1u << i;
        if (exclusive)
            disk->index_exclusive[i] = take;
        else
            disk->index_shared[i] += take ? 1 : -1;
    }
    return SQLITE_OK;
}

static void do_index_barrier(sqlite3_file *base)
{
    (void)base; /* one thread */
}

static int do_index_unmap(sqlite3_file *base, int remove)
{
    struct handle *handle = handle_of(base);
    (void)remove; /* memory is kept: another handle may look at it */
    for (int i = 0; i < (int)DISK_LOCKS; i++) {
        if (handle->index_shared & 1u << i)
            handle->disk->index_shared[i]--;
        if (handle->index_exclusive & 1u << i)
            handle->disk->index_exclusive[i] = false;
    }
    handle->index_shared = handle->index_exclusive = 0;
    return SQLITE_OK;
}

static int do_close(sqlite3_file *base)
{
    struct handle *handle = handle_of(base);
    (void)do_unlock(base, SQLITE_LOCK_NONE);
    (void)do_index_unmap(base, 0);
    if (handle->own) {
        free(handle->own->data);
        free(handle->own->writes);
        free(handle->own->undo);
        free(handle->own);
    }
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {.iVersion = 2,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check_reserved,
    .xFileControl = do_control,
    .xSectorSize = do_sector_size,
    .xDeviceCharacteristics = do_characteristics,
    .xShmMap = do_index_map,
    .xShmLock = do_index_lock,
    .xShmBarrier = do_index_barrier,
    .xShmUnmap = do_index_unmap};

/* ------------------------------------------------------------------ the file system ----------- */

static struct disk *disk_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static struct disk_file *find(struct disk *disk, const char *path)
{
    size_t length = strlen(disk->path);
    for (size_t i = 0; strncmp(path, disk->path, length) == 0 && i < DISK_FILES; i++)
        if (strcmp(path + length, disk->files[i].suffix) == 0)
            return &disk->files[i];
    return NULL;
}

static int do_open(
    sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *ret_flags)
{
    struct disk *disk = disk_of(vfs);
    struct handle *handle = handle_of(base);
    *handle = (struct handle){.disk = disk};
    if (path)
        handle->file = find(disk, path);
    else
        handle->file = handle->own = calloc(1, sizeof *handle->own);
    if (!handle->file || (path && disk->dead))
        return SQLITE_CANTOPEN;
    handle->file->exists = true;
    handle->base.pMethods = &methods;
    if (ret_flags)
        *ret_flags = flags;
    return SQLITE_OK;
}

static int do_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    struct disk *disk = disk_of(vfs);
    struct disk_file *file = find(disk, path);
    (void)sync;
    if (!file || !file->exists)
        return SQLITE_IOERR_DELETE_NOENT;
    if (disk->dead)
        return SQLITE_IOERR_DELETE;
    file->exists = false;
    file->size = 0;
    disk_file_synced(file);
    return SQLITE_OK;
}

static int do_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret_there)
{
    const struct disk_file *file = find(disk_of(vfs), path);
    (void)flags;
    *ret_there = file && file->exists;
    return SQLITE_OK;
}

static int do_full_path(sqlite3_vfs *vfs, const char *path, int size, char *ret_path)
{
    (void)vfs;
    (void)snprintf(ret_path, (size_t)size, "%s", path);
    return SQLITE_OK;
}

static int do_randomness(sqlite3_vfs *vfs, int length, char *ret_bytes)
{
    for (int i = 0; i < length; i++)
        ret_bytes[i] = (char)random_next(&disk_of(vfs)->random);
    return length;
}

static int do_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds; /* virtual time is the world's; the writer's thread alone would sleep */
}

static int do_time(sqlite3_vfs *vfs, sqlite3_int64 *ret_julian_ms)
{
    (void)vfs;
    *ret_julian_ms = 0;
    return SQLITE_OK;
}

static int do_last_error(sqlite3_vfs *vfs, int size, char *ret_text)
{
    (void)vfs, (void)size, (void)ret_text;
    return 0;
}

void disk_vfs_register(struct disk *disk)
{
    static sqlite3_vfs vfs = {.iVersion = 2,
        .szOsFile = (int)sizeof(struct handle),
        .mxPathname = 256,
        .zName = "simulated",
        .xOpen = do_open,
        .xDelete = do_delete,
        .xAccess = do_access,
        .xFullPathname = do_full_path,
        .xRandomness = do_randomness,
        .xSleep = do_sleep,
        .xGetLastError = do_last_error,
        .xCurrentTimeInt64 = do_time};
    vfs.pAppData = disk;
    int code = sqlite3_vfs_register(&vfs, 1);
    assert(code == SQLITE_OK);
    (void)code;
}
