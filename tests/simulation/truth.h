/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is true: the objects of one simulated application, every version of each with the virtual
 * time at which it began and ended. The application answers from it, replicas from an earlier
 * moment of it, and the checker compares the store with it.
 */
#ifndef MUSTER_TESTS_TRUTH_H
#define MUSTER_TESTS_TRUTH_H

#include "base/bytes.h"
#include "base/random.h"

#define TRUTH_OBJECTS_MAX  96u
#define TRUTH_GROUPS_MAX   8u /* each is a listing of its own */
#define TRUTH_VERSIONS_MAX 12u
#define TRUTH_ID_MAX       40u
#define TRUTH_FOR_EVER     INT64_MAX

struct version {
    int64_t from_ms, to_ms; /* [from, to) */
    int64_t stamp_ms; /* when it says that it was changed: earlier, where it was committed late */
    int serial;
};

struct object {
    int64_t number; /* rises with creation */
    char id[TRUTH_ID_MAX];
    bool id_is_number;  /* sent as a number: its literal is the id */
    int64_t created_ms; /* the incarnation, where ids are reused */
    struct version versions[TRUTH_VERSIONS_MAX];
    size_t version_count;
    int64_t spoiled_ms; /* when its item was last sent damaged; -1: never */
};

struct crowd {
    char letter; /* that ids begin with */
    struct object objects[TRUTH_OBJECTS_MAX];
    size_t count;
};

/* What happens to it, by itself. */
struct life {
    int64_t change_every_ms; /* on average; 0: nothing moves while it is read */
    bool reuses_ids;         /* a new object takes the id of one that is gone (79) */
    bool odd_ids;            /* above 2^64 (50); equal but for case or normal form (57) */
    int64_t late_ms;         /* how much later than its stamp a change may be seen (71); 0: never */
    int64_t stamp_unit_ms;   /* stamps are floored to it: many are equal (70) */
};

enum crowd_name { CROWD_USERS, CROWD_GROUPS, CROWD_KEYS, CROWD_COUNT };

struct truth {
    struct random random;
    struct life life;
    struct crowd crowds[CROWD_COUNT];
    int64_t now_ms, next_change_ms;
    int64_t inserted, deleted, renamed, revived, reused, late; /* how often */
};

void truth_init(struct truth *truth, uint64_t seed, const struct life *life,
    const size_t counts[CROWD_COUNT], int64_t now_ms);
/* Lives on until then. */
void truth_advance(struct truth *truth, int64_t now_ms);
/* That many changes at once, now. */
void truth_stir(struct truth *truth, size_t changes);
void truth_insert(struct truth *truth, enum crowd_name name);
/* False where there is nobody to delete. */
bool truth_delete(struct truth *truth, enum crowd_name name);

/* The version at that moment; NULL: it was not there. */
const struct version *object_at(const struct object *object, int64_t at_ms);
/* Since when that version's object is there without a break. */
int64_t object_joined_at(const struct object *object, const struct version *version);
/* Since when it is gone, as seen at that moment; -1: it is there, or was not there yet. */
int64_t object_gone_at(const struct object *object, int64_t at_ms);
bool object_throughout(const struct object *object, int64_t from_ms, int64_t to_ms);
bool object_ever(const struct object *object, int64_t from_ms, int64_t to_ms);
size_t crowd_live(const struct crowd *crowd, int64_t at_ms);
/* By id and, where incarnations are kept apart, by that; NULL: there never was one. */
const struct object *crowd_find(const struct crowd *crowd, struct span id, int64_t created_ms);
/* Whether the user belongs to the group: a fixed rule, so that nothing needs to be kept. */
bool truth_is_member(const struct object *group, const struct object *user);
/* The name of a version, as it is sent. */
#define TRUTH_NAME_MAX 48
void version_name(
    const struct object *object, const struct version *version, char ret_name[TRUTH_NAME_MAX]);
#define TRUTH_ANY_INCARNATION INT64_MIN

#endif
