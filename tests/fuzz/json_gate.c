/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate, and everything that trusts it. The first byte says where the items are; the rest is the
 * text. What passes must keep its promises: items lie inside the text, a flagged item is refused on
 * its own and a sound one is not, a value written anew says the same, one look-up and a projection
 * agree.
 */
#include "fuzz.h"

#include <string.h>
#include "json/gate.h"
#include "json/value.h"

static const char *const item_pointers[] = {"", "/items", "/a/b", "/0", "/1/items", "/a~1b"};
#define ITEM_POINTERS (sizeof item_pointers / sizeof item_pointers[0])

static const char *const pointers[] = {"", "/id", "/a", "/a/b", "/a/0", "/0", "/1/a", "/name/given",
    "/name/family", "/", "/a~1b", "/emails/0/value", "/emails/1/value", "/a", "/\xC3\xA9"};
#define POINTERS (sizeof pointers / sizeof pointers[0])

static const struct hash_key key = {{7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4, 5, 2}};

static bool lies_in(struct span inner, struct span outer)
{
    return inner.data >= outer.data && inner.data + inner.length <= outer.data + outer.length;
}

static void append(struct bytes *into, struct span text)
{
    struct fault fault;
    FUZZ_CHECK(bytes_append(into, text, &fault));
}

static void append_string(struct bytes *into, struct span quoted, struct arena *arena)
{
    struct fault fault;
    struct span text;
    FUZZ_CHECK(json_text((struct json_value){JSON_STRING, quoted}, arena, &text, &fault));
    FUZZ_CHECK(text.data && span_is_utf8(text));
    FUZZ_CHECK(bytes_append_json(into, text, &fault));
}

/* A sound value in another form: escapes, white space and the order of members are other ones. */
static void rewrite(struct bytes *into, struct json_value value, struct arena *arena)
{
    struct json_iterator iterator = json_begin(value);
    struct json_value inner;
    struct span name;
    if (value.type == JSON_STRING) {
        append_string(into, value.bytes, arena);
    } else if (value.type != JSON_ARRAY && value.type != JSON_OBJECT) {
        append(into, value.bytes);
    } else if (value.type == JSON_ARRAY) {
        append(into, SPAN("[\n"));
        for (bool first = true; json_next(&iterator, &name, &inner); first = false) {
            FUZZ_CHECK(!name.data);
            append(into, first ? SPAN(" ") : SPAN(" ,\t"));
            rewrite(into, inner, arena);
        }
        append(into, SPAN("]"));
    } else {
        struct bytes after = {0};
        append(into, SPAN("{ "));
        for (bool first = true; json_next(&iterator, &name, &inner); first = false) {
            struct bytes member = {0};
            FUZZ_CHECK(name.data);
            append_string(&member, name, arena);
            append(&member, SPAN("\r\n: "));
            rewrite(&member, inner, arena);
            append(&member, first ? SPAN("") : SPAN(","));
            append(&member, bytes_span(&after));
            bytes_free(&after);
            after = member;
        }
        append(into, bytes_span(&after));
        append(into, SPAN(" }"));
        bytes_free(&after);
    }
}

static void check_look_ups(struct span value, struct arena *arena, bool sound)
{
    struct json_pointer list[POINTERS];
    struct json_value values[POINTERS];
    struct json_projection *projection;
    struct fault fault;
    for (size_t i = 0; i < POINTERS; i++)
        FUZZ_CHECK(json_pointer_parse(pointers[i], arena, &list[i], &fault));
    FUZZ_CHECK(json_projection_create(list, POINTERS, &projection, &fault));
    json_project(projection, value, values);
    for (size_t i = 0; i < POINTERS; i++) {
        struct json_value found = json_find(value, &list[i]);
        struct span text;
        int64_t number;
        FUZZ_CHECK(found.type == values[i].type || !sound);
        FUZZ_CHECK(span_equal(found.bytes, values[i].bytes) || !sound);
        FUZZ_CHECK(found.type == JSON_NONE || lies_in(found.bytes, value));
        FUZZ_CHECK(values[i].type == JSON_NONE || lies_in(values[i].bytes, value));
        FUZZ_CHECK(json_text(values[i], arena, &text, &fault));
        FUZZ_CHECK(!text.data || span_is_utf8(text));
        (void)json_integer(values[i], &number);
    }
    json_projection_free(projection);
}

static void check_sound(struct span value, struct arena *arena)
{
    const struct json_gate_options plain = {.key = key};
    struct json_page page, cut;
    struct fault fault;
    struct bytes other = {0};
    FUZZ_CHECK(json_gate(value, &plain, arena, &page, &fault));
    FUZZ_CHECK(span_equal(page.value, value));
    rewrite(&other, json_value_of(value), arena);
    FUZZ_CHECK(json_gate(bytes_span(&other), &plain, arena, &page, &fault));
    FUZZ_CHECK(
        hash128_equal(json_content_hash(&key, value), json_content_hash(&key, bytes_span(&other))));
    enum json_type type = json_value_of(value).type;
    value.length--;
    FUZZ_CHECK(type == JSON_NUMBER || !json_gate(value, &plain, arena, &cut, &fault));
    bytes_free(&other);
}

static void check_page(const struct json_page *page, struct span text, struct arena *arena)
{
    const struct json_gate_options plain = {.key = key};
    const char *from = page->items.data;
    FUZZ_CHECK(lies_in(page->value, text));
    FUZZ_CHECK(!page->items.data || lies_in(page->items, page->value));
    FUZZ_CHECK(page->items.data || page->item_count == 0);
    for (size_t i = 0; i < page->item_count; i++) {
        const struct json_item *item = &page->item[i];
        struct json_page alone;
        struct fault fault;
        FUZZ_CHECK(item->bytes.length > 0 && item->bytes.data >= from);
        FUZZ_CHECK(lies_in(item->bytes, page->items));
        from = item->bytes.data + item->bytes.length;
        if (item->why) {
            FUZZ_CHECK(text.data + item->why_offset >= item->bytes.data);
            FUZZ_CHECK(text.data + item->why_offset < from);
            FUZZ_CHECK(!json_gate(item->bytes, &plain, arena, &alone, &fault));
            FUZZ_CHECK(fault.code == FAULT_CONTENT);
        } else {
            check_sound(item->bytes, arena);
        }
        if (i < 8)
            check_look_ups(item->bytes, arena, !item->why);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    unsigned choice = data[0] % (2 * ITEM_POINTERS + 1);
    struct span text = {(const char *)data + 1, size - 1};
    struct arena *arena = arena_create(0);
    struct json_pointer items;
    struct json_page page;
    struct fault fault = {0};
    FUZZ_CHECK(arena);
    FUZZ_CHECK(json_pointer_parse(item_pointers[choice % ITEM_POINTERS], arena, &items, &fault));
    struct json_gate_options options = {.items = choice == 2 * ITEM_POINTERS ? NULL : &items,
        .one_object = choice >= ITEM_POINTERS,
        .key = key};
    if (json_gate(text, &options, arena, &page, &fault)) {
        check_page(&page, text, arena);
        if (!options.items)
            check_sound(page.value, arena);
    } else {
        static const char begin[] = "byte ";
        char *after = NULL;
        FUZZ_CHECK(
            fault.code == FAULT_SYNTAX || fault.code == FAULT_LIMIT || fault.code == FAULT_CONTENT);
        FUZZ_CHECK(strncmp(fault.text, begin, sizeof begin - 1) == 0);
        FUZZ_CHECK(strtoull(fault.text + sizeof begin - 1, &after, 10) <= text.length);
        FUZZ_CHECK(after && strncmp(after, ": ", 2) == 0);
    }
    arena_free(arena);
    return 0;
}
