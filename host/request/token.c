/* SPDX-License-Identifier: Apache-2.0 */
/* OAuth 2.0 token requests and their answers (RFC 6749 sections 2.3.1, 4.4, 5.1, 6). */
#include "request/request.h"

#include <string.h>
#include "base/timestamp.h"
#include "build.h"
#include "config/url.h"
#include "json/gate.h"
#include "json/value.h"

#define TOKEN_BODY_MAX   65536u /* bytes of a token answer */
#define TOKEN_MAX        16384u /* bytes of one token: it has to fit into a header */
#define LIFETIME_MAX_MS  (INT64_C(366) * 86400 * 1000)
#define FILETIME_EPOCH_S INT64_C(11644473600) /* 1601-01-01 to 1970-01-01 */

/* ------------------------------------------------------------------ request ------------------- */

static bool expand_url(struct build *build, const char *text, struct bytes *into)
{
    struct span expanded;
    if (!text)
        return fault_set(build->fault, FAULT_DECLARATION, "the login declares no token_url");
    if (!build_expand(build, text, ESCAPE_URL, &expanded))
        return false;
    if (!expanded.data)
        return fault_set(build->fault, FAULT_DECLARATION,
            "\"%.100s\" needs {%.*s}, which is not set", text,
            (int)(build->missing.length < 64 ? build->missing.length : 64), build->missing.data);
    return bytes_append(into, expanded, build->fault);
}

/* The base URL's origin, or one of those that the connector declares. */
static bool is_declared_origin(struct build *build, const struct url *url, bool *ret_declared)
{
    const struct muster_origin_list *origins = &build->source->plan->connector->origins;
    struct url other;
    *ret_declared = url_parse(span_of(build->source->base_url), &other, build->fault) &&
                    url_same_origin(url, &other);
    for (uint32_t i = 0; i < origins->count && !*ret_declared; i++) {
        AUTO_BYTES text = {0};
        if (!expand_url(build, origins->items[i].url, &text))
            return fault_prefix(build->fault, "origins[%u]", i);
        *ret_declared =
            url_parse(bytes_span(&text), &other, build->fault) && url_same_origin(url, &other);
    }
    return true;
}

static bool set_url(struct build *build)
{
    struct url url;
    bool declared = false;
    if (!expand_url(build, build->source->plan->connector->auth.token_url, &build->url))
        return false;
    if (!url_parse(bytes_span(&build->url), &url, build->fault))
        return fault_prefix(build->fault, "token_url");
    if (!url_is_https(&url) && !(url_is_http(&url) && build->source->settings->allow_http))
        return fault_set(build->fault, FAULT_EGRESS,
            "the token URL is not https, so the credentials would travel in the clear");
    if (!is_declared_origin(build, &url, &declared))
        return false;
    build->has_query = url.query.data != NULL;
    return declared ||
           fault_set(build->fault, FAULT_EGRESS,
               "the token URL is neither on the connection's origin nor on one that the "
               "connector declares");
}

static bool set_field(struct build *build, const char *name, struct span value)
{
    return build_body_field(build, span_of(name), value, false);
}

/* RFC 6749 section 2.3.1: id and secret are form-encoded before they go into Basic. */
static bool authenticate_basic(struct build *build, struct span id, struct span secret)
{
    AUTO_BYTES user = {0}, password = {0};
    struct span value;
    bool ok = bytes_append_percent(&user, id, build->fault) &&
              bytes_append_percent(&password, secret, build->fault) &&
              auth_basic(build, bytes_span(&user), bytes_span(&password), &value) &&
              build_header(build, SPAN("Authorization"), value);
    bytes_wipe(&password);
    return ok;
}

static bool authenticate_client(struct build *build)
{
    const struct muster_auth *auth = &build->source->plan->connector->auth;
    struct span id, secret = SPAN("");
    bool has_secret = auth->secret_parameter != NULL;
    if (!auth_parameter(build, auth->username_parameter, "client id", &id))
        return false;
    if (has_secret && !auth_parameter(build, auth->secret_parameter, "client secret", &secret))
        return false;
    if (has_secret && auth->place != MUSTER_IN_BODY)
        return authenticate_basic(build, id, secret);
    return set_field(build, "client_id", id) &&
           (!has_secret || set_field(build, "client_secret", secret));
}

static bool set_grant(struct build *build, struct span refresh_token)
{
    const struct muster_auth *auth = &build->source->plan->connector->auth;
    if (auth->scheme == MUSTER_AUTH_CLIENT_CREDENTIALS)
        return set_field(build, "grant_type", SPAN("client_credentials"));
    if (!refresh_token.data &&
        !auth_parameter(build, auth->refresh_token_parameter, "refresh token", &refresh_token))
        return false;
    return set_field(build, "grant_type", SPAN("refresh_token")) &&
           set_field(build, "refresh_token", refresh_token);
}

static bool set_fields(struct build *build, struct span refresh_token)
{
    const struct muster_auth *auth = &build->source->plan->connector->auth;
    struct span value;
    if (!set_grant(build, refresh_token))
        return false;
    if (auth->scope) {
        if (!build_expand(build, auth->scope, ESCAPE_NONE, &value) ||
            (value.data && !set_field(build, "scope", value)))
            return false;
    }
    for (uint32_t i = 0; i < auth->extra.count; i++)
        if (!build_expand(build, auth->extra.items[i].value, ESCAPE_NONE, &value) ||
            (value.data && !set_field(build, auth->extra.items[i].name, value)))
            return false;
    return true;
}

bool request_token(const struct source *source, struct span refresh_token, struct arena *arena,
    struct request *ret_request, struct fault *fault)
{
    struct build build;
    if (!request_needs_token(source))
        return fault_set(fault, FAULT_USAGE, "the connection's login has no token request");
    if (!build_begin(&build, source, arena, fault))
        return false;
    bool ok = set_url(&build) && build_headers(&build, &source->plan->connector->headers) &&
              authenticate_client(&build) && set_fields(&build, refresh_token) &&
              build_finish(&build, MUSTER_POST, ret_request);
    build_end(&build);
    if (!ok)
        return fault_prefix(fault, "the token request");
    ret_request->send_once = true;
    return true;
}

/* ------------------------------------------------------------------ answer -------------------- */

struct answer {
    struct span body;
    struct arena *arena;
    struct fault *fault;
};

static bool find(const struct answer *answer, const char *pointer_text, const char *otherwise,
    struct json_value *ret_value)
{
    struct json_pointer pointer;
    if (!json_pointer_parse(
            pointer_text ? pointer_text : otherwise, answer->arena, &pointer, answer->fault))
        return false;
    *ret_value = json_find(answer->body, &pointer);
    return true;
}

/* A token's text, in the arena; nothing where there is none. */
static bool read_token_text(
    const struct answer *answer, struct json_value value, const char *what, struct span *ret_token)
{
    struct span text;
    if (value.type != JSON_STRING) {
        *ret_token = (struct span){NULL, 0};
        return true;
    }
    if (!json_text(value, answer->arena, &text, answer->fault))
        return false;
    if (text.length > TOKEN_MAX)
        return fault_set(answer->fault, FAULT_LIMIT,
            "the token endpoint gave a token of more than %u bytes as %s", TOKEN_MAX, what);
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.data[i] <= 0x20 || (unsigned char)text.data[i] >= 0x7F)
            return fault_set(answer->fault, FAULT_CONTENT,
                "the token endpoint gave a token with a character that no token has as %s", what);
    if (text.length > 0)
        text = arena_copy(answer->arena, text);
    if (!text.data)
        return fault_memory(answer->fault);
    *ret_token = text.length > 0 ? text : (struct span){NULL, 0};
    return true;
}

/* A number that may have a fraction, in thousandths; false for anything else. */
static bool number_milli(struct span text, int64_t *ret_milli)
{
    const char *dot = text.length ? memchr(text.data, '.', text.length) : NULL;
    struct span whole = {text.data, dot ? (size_t)(dot - text.data) : text.length};
    int64_t value;
    return span_to_int64(whole, &value) && !__builtin_mul_overflow(value, 1000, ret_milli);
}

/* When the token ends, as wall time; false where the answer does not say. */
static bool read_end(uint32_t format, struct span text, int64_t wall_ms, int64_t *ret_end_ms)
{
    int64_t number;
    switch (format) {
    case MUSTER_TIME_RFC3339:
        return timestamp_from_rfc3339(text, ret_end_ms);
    case MUSTER_TIME_HTTP_DATE:
        return timestamp_from_http_date(text, ret_end_ms);
    case MUSTER_TIME_DATE:
        return timestamp_from_date(text, ret_end_ms);
    case MUSTER_TIME_GENERALIZED:
        return timestamp_from_generalized(text, ret_end_ms);
    case MUSTER_TIME_EPOCH_S:
        return number_milli(text, ret_end_ms);
    case MUSTER_TIME_EPOCH_MS:
        return span_to_int64(text, ret_end_ms);
    case MUSTER_TIME_FILETIME:
        if (!span_to_int64(text, &number))
            return false;
        *ret_end_ms = number / 10000 - FILETIME_EPOCH_S * 1000;
        return true;
    default:
        return number_milli(text, &number) && !__builtin_add_overflow(wall_ms, number, ret_end_ms);
    }
}

static bool read_lifetime(
    const struct answer *answer, const struct muster_auth *auth, int64_t wall_ms, int64_t *ret_ms)
{
    struct json_value value;
    struct span text;
    int64_t end_ms, ms;
    if (!find(answer, auth->expires_in, "/expires_in", &value) ||
        !json_text(value, answer->arena, &text, answer->fault))
        return false;
    *ret_ms = -1;
    if (text.data && read_end(auth->expires_format, span_trim(text), wall_ms, &end_ms) &&
        !__builtin_sub_overflow(end_ms, wall_ms, &ms))
        *ret_ms = ms < 0 ? 0 : ms > LIFETIME_MAX_MS ? LIFETIME_MAX_MS : ms;
    return true;
}

bool token_read(const struct source *source, struct span body, int64_t wall_ms, struct arena *arena,
    struct token *ret_token, struct fault *fault)
{
    const struct muster_auth *auth = &source->plan->connector->auth;
    struct json_gate_options options = {0}; /* small enough for any collision */
    struct answer answer = {.arena = arena, .fault = fault};
    struct json_value access, rotated;
    struct json_page page;
    struct token token = {.expires_in_ms = -1};
    if (body.length > TOKEN_BODY_MAX)
        return fault_set(fault, FAULT_LIMIT, "the token endpoint answered with more than %u bytes",
            TOKEN_BODY_MAX);
    if (!json_gate(body, &options, arena, &page, fault))
        return fault_prefix(fault, "the token endpoint's answer is not sound JSON");
    answer.body = page.value;
    if (!find(&answer, auth->access_token, "/access_token", &access) ||
        !find(&answer, auth->rotated_refresh_token, "/refresh_token", &rotated) ||
        !read_token_text(&answer, access, "access token", &token.access_token) ||
        !read_token_text(&answer, rotated, "refresh token", &token.refresh_token) ||
        !read_lifetime(&answer, auth, wall_ms, &token.expires_in_ms))
        return false;
    if (!token.access_token.data)
        return fault_set(fault, FAULT_CONTENT,
            "the token endpoint's answer has no access token at %.100s",
            auth->access_token ? auth->access_token : "/access_token");
    *ret_token = token;
    return true;
}
