/* SPDX-License-Identifier: Apache-2.0 */
/* Bookmarks: compared, taken back, held back, and moved only by a run that is complete. */
#include "../../../host/engine/machine.h"
#include "driver.h"

#define WALL INT64_C(1767225600000) /* 2026-01-01T00:00:00Z, where the driver's clock begins */

START_TEST(bounds_are_floored_and_look_back)
{
    static const struct {
        struct muster_incremental declared;
        const char *bookmark, *bound;
        int64_t look_back_ms;
    } rows[] = {
        {{0}, "2026-01-01T00:10:00.999Z", "2026-01-01T00:05:00.000Z", 300000},
        {{0}, "2026-01-01T02:10:00.5+02:00", "2026-01-01T00:09:55.000Z", 5000},
        {{.granularity_s = 60}, "2026-01-01T00:10:59Z", "2026-01-01T00:10:00.000Z", 0},
        {{.granularity_s = 60, .exclusive = 1}, "2026-01-01T00:10:59Z", "2026-01-01T00:09:00.000Z",
            0},
        {{.look_back_s = 1}, "2026-01-01T00:00:01Z", "2026-01-01T00:00:00.000Z", 300000},
        {{.format = MUSTER_TIME_EPOCH_S}, "1000", "700", 300000},
        {{.format = MUSTER_TIME_EPOCH_S, .exclusive = 1}, "1000", "999", 0},
        {{.format = MUSTER_TIME_EPOCH_S}, "100", "-200", 300000},
        {{.format = MUSTER_TIME_EPOCH_MS}, "1000999", "1000000", 0},
        {{.format = MUSTER_TIME_EPOCH_MS}, "-1", "-1000", 0},
        {{.format = MUSTER_TIME_DATE}, "2026-03-01", "2026-02-28", 1},
        {{.format = MUSTER_TIME_COUNTER}, "17", "17", 300000},
        {{.format = MUSTER_TIME_COUNTER, .exclusive = 1}, "17", "16", 300000},
        {{.format = MUSTER_TIME_OPAQUE}, "abc", "abc", 300000},
        {{.format = MUSTER_TIME_HTTP_DATE}, "Thu, 01 Jan 2026 00:04:00 GMT",
            "Wed, 31 Dec 2025 23:59:00 GMT", 300000},
        {{.format = MUSTER_TIME_HTTP_DATE}, "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {{.format = MUSTER_TIME_FILETIME}, "116444736009999999", "116444736000000000", 0},
        {{.format = MUSTER_TIME_GENERALIZED}, "20260101000000Z", "20251231235500Z", 300000},
        {{0}, "yesterday", "yesterday", 300000},
        {{.format = MUSTER_TIME_EPOCH_S}, "soon", "soon", 300000},
        {{.format = MUSTER_TIME_EPOCH_S}, "9223372036854775807", "9223372036854775807", 0},
        {{.format = MUSTER_TIME_FILETIME}, "0x1", "0x1", 300000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO_ARENA *arena = arena_create(0);
        struct span bound = bookmark_bound(
            &rows[i].declared, span_of(rows[i].bookmark), rows[i].look_back_ms, arena);
        ck_assert_msg(span_equal_text(bound, rows[i].bound), "%s: %.*s, not %s", rows[i].bookmark,
            SPAN_FORMAT(bound), rows[i].bound);
    }
    const struct muster_incremental plain = {0};
    ck_assert_ptr_null(bookmark_bound(&plain, (struct span){NULL, 0}, 0, NULL).data);
}
END_TEST

START_TEST(only_a_time_can_be_too_old)
{
    static const struct {
        struct muster_incremental declared;
        const char *bookmark;
        bool too_old;
    } rows[] = {
        {{.keeps_s = 60}, "2025-12-31T23:59:01Z", false},
        {{.keeps_s = 60}, "2025-12-31T23:58:59Z", true},
        {{.keeps_s = 60, .look_back_s = 2}, "2025-12-31T23:59:01Z", true},
        {{0}, "2000-01-01T00:00:00Z", false},
        {{.keeps_s = 60}, "yesterday", false},
        {{.keeps_s = 60, .format = MUSTER_TIME_COUNTER}, "17", false},
        {{.keeps_s = 60, .format = MUSTER_TIME_OPAQUE}, "abc", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(bookmark_is_too_old(&rows[i].declared, span_of(rows[i].bookmark), 0, WALL) ==
                          rows[i].too_old,
            "row %zu: %s", i, rows[i].bookmark);
}
END_TEST

START_TEST(bookmarks_compare_by_what_they_mean)
{
    const struct span nothing = {NULL, 0};
    ck_assert(bookmark_later(0, SPAN("2026-01-01T00:00:00+01:00"), SPAN("2025-12-31T22:59:59Z")));
    ck_assert(!bookmark_later(0, SPAN("2026-01-01T00:00:00+01:00"), SPAN("2025-12-31T23:00:00Z")));
    ck_assert(bookmark_later(MUSTER_TIME_COUNTER, SPAN("10"), SPAN("9")));
    ck_assert(bookmark_later(MUSTER_TIME_OPAQUE, SPAN("b"), SPAN("a")));
    ck_assert(bookmark_later(0, SPAN("x"), SPAN("2026-01-01T00:00:00Z"))); /* as texts */
    ck_assert(!bookmark_later(0, SPAN("2026-01-01T00:00:00Z"), SPAN("x")));
    ck_assert(bookmark_later(0, SPAN("x"), nothing));
    ck_assert(!bookmark_later(0, nothing, nothing));
    ck_assert(!bookmark_later(0, nothing, SPAN("x")));
}
END_TEST

START_TEST(a_time_is_held_back_to_the_runs_beginning)
{
    AUTO_ARENA *arena = arena_create(0);
    ck_assert(span_equal_text(
        bookmark_cap(0, SPAN("2026-01-01T00:00:01Z"), WALL, arena), "2026-01-01T00:00:00.000Z"));
    ck_assert(span_equal_text(
        bookmark_cap(0, SPAN("2025-12-31T00:00:01Z"), WALL, arena), "2025-12-31T00:00:01Z"));
    ck_assert(span_equal_text(
        bookmark_cap(MUSTER_TIME_DATE, SPAN("2026-01-02"), WALL + 5, arena), "2026-01-01"));
    ck_assert(span_equal_text(
        bookmark_cap(MUSTER_TIME_COUNTER, SPAN("99999999999999"), WALL, arena), "99999999999999"));
    ck_assert(span_equal_text(bookmark_cap(MUSTER_TIME_OPAQUE, SPAN("zzz"), WALL, arena), "zzz"));
    ck_assert(span_equal_text(bookmark_cap(0, SPAN("tomorrow"), WALL, arena), "tomorrow"));
    ck_assert(bookmark_cap(0, (struct span){NULL, 0}, WALL, arena).data == NULL);
}
END_TEST

/* ------------------------------------------------------------------ in a run */

#define INCREMENTAL(format)                                                     \
    ",'mode':'incremental','incremental':{'field':'/at','format':'" format "'," \
    "'bound':{'name':'since','value':'{bound}'}}"
#define CHANGED(format)                                                                 \
    "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" CURSOR("") \
        INCREMENTAL(format) "," YIELDS "}"
#define AT(id, at) "{'id':'" id "','name':'n','at':" at "}"

static const struct kept_run *play(struct driver *driver, const char *streams,
    const struct answer *answers, size_t count, const char *bookmark, int crash)
{
    driver_begin(driver, "", streams, answers, count);
    driver_join(driver);
    driver->bookmark = bookmark;
    driver_start(driver);
    for (int i = 0; i < crash && !driver->over; i++)
        ck_assert(driver_step(driver));
    if (crash > 0 && !driver->over) {
        driver_crash(driver);
        driver->now_ms += 3600000;
        driver_start(driver);
    }
    driver_finish(driver);
    return &driver->runs[0];
}

START_TEST(only_a_complete_run_moves_its_bookmark)
{
    static const struct answer whole[] = {
        {.when = "cursor=b", .body = "{'items':[" AT("2", "'2025-12-31T10:00:00Z'") "]}"},
        {.when = "/users", .body = "{'items':[" AT("1", "'2025-12-31T11:00:00Z'") "],'next':'b'}"}};
    static const struct answer cut[] = {{.when = "cursor=b", .status = 404, .body = "{}"},
        {.when = "/users", .body = "{'items':[" AT("1", "'2025-12-31T11:00:00Z'") "],'next':'b'}"}};
    static const struct answer empty[] = {{.when = "/users", .body = "{'items':[]}"}};
    struct driver driver;
    const struct kept_run *run = play(&driver, CHANGED("rfc3339"), ANSWERS(whole), NULL, 0);
    ck_assert_str_eq(run->bookmark, "2025-12-31T11:00:00Z"); /* the highest, whatever the order */
    ck_assert(strstr(driver.last_url, "since") == NULL);
    driver_end(&driver);
    run = play(&driver, CHANGED("rfc3339"), ANSWERS(whole), "2025-12-31T09:00:00Z", 0);
    ck_assert_msg(strstr(driver.last_url, "since=2025-12-31T08%3A55%3A00.000Z") != NULL, "%s",
        driver.last_url);
    ck_assert_int_eq(run->proof, PROOF_ASSERTED);
    ck_assert(run->bookmark_moved);
    driver_end(&driver);
    run = play(&driver, CHANGED("rfc3339"), ANSWERS(cut), NULL, 0);
    ck_assert(!run->bookmark_moved);
    driver_end(&driver);
    run = play(&driver, CHANGED("rfc3339"), ANSWERS(empty), "2025-12-31T09:00:00Z", 0);
    ck_assert(run->ended && !run->bookmark_moved);
    driver_end(&driver);
}
END_TEST

/* What carries a time after the run's beginning may stand beside changes that were made behind the
 * reader's back. */
START_TEST(what_changes_while_it_is_read_is_read_again)
{
    static const struct answer answers[] = {
        {.when = "cursor=b", .body = "{'items':[" AT("2", "'2026-01-01T09:00:00Z'") "]}"},
        {.when = "/users", .body = "{'items':[" AT("1", "'2025-12-31T11:00:00Z'") "],'next':'b'}"}};
    for (int crash = 0; crash < 10; crash += 3) { /* a crash must not make the run younger */
        struct driver driver;
        const struct kept_run *run =
            play(&driver, CHANGED("rfc3339"), ANSWERS(answers), NULL, crash);
        ck_assert_msg(
            strncmp(run->bookmark, "2026-01-01T00:00:01", 19) == 0, "%d: %s", crash, run->bookmark);
        driver_end(&driver);
    }
}
END_TEST

#define GROUPS_AND_MEMBERS(format)                                                              \
    "{'name':'groups','request':{'path':'/groups'},'items':'/items','yields':[{'kind':'group'," \
    "'fields':[{'to':'id','from':'/id'}]}]},"                                                   \
    "{'name':'members','request':{'path':'/members/{parent.id}'},'items':'/items','parent':{"   \
    "'stream':'groups','fields':[{'name':'id','from':'/id'}]}" INCREMENTAL(format) "," YIELDS "}"

START_TEST(counters_of_several_scopes_keep_the_least)
{
    static const struct answer answers[] = {
        {.when = "/groups", .body = "{'items':[{'id':'1'},{'id':'2'},{'id':'3'}]}"},
        {.when = "/members/1", .body = "{'items':[" AT("a", "50") "]}"},
        {.when = "/members/2", .body = "{'items':[" AT("b", "100") "]}"},
        {.when = "/members/3", .body = "{'items':[" AT("c", "70") "]}"}};
    static const struct answer empty[] = {
        {.when = "/groups", .body = "{'items':[{'id':'1'},{'id':'2'},{'id':'3'}]}"},
        {.when = "/members/1", .body = "{'items':[]}"},
        {.when = "/members/2", .body = "{'items':[" AT("b", "100") "]}"},
        {.when = "/members/3", .body = "{'items':[" AT("c", "70") "]}"}};
    struct driver driver;
    (void)play(&driver, GROUPS_AND_MEMBERS("counter"), ANSWERS(answers), NULL, 0);
    ck_assert_str_eq(driver.runs[1].bookmark, "50");
    driver_end(&driver);
    /* What comes into an empty scope behind the reader's back may have any number. */
    (void)play(&driver, GROUPS_AND_MEMBERS("counter"), ANSWERS(empty), NULL, 0);
    ck_assert(!driver.runs[1].bookmark_moved);
    driver_end(&driver);
}
END_TEST

/* Fault 73. */
START_TEST(an_order_that_does_not_hold_holds_the_bookmark)
{
#define T(hour) "'2025-12-31T" hour ":00:00Z'"
    static const struct {
        const char *order, *first, *second;
        bool holds;
    } rows[] = {
        {"rising", AT("1", T("08")) "," AT("2", T("09")), AT("3", T("09")), true},
        {"rising", AT("1", T("09")) "," AT("2", T("08")), AT("3", T("10")), false},
        {"rising", AT("1", T("08")) "," AT("2", T("10")), AT("3", T("09")), false},
        {"falling", AT("1", T("10")) "," AT("2", T("09")), AT("3", T("09")), true},
        {"falling", AT("1", T("09")) "," AT("2", T("10")), AT("3", T("08")), false},
        {"falling", AT("1", T("09")) "," AT("2", T("08")), AT("3", T("10")), false},
        {"none", AT("1", T("09")) "," AT("2", T("08")), AT("3", T("10")), true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int full = 0; full < 2; full++) {
            char stream[1024], first[512], second[512];
            (void)snprintf(
                first, sizeof first, "{'total':3,'items':[%s],'next':'b'}", rows[i].first);
            (void)snprintf(second, sizeof second, "{'total':3,'items':[%s]}", rows[i].second);
            (void)snprintf(stream, sizeof stream,
                "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" CURSOR(
                    "," TOTAL) ",'mode':'incremental','incremental':{'field':'/at','order':"
                               "'%s','bound':{'name':'since','value':'{bound}'}}," YIELDS "}",
                rows[i].order);
            const struct answer answers[] = {
                {.when = "cursor=b", .body = second}, {.when = "/users", .body = first}};
            struct driver driver;
            const struct kept_run *run =
                play(&driver, stream, ANSWERS(answers), full ? NULL : "2025-12-31T07:00:00Z", 0);
            ck_assert_msg(run->bookmark_moved == rows[i].holds, "row %zu", i);
            ck_assert_int_eq(run->proof, full && rows[i].holds ? PROOF_PROVEN : PROOF_ASSERTED);
            ck_assert_msg((strstr(run->reason, "another order") != NULL) == !rows[i].holds,
                "row %zu: %s", i, run->reason);
            ck_assert((strstr(driver.anomalies, "out_of_order") != NULL) == !rows[i].holds);
            driver_end(&driver);
        }
}
END_TEST

#define BY_OFFSET(more)                                              \
    "{'kind':'offset','ends':['has_more_false'],'has_more':'/more'," \
    "'size_parameter':'limit','size':2" more "}"
#define BY_NUMBER "{'kind':'number','ends':['has_more_false'],'has_more':'/more','start':1}"
#define MOVES(paging)                                                                          \
    "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" paging            \
    ",'mode':'incremental','incremental':{'field':'/at','format':'epoch_ms','order':'rising'," \
    "'bound':{'name':'since','value':'{bound}'}}," YIELDS "}"
#define HEAD(total) "{'total':" total ",'more':true,'next':'b','items':["
#define TAIL(total) "{'total':" total ",'more':false,'items':["
#define ONE         AT("1", "1000")
#define TWO         AT("2", "2000")
#define THREE       AT("3", "3000")

/* Between two pages by position changes may slip through: a bookmark above them would hide them
 * until the next full run. */
START_TEST(a_listing_that_moves_holds_the_bookmark)
{
    static const struct {
        const char *name, *stream;
        struct answer answers[5];
        int64_t requests;
        bool holds;
    } rows[] = {
        {"a loose one is read twice", MOVES(BY_OFFSET("")),
            {{.when = "offset=0", .body = HEAD("3") ONE "," TWO "]}"},
                {.when = "offset=1", .body = TAIL("3") TWO "," THREE "]}"}},
            4, false},
        {"and differs", MOVES(BY_OFFSET("")),
            {{.when = "offset=0", .times = 1, .body = HEAD("3") AT("0", "0") "," TWO "]}"},
                {.when = "offset=0", .body = HEAD("3") ONE "," TWO "]}"},
                {.when = "offset=1", .body = TAIL("3") TWO "," THREE "]}"}},
            4, true},
        {"page numbers likewise", MOVES(BY_NUMBER),
            {{.when = "page=1", .body = HEAD("3") ONE "," TWO "]}"},
                {.when = "page=2", .times = 1, .body = TAIL("3") AT("4", "4000") "]}"},
                {.when = "page=2", .body = TAIL("3") THREE "]}"}},
            4, true},
        {"an empty page is of another moment", MOVES(BY_NUMBER),
            {{.when = "page=1", .body = HEAD("3") ONE "," TWO "]}"},
                {.when = "page=2", .body = TAIL("3") "]}"}},
            4, false},
        {"a fixed one is probed", MOVES(BY_OFFSET(",'stability':'fixed'," TOTAL)),
            {{.when = "offset=0", .body = HEAD("2") ONE "," TWO "]}"},
                {.when = "offset=1", .body = TAIL("3") TWO "," THREE "]}"}},
            2, false},
        {"a total that moved once", MOVES(BY_OFFSET("," TOTAL)),
            {{.when = "offset=0", .times = 1, .body = HEAD("2") ONE "," TWO "]}"},
                {.when = "offset=0", .body = HEAD("3") ONE "," TWO "]}"},
                {.when = "offset=1", .body = TAIL("3") TWO "," THREE "]}"}},
            6, false},
        {"a total that never rests", MOVES(BY_OFFSET("," TOTAL)),
            {{.when = "offset=0", .body = HEAD("2") ONE "," TWO "]}"},
                {.when = "offset=1", .body = TAIL("3") TWO "," THREE "]}"}},
            4, true},
        {"one page is one moment", MOVES(BY_OFFSET("")),
            {{.when = "offset=0", .body = TAIL("2") ONE "," TWO "]}"}}, 1, false},
        {"a cursor keeps its place", MOVES(CURSOR("," TOTAL)),
            {{.when = "cursor=b", .body = TAIL("3") THREE "]}"},
                {.when = "/users", .body = HEAD("2") ONE "," TWO "]}"}},
            2, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct driver driver;
        size_t count = 0;
        while (count < 5 && rows[i].answers[count].when)
            count++;
        const struct kept_run *run = play(&driver, rows[i].stream, rows[i].answers, count, "1", 0);
        ck_assert_msg(run->bookmark_moved == !rows[i].holds, "%s: %s", rows[i].name, run->reason);
        ck_assert_int_eq(run->proof, PROOF_ASSERTED);
        ck_assert_msg((strstr(run->reason, "twice: the bookmark stays") != NULL) == rows[i].holds,
            "%s: %s", rows[i].name, run->reason);
        ck_assert_msg(driver.requests == rows[i].requests, "%s: %d requests", rows[i].name,
            (int)driver.requests);
        driver_end(&driver);
    }
}
END_TEST

#define EXPIRES                                                                           \
    "'envelope':{'code':'/code'},'error_words':[{'status':400,'code':'too_old','class':'" \
    "cursor_expired'}],"

static const struct kept_run *expire(
    struct driver *driver, const struct answer *answers, size_t count)
{
    driver_begin(driver, EXPIRES, CHANGED("rfc3339"), answers, count);
    driver_join(driver);
    driver->bookmark = "2025-12-31T09:00:00Z";
    driver_start(driver);
    driver_finish(driver);
    return &driver->runs[0];
}

/* Fault 30: one fresh full run of the stream, in the same round; then the truth. */
START_TEST(an_expired_bookmark_is_a_full_run_once)
{
    static const struct answer gone[] = {{.when = "since", .status = 410, .body = "{}"},
        {.when = "/users", .body = "{'items':[" AT("1", "'2025-12-31T11:00:00Z'") "]}"}};
    static const struct answer word[] = {
        {.when = "since", .status = 400, .body = "{'code':'too_old'}"},
        {.when = "/users", .body = "{'items':[" AT("1", "'2025-12-31T11:00:00Z'") "]}"}};
    static const struct answer on_the_way[] = {{.when = "cursor=b", .status = 410, .body = "{}"},
        {.when = "since", .body = "{'items':[" AT("1", "'2025-12-31T11:00:00Z'") "],'next':'b'}"},
        {.when = "/users", .body = "{'items':[" AT("1", "'2025-12-31T11:00:00Z'") "]}"}};
    static const struct answer again[] = {{.when = "since", .status = 410, .body = "{}"},
        {.when = "cursor=b", .status = 410, .body = "{}"},
        {.when = "/users", .body = "{'items':[" AT("1", "'2025-12-31T11:00:00Z'") "],'next':'b'}"}};
    static const struct {
        const struct answer *answers;
        size_t count;
    } rows[] = {{ANSWERS(gone)}, {ANSWERS(word)}, {ANSWERS(on_the_way)}};
    struct driver driver;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct kept_run *run = expire(&driver, rows[i].answers, rows[i].count);
        ck_assert_msg(run->proof == PROOF_ASSERTED, "%zu: %s", i, run->reason);
        ck_assert(run->widened && driver_summary(&driver, "users")->full);
        ck_assert_str_eq(run->bookmark, "2025-12-31T11:00:00Z");
        ck_assert_ptr_null(strstr(driver.last_url, "since"));
        driver_end(&driver);
    }
    const struct kept_run *run = expire(&driver, ANSWERS(again));
    ck_assert_int_eq(run->proof, PROOF_PARTIAL);
    ck_assert_msg(strstr(run->reason, "cursor_expired") != NULL, "%s", run->reason);
    ck_assert(!run->bookmark_moved);
    ck_assert_int_eq(driver.requests, 3);
    driver_end(&driver);
}
END_TEST

/* The scopes that were read by the same bound cannot be taken back. */
START_TEST(a_bookmark_of_many_scopes_expires_for_the_next_run)
{
    static const struct answer answers[] = {
        {.when = "/groups", .body = "{'items':[{'id':'1'},{'id':'2'}]}"},
        {.when = "/members/1?", .body = "{'items':[" AT("a", "'2025-12-31T11:00:00Z'") "]}"},
        {.when = "/members/2?since", .status = 410, .body = "{}"}};
    struct driver driver;
    driver_begin(&driver, "", GROUPS_AND_MEMBERS("rfc3339"), ANSWERS(answers));
    driver_join(&driver);
    driver.bookmark = "2025-12-31T09:00:00Z";
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.runs[1].proof, PROOF_PARTIAL);
    ck_assert(driver.runs[1].bookmark_forgotten && !driver.runs[1].bookmark_moved);
    ck_assert(!driver_summary(&driver, "members")->full);
    driver_end(&driver);
}
END_TEST

START_TEST(a_bookmark_older_than_what_is_kept_is_not_sent)
{
    static const struct answer answers[] = {
        {.when = "/users", .body = "{'items':[" AT("1", "'2025-12-31T11:00:00Z'") "]}"}};
    static const struct {
        const char *bookmark;
        bool full;
    } rows[] = {{"2025-12-31T01:00:00Z", false}, {"2025-12-31T00:04:00Z", true}, /* look-back */
        {"2025-12-30T23:00:00Z", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct driver driver;
        (void)play(&driver,
            "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" CURSOR(
                "") ",'mode':'incremental','incremental':{'field':'/"
                    "at','keeps_s':86400,'bound':{'name':"
                    "'since','value':'{bound}'}}," YIELDS "}",
            ANSWERS(answers), rows[i].bookmark, 0);
        ck_assert_int_eq(driver_summary(&driver, "users")->full, rows[i].full);
        ck_assert((strstr(driver.last_url, "since") == NULL) == rows[i].full);
        driver_end(&driver);
    }
}
END_TEST

/* ------------------------------------------------------------------ delta tokens */

#define BY_DELTA(more)                                                                          \
    "{'name':'users','request':{'path':'/users','query':[{'name':'all','value':'1',"            \
    "'full_only':true}]},'items':'/items','paging':{'kind':'cursor','ends':['delta'],'next':'/" \
    "next'},'mode':'delta','delta':{'token':'/delta'" more "}," YIELDS "}"

static const struct kept_run *delta(struct driver *driver, const char *more,
    const struct answer *answers, size_t count, const char *token)
{
    char stream[1024];
    (void)snprintf(stream, sizeof stream, BY_DELTA("%s"), more);
    return play(driver, stream, answers, count, token, 0);
}

START_TEST(a_delta_token_is_the_next_runs)
{
    static const struct answer whole[] = {
        {.when = "cursor=b", .body = "{'items':[" ITEM("2") "],'delta':'2030-01-01T00:00:00Z'}"},
        {.when = "all=1", .body = "{'items':[" ITEM("1") "],'next':'b'}"}};
    static const struct answer changed[] = {
        {.when = "cursor=b&since=t%2F1", .body = "{'items':[],'delta':7}"},
        {.when = "/users?since=t%2F1", .body = "{'items':[" ITEM("1") "],'next':'b'}"}};
    static const struct answer timely[] = {
        {.when = "since=2025-12-31T09%3A00%3A00Z", .body = "{'items':[],'delta':'x'}"}};
    struct driver driver;
    const struct kept_run *run = delta(&driver, ",'parameter':'since'", ANSWERS(whole), NULL);
    ck_assert_msg(run->proof == PROOF_ASSERTED, "%s", run->reason);
    ck_assert_str_eq(run->bookmark, "2030-01-01T00:00:00Z"); /* as it came: no time of ours */
    ck_assert(driver_summary(&driver, "users")->full);
    driver_end(&driver);
    run = delta(&driver, ",'parameter':'since'", ANSWERS(timely), "2025-12-31T09:00:00Z");
    ck_assert_msg(run->proof == PROOF_ASSERTED, "%s", run->reason); /* nor is it looked back from */
    driver_end(&driver);
    run = delta(&driver, ",'parameter':'since'", ANSWERS(changed), "t/1");
    ck_assert_msg(run->proof == PROOF_ASSERTED, "%s", run->reason);
    ck_assert(!driver_summary(&driver, "users")->full);
    ck_assert_str_eq(run->bookmark, "7");
    driver_end(&driver);
}
END_TEST

START_TEST(a_delta_link_is_followed_on_its_own_origin)
{
    static const struct answer whole[] = {
        {.when = "all=1", .body = "{'items':[" ITEM("1") "],'delta':'/users/changes?t=1'}"}};
    static const struct answer changed[] = {
        {.when = "/users/changes?t=1", .body = "{'items':[],'delta':'/users/changes?t=2'}"}};
    static const struct answer elsewhere[] = {
        {.when = "all=1", .body = "{'items':[],'delta':'https://evil.example.net/t'}"}};
    struct driver driver;
    const struct kept_run *run = delta(&driver, "", ANSWERS(whole), NULL);
    ck_assert_str_eq(run->bookmark, "https://api.example.com/users/changes?t=1");
    driver_end(&driver);
    run = delta(&driver, "", ANSWERS(changed), "https://api.example.com/users/changes?t=1");
    ck_assert_msg(run->proof == PROOF_ASSERTED, "%s", run->reason);
    ck_assert_str_eq(driver.last_url, "https://api.example.com/users/changes?t=1");
    ck_assert_str_eq(run->bookmark, "https://api.example.com/users/changes?t=2");
    driver_end(&driver);
    run = delta(&driver, "", ANSWERS(elsewhere), NULL);
    ck_assert_int_eq(run->proof, PROOF_PARTIAL);
    ck_assert(!run->bookmark_moved);
    driver_end(&driver);
}
END_TEST

START_TEST(a_delta_token_expires_and_is_missed)
{
    static const struct answer gone[] = {{.when = "since", .status = 410, .body = "{}"},
        {.when = "all=1", .body = "{'items':[" ITEM("1") "],'delta':'t2'}"}};
    static const struct answer none[] = {{.when = "all=1", .body = "{'items':[" ITEM("1") "]}"}};
    static const struct answer null[] = {
        {.when = "all=1", .body = "{'items':[" ITEM("1") "],'delta':null}"}};
    struct driver driver;
    const struct kept_run *run = delta(&driver, ",'parameter':'since'", ANSWERS(gone), "t1");
    ck_assert(run->widened && driver_summary(&driver, "users")->full);
    ck_assert_str_eq(run->bookmark, "t2");
    driver_end(&driver);
    /* Without its token the listing has not come to its end. */
    run = delta(&driver, ",'parameter':'since'", ANSWERS(none), NULL);
    ck_assert_int_eq(run->proof, PROOF_PARTIAL);
    ck_assert(!run->bookmark_moved);
    driver_end(&driver);
    run = delta(&driver, ",'parameter':'since'", ANSWERS(null), NULL);
    ck_assert_int_eq(run->proof, PROOF_PARTIAL);
    driver_end(&driver);
}
END_TEST

UNIT_MAIN("bookmark", bounds_are_floored_and_look_back, only_a_time_can_be_too_old,
    bookmarks_compare_by_what_they_mean, a_time_is_held_back_to_the_runs_beginning,
    only_a_complete_run_moves_its_bookmark, what_changes_while_it_is_read_is_read_again,
    counters_of_several_scopes_keep_the_least, an_order_that_does_not_hold_holds_the_bookmark,
    a_listing_that_moves_holds_the_bookmark, an_expired_bookmark_is_a_full_run_once,
    a_bookmark_of_many_scopes_expires_for_the_next_run,
    a_bookmark_older_than_what_is_kept_is_not_sent, a_delta_token_is_the_next_runs,
    a_delta_link_is_followed_on_its_own_origin, a_delta_token_expires_and_is_missed)
