/* SPDX-License-Identifier: Apache-2.0 */
/* Every transform of a field, and every reason why a record goes to the dead letters. */
#include "sample.h"

#define F(text) ACCOUNT(ID "," text, ",'attributes':'none'")
#define STATUS                                                              \
    "{'to':'status','from':'/s','values':[{'from':'ACTIVE','to':'active'}," \
    "{'from':'true','to':'active'},{'from':'0','to':'disabled'}]}"
#define UNKNOWN_CLASS "'class':'unknown','class_basis':'unknown'"

struct row {
    const char *name, *yield, *item;
    /* expected: a record or a letter */
    const char *fields, *raw, *volatiles, *id;
    const char *reason, *pointer;
};

static const struct row rows[] = {
    {"text", F("{'to':'login','from':'/l'}"), "{'id':'1','l':'Ann'}",
        "{" UNKNOWN_CLASS ",'login':'Ann'}"},
    {"absent is left out, null is kept", F("{'to':'login','from':'/l'},{'to':'email','from':'/e'}"),
        "{'id':'1','e':null}", "{" UNKNOWN_CLASS ",'email':null}"},
    {"table order, whatever the order of the declaration",
        F("{'to':'email','from':'/e'},{'to':'login','from':'/l'}"), "{'e':'x','l':'y','id':'1'}",
        "{" UNKNOWN_CLASS ",'login':'y','email':'x'}"},
    {"escapes are minimal", F("{'to':'login','from':'/l'}"),
        "{'id':'1','l':'\\u0041\\n\\/\\u00e9'}", "{" UNKNOWN_CLASS ",'login':'A\\n/\xC3\xA9'}"},
    {"a number is its literal", F("{'to':'employee_id','from':'/n'}"),
        "{'id':18446744073709551617,'n':1.50}", "{'employee_id':'1.50'," UNKNOWN_CLASS "}",
        .id = "18446744073709551617"},
    {"id with escapes", F("{'to':'login','from':'/l'}"), "{'id':'\\u0061/%'}",
        "{" UNKNOWN_CLASS "}", .id = "a/%"},
    {"trim and lower", F("{'to':'email','from':'/e','flags':['lower','trim']}"),
        "{'id':'1','e':' A@B.C\\t'}", "{" UNKNOWN_CLASS ",'email':'a@b.c'}"},
    {"or_from where absent", F("{'to':'login','from':'/l','or_from':'/m'}"), "{'id':'1','m':'x'}",
        "{" UNKNOWN_CLASS ",'login':'x'}"},
    {"or_from where null", F("{'to':'login','from':'/l','or_from':'/m'}"),
        "{'id':'1','l':null,'m':'x'}", "{" UNKNOWN_CLASS ",'login':'x'}"},
    {"or_from is not tried for an empty text", F("{'to':'login','from':'/l','or_from':'/m'}"),
        "{'id':'1','l':'','m':'x'}", "{" UNKNOWN_CLASS ",'login':''}"},
    {"default where absent", F("{'to':'origin','from':'/o','default_value':'local'}"), "{'id':'1'}",
        "{'origin':'local'," UNKNOWN_CLASS "}"},
    {"default where null", F("{'to':'origin','from':'/o','default_value':'local'}"),
        "{'id':'1','o':null}", "{'origin':'local'," UNKNOWN_CLASS "}"},
    {"constant", F("{'to':'origin','from':'local','source':'constant'}"), "{'id':'1'}",
        "{'origin':'local'," UNKNOWN_CLASS "}"},
    {"parameter", F("{'to':'origin','from':'tenant','source':'parameter'}"), "{'id':'1'}",
        "{'origin':'t1'," UNKNOWN_CLASS "}"},

    {"value map: text", F(STATUS), "{'id':'1','s':'ACTIVE'}",
        "{" UNKNOWN_CLASS ",'status':'active'}"},
    {"value map: boolean", F(STATUS), "{'id':'1','s':true}",
        "{" UNKNOWN_CLASS ",'status':'active'}"},
    {"value map: number", F(STATUS), "{'id':'1','s':0}", "{" UNKNOWN_CLASS ",'status':'disabled'}"},
    {"value map: unknown, raw kept (fault 58)", F(STATUS), "{'id':'1','s':'PAUSED'}",
        "{" UNKNOWN_CLASS ",'status':'unknown'}", .raw = "{'status':'PAUSED'}"},
    {"a word of the table needs no map", F("{'to':'mfa','from':'/m'}"), "{'id':'1','m':'none'}",
        "{" UNKNOWN_CLASS ",'mfa':'none'}"},
    {"a word that is none", F("{'to':'mfa','from':'/m'}"), "{'id':'1','m':'sms'}",
        "{" UNKNOWN_CLASS ",'mfa':'unknown'}", .raw = "{'mfa':'sms'}"},

    {"boolean", F("{'to':'privileged','from':'/p'}"), "{'id':'1','p':true}",
        "{" UNKNOWN_CLASS ",'privileged':true}"},
    {"boolean as text", F("{'to':'privileged','from':'/p'}"), "{'id':'1','p':'No'}",
        "{" UNKNOWN_CLASS ",'privileged':false}"},
    {"boolean as number, negated", F("{'to':'privileged','from':'/p','flags':['negate']}"),
        "{'id':'1','p':0}", "{" UNKNOWN_CLASS ",'privileged':true}"},
    {"a default is not negated",
        F("{'to':'privileged','from':'/p','flags':['negate'],'default_value':'false'}"),
        "{'id':'1'}", "{" UNKNOWN_CLASS ",'privileged':false}"},
    {"bad boolean", F("{'to':'privileged','from':'/p'}"), "{'id':'1','p':'maybe'}",
        .reason = "bad_boolean", .pointer = "/p", .id = "1"},

    {"time", F("{'to':'created_at','from':'/c'}"), "{'id':'1','c':'2024-02-29T23:00:00-01:30'}",
        "{" UNKNOWN_CLASS ",'created_at':'2024-03-01T00:30:00.000Z'}"},
    {"time: epoch seconds with a fraction",
        F("{'to':'created_at','from':'/c','time_format':'epoch_s'}"),
        "{'id':'1','c':1700000000.1239}",
        "{" UNKNOWN_CLASS ",'created_at':'2023-11-14T22:13:20.123Z'}"},
    {"time: an empty text states none", F("{'to':'created_at','from':'/c'}"), "{'id':'1','c':''}",
        "{" UNKNOWN_CLASS ",'created_at':null}"},
    {"time: a file time of 0 is never",
        F("{'to':'expires_at','from':'/c','time_format':'filetime'}"), "{'id':'1','c':'0'}",
        "{'expires_at':null," UNKNOWN_CLASS "}"},
    {"time: a default is in RFC 3339 whatever the format",
        F("{'to':'created_at','from':'/"
          "c','time_format':'epoch_s','default_value':'2020-01-01T00:00:00Z'}"),
        "{'id':'1'}", "{" UNKNOWN_CLASS ",'created_at':'2020-01-01T00:00:00.000Z'}"},
    {"bad time", F("{'to':'created_at','from':'/c'}"), "{'id':'1','c':'yesterday'}",
        .reason = "bad_time", .pointer = "/c", .id = "1"},
    {"bad time with a default",
        F("{'to':'created_at','from':'/c','default_value':'2020-01-01T00:00:00Z'}"),
        "{'id':'1','c':'yesterday'}",
        "{" UNKNOWN_CLASS ",'created_at':'2020-01-01T00:00:00.000Z'}"},

    {"pick",
        F("{'to':'email','from':'/e','pick':{'where':'/primary','equals':'true','take':'/value'}}"),
        "{'id':'1','e':[{'value':'a'},{'value':'b','primary':true},{'value':'c','primary':true}]}",
        "{" UNKNOWN_CLASS ",'email':'b'}"},
    {"pick: none",
        F("{'to':'email','from':'/e','pick':{'where':'/primary','equals':'true','take':'/value'}}"),
        "{'id':'1','e':[{'value':'a'}]}", "{" UNKNOWN_CLASS "}"},
    {"compose",
        F("{'to':'external_id','compose':[{'from':'/"
          "a'},{'from':'tenant','source':'parameter'},{'from':'/b'}]}"),
        "{'id':'1','a':'x/y','b':'50%'}", "{'external_id':'x%2Fy/t1/50%25'," UNKNOWN_CLASS "}"},
    {"compose: a part is missing",
        F("{'to':'external_id','compose':[{'from':'/a'},{'from':'/b'}]}"), "{'id':'1','a':'x'}",
        "{" UNKNOWN_CLASS "}"},
    {"volatile",
        F("{'to':'login','from':'/l'},{'to':'last_login_at','from':'/t','flags':['volatile']}"),
        "{'id':'1','l':'a','t':'2024-01-01T00:00:00Z'}", "{" UNKNOWN_CLASS ",'login':'a'}",
        .volatiles = "{'last_login_at':'2024-01-01T00:00:00.000Z'}"},
    {"class declared", F("{'to':'class','from':'human','source':'constant'}"), "{'id':'1'}",
        "{'class':'human','class_basis':'declared'}"},

    {"required", F("{'to':'login','from':'/l','flags':['required']}"), "{'id':'1','l':null}",
        .reason = "field_missing", .pointer = "/l", .id = "1"},
    {"a list is no text", F("{'to':'login','from':'/l'}"), "{'id':'1','l':['a']}",
        .reason = "field_type", .pointer = "/l", .id = "1"},
    {"the id of another object is true (fault 56)",
        "{'kind':'grant','fields':[{'to':'subject_kind','from':'account','source':'constant'},"
        "{'to':'subject_id','from':'/s'},{'to':'object_kind','from':'group','source':'constant'},"
        "{'to':'object_id','from':'/o'}]}",
        "{'s':true,'o':'g1'}", .reason = "reference_type", .pointer = "/s"},
    {"id null (fault 55)", F("{'to':'login','from':'/l'}"), "{'id':null}", .reason = "id_missing",
        .pointer = "/id"},
    {"id missing (fault 55)", F("{'to':'login','from':'/l'}"), "{'l':'x'}", .reason = "id_missing",
        .pointer = "/id"},
    {"id is an object (fault 56)", F("{'to':'login','from':'/l'}"), "{'id':{}}",
        .reason = "id_type", .pointer = "/id"},
    {"id is true", F("{'to':'login','from':'/l'}"), "{'id':true}", .reason = "id_type",
        .pointer = "/id"},
    {"id is empty", F("{'to':'login','from':'/l'}"), "{'id':''}", .reason = "id_empty",
        .pointer = "/id"},
    {"an item that is no object", F("{'to':'login','from':'/l'}"), "7", .reason = "id_missing",
        .pointer = "/id"},
    {"duplicate member (fault 49)", F("{'to':'login','from':'/l'}"), "{'id':'1','a':{'b':1,'b':2}}",
        .reason = "duplicate_member", .pointer = "/a/b", .id = "1"},
    {"duplicate id: nobody can tell which", F("{'to':'login','from':'/l'}"), "{'id':'1','id':'2'}",
        .reason = "duplicate_member", .pointer = "/id"},
    {"NUL (fault 51)", F("{'to':'login','from':'/l'}"), "{'id':'1','l':'a\\u0000b'}",
        .reason = "nul", .pointer = "/l", .id = "1"},
    {"NUL in the id", F("{'to':'login','from':'/l'}"), "{'id':'a\\u0000b'}", .reason = "nul",
        .pointer = "/id"},
    {"lone surrogate (fault 52)", F("{'to':'login','from':'/l'}"), "{'id':'1','l':'\\ud800'}",
        .reason = "lone_surrogate", .pointer = "/l", .id = "1"},
    {"bad UTF-8 (fault 52)", F("{'to':'login','from':'/l'}"), "{'id':'1','l':['\xFF']}",
        .reason = "bad_utf8", .pointer = "/l/0", .id = "1"},
};

static void check_letter(const struct row *row, const struct batch *batch)
{
    ck_assert_msg(batch->letter_count == 1 && batch->record_count == 0, "%s: no letter", row->name);
    const struct letter *letter = &batch->letters[0];
    ck_assert_msg(strcmp(letter->reason, row->reason) == 0, "%s: %s", row->name, letter->reason);
    ck_assert_msg(strcmp(letter->pointer, row->pointer) == 0, "%s: %s", row->name, letter->pointer);
    ck_assert_msg(strstr(letter->why, row->pointer) != NULL, "%s: %s", row->name, letter->why);
    ck_assert_uint_eq(letter->records, 1);
    ck_assert(!letter->others_lost);
    ck_assert(span_equal(letter->raw, batch->items[0].bytes));
    ck_assert_msg((letter->id.data != NULL) == (row->id != NULL), "%s: id", row->name);
    if (row->id)
        ck_assert(span_equal_text(letter->id, row->id));
}

static void check_row(const struct row *row)
{
    struct sample sample;
    struct fault fault;
    AUTO_BYTES stream = {0}, body = {0};
    ck_assert(bytes_format(&stream, &fault, STREAM("%s", ""), row->yield));
    ck_assert(bytes_format(&body, &fault, "[%s]", row->item));
    sample_begin(&sample, stream.data, NULL, 0);
    const struct batch *batch = &sample_digest(&sample, body.data, NULL)->batch;
    ck_assert_int_eq(batch->received, 1);
    if (row->reason) {
        check_letter(row, batch);
    } else {
        ck_assert_msg(batch->record_count == 1, "%s: %s", row->name,
            batch->letter_count ? batch->letters[0].why : "no record");
        const struct record *record = &batch->records[0];
        sample_expect(record->fields, row->fields);
        sample_expect(record->raw, row->raw);
        sample_expect(record->volatiles, row->volatiles);
        sample_expect(record->id, row->id ? row->id : "1");
        sample_expect(record->attributes, NULL);
        ck_assert_uint_eq(batch->drift_count, row->raw ? 1 : 0);
    }
    sample_end(&sample);
}

START_TEST(every_row)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&rows[i]);
}
END_TEST

/* Lists of parts that a plain join would confuse. */
START_TEST(no_two_lists_of_parts_compose_alike)
{
    static const char *const items[] = {"{'a':'x/y','b':'z'}", "{'a':'x','b':'y/z'}",
        "{'a':'x%2Fy','b':'z'}", "{'a':'x%','b':'2Fy/z'}", "{'a':'','b':'x/y/z'}",
        "{'a':'x/y/z','b':''}"};
    struct sample sample;
    struct fault fault;
    AUTO_BYTES body = {0};
    sample_begin(&sample,
        STREAM(ACCOUNT("{'to':'id','compose':[{'from':'/a'},{'from':'/b'}]}", ""), ""), NULL, 0);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        ck_assert(bytes_format(&body, &fault, "%s%s", i ? "," : "[", items[i]));
    ck_assert(bytes_append_char(&body, ']', &fault));
    const struct batch *batch = &sample_digest(&sample, body.data, NULL)->batch;
    ck_assert_uint_eq(batch->record_count, sizeof items / sizeof items[0]);
    for (size_t i = 0; i < batch->record_count; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert(!span_equal(batch->records[i].id, batch->records[j].id));
    sample_end(&sample);
}
END_TEST

START_TEST(an_id_that_is_too_long)
{
    static char body[3 * RECORD_ID_MAX];
    struct sample sample;
    sample_begin(&sample, STREAM(ACCOUNT(ID, ""), ""), NULL, 0);
    for (size_t extra = 0; extra < 2; extra++) {
        (void)snprintf(body, sizeof body, "[{'id':'%0*d'}]", (int)(RECORD_ID_MAX + extra), 7);
        const struct batch *batch = &sample_digest(&sample, body, NULL)->batch;
        ck_assert_uint_eq(batch->letter_count, extra);
        ck_assert(!extra || strcmp(batch->letters[0].reason, "id_too_long") == 0);
    }
    sample_end(&sample);
}
END_TEST

START_TEST(the_operator_s_patterns_win)
{
    struct setting_pair classify[] = {{"^svc-", "service", 1}, {"bot$", "agent", 2}};
    struct sample sample;
    sample_begin(&sample,
        STREAM(ACCOUNT(ID ",{'to':'login','from':'/l'},{'to':'class','from':'/c'}", ""), ""),
        classify, 2);
    const struct batch *batch = &sample_digest(&sample,
        "[{'id':1,'l':'svc-bot','c':'human'},{'id':2,'l':'x-bot'},{'id':3,'l':'ann','c':'human'},"
        "{'id':4,'l':'ann'}]",
        NULL)
                                     ->batch;
    static const char *const wanted[] = {
        "{'class':'service','class_basis':'operator','login':'svc-bot'}",
        "{'class':'agent','class_basis':'operator','login':'x-bot'}",
        "{'class':'human','class_basis':'declared','login':'ann'}",
        "{'class':'unknown','class_basis':'unknown','login':'ann'}"};
    for (size_t i = 0; i < 4; i++)
        sample_expect(batch->records[i].fields, wanted[i]);
    sample_end(&sample);
}
END_TEST

START_TEST(an_incarnation_is_part_of_the_key)
{
    struct sample sample;
    sample_begin(&sample, STREAM(ACCOUNT(ID ",{'to':'incarnation','from':'/u'}", ""), ""), NULL, 0);
    const struct record *record =
        sample_digest(&sample, "[{'id':1,'u':'x-1'}]", NULL)->batch.records;
    sample_expect(record->incarnation, "x-1");
    sample_end(&sample);
}
END_TEST

UNIT_MAIN("field", every_row, no_two_lists_of_parts_compose_alike, an_id_that_is_too_long,
    the_operator_s_patterns_win, an_incarnation_is_part_of_the_key)
