/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the ledger and the chain through them. The first link follows thirty-two zero bytes. */
#include "ledger.h"

#include <string.h>

bool ledger_link(const struct ledger_row *row, const struct hash256 *before, struct bytes *scratch,
    struct hash256 *ret_link, struct fault *fault)
{
    const struct batch_outcome *o = &row->outcome;
    const int64_t numbers[] = {row->batch, row->run, row->scope, row->sequence, row->epoch,
        o->received, o->created, o->changed, o->unchanged, o->duplicate, o->filtered, o->dead,
        o->reappeared, o->conflicts, o->unreadable, row->orphans, o->distinct, row->seen_count,
        row->at_ms};
    const struct span texts[] = {row->seen, row->position, row->bookmark};
    bytes_clear(scratch);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (!bytes_format(scratch, fault, "%lld|", (long long)numbers[i]))
            return false;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        long long length = texts[i].data ? (long long)texts[i].length : -1;
        if (!bytes_format(scratch, fault, "%lld:", length) ||
            (length > 0 && !bytes_append(scratch, texts[i], fault)))
            return false;
    }
    if (row->replay && !bytes_format(scratch, fault, "replay|%lld|", (long long)row->superseded))
        return false;
    *ret_link = hash_chain(before, bytes_span(scratch));
    return true;
}

bool ledger_append(struct store *store, struct ledger_row *row, struct fault *fault)
{
    const struct batch_outcome *o = &row->outcome;
    struct hash256 link;
    if (!ledger_link(row, &store->head, &store->text, &link, fault))
        return false;
    struct span stored = {(const char *)link.bytes, sizeof link.bytes};
    if (!sql_run(&store->sql, SQL_BATCH_ADD, fault, "iiiiiiiiiiiiiiiiiibbbibzi", row->batch,
            row->run, row->scope, row->sequence, row->epoch, o->received, o->created, o->changed,
            o->unchanged, o->duplicate, o->filtered, o->dead, o->reappeared, o->conflicts,
            o->unreadable, row->orphans, o->distinct, row->seen_count, row->seen, row->position,
            row->bookmark, row->at_ms, stored, row->replay ? "replay" : "page", row->superseded))
        return false;
    store->head = link;
    store->next_batch = row->batch + 1;
    return true;
}

bool ledger_find(struct store *store, int64_t run, int64_t scope, int64_t sequence,
    struct batch_outcome *ret_outcome, bool *ret_found, struct fault *fault)
{
    AUTO_ROW *found = NULL;
    enum sql_step step =
        sql_one(&store->sql, SQL_BATCH_FIND, &found, fault, "iii", run, scope, sequence);
    if (step == SQL_FAILED)
        return false;
    *ret_found = step == SQL_ROW;
    if (step == SQL_END)
        return true;
    int64_t *const columns[] = {&ret_outcome->received, &ret_outcome->created,
        &ret_outcome->changed, &ret_outcome->unchanged, &ret_outcome->duplicate,
        &ret_outcome->filtered, &ret_outcome->dead, &ret_outcome->reappeared,
        &ret_outcome->conflicts, &ret_outcome->unreadable, &ret_outcome->distinct};
    for (int i = 0; i < (int)(sizeof columns / sizeof columns[0]); i++)
        *columns[i] = sqlite3_column_int64(found, i);
    return true;
}

void ledger_read(sqlite3_stmt *statement, struct ledger_row *ret_row, struct span *ret_link)
{
    struct batch_outcome *o = &ret_row->outcome;
    int64_t *const columns[] = {&ret_row->batch, &ret_row->run, &ret_row->scope, &ret_row->sequence,
        &ret_row->epoch, &o->received, &o->created, &o->changed, &o->unchanged, &o->duplicate,
        &o->filtered, &o->dead, &o->reappeared, &o->conflicts, &o->unreadable, &ret_row->orphans,
        &o->distinct, &ret_row->seen_count};
    int count = (int)(sizeof columns / sizeof columns[0]);
    for (int i = 0; i < count; i++)
        *columns[i] = sqlite3_column_int64(statement, i);
    ret_row->seen = sql_span(statement, count);
    ret_row->position = sql_span(statement, count + 1);
    ret_row->bookmark = sql_span(statement, count + 2);
    ret_row->at_ms = sqlite3_column_int64(statement, count + 3);
    *ret_link = sql_span(statement, count + 4);
    ret_row->replay = span_equal_text(sql_span(statement, count + 5), "replay");
    ret_row->superseded = sqlite3_column_int64(statement, count + 6);
}
