/* SPDX-License-Identifier: Apache-2.0 */
/* A source over a connector written in C: the plan is made by hand, its door replaced. */
#ifndef MUSTER_TESTS_MADE_SOURCE_H
#define MUSTER_TESTS_MADE_SOURCE_H

#include <check.h>
#include <stdlib.h>
#include "config/source.h"

struct plan *plan_acquire(struct plan *plan)
{
    return plan;
}

void plan_release(struct plan *plan)
{
    (void)plan;
}

int plan_stream_index(const struct plan *plan, struct span name)
{
    for (uint32_t i = 0; i < plan->connector->streams.count; i++)
        if (span_equal_text(name, plan->connector->streams.items[i].name))
            return (int)i;
    return -1;
}

int plan_stream_parent(const struct plan *plan, size_t stream)
{
    const char *parent = plan->connector->streams.items[stream].parent.stream;
    return parent ? plan_stream_index(plan, span_of(parent)) : -1;
}

static const struct muster_parameter made_parameters[] = {
    {.name = "tenant", .default_value = "a b&c"},
    {.name = "unset"},
    {.name = "evil", .default_value = "x\",\"admin\":\"y"},
    {.name = "login", .type = MUSTER_URL, .default_value = "https://login.example.com"},
    {.name = "user", .default_value = "client:1"},
    {.name = "name", .default_value = "client"},
    {.name = "token", .secret = 1},
};

/* The secret: token = s3cret/+. Ends the test where the source is refused. */
static inline struct source *made_source(
    struct plan *plan, struct muster_connector *connector, const struct muster_stream *stream)
{
    static struct setting_pair secrets[] = {{"token", "env:MUSTER_TEST_TOKEN", 3}};
    static struct connection_settings connection;
    static struct settings settings;
    struct source *source = NULL;
    struct fault fault = {0};
    connection = (struct connection_settings){
        .name = "made", .connector = "made", .secrets = secrets, .secret_count = 1, .line = 2};
    settings = (struct settings){.path = "/etc/m.conf",
        .seal_key = "env:MUSTER_TEST_SEAL",
        .policy = policy_settings_default(),
        .connections = &connection,
        .connection_count = 1};
    connector->name = "made";
    if (!connector->base_url)
        connector->base_url = "https://api.example.com/v2";
    connector->parameters.items = made_parameters;
    connector->parameters.count = sizeof made_parameters / sizeof made_parameters[0];
    connector->parameters.stride = sizeof made_parameters[0];
    connector->streams.items = stream;
    connector->streams.count = 1;
    connector->streams.stride = sizeof *stream;
    *plan = (struct plan){.connector = connector};
    ck_assert_int_eq(setenv("MUSTER_TEST_TOKEN", "s3cret/+", 1), 0);
    ck_assert_int_eq(setenv("MUSTER_TEST_SEAL",
                         "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 1),
        0);
    ck_assert_msg(source_create(&settings, 0, plan, &source, &fault), "%s", fault.text);
    return source;
}

#endif
