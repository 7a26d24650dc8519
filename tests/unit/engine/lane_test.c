/* SPDX-License-Identifier: Apache-2.0 */
/* Who sends, and when: turns between streams and between connections, breakers of a connection and
 * of an origin, a server's stated rate, and clocks that jump. */
#include <inttypes.h>
#include <stdarg.h>
#include "../../../host/engine/machine.h"
#include "driver.h"

#define LISTING(name, more)                                                                     \
    "{'name':'" name "','request':{'path':'/" name more "'},'items':'/items','paging':" CURSOR( \
        "") ",'yields':[{'kind':'account','fields':[{'to':'id','from':'/id'}]}]"
#define GROUPS LISTING("groups", "") "}"
#define MEMBERS                        \
    LISTING("members", "/{parent.id}") \
    ",'parent':{'stream':'groups','fields':[{'name':'id','from':'/id'}]}}"
#define PEOPLE  LISTING("users", "") "}"
#define PARENTS 20
#define SECRET  "'parameters':[{'name':'key','secret':true,'required':true}],"

/* What a test's application does and what it was asked, in order: a letter for each request. */
struct application {
    char asked[8192];
    size_t count;
    int users_pages, members_pages, tokens;
    int status;             /* of every answer; 0: 200 */
    enum exchange exchange; /* likewise */
    int64_t sent_ms[8192];
    int64_t outcomes[OUTCOME_COUNT], throttled_ms, retries;
    int breaker, opened, shut; /* the state last told of, and how often it was that */
    const char *rate;          /* how it states its rate; NULL: it does not */
    int64_t limit, window_ms;  /* of the rate */
    int64_t refused, used, window, most_used;
};

static struct response *empty_answer(int status)
{
    struct response *response = memory_allocate(sizeof *response);
    struct fault fault;
    response->status = status;
    ck_assert(http_headers_add(
        &response->headers, SPAN("Content-Type"), SPAN("application/json"), &fault));
    return response;
}

static void add_header(struct response *response, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add_header(struct response *response, const char *name, const char *format, ...)
{
    char value[96];
    struct fault fault;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    ck_assert(http_headers_add(&response->headers, span_of(name), span_of(value), &fault));
}

/* One item a page, and the number of the next page as its cursor. */
static void write_page(struct response *response, const char *url, int pages)
{
    struct fault fault;
    const char *cursor = strstr(url, "cursor=");
    int page = cursor ? (int)strtol(cursor + 7, NULL, 10) : 1; /* our own number comes back */
    int items = strstr(url, "/groups") ? PARENTS : 1;
    ck_assert(bytes_append_text(&response->body, "{\"items\":[", &fault));
    for (int i = 0; i < items; i++)
        ck_assert(bytes_format(&response->body, &fault, "%s{\"id\":\"%s%d-%d\"}", i ? "," : "",
            items > 1 ? "g" : "x", page, i));
    ck_assert(bytes_append_text(&response->body, "]", &fault));
    if (page < pages)
        ck_assert(bytes_format(&response->body, &fault, ",\"next\":\"%d\"", page + 1));
    ck_assert(bytes_append_text(&response->body, "}", &fault));
}

static void note_asked(struct driver *driver, const char *url)
{
    struct application *application = driver->context;
    ck_assert_uint_lt(application->count, sizeof application->asked - 1);
    application->sent_ms[application->count] = driver->now_ms;
    bool members = strstr(url, "/members") != NULL;
    application->asked[application->count++] = "gmu"[strstr(url, "/groups") ? 0 : members ? 1 : 2];
}

static struct response *serve(struct driver *driver, const char *url)
{
    struct application *application = driver->context;
    struct response *response = empty_answer(application->status ? application->status : 200);
    struct fault fault;
    if (strstr(url, "/token")) {
        application->tokens++;
        ck_assert(bytes_append_text(&response->body, "{\"access_token\":\"t\"}", &fault));
        return response;
    }
    note_asked(driver, url);
    if (application->exchange != EXCHANGE_DONE) {
        response->exchange = application->exchange;
        response->status = 0;
        return response;
    }
    if (application->status == 0)
        write_page(response, url,
            strstr(url, "/groups")    ? 1
            : strstr(url, "/members") ? application->members_pages
                                      : application->users_pages);
    return response;
}

static void hear(struct driver *driver, const struct note *note)
{
    struct application *application = driver->context;
    if (note->kind == NOTE_OUTCOME)
        application->outcomes[note->outcome]++;
    if (note->kind == NOTE_WAITED)
        application->throttled_ms += note->number;
    if (note->kind == NOTE_RETRY)
        application->retries++;
    if (note->kind == NOTE_BREAKER) {
        ck_assert_int_ne(note->number, application->breaker);
        application->breaker = (int)note->number;
        application->opened += note->number == 2;
        application->shut += note->number == 0;
    }
}

static void begin(struct driver *driver, struct application *application, const char *members,
    const char *streams)
{
    driver_begin(driver, members, streams, NULL, 0);
    *application = (struct application){.users_pages = 30, .members_pages = 8, .breaker = -1};
    driver->context = application;
    driver->serve = serve;
    driver->hear = hear;
}

/* Everything but responses comes to rest; then who is asked next is the lane's choice alone. */
static void settle(struct driver *driver)
{
    driver->held[WAIT_RESPONSE] = true;
    while (driver_step(driver))
        ;
    driver->held[WAIT_RESPONSE] = false;
}

/* The first response under way to a URL of that stream; the first of any where `letter` is 0. The
 * list is in the order of sending, and so are the letters of what is under way. */
static bool deliver(struct driver *driver, char *under_way, char letter)
{
    size_t at = 0;
    struct waiting *before = NULL, *waiting = driver->first;
    while (under_way[at] && letter && under_way[at] != letter) {
        before = waiting;
        waiting = waiting->next;
        at++;
    }
    if (!under_way[at])
        return false;
    (void)memmove(under_way + at, under_way + at + 1, strlen(under_way + at));
    if (before)
        before->next = waiting->next;
    else
        driver->first = waiting->next;
    if (driver->last == waiting)
        driver->last = before;
    driver->now_ms++;
    driver_deliver(driver, waiting);
    settle(driver);
    return true;
}

static void take_sent(const struct application *application, size_t *seen, char *under_way)
{
    size_t length = strlen(under_way);
    for (; *seen < application->count; (*seen)++) {
        ck_assert_uint_lt(length, 100);
        under_way[length++] = application->asked[*seen];
    }
    under_way[length] = '\0';
}

/* ------------------------------------------------------------------ turns --------------------- */

/* Twenty scopes with many pages each beside one listing, one request at a time: they take turns. */
START_TEST(a_stream_of_many_scopes_does_not_starve_another)
{
    static struct application application;
    struct driver driver;
    begin(&driver, &application, "", GROUPS "," MEMBERS "," PEOPLE);
    driver.settings.policy.concurrency_most = 1;
    driver_join(&driver);
    driver_start(&driver);
    char under_way[128] = "";
    size_t seen = 0;
    settle(&driver);
    while (!driver.over) {
        take_sent(&application, &seen, under_way);
        if (!deliver(&driver, under_way, 0))
            settle(&driver);
    }
    const char *last = strrchr(application.asked, 'u');
    ck_assert_ptr_nonnull(last);
    ck_assert_ptr_nonnull(strstr(application.asked, "mum"));
    const char *row = strstr(application.asked, "mm");
    ck_assert_msg(
        !row || row > last - 2, "the listing waited for more than one: %s", application.asked);
    ck_assert_int_eq(driver.proof, PROOF_ASSERTED);
    ck_assert_uint_eq(application.count, 1 + 30 + PARENTS * 8);
    driver_end(&driver);
}
END_TEST

/* Eight at a time, and the many never come back: the one goes on, in the place kept for it. */
START_TEST(a_place_is_kept_for_a_stream_between_two_pages)
{
    static struct application application;
    struct driver driver;
    begin(&driver, &application, "", GROUPS "," MEMBERS "," PEOPLE);
    application.users_pages = 200;
    driver_join(&driver);
    driver_start(&driver);
    char under_way[128] = "";
    size_t seen = 0;
    settle(&driver);
    for (int i = 0; i < 100; i++) { /* the concurrency grows to its bound */
        take_sent(&application, &seen, under_way);
        ck_assert(deliver(&driver, under_way, 0));
    }
    take_sent(&application, &seen, under_way);
    size_t members = 0;
    for (const char *at = under_way; *at; at++)
        members += *at == 'm';
    for (int i = 0; i < 50; i++) {
        take_sent(&application, &seen, under_way);
        if (!deliver(&driver, under_way, 'u')) {
            ck_assert_int_eq(i, 0); /* all places may have been taken while it was not there */
            ck_assert(deliver(&driver, under_way, 'm'));
        }
    }
    ck_assert_uint_ge(members, 5);
    ck_assert_uint_le(strlen(under_way), 8);
    while (!driver.over) {
        take_sent(&application, &seen, under_way);
        if (!deliver(&driver, under_way, 0))
            settle(&driver);
    }
    ck_assert_int_eq(driver.proof, PROOF_ASSERTED);
    driver_end(&driver);
}
END_TEST

/* ------------------------------------------------------------------ two connections ----------- */

/* Two connections in one engine: what is the second's goes to a driver of its own. */
#define SECOND_ROUNDS 1000

static struct driver first, second;
static struct application first_application, second_application;
static struct engine *second_engine;

static int64_t round_of(const struct job *job)
{
    switch (job->kind) {
    case JOB_ROUND_OPEN:
        return strcmp(job->round_open.source->name, "second") == 0 ? SECOND_ROUNDS : 0;
    case JOB_PARENTS:
        return strcmp(job->parents.source->name, "second") == 0 ? SECOND_ROUNDS : 0;
    case JOB_RUN_BEGIN:
        return job->run_begin.round;
    case JOB_SCOPE_BEGIN:
        return job->scope_begin.run / 100;
    case JOB_COMMIT:
        return job->commit.batch->run / 100;
    case JOB_SCOPE_RESTART:
        return job->scope_restart.run / 100;
    case JOB_SCOPE_END:
        return job->scope_end.run / 100;
    case JOB_RUN_END:
        return job->run_end.run / 100;
    case JOB_ROUND_END:
        return job->round_end.round;
    case JOB_TOKEN_LOAD: /* of both */
        return 0;
    default:
        ck_abort_msg("a job of kind %d was not expected", (int)job->kind);
    }
    return 0;
}

static struct driver *whose(struct driver *driver, const struct effect *effect)
{
    bool other = driver == &second;
    if (effect->kind == EFFECT_SEND)
        other = effect->connection == second.connection;
    else if (effect->kind == EFFECT_JOB)
        other = round_of(effect->job) >= SECOND_ROUNDS;
    else if (effect->kind == EFFECT_NOTE)
        other = strcmp(effect->note.connection, "second") == 0;
    else if (effect->kind == EFFECT_ROUND_DONE)
        other = strcmp(effect->round.connection, "second") == 0;
    else if (effect->kind == EFFECT_ARM)
        other = false;
    return other ? &second : &first;
}

static void begin_both(const char *members_first, const char *streams_first,
    const char *members_second, const char *streams_second)
{
    begin(&first, &first_application, members_first, streams_first);
    begin(&second, &second_application, members_second, streams_second);
    second.connection_settings.name = "second";
    second.rounds = SECOND_ROUNDS;
    second_engine = second.engine;
    second.engine = first.engine;
    first.route = second.route = whose;
}

static void begin_two(const char *streams_first, const char *streams_second, const char *members)
{
    begin_both("", streams_first, members, streams_second);
}

/* One event of the one, then one of the other, on one clock. */
static bool step_two(void)
{
    static bool turn;
    struct driver *one = (turn = !turn) ? &first : &second, *two = turn ? &second : &first;
    if (first.now_ms < second.now_ms)
        first.now_ms = second.now_ms;
    else
        second.now_ms = first.now_ms;
    second.armed_ms = INT64_MAX; /* the engine's one timer is the first's */
    if (one->first)
        return driver_step(one);
    if (two->first)
        return driver_step(two);
    return driver_step(&first);
}

static void finish_two(void)
{
    for (int steps = 0; !first.over || !second.over; steps++)
        ck_assert(steps < DRIVER_STEPS_MAX && step_two());
}

static void end_two(void)
{
    driver_end(&first);
    second.engine = second_engine;
    driver_end(&second);
}

START_TEST(connections_that_share_a_lane_have_even_shares)
{
    begin_two(GROUPS "," MEMBERS, PEOPLE, "");
    first.settings.policy.concurrency_most = second.settings.policy.concurrency_most = 1;
    second_application.users_pages = 40;
    driver_join(&first);
    driver_join(&second);
    driver_start(&first);
    /* The many are there first. */
    for (int i = 0; first_application.count < 20; i++)
        ck_assert(i < DRIVER_STEPS_MAX && step_two());
    int64_t before = (int64_t)first_application.count;
    driver_start(&second);
    while (!second.over)
        ck_assert(step_two());
    /* Between two pages of the second the first may have a few, as many as fit in while the
     * second's page is digested and committed; not all its scopes. */
    ck_assert_uint_eq(second_application.count, 40);
    ck_assert_int_le((int64_t)first_application.count - before, 120);
    ck_assert_int_le(second_application.sent_ms[0] - first_application.sent_ms[before], 20);
    finish_two();
    end_two();
}
END_TEST

/* ------------------------------------------------------------------ logins -------------------- */

#define REFRESH(more)                                                                              \
    "'parameters':[{'name':'key','secret':true,'required':true},"                                  \
    "{'name':'client','default_value':'robot'}],'auth':{'username_parameter':'client',"            \
    "'token_url':'{base_url}/token','scheme':'refresh_token','refresh_token_parameter':'key'" more \
    "},"

static void log_in_both(const char *members_second)
{
    begin_both(REFRESH(""), PEOPLE, members_second, PEOPLE);
    driver_join(&first);
    driver_join(&second);
    driver_start(&first);
    driver_start(&second);
    finish_two();
    ck_assert_msg(!first.failed, "%s", first.reason);
    ck_assert_uint_eq(first_application.count, 30);
}

/* The second use of one refresh token counts as theft at a server that rotates them. */
START_TEST(connections_with_one_refresh_token_share_its_access_token)
{
    log_in_both(REFRESH(""));
    ck_assert_msg(!second.failed, "%s", second.reason);
    ck_assert_uint_eq(second_application.count, 30);
    ck_assert_int_eq(first_application.tokens + second_application.tokens, 1);
    end_two();
}
END_TEST

START_TEST(a_refresh_token_is_not_shared_between_ways_of_asking)
{
    log_in_both(REFRESH(",'access_token':'/data/token'"));
    ck_assert(second.failed && second.denied);
    ck_assert_msg(
        strstr(second.reason, "the same refresh token as acme") != NULL, "%s", second.reason);
    ck_assert_uint_eq(second_application.count, 0);
    ck_assert_int_eq(first_application.tokens + second_application.tokens, 1);
    end_two();
}
END_TEST

/* ------------------------------------------------------------------ what is kept -------------- */

static struct lane *add_lane(struct engine *engine, unsigned rounds)
{
    struct lane *lane = memory_allocate(sizeof *lane);
    ck_assert(engine_reserve(engine, PLACES_LANE));
    lane->key = memory_copy_text("idle");
    lane->rounds = rounds;
    TAILQ_INIT(&lane->waiting);
    lane->next = engine->lanes;
    engine->lanes = lane;
    return lane;
}

static struct circuit *add_circuit(struct engine *engine, unsigned rounds)
{
    struct circuit *circuit = memory_allocate(sizeof *circuit);
    circuit->name = memory_copy_text("idle");
    circuit->rounds = rounds;
    circuit->next = engine->circuits;
    engine->circuits = circuit;
    return circuit;
}

/* Idle lanes and circuits beyond the limits go when a round ends, with their timers; those in use
 * stay, however many there are. */
START_TEST(what_is_idle_goes_once_there_is_too_much)
{
    struct driver driver;
    struct application application;
    begin(&driver, &application, "", PEOPLE);
    driver_join(&driver);
    struct engine *engine = driver.engine;
    struct lane *used_lane = add_lane(engine, 1), *waiting = add_lane(engine, 0);
    struct circuit *used_circuit = add_circuit(engine, 1);
    waiting->timer = engine_ticket(engine, TICKET_LANE_WAIT, waiting);
    engine_timer_set(engine, waiting->timer, INT64_C(1) << 40);
    for (size_t i = 0; i < ENGINE_LANES_MAX + 5; i++)
        (void)add_lane(engine, 0);
    for (size_t i = 0; i < ENGINE_CIRCUITS_MAX + 5; i++)
        (void)add_circuit(engine, 0);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_ASSERTED);
    size_t lanes = 0, circuits = 0;
    bool lane_there = false, circuit_there = false;
    for (const struct lane *lane = engine->lanes; lane; lane = lane->next, lanes++)
        lane_there = lane_there || lane == used_lane;
    for (const struct circuit *at = engine->circuits; at; at = at->next, circuits++)
        circuit_there = circuit_there || at == used_circuit;
    ck_assert_uint_eq(lanes, ENGINE_LANES_MAX + 1);
    ck_assert_uint_eq(circuits, ENGINE_CIRCUITS_MAX + 1);
    ck_assert(lane_there && circuit_there);
    ck_assert_ptr_null(heap_first(&engine->timers));
    used_lane->rounds = used_circuit->rounds = 0;
    driver_end(&driver);
}
END_TEST

/* ------------------------------------------------------------------ breakers ------------------ */

/* What may pass by itself, of one connection: it is left alone, and the other, at the same origin
 * and with the same credential, does not notice. */
START_TEST(a_connections_trouble_is_its_own)
{
    begin_two(GROUPS "," MEMBERS, PEOPLE, "");
    first.settings.policy.breaker_failures = 3;
    first.settings.policy.attempts_max = 20;
    driver_join(&first);
    driver_join(&second);
    driver_start(&first);
    for (int i = 0; first_application.count < 5; i++) /* the groups are read, then it breaks */
        ck_assert(i < DRIVER_STEPS_MAX && step_two());
    first_application.status = 503;
    size_t sound = first_application.count;
    int64_t began_ms = first.now_ms;
    for (int i = 0; first_application.breaker != 2; i++)
        ck_assert(i < DRIVER_STEPS_MAX && step_two());
    driver_start(&second);
    finish_two();
    ck_assert_int_eq(second.proof, PROOF_ASSERTED);
    ck_assert_int_eq(second_application.outcomes[OUTCOME_UNAVAILABLE], 0);
    ck_assert_int_eq(second_application.breaker, 0);
    ck_assert_int_eq(first_application.breaker, 2);
    ck_assert_int_gt(first_application.outcomes[OUTCOME_UNAVAILABLE], 0);
    /* It does not go on scope by scope: the round fails in time, with few requests. */
    ck_assert(first.failed);
    ck_assert_msg(strstr(first.reason, "unavailable") != NULL, "%s", first.reason);
    ck_assert_int_le(first.now_ms - began_ms, first.settings.policy.unavailable_most_ms * 3 / 2);
    ck_assert_uint_le(first_application.count - sound, 3 + 8 + 300000 / 30000);
    end_two();
}
END_TEST

/* What cannot be connected to is so for every connection to it; one request tries whether it is
 * back, and then all go on. */
START_TEST(an_origin_that_cannot_be_connected_to_is_left_alone_by_all)
{
    begin_two(PEOPLE, PEOPLE, SECRET);
    first.settings.policy.breaker_failures = second.settings.policy.breaker_failures = 3;
    first.settings.policy.attempts_max = 20;
    driver_join(&first);
    driver_join(&second);
    ck_assert_str_ne(first.connection->credential, second.connection->credential);
    first_application.exchange = second_application.exchange = EXCHANGE_CONNECT;
    driver_start(&first);
    for (int i = 0; first_application.breaker != 2; i++)
        ck_assert(i < DRIVER_STEPS_MAX && step_two());
    driver_start(&second);
    int64_t until_ms = first.now_ms + first.settings.policy.breaker_open_ms - 100;
    for (int i = 0; first.now_ms < until_ms && (first.first || second.first); i++)
        ck_assert(i < DRIVER_STEPS_MAX && step_two());
    ck_assert_uint_eq(first_application.count, 3);
    ck_assert_uint_eq(second_application.count, 0); /* it was not even tried */
    ck_assert_int_gt(second_application.outcomes[OUTCOME_UNAVAILABLE], 0);
    ck_assert_int_eq(second_application.breaker, 2);
    first_application.exchange = second_application.exchange = EXCHANGE_DONE;
    finish_two();
    ck_assert_int_eq(first.proof, PROOF_ASSERTED);
    ck_assert_int_eq(second.proof, PROOF_ASSERTED);
    ck_assert_int_eq(first_application.breaker, 0);
    ck_assert_int_eq(second_application.breaker, 0);
    ck_assert_uint_eq(first_application.count, 3 + 30);
    ck_assert_uint_eq(second_application.count, 30);
    end_two();
}
END_TEST

START_TEST(half_open_tries_with_one_request)
{
    static struct application application;
    struct driver driver;
    begin(&driver, &application, "", GROUPS "," MEMBERS);
    driver.settings.policy.breaker_failures = 4;
    driver.settings.policy.attempts_max = 20;
    driver_join(&driver);
    driver_start(&driver);
    DRIVER_UNTIL(&driver, application.count >= 30);
    application.exchange = EXCHANGE_RECEIVE; /* not the origin's trouble */
    DRIVER_UNTIL(&driver, application.breaker == 2);
    while (driver.first) /* those that were under way */
        ck_assert(driver_step(&driver));
    size_t count = application.count;
    for (int i = 0; i < 3; i++) {
        DRIVER_UNTIL(&driver, application.breaker == 1 && application.count > count);
        ck_assert_uint_eq(application.count, count + 1);
        DRIVER_UNTIL(&driver, application.breaker == 2);
        ck_assert_uint_eq(application.count, ++count);
    }
    application.exchange = EXCHANGE_DONE;
    driver_finish(&driver);
    ck_assert_int_eq(application.breaker, 0);
    driver_end(&driver);
}
END_TEST

/* A whole round without a sound answer is the connection's failure, whatever is wrong: it counts
 * for the quarantine. One page, or our own trouble, and it is not. */
START_TEST(a_round_without_a_sound_answer_has_failed)
{
    static const struct {
        int status;
        enum exchange exchange;
        bool failed;
    } rows[] = {{0, EXCHANGE_CONNECT, true}, {500, EXCHANGE_DONE, true}, {404, EXCHANGE_DONE, true},
        {403, EXCHANGE_DONE, true}, {0, EXCHANGE_TLS, true}, {0, EXCHANGE_LOCAL, false},
        {0, EXCHANGE_DONE, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct application application;
        struct driver driver;
        begin(&driver, &application, "", GROUPS "," MEMBERS "," PEOPLE);
        application.status = rows[i].status;
        application.exchange = rows[i].exchange;
        driver_join(&driver);
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_msg(driver.failed == rows[i].failed, "row %zu: %s", i, driver.reason);
        /* A certificate has stopped the connection before, with a reason of its own. */
        ck_assert_int_eq(driver.failed && rows[i].exchange != EXCHANGE_TLS,
            strstr(driver.reason, "sound") != NULL);
        driver_end(&driver);
    }
}
END_TEST

/* Faults 17 and 23: what would be the same for whatever is asked stops the connection, a page to
 * sign in once it was asked for again. */
START_TEST(a_certificate_or_a_login_page_stops_the_connection)
{
    static const struct {
        struct answer answer;
        const char *reason;
        int64_t requests;
    } rows[] = {
        {{.when = "/users", .type = "text/html", .body = "<html>sign in</html>"}, "html", 6},
        {{.when = "/users", .exchange = EXCHANGE_TLS}, "tls", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer answers[] = {
            rows[i].answer, {.when = "/groups", .body = "{'items':[" ITEM("1") "]}"}};
        struct driver driver;
        driver_begin(&driver, "", GROUPS "," PEOPLE, ANSWERS(answers));
        driver_join(&driver);
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert(driver.failed);
        ck_assert_msg(strstr(driver.reason, rows[i].reason), "%s", driver.reason);
        ck_assert_int_eq(driver_summary(&driver, "users")->requests, rows[i].requests);
        driver_end(&driver);
    }
}
END_TEST

/* A 200 that says "slow down" in its body is waited for as a 429 is. */
START_TEST(a_sound_answer_may_say_throttled)
{
    static const struct answer answers[] = {{.when = "/users",
                                                .times = 1,
                                                .header = "Retry-After",
                                                .value = "7",
                                                .body = "{'code':'slow'}"},
        {.when = "/users", .body = "{'items':[" ITEM("1") "]}"}};
    struct driver driver;
    driver_begin(&driver,
        "'envelope':{'code':'/code'},'error_words':[{'code':'slow','class':'throttled'}],", PEOPLE,
        ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.proof, PROOF_ASSERTED);
    ck_assert_int_eq(driver.requests, 2);
    ck_assert_int_ge(driver.now_ms, 7000);
    ck_assert_int_ge(driver_summary(&driver, "users")->throttled_ms, 7000);
    driver_end(&driver);
}
END_TEST

/* Discord states its wait in the body, too. */
START_TEST(a_wait_in_the_body_is_kept)
{
    static const struct answer answers[] = {
        {.when = "/users", .times = 1, .status = 429, .body = "{'retry_after':64.57}"},
        {.when = "/users", .body = "{'items':[" ITEM("1") "]}"}};
    struct driver driver;
    driver_begin(&driver, "", PEOPLE, ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert_int_eq(driver.requests, 2);
    ck_assert_int_ge(driver.now_ms, 64570);
    ck_assert_int_le(driver.now_ms, 73000);
    driver_end(&driver);
}
END_TEST

START_TEST(one_stream_in_trouble_is_no_failed_connection)
{
    static const struct answer answers[] = {{.when = "/users", .status = 500, .body = "{}"},
        {.when = "/groups", .body = "{'items':[" ITEM("1") "]}"}};
    struct driver driver;
    driver_begin(&driver, "", GROUPS "," PEOPLE, ANSWERS(answers));
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    ck_assert(!driver.failed);
    ck_assert_int_eq(driver_summary(&driver, "users")->proof, PROOF_PARTIAL);
    ck_assert_int_eq(driver_summary(&driver, "groups")->proof, PROOF_ASSERTED);
    driver_end(&driver);
}
END_TEST

/* ------------------------------------------------------------------ a stated rate ------------- */

static void state_rate(
    struct response *response, const struct application *application, int64_t wall_ms)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    int64_t left = application->limit - application->used;
    int64_t end_ms = (application->window + 1) * application->window_ms, now_ms = wall_ms;
    left = left < 0 ? 0 : left;
    if (strcmp(application->rate, "epoch") == 0) {
        int64_t s =
            now_ms / 1000 % 86400; /* a day of January 2026, of which no test sees the end */
        int64_t day = now_ms / 86400000 - 20454;
        add_header(response, "Date", "%s, %02d Jan 2026 %02d:%02d:%02d GMT",
            days[(day + 20454) % 7], (int)day + 1, (int)(s / 3600), (int)(s / 60 % 60),
            (int)(s % 60));
        add_header(response, "X-RateLimit-Limit", "%" PRId64, application->limit);
        add_header(response, "X-RateLimit-Remaining", "%" PRId64, left);
        add_header(response, "X-RateLimit-Reset", "%" PRId64, (end_ms + 999) / 1000);
    } else if (strcmp(application->rate, "ietf") == 0) {
        add_header(response, "RateLimit", "\"default\";r=%" PRId64 ";t=%" PRId64, left,
            (end_ms - now_ms + 999) / 1000);
        add_header(response, "RateLimit-Policy", "\"default\";q=%" PRId64 ";w=%" PRId64,
            application->limit, application->window_ms / 1000);
    } else {
        add_header(response, "X-HubSpot-RateLimit-Max", "%" PRId64, application->limit);
        add_header(response, "X-HubSpot-RateLimit-Remaining", "%" PRId64, left);
        add_header(response, "X-HubSpot-RateLimit-Interval-Milliseconds", "%" PRId64,
            application->window_ms);
    }
}

/* Counts requests in fixed windows of the wall clock and refuses what is too many. */
static struct response *serve_so_many(struct driver *driver, const char *url)
{
    struct application *application = driver->context;
    int64_t wall_ms = DRIVER_WALL_MS + driver->now_ms;
    if (application->window != wall_ms / application->window_ms) {
        application->window = wall_ms / application->window_ms;
        application->used = 0;
    }
    application->used++;
    if (application->used > application->most_used)
        application->most_used = application->used;
    bool refused = application->used > application->limit;
    application->refused += refused;
    application->status = refused ? 429 : 0;
    struct response *response = serve(driver, url);
    state_rate(response, application, wall_ms);
    return response;
}

/* Nothing of the rate is known before the first answer: the slow start is the tolerance. */
#define TOLERANCE 1

START_TEST(a_stated_limit_is_kept_in_every_window)
{
    static const struct {
        const char *rate;
        int64_t limit, window_ms;
    } rows[] = {{"epoch", 1, 60000}, {"epoch", 10, 60000}, {"epoch", 50, 10000}, {"ietf", 1, 10000},
        {"ietf", 7, 60000}, {"ietf", 100, 60000}, {"hubspot", 10, 10000}, {"hubspot", 3, 1000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct application application;
        struct driver driver;
        begin(&driver, &application, "", GROUPS "," MEMBERS "," PEOPLE);
        driver.serve = serve_so_many;
        driver.settings.policy.wait_most_ms = INT64_C(30) * 86400 * 1000;
        application.rate = rows[i].rate;
        application.limit = rows[i].limit;
        application.window_ms = rows[i].window_ms;
        application.members_pages = 4;
        driver_join(&driver);
        driver_start(&driver);
        driver_finish(&driver);
        size_t sent = 1 + 30 + PARENTS * 4;
        ck_assert_int_eq(driver.proof, PROOF_ASSERTED);
        ck_assert_msg(application.most_used <= application.limit + TOLERANCE,
            "%s %" PRId64 ": %" PRId64 " in one window", rows[i].rate, rows[i].limit,
            application.most_used);
        ck_assert_msg(application.refused <= TOLERANCE, "%s %" PRId64 ": %" PRId64 " refused",
            rows[i].rate, rows[i].limit, application.refused);
        /* And what is allowed is used. */
        int64_t windows = (int64_t)sent / rows[i].limit + 1;
        ck_assert_int_le(driver.now_ms, (windows + 2) * (rows[i].window_ms + 1000) * 5 / 4);
        if (windows > 2)
            ck_assert_int_gt(application.throttled_ms, 0);
        driver_end(&driver);
    }
}
END_TEST

/* ------------------------------------------------------------------ clocks -------------------- */

static struct response *serve_trouble(struct driver *driver, const char *url)
{
    struct application *application = driver->context;
    struct response *response;
    size_t number = application->count;
    application->status = number % 7 == 3 ? 429 : number % 11 == 5 ? 503 : 0;
    response = serve(driver, url);
    if (number % 7 == 3)
        add_header(response, "Retry-After", "%d", 2 + (int)(number % 3));
    else if (number % 13 == 9) {
        add_header(response, "X-RateLimit-Remaining", "0");
        add_header(response, "X-RateLimit-Reset", "%" PRId64,
            (DRIVER_WALL_MS + driver->now_ms) / 1000 + 20);
        add_header(response, "Date", "Thu, 01 Jan 2026 %02d:%02d:%02d GMT",
            (int)(driver->now_ms / 3600000), (int)(driver->now_ms / 60000 % 60),
            (int)(driver->now_ms / 1000 % 60));
    }
    return response;
}

static int64_t an_hour_on(const struct driver *driver)
{
    return DRIVER_WALL_MS + driver->now_ms + (driver->now_ms > 5000 ? 3600000 : 0);
}

static int64_t an_hour_back(const struct driver *driver)
{
    return DRIVER_WALL_MS + driver->now_ms - (driver->now_ms > 5000 ? 3600000 : 0);
}

static int64_t strobe(const struct driver *driver)
{
    return DRIVER_WALL_MS + (driver->now_ms * 7919 % 13 - 6) * 86400000;
}

static int64_t of_1970(const struct driver *driver)
{
    return driver->now_ms % 2 ? 0 : 86400000;
}

static int64_t of_2038(const struct driver *driver)
{
    return INT64_C(2147483648000) + driver->now_ms;
}

/* Faults 92 to 95: nothing that the engine decides depends on the wall clock. */
START_TEST(a_wall_clock_that_jumps_changes_nothing)
{
    static int64_t (*const clocks[])(const struct driver *driver) = {
        NULL, an_hour_on, an_hour_back, strobe, of_1970, of_2038};
    static struct application applications[sizeof clocks / sizeof clocks[0]];
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        struct application *application = &applications[i];
        struct driver driver;
        begin(&driver, application, "", GROUPS "," MEMBERS "," PEOPLE);
        driver.serve = serve_trouble;
        driver.wall = clocks[i];
        driver_join(&driver);
        driver_start(&driver);
        driver_finish(&driver);
        ck_assert_int_eq(driver.proof, PROOF_ASSERTED);
        ck_assert_str_eq(application->asked, applications[0].asked);
        ck_assert_mem_eq(application->sent_ms, applications[0].sent_ms,
            application->count * sizeof application->sent_ms[0]);
        ck_assert_int_eq(application->throttled_ms, applications[0].throttled_ms);
        driver_end(&driver);
    }
    ck_assert_int_gt(applications[0].throttled_ms, 20000);
    ck_assert_int_gt(applications[0].retries, 10);
}
END_TEST

/* ------------------------------------------------------------------ metrics ------------------- */

/* Each request has one outcome, its page's where its page is the trouble. */
START_TEST(each_request_is_counted_once)
{
    static struct application application;
    struct driver driver;
    begin(&driver, &application, "", PEOPLE);
    driver.serve = serve_trouble;
    driver_join(&driver);
    driver_start(&driver);
    driver_finish(&driver);
    int64_t sum = 0;
    for (int i = 0; i < OUTCOME_COUNT; i++)
        sum += application.outcomes[i];
    ck_assert_int_eq(sum, (int64_t)application.count);
    ck_assert_int_eq(application.outcomes[OUTCOME_OK], 30);
    ck_assert_int_gt(application.outcomes[OUTCOME_THROTTLED], 0);
    ck_assert_int_gt(application.outcomes[OUTCOME_TRANSIENT], 0);
    ck_assert_int_eq(application.retries,
        application.outcomes[OUTCOME_THROTTLED] + application.outcomes[OUTCOME_TRANSIENT]);
    ck_assert_int_eq(driver_summary(&driver, "users")->throttled_ms, application.throttled_ms);
    driver_end(&driver);
}
END_TEST

UNIT_MAIN("lane", a_sound_answer_may_say_throttled,
    connections_with_one_refresh_token_share_its_access_token,
    a_refresh_token_is_not_shared_between_ways_of_asking, what_is_idle_goes_once_there_is_too_much,
    a_stream_of_many_scopes_does_not_starve_another, a_place_is_kept_for_a_stream_between_two_pages,
    connections_that_share_a_lane_have_even_shares, a_connections_trouble_is_its_own,
    an_origin_that_cannot_be_connected_to_is_left_alone_by_all, half_open_tries_with_one_request,
    a_round_without_a_sound_answer_has_failed, a_certificate_or_a_login_page_stops_the_connection,
    one_stream_in_trouble_is_no_failed_connection, a_wait_in_the_body_is_kept,
    a_stated_limit_is_kept_in_every_window, a_wall_clock_that_jumps_changes_nothing,
    each_request_is_counted_once)
