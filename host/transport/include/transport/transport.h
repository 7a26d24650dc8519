/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP by libcurl's multi interface with socket actions on the owner's epoll (DESIGN sections 7 and
 * 9). The only user of curl.h. One I/O thread owns it; nothing here blocks. One multi handle for
 * each egress policy, so that a connection's permission never leaks through the pool.
 *
 * Redirects are followed for GET, on the same origin, five times at most; others are given through
 * as they came. The body is decoded (gzip, deflate) and bounded; framing that two readers could
 * take in two ways is EXCHANGE_PROTOCOL. With a proxy, which only the operator can set, the address
 * used is the proxy's: a name's own addresses are then the proxy's affair. The process must ignore
 * SIGPIPE.
 */
#ifndef MUSTER_TRANSPORT_TRANSPORT_H
#define MUSTER_TRANSPORT_TRANSPORT_H

#include "base/clock.h"
#include "request/request.h"

struct transport;

struct transport_options {
    int64_t connections_most; /* open connections in all; 0: 256 */
    const char *user_agent;   /* "muster/0.1.0" */
};

/* `done` is called from transport_poll (or transport_cancel) on the owner's thread; the response is
 * given to it. */
bool transport_create(const struct transport_options *options,
    void (*done)(void *context, uint64_t ticket, struct response *response), void *context,
    struct transport **ret_transport, struct fault *fault) MUST_CHECK;
/* Cancels what is under way without calling `done`. */
void transport_free(struct transport *transport);
/* Copies what it needs of the request. Where it cannot even begin, `done` is still called, from the
 * next poll. False where there is no memory to take it: then nothing is sent and `done` is not
 * called. */
bool transport_send(struct transport *transport, const struct source *source,
    const struct request *request, uint64_t ticket) MUST_CHECK;
void transport_cancel(
    struct transport *transport, uint64_t ticket); /* `done` is called with EXCHANGE_CANCELLED */
/* An epoll descriptor that is readable when transport_poll has work. */
int transport_descriptor(const struct transport *transport);
/* ms until transport_poll must be called even without readiness; -1: never. */
int64_t transport_timeout_ms(const struct transport *transport);
void transport_poll(struct transport *transport);
size_t transport_under_way(const struct transport *transport);

/* Egress (pure, tested by itself): whether an address may be connected to. Loopback, private (RFC
 * 1918, RFC 4193), link-local, shared (RFC 6598), unspecified, multicast, reserved, v4-mapped,
 * NAT64 and 6to4 forms of these, and cloud metadata addresses need allow_private. */
bool egress_address_allowed(const void *sockaddr_storage, bool allow_private);
/* The address that a host's text is; false where it is a name. */
struct sockaddr_storage;
bool egress_address_of(const char *host, struct sockaddr_storage *ret_address);

#endif
