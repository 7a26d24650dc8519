/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sums of rows (fault 103). Each row on which a decision rests has one in its column `sum`,
 * over the columns that are listed here; what changes a row without Muster, a disk, a memory or a
 * hand, leaves one that does not fit. What has other witnesses has no sum: batches are linked by
 * the chain, counts are added up again by the audit, as lookups are computed, and tokens are
 * sealed.
 *
 * A row's sum is that of its values, each at its place; null adds nothing. So an update adds what
 * it changes and takes off what was there, never looking at the rest: a row that was damaged keeps
 * a sum that does not fit, whatever becomes of it. What is made of such a row does not fit either,
 * or has no sum, which is no better. Only content that the source gave anew makes an object whole
 * again (or the same content, once store_audit_repair has it doubted); the version before it, in
 * the history, stays damaged.
 *
 * In SQL, on handles of this program: row_sum(value, ...), and
 * row_sum_change(sum, place, old, new, ...). Nothing in the file needs them, so that any program
 * may read it. Objects, their contributions and their history are summed by the statements
 * themselves (statements.h); the other tables have few rows, and triggers of the handle that
 * writes.
 */
#ifndef MUSTER_STORE_SUMS_H
#define MUSTER_STORE_SUMS_H

#include "sql.h"
#include "store/query.h"

#define SUMS_SCHEMA 6 /* the version from which rows have sums */

/* row_sum and row_sum_change: before anything is asked of a handle. */
bool sums_functions(struct sql_handle *handle, struct fault *fault) MUST_CHECK;
/* What row_sum gives for these values; i, t, b and n as sql_start takes them. For rows that are
 * made by the ten thousand a second. */
int64_t sums_row(const char *format, ...);
/* The triggers of a handle that writes. */
bool sums_triggers(struct sql_handle *handle, struct fault *fault) MUST_CHECK;
/* Gives every row its sum: for a store whose rows have none. What it is then is what it ought to be
 * from then on. */
bool sums_fill(struct sql_handle *handle, struct fault *fault) MUST_CHECK;

/* Which tables are looked at: all, or those of which an export shows something, as of now or of a
 * time before. */
enum sums_shown { SUMS_ALL, SUMS_SHOWN_AS_OF, SUMS_SHOWN_NOW };

/* Hands on a sentence, in the first cell, for each row that is not as it was written. */
bool sums_damaged(struct sql_handle *handle, enum sums_shown shown, query_row *row, void *context,
    struct fault *fault) MUST_CHECK;
/* FAULT_STORE_CORRUPT names the first such row. */
bool sums_whole(struct sql_handle *handle, enum sums_shown shown, struct fault *fault) MUST_CHECK;
/* Likewise of one dead letter. */
bool sums_whole_letter(struct sql_handle *handle, int64_t letter, struct fault *fault) MUST_CHECK;
/* What is said of such a letter; false. */
bool sums_refuse_letter(int64_t letter, struct fault *fault);

#endif
