/* SPDX-License-Identifier: Apache-2.0 */
/* The routes: /metrics, /healthz, /readyz, /v1/verdict. */
#include "listener.h"

#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "config/url.h"
#include "serve/serve.h"
#include "store/query.h"
#include "table.h"

struct listener {
    struct metrics *metrics;
    const atomic_bool *ready;
    struct store *store;
    struct serve *serve;
    struct clock clock;
    struct serve_route routes[4];
    char host[256];
};

static bool answer_metrics(void *context, struct serve_reply *reply, struct fault *fault)
{
    struct listener *listener = context;
    reply->content_type = METRICS_CONTENT_TYPE;
    reply->body.limit = SERVE_BODY_BYTES_MAX;
    metrics_age(listener->metrics, METRIC_SYNC_LAG, METRIC_COMPLETE_AS_OF,
        (double)clock_wall_ms(&listener->clock) / 1000);
    return metrics_write(listener->metrics, &reply->body, fault);
}

static bool answer_health(void *context, struct serve_reply *reply, struct fault *fault)
{
    (void)context;
    return bytes_append_text(&reply->body, "alive\n", fault);
}

static bool answer_ready(void *context, struct serve_reply *reply, struct fault *fault)
{
    struct listener *listener = context;
    bool ready = atomic_load(listener->ready);
    reply->status = ready ? 200 : 503;
    return bytes_append_text(
        &reply->body, ready ? "ready\n" : "not ready: the store or the configuration\n", fault);
}

struct verdict {
    struct bytes *body;
    size_t rows;
    struct fault *fault;
    bool failed;
};

static bool verdict_row(
    void *context, const char *const *names, const struct cell *cells, size_t count)
{
    struct verdict *verdict = context;
    bool ok = bytes_append_text(verdict->body, verdict->rows++ ? ",\n  " : "\n  ", verdict->fault);
    for (size_t i = 0; ok && i < count; i++)
        ok = bytes_append_char(verdict->body, i ? ',' : '{', verdict->fault) &&
             bytes_append_json(verdict->body, span_of(names[i]), verdict->fault) &&
             bytes_append_char(verdict->body, ':', verdict->fault) &&
             table_cell_json(&cells[i], verdict->body, verdict->fault);
    ok = ok && bytes_append_char(verdict->body, '}', verdict->fault);
    verdict->failed = !ok;
    return ok;
}

static bool answer_verdict(void *context, struct serve_reply *reply, struct fault *fault)
{
    struct listener *listener = context;
    struct verdict verdict = {.body = &reply->body, .fault = fault};
    reply->content_type = "application/json";
    return bytes_append_text(&reply->body, "{\"verdict\":[", fault) &&
           query_run(listener->store, QUERY_STATUS, NULL, verdict_row, &verdict, fault) &&
           !verdict.failed && bytes_append_text(&reply->body, "]}\n", fault);
}

static bool split_address(
    struct listener *listener, const char *address, uint16_t *ret_port, struct fault *fault)
{
    struct span host;
    uint16_t port;
    if (!url_split_host_port(span_of(address), 0, &host, &port, fault))
        return fault_prefix(fault, "listen");
    if (host.length >= sizeof listener->host)
        return fault_set(fault, FAULT_CONFIGURATION, "listen: the host name is too long");
    (void)memcpy(listener->host, host.data, host.length);
    listener->host[host.length] = '\0';
    *ret_port = port;
    return true;
}

bool listener_start(const char *address, const char *store_path, struct metrics *metrics,
    const atomic_bool *ready, struct listener **ret_listener, struct fault *fault)
{
    const struct store_options store_options = {.read_only = true};
    struct listener *listener = memory_allocate(sizeof *listener);
    uint16_t port = 0;
    if (!listener)
        return fault_memory(fault);
    listener->metrics = metrics;
    listener->ready = ready;
    listener->clock = clock_system();
    const struct serve_route routes[] = {{"/metrics", answer_metrics, listener},
        {"/healthz", answer_health, listener}, {"/readyz", answer_ready, listener},
        {"/v1/verdict", answer_verdict, listener}};
    _Static_assert(sizeof routes == sizeof listener->routes, "as many routes as there is room for");
    (void)memcpy(listener->routes, routes, sizeof routes);
    if (!split_address(listener, address, &port, fault) ||
        !store_open(store_path, &store_options, &listener->store, fault)) {
        listener_stop(listener);
        return false;
    }
    const struct serve_options options = {.host = listener->host,
        .port = port,
        .routes = listener->routes,
        .route_count = sizeof routes / sizeof routes[0],
        .clock = listener->clock};
    if (!serve_start(&options, &listener->serve, fault)) {
        listener_stop(listener);
        return false;
    }
    *ret_listener = listener;
    return true;
}

unsigned listener_port(const struct listener *listener)
{
    return serve_port(listener->serve);
}

void listener_stop(struct listener *listener)
{
    if (!listener)
        return;
    serve_stop(listener->serve);
    store_close(listener->store);
    memory_free(listener);
}
