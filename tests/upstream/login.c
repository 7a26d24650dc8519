/* SPDX-License-Identifier: Apache-2.0 */
/* Logins as a table of what a request may carry, and the token endpoint. */
#include "login.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define CREDENTIALS_MAX 512u /* bytes of user:password */

bool login_start(
    struct login *login, const struct login_options *options, uint64_t seed, struct fault *fault)
{
    *login = (struct login){.options = *options, .seed = seed};
    if (options->basic && strlen(options->basic) > CREDENTIALS_MAX)
        return fault_set(fault, FAULT_USAGE, "--basic has at most %u bytes", CREDENTIALS_MAX);
    if (options->oauth && !strchr(options->oauth, ':'))
        return fault_set(fault, FAULT_USAGE, "--oauth needs ID:SECRET");
    if (options->oauth && strlen(options->oauth) > CREDENTIALS_MAX)
        return fault_set(fault, FAULT_USAGE, "--oauth has at most %u bytes", CREDENTIALS_MAX);
    if (options->refresh_token && !options->oauth)
        return fault_set(fault, FAULT_USAGE, "--refresh-token needs --oauth");
    if (options->refresh_token && (size_t)snprintf(login->refresh_token, LOGIN_TOKEN_TEXT, "%s",
                                      options->refresh_token) >= LOGIN_TOKEN_TEXT)
        return fault_set(
            fault, FAULT_USAGE, "--refresh-token has at most %u bytes", LOGIN_TOKEN_TEXT - 1);
    return true;
}

/* "Basic " and the credentials in base64 (RFC 7617). */
static bool is_basic(struct span header, const char *credentials)
{
    char expected[6 + sodium_base64_ENCODED_LEN(CREDENTIALS_MAX, sodium_base64_VARIANT_ORIGINAL)] =
        "Basic ";
    if (!credentials)
        return false;
    (void)sodium_bin2base64(expected + 6, sizeof expected - 6, (const unsigned char *)credentials,
        strlen(credentials),
        sodium_base64_VARIANT_ORIGINAL); /* aborts where it would not fit: it fits */
    return span_equal_text(header, expected);
}

static struct span after(struct span text, const char *prefix)
{
    struct span head = span_of(prefix);
    if (!span_starts_with(text, head))
        return (struct span){NULL, 0};
    return (struct span){text.data + head.length, text.length - head.length};
}

static bool is_set_and_equal(struct span given, const char *expected)
{
    return expected && given.data && span_equal_text(given, expected);
}

/* One cookie only is all that this server ever sets. */
static struct span cookie_key(const struct request *request)
{
    return after(request_header(request, "Cookie"), "api_key=");
}

bool login_allows(const struct login *login, const struct request *request, int64_t now_ms)
{
    const struct login_options *options = &login->options;
    struct span authorization = request_header(request, "Authorization");
    struct span bearer = after(authorization, "Bearer ");
    if (!options->token && !options->api_key && !options->basic && !options->oauth)
        return true;
    if (is_set_and_equal(bearer, options->token) || is_basic(authorization, options->basic) ||
        is_set_and_equal(request_header(request, "X-API-Key"), options->api_key) ||
        is_set_and_equal(request_query(request, "api_key"), options->api_key) ||
        is_set_and_equal(cookie_key(request), options->api_key))
        return true;
    for (size_t i = 0; bearer.length > 0 && i < LOGIN_TOKENS_MAX; i++)
        if (login->tokens[i].expires_ms > now_ms && span_equal_text(bearer, login->tokens[i].text))
            return true;
    return false;
}

/* Client authentication in Basic or in the body (RFC 6749 section 2.3.1). */
static bool client_is_known(const struct login *login, const struct request *request)
{
    const char *oauth = login->options.oauth, *colon = oauth ? strchr(oauth, ':') : NULL;
    if (!colon)
        return false;
    if (is_basic(request_header(request, "Authorization"), oauth))
        return true;
    struct span id = {oauth, (size_t)(colon - oauth)};
    return span_equal(form_value(request->body, "client_id"), id) &&
           span_equal_text(form_value(request->body, "client_secret"), colon + 1);
}

static bool refuse(struct answer *answer, int status, const char *error, struct fault *fault)
{
    answer->status = status;
    bytes_clear(&answer->body);
    return bytes_format(
        &answer->body, fault, "{\"error\":\"%s\"}", error); /* RFC 6749 section 5.2 */
}

bool login_token(struct login *login, const struct request *request, int64_t now_ms,
    struct answer *answer, struct fault *fault)
{
    struct span grant = form_value(request->body, "grant_type");
    bool refresh = span_equal_text(grant, "refresh_token");
    if (!span_equal_text(request->method, "POST"))
        return refuse(answer, 405, "invalid_request", fault);
    if (!client_is_known(login, request))
        return refuse(answer, 401, "invalid_client", fault);
    if (!refresh && !span_equal_text(grant, "client_credentials"))
        return refuse(answer, 400, "unsupported_grant_type", fault);
    if (refresh &&
        (login->refresh_token[0] == '\0' ||
            !span_equal_text(form_value(request->body, "refresh_token"), login->refresh_token)))
        return refuse(answer, 400, "invalid_grant", fault);
    struct access_token *token = &login->tokens[login->issued++ % LOGIN_TOKENS_MAX];
    (void)snprintf(token->text, sizeof token->text, "at-%016" PRIx64 "-%" PRIu64,
        (login->seed ^ login->issued) * 0x9E3779B97F4A7C15u, login->issued); /* fits */
    token->expires_ms = now_ms + (int64_t)login->options.lifetime_s * 1000;
    if (!bytes_format(&answer->body, fault,
            "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%u", token->text,
            login->options.lifetime_s))
        return false;
    if (refresh) {
        /* Rotation: the one just used is void, as RFC 9700 section 4.14 asks for public clients. */
        (void)snprintf(login->refresh_token, sizeof login->refresh_token,
            "rt-%016" PRIx64 "-%" PRIu64, (login->seed + login->issued) * 0xBF58476D1CE4E5B9u,
            login->issued); /* fits */
        if (!bytes_format(&answer->body, fault, ",\"refresh_token\":\"%s\"", login->refresh_token))
            return false;
    }
    return answer_header(answer, "Cache-Control", "no-store", fault) &&
           bytes_append_text(&answer->body, "}", fault);
}

void login_expire(struct login *login)
{
    for (size_t i = 0; i < LOGIN_TOKENS_MAX; i++)
        login->tokens[i].expires_ms = 0;
}
