/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one connection: read, answer, send, again. All misbehaviour of the wire is in
 * `send_some`. */
#include "connection.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define SENDS_A_TURN_MAX 256u /* then others get their turn */
#define CHUNK_BYTES      16384u
#define PIECES           2

enum step { STEP_AGAIN, STEP_BLOCKED, STEP_OVER, STEP_RESET };

static bool append_chunk(struct bytes *into, struct span data, struct fault *fault)
{
    if (data.length == 0)
        return true;
    return bytes_format(into, fault, "%zx\r\n", data.length) && bytes_append(into, data, fault) &&
           bytes_append_text(into, "\r\n", fault);
}

static bool chunk_in_place(struct bytes *body, bool last, struct fault *fault)
{
    AUTO_BYTES chunked = {.limit = body->limit};
    struct span rest = bytes_span(body);
    while (rest.length > 0) {
        struct span part = {rest.data, rest.length < CHUNK_BYTES ? rest.length : CHUNK_BYTES};
        if (!append_chunk(&chunked, part, fault))
            return false;
        rest = (struct span){rest.data + part.length, rest.length - part.length};
    }
    if (last && !bytes_append_text(&chunked, "0\r\n\r\n", fault))
        return false;
    struct bytes old = *body;
    *body = chunked;
    chunked = old;
    return true;
}

static bool is_chunked(enum framing framing)
{
    return framing == FRAMED_BY_CHUNKS || framing == FRAMED_BY_CUT_CHUNKS ||
           framing == FRAMED_BY_BOTH;
}

/* Puts the body into the form in which it crosses the wire. */
static bool frame_body(struct answer *answer, struct fault *fault)
{
    bool last = answer->wire.framing != FRAMED_BY_CUT_CHUNKS;
    if (!is_chunked(answer->wire.framing))
        return true;
    if (answer->stream.times == 0)
        return chunk_in_place(&answer->body, last, fault);
    return chunk_in_place(&answer->stream.begin, false, fault) &&
           chunk_in_place(&answer->stream.block, false, fault) &&
           chunk_in_place(&answer->stream.end, last, fault);
}

static uint64_t framed_length(const struct answer *answer)
{
    const struct stream *stream = &answer->stream;
    if (answer->wire.bare)
        return 0;
    return stream->times
               ? stream->begin.length + stream->block.length * stream->times + stream->end.length
               : answer->body.length;
}

/* The contiguous bytes of the framed body from `at` on. */
static struct iovec piece_at(const struct answer *answer, uint64_t at)
{
    const struct stream *stream = &answer->stream;
    const struct bytes *whole = &answer->body;
    if (stream->times > 0) {
        uint64_t blocks = stream->block.length * stream->times;
        if (at < stream->begin.length) {
            whole = &stream->begin;
        } else if (at - stream->begin.length < blocks) {
            whole = &stream->block;
            at = (at - stream->begin.length) % stream->block.length;
        } else {
            whole = &stream->end;
            at -= stream->begin.length + blocks;
        }
    }
    return (struct iovec){whole->data + at, whole->length - (size_t)at};
}

static enum step begin_answer(
    struct connection *connection, struct connection_host *host, const struct request *request)
{
    struct fault fault = {0};
    struct answer *answer = host->borrow_answer(host);
    if (!answer)
        return STEP_RESET;
    connection->answer = answer;
    if (++host->counts->in_flight > host->counts->in_flight_max)
        host->counts->in_flight_max = host->counts->in_flight;
    if (!host->handler->answer(host->handler->context, request, answer, &fault))
        return STEP_RESET;
    if (answer->wire.drop)
        return STEP_RESET;
    connection->keep_alive = request->keep_alive;
    if (answer->wire.framing == FRAMED_BY_CLOSE)
        connection->keep_alive = false;
    bytes_clear(&connection->head);
    if (span_equal_text(request->method, "HEAD"))
        answer->wire.bare = true;
    if (!answer_head(
            answer, host->wall_s(host), connection->keep_alive, &connection->head, &fault) ||
        !frame_body(answer, &fault))
        return STEP_RESET;
    connection->head_sent = 0;
    connection->body_sent = 0;
    connection->body_total = framed_length(answer);
    connection->stalled = false;
    if (answer->wire.delay_ms > 0) {
        connection->waiting = true;
        return host->set_timer(host, connection->slot, answer->wire.delay_ms) ? STEP_BLOCKED
                                                                              : STEP_RESET;
    }
    return STEP_AGAIN;
}

/* Takes one request from `input`, which is the connection's own or the scratch memory. */
static enum step take_request(struct connection *connection, struct connection_host *host,
    struct span input, size_t *ret_used)
{
    struct request request;
    switch (request_parse(input, &request)) {
    case REQUEST_UNFINISHED:
        return STEP_BLOCKED;
    case REQUEST_BAD:
        return STEP_RESET;
    case REQUEST_WHOLE:
        break;
    }
    *ret_used = request.size;
    return begin_answer(connection, host, &request);
}

/* Keeps what was received and not used. */
static bool keep_rest(struct connection *connection, struct span rest)
{
    struct fault fault;
    AUTO_BYTES kept = {0};
    if (rest.length > 0 && !bytes_append(&kept, rest, &fault))
        return false;
    struct bytes old = connection->input;
    connection->input = kept;
    kept = old;
    return true;
}

static enum step read_some(struct connection *connection, struct connection_host *host)
{
    struct fault fault;
    size_t used = 0;
    if (connection->input.length > 0) { /* a pipelined request may be there already */
        struct span input = bytes_span(&connection->input);
        enum step step = take_request(connection, host, input, &used);
        if (used > 0)
            return keep_rest(connection, (struct span){input.data + used, input.length - used})
                       ? step
                       : STEP_RESET;
        if (step != STEP_BLOCKED)
            return step;
    }
    if (!connection->readable)
        return connection->hung_up ? STEP_OVER : STEP_BLOCKED;
    ssize_t length = recv(connection->fd, host->scratch, CONNECTION_SCRATCH, 0);
    if (length < 0 && errno == EINTR)
        return STEP_AGAIN;
    if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        connection->readable = false;
        return STEP_AGAIN;
    }
    if (length <= 0)
        return STEP_OVER;
    struct span received = {host->scratch, (size_t)length};
    if (connection->input.length > 0)
        return bytes_append(&connection->input, received, &fault) ? STEP_AGAIN : STEP_RESET;
    enum step step = take_request(connection, host, received, &used);
    if (used == 0 && step != STEP_BLOCKED)
        return step;
    if (!keep_rest(connection, (struct span){received.data + used, received.length - used}))
        return STEP_RESET;
    return used == 0 ? STEP_AGAIN : step;
}

/* The end of an answer: the next request, or the end of the connection. */
static enum step finish_answer(
    struct connection *connection, struct connection_host *host, bool cut_short)
{
    struct wire wire = connection->answer->wire;
    host->return_answer(host, connection->answer);
    connection->answer = NULL;
    host->counts->in_flight--;
    if (cut_short)
        return wire.abrupt ? STEP_RESET : STEP_OVER;
    bool over =
        !connection->keep_alive || wire.close_silently || wire.framing == FRAMED_BY_CUT_CHUNKS;
    return over ? STEP_OVER : STEP_AGAIN;
}

/* How many body bytes may leave now, given where the answer is to stall or to end. */
static uint64_t allowed(const struct connection *connection)
{
    const struct wire *wire = &connection->answer->wire;
    uint64_t end = connection->body_total;
    if (wire->cut_after >= 0 && (uint64_t)wire->cut_after < end)
        end = (uint64_t)wire->cut_after;
    if (!connection->stalled && wire->stall_after >= 0 && (uint64_t)wire->stall_after < end)
        end = (uint64_t)wire->stall_after;
    return end - connection->body_sent;
}

static enum step pause_answer(
    struct connection *connection, struct connection_host *host, uint32_t after_ms)
{
    connection->waiting = true;
    return host->set_timer(host, connection->slot, after_ms) ? STEP_BLOCKED : STEP_RESET;
}

/* Nothing is left that may leave now: a stall, an end before the end, or the end. */
static enum step at_bound(struct connection *connection, struct connection_host *host)
{
    const struct wire *wire = &connection->answer->wire;
    bool stalls = !connection->stalled && wire->stall_after >= 0 &&
                  connection->body_sent == (uint64_t)wire->stall_after;
    if (stalls) {
        connection->stalled = true;
        return pause_answer(connection, host, wire->stall_ms);
    }
    return finish_answer(connection, host, connection->body_sent < connection->body_total);
}

static enum step send_some(struct connection *connection, struct connection_host *host)
{
    const struct wire *wire = &connection->answer->wire;
    uint64_t body_left = allowed(connection);
    size_t head_left = connection->head.length - connection->head_sent;
    if (head_left == 0 && body_left == 0)
        return at_bound(connection, host);
    if (!connection->writable)
        return connection->hung_up ? STEP_OVER : STEP_BLOCKED;
    struct iovec pieces[PIECES] = {{connection->head.data + connection->head_sent, head_left}};
    if (body_left > 0)
        pieces[1] = piece_at(connection->answer, connection->body_sent);
    if (pieces[1].iov_len > body_left)
        pieces[1].iov_len = (size_t)body_left;
    if (wire->slice_bytes > 0) { /* the head goes whole: slices are about the body */
        if (head_left > 0)
            pieces[1].iov_len = 0;
        else if (pieces[1].iov_len > wire->slice_bytes)
            pieces[1].iov_len = wire->slice_bytes;
    }
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = PIECES};
    ssize_t sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
        return STEP_AGAIN;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        connection->writable = false;
        return STEP_AGAIN;
    }
    if (sent < 0)
        return STEP_OVER;
    size_t of_head = (size_t)sent < head_left ? (size_t)sent : head_left;
    connection->head_sent += of_head;
    connection->body_sent += (size_t)sent - of_head;
    host->counts->bytes_sent += (size_t)sent;
    if (wire->slice_bytes > 0 && wire->slice_ms > 0)
        return pause_answer(connection, host, wire->slice_ms);
    return STEP_AGAIN;
}

enum connection_state connection_run(struct connection *connection, struct connection_host *host)
{
    for (uint32_t turn = 0; turn < SENDS_A_TURN_MAX; turn++) {
        if (connection->waiting)
            return connection->hung_up ? CONNECTION_OVER : CONNECTION_OPEN;
        enum step step =
            connection->answer ? send_some(connection, host) : read_some(connection, host);
        switch (step) {
        case STEP_AGAIN:
            break;
        case STEP_BLOCKED:
            return CONNECTION_OPEN;
        case STEP_OVER:
            return CONNECTION_OVER;
        case STEP_RESET:
            return CONNECTION_RESET;
        }
    }
    /* More could be done: come back by a timer that fires at once. */
    connection->waiting = true;
    return host->set_timer(host, connection->slot, 0) ? CONNECTION_OPEN : CONNECTION_RESET;
}

void connection_release(struct connection *connection, struct connection_host *host)
{
    if (connection->answer) {
        host->return_answer(host, connection->answer);
        connection->answer = NULL;
        host->counts->in_flight--;
    }
    bytes_free(&connection->input);
    bytes_free(&connection->head);
}
