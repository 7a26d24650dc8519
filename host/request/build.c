/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a request together from declared templates and the values at hand. What a value may not do -
 * end a header, climb out of its path, close a JSON string - is settled here, where it is inserted.
 */
#include "build.h"

#include <string.h>
#include "base/ascii.h"
#include "declaration/template.h"

bool build_begin(
    struct build *build, const struct source *source, struct arena *arena, struct fault *fault)
{
    *build = (struct build){.source = source, .arena = arena, .fault = fault, .first_page = true};
    build->url.limit = REQUEST_URL_MAX;
    build->form.limit = BUILD_BODY_MAX;
    build->headers = arena_allocate_array(arena, BUILD_HEADERS_MAX, sizeof *build->headers);
    return build->headers || fault_memory(fault);
}

void build_end(struct build *build)
{
    bytes_wipe(&build->url); /* may hold an API key */
    bytes_wipe(&build->form);
}

/* ------------------------------------------------------------------ templates ----------------- */

static bool find_parent_field(const struct build *build, struct span name, struct span *ret_value)
{
    for (size_t i = 0; i < build->parent->field_count; i++)
        if (span_equal(build->parent->fields[i].name, name)) {
            *ret_value = build->parent->fields[i].value;
            return ret_value->data != NULL;
        }
    *ret_value = build->parent->id;
    return span_equal(name, SPAN("id")) && ret_value->data != NULL;
}

static bool find_value(const struct build *build, struct span name, struct span *ret_value)
{
    const struct span parent = SPAN("parent.");
    struct span own = span_equal(name, SPAN("bound")) ? build->bound
                      : span_equal(name, SPAN("id"))  ? build->id
                                                      : (struct span){NULL, 0};
    if (own.data) {
        *ret_value = own;
        return true;
    }
    if (span_starts_with(name, parent))
        return build->parent &&
               find_parent_field(build,
                   (struct span){name.data + parent.length, name.length - parent.length},
                   ret_value);
    return source_parameter(build->source, name, ret_value);
}

static bool stands_as_it_is(const struct build *build, struct span name)
{
    const struct muster_parameter_list *list = &build->source->plan->connector->parameters;
    if (span_equal(name, SPAN("base_url")))
        return true;
    for (uint32_t i = 0; i < list->count; i++)
        if (span_equal_text(name, list->items[i].name))
            return list->items[i].type == MUSTER_URL || list->items[i].type == MUSTER_HOST;
    return false;
}

static bool is_dots(struct span text)
{
    return span_equal(text, SPAN(".")) || span_equal(text, SPAN(".."));
}

static bool escape(struct build *build, struct span name, struct span value, struct bytes *into)
{
    switch (build->escape) {
    case ESCAPE_NONE:
        return bytes_append(into, value, build->fault);
    case ESCAPE_PATH:
        if (value.length == 0 || is_dots(value))
            return fault_set(build->fault, FAULT_CONTENT,
                "{%.*s} is %s, which would change what the path means", SPAN_FORMAT(name),
                value.length == 0 ? "empty" : "a dot segment");
        return bytes_append_percent(into, value, build->fault);
    case ESCAPE_URL:
        return stands_as_it_is(build, name) ? bytes_append(into, value, build->fault)
                                            : bytes_append_percent(into, value, build->fault);
    case ESCAPE_JSON:
        if (!bytes_append_json(into, value, build->fault))
            return false;
        (void)memmove(into->data, into->data + 1, into->length - 2); /* without its quotes */
        into->length -= 2;
        return true;
    }
    return false;
}

static bool look_up(void *context, struct span name, struct span *ret_value)
{
    struct build *build = context;
    struct span value;
    AUTO_BYTES escaped = {0};
    if (!find_value(build, name, &value)) {
        build->missing = name;
        return false;
    }
    if (!escape(build, name, value, &escaped)) {
        build->failed = true;
        return false;
    }
    *ret_value = arena_copy(build->arena, bytes_span(&escaped));
    if (!ret_value->data)
        build->failed = !fault_memory(build->fault);
    return ret_value->data != NULL;
}

bool build_expand(
    struct build *build, const char *template_text, enum build_escape how, struct span *ret_text)
{
    struct template template;
    AUTO_BYTES text = {.limit = BUILD_BODY_MAX};
    bool complete = false;
    build->escape = how;
    build->missing = (struct span){NULL, 0};
    build->failed = false;
    if (!template_parse(template_text, build->arena, &template, build->fault) ||
        !template_expand(&template, look_up, build, false, &text, &complete, build->fault) ||
        build->failed)
        return false;
    struct span copy =
        complete ? arena_copy(build->arena, bytes_span(&text)) : (struct span){NULL, 0};
    if (complete && !copy.data)
        return fault_memory(build->fault);
    *ret_text = copy;
    return true;
}

/* ------------------------------------------------------------------ URL ----------------------- */

bool build_path(struct build *build, const char *path)
{
    struct span expanded = {NULL, 0};
    if (!build_expand(build, path, ESCAPE_PATH, &expanded))
        return fault_prefix(build->fault, "path \"%.100s\"", path);
    if (!expanded.data)
        return fault_set(build->fault, FAULT_DECLARATION,
            "the path \"%.100s\" needs {%.*s}, which is not set here", path,
            (int)(build->missing.length < 64 ? build->missing.length : 64), build->missing.data);
    build->has_query = expanded.length > 0 && memchr(expanded.data, '?', expanded.length);
    return bytes_append_text(&build->url, build->source->base_url, build->fault) &&
           bytes_append(&build->url, expanded, build->fault);
}

bool build_query(struct build *build, struct span name, struct span value)
{
    bool ok = bytes_append_char(&build->url, build->has_query ? '&' : '?', build->fault) &&
              bytes_append_percent(&build->url, name, build->fault) &&
              bytes_append_char(&build->url, '=', build->fault) &&
              bytes_append_percent(&build->url, value, build->fault);
    build->has_query = true;
    return ok;
}

/* ------------------------------------------------------------------ headers ------------------- */

/* What the host or its HTTP library says, and a declaration must not: framing, routing, the
 * connection, conditions. */
static const char *const reserved_headers[] = {"Accept-Encoding", "Connection", "Content-Length",
    "Expect", "Host", "If-Modified-Since", "If-None-Match", "Keep-Alive", "Proxy-Authorization",
    "Proxy-Connection", "Range", "TE", "Trailer", "Transfer-Encoding", "Upgrade"};

static bool is_token(struct span name)
{
    for (size_t i = 0; i < name.length; i++)
        if (!ascii_is_token(name.data[i]))
            return false;
    return name.length > 0;
}

static bool is_field_value(struct span value)
{
    for (size_t i = 0; i < value.length; i++)
        if (ascii_is_control(value.data[i]) && value.data[i] != '\t')
            return false;
    return true;
}

static bool check_header(struct build *build, struct span name, struct span value)
{
    if (!is_token(name))
        return fault_set(build->fault, FAULT_DECLARATION,
            "a header name with a character that no "
            "header name has");
    for (size_t i = 0; i < sizeof reserved_headers / sizeof reserved_headers[0]; i++)
        if (span_equal_nocase(name, span_of(reserved_headers[i])))
            return fault_set(build->fault, FAULT_DECLARATION,
                "the header %s is the host's own; leave it out of the declaration",
                reserved_headers[i]);
    if (!is_field_value(value))
        return fault_set(build->fault, FAULT_CONTENT,
            "the value for the header %.*s has a line break or another control character in it",
            (int)(name.length < 64 ? name.length : 64), name.data);
    return true;
}

bool build_header(struct build *build, struct span name, struct span value)
{
    size_t at = 0;
    if (!check_header(build, name, value))
        return false;
    struct http_header field = {
        arena_copy(build->arena, name), arena_copy(build->arena, span_trim(value))};
    if (!field.name.data || !field.value.data)
        return fault_memory(build->fault);
    if (span_equal_nocase(name, SPAN("Content-Type"))) {
        build->content_type = field.value.data;
        return true;
    }
    while (at < build->header_count && !span_equal_nocase(build->headers[at].name, name))
        at++;
    if (at == BUILD_HEADERS_MAX)
        return fault_set(build->fault, FAULT_LIMIT, "a request with more than %d header fields",
            BUILD_HEADERS_MAX);
    build->headers[at] = field;
    build->header_count += at == build->header_count;
    return true;
}

/* ------------------------------------------------------------------ declared pairs ------------ */

static bool is_sent(const struct build *build, const struct muster_pair *pair)
{
    return !(pair->first_page_only && !build->first_page) &&
           !(pair->full_only && build->bound.data);
}

static bool build_pairs(struct build *build, const struct muster_pair_list *pairs,
    bool (*put)(struct build *build, struct span name, struct span value))
{
    struct span value = {NULL, 0};
    for (uint32_t i = 0; i < pairs->count; i++) {
        const struct muster_pair *pair = &pairs->items[i];
        if (!is_sent(build, pair))
            continue;
        if (!build_expand(build, pair->value, ESCAPE_NONE, &value) ||
            (value.data && !put(build, span_of(pair->name), value)))
            return false;
    }
    return true;
}

bool build_headers(struct build *build, const struct muster_pair_list *pairs)
{
    return build_pairs(build, pairs, build_header);
}

bool build_queries(struct build *build, const struct muster_pair_list *pairs)
{
    return build_pairs(build, pairs, build_query);
}

static bool is_pointer(const struct build *build, const char *name)
{
    return build->shape->body == MUSTER_BODY_JSON && name[0] == '/';
}

bool build_body(struct build *build)
{
    const struct muster_pair_list *pairs = &build->shape->fields;
    struct span value = {NULL, 0};
    if (build->shape->body == MUSTER_BODY_NONE)
        return true;
    if (build->shape->method != MUSTER_POST)
        return fault_set(build->fault, FAULT_DECLARATION,
            "a body is declared for a GET request; declare the method POST or leave the body out");
    for (uint32_t i = 0; i < pairs->count; i++) {
        const struct muster_pair *pair = &pairs->items[i];
        bool raw = is_pointer(build, pair->name);
        if (!is_sent(build, pair))
            continue;
        if (!build_expand(build, pair->value, raw ? ESCAPE_JSON : ESCAPE_NONE, &value))
            return false;
        if (value.data && !(raw ? body_set(build, span_of(pair->name), value)
                                : build_body_field(build, span_of(pair->name), value, false)))
            return false;
    }
    return true;
}

bool build_body_field(struct build *build, struct span name, struct span value, bool number)
{
    AUTO_BYTES json = {.limit = BUILD_BODY_MAX};
    struct span copy;
    if (!build->shape || build->shape->body == MUSTER_BODY_FORM)
        return (build->form.length == 0 || bytes_append_char(&build->form, '&', build->fault)) &&
               bytes_append_percent(&build->form, name, build->fault) &&
               bytes_append_char(&build->form, '=', build->fault) &&
               bytes_append_percent(&build->form, value, build->fault);
    if (build->shape->body == MUSTER_BODY_NONE)
        return fault_set(build->fault, FAULT_DECLARATION,
            "\"%.*s\" is declared to go into the body, but the request has none",
            (int)(name.length < 64 ? name.length : 64), name.data);
    if (!number && !bytes_append_json(&json, value, build->fault))
        return false;
    copy = arena_copy(build->arena, number ? value : bytes_span(&json));
    if (!copy.data)
        return fault_memory(build->fault);
    return body_set(build, name, copy);
}

bool build_place(
    struct build *build, uint32_t place, struct span name, struct span value, bool number)
{
    switch (place) {
    case MUSTER_IN_DEFAULT:
    case MUSTER_IN_QUERY:
        return build_query(build, name, value);
    case MUSTER_IN_HEADER:
        return build_header(build, name, value);
    case MUSTER_IN_BODY:
        return build_body_field(build, name, value, number);
    default:
        return fault_set(build->fault, FAULT_DECLARATION,
            "\"%.*s\" is declared to go to a place that parameters cannot go to",
            (int)(name.length < 64 ? name.length : 64), name.data);
    }
}

/* ------------------------------------------------------------------ finish -------------------- */

static bool finish_body(struct build *build, struct request *request)
{
    bool json = build->shape && build->shape->body == MUSTER_BODY_JSON;
    bool form = !build->shape || build->shape->body == MUSTER_BODY_FORM;
    if (!json && !form)
        return true;
    if (json && !body_write(build->json, &build->form, build->fault))
        return false;
    request->body = arena_copy(build->arena, bytes_span(&build->form));
    request->content_type = build->content_type ? build->content_type
                            : json              ? "application/json"
                                                : "application/x-www-form-urlencoded";
    return request->body.data || fault_memory(build->fault);
}

bool build_finish(struct build *build, enum muster_method method, struct request *ret_request)
{
    struct request request = {.method = method};
    size_t accept = 0;
    while (accept < build->header_count &&
           !span_equal_nocase(build->headers[accept].name, SPAN("Accept")))
        accept++;
    if (accept == build->header_count &&
        !build_header(build, SPAN("Accept"), SPAN("application/json")))
        return false;
    struct span url = arena_copy(build->arena, bytes_span(&build->url));
    if (!url.data)
        return fault_memory(build->fault);
    if (!finish_body(build, &request))
        return false;
    request.url = url.data;
    request.headers = build->headers;
    request.header_count = build->header_count;
    *ret_request = request;
    return true;
}
