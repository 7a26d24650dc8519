/* SPDX-License-Identifier: Apache-2.0 */
/* Positions as one line of text: "p1 PAGE RECEIVED NUMBER TOTAL+1 TOKEN". The token is "-" where
 * there is none, else "=" and its bytes percent-encoded, so that whatever a server calls a cursor
 * survives a checkpoint. */
#include "request/position.h"

#include <inttypes.h>
#include "base/ascii.h"

#define VERSION SPAN("p1")
#define FIELDS  6

static bool refuse(struct fault *fault)
{
    return fault_set(fault, FAULT_SYNTAX,
        "a stored position is not one that this host wrote; start the listing anew");
}

bool position_encode(const struct position *position, struct bytes *into, struct fault *fault)
{
    AUTO_BYTES text = {.limit = POSITION_TEXT_MAX};
    bool ok = bytes_append(&text, VERSION, fault) &&
              bytes_format(&text, fault, " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %c",
                  position->page, position->received, position->number, position->total_plus_one,
                  position->token.data ? '=' : '-') &&
              (!position->token.data || bytes_append_percent(&text, position->token, fault));
    if (!ok)
        return fault->code == FAULT_LIMIT
                   ? fault_set(fault, FAULT_LIMIT,
                         "a cursor or next link is too long to be stored: more than %d bytes",
                         POSITION_TEXT_MAX)
                   : false;
    return bytes_append(into, bytes_span(&text), fault);
}

/* Only what bytes_append_percent writes gets through the comparison that follows; here it need not
 * be strict. */
static bool decode_percent(
    struct span text, struct arena *arena, struct span *ret_decoded, struct fault *fault)
{
    char *decoded = arena_allocate(arena, text.length + 1);
    size_t length = 0;
    if (!decoded)
        return fault_memory(fault);
    for (size_t at = 0; at < text.length; at++) {
        char c = text.data[at];
        if (c == '%') {
            int high = text.length - at > 2 ? ascii_hex_value(text.data[at + 1]) : -1;
            int low = high >= 0 ? ascii_hex_value(text.data[at + 2]) : -1;
            if (low < 0)
                return refuse(fault);
            c = (char)(high * 16 + low);
            at += 2;
        }
        decoded[length++] = c;
    }
    *ret_decoded = (struct span){decoded, length};
    return true;
}

static bool split(struct span text, struct span fields[FIELDS])
{
    size_t count = 0, from = 0;
    for (size_t at = 0; at <= text.length; at++) {
        if (at < text.length && text.data[at] != ' ')
            continue;
        if (count == FIELDS)
            return false;
        fields[count++] = (struct span){text.data + from, at - from};
        from = at + 1;
    }
    return count == FIELDS;
}

bool position_decode(
    struct span text, struct arena *arena, struct position *ret_position, struct fault *fault)
{
    struct position position = {0};
    struct span fields[FIELDS];
    AUTO_BYTES again = {0};
    if (!text.data || text.length > POSITION_TEXT_MAX || !split(text, fields) ||
        !span_to_int64(fields[1], &position.page) ||
        !span_to_int64(fields[2], &position.received) ||
        !span_to_int64(fields[3], &position.number) ||
        !span_to_int64(fields[4], &position.total_plus_one) || fields[5].length == 0 ||
        position.page < 0 || position.received < 0 || position.total_plus_one < 0)
        return refuse(fault);
    struct span token = {fields[5].data + 1, fields[5].length - 1};
    if (fields[5].data[0] == '=' && !decode_percent(token, arena, &position.token, fault))
        return false;
    /* One position, one text: what does not encode to itself was not written by encode. */
    if (!position_encode(&position, &again, fault))
        return false;
    if (!span_equal(bytes_span(&again), text))
        return refuse(fault);
    *ret_position = position;
    return true;
}
