/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the reader child and hears it out. posix_spawn, because a fork beside threads deadlocks in
 * the loader and in malloc; it executes the host's own binary, because that carries
 * intake_reader_main and nothing has to be found.
 */
#include "reader.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/descriptor.h"

#define HOST_PATH "/proc/self/exe"
/* Descriptors are moved here, so that placing them in the child never closes one of them. */
#define FIRST_SPARE 10
#define PIECE       65536u

static bool refuse_system(struct refusal *refusal, const char *what)
{
    refusal->number = REFUSAL_OTHER;
    return fault_system(&refusal->fault, "%s", what);
}

/* The child: no environment, no signal mask, no descriptor but the two and /dev/null. 0 or an
 * errno. */
static int spawn(const char *path, int image, int answer, pid_t *ret_child)
{
    char *const arguments[] = {(char[]){"muster"}, (char[]){INTAKE_READER_ARGUMENT}, NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    for (int standard = 0; error == 0 && standard <= 2; standard++)
        error = posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", O_RDWR, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, image, INTAKE_READER_IMAGE);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, answer, INTAKE_READER_ANSWER);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(&actions, INTAKE_READER_ANSWER + 1);
    if (error == 0)
        error = posix_spawnattr_setsigmask(&attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(&attributes, &all);
    if (error == 0)
        error =
            posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (error == 0)
        error = posix_spawn(ret_child, path, &actions, &attributes, arguments, environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

struct child {
    pid_t pid;
    int process; /* pidfd */
    int answer;  /* read end */
    int64_t deadline_ms;
};

static int left_ms(const struct child *child)
{
    const struct clock clock = clock_system();
    int64_t left = child->deadline_ms - clock_monotonic_ms(&clock);
    return left > 0 ? (int)left : 0;
}

/* Waits until the descriptor is ready; false where time is up. */
static bool wait_for(const struct child *child, int descriptor)
{
    struct pollfd poll_for = {.fd = descriptor, .events = POLLIN};
    for (;;) {
        int ready = poll(&poll_for, 1, left_ms(child));
        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

static bool refuse_slow(struct refusal *refusal)
{
    return refusal_set(refusal, REFUSAL_READER,
        "the reader gave no answer within %d ms and was stopped; the file cannot be read",
        INTAKE_READER_TIMEOUT_MS);
}

static bool hear(const struct child *child, struct bytes *answer, struct refusal *refusal)
{
    for (;;) {
        if (!wait_for(child, child->answer))
            return refuse_slow(refusal);
        if (!bytes_reserve(answer, PIECE, &refusal->fault)) {
            if (refusal->fault.code == FAULT_MEMORY)
                return false;
            return refusal_set(refusal, REFUSAL_READER,
                "the reader says more than %u bytes and was stopped; the declaration is too large",
                INTAKE_CANONICAL_MAX);
        }
        ssize_t got = read(child->answer, answer->data + answer->length, PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return refuse_system(refusal, "the reader's answer cannot be read");
        if (got == 0)
            return true;
        answer->length += (size_t)got;
        answer->data[answer->length] = '\0';
    }
}

/* Takes the exit status; a child that lives on after its answer is stopped. */
static bool reap(
    const struct child *child, bool stop, siginfo_t *ret_status, struct refusal *refusal)
{
    bool slow = !stop && !wait_for(child, child->process);
    if (stop || slow)
        (void)pidfd_send_signal(
            child->process, SIGKILL, NULL, 0); /* fails where it is gone already */
    for (;;) {
        if (waitid(P_PIDFD, (id_t)child->process, ret_status, WEXITED) == 0)
            return !slow || refuse_slow(refusal);
        if (errno != EINTR)
            return refuse_system(refusal, "the reader's end cannot be waited for");
    }
}

/* The child's one line of refusal, "138 sentence". It is a vendor's file that spoke through it, so
 * only what can be shown is kept. */
static bool refuse_as_told(const struct bytes *answer, struct refusal *refusal)
{
    char text[FAULT_TEXT_MAX];
    size_t length = 0, at = 0;
    int number = 0;
    for (; at < answer->length && at < 3 && isdigit((unsigned char)answer->data[at]); at++)
        number = number * 10 + (answer->data[at] - '0');
    if (at < answer->length && answer->data[at] == ' ')
        at++;
    for (; at < answer->length && answer->data[at] != '\n' && length + 1 < sizeof text; at++)
        text[length++] = isprint((unsigned char)answer->data[at]) ? answer->data[at] : '?';
    text[length] = '\0';
    bool known = number == 0 || (number >= REFUSAL_CONSTRUCTOR && number <= REFUSAL_CYCLE);
    if (length == 0 || !known)
        return refusal_set(refusal, REFUSAL_READER,
            "the reader failed without saying why; the file cannot be read");
    return refusal_set(refusal, (enum refusal_number)number, "%s", text);
}

static bool judge_end(const siginfo_t *status, const struct bytes *answer, struct refusal *refusal)
{
    if (status->si_code != CLD_EXITED)
        return refusal_set(refusal, REFUSAL_READER,
            "the reader was ended by signal %d (%s); the file cannot be read safely",
            status->si_status, strsignal(status->si_status));
    return status->si_status == 0 || refuse_as_told(answer, refusal);
}

static bool converse(struct child *child, struct bytes *answer, struct refusal *refusal)
{
    siginfo_t status = {0};
    struct refusal late;
    bool heard = hear(child, answer, refusal);
    if (!reap(child, !heard, &status, heard ? refusal : &late))
        return false;
    return heard && judge_end(&status, answer, refusal);
}

bool reader_run(
    const struct intake_options *options, int image, struct bytes *answer, struct refusal *refusal)
{
    const struct clock clock = clock_system();
    AUTO_CLOSE process = -1, listen_end = -1, speak_end = -1, spare_image = -1, spare_speak = -1;
    int ends[2];
    pid_t pid;
    const char *path = options && options->host_path ? options->host_path : HOST_PATH;
    refusal->number = REFUSAL_OTHER;
    answer->limit = INTAKE_CANONICAL_MAX + PIECE;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return refuse_system(refusal, "a pipe for the reader cannot be had");
    listen_end = ends[0];
    speak_end = ends[1];
    spare_image = fcntl(image, F_DUPFD_CLOEXEC, FIRST_SPARE);
    spare_speak = fcntl(speak_end, F_DUPFD_CLOEXEC, FIRST_SPARE);
    if (spare_image < 0 || spare_speak < 0)
        return refuse_system(refusal, "a descriptor for the reader cannot be had");
    int error = spawn(path, spare_image, spare_speak, &pid);
    if (error != 0) {
        errno = error;
        return refuse_system(refusal, "the reader cannot be started");
    }
    /* Until the child is reaped its id is not given to another process. */
    process = pidfd_open(pid, 0);
    if (process < 0) {
        (void)refuse_system(refusal, "the reader cannot be watched");
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return false;
    }
    (void)close(descriptor_take(&speak_end)); /* else the pipe would never end */
    (void)close(descriptor_take(&spare_speak));
    struct child child = {
        pid, process, listen_end, clock_monotonic_ms(&clock) + INTAKE_READER_TIMEOUT_MS};
    return converse(&child, answer, refusal);
}
