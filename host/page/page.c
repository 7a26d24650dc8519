/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one response: content type, gate, envelope, items, total; then paging.c judges whether the
 * listing goes on. */
#include "page/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "link.h"
#include "reader.h"

#define STATUS_NO_CONTENT    204
#define STATUS_RESET_CONTENT 205

void page_reject(struct page *page, enum outcome outcome, const char *word, const char *format, ...)
{
    struct classified verdict = {.outcome = outcome};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(verdict.message, sizeof verdict.message, format, arguments);
    va_end(arguments);
    (void)snprintf(verdict.word, sizeof verdict.word, "%s", word);
    page->verdict = verdict;
    page->items = NULL;
    page->item_count = 0;
    page->end = PAGE_UNDECLARED;
}

/* ------------------------------------------------------------------ content type -------------- */

static bool ends_with_nocase(struct span text, struct span end)
{
    return text.length >= end.length &&
           span_equal_nocase((struct span){text.data + text.length - end.length, end.length}, end);
}

/* "text/html" of "text/html; charset=utf-8" (RFC 9110 section 8.3.1). */
static struct span media_type(struct span field)
{
    size_t length = 0;
    while (length < field.length && field.data[length] != ';')
        length++;
    return span_trim((struct span){field.data, length});
}

/* Whether the body may be taken for JSON. A login page with status 200 is told by its own word
 * (fault 23). */
static bool check_content(struct page *page, const struct response *response, struct span body)
{
    struct span field = http_headers_get(&response->headers, "content-type");
    struct span type = media_type(field);
    char first = body.data[0];
    bool html = span_equal_nocase(type, SPAN("text/html")) ||
                span_equal_nocase(type, SPAN("application/xhtml+xml"));
    bool json = span_equal_nocase(type, SPAN("application/json")) ||
                span_equal_nocase(type, SPAN("text/json")) || ends_with_nocase(type, SPAN("+json"));
    if (html || (first == '<' && (json || type.length == 0))) {
        page_reject(page, OUTCOME_MALFORMED, "html",
            "a page for a browser instead of JSON; often a login page or a proxy's");
        page->verdict.of_connection = true;
        return false;
    }
    if (json || (type.length == 0 && (first == '{' || first == '[')))
        return true;
    page_reject(page, OUTCOME_MALFORMED, "content_type", "the content type is %s%.*s%s, not JSON",
        type.length ? "\"" : "", type.length > 64 ? 64 : (int)type.length,
        type.length ? type.data : "",
        type.length ? "\"" : "not stated and the body does not begin like JSON");
    return false;
}

/* ------------------------------------------------------------------ gate and envelope --------- */

struct reading {
    const struct page_reader *reader;
    const struct response *response;
    const struct position *at;
    const struct scope_parent *parent;
    struct arena *arena;
    struct page *page;
    struct json_page gated;
    struct span text; /* the body, its items left out where nothing looks into them */
    bool items_wrong; /* sound JSON, but what is at `items` is no list (or object) of items */
};

/* Runs the gate. A body that is sound but for the form of its items is read on: it may be the
 * envelope of an error. */
static bool run_gate(struct reading *reading, struct span body, const struct hash_key *key,
    bool *ret_sound, struct fault *fault)
{
    const struct page_reader *reader = reading->reader;
    struct json_gate_options options = {&reader->items, reader->one_object, *key};
    struct fault problem, ignored;
    *ret_sound = true;
    if (json_gate(body, &options, reading->arena, &reading->gated, &problem))
        return true;
    if (problem.code == FAULT_MEMORY)
        return fault_memory(fault);
    options.items = NULL;
    if (problem.code == FAULT_CONTENT &&
        json_gate(body, &options, reading->arena, &reading->gated, &ignored)) {
        reading->items_wrong = true;
        return true;
    }
    *ret_sound = false;
    page_reject(reading->page, OUTCOME_MALFORMED, fault_name(problem.code), "%s", problem.text);
    return true;
}

/* The body with "[]" for its items: look-ups beside the items then cost nothing that grows with
 * them. */
static bool leave_items_out(struct reading *reading, struct fault *fault)
{
    struct span whole = reading->gated.value, items = reading->gated.items;
    reading->text = whole;
    if (reading->reader->needs_whole_body || reading->items_wrong || !items.data)
        return true;
    size_t before = (size_t)(items.data - whole.data);
    size_t after = whole.length - before - items.length;
    char *text = arena_allocate(reading->arena, before + 2 + after);
    if (!text)
        return fault_memory(fault);
    (void)memcpy(text, whole.data, before);
    text[before] = '[';
    text[before + 1] = ']';
    (void)memcpy(text + before + 2, items.data + items.length, after);
    reading->text = (struct span){text, before + 2 + after};
    return true;
}

static void take_values(const struct reading *reading, struct page_facts *facts)
{
    const struct page_reader *reader = reading->reader;
    struct json_value found[READER_VALUES];
    if (!reader->projection)
        return;
    json_project(reader->projection, reading->text, found);
    for (size_t i = 0, at = 0; i < READER_VALUES; i++)
        if (reader->declared[i])
            facts->values[i] = found[at++];
}

/* ------------------------------------------------------------------ facts --------------------- */

static bool take_next(const struct reading *reading, struct page_facts *facts, struct fault *fault)
{
    struct json_value value = facts->values[READER_NEXT];
    if (!reading->reader->declared[READER_NEXT]) {
        enum link_result result = link_next(&reading->response->headers, &facts->next);
        facts->next_form = result == LINK_FOUND  ? NEXT_THERE
                           : result == LINK_NONE ? NEXT_ABSENT
                                                 : NEXT_UNREADABLE;
        return true;
    }
    if (value.type == JSON_STRING || value.type == JSON_NUMBER) {
        if (!json_text(value, reading->arena, &facts->next, fault))
            return false;
        facts->next_form = facts->next.length > 0 ? NEXT_THERE : NEXT_EMPTY;
        return true;
    }
    facts->next_form = value.type == JSON_NONE   ? NEXT_ABSENT
                       : value.type == JSON_NULL ? NEXT_NULL
                                                 : NEXT_UNREADABLE;
    return true;
}

/* The total as stated; PAGE_TOTAL_UNKNOWN for one that is negative or no integer. */
static int64_t stated_total(const struct reading *reading, const struct page_facts *facts)
{
    const struct muster_total *declared = &reading->reader->paging->total;
    const struct scope_parent *parent = reading->parent;
    int64_t total = PAGE_TOTAL_UNKNOWN;
    bool known = json_integer(facts->values[READER_TOTAL], &total);
    if (!known && declared->header) {
        struct span field = http_headers_get(&reading->response->headers, declared->header);
        known = span_to_int64(span_trim(field), &total);
    }
    for (size_t i = 0; !known && declared->parent && parent && i < parent->field_count; i++)
        if (span_equal_text(parent->fields[i].name, declared->parent))
            known = span_to_int64(parent->fields[i].value, &total);
    if (!known && declared->first_page_only && reading->at->total_plus_one > 0)
        return reading->at->total_plus_one - 1;
    return known && total >= 0 ? total : PAGE_TOTAL_UNKNOWN;
}

/* Items where the declaration says they are, or a rejected page. */
static void take_items(struct reading *reading, int64_t total)
{
    struct page *page = reading->page;
    const struct json_page *gated = &reading->gated;
    bool one = reading->reader->one_object;
    bool scim = reading->reader->paging->kind == MUSTER_PAGING_SCIM;
    bool no_object = one && gated->item_count == 1 && gated->item[0].bytes.data[0] != '{';
    if (reading->items_wrong || no_object) {
        page_reject(page, OUTCOME_MALFORMED, "items", "what is at \"%s\" is not %s",
            reading->reader->items.text, one ? "an object" : "an array");
        return;
    }
    if (!gated->items.data) {
        if (!scim ||
            total != 0) /* RFC 7644 section 3.4.2: Resources may be left out of an empty answer */
            page_reject(page, OUTCOME_MALFORMED, "items_missing", "there is nothing at \"%s\"",
                reading->reader->items.text);
        return;
    }
    page->items = gated->item;
    page->item_count = gated->item_count;
}

static bool read_body(struct reading *reading, struct span body, const struct request *asked,
    const struct hash_key *key, struct fault *fault)
{
    const struct page_reader *reader = reading->reader;
    struct page *page = reading->page;
    struct page_facts facts = {0};
    bool sound;
    if (!run_gate(reading, body, key, &sound, fault))
        return false;
    if (!sound)
        return true;
    if (!leave_items_out(reading, fault))
        return false;
    classify_body(reader->classifier, reading->response->status, &reading->response->headers,
        reading->text, &page->verdict);
    if (page->verdict.outcome != OUTCOME_OK)
        return true;
    take_values(reading, &facts);
    if (!take_next(reading, &facts, fault))
        return false;
    page->total = stated_total(reading, &facts);
    page->total_exact = page->total >= 0 && reader->paging->total.exact;
    take_items(reading, page->total);
    if (page->verdict.outcome != OUTCOME_OK)
        return true;
    if (condition_holds(&reader->truncated, reading->text))
        page->marks |= PAGE_MARK_TRUNCATED;
    return paging_judge(reader, &facts, reading->at, asked, reading->arena, page, fault);
}

bool page_read(const struct page_reader *reader, const struct response *response,
    const struct position *at, const struct request *asked, const struct scope_parent *parent,
    const struct hash_key *key, struct arena *arena, struct page *ret_page, struct fault *fault)
{
    struct page page = {.end = PAGE_UNDECLARED,
        .total = PAGE_TOTAL_UNKNOWN,
        .next = *at,
        .body_length = response->body.length};
    struct reading reading = {.reader = reader,
        .response = response,
        .at = at,
        .parent = parent,
        .arena = arena,
        .page = &page};
    struct span body = bytes_span(&response->body), trimmed = span_trim(body);
    bool no_content =
        response->status == STATUS_NO_CONTENT || response->status == STATUS_RESET_CONTENT;
    if (response->unframed)
        page.marks |= PAGE_MARK_UNFRAMED;
    if (no_content || trimmed.length == 0) {
        page.next.page++;
        page.marks |= PAGE_MARK_NO_BODY | PAGE_MARK_EMPTY;
    } else if (check_content(&page, response, trimmed) &&
               !read_body(&reading, body, asked, key, fault)) {
        return false;
    }
    *ret_page = page;
    return true;
}
