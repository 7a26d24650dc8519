/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds of several streams and scopes: whose trouble is whose, what a login does, and what is kept
 * through a restart. */
#include "driver.h"

#define GROUPS                                                                         \
    "{'name':'groups','request':{'path':'/groups'},'items':'/items','paging':" CURSOR( \
        "," TOTAL) ",'yields':[{'kind':'group','fields':[{'to':'id','from':'/id'}]}]}"
#define MEMBERS                                                                           \
    "{'name':'members','request':{'path':'/members/{parent.id}'},'items':'/"              \
    "items','paging':" CURSOR(                                                            \
        "," TOTAL) ",'parent':{'stream':'groups','fields':[{'name':'id','from':'/id'}]}," \
                   "'yields':[{'kind':'account','fields':[{'to':'id','from':'/id'}]}]}"
#define EIGHT_GROUPS                                                                   \
    {                                                                                  \
        .when = "/groups",                                                             \
        .body = "{'total':8,'items':[" ITEM("1") "," ITEM("2") "," ITEM("3") "," ITEM( \
            "4") "," ITEM("5") "," ITEM("6") "," ITEM("7") "," ITEM("8") "]}"          \
    }
#define ONE_MEMBER                                                        \
    {                                                                     \
        .when = "/members", .body = "{'total':1,'items':[" ITEM("u") "]}" \
    }
#define OAUTH                                                                                  \
    "'auth':{'scheme':'client_credentials','token_url':'https://api.example.com/token',"       \
    "'username_parameter':'client','secret_parameter':'key'},'parameters':[{'name':'client','" \
    "required':true,"                                                                          \
    "'default_value':'x'},{'name':'key','secret':true,'required':true}],"
#define TOKEN                                                                  \
    {                                                                          \
        .when = "/token", .body = "{'access_token':'t','token_type':'bearer'}" \
    }

START_TEST(one_parents_403_is_that_scopes_alone)
{
    static const struct answer answers[] = {
        {.when = "/members/5", .status = 403, .body = "{}"}, EIGHT_GROUPS, ONE_MEMBER};
    struct driver driver;
    driver_begin(&driver, "", GROUPS "," MEMBERS, ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    int partial = 0, proven = 0;
    for (size_t i = 0; i < driver.scope_count; i++) {
        partial += driver.scopes[i].proof == PROOF_PARTIAL;
        proven += driver.scopes[i].proof == PROOF_PROVEN;
    }
    ck_assert_int_eq(partial, 1);
    ck_assert_int_eq(proven, 8);
    const struct run_summary *members = driver_summary(&driver, "members");
    ck_assert_int_eq(members->proof, PROOF_PARTIAL);
    ck_assert_int_eq(members->scopes, 8);
    /* A reason that begins so closes the whole stream (store), which one parent cannot. */
    ck_assert_msg(
        strstr(members->reason, "not permitted") > members->reason, "%s", members->reason);
    ck_assert_int_eq(driver_summary(&driver, "groups")->proof, PROOF_PROVEN);
    driver_end(&driver);
}
END_TEST

START_TEST(a_parent_that_is_partial_makes_its_child_so)
{
    static const struct answer answers[] = {
        {.when = "/groups", .body = "{'total':9,'items':[" ITEM("1") "]}"}, ONE_MEMBER};
    struct driver driver;
    driver_begin(&driver, "", GROUPS "," MEMBERS, ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    const struct run_summary *members = driver_summary(&driver, "members");
    ck_assert_int_eq(members->proof, PROOF_PARTIAL);
    ck_assert_msg(
        strstr(members->reason, "parent stream groups is partial") != NULL, "%s", members->reason);
    driver_end(&driver);
}
END_TEST

/* It is there, but nothing of it could be kept: nobody knows what its children are. */
START_TEST(a_parent_that_is_dead_bars_a_proof_of_children)
{
    static const struct answer answers[] = {
        {.when = "/groups", .body = "{'total':2,'items':[" ITEM("1") ",{'id':'2','x':1,'x':2}]}"},
        ONE_MEMBER};
    struct driver driver;
    driver_begin(&driver, "", GROUPS "," MEMBERS, ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver_summary(&driver, "groups")->proof, PROOF_PROVEN);
    const struct run_summary *members = driver_summary(&driver, "members");
    ck_assert_int_eq(members->proof, PROOF_ASSERTED);
    ck_assert_msg(strstr(members->reason, "dead letters") != NULL, "%s", members->reason);
    driver_end(&driver);
}
END_TEST

/* Every kind of job fails: the round ends, each run with a reason. */
START_TEST(no_kind_of_job_can_hang_a_round)
{
    static const struct answer answers[] = {EIGHT_GROUPS, ONE_MEMBER};
    for (int kind = JOB_ROUND_OPEN; kind <= JOB_ROUND_END; kind++) {
        struct driver driver;
        driver_begin(&driver, "", GROUPS "," MEMBERS, ANSWERS(answers));
        driver_join(&driver);
        driver.fail_kind = kind;
        driver_start(&driver);
        driver_finish(&driver);
        bool used = kind != JOB_SCOPE_RESTART && kind != JOB_SUSPECTS && kind != JOB_EVIDENCE;
        ck_assert_msg(
            (driver.proof == PROOF_PARTIAL) == used, "kind %d: %s", kind, proof_name(driver.proof));
        ck_assert_int_eq(driver.failed, kind == JOB_ROUND_OPEN || kind == JOB_ROUND_END);
        if (driver.failed)
            ck_assert_msg(strstr(driver.reason, "the disk is full") != NULL, "%s", driver.reason);
        for (size_t i = 0; i < driver.summary_count; i++)
            if (driver.summaries[i].proof == PROOF_PARTIAL)
                ck_assert_msg(strstr(driver.summaries[i].reason, "the disk is full") ||
                                  strstr(driver.summaries[i].reason, "parent stream"),
                    "kind %d: \"%s\"", kind, driver.summaries[i].reason);
        driver_end(&driver);
    }
}
END_TEST

START_TEST(a_round_with_children_survives_a_crash_anywhere)
{
    static const struct answer answers[] = {
        {.when = "/members/5", .status = 403, .body = "{}"}, EIGHT_GROUPS, ONE_MEMBER};
    for (int crash = 1;; crash += 3) {
        struct driver driver;
        driver_begin(&driver, "", GROUPS "," MEMBERS, ANSWERS(answers));
        driver_join(&driver);
        driver_start(&driver);
        for (int step = 0; step < crash && !driver.over; step++)
            ck_assert(driver_step(&driver));
        bool over = driver.over;
        if (!over) {
            driver_crash(&driver);
            driver_start(&driver);
            driver_finish(&driver);
        }
        ck_assert_int_eq(driver.runs[0].proof, PROOF_PROVEN);
        ck_assert_int_eq(driver.runs[1].proof, PROOF_PARTIAL);
        ck_assert_msg(strstr(driver.runs[1].reason, "not permitted") != NULL, "%d: %s", crash,
            driver.runs[1].reason);
        ck_assert_uint_eq(driver.scope_count, 9);
        driver_end(&driver);
        if (over)
            break;
    }
}
END_TEST

START_TEST(a_round_with_children_drains_anywhere)
{
    static const struct answer answers[] = {EIGHT_GROUPS, ONE_MEMBER};
    for (int stop = 0;; stop += 3) {
        struct driver driver;
        driver_begin(&driver, "", GROUPS "," MEMBERS, ANSWERS(answers));
        driver_join(&driver);
        driver_start(&driver);
        for (int step = 0; step < stop && !driver.over; step++)
            ck_assert(driver_step(&driver));
        bool over = driver.over;
        if (!over) {
            driver_feed(&driver, (struct event){.kind = EVENT_STOP});
            driver_finish(&driver);
            ck_assert(!driver.failed);
            driver_crash(&driver);
            driver_start(&driver);
            driver_finish(&driver);
        }
        ck_assert_int_eq(driver.runs[0].proof, PROOF_PROVEN);
        ck_assert_int_eq(driver.runs[1].proof, PROOF_PROVEN);
        driver_end(&driver);
        if (over)
            break;
    }
}
END_TEST

/* ------------------------------------------------------------------ a listing begun anew */

/* What was dead and without an id in the listing thrown away says nothing about the one that
 * counts. */
START_TEST(a_crash_in_the_second_pass_forgets_the_first)
{
    static const struct answer answers[] = {
        {.when = "/users",
            .times = 1,
            .body = "{'total':9,'items':[" ITEM("1") ",{'id':null},{'id':'1','name':'z'}]}"},
        {.when = "cursor=b", .body = "{'total':2,'items':[" ITEM("2") "]}"},
        {.when = "/users", .body = "{'total':2,'items':[" ITEM("1") "],'next':'b'}"}};
    for (int crash = 0;; crash++) {
        struct driver driver;
        driver_begin(&driver, "", USERS(CURSOR("," TOTAL)), ANSWERS(answers));
        driver_join(&driver);
        driver_start(&driver);
        DRIVER_UNTIL(&driver, driver.scope_count == 1 && driver.scopes[0].restarts == 1);
        for (int step = 0; step < crash && !driver.over; step++)
            ck_assert(driver_step(&driver));
        bool over = driver.over;
        if (!over) {
            driver_crash(&driver);
            driver_start(&driver);
            driver_finish(&driver);
        }
        ck_assert_msg(driver.runs[0].proof == PROOF_PROVEN, "%d: %s", crash, driver.runs[0].reason);
        ck_assert_int_eq(driver.scopes[0].restarts, 1);
        driver_end(&driver);
        if (over)
            break;
    }
}
END_TEST

/* A commit that fails while a listing waits to begin anew: the scope ends with that reason, and
 * nothing is thrown away. */
START_TEST(a_failure_before_a_restart_keeps_its_reason)
{
    static const struct answer answers[] = {{.when = "cursor=b", .status = 410, .body = "{}"},
        {.when = "/users", .body = "{'items':[" ITEM("1") "],'next':'b'}"}};
    struct driver driver;
    driver_begin(&driver, "", USERS(CURSOR("")), ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.requests == 1);
    driver.held[WAIT_JOB] = true;
    while (driver_step(&driver))
        ;
    ck_assert_int_eq(driver.requests, 2);
    driver.held[WAIT_JOB] = false;
    driver.fail_kind = JOB_COMMIT;
    driver_finish(&driver);
    ck_assert_msg(
        strstr(driver.runs[0].reason, "the disk is full") != NULL, "\"%s\"", driver.runs[0].reason);
    ck_assert_int_eq(driver.scopes[0].restarts, 0);
    driver_end(&driver);
}
END_TEST

/* The store is slow: pages are asked for a window ahead of their commits and no further, and go on
 * when those come back. */
START_TEST(the_window_bounds_what_is_ahead_of_the_store)
{
    static const struct answer answers[] = {{.when = "page=9", .body = "{'items':[]}"},
        {.when = "page=8", .body = "{'items':[" ITEM("8") "]}"},
        {.when = "page=7", .body = "{'items':[" ITEM("7") "]}"},
        {.when = "page=6", .body = "{'items':[" ITEM("6") "]}"},
        {.when = "page=5", .body = "{'items':[" ITEM("5") "]}"},
        {.when = "page=4", .body = "{'items':[" ITEM("4") "]}"},
        {.when = "page=3", .body = "{'items':[" ITEM("3") "]}"},
        {.when = "page=2", .body = "{'items':[" ITEM("2") "]}"},
        {.when = "page=1", .body = "{'items':[" ITEM("1") "]}"}};
    static const int64_t shares[] = {16 << 20, 1};
    for (size_t i = 0; i < 2; i++) {
        struct driver driver;
        driver_begin(&driver, "", USERS("{'kind':'number','ends':['empty_page'],'start':1}"),
            ANSWERS(answers));
        driver.settings.policy.queue_bytes_most = shares[i];
        driver.settings.policy.window_pages = 4;
        driver_join(&driver);
        driver_start(&driver);
        DRIVER_UNTIL(&driver, driver.requests == 1);
        driver.held[WAIT_JOB] = true;
        while (driver_step(&driver))
            ;
        /* With no memory for more than one page, one is all there is. */
        ck_assert_int_eq(driver.requests, i == 0 ? driver.settings.policy.window_pages : 1);
        driver.held[WAIT_JOB] = false;
        driver_finish(&driver);
        ck_assert_int_eq(driver.requests, 9);
        ck_assert_int_eq(driver.proof, PROOF_ASSERTED);
        driver_end(&driver);
    }
}
END_TEST

/* A page that was read takes the memory of what it was decoded to, though nobody has mapped it. */
START_TEST(a_page_that_was_read_counts_as_decoded)
{
    static const struct answer answers[] = {{.when = "page=3", .body = "{'items':[]}"},
        {.when = "page=2", .body = "{'items':[" ITEM("2") "]}"},
        {.when = "page=1", .body = DRIVER_BLANK_512 "{'items':[" ITEM("1") "]}", .deflated = true}};
    struct driver driver;
    driver_begin(
        &driver, "", USERS("{'kind':'number','ends':['empty_page'],'start':1}"), ANSWERS(answers));
    driver.settings.policy.queue_bytes_most = 512;
    driver_join(&driver);
    driver_start(&driver);
    driver.held[WAIT_DIGESTED] = true;
    while (driver_step(&driver))
        ;
    ck_assert_int_eq(driver.requests, 1);
    driver.held[WAIT_DIGESTED] = false;
    driver_finish(&driver);
    ck_assert_int_eq(driver.requests, 3);
    driver_end(&driver);
}
END_TEST

/* ------------------------------------------------------------------ login */

/* Several requests with the same token are refused: it is renewed once, whoever asks first (fault
 * 40). */
START_TEST(a_token_is_renewed_once_for_all)
{
    static const struct answer answers[] = {TOKEN, EIGHT_GROUPS,
        {.when = "/members", .times = 2, .status = 401, .body = "{}"}, ONE_MEMBER};
    struct driver driver;
    driver_begin(&driver, OAUTH, GROUPS "," MEMBERS, ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.served[2] == 2); /* two are under way, both with the first token */
    ck_assert_int_eq(driver.served[0], 1);
    /* The first is refused and its renewal comes back before the second is refused. */
    struct waiting *second = NULL, *kept;
    for (struct waiting *at = driver.first; at; at = at->next)
        if (at->kind == WAIT_RESPONSE)
            second = at;
    ck_assert(second && second->response->status == 401);
    kept = memory_allocate(sizeof *kept);
    *kept = *second;
    second->response = NULL;
    second->kind = WAIT_JOB; /* taken out of the list below */
    struct waiting **at = &driver.first, *before = NULL;
    while (*at != second) {
        before = *at;
        at = &(*at)->next;
    }
    *at = second->next;
    if (driver.last == second)
        driver.last = before;
    memory_free(second);
    DRIVER_UNTIL(&driver, driver.served[0] == 2 && driver.served[3] >= 1);
    kept->next = NULL;
    if (driver.last)
        driver.last->next = kept;
    else
        driver.first = kept;
    driver.last = kept;
    driver_finish(&driver);
    ck_assert_int_eq(driver.served[0], 2);
    ck_assert_int_eq(driver.proof, PROOF_PROVEN);
    driver_end(&driver);
}
END_TEST

START_TEST(a_refused_login_fails_the_round_and_sends_nothing_more)
{
    static const struct answer answers[] = {
        {.when = "/token", .status = 401, .body = "{'error':'invalid_client'}"}, EIGHT_GROUPS,
        ONE_MEMBER};
    struct driver driver;
    driver_begin(&driver, OAUTH, GROUPS "," MEMBERS, ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert(driver.failed);
    ck_assert_int_eq(driver.requests, 1);
    ck_assert_msg(strstr(driver.reason, "no access token") != NULL, "%s", driver.reason);
    for (size_t i = 0; i < driver.summary_count; i++)
        ck_assert_msg(strstr(driver.summaries[i].reason, "no access token") != NULL, "%s",
            driver.summaries[i].reason);
    driver_end(&driver);
}
END_TEST

/* The round ends while a renewal waits to be tried again: nobody is left to hear of it. */
START_TEST(a_round_may_end_while_its_login_waits)
{
    static const struct answer answers[] = {
        {.when = "/token", .times = 1, .body = "{'access_token':'t','expires_in':1}"},
        {.when = "/token", .status = 503, .header = "Retry-After", .value = "5", .body = "{}"},
        {.when = "/users", .body = "{'items':[" ITEM("1") "],'next':'b'}"}};
    struct driver driver;
    driver_begin(&driver, OAUTH, USERS(CURSOR("")), ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.served[2] == 1);
    driver.now_ms += 1100; /* the token is stale when the page is taken */
    driver.held[WAIT_JOB] = true;
    DRIVER_UNTIL(&driver, driver.served[1] == 1 && driver.retries == 1);
    driver.held[WAIT_JOB] = false;
    driver.fail_kind = JOB_COMMIT;               /* the scope ends for another reason */
    DRIVER_UNTIL(&driver, driver.runs[0].ended); /* the end of the round is asked for, not done */
    driver.held[WAIT_JOB] = true;
    driver.now_ms += 60000;
    while (driver_step(&driver)) /* the renewal's time comes first */
        ;
    driver.held[WAIT_JOB] = false;
    DRIVER_UNTIL(&driver, driver.over && !driver.first);
    while (driver_step(&driver))
        ;
    ck_assert_int_eq(driver.served[1], 1);
    ck_assert_uint_eq(engine_rounds(driver.engine), 0);
    driver_end(&driver);
}
END_TEST

/* A token endpoint that stumbles while the host drains is no failure of the connection. */
START_TEST(a_drain_is_no_failed_login)
{
    static const struct answer answers[] = {{.when = "/token", .status = 503, .body = "{}"}};
    struct driver driver;
    driver_begin(&driver, OAUTH, USERS(CURSOR("")), ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.requests == 1);
    driver_feed(&driver, (struct event){.kind = EVENT_STOP});
    driver_finish(&driver);
    ck_assert(driver.interrupted);
    ck_assert_msg(!driver.failed, "%s", driver.reason);
    driver_end(&driver);
}
END_TEST

/* Who answers twice, or late, is not heard: by tickets of no place, of another time, of nobody. */
START_TEST(an_answer_that_nobody_waits_for_changes_nothing)
{
    static const struct answer answers[] = {EIGHT_GROUPS};
    static const uint64_t tickets[] = {
        UINT64_C(1) << 32 | 0xFFFFFFFF, UINT64_C(99) << 32, UINT64_C(1) << 32 | 31};
    const struct page page = {.end = PAGE_GOES_ON};
    struct driver driver;
    driver_begin(&driver, "", GROUPS, ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.requests == 1);
    for (size_t i = 0; i < sizeof tickets / sizeof tickets[0]; i++) {
        struct response *response = memory_allocate(sizeof *response);
        driver_feed(&driver,
            (struct event){.kind = EVENT_RESPONSE, .ticket = tickets[i], .response = response});
        driver_feed(
            &driver, (struct event){.kind = EVENT_PAGED, .ticket = tickets[i], .page = &page});
        driver_feed(&driver, (struct event){.kind = EVENT_DIGESTED, .ticket = tickets[i]});
        ck_assert_int_eq(driver.requests, 1);
    }
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_PROVEN);
    ck_assert_int_eq(driver.requests, 1);
    driver_end(&driver);
}
END_TEST

/* What the operator did not select is neither read nor told of, and takes nothing from the proof:
 * not as it ends, not where it is interrupted, and not when it is taken up again. */
START_TEST(a_stream_that_is_not_selected_is_left_alone)
{
    static const struct answer answers[] = {EIGHT_GROUPS};
    static const char *groups_only[] = {"groups", NULL};
    for (int crash = 0; crash < 3; crash++) {
        struct driver driver;
        driver_begin(&driver, "", GROUPS "," MEMBERS, ANSWERS(answers));
        driver.connection_settings.streams = groups_only;
        driver.connection_settings.stream_count = 1;
        driver_join(&driver);
        driver_start(&driver);
        if (crash == 1) {
            DRIVER_UNTIL(&driver, driver.runs[0].ended);
            driver_crash(&driver);
            driver_start(&driver);
        } else if (crash == 2) {
            DRIVER_UNTIL(&driver, driver.requests == 1);
            driver_feed(&driver, (struct event){.kind = EVENT_STOP});
        }
        driver_finish(&driver);
        ck_assert_int_eq(driver.interrupted, crash == 2);
        ck_assert_int_eq(driver.proof, crash == 2 ? PROOF_PARTIAL : PROOF_PROVEN);
        for (size_t i = 0; i < driver.summary_count; i++)
            ck_assert_str_eq(driver.summaries[i].stream, "groups");
        ck_assert(!driver.runs[1].begun);
        driver_end(&driver);
    }
}
END_TEST

START_TEST(a_second_round_of_the_same_name_is_refused)
{
    static const struct answer answers[] = {EIGHT_GROUPS};
    struct driver driver;
    driver_begin(&driver, "", GROUPS, ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    driver_feed(&driver, (struct event){.kind = EVENT_START, .connection = driver.connection});
    ck_assert(driver.over && driver.failed);
    driver.over = false;
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_PROVEN);
    driver_end(&driver);
}
END_TEST

/* A round whose end was not written down has nothing left to do: it is closed, and the one that was
 * asked for begins. */
START_TEST(a_round_with_nothing_left_gives_way_to_a_new_one)
{
    static const struct answer answers[] = {EIGHT_GROUPS};
    struct driver driver;
    driver_begin(&driver, "", GROUPS, ANSWERS(answers));
    driver_join(&driver);
    driver.fail_kind = JOB_ROUND_END;
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert(driver.failed && driver.round_open);
    driver_start(&driver); /* still failing: it must not go round for ever */
    driver_finish(&driver);
    ck_assert(driver.failed && driver.summary_count == 0);
    driver.fail_kind = -1;
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert(!driver.failed);
    ck_assert_int_eq(driver.rounds, 2);
    ck_assert_int_eq(driver_summary(&driver, "groups")->proof, PROOF_PROVEN);
    driver_end(&driver);
}
END_TEST

/* No memory to send: as any request that failed on the way, it is tried again. */
START_TEST(a_request_that_nobody_could_send_is_sent_again)
{
    static const struct answer answers[] = {TOKEN, EIGHT_GROUPS, ONE_MEMBER};
    static const char *const logins[] = {OAUTH, ""}; /* the token's request, that of a page */
    for (size_t i = 0; i < 2; i++) {
        struct driver driver;
        driver_begin(&driver, logins[i], GROUPS "," MEMBERS, ANSWERS(answers));
        driver_join(&driver);
        driver.declined_sends = 3;
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_int_eq(driver.declined_sends, 0);
        ck_assert_int_eq(driver.retries, 3);
        ck_assert_int_eq(driver.proof, PROOF_PROVEN);
        driver_end(&driver);
    }
}
END_TEST

START_TEST(a_page_that_nobody_could_digest_is_its_scopes_trouble)
{
    static const struct answer answers[] = {EIGHT_GROUPS, ONE_MEMBER};
    struct driver driver;
    driver_begin(&driver, "", GROUPS "," MEMBERS, ANSWERS(answers));
    driver_join(&driver);
    driver.declined_digests = 1;
    driver_start(&driver);
    driver_finish(&driver);
    const struct run_summary *groups = driver_summary(&driver, "groups");
    ck_assert_int_eq(groups->proof, PROOF_PARTIAL);
    ck_assert_msg(strstr(groups->reason, "page 1: out of memory"), "%s", groups->reason);
    ck_assert(!driver.failed);
    driver_start(&driver); /* frees the round before: its places must all be back */
    driver_finish(&driver);
    driver_end(&driver);
}
END_TEST

UNIT_MAIN("round", an_answer_that_nobody_waits_for_changes_nothing,
    a_stream_that_is_not_selected_is_left_alone, a_request_that_nobody_could_send_is_sent_again,
    a_page_that_nobody_could_digest_is_its_scopes_trouble, one_parents_403_is_that_scopes_alone,
    the_window_bounds_what_is_ahead_of_the_store, a_page_that_was_read_counts_as_decoded,
    a_parent_that_is_partial_makes_its_child_so, a_parent_that_is_dead_bars_a_proof_of_children,
    no_kind_of_job_can_hang_a_round, a_round_with_children_survives_a_crash_anywhere,
    a_round_with_children_drains_anywhere, a_crash_in_the_second_pass_forgets_the_first,
    a_failure_before_a_restart_keeps_its_reason, a_token_is_renewed_once_for_all,
    a_refused_login_fails_the_round_and_sends_nothing_more, a_round_may_end_while_its_login_waits,
    a_drain_is_no_failed_login, a_second_round_of_the_same_name_is_refused,
    a_round_with_nothing_left_gives_way_to_a_new_one)
