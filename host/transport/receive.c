/* SPDX-License-Identifier: Apache-2.0 */
/* What arrives: header lines into the response, judged for framing and coding when they end; then
 * the body as it comes, counted. */
#include "internal.h"

#include <string.h>

static struct span line_of(const char *data, size_t length)
{
    while (length > 0 && (data[length - 1] == '\n' || data[length - 1] == '\r'))
        length--;
    return (struct span){data, length};
}

/* "HTTP/1.1 200 OK", "HTTP/2 200" */
static bool begin_answer(struct transfer *transfer, struct span line)
{
    const char *space = memchr(line.data, ' ', line.length);
    struct span status = {space ? space + 1 : line.data, 0};
    int64_t number = 0;
    while (space && status.length < 3 && status.data + status.length < line.data + line.length)
        status.length++;
    if (!span_to_int64(status, &number) || number < 100 || number > 999) {
        transfer_fail(transfer, EXCHANGE_PROTOCOL, "an answer without a status");
        return false;
    }
    if (number < 200 && ++transfer->informational > INFORMATIONAL_MAX) {
        transfer_fail(
            transfer, EXCHANGE_PROTOCOL, "more than %d interim answers (1xx)", INFORMATIONAL_MAX);
        return false;
    }
    http_headers_clear(&transfer->response->headers);
    transfer->response->status = (int)number;
    transfer->framing =
        (struct framing){.http1 = span_starts_with(line, SPAN("HTTP/1")), .length = -1};
    return true;
}

/* Counts the codings of a comma-separated list; false for one that was not asked for. */
static bool count_codings(struct span value, unsigned *count, enum coding *ret_last)
{
    static const struct {
        const char *name;
        enum coding coding;
    } known[] = {{"gzip", CODING_GZIP}, {"x-gzip", CODING_GZIP}, {"deflate", CODING_DEFLATE}};
    size_t from = 0;
    bool all_known = true;
    for (size_t at = 0; at <= value.length; at++) {
        if (at < value.length && value.data[at] != ',')
            continue;
        struct span coding = span_trim((struct span){value.data + from, at - from});
        bool is_known = false;
        from = at + 1;
        if (coding.length == 0 || span_equal_nocase(coding, SPAN("identity")))
            continue;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (span_equal_nocase(coding, span_of(known[i].name))) {
                is_known = true;
                *ret_last = known[i].coding;
            }
        all_known &= is_known;
        ++*count;
    }
    return all_known;
}

static void note_framing(struct framing *framing, struct span name, struct span value)
{
    if (span_equal_nocase(name, SPAN("Content-Length"))) {
        framing->lengths++;
        framing->odd_length |= !span_to_int64(value, &framing->length) || framing->length < 0;
    } else if (span_equal_nocase(name, SPAN("Transfer-Encoding"))) {
        framing->transfer_encodings++;
        framing->chunked = span_equal_nocase(value, SPAN("chunked"));
    } else if (span_equal_nocase(name, SPAN("Content-Encoding"))) {
        framing->unknown_coding |= !count_codings(value, &framing->codings, &framing->coding);
    }
}

/* Why the framing cannot be trusted; NULL where it can (RFC 9112 section 6.3; stricter: two equal
 * lengths are two). */
static const char *framing_trouble(const struct framing *framing)
{
    if (framing->lengths > 1)
        return "two Content-Length fields";
    if (framing->odd_length)
        return "a Content-Length that is no number";
    if (framing->lengths > 0 && framing->transfer_encodings > 0)
        return "Content-Length together with Transfer-Encoding";
    if (framing->transfer_encodings > 1 || (framing->transfer_encodings == 1 && !framing->chunked))
        return "a Transfer-Encoding other than chunked";
    if (framing->codings > 1)
        return "more than one Content-Encoding";
    if (framing->unknown_coding)
        return "a Content-Encoding that was not asked for";
    return NULL;
}

static bool end_headers(struct transfer *transfer)
{
    struct framing *framing = &transfer->framing;
    struct response *response = transfer->response;
    const char *trouble = framing_trouble(framing);
    int status = response->status;
    struct fault fault;
    if (status < 200)
        return true;
    framing->ended = true;
    if (trouble) {
        transfer_fail(transfer, EXCHANGE_PROTOCOL, "an answer with %s", trouble);
        return false;
    }
    response->coding = framing->coding;
    response->unframed = framing->http1 && framing->lengths == 0 && !framing->chunked &&
                         status != 204 && status != 304;
    if (framing->length > (int64_t)response->body.limit) {
        transfer_fail(transfer, EXCHANGE_TOO_LARGE, "a body of %lld bytes, above the limit of %zu",
            (long long)framing->length, response->body.limit);
        return false;
    }
    size_t ahead = framing->length > 0 ? (size_t)framing->length : 0;
    if (ahead > 0 &&
        !bytes_reserve(&response->body, ahead < RESERVE_MOST ? ahead : RESERVE_MOST, &fault)) {
        transfer_fail(transfer, EXCHANGE_LOCAL, "out of memory for a body");
        return false;
    }
    return true;
}

static bool add_header(struct transfer *transfer, struct span line)
{
    const char *colon = memchr(line.data, ':', line.length);
    struct fault fault;
    if (!colon) {
        transfer_fail(transfer, EXCHANGE_PROTOCOL, "a header line without a colon");
        return false;
    }
    size_t at = (size_t)(colon - line.data);
    struct span name = span_trim((struct span){line.data, at});
    struct span value = span_trim((struct span){colon + 1, line.length - at - 1});
    if (!http_headers_add(&transfer->response->headers, name, value, &fault)) {
        transfer_fail(transfer, fault.code == FAULT_MEMORY ? EXCHANGE_LOCAL : EXCHANGE_TOO_LARGE,
            "more than %d header fields or %u bytes of them", HTTP_HEADERS_MAX,
            HTTP_HEADER_BYTES_MAX);
        return false;
    }
    note_framing(&transfer->framing, name, value);
    return true;
}

static bool take_line(struct transfer *transfer, struct span line, size_t bytes)
{
    transfer->header_bytes += bytes;
    if (transfer->header_bytes >
        2 * (size_t)HTTP_HEADER_BYTES_MAX) { /* interim answers and trailers too */
        transfer_fail(transfer, EXCHANGE_TOO_LARGE, "more than %u bytes of header lines in all",
            2 * HTTP_HEADER_BYTES_MAX);
        return false;
    }
    if (transfer->framing.ended) /* a trailer: nothing here believes one */
        return true;
    if (span_starts_with(line, SPAN("HTTP/")))
        return begin_answer(transfer, line);
    return line.length == 0 ? end_headers(transfer) : add_header(transfer, line);
}

size_t receive_header(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t bytes = size * count;
    transfer_resolved(transfer);
    return take_line(transfer, line_of(data, bytes), bytes) ? bytes : 0;
}

size_t receive_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t bytes = size * count;
    struct fault fault;
    if (bytes_append(&transfer->response->body, (struct span){data, bytes}, &fault))
        return bytes;
    if (fault.code == FAULT_MEMORY)
        transfer_fail(transfer, EXCHANGE_LOCAL, "out of memory for a body");
    else
        transfer_fail(transfer, EXCHANGE_TOO_LARGE, "a body of more than %zu bytes",
            transfer->response->body.limit);
    return bytes + 1; /* anything but `bytes` stops the library; 0 could equal an empty write */
}
