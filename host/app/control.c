/* SPDX-License-Identifier: Apache-2.0 */
/* Clients on an epoll of their own, which is one descriptor of the host's. */
#include "control.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/memory.h"
#include "base/random.h"
#include "command.h"
#include "decision.h"
#include "message.h"
#include "order.h"

#define LISTENER_MARK UINT32_MAX
#define READ_BYTES    4096

static const char stopping_text[] =
    "the host that has the store is stopping; try again when it has ended";

struct client {
    int descriptor;      /* -1: nobody is there (any more) */
    int64_t deadline_ms; /* dropped then; INT64_MAX: an order or a decision is under way */
    uint32_t watched;
    struct bytes in, out;
    bool closing; /* `done` is written: only the rest of `out` is to go */
    struct order *order;
    struct decision *decision;
};

struct control {
    struct host *host;
    struct metrics *metrics;
    char *store_path;
    struct sockaddr_un address;
    struct hash_key key; /* of the gate */
    int listener, epoll;
    bool bound;       /* the file is ours */
    bool ready;       /* the epoll has events */
    bool paused;      /* the listener is not watched */
    int64_t until_ms; /* … until then */
    struct orders orders;
    struct client clients[CONTROL_CLIENTS_MAX];
};

/* ------------------------------------------------------------------ one client ---------------- */

static bool client_is_free(const struct client *client)
{
    return client->descriptor < 0 && !client->decision;
}

/* A decision is not waited for here: its place stays taken until client_tick finds it done. */
static void client_drop(struct control *control, struct client *client)
{
    order_free(&control->orders, TAKE(client->order));
    if (client->decision)
        decision_leave(client->decision);
    (void)close(client->descriptor); /* leaves the epoll by itself */
    bytes_free(&client->in);
    bytes_free(&client->out);
    client->descriptor = -1;
}

static void client_watch(struct control *control, struct client *client, uint32_t events)
{
    struct epoll_event event = {
        .events = events, .data.u32 = (uint32_t)(client - control->clients)};
    if (events == client->watched)
        return;
    client->watched = events;
    if (epoll_ctl(control->epoll, EPOLL_CTL_MOD, client->descriptor, &event) != 0)
        client_drop(control, client); /* what is not watched would stay for ever */
}

/* Sends what the socket takes. The client may be gone afterwards. */
static void client_flush(struct control *control, struct client *client, int64_t now_ms)
{
    ssize_t sent = 0;
    size_t gone = 0;
    while (gone < client->out.length &&
           (sent = send(client->descriptor, client->out.data + gone, client->out.length - gone,
                MSG_NOSIGNAL | MSG_DONTWAIT)) > 0)
        gone += (size_t)sent;
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        client_drop(control, client);
        return;
    }
    size_t left = client->out.length - gone;
    if (gone > 0 && left > 0)
        (void)memmove(client->out.data, client->out.data + gone, left);
    client->out.length = left;
    if (left == 0 && client->closing) {
        client_drop(control, client);
        return;
    }
    bool busy = client->order || client->decision;
    if (left == 0 && busy)
        client->deadline_ms = INT64_MAX;
    else if (left > 0 && (gone > 0 || client->deadline_ms == INT64_MAX))
        client->deadline_ms = now_ms + CONTROL_STUCK_MS;
    client_watch(control, client, left ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void client_finish(
    struct control *control, struct client *client, const struct answer *done, int64_t now_ms)
{
    struct fault fault;
    if (!message_write_answer(done, &client->out, &fault)) {
        client_drop(control, client);
        return;
    }
    order_free(&control->orders, TAKE(client->order));
    decision_free(TAKE(client->decision)); /* done: its thread has ended, or is about to */
    client->closing = true;
    client->deadline_ms = now_ms + CONTROL_STUCK_MS;
    client_flush(control, client, now_ms);
}

static void client_refuse(
    struct control *control, struct client *client, const struct fault *fault, int64_t now_ms)
{
    const struct answer done = {
        .kind = ANSWER_DONE, .status = command_exit(fault->code), .text = fault->text};
    client_finish(control, client, &done, now_ms);
}

static bool client_begin(struct control *control, struct client *client, struct span line,
    const struct generation *generation, struct fault *fault)
{
    AUTO_ARENA *arena = arena_create(0);
    struct control_request request;
    if (!arena)
        return fault_memory(fault);
    if (!message_read_request(line, &control->key, arena, &request, fault))
        return false;
    if (control->orders.stopping)
        return fault_set(fault, FAULT_STORE_BUSY, "%s", stopping_text);
    if (request.verb == REQUEST_SYNC)
        return order_create(
            &control->orders, &request, generation, &client->out, &client->order, fault);
    return decision_start(control->host, control->metrics, control->store_path, &request,
        generation, &client->decision, fault);
}

static void client_line(struct control *control, struct client *client,
    const struct generation *generation, int64_t now_ms)
{
    struct fault fault = {.code = FAULT_NONE};
    const char *end = client->in.length ? memchr(client->in.data, '\n', client->in.length) : NULL;
    size_t length = end ? (size_t)(end - client->in.data) : client->in.length;
    if (!end && length < MESSAGE_LINE_MAX)
        return; /* more is to come */
    if (length >= MESSAGE_LINE_MAX)
        (void)fault_set(
            &fault, FAULT_USAGE, "the host takes no line of more than %u bytes", MESSAGE_LINE_MAX);
    else if (length + 1 != client->in.length)
        (void)fault_set(&fault, FAULT_USAGE, "the host takes one line a connection, not more");
    else if (client_begin(
                 control, client, (struct span){client->in.data, length}, generation, &fault))
        client->deadline_ms = INT64_MAX;
    bytes_free(&client->in);
    if (fault.code != FAULT_NONE)
        client_refuse(control, client, &fault, now_ms);
}

/* Reads at most one request; bytes after it, other than of a client that is being sent away, are
 * against the protocol. */
static void client_read(struct control *control, struct client *client,
    const struct generation *generation, int64_t now_ms)
{
    char buffer[READ_BYTES];
    struct fault fault;
    bool busy = client->order || client->decision;
    for (size_t all = 0; all < MESSAGE_LINE_MAX;) {
        ssize_t length = recv(client->descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (length <= 0 || busy ||
            (!client->closing &&
                !bytes_append(&client->in, (struct span){buffer, (size_t)length}, &fault))) {
            client_drop(control, client);
            return;
        }
        all += (size_t)length;
    }
    if (!busy && !client->closing)
        client_line(control, client, generation, now_ms);
}

/* ------------------------------------------------------------------ arrivals ------------------ */

static bool is_allowed(int descriptor)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

/* One line to somebody who is not taken as a client; a new socket has room for it. */
static void send_away(int descriptor, enum status status, const char *text)
{
    const struct answer done = {.kind = ANSWER_DONE, .status = status, .text = text};
    AUTO_BYTES line = {0};
    struct fault fault;
    if (message_write_answer(&done, &line, &fault))
        (void)send(descriptor, line.data, line.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(descriptor); /* whether it heard or not */
}

static void admit(struct control *control, int descriptor, int64_t now_ms)
{
    uint32_t place = 0;
    if (!is_allowed(descriptor)) {
        send_away(descriptor, STATUS_STORE, "the host obeys its own user and root only");
        return;
    }
    while (place < CONTROL_CLIENTS_MAX && !client_is_free(&control->clients[place]))
        place++;
    if (place == CONTROL_CLIENTS_MAX) {
        send_away(descriptor, STATUS_STORE,
            "the host is busy with as many commands as it takes at once; try again");
        return;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = place};
    if (epoll_ctl(control->epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
        (void)close(descriptor); /* nothing was promised */
        return;
    }
    control->clients[place] = (struct client){.descriptor = descriptor,
        .deadline_ms = now_ms + CONTROL_REQUEST_MS,
        .watched = EPOLLIN,
        .in.limit = (size_t)2 * MESSAGE_LINE_MAX, /* a line, and what was read with its end */
        .out.limit = CONTROL_QUEUE_MAX};
}

static void watch_listener(struct control *control, bool watched)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = LISTENER_MARK};
    int operation = watched ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
    if (epoll_ctl(control->epoll, operation, control->listener, &event) == 0)
        control->paused = !watched;
}

static void accept_some(struct control *control, int64_t now_ms)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        int descriptor = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor >= 0) {
            admit(control, descriptor, now_ms);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            watch_listener(control, false); /* it would wake the loop again and again */
            control->until_ms = now_ms + CONTROL_PAUSE_MS;
            return;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

/* ------------------------------------------------------------------ hooks --------------------- */

static void on_ready(void *context)
{
    ((struct control *)context)->ready = true;
}

static void take_events(
    struct control *control, const struct generation *generation, int64_t now_ms)
{
    struct epoll_event events[CONTROL_CLIENTS_MAX + 1];
    int count = epoll_wait(control->epoll, events, CONTROL_CLIENTS_MAX + 1, 0);
    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 == LISTENER_MARK) {
            accept_some(control, now_ms);
            continue;
        }
        struct client *client = &control->clients[events[i].data.u32];
        if (client->descriptor >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            client_read(control, client, generation, now_ms);
    }
}

/* Lines of a replay go out as fast as they are read there. */
static void client_fetch(struct control *control, struct client *client, int64_t now_ms)
{
    do {
        decision_fetch(client->decision, &client->out);
        if (client->out.length > 0)
            client_flush(control, client, now_ms);
    } while (
        client->descriptor >= 0 && client->out.length == 0 && decision_has_lines(client->decision));
}

/* What has become of its order or decision since. */
static void client_tick(struct control *control, struct client *client, int64_t now_ms)
{
    struct answer done = {.kind = ANSWER_DONE, .status = STATUS_DONE, .text = ""};
    enum status status = STATUS_DONE;
    struct fault fault;
    if (client->descriptor < 0) {
        if (decision_is_done(client->decision, &status, &fault))
            decision_free(TAKE(client->decision));
        return;
    }
    if (client->order && order_has_overflown(client->order)) {
        client_drop(control, client);
        return;
    }
    if (client->decision)
        client_fetch(control, client, now_ms);
    if (client->descriptor < 0)
        return;
    if (client->decision && decision_is_done(client->decision, &status, &fault)) {
        done.status = fault.code == FAULT_NONE ? status : command_exit(fault.code);
        done.text = fault.code == FAULT_NONE ? "" : fault.text;
        client_finish(control, client, &done, now_ms);
    } else if (client->order && order_is_done(client->order, &done)) {
        client_finish(control, client, &done, now_ms);
    } else {
        if (client->order)
            host_wake(control->host, order_progress(client->order, now_ms));
        if (client->out.length > 0)
            client_flush(control, client, now_ms);
    }
    if (client->descriptor < 0)
        return;
    if (client->deadline_ms <= now_ms)
        client_drop(control, client);
    else
        host_wake(control->host, client->deadline_ms);
}

void control_tick(struct control *control, struct schedule *schedule,
    const struct generation *generation, int64_t now_ms)
{
    if (!control)
        return;
    if (control->paused && control->until_ms <= now_ms)
        watch_listener(control, true);
    if (control->paused)
        host_wake(control->host, control->until_ms);
    if (control->ready) {
        control->ready = false; /* level-triggered: what is left rings again */
        take_events(control, generation, now_ms);
    }
    orders_start(&control->orders, schedule, generation, control->host);
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (!client_is_free(&control->clients[i]))
            client_tick(control, &control->clients[i], now_ms);
}

void control_note(struct control *control, const struct note *note)
{
    if (control)
        orders_note(&control->orders, note);
}

void control_round_done(struct control *control, const struct effect *effect)
{
    if (control)
        orders_round_done(&control->orders, effect);
}

void control_stop(struct control *control)
{
    if (control)
        orders_stop(&control->orders);
}

/* ------------------------------------------------------------------ life ---------------------- */

/* A dead host's socket goes; anything else of that name is not ours to remove. */
static bool clear_place(const char *path, struct fault *fault)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT || fault_system(fault, "cannot look at %s", path);
    if (!S_ISSOCK(status.st_mode))
        return fault_set(fault, FAULT_CONFIGURATION,
            "%s is in the way: the host listens there for commands; move it elsewhere", path);
    return unlink(path) == 0 || fault_system(fault, "cannot remove the old socket %s", path);
}

static bool listen_there(struct control *control, struct fault *fault)
{
    const char *path = control->address.sun_path;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = LISTENER_MARK};
    if (!clear_place(path, fault))
        return false;
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    control->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (control->listener < 0 || control->epoll < 0)
        return fault_system(fault, "cannot make the control socket");
    /* Before bind: the file takes the socket's mode, so that it is never open to others, not even
     * for a moment. */
    if (fchmod(control->listener, 0600) != 0 ||
        bind(control->listener, (const struct sockaddr *)&control->address,
            sizeof control->address) != 0)
        return fault_system(fault, "cannot make the control socket %s", path);
    control->bound = true;
    if (listen(control->listener, (int)CONTROL_CLIENTS_MAX) != 0 ||
        epoll_ctl(control->epoll, EPOLL_CTL_ADD, control->listener, &event) != 0)
        return fault_system(fault, "cannot listen on the control socket %s", path);
    return host_watch(control->host, control->epoll, on_ready, control, fault);
}

bool control_open(struct host *host, struct metrics *metrics, const char *store_path,
    struct control **ret_control, struct fault *fault)
{
    struct control *control = memory_allocate(sizeof *control);
    struct random random = random_from_system();
    if (!control)
        return fault_memory(fault);
    control->host = host;
    control->metrics = metrics;
    control->listener = control->epoll = -1;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        control->clients[i].descriptor = -1;
    for (size_t i = 0; i < sizeof control->key.bytes; i++)
        control->key.bytes[i] = (uint8_t)random_below(&random, 256);
    control->store_path = memory_copy_text(store_path);
    if (!(control->store_path || fault_memory(fault)) ||
        !message_address(store_path, &control->address, fault) || !listen_there(control, fault)) {
        control_free(control);
        return false;
    }
    *ret_control = control;
    return true;
}

/* The last word: a decision is waited for, since its outcome must be told, a replay until the end
 * of its batch; an order ends as it stands. */
static void client_leave(struct control *control, struct client *client)
{
    int64_t now_ms = host_now_ms(control->host);
    if (client->decision) {
        decision_leave(client->decision);
        decision_wait(client->decision);
    }
    if (client->decision || client->order)
        client_tick(control, client, now_ms);
    if (client->descriptor >= 0 && client->order)
        client_finish(control, client,
            &(struct answer){.kind = ANSWER_DONE,
                .status = STATUS_PARTIAL,
                .text = "the host has ended before the rounds have; the next sync goes on from "
                        "what is committed"},
            now_ms);
    if (client->descriptor >= 0 && !client->closing)
        client_finish(control, client,
            &(struct answer){.kind = ANSWER_DONE, .status = STATUS_STORE, .text = stopping_text},
            now_ms);
    if (client->descriptor >= 0)
        client_drop(control, client); /* it does not read */
    decision_free(TAKE(client->decision));
}

void control_free(struct control *control)
{
    if (!control)
        return;
    orders_stop(&control->orders);
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (!client_is_free(&control->clients[i]))
            client_leave(control, &control->clients[i]);
    if (control->bound)
        (void)unlink(control->address.sun_path); /* where that fails, the next host removes it */
    if (control->listener >= 0)
        (void)close(control->listener);
    if (control->epoll >= 0)
        (void)close(control->epoll);
    memory_free(control->store_path);
    memory_free(control);
}
