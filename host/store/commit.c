/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A group of batches: every object they are about is looked up once, in index order (slots.c);
 * then each batch is taken in its own order,
 * and its ledger row, letters, drift and checkpoint are written with its records.
 */
#include "commit.h"

#include <assert.h>
#include <string.h>
#include "ledger.h"
#include "shapes.h"
#include "record/digest.h"
#include "record/mapper.h"

static int64_t assumed_records(const struct batch *batch)
{
    int64_t count = 0;
    for (size_t i = 0; i < batch->assumed_count; i++)
        if (batch->assumed[i].object > 0)
            count++;
    return count;
}

bool commit_balance(const struct batch *batch, struct fault *fault)
{
    int64_t given = mapping_accounted(batch) + assumed_records(batch);
    if (given == batch->received)
        return true;
    return fault_set(fault, FAULT_BALANCE,
        "batch %lld of scope %lld in run %lld received %lld records but accounts for %lld; it was "
        "not "
        "committed",
        (long long)batch->sequence, (long long)batch->scope, (long long)batch->run,
        (long long)batch->received, (long long)given);
}

size_t commit_weight(const struct batch *batch)
{
    return batch->record_count + batch->assumed_count + batch->letter_count +
           batch->filtered_count + 1;
}

/* Slots of every record of the group, filled. */
static bool prepare(
    struct store *store, struct job **jobs, size_t count, size_t *ret_bad, struct fault *fault)
{
    size_t records = 0;
    for (size_t i = 0; i < count; i++)
        records += jobs[i]->commit.batch->record_count;
    if (!slots_begin(&store->slots, records, fault))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct batch *batch = jobs[i]->commit.batch;
        struct place place;
        *ret_bad = i;
        if (!place_load(store, batch->run, batch->scope, &place, fault))
            return false;
        for (size_t r = 0; r < batch->record_count; r++) {
            uint32_t index;
            if (!slots_add(store, place.connection, &batch->records[r], &index, fault))
                return false;
        }
    }
    return slots_fill(store, fault);
}

bool commit_books(struct item *item, struct fault *fault)
{
    struct store *store = item->store;
    struct place *place = item->place;
    const struct batch *batch = item->batch;
    for (size_t i = 0; i < batch->drift_count; i++) {
        const struct drift *drift = &batch->drift[i];
        if (!shapes_report(store, place->stream, batch->run, drift->kind, drift->path, drift->type,
                drift->count, batch->wall_ms, fault))
            return false;
    }
    if (!shapes_note(store, place, batch, fault))
        return false;
    bytes_clear(&store->blob);
    if (!seen_encode(&store->addition, &store->blob, fault))
        return false;
    struct ledger_row row = {.batch = item->batch_key,
        .run = batch->run,
        .scope = batch->scope,
        .sequence = batch->sequence,
        .epoch = batch->epoch,
        .at_ms = batch->wall_ms,
        .outcome = *item->outcome,
        .orphans = item->orphans,
        .replay = item->replay,
        .superseded = item->superseded,
        .seen_count = (int64_t)(store->addition.own_count + store->addition.other_count +
                                store->addition.id_count),
        .seen = bytes_span(&store->blob),
        .position = batch->position,
        .bookmark = batch->bookmark};
    if (!ledger_append(store, &row, fault))
        return false;
    batch_outcome_add(&place->sums, item->outcome);
    const struct batch_outcome *sums = &place->sums;
    return sql_run(&store->sql, SQL_SCOPE_RUN_BATCH, fault, "ibbiiiiiiiiiiiii", place->scope_run,
               batch->position, batch->bookmark, batch->sequence, sums->received, sums->created,
               sums->changed, sums->unchanged, sums->duplicate, sums->filtered, sums->dead,
               sums->reappeared, sums->conflicts, sums->unreadable, sums->distinct,
               place->withdrawn) &&
           place_save(store, place, fault);
}

/* An item whose assumption failed is mapped now; what that gives follows in the batch's own lists.
 */
static bool take_assumptions(struct item *item, struct fault *fault)
{
    struct batch *batch = item->batch;
    for (size_t i = 0; i < batch->assumed_count; i++) {
        struct assumed *assumed = &batch->assumed[i];
        bool holds;
        if (assumed->object <= 0)
            continue;
        if (!item_assumed(item, assumed, &holds, fault))
            return false;
        if (holds)
            continue;
        if (!digest_item_again(batch->digest, assumed->item, fault))
            return false;
        batch->assumed[i].object = 0; /* it counts under what it gave */
    }
    return true;
}

static bool take_batch(struct store *store, struct job *job, struct fault *fault)
{
    struct job_commit *commit = &job->commit;
    struct batch *batch = commit->batch;
    struct place place;
    bool found;
    if (!ledger_find(
            store, batch->run, batch->scope, batch->sequence, &commit->outcome, &found, fault) ||
        !place_load(store, batch->run, batch->scope, &place, fault))
        return false;
    if (found) {
        commit->live = place.count[STATE_LIVE];
        return true;
    }
    if (place.ended || batch->sequence != place.sequence + 1)
        return fault_set(fault, FAULT_USAGE,
            "batch %lld of scope %lld in run %lld does not follow batch %lld%s; the run must be "
            "resumed",
            (long long)batch->sequence, (long long)batch->scope, (long long)batch->run,
            (long long)place.sequence, place.ended ? ", and the scope is over" : "");
    commit->outcome = (struct batch_outcome){.received = batch->received};
    struct item item = {.store = store,
        .place = &place,
        .batch = batch,
        .outcome = &commit->outcome,
        .batch_key = store->next_batch};
    seen_addition_reset(&store->addition);
    if (!place_seen(store, &place, &item.seen, fault) || !take_assumptions(&item, fault) ||
        !commit_balance(batch, fault))
        return false;
    for (size_t i = 0; i < batch->record_count; i++)
        if (!item_record(&item, &batch->records[i], fault))
            return false;
    for (size_t i = 0; i < batch->letter_count; i++)
        if (!item_letter(&item, &batch->letters[i], fault))
            return false;
    for (size_t i = 0; i < batch->filtered_count; i++)
        if (!item_filtered(&item, &batch->filtered[i], fault))
            return false;
    for (size_t i = 0; i < batch->counted_count; i++)
        if (!item_counted(&item, batch->counted[i].id, fault))
            return false;
    commit->outcome.distinct = seen_distinct(item.seen);
    if (!commit_books(&item, fault))
        return false;
    commit->live = place.count[STATE_LIVE];
    return true;
}

static bool take_group(
    struct store *store, struct job **jobs, size_t count, size_t *ret_bad, struct fault *fault)
{
    if (!prepare(store, jobs, count, ret_bad, fault))
        return false;
    for (size_t i = 0; i < count; i++) {
        *ret_bad = i;
        if (!take_batch(store, jobs[i], fault))
            return false;
    }
    return slots_index(store, fault);
}

bool commit_group(
    struct store *store, struct job **jobs, size_t count, size_t *ret_bad, struct fault *fault)
{
    *ret_bad = 0;
    bool good = take_group(store, jobs, count, ret_bad, fault);
    slots_clear(&store->slots); /* they borrow from the batches */
    return good;
}
