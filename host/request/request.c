/* SPDX-License-Identifier: Apache-2.0 */
/* Page requests and reads of one object. Where a listing goes on is the position's; how it is asked
 * for is the declaration's. */
#include "request/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "build.h"
#include "config/url.h"

#define SIZE_DEFAULT 100u

/* What each kind of paging sends where the declaration names nothing, and whether it is a number.
 */
static const struct {
    const char *parameter, *size_parameter;
    bool counts; /* `number` is what to ask for */
    bool tokens; /* `token` is what to send back */
} kinds[] = {
    [MUSTER_PAGING_NONE] = {NULL, NULL, false, false},
    [MUSTER_PAGING_NUMBER] = {"page", NULL, true, false},
    [MUSTER_PAGING_OFFSET] = {"offset", NULL, true, false},
    [MUSTER_PAGING_CURSOR] = {"cursor", NULL, false, true},
    [MUSTER_PAGING_LINK] = {NULL, NULL, false, false},
    [MUSTER_PAGING_KEYSET] = {NULL, NULL, false, true},
    [MUSTER_PAGING_SCIM] = {"startIndex", "count", true, false},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

struct position request_first_position(const struct muster_stream *stream)
{
    const struct muster_paging *paging = &stream->paging;
    struct position position = {.number = paging->start};
    if (paging->kind == MUSTER_PAGING_SCIM && paging->start == 0)
        position.number = 1;
    if (paging->kind < KINDS && kinds[paging->kind].tokens)
        position.token = span_of(paging->initial);
    return position;
}

static bool place_number(struct build *build, uint32_t place, const char *name, int64_t number)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%" PRId64, number);
    return build_place(build, place, span_of(name), (struct span){text, (size_t)length}, true);
}

/* The page size to ask for; 0 where nothing says it. */
static uint32_t size_of(const struct muster_paging *paging)
{
    uint32_t size = paging->size ? paging->size : SIZE_DEFAULT;
    return paging->size_max && size > paging->size_max ? paging->size_max : size;
}

/* Whether the API gives larger pages than are asked for here. A SCIM server gives at most what is
 * asked for, and may always give less (RFC 7644 section 3.4.2.4). */
static bool may_be_larger(const struct muster_paging *paging)
{
    return paging->size_max > size_of(paging) ||
           (paging->kind == MUSTER_PAGING_SCIM && paging->size_max == 0);
}

/* The overlap that a page can carry: one of a single item would never get on. Where pages may be
 * larger it comes on top, from the first page on, so that the listing takes as many pages, and
 * begins them at the same places, as without; not where it steps by what was asked, whose pages
 * must stay as they were cut. */
static int64_t overlap_of(
    const struct muster_paging *paging, const struct position *position, int64_t *ret_more)
{
    bool by_index = paging->kind == MUSTER_PAGING_OFFSET || paging->kind == MUSTER_PAGING_SCIM;
    bool larger = by_index && may_be_larger(paging) && paging->step != MUSTER_STEP_ASKED;
    *ret_more = larger && (position->overlap > 0 || position->page == 0) ? 1 : 0;
    return by_index && (size_of(paging) > 1 || larger) ? position->overlap : 0;
}

static bool add_size(
    struct build *build, const struct muster_paging *paging, int64_t more, int64_t *ret_asked)
{
    const char *name =
        paging->size_parameter ? paging->size_parameter : kinds[paging->kind].size_parameter;
    int64_t size = size_of(paging) + more;
    if (!name)
        return true;
    *ret_asked = size;
    return place_number(
        build, paging->place == MUSTER_IN_BODY ? MUSTER_IN_BODY : MUSTER_IN_QUERY, name, size);
}

static bool add_position(struct build *build, const struct muster_paging *paging,
    const struct position *position, int64_t overlap)
{
    const char *name = paging->parameter ? paging->parameter : kinds[paging->kind].parameter;
    bool sends = kinds[paging->kind].counts || (kinds[paging->kind].tokens && position->token.data);
    if (!sends)
        return true;
    if (!name)
        return fault_set(build->fault, FAULT_DECLARATION,
            "the paging declares no parameter for the bound of its next page");
    if (kinds[paging->kind].counts)
        return place_number(build, paging->place, name, position->number - overlap);
    return build_place(build, paging->place, span_of(name), position->token, false);
}

/* The lower bound of an incremental run. A next link carries its query already. */
static bool add_bound(
    struct build *build, const struct muster_incremental *incremental, bool by_link)
{
    bool in_query =
        incremental->place == MUSTER_IN_DEFAULT || incremental->place == MUSTER_IN_QUERY;
    struct span value;
    if (!build->bound.data || !incremental->bound.name || (by_link && in_query) ||
        (incremental->bound.first_page_only && !build->first_page))
        return true;
    const char *text = incremental->bound.value ? incremental->bound.value : "{bound}";
    if (!build_expand(build, text, ESCAPE_NONE, &value))
        return false;
    if (!value.data)
        return fault_set(build->fault, FAULT_DECLARATION,
            "the template of the bound \"%.64s\" names something that is not set",
            incremental->bound.name);
    return build_place(build, incremental->place, span_of(incremental->bound.name), value, false);
}

/* The token of the run before, with each page that is not asked for by a link. */
static bool add_delta(struct build *build, const struct muster_delta *delta, bool by_link)
{
    bool in_query = delta->place == MUSTER_IN_DEFAULT || delta->place == MUSTER_IN_QUERY;
    if (!build->bound.data || !delta->parameter || (by_link && in_query))
        return true;
    return build_place(build, delta->place, span_of(delta->parameter), build->bound, false);
}

/* A next link in place of the declared URL: absolute, on the connection's own origin, without its
 * fragment. */
static bool use_link(struct build *build, struct span link)
{
    AUTO_BYTES origin = {0};
    struct url url;
    if (!url_parse(link, &url, build->fault))
        return fault_prefix(build->fault, "the next link");
    if (!url_append_origin(&url, &origin, build->fault))
        return false;
    if (!span_equal_text(bytes_span(&origin), build->source->origin))
        return fault_set(build->fault, FAULT_EGRESS,
            "the next link leads to %.200s, which is not the connection's origin %.200s; it is not "
            "followed",
            origin.data, build->source->origin);
    if (url.fragment.data)
        link.length = (size_t)(url.fragment.data - link.data) - 1;
    build->has_query = url.query.data != NULL;
    return bytes_append(&build->url, link, build->fault);
}

static bool start(struct build *build, const struct source *source,
    const struct muster_request *shape, struct arena *arena, struct fault *fault)
{
    if (!build_begin(build, source, arena, fault))
        return false;
    build->shape = shape;
    return true;
}

static bool add_headers(struct build *build)
{
    return build_headers(build, &build->source->plan->connector->headers) &&
           build_headers(build, &build->shape->headers);
}

static bool build_page(struct build *build, const struct muster_stream *stream,
    const struct position *position, struct span access_token, struct request *ret_request)
{
    const struct muster_paging *paging = &stream->paging;
    bool by_delta = stream->mode == MUSTER_DELTA && !stream->delta.parameter && build->bound.data &&
                    build->first_page;
    bool by_link = by_delta || (paging->kind == MUSTER_PAGING_LINK && position->token.data);
    struct request request;
    int64_t asked = 0, more;
    if (paging->kind >= KINDS)
        return fault_set(build->fault, FAULT_DECLARATION,
            "the paging kind %u is none that this host knows", paging->kind);
    int64_t overlap = overlap_of(paging, position, &more);
    if (by_link
            ? !use_link(build, by_delta ? build->bound : position->token)
            : !build_path(build, build->shape->path) || !build_queries(build, &build->shape->query))
        return false;
    if (!add_headers(build) || !build_body(build))
        return false;
    bool in_body = paging->place == MUSTER_IN_BODY;
    if (((!by_link || in_body) && !add_size(build, paging, more, &asked)) ||
        (!by_delta && !add_position(build, paging, position, overlap)) ||
        !add_bound(build, &stream->incremental, by_link) ||
        !add_delta(build, &stream->delta, by_link) || !auth_apply(build, access_token) ||
        !build_finish(build, (enum muster_method)build->shape->method, &request))
        return false;
    request.asked = asked;
    request.overlap = overlap;
    request.carries_cursor =
        by_link || (paging->kind == MUSTER_PAGING_CURSOR && position->token.data) ||
        (build->bound.data && (stream->incremental.bound.name || stream->mode == MUSTER_DELTA));
    *ret_request = request;
    return true;
}

/* URLs and bodies may hold secrets: which of them was too long is all that is said. */
static bool finish(struct build *build, bool built, const char *what)
{
    build_end(build);
    if (!built && build->fault->code == FAULT_LIMIT)
        return fault_set(build->fault, FAULT_LIMIT,
            "the request for %.64s is too large: a URL of more than %d or a body of more than %d "
            "bytes",
            what, REQUEST_URL_MAX, BUILD_BODY_MAX);
    return built || fault_prefix(build->fault, "the request for %.64s", what);
}

bool request_page(const struct source *source, size_t stream, const struct position *position,
    const struct scope_parent *parent, const struct request_bound *bound, struct span access_token,
    struct arena *arena, struct request *ret_request, struct fault *fault)
{
    const struct muster_stream *declared = &source->plan->connector->streams.items[stream];
    struct build build;
    if (!start(&build, source, &declared->request, arena, fault))
        return false;
    build.parent = parent;
    build.bound = bound ? bound->value : (struct span){NULL, 0};
    build.first_page = position->page == 0;
    return finish(
        &build, build_page(&build, declared, position, access_token, ret_request), declared->name);
}

static bool build_one(struct build *build, struct span access_token, struct request *ret_request)
{
    return build_path(build, build->shape->path) && build_queries(build, &build->shape->query) &&
           add_headers(build) && build_body(build) && auth_apply(build, access_token) &&
           build_finish(build, (enum muster_method)build->shape->method, ret_request);
}

bool request_one(const struct source *source, size_t stream, struct span id,
    const struct scope_parent *parent, struct span access_token, struct arena *arena,
    struct request *ret_request, struct fault *fault)
{
    const struct muster_stream *declared = &source->plan->connector->streams.items[stream];
    const struct muster_request *shape = &declared->read_one.request;
    struct build build;
    if (!shape->path)
        return fault_set(fault, FAULT_DECLARATION,
            "the stream %.64s declares no request that reads one object", declared->name);
    if (!start(&build, source, shape, arena, fault))
        return false;
    build.parent = parent;
    build.id = id;
    return finish(&build, build_one(&build, access_token, ret_request), declared->name);
}
