/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: texts with {name} in them (connector.h, top). Compiled once, expanded for each
 * request. */
#ifndef MUSTER_DECLARATION_TEMPLATE_H
#define MUSTER_DECLARATION_TEMPLATE_H

#include "base/arena.h"

struct template_piece {
    struct span literal; /* text before the name */
    struct span name;    /* nothing: the last literal */
};

struct template
{
    struct template_piece *pieces;
    size_t count;
};

/* FAULT_DECLARATION for an unpaired brace or a name that is not [a-z][a-z0-9_.]*. NULL text gives
 * an empty template. */
bool template_parse(const char *text, struct arena *arena, struct template *ret_template,
    struct fault *fault) MUST_CHECK;

/* Looks a name up; false where it is not set. */
typedef bool template_lookup(void *context, struct span name, struct span *ret_value);

/* Appends the expansion. A name that is not set gives false in *ret_complete and appends nothing of
 * the template. percent: values are percent-encoded. */
bool template_expand(const struct template *template, template_lookup *lookup, void *context,
    bool percent, struct bytes *into, bool *ret_complete, struct fault *fault) MUST_CHECK;

#endif
