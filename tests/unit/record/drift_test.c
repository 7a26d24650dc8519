/* SPDX-License-Identifier: Apache-2.0 */
/* New paths and changed types are said once, values outside a map each time with their count. */
#include "sample.h"

#include <pthread.h>

#define USERS STREAM(ACCOUNT(ID ",{'to':'mfa','from':'/mfa'}", ""), "")

static const struct drift *find(const struct batch *batch, const char *kind, const char *path)
{
    for (size_t i = 0; i < batch->drift_count; i++)
        if (strcmp(batch->drift[i].kind, kind) == 0 && strcmp(batch->drift[i].path, path) == 0)
            return &batch->drift[i];
    return NULL;
}

START_TEST(a_path_is_new_once)
{
    struct sample sample;
    sample_begin(&sample, USERS, NULL, 0);
    const struct digest *digest =
        sample_digest(&sample, "[{'id':1,'a':[{'b/c':true}]},{'id':2,'a':[{'b/c':false}]}]", NULL);
    ck_assert_int_eq(digest->new_paths, 4); /* /id, /a, /a/-, /a/-/b~1c */
    const struct drift *drift = find(&digest->batch, "new_path", "/a/-/b~1c");
    ck_assert_ptr_nonnull(drift);
    ck_assert_str_eq(drift->type, "boolean");
    ck_assert_uint_eq(drift->count, 2);
    ck_assert_int_eq(sample_digest(&sample, "[{'id':7,'a':[{'b/c':true}]}]", NULL)->new_paths, 0);
    digest = sample_digest(&sample, "[{'id':7,'n':1}]", NULL);
    ck_assert_int_eq(digest->new_paths, 1);
    ck_assert_ptr_nonnull(find(&digest->batch, "new_path", "/n"));
    sample_end(&sample);
}
END_TEST

START_TEST(a_changed_type_is_said_and_null_changes_none)
{
    struct sample sample;
    sample_begin(&sample, USERS, NULL, 0);
    (void)sample_digest(&sample, "[{'id':1,'a':null,'b':'x'}]", NULL);
    ck_assert_int_eq(sample_digest(&sample, "[{'id':1,'a':'x','b':null}]", NULL)->new_paths, 0);
    const struct digest *digest = sample_digest(&sample, "[{'id':1,'a':5,'b':'y'}]", NULL);
    ck_assert_int_eq(digest->new_paths, 1);
    const struct drift *drift = find(&digest->batch, "type_changed", "/a");
    ck_assert_ptr_nonnull(drift);
    ck_assert_str_eq(drift->type, "number");
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

/* Members named by the data must neither grow the memory nor the report. */
START_TEST(endless_names_are_bounded)
{
    struct sample sample;
    int64_t reports = 0;
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
        ck_assert_int_le(digest->new_paths, 256);
        reports += digest->new_paths;
    }
    ck_assert_int_gt(reports, 1000);
    ck_assert_int_le(reports, 4096);
    sample_end(&sample);
}
END_TEST

struct reader {
    struct program *program;
    int64_t new_paths;
};

static void *digest_pages(void *context)
{
    struct reader *reader = context;
    for (int i = 0; i < 50; i++) {
        struct sample sample = {.program = reader->program};
        char body[64];
        (void)snprintf(body, sizeof body, "[{'id':%d,'p%d':1}]", i, i % 10);
        reader->new_paths += sample_digest(&sample, body, NULL)->new_paths;
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
    ck_assert_int_eq(readers[0].new_paths + readers[1].new_paths, 11);
    sample_end(&sample);
}
END_TEST

UNIT_MAIN("drift", a_path_is_new_once, a_changed_type_is_said_and_null_changes_none,
    unknown_values_are_counted, endless_names_are_bounded, workers_share_one_memory)
