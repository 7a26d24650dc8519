/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of the data set as JSON. Written for speed, since the bench measures whoever reads:
 * straight copies into room that the caller reserved, no formatting calls. The id is the first
 * member of every object; faults rely on that. */
#ifndef UPSTREAM_RENDER_H
#define UPSTREAM_RENDER_H

#include "dataset.h"

enum form {
    FORM_NATIVE,
    FORM_SCIM,          /* RFC 7643 */
    FORM_MEMBER,        /* `number` is what dataset_members gives; `group` says whose */
    FORM_TOMBSTONE,     /* id, created_at, updated_at, "deleted": true */
    FORM_BARE_TOMBSTONE /* the same without created_at */
};

struct item {
    enum collection_name collection;
    enum form form;
    uint64_t number;
    uint32_t group;
};

/* Bytes that render_item writes at most. */
size_t render_room(const struct dataset *dataset, const struct item *item);
/* Writes the object at `at`; returns the end. */
char *render_item(const struct dataset *dataset, const struct item *item, char *at);

#endif
