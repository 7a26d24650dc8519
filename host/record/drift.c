/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers shapes, and for each new one walks its item once for paths and types. */
#include "drift.h"

#include <pthread.h>
#include <string.h>
#include "base/memory.h"
#include "list.h"
#include "walk.h"

/* Open addressing at half load or less; 0 marks a free place. */
#define SHAPE_PLACES ((size_t)2 * DRIFT_SHAPES_MAX)
#define PATH_PLACES  ((size_t)2 * DRIFT_PATHS_MAX)

struct path_seen {
    uint64_t hash;
    uint32_t types; /* bit for each type word */
};

struct shape_memory {
    pthread_mutex_t lock;
    uint64_t shapes[SHAPE_PLACES];
    struct path_seen paths[PATH_PLACES];
    size_t shape_count, path_count;
};

enum type_word { WORD_NULL, WORD_BOOLEAN, WORD_NUMBER, WORD_STRING, WORD_ARRAY, WORD_OBJECT };

static const char *const type_names[] = {"null", "boolean", "number", "string", "array", "object"};

static const enum type_word words[] = {
    [JSON_NONE] = WORD_NULL,
    [JSON_NULL] = WORD_NULL,
    [JSON_FALSE] = WORD_BOOLEAN,
    [JSON_TRUE] = WORD_BOOLEAN,
    [JSON_NUMBER] = WORD_NUMBER,
    [JSON_STRING] = WORD_STRING,
    [JSON_ARRAY] = WORD_ARRAY,
    [JSON_OBJECT] = WORD_OBJECT,
};

struct looking {
    struct shape_memory *memory;
    const struct hash_key *key;
    struct mapping *mapping;
    struct bytes path;
    uint32_t count; /* items of the page with the shape at hand */
    int64_t reports;
    struct fault *fault;
};

bool shape_memory_create(struct shape_memory **ret_memory, struct fault *fault)
{
    struct shape_memory *memory = memory_allocate(sizeof *memory);
    if (!memory)
        return fault_memory(fault);
    if (pthread_mutex_init(&memory->lock, NULL) != 0) {
        memory_free(memory);
        return fault_memory(fault);
    }
    *ret_memory = memory;
    return true;
}

void shape_memory_free(struct shape_memory *memory)
{
    if (!memory)
        return;
    (void)pthread_mutex_destroy(&memory->lock); /* nobody holds it: the program is gone */
    memory_free(memory);
}

/* True where the shape was not there and is now. */
static bool add_shape(struct shape_memory *memory, uint64_t shape)
{
    size_t at = shape % SHAPE_PLACES;
    if (shape == 0)
        shape = 1;
    while (memory->shapes[at] != 0 && memory->shapes[at] != shape)
        at = (at + 1) % SHAPE_PLACES;
    if (memory->shapes[at] == shape || memory->shape_count == DRIFT_SHAPES_MAX)
        return false;
    memory->shapes[at] = shape;
    memory->shape_count++;
    return true;
}

/* The path's entry, new or old; NULL where the memory is full. */
static struct path_seen *find_path(struct shape_memory *memory, uint64_t hash, bool *ret_new)
{
    size_t at = hash % PATH_PLACES;
    if (hash == 0)
        hash = 1;
    while (memory->paths[at].hash != 0 && memory->paths[at].hash != hash)
        at = (at + 1) % PATH_PLACES;
    *ret_new = memory->paths[at].hash == 0;
    if (*ret_new) {
        if (memory->path_count == DRIFT_PATHS_MAX)
            return NULL;
        memory->paths[at].hash = hash;
        memory->path_count++;
    }
    return &memory->paths[at];
}

static bool report(struct looking *on, const char *kind, enum type_word word)
{
    struct mapping *mapping = on->mapping;
    struct batch *batch = mapping->batch;
    if (on->reports == DRIFT_PAGE_MAX)
        return true;
    struct span path = arena_copy(mapping->arena, bytes_span(&on->path));
    if (!path.data || !list_grow(mapping->arena, &batch->drift, sizeof *batch->drift,
                          batch->drift_count, &mapping->drift_capacity, on->fault))
        return fault_memory(on->fault);
    batch->drift[batch->drift_count++] = (struct drift){
        .kind = kind, .path = path.data, .type = type_names[word], .count = on->count};
    on->reports++;
    return true;
}

static bool note_path(struct looking *on, struct json_value value)
{
    enum type_word word = words[value.type];
    const uint32_t bit = 1u << word, given = ~(1u << WORD_NULL);
    bool new_path;
    struct path_seen *seen =
        find_path(on->memory, hash_keyed64(on->key, bytes_span(&on->path)), &new_path);
    if (!seen || (seen->types & bit))
        return true;
    bool changed = (seen->types & given) && word != WORD_NULL;
    seen->types |= bit;
    if (new_path)
        return report(on, "new_path", word);
    return !changed || report(on, "type_changed", word);
}

static bool look(struct looking *on, struct json_value value);

static bool look_at_children(struct looking *on, struct json_value value)
{
    struct json_iterator children = json_begin(value);
    struct json_value child;
    struct span key = {NULL, 0}, name;
    const size_t length = on->path.length;
    while (json_next(&children, &key, &child)) {
        name = SPAN("-");
        if (value.type == JSON_OBJECT &&
            !json_text((struct json_value){JSON_STRING, key}, on->mapping->arena, &name, on->fault))
            return false;
        if (length + name.length > DRIFT_PATH_BYTES)
            continue;
        if (!walk_append_step(&on->path, name, on->fault) || !look(on, child))
            return false;
        on->path.length = length;
        on->path.data[length] = '\0';
    }
    return true;
}

/* The gate bounds the depth. */
static bool look(struct looking *on, struct json_value value)
{
    if (on->path.length > 0 && !note_path(on, value))
        return false;
    return (value.type != JSON_OBJECT && value.type != JSON_ARRAY) || look_at_children(on, value);
}

static bool look_at_items(struct looking *on)
{
    const struct batch *batch = on->mapping->batch;
    uint64_t last = 0;
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct json_item *item = &batch->items[i];
        if (item->why || (i > 0 && item->shape == last))
            continue;
        last = item->shape;
        if (!add_shape(on->memory, item->shape))
            continue;
        on->count = 0;
        for (size_t other = i; other < batch->item_count; other++)
            on->count += batch->items[other].shape == item->shape;
        if (!look(on, json_value_of(item->bytes)))
            return false;
    }
    return true;
}

bool drift_note_page(struct shape_memory *memory, const struct hash_key *key,
    struct mapping *mapping, int64_t *ret_count, struct fault *fault)
{
    struct looking on = {.memory = memory, .key = key, .mapping = mapping, .fault = fault};
    on.path.limit = (size_t)8 * DRIFT_PATH_BYTES; /* escapes, and one step more than is looked at */
    (void)pthread_mutex_lock(&memory->lock);      /* cannot fail for a mutex of the default kind */
    bool looked = look_at_items(&on);
    (void)pthread_mutex_unlock(&memory->lock);
    bytes_free(&on.path);
    if (looked)
        *ret_count = on.reports;
    return looked;
}
