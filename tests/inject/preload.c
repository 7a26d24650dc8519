/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared object to preload: the k-th call of one function of the C library fails, once or from
 * then on. What is to fail comes in INJECT ("read 12 once", "read 12 on", or "count"); what was
 * counted goes into the file INJECT_REPORT, one 64-bit number a function in the order of the table,
 * in a shared mapping so that it is there however the process ends.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>

#define O_RDWR    02 /* fcntl.h would declare open */
#define O_CREAT   0100
#define O_TMPFILE 020000000
#define AT_FDCWD  (-100)

long syscall(long number, ...);

/* Function, what it fails with, its value then, parameters, arguments. Declared here and not in
 * headers, whose aliases for large files and fortified versions would get in the way. */
#define CALLS(X)                                                                              \
    X(int, socket, EMFILE, -1, (int a, int b, int c), (a, b, c))                              \
    X(int, socketpair, EMFILE, -1, (int a, int b, int c, int *d), (a, b, c, d))               \
    X(int, connect, ECONNREFUSED, -1, (int a, const void *b, unsigned c), (a, b, c))          \
    X(ssize_t, send, ECONNRESET, -1, (int a, const void *b, size_t c, int d), (a, b, c, d))   \
    X(ssize_t, recv, ECONNRESET, -1, (int a, void *b, size_t c, int d), (a, b, c, d))         \
    X(int, getsockname, EIO, -1, (int a, void *b, unsigned *c), (a, b, c))                    \
    X(int, epoll_create1, EMFILE, -1, (int a), (a))                                           \
    X(int, epoll_ctl, ENOMEM, -1, (int a, int b, int c, void *d), (a, b, c, d))               \
    X(int, epoll_wait, EINTR, -1, (int a, void *b, int c, int d), (a, b, c, d))               \
    X(int, poll, ENOMEM, -1, (void *a, unsigned long b, int c), (a, b, c))                    \
    X(int, eventfd, EMFILE, -1, (unsigned a, int b), (a, b))                                  \
    X(int, signalfd, EMFILE, -1, (int a, const void *b, int c), (a, b, c))                    \
    X(int, pipe2, EMFILE, -1, (int *a, int b), (a, b))                                        \
    X(int, memfd_create, EMFILE, -1, (const char *a, unsigned b), (a, b))                     \
    X(int, flock, EIO, -1, (int a, int b), (a, b))                                            \
    X(ssize_t, read, EIO, -1, (int a, void *b, size_t c), (a, b, c))                          \
    X(ssize_t, write, EIO, -1, (int a, const void *b, size_t c), (a, b, c))                   \
    X(ssize_t, pread64, EIO, -1, (int a, void *b, size_t c, off_t d), (a, b, c, d))           \
    X(ssize_t, pwrite64, ENOSPC, -1, (int a, const void *b, size_t c, off_t d), (a, b, c, d)) \
    X(int, ftruncate64, EIO, -1, (int a, off_t b), (a, b))                                    \
    X(int, fdatasync, EIO, -1, (int a), (a))                                                  \
    X(int, fsync, EIO, -1, (int a), (a))                                                      \
    X(int, unlink, EIO, -1, (const char *a), (a))                                             \
    X(int, fstat64, EIO, -1, (int a, void *b), (a, b))                                        \
    X(int, stat64, EIO, -1, (const char *a, void *b), (a, b))                                 \
    X(int, lstat64, EIO, -1, (const char *a, void *b), (a, b))                                \
    X(void *, mmap64, ENOMEM, (void *)-1, (void *a, size_t b, int c, int d, int e, off_t f),  \
        (a, b, c, d, e, f))                                                                   \
    X(void *, mmap, ENOMEM, (void *)-1, (void *a, size_t b, int c, int d, int e, off_t f),    \
        (a, b, c, d, e, f))                                                                   \
    X(ssize_t, pread, EIO, -1, (int a, void *b, size_t c, off_t d), (a, b, c, d))             \
    X(ssize_t, pwrite, ENOSPC, -1, (int a, const void *b, size_t c, off_t d), (a, b, c, d))   \
    X(int, ftruncate, EIO, -1, (int a, off_t b), (a, b))                                      \
    X(int, fstat, EIO, -1, (int a, void *b), (a, b))                                          \
    X(int, stat, EIO, -1, (const char *a, void *b), (a, b))                                   \
    X(int, lstat, EIO, -1, (const char *a, void *b), (a, b))                                  \
    X(int, rename, EIO, -1, (const char *a, const char *b), (a, b))                           \
    X(int, access, EIO, -1, (const char *a, int b), (a, b))                                   \
    X(int, scandir, EMFILE, -1, (const char *a, void *b, void *c, void *d), (a, b, c, d))     \
    X(pid_t, waitpid, EINTR, -1, (pid_t a, int *b, int c), (a, b, c))                         \
    X(int, pidfd_open, EMFILE, -1, (pid_t a, unsigned b), (a, b))                             \
    X(int, setrlimit, EPERM, -1, (int a, const void *b), (a, b))                              \
    X(int, posix_spawn, EAGAIN, EAGAIN,                                                       \
        (pid_t * a, const char *b, const void *c, const void *d, void *e, void *f),           \
        (a, b, c, d, e, f))                                                                   \
    X(int, getaddrinfo, 0, -10 /* EAI_MEMORY */,                                              \
        (const char *a, const char *b, const void *c, void *d), (a, b, c, d))                 \
    X(int, mlock, ENOMEM, -1, (const void *a, size_t b), (a, b))

int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);
int fcntl(int descriptor, int command, ...);
int fcntl64(int descriptor, int command, ...);

/* Those with variable arguments, and one that is its own. */
#define ODD_CALLS(X) X(open) X(open64) X(fcntl) X(fcntl64) X(pthread_create)

enum call {
#define X(type, name, ...) CALL_##name,
    CALLS(X)
#undef X
#define X(name) CALL_##name,
        ODD_CALLS(X)
#undef X
            CALL_COUNT
};

static const char *const names[CALL_COUNT] = {
#define X(type, name, ...) #name,
    CALLS(X)
#undef X
#define X(name) #name,
        ODD_CALLS(X)
#undef X
};

static _Atomic int64_t own[CALL_COUNT + 1];
static _Atomic int64_t *counts = own; /* the last one: how often something failed */
static int target = -1;
static int64_t at;
static bool for_good;

/* With bare system calls: what is counted here must not count itself. */
__attribute__((constructor)) static void begin(void)
{
    const char *what = getenv("INJECT"), *report = getenv("INJECT_REPORT");
    const char *space = what ? strchr(what, ' ') : NULL;
    char *how = NULL;
    if (space)
        at = strtoll(space + 1, &how, 10);
    for (int i = 0; space && i < CALL_COUNT; i++)
        if (strlen(names[i]) == (size_t)(space - what) &&
            strncmp(names[i], what, strlen(names[i])) == 0)
            target = i;
    for_good = how && strcmp(how, " on") == 0;
    long descriptor = report ? syscall(SYS_open, report, O_RDWR) : -1;
    if (descriptor >= 0) {
        long mapped = syscall(
            SYS_mmap, NULL, sizeof own, 3 /* read, write */, 1 /* shared */, descriptor, 0L);
        if (mapped != -1)
            counts = (_Atomic int64_t *)mapped;
        (void)syscall(SYS_close, descriptor);
    }
    (void)unsetenv("LD_PRELOAD"); /* children are another matter */
}

static bool fails(enum call call, int number)
{
    int64_t count = atomic_fetch_add(&counts[call], 1) + 1;
    if ((int)call != target || (for_good ? count < at : count != at))
        return false;
    (void)atomic_fetch_add(&counts[CALL_COUNT], 1);
    errno = number;
    return true;
}

#define X(type, name, number, value, parameters, arguments)                 \
    type name parameters;                                                   \
    type name parameters                                                    \
    {                                                                       \
        static type(*next) parameters;                                      \
        if (!next)                                                          \
            next = (type(*) parameters)(uintptr_t)dlsym(RTLD_NEXT, #name);  \
        return fails(CALL_##name, number) ? (type)(value) : next arguments; \
    }
CALLS(X)
#undef X

#define OPEN(name)                                                                \
    int name(const char *path, int flags, ...)                                    \
    {                                                                             \
        va_list rest;                                                             \
        va_start(rest, flags);                                                    \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                             \
        if (fails(CALL_##name, EMFILE))                                           \
            return -1;                                                            \
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);             \
    }
OPEN(open)
OPEN(open64)

#define FCNTL(name)                                                    \
    int name(int descriptor, int command, ...)                         \
    {                                                                  \
        va_list rest;                                                  \
        va_start(rest, command);                                       \
        long argument = va_arg(rest, long);                            \
        va_end(rest);                                                  \
        if (fails(CALL_##name, EIO))                                   \
            return -1;                                                 \
        return (int)syscall(SYS_fcntl, descriptor, command, argument); \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

int pthread_create(void *thread, const void *attributes, void *(*run)(void *), void *argument);
int pthread_create(void *thread, const void *attributes, void *(*run)(void *), void *argument)
{
    static int (*next)(void *, const void *, void *(*)(void *), void *);
    if (!next)
        next = (int (*)(void *, const void *, void *(*)(void *), void *))(uintptr_t)dlsym(
            RTLD_NEXT, "pthread_create");
    return fails(CALL_pthread_create, EAGAIN) ? EAGAIN : next(thread, attributes, run, argument);
}
