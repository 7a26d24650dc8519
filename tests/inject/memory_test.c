/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of a round fails, one after the other: that one alone, or it and all after it
 * (fault 124). Each round ends, cleanly and saying why; what it left in the store passes the audit;
 * and an undisturbed round after it comes to the undisturbed state.
 *
 * usage: memory_test [--every N] [--libraries N] [--once K | --for-good K]
 * Every N-th of the host's own allocations, of the libraries'; or one alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "allocate.h"
#include "answers.h"
#include "left.h"
#include "rig.h"

#define FAILURES_MOST 5 /* then it is enough */

struct tally {
    int64_t count, not_opened, failed, partial, complete;
};

static int failures;

static void fail(const struct rig_outcome *outcome, int64_t at, bool for_good, const char *what)
{
    failures++;
    (void)fprintf(stderr, "allocation %" PRId64 "%s: %s (%s; %s)\n", at,
        for_good ? " and all after it" : "", what, outcome->opened ? outcome->reason : "",
        outcome->opened ? "" : outcome->fault.text);
}

static bool says_memory(const char *text)
{
    return strstr(text, "memory") != NULL || strstr(text, "Cannot allocate") != NULL;
}

static void judge(
    const struct rig_outcome *outcome, int64_t at, bool for_good, bool hit, struct tally *tally)
{
    if (!outcome->opened) {
        tally->not_opened++;
        if (!says_memory(outcome->fault.text))
            fail(outcome, at, for_good, "what went wrong is not said");
    } else if (!outcome->over) {
        fail(outcome, at, for_good, "the round hangs");
    } else if (outcome->failed || outcome->proof < PROOF_ASSERTED) {
        tally->failed += outcome->failed;
        tally->partial += !outcome->failed;
        if (!says_memory(outcome->reason))
            fail(outcome, at, for_good, "the reason is another");
        if (!hit)
            fail(outcome, at, for_good, "nothing was refused, and yet it is not complete");
    } else {
        tally->complete++;
    }
}

/* False where the round had no such allocation any more. */
static bool round_with(struct rig *rig, int64_t at, bool for_good, const char *expected,
    struct left *left, struct tally *tally)
{
    struct rig_outcome outcome, after;
    bool new;
    rig_fresh(rig);
    allocate_begin(at, for_good);
    rig_round(rig, false, &outcome);
    bool hit = allocate_end() >= at;
    tally->count++;
    judge(&outcome, at, for_good, hit, tally);
    (void)left_look(left, rig, &new);
    if (!new)
        return hit;
    if (!rig_audit(rig))
        fail(&outcome, at, for_good, "the audit does not hold");
    rig_round(rig, true, &after);
    char *state = rig_state(rig, false);
    if (!after.over || after.failed || after.proof != PROOF_ASSERTED)
        fail(&after, at, for_good, "the round after it is not complete");
    else if (!rig_same(state, expected)) {
        fail(&outcome, at, for_good, "the state after it is not the undisturbed one");
    }
    free(state);
    return hit;
}

/* The host's own allocations, each; of the libraries' every so manieth, since SQLite alone takes
 * thousands to read its schema when a store is opened. */
static void all_of(struct rig *rig, bool for_good, int64_t every, int64_t of_libraries,
    const bool *host, int64_t all, const char *expected, struct left *left)
{
    struct tally tally = {0};
    int64_t hosts = 0, others = 0;
    for (int64_t at = 1; at <= all && failures < FAILURES_MOST; at++)
        if (host[at] ? hosts++ % every == 0 : others++ % of_libraries == 0)
            (void)round_with(rig, at, for_good, expected, left, &tally);
    (void)printf("%s: %" PRId64 " of the host's %" PRId64 ", every %" PRId64
                 "th of the libraries' %" PRId64 ": %" PRId64 " rounds, of which %" PRId64
                 " did not begin, %" PRId64 " failed, %" PRId64 " were partial, %" PRId64
                 " complete\n",
        for_good ? "one allocation and all after it fail" : "one allocation fails",
        (hosts + every - 1) / every, hosts, of_libraries, others, tally.count, tally.not_opened,
        tally.failed, tally.partial, tally.complete);
}

/* Which allocations of an undisturbed round are the host's own. */
static bool *remember_owners(int64_t all)
{
    bool *host = calloc((size_t)all + 1, sizeof *host);
    for (int64_t at = 1; host && at <= all; at++)
        host[at] = allocate_was_host(at);
    return host;
}

int main(int argc, char **argv)
{
    struct rig rig;
    struct rig_outcome outcome;
    struct tally tally = {0};
    struct left left = {0};
    int64_t every = 1, of_libraries = 1, once = 0, for_good = 0;
    const struct {
        const char *name;
        int64_t *value;
    } options[] = {{"--every", &every}, {"--libraries", &of_libraries}, {"--once", &once},
        {"--for-good", &for_good}};
    for (int i = 1; i + 1 < argc; i += 2)
        for (size_t o = 0; o < sizeof options / sizeof options[0]; o++)
            if (strcmp(argv[i], options[o].name) == 0)
                *options[o].value = strtoll(argv[i + 1], NULL, 10);
    allocate_prepare();
    rig_begin(&rig);
    rig_fresh(&rig);
    rig_round(&rig, false, &outcome); /* what libraries keep for ever is taken now */
    rig_fresh(&rig);
    allocate_begin(0, false);
    rig_round(&rig, false, &outcome);
    int64_t all = allocate_end();
    bool *host = remember_owners(all);
    char *expected = rig_state(&rig, false);
    if (!host || !outcome.over || outcome.failed || outcome.proof != PROOF_ASSERTED ||
        outcome.commits != ANSWERS_PAGES)
        fail(&outcome, 0, false, "the undisturbed round is not what it should be");
    else if (once || for_good)
        (void)round_with(&rig, once ? once : for_good, for_good != 0, expected, &left, &tally);
    else
        for (int good = 0; good < 2; good++)
            all_of(&rig, good != 0, every, of_libraries, host, all, expected, &left);
    (void)printf("%zu states of the files, each judged once\n", left.count);
    left_free(&left);
    free(host);
    free(expected);
    rig_end(&rig);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
