/* SPDX-License-Identifier: Apache-2.0 */
/* The table of faults, and how each strikes. */
#include "faults.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "application.h"
#include "base/timestamp.h"

/* ------------------------------------------------------------------ answers ------------------- */

static bool plain(struct visit *on, const struct fault_row *row)
{
    struct response *response = on->response;
    on->latency_ms += row->latency_ms;
    response->exchange = (enum exchange)row->exchange;
    if (row->exchange != EXCHANGE_DONE) {
        response->status = row->status;
        bytes_clear(&response->body);
        (void)snprintf(response->why, sizeof response->why, "%s", row->name);
    } else if (row->status) {
        answer_set(response, row->status, row->value ? row->value : "application/json",
            row->text ? row->text : "{}");
    }
    if (row->header)
        answer_header(response, row->header, "https://elsewhere.test/users");
    return true;
}

static bool only_late(struct visit *on, const struct fault_row *row)
{
    on->latency_ms += row->latency_ms;
    return true;
}

static bool later_page(struct visit *on, const struct fault_row *row)
{
    return visit_is_listing(on) && !on->page.first_page && plain(on, row);
}

static bool cut_body(struct visit *on, const struct fault_row *row)
{
    struct bytes *body = &on->response->body;
    (void)row;
    if (body->length < 2)
        return false;
    body->length = 1 + (size_t)random_below(&on->application->random, body->length - 1);
    body->data[body->length] = '\0';
    return true;
}

static bool unframed(struct visit *on, const struct fault_row *row)
{
    on->response->unframed = true;
    return random_below(&on->application->random, 2) || cut_body(on, row);
}

static bool server_error(struct visit *on, const struct fault_row *row)
{
    static const int statuses[] = {500, 502, 503, 504};
    (void)row;
    answer_set(
        on->response, statuses[random_below(&on->application->random, 4)], "text/plain", "sorry");
    return true;
}

static bool no_body(struct visit *on, const struct fault_row *row)
{
    (void)row;
    answer_set(on->response, random_below(&on->application->random, 2) ? 204 : 200,
        "application/json", "");
    on->damaged_items = 0;
    return true;
}

static bool cursor_expired(struct visit *on, const struct fault_row *row)
{
    return on->request->carries_cursor && plain(on, row);
}

/* 403 and 404: of one page, of a stream, or of one parent's listing. */
static bool one_scope(struct visit *on, const struct fault_row *row)
{
    if (on->page.name == LISTING_MEMBERS && on->group % 2)
        return false;
    return plain(on, row);
}

static bool append(struct visit *on, const struct fault_row *row)
{
    struct fault fault;
    if (on->response->status != 200 || on->response->body.length == 0)
        return false;
    application_must(bytes_append_text(&on->response->body, row->text, &fault));
    return true;
}

/* The last brace gives way to a further member. */
static bool add_member(
    struct visit *on, const char *before, char unit, size_t count, const char *after)
{
    struct bytes *body = &on->response->body;
    struct fault fault;
    if (on->response->status != 200 || body->length == 0 || body->data[body->length - 1] != '}')
        return false;
    body->length--;
    application_must(bytes_append_text(body, before, &fault));
    for (size_t i = 0; i < count; i++)
        application_must(bytes_append_char(body, unit, &fault));
    application_must(bytes_append_text(body, after, &fault));
    return true;
}

static bool too_deep(struct visit *on, const struct fault_row *row)
{
    (void)row;
    return add_member(on, ",\"deep\":", '[', 100000, "}");
}

static bool not_json(struct visit *on, const struct fault_row *row)
{
    (void)row;
    return random_below(&on->application->random, 2) ? add_member(on, ",\"x\":NaN", ' ', 0, "}")
                                                     : add_member(on, ",'x':1", ' ', 0, "}");
}

static bool colliding_keys(struct visit *on, const struct fault_row *row)
{
    struct bytes *body = &on->response->body;
    struct fault fault;
    (void)row;
    if (!add_member(on, ",\"many\":{\"a\":0", ' ', 0, ""))
        return false;
    for (int i = 0; i < 200; i++)
        application_must(bytes_format(body, &fault, ",\"Aa%dBB\":1,\"BB%dAa\":1", i, i));
    application_must(bytes_append_text(body, "}}", &fault));
    return true;
}

/* ------------------------------------------------------------------ pages --------------------- */

static bool damage(struct visit *on, const struct fault_row *row)
{
    struct page_plan *page = &on->page;
    if (page->count == 0)
        return false;
    page->damaged = page->from + (size_t)random_below(&on->application->random, page->count);
    page->damage = row->number;
    page->entries[page->damaged].object->spoiled_ms = on->now_ms;
    return true;
}

static bool unknown_word(struct visit *on, const struct fault_row *row)
{
    (void)row;
    if (on->page.name != LISTING_USERS || on->page.count == 0)
        return false;
    on->page.unknown_word = true;
    return true;
}

static bool has_token(const struct visit *on)
{
    return on->page.shape->paging->kind == MUSTER_PAGING_CURSOR ||
           on->page.shape->paging->kind == MUSTER_PAGING_LINK;
}

static bool goes_on(const struct visit *on)
{
    return on->page.from + on->page.count < on->page.entry_count;
}

static bool trick(struct visit *on, enum next_trick trick)
{
    if (!has_token(on) || on->page.trick != NEXT_TRUE)
        return false;
    on->page.trick = trick;
    return true;
}

static bool next_self(struct visit *on, const struct fault_row *row)
{
    (void)row;
    return !on->page.first_page && goes_on(on) && trick(on, NEXT_SELF);
}

static bool next_first(struct visit *on, const struct fault_row *row)
{
    (void)row;
    return !on->page.first_page && goes_on(on) && trick(on, NEXT_FIRST);
}

static bool empty_page(struct visit *on, const struct fault_row *row)
{
    (void)row;
    if (!goes_on(on) || !trick(on, NEXT_ANEW))
        return false;
    on->page.count = 0;
    return true;
}

static bool next_lost(struct visit *on, const struct fault_row *row)
{
    (void)row;
    return goes_on(on) && trick(on, NEXT_LOST);
}

static bool next_elsewhere(struct visit *on, const struct fault_row *row)
{
    (void)row;
    return on->page.shape->paging->kind == MUSTER_PAGING_LINK && goes_on(on) &&
           trick(on, NEXT_ELSEWHERE);
}

static bool doubled(struct visit *on, const struct fault_row *row)
{
    (void)row;
    if (on->page.from == 0 || on->page.count == 0)
        return false;
    on->page.doubled = true;
    return true;
}

static bool someone_goes(struct visit *on, const struct fault_row *row)
{
    (void)row;
    return truth_delete(&on->application->truth, CROWD_USERS);
}

static bool someone_comes(struct visit *on, const struct fault_row *row)
{
    (void)row;
    truth_insert(&on->application->truth, CROWD_USERS);
    return true;
}

static bool total_moves(struct visit *on, const struct fault_row *row)
{
    (void)row;
    if (on->page.shape->total == TOTAL_NONE)
        return false;
    on->page.total += 1 + (int64_t)random_below(&on->application->random, 3);
    on->application->lies = true;
    return true;
}

static bool total_lies(struct visit *on, const struct fault_row *row)
{
    (void)row;
    if (on->page.shape->total == TOTAL_NONE)
        return false;
    on->page.total += 1;
    on->application->lies = true;
    return true;
}

static bool out_of_order(struct visit *on, const struct fault_row *row)
{
    (void)row;
    if (on->page.count < 2 || on->page.shape->paging->kind == MUSTER_PAGING_KEYSET)
        return false; /* a keyset out of order is no keyset */
    on->page.shuffled = true;
    return true;
}

static bool endless(struct visit *on, const struct fault_row *row)
{
    (void)row;
    return !goes_on(on) && on->page.entry_count > 0 && trick(on, NEXT_ANEW);
}

static bool repeated(struct visit *on, const struct fault_row *row)
{
    (void)row;
    return on->page.count > 0 && trick(on, NEXT_ANEW);
}

static bool smaller_pages(struct visit *on, const struct fault_row *row)
{
    (void)row;
    enum muster_paging_kind kind = on->page.shape->paging->kind;
    if (on->page.count < 2 || kind == MUSTER_PAGING_NUMBER || kind == MUSTER_PAGING_NONE)
        return false; /* pages by number would leave items out: fault 69's case */
    on->page.count = on->page.count / 2;
    return true;
}

/* "Nothing here", from an application that has lost sight of what it has. */
static bool hidden(struct visit *on, const struct fault_row *row)
{
    struct page_plan *page = &on->page;
    (void)row;
    if (!page->first_page || page->entry_count == 0)
        return false;
    page->entry_count = page->count = page->from = 0;
    page->total = 0;
    on->application->hidden_ms[page->name] = on->now_ms;
    return true;
}

static bool first_page_only(struct visit *on, const struct fault_row *row)
{
    (void)row;
    return on->page.first_page && goes_on(on) && trick(on, NEXT_NONE);
}

/* ------------------------------------------------------------------ rate ---------------------- */

static bool throttled(struct visit *on, const struct fault_row *row)
{
    answer_set(on->response, 429, "application/json", "{}");
    if (row->header)
        answer_header(on->response, row->header, row->text);
    return true;
}

static bool throttled_until(struct visit *on, const struct fault_row *row)
{
    char stamp[TIMESTAMP_TEXT], text[64];
    static const char *const months[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    int64_t wall_ms = APPLICATION_WALL_START_MS + on->now_ms + on->application->skew_ms + 3000;
    (void)row;
    timestamp_text(wall_ms, stamp);
    int month = (stamp[5] - '0') * 10 + stamp[6] - '0';
    (void)snprintf(text, sizeof text, "%s, %.2s %s %.4s %.8s GMT", days[wall_ms / 86400000 % 7],
        stamp + 8, months[month - 1], stamp, stamp + 11);
    answer_set(on->response, 429, "application/json", "{}");
    answer_header(on->response, "Retry-After", text);
    return true;
}

static bool throttled_by_garbage(struct visit *on, const struct fault_row *row)
{
    static const char *const values[] = {"-5", "1000000000000", "soon", "", "1e9", "NaN"};
    answer_set(on->response, 429, "application/json", "{}");
    answer_header(on->response, row->header, values[random_below(&on->application->random, 6)]);
    return true;
}

static bool used_up(struct visit *on, const struct fault_row *row)
{
    (void)row;
    if (on->application->shape.rate_limit)
        return false; /* it speaks of its budget itself */
    answer_header(on->response, "X-RateLimit-Limit", "100");
    answer_header(on->response, "X-RateLimit-Remaining", "0");
    answer_header(on->response, "X-RateLimit-Reset", "2");
    return true;
}

/* The reset is an instant of the server's clock, which differs from ours; its Date tells. */
static bool used_up_until(struct visit *on, const struct fault_row *row)
{
    char text[32];
    if (on->application->shape.rate_limit)
        return false;
    int64_t wall_ms = APPLICATION_WALL_START_MS + on->now_ms + on->application->skew_ms;
    (void)row;
    (void)snprintf(text, sizeof text, "%" PRId64, wall_ms / 1000 + 3);
    answer_header(on->response, "X-RateLimit-Limit", "100");
    answer_header(on->response, "X-RateLimit-Remaining", "0");
    answer_header(on->response, "X-RateLimit-Reset", text);
    return true;
}

static bool others_use_it(struct visit *on, const struct fault_row *row)
{
    (void)row;
    if (!on->application->shape.rate_limit)
        return false;
    on->application->others += 1 + (int64_t)random_below(&on->application->random, 4);
    return true;
}

/* ------------------------------------------------------------------ the table ----------------- */

#define BROKEN(number, name, how, status, latency)                                                 \
    {                                                                                              \
        (number), (name), PLACE_ANSWER, 100, false, plain, (how), (status), (latency), NULL, NULL, \
            NULL                                                                                   \
    }
#define ANSWERED(number, name, most, status, body, type)                                          \
    {                                                                                             \
        (number), (name), PLACE_ANSWER, (most), false, plain, EXCHANGE_DONE, (status), 0, (body), \
            NULL, (type)                                                                          \
    }
#define ANSWER(number, name, most, strike)                                                 \
    {                                                                                      \
        (number), (name), PLACE_ANSWER, (most), false, (strike), 0, 0, 0, NULL, NULL, NULL \
    }
#define PAGE(number, name, most, strike)                                                 \
    {                                                                                    \
        (number), (name), PLACE_PAGE, (most), false, (strike), 0, 0, 0, NULL, NULL, NULL \
    }
#define RATE(number, name, strike, text)                                                         \
    {                                                                                            \
        (number), (name), PLACE_RATE, 100, false, (strike), 0, 0, 0, (text), "Retry-After", NULL \
    }
#define WORLD(number, name, place)                                           \
    {                                                                        \
        (number), (name), (place), 0, false, NULL, 0, 0, 0, NULL, NULL, NULL \
    }

static const struct fault_row rows[] = {
    BROKEN(1, "the name does not resolve", EXCHANGE_RESOLVE, 0, 0),
    BROKEN(2, "the resolver times out", EXCHANGE_RESOLVE, 0, 5000),
    BROKEN(3, "connection refused", EXCHANGE_CONNECT, 0, 0),
    BROKEN(4, "no answer to SYN", EXCHANGE_CONNECT, 0, 10000),
    BROKEN(5, "reset before the status", EXCHANGE_SEND, 0, 0),
    BROKEN(6, "reset inside the body", EXCHANGE_RECEIVE, 200, 0),
    BROKEN(7, "closed inside the body", EXCHANGE_RECEIVE, 200, 0),
    BROKEN(8, "the last chunk is missing", EXCHANGE_RECEIVE, 200, 0),
    BROKEN(9, "stalled after the headers", EXCHANGE_TIMEOUT, 200, 30000),
    BROKEN(10, "one byte a second", EXCHANGE_TIMEOUT, 200, 30000),
    BROKEN(11, "a reused connection was dead", EXCHANGE_SEND, 0, 0),
    BROKEN(12, "GOAWAY", EXCHANGE_SEND, 0, 0),
    {13, "latency", PLACE_ANSWER, 200, false, only_late, 0, 0, 5000, NULL, NULL, NULL},
    {14, "bandwidth collapses", PLACE_ANSWER, 100, false, only_late, 0, 0, 60000, NULL, NULL, NULL},
    {15, "one-byte slices", PLACE_ANSWER, 200, false, only_late, 0, 0, 1500, NULL, NULL, NULL},
    ANSWER(16, "a body without an end of its own", 60, unframed),
    BROKEN(17, "the certificate has expired", EXCHANGE_TLS, 0, 0),
    BROKEN(18, "a private address", EXCHANGE_REFUSED, 0, 0),
    {19, "rebound to a private address", PLACE_ANSWER, 60, false, later_page, EXCHANGE_REFUSED, 0,
        0, NULL, NULL, NULL},
    {21, "redirect to another host", PLACE_ANSWER, 40, false, plain, EXCHANGE_DONE, 302, 0, "",
        "Location", "text/plain"},
    BROKEN(22, "redirects without end", EXCHANGE_REFUSED, 302, 0),
    ANSWERED(
        23, "a login page with 200", 40, 200, "<html><body>Sign in</body></html>", "text/html"),
    ANSWERED(24, "an error object with 200", 40, 200,
        "{\"error\":{\"code\":\"boom\",\"message\":\"no\"}}", NULL),
    ANSWER(25, "no body", 40, no_body),
    {26, "401 once", PLACE_ANSWER, 10, true, plain, EXCHANGE_DONE, 401, 0, NULL, NULL, NULL},
    ANSWERED(27, "401 for good", 20, 401, NULL, NULL),
    {28, "403", PLACE_ANSWER, 40, false, one_scope, EXCHANGE_DONE, 403, 0, NULL, NULL, NULL},
    {29, "404", PLACE_ANSWER, 40, false, one_scope, EXCHANGE_DONE, 404, 0, NULL, NULL, NULL},
    {30, "410: the cursor expired", PLACE_ANSWER, 60, false, cursor_expired, EXCHANGE_DONE, 410, 0,
        NULL, NULL, NULL},
    ANSWER(32, "5xx", 150, server_error),
    ANSWERED(33, "400", 30, 400, NULL, NULL),
    ANSWERED(34, "206 unasked", 40, 206, "{\"items\":[]}", NULL),
    ANSWERED(35, "304 unasked", 40, 304, "", NULL),
    BROKEN(36, "a flood of 1xx", EXCHANGE_PROTOCOL, 0, 0),
    BROKEN(37, "two lengths", EXCHANGE_PROTOCOL, 200, 0),
    ANSWERED(38, "another content type", 40, 200, "id,name\n", "text/csv"),
    BROKEN(41, "a bomb in gzip", EXCHANGE_TOO_LARGE, 200, 0),
    BROKEN(42, "stacked encodings", EXCHANGE_PROTOCOL, 200, 0),
    ANSWER(43, "depth 100,000", 20, too_deep),
    BROKEN(44, "a bomb of headers", EXCHANGE_TOO_LARGE, 200, 0),
    BROKEN(45, "a string of a gigabyte", EXCHANGE_TOO_LARGE, 200, 0),
    BROKEN(46, "a body without end", EXCHANGE_TOO_LARGE, 200, 20000),
    ANSWER(47, "JSON cut", 100, cut_body),
    {48, "trailing JSON", PLACE_ANSWER, 60, false, append, 0, 0, 0, "{}", NULL, NULL},
    PAGE(49, "a member twice", 100, damage),
    WORLD(50, "ids above 2^64", PLACE_TRUTH),
    PAGE(51, "NUL", 100, damage),
    PAGE(52, "a lone surrogate", 100, damage),
    ANSWER(53, "NaN, single quotes", 40, not_json),
    ANSWER(54, "keys that collide", 40, colliding_keys),
    PAGE(55, "an id that is null", 60, damage),
    PAGE(56, "an id of another type", 60, damage),
    WORLD(57, "ids equal but for case or normal form", PLACE_TRUTH),
    PAGE(58, "a status nobody knows", 100, unknown_word),
    PAGE(59, "a field renamed", 60, damage),
    PAGE(61, "next equals self", 60, next_self),
    PAGE(62, "a cycle", 60, next_first),
    PAGE(63, "an empty page with a next", 100, empty_page),
    PAGE(64, "no next, and not the declared end", 60, next_lost),
    PAGE(65, "an item on two pages", 150, doubled),
    PAGE(66, "a deletion between pages", 150, someone_goes),
    PAGE(67, "an insertion between pages", 150, someone_comes),
    PAGE(68, "the total changes on the way", 60, total_moves),
    PAGE(69, "the total is wrong", 60, total_lies),
    WORLD(70, "equal timestamps", PLACE_TRUTH),
    WORLD(71, "commits below the cursor", PLACE_TRUTH),
    WORLD(72, "a cursor finer than its unit", PLACE_TRUTH),
    PAGE(73, "out of order", 150, out_of_order),
    PAGE(74, "a next link to another host", 60, next_elsewhere),
    PAGE(75, "pages without end", 60, endless),
    PAGE(76, "smaller pages than asked for", 200, smaller_pages),
    PAGE(77, "an empty first page", 30, hidden),
    WORLD(78, "replicas that differ", PLACE_TRUTH),
    WORLD(79, "ids used again", PLACE_TRUTH),
    PAGE(80, "a page again under a new cursor", 60, repeated),
    PAGE(81, "the first page only", 60, first_page_only),
    RATE(82, "429 with seconds", throttled, "2"),
    RATE(83, "429 with a date", throttled_until, NULL),
    {84, "429 that says nothing", PLACE_RATE, 100, false, throttled, 0, 0, 0, NULL, NULL, NULL},
    RATE(85, "429 with garbage", throttled_by_garbage, NULL),
    {86, "429 on the token URL", PLACE_TOKEN, 500, false, throttled, 0, 0, 0, "1", "Retry-After",
        NULL},
    RATE(87, "remaining 0 on a 200", used_up, NULL),
    RATE(88, "a reset by the server's clock", used_up_until, NULL),
    RATE(89, "a budget that others share", others_use_it, NULL),
    {90, "429 for too many at once", PLACE_RATE, 100, false, throttled, 0, 0, 0, "concurrency",
        "RateLimit-Reason", NULL},
    RATE(91, "Retry-After 0, again and again", throttled, "0"),
    WORLD(92, "the clock an hour ahead", PLACE_CLOCK),
    WORLD(93, "the clock an hour back", PLACE_CLOCK),
    WORLD(94, "the clock to and fro", PLACE_CLOCK),
    WORLD(95, "the clock in 1970 or 2038", PLACE_CLOCK),
    WORLD(96, "asleep for eight hours", PLACE_CLOCK),
    WORLD(97, "the store is busy", PLACE_STORE),
    WORLD(98, "no space", PLACE_STORE),
    WORLD(99, "a read error", PLACE_STORE),
    WORLD(100, "fsync fails", PLACE_STORE),
    WORLD(101, "a torn write", PLACE_STORE),
    WORLD(102, "unsynced pages lost", PLACE_STORE),
    WORLD(103, "a bit flips", PLACE_STORE),
    WORLD(104, "the log is deleted", PLACE_STORE),
    WORLD(105, "an old backup is restored", PLACE_STORE),
    WORLD(106, "the store turns read-only", PLACE_STORE),
    WORLD(39, "a rotated refresh token lost in a crash", PLACE_HOST),
    WORLD(40, "two refreshes at once", PLACE_TRUTH),
    WORLD(112, "killed before a commit", PLACE_HOST),
    WORLD(113, "killed inside a commit", PLACE_HOST),
    WORLD(114, "killed after it, before the acknowledgement", PLACE_HOST),
    WORLD(115, "killed between pages", PLACE_HOST),
    WORLD(116, "killed in recovery", PLACE_HOST),
    WORLD(126, "SIGTERM in the middle of a run", PLACE_HOST),
};

#define ROWS (sizeof rows / sizeof rows[0])

const struct fault_row *fault_row_at(size_t index)
{
    return index < ROWS ? &rows[index] : NULL;
}

const struct fault_row *fault_row_numbered(int number)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].number == number)
            return &rows[i];
    return NULL;
}

/* ------------------------------------------------------------------ drawing and striking ------ */

static void add_row(struct faults *faults, const struct fault_row *row, enum fault_manner manner,
    int per_mille, int aim)
{
    if (faults->count == FAULTS_ACTIVE_MAX)
        return;
    faults->active[faults->count++] = (struct active_fault){.row = row,
        .manner = row->once_only ? MANNER_ONCE : manner,
        .per_mille = per_mille,
        .first = (int64_t)random_below(&faults->random, 40),
        .left = manner == MANNER_BURST ? 2 + (int64_t)random_below(&faults->random, 12) : 1,
        .aim = aim};
}

void faults_add(struct faults *faults, int number, enum fault_manner manner, int per_mille)
{
    const struct fault_row *row = fault_row_numbered(number);
    if (row)
        add_row(faults, row, manner, per_mille, AIM_ANY);
}

void faults_draw(struct faults *faults, struct random *random, unsigned places, size_t most)
{
    size_t wanted = (size_t)random_below(random, most + 1);
    faults->random = random_seeded(random_next(random));
    while (faults->count < wanted) {
        const struct fault_row *row = &rows[random_below(random, ROWS)];
        uint64_t dice = random_below(random, 10);
        int aim = random_below(random, 2) ? AIM_ANY : (int)random_below(random, LISTING_COUNT);
        enum fault_manner manner = dice < 6   ? MANNER_BY_CHANCE
                                   : dice < 7 ? MANNER_ONCE
                                   : dice < 9 ? MANNER_BURST
                                              : MANNER_FOR_GOOD;
        if (!(places & 1u << row->place))
            continue;
        int per_mille =
            row->per_mille_most ? 5 + (int)random_below(random, (uint64_t)row->per_mille_most) : 0;
        add_row(faults, row, manner, per_mille, aim);
    }
}

const struct active_fault *faults_find(const struct faults *faults, int number)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->active[i].row->number == number)
            return &faults->active[i];
    return NULL;
}

static bool is_due(struct faults *faults, struct active_fault *active, const struct visit *on)
{
    int64_t request = on->application->requests;
    if (active->aim != AIM_ANY && !on->token && (int)on->page.name != active->aim)
        return false;
    switch (active->manner) {
    case MANNER_BY_CHANCE:
        return random_below(&faults->random, 1000) < (uint64_t)active->per_mille;
    case MANNER_ONCE:
    case MANNER_BURST:
        return active->left > 0 && request >= active->first;
    case MANNER_FOR_GOOD:
        return request >= active->first;
    }
    return false;
}

void faults_strike(struct faults *faults, enum fault_place place, size_t most, struct visit *on)
{
    for (size_t i = 0; i < faults->count && most > 0 && !faults->over; i++) {
        struct active_fault *active = &faults->active[i];
        if (active->row->place != place || !active->row->strike || !is_due(faults, active, on) ||
            !active->row->strike(on, active->row))
            continue;
        active->left--;
        faults->fired[active->row->number]++;
        most--;
    }
}
