/* SPDX-License-Identifier: Apache-2.0 */
/* flock on STORE.lock: it belongs to the open file, so that a second handle in the same process is
 * refused as well. */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/bytes.h"

#define HOLDER_MAX 32 /* bytes of the file: a process id */

static void holder_of(int descriptor, char text[HOLDER_MAX])
{
    ssize_t length = pread(descriptor, text, HOLDER_MAX - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    for (char *at = text; *at; at++)
        if (*at < '0' || *at > '9')
            *at = '\0';
}

bool lock_take(const char *store_path, int *ret_descriptor, struct fault *fault)
{
    AUTO_BYTES path = {.limit = 0};
    if (!bytes_format(&path, fault, "%s.lock", store_path))
        return false;
    int descriptor = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return fault_set(fault, FAULT_STORE, "cannot lock the store: %s cannot be opened (%s)",
            path.data, strerror(errno));
    char holder[HOLDER_MAX];
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        bool held = errno == EWOULDBLOCK;
        holder_of(descriptor, holder);
        (void)close(descriptor); /* nothing was written */
        return held
                   ? fault_set(fault, FAULT_STORE,
                         "the store %s is in use by process %s; stop it, or send the command to it",
                         store_path, holder[0] ? holder : "(unknown)")
                   : fault_set(fault, FAULT_STORE, "cannot lock %s", path.data);
    }
    int length = snprintf(holder, sizeof holder, "%ld\n", (long)getpid());
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, holder, (size_t)length, 0) != length) {
        (void)close(descriptor); /* the fault below is what counts */
        return fault_set(fault, FAULT_STORE, "cannot write %s; is the disk full?", path.data);
    }
    *ret_descriptor = descriptor;
    return true;
}

void lock_release(int descriptor)
{
    if (descriptor >= 0)
        (void)close(descriptor); /* unlocks; the file stays, empty of meaning */
}
