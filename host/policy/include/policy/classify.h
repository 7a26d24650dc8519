/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what came back to the one outcome class (DESIGN section 7). Two steps, because a 2xx body is
 * gated by `page` first: classify_response looks at the exchange, the status and, for error
 * statuses, the body; classify_body looks at the sound body of a 2xx answer for the envelope's
 * word. Neither can make an error status ok.
 */
#ifndef MUSTER_POLICY_CLASSIFY_H
#define MUSTER_POLICY_CLASSIFY_H

#include "base/http.h"
#include "declaration/condition.h"

struct classifier; /* envelope and error words of a stream, then of its connector, compiled;
                      immutable */

/* stream: NULL for requests that belong to no stream (tokens). */
bool classifier_create(const struct muster_connector *connector, const struct muster_stream *stream,
    struct classifier **ret_classifier, struct fault *fault) MUST_CHECK;
void classifier_free(struct classifier *classifier);

#define CLASSIFY_BODY_MAX \
    65536u /* bytes; the body of an error that is longer is not read for words */
#define VERDICT_WORD_MAX    96
#define VERDICT_MESSAGE_MAX 256

struct classified {
    enum outcome outcome;
    int64_t wait_ms; /* throttled: what the body asks to wait, at /retry_after (Discord); 0: nothing
                      */
    char word[VERDICT_WORD_MAX]; /* the API's own code, or the status as text, or the exchange's
                                    name */
    char message[VERDICT_MESSAGE_MAX]; /* the API's message or the exchange's reason; control
                                          characters replaced; secrets not yet removed
                                          (source_redact does that) */
    bool of_connection; /* it would be the same for whatever is asked: a certificate that is not to
                           be trusted, a page to sign in. What is left of it when it has been tried
                           enough stops the connection (faults 17, 23) */
};

/*
 * Where no error word decides: exchange RESOLVE, CONNECT, SEND, RECEIVE, TIMEOUT -> transient; TLS,
 * REFUSED -> refused; TOO_LARGE, PROTOCOL -> malformed; LOCAL, CANCELLED -> local. Status 2xx -> ok
 * (206, unasked -> malformed; 204 and 205 -> ok with an empty body); 1xx, 3xx -> refused; 401 ->
 * auth_expired; 403 -> forbidden, but throttled where rate headers say remaining 0 or Retry-After
 * is there, or the message speaks of a rate limit (GitHub's secondary ones say it nowhere else);
 * 404 -> not_found; 408, 425, 5xx (not 501, 505) -> transient; 410 -> cursor_expired where a cursor
 * was sent (`had_cursor`), else not_found; 429 -> throttled; 503 with Retry-After and 400 with
 * remaining 0 (Linear) -> throttled; other 4xx, 501, 505 -> invalid; a status that is none ->
 * malformed. Error words are looked for in 4xx and 5xx only, in bodies up to 64 KiB that are sound
 * JSON.
 *
 * Of a token request (no stream): 401 -> auth_denied; the words of RFC 6749 section 5.2 at /error
 * are known, after the connector's own.
 */
void classify_response(const struct classifier *classifier, const struct response *response,
    bool had_cursor, struct classified *ret_classified);
/* body: sound JSON of a 2xx answer. OUTCOME_OK unless the envelope says failure or an error word's
 * conditions hold. An envelope failure without a rule for its word is transient (fault 24: retried,
 * then partial). A word that looks at the status alone decides only where the envelope says
 * failure. A token answer's envelope is its RFC's: /error present. */
void classify_body(const struct classifier *classifier, int status,
    const struct http_headers *headers, struct span body, struct classified *ret_classified);

#endif
