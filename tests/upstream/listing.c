/* SPDX-License-Identifier: Apache-2.0 */
/* The paging styles as a table: how a style reads its parameters, and what follows from them.
 * listing_write.c writes. */
#include "listing_style.h"

#include <string.h>
#include "base/memory.h"
#include "base/timestamp.h"

static const char *read_page(const struct dataset *dataset, struct listing *listing)
{
    (void)dataset;
    int64_t start, page;
    if (!request_query_number(listing->request, "start", 0, 1, &start) ||
        !request_query_number(listing->request, "page", start, start, &page))
        return "page must be a number from the first page up";
    listing->first = (uint64_t)page;
    listing->position = (uint64_t)(page - start) * listing->limit;
    return NULL;
}

static const char *read_offset(const struct dataset *dataset, struct listing *listing)
{
    (void)dataset;
    int64_t offset;
    if (!request_query_number(listing->request, "offset", 0, 0, &offset))
        return "offset must be a number from 0 up";
    listing->first = listing->position = (uint64_t)offset;
    return NULL;
}

static const char *read_scim(const struct dataset *dataset, struct listing *listing)
{
    (void)dataset;
    int64_t start;
    /* RFC 7644 section 3.4.2.4: a value less than 1 is interpreted as 1. */
    if (!request_query_number(listing->request, "startIndex", INT64_MIN, 1, &start))
        return "startIndex must be a number";
    listing->first = start < 1 ? 1 : (uint64_t)start;
    listing->position = listing->first - 1;
    return NULL;
}

/* Hexadecimal digits from `at` on; how many, at most 16. */
static size_t read_hex(struct span text, size_t at, uint64_t *ret_value)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t value = 0;
    size_t from = at;
    for (; at < text.length && at - from < 16; at++) {
        const char *digit = memchr(digits, text.data[at], sizeof digits - 1);
        if (!digit)
            break;
        value = value << 4 | (uint64_t)(digit - digits);
    }
    *ret_value = value;
    return at - from;
}

static const char *read_cursor_named(const char *name, struct listing *listing)
{
    struct span text = request_query(listing->request, name);
    uint64_t value;
    if (text.length == 0) {
        listing->position = 0;
        return NULL;
    }
    size_t length = text.data[0] == 'c' ? read_hex(text, 1, &value) : 0;
    size_t dash = 1 + length;
    if (length == 0 || dash >= text.length || text.data[dash] != '-' ||
        dash + 1 + read_hex(text, dash + 1, &listing->asked_serial) != text.length)
        return "the cursor is not one of this server's";
    listing->position = value ^ CURSOR_MASK;
    return NULL;
}

static const char *read_cursor(const struct dataset *dataset, struct listing *listing)
{
    (void)dataset;
    return read_cursor_named("cursor", listing);
}

static const char *read_link(const struct dataset *dataset, struct listing *listing)
{
    (void)dataset;
    return read_cursor_named("after", listing);
}

static const char *read_keyset(const struct dataset *dataset, struct listing *listing)
{
    int64_t after; /* the member "number" of the last item seen: one more than its number here */
    if (!request_query_number(listing->request, "after", 0, 0, &after))
        return "after must be the number of the last item seen";
    if (listing->source.numbers)
        return "keyset paging is for users, groups and api-keys";
    listing->position = dataset_position_of(dataset, listing->source.collection,
        after > DATASET_OBJECTS_MAX ? DATASET_OBJECTS_MAX : (uint32_t)after);
    return NULL;
}

static const char *read_bare(const struct dataset *dataset, struct listing *listing)
{
    (void)dataset;
    listing->limit = UINT32_MAX;
    return NULL;
}

/* since: RFC 3339, or seconds or milliseconds since 1970; everything changed at or after it. */
static const char *read_changes(const struct dataset *dataset, struct listing *listing)
{
    struct span since = request_query(listing->request, "since");
    AUTO_BYTES decoded = {0};
    struct fault fault;
    int64_t at_ms = 0;
    struct span deleted = request_query(listing->request, "deleted");
    listing->bare_tombstones = span_equal_text(deleted, "bare");
    listing->tombstones = listing->bare_tombstones || span_equal_text(deleted, "true");
    if (listing->source.numbers)
        return "changes are listed for users, groups and api-keys";
    if (request_query(listing->request, "cursor").length > 0)
        return read_cursor_named("cursor", listing);
    if (since.length == 0)
        return NULL;
    if (span_to_int64(since, &at_ms))
        at_ms = at_ms < INT64_C(100000000000) ? at_ms * 1000 : at_ms;
    else if (!decode_form(since, &decoded, &fault) ||
             !timestamp_from_rfc3339(bytes_span(&decoded), &at_ms))
        return "since must be a time as in RFC 3339, or a number of seconds or milliseconds since "
               "1970";
    /* Rounded up to the whole second: what changed before `since` is not listed. */
    int64_t since_s = at_ms > 0 ? (at_ms + 999) / 1000 : 0;
    listing->position =
        dataset_changes_since(dataset, listing->source.collection, since_s - DATASET_EPOCH_S);
    return NULL;
}

/* delta: the token that a listing ended with; everything changed after it. Without one, everything.
 */
static const char *read_delta(const struct dataset *dataset, struct listing *listing)
{
    struct span token = request_query(listing->request, "delta"), deleted;
    uint64_t since_s;
    deleted = request_query(listing->request, "deleted");
    listing->tombstones = token.length > 0 && span_equal_text(deleted, "true");
    listing->delta_s = dataset->now_s;
    if (listing->source.numbers)
        return "deltas are listed for users, groups and api-keys";
    if (token.length > 0 && (token.data[0] != 'd' || token.length < 2 ||
                                read_hex(token, 1, &since_s) != token.length - 1))
        return "the delta token is not one of this server's";
    if (request_query(listing->request, "cursor").length > 0)
        return read_cursor_named("cursor", listing);
    if (token.length > 0)
        listing->position =
            dataset_changes_since(dataset, listing->source.collection, (int64_t)since_s + 1);
    return NULL;
}

enum { STYLE_SCIM_USERS = 0, STYLE_SCIM_GROUPS = 1 };

static const struct style styles[] = {
    [STYLE_SCIM_USERS] = {"/scim/v2/Users", read_scim, WRAP_SCIM, "", FORM_SCIM, "count"},
    [STYLE_SCIM_GROUPS] = {"/scim/v2/Groups", read_scim, WRAP_SCIM, "", FORM_SCIM, "count"},
    {"/page/", read_page, WRAP_OBJECT, "page,per_page,total,total_pages,has_more,last", FORM_NATIVE,
        "per_page"},
    {"/offset/", read_offset, WRAP_OBJECT, "offset,limit,total,has_more", FORM_NATIVE, "limit"},
    {"/cursor/", read_cursor, WRAP_OBJECT, "next,has_more,total", FORM_NATIVE, "limit"},
    {"/link/", read_link, WRAP_ARRAY, "", FORM_NATIVE, "per_page", .link_header = true},
    {"/next/", read_cursor, WRAP_OBJECT, "next_url,total", FORM_NATIVE, "limit"},
    {"/keyset/", read_keyset, WRAP_OBJECT, "has_more,total", FORM_NATIVE, "limit"},
    {"/bare/", read_bare, WRAP_ARRAY, "", FORM_NATIVE, NULL},
    {"/changes/", read_changes, WRAP_OBJECT, "next,has_more", FORM_NATIVE, "limit"},
    {"/delta/", read_delta, WRAP_OBJECT, "next,delta", FORM_NATIVE, "limit"},
};
#define STYLES (sizeof styles / sizeof styles[0])

static const struct style *style_of(const struct request *request)
{
    for (size_t i = 0; i < STYLES; i++) {
        bool whole = styles[i].wrapping == WRAP_SCIM;
        if (whole ? span_equal_text(request->path, styles[i].prefix)
                  : span_starts_with(request->path, span_of(styles[i].prefix)))
            return &styles[i];
    }
    return NULL;
}

bool listing_is_path(const struct request *request)
{
    return style_of(request) != NULL;
}

bool listing_is_sound(const struct listing *listing)
{
    return listing->style != NULL;
}

static const struct {
    const char *path;
    enum collection_name collection;
} collections[] = {{"users", USERS}, {"groups", GROUPS}, {"api-keys", KEYS}};

/* {id} of "groups/{id}/members"; nothing if the path has another form. */
static struct span id_between(struct span path, const char *before, const char *after)
{
    struct span head = span_of(before), tail = span_of(after);
    if (path.length != head.length + DATASET_ID_TEXT + tail.length ||
        !span_starts_with(path, head) ||
        !span_equal((struct span){path.data + head.length + DATASET_ID_TEXT, tail.length}, tail))
        return (struct span){NULL, 0};
    return (struct span){path.data + head.length, DATASET_ID_TEXT};
}

enum opened { OPENED, NO_SUCH_SOURCE, NO_MEMORY };

static enum opened open_members(
    const struct dataset *dataset, struct span id, struct source *source)
{
    uint32_t group;
    if (!dataset_find(dataset, GROUPS, id, &group) ||
        (dataset_entry(dataset, GROUPS, group)->flags & ENTRY_GONE))
        return NO_SUCH_SOURCE;
    uint32_t count = dataset_member_count(dataset, group);
    *source =
        (struct source){.collection = USERS, .form = FORM_MEMBER, .group = group, .count = count};
    source->numbers = memory_allocate_array(count + 1u, sizeof *source->numbers);
    if (!source->numbers)
        return NO_MEMORY;
    (void)dataset_members(dataset, group, source->numbers, count);
    return OPENED;
}

static enum opened open_keys_of(
    const struct dataset *dataset, struct span id, struct source *source)
{
    uint32_t user;
    if (!dataset_find(dataset, USERS, id, &user) ||
        (dataset_entry(dataset, USERS, user)->flags & ENTRY_GONE))
        return NO_SUCH_SOURCE;
    *source = (struct source){.collection = KEYS, .form = FORM_NATIVE};
    source->numbers = memory_allocate_array(DATASET_KEYS_EACH, sizeof *source->numbers);
    if (!source->numbers)
        return NO_MEMORY;
    uint32_t first = user / DATASET_KEYS_EVERY * DATASET_KEYS_EACH;
    for (uint32_t key = first; user % DATASET_KEYS_EVERY == 0 && key < first + DATASET_KEYS_EACH;
         key++)
        if (key < dataset->collections[KEYS].made &&
            !(dataset_entry(dataset, KEYS, key)->flags & ENTRY_GONE))
            source->numbers[source->count++] = key;
    return OPENED;
}

static enum opened open_source(const struct dataset *dataset, const struct style *style,
    struct span path, struct source *source)
{
    size_t which = COLLECTION_COUNT;
    if (style->wrapping == WRAP_SCIM) {
        which = style == &styles[STYLE_SCIM_USERS] ? 0 : 1;
    } else {
        struct span rest = {path.data + strlen(style->prefix), path.length - strlen(style->prefix)};
        struct span group = id_between(rest, "groups/", "/members"),
                    user = id_between(rest, "users/", "/keys");
        if (group.data)
            return open_members(dataset, group, source);
        if (user.data)
            return open_keys_of(dataset, user, source);
        for (size_t i = 0; i < COLLECTION_COUNT; i++)
            if (span_equal_text(rest, collections[i].path))
                which = i;
    }
    if (which == COLLECTION_COUNT)
        return NO_SUCH_SOURCE;
    enum collection_name name = collections[which].collection;
    *source = (struct source){
        .collection = name, .form = style->form, .count = dataset->collections[name].live_count};
    return OPENED;
}

bool listing_is_changes(const struct listing *listing)
{
    return listing->style->read == read_changes || listing->style->read == read_delta;
}

void listing_move(struct listing *listing, uint64_t position, uint32_t limit)
{
    uint64_t left = position < listing->end_position ? listing->end_position - position : 0;
    listing->position = position;
    listing->limit = limit;
    listing->count = left < limit ? (uint32_t)left : limit;
    listing->next = position + listing->count;
    listing->has_next = listing->next < listing->end_position;
}

static const char *read_common(
    const struct dataset *dataset, uint32_t page_max, struct listing *listing)
{
    const struct request *request = listing->request;
    struct span end = request_query(request, "end");
    int64_t size = LISTING_PAGE_DEFAULT;
    if (listing->style->size &&
        !request_query_number(request, listing->style->size, 0, LISTING_PAGE_DEFAULT, &size))
        return "the page size must be a number from 0 up";
    /* RFC 7644: count=0 asks for the total only; elsewhere it would never end. */
    if (size == 0 && listing->style->wrapping != WRAP_SCIM)
        return "the page size must not be 0";
    listing->limit = size > page_max ? page_max : (uint32_t)size;
    listing->falling = span_equal_text(request_query(request, "order"), "desc");
    listing->relative_urls = span_equal_text(request_query(request, "urls"), "relative");
    listing->markers = request_query(request, "markers");
    listing->end = span_equal_text(end, "absent")  ? NEXT_ABSENT
                   : span_equal_text(end, "empty") ? NEXT_EMPTY
                                                   : NEXT_NULL;
    return listing->style->read(dataset, listing);
}

bool listing_prepare(const struct dataset *dataset, const struct request *request,
    uint32_t page_max, struct listing *ret_listing, struct answer *answer, struct fault *fault)
{
    const struct style *style = style_of(request);
    struct listing listing = {.style = style, .request = request};
    *ret_listing = (struct listing){0};
    switch (open_source(dataset, style, request->path, &listing.source)) {
    case NO_MEMORY:
        return fault_memory(fault);
    case NO_SUCH_SOURCE:
        return answer_error(answer, 404, "not_found", "there is no such collection", fault);
    case OPENED:
        break;
    }
    const char *problem = read_common(dataset, page_max, &listing);
    if (problem) {
        listing_free(&listing);
        return answer_error(answer, 400, "invalid_parameter", problem, fault);
    }
    listing.end_position = listing_is_changes(&listing)
                               ? dataset_changes_end(dataset, listing.source.collection)
                               : listing.source.count;
    listing.total = listing.source.count;
    listing_move(&listing, listing.position, listing.limit);
    *ret_listing = listing;
    return true;
}

void listing_free(struct listing *listing)
{
    memory_free(listing->source.numbers);
    listing->source.numbers = NULL;
}
