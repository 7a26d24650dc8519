/* SPDX-License-Identifier: Apache-2.0 */
/* Kept bytes mapped again: what they give, and what they can no longer tell. */
#include "record/replay.h"

#include "sample.h"

#define PEOPLE(more)                                                                       \
    STREAM(ACCOUNT(ID ",{'to':'login','from':'/login','flags':['required']}", "") "," KEY, \
        ",'redact':[{'pointer':'/token'},{'pointer':'/keys/-/secret'}]" more)
#define KEY                                                                   \
    "{'kind':'credential','each':'/keys','fields':[{'to':'id','from':'/id'}," \
    "{'to':'name','from':'/secret'}]}"

/* The texts of NULL-ended `texts`, as a letter keeps them. */
static struct replay *replay_texts(
    struct sample *sample, const struct scope_parent *parent, const char *const *texts)
{
    struct fault fault;
    struct replay *replay = NULL;
    struct span raws[8] = {{0}};
    char *quoted[8];
    size_t count = 0;
    for (; texts[count]; count++) {
        ck_assert_uint_lt(count, sizeof raws / sizeof raws[0]);
        quoted[count] = sample_quote(texts[count]);
        raws[count] = span_of(quoted[count]);
    }
    ck_assert_msg(
        replay_map(sample->program, parent, raws, count, &replay, &fault), "%s", fault.text);
    for (size_t i = 0; i < count; i++) /* the texts are copied */
        memory_free(quoted[i]);
    ck_assert_int_eq(mapping_accounted(&replay->batch), replay->batch.received);
    return replay;
}
#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(what_maps_is_as_from_a_page)
{
    static const char item[] = "{'id':7,'login':'anna','keys':[{'id':'k','at':1}]}";
    struct sample sample;
    sample_begin(&sample, PEOPLE(""), NULL, 0);
    char page[128];
    (void)snprintf(page, sizeof page, "[%s]", item);
    const struct batch *pulled = &sample_digest(&sample, page, NULL)->batch;
    struct replay *replay = replay_texts(&sample, NULL, TEXTS(item));
    ck_assert_uint_eq(replay->batch.record_count, pulled->record_count);
    ck_assert_uint_eq(pulled->record_count, 2);
    for (size_t i = 0; i < pulled->record_count; i++) {
        const struct record *a = &pulled->records[i], *b = &replay->batch.records[i];
        ck_assert_ptr_eq(a->kind, b->kind);
        ck_assert(span_equal(a->id, b->id) && span_equal(a->fields, b->fields) &&
                  span_equal(a->attributes, b->attributes));
        ck_assert(hash128_equal(a->content_hash, b->content_hash));
        ck_assert(hash128_equal(a->bytes_hash, b->bytes_hash));
    }
    replay_free(replay);
    sample_end(&sample);
}
END_TEST

/* So that the next pull finds it unchanged by its bytes. */
START_TEST(a_plain_item_has_the_bytes_hash_of_its_scope)
{
    const struct scope_parent t1 = {.id = SPAN("t1")};
    struct sample sample;
    sample_begin(&sample,
        "{'name':'members','request':{'path':'/g/{parent.id}'},'parent':{'stream':'groups','fields'"
        ":[{'name':'id','from':'/id'}]},'yields':[" ACCOUNT(ID,
            "") "]},"
                "{'name':'groups','request':{'path':'/g'},'yields':[{'kind':'group','fields':[" ID
                "]}]}",
        NULL, 0);
    ck_assert(sample.program->by_bytes);
    sample.parent = t1;
    const struct batch *pulled = &sample_digest(&sample, "[{'id':1}]", NULL)->batch;
    struct replay *replay = replay_texts(&sample, &t1, TEXTS("{'id':1}"));
    const struct hash128 hash = replay->batch.records[0].bytes_hash, none = {{0}};
    ck_assert(hash128_equal(hash, pulled->records[0].bytes_hash));
    ck_assert(!hash128_equal(hash, none));
    replay_free(replay);
    sample_end(&sample);
}
END_TEST

START_TEST(items_keep_their_numbers_and_their_company)
{
    struct sample sample;
    sample_begin(&sample, PEOPLE(""), NULL, 0);
    struct replay *replay = replay_texts(&sample, NULL,
        TEXTS("{'id':1,'login':'a'}", "{'id':2}", "{'id':3,'login':'c','keys':[{'id':'k'}]}"));
    const struct batch *batch = &replay->batch;
    ck_assert_int_eq(batch->received, 4);
    ck_assert_uint_eq(batch->record_count, 3);
    ck_assert_uint_eq(batch->records[0].item, 0);
    ck_assert_uint_eq(batch->records[1].item, 2);
    ck_assert_uint_eq(batch->records[2].item, 2);
    ck_assert_uint_eq(batch->letter_count, 1);
    ck_assert_uint_eq(batch->letters[0].item, 1);
    ck_assert_str_eq(batch->letters[0].reason, "field_missing");
    sample_expect(batch->letters[0].raw, "{'id':2}");
    replay_free(replay);
    sample_end(&sample);
}
END_TEST

/* What the gate refused once it refuses again, and bytes that leave their place in the array do
 * not become two items, or a page of something else. */
START_TEST(what_is_no_one_value_fails)
{
    static const char *const bad[] = {"", " ", "{'id':1,'login':'a'",
        "{'id':1,'login':'a'},{'id':2,'login':'b'}", "{'id':1,'id':2,'login':'a'}", "]",
        "{'id':1,'login':'\x01'}", "{'id':1,'login':'\xff'}", "7", "null", "[]"};
    struct sample sample;
    sample_begin(&sample, PEOPLE(""), NULL, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct replay *replay = replay_texts(&sample, NULL, TEXTS(bad[i], "{'id':9,'login':'z'}"));
        const struct batch *batch = &replay->batch;
        ck_assert_msg(batch->letter_count == 1 && batch->letters[0].item == 0, "%s", bad[i]);
        ck_assert_uint_eq(batch->record_count, 1);
        ck_assert_uint_eq(batch->records[0].item, 1);
        replay_free(replay);
    }
    sample_end(&sample);
}
END_TEST

START_TEST(nothing_gives_nothing)
{
    struct sample sample;
    sample_begin(&sample, PEOPLE(""), NULL, 0);
    struct replay *replay = replay_texts(&sample, NULL, TEXTS(NULL));
    ck_assert_int_eq(replay->batch.received, 0);
    replay_free(replay);
    replay_free(NULL);
    sample_end(&sample);
}
END_TEST

/* An item is kept as it was redacted: as a field "[redacted]" may stand, as an id never, nor in
 * one that is composed. The item fails whole: its other records would say that it is known. */
START_TEST(a_redacted_id_fails_with_its_whole_item)
{
    struct sample sample;
    sample_begin(&sample,
        STREAM(
            ACCOUNT(ID ",{'to':'login','from':'/token'}",
                "") ","
                    "{'kind':'credential','each':'/keys','fields':[{'to':'id','from':'/secret'}]}",
            ",'redact':[{'pointer':'/token'}]"),
        NULL, 0);
    struct replay *replay = replay_texts(&sample, NULL,
        TEXTS("{'id':1,'token':'[redacted]'}",
            "{'id':2,'keys':[{'secret':'plain'},{'secret':'[redacted]'}]}",
            "{'id':3,'keys':[{'secret':'plain'}]}"));
    const struct batch *batch = &replay->batch;
    ck_assert_int_eq(batch->received, 6);
    ck_assert_uint_eq(batch->record_count, 3);
    sample_expect(batch->records[0].fields,
        "{'class':'unknown','class_basis':'unknown','login':'[redacted]'}");
    ck_assert_uint_eq(batch->records[1].item, 2);
    ck_assert_uint_eq(batch->letter_count, 1);
    ck_assert_str_eq(batch->letters[0].reason, "id_redacted");
    ck_assert_uint_eq(batch->letters[0].item, 1);
    ck_assert_uint_eq(batch->letters[0].records, 3);
    replay_free(replay);
    sample_end(&sample);
}
END_TEST

UNIT_MAIN("replay", what_maps_is_as_from_a_page, a_plain_item_has_the_bytes_hash_of_its_scope,
    items_keep_their_numbers_and_their_company, what_is_no_one_value_fails, nothing_gives_nothing,
    a_redacted_id_fails_with_its_whole_item)
