/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers shapes, and walks one item of each new one for its paths and types. */
#include "drift.h"

#include <pthread.h>
#include <string.h>
#include "base/memory.h"
#include "list.h"
#include "record/drift_kind.h"
#include "walk.h"

/* Open addressing at half load or less; 0 marks a free place. */
#define SHAPE_PLACES ((size_t)2 * DRIFT_SHAPES_MAX)
#define PATH_PLACES  ((size_t)2 * DRIFT_PATHS_MAX)

struct shape_memory {
    pthread_mutex_t lock;
    uint64_t shapes[SHAPE_PLACES];
    uint8_t told[SHAPE_PLACES]; /* times */
    size_t shape_count;
};

static const char *const type_names[PATH_TYPES] = {[PATH_NULL] = "null",
    [PATH_BOOLEAN] = "boolean",
    [PATH_NUMBER] = "number",
    [PATH_STRING] = "string",
    [PATH_ARRAY] = "array",
    [PATH_OBJECT] = "object"};

static const enum path_type types[] = {
    [JSON_NONE] = PATH_NULL,
    [JSON_NULL] = PATH_NULL,
    [JSON_FALSE] = PATH_BOOLEAN,
    [JSON_TRUE] = PATH_BOOLEAN,
    [JSON_NUMBER] = PATH_NUMBER,
    [JSON_STRING] = PATH_STRING,
    [JSON_ARRAY] = PATH_ARRAY,
    [JSON_OBJECT] = PATH_OBJECT,
};

/* One item on the walk. */
struct walking {
    const struct hash_key *key;
    struct arena *arena;
    struct bytes path;
    struct path_seen *paths;
    size_t count;
    uint64_t hashes[PATH_PLACES];
    uint16_t places[PATH_PLACES];
    bool whole;
    struct fault *fault;
};

struct looking {
    struct shape_memory *memory;
    const struct hash_key *key;
    struct mapping *mapping;
    size_t told;             /* paths, of the page */
    size_t at[SHAPE_PLACES]; /* place in the memory -> index in the batch's shapes + 1 */
    size_t others, capacity; /* others: index + 1 of what is beyond the memory */
    struct fault *fault;
};

static const char *const kind_names[DRIFT_KINDS] = {[DRIFT_NEW_PATH] = "new_path",
    [DRIFT_TYPE_CHANGED] = "type_changed",
    [DRIFT_VANISHED_PATH] = "vanished_path",
    [DRIFT_UNKNOWN_VALUE] = "unknown_value",
    [DRIFT_ID_REUSED] = "id_reused"};

const char *drift_kind_name(enum drift_kind kind)
{
    return kind_names[kind];
}

const char *path_type_name(enum path_type type)
{
    return type_names[type];
}

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

/* ------------------------------------------------------------------ paths --------------------- */

static bool note_path(struct walking *on, struct json_value value)
{
    uint64_t hash = hash_keyed64(on->key, bytes_span(&on->path)) | 1;
    size_t at = hash % PATH_PLACES;
    while (on->hashes[at] != 0 && on->hashes[at] != hash)
        at = (at + 1) % PATH_PLACES;
    if (on->hashes[at] == 0) {
        if (on->count == DRIFT_PATHS_MAX) {
            on->whole = false;
            return true;
        }
        struct span path = arena_copy(on->arena, bytes_span(&on->path));
        if (!path.data)
            return fault_memory(on->fault);
        on->hashes[at] = hash;
        on->places[at] = (uint16_t)on->count;
        on->paths[on->count++] = (struct path_seen){.path = path.data};
    }
    on->paths[on->places[at]].types |= 1u << types[value.type];
    return true;
}

static bool walk(struct walking *on, struct json_value value);

static bool walk_children(struct walking *on, struct json_value value)
{
    struct json_iterator children = json_begin(value);
    struct json_value child;
    struct span key = {NULL, 0}, name;
    const size_t length = on->path.length;
    while (on->whole && json_next(&children, &key, &child)) {
        name = SPAN("-");
        if (value.type == JSON_OBJECT &&
            !json_text((struct json_value){JSON_STRING, key}, on->arena, &name, on->fault))
            return false;
        if (length + name.length > DRIFT_PATH_BYTES)
            continue;
        if (!walk_append_step(&on->path, name, on->fault) || !walk(on, child))
            return false;
        on->path.length = length;
        on->path.data[length] = '\0';
    }
    return true;
}

/* The gate bounds the depth. */
static bool walk(struct walking *on, struct json_value value)
{
    if (on->path.length > 0 && !note_path(on, value))
        return false;
    return (value.type != JSON_OBJECT && value.type != JSON_ARRAY) || walk_children(on, value);
}

/* The paths of one item, which are those of its shape. */
static bool tell(struct looking *on, struct span item, struct shape_seen *shape)
{
    struct walking walking = {
        .key = on->key, .arena = on->mapping->arena, .whole = true, .fault = on->fault};
    walking.path.limit = (size_t)8 * DRIFT_PATH_BYTES; /* escapes, and one step more */
    walking.paths = arena_allocate_array(walking.arena, DRIFT_PATHS_MAX, sizeof *walking.paths);
    if (!walking.paths)
        return fault_memory(on->fault);
    bool walked = walk(&walking, json_value_of(item));
    bytes_free(&walking.path);
    shape->told = walked && walking.whole;
    shape->paths = walking.paths;
    shape->path_count = walking.whole ? walking.count : 0;
    on->told += walking.count;
    return walked;
}

/* ------------------------------------------------------------------ shapes -------------------- */

/* The shape's place in the memory, new or old; SHAPE_PLACES where that is full. */
static size_t find_shape(struct shape_memory *memory, uint64_t shape)
{
    size_t at = shape % SHAPE_PLACES;
    while (memory->shapes[at] != 0 && memory->shapes[at] != shape)
        at = (at + 1) % SHAPE_PLACES;
    if (memory->shapes[at] == shape)
        return at;
    if (memory->shape_count == DRIFT_SHAPES_MAX)
        return SHAPE_PLACES;
    memory->shapes[at] = shape;
    memory->shape_count++;
    return at;
}

/* Where the page counts the shape; *ret_first where this is its first item of it. */
static bool find_count(
    struct looking *on, uint64_t shape, struct shape_seen **ret_seen, bool *ret_first)
{
    struct batch *batch = on->mapping->batch;
    size_t place = find_shape(on->memory, shape);
    size_t *index = place == SHAPE_PLACES ? &on->others : &on->at[place];
    *ret_first = *index == 0;
    if (*ret_first) {
        if (!list_grow(on->mapping->arena, &batch->shapes, sizeof *batch->shapes,
                batch->shape_count, &on->capacity, on->fault))
            return false;
        batch->shapes[batch->shape_count++] =
            (struct shape_seen){.shape = place == SHAPE_PLACES ? 0 : shape};
        *index = batch->shape_count;
    }
    *ret_seen = &batch->shapes[*index - 1];
    return true;
}

static bool look_at_items(struct looking *on)
{
    const struct batch *batch = on->mapping->batch;
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct json_item *item = &batch->items[i];
        const uint64_t shape = item->shape ? item->shape : 1;
        struct shape_seen *seen;
        bool first;
        if (item->why)
            continue;
        if (!find_count(on, shape, &seen, &first))
            return false;
        seen->items++;
        if (!first || seen->shape == 0 || on->told >= DRIFT_PAGE_MAX)
            continue;
        uint8_t *told = &on->memory->told[find_shape(on->memory, shape)];
        if (*told >= DRIFT_TELLINGS)
            continue;
        ++*told;
        if (!tell(on, item->bytes, seen))
            return false;
    }
    return true;
}

bool drift_note_page(struct shape_memory *memory, const struct hash_key *key,
    struct mapping *mapping, struct fault *fault)
{
    struct looking on = {.memory = memory, .key = key, .mapping = mapping, .fault = fault};
    (void)pthread_mutex_lock(&memory->lock); /* cannot fail for a mutex of the default kind */
    bool looked = look_at_items(&on);
    (void)pthread_mutex_unlock(&memory->lock);
    return looked;
}
