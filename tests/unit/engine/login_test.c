/* SPDX-License-Identifier: Apache-2.0 */
/* OAuth logins: one renewal at a time, what is rotated is durable before it is used, and what is
 * refused for good is not tried again and again. */
#include "driver.h"

#define CLIENT                                                                          \
    "'parameters':[{'name':'key','secret':true,'required':true},"                       \
    "{'name':'client','default_value':'robot'}],'auth':{'username_parameter':'client'," \
    "'token_url':'{base_url}/token',"
#define REFRESH_OPEN CLIENT "'scheme':'refresh_token','refresh_token_parameter':'key'"
#define REFRESH      REFRESH_OPEN "},"
#define CREDENTIALS  CLIENT "'scheme':'client_credentials','secret_parameter':'key'},"
#define TWO_PAGES    USERS(CURSOR(""))
#define PAGES                                                            \
    {.when = "cursor=b", .body = "{'items':[" ITEM("2") "]}"},           \
    {                                                                    \
        .when = "/users", .body = "{'items':[" ITEM("1") "],'next':'b'}" \
    }
#define ROTATES(token, refresh) "{'access_token':'" token "','refresh_token':'" refresh "'}"

static void begin(
    struct driver *driver, const char *members, const struct answer *answers, size_t count)
{
    driver_begin(driver, members, TWO_PAGES, answers, count);
    driver_join(driver);
}

static int times_sent(const struct driver *driver, const char *what)
{
    int times = 0;
    for (const char *at = driver->sent; (at = strstr(at, what)) != NULL; at += strlen(what))
        times++;
    return times;
}

START_TEST(a_rotated_token_is_durable_before_the_access_token_is_used)
{
    static const struct answer answers[] = {
        {.when = "/token", .body = ROTATES("a1", "r1"), .times = 1},
        {.when = "/token", .body = ROTATES("a2", "r2")}, PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(answers));
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert(!driver.failed);
    ck_assert_int_eq(driver.loads, 1);
    ck_assert_int_eq(driver.saves, 1);
    ck_assert_int_eq(driver.requests_at_save, 1); /* the token's own */
    ck_assert_str_eq(driver.kept_token, "r1");
    ck_assert_int_eq(times_sent(&driver, "refresh_token=s3cret"), 1);
    driver_start(&driver); /* the next round goes on with what was kept */
    driver_finish(&driver);
    ck_assert(!driver.failed);
    ck_assert_int_eq(times_sent(&driver, "refresh_token=r1"), 1);
    ck_assert_str_eq(driver.kept_token, "r2");
    driver_end(&driver);
}
END_TEST

START_TEST(a_token_that_stays_is_not_saved)
{
    static const struct answer same[] = {{.when = "/token", .body = ROTATES("a", "s3cret")}, PAGES};
    static const struct answer none[] = {{.when = "/token", .body = "{'access_token':'a'}"}, PAGES};
    static const struct answer unasked[] = {{.when = "/token", .body = ROTATES("a", "r1")}, PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(same));
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert(!driver.failed && driver.saves == 0);
    driver_end(&driver);
    begin(&driver, REFRESH, ANSWERS(none));
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert(!driver.failed && driver.saves == 0);
    driver_end(&driver);
    begin(&driver, CREDENTIALS, ANSWERS(unasked)); /* RFC 6749 section 4.4.3: should not be there */
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert(!driver.failed && driver.saves == 0 && driver.loads == 0);
    driver_end(&driver);
}
END_TEST

/* Fault 39: what the server gave is lost; the old token is denied, and that is said. */
START_TEST(a_crash_before_the_save_is_told)
{
    static const struct answer answers[] = {
        {.when = "/token", .body = ROTATES("a1", "r1"), .times = 1},
        {.when = "/token", .status = 400, .body = "{'error':'invalid_grant'}"}, PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(answers));
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.served[0] == 1); /* asked */
    driver_crash(&driver);
    ck_assert_int_eq(driver.saves, 0);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert(driver.failed && driver.denied);
    ck_assert_msg(
        strstr(driver.reason, "sign in to the application anew") != NULL, "%s", driver.reason);
    ck_assert_int_eq(times_sent(&driver, "refresh_token=s3cret"), 2);
    driver_end(&driver);
}
END_TEST

/* Fault 118: the save is done but nobody heard of it. */
START_TEST(a_crash_after_the_save_goes_on_with_it)
{
    static const struct answer answers[] = {
        {.when = "/token", .body = ROTATES("a1", "r1"), .times = 1},
        {.when = "/token", .body = ROTATES("a2", "r2")}, PAGES};
    for (int steps = 0; steps < 4; steps++) {
        struct driver driver;
        begin(&driver, REFRESH, ANSWERS(answers));
        driver_start(&driver);
        DRIVER_UNTIL(&driver, driver.saves == 1);
        for (int i = 0; i < steps; i++)
            ck_assert(driver_step(&driver));
        driver_crash(&driver);
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_msg(!driver.failed, "%s", driver.reason);
        ck_assert_int_eq(times_sent(&driver, "refresh_token=r1"), 1);
        driver_end(&driver);
    }
}
END_TEST

/* Draining waits for an answer that may have a token in it, and for its save. */
START_TEST(a_drain_waits_for_the_token)
{
    static const struct answer answers[] = {{.when = "/token", .body = ROTATES("a1", "r1")}, PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(answers));
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.served[0] == 1);
    driver_feed(&driver, (struct event){.kind = EVENT_STOP});
    ck_assert(!driver.over);
    driver_finish(&driver);
    ck_assert(driver.interrupted && !driver.failed);
    ck_assert_str_eq(driver.kept_token, "r1");
    ck_assert_int_eq(driver.requests, 1);
    driver_end(&driver);
}
END_TEST

START_TEST(a_drain_waits_for_the_save)
{
    static const struct answer answers[] = {{.when = "/token", .body = ROTATES("a1", "r1")}, PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(answers));
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.served[0] == 1);
    driver.held[WAIT_JOB] = true;
    ck_assert(driver_step(&driver)); /* the answer is there, and the save is under way */
    driver_feed(&driver, (struct event){.kind = EVENT_STOP});
    ck_assert(!driver.over);
    driver.held[WAIT_JOB] = false;
    driver_finish(&driver);
    ck_assert(driver.interrupted);
    ck_assert_str_eq(driver.kept_token, "r1");
    driver_end(&driver);
}
END_TEST

START_TEST(a_drain_before_the_renewal_sends_none)
{
    static const struct answer answers[] = {{.when = "/token", .status = 503, .body = "{}"}, PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(answers));
    driver_start(&driver); /* the kept token is asked for, which comes back after the drain began */
    DRIVER_UNTIL(
        &driver, driver.first && driver.first->job && driver.first->job->kind == JOB_TOKEN_LOAD);
    driver_feed(&driver, (struct event){.kind = EVENT_STOP});
    driver_finish(&driver);
    ck_assert(driver.interrupted && !driver.failed);
    ck_assert_int_eq(driver.loads, 1);
    ck_assert_int_eq(driver.requests, 0);
    driver_end(&driver);
}
END_TEST

START_TEST(a_drain_waits_for_a_save_that_is_tried_again)
{
    static const struct answer answers[] = {{.when = "/token", .body = ROTATES("a1", "r1")}, PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(answers));
    driver.fail_kind = JOB_TOKEN_SAVE;
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.retries == 1);
    driver_feed(&driver, (struct event){.kind = EVENT_STOP});
    ck_assert(!driver.over); /* the token would be lost */
    driver.fail_kind = -1;
    driver_finish(&driver);
    ck_assert(driver.interrupted && !driver.failed);
    ck_assert_str_eq(driver.kept_token, "r1");
    ck_assert_int_eq(driver.requests, 1);
    driver_end(&driver);
}
END_TEST

/* No seal key will be right by itself. */
START_TEST(a_token_that_cannot_be_sealed_is_not_tried_again)
{
    static const struct answer answers[] = {{.when = "/token", .body = ROTATES("a1", "r1")}, PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(answers));
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.loads == 1);
    driver.wrong_seal_key = true;
    driver_finish(&driver);
    ck_assert(driver.failed && driver.denied);
    ck_assert_int_eq(driver.retries, 0);
    ck_assert_msg(strstr(driver.reason, "could not be kept") != NULL, "%s", driver.reason);
    driver_end(&driver);
}
END_TEST

START_TEST(a_save_that_fails_is_tried_again)
{
    static const struct answer answers[] = {{.when = "/token", .body = ROTATES("a1", "r1")}, PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(answers));
    driver.fail_kind = JOB_TOKEN_SAVE;
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.retries == 2);
    driver.fail_kind = -1;
    driver_finish(&driver);
    ck_assert_msg(!driver.failed, "%s", driver.reason);
    ck_assert_str_eq(driver.kept_token, "r1");
    ck_assert_int_eq(times_sent(&driver, "refresh_token="), 1);
    driver_end(&driver);
    begin(&driver, REFRESH, ANSWERS(answers));
    driver.fail_kind = JOB_TOKEN_SAVE;
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert(driver.failed && driver.denied);
    ck_assert_msg(strstr(driver.reason, "could not be kept") != NULL, "%s", driver.reason);
    ck_assert_int_eq(driver.requests, 1); /* the access token was never used */
    driver_end(&driver);
}
END_TEST

START_TEST(a_kept_token_that_does_not_open_stops_the_connection)
{
    static const struct answer answers[] = {PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(answers));
    driver.wrong_seal_key = true;
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert(driver.failed && driver.denied);
    ck_assert_int_eq(driver.requests, 0);
    ck_assert_int_eq(driver.saves, 0);
    driver_end(&driver);
}
END_TEST

START_TEST(what_is_refused_for_good_is_asked_once)
{
    static const struct {
        int status;
        const char *body, *word;
    } rows[] = {
        {400, "{'error':'invalid_grant','error_description':'token s3cret is void'}", "invalid_gr"},
        {401, "{'error':'invalid_client'}", "invalid_client"},
        {200, "{'error':'invalid_grant'}", "invalid_grant"},
        {400, "{'error':'invalid_scope'}", "invalid_scope"},
        {403, "{}", "forbidden"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer answers[] = {
            {.when = "/token", .status = rows[i].status, .body = rows[i].body}, PAGES};
        struct driver driver;
        begin(&driver, REFRESH, ANSWERS(answers));
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert(driver.failed && driver.denied);
        ck_assert_int_eq(driver.requests, 1);
        ck_assert_msg(strstr(driver.reason, rows[i].word) != NULL, "%s", driver.reason);
        ck_assert_msg(strstr(driver.reason, "s3cret") == NULL, "%s", driver.reason);
        ck_assert_str_eq(driver_summary(&driver, "users")->reason, driver.reason);
        driver_end(&driver);
    }
}
END_TEST

START_TEST(what_passes_is_waited_for)
{
    static const struct answer answers[] = {
        {.when = "/token", .status = 429, .header = "Retry-After", .value = "7", .times = 2},
        {.when = "/token", .status = 503, .times = 1},
        {.when = "/token", .exchange = EXCHANGE_RECEIVE, .times = 1},
        {.when = "/token", .body = ROTATES("a1", "r1")}, PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(answers));
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_msg(!driver.failed, "%s", driver.reason);
    ck_assert_int_eq(driver.retries, 4);
    ck_assert_int_ge(driver.now_ms, 14000);
    driver_end(&driver);
}
END_TEST

START_TEST(a_request_that_is_not_sent_is_tried_again)
{
    static const struct answer answers[] = {{.when = "/token", .body = ROTATES("a1", "r1")}, PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(answers));
    driver.declined_sends = 2;
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_msg(!driver.failed, "%s", driver.reason);
    ck_assert_str_eq(driver.kept_token, "r1");
    driver_end(&driver);
}
END_TEST

START_TEST(an_unanswered_renewal_is_told_of)
{
    static const struct {
        enum exchange exchange;
        bool told; /* what was not sent cannot have been carried out */
    } rows[] = {{EXCHANGE_TIMEOUT, true}, {EXCHANGE_SEND, true}, {EXCHANGE_RECEIVE, true},
        {EXCHANGE_CONNECT, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer answers[] = {
            {.when = "/token", .exchange = rows[i].exchange, .times = 1},
            {.when = "/token", .status = 400, .body = "{'error':'invalid_grant'}"}, PAGES};
        struct driver driver;
        begin(&driver, REFRESH, ANSWERS(answers));
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert(driver.denied);
        ck_assert_msg((strstr(driver.reason, "may be lost") != NULL) == rows[i].told, "row %zu: %s",
            i, driver.reason);
        driver_end(&driver);
    }
}
END_TEST

/* Faults 26, 27. */
START_TEST(a_401_is_answered_by_one_renewal)
{
    static const struct answer once[] = {
        {.when = "/token", .body = ROTATES("a1", "r1"), .times = 1},
        {.when = "/token", .body = ROTATES("a2", "r2")},
        {.when = "cursor=b", .status = 401, .times = 1, .body = "{}"}, PAGES};
    static const struct answer always[] = {
        {.when = "/token", .body = ROTATES("a1", "r1"), .times = 1},
        {.when = "/token", .body = ROTATES("a2", "r2")},
        {.when = "cursor=b", .status = 401, .body = "{'detail':'a2 and r2 are void'}"}, PAGES};
    struct driver driver;
    begin(&driver, REFRESH, ANSWERS(once));
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_msg(!driver.failed, "%s", driver.reason);
    ck_assert_int_eq(times_sent(&driver, "grant_type=refresh_token"), 2);
    ck_assert_int_eq(times_sent(&driver, "refresh_token=r1"), 1);
    driver_end(&driver);
    begin(&driver, REFRESH, ANSWERS(always));
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert(driver.failed && driver.denied);
    ck_assert_int_eq(times_sent(&driver, "grant_type=refresh_token"), 2);
    ck_assert_ptr_null(strstr(driver.reason, "a2"));
    ck_assert_ptr_null(strstr(driver.reason, "r2"));
    driver_end(&driver);
}
END_TEST

#define GROUPS_AND_MEMBERS                                                                      \
    "{'name':'groups','request':{'path':'/groups'},'items':'/items','yields':[{'kind':'group'," \
    "'fields':[{'to':'id','from':'/id'}]}]},"                                                   \
    "{'name':'members','request':{'path':'/members/{parent.id}'},'items':'/items',"             \
    "'parent':{'stream':'groups','fields':[{'name':'id','from':'/id'}]}," YIELDS "}"

/* Fault 40: many scopes meet a 401 at once. */
START_TEST(one_renewal_flies_for_many_scopes)
{
    static const struct answer answers[] = {
        {.when = "/token", .body = ROTATES("a1", "r1"), .times = 1},
        {.when = "/token", .body = ROTATES("a2", "r2")},
        {.when = "/members", .status = 401, .times = 3, .body = "{}"},
        {.when = "/members", .body = "{'items':[" ITEM("a") "]}"},
        {.when = "/groups", .body = "{'items':[{'id':'1'},{'id':'2'},{'id':'3'}]}"}};
    struct driver driver;
    driver_begin(&driver, REFRESH, GROUPS_AND_MEMBERS, ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_msg(!driver.failed, "%s", driver.reason);
    ck_assert_int_eq(times_sent(&driver, "grant_type=refresh_token"), 2);
    driver_end(&driver);
}
END_TEST

/* The newest of what is under way, as if it had been faster. */
static void deliver_last(struct driver *driver)
{
    struct waiting **at = &driver->first, *before = NULL;
    while ((*at)->next) {
        before = *at;
        at = &(*at)->next;
    }
    struct waiting *last = *at;
    *at = NULL;
    driver->last = before;
    driver_deliver(driver, last);
}

START_TEST(a_401_of_a_token_that_was_renewed_meanwhile_renews_nothing)
{
    static const struct answer answers[] = {
        {.when = "/token", .body = ROTATES("a1", "r1"), .times = 1},
        {.when = "/token", .body = ROTATES("a2", "r2")},
        {.when = "/members", .status = 401, .times = 3, .body = "{}"},
        {.when = "/members", .body = "{'items':[" ITEM("a") "]}"},
        {.when = "/groups", .body = "{'items':[{'id':'1'},{'id':'2'},{'id':'3'}]}"}};
    struct driver driver;
    driver_begin(&driver, REFRESH, GROUPS_AND_MEMBERS, ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.served[2] == 3);
    DRIVER_UNTIL(&driver, driver.served[1] == 1); /* by the first 401 */
    deliver_last(&driver);                        /* the token */
    deliver_last(&driver);                        /* its save */
    ck_assert_str_eq(driver.kept_token, "r2");
    driver_finish(&driver);
    ck_assert_msg(!driver.failed, "%s", driver.reason);
    ck_assert_int_eq(times_sent(&driver, "grant_type=refresh_token"), 2);
    driver_end(&driver);
}
END_TEST

START_TEST(a_token_is_renewed_before_it_expires)
{
    static const struct {
        const char *auth, *body;
        int renewals;
    } rows[] = {
        {"", "{'access_token':'a','expires_in':3600}", 1},
        {"", "{'access_token':'a','expires_in':'40'}", 2},
        {"", "{'access_token':'a','expires_in':0}", 2},
        {"", "{'access_token':'a'}", 1},
        {",'access_token':'/data/token','expires_in':'/data/until','expires_format':'rfc3339'",
            "{'data':{'token':'a','until':'2026-01-01T00:00:30Z'}}", 2},
        {",'access_token':'/data/token','expires_in':'/data/until','expires_format':'epoch_s'",
            "{'data':{'token':'a','until':1798761600}}", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char members[1024];
        const struct answer answers[] = {{.when = "/token", .body = rows[i].body},
            {.when = "cursor=b", .status = 429, .header = "Retry-After", .value = "60", .times = 1},
            PAGES};
        struct driver driver;
        (void)snprintf(members, sizeof members, "%s%s},", REFRESH_OPEN, rows[i].auth);
        begin(&driver, members, ANSWERS(answers));
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_msg(!driver.failed, "%zu: %s", i, driver.reason);
        ck_assert_msg(times_sent(&driver, "grant_type") == rows[i].renewals, "%zu: %d", i,
            times_sent(&driver, "grant_type"));
        driver_end(&driver);
    }
}
END_TEST

UNIT_MAIN("login", a_drain_before_the_renewal_sends_none,
    a_drain_waits_for_a_save_that_is_tried_again, a_token_that_cannot_be_sealed_is_not_tried_again,
    a_rotated_token_is_durable_before_the_access_token_is_used, a_token_that_stays_is_not_saved,
    a_crash_before_the_save_is_told, a_crash_after_the_save_goes_on_with_it,
    a_drain_waits_for_the_token, a_drain_waits_for_the_save, a_save_that_fails_is_tried_again,
    a_kept_token_that_does_not_open_stops_the_connection, what_is_refused_for_good_is_asked_once,
    a_request_that_is_not_sent_is_tried_again, what_passes_is_waited_for,
    an_unanswered_renewal_is_told_of, a_401_is_answered_by_one_renewal,
    one_renewal_flies_for_many_scopes, a_401_of_a_token_that_was_renewed_meanwhile_renews_nothing,
    a_token_is_renewed_before_it_expires)
