/* SPDX-License-Identifier: Apache-2.0 */
/* A scope is (stream, parent id). Its position, seen set and proof belong to it, so that one
 * parent's trouble stays its own. */
#include "scopes.h"

#include <stdio.h>
#include "absence.h"
#include "base/arena.h"
#include "config/source.h"
#include "json/value.h"
#include "place.h"
#include "request/request.h"

bool scopes_stream(struct store *store, int64_t connection, const char *name, int64_t *ret_stream,
    struct fault *fault)
{
    int64_t stream = 0;
    if (!sql_integer(&store->sql, SQL_STREAM_FIND, &stream, fault, "iz", connection, name))
        return false;
    if (stream == 0)
        return fault_set(fault, FAULT_NOT_FOUND, "the store does not know the stream %s", name);
    *ret_stream = stream;
    return true;
}

/* The declared parent of a stream, or NULL. By name: the declaration alone says it. */
static const struct muster_stream *parent_of(const struct source *source, size_t stream)
{
    const struct muster_stream_list *streams = &source->plan->connector->streams;
    struct span name = span_of(streams->items[stream].parent.stream);
    for (uint32_t i = 0; name.data && i < streams->count; i++)
        if (span_equal_text(name, streams->items[i].name))
            return &streams->items[i];
    return NULL;
}

static bool find_scope(struct store *store, const struct job_scope_begin *begin, int64_t *ret_scope,
    struct fault *fault)
{
    const char *name = begin->source->plan->connector->streams.items[begin->stream].name;
    struct span parent = begin->parent.id.data ? begin->parent.id : SPAN("");
    int64_t stream = 0;
    if (!scopes_stream(store, begin->connection, name, &stream, fault) ||
        !sql_run(&store->sql, SQL_SCOPE_PUT, fault, "it", stream, parent))
        return false;
    if (begin->parent.id.data) {
        const struct muster_stream *of = parent_of(begin->source, begin->stream);
        int64_t object = 0;
        struct slot *slot;
        if (of && of->yields.count > 0 &&
            !slots_object_by_id(store, begin->connection, of->yields.items[0].kind,
                begin->parent.id, &object, &slot, fault))
            return false;
        if (object && !sql_run(&store->sql, SQL_SCOPE_PARENT, fault, "iti", stream, parent, object))
            return false;
    }
    return sql_integer(&store->sql, SQL_SCOPE_FIND, ret_scope, fault, "it", stream, parent);
}

static bool read_scope_run(struct store *store, struct job_scope_begin *begin, struct arena *arena,
    int64_t *ret_scope_run, struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step =
        sql_one(&store->sql, SQL_SCOPE_RUN_FIND, &row, fault, "ii", begin->run, begin->scope);
    if (step == SQL_FAILED)
        return false;
    if (step == SQL_END)
        return fault_set(fault, FAULT_NOT_FOUND, "there is no run %lld", (long long)begin->run);
    *ret_scope_run = sqlite3_column_int64(row, 0);
    begin->ended = sqlite3_column_int(row, 1) != 0;
    begin->proof = (enum proof)sqlite3_column_int(row, 2);
    begin->sequence = sqlite3_column_int64(row, 3);
    begin->live_before = sqlite3_column_int64(row, 4);
    int64_t *const columns[] = {&begin->so_far.received, &begin->so_far.created,
        &begin->so_far.changed, &begin->so_far.unchanged, &begin->so_far.duplicate,
        &begin->so_far.filtered, &begin->so_far.dead, &begin->so_far.reappeared,
        &begin->so_far.conflicts, &begin->so_far.unreadable, &begin->so_far.distinct};
    for (int i = 0; i < (int)(sizeof columns / sizeof columns[0]); i++)
        *columns[i] = sqlite3_column_int64(row, 7 + i);
    return sql_copy(row, 5, arena, &begin->position, fault) &&
           sql_copy(row, 6, arena, &begin->bookmark, fault) &&
           sql_copy(
               row, 7 + (int)(sizeof columns / sizeof columns[0]), arena, &begin->reason, fault);
}

bool scopes_begin(struct store *store, struct job_scope_begin *begin, struct arena *arena,
    int64_t wall_ms, struct fault *fault)
{
    int64_t scope_run;
    begin->scope = 0;
    if (!find_scope(store, begin, &begin->scope, fault) ||
        !sql_run(&store->sql, SQL_SCOPE_RUN_PUT, fault, "iiii", begin->run, begin->scope,
            (int64_t)begin->full, wall_ms) ||
        !read_scope_run(store, begin, arena, &scope_run, fault))
        return false;
    if (begin->ended || begin->sequence == 0 || begin->position.data)
        return true;
    /* A crash between the last page and the scope's end: what ended the listing is lost, so it is
     * listed once more. */
    struct job_scope_restart again = {
        .run = begin->run, .scope = begin->scope, .reason = "stopped before its end was drawn up"};
    begin->so_far.distinct = 0;
    return scopes_restart(store, &again, fault);
}

bool scopes_restart(
    struct store *store, const struct job_scope_restart *restart, struct fault *fault)
{
    struct place place;
    if (!place_load(store, restart->run, restart->scope, &place, fault))
        return false;
    if (place.ended)
        return true;
    seen_cache_drop(&store->seen, place.scope_run);
    if (restart->full &&
        (!sql_run(&store->sql, SQL_RUN_WIDEN, fault, "iz", restart->run, restart->reason) ||
            !sql_run(&store->sql, SQL_SCOPE_RUN_WIDEN, fault, "i", place.scope_run)))
        return false;
    return sql_run(
        &store->sql, SQL_SCOPE_RUN_RESTART, fault, "iz", place.scope_run, restart->reason);
}

/* The parent's fields that the child's templates use. *ret_wanted is false where the child's own
 * condition said so (record.h). */
static bool read_carry(struct span carry, const struct muster_stream *child, struct arena *arena,
    struct job_parent *parent, bool *ret_wanted, struct fault *fault)
{
    const struct muster_parent_field_list *fields = &child->parent.fields;
    struct http_header *values = arena_allocate_array(arena, fields->count + 1, sizeof *values);
    if (!values)
        return fault_memory(fault);
    parent->parent.fields = values;
    *ret_wanted = child->parent.when.pointer == NULL;
    if (carry.length == 0)
        return true;
    struct json_iterator iterator = json_begin(json_value_of(carry));
    struct span key;
    struct json_value value;
    while (json_next(&iterator, &key, &value)) {
        struct span name = {key.data + 1, key.length - 2}, text;
        if (name.length > 0 && name.data[0] == '!') {
            if (span_equal_text((struct span){name.data + 1, name.length - 1}, child->name))
                *ret_wanted = value.type == JSON_TRUE;
            continue;
        }
        for (uint32_t i = 0; i < fields->count; i++) {
            if (!span_equal_text(name, fields->items[i].name))
                continue;
            if (!json_text(value, arena, &text, fault))
                return false;
            struct http_header *field = &values[parent->parent.field_count];
            field->name = span_of(fields->items[i].name);
            field->value = arena_copy(arena, text);
            if (text.data && !field->value.data)
                return fault_memory(fault);
            if (text.data)
                parent->parent.field_count++;
        }
    }
    return true;
}

bool scopes_parent(struct store *store, int64_t object, const struct muster_stream *child,
    struct arena *arena, struct job_parent *ret_parent, bool *ret_there, struct fault *fault)
{
    struct job_parent parent = {.object = object};
    bool wanted;
    AUTO_ROW *row = NULL;
    enum sql_step step =
        sql_one(&store->sql, SQL_PARENT_CARRY, &row, fault, "iz", object, child->parent.stream);
    if (step == SQL_FAILED)
        return false;
    bool there = step == SQL_ROW && sqlite3_column_int(row, 2) != STATE_DELETED;
    bool good = !there || (sql_copy(row, 0, arena, &parent.parent.id, fault) &&
                              read_carry(sql_span(row, 1), child, arena, &parent, &wanted, fault));
    if (!good)
        return false;
    *ret_there = there;
    *ret_parent = parent;
    return true;
}

/* Child scopes whose parent object is deleted are closed; what they listed goes with it. */
static bool close_orphans(struct store *store, int64_t stream, int64_t wall_ms, struct fault *fault)
{
    for (;;) {
        int64_t scope = 0, object = 0;
        char evidence[64];
        if (!sql_integer(&store->sql, SQL_SCOPE_ORPHAN, &scope, fault, "i", stream))
            return false;
        if (scope == 0)
            return true;
        int64_t run = 0;
        if (!sql_integer(&store->sql, SQL_SCOPE_PARENT_OBJECT, &object, fault, "i", scope) ||
            !sql_integer(&store->sql, SQL_SCOPE_PARENT_RUN, &run, fault, "i", scope))
            return false;
        (void)snprintf(evidence, sizeof evidence, "parent object %lld deleted", (long long)object);
        if (!absence_close_scope(store, scope, run, evidence, wall_ms, fault))
            return false;
    }
}

/* Takes the rows of one scope of the parent stream. */
static bool read_parents(struct store *store, struct job_parents *parents, int64_t scope,
    int64_t after, uint32_t kind, struct arena *arena, struct fault *fault)
{
    const struct muster_stream *child =
        &parents->source->plan->connector->streams.items[parents->stream];
    AUTO_ROW *row = sql_start(&store->sql, SQL_PARENTS, fault, "iii", scope, after, (int64_t)kind);
    if (!row)
        return false;
    enum sql_step step;
    bool good = true;
    while (good && (step = sql_next(&store->sql, row, fault)) == SQL_ROW) {
        if (parents->parent_count == JOB_PARENTS_PAGE) {
            parents->more = true;
            break;
        }
        struct job_parent *parent = &parents->parents[parents->parent_count];
        *parent = (struct job_parent){.object = sqlite3_column_int64(row, 0)};
        bool wanted = false;
        good = sql_copy(row, 1, arena, &parent->parent.id, fault) &&
               read_carry(sql_span(row, 2), child, arena, parent, &wanted, fault);
        if (good && wanted)
            parents->parent_count++;
    }
    return good && (parents->more || step == SQL_END);
}

bool scopes_parents(struct store *store, struct job_parents *parents, struct arena *arena,
    int64_t wall_ms, struct fault *fault)
{
    const struct plan *plan = parents->source->plan;
    const struct muster_stream *of = parent_of(parents->source, parents->stream);
    int64_t stream = 0, child = 0;
    parents->parent_count = 0;
    parents->more = false;
    parents->parents = arena_allocate_array(arena, JOB_PARENTS_PAGE, sizeof *parents->parents);
    if (!parents->parents)
        return fault_memory(fault);
    if (!of)
        return fault_set(fault, FAULT_USAGE, "the stream %s has no parent",
            plan->connector->streams.items[parents->stream].name);
    if (!scopes_stream(store, parents->connection, of->name, &stream, fault) ||
        !scopes_stream(store, parents->connection,
            plan->connector->streams.items[parents->stream].name, &child, fault))
        return false;
    if (parents->after == 0 && !close_orphans(store, child, wall_ms, fault))
        return false;
    /* Scope by scope: `after` says in which one to go on. */
    int64_t scope = 0, after = parents->after;
    if (after && !sql_integer(&store->sql, SQL_PARENT_SCOPE, &scope, fault, "ii", after, stream))
        return false;
    while (!parents->more) {
        if (scope == 0 || !after) {
            int64_t next = 0;
            if (!sql_integer(&store->sql, SQL_SCOPE_NEXT, &next, fault, "ii", stream, scope))
                return false;
            if (next == 0)
                return true;
            scope = next;
        }
        if (!read_parents(store, parents, scope, after, of->yields.items[0].kind, arena, fault))
            return false;
        after = 0;
    }
    return true;
}
