/* SPDX-License-Identifier: Apache-2.0 */
/* A text through the gate, in memory that ends where the text ends, so that a sanitizer sees one
 * byte too many being read. */
#ifndef MUSTER_TESTS_UNIT_JSON_GATED_H
#define MUSTER_TESTS_UNIT_JSON_GATED_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "json/gate.h"
#include "json/value.h"
#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Sentences of the gate begin with this. */
#define BYTE_FORMAT "byte %zu: "

struct gated {
    struct arena *arena;
    struct span text; /* the copy that the page's spans point into */
    bool ok;
    struct json_page page;
    struct fault fault;
};

static const struct hash_key gated_key = {{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3}};

static inline struct json_pointer gated_pointer(const char *text, struct arena *arena)
{
    struct json_pointer pointer;
    struct fault fault = {0};
    ck_assert_msg(json_pointer_parse(text, arena, &pointer, &fault), "%s", fault.text);
    return pointer;
}

/* items: NULL for a text without items. */
static inline struct gated gated(struct span text, const char *items, bool one_object)
{
    struct gated gated = {.arena = arena_create(0)};
    struct json_pointer pointer;
    struct json_gate_options options = {NULL, one_object, gated_key};
    char *copy = malloc(text.length ? text.length : 1);
    ck_assert(gated.arena && copy);
    if (text.length)
        (void)memcpy(copy, text.data, text.length);
    gated.text = (struct span){copy, text.length};
    if (items) {
        pointer = gated_pointer(items, gated.arena);
        options.items = &pointer;
    }
    gated.ok = json_gate(gated.text, &options, gated.arena, &gated.page, &gated.fault);
    return gated;
}

static inline void gated_free(struct gated *gated)
{
    arena_free(gated->arena);
    free((char *)(uintptr_t)gated->text.data);
}

#define AUTO_GATED __attribute__((cleanup(gated_free))) struct gated

/* The text was refused, at that byte. */
static inline void gated_refused(
    const struct gated *gated, enum fault_code code, size_t offset, const char *note)
{
    char begin[32];
    (void)snprintf(begin, sizeof begin, BYTE_FORMAT, offset);
    ck_assert_msg(!gated->ok, "passed: %s", note);
    ck_assert_msg(gated->fault.code == code, "%s is not %s: %s", fault_name(gated->fault.code),
        fault_name(code), note);
    ck_assert_msg(strncmp(gated->fault.text, begin, strlen(begin)) == 0, "\"%s\" is not at %s: %s",
        gated->fault.text, begin, note);
}

/* Texts of the caller's making, as long as they like. Each assertion of check is a message between
 * processes, so these ask first. */
static inline void put(struct bytes *bytes, const char *text)
{
    struct fault fault;
    if (!bytes_append_text(bytes, text, &fault))
        ck_abort_msg("%s", fault.text);
}

__attribute__((format(printf, 2, 3))) static inline void put_format(
    struct bytes *bytes, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        ck_abort_msg("\"%s\" is too long", format);
    put(bytes, text);
}

static inline void put_times(struct bytes *bytes, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        put(bytes, text);
}

static inline void put_span(struct bytes *bytes, struct span text)
{
    struct fault fault;
    if (!bytes_append(bytes, text, &fault))
        ck_abort_msg("%s", fault.text);
}

#endif
