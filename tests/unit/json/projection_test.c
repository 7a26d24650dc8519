/* SPDX-License-Identifier: Apache-2.0 */
/* Projections: many pointers at once find what each finds alone, in the pointers' order. */
#include "json/value.h"

#include "document.h"
#include "gated.h"

#define POINTERS_MOST 512u
#define DOCUMENTS     2000u

static struct json_projection *projection_of(const struct json_pointer *pointers, size_t count)
{
    struct json_projection *projection = NULL;
    struct fault fault = {0};
    ck_assert_msg(json_projection_create(pointers, count, &projection, &fault), "%s", fault.text);
    return projection;
}

#define SAMPLE                                                                          \
    "{\"id\":7,\"\":\"empty\",\"a/b\":1,\"list\":[ 10 ,[20,21], {\"k\":\"v\"}, null "   \
    "],\"0\":\"m\","                                                                    \
    "\"obj\":{\"x\":{\"y\":true,\"id\":8},\"list\":[]},\"n\":null,\"e\\u0073c\":\"E\"," \
    "\"esc2\":\"\\\"]}\",\"last\":[{\"id\":9}]}"

static const struct {
    const char *pointer, *bytes; /* NULL: nowhere */
} table[] = {
    {"/last/0/id", "9"},
    {"/id", "7"},
    {"/id", "7"}, /* twice is fine */
    {"", SAMPLE},
    {"/", "\"empty\""},
    {"/a~1b", "1"},
    {"/list/1/1", "21"},
    {"/list/1", "[20,21]"}, /* beside one that leads into it */
    {"/list", "[ 10 ,[20,21], {\"k\":\"v\"}, null ]"},
    {"/list/0", "10"},
    {"/list/3", "null"},
    {"/list/4", NULL},
    {"/list/00", NULL}, /* RFC 6901 section 4: no leading zeros */
    {"/list/01", NULL},
    {"/list/-0", NULL},
    {"/list/-", NULL},
    {"/list/k", NULL},
    {"/0", "\"m\""},
    {"/00", NULL},
    {"/obj/x/y", "true"},
    {"/obj/x/id", "8"},
    {"/obj/list", "[]"},
    {"/obj/list/0", NULL},
    {"/obj/id", NULL},
    {"/n", "null"},
    {"/n/id", NULL},
    {"/id/id", NULL},
    {"/esc", "\"E\""},
    {"/e\\u0073c", NULL},
    {"/esc2", "\"\\\"]}\""},
    {"/ID", NULL},
};

static void check_sample(struct span text, const struct json_projection *projection, size_t from)
{
    struct json_value values[COUNT(table)];
    json_project(projection, text, values);
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *pointer = table[(i + from) % COUNT(table)].pointer;
        const char *bytes = table[(i + from) % COUNT(table)].bytes;
        if (bytes)
            ck_assert_msg(span_equal_text(values[i].bytes, bytes), "%s is %.*s", pointer,
                SPAN_FORMAT(values[i].bytes));
        else
            ck_assert_msg(values[i].type == JSON_NONE && !values[i].bytes.data, "%s", pointer);
    }
}

START_TEST(finds_each_in_any_order)
{
    AUTO_GATED it = gated(SPAN(SAMPLE), NULL, false);
    ck_assert_msg(it.ok, "%s", it.fault.text);
    for (size_t from = 0; from < COUNT(table); from++) {
        struct json_pointer pointers[COUNT(table)];
        for (size_t i = 0; i < COUNT(table); i++)
            pointers[i] = gated_pointer(table[(i + from) % COUNT(table)].pointer, it.arena);
        struct json_projection *projection = projection_of(pointers, COUNT(table));
        check_sample(it.page.value, projection, from);
        check_sample(it.page.value, projection, from); /* it is not used up */
        json_projection_free(projection);
    }
}
END_TEST

/* It keeps what it needs: the pointers may go. */
START_TEST(owns_its_memory)
{
    struct arena *arena = arena_create(0);
    struct json_pointer pointers[COUNT(table)];
    for (size_t i = 0; i < COUNT(table); i++)
        pointers[i] = gated_pointer(table[i].pointer, arena);
    struct json_projection *projection = projection_of(pointers, COUNT(table));
    arena_free(arena);
    check_sample(SPAN(SAMPLE), projection, 0);
    json_projection_free(projection);
    json_projection_free(NULL);
}
END_TEST

START_TEST(of_other_values)
{
    static const struct {
        const char *text, *bytes[4]; /* of "", "/a", "/0", "/a/0" */
    } others[] = {
        {"", {NULL, NULL, NULL, NULL}},
        {" ", {NULL, NULL, NULL, NULL}},
        {"null", {"null", NULL, NULL, NULL}},
        {" 12 ", {"12", NULL, NULL, NULL}},
        {"\"a\"", {"\"a\"", NULL, NULL, NULL}},
        {"[]", {"[]", NULL, NULL, NULL}},
        {"{}", {"{}", NULL, NULL, NULL}},
        {"[\"a\"]", {"[\"a\"]", NULL, "\"a\"", NULL}},
        {"{\"0\":1}", {"{\"0\":1}", NULL, "1", NULL}},
        {"{\"a\":[2]}", {"{\"a\":[2]}", "[2]", NULL, "2"}},
        {"{\"a\":{\"0\":3}}", {"{\"a\":{\"0\":3}}", "{\"0\":3}", NULL, "3"}},
        {" {\"b\":{\"a\":1},\"a\": 4 } ", {"{\"b\":{\"a\":1},\"a\": 4 }", "4", NULL, NULL}},
    };
    struct arena *arena = arena_create(0);
    const struct json_pointer pointers[] = {gated_pointer("", arena), gated_pointer("/a", arena),
        gated_pointer("/0", arena), gated_pointer("/a/0", arena)};
    struct json_projection *projection = projection_of(pointers, 4);
    for (size_t i = 0; i < COUNT(others); i++) {
        AUTO_GATED it = gated(span_of(others[i].text), NULL, false);
        struct json_value values[4];
        json_project(projection, it.text, values);
        for (size_t at = 0; at < 4; at++) {
            const char *bytes = others[i].bytes[at];
            ck_assert_msg(
                (values[at].type != JSON_NONE) == (bytes != NULL), "%s: %zu", others[i].text, at);
            ck_assert(!bytes || span_equal_text(values[at].bytes, bytes));
        }
    }
    json_projection_free(projection);
    arena_free(arena);
}
END_TEST

START_TEST(of_no_pointers)
{
    struct json_projection *projection = projection_of(NULL, 0);
    json_project(projection, SPAN("{\"a\":1}"), NULL);
    json_projection_free(projection);
}
END_TEST

START_TEST(limits)
{
    static struct json_pointer pointers[POINTERS_MOST + 1];
    static struct json_value values[POINTERS_MOST];
    struct arena *arena = arena_create(0);
    struct json_projection *projection = NULL;
    AUTO_BYTES object = {0};
    struct fault fault = {0};
    put(&object, "{");
    for (size_t i = 0; i <= POINTERS_MOST; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "/m%zu", i);
        pointers[i] = gated_pointer(text, arena);
        put_format(&object, "%s\"m%zu\":%zu", i ? "," : "", i, i);
    }
    put(&object, "}");
    ck_assert(!json_projection_create(pointers, POINTERS_MOST + 1, &projection, &fault));
    ck_assert_int_eq(fault.code, FAULT_LIMIT);
    ck_assert_ptr_null(projection);
    projection = projection_of(pointers, POINTERS_MOST);
    json_project(projection, bytes_span(&object), values);
    for (size_t i = 0; i < POINTERS_MOST; i++) {
        int64_t number = -1;
        ck_assert(json_integer(values[i], &number));
        ck_assert_int_eq(number, (int64_t)i);
    }
    json_projection_free(projection);
    arena_free(arena);
}
END_TEST

/* One pass and one look-up each must agree, over documents and pointers of every kind. */
START_TEST(agrees_with_single_look_ups)
{
    struct random random = random_seeded(5);
    struct arena *arena = arena_create(0);
    size_t there = 0;
    for (unsigned i = 0; i < DOCUMENTS; i++) {
        AUTO_BYTES text = {0};
        struct json_pointer pointers[20];
        struct json_value values[COUNT(pointers)];
        struct document *document = document_random(&random, 6, arena);
        document_write(document, &random, &text);
        for (size_t at = 0; at < COUNT(pointers); at++) {
            AUTO_BYTES pointer = {0};
            document_pointer(document, &random, &pointer);
            pointers[at] = gated_pointer(pointer.data ? pointer.data : "", arena);
        }
        AUTO_GATED it = gated(bytes_span(&text), NULL, false);
        ck_assert_msg(it.ok, "%s: %s", text.data, it.fault.text);
        struct json_projection *projection = projection_of(pointers, COUNT(pointers));
        json_project(projection, it.page.value, values);
        for (size_t at = 0; at < COUNT(pointers); at++) {
            struct json_value alone = json_find(it.page.value, &pointers[at]);
            ck_assert_msg(alone.type == values[at].type, "%s in %s", pointers[at].text, text.data);
            ck_assert_ptr_eq(alone.bytes.data, values[at].bytes.data);
            ck_assert_uint_eq(alone.bytes.length, values[at].bytes.length);
            there += alone.type != JSON_NONE;
        }
        json_projection_free(projection);
        arena_reset(arena);
    }
    ck_assert_uint_gt(there, DOCUMENTS * COUNT(((struct json_pointer[20]){0})) / 4);
    arena_free(arena);
}
END_TEST

START_TEST(broken_text_is_read_safely)
{
    static const char *const more[] = {"{{{{", "[,,,,]", "{\"list\":,}", "{\"list\" [1]}",
        "{\"list\":[1}2]3}", "{\"list\":[:]}", "{\"list\":[\"\\", "{\"\\u00", "{\"id\":\"\\\""};
    struct arena *arena = arena_create(0);
    struct json_pointer pointers[COUNT(table)];
    struct json_value values[COUNT(table)];
    for (size_t i = 0; i < COUNT(table); i++)
        pointers[i] = gated_pointer(table[i].pointer, arena);
    struct json_projection *projection = projection_of(pointers, COUNT(table));
    for (size_t i = 0; i <= COUNT(more); i++) {
        struct span whole = i < COUNT(more) ? span_of(more[i]) : SPAN(SAMPLE);
        for (size_t length = 0; length <= whole.length; length++) {
            AUTO_GATED it = gated((struct span){whole.data, length}, NULL, false);
            const char *begin = it.text.data, *end = begin + length;
            json_project(projection, it.text, values);
            for (size_t at = 0; at < COUNT(table); at++)
                ck_assert(values[at].type == JSON_NONE ||
                          (values[at].bytes.data >= begin &&
                              values[at].bytes.data + values[at].bytes.length <= end));
        }
    }
    json_projection_free(projection);
    arena_free(arena);
}
END_TEST

#ifdef UNIT_WRAPPED
static bool out_of_memory;
static size_t memory_left;

void *__real_memory_allocate(size_t size);
void *__wrap_memory_allocate(size_t size);
void *__real_memory_resize(void *block, size_t size);
void *__wrap_memory_resize(void *block, size_t size);

static bool refuse(void)
{
    return out_of_memory && (memory_left == 0 || memory_left-- == 0);
}

void *__wrap_memory_allocate(size_t size)
{
    return refuse() ? NULL : __real_memory_allocate(size);
}

void *__wrap_memory_resize(void *block, size_t size)
{
    return refuse() ? NULL : __real_memory_resize(block, size);
}

/* Projecting has no way to say that it failed, so it must not need anything: a field whose name has
 * an escape would vanish. */
START_TEST(needs_no_memory_to_project)
{
    struct arena *arena = arena_create(0);
    struct json_pointer pointers[COUNT(table)];
    for (size_t i = 0; i < COUNT(table); i++)
        pointers[i] = gated_pointer(table[i].pointer, arena);
    struct json_projection *projection = projection_of(pointers, COUNT(table));
    out_of_memory = true;
    check_sample(SPAN(SAMPLE), projection, 0);
    out_of_memory = false;
    json_projection_free(projection);
    arena_free(arena);
}
END_TEST

START_TEST(says_when_there_is_no_memory)
{
    struct arena *arena = arena_create(0);
    struct json_pointer pointers[COUNT(table)];
    bool made = false;
    for (size_t i = 0; i < COUNT(table); i++)
        pointers[i] = gated_pointer(table[i].pointer, arena);
    for (size_t least = 0; !made; least++) {
        struct json_projection *projection = NULL;
        struct fault fault = {0};
        memory_left = least;
        out_of_memory = true;
        made = json_projection_create(pointers, COUNT(table), &projection, &fault);
        out_of_memory = false;
        ck_assert(made || (fault.code == FAULT_MEMORY && !projection));
        ck_assert(!made || least > 0);
        json_projection_free(projection);
        ck_assert_uint_lt(least, 100);
    }
    arena_free(arena);
}
END_TEST
#define WITHOUT_MEMORY , needs_no_memory_to_project, says_when_there_is_no_memory
#else
#define WITHOUT_MEMORY
#endif

UNIT_MAIN("json.projection", finds_each_in_any_order, owns_its_memory, of_other_values,
    of_no_pointers, limits, agrees_with_single_look_ups, broken_text_is_read_safely WITHOUT_MEMORY)
