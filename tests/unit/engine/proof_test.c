/* SPDX-License-Identifier: Apache-2.0 */
/* What a listing proves, by listing: its ends, totals, marks and guards, each with its proof and
 * its reason. */
#include "driver.h"

#define STREAM_USERS(paging) USERS(paging)
#define NUMBER(ends, more)   "{'kind':'number','ends':[" ends "],'start':1,'size':2" more "}"

/* In the order in which a row reads best. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
 */
struct listing {
    const char *name, *stream;
    struct answer answers[6];
    enum proof proof;
    const char *reason; /* part of it; NULL: none */
    int pages_most;     /* policy; 0: its default */
    int64_t bytes_most;
    bool passes_twice;
};

#define PAGE(cursor, text)                       \
    {                                            \
        .when = "cursor=" cursor, .body = (text) \
    }
#define FIRST(text)                      \
    {                                    \
        .when = "/users", .body = (text) \
    }

static const struct listing listings[] = {
    {"total agrees", STREAM_USERS(CURSOR("," TOTAL)),
        {PAGE("b", "{'total':2,'items':[" ITEM("2") "]}"),
            FIRST("{'total':2,'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_PROVEN, NULL, 0, 0, false},
    {"no total", STREAM_USERS(CURSOR("")), {FIRST("{'items':[" ITEM("1") "]}")}, PROOF_ASSERTED,
        "no exact total", 0, 0, false},
    {"total that is not exact", STREAM_USERS(CURSOR(",'total':{'pointer':'/total'}")),
        {FIRST("{'total':1,'items':[" ITEM("1") "]}")}, PROOF_ASSERTED, "no exact total", 0, 0,
        false},
    {"total too high, twice", STREAM_USERS(CURSOR("," TOTAL)),
        {FIRST("{'total':3,'items':[" ITEM("1") "]}")}, PROOF_PARTIAL, "says 3 items, 1 were seen",
        0, 0, true},
    {"total too high, then right", STREAM_USERS(CURSOR("," TOTAL)),
        {{.when = "/users", .times = 1, .body = "{'total':3,'items':[" ITEM("1") "]}"},
            FIRST("{'total':1,'items':[" ITEM("1") "]}")},
        PROOF_PROVEN, NULL, 0, 0, true},
    {"total too low", STREAM_USERS(CURSOR("," TOTAL)),
        {FIRST("{'total':1,'items':[" ITEM("1") "," ITEM("2") "]}")}, PROOF_PARTIAL,
        "1 items, 2 were", 0, 0, true},
    /* An offset listing that loses a read item skips an unread one, and the sums agree all the same
       (fault 68). */
    {"the total moved, and then stood still", STREAM_USERS(CURSOR("," TOTAL)),
        {{.when = "cursor=b", .times = 1, .body = "{'total':2,'items':[" ITEM("3") "]}"},
            PAGE("b", "{'total':2,'items':[" ITEM("3") "]}"),
            {.when = "/users",
                .times = 1,
                .body = "{'total':3,'items':[" ITEM("1") "],'next':'b'}"},
            FIRST("{'total':2,'items':[" ITEM("2") "],'next':'b'}")},
        PROOF_PROVEN, NULL, 0, 0, true},
    {"the total moved, twice", STREAM_USERS(CURSOR("," TOTAL)),
        {PAGE("b", "{'total':2,'items':[" ITEM("3") "]}"),
            FIRST("{'total':3,'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_ASSERTED, "changed while it was read", 0, 0, true},
    {"conflict", STREAM_USERS(CURSOR("," TOTAL)),
        {FIRST("{'total':1,'items':[" ITEM("1") ",{'id':'1','name':'other'}]}")}, PROOF_ASSERTED,
        "twice with different content", 0, 0, false},
    {"the same item again", STREAM_USERS(CURSOR("," TOTAL)),
        {FIRST("{'total':1,'items':[" ITEM("1") "," ITEM("1") "]}")}, PROOF_PROVEN, NULL, 0, 0,
        false},
    {"unreadable id", STREAM_USERS(CURSOR("," TOTAL)),
        {FIRST("{'total':2,'items':[" ITEM("1") ",{'id':null,'name':'x'}]}")}, PROOF_ASSERTED,
        "no readable id", 0, 0, false},
    {"many dead", STREAM_USERS(CURSOR("," TOTAL)),
        {FIRST("{'total':5,'items':[" ITEM("1") ",{},{},{},{}]}")}, PROOF_PARTIAL, "dead letters",
        0, 0, false},
    {"unframed", STREAM_USERS(CURSOR("," TOTAL)),
        {{.when = "/users", .body = "{'total':1,'items':[" ITEM("1") "]}", .unframed = true}},
        PROOF_ASSERTED, "without a declared length", 0, 0, false},
    {"truncated",
        STREAM_USERS(
            CURSOR("," TOTAL ",'truncated':{'pointer':'/cut','op':'equals','value':'true'}")),
        {FIRST("{'total':1,'cut':true,'items':[" ITEM("1") "]}")}, PROOF_PARTIAL,
        "says that it cut", 0, 0, false},
    {"ceiling", STREAM_USERS(CURSOR("," TOTAL ",'ceiling':2")),
        {FIRST("{'total':2,'items':[" ITEM("1") "," ITEM("2") "]}")}, PROOF_PARTIAL, "ceiling of 2",
        0, 0, false},
    {"next is itself", STREAM_USERS(CURSOR("," TOTAL)),
        {PAGE("b", "{'total':9,'items':[" ITEM("2") "],'next':'b'}"),
            FIRST("{'total':9,'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_PARTIAL, "page 2: its next page is itself", 0, 0, false},
    {"cycle of three", STREAM_USERS(CURSOR("")),
        {PAGE("b", "{'items':[" ITEM("2") "],'next':'c'}"),
            PAGE("c", "{'items':[" ITEM("3") "],'next':'d'}"),
            PAGE("d", "{'items':[" ITEM("4") "],'next':'b'}"),
            FIRST("{'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_PARTIAL, "circle", 0, 0, false},
    {"page repeated", STREAM_USERS(CURSOR("")),
        {PAGE("b", "{'items':[" ITEM("1") "],'next':'c'}"),
            FIRST("{'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_PARTIAL, "page 2: the same items", 0, 0, false},
    {"one empty page in the middle", STREAM_USERS(CURSOR("," TOTAL)),
        {PAGE("b", "{'total':2,'items':[],'next':'c'}"),
            PAGE("c", "{'total':2,'items':[" ITEM("2") "]}"),
            FIRST("{'total':2,'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_PROVEN, NULL, 0, 0, false},
    {"empty pages for ever", STREAM_USERS(NUMBER("'has_more_false'", ",'has_more':'/more'")),
        {FIRST("{'items':[],'more':true}")}, PROOF_PARTIAL, "without a new record", 0, 0, false},
    {"more pages than allowed", STREAM_USERS(CURSOR("")),
        {PAGE("b", "{'items':[" ITEM("2") "],'next':'c'}"),
            FIRST("{'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_PARTIAL, "pages_most", 2, 0, false},
    {"more bytes than allowed", STREAM_USERS(CURSOR("")),
        {PAGE("b", "{'items':[" ITEM("2") "],'next':'c'}"),
            FIRST("{'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_PARTIAL, "run_bytes_most", 0, 60, false},
    {"undeclared end",
        STREAM_USERS("{'kind':'cursor','ends':['next_null'],'next':'/next'," TOTAL "}"),
        {FIRST("{'total':1,'items':[" ITEM("1") "]}")}, PROOF_PARTIAL, "none of the declared ends",
        0, 0, false},
    {"a short page is no end", STREAM_USERS(NUMBER("'empty_page'", "," TOTAL)),
        {{.when = "page=1", .body = "{'total':2,'items':[" ITEM("1") "]}"},
            {.when = "page=2", .body = "{'total':2,'items':[" ITEM("2") "]}"},
            {.when = "page=3", .body = "{'total':2,'items':[]}"}},
        PROOF_PROVEN, NULL, 0, 0, false},
    {"204 in the middle", STREAM_USERS(CURSOR("," TOTAL)),
        {{.when = "cursor=b", .status = 204},
            FIRST("{'total':2,'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_PARTIAL, "page 2: an answer without a body", 0, 0, false},
    {"empty body at once", STREAM_USERS(CURSOR("," TOTAL)), {{.when = "/users"}}, PROOF_PARTIAL,
        "page 1: an answer without a body", 0, 0, false},
    {"wrong echo", STREAM_USERS("{'kind':'scim','size':1," TOTAL "}"),
        {{.when = "startIndex=2", .body = "{'total':2,'startIndex':1,'items':[" ITEM("2") "]}"},
            FIRST("{'total':2,'startIndex':1,'items':[" ITEM("1") "]}")},
        PROOF_PARTIAL, "another position", 0, 0, false},
    {"the first page again and again", STREAM_USERS("{'kind':'scim','size':1," TOTAL "}"),
        {FIRST("{'total':2,'startIndex':1,'items':[" ITEM("1") "]}")}, PROOF_PARTIAL,
        "the same items as the page before", 0, 0, false},
    {"next link to another host",
        STREAM_USERS("{'kind':'link','ends':['next_absent'],'next':'/next'}"),
        {FIRST("{'items':[" ITEM("1") "],'next':'https://evil.example.net/users'}")}, PROOF_PARTIAL,
        "page 1: refused", 0, 0, false},
    {"wrong content type", STREAM_USERS(CURSOR("")),
        {{.when = "/users", .type = "text/csv", .body = "id\n1\n"}}, PROOF_PARTIAL, "content_type",
        0, 0, false},
    {"404", STREAM_USERS(CURSOR("")), {{.when = "/users", .status = 404, .body = "{}"}},
        PROOF_PARTIAL, "page 1: not_found", 0, 0, false},
    {"403 at once", STREAM_USERS(CURSOR("")), {{.when = "/users", .status = 403, .body = "{}"}},
        PROOF_PARTIAL, "not permitted: ", 0, 0, false},
    {"403 on the second page", STREAM_USERS(CURSOR("")),
        {{.when = "cursor=b", .status = 403, .body = "{}"},
            FIRST("{'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_PARTIAL, "page 2: forbidden", 0, 0, false},
    {"400", STREAM_USERS(CURSOR("")), {{.when = "/users", .status = 400, .body = "{}"}},
        PROOF_PARTIAL, "page 1: invalid", 0, 0, false},
    {"500 for ever", STREAM_USERS(CURSOR("")), {{.when = "/users", .status = 500, .body = "{}"}},
        PROOF_PARTIAL, "page 1: transient", 0, 0, false},
    {"nobody there", STREAM_USERS(CURSOR("")), {{.when = "/users", .exchange = EXCHANGE_CONNECT}},
        PROOF_PARTIAL, "page 1: transient", 0, 0, false},
    {"a wrong certificate", STREAM_USERS(CURSOR("")),
        {{.when = "/users", .exchange = EXCHANGE_TLS}}, PROOF_PARTIAL, "page 1: refused", 0, 0,
        false},
    {"401 for good", STREAM_USERS(CURSOR("")), {{.when = "/users", .status = 401, .body = "{}"}},
        PROOF_PARTIAL, "refuses the login", 0, 0, false},
    {"410 at once", STREAM_USERS(CURSOR("")), {{.when = "/users", .status = 410, .body = "{}"}},
        PROOF_PARTIAL, "page 1: not_found", 0, 0, false},
    {"cursor expired, twice", STREAM_USERS(CURSOR("")),
        {{.when = "cursor=b", .status = 410, .body = "{}"},
            FIRST("{'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_PARTIAL, "page 2: cursor_expired", 0, 0, true},
    {"cursor expired, once", STREAM_USERS(CURSOR("," TOTAL)),
        {{.when = "cursor=b", .times = 1, .status = 410, .body = "{}"},
            PAGE("b", "{'total':2,'items':[" ITEM("2") "]}"),
            FIRST("{'total':2,'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_PROVEN, NULL, 0, 0, true},
    {"401 once", STREAM_USERS(CURSOR("," TOTAL)),
        {{.when = "/users", .times = 1, .status = 401, .body = "{}"},
            FIRST("{'total':1,'items':[" ITEM("1") "]}")},
        PROOF_PROVEN, NULL, 0, 0, false},
    {"429 with waits", STREAM_USERS(CURSOR("," TOTAL)),
        {{.when = "/users",
             .times = 12,
             .status = 429,
             .header = "Retry-After",
             .value = "30",
             .body = "{}"},
            FIRST("{'total':1,'items':[" ITEM("1") "]}")},
        PROOF_PROVEN, NULL, 0, 0, false},
    {"503 three times", STREAM_USERS(CURSOR("," TOTAL)),
        {{.when = "/users", .times = 3, .status = 503, .body = "{}"},
            FIRST("{'total':1,'items':[" ITEM("1") "]}")},
        PROOF_PROVEN, NULL, 0, 0, false},
    {"login page", STREAM_USERS(CURSOR("")),
        {{.when = "/users", .type = "text/html", .body = "<html>sign in</html>"}}, PROOF_PARTIAL,
        "html", 0, 0, false},
};

static void begin(struct driver *driver, const struct listing *listing)
{
    size_t count = 0;
    while (count < 6 && listing->answers[count].when)
        count++;
    driver_begin(driver, "", listing->stream, listing->answers, count);
    if (listing->pages_most)
        driver->settings.policy.pages_most = listing->pages_most;
    if (listing->bytes_most)
        driver->settings.policy.run_bytes_most = listing->bytes_most;
    driver_join(driver);
}

static void check(const struct listing *listing, const struct driver *driver, int when)
{
    const struct run_summary *run = driver_summary(driver, "users");
    ck_assert_msg(run->proof == listing->proof, "%s (%d): %s, %s", listing->name, when,
        proof_name(run->proof), run->reason);
    ck_assert_msg((listing->proof == PROOF_PROVEN) == (run->reason[0] == '\0'), "%s (%d): \"%s\"",
        listing->name, when, run->reason);
    ck_assert_msg(!listing->reason || strstr(run->reason, listing->reason), "%s (%d): \"%s\"",
        listing->name, when, run->reason);
    ck_assert_int_eq(driver->proof, listing->proof);
}

START_TEST(every_listing_proves_what_it_does)
{
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++) {
        struct driver driver;
        begin(&driver, &listings[i]);
        driver_start(&driver);
        driver_finish(&driver);
        check(&listings[i], &driver, -1);
        ck_assert_msg(driver.scopes[0].restarts == listings[i].passes_twice, "%s: %d restarts",
            listings[i].name, driver.scopes[0].restarts);
        driver_end(&driver);
    }
}
END_TEST

/* Promise 3: a host that dies between any two events, and comes back, draws the conclusion that an
 * undisturbed one draws. A listing that answers otherwise the second time is left out: it is
 * another listing. */
START_TEST(a_crash_anywhere_ends_in_the_same_conclusion)
{
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++) {
        bool changes = false;
        for (size_t a = 0; a < 6; a++)
            changes = changes || listings[i].answers[a].times > 0;
        if (changes)
            continue;
        for (int crash = 1;; crash++) {
            struct driver driver;
            begin(&driver, &listings[i]);
            driver_start(&driver);
            for (int step = 0; step < crash && !driver.over; step++)
                ck_assert(driver_step(&driver));
            bool over = driver.over;
            if (!over) {
                driver_crash(&driver);
                driver_start(&driver);
                driver_finish(&driver);
            }
            if (driver.summary_count > 0) /* the run was over before the crash: told of then */
                check(&listings[i], &driver, crash);
            const struct kept_run *kept = &driver.runs[0];
            ck_assert_msg(kept->proof == listings[i].proof, "%s (%d): %s", listings[i].name, crash,
                kept->reason);
            ck_assert_msg(!listings[i].reason || strstr(kept->reason, listings[i].reason),
                "%s (%d): %s", listings[i].name, crash, kept->reason);
            driver_end(&driver);
            if (over)
                break;
        }
    }
}
END_TEST

/* The same for a host that drains, which also must come to an end wherever it is told to. */
START_TEST(a_drain_anywhere_comes_to_an_end_and_goes_on)
{
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++) {
        bool changes = false;
        for (size_t a = 0; a < 6; a++)
            changes = changes || listings[i].answers[a].times > 0;
        if (changes)
            continue;
        for (int stop = 0;; stop++) {
            struct driver driver;
            begin(&driver, &listings[i]);
            driver_start(&driver);
            for (int step = 0; step < stop && !driver.over; step++)
                ck_assert(driver_step(&driver));
            bool over = driver.over;
            if (!over) {
                driver_feed(&driver, (struct event){.kind = EVENT_STOP});
                int64_t requests = driver.requests;
                driver_finish(&driver);
                ck_assert_int_eq(driver.requests, requests); /* nothing new is sent */
                ck_assert_uint_eq(engine_rounds(driver.engine), 0);
                bool interrupted = driver.interrupted;
                driver_crash(&driver);
                if (interrupted) {
                    driver_start(&driver);
                    driver_finish(&driver);
                }
            }
            const struct kept_run *kept = &driver.runs[0];
            ck_assert_msg(kept->proof == listings[i].proof, "%s (%d): %s", listings[i].name, stop,
                kept->reason);
            driver_end(&driver);
            if (over)
                break;
        }
    }
}
END_TEST

/* Every job in turn, and every kind of job, cannot be done: the round ends, with the reason, and
 * never hangs. */
START_TEST(a_store_that_fails_ends_the_round_with_its_reason)
{
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++)
        for (int job = 1;; job++) {
            struct driver driver;
            begin(&driver, &listings[i]);
            driver.fail_job = job;
            driver_start(&driver);
            driver_finish(&driver);
            bool hit = driver.jobs >= job;
            if (hit && job < driver.jobs) /* not the end of the round itself */
                ck_assert_msg(driver.proof == PROOF_PARTIAL, "%s (%d): %s", listings[i].name, job,
                    proof_name(driver.proof));
            if (hit && driver.summary_count > 0 && listings[i].proof == PROOF_PROVEN &&
                driver.summaries[0].proof == PROOF_PARTIAL)
                ck_assert_msg(strstr(driver.summaries[0].reason, "the disk is full") != NULL,
                    "%s (%d): %s", listings[i].name, job, driver.summaries[0].reason);
            for (size_t r = 0; r < driver.summary_count; r++)
                ck_assert(
                    driver.summaries[r].proof == PROOF_PROVEN || driver.summaries[r].reason[0]);
            driver_end(&driver);
            if (!hit)
                break;
        }
}
END_TEST

START_TEST(items_without_a_readable_id_bar_absence)
{
    struct driver driver;
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++) {
        if (strcmp(listings[i].name, "unreadable id") != 0 &&
            strcmp(listings[i].name, "conflict") != 0)
            continue;
        begin(&driver, &listings[i]);
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_int_eq(driver.scopes[0].bar_absence, strcmp(listings[i].name, "conflict") != 0);
        driver_end(&driver);
    }
}
END_TEST

UNIT_MAIN("proof", every_listing_proves_what_it_does, a_crash_anywhere_ends_in_the_same_conclusion,
    a_drain_anywhere_comes_to_an_end_and_goes_on, a_store_that_fails_ends_the_round_with_its_reason,
    items_without_a_readable_id_bar_absence)
