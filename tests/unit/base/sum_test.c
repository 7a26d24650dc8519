/* SPDX-License-Identifier: Apache-2.0 */
/* Any bit, any length, any place: another sum. And the sums that are stored stay what they are. */
#include "base/sum.h"

#include <string.h>
#include "unit.h"

#define LONGEST 200

static struct span patterned(char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(i * 37 + 11);
    return (struct span){bytes, length};
}

/* Stored sums are compared with these for ever: a change here breaks every store. */
START_TEST(case_stored_sums_never_change)
{
    static const struct {
        size_t length;
        uint64_t sum;
    } known[] = {{0, UINT64_C(0x04f9636f1ccd0b74)}, {1, UINT64_C(0x763e4bbb333a9cd9)},
        {8, UINT64_C(0x34c04b808001e94d)}, {31, UINT64_C(0x73719a932c03ffdf)},
        {32, UINT64_C(0x031179ac7f28baa7)}, {33, UINT64_C(0xad425fec5bd49c7b)},
        {200, UINT64_C(0xa3c4bfc9536c7772)}};
    char bytes[LONGEST];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        ck_assert_uint_eq(sum_bytes(7, patterned(bytes, known[i].length)), known[i].sum);
    ck_assert_uint_eq(sum_integer(7, 0), UINT64_C(0xfbe8a76384bfb468));
    ck_assert_uint_eq(sum_integer(7, -1), UINT64_C(0x848754a30733420c));
}
END_TEST

static void flip(char *bytes, size_t bit)
{
    bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
}

START_TEST(case_every_bit_counts)
{
    char bytes[LONGEST];
    for (size_t length = 1; length <= LONGEST; length++) {
        uint64_t before = sum_bytes(1, patterned(bytes, length));
        for (size_t bit = 0; bit < 8 * length; bit++) {
            flip(bytes, bit);
            ck_assert_uint_ne(sum_bytes(1, (struct span){bytes, length}), before);
            flip(bytes, bit);
        }
    }
    uint64_t none = sum_integer(1, 0);
    for (int bit = 0; bit < 64; bit++)
        ck_assert_uint_ne(sum_integer(1, (int64_t)(UINT64_C(1) << bit)), none);
}
END_TEST

START_TEST(case_every_length_and_place_counts)
{
    static const char zeros[LONGEST] = {0};
    uint64_t sums[2 * (LONGEST + 1)];
    for (size_t length = 0; length <= LONGEST; length++)
        for (size_t seed = 0; seed < 2; seed++)
            sums[2 * length + seed] = sum_bytes(seed, (struct span){zeros, length});
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
        for (size_t other = 0; other < i; other++)
            ck_assert_uint_ne(sums[i], sums[other]);
    ck_assert_uint_ne(sum_integer(1, 5), sum_integer(2, 5));
}
END_TEST

/* Words that change places: what adding words up would not see. */
START_TEST(case_the_order_counts)
{
    char bytes[LONGEST], other[LONGEST];
    uint64_t before = sum_bytes(1, patterned(bytes, LONGEST));
    for (size_t from = 0; from + 8 <= LONGEST; from += 8)
        for (size_t to = 0; to < from; to += 8) {
            (void)memcpy(other, bytes, LONGEST);
            (void)memcpy(other + from, bytes + to, 8);
            (void)memcpy(other + to, bytes + from, 8);
            ck_assert_uint_ne(sum_bytes(1, (struct span){other, LONGEST}), before);
        }
}
END_TEST

START_TEST(case_nothing_is_not_read)
{
    ck_assert_uint_eq(sum_bytes(3, (struct span){NULL, 0}), sum_bytes(3, SPAN("")));
}
END_TEST

UNIT_MAIN("sum", case_stored_sums_never_change, case_every_bit_counts,
    case_every_length_and_place_counts, case_the_order_counts, case_nothing_is_not_read)
