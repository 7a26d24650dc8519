/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes as they come, paths as they are told, and conclusions at the end of a run. A shape is
 * written once a run; how often it came is counted in memory and written at the end, so that a page
 * of known shapes costs no statement. */
#include "shapes.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/memory.h"
#include "record/drift_kind.h"

#define CACHE_PLACES 4096u /* open addressing; forgotten whole at half load */
#define SHAPES_MAX   4096u /* rows of one stream; the longest unseen go */
#define PATHS_MAX    4096u /* rows of one stream; shapes with further ones conclude nothing */
#define GIVEN        (~(1u << PATH_NULL)) /* a null is a value not given */

struct shape_entry {
    int64_t stream, run; /* stream 0: free */
    uint64_t shape;
    /* Items that its row does not count yet: of transactions that are durable, and of that with
     * number `version`, which may be undone; what that one has written of the former. */
    int64_t pending, fresh, flushed;
    int64_t version;
    bool known; /* its row has its paths */
    bool stale; /* its row may be gone */
};

/* ------------------------------------------------------------------ memory -------------------- */

void shapes_doubt(struct store *store)
{
    for (size_t i = 0; store->shapes && i < CACHE_PLACES; i++) {
        struct shape_entry *entry = &store->shapes[i];
        entry->stale = true;
        if (entry->version != store->version)
            continue;
        entry->pending += entry->flushed;
        entry->fresh = entry->flushed = 0;
    }
}

/* Into the open transaction: what an earlier one has counted is durable. */
static void enter(const struct store *store, struct shape_entry *entry)
{
    if (entry->version == store->version)
        return;
    entry->pending += entry->fresh;
    entry->fresh = entry->flushed = 0;
    entry->version = store->version;
}

static bool flush_entry(struct store *store, struct shape_entry *entry, struct fault *fault)
{
    enter(store, entry);
    int64_t items = entry->pending + entry->fresh;
    entry->flushed += entry->pending;
    entry->pending = entry->fresh = 0;
    return items == 0 || sql_run(&store->sql, SQL_SHAPE_COUNT, fault, "iii", entry->stream,
                             (int64_t)entry->shape, items);
}

/* Writes what is counted of a run's shapes; run 0: of all. */
static bool flush(struct store *store, int64_t run, struct fault *fault)
{
    for (size_t i = 0; store->shapes && i < CACHE_PLACES; i++)
        if (store->shapes[i].stream && (run == 0 || store->shapes[i].run == run) &&
            !flush_entry(store, &store->shapes[i], fault))
            return false;
    return true;
}

/* The shape's entry, new or old; NULL with the fault set. */
static struct shape_entry *find_entry(
    struct store *store, int64_t stream, uint64_t shape, struct fault *fault)
{
    if (!store->shapes &&
        !(store->shapes = memory_allocate_array(CACHE_PLACES, sizeof *store->shapes))) {
        (void)fault_memory(fault);
        return NULL;
    }
    size_t at = (shape ^ (uint64_t)stream * UINT64_C(0x9E3779B97F4A7C15)) % CACHE_PLACES;
    while (store->shapes[at].stream &&
           (store->shapes[at].stream != stream || store->shapes[at].shape != shape))
        at = (at + 1) % CACHE_PLACES;
    if (store->shapes[at].stream == 0) {
        if (store->shape_count >= CACHE_PLACES / 2) {
            if (!flush(store, 0, fault))
                return NULL;
            (void)memset(store->shapes, 0, CACHE_PLACES * sizeof *store->shapes);
            store->shape_count = 0;
            return find_entry(store, stream, shape, fault);
        }
        store->shapes[at] = (struct shape_entry){.stream = stream, .shape = shape};
        store->shape_count++;
    }
    return &store->shapes[at];
}

/* ------------------------------------------------------------------ paths --------------------- */

bool shapes_report(struct store *store, int64_t stream, int64_t run, const char *kind,
    const char *path, const char *type, int64_t count, int64_t wall_ms, struct fault *fault)
{
    return sql_run(&store->sql, SQL_DRIFT, fault, "izzziii", stream, kind, path, type ? type : "",
        count, run, wall_ms);
}

/* One path while a batch tells it. */
struct told {
    const struct place *place;
    const struct batch *batch;
    const struct shape_seen *shape;
    bool reports; /* there is a run to compare with */
};

static enum path_type first_type(uint32_t types)
{
    enum path_type type = PATH_NULL;
    while (type + 1 < PATH_TYPES && !(types & (1u << type)))
        type++;
    return type;
}

static bool tell_types(struct store *store, const struct told *told, const struct path_seen *path,
    uint32_t known, struct fault *fault)
{
    uint32_t fresh = path->types & ~known & GIVEN;
    for (enum path_type type = PATH_NULL; told->reports && (known & GIVEN) && type < PATH_TYPES;
         type++)
        if ((fresh & (1u << type)) &&
            !shapes_report(store, told->place->stream, told->batch->run,
                drift_kind_name(DRIFT_TYPE_CHANGED), path->path, path_type_name(type),
                told->shape->items, told->batch->wall_ms, fault))
            return false;
    return true;
}

/* *ret_key: the path's; 0 where the stream has too many. */
static bool learn_path(struct store *store, const struct told *told, const struct path_seen *path,
    int64_t *ret_key, struct fault *fault)
{
    int64_t key = 0, types = 0, count = 0, stream = told->place->stream;
    *ret_key = 0;
    if (!sql_integer(&store->sql, SQL_PATH_FIND, &key, fault, "iz", stream, path->path))
        return false;
    if (key) {
        *ret_key = key;
        return sql_integer(&store->sql, SQL_PATH_TYPES, &types, fault, "i", key) &&
               ((path->types & ~(uint32_t)types) == 0 ||
                   (sql_run(
                        &store->sql, SQL_PATH_TYPES_ADD, fault, "ii", key, (int64_t)path->types) &&
                       tell_types(store, told, path, (uint32_t)types, fault)));
    }
    if (!sql_integer(&store->sql, SQL_PATH_NUMBER, &count, fault, "i", stream))
        return false;
    if (count >= PATHS_MAX)
        return true;
    if (!sql_run(&store->sql, SQL_PATH_ADD, fault, "izi", stream, path->path, (int64_t)path->types))
        return false;
    *ret_key = sqlite3_last_insert_rowid(store->sql.db);
    return !told->reports ||
           shapes_report(store, stream, told->batch->run, drift_kind_name(DRIFT_NEW_PATH),
               path->path, path_type_name(first_type(path->types)), told->shape->items,
               told->batch->wall_ms, fault);
}

static int compare_keys(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The paths of a shape, and the shape's row with them. *ret_known is false where they are too
 * many. */
static bool learn_shape(
    struct store *store, struct told *told, bool *ret_known, struct fault *fault)
{
    const struct shape_seen *shape = told->shape;
    AUTO_BYTES blob = {.limit = 0};
    int64_t baseline = 0;
    int64_t *keys AUTO_FREE = memory_allocate_array(shape->path_count + 1, sizeof *keys);
    if (!keys)
        return fault_memory(fault);
    if (!sql_integer(
            &store->sql, SQL_STREAM_SHAPES_RUN, &baseline, fault, "i", told->place->stream))
        return false;
    told->reports = baseline != 0;
    *ret_known = true;
    for (size_t i = 0; i < shape->path_count; i++) {
        if (!learn_path(store, told, &shape->paths[i], &keys[i], fault))
            return false;
        *ret_known = *ret_known && keys[i] != 0;
    }
    if (!*ret_known)
        return true;
    qsort(keys, shape->path_count, sizeof *keys, compare_keys);
    return seen_encode_keys(keys, shape->path_count, &blob, fault) &&
           sql_run(&store->sql, SQL_SHAPE_PATHS, fault, "iib", told->place->stream,
               (int64_t)shape->shape, bytes_span(&blob));
}

bool shapes_note(
    struct store *store, const struct place *place, const struct batch *batch, struct fault *fault)
{
    for (size_t i = 0; i < batch->shape_count; i++) {
        const struct shape_seen *shape = &batch->shapes[i];
        struct shape_entry *entry = find_entry(store, place->stream, shape->shape, fault);
        int64_t known = 0;
        bool learned = false;
        if (!entry)
            return false;
        if (entry->run == batch->run && !entry->stale && (entry->known || !shape->told)) {
            enter(store, entry);
            entry->fresh += shape->items;
            continue;
        }
        if (!flush_entry(store, entry, fault) ||
            !sql_run(&store->sql, SQL_SHAPE_SEEN, fault, "iiii", place->stream,
                (int64_t)shape->shape, batch->run, (int64_t)shape->items) ||
            !sql_integer(&store->sql, SQL_SHAPE_KNOWN, &known, fault, "ii", place->stream,
                (int64_t)shape->shape))
            return false;
        struct told told = {.place = place, .batch = batch, .shape = shape};
        if (!known && shape->told && !learn_shape(store, &told, &learned, fault))
            return false;
        entry->run = batch->run;
        entry->known = known || learned;
        entry->stale = false;
    }
    return true;
}

/* ------------------------------------------------------------------ the end of a run ---------- */

/* How many of the run's items have a path. */
struct tally {
    int64_t path, items;
};

struct concluding {
    struct store *store;
    struct arena *arena;
    struct tally *tallies;
    size_t count, capacity;
    int64_t items, of_shape; /* items: of the run; of_shape: of the shape at hand */
    bool unknown;            /* some shape's paths are not known */
    bool no_memory;          /* for a tally: why the list was left */
};

static bool add_tally(void *context, int64_t path)
{
    struct concluding *on = context;
    struct tally *grown = memory_grow(on->tallies, on->count, &on->capacity, sizeof *grown);
    on->no_memory = !grown;
    if (!grown)
        return false;
    on->tallies = grown;
    on->tallies[on->count++] = (struct tally){path, on->of_shape};
    return true;
}

static int compare_tallies(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    return (x->path > y->path) - (x->path < y->path);
}

/* Sums by path, rising. */
static void merge_tallies(struct concluding *on)
{
    size_t kept = 0;
    if (on->count > 0)
        qsort(on->tallies, on->count, sizeof *on->tallies, compare_tallies);
    for (size_t i = 0; i < on->count; i++) {
        if (kept > 0 && on->tallies[kept - 1].path == on->tallies[i].path)
            on->tallies[kept - 1].items += on->tallies[i].items;
        else
            on->tallies[kept++] = on->tallies[i];
    }
    on->count = kept;
}

static bool read_shapes(struct concluding *on, int64_t stream, int64_t run, struct fault *fault)
{
    AUTO_ROW *row = sql_start(&on->store->sql, SQL_SHAPES_OF_RUN, fault, "ii", stream, run);
    if (!row)
        return false;
    enum sql_step step;
    bool good = true;
    while (good && (step = sql_next(&on->store->sql, row, fault)) == SQL_ROW) {
        on->of_shape = sqlite3_column_int64(row, 0);
        on->items += on->of_shape;
        if (sqlite3_column_type(row, 1) == SQLITE_NULL)
            on->unknown = true;
        else if (!seen_each_key(sql_span(row, 1), add_tally, on))
            good = on->no_memory ? fault_memory(fault)
                                 : fault_set(fault, FAULT_STORE_CORRUPT,
                                       "a shape's list of paths is damaged");
    }
    if (!good || step == SQL_FAILED)
        return false;
    merge_tallies(on);
    return true;
}

static int64_t items_with(const struct concluding *on, int64_t path)
{
    struct tally key = {.path = path};
    const struct tally *found =
        on->count ? bsearch(&key, on->tallies, on->count, sizeof key, compare_tallies) : NULL;
    return found ? found->items : 0;
}

/* A path that changes: read first, written when all are read. */
struct path_row {
    int64_t path, items, before, of_before;
    const char *name;
    bool vanished, was_vanished;
};

static bool read_path(const struct concluding *on, sqlite3_stmt *row, struct path_row *path)
{
    *path = (struct path_row){.path = sqlite3_column_int64(row, 0),
        .before = sqlite3_column_int64(row, 2),
        .of_before = sqlite3_column_int64(row, 3),
        .was_vanished = sqlite3_column_int(row, 4) != 0};
    path->items = items_with(on, path->path);
    path->vanished =
        path->items == 0 &&
        (path->was_vanished ||
            (path->before > 0 && path->before * 100 >= path->of_before * SHAPES_SHARE));
    path->name = arena_copy(on->arena, sql_span(row, 1)).data;
    return path->name != NULL;
}

static bool write_path(struct concluding *on, int64_t stream, int64_t run,
    const struct path_row *path, int64_t wall_ms, struct fault *fault)
{
    struct store *store = on->store;
    if (!sql_run(&store->sql, SQL_PATH_CONCLUDE, fault, "iiii", path->path, path->items, on->items,
            (int64_t)path->vanished))
        return false;
    if (path->vanished == path->was_vanished)
        return true;
    return shapes_report(store, stream, run,
        drift_kind_name(path->vanished ? DRIFT_VANISHED_PATH : DRIFT_NEW_PATH), path->name, NULL,
        path->vanished ? path->before : path->items, wall_ms, fault);
}

static bool conclude_paths(
    struct concluding *on, int64_t stream, int64_t run, int64_t wall_ms, struct fault *fault)
{
    struct path_row *paths = arena_allocate_array(on->arena, PATHS_MAX + 1, sizeof *paths);
    size_t count = 0;
    if (!paths)
        return fault_memory(fault);
    AUTO_ROW *row = sql_start(&on->store->sql, SQL_PATHS, fault, "i", stream);
    if (!row)
        return false;
    enum sql_step step;
    bool good = true;
    while (good && count < PATHS_MAX && (step = sql_next(&on->store->sql, row, fault)) == SQL_ROW)
        good = read_path(on, row, &paths[count++]) || fault_memory(fault);
    if (!good || step == SQL_FAILED)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!write_path(on, stream, run, &paths[i], wall_ms, fault))
            return false;
    return true;
}

static bool conclude(
    struct store *store, int64_t stream, int64_t run, int64_t wall_ms, struct fault *fault)
{
    AUTO_ARENA *arena = arena_create(0);
    struct concluding on = {.store = store, .arena = arena};
    if (!arena)
        return fault_memory(fault);
    bool good = read_shapes(&on, stream, run, fault);
    /* Nothing listed is nothing learned, and what a shape of unknown paths holds nobody can tell.
     */
    if (good && on.items > 0 && !on.unknown)
        good = conclude_paths(&on, stream, run, wall_ms, fault);
    memory_free(on.tallies);
    return good;
}

bool shapes_run_end(struct store *store, int64_t run, bool full, bool conclusive, int64_t wall_ms,
    struct fault *fault)
{
    int64_t stream = 0;
    if (!flush(store, run, fault) ||
        !sql_integer(&store->sql, SQL_RUN_STREAM, &stream, fault, "i", run))
        return false;
    if (!full)
        return true;
    return (!conclusive || conclude(store, stream, run, wall_ms, fault)) &&
           sql_run(&store->sql, SQL_STREAM_SHAPES_SET, fault, "ii", stream, run) &&
           sql_run(&store->sql, SQL_SHAPES_PRUNE, fault, "ii", stream, (int64_t)SHAPES_MAX);
}
