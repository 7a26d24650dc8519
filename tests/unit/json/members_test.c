/* SPDX-License-Identifier: Apache-2.0 */
/* Many names and colliding names (fault 54): every duplicate is found, and the work stays near n
 * log n. Work is counted where calls can be wrapped (extra.cmake): comparisons of names, with and
 * without escapes, and keyed hashes. */
#include "json/gate.h"

#include "base/hash.h"
#include "gated.h"

#define MANY        60000u
#define MANY_LOG    16u /* the binary logarithm of MANY, rounded up */
#define WORK_FACTOR 1u  /* generous: a search by hash needs some four a name */

static size_t work;

#ifdef UNIT_WRAPPED
bool __real_span_equal(struct span a, struct span b);
bool __wrap_span_equal(struct span a, struct span b);
bool __real_text_equal(struct span body, struct span plain);
bool __wrap_text_equal(struct span body, struct span plain);
uint64_t __real_hash_keyed64(const struct hash_key *key, struct span data);
uint64_t __wrap_hash_keyed64(const struct hash_key *key, struct span data);

bool __wrap_span_equal(struct span a, struct span b)
{
    work++;
    return __real_span_equal(a, b);
}

bool __wrap_text_equal(struct span body, struct span plain)
{
    work++;
    return __real_text_equal(body, plain);
}

uint64_t __wrap_hash_keyed64(const struct hash_key *key, struct span data)
{
    work++;
    return __real_hash_keyed64(key, data);
}
#endif

/* A name that a cheap hash, a comparison of beginnings, or one of ends would hold for each of the
 * others. */
static void put_name(struct bytes *text, size_t number, const char *before, const char *after)
{
    put_format(text, "\"%s%05zu%s\":0", before, number, after);
}

static const struct {
    const char *before, *after;
} forms[] = {
    {"", ""},
    {"the same beginning of all names ", ""},
    {"", " the same end of all names"},
    {"\\u0061\\u0062\\u0063\\u0064\\u0065\\u0066\\u0067", ""},
    {"AaBBAaBB", "BBAaBBAa"},
};

static void put_object(struct bytes *text, size_t form, size_t count, bool backwards)
{
    put(text, "{");
    for (size_t i = 0; i < count; i++) {
        put(text, i ? "," : "");
        put_name(text, backwards ? count - 1 - i : i, forms[form].before, forms[form].after);
    }
    put(text, "}");
}

START_TEST(many_names_stay_quick)
{
    for (size_t form = 0; form < COUNT(forms); form++)
        for (int backwards = 0; backwards < 2; backwards++) {
            AUTO_BYTES text = {0};
            put(&text, "[");
            put_object(&text, form, MANY, backwards);
            put(&text, "]");
            work = 0;
            AUTO_GATED it = gated(bytes_span(&text), "", false);
            ck_assert_msg(it.ok, "%s", it.fault.text);
            ck_assert_ptr_null(it.page.item[0].why);
            ck_assert_msg(work <= (size_t)WORK_FACTOR * MANY * MANY_LOG, "%zu comparisons", work);
#ifdef UNIT_WRAPPED
            ck_assert_uint_ge(work, MANY); /* else nothing is counted */
#endif
        }
}
END_TEST

/* Many objects just too small for the search by hash must not be the dearer choice. */
START_TEST(many_small_objects_stay_quick)
{
    static const size_t sizes[] = {2, 8, 16, 63, 64, 65, 128};
    for (size_t size = 0; size < COUNT(sizes); size++) {
        AUTO_BYTES text = {0};
        size_t members = sizes[size], objects = MANY / members;
        put(&text, "[0");
        for (size_t i = 0; i < objects; i++) {
            put(&text, ",");
            put_object(&text, 4, members, i % 2);
        }
        put(&text, "]");
        work = 0;
        AUTO_GATED it = gated(bytes_span(&text), "", false);
        ck_assert_msg(it.ok, "%s", it.fault.text);
        ck_assert_msg(
            work <= (size_t)WORK_FACTOR * MANY * MANY_LOG, "%zu with %zu members", work, members);
    }
}
END_TEST

/* Any pair of places, on both sides of the count from which names are searched by hash. */
START_TEST(finds_every_duplicate)
{
    for (size_t count = 2; count <= 70; count += count < 60 ? 7 : 1)
        for (size_t first = 0; first < count; first++)
            for (size_t second = first + 1; second < count; second++) {
                AUTO_BYTES text = {0};
                size_t at = 0;
                put(&text, "[{");
                for (size_t i = 0; i < count; i++) {
                    put(&text, i ? "," : "");
                    at = i == second ? text.length : at;
                    put_name(&text, i == second ? first : i, "AaBB", "");
                }
                put(&text, "}]");
                AUTO_GATED it = gated(bytes_span(&text), "", false);
                if (!it.ok || !it.page.item[0].why || it.page.item[0].why_offset != at)
                    ck_abort_msg("%s", text.data);
            }
}
END_TEST

/* Of several, the one that ends first in the text; of three alike, the second. */
START_TEST(names_the_first_duplicate)
{
    static const size_t sizes[] = {10, 63, 64, 65, 1000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        AUTO_BYTES text = {0};
        put(&text, "[{");
        for (size_t name = 0; name < sizes[i]; name++) {
            put_name(&text, name, "", "");
            put(&text, ",");
        }
        size_t at = text.length;
        for (size_t again = 0; again < 3; again++) {
            put_name(&text, 7, "", "");
            put(&text, ",");
            put_name(&text, 3, "", "");
            put(&text, again < 2 ? "," : "}]");
        }
        AUTO_GATED it = gated(bytes_span(&text), "", false);
        ck_assert_msg(it.ok, "%s", it.fault.text);
        ck_assert(it.page.item[0].why != NULL);
        ck_assert_uint_eq(it.page.item[0].why_offset, at);
    }
}
END_TEST

/* Names that share length and beginning, and names whose lengths agree in their last eight bits. */
START_TEST(tells_similar_names_apart)
{
    AUTO_BYTES text = {0};
    put(&text, "[{\"");
    put_times(&text, "a", 7);
    put(&text, "\":0,\"");
    put_times(&text, "a", 7 + 256);
    put(&text, "\":0,\"");
    put_times(&text, "a", 7 + 512);
    put(&text, "\":0,\"aaaaaaab\":0,\"aaaaaaac\":0,\"\":0,\"\\u0001\":0,\"\\u0001\\u0001\":0}]");
    AUTO_GATED it = gated(bytes_span(&text), "", false);
    ck_assert_msg(it.ok, "%s", it.fault.text);
    ck_assert_msg(!it.page.item[0].why, "%s", it.page.item[0].why);
}
END_TEST

/* Short names differ in few bits; under a key that has few bits itself they must not all look
 * alike. */
START_TEST(keys_of_few_bits_spread_names)
{
    static const struct hash_key keys[] = {{{0}}, {{1}}, {{[8] = 1}}, {{[15] = 0x80}}};
    AUTO_BYTES text = {0};
    put(&text, "{");
    for (size_t i = 0; i < 64; i++)
        put_format(&text, "%s\"%02zx\":0", i ? "," : "", i);
    put(&text, "}");
    for (size_t i = 0; i < COUNT(keys); i++) {
        const struct json_gate_options options = {.key = keys[i]};
        struct arena *arena = arena_create(0);
        struct json_page page;
        struct fault fault;
        work = 0;
        ck_assert(json_gate(bytes_span(&text), &options, arena, &page, &fault));
        ck_assert_msg(work <= 4, "%zu comparisons under key %zu", work, i);
        arena_free(arena);
    }
}
END_TEST

UNIT_MAIN("json.members", keys_of_few_bits_spread_names, many_names_stay_quick,
    many_small_objects_stay_quick, finds_every_duplicate, names_the_first_duplicate,
    tells_similar_names_apart)
