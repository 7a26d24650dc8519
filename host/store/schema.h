/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a store and the views that people read. The tables are private to this folder; the
 * views are the contract. */
#ifndef MUSTER_STORE_SCHEMA_H
#define MUSTER_STORE_SCHEMA_H

#include "base/bytes.h"
#include "declaration/kind.h"

/* State of an object, and of its presence in one scope. The numbers are stored. */
enum state { STATE_LIVE = 0, STATE_MISSING = 1, STATE_DELETED = 2, STATE_FILTERED = 3 };
#define STATE_COUNT 4

/* The tables and their checks, as SQL: one step for each version of the schema. A step that has
 * been released never changes: stores that took it are there, and tests keep one of each version.
 */
const char *schema_tables(void);         /* version 1 */
const char *schema_tokens(void);         /* version 2 */
const char *schema_recent_lookups(void); /* version 3 */
const char *schema_replays(void);        /* version 4 */
const char *schema_shapes(void);         /* version 5 */
const char *schema_sums(void);           /* version 6 */
const char *schema_absent(void);         /* version 6, too */
/* The triggers, made anew; like the views no matter of a version, but of the program. */
const char *schema_triggers(void);
/* Appends `CREATE VIEW` for each view; temporary: for a handle's own, which hide those of the
 * file. */
bool schema_views(struct bytes *into, bool temporary, struct fault *fault) MUST_CHECK;
/* Appends `DROP VIEW IF EXISTS` for each. */
bool schema_drop_views(struct bytes *into, struct fault *fault) MUST_CHECK;

#endif
