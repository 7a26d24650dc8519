/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of answers until `done`; the host may be newer, older or dying, so that every end has its
 * sentence. */
#include "remote.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/memory.h"
#include "progress.h"
#include "replay.h"

#define READ_BYTES     16384
#define KEPT_BYTES_MAX (256u << 20) /* names in the runs that are kept for the table */

struct remote {
    const struct control_request *request;
    int descriptor, signals;
    struct clock clock;
    struct hash_key key; /* of the gate: the host is ours, so a constant does */
    struct progress progress;
    struct runs runs;
    struct replay_view view;
    struct arena *line_arena, *kept; /* of one line; of the runs' texts */
    struct bytes in;
    bool done, taken; /* taken: it is about connections, not refused as a whole */
    enum status status;
};

bool remote_connect(const char *store_path, int *ret_descriptor)
{
    struct sockaddr_un address;
    struct fault fault;
    if (!message_address(store_path, &address, &fault))
        return false;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return false;
    if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(descriptor); /* nothing was sent */
        return false;
    }
    *ret_descriptor = descriptor;
    return true;
}

static bool send_request(struct remote *remote, struct fault *fault)
{
    AUTO_BYTES line = {0};
    if (!message_write_request(remote->request, &line, fault))
        return false;
    for (size_t at = 0; at < line.length;) {
        ssize_t sent = send(remote->descriptor, line.data + at, line.length - at, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR && errno != EPIPE)
            return fault_system(fault, "cannot send the order to the running host");
        if (sent < 0 && errno == EPIPE)
            return true; /* it closed, after a line that says why */
        at += sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

/* SIGINT and SIGTERM as something to wait for, beside the socket. */
static bool open_signals(struct remote *remote, struct fault *fault)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return fault_system(fault, "cannot block signals");
    remote->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return remote->signals >= 0 || fault_system(fault, "cannot make a signal descriptor");
}

/* ------------------------------------------------------------------ answers ------------------- */

static void tell(struct remote *remote, const char *connection, const char *text)
{
    progress_clear(&remote->progress);
    (void)fprintf(
        stderr, "muster: %s%s%s\n", connection ? connection : "", connection ? ": " : "", text);
}

static bool keep_run(struct remote *remote, const struct run_summary *run, struct fault *fault)
{
    struct run_summary kept = *run;
    const char **texts[] = {&kept.connection, &kept.stream, &kept.kind};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (*texts[i] && !(*texts[i] = arena_copy_text(remote->kept, *texts[i])))
            return fault_memory(fault);
    return runs_add(&remote->runs, &kept, fault);
}

static bool take_line(struct remote *remote, struct span line, struct fault *fault)
{
    struct answer answer;
    arena_reset(remote->line_arena);
    if (!message_read_answer(line, &remote->key, remote->line_arena, &answer, fault))
        return fault_prefix(fault, "the running host answers what cannot be understood; is it of "
                                   "another version?");
    switch (answer.kind) {
    case ANSWER_RUN:
        return keep_run(remote, &answer.run, fault);
    case ANSWER_TROUBLE:
        tell(remote, answer.connection, answer.text);
        remote->taken = true;
        break;
    case ANSWER_PROGRESS:
        remote->progress.pages = answer.pages;
        remote->progress.records = answer.records;
        break;
    case ANSWER_LETTER:
        replay_view_letter(&remote->view, answer.object);
        break;
    case ANSWER_REPLAYED:
        replay_view_sums(&remote->view, answer.object);
        break;
    case ANSWER_DONE:
        if (answer.text[0])
            tell(remote, NULL, answer.text);
        remote->done = true;
        remote->status =
            answer.status <= STATUS_INTERNAL ? (enum status)answer.status : STATUS_INTERNAL;
        break;
    }
    return true;
}

static bool take_bytes(struct remote *remote, struct span bytes, struct fault *fault)
{
    if (!bytes_append(&remote->in, bytes, fault))
        return false;
    size_t at = 0;
    const char *end;
    while (!remote->done && at < remote->in.length &&
           (end = memchr(remote->in.data + at, '\n', remote->in.length - at))) {
        size_t length = (size_t)(end - remote->in.data) - at;
        if (!take_line(remote, (struct span){remote->in.data + at, length}, fault))
            return false;
        at += length + 1;
    }
    if (at > 0)
        (void)memmove(remote->in.data, remote->in.data + at, remote->in.length - at);
    remote->in.length -= at;
    return true;
}

/* ------------------------------------------------------------------ waiting ------------------- */

static void leave(struct remote *remote)
{
    tell(remote, NULL,
        remote->request->verb == REQUEST_SYNC
            ? "left; the host goes on with the rounds that have begun (muster runs shows them)"
            : "left before the host answered; look whether it was done");
    remote->status = STATUS_PARTIAL;
    remote->done = true;
}

static bool receive(struct remote *remote, struct fault *fault)
{
    char buffer[READ_BYTES];
    ssize_t length = recv(remote->descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (length <= 0)
        return fault_set(fault, FAULT_SYSTEM,
            "the running host is gone before it said how this ended; what it committed stays, and "
            "the next sync goes on from there");
    return take_bytes(remote, (struct span){buffer, (size_t)length}, fault);
}

static bool wait_for_done(struct remote *remote, struct fault *fault)
{
    struct pollfd polled[] = {
        {.fd = remote->descriptor, .events = POLLIN}, {.fd = remote->signals, .events = POLLIN}};
    while (!remote->done) {
        if (poll(polled, 2, -1) < 0 && errno != EINTR)
            return fault_system(fault, "cannot wait for the running host");
        if (polled[1].revents)
            leave(remote);
        else if (polled[0].revents && !receive(remote, fault))
            return false;
        if (remote->request->verb == REQUEST_SYNC && !remote->done)
            progress_draw(&remote->progress, clock_monotonic_ms(&remote->clock));
    }
    return true;
}

static void show_runs(struct remote *remote, bool json)
{
    bool refused = remote->status > STATUS_PARTIAL && remote->runs.count == 0 && !remote->taken;
    if (remote->request->verb == REQUEST_SYNC && !refused && !runs_print(&remote->runs, json) &&
        remote->status <= STATUS_PARTIAL)
        remote->status = STATUS_INTERNAL;
}

enum status remote_order(int descriptor, const struct control_request *request, bool json)
{
    struct remote remote = {.request = request,
        .descriptor = descriptor,
        .signals = -1,
        .clock = clock_system(),
        .line_arena = arena_create(0),
        .kept = arena_create(KEPT_BYTES_MAX),
        .view = {.json = json && request->verb == REQUEST_REPLAY, .dry = request->dry},
        .in.limit = (size_t)2 * MESSAGE_LINE_MAX};
    struct fault fault;
    progress_begin(&remote.progress, clock_monotonic_ms(&remote.clock));
    bool good = (remote.line_arena && remote.kept) || fault_memory(&fault);
    good = good && open_signals(&remote, &fault) && send_request(&remote, &fault) &&
           wait_for_done(&remote, &fault);
    progress_clear(&remote.progress);
    if (!good)
        remote.status = command_fail(&fault);
    show_runs(&remote, json);
    replay_view_end(&remote.view);
    (void)close(descriptor); /* the host has said its last word, or is to hear that we left */
    if (remote.signals >= 0)
        (void)close(remote.signals);
    runs_free(&remote.runs);
    bytes_free(&remote.in);
    arena_free(remote.line_arena);
    arena_free(remote.kept);
    return remote.status;
}
