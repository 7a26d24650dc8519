/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of requests, of reads of one object, and of the bound of incremental streams: what is
 * sent. */
#include "validate.h"

#include <string.h>

static void check_path(struct check *check, const char *where, const char *path)
{
    if (path[0] != '/')
        check_problem(check, where,
            "\"%.100s\" does not begin with \"/\"; a path is appended to the base URL", path);
    if (strpbrk(path, "?# \n\t\\"))
        check_problem(check, where,
            "\"%.100s\" has a query, a fragment or a blank; declare parameters under query", path);
    if (strstr(path, "/../") || strstr(path, "/./") || strncmp(path, "//", 2) == 0)
        check_problem(check, where,
            "\"%.100s\" steps outside; write the path without \"..\", \".\" or \"//\"", path);
}

/* Returns the USE_ bits of all templates. `use`: what they may name besides parameters and parent
 * fields. */
static unsigned check_parts(
    struct check *check, const char *where, const struct muster_request *request, unsigned use)
{
    char at[CHECK_PLACE_MAX];
    enum pair_place form = request->body == MUSTER_BODY_FORM ? PAIR_FORM : PAIR_JSON;
    check_place(at, "%s.path", where);
    check_path(check, at, request->path);
    unsigned seen = check_template(check, at, request->path, use);
    check_place(at, "%s.query", where);
    seen |= check_pairs(check, at, &request->query, PAIR_QUERY, use);
    check_place(at, "%s.headers", where);
    seen |= check_pairs(check, at, &request->headers, PAIR_HEADER, use | USE_SECRET);
    check_place(at, "%s.fields", where);
    seen |= check_pairs(check, at, &request->fields, form, use | USE_SECRET);
    if (request->method == MUSTER_GET && request->body != MUSTER_BODY_NONE)
        check_problem(
            check, where, "is a GET with a body; set method to MUSTER_POST or remove the body");
    if (request->body == MUSTER_BODY_NONE && request->fields.count > 0)
        check_problem(check, where,
            "has body fields but no body; set body to MUSTER_BODY_JSON or MUSTER_BODY_FORM");
    return seen;
}

void check_request(struct check *check, const char *where, const struct muster_request *request)
{
    if (!request->path) {
        check_problem(check, where, "has no path; add one that begins with \"/\"");
        return;
    }
    (void)check_parts(check, where, request, USE_PARENT);
}

static void check_statuses(struct check *check, const char *where, const uint32_t statuses[4])
{
    for (size_t i = 0; i < 4; i++)
        if (statuses[i] != 0 && (statuses[i] < 400 || statuses[i] > 599))
            check_problem(check, where, "%u is no error status; use 400 to 599", statuses[i]);
}

void check_read_one(struct check *check, const struct muster_read_one *read_one)
{
    const struct muster_request *request = &read_one->request;
    if (!request->path) {
        if (request->method || request->body || request->query.count || request->headers.count ||
            request->fields.count || read_one->gone_status[0] || read_one->hidden_status[0] ||
            read_one->object)
            check_problem(check, "read_one", "has no path; add request.path, or remove the rest");
        return;
    }
    unsigned seen = check_parts(check, "read_one.request", request, USE_PARENT | USE_ID);
    if (!(seen & USE_ID))
        check_problem(check, "read_one.request",
            "does not say which object to read; use {id} in path or query");
    if (request->method != MUSTER_GET)
        check_problem(
            check, "read_one.request", "is a POST, which is for listings alone; use MUSTER_GET");
    check_statuses(check, "read_one.gone_status", read_one->gone_status);
    check_statuses(check, "read_one.hidden_status", read_one->hidden_status);
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++)
            if (read_one->gone_status[i] && read_one->gone_status[i] == read_one->hidden_status[j])
                check_problem(check, "read_one",
                    "status %u means both gone and hidden; keep one of them",
                    read_one->gone_status[i]);
    check_pointer(check, "read_one.object", read_one->object, false);
}

static bool is_declared(const struct muster_incremental *incremental)
{
    return incremental->field || incremental->format || incremental->order ||
           incremental->bound.name || incremental->bound.value || incremental->place ||
           incremental->exclusive || incremental->granularity_s || incremental->look_back_s ||
           incremental->keeps_s;
}

static void check_bound(struct check *check, const struct muster_stream *stream)
{
    const struct muster_incremental *incremental = &stream->incremental;
    const struct muster_pair_list bound = {&incremental->bound, 1, sizeof incremental->bound};
    static const enum pair_place places[] = {[MUSTER_IN_DEFAULT] = PAIR_QUERY,
        [MUSTER_IN_QUERY] = PAIR_QUERY,
        [MUSTER_IN_HEADER] = PAIR_HEADER,
        [MUSTER_IN_BODY] = PAIR_FORM,
        [MUSTER_IN_COOKIE] = PAIR_QUERY};
    if (!incremental->bound.name || !incremental->bound.value) {
        check_problem(
            check, "incremental.bound", "says not where the lower bound goes; add name and value");
        return;
    }
    if (incremental->place == MUSTER_IN_COOKIE)
        check_problem(check, "incremental.place", "cannot be a cookie; use query, header or body");
    if (incremental->place == MUSTER_IN_BODY && stream->request.body == MUSTER_BODY_NONE)
        check_problem(check, "incremental.place",
            "is the body, but the request has none; declare request.body");
    if (incremental->bound.full_only)
        check_problem(check, "incremental.bound",
            "is sent in full runs only, but full runs have no bound; remove full_only");
    unsigned seen = check_pairs(
        check, "incremental.bound", &bound, places[incremental->place], USE_BOUND | USE_PARENT);
    if (!(seen & USE_BOUND))
        check_problem(
            check, "incremental.bound", "does not use {bound}; put it where the bound belongs");
}

void check_incremental(struct check *check, const struct muster_stream *stream)
{
    const struct muster_incremental *incremental = &stream->incremental;
    bool timeless =
        incremental->format == MUSTER_TIME_COUNTER || incremental->format == MUSTER_TIME_OPAQUE;
    if (stream->mode != MUSTER_INCREMENTAL) {
        if (is_declared(incremental))
            check_problem(check, "incremental",
                "is declared, but mode is not MUSTER_INCREMENTAL; set it, or remove this");
        return;
    }
    if (!incremental->field)
        check_problem(
            check, "incremental.field", "is missing; point to the item's changed time or counter");
    check_pointer(check, "incremental.field", incremental->field, false);
    check_bound(check, stream);
    if (incremental->format == MUSTER_TIME_OPAQUE && incremental->exclusive)
        check_problem(check, "incremental.exclusive",
            "needs a bound just below the bookmark, which an opaque text has none of; items equal "
            "to "
            "it would be lost: use another format, or an inclusive parameter");
    if (timeless &&
        (incremental->granularity_s || incremental->look_back_s || incremental->keeps_s))
        check_problem(check, "incremental",
            "measures a counter or opaque text in seconds; remove the *_s members");
}

void check_delta(struct check *check, const struct muster_stream *stream)
{
    const struct muster_delta *delta = &stream->delta;
    if (stream->mode != MUSTER_DELTA) {
        if (delta->token || delta->parameter || delta->place)
            check_problem(check, "delta",
                "is declared, but mode is not MUSTER_DELTA; set it, or remove this");
        return;
    }
    if (!delta->token)
        check_problem(check, "delta.token",
            "is missing; point to the token for the next run in the last page");
    check_pointer(check, "delta.token", delta->token, false);
    if (stream->parent.stream)
        check_problem(check, "delta",
            "is of one listing, but the stream runs once for each object of its parent; use "
            "MUSTER_FULL or MUSTER_INCREMENTAL");
    if (delta->parameter && !delta->parameter[0])
        check_problem(check, "delta.parameter", "is empty; name it, or leave it out for a URL");
    if (!delta->parameter && delta->place)
        check_problem(check, "delta.place", "says where a parameter goes, but there is none");
    if (delta->place == MUSTER_IN_COOKIE)
        check_problem(check, "delta.place", "cannot be a cookie; use query, header or body");
    if (delta->place == MUSTER_IN_BODY && stream->request.body == MUSTER_BODY_NONE)
        check_problem(
            check, "delta.place", "is the body, but the request has none; declare request.body");
    if (delta->place == MUSTER_IN_HEADER && delta->parameter)
        check_header(check, "delta.parameter", delta->parameter);
}
