/* SPDX-License-Identifier: Apache-2.0 */
/* One client's connection: reads requests, hands them on, sends what it is given. Server.c owns it
 * and its descriptor. */
#ifndef UPSTREAM_CONNECTION_H
#define UPSTREAM_CONNECTION_H

#include "server.h"

struct connection {
    int fd;
    uint32_t slot;
    bool readable, writable, hung_up; /* edges seen and not yet used up */
    bool waiting;                     /* a timer is set; nothing is sent until it fires */
    bool keep_alive;
    bool stalled; /* the stall of this answer is over */
    struct bytes input;
    struct answer *answer; /* being sent; NULL: waiting for a request */
    struct bytes head;
    size_t head_sent;
    uint64_t body_sent, body_total;
};

/* What the server lends to a connection while it runs. */
struct connection_host {
    const struct server_handler *handler;
    struct server_counts *counts;
    char *scratch; /* CONNECTION_SCRATCH bytes to receive into */
    struct answer *(*borrow_answer)(struct connection_host *host);
    void (*return_answer)(struct connection_host *host, struct answer *answer);
    bool (*set_timer)(struct connection_host *host, uint32_t slot, uint32_t after_ms);
    int64_t (*wall_s)(struct connection_host *host);
};

#define CONNECTION_SCRATCH 65536u

enum connection_state { CONNECTION_OPEN, CONNECTION_OVER, CONNECTION_RESET };

/* Reads and sends until it would block, waits for a timer, or ends. */
enum connection_state connection_run(struct connection *connection, struct connection_host *host);
void connection_release(struct connection *connection, struct connection_host *host);

#endif
