/* SPDX-License-Identifier: Apache-2.0 */
/* The path by bytes against the long way, bounds, ids, and what a page that is not believed leaves
 * behind. */
#include "sample.h"

#define USERS                                                                              \
    STREAM(ACCOUNT(ID ",{'to':'incarnation','from':'/u'},{'to':'login','from':'/l'}", ""), \
        ",'filters':[{'reason':'guest','when':{'pointer':'/guest','value':'true'}}],"      \
        "'tombstone':{'pointer':'/deleted','value':'true'}")

/* What a store would know: the records of an earlier page. */
#define KNOWN_MAX 8
struct memory {
    struct {
        char id[32], incarnation[32];
        struct hash128 bytes_hash;
    } rows[KNOWN_MAX];
    size_t count, asked, calls;
    int64_t version;
};

static int64_t look_up(void *context, int64_t scope, enum muster_kind kind,
    const struct known_query *queries, size_t count, struct known_answer *ret_answers)
{
    struct memory *memory = context;
    ck_assert_int_eq(scope, 1);
    ck_assert_int_eq(kind, MUSTER_ACCOUNT);
    memory->calls++;
    memory->asked = count;
    for (size_t i = 0; i < count; i++) {
        ret_answers[i] = (struct known_answer){0};
        for (size_t at = 0; at < memory->count; at++)
            if (span_equal_text(queries[i].id, memory->rows[at].id) &&
                span_equal_text(queries[i].incarnation.data ? queries[i].incarnation : SPAN(""),
                    memory->rows[at].incarnation))
                ret_answers[i] =
                    (struct known_answer){(int64_t)at + 1, memory->rows[at].bytes_hash};
    }
    return memory->version;
}

static void remember(struct memory *memory, const struct batch *batch)
{
    memory->count = 0;
    memory->version = 5;
    for (size_t i = 0; i < batch->record_count && memory->count < KNOWN_MAX; i++) {
        const struct record *record = &batch->records[i];
        (void)snprintf(memory->rows[memory->count].id, 32, "%.*s", SPAN_FORMAT(record->id));
        (void)snprintf(memory->rows[memory->count].incarnation, 32, "%.*s",
            (int)record->incarnation.length,
            record->incarnation.data ? record->incarnation.data : "");
        memory->rows[memory->count++].bytes_hash = record->bytes_hash;
    }
}

#define PAGE_ONE "[{'id':1,'u':'x','l':'a'},{'id':2,'l':'b'},{'id':3,'l':'c'}]"

START_TEST(equal_bytes_are_assumed)
{
    struct memory memory = {0};
    const struct known known = {look_up, &memory};
    struct sample sample;
    sample_begin(&sample, USERS, NULL, 0);
    ck_assert(sample.program->by_bytes);
    remember(&memory, &sample_digest(&sample, PAGE_ONE, NULL)->batch);
    uint64_t ids = sample.digest->ids_hash;
    const struct batch *batch = &sample_digest(&sample, PAGE_ONE, &known)->batch;
    ck_assert_uint_eq(memory.calls, 1);
    ck_assert_uint_eq(memory.asked, 3);
    ck_assert_uint_eq(batch->assumed_count, 3);
    ck_assert_uint_eq(batch->record_count, 0);
    ck_assert_int_eq(batch->received, 3);
    ck_assert_int_eq(batch->known_version, 5);
    ck_assert_int_eq(batch->assumed[2].object, 3);
    ck_assert(hash128_equal(batch->assumed[1].bytes_hash, memory.rows[1].bytes_hash));
    ck_assert_uint_eq(sample.digest->ids_hash, ids);
    sample_end(&sample);
}
END_TEST

START_TEST(whatever_differs_goes_the_long_way)
{
    struct memory memory = {0};
    const struct known known = {look_up, &memory};
    struct sample sample;
    sample_begin(&sample, USERS, NULL, 0);
    remember(&memory, &sample_digest(&sample, PAGE_ONE, NULL)->batch);
    const struct batch *batch = &sample_digest(&sample,
        "[{'id':1,'u':'y','l':'a'},{'id':2,'l':'B'},{'id':3,'l':'c'},{'id':4},{'id':null},"
        "{'id':3,'l':'c','l':'c'},{'id':5,'guest':true},{'id':6,'deleted':true}]",
        &known)
                                     ->batch;
    ck_assert_uint_eq(memory.asked, 4);
    ck_assert_uint_eq(batch->assumed_count, 1);
    ck_assert_uint_eq(batch->assumed[0].item, 2);
    ck_assert_uint_eq(batch->record_count, 4); /* 1, 2, 4, and the tombstone of 6 */
    ck_assert_uint_eq(batch->letter_count, 2);
    ck_assert_uint_eq(batch->filtered_count, 1);
    ck_assert_int_eq(batch->received, 8);
    sample_end(&sample);
}
END_TEST

START_TEST(a_store_that_cannot_say_costs_only_the_long_way)
{
    struct memory memory = {0};
    const struct known known = {look_up, &memory};
    struct sample sample;
    sample_begin(&sample, USERS, NULL, 0);
    remember(&memory, &sample_digest(&sample, PAGE_ONE, NULL)->batch);
    memory.version = -1;
    const struct batch *batch = &sample_digest(&sample, PAGE_ONE, &known)->batch;
    ck_assert_uint_eq(batch->assumed_count, 0);
    ck_assert_uint_eq(batch->record_count, 3);
    ck_assert_int_eq(batch->known_version, -1);
    sample_end(&sample);
}
END_TEST

/* An assumption that failed gives the very record that the long way had given. */
START_TEST(an_item_again_is_what_the_long_way_makes_of_it)
{
    struct memory memory = {0};
    const struct known known = {look_up, &memory};
    struct sample sample;
    struct fault fault;
    sample_begin(&sample, USERS, NULL, 0);
    remember(&memory, &sample_digest(&sample, PAGE_ONE, NULL)->batch);
    struct hash128 content = sample.digest->batch.records[1].content_hash;
    (void)sample_digest(&sample, PAGE_ONE, &known);
    ck_assert_msg(digest_item_again(sample.digest, 1, &fault), "%s", fault.text);
    const struct batch *batch = &sample.digest->batch;
    ck_assert_uint_eq(batch->record_count, 1);
    ck_assert(hash128_equal(batch->records[0].content_hash, content));
    ck_assert(hash128_equal(batch->records[0].bytes_hash, memory.rows[1].bytes_hash));
    sample_expect(batch->records[0].id, "2");
    sample_end(&sample);
}
END_TEST

START_TEST(scopes_have_keys_of_their_own)
{
    struct sample sample;
    const struct http_header one = {SPAN("id"), SPAN("a")}, other = {SPAN("id"), SPAN("b")};
    const struct scope_parent parents[] = {
        {SPAN("1"), &one, 1}, {SPAN("2"), &one, 1}, {SPAN("1"), &other, 1}, {{NULL, 0}, NULL, 0}};
    sample_begin(&sample, USERS, NULL, 0);
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++) {
            struct hash_key a = program_scope_key(sample.program, &parents[i]);
            struct hash_key b = program_scope_key(sample.program, &parents[j]);
            ck_assert((memcmp(&a, &b, sizeof a) == 0) == (i == j));
        }
    sample_end(&sample);
}
END_TEST

START_TEST(streams_that_bytes_cannot_decide)
{
    static const char *const streams[] = {
        STREAM(ACCOUNT("{'to':'id','compose':[{'from':'/a'},{'from':'/b'}]}", ""), ""),
        STREAM(ACCOUNT(ID, "") ",{'kind':'group','fields':[" ID "]}", "")};
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        struct sample sample;
        sample_begin(&sample, streams[i], NULL, 0);
        ck_assert_msg(!sample.program->by_bytes, "stream %zu", i);
        sample_end(&sample);
    }
    struct sample redacted;
    sample_begin(&redacted, STREAM(ACCOUNT(ID, ""), ",'redact':[{'pointer':'/x'}]"), NULL, 0);
    ck_assert(redacted.program->by_bytes);
    sample_end(&redacted);
}
END_TEST

START_TEST(a_repeated_page_has_the_same_ids)
{
    struct sample sample;
    sample_begin(&sample, USERS, NULL, 0);
    uint64_t first = sample_digest(&sample, "[{'id':1},{'id':'2'}]", NULL)->ids_hash;
    ck_assert_uint_eq(
        sample_digest(&sample, "[{'id':1,'l':'new'},{'id':2}]", NULL)->ids_hash, first);
    ck_assert_uint_ne(sample_digest(&sample, "[{'id':2},{'id':1}]", NULL)->ids_hash, first);
    ck_assert_uint_ne(sample_digest(&sample, "[{'id':12}]", NULL)->ids_hash, first);
    uint64_t none = sample_digest(&sample, "[{'x':1}]", NULL)->ids_hash;
    ck_assert_uint_ne(sample_digest(&sample, "[{'x':2}]", NULL)->ids_hash, none);
    sample_end(&sample);
}
END_TEST

START_TEST(a_page_that_is_not_believed_has_an_empty_batch)
{
    struct sample sample;
    sample_begin(&sample, USERS, NULL, 0);
    const struct digest *digest = sample_digest_raw(&sample, SPAN("<html>"), NULL);
    ck_assert_int_eq(digest->page.verdict.outcome, OUTCOME_MALFORMED);
    ck_assert_str_eq(digest->page.verdict.word, "html");
    ck_assert_int_eq(digest->batch.received, 0);
    ck_assert_uint_eq(digest->batch.item_count, 0);
    ck_assert(digest->batch.bytes > 0);
    sample_end(&sample);
}
END_TEST

#define CHANGES(format, order, more)                                                              \
    STREAM(ACCOUNT(ID, ""),                                                                       \
        ",'mode':'incremental','incremental':{'field':'/t','format':'" format "','order':'" order \
        "','bound':{'name':'since','value':'{bound}'}" more "}")

static const struct {
    const char *stream, *body, *high;
    bool in_order;
} bounds[] = {
    {CHANGES("rfc3339", "rising", ""),
        "[{'id':1,'t':'2024-01-01T00:00:00.9Z'},{'id':2,'t':'2024-01-01T01:00:01.5+01:00'}]",
        "2024-01-01T00:00:01Z", true},
    {CHANGES("rfc3339", "rising", ",'granularity_s':60"), "[{'id':1,'t':'2024-01-01T00:00:59Z'}]",
        "2024-01-01T00:00:00Z", true},
    {CHANGES("rfc3339", "rising", ""),
        "[{'id':1,'t':'2024-01-02T00:00:00Z'},{'id':2,'t':'2024-01-01T00:00:00Z'}]",
        "2024-01-02T00:00:00Z", false},
    {CHANGES("rfc3339", "falling", ""),
        "[{'id':1,'t':'2024-01-02T00:00:00Z'},{'id':2,'t':'2024-01-01T00:00:00Z'}]",
        "2024-01-02T00:00:00Z", true},
    {CHANGES("counter", "rising", ""), "[{'id':1,'t':9},{'id':2,'t':'10'},{'id':3,'t':10}]", "10",
        true},
    {CHANGES("opaque", "rising", ""), "[{'id':1,'t':'b'},{'id':2,'t':'a'}]", "b", false},
    {CHANGES("opaque", "rising", ""), "[{'id':1,'t':'a'},{'id':2,'t':'b'}]", "b", true},
    {CHANGES("epoch_s", "none", ""), "[{'id':1,'t':1700000000.7}]", "1700000000", false},
    {CHANGES("epoch_s", "rising", ""), "[{'id':1},{'id':2,'t':null},{'id':3,'t':'x'}]", NULL, true},
};

START_TEST(the_highest_bound_of_a_page)
{
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        struct sample sample;
        sample_begin(&sample, bounds[i].stream, NULL, 0);
        const struct digest *digest = sample_digest(&sample, bounds[i].body, NULL);
        sample_expect(digest->bound_high, bounds[i].high);
        ck_assert_msg(digest->bounds_rising == bounds[i].in_order, "row %zu", i);
        sample_end(&sample);
    }
}
END_TEST

/* Items whose own yield does not apply are still items of the listing: each is counted, by the id
 * it shows or, where it shows none, by its bytes. */
START_TEST(an_item_without_its_own_record_is_counted)
{
    struct sample sample;
    sample_begin(&sample,
        "{'name':'users','request':{'path':'/users'},'paging':{'kind':'none'},'yields':["
        "{'kind':'account','when':{'pointer':'/type','value':'user'},"
        "'fields':[{'to':'id','from':'/id'}]},"
        "{'kind':'group','when':{'pointer':'/type','value':'team'},"
        "'fields':[{'to':'id','from':'/slug'}]}]}",
        NULL, 0);
    const struct batch *batch = &sample_digest(&sample,
        "[{'id':'1','type':'user'},{'id':'2','slug':'a','type':'team'},"
        "{'slug':'b','type':'team'},{'id':'4','type':'robot'}]",
        NULL)
                                     ->batch;
    ck_assert_int_eq(batch->received, 4);
    ck_assert_uint_eq(batch->record_count, 3);
    ck_assert_uint_eq(batch->filtered_count, 1); /* the robot: of no yield at all */
    ck_assert_uint_eq(batch->counted_count, 2);
    sample_expect(batch->counted[0].id, "2");
    sample_expect(batch->counted[1].id, "{'slug':'b','type':'team'}");
    sample_end(&sample);
}
END_TEST

/* The overlap probe: whatever became of the first item, nothing of it is received. */
START_TEST(a_dropped_first_item_leaves_nothing_behind)
{
    static const char *const firsts[] = {"{'id':'a','t':'user','m':['x','y']}", "{'t':'user'}",
        "{'id':'a','t':'guest'}", "{'id':'a','t':'team','m':['x']}"};
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        struct sample sample;
        char body[256];
        sample_begin(&sample,
            "{'name':'users','request':{'path':'/users'},'paging':{'kind':'number',"
            "'ends':['empty_page']},'filters':[{'reason':'guest','when':{'pointer':'/t',"
            "'value':'guest'}}],'yields':[{'kind':'account','when':{'pointer':'/t',"
            "'value':'user'},'fields':[{'to':'id','from':'/id','flags':['required']}]},"
            "{'kind':'group','each':'/m','fields':[{'to':'id','from':''}]}]}",
            NULL, 0);
        (void)snprintf(body, sizeof body, "[%s,{'id':'b','t':'user','m':['z']}]", firsts[i]);
        struct digest *digest = sample_digest(&sample, body, NULL);
        struct batch *batch = &digest->batch;
        uint64_t last = digest->last_id;
        ck_assert(digest->first_id != 0 && digest->first_id != last);
        digest_drop_first(digest);
        ck_assert_int_eq(batch->received, 2);
        ck_assert_int_eq(mapping_accounted(batch), 2);
        ck_assert_uint_eq(batch->letter_count + batch->filtered_count + batch->counted_count, 0);
        ck_assert_uint_eq(batch->records[0].item, 1);
        ck_assert(digest->ids_sum == last);
        sample_end(&sample);
    }
}
END_TEST

UNIT_MAIN("digest", a_dropped_first_item_leaves_nothing_behind,
    an_item_without_its_own_record_is_counted, equal_bytes_are_assumed,
    whatever_differs_goes_the_long_way, a_store_that_cannot_say_costs_only_the_long_way,
    an_item_again_is_what_the_long_way_makes_of_it, scopes_have_keys_of_their_own,
    streams_that_bytes_cannot_decide, a_repeated_page_has_the_same_ids,
    a_page_that_is_not_believed_has_an_empty_batch, the_highest_bound_of_a_page)
