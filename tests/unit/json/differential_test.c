/* SPDX-License-Identifier: Apache-2.0 */
/* The layer beside json-c: first each thing that json-c merges without a word, and that the gate
 * does not; then made-up documents, sound and damaged, on which both must agree. */
#include "json/gate.h"

/* Both call their enumeration of types the same. */
#define json_type json_c_type
#include <json-c/json.h>
#undef json_type

#include "base/memory.h"
#include "document.h"
#include "gated.h"

#define DOCUMENTS    4000u
#define DAMAGES      6u /* of each document */
#define POINTERS     12u
#define JSON_C_DEPTH 64

/* NULL where json-c refuses; JSON null is NULL too, told apart by ret_error. */
static struct json_object *json_c_read(
    struct span text, int flags, enum json_tokener_error *ret_error)
{
    struct json_tokener *tokener = json_tokener_new_ex(JSON_C_DEPTH);
    AUTO_BYTES copy = {0};
    put_span(&copy, text); /* json-c knows that a number ends by the NUL after it */
    json_tokener_set_flags(tokener, flags);
    struct json_object *object = json_tokener_parse_ex(tokener, copy.data, (int)copy.length + 1);
    *ret_error = json_tokener_get_error(tokener);
    json_tokener_free(tokener);
    return object;
}

/* ------------------------------------------------------------------ silent merges ------------- */

/* Two texts that say different things and that json-c makes one. As values of "id" in a list, the
 * gate must flag the second or keep the two apart. */
static const struct {
    struct span one, other;
    bool flagged; /* the gate flags `other` */
    bool refused; /* the gate refuses a text with `other` */
} merges[] = {
    /* Integers beyond 64 bits saturate. */
    {SPAN("{\"id\":18446744073709551616}"), SPAN("{\"id\":18446744073709551617}"), false, false},
    {SPAN("{\"id\":18446744073709551615}"), SPAN("{\"id\":99999999999999999999}"), false, false},
    {SPAN("{\"id\":-9223372036854775808}"), SPAN("{\"id\":-9223372036854775809}"), false, false},
    {SPAN("{\"id\":1e400}"), SPAN("{\"id\":1e500}"), false, false},
    {SPAN("{\"id\":0.1}"), SPAN("{\"id\":0.10000000000000000001}"), false, false},
    /* A name is cut at its first NUL. */
    {SPAN("{\"id\":1}"), SPAN("{\"id\\u0000x\":1}"), true, false},
    /* The last of two members wins. */
    {SPAN("{\"id\":1}"), SPAN("{\"id\":2,\"id\":1}"), true, false},
    {SPAN("{\"id\":1}"), SPAN("{\"id\":2,\"\\u0069d\":1}"), true, false},
    /* Half of a surrogate pair becomes U+FFFD. */
    {SPAN("{\"id\":\"\xEF\xBF\xBD\"}"), SPAN("{\"id\":\"\\ud800\"}"), true, false},
    {SPAN("{\"id\":\"\\udbff\"}"), SPAN("{\"id\":\"\\udc00\"}"), true, false},
    /* What is no JSON passes. */
    {SPAN("{\"id\":\"a\"}"), SPAN("{\"id\":'a'}"), false, true},
    {SPAN("{\"id\":\"a\"}"), SPAN("{'id':'a'}"), false, true},
    {SPAN("{\"id\":NaN}"), SPAN("{\"id\":nan}"), false, true},
    {SPAN("{\"id\":true}"), SPAN("{\"id\":TRUE}"), false, true},
    {SPAN("{\"id\":1}"), SPAN("{\"id\":01}"), false, true},
    {SPAN("{\"id\":1}"), SPAN("{\"id\":1,}"), false, true},
    {SPAN("{\"id\":1}"), SPAN("{/* */\"id\":1}"), false, true},
};

START_TEST(json_c_merges_them)
{
    for (size_t i = 0; i < COUNT(merges); i++) {
        enum json_tokener_error error;
        struct json_object *one = json_c_read(merges[i].one, 0, &error);
        ck_assert_int_eq(error, json_tokener_success);
        struct json_object *other = json_c_read(merges[i].other, 0, &error);
        ck_assert_int_eq(error, json_tokener_success);
        struct json_object *id = json_object_object_get(one, "id");
        struct json_object *other_id = json_object_object_get(other, "id");
        ck_assert_msg(
            json_object_equal(id, other_id) ||
                strcmp(json_object_to_json_string(id), json_object_to_json_string(other_id)) == 0 ||
                json_object_get_double(id) == json_object_get_double(other_id),
            "%s is %s, %s is %s", merges[i].one.data, json_object_to_json_string(id),
            merges[i].other.data, json_object_to_json_string(other_id));
        json_object_put(one);
        json_object_put(other);
    }
}
END_TEST

START_TEST(the_gate_does_not)
{
    for (size_t i = 0; i < COUNT(merges); i++) {
        AUTO_BYTES text = {0};
        put(&text, "[");
        put_span(&text, merges[i].one);
        put(&text, ",");
        put_span(&text, merges[i].other);
        put(&text, "]");
        AUTO_GATED it = gated(bytes_span(&text), "", false);
        if (merges[i].refused || !it.ok) {
            ck_assert_msg(!it.ok && it.fault.code == FAULT_SYNTAX, "%s", text.data);
            continue;
        }
        ck_assert_msg((it.page.item[1].why != NULL) == merges[i].flagged, "%s", text.data);
        if (merges[i].flagged)
            continue;
        struct json_pointer pointer = gated_pointer("/id", it.arena);
        struct span ids[2];
        for (int at = 0; at < 2; at++) {
            ck_assert_ptr_null(it.page.item[at].why);
            ck_assert(json_text(
                json_find(it.page.item[at].bytes, &pointer), it.arena, &ids[at], &it.fault));
        }
        ck_assert_msg(!span_equal(ids[0], ids[1]), "%s", text.data);
    }
}
END_TEST

/* ------------------------------------------------------------------ agreement ----------------- */

struct tally {
    size_t sound, refused, agreed_refusals, values;
};

static void check_string(struct json_value value, struct json_object *object, struct arena *arena)
{
    struct span text;
    struct fault fault;
    struct span theirs = {
        json_object_get_string(object), (size_t)json_object_get_string_len(object)};
    ck_assert(json_text(value, arena, &text, &fault));
    ck_assert_msg(
        span_equal(text, theirs), "%.*s is %.*s", SPAN_FORMAT(value.bytes), SPAN_FORMAT(theirs));
}

static void check_number(struct json_value value, struct json_object *object)
{
    int64_t number;
    char literal[JSON_NUMBER_MAX + 1] = "";
    if (json_integer(value, &number)) {
        ck_assert_int_eq(json_object_get_type(object), json_type_int);
        ck_assert_int_eq(json_object_get_int64(object), number);
        return;
    }
    (void)memcpy(literal, value.bytes.data, value.bytes.length);
    if (json_object_get_type(object) == json_type_int) /* beyond 64 bits: json-c has lost it */
        ck_assert_ptr_null(strpbrk(literal, ".eE"));
    else
        ck_assert_double_eq(json_object_get_double(object), strtod(literal, NULL));
}

static void check_value(struct json_value value, struct json_object *object, struct arena *arena)
{
    switch (value.type) {
    case JSON_NONE:
        ck_abort_msg("nothing");
        break;
    case JSON_NULL:
        ck_assert_ptr_null(object);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        ck_assert_int_eq(json_object_get_type(object), json_type_boolean);
        ck_assert_int_eq(json_object_get_boolean(object), value.type == JSON_TRUE);
        break;
    case JSON_NUMBER:
        check_number(value, object);
        break;
    case JSON_STRING:
        ck_assert_int_eq(json_object_get_type(object), json_type_string);
        check_string(value, object, arena);
        break;
    case JSON_ARRAY:
        ck_assert_int_eq(json_object_get_type(object), json_type_array);
        ck_assert_uint_eq(json_count(value), json_object_array_length(object));
        break;
    case JSON_OBJECT:
        ck_assert_int_eq(json_object_get_type(object), json_type_object);
        ck_assert_uint_eq(json_count(value), (size_t)json_object_object_length(object));
        break;
    }
}

/* Each pointer leads both to the same place, or both nowhere. */
static void check_pointers(const struct gated *it, struct json_object *root,
    const struct json_pointer *pointers, struct tally *tally)
{
    struct json_projection *projection;
    struct json_value values[POINTERS];
    struct fault fault;
    ck_assert(json_projection_create(pointers, POINTERS, &projection, &fault));
    json_project(projection, it->page.value, values);
    for (size_t i = 0; i < POINTERS; i++) {
        struct json_object *object = NULL;
        struct json_value alone = json_find(it->page.value, &pointers[i]);
        bool there = json_pointer_get(root, pointers[i].text, &object) == 0;
        if (values[i].type == JSON_NULL) /* to json-c a null is not there, or is there as nothing */
            ck_assert_ptr_null(object);
        else
            ck_assert_msg(there == (values[i].type != JSON_NONE), "%s in %.*s", pointers[i].text,
                SPAN_FORMAT(it->text));
        ck_assert(alone.type == values[i].type && alone.bytes.data == values[i].bytes.data &&
                  alone.bytes.length == values[i].bytes.length);
        if (there)
            check_value(values[i], object, it->arena);
        tally->values += there;
    }
    json_projection_free(projection);
}

/* Every member and element below, in pairs. */
static void check_whole(struct json_value value, struct json_object *object, struct arena *arena)
{
    struct json_iterator iterator = json_begin(value);
    struct json_value inner;
    struct span key, name;
    struct fault fault;
    check_value(value, object, arena);
    for (size_t i = 0; json_next(&iterator, &key, &inner); i++) {
        struct json_object *theirs = NULL;
        if (value.type == JSON_OBJECT) {
            ck_assert(json_text(json_value_of(key), arena, &name, &fault));
            AUTO_BYTES copy = {0};
            put_span(&copy, name);
            ck_assert(json_object_object_get_ex(object, copy.data, &theirs));
        } else {
            theirs = json_object_array_get_idx(object, i);
        }
        check_whole(inner, theirs, arena);
    }
}

static void check_text(struct span text, const struct json_pointer *pointers, struct tally *tally)
{
    enum json_tokener_error strict;
    AUTO_GATED it = gated(text, NULL, false);
    struct json_object *object =
        json_c_read(text, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8, &strict);
    if (it.ok) {
        ck_assert_msg(strict == json_tokener_success, "json-c refuses %.*s: %s", SPAN_FORMAT(text),
            json_tokener_error_desc(strict));
        check_whole(json_value_of(it.page.value), object, it.arena);
        check_pointers(&it, object, pointers, tally);
        tally->sound++;
    } else {
        ck_assert_int_ne(it.fault.code, FAULT_MEMORY);
        tally->refused++;
        tally->agreed_refusals += strict != json_tokener_success;
    }
    json_object_put(object);
}

/* One thing that goes wrong with bytes. */
static void damage(struct bytes *text, struct random *random)
{
    static const char structure[] = "{}[]:,\"\\ \n0123456789-+.eEtfnu'/\0\x80\xC3\xFF";
    size_t at = random_below(random, text->length), length = random_below(random, 9);
    char c = structure[random_below(random, sizeof structure - 1)];
    length = length < text->length - at ? length : text->length - at;
    switch (random_below(random, 6)) {
    case 0:
        text->data[at] = c;
        break;
    case 1:
        text->data[at] = (char)(text->data[at] ^ (1 << random_below(random, 8)));
        break;
    case 2: /* some bytes less */
        (void)memmove(text->data + at, text->data + at + length, text->length - at - length);
        text->length -= length;
        break;
    case 3: /* one more */
        put(text, " ");
        (void)memmove(text->data + at + 1, text->data + at, text->length - 1 - at);
        text->data[at] = c;
        break;
    case 4: /* cut */
        text->length = at;
        break;
    case 5: /* some bytes elsewhere again */
        (void)memmove(
            text->data + random_below(random, text->length - length + 1), text->data + at, length);
        break;
    }
}

START_TEST(both_agree)
{
    struct random random = random_seeded(2026);
    struct arena *arena = arena_create(0);
    struct tally tally = {0};
    for (unsigned i = 0; i < DOCUMENTS; i++) {
        AUTO_BYTES text = {0};
        struct json_pointer pointers[POINTERS];
        struct document *document = document_random(&random, 6, arena);
        document_write(document, i % 4 ? &random : NULL, &text);
        for (size_t at = 0; at < POINTERS; at++) {
            AUTO_BYTES pointer = {0};
            document_pointer(document, &random, &pointer);
            pointers[at] = gated_pointer(pointer.data ? pointer.data : "", arena);
        }
        size_t sound = tally.sound;
        check_text(bytes_span(&text), pointers, &tally);
        ck_assert_msg(tally.sound == sound + 1, "refused: %s", text.data);
        for (unsigned hurt = 0; hurt < DAMAGES; hurt++) {
            AUTO_BYTES hurt_text = {0};
            put_span(&hurt_text, bytes_span(&text));
            for (unsigned times = 0; times <= hurt / 3 && hurt_text.length > 0; times++)
                damage(&hurt_text, &random);
            check_text(bytes_span(&hurt_text), pointers, &tally);
        }
        arena_reset(arena);
    }
    /* Else the comparison is of little. */
    ck_assert_uint_gt(tally.sound, DOCUMENTS + DOCUMENTS / 2);
    ck_assert_uint_gt(tally.refused, (size_t)DOCUMENTS * 2);
    ck_assert_uint_gt(tally.agreed_refusals, DOCUMENTS);
    ck_assert_uint_gt(tally.values, (size_t)DOCUMENTS * POINTERS / 2);
    arena_free(arena);
}
END_TEST

UNIT_MAIN("json.differential", json_c_merges_them, the_gate_does_not, both_agree)
