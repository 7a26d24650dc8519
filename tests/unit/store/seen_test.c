/* SPDX-License-Identifier: Apache-2.0 */
/* Seen sets: what goes into the ledger comes out again, damaged blobs are noticed, and memory is
 * bounded. */
#include "unit.h"
#include <string.h>
#include "../../../host/store/seen.h"

START_TEST(case_round_trip)
{
    struct seen seen = {.scope_run = 1}, again = {.scope_run = 1};
    struct seen_addition addition = {NULL};
    struct fault fault;
    AUTO_BYTES blob = {.limit = 0};
    bool fresh;
    for (int64_t key = 1; key < 100000; key += 37)
        ck_assert_int_eq(
            seen_object(&seen, &addition, (key * 7919) % 100003 + 1, key % 2 == 0, &fault),
            SEEN_NEW);
    ck_assert_int_eq(seen_object(&seen, &addition, 7920, true, &fault), SEEN_OTHER);
    ck_assert_int_eq(seen_object(&seen, &addition, 7920, true, &fault), SEEN_OWN);
    ck_assert_int_eq(seen_object(&seen, &addition, 7920, false, &fault), SEEN_OWN);
    ck_assert(seen_id(&seen, &addition, 0, &fresh, &fault) && fresh);
    ck_assert(seen_id(&seen, &addition, 0, &fresh, &fault) && !fresh);
    ck_assert(seen_id(&seen, &addition, UINT64_MAX, &fresh, &fault) && fresh);
    size_t count = addition.own_count + addition.other_count + addition.id_count;
    ck_assert(seen_encode(&addition, &blob, &fault));
    int64_t counted;
    ck_assert(seen_count(bytes_span(&blob), &counted));
    ck_assert_int_eq(counted, (int64_t)count);
    ck_assert_msg(seen_decode(&again, bytes_span(&blob), &fault), "%s", fault.text);
    ck_assert_int_eq(seen_distinct(&again), seen_distinct(&seen));
    for (int64_t key = 1; key < 110000; key++)
        ck_assert_int_eq(seen_has(&again, key), seen_has(&seen, key));
    ck_assert(seen_has_id(&again, 0) && seen_has_id(&again, UINT64_MAX) && !seen_has_id(&again, 5));
    seen_clear(&seen);
    seen_clear(&again);
    seen_addition_free(&addition);
}
END_TEST

START_TEST(case_damaged_blobs_are_refused)
{
    static const struct span damaged[] = {SPAN(""), SPAN("\x01"), SPAN("\x01\x00\x00\x00"),
        SPAN("\x00\x00\x01"), SPAN("\x00\x00\x00tail"),
        SPAN("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"),
        SPAN("\x02\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x00\x00")};
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        struct seen seen = {.scope_run = 1};
        struct fault fault;
        int64_t count;
        ck_assert_msg(!seen_decode(&seen, damaged[i], &fault), "blob %zu", i);
        ck_assert_int_eq(fault.code, FAULT_STORE_CORRUPT);
        ck_assert(!seen_count(damaged[i], &count));
        seen_clear(&seen);
    }
}
END_TEST

START_TEST(case_neighbours_cost_a_byte)
{
    struct seen seen = {.scope_run = 1};
    struct seen_addition addition = {NULL};
    struct fault fault;
    AUTO_BYTES blob = {.limit = 0};
    for (int64_t key = 1000000; key < 1000200; key++)
        ck_assert_int_eq(seen_object(&seen, &addition, key, true, &fault), SEEN_NEW);
    ck_assert(seen_encode(&addition, &blob, &fault));
    ck_assert_uint_lt(blob.length, 210);
    seen_clear(&seen);
    seen_addition_free(&addition);
}
END_TEST

START_TEST(case_the_cache_is_bounded_and_forgets_what_failed)
{
    struct seen_cache cache = {.count = 0};
    struct seen *seen;
    struct fault fault;
    bool fresh;
    for (int64_t run = 1; run <= 400; run++) {
        ck_assert(seen_cache_get(&cache, run, &seen, &fresh, &fault));
        ck_assert(fresh);
        ck_assert_int_eq(seen_object(seen, NULL, run, true, &fault), SEEN_NEW);
    }
    ck_assert_uint_eq(cache.count, SEEN_OPEN_MAX);
    seen_cache_settle(&cache, true);
    ck_assert(seen_cache_get(&cache, 400, &seen, &fresh, &fault) && !fresh);
    ck_assert_int_eq(seen_object(seen, NULL, 9, true, &fault), SEEN_NEW);
    seen_cache_settle(&cache, false);
    ck_assert(seen_cache_get(&cache, 399, &seen, &fresh, &fault) && !fresh);
    ck_assert(seen_cache_get(&cache, 400, &seen, &fresh, &fault) && fresh);
    seen_cache_drop(&cache, 400);
    for (int64_t key = 1; key < 4096 * 9000; key += 4096)
        ck_assert_int_ne(seen_object(cache.sets[0], NULL, key, true, &fault), SEEN_FAILED);
    seen_cache_trim(&cache);
    ck_assert_uint_eq(cache.count, 1); /* one may be larger than the limit */
    seen_cache_free(&cache);
}
END_TEST

UNIT_MAIN("seen", case_round_trip, case_damaged_blobs_are_refused, case_neighbours_cost_a_byte,
    case_the_cache_is_bounded_and_forgets_what_failed)
