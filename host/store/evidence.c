/* SPDX-License-Identifier: Apache-2.0 */
/* Direct reads settle what a listing left open: which objects they are asked about, and the last
 * rung of the ladder (absence.c) that their answers are. */
#include "evidence.h"

#include <stdio.h>
#include "absence.h"
#include "base/arena.h"
#include "merge.h"

static bool read_suspect(
    sqlite3_stmt *row, struct arena *arena, struct job_suspect *ret_suspect, struct fault *fault)
{
    *ret_suspect = (struct job_suspect){.object = sqlite3_column_int64(row, 0)};
    return sql_copy(row, 1, arena, &ret_suspect->id, fault) &&
           sql_copy(row, 2, arena, &ret_suspect->incarnation, fault);
}

/* A live object of the scope that is not the one under suspicion. */
static bool find_control(struct store *store, int64_t scope, struct job_suspects *suspects,
    int64_t object, struct arena *arena, struct fault *fault)
{
    suspects->control = (struct job_suspect){.object = 0};
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(
        &store->sql, SQL_CONTROL, &row, fault, "iii", scope, (int64_t)suspects->kind, object);
    return step == SQL_ROW ? read_suspect(row, arena, &suspects->control, fault) : step == SQL_END;
}

static bool find_parent(
    struct store *store, struct job_suspects *suspects, struct arena *arena, struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_SUSPECT_PARENT, &row, fault, "ii",
        suspects->scope, (int64_t)suspects->kind);
    if (step != SQL_ROW)
        return step == SQL_END;
    if (!read_suspect(row, arena, &suspects->suspects[0], fault))
        return false;
    suspects->suspect_count = 1;
    return find_control(
        store, sqlite3_column_int64(row, 3), suspects, suspects->suspects[0].object, arena, fault);
}

bool evidence_suspects(
    struct store *store, struct job_suspects *suspects, struct arena *arena, struct fault *fault)
{
    suspects->suspect_count = 0;
    suspects->suspects =
        arena_allocate_array(arena, suspects->most + 1, sizeof *suspects->suspects);
    if (!suspects->suspects)
        return fault_memory(fault);
    if (suspects->parent)
        return find_parent(store, suspects, arena, fault);
    AUTO_ROW *row = sql_start(&store->sql, SQL_SUSPECTS, fault, "iiiii", suspects->scope,
        (int64_t)suspects->kind, suspects->run, (int64_t)suspects->most, suspects->before);
    if (!row)
        return false;
    enum sql_step step;
    bool good = true;
    while (good && (step = sql_next(&store->sql, row, fault)) == SQL_ROW)
        good = read_suspect(row, arena, &suspects->suspects[suspects->suspect_count++], fault);
    if (!good || step == SQL_FAILED)
        return false;
    return suspects->suspect_count == 0 ||
           find_control(store, suspects->scope, suspects, 0, arena, fault);
}

/* The object is gone, whichever scopes it was in. */
static bool delete_object(struct store *store, struct object_row *row, int64_t run,
    const struct cause *cause, struct fault *fault)
{
    struct place place;
    if (!row->shared)
        return place_of_scope(store, row->scope, run, &place, fault) &&
               object_state(store, &place, row, STATE_DELETED, cause, fault) &&
               place_save(store, &place, fault);
    for (int64_t scope = 0;;) {
        int64_t next = 0;
        if (!sql_integer(
                &store->sql, SQL_CONTRIBUTION_NEXT, &next, fault, "ii", row->object, scope))
            return false;
        if (next == 0)
            return true;
        scope = next;
        if (!place_of_scope(store, scope, run, &place, fault) ||
            !merge_state(store, &place, row->object, STATE_DELETED, cause, row, fault) ||
            !place_save(store, &place, fault))
            return false;
    }
}

/* It was read although the listing did not show it: in this scope it is present. */
static bool revive(struct store *store, struct place *place, struct object_row *row,
    const struct cause *cause, struct fault *fault)
{
    bool good = row->shared ? merge_state(store, place, row->object, STATE_LIVE, cause, row, fault)
                            : row->scope != place->scope ||
                                  object_state(store, place, row, STATE_LIVE, cause, fault);
    return good && place_save(store, place, fault);
}

/* The scope's parent is gone, and all that was listed for it. */
static bool take_parent(struct store *store, struct job_evidence *evidence,
    struct object_row *parent, const struct cause *cause, struct fault *fault)
{
    char why[64];
    struct place place;
    (void)snprintf(why, sizeof why, "parent object %lld deleted", (long long)evidence->object);
    if (parent->state != STATE_DELETED &&
        !delete_object(store, parent, evidence->run, cause, fault))
        return false;
    if (!place_of_scope(store, evidence->scope, evidence->run, &place, fault))
        return false;
    evidence->deleted =
        place.count[STATE_LIVE] + place.count[STATE_MISSING] + place.count[STATE_FILTERED];
    return absence_close_scope(store, evidence->scope, evidence->run, why, cause->wall_ms, fault);
}

bool evidence_take(
    struct store *store, struct job_evidence *evidence, int64_t wall_ms, struct fault *fault)
{
    struct place place;
    struct object_row row;
    struct cause cause = {.wall_ms = wall_ms, .evidence = evidence->evidence};
    evidence->deleted = 0;
    if (!place_load(store, evidence->run, evidence->scope, &place, fault) ||
        !object_read(store, evidence->object, &row, fault))
        return false;
    bool missing = row.state == STATE_MISSING;
    if (evidence->parent) {
        if (evidence->gone && !take_parent(store, evidence, &row, &cause, fault))
            return false;
    } else if (missing && evidence->gone) {
        evidence->deleted = 1;
        if (!delete_object(store, &row, evidence->run, &cause, fault))
            return false;
    } else if (missing && !revive(store, &place, &row, &cause, fault)) {
        return false;
    }
    return evidence->deleted == 0 || sql_run(&store->sql, SQL_SCOPE_RUN_DELETED_ADD, fault, "ii",
                                         place.scope_run, evidence->deleted);
}
