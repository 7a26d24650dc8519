/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a checkpoint: everything goes in and comes out, and nothing but what was written is
 * taken. */
#include "../../../host/engine/machine.h"
#include <stdio.h>
#include <string.h>
#include "unit.h"

static struct scope sample(struct arena *arena)
{
    struct scope scope = {.arena = arena,
        .at = {.page = 3,
            .received = 21,
            .number = -4,
            .total_plus_one = 9,
            .token = SPAN("a|b c%\n=")},
        .token = {.limit = POSITION_TEXT_MAX},
        .total = 20,
        .total_exact = true,
        .total_moved = true,
        .marks = PAGE_MARK_UNFRAMED | PAGE_MARK_EMPTY,
        .restarts = 1,
        .trail = {.tortoise = {{1, 2, 0xFF, 0, 5}},
            .steps = 3,
            .power = 8,
            .bytes = INT64_MAX,
            .full = true},
        .guards = {.ids_hash = UINT64_MAX,
            .barren = 7,
            .first_id = 11,
            .last_id = UINT64_MAX - 1,
            .ids_sum = 13,
            .slippery = true},
        .pass_from = 14,
        .twice = true,
        .before_from = 15,
        .sum_before = UINT64_MAX - 2,
        .earlier = {.received = 1, .dead = 2, .conflicts = 3, .unreadable = 4}};
    return scope;
}

static struct scope again(
    const struct scope *scope, enum checkpoint_state state, enum checkpoint_state *ret_state)
{
    struct scope back = {.arena = scope->arena, .token = {.limit = POSITION_TEXT_MAX}};
    struct span text;
    struct fault fault;
    ck_assert_msg(
        checkpoint_encode(scope, state, &scope->at, scope->arena, &text, &fault), "%s", fault.text);
    ck_assert_msg(checkpoint_decode(&back, text, ret_state, &fault), "%s: %.*s", fault.text,
        SPAN_FORMAT(text));
    return back;
}

START_TEST(everything_comes_back)
{
    AUTO_ARENA *arena = arena_create(0);
    struct scope scope = sample(arena);
    enum checkpoint_state state;
    struct scope back = again(&scope, CHECKPOINT_GOES_ON, &state);
    ck_assert_int_eq(state, CHECKPOINT_GOES_ON);
    ck_assert_int_eq(back.at.page, 3);
    ck_assert_int_eq(back.trail.pages, 3);
    ck_assert_int_eq(back.at.received, 21);
    ck_assert_int_eq(back.at.number, -4);
    ck_assert_int_eq(back.at.total_plus_one, 9);
    ck_assert(span_equal(back.at.token, scope.at.token));
    ck_assert_int_eq(back.total, 20);
    ck_assert(back.total_exact && back.total_moved && !back.failed);
    ck_assert_uint_eq(back.marks, scope.marks);
    ck_assert_uint_eq(back.restarts, 1);
    ck_assert(hash128_equal(back.trail.tortoise, scope.trail.tortoise));
    ck_assert_uint_eq(back.trail.steps, 3);
    ck_assert_uint_eq(back.trail.power, 8);
    ck_assert_uint_eq(back.guards.ids_hash, UINT64_MAX);
    ck_assert_int_eq(back.guards.barren, 7);
    ck_assert_uint_eq(back.guards.first_id, 11);
    ck_assert_uint_eq(back.guards.last_id, UINT64_MAX - 1);
    ck_assert_uint_eq(back.guards.ids_sum, 13);
    ck_assert(back.guards.slippery && back.guards.strange && back.twice && back.ahead.full);
    ck_assert_int_eq(back.pass_from, 14);
    ck_assert_int_eq(back.before_from, 15);
    ck_assert_uint_eq(back.sum_before, UINT64_MAX - 2);
    ck_assert_int_eq(back.trail.bytes, INT64_MAX);
    ck_assert_int_eq(back.ahead.bytes, INT64_MAX);
    ck_assert_int_eq(back.ahead.pages, 3);
    ck_assert_int_eq(back.earlier.received, 1);
    ck_assert_int_eq(back.earlier.dead, 2);
    ck_assert_int_eq(back.earlier.conflicts, 3);
    ck_assert_int_eq(back.earlier.unreadable, 4);
    ck_assert_str_eq(back.end_signal, "");
    bytes_free(&back.token);
}
END_TEST

START_TEST(an_end_keeps_its_signal_and_a_guard_its_reason)
{
    AUTO_ARENA *arena = arena_create(0);
    struct scope scope = sample(arena);
    enum checkpoint_state state;
    (void)snprintf(scope.end_signal, sizeof scope.end_signal, "total pages");
    struct scope back = again(&scope, CHECKPOINT_OVER, &state);
    ck_assert_int_eq(state, CHECKPOINT_OVER);
    ck_assert_str_eq(back.end_signal, "total pages");
    ck_assert(!back.failed && back.reason[0] == '\0');
    bytes_free(&back.token);
    (void)snprintf(scope.reason, sizeof scope.reason, "page 3: a|b  c");
    back = again(&scope, CHECKPOINT_FAILED, &state);
    ck_assert_int_eq(state, CHECKPOINT_FAILED);
    ck_assert(back.failed);
    ck_assert_str_eq(back.reason, "page 3: a/b  c");
    bytes_free(&back.token);
    for (size_t i = 0; i < sizeof scope.reason - 1; i++) /* the longest there can be */
        scope.reason[i] = 'x';
    scope.reason[sizeof scope.reason - 1] = '\0';
    back = again(&scope, CHECKPOINT_FAILED, &state);
    ck_assert_str_eq(back.reason, scope.reason);
    bytes_free(&back.token);
}
END_TEST

START_TEST(a_cursor_of_any_length_fits)
{
    AUTO_ARENA *arena = arena_create(0);
    struct scope scope = sample(arena);
    enum checkpoint_state state;
    char token[5400]; /* three bytes each in the checkpoint */
    for (size_t i = 0; i < sizeof token; i++)
        token[i] = (char)(i % 200 + 1);
    scope.at.token = (struct span){token, 5400};
    struct scope back = again(&scope, CHECKPOINT_GOES_ON, &state);
    ck_assert(span_equal(back.at.token, scope.at.token));
    bytes_free(&back.token);
}
END_TEST

START_TEST(a_cut_or_bent_text_is_refused)
{
    AUTO_ARENA *arena = arena_create(0);
    struct scope scope = sample(arena);
    enum checkpoint_state state = CHECKPOINT_OVER;
    struct span text;
    struct fault fault;
    static const char *const bent[] = {"", "|", "go|p1 0 0 0 0 -", "go 1 1 0 0 0 0|p1 0 0 0 0 -",
        "went 20 1 1 0 0 0 0 0 0 0 0 1 0 0 0 0 -|p1 0 0 0 0 -",
        "go 20 1 1 0 0 0 0 0 0 g 0 1 0 0 0 0 -|p1 0 0 0 0 -",
        "go 20 1 1 0 0 0 0 0 0 0 1 0 0 0 0 -|p1 0 0 0 0 -"};
    for (size_t i = 0; i < sizeof bent / sizeof bent[0]; i++) {
        struct scope back = {.arena = arena, .token = {.limit = POSITION_TEXT_MAX}};
        ck_assert_msg(!checkpoint_decode(&back, span_of(bent[i]), &state, &fault), "%s", bent[i]);
        ck_assert_int_eq(fault.code, FAULT_SYNTAX);
    }
    ck_assert(checkpoint_encode(&scope, CHECKPOINT_GOES_ON, &scope.at, arena, &text, &fault));
    for (size_t length = 0; length < text.length;
         length++) { /* cut short; its token is the last, and may be shorter */
        struct scope back = {.arena = arena, .token = {.limit = POSITION_TEXT_MAX}};
        struct span cut = {text.data, length};
        bool read = checkpoint_decode(&back, cut, &state, &fault);
        ck_assert(!read || memchr(cut.data, '=', length) != NULL);
        bytes_free(&back.token);
    }
}
END_TEST

/* The hash among the numbers: as long as it is written, of lower case hexadecimal digits. */
START_TEST(a_bent_hash_is_refused)
{
    AUTO_ARENA *arena = arena_create(0);
    struct scope scope = sample(arena);
    enum checkpoint_state state;
    struct span text;
    struct fault fault;
    static const char bent[] = {'/', ':', 'F', '`', 'g', ' '};
    ck_assert(checkpoint_encode(&scope, CHECKPOINT_GOES_ON, &scope.at, arena, &text, &fault));
    const char *hash = memmem(text.data, text.length, " 0102ff0005", 11);
    ck_assert_ptr_nonnull(hash);
    for (size_t at = 1; at <= 2; at++)
        for (size_t i = 0; i < sizeof bent; i++) {
            struct scope back = {.arena = arena, .token = {.limit = POSITION_TEXT_MAX}};
            struct span copy = arena_copy(arena, text);
            char *bend = arena_allocate(arena, copy.length);
            (void)memcpy(bend, copy.data, copy.length);
            bend[(size_t)(hash - text.data) + at] = bent[i];
            ck_assert_msg(
                !checkpoint_decode(&back, (struct span){bend, copy.length}, &state, &fault),
                "'%c' at %zu", bent[i], at);
            ck_assert_int_eq(fault.code, FAULT_SYNTAX);
        }
}
END_TEST

UNIT_MAIN("checkpoint", everything_comes_back, an_end_keeps_its_signal_and_a_guard_its_reason,
    a_cursor_of_any_length_fits, a_cut_or_bent_text_is_refused, a_bent_hash_is_refused)
