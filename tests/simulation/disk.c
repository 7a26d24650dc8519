/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated disk's files, its loss of power and its troubles; vfs.c gives them to SQLite. */
#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "disk_vfs.h"

static const char *const suffixes[DISK_FILES] = {"", "-wal", "-journal"};

/* The simulated world has run out of memory: there is nothing to test any more. */
static void *grown(void *old, size_t *capacity, size_t needed, size_t unit)
{
    if (needed <= *capacity)
        return old;
    size_t more = *capacity ? *capacity : 64;
    while (more < needed)
        more *= 2;
    void *grown = realloc(old, more * unit);
    if (!grown)
        abort();
    *capacity = more;
    return grown;
}

void disk_install(struct disk *disk, const char *path)
{
    *disk = (struct disk){.cut_in = -1};
    (void)snprintf(disk->path, sizeof disk->path, "%s", path);
    for (size_t i = 0; i < DISK_FILES; i++)
        disk->files[i].suffix = suffixes[i];
    disk_vfs_register(disk);
}

/* ------------------------------------------------------------------ files --------------------- */

void disk_file_reserve(struct disk_file *file, size_t size)
{
    file->data = grown(file->data, &file->capacity, size, 1);
    if (size > file->size) {
        (void)memset(file->data + file->size, 0, size - file->size);
        file->size = size;
    }
}

void disk_file_write(struct disk_file *file, const void *from, size_t length, size_t offset)
{
    disk_file_reserve(file, offset + length);
    file->writes =
        grown(file->writes, &file->write_capacity, file->write_count + 1, sizeof file->writes[0]);
    file->undo = grown(file->undo, &file->undo_capacity, file->undo_size + length, 1);
    file->writes[file->write_count++] = (struct disk_write){offset, length, file->undo_size};
    (void)memcpy(file->undo + file->undo_size, file->data + offset, length);
    file->undo_size += length;
    (void)memcpy(file->data + offset, from, length);
}

void disk_file_synced(struct disk_file *file)
{
    file->write_count = 0;
    file->undo_size = 0;
}

static void set_contents(struct disk_file *file, const unsigned char *data, size_t size)
{
    file->size = 0;
    disk_file_reserve(file, size);
    if (size > 0)
        (void)memcpy(file->data, data, size);
    disk_file_synced(file);
}

static void forget_locks(struct disk *disk)
{
    for (size_t i = 0; i < DISK_INDEX_REGIONS_MAX; i++)
        if (disk->index[i])
            (void)memset(disk->index[i], 0, DISK_INDEX_BYTES);
}

void disk_format(struct disk *disk, const struct disk_image *image, uint64_t seed)
{
    for (size_t i = 0; i < DISK_FILES; i++) {
        set_contents(&disk->files[i], NULL, 0);
        disk->files[i].exists = false;
    }
    if (image) {
        set_contents(&disk->files[0], image->data, image->size);
        disk->files[0].exists = true;
    }
    forget_locks(disk);
    disk->random = random_seeded(seed);
    disk->trouble = DISK_SOUND;
    disk->calls = disk->struck = 0;
    disk->cut_in = -1;
    disk->dead = false;
}

static struct disk_image copy(const struct disk_file *file)
{
    struct disk_image image = {malloc(file->size + 1), file->size};
    if (!image.data)
        abort();
    if (file->size > 0)
        (void)memcpy(image.data, file->data, file->size);
    return image;
}

struct disk_image disk_copy(const struct disk *disk)
{
    return copy(&disk->files[0]);
}

/* ------------------------------------------------------------------ trouble ------------------- */

void disk_plan(struct disk *disk, enum disk_trouble trouble, int64_t skip, int64_t strikes)
{
    disk->trouble = trouble;
    disk->skip = skip;
    disk->strikes = strikes;
}

bool disk_strikes(struct disk *disk, enum disk_trouble trouble)
{
    if (disk->spared || disk->trouble != trouble || disk->strikes == 0)
        return false;
    if (disk->skip > 0) {
        disk->skip--;
        return false;
    }
    disk->strikes--;
    disk->struck++;
    return true;
}

/* True where the power goes before this write or sync. */
bool disk_passes(struct disk *disk)
{
    if (disk->spared)
        return true;
    disk->calls++;
    if (disk->cut_in >= 0 && disk->cut_in-- == 0)
        disk_cut(disk);
    return !disk->dead;
}

void disk_cut(struct disk *disk)
{
    disk->dead = true;
    disk->cut_in = -1;
}

/* Takes back the part of a write after its first `kept` bytes. */
static void take_back(struct disk_file *file, const struct disk_write *write, size_t kept)
{
    if (write->offset + write->length <= file->size)
        (void)memcpy(file->data + write->offset + kept, file->undo + write->saved + kept,
            write->length - kept);
}

static void lose(struct disk *disk, struct disk_file *file, bool tear)
{
    for (size_t i = file->write_count; i-- > 0;) {
        const struct disk_write *write = &file->writes[i];
        if (tear && i + 1 == file->write_count && write->length > 0)
            take_back(file, write, (size_t)random_below(&disk->random, write->length));
        else if (random_below(&disk->random, 2))
            take_back(file, write, 0);
    }
}

void disk_restore(struct disk *disk, enum disk_survival survival)
{
    for (size_t i = 0; i < DISK_FILES; i++) {
        if (survival != DISK_KEEPS_ALL)
            lose(disk, &disk->files[i], survival == DISK_TEARS_LAST);
        disk_file_synced(&disk->files[i]);
    }
    forget_locks(disk);
    disk->trouble = DISK_SOUND;
    disk->cut_in = -1;
    disk->dead = false;
}

struct disk_backup disk_back_up(const struct disk *disk)
{
    return (struct disk_backup){
        copy(&disk->files[0]), copy(&disk->files[1]), disk->files[1].exists};
}

void disk_put_back(struct disk *disk, const struct disk_backup *backup)
{
    set_contents(&disk->files[0], backup->database.data, backup->database.size);
    set_contents(&disk->files[1], backup->log.data, backup->log.size);
    disk->files[1].exists = backup->log_exists;
    forget_locks(disk);
}

void disk_backup_free(struct disk_backup *backup)
{
    free(backup->database.data);
    free(backup->log.data);
    *backup = (struct disk_backup){0};
}

void disk_delete_log(struct disk *disk)
{
    set_contents(&disk->files[1], NULL, 0);
    disk->files[1].exists = false;
    forget_locks(disk);
}

bool disk_flip_bit(struct disk *disk, uint64_t at)
{
    struct disk_file *file = &disk->files[disk->files[1].size > 0];
    if (file->size == 0)
        return false;
    file->data[at % file->size] ^= (unsigned char)(1u << (at / 8 % 8));
    return true;
}
