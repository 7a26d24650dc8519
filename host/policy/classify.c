/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what came back to the one outcome class. The exchange and the status give a class from
 * tables; the API's own words may give a better one, but never turn an error into a success.
 */
#include "policy/classify.h"

#include <stdio.h>
#include <string.h>
#include "base/ascii.h"
#include "base/memory.h"
#include "base/random.h"
#include "json/gate.h"
#include "policy/dialect.h"

#define SCRATCH_MAX         (16u << 20)       /* memory for reading one body */
#define RETRY_AFTER_PRESENT INT64_C(86400000) /* any bound will do: only presence is asked */

struct rule {
    int status; /* 0: any */
    enum outcome outcome;
    struct span code; /* nothing: any */
    const struct json_pointer *code_at;
    struct condition also;
    struct span header, header_value; /* nothing: none; any */
};

struct classifier {
    struct arena *arena;
    struct condition success, failure;
    struct json_pointer *codes, *messages; /* looked up in this order */
    struct json_pointer *wait;             /* BODY_WAIT */
    size_t code_count, message_count, wait_count;
    struct rule *rules;
    size_t rule_count;
    struct hash_key key; /* against names crafted to collide; decides nothing */
    bool token;          /* of the token endpoint */
};

/* ------------------------------------------------------------------ tables -------------------- */

static const enum outcome exchange_outcomes[] = {
    [EXCHANGE_DONE] = OUTCOME_OK,
    [EXCHANGE_RESOLVE] = OUTCOME_TRANSIENT,
    [EXCHANGE_CONNECT] = OUTCOME_TRANSIENT,
    [EXCHANGE_TLS] = OUTCOME_REFUSED,
    [EXCHANGE_SEND] = OUTCOME_TRANSIENT,
    [EXCHANGE_RECEIVE] = OUTCOME_TRANSIENT,
    [EXCHANGE_TIMEOUT] = OUTCOME_TRANSIENT,
    [EXCHANGE_TOO_LARGE] = OUTCOME_MALFORMED,
    [EXCHANGE_PROTOCOL] = OUTCOME_MALFORMED,
    [EXCHANGE_REFUSED] = OUTCOME_REFUSED,
    [EXCHANGE_LOCAL] = OUTCOME_LOCAL,
    [EXCHANGE_CANCELLED] = OUTCOME_LOCAL,
};

/* The first row that the status is in decides. */
static const struct {
    int from, to;
    enum outcome outcome;
} status_outcomes[] = {
    {100, 199, OUTCOME_REFUSED},
    {206, 206, OUTCOME_MALFORMED}, /* a part of something, and no part was asked for */
    {200, 299, OUTCOME_OK},
    {300, 399, OUTCOME_REFUSED},
    {401, 401, OUTCOME_AUTH_EXPIRED},
    {403, 403, OUTCOME_FORBIDDEN},
    {404, 404, OUTCOME_NOT_FOUND},
    {408, 408, OUTCOME_TRANSIENT},
    {410, 410, OUTCOME_NOT_FOUND},
    {425, 425, OUTCOME_TRANSIENT},
    {429, 429, OUTCOME_THROTTLED},
    {400, 499, OUTCOME_INVALID},
    {501, 501, OUTCOME_INVALID},
    {505, 505, OUTCOME_INVALID},
    {500, 599, OUTCOME_TRANSIENT},
};

static const enum outcome class_outcomes[] = {
    [MUSTER_CLASS_TRANSIENT] = OUTCOME_TRANSIENT,
    [MUSTER_CLASS_THROTTLED] = OUTCOME_THROTTLED,
    [MUSTER_CLASS_AUTH_EXPIRED] = OUTCOME_AUTH_EXPIRED,
    [MUSTER_CLASS_AUTH_DENIED] = OUTCOME_AUTH_DENIED,
    [MUSTER_CLASS_FORBIDDEN] = OUTCOME_FORBIDDEN,
    [MUSTER_CLASS_NOT_FOUND] = OUTCOME_NOT_FOUND,
    [MUSTER_CLASS_CURSOR_EXPIRED] = OUTCOME_CURSOR_EXPIRED,
    [MUSTER_CLASS_INVALID] = OUTCOME_INVALID,
};

/* The words of RFC 6749 section 5.2, and what token endpoints are known to add. */
static const struct {
    const char *code;
    enum outcome outcome;
} token_words[] = {
    {"invalid_grant", OUTCOME_AUTH_DENIED},
    {"invalid_client", OUTCOME_AUTH_DENIED},
    {"unauthorized_client", OUTCOME_AUTH_DENIED},
    {"access_denied", OUTCOME_AUTH_DENIED},
    {"invalid_request", OUTCOME_INVALID},
    {"invalid_scope", OUTCOME_INVALID},
    {"unsupported_grant_type", OUTCOME_INVALID},
    {"temporarily_unavailable", OUTCOME_TRANSIENT},
    {"server_error", OUTCOME_TRANSIENT},
    {"slow_down", OUTCOME_THROTTLED},
};

#define TOKEN_WORDS (sizeof token_words / sizeof token_words[0])
#define TOKEN_CODE  "/error" /* RFC 6749 section 5.2 */

/* Where most APIs put a message for people, for those that declare none (RFC 9457, RFC 7644, RFC
 * 6749, custom). */
static const char *const usual_messages[] = {
    "/detail", "/error_description", "/error/message", "/message", "/errors/0/message", "/title"};

#define USUAL_MESSAGES (sizeof usual_messages / sizeof usual_messages[0])
#define BODY_WAIT      "/retry_after" /* Discord: seconds, with a fraction */
#define BODY_WAIT_MOST (INT64_C(30) * 86400 * 1000)

/* ------------------------------------------------------------------ compilation --------------- */

static bool add_pointer(struct classifier *classifier, struct json_pointer *list, size_t *count,
    const char *text, struct fault *fault)
{
    if (!json_pointer_parse(text, classifier->arena, &list[*count], fault))
        return false;
    (*count)++;
    return true;
}

static bool compile_pointers(
    struct classifier *classifier, const struct muster_envelope *envelope, struct fault *fault)
{
    classifier->codes = arena_allocate_array(classifier->arena, 2, sizeof *classifier->codes);
    classifier->messages =
        arena_allocate_array(classifier->arena, USUAL_MESSAGES + 1, sizeof *classifier->messages);
    classifier->wait = arena_allocate_array(classifier->arena, 1, sizeof *classifier->wait);
    if (!classifier->codes || !classifier->messages || !classifier->wait)
        return fault_memory(fault);
    if (!add_pointer(classifier, classifier->wait, &classifier->wait_count, BODY_WAIT, fault))
        return false;
    if (envelope->code &&
        !add_pointer(classifier, classifier->codes, &classifier->code_count, envelope->code, fault))
        return fault_prefix(fault, "envelope.code");
    if (classifier->token &&
        !add_pointer(classifier, classifier->codes, &classifier->code_count, TOKEN_CODE, fault))
        return false;
    if (envelope->message && !add_pointer(classifier, classifier->messages,
                                 &classifier->message_count, envelope->message, fault))
        return fault_prefix(fault, "envelope.message");
    for (size_t i = 0; i < USUAL_MESSAGES; i++)
        if (!add_pointer(classifier, classifier->messages, &classifier->message_count,
                usual_messages[i], fault))
            return false;
    return true;
}

/* A token answer has the envelope of its RFC, whatever the API's own is. */
static bool compile_envelope(
    struct classifier *classifier, const struct muster_envelope *envelope, struct fault *fault)
{
    const struct muster_condition token_failure = {.pointer = TOKEN_CODE, .op = MUSTER_PRESENT};
    if (classifier->token)
        return condition_compile(&token_failure, classifier->arena, &classifier->failure, fault);
    if (!condition_compile(&envelope->success, classifier->arena, &classifier->success, fault))
        return fault_prefix(fault, "envelope.success");
    if (!condition_compile(&envelope->failure, classifier->arena, &classifier->failure, fault))
        return fault_prefix(fault, "envelope.failure");
    return true;
}

static bool copy_text(
    struct arena *arena, const char *text, struct span *ret_copy, struct fault *fault)
{
    *ret_copy = arena_copy(arena, span_of(text));
    return !text || ret_copy->data || fault_memory(fault);
}

static bool compile_rule(struct classifier *classifier, const struct muster_envelope *envelope,
    const struct muster_error_word *word, struct rule *rule, struct fault *fault)
{
    struct arena *arena = classifier->arena;
    if (word->class_ == 0 || word->class_ >= sizeof class_outcomes / sizeof class_outcomes[0])
        return fault_set(fault, FAULT_DECLARATION,
            "the class %u is none that an error word can name", word->class_);
    if (word->code && !envelope->code)
        return fault_set(fault, FAULT_DECLARATION,
            "the code \"%.64s\" cannot be found: envelope.code is not declared", word->code);
    rule->status = (int)word->status;
    rule->outcome = class_outcomes[word->class_];
    rule->code_at = word->code ? &classifier->codes[0] : NULL;
    return copy_text(arena, word->code, &rule->code, fault) &&
           copy_text(arena, word->header, &rule->header, fault) &&
           copy_text(arena, word->header_value, &rule->header_value, fault) &&
           condition_compile(&word->also, arena, &rule->also, fault);
}

static bool compile_words(struct classifier *classifier, const struct muster_envelope *envelope,
    const struct muster_error_word_list *words, const char *where, struct fault *fault)
{
    for (uint32_t i = 0; i < words->count; i++) {
        struct rule *rule = &classifier->rules[classifier->rule_count];
        if (!compile_rule(classifier, envelope, &words->items[i], rule, fault))
            return fault_prefix(fault, "%s: error_words[%u]", where, i);
        classifier->rule_count++;
    }
    return true;
}

static bool compile(struct classifier *classifier, const struct muster_connector *connector,
    const struct muster_stream *stream, struct fault *fault)
{
    const struct muster_envelope *envelope = &connector->envelope;
    size_t most = connector->error_words.count + (stream ? stream->error_words.count : TOKEN_WORDS);
    classifier->rules = arena_allocate_array(classifier->arena, most, sizeof *classifier->rules);
    if (!classifier->rules)
        return fault_memory(fault);
    if (!compile_pointers(classifier, envelope, fault) ||
        !compile_envelope(classifier, envelope, fault))
        return false;
    if (stream && !compile_words(classifier, envelope, &stream->error_words, stream->name, fault))
        return false;
    if (!compile_words(classifier, envelope, &connector->error_words, connector->name, fault))
        return false;
    for (size_t i = 0; !stream && i < TOKEN_WORDS; i++)
        classifier->rules[classifier->rule_count++] = (struct rule){
            .outcome = token_words[i].outcome,
            .code = span_of(token_words[i].code),
            .code_at = &classifier->codes[classifier->code_count - 1],
        };
    return true;
}

static struct hash_key fresh_key(void)
{
    struct random random = random_from_system();
    uint64_t words[2] = {random_next(&random), random_next(&random)};
    struct hash_key key;
    _Static_assert(sizeof key.bytes == sizeof words, "a key is two words");
    (void)memcpy(key.bytes, words, sizeof words);
    return key;
}

bool classifier_create(const struct muster_connector *connector, const struct muster_stream *stream,
    struct classifier **ret_classifier, struct fault *fault)
{
    struct classifier *classifier = memory_allocate(sizeof *classifier);
    if (!classifier)
        return fault_memory(fault);
    classifier->token = stream == NULL;
    classifier->key = fresh_key();
    classifier->arena = arena_create(0);
    if (!classifier->arena) {
        classifier_free(classifier);
        return fault_memory(fault);
    }
    if (!compile(classifier, connector, stream, fault)) {
        classifier_free(classifier);
        return false;
    }
    *ret_classifier = classifier;
    return true;
}

void classifier_free(struct classifier *classifier)
{
    if (!classifier)
        return;
    arena_free(classifier->arena);
    memory_free(classifier);
}

/* ------------------------------------------------------------------ judgement ----------------- */

/* What an answer gives the rules to look at. */
struct answer {
    int status;
    const struct http_headers *headers;
    struct span body; /* sound JSON, or nothing */
    struct arena *scratch;
};

static bool code_matches(const struct rule *rule, const struct answer *answer)
{
    return !rule->code.data ||
           (answer->body.data &&
               json_text_equal(json_find(answer->body, rule->code_at), rule->code));
}

static bool header_matches(const struct rule *rule, const struct answer *answer)
{
    if (!rule->header.data)
        return true;
    for (size_t i = 0; i < answer->headers->count; i++) {
        const struct http_header *field = &answer->headers->fields[i];
        if (span_equal_nocase(field->name, rule->header) &&
            (!rule->header_value.data ||
                span_equal_nocase(span_trim(field->value), rule->header_value)))
            return true;
    }
    return false;
}

static bool rule_matches(const struct rule *rule, const struct answer *answer)
{
    if (rule->status != 0 && rule->status != answer->status)
        return false;
    if (rule->also.declared && !(answer->body.data && condition_holds(&rule->also, answer->body)))
        return false;
    return code_matches(rule, answer) && header_matches(rule, answer);
}

/* A rule that looks at nothing but the status says what an error means, not that there is one. */
static bool is_specific(const struct rule *rule)
{
    return rule->code.data || rule->also.declared || rule->header.data;
}

static const struct rule *find_rule(
    const struct classifier *classifier, const struct answer *answer, bool only_specific)
{
    for (size_t i = 0; i < classifier->rule_count; i++)
        if ((!only_specific || is_specific(&classifier->rules[i])) &&
            rule_matches(&classifier->rules[i], answer))
            return &classifier->rules[i];
    return NULL;
}

/* Copies what fits, cut at a space: the cut half of a secret would no longer be recognised as one
 * and shown. */
static void copy_shown(char *into, size_t size, struct span text)
{
    size_t length = text.length < size - 1 ? text.length : size - 1;
    if (length < text.length)
        while (length > 0 && text.data[length] != ' ')
            length--;
    if (!span_is_utf8((struct span){text.data, length}))
        length = 0;
    for (size_t i = 0; i < length; i++)
        into[i] = (char)(ascii_is_control(text.data[i]) ? ' ' : text.data[i]);
    into[length] = '\0';
}

/* The first of the pointers that leads to a text; false where none does. */
static bool show_first(const struct answer *answer, const struct json_pointer *pointers,
    size_t count, char *into, size_t size)
{
    struct fault fault;
    struct span text;
    for (size_t i = 0; answer->body.data && answer->scratch && i < count; i++)
        if (json_text(json_find(answer->body, &pointers[i]), answer->scratch, &text, &fault) &&
            text.data) {
            copy_shown(into, size, text);
            if (into[0] != '\0')
                return true;
        }
    return false;
}

static void describe(
    const struct classifier *classifier, const struct answer *answer, struct classified *classified)
{
    if (!show_first(answer, classifier->codes, classifier->code_count, classified->word,
            sizeof classified->word))
        (void)snprintf(classified->word, sizeof classified->word, "%d", answer->status);
    (void)show_first(answer, classifier->messages, classifier->message_count, classified->message,
        sizeof classified->message);
}

static bool speaks_of_rate_limit(const char *message)
{
    return strcasestr(message, "rate limit") != NULL;
}

static void read_wait(
    const struct classifier *classifier, const struct answer *answer, struct classified *classified)
{
    char text[VERDICT_WORD_MAX];
    if (classified->outcome != OUTCOME_THROTTLED ||
        !show_first(answer, classifier->wait, classifier->wait_count, text, sizeof text))
        return;
    int64_t ms = dialect_wait_ms(span_of(text), BODY_WAIT_MOST);
    classified->wait_ms = ms > 0 ? ms : 0;
}

/* Whether the headers make a status that has other meanings too one of a limit. Most answers' they
 * need not: those are read once, for the rate. */
static bool is_limited(const struct response *response)
{
    const int status = response->status;
    struct rate_reading reading;
    if (status != 400 && status != 403 && status != 503)
        return false;
    dialect_read(&response->headers, 0, RETRY_AFTER_PRESENT, &reading);
    bool wait = reading.retry_after_ms != RATE_UNKNOWN, used_up = reading.remaining == 0;
    return (status == 503 && wait) || (status == 403 && (wait || used_up)) ||
           (status == 400 && used_up); /* 400: Linear */
}

static enum outcome status_outcome(
    const struct classifier *classifier, const struct response *response, bool had_cursor)
{
    int status = response->status;
    if (is_limited(response))
        return OUTCOME_THROTTLED;
    if (status == 410 && had_cursor)
        return OUTCOME_CURSOR_EXPIRED;
    if (status == 401 && classifier->token) /* there is nothing left to renew it with */
        return OUTCOME_AUTH_DENIED;
    for (size_t i = 0; i < sizeof status_outcomes / sizeof status_outcomes[0]; i++)
        if (status >= status_outcomes[i].from && status <= status_outcomes[i].to)
            return status_outcomes[i].outcome;
    return OUTCOME_MALFORMED; /* no status that HTTP knows */
}

/* The body of an error where it is JSON; nothing otherwise, since error pages are often not. */
static struct span sound_body(
    const struct classifier *classifier, struct span body, struct arena *scratch)
{
    struct json_gate_options options = {.key = classifier->key};
    struct json_page page;
    struct fault fault;
    if (scratch && body.length > 0 && body.length <= CLASSIFY_BODY_MAX &&
        json_gate(body, &options, scratch, &page, &fault))
        return page.value;
    return (struct span){NULL, 0};
}

static void classify_exchange(const struct response *response, struct classified *classified)
{
    classified->outcome = exchange_outcomes[response->exchange];
    classified->of_connection = response->exchange == EXCHANGE_TLS;
    copy_shown(
        classified->word, sizeof classified->word, span_of(exchange_name(response->exchange)));
    copy_shown(classified->message, sizeof classified->message, span_of(response->why));
}

void classify_response(const struct classifier *classifier, const struct response *response,
    bool had_cursor, struct classified *ret_classified)
{
    AUTO_ARENA *scratch = arena_create(SCRATCH_MAX);
    struct classified classified = {0};
    if (response->exchange != EXCHANGE_DONE) {
        classify_exchange(response, &classified);
        *ret_classified = classified;
        return;
    }
    classified.outcome = status_outcome(classifier, response, had_cursor);
    struct answer answer = {response->status, &response->headers, {NULL, 0}, scratch};
    bool ruled = false;
    if (response->status >= 400) {
        answer.body = sound_body(classifier, bytes_span(&response->body), scratch);
        const struct rule *rule = find_rule(classifier, &answer, false);
        if (rule)
            classified.outcome = rule->outcome;
        ruled = rule != NULL;
    }
    describe(classifier, &answer, &classified);
    if (!ruled && classified.outcome == OUTCOME_FORBIDDEN &&
        speaks_of_rate_limit(classified.message))
        classified.outcome = OUTCOME_THROTTLED;
    read_wait(classifier, &answer, &classified);
    *ret_classified = classified;
}

void classify_body(const struct classifier *classifier, int status,
    const struct http_headers *headers, struct span body, struct classified *ret_classified)
{
    AUTO_ARENA *scratch = arena_create(SCRATCH_MAX);
    struct answer answer = {status, headers, body, scratch};
    struct classified classified = {.outcome = OUTCOME_OK};
    bool failed = (classifier->success.declared && !condition_holds(&classifier->success, body)) ||
                  (classifier->failure.declared && condition_holds(&classifier->failure, body));
    const struct rule *rule = find_rule(classifier, &answer, !failed);
    if (rule)
        classified.outcome = rule->outcome;
    else if (failed)
        classified.outcome = OUTCOME_TRANSIENT;
    read_wait(classifier, &answer, &classified);
    if (classified.outcome != OUTCOME_OK)
        describe(classifier, &answer, &classified);
    else
        (void)snprintf(classified.word, sizeof classified.word, "%d", status);
    *ret_classified = classified;
}
