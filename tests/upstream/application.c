/* SPDX-License-Identifier: Apache-2.0 */
/* The straight line of one request. */
#include "application.h"

#include <string.h>
#include <zlib.h>

#define GZIP_LEVEL 1 /* the bench measures the reader, not this */

bool application_create(const struct application_options *options,
    struct application *ret_application, struct fault *fault)
{
    struct application application = {.options = *options, .clock = clock_system()};
    if (!login_start(&application.login, &options->login, options->dataset.seed, fault) ||
        !dataset_create(&options->dataset, &application.dataset, fault))
        return false;
    if (!journal_start(&application.journal, fault)) {
        dataset_free(&application.dataset);
        journal_free(&application.journal);
        return false;
    }
    *ret_application = application;
    return true;
}

void application_free(struct application *application)
{
    dataset_free(&application->dataset);
    journal_free(&application->journal);
    script_free(&application->script);
    bytes_free(&application->packed);
}

static const struct {
    const char *prefix;
    enum collection_name collection;
    enum form form;
} objects[] = {
    {"/scim/v2/Users/", USERS, FORM_SCIM},
    {"/scim/v2/Groups/", GROUPS, FORM_SCIM},
    {"/users/", USERS, FORM_NATIVE},
    {"/groups/", GROUPS, FORM_NATIVE},
    {"/api-keys/", KEYS, FORM_NATIVE},
};

/* One object by its id; a deleted one is gone. */
static bool answer_object(const struct dataset *dataset, const struct request *request,
    struct answer *answer, struct fault *fault)
{
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        struct span prefix = span_of(objects[i].prefix);
        uint32_t number;
        if (!span_starts_with(request->path, prefix))
            continue;
        struct span id = {request->path.data + prefix.length, request->path.length - prefix.length};
        if (!dataset_find(dataset, objects[i].collection, id, &number) ||
            (dataset_entry(dataset, objects[i].collection, number)->flags & ENTRY_GONE))
            return answer_error(answer, 404, "not_found", "there is no such object", fault);
        struct item item = {
            .collection = objects[i].collection, .form = objects[i].form, .number = number};
        if (objects[i].form == FORM_SCIM)
            answer->content_type = "application/scim+json";
        if (!bytes_reserve(&answer->body, render_room(dataset, &item), fault))
            return false;
        char *end = render_item(dataset, &item, answer->body.data);
        answer->body.length = (size_t)(end - answer->body.data);
        *end = '\0';
        answer->items[0] = (struct extent){0, answer->body.length};
        answer->item_count = 1;
        return true;
    }
    return answer_error(answer, 404, "not_found",
        "there is nothing at this path; tests/upstream/README.md has them", fault);
}

static bool answer_listing(struct application *application, struct moment *moment,
    const struct fired *fired, struct answer *answer, struct fault *fault)
{
    struct listing listing;
    if (!listing_prepare(&application->dataset, moment->request, application->options.page_max,
            &listing, answer, fault))
        return false;
    bool ok = true;
    if (listing_is_sound(&listing)) {
        for (size_t i = 0; ok && i < fired->count; i++)
            if (fired->rules[i]->action->on_listing)
                ok = fired->rules[i]->action->on_listing(fired->rules[i], moment, &listing, fault);
        ok = ok && listing_write(&application->dataset, &listing, answer, fault);
    }
    listing_free(&listing);
    return ok;
}

/* A status that the script gives stands in the place of what would have been done: a server that
 * refuses a token request has rotated nothing. */
static bool is_refused(const struct fired *fired)
{
    for (size_t i = 0; i < fired->count; i++)
        if (span_equal_text(span_of(fired->rules[i]->action->name), "status"))
            return true;
    return false;
}

static bool answer_properly(struct application *application, struct moment *moment,
    const struct fired *fired, struct answer *answer, struct fault *fault)
{
    const struct request *request = moment->request;
    if (span_equal_text(request->path, "/oauth/token"))
        return is_refused(fired) ||
               login_token(&application->login, request, moment->monotonic_ms, answer, fault);
    if (!login_allows(&application->login, request, moment->monotonic_ms)) {
        application->login.refused++;
        return answer_header(answer, "WWW-Authenticate", "Bearer", fault) &&
               answer_error(answer, 401, "unauthorized",
                   "the credential is missing, wrong or expired", fault);
    }
    if (!span_equal_text(request->method, "GET") && !span_equal_text(request->method, "HEAD"))
        return answer_error(
            answer, 405, "method_not_allowed", "this application is read with GET", fault);
    if (listing_is_path(request))
        return answer_listing(application, moment, fired, answer, fault);
    return answer_object(&application->dataset, request, answer, fault);
}

/* One-shot compression of the body, where the client takes gzip and nothing else was put upon the
 * body. */
static bool compress_body(struct application *application, const struct request *request,
    struct answer *answer, struct fault *fault)
{
    struct span accepted = request_header(request, "Accept-Encoding");
    if (!application->options.gzip || answer->encoding || answer->stream.times ||
        answer->wire.bare || accepted.length == 0 ||
        !memmem(accepted.data, accepted.length, "gzip", 4))
        return true;
    z_stream stream = {0};
    struct bytes *packed = &application->packed;
    bytes_clear(packed);
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return fault_memory(fault);
    size_t room = deflateBound(&stream, answer->body.length);
    bool ok = bytes_reserve(packed, room, fault);
    if (ok) {
        stream.next_in = (Bytef *)answer->body.data;
        stream.avail_in = (uInt)answer->body.length;
        stream.next_out = (Bytef *)packed->data;
        stream.avail_out = (uInt)room;
        int result = deflate(&stream, Z_FINISH);
        packed->length = room - stream.avail_out;
        ok = result == Z_STREAM_END || fault_set(fault, FAULT_SYSTEM, "zlib answered %d", result);
    }
    (void)deflateEnd(&stream); /* it only frees now */
    if (!ok)
        return false;
    bytes_clear(&answer->body);
    answer->encoding = "gzip";
    return bytes_append(&answer->body, bytes_span(packed), fault) &&
           answer_header(answer, "Vary", "Accept-Encoding", fault);
}

static bool run_rules(
    struct moment *moment, const struct fired *fired, struct answer *answer, struct fault *fault)
{
    for (size_t i = 0; i < fired->count; i++) {
        struct rule *rule = fired->rules[i];
        if (rule->action->on_answer && !rule->action->on_answer(rule, moment, answer, fault))
            return false;
    }
    return true;
}

bool application_answer(
    void *context, const struct request *request, struct answer *answer, struct fault *fault)
{
    struct application *application = context;
    struct fired fired;
    if (span_starts_with(request->path, SPAN("/_control/")))
        return control_answer(application, request, answer, fault);
    struct moment moment = {.dataset = &application->dataset,
        .request = request,
        .monotonic_ms = clock_monotonic_ms(&application->clock),
        .wall_s = clock_wall_ms(&application->clock) / 1000,
        .in_flight = application->counts->in_flight};
    if (!journal_request(&application->journal, request, fault))
        return false;
    answer->wire.delay_ms = application->options.latency_ms;
    script_fire(&application->script, request, &fired);
    for (size_t i = 0; i < fired.count; i++)
        if (fired.rules[i]->action->on_data &&
            !fired.rules[i]->action->on_data(fired.rules[i], &moment, fault))
            return false;
    bool ok = answer_properly(application, &moment, &fired, answer, fault) &&
              run_rules(&moment, &fired, answer, fault) &&
              compress_body(application, request, answer, fault);
    journal_status(&application->journal, ok && !answer->wire.drop ? answer->status : 0);
    return ok;
}
