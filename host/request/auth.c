/* SPDX-License-Identifier: Apache-2.0 */
/* Logins: what each scheme puts into a request. The sentences name parameters, never their values.
 */
#include "build.h"

#include <sodium.h>
#include <string.h>

bool auth_parameter(struct build *build, const char *name, const char *what, struct span *ret_value)
{
    if (!name)
        return fault_set(
            build->fault, FAULT_DECLARATION, "the login declares no parameter for its %s", what);
    if (!source_parameter(build->source, span_of(name), ret_value))
        return fault_set(build->fault, FAULT_SECRET,
            "the %s is not set; write %s under the connection's secrets or parameters", what, name);
    return true;
}

/* A header field of a prefix and a secret; a secret that could end the field is told without being
 * quoted. */
static bool set_credential(
    struct build *build, struct span name, struct span prefix, struct span secret)
{
    AUTO_BYTES text = {0};
    bool ok =
        bytes_append(&text, prefix, build->fault) && bytes_append(&text, secret, build->fault);
    ok = ok && build_header(build, name, bytes_span(&text));
    bytes_wipe(&text);
    if (!ok && build->fault->code == FAULT_CONTENT)
        return fault_set(build->fault, FAULT_SECRET,
            "the login's secret has a line break or another control character in it");
    return ok;
}

static struct span text_or(const char *text, const char *otherwise)
{
    return span_of(text ? text : otherwise);
}

static bool apply_none(struct build *build, struct span access_token)
{
    (void)build;
    (void)access_token;
    return true;
}

/* The parameter may be in a next link already. */
static bool has_query_parameter(const struct build *build, struct span name)
{
    const char *at = build->url.data ? strchr(build->url.data, '?') : NULL;
    while (at) {
        struct span rest = span_of(at + 1);
        if (span_starts_with(rest, name) && rest.length > name.length &&
            rest.data[name.length] == '=')
            return true;
        at = strchr(at + 1, '&');
    }
    return false;
}

static bool set_cookie(
    struct build *build, struct span name, struct span prefix, struct span secret)
{
    AUTO_BYTES pair = {0};
    for (size_t i = 0; i < secret.length; i++) /* RFC 6265 section 4.1.1 */
        if (secret.data[i] == '\0' || strchr(" \",;\\", secret.data[i]))
            return fault_set(build->fault, FAULT_SECRET,
                "the login's secret has a character in it that no cookie may have");
    bool ok = bytes_append(&pair, name, build->fault) &&
              bytes_append_char(&pair, '=', build->fault) &&
              bytes_append(&pair, prefix, build->fault);
    return ok && set_credential(build, SPAN("Cookie"), bytes_span(&pair), secret);
}

static bool apply_api_key(struct build *build, struct span access_token)
{
    const struct muster_auth *auth = &build->source->plan->connector->auth;
    struct span secret = {NULL, 0}, name = text_or(auth->name, "X-API-Key"),
                prefix = text_or(auth->prefix, "");
    (void)access_token;
    if (!auth_parameter(build, auth->secret_parameter, "API key", &secret))
        return false;
    if (auth->place == MUSTER_IN_COOKIE)
        return set_cookie(build, name, prefix, secret);
    if (auth->place != MUSTER_IN_QUERY)
        return set_credential(build, name, prefix, secret);
    if (has_query_parameter(build, name))
        return true;
    AUTO_BYTES text = {0};
    bool ok = bytes_append(&text, prefix, build->fault) &&
              bytes_append(&text, secret, build->fault) &&
              build_query(build, name, bytes_span(&text));
    bytes_wipe(&text);
    return ok;
}

static bool apply_bearer(struct build *build, struct span access_token)
{
    const struct muster_auth *auth = &build->source->plan->connector->auth;
    struct span secret = {NULL, 0};
    (void)access_token;
    return auth_parameter(build, auth->secret_parameter, "token", &secret) &&
           set_credential(build, SPAN("Authorization"), text_or(auth->prefix, "Bearer "), secret);
}

bool auth_basic(struct build *build, struct span user, struct span password, struct span *ret_value)
{
    AUTO_BYTES pair = {0};
    if (user.length > 0 && memchr(user.data, ':', user.length))
        return fault_set(build->fault, FAULT_SECRET,
            "the user name has a colon in it, which Basic authentication (RFC 7617) cannot carry");
    if (!bytes_append(&pair, user, build->fault) || !bytes_append_char(&pair, ':', build->fault) ||
        !bytes_append(&pair, password, build->fault)) {
        bytes_wipe(&pair);
        return false;
    }
    const struct span prefix = SPAN("Basic ");
    size_t size = sodium_base64_encoded_len(pair.length, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_allocate(build->arena, prefix.length + size);
    if (text) {
        (void)memcpy(text, prefix.data, prefix.length);
        (void)sodium_bin2base64(text + prefix.length, size, (const unsigned char *)pair.data,
            pair.length, sodium_base64_VARIANT_ORIGINAL);
        *ret_value = span_of(text);
    }
    bytes_wipe(&pair);
    return text || fault_memory(build->fault);
}

static bool apply_basic(struct build *build, struct span access_token)
{
    const struct muster_auth *auth = &build->source->plan->connector->auth;
    struct span user = SPAN(""), password = SPAN(""), value = {NULL, 0};
    (void)access_token;
    if (!auth->username_parameter && !auth->secret_parameter)
        return auth_parameter(build, NULL, "user name", &user);
    if (auth->username_parameter &&
        !auth_parameter(build, auth->username_parameter, "user name", &user))
        return false;
    if (auth->secret_parameter &&
        !auth_parameter(build, auth->secret_parameter, "password", &password))
        return false;
    return auth_basic(build, user, password, &value) &&
           build_header(build, SPAN("Authorization"), value);
}

static bool apply_oauth(struct build *build, struct span access_token)
{
    const struct muster_auth *auth = &build->source->plan->connector->auth;
    if (!access_token.data)
        return fault_set(build->fault, FAULT_SECRET,
            "no access token is at hand; a token request comes before the first page");
    return set_credential(
        build, SPAN("Authorization"), text_or(auth->prefix, "Bearer "), access_token);
}

static bool (*const schemes[])(struct build *build, struct span access_token) = {
    [MUSTER_AUTH_NONE] = apply_none,
    [MUSTER_AUTH_API_KEY] = apply_api_key,
    [MUSTER_AUTH_BEARER] = apply_bearer,
    [MUSTER_AUTH_BASIC] = apply_basic,
    [MUSTER_AUTH_CLIENT_CREDENTIALS] = apply_oauth,
    [MUSTER_AUTH_REFRESH_TOKEN] = apply_oauth,
};

bool auth_apply(struct build *build, struct span access_token)
{
    uint32_t scheme = build->source->plan->connector->auth.scheme;
    if (scheme >= sizeof schemes / sizeof schemes[0])
        return fault_set(build->fault, FAULT_DECLARATION,
            "the login scheme %u is none that this host knows", scheme);
    return schemes[scheme](build, access_token);
}

bool request_needs_token(const struct source *source)
{
    uint32_t scheme = source->plan->connector->auth.scheme;
    return scheme == MUSTER_AUTH_CLIENT_CREDENTIALS || scheme == MUSTER_AUTH_REFRESH_TOKEN;
}
