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

/* The tables, their checks and triggers, as SQL. */
const char *schema_tables(void);
const char *schema_tokens(void);         /* version 2 */
const char *schema_recent_lookups(void); /* version 3 */
const char *schema_shapes(void);         /* version 5 */
const char *schema_replays(void);        /* version 4 */
/* Appends `CREATE VIEW` for each view; made anew at every migration, since the table of kinds may
 * have grown. */
bool schema_views(struct bytes *into, struct fault *fault) MUST_CHECK;
/* Appends `DROP VIEW IF EXISTS` for each. */
bool schema_drop_views(struct bytes *into, struct fault *fault) MUST_CHECK;

#endif
