/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes are counted on every page and told on the first ones; values outside a map are counted. */
#include "sample.h"

#include <pthread.h>
#include "record/drift_kind.h"

#define USERS STREAM(ACCOUNT(ID ",{'to':'mfa','from':'/mfa'}", ""), "")

static const struct drift *find(const struct batch *batch, const char *kind, const char *path)
{
    for (size_t i = 0; i < batch->drift_count; i++)
        if (strcmp(batch->drift[i].kind, kind) == 0 && strcmp(batch->drift[i].path, path) == 0)
            return &batch->drift[i];
    return NULL;
}

/* The types of a path that the page tells of its shape `index`; 0: it does not tell it. */
static uint32_t types_of(const struct digest *digest, size_t index, const char *path)
{
    const struct shape_seen *shape = &digest->batch.shapes[index];
    ck_assert_uint_lt(index, digest->batch.shape_count);
    for (size_t i = 0; i < shape->path_count; i++)
        if (strcmp(shape->paths[i].path, path) == 0)
            return shape->paths[i].types;
    return 0;
}

START_TEST(a_shape_tells_its_paths_a_few_times)
{
    static const char body[] = "[{'id':1,'a':[{'b/c':true}]},{'id':2,'a':[{'b/c':false}]}]";
    struct sample sample;
    sample_begin(&sample, USERS, NULL, 0);
    for (unsigned page = 0; page < 3; page++) {
        const struct digest *digest = sample_digest(&sample, body, NULL);
        ck_assert_uint_eq(digest->batch.shape_count, 1);
        ck_assert_uint_eq(digest->batch.shapes[0].items, 2);
        ck_assert(digest->batch.shapes[0].told);
        ck_assert_uint_eq(digest->batch.shapes[0].path_count, 4); /* /id, /a, /a/-, /a/-/b~1c */
        ck_assert_uint_eq(types_of(digest, 0, "/a/-/b~1c"), 1u << PATH_BOOLEAN);
    }
    const struct digest *digest = sample_digest(&sample, body, NULL);
    ck_assert(!digest->batch.shapes[0].told);
    ck_assert_uint_eq(digest->batch.shapes[0].items, 2);
    sample_end(&sample);
}
END_TEST

START_TEST(shapes_differ_by_paths_and_types)
{
    struct sample sample;
    sample_begin(&sample, USERS, NULL, 0);
    const struct digest *digest = sample_digest(
        &sample, "[{'id':1,'a':'x'},{'a':'y','id':2},{'id':3,'a':5},{'id':4},{'id':5}]", NULL);
    ck_assert_uint_eq(digest->batch.shape_count, 3);
    ck_assert_uint_eq(digest->batch.shapes[0].items, 2); /* the order of members does not count */
    ck_assert_uint_eq(types_of(digest, 0, "/a"), 1u << PATH_STRING);
    ck_assert_uint_eq(types_of(digest, 1, "/a"), 1u << PATH_NUMBER);
    ck_assert_uint_eq(types_of(digest, 2, "/a"), 0);
    ck_assert_uint_eq(digest->batch.shapes[2].items, 2);
    sample_end(&sample);
}
END_TEST

struct all_known {
    struct hash128 bytes_hash;
};

static int64_t knows_all(void *context, int64_t scope, enum muster_kind kind,
    const struct known_query *queries, size_t count, struct known_answer *ret_answers)
{
    const struct all_known *known = context;
    (void)scope, (void)kind, (void)queries;
    for (size_t i = 0; i < count; i++)
        ret_answers[i] = (struct known_answer){(int64_t)i + 1, known->bytes_hash};
    return 1;
}

/* An unchanged item costs no parse, and its shape counts all the same (DESIGN section 12). */
START_TEST(unchanged_items_show_their_shape)
{
    static const char body[] = "[{'id':1,'login':'x'}]";
    struct sample sample;
    sample_begin(&sample, USERS, NULL, 0);
    const struct digest *digest = sample_digest(&sample, body, NULL);
    ck_assert_uint_eq(digest->batch.record_count, 1);
    struct all_known all = {digest->batch.records[0].bytes_hash};
    const struct known known = {knows_all, &all};
    uint64_t shape = digest->batch.shapes[0].shape;
    digest = sample_digest(&sample, body, &known);
    ck_assert_uint_eq(digest->batch.assumed_count, 1);
    ck_assert_uint_eq(digest->batch.record_count, 0);
    ck_assert_uint_eq(digest->batch.shape_count, 1);
    ck_assert_uint_eq(digest->batch.shapes[0].shape, shape);
    ck_assert_uint_eq(digest->batch.shapes[0].items, 1);
    sample_end(&sample);
}
END_TEST

START_TEST(unknown_values_are_counted)
{
    struct sample sample;
    sample_begin(&sample, USERS, NULL, 0);
    const struct digest *digest = sample_digest(
        &sample, "[{'id':1,'mfa':'sms'},{'id':2,'mfa':'none'},{'id':3,'mfa':'fax'}]", NULL);
    const struct drift *drift = find(&digest->batch, "unknown_value", "/mfa");
    ck_assert_ptr_nonnull(drift);
    ck_assert_uint_eq(drift->count, 2);
    sample_end(&sample);
}
END_TEST

/* Members named by the data must neither grow the memory nor what a page tells. */
START_TEST(endless_names_are_bounded)
{
    struct sample sample;
    size_t told = 0;
    bool others = false;
    sample_begin(&sample, USERS, NULL, 0);
    for (int round = 0; round < 40; round++) {
        struct fault fault;
        AUTO_BYTES body = {0};
        ck_assert(bytes_append_char(&body, '[', &fault));
        for (int i = 0; i < 50; i++) {
            ck_assert(bytes_format(&body, &fault, "%s{'id':%d", i ? "," : "", i));
            for (int n = 0; n < 10; n++)
                ck_assert(bytes_format(&body, &fault, ",'n%d_%d_%d':1", round, i, n));
            ck_assert(bytes_append_char(&body, '}', &fault));
        }
        ck_assert(bytes_append_char(&body, ']', &fault));
        const struct digest *digest = sample_digest(&sample, body.data, NULL);
        for (size_t i = 0; i < digest->batch.shape_count; i++) {
            told += digest->batch.shapes[i].told;
            others = others || digest->batch.shapes[i].shape == 0;
        }
    }
    ck_assert_uint_eq(told, 1024);
    ck_assert(others);
    sample_end(&sample);
}
END_TEST

struct reader {
    struct program *program;
    int64_t told;
};

static void *digest_pages(void *context)
{
    struct reader *reader = context;
    for (int i = 0; i < 50; i++) {
        struct sample sample = {.program = reader->program};
        char body[64];
        (void)snprintf(body, sizeof body, "[{'id':%d,'p%d':1}]", i, i % 10);
        reader->told += sample_digest(&sample, body, NULL)->batch.shapes[0].told;
        digest_free(sample.digest);
    }
    return NULL;
}

START_TEST(workers_share_one_memory)
{
    struct sample sample;
    struct reader readers[2];
    pthread_t threads[2];
    sample_begin(&sample, USERS, NULL, 0);
    for (int i = 0; i < 2; i++) {
        readers[i] = (struct reader){.program = sample.program};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, digest_pages, &readers[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(readers[0].told + readers[1].told, 30); /* ten shapes, three times each */
    sample_end(&sample);
}
END_TEST

UNIT_MAIN("drift", a_shape_tells_its_paths_a_few_times, shapes_differ_by_paths_and_types,
    unchanged_items_show_their_shape, unknown_values_are_counted, endless_names_are_bounded,
    workers_share_one_memory)
