/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP values that several stages hand on: headers and responses. No protocol is spoken here.
 */
#ifndef MUSTER_BASE_HTTP_H
#define MUSTER_BASE_HTTP_H

#include "base/bytes.h"

#define HTTP_HEADERS_MAX      256    /* header fields of one message */
#define HTTP_HEADER_BYTES_MAX 65536u /* names and values of one message */

struct http_header {
    struct span name, value;
};

/* Header fields in order of arrival. Their bytes are in `text`, which is never moved once a field
 * was added to it (it is reserved whole by the first addition). */
struct http_headers {
    struct bytes text;
    struct http_header *fields;
    size_t count;
};

bool http_headers_add(struct http_headers *headers, struct span name, struct span value,
    struct fault *fault) MUST_CHECK;
/* The first field of that name, without regard to case; nothing if there is none. */
struct span http_headers_get(const struct http_headers *headers, const char *name);
void http_headers_clear(struct http_headers *headers);
void http_headers_free(struct http_headers *headers);

/* How far an exchange came. Anything but EXCHANGE_DONE has no usable body. */
#define EXCHANGE_TABLE(X)                                                                         \
    X(EXCHANGE_DONE, "done")           /* a whole response, whatever its status */                \
    X(EXCHANGE_RESOLVE, "resolve")     /* the name does not resolve, or not in time */            \
    X(EXCHANGE_CONNECT, "connect")     /* refused, unreachable, or not in time */                 \
    X(EXCHANGE_TLS, "tls")             /* certificate or handshake; for good */                   \
    X(EXCHANGE_SEND, "send")           /* broken before a status arrived */                       \
    X(EXCHANGE_RECEIVE, "receive")     /* broken or stalled after the status: a cut body */       \
    X(EXCHANGE_TIMEOUT, "timeout")     /* the total or low-speed limit */                         \
    X(EXCHANGE_TOO_LARGE, "too_large") /* body, decoded, or headers above the cap */              \
    X(EXCHANGE_PROTOCOL, "protocol")   /* not HTTP, two lengths, a bad chunk, unknown encoding */ \
    X(EXCHANGE_REFUSED, "refused")     /* egress rules; nothing was sent */                       \
    X(EXCHANGE_LOCAL, "local")         /* memory, descriptors */                                  \
    X(EXCHANGE_CANCELLED, "cancelled")

enum exchange {
#define X(name, text) name,
    EXCHANGE_TABLE(X)
#undef X
};

const char *exchange_name(enum exchange exchange);

/* How a body is coded for its way (RFC 9110 section 8.4.1). */
enum coding { CODING_NONE, CODING_GZIP, CODING_DEFLATE };

struct response {
    enum exchange exchange;
    int status; /* 0 unless a status line arrived */
    struct http_headers
        headers; /* of the final answer; of a redirect that was not followed, the redirect's */
    struct bytes body;  /* within its limit; decoded once `coding` is CODING_NONE */
    enum coding coding; /* of the body as it is: see base/coding.h */
    bool unframed; /* HTTP/1 without a length and without chunks: a cut body looks like a whole one
                      (fault 16) */
    double seconds;
    char why[256]; /* for EXCHANGE_* other than DONE: one sentence without secrets */
};

void response_free(struct response *response); /* NULL is fine; also frees the structure itself */

#endif
