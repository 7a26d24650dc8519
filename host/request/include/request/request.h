/* SPDX-License-Identifier: Apache-2.0 */
/* From source, stream and position to a request as a value: everything that will be on the wire,
 * and nothing sent yet. */
#ifndef MUSTER_REQUEST_REQUEST_H
#define MUSTER_REQUEST_REQUEST_H

#include "base/http.h"
#include "config/source.h"
#include "request/position.h"

#define REQUEST_URL_MAX 16384

/* The parent of a scope: one object of the parent stream. No parent: id is nothing. */
struct scope_parent {
    struct span id;
    const struct http_header
        *fields; /* name, value: as the declaration's parent.fields name them */
    size_t field_count;
};

/* A request. Strings live in the arena it was built in, or in the source. */
struct request {
    enum muster_method method;
    const char *url;             /* absolute */
    struct http_header *headers; /* Authorization included: never to be logged */
    size_t header_count;
    struct span body;         /* nothing: none */
    const char *content_type; /* of the body */
    bool send_once;           /* fresh connection, never resent by the library (token requests) */
    bool carries_cursor;      /* a cursor, next link or bound was sent: a 410 means it expired */
    int64_t asked;            /* page size asked for, the overlap included; 0: none */
    int64_t overlap;          /* items of the page before that it asks for again: the overlap probe;
                                 0 where the position asked for none, or the page is too small */
};

/* What incremental runs ask for: nothing for full runs. */
struct request_bound {
    struct span value; /* formatted as the declaration says; nothing: full run */
};

/*
 * The page at `position` of a scope. access_token: the OAuth token at hand, or nothing. "Accept:
 * application/json" unless the declaration says otherwise; User-Agent and Accept-Encoding are
 * transport's. FAULT_EGRESS where a next link leaves the origin; FAULT_LIMIT for a URL above
 * REQUEST_URL_MAX; FAULT_DECLARATION where a template names what is not set; FAULT_CONTENT where a
 * value could end a header or climb out of its path; FAULT_SECRET where a login's parameter is not
 * set.
 */
bool request_page(const struct source *source, size_t stream, const struct position *position,
    const struct scope_parent *parent, const struct request_bound *bound, struct span access_token,
    struct arena *arena, struct request *ret_request, struct fault *fault) MUST_CHECK;

/* The position a scope begins with (paging.start, initial token). */
struct position request_first_position(const struct muster_stream *stream);

/* The read of one object, for stream.read_one. */
bool request_one(const struct source *source, size_t stream, struct span id,
    const struct scope_parent *parent, struct span access_token, struct arena *arena,
    struct request *ret_request, struct fault *fault) MUST_CHECK;

/* True where the source's login needs a token request before the first page. */
bool request_needs_token(const struct source *source);
/* The token request (RFC 6749 sections 4.4, 6; client authentication section 2.3.1). refresh_token:
 * the latest one, or nothing for the parameter's. The answer is read by token_read. */
bool request_token(const struct source *source, struct span refresh_token, struct arena *arena,
    struct request *ret_request, struct fault *fault) MUST_CHECK;

struct token {
    struct span access_token;
    struct span refresh_token; /* rotated one, or nothing */
    int64_t expires_in_ms;     /* -1: not stated */
};
/* Reads a 200 answer of the token endpoint (RFC 6749 section 5.1). FAULT_SYNTAX or FAULT_CONTENT
 * without quoting the body. */
bool token_read(const struct source *source, struct span body, int64_t wall_ms, struct arena *arena,
    struct token *ret_token, struct fault *fault) MUST_CHECK;

#endif
