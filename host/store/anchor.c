/* SPDX-License-Identifier: Apache-2.0 */
/* One line of fixed length: the number of the last batch and its link, rewritten in place. */
#include "anchor.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NUMBER_DIGITS 20
#define LINK_DIGITS   (2 * sizeof(((struct hash256 *)0)->bytes))
#define LINE_BYTES    (NUMBER_DIGITS + 1 + LINK_DIGITS + 1)

static int open_at(const struct store *store, int flags)
{
    AUTO_BYTES path = {.limit = 0};
    struct fault ignored; /* no memory, no guard */
    return bytes_format(&path, &ignored, "%s.anchor", store->path) ? open(path.data, flags, 0600)
                                                                   : -1;
}

static void write_line(const struct anchor *anchor, char line[LINE_BYTES + 1])
{
    char link[LINK_DIGITS + 1];
    hash256_text(&anchor->head, link);
    (void)snprintf(line, LINE_BYTES + 1, "%020" PRId64 " %s\n", anchor->batch, link);
}

static bool read_line(const char line[LINE_BYTES], struct anchor *ret_anchor)
{
    struct anchor anchor = {.batch = 0};
    char again[LINE_BYTES + 1];
    if (!span_to_int64((struct span){line, NUMBER_DIGITS}, &anchor.batch))
        return false;
    if (sodium_hex2bin(anchor.head.bytes, sizeof anchor.head.bytes, line + NUMBER_DIGITS + 1,
            LINK_DIGITS, NULL, NULL, NULL) != 0)
        return false;
    write_line(&anchor, again);
    *ret_anchor = anchor;
    return memcmp(again, line, LINE_BYTES) == 0;
}

static void read_from(int descriptor, struct anchor *ret_anchor)
{
    char line[LINE_BYTES];
    if (descriptor < 0 || pread(descriptor, line, sizeof line, 0) != (ssize_t)sizeof line ||
        !read_line(line, ret_anchor))
        *ret_anchor = (struct anchor){.batch = 0};
}

void anchor_open(struct store *store, bool fresh)
{
    store->anchor = open_at(store, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW);
    if (store->anchor >= 0 && fresh && ftruncate(store->anchor, 0) != 0)
        anchor_close(store);
}

void anchor_close(struct store *store)
{
    if (store->anchor >= 0)
        (void)close(store->anchor); /* a lost line says less, never more */
    store->anchor = -1;
}

void anchor_read(const struct store *store, struct anchor *ret_anchor)
{
    int descriptor =
        store->anchor >= 0 ? store->anchor : open_at(store, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    read_from(descriptor, ret_anchor);
    if (descriptor >= 0 && descriptor != store->anchor)
        (void)close(descriptor); /* was read only */
}

bool anchor_holds(struct store *store, const struct anchor *anchor, struct fault *fault)
{
    if (anchor->batch <= 0)
        return true;
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_LEDGER_LINK, &row, fault, "i", anchor->batch);
    if (step == SQL_FAILED)
        return false;
    const struct span head = {(const char *)anchor->head.bytes, sizeof anchor->head.bytes};
    bool same = step == SQL_ROW && span_equal(sql_span(row, 0), head);
    if (same)
        return true;
    return fault_set(fault, FAULT_STORE_CORRUPT,
        "batch %lld was written here and is %s: an older backup was put back, or the log beside "
        "the store (-wal) is gone. Restore the newer files; or, to go on with this older state, "
        "remove %s.anchor",
        (long long)anchor->batch, step == SQL_ROW ? "another one now" : "gone", store->path);
}

void anchor_move(struct store *store)
{
    const struct anchor anchor = {store->next_batch - 1, store->head};
    char line[LINE_BYTES + 1];
    if (store->anchor < 0 || anchor.batch == store->anchored)
        return;
    write_line(&anchor, line);
    if (pwrite(store->anchor, line, LINE_BYTES, 0) == (ssize_t)LINE_BYTES)
        store->anchored = anchor.batch;
}
