/* SPDX-License-Identifier: Apache-2.0 */
/* The tables as one. */
#include "action.h"

static const struct action_table *const tables[] = {
    &action_wire_table, &action_http_table, &action_body_table, &action_page_table};

const struct action *action_at(size_t index)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (index < tables[i]->count)
            return &tables[i]->rows[index];
        index -= tables[i]->count;
    }
    return NULL;
}

const struct action *action_find(struct span name)
{
    const struct action *action;
    for (size_t i = 0; (action = action_at(i)) != NULL; i++)
        if (span_equal_text(name, action->name))
            return action;
    return NULL;
}
