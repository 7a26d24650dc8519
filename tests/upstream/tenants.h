/* SPDX-License-Identifier: Apache-2.0 */
/* Many applications behind one port: what is asked under /at/NAME/ is answered by an application of
 * that name, with data, script, login and counts of its own, made at its first request. So one
 * server is as many upstreams as a test has cases. */
#ifndef UPSTREAM_TENANTS_H
#define UPSTREAM_TENANTS_H

#include "application.h"

#define TENANTS_MAX     4096u
#define TENANT_NAME_MAX 63u

struct tenants {
    struct application *main; /* what is asked under no name */
    struct tenant *list;      /* newest first */
    size_t count;
};

void tenants_free(struct tenants *tenants);
/* The server's handler; context is a struct tenants. */
bool tenants_answer(
    void *context, const struct request *request, struct answer *answer, struct fault *fault);

#endif
