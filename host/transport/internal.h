/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of transport share: pools (one multi handle for each egress policy) and transfers
 * (one request under way). */
#ifndef MUSTER_TRANSPORT_INTERNAL_H
#define MUSTER_TRANSPORT_INTERNAL_H

#include <curl/curl.h>
#include "transport/transport.h"

#define POOLS_MAX              64  /* egress policies in use at once; idle ones make room */
#define CONNECTIONS_DEFAULT    256 /* open connections under way in all */
#define RESOLVING_MAX          16  /* names being resolved: each is a thread of the library */
#define RESOLVING_PER_HOST_MAX 2   /* of one host, so that one bad name cannot take them all */
#define EASY_SPARE_MAX         32  /* easy handles kept for reuse */
#define REDIRECTS_MAX          5   /* same-origin redirects that one GET follows */
#define INFORMATIONAL_MAX      16  /* 1xx answers before the final one (fault 36) */
#define READ_BUFFER_BYTES      65536L
#define RESERVE_MOST           (4u << 20) /* of a stated length is reserved ahead */
#define LOW_SPEED_BYTES        100L       /* a second; see policy.low_speed_ms */
#define EVENTS_MAX             64         /* socket events of one poll */

/* What connections must have in common to share a pool. */
struct pool_key {
    bool allow_private;
    const char *proxy, *ca_file, *client_cert; /* NULL: none */
};

struct pool {
    struct pool_key key; /* its texts are the pool's: */
    char *owned[3];
    CURLM *multi; /* NULL: the slot is free */
    struct transport *transport;
    size_t users;        /* transfers queued or active */
    int64_t deadline_ms; /* monotonic; when the library wants to be called; -1: not */
    int deaf;            /* errno of a socket that could not be watched; 0: none */
};

enum transfer_state { TRANSFER_QUEUED, TRANSFER_ACTIVE, TRANSFER_FINISHED };

/* What the header lines of an answer said of its framing. */
struct framing {
    unsigned lengths, transfer_encodings, codings;
    enum coding coding;
    bool chunked, http1, ended, unknown_coding, odd_length;
    int64_t length; /* -1: not stated */
};

struct transfer {
    struct transfer *previous, *next; /* in the list of its state */
    enum transfer_state state;
    uint64_t ticket;
    struct transport *transport;
    struct pool *pool;
    CURL *easy;

    char *url, *host; /* owned; host for messages and for the share of resolutions */
    bool literal;     /* host is an address */
    struct curl_slist *headers;
    struct bytes body; /* of the request */
    bool post, send_once, allow_http, allow_private, proxied;
    int64_t connect_timeout_ms, low_speed_ms, request_timeout_ms;
    int64_t deadline_ms; /* monotonic; of all its redirects together */

    struct response *response;
    struct framing framing;
    size_t header_bytes;
    unsigned informational, redirects;
    bool resolving;       /* counts as a resolution under way */
    bool refused;         /* an address was refused */
    bool opened;          /* a socket was made */
    bool connected;       /* the request may go out */
    int no_socket;        /* errno of a socket that could not be made */
    enum exchange failed; /* what a callback found wrong; EXCHANGE_DONE: nothing */
    char error[CURL_ERROR_SIZE];
};

struct transfer_list {
    struct transfer *first, *last;
    size_t count;
};

struct transport {
    struct clock clock;
    int epoll;
    size_t connections_most;
    char *user_agent;
    void (*done)(void *context, uint64_t ticket, struct response *response);
    void *context;
    struct pool pools[POOLS_MAX];
    struct transfer_list queued, active, finished;
    size_t resolving;
    CURL *spare[EASY_SPARE_MAX];
    size_t spare_count;
    bool polling;
};

void list_append(struct transfer_list *list, struct transfer *transfer);
void list_remove(struct transfer_list *list, struct transfer *transfer);

/* pool.c */
struct pool *pool_for(struct transport *transport, const struct pool_key *key, struct fault *fault);
void pool_close(struct pool *pool);

/* transfer.c: one request's life */
struct transfer *transfer_create(struct transport *transport, const struct source *source,
    const struct request *request, uint64_t ticket);
void transfer_free(struct transfer *transfer); /* not in any multi handle any more */
/* Fails it with a sentence, unless it has failed before. */
void transfer_fail(struct transfer *transfer, enum exchange exchange, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void transfer_resolved(struct transfer *transfer);
/* Judges the end that the library reports. */
void transfer_conclude(struct transfer *transfer, CURLcode code);
/* True where the answer is a redirect that is followed: the transfer then asks for the new URL. */
bool transfer_redirect(struct transfer *transfer);

/* options.c: what the library is told of it */
/* Gives the easy handle its options; false with the response's reason set. */
bool options_set(struct transfer *transfer) MUST_CHECK;

/* receive.c: the library's callbacks for what arrives */
size_t receive_header(char *data, size_t size, size_t count, void *context);
size_t receive_body(char *data, size_t size, size_t count, void *context);

#endif
