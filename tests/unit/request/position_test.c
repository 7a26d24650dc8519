/* SPDX-License-Identifier: Apache-2.0 */
/* Positions survive the trip to a checkpoint and back, whatever a cursor holds; nothing else is
 * taken for one. */
#include "request/position.h"

#include <string.h>
#include "base/random.h"
#include "unit.h"

static void check_trip(const struct position *position)
{
    AUTO_ARENA *arena = arena_create(0);
    AUTO_BYTES text = {0};
    struct position back;
    struct fault fault;
    ck_assert_msg(position_encode(position, &text, &fault), "%s", fault.text);
    ck_assert_ptr_null(memchr(text.data, '\n', text.length));
    ck_assert_msg(position_decode(bytes_span(&text), arena, &back, &fault), "%s", text.data);
    ck_assert_int_eq(back.page, position->page);
    ck_assert_int_eq(back.received, position->received);
    ck_assert_int_eq(back.number, position->number);
    ck_assert_int_eq(back.total_plus_one, position->total_plus_one);
    ck_assert_int_eq(back.token.data != NULL, position->token.data != NULL);
    ck_assert(span_equal(back.token, position->token));
}

START_TEST(every_position_comes_back)
{
    struct random random = random_seeded(1);
    check_trip(&(struct position){0});
    check_trip(&(struct position){.token = SPAN("")}); /* empty is not the same as none */
    check_trip(&(struct position){INT64_MAX, INT64_MAX, INT64_MIN, INT64_MAX, SPAN("-")});
    check_trip(&(struct position){1, 2, 3, 4, SPAN("https://a/b?c=d e%20f\r\n\0g")});
    for (int i = 0; i < 300; i++) {
        char token[200];
        size_t length = random_below(&random, sizeof token);
        for (size_t j = 0; j < length; j++)
            token[j] = (char)random_next(&random);
        check_trip(&(struct position){(int64_t)random_below(&random, 1000),
            (int64_t)random_below(&random, 100000), (int64_t)random_next(&random),
            (int64_t)random_below(&random, 100), {token, length}});
    }
}
END_TEST

START_TEST(nothing_else_is_a_position)
{
    static const char *const bad[] = {"", "p1", "p1 0 0 0 0", "p1 0 0 0 0 ", "p2 0 0 0 0 -",
        "p1 -1 0 0 0 -", "p1 0 -1 0 0 -", "p1 0 0 0 -1 -", "p1 00 0 0 0 -", "p1 0 0 0 0 -x",
        "p1 0 0 0 0 x", "p1 0 0 0 0 =a b", "p1 0 0 0 0 =%", "p1 0 0 0 0 =%4", "p1 0 0 0 0 =%zz",
        "p1 0 0 0 0 =%41", "p1 0 0 0 0 =%2f", "p1 0 0 0 0 =/", " p1 0 0 0 0 -", "p1 0 0 0 0 -\n",
        "p1  0 0 0 0 -", "p1 0 0 0 0 - -", "p1 9223372036854775808 0 0 0 -", "p1 +1 0 0 0 -"};
    AUTO_ARENA *arena = arena_create(0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct position position = {.page = 77};
        struct fault fault = {0};
        ck_assert_msg(!position_decode(span_of(bad[i]), arena, &position, &fault), "%s", bad[i]);
        ck_assert_int_eq(fault.code, FAULT_SYNTAX);
        ck_assert_int_eq(position.page, 77);
    }
}
END_TEST

START_TEST(a_cursor_beyond_the_bound_is_refused)
{
    static char token[POSITION_TEXT_MAX];
    struct position position = {.token = {token, sizeof token}};
    AUTO_BYTES text = {0};
    struct fault fault;
    (void)memset(token, 'a', sizeof token);
    ck_assert(!position_encode(&position, &text, &fault));
    ck_assert_int_eq(fault.code, FAULT_LIMIT);
    ck_assert_uint_eq(text.length, 0);
}
END_TEST

UNIT_MAIN("position", every_position_comes_back, nothing_else_is_a_position,
    a_cursor_beyond_the_bound_is_refused)
