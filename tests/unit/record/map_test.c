/* SPDX-License-Identifier: Apache-2.0 */
/* One item to many records: conditions, composed ids, what is kept, and books that balance whatever
 * comes. */
#include "sample.h"

#include "base/random.h"

#define GROUP "{'kind':'group','fields':[{'to':'id','from':'/id'},{'to':'name','from':'/name'}]}"
#define MEMBER                                                                               \
    "{'kind':'grant','each':'/members','when':{'pointer':'/type','value':'user'},'fields':[" \
    "{'to':'subject_kind','from':'account','source':'constant'},"                            \
    "{'to':'subject_id','from':'/id'},"                                                      \
    "{'to':'object_kind','from':'group','source':'constant'},"                               \
    "{'to':'object_id','from':'/id','source':'item'},"                                       \
    "{'to':'permission','from':'/role'},{'to':'granted_at','from':'/at'}]}"
#define GROUPS(more) STREAM(GROUP "," MEMBER, more)

START_TEST(members_of_a_group)
{
    struct sample sample;
    sample_begin(&sample, GROUPS(""), NULL, 0);
    const struct batch *batch = &sample_digest(&sample,
        "[{'id':'g/1','name':'G','members':[{'type':'user','id':7,'role':'admin'},"
        "{'type':'bot','id':8},{'type':'user','id':'u%','role':null},"
        "{'type':'user','id':9,'role':''}]}]",
        NULL)
                                     ->batch;
    ck_assert_int_eq(batch->received, 4);
    ck_assert_uint_eq(batch->record_count, 4);
    sample_expect(batch->records[0].id, "g/1");
    sample_expect(batch->records[0].fields, "{'name':'G'}");
    sample_expect(batch->records[1].id, "account/7/group/g%2F1/admin");
    sample_expect(batch->records[2].id, "account/u%25/group/g%2F1");
    sample_expect(batch->records[3].id, "account/9/group/g%2F1/%");
    sample_expect(batch->records[1].attributes, "{'type':'user','id':7,'role':'admin'}");
    sample_expect(batch->records[2].fields,
        "{'subject_kind':'account','subject_id':'u%','object_kind':'group','object_id':'g/1',"
        "'permission':null}");
    ck_assert_str_eq(batch->records[1].kind->name, "grant");
    ck_assert_uint_eq(batch->records[3].yield, 1);
    const struct hash128 none = {{0}};
    for (size_t i = 0; i < 4; i++)
        ck_assert(hash128_equal(batch->records[i].bytes_hash, none));
    sample_end(&sample);
}
END_TEST

START_TEST(lists_that_are_none)
{
    struct sample sample;
    sample_begin(&sample, GROUPS(""), NULL, 0);
    const struct batch *batch = &sample_digest(&sample,
        "[{'id':1},{'id':2,'members':null},{'id':3,'members':[]},{'id':4,'members':{'id':1}}]",
        NULL)
                                     ->batch;
    ck_assert_int_eq(batch->received, 5);
    ck_assert_uint_eq(batch->record_count, 4);
    ck_assert_uint_eq(batch->letter_count, 1);
    ck_assert_str_eq(batch->letters[0].reason, "each_type");
    ck_assert(batch->letters[0].others_lost);
    sample_end(&sample);
}
END_TEST

/* The same member twice are two records, which the store will call duplicates. Letters of one cause
 * are one letter. */
START_TEST(duplicates_and_letters_inside_one_item)
{
    struct sample sample;
    sample_begin(&sample, GROUPS(""), NULL, 0);
    const struct batch *batch = &sample_digest(&sample,
        "[{'id':1,'members':[{'type':'user','id':1},{'type':'user','id':1},{'type':'user'},"
        "{'type':'user','id':''},{'type':'user','id':2,'at':'bad'}]}]",
        NULL)
                                     ->batch;
    ck_assert_int_eq(batch->received, 6);
    ck_assert_uint_eq(batch->record_count, 3);
    ck_assert(span_equal(batch->records[1].id, batch->records[2].id));
    ck_assert_uint_eq(batch->letter_count, 2);
    ck_assert_str_eq(batch->letters[0].reason, "field_missing");
    ck_assert_uint_eq(batch->letters[0].records, 2);
    ck_assert_str_eq(batch->letters[1].reason, "bad_time");
    ck_assert(batch->letters[0].others_lost && batch->letters[1].others_lost);
    sample_expect(batch->letters[0].id, "1");
    sample_end(&sample);
}
END_TEST

START_TEST(kinds_by_condition)
{
    struct sample sample;
    sample_begin(&sample,
        STREAM(ACCOUNT(ID,
                   ",'when':{'pointer':'/t','value':'user'}") ","
                                                              "{'kind':'group','when':{'pointer':'/"
                                                              "t','value':'group'},'fields':[" ID
                                                              "]}",
            ""),
        NULL, 0);
    const struct batch *batch = &sample_digest(
        &sample, "[{'id':1,'t':'user'},{'id':2,'t':'group'},{'id':3,'t':'other'}]", NULL)
                                     ->batch;
    ck_assert_int_eq(batch->received, 3);
    ck_assert_uint_eq(batch->record_count, 2);
    ck_assert_str_eq(batch->records[1].kind->name, "group");
    ck_assert_uint_eq(batch->filtered_count, 1);
    ck_assert_str_eq(batch->filtered[0].reason, "no_record");
    sample_end(&sample);
}
END_TEST

START_TEST(filters_and_tombstones)
{
    struct sample sample;
    sample_begin(&sample,
        GROUPS(",'filters':[{'reason':'archived','when':{'pointer':'/archived','value':'true'}}],"
               "'tombstone':{'pointer':'/deleted','value':'true'}"),
        NULL, 0);
    const struct batch *batch = &sample_digest(&sample,
        "[{'id':1,'archived':true,'members':[{'type':'user','id':1},{'type':'user','id':2}]},"
        "{'id':2,'deleted':true,'archived':true,'members':[{'type':'user','id':1}]}]",
        NULL)
                                     ->batch;
    ck_assert_int_eq(batch->received, 4);
    ck_assert_uint_eq(batch->filtered_count, 1);
    ck_assert_uint_eq(batch->filtered[0].records, 3);
    ck_assert_str_eq(batch->filtered[0].reason, "archived");
    sample_expect(batch->filtered[0].id, "1");
    ck_assert_uint_eq(batch->record_count, 1);
    ck_assert(batch->records[0].tombstone);
    sample_expect(batch->records[0].id, "2");
    sample_expect(batch->records[0].fields, NULL);
    sample_expect(batch->records[0].attributes, NULL);
    sample_end(&sample);
}
END_TEST

START_TEST(what_child_streams_need_is_carried)
{
    struct sample sample;
    sample_begin(&sample,
        STREAM(ACCOUNT(ID, ""), "") ",{'name':'keys','request':{'path':'/users/{parent.id}/keys'},"
                                    "'parent':{'stream':'users','fields':[{'name':'id','from':'/"
                                    "id'},{'name':'org','from':'/o/n'}],"
                                    "'when':{'pointer':'/keys','value':'true'}},'yields':[" ACCOUNT(
                                        ID, "") "]}",
        NULL, 0);
    const struct batch *batch =
        &sample_digest(&sample, "[{'id':5,'o':{'n':'a/b'},'keys':true},{'id':6}]", NULL)->batch;
    sample_expect(batch->records[0].carry, "{'id':'5','org':'a/b','!keys':true}");
    sample_expect(batch->records[1].carry, "{'id':'6','!keys':false}");
    sample_end(&sample);
}
END_TEST

START_TEST(parent_fields_reach_the_records)
{
    static const struct http_header field = {SPAN("id"), SPAN("g1")};
    struct sample sample;
    sample_begin(&sample,
        "{'name':'members','request':{'path':'/g/{parent.id}'},"
        "'parent':{'stream':'groups','fields':[{'name':'id','from':'/id'}]},'yields':["
        "{'kind':'grant','fields':[{'to':'subject_kind','from':'account','source':'constant'},"
        "{'to':'subject_id','from':'/id'},{'to':'object_kind','from':'group','source':'constant'},"
        "{'to':'object_id','from':'id','source':'parent'}]}]},"
        "{'name':'groups','request':{'path':'/g'},'yields':[" GROUP "]}",
        NULL, 0);
    sample.parent = (struct scope_parent){SPAN("g1"), &field, 1};
    const struct batch *batch = &sample_digest(&sample, "[{'id':5}]", NULL)->batch;
    sample_expect(batch->records[0].id, "account/5/group/g1");
    sample_expect(batch->records[0].carry, NULL);
    sample_end(&sample);
}
END_TEST

/* ------------------------------------------------------------------ content hash -------------- */

#define VOLATILE                                                                      \
    STREAM(ACCOUNT(ID ",{'to':'login','from':'/l'},"                                  \
                      "{'to':'last_login_at','from':'/t/last','flags':['volatile']}", \
               ""),                                                                   \
        "")

static struct hash128 hash_of(struct sample *sample, const char *item)
{
    struct fault fault;
    AUTO_BYTES body = {0};
    ck_assert(bytes_format(&body, &fault, "[%s]", item));
    const struct batch *batch = &sample_digest(sample, body.data, NULL)->batch;
    ck_assert_uint_eq(batch->record_count, 1);
    return batch->records[0].content_hash;
}

START_TEST(content_hash_is_by_meaning)
{
    struct sample sample;
    sample_begin(&sample, VOLATILE, NULL, 0);
    struct hash128 first = hash_of(&sample, "{'id':1,'l':'a','x':[1,2],'t':{}}");
    static const char *const same[] = {"{'x':[1,2],'t':{},'l':'a','id':1}",
        "{ 'id' : 1, 'l':'\\u0061', 'x' : [ 1, 2 ], 't' : { } }",
        "{'id':1,'l':'a','x':[1,2],'t':{'last':'2024-01-01T00:00:00Z'}}",
        "{'id':1,'l':'a','x':[1,2],'t':{'last':null}}"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        ck_assert_msg(hash128_equal(first, hash_of(&sample, same[i])), "row %zu", i);
    static const char *const other[] = {"{'id':1,'l':'b','x':[1,2],'t':{}}",
        "{'id':1,'l':'a','x':[2,1],'t':{}}", "{'id':1,'l':'a','x':[1,2]}",
        "{'id':1,'l':'a','x':[1,2],'t':{'other':1}}", "{'id':1,'l':null,'x':[1,2],'t':{}}"};
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        ck_assert_msg(!hash128_equal(first, hash_of(&sample, other[i])), "row %zu", i);
    sample_end(&sample);
}
END_TEST

/* ------------------------------------------------------------------ redaction ----------------- */

#define SECRETS                                                                              \
    STREAM(ACCOUNT(ID ",{'to':'login','from':'/l'},{'to':'external_id','from':'/token'}",    \
               "") ","                                                                       \
                   "{'kind':'credential','each':'/keys','fields':[{'to':'id','from':'/id'}," \
                   "{'to':'created_at','from':'/at'}]}",                                     \
        ",'redact':[{'pointer':'/token'},{'pointer':'/keys/-/secret'},{'pointer':'/deep'}]")

START_TEST(credential_material_stays_out)
{
    struct sample sample;
    sample_begin(&sample, SECRETS, NULL, 0);
    const struct batch *batch = &sample_digest(&sample,
        "[{'id':1,'l':'a','token':'hush','deep':{'a':['hush']},"
        "'keys':[{'id':'k1','secret':'hush'},{'id':'k2','secret':null},"
        "{'id':'k3','secret':'hush','at':'bad'}]},"
        "{'id':2,'token':'hush','token':'hush','keys':[{'secret':'hush','secret':'hush'}]}]",
        NULL)
                                     ->batch;
    ck_assert_uint_eq(batch->record_count, 3);
    sample_expect(batch->records[0].attributes,
        "{'id':1,'l':'a','token':'[redacted]','deep':'[redacted]',"
        "'keys':[{'id':'k1','secret':'[redacted]'},{'id':'k2','secret':null},"
        "{'id':'k3','secret':'[redacted]','at':'bad'}]}");
    sample_expect(batch->records[0].fields,
        "{'external_id':'[redacted]','class':'unknown','class_basis':'unknown','login':'a'}");
    sample_expect(batch->records[1].attributes, "{'id':'k1','secret':'[redacted]'}");
    sample_expect(batch->records[2].attributes, "{'id':'k2','secret':null}");
    ck_assert_uint_eq(batch->letter_count, 2);
    ck_assert_str_eq(batch->letters[1].reason, "duplicate_member");
    for (size_t i = 0; i < batch->letter_count; i++)
        ck_assert(!memmem(batch->letters[i].raw.data, batch->letters[i].raw.length, "hush", 4));
    sample_end(&sample);
}
END_TEST

/* ------------------------------------------------------------------ balance ------------------- */

/* A random item of the groups stream: sound, odd, or at fault. */
static void random_item(struct random *random, struct bytes *into)
{
    static const char *const ids[] = {
        "1", "\"a\"", "null", "\"\"", "{}", "true", "1e2", "\"\\ud800\""};
    static const char *const lists[] = {"null", "7", "\"x\"", "{\"a\":1}"};
    static const char *const members[] = {"{\"type\":\"user\",\"id\":1}", "{\"type\":\"user\"}",
        "{\"type\":\"bot\",\"id\":1}", "7", "null", "[]", "{\"type\":\"user\",\"id\":[1]}",
        "{\"type\":\"user\",\"id\":2,\"at\":\"bad\"}", "{\"type\":\"user\",\"id\":3,\"id\":4}",
        "{\"type\":\"user\",\"id\":\"x\",\"role\":\"a/b\"}"};
    struct fault fault;
    bool ok = bytes_append_char(into, '{', &fault);
    if (random_next(random) % 8)
        ok = ok && bytes_format(into, &fault, "\"id\":%s,", ids[random_next(random) % 8]);
    if (random_next(random) % 5 == 0)
        ok = ok && bytes_append_text(into, "\"archived\":true,", &fault);
    if (random_next(random) % 5 == 0)
        ok = ok && bytes_append_text(into, "\"deleted\":true,", &fault);
    if (random_next(random) % 5 == 0) {
        ok = ok && bytes_format(into, &fault, "\"members\":%s,", lists[random_next(random) % 4]);
    } else {
        size_t count = random_next(random) % 6;
        ok = ok && bytes_append_text(into, "\"members\":[", &fault);
        for (size_t i = 0; i < count; i++)
            ok = ok && bytes_format(
                           into, &fault, "%s%s", i ? "," : "", members[random_next(random) % 10]);
        ok = ok && bytes_append_text(into, "],", &fault);
    }
    ck_assert(ok && bytes_append_text(into, "\"z\":0}", &fault));
}

START_TEST(the_books_balance_whatever_comes)
{
    struct random random = random_seeded(42);
    struct sample sample;
    struct fault fault;
    sample_begin(&sample,
        GROUPS(",'filters':[{'reason':'archived','when':{'pointer':'/archived','value':'true'}}],"
               "'tombstone':{'pointer':'/deleted','value':'true'},'redact':[{'pointer':'/members/-/"
               "type'},"
               "{'pointer':'/archived'}]"),
        NULL, 0);
    for (int round = 0; round < 300; round++) {
        AUTO_BYTES body = {0};
        size_t count = random_next(&random) % 8;
        ck_assert(bytes_append_char(&body, '[', &fault));
        for (size_t i = 0; i < count; i++) {
            ck_assert(!i || bytes_append_char(&body, ',', &fault));
            random_item(&random, &body);
        }
        ck_assert(bytes_append_char(&body, ']', &fault));
        const struct batch *batch = &sample_digest(&sample, body.data, NULL)->batch;
        int64_t received = 0;
        for (size_t i = 0; i < batch->item_count; i++)
            received += batch->items[i].why
                            ? 1
                            : mapper_fan_out(sample.program->mapper, batch->items[i].bytes);
        ck_assert_int_eq(received, mapping_accounted(batch));
        ck_assert_int_eq(received, batch->received);
        ck_assert(received >= (int64_t)batch->item_count);
    }
    sample_end(&sample);
}
END_TEST

UNIT_MAIN("map", members_of_a_group, lists_that_are_none, duplicates_and_letters_inside_one_item,
    kinds_by_condition, filters_and_tombstones, what_child_streams_need_is_carried,
    parent_fields_reach_the_records, content_hash_is_by_meaning, credential_material_stays_out,
    the_books_balance_whatever_comes)
