/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The comparator in C: what a sequential loop costs that fetches a page with libcurl over one kept
 * connection, parses it with json-c and upserts it into SQLite in one transaction (WAL, synchronous
 * FULL). It retries nothing, proves nothing and keeps no history; it is the floor that a host with
 * promises is measured against.
 *
 *     bare_loop BASE_URL DATABASE RECORDS [PAGE_SIZE]
 */
#include <curl/curl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/bytes.h"

#define PAGE_SIZE_DEFAULT 200
#define URL_MAX           512
#define BODY_MAX          (256u << 20)

enum column { ID = 1, LOGIN, EMAIL, STATUS, DISPLAY_NAME, ATTRIBUTES };

struct loop {
    CURL *curl;
    sqlite3 *database;
    sqlite3_stmt *begin, *commit, *upsert;
    struct bytes body;
    int64_t stored;
};

static const char schema[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY, login TEXT, email TEXT, "
    "status TEXT, display_name TEXT, attributes TEXT);";
static const char upsert[] =
    "INSERT INTO account VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET login = "
    "excluded.login, "
    "email = excluded.email, status = excluded.status, display_name = excluded.display_name, "
    "attributes = excluded.attributes";

static size_t receive(char *data, size_t size, size_t count, void *context)
{
    struct bytes *body = context;
    struct fault fault;
    return bytes_append(body, (struct span){data, size * count}, &fault) ? size * count : 0;
}

static bool sqlite_failed(sqlite3 *database, struct fault *fault)
{
    return fault_set(fault, FAULT_STORE, "SQLite: %s", sqlite3_errmsg(database));
}

static bool open_store(struct loop *loop, const char *path, struct fault *fault)
{
    if (sqlite3_open(path, &loop->database) != SQLITE_OK ||
        sqlite3_exec(loop->database, schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(loop->database, "BEGIN IMMEDIATE", -1, &loop->begin, NULL) !=
            SQLITE_OK ||
        sqlite3_prepare_v2(loop->database, "COMMIT", -1, &loop->commit, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(loop->database, upsert, -1, &loop->upsert, NULL) != SQLITE_OK)
        return sqlite_failed(loop->database, fault);
    return true;
}

static bool open_client(struct loop *loop, struct fault *fault)
{
    loop->body.limit = BODY_MAX;
    loop->curl = curl_easy_init();
    if (!loop->curl || curl_easy_setopt(loop->curl, CURLOPT_WRITEFUNCTION, receive) != CURLE_OK ||
        curl_easy_setopt(loop->curl, CURLOPT_WRITEDATA, &loop->body) != CURLE_OK ||
        curl_easy_setopt(loop->curl, CURLOPT_FAILONERROR, 1L) != CURLE_OK)
        return fault_set(fault, FAULT_SYSTEM, "libcurl could not be set up");
    return true;
}

static bool fetch(struct loop *loop, const char *url, struct fault *fault)
{
    bytes_clear(&loop->body);
    CURLcode code = curl_easy_setopt(loop->curl, CURLOPT_URL, url);
    if (code == CURLE_OK)
        code = curl_easy_perform(loop->curl);
    if (code != CURLE_OK)
        return fault_set(fault, FAULT_SYSTEM, "%s: %s", url, curl_easy_strerror(code));
    return true;
}

static bool step(struct loop *loop, sqlite3_stmt *statement, struct fault *fault)
{
    int result = sqlite3_step(statement);
    int reset = sqlite3_reset(statement);
    return (result == SQLITE_DONE && reset == SQLITE_OK) || sqlite_failed(loop->database, fault);
}

static const char *text_at(struct json_object *object, const char *name)
{
    struct json_object *value = json_object_object_get(object, name);
    return value ? json_object_get_string(value) : NULL;
}

static const char *primary_email(struct json_object *user)
{
    struct json_object *emails = json_object_object_get(user, "emails");
    size_t count = emails ? json_object_array_length(emails) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *email = json_object_array_get_idx(emails, i);
        if (json_object_get_boolean(json_object_object_get(email, "primary")))
            return text_at(email, "value");
    }
    return NULL;
}

static bool store_user(struct loop *loop, struct json_object *user, struct fault *fault)
{
    bool active = json_object_get_boolean(json_object_object_get(user, "active"));
    const char *const columns[] = {[ID] = text_at(user, "id"),
        [LOGIN] = text_at(user, "userName"),
        [EMAIL] = primary_email(user),
        [STATUS] = active ? "active" : "disabled",
        [DISPLAY_NAME] = text_at(user, "displayName"),
        [ATTRIBUTES] = json_object_to_json_string_ext(user, JSON_C_TO_STRING_PLAIN)};
    for (int column = ID; column <= ATTRIBUTES; column++)
        if (sqlite3_bind_text(loop->upsert, column, columns[column], -1, SQLITE_STATIC) !=
            SQLITE_OK)
            return sqlite_failed(loop->database, fault);
    return step(loop, loop->upsert, fault);
}

/* One page: parse, one transaction. Gives the total that the server states. */
static bool store_page(struct loop *loop, int64_t *ret_total, struct fault *fault)
{
    struct json_object *page = json_tokener_parse(bytes_span(&loop->body).data);
    struct json_object *users = page ? json_object_object_get(page, "Resources") : NULL;
    bool ok = users ? step(loop, loop->begin, fault)
                    : fault_set(fault, FAULT_SYNTAX, "a page is no SCIM list");
    size_t count = users ? json_object_array_length(users) : 0;
    for (size_t i = 0; ok && i < count; i++)
        ok = store_user(loop, json_object_array_get_idx(users, i), fault);
    ok = ok && step(loop, loop->commit, fault);
    if (ok) {
        loop->stored += (int64_t)count;
        *ret_total = count > 0 ? json_object_get_int64(json_object_object_get(page, "totalResults"))
                               : loop->stored;
    }
    (void)json_object_put(page); /* says whether it was the last reference */
    return ok;
}

static bool run(
    struct loop *loop, const char *base, int64_t records, int64_t page_size, struct fault *fault)
{
    int64_t total = records;
    while (loop->stored < records && loop->stored < total) {
        char url[URL_MAX];
        int length = snprintf(url, sizeof url, "%s/Users?startIndex=%" PRId64 "&count=%" PRId64,
            base, loop->stored + 1, page_size);
        if (length < 0 || (size_t)length >= sizeof url)
            return fault_set(fault, FAULT_USAGE, "the base URL is too long");
        if (!fetch(loop, url, fault) || !store_page(loop, &total, fault))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct loop loop = {0};
    struct fault fault = {0};
    int64_t records = 0, page_size = PAGE_SIZE_DEFAULT;
    if (argc < 4 || argc > 5 || !span_to_int64(span_of(argv[3]), &records) ||
        (argc == 5 && !span_to_int64(span_of(argv[4]), &page_size))) {
        (void)fputs("usage: bare_loop BASE_URL DATABASE RECORDS [PAGE_SIZE]\n", stderr);
        return 2;
    }
    bool ok = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK && open_client(&loop, &fault) &&
              open_store(&loop, argv[2], &fault) && run(&loop, argv[1], records, page_size, &fault);
    if (ok)
        (void)printf("%" PRId64 "\n", loop.stored);
    else
        (void)fprintf(stderr, "bare_loop: %s\n", fault.text);
    curl_easy_cleanup(loop.curl);
    (void)sqlite3_finalize(loop.begin); /* these repeat the error of the last step */
    (void)sqlite3_finalize(loop.commit);
    (void)sqlite3_finalize(loop.upsert);
    (void)sqlite3_close(loop.database);
    bytes_free(&loop.body);
    curl_global_cleanup();
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
