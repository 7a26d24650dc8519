/* SPDX-License-Identifier: Apache-2.0 */
/* Fault 140: a reader that hangs, crashes, talks too much or lies is an unreadable file and nothing
 * worse. And the real reader's sandbox: what it may not do. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include "case.h"
#include "declaration/sandbox.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    ck_assert(directory != NULL);
    while (readdir(directory))
        count++;
    (void)closedir(directory);
    return count;
}

static void refused_by(const char *reader, int number, const char *fragment)
{
    const struct intake_options options = {.host_path = reader};
    size_t before = open_descriptors();
    case_refused(GOOD, &options, number, fragment);
    ck_assert_uint_eq(open_descriptors(), before);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no child is left, living or dead */
    ck_assert_int_eq(errno, ECHILD);
}

START_TEST(bears_every_false_reader)
{
    refused_by(READERS "crash", 140, "ended by signal 11");
    refused_by(READERS "babble", 140, "more than 4194304 bytes");
    refused_by(READERS "silent", 140, "empty body");
    refused_by(READERS "mute", 140, "without saying why");
    refused_by(READERS "garbage", 140, "byte 0");
    refused_by(READERS "lie", 140, "\"nmae\" is no member");
    refused_by(READERS "escape", 138, "?[2Jsentence");
    refused_by(READERS "number", 140, "without saying why");
    refused_by("/nowhere/muster", 0, "cannot be started");
}
END_TEST

static int64_t now_ms(void)
{
    struct timespec now;
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

START_TEST(stops_a_reader_that_hangs)
{
    int64_t begin = now_ms();
    refused_by(READERS "hang", 140, "within 5000 ms");
    refused_by(READERS "linger", 140, "within 5000 ms");
    ck_assert_int_ge(now_ms() - begin, INTAKE_READER_TIMEOUT_MS);
    ck_assert_int_lt(now_ms() - begin, (int64_t)4 * INTAKE_READER_TIMEOUT_MS);
}
END_TEST

static void *load_many(void *context)
{
    (void)context;
    for (int i = 0; i < 5; i++)
        plan_release(case_accepted(GOOD, NULL));
    return NULL;
}

START_TEST(reads_beside_other_threads)
{
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, load_many, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

START_TEST(reads_where_standard_descriptors_are_closed)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct plan *plan = NULL;
        struct fault fault;
        for (int i = 0; i < 5; i++)
            (void)close(i);
        _exit(intake_load(GOOD, NULL, &plan, NULL, &fault) ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* What is tried inside the sandbox. Each returns 0 where it was denied; being killed counts as
 * well. */
static int map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? 0
               : 1;
}

static int make_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0 ? 0 : 1;
}

static int execute(void)
{
    (void)execl("/bin/true", "true", (char *)NULL);
    return 0; /* it came back */
}

static int connect_out(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0 ? 0 : 1;
}

static int create_file(void)
{
    return open("/tmp/muster-sandbox-escape", O_CREAT | O_WRONLY, 0600) < 0 ? 0 : 1;
}

static int write_elsewhere(void)
{
    return write(STDOUT_FILENO, "", 0) < 0 ? 0 : 1;
}

static int open_more(void)
{
    struct fault fault;
    return sandbox_close_files(&fault) && open("/proc/self/maps", O_RDONLY) < 0 ? 0 : 1;
}

static int signal_parent(void)
{
    return kill(getppid(), 0) != 0 ? 0 : 1;
}

START_TEST(sandbox_denies)
{
    static const struct {
        const char *what;
        int (*attempt)(void);
    } attempts[] = {{"map code", map_code}, {"make code", make_code}, {"execute", execute},
        {"connect", connect_out}, {"create a file", create_file},
        {"write elsewhere", write_elsewhere}, {"open more", open_more},
        {"signal the parent", signal_parent}};
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            struct fault fault;
            _exit(sandbox_enter(STDERR_FILENO, &fault) ? attempts[i].attempt() : 2);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "%s: status %#x",
            attempts[i].what, status);
        bool fatal = i < 4 && !SANITIZED;
        ck_assert_msg(WIFSIGNALED(status) || !fatal, "%s: was not fatal", attempts[i].what);
    }
    ck_assert_int_ne(access("/tmp/muster-sandbox-escape", F_OK), 0);
}
END_TEST

CASE_MAIN("reader", bears_every_false_reader, stops_a_reader_that_hangs, reads_beside_other_threads,
    reads_where_standard_descriptors_are_closed, sandbox_denies)
