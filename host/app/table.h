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
