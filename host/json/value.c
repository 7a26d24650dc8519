/* SPDX-License-Identifier: Apache-2.0 */
/* Values as spans of the source: type, text, number, elements. */
#include "json/value.h"

#include "scan.h"

struct json_value json_value_of(struct span text)
{
    static const enum json_type types[256] = {['n'] = JSON_NULL,
        ['f'] = JSON_FALSE,
        ['t'] = JSON_TRUE,
        ['"'] = JSON_STRING,
        ['['] = JSON_ARRAY,
        ['{'] = JSON_OBJECT,
        ['-'] = JSON_NUMBER,
        ['0'] = JSON_NUMBER,
        ['1'] = JSON_NUMBER,
        ['2'] = JSON_NUMBER,
        ['3'] = JSON_NUMBER,
        ['4'] = JSON_NUMBER,
        ['5'] = JSON_NUMBER,
        ['6'] = JSON_NUMBER,
        ['7'] = JSON_NUMBER,
        ['8'] = JSON_NUMBER,
        ['9'] = JSON_NUMBER};
    text = span_trim(text);
    return text.length ? (struct json_value){types[(unsigned char)text.data[0]], text}
                       : (struct json_value){JSON_NONE, {NULL, 0}};
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static uint32_t hex4(const char *at, const char *end)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = at + i < end ? hex(at[i]) : -1;
        if (digit < 0)
            return 0xFFFD;
        value = value << 4 | (uint32_t)digit;
    }
    return value;
}

static size_t put_utf8(uint32_t code, char *into)
{
    if (code < 0x80) {
        into[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        into[0] = (char)(0xC0 | code >> 6);
        into[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        into[0] = (char)(0xE0 | code >> 12);
        into[1] = (char)(0x80 | (code >> 6 & 0x3F));
        into[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    into[0] = (char)(0xF0 | code >> 18);
    into[1] = (char)(0x80 | (code >> 12 & 0x3F));
    into[2] = (char)(0x80 | (code >> 6 & 0x3F));
    into[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* One escape at `*at` (after the backslash) into at most four bytes. A lone surrogate, which only a text that the gate flagged can
 * hold, becomes U+FFFD. */
static size_t unescape_one(const char **at, const char *end, char into[4])
{
    static const char plain[256] = {['b'] = '\b',
        ['f'] = '\f',
        ['n'] = '\n',
        ['r'] = '\r',
        ['t'] = '\t',
        ['"'] = '"',
        ['\\'] = '\\',
        ['/'] = '/'};
    if (*at >= end)
        return 0;
    char c = *(*at)++;
    if (c != 'u') {
        into[0] = plain[(unsigned char)c];
        return 1;
    }
    uint32_t code = hex4(*at, end);
    *at = end - *at < 4 ? end : *at + 4;
    if (code >= 0xD800 && code < 0xDC00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        uint32_t low = hex4(*at + 2, end);
        if (low >= 0xDC00 && low < 0xE000) {
            *at += 6;
            return put_utf8(0x10000 + ((code - 0xD800) << 10 | (low - 0xDC00)), into);
        }
    }
    return put_utf8(code >= 0xD800 && code < 0xE000 ? 0xFFFD : code, into);
}

/* The inside of a string without its quotes, as sent. */
static struct span inside(struct span quoted)
{
    return quoted.length >= 2 ? (struct span){quoted.data + 1, quoted.length - 2}
                              : (struct span){quoted.data, 0};
}

static bool unescape(
    struct span raw, struct arena *arena, struct span *ret_text, struct fault *fault)
{
    char *copy = arena_allocate(arena, raw.length + 4);
    size_t length = 0;
    const char *at = raw.data, *end = raw.data + raw.length;
    if (!copy)
        return fault_memory(fault);
    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((slash ? slash : end) - at);
        (void)memcpy(copy + length, at, plain);
        length += plain;
        if (!slash)
            break;
        at = slash + 1;
        length += unescape_one(
            &at, end, copy + length); /* an escape is never shorter than what it stands for */
    }
    copy[length] = '\0';
    *ret_text = (struct span){copy, length};
    return true;
}

bool json_text(
    struct json_value value, struct arena *arena, struct span *ret_text, struct fault *fault)
{
    struct span raw = inside(value.bytes);
    switch (value.type) {
    case JSON_STRING:
        if (raw.length && memchr(raw.data, '\\', raw.length))
            return unescape(raw, arena, ret_text, fault);
        *ret_text = raw;
        return true;
    case JSON_NUMBER:
    case JSON_TRUE:
    case JSON_FALSE:
        *ret_text = value.bytes;
        return true;
    case JSON_NONE:
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    *ret_text = (struct span){NULL, 0};
    return true;
}

bool json_integer(struct json_value value, int64_t *ret_number)
{
    if (value.type == JSON_STRING)
        return span_to_int64(inside(value.bytes), ret_number);
    return value.type == JSON_NUMBER && span_to_int64(value.bytes, ret_number);
}

struct json_iterator json_begin(struct json_value container)
{
    if ((container.type != JSON_ARRAY && container.type != JSON_OBJECT) ||
        container.bytes.length < 2)
        return (struct json_iterator){NULL, NULL};
    return (struct json_iterator){
        container.bytes.data + 1, container.bytes.data + container.bytes.length - 1};
}

bool json_next(struct json_iterator *iterator, struct span *ret_key, struct json_value *ret_value)
{
    const char *end = iterator->end, *at = scan_blank(iterator->at, end);
    struct span key = {NULL, 0};
    if (at < end && *at == ',')
        at = scan_blank(at + 1, end);
    if (at >= end)
        return false;
    const char *from = at;
    at = scan_value(at, end);
    const char *after = scan_blank(at, end);
    if (*from == '"' && after < end && *after == ':') {
        key = (struct span){from, (size_t)(at - from)};
        from = scan_blank(after + 1, end);
        at = scan_value(from, end);
    }
    if (at == from)
        return false; /* no sound text: never stand still */
    iterator->at = at;
    if (ret_key)
        *ret_key = key;
    *ret_value = json_value_of((struct span){from, (size_t)(at - from)});
    return true;
}

size_t json_count(struct json_value container)
{
    struct json_iterator iterator = json_begin(container);
    struct json_value value;
    size_t count = 0;
    while (json_next(&iterator, NULL, &value))
        count++;
    return count;
}

/* Whether a member's name as sent, with quotes, says `name`. */
static bool names(struct span key, struct span name)
{
    struct span raw = inside(key);
    const char *at = raw.data, *end = raw.data + raw.length;
    if (!raw.length || !memchr(raw.data, '\\', raw.length))
        return span_equal(raw, name);
    size_t done = 0;
    while (at < end) {
        char piece[4] = {*at};
        size_t length = 1;
        if (*at++ == '\\')
            length = unescape_one(&at, end, piece);
        if (name.length - done < length || memcmp(name.data + done, piece, length) != 0)
            return false;
        done += length;
    }
    return done == name.length;
}

static struct json_value step_into(struct json_value value, struct span step)
{
    struct json_iterator iterator = json_begin(value);
    struct json_value member;
    struct span key;
    int64_t index = -1;
    if (value.type == JSON_ARRAY && !span_to_int64(step, &index))
        return (struct json_value){JSON_NONE, {NULL, 0}};
    while (json_next(&iterator, &key, &member)) {
        if (value.type == JSON_ARRAY ? index-- == 0 : names(key, step))
            return member;
    }
    return (struct json_value){JSON_NONE, {NULL, 0}};
}

struct json_value json_find(struct span text, const struct json_pointer *pointer)
{
    struct json_value value = json_value_of(text);
    for (size_t i = 0; i < pointer->count && value.type != JSON_NONE; i++)
        value = step_into(value, pointer->steps[i]);
    return value;
}
