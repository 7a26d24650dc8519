/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on how an answer crosses the wire. */
#include "action.h"

#define HEADERS_MAX 100000
#define FLOOD_MAX   1000000

static uint32_t bounded(int64_t value, uint32_t most)
{
    return value < 0 ? 0 : value > most ? most : (uint32_t)value;
}

static bool act_drop(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment, (void)fault;
    answer->wire.drop = true;
    return true;
}

static bool act_reset(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment, (void)fault;
    answer->wire.cut_after = bounded(rule_number(rule, 0, 0), INT32_MAX);
    answer->wire.abrupt = true;
    return true;
}

static bool act_cut(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment, (void)fault;
    answer->wire.cut_after = bounded(rule_number(rule, 0, 0), INT32_MAX);
    return true;
}

static bool act_cut_chunks(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment, (void)fault;
    answer->wire.framing = FRAMED_BY_CUT_CHUNKS;
    return true;
}

static bool act_chunked(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment, (void)fault;
    answer->wire.framing = FRAMED_BY_CHUNKS;
    return true;
}

static bool act_close_delimited(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment, (void)fault;
    answer->wire.framing = FRAMED_BY_CLOSE;
    answer->wire.cut_after = rule_number(rule, 0, -1);
    return true;
}

static bool act_close_after(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment, (void)fault;
    answer->wire.close_silently = true;
    return true;
}

static bool act_stall(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment, (void)fault;
    answer->wire.stall_ms = bounded(rule_number(rule, 0, 0), INT32_MAX);
    answer->wire.stall_after = rule_number(rule, 1, 0);
    return true;
}

static bool act_slow(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment, (void)fault;
    answer->wire.slice_bytes = bounded(rule_number(rule, 0, 1), INT32_MAX);
    answer->wire.slice_ms = bounded(rule_number(rule, 1, 0), INT32_MAX);
    return true;
}

static bool act_delay(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment, (void)fault;
    uint32_t jitter_ms = bounded(rule_number(rule, 1, 0), INT32_MAX);
    answer->wire.delay_ms = bounded(rule_number(rule, 0, 0), INT32_MAX);
    if (jitter_ms > 0)
        answer->wire.delay_ms += (uint32_t)random_below(&rule->random, jitter_ms);
    return true;
}

static bool act_two_lengths(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment, (void)fault;
    answer->wire.framing = FRAMED_BY_TWO_LENGTHS;
    return true;
}

static bool act_length_and_chunks(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment, (void)fault;
    answer->wire.framing = FRAMED_BY_BOTH;
    return true;
}

static bool act_flood(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    uint32_t count = bounded(rule_number(rule, 0, 0), FLOOD_MAX);
    for (uint32_t i = 0; i < count; i++)
        if (!bytes_append_text(
                &answer->interim, "HTTP/1.1 103 Early Hints\r\nLink: </style>\r\n\r\n", fault))
            return false;
    return true;
}

static bool act_headers(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    uint32_t count = bounded(rule_number(rule, 0, 0), HEADERS_MAX);
    uint32_t size = bounded(rule_number(rule, 1, 0), HEADERS_MAX);
    for (uint32_t i = 0; i < count; i++)
        if (!bytes_format(&answer->headers, fault, "X-Filler-%u: %0*u\r\n", i, (int)size, i))
            return false;
    return true;
}

static const struct action rows[] = {
    {"drop", "", "", "5", "resets the connection before the first byte", .on_answer = act_drop},
    {"reset", "n", "BYTES", "6", "resets it after so many bytes of the body",
        .on_answer = act_reset},
    {"cut", "n", "BYTES", "7", "closes it after so many bytes, though the length promises more",
        .on_answer = act_cut},
    {"cut-chunks", "", "", "8", "sends the body in chunks, without the last chunk",
        .on_answer = act_cut_chunks},
    {"chunked", "", "", "", "sends the body in chunks, as it should be", .on_answer = act_chunked},
    {"stall", "nN", "MS [BYTES]", "9",
        "pauses so long after the headers or so many bytes of the body", .on_answer = act_stall},
    {"slow", "nN", "BYTES [MS]", "10 14 15",
        "sends so many bytes of the body at a time, with a pause", .on_answer = act_slow},
    {"delay", "nN", "MS [JITTER]", "13", "waits before the status, with up to JITTER more",
        .on_answer = act_delay},
    {"close-after", "", "", "11", "closes a connection that it promised to keep",
        .on_answer = act_close_after},
    {"close-delimited", "N", "[BYTES]", "16",
        "gives no length; the end of the connection ends the body, here or early",
        .on_answer = act_close_delimited},
    {"two-lengths", "", "", "37", "gives two lengths that differ", .on_answer = act_two_lengths},
    {"length-and-chunks", "", "", "37", "gives a length and chunks",
        .on_answer = act_length_and_chunks},
    {"flood", "n", "COUNT", "36", "sends so many 1xx answers first", .on_answer = act_flood},
    {"headers", "nn", "COUNT BYTES", "44", "adds so many headers of such values",
        .on_answer = act_headers},
};

const struct action_table action_wire_table = {rows, sizeof rows / sizeof rows[0]};
