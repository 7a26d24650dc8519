/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of paging, one row for each declared end of each (VOCABULARY), and the declaration made of
 * them. */
#include "shape.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define KIND(word, ends) "\"kind\":\"" word "\",\"ends\":[\"" ends "\"]"

static const struct paging_row rows[] = {
    {"none", KIND("none", "single"), MUSTER_PAGING_NONE, MUSTER_END_SINGLE, false},
    {"number, total pages", KIND("number", "total_pages") ",\"start\":1,\"total_pages\":\"/pages\"",
        MUSTER_PAGING_NUMBER, MUSTER_END_TOTAL_PAGES, false},
    {"number, total", KIND("number", "total") ",\"start\":1", MUSTER_PAGING_NUMBER,
        MUSTER_END_TOTAL, false},
    {"number, has more", KIND("number", "has_more_false") ",\"start\":1,\"has_more\":\"/more\"",
        MUSTER_PAGING_NUMBER, MUSTER_END_HAS_MORE_FALSE, false},
    {"number, last", KIND("number", "last_true") ",\"start\":1,\"last\":\"/last\"",
        MUSTER_PAGING_NUMBER, MUSTER_END_LAST_TRUE, false},
    {"number, empty page", KIND("number", "empty_page") ",\"start\":1", MUSTER_PAGING_NUMBER,
        MUSTER_END_EMPTY_PAGE, false},
    {"offset, total", KIND("offset", "total"), MUSTER_PAGING_OFFSET, MUSTER_END_TOTAL, false},
    {"offset, has more", KIND("offset", "has_more_false") ",\"has_more\":\"/more\"",
        MUSTER_PAGING_OFFSET, MUSTER_END_HAS_MORE_FALSE, false},
    {"offset, last", KIND("offset", "last_true") ",\"last\":\"/last\"", MUSTER_PAGING_OFFSET,
        MUSTER_END_LAST_TRUE, false},
    {"offset, empty page", KIND("offset", "empty_page"), MUSTER_PAGING_OFFSET,
        MUSTER_END_EMPTY_PAGE, false},
    {"cursor, absent", KIND("cursor", "next_absent") ",\"next\":\"/next\"", MUSTER_PAGING_CURSOR,
        MUSTER_END_NEXT_ABSENT, true},
    {"cursor, null", KIND("cursor", "next_null") ",\"next\":\"/next\"", MUSTER_PAGING_CURSOR,
        MUSTER_END_NEXT_NULL, true},
    {"cursor, empty", KIND("cursor", "next_empty") ",\"next\":\"/next\"", MUSTER_PAGING_CURSOR,
        MUSTER_END_NEXT_EMPTY, true},
    {"cursor, has more",
        KIND("cursor", "has_more_false") ",\"next\":\"/next\",\"has_more\":\"/more\"",
        MUSTER_PAGING_CURSOR, MUSTER_END_HAS_MORE_FALSE, true},
    {"cursor in a header, absent",
        KIND("cursor", "next_absent") ",\"next\":\"/next\",\"place\":\"header\","
                                      "\"parameter\":\"X-Cursor\"",
        MUSTER_PAGING_CURSOR, MUSTER_END_NEXT_ABSENT, true},
    {"Link header", KIND("link", "next_absent"), MUSTER_PAGING_LINK, MUSTER_END_NEXT_ABSENT, false},
    {"link, absent", KIND("link", "next_absent") ",\"next\":\"/next\"", MUSTER_PAGING_LINK,
        MUSTER_END_NEXT_ABSENT, true},
    {"link, null", KIND("link", "next_null") ",\"next\":\"/next\"", MUSTER_PAGING_LINK,
        MUSTER_END_NEXT_NULL, true},
    {"link, empty", KIND("link", "next_empty") ",\"next\":\"/next\"", MUSTER_PAGING_LINK,
        MUSTER_END_NEXT_EMPTY, true},
    {"link, last", KIND("link", "last_true") ",\"next\":\"/next\",\"last\":\"/last\"",
        MUSTER_PAGING_LINK, MUSTER_END_LAST_TRUE, true},
    {"keyset, empty page",
        KIND("keyset", "empty_page") ",\"key\":\"/number\",\"parameter\":\"after\"",
        MUSTER_PAGING_KEYSET, MUSTER_END_EMPTY_PAGE, false},
    {"keyset, has more",
        KIND("keyset", "has_more_false") ",\"key\":\"/number\",\"parameter\":\"after\","
                                         "\"has_more\":\"/more\"",
        MUSTER_PAGING_KEYSET, MUSTER_END_HAS_MORE_FALSE, false},
    {"SCIM", KIND("scim", "total"), MUSTER_PAGING_SCIM, MUSTER_END_TOTAL, false},
};

#define ROWS (sizeof rows / sizeof rows[0])

const struct paging_row *paging_row_at(size_t index)
{
    return index < ROWS ? &rows[index] : NULL;
}

const char *listing_name(enum listing_name name)
{
    static const char *const names[] = {"users", "groups", "members", "keys"};
    return names[name];
}

static bool is_by_cursor(const struct listing_shape *shape)
{
    return shape->paging->kind == MUSTER_PAGING_CURSOR || shape->paging->kind == MUSTER_PAGING_LINK;
}

bool listing_lies(const struct listing_shape *shape)
{
    if (is_by_cursor(shape))
        return shape->cursor == CURSOR_OFFSET && shape->stability != MUSTER_STABILITY_LOOSE;
    return shape->stability == MUSTER_STABILITY_FIXED && shape->order == SORT_BY_NAME;
}

bool listing_has_witness(const struct listing_shape *shape)
{
    return shape->total == TOTAL_EXACT || shape->total == TOTAL_HEADER ||
           shape->total == TOTAL_FIRST_PAGE;
}

/* ------------------------------------------------------------------ drawing ------------------- */

/* From dice of its own: what else is drawn stays as it was. */
static void draw_stability(struct listing_shape *shape, struct random dice)
{
    bool told = random_below(&dice, 2) == 0, lies = random_below(&dice, 8) == 0;
    shape->stability = MUSTER_STABILITY_DEFAULT;
    if (is_by_cursor(shape) && shape->cursor == CURSOR_OFFSET && told)
        shape->stability = MUSTER_STABILITY_LOOSE;
    bool by_index =
        shape->paging->kind == MUSTER_PAGING_OFFSET || shape->paging->kind == MUSTER_PAGING_SCIM;
    if (by_index && told && (shape->order != SORT_BY_NAME || lies))
        shape->stability = MUSTER_STABILITY_FIXED;
}

static void draw_listing(struct listing_shape *shape, struct random *random)
{
    static const enum total_form totals[] = {TOTAL_EXACT, TOTAL_EXACT, TOTAL_EXACT, TOTAL_EXACT,
        TOTAL_HEADER, TOTAL_FIRST_PAGE, TOTAL_VAGUE, TOTAL_NONE};
    shape->paging = &rows[random_below(random, ROWS)];
    shape->cursor = (enum cursor_form)random_below(random, CURSOR_FORMS);
    shape->total = totals[random_below(random, sizeof totals / sizeof totals[0])];
    shape->order = (enum sort_order)random_below(random, SORT_ORDERS);
    shape->size = 3 + (int)random_below(random, 8);
    bool seeks = shape->paging->kind == MUSTER_PAGING_KEYSET || shape->cursor == CURSOR_SEEK;
    if (seeks) /* goes on above a number, which must rise */
        shape->order = SORT_OLDEST_FIRST;
    bool needs_total = shape->paging->end == MUSTER_END_TOTAL;
    if ((needs_total || shape->paging->kind == MUSTER_PAGING_SCIM) &&
        (shape->total == TOTAL_NONE || shape->total == TOTAL_FIRST_PAGE))
        shape->total = TOTAL_EXACT;
    if (shape->paging->kind == MUSTER_PAGING_SCIM && shape->total == TOTAL_HEADER)
        shape->total = TOTAL_EXACT; /* RFC 7644 says where it is */
    draw_stability(shape, *random);
}

void shape_draw(struct shape *shape, struct random *random)
{
    *shape = (struct shape){.login = random_below(random, 4)   ? LOGIN_OPEN
                                     : random_below(random, 2) ? LOGIN_CLIENT
                                                               : LOGIN_REFRESH,
        .token_life_ms = random_below(random, 2) ? 3600000 : 45000,
        .envelope = random_below(random, 2) == 0,
        .incarnations = random_below(random, 2) == 0,
        .stamps_in_seconds = random_below(random, 2) == 0,
        .exclusive = random_below(random, 4) == 0,
        .tombstones = random_below(random, 2) == 0,
        .look_back_ms = 30000};
    struct random dice = *random; /* of its own, as above */
    shape->joined = random_below(&dice, 2) == 0;
    for (size_t i = 0; i < LISTING_COUNT; i++)
        draw_listing(&shape->listings[i], random);
    if (random_below(random, 3) == 0) {
        shape->rate_limit = 5 + (int64_t)random_below(random, 14);
        shape->rate_window_ms = 5000 + 5000 * (int64_t)random_below(random, 3);
        shape->dialect = (enum rate_dialect)(1 + random_below(random, RATE_DIALECTS - 1));
    }
}

/* ------------------------------------------------------------------ declaration --------------- */

static void add(struct bytes *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct bytes *text, const char *format, ...)
{
    char piece[1024];
    struct fault fault;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof piece || !bytes_append_text(text, piece, &fault))
        abort(); /* the simulated world itself has run out of memory */
}

static void add_paging(struct bytes *text, const struct listing_shape *shape)
{
    static const char *const totals[TOTAL_FORMS] = {
        [TOTAL_EXACT] = ",\"total\":{\"pointer\":\"/total\",\"exact\":true}",
        [TOTAL_HEADER] = ",\"total\":{\"header\":\"X-Total\",\"exact\":true}",
        [TOTAL_FIRST_PAGE] =
            ",\"total\":{\"pointer\":\"/total\",\"exact\":true,\"first_page_only\":true}",
        [TOTAL_VAGUE] = ",\"total\":{\"pointer\":\"/total\"}",
        [TOTAL_NONE] = ""};
    static const char *const stabilities[] = {[MUSTER_STABILITY_DEFAULT] = "",
        [MUSTER_STABILITY_FIXED] = ",\"stability\":\"fixed\"",
        [MUSTER_STABILITY_LOOSE] = ",\"stability\":\"loose\""};
    bool sized =
        shape->paging->kind != MUSTER_PAGING_NONE && shape->paging->kind != MUSTER_PAGING_SCIM;
    add(text, "\"items\":\"/items\",\"paging\":{%s", shape->paging->text);
    if (shape->paging->kind != MUSTER_PAGING_NONE)
        add(text, ",\"size\":%d", shape->size);
    add(text, "%s%s%s}", sized ? ",\"size_parameter\":\"size\"" : "", totals[shape->total],
        stabilities[shape->stability]);
}

#define FIELD(to, from)    "{\"to\":\"" to "\",\"from\":\"" from "\"}"
#define CONSTANT(to, text) "{\"to\":\"" to "\",\"from\":\"" text "\",\"source\":\"constant\"}"
#define STATUS \
    "{\"to\":\"status\",\"from\":\"/status\",\"values\":[{\"from\":\"on\",\"to\":\"active\"}]}"

static void add_keys(struct bytes *text, const struct shape *shape)
{
    add(text,
        "{\"name\":\"keys\",\"mode\":\"incremental\",\"request\":{\"path\":\"/keys\"},"
        "\"incremental\":{\"field\":\"/updated\",\"format\":\"%s\",\"order\":\"none\","
        "\"bound\":{\"name\":\"since\",\"value\":\"{bound}\"},\"look_back_s\":%" PRId64 "%s},",
        shape->stamps_in_seconds ? "epoch_s" : "epoch_ms", shape->look_back_ms / 1000,
        shape->exclusive ? ",\"exclusive\":true" : "");
    if (shape->tombstones)
        add(text, "\"tombstone\":{\"pointer\":\"/gone\",\"value\":\"true\",\"op\":\"equals\"},");
    add_paging(text, &shape->listings[LISTING_KEYS]);
    add(text, ",\"yields\":[{\"kind\":\"credential\",\"fields\":[" FIELD("id", "/id") "," FIELD(
                  "name", "/name") "]}]}");
}

#define JOINED ",\"joined\":{\"field\":\"/joined\",\"format\":\"epoch_ms\"}"

void shape_declare(const struct shape *shape, struct bytes *ret_text)
{
    const char *joined = shape->joined ? JOINED : "";
    bool refresh = shape->login == LOGIN_REFRESH;
    add(ret_text, "{\"abi\":1,\"name\":\"world\",\"base_url\":\"https://app.test\",");
    if (shape->login != LOGIN_OPEN)
        add(ret_text,
            "\"parameters\":[{\"name\":\"client\",\"default_value\":\"muster\"},"
            "{\"name\":\"secret\",\"required\":true,\"secret\":true}%s],"
            "\"auth\":{\"scheme\":\"%s\",%s\"secret_parameter\":\"secret\","
            "\"username_parameter\":\"client\",\"token_url\":\"{base_url}/token\"},",
            refresh ? ",{\"name\":\"refresh\",\"required\":true,\"secret\":true}" : "",
            refresh ? "refresh_token" : "client_credentials",
            refresh ? "\"refresh_token_parameter\":\"refresh\"," : "");
    if (shape->envelope)
        add(ret_text, "\"envelope\":{\"failure\":{\"pointer\":\"/error\",\"op\":\"present\"},"
                      "\"code\":\"/error/code\",\"message\":\"/error/message\"},");
    add(ret_text, "\"streams\":[{\"name\":\"users\",\"request\":{\"path\":\"/users\"},");
    add_paging(ret_text, &shape->listings[LISTING_USERS]);
    add(ret_text,
        ",\"yields\":[{\"kind\":\"account\",\"fields\":[" FIELD("id", "/id") "," FIELD(
            "display_name", "/name") "," STATUS "%s]}]%s},",
        shape->incarnations ? "," FIELD("incarnation", "/created") : "", joined);
    add(ret_text, "{\"name\":\"groups\",\"request\":{\"path\":\"/groups\"},");
    add_paging(ret_text, &shape->listings[LISTING_GROUPS]);
    add(ret_text,
        ",\"yields\":[{\"kind\":\"group\",\"fields\":[" FIELD("id", "/id") "," FIELD(
            "display_name", "/name") "]}]%s},",
        joined);
    add(ret_text, "{\"name\":\"members\",\"request\":{\"path\":\"/groups/{parent.id}/members\"},"
                  "\"parent\":{\"stream\":\"groups\",\"fields\":[{\"name\":\"id\","
                  "\"from\":\"/id\"}]},");
    add_paging(ret_text, &shape->listings[LISTING_MEMBERS]);
    add(ret_text, ",\"yields\":[{\"kind\":\"grant\",\"fields\":[" CONSTANT("subject_kind",
                      "account") "," FIELD("subject_id", "/id") "," CONSTANT("object_kind",
                      "group") ",{\"to\":\"object_id\",\"from\":\"id\",\"source\":\"parent\"}"
                               "," CONSTANT("permission", "member") "]}]},");
    add_keys(ret_text, shape);
    add(ret_text, "]}");
}
