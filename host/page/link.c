/* SPDX-License-Identifier: Apache-2.0 */
/* Reads Link header fields for the one that leads to the next page. */
#include "link.h"

#include <string.h>
#include "base/ascii.h"

#define REL_MAX 256u /* bytes of one rel value, unescaped */

struct link_reader {
    struct span rest;
    bool broken;
};

struct link_value {
    struct span target;
    bool has_rel, is_next, anchored;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void advance(struct link_reader *reader, size_t count)
{
    reader->rest.data += count;
    reader->rest.length -= count;
}

static void skip_blank(struct link_reader *reader)
{
    while (reader->rest.length > 0 && is_blank(reader->rest.data[0]))
        advance(reader, 1);
}

static bool take(struct link_reader *reader, char c)
{
    if (reader->rest.length == 0 || reader->rest.data[0] != c)
        return false;
    advance(reader, 1);
    return true;
}

static struct span take_token(struct link_reader *reader)
{
    size_t length = 0;
    while (length < reader->rest.length && ascii_is_token(reader->rest.data[length]))
        length++;
    struct span token = {reader->rest.data, length};
    advance(reader, length);
    return token;
}

/* The inside of a quoted-string after its first quote, escapes resolved into `text`. What exceeds
 * `text` is dropped: no relation type that matters here is that long. */
static struct span take_quoted(struct link_reader *reader, char text[REL_MAX])
{
    size_t length = 0;
    while (reader->rest.length > 0 && reader->rest.data[0] != '"') {
        if (reader->rest.data[0] == '\\')
            advance(reader, 1);
        if (reader->rest.length == 0)
            break;
        if (length < REL_MAX)
            text[length++] = reader->rest.data[0];
        advance(reader, 1);
    }
    if (!take(reader, '"'))
        reader->broken = true;
    return (struct span){text, length};
}

/* Whether a list of relation types, separated by blanks, has "next" in it. They are compared
 * without case. */
static bool names_next(struct span types)
{
    for (size_t at = 0; at < types.length;) {
        size_t start = at;
        while (at < types.length && !is_blank(types.data[at]))
            at++;
        if (span_equal_nocase((struct span){types.data + start, at - start}, SPAN("next")))
            return true;
        while (at < types.length && is_blank(types.data[at]))
            at++;
    }
    return false;
}

/* token BWS [ "=" BWS ( token / quoted-string ) ] */
static void read_parameter(struct link_reader *reader, struct link_value *value)
{
    char text[REL_MAX];
    struct span name = take_token(reader), content = {"", 0};
    skip_blank(reader);
    if (name.length == 0) { /* an empty parameter, as in "<a>; ; rel=next": the grammar allows it */
        return;
    }
    if (take(reader, '=')) {
        skip_blank(reader);
        content = take(reader, '"') ? take_quoted(reader, text) : take_token(reader);
    }
    if (span_equal_nocase(name, SPAN("anchor")))
        value->anchored = true;
    if (!value->has_rel && span_equal_nocase(name, SPAN("rel"))) { /* only the first rel counts */
        value->has_rel = true;
        value->is_next = names_next(content);
    }
}

static bool read_value(struct link_reader *reader, struct link_value *ret_value)
{
    struct link_value value = {0};
    size_t length = 0, parameters = 0;
    if (!take(reader, '<'))
        return false;
    while (length < reader->rest.length && reader->rest.data[length] != '>')
        length++;
    if (length == reader->rest.length || length > LINK_TARGET_MAX)
        return false;
    value.target = (struct span){reader->rest.data, length};
    advance(reader, length + 1);
    for (skip_blank(reader); take(reader, ';'); skip_blank(reader)) {
        if (++parameters > LINK_PARAMETERS_MAX)
            return false;
        skip_blank(reader);
        read_parameter(reader, &value);
    }
    if (reader->broken || (reader->rest.length > 0 && reader->rest.data[0] != ','))
        return false;
    *ret_value = value;
    return true;
}

enum link_result link_next(const struct http_headers *headers, struct span *ret_target)
{
    struct span found = {NULL, 0};
    size_t values = 0;
    bool broken = false;
    for (size_t i = 0; i < headers->count; i++) {
        if (!span_equal_nocase(headers->fields[i].name, SPAN("link")))
            continue;
        struct link_reader reader = {.rest = headers->fields[i].value};
        while (reader.rest.length > 0) {
            struct link_value value;
            if (is_blank(reader.rest.data[0]) || reader.rest.data[0] == ',') {
                advance(&reader, 1); /* empty list elements are to be ignored (RFC 9110 5.6.1.2) */
                continue;
            }
            if (++values > LINK_VALUES_MAX || !read_value(&reader, &value)) {
                broken = true;
                break;
            }
            if (!value.is_next || value.anchored)
                continue;
            if (found.data && !span_equal(found, value.target))
                return LINK_BROKEN;
            found = value.target;
        }
    }
    if (!found.data)
        return broken ? LINK_BROKEN : LINK_NONE;
    *ret_target = found;
    return LINK_FOUND;
}
