/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the listening socket; judges Host headers. Comes before serve.c. */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG       64
#define HOST_TEXT_MAX 256u

static int open_one(const struct addrinfo *address)
{
    const int on = 1;
    int listener = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return -1;
    bool ok = setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
              (address->ai_family != AF_INET6 ||
                  setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
              bind(listener, address->ai_addr, address->ai_addrlen) == 0 &&
              listen(listener, BACKLOG) == 0;
    if (ok)
        return listener;
    int number = errno;
    (void)close(listener); /* nothing was sent */
    errno = number;
    return -1;
}

static bool find_port(int listener, uint16_t *ret_port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } address;
    socklen_t length = sizeof address;
    (void)memset(&address, 0, sizeof address);
    if (getsockname(listener, &address.any, &length) != 0)
        return false;
    bool ipv6 = address.any.sa_family == AF_INET6;
    *ret_port = ntohs(ipv6 ? address.ipv6.sin6_port : address.ipv4.sin_port);
    return true;
}

bool listen_open(
    const char *host, uint16_t port, int *ret_socket, uint16_t *ret_port, struct fault *fault)
{
    const struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *addresses = NULL;
    char service[8];
    uint16_t bound = 0;
    int listener = -1;
    (void)snprintf(service, sizeof service, "%u", port);
    int error = getaddrinfo(host, service, &hints, &addresses);
    if (error != 0)
        return fault_set(fault, FAULT_CONFIGURATION, "cannot listen on %s, port %u: %s", host, port,
            error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
    for (const struct addrinfo *at = addresses; at && listener < 0; at = at->ai_next)
        listener = open_one(at);
    freeaddrinfo(addresses);
    if (listener < 0) {
        (void)fault_system(fault, "cannot listen on %s, port %u", host, port);
        fault->code = FAULT_CONFIGURATION;
        return false;
    }
    if (!find_port(listener, &bound)) {
        (void)fault_system(fault, "cannot read the listener's port");
        (void)close(listener); /* nothing was sent */
        return false;
    }
    *ret_socket = listener;
    *ret_port = bound;
    return true;
}

/* Takes ":PORT" off the end. False where what follows the colon is no port. */
static bool take_port(struct span *host)
{
    const char *colon = host->length ? memrchr(host->data, ':', host->length) : NULL;
    int64_t port = 0;
    if (!colon || (host->data[0] == '[' && host->data[host->length - 1] == ']'))
        return true;
    struct span digits = {colon + 1, host->length - (size_t)(colon + 1 - host->data)};
    host->length = (size_t)(colon - host->data);
    return digits.length == 0 || (digits.data[0] != '-' && digits.length <= 5 &&
                                     span_to_int64(digits, &port) && port <= UINT16_MAX);
}

enum listen_host listen_judge_host(struct span header, const char *name)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    char text[HOST_TEXT_MAX];
    struct in6_addr address;
    struct span host = header;
    if (!take_port(&host) || host.length == 0 || host.length >= sizeof text)
        return LISTEN_HOST_MALFORMED;
    bool bracketed = host.data[0] == '[' && host.data[host.length - 1] == ']';
    if (bracketed)
        host = (struct span){host.data + 1, host.length - 2};
    (void)memcpy(text, host.data, host.length);
    text[host.length] = '\0';
    if (bracketed)
        return inet_pton(AF_INET6, text, &address) == 1 ? LISTEN_HOST_OK : LISTEN_HOST_MALFORMED;
    if (strspn(text, legal) != host.length)
        return LISTEN_HOST_MALFORMED;
    bool known = inet_pton(AF_INET, text, &address) == 1 ||
                 span_equal_nocase(host, SPAN("localhost")) ||
                 span_equal_nocase(host, span_of(name));
    return known ? LISTEN_HOST_OK : LISTEN_HOST_FOREIGN;
}
