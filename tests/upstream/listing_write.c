/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a page: its items, and around them what the style says about the listing. */
#include "listing_style.h"

#include <inttypes.h>
#include <string.h>

/* False where a position of the change log holds nothing any more. */
static bool item_at(const struct dataset *dataset, const struct listing *listing, uint64_t position,
    struct item *item)
{
    const struct source *source = &listing->source;
    *item = (struct item){
        .collection = source->collection, .form = source->form, .group = source->group};
    if (listing->wrap && listing->end_position > 0)
        position %= listing->end_position;
    if (listing_is_changes(listing)) {
        uint32_t number;
        if (position >= listing->end_position ||
            !dataset_change_at(dataset, source->collection, position, &number))
            return false;
        item->number = number;
        if (!(dataset_entry(dataset, source->collection, number)->flags & ENTRY_GONE))
            return true;
        item->form = listing->bare_tombstones ? FORM_BARE_TOMBSTONE : FORM_TOMBSTONE;
        return listing->tombstones;
    }
    if (position >= source->count) /* an endless listing invents objects */
        item->number = position + dataset->collections[source->collection].made - source->count;
    else if (listing->falling)
        position = source->count - 1 - position;
    if (position < source->count)
        item->number = source->numbers
                           ? source->numbers[position]
                           : dataset_number_at(dataset, source->collection, (uint32_t)position);
    return true;
}

static bool write_items(const struct dataset *dataset, const struct listing *listing,
    struct answer *answer, struct fault *fault)
{
    struct bytes *body = &answer->body;
    for (uint32_t i = 0; i < listing->count; i++) {
        struct item item;
        uint32_t place = listing->reversed ? listing->count - 1 - i : i;
        if (!item_at(dataset, listing, listing->position + place, &item))
            continue;
        if (!bytes_reserve(body, render_room(dataset, &item) + 1, fault))
            return false;
        if (answer->item_count > 0)
            body->data[body->length++] = ',';
        char *start = body->data + body->length, *end = render_item(dataset, &item, start);
        if (answer->item_count < MESSAGE_ITEMS_MAX)
            answer->items[answer->item_count] =
                (struct extent){body->length, (size_t)(end - start)};
        answer->item_count++;
        body->length += (size_t)(end - start);
        body->data[body->length] = '\0';
    }
    return true;
}

static bool append_cursor(const struct listing *listing, struct bytes *into, struct fault *fault)
{
    return bytes_format(
        into, fault, "c%" PRIx64 "-%" PRIx64, listing->next ^ CURSOR_MASK, listing->serial);
}

/* The request's own target with another cursor. */
static bool append_next_url(
    const struct listing *listing, const char *parameter, struct bytes *into, struct fault *fault)
{
    struct span rest = listing->request->query, host = listing->next_host;
    if (!host.data)
        host = request_header(listing->request, "Host");
    if (!listing->relative_urls && !bytes_format(into, fault, "http://%.*s", SPAN_FORMAT(host)))
        return false;
    if (!bytes_append(into, listing->request->base, fault) ||
        !bytes_append(into, listing->request->path, fault) || !bytes_append_char(into, '?', fault))
        return false;
    while (rest.length > 0) {
        const char *end = memchr(rest.data, '&', rest.length);
        struct span pair = {rest.data, end ? (size_t)(end - rest.data) : rest.length};
        rest = (struct span){
            rest.data + pair.length + (end ? 1 : 0), rest.length - pair.length - (end ? 1 : 0)};
        struct span name = span_of(parameter);
        bool replaced = pair.length > name.length && span_starts_with(pair, name) &&
                        pair.data[name.length] == '=';
        if (!replaced && (!bytes_append(into, pair, fault) || !bytes_append_char(into, '&', fault)))
            return false;
    }
    return bytes_format(into, fault, "%s=", parameter) && append_cursor(listing, into, fault);
}

/* One member of `paging`. The value of a missing next is as `end` says. */
enum marker_kind { MARKER_NUMBER, MARKER_BOOLEAN, MARKER_DELTA, MARKER_TOKEN, MARKER_URL };

static bool append_next(
    const struct listing *listing, enum marker_kind kind, struct bytes *into, struct fault *fault)
{
    if (!listing->has_next)
        return bytes_append_text(into, listing->end == NEXT_EMPTY ? "\"\"" : "null", fault);
    return bytes_append_char(into, '"', fault) &&
           (kind == MARKER_TOKEN ? append_cursor(listing, into, fault)
                                 : append_next_url(listing, "cursor", into, fault)) &&
           bytes_append_char(into, '"', fault);
}

static bool write_markers(const struct listing *listing, struct bytes *body, struct fault *fault)
{
    uint64_t pages = listing->limit ? (listing->total + listing->limit - 1) / listing->limit : 0;
    const struct {
        const char *name, *shown;
        enum marker_kind kind;
        uint64_t value;
    } markers[] = {
        {"page", "page", MARKER_NUMBER, listing->first},
        {"per_page", "per_page", MARKER_NUMBER, listing->limit},
        {"offset", "offset", MARKER_NUMBER, listing->first},
        {"limit", "limit", MARKER_NUMBER, listing->limit},
        {"total", "total", MARKER_NUMBER, listing->total},
        {"total_pages", "total_pages", MARKER_NUMBER, pages},
        {"has_more", "has_more", MARKER_BOOLEAN, listing->has_next},
        {"last", "last", MARKER_BOOLEAN, !listing->has_next},
        {"delta", "delta", MARKER_DELTA, listing->delta_s},
        {"next", "next", MARKER_TOKEN, 0},
        {"next_url", "next", MARKER_URL, 0},
    };
    struct span wanted =
        listing->markers.data ? listing->markers : span_of(listing->style->markers);
    const char *comma = "";
    for (size_t i = 0; i < sizeof markers / sizeof markers[0]; i++) {
        bool is_next = markers[i].kind >= MARKER_TOKEN;
        bool named = false;
        for (struct span rest = wanted; rest.length > 0 && !named;) {
            const char *end = memchr(rest.data, ',', rest.length);
            size_t length = end ? (size_t)(end - rest.data) : rest.length;
            named = span_equal_text((struct span){rest.data, length}, markers[i].name);
            rest = (struct span){
                rest.data + length + (end ? 1 : 0), rest.length - length - (end ? 1 : 0)};
        }
        bool is_delta = markers[i].kind == MARKER_DELTA;
        if (!named || (is_next && !listing->has_next && listing->end == NEXT_ABSENT) ||
            (is_delta && listing->has_next))
            continue;
        bool ok = bytes_format(body, fault, "%s\"%s\":", comma, markers[i].shown);
        if (ok && markers[i].kind == MARKER_NUMBER)
            ok = bytes_format(body, fault, "%" PRIu64, markers[i].value);
        else if (ok && markers[i].kind == MARKER_BOOLEAN)
            ok = bytes_append_text(body, markers[i].value ? "true" : "false", fault);
        else if (ok && is_delta)
            ok = bytes_format(body, fault, "\"d%" PRIx64 "\"", markers[i].value);
        else if (ok)
            ok = append_next(listing, markers[i].kind, body, fault);
        if (!ok)
            return false;
        comma = ",";
    }
    return true;
}

static bool write_link_headers(
    const struct listing *listing, struct answer *answer, struct fault *fault)
{
    struct bytes *headers = &answer->headers;
    if (!bytes_format(headers, fault, "X-Total-Count: %" PRIu64 "\r\n", listing->total))
        return false;
    if (!listing->has_next || !listing->style->link_header)
        return true;
    return bytes_append_text(headers, "Link: <", fault) &&
           append_next_url(listing, "after", headers, fault) &&
           bytes_append_text(headers, ">; rel=\"next\"\r\n", fault);
}

bool listing_write(const struct dataset *dataset, const struct listing *listing,
    struct answer *answer, struct fault *fault)
{
    struct bytes *body = &answer->body;
    switch (listing->style->wrapping) {
    case WRAP_ARRAY:
        return write_link_headers(listing, answer, fault) && bytes_append_text(body, "[", fault) &&
               write_items(dataset, listing, answer, fault) && bytes_append_text(body, "]", fault);
    case WRAP_OBJECT:
        return bytes_append_text(body, "{\"items\":[", fault) &&
               write_items(dataset, listing, answer, fault) &&
               bytes_append_text(body, "],\"paging\":{", fault) &&
               write_markers(listing, body, fault) && bytes_append_text(body, "}}", fault);
    case WRAP_SCIM:
        answer->content_type = "application/scim+json";
        return bytes_format(body, fault,
                   "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],"
                   "\"totalResults\":%" PRIu64 ",\"startIndex\":%" PRIu64
                   ",\"itemsPerPage\":%u,\"Resources\":[",
                   listing->total, listing->first, listing->count) &&
               write_items(dataset, listing, answer, fault) && bytes_append_text(body, "]}", fault);
    }
    return true;
}
