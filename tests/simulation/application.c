/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated application's door: its login, its budget, then listing.c; faults.c spoils what
 * comes out. */
#include "application.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"

void application_must(bool done)
{
    if (!done)
        abort(); /* the simulated world itself has run out of memory */
}

void answer_header(struct response *response, const char *name, const char *value)
{
    struct fault fault;
    application_must(http_headers_add(&response->headers, span_of(name), span_of(value), &fault));
}

void answer_set(struct response *response, int status, const char *type, const char *text)
{
    struct fault fault;
    response->exchange = EXCHANGE_DONE;
    response->status = status;
    bytes_clear(&response->body);
    http_headers_clear(&response->headers);
    answer_header(response, "Content-Type", type);
    application_must(bytes_append_text(&response->body, text, &fault));
}

bool visit_is_listing(const struct visit *on)
{
    return !on->token && !on->limited && on->page.shape != NULL;
}

/* ------------------------------------------------------------------ birth --------------------- */

/* By a cursor: what a listing by index loses would be blamed on the late commit. */
#define LATE_PAGING 10

/* Traits that are faults of the catalogue; they count once the truth shows them. */
static void draw_life(struct application *application, struct life *life)
{
    static const int64_t paces[] = {0, 0, 0, 60000, 5000, 500, 80};
    struct random *random = &application->random;
    *life = (struct life){.change_every_ms = paces[random_below(random, 7)]};
    life->reuses_ids = faults_find(&application->faults, 79) != NULL;
    life->odd_ids = faults_find(&application->faults, 50) || faults_find(&application->faults, 57);
    if (faults_find(&application->faults, 70))
        life->stamp_unit_ms = 10000;
    if (faults_find(&application->faults, 71)) {
        life->late_ms = 20000;
        application->shape.listings[LISTING_KEYS].paging = paging_row_at(LATE_PAGING);
        application->shape.listings[LISTING_KEYS].cursor = CURSOR_SNAPSHOT;
        life->change_every_ms = 300; /* a commit is late for readers that come in between */
    }
    if (faults_find(&application->faults, 72))
        application->shape.stamps_in_seconds = true;
    if (random_below(random, 6) == 0)
        application->lag_ms = 1 + (int64_t)random_below(random, 5000);
    if (random_below(random, 8) == 0)
        application->total_late_ms = 1 + (int64_t)random_below(random, 2000);
    application->lag_most_ms = application->lag_ms;
    if (faults_find(&application->faults, 78))
        application->lag_most_ms = 5000;
    if (faults_find(&application->faults, 88))
        application->skew_ms = (int64_t)random_below(random, 400000) - 200000;
}

void application_init(struct application *application, uint64_t seed, int64_t now_ms)
{
    application->random = random_seeded(seed);
    application->lag_ms = application->lag_most_ms = application->total_late_ms = 0;
    application->skew_ms = application->requests = application->token_requests = 0;
    application->window_ms = application->in_window = application->over_limit = 0;
    application_forgotten(application);
    application->others = application->token_number = application->token_expires_ms = 0;
    application->tokens_under_way = application->tokens_under_way_most = 0;
    application->refresh_number = application->signed_in = 1;
    application->stale_refreshes = 0;
    application->lies = false;
    for (size_t i = 0; i < LISTING_COUNT; i++) {
        application->hidden_ms[i] = -1;
        application->cut_short[i] = application->has_gaps[i] = false;
    }
    (void)memset(application->totals, 0, sizeof application->totals);
    struct random *random = &application->random;
    shape_draw(&application->shape, random);
    struct life life;
    draw_life(application, &life);
    const size_t counts[CROWD_COUNT] = {[CROWD_USERS] = (size_t)random_below(random, 40),
        [CROWD_GROUPS] = (size_t)random_below(random, 5),
        [CROWD_KEYS] = (size_t)random_below(random, 20)};
    truth_init(&application->truth, random_next(random), &life, counts, now_ms);
}

/* ------------------------------------------------------------------ login --------------------- */

/* Each is good for one use; a second use is taken for theft. */
static bool take_refresh_token(struct visit *on)
{
    static const char field[] = "refresh_token=r";
    struct application *application = on->application;
    char body[512] = "";
    if (on->request->body.length < sizeof body)
        (void)memcpy(body, on->request->body.data, on->request->body.length);
    const char *at = strstr(body, field);
    if (!at || strtoll(at + strlen(field), NULL, 10) != application->refresh_number) {
        application->stale_refreshes++;
        return false;
    }
    application->refresh_number++;
    return true;
}

static void answer_token(struct visit *on)
{
    struct application *application = on->application;
    char text[240], refresh[64] = "";
    application->token_requests++;
    faults_strike(&application->faults, PLACE_TOKEN, 1, on);
    if (on->response->status != 0)
        return;
    if (application->shape.login == LOGIN_REFRESH) {
        if (!take_refresh_token(on)) {
            answer_set(on->response, 400, "application/json", "{\"error\":\"invalid_grant\"}");
            return;
        }
        (void)snprintf(refresh, sizeof refresh, ",\"refresh_token\":\"r%" PRId64 "\"",
            application->refresh_number);
    }
    application->token_number++;
    application->token_expires_ms = on->now_ms + application->shape.token_life_ms;
    (void)snprintf(text, sizeof text,
        "{\"access_token\":\"t%" PRId64 "\",\"token_type\":\"Bearer\",\"expires_in\":%" PRId64
        "%s}",
        application->token_number, application->shape.token_life_ms / 1000, refresh);
    answer_set(on->response, 200, "application/json", text);
}

static bool is_logged_in(const struct visit *on)
{
    const struct application *application = on->application;
    char expected[48];
    if (application->shape.login == LOGIN_OPEN)
        return true;
    (void)snprintf(expected, sizeof expected, "Bearer t%" PRId64, application->token_number);
    for (size_t i = 0; i < on->request->header_count; i++)
        if (span_equal_text(on->request->headers[i].name, "Authorization"))
            return span_equal_text(on->request->headers[i].value, expected) &&
                   on->now_ms < application->token_expires_ms;
    return false;
}

/* ------------------------------------------------------------------ budget -------------------- */

static int64_t window_left_ms(const struct application *application, int64_t now_ms)
{
    return application->window_ms + application->shape.rate_window_ms - now_ms;
}

void application_heard(struct application *application, const struct response *response)
{
    if (response->status == 0)
        return; /* it had no headers: state_budget */
    application->heard = true;
    application->unheard = 0;
}

void application_forgotten(struct application *application)
{
    application->heard = false;
    application->unheard = 0;
}

/* Who has heard of no budget can keep to none. Nor can who has had no answer that tells of it since
 * as many requests as the limit went out: it may have been lifted. */
static bool is_known(const struct application *application)
{
    return application->heard && application->unheard <= application->shape.rate_limit;
}

/* Counts the request; false where it is one too many. */
static bool spend(struct application *application, int64_t now_ms)
{
    const struct shape *shape = &application->shape;
    if (shape->rate_limit == 0)
        return true;
    if (now_ms >= application->window_ms + shape->rate_window_ms) {
        application->window_ms = now_ms - now_ms % shape->rate_window_ms;
        application->in_window = application->others = 0;
    }
    application->in_window++;
    application->unheard++;
    int64_t over = application->in_window - shape->rate_limit;
    if (over > application->over_limit && is_known(application))
        application->over_limit = over;
    return application->in_window + application->others <= shape->rate_limit;
}

static void state_budget(struct visit *on)
{
    const struct application *application = on->application;
    const struct shape *shape = &application->shape;
    int64_t left_s = (window_left_ms(application, on->now_ms) + 999) / 1000;
    int64_t remaining = shape->rate_limit - application->in_window - application->others;
    char limit[24], left[24], reset[24], text[96];
    if (shape->rate_limit == 0 || on->response->status == 0)
        return;
    if (remaining < 0)
        remaining = 0;
    (void)snprintf(limit, sizeof limit, "%" PRId64, shape->rate_limit);
    (void)snprintf(left, sizeof left, "%" PRId64, remaining);
    int64_t end_ms = APPLICATION_WALL_START_MS + application->skew_ms + application->window_ms +
                     shape->rate_window_ms;
    (void)snprintf(reset, sizeof reset, "%" PRId64,
        shape->dialect == RATE_EPOCH ? (end_ms + 999) / 1000 : left_s);
    if (shape->dialect == RATE_IETF) {
        (void)snprintf(text, sizeof text, "limit=%s, remaining=%s, reset=%s", limit, left, reset);
        answer_header(on->response, "RateLimit", text);
        return;
    }
    answer_header(on->response, "X-RateLimit-Limit", limit);
    answer_header(on->response, "X-RateLimit-Remaining", left);
    answer_header(on->response, "X-RateLimit-Reset", reset);
}

static void answer_limited(struct visit *on)
{
    char wait[24];
    (void)snprintf(
        wait, sizeof wait, "%" PRId64, (window_left_ms(on->application, on->now_ms) + 999) / 1000);
    on->limited = true;
    answer_set(on->response, 429, "application/json", "{}");
    answer_header(on->response, "Retry-After", wait);
}

/* Its clock, as a server states it. */
static void state_date(struct visit *on)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    int64_t wall_ms = APPLICATION_WALL_START_MS + on->application->skew_ms + on->now_ms;
    int64_t second = wall_ms / 1000 % 86400, day = wall_ms / 86400000 - 20454; /* of 2026 */
    char text[128];
    if (day >= 31 || on->response->status == 0) /* January is enough */
        return;
    (void)snprintf(text, sizeof text,
        "%s, %02" PRId64 " Jan 2026 %02" PRId64 ":%02" PRId64 ":%02" PRId64 " GMT",
        days[(day + 20454) % 7], day + 1, second / 3600, second / 60 % 60, second % 60);
    answer_header(on->response, "Date", text);
}

/* ------------------------------------------------------------------ answer -------------------- */

static void choose_replica(struct application *application)
{
    if (!faults_find(&application->faults, 78) || application->faults.over)
        return;
    application->lag_ms = random_below(&application->random, 2) ? application->lag_most_ms : 0;
    application->faults.fired[78]++;
}

void application_round(struct application *application, const bool read_in_full[LISTING_COUNT])
{
    (void)memset(application->totals, 0, sizeof application->totals);
    for (size_t i = 0; i < LISTING_COUNT; i++) {
        bool before = application->has_gaps[i] && !read_in_full[i];
        application->has_gaps[i] = before || application->cut_short[i];
        application->cut_short[i] = false;
    }
}

static size_t totals_of(enum listing_name name, int64_t group)
{
    return name == LISTING_MEMBERS ? LISTING_COUNT + (size_t)group - 1 : (size_t)name;
}

static void note_number(uint64_t *numbers, int64_t number)
{
    if (number >= 0 && number < TOTALS_MAX)
        numbers[number / 64] |= UINT64_C(1) << number % 64;
}

/* Of how many a listing is, as it can be seen now or a little late, before faults strike. */
static void note_truth(struct visit *on)
{
    struct totals_told *totals = &on->application->totals[totals_of(on->page.name, on->group)];
    note_number(totals->held, (int64_t)on->page.entry_count);
    note_number(totals->held, on->page.total);
}

static void note_told(struct visit *on)
{
    struct application *application = on->application;
    const struct page_plan *page = &on->page;
    const struct listing_shape *shape = page->shape;
    size_t reached = page->from + page->count;
    if (shape->total == TOTAL_NONE || (shape->total == TOTAL_FIRST_PAGE && !page->first_page))
        return;
    note_number(application->totals[totals_of(page->name, on->group)].said, page->total);
    application->cut_short[page->name] |= shape->paging->end == MUSTER_END_TOTAL &&
                                          reached < page->entry_count &&
                                          (int64_t)reached >= page->total;
}

static bool is_lie(const struct totals_told *totals)
{
    bool told = totals->said[0] || totals->said[1];
    return told && !(totals->said[0] & totals->held[0]) && !(totals->said[1] & totals->held[1]);
}

bool application_lied(
    const struct application *application, enum listing_name name, int64_t from_ms, int64_t to_ms)
{
    const struct crowd *groups = &application->truth.crowds[CROWD_GROUPS];
    if (name != LISTING_MEMBERS)
        return is_lie(&application->totals[name]);
    for (size_t i = 0; i < groups->count; i++)
        if (object_throughout(&groups->objects[i], from_ms, to_ms) &&
            is_lie(&application->totals[totals_of(name, groups->objects[i].number)]))
            return true;
    return false;
}

static void answer_listing(struct visit *on)
{
    struct application *application = on->application;
    struct faults *faults = &application->faults;
    choose_replica(application);
    if (!listing_plan(on)) {
        answer_set(on->response, 404, "application/json", "{}");
        return;
    }
    note_truth(on);
    faults_strike(faults, PLACE_PAGE, 2, on);
    note_told(on);
    listing_write(on);
    faults_strike(faults, PLACE_ANSWER, 1, on);
    if (on->response->exchange == EXCHANGE_DONE)
        faults_strike(faults, PLACE_RATE, 1, on);
}

/* What the truth itself shows of the catalogue. */
static void count_traits(struct application *application)
{
    struct faults *faults = &application->faults;
    const struct truth *truth = &application->truth;
    if (truth->life.odd_ids && truth->crowds[CROWD_USERS].count > 0)
        faults->fired[50] = faults->fired[57] = 1;
    if (truth->life.stamp_unit_ms > 0 && truth->crowds[CROWD_KEYS].count > 1)
        faults->fired[70] = 1;
    if (application->shape.stamps_in_seconds && truth->crowds[CROWD_KEYS].count > 0)
        faults->fired[72] = 1;
    faults->fired[71] = truth->late;
    faults->fired[79] = truth->reused;
}

struct response *application_answer(struct application *application, const struct request *request,
    int64_t now_ms, int64_t *ret_latency_ms, size_t *ret_damaged)
{
    struct response *response = memory_allocate(sizeof *response);
    application_must(response != NULL);
    struct visit on = {.application = application,
        .request = request,
        .now_ms = now_ms,
        .latency_ms = 2 + (int64_t)random_below(&application->random, 40),
        .response = response};
    application->requests++;
    truth_advance(&application->truth, now_ms);
    const char *path = strchr(request->url + strlen("https://"), '/');
    on.token = path && strcmp(path, "/token") == 0;
    if (on.token)
        answer_token(&on);
    else if (!spend(application, now_ms))
        answer_limited(&on);
    else if (!is_logged_in(&on))
        answer_set(response, 401, "application/json", "{}");
    else
        answer_listing(&on);
    if (!on.token)
        state_budget(&on);
    state_date(&on);
    count_traits(application);
    response->seconds = (double)on.latency_ms / 1000;
    *ret_latency_ms = on.latency_ms;
    *ret_damaged = on.damaged_items;
    return response;
}
