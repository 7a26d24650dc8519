/* SPDX-License-Identifier: Apache-2.0 */
/* Rows for people and for programs: an aligned table, one JSON document, NDJSON or CSV, from the
 * same cells. */
#ifndef MUSTER_APP_TABLE_H
#define MUSTER_APP_TABLE_H

#include <stdio.h>
#include "store/query.h"

enum table_format { TABLE_TEXT, TABLE_JSON, TABLE_NDJSON, TABLE_CSV };

struct table;

/* name: the one member of the JSON document that holds the rows. TEXT gathers rows to align them
 * (at most TABLE_ROWS_MAX, then it writes what it has and goes on); the other formats stream. */
#define TABLE_ROWS_MAX 10000u
struct table *table_create(FILE *out, enum table_format format, const char *name);
/* TEXT on a terminal, of which table_create asks the width by itself: a table that is wider than
 * `columns` leaves out the columns in which nothing stands, then, from the right, those of nothing
 * but zeros, as far as it takes, and says below which. 0: as wide as it is. */
void table_fit(struct table *table, size_t columns);
/* Columns of the terminal that the descriptor is; 0: it is none. */
size_t table_terminal_columns(int descriptor);
/* A query_row; `table` is the context. */
bool table_row(void *table, const char *const *names, const struct cell *cells, size_t count);
/* Writes what is left and the end. False where `out` failed. */
bool table_finish(struct table *table);
size_t table_count(const struct table *table);
void table_free(struct table *table);
/* Without what would move a terminal's cursor: control characters become "?". */
void table_put_plain(FILE *out, struct span text);
/* One cell as JSON. */
bool table_cell_json(const struct cell *cell, struct bytes *into, struct fault *fault) MUST_CHECK;

#endif
