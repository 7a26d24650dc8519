/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: one pass over the bytes that checks syntax, limits and content, and cuts out the items. The calls nest as deep as the text,
 * which is JSON_DEPTH_MAX at the most. */
#include "json/gate.h"

#include "escape.h"
#include "members.h"
#include "scan.h"
#include "step.h"

#define ITEMS_FIRST 256u
#define OFF_PATH    SIZE_MAX /* this value does not lie on the way to the items */

struct gate {
    const char *begin, *at, *end;
    const struct json_gate_options *options;
    struct arena *arena;
    struct fault *fault;
    struct members members;
    struct json_page page;
    size_t item_capacity;
    struct json_item *item; /* the one that is being read; NULL outside */
};

static bool broken(struct gate *gate, const char *at, enum fault_code code, const char *what)
{
    return fault_set(gate->fault, code, "byte %zu: %s", (size_t)(at - gate->begin), what);
}

/* What must not be believed: the item's trouble where there is one, else the text's. */
static bool unsound(struct gate *gate, const char *at, const char *what)
{
    if (!gate->item)
        return broken(gate, at, FAULT_CONTENT, what);
    if (!gate->item->why) {
        gate->item->why = what;
        gate->item->why_offset = (size_t)(at - gate->begin);
    }
    return true;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t x = (a ^ (b + 0x9E3779B97F4A7C15u)) * 0xFF51AFD7ED558CCDu;
    return x ^ (x >> 32);
}

static uint64_t name_shape(struct span name)
{
    uint64_t shape = name.length, word = 0;
    size_t at = 0;
    for (; name.length - at >= 8; at += 8) {
        (void)memcpy(&word, name.data + at, 8);
        shape = mix(shape, word);
    }
    word = 0;
    (void)memcpy(&word, name.data + at, name.length - at);
    return mix(shape, word);
}

/* ------------------------------------------------------------------ strings ------------------- */

/* \uXXXX; gate->at is at the backslash. */
static bool read_unicode(struct gate *gate)
{
    const char *from = gate->at;
    int code = escape_hex4(from + 2, gate->end);
    if (code < 0)
        return broken(gate, from, FAULT_SYNTAX, "\\u without four hexadecimal digits");
    gate->at += 6;
    if (code == 0)
        return unsound(gate, from, "a NUL character in a string");
    if (code < 0xD800 || code > 0xDFFF)
        return true;
    if (code < 0xDC00 && gate->end - gate->at >= 6 && gate->at[0] == '\\' && gate->at[1] == 'u') {
        int low = escape_hex4(gate->at + 2, gate->end);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            gate->at += 6;
            return true;
        }
    }
    return unsound(gate, from, "half of a surrogate pair in a string");
}

static bool read_escape(struct gate *gate)
{
    if (gate->end - gate->at < 2)
        return broken(gate, gate->at, FAULT_SYNTAX, "the text ends inside a string");
    char c = gate->at[1];
    if (c == 'u')
        return read_unicode(gate);
    if (c == '\0' || !strchr("\"\\/bfnrt", c))
        return broken(gate, gate->at, FAULT_SYNTAX, "an escape that JSON does not have");
    gate->at += 2;
    return true;
}

/* The length of the UTF-8 sequence at `at`, or 0 (RFC 3629 section 4). */
static size_t utf8_length(const unsigned char *at, size_t left)
{
    unsigned char first = at[0], low = 0x80, high = 0xBF;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (left < length)
        return 0;
    low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : low;
    high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : high;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

static bool read_other(struct gate *gate)
{
    unsigned char c = (unsigned char)*gate->at;
    if (c < 0x20) {
        gate->at++;
        return unsound(
            gate, gate->at - 1, c ? "a control character in a string" : "a NUL byte in a string");
    }
    size_t length = utf8_length((const unsigned char *)gate->at, (size_t)(gate->end - gate->at));
    gate->at += length ? length : 1;
    return length || unsound(gate, gate->at - 1, "malformed UTF-8 in a string");
}

/* gate->at is after the opening quote; ends after the closing one. ret_escaped: the string has escapes. */
static bool read_string(struct gate *gate, bool *ret_escaped)
{
    const char *from = gate->at;
    *ret_escaped = false;
    for (;;) {
        gate->at = scan_plain(gate->at, gate->end);
        if (gate->at == gate->end)
            return broken(gate, gate->at, FAULT_SYNTAX, "the text ends inside a string");
        if ((size_t)(gate->at - from) > JSON_STRING_MAX)
            return broken(gate, from - 1, FAULT_LIMIT, "a string longer than 4 MiB");
        if (*gate->at == '"') {
            gate->at++;
            return true;
        }
        bool escape = *gate->at == '\\';
        *ret_escaped = *ret_escaped || escape;
        if (!(escape ? read_escape(gate) : read_other(gate)))
            return false;
    }
}

/* ------------------------------------------------------------------ scalars ------------------- */

static const char *digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static bool read_number(struct gate *gate)
{
    const char *from = gate->at, *at = from + (*from == '-'), *whole = at;
    at = digits(at, gate->end);
    if (at == whole || (*whole == '0' && at - whole > 1))
        return broken(gate, from, FAULT_SYNTAX, "a number that JSON does not have");
    if (at < gate->end && *at == '.') {
        const char *fraction = at + 1;
        at = digits(fraction, gate->end);
        if (at == fraction)
            return broken(gate, at, FAULT_SYNTAX, "a number without digits after its point");
    }
    if (at < gate->end && (*at == 'e' || *at == 'E')) {
        const char *exponent = at + 1;
        exponent += exponent < gate->end && (*exponent == '+' || *exponent == '-');
        at = digits(exponent, gate->end);
        if (at == exponent)
            return broken(gate, at, FAULT_SYNTAX, "a number without digits in its exponent");
    }
    if ((size_t)(at - from) > JSON_NUMBER_MAX)
        return broken(gate, from, FAULT_LIMIT, "a number of more than 64 characters");
    gate->at = at;
    return true;
}

static bool read_word(struct gate *gate, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(gate->end - gate->at) < length || memcmp(gate->at, word, length) != 0)
        return broken(gate, gate->at, FAULT_SYNTAX, "no JSON value");
    gate->at += length;
    return true;
}

/* ------------------------------------------------------------------ containers ---------------- */

static bool read_value(struct gate *gate, unsigned depth, size_t step, uint64_t *ret_shape);

static bool begin_item(struct gate *gate)
{
    if (gate->page.item_count == JSON_ITEMS_MAX)
        return broken(gate, gate->at, FAULT_LIMIT, "more than 100000 items in one page");
    if (gate->page.item_count == gate->item_capacity) {
        size_t capacity = gate->item_capacity ? gate->item_capacity * 2 : ITEMS_FIRST;
        struct json_item *items = arena_allocate_array(gate->arena, capacity, sizeof *items);
        if (!items)
            return fault_memory(gate->fault);
        if (gate->page.item_count)
            (void)memcpy(items, gate->page.item, gate->page.item_count * sizeof *items);
        gate->page.item = items;
        gate->item_capacity = capacity;
    }
    gate->item = &gate->page.item[gate->page.item_count++];
    *gate->item = (struct json_item){.bytes = {gate->at, 0}};
    return true;
}

static bool read_item(struct gate *gate, unsigned depth, uint64_t *ret_shape)
{
    if (!begin_item(gate) || !read_value(gate, depth, OFF_PATH, ret_shape))
        return false;
    gate->item->bytes.length = (size_t)(gate->at - gate->item->bytes.data);
    gate->item->shape = *ret_shape;
    gate->item = NULL;
    return true;
}

static bool read_array(
    struct gate *gate, unsigned depth, size_t step, bool items, uint64_t *ret_shape)
{
    uint64_t shape = '[', last = 0, element = 0;
    const struct json_pointer *path = gate->options->items;
    int64_t wanted = STEP_NO_INDEX, index = 0;
    if (step != OFF_PATH && !items)
        wanted = step_index(path->steps[step]);
    gate->at = scan_blank(gate->at + 1, gate->end);
    if (gate->at < gate->end && *gate->at == ']') {
        gate->at++;
        *ret_shape = shape;
        return true;
    }
    for (;; index++) {
        bool ok = items ? read_item(gate, depth, &element)
                        : read_value(gate, depth, index == wanted ? step + 1 : OFF_PATH, &element);
        if (!ok)
            return false;
        if (element !=
            last) /* neighbours that are alike count once: lengths of arrays are no shape */
            shape = mix(shape, element);
        last = element;
        gate->at = scan_blank(gate->at, gate->end);
        if (gate->at == gate->end || (*gate->at != ',' && *gate->at != ']'))
            return broken(gate, gate->at, FAULT_SYNTAX, "expected \",\" or \"]\" in an array");
        if (*gate->at++ == ']')
            break;
        gate->at = scan_blank(gate->at, gate->end);
    }
    *ret_shape = shape;
    return true;
}

/* A member's name, onto the stack of names, and its colon. */
static bool read_name(struct gate *gate, struct span *ret_name)
{
    const char *from = gate->at;
    bool escaped;
    if (gate->at == gate->end || *gate->at != '"')
        return broken(gate, gate->at, FAULT_SYNTAX, "expected a member's name in quotes");
    gate->at++;
    if (!read_string(gate, &escaped))
        return false;
    struct span raw = {from + 1, (size_t)(gate->at - from) - 2};
    if (gate->members.count == JSON_OPEN_MEMBERS_MAX)
        return broken(
            gate, from, FAULT_LIMIT, "more than 262144 members in objects that are not closed yet");
    if (!members_push(&gate->members, raw, escaped, ret_name, gate->fault))
        return false;
    gate->at = scan_blank(gate->at, gate->end);
    if (gate->at == gate->end || *gate->at != ':')
        return broken(gate, gate->at, FAULT_SYNTAX, "expected \":\" after a member's name");
    gate->at = scan_blank(gate->at + 1, gate->end);
    return true;
}

static bool read_members(
    struct gate *gate, unsigned depth, size_t step, size_t from, uint64_t *ret_shape)
{
    const struct json_pointer *path = gate->options->items;
    uint64_t shape = '{', inner;
    struct span name;
    for (;;) {
        if (!read_name(gate, &name))
            return false;
        if (gate->members.count - from > JSON_MEMBERS_MAX)
            return broken(gate, gate->at, FAULT_LIMIT, "an object of more than 65536 members");
        uint64_t named = name_shape(name);
        bool on_path = step != OFF_PATH && span_equal(name, path->steps[step]);
        if (!read_value(gate, depth, on_path ? step + 1 : OFF_PATH, &inner))
            return false;
        shape += mix(named, inner);
        gate->at = scan_blank(gate->at, gate->end);
        if (gate->at == gate->end || (*gate->at != ',' && *gate->at != '}'))
            return broken(gate, gate->at, FAULT_SYNTAX, "expected \",\" or \"}\" in an object");
        if (*gate->at++ == '}')
            break;
        gate->at = scan_blank(gate->at, gate->end);
    }
    *ret_shape = shape;
    return true;
}

static bool read_object(struct gate *gate, unsigned depth, size_t step, uint64_t *ret_shape)
{
    const char *second;
    size_t from = gate->members.count;
    gate->at = scan_blank(gate->at + 1, gate->end);
    if (gate->at < gate->end && *gate->at == '}') {
        gate->at++;
        *ret_shape = '{';
        return true;
    }
    if (!read_members(gate, depth, step, from, ret_shape))
        return false;
    if (members_pop(&gate->members, from, &gate->options->key, &second))
        return unsound(gate, second - 1, "a member that stands twice in its object");
    return true;
}

/* The value at the end of the path: the items. */
static bool read_items(struct gate *gate, unsigned depth, uint64_t *ret_shape)
{
    const char *from = gate->at;
    bool array = *gate->at == '[';
    if (gate->options->one_object ? *gate->at != '{' : !array)
        return broken(gate, gate->at, FAULT_CONTENT,
            gate->options->one_object ? "the item is no object" : "the list of items is no array");
    if (!(array ? read_array(gate, depth, OFF_PATH, true, ret_shape)
                : read_item(gate, depth - 1, ret_shape)))
        return false;
    gate->page.items = (struct span){from, (size_t)(gate->at - from)};
    return true;
}

static bool read_value(struct gate *gate, unsigned depth, size_t step, uint64_t *ret_shape)
{
    bool escaped;
    if (gate->at == gate->end)
        return broken(gate, gate->at, FAULT_SYNTAX, "the text ends where a value is expected");
    char c = *gate->at;
    if ((c == '{' || c == '[') && ++depth > JSON_DEPTH_MAX)
        return broken(gate, gate->at, FAULT_LIMIT, "nested more than 32 deep");
    if (gate->options->items && step == gate->options->items->count)
        return read_items(gate, depth, ret_shape);
    if (c == '{')
        return read_object(gate, depth, step, ret_shape);
    if (c == '[')
        return read_array(gate, depth, step, false, ret_shape);
    *ret_shape = (uint64_t)(unsigned char)(c == 'f' ? 't' : c >= '0' && c <= '9' ? '-' : c);
    if (c == '"') {
        gate->at++;
        return read_string(gate, &escaped);
    }
    if (c == '-' || (c >= '0' && c <= '9'))
        return read_number(gate);
    return read_word(gate, c == 't' ? "true" : c == 'f' ? "false" : "null");
}

static bool read_text(struct gate *gate)
{
    uint64_t shape;
    gate->at = scan_blank(gate->begin, gate->end);
    if (gate->at == gate->end)
        return broken(gate, gate->end, FAULT_SYNTAX, "empty body");
    gate->page.value.data = gate->at;
    if (!read_value(gate, 0, gate->options->items ? 0 : OFF_PATH, &shape))
        return false;
    gate->page.value.length = (size_t)(gate->at - gate->page.value.data);
    gate->at = scan_blank(gate->at, gate->end);
    return gate->at == gate->end ||
           broken(gate, gate->at, FAULT_SYNTAX, "more bytes after the value");
}

bool json_gate(struct span text, const struct json_gate_options *options, struct arena *arena,
    struct json_page *ret_page, struct fault *fault)
{
    struct gate gate = {.begin = text.data,
        .end = text.data + text.length,
        .options = options,
        .arena = arena,
        .fault = fault};
    bool sound = read_text(&gate);
    members_free(&gate.members);
    if (sound)
        *ret_page = gate.page;
    return sound;
}
