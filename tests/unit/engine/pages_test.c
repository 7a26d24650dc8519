/* SPDX-License-Identifier: Apache-2.0 */
/* Pages ahead of each other: asked for early, mapped in any order, taken in the listing's. */
#include "driver.h"

#define FIVE                                                                            \
    {.when = "cursor=e", .body = "{'total':5,'items':[" ITEM("5") "]}"},                \
        {.when = "cursor=d", .body = "{'total':5,'items':[" ITEM("4") "],'next':'e'}"}, \
        {.when = "cursor=c", .body = "{'total':5,'items':[" ITEM("3") "],'next':'d'}"}, \
        {.when = "cursor=b", .body = "{'total':5,'items':[" ITEM("2") "],'next':'c'}"}, \
    {                                                                                   \
        .when = "/users", .body = "{'total':5,'items':[" ITEM("1") "],'next':'b'}"      \
    }

static const struct answer five[] = {FIVE};

static void begin(struct driver *driver, const struct answer *answers, size_t count, int window)
{
    driver_begin(driver, "", USERS(CURSOR("," TOTAL)), answers, count);
    driver->settings.policy.window_pages = window;
    driver_join(driver);
}

/* Everything but what is held. */
static void settle(struct driver *driver)
{
    while (driver_step(driver))
        ;
}

/* The digest that was ordered last comes first, as often as there is one. */
static void deliver_digests_backwards(struct driver *driver)
{
    for (;;) {
        struct waiting *last = NULL, *before = NULL;
        for (struct waiting *at = driver->first, *prior = NULL; at; prior = at, at = at->next)
            if (at->kind == WAIT_DIGESTED) {
                last = at;
                before = prior;
            }
        if (!last)
            return;
        if (before)
            before->next = last->next;
        else
            driver->first = last->next;
        if (driver->last == last)
            driver->last = before;
        driver_deliver(driver, last);
    }
}

static int64_t sequence_of_first(const struct driver *driver)
{
    ck_assert_uint_ge(driver->scope_count, 1);
    return driver->scopes[0].sequence;
}

START_TEST(the_next_page_does_not_wait_for_the_mapping)
{
    for (int window = 1; window <= 5; window++) {
        struct driver driver;
        begin(&driver, ANSWERS(five), window);
        driver_start(&driver);
        driver.held[WAIT_DIGESTED] = true;
        settle(&driver);
        ck_assert_int_eq(driver.requests, window);
        ck_assert_int_eq(sequence_of_first(&driver), 0);
        driver.held[WAIT_DIGESTED] = false;
        driver_finish(&driver);
        ck_assert_int_eq(driver.requests, 5);
        ck_assert_int_eq(driver.proof, PROOF_PROVEN);
        driver_end(&driver);
    }
}
END_TEST

/* Nobody has to tell of a page ahead of its digest. */
START_TEST(a_host_that_tells_of_digests_only_comes_to_the_same_end)
{
    struct driver driver;
    begin(&driver, ANSWERS(five), 4);
    driver_start(&driver);
    driver.held[WAIT_PAGED] = true;
    driver_finish(&driver);
    ck_assert_int_eq(driver.requests, 5);
    ck_assert_int_eq(driver.proof, PROOF_PROVEN);
    driver_end(&driver);
}
END_TEST

/* The store in miniature takes no batch out of its turn. */
START_TEST(pages_mapped_in_the_wrong_order_are_committed_in_the_right_one)
{
    struct driver driver;
    begin(&driver, ANSWERS(five), 8);
    driver_start(&driver);
    driver.held[WAIT_DIGESTED] = driver.held[WAIT_JOB] = true;
    driver.held[WAIT_JOB] = false;
    settle(&driver);
    ck_assert_int_eq(driver.requests, 5);
    deliver_digests_backwards(&driver);
    driver.held[WAIT_DIGESTED] = false;
    driver_finish(&driver);
    ck_assert_int_eq(sequence_of_first(&driver), 5);
    ck_assert_uint_eq(driver.scopes[0].id_count, 5);
    ck_assert_int_eq(driver.proof, PROOF_PROVEN);
    driver_end(&driver);
}
END_TEST

/* What was asked for ahead of a page that comes to nothing is dropped with it: no record of it, and
 * no checkpoint, however far it had come. */
START_TEST(pages_after_one_that_is_not_taken_are_dropped)
{
    for (int bad = 1; bad <= 4; bad++) {
        for (int how = 0; how < 3; how++) { /* the answer after it: not there, read, mapped */
            struct driver driver;
            begin(&driver, ANSWERS(five), 8);
            driver_start(&driver);
            driver.fail_digest = bad;
            if (how == 0)
                DRIVER_UNTIL(&driver, driver.requests == bad + 1);
            driver.held[WAIT_RESPONSE] = how == 0;
            driver.held[WAIT_DIGESTED] = how > 0;
            settle(&driver);
            if (how == 2) { /* the later ones were mapped long ago */
                driver.fail_digest = 6 - bad;
                deliver_digests_backwards(&driver);
            }
            driver.held[WAIT_DIGESTED] = driver.held[WAIT_RESPONSE] = false;
            driver_finish(&driver);
            ck_assert_int_eq(sequence_of_first(&driver), bad - 1);
            ck_assert_uint_eq(driver.scopes[0].id_count, (size_t)bad - 1);
            ck_assert_int_eq(driver.proof, PROOF_PARTIAL);
            char page[64];
            (void)snprintf(page, sizeof page, "page %d: the page does not balance", bad);
            ck_assert_str_eq(driver.scopes[0].reason, page);
            driver_end(&driver);
        }
    }
}
END_TEST

/* A next that leads nowhere is not asked for, even ahead. */
START_TEST(guards_of_the_page_alone_come_before_the_next_request)
{
    static const struct answer self[] = {
        {.when = "cursor=b", .body = "{'items':[" ITEM("2") "],'next':'b'}"},
        {.when = "/users", .body = "{'items':[" ITEM("1") "],'next':'b'}"}};
    static const struct answer circle[] = {
        {.when = "cursor=c", .body = "{'items':[" ITEM("3") "],'next':'b'}"},
        {.when = "cursor=b", .body = "{'items':[" ITEM("2") "],'next':'c'}"},
        {.when = "/users", .body = "{'items':[" ITEM("1") "],'next':'b'}"}};
    static const struct {
        const struct answer *answers;
        size_t count;
        int64_t pages_most, requests;
    } rows[] = {{ANSWERS(self), 0, 2}, {ANSWERS(circle), 0, 3}, {ANSWERS(five), 2, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct driver driver;
        begin(&driver, rows[i].answers, rows[i].count, 16);
        if (rows[i].pages_most) {
            connection_release(driver.connection);
            driver.settings.policy.pages_most = rows[i].pages_most;
            driver_join(&driver);
        }
        driver_start(&driver);
        driver.held[WAIT_DIGESTED] = true;
        settle(&driver);
        ck_assert_int_eq(driver.requests, rows[i].requests);
        driver.held[WAIT_DIGESTED] = false;
        driver_finish(&driver);
        ck_assert_int_eq(driver.requests, rows[i].requests);
        ck_assert_int_eq(driver.proof, PROOF_PARTIAL);
        ck_assert_int_eq(sequence_of_first(&driver), rows[i].requests);
        driver_end(&driver);
    }
}
END_TEST

/* A crash with pages ahead: the checkpoint is of the page that was committed, and so is what it
 * knows of the way there: a page that is read twice is no circle. */
START_TEST(a_crash_ahead_of_the_checkpoint_goes_on_from_the_checkpoint)
{
    for (int committed = 0; committed < 5; committed++) {
        struct driver driver;
        begin(&driver, ANSWERS(five), 8);
        driver_start(&driver);
        driver.held[WAIT_DIGESTED] = true;
        settle(&driver);
        ck_assert_int_eq(driver.requests, 5);
        for (int i = 0; i < committed; i++) {
            driver.held[WAIT_DIGESTED] = false;
            ck_assert(driver_step(&driver)); /* a digest: nothing else is under way */
            driver.held[WAIT_DIGESTED] = true;
            settle(&driver);
        }
        ck_assert_int_eq(sequence_of_first(&driver), committed);
        driver_crash(&driver);
        driver.held[WAIT_DIGESTED] = false;
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_msg(driver.proof == PROOF_PROVEN, "%s", driver.scopes[0].reason);
        ck_assert_int_eq(driver.requests, 10 - committed);
        ck_assert_int_eq(sequence_of_first(&driver), 5);
        ck_assert_uint_eq(driver.scopes[0].id_count, 5);
        driver_end(&driver);
    }
}
END_TEST

/* A drain with pages ahead: what was answered is committed, what was not is asked for by the next
 * host. */
START_TEST(a_drain_commits_the_pages_that_are_being_mapped)
{
    struct driver driver;
    begin(&driver, ANSWERS(five), 3);
    driver_start(&driver);
    driver.held[WAIT_DIGESTED] = true;
    settle(&driver);
    ck_assert_int_eq(driver.requests, 3);
    driver_feed(&driver, (struct event){.kind = EVENT_STOP});
    settle(&driver);
    ck_assert(!driver.over);
    driver.held[WAIT_DIGESTED] = false;
    driver_finish(&driver);
    ck_assert(driver.interrupted);
    ck_assert_int_eq(sequence_of_first(&driver), 3);
    driver_crash(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.requests, 5);
    ck_assert_int_eq(driver.proof, PROOF_PROVEN);
    driver_end(&driver);
}
END_TEST

/* Trouble with a page that was asked for ahead waits for, and spares, those before it. */
START_TEST(trouble_ahead_leaves_the_pages_before_it_alone)
{
    /* In the order in which a row reads best.
     * NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
    static const struct {
        struct answer trouble;
        enum proof proof;
        int64_t requests, sequence;
        int restarts;
    } rows[] = {/* tried again */
        {{.when = "cursor=c", .times = 1, .status = 503}, PROOF_PROVEN, 6, 5, 0},
        {{.when = "cursor=c", .times = 1, .body = "<html>"}, PROOF_PROVEN, 6, 5, 0},
        /* given up */
        {{.when = "cursor=c", .status = 400}, PROOF_PARTIAL, 3, 2, 0},
        /* begun anew, behind the commits of the first listing */
        {{.when = "cursor=c", .times = 1, .status = 410}, PROOF_PROVEN, 8, 7, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct driver driver;
        const struct answer answers[] = {rows[i].trouble, FIVE};
        begin(&driver, ANSWERS(answers), 8);
        driver_start(&driver);
        DRIVER_UNTIL(&driver, driver.requests == 1);
        driver.held[WAIT_JOB] = true;
        settle(&driver); /* to its end, or to where the first commits must come back */
        driver.held[WAIT_JOB] = false;
        driver_finish(&driver);
        ck_assert_int_eq(driver.proof, rows[i].proof);
        ck_assert_int_eq(driver.requests, rows[i].requests);
        ck_assert_int_eq(sequence_of_first(&driver), rows[i].sequence);
        ck_assert_int_eq(driver.scopes[0].restarts, rows[i].restarts);
        driver_end(&driver);
    }
}
END_TEST

/* A refused login is tried once more for each page, not once for the listing. */
START_TEST(every_page_has_tries_of_its_own)
{
    const struct answer answers[] = {{.when = "cursor=b", .times = 1, .status = 401},
        {.when = "cursor=d", .times = 1, .status = 401}, FIVE};
    struct driver driver;
    begin(&driver, ANSWERS(answers), 8);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.requests, 7);
    ck_assert_msg(driver.proof == PROOF_PROVEN, "%s", driver.scopes[0].reason);
    driver_end(&driver);
}
END_TEST

/* The same, while the pages before it are still being mapped. */
START_TEST(trouble_ahead_of_the_mapping_ends_the_same)
{
    const struct answer answers[] = {{.when = "cursor=c", .status = 400}, FIVE};
    struct driver driver;
    begin(&driver, ANSWERS(answers), 8);
    driver_start(&driver);
    driver.held[WAIT_DIGESTED] = true;
    settle(&driver);
    ck_assert_int_eq(driver.requests, 3);
    ck_assert_int_eq(sequence_of_first(&driver), 0);
    driver.held[WAIT_DIGESTED] = false;
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_PARTIAL);
    ck_assert_int_eq(sequence_of_first(&driver), 2);
    ck_assert_msg(
        strncmp(driver.scopes[0].reason, "page 3:", 7) == 0, "%s", driver.scopes[0].reason);
    driver_end(&driver);
}
END_TEST

UNIT_MAIN("pages", the_next_page_does_not_wait_for_the_mapping,
    a_host_that_tells_of_digests_only_comes_to_the_same_end,
    pages_mapped_in_the_wrong_order_are_committed_in_the_right_one,
    pages_after_one_that_is_not_taken_are_dropped,
    guards_of_the_page_alone_come_before_the_next_request,
    a_crash_ahead_of_the_checkpoint_goes_on_from_the_checkpoint,
    a_drain_commits_the_pages_that_are_being_mapped, trouble_ahead_leaves_the_pages_before_it_alone,
    every_page_has_tries_of_its_own, trouble_ahead_of_the_mapping_ends_the_same)
