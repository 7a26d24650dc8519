/* SPDX-License-Identifier: Apache-2.0 */
/* The truth's log, and the life that writes it. */
#include "truth.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ log ----------------------- */

const struct version *object_at(const struct object *object, int64_t at_ms)
{
    for (size_t i = object->version_count; i-- > 0;)
        if (object->versions[i].from_ms <= at_ms && at_ms < object->versions[i].to_ms)
            return &object->versions[i];
    return NULL;
}

int64_t object_joined_at(const struct object *object, const struct version *version)
{
    while (version > object->versions && version[-1].to_ms == version->from_ms)
        version--;
    return version->from_ms;
}

int64_t object_gone_at(const struct object *object, int64_t at_ms)
{
    int64_t gone_ms = -1;
    if (object_at(object, at_ms))
        return -1;
    for (size_t i = 0; i < object->version_count; i++)
        if (object->versions[i].to_ms <= at_ms)
            gone_ms = object->versions[i].to_ms;
    return gone_ms;
}

bool object_throughout(const struct object *object, int64_t from_ms, int64_t to_ms)
{
    int64_t covered_ms = from_ms;
    for (size_t i = 0; i < object->version_count; i++) {
        const struct version *version = &object->versions[i];
        if (version->from_ms <= covered_ms && version->to_ms > covered_ms)
            covered_ms = version->to_ms;
    }
    return covered_ms > to_ms;
}

bool object_ever(const struct object *object, int64_t from_ms, int64_t to_ms)
{
    for (size_t i = 0; i < object->version_count; i++)
        if (object->versions[i].from_ms <= to_ms && object->versions[i].to_ms > from_ms)
            return true;
    return false;
}

size_t crowd_live(const struct crowd *crowd, int64_t at_ms)
{
    size_t live = 0;
    for (size_t i = 0; i < crowd->count; i++)
        live += object_at(&crowd->objects[i], at_ms) != NULL;
    return live;
}

const struct object *crowd_find(const struct crowd *crowd, struct span id, int64_t created_ms)
{
    for (size_t i = crowd->count; i-- > 0;)
        if (span_equal_text(id, crowd->objects[i].id) &&
            (created_ms == TRUTH_ANY_INCARNATION || crowd->objects[i].created_ms == created_ms))
            return &crowd->objects[i];
    return NULL;
}

bool truth_is_member(const struct object *group, const struct object *user)
{
    return (user->number * 7 + group->number * 13) % 5 == 0;
}

void version_name(
    const struct object *object, const struct version *version, char ret_name[TRUTH_NAME_MAX])
{
    (void)snprintf(
        ret_name, TRUTH_NAME_MAX, "Object %" PRId64 " v%d", object->number, version->serial);
}

/* ------------------------------------------------------------------ change -------------------- */

static void begin_version(struct truth *truth, struct object *object, int64_t stamp_ms)
{
    int64_t unit = truth->life.stamp_unit_ms > 0 ? truth->life.stamp_unit_ms : 1;
    int serial = object->version_count ? object->versions[object->version_count - 1].serial + 1 : 1;
    object->versions[object->version_count++] =
        (struct version){truth->now_ms, TRUTH_FOR_EVER, stamp_ms - stamp_ms % unit, serial};
}

static bool is_live(const struct object *object)
{
    return object->version_count > 0 &&
           object->versions[object->version_count - 1].to_ms == TRUTH_FOR_EVER;
}

static void end_version(struct truth *truth, struct object *object)
{
    object->versions[object->version_count - 1].to_ms = truth->now_ms;
}

/* Ids that a careless reader takes for one another (faults 50 and 57). */
static void set_odd_id(struct object *object, char letter)
{
    int64_t pair = object->number / 2;
    bool second = object->number % 2;
    switch (object->number / 2 % 3) {
    case 0: /* above 2^64: two doubles, or two saturated integers, would be one */
        (void)snprintf(
            object->id, sizeof object->id, "1844674407370%07" PRId64 "%d", pair, second ? 7 : 6);
        object->id_is_number = true;
        break;
    case 1:
        (void)snprintf(object->id, sizeof object->id, "%cKey%" PRId64, letter, pair);
        if (second)
            object->id[1] = 'k';
        break;
    default: /* e with an acute, composed and not */
        (void)snprintf(object->id, sizeof object->id, "%c%s%" PRId64, letter,
            second ? "\xC3\xA9" : "e\xCC\x81", pair);
        break;
    }
}

void truth_insert(struct truth *truth, enum crowd_name name)
{
    struct crowd *crowd = &truth->crowds[name];
    if (crowd->count == TRUTH_OBJECTS_MAX ||
        (name == CROWD_GROUPS && crowd->count == TRUTH_GROUPS_MAX))
        return;
    struct object *object = &crowd->objects[crowd->count++];
    *object = (struct object){
        .number = (int64_t)crowd->count, .created_ms = truth->now_ms, .spoiled_ms = -1};
    (void)snprintf(object->id, sizeof object->id, "%c%" PRId64, crowd->letter, object->number);
    if (truth->life.odd_ids && name == CROWD_USERS)
        set_odd_id(object, crowd->letter);
    begin_version(truth, object, truth->now_ms);
    truth->inserted++;
}

/* One of the crowd that is live, or is not; NULL where there is none with room for a version. */
static struct object *pick(struct truth *truth, struct crowd *crowd, bool live)
{
    if (crowd->count == 0)
        return NULL;
    size_t start = (size_t)random_below(&truth->random, crowd->count);
    for (size_t i = 0; i < crowd->count; i++) {
        struct object *object = &crowd->objects[(start + i) % crowd->count];
        if (is_live(object) == live && object->version_count < TRUTH_VERSIONS_MAX)
            return object;
    }
    return NULL;
}

bool truth_delete(struct truth *truth, enum crowd_name name)
{
    struct object *object = pick(truth, &truth->crowds[name], true);
    if (!object)
        return false;
    end_version(truth, object);
    truth->deleted++;
    return true;
}

static void rename_one(struct truth *truth, struct crowd *crowd)
{
    struct object *object = pick(truth, crowd, true);
    if (!object)
        return;
    int64_t late_ms = 0;
    if (truth->life.late_ms > 0 && crowd == &truth->crowds[CROWD_KEYS] &&
        random_below(&truth->random, 2)) {
        late_ms = (int64_t)random_below(&truth->random, (uint64_t)truth->life.late_ms);
        truth->late++;
    }
    end_version(truth, object);
    begin_version(truth, object, truth->now_ms - late_ms);
    truth->renamed++;
}

static void revive_one(struct truth *truth, enum crowd_name name)
{
    struct crowd *crowd = &truth->crowds[name];
    struct object *object = pick(truth, crowd, false);
    if (!object)
        return;
    if (!truth->life.reuses_ids || name != CROWD_USERS) {
        begin_version(truth, object, truth->now_ms);
        truth->revived++;
        return;
    }
    if (crowd->count == TRUTH_OBJECTS_MAX ||
        crowd_find(crowd, span_of(object->id), TRUTH_ANY_INCARNATION) != object)
        return; /* its id has been taken already */
    truth_insert(truth, name);
    struct object *other = &crowd->objects[crowd->count - 1];
    (void)memcpy(other->id, object->id, sizeof other->id);
    other->id_is_number = object->id_is_number;
    truth->reused++;
}

static void change(struct truth *truth)
{
    static const enum crowd_name crowds[] = {CROWD_USERS, CROWD_USERS, CROWD_USERS, CROWD_USERS,
        CROWD_KEYS, CROWD_KEYS, CROWD_KEYS, CROWD_GROUPS};
    enum crowd_name name = crowds[random_below(&truth->random, sizeof crowds / sizeof crowds[0])];
    uint64_t dice = random_below(&truth->random, 12);
    if (dice < 3)
        truth_insert(truth, name);
    else if (dice < 6)
        (void)truth_delete(truth, name);
    else if (dice < 10)
        rename_one(truth, &truth->crowds[name]);
    else
        revive_one(truth, name);
}

static void plan_change(struct truth *truth)
{
    uint64_t most = (uint64_t)truth->life.change_every_ms * 2;
    truth->next_change_ms =
        most ? truth->now_ms + 1 + (int64_t)random_below(&truth->random, most) : TRUTH_FOR_EVER;
}

#define CHANGES_AT_ONCE_MAX 24 /* of a long absence of the reader; more would only be the same */

void truth_advance(struct truth *truth, int64_t now_ms)
{
    for (int i = 0; truth->next_change_ms <= now_ms && i < CHANGES_AT_ONCE_MAX; i++) {
        truth->now_ms = truth->next_change_ms;
        change(truth);
        plan_change(truth);
    }
    truth->now_ms = now_ms;
    if (truth->next_change_ms <= now_ms)
        plan_change(truth);
}

void truth_stir(struct truth *truth, size_t changes)
{
    for (size_t i = 0; i < changes; i++)
        change(truth);
}

void truth_init(struct truth *truth, uint64_t seed, const struct life *life,
    const size_t counts[CROWD_COUNT], int64_t now_ms)
{
    static const char letters[] = {'u', 'g', 'k'};
    truth->random = random_seeded(seed);
    truth->life = *life;
    truth->inserted = truth->deleted = truth->renamed = 0;
    truth->revived = truth->reused = truth->late = 0;
    for (size_t c = 0; c < CROWD_COUNT; c++) {
        truth->crowds[c].letter = letters[c];
        truth->crowds[c].count = 0;
        for (size_t i = 0; i < counts[c]; i++) {
            truth->now_ms = now_ms - (int64_t)(counts[c] - i) * 60000;
            truth_insert(truth, (enum crowd_name)c);
        }
    }
    truth->now_ms = now_ms;
    truth->inserted = 0;
    plan_change(truth);
}
