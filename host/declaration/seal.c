/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, judging and sealing a connector file. The ELF check comes after, on the sealed bytes. */
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/descriptor.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

static bool refuse_system(struct refusal *refusal, const char *what)
{
    refusal->number = REFUSAL_OTHER;
    return fault_system(&refusal->fault, "%s", what);
}

static bool open_file(const char *path, int *ret_descriptor, struct refusal *refusal)
{
    /* O_NONBLOCK: a FIFO of that name must not hold the host. */
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0 && errno == ELOOP)
        return refusal_set(
            refusal, REFUSAL_OWNERSHIP, "the file is a symbolic link; put the file itself there");
    if (descriptor < 0 && errno == ENOENT) {
        refusal->number = REFUSAL_OTHER;
        return fault_set(&refusal->fault, FAULT_NOT_FOUND, "there is no such file");
    }
    if (descriptor < 0)
        return refuse_system(refusal, "the file cannot be opened");
    *ret_descriptor = descriptor;
    return true;
}

static bool judge(int descriptor, struct refusal *refusal)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return refuse_system(refusal, "the file cannot be examined");
    if (!S_ISREG(status.st_mode))
        return refusal_set(refusal, REFUSAL_OWNERSHIP, "it is no regular file");
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return refusal_set(refusal, REFUSAL_OWNERSHIP,
            "user %u owns the file; give it to root or to the host's user (chown)", status.st_uid);
    if (status.st_mode & (S_IWGRP | S_IWOTH))
        return refusal_set(refusal, REFUSAL_OWNERSHIP,
            "others may write to the file (mode %04o); take that away (chmod go-w)",
            status.st_mode & 07777u);
    if (status.st_size > INTAKE_FILE_MAX)
        return refusal_set(refusal, REFUSAL_COUNT,
            "the file has %lld bytes; at most %u are allowed", (long long)status.st_size,
            INTAKE_FILE_MAX);
    return true;
}

/* Reads what there is, whatever its size was said to be: the file may grow meanwhile. */
static bool read_all(int descriptor, struct bytes *bytes, struct refusal *refusal)
{
    for (;;) {
        refusal->number = REFUSAL_OTHER;
        if (bytes->length > INTAKE_FILE_MAX)
            return refusal_set(
                refusal, REFUSAL_COUNT, "the file has more than %u bytes", INTAKE_FILE_MAX);
        if (!bytes_reserve(bytes, 64u << 10, &refusal->fault))
            return false;
        ssize_t got = read(descriptor, bytes->data + bytes->length, 64u << 10);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return refuse_system(refusal, "the file cannot be read");
        if (got == 0)
            return true;
        bytes->length += (size_t)got;
    }
}

static bool write_all(int descriptor, struct span text, struct refusal *refusal)
{
    while (text.length > 0) {
        ssize_t put = write(descriptor, text.data, text.length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return refuse_system(refusal, "the file cannot be copied to memory");
        text.data += put;
        text.length -= (size_t)put;
    }
    return true;
}

static int create_memory_file(void)
{
    int descriptor =
        memfd_create("muster-connector", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    if (descriptor < 0 && errno == EINVAL) /* an older kernel */
        descriptor = memfd_create("muster-connector", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return descriptor;
}

static void move(struct sealed *from, struct sealed *to)
{
    *to = *from;
    *from = (struct sealed){.descriptor = -1};
}

bool seal_file(const char *path, struct sealed *ret_sealed, struct refusal *refusal)
{
    AUTO_CLOSE file = -1;
    AUTO_SEALED sealed = {.descriptor = -1};
    struct bytes *bytes = &sealed.bytes;
    if (!open_file(path, &file, refusal) || !judge(file, refusal) ||
        !read_all(file, bytes, refusal))
        return false;
    sealed.descriptor = create_memory_file();
    if (sealed.descriptor < 0)
        return refuse_system(refusal, "memory for the file cannot be had");
    if (!write_all(sealed.descriptor, bytes_span(bytes), refusal))
        return false;
    if (fcntl(sealed.descriptor, F_ADD_SEALS, SEALS) != 0)
        return refuse_system(refusal, "the copy cannot be sealed");
    sealed.hash = hash_content(bytes_span(bytes));
    move(&sealed, ret_sealed);
    return true;
}

void sealed_close(struct sealed *sealed)
{
    if (sealed->descriptor >= 0)
        (void)close(sealed->descriptor);
    sealed->descriptor = -1;
    bytes_free(&sealed->bytes);
}
