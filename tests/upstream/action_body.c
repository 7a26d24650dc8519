/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on the bytes of a body: what a JSON gate has to refuse or survive. */
#include "action.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#define MIB        (1u << 20)
#define DEPTH_MAX  10000000
#define KEYS_MAX   2000000
#define STREAM_MAX (1 << 20) /* MiB */

static bool replace(struct answer *answer, const char *body, struct fault *fault)
{
    bytes_clear(&answer->body);
    answer->item_count = 0;
    return bytes_append_text(&answer->body, body, fault);
}

static bool append_repeated(struct bytes *into, char c, size_t count, struct fault *fault)
{
    if (!bytes_reserve(into, count, fault))
        return false;
    (void)memset(into->data + into->length, c, count);
    into->length += count;
    into->data[into->length] = '\0';
    return true;
}

static uint64_t bounded(int64_t value, uint64_t most)
{
    return value < 1 ? 1 : (uint64_t)value > most ? most : (uint64_t)value;
}

static bool act_body(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    bytes_clear(&answer->body);
    answer->item_count = 0;
    return bytes_append(&answer->body, rule->arguments[0], fault);
}

static bool act_cut_json(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment, (void)fault;
    int64_t length = (int64_t)answer->body.length, keep = rule_number(rule, 0, 0);
    keep = keep < 0 ? length + keep : keep;
    if (keep >= 0 && keep < length)
        answer->body.length = (size_t)keep;
    answer->item_count = 0;
    return true;
}

static bool act_trailing(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    return bytes_append(&answer->body, rule->arguments[0], fault);
}

static bool act_twice(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment;
    size_t length = answer->body.length;
    return bytes_reserve(&answer->body, length, fault) &&
           bytes_append(&answer->body, (struct span){answer->body.data, length}, fault);
}

static bool act_deep(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    size_t depth = bounded(rule_number(rule, 0, 100000), DEPTH_MAX);
    return replace(answer, "", fault) && append_repeated(&answer->body, '[', depth, fault) &&
           append_repeated(&answer->body, ']', depth, fault);
}

static bool act_long_string(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    answer->stream.times = bounded(rule_number(rule, 0, 1024), STREAM_MAX);
    return bytes_append_text(&answer->stream.begin, "{\"items\":[{\"id\":\"", fault) &&
           append_repeated(&answer->stream.block, 'x', MIB, fault) &&
           bytes_append_text(&answer->stream.end, "\"}],\"paging\":{}}", fault);
}

static bool act_endless_body(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment;
    answer->stream.times = UINT64_C(1) << 40; /* no client waits for the end of it */
    answer->wire.framing = FRAMED_BY_CHUNKS;
    return bytes_append_text(&answer->stream.begin, "{\"items\":[{\"id\":\"0\"}", fault) &&
           bytes_append_text(
               &answer->stream.block, ",{\"id\":\"1\"},{\"id\":\"2\"},{\"id\":\"3\"}", fault) &&
           append_repeated(
               &answer->stream.block, ' ', 16384 - answer->stream.block.length, fault) &&
           bytes_append_text(&answer->stream.end, "]}", fault);
}

static bool act_many_keys(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    uint64_t count = bounded(rule_number(rule, 0, 100000), KEYS_MAX);
    bool ok = replace(answer, "{\"items\":[{\"id\":\"1\"", fault);
    for (uint64_t i = 0; ok && i < count; i++)
        ok = bytes_format(
            &answer->body, fault, ",\"k%" PRIu64 "\":%" PRIu64, i * 2654435761u % 4294967291u, i);
    return ok && bytes_append_text(&answer->body, "}],\"paging\":{}}", fault);
}

/* One block of raw deflate data that ends at a byte boundary, so that it can be repeated. */
static bool deflate_into(
    struct bytes *into, const char *data, size_t length, int flush, int window, struct fault *fault)
{
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return fault_memory(fault);
    size_t room = deflateBound(&stream, length) + 64;
    bool ok = bytes_reserve(into, room, fault);
    if (ok) {
        stream.next_in = (const Bytef *)data;
        stream.avail_in = (uInt)length;
        stream.next_out = (Bytef *)into->data + into->length;
        stream.avail_out = (uInt)room;
        int result = deflate(&stream, flush);
        ok = stream.avail_in == 0 && (result == Z_OK || result == Z_STREAM_END);
        if (!ok)
            (void)fault_set(fault, FAULT_SYSTEM, "zlib answered %d", result);
        into->length += room - stream.avail_out;
        into->data[into->length] = '\0';
    }
    (void)deflateEnd(
        &stream); /* says Z_DATA_ERROR after a flush that is not the last, which is meant */
    return ok;
}

/* Spaces and then an empty listing: valid to the last byte, only large. Each MiB is one KiB on the
 * wire. */
static bool act_bomb(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    static const unsigned char gzip_head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}; /* RFC 1952 */
    static const char tail[] = "{\"items\":[],\"paging\":{}}";
    uint64_t times = bounded(rule_number(rule, 0, 1024), STREAM_MAX);
    AUTO_BYTES spaces = {0};
    struct stream *stream = &answer->stream;
    if (!append_repeated(&spaces, ' ', MIB, fault))
        return false;
    uLong block_crc = crc32(0, (const Bytef *)spaces.data, MIB), crc = crc32(0, NULL, 0);
    for (uint64_t i = 0; i < times; i++)
        crc = crc32_combine(crc, block_crc, MIB);
    crc = crc32_combine(crc, crc32(0, (const Bytef *)tail, sizeof tail - 1), sizeof tail - 1);
    uint64_t size = times * MIB + sizeof tail - 1;
    unsigned char trailer[8];
    for (size_t i = 0; i < 4; i++) {
        trailer[i] = (unsigned char)(crc >> (8 * i));
        trailer[4 + i] = (unsigned char)(size >> (8 * i));
    }
    stream->times = times;
    answer->encoding = "gzip";
    return bytes_append(
               &stream->begin, (struct span){(const char *)gzip_head, sizeof gzip_head}, fault) &&
           deflate_into(&stream->block, spaces.data, MIB, Z_FULL_FLUSH, -MAX_WBITS, fault) &&
           deflate_into(&stream->end, tail, sizeof tail - 1, Z_FINISH, -MAX_WBITS, fault) &&
           bytes_append(&stream->end, (struct span){(const char *)trailer, sizeof trailer}, fault);
}

/* Compressed twice, and said so. */
static bool act_encodings(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment;
    for (int i = 0; i < 2; i++) {
        AUTO_BYTES packed = {0};
        if (!deflate_into(&packed, bytes_span(&answer->body).data, answer->body.length, Z_FINISH,
                MAX_WBITS + 16, fault))
            return false;
        bytes_clear(&answer->body);
        if (!bytes_append(&answer->body, bytes_span(&packed), fault))
            return false;
    }
    answer->encoding = "gzip, gzip";
    answer->item_count = 0;
    return true;
}

static bool act_false_gzip(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment, (void)fault;
    answer->encoding = "gzip"; /* the body is not */
    return true;
}

/* Replaces [from, to) of the body; the places of later items move with it. */
static bool splice(
    struct answer *answer, size_t from, size_t to, struct span text, struct fault *fault)
{
    struct bytes *body = &answer->body;
    if (!bytes_reserve(body, text.length, fault))
        return false;
    (void)memmove(body->data + from + text.length, body->data + to, body->length - to);
    (void)memcpy(body->data + from, text.data, text.length);
    body->length = body->length - (to - from) + text.length;
    body->data[body->length] = '\0';
    for (size_t i = 0; i < answer->item_count && i < MESSAGE_ITEMS_MAX; i++) {
        if (answer->items[i].from <= from && from < answer->items[i].from + answer->items[i].length)
            answer->items[i].length = answer->items[i].length - (to - from) + text.length;
        else if (answer->items[i].from > from)
            answer->items[i].from = answer->items[i].from - (to - from) + text.length;
    }
    return true;
}

/* What can be wrong with one item. With a member: its value is replaced; the empty replacement
 * takes the member away. Without: the text stands before the first member. */
static const struct {
    const char *name, *member, *text;
} mutations[] = {
    {"duplicate-id", NULL, "\"id\":\"somebody-else\","},
    {"duplicate-member", NULL, "\"login\":\"a\",\"login\":\"b\","},
    {"escaped-duplicate", NULL, "\"i\\u0064\":\"somebody-else\","},
    {"nul", NULL, "\"note\":\"a\\u0000b\","},
    {"nul-key", NULL, "\"id\\u0000x\":\"other\","},
    {"raw-nul", NULL, NULL}, /* a byte that no C string holds: see mutate */
    {"control", NULL, "\"note\":\"a\tb\","},
    {"bad-utf8", NULL, "\"note\":\"\xC3\x28\","},
    {"overlong-utf8", NULL, "\"note\":\"\xC0\xAF\","},
    {"lone-surrogate", NULL, "\"note\":\"\\ud800\","},
    {"nan", NULL, "\"score\":NaN,"},
    {"infinity", NULL, "\"score\":1e999,"},
    {"single-quotes", NULL, "'note':'x',"},
    {"comment", NULL, "/* note */"},
    {"leading-zero", NULL, "\"score\":007,"},
    {"secret", NULL, "\"api_token\":\"sk-live-0123456789abcdef\","},
    {"deep", NULL,
        "\"note\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
        ","},
    {"id-null", "id", "null"},
    {"id-missing", "id", ""},
    {"id-empty", "id", "\"\""},
    {"id-huge", "id", "1180591620717411303424"}, /* 2^70 */
    {"id-number", "id", "4711"},
    {"id-fraction", "id", "1.0"},
    {"id-true", "id", "true"},
    {"id-object", "id", "{\"value\":\"1\"}"},
    {"id-case", "id", "\"ABC-def\""},
    {"id-other-case", "id", "\"abc-DEF\""},
    {"status-unknown", "status", "\"hibernating\""},
    {"status-renamed", "status", ""},
    {"login-missing", "login", ""},
    {"login-null", "login", "null"},
    {"login-number", "login", "17"},
    {"time-bad", "created_at", "\"yesterday\""},
    {"time-1970", "created_at", "\"1970-01-01T00:00:00Z\""},
    {"time-2038", "created_at", "\"2038-01-19T03:14:08Z\""},
};

#define MUTATIONS (sizeof mutations / sizeof mutations[0])

/* The end of the JSON value at `at`: of a text, or of anything up to a comma or brace. Rendered
 * items are well-formed. */
static size_t value_end(const char *data, size_t at, size_t end)
{
    if (data[at] == '"') {
        for (at++; at < end && data[at] != '"'; at++)
            at += data[at] == '\\';
        return at + 1;
    }
    while (at < end && data[at] != ',' && data[at] != '}')
        at++;
    return at;
}

static bool replace_member(struct answer *answer, struct extent item, const char *member,
    const char *text, struct fault *fault)
{
    char name[64];
    const char *data = answer->body.data;
    size_t length = (size_t)snprintf(name, sizeof name, "\"%s\":", member);
    const char *found = memmem(data + item.from, item.length, name, length);
    if (!found)
        return fault_set(fault, FAULT_USAGE, "the item has no member \"%s\"", member);
    size_t from = (size_t)(found - data), value = from + length;
    size_t to = value_end(data, value, item.from + item.length);
    if (*text != '\0')
        return splice(answer, value, to, span_of(text), fault);
    return splice(answer, from, data[to] == ',' ? to + 1 : to, SPAN(""), fault);
}

static bool mutate(struct answer *answer, size_t which, struct extent item, struct fault *fault)
{
    if (mutations[which].member)
        return replace_member(answer, item, mutations[which].member, mutations[which].text, fault);
    struct span text =
        mutations[which].text ? span_of(mutations[which].text) : SPAN("\"note\":\"a\0b\",");
    return splice(answer, item.from + 1, item.from + 1, text, fault);
}

static size_t mutation_of(const struct rule *rule)
{
    size_t which = 0;
    while (which < MUTATIONS && !span_equal_text(rule->arguments[1], mutations[which].name))
        which++;
    return which;
}

static bool check_item(const struct rule *rule, struct fault *fault)
{
    return mutation_of(rule) < MUTATIONS ||
           fault_set(fault, FAULT_USAGE, "\"%.*s\" is no mutation of an item; README.md lists them",
               SPAN_FORMAT(rule->arguments[1]));
}

static bool act_item(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    size_t place = bounded(rule_number(rule, 0, 1), MESSAGE_ITEMS_MAX) - 1;
    size_t count = bounded(rule_number(rule, 2, 1), MESSAGE_ITEMS_MAX);
    size_t which = mutation_of(rule);
    for (size_t i = place; i < place + count && i < answer->item_count && i < MESSAGE_ITEMS_MAX;
         i++)
        if (!mutate(answer, which, answer->items[i], fault))
            return false;
    return true;
}

static const struct action rows[] = {
    {"body", "r", "TEXT", "", "another body", .on_answer = act_body},
    {"cut-json", "n", "BYTES", "47",
        "only so many bytes, with the right length; negative: without the last",
        .on_answer = act_cut_json},
    {"trailing", "r", "TEXT", "48", "text after the end", .on_answer = act_trailing},
    {"twice", "", "", "48", "the whole body twice", .on_answer = act_twice},
    {"deep", "N", "[DEPTH]", "43", "arrays inside arrays", .on_answer = act_deep},
    {"long-string", "N", "[MIB]", "45", "an id of so many MiB", .on_answer = act_long_string},
    {"endless-body", "", "", "46", "items without end", .on_answer = act_endless_body},
    {"many-keys", "N", "[COUNT]", "54", "an item with so many members", .on_answer = act_many_keys},
    {"bomb", "N", "[MIB]", "41", "gzip that grows a thousandfold to so many MiB",
        .on_answer = act_bomb},
    {"encodings", "", "", "42", "gzip inside gzip", .on_answer = act_encodings},
    {"false-gzip", "", "", "42", "says gzip, and is not", .on_answer = act_false_gzip},
    {"item", "ntN", "PLACE MUTATION [COUNT]", "49 50 51 52 53 55 56 57 58 59 60 95",
        "changes the item at that place (from 1): README.md lists the mutations",
        .check = check_item, .on_answer = act_item},
};

const struct action_table action_body_table = {rows, sizeof rows / sizeof rows[0]};
