/* SPDX-License-Identifier: Apache-2.0 */
/* Plans: a sound declaration gives one, with hashes that mean something; hostile text gives none.
 */
#include "declaration/plan.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "sample.h"
#include "unit.h"

static struct plan *plan_of(const char *text)
{
    struct plan *plan = NULL;
    struct fault fault = {0};
    ck_assert_msg(plan_create(span_of(text), "/x/acme.so", NULL, &plan, &fault), "%s", fault.text);
    return plan;
}

START_TEST(reads_a_whole_declaration)
{
    struct plan *plan = plan_of(SAMPLE);
    const struct muster_connector *connector = plan->connector;
    ck_assert_str_eq(plan->path, "/x/acme.so");
    ck_assert_str_eq(connector->name, "acme");
    ck_assert_uint_eq(connector->abi, MUSTER_ABI);
    ck_assert_uint_eq(connector->size, sizeof *connector);
    ck_assert_uint_eq(connector->streams.count, 2);
    ck_assert_uint_eq(connector->streams.stride, sizeof(struct muster_stream));
    ck_assert_uint_eq(connector->streams.items[0].yields.items[0].fields.items[2].values.count, 2);
    ck_assert_int_eq(plan_stream_index(plan, SPAN("members")), 1);
    ck_assert_int_eq(plan_stream_index(plan, SPAN("nobody")), -1);
    ck_assert_int_eq(plan_stream_parent(plan, 1), 0);
    ck_assert_int_eq(plan_stream_parent(plan, 0), -1);
    plan_release(plan);
}
END_TEST

START_TEST(canonical_text_is_a_fixed_point)
{
    struct plan *first = plan_of(SAMPLE);
    char text[8192];
    (void)snprintf(text, sizeof text, "%.*s", SPAN_FORMAT(first->canonical));
    struct plan *second = plan_of(text);
    ck_assert(span_equal(first->canonical, second->canonical));
    ck_assert_mem_eq(&first->hash, &second->hash, sizeof first->hash);
    plan_release(first);
    plan_release(second);
}
END_TEST

START_TEST(order_blanks_and_written_defaults_do_not_change_the_hash)
{
    char *text = sample_edit(
        "\"abi\":1,\"name\":\"acme\",", " \"name\" : \"acme\", \"abi\": 1, \"vendor\": \"V\",");
    char *same = sample_edit("\"abi\":1,\"name\":\"acme\",",
        "\"abi\":1,\"name\":\"acme\",\"vendor\":\"V\",\"origins\":[],\"headers\":[],");
    struct plan *a = plan_of(text), *b = plan_of(same), *c = plan_of(SAMPLE);
    ck_assert_mem_eq(&a->hash, &b->hash, sizeof a->hash);
    ck_assert_mem_ne(&a->hash, &c->hash, sizeof a->hash);
    plan_release(a);
    plan_release(b);
    plan_release(c);
    free(text);
    free(same);
}
END_TEST

static void compare(const char *from, const char *to, bool same_shape, bool same_mapping)
{
    char *text = sample_edit(from, to);
    struct plan *a = plan_of(SAMPLE), *b = plan_of(text);
    struct hash256 shape_a = plan_stream_shape(a, 0), shape_b = plan_stream_shape(b, 0);
    struct hash256 mapping_a = plan_stream_mapping(a, 0), mapping_b = plan_stream_mapping(b, 0);
    ck_assert_int_eq(memcmp(&shape_a, &shape_b, sizeof shape_a) == 0, same_shape);
    ck_assert_int_eq(memcmp(&mapping_a, &mapping_b, sizeof mapping_a) == 0, same_mapping);
    plan_release(a);
    plan_release(b);
    free(text);
}

START_TEST(shape_and_mapping_change_apart)
{
    compare("\"path\":\"/users\"", "\"path\":\"/people\"", false, true);
    compare("\"from\":\"/login\"", "\"from\":\"/user\"", true, false);
    compare("\"name\":\"acme\"", "\"name\":\"acme2\"", true, true);
    compare("\"size\":50", "\"size\":60", false, true);
    /* A default that is written out is the same listing. */
    compare("\"kind\":\"number\",", "\"kind\":\"number\",\"parameter\":\"page\",", true, true);
}
END_TEST

START_TEST(fills_the_defaults_of_paging)
{
    char *text = sample_edit(
        "\"kind\":\"number\",\"ends\":[\"empty_page\"],\"size\":50", "\"kind\":\"scim\"");
    struct plan *plan = plan_of(text);
    const struct muster_paging *paging = &plan->connector->streams.items[0].paging;
    ck_assert_uint_eq(paging->ends, MUSTER_END_TOTAL);
    ck_assert_str_eq(paging->parameter, "startIndex");
    ck_assert_str_eq(paging->size_parameter, "count");
    ck_assert_str_eq(paging->total.pointer, "/totalResults");
    ck_assert_int_eq(paging->start, 1);
    ck_assert_uint_eq(paging->size, 100);
    ck_assert_uint_eq(plan->connector->streams.items[1].paging.ends, MUSTER_END_SINGLE);
    /* What is hashed and shown is what the vendor wrote. */
    ck_assert_ptr_null(memmem(plan->canonical.data, plan->canonical.length, "startIndex", 10));
    plan_release(plan);
    free(text);
}
END_TEST

START_TEST(refuses_text_that_is_no_declaration)
{
    static const struct {
        const char *from, *to, *expected;
    } cases[] = {
        {"\"name\":\"acme\",", "\"name\":\"acme\",\"nmae\":\"x\",",
            "\"nmae\" is no member of a connector"},
        {"\"name\":\"acme\",", "\"name\":\"acme\",\"size\":8,", "is not for a declaration to set"},
        {"\"name\":\"acme\",", "\"name\":7,", "name: must be a text"},
        {"\"name\":\"acme\",", "\"name\":null,", "name: must be a text"},
        {"\"name\":\"acme\",", "\"name\":\"ac\\u001bme\",", "control character"},
        {"\"name\":\"acme\",", "\"name\":\"ac\\u009bme\",", "control character"},
        {"\"kind\":\"number\"", "\"kind\":\"nubmer\"", "\"nubmer\" is none of its words"},
        {"\"kind\":\"number\"", "\"kind\":1", "must be a word"},
        {"\"ends\":[\"empty_page\"]", "\"ends\":[\"never\"]",
            "streams: [0]: paging: ends: \"never\" is none"},
        {"\"ends\":[\"empty_page\"]", "\"ends\":\"empty_page\"", "must be a list of words"},
        {"\"size\":50", "\"size\":-1", "must be between 0"},
        {"\"size\":50", "\"size\":4294967296", "must be between 0"},
        {"\"size\":50", "\"size\":5.5", "must be a whole number"},
        {"\"size\":50", "\"size\":50,\"ceiling\":9223372036854775808", "does not fit 64 bits"},
        {"\"size\":50", "\"size\":50,\"ceiling\":99999999999999999999999", "does not fit 64 bits"},
        {"\"required\":true", "\"required\":true,\"reserved\":1",
            "is not for a declaration to set"},
        {"\"required\":true", "\"required\":1", "must be true or false"},
        {"\"gone_status\":[404]", "\"gone_status\":[1,2,3,4,5]", "at most 4 numbers"},
        {"\"parameters\":[", "\"parameters\":[3,", "parameters: [0]: must be an object"},
        {"\"parameters\":[", "\"parameters\":{},\"x\":[", "must be a list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = sample_edit(cases[i].from, cases[i].to);
        struct plan *plan = NULL;
        struct fault fault = {0};
        ck_assert_msg(!plan_create(span_of(text), "", NULL, &plan, &fault), "%s", cases[i].to);
        ck_assert_msg(strstr(fault.text, cases[i].expected), "%s: %s", cases[i].to, fault.text);
        ck_assert_ptr_null(plan);
        free(text);
    }
}
END_TEST

START_TEST(refuses_every_cut)
{
    struct plan *plan = NULL;
    struct fault fault;
    for (size_t i = 0; i < strlen(SAMPLE); i++) {
        struct span cut = {SAMPLE, i};
        ck_assert(!plan_create(cut, "", NULL, &plan, &fault));
    }
}
END_TEST

START_TEST(refuses_lists_and_texts_without_measure)
{
    AUTO_BYTES items = {0}, text = {0};
    struct fault fault;
    struct plan *plan = NULL;
    for (int i = 0; i < 513; i++)
        ck_assert(bytes_append_text(&items,
            i ? ",{\"url\":\"https://a\"}" : "\"origins\":[{\"url\":\"https://a\"}", &fault));
    ck_assert(bytes_append_text(&items, "],\"parameters\":[", &fault));
    char *many = sample_edit("\"parameters\":[", items.data);
    ck_assert(!plan_create(span_of(many), "", NULL, &plan, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "at most 512"));
    ck_assert(bytes_append_text(&text, "\"vendor\":\"", &fault));
    for (int i = 0; i < 4097; i++)
        ck_assert(bytes_append_char(&text, 'x', &fault));
    ck_assert(bytes_append_text(&text, "\",\"parameters\":[", &fault));
    char *longer = sample_edit("\"parameters\":[", text.data);
    ck_assert(!plan_create(span_of(longer), "", NULL, &plan, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "4096"));
    free(many);
    free(longer);
}
END_TEST

static void *hold_and_release(void *plan)
{
    for (int i = 0; i < 1000; i++)
        plan_release(plan_acquire(plan));
    plan_release(plan);
    return NULL;
}

START_TEST(is_shared_by_threads)
{
    struct plan *plan = plan_of(SAMPLE);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, hold_and_release, plan_acquire(plan)), 0);
    plan_release(plan);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

UNIT_MAIN("plan", reads_a_whole_declaration, canonical_text_is_a_fixed_point,
    order_blanks_and_written_defaults_do_not_change_the_hash, shape_and_mapping_change_apart,
    fills_the_defaults_of_paging, refuses_text_that_is_no_declaration, refuses_every_cut,
    refuses_lists_and_texts_without_measure, is_shared_by_threads)
