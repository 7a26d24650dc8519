/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: accepts, turns edges and timers into turns of connections, stops on a signal. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/heap.h"
#include "base/memory.h"
#include "connection.h"

#define EVENTS_A_TURN 256
#define TIMERS_A_TURN 256
#define ANSWERS_KEPT  16u
#define ANSWER_MAX    (512u << 20) /* bytes of one rendered body */
#define BACKLOG       4096
#define DESCRIPTORS   (SERVER_CONNECTIONS_MAX + 64)

/* Values of epoll's data that are no connection slot. */
enum special { SPECIAL_LISTEN = SERVER_CONNECTIONS_MAX, SPECIAL_SIGNAL, SPECIAL_STDIN };

struct server {
    struct connection_host host; /* first: a host pointer is a server pointer */
    struct server_handler handler;
    struct server_counts counts;
    struct clock clock;
    int epoll, listening, signals;
    uint16_t port;
    bool accepting, stop;
    struct connection **connections; /* by slot */
    uint32_t *free_slots;
    uint32_t free_count;
    struct heap timers;
    struct answer *spare[ANSWERS_KEPT];
    size_t spare_count;
};

static struct answer *borrow_answer(struct connection_host *host)
{
    struct server *server = (struct server *)host;
    struct answer *answer = NULL;
    if (server->spare_count > 0) {
        answer = server->spare[--server->spare_count];
    } else {
        answer = memory_allocate(sizeof *answer);
        if (!answer)
            return NULL;
        answer->items = memory_allocate_array(MESSAGE_ITEMS_MAX, sizeof *answer->items);
        if (!answer->items) {
            answer_free(answer);
            return NULL;
        }
        answer->body.limit = answer->headers.limit = answer->interim.limit = ANSWER_MAX;
    }
    answer_reset(answer);
    return answer;
}

static void return_answer(struct connection_host *host, struct answer *answer)
{
    struct server *server = (struct server *)host;
    if (server->spare_count < ANSWERS_KEPT)
        server->spare[server->spare_count++] = answer;
    else
        answer_free(answer);
}

static bool set_timer(struct connection_host *host, uint32_t slot, uint32_t after_ms)
{
    struct server *server = (struct server *)host;
    struct fault fault;
    return heap_set(&server->timers, clock_monotonic_ms(&server->clock) + after_ms, slot, &fault);
}

static int64_t wall_s(struct connection_host *host)
{
    return clock_wall_ms(&((struct server *)host)->clock) / 1000;
}

static bool watch(
    struct server *server, int fd, uint32_t events, uint32_t data, struct fault *fault)
{
    struct epoll_event event = {.events = events, .data.u32 = data};
    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        return fault_system(fault, "descriptor %d cannot be watched", fd);
    return true;
}

/* Without room for another connection the rest waits in the kernel's queue. */
static void set_accepting(struct server *server, bool accepting)
{
    if (server->accepting == accepting)
        return;
    struct epoll_event event = {.events = accepting ? EPOLLIN : 0, .data.u32 = SPECIAL_LISTEN};
    if (epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->listening, &event) == 0)
        server->accepting = accepting;
}

static void close_connection(struct server *server, struct connection *connection, bool reset)
{
    if (reset) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(
            connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* it closes either way */
    }
    heap_remove(&server->timers, connection->slot);
    connection_release(connection, &server->host);
    (void)close(connection->fd); /* nothing was buffered here that could be lost */
    server->connections[connection->slot] = NULL;
    server->free_slots[server->free_count++] = connection->slot;
    server->counts.open--;
    memory_free(connection);
    set_accepting(server, true);
}

static void run_connection(struct server *server, struct connection *connection)
{
    enum connection_state state = connection_run(connection, &server->host);
    if (state != CONNECTION_OPEN)
        close_connection(server, connection, state == CONNECTION_RESET);
}

static bool open_connection(struct server *server, int fd, struct fault *fault)
{
    int yes = 1;
    AUTO_FREE struct connection *connection = memory_allocate(sizeof *connection);
    if (!connection)
        return fault_memory(fault);
    uint32_t slot = server->free_slots[server->free_count - 1];
    connection->fd = fd;
    connection->slot = slot;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) < 0)
        return fault_system(fault, "TCP_NODELAY");
    if (!watch(server, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, slot, fault))
        return false;
    server->free_count--;
    server->counts.connections++;
    server->counts.open++;
    server->connections[slot] = TAKE(connection);
    return true;
}

static void accept_all(struct server *server)
{
    for (;;) {
        struct fault fault;
        if (server->free_count == 0) {
            set_accepting(server, false);
            return;
        }
        int fd = accept4(server->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                set_accepting(server, false);
            return;
        }
        if (!open_connection(server, fd, &fault))
            (void)close(fd); /* the client sees a closed connection and may try again */
    }
}

static void handle_event(struct server *server, const struct epoll_event *event)
{
    uint32_t slot = event->data.u32;
    if (slot == SPECIAL_LISTEN) {
        accept_all(server);
        return;
    }
    if (slot == SPECIAL_SIGNAL) {
        server->stop = true;
        return;
    }
    if (slot == SPECIAL_STDIN) {
        char ignored[256];
        server->stop = read(STDIN_FILENO, ignored, sizeof ignored) <= 0;
        return;
    }
    struct connection *connection = server->connections[slot];
    if (!connection)
        return;
    connection->readable |= (event->events & EPOLLIN) != 0;
    connection->writable |= (event->events & EPOLLOUT) != 0;
    connection->hung_up |= (event->events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0;
    run_connection(server, connection);
}

/* Those that are due now, and not those which they set anew: so one connection never holds the
 * loop. */
static void fire_timers(struct server *server)
{
    uint64_t due[TIMERS_A_TURN];
    size_t count = 0;
    int64_t now_ms = clock_monotonic_ms(&server->clock);
    const struct heap_entry *first = heap_first(&server->timers);
    for (; first && first->deadline_ms <= now_ms && count < TIMERS_A_TURN;
         first = heap_first(&server->timers)) {
        due[count++] = first->token;
        heap_remove(&server->timers, first->token);
    }
    for (size_t i = 0; i < count; i++) {
        struct connection *connection = server->connections[due[i]];
        if (!connection || !connection->waiting)
            continue;
        connection->waiting = false;
        run_connection(server, connection);
    }
}

bool server_run(struct server *server, struct fault *fault)
{
    while (!server->stop) {
        struct epoll_event events[EVENTS_A_TURN];
        const struct heap_entry *first = heap_first(&server->timers);
        int64_t wait_ms = first ? first->deadline_ms - clock_monotonic_ms(&server->clock) : -1;
        if (first && wait_ms < 0)
            wait_ms = 0;
        int count = epoll_wait(
            server->epoll, events, EVENTS_A_TURN, wait_ms > 60000 ? 60000 : (int)wait_ms);
        if (count < 0 && errno != EINTR)
            return fault_system(fault, "waiting for events");
        for (int i = 0; i < count; i++)
            handle_event(server, &events[i]);
        fire_timers(server);
    }
    return true;
}

static bool raise_descriptors(struct fault *fault)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return fault_system(fault, "the limit of descriptors cannot be read");
    rlim_t wanted = DESCRIPTORS < limit.rlim_max ? DESCRIPTORS : limit.rlim_max;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
            return fault_system(fault, "the limit of descriptors cannot be raised");
    }
    return true;
}

static bool start_listening(struct server *server, uint16_t port, struct fault *fault)
{
    int yes = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    server->listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listening < 0 ||
        setsockopt(server->listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
        bind(server->listening, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(server->listening, BACKLOG) < 0 ||
        getsockname(server->listening, (struct sockaddr *)&address, &length) < 0)
        return fault_system(fault, "cannot listen on 127.0.0.1:%u", port);
    server->port = ntohs(address.sin_port);
    server->accepting = true;
    return watch(server, server->listening, EPOLLIN, SPECIAL_LISTEN, fault);
}

static bool watch_signals(struct server *server, bool until_stdin_closes, struct fault *fault)
{
    sigset_t set;
    (void)sigemptyset(&set); /* these three cannot fail with valid signals */
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return fault_system(fault, "signals cannot be blocked");
    server->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (server->signals < 0)
        return fault_system(fault, "no descriptor for signals");
    if (!watch(server, server->signals, EPOLLIN, SPECIAL_SIGNAL, fault))
        return false;
    return !until_stdin_closes || watch(server, STDIN_FILENO, EPOLLIN, SPECIAL_STDIN, fault);
}

bool server_create(const struct server_options *options, const struct server_handler *handler,
    struct server **ret_server, struct fault *fault)
{
    struct server *server = memory_allocate(sizeof *server);
    if (!server)
        return fault_memory(fault);
    server->handler = *handler;
    server->clock = clock_system();
    server->listening = server->signals = -1;
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->connections =
        memory_allocate_array(SERVER_CONNECTIONS_MAX, sizeof(struct connection *));
    server->free_slots = memory_allocate_array(SERVER_CONNECTIONS_MAX, sizeof *server->free_slots);
    server->host = (struct connection_host){.handler = &server->handler,
        .counts = &server->counts,
        .scratch = memory_allocate(CONNECTION_SCRATCH),
        .borrow_answer = borrow_answer,
        .return_answer = return_answer,
        .set_timer = set_timer,
        .wall_s = wall_s};
    bool ok = server->connections && server->free_slots && server->host.scratch;
    if (!ok)
        (void)fault_memory(fault);
    else if (server->epoll < 0)
        ok = fault_system(fault, "no epoll descriptor");
    for (uint32_t i = 0; ok && i < SERVER_CONNECTIONS_MAX; i++)
        server->free_slots[server->free_count++] = SERVER_CONNECTIONS_MAX - 1 - i;
    ok = ok && raise_descriptors(fault) && start_listening(server, options->port, fault) &&
         watch_signals(server, options->until_stdin_closes, fault);
    if (!ok) {
        server_free(server);
        return false;
    }
    *ret_server = server;
    return true;
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

struct server_counts *server_counts(struct server *server)
{
    return &server->counts;
}

void server_free(struct server *server)
{
    if (!server)
        return;
    for (uint32_t i = 0; server->connections && i < SERVER_CONNECTIONS_MAX; i++)
        if (server->connections[i])
            close_connection(server, server->connections[i], false);
    for (size_t i = 0; i < server->spare_count; i++)
        answer_free(server->spare[i]);
    const int descriptors[] = {server->listening, server->signals, server->epoll};
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++)
        if (descriptors[i] >= 0)
            (void)close(descriptors[i]); /* the process ends */
    heap_free(&server->timers);
    memory_free(server->connections);
    memory_free(server->free_slots);
    memory_free(server->host.scratch);
    memory_free(server);
}
