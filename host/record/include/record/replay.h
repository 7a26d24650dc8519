/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters mapped again, from the bytes that they kept, without a fetch. A pure function of the
 * program at hand and those bytes; what becomes of the records is the store's affair
 * (store/replay.h). */
#ifndef MUSTER_RECORD_REPLAY_H
#define MUSTER_RECORD_REPLAY_H

#include "record/mapper.h"

struct replay {
    struct arena *arena;
    /* items: one for each text, in order; records, letters and filtered entries carry their item's
     * number. received: what the items must give by their declared fan-out. Letters are what fails
     * still. */
    struct batch batch;
    struct mapping mapping;
};

/*
 * Maps each of `raws` (the bytes of one item each, as a letter keeps them) as an item of one scope.
 * What was redacted when the letter was written stays "[redacted]": such a record may show that
 * word in a field, as a pulled one does, but never have it as its id; the item then fails as a
 * whole, by "id_redacted". The texts are copied. False only for trouble of our own, FAULT_BALANCE
 * included.
 */
bool replay_map(const struct program *program, const struct scope_parent *parent,
    const struct span *raws, size_t count, struct replay **ret_replay,
    struct fault *fault) MUST_CHECK;
void replay_free(struct replay *replay); /* NULL is fine */

#endif
