/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to lines, and from lines to what is shown. */
#include "replay.h"

#include <stdio.h>
#include <string.h>
#include "base/memory.h"

/* ------------------------------------------------------------------ what maps ----------------- */

bool replay_kit_take(
    const struct generation *generation, struct replay_kit *ret_kit, struct fault *fault)
{
    struct replay_kit kit = {
        .connections = memory_allocate_array(generation->count + 1, sizeof(struct connection *)),
        .sources = memory_allocate_array(generation->count + 1, sizeof *kit.sources)};
    if (!kit.connections || !kit.sources) {
        replay_kit_free(&kit);
        return fault_memory(fault);
    }
    for (size_t i = 0; i < generation->count; i++) {
        struct connection *connection = generation->entries[i].connection;
        if (!connection)
            continue;
        kit.connections[kit.count] = connection_acquire(connection);
        kit.sources[kit.count++] =
            (struct replay_source){.source = connection->source, .programs = connection->programs};
    }
    *ret_kit = kit;
    return true;
}

void replay_kit_free(struct replay_kit *kit)
{
    for (size_t i = 0; i < kit->count; i++)
        connection_release(kit->connections[i]);
    memory_free(kit->connections);
    memory_free(kit->sources);
    *kit = (struct replay_kit){0};
}

/* ------------------------------------------------------------------ lines --------------------- */

struct writing {
    struct bytes lines; /* of the letters that are not settled yet */
    struct arena *arena;
    replay_lines *give;
    void *context;
    bool stopped;
};

static const char *const fates[] = {
    [REPLAY_TAKEN] = "replayed", [REPLAY_SUPERSEDED] = "superseded", [REPLAY_FAILS] = "fails"};

static bool put(struct bytes *into, const char *before, struct span text, struct fault *fault)
{
    return bytes_append_text(into, before, fault) &&
           (text.data ? bytes_append_json(into, text, fault)
                      : bytes_append_text(into, "null", fault));
}

/* A member's value; JSON_NONE where it is not there. */
static struct json_value member(struct span object, const char *name)
{
    struct json_iterator iterator = json_begin(json_value_of(object));
    struct json_value value;
    struct span key;
    while (object.length > 0 && json_next(&iterator, &key, &value))
        if (span_equal_text((struct span){key.data + 1, key.length - 2}, name))
            return value;
    return (struct json_value){.type = JSON_NONE};
}

static struct json_value field_of(struct span fields, struct span volatiles, const char *name)
{
    struct json_value value = member(fields, name);
    return value.type == JSON_NONE ? member(volatiles, name) : value;
}

/* The value as it is, a long one as its beginning. */
static bool put_value(struct writing *on, struct json_value value, struct fault *fault)
{
    struct span text;
    if (value.type == JSON_NONE)
        return bytes_append_text(&on->lines, "null", fault);
    if (value.bytes.length <= REPLAY_VALUE_BYTES)
        return bytes_append(&on->lines, value.bytes, fault);
    if (!json_text(value, on->arena, &text, fault))
        return false;
    if (!text.data)
        text = value.bytes;
    if (text.length > REPLAY_VALUE_BYTES)
        text.length = REPLAY_VALUE_BYTES;
    while (text.length > 0 && !span_is_utf8(text))
        text.length--;
    return bytes_append_json(&on->lines, text, fault);
}

static const char *state_of(struct json_value value)
{
    return value.type == JSON_NONE ? "absent" : value.type == JSON_NULL ? "null" : "value";
}

static bool put_field(struct writing *on, const char *name, struct json_value before,
    struct json_value after, bool first, struct fault *fault)
{
    return bytes_format(
               &on->lines, fault, "%s{\"field\":\"%s\",\"before\":", first ? "" : ",", name) &&
           put_value(on, before, fault) &&
           bytes_format(&on->lines, fault, ",\"before_is\":\"%s\",\"after\":", state_of(before)) &&
           put_value(on, after, fault) &&
           bytes_format(&on->lines, fault, ",\"after_is\":\"%s\"}", state_of(after));
}

static bool shows_fields(const char *outcome)
{
    return strcmp(outcome, "created") == 0 || strcmp(outcome, "changed") == 0 ||
           strcmp(outcome, "reappeared") == 0;
}

static bool put_record(
    struct writing *on, const struct replay_record *record, bool first, struct fault *fault)
{
    bool shown = shows_fields(record->outcome), any = false;
    if (!bytes_format(&on->lines, fault, "%s{\"kind\":\"%s\",\"outcome\":\"%s\"", first ? "" : ",",
            record->kind->name, record->outcome) ||
        !put(&on->lines, ",\"id\":", record->id, fault) ||
        !bytes_format(&on->lines, fault, ",\"attributes_differ\":%s,\"fields\":[",
            shown && record->attributes_differ ? "true" : "false"))
        return false;
    for (size_t i = 0; shown && i < record->kind->field_count; i++) {
        const char *name = record->kind->fields[i].name;
        struct json_value before = field_of(record->fields_before, record->volatiles_before, name);
        struct json_value after = field_of(record->fields, record->volatiles, name);
        if (before.type == after.type && span_equal(before.bytes, after.bytes))
            continue;
        if (!put_field(on, name, before, after, !any, fault))
            return false;
        any = true;
    }
    return bytes_append_text(&on->lines, "]}", fault);
}

static bool put_records(struct writing *on, const struct replay_letter *letter, struct fault *fault)
{
    const size_t begin = on->lines.length;
    size_t i = 0;
    if (!bytes_append_text(&on->lines, ",\"records\":[", fault))
        return false;
    for (; i < letter->record_count && on->lines.length - begin < REPLAY_LINE_BYTES; i++)
        if (!put_record(on, &letter->records[i], i == 0, fault))
            return false;
    return bytes_format(&on->lines, fault, "],\"more\":%zu}}\n", letter->record_count - i);
}

static bool write_letter(void *context, const struct replay_letter *letter, struct fault *fault)
{
    struct writing *on = context;
    struct bytes *into = &on->lines;
    arena_reset(on->arena);
    return bytes_format(into, fault, "{\"letter\":{\"letter\":%lld,\"run\":%lld,\"page\":%lld",
               (long long)letter->letter, (long long)letter->run, (long long)letter->page) &&
           bytes_format(into, fault, ",\"item\":%lld,\"fate\":\"%s\"", (long long)letter->item,
               fates[letter->fate]) &&
           put(into, ",\"connection\":", span_of(letter->connection), fault) &&
           put(into, ",\"stream\":", span_of(letter->stream), fault) &&
           put(into, ",\"parent\":", letter->parent, fault) &&
           put(into, ",\"id\":", letter->id, fault) &&
           put(into, ",\"reason\":", letter->reason, fault) &&
           put(into, ",\"pointer\":", letter->pointer, fault) &&
           put(into, ",\"now_reason\":", span_of(letter->now_reason), fault) &&
           put(into, ",\"now_pointer\":", span_of(letter->now_pointer), fault) &&
           put(into, ",\"now_why\":", span_of(letter->now_why), fault) &&
           put_records(on, letter, fault);
}

static bool settled(void *context)
{
    struct writing *on = context;
    on->stopped = !on->give(on->context, bytes_span(&on->lines));
    bytes_clear(&on->lines);
    return !on->stopped;
}

static bool write_sums(struct writing *on, const struct replay_sums *sums, struct fault *fault)
{
    return bytes_format(&on->lines, fault,
        "{\"replayed\":{\"replayed\":%lld,\"superseded\":%lld,\"failed\":%lld,\"closed\":%lld,"
        "\"batches\":%lld}}\n",
        (long long)sums->replayed, (long long)sums->superseded, (long long)sums->failed,
        (long long)sums->closed, (long long)sums->batches);
}

static bool make(struct store *store, const struct replay_order *order, struct writing *on,
    enum status *ret_status, struct fault *fault)
{
    const struct replay_sink sink = {write_letter, settled, on};
    struct replay_sums sums;
    if (!store_replay(store, order, &sink, &sums, fault))
        return false;
    if (on->stopped)
        return fault_set(fault, FAULT_STORE_BUSY,
            "the replay was broken off; letters that are settled stay so, and another replay takes "
            "the rest");
    if (!write_sums(on, &sums, fault))
        return false;
    (void)settled(on); /* nothing is left to be stopped */
    *ret_status = sums.failed ? STATUS_PARTIAL : STATUS_DONE;
    return true;
}

bool replay_make(struct store *store, const struct control_request *request,
    const struct replay_kit *kit, replay_lines *lines, void *context, enum status *ret_status,
    struct fault *fault)
{
    const struct replay_order order = {.sources = kit->sources,
        .source_count = kit->count,
        .connection = request->connection,
        .stream = request->stream,
        .letters = request->letters,
        .letter_count = request->letter_count,
        .who = request->who,
        .dry = request->dry,
        .clock = clock_system()};
    AUTO_ARENA *arena = arena_create(0);
    struct writing on = {.arena = arena, .give = lines, .context = context};
    if (!arena)
        return fault_memory(fault);
    bool good = make(store, &order, &on, ret_status, fault);
    bytes_free(&on.lines);
    return good;
}

/* ------------------------------------------------------------------ shown --------------------- */

static bool is_there(struct json_value value)
{
    return value.type != JSON_NONE && value.type != JSON_NULL;
}

/* A string of our own making, without its quotes. */
static struct span inside(struct json_value value)
{
    return value.type == JSON_STRING ? (struct span){value.bytes.data + 1, value.bytes.length - 2}
                                     : value.bytes;
}

static void print_member(const char *before, struct span object, const char *name)
{
    struct json_value value = member(object, name);
    if (!is_there(value))
        return;
    (void)printf("%s", before);
    table_put_plain(stdout, inside(value));
}

static void print_field(struct span field)
{
    static const char *const sides[][2] = {{"before", "before_is"}, {"after", "after_is"}};
    (void)printf("      ");
    table_put_plain(stdout, inside(member(field, "field")));
    for (size_t i = 0; i < 2; i++) {
        struct span is = inside(member(field, sides[i][1]));
        (void)printf(i ? " -> " : ": ");
        table_put_plain(
            stdout, span_equal_text(is, "value") ? member(field, sides[i][0]).bytes : is);
    }
    (void)printf("\n");
}

static void print_record(struct span record)
{
    struct json_value fields = member(record, "fields"), field;
    struct json_iterator iterator = json_begin(fields);
    print_member("    ", record, "kind");
    print_member(" ", record, "id");
    print_member(" ", record, "outcome");
    (void)printf("\n");
    while (json_next(&iterator, NULL, &field))
        print_field(field.bytes);
    if (member(record, "attributes_differ").type == JSON_TRUE)
        (void)printf("      attributes differ\n");
}

static void print_letter(struct span letter, bool dry)
{
    struct json_value records = member(letter, "records"), record;
    struct json_iterator iterator = json_begin(records);
    struct span fate = inside(member(letter, "fate"));
    print_member("letter ", letter, "letter");
    print_member(": ", letter, "connection");
    print_member("/", letter, "stream");
    print_member(" of ", letter, "parent");
    print_member(", item ", letter, "item");
    print_member(" of page ", letter, "page");
    print_member(" in run ", letter, "run");
    print_member(", id ", letter, "id");
    print_member("\n  then: ", letter, "reason");
    print_member(" at ", letter, "pointer");
    (void)printf("\n  now:  ");
    if (span_equal_text(fate, "replayed"))
        (void)printf(dry ? "would be replayed" : "replayed");
    else if (span_equal_text(fate, "superseded"))
        (void)printf(dry ? "would be superseded" : "superseded");
    else
        (void)printf("fails still");
    print_member(": ", letter, "now_reason");
    print_member(" at ", letter, "now_pointer");
    print_member(": ", letter, "now_why");
    (void)printf("\n");
    while (json_next(&iterator, NULL, &record))
        print_record(record.bytes);
    int64_t more = 0;
    if (json_integer(member(letter, "more"), &more) && more > 0)
        (void)printf("    and %lld more\n", (long long)more);
}

void replay_view_letter(struct replay_view *view, struct json_value letter)
{
    if (!view->json) {
        print_letter(letter.bytes, view->dry);
    } else {
        (void)printf("%s", view->letters ? ",\n  " : "{\"letters\":[\n  ");
        (void)fwrite(letter.bytes.data, 1, letter.bytes.length, stdout);
    }
    view->begun = true;
    view->letters++;
}

static int64_t number(struct json_value sums, const char *name)
{
    int64_t value = 0;
    (void)json_integer(member(sums.bytes, name), &value); /* 0 where a host says nothing of it */
    return value;
}

void replay_view_sums(struct replay_view *view, struct json_value sums)
{
    long long replayed = (long long)number(sums, "replayed"),
              superseded = (long long)number(sums, "superseded"),
              failed = (long long)number(sums, "failed"),
              closed = (long long)number(sums, "closed"),
              batches = (long long)number(sums, "batches");
    if (view->json) {
        (void)printf("%s],\"replayed\":%lld,\"superseded\":%lld,\"failed\":%lld,\"closed\":%lld,"
                     "\"batches\":%lld,\"dry_run\":%s}\n",
            view->letters ? "\n" : "{\"letters\":[", replayed, superseded, failed, closed, batches,
            view->dry ? "true" : "false");
        view->json = false; /* the document is whole */
        return;
    }
    if (view->letters == 0)
        (void)printf("no open dead letters to replay\n");
    else
        (void)printf("%zu letters: %lld %sreplayed, %lld superseded, %lld fail still; %lld batches "
                     "%s the books\n",
            view->letters, replayed, view->dry ? "would be " : "", superseded, failed, batches,
            view->dry ? "would go into" : "in");
    if (closed)
        (void)printf("%lld of them are closed already and stay as they are\n", closed);
}

void replay_view_end(struct replay_view *view)
{
    if (view->json && view->begun)
        (void)printf("\n]}\n");
    view->json = false;
}
