/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ladder: live, then missing (an object that a conclusive full run did not list), then deleted
 * (a second proven run did not either; or, in evidence.c, a direct read). What one run would take
 * away beyond the guard waits for a person.
 */
#include "absence.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "merge.h"
#include "policy/absence.h"

struct absent {
    int64_t *missing, *deleted; /* keys that go from live to missing, from missing to deleted */
    size_t missing_count, missing_capacity, deleted_count, deleted_capacity;
};

static void absent_free(struct absent *absent)
{
    memory_free(absent->missing);
    memory_free(absent->deleted);
}
#define AUTO_ABSENT __attribute__((cleanup(absent_free))) struct absent

/* Sorts one object that is present or missing in the scope. Columns: object, state, absent_run,
 * absent_proven. */
static bool look_at(struct absent *absent, struct seen *seen, sqlite3_stmt *row, int64_t run,
    bool proven, struct fault *fault)
{
    int64_t object = sqlite3_column_int64(row, 0);
    if (seen_has(seen, object))
        return true;
    if (sqlite3_column_int(row, 1) != STATE_MISSING)
        return seen_list_add(
            &absent->missing, &absent->missing_count, &absent->missing_capacity, object, fault);
    bool earlier = sqlite3_column_int64(row, 2) < run;
    if (!proven || !earlier)
        return true;
    return seen_list_add(
        &absent->deleted, &absent->deleted_count, &absent->deleted_capacity, object, fault);
}

/* What a run after `run_last` has touched is not for this one to conclude about: a replay of dead
 * letters beside it knows more. */
static bool scan(struct store *store, enum sql sql, const struct place *place, int64_t run_last,
    struct seen *seen, bool proven, struct absent *absent, struct fault *fault)
{
    AUTO_ROW *row = sql_start(&store->sql, sql, fault, "ii", place->scope, run_last);
    if (!row)
        return false;
    enum sql_step step;
    while ((step = sql_next(&store->sql, row, fault)) == SQL_ROW)
        if (!look_at(absent, seen, row, place->run, proven, fault))
            return false;
    return step == SQL_END;
}

/* One object's presence in the scope becomes `state`. */
static bool conclude(struct store *store, struct place *place, int64_t object, enum state state,
    const struct cause *cause, struct fault *fault)
{
    struct object_row row;
    if (!object_read(store, object, &row, fault))
        return false;
    if (row.shared)
        return merge_state(store, place, object, state, cause, &row, fault);
    if (row.scope != place->scope || row.state == state)
        return true;
    return object_state(store, place, &row, state, cause, fault);
}

/* A first absence that only an asserted run had concluded, seen again by a proven one, is now a
 * proven first absence. */
static bool go_missing(struct store *store, struct place *place, const int64_t *keys, size_t count,
    const struct cause *cause, struct fault *fault)
{
    for (size_t i = 0; i < count; i++)
        if (!conclude(store, place, keys[i], STATE_MISSING, cause, fault))
            return false;
    return true;
}

/* Missing ones: proven before makes deleted; asserted before makes proven missing. */
static bool climb(struct store *store, struct place *place, const struct absent *absent,
    int64_t wall_ms, int64_t *ret_deleted, struct fault *fault)
{
    char evidence[64];
    (void)snprintf(evidence, sizeof evidence, "second proven run %lld", (long long)place->run);
    struct cause cause = {.wall_ms = wall_ms, .evidence = evidence};
    for (size_t i = 0; i < absent->deleted_count; i++) {
        int64_t object = absent->deleted[i];
        struct object_row row;
        if (!object_read(store, object, &row, fault))
            return false;
        struct contribution here = {.absent_proven = row.absent_proven};
        if (row.shared && !merge_contribution(store, place, object, &here, fault))
            return false;
        if (!here.absent_proven) {
            if (!sql_run(&store->sql, row.shared ? SQL_CONTRIBUTION_PROVEN : SQL_OBJECT_PROVEN,
                    fault, "iii", object, place->run, place->scope))
                return false;
            continue;
        }
        if (!conclude(store, place, object, STATE_DELETED, &cause, fault))
            return false;
        ++*ret_deleted;
    }
    return true;
}

/* Whether the scope belongs to a parent object. */
static bool has_parent(
    struct store *store, const struct place *place, bool *ret_child, struct fault *fault)
{
    int64_t child = 0;
    if (!sql_integer(&store->sql, SQL_SCOPE_IS_CHILD, &child, fault, "i", place->scope))
        return false;
    *ret_child = child != 0;
    return true;
}

/* What the stream's other listings would take away: in this run, and, as long as that is not too
 * much already, what earlier runs left on hold where this one has not looked yet. Each hold is of
 * one object at the least, so that no more of them than the bound need be added up. */
static bool look_elsewhere(struct store *store, const struct place *place,
    struct absence_facts *facts, struct fault *fault)
{
    int64_t held = 0;
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_RUN_ABSENT, &row, fault, "i", place->run);
    if (step == SQL_FAILED)
        return false;
    assert(step == SQL_ROW && "a scope ends in a run");
    facts->present_in_all = sqlite3_column_int64(row, 0);
    facts->missing_elsewhere = sqlite3_column_int64(row, 1);
    if (absence_hold(facts))
        return true;
    int64_t bound = facts->most + facts->present_in_all / 100 * facts->percent + facts->percent + 1;
    if (!sql_integer(&store->sql, SQL_HELD_ELSEWHERE, &held, fault, "iiii", place->stream,
            place->run, place->scope, bound))
        return false;
    facts->missing_elsewhere += held;
    return true;
}

static bool find_reason(struct store *store, const struct place *place,
    const struct job_scope_end *end, const struct seen *seen, size_t missing,
    const char **ret_reason, struct fault *fault)
{
    struct absence_facts facts = {.missing = (int64_t)missing,
        .present = place->count[STATE_LIVE] + place->count[STATE_FILTERED],
        .empty = seen->own + seen->others == 0 && seen->id_count == 0,
        .most = end->absence_most,
        .percent = end->absence_percent};
    if (!has_parent(store, place, &facts.child, fault) ||
        (facts.child && missing > 0 && !look_elsewhere(store, place, &facts, fault)))
        return false;
    *ret_reason = absence_hold(&facts);
    return true;
}

#define HOLD_NAMES 3 /* objects that a hold names beside their number */

/* "REASON: KIND ID, KIND ID and 7 more": a person decides on names, not on a number alone. */
static bool say_what(struct store *store, const char *reason, const struct absent *absent,
    struct bytes *into, struct fault *fault)
{
    size_t named = absent->missing_count < HOLD_NAMES ? absent->missing_count : HOLD_NAMES;
    if (!bytes_append_text(into, reason, fault))
        return false;
    for (size_t i = 0; i < named; i++) {
        AUTO_ROW *row = NULL;
        enum sql_step step =
            sql_one(&store->sql, SQL_OBJECT_NAME, &row, fault, "i", absent->missing[i]);
        bool good = step != SQL_FAILED &&
                    (step != SQL_ROW || (bytes_append_text(into, i ? ", " : ": ", fault) &&
                                            bytes_append(into, sql_span(row, 0), fault)));
        if (!good)
            return false;
    }
    return named == absent->missing_count ||
           bytes_format(into, fault, " and %zu more", absent->missing_count - named);
}

static bool hold(struct store *store, struct place *place, const struct job_scope_end *end,
    struct absent *absent, const char *reason, int64_t wall_ms, struct fault *fault)
{
    AUTO_BYTES what = {.limit = 0};
    bytes_clear(&store->blob);
    return say_what(store, reason, absent, &what, fault) &&
           seen_encode_keys(absent->missing, absent->missing_count, &store->blob, fault) &&
           sql_run(&store->sql, SQL_HOLD_ADD, fault, "iiiiiizbi", place->run, place->scope,
               store->next_batch - 1, (int64_t)(end->proof == PROOF_PROVEN),
               (int64_t)absent->missing_count, place->count[STATE_LIVE], what.data,
               bytes_span(&store->blob), wall_ms);
}

/* Draws the conclusions of what is absent; `seen` is what the run saw. */
static bool draw(struct store *store, struct place *place, struct job_scope_end *end,
    const struct seen *seen, struct absent *absent, int64_t wall_ms, struct fault *fault)
{
    const char *reason;
    bool proven = end->proof == PROOF_PROVEN;
    int64_t missing = (int64_t)absent->missing_count;
    if (!sql_run(&store->sql, SQL_HOLD_SUPERSEDE, fault, "ii", place->scope, wall_ms) ||
        !find_reason(store, place, end, seen, absent->missing_count, &reason, fault) ||
        (missing > 0 &&
            !sql_run(&store->sql, SQL_RUN_ABSENT_ADD, fault, "ii", place->run, missing)))
        return false;
    if (reason) {
        end->held = missing;
        if (!hold(store, place, end, absent, reason, wall_ms, fault))
            return false;
    } else {
        struct cause cause = {
            .wall_ms = wall_ms, .absent_run = place->run, .absent_proven = proven};
        end->missing = missing;
        if (!go_missing(store, place, absent->missing, absent->missing_count, &cause, fault))
            return false;
    }
    if (!climb(store, place, absent, wall_ms, &end->deleted, fault) ||
        !sql_run(
            &store->sql, SQL_LETTERS_SUPERSEDE, fault, "iii", place->scope, place->run, wall_ms))
        return false;
    /* Held objects were not seen: their scope's time must not speak for them. */
    return reason || sql_run(&store->sql, SQL_SCOPE_COMPLETE, fault, "iiii", place->scope, wall_ms,
                         place->run, (int64_t)end->proof);
}

static bool conclude_absence(struct store *store, struct place *place, struct job_scope_end *end,
    int64_t wall_ms, struct fault *fault)
{
    AUTO_ABSENT absent = {.missing = NULL};
    struct seen *seen;
    bool proven = end->proof == PROOF_PROVEN;
    bool deletes = proven || (end->look_again && end->proof_in_reach);
    bool both = end->seen_since >= 0 && end->seen_since < place->seen_after;
    if (both) { /* the set at hand is the last listing's alone */
        seen_cache_drop(&store->seen, place->scope_run);
        place->seen_after = end->seen_since;
    }
    if (!place_seen(store, place, &seen, fault))
        return false;
    int64_t present = place->count[STATE_LIVE] + place->count[STATE_FILTERED];
    bool all_seen = !both && seen->own + seen->others - place->withdrawn == present &&
                    place->count[STATE_MISSING] == 0;
    if (!all_seen &&
        (!scan(store, SQL_PRESENT_OBJECTS, place, place->run, seen, deletes, &absent, fault) ||
            !scan(store, SQL_PRESENT_CONTRIBUTIONS, place, place->run, seen, deletes, &absent,
                fault)))
        return false;
    end->again = end->look_again && absent.missing_count + absent.deleted_count > 0;
    return end->again || draw(store, place, end, seen, &absent, wall_ms, fault);
}

bool absence_scope_end(
    struct store *store, struct job_scope_end *end, int64_t wall_ms, struct fault *fault)
{
    struct place place;
    if (!place_load(store, end->run, end->scope, &place, fault))
        return false;
    end->missing = end->deleted = end->held = 0;
    end->again = false;
    if (place.ended) { /* executed before: the answer is kept */
        end->live = place.count[STATE_LIVE];
        end->absent = place.count[STATE_MISSING];
        return sql_integer(&store->sql, SQL_SCOPE_RUN_MISSING, &end->missing, fault, "i",
                   place.scope_run) &&
               sql_integer(&store->sql, SQL_SCOPE_RUN_DELETED, &end->deleted, fault, "i",
                   place.scope_run) &&
               sql_integer(
                   &store->sql, SQL_SCOPE_RUN_HELD, &end->held, fault, "i", place.scope_run);
    }
    bool conclusive = end->full && end->proof >= PROOF_ASSERTED && !end->bar_absence;
    if (conclusive && !conclude_absence(store, &place, end, wall_ms, fault))
        return false;
    if (end->again) {
        end->live = place.count[STATE_LIVE];
        return true;
    }
    if (!place_save(store, &place, fault) ||
        !sql_run(&store->sql, SQL_SCOPE_RUN_END, fault, "iizzibiiii", place.scope_run,
            (int64_t)end->proof, end->reason, end->end_signal, end->total, end->bookmark,
            end->missing, end->deleted, end->held, wall_ms))
        return false;
    seen_cache_drop(&store->seen, place.scope_run);
    end->live = place.count[STATE_LIVE];
    end->absent = place.count[STATE_MISSING];
    return true;
}

bool absence_close_scope(struct store *store, int64_t scope, int64_t run, const char *evidence,
    int64_t wall_ms, struct fault *fault)
{
    struct place place;
    AUTO_ABSENT absent = {.missing = NULL};
    struct seen nothing = {.scope_run = 0};
    if (!place_of_scope(store, scope, run, &place, fault) ||
        !scan(store, SQL_PRESENT_OBJECTS, &place, INT64_MAX, &nothing, true, &absent, fault) ||
        !scan(store, SQL_PRESENT_CONTRIBUTIONS, &place, INT64_MAX, &nothing, true, &absent, fault))
        return false;
    struct cause cause = {.wall_ms = wall_ms, .evidence = evidence};
    for (size_t i = 0; i < absent.missing_count; i++)
        if (!conclude(store, &place, absent.missing[i], STATE_DELETED, &cause, fault))
            return false;
    for (size_t i = 0; i < absent.deleted_count; i++)
        if (!conclude(store, &place, absent.deleted[i], STATE_DELETED, &cause, fault))
            return false;
    return place_save(store, &place, fault) &&
           sql_run(&store->sql, SQL_HOLD_SUPERSEDE, fault, "ii", scope, wall_ms) &&
           sql_run(&store->sql, SQL_SCOPE_CLOSE, fault, "i", scope);
}
