/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of outcomes, which the engine keeps for a scope and the store for a run. */
#include "record/batch.h"

void batch_outcome_add(struct batch_outcome *sums, const struct batch_outcome *more)
{
    sums->received += more->received;
    sums->created += more->created;
    sums->changed += more->changed;
    sums->unchanged += more->unchanged;
    sums->duplicate += more->duplicate;
    sums->filtered += more->filtered;
    sums->dead += more->dead;
    sums->reappeared += more->reappeared;
    sums->conflicts += more->conflicts;
    sums->unreadable += more->unreadable;
    sums->distinct = more->distinct;
}
