/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement on a page: ended by a declared signal, goes on, or neither. Two tables: the end
 * signals, and the way on of each kind of paging. */
#include "page/page.h"

#include <string.h>
#include "base/ascii.h"
#include "config/url.h"
#include "reader.h"

/* Bytes of a cursor or next link in percent-encoded form, as a checkpoint holds it beside a few
 * numbers. */
#define NEXT_ENCODED_MAX (POSITION_TEXT_MAX - 128)

struct judgement {
    const struct page_reader *reader;
    const struct page_facts *facts;
    const struct position *at;
    const struct request *asked;
    struct arena *arena;
    struct page *page;
};

/* ------------------------------------------------------------------ ends ---------------------- */

/* The size of a page as asked for; as declared where the request has no parameter for it. */
static int64_t items_asked(const struct judgement *on)
{
    return on->asked->asked > 0 ? on->asked->asked : (int64_t)on->reader->paging->size;
}

/* The items that this page adds: an overlap probe's are the page's before. */
static int64_t items_new(const struct judgement *on)
{
    int64_t fresh = (int64_t)on->page->item_count - on->asked->overlap;
    return fresh > 0 ? fresh : 0;
}

/* How far the listing is covered after this page. For listings by index that is the index reached,
 * not the items counted on the way: the two differ where the API leaves items out of its pages. */
static int64_t items_covered(const struct judgement *on)
{
    const struct muster_paging *paging = on->reader->paging;
    int64_t received = on->at->received + items_new(on), reached = received;
    if (paging->kind == MUSTER_PAGING_SCIM)
        reached = on->at->number - on->reader->start + items_new(on);
    if (paging->kind == MUSTER_PAGING_OFFSET && paging->step == MUSTER_STEP_ASKED)
        reached = on->at->number - on->reader->start + items_asked(on) - on->asked->overlap;
    return reached > received ? reached : received;
}

static bool ends_single(const struct judgement *on)
{
    return on->reader->paging->kind == MUSTER_PAGING_NONE;
}

static bool ends_total_pages(const struct judgement *on)
{
    int64_t pages, answered = on->at->page + 1;
    if (on->reader->paging->kind == MUSTER_PAGING_NUMBER)
        answered = on->at->number - on->reader->start + 1;
    return json_integer(on->facts->values[READER_TOTAL_PAGES], &pages) && pages >= 0 &&
           answered >= pages;
}

static bool ends_total(const struct judgement *on)
{
    return on->page->total >= 0 && items_covered(on) >= on->page->total;
}

/* A declared boolean is true or false, or what loosely typed servers write for them. */
static bool says(struct json_value value, enum json_type type, const char *word, const char *digit)
{
    struct span text = value.bytes;
    if (value.type == JSON_STRING && text.length >= 2)
        text = (struct span){text.data + 1, text.length - 2};
    else if (value.type != JSON_NUMBER)
        return value.type == type;
    return span_equal_text(text, word) || span_equal_text(text, digit);
}

static bool ends_has_more_false(const struct judgement *on)
{
    return says(on->facts->values[READER_HAS_MORE], JSON_FALSE, "false", "0");
}

static bool ends_last_true(const struct judgement *on)
{
    return says(on->facts->values[READER_LAST], JSON_TRUE, "true", "1");
}

static bool ends_empty_page(const struct judgement *on)
{
    return on->page->item_count == 0;
}

static bool ends_next_absent(const struct judgement *on)
{
    return on->facts->next_form == NEXT_ABSENT;
}

static bool ends_next_null(const struct judgement *on)
{
    return on->facts->next_form == NEXT_NULL;
}

static bool ends_next_empty(const struct judgement *on)
{
    return on->facts->next_form == NEXT_EMPTY;
}

static bool ends_delta(const struct judgement *on)
{
    struct json_value value = on->facts->values[READER_DELTA];
    return (value.type == JSON_STRING && value.bytes.length > 2) || value.type == JSON_NUMBER;
}

static const struct {
    uint32_t end;
    const char *signal;
    bool (*holds)(const struct judgement *on);
} end_signals[] = {
    {MUSTER_END_SINGLE, "single", ends_single},
    {MUSTER_END_TOTAL, "total", ends_total},
    {MUSTER_END_TOTAL_PAGES, "total pages", ends_total_pages},
    {MUSTER_END_HAS_MORE_FALSE, "has more false", ends_has_more_false},
    {MUSTER_END_LAST_TRUE, "last true", ends_last_true},
    {MUSTER_END_NEXT_ABSENT, "next absent", ends_next_absent},
    {MUSTER_END_NEXT_NULL, "next null", ends_next_null},
    {MUSTER_END_NEXT_EMPTY, "next empty", ends_next_empty},
    {MUSTER_END_DELTA, "delta", ends_delta},
    {MUSTER_END_EMPTY_PAGE, "empty page", ends_empty_page},
};

/* ------------------------------------------------------------------ the way on ---------------- */

/* Each sets *ret_way where there is a way on, and then what differs in `next`. False only for our
 * own trouble; what the server did wrong goes into the page. */
typedef bool way_on(
    const struct judgement *on, struct position *next, bool *ret_way, struct fault *fault);

static bool way_none(
    const struct judgement *on, struct position *next, bool *ret_way, struct fault *fault)
{
    (void)on, (void)next, (void)fault; /* one request is the whole */
    *ret_way = false;
    return true;
}

static void step_number(
    const struct judgement *on, int64_t step, struct position *next, bool *ret_way)
{
    *ret_way = step > 0 && !__builtin_add_overflow(on->at->number, step, &next->number);
}

static bool way_number(
    const struct judgement *on, struct position *next, bool *ret_way, struct fault *fault)
{
    (void)fault; /* nothing is allocated */
    step_number(on, 1, next, ret_way);
    return true;
}

static bool way_offset(
    const struct judgement *on, struct position *next, bool *ret_way, struct fault *fault)
{
    bool by_asked = on->reader->paging->kind == MUSTER_PAGING_OFFSET &&
                    on->reader->paging->step == MUSTER_STEP_ASKED;
    (void)fault; /* nothing is allocated */
    step_number(on, by_asked ? items_asked(on) - on->asked->overlap : items_new(on), next, ret_way);
    return true;
}

/* What the token's percent-encoding takes: one byte for each unreserved character, three for any
 * other (RFC 3986). */
static size_t encoded_length(struct span token)
{
    size_t length = 0;
    for (size_t i = 0; i < token.length; i++)
        length += ascii_is_unreserved(token.data[i]) ? 1 : 3;
    return length;
}

/* Takes a token into the arena, or sees that it is the position just asked for (fault 61). */
static bool take_token(const struct judgement *on, struct span token, struct position *next,
    bool *ret_way, struct fault *fault)
{
    *ret_way = false;
    if (encoded_length(token) > NEXT_ENCODED_MAX) {
        page_reject(on->page, OUTCOME_MALFORMED, "next_too_long",
            "the token of the next page has %zu bytes, too many for a checkpoint", token.length);
        return true;
    }
    if (on->at->token.data && span_equal(token, on->at->token)) {
        on->page->marks |= PAGE_MARK_SELF;
        return true;
    }
    next->token = arena_copy(on->arena, token);
    if (!next->token.data)
        return fault_memory(fault);
    *ret_way = true;
    return true;
}

static bool way_cursor(
    const struct judgement *on, struct position *next, bool *ret_way, struct fault *fault)
{
    *ret_way = false;
    return on->facts->next_form != NEXT_THERE ||
           take_token(on, on->facts->next, next, ret_way, fault);
}

/* The last item's key, as text; nothing where it has none that could be sent back. */
static bool last_key(const struct judgement *on, struct span *ret_key, struct fault *fault)
{
    struct span key = {NULL, 0};
    if (on->page->item_count > 0) {
        struct span last = on->page->items[on->page->item_count - 1].bytes;
        if (!json_text(json_find(last, &on->reader->key), on->arena, &key, fault))
            return false;
        /* The item may be one of those that the gate found fault with. */
        if (key.data && (memchr(key.data, '\0', key.length) || !span_is_utf8(key)))
            key = (struct span){NULL, 0};
    }
    *ret_key = key;
    return true;
}

static bool way_keyset(
    const struct judgement *on, struct position *next, bool *ret_way, struct fault *fault)
{
    struct span key;
    *ret_way = false;
    if (!last_key(on, &key, fault))
        return false;
    return key.length == 0 || take_token(on, key, next, ret_way, fault);
}

/* Resolves `reference` against the URL that was asked for, and refuses another origin (fault 74).
 */
static bool resolve_link(const struct judgement *on, struct span reference, struct bytes *into,
    bool *ret_resolved, struct fault *fault)
{
    struct url base, target;
    struct fault problem;
    AUTO_BYTES origin = {0};
    *ret_resolved = false;
    if (!url_parse(span_of(on->asked->url), &base, fault))
        return fault_prefix(fault, "the URL that was asked for");
    if (!url_resolve(&base, reference, into, &problem) ||
        !url_parse(bytes_span(into), &target, &problem)) {
        if (problem.code == FAULT_MEMORY)
            return fault_memory(fault);
        page_reject(on->page, OUTCOME_MALFORMED, "next_link", "the link to the next page: %s",
            problem.text);
        return true;
    }
    if (!url_append_origin(&target, &origin, fault))
        return false;
    if (!span_equal_text(bytes_span(&origin), on->reader->source->origin)) {
        page_reject(on->page, OUTCOME_REFUSED, "origin",
            "the link to the next page leads to %s, not to the connection's %s; nothing is sent "
            "there",
            origin.data, on->reader->source->origin);
        return true;
    }
    *ret_resolved = true;
    return true;
}

static bool way_link(
    const struct judgement *on, struct position *next, bool *ret_way, struct fault *fault)
{
    AUTO_BYTES url = {.limit = REQUEST_URL_MAX};
    bool resolved;
    *ret_way = false;
    if (on->facts->next_form != NEXT_THERE)
        return true;
    if (!resolve_link(on, on->facts->next, &url, &resolved, fault) || !resolved)
        return on->page->verdict.outcome != OUTCOME_OK;
    if (span_equal_text(bytes_span(&url), on->asked->url)) {
        on->page->marks |= PAGE_MARK_SELF;
        return true;
    }
    return take_token(on, bytes_span(&url), next, ret_way, fault);
}

/* What the next run begins with. An ended listing without it is ended all the same. */
static bool take_delta(const struct judgement *on, struct fault *fault)
{
    AUTO_BYTES url = {.limit = REQUEST_URL_MAX};
    struct span token;
    bool resolved = true;
    if (!ends_delta(on))
        return true;
    if (!json_text(on->facts->values[READER_DELTA], on->arena, &token, fault))
        return false;
    if (!on->reader->delta->parameter) {
        if (!resolve_link(on, token, &url, &resolved, fault))
            return false;
        token = bytes_span(&url);
    }
    if (!resolved) /* the page is rejected */
        return true;
    if (encoded_length(token) > NEXT_ENCODED_MAX) {
        page_reject(on->page, OUTCOME_MALFORMED, "delta_too_long",
            "the token for the next run has %zu bytes, too many for a bookmark", token.length);
        return true;
    }
    on->page->delta = arena_copy(on->arena, token);
    return on->page->delta.data || fault_memory(fault);
}

static way_on *const ways_on[] = {
    [MUSTER_PAGING_NONE] = way_none,
    [MUSTER_PAGING_NUMBER] = way_number,
    [MUSTER_PAGING_OFFSET] = way_offset,
    [MUSTER_PAGING_CURSOR] = way_cursor,
    [MUSTER_PAGING_LINK] = way_link,
    [MUSTER_PAGING_KEYSET] = way_keyset,
    [MUSTER_PAGING_SCIM] = way_offset,
};

/* ------------------------------------------------------------------ judgement ----------------- */

static void set_marks(const struct judgement *on)
{
    const struct muster_paging *paging = on->reader->paging;
    struct page *page = on->page;
    int64_t echo, received = on->at->received + items_new(on);
    bool counts_past = page->total >= 0 && page->item_count > 0 &&
                       (received > page->total ||
                           (paging->kind == MUSTER_PAGING_SCIM && items_covered(on) > page->total));
    if (page->item_count == 0)
        page->marks |= PAGE_MARK_EMPTY;
    if (counts_past)
        page->marks |= PAGE_MARK_PAST_TOTAL;
    if (paging->ceiling > 0 && received >= paging->ceiling)
        page->marks |= PAGE_MARK_CEILING;
    if (json_integer(on->facts->values[READER_ECHO], &echo) &&
        echo != on->at->number - on->asked->overlap)
        page->marks |= PAGE_MARK_ECHO;
}

bool paging_judge(const struct page_reader *reader, const struct page_facts *facts,
    const struct position *at, const struct request *asked, struct arena *arena, struct page *page,
    struct fault *fault)
{
    const struct judgement on = {reader, facts, at, asked, arena, page};
    struct position next = *at;
    bool way = false;
    set_marks(&on);
    next.page = at->page + 1;
    next.received = at->received + items_new(&on);
    next.overlap = 0;
    if (reader->paging->total.first_page_only && page->total >= 0)
        next.total_plus_one = page->total + 1;
    page->next = next;
    for (size_t i = 0; i < sizeof end_signals / sizeof end_signals[0]; i++)
        if ((reader->ends & end_signals[i].end) && end_signals[i].holds(&on)) {
            page->end = PAGE_ENDED;
            page->end_signal = end_signals[i].signal;
            return take_delta(&on, fault);
        }
    if (!ways_on[reader->paging->kind](&on, &next, &way, fault))
        return false;
    page->end = way ? PAGE_GOES_ON : PAGE_UNDECLARED;
    if (way)
        page->next = next;
    return true;
}
