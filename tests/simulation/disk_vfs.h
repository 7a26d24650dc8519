/* SPDX-License-Identifier: Apache-2.0 */
/* Between disk.c, which keeps the bytes, and disk_vfs.c, which speaks SQLite's language. */
#ifndef MUSTER_TESTS_DISK_VFS_H
#define MUSTER_TESTS_DISK_VFS_H

#include "disk.h"

#define DISK_INDEX_BYTES 32768u /* of one region of the log's index, as SQLite asks for them */

void disk_vfs_register(struct disk *disk);
void disk_file_reserve(struct disk_file *file, size_t size);
void disk_file_write(struct disk_file *file, const void *from, size_t length, size_t offset);
void disk_file_synced(struct disk_file *file);
bool disk_strikes(struct disk *disk, enum disk_trouble trouble);
bool disk_passes(struct disk *disk);

#endif
