/* SPDX-License-Identifier: Apache-2.0 */
/* Items: where the gate finds them, that a fault inside one is that one's alone, and what their
 * shape says. */
#include "json/gate.h"

#include "gated.h"

/* ------------------------------------------------------------------ finding them -------------- */

static const struct {
    const char *text, *pointer;
    const char *items;   /* NULL: none */
    const char *item[4]; /* NULL: no more */
} found[] = {
    {"[]", "", "[]", {NULL}},
    {" [ ] ", "", "[ ]", {NULL}},
    {"[1,\"a\",null]", "", "[1,\"a\",null]", {"1", "\"a\"", "null"}},
    {" [ {\"a\" : 1 } , [ 2 ] ] ", "", "[ {\"a\" : 1 } , [ 2 ] ]", {"{\"a\" : 1 }", "[ 2 ]"}},
    {"{\"items\":[{},{}]}", "/items", "[{},{}]", {"{}", "{}"}},
    {"{\"x\":[9],\"items\":[1],\"y\":[8]}", "/items", "[1]", {"1"}},
    {"{\"it\\u0065ms\":[1]}", "/items", "[1]", {"1"}},
    {"{\"a\":{\"b\":{\"c\":[1,2]}}}", "/a/b/c", "[1,2]", {"1", "2"}},
    {"{\"a\":{\"b\":0},\"b\":[1]}", "/b", "[1]", {"1"}},
    {"{\"b\":{\"a\":[9]},\"a\":{\"b\":[1]}}", "/a/b", "[1]", {"1"}},
    {"{\"\":[1]}", "/", "[1]", {"1"}},
    {"{\"a/b\":{\"~\":[1]}}", "/a~1b/~0", "[1]", {"1"}},
    {"{\"\xC3\xA9\":[1]}", "/\xC3\xA9", "[1]", {"1"}},
    {"{\"\\u00e9\":[1]}", "/\xC3\xA9", "[1]", {"1"}},
    {"{\"\\ud83d\\ude00\":[1]}", "/\xF0\x9F\x98\x80", "[1]", {"1"}},
    {"[[9],[1,2],[8]]", "/1", "[1,2]", {"1", "2"}},
    {"[[9],{\"a\":[1]}]", "/1/a", "[1]", {"1"}},
    {"{\"0\":[1]}", "/0", "[1]", {"1"}},
    {"{\"01\":[1]}", "/01", "[1]", {"1"}},
    {"{\"-\":[1]}", "/-", "[1]", {"1"}},
    /* Nowhere. */
    {"{}", "/items", NULL, {NULL}},
    {"[]", "/items", NULL, {NULL}},
    {"null", "/items", NULL, {NULL}},
    {"7", "/items", NULL, {NULL}},
    {"\"items\"", "/items", NULL, {NULL}},
    {"{\"a\":null}", "/a/items", NULL, {NULL}},
    {"{\"a\":[{\"items\":[1]}]}", "/a/items", NULL, {NULL}},
    {"{\"Items\":[1]}", "/items", NULL, {NULL}},
    {"{\"item\":[1]}", "/items", NULL, {NULL}},
    {"{\"e\xCC\x81\":[1]}", "/\xC3\xA9", NULL, {NULL}},
    {"[[1]]", "/1", NULL, {NULL}},
    {"[[1]]", "/-1", NULL, {NULL}},
    {"[[1]]", "/", NULL, {NULL}},
    {"[[1]]", "/a", NULL, {NULL}},
    {"[[1]]", "/-", NULL, {NULL}},
    {"[[1]]", "/00", NULL, {NULL}}, /* RFC 6901 section 4: no leading zeros */
    {"[[1]]", "/-0", NULL, {NULL}},
    {"[[0],[1]]", "/01", NULL, {NULL}},
    {"[[1]]", "/18446744073709551616", NULL, {NULL}},
};

START_TEST(finds_the_list)
{
    for (size_t i = 0; i < COUNT(found); i++) {
        size_t count = 0;
        AUTO_GATED it = gated(span_of(found[i].text), found[i].pointer, false);
        ck_assert_msg(it.ok, "%s in %s: %s", found[i].pointer, found[i].text, it.fault.text);
        ck_assert_msg((it.page.items.data != NULL) == (found[i].items != NULL), "%s in %s",
            found[i].pointer, found[i].text);
        if (found[i].items)
            ck_assert_msg(span_equal_text(it.page.items, found[i].items), "%s in %s is %.*s",
                found[i].pointer, found[i].text, SPAN_FORMAT(it.page.items));
        for (; count < COUNT(found[i].item) && found[i].item[count]; count++) {
            ck_assert_uint_lt(count, it.page.item_count);
            ck_assert(span_equal_text(it.page.item[count].bytes, found[i].item[count]));
            ck_assert_ptr_null(it.page.item[count].why);
        }
        ck_assert_uint_eq(it.page.item_count, count);
    }
}
END_TEST

static const struct {
    const char *text, *pointer;
    const char *item; /* NULL: none */
} found_one[] = {
    {"{}", "", "{}"},
    {" {\"a\": [1]} ", "", "{\"a\": [1]}"},
    {"{\"data\":{\"id\":1},\"x\":{}}", "/data", "{\"id\":1}"},
    {"[0,{\"id\":1}]", "/1", "{\"id\":1}"},
    {"{\"x\":{}}", "/data", NULL},
    {"[]", "/data", NULL},
};

START_TEST(finds_the_one_object)
{
    for (size_t i = 0; i < COUNT(found_one); i++) {
        AUTO_GATED it = gated(span_of(found_one[i].text), found_one[i].pointer, true);
        ck_assert_msg(it.ok, "%s: %s", found_one[i].text, it.fault.text);
        ck_assert_uint_eq(it.page.item_count, found_one[i].item ? 1 : 0);
        if (!found_one[i].item) {
            ck_assert_ptr_null(it.page.items.data);
            continue;
        }
        ck_assert(span_equal_text(it.page.items, found_one[i].item));
        ck_assert(span_equal(it.page.items, it.page.item[0].bytes));
        ck_assert_ptr_null(it.page.item[0].why);
    }
}
END_TEST

static const struct {
    const char *text, *pointer;
    bool one_object;
    size_t offset;
} wrong_form[] = {
    {"{}", "", false, 0},
    {"null", "", false, 0},
    {" \"[]\"", "", false, 1},
    {"{\"items\":null}", "/items", false, 9},
    {"{\"items\":{}}", "/items", false, 9},
    {"{\"items\": 0}", "/items", false, 10},
    {"{\"items\":false}", "/items", false, 9},
    {"{\"items\":\"[]\"}", "/items", false, 9},
    {"[[],{}]", "/1", false, 4},
    {"[]", "", true, 0},
    {"[{}]", "", true, 0},
    {"null", "", true, 0},
    {"{\"data\":null}", "/data", true, 8},
    {"{\"data\":[]}", "/data", true, 8},
    {"{\"data\":\"{}\"}", "/data", true, 8},
};

START_TEST(refuses_another_form_of_items)
{
    for (size_t i = 0; i < COUNT(wrong_form); i++) {
        AUTO_GATED it =
            gated(span_of(wrong_form[i].text), wrong_form[i].pointer, wrong_form[i].one_object);
        gated_refused(&it, FAULT_CONTENT, wrong_form[i].offset, wrong_form[i].text);
    }
}
END_TEST

/* ------------------------------------------------------------------ faults -------------------- */

#define BYTES(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

/* Values that must not be believed, with the byte at fault. */
static const struct {
    struct span value;
    size_t offset;
    const char *why;
} unsound[] = {
    {BYTES("{\"a\":1,\"a\":2}"), 7, "twice"}, {BYTES("{\"a\":1,\"a\":1}"), 7, "twice"},
    {BYTES("{\"a\":1,\"b\":2,\"a\":1}"), 13, "twice"},
    {BYTES("{\"b\":0,\"a\":1,\"a\":2,\"b\":3}"), 13, "twice"},
    {BYTES("{\"a\":1,\"\\u0061\":2}"), 7, "twice"}, {BYTES("{\"\\u0061\":1,\"a\":2}"), 12, "twice"},
    {BYTES("{\"\\u004A\":1,\"\\u004a\":2}"), 12, "twice"},
    {BYTES("{\"/\":1,\"\\/\":2}"), 7, "twice"}, {BYTES("{\"\\n\":1,\"\\u000A\":2}"), 8, "twice"},
    {BYTES("{\"\xC3\xA9\":1,\"\\u00E9\":2}"), 8, "twice"},
    {BYTES("{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\uDE00\":2}"), 10, "twice"},
    {BYTES("{\"\":1,\"\":2}"), 6, "twice"},
    {BYTES("{\"a long name of a member\":1,\"a long name of a member\":2}"), 29, "twice"},
    {BYTES("{\"x\":{\"a\":1,\"a\":2}}"), 12, "twice"},
    {BYTES("{\"x\":[0,{\"a\":1,\"a\":2}]}"), 15, "twice"},
    {BYTES("{\"a\":{\"a\":{}},\"a\":{}}"), 14, "twice"},
    {BYTES("{\"a\":[{\"b\":1},{\"b\":1}],\"b\":0,\"b\":0}"), 29, "twice"},
    {BYTES("[{\"a\":1,\"a\":2}]"), 8, "twice"}, {BYTES("\"\0\""), 1, "NUL byte"},
    {BYTES("{\"id\":\"a\0b\"}"), 8, "NUL byte"}, {BYTES("{\"i\0d\":1}"), 3, "NUL byte"},
    {BYTES("\"\\u0000\""), 1, "NUL character"},
    {BYTES("{\"id\":\"a\\u0000b\"}"), 8, "NUL character"},
    {BYTES("{\"id\\u0000x\":1}"), 4, "NUL character"},
    {BYTES("{\"id\":\"\\\\\\u0000\"}"), 9, "NUL character"}, {BYTES("\"\xFF\""), 1, "UTF-8"},
    {BYTES("\"ok\xFE\""), 3, "UTF-8"}, {BYTES("\"\x80\""), 1, "UTF-8"}, /* a lone continuation */
    {BYTES("\"\xC3\""), 1, "UTF-8"},                          /* cut, the quote is still seen */
    {BYTES("\"\xE2\x82\""), 1, "UTF-8"},                      /* cut */
    {BYTES("\"\xF0\x9F\x98\""), 1, "UTF-8"},                  /* cut */
    {BYTES("\"\xC3(\""), 1, "UTF-8"},                         /* no continuation */
    {BYTES("\"\xE2(\xA1\""), 1, "UTF-8"},                     /* none in second place */
    {BYTES("\"\xE2\x82(\""), 1, "UTF-8"},                     /* none in third place */
    {BYTES("\"\xC0\xAF\""), 1, "UTF-8"},                      /* overlong */
    {BYTES("\"\xC1\xBF\""), 1, "UTF-8"},                      /* overlong */
    {BYTES("\"\xE0\x9F\xBF\""), 1, "UTF-8"},                  /* overlong */
    {BYTES("\"\xF0\x8F\xBF\xBF\""), 1, "UTF-8"},              /* overlong */
    {BYTES("\"\xED\xA0\x80\""), 1, "UTF-8"},                  /* a surrogate */
    {BYTES("\"\xED\xBF\xBF\""), 1, "UTF-8"},                  /* a surrogate */
    {BYTES("\"\xF4\x90\x80\x80\""), 1, "UTF-8"},              /* above U+10FFFF */
    {BYTES("\"\xF8\x88\x80\x80\x80\""), 1, "UTF-8"},          /* five bytes */
    {BYTES("\"0123456789abcdef\xC3\xA9\xC3\""), 19, "UTF-8"}, /* after a whole one */
    {BYTES("{\"n\xE9\":1}"), 3, "UTF-8"}, {BYTES("\"\\ud800\""), 1, "surrogate"},
    {BYTES("\"\\udfff\""), 1, "surrogate"}, {BYTES("\"\\uDC00\\uD800\""), 1, "surrogate"},
    {BYTES("\"\\ud800\\ud800\\udc00\""), 1, "surrogate"},
    {BYTES("\"\\ud800\\u0041\""), 1, "surrogate"}, {BYTES("\"\\ud800\\n\""), 1, "surrogate"},
    {BYTES("\"\\ud800x\""), 1, "surrogate"}, {BYTES("\"\\ud83d\\ude00\\ude00\""), 13, "surrogate"},
    {BYTES("{\"a\\ud800\":1}"), 3, "surrogate"}, {BYTES("\"a\nb\""), 2, "control"},
    {BYTES("\"\t\""), 1, "control"}, {BYTES("\"\r\""), 1, "control"},
    {BYTES("\"\x01\""), 1, "control"}, {BYTES("\"0123456789abcdef\x1F\""), 17, "control"},
    {BYTES("{\"a\n\":1}"), 3, "control"},
    {BYTES("[\"\\ud800\",\"\xFF\",\"\n\"]"), 2, "surrogate"}, /* the first is named */
};

/* Sound neighbours of a flagged item, which must come through it untouched. */
#define BEFORE "{\"id\":\"before\",\"n\":[1,2]}"
#define AFTER  "{\"n\":[3,4,5],\"id\":\"after\"}"

START_TEST(flags_the_item_alone)
{
    AUTO_GATED plain = gated(SPAN("[" BEFORE "," AFTER "]"), "", false);
    ck_assert(plain.ok);
    for (size_t i = 0; i < COUNT(unsound); i++) {
        AUTO_BYTES text = {0};
        put(&text, "{\"next\":null,\"list\":[" BEFORE ",\n");
        size_t at = text.length;
        put_span(&text, unsound[i].value);
        put(&text, " ," AFTER "],\"total\":3}");
        AUTO_GATED it = gated(bytes_span(&text), "/list", false);
        ck_assert_msg(it.ok, "%zu: %s", i, it.fault.text);
        ck_assert_uint_eq(it.page.item_count, 3);
        const struct json_item *item = it.page.item;
        ck_assert_msg(item[1].why && strstr(item[1].why, unsound[i].why), "%zu: \"%s\" for %s", i,
            item[1].why, unsound[i].why);
        ck_assert_msg(item[1].why_offset == at + unsound[i].offset, "%zu: %zu for %zu", i,
            item[1].why_offset - at, unsound[i].offset);
        ck_assert(span_equal(item[1].bytes, unsound[i].value));
        ck_assert(!item[0].why && span_equal_text(item[0].bytes, BEFORE));
        ck_assert(!item[2].why && span_equal_text(item[2].bytes, AFTER));
        ck_assert(item[0].shape == plain.page.item[0].shape);
        ck_assert(item[2].shape == plain.page.item[1].shape);
    }
}
END_TEST

START_TEST(flags_the_one_object)
{
    for (size_t i = 0; i < COUNT(unsound); i++) {
        AUTO_BYTES text = {0};
        put(&text, "{\"data\":{\"v\":");
        size_t at = text.length;
        put_span(&text, unsound[i].value);
        put(&text, "}}");
        AUTO_GATED it = gated(bytes_span(&text), "/data", true);
        ck_assert_msg(it.ok, "%zu: %s", i, it.fault.text);
        ck_assert_uint_eq(it.page.item_count, 1);
        ck_assert(it.page.item[0].why && strstr(it.page.item[0].why, unsound[i].why));
        ck_assert_uint_eq(it.page.item[0].why_offset, at + unsound[i].offset);
    }
}
END_TEST

/* The same beside the items is the text's own fault: a cursor or a total there could not be
 * believed. */
START_TEST(fails_the_text_outside_of_items)
{
    static const struct {
        const char *before, *after, *items;
    } places[] = {
        {"", "", NULL},
        {"[1,", "]", NULL},
        {"{\"next\":", ",\"list\":[1]}", "/list"},
        {"{\"list\":[1],\"next\":", "}", "/list"},
        {"{\"list\":[1],\"x\":[{\"y\":", "}]}", "/list"},
        {"[[1],", "]", "/0"},
        {"{\"x\":", "}", "/list"},
    };
    for (size_t place = 0; place < COUNT(places); place++)
        for (size_t i = 0; i < COUNT(unsound); i++) {
            AUTO_BYTES text = {0};
            put(&text, places[place].before);
            size_t at = text.length;
            put_span(&text, unsound[i].value);
            put(&text, places[place].after);
            AUTO_GATED it = gated(bytes_span(&text), places[place].items, false);
            gated_refused(&it, FAULT_CONTENT, at + unsound[i].offset, unsound[i].why);
            ck_assert(strstr(it.fault.text, unsound[i].why));
        }
}
END_TEST

START_TEST(fails_the_text_for_names_around_the_items)
{
    static const struct {
        const char *text, *items;
        size_t offset;
    } table[] = {
        {"{\"list\":[1],\"list\":[2]}", "/list", 12},
        {"{\"list\":[1],\"l\\u0069st\":[2]}", "/list", 12},
        {"{\"list\":[1],\"list\":null}", "/list", 12},
        {"{\"a\":{\"list\":[1]},\"a\":{}}", "/a/list", 18},
        {"{\"list\":[{\"b\":1}],\"x\":1,\"x\":1}", "/list", 24},
        {"{\"list\":[],\"\\u0000\":1}", "/list", 12},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        AUTO_GATED it = gated(span_of(table[i].text), table[i].items, false);
        gated_refused(&it, FAULT_CONTENT, table[i].offset, table[i].text);
    }
}
END_TEST

/* Where an item ends is not known if its structure is broken: that fails the text, whatever else is
 * wrong with the item. */
START_TEST(fails_the_text_for_structure_inside_an_item)
{
    static const struct {
        struct span text;
        enum fault_code code;
        size_t offset;
    } table[] = {
        {BYTES("[{},{\"a\"}]"), FAULT_SYNTAX, 8},
        {BYTES("[{},{\"a\":NaN}]"), FAULT_SYNTAX, 9},
        {BYTES("[{},{'a':1}]"), FAULT_SYNTAX, 5},
        {BYTES("[{},{\"a\":01}]"), FAULT_SYNTAX, 9},
        {BYTES("[{},{\"a\":\"\\x\"}]"), FAULT_SYNTAX, 10},
        {BYTES("[{\"a\":1,\"a\":2},{]"), FAULT_SYNTAX, 16},
        {BYTES("[{\"a\":\"\\ud800\\u12\"}]"), FAULT_SYNTAX, 13},
        {BYTES("[{\"a\":\"\xFF\"},"), FAULT_SYNTAX, 11},
        {BYTES("[{},]"), FAULT_SYNTAX, 4},
        {BYTES("[{} {}]"), FAULT_SYNTAX, 4},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        AUTO_GATED it = gated(table[i].text, "", false);
        gated_refused(&it, table[i].code, table[i].offset, table[i].text.data);
    }
}
END_TEST

/* ------------------------------------------------------------------ shape --------------------- */

static const char *const alike[][2] = {
    {"{\"a\":1,\"b\":\"x\"}", "{ \"b\" : \"yy\", \"a\" : -2.5e3 }"},
    {"{\"a\":true}", "{\"a\":false}"},
    {"{\"a\":[1]}", "{\"a\":[1,2,3]}"},
    {"{\"a\":[{\"x\":1},{\"x\":2}]}", "{\"a\":[{\"x\":3}]}"},
    {"[[1,2],[3]]", "[[4]]"},
    {"{\"a\":{\"b\":1,\"c\":{}}}", "{\"a\":{\"c\":{},\"b\":2}}"},
    {"{\"\\u0061\":1}", "{\"a\":1}"},
    {"\"x\"", "\"\\n\""},
    {"0", "-1"},
    {"{\"a\":[1,\"x\",\"y\"]}", "{\"a\":[1,2,\"x\"]}"},
};

static const char *const unlike[][2] = {
    {"{\"a\":1}", "{\"a\":\"1\"}"},
    {"{\"a\":1}", "{\"a\":null}"},
    {"{\"a\":1}", "{\"a\":true}"},
    {"{\"a\":\"\"}", "{\"a\":null}"},
    {"{\"a\":{}}", "{\"a\":[]}"},
    {"{\"a\":{}}", "{\"a\":null}"},
    {"{\"a\":[]}", "{\"a\":[1]}"},
    {"{\"a\":[1]}", "{\"a\":[\"1\"]}"},
    {"{\"a\":[1]}", "{\"a\":[[1]]}"},
    {"{\"a\":[1]}", "{\"a\":1}"},
    {"{\"a\":[1,\"x\"]}", "{\"a\":[1]}"},
    {"{\"a\":1}", "{\"b\":1}"},
    {"{\"a\":1}", "{}"},
    {"{\"a\":1}", "{\"a\":1,\"b\":1}"},
    {"{\"a\":1,\"b\":\"\"}", "{\"a\":\"\",\"b\":1}"}, /* types do not move between names */
    {"{\"a\":{\"b\":1}}", "{\"a\":{},\"b\":1}"},
    {"{\"a\":{\"b\":1,\"c\":1}}", "{\"a\":{\"b\":1},\"c\":1}"},
    {"{\"a\":{\"c\":1},\"b\":{\"d\":1}}", "{\"a\":{\"d\":1},\"b\":{\"c\":1}}"},
    {"{\"12345678\":1}", "{\"12345679\":1}"},
    {"{\"123456789\":1}", "{\"12345678\":1}"},
    {"{\"a\":1,\"aa\":1}", "{\"a\":1,\"aaa\":1}"},
    {"{}", "[]"},
    {"{}", "null"},
};

static void check_shapes(const char *const pair[2], bool same)
{
    AUTO_BYTES text = {0};
    put(&text, "[");
    put(&text, pair[0]);
    put(&text, ",");
    put(&text, pair[1]);
    put(&text, "]");
    AUTO_GATED it = gated(bytes_span(&text), "", false);
    ck_assert_msg(it.ok, "%s: %s", text.data, it.fault.text);
    ck_assert_msg((it.page.item[0].shape == it.page.item[1].shape) == same, "%s", text.data);
}

START_TEST(shapes)
{
    for (size_t i = 0; i < COUNT(alike); i++)
        check_shapes(alike[i], true);
    for (size_t i = 0; i < COUNT(unlike); i++)
        check_shapes(unlike[i], false);
}
END_TEST

UNIT_MAIN("json.items", finds_the_list, finds_the_one_object, refuses_another_form_of_items,
    flags_the_item_alone, flags_the_one_object, fails_the_text_outside_of_items,
    fails_the_text_for_names_around_the_items, fails_the_text_for_structure_inside_an_item, shapes)
