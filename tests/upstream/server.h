/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of the sample application: one thread, one epoll, keep-alive and pipelining. Knows
 * nothing of what is asked; sends each answer as its `wire` says, rightly or wrongly. */
#ifndef UPSTREAM_SERVER_H
#define UPSTREAM_SERVER_H

#include "message.h"

#define SERVER_CONNECTIONS_MAX 60000u

struct server_counts {
    uint64_t connections; /* accepted so far */
    uint64_t open;
    uint64_t in_flight, in_flight_max; /* requests read and not answered in full */
    uint64_t bytes_sent;
};

struct server_handler {
    /* Fills `answer`, which was reset. A failure closes the connection. */
    bool (*answer)(
        void *context, const struct request *request, struct answer *answer, struct fault *fault);
    void *context;
};

struct server_options {
    uint16_t port; /* 0: any free one */
    bool until_stdin_closes;
};

struct server;

/* Listens on 127.0.0.1. */
bool server_create(const struct server_options *options, const struct server_handler *handler,
    struct server **ret_server, struct fault *fault) MUST_CHECK;
uint16_t server_port(const struct server *server);
struct server_counts *server_counts(struct server *server);
/* Serves until SIGTERM or SIGINT, or until standard input ends where the options say so. */
bool server_run(struct server *server, struct fault *fault) MUST_CHECK;
void server_free(struct server *server);

#endif
