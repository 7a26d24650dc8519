/* SPDX-License-Identifier: Apache-2.0 */
/* Spans and bounded buffers. */
#include "base/bytes.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/ascii.h"
#include "base/memory.h"

#define BYTES_FIRST 64u

struct span span_of(const char *text)
{
    return (struct span){text, text ? strlen(text) : 0};
}

bool span_equal(struct span a, struct span b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

bool span_equal_text(struct span a, const char *text)
{
    return span_equal(a, span_of(text));
}

bool span_equal_nocase(struct span a, struct span b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
            return false;
    return true;
}

int span_compare(struct span a, struct span b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    if (order != 0)
        return order;
    return (a.length > b.length) - (a.length < b.length);
}

bool span_starts_with(struct span a, struct span prefix)
{
    return a.length >= prefix.length && span_equal((struct span){a.data, prefix.length}, prefix);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span a)
{
    while (a.length > 0 && is_blank(a.data[0])) {
        a.data++;
        a.length--;
    }
    while (a.length > 0 && is_blank(a.data[a.length - 1]))
        a.length--;
    return a;
}

bool span_to_int64(struct span a, int64_t *ret_value)
{
    size_t at = a.length > 0 && a.data[0] == '-' ? 1 : 0;
    int64_t value = 0;
    if (at == a.length)
        return false;
    for (; at < a.length; at++) {
        char c = a.data[at];
        if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, c - '0', &value))
            return false;
    }
    if (a.data[0] != '-' && __builtin_sub_overflow(0, value, &value))
        return false;
    *ret_value = value;
    return true;
}

/* The length of the well-formed UTF-8 sequence that begins at `at`, or 0 (RFC 3629 section 4). */
static size_t utf8_length(const unsigned char *at, size_t left)
{
    unsigned char first = at[0], low = 0x80, high = 0xBF;
    size_t length;
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (left < length)
        return 0;
    if (first == 0xE0)
        low = 0xA0;
    else if (first == 0xED)
        high = 0x9F;
    else if (first == 0xF0)
        low = 0x90;
    else if (first == 0xF4)
        high = 0x8F;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

bool span_is_utf8(struct span a)
{
    const unsigned char *data = (const unsigned char *)a.data;
    for (size_t at = 0; at < a.length;) {
        size_t length = utf8_length(data + at, a.length - at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

struct span bytes_span(const struct bytes *bytes)
{
    return (struct span){bytes->data ? bytes->data : "", bytes->length};
}

bool bytes_reserve(struct bytes *bytes, size_t more, struct fault *fault)
{
    size_t limit = bytes->limit ? bytes->limit : BYTES_LIMIT_DEFAULT;
    if (more > limit || bytes->length > limit - more)
        return fault_set(fault, FAULT_LIMIT, "more than %zu bytes", limit);
    size_t need = bytes->length + more + 1;
    if (need <= bytes->capacity)
        return true;
    size_t capacity = bytes->capacity ? bytes->capacity : BYTES_FIRST;
    while (capacity < need)
        capacity *= 2;
    if (capacity > limit + 1)
        capacity = limit + 1;
    char *data = memory_resize(bytes->data, capacity);
    if (!data)
        return fault_memory(fault);
    bytes->data = data;
    bytes->capacity = capacity;
    return true;
}

bool bytes_append(struct bytes *bytes, struct span more, struct fault *fault)
{
    if (!bytes_reserve(bytes, more.length, fault))
        return false;
    if (more.length > 0)
        (void)memcpy(bytes->data + bytes->length, more.data, more.length);
    bytes->length += more.length;
    bytes->data[bytes->length] = '\0';
    return true;
}

bool bytes_append_text(struct bytes *bytes, const char *text, struct fault *fault)
{
    return bytes_append(bytes, span_of(text), fault);
}

bool bytes_append_char(struct bytes *bytes, char c, struct fault *fault)
{
    return bytes_append(bytes, (struct span){&c, 1}, fault);
}

bool bytes_format(struct bytes *bytes, struct fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return fault_set(fault, FAULT_SYNTAX, "a text could not be formatted");
    if (!bytes_reserve(bytes, (size_t)length, fault))
        return false;
    va_start(arguments, format);
    (void)vsnprintf(bytes->data + bytes->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    bytes->length += (size_t)length;
    return true;
}

static bool append_json_escape(struct bytes *bytes, unsigned char c, struct fault *fault)
{
    static const char short_forms[] = {['\b'] = 'b',
        ['\f'] = 'f',
        ['\n'] = 'n',
        ['\r'] = 'r',
        ['\t'] = 't',
        ['"'] = '"',
        ['\\'] = '\\'};
    if (c < sizeof short_forms && short_forms[c]) {
        char pair[2] = {'\\', short_forms[c]};
        return bytes_append(bytes, (struct span){pair, 2}, fault);
    }
    return bytes_format(bytes, fault, "\\u%04x", c);
}

bool bytes_append_json(struct bytes *bytes, struct span text, struct fault *fault)
{
    const unsigned char *data = (const unsigned char *)text.data;
    if (!bytes_append_char(bytes, '"', fault))
        return false;
    for (size_t at = 0; at < text.length;) {
        size_t plain = at;
        while (plain < text.length && data[plain] >= 0x20 && data[plain] < 0x80 &&
               data[plain] != '"' && data[plain] != '\\')
            plain++;
        if (plain > at && !bytes_append(bytes, (struct span){text.data + at, plain - at}, fault))
            return false;
        at = plain;
        if (at == text.length)
            break;
        size_t length = utf8_length(data + at, text.length - at);
        bool ok = length > 1    ? bytes_append(bytes, (struct span){text.data + at, length}, fault)
                  : length == 1 ? append_json_escape(bytes, data[at], fault)
                                : bytes_append(bytes, SPAN("\xEF\xBF\xBD"), fault);
        if (!ok)
            return false;
        at += length ? length : 1;
    }
    return bytes_append_char(bytes, '"', fault);
}

bool bytes_append_percent(struct bytes *bytes, struct span text, struct fault *fault)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (!(ascii_is_unreserved(c) ? bytes_append_char(bytes, c, fault)
                                     : bytes_format(bytes, fault, "%%%02X", (unsigned char)c)))
            return false;
    }
    return true;
}

bool bytes_append_hex(struct bytes *bytes, const void *data, size_t length, struct fault *fault)
{
    const unsigned char *at = data;
    for (size_t i = 0; i < length; i++)
        if (!bytes_format(bytes, fault, "%02x", at[i]))
            return false;
    return true;
}

void bytes_clear(struct bytes *bytes)
{
    bytes->length = 0;
    if (bytes->data)
        bytes->data[0] = '\0';
}

void bytes_free(struct bytes *bytes)
{
    memory_free(bytes->data);
    bytes->data = NULL;
    bytes->length = bytes->capacity = 0;
}

void bytes_wipe(struct bytes *bytes)
{
    if (bytes->data)
        sodium_memzero(bytes->data, bytes->capacity);
    bytes_free(bytes);
}
