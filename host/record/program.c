/* SPDX-License-Identifier: Apache-2.0 */
/* Binds a stream's page reader, mapper and keys to its source. */
#include "record/program.h"

#include <stdio.h>
#include "base/memory.h"
#include "drift.h"
#include "record/mapper.h"

/* Part of every scope key: raised when the host maps the same declaration in another way, so that
 * nothing old stays. */
#define MAPPING_VERSION "1"

/* Appends a part with its length before it, as hash_derive_key does: no two lists of parts are
 * alike. */
static bool add_part(struct bytes *parts, struct span part, struct fault *fault)
{
    return bytes_format(parts, fault, "%zu:", part.length) && bytes_append(parts, part, fault);
}

/* Everything that a record depends on beside the item and the parent: the declaration, parameters,
 * the operator's patterns. */
static bool derive_bytes_key(const struct program *program, const struct hash_key *store_key,
    struct hash_key *ret_key, struct fault *fault)
{
    const struct source *source = program->source;
    const struct plan *plan = source->plan;
    const struct muster_parameter_list *parameters = &plan->connector->parameters;
    AUTO_BYTES parts = {0};
    struct span value;
    if (!add_part(&parts, SPAN(MAPPING_VERSION), fault) ||
        !add_part(&parts, (struct span){(const char *)plan->hash.bytes, sizeof plan->hash.bytes},
            fault) ||
        !add_part(&parts, span_of(program->declaration->name), fault))
        return false;
    for (uint32_t i = 0; i < parameters->count; i++) {
        struct span name = span_of(parameters->items[i].name);
        if (!parameters->items[i].secret && source_parameter(source, name, &value) &&
            (!add_part(&parts, name, fault) || !add_part(&parts, value, fault)))
            return false;
    }
    for (size_t i = 0; source->settings && i < source->settings->classify_count; i++)
        if (!add_part(&parts, span_of(source->settings->classify[i].name), fault) ||
            !add_part(&parts, span_of(source->settings->classify[i].value), fault))
            return false;
    const struct span all[] = {SPAN("bytes"), bytes_span(&parts)};
    *ret_key = hash_derive_key(store_key, all, sizeof all / sizeof all[0]);
    return true;
}

void program_free(struct program *program)
{
    if (!program)
        return;
    page_reader_free(program->reader);
    page_reader_free(program->one);
    mapper_free(program->mapper);
    shape_memory_free(program->shapes);
    if (program->source)
        source_release(program->source);
    memory_free(program);
}

static void program_free_cleanup(struct program **program)
{
    program_free(*program);
}

bool program_create(struct source *source, size_t stream, const struct hash_key *store_key,
    struct program **ret_program, struct fault *fault)
{
    const struct span gate = SPAN("gate"), content = SPAN("content");
    __attribute__((cleanup(program_free_cleanup))) struct program *program =
        memory_allocate(sizeof *program);
    if (!program)
        return fault_memory(fault);
    program->source = source_acquire(source);
    program->stream = stream;
    program->declaration = &source->plan->connector->streams.items[stream];
    program->gate_key = hash_derive_key(store_key, &gate, 1);
    program->content_key = hash_derive_key(store_key, &content, 1);
    if (!derive_bytes_key(program, store_key, &program->bytes_key, fault) ||
        !page_reader_create(source, stream, &program->reader, fault) ||
        !page_reader_create_one(source, stream, &program->one, fault) ||
        !mapper_create(source, stream, &program->mapper, fault) ||
        !shape_memory_create(&program->shapes, fault))
        return false;
    program->by_bytes = mapper_by_bytes(program->mapper);
    *ret_program = TAKE(program);
    return true;
}

struct hash_key program_scope_key(const struct program *program, const struct scope_parent *parent)
{
    struct hash_key key = program->bytes_key;
    if (!parent || !parent->id.data)
        return key;
    key = hash_derive_key(&key, &parent->id, 1);
    for (size_t i = 0; i < parent->field_count; i++) {
        const struct span field[] = {parent->fields[i].name, parent->fields[i].value};
        key = hash_derive_key(&key, field, 2);
    }
    return key;
}
