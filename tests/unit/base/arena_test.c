/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: zeroed, aligned, bounded, reused. */
#include "base/arena.h"

#include <stdalign.h>
#include <string.h>
#include "base/memory.h"
#include "unit.h"

START_TEST(gives_zeroed_and_aligned_memory)
{
    AUTO_ARENA *arena = arena_create(0);
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *piece = arena_allocate(arena, size);
        ck_assert_ptr_nonnull(piece);
        ck_assert_uint_eq((uintptr_t)piece % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            if (piece[i] != 0)
                ck_abort_msg("byte %zu of %zu is not zero", i, size);
        (void)memset(piece, 0xFF, size);
    }
}
END_TEST

START_TEST(keeps_pieces_apart)
{
    enum { COUNT = 2000 };
    AUTO_ARENA *arena = arena_create(0);
    unsigned char *pieces[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        pieces[i] = arena_allocate(arena, i + 1);
        ck_assert_ptr_nonnull(pieces[i]);
        (void)memset(pieces[i], (int)(i & 0xFF), i + 1);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j <= i; j++)
            if (pieces[i][j] != (i & 0xFF))
                ck_abort_msg("byte %zu of piece %zu was overwritten", j, i);
}
END_TEST

START_TEST(is_zeroed_again_after_reset)
{
    AUTO_ARENA *arena = arena_create(0);
    (void)memset(arena_allocate(arena, 10000), 0xFF, 10000);
    (void)memset(arena_allocate(arena, 500000), 0xFF, 500000);
    size_t before = arena_used(arena);
    arena_reset(arena);
    ck_assert_uint_lt(arena_used(arena), before);
    const unsigned char *piece = arena_allocate(arena, 10000);
    for (size_t i = 0; i < 10000; i++)
        ck_assert_uint_eq(piece[i], 0);
    arena_reset(arena);
    arena_reset(arena);
}
END_TEST

START_TEST(stops_at_its_limit)
{
    AUTO_ARENA *arena = arena_create(1 << 20);
    size_t all = 0;
    while (arena_allocate(arena, 1000))
        all += 1000;
    ck_assert_uint_gt(all, (1 << 20) * 9 / 10);
    ck_assert_uint_le(arena_used(arena), 1 << 20);
    ck_assert_ptr_null(arena_allocate(arena, 1000));
    arena_reset(arena);
    ck_assert_ptr_nonnull(arena_allocate(arena, 1000));
}
END_TEST

START_TEST(serves_a_limit_below_its_usual_block)
{
    AUTO_ARENA *arena = arena_create(4096);
    ck_assert_ptr_nonnull(arena_allocate(arena, 4096));
    ck_assert_ptr_null(arena_allocate(arena, 1));
    arena_reset(arena);
    ck_assert_ptr_nonnull(arena_allocate(arena, 100));
    ck_assert_ptr_nonnull(arena_allocate(arena, 3000));
    ck_assert_ptr_null(arena_allocate(arena, 4097));
}
END_TEST

START_TEST(refuses_absurd_sizes)
{
    AUTO_ARENA *arena = arena_create(SIZE_MAX);
    ck_assert_ptr_null(arena_allocate(arena, SIZE_MAX));
    ck_assert_ptr_null(arena_allocate(arena, SIZE_MAX - 20));
    ck_assert_ptr_null(arena_allocate_array(arena, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(arena_allocate_array(arena, SIZE_MAX, SIZE_MAX));
    ck_assert_ptr_nonnull(arena_allocate_array(arena, 0, 8));
    ck_assert_ptr_nonnull(arena_allocate_array(arena, 8, 0));
}
END_TEST

START_TEST(copies_text)
{
    AUTO_ARENA *arena = arena_create(0);
    char text[] = "a\0b";
    struct span copy = arena_copy(arena, (struct span){text, 3});
    text[0] = 'x';
    ck_assert_mem_eq(copy.data, "a\0b", 4); /* with its NUL */
    ck_assert_uint_eq(copy.length, 3);
    copy = arena_copy(arena, SPAN(""));
    ck_assert_ptr_nonnull(copy.data);
    ck_assert_str_eq(copy.data, "");
    copy = arena_copy(arena, (struct span){NULL, 0});
    ck_assert_ptr_null(copy.data);
    ck_assert_ptr_null(arena_copy_text(arena, NULL));
    ck_assert_str_eq(arena_copy_text(arena, "word"), "word");
    AUTO_ARENA *small = arena_create(64);
    char large[100] = {0};
    ck_assert_ptr_null(arena_copy(small, (struct span){large, 100}).data);
    ck_assert_uint_eq(arena_copy(small, (struct span){large, 100}).length, 0);
    arena_free(NULL);
}
END_TEST

START_TEST(memory_checks_products)
{
    ck_assert_ptr_null(memory_allocate_array(SIZE_MAX / 2, 3));
    char *none = memory_allocate(0);
    ck_assert_ptr_nonnull(none);
    memory_free(none);
    ck_assert_ptr_null(memory_copy_text(NULL));
    AUTO_FREE char *kept = memory_copy_text("x");
    char *taken = TAKE(kept);
    ck_assert_ptr_null(kept);
    ck_assert_str_eq(taken, "x");
    memory_free(taken);
}
END_TEST

UNIT_MAIN("arena", gives_zeroed_and_aligned_memory, keeps_pieces_apart, is_zeroed_again_after_reset,
    stops_at_its_limit, serves_a_limit_below_its_usual_block, refuses_absurd_sizes, copies_text,
    memory_checks_products)
