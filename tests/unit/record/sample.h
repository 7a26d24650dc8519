/* SPDX-License-Identifier: Apache-2.0 */
/* A program made of a declaration in JSON, and pages digested by it. Texts are written with ' for
 * ", so that they can be read. */
#ifndef MUSTER_TESTS_RECORD_SAMPLE_H
#define MUSTER_TESTS_RECORD_SAMPLE_H

#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "record/digest.h"
#include "unit.h"

struct sample {
    struct plan *plan;
    struct settings settings;
    struct connection_settings connection;
    struct source *source;
    struct program *program;
    struct digest *digest;
    struct scope_parent parent;
};

/* The caller frees it. */
static inline char *sample_quote(const char *text)
{
    char *copy = memory_copy_text(text);
    for (char *at = copy; *at; at++)
        if (*at == '\'')
            *at = '"';
    return copy;
}

/* streams: the JSON of one or more streams; the first is the one that runs. */
static inline void sample_begin(struct sample *sample, const char *streams,
    struct setting_pair *classify, size_t classify_count)
{
    static const struct hash256 file = {{0}};
    static const struct hash_key store_key = {{9, 8, 7}};
    struct fault fault;
    AUTO_BYTES text = {0};
    AUTO_FREE char *quoted = sample_quote(streams);
    *sample = (struct sample){.connection = {.name = "acme", .connector = "acme"}};
    ck_assert(bytes_format(&text, &fault,
        "{\"abi\":1,\"name\":\"acme\",\"base_url\":\"https://api.example.com\","
        "\"parameters\":[{\"name\":\"tenant\",\"default_value\":\"t1\"}],\"streams\":[%s]}",
        quoted));
    ck_assert_msg(
        plan_create(bytes_span(&text), "acme.so", &file, &sample->plan, &fault), "%s", fault.text);
    sample->connection.classify = classify;
    sample->connection.classify_count = classify_count;
    sample->settings = (struct settings){.path = "muster.conf",
        .policy = policy_settings_default(),
        .connections = &sample->connection,
        .connection_count = 1};
    ck_assert_msg(source_create(&sample->settings, 0, sample->plan, &sample->source, &fault), "%s",
        fault.text);
    ck_assert_msg(
        program_create(sample->source, 0, &store_key, &sample->program, &fault), "%s", fault.text);
}

static inline void sample_end(struct sample *sample)
{
    digest_free(sample->digest);
    program_free(sample->program);
    source_release(sample->source);
    plan_release(sample->plan);
}

static inline int64_t sample_knows_nothing(void *context, int64_t scope, enum muster_kind kind,
    const struct known_query *queries, size_t count, struct known_answer *ret_answers)
{
    (void)context, (void)scope, (void)kind, (void)queries;
    for (size_t i = 0; i < count; i++)
        ret_answers[i] = (struct known_answer){0};
    return -1;
}

/* Digests a body; the digest before it is freed. */
static inline struct digest *sample_digest_raw(
    struct sample *sample, struct span body, const struct known *known)
{
    const struct known nothing = {sample_knows_nothing, NULL};
    struct fault fault;
    struct response *response = memory_allocate(sizeof *response);
    struct digest_input input = {.program = sample->program,
        .response = response,
        .asked = {.url = "https://api.example.com/users"},
        .parent = sample->parent.id.data ? &sample->parent : NULL,
        .scope = 1};
    digest_free(sample->digest);
    sample->digest = NULL;
    response->status = 200;
    ck_assert(bytes_append(&response->body, body, &fault));
    ck_assert(http_headers_add(
        &response->headers, SPAN("Content-Type"), SPAN("application/json"), &fault));
    ck_assert_msg(
        digest_page(&input, known ? known : &nothing, &sample->digest, &fault), "%s", fault.text);
    return sample->digest;
}

static inline struct digest *sample_digest(
    struct sample *sample, const char *body, const struct known *known)
{
    AUTO_FREE char *quoted = sample_quote(body);
    struct digest *digest = sample_digest_raw(sample, span_of(quoted), known);
    ck_assert_msg(digest->page.verdict.outcome == OUTCOME_OK, "%s: %s", digest->page.verdict.word,
        digest->page.verdict.message);
    ck_assert_int_eq(mapping_accounted(&digest->batch) + (int64_t)digest->batch.assumed_count,
        digest->batch.received);
    return digest;
}

static inline void sample_expect(struct span got, const char *wanted)
{
    AUTO_FREE char *quoted = wanted ? sample_quote(wanted) : NULL;
    if (!wanted)
        ck_assert_msg(!got.data, "nothing wanted, got %.*s", SPAN_FORMAT(got));
    else
        ck_assert_msg(got.data && span_equal_text(got, quoted), "wanted %s\n   got %.*s", quoted,
            SPAN_FORMAT(got));
}

/* A stream of users with the given yields and further members, each of which begins with a comma.
 */
#define STREAM(yields, more) \
    "{'name':'users','request':{'path':'/users'},'yields':[" yields "]" more "}"
#define ACCOUNT(fields, more) "{'kind':'account','fields':[" fields "]" more "}"
#define ID                    "{'to':'id','from':'/id'}"

#endif
