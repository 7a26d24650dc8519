/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the store with the truth's log.
 *
 * Of a proven run, over its window (from its first start, less how far replicas and totals are
 * behind, to its end): lost: an object that was there throughout and is not live in the store;
 * doubled: two live rows of one object; unexpected: a live row of what was never there in the
 * window; wrong: a name that no version of the window had; buried: a row marked deleted of what
 * never was gone. All must be none. Permitted, and only this: an object lost from a listing by
 * index whose total stayed equal, because as much came as went while it was read, where no second
 * look is taken.
 */
#ifndef MUSTER_TESTS_CHECKER_H
#define MUSTER_TESTS_CHECKER_H

#include <sqlite3.h>
#include "world.h"

/* Once a process: takes the views out of the empty store, since parsing them would be most of a
 * seed's time, and keeps them for its own reading. The handle is the checker's from here. */
void checker_prepare(sqlite3 *db);
void checker_free(void);

struct verdict {
    int64_t compared; /* runs */
    int64_t rows;
    int64_t permitted; /* losses by equal churn */
};

/* After a round; complains to the world. */
void checker_round(struct world *world, struct verdict *verdict);
/* When faults are over and nothing changes any more: true where every stream is as complete as it
 * can be, and the store equals the truth. False: *ret_why says what lacks. */
bool checker_at_rest(struct world *world, char *ret_why, size_t size);
/* Lets pass what waits for a person. */
void checker_approve_holds(struct world *world);
/* The books. */
void checker_audit(struct world *world);
/* Flips a bit of the disk, lets the audit look, and flips it back (103). True where the damage was
 * noticed: in a page's unused bytes nobody can. */
bool checker_flip(struct world *world, uint64_t at);
/* The number of the last batch that the store has: what was acknowledged must survive. */
int64_t checker_last_batch(struct world *world);
/* Of every row that a connection has: equal stores are equal hashes. */
uint64_t checker_hash(struct world *world, size_t connection);

#endif
