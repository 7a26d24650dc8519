/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up documents: small alphabets, so that names and values meet often. */
#include "document.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define INNER_MOST    5u
#define NAME_PIECES   3u
#define STRING_PIECES 24u
#define EDIT_TRIES    100u

static const char *const pieces[] = {"a", "b", "id", "name", "0", "1", "01", "-", "/", "~", "~0",
    "~1", "\"", "\\", "\\n", "\n", "\t", "\r", "\b", "\f", "\x01", "\x1F", "\x7F", " ", "u0041",
    "\xC3\xA9", "e\xCC\x81", "\xE2\x82\xAC", "\xEF\xBF\xBD", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF",
    "{", "}", "[", "]", ",", ":", "'", "0123456789abcdef"};

static const char *const numbers[] = {"0", "-0", "1", "-1", "12", "1.0", "1.00", "1e2", "1E2",
    "1E+2", "100", "0.5", "-2.5e-3", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "18446744073709551615", "18446744073709551616", "18446744073709551617",
    "123456789012345678901234567890", "1e400"};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void put(struct bytes *into, struct span text)
{
    struct fault fault;
    bool fits = bytes_append(into, text, &fault);
    assert(fits);
    (void)fits;
}

static struct span copy(struct arena *arena, struct span text)
{
    struct span result = arena_copy(arena, text);
    assert(result.data);
    return result;
}

/* ------------------------------------------------------------------ making -------------------- */

static struct span random_text(struct random *random, size_t most, struct arena *arena)
{
    AUTO_BYTES text = {0};
    for (uint64_t left = random_below(random, most + 1); left > 0; left--)
        put(&text, span_of(pieces[random_below(random, COUNT(pieces))]));
    return copy(arena, bytes_span(&text));
}

static bool has_name(const struct document *document, struct span name)
{
    for (size_t i = 0; i < document->count; i++)
        if (span_equal(document->inner[i].name, name))
            return true;
    return false;
}

static struct span fresh_name(
    const struct document *document, struct random *random, struct arena *arena)
{
    struct span name;
    do
        name = random_text(random, NAME_PIECES, arena);
    while (has_name(document, name));
    return name;
}

static void fill(
    struct document *document, struct random *random, unsigned depth, struct arena *arena)
{
    document->type = (enum json_type)(JSON_NULL + random_below(random, depth ? 7 : 5));
    document->inner = NULL;
    document->count = 0;
    switch (document->type) {
    case JSON_NUMBER:
        document->text = span_of(numbers[random_below(random, COUNT(numbers))]);
        break;
    case JSON_STRING:
        document->text = random_text(random, STRING_PIECES, arena);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        document->inner = arena_allocate_array(arena, INNER_MOST + 1, sizeof *document->inner);
        assert(document->inner);
        for (uint64_t left = random_below(random, INNER_MOST + 1); left > 0; left--) {
            struct document *inner = &document->inner[document->count];
            if (document->type == JSON_OBJECT)
                inner->name = fresh_name(document, random, arena);
            fill(inner, random, depth - 1, arena);
            document->count++;
        }
        break;
    case JSON_NONE:
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        break;
    }
}

struct document *document_random(struct random *random, unsigned depth, struct arena *arena)
{
    struct document *document = arena_allocate(arena, sizeof *document);
    assert(document);
    fill(document, random, depth, arena);
    return document;
}

/* ------------------------------------------------------------------ writing ------------------- */

static void put_blank(struct random *style, struct bytes *into)
{
    static const char blanks[] = " \t\n\r";
    if (!style || random_below(style, 3) > 0)
        return;
    for (uint64_t left = random_below(style, 20); left > 0; left--)
        put(into, (struct span){&blanks[random_below(style, 4)], 1});
}

static uint32_t decode(const char **at)
{
    const unsigned char *from = (const unsigned char *)*at;
    unsigned more = from[0] < 0x80 ? 0 : from[0] < 0xE0 ? 1 : from[0] < 0xF0 ? 2 : 3;
    uint32_t code = more ? from[0] & (0x3Fu >> more) : from[0];
    for (unsigned i = 1; i <= more; i++)
        code = code << 6 | (from[i] & 0x3Fu);
    *at += 1 + more;
    return code;
}

static void put_unicode(uint32_t code, struct random *style, struct bytes *into)
{
    char text[16];
    uint32_t high = 0xD800 + ((code - 0x10000) >> 10), low = 0xDC00 + ((code - 0x10000) & 0x3FF);
    bool upper = style && random_below(style, 2);
    if (code < 0x10000)
        (void)snprintf(text, sizeof text, upper ? "\\u%04X" : "\\u%04x", code);
    else
        (void)snprintf(text, sizeof text, upper ? "\\u%04X\\u%04X" : "\\u%04x\\u%04x", high, low);
    put(into, span_of(text));
}

static void put_character(
    struct span character, uint32_t code, struct random *style, struct bytes *into)
{
    static const char letters[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
    const char *found = code && code < 0x80 ? strchr(codes, (int)code) : NULL;
    bool must = code < 0x20 || code == '"' || code == '\\';
    uint64_t form = style ? random_below(style, 4) : 0;
    if (found && (must ? form < 2 : form == 1)) {
        char text[2] = {'\\', letters[found - codes]};
        put(into, (struct span){text, 2});
    } else if (must || form == 3) {
        put_unicode(code, style, into);
    } else {
        put(into, character);
    }
}

static void put_string(struct span text, struct random *style, struct bytes *into)
{
    const char *at = text.data, *end = text.data + text.length;
    put(into, SPAN("\""));
    while (at < end) {
        const char *from = at;
        uint32_t code = decode(&at);
        put_character((struct span){from, (size_t)(at - from)}, code, style, into);
    }
    put(into, SPAN("\""));
}

static void put_inner(const struct document *document, struct random *style, struct bytes *into)
{
    bool object = document->type == JSON_OBJECT;
    size_t turn = object && style && document->count ? random_below(style, document->count) : 0;
    put(into, object ? SPAN("{") : SPAN("["));
    for (size_t i = 0; i < document->count; i++) {
        const struct document *inner = &document->inner[(i + turn) % document->count];
        put(into, i ? SPAN(",") : SPAN(""));
        put_blank(style, into);
        if (object) {
            put_string(inner->name, style, into);
            put_blank(style, into);
            put(into, SPAN(":"));
        }
        document_write(inner, style, into);
    }
    put_blank(style, into);
    put(into, object ? SPAN("}") : SPAN("]"));
}

void document_write(const struct document *document, struct random *style, struct bytes *into)
{
    put_blank(style, into);
    switch (document->type) {
    case JSON_NONE:
        assert(false);
        break;
    case JSON_NULL:
        put(into, SPAN("null"));
        break;
    case JSON_FALSE:
        put(into, SPAN("false"));
        break;
    case JSON_TRUE:
        put(into, SPAN("true"));
        break;
    case JSON_NUMBER:
        put(into, document->text);
        break;
    case JSON_STRING:
        put_string(document->text, style, into);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        put_inner(document, style, into);
        break;
    }
    put_blank(style, into);
}

/* ------------------------------------------------------------------ comparing ----------------- */

static bool equal_members(const struct document *a, const struct document *b)
{
    for (size_t i = 0; i < a->count; i++) {
        size_t at = 0;
        while (at < b->count && !span_equal(a->inner[i].name, b->inner[at].name))
            at++;
        if (at == b->count || !document_equal(&a->inner[i], &b->inner[at]))
            return false;
    }
    return true;
}

bool document_equal(const struct document *a, const struct document *b)
{
    if (a->type != b->type || a->count != b->count)
        return false;
    if (a->type == JSON_STRING || a->type == JSON_NUMBER)
        return span_equal(a->text, b->text);
    if (a->type == JSON_OBJECT)
        return equal_members(a, b);
    for (size_t i = 0; i < a->count; i++)
        if (!document_equal(&a->inner[i], &b->inner[i]))
            return false;
    return true;
}

/* ------------------------------------------------------------------ editing ------------------- */

static struct document *somewhere(struct document *document, struct random *random)
{
    while (document->count > 0 && random_below(random, 4) > 0)
        document = &document->inner[random_below(random, document->count)];
    return document;
}

static void swap(struct document *a, struct document *b)
{
    struct document kept = *a;
    *a = *b;
    *b = kept;
}

static void remove_inner(struct document *at, size_t which)
{
    at->count--;
    (void)memmove(
        &at->inner[which], &at->inner[which + 1], (at->count - which) * sizeof *at->inner);
}

/* One attempt; it may happen to change nothing. */
static void try_edit(struct document *document, struct random *random, struct arena *arena)
{
    struct document *at = somewhere(document, random), *inner;
    struct span name = at->name;
    size_t which = at->count ? random_below(random, at->count) : 0;
    switch (random_below(random, 6)) {
    case 0: /* another value or type, its name kept */
        fill(at, random, 1, arena);
        at->name = name;
        break;
    case 1: /* something less */
        if (at->count)
            remove_inner(at, which);
        break;
    case 2: /* something more */
        if ((at->type == JSON_ARRAY || at->type == JSON_OBJECT) && at->count <= INNER_MOST) {
            inner = &at->inner[at->count];
            *inner =
                (struct document){.name = at->type == JSON_OBJECT ? fresh_name(at, random, arena)
                                                                  : (struct span){NULL, 0}};
            fill(inner, random, 0, arena);
            at->count++;
        }
        break;
    case 3: /* another name */
        if (at->type == JSON_OBJECT && at->count)
            at->inner[which].name = fresh_name(at, random, arena);
        break;
    case 4: /* another place, or two values changed over between names */
        if (at->count > 1) {
            size_t other = random_below(random, at->count);
            struct span names[2] = {at->inner[which].name, at->inner[other].name};
            swap(&at->inner[which], &at->inner[other]);
            at->inner[which].name = names[0];
            at->inner[other].name = names[1];
        }
        break;
    case 5: /* a value one level up, in place of what held it */
        if (at->count) {
            struct document taken = at->inner[which];
            *at = taken;
            at->name = name;
        }
        break;
    }
}

static struct document *clone(const struct document *document, struct arena *arena)
{
    struct document *result = arena_allocate(arena, sizeof *result);
    assert(result);
    *result = *document;
    if (document->inner) {
        result->inner = arena_allocate_array(arena, INNER_MOST + 1, sizeof *result->inner);
        assert(result->inner);
        for (size_t i = 0; i < document->count; i++)
            result->inner[i] = *clone(&document->inner[i], arena);
    }
    return result;
}

void document_edit(struct document *document, struct random *random, struct arena *arena)
{
    for (unsigned tries = 0; tries < EDIT_TRIES; tries++) {
        struct document *draft = clone(document, arena);
        try_edit(draft, random, arena);
        if (!document_equal(draft, document)) {
            *document = *draft;
            return;
        }
    }
    assert(false);
}

/* ------------------------------------------------------------------ pointing ------------------ */

static void put_step(struct span step, struct bytes *into)
{
    put(into, SPAN("/"));
    for (size_t i = 0; i < step.length; i++) {
        char c = step.data[i];
        put(into, c == '~' ? SPAN("~0") : c == '/' ? SPAN("~1") : (struct span){&c, 1});
    }
}

void document_pointer(const struct document *document, struct random *random, struct bytes *into)
{
    char index[24];
    for (;;) {
        uint64_t odd = random_below(random, 16);
        size_t which = document->count ? random_below(random, document->count) : 0;
        if (odd == 0)
            return;
        if (odd == 1 || document->count == 0)
            break;
        (void)snprintf(index, sizeof index, "%zu", which);
        put_step(
            document->type == JSON_OBJECT ? document->inner[which].name : span_of(index), into);
        document = &document->inner[which];
    }
    if (random_below(random, 2)) {
        (void)snprintf(index, sizeof index, "%zu", document->count);
        put_step(random_below(random, 2) ? span_of(index)
                                         : span_of(pieces[random_below(random, COUNT(pieces))]),
            into);
    }
}
