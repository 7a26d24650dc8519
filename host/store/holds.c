/* SPDX-License-Identifier: Apache-2.0 */
/* What a person decides: a hold on absences, a dead letter. Who decided stays beside the decision.
 */
#include <string.h>
#include "base/bytes.h"
#include "merge.h"
#include "store/query.h"

struct deciding {
    struct store *store;
    struct place *place;
    struct seen *since; /* seen by batches after the hold */
    struct cause cause;
    struct fault *fault;
};

/* One held object goes missing, unless it was listed again since or is no longer there. */
static bool apply_key(void *context, int64_t object)
{
    struct deciding *deciding = context;
    struct object_row row;
    if (seen_has(deciding->since, object))
        return true;
    if (!object_read(deciding->store, object, &row, deciding->fault))
        return false;
    if (row.shared)
        return merge_state(deciding->store, deciding->place, object, STATE_MISSING,
            &deciding->cause, &row, deciding->fault);
    if (row.scope != deciding->place->scope ||
        (row.state != STATE_LIVE && row.state != STATE_FILTERED))
        return true;
    return object_state(
        deciding->store, deciding->place, &row, STATE_MISSING, &deciding->cause, deciding->fault);
}

struct held {
    int64_t run, scope, after_batch;
    bool proven, whole; /* whole: as it was written */
    struct bytes keys;
};

static bool read_hold(struct store *store, int64_t hold, struct held *held, struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_HOLD_FIND, &row, fault, "i", hold);
    if (step == SQL_FAILED)
        return false;
    if (step == SQL_END)
        return fault_set(fault, FAULT_NOT_FOUND,
            "there is no open hold %lld; muster hold list shows them", (long long)hold);
    held->run = sqlite3_column_int64(row, 0);
    held->scope = sqlite3_column_int64(row, 1);
    held->after_batch = sqlite3_column_int64(row, 2);
    held->proven = sqlite3_column_int(row, 3) != 0;
    held->whole = sqlite3_column_int(row, 5) != 0;
    return bytes_append(&held->keys, sql_span(row, 4), fault);
}

static bool read_since(
    struct store *store, const struct held *held, struct seen *seen, struct fault *fault)
{
    return place_read_seen(store,
        sql_start(
            &store->sql, SQL_HOLD_SEEN, fault, "iii", held->scope, held->run, held->after_batch),
        seen, fault);
}

static bool apply(struct store *store, int64_t hold, const struct held *held, const char *evidence,
    int64_t wall_ms, struct fault *fault)
{
    struct place place;
    struct seen since __attribute__((cleanup(seen_clear))) = {.scope_run = 0};
    if (!held->whole)
        return fault_set(fault, FAULT_STORE_CORRUPT,
            "hold %lld is not as it was written, and may name other objects than were missing; "
            "reject it: the next listing holds anew what is missing then",
            (long long)hold);
    if (!place_of_scope(store, held->scope, held->run, &place, fault) ||
        !read_since(store, held, &since, fault))
        return false;
    struct deciding deciding = {.store = store,
        .place = &place,
        .since = &since,
        .cause = {.wall_ms = wall_ms,
            .evidence = evidence,
            .absent_run = held->run,
            .absent_proven = held->proven},
        .fault = fault};
    *fault = (struct fault){FAULT_NONE, ""};
    if (!seen_each_key(bytes_span(&held->keys), apply_key, &deciding))
        return fault->code == FAULT_NONE
                   ? fault_set(fault, FAULT_STORE_CORRUPT, "the hold's list of objects is damaged")
                   : false;
    return place_save(store, &place, fault);
}

static bool decide(struct store *store, int64_t hold, bool approve, const char *who,
    int64_t wall_ms, struct fault *fault)
{
    struct held held = {.run = 0};
    AUTO_BYTES evidence = {.limit = 0};
    bool good = read_hold(store, hold, &held, fault) &&
                bytes_format(&evidence, fault, "hold %lld approved by %s", (long long)hold, who) &&
                (!approve || apply(store, hold, &held, evidence.data, wall_ms, fault)) &&
                sql_run(&store->sql, SQL_HOLD_DECIDE, fault, "iziz", hold,
                    approve ? "approved" : "rejected", wall_ms, who);
    bytes_free(&held.keys);
    return good;
}

bool store_hold_decide(struct store *store, int64_t hold, bool approve, const char *who,
    int64_t wall_ms, struct fault *fault)
{
    if (!store_begin(store, fault))
        return false;
    return store_end(store, decide(store, hold, approve, who, wall_ms, fault), fault);
}

/* All of them, or none. */
static bool decide_run(struct store *store, int64_t run, bool approve, const char *who,
    int64_t wall_ms, int64_t *ret_decided, struct fault *fault)
{
    for (int64_t decided = 0, before = 0;; decided++) {
        int64_t hold = 0;
        if (!sql_integer(&store->sql, SQL_HOLD_OF_RUN, &hold, fault, "ii", run, before))
            return false;
        if (hold == 0 && decided == 0)
            return fault_set(fault, FAULT_NOT_FOUND,
                "run %lld has no open hold; muster hold list shows which have", (long long)run);
        if (hold == 0) {
            *ret_decided = decided;
            return true;
        }
        if (!decide(store, hold, approve, who, wall_ms, fault))
            return false;
        before = hold;
    }
}

bool store_hold_decide_run(struct store *store, int64_t run, bool approve, const char *who,
    int64_t wall_ms, int64_t *ret_decided, struct fault *fault)
{
    if (!store_begin(store, fault))
        return false;
    return store_end(
        store, decide_run(store, run, approve, who, wall_ms, ret_decided, fault), fault);
}

static bool discard(struct store *store, int64_t letter, const char *who, const char *reason,
    int64_t wall_ms, struct fault *fault)
{
    if (!sql_run(&store->sql, SQL_LETTER_DISCARD, fault, "izzi", letter, who, reason, wall_ms))
        return false;
    return sqlite3_changes(store->sql.db) == 1 ||
           fault_set(fault, FAULT_NOT_FOUND,
               "there is no open dead letter %lld; muster dead list shows them", (long long)letter);
}

bool store_dead_discard(struct store *store, int64_t letter, const char *who, const char *reason,
    int64_t wall_ms, struct fault *fault)
{
    if (!store_begin(store, fault))
        return false;
    return store_end(store, discard(store, letter, who, reason, wall_ms, fault), fault);
}
