/* SPDX-License-Identifier: Apache-2.0 */
/* A loopback server for tests: raw sockets, a thread for each connection, and one function that
 * says what goes out. */
#ifndef MUSTER_TESTS_TRANSPORT_SERVER_H
#define MUSTER_TESTS_TRANSPORT_SERVER_H

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER_CONNECTIONS_MAX 128
#define SERVER_REQUEST_MAX     65536

struct server;

/* One request on one connection. False closes the connection. */
typedef bool server_answer(struct server *server, int connection, const char *request);

struct server_connection {
    struct server *server;
    int socket;
    pthread_t thread;
};

struct server {
    int listener;
    unsigned port;
    server_answer *answer;
    pthread_t thread;
    struct server_connection connections[SERVER_CONNECTIONS_MAX];
    atomic_int accepted, requests;
    pthread_mutex_t mutex;         /* of what follows, while there are several connections */
    char last[SERVER_REQUEST_MAX]; /* read it after the answer came */
};

static inline bool server_write(int connection, const void *data, size_t length)
{
    const char *at = data;
    while (length > 0) {
        ssize_t written = send(connection, at, length, MSG_NOSIGNAL);
        if (written <= 0)
            return false;
        at += written;
        length -= (size_t)written;
    }
    return true;
}

static inline bool server_text(int connection, const char *text)
{
    return server_write(connection, text, strlen(text));
}

/* Reads one request with its body. */
static inline bool server_read(int connection, char *request)
{
    size_t length = 0, need = 0;
    for (;;) {
        ssize_t got = recv(connection, request + length, SERVER_REQUEST_MAX - 1 - length, 0);
        if (got <= 0)
            return false;
        length += (size_t)got;
        request[length] = '\0';
        const char *end = strstr(request, "\r\n\r\n");
        if (!end)
            continue;
        const char *stated = strcasestr(request, "\r\nContent-Length:");
        need = (size_t)(end - request) + 4;
        if (stated && stated < end)
            need += (size_t)strtoul(stated + 17, NULL, 10);
        if (length >= need)
            return true;
    }
}

static inline void *server_serve(void *context)
{
    struct server_connection *connection = context;
    struct server *server = connection->server;
    char *request = malloc(SERVER_REQUEST_MAX);
    while (request && server_read(connection->socket, request)) {
        (void)pthread_mutex_lock(&server->mutex);
        (void)memcpy(server->last, request, strlen(request) + 1);
        (void)pthread_mutex_unlock(&server->mutex);
        atomic_fetch_add(&server->requests, 1);
        if (!server->answer(server, connection->socket, request))
            break;
    }
    free(request);
    (void)shutdown(connection->socket, SHUT_RDWR);
    return NULL;
}

static inline void *server_accept(void *context)
{
    struct server *server = context;
    for (;;) {
        int socket = accept(server->listener, NULL, NULL);
        int index = atomic_load(&server->accepted);
        if (socket < 0 || index == SERVER_CONNECTIONS_MAX)
            return NULL;
        struct server_connection *connection = &server->connections[index];
        *connection = (struct server_connection){server, socket, 0};
        atomic_fetch_add(&server->accepted, 1); /* before anything can be answered */
        (void)pthread_create(&connection->thread, NULL, server_serve, connection);
    }
}

static inline struct server *server_start(server_answer *answer)
{
    struct server *server = calloc(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    ck_assert_ptr_nonnull(server);
    (void)pthread_mutex_init(&server->mutex, NULL); /* cannot fail with default attributes */
    server->answer = answer;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(server->listener, 64), 0);
    ck_assert_int_eq(getsockname(server->listener, (struct sockaddr *)&address, &length), 0);
    server->port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&server->thread, NULL, server_accept, server), 0);
    return server;
}

static inline void server_stop(struct server *server)
{
    (void)shutdown(server->listener, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    for (int i = 0; i < atomic_load(&server->accepted); i++) {
        (void)shutdown(server->connections[i].socket, SHUT_RDWR);
        (void)pthread_join(server->connections[i].thread, NULL);
        (void)close(server->connections[i].socket);
    }
    (void)close(server->listener);
    free(server);
}

#endif
