/* SPDX-License-Identifier: Apache-2.0 */
/* A request under construction: templates expanded, headers checked, URL and body put together.
 * Used by request.c, auth.c and token.c; the finished value is struct request. */
#ifndef MUSTER_REQUEST_BUILD_H
#define MUSTER_REQUEST_BUILD_H

#include "request/request.h"

#define BUILD_HEADERS_MAX 96      /* header fields of one request */
#define BUILD_BODY_MAX    1048576 /* bytes of a request's body */

struct body_node; /* a member of the JSON body */

/* How an inserted value is written into its surroundings. */
enum build_escape {
    ESCAPE_NONE,
    ESCAPE_PATH, /* percent-encoded; neither empty nor a dot segment */
    ESCAPE_URL,  /* percent-encoded, but parameters that are URLs or hosts stand as they are */
    ESCAPE_JSON  /* as the inside of a JSON string */
};

struct build {
    const struct source *source;
    const struct muster_request *shape; /* what is declared; NULL for token requests */
    const struct scope_parent *parent;  /* NULL: none */
    struct span bound, id;              /* nothing: not set */
    bool first_page;
    struct arena *arena;
    struct fault *fault;

    enum build_escape escape; /* of the expansion under way */
    struct span missing;      /* the name that was not set; nothing */
    bool failed;              /* a look-up failed for another reason, fault says which */

    struct bytes url;
    bool has_query;
    struct http_header *headers;
    size_t header_count;
    const char *content_type;
    struct bytes form;
    struct body_node *json;
};

bool build_begin(struct build *build, const struct source *source, struct arena *arena,
    struct fault *fault) MUST_CHECK;
void build_end(struct build *build); /* releases what is not the arena's */

/* The expansion of a template, in the arena; nothing in *ret_text where a name in it is not set. */
bool build_expand(struct build *build, const char *template_text, enum build_escape escape,
    struct span *ret_text) MUST_CHECK;
/* Base URL, then the path template. FAULT_DECLARATION where a name in it is not set. */
bool build_path(struct build *build, const char *path) MUST_CHECK;
bool build_query(struct build *build, struct span name, struct span value) MUST_CHECK;
/* Sets or replaces a field. FAULT_CONTENT for a value that could end the field, FAULT_DECLARATION
 * for a name that is not free. */
bool build_header(struct build *build, struct span name, struct span value) MUST_CHECK;
/* A field of the declared body: a member, a pointer or a form field. number: `value` is a JSON
 * number. */
bool build_body_field(
    struct build *build, struct span name, struct span value, bool number) MUST_CHECK;
/* The declared pairs that this page sends; headers of the connector come before those of the
 * request. */
bool build_headers(struct build *build, const struct muster_pair_list *pairs) MUST_CHECK;
bool build_queries(struct build *build, const struct muster_pair_list *pairs) MUST_CHECK;
bool build_body(struct build *build) MUST_CHECK;
/* One value to the place where paging or a bound is declared to go. */
bool build_place(struct build *build, uint32_t place, struct span name, struct span value,
    bool number) MUST_CHECK;
bool build_finish(
    struct build *build, enum muster_method method, struct request *ret_request) MUST_CHECK;

/* body.c */
bool body_set(struct build *build, struct span name, struct span json) MUST_CHECK;
bool body_write(const struct body_node *root, struct bytes *into, struct fault *fault) MUST_CHECK;

/* auth.c: the login's header, query parameter or cookie. */
bool auth_apply(struct build *build, struct span access_token) MUST_CHECK;
/* "Basic ...", RFC 7617, in the arena. */
bool auth_basic(
    struct build *build, struct span user, struct span password, struct span *ret_value) MUST_CHECK;
/* The value of a parameter that the login names; FAULT_SECRET where it is not set. */
bool auth_parameter(
    struct build *build, const char *name, const char *what, struct span *ret_value) MUST_CHECK;

#endif
