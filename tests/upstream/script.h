/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults by script. One rule a line:
 *
 *     PATH [SELECTOR=VALUE]... ACTION [ARGUMENT]...
 *
 * PATH is the beginning of the request's path. Selectors: nth=N or nth=N-M (only these of the
 * requests that match, from 1), every=K, times=T (at most so often), once, chance=PERCENT (seeded,
 * so it repeats), with=TEXT (the target contains it). All rules that fire for a request act on it,
 * in the order of the script. "#" begins a comment line.
 */
#ifndef UPSTREAM_SCRIPT_H
#define UPSTREAM_SCRIPT_H

#include "message.h"
#include "base/random.h"

#define SCRIPT_RULES_MAX     256u
#define SCRIPT_ARGUMENTS_MAX 4u
#define SCRIPT_FIRED_MAX     8u

struct action;

struct rule {
    struct span path, with;
    uint64_t nth_from, nth_to; /* 0: any */
    uint64_t every, times;     /* 0: any */
    uint64_t chance;           /* percent; 0: always */
    const struct action *action;
    struct span arguments[SCRIPT_ARGUMENTS_MAX];
    size_t argument_count;
    uint64_t matched, fired; /* so far */
    struct random random;
    double allowance; /* of the action "limit" */
    int64_t allowance_ms;
};

struct script {
    struct bytes text; /* what the rules' spans borrow from */
    struct rule *rules;
    size_t count;
};

struct fired {
    struct rule *rules[SCRIPT_FIRED_MAX];
    size_t count;
};

/* Replaces the script, whole or not at all; every count begins anew. Errors name the line. */
bool script_set(
    struct script *script, struct span text, uint64_t seed, struct fault *fault) MUST_CHECK;
void script_free(struct script *script);
/* Counts the request in every rule that it matches, and gives those that fire. */
void script_fire(struct script *script, const struct request *request, struct fired *ret_fired);

/* The argument as a number; `otherwise` where it was left out. It was checked when the script was
 * set. */
int64_t rule_number(const struct rule *rule, size_t index, int64_t otherwise);

#endif
