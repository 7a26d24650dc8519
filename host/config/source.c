/* SPDX-License-Identifier: Apache-2.0 */
/* Joins one connection of the configuration with its connector's plan. */
#include "config/source.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/memory.h"
#include "config/guess.h"
#include "config/url.h"
#include "declaration/template.h"
#include "pack.h"
#include "source_box.h"

/* What source_create gathers before it is all put into one block. */
struct draft {
    const struct values_where *where;
    const struct connection_settings *connection;
    struct plan *plan;
    struct arena *arena;
    struct values values;
    struct secret seal_key;
    struct bytes base_url, origin;
    bool *selected;
};

static void draft_free(struct draft *draft)
{
    values_free(&draft->values);
    secret_release(&draft->seal_key);
    bytes_free(&draft->base_url);
    bytes_free(&draft->origin);
    arena_free(draft->arena);
}

/* The base URL. */

struct expansion {
    struct draft *draft;
    struct span missing; /* a name that is not set */
    bool secret;         /* a secret was asked for */
    bool no_memory;
};

/* A value as it stands in a URL: a URL or host as it is, anything else percent-encoded. */
static bool look_up(void *context, struct span name, struct span *ret_value)
{
    struct expansion *expansion = context;
    struct draft *draft = expansion->draft;
    const struct muster_parameter_list *parameters = &draft->plan->connector->parameters;
    int index = values_index(parameters, name);
    if (index < 0 || !draft->values.value[index].data) {
        expansion->missing = name;
        return false;
    }
    if (parameters->items[index].secret) {
        expansion->secret = true;
        return false;
    }
    struct span value = draft->values.value[index];
    uint32_t type = parameters->items[index].type;
    if (type != MUSTER_URL && type != MUSTER_HOST) {
        AUTO_BYTES encoded = {0};
        struct fault fault;
        bool ok = bytes_append_percent(&encoded, value, &fault);
        value = ok ? arena_copy(draft->arena, bytes_span(&encoded)) : (struct span){NULL, 0};
        if (!value.data) {
            expansion->no_memory = true;
            return false;
        }
    }
    *ret_value = value;
    return true;
}

static bool refuse(const struct draft *draft, const char *key, struct fault *fault, const char *why)
{
    return values_refuse(draft->where, 0, key, FAULT_CONFIGURATION, fault, "%s", why);
}

static bool expand_base_url(struct draft *draft, struct bytes *into, struct fault *fault)
{
    struct template template;
    struct expansion expansion = {.draft = draft};
    bool complete = false;
    const char *declared = draft->plan->connector->base_url;
    if (draft->connection->base_url)
        return bytes_append_text(into, draft->connection->base_url, fault);
    if (!declared)
        return values_refuse(draft->where, 0, "base_url", FAULT_CONFIGURATION, fault,
            "missing; the connector %s declares none, so write where the application is",
            draft->plan->connector->name);
    if (!template_parse(declared, draft->arena, &template, fault) ||
        !template_expand(&template, look_up, &expansion, false, into, &complete, fault))
        return false;
    if (complete)
        return true;
    if (expansion.no_memory)
        return fault_memory(fault);
    if (expansion.secret)
        return refuse(draft, "base_url", fault,
            "the connector puts a secret into its base URL, which is shown; it cannot be used");
    return values_refuse(draft->where, 0, "base_url", FAULT_CONFIGURATION, fault,
        "the connector's %s needs the parameter %.*s; set it, or write base_url", declared,
        SPAN_FORMAT(expansion.missing));
}

static bool find_base_url(struct draft *draft, struct fault *fault)
{
    AUTO_BYTES text = {.limit = URL_MAX};
    struct url url;
    struct fault why;
    if (!expand_base_url(draft, &text, fault))
        return false;
    if (!url_parse(bytes_span(&text), &url, &why))
        return values_refuse(draft->where, 0, "base_url", FAULT_CONFIGURATION, fault, "%.200s: %s",
            text.data, why.text);
    if (!url_is_http(&url))
        return values_refuse(draft->where, 0, "base_url", FAULT_CONFIGURATION, fault,
            "%.200s: the scheme is neither https nor http; write https://", text.data);
    if (url.query.data || url.fragment.data)
        return values_refuse(draft->where, 0, "base_url", FAULT_CONFIGURATION, fault,
            "%.200s: ends with a query or a fragment; write the URL up to its path", text.data);
    if (!url_is_https(&url) && !draft->connection->allow_http)
        return values_refuse(draft->where, 0, "base_url", FAULT_CONFIGURATION, fault,
            "%.200s: is not https, so credentials would travel in the clear; use https, or write "
            "allow_http = true where that is meant",
            text.data);
    /* Resolving a URL against itself gives it in its canonical form. */
    if (!url_resolve(&url, bytes_span(&text), &draft->base_url, fault) ||
        !url_append_origin(&url, &draft->origin, fault))
        return false;
    while (draft->base_url.data[draft->base_url.length - 1] == '/')
        draft->base_url.data[--draft->base_url.length] = '\0';
    return true;
}

/* The seal key, where the login gets secrets that outlive a run. */
static bool read_seal_key(struct draft *draft, struct secret_pool *pool, struct fault *fault)
{
    const struct muster_auth *auth = &draft->plan->connector->auth;
    const char *reference = draft->where->settings->seal_key;
    struct fault why;
    if (auth->scheme != MUSTER_AUTH_REFRESH_TOKEN)
        return true;
    if (!reference)
        return refuse(draft, "secrets", fault,
            "the application may give a new refresh token with each use, and there is no key to "
            "seal it with in the store; make one (head -c 32 /dev/urandom | base64 >seal.key; "
            "chmod 600 seal.key) and write store = { path = ...; seal_key = \"file:seal.key\"; }");
    return secret_read_key(pool, reference, &draft->seal_key, &why) ||
           values_refuse(draft->where, 0, "secrets", why.code, fault,
               "its refresh tokens are sealed with store.seal_key: %s", why.text);
}

/* The selection. */

static bool check_parents(struct draft *draft, struct fault *fault)
{
    const struct muster_stream_list *streams = &draft->plan->connector->streams;
    for (uint32_t i = 0; i < streams->count; i++) {
        int parent = plan_stream_parent(draft->plan, i);
        if (draft->selected[i] && parent >= 0 && !draft->selected[parent])
            return values_refuse(draft->where, 0, "streams", FAULT_CONFIGURATION, fault,
                "%s is read once for each of %s, which is not selected; add it, or take %s out",
                streams->items[i].name, streams->items[parent].name, streams->items[i].name);
    }
    return true;
}

static bool select_streams(struct draft *draft, struct fault *fault)
{
    const struct muster_stream_list *streams = &draft->plan->connector->streams;
    const struct connection_settings *connection = draft->connection;
    draft->selected = arena_allocate_array(draft->arena, streams->count, sizeof *draft->selected);
    if (!draft->selected)
        return fault_memory(fault);
    for (uint32_t i = 0; i < streams->count; i++)
        draft->selected[i] = connection->stream_count == 0;
    for (size_t i = 0; i < connection->stream_count; i++) {
        char guess[GUESS_TEXT_MAX];
        struct span name = span_of(connection->streams[i]);
        int index = plan_stream_index(draft->plan, name);
        if (index < 0)
            return values_refuse(draft->where, 0, "streams", FAULT_CONFIGURATION, fault,
                "the connector %s has no stream \"%.64s\"%s", draft->plan->connector->name,
                connection->streams[i],
                guess_text(name, streams->items, streams->count, sizeof *streams->items, guess));
        draft->selected[index] = true;
    }
    return check_parents(draft, fault);
}

/* The fingerprint: a chain over every part, each with whether it is there. */

static void digest(struct hash256 *hash, const void *data, size_t length)
{
    *hash = hash_chain(hash, (struct span){data, length});
}

static void digest_text(struct hash256 *hash, const char *text)
{
    struct span span = span_of(text);
    bool there = text != NULL;
    digest(hash, &there, sizeof there);
    digest(hash, there ? span.data : "", span.length);
}

static void digest_number(struct hash256 *hash, int64_t number)
{
    digest(hash, &number, sizeof number);
}

static void digest_pairs(struct hash256 *hash, const struct setting_pair *pairs, size_t count)
{
    digest_number(hash, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        digest_text(hash, pairs[i].name);
        digest_text(hash, pairs[i].value);
    }
}

/* A certificate that was renewed under the same name is a change too. */
static bool digest_file(const struct draft *draft, struct hash256 *hash, const char *key,
    const char *path, struct fault *fault)
{
    struct stat stat_;
    digest_text(hash, path);
    if (!path)
        return true;
    if (stat(path, &stat_) != 0) {
        (void)fault_system(fault, "%s: cannot be read", path);
        struct fault why = *fault;
        return refuse(draft, key, fault, why.text);
    }
    digest_number(hash, (int64_t)stat_.st_ino);
    digest_number(hash, (int64_t)stat_.st_size);
    digest_number(hash, (int64_t)stat_.st_mtim.tv_sec);
    digest_number(hash, (int64_t)stat_.st_mtim.tv_nsec);
    return true;
}

static bool fingerprint(const struct draft *draft, struct hash256 *ret_hash, struct fault *fault)
{
    const struct connection_settings *c = draft->connection;
    struct hash256 hash = draft->plan->hash;
    struct fault why;
    digest(&hash, draft->plan->content_hash.bytes, sizeof draft->plan->content_hash.bytes);
    digest(&hash, &draft->where->settings->policy, sizeof draft->where->settings->policy);
    digest_text(&hash, c->name);
    digest_text(&hash, draft->base_url.data);
    digest_text(&hash, c->tenant);
    digest_text(&hash, c->proxy);
    digest_pairs(&hash, c->labels, c->label_count);
    digest_pairs(&hash, c->classify, c->classify_count);
    digest_pairs(&hash, c->secrets, c->secret_count); /* what is referred to is among the values */
    digest_number(&hash, c->every_ms);
    digest_number(&hash, c->full_every_ms);
    digest_number(&hash, c->allow_http);
    digest_number(&hash, c->allow_private);
    for (uint32_t i = 0; i < draft->values.parameters->count; i++)
        digest_text(&hash, draft->values.value[i].data);
    if (draft->seal_key.value.data)
        digest(&hash, draft->seal_key.value.data, draft->seal_key.value.length);
    digest(&hash, draft->selected, draft->plan->connector->streams.count * sizeof *draft->selected);
    if (c->client_cert && !secret_check_file(c->client_cert, &why))
        return refuse(draft, "client_cert", fault, why.text);
    if (!digest_file(draft, &hash, "ca_file", c->ca_file, fault) ||
        !digest_file(draft, &hash, "client_cert", c->client_cert, fault))
        return false;
    *ret_hash = hash;
    return true;
}

/* Packs all that the source keeps. Called twice: to count, and to copy. */
static void pack_draft(struct pack *pack, const struct draft *draft, struct source *ret_source)
{
    size_t streams = draft->plan->connector->streams.count;
    ret_source->settings = pack_connection(pack, draft->connection);
    ret_source->name = pack_text(pack, draft->connection->name);
    ret_source->base_url = pack_text(pack, draft->base_url.data);
    ret_source->origin = pack_text(pack, draft->origin.data);
    ret_source->selected = pack_space(pack, streams * sizeof *ret_source->selected);
    if (ret_source->selected)
        (void)memcpy(ret_source->selected, draft->selected, streams * sizeof *ret_source->selected);
}

static bool finish(struct draft *draft, struct source **ret_source, struct fault *fault)
{
    struct pack pack = {0};
    struct source counted = {0};
    struct hash256 hash;
    if (!fingerprint(draft, &hash, fault))
        return false;
    pack_draft(&pack, draft, &counted);
    struct source_box *box = memory_allocate(sizeof *box);
    char *block = memory_allocate(pack.used);
    if (!box || !block) {
        memory_free(box);
        memory_free(block);
        return fault_memory(fault);
    }
    box->copies = block;
    pack = (struct pack){.block = block};
    pack_draft(&pack, draft, &box->source);
    box->source.plan = plan_acquire(draft->plan);
    box->source.policy = draft->where->settings->policy;
    box->source.fingerprint = hash;
    atomic_init(&box->references, 1);
    box->values = draft->values;
    draft->values = (struct values){0};
    box->seal_key = draft->seal_key;
    draft->seal_key = (struct secret){0};
    /* Values that were borrowed from the file are borrowed from the copy from now on. */
    for (size_t i = 0; i < box->source.settings->parameter_count; i++) {
        const struct setting_pair *pair = &box->source.settings->parameters[i];
        int index = values_index(box->values.parameters, span_of(pair->name));
        box->values.value[index] = span_of(pair->value);
    }
    *ret_source = &box->source;
    return true;
}

bool source_create(const struct settings *settings, size_t connection, struct plan *plan,
    struct source **ret_source, struct fault *fault)
{
    const struct values_where where = {settings, connection};
    struct draft draft = {.where = &where, .plan = plan};
    struct secret_pool *own = settings->secret_pool ? NULL : secret_pool_create();
    struct secret_pool *pool = own ? own : settings->secret_pool;
    draft.connection = &settings->connections[connection];
    draft.arena = arena_create(0);
    draft.base_url.limit = (size_t)4 * URL_MAX;
    bool ok = draft.arena && pool
                  ? values_read(&where, plan->connector, pool, &draft.values, fault) &&
                        read_seal_key(&draft, pool, fault) && find_base_url(&draft, fault) &&
                        select_streams(&draft, fault) && finish(&draft, ret_source, fault)
                  : fault_memory(fault);
    draft_free(&draft);
    secret_pool_free(own);
    return ok;
}

struct source *source_acquire(struct source *source)
{
    struct source_box *box = (struct source_box *)source;
    atomic_fetch_add(&box->references, 1);
    return source;
}

void source_release(struct source *source)
{
    struct source_box *box = (struct source_box *)source;
    if (!box || atomic_fetch_sub(&box->references, 1) != 1)
        return;
    values_free(&box->values);
    secret_release(&box->seal_key);
    plan_release(box->source.plan);
    memory_free(box->copies);
    memory_free(box);
}

bool source_parameter(const struct source *source, struct span name, struct span *ret_value)
{
    const struct source_box *box = (const struct source_box *)source;
    if (span_equal(name, SPAN("base_url"))) {
        *ret_value = span_of(source->base_url);
        return true;
    }
    int index = values_index(box->values.parameters, name);
    if (index < 0 || !box->values.value[index].data)
        return false;
    *ret_value = box->values.value[index];
    return true;
}

bool source_parameter_is_secret(const struct source *source, struct span name)
{
    const struct muster_parameter_list *parameters = &source->plan->connector->parameters;
    int index = values_index(parameters, name);
    return index >= 0 && parameters->items[index].secret;
}

struct span source_seal_key(const struct source *source)
{
    return ((const struct source_box *)source)->seal_key.value;
}
