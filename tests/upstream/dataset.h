/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data that the sample application serves: users, groups and API keys, all derived from a seed,
 * and what control requests changed since. An object is a number; what it looks like is computed
 * when it is rendered, so a million users cost no more than their numbers. Time is a counter of the
 * data set, never the wall clock: equal seeds and equal control requests give equal answers.
 */
#ifndef UPSTREAM_DATASET_H
#define UPSTREAM_DATASET_H

#include "base/bytes.h"

#define DATASET_OBJECTS_MAX 50000000u  /* of one collection */
#define DATASET_LOGINS_MAX  256u       /* renamed users that are remembered */
#define DATASET_LOGIN_MAX   96u        /* bytes of a login given by a rename */
#define DATASET_EPOCH_S     1577836800 /* 2020-01-01: the first user's last change */
/* Users that share one last change, so that equal timestamps occur. */
#define DATASET_USERS_A_SECOND 3u
#define DATASET_ID_TEXT        36u

enum collection_name { USERS, GROUPS, KEYS, COLLECTION_COUNT };

enum entry_flag {
    ENTRY_GONE = 1u << 0,   /* deleted */
    ENTRY_LEFT = 1u << 1,   /* a user without memberships */
    ENTRY_RENAMED = 1u << 2 /* its login is among `logins` */
};

/* How one object differs from what its seed gives. All zero: not at all. */
struct entry {
    uint32_t version;   /* changes so far */
    uint32_t changed_s; /* time of the last one, after DATASET_EPOCH_S */
    uint16_t flags;
    uint16_t incarnation; /* how often its id was given to somebody else */
};

struct change { /* one line of the change log; outdated where the entry's version is another */
    uint32_t changed_s, number, version;
};

struct collection {
    struct entry *entries;
    uint32_t made; /* objects that ever were; numbers are below it */
    uint32_t capacity;
    uint32_t *live; /* numbers that are listed, rising; NULL: all that were made */
    uint32_t live_count;
    struct change *changes; /* in order of changed_s */
    size_t change_count, change_capacity;
};

struct login_name {
    uint32_t number;
    char text[DATASET_LOGIN_MAX + 1];
};

struct dataset {
    uint64_t seed;
    uint32_t record_bytes;  /* a user is padded to this */
    uint32_t groups_seeded; /* the divisor of the membership rule */
    uint32_t now_s;         /* after DATASET_EPOCH_S; grows with every change */
    struct collection collections[COLLECTION_COUNT];
    struct login_name *logins;
    size_t login_count;
    char *days;    /* the text of each day, so that no record computes a calendar */
    char *padding; /* record_bytes of filler */
};

struct dataset_options {
    uint64_t seed;
    uint32_t users, groups, record_bytes;
};

bool dataset_create(const struct dataset_options *options, struct dataset *ret_dataset,
    struct fault *fault) MUST_CHECK;
void dataset_free(struct dataset *dataset);

/* An even, repeatable number for one object and purpose. */
uint64_t dataset_hash(const struct dataset *dataset, uint64_t number, uint32_t purpose);
/* The object's id: DATASET_ID_TEXT characters in the form of a UUID, in no order. */
void dataset_id(
    const struct dataset *dataset, enum collection_name name, uint32_t number, char *ret_text);
/* False for a text that is no id of the collection, or of an object that was never made. A deleted
 * one is found. */
bool dataset_find(
    const struct dataset *dataset, enum collection_name name, struct span id, uint32_t *ret_number);

uint32_t dataset_number_at(
    const struct dataset *dataset, enum collection_name name, uint32_t position);
/* The position of the first live object whose number is not below `number`. */
uint32_t dataset_position_of(
    const struct dataset *dataset, enum collection_name name, uint32_t number);
const struct entry *dataset_entry(
    const struct dataset *dataset, enum collection_name name, uint32_t number);
/* Seconds after DATASET_EPOCH_S. */
uint32_t dataset_changed_s(
    const struct dataset *dataset, enum collection_name name, uint32_t number);
/* The login that a rename gave, or NULL. */
const char *dataset_login(const struct dataset *dataset, uint32_t number);
/* "YYYY-MM-DDTHH:MM:SSZ" (20 characters) at `at`; returns the end. Seconds since 1970, from 2010 to
 * 2050. */
char *dataset_time(const struct dataset *dataset, char *at, int64_t epoch_s);

/* Memberships. A user belongs to two groups by its number; every fifth group also contains the one
 * before it. */
/* Of one group; main.c refuses sizes that would come near it. */
#define DATASET_MEMBERS_MAX  65536u
#define DATASET_MEMBER_GROUP (UINT64_C(1) << 32) /* set in a member that is a group, not a user */
uint32_t dataset_member_count(const struct dataset *dataset, uint32_t group);
/* At most `capacity` members, users in rising order, then the group; returns how many. */
uint32_t dataset_members(
    const struct dataset *dataset, uint32_t group, uint64_t *ret_members, uint32_t capacity);

/* API keys: every eighth user has three. */
#define DATASET_KEYS_EACH  3u
#define DATASET_KEYS_EVERY 8u
uint32_t dataset_key_owner(uint32_t key);

/* The log of changes as one listing: positions below `made` are objects as seeded, in order of
 * their numbers, the rest is the change log. Gives the first position whose time is not before
 * `since_s`. */
uint64_t dataset_changes_since(
    const struct dataset *dataset, enum collection_name name, int64_t since_s);
uint64_t dataset_changes_end(const struct dataset *dataset, enum collection_name name);
/* False where nothing (any more) is at this position. */
bool dataset_change_at(const struct dataset *dataset, enum collection_name name, uint64_t position,
    uint32_t *ret_number);

/* Changes. Each call is one instant. `count` objects from the live one at or above `number` on. */
bool dataset_delete(struct dataset *dataset, enum collection_name name, uint32_t number,
    uint32_t count, struct fault *fault) MUST_CHECK;
bool dataset_restore(struct dataset *dataset, enum collection_name name, uint32_t number,
    uint32_t count, struct fault *fault) MUST_CHECK;
bool dataset_add(struct dataset *dataset, enum collection_name name, uint32_t count,
    struct fault *fault) MUST_CHECK;
/* late_s: how far before now the change is stamped, at most back to the end of the seeded times. */
bool dataset_change(struct dataset *dataset, enum collection_name name, uint32_t number,
    uint32_t count, uint32_t late_s, struct fault *fault) MUST_CHECK;
bool dataset_rename(
    struct dataset *dataset, uint32_t number, struct span login, struct fault *fault) MUST_CHECK;
bool dataset_leave(struct dataset *dataset, uint32_t number, struct fault *fault) MUST_CHECK;
bool dataset_reuse(struct dataset *dataset, uint32_t number, struct fault *fault) MUST_CHECK;

#endif
