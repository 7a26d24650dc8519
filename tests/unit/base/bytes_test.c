/* SPDX-License-Identifier: Apache-2.0 */
/* Spans, UTF-8, numbers, and the bounded buffer. */
#include "base/bytes.h"

#include <string.h>
#include "unit.h"

#define LIT(text) ((struct span){(text), sizeof(text) - 1})

START_TEST(reads_integers)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0}, {"-0", 0}, {"7", 7}, {"-7", -7}, {"007", 7},
        {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN},
        {"0000000000000000000000009", 9}};
    static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "--1", "1-",
        "9223372036854775808", "-9223372036854775809", "18446744073709551616",
        "99999999999999999999999999", "\xD9\xA1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t value = 42;
        ck_assert_msg(span_to_int64(span_of(good[i].text), &value), "%s", good[i].text);
        ck_assert_int_eq(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value = 42;
        ck_assert_msg(!span_to_int64(span_of(bad[i]), &value), "%s", bad[i]);
        ck_assert_int_eq(value, 42);
    }
    int64_t value = 42;
    ck_assert(!span_to_int64((struct span){NULL, 0}, &value));
    ck_assert(!span_to_int64(LIT("1\0"), &value));
    ck_assert(
        span_to_int64((struct span){"123", 2}, &value)); /* its length, not the NUL, ends it */
    ck_assert_int_eq(value, 12);
}
END_TEST

START_TEST(checks_utf8)
{
    static const char *const good[] = {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80",
        "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
        "a\xC3\xA9z"};
    static const char *const bad[] = {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x7F",
        "\xC2\xC2", "\xE0\x9F\xBF", "\xE0\xA0", "\xED\xA0\x80", "\xED\xBF\xBF", "\xEF\xBF",
        "\xF0\x8F\xBF\xBF", "\xF0\x90\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF",
        "a\xC3", "\xC3\xA9\x80"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(span_is_utf8(span_of(good[i])), "good %zu", i);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!span_is_utf8(span_of(bad[i])), "bad %zu", i);
    ck_assert(span_is_utf8(LIT("a\0b")));
    ck_assert(span_is_utf8((struct span){NULL, 0}));
}
END_TEST

/* Every two-byte text against the definition of RFC 3629. */
START_TEST(checks_utf8_exhaustively)
{
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            char text[2] = {(char)a, (char)b};
            bool wanted =
                (a < 0x80 && b < 0x80) || (a >= 0xC2 && a <= 0xDF && b >= 0x80 && b <= 0xBF);
            ck_assert_int_eq(span_is_utf8((struct span){text, 2}), wanted);
        }
}
END_TEST

START_TEST(compares_spans)
{
    ck_assert(span_equal(SPAN("ab"), LIT("ab")));
    ck_assert(!span_equal(SPAN("ab"), SPAN("abc")));
    ck_assert(!span_equal(SPAN("ab"), SPAN("aB")));
    ck_assert(span_equal_nocase(SPAN("aB-\xC3\xA9"), SPAN("Ab-\xC3\xA9")));
    ck_assert(!span_equal_nocase(SPAN("["), SPAN("{"))); /* 0x20 apart, and no letters */
    ck_assert(!span_equal_nocase(SPAN("@"), SPAN("`")));
    ck_assert(!span_equal_nocase(SPAN("\xC3\x89"), SPAN("\xC3\xA9")));
    ck_assert(span_equal_text(LIT("a"), "a"));
    ck_assert_int_lt(span_compare(SPAN("a"), SPAN("b")), 0);
    ck_assert_int_lt(span_compare(SPAN("a"), SPAN("aa")), 0);
    ck_assert_int_gt(span_compare(SPAN("\xff"), SPAN("a")), 0); /* bytes are unsigned */
    ck_assert_int_eq(span_compare(SPAN(""), (struct span){NULL, 0}), 0);
    ck_assert_int_lt(span_compare(LIT("a\0a"), LIT("a\0b")), 0);
    ck_assert(span_starts_with(SPAN("abc"), SPAN("ab")));
    ck_assert(span_starts_with(SPAN("abc"), SPAN("")));
    ck_assert(!span_starts_with(SPAN("a"), SPAN("ab")));
    ck_assert(span_equal_text(span_trim(SPAN(" \t\r\n a b \n")), "a b"));
    ck_assert_uint_eq(span_trim(SPAN(" \t ")).length, 0);
    ck_assert_ptr_null(span_of(NULL).data);
}
END_TEST

START_TEST(grows_to_its_limit)
{
    struct fault fault = {0};
    struct bytes bytes = {.limit = 100};
    for (int i = 0; i < 100; i++)
        ck_assert(bytes_append_char(&bytes, 'a', &fault));
    ck_assert(!bytes_append_char(&bytes, 'a', &fault));
    ck_assert_int_eq(fault.code, FAULT_LIMIT);
    ck_assert_uint_eq(bytes.length, 100);
    ck_assert_uint_eq(strlen(bytes.data), 100);
    ck_assert(bytes_append(&bytes, SPAN(""), &fault));
    ck_assert(!bytes_append_text(&bytes, "x", &fault));
    ck_assert(!bytes_format(&bytes, &fault, "%d", 1));
    ck_assert(!bytes_reserve(&bytes, SIZE_MAX, &fault));
    ck_assert_uint_eq(bytes.length, 100);
    bytes_clear(&bytes);
    ck_assert_str_eq(bytes.data, "");
    ck_assert(!bytes_append(&bytes, (struct span){"", 101}, &fault));
    bytes_free(&bytes);
    ck_assert_uint_eq(bytes.limit, 100);
    ck_assert(bytes_append_text(&bytes, "again", &fault));
    bytes_wipe(&bytes);
    ck_assert_ptr_null(bytes.data);
    bytes_wipe(&bytes);
    bytes_clear(&bytes);
    ck_assert_str_eq(bytes_span(&bytes).data, "");
}
END_TEST

static void check_json(struct span text, const char *wanted)
{
    AUTO_BYTES bytes = {0};
    struct fault fault;
    ck_assert(bytes_append_json(&bytes, text, &fault));
    ck_assert_str_eq(bytes.data, wanted);
}

START_TEST(writes_json_strings)
{
    check_json(SPAN(""), "\"\"");
    check_json((struct span){NULL, 0}, "\"\"");
    check_json(SPAN("plain"), "\"plain\"");
    check_json(SPAN("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    check_json(SPAN("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    check_json(LIT("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\x7f\"");
    check_json(SPAN("caf\xC3\xA9 \xF0\x9F\x98\x80"), "\"caf\xC3\xA9 \xF0\x9F\x98\x80\"");
    check_json(SPAN("a\xFF"
                    "b"),
        "\"a\xEF\xBF\xBD"
        "b\"");
    check_json(SPAN("\xC3"), "\"\xEF\xBF\xBD\"");
    check_json(SPAN("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}
END_TEST

START_TEST(encodes)
{
    AUTO_BYTES bytes = {0};
    struct fault fault;
    ck_assert(bytes_append_percent(&bytes, LIT("aZ0-._~ /?&=%\xC3\xA9\0+"), &fault));
    ck_assert_str_eq(bytes.data, "aZ0-._~%20%2F%3F%26%3D%25%C3%A9%00%2B");
    bytes_clear(&bytes);
    ck_assert(bytes_append_hex(&bytes, "\x00\xff\x0a", 3, &fault));
    ck_assert_str_eq(bytes.data, "00ff0a");
    bytes_clear(&bytes);
    ck_assert(bytes_format(&bytes, &fault, "%s-%d", "a", 5));
    ck_assert(bytes_format(&bytes, &fault, "%s", ""));
    ck_assert_str_eq(bytes.data, "a-5");
    ck_assert_uint_eq(bytes.length, 3);
}
END_TEST

UNIT_MAIN("bytes", reads_integers, checks_utf8, checks_utf8_exhaustively, compares_spans,
    grows_to_its_limit, writes_json_strings, encodes)
