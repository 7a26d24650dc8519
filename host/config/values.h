/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a connector's parameters, as one connection sets them. Between the settings and
 * source.c. */
#ifndef MUSTER_CONFIG_VALUES_H
#define MUSTER_CONFIG_VALUES_H

#include "config/secret.h"
#include "config/source.h"

/* Indexed as the connector's parameters. */
struct values {
    const struct muster_parameter_list *parameters;
    struct span
        *value; /* nothing: not set; borrowed from the settings, the declaration or `secret` */
    struct secret *secret; /* of secret parameters */
};

/* Which connection is being joined, for sentences. */
struct values_where {
    const struct settings *settings;
    size_t connection;
};

/* "FILE:LINE: connections[N].KEY: ..."; line 0 stands for the connection's own. False always. */
bool values_refuse(const struct values_where *where, unsigned line, const char *key,
    enum fault_code code, struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* FAULT_CONFIGURATION or FAULT_SECRET. What it gives is freed with values_free. */
bool values_read(const struct values_where *where, const struct muster_connector *connector,
    struct secret_pool *pool, struct values *ret_values, struct fault *fault) MUST_CHECK;
void values_free(struct values *values);
/* The parameter's index by name, or -1. */
int values_index(const struct muster_parameter_list *parameters, struct span name);

#endif
