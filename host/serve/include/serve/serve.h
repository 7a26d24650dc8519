/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP listener: a thread of its own that answers GET and HEAD on a few paths. What the answers
 * say is app's, through a table of routes; this folder keeps hostile and clumsy clients away from
 * them.
 *
 * Not authenticated: it shows states and counts, no data. Against web pages that a browser near the
 * host has open, the Host header must be an address, localhost or the name that is listened on (DNS
 * rebinding, fault 155).
 */
#ifndef MUSTER_SERVE_SERVE_H
#define MUSTER_SERVE_SERVE_H

#include "base/bytes.h"
#include "base/clock.h"

#define SERVE_CONNECTIONS_MAX     64u
#define SERVE_CONNECTIONS_PER_IP  32u
#define SERVE_REQUESTS_PER_SECOND 100u /* above it 429; a burst of as many is fine */
#define SERVE_TIMEOUT_S                                                                            \
    10u                                     /* for a request's headers, from the connection or the \
                                               answer before: then 408; of an answer that nobody   \
                                               takes */
#define SERVE_HEADER_BYTES_MAX (16u << 10)  /* of one request */
#define SERVE_BODY_BYTES_MAX   (256u << 20) /* of one answer */

struct serve_reply {
    int status;               /* 200 unless the route says otherwise */
    const char *content_type; /* lives at least as long as the listener; NULL: plain text */
    struct bytes body;        /* taken over and freed by the listener */
};

/* A path and who answers it, on the listener's thread: it must not wait for anything that can take
 * long. False: the client gets 500 and the fault's name, not its sentence. */
struct serve_route {
    const char *path;
    bool (*answer)(void *context, struct serve_reply *reply, struct fault *fault);
    void *context;
};

struct serve_options {
    const char *host;                 /* address or name to listen on; NULL: 127.0.0.1 */
    uint16_t port;                    /* 0: any free one, see serve_port */
    const struct serve_route *routes; /* outlive the listener */
    size_t route_count;
    struct clock clock;
    /* 0: the limits above. */
    unsigned connections_max, connections_per_ip, requests_per_second, timeout_s;
};

struct serve;

/* FAULT_CONFIGURATION where the address cannot be listened on, FAULT_SYSTEM, FAULT_MEMORY. */
bool serve_start(
    const struct serve_options *options, struct serve **ret_serve, struct fault *fault) MUST_CHECK;
uint16_t serve_port(const struct serve *serve);
/* Closes what is open and waits for the thread; NULL is fine. */
void serve_stop(struct serve *serve);

#endif
