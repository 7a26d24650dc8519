/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of canonical declarations: one file each, mode 0600, written beside its place and
 * renamed into it. */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES     4096u
#define NAME_TEMPORARY ".writing-XXXXXX"

static bool is_wanted(const struct intake_options *options)
{
    return options && options->cache_directory && options->host_build;
}

/* DIRECTORY/HASH.json, the hash over the file's hash and the host's build: what another build wrote
 * is not looked at. */
static bool entry_path(
    const struct intake_options *options, const struct hash256 *content, char path[PATH_BYTES])
{
    char name[65];
    struct hash256 key = hash_chain(content, span_of(options->host_build));
    hash256_text(&key, name);
    int length = snprintf(path, PATH_BYTES, "%s/%s.json", options->cache_directory, name);
    return length > 0 && (size_t)length < PATH_BYTES;
}

static bool is_ours(int descriptor)
{
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
           status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
           status.st_size <= INTAKE_CANONICAL_MAX;
}

static bool read_all(int descriptor, struct bytes *into)
{
    struct fault fault;
    for (;;) {
        if (!bytes_reserve(into, 64u << 10, &fault))
            return false;
        ssize_t got = read(descriptor, into->data + into->length, 64u << 10);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 && into->length > 0;
        into->length += (size_t)got;
        into->data[into->length] = '\0';
    }
}

bool cache_find(
    const struct intake_options *options, const struct hash256 *content, struct bytes *into)
{
    char path[PATH_BYTES];
    if (!is_wanted(options) || !entry_path(options, content, path))
        return false;
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return false;
    into->limit = INTAKE_CANONICAL_MAX + (64u << 10);
    bool ok = is_ours(descriptor) && read_all(descriptor, into);
    (void)close(descriptor); /* nothing was written */
    return ok;
}

static bool write_all(int descriptor, struct span text)
{
    while (text.length > 0) {
        ssize_t put = write(descriptor, text.data, text.length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        text.data += put;
        text.length -= (size_t)put;
    }
    return true;
}

void cache_keep(
    const struct intake_options *options, const struct hash256 *content, struct span canonical)
{
    char path[PATH_BYTES], temporary[PATH_BYTES];
    if (!is_wanted(options) || !entry_path(options, content, path))
        return;
    int length =
        snprintf(temporary, sizeof temporary, "%s/" NAME_TEMPORARY, options->cache_directory);
    if (length < 0 || (size_t)length >= sizeof temporary)
        return;
    int descriptor = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (descriptor < 0)
        return;
    bool ok = write_all(descriptor, canonical);
    ok = close(descriptor) == 0 && ok;
    if (!ok || rename(temporary, path) != 0)
        (void)unlink(temporary); /* nothing else can be done about it */
}
