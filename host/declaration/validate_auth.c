/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of parameters, authentication and error words: what the operator gives, where it goes,
 * what answers mean. */
#include "validate.h"

#include <regex.h>
#include <stddef.h>
#include <string.h>
#include "base/ascii.h"
#include "base/memory.h"

#define PATTERN_MAX       256u  /* bytes of a parameter's pattern */
#define PATTERN_REPEATS   1024u /* product of all counts in it: regcomp unrolls them */
#define HTTP_STATUS_LEAST 100u
#define HTTP_STATUS_MOST  599u

/* NULL, or why the pattern would cost too much to compile or to match. */
static const char *pattern_trouble(const char *pattern)
{
    size_t repeats = 1;
    if (strlen(pattern) > PATTERN_MAX)
        return "it is longer than 256 bytes";
    for (const char *at = pattern; *at; at++) {
        if (*at == '\\' && ascii_is_digit(at[1]))
            return "it has a back-reference";
        if (*at != '{')
            continue;
        size_t most = 1;
        for (size_t number = 0; at[1] && at[1] != '}'; at++) {
            number = ascii_is_digit(at[1]) && number <= PATTERN_REPEATS
                         ? number * 10 + (size_t)(at[1] - '0')
                         : 0;
            most = number > most ? number : most;
        }
        repeats *= most;
        if (repeats > PATTERN_REPEATS)
            return "its counts multiply to more than 1024";
    }
    return NULL;
}

static bool has_type(const struct muster_parameter *parameter, const char *value)
{
    int64_t number;
    struct span text = span_of(value);
    switch ((enum muster_parameter_type)parameter->type) {
    case MUSTER_INTEGER:
        return span_to_int64(text, &number);
    case MUSTER_BOOLEAN:
        return is_boolean_word(value);
    case MUSTER_URL:
        return (span_starts_with(text, SPAN("https://")) ||
                   span_starts_with(text, SPAN("http://"))) &&
               !strpbrk(value, "?#@ \n\t");
    case MUSTER_HOST:
        return text.length > 0 && !strpbrk(value, "/?#@ \n\t");
    case MUSTER_TEXT:
        return text.length > 0 && !strpbrk(value, "\n\t");
    }
    return false;
}

static void check_pattern(
    struct check *check, const char *where, const struct muster_parameter *parameter)
{
    AUTO_BYTES whole = {0};
    struct fault fault;
    regex_t regex;
    char message[128];
    const char *trouble = pattern_trouble(parameter->pattern);
    if (trouble) {
        check_problem(check, where, "the pattern cannot be used: %s", trouble);
        return;
    }
    if (!bytes_format(&whole, &fault, "^(%s)$", parameter->pattern)) {
        check->out_of_memory = true;
        return;
    }
    int error = regcomp(&regex, whole.data, REG_EXTENDED | REG_NOSUB);
    if (error != 0) {
        (void)regerror(error, &regex, message, sizeof message);
        check_problem(check, where, "the pattern does not compile: %s", message);
        return;
    }
    if (parameter->default_value && regexec(&regex, parameter->default_value, 0, NULL, 0) != 0)
        check_problem(check, where, "the default \"%.64s\" does not match the pattern",
            parameter->default_value);
    regfree(&regex);
}

static void check_one_parameter(
    struct check *check, const struct muster_parameter *parameter, size_t index)
{
    char where[CHECK_PLACE_MAX];
    check_place(where, "parameters[%zu]", index);
    check_name(check, where, parameter->name, false);
    if (!parameter->name)
        return;
    check_place(where, "parameter %.64s", parameter->name);
    for (size_t j = 0; j < index; j++) {
        const char *other = check->connector->parameters.items[j].name;
        if (other && strcmp(other, parameter->name) == 0)
            check_problem(check, where, "is declared twice; rename or remove one");
    }
    if (strcmp(parameter->name, "id") == 0 || strcmp(parameter->name, "bound") == 0)
        check_problem(check, where, "the name is taken by templates; choose another");
    if (strcmp(parameter->name, "base_url") == 0 &&
        (parameter->secret || parameter->type != MUSTER_URL))
        check_problem(check, where,
            "is always there as a URL that is no secret; leave it out or declare it so");
    if (parameter->secret && parameter->default_value)
        check_problem(
            check, where, "a secret has a default; remove it, a declaration holds no secrets");
    if (parameter->default_value && !has_type(parameter, parameter->default_value))
        check_problem(check, where, "the default \"%.64s\" is not of the parameter's type",
            parameter->default_value);
    if (parameter->pattern)
        check_pattern(check, where, parameter);
}

void check_parameters(struct check *check)
{
    for (size_t i = 0; i < check->connector->parameters.count; i++)
        check_one_parameter(check, &check->connector->parameters.items[i], i);
}

enum auth_member {
    AUTH_NAME = 1u << 0,
    AUTH_PREFIX = 1u << 1,
    AUTH_SECRET = 1u << 2,
    AUTH_USERNAME = 1u << 3,
    AUTH_REFRESH = 1u << 4,
    AUTH_TOKEN_URL = 1u << 5,
    AUTH_SCOPE = 1u << 6,
    AUTH_ANSWER = 1u << 7,
    AUTH_ROTATED = 1u << 8
};

#define PLACE(place) (1u << (place))
#define OAUTH_TAKES \
    (AUTH_PREFIX | AUTH_SECRET | AUTH_USERNAME | AUTH_TOKEN_URL | AUTH_SCOPE | AUTH_ANSWER)

/* Which members a scheme needs and takes, and where it may put the secret. By enum
 * muster_auth_scheme. */
static const struct auth_rule {
    const char *name;
    unsigned needs, takes, places;
    bool token_request;
} auth_rules[] = {
    [MUSTER_AUTH_NONE] = {"none", 0, 0, PLACE(MUSTER_IN_DEFAULT), false},
    [MUSTER_AUTH_API_KEY] = {"api_key", AUTH_SECRET, AUTH_SECRET | AUTH_NAME | AUTH_PREFIX,
        PLACE(MUSTER_IN_DEFAULT) | PLACE(MUSTER_IN_HEADER) | PLACE(MUSTER_IN_QUERY) |
            PLACE(MUSTER_IN_COOKIE),
        false},
    [MUSTER_AUTH_BEARER] = {"bearer", AUTH_SECRET, AUTH_SECRET | AUTH_PREFIX,
        PLACE(MUSTER_IN_DEFAULT), false},
    [MUSTER_AUTH_BASIC] = {"basic", AUTH_USERNAME, AUTH_USERNAME | AUTH_SECRET,
        PLACE(MUSTER_IN_DEFAULT), false},
    [MUSTER_AUTH_CLIENT_CREDENTIALS] = {"client_credentials",
        AUTH_TOKEN_URL | AUTH_USERNAME | AUTH_SECRET, OAUTH_TAKES,
        PLACE(MUSTER_IN_DEFAULT) | PLACE(MUSTER_IN_HEADER) | PLACE(MUSTER_IN_BODY), true},
    [MUSTER_AUTH_REFRESH_TOKEN] = {"refresh_token", AUTH_TOKEN_URL | AUTH_USERNAME | AUTH_REFRESH,
        OAUTH_TAKES | AUTH_REFRESH | AUTH_ROTATED,
        PLACE(MUSTER_IN_DEFAULT) | PLACE(MUSTER_IN_HEADER) | PLACE(MUSTER_IN_BODY), true},
};

static const struct auth_text {
    const char *name;
    size_t offset;
    enum auth_member member;
    bool parameter, secret, pointer;
} auth_texts[] = {
    {"auth.name", offsetof(struct muster_auth, name), AUTH_NAME, false, false, false},
    {"auth.prefix", offsetof(struct muster_auth, prefix), AUTH_PREFIX, false, false, false},
    {"auth.secret_parameter", offsetof(struct muster_auth, secret_parameter), AUTH_SECRET, true,
        true, false},
    {"auth.username_parameter", offsetof(struct muster_auth, username_parameter), AUTH_USERNAME,
        true, false, false},
    {"auth.refresh_token_parameter", offsetof(struct muster_auth, refresh_token_parameter),
        AUTH_REFRESH, true, true, false},
    {"auth.token_url", offsetof(struct muster_auth, token_url), AUTH_TOKEN_URL, false, false,
        false},
    {"auth.scope", offsetof(struct muster_auth, scope), AUTH_SCOPE, false, false, false},
    {"auth.access_token", offsetof(struct muster_auth, access_token), AUTH_ANSWER, false, false,
        true},
    {"auth.expires_in", offsetof(struct muster_auth, expires_in), AUTH_ANSWER, false, false, true},
    {"auth.rotated_refresh_token", offsetof(struct muster_auth, rotated_refresh_token),
        AUTH_ROTATED, false, false, true},
};

static void check_auth_parameter(
    struct check *check, const struct auth_text *member, const char *name)
{
    const struct muster_parameter *parameter = check_parameter(check, span_of(name));
    if (!parameter)
        check_problem(
            check, member->name, "\"%.64s\" is no parameter of this connector; declare it", name);
    else if (member->secret && !parameter->secret)
        check_problem(check, member->name, "%s is not declared secret; set secret = 1", name);
    else if (!parameter_is_set(parameter))
        check_problem(check, member->name, "%s may be without a value; set required = 1", name);
}

static void check_auth_text(struct check *check, const struct auth_rule *rule,
    const struct auth_text *member, const char *text)
{
    if (!text) {
        if (rule->needs & member->member)
            check_problem(check, member->name, "the scheme %s needs it; add it", rule->name);
        return;
    }
    if (!(rule->takes & member->member))
        check_problem(
            check, member->name, "the scheme %s has no use for it; remove it", rule->name);
    else if (member->parameter)
        check_auth_parameter(check, member, text);
    else if (member->pointer)
        check_pointer(check, member->name, text, false);
}

/* The token request carries the client's secret: it may go to the API's own origin or to one that
 * is declared. */
static void check_token_url(struct check *check, const char *token_url)
{
    const struct muster_connector *connector = check->connector;
    struct span origin = url_origin(token_url);
    check_url(check, "auth.token_url", token_url, false);
    if (!origin.data || span_equal_text(origin, "{base_url}") ||
        (connector->base_url && span_equal_nocase(origin, url_origin(connector->base_url))))
        return;
    for (size_t i = 0; i < connector->origins.count; i++)
        if (connector->origins.items[i].url &&
            span_equal_nocase(origin, span_of(connector->origins.items[i].url)))
            return;
    check_problem(check, "auth.token_url",
        "%.*s is neither the base URL's origin nor among origins; declare it there",
        SPAN_FORMAT(origin));
}

static void check_api_key(struct check *check, const struct muster_auth *auth)
{
    bool in_header = auth->place == MUSTER_IN_DEFAULT || auth->place == MUSTER_IN_HEADER;
    if (!auth->name)
        return;
    if (auth->name[0] == '\0')
        check_problem(check, "auth.name", "is empty; name the header, query parameter or cookie");
    /* Authorization is fine here: this is the place for credentials. */
    else if (in_header && !span_equal_nocase(span_of(auth->name), SPAN("Authorization")))
        check_header(check, "auth.name", auth->name);
}

void check_auth(struct check *check)
{
    const struct muster_auth *auth = &check->connector->auth;
    const struct auth_rule *rule = &auth_rules[auth->scheme];
    for (size_t i = 0; i < sizeof auth_texts / sizeof auth_texts[0]; i++)
        check_auth_text(check, rule, &auth_texts[i],
            *(const char *const *)((const char *)auth + auth_texts[i].offset));
    if (!(rule->places & PLACE(auth->place)))
        check_problem(check, "auth.place",
            "the scheme %s cannot put credentials there; choose another place", rule->name);
    if (auth->prefix && strpbrk(auth->prefix, "\n\t"))
        check_problem(check, "auth.prefix", "a header value is one line without tabs");
    if (auth->scheme == MUSTER_AUTH_API_KEY)
        check_api_key(check, auth);
    if (auth->scheme == MUSTER_AUTH_BASIC && !auth->secret_parameter && auth->username_parameter) {
        /* Some APIs take a key as the user name, with no password. */
        const struct muster_parameter *user =
            check_parameter(check, span_of(auth->username_parameter));
        if (user && !user->secret)
            check_problem(check, "auth.secret_parameter",
                "the scheme basic needs it, unless the user name is the secret; add it");
    }
    if (!rule->token_request && (auth->extra.count > 0 || auth->expires_format))
        check_problem(check, "auth.extra",
            "the scheme %s makes no token request; remove extra and expires_format", rule->name);
    if (auth->expires_format == MUSTER_TIME_COUNTER || auth->expires_format == MUSTER_TIME_OPAQUE)
        check_problem(check, "auth.expires_format",
            "a counter or opaque text tells no time; choose another format");
    if (rule->token_request && auth->token_url)
        check_token_url(check, auth->token_url);
    (void)check_template(check, "auth.scope", auth->scope, USE_UNSET);
    (void)check_pairs(check, "auth.extra", &auth->extra, PAIR_FORM, USE_SECRET);
}

static void check_error_word(
    struct check *check, const char *where, const struct muster_error_word *word)
{
    bool about_body = word->code || word->also.pointer;
    bool good_status = word->status >= 200 && word->status <= 299;
    if (word->class_ == 0)
        check_problem(check, where, "names no class; set class_ to one of MUSTER_CLASS_*");
    if (word->status != 0 && (word->status < HTTP_STATUS_LEAST || word->status > HTTP_STATUS_MOST))
        check_problem(
            check, where, "%u is no HTTP status; use 100 to 599, or 0 for any", word->status);
    if (good_status && !about_body)
        check_problem(check, where,
            "would make every answer with status %u an error; add code or also", word->status);
    if (word->status == 0 && !about_body && !word->header)
        check_problem(check, where, "holds for every answer; add a status, code, also or header");
    if (word->code && !check->connector->envelope.code)
        check_problem(check, where,
            "compares a code, but envelope.code says not where it is; declare that pointer");
    check_condition(check, where, &word->also);
    if (word->header)
        check_header_name(check, where, word->header);
    else if (word->header_value)
        check_problem(check, where, "has a header_value without a header; add the header's name");
}

void check_error_words(struct check *check, const struct muster_error_word_list *words)
{
    char where[CHECK_PLACE_MAX];
    for (size_t i = 0; i < words->count; i++) {
        check_place(where, "error_words[%zu]", i);
        check_error_word(check, where, &words->items[i]);
    }
}
