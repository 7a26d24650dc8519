/* SPDX-License-Identifier: Apache-2.0 */
/* The content hash: equal for texts that say the same, unequal for all others. */
#include "json/value.h"

#include "document.h"
#include "gated.h"

#define DOCUMENTS 3000u
#define DEPTH     5u

static struct hash128 hash_of(const char *text)
{
    AUTO_GATED it = gated(span_of(text), NULL, false);
    ck_assert_msg(it.ok, "%s: %s", text, it.fault.text);
    return json_content_hash(&gated_key, it.page.value);
}

static const char *const same[][2] = {
    {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"},
    {"{\"a\":1,\"b\":2}", " {\r\n\t\"a\" : 1 ,\"b\":2 } "},
    {"[1,2]", "[ 1 , 2 ]"},
    {"{\"a\":{\"x\":[],\"y\":{}}}", "{\"a\":{\"y\":{ },\"x\":[ ]}}"},
    {"[{\"a\":1,\"b\":2},{\"c\":3}]", "[{\"b\":2,\"a\":1},{\"c\":3}]"},
    {"\"\xC3\xA9\"", "\"\\u00e9\""},
    {"\"\\u00E9\"", "\"\\u00e9\""},
    {"\"/\"", "\"\\/\""},
    {"\"\\n\"", "\"\\u000a\""},
    {"\"\\\"\"", "\"\\u0022\""},
    {"\"\\\\\"", "\"\\u005C\""},
    {"\"\xF0\x9F\x98\x80\"", "\"\\ud83d\\uDE00\""},
    {"{\"\\u0061\":1}", "{\"a\":1}"},
    {"{\"a\":\"x\",\"\\u0062\":\"y\"}", "{\"b\":\"\\u0079\",\"\\u0061\":\"x\"}"},
    {"null", " null"},
};

static const char *const different[][2] = {
    {"1", "1.0"},
    {"1", "1e0"},
    {"1e2", "1E2"},
    {"0", "-0"},
    {"1", "\"1\""},
    {"18446744073709551616", "18446744073709551617"},
    {"true", "false"},
    {"true", "\"true\""},
    {"null", "\"null\""},
    {"null", "\"\""},
    {"null", "{}"},
    {"null", "false"},
    {"[]", "{}"},
    {"[]", "[[]]"},
    {"[[],[[]]]", "[[[]],[]]"},
    {"[1,2]", "[2,1]"},
    {"[1]", "[1,1]"},
    {"[1,1]", "[1,1,1]"},
    {"[[1,2],[3]]", "[[1],[2,3]]"},
    {"[[1],[2]]", "[[1,2]]"},
    {"[1]", "1"},
    {"[null]", "[]"},
    {"{\"a\":1}", "{\"b\":1}"},
    {"{\"a\":1}", "{\"a\":null}"},
    {"{\"a\":null}", "{}"},
    {"{\"a\":\"b\"}", "{\"b\":\"a\"}"},
    {"{\"ab\":\"c\"}", "{\"a\":\"bc\"}"},
    {"{\"a\":\"\"}", "{\"\":\"a\"}"},
    {"{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}"},
    {"{\"a\":{\"b\":1},\"c\":{\"d\":1}}", "{\"a\":{\"d\":1},\"c\":{\"b\":1}}"},
    {"{\"a\":{\"b\":1}}", "{\"a\":{},\"b\":1}"},
    {"{\"a\":{\"b\":{}}}", "{\"b\":{\"a\":{}}}"},
    {"{\"0\":\"a\"}", "[\"a\"]"},
    {"[\"a\",\"b\"]", "[\"ab\"]"},
    {"[\"a\",\"b\"]", "[\"a,b\"]"},
    {"\"a\"", "\"A\""},
    {"\"a\"", "\"a \""},
    {"\"\xC3\xA9\"", "\"e\xCC\x81\""}, /* not normalised */
    {"\"\\n\"", "\"\\\\n\""},
    {"\"\\u0041\"", "\"\\\\u0041\""},
    {"\"\xEF\xBF\xBD\"", "\"?\""},
};

START_TEST(says_what_is_the_same)
{
    for (size_t i = 0; i < COUNT(same); i++)
        ck_assert_msg(hash128_equal(hash_of(same[i][0]), hash_of(same[i][1])), "%s and %s",
            same[i][0], same[i][1]);
    for (size_t i = 0; i < COUNT(different); i++)
        ck_assert_msg(!hash128_equal(hash_of(different[i][0]), hash_of(different[i][1])),
            "%s and %s", different[i][0], different[i][1]);
}
END_TEST

START_TEST(depends_on_the_key)
{
    struct hash_key other = gated_key;
    other.bytes[15] ^= 1;
    ck_assert(!hash128_equal(json_content_hash(&gated_key, SPAN("{\"a\":1}")),
        json_content_hash(&other, SPAN("{\"a\":1}"))));
    ck_assert(!hash128_equal(
        json_content_hash(&gated_key, SPAN("[]")), json_content_hash(&other, SPAN("[]"))));
}
END_TEST

/* Names and values around the length up to which they are hashed in one piece: each byte, each
 * length and the border between the two count. */
START_TEST(long_strings_count_to_the_last_byte)
{
    static const size_t lengths[] = {239, 240, 241, 249, 250, 251, 255, 256, 257, 480, 2000};
    for (size_t i = 0; i < COUNT(lengths); i++)
        for (size_t name = 0; name <= 230; name += 115) {
            AUTO_BYTES text = {0};
            put(&text, "{\"");
            put_times(&text, "x", name);
            put(&text, "\":\"");
            put_times(&text, "x", lengths[i] - name);
            put(&text, "\"}");
            struct hash128 whole = hash_of(text.data);
            text.data[text.length - 3] = 'y';
            ck_assert(!hash128_equal(whole, hash_of(text.data)));
            text.data[text.length - 3] = 'x';
            text.data[name + 5] = 'y';
            ck_assert(!hash128_equal(whole, hash_of(text.data)));
            text.data[name + 5] = 'x';
            if (name == 0)
                continue;
            (void)memcpy(text.data + 2 + name - 1, "\":\"x", 4); /* the border one place on */
            ck_assert(!hash128_equal(whole, hash_of(text.data)));
        }
}
END_TEST

START_TEST(any_order_of_many_members)
{
    struct random random = random_seeded(11);
    AUTO_BYTES members = {0};
    size_t order[200];
    struct hash128 first = {{0}};
    for (size_t i = 0; i < COUNT(order); i++)
        order[i] = i;
    for (size_t round = 0; round < 20; round++) {
        bytes_clear(&members);
        for (size_t i = 0; i < COUNT(order); i++)
            put_format(&members, "%s\"n%zu\":[%zu,\"v%zu\"]", i ? "," : "{", order[i], order[i] / 2,
                order[i] / 3);
        put(&members, "}");
        struct hash128 hash = hash_of(members.data);
        ck_assert(round == 0 || hash128_equal(hash, first));
        first = hash;
        for (size_t i = COUNT(order) - 1; i > 0; i--) {
            size_t other = random_below(&random, i + 1), kept = order[i];
            order[i] = order[other];
            order[other] = kept;
        }
    }
}
END_TEST

START_TEST(any_form_of_any_document)
{
    struct random random = random_seeded(20);
    struct arena *arena = arena_create(0);
    for (unsigned i = 0; i < DOCUMENTS; i++) {
        AUTO_BYTES plain = {0}, styled = {0}, edited = {0};
        struct document *document = document_random(&random, DEPTH, arena);
        document_write(document, NULL, &plain);
        document_write(document, &random, &styled);
        struct hash128 hash = hash_of(plain.data);
        ck_assert_msg(
            hash128_equal(hash, hash_of(styled.data)), "%s\nand\n%s", plain.data, styled.data);
        document_edit(document, &random, arena);
        document_write(document, &random, &edited);
        ck_assert_msg(
            !hash128_equal(hash, hash_of(edited.data)), "%s\nand\n%s", plain.data, edited.data);
        arena_reset(arena);
    }
    arena_free(arena);
}
END_TEST

#ifdef UNIT_WRAPPED
static bool out_of_memory;

void *__real_memory_allocate(size_t size);
void *__wrap_memory_allocate(size_t size);
void *__real_memory_resize(void *block, size_t size);
void *__wrap_memory_resize(void *block, size_t size);

void *__wrap_memory_allocate(size_t size)
{
    return out_of_memory ? NULL : __real_memory_allocate(size);
}

void *__wrap_memory_resize(void *block, size_t size)
{
    return out_of_memory ? NULL : __real_memory_resize(block, size);
}

/* A hash cannot say that it failed, so it must not need anything: else a change could be lost. */
START_TEST(needs_no_memory)
{
    static const char *const texts[] = {"{\"a\":\"\\n\"}", "[\"\\u0041\"]",
        "{\"\\ud83d\\ude00\":1}", "\"\\n\"", "{\"a\":[{\"b\":null}]}"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct hash128 with = json_content_hash(&gated_key, span_of(texts[i]));
        out_of_memory = true;
        struct hash128 without = json_content_hash(&gated_key, span_of(texts[i]));
        out_of_memory = false;
        ck_assert_msg(hash128_equal(with, without), "%s", texts[i]);
    }
}
END_TEST
#define WITHOUT_MEMORY , needs_no_memory
#else
#define WITHOUT_MEMORY
#endif

UNIT_MAIN("json.content", says_what_is_the_same, depends_on_the_key,
    long_strings_count_to_the_last_byte, any_order_of_many_members,
    any_form_of_any_document WITHOUT_MEMORY)
