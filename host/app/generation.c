/* SPDX-License-Identifier: Apache-2.0 */
/* Generations: read, joined, compared with the one before. */
#include "generation.h"

#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "build.h"

bool generation_load(
    const char *configuration, struct generation **ret_generation, struct fault *fault)
{
    struct generation *generation = memory_allocate(sizeof *generation);
    if (!generation)
        return fault_memory(fault);
    const struct intake_options options = {.host_build = MUSTER_BUILD};
    if (!settings_read(configuration, &generation->settings, fault) ||
        !intake_directory(
            generation->settings->connectors_directory, &options, &generation->connectors, fault)) {
        generation_free(generation);
        return false;
    }
    generation->count = generation->settings->connection_count;
    generation->entries = memory_allocate_array(generation->count, sizeof *generation->entries);
    if (!generation->entries) {
        generation_free(generation);
        return fault_memory(fault);
    }
    for (size_t i = 0; i < generation->count; i++)
        generation->entries[i].name = generation->settings->connections[i].name;
    *ret_generation = generation;
    return true;
}

/* Why a connector that the configuration names is not to be had. */
static bool say_why_absent(
    const struct generation *generation, const char *name, bool *ret_gone, struct fault *fault)
{
    char file[128];
    (void)snprintf(file, sizeof file, "/%s.so", name);
    for (size_t i = 0; i < generation->connectors.count; i++) {
        const struct intake_entry *entry = &generation->connectors.entries[i];
        size_t length = strlen(entry->path), tail = strlen(file);
        if (!entry->plan && length >= tail && strcmp(entry->path + length - tail, file) == 0 &&
            entry->report.count)
            return fault_set(fault, FAULT_PLUGIN, "%.120s is refused: %.300s", entry->path,
                entry->report.problems[0].text);
    }
    *ret_gone = true;
    return fault_set(fault, FAULT_CONFIGURATION, "there is no connector called \"%s\" in %s", name,
        generation->settings->connectors_directory);
}

static const struct generation_entry *find(const struct generation *generation, const char *name)
{
    for (size_t i = 0; generation && i < generation->count; i++)
        if (strcmp(generation->entries[i].name, name) == 0)
            return &generation->entries[i];
    return NULL;
}

static bool join(struct generation *generation, size_t index, const struct hash_key *store_key,
    const struct generation_entry *before, struct generation_entry *entry)
{
    const struct connection_settings *settings = &generation->settings->connections[index];
    struct plan *plan = intake_find(&generation->connectors, span_of(settings->connector));
    struct source *source;
    if (!plan)
        return say_why_absent(generation, settings->connector, &entry->gone, &entry->fault);
    if (!source_create(generation->settings, index, plan, &source, &entry->fault))
        return false;
    if (before && before->connection &&
        memcmp(&before->connection->source->fingerprint, &source->fingerprint,
            sizeof source->fingerprint) == 0) {
        source_release(source);
        entry->connection = connection_acquire(before->connection);
        entry->kept = true;
        return true;
    }
    return connection_create(source, store_key, &entry->connection, &entry->fault);
}

void generation_join(struct generation *generation, const struct hash_key *store_key,
    const struct generation *before)
{
    for (size_t i = 0; i < generation->count; i++) {
        struct generation_entry *entry = &generation->entries[i];
        const struct generation_entry *old = find(before, entry->name);
        if (join(generation, i, store_key, old, entry))
            continue;
        generation->troubled++;
        /* A refused file, a secret that cannot be read or a mistake in the configuration leaves
         * what runs as it is (fault 146); a connector that was taken away ends. */
        if (old && old->connection && !entry->gone) {
            entry->connection = connection_acquire(old->connection);
            entry->stale = true;
        }
    }
}

void generation_free(struct generation *generation)
{
    if (!generation)
        return;
    for (size_t i = 0; generation->entries && i < generation->count; i++)
        connection_release(generation->entries[i].connection);
    memory_free(generation->entries);
    intake_directory_free(&generation->connectors);
    settings_free(generation->settings);
    memory_free(generation);
}
