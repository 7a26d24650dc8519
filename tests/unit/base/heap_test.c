/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines leave in order, whatever was set, moved and removed before. */
#include "base/heap.h"

#include "base/random.h"
#include "unit.h"

START_TEST(gives_the_earliest)
{
    struct heap heap = {0};
    struct fault fault;
    ck_assert_ptr_null(heap_first(&heap));
    heap_remove(&heap, 1);
    ck_assert(heap_set(&heap, 30, 3, &fault) && heap_set(&heap, 10, 1, &fault) &&
              heap_set(&heap, 20, 2, &fault));
    ck_assert_uint_eq(heap_first(&heap)->token, 1);
    ck_assert(heap_set(&heap, 40, 1, &fault)); /* moved, not added */
    ck_assert_uint_eq(heap.count, 3);
    ck_assert_uint_eq(heap_first(&heap)->token, 2);
    ck_assert(heap_set(&heap, INT64_MIN, 3, &fault));
    ck_assert_uint_eq(heap_first(&heap)->token, 3);
    heap_remove(&heap, 3);
    heap_remove(&heap, 3);
    ck_assert_uint_eq(heap.count, 2);
    heap_free(&heap);
    heap_free(&heap);
}
END_TEST

START_TEST(orders_equal_deadlines_by_token)
{
    struct heap heap = {0};
    struct fault fault;
    for (uint64_t token = 50; token > 0; token--)
        ck_assert(heap_set(&heap, 7, token * 37 % 53, &fault));
    uint64_t before = 0;
    while (heap_first(&heap)) {
        uint64_t token = heap_first(&heap)->token;
        ck_assert_uint_gt(token, before);
        before = token;
        heap_remove(&heap, token);
    }
    heap_free(&heap);
}
END_TEST

#define TOKENS 64

/* Against a table that is searched from end to end, over random sets, moves and removals. */
START_TEST(agrees_with_a_table)
{
    struct heap heap = {0};
    struct fault fault;
    int64_t deadlines[TOKENS];
    bool there[TOKENS] = {false};
    struct random random = random_seeded(20260131);
    for (int step = 0; step < 20000; step++) {
        uint64_t token = random_below(&random, TOKENS);
        if (random_below(&random, 3) > 0) {
            deadlines[token] = (int64_t)random_below(&random, 40) - 20;
            there[token] = true;
            ck_assert(heap_set(&heap, deadlines[token], token, &fault));
        } else {
            there[token] = false;
            heap_remove(&heap, token);
        }
        int first = -1;
        size_t count = 0;
        for (int i = 0; i < TOKENS; i++) {
            count += there[i];
            if (there[i] && (first < 0 || deadlines[i] < deadlines[first]))
                first = i;
        }
        ck_assert_uint_eq(heap.count, count);
        ck_assert_int_eq(heap_first(&heap) != NULL, first >= 0);
        if (first >= 0) {
            ck_assert_uint_eq(heap_first(&heap)->token, (uint64_t)first);
            ck_assert_int_eq(heap_first(&heap)->deadline_ms, deadlines[first]);
        }
    }
    heap_free(&heap);
}
END_TEST

START_TEST(room_that_was_reserved_stays)
{
    struct heap heap = {0};
    struct fault fault;
    ck_assert(heap_reserve(&heap, 40, &fault));
    const struct heap_entry *entries = heap.entries;
    for (uint64_t token = 0; token < 40; token++)
        ck_assert(heap_set(&heap, (int64_t)token, token, &fault));
    ck_assert_ptr_eq(heap.entries, entries);
    ck_assert(heap_reserve(&heap, 10, &fault)); /* no less than there is */
    ck_assert_uint_eq(heap.count, 40);
    ck_assert_uint_ge(heap.capacity, 40);
    heap_free(&heap);
}
END_TEST

UNIT_MAIN("heap", gives_the_earliest, orders_equal_deadlines_by_token, agrees_with_a_table,
    room_that_was_reserved_stays)
