/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 as the sample application speaks it: a request that was read, and an answer with the way
 * in which it is sent, so that an answer can also be sent wrongly on purpose. */
#ifndef UPSTREAM_MESSAGE_H
#define UPSTREAM_MESSAGE_H

#include "base/bytes.h"

#define MESSAGE_HEAD_MAX  65536u     /* bytes of a request's head */
#define MESSAGE_BODY_MAX  (1u << 20) /* and of its body */
#define MESSAGE_ITEMS_MAX 20000u     /* items of one page */

/* Borrows from the connection's input until the answer is sent. */
struct request {
    struct span method, target, path, query; /* target = base path ? query */
    struct span base;    /* what stands before the path, of an application among many; nothing */
    struct span headers; /* the lines after the request line, each with its CRLF */
    struct span body;
    size_t size; /* bytes of the whole request */
    bool keep_alive;
};

enum request_state { REQUEST_WHOLE, REQUEST_UNFINISHED, REQUEST_BAD };
enum request_state request_parse(struct span input, struct request *ret_request);
/* The first header of that name, trimmed; nothing if there is none. */
struct span request_header(const struct request *request, const char *name);
/* The value of a query parameter as it was sent (percent-encoded); nothing if there is none. */
struct span request_query(const struct request *request, const char *name);
/* The same as a number from `least` up; `otherwise` where it is absent, false where it is no such
 * number. */
bool request_query_number(const struct request *request, const char *name, int64_t least,
    int64_t otherwise, int64_t *ret_value);
/* Percent-decoded, and + as a space (the form encoding of HTML). */
bool decode_form(struct span text, struct bytes *into, struct fault *fault) MUST_CHECK;
/* The value of one parameter of `form` (a query or a form body), as it was sent. */
struct span form_value(struct span form, const char *name);

enum framing {
    FRAMED_BY_LENGTH,
    FRAMED_BY_CHUNKS,
    FRAMED_BY_CLOSE,      /* no length; ends when the connection does */
    FRAMED_BY_CUT_CHUNKS, /* the last chunk is missing, then the connection closes */
    FRAMED_BY_BOTH,       /* Content-Length and chunks */
    FRAMED_BY_TWO_LENGTHS /* two Content-Length headers that differ */
};

/* A body that is too large to keep: `block` `times` times between a begin and an end. */
struct stream {
    struct bytes begin, block, end;
    uint64_t times; /* 0: there is no stream, the body is answer.body */
};

/* How the answer goes out. Zero is: properly, at once. */
struct wire {
    enum framing framing;
    bool drop;           /* reset before the first byte */
    bool abrupt;         /* where it ends early, it ends with a reset, not in good order */
    bool close_silently; /* keep-alive is promised, the connection closes all the same */
    bool bare;           /* a body as status 204 and 304 have it: none, and no length */
    int64_t cut_after;   /* body bytes (as framed) after which the connection ends; -1: never */
    int64_t stall_after; /* body bytes after which nothing comes for stall_ms; -1: never */
    uint32_t stall_ms;
    uint32_t delay_ms;              /* before the first byte */
    uint32_t slice_bytes, slice_ms; /* this many bytes at a time, with this pause */
};

struct extent {
    size_t from, length;
};

struct answer {
    int status;
    const char *content_type;
    const char *encoding; /* Content-Encoding; NULL: none */
    struct bytes interim; /* sent before the status line: 1xx answers */
    struct bytes headers; /* further header lines, each with its CRLF */
    struct bytes body;
    struct stream stream;
    struct wire wire;
    struct extent
        *items; /* where the items of a listing are in `body`; MESSAGE_ITEMS_MAX of them */
    size_t item_count;
    int64_t date_shift_s; /* of the Date header */
};

void answer_reset(struct answer *answer); /* 200, application/json, empty; keeps its memory */
void answer_free(struct answer *answer);
bool answer_header(
    struct answer *answer, const char *name, const char *value, struct fault *fault) MUST_CHECK;
/* Replaces status and body by an error in the application's envelope. */
bool answer_error(struct answer *answer, int status, const char *code, const char *message,
    struct fault *fault) MUST_CHECK;
/* The head: status line and headers. now_s: for Date, seconds since 1970. */
bool answer_head(const struct answer *answer, int64_t now_s, bool keep_alive, struct bytes *into,
    struct fault *fault) MUST_CHECK;

#endif
