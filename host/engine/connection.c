/* SPDX-License-Identifier: Apache-2.0 */
/* A source and its programs, joined for the engine. */
#include "engine/connection.h"

#include "base/memory.h"

/* Which secrets the source uses, as a digest: two connections with the same ones share a server's
 * rate budget. */
static void name_credential(struct connection *connection)
{
    static const struct hash_key key = {"muster lane key"};
    const struct connection_settings *settings = connection->source->settings;
    struct hash128 sum = {{0}};
    for (size_t i = 0; i < settings->secret_count; i++) {
        struct span value;
        if (!source_parameter(connection->source, span_of(settings->secrets[i].name), &value))
            continue;
        struct hash128 one = hash_keyed(&key, value);
        for (size_t b = 0; b < sizeof sum.bytes; b++)
            sum.bytes[b] ^= one.bytes[b];
    }
    static const char digits[] = "0123456789abcdef";
    for (size_t b = 0; b < sizeof sum.bytes; b++) {
        connection->credential[2 * b] = digits[sum.bytes[b] >> 4];
        connection->credential[2 * b + 1] = digits[sum.bytes[b] & 15];
    }
}

bool connection_create(struct source *source, const struct hash_key *store_key,
    struct connection **ret_connection, struct fault *fault)
{
    struct connection *connection = memory_allocate(sizeof *connection);
    if (!connection) {
        source_release(source);
        return fault_memory(fault);
    }
    connection->source = source;
    connection->references = 1;
    connection->stream_count = source->plan->connector->streams.count;
    connection->programs =
        memory_allocate_array(connection->stream_count, sizeof(struct program *));
    if (!connection->programs) {
        connection_release(connection);
        return fault_memory(fault);
    }
    for (size_t i = 0; i < connection->stream_count; i++)
        if (source->selected[i] &&
            !program_create(source, i, store_key, &connection->programs[i], fault)) {
            connection_release(connection);
            return false;
        }
    name_credential(connection);
    *ret_connection = connection;
    return true;
}

struct connection *connection_acquire(struct connection *connection)
{
    connection->references++;
    return connection;
}

void connection_release(struct connection *connection)
{
    if (!connection || --connection->references > 0)
        return;
    for (size_t i = 0; connection->programs && i < connection->stream_count; i++)
        program_free(connection->programs[i]);
    memory_free(connection->programs);
    source_release(connection->source);
    memory_free(connection);
}
