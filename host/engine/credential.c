/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rounds share a login. Of refresh tokens it is those with the same configured token at the
 * same origin, because a server that rotates them takes the second use of one for theft; of client
 * credentials those whose token requests are the same to the last byte. login.c renews what is
 * shared.
 */
#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "config/url.h"
#include "machine.h"

static void mix(struct hash256 *name, struct span part)
{
    bool there = part.data != NULL;
    *name = hash_chain(name, (struct span){(const char *)&there, sizeof there});
    *name = hash_chain(name, there ? part : SPAN(""));
}

static void mix_number(struct hash256 *name, int64_t number)
{
    *name = hash_chain(name, (struct span){(const char *)&number, sizeof number});
}

/* All that the request is made of, how its answer is read, and by which rules it travels. */
static struct hash256 name_request(const struct source *source, const struct request *request)
{
    const struct muster_auth *auth = &source->plan->connector->auth;
    const struct connection_settings *settings = source->settings;
    const char *const texts[] = {request->url, auth->access_token, auth->expires_in,
        auth->rotated_refresh_token, settings->ca_file, settings->client_cert, settings->proxy};
    struct hash256 name = {{0}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        mix(&name, span_of(texts[i]));
    for (size_t i = 0; i < request->header_count; i++) {
        mix(&name, request->headers[i].name);
        mix(&name, request->headers[i].value);
    }
    mix(&name, request->body);
    mix_number(&name, auth->scheme);
    mix_number(&name, auth->expires_format);
    mix_number(&name, settings->allow_http);
    mix_number(&name, settings->allow_private);
    return name;
}

/* What identifies the login, and where its tokens come from. */
static bool identify(struct login *login, struct arena *arena, struct fault *fault)
{
    const struct source *source = login->connection->source;
    const struct muster_auth *auth = &source->plan->connector->auth;
    const struct span none = {NULL, 0};
    struct request request;
    struct url url;
    login->rotates = auth->scheme == MUSTER_AUTH_REFRESH_TOKEN;
    if (!request_token(source, none, arena, &request, fault) ||
        !url_parse(span_of(request.url), &url, fault) ||
        !url_append_origin(&url, &login->origin, fault))
        return false;
    login->asks = login->name = name_request(source, &request);
    if (!login->rotates)
        return true;
    (void)memset(&login->name, 0, sizeof login->name);
    mix(&login->name, SPAN("refresh token"));
    mix(&login->name, bytes_span(&login->origin));
    mix(&login->name, login_configured(login));
    return true;
}

struct span login_configured(const struct login *login)
{
    const struct source *source = login->connection->source;
    const char *name = source->plan->connector->auth.refresh_token_parameter;
    struct span value = {NULL, 0};
    if (login->rotates && name && !source_parameter(source, span_of(name), &value))
        value = (struct span){NULL, 0};
    return value;
}

/* It cannot log in; its runs say why. Nobody shares that. */
static void refuse(struct login *login, const char *why)
{
    login->state = LOGIN_REFUSED;
    login->final = true;
    (void)snprintf(login->why, sizeof login->why, "no access token: %.220s", why);
    (void)memset(&login->name, 0, sizeof login->name);
    mix_number(&login->name, (int64_t)(intptr_t)login);
}

static struct login *create(const struct round *round)
{
    struct arena *arena = arena_create(0);
    struct login *login = memory_allocate(sizeof *login);
    struct fault fault;
    if (!arena || !login || !engine_reserve(round->engine, PLACES_LOGIN)) {
        arena_free(arena);
        memory_free(login);
        return NULL;
    }
    login->engine = round->engine;
    login->connection = connection_acquire(round->connection);
    login->expires_ms = INT64_MAX;
    login->state = LOGIN_NEEDED;
    retry_budget_init(&login->budget, round->engine->now_ms);
    bool identified = identify(login, arena, &fault);
    arena_wipe(arena); /* the request has the secrets in it */
    if (!identified && fault.code == FAULT_MEMORY) {
        login_free(login);
        return NULL;
    }
    if (!identified)
        refuse(login, fault.text);
    return login;
}

static struct login *find(const struct engine *engine, const struct hash256 *name)
{
    for (struct login *login = engine->logins; login; login = login->next)
        if (memcmp(&login->name, name, sizeof *name) == 0)
            return login;
    return NULL;
}

bool login_join(struct round *round)
{
    struct engine *engine = round->engine;
    char why[REASON_MAX];
    if (!request_needs_token(round->connection->source))
        return true;
    struct login *login = create(round);
    if (!login)
        return false;
    struct login *there = find(engine, &login->name);
    if (there && memcmp(&there->asks, &login->asks, sizeof login->asks) == 0) {
        login_free(login);
        login = there;
    } else {
        if (there) {
            (void)snprintf(why, sizeof why,
                "the connection has the same refresh token as %s, but asks for access tokens in "
                "another way; give it a refresh token of its own",
                there->connection->source->name);
            refuse(login, why);
        }
        login->next = engine->logins;
        engine->logins = login;
    }
    login->rounds++;
    round->login = login;
    return true;
}

void login_release(struct login *login)
{
    struct engine *engine = login->engine;
    if (--login->rounds > 0 || login_is_under_way(login))
        return;
    login_stop(login);
    struct login **at = &engine->logins;
    while (*at != login)
        at = &(*at)->next;
    *at = login->next;
    login->next = engine->logins_gone; /* notes and effects of this event still point into it */
    engine->logins_gone = login;
}

void login_leave(struct round *round)
{
    struct login *login = round->login;
    round->login = NULL;
    if (login)
        login_release(login);
}

void login_free(struct login *login)
{
    bytes_wipe(&login->access_token);
    bytes_wipe(&login->refresh_token);
    bytes_free(&login->origin);
    arena_wipe(login->arena);
    engine_release(login->engine, PLACES_LOGIN);
    connection_release(login->connection);
    memory_free(login);
}

void login_redact(const struct round *round, char *text)
{
    const struct login *login = round->login;
    struct span tokens[2] = {{NULL, 0}, {NULL, 0}};
    if (login) {
        tokens[0] = bytes_span(&login->access_token);
        tokens[1] = bytes_span(&login->refresh_token);
    }
    source_redact_with(round->connection->source, tokens, 2, text);
}
