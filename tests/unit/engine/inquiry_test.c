/* SPDX-License-Identifier: Apache-2.0 */
/* Direct reads: which are asked after a listing, what each answer says of a missing object or of a
 * parent, and that none of it can hang a round. */
#include "driver.h"

#define READ_ONE "'read_one':{'request':{'path':'/one/{id}'}"
#define USERS_READ(more)                                                             \
    "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" CURSOR( \
        "") "," YIELDS "," READ_ONE more "}}"
#define LISTING                                               \
    {                                                         \
        .when = "/users", .body = "{'items':[" ITEM("a") "]}" \
    }
#define READ(id, status_, text)                                 \
    {                                                           \
        .when = "/one/" id, .status = (status_), .body = (text) \
    }

static const char *const one_missing[] = {"m", NULL};

static void begin(struct driver *driver, const char *streams, const struct answer *answers,
    size_t count, const char *const *suspects, const char *control)
{
    driver_begin(driver, "", streams, answers, count);
    driver->settings.policy.attempts_max = 2;
    driver->suspects = suspects;
    driver->control = control;
    driver_join(driver);
}

#define GONE  "direct read answered 404, while a beside it could be read"
#define THERE "seen by direct read"

static const struct {
    const char *name, *more;
    struct answer answers[4];
    const char *evidence; /* what the store was told; "" nothing */
    int requests;         /* beside the listing's; 0: whatever retries make of it */
} reads[] = {
    {"gone, and the control is there", "",
        {READ("a", 200, ITEM("a")), READ("m", 404, "{}"), LISTING}, "1 gone: " GONE ";", 2},
    {"there after all", "", {READ("a", 200, ITEM("a")), READ("m", 200, ITEM("m")), LISTING},
        "1 there: " THERE ";", 2},
    {"410 is gone too", "", {READ("a", 200, ITEM("a")), READ("m", 410, "{}"), LISTING},
        "1 gone: direct read answered 410, while a beside it could be read;", 2},
    {"the control is not found either: what is hidden looks like that", "",
        {READ("a", 404, "{}"), READ("m", 404, "{}"), LISTING}, "", 1},
    {"the control is forbidden", "", {READ("a", 403, "{}"), LISTING}, "", 1},
    {"forbidden says nothing of the object", "",
        {READ("a", 200, ITEM("a")), READ("m", 403, "{}"), LISTING}, "", 2},
    {"401 for one object stops nothing", "",
        {READ("a", 200, ITEM("a")), READ("m", 401, "{}"), LISTING}, "", 3},
    {"another object answers", "", {READ("a", 200, ITEM("a")), READ("m", 200, ITEM("x")), LISTING},
        "", 2},
    {"an answer without an object", "", {READ("a", 200, ITEM("a")), READ("m", 200, "{}"), LISTING},
        "", 2},
    {"no body", "", {READ("a", 200, ITEM("a")), READ("m", 204, NULL), LISTING}, "", 2},
    {"400 is no word for gone", "", {READ("a", 200, ITEM("a")), READ("m", 400, "{}"), LISTING}, "",
        2},
    {"unless it is declared so", ",'gone_status':[400]",
        {READ("a", 200, ITEM("a")), READ("m", 400, "{}"), LISTING},
        "1 gone: direct read answered 400, while a beside it could be read;", 2},
    {"and then 404 is not", ",'gone_status':[400]",
        {READ("a", 200, ITEM("a")), READ("m", 404, "{}"), LISTING}, "", 2},
    {"404 declared as hidden", ",'hidden_status':[404]",
        {READ("a", 200, ITEM("a")), READ("m", 404, "{}"), LISTING}, "", 2},
    {"where others are declared as hidden, a 401 and a 403 still are", ",'hidden_status':[404]",
        {READ("a", 200, ITEM("a")), READ("m", 401, "{}"), LISTING}, "", 3},
    {"likewise", ",'hidden_status':[404]",
        {READ("a", 200, ITEM("a")), READ("m", 403, "{}"), LISTING}, "", 2},
    {"trouble says nothing", "", {READ("a", 200, ITEM("a")), READ("m", 500, "{}"), LISTING}, "", 0},
    {"the object at its pointer", ",'object':'/user'",
        {READ("a", 200, "{'user':" ITEM("a") "}"), READ("m", 200, "{'user':" ITEM("m") "}"),
            LISTING},
        "1 there: " THERE ";", 2},
};

START_TEST(every_answer_says_what_it_does)
{
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        struct driver driver;
        char stream[1024];
        size_t count = 0;
        while (count < 4 && reads[i].answers[count].when)
            count++;
        (void)snprintf(stream, sizeof stream, "%.*s%s}}", (int)strlen(USERS_READ("")) - 2,
            USERS_READ(""), reads[i].more);
        begin(&driver, stream, reads[i].answers, count, one_missing, "a");
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_msg(strcmp(driver.evidence, reads[i].evidence) == 0, "%s: \"%s\"", reads[i].name,
            driver.evidence);
        if (reads[i].requests)
            ck_assert_msg(driver.requests == 1 + reads[i].requests, "%s: %lld requests",
                reads[i].name, (long long)driver.requests);
        /* Whatever comes of them, the listing keeps its proof and its reason. */
        ck_assert_msg(!driver.failed && driver.proof == PROOF_ASSERTED, "%s", reads[i].name);
        ck_assert_ptr_nonnull(strstr(driver_summary(&driver, "users")->reason, "no exact total"));
        driver_end(&driver);
    }
}
END_TEST

/* Some APIs answer 200, and say in the body that there is no such object. */
START_TEST(a_word_in_a_sound_body_says_gone)
{
    static const struct answer answers[] = {READ("a", 200, ITEM("a")),
        READ("m", 200, "{'code':'no_such'}"), READ("n", 500, "{'code':'no_such'}"), LISTING};
    static const char *const two_missing[] = {"m", "n", NULL};
    struct driver driver;
    driver_begin(&driver,
        "'envelope':{'code':'/code'},'error_words':[{'code':'no_such','class':'not_found'}],",
        USERS_READ(""), ANSWERS(answers));
    driver.suspects = two_missing;
    driver.control = "a";
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_str_eq(
        driver.evidence, "1 gone: direct read answered 200, while a beside it could be read;");
    ck_assert_int_eq(driver.proof, PROOF_ASSERTED);
    driver_end(&driver);
}
END_TEST

/* A page for a browser is the connection's trouble (fault 23), and no word on any object. */
START_TEST(a_login_page_says_nothing_of_an_object)
{
    static const struct answer answers[] = {READ("a", 200, ITEM("a")),
        {.when = "/one/m", .type = "text/html", .body = "<html>sign in</html>"}, LISTING};
    struct driver driver;
    begin(&driver, USERS_READ(""), ANSWERS(answers), one_missing, "a");
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_str_eq(driver.evidence, "");
    ck_assert_int_eq(driver_summary(&driver, "users")->proof, PROOF_ASSERTED);
    driver_end(&driver);
}
END_TEST

/* A reused id: what answers is somebody else. */
START_TEST(another_incarnation_is_gone)
{
    static const struct answer answers[] = {
        READ("a", 200, "{'id':'a','born':'1'}"), READ("m", 200, "{'id':'m','born':'2'}"), LISTING};
    struct driver driver;
    begin(&driver,
        "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" CURSOR(
            "") ",'yields':[{'kind':'account','fields':[{'to':'id','from':'/id'},"
                "{'to':'incarnation','from':'/born'}]}]," READ_ONE "}}",
        ANSWERS(answers), one_missing, "a");
    driver.incarnation = "1";
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_str_eq(
        driver.evidence, "1 gone: direct read answered 200, while a beside it could be read;");
    driver_end(&driver);
}
END_TEST

/* Policy direct_reads_most bounds what one run reads; the rest is for the next. */
START_TEST(as_many_as_the_policy_allows)
{
    static const struct answer answers[] = {
        READ("a", 200, ITEM("a")), READ("", 404, "{}"), LISTING};
    static const char *const many[] = {"m", "n", "o", "p", NULL};
    static const int bounds[][2] = {{0, 0}, {1, 1}, {3, 3}, {50, 4}};
    for (size_t i = 0; i < 4; i++) {
        struct driver driver;
        driver_begin(&driver, "", USERS_READ(""), ANSWERS(answers));
        driver.settings.policy.direct_reads_most = bounds[i][0];
        driver.suspects = many;
        driver.control = "a";
        driver_join(&driver);
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_int_eq(driver.requests, bounds[i][1] ? 2 + bounds[i][1] : 1);
        driver_end(&driver);
    }
}
END_TEST

/* Nothing is read where there is nothing to try it on, nothing declared, or nothing concluded. */
START_TEST(without_control_declaration_or_conclusion_nothing_is_read)
{
    static const struct answer answers[] = {LISTING};
    static const struct answer broken[] = {{.when = "/users", .status = 400, .body = "{}"}};
    struct driver driver;
    begin(&driver, USERS_READ(""), ANSWERS(answers), one_missing, NULL);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.requests, 1);
    driver_end(&driver);
    begin(&driver, USERS(CURSOR("")), ANSWERS(answers), one_missing, "a");
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.requests, 1);
    driver_end(&driver);
    begin(&driver, USERS_READ(""), ANSWERS(broken), one_missing, "a");
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.requests, 1);
    driver_end(&driver);
}
END_TEST

/* ------------------------------------------------------------------ a parent ----------------- */

#define GROUPS_READ                                                                             \
    "{'name':'groups','request':{'path':'/groups'},'items':'/items','paging':" CURSOR(          \
        "," TOTAL) ",'yields':[{'kind':'group','fields':[{'to':'id','from':'/id'}]}]," READ_ONE \
                   "}}"
#define MEMBERS                                                                                  \
    "{'name':'members','request':{'path':'/members/{parent.id}'},'items':'/"                     \
    "items','paging':" CURSOR(                                                                   \
        "," TOTAL) ",'parent':{'stream':'groups','fields':[{'name':'id','from':'/id'}]}," YIELDS \
                   "}"
#define GROUPS                                                                         \
    {                                                                                  \
        .when = "/groups", .body = "{'total':2,'items':[" ITEM("g") "," ITEM("h") "]}" \
    }
#define NO_MEMBERS                                        \
    {                                                     \
        .when = "/members/g", .status = 404, .body = "{}" \
    }
#define SOME_MEMBERS                                                      \
    {                                                                     \
        .when = "/members", .body = "{'total':1,'items':[" ITEM("u") "]}" \
    }

static const char *const parent_g[] = {"g", NULL};

/* Fault 29: a 404 on a child's collection is never "all deleted". Its parent is read: gone closes
 * the scope, anything else leaves it partial. */
START_TEST(a_child_that_is_not_found_has_its_parent_read)
{
    static const struct {
        struct answer answers[5];
        const char *evidence, *reason; /* NULL: proven */
    } rows[] = {
        {{NO_MEMBERS, SOME_MEMBERS, GROUPS, READ("h", 200, ITEM("h")), READ("g", 404, "{}")},
            "parent 1 gone: direct read answered 404, while h beside it could be read;", NULL},
        {{NO_MEMBERS, SOME_MEMBERS, GROUPS, READ("h", 200, ITEM("h")), READ("g", 200, ITEM("g"))},
            "", "in one of its scopes: page 1: not_found"},
        {{NO_MEMBERS, SOME_MEMBERS, GROUPS, READ("h", 404, "{}"), READ("g", 404, "{}")}, "",
            "in one of its scopes: page 1: not_found"},
        {{NO_MEMBERS, SOME_MEMBERS, GROUPS, READ("h", 200, ITEM("h")), READ("g", 403, "{}")}, "",
            "in one of its scopes: page 1: not_found"},
        {{NO_MEMBERS, SOME_MEMBERS, GROUPS, READ("h", 200, ITEM("h")), READ("g", 500, "{}")}, "",
            "in one of its scopes: page 1: not_found"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct driver driver;
        begin(&driver, GROUPS_READ "," MEMBERS, rows[i].answers, 5, parent_g, "h");
        driver.parents_only = true;
        driver_start(&driver);
        driver_finish(&driver);
        const struct run_summary *members = driver_summary(&driver, "members");
        ck_assert_msg(
            strcmp(driver.evidence, rows[i].evidence) == 0, "row %zu: %s", i, driver.evidence);
        ck_assert_msg(members->proof == (rows[i].reason ? PROOF_PARTIAL : PROOF_PROVEN),
            "row %zu: %s", i, members->reason);
        if (rows[i].reason)
            ck_assert_msg(
                strstr(members->reason, rows[i].reason) != NULL, "row %zu: %s", i, members->reason);
        ck_assert_int_eq(driver_summary(&driver, "groups")->proof, PROOF_PROVEN);
        for (size_t s = 0; s < driver.scope_count; s++)
            if (strcmp(driver.scopes[s].parent, "g") == 0 && !rows[i].reason)
                ck_assert(driver.scopes[s].bar_absence); /* the closing says it all */
        driver_end(&driver);
    }
}
END_TEST

/* ------------------------------------------------------------------ at any moment ------------ */

static const struct {
    const char *streams;
    struct answer answers[5];
    const char *const *suspects;
    const char *control;
} moments[] = {
    {USERS_READ(""), {READ("a", 200, ITEM("a")), READ("m", 404, "{}"), LISTING}, one_missing, "a"},
    {USERS_READ(""), {READ("a", 200, ITEM("a")), READ("m", 401, "{}"), LISTING}, one_missing, "a"},
    {USERS_READ(""), {READ("a", 200, ITEM("a")), READ("m", 503, "{}"), LISTING}, one_missing, "a"},
    {GROUPS_READ "," MEMBERS,
        {NO_MEMBERS, SOME_MEMBERS, GROUPS, READ("h", 200, ITEM("h")), READ("g", 404, "{}")},
        parent_g, "h"},
    {GROUPS_READ "," MEMBERS,
        {NO_MEMBERS, SOME_MEMBERS, GROUPS, READ("h", 200, ITEM("h")), READ("g", 200, ITEM("g"))},
        parent_g, "h"},
};

static void begin_moment(struct driver *driver, size_t i)
{
    size_t count = 0;
    while (count < 5 && moments[i].answers[count].when)
        count++;
    begin(driver, moments[i].streams, moments[i].answers, count, moments[i].suspects,
        moments[i].control);
    driver->parents_only = moments[i].suspects == parent_g;
}

START_TEST(a_crash_or_a_drain_anywhere_comes_to_an_end)
{
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++)
        for (int drain = 0; drain < 2; drain++) {
            bool over = false;
            for (int hit = 1; !over; hit++) {
                struct driver driver;
                begin_moment(&driver, i);
                driver_start(&driver);
                for (int step = 0; step < hit && !driver.over; step++)
                    ck_assert(driver_step(&driver));
                over = driver.over;
                if (!over && drain) {
                    driver_feed(&driver, (struct event){.kind = EVENT_STOP});
                    int64_t requests = driver.requests;
                    driver_finish(&driver);
                    ck_assert_int_eq(driver.requests, requests);
                }
                if (!over) {
                    driver_crash(&driver);
                    driver_start(&driver);
                    driver_finish(&driver);
                }
                driver_end(&driver);
            }
        }
}
END_TEST

/* The store cannot do a job: what was concluded stands, and what was to be read waits. */
START_TEST(a_store_that_fails_never_hangs_it)
{
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        int64_t jobs = 1;
        char evidence[1024] = "";
        for (int64_t job = 0; job <= jobs; job++) { /* 0: none, and tells how many there are */
            struct driver driver;
            begin_moment(&driver, i);
            driver.fail_job = job;
            driver_start(&driver);
            driver_finish(&driver);
            if (job == 0) {
                jobs = driver.jobs;
                (void)snprintf(evidence, sizeof evidence, "%s", driver.evidence);
            }
            ck_assert_msg(strncmp(driver.evidence, evidence, strlen(driver.evidence)) == 0 &&
                              (job > 0 || !driver.failed),
                "moment %zu, job %lld: %s", i, (long long)job, driver.evidence);
            driver_end(&driver);
        }
    }
}
END_TEST

/* The connection's login is refused while an object is being read: the round ends as refused. */
START_TEST(a_login_refused_meanwhile_ends_the_round)
{
    static const struct answer answers[] = {READ("a", 200, ITEM("a")), READ("m", 404, "{}"),
        {.when = "/keys", .status = 401, .body = "{}"}, LISTING};
    for (int held = 0; held < 40; held++) {
        struct driver driver;
        begin(&driver,
            USERS_READ(
                "") ",{'name':'keys','request':{'path':'/keys'},'paging':{'kind':'none'}," YIELDS
                    "}",
            ANSWERS(answers), one_missing, "a");
        driver_start(&driver);
        for (int step = 0; !driver.over && step < 300; step++) {
            driver.held[WAIT_PAGED] = driver.held[WAIT_DIGESTED] = step >= held && step < held + 8;
            driver.held[WAIT_JOB] = step >= held + 4 && step < held + 12;
            (void)driver_step(&driver);
        }
        ck_assert(driver.over);
        driver_end(&driver);
    }
}
END_TEST

/* No memory to send a read, or to look at its answer: the run ends with what its listing gave. */
START_TEST(declined_reads_leave_everything_as_it_is)
{
    static const struct answer answers[] = {
        READ("a", 200, ITEM("a")), READ("m", 404, "{}"), LISTING};
    for (int digest = 0; digest < 2; digest++)
        for (int after = 0; after < 30; after++) {
            struct driver driver;
            begin(&driver, USERS_READ(""), ANSWERS(answers), one_missing, "a");
            driver_start(&driver);
            for (int step = 0; step < after && !driver.over; step++)
                (void)driver_step(&driver);
            bool late = driver.scope_count > 0 && driver.scopes[0].ended;
            *(digest ? &driver.declined_digests : &driver.declined_sends) = late ? 1 : 0;
            if (!driver.over)
                driver_finish(&driver);
            ck_assert_int_eq(driver_summary(&driver, "users")->proof, PROOF_ASSERTED);
            driver_end(&driver);
        }
}
END_TEST

UNIT_MAIN("inquiry", a_word_in_a_sound_body_says_gone, declined_reads_leave_everything_as_it_is,
    every_answer_says_what_it_does, a_login_page_says_nothing_of_an_object,
    another_incarnation_is_gone, as_many_as_the_policy_allows,
    without_control_declaration_or_conclusion_nothing_is_read,
    a_child_that_is_not_found_has_its_parent_read, a_crash_or_a_drain_anywhere_comes_to_an_end,
    a_store_that_fails_never_hangs_it, a_login_refused_meanwhile_ends_the_round)
