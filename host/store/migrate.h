/* SPDX-License-Identifier: Apache-2.0 */
/* From whatever schema a file has to the one that this program knows, in one transaction. */
#ifndef MUSTER_STORE_MIGRATE_H
#define MUSTER_STORE_MIGRATE_H

#include "sql.h"

/* "MSTR": tells a Muster store from other SQLite files. */
#define MIGRATE_APPLICATION_ID 0x4d535452

/* may_write: bring an older or empty file up to date, and its views and triggers to those of this
 * program; otherwise an older one is a fault, and views that are another program's are hidden from
 * this handle by temporary ones. FAULT_STORE_NEWER for a newer one. */
bool migrate(struct sql_handle *handle, bool may_write, struct fault *fault) MUST_CHECK;

#endif
