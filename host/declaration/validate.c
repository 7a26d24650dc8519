/* SPDX-License-Identifier: Apache-2.0 */
/* Validation leads here: the connector's own members, then each topic, then each stream. */
#include "validate.h"

#include <string.h>

#define VERSION_MAX 64u
#define SCRATCH_MAX (64u << 20) /* parsed templates and pointers of one declaration */

static void check_identity(struct check *check)
{
    const struct muster_connector *connector = check->connector;
    if (connector->abi != MUSTER_ABI)
        check_problem(check, "abi",
            "is %u, and this host reads ABI %u; begin the connector with MUSTER_CONNECTOR_HEADER",
            connector->abi, MUSTER_ABI);
    check_name(check, "name", connector->name, true);
    if (connector->version &&
        (strlen(connector->version) > VERSION_MAX || strpbrk(connector->version, " \n\t")))
        check_problem(
            check, "version", "\"%.80s\" is no version; write one like 1.2.0", connector->version);
    if (connector->documentation &&
        !span_starts_with(span_of(connector->documentation), SPAN("https://")) &&
        !span_starts_with(span_of(connector->documentation), SPAN("http://")))
        check_problem(check, "documentation", "\"%.100s\" is no URL; begin it with https://",
            connector->documentation);
}

static void check_origins(struct check *check)
{
    char where[CHECK_PLACE_MAX];
    const struct muster_connector *connector = check->connector;
    if (connector->base_url) {
        check_url(check, "base_url", connector->base_url, false);
        if (strstr(connector->base_url, "{base_url}"))
            check_problem(check, "base_url",
                "names itself; write the URL, or leave it out and the operator gives it");
    }
    for (size_t i = 0; i < connector->origins.count; i++) {
        check_place(where, "origins[%zu]", i);
        if (connector->origins.items[i].url)
            check_url(check, where, connector->origins.items[i].url, true);
        else
            check_problem(check, where, "has no URL; add it");
    }
}

static void check_envelope(struct check *check)
{
    const struct muster_envelope *envelope = &check->connector->envelope;
    check_condition(check, "envelope.success", &envelope->success);
    check_condition(check, "envelope.failure", &envelope->failure);
    if (envelope->success.pointer && envelope->failure.pointer)
        check_problem(check, "envelope", "declares both success and failure; keep one of them");
    check_pointer(check, "envelope.code", envelope->code, false);
    check_pointer(check, "envelope.message", envelope->message, false);
}

static void check_streams(struct check *check)
{
    const struct muster_stream_list *streams = &check->connector->streams;
    char where[CHECK_PLACE_MAX];
    if (streams->count == 0)
        check_problem(check, "streams", "there is none; declare what there is to read");
    for (size_t i = 0; i < streams->count; i++) {
        const struct muster_stream *stream = &streams->items[i];
        check->stream = NULL;
        check_place(where, "streams[%zu]", i);
        check_name(check, where, stream->name, false);
        for (size_t j = 0; j < i && stream->name; j++)
            if (streams->items[j].name && strcmp(streams->items[j].name, stream->name) == 0)
                check_problem(check, where, "the name %.64s is taken by streams[%zu]; rename one",
                    stream->name, j);
        if (!stream->name)
            continue;
        check->stream = stream;
        check_stream(check, stream);
    }
    check->stream = NULL;
}

bool validate_connector(
    const struct muster_connector *connector, struct intake_report *report, struct fault *fault)
{
    AUTO_ARENA *arena = arena_create(SCRATCH_MAX);
    struct check check = {.connector = connector, .arena = arena, .report = report};
    if (!arena)
        return fault_memory(fault);
    check_identity(&check);
    check_parameters(&check);
    check_origins(&check);
    (void)check_pairs(&check, "headers", &connector->headers, PAIR_HEADER, USE_SECRET);
    check_auth(&check);
    check_envelope(&check);
    check_error_words(&check, &connector->error_words);
    check_streams(&check);
    return !check.out_of_memory || fault_memory(fault);
}
