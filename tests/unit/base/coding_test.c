/* SPDX-License-Identifier: Apache-2.0 */
/* Content codings: what zlib makes is read again; what is none, cut, too large or too good to be
 * true is dropped with the right class. */
#include "base/coding.h"

#include <string.h>
#include <zlib.h>
#include "base/memory.h"
#include "unit.h"

#define GZIP (MAX_WBITS + 16)
#define ZLIB MAX_WBITS
#define BARE (-MAX_WBITS)

/* Appends `length` bytes of `data`, packed; of as many zeros where it is NULL. */
static void pack(struct bytes *into, int window, const char *data, size_t length)
{
    struct fault fault;
    z_stream stream = {0};
    unsigned char *plain = calloc(1, length + 1);
    if (data)
        (void)memcpy(plain, data, length);
    ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert(bytes_reserve(into, deflateBound(&stream, length) + 64, &fault));
    stream.next_in = plain;
    stream.avail_in = (uInt)length;
    stream.next_out = (unsigned char *)into->data + into->length;
    stream.avail_out = (uInt)(into->capacity - into->length - 1);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    into->length += stream.total_out;
    ck_assert_int_eq(deflateEnd(&stream), Z_OK);
    free(plain);
}

/* `length` bytes that hardly compress, the same each time. */
static char *noise(size_t length)
{
    char *data = malloc(length);
    uint64_t state = 1;
    for (size_t i = 0; i < length; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        data[i] = (char)(state >> 56);
    }
    return data;
}

static void check_decodes(int window, enum coding coding, size_t length)
{
    struct response response = {.status = 200, .coding = coding};
    char *data = noise(length);
    pack(&response.body, window, data, length);
    response_decode(&response, SIZE_MAX);
    ck_assert_int_eq(response.exchange, EXCHANGE_DONE);
    ck_assert_int_eq(response.coding, CODING_NONE);
    ck_assert_uint_eq(response.body.length, length);
    ck_assert_mem_eq(response.body.data, data, length);
    ck_assert_int_eq(response.body.data[length], '\0');
    response_decode(&response, 1); /* decoded already: nothing happens */
    ck_assert_uint_eq(response.body.length, length);
    bytes_free(&response.body);
    free(data);
}

START_TEST(decodes_each_form)
{
    static const size_t lengths[] = {1, 65535, 65536, 65537, 131072, 3000001};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        check_decodes(GZIP, CODING_GZIP, lengths[i]);
        check_decodes(ZLIB, CODING_DEFLATE, lengths[i]);
        check_decodes(BARE, CODING_DEFLATE, lengths[i]);
    }
}
END_TEST

START_TEST(several_members_are_one_body)
{
    struct response response = {.status = 200, .coding = CODING_GZIP};
    pack(&response.body, GZIP, "[1,", 3);
    pack(&response.body, GZIP, "", 0);
    pack(&response.body, GZIP, "2]", 2);
    response_decode(&response, SIZE_MAX);
    ck_assert_int_eq(response.exchange, EXCHANGE_DONE);
    ck_assert_str_eq(response.body.data, "[1,2]");
    bytes_free(&response.body);
}
END_TEST

static void check_spoilt(struct response *response, size_t most, enum exchange exchange)
{
    response_decode(response, most);
    ck_assert_int_eq(response->exchange, exchange);
    ck_assert_uint_eq(response->body.length, 0);
    ck_assert_uint_gt(strlen(response->why), 0);
    bytes_free(&response->body);
}

START_TEST(a_limit_is_exact)
{
    struct response response = {.status = 200, .coding = CODING_GZIP};
    char *data = noise(200000);
    pack(&response.body, GZIP, data, 200000);
    response_decode(&response, 200000);
    ck_assert_int_eq(response.exchange, EXCHANGE_DONE);
    bytes_free(&response.body);
    struct response over = {.status = 200, .coding = CODING_GZIP};
    pack(&over.body, GZIP, data, 200000);
    check_spoilt(&over, 199999, EXCHANGE_TOO_LARGE);
    struct response own = {.status = 200, .coding = CODING_GZIP};
    pack(&own.body, GZIP, NULL, 300001);
    own.body.limit = 300000;
    check_spoilt(&own, SIZE_MAX, EXCHANGE_TOO_LARGE);
    free(data);
}
END_TEST

START_TEST(a_bomb_is_stopped_early)
{
    struct response response = {.status = 200, .coding = CODING_GZIP};
    pack(&response.body, GZIP, NULL, 48u << 20);
    ck_assert_uint_lt(response.body.length, 80000);
    check_spoilt(&response, SIZE_MAX, EXCHANGE_TOO_LARGE);
    ck_assert_ptr_nonnull(strstr(response.why, "200 times"));
    /* many times its size, but not much: this is what spaces and false members are like */
    struct response small = {.status = 200, .coding = CODING_GZIP};
    pack(&small.body, GZIP, NULL, 1u << 20);
    response_decode(&small, SIZE_MAX);
    ck_assert_uint_eq(small.body.length, 1u << 20);
    bytes_free(&small.body);
}
END_TEST

START_TEST(what_is_none_is_refused)
{
    struct fault fault;
    struct response plain = {.status = 200, .coding = CODING_GZIP};
    ck_assert(bytes_append_text(&plain.body, "{\"Resources\":[]}", &fault));
    check_spoilt(&plain, SIZE_MAX, EXCHANGE_PROTOCOL);
    struct response raw = {.status = 200, .coding = CODING_DEFLATE};
    ck_assert(bytes_append_text(&raw.body, "{\"Resources\":[]}", &fault));
    check_spoilt(&raw, SIZE_MAX, EXCHANGE_PROTOCOL);
    struct response more = {.status = 200, .coding = CODING_GZIP};
    pack(&more.body, GZIP, "[]", 2);
    ck_assert(bytes_append_text(&more.body, "junk", &fault));
    check_spoilt(&more, SIZE_MAX, EXCHANGE_PROTOCOL);
    struct response deflated = {.status = 200, .coding = CODING_DEFLATE};
    pack(&deflated.body, ZLIB, "[]", 2);
    pack(&deflated.body, ZLIB, "[]", 2); /* no members here */
    check_spoilt(&deflated, SIZE_MAX, EXCHANGE_PROTOCOL);
    struct response flipped = {.status = 200, .coding = CODING_GZIP};
    pack(&flipped.body, GZIP, "[12345]", 7);
    flipped.body.data[flipped.body.length - 6] ^= 1; /* of the checksum */
    check_spoilt(&flipped, SIZE_MAX, EXCHANGE_PROTOCOL);
}
END_TEST

START_TEST(cut_anywhere_is_cut)
{
    struct response whole = {.coding = CODING_GZIP};
    char *data = noise(300);
    pack(&whole.body, GZIP, data, 300);
    for (size_t length = 1; length < whole.body.length; length++) {
        struct fault fault;
        struct response response = {.status = 200, .coding = CODING_GZIP};
        ck_assert(bytes_append(&response.body, (struct span){whole.body.data, length}, &fault));
        check_spoilt(&response, SIZE_MAX, EXCHANGE_RECEIVE);
    }
    bytes_free(&whole.body);
    free(data);
}
END_TEST

START_TEST(what_never_arrived_is_left_alone)
{
    struct fault fault;
    struct response cut = {.exchange = EXCHANGE_TIMEOUT, .coding = CODING_GZIP, .why = "late"};
    ck_assert(bytes_append_text(&cut.body, "\x1f\x8b", &fault));
    response_decode(&cut, SIZE_MAX);
    ck_assert_int_eq(cut.exchange, EXCHANGE_TIMEOUT);
    ck_assert_str_eq(cut.why, "late");
    bytes_free(&cut.body);
    struct response empty = {.status = 204, .coding = CODING_GZIP};
    response_decode(&empty, SIZE_MAX);
    ck_assert_int_eq(empty.exchange, EXCHANGE_DONE);
}
END_TEST

UNIT_MAIN("coding", decodes_each_form, several_members_are_one_body, a_limit_is_exact,
    a_bomb_is_stopped_early, what_is_none_is_refused, cut_anywhere_is_cut,
    what_never_arrived_is_left_alone)
