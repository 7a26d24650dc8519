/* SPDX-License-Identifier: Apache-2.0 */
/* Every status, every exchange, the API's own words, and that no word makes an error into a
 * success. */
#include "policy/classify.h"

#include <string.h>
#include "unit.h"

#define WORDS(...) MUSTER_LIST(struct muster_error_word, __VA_ARGS__)

static struct muster_connector plain(void)
{
    return (struct muster_connector){.name = "plain"};
}

static struct classifier *compile(
    const struct muster_connector *connector, const struct muster_stream *stream)
{
    struct classifier *classifier;
    struct fault fault;
    ck_assert_msg(classifier_create(connector, stream, &classifier, &fault), "%s", fault.text);
    return classifier;
}

struct answer {
    int status;
    const char *name, *value, *body;
    bool had_cursor;
};

static struct classified classify(const struct classifier *classifier, struct answer answer)
{
    struct response response = {.status = answer.status};
    struct classified classified;
    struct fault fault;
    if (answer.name)
        ck_assert(http_headers_add(
            &response.headers, span_of(answer.name), span_of(answer.value), &fault));
    if (answer.body)
        ck_assert(bytes_append_text(&response.body, answer.body, &fault));
    classify_response(classifier, &response, answer.had_cursor, &classified);
    http_headers_free(&response.headers);
    bytes_free(&response.body);
    return classified;
}

START_TEST(each_status_has_its_class)
{
    static const struct {
        struct answer answer;
        enum outcome outcome;
    } rows[] = {
        {{200}, OUTCOME_OK},
        {{201}, OUTCOME_OK},
        {{204}, OUTCOME_OK},
        {{205}, OUTCOME_OK},
        {{206}, OUTCOME_MALFORMED},
        {{299}, OUTCOME_OK},
        {{101}, OUTCOME_REFUSED},
        {{301}, OUTCOME_REFUSED},
        {{304}, OUTCOME_REFUSED},
        {{400}, OUTCOME_INVALID},
        {{401}, OUTCOME_AUTH_EXPIRED},
        {{403}, OUTCOME_FORBIDDEN},
        {{404}, OUTCOME_NOT_FOUND},
        {{408}, OUTCOME_TRANSIENT},
        {{409}, OUTCOME_INVALID},
        {{410}, OUTCOME_NOT_FOUND},
        {{410, .had_cursor = true}, OUTCOME_CURSOR_EXPIRED},
        {{412}, OUTCOME_INVALID},
        {{422}, OUTCOME_INVALID},
        {{425}, OUTCOME_TRANSIENT},
        {{429}, OUTCOME_THROTTLED},
        {{500}, OUTCOME_TRANSIENT},
        {{501}, OUTCOME_INVALID},
        {{502}, OUTCOME_TRANSIENT},
        {{503}, OUTCOME_TRANSIENT},
        {{505}, OUTCOME_INVALID},
        {{520}, OUTCOME_TRANSIENT},
        {{600}, OUTCOME_MALFORMED},
        {{999}, OUTCOME_MALFORMED},
        {{503, "Retry-After", "0"}, OUTCOME_THROTTLED},
        {{503, "Retry-After", "soon"}, OUTCOME_TRANSIENT},
        {{403, "Retry-After", "Thu, 09 Oct 2025 08:54:20 GMT"}, OUTCOME_THROTTLED},
        {{403, "x-ratelimit-remaining", "0"}, OUTCOME_THROTTLED},
        {{403, "x-ratelimit-remaining", "1"}, OUTCOME_FORBIDDEN},
        {{400, "X-RateLimit-Requests-Remaining", "0"}, OUTCOME_THROTTLED},
        {{404, "x-ratelimit-remaining", "0"}, OUTCOME_NOT_FOUND},
        {{200, "x-ratelimit-remaining", "0"}, OUTCOME_OK},
    };
    struct muster_connector connector = plain();
    struct muster_stream stream = {.name = "users"};
    struct classifier *classifier = compile(&connector, &stream);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct classified got = classify(classifier, rows[i].answer);
        ck_assert_msg(got.outcome == rows[i].outcome, "%d %s: %s", rows[i].answer.status,
            rows[i].answer.name ? rows[i].answer.name : "", outcome_name(got.outcome));
    }
    classifier_free(classifier);
}
END_TEST

START_TEST(each_exchange_has_its_class)
{
    static const enum outcome outcomes[] = {OUTCOME_OK, OUTCOME_TRANSIENT, OUTCOME_TRANSIENT,
        OUTCOME_REFUSED, OUTCOME_TRANSIENT, OUTCOME_TRANSIENT, OUTCOME_TRANSIENT, OUTCOME_MALFORMED,
        OUTCOME_MALFORMED, OUTCOME_REFUSED, OUTCOME_LOCAL, OUTCOME_LOCAL};
    struct muster_connector connector = plain();
    struct classifier *classifier = compile(&connector, NULL);
    for (int i = EXCHANGE_RESOLVE; i <= EXCHANGE_CANCELLED; i++) {
        struct response response = {
            .exchange = (enum exchange)i, .status = 200, .why = "because\nof it"};
        struct classified got;
        classify_response(classifier, &response, false, &got);
        ck_assert_int_eq(got.outcome, outcomes[i]);
        ck_assert_str_eq(got.word, exchange_name((enum exchange)i));
        ck_assert_str_eq(got.message, "because of it");
    }
    classifier_free(classifier);
}
END_TEST

START_TEST(words_are_tried_in_order_the_streams_first)
{
    struct muster_connector connector = plain();
    struct muster_stream stream = {.name = "users"};
    connector.envelope.code = "/error/code";
    connector.envelope.message = "/error/text";
    connector.error_words =
        (struct muster_error_word_list)WORDS({.class_ = MUSTER_CLASS_INVALID, .code = "42"},
            {.class_ = MUSTER_CLASS_THROTTLED, .also = {"/why", "secondary rate", MUSTER_CONTAINS}},
            {.status = 404,
                .class_ = MUSTER_CLASS_FORBIDDEN,
                .header = "X-Hidden",
                .header_value = "YES"});
    stream.error_words = (struct muster_error_word_list)WORDS(
        {.status = 403, .class_ = MUSTER_CLASS_TRANSIENT, .code = "42"});
    struct classifier *classifier = compile(&connector, &stream);
    const char *body = "{\"error\":{\"code\":42,\"text\":\"a\\tb\"}}";
    struct classified got = classify(classifier, (struct answer){403, .body = body});
    ck_assert_int_eq(got.outcome, OUTCOME_TRANSIENT);
    ck_assert_str_eq(got.word, "42");
    ck_assert_str_eq(got.message, "a b");
    ck_assert_int_eq(
        classify(classifier, (struct answer){500, .body = body}).outcome, OUTCOME_INVALID);
    ck_assert_int_eq(
        classify(classifier, (struct answer){403, .body = "{\"why\":\"a secondary rate limit\"}"})
            .outcome,
        OUTCOME_THROTTLED);
    ck_assert_int_eq(
        classify(classifier, (struct answer){404, "x-hidden", "yes", NULL, false}).outcome,
        OUTCOME_FORBIDDEN);
    ck_assert_int_eq(
        classify(classifier, (struct answer){404, "x-hidden", "no", NULL, false}).outcome,
        OUTCOME_NOT_FOUND);
    got = classify(classifier, (struct answer){500, .body = "<html>42</html>"});
    ck_assert_int_eq(got.outcome, OUTCOME_TRANSIENT);
    ck_assert_str_eq(got.word, "500");
    classifier_free(classifier);
}
END_TEST

static enum outcome body_class(const struct classifier *classifier, const char *body)
{
    struct http_headers headers = {0};
    struct classified classified;
    classify_body(classifier, 200, &headers, span_of(body), &classified);
    return classified.outcome;
}

START_TEST(envelopes_decide_of_good_statuses)
{
    struct muster_connector connector = plain();
    struct muster_stream stream = {.name = "users"};
    connector.envelope.success = (struct muster_condition){"/ok", "true", MUSTER_EQUALS, 0};
    connector.envelope.code = "/error";
    connector.error_words = (struct muster_error_word_list)WORDS(
        {.class_ = MUSTER_CLASS_THROTTLED, .code = "ratelimited"},
        {.status = 500, .class_ = MUSTER_CLASS_INVALID});
    struct classifier *classifier = compile(&connector, &stream);
    ck_assert_int_eq(body_class(classifier, "{\"ok\":true}"), OUTCOME_OK);
    ck_assert_int_eq(
        body_class(classifier, "{\"ok\":false,\"error\":\"ratelimited\"}"), OUTCOME_THROTTLED);
    ck_assert_int_eq(
        body_class(classifier, "{\"ok\":false,\"error\":\"other\"}"), OUTCOME_TRANSIENT);
    ck_assert_int_eq(body_class(classifier, "{}"), OUTCOME_TRANSIENT);
    classifier_free(classifier);

    connector.envelope = (struct muster_envelope){
        .failure = {"/errors", NULL, MUSTER_PRESENT, 0}, .code = "/errors/0/code"};
    connector.error_words =
        (struct muster_error_word_list)WORDS({.class_ = MUSTER_CLASS_FORBIDDEN});
    classifier = compile(&connector, &stream);
    ck_assert_int_eq(body_class(classifier, "{\"data\":[]}"),
        OUTCOME_OK); /* the bare word says what, not whether */
    ck_assert_int_eq(body_class(classifier, "{\"errors\":[{\"code\":\"x\"}]}"), OUTCOME_FORBIDDEN);
    classifier_free(classifier);
}
END_TEST

/* How vendors say "too fast" in words, where a declaration says where the words are; and without
 * one, where the host knows. */
START_TEST(vendors_words_for_a_rate_limit)
{
    static const struct {
        const char *api, *code_at, *code;
        struct answer answer;
        int64_t wait_ms;
    } rows[] = {
        /* https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
        {"GitHub, secondary", NULL, NULL,
            {403, "x-ratelimit-remaining", "4200",
                "{\"message\":\"You have exceeded a secondary rate limit. Please wait a few "
                "minutes\"}",
                false},
            0},
        {"GitHub, primary", NULL, NULL, {403, "x-ratelimit-remaining", "0", "{}", false}, 0},
        /* https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
         */
        {"Salesforce", "/0/errorCode", "REQUEST_LIMIT_EXCEEDED",
            {403, NULL, NULL,
                "[{\"message\":\"TotalRequests Limit exceeded.\",\"errorCode\":"
                "\"REQUEST_LIMIT_EXCEEDED\"}]",
                false},
            0},
        /* https://linear.app/developers/rate-limiting */
        {"Linear", "/errors/0/extensions/code", "RATELIMITED",
            {400, NULL, NULL,
                "{\"errors\":[{\"message\":\"x\",\"extensions\":{\"code\":\"RATELIMITED\"}}]}",
                false},
            0},
        {"Linear, its headers", NULL, NULL,
            {400, "X-RateLimit-Requests-Remaining", "0", "{}", false}, 0},
        /* https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html */
        {"AWS", "/__type", "ThrottlingException",
            {400, NULL, NULL, "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}",
                false},
            0},
        /* https://discord.com/developers/docs/topics/rate-limits */
        {"Discord", NULL, NULL,
            {429, NULL, NULL,
                "{\"message\":\"You are being rate "
                "limited.\",\"retry_after\":64.57,\"global\":false}",
                false},
            64570},
        {"garbage for a wait", NULL, NULL, {429, NULL, NULL, "{\"retry_after\":\"soon\"}", false},
            0},
        {"a negative wait", NULL, NULL, {429, NULL, NULL, "{\"retry_after\":-5}", false}, 0},
        {"an absurd wait", NULL, NULL, {429, NULL, NULL, "{\"retry_after\":1e99}", false}, 0},
        /* https://developers.hubspot.com/docs/guides/apps/api-usage/usage-details */
        {"HubSpot", NULL, NULL,
            {429, NULL, NULL, "{\"status\":\"error\",\"policyName\":\"DAILY\"}", false}, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct muster_connector connector = plain();
        struct muster_stream stream = {.name = "users"};
        const struct muster_error_word word = {
            .class_ = MUSTER_CLASS_THROTTLED, .code = rows[i].code};
        connector.envelope.code = rows[i].code_at;
        if (rows[i].code)
            connector.error_words = (struct muster_error_word_list){&word, 1, sizeof word};
        struct classifier *classifier = compile(&connector, &stream);
        struct classified got = classify(classifier, rows[i].answer);
        ck_assert_msg(
            got.outcome == OUTCOME_THROTTLED, "%s: %s", rows[i].api, outcome_name(got.outcome));
        ck_assert_msg(got.wait_ms == rows[i].wait_ms, "%s: %ld", rows[i].api, got.wait_ms);
        classifier_free(classifier);
    }
    struct muster_connector connector = plain();
    struct muster_stream stream = {.name = "users"};
    struct classifier *classifier = compile(&connector, &stream);
    struct classified got = classify(classifier,
        (struct answer){403, NULL, NULL, "{\"message\":\"Must have admin rights\"}", false});
    ck_assert_int_eq(got.outcome, OUTCOME_FORBIDDEN);
    classifier_free(classifier);
}
END_TEST

START_TEST(no_word_makes_an_error_into_a_success)
{
    for (uint32_t class_ = 1; class_ <= MUSTER_CLASS_INVALID; class_++) {
        struct muster_connector connector = plain();
        struct muster_stream stream = {.name = "users"};
        struct muster_error_word words[] = {{.class_ = class_}};
        connector.error_words = (struct muster_error_word_list){words, 1, sizeof words[0]};
        struct classifier *classifier = compile(&connector, &stream);
        for (int status = 300; status < 600; status++)
            ck_assert_int_ne(
                classify(classifier, (struct answer){.status = status}).outcome, OUTCOME_OK);
        classifier_free(classifier);
    }
}
END_TEST

START_TEST(token_answers_have_their_rfcs_words)
{
    struct muster_connector connector = plain();
    connector.envelope.success = (struct muster_condition){"/ok", "true", MUSTER_EQUALS, 0};
    struct classifier *classifier = compile(&connector, NULL);
    struct classified got = classify(
        classifier, (struct answer){400,
                        .body = "{\"error\":\"invalid_grant\",\"error_description\":\"gone\"}"});
    ck_assert_int_eq(got.outcome, OUTCOME_AUTH_DENIED);
    ck_assert_str_eq(got.word, "invalid_grant");
    ck_assert_str_eq(got.message, "gone");
    ck_assert_int_eq(classify(classifier, (struct answer){401}).outcome, OUTCOME_AUTH_DENIED);
    ck_assert_int_eq(classify(classifier, (struct answer){429}).outcome, OUTCOME_THROTTLED);
    ck_assert_int_eq(body_class(classifier, "{\"access_token\":\"x\"}"), OUTCOME_OK);
    ck_assert_int_eq(body_class(classifier, "{\"error\":\"invalid_client\"}"), OUTCOME_AUTH_DENIED);
    classifier_free(classifier);
}
END_TEST

static void check_message(const char *piece, int count, size_t shown)
{
    struct muster_connector connector = plain();
    struct classifier *classifier = compile(&connector, NULL);
    AUTO_BYTES body = {0};
    struct fault fault;
    ck_assert(bytes_append_text(&body, "{\"message\":\"", &fault));
    for (int i = 0; i < count; i++)
        ck_assert(bytes_append_text(&body, piece, &fault));
    ck_assert(bytes_append_text(&body, "\"}", &fault));
    struct classified got = classify(classifier, (struct answer){500, .body = body.data});
    ck_assert_uint_eq(strlen(got.message), shown);
    classifier_free(classifier);
}

START_TEST(long_messages_are_cut_between_words)
{
    check_message("0123456789 ", 10, 110);
    check_message("0123456789 ", 30, 23 * 11 - 1); /* whole words */
    check_message("0123456789", 60, 0);            /* one that does not fit is not shown at all */
}
END_TEST

START_TEST(words_that_do_not_compile_are_refused)
{
    static const struct muster_error_word bad[] = {{.code = "x", .class_ = 1}, {.class_ = 0},
        {.class_ = 9}, {.class_ = 1, .also = {"no slash", "x", 0, 0}}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct muster_connector connector = plain();
        struct classifier *classifier = NULL;
        struct fault fault = {0};
        connector.error_words = (struct muster_error_word_list){&bad[i], 1, sizeof bad[i]};
        ck_assert(!classifier_create(&connector, NULL, &classifier, &fault));
        ck_assert_int_eq(fault.code, FAULT_DECLARATION);
        ck_assert_ptr_nonnull(strstr(fault.text, "error_words[0]"));
        ck_assert_ptr_null(classifier);
    }
}
END_TEST

UNIT_MAIN("classify", each_status_has_its_class, each_exchange_has_its_class,
    words_are_tried_in_order_the_streams_first, envelopes_decide_of_good_statuses,
    vendors_words_for_a_rate_limit, no_word_makes_an_error_into_a_success,
    token_answers_have_their_rfcs_words, long_messages_are_cut_between_words,
    words_that_do_not_compile_are_refused)
