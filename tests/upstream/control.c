/* SPDX-License-Identifier: Apache-2.0 */
/* /_control/: how a test changes the data and the script, and sees what was asked. Parameters are
 * in the query. */
#include "application.h"

#include <inttypes.h>
#include <string.h>

struct order {
    struct application *application;
    const struct request *request;
    enum collection_name collection; /* in= */
    uint32_t number, count; /* number= (as rendered, from 1) or id=; count=, 1 by default */
};

typedef bool act(const struct order *order, struct bytes *reply, struct fault *fault);

static bool control_requests(const struct order *order, struct bytes *reply, struct fault *fault)
{
    const struct application *application = order->application;
    return journal_write(&application->journal, application->counts, application->login.issued,
        application->login.refused, reply, fault);
}

static bool control_data(const struct order *order, struct bytes *reply, struct fault *fault)
{
    const struct collection *collections = order->application->dataset.collections;
    return bytes_format(reply, fault,
        "{\"users\":%u,\"groups\":%u,\"api_keys\":%u,\"now\":%" PRId64 "}",
        collections[USERS].live_count, collections[GROUPS].live_count, collections[KEYS].live_count,
        (int64_t)DATASET_EPOCH_S + order->application->dataset.now_s);
}

static bool control_rules(const struct order *order, struct bytes *reply, struct fault *fault)
{
    const struct script *script = &order->application->script;
    if (!bytes_append_char(reply, '[', fault))
        return false;
    for (size_t i = 0; i < script->count; i++) {
        const struct rule *rule = &script->rules[i];
        if (!bytes_format(reply, fault,
                "%s{\"action\":\"%s\",\"matched\":%" PRIu64 ",\"fired\":%" PRIu64 "}",
                i > 0 ? "," : "", rule->action->name, rule->matched, rule->fired))
            return false;
    }
    return bytes_append_char(reply, ']', fault);
}

static bool control_script(const struct order *order, struct bytes *reply, struct fault *fault)
{
    (void)reply;
    return script_set(&order->application->script, order->request->body,
        order->application->options.dataset.seed, fault);
}

static bool control_reset(const struct order *order, struct bytes *reply, struct fault *fault)
{
    (void)reply, (void)fault;
    struct server_counts *counts = order->application->counts;
    journal_reset(&order->application->journal);
    counts->in_flight_max = counts->in_flight;
    counts->connections = 0;
    counts->bytes_sent = 0;
    return true;
}

static bool control_expire(const struct order *order, struct bytes *reply, struct fault *fault)
{
    (void)reply, (void)fault;
    login_expire(&order->application->login);
    return true;
}

static bool control_latency(const struct order *order, struct bytes *reply, struct fault *fault)
{
    (void)reply;
    int64_t latency_ms;
    if (!request_query_number(order->request, "ms", 0, 0, &latency_ms) || latency_ms > INT32_MAX)
        return fault_set(fault, FAULT_USAGE, "ms must be a number from 0 up");
    order->application->options.latency_ms = (uint32_t)latency_ms;
    return true;
}

static bool control_delete(const struct order *order, struct bytes *reply, struct fault *fault)
{
    (void)reply;
    return dataset_delete(
        &order->application->dataset, order->collection, order->number, order->count, fault);
}

static bool control_restore(const struct order *order, struct bytes *reply, struct fault *fault)
{
    (void)reply;
    return dataset_restore(
        &order->application->dataset, order->collection, order->number, order->count, fault);
}

static bool control_add(const struct order *order, struct bytes *reply, struct fault *fault)
{
    (void)reply;
    return dataset_add(&order->application->dataset, order->collection, order->count, fault);
}

static bool control_change(const struct order *order, struct bytes *reply, struct fault *fault)
{
    (void)reply;
    int64_t late_s;
    if (!request_query_number(order->request, "late", 0, 0, &late_s) || late_s > INT32_MAX)
        return fault_set(fault, FAULT_USAGE, "late must be a number of seconds from 0 up");
    return dataset_change(&order->application->dataset, order->collection, order->number,
        order->count, (uint32_t)late_s, fault);
}

static bool control_bump(const struct order *order, struct bytes *reply, struct fault *fault)
{
    (void)reply;
    return dataset_change(&order->application->dataset, order->collection, 0, UINT32_MAX, 0, fault);
}

static bool control_rename(const struct order *order, struct bytes *reply, struct fault *fault)
{
    (void)reply;
    AUTO_BYTES login = {0};
    return decode_form(request_query(order->request, "login"), &login, fault) &&
           dataset_rename(&order->application->dataset, order->number, bytes_span(&login), fault);
}

static bool control_leave(const struct order *order, struct bytes *reply, struct fault *fault)
{
    (void)reply;
    return dataset_leave(&order->application->dataset, order->number, fault);
}

static bool control_reuse(const struct order *order, struct bytes *reply, struct fault *fault)
{
    (void)reply;
    return dataset_reuse(&order->application->dataset, order->number, fault);
}

static const struct {
    const char *method, *name;
    act *run;
} acts[] = {
    {"GET", "requests", control_requests},
    {"GET", "data", control_data},
    {"GET", "rules", control_rules},
    {"POST", "script", control_script},
    {"POST", "reset", control_reset},
    {"POST", "expire-tokens", control_expire},
    {"POST", "latency", control_latency},
    {"POST", "delete", control_delete},
    {"POST", "restore", control_restore},
    {"POST", "add", control_add},
    {"POST", "change", control_change},
    {"POST", "bump", control_bump},
    {"POST", "rename", control_rename},
    {"POST", "leave", control_leave},
    {"POST", "reuse", control_reuse},
};

static const char *const collection_names[COLLECTION_COUNT] = {
    [USERS] = "users", [GROUPS] = "groups", [KEYS] = "api-keys"};

static bool read_order(const struct request *request, struct order *order, struct fault *fault)
{
    struct span in = request_query(request, "in"), id = request_query(request, "id");
    int64_t number, count;
    size_t which = USERS;
    if (in.data)
        for (which = 0; which < COLLECTION_COUNT && !span_equal_text(in, collection_names[which]);)
            which++;
    if (which == COLLECTION_COUNT)
        return fault_set(fault, FAULT_USAGE, "in must be users, groups or api-keys");
    order->collection = (enum collection_name)which;
    if (!request_query_number(request, "number", 1, 1, &number) || number > DATASET_OBJECTS_MAX ||
        !request_query_number(request, "count", 1, 1, &count) || count > DATASET_OBJECTS_MAX)
        return fault_set(
            fault, FAULT_USAGE, "number and count are numbers from 1 to %u", DATASET_OBJECTS_MAX);
    order->number = (uint32_t)number - 1;
    order->count = (uint32_t)count;
    if (id.data &&
        !dataset_find(&order->application->dataset, order->collection, id, &order->number))
        return fault_set(fault, FAULT_NOT_FOUND, "there is no object with this id");
    return true;
}

bool control_answer(struct application *application, const struct request *request,
    struct answer *answer, struct fault *fault)
{
    struct order order = {.application = application, .request = request};
    struct fault problem = {0};
    struct span name = {
        request->path.data + strlen("/_control/"), request->path.length - strlen("/_control/")};
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (!span_equal_text(name, acts[i].name) ||
            !span_equal_text(request->method, acts[i].method))
            continue;
        if (!read_order(request, &order, &problem) || !acts[i].run(&order, &answer->body, &problem))
            return answer_error(answer, 400, fault_name(problem.code), problem.text, fault);
        /* What changed something answers with what there is now. */
        return answer->body.length > 0 || control_data(&order, &answer->body, fault);
    }
    return answer_error(answer, 404, "not_found",
        "there is no such control; tests/upstream/README.md has them", fault);
}
