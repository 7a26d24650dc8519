/* SPDX-License-Identifier: Apache-2.0 */
/* A stream's declaration and a page, both hostile: the text up to the first empty line is the
 * stream, what follows the body. Whatever comes, each record that the page must give is accounted
 * for; what is accepted is sound; and the same page once more, all of it known, gives the same. */
#include "fuzz.h"

#include <string.h>
#include "base/memory.h"
#include "json/gate.h"
#include "record/digest.h"

#define REMEMBERED_MAX 1024

/* What a store would know after the first time: by id, with the hash of the bytes. */
struct memory {
    const struct batch *batch;
    bool asked;
};

static int64_t remember(void *context, int64_t scope, enum muster_kind kind,
    const struct known_query *queries, size_t count, struct known_answer *ret_answers)
{
    struct memory *memory = context;
    (void)scope;
    memory->asked = true;
    for (size_t i = 0; i < count; i++) {
        ret_answers[i] = (struct known_answer){0};
        for (size_t r = 0; memory->batch && r < memory->batch->record_count; r++) {
            const struct record *record = &memory->batch->records[r];
            if (record->kind->kind == kind && !record->tombstone &&
                span_equal(record->id, queries[i].id) &&
                span_equal(record->incarnation, queries[i].incarnation))
                ret_answers[i] = (struct known_answer){(int64_t)r + 1, record->bytes_hash};
        }
    }
    return 1;
}

static bool is_object(struct span text)
{
    AUTO_ARENA *arena = arena_create(0);
    const struct json_gate_options options = {0};
    struct json_page page;
    struct fault fault;
    return arena && json_gate(text, &options, arena, &page, &fault) && page.value.data[0] == '{';
}

static void check_batch(const struct batch *batch)
{
    int64_t assumed = 0;
    for (size_t i = 0; i < batch->assumed_count; i++)
        assumed += batch->assumed[i].object > 0;
    FUZZ_CHECK(mapping_accounted(batch) + assumed == batch->received);
    for (size_t i = 0; i < batch->record_count; i++) {
        const struct record *record = &batch->records[i];
        FUZZ_CHECK(record->kind && record->id.length > 0 && record->id.length <= RECORD_ID_MAX);
        FUZZ_CHECK(span_is_utf8(record->id) && !memchr(record->id.data, '\0', record->id.length));
        FUZZ_CHECK(record->item < batch->item_count);
        FUZZ_CHECK(record->tombstone || is_object(record->fields));
        FUZZ_CHECK(!record->volatiles.data || is_object(record->volatiles));
        FUZZ_CHECK(!record->attributes.data || is_object(record->attributes));
    }
    for (size_t i = 0; i < batch->letter_count; i++) {
        const struct letter *letter = &batch->letters[i];
        FUZZ_CHECK(letter->records > 0 && letter->reason && letter->reason[0] && letter->why[0]);
        FUZZ_CHECK(letter->pointer && letter->raw.length > 0);
    }
    for (size_t i = 0; i < batch->filtered_count; i++)
        FUZZ_CHECK(batch->filtered[i].records > 0 && batch->filtered[i].reason);
}

static struct digest *digest(const struct program *program, struct span body, struct memory *memory)
{
    struct fault fault;
    struct digest *made = NULL;
    struct known known = {remember, memory};
    struct response *response = memory_allocate(sizeof *response);
    FUZZ_CHECK(response && bytes_append(&response->body, body, &fault));
    FUZZ_CHECK(http_headers_add(
        &response->headers, SPAN("Content-Type"), SPAN("application/json"), &fault));
    response->status = 200;
    struct digest_input input = {.program = program,
        .response = response,
        .asked = {.url = "https://api.example.com/users"},
        .scope = 1};
    FUZZ_CHECK(digest_page(&input, &known, &made, &fault) || !made);
    return made;
}

static void run(const struct program *program, struct span body)
{
    struct memory memory = {.batch = NULL};
    struct fault fault;
    struct digest *first = digest(program, body, &memory);
    if (!first)
        return;
    check_batch(&first->batch);
    memory.batch = first->batch.record_count <= REMEMBERED_MAX ? &first->batch : NULL;
    struct digest *second = digest(program, body, &memory);
    FUZZ_CHECK(second && second->batch.received == first->batch.received);
    FUZZ_CHECK(second->ids_hash == first->ids_hash && second->page.end == first->page.end);
    check_batch(&second->batch);
    for (size_t i = 0; i < second->batch.assumed_count; i++) {
        if (second->batch.assumed[i].object <= 0)
            continue;
        FUZZ_CHECK(digest_item_again(second, second->batch.assumed[i].item, &fault));
        second->batch.assumed[i].object = 0;
    }
    check_batch(&second->batch);
    digest_free(second);
    digest_free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hash256 file;
    static const struct hash_key store_key = {{1, 2, 3}};
    const char *text = (const char *)data;
    const char *gap = size ? memmem(text, size, "\n\n", 2) : NULL;
    struct plan *plan = NULL;
    struct source *source = NULL;
    struct program *program = NULL;
    struct fault fault;
    AUTO_BYTES declaration = {0};
    if (!gap)
        return 0;
    struct span stream = {text, (size_t)(gap - text)};
    struct span body = {gap + 2, size - stream.length - 2};
    FUZZ_CHECK(bytes_append_text(&declaration,
                   "{\"abi\":1,\"name\":\"acme\",\"base_url\":\"https://api.example.com\","
                   "\"parameters\":[{\"name\":\"tenant\",\"default_value\":\"t1\"}],\"streams\":[",
                   &fault) &&
               bytes_append(&declaration, stream, &fault) &&
               bytes_append_text(&declaration, "]}", &fault));
    struct connection_settings connection = {.name = "acme", .connector = "acme"};
    struct settings settings = {.path = "muster.conf",
        .policy = policy_settings_default(),
        .connections = &connection,
        .connection_count = 1};
    if (plan_create(bytes_span(&declaration), "acme.so", &file, &plan, &fault) &&
        source_create(&settings, 0, plan, &source, &fault) &&
        program_create(source, 0, &store_key, &program, &fault))
        run(program, body);
    program_free(program);
    if (source)
        source_release(source);
    if (plan)
        plan_release(plan);
    return 0;
}
