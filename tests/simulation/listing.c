/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated application's listings: what is visible in which order, which part of it a request
 * asks for, and the page as it is sent. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "application.h"

static void add(struct bytes *body, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct bytes *body, const char *format, ...)
{
    char piece[1024];
    struct fault fault;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    application_must(length >= 0 && (size_t)length < sizeof piece &&
                     bytes_append(body, (struct span){piece, (size_t)length}, &fault));
}

/* ------------------------------------------------------------------ what is asked for --------- */

static const char *query_value(const char *url, const char *name)
{
    char wanted[32];
    (void)snprintf(wanted, sizeof wanted, "%s=", name);
    for (const char *at = strchr(url, '?'); at; at = strchr(at + 1, '&'))
        if (strncmp(at + 1, wanted, strlen(wanted)) == 0)
            return at + 1 + strlen(wanted);
    return NULL;
}

static int64_t query_number(const char *url, const char *name, int64_t otherwise)
{
    const char *value = query_value(url, name);
    return value ? strtoll(value, NULL, 10) : otherwise;
}

static const char *cursor_of(const struct request *request)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (span_equal_text(request->headers[i].name, "X-Cursor"))
            return request->headers[i].value.data;
    return query_value(request->url, "cursor");
}

/* ------------------------------------------------------------------ what is visible ----------- */

static const enum crowd_name crowds[LISTING_COUNT] = {[LISTING_USERS] = CROWD_USERS,
    [LISTING_GROUPS] = CROWD_GROUPS,
    [LISTING_MEMBERS] = CROWD_USERS,
    [LISTING_KEYS] = CROWD_KEYS};

static int64_t sort_key(const struct page_plan *page, const struct entry *entry)
{
    int64_t number = entry->object->number;
    switch (page->shape->order) {
    case SORT_OLDEST_FIRST:
        return number;
    case SORT_NEWEST_FIRST:
        return -number;
    case SORT_BY_NAME: /* a name changes, and its place with it */
    case SORT_ORDERS:
        break;
    }
    return (number * 7919 + (entry->version ? (int64_t)entry->version->serial : 0) * 104729) % 1000;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *one = a, *other = b;
    if (one->sort != other->sort)
        return one->sort < other->sort ? -1 : 1;
    return one->object->number < other->object->number ? -1 : one->object != other->object;
}

/* The bound of an incremental request, in virtual time; INT64_MIN for a full one. */
static int64_t bound_ms(const struct visit *on)
{
    const struct application *application = on->application;
    const char *since = query_value(on->request->url, "since");
    if (!since || on->page.name != LISTING_KEYS)
        return INT64_MIN;
    int64_t wall_ms = strtoll(since, NULL, 10);
    if (application->shape.stamps_in_seconds)
        wall_ms *= 1000;
    return wall_ms - APPLICATION_WALL_START_MS - application->skew_ms;
}

/* Stamps are told and compared in the declared unit. */
static int64_t unit_of(const struct shape *shape)
{
    return shape->stamps_in_seconds ? 1000 : 1;
}

static bool is_asked_for(const struct shape *shape, int64_t stamp_ms, int64_t since_ms)
{
    int64_t stamp = stamp_ms - (((stamp_ms % unit_of(shape)) + unit_of(shape)) % unit_of(shape));
    return shape->exclusive ? stamp > since_ms : stamp >= since_ms;
}

static void add_entry(
    struct page_plan *page, struct object *object, const struct version *version, int64_t stamp_ms)
{
    struct entry *entry = &page->entries[page->entry_count++];
    *entry = (struct entry){.object = object, .version = version, .stamp_ms = stamp_ms};
    entry->sort = sort_key(page, entry);
}

static size_t gather(struct visit *on, int64_t at_ms)
{
    struct page_plan *page = &on->page;
    const struct shape *shape = &on->application->shape;
    struct crowd *crowd = &on->application->truth.crowds[crowds[page->name]];
    const struct crowd *groups = &on->application->truth.crowds[CROWD_GROUPS];
    int64_t since_ms = bound_ms(on);
    page->entry_count = 0;
    for (size_t i = 0; i < crowd->count; i++) {
        struct object *object = &crowd->objects[i];
        const struct version *version = object_at(object, at_ms);
        if (page->name == LISTING_MEMBERS &&
            !truth_is_member(&groups->objects[on->group - 1], object))
            continue;
        if (version && (since_ms == INT64_MIN || is_asked_for(shape, version->stamp_ms, since_ms)))
            add_entry(page, object, version, version->stamp_ms);
        int64_t gone_ms = object_gone_at(object, at_ms);
        if (!version && since_ms != INT64_MIN && shape->tombstones && gone_ms >= 0 &&
            is_asked_for(shape, gone_ms, since_ms))
            add_entry(page, object, NULL, gone_ms);
    }
    qsort(page->entries, page->entry_count, sizeof page->entries[0], compare_entries);
    return page->entry_count;
}

static size_t first_above(const struct page_plan *page, int64_t number)
{
    size_t from = 0;
    while (from < page->entry_count && page->entries[from].object->number <= number)
        from++;
    return from;
}

/* Where the request's position lies in what is visible. */
static void locate(struct visit *on, const char *token)
{
    struct page_plan *page = &on->page;
    const char *url = on->request->url;
    int64_t from = 0;
    switch (page->shape->paging->kind) {
    case MUSTER_PAGING_NONE:
        break;
    case MUSTER_PAGING_NUMBER:
        from = (query_number(url, "page", 1) - 1) * page->shape->size;
        break;
    case MUSTER_PAGING_OFFSET:
        from = query_number(url, "offset", 0);
        break;
    case MUSTER_PAGING_SCIM:
        from = query_number(url, "startIndex", 1) - 1;
        break;
    case MUSTER_PAGING_KEYSET:
        from = (int64_t)first_above(page, query_number(url, "after", 0));
        break;
    case MUSTER_PAGING_CURSOR:
    case MUSTER_PAGING_LINK:
        if (token && page->shape->cursor == CURSOR_SEEK)
            from = (int64_t)first_above(page, strtoll(token + 1, NULL, 10));
        else if (token && page->shape->cursor == CURSOR_SNAPSHOT && strchr(token, '.'))
            from = strtoll(strchr(token, '.') + 1, NULL, 10);
        else if (token)
            from = strtoll(token + 1, NULL, 10);
        break;
    }
    page->from = from < 0 ? 0 : (size_t)from > page->entry_count ? page->entry_count : (size_t)from;
}

static bool find_listing(struct visit *on, const char *path)
{
    struct page_plan *page = &on->page;
    const struct crowd *groups = &on->application->truth.crowds[CROWD_GROUPS];
    if (strncmp(path, "/groups/g", 9) == 0) {
        page->name = LISTING_MEMBERS;
        on->group = strtoll(path + 9, NULL, 10);
        return on->group >= 1 && (size_t)on->group <= groups->count;
    }
    for (size_t i = 0; i < LISTING_COUNT; i++) {
        const char *name = listing_name((enum listing_name)i);
        if (path[0] == '/' && strncmp(path + 1, name, strlen(name)) == 0) {
            page->name = (enum listing_name)i;
            return true;
        }
    }
    return false;
}

bool listing_plan(struct visit *on)
{
    struct application *application = on->application;
    struct page_plan *page = &on->page;
    if (!find_listing(on, strchr(on->request->url + strlen("https://"), '/')))
        return false;
    page->shape = &application->shape.listings[page->name];
    page->damaged = NO_ENTRY;
    page->taken_ms = on->now_ms - application->lag_ms;
    const char *token = cursor_of(on->request);
    if (token && token[0] == 's')
        page->taken_ms = strtoll(token + 1, NULL, 10);
    page->total = (int64_t)gather(on, page->taken_ms - application->total_late_ms);
    if (application->total_late_ms)
        (void)gather(on, page->taken_ms);
    locate(on, token);
    size_t left = page->entry_count - page->from;
    bool whole = page->shape->paging->kind == MUSTER_PAGING_NONE;
    size_t size = (size_t)page->shape->size;
    page->count = whole || left < size ? left : size;
    page->first_page = !token && page->from == 0;
    return true;
}

/* ------------------------------------------------------------------ the page ------------------ */

static void add_id(struct bytes *body, const struct object *object)
{
    const char *quote = object->id_is_number ? "" : "\"";
    add(body, "\"id\":%s%s%s", quote, object->id, quote);
}

/* The item of an entry, as it should be, or damaged by a fault of that number. */
static void add_item(struct visit *on, const struct entry *entry, int damage)
{
    struct bytes *body = &on->response->body;
    const struct shape *shape = &on->application->shape;
    char name[TRUTH_NAME_MAX] = "gone";
    uint64_t coin = random_below(&on->application->random, damage ? 2 : 1);
    int64_t wall_ms = APPLICATION_WALL_START_MS + on->application->skew_ms + entry->stamp_ms;
    if (entry->version)
        version_name(entry->object, entry->version, name);
    add(body, "{");
    if (damage == 55)
        add(body, "%s", coin ? "\"id\":null" : "\"x\":0");
    else if (damage == 56)
        add(body, "%s", coin ? "\"id\":{\"x\":1}" : "\"id\":true");
    else if (damage == 59)
        add(body, "\"uid\":\"%s\"", entry->object->id);
    else
        add_id(body, entry->object);
    if (damage == 49)
        add(body, ",\"name\":\"twice\"");
    if (damage == 51)
        add(body, ",\"name\":\"a\\u0000b\"");
    else if (damage == 52)
        add(body, "%s", coin ? ",\"name\":\"\\ud800\"" : ",\"name\":\"\xFF\"");
    else
        add(body, ",\"name\":\"%s\"", name);
    add(body, ",\"number\":%" PRId64 ",\"status\":\"%s\",\"created\":\"c%" PRId64 "\"",
        entry->object->number, on->page.unknown_word ? "limbo" : "on", entry->object->created_ms);
    if (on->page.name == LISTING_KEYS)
        add(body, ",\"updated\":%" PRId64, wall_ms / unit_of(shape));
    if (entry->version)
        add(body, ",\"joined\":%" PRId64,
            wall_ms - entry->stamp_ms + object_joined_at(entry->object, entry->version));
    add(body, "%s}", entry->version ? "" : ",\"gone\":true");
    on->damaged_items += damage != 0;
}

static void add_items(struct visit *on)
{
    struct page_plan *page = &on->page;
    struct bytes *body = &on->response->body;
    add(body, "\"items\":[");
    if (page->doubled)
        add_item(on, &page->entries[page->from - 1], 0);
    for (size_t i = 0; i < page->count; i++) {
        size_t at = page->from + (page->shuffled ? page->count - 1 - i : i);
        if (i > 0 || page->doubled)
            add(body, ",");
        add_item(on, &page->entries[at], at == page->damaged ? page->damage : 0);
    }
    add(body, "]");
}

#define TOKEN_MAX 96

/* The token of the position before entry `at`; a salt gives it another name. */
static void make_token(const struct visit *on, size_t at, bool salted, char *ret_token)
{
    const struct page_plan *page = &on->page;
    char salt[24] = "";
    if (salted)
        (void)snprintf(salt, sizeof salt, "~%" PRId64, on->application->requests);
    if (page->shape->cursor == CURSOR_SEEK)
        (void)snprintf(ret_token, TOKEN_MAX, "k%" PRId64 "%s",
            at > 0 ? page->entries[at - 1].object->number : 0, salt);
    else if (page->shape->cursor == CURSOR_SNAPSHOT)
        (void)snprintf(ret_token, TOKEN_MAX, "s%" PRId64 ".%zu%s", page->taken_ms, at, salt);
    else
        (void)snprintf(ret_token, TOKEN_MAX, "o%zu%s", at, salt);
}

/* The way on as a token, or as a URL where the paging is by links; empty: there is none. */
static void make_next(const struct visit *on, char *ret_next, size_t size)
{
    const struct page_plan *page = &on->page;
    const char *url = on->request->url, *since = query_value(url, "since");
    bool link = page->shape->paging->kind == MUSTER_PAGING_LINK;
    char token[TOKEN_MAX];
    size_t next = page->from + page->count;
    ret_next[0] = '\0';
    if (page->trick == NEXT_SELF) {
        const char *asked = cursor_of(on->request);
        (void)snprintf(ret_next, size, "%.*s",
            link ? (int)strlen(url) : (int)strcspn(asked ? asked : "", "&"),
            link    ? url
            : asked ? asked
                    : "");
        return;
    }
    if (page->trick == NEXT_LOST || page->trick == NEXT_NONE ||
        (page->trick == NEXT_TRUE && next >= page->entry_count))
        return;
    make_token(on,
        page->trick == NEXT_FIRST  ? 0
        : page->trick == NEXT_ANEW ? page->from
                                   : next,
        page->trick == NEXT_ANEW, token);
    if (!link)
        (void)snprintf(ret_next, size, "%s", token);
    else
        (void)snprintf(ret_next, size, "%.*s?cursor=%s&size=%d%s%.*s",
            page->trick == NEXT_ELSEWHERE ? (int)strlen("https://evil.test/users")
                                          : (int)strcspn(url, "?"),
            page->trick == NEXT_ELSEWHERE ? "https://evil.test/users" : url, token,
            page->shape->size, since ? "&since=" : "", since ? (int)strcspn(since, "&") : 0,
            since ? since : "");
}

static void add_next(struct visit *on)
{
    const struct page_plan *page = &on->page;
    const struct paging_row *paging = page->shape->paging;
    struct bytes *body = &on->response->body;
    char next[512], link[600];
    bool lost = page->trick == NEXT_LOST;
    make_next(on, next, sizeof next);
    if (!paging->in_body) {
        (void)snprintf(
            link, sizeof link, "<%s%s", lost ? "broken" : next, lost ? "" : ">; rel=\"next\"");
        if (next[0] || lost)
            answer_header(on->response, "Link", link);
        return;
    }
    if (next[0])
        add(body, ",\"next\":\"%s\"", next);
    else if (lost ? paging->end == MUSTER_END_NEXT_ABSENT : paging->end == MUSTER_END_NEXT_NULL)
        add(body, ",\"next\":null");
    else if (!lost && paging->end == MUSTER_END_NEXT_EMPTY)
        add(body, ",\"next\":\"\"");
}

void listing_write(struct visit *on)
{
    const struct page_plan *page = &on->page;
    const struct listing_shape *shape = page->shape;
    struct bytes *body = &on->response->body;
    bool more = page->from + page->count < page->entry_count;
    if (page->trick == NEXT_NONE)
        more = false;
    if (page->trick == NEXT_ANEW || page->trick == NEXT_FIRST || page->trick == NEXT_LOST)
        more = true;
    answer_set(on->response, 200, "application/json", "{");
    if (shape->total == TOTAL_HEADER) {
        char text[24];
        (void)snprintf(text, sizeof text, "%" PRId64, page->total);
        answer_header(on->response, "X-Total", text);
    } else if (shape->total != TOTAL_NONE &&
               (shape->total != TOTAL_FIRST_PAGE || page->first_page)) {
        add(body, "\"total\":%" PRId64 ",", page->total);
    }
    if (shape->paging->end == MUSTER_END_TOTAL_PAGES)
        add(body, "\"pages\":%zu,",
            (page->entry_count + (size_t)shape->size - 1) / (size_t)shape->size);
    if (shape->paging->end == MUSTER_END_HAS_MORE_FALSE)
        add(body, "\"more\":%s,", more ? "true" : "false");
    if (shape->paging->end == MUSTER_END_LAST_TRUE)
        add(body, "\"last\":%s,", more ? "false" : "true");
    if (shape->paging->kind == MUSTER_PAGING_SCIM)
        add(body, "\"startIndex\":%zu,", page->from + 1);
    add_items(on);
    if (shape->paging->kind == MUSTER_PAGING_CURSOR || shape->paging->kind == MUSTER_PAGING_LINK)
        add_next(on);
    add(body, "}");
}
