/* SPDX-License-Identifier: Apache-2.0 */
/* Replays in the store: what a letter may do to rows that others made before and after it. */
#include "replay_world.h"

enum { PEOPLE, OTHERS, EXTRAS, TEAMS, CHILDREN };

/* Five streams; the people's login, the others' and the extras' badge come from where the version
 * says. */
#define CONNECTOR(login, id, role, robot)                                                       \
    "{'name':'people','request':{'path':'/p'},'tombstone':{'pointer':'/gone','value':'true'},"  \
    "'filters':[{'reason':'robot','when':{'pointer':'" robot "','value':'true'}}],"             \
    "'redact':[{'pointer':'/secret'}],'yields':[{'kind':'account','fields':["                   \
    "{'to':'id','from':'" id "'},{'to':'incarnation','from':'/born'},"                          \
    "{'to':'email','from':'/mail'},{'to':'login','from':'" login "','flags':['required']}]}]}," \
    "{'name':'others','request':{'path':'/o'},'yields':[{'kind':'account','fields':["           \
    "{'to':'id','from':'/id'},{'to':'incarnation','from':'/born'},"                             \
    "{'to':'display_name','from':'" login "','flags':['required']}]}]},"                        \
    "{'name':'extras','request':{'path':'/e'},'role':'enriches','yields':[{'kind':'account',"   \
    "'fields':[{'to':'id','from':'/id'},{'to':'employee_id','from':'" login                     \
    "','flags':['required']}]}]},"                                                              \
    "{'name':'teams','request':{'path':'/t'},'yields':[{'kind':'group','fields':["              \
    "{'to':'id','from':'/id'},{'to':'name','from':'/name','flags':['required']}]},"             \
    "{'kind':'account','each':'/who','fields':[{'to':'id','from':'/id'},"                       \
    "{'to':'login','from':'" login "','flags':['required']}]},"                                 \
    "{'kind':'role','each':'/roles','fields':[{'to':'id','from':'/id'},"                        \
    "{'to':'name','from':'" role "','flags':['required']}]}]},"                                 \
    "{'name':'children','request':{'path':'/t/{parent.id}'},'parent':{'stream':'teams',"        \
    "'fields':[{'name':'id','from':'/id'}]},'yields':[{'kind':'role','fields':["                \
    "{'to':'id','from':'/id'},{'to':'name','from':'" login "','flags':['required']}]}]}"
#define NARROW CONNECTOR("/old", "/id", "/old_of", "/nothing")
#define HALF   CONNECTOR("/login", "/id", "/old_of", "/robot")
#define WIDE   CONNECTOR("/login", "/id", "/login_of", "/robot")
#define BLIND  CONNECTOR("/old", "/name", "/old_of", "/nothing") /* reads no id */

static const char *accounts(struct again *again)
{
    return world_sql(&again->world,
        "SELECT id,incarnation,state,login,display_name,employee_id,mapping FROM account"
        " ORDER BY object");
}

static const char *letters(struct again *again)
{
    return world_sql(&again->world,
        "SELECT letter,state,replay_run,now_reason FROM dead_letter ORDER BY letter");
}

/* ------------------------------------------------------------------ books --------------------- */

START_TEST(case_what_maps_becomes_rows_books_and_a_run_of_its_own)
{
    struct again again;
    again_begin(&again, NARROW);
    ck_assert_int_eq(
        again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL,
            PAGES("[{'id':'a','login':'anna'},{'id':'b','old':'ben'},{'id':'c','login':'cleo'}]")),
        1);
    again_declare(&again, WIDE);
    ck_assert_str_eq(
        again_replay(&again), "2 taken, account c created\n1 taken, account a created\n");
    ck_assert_str_eq(accounts(&again), "b||live|ben|||ok\nc||live|cleo|||ok\na||live|anna|||ok\n");
    ck_assert_str_eq(letters(&again), "1|replayed|2|\n2|replayed|2|\n");
    ck_assert_str_eq(world_sql(&again.world,
                         "SELECT run,what,received,created,dead,requests,ended_at IS NOT NULL"
                         " FROM run ORDER BY run"),
        "1|pull|3|1|2|0|1\n2|replay|2|2|0|0|1\n");
    ck_assert_str_eq(
        world_sql(&again.world, "SELECT kind,received,created,superseded FROM batch WHERE run=2"),
        "replay|2|2|0\n");
    ck_assert_str_eq(
        world_sql(&again.world, "SELECT live,dead FROM verdict WHERE kind='account'"), "3|0\n");
    again_end(&again);
}
END_TEST

START_TEST(case_again_there_is_nothing_to_do)
{
    struct again again;
    const int64_t both[] = {1, 2};
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL,
        PAGES("[{'id':'a','login':'anna'},{'id':'b','nothing':1}]"));
    again_declare(&again, WIDE);
    ck_assert_str_eq(again_replay(&again), "2 fails field_missing\n1 taken, account a created\n");
    const char *before = again_everything(&again);
    /* What fails still is noted anew, but only where something about it differs. */
    ck_assert_str_eq(again_replay(&again), "2 fails field_missing\n");
    ck_assert_int_eq(again.sums.batches, 0);
    ck_assert_str_eq(
        again_replay_of(&again, false, ALL_SETTLED, both, 2), "2 fails field_missing\n");
    ck_assert_int_eq(again.sums.closed, 1);
    ck_assert_str_eq(again_everything(&again), before);
    again_end(&again);
}
END_TEST

START_TEST(case_a_damaged_letter_is_not_mapped)
{
    struct again again;
    struct fault fault;
    struct replay_sums sums;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'anna'}]"));
    again_declare(&again, WIDE);
    (void)world_sql(&again.world, "UPDATE dead_letters SET sum=sum+1");
    again.turns_most = ALL_SETTLED;
    const char *before = again_everything(&again);
    const struct replay_sink sink = {again_told, again_settled, &again};
    const struct replay_source source = {again.source, again.programs};
    const struct replay_order order = {
        .sources = &source, .source_count = 1, .who = "me", .clock = clock_system()};
    ck_assert(!store_replay(again.world.store, &order, &sink, &sums, &fault));
    ck_assert_int_eq(fault.code, FAULT_STORE_CORRUPT);
    ck_assert_msg(strstr(fault.text, "dead letter 1 ") != NULL, "%s", fault.text);
    ck_assert_str_eq(again_everything(&again), before);
    (void)world_sql(&again.world, "UPDATE dead_letters SET sum=sum-1");
    ck_assert_str_eq(again_replay(&again), "1 taken, account a created\n");
    again_end(&again);
}
END_TEST

START_TEST(case_a_letter_that_does_not_exist_is_refused_before_anything_is_done)
{
    struct again again;
    struct fault fault;
    struct replay_sums sums;
    const int64_t numbers[] = {1, 7};
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'anna'}]"));
    again_declare(&again, WIDE);
    const char *before = again_everything(&again);
    const struct replay_sink sink = {again_told, again_settled, &again};
    const struct replay_source source = {again.source, again.programs};
    const struct replay_order order = {.sources = &source,
        .source_count = 1,
        .letters = numbers,
        .letter_count = 2,
        .who = "ann",
        .clock = clock_system()};
    ck_assert(!store_replay(again.world.store, &order, &sink, &sums, &fault));
    ck_assert_int_eq(fault.code, FAULT_NOT_FOUND);
    ck_assert_msg(strstr(fault.text, "letter 7") != NULL, "%s", fault.text);
    ck_assert_str_eq(again_everything(&again), before);
    again_end(&again);
}
END_TEST

START_TEST(case_nothing_is_mapped_without_its_stream)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'anna'}]"));
    const char *before = again_everything(&again);
    again_declare(&again, "{'name':'persons','request':{'path':'/p'},'yields':[{'kind':'account',"
                          "'fields':[{'to':'id','from':'/id'}]}]}");
    ck_assert_str_eq(again_replay(&again), "1 fails no_stream\n");
    again_declare(&again, "{'name':'teams','request':{'path':'/t'},'yields':[{'kind':'group',"
                          "'fields':[{'to':'id','from':'/id'}]}]},{'name':'people','request':"
                          "{'path':'/t/{parent.id}'},'parent':{'stream':'teams','fields':[{'name':"
                          "'id','from':'/id'}]},'yields':[{'kind':'account','fields':[{'to':'id',"
                          "'from':'/id'}]}]}");
    ck_assert_str_eq(again_replay(&again), "1 fails scope_changed\n");
    again_declare(&again, WIDE);
    struct program *program = again.programs[PEOPLE];
    again.programs[PEOPLE] = NULL;
    ck_assert_str_eq(again_replay(&again), "1 fails not_selected\n");
    again.programs[PEOPLE] = program;
    again.connection.name = "other";
    again_declare(&again, WIDE);
    ck_assert_str_eq(again_replay(&again), "1 fails no_connection\n");
    ck_assert_str_eq(again_everything(&again), before);
    again_end(&again);
}
END_TEST

/* ------------------------------------------------------------------ many ---------------------- */

#define MANY 600

/* Letters of as many people; the last of them is about the first one again. */
static void pull_many(struct again *again)
{
    AUTO_BYTES page = {0};
    struct fault fault;
    for (int i = 0; i < MANY; i++)
        ck_assert(bytes_format(
            &page, &fault, "%c{'id':'p%d','login':'l%d'}", i ? ',' : '[', i % (MANY - 1), i));
    ck_assert(bytes_append_char(&page, ']', &fault));
    (void)again_pull(again, PEOPLE, NULL, PROOF_PARTIAL, PAGES(page.data));
}

static const char *content(struct again *again)
{
    return world_sql(&again->world, "SELECT id,login,state,mapping FROM account ORDER BY id");
}

START_TEST(case_many_go_in_batches_the_newest_first)
{
    struct again again;
    again_begin(&again, NARROW);
    pull_many(&again);
    again_declare(&again, WIDE);
    const char *told = again_replay(&again);
    ck_assert_ptr_eq(strstr(told, "600 taken, account p0 created\n599 taken"), told);
    ck_assert_str_eq(strstr(told, "\n1 "), "\n1 superseded, account p0 superseded\n");
    ck_assert_int_eq(again.sums.batches, 3);
    ck_assert_int_eq(again.turns, 3);
    ck_assert_int_eq(again.sums.replayed, MANY - 1);
    ck_assert_int_eq(again.sums.superseded, 1);
    ck_assert_str_eq(world_sql(&again.world, "SELECT login FROM account WHERE id='p0'"), "l599\n");
    ck_assert_str_eq(
        world_sql(&again.world, "SELECT sequence,received,created,superseded FROM batch"
                                " WHERE kind='replay' ORDER BY sequence"),
        "1|256|256|0\n2|256|256|0\n3|88|87|1\n");
    again_end(&again);
}
END_TEST

START_TEST(case_a_rehearsal_writes_nothing_and_says_what_will_be)
{
    struct again again;
    again_begin(&again, NARROW);
    pull_many(&again);
    again_declare(&again, WIDE);
    const char *before = again_everything(&again), *told = again_rehearse(&again);
    const struct replay_sums sums = again.sums;
    ck_assert(strcmp(again_everything(&again), before) == 0);
    ck_assert(strcmp(again_replay(&again), told) == 0);
    ck_assert_mem_eq(&again.sums, &sums, sizeof sums);
    again_end(&again);
}
END_TEST

START_TEST(case_broken_off_between_batches_and_taken_up)
{
    struct again whole, again;
    again_begin(&whole, NARROW);
    pull_many(&whole);
    again_declare(&whole, WIDE);
    (void)again_replay(&whole);
    again_begin(&again, NARROW);
    pull_many(&again);
    again_declare(&again, WIDE);
    (void)again_replay_of(&again, false, 1, NULL, 0);
    ck_assert_int_eq(again.sums.replayed, 256);
    world_reopen(&again.world);
    world_assert_sound(&again.world);
    (void)again_replay_of(&again, false, 1, NULL, 0);
    ck_assert_int_eq(again.sums.replayed, 256);
    world_reopen(&again.world);
    (void)again_replay(&again);
    ck_assert_int_eq(again.sums.superseded, 1);
    ck_assert_str_eq(content(&again), content(&whole));
    ck_assert_str_eq(again_replay(&again), "");
    again_end(&again);
    again_end(&whole);
}
END_TEST

/* Each team's two letters, one for each reason, are mended together or one after the other. */
START_TEST(case_letters_of_one_item_stay_together)
{
    struct again again;
    struct fault fault;
    AUTO_BYTES page = {0};
    const int64_t one[] = {4};
    again_begin(&again, NARROW);
    for (int i = 0; i < 150; i++)
        ck_assert(bytes_format(&page, &fault,
            "%c{'id':'t%d','name':'T','who':[{'id':'w%d','login':'l'},{'id':'v%d','login':'l'}],"
            "'roles':[{'id':'q%d'%s}]}",
            i ? ',' : '[', i, i, i, i, i == 1 ? "" : ",'login_of':'R'"));
    ck_assert(bytes_append_text(
        &page, ",{'id':'s','name':'S','roles':[{'id':'r','login_of':'R'}]}]", &fault));
    (void)again_pull(&again, TEAMS, NULL, PROOF_PARTIAL, PAGES(page.data));
    ck_assert_str_eq(
        world_sql(&again.world, "SELECT count(*),sum(records) FROM dead_letter"), "301|451\n");
    again_declare(&again, HALF);
    /* The number of one stands for its item; what fails of that stays open. */
    ck_assert_str_eq(again_replay_of(&again, false, ALL_SETTLED, one, 1),
        "4 fails field_missing\n3 taken, group t1 unchanged, account w1 created, account v1 "
        "created\n");
    again_declare(&again, WIDE);
    (void)again_replay(&again);
    ck_assert_int_eq(again.sums.replayed, 299);
    ck_assert_int_eq(again.sums.failed, 1);
    /* 1 letter, then two each: the item of the 256th is not cut. */
    ck_assert_str_eq(
        world_sql(&again.world, "SELECT received,created,unchanged FROM batch WHERE run=3"),
        "514|385|129\n84|63|21\n");
    ck_assert_str_eq(
        world_sql(&again.world, "SELECT letter FROM dead_letter WHERE state='open'"), "4\n");
    again_end(&again);
}
END_TEST

/* The same item fell in three runs: the newest counts, whatever batches they are in. */
START_TEST(case_the_newest_of_many_letters_of_one_object_counts)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'one'}]"));
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'two'}]"));
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL,
        PAGES("[{'id':'a','login':'three'}]", "[{'id':'b','login':'ben'}]"));
    again_declare(&again, WIDE);
    const char *told = again_rehearse(&again);
    ck_assert_str_eq(again_replay(&again), told);
    ck_assert_str_eq(told, "4 taken, account b created\n3 taken, account a created\n"
                           "2 superseded, account a superseded\n"
                           "1 superseded, account a superseded\n");
    ck_assert_str_eq(content(&again), "a|three|live|ok\nb|ben|live|ok\n");
    again_end(&again);
}
END_TEST

/* By number, the old one first: the newer one still counts when its turn comes. */
START_TEST(case_an_older_letter_replayed_first_yields_to_a_newer_one)
{
    struct again again;
    const int64_t first[] = {1};
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'one'}]"));
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'two'}]"));
    again_declare(&again, WIDE);
    ck_assert_str_eq(again_replay_of(&again, false, ALL_SETTLED, first, 1),
        "1 superseded, account a superseded\n");
    ck_assert_str_eq(again_replay(&again), "2 taken, account a created\n");
    ck_assert_str_eq(content(&again), "a|two|live|ok\n");
    again_end(&again);
}
END_TEST

/* Where no page told the id, the order of the letters alone says which is newer. */
START_TEST(case_letters_of_unread_ids_go_by_their_age)
{
    const int64_t older[] = {1}, newer[] = {2};
    for (int first = 0; first < 2; first++) {
        struct again again;
        again_begin(&again, BLIND);
        (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'one'}]"));
        (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'two'}]"));
        again_declare(&again, WIDE);
        (void)again_replay_of(&again, false, ALL_SETTLED, first ? newer : older, 1);
        ck_assert_str_eq(content(&again), first ? "a|two|live|ok\n" : "a|one|live|ok\n");
        ck_assert_str_eq(again_replay(&again),
            first ? "1 superseded, account a superseded\n" : "2 taken, account a changed\n");
        ck_assert_str_eq(content(&again), "a|two|live|ok\n");
        again_end(&again);
    }
}
END_TEST

/* ------------------------------------------------------------------ newer than the letter ----- */

START_TEST(case_what_was_listed_since_stays)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'old'}]"));
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','old':'new'}]"));
    again_declare(&again, WIDE);
    ck_assert_str_eq(again_replay(&again), "1 superseded, account a superseded\n");
    ck_assert_str_eq(content(&again), "a|new|live|ok\n");
    ck_assert_str_eq(
        world_sql(&again.world, "SELECT received,filtered,superseded FROM batch WHERE run=3"),
        "1|1|1\n");
    again_end(&again);
}
END_TEST

/* A letter of the same run, after the object was listed whole on an earlier page, is newer. */
START_TEST(case_a_later_page_of_the_same_run_is_newer)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL,
        PAGES("[{'id':'a','old':'page 1'}]", "[{'id':'a','login':'page 2'}]",
            "[{'id':'b','login':'page 3'}]", "[{'id':'b','old':'page 4'}]"));
    again_declare(&again, WIDE);
    ck_assert_str_eq(
        again_replay(&again), "2 superseded, account b superseded\n1 taken, account a changed\n");
    ck_assert_str_eq(content(&again), "a|page 2|live|ok\nb|page 4|live|ok\n");
    again_end(&again);
}
END_TEST

START_TEST(case_a_failed_object_is_mended)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PROVEN, PAGES("[{'id':'a','old':'anna'}]"));
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PROVEN, PAGES("[{'id':'a','login':'anna'}]"));
    ck_assert_str_eq(content(&again), "a|anna|live|failed\n");
    again_declare(&again, WIDE);
    ck_assert_str_eq(again_replay(&again), "1 taken, account a changed\n"); /* its attributes */
    ck_assert_str_eq(content(&again), "a|anna|live|ok\n");
    again_end(&again);
}
END_TEST

/* ------------------------------------------------------------------ tombstones, filters ------- */

START_TEST(case_a_tombstone_deletes_what_is_older)
{
    struct again again;
    again_begin(&again, BLIND);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL,
        PAGES("[{'name':'a','id':'a','old':'anna'},{'name':'b','id':'b','old':'ben'}]"));
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL,
        PAGES("[{'id':'a','gone':true},{'id':'b','gone':true},{'id':'c','gone':true}]"));
    (void)again_pull(
        &again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'name':'b','id':'b','old':'ben'}]"));
    again_declare(&again, NARROW);
    const char *told = again_rehearse(&again);
    ck_assert_str_eq(again_replay(&again), told);
    ck_assert_str_eq(told, "3 taken, account c unchanged\n2 superseded, account b superseded\n"
                           "1 taken, account a deleted\n");
    ck_assert_str_eq(content(&again), "a|anna|deleted|ok\nb|ben|live|ok\n");
    ck_assert_str_eq(
        world_sql(&again.world, "SELECT evidence FROM account WHERE id='a'"), "tombstone\n");
    again_end(&again);
}
END_TEST

/* What a newer letter says of an object that nobody knows yet: gone, or left out on purpose. An
 * older one does not bring it back, in the same batch, a later one, or after a restart. */
static void newer_leaves_no_object(const char *newer, bool restart)
{
    struct again again;
    AUTO_BYTES page = {0};
    struct fault fault;
    again_begin(&again, BLIND);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'x','login':'xena'}]"));
    for (int i = 0; restart && i < 256; i++)
        ck_assert(bytes_format(&page, &fault, "%c{'id':'p%d','login':'l'}", i ? ',' : '[', i));
    if (restart) {
        ck_assert(bytes_append_char(&page, ']', &fault));
        (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES(page.data));
    }
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES(newer));
    again_declare(&again, WIDE);
    const char *told = again_rehearse(&again);
    ck_assert_msg(strstr(told, "\n1 superseded, account x superseded\n") != NULL, "%s", told);
    if (restart) {
        (void)again_replay_of(&again, false, 1, NULL, 0);
        world_reopen(&again.world);
    }
    (void)again_replay(&again);
    ck_assert_str_eq(world_sql(&again.world, "SELECT count(*) FROM account WHERE id='x'"), "0\n");
    again_end(&again);
}

START_TEST(case_an_older_letter_brings_nothing_back)
{
    newer_leaves_no_object("[{'id':'x','gone':true}]", false);
    newer_leaves_no_object("[{'id':'x','gone':true}]", true);
    newer_leaves_no_object("[{'id':'x','login':'l','robot':true}]", false);
    newer_leaves_no_object("[{'id':'x','login':'l','robot':true}]", true);
}
END_TEST

START_TEST(case_what_is_filtered_now_is_not_missing)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PROVEN, PAGES("[{'id':'a','old':'anna'}]"));
    (void)again_pull(
        &again, PEOPLE, NULL, PROOF_PROVEN, PAGES("[{'id':'a','bot':true,'login':'anna'}]"));
    again_declare(&again,
        "{'name':'people','request':{'path':'/p'},'filters':[{'reason':'robot','when':{'pointer':"
        "'/bot','value':'true'}}],'yields':[{'kind':'account','fields':[{'to':'id','from':'/"
        "id'}]}]}");
    ck_assert_str_eq(again_replay(&again), "1 taken, account a filtered\n");
    ck_assert_str_eq(content(&again), "a|anna|filtered|ok\n");
    again_end(&again);
}
END_TEST

/* ------------------------------------------------------------------ incarnations -------------- */

START_TEST(case_a_new_incarnation_takes_the_id)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(
        &again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','born':'1','old':'anna'}]"));
    (void)again_pull(
        &again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','born':'2','login':'abel'}]"));
    again_declare(&again, WIDE);
    ck_assert_str_eq(again_replay(&again), "1 taken, account a created\n");
    ck_assert_str_eq(accounts(&again), "a|1|deleted|anna|||failed\na|2|live|abel|||ok\n");
    again_end(&again);
}
END_TEST

START_TEST(case_an_old_incarnation_does_not_take_the_id_back)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(
        &again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','born':'1','login':'anna'}]"));
    (void)again_pull(
        &again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','born':'2','old':'abel'}]"));
    again_declare(&again, WIDE);
    ck_assert_str_eq(again_replay(&again), "1 superseded, account a superseded\n");
    ck_assert_str_eq(accounts(&again), "a|2|live|abel|||ok\n");
    again_end(&again);
}
END_TEST

/* ------------------------------------------------------------------ redaction ----------------- */

START_TEST(case_an_id_that_was_redacted_cannot_be_told)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL,
        PAGES("[{'id':'a','secret':'s3cret','login':'anna'}]"));
    again_declare(&again, CONNECTOR("/login", "/secret", "/x", "/y"));
    ck_assert_str_eq(again_replay(&again), "1 fails id_redacted\n");
    ck_assert_str_eq(accounts(&again), "");
    ck_assert_str_eq(letters(&again), "1|open||id_redacted\n");
    ck_assert_ptr_null(strstr(again_everything(&again), "s3cret"));
    again_declare(&again, WIDE);
    ck_assert_str_eq(again_replay(&again), "1 taken, account a created\n");
    again_end(&again);
}
END_TEST

/* ------------------------------------------------------------------ several streams ----------- */

START_TEST(case_a_shared_object_takes_the_replayed_scopes_part_alone)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','old':'anna'}]"));
    (void)again_pull(&again, OTHERS, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','old':'Anna'}]"));
    (void)again_pull(&again, OTHERS, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'Dr A'}]"));
    /* People list it anew after the others' letter; that is no news of what the others say. */
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','old':'ann'}]"));
    again_declare(&again, WIDE);
    ck_assert_str_eq(again_replay(&again), "1 taken, account a changed\n");
    ck_assert_str_eq(accounts(&again), "a||live|ann|Dr A||ok\n");
    again_end(&again);
}
END_TEST

START_TEST(case_a_shared_object_is_newer_by_the_scopes_own_listing)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','old':'anna'}]"));
    (void)again_pull(&again, OTHERS, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'Dr A'}]"));
    (void)again_pull(&again, OTHERS, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','old':'Prof A'}]"));
    again_declare(&again, WIDE);
    ck_assert_str_eq(again_replay(&again), "1 superseded, account a superseded\n");
    ck_assert_str_eq(accounts(&again), "a||live|anna|Prof A||ok\n");
    again_end(&again);
}
END_TEST

START_TEST(case_two_scopes_letters_make_one_object)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'anna'}]"));
    (void)again_pull(&again, OTHERS, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','login':'Dr A'}]"));
    again_declare(&again, WIDE);
    ck_assert_str_eq(
        again_replay(&again), "1 taken, account a created\n2 taken, account a changed\n");
    ck_assert_str_eq(accounts(&again), "a||live|anna|Dr A||ok\n");
    ck_assert_str_eq(
        world_sql(&again.world, "SELECT stream,what,changed FROM run WHERE what='replay'"),
        "people|replay|0\nothers|replay|1\n");
    again_end(&again);
}
END_TEST

START_TEST(case_an_enriching_stream_adds_to_what_is_there)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'a','old':'anna'}]"));
    (void)again_pull(&again, EXTRAS, NULL, PROOF_PARTIAL,
        PAGES("[{'id':'a','login':'E-1'},{'id':'z','login':'E-2'}]"));
    again_declare(&again, WIDE);
    ck_assert_str_eq(
        again_replay(&again), "2 taken, account z orphan\n1 taken, account a changed\n");
    ck_assert_str_eq(accounts(&again), "a||live|anna||E-1|ok\n");
    ck_assert_str_eq(
        world_sql(&again.world, "SELECT received,changed,filtered,orphans FROM batch WHERE run=3"),
        "2|1|1|1\n");
    again_end(&again);
}
END_TEST

START_TEST(case_letters_of_a_gone_parents_scope_are_over)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, TEAMS, NULL, PROOF_PROVEN, PAGES("[{'id':'t','name':'T','who':[]}]"));
    (void)again_pull(&again, CHILDREN, "t", PROOF_PARTIAL, PAGES("[{'id':'r','login':'R'}]"));
    again_declare(&again, WIDE);
    ck_assert_str_eq(again_rehearse(&again), "1 taken, role r created\n");
    (void)world_sql(&again.world, "UPDATE scopes SET closed=1 WHERE parent='t'");
    ck_assert_str_eq(again_replay(&again), "1 superseded\n");
    ck_assert_str_eq(
        world_sql(&again.world, "SELECT state,replay_run,closed_reason FROM dead_letter"),
        "superseded||the object that it belongs to is gone\n");
    again_end(&again);
}
END_TEST

/* ------------------------------------------------------------------ what a replay is not ------ */

/* It proves nothing, moves no bookmark, and takes nothing away. */
START_TEST(case_a_replay_concludes_nothing)
{
    struct again again;
    again_begin(&again, NARROW);
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PROVEN, PAGES("[{'id':'a','old':'anna'}]"));
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PARTIAL, PAGES("[{'id':'b','login':'ben'}]"));
    const char *before = world_sql(&again.world,
        "SELECT last_run,complete_as_of,proof,missing,deleted FROM verdict WHERE kind='account'");
    again_declare(&again, WIDE);
    ck_assert_str_eq(again_replay(&again), "1 taken, account b created\n");
    ck_assert_str_eq(world_sql(&again.world, "SELECT last_run,complete_as_of,proof,missing,deleted"
                                             " FROM verdict WHERE kind='account'"),
        before);
    ck_assert_str_eq(
        world_sql(&again.world, "SELECT proof,full FROM run WHERE what='replay'"), "none|0\n");
    /* The next whole listing that lacks it says so, as of any object. */
    (void)again_pull(&again, PEOPLE, NULL, PROOF_PROVEN, PAGES("[{'id':'a','login':'anna'}]"));
    ck_assert_str_eq(content(&again), "a|anna|live|ok\nb|ben|missing|ok\n");
    again_end(&again);
}
END_TEST

UNIT_MAIN("replay", case_what_maps_becomes_rows_books_and_a_run_of_its_own,
    case_again_there_is_nothing_to_do, case_a_damaged_letter_is_not_mapped,
    case_a_letter_that_does_not_exist_is_refused_before_anything_is_done,
    case_nothing_is_mapped_without_its_stream, case_many_go_in_batches_the_newest_first,
    case_a_rehearsal_writes_nothing_and_says_what_will_be,
    case_broken_off_between_batches_and_taken_up, case_letters_of_one_item_stay_together,
    case_the_newest_of_many_letters_of_one_object_counts,
    case_an_older_letter_replayed_first_yields_to_a_newer_one,
    case_letters_of_unread_ids_go_by_their_age, case_what_was_listed_since_stays,
    case_a_later_page_of_the_same_run_is_newer, case_a_failed_object_is_mended,
    case_a_tombstone_deletes_what_is_older, case_an_older_letter_brings_nothing_back,
    case_what_is_filtered_now_is_not_missing, case_a_new_incarnation_takes_the_id,
    case_an_old_incarnation_does_not_take_the_id_back, case_an_id_that_was_redacted_cannot_be_told,
    case_a_shared_object_takes_the_replayed_scopes_part_alone,
    case_a_shared_object_is_newer_by_the_scopes_own_listing,
    case_two_scopes_letters_make_one_object, case_an_enriching_stream_adds_to_what_is_there,
    case_letters_of_a_gone_parents_scope_are_over, case_a_replay_concludes_nothing)
