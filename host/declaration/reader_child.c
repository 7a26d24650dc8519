/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader child: maps a sealed connector file under the sandbox, walks its one structure, and
 * says what it says. Nothing of the file runs; the loader adds its address to the words that the
 * ELF check admitted, and that is all.
 */
#include "declaration/intake.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "elf_check.h"
#include "sandbox.h"
#include "schema.h"

#define STATUS_SOUND   0
#define STATUS_REFUSED 1

/* The sealed file, again: the child trusts the parent's word no more than the parent trusts the
 * child's. */
static bool read_image(int image, struct bytes *bytes, struct refusal *refusal)
{
    struct stat status;
    if (fstat(image, &status) != 0 || status.st_size < 0 || status.st_size > INTAKE_FILE_MAX)
        return refusal_set(refusal, REFUSAL_OTHER,
            "the reader was started without a file; it is not for people to start");
    size_t size = (size_t)status.st_size;
    if (!bytes_reserve(bytes, size, &refusal->fault))
        return false;
    while (bytes->length < size) {
        ssize_t got =
            pread(image, bytes->data + bytes->length, size - bytes->length, (off_t)bytes->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return refusal_set(refusal, REFUSAL_OTHER, "the reader cannot read the sealed file");
        bytes->length += (size_t)got;
    }
    return true;
}

static bool map_image(int descriptor, const struct elf_image *image, const char **ret_connector,
    struct refusal *refusal)
{
    char path[32];
    struct link_map *map = NULL;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return refusal_set(
            refusal, REFUSAL_TRUNCATED, "the loader refuses the file: %s", dlerror());
    const char *connector = dlsym(handle, "muster_connector");
    /* What was checked and what the loader found must be the same place. */
    if (!connector || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 ||
        (uintptr_t)connector != map->l_addr + image->symbol_address)
        return refusal_set(refusal, REFUSAL_TRUNCATED,
            "the loader finds muster_connector elsewhere than its symbol says");
    *ret_connector = connector;
    return true;
}

/* `abi` and `size` decide how the rest is read. */
static bool check_header(const struct elf_image *image, const char *connector, uint32_t *ret_size,
    struct refusal *refusal)
{
    uint32_t abi, size;
    (void)memcpy(&abi, connector, sizeof abi);
    (void)memcpy(&size, connector + sizeof abi, sizeof size);
    if (abi != MUSTER_ABI)
        return refusal_set(refusal, REFUSAL_ABI,
            "the connector has ABI %u and this host reads ABI %u; begin it with "
            "MUSTER_CONNECTOR_HEADER, or use a matching Muster",
            abi, MUSTER_ABI);
    if (size < sizeof abi + sizeof size || size > image->symbol_size)
        return refusal_set(refusal, REFUSAL_ABI,
            "the connector says that it has %u bytes, and its symbol has %llu; begin it with "
            "MUSTER_CONNECTOR_HEADER",
            size, (unsigned long long)image->symbol_size);
    *ret_size = size;
    return true;
}

static bool walk(const struct elf_image *image, const char *connector, struct bytes *canonical,
    struct refusal *refusal)
{
    assert(connector); /* map_image gives none only when it refuses */
    struct schema_range ranges[ELF_LOADS_MAX];
    const struct schema_image mapped = {ranges, image->load_count};
    const uintptr_t base = (uintptr_t)connector - image->symbol_address;
    uint32_t size = 0;
    for (size_t i = 0; i < image->load_count; i++) {
        uintptr_t begin = base + image->loads[i].address;
        ranges[i] = (struct schema_range){begin, begin + image->loads[i].memory_size};
    }
    return check_header(image, connector, &size, refusal) &&
           schema_write(&schema_connector, connector, size, &mapped, NULL, canonical, refusal);
}

static bool read_declaration(
    int descriptor, int answer, struct bytes *canonical, struct refusal *refusal)
{
    struct bytes file = {.limit = INTAKE_FILE_MAX};
    struct elf_image image = {0};
    const char *connector = NULL;
    *refusal = (struct refusal){0};
    canonical->limit = INTAKE_CANONICAL_MAX;
    return read_image(descriptor, &file, refusal) &&
           elf_check(bytes_span(&file), &image, refusal) &&
           sandbox_enter(answer, &refusal->fault) &&
           map_image(descriptor, &image, &connector, refusal) &&
           sandbox_close_files(&refusal->fault) && walk(&image, connector, canonical, refusal);
}

static bool say(int answer, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t put = write(answer, text, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        text += put;
        length -= (size_t)put;
    }
    return true;
}

int intake_reader_main(int image, int answer)
{
    struct bytes canonical = {0}; /* not freed: the process ends here */
    struct refusal refusal;
    if (read_declaration(image, answer, &canonical, &refusal))
        _exit(say(answer, canonical.data, canonical.length) ? STATUS_SOUND : STATUS_REFUSED);
    char line[FAULT_TEXT_MAX + 8];
    int length = snprintf(line, sizeof line, "%d %s\n", (int)refusal.number, refusal.fault.text);
    (void)say(answer, line, (size_t)length); /* without an answer the parent says so itself */
    _exit(STATUS_REFUSED);
}
