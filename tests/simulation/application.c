/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated application's answers: listings in every style, and what can go wrong with an
 * answer on its way. */
#include "application.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"

#define HOST "https://app.example.test"

/* The path of an absolute URL. */
static const char *path_of(const char *url)
{
    return strchr(url + strlen("https://"), '/');
}

void application_init(
    struct application *application, uint64_t seed, enum style style, size_t users, size_t groups)
{
    *application = (struct application){
        .random = random_seeded(seed), .style = style, .user_count = users, .group_count = groups};
    for (size_t i = 0; i < users; i++)
        application->users[i] =
            (struct object){.number = (int64_t)i + 1, .version = 1, .live = true};
    for (size_t i = 0; i < groups; i++)
        application->groups[i] =
            (struct object){.number = (int64_t)i + 1, .version = 1, .live = true};
}

size_t application_live(const struct object *objects, size_t count)
{
    size_t live = 0;
    for (size_t i = 0; i < count; i++)
        live += objects[i].live;
    return live;
}

bool application_is_member(const struct object *group, const struct object *user)
{
    return group->live && user->live && (user->number * 7 + group->number * 13) % 5 == 0;
}

/* ------------------------------------------------------------------ listings ------------------ */

struct listing {
    const struct object *objects[APPLICATION_OBJECTS_MAX];
    size_t count;
    char name;      /* u or g: what ids begin with */
    bool doubled;   /* each page begins with the last item of the one before (fault 65) */
    bool anonymous; /* and with an item without an id (fault 55) */
    bool elsewhere; /* its next links lead to another host (fault 74) */
};

static struct listing list_live(const struct object *objects, size_t count, char name)
{
    struct listing listing = {.name = name};
    for (size_t i = 0; i < count; i++)
        if (objects[i].live)
            listing.objects[listing.count++] = &objects[i];
    return listing;
}

static struct listing list_members(const struct application *application, int64_t group)
{
    struct listing listing = {.name = 'u'};
    for (size_t i = 0; i < application->user_count; i++)
        if (group >= 1 && (size_t)group <= application->group_count &&
            application_is_member(&application->groups[group - 1], &application->users[i]))
            listing.objects[listing.count++] = &application->users[i];
    return listing;
}

static void must(bool done)
{
    if (!done)
        abort(); /* the simulated world itself has run out of memory */
}

static void add_items(struct bytes *body, const struct listing *listing, size_t from, size_t count)
{
    struct fault fault;
    must(bytes_append_char(body, '[', &fault));
    if (listing->anonymous)
        must(bytes_format(
            body, &fault, "{\"id\":null}%s", from < listing->count && count > 0 ? "," : ""));
    for (size_t i = from; i < from + count && i < listing->count; i++)
        must(bytes_format(body, &fault,
            "%s{\"id\":\"%c%" PRId64 "\",\"name\":\"Object %" PRId64 " v%d\",\"number\":%" PRId64
            ",\"active\":%s}",
            i > from ? "," : "", listing->name, listing->objects[i]->number,
            listing->objects[i]->number, listing->objects[i]->version, listing->objects[i]->number,
            listing->objects[i]->number % 3 ? "true" : "false"));
    must(bytes_append_char(body, ']', &fault));
}

static int64_t query_number(const char *url, const char *name, int64_t otherwise)
{
    char wanted[32];
    (void)snprintf(wanted, sizeof wanted, "%s=", name);
    for (const char *at = strchr(url, '?'); at; at = strchr(at + 1, '&'))
        if (strncmp(at + 1, wanted, strlen(wanted)) == 0)
            return strtoll(at + 1 + strlen(wanted), NULL, 10);
    return otherwise;
}

#define ELSEWHERE "https://evil.example.net/users"

/* The page that the URL asks for, in the application's style. Cursors and next links carry an
 * offset; keysets a number. */
static void render(const struct application *application, enum style style,
    const struct listing *listing, const char *url, struct response *response)
{
    struct bytes *body = &response->body;
    struct fault fault;
    size_t size = (size_t)query_number(url, style == STYLE_SCIM ? "count" : "size", 7), from = 0;
    long long total = (long long)listing->count + (application->lying_total ? 1 : 0);
    switch (style) {
    case STYLE_NUMBER:
        from = (size_t)(query_number(url, "page", 1) - 1) * size;
        break;
    case STYLE_OFFSET:
        from = (size_t)query_number(url, "offset", 0);
        break;
    case STYLE_SCIM:
        from = (size_t)(query_number(url, "startIndex", 1) - 1);
        break;
    case STYLE_KEYSET:
        for (int64_t after = query_number(url, "after", 0);
             from < listing->count && listing->objects[from]->number <= after;)
            from++;
        break;
    case STYLE_CURSOR:
    case STYLE_LINK:
    case STYLE_NEXT_URL:
    case STYLE_COUNT:
        from = (size_t)query_number(url, "cursor", 0);
        break;
    }
    bool more = from + size < listing->count;
    must(bytes_format(body, &fault, "{\"total\":%lld,\"items\":", total));
    size_t first = listing->doubled && from > 0 && from < listing->count ? from - 1 : from;
    add_items(body, listing, first, size + (from - first));
    if (style == STYLE_CURSOR && more)
        must(bytes_format(body, &fault, ",\"next\":\"%zu\"", from + size));
    if (style == STYLE_NEXT_URL && more)
        must(bytes_format(body, &fault, ",\"next\":\"%.*s?cursor=%zu&size=%zu\"",
            listing->elsewhere ? (int)strlen(ELSEWHERE) : (int)strcspn(url, "?"),
            listing->elsewhere ? ELSEWHERE : url, from + size, size));
    if (style == STYLE_LINK && more) {
        char link[256];
        (void)snprintf(link, sizeof link, "<%.*s?cursor=%zu&size=%zu>; rel=\"next\"",
            listing->elsewhere ? (int)strlen(ELSEWHERE) : (int)strcspn(url, "?"),
            listing->elsewhere ? ELSEWHERE : url, from + size, size);
        must(http_headers_add(&response->headers, SPAN("Link"), span_of(link), &fault));
    }
    if (style == STYLE_SCIM)
        must(bytes_format(body, &fault, ",\"startIndex\":%zu", from + 1));
    must(bytes_append_char(body, '}', &fault));
}

static bool happens(struct application *application, int rate, int number)
{
    if (application->healthy || rate == 0 ||
        random_below(&application->random, 1000) >= (uint64_t)rate)
        return false;
    application->injected[number]++;
    return true;
}

/* The application lives on while it is read. */
static void move(struct application *application)
{
    int rate = application->moving < 0 ? -application->moving : application->moving;
    if (!happens(application, rate, application->moving < 0 ? 66 : 67))
        return;
    if (application->moving > 0 && application->user_count < APPLICATION_OBJECTS_MAX) {
        struct object *fresh = &application->users[application->user_count++];
        *fresh = (struct object){.number = (int64_t)application->user_count,
            .version = 1,
            .live = true,
            .touched = true};
    } else if (application->user_count > 0) {
        struct object *user =
            &application->users[random_below(&application->random, application->user_count)];
        user->touched = user->touched || user->live;
        user->live = false;
    }
}

static void answer_soundly(
    struct application *application, const char *url, struct response *response)
{
    struct fault fault;
    const char *path = path_of(url);
    struct listing listing;
    enum style style = STYLE_CURSOR;
    response->status = 200;
    must(http_headers_add(
        &response->headers, SPAN("Content-Type"), SPAN("application/json"), &fault));
    if (strncmp(path, "/users", 6) == 0) {
        listing = list_live(application->users, application->user_count, 'u');
        style = application->style;
    } else if (strncmp(path, "/groups/g", 9) == 0) {
        listing = list_members(application, strtoll(path + 9, NULL, 10));
    } else {
        listing = list_live(application->groups, application->group_count, 'g');
    }
    listing.doubled = happens(application, application->rates.doubled, 65);
    listing.elsewhere = happens(application, application->rates.other_host, 74);
    listing.anonymous = happens(application, application->rates.no_id, 55);
    application->anonymous |= listing.anonymous;
    render(application, style, &listing, url, response);
}

/* ------------------------------------------------------------------ faults -------------------- */

static void set_body(struct response *response, const char *type, const char *text)
{
    struct fault fault;
    http_headers_clear(&response->headers);
    bytes_clear(&response->body);
    must(http_headers_add(&response->headers, SPAN("Content-Type"), span_of(type), &fault));
    must(bytes_append_text(&response->body, text, &fault));
}

static void set_broken(
    struct response *response, enum exchange exchange, int status, const char *why)
{
    response->exchange = exchange;
    response->status = status;
    bytes_clear(&response->body);
    (void)snprintf(response->why, sizeof response->why, "%s", why);
}

/* At most one fault an answer: which one is drawn in a fixed order. */
static void spoil(struct application *application, bool cursor, struct response *response)
{
    const struct fault_rates *rates = &application->rates;
    struct fault fault;
    if (happens(application, rates->refused, 3)) {
        set_broken(response, EXCHANGE_CONNECT, 0, "connection refused");
    } else if (happens(application, rates->reset, 5)) {
        set_broken(response, EXCHANGE_SEND, 0, "connection reset");
    } else if (happens(application, rates->cut, 7)) {
        set_broken(response, EXCHANGE_RECEIVE, 200, "the body was cut");
    } else if (happens(application, rates->status_500, 32)) {
        set_body(response, "text/plain", "sorry");
        response->status = 500 + (int)random_below(&application->random, 2) * 3;
    } else if (happens(application, rates->throttled, 82)) {
        set_body(response, "application/json", "{}");
        response->status = 429;
        must(http_headers_add(&response->headers, SPAN("Retry-After"), SPAN("2"), &fault));
    } else if (happens(application, rates->no_body, 25)) {
        set_body(response, "application/json", "");
        response->status = random_below(&application->random, 2) ? 204 : 200;
    } else if (happens(application, rates->wrong_type, 38)) {
        set_body(response, "text/csv", "id,name");
    } else if (cursor && happens(application, rates->expired, 30)) {
        set_body(response, "application/json", "{}");
        response->status = 410;
    } else if (happens(application, rates->html, 23)) {
        set_body(response, "text/html", "<html><body>Please sign in</body></html>");
    } else if (happens(application, rates->empty, 47)) {
        size_t length = response->body.length;
        response->body.length = length ? (size_t)random_below(&application->random, length) : 0;
        response->body.length +=
            response->body.length == 0; /* an empty body is fault 25, another case */
        response->body.data[response->body.length] = '\0';
    }
}

/* What a credential may not see, or may not see just now. */
static bool refuse(struct application *application, const char *path, struct response *response)
{
    char forbidden[48];
    (void)snprintf(
        forbidden, sizeof forbidden, "/groups/g%" PRId64 "/", application->forbidden_group);
    if (!application->healthy && (application->requests == application->refuse_login_at ||
                                     application->refuse_login_at < 0)) {
        set_body(response, "application/json", "{}");
        response->status = 401;
        application->injected[application->refuse_login_at < 0 ? 27 : 26]++;
        return true;
    }
    if (!application->healthy && application->forbidden_group &&
        strncmp(path, forbidden, strlen(forbidden)) == 0) {
        set_body(response, "application/json", "{}");
        response->status = 403;
        application->injected[28]++;
        return true;
    }
    return false;
}

struct response *application_answer(
    struct application *application, const struct request *request, int64_t *ret_latency_ms)
{
    struct response *response = memory_allocate(sizeof *response);
    must(response != NULL);
    application->requests++;
    *ret_latency_ms = 1 + (int64_t)random_below(&application->random, 40);
    if (happens(application, application->rates.slow, 13))
        *ret_latency_ms += 5000;
    response->exchange = EXCHANGE_DONE;
    move(application);
    answer_soundly(application, request->url, response);
    if (!refuse(application, path_of(request->url), response))
        spoil(application, request->carries_cursor, response);
    return response;
}

/* ------------------------------------------------------------------ declarations -------------- */

#define YIELD(kind)                                                              \
    "\"yields\":[{\"kind\":\"" kind "\",\"fields\":[{\"to\":\"id\",\"from\":\"/" \
    "id\"},{\"to\":\"display_name\",\"from\":\"/name\"}]}]"
#define USERS(paging, query)                                                                      \
    "{\"abi\":1,\"name\":\"world\",\"base_url\":\"" HOST "\",\"streams\":["                       \
    "{\"name\":\"users\",\"request\":{\"path\":\"/users\"" query                                  \
    "},\"items\":\"/items\",\"paging\":" paging "," YIELD(                                        \
        "account") "},"                                                                           \
                   "{\"name\":\"groups\",\"request\":{\"path\":\"/groups\"},\"items\":\"/"        \
                   "items\",\"paging\":" CURSOR "," YIELD(                                        \
                       "group") "},"                                                              \
                                "{\"name\":\"members\",\"request\":{\"path\":\"/groups/"          \
                                "{parent.id}/members\"},\"items\":\"/items\",\"paging\":" CURSOR  \
                                ","                                                               \
                                "\"parent\":{\"stream\":\"groups\",\"fields\":[{\"name\":\"id\"," \
                                "\"from\":\"/id\"}]},"                                            \
                                "\"yields\":[{\"kind\":\"grant\",\"fields\":[{\"to\":\"subject_"  \
                                "kind\",\"from\":\"account\",\"source\":\"constant\"},"           \
                                "{\"to\":\"subject_id\",\"from\":\"/"                             \
                                "id\"},{\"to\":\"object_kind\",\"from\":\"group\",\"source\":"    \
                                "\"constant\"},"                                                  \
                                "{\"to\":\"object_id\",\"from\":\"id\",\"source\":\"parent\"},{"  \
                                "\"to\":\"permission\",\"from\":\"member\",\"source\":"           \
                                "\"constant\"}]}]}]}"
#define TOTAL  "\"total\":{\"pointer\":\"/total\",\"exact\":true}"
#define SIZE   "\"size_parameter\":\"size\",\"size\":7,"
#define CURSOR "{\"kind\":\"cursor\",\"ends\":[\"next_absent\"],\"next\":\"/next\"," SIZE TOTAL "}"

const char *application_declaration(enum style style)
{
    static const char *const declarations[] = {
        [STYLE_NUMBER] = USERS(
            "{\"kind\":\"number\",\"ends\":[\"total\",\"empty_page\"],\"start\":1," SIZE TOTAL "}",
            ""),
        [STYLE_OFFSET] =
            USERS("{\"kind\":\"offset\",\"ends\":[\"total\",\"empty_page\"]," SIZE TOTAL "}", ""),
        [STYLE_CURSOR] = USERS(CURSOR, ""),
        [STYLE_LINK] = USERS("{\"kind\":\"link\",\"ends\":[\"next_absent\"]," SIZE TOTAL "}", ""),
        [STYLE_NEXT_URL] = USERS(
            "{\"kind\":\"link\",\"ends\":[\"next_absent\"],\"next\":\"/next\"," SIZE TOTAL "}", ""),
        [STYLE_KEYSET] = USERS("{\"kind\":\"keyset\",\"ends\":[\"empty_page\"],\"key\":\"/"
                               "number\",\"parameter\":\"after\"," SIZE TOTAL "}",
            ""),
        [STYLE_SCIM] = USERS("{\"kind\":\"scim\",\"size\":7," TOTAL "}", ""),
    };
    return declarations[style];
}
