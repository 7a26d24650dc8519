/* SPDX-License-Identifier: Apache-2.0 */
/* The seeded generator: repeatable, within bounds, even. */
#include "base/random.h"

#include <stdbool.h>
#include "unit.h"

START_TEST(repeats_from_its_seed)
{
    struct random a = random_seeded(7), b = random_seeded(7), c = random_seeded(8);
    bool differs = false;
    for (int i = 0; i < 100; i++) {
        uint64_t value = random_next(&a);
        ck_assert_uint_eq(value, random_next(&b));
        differs |= value != random_next(&c);
    }
    ck_assert(differs);
    struct random zero = random_seeded(0);
    ck_assert_uint_ne(zero.state[0] | zero.state[1] | zero.state[2] | zero.state[3], 0);
}
END_TEST

/* The reference implementation's first outputs from the state 1, 2, 3, 4 (Blackman and Vigna,
 * xoshiro256starstar.c). */
START_TEST(matches_the_reference)
{
    static const uint64_t wanted[] = {11520, 0, 1509978240, 1215971899390074240u};
    struct random random = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        ck_assert_uint_eq(random_next(&random), wanted[i]);
}
END_TEST

START_TEST(stays_below_its_bound)
{
    static const uint64_t bounds[] = {
        1, 2, 3, 10, 1000, UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1, UINT64_MAX};
    struct random random = random_seeded(1);
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        for (int j = 0; j < 1000; j++)
            ck_assert_uint_lt(random_below(&random, bounds[i]), bounds[i]);
}
END_TEST

START_TEST(is_even)
{
    enum { BOUND = 10, DRAWS = 100000 };
    int counts[BOUND] = {0};
    struct random random = random_seeded(2);
    for (int i = 0; i < DRAWS; i++)
        counts[random_below(&random, BOUND)]++;
    for (int i = 0; i < BOUND; i++) { /* five standard deviations; the seed is fixed */
        ck_assert_int_gt(counts[i], DRAWS / BOUND - 475);
        ck_assert_int_lt(counts[i], DRAWS / BOUND + 475);
    }
}
END_TEST

START_TEST(differs_from_the_system)
{
    struct random a = random_from_system(), b = random_from_system();
    ck_assert_uint_ne(random_next(&a), random_next(&b));
}
END_TEST

UNIT_MAIN("random", repeats_from_its_seed, matches_the_reference, stays_below_its_bound, is_even,
    differs_from_the_system)
