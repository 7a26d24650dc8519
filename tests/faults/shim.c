/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults of the machine beneath the real binary, by LD_PRELOAD: one call on one file goes wrong, as
 * MUSTER_SHIM says: CALL NTH ACTION SUFFIX.
 *
 *     MUSTER_SHIM="fdatasync 3 kill .db-wal"
 *
 * CALL: pwrite64, pread64, fdatasync (and fsync), getaddrinfo, connect. NTH counts the calls of
 * this process on files whose name ends with SUFFIX (hosts, for getaddrinfo; ADDRESS:PORT, for
 * connect); "3+" is the third and all after it. ACTION: kill (before the call), killed (right after
 * it), torn (half of it, then the kill), short (half of it), lie (nothing, and success), hang
 * (twenty seconds), or an error number.
 *
 * MUSTER_SHIM_LOG names a file that gets a line for each such call, and for each sync of such a
 * file whatever CALL is: its name, its number, what was done, and the size of the file then.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_MAX_READ 512
#define WORD_MAX      32
#define HANG_S        20
#define LOOPBACK      ".test" /* names that lead to loopback (RFC 6761 keeps them out of the DNS) */

enum call { CALL_WRITE, CALL_READ, CALL_SYNC, CALL_RESOLVE, CALL_CONNECT, CALL_COUNT };

static const char *const call_names[CALL_COUNT] = {
    "pwrite64", "pread64", "fdatasync", "getaddrinfo", "connect"};

struct plan {
    char call[WORD_MAX], action[WORD_MAX], suffix[PATH_MAX_READ];
    long nth;
    bool from_then_on;
};

/* Read anew for each call: a preloaded library has no good moment to do it once, and cost is no
 * matter here. */
static bool read_plan(struct plan *ret_plan)
{
    const char *text = getenv("MUSTER_SHIM");
    char nth[WORD_MAX];
    if (!text || sscanf(text, "%31s %31s %31s %511s", ret_plan->call, nth, ret_plan->action,
                     ret_plan->suffix) != 4)
        return false;
    ret_plan->nth = strtol(nth, NULL, 10);
    ret_plan->from_then_on = strchr(nth, '+') != NULL;
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), least = strlen(end);
    return length >= least && strcmp(text + length - least, end) == 0;
}

static void note(const char *name, long number, const char *what, int fd)
{
    const char *path = getenv("MUSTER_SHIM_LOG");
    struct stat status = {0};
    char line[256];
    int log = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (log < 0)
        return;
    if (fd >= 0)
        (void)fstat(fd, &status); /* the size is then 0 */
    int length = snprintf(
        line, sizeof line, "%s %ld %s %lld\n", name, number, what, (long long)status.st_size);
    (void)!write(log, line, (size_t)length); /* a lost line shows in the test */
    (void)close(log);
}

/* Whether this call is the one; counts it where it is on the file that is meant. */
static bool strikes(enum call call, int fd, const char *name, struct plan *ret_plan)
{
    static atomic_long counts[CALL_COUNT];
    char link[64], path[PATH_MAX_READ];
    if (!read_plan(ret_plan))
        return false;
    bool meant = strcmp(ret_plan->call, call_names[call]) == 0;
    if (!meant && call != CALL_SYNC)
        return false;
    if (fd >= 0) {
        (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, sizeof path - 1);
        if (length < 0)
            return false;
        path[length] = '\0';
        name = path;
    }
    if (!ends_with(name, ret_plan->suffix))
        return false;
    long number = atomic_fetch_add(&counts[call], 1) + 1;
    bool now =
        meant && (number == ret_plan->nth || (ret_plan->from_then_on && number > ret_plan->nth));
    note(call_names[call], number, now ? ret_plan->action : "-", fd);
    return now;
}

static void die(void)
{
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause(); /* until it arrives */
}

static bool is(const struct plan *plan, const char *action)
{
    return strcmp(plan->action, action) == 0;
}

/* The library behind this one. */
#define BEHIND(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    struct plan plan;
    ssize_t (*behind)(int, const void *, size_t, off64_t) = BEHIND(pwrite64);
    if (!strikes(CALL_WRITE, fd, NULL, &plan))
        return behind(fd, data, size, at);
    if (is(&plan, "kill"))
        die();
    if (is(&plan, "short") || is(&plan, "torn"))
        size /= 2;
    if (is(&plan, "killed") || is(&plan, "short") || is(&plan, "torn")) {
        ssize_t done = behind(fd, data, size, at);
        if (!is(&plan, "short"))
            die();
        return done;
    }
    if (is(&plan, "lie"))
        return (ssize_t)size;
    errno = atoi(plan.action);
    return -1;
}

ssize_t pread64(int fd, void *data, size_t size, off64_t at)
{
    struct plan plan;
    if (!strikes(CALL_READ, fd, NULL, &plan))
        return BEHIND(pread64)(fd, data, size, at);
    if (is(&plan, "kill"))
        die();
    errno = atoi(plan.action);
    return -1;
}

static int synchronize(int fd, int (*behind)(int))
{
    struct plan plan;
    if (!strikes(CALL_SYNC, fd, NULL, &plan))
        return behind(fd);
    if (is(&plan, "kill"))
        die();
    if (is(&plan, "killed")) {
        (void)behind(fd); /* nobody is left to be told */
        die();
    }
    if (is(&plan, "lie"))
        return 0;
    errno = atoi(plan.action);
    return -1;
}

int fdatasync(int fd)
{
    return synchronize(fd, BEHIND(fdatasync));
}

int fsync(int fd)
{
    return synchronize(fd, BEHIND(fsync));
}

int getaddrinfo(
    const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret_list)
{
    struct plan plan;
    if (!host || !strikes(CALL_RESOLVE, -1, host, &plan))
        return BEHIND(getaddrinfo)(
            host && ends_with(host, LOOPBACK) ? "127.0.0.1" : host, service, hints, ret_list);
    if (is(&plan, "hang"))
        (void)sleep(HANG_S);
    return EAI_AGAIN;
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    struct plan plan;
    struct sockaddr_in place;
    char host[INET_ADDRSTRLEN], name[INET_ADDRSTRLEN + 8];
    int (*behind)(int, const struct sockaddr *, socklen_t) = BEHIND(connect);
    if (address->sa_family != AF_INET || size < sizeof place)
        return behind(fd, address, size);
    (void)memcpy(&place, address, sizeof place);
    (void)inet_ntop(AF_INET, &place.sin_addr, host, sizeof host); /* it is long enough */
    (void)snprintf(name, sizeof name, "%s:%u", host, ntohs(place.sin_port));
    if (!strikes(CALL_CONNECT, -1, name, &plan))
        return behind(fd, address, size);
    errno = atoi(plan.action);
    return -1;
}
