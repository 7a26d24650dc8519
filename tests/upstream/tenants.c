/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the application that a path names, and hands the rest of the path on to it. */
#include "tenants.h"

#include <string.h>
#include "base/memory.h"

#define PREFIX "/at/"
#define FORGET "/_control/forget"

struct tenant {
    struct tenant *next;
    char name[TENANT_NAME_MAX + 1];
    struct application application;
};

static void tenant_free(struct tenant *tenant)
{
    application_free(&tenant->application);
    memory_free(tenant);
}

static bool tenant_create(
    struct tenants *tenants, struct span name, struct tenant **ret_tenant, struct fault *fault)
{
    if (tenants->count == TENANTS_MAX)
        return fault_set(fault, FAULT_LIMIT,
            "more than %u applications; POST " PREFIX "NAME" FORGET " ends one", TENANTS_MAX);
    struct tenant *tenant = memory_allocate(sizeof *tenant);
    if (!tenant)
        return fault_memory(fault);
    if (!application_create(&tenants->main->options, &tenant->application, fault)) {
        memory_free(tenant);
        return false;
    }
    tenant->application.counts = tenants->main->counts;
    (void)memcpy(tenant->name, name.data, name.length);
    tenant->next = tenants->list;
    tenants->list = tenant;
    tenants->count++;
    *ret_tenant = tenant;
    return true;
}

/* Where the pointer to the tenant of that name stands; to NULL where there is none. */
static struct tenant **find(struct tenants *tenants, struct span name)
{
    struct tenant **at = &tenants->list;
    while (*at && !span_equal_text(name, (*at)->name))
        at = &(*at)->next;
    return at;
}

void tenants_free(struct tenants *tenants)
{
    while (tenants->list) {
        struct tenant *tenant = tenants->list;
        tenants->list = tenant->next;
        tenant_free(tenant);
    }
}

bool tenants_answer(
    void *context, const struct request *request, struct answer *answer, struct fault *fault)
{
    struct tenants *tenants = context;
    size_t before = strlen(PREFIX);
    if (!span_starts_with(request->path, SPAN(PREFIX)))
        return application_answer(tenants->main, request, answer, fault);
    struct span rest = {request->path.data + before, request->path.length - before};
    const char *slash = rest.length ? memchr(rest.data, '/', rest.length) : NULL;
    struct span name = {rest.data, slash ? (size_t)(slash - rest.data) : rest.length};
    if (!slash || name.length == 0 || name.length > TENANT_NAME_MAX)
        return answer_error(answer, 404, "not_found", "the path is " PREFIX "NAME/…", fault);
    struct request inner = *request;
    inner.base = (struct span){request->path.data, before + name.length};
    inner.path = (struct span){slash, rest.length - name.length};
    struct tenant **found = find(tenants, name), *tenant = *found;
    if (span_equal_text(inner.path, FORGET) && span_equal_text(request->method, "POST")) {
        if (tenant) {
            *found = tenant->next;
            tenants->count--;
            tenant_free(tenant);
        }
        return true;
    }
    if (!tenant && !tenant_create(tenants, name, &tenant, fault))
        return false;
    return application_answer(&tenant->application, &inner, answer, fault);
}
