/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The faults of the catalogue that a simulated world can meet, one row a number: where it strikes
 * and how. Each connection of a seed has a few of them, each with its own rate: by chance, once, in
 * a burst, or for good until faults are over. A number counts as fired when it took effect.
 */
#ifndef MUSTER_TESTS_FAULTS_H
#define MUSTER_TESTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/random.h"

#define FAULT_NUMBERS     160
#define FAULTS_ACTIVE_MAX 6u

enum fault_place {
    PLACE_ANSWER, /* the answer on its way */
    PLACE_PAGE,   /* what the page holds */
    PLACE_RATE,   /* what is said of budgets */
    PLACE_TOKEN,  /* the token endpoint's answer */
    PLACE_TRUTH,  /* how the application is born */
    PLACE_CLOCK,
    PLACE_STORE,
    PLACE_HOST
};

enum fault_manner { MANNER_BY_CHANCE, MANNER_ONCE, MANNER_BURST, MANNER_FOR_GOOD };

struct visit;

struct fault_row {
    int number;
    const char *name;
    enum fault_place place;
    int per_mille_most;
    bool once_only; /* for good it would be another number */
    /* Takes effect; false where it cannot here. NULL where the world itself is struck. */
    bool (*strike)(struct visit *on, const struct fault_row *row);
    /* What the plain ones do to an answer. */
    int exchange, status;
    int64_t latency_ms;
    const char *text, *header, *value;
};

#define AIM_ANY (-1)

struct active_fault {
    const struct fault_row *row;
    enum fault_manner manner;
    int per_mille;
    int64_t first, left; /* request at which it begins; strikes left of a burst */
    int aim;             /* the listing it strikes, or AIM_ANY */
};

struct faults {
    struct active_fault active[FAULTS_ACTIVE_MAX];
    size_t count;
    bool over;
    struct random random;
    int64_t fired[FAULT_NUMBERS];
};

const struct fault_row *fault_row_at(size_t index); /* NULL beyond the last */
const struct fault_row *fault_row_numbered(int number);
/* A few faults for one connection; `places`: a bit for each place that may be drawn from. */
void faults_draw(struct faults *faults, struct random *random, unsigned places, size_t most);
/* One of that number, as if it had been drawn. */
void faults_add(struct faults *faults, int number, enum fault_manner manner, int per_mille);
const struct active_fault *faults_find(const struct faults *faults, int number);
/* Lets those of a place strike at an exchange, at most `most` of them. */
void faults_strike(struct faults *faults, enum fault_place place, size_t most, struct visit *on);

#endif
