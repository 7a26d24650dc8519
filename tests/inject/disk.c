/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each operation passes `strikes`, which counts and decides; then it goes to SQLite's own VFS. A
 * journal of old contents is kept for each write since the last sync of its file; losing power
 * applies it backwards. A file's name is taken as durable with the file.
 */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES     160
#define UNSYNCED_MAX   4096
#define SECTOR_BYTES   512
#define REMEMBERED_MAX 8192
#define FAILED_MAX     8

/* What a write put out of place. */
struct unsynced {
    char path[PATH_BYTES];
    int64_t offset, size_before;
    size_t length, old_length; /* of old: what was there of it */
    char *old, *new;           /* new: NULL for a truncation */
};

struct file {
    sqlite3_file base; /* first: SQLite sees this */
    char path[PATH_BYTES];
    bool sync_failed;
    sqlite3_file *real;
};

static struct {
    enum disk_trouble trouble;
    int64_t at, count;
    bool for_good, journal;
    struct disk_report report;
    enum disk_operation was[REMEMBERED_MAX];
    void (*look)(void *context, int64_t number);
    void *context;
    sqlite3_vfs *real;
    struct unsynced unsynced[UNSYNCED_MAX];
    size_t unsynced_count;
    char failed[FAILED_MAX][PATH_BYTES]; /* whose sync failed */
    size_t failed_count;
} disk;

static const char *const operation_names[DISK_OPERATIONS] = {[DISK_OPEN] = "open",
    [DISK_READ] = "read",
    [DISK_WRITE] = "write",
    [DISK_TRUNCATE] = "truncate",
    [DISK_SYNC] = "sync",
    [DISK_SIZE] = "size",
    [DISK_DELETE] = "delete",
    [DISK_LOCK] = "lock",
    [DISK_MAP] = "map"};

const char *disk_operation_name(enum disk_operation operation)
{
    return operation_names[operation];
}

static const int error_codes[DISK_OPERATIONS] = {[DISK_OPEN] = SQLITE_CANTOPEN,
    [DISK_READ] = SQLITE_IOERR_READ,
    [DISK_WRITE] = SQLITE_IOERR_WRITE,
    [DISK_TRUNCATE] = SQLITE_IOERR_TRUNCATE,
    [DISK_SYNC] = SQLITE_IOERR_FSYNC,
    [DISK_SIZE] = SQLITE_IOERR_FSTAT,
    [DISK_DELETE] = SQLITE_IOERR_DELETE,
    [DISK_LOCK] = SQLITE_IOERR_LOCK,
    [DISK_MAP] = SQLITE_IOERR_SHMMAP};

/* Which operations a trouble is about. Between two that change a file nothing is different for one
 * who looks at the files, so those are where a process is killed; beside each lock that it takes.
 */
static bool applies(enum disk_trouble trouble, enum disk_operation operation)
{
    static const unsigned changes = 1u << DISK_OPEN | 1u << DISK_WRITE | 1u << DISK_TRUNCATE |
                                    1u << DISK_SYNC | 1u << DISK_DELETE;
    static const unsigned wanted[] = {[DISK_SOUND] = 0,
        [DISK_ERROR] = (1u << DISK_OPERATIONS) - 1,
        [DISK_FULL] = 1u << DISK_WRITE | 1u << DISK_OPEN,
        [DISK_BUSY] = 1u << DISK_LOCK,
        [DISK_KILL] = (1u << DISK_OPERATIONS) - 1 - (1u << DISK_READ) - (1u << DISK_SIZE),
        [DISK_LOST] = changes,
        [DISK_TORN] = changes};
    return (wanted[trouble] >> operation & 1u) != 0;
}

static void must(bool done, const char *what)
{
    if (done)
        return;
    perror(what);
    abort();
}

/* ------------------------------------------------------------------ power --------------------- */

static void drop_entry(struct unsynced *entry)
{
    free(entry->old);
    free(entry->new);
}

static void note_synced(const char *path)
{
    size_t kept = 0;
    for (size_t i = 0; i < disk.unsynced_count; i++)
        if (strcmp(disk.unsynced[i].path, path) == 0)
            drop_entry(&disk.unsynced[i]);
        else
            disk.unsynced[kept++] = disk.unsynced[i];
    disk.unsynced_count = kept;
}

static void note_change(struct file *file, int64_t offset, const void *data, size_t length)
{
    if (!disk.journal || !file->path[0]) /* a temporary file has nothing to lose */
        return;
    must(disk.unsynced_count < UNSYNCED_MAX, "too much is not synced");
    struct unsynced *entry = &disk.unsynced[disk.unsynced_count++];
    *entry = (struct unsynced){.offset = offset, .length = length};
    (void)snprintf(entry->path, sizeof entry->path, "%s", file->path);
    int descriptor = open(file->path, O_RDONLY | O_CLOEXEC);
    must(descriptor >= 0, file->path);
    entry->size_before = lseek(descriptor, 0, SEEK_END);
    if (!data) { /* a truncation: what it cuts off */
        length = entry->size_before > offset ? (size_t)(entry->size_before - offset) : 0;
    } else {
        entry->new = malloc(length);
        must(entry->new != NULL, "memory");
        (void)memcpy(entry->new, data, length);
    }
    entry->old = malloc(length + 1);
    must(entry->old != NULL, "memory");
    ssize_t got = pread(descriptor, entry->old, length, offset);
    entry->old_length = got > 0 ? (size_t)got : 0;
    (void)close(descriptor);
}

/* Takes a change back, from its byte `from` on. */
static void take_back(const struct unsynced *entry, size_t from)
{
    int descriptor = open(entry->path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) /* deleted meanwhile */
        return;
    if (from < entry->old_length)
        must(pwrite(descriptor, entry->old + from, entry->old_length - from,
                 entry->offset + (off_t)from) == (ssize_t)(entry->old_length - from),
            entry->path);
    int64_t least = entry->offset + (int64_t)from;
    if (entry->size_before > least)
        least = entry->size_before;
    if (lseek(descriptor, 0, SEEK_END) > least)
        must(ftruncate(descriptor, least) == 0, entry->path);
    (void)close(descriptor);
}

static void put_again(const struct unsynced *entry, size_t length)
{
    int descriptor = open(entry->path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0 || !entry->new)
        return;
    must(pwrite(descriptor, entry->new, length, entry->offset) == (ssize_t)length, entry->path);
    (void)close(descriptor);
}

/* A disk writes in the order it likes: first all is taken back, then some of it put again. */
static void lose_power(bool torn)
{
    uint64_t dice = UINT64_C(0x9E3779B97F4A7C15) * (uint64_t)(disk.count + 1);
    for (size_t i = disk.unsynced_count; i-- > 0;)
        take_back(&disk.unsynced[i], 0);
    for (size_t i = 0; torn && i < disk.unsynced_count; i++) {
        const struct unsynced *entry = &disk.unsynced[i];
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        size_t sectors = entry->length / SECTOR_BYTES;
        if (dice % 3 == 0)
            put_again(entry, entry->length);
        else if (dice % 3 == 1 && sectors > 0)
            put_again(entry, (size_t)(dice >> 8) % sectors * SECTOR_BYTES);
    }
}

/* ------------------------------------------------------------------ the decision -------------- */

/* True where the operation fails now. Does not come back where the process dies. */
static bool strikes(enum disk_operation operation)
{
    if (!applies(disk.trouble, operation))
        return false;
    disk.count++;
    if (disk.count < REMEMBERED_MAX)
        disk.was[disk.count] = operation;
    if (disk.look)
        disk.look(disk.context, disk.count);
    if (disk.at == 0)
        return false;
    if (disk.for_good ? disk.count < disk.at : disk.count != disk.at)
        return false;
    if (!disk.report.happened)
        disk.report.hit = operation;
    disk.report.happened = true;
    if (disk.trouble == DISK_LOST || disk.trouble == DISK_TORN)
        lose_power(disk.trouble == DISK_TORN);
    if (disk.trouble >= DISK_KILL)
        (void)raise(SIGKILL);
    return true;
}

static int code_of(enum disk_operation operation)
{
    if (disk.trouble == DISK_FULL)
        return operation == DISK_OPEN ? SQLITE_CANTOPEN : SQLITE_FULL;
    return disk.trouble == DISK_BUSY ? SQLITE_BUSY : error_codes[operation];
}

/* ------------------------------------------------------------------ files --------------------- */

static sqlite3_file *real_of(sqlite3_file *base)
{
    return ((struct file *)base)->real;
}

static int file_close(sqlite3_file *base)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *data, int length, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(base);
    return strikes(DISK_READ) ? code_of(DISK_READ)
                              : real->pMethods->xRead(real, data, length, offset);
}

static int file_write(sqlite3_file *base, const void *data, int length, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(base);
    if (strikes(DISK_WRITE))
        return code_of(DISK_WRITE);
    note_change((struct file *)base, offset, data, (size_t)length);
    return real->pMethods->xWrite(real, data, length, offset);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    sqlite3_file *real = real_of(base);
    if (strikes(DISK_TRUNCATE))
        return code_of(DISK_TRUNCATE);
    note_change((struct file *)base, size, NULL, 0);
    return real->pMethods->xTruncate(real, size);
}

static bool has_failed(const char *path)
{
    for (size_t i = 0; i < disk.failed_count; i++)
        if (strcmp(disk.failed[i], path) == 0)
            return true;
    return false;
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct file *file = (struct file *)base;
    disk.report.syncs_after_error += has_failed(file->path);
    if (strikes(DISK_SYNC)) {
        must(disk.failed_count < FAILED_MAX, "too many files");
        if (!has_failed(file->path))
            (void)snprintf(disk.failed[disk.failed_count++], PATH_BYTES, "%s", file->path);
        return code_of(DISK_SYNC);
    }
    note_synced(file->path);
    return file->real->pMethods->xSync(file->real, flags);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    sqlite3_file *real = real_of(base);
    return strikes(DISK_SIZE) ? code_of(DISK_SIZE) : real->pMethods->xFileSize(real, ret_size);
}

static int file_lock(sqlite3_file *base, int level)
{
    sqlite3_file *real = real_of(base);
    return strikes(DISK_LOCK) ? code_of(DISK_LOCK) : real->pMethods->xLock(real, level);
}

static int file_unlock(sqlite3_file *base, int level)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xUnlock(real, level);
}

static int file_reserved(sqlite3_file *base, int *ret_reserved)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xCheckReservedLock(real, ret_reserved);
}

static int file_control(sqlite3_file *base, int operation, void *argument)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xFileControl(real, operation, argument);
}

static int file_sector(sqlite3_file *base)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xSectorSize(real);
}

static int file_traits(sqlite3_file *base)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xDeviceCharacteristics(real);
}

static int file_map(sqlite3_file *base, int page, int size, int extend, void volatile **ret_map)
{
    sqlite3_file *real = real_of(base);
    return strikes(DISK_MAP) ? code_of(DISK_MAP)
                             : real->pMethods->xShmMap(real, page, size, extend, ret_map);
}

static int file_shared_lock(sqlite3_file *base, int offset, int count, int flags)
{
    sqlite3_file *real = real_of(base);
    if ((flags & SQLITE_SHM_LOCK) && strikes(DISK_LOCK))
        return disk.trouble == DISK_BUSY ? SQLITE_BUSY : SQLITE_IOERR_SHMLOCK;
    return real->pMethods->xShmLock(real, offset, count, flags);
}

static void file_barrier(sqlite3_file *base)
{
    sqlite3_file *real = real_of(base);
    real->pMethods->xShmBarrier(real);
}

static int file_unmap(sqlite3_file *base, int remove)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xShmUnmap(real, remove);
}

static const sqlite3_io_methods methods = {.iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = file_map,
    .xShmLock = file_shared_lock,
    .xShmBarrier = file_barrier,
    .xShmUnmap = file_unmap};

/* ------------------------------------------------------------------ the VFS ------------------- */

static int vfs_open(
    sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *base, int flags, int *ret_flags)
{
    struct file *file = (struct file *)base;
    (void)vfs;
    *file = (struct file){.real = (sqlite3_file *)(file + 1)};
    file->real->pMethods = NULL;
    if (strikes(DISK_OPEN))
        return code_of(DISK_OPEN);
    (void)snprintf(file->path, sizeof file->path, "%s", name ? name : "");
    int code = disk.real->xOpen(disk.real, name, file->real, flags, ret_flags);
    if (code == SQLITE_OK)
        file->base.pMethods = &methods;
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (strikes(DISK_DELETE))
        return code_of(DISK_DELETE);
    note_synced(name); /* there is nothing of it to lose any more */
    return disk.real->xDelete(disk.real, name, sync_folder);
}

/* Waiting for a lock costs no time here. */
static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

void disk_prepare(void)
{
    static sqlite3_vfs vfs;
    disk.real = sqlite3_vfs_find(NULL);
    vfs = *disk.real;
    vfs.pNext = NULL;
    vfs.zName = "disk";
    vfs.szOsFile = (int)sizeof(struct file) + disk.real->szOsFile;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.xSleep = vfs_sleep;
    must(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK, "the file system");
}

void disk_begin(enum disk_trouble trouble, int64_t at, bool for_good)
{
    disk.trouble = trouble;
    disk.at = at;
    disk.count = 0;
    disk.for_good = for_good;
    disk.journal = trouble == DISK_LOST || trouble == DISK_TORN;
    disk.report = (struct disk_report){0};
    disk.failed_count = 0;
    disk.look = NULL;
}

void disk_watch(
    enum disk_trouble trouble, void (*look)(void *context, int64_t number), void *context)
{
    disk_begin(trouble, 0, false);
    disk.look = look;
    disk.context = context;
}

void disk_lose_power(bool torn, const char *path, const char *copy)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < disk.unsynced_count; i++) {
        char *at = disk.unsynced[i].path, rest[PATH_BYTES];
        must(strncmp(at, path, length) == 0, at);
        (void)snprintf(rest, sizeof rest, "%s", at + length);
        must(snprintf(at, PATH_BYTES, "%s%s", copy, rest) < PATH_BYTES, copy);
    }
    lose_power(torn);
}

enum disk_operation disk_was(int64_t at)
{
    must(at > 0 && at < REMEMBERED_MAX, "too many operations");
    return disk.was[at];
}

struct disk_report disk_end(void)
{
    disk.report.operations = disk.count;
    disk.trouble = DISK_SOUND;
    disk.look = NULL;
    disk.journal = false;
    for (size_t i = 0; i < disk.unsynced_count; i++)
        drop_entry(&disk.unsynced[i]);
    disk.unsynced_count = 0;
    return disk.report;
}
