/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that all topics of validation share: names, pointers, conditions, templates, pairs,
 * headers, URLs. */
#include "validate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/ascii.h"
#include "json/gate.h"
#include "json/pointer.h"

#define NAME_MAX_BYTES  64u
#define HEADER_NAME_MAX 64u

void check_problem(struct check *check, const char *where, const char *format, ...)
{
    char text[FAULT_TEXT_MAX];
    const char *stream = check->stream ? check->stream->name : NULL;
    int used = stream ? snprintf(text, sizeof text, "stream %.64s: ", stream) : 0;
    if (where && used >= 0 && (size_t)used < sizeof text)
        used += snprintf(text + used, sizeof text - (size_t)used, "%s: ", where);
    if (used < 0 || (size_t)used >= sizeof text)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text + used, sizeof text - (size_t)used, format, arguments);
    va_end(arguments);
    report_add(check->report, REFUSAL_OTHER, text);
}

void check_place(char where[CHECK_PLACE_MAX], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(where, CHECK_PLACE_MAX, format, arguments);
    va_end(arguments);
}

/* Passes a fault of a lower function on as a problem. */
static void problem_from(struct check *check, const char *where, const struct fault *fault)
{
    if (fault->code == FAULT_MEMORY)
        check->out_of_memory = true;
    else
        check_problem(check, where, "%s", fault->text);
}

void check_name(struct check *check, const char *where, const char *name, bool dash)
{
    const char *pattern = dash ? "[a-z][a-z0-9_-]{0,63}" : "[a-z][a-z0-9_]{0,63}";
    if (!name) {
        check_problem(check, where, "a name is missing; give one like %s", pattern);
        return;
    }
    bool sound = ascii_is_lower(name[0]) && strlen(name) <= NAME_MAX_BYTES;
    for (const char *at = name; sound && *at; at++)
        sound = ascii_is_lower(*at) || ascii_is_digit(*at) || *at == '_' || (dash && *at == '-');
    if (!sound)
        check_problem(check, where, "\"%.80s\" is no name; write one like %s", name, pattern);
}

void check_pointer(struct check *check, const char *where, const char *pointer, bool elements)
{
    struct json_pointer parsed;
    struct fault fault;
    if (!pointer)
        return;
    if (!json_pointer_parse(pointer, check->arena, &parsed, &fault)) {
        problem_from(check, where, &fault);
        return;
    }
    for (size_t i = 0; !elements && i < parsed.count; i++)
        if (span_equal_text(parsed.steps[i], "-"))
            check_problem(check, where,
                "\"%.100s\": \"-\" (each element) has no meaning here; name one element", pointer);
}

void check_condition(
    struct check *check, const char *where, const struct muster_condition *condition)
{
    bool needs_value = condition->op == MUSTER_NOT_EQUALS || condition->op == MUSTER_CONTAINS;
    bool takes_value = needs_value || condition->op == MUSTER_EQUALS;
    if (!condition->pointer) {
        if (condition->value || condition->op)
            check_problem(
                check, where, "a condition without a pointer tests nothing; add the pointer");
        return;
    }
    check_pointer(check, where, condition->pointer, false);
    if (needs_value && !condition->value)
        check_problem(check, where, "this operator compares, but there is no value; add one");
    if (!takes_value && condition->value)
        check_problem(check, where, "this operator takes no value; remove it");
}

const struct muster_parameter *check_parameter(const struct check *check, struct span name)
{
    static const struct muster_parameter base_url = {
        .name = "base_url", .type = MUSTER_URL, .required = 1};
    const struct muster_parameter_list *list = &check->connector->parameters;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].name && span_equal_text(name, list->items[i].name))
            return &list->items[i];
    return span_equal_text(name, base_url.name) ? &base_url : NULL;
}

bool parameter_is_set(const struct muster_parameter *parameter)
{
    return parameter->required || parameter->default_value;
}

bool is_boolean_word(const char *text)
{
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
}

static bool parent_has_field(const struct check *check, struct span name)
{
    const struct muster_parent_field_list *list = &check->stream->parent.fields;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].name && span_equal_text(name, list->items[i].name))
            return true;
    return false;
}

static void check_parameter_name(
    struct check *check, const char *where, struct span name, unsigned use)
{
    const struct muster_parameter *parameter = check_parameter(check, name);
    if (!parameter)
        check_problem(check, where,
            "{%.*s} is no parameter of this connector; declare it or correct the name",
            SPAN_FORMAT(name));
    else if (parameter->secret && !(use & USE_SECRET))
        check_problem(check, where,
            "{%.*s} is a secret, and secrets may not appear here; send it by auth, a header or a "
            "body field",
            SPAN_FORMAT(name));
    else if (!parameter_is_set(parameter) && !(use & USE_UNSET))
        check_problem(check, where,
            "{%.*s} may be without a value, and this text cannot be left out; make it required or "
            "give a default",
            SPAN_FORMAT(name));
}

static unsigned check_template_name(
    struct check *check, const char *where, struct span name, unsigned use)
{
    const struct span parent = SPAN("parent.");
    bool is_id = span_equal_text(name, "id") && (use & USE_ID);
    bool is_bound = span_equal_text(name, "bound") && (use & USE_BOUND);
    if (is_id || is_bound)
        return is_id ? USE_ID : USE_BOUND;
    if (!span_starts_with(name, parent)) {
        check_parameter_name(check, where, name, use);
        return 0;
    }
    struct span field = {name.data + parent.length, name.length - parent.length};
    if (!(use & USE_PARENT) || !check->stream || !check->stream->parent.stream)
        check_problem(check, where, "{%.*s} needs a stream with a parent; declare parent.stream",
            SPAN_FORMAT(name));
    else if (!parent_has_field(check, field))
        check_problem(
            check, where, "{%.*s} is not among parent.fields; add the field", SPAN_FORMAT(name));
    return USE_PARENT;
}

unsigned check_template(struct check *check, const char *where, const char *text, unsigned use)
{
    struct template template;
    struct fault fault;
    unsigned seen = 0;
    if (!template_parse(text, check->arena, &template, &fault)) {
        problem_from(check, where, &fault);
        return 0;
    }
    for (size_t i = 0; i < template.count; i++)
        if (template.pieces[i].name.data)
            seen |= check_template_name(check, where, template.pieces[i].name, use);
    return seen;
}

static bool is_token(const char *name)
{
    if (name[0] == '\0' || strlen(name) > HEADER_NAME_MAX)
        return false;
    for (; *name; name++)
        if (!ascii_is_token(*name))
            return false;
    return true;
}

/* Headers by which a connector could frame messages, choose encodings, take part of a body or speak
 * to a proxy. */
static bool is_host_header(struct span name)
{
    static const char *const names[] = {"Host", "Content-Length", "Transfer-Encoding", "Connection",
        "Keep-Alive", "Upgrade", "Trailer", "TE", "Expect", "Authorization", "Cookie",
        "Accept-Encoding", "Range", "If-Range", "If-None-Match", "If-Modified-Since"};
    struct span start = {name.data, name.length < 6 ? name.length : 6};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (span_equal_nocase(name, span_of(names[i])))
            return true;
    return span_equal_nocase(start, SPAN("Proxy-"));
}

void check_header_name(struct check *check, const char *where, const char *name)
{
    if (!is_token(name))
        check_problem(
            check, where, "\"%.64s\" is no header name; use letters, digits and \"-\"", name);
}

void check_header(struct check *check, const char *where, const char *name)
{
    check_header_name(check, where, name);
    if (is_host_header(span_of(name)))
        check_problem(check, where,
            "the header %.64s is the host's; remove it (credentials are declared under auth)",
            name);
}

static bool is_same_name(enum pair_place place, const char *a, const char *b)
{
    return place == PAIR_HEADER ? span_equal_nocase(span_of(a), span_of(b)) : strcmp(a, b) == 0;
}

/* A member of a JSON body whose name is a pointer has JSON text for a value; what is fixed of it is
 * checked here. */
static void check_json_field(struct check *check, const char *where, const struct muster_pair *pair)
{
    struct template template;
    struct fault fault;
    struct json_page page;
    const struct json_gate_options options = {0};
    if (pair->name[0] != '/')
        return;
    check_pointer(check, where, pair->name, false);
    if (!pair->value || !template_parse(pair->value, check->arena, &template, &fault) ||
        template.count != 1 || template.pieces[0].name.data)
        return;
    if (!json_gate(template.pieces[0].literal, &options, check->arena, &page, &fault))
        problem_from(check, where, &fault);
}

static void check_pair_value(
    struct check *check, const char *where, const struct muster_pair *pair, enum pair_place place)
{
    if (!pair->value)
        check_problem(
            check, where, "%s has no value; give one (\"\" is the empty text)", pair->name);
    else if (place == PAIR_HEADER && strpbrk(pair->value, "\n\t"))
        check_problem(check, where, "%s: a header value is one line without tabs", pair->name);
}

unsigned check_pairs(struct check *check, const char *where, const struct muster_pair_list *pairs,
    enum pair_place place, unsigned use)
{
    char at[CHECK_PLACE_MAX];
    unsigned seen = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        const struct muster_pair *pair = &pairs->items[i];
        check_place(at, "%s[%zu]", where, i);
        if (!pair->name || !pair->name[0]) {
            check_problem(check, at, "the name is missing; give one");
            continue;
        }
        if (place == PAIR_HEADER)
            check_header(check, at, pair->name);
        if (place == PAIR_JSON)
            check_json_field(check, at, pair);
        check_pair_value(check, at, pair, place);
        seen |= check_template(check, at, pair->value, use | USE_UNSET);
        /* A query or a form may carry a name twice; headers and members may not. */
        for (size_t j = 0; j < i && (place == PAIR_HEADER || place == PAIR_JSON); j++)
            if (pairs->items[j].name && is_same_name(place, pair->name, pairs->items[j].name))
                check_problem(check, at, "%.64s is there twice; remove one", pair->name);
    }
    return seen;
}

/* The length of a {name} that `text` begins with, or 0. */
static size_t name_length(const char *text)
{
    const char *end = text[0] == '{' && text[1] != '{' ? strchr(text, '}') : NULL;
    return end ? (size_t)(end - text) + 1 : 0;
}

struct span url_origin(const char *url)
{
    size_t length = name_length(url);
    if (length == 0) {
        const char *authority = strstr(url, "://");
        if (!authority)
            return (struct span){NULL, 0};
        authority += 3;
        length = (size_t)(authority - url) + strcspn(authority, "/");
    }
    return (struct span){url, length};
}

static bool is_host_text(struct span host)
{
    for (size_t i = 0; i < host.length; i++) {
        size_t name = name_length(host.data + i);
        char c = host.data[i];
        if (name > 0)
            i += name - 1;
        else if (!ascii_is_letter(c) && !ascii_is_digit(c) && !strchr(".-:[]_", c))
            return false;
    }
    return host.length > 0;
}

/* A URL that begins with a parameter takes scheme and host from it, so it must be one that holds
 * them. */
static void check_url_parameter(struct check *check, const char *where, struct span origin)
{
    struct span name = {origin.data + 1, origin.length - 2};
    const struct muster_parameter *parameter = check_parameter(check, name);
    if (parameter && parameter->type != MUSTER_URL)
        check_problem(check, where,
            "{%.*s} stands for scheme and host, so its type must be MUSTER_URL", SPAN_FORMAT(name));
}

void check_url(struct check *check, const char *where, const char *url, bool origin)
{
    struct span begin = url_origin(url);
    const char *rest = begin.data ? url + begin.length : url;
    bool by_name = begin.data && begin.data[0] == '{';
    (void)check_template(check, where, url, 0);
    if (by_name)
        check_url_parameter(check, where, begin);
    else if (!span_starts_with(begin, SPAN("https://")) &&
             !span_starts_with(begin, SPAN("http://")))
        check_problem(check, where, "\"%.100s\" is no absolute URL; begin it with https://", url);
    else {
        size_t scheme = (size_t)(strstr(url, "://") - url) + 3;
        if (!is_host_text((struct span){url + scheme, begin.length - scheme}))
            check_problem(
                check, where, "\"%.100s\" has no sound host; write scheme://host[:port]", url);
    }
    if (by_name && rest[0] != '\0' && rest[0] != '/')
        check_problem(check, where, "\"%.100s\" adds to a URL's host; continue with \"/\"", url);
    if (strpbrk(rest, "?# \n\t"))
        check_problem(
            check, where, "\"%.100s\" has a query, a fragment or a blank; remove it", url);
    if (origin && rest[0] != '\0')
        check_problem(
            check, where, "\"%.100s\" has a path; an origin is scheme://host[:port] alone", url);
}
