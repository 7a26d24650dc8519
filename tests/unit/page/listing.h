/* SPDX-License-Identifier: Apache-2.0 */
/* A one-stream connector made by hand, and one answer of its listing read by it. */
#ifndef MUSTER_TESTS_PAGE_LISTING_H
#define MUSTER_TESTS_PAGE_LISTING_H

#include <string.h>
#include "base/memory.h"
#include "page/page.h"
#include "unit.h"

#define LISTING_URL "https://api.example.com/v1/users?page=1"

struct listing {
    struct muster_stream stream;
    struct muster_connector connector;
    struct plan plan;
    struct source source;
    struct page_reader *reader;
    struct arena *arena;
    struct response *response;
    struct page page;
};

static inline void listing_begin(struct listing *listing, const struct muster_stream *stream,
    const struct muster_envelope *envelope)
{
    struct fault fault;
    *listing = (struct listing){.stream = *stream};
    if (!listing->stream.name)
        listing->stream.name = "users";
    listing->connector = (struct muster_connector){MUSTER_CONNECTOR_HEADER, .name = "sample",
        .streams = {&listing->stream, 1, sizeof listing->stream}};
    if (envelope)
        listing->connector.envelope = *envelope;
    listing->plan.connector = &listing->connector;
    listing->source.plan = &listing->plan;
    listing->source.origin = "https://api.example.com:443";
    listing->arena = arena_create(0);
    ck_assert_msg(
        page_reader_create(&listing->source, 0, &listing->reader, &fault), "%s", fault.text);
}

/* A null body is no body; a null type is no Content-Type. */
static inline void listing_answer(
    struct listing *listing, int status, const char *type, const char *body)
{
    struct fault fault;
    response_free(listing->response);
    listing->response = memory_allocate(sizeof *listing->response);
    listing->response->status = status;
    if (type)
        ck_assert(http_headers_add(
            &listing->response->headers, SPAN("Content-Type"), span_of(type), &fault));
    if (body)
        ck_assert(bytes_append_text(&listing->response->body, body, &fault));
}

static inline void listing_header(struct listing *listing, const char *name, const char *value)
{
    struct fault fault;
    ck_assert(http_headers_add(&listing->response->headers, span_of(name), span_of(value), &fault));
}

static inline const struct page *listing_read(struct listing *listing, const struct position *at,
    int64_t asked, const struct scope_parent *parent)
{
    static const struct hash_key key = {{1, 2, 3}};
    const struct request request = {.url = LISTING_URL, .asked = asked};
    struct fault fault;
    ck_assert_msg(page_read(listing->reader, listing->response, at, &request, parent, &key,
                      listing->arena, &listing->page, &fault),
        "%s", fault.text);
    return &listing->page;
}

static inline void listing_end(struct listing *listing)
{
    response_free(listing->response);
    page_reader_free(listing->reader);
    arena_free(listing->arena);
}

#endif
