/* SPDX-License-Identifier: Apache-2.0 */
/* libsodium's secretbox: a fresh nonce before each box. The connection's number is inside, so that
 * boxes cannot be swapped. */
#include "token.h"

#include <sodium.h>
#include <string.h>
#include "base/arena.h"

#define NONCE crypto_secretbox_NONCEBYTES
#define MAC   crypto_secretbox_MACBYTES

_Static_assert(crypto_secretbox_KEYBYTES == 32, "the seal key's size");

static bool need_key(const struct store *store, struct fault *fault)
{
    return store->has_seal_key ||
           fault_set(fault, FAULT_SECRET,
               "a rotated refresh token cannot be kept: no key to seal it with is configured");
}

bool token_save(
    struct store *store, const struct job_token *token, int64_t wall_ms, struct fault *fault)
{
    if (!need_key(store, fault))
        return false;
    AUTO_BYTES sealed = {.limit = 0};
    struct bytes plain = {.limit = 0};
    size_t length = sizeof token->connection + token->token.length;
    bool good =
        bytes_reserve(&sealed, NONCE + MAC + length, fault) &&
        bytes_append(&plain,
            (struct span){(const char *)&token->connection, sizeof token->connection}, fault) &&
        bytes_append(&plain, token->token, fault);
    if (good) {
        unsigned char *box = (unsigned char *)sealed.data;
        randombytes_buf(box, NONCE);
        (void)crypto_secretbox_easy(box + NONCE, (const unsigned char *)plain.data, plain.length,
            box, store->seal_key); /* fails only for lengths that do not fit in memory */
        struct span whole = {sealed.data, NONCE + MAC + length};
        good = sql_run(&store->sql, SQL_TOKEN_PUT, fault, "ibi", token->connection, whole, wall_ms);
    }
    bytes_wipe(&plain);
    return good;
}

static bool open_box(struct store *store, struct span box, struct job_token *token,
    struct arena *arena, struct fault *fault)
{
    if (box.length < NONCE + MAC + sizeof token->connection)
        return fault_set(fault, FAULT_STORE_CORRUPT, "a sealed token is cut short");
    size_t length = box.length - NONCE - MAC;
    unsigned char *plain = arena_allocate(arena, length + 1);
    if (!plain)
        return fault_memory(fault);
    const unsigned char *data = (const unsigned char *)box.data;
    int64_t connection = 0;
    if (crypto_secretbox_open_easy(
            plain, data + NONCE, box.length - NONCE, data, store->seal_key) == 0)
        (void)memcpy(&connection, plain, sizeof connection);
    if (connection != token->connection)
        return fault_set(fault, FAULT_SECRET,
            "a kept refresh token does not open with the configured key; sign the connection in "
            "again");
    token->token =
        (struct span){(const char *)plain + sizeof connection, length - sizeof connection};
    return true;
}

bool token_load(
    struct store *store, struct job_token *token, struct arena *arena, struct fault *fault)
{
    token->token = (struct span){NULL, 0};
    sqlite3_stmt *row = sql_start(&store->sql, SQL_TOKEN_GET, fault, "i", token->connection);
    if (!row)
        return false;
    enum sql_step step = sql_next(&store->sql, row, fault);
    if (step != SQL_ROW)
        return step == SQL_END;
    bool good = need_key(store, fault) && open_box(store, sql_span(row, 0), token, arena, fault);
    (void)sqlite3_reset(row); /* the row was good */
    return good;
}
