/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow keep what is in them, and end somewhere. */
#include "base/memory.h"

#include "unit.h"

START_TEST(grows_by_doubling)
{
    int *array = NULL;
    size_t capacity = 0, moves = 0;
    for (int i = 0; i < 1000; i++) {
        size_t before = capacity;
        int *grown = memory_grow(array, (size_t)i, &capacity, sizeof *grown);
        ck_assert_ptr_nonnull(grown);
        ck_assert_uint_gt(capacity, (size_t)i);
        ck_assert(capacity == before ? grown == array : (size_t)i == before);
        moves += capacity != before;
        array = grown;
        array[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(array[i], i);
    ck_assert_uint_eq(moves, 5); /* 64 to 1024 */
    memory_free(array);
}
END_TEST

START_TEST(leaves_what_cannot_grow)
{
    char here[1];
    size_t capacity = MEMORY_ARRAY_MAX / 2 + 1;
    ck_assert_ptr_null(memory_grow(here, capacity, &capacity, 1));
    ck_assert_uint_eq(capacity, MEMORY_ARRAY_MAX / 2 + 1);
    ck_assert_ptr_eq(memory_grow(here, capacity - 1, &capacity, 1), here);
    capacity = 0;
    ck_assert_ptr_null(memory_grow(NULL, 0, &capacity, MEMORY_ARRAY_MAX));
    ck_assert_uint_eq(capacity, 0);
}
END_TEST

UNIT_MAIN("memory", grows_by_doubling, leaves_what_cannot_grow)
