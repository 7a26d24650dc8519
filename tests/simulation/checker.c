/* SPDX-License-Identifier: Apache-2.0 */
/* The store against the truth. It reads through the contract's views, with a handle of its own. */
#include "checker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/query.h"

/* ------------------------------------------------------------------ views --------------------- */

enum statement {
    ROWS_USERS,
    ROWS_GROUPS,
    ROWS_MEMBERS,
    ROWS_KEYS,
    OPEN_HOLDS,
    SILENT_SCOPES,
    LAST_BATCH,
    STATEMENTS
};

static const char *const texts[STATEMENTS] = {
    [ROWS_USERS] = "SELECT id, state, display_name, incarnation FROM account WHERE connection=?1",
    [ROWS_GROUPS] = "SELECT id, state, display_name, NULL FROM \"group\" WHERE connection=?1",
    [ROWS_MEMBERS] = "SELECT subject_id, state, object_id, NULL FROM \"grant\" WHERE connection=?1",
    [ROWS_KEYS] = "SELECT id, state, name, NULL FROM credential WHERE connection=?1",
    [OPEN_HOLDS] = "SELECT hold FROM hold WHERE state='open'",
    /* One line: a break in it looks like a missing comma to checkers of code. */
    [SILENT_SCOPES] = "SELECT stream||' '||run FROM scope WHERE proof<'proven' AND reason IS NULL",
    [LAST_BATCH] = "SELECT coalesce(max(batch),0) FROM batch",
};

static struct {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
} reader; /* one a process, like the simulated disk */

static void must(bool done)
{
    if (done)
        return;
    (void)fprintf(stderr, "the checker cannot read: %s (%d)\n", sqlite3_errmsg(reader.db),
        sqlite3_extended_errcode(reader.db));
    abort();
}

static void run_all(char **statements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        must(sqlite3_exec(reader.db, statements[i], NULL, NULL, NULL) == SQLITE_OK);
        sqlite3_free(statements[i]);
    }
}

void checker_prepare(sqlite3 *db)
{
    char *made[96], *dropped[96];
    size_t count = 0;
    sqlite3_stmt *views;
    reader.db = db;
    must(sqlite3_prepare_v2(db, "SELECT name, sql FROM sqlite_schema WHERE type='view'", -1, &views,
             NULL) == SQLITE_OK);
    while (sqlite3_step(views) == SQLITE_ROW && count < 96) {
        const char *name = (const char *)sqlite3_column_text(views, 0),
                   *sql = (const char *)sqlite3_column_text(views, 1);
        made[count] = sqlite3_mprintf("CREATE TEMP %s", sql + strlen("CREATE "));
        dropped[count] = sqlite3_mprintf("DROP VIEW main.\"%w\"", name);
        must(made[count] && dropped[count]);
        count++;
    }
    must(sqlite3_finalize(views) == SQLITE_OK);
    run_all(dropped, count);
    run_all(made, count);
    for (size_t i = 0; i < STATEMENTS; i++)
        must(sqlite3_prepare_v3(db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &reader.statements[i],
                 NULL) == SQLITE_OK);
}

void checker_free(void)
{
    for (size_t i = 0; i < STATEMENTS; i++)
        (void)sqlite3_finalize(reader.statements[i]); /* repeats the last step's code */
    (void)sqlite3_close_v2(reader.db);
}

/* ------------------------------------------------------------------ one stream ---------------- */

struct comparison {
    struct world *world;
    struct application *application;
    size_t connection;
    enum listing_name name;
    const struct run_told *run;
    int64_t from_ms, to_ms; /* the window */
    bool incremental;       /* what is gone may still be there, unless a tombstone said so */
    int64_t rows;
    const char *fault; /* the first */
    char which[96];
    struct {
        const struct object *object, *group;
    } live[TRUTH_OBJECTS_MAX * TRUTH_GROUPS_MAX];
    size_t live_count, lost;
};

static void find_fault(struct comparison *on, const char *fault, const char *which)
{
    if (on->fault)
        return;
    on->fault = fault;
    (void)snprintf(on->which, sizeof on->which, "%s", which);
}

static struct span column(sqlite3_stmt *row, int at)
{
    const char *text = (const char *)sqlite3_column_text(row, at);
    return (struct span){text ? text : "", (size_t)sqlite3_column_bytes(row, at)};
}

/* Whether some object of that id was named so in the window. */
static bool was_named(const struct comparison *on, const struct crowd *crowd,
    const struct object *object, struct span name)
{
    char expected[TRUTH_NAME_MAX];
    for (size_t i = 0; i < crowd->count; i++) {
        const struct object *other = &crowd->objects[i];
        if (strcmp(other->id, object->id) != 0)
            continue;
        for (size_t v = 0; v < other->version_count; v++) {
            const struct version *version = &other->versions[v];
            if (version->from_ms > on->to_ms || version->to_ms < on->from_ms)
                continue;
            version_name(other, version, expected);
            if (span_equal_text(name, expected))
                return true;
        }
    }
    return false;
}

static bool id_was_ever(
    const struct comparison *on, const struct crowd *crowd, const struct object *object)
{
    for (size_t i = 0; i < crowd->count; i++)
        if (strcmp(crowd->objects[i].id, object->id) == 0 &&
            object_ever(&crowd->objects[i], on->from_ms, on->to_ms))
            return true;
    return false;
}

static bool spoiled(const struct comparison *on, const struct object *object)
{
    return on->incremental ? object->spoiled_ms >= 0 : object->spoiled_ms >= on->from_ms;
}

static void take_live(
    struct comparison *on, const struct object *object, const struct object *group, const char *id)
{
    for (size_t i = 0; i < on->live_count; i++)
        if (on->live[i].object == object && on->live[i].group == group)
            find_fault(on, "doubled", id);
    must(on->live_count < sizeof on->live / sizeof on->live[0]);
    on->live[on->live_count].object = object;
    on->live[on->live_count++].group = group;
}

/* It, or another that had its id. */
static bool ever_gone(
    const struct comparison *on, const struct crowd *crowd, const struct object *object)
{
    for (size_t i = 0; i < crowd->count; i++) {
        const struct object *other = &crowd->objects[i];
        if ((other == object ||
                (!on->application->shape.incarnations && strcmp(other->id, object->id) == 0)) &&
            !object_throughout(other, other->versions[0].from_ms, on->to_ms))
            return true;
    }
    return false;
}

/* Ids may have been used twice: any of those that had it and belonged to the group. */
static const struct object *member_of(
    const struct crowd *crowd, const struct object *group, struct span id)
{
    for (size_t i = crowd->count; i-- > 0;)
        if (span_equal_text(id, crowd->objects[i].id) && truth_is_member(group, &crowd->objects[i]))
            return &crowd->objects[i];
    return NULL;
}

static void check_row(struct comparison *on, sqlite3_stmt *row)
{
    const struct truth *truth = &on->application->truth;
    const struct crowd *crowd = &truth->crowds[on->name == LISTING_GROUPS ? CROWD_GROUPS
                                               : on->name == LISTING_KEYS ? CROWD_KEYS
                                                                          : CROWD_USERS];
    struct span id = column(row, 0), state = column(row, 1), name = column(row, 2),
                incarnation = column(row, 3);
    int64_t created_ms = TRUTH_ANY_INCARNATION;
    if (incarnation.length > 1)
        created_ms = strtoll(incarnation.data + 1, NULL, 10);
    const struct object *object = crowd_find(crowd, id, created_ms), *group = NULL;
    bool live = span_equal_text(state, "live");
    on->rows++;
    if (on->name == LISTING_MEMBERS)
        group = crowd_find(&truth->crowds[CROWD_GROUPS], name, TRUTH_ANY_INCARNATION);
    if (group)
        object = member_of(crowd, group, id);
    if (!object || (on->name == LISTING_MEMBERS && !group)) {
        find_fault(on, "never existed", id.data);
        return;
    }
    if (span_equal_text(state, "deleted") && !ever_gone(on, crowd, object) &&
        !(group && ever_gone(on, &truth->crowds[CROWD_GROUPS], group)) &&
        on->application->hidden_ms[on->name] < 0 &&
        (!group || on->application->hidden_ms[LISTING_GROUPS] < 0))
        find_fault(on, "buried", id.data);
    if (!live)
        return;
    take_live(on, object, group, id.data);
    /* A group that is missing, and not deleted yet, keeps what it listed. */
    bool held =
        on->run->summary.held > 0 || (group && !object_throughout(group, on->from_ms, on->to_ms));
    if (on->incremental && !object_throughout(object, on->from_ms, on->to_ms))
        return;
    if (!held && !id_was_ever(on, crowd, object))
        find_fault(on, "unexpected", id.data);
    else if (!group && !held && !spoiled(on, object) && !was_named(on, crowd, object, name))
        find_fault(on, "wrong", id.data);
}

static bool is_live_row(
    const struct comparison *on, const struct object *object, const struct object *group)
{
    for (size_t i = 0; i < on->live_count; i++)
        if (on->live[i].group == group &&
            (on->live[i].object == object || (!on->application->shape.incarnations &&
                                                 strcmp(on->live[i].object->id, object->id) == 0)))
            return true;
    return false;
}

static void check_lost(struct comparison *on)
{
    const struct truth *truth = &on->application->truth;
    const struct crowd *groups = &truth->crowds[CROWD_GROUPS];
    const struct crowd *crowd = &truth->crowds[on->name == LISTING_GROUPS ? CROWD_GROUPS
                                               : on->name == LISTING_KEYS ? CROWD_KEYS
                                                                          : CROWD_USERS];
    bool members = on->name == LISTING_MEMBERS;
    for (size_t g = 0; g < (members ? groups->count : 1); g++) {
        const struct object *group = members ? &groups->objects[g] : NULL;
        if (group && (!object_throughout(group, on->from_ms, on->to_ms) || spoiled(on, group)))
            continue;
        for (size_t i = 0; i < crowd->count; i++) {
            const struct object *object = &crowd->objects[i];
            if ((group && !truth_is_member(group, object)) || spoiled(on, object) ||
                !object_throughout(object, on->from_ms, on->to_ms) ||
                is_live_row(on, object, group))
                continue;
            on->lost++;
            find_fault(on, "lost", object->id);
        }
    }
}

static void compare(struct comparison *on)
{
    static const enum statement statements[LISTING_COUNT] = {
        ROWS_USERS, ROWS_GROUPS, ROWS_MEMBERS, ROWS_KEYS};
    sqlite3_stmt *rows = reader.statements[statements[on->name]];
    char name[16];
    (void)snprintf(name, sizeof name, "app%zu", on->connection);
    must(sqlite3_bind_text(rows, 1, name, -1, SQLITE_TRANSIENT) == SQLITE_OK);
    int step;
    while ((step = sqlite3_step(rows)) == SQLITE_ROW)
        check_row(on, rows);
    must(sqlite3_reset(rows) == SQLITE_OK && step == SQLITE_DONE);
    check_lost(on);
}

/* ------------------------------------------------------------------ a round ------------------- */

/* What came and what went of what the listing shows, in the window. */
static void count_churn(const struct comparison *on, int64_t *ret_came, int64_t *ret_went)
{
    *ret_came = *ret_went = 0;
    for (size_t c = 0; c < CROWD_COUNT; c++)
        for (size_t i = 0; i < on->application->truth.crowds[c].count; i++) {
            const struct object *object = &on->application->truth.crowds[c].objects[i];
            for (size_t v = 0; v < object->version_count; v++) {
                const struct version *version = &object->versions[v];
                *ret_came += version->from_ms >= on->from_ms && version->from_ms <= on->to_ms;
                *ret_went += version->to_ms >= on->from_ms && version->to_ms <= on->to_ms;
            }
        }
}

/* What the application declares is not so, and it mattered. Its pages are called fixed, and as much
 * came as went between two of them. Or its total is called exact and was of a moment before
 * something came; it was reached before the listing's end, and is its end by declaration: the
 * application knows whether it gave such a page. */
static bool is_misdeclared(const struct comparison *on)
{
    const bool *cut_short = on->application->cut_short;
    int64_t came, went;
    count_churn(on, &came, &went);
    if (cut_short[on->name] || (on->name == LISTING_MEMBERS && cut_short[LISTING_GROUPS]))
        return true;
    if (!listing_lies(&on->application->shape.listings[on->name]))
        return false;
    if (faults_find(&on->application->faults, 78)) /* from replica to replica it comes and goes */
        return came + went > 0;
    return came > 0 && went > 0;
}

static int64_t window_start(const struct world *world, size_t c, enum listing_name name)
{
    const struct application *application = &world->applications[c];
    int64_t from_ms = world->runs[c][name].began_ms;
    if (name == LISTING_MEMBERS && world->runs[c][LISTING_GROUPS].began_ms < from_ms)
        from_ms = world->runs[c][LISTING_GROUPS].began_ms;
    return from_ms - application->lag_most_ms - application->total_late_ms;
}

static void check_proven(
    struct world *world, size_t c, enum listing_name name, struct verdict *verdict)
{
    struct comparison on = {.world = world,
        .application = &world->applications[c],
        .connection = c,
        .name = name,
        .run = &world->runs[c][name],
        .from_ms = window_start(world, c, name),
        .to_ms = world->now_ms};
    bool hidden =
        on.application->hidden_ms[name] >= on.from_ms ||
        (name == LISTING_MEMBERS && on.application->hidden_ms[LISTING_GROUPS] >= on.from_ms);
    compare(&on);
    verdict->compared++;
    verdict->rows += on.rows;
    /* What a wrong total proves by chance is true all the same: two lies that cancel each other
     * out, or a number that comes to be right before the listing ends. So it is not where a number
     * comes from that counts, but whether the listing ever was so long while it was read. */
    if (!hidden && application_lied(on.application, name, on.from_ms, on.to_ms))
        world_complain(world, "app%zu: %s are proven by totals of which none was right", c,
            listing_name(name));
    if (!on.fault || hidden || on.application->lies)
        return;
    if (strcmp(on.fault, "lost") == 0 && is_misdeclared(&on)) {
        verdict->permitted++;
        return;
    }
    world_complain(world, "app%zu: %s (%s) are proven, but %s is %s; %zu lost", c,
        listing_name(name), on.application->shape.listings[name].paging->name, on.which, on.fault,
        on.lost);
}

/* What an incremental run must have brought: the look-back covers replicas that are behind and
 * changes that are committed late. Items that were damaged, or hidden, come again with a full run
 * only. */
static void check_fresh(struct world *world, size_t c, struct verdict *verdict)
{
    struct application *application = &world->applications[c];
    const struct listing_shape *shape = &application->shape.listings[LISTING_KEYS];
    const int64_t *fired = application->faults.fired;
    struct comparison on = {.world = world,
        .application = application,
        .connection = c,
        .name = LISTING_KEYS,
        .run = &world->runs[c][LISTING_KEYS],
        .from_ms = window_start(world, c, LISTING_KEYS) - application->truth.life.late_ms,
        .to_ms = world->now_ms,
        .incremental = true};
    bool misled = fired[77] || fired[81] || fired[68] || fired[69];
    if (misled || listing_lies(shape) || on.run->summary.full)
        return;
    compare(&on);
    verdict->compared++;
    verdict->rows += on.rows;
    /* What a late total cut off may lie further back than the next look-back, if it was the oldest
     * of what changed: until all is read. */
    /* It says itself that it may lack something, and the next one reads as far back again. */
    if (on.fault && strstr(on.run->summary.reason, "the bookmark stays"))
        return;
    if (on.fault && (application->cut_short[LISTING_KEYS] || application->has_gaps[LISTING_KEYS])) {
        verdict->permitted++;
        return;
    }
    if (on.fault)
        world_complain(world, "app%zu: keys (%s) are asserted from what changed, but %s is %s", c,
            shape->paging->name, on.which, on.fault);
}

static void check_summary(struct world *world, size_t c, const struct run_summary *run)
{
    const struct batch_outcome *sums = &run->sums;
    if (run->proof != PROOF_PROVEN && !run->reason[0])
        world_complain(
            world, "app%zu: %s is %s without a reason", c, run->stream, proof_name(run->proof));
    if (sums->received != sums->created + sums->changed + sums->unchanged + sums->duplicate +
                              sums->filtered + sums->dead)
        world_complain(world, "app%zu: the books of %s do not balance", c, run->stream);
}

void checker_round(struct world *world, struct verdict *verdict)
{
    world->disk->spared = true;
    for (size_t c = world->first_connection; c < world->connection_count; c++) {
        for (size_t s = 0; s < LISTING_COUNT; s++) {
            const struct run_told *run = &world->runs[c][s];
            if (!run->told)
                continue;
            check_summary(world, c, &run->summary);
            if (s == LISTING_KEYS && run->summary.proof == PROOF_ASSERTED)
                check_fresh(world, c, verdict);
            if (run->summary.proof == PROOF_PROVEN)
                check_proven(world, c, (enum listing_name)s, verdict);
        }
        if (world->applications[c].stale_refreshes > 0 && world->restarts == 0 &&
            !world->store_failed)
            world_complain(world, "app%zu: a refresh token was used twice", c);
        world->applications[c].lies = false;
        if (world->applications[c].tokens_under_way_most > 1)
            world_complain(world, "app%zu: two token requests at once", c);
    }
    sqlite3_stmt *silent = reader.statements[SILENT_SCOPES];
    if (sqlite3_step(silent) == SQLITE_ROW)
        world_complain(world, "%s says nothing of why", sqlite3_column_text(silent, 0));
    must(sqlite3_reset(silent) == SQLITE_OK);
    world->disk->spared = false;
}

/* ------------------------------------------------------------------ at rest ------------------- */

static enum proof best_proof(const struct application *application, enum listing_name name)
{
    enum proof own =
        listing_has_witness(&application->shape.listings[name]) ? PROOF_PROVEN : PROOF_ASSERTED;
    if (name == LISTING_MEMBERS && best_proof(application, LISTING_GROUPS) < own)
        return PROOF_ASSERTED;
    return own;
}

bool checker_at_rest(struct world *world, char *ret_why, size_t size)
{
    for (size_t c = world->first_connection; c < world->connection_count; c++)
        for (size_t s = 0; s < LISTING_COUNT; s++) {
            const struct run_told *run = &world->runs[c][s];
            enum listing_name name = (enum listing_name)s;
            struct comparison on = {.world = world,
                .application = &world->applications[c],
                .connection = c,
                .name = name,
                .run = run,
                .from_ms = world->now_ms,
                .to_ms = world->now_ms};
            if (!run->told) {
                (void)snprintf(ret_why, size, "app%zu: no run of %s", c, listing_name(name));
                return false;
            }
            if (run->summary.proof < best_proof(on.application, name)) {
                (void)snprintf(ret_why, size, "app%zu: %s (%s) is %s: %s", c, listing_name(name),
                    on.application->shape.listings[name].paging->name,
                    proof_name(run->summary.proof), run->summary.reason);
                return false;
            }
            compare(&on);
            if (on.fault) {
                (void)snprintf(ret_why, size, "app%zu: %s (%s): %s is %s, %zu lost", c,
                    listing_name(name), on.application->shape.listings[name].paging->name, on.which,
                    on.fault, on.lost);
                return false;
            }
        }
    return true;
}

void checker_approve_holds(struct world *world)
{
    int64_t holds[64];
    size_t count = 0;
    struct fault fault;
    sqlite3_stmt *open = reader.statements[OPEN_HOLDS];
    while (sqlite3_step(open) == SQLITE_ROW && count < 64)
        holds[count++] = sqlite3_column_int64(open, 0);
    must(sqlite3_reset(open) == SQLITE_OK);
    for (size_t i = 0; i < count; i++)
        if (!store_hold_decide(
                world->store, holds[i], true, "checker", world_wall_ms(world), &fault))
            world_complain(world, "hold %" PRId64 ": %s", holds[i], fault.text);
}

static void note_break(void *context, const char *sentence)
{
    world_complain(context, "audit: %s", sentence);
}

void checker_audit(struct world *world)
{
    int64_t batches, breaks = -1;
    struct fault fault = {0};
    if (!store_audit(world->store, note_break, world, &batches, &breaks, &fault) || breaks != 0)
        world_complain(world, "audit: %s", fault.text);
}

static void ignore(void *context, const char *sentence)
{
    (void)context, (void)sentence;
}

bool checker_flip(struct world *world, uint64_t at)
{
    const struct store_options options = {.read_only = true};
    int64_t batches, breaks = 0;
    struct store *store;
    struct fault fault;
    /* The log's frames are old news for the most part: its pages go to where they belong first. */
    must(sqlite3_exec(reader.db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL) == SQLITE_OK);
    if (!disk_flip_bit(world->disk, at))
        return false;
    bool sound = store_open(world->disk->path, &options, &store, &fault);
    if (sound) {
        sound = store_audit(store, ignore, NULL, &batches, &breaks, &fault) && breaks == 0;
        store_close(store);
    }
    world->fired[103]++;
    (void)disk_flip_bit(world->disk, at);
    return !sound;
}

int64_t checker_last_batch(struct world *world)
{
    sqlite3_stmt *last = reader.statements[LAST_BATCH];
    world->disk->spared = true;
    must(sqlite3_step(last) == SQLITE_ROW);
    int64_t batch = sqlite3_column_int64(last, 0);
    must(sqlite3_reset(last) == SQLITE_OK);
    world->disk->spared = false;
    return batch;
}

uint64_t checker_hash(struct world *world, size_t connection)
{
    static const enum statement statements[] = {ROWS_USERS, ROWS_GROUPS, ROWS_MEMBERS, ROWS_KEYS};
    uint64_t sum = 0;
    char name[16];
    (void)world;
    (void)snprintf(name, sizeof name, "app%zu", connection);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        sqlite3_stmt *rows = reader.statements[statements[i]];
        must(sqlite3_bind_text(rows, 1, name, -1, SQLITE_TRANSIENT) == SQLITE_OK);
        while (sqlite3_step(rows) == SQLITE_ROW) {
            uint64_t hash = UINT64_C(1469598103934665603) + i;
            for (int at = 0; at < 4; at++) {
                struct span text = column(rows, at);
                for (size_t b = 0; b < text.length; b++)
                    hash = (hash ^ (unsigned char)text.data[b]) * UINT64_C(1099511628211);
                hash = hash * 31 + 1;
            }
            sum += hash; /* in any order */
        }
        must(sqlite3_reset(rows) == SQLITE_OK);
    }
    return sum;
}
