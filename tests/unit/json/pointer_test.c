/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Pointers: what parses into which steps, and what is refused with which sentence. */
#include "json/pointer.h"

#include "gated.h"

static const struct {
    const char *text;
    size_t count;
    const char *steps[4];
} good[] = {
    {"", 0, {NULL}},
    {"/", 1, {""}},
    {"//", 2, {"", ""}},
    {"/a", 1, {"a"}},
    {"/a/", 2, {"a", ""}},
    {"/a/b/0", 3, {"a", "b", "0"}},
    {"/a~1b", 1, {"a/b"}},
    {"/m~0n", 1, {"m~n"}},
    {"/~0~1~0", 1, {"~/~"}},
    {"/~01", 1, {"~1"}}, /* RFC 6901 section 4: never "/" */
    {"/~00", 1, {"~0"}},
    {"/~10", 1, {"/0"}},
    {"/c%d/e^f/g|h/i\\j", 4, {"c%d", "e^f", "g|h", "i\\j"}},
    {"/k\"l/ /\x01", 3, {"k\"l", " ", "\x01"}},
    {"/01/-", 2, {"01", "-"}},
    {"/\xC3\xA9/\xF0\x9F\x98\x80", 2, {"\xC3\xA9", "\xF0\x9F\x98\x80"}},
    {"/urn:ietf:params:scim:schemas:core:2.0:User/name.x", 2,
        {"urn:ietf:params:scim:schemas:core:2.0:User", "name.x"}},
};

START_TEST(parses)
{
    struct arena *arena = arena_create(0);
    for (size_t i = 0; i < COUNT(good); i++) {
        struct json_pointer pointer = gated_pointer(good[i].text, arena);
        ck_assert_str_eq(pointer.text, good[i].text);
        ck_assert_msg(
            pointer.count == good[i].count, "\"%s\" has %zu steps", good[i].text, pointer.count);
        for (size_t step = 0; step < pointer.count; step++)
            ck_assert_msg(span_equal_text(pointer.steps[step], good[i].steps[step]),
                "\"%s\": step %zu is \"%.*s\"", good[i].text, step,
                SPAN_FORMAT(pointer.steps[step]));
    }
    arena_free(arena);
}
END_TEST

START_TEST(keeps_nothing_of_the_callers_text)
{
    struct arena *arena = arena_create(0);
    char text[] = "/a~1b/c";
    struct json_pointer pointer = gated_pointer(text, arena);
    (void)memset(text, 'x', sizeof text - 1);
    ck_assert_str_eq(pointer.text, "/a~1b/c");
    ck_assert(span_equal_text(pointer.steps[0], "a/b"));
    ck_assert(span_equal_text(pointer.steps[1], "c"));
    arena_free(arena);
}
END_TEST

static const struct {
    const char *text, *says;
} bad[] = {
    {"a", "begin with \"/\""},
    {"a/b", "begin with \"/\""},
    {" /a", "begin with \"/\""},
    {"#/a", "begin with \"/\""},
    {"~1a", "begin with \"/\""},
    {"/~", "\"~0\""},
    {"/a~", "\"~0\""},
    {"/a/b~/c", "\"~0\""},
    {"/~2", "\"~0\""},
    {"/~~", "\"~0\""},
    {"/~~0", "\"~0\""},
    {"/a/~ ", "\"~0\""},
    {"/\xFF", "UTF-8"},
    {"/a\xC3", "UTF-8"},
    {"/\xC0\xAF", "UTF-8"},     /* an overlong "/" */
    {"/\xED\xA0\x80", "UTF-8"}, /* a surrogate */
    {"/\xF4\x90\x80\x80", "UTF-8"},
    {"\xFF", "UTF-8"},
    {"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", "16 steps"},
    {"/////////////////", "16 steps"},
};

START_TEST(refuses)
{
    struct arena *arena = arena_create(0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct json_pointer pointer = {.count = 7};
        struct fault fault = {0};
        ck_assert_msg(!json_pointer_parse(bad[i].text, arena, &pointer, &fault), "%s", bad[i].text);
        ck_assert_int_eq(fault.code, FAULT_DECLARATION);
        ck_assert_msg(strstr(fault.text, bad[i].says), "\"%s\": %s", bad[i].text, fault.text);
        ck_assert_msg(span_is_utf8(span_of(fault.text)), "a sentence that nobody can print");
        ck_assert_uint_eq(pointer.count, 7);
    }
    arena_free(arena);
}
END_TEST

START_TEST(takes_as_many_steps_as_it_says)
{
    struct arena *arena = arena_create(0);
    struct json_pointer pointer = gated_pointer("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", arena);
    ck_assert_uint_eq(pointer.count, JSON_POINTER_DEPTH_MAX);
    ck_assert(span_equal_text(pointer.steps[15], "16"));
    arena_free(arena);
}
END_TEST

/* However long the text is and wherever a sentence would have to cut it. */
START_TEST(sentences_stay_text)
{
    struct arena *arena = arena_create(0);
    for (size_t before = 150; before < 600; before++) {
        AUTO_BYTES text = {0};
        struct json_pointer pointer;
        struct fault fault = {0};
        put(&text, before % 2 ? "" : "/~");
        put_times(&text, "a", before);
        put_times(&text, "\xE2\x82\xAC", 80);
        ck_assert(!json_pointer_parse(text.data, arena, &pointer, &fault));
        ck_assert_msg(span_is_utf8(span_of(fault.text)), "%zu: \"%s\"", before, fault.text);
        ck_assert(strstr(fault.text, "is no JSON Pointer: "));
        ck_assert_uint_lt(strlen(fault.text), FAULT_TEXT_MAX - 1);
    }
    arena_free(arena);
}
END_TEST

START_TEST(says_when_there_is_no_memory)
{
    struct arena *arena = arena_create(1); /* no room for anything */
    struct json_pointer pointer = {.count = 7};
    struct fault fault = {0};
    ck_assert(!json_pointer_parse("/a", arena, &pointer, &fault));
    ck_assert_int_eq(fault.code, FAULT_MEMORY);
    ck_assert_uint_eq(pointer.count, 7);
    arena_free(arena);
}
END_TEST

UNIT_MAIN("json.pointer", parses, keeps_nothing_of_the_callers_text, refuses,
    takes_as_many_steps_as_it_says, sentences_stay_text, says_when_there_is_no_memory)
