/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration and the declaration say, as rows that runs and objects refer to. */
#include "registry.h"

#include "config/source.h"

static bool put_declaration(struct store *store, const struct plan *plan, int64_t *ret_declaration,
    int64_t wall_ms, struct fault *fault)
{
    struct span hash = {(const char *)plan->hash.bytes, sizeof plan->hash.bytes};
    return sql_run(&store->sql, SQL_DECLARATION_PUT, fault, "bzzti", hash, plan->connector->name,
               plan->connector->version, plan->canonical, wall_ms) &&
           sql_integer(&store->sql, SQL_DECLARATION_FIND, ret_declaration, fault, "b", hash);
}

bool registry_connection(struct store *store, struct job_round_open *open, int64_t *ret_declaration,
    int64_t wall_ms, struct fault *fault)
{
    const struct source *source = open->source;
    const struct muster_connector *connector = source->plan->connector;
    const char *tenant = source->settings ? source->settings->tenant : NULL;
    open->connection = 0;
    return sql_run(&store->sql, SQL_CONNECTION_PUT, fault, "zzzi", source->name, connector->name,
               tenant, wall_ms) &&
           sql_integer(
               &store->sql, SQL_CONNECTION_FIND, &open->connection, fault, "z", source->name) &&
           put_declaration(store, source->plan, ret_declaration, wall_ms, fault);
}

static bool put_requested(struct store *store, const struct muster_yield *yield, int64_t stream,
    int64_t declaration, struct fault *fault)
{
    for (uint32_t f = 0; f < yield->fields.count; f++)
        if (!sql_run(&store->sql, SQL_REQUESTED_PUT, fault, "iiiz", declaration, stream,
                (int64_t)yield->kind, yield->fields.items[f].to))
            return false;
    return true;
}

static bool put_kinds(struct store *store, const struct muster_stream *declared, int64_t stream,
    int64_t declaration, struct fault *fault)
{
    if (!sql_run(&store->sql, SQL_STREAM_KINDS_CLEAR, fault, "i", stream))
        return false;
    for (uint32_t y = 0; y < declared->yields.count; y++) {
        const struct muster_yield *yield = &declared->yields.items[y];
        if (!sql_run(&store->sql, SQL_STREAM_KIND_PUT, fault, "ii", stream, (int64_t)yield->kind) ||
            !put_requested(store, yield, stream, declaration, fault))
            return false;
    }
    return true;
}

bool registry_streams(struct store *store, const struct job_round_open *open, int64_t declaration,
    struct fault *fault)
{
    if (!sql_run(&store->sql, SQL_STREAMS_UNSELECT, fault, "i", open->connection))
        return false;
    for (size_t i = 0; i < open->stream_count; i++) {
        const struct job_stream *entry = &open->streams[i];
        const struct muster_stream *declared = entry->declaration;
        int64_t stream = 0;
        if (!sql_run(&store->sql, SQL_STREAM_PUT, fault, "iziiiizt", open->connection,
                declared->name, (int64_t)i, (int64_t)(declared->role == MUSTER_ENRICHES),
                (int64_t)(declared->mode != MUSTER_FULL), (int64_t)entry->selected,
                declared->parent.stream, entry->shape) ||
            !sql_integer(&store->sql, SQL_STREAM_FIND, &stream, fault, "iz", open->connection,
                declared->name) ||
            !put_kinds(store, declared, stream, declaration, fault))
            return false;
    }
    return sql_run(&store->sql, SQL_MAPPING_STATES, fault, "i", open->connection);
}

bool registry_declaration(struct store *store, int64_t connection, const struct source *source,
    int64_t *ret_declaration, int64_t wall_ms, struct fault *fault)
{
    const struct muster_stream_list *streams = &source->plan->connector->streams;
    if (!put_declaration(store, source->plan, ret_declaration, wall_ms, fault))
        return false;
    for (uint32_t i = 0; i < streams->count; i++) {
        const struct muster_stream *declared = &streams->items[i];
        int64_t stream = 0;
        if (!sql_integer(
                &store->sql, SQL_STREAM_FIND, &stream, fault, "iz", connection, declared->name))
            return false;
        for (uint32_t y = 0; stream && y < declared->yields.count; y++)
            if (!put_requested(store, &declared->yields.items[y], stream, *ret_declaration, fault))
                return false;
    }
    return true;
}
