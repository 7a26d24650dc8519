/* SPDX-License-Identifier: Apache-2.0 */
/* Reads requests strictly enough for a test server; writes heads as the framing says. */
#include "message.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "base/memory.h"

#define ENCODED_MIN 16u /* bytes by which a second, false length differs */

static struct span cut(struct span text, size_t from, size_t to)
{
    return (struct span){text.data + from, to - from};
}

static struct span find_byte(struct span text, char byte)
{
    const char *at = text.length ? memchr(text.data, byte, text.length) : NULL;
    return at ? cut(text, (size_t)(at - text.data), text.length) : (struct span){NULL, 0};
}

/* Takes the part before `byte` off the front of `rest`; all of it where there is none. */
static struct span take_until(struct span *rest, char byte)
{
    struct span found = find_byte(*rest, byte);
    struct span part = *rest;
    if (found.data) {
        part.length = (size_t)(found.data - rest->data);
        *rest = cut(found, 1, found.length);
    } else {
        *rest = (struct span){part.data + part.length, 0};
    }
    return part;
}

static bool split_request_line(struct span line, struct request *request)
{
    struct span rest = line;
    request->method = take_until(&rest, ' ');
    request->target = take_until(&rest, ' ');
    bool newer = span_equal_text(rest, "HTTP/1.1");
    if (request->method.length == 0 || request->target.length == 0 ||
        request->target.data[0] != '/' || (!newer && !span_equal_text(rest, "HTTP/1.0")))
        return false;
    request->keep_alive = newer;
    struct span target = request->target;
    request->path = take_until(&target, '?');
    request->query = target;
    return true;
}

enum request_state request_parse(struct span input, struct request *ret_request)
{
    struct request request = {0};
    const char *end = input.length ? memmem(input.data, input.length, "\r\n\r\n", 4) : NULL;
    if (!end)
        return input.length > MESSAGE_HEAD_MAX ? REQUEST_BAD : REQUEST_UNFINISHED;
    size_t head = (size_t)(end - input.data) + 4;
    struct span rest = cut(input, 0, head - 2);
    struct span line = take_until(&rest, '\n');
    if (line.length == 0 || line.data[line.length - 1] != '\r')
        return REQUEST_BAD;
    line.length--;
    if (!split_request_line(line, &request))
        return REQUEST_BAD;
    request.headers = rest;
    struct span connection = request_header(&request, "Connection");
    if (connection.length > 0)
        request.keep_alive = !span_equal_nocase(connection, SPAN("close"));
    int64_t length = 0;
    struct span length_text = request_header(&request, "Content-Length");
    if (request_header(&request, "Transfer-Encoding").length > 0 ||
        (length_text.length > 0 &&
            (!span_to_int64(length_text, &length) || length < 0 || length > MESSAGE_BODY_MAX)))
        return REQUEST_BAD;
    if (input.length - head < (size_t)length)
        return REQUEST_UNFINISHED;
    request.body = cut(input, head, head + (size_t)length);
    request.size = head + (size_t)length;
    *ret_request = request;
    return REQUEST_WHOLE;
}

struct span request_header(const struct request *request, const char *name)
{
    struct span rest = request->headers, wanted = span_of(name);
    while (rest.length > 0) {
        struct span value = take_until(&rest, '\n');
        struct span field = take_until(&value, ':');
        if (span_equal_nocase(field, wanted))
            return span_trim(value);
    }
    return (struct span){NULL, 0};
}

struct span form_value(struct span form, const char *name)
{
    struct span rest = form;
    while (rest.length > 0) {
        struct span value = take_until(&rest, '&');
        struct span key = take_until(&value, '=');
        if (span_equal_text(key, name))
            return value.data ? value : SPAN("");
    }
    return (struct span){NULL, 0};
}

struct span request_query(const struct request *request, const char *name)
{
    return form_value(request->query, name);
}

bool request_query_number(const struct request *request, const char *name, int64_t least,
    int64_t otherwise, int64_t *ret_value)
{
    struct span text = request_query(request, name);
    if (!text.data) {
        *ret_value = otherwise;
        return true;
    }
    return span_to_int64(text, ret_value) && *ret_value >= least;
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = memchr(digits, c, sizeof digits - 1);
    return at ? (int)((at - digits) % 16) : -1;
}

bool decode_form(struct span text, struct bytes *into, struct fault *fault)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '+')
            c = ' ';
        if (c == '%') {
            int high = i + 1 < text.length ? hex_value(text.data[i + 1]) : -1;
            int low = i + 2 < text.length ? hex_value(text.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return fault_set(
                    fault, FAULT_SYNTAX, "a percent sign needs two hexadecimal digits after it");
            c = (char)(unsigned char)(high * 16 + low);
            i += 2;
        }
        if (!bytes_append_char(into, c, fault))
            return false;
    }
    return true;
}

void answer_reset(struct answer *answer)
{
    bytes_clear(&answer->interim);
    bytes_clear(&answer->headers);
    bytes_clear(&answer->body);
    bytes_clear(&answer->stream.begin);
    bytes_clear(&answer->stream.block);
    bytes_clear(&answer->stream.end);
    answer->stream.times = 0;
    answer->status = 200;
    answer->content_type = "application/json";
    answer->encoding = NULL;
    answer->wire = (struct wire){.cut_after = -1, .stall_after = -1};
    answer->item_count = 0;
    answer->date_shift_s = 0;
}

void answer_free(struct answer *answer)
{
    if (!answer)
        return;
    bytes_free(&answer->interim);
    bytes_free(&answer->headers);
    bytes_free(&answer->body);
    bytes_free(&answer->stream.begin);
    bytes_free(&answer->stream.block);
    bytes_free(&answer->stream.end);
    memory_free(answer->items);
    memory_free(answer);
}

bool answer_header(struct answer *answer, const char *name, const char *value, struct fault *fault)
{
    return bytes_format(&answer->headers, fault, "%s: %s\r\n", name, value);
}

bool answer_error(
    struct answer *answer, int status, const char *code, const char *message, struct fault *fault)
{
    answer->status = status;
    answer->content_type = "application/json";
    answer->item_count = 0;
    bytes_clear(&answer->body);
    return bytes_append_text(&answer->body, "{\"error\":{\"code\":", fault) &&
           bytes_append_json(&answer->body, span_of(code), fault) &&
           bytes_append_text(&answer->body, ",\"message\":", fault) &&
           bytes_append_json(&answer->body, span_of(message), fault) &&
           bytes_append_text(&answer->body, "}}", fault);
}

static const struct {
    int status;
    const char *phrase;
} phrases[] = {{200, "OK"}, {201, "Created"}, {204, "No Content"}, {206, "Partial Content"},
    {302, "Found"}, {304, "Not Modified"}, {307, "Temporary Redirect"}, {400, "Bad Request"},
    {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
    {409, "Conflict"}, {410, "Gone"}, {429, "Too Many Requests"}, {500, "Internal Server Error"},
    {502, "Bad Gateway"}, {503, "Service Unavailable"}, {504, "Gateway Timeout"}};

static const char *phrase_of(int status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Other";
}

static uint64_t body_length(const struct answer *answer)
{
    const struct stream *stream = &answer->stream;
    return stream->times
               ? stream->begin.length + stream->block.length * stream->times + stream->end.length
               : answer->body.length;
}

static bool append_framing(const struct answer *answer, struct bytes *into, struct fault *fault)
{
    uint64_t length = body_length(answer);
    if (answer->wire.bare)
        return true;
    switch (answer->wire.framing) {
    case FRAMED_BY_LENGTH:
        return bytes_format(into, fault, "Content-Length: %" PRIu64 "\r\n", length);
    case FRAMED_BY_CHUNKS:
    case FRAMED_BY_CUT_CHUNKS:
        return bytes_append_text(into, "Transfer-Encoding: chunked\r\n", fault);
    case FRAMED_BY_CLOSE:
        return true;
    case FRAMED_BY_BOTH:
        return bytes_format(into, fault,
            "Content-Length: %" PRIu64 "\r\nTransfer-Encoding: chunked\r\n", length / 2);
    case FRAMED_BY_TWO_LENGTHS:
        return bytes_format(into, fault,
            "Content-Length: %" PRIu64 "\r\nContent-Length: %" PRIu64 "\r\n", length,
            length + ENCODED_MIN);
    }
    return true;
}

bool answer_head(const struct answer *answer, int64_t now_s, bool keep_alive, struct bytes *into,
    struct fault *fault)
{
    time_t at = (time_t)(now_s + answer->date_shift_s);
    struct tm date;
    char text[64];
    if (!gmtime_r(&at, &date) ||
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &date) == 0)
        return fault_set(fault, FAULT_SYNTAX, "the time has no HTTP date");
    if (!bytes_append(into, bytes_span(&answer->interim), fault) ||
        !bytes_format(into, fault, "HTTP/1.1 %d %s\r\nDate: %s\r\n", answer->status,
            phrase_of(answer->status), text))
        return false;
    if (!answer->wire.bare &&
        !bytes_format(into, fault, "Content-Type: %s\r\n", answer->content_type))
        return false;
    if (answer->encoding &&
        !bytes_format(into, fault, "Content-Encoding: %s\r\n", answer->encoding))
        return false;
    return append_framing(answer, into, fault) &&
           bytes_append_text(into, keep_alive ? "" : "Connection: close\r\n", fault) &&
           bytes_append(into, bytes_span(&answer->headers), fault) &&
           bytes_append_text(into, "\r\n", fault);
}
