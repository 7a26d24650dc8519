/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation that the engine itself makes fails, one after the other: that one alone, or it
 * and all after it (fault 124), in rounds that take its longer ways: logins that rotate, parents
 * and children, direct reads, second readings, checkpoints, rounds that were over already. Such a
 * round ends, and says why; what it calls complete is; and an undisturbed round after it comes to
 * what it would have come to anyway.
 */
#include "../../host/engine/machine.h"
#include "allocate.h"
#include "driver.h"

/* Which of the engine's allocations fails, over all its events. */
struct failing {
    int64_t at, seen; /* at: from 1; 0: none */
    bool for_good;
    bool
        tight; /* its tables have no more room than is promised, so that each object's grows them */
};

static void tighten(struct engine *engine)
{
    size_t used = engine->places;
    for (size_t i = 0; i < engine->ticket_capacity; i++)
        if (engine->tickets[i].kind != TICKET_FREE && used <= i)
            used = i + 1;
    engine->ticket_capacity = used;
    engine->effect_capacity = engine->places;
}

static void handle(struct driver *driver, const struct event *event)
{
    struct failing *failing = driver->context;
    int64_t left = failing->at - failing->seen;
    bool on = failing->at > 0 && failing->for_good;
    if (failing->tight)
        tighten(driver->engine);
    allocate_begin(left > 0 ? left : on, failing->for_good);
    engine_handle(driver->engine, event);
    failing->seen += allocate_end();
}

/* Where the host was when it died, and the one that is tried takes over. */
enum after { AFTER_NOTHING, AFTER_A_PAGE, AFTER_ALL_RUNS };

struct scene {
    const char *name, *members, *streams;
    struct answer answers[8];
    const char *bookmark, *control;
    const char *const *suspects;
    bool of_parents;
    enum after after;
};

#define CLIENT                                                                          \
    "'parameters':[{'name':'key','secret':true,'required':true},"                       \
    "{'name':'client','default_value':'robot'}],'auth':{'username_parameter':'client'," \
    "'token_url':'{base_url}/token',"
#define REFRESH  CLIENT "'scheme':'refresh_token','refresh_token_parameter':'key'},"
#define READ_ONE ",'read_one':{'request':{'path':'/one/{id}'}}"
#define GROUPS                                                                         \
    "{'name':'groups','request':{'path':'/groups'},'items':'/items','paging':" CURSOR( \
        "," TOTAL) ",'yields':[{'kind':'group','fields':[{'to':'id','from':'/id'}]}]" READ_ONE "}"
#define MEMBERS(more)                                                                         \
    "{'name':'members','request':{'path':'/members/{parent.id}'},'items':'/"                  \
    "items','paging':" CURSOR(                                                                \
        "," TOTAL) ",'parent':{'stream':'groups','fields':[{'name':'id','from':'/id'}]}" more \
                   "," YIELDS "}"
#define CHANGED(format)                                                         \
    ",'mode':'incremental','incremental':{'field':'/at','format':'" format "'," \
    "'bound':{'name':'since','value':'{bound}'}}"
#define AT(id, at) "{'id':'" id "','name':'n','at':" at "}"
#define TOKEN                                                                                    \
    {                                                                                            \
        .when = "/token", .body = "{'access_token':'a1','refresh_token':'r1','expires_in':3600}" \
    }
#define TWO_GROUPS                                                                     \
    {                                                                                  \
        .when = "/groups", .body = "{'total':2,'items':[" ITEM("g") "," ITEM("h") "]}" \
    }
#define TWO_PAGES                                                                      \
    {.when = "cursor=b", .body = "{'total':2,'items':[" AT("2", "20") "]}"},           \
    {                                                                                  \
        .when = "/users", .body = "{'total':2,'items':[" AT("1", "10") "],'next':'b'}" \
    }
#define READ(id, status_, text)                                 \
    {                                                           \
        .when = "/one/" id, .status = (status_), .body = (text) \
    }

static const char *const one_missing[] = {"m", NULL}, *const parent_g[] = {"g", NULL};

static const struct scene scenes[] = {
    {"a refresh token that rotates", REFRESH, USERS(CURSOR("," TOTAL)), {TOKEN, TWO_PAGES}},
    {"children, by a counter", "", GROUPS "," MEMBERS(CHANGED("counter")),
        {TWO_GROUPS, {.when = "/members/g", .body = "{'total':1,'items':[" AT("a", "7") "]}"},
            {.when = "/members/h", .body = "{'total':1,'items':[" AT("b", "5") "]}"}}},
    {"a bound", "",
        "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" CURSOR("," TOTAL)
            CHANGED("epoch_s") "," YIELDS "}",
        {TWO_PAGES}, .bookmark = "5"},
    {"a direct read", "",
        "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" CURSOR(
            "") "," YIELDS READ_ONE "}",
        {READ("1", 200, ITEM("1")), READ("m", 404, "{}"), TWO_PAGES}, .control = "1",
        .suspects = one_missing},
    {"a parent that is gone", "", GROUPS "," MEMBERS(""),
        {TWO_GROUPS, {.when = "/members/g", .status = 404, .body = "{}"},
            {.when = "/members/h", .body = "{'total':1,'items':[" ITEM("b") "]}"},
            READ("h", 200, ITEM("h")), READ("g", 404, "{}")},
        .control = "h", .suspects = parent_g, .of_parents = true},
    {"a second reading", "", USERS("{'kind':'number','ends':['empty_page'],'start':1," TOTAL "}"),
        {{.when = "page=1", .body = "{'total':3,'items':[" ITEM("1") "]}"},
            {.when = "page=2", .body = "{'total':2,'items':[" ITEM("2") "]}"},
            {.when = "/users", .body = "{'total':2,'items':[]}"}}},
    {"a checkpoint", REFRESH,
        "{'name':'users','request':{'path':'/users'},'items':'/items','paging':" CURSOR("," TOTAL)
            CHANGED("counter") "," YIELDS "}",
        {TOKEN, TWO_PAGES}, .after = AFTER_A_PAGE},
    {"a round that was over", "", GROUPS, {TWO_GROUPS}, .after = AFTER_ALL_RUNS},
};

static void begin(struct driver *driver, const struct scene *scene)
{
    size_t count = 0;
    while (count < 8 && scene->answers[count].when)
        count++;
    driver_begin(driver, scene->members, scene->streams, scene->answers, count);
    driver->settings.policy.attempts_max = 3;
    driver->bookmark = scene->bookmark;
    driver->suspects = scene->suspects;
    driver->control = scene->control;
    driver->parents_only = scene->of_parents;
    driver_join(driver);
    if (scene->after == AFTER_NOTHING)
        return;
    driver_start(driver);
    if (scene->after == AFTER_A_PAGE)
        DRIVER_UNTIL(driver, driver->scope_count > 0 && driver->scopes[0].sequence == 1);
    else
        DRIVER_UNTIL(driver, driver->runs[0].ended);
    driver_crash(driver);
}

/* What the latest round came to. */
struct facts {
    enum proof proof[2];
    size_t ids[2];
    char bookmarks[2][32]; /* empty: not moved */
    char evidence[1024];
};

static void read_facts(const struct driver *driver, struct facts *ret_facts)
{
    *ret_facts = (struct facts){0};
    for (int64_t i = 0; i < 2; i++) {
        const struct kept_run *run = &driver->runs[i];
        ret_facts->proof[i] = run->ended ? run->proof : PROOF_NONE;
        (void)snprintf(ret_facts->bookmarks[i], sizeof ret_facts->bookmarks[i], "%s",
            run->bookmark_moved ? run->bookmark : "");
        for (size_t s = 0; s < driver->scope_count; s++)
            if (driver->scopes[s].run == driver->rounds * 100 + i)
                ret_facts->ids[i] += driver->scopes[s].id_count;
    }
    (void)snprintf(ret_facts->evidence, sizeof ret_facts->evidence, "%s", driver->evidence);
}

/* Where a parent could not be read for it, the reason stays that its listing was not found. */
static bool says_why(const struct driver *driver, const struct scene *scene)
{
    const char *other = scene->of_parents ? "not_found" : "memory";
    bool said = strstr(driver->reason, "memory") != NULL;
    for (size_t i = 0; i < driver->summary_count; i++)
        said = said || strstr(driver->summaries[i].reason, "memory") != NULL ||
               strstr(driver->summaries[i].reason, other) != NULL;
    return said;
}

static void play(struct driver *driver)
{
    driver_start(driver);
    driver_finish(driver);
    while (driver_step(driver)) /* what the round left behind */
        ;
    ck_assert_uint_eq(engine_rounds(driver->engine), 0);
}

static void check_facts(
    const struct driver *driver, const struct facts *expected, const char *where)
{
    struct facts facts;
    read_facts(driver, &facts);
    for (size_t i = 0; i < 2; i++) {
        if (facts.proof[i] >= PROOF_ASSERTED)
            ck_assert_msg(facts.ids[i] == expected->ids[i], "%s: run %zu lacks what it calls whole",
                where, i);
        ck_assert_msg(facts.bookmarks[i][0] == '\0' ||
                          strcmp(facts.bookmarks[i], expected->bookmarks[i]) == 0,
            "%s: the bookmark of run %zu is %s", where, i, facts.bookmarks[i]);
    }
    ck_assert_msg(strncmp(facts.evidence, expected->evidence, strlen(facts.evidence)) == 0,
        "%s: evidence: %s", where, facts.evidence);
}

/* The first round after it may go on with the one that was not closed, in which what was not read
 * directly waits for the next. */
static void check_after(struct driver *driver, const struct facts *expected, const char *where)
{
    struct facts after;
    for (int round = 0; round < 2; round++) {
        driver->evidence[0] = '\0';
        play(driver);
        read_facts(driver, &after);
        ck_assert_msg(!driver->failed, "%s: the round after it fails: %s", where, driver->reason);
        for (size_t i = 0; i < 2; i++)
            ck_assert_msg(after.proof[i] == expected->proof[i] && after.ids[i] == expected->ids[i],
                "%s: the round after it comes to something else", where);
    }
    for (size_t i = 0; i < 2; i++)
        ck_assert_msg(strcmp(after.bookmarks[i], expected->bookmarks[i]) == 0,
            "%s: the bookmark after it is %s", where, after.bookmarks[i]);
    ck_assert_msg(
        strcmp(after.evidence, expected->evidence) == 0, "%s: after it: %s", where, after.evidence);
}

/* False where the round had no such allocation any more. */
static bool round_with(
    const struct scene *scene, struct failing failing, const struct facts *expected)
{
    struct driver driver;
    char where[96];
    (void)snprintf(where, sizeof where, "%s, %lld%s%s", scene->name, (long long)failing.at,
        failing.for_good ? " and all after it" : "", failing.tight ? ", tight" : "");
    begin(&driver, scene);
    driver.context = &failing;
    driver.handle = handle;
    play(&driver);
    bool hit = failing.seen >= failing.at;
    bool complete = !driver.failed && driver.proof >= PROOF_ASSERTED;
    check_facts(&driver, expected, where);
    ck_assert_msg(complete || hit, "%s: not complete for no reason: %s", where, driver.reason);
    ck_assert_msg(complete || says_why(&driver, scene), "%s: says only: %s", where, driver.reason);
    driver.handle = NULL;
    check_after(&driver, expected, where);
    driver_end(&driver);
    return hit;
}

START_TEST(no_allocation_is_missed_by_more_than_its_round)
{
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        struct driver driver;
        struct facts expected;
        begin(&driver, &scenes[i]);
        play(&driver);
        read_facts(&driver, &expected);
        ck_assert_msg(!driver.failed && driver.proof >= PROOF_ASSERTED, "%s: %s", scenes[i].name,
            driver.reason);
        driver_end(&driver);
        for (int way = 0; way < 3; way++) {
            struct failing failing = {.at = 1, .for_good = way == 1, .tight = way == 2};
            while (round_with(&scenes[i], failing, &expected))
                failing.at++;
            ck_assert_int_gt(failing.at, 20);
        }
    }
}
END_TEST

UNIT_MAIN("engine", no_allocation_is_missed_by_more_than_its_round)
