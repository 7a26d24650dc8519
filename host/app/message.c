/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object a line. Requests are read strictly: what a host does not know it must not seem to
 * have done. */
#include "message.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "json/gate.h"

bool message_address(const char *store_path, struct sockaddr_un *ret_address, struct fault *fault)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s.sock", store_path);
    if (length < 0 || (size_t)length >= sizeof address.sun_path)
        return fault_set(fault, FAULT_CONFIGURATION,
            "the socket %s.sock has a longer path than the %zu bytes that the system takes; put "
            "the "
            "store where its path is shorter",
            store_path, sizeof address.sun_path - 1);
    *ret_address = address;
    return true;
}

/* ------------------------------------------------------------------ members ------------------- */

struct place {
    const char *name;
    struct json_value value;
};

/* The line as an object, its members put into their places. */
static bool open_line(struct span line, const struct hash_key *key, struct arena *arena,
    struct place *places, size_t count, struct fault *fault)
{
    const struct json_gate_options options = {.key = *key};
    struct json_page page;
    struct json_value value;
    struct span name;
    if (!json_gate(line, &options, arena, &page, fault))
        return fault_prefix(fault, "not a line of JSON");
    struct json_value object = json_value_of(page.value);
    if (object.type != JSON_OBJECT)
        return fault_set(fault, FAULT_CONTENT, "not a JSON object");
    struct json_iterator iterator = json_begin(object);
    while (json_next(&iterator, &name, &value)) {
        struct span bare = {name.data + 1, name.length - 2};
        size_t at = 0;
        while (at < count && !span_equal_text(bare, places[at].name))
            at++;
        if (at == count)
            return fault_set(fault, FAULT_CONTENT, "it has a member \"%.*s\" that is not known",
                bare.length > MESSAGE_WHO_MAX ? (int)MESSAGE_WHO_MAX : (int)bare.length, bare.data);
        places[at].value = value;
    }
    return true;
}

/* A string without NUL, in the arena. */
static bool read_string(const struct place *place, size_t most, struct arena *arena,
    const char **ret_text, struct fault *fault)
{
    struct span text;
    if (place->value.type != JSON_STRING)
        return fault_set(fault, FAULT_CONTENT, "\"%s\" is to be a text", place->name);
    if (!json_text(place->value, arena, &text, fault))
        return false;
    if (!text.data || text.length > most)
        return fault_set(
            fault, FAULT_CONTENT, "\"%s\" is to be a text of at most %zu bytes", place->name, most);
    struct span copy = arena_copy(arena, text);
    if (!copy.data)
        return fault_memory(fault);
    *ret_text = copy.data;
    return true;
}

static bool read_integer(
    const struct place *place, int64_t least, int64_t *ret_number, struct fault *fault)
{
    return (place->value.type == JSON_NUMBER && json_integer(place->value, ret_number) &&
               *ret_number >= least) ||
           fault_set(fault, FAULT_CONTENT, "\"%s\" is to be a whole number of at least %lld",
               place->name, (long long)least);
}

/* ------------------------------------------------------------------ requests ------------------ */

enum {
    AT_COMMAND,
    AT_VERB,
    AT_FULL,
    AT_NAMES,
    AT_NUMBER,
    AT_OF_RUN,
    AT_WHO,
    AT_REASON,
    AT_DRY,
    AT_CONNECTION,
    AT_STREAM,
    AT_LETTERS,
    AT_COUNT
};

#define BIT(place) (1u << (place))

/* Which members each request has, besides `command` and `verb`; those of a decision must be there,
 * but for flags, and who replays. */
static const struct {
    const char *command, *verb;
    unsigned members;
} requests[] = {[REQUEST_SYNC] = {"sync", NULL, BIT(AT_FULL) | BIT(AT_NAMES)},
    [REQUEST_APPROVE] = {"hold", "approve", BIT(AT_NUMBER) | BIT(AT_OF_RUN) | BIT(AT_WHO)},
    [REQUEST_REJECT] = {"hold", "reject", BIT(AT_NUMBER) | BIT(AT_OF_RUN) | BIT(AT_WHO)},
    [REQUEST_DISCARD] = {"discard", NULL, BIT(AT_NUMBER) | BIT(AT_WHO) | BIT(AT_REASON)},
    [REQUEST_REPLAY] = {"replay", NULL,
        BIT(AT_DRY) | BIT(AT_CONNECTION) | BIT(AT_STREAM) | BIT(AT_LETTERS) | BIT(AT_WHO)},
    [REQUEST_REPAIR] = {"repair", NULL, 0}};

#define REQUESTS (sizeof requests / sizeof requests[0])

static bool write_names(
    const struct control_request *request, struct bytes *line, struct fault *fault)
{
    if (!bytes_format(line, fault, ",\"full\":%s,\"names\":[", request->full ? "true" : "false"))
        return false;
    for (size_t i = 0; i < request->name_count; i++)
        if ((i && !bytes_append_char(line, ',', fault)) ||
            !bytes_append_json(line, span_of(request->names[i]), fault))
            return false;
    return bytes_append_char(line, ']', fault);
}

static bool write_decision(
    const struct control_request *request, struct bytes *line, struct fault *fault)
{
    const char *verb = requests[request->verb].verb;
    return (!verb || bytes_format(line, fault, ",\"verb\":\"%s\"", verb)) &&
           bytes_format(line, fault, ",\"number\":%lld%s,\"who\":", (long long)request->number,
               request->of_run ? ",\"of_run\":true" : "") &&
           bytes_append_json(line, span_of(request->who), fault) &&
           (!request->reason || (bytes_append_text(line, ",\"reason\":", fault) &&
                                    bytes_append_json(line, span_of(request->reason), fault)));
}

static bool write_text_member(
    const char *before, const char *text, struct bytes *line, struct fault *fault)
{
    return !text || (bytes_append_text(line, before, fault) &&
                        bytes_append_json(line, span_of(text), fault));
}

static bool write_replay(
    const struct control_request *request, struct bytes *line, struct fault *fault)
{
    if (!bytes_format(line, fault, ",\"dry\":%s", request->dry ? "true" : "false") ||
        !write_text_member(",\"who\":", request->who, line, fault) ||
        !write_text_member(",\"connection\":", request->connection, line, fault) ||
        !write_text_member(",\"stream\":", request->stream, line, fault) ||
        !bytes_append_text(line, ",\"letters\":[", fault))
        return false;
    for (size_t i = 0; i < request->letter_count; i++)
        if (!bytes_format(line, fault, "%s%lld", i ? "," : "", (long long)request->letters[i]))
            return false;
    return bytes_append_char(line, ']', fault);
}

static bool write_nothing(
    const struct control_request *request, struct bytes *line, struct fault *fault)
{
    (void)request, (void)line, (void)fault;
    return true;
}

bool message_write_request(
    const struct control_request *request, struct bytes *into, struct fault *fault)
{
    AUTO_BYTES line = {0};
    bool (*write)(const struct control_request *, struct bytes *, struct fault *) =
        request->verb == REQUEST_SYNC     ? write_names
        : request->verb == REQUEST_REPLAY ? write_replay
        : request->verb == REQUEST_REPAIR ? write_nothing
                                          : write_decision;
    if (!bytes_format(&line, fault, "{\"command\":\"%s\"", requests[request->verb].command) ||
        !write(request, &line, fault) || !bytes_append_text(&line, "}\n", fault))
        return false;
    if (line.length > MESSAGE_LINE_MAX)
        return fault_set(fault, FAULT_USAGE,
            "that is more than a running host takes in one order (%u bytes); name fewer "
            "connections or letters, or none for all",
            MESSAGE_LINE_MAX);
    return bytes_append(into, bytes_span(&line), fault);
}

static bool find_verb(const struct place *places, struct arena *arena, enum request_verb *ret_verb,
    struct fault *fault)
{
    const char *command = "", *verb = NULL;
    if (!read_string(&places[AT_COMMAND], MESSAGE_WHO_MAX, arena, &command, fault) ||
        (places[AT_VERB].value.type != JSON_NONE &&
            !read_string(&places[AT_VERB], MESSAGE_WHO_MAX, arena, &verb, fault)))
        return false;
    for (size_t i = 0; i < REQUESTS; i++)
        if (strcmp(requests[i].command, command) == 0 && !requests[i].verb == !verb &&
            (!verb || strcmp(requests[i].verb, verb) == 0)) {
            *ret_verb = (enum request_verb)i;
            return true;
        }
    return fault_set(fault, FAULT_CONTENT,
        "there is no such command; sync, hold, discard, replay and repair are");
}

static bool read_names(const struct place *place, struct arena *arena,
    struct control_request *request, struct fault *fault)
{
    struct json_iterator iterator = json_begin(place->value);
    struct place name = {.name = "names"};
    if (place->value.type == JSON_NONE)
        return true;
    if (place->value.type != JSON_ARRAY)
        return fault_set(fault, FAULT_CONTENT, "\"names\" is to be a list of texts");
    const char **names = arena_allocate_array(arena, json_count(place->value) + 1, sizeof *names);
    if (!names)
        return fault_memory(fault);
    request->names = names;
    while (json_next(&iterator, NULL, &name.value))
        if (!read_string(&name, MESSAGE_WHY_MAX, arena, &names[request->name_count++], fault))
            return false;
    return true;
}

static bool read_flag(const struct place *place, bool *ret_flag, struct fault *fault)
{
    enum json_type type = place->value.type;
    *ret_flag = type == JSON_TRUE;
    return type == JSON_NONE || type == JSON_TRUE || type == JSON_FALSE ||
           fault_set(fault, FAULT_CONTENT, "\"%s\" is to be true or false", place->name);
}

static bool read_letters(const struct place *place, struct arena *arena,
    struct control_request *request, struct fault *fault)
{
    struct json_iterator iterator = json_begin(place->value);
    struct place number = {.name = "letters"};
    if (place->value.type == JSON_NONE)
        return true;
    if (place->value.type != JSON_ARRAY)
        return fault_set(fault, FAULT_CONTENT, "\"letters\" is to be a list of numbers");
    int64_t *letters = arena_allocate_array(arena, json_count(place->value) + 1, sizeof *letters);
    if (!letters)
        return fault_memory(fault);
    request->letters = letters;
    while (json_next(&iterator, NULL, &number.value))
        if (!read_integer(&number, 1, &letters[request->letter_count++], fault))
            return false;
    return true;
}

static bool read_replay(const struct place *places, struct arena *arena,
    struct control_request *request, struct fault *fault)
{
    return read_flag(&places[AT_DRY], &request->dry, fault) &&
           read_string(&places[AT_WHO], MESSAGE_WHO_MAX, arena, &request->who, fault) &&
           (places[AT_CONNECTION].value.type == JSON_NONE ||
               read_string(
                   &places[AT_CONNECTION], MESSAGE_WHY_MAX, arena, &request->connection, fault)) &&
           (places[AT_STREAM].value.type == JSON_NONE ||
               read_string(&places[AT_STREAM], MESSAGE_WHY_MAX, arena, &request->stream, fault)) &&
           read_letters(&places[AT_LETTERS], arena, request, fault);
}

static bool read_members(const struct place *places, struct arena *arena,
    struct control_request *request, struct fault *fault)
{
    unsigned members = requests[request->verb].members;
    for (unsigned i = AT_FULL; i < AT_COUNT; i++)
        if (places[i].value.type != JSON_NONE && !(members & BIT(i)))
            return fault_set(
                fault, FAULT_CONTENT, "\"%s\" does not belong to this command", places[i].name);
    if (request->verb == REQUEST_REPAIR)
        return true;
    if (request->verb == REQUEST_SYNC) {
        return read_flag(&places[AT_FULL], &request->full, fault) &&
               read_names(&places[AT_NAMES], arena, request, fault);
    }
    if (request->verb == REQUEST_REPLAY)
        return read_replay(places, arena, request, fault);
    return read_integer(&places[AT_NUMBER], 1, &request->number, fault) &&
           read_flag(&places[AT_OF_RUN], &request->of_run, fault) &&
           read_string(&places[AT_WHO], MESSAGE_WHO_MAX, arena, &request->who, fault) &&
           (!(members & BIT(AT_REASON)) ||
               read_string(&places[AT_REASON], MESSAGE_WHY_MAX, arena, &request->reason, fault));
}

bool message_read_request(struct span line, const struct hash_key *key, struct arena *arena,
    struct control_request *ret_request, struct fault *fault)
{
    struct place places[AT_COUNT] = {[AT_COMMAND] = {.name = "command"},
        [AT_VERB] = {.name = "verb"},
        [AT_FULL] = {.name = "full"},
        [AT_NAMES] = {.name = "names"},
        [AT_NUMBER] = {.name = "number"},
        [AT_OF_RUN] = {.name = "of_run"},
        [AT_WHO] = {.name = "who"},
        [AT_REASON] = {.name = "reason"},
        [AT_DRY] = {.name = "dry"},
        [AT_CONNECTION] = {.name = "connection"},
        [AT_STREAM] = {.name = "stream"},
        [AT_LETTERS] = {.name = "letters"}};
    struct control_request request = {0};
    if (!open_line(line, key, arena, places, AT_COUNT, fault) ||
        !find_verb(places, arena, &request.verb, fault) ||
        !read_members(places, arena, &request, fault)) {
        if (fault->code != FAULT_MEMORY)
            fault->code = FAULT_USAGE;
        return fault_prefix(fault, "the host does not take this order");
    }
    *ret_request = request;
    return true;
}

/* ------------------------------------------------------------------ answers ------------------- */

bool message_write_answer(const struct answer *answer, struct bytes *into, struct fault *fault)
{
    AUTO_BYTES line = {0};
    bool good = false;
    switch (answer->kind) {
    case ANSWER_RUN:
        good = bytes_append_text(&line, "{\"run\":", fault) &&
               runs_write(&answer->run, &line, fault) && bytes_append_char(&line, '}', fault);
        break;
    case ANSWER_TROUBLE:
        good = bytes_append_text(&line, "{\"trouble\":{\"connection\":", fault) &&
               bytes_append_json(&line, span_of(answer->connection), fault) &&
               bytes_append_text(&line, ",\"text\":", fault) &&
               bytes_append_json(&line, span_of(answer->text), fault) &&
               bytes_append_text(&line, "}}", fault);
        break;
    case ANSWER_PROGRESS:
        good = bytes_format(&line, fault, "{\"progress\":{\"pages\":%lld,\"records\":%lld}}",
            (long long)answer->pages, (long long)answer->records);
        break;
    case ANSWER_LETTER:
    case ANSWER_REPLAYED: /* replay.c has written them, whole */
        return fault_set(fault, FAULT_USAGE, "not an answer that is written here");
    case ANSWER_DONE:
        good = bytes_format(&line, fault, "{\"done\":%lld,\"text\":", (long long)answer->status) &&
               bytes_append_json(&line, span_of(answer->text), fault) &&
               bytes_append_char(&line, '}', fault);
        break;
    }
    return good && bytes_append_char(&line, '\n', fault) &&
           bytes_append(into, bytes_span(&line), fault);
}

static struct json_value member_of(struct json_value object, const char *quoted)
{
    struct json_iterator iterator = json_begin(object);
    struct json_value value;
    struct span key;
    while (object.type == JSON_OBJECT && json_next(&iterator, &key, &value))
        if (span_equal_text(key, quoted))
            return value;
    return (struct json_value){.type = JSON_NONE};
}

bool message_read_answer(struct span line, const struct hash_key *key, struct arena *arena,
    struct answer *ret_answer, struct fault *fault)
{
    struct place places[] = {[ANSWER_RUN] = {.name = "run"},
        [ANSWER_TROUBLE] = {.name = "trouble"},
        [ANSWER_PROGRESS] = {.name = "progress"},
        [ANSWER_LETTER] = {.name = "letter"},
        [ANSWER_REPLAYED] = {.name = "replayed"},
        [ANSWER_DONE] = {.name = "done"},
        {.name = "text"}};
    struct answer answer = {.kind = ANSWER_RUN, .connection = "", .text = ""};
    if (!open_line(line, key, arena, places, sizeof places / sizeof places[0], fault))
        return false;
    while (answer.kind < ANSWER_DONE && places[answer.kind].value.type == JSON_NONE)
        answer.kind++;
    struct json_value inside = places[answer.kind].value;
    struct place connection = {"connection", member_of(inside, "\"connection\"")},
                 text = {"text", member_of(inside, "\"text\"")},
                 pages = {"pages", member_of(inside, "\"pages\"")},
                 records = {"records", member_of(inside, "\"records\"")};
    bool good = false;
    switch (answer.kind) {
    case ANSWER_RUN:
        good = runs_read(inside, arena, &answer.run, fault);
        break;
    case ANSWER_TROUBLE:
        good = read_string(&connection, MESSAGE_LINE_MAX, arena, &answer.connection, fault) &&
               read_string(&text, MESSAGE_LINE_MAX, arena, &answer.text, fault);
        break;
    case ANSWER_PROGRESS:
        good = read_integer(&pages, 0, &answer.pages, fault) &&
               read_integer(&records, 0, &answer.records, fault);
        break;
    case ANSWER_LETTER:
    case ANSWER_REPLAYED:
        good =
            inside.type == JSON_OBJECT ||
            fault_set(fault, FAULT_CONTENT, "\"%s\" is to be an object", places[answer.kind].name);
        answer.object = inside;
        break;
    case ANSWER_DONE:
        good = read_integer(&places[ANSWER_DONE], 0, &answer.status, fault) &&
               read_string(&places[ANSWER_DONE + 1], MESSAGE_LINE_MAX, arena, &answer.text, fault);
        break;
    }
    if (good)
        *ret_answer = answer;
    return good;
}
