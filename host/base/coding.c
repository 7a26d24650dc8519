/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies are decoded here and not by the HTTP library, which would do it in the thread that all
 * connections share: 60 KiB can become 64 MiB, and the others would wait for that. */
#include "base/coding.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <zlib.h>

#define STEP_FIRST      (64u << 10) /* of output at a time; */
#define RATIO_MOST      200u        /* times what came in, as in Apache's mod_deflate; looked at */
#define RATIO_FROM      (1u << 20)  /* from here on: a short body may well repeat itself */
#define STEP_MOST       (1u << 20)  /* as much as there is already, up to this */
#define WINDOW_OR_GZIP  (MAX_WBITS + 32) /* zlib or gzip, by its header */
#define WINDOW_NO_FRAME (-MAX_WBITS)     /* bare deflate */

__attribute__((format(printf, 3, 4))) static void spoil(
    struct response *response, enum exchange exchange, const char *format, ...)
{
    va_list arguments;
    response->exchange = exchange;
    va_start(arguments, format);
    (void)vsnprintf(response->why, sizeof response->why, format, arguments);
    va_end(arguments);
}

/* Decodes as much as there is already, within two bounds; the stream's code, or Z_MEM_ERROR with
 * `fault` where there is no room. */
static int step(z_stream *stream, struct bytes *into, struct fault *fault)
{
    size_t most = into->length < STEP_FIRST  ? STEP_FIRST
                  : into->length < STEP_MOST ? into->length
                                             : STEP_MOST;
    size_t left = into->limit - into->length;
    uInt room = (uInt)(most < left ? most : left);
    if (!bytes_reserve(into, room > 0 ? room : 1, fault))
        return Z_MEM_ERROR;
    stream->next_out = (unsigned char *)into->data + into->length;
    stream->avail_out = room;
    int code = inflate(stream, Z_NO_FLUSH);
    into->length += room - stream->avail_out;
    into->data[into->length] = '\0';
    return code;
}

/* Z_STREAM_END, or why it ended before. A gzip body may be several one after the other (RFC 1952
 * section 2.2). */
static int inflate_all(z_stream *stream, const struct bytes *body, enum coding coding,
    struct bytes *into, struct fault *fault)
{
    for (;;) {
        int code = step(stream, into, fault);
        if (into->length > RATIO_FROM &&
            into->length / RATIO_MOST > body->length - stream->avail_in) {
            (void)fault_set(fault, FAULT_CONTENT,
                "a compressed body that becomes more than %u times as large", RATIO_MOST);
            return Z_MEM_ERROR;
        }
        if (code == Z_STREAM_END && stream->avail_in == 0)
            return code;
        if (code == Z_STREAM_END && (coding != CODING_GZIP || inflateReset(stream) != Z_OK))
            return Z_DATA_ERROR;
        if (code == Z_BUF_ERROR || (code == Z_OK && stream->avail_in == 0 && stream->avail_out > 0))
            return Z_BUF_ERROR; /* the body ends before its stream does */
        if (code != Z_OK && code != Z_STREAM_END)
            return code;
    }
}

static int decode(const struct bytes *body, enum coding coding, int window, struct bytes *into,
    struct fault *fault)
{
    z_stream stream = {.next_in = (unsigned char *)body->data, .avail_in = (uInt)body->length};
    *fault = (struct fault){0};
    assert(body->length <= UINT_MAX && "policy.body_bytes_most is below that");
    if (inflateInit2(&stream, window) != Z_OK)
        return Z_MEM_ERROR;
    bytes_clear(into);
    int code = inflate_all(&stream, body, coding, into, fault);
    (void)inflateEnd(&stream); /* fails only for a stream that is none */
    return code;
}

static void conclude(struct response *response, int code, size_t bound, const struct fault *fault)
{
    if (fault->code == FAULT_CONTENT)
        spoil(response, EXCHANGE_TOO_LARGE, "%s", fault->text);
    else if (fault->code == FAULT_LIMIT || code == Z_STREAM_END)
        spoil(response, EXCHANGE_TOO_LARGE, "a decoded body of more than %zu bytes", bound);
    else if (code == Z_MEM_ERROR)
        spoil(response, EXCHANGE_LOCAL, "out of memory for a body");
    else if (code == Z_BUF_ERROR)
        spoil(response, EXCHANGE_RECEIVE, "a compressed body that ends too early");
    else
        spoil(response, EXCHANGE_PROTOCOL, "a body that is not what its Content-Encoding says");
}

void response_decode(struct response *response, size_t most)
{
    enum coding coding = response->coding;
    size_t limit = response->body.limit ? response->body.limit : BYTES_LIMIT_DEFAULT;
    size_t bound = limit < most ? limit : most;
    struct bytes decoded = {.limit = bound + 1}; /* by which one that is too large shows itself */
    struct fault fault;
    if (coding == CODING_NONE || response->exchange != EXCHANGE_DONE)
        return;
    response->coding = CODING_NONE;
    if (response->body.length == 0)
        return;
    int code = decode(&response->body, coding, WINDOW_OR_GZIP, &decoded, &fault);
    if (code == Z_DATA_ERROR && coding == CODING_DEFLATE && decoded.length == 0)
        code = decode(&response->body, coding, WINDOW_NO_FRAME, &decoded, &fault);
    bytes_wipe(&response->body); /* it may hold a token */
    if (code == Z_STREAM_END && decoded.length <= bound) {
        decoded.limit = limit;
        response->body = decoded;
        return;
    }
    conclude(response, code, bound, &fault);
    bytes_free(&decoded);
}
