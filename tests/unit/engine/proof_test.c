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

#define AT(offset, text)                         \
    {                                            \
        .when = "offset=" offset, .body = (text) \
    }
#define OFFSET(ends, more)                                                                 \
    "{'kind':'offset','stability':'fixed','ends':[" ends "],'size_parameter':'limit'" more \
    "," TOTAL "}"
#define LOOSE "{'kind':'offset','ends':['total'],'size_parameter':'limit','size':2," TOTAL "}"
/* Users and teams in one listing: what is neither is nobody's. */
#define TEAMS                                                                        \
    "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" CURSOR( \
        "," TOTAL) ",'yields':[{'kind':'account','when':{'pointer':'/"               \
                   "type','value':'user'},'fields':["                                \
                   "{'to':'id','from':'/id'}]},{'kind':'group','when':{'pointer':'/" \
                   "type','value':'team'},"                                          \
                   "'fields':[{'to':'id','from':'/id'}]}]}"

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
    {"more bytes than allowed, decoded", STREAM_USERS(CURSOR("")),
        {{.when = "cursor=b", .body = DRIVER_BLANK_512 "{'items':[" ITEM("2") "]}"},
            {.when = "/users",
                .body = DRIVER_BLANK_512 "{'items':[" ITEM("1") "],'next':'b'}",
                .deflated = true}},
        PROOF_PARTIAL, "page 1: the listing is larger than policy run_bytes_most", 0, 512, false},
    {"undeclared end",
        STREAM_USERS("{'kind':'cursor','ends':['next_null'],'next':'/next'," TOTAL "}"),
        {FIRST("{'total':1,'items':[" ITEM("1") "]}")}, PROOF_PARTIAL, "none of the declared ends",
        0, 0, false},
    {"a short page is no end", STREAM_USERS(NUMBER("'empty_page'", "," TOTAL)),
        {{.when = "page=1", .body = "{'total':2,'items':[" ITEM("1") "]}"},
            {.when = "page=2", .body = "{'total':2,'items':[" ITEM("2") "]}"},
            {.when = "page=3", .body = "{'total':2,'items':[]}"}},
        PROOF_ASSERTED, "read once", 0, 0, false},
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
    /* The overlap probe: each page of a listing by index begins with the item before it. */
    {"the overlap is met", STREAM_USERS(OFFSET("'total'", ",'size':2")),
        {AT("0", "{'total':4,'items':[" ITEM("1") "," ITEM("2") "]}"),
            AT("1", "{'total':4,'items':[" ITEM("2") "," ITEM("3") "]}"),
            AT("2", "{'total':4,'items':[" ITEM("3") "," ITEM("4") "]}")},
        PROOF_PROVEN, NULL, 0, 0, false},
    {"the overlap comes on top where pages may be larger",
        STREAM_USERS(OFFSET("'total'", ",'size':2,'size_max':3")),
        {{.when = "limit=3&offset=0", .body = "{'total':4,'items':[" ITEM("1") "," ITEM("2") "]}"},
            {.when = "limit=3&offset=1",
                .body = "{'total':4,'items':[" ITEM("2") "," ITEM("3") "," ITEM("4") "]}"}},
        PROOF_PROVEN, NULL, 0, 0, false},
    {"equal churn: one leaves, one joins, the total stands still (66, 67)",
        STREAM_USERS(OFFSET("'total'", ",'size':2")),
        {{.when = "offset=0",
             .times = 1,
             .body = "{'total':4,'items':[" ITEM("1") "," ITEM("2") "]}"},
            {.when = "offset=1",
                .times = 1,
                .body = "{'total':4,'items':[" ITEM("3") "," ITEM("4") "]}"},
            {.when = "offset=2",
                .times = 1,
                .body = "{'total':4,'items':[" ITEM("4") "," ITEM("5") "]}"},
            AT("0", "{'total':4,'items':[" ITEM("2") "," ITEM("3") "]}"),
            AT("1", "{'total':4,'items':[" ITEM("3") "," ITEM("4") "]}"),
            AT("2", "{'total':4,'items':[" ITEM("4") "," ITEM("5") "]}")},
        PROOF_PROVEN, NULL, 0, 0, true},
    {"the overlap is missed, twice", STREAM_USERS(OFFSET("'total'", ",'size':2")),
        {AT("0", "{'total':4,'items':[" ITEM("1") "," ITEM("2") "]}"),
            AT("1", "{'total':4,'items':[" ITEM("3") "," ITEM("4") "]}"),
            AT("2", "{'total':4,'items':[" ITEM("4") "," ITEM("5") "]}")},
        PROOF_PARTIAL, "page 2: the listing changed while it was read", 0, 0, true},
    {"nothing where the overlap was", STREAM_USERS(OFFSET("'empty_page'", ",'size':2")),
        {AT("0", "{'items':[" ITEM("1") "," ITEM("2") "]}"), AT("1", "{'items':[]}")},
        PROOF_PARTIAL, "page 2: the listing changed while it was read", 0, 0, true},
    {"another item alone where the overlap was", STREAM_USERS(OFFSET("'empty_page'", ",'size':2")),
        {AT("0", "{'items':[" ITEM("1") "," ITEM("2") "]}"), AT("1", "{'items':[" ITEM("9") "]}"),
            AT("2", "{'items':[]}")},
        PROOF_PARTIAL, "page 2: the listing changed while it was read", 0, 0, true},
    {"the overlap alone is no end: the page behind it is",
        STREAM_USERS(OFFSET("'empty_page'", ",'size':2")),
        {AT("0", "{'items':[" ITEM("1") "," ITEM("2") "]}"), AT("1", "{'items':[" ITEM("2") "]}"),
            AT("2", "{'items':[]}")},
        PROOF_ASSERTED, "no exact total; ended by empty page", 0, 0, false},
    {"a server that gives one item a page (76)", STREAM_USERS(OFFSET("'total'", ",'size':2")),
        {AT("0", "{'total':3,'items':[" ITEM("1") "]}"),
            AT("1", "{'total':3,'items':[" ITEM("2") "]}"),
            AT("2", "{'total':3,'items':[" ITEM("3") "]}")},
        PROOF_ASSERTED, "read once", 0, 0, false},
    {"a server that shrinks its pages on the way (76)",
        STREAM_USERS(OFFSET("'total'", ",'size':4")),
        {AT("0", "{'total':5,'items':[" ITEM("1") "," ITEM("2") "," ITEM("3") "]}"),
            AT("2", "{'total':5,'items':[" ITEM("3") "," ITEM("4") "]}"),
            AT("3", "{'total':5,'items':[" ITEM("4") "," ITEM("5") "]}")},
        PROOF_PROVEN, NULL, 0, 0, false},
    {"pages of one item carry no overlap", STREAM_USERS(OFFSET("'total'", ",'size':1")),
        {AT("0", "{'total':2,'items':[" ITEM("1") "]}"),
            {.when = "limit=1&offset=1", .body = "{'total':2,'items':[" ITEM("2") "]}"}},
        PROOF_ASSERTED, "read once", 0, 0, false},
    {"a server that rounds offsets down", STREAM_USERS(OFFSET("'total'", ",'size':2")),
        {AT("0", "{'total':4,'items':[" ITEM("1") "," ITEM("2") "]}"),
            AT("1", "{'total':4,'items':[" ITEM("1") "," ITEM("2") "]}"),
            AT("2", "{'total':4,'items':[" ITEM("3") "," ITEM("4") "]}")},
        PROOF_ASSERTED, "read once", 0, 0, false},
    {"a server that refuses odd offsets", STREAM_USERS(OFFSET("'total'", ",'size':2")),
        {AT("0", "{'total':4,'items':[" ITEM("1") "," ITEM("2") "]}"),
            {.when = "offset=1", .status = 400, .body = "{}"},
            AT("2", "{'total':4,'items':[" ITEM("3") "," ITEM("4") "]}")},
        PROOF_ASSERTED, "read once", 0, 0, false},
    {"a server that ignores offsets (81)", STREAM_USERS(OFFSET("'total'", ",'size':2")),
        {FIRST("{'total':4,'items':[" ITEM("1") "," ITEM("2") "]}")}, PROOF_PARTIAL,
        "page 2: the same items as the page before", 0, 0, false},
    {"SCIM: an echo that says where it began instead",
        STREAM_USERS("{'kind':'scim','size':2," TOTAL "}"),
        {{.when = "startIndex=1",
             .body = "{'total':4,'startIndex':1,'items':[" ITEM("1") "," ITEM("2") "]}"},
            {.when = "startIndex=2",
                .body = "{'total':4,'startIndex':3,'items':[" ITEM("3") "," ITEM("4") "]}"},
            {.when = "startIndex=3",
                .body = "{'total':4,'startIndex':3,'items':[" ITEM("3") "," ITEM("4") "]}"}},
        PROOF_ASSERTED, "read once", 0, 0, false},
    {"no body where the overlap was", STREAM_USERS(OFFSET("'total'", ",'size':2")),
        {AT("0", "{'total':4,'items':[" ITEM("1") "," ITEM("2") "]}"),
            {.when = "offset=1", .status = 204}},
        PROOF_PARTIAL, "page 2: an answer without a body", 0, 0, false},
    {"steps by what was asked for: a full page is probed",
        STREAM_USERS(OFFSET("'total'", ",'size':2,'step':'asked'")),
        {AT("0", "{'total':4,'items':[" ITEM("1") "," ITEM("2") "]}"),
            AT("1", "{'total':4,'items':[" ITEM("2") "," ITEM("3") "]}"),
            AT("2", "{'total':4,'items':[" ITEM("3") "," ITEM("4") "]}")},
        PROOF_PROVEN, NULL, 0, 0, false},
    {"steps by what was asked for: one with gaps is not",
        STREAM_USERS(OFFSET("'has_more_false'", ",'size':2,'step':'asked','has_more':'/more'")),
        {AT("0", "{'more':true,'items':[" ITEM("1") "]}"),
            AT("2", "{'more':false,'items':[" ITEM("4") "]}")},
        PROOF_ASSERTED, "no exact total", 0, 0, false},
    {"items without an id are told by their bytes", STREAM_USERS(OFFSET("'total'", ",'size':2")),
        {AT("0", "{'total':3,'items':[" ITEM("1") ",{'name':'x'}]}"),
            AT("1", "{'total':3,'items':[{'name':'x'}," ITEM("3") "]}")},
        PROOF_ASSERTED, "1 items have no readable id", 0, 0, false},
    /* Page numbers cannot overlap; the witness is all there is, unless something would go. */
    {"page numbers", STREAM_USERS(NUMBER("'total'", "," TOTAL)),
        {{.when = "page=1", .body = "{'total':3,'items':[" ITEM("1") "," ITEM("2") "]}"},
            {.when = "page=2", .body = "{'total':3,'items':[" ITEM("3") "]}"}},
        PROOF_ASSERTED, "read once", 0, 0, false},
    /* The places of a loose listing shift for other reasons than joining and leaving. */
    {"a loose listing, overlaps met", STREAM_USERS(LOOSE),
        {AT("0", "{'total':3,'items':[" ITEM("1") "," ITEM("2") "]}"),
            AT("1", "{'total':3,'items':[" ITEM("2") "," ITEM("3") "]}")},
        PROOF_ASSERTED, "read once", 0, 0, false},
    {"a loose listing of one page is one moment", STREAM_USERS(LOOSE),
        {AT("0", "{'total':2,'items':[" ITEM("1") "," ITEM("2") "]}")}, PROOF_PROVEN, NULL, 0, 0,
        false},
    {"a cursor that hides a position", STREAM_USERS(CURSOR(",'stability':'loose'," TOTAL)),
        {PAGE("b", "{'total':2,'items':[" ITEM("2") "]}"),
            FIRST("{'total':2,'items':[" ITEM("1") "],'next':'b'}")},
        PROOF_ASSERTED, "read once", 0, 0, false},
    {"items whose own yield does not apply are counted", TEAMS,
        {FIRST("{'total':3,'items':[{'id':'1','type':'user'},{'id':'2','type':'team'},"
               "{'id':'3','type':'robot'}]}")},
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
            strcmp(listings[i].name, "conflict") != 0 &&
            strcmp(listings[i].name, "the total moved, twice") != 0)
            continue;
        begin(&driver, &listings[i]);
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_int_eq(driver.scopes[0].bar_absence, strcmp(listings[i].name, "conflict") != 0);
        driver_end(&driver);
    }
}
END_TEST

static void begin_numbers(struct driver *driver, const struct answer *answers, size_t count,
    int64_t second_pass, int again)
{
    driver_begin(driver, "", STREAM_USERS(NUMBER("'total'", "," TOTAL)), answers, count);
    driver->settings.policy.second_pass = second_pass;
    driver->again = again;
    driver_join(driver);
}

#define NUMBERED(page, text)                 \
    {                                        \
        .when = "page=" page, .body = (text) \
    }

/* Page numbers cannot overlap: before anything goes missing the listing is read again, and both
 * vouch for it; where nothing would go, one reading is enough. */
START_TEST(absence_by_page_numbers_takes_two_listings)
{
    static const struct answer answers[] = {
        NUMBERED("1", "{'total':3,'items':[" ITEM("1") "," ITEM("2") "]}"),
        NUMBERED("2", "{'total':3,'items':[" ITEM("3") "]}")};
    for (int again = 0; again < 2; again++) {
        struct driver driver;
        begin_numbers(&driver, ANSWERS(answers), SECOND_PASS_DRIFT, again);
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_int_eq(driver.proof, again ? PROOF_PROVEN : PROOF_ASSERTED);
        ck_assert_int_eq(driver.scopes[0].restarts, again);
        ck_assert_int_eq(driver.requests, 2 + 2 * again);
        ck_assert_int_eq(driver.scopes[0].seen_since, again ? 0 : -1);
        driver_end(&driver);
    }
}
END_TEST

/* The first listing drifted: it vouches for nothing, and two more are read before anything goes. */
START_TEST(a_listing_that_drifted_does_not_vouch)
{
    static const struct answer answers[] = {
        {.when = "page=1", .times = 1, .body = "{'total':4,'items':[" ITEM("1") "," ITEM("2") "]}"},
        NUMBERED("1", "{'total':3,'items':[" ITEM("1") "," ITEM("2") "]}"),
        NUMBERED("2", "{'total':3,'items':[" ITEM("3") "]}")};
    struct driver driver;
    begin_numbers(&driver, ANSWERS(answers), SECOND_PASS_DRIFT, 1);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_PROVEN);
    ck_assert_int_eq(driver.scopes[0].restarts, 2);
    ck_assert_int_eq(driver.requests, 6);
    ck_assert_int_eq(driver.scopes[0].seen_since, 2); /* its two pages do not count */
    driver_end(&driver);
}
END_TEST

/* The same through a crash and a drain between any two events. */
START_TEST(a_second_look_survives_crashes_and_drains)
{
    static const struct answer answers[] = {
        NUMBERED("1", "{'total':3,'items':[" ITEM("1") "," ITEM("2") "]}"),
        NUMBERED("2", "{'total':3,'items':[" ITEM("3") "]}")};
    bool over = false;
    for (int hit = 1; !over; hit++)
        for (int drain = 0; drain < 2; drain++) {
            struct driver driver;
            begin_numbers(&driver, ANSWERS(answers), SECOND_PASS_DRIFT, 2);
            driver_start(&driver);
            for (int step = 0; step < hit && !driver.over; step++)
                ck_assert(driver_step(&driver));
            over = driver.over;
            if (!over && drain) {
                driver_feed(&driver, (struct event){.kind = EVENT_STOP});
                driver_finish(&driver);
            }
            if (!over) {
                driver_crash(&driver);
                driver_start(&driver);
                driver_finish(&driver);
            }
            const struct kept_run *kept = &driver.runs[0];
            ck_assert_msg(kept->proof == PROOF_PROVEN, "%d: %s", hit, kept->reason);
            ck_assert_int_ge(driver.scopes[0].restarts, 1);
            ck_assert_int_ge(driver.scopes[0].seen_since, 0);
            driver_end(&driver);
        }
}
END_TEST

/* A cursor listing keeps its place by itself: no second look, whatever would go. */
START_TEST(other_listings_stand_alone)
{
    static const struct answer answers[] = {PAGE("b", "{'total':2,'items':[" ITEM("2") "]}"),
        FIRST("{'total':2,'items':[" ITEM("1") "],'next':'b'}")};
    struct driver driver;
    driver_begin(&driver, "", STREAM_USERS(CURSOR("," TOTAL)), ANSWERS(answers));
    driver.again = 1;
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_PROVEN);
    ck_assert_int_eq(driver.scopes[0].restarts, 0);
    ck_assert_int_eq(driver.scopes[0].seen_since, -1);
    driver_end(&driver);
}
END_TEST

/* Policy second_pass = "always": two listings of the same items, or no proof. */
START_TEST(always_reads_page_numbers_twice)
{
    static const struct answer steady[] = {
        NUMBERED("1", "{'total':3,'items':[" ITEM("1") "," ITEM("2") "]}"),
        NUMBERED("2", "{'total':3,'items':[" ITEM("3") "]}")};
    /* One leaves and one joins between the first two pages: each listing agrees with its total. */
    static const struct answer churning[] = {
        {.when = "page=1", .times = 1, .body = "{'total':3,'items':[" ITEM("1") "," ITEM("2") "]}"},
        {.when = "page=2", .times = 1, .body = "{'total':3,'items':[" ITEM("4") "]}"},
        NUMBERED("1", "{'total':3,'items':[" ITEM("2") "," ITEM("3") "]}"),
        NUMBERED("2", "{'total':3,'items':[" ITEM("4") "]}")};
    static const struct answer single[] = {
        NUMBERED("1", "{'total':2,'items':[" ITEM("1") "," ITEM("2") "]}")};
    struct driver driver;
    begin_numbers(&driver, ANSWERS(steady), SECOND_PASS_ALWAYS, 0);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_PROVEN);
    ck_assert_int_eq(driver.requests, 4);
    driver_end(&driver);
    begin_numbers(&driver, ANSWERS(churning), SECOND_PASS_ALWAYS, 0);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_ASSERTED);
    ck_assert_ptr_nonnull(strstr(driver.runs[0].reason, "two listings differ"));
    driver_end(&driver);
    begin_numbers(&driver, ANSWERS(single), SECOND_PASS_ALWAYS, 0);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_PROVEN); /* one page is one moment */
    ck_assert_int_eq(driver.requests, 1);
    driver_end(&driver);
}
END_TEST

#define TWO_AND_ONE                                                         \
    AT("0", "{'total':3,'items':[" ITEM("1") "," ITEM("2") "]}"),           \
        AT("1", "{'total':3,'items':[" ITEM("2") "," ITEM("3") "]}"),       \
        NUMBERED("1", "{'total':3,'items':[" ITEM("1") "," ITEM("2") "]}"), \
        NUMBERED("2", "{'total':3,'items':[" ITEM("3") "]}")
#define THIRD_IS_GROUP(paging)                                                             \
    "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" paging        \
    ",'yields':[{'kind':'account','when':{'pointer':'/id','op':'not_equals','value':'3'}," \
    "'fields':[{'to':'id','from':'/id'}]},{'kind':'group','when':{'pointer':'/id',"        \
    "'value':'3'},'fields':[{'to':'id','from':'/id'}]}]}"
#define FILTERS(paging)                                                             \
    "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" paging \
    ",'filters':[{'reason':'third','when':{'pointer':'/id','value':'3'}}]," YIELDS "}"

/* What all was known before it began was there from the start, as many as the total says: one
 * reading proves it. Whatever may have joined takes that away. */
START_TEST(one_reading_proves_what_was_known)
{
    static const struct answer answers[] = {TWO_AND_ONE};
    static const struct {
        const char *name, *stream, *fresh;
        int64_t live;
        enum proof proof;
    } rows[] = {
        {"nothing new", STREAM_USERS(LOOSE), NULL, 3, PROOF_PROVEN},
        {"by page number", STREAM_USERS(NUMBER("'total'", "," TOTAL)), NULL, 3, PROOF_PROVEN},
        {"a new one", STREAM_USERS(LOOSE), "3", 3, PROOF_ASSERTED},
        {"one that is counted only", THIRD_IS_GROUP(LOOSE), NULL, 3, PROOF_ASSERTED},
        {"one left out", FILTERS(LOOSE), NULL, 3, PROOF_ASSERTED},
        {"nothing known", STREAM_USERS(LOOSE), NULL, 0, PROOF_ASSERTED},
        {"no total", STREAM_USERS(NUMBER("'total'", ",'total':{'pointer':'/total'}")), NULL, 3,
            PROOF_ASSERTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct driver driver;
        driver_begin(&driver, "", rows[i].stream, ANSWERS(answers));
        driver.live = rows[i].live;
        driver.fresh = rows[i].fresh;
        driver_join(&driver);
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_msg(driver.proof == rows[i].proof, "%s: %s", rows[i].name, driver.reason);
        ck_assert_int_eq(driver.requests, 2);
        driver_end(&driver);
    }
}
END_TEST

#define BORN(id, at) "{'id':'" id "','name':'n','at':" at "}"
#define JOINED(paging, more)                                                        \
    "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" paging \
    ",'joined':{'field':'/at','format':'epoch_s'}" more "," YIELDS "}"
#define CHANGES                                                              \
    ",'mode':'incremental','incremental':{'field':'/at','format':'epoch_s'," \
    "'bound':{'name':'since','value':'{bound}'}}"

/* What joined before the listing began was there from the start: one reading proves it, the first
 * among them, by the application's own clock. */
START_TEST(one_reading_proves_what_joined_before)
{
    static const char date[] = "Thu, 01 Jan 2026 00:00:00 GMT"; /* 1767225600 */
    static const struct {
        const char *name, *stream, *second, *date, *bookmark;
        enum proof proof;
    } rows[] = {
        {"long ago", JOINED(LOOSE, ""), BORN("3", "1"), date, NULL, PROOF_PROVEN},
        {"just before the slack", JOINED(LOOSE, ""), BORN("3", "1767225539"), date, NULL,
            PROOF_PROVEN},
        {"within the slack", JOINED(LOOSE, ""), BORN("3", "1767225540"), date, NULL,
            PROOF_ASSERTED},
        {"not said", JOINED(LOOSE, ""), ITEM("3"), date, NULL, PROOF_ASSERTED},
        {"said twice", JOINED(LOOSE, ""), "{'id':'3','at':1,'at':1}", date, NULL, PROOF_ASSERTED},
        {"no time", JOINED(LOOSE, ""), BORN("3", "'once'"), date, NULL, PROOF_ASSERTED},
        {"no Date", JOINED(LOOSE, ""), BORN("3", "1"), NULL, NULL, PROOF_ASSERTED},
        {"no exact total",
            JOINED("{'kind':'offset','ends':['total'],'size_parameter':'limit','size':2,"
                   "'total':{'pointer':'/total'}}",
                ""),
            BORN("3", "1"), date, NULL, PROOF_ASSERTED},
        {"a listing of changes", JOINED(LOOSE, CHANGES), BORN("3", "1"), date, "1", PROOF_ASSERTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char second[256];
        (void)snprintf(
            second, sizeof second, "{'total':3,'items':[" BORN("2", "1") ",%s]}", rows[i].second);
        const struct answer answers[] = {
            {.when = "offset=0",
                .header = rows[i].date ? "Date" : NULL,
                .value = rows[i].date,
                .body = "{'total':3,'items':[" BORN("1", "1") "," BORN("2", "1") "]}"},
            {.when = "offset=1", .header = "Date", .value = date, .body = second}};
        for (int crash = 0; crash < 12; crash++) {
            struct driver driver;
            driver_begin(&driver, "", rows[i].stream, ANSWERS(answers));
            driver.settings.policy.dead_letters_percent = 100;
            driver.bookmark = rows[i].bookmark;
            driver_join(&driver);
            driver_start(&driver);
            for (int step = 0; step < crash && !driver.over; step++)
                ck_assert(driver_step(&driver));
            if (crash > 0 && !driver.over) {
                driver_crash(&driver);
                driver_start(&driver);
            }
            driver_finish(&driver);
            ck_assert_msg(driver.runs[0].proof == rows[i].proof, "%s (%d): %s", rows[i].name, crash,
                driver.runs[0].reason);
            if (crash == 0) /* changes are read twice */
                ck_assert_int_eq(driver.requests, rows[i].bookmark ? 4 : 2);
            driver_end(&driver);
        }
    }
}
END_TEST

/* It was there already, but not in this listing: it joined, whatever the store knows of it. */
START_TEST(what_joins_a_listing_may_be_known_elsewhere)
{
    static const struct answer answers[] = {TWO_AND_ONE};
    struct driver driver;
    driver_begin(&driver, "", STREAM_USERS(LOOSE), ANSWERS(answers));
    driver.live = 3;
    driver_join(&driver);
    driver_start(&driver);
    DRIVER_UNTIL(&driver, driver.requests == 1);
    driver.live = 4;
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_ASSERTED);
    driver_end(&driver);
}
END_TEST

/* A listing that was read once with news: where something would go, a second one decides; and it
 * may drift once itself. */
START_TEST(a_loose_listing_is_read_twice_before_anything_goes)
{
    static const struct answer steady[] = {TWO_AND_ONE};
    static const struct answer drifting[] = {
        {.when = "offset=1",
            .times = 1,
            .body = "{'total':3,'items':[" ITEM("2") "," ITEM("3") "]}"},
        {.when = "offset=1",
            .times = 1,
            .body = "{'total':3,'items':[" ITEM("9") "," ITEM("3") "]}"},
        TWO_AND_ONE};
    struct driver driver;
    for (int drifts = 0; drifts < 2; drifts++) {
        driver_begin(&driver, "", STREAM_USERS(LOOSE), drifts ? drifting : steady, drifts ? 6 : 4);
        driver.again = 1;
        driver_join(&driver);
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_int_eq(driver.proof, PROOF_PROVEN);
        ck_assert_int_eq(driver.requests, 4 + 2 * drifts);
        ck_assert_int_eq(driver.scopes[0].seen_since, 0);
        driver_end(&driver);
    }
    driver_begin(&driver, "", STREAM_USERS(LOOSE), ANSWERS(steady));
    driver.settings.policy.second_pass = SECOND_PASS_ALWAYS;
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_PROVEN);
    ck_assert_int_eq(driver.requests, 4);
    driver_end(&driver);
    driver_begin(&driver, "", STREAM_USERS(LOOSE), ANSWERS(steady));
    driver.settings.policy.second_pass = SECOND_PASS_ALWAYS;
    driver.live = 3;
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.requests, 2); /* the one before it is of an earlier run */
    driver_end(&driver);
}
END_TEST

/* Whatever the listing goes by, two of them are compared by what they showed. */
START_TEST(two_listings_by_a_loose_cursor_are_compared)
{
    static const struct answer answers[] = {
        {.when = "cursor=b", .times = 1, .body = "{'total':2,'items':[" ITEM("2") "]}"},
        PAGE("b", "{'total':2,'items':[" ITEM("3") "]}"),
        FIRST("{'total':2,'items':[" ITEM("1") "],'next':'b'}")};
    struct driver driver;
    driver_begin(
        &driver, "", STREAM_USERS(CURSOR(",'stability':'loose'," TOTAL)), ANSWERS(answers));
    driver.settings.policy.second_pass = SECOND_PASS_ALWAYS;
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.requests, 4);
    ck_assert_int_eq(driver.proof, PROOF_ASSERTED);
    ck_assert_ptr_nonnull(strstr(driver.runs[0].reason, "two listings differ"));
    driver_end(&driver);
}
END_TEST

/* A quiet listing with overlaps: each item is received once, and nothing is a duplicate. */
START_TEST(an_overlap_is_received_once)
{
    static const struct answer answers[] = {
        AT("0", "{'total':4,'items':[" ITEM("1") "," ITEM("2") "]}"),
        AT("1", "{'total':4,'items':[" ITEM("2") ",{'name':'no id'}]}"),
        AT("2", "{'total':4,'items':[{'name':'no id'}," ITEM("4") "]}")};
    struct driver driver;
    driver_begin(&driver, "", STREAM_USERS(OFFSET("'total'", ",'size':2")), ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.requests, 3);
    ck_assert_int_eq(driver.scopes[0].sums.received, 4);
    ck_assert_int_eq(driver.scopes[0].sums.duplicate, 0);
    ck_assert_int_eq(driver.scopes[0].sums.dead, 1);
    driver_end(&driver);
}
END_TEST

/* The round fails, or the host drains, at any moment of a listing whose pages say nothing but their
 * overlap, another stream's login being refused: it ends all the same. */
START_TEST(an_overlap_alone_never_hangs_a_round)
{
    static const struct answer answers[] = {
        AT("0", "{'total':3,'items':[" ITEM("1") "," ITEM("2") "]}"),
        AT("1", "{'total':3,'items':[" ITEM("2") "]}"),
        AT("2", "{'total':3,'items':[" ITEM("3") "]}"),
        {.when = "/keys", .times = 1, .status = 503, .body = "{}"},
        {.when = "/keys", .status = 401, .body = "{}"}};
    int failed = 0;
    for (int held = 0; held < 40; held++) {
        struct driver driver;
        driver_begin(&driver, "",
            STREAM_USERS(OFFSET(
                "'total'", ",'size':2")) ","
                                         "{'name':'keys','request':{'path':'/keys'},'items':'/"
                                         "items','paging':{'kind':'none'}," YIELDS "}",
            ANSWERS(answers));
        driver_join(&driver);
        driver_start(&driver);
        /* Pages are read and mapped late, so that the refusal meets each state of the other. */
        for (int step = 0; !driver.over && step < 400; step++) {
            driver.held[WAIT_PAGED] = driver.held[WAIT_DIGESTED] = step >= held && step < held + 30;
            (void)driver_step(&driver);
        }
        ck_assert(driver.over);
        failed += driver.failed;
        driver_end(&driver);
    }
    ck_assert_int_ge(failed, 40);
}
END_TEST

UNIT_MAIN("proof", two_listings_by_a_loose_cursor_are_compared,
    one_reading_proves_what_joined_before, one_reading_proves_what_was_known,
    what_joins_a_listing_may_be_known_elsewhere, a_loose_listing_is_read_twice_before_anything_goes,
    an_overlap_alone_never_hangs_a_round, absence_by_page_numbers_takes_two_listings,
    a_listing_that_drifted_does_not_vouch, a_second_look_survives_crashes_and_drains,
    other_listings_stand_alone, always_reads_page_numbers_twice, an_overlap_is_received_once,
    every_listing_proves_what_it_does, a_crash_anywhere_ends_in_the_same_conclusion,
    a_drain_anywhere_comes_to_an_end_and_goes_on, a_store_that_fails_ends_the_round_with_its_reason,
    items_without_a_readable_id_bar_absence)
