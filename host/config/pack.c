/* SPDX-License-Identifier: Apache-2.0 */
/* Copies a connection's settings into one block. */
#include "pack.h"

#include <stdalign.h>
#include <string.h>

void *pack_space(struct pack *pack, size_t size)
{
    const size_t unit = alignof(max_align_t);
    size_t at = (pack->used + unit - 1) / unit * unit;
    pack->used = at + size;
    return pack->block ? pack->block + at : NULL;
}

const char *pack_text(struct pack *pack, const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1, at = pack->used;
    pack->used += size; /* texts need no alignment */
    return pack->block ? memcpy(pack->block + at, text, size) : NULL;
}

static struct setting_pair *pack_pairs(
    struct pack *pack, const struct setting_pair *pairs, size_t count)
{
    struct setting_pair *copies = pack_space(pack, count * sizeof *copies);
    for (size_t i = 0; i < count; i++) {
        struct setting_pair copy = {.line = pairs[i].line};
        copy.name = pack_text(pack, pairs[i].name);
        copy.value = pack_text(pack, pairs[i].value);
        if (copies)
            copies[i] = copy;
    }
    return copies;
}

static const char **pack_list(struct pack *pack, const char **texts, size_t count)
{
    const char **copies = pack_space(pack, count * sizeof *copies);
    for (size_t i = 0; i < count; i++) {
        const char *copy = pack_text(pack, texts[i]);
        if (copies)
            copies[i] = copy;
    }
    return copies;
}

struct connection_settings *pack_connection(
    struct pack *pack, const struct connection_settings *connection)
{
    struct connection_settings *space = pack_space(pack, sizeof *space);
    struct connection_settings copy = *connection;
    copy.name = pack_text(pack, connection->name);
    copy.connector = pack_text(pack, connection->connector);
    copy.base_url = pack_text(pack, connection->base_url);
    copy.tenant = pack_text(pack, connection->tenant);
    copy.ca_file = pack_text(pack, connection->ca_file);
    copy.client_cert = pack_text(pack, connection->client_cert);
    copy.proxy = pack_text(pack, connection->proxy);
    copy.file = pack_text(pack, connection->file);
    copy.parameters = pack_pairs(pack, connection->parameters, connection->parameter_count);
    copy.secrets = pack_pairs(pack, connection->secrets, connection->secret_count);
    copy.labels = pack_pairs(pack, connection->labels, connection->label_count);
    copy.classify = pack_pairs(pack, connection->classify, connection->classify_count);
    copy.streams = pack_list(pack, connection->streams, connection->stream_count);
    if (space)
        *space = copy;
    return space;
}
