/* SPDX-License-Identifier: Apache-2.0 */
/* One hash over every file of the store, and a list of those that came before. */
#include "left.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(bool done, const char *what)
{
    if (done)
        return;
    perror(what);
    abort();
}

static struct hash256 with_file(struct hash256 before, const struct rig *rig, const char *ending)
{
    char path[RIG_PATH_MAX + 16];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s%s", rig->store, ending);
    struct hash256 print = hash_chain(&before, span_of(ending));
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        must(errno == ENOENT, path);
        return hash_chain(&print, span_of("none"));
    }
    must(fstat(descriptor, &status) == 0, path);
    size_t length = (size_t)status.st_size;
    void *bytes = length > 0 ? mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0) : NULL;
    must(bytes != MAP_FAILED, path);
    print = hash_chain(&print, (struct span){bytes, length});
    must(length == 0 || munmap(bytes, length) == 0, path);
    must(close(descriptor) == 0, path);
    return print;
}

/* Without the log's index and the lock's file: whoever is the first to open the store makes the one
 * anew, and the other says who had it. */
static struct hash256 print_of(const struct rig *rig)
{
    static const char *const endings[] = {"", "-wal", "-journal", ".anchor"};
    struct hash256 print = {{0}};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        print = with_file(print, rig, endings[i]);
    return print;
}

void left_add(struct left *left, const struct left_state *state)
{
    if (left->count == left->capacity) {
        left->capacity = left->capacity ? 2 * left->capacity : 64;
        left->states = realloc(left->states, left->capacity * sizeof left->states[0]);
        must(left->states != NULL, "memory");
    }
    left->states[left->count++] = *state;
}

struct left_state *left_look(struct left *left, const struct rig *rig, bool *ret_new)
{
    struct hash256 print = print_of(rig);
    for (size_t i = 0; i < left->count; i++)
        if (memcmp(&left->states[i].print, &print, sizeof print) == 0) {
            *ret_new = false;
            return &left->states[i];
        }
    left_add(left, &(struct left_state){.print = print});
    *ret_new = true;
    return &left->states[left->count - 1];
}

void left_free(struct left *left)
{
    free(left->states);
    *left = (struct left){0};
}
