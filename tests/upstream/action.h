/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule can do to an answer: tables of actions, each row with the numbers of the faults that
 * it simulates. */
#ifndef UPSTREAM_ACTION_H
#define UPSTREAM_ACTION_H

#include "listing.h"
#include "script.h"

/* What an action may know beside its rule. */
struct moment {
    struct dataset *dataset;
    const struct request *request;
    int64_t monotonic_ms, wall_s;
    uint64_t in_flight; /* this request included */
};

struct action {
    const char *name;
    const char *signature; /* see script.c */
    const char *usage;     /* its arguments, for people */
    const char *faults; /* numbers of the fault catalogue; "" where it is a help for other rules */
    const char *summary;
    /* Each may be NULL. When the script is read: whether the arguments mean anything. */
    bool (*check)(const struct rule *rule, struct fault *fault);
    /* Before anything else; when a listing was read; when the answer is there. */
    bool (*on_data)(struct rule *rule, struct moment *moment, struct fault *fault);
    bool (*on_listing)(
        struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault);
    bool (*on_answer)(
        struct rule *rule, struct moment *moment, struct answer *answer, struct fault *fault);
};

struct action_table {
    const struct action *rows;
    size_t count;
};

extern const struct action_table action_wire_table, action_http_table, action_body_table,
    action_page_table;

/* NULL where there is none. */
const struct action *action_find(struct span name);
/* All of them, by index; NULL past the last. */
const struct action *action_at(size_t index);

#endif
