/* SPDX-License-Identifier: Apache-2.0 */
/* Header lists: look-up, bounds, and that their bytes never move. */
#include "base/http.h"

#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "unit.h"

START_TEST(finds_without_regard_to_case)
{
    struct http_headers headers = {0};
    struct fault fault;
    ck_assert_ptr_null(http_headers_get(&headers, "a").data);
    ck_assert(http_headers_add(&headers, SPAN("Retry-After"), SPAN("1"), &fault));
    ck_assert(http_headers_add(&headers, SPAN("RETRY-AFTER"), SPAN("2"), &fault));
    ck_assert(http_headers_add(&headers, SPAN("X-Empty"), SPAN(""), &fault));
    ck_assert(span_equal_text(http_headers_get(&headers, "retry-after"), "1")); /* the first */
    ck_assert_ptr_nonnull(http_headers_get(&headers, "x-empty").data);
    ck_assert_uint_eq(http_headers_get(&headers, "x-empty").length, 0);
    ck_assert_ptr_null(http_headers_get(&headers, "retry").data);
    ck_assert_ptr_null(http_headers_get(&headers, "").data);
    http_headers_clear(&headers);
    ck_assert_ptr_null(http_headers_get(&headers, "retry-after").data);
    ck_assert(http_headers_add(&headers, SPAN("A"), SPAN("3"), &fault));
    ck_assert(span_equal_text(http_headers_get(&headers, "a"), "3"));
    http_headers_free(&headers);
    http_headers_free(&headers);
}
END_TEST

START_TEST(bounds_their_number)
{
    struct http_headers headers = {0};
    struct fault fault = {0};
    char name[16];
    for (int i = 0; i < HTTP_HEADERS_MAX; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        ck_assert(http_headers_add(&headers, span_of(name), SPAN("v"), &fault));
    }
    const char *first = headers.fields[0].name.data;
    ck_assert(!http_headers_add(&headers, SPAN("x"), SPAN("v"), &fault));
    ck_assert_int_eq(fault.code, FAULT_LIMIT);
    ck_assert_ptr_eq(headers.fields[0].name.data, first);
    for (int i = 0; i < HTTP_HEADERS_MAX; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        ck_assert(span_equal_text(http_headers_get(&headers, name), "v"));
    }
    http_headers_free(&headers);
}
END_TEST

START_TEST(bounds_their_bytes)
{
    static char large[HTTP_HEADER_BYTES_MAX + 1];
    struct http_headers headers = {0};
    struct fault fault = {0};
    ck_assert(!http_headers_add(
        &headers, SPAN("n"), (struct span){large, HTTP_HEADER_BYTES_MAX}, &fault));
    ck_assert_int_eq(fault.code, FAULT_LIMIT);
    ck_assert_uint_eq(headers.count, 0);
    http_headers_clear(&headers);
    ck_assert(http_headers_add(
        &headers, SPAN("n"), (struct span){large, HTTP_HEADER_BYTES_MAX - 1}, &fault));
    ck_assert(!http_headers_add(&headers, SPAN("n"), SPAN(""), &fault));
    ck_assert_uint_eq(headers.count, 1);
    http_headers_free(&headers);
}
END_TEST

START_TEST(a_refused_field_leaves_nothing)
{
    static char large[HTTP_HEADER_BYTES_MAX];
    struct http_headers headers = {0};
    struct fault fault;
    ck_assert(
        !http_headers_add(&headers, SPAN("name"), (struct span){large, sizeof large}, &fault));
    ck_assert_uint_eq(headers.text.length, 0);
    ck_assert(http_headers_add(
        &headers, SPAN("n"), (struct span){large, HTTP_HEADER_BYTES_MAX - 1}, &fault));
    http_headers_free(&headers);
}
END_TEST

START_TEST(frees_responses)
{
    struct fault fault;
    struct response *response = memory_allocate(sizeof *response);
    ck_assert_ptr_nonnull(response);
    ck_assert(http_headers_add(&response->headers, SPAN("a"), SPAN("b"), &fault));
    ck_assert(bytes_append_text(&response->body, "x", &fault));
    response_free(response);
    response_free(NULL);
    ck_assert_str_eq(exchange_name(EXCHANGE_DONE), "done");
    ck_assert_str_eq(exchange_name(EXCHANGE_CANCELLED), "cancelled");
}
END_TEST

UNIT_MAIN("http", finds_without_regard_to_case, bounds_their_number, bounds_their_bytes,
    a_refused_field_leaves_nothing, frees_responses)
