/* SPDX-License-Identifier: Apache-2.0 */
/* What a body must be before anything of it is believed. */
#include "listing.h"

struct row {
    const char *name;
    int status;
    const char *type, *body, *items;
    uint32_t form;
    /* expected */
    enum outcome outcome;
    const char *word;
    size_t count;
    uint32_t marks;
    enum page_end end;
};

static const struct row rows[] = {
    {"an array at the root", 200, "application/json", "[{},{}]", NULL, 0, OUTCOME_OK, NULL, 2, 0,
        PAGE_ENDED},
    {"white space around it", 200, "application/json; charset=utf-8", " \r\n[ {} ]\n ", NULL, 0,
        OUTCOME_OK, NULL, 1, 0, PAGE_ENDED},
    {"+json", 200, "application/scim+json", "{\"v\":[1]}", "/v", 0, OUTCOME_OK, NULL, 1, 0,
        PAGE_ENDED},
    {"text/json, capitals", 200, "TEXT/JSON", "[1]", NULL, 0, OUTCOME_OK, NULL, 1, 0, PAGE_ENDED},
    {"no type, JSON by its first byte", 200, NULL, " {\"v\":[1]}", "/v", 0, OUTCOME_OK, NULL, 1, 0,
        PAGE_ENDED},
    {"no type, not JSON", 200, NULL, "hello", NULL, 0, OUTCOME_MALFORMED, "content_type", 0, 0,
        PAGE_UNDECLARED},
    {"another type (fault 38)", 200, "text/csv", "[1]", NULL, 0, OUTCOME_MALFORMED, "content_type",
        0, 0, PAGE_UNDECLARED},
    {"a login page (fault 23)", 200, "text/html; charset=utf-8", "<!doctype html>", NULL, 0,
        OUTCOME_MALFORMED, "html", 0, 0, PAGE_UNDECLARED},
    {"a login page that calls itself JSON", 200, "application/json", "\n<html>", NULL, 0,
        OUTCOME_MALFORMED, "html", 0, 0, PAGE_UNDECLARED},
    {"a login page without a type", 200, NULL, "<html>", NULL, 0, OUTCOME_MALFORMED, "html", 0, 0,
        PAGE_UNDECLARED},
    {"cut", 200, "application/json", "[{\"id\":1},{\"id", NULL, 0, OUTCOME_MALFORMED, "syntax", 0,
        0, PAGE_UNDECLARED},
    {"trailing text (fault 48)", 200, "application/json", "[1][2]", NULL, 0, OUTCOME_MALFORMED,
        "syntax", 0, 0, PAGE_UNDECLARED},
    {"NaN (fault 53)", 200, "application/json", "[NaN]", NULL, 0, OUTCOME_MALFORMED, "syntax", 0, 0,
        PAGE_UNDECLARED},
    {"no content", 204, NULL, NULL, NULL, 0, OUTCOME_OK, NULL, 0,
        PAGE_MARK_NO_BODY | PAGE_MARK_EMPTY, PAGE_UNDECLARED},
    {"an empty body", 200, "application/json", "", NULL, 0, OUTCOME_OK, NULL, 0,
        PAGE_MARK_NO_BODY | PAGE_MARK_EMPTY, PAGE_UNDECLARED},
    {"a blank body", 200, "application/json", " \r\n", NULL, 0, OUTCOME_OK, NULL, 0,
        PAGE_MARK_NO_BODY | PAGE_MARK_EMPTY, PAGE_UNDECLARED},
    {"items are null", 200, "application/json", "{\"v\":null}", "/v", 0, OUTCOME_MALFORMED, "items",
        0, 0, PAGE_UNDECLARED},
    {"items are an object", 200, "application/json", "{\"v\":{}}", "/v", 0, OUTCOME_MALFORMED,
        "items", 0, 0, PAGE_UNDECLARED},
    {"items are not there", 200, "application/json", "{\"w\":[]}", "/v", 0, OUTCOME_MALFORMED,
        "items_missing", 0, 0, PAGE_UNDECLARED},
    {"one object", 200, "application/json", "{\"v\":{\"id\":1}}", "/v", MUSTER_OBJECT, OUTCOME_OK,
        NULL, 1, 0, PAGE_ENDED},
    {"one object that is the body", 200, "application/json", "{\"id\":1}", NULL, MUSTER_OBJECT,
        OUTCOME_OK, NULL, 1, 0, PAGE_ENDED},
    {"one object that is an array", 200, "application/json", "{\"v\":[]}", "/v", MUSTER_OBJECT,
        OUTCOME_MALFORMED, "items", 0, 0, PAGE_UNDECLARED},
    {"a bad item spoils itself alone", 200, "application/json", "[{\"a\":1,\"a\":2},{\"a\":1}]",
        NULL, 0, OUTCOME_OK, NULL, 2, 0, PAGE_ENDED},
    {"a duplicate member beside the items spoils the page", 200, "application/json",
        "{\"n\":1,\"n\":2,\"v\":[1]}", "/v", 0, OUTCOME_MALFORMED, "content", 0, 0,
        PAGE_UNDECLARED},
};

START_TEST(every_row)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        const struct muster_stream stream = {.items = row->items, .items_form = row->form};
        struct listing listing;
        listing_begin(&listing, &stream, NULL);
        listing_answer(&listing, row->status, row->type, row->body);
        const struct page *page = listing_read(&listing, &(struct position){0}, 0, NULL);
        ck_assert_msg(page->verdict.outcome == row->outcome, "%s: %s, %s", row->name,
            page->verdict.word, page->verdict.message);
        if (row->word)
            ck_assert_msg(strcmp(page->verdict.word, row->word) == 0, "%s: %s", row->name,
                page->verdict.word);
        ck_assert_msg(page->item_count == row->count, "%s: %zu items", row->name, page->item_count);
        ck_assert_msg(page->marks == row->marks, "%s: marks %x", row->name, page->marks);
        ck_assert_msg(page->end == row->end, "%s: end %d", row->name, page->end);
        listing_end(&listing);
    }
}
END_TEST

/* Slack's way: 200, and the members gone with the success. */
START_TEST(the_envelope_speaks_before_the_items)
{
    const struct muster_error_word words[] = {
        {.class_ = MUSTER_CLASS_THROTTLED, .code = "ratelimited"}};
    const struct muster_envelope envelope = {
        .success = {"/ok", "true", MUSTER_EQUALS}, .code = "/error"};
    const struct muster_stream stream = {
        .items = "/members", .error_words = {words, 1, sizeof words[0]}};
    static const char *const bodies[] = {"{\"ok\":false,\"error\":\"ratelimited\"}",
        "{\"ok\":false,\"error\":\"ratelimited\",\"members\":null}",
        "{\"ok\":false,\"error\":\"ratelimited\",\"members\":[]}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct listing listing;
        listing_begin(&listing, &stream, &envelope);
        listing_answer(&listing, 200, "application/json", bodies[i]);
        const struct page *page = listing_read(&listing, &(struct position){0}, 0, NULL);
        ck_assert_int_eq(page->verdict.outcome, OUTCOME_THROTTLED);
        ck_assert_str_eq(page->verdict.word, "ratelimited");
        ck_assert_uint_eq(page->item_count, 0);
        listing_end(&listing);
    }
}
END_TEST

START_TEST(a_condition_may_look_into_the_items)
{
    const struct muster_envelope envelope = {.failure = {"/v/0/error", NULL, MUSTER_PRESENT}};
    const struct muster_stream stream = {.items = "/v"};
    struct listing listing;
    listing_begin(&listing, &stream, &envelope);
    listing_answer(&listing, 200, "application/json", "{\"v\":[{\"error\":\"x\"}]}");
    ck_assert_int_ne(
        listing_read(&listing, &(struct position){0}, 0, NULL)->verdict.outcome, OUTCOME_OK);
    listing_end(&listing);
}
END_TEST

START_TEST(a_body_without_an_end_of_its_own_is_marked)
{
    const struct muster_stream stream = {0};
    struct listing listing;
    listing_begin(&listing, &stream, NULL);
    listing_answer(&listing, 200, "application/json", "[1]");
    listing.response->unframed = true;
    const struct page *page = listing_read(&listing, &(struct position){0}, 0, NULL);
    ck_assert_int_eq(page->verdict.outcome, OUTCOME_OK);
    ck_assert_uint_eq(page->marks, PAGE_MARK_UNFRAMED);
    listing_end(&listing);
}
END_TEST

START_TEST(a_pointer_that_does_not_compile_is_named)
{
    struct muster_stream stream = {.name = "users", .items = "v"};
    struct muster_connector connector = {.streams = {&stream, 1, sizeof stream}};
    struct plan plan = {.connector = &connector};
    struct source source = {.plan = &plan};
    struct page_reader *reader = NULL;
    struct fault fault;
    ck_assert(!page_reader_create(&source, 0, &reader, &fault));
    ck_assert_int_eq(fault.code, FAULT_DECLARATION);
    ck_assert_ptr_nonnull(strstr(fault.text, "users"));
    ck_assert_ptr_nonnull(strstr(fault.text, "items"));
    ck_assert_ptr_null(reader);
}
END_TEST

UNIT_MAIN("page", every_row, the_envelope_speaks_before_the_items,
    a_condition_may_look_into_the_items, a_body_without_an_end_of_its_own_is_marked,
    a_pointer_that_does_not_compile_is_named)
