/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of paging against its ends and odd answers, as one table. */
#include "listing.h"

#define ON(...) ((struct position){__VA_ARGS__})

struct row {
    const char *name;
    struct muster_paging paging;
    const char *items, *body, *link, *total_header;
    struct position at;
    int64_t asked;
    /* expected */
    enum page_end end;
    const char *signal;
    int64_t number;    /* of next, where it goes on by number */
    const char *token; /* of next, where it goes on by token */
    int64_t total;     /* 0: not looked at; -1 unknown */
    uint32_t marks;    /* exactly */
    enum outcome outcome;
    const char *word; /* of the verdict, where it is not ok */
};

#define NONE                       \
    {                              \
        .kind = MUSTER_PAGING_NONE \
    }
#define NUMBER(e, ...)                                                     \
    {                                                                      \
        .kind = MUSTER_PAGING_NUMBER, .start = 1, .ends = (e), __VA_ARGS__ \
    }
#define OFFSET(e, ...)                                         \
    {                                                          \
        .kind = MUSTER_PAGING_OFFSET, .ends = (e), __VA_ARGS__ \
    }
#define CURSOR(e, ...)                                                          \
    {                                                                           \
        .kind = MUSTER_PAGING_CURSOR, .ends = (e), .next = "/next", __VA_ARGS__ \
    }
#define HEADER_LINK(...)                                                        \
    {                                                                           \
        .kind = MUSTER_PAGING_LINK, .ends = MUSTER_END_NEXT_ABSENT, __VA_ARGS__ \
    }
#define BODY_LINK(e)                                             \
    {                                                            \
        .kind = MUSTER_PAGING_LINK, .ends = (e), .next = "/next" \
    }
#define KEYSET(e)                                                                    \
    {                                                                                \
        .kind = MUSTER_PAGING_KEYSET, .ends = (e), .key = "/id", .has_more = "/more" \
    }
#define SCIM                       \
    {                              \
        .kind = MUSTER_PAGING_SCIM \
    }
#define TOTAL .total = {.pointer = "/total", .exact = 1}

static const struct row rows[] = {
    {.name = "none: the one answer is the whole",
        .paging = NONE,
        .body = "[{\"id\":1}]",
        .end = PAGE_ENDED,
        .signal = "single"},
    {.name = "none: empty",
        .paging = NONE,
        .body = "[]",
        .end = PAGE_ENDED,
        .signal = "single",
        .marks = PAGE_MARK_EMPTY},

    {.name = "number: a short page ends nothing",
        .paging = NUMBER(MUSTER_END_EMPTY_PAGE),
        .body = "[1]",
        .at = ON(.number = 1),
        .asked = 100,
        .end = PAGE_GOES_ON,
        .number = 2},
    {.name = "number: empty page declared",
        .paging = NUMBER(MUSTER_END_EMPTY_PAGE),
        .body = "[]",
        .at = ON(.number = 7),
        .end = PAGE_ENDED,
        .signal = "empty page",
        .marks = PAGE_MARK_EMPTY},
    {.name = "number: empty page not declared goes on (fault 63)",
        .paging = NUMBER(MUSTER_END_HAS_MORE_FALSE, .has_more = "/more"),
        .items = "/v",
        .body = "{\"v\":[],\"more\":true}",
        .at = ON(.number = 3),
        .end = PAGE_GOES_ON,
        .number = 4,
        .marks = PAGE_MARK_EMPTY},
    {.name = "number: total pages reached",
        .paging = NUMBER(MUSTER_END_TOTAL_PAGES, .total_pages = "/pages"),
        .items = "/v",
        .body = "{\"v\":[1],\"pages\":3}",
        .at = ON(.number = 3, .page = 2),
        .end = PAGE_ENDED,
        .signal = "total pages"},
    {.name = "number: total pages not reached",
        .paging = NUMBER(MUSTER_END_TOTAL_PAGES, .total_pages = "/pages"),
        .items = "/v",
        .body = "{\"v\":[1],\"pages\":\"3\"}",
        .at = ON(.number = 2),
        .end = PAGE_GOES_ON,
        .number = 3},
    {.name = "number: pages from zero",
        .paging = {.kind = MUSTER_PAGING_NUMBER,
            .ends = MUSTER_END_TOTAL_PAGES,
            .total_pages = "/pages"},
        .items = "/v",
        .body = "{\"v\":[1],\"pages\":3}",
        .at = ON(.number = 2),
        .end = PAGE_ENDED,
        .signal = "total pages"},
    {.name = "number: zero pages of nothing",
        .paging = NUMBER(MUSTER_END_TOTAL_PAGES, .total_pages = "/pages"),
        .items = "/v",
        .body = "{\"v\":[],\"pages\":0}",
        .at = ON(.number = 1),
        .end = PAGE_ENDED,
        .signal = "total pages",
        .marks = PAGE_MARK_EMPTY},
    {.name = "number: last page flag",
        .paging = NUMBER(MUSTER_END_LAST_TRUE, .last = "/isLast"),
        .items = "/v",
        .body = "{\"isLast\":true,\"v\":[1]}",
        .at = ON(.number = 1),
        .end = PAGE_ENDED,
        .signal = "last true"},
    {.name = "number: last false goes on",
        .paging = NUMBER(MUSTER_END_LAST_TRUE, .last = "/isLast"),
        .items = "/v",
        .body = "{\"isLast\":false,\"v\":[1]}",
        .at = ON(.number = 1),
        .end = PAGE_GOES_ON,
        .number = 2},
    {.name = "number: link header absent ends it",
        .paging = NUMBER(MUSTER_END_NEXT_ABSENT),
        .body = "[1]",
        .at = ON(.number = 1),
        .link = "<?page=1>; rel=\"first\"",
        .end = PAGE_ENDED,
        .signal = "next absent"},
    {.name = "number: total in a header",
        .paging = NUMBER(MUSTER_END_TOTAL, .total = {.header = "X-Total"}),
        .body = "[1,2]",
        .total_header = " 4 ",
        .at = ON(.number = 2, .received = 2),
        .end = PAGE_ENDED,
        .signal = "total",
        .total = 4},
    {.name = "number: a negative total is unknown",
        .paging = NUMBER(MUSTER_END_TOTAL, .total = {.header = "X-Total"}),
        .body = "[1]",
        .total_header = "-4",
        .at = ON(.number = 1),
        .end = PAGE_GOES_ON,
        .number = 2,
        .total = -1},
    {.name = "number: a fraction is no total",
        .paging = NUMBER(MUSTER_END_TOTAL, TOTAL),
        .items = "/v",
        .body = "{\"v\":[1],\"total\":1.5}",
        .at = ON(.number = 1),
        .end = PAGE_GOES_ON,
        .number = 2,
        .total = -1},
    {.name = "number: more than the total",
        .paging = NUMBER(MUSTER_END_TOTAL, TOTAL),
        .items = "/v",
        .body = "{\"v\":[1,2],\"total\":1}",
        .at = ON(.number = 1),
        .end = PAGE_ENDED,
        .signal = "total",
        .total = 1,
        .marks = PAGE_MARK_PAST_TOTAL},
    {.name = "number: no way past the largest",
        .paging = NUMBER(MUSTER_END_EMPTY_PAGE),
        .body = "[1]",
        .at = ON(.number = INT64_MAX),
        .end = PAGE_UNDECLARED},

    {.name = "offset: by what was received",
        .paging = OFFSET(MUSTER_END_TOTAL, TOTAL),
        .items = "/v",
        .body = "{\"v\":[1,2,3],\"total\":10}",
        .at = ON(.number = 3, .received = 3),
        .asked = 100,
        .end = PAGE_GOES_ON,
        .number = 6,
        .total = 10},
    {.name = "offset: by what was asked",
        .paging = OFFSET(MUSTER_END_TOTAL, .step = MUSTER_STEP_ASKED, TOTAL),
        .items = "/v",
        .body = "{\"v\":[1,2,3],\"total\":300}",
        .at = ON(.number = 100, .received = 98),
        .asked = 100,
        .end = PAGE_GOES_ON,
        .number = 200},
    {.name = "offset: asked steps cover the total though items were left out",
        .paging = OFFSET(MUSTER_END_TOTAL, .step = MUSTER_STEP_ASKED, TOTAL),
        .items = "/v",
        .body = "{\"v\":[1,2,3],\"total\":200}",
        .at = ON(.number = 100, .received = 98),
        .asked = 100,
        .end = PAGE_ENDED,
        .signal = "total"},
    {.name = "offset: total reached",
        .paging = OFFSET(MUSTER_END_TOTAL, TOTAL),
        .items = "/v",
        .body = "{\"v\":[1],\"total\":4}",
        .at = ON(.number = 3, .received = 3),
        .end = PAGE_ENDED,
        .signal = "total"},
    {.name = "offset: an empty page is no way on and no declared end",
        .paging = OFFSET(MUSTER_END_TOTAL, TOTAL),
        .items = "/v",
        .body = "{\"v\":[],\"total\":4}",
        .at = ON(.number = 3, .received = 3),
        .end = PAGE_UNDECLARED,
        .marks = PAGE_MARK_EMPTY},
    {.name = "offset: has more false",
        .paging = OFFSET(MUSTER_END_HAS_MORE_FALSE, .has_more = "/m"),
        .items = "/v",
        .body = "{\"v\":[1],\"m\":\"false\"}",
        .end = PAGE_ENDED,
        .signal = "has more false"},
    {.name = "offset: the ceiling is reached",
        .paging = OFFSET(MUSTER_END_TOTAL, TOTAL, .ceiling = 4),
        .items = "/v",
        .body = "{\"v\":[1],\"total\":9}",
        .at = ON(.number = 3, .received = 3),
        .end = PAGE_GOES_ON,
        .number = 4,
        .marks = PAGE_MARK_CEILING},

    {.name = "cursor: goes on",
        .paging = CURSOR(MUSTER_END_NEXT_ABSENT),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":\"a\\u00e9/\"}",
        .end = PAGE_GOES_ON,
        .token = "a\xC3\xA9/"},
    {.name = "cursor: a number is a token as sent",
        .paging = CURSOR(MUSTER_END_NEXT_ABSENT),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":18446744073709551617}",
        .end = PAGE_GOES_ON,
        .token = "18446744073709551617"},
    {.name = "cursor: an empty page with a token goes on",
        .paging = CURSOR(MUSTER_END_NEXT_ABSENT),
        .items = "/v",
        .body = "{\"v\":[],\"next\":\"b\"}",
        .end = PAGE_GOES_ON,
        .token = "b",
        .marks = PAGE_MARK_EMPTY},
    {.name = "cursor: absent",
        .paging = CURSOR(MUSTER_END_NEXT_ABSENT),
        .items = "/v",
        .body = "{\"v\":[1]}",
        .end = PAGE_ENDED,
        .signal = "next absent"},
    {.name = "cursor: null where absent is declared (fault 64)",
        .paging = CURSOR(MUSTER_END_NEXT_ABSENT),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":null}",
        .end = PAGE_UNDECLARED},
    {.name = "cursor: null",
        .paging = CURSOR(MUSTER_END_NEXT_NULL),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":null}",
        .end = PAGE_ENDED,
        .signal = "next null"},
    {.name = "cursor: absent where null is declared",
        .paging = CURSOR(MUSTER_END_NEXT_NULL),
        .items = "/v",
        .body = "{\"v\":[1]}",
        .end = PAGE_UNDECLARED},
    {.name = "cursor: empty",
        .paging = CURSOR(MUSTER_END_NEXT_EMPTY),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":\"\"}",
        .end = PAGE_ENDED,
        .signal = "next empty"},
    {.name = "cursor: empty where absent is declared",
        .paging = CURSOR(MUSTER_END_NEXT_ABSENT),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":\"\"}",
        .end = PAGE_UNDECLARED},
    {.name = "cursor: a list is no token",
        .paging = CURSOR(MUSTER_END_NEXT_ABSENT),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":[]}",
        .end = PAGE_UNDECLARED},
    {.name = "cursor: itself (fault 61)",
        .paging = CURSOR(MUSTER_END_NEXT_ABSENT),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":\"a\"}",
        .at = ON(.page = 1, .token = {"a", 1}),
        .end = PAGE_UNDECLARED,
        .marks = PAGE_MARK_SELF},
    {.name = "cursor: has more false beats a token",
        .paging = CURSOR(MUSTER_END_HAS_MORE_FALSE, .has_more = "/more"),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":\"a\",\"more\":false}",
        .end = PAGE_ENDED,
        .signal = "has more false"},
    {.name = "cursor: has more, but no token",
        .paging = CURSOR(MUSTER_END_HAS_MORE_FALSE, .has_more = "/more"),
        .items = "/v",
        .body = "{\"v\":[1],\"more\":true}",
        .end = PAGE_UNDECLARED},
    {.name = "cursor: truncated beside a null next",
        .paging = CURSOR(MUSTER_END_NEXT_NULL, .truncated = {"/truncated", "true", MUSTER_EQUALS}),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":null,\"truncated\":true}",
        .end = PAGE_ENDED,
        .signal = "next null",
        .marks = PAGE_MARK_TRUNCATED},
    {.name = "cursor: a member of that name inside the items is none",
        .paging = CURSOR(MUSTER_END_NEXT_ABSENT),
        .items = "/v",
        .body = "{\"v\":[{\"next\":\"no\"}]}",
        .end = PAGE_ENDED,
        .signal = "next absent"},
    {.name = "cursor: total on the first page only, kept",
        .paging = CURSOR(
            MUSTER_END_TOTAL, .total = {.pointer = "/total", .exact = 1, .first_page_only = 1}),
        .items = "/v",
        .body = "{\"v\":[1,2],\"next\":\"z\"}",
        .at = ON(.page = 1, .received = 2, .total_plus_one = 5),
        .end = PAGE_ENDED,
        .signal = "total",
        .total = 4},

    {.name = "link: relative",
        .paging = HEADER_LINK(),
        .body = "[1]",
        .link = "<?page=2&q=a,b>; rel=\"next\"",
        .end = PAGE_GOES_ON,
        .token = "https://api.example.com/v1/users?page=2&q=a,b"},
    {.name = "link: absolute, default port written",
        .paging = HEADER_LINK(),
        .body = "[1]",
        .link = "<https://API.example.com:443/v1/x?c=1>;rel=next",
        .end = PAGE_GOES_ON,
        .token = "https://api.example.com/v1/x?c=1"},
    {.name = "link: only others",
        .paging = HEADER_LINK(),
        .body = "[1]",
        .link = "<?page=1>; rel=prev, <?page=9>; rel=last",
        .end = PAGE_ENDED,
        .signal = "next absent"},
    {.name = "link: no header",
        .paging = HEADER_LINK(),
        .body = "[1]",
        .end = PAGE_ENDED,
        .signal = "next absent"},
    {.name = "link: a broken header is not an absent one",
        .paging = HEADER_LINK(),
        .body = "[1]",
        .link = "<?page=2; rel=next",
        .end = PAGE_UNDECLARED},
    {.name = "link: another host (fault 74)",
        .paging = HEADER_LINK(),
        .body = "[1]",
        .link = "<https://evil.example/v1>; rel=next",
        .end = PAGE_UNDECLARED,
        .outcome = OUTCOME_REFUSED,
        .word = "origin"},
    {.name = "link: another scheme (fault 74)",
        .paging = HEADER_LINK(),
        .body = "[1]",
        .link = "<http://api.example.com/v1>; rel=next",
        .end = PAGE_UNDECLARED,
        .outcome = OUTCOME_REFUSED,
        .word = "origin"},
    {.name = "link: another port (fault 74)",
        .paging = HEADER_LINK(),
        .body = "[1]",
        .link = "<https://api.example.com:8443/v1>; rel=next",
        .end = PAGE_UNDECLARED,
        .outcome = OUTCOME_REFUSED,
        .word = "origin"},
    {.name = "link: with user information",
        .paging = HEADER_LINK(),
        .body = "[1]",
        .link = "<https://api.example.com@evil.example/>; rel=next",
        .end = PAGE_UNDECLARED,
        .outcome = OUTCOME_MALFORMED,
        .word = "next_link"},
    {.name = "link: itself",
        .paging = HEADER_LINK(),
        .body = "[1]",
        .link = "<" LISTING_URL ">; rel=next",
        .end = PAGE_UNDECLARED,
        .marks = PAGE_MARK_SELF},
    {.name = "link at a pointer",
        .paging = BODY_LINK(MUSTER_END_NEXT_NULL),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":\"/v1/users?cursor=x\"}",
        .end = PAGE_GOES_ON,
        .token = "https://api.example.com/v1/users?cursor=x"},
    {.name = "link at a pointer: null",
        .paging = BODY_LINK(MUSTER_END_NEXT_NULL),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":null}",
        .end = PAGE_ENDED,
        .signal = "next null"},
    {.name = "link at a pointer: another host",
        .paging = BODY_LINK(MUSTER_END_NEXT_NULL),
        .items = "/v",
        .body = "{\"v\":[1],\"next\":\"//evil.example/x\"}",
        .end = PAGE_UNDECLARED,
        .outcome = OUTCOME_REFUSED,
        .word = "origin"},

    {.name = "keyset: the last item's key",
        .paging = KEYSET(MUSTER_END_EMPTY_PAGE),
        .body = "[{\"id\":\"a\"},{\"id\":\"b\"}]",
        .end = PAGE_GOES_ON,
        .token = "b"},
    {.name = "keyset: empty page",
        .paging = KEYSET(MUSTER_END_EMPTY_PAGE),
        .body = "[]",
        .at = ON(.page = 1, .token = {"b", 1}),
        .end = PAGE_ENDED,
        .signal = "empty page",
        .marks = PAGE_MARK_EMPTY},
    {.name = "keyset: no key in the last item",
        .paging = KEYSET(MUSTER_END_EMPTY_PAGE),
        .body = "[{\"id\":\"a\"},{}]",
        .end = PAGE_UNDECLARED},
    {.name = "keyset: a last item at fault still has its key",
        .paging = KEYSET(MUSTER_END_EMPTY_PAGE),
        .body = "[{\"id\":\"a\"},{\"id\":\"b\",\"x\":1,\"x\":2}]",
        .end = PAGE_GOES_ON,
        .token = "b"},
    {.name = "keyset: the same key again",
        .paging = KEYSET(MUSTER_END_EMPTY_PAGE),
        .body = "[{\"id\":7}]",
        .at = ON(.page = 3, .token = {"7", 1}),
        .end = PAGE_UNDECLARED,
        .marks = PAGE_MARK_SELF},

    {.name = "scim: goes on by what came, not by what was asked",
        .paging = SCIM,
        .items = "/Resources",
        .body = "{\"totalResults\":7,\"startIndex\":1,\"itemsPerPage\":3,\"Resources\":[1,2,3]}",
        .at = ON(.number = 1),
        .asked = 100,
        .end = PAGE_GOES_ON,
        .number = 4,
        .total = 7},
    {.name = "scim: the end",
        .paging = SCIM,
        .items = "/Resources",
        .body = "{\"totalResults\":7,\"startIndex\":4,\"Resources\":[1,2,3,4]}",
        .at = ON(.number = 4, .received = 3),
        .end = PAGE_ENDED,
        .signal = "total",
        .total = 7},
    {.name = "scim: no results, no Resources",
        .paging = SCIM,
        .items = "/Resources",
        .body = "{\"totalResults\":0}",
        .at = ON(.number = 1),
        .end = PAGE_ENDED,
        .signal = "total",
        .marks = PAGE_MARK_EMPTY},
    {.name = "scim: results, but no Resources",
        .paging = SCIM,
        .items = "/Resources",
        .body = "{\"totalResults\":3}",
        .at = ON(.number = 1),
        .end = PAGE_UNDECLARED,
        .outcome = OUTCOME_MALFORMED,
        .word = "items_missing"},
    {.name = "scim: an empty page in the middle is stuck",
        .paging = SCIM,
        .items = "/Resources",
        .body = "{\"totalResults\":9,\"Resources\":[]}",
        .at = ON(.number = 4, .received = 3),
        .end = PAGE_UNDECLARED,
        .marks = PAGE_MARK_EMPTY},
    {.name = "scim: past the end, page one again under the index asked for",
        .paging = SCIM,
        .items = "/Resources",
        .body = "{\"totalResults\":2,\"startIndex\":4,\"Resources\":[1,2]}",
        .at = ON(.number = 4, .received = 3),
        .end = PAGE_ENDED,
        .signal = "total",
        .marks = PAGE_MARK_PAST_TOTAL},
    {.name = "scim: another index than asked for",
        .paging = SCIM,
        .items = "/Resources",
        .body = "{\"totalResults\":9,\"startIndex\":1,\"Resources\":[1,2]}",
        .at = ON(.number = 3, .received = 2),
        .end = PAGE_GOES_ON,
        .number = 5,
        .marks = PAGE_MARK_ECHO},
};

static void check_verdict(const struct row *row, const struct page *page)
{
    ck_assert_msg(page->verdict.outcome == row->outcome, "%s: verdict %s (%s)", row->name,
        page->verdict.word, page->verdict.message);
    if (row->word)
        ck_assert_msg(strcmp(page->verdict.word, row->word) == 0, "%s: word %s", row->name,
            page->verdict.word);
    if (row->outcome != OUTCOME_OK)
        ck_assert_msg(page->item_count == 0, "%s: items of a page that is not believed", row->name);
}

static void check_row(const struct row *row)
{
    struct listing listing;
    const struct muster_stream stream = {.paging = row->paging, .items = row->items};
    listing_begin(&listing, &stream, NULL);
    listing_answer(&listing, 200, "application/json", row->body);
    if (row->link)
        listing_header(&listing, "link", row->link);
    if (row->total_header)
        listing_header(&listing, "x-total", row->total_header);
    const struct page *page = listing_read(&listing, &row->at, row->asked, NULL);
    check_verdict(row, page);
    ck_assert_msg(page->end == row->end, "%s: end %d", row->name, page->end);
    ck_assert_msg(page->marks == row->marks, "%s: marks %x", row->name, page->marks);
    ck_assert_msg((page->end_signal != NULL) == (row->signal != NULL), "%s: signal", row->name);
    if (row->signal)
        ck_assert_msg(strcmp(page->end_signal, row->signal) == 0, "%s: signal %s", row->name,
            page->end_signal);
    if (row->total)
        ck_assert_msg(
            page->total == row->total, "%s: total %lld", row->name, (long long)page->total);
    if (row->end == PAGE_GOES_ON && row->token)
        ck_assert_msg(span_equal_text(page->next.token, row->token), "%s: token %.*s", row->name,
            SPAN_FORMAT(page->next.token));
    if (row->end == PAGE_GOES_ON && !row->token)
        ck_assert_msg(page->next.number == row->number, "%s: number %lld", row->name,
            (long long)page->next.number);
    if (row->outcome == OUTCOME_OK) {
        ck_assert_int_eq(page->next.page, row->at.page + 1);
        ck_assert_int_eq(page->next.received, row->at.received + (int64_t)page->item_count);
    }
    listing_end(&listing);
}

START_TEST(every_row)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&rows[i]);
}
END_TEST

START_TEST(the_total_of_a_parent_field)
{
    const struct http_header field = {SPAN("members"), SPAN("2")};
    const struct scope_parent parent = {SPAN("g1"), &field, 1};
    const struct muster_stream stream = {.paging = {.kind = MUSTER_PAGING_NUMBER,
                                             .ends = MUSTER_END_TOTAL,
                                             .total = {.parent = "members", .exact = 1}}};
    struct listing listing;
    listing_begin(&listing, &stream, NULL);
    listing_answer(&listing, 200, "application/json", "[1,2]");
    const struct page *page = listing_read(&listing, &(struct position){0}, 0, &parent);
    ck_assert_int_eq(page->end, PAGE_ENDED);
    ck_assert_int_eq(page->total, 2);
    ck_assert(page->total_exact);
    listing_end(&listing);
}
END_TEST

START_TEST(the_first_page_hands_its_total_on)
{
    const struct muster_stream stream = {.items = "/v",
        .paging = {.kind = MUSTER_PAGING_CURSOR,
            .ends = MUSTER_END_TOTAL,
            .next = "/n",
            .total = {.pointer = "/t", .first_page_only = 1}}};
    struct listing listing;
    listing_begin(&listing, &stream, NULL);
    listing_answer(&listing, 200, "application/json", "{\"v\":[1],\"n\":\"x\",\"t\":2}");
    struct position next = listing_read(&listing, &(struct position){0}, 0, NULL)->next;
    ck_assert_int_eq(next.total_plus_one, 3);
    listing_answer(&listing, 200, "application/json", "{\"v\":[1],\"n\":\"y\"}");
    const struct page *page = listing_read(&listing, &next, 0, NULL);
    ck_assert_int_eq(page->end, PAGE_ENDED);
    ck_assert_str_eq(page->end_signal, "total");
    listing_end(&listing);
}
END_TEST

/* What an overlap probe asks for again is the page's before: it is neither received nor a way on.
 */
START_TEST(an_overlap_is_no_progress)
{
    static const struct {
        struct muster_paging paging;
        const char *body;
        int64_t asked;
        enum page_end end;
        int64_t next, received;
        uint32_t marks;
    } overlaps[] = {
        {{.kind = MUSTER_PAGING_OFFSET, .ends = MUSTER_END_TOTAL}, "{\"n\":9,\"i\":[{},{},{}]}", 3,
            PAGE_GOES_ON, 6, 6, 0},
        {{.kind = MUSTER_PAGING_OFFSET, .ends = MUSTER_END_TOTAL}, "{\"n\":6,\"i\":[{},{},{}]}", 3,
            PAGE_ENDED, 4, 6, 0},
        {{.kind = MUSTER_PAGING_OFFSET, .ends = MUSTER_END_TOTAL}, "{\"n\":5,\"i\":[{},{},{}]}", 3,
            PAGE_ENDED, 4, 6, PAGE_MARK_PAST_TOTAL},
        {{.kind = MUSTER_PAGING_OFFSET, .ends = MUSTER_END_TOTAL, .step = MUSTER_STEP_ASKED},
            "{\"n\":9,\"i\":[{},{}]}", 3, PAGE_GOES_ON, 6, 5, 0},
        {{.kind = MUSTER_PAGING_OFFSET, .ends = MUSTER_END_EMPTY_PAGE}, "{\"n\":9,\"i\":[{}]}", 3,
            PAGE_UNDECLARED, 4, 4, 0},
        {{.kind = MUSTER_PAGING_OFFSET, .ends = MUSTER_END_EMPTY_PAGE}, "{\"n\":9,\"i\":[]}", 3,
            PAGE_ENDED, 4, 4, PAGE_MARK_EMPTY},
        {{.kind = MUSTER_PAGING_SCIM, .ends = MUSTER_END_TOTAL, .start = 1},
            "{\"n\":9,\"startIndex\":3,\"i\":[{},{},{}]}", 3, PAGE_GOES_ON, 6, 6, 0},
        {{.kind = MUSTER_PAGING_SCIM, .ends = MUSTER_END_TOTAL, .start = 1},
            "{\"n\":9,\"startIndex\":4,\"i\":[{},{},{}]}", 3, PAGE_GOES_ON, 6, 6, PAGE_MARK_ECHO},
    };
    static const struct hash_key key = {{1, 2, 3}};
    for (size_t i = 0; i < sizeof overlaps / sizeof overlaps[0]; i++) {
        struct muster_stream stream = {.items = "/i", .paging = overlaps[i].paging};
        const struct position at = {.page = 1, .received = 4, .number = 4, .overlap = 1};
        const struct request request = {
            .url = LISTING_URL, .asked = overlaps[i].asked, .overlap = 1};
        struct listing listing;
        struct fault fault;
        stream.paging.total.pointer = "/n";
        listing_begin(&listing, &stream, NULL);
        listing_answer(&listing, 200, "application/json", overlaps[i].body);
        ck_assert_msg(page_read(listing.reader, listing.response, &at, &request, NULL, &key,
                          listing.arena, &listing.page, &fault),
            "%s", fault.text);
        ck_assert_msg(listing.page.end == overlaps[i].end, "row %zu: %d", i, listing.page.end);
        ck_assert_msg(listing.page.next.number == overlaps[i].next, "row %zu", i);
        ck_assert_msg(listing.page.next.received == overlaps[i].received, "row %zu", i);
        ck_assert_int_eq(listing.page.next.overlap, 0);
        ck_assert_msg(
            listing.page.marks == overlaps[i].marks, "row %zu: %x", i, listing.page.marks);
        listing_end(&listing);
    }
}
END_TEST

START_TEST(a_token_that_no_position_holds)
{
    const struct muster_stream stream = {.items = "/v",
        .paging = {.kind = MUSTER_PAGING_CURSOR, .ends = MUSTER_END_NEXT_NULL, .next = "/n"}};
    static char body[20000];
    struct listing listing;
    (void)memset(body, 'a', sizeof body - 1);
    (void)memcpy(body, "{\"v\":[1],\"n\":\"", 14);
    (void)memcpy(body + sizeof body - 3, "\"}", 2);
    listing_begin(&listing, &stream, NULL);
    listing_answer(&listing, 200, "application/json", body);
    const struct page *page = listing_read(&listing, &(struct position){0}, 0, NULL);
    ck_assert_int_eq(page->verdict.outcome, OUTCOME_MALFORMED);
    ck_assert_str_eq(page->verdict.word, "next_too_long");
    listing_end(&listing);
}
END_TEST

UNIT_MAIN("paging", an_overlap_is_no_progress, every_row, the_total_of_a_parent_field,
    the_first_page_hands_its_total_on, a_token_that_no_position_holds)
