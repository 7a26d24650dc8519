/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on status, headers and limits: what a server says about itself rather than about its
 * data. */
#include "action.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "base/timestamp.h"

#define LIMIT_WINDOW_MS 1000 /* "limit" counts requests a second */
#define DATE_TEXT       64

static bool replace_body(struct answer *answer, struct span body, struct fault *fault)
{
    bytes_clear(&answer->body);
    answer->item_count = 0;
    return bytes_append(&answer->body, body, fault);
}

static bool act_status(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    int status = (int)rule_number(rule, 0, 500);
    if (rule->argument_count < 2)
        return answer_error(
            answer, status, "scripted", "this answer was asked for by the script", fault);
    answer->status = status;
    return replace_body(answer, rule->arguments[1], fault);
}

static bool act_header(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    return bytes_format(&answer->headers, fault, "%.*s\r\n", SPAN_FORMAT(rule->arguments[0]));
}

static bool http_date(int64_t epoch_s, char ret_text[DATE_TEXT], struct fault *fault)
{
    time_t at = (time_t)epoch_s;
    struct tm date;
    if (!gmtime_r(&at, &date) ||
        strftime(ret_text, DATE_TEXT, "%a, %d %b %Y %H:%M:%S GMT", &date) == 0)
        return fault_set(fault, FAULT_SYNTAX, "the time has no HTTP date");
    return true;
}

static bool act_retry_after(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    struct span how = rule->arguments[0];
    char date[DATE_TEXT];
    if (span_equal_text(how, "date")) {
        if (!http_date(
                moment->wall_s + answer->date_shift_s + rule_number(rule, 1, 1), date, fault))
            return false;
        return answer_header(answer, "Retry-After", date, fault);
    }
    return bytes_format(&answer->headers, fault, "Retry-After: %.*s\r\n", SPAN_FORMAT(how));
}

static bool act_login_page(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment;
    answer->status = 200;
    answer->content_type = "text/html; charset=utf-8";
    return replace_body(answer,
        SPAN("<!DOCTYPE html><title>Sign in</title><form method=\"post\"><input "
             "name=\"user\"></form>"),
        fault);
}

static bool act_error_object(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    struct span code = rule->argument_count > 0 ? rule->arguments[0] : SPAN("internal");
    return replace_body(answer, SPAN("{\"ok\":false,\"error\":{\"code\":"), fault) &&
           bytes_append_json(&answer->body, code, fault) &&
           bytes_append_text(&answer->body, ",\"message\":\"scripted\"}}", fault);
}

static bool act_empty_body(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment;
    return replace_body(answer, SPAN(""), fault);
}

static bool act_bare_status(struct answer *answer, int status, struct fault *fault)
{
    answer->status = status;
    answer->wire.bare = true;
    return replace_body(answer, SPAN(""), fault);
}

static bool act_no_content(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment;
    return act_bare_status(answer, 204, fault);
}

static bool act_not_modified(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment;
    return act_bare_status(answer, 304, fault);
}

static bool act_partial(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)rule, (void)moment;
    size_t whole = answer->body.length;
    answer->status = 206;
    answer->body.length = whole / 2;
    answer->item_count = 0;
    return bytes_format(&answer->headers, fault, "Content-Range: bytes 0-%zu/%zu\r\n",
        whole / 2 ? whole / 2 - 1 : 0, whole);
}

static bool act_redirect(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment;
    answer->status = (int)rule_number(rule, 1, 302);
    return bytes_format(
               &answer->headers, fault, "Location: %.*s\r\n", SPAN_FORMAT(rule->arguments[0])) &&
           replace_body(answer, SPAN(""), fault);
}

static bool act_redirect_loop(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    answer->status = (int)rule_number(rule, 0, 302);
    return bytes_format(&answer->headers, fault, "Location: %.*s\r\n",
               SPAN_FORMAT(moment->request->target)) &&
           replace_body(answer, SPAN(""), fault);
}

/* An answer only borrows its content type, and a script may go before its answers do: hence a fixed
 * choice. */
static const char *const types[] = {"text/html", "text/plain", "application/octet-stream",
    "application/xml", "application/problem+json", "application/scim+json",
    "application/json; charset=utf-8"};

static const char *type_of(const struct rule *rule)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (span_equal_text(rule->arguments[0], types[i]))
            return types[i];
    return NULL;
}

static bool check_type(const struct rule *rule, struct fault *fault)
{
    return type_of(rule) ||
           fault_set(fault, FAULT_USAGE, "\"%.*s\" is not among the content types of action_http.c",
               SPAN_FORMAT(rule->arguments[0]));
}

static bool act_type(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment, (void)fault;
    answer->content_type = type_of(rule);
    return true;
}

static bool act_date(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    (void)moment, (void)fault;
    answer->date_shift_s = rule_number(rule, 0, 0);
    return true;
}

static bool too_many(struct answer *answer, int64_t retry_s, struct fault *fault)
{
    return answer_error(answer, 429, "rate_limited", "too many requests", fault) &&
           bytes_format(&answer->headers, fault, "Retry-After: %" PRId64 "\r\n", retry_s);
}

/* A token bucket of one second's worth. */
static bool act_limit(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    double rate = (double)rule_number(rule, 0, 1);
    if (rule->allowance_ms == 0)
        rule->allowance = rate;
    else
        rule->allowance +=
            (double)(moment->monotonic_ms - rule->allowance_ms) * rate / LIMIT_WINDOW_MS;
    rule->allowance = rule->allowance > rate ? rate : rule->allowance;
    rule->allowance_ms = moment->monotonic_ms;
    if (rule->allowance < 1.0)
        return too_many(answer, 1, fault);
    rule->allowance -= 1.0;
    return true;
}

static bool act_concurrency(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    if (moment->in_flight <= (uint64_t)rule_number(rule, 0, 1))
        return true;
    return too_many(answer, 1, fault);
}

/* Header lines of each dialect. {l} limit, {r} remaining, {d} seconds until the reset, {e} its time
 * in seconds since 1970, {m} in milliseconds, {i} as RFC 3339, {u} used. */
static const struct {
    const char *name, *lines;
} dialects[] = {
    {"ietf", "RateLimit-Limit: {l}\r\nRateLimit-Remaining: {r}\r\nRateLimit-Reset: {d}\r\n"},
    {"ietf-combined",
        "RateLimit: limit={l}, remaining={r}, reset={d}\r\nRateLimit-Policy: {l};w=60\r\n"},
    {"github", "x-ratelimit-limit: {l}\r\nx-ratelimit-remaining: {r}\r\nx-ratelimit-used: {u}\r\n"
               "x-ratelimit-reset: {e}\r\nx-ratelimit-resource: core\r\n"},
    {"okta",
        "X-Rate-Limit-Limit: {l}\r\nX-Rate-Limit-Remaining: {r}\r\nX-Rate-Limit-Reset: {e}\r\n"},
    {"gitlab", "RateLimit-Limit: {l}\r\nRateLimit-Observed: {u}\r\nRateLimit-Remaining: "
               "{r}\r\nRateLimit-Reset: {e}\r\n"
               "RateLimit-Name: throttle_authenticated_api\r\n"},
    {"zendesk",
        "X-Rate-Limit: {l}\r\nX-Rate-Limit-Remaining: {r}\r\nratelimit-limit: "
        "{l}\r\nratelimit-remaining: {r}\r\n"
        "ratelimit-reset: {d}\r\nzendesk-ratelimit-users: total={l};remaining={r};resets={d}\r\n"},
    {"atlassian",
        "X-RateLimit-Limit: {l}\r\nX-RateLimit-Remaining: {r}\r\nX-RateLimit-Reset: {i}\r\n"
        "X-RateLimit-NearLimit: true\r\n"},
    {"microsoft", "RateLimit-Limit: {l}\r\nRateLimit-Remaining: {r}\r\nRateLimit-Reset: {d}\r\n"
                  "x-ms-throttle-limit-percentage: 0.9\r\n"},
    {"hubspot", "X-HubSpot-RateLimit-Max: {l}\r\nX-HubSpot-RateLimit-Remaining: {r}\r\n"
                "X-HubSpot-RateLimit-Interval-Milliseconds: 10000\r\n"},
    {"salesforce", "Sforce-Limit-Info: api-usage={u}/{l}\r\n"},
    {"shopify", "X-Shopify-Shop-Api-Call-Limit: {u}/{l}\r\n"},
    {"linear", "X-RateLimit-Requests-Limit: {l}\r\nX-RateLimit-Requests-Remaining: {r}\r\n"
               "X-RateLimit-Requests-Reset: {m}\r\n"},
    {"aws", "x-amzn-RateLimit-Limit: {l}\r\n"},
    {"discord", "X-RateLimit-Limit: {l}\r\nX-RateLimit-Remaining: {r}\r\nX-RateLimit-Reset-After: "
                "{d}.250\r\n"
                "X-RateLimit-Bucket: abcd1234\r\n"},
};

static bool append_rate_value(
    char sign, const struct rule *rule, int64_t now_s, struct bytes *into, struct fault *fault)
{
    int64_t remaining = rule_number(rule, 1, 0), delta_s = rule_number(rule, 2, 1),
            limit = rule_number(rule, 3, 100);
    char text[TIMESTAMP_TEXT];
    const struct {
        char sign;
        int64_t value;
    } values[] = {{'l', limit}, {'r', remaining}, {'d', delta_s}, {'e', now_s + delta_s},
        {'m', (now_s + delta_s) * 1000}, {'u', limit - remaining}};
    if (sign == 'i') {
        timestamp_text((now_s + delta_s) * 1000, text);
        return bytes_append_text(into, text, fault);
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (values[i].sign == sign)
            return bytes_format(into, fault, "%" PRId64, values[i].value);
    return fault_set(fault, FAULT_USAGE, "a dialect uses {%c}, which means nothing", sign);
}

static const char *lines_of(const struct rule *rule)
{
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++)
        if (span_equal_text(rule->arguments[0], dialects[i].name))
            return dialects[i].lines;
    return NULL;
}

static bool check_rate(const struct rule *rule, struct fault *fault)
{
    return lines_of(rule) ||
           fault_set(fault, FAULT_USAGE,
               "\"%.*s\" is no rate-limit dialect: ietf, ietf-combined, github, okta, gitlab, "
               "zendesk, atlassian, microsoft, hubspot, salesforce, shopify, linear, aws, discord",
               SPAN_FORMAT(rule->arguments[0]));
}

static bool act_rate(
    struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault)
{
    const char *lines = lines_of(rule);
    for (const char *at = lines; *at; at++) {
        bool ok;
        if (*at == '{' && at[1] && at[2] == '}') {
            ok = append_rate_value(
                at[1], rule, moment->wall_s + answer->date_shift_s, &answer->headers, fault);
            at += 2;
        } else {
            ok = bytes_append_char(&answer->headers, *at, fault);
        }
        if (!ok)
            return false;
    }
    return true;
}

static const struct action rows[] = {
    {"status", "nR", "CODE [BODY]", "26 27 28 29 30 31 32 33 84",
        "another status, with an error body or the one given", .on_answer = act_status},
    {"header", "r", "NAME: VALUE", "", "adds a header", .on_answer = act_header},
    {"retry-after", "tN", "SECONDS | date [SECONDS] | any text", "82 83 85 86 91",
        "adds Retry-After", .on_answer = act_retry_after},
    {"login-page", "", "", "23", "an HTML page to sign in, with status 200",
        .on_answer = act_login_page},
    {"error-object", "T", "[CODE]", "24", "an error object with status 200",
        .on_answer = act_error_object},
    {"empty-body", "", "", "25", "status 200 and no bytes", .on_answer = act_empty_body},
    {"no-content", "", "", "25", "status 204", .on_answer = act_no_content},
    {"partial", "", "", "34", "half the body with status 206", .on_answer = act_partial},
    {"not-modified", "", "", "35", "status 304", .on_answer = act_not_modified},
    {"redirect", "tN", "URL [CODE]", "21", "redirects", .on_answer = act_redirect},
    {"redirect-loop", "N", "[CODE]", "22", "redirects to the same target",
        .on_answer = act_redirect_loop},
    {"type", "t", "CONTENT-TYPE", "38", "another content type", .check = check_type,
        .on_answer = act_type},
    {"date", "n", "SECONDS", "88", "a Date header that is off by so much", .on_answer = act_date},
    {"rate", "tNNN", "DIALECT [REMAINING [RESET [LIMIT]]]", "87",
        "rate-limit headers in a vendor's dialect", .check = check_rate, .on_answer = act_rate},
    {"limit", "n", "RATE", "89", "429 above so many requests a second", .on_answer = act_limit},
    {"concurrency", "n", "COUNT", "90", "429 above so many requests at once",
        .on_answer = act_concurrency},
};

const struct action_table action_http_table = {rows, sizeof rows / sizeof rows[0]};
