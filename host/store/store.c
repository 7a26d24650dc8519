/* SPDX-License-Identifier: Apache-2.0 */
/* The file: opened, checked, tuned and closed. What is done in it is in execute.c. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/memory.h"
#include "anchor.h"
#include "lock.h"
#include "migrate.h"
#include "sums.h"

#define CACHE_BYTES_DEFAULT (16 << 20) /* measured with tests/bench/store_bench */
#define RECENT_LOOKUPS_MOST 131072     /* likewise; entries of some 20 bytes */
#define PAGE_BYTES          16384      /* measured likewise; only a new file takes it */
#define BUSY_MS             5000       /* how long another process's transaction is waited for */

/*
 * The file itself is made here, so that its mode does not depend on the umask; SQLite gives its
 * companions the same. A file that is there is never opened here: closing any descriptor of it
 * would drop the locks of every other handle of this process (POSIX), and the next process to close
 * the store would take itself for the last one and delete the log under a running host.
 */
static bool ensure_file(
    const char *path, const struct store_options *options, bool *ret_made, struct fault *fault)
{
    bool create = options->create && !options->read_only;
    int descriptor = create ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    *ret_made = descriptor >= 0;
    if (descriptor >= 0) {
        (void)close(descriptor); /* nothing was written, and nobody else can have a lock on it */
        return true;
    }
    if ((!create || errno == EEXIST) &&
        faccessat(AT_FDCWD, path, options->read_only ? R_OK : R_OK | W_OK, AT_EACCESS) == 0)
        return true;
    if (errno == ENOENT)
        return fault_set(
            fault, FAULT_STORE, "there is no store at %s; muster sync makes one", path);
    return fault_set(
        fault, FAULT_STORE, "the store %s cannot be opened: %s", path, strerror(errno));
}

/* After each commit: how long the log is. */
static int note_log(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct store *)context)->wal_pages = pages;
    return SQLITE_OK;
}

static bool configure(struct store *store, const struct store_options *options, struct fault *fault)
{
    AUTO_BYTES text = {.limit = 0};
    int64_t cache = options->cache_bytes > 0 ? options->cache_bytes : CACHE_BYTES_DEFAULT;
    (void)sqlite3_busy_timeout(store->sql.db, BUSY_MS);
    if (!options->read_only &&
        !bytes_format(&text, fault,
            "PRAGMA page_size=%d;PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
            "PRAGMA secure_delete=OFF;",
            PAGE_BYTES))
        return false;
    return bytes_format(&text, fault, "PRAGMA cache_size=%lld;PRAGMA temp_store=FILE;",
               (long long)-(cache / 1024)) &&
           sql_execute(&store->sql, text.data, fault);
}

static bool read_key(struct store *store, struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_META_GET, &row, fault, "z", "key");
    if (step == SQL_FAILED)
        return false;
    struct span key = step == SQL_ROW ? sql_span(row, 0) : (struct span){NULL, 0};
    bool good = key.length == sizeof store->key.bytes;
    if (good)
        (void)memcpy(store->key.bytes, key.data, key.length);
    if (!good)
        return fault_set(
            fault, FAULT_STORE_CORRUPT, "the store has lost its key; restore a backup");
    struct span purpose = SPAN("object lookup");
    store->lookup_key = hash_derive_key(&store->key, &purpose, 1);
    return true;
}

static bool read_head(struct store *store, struct fault *fault)
{
    AUTO_ROW *row = NULL;
    enum sql_step step = sql_one(&store->sql, SQL_META_GET, &row, fault, "z", "head");
    if (step == SQL_FAILED)
        return false;
    (void)memset(&store->head, 0, sizeof store->head);
    if (step == SQL_END)
        return true;
    struct span head = sql_span(row, 0);
    bool good = head.length == sizeof store->head.bytes;
    if (good)
        (void)memcpy(store->head.bytes, head.data, head.length);
    return good ||
           fault_set(fault, FAULT_STORE_CORRUPT, "the chain's head is damaged; run muster audit");
}

bool store_reload(struct store *store, struct fault *fault)
{
    store->next_object = store->next_batch = store->next_letter = 0;
    if (!sql_integer(&store->sql, SQL_LAST_OBJECT, &store->next_object, fault, "") ||
        !sql_integer(&store->sql, SQL_LAST_BATCH, &store->next_batch, fault, "") ||
        !sql_integer(&store->sql, SQL_LAST_LETTER, &store->next_letter, fault, "") ||
        !sql_integer(&store->sql, SQL_LOOKUPS_RECENT, &store->recent_lookups, fault, "") ||
        !read_head(store, fault))
        return false;
    store->next_object++;
    store->next_batch++;
    store->next_letter++;
    return true;
}

static bool check_anchor(struct store *store, struct fault *fault)
{
    struct anchor anchor;
    if (store->anchor < 0)
        return true;
    anchor_read(store, &anchor);
    return anchor_holds(store, &anchor, fault);
}

static bool open_file(struct store *store, const struct store_options *options, struct fault *fault)
{
    bool made;
    if (!ensure_file(store->path, options, &made, fault))
        return false;
    if (options->take_lock && !lock_take(store->path, &store->lock, fault))
        return false;
    if (options->take_lock)
        anchor_open(store, made);
    int flags = (options->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(store->path, &store->sql.db, flags, NULL);
    if (code != SQLITE_OK)
        return sql_fault(&store->sql, code, fault);
    (void)sqlite3_wal_hook(store->sql.db, note_log, store); /* gives the hook before it: none */
    return configure(store, options, fault) && sums_functions(&store->sql, fault) &&
           migrate(&store->sql, !options->read_only, fault) &&
           (options->read_only || sums_triggers(&store->sql, fault)) && read_key(store, fault) &&
           store_reload(store, fault) && check_anchor(store, fault) &&
           sql_integer(&store->sql, SQL_PAGE_SIZE, &store->page_bytes, fault, "") &&
           sql_integer(&store->sql, SQL_DATA_VERSION, &store->data_version, fault, "");
}

bool store_open(const char *path, const struct store_options *options, struct store **ret_store,
    struct fault *fault)
{
    if (sodium_init() < 0)
        return fault_set(fault, FAULT_SYSTEM, "the cryptography library cannot be initialized");
    struct store *store = memory_allocate(sizeof *store);
    if (!store)
        return fault_memory(fault);
    store->lock = store->anchor = -1;
    store->read_only = options->read_only;
    store->recent_lookups_most =
        options->recent_lookups_most > 0 ? options->recent_lookups_most : RECENT_LOOKUPS_MOST;
    store->path = memory_copy_text(path);
    store->version = 1;
    atomic_init(&store->published, 1);
    store->changes.floor = 1;
    if (!(store->path ? open_file(store, options, fault) : fault_memory(fault))) {
        store_close(store);
        return fault_prefix(fault, "store %s", path);
    }
    *ret_store = store;
    return true;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    sql_close(&store->sql);
    anchor_close(store);
    lock_release(store->lock);
    seen_cache_free(&store->seen);
    seen_addition_free(&store->addition);
    changes_free(&store->changes);
    slots_free(&store->slots);
    memory_free(store->shapes);
    bytes_free(&store->text);
    bytes_free(&store->blob);
    memory_free(store->path);
    memory_free(store);
}

bool store_has_failed(const struct store *store)
{
    return atomic_load(&store->failed);
}

struct hash_key store_key(const struct store *store)
{
    return store->key;
}
