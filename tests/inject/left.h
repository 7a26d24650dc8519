/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What broken rounds left in the store's files. Nothing here is random, and the clock is virtual:
 * what is made of the same bytes is the same, so each state is judged once, however many ways lead
 * to it.
 */
#ifndef MUSTER_TESTS_LEFT_H
#define MUSTER_TESTS_LEFT_H

#include "base/hash.h"
#include "rig.h"

struct left_state {
    struct hash256 print;
    int64_t batches; /* that are in it; the caller's to fill in, like the next */
    bool ended;      /* rig_runs_ended */
};

struct left {
    struct left_state *states;
    size_t count, capacity;
};

/* The state that the files are in now, valid until the next call; whether it is seen for the first
 * time. */
struct left_state *left_look(struct left *left, const struct rig *rig, bool *ret_new);
/* What another process saw, and judged. */
void left_add(struct left *left, const struct left_state *state);
void left_free(struct left *left);

#endif
