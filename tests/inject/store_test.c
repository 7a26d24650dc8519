/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation on the store's files fails, one after the other, once or from then on: I/O errors
 * (faults 99, 100), a full disk (98), locks that somebody else has (97). The round ends, with a
 * reason; nothing that was acknowledged is lost; a file whose sync failed is not synced again; the
 * audit holds; and a round after the trouble comes to the undisturbed state.
 *
 * usage: store_test [--every N] [--only TROUBLE K]   TROUBLE: error, full, busy; K < 0: for good
 * Of reads and writes every N-th.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "disk.h"
#include "left.h"
#include "rig.h"

#define FAILURES_MOST  5 /* then it is enough */
#define OPERATIONS_MAX 8000

struct tally {
    int64_t count, not_opened, failed, partial, complete;
    int64_t by_operation[DISK_OPERATIONS];
};

static const struct {
    enum disk_trouble trouble;
    const char *name;
} troubles[] = {{DISK_ERROR, "error"}, {DISK_FULL, "full"}, {DISK_BUSY, "busy"}};

static int failures;

static void fail(const struct rig_outcome *outcome, const struct disk_report *report,
    const char *name, int64_t at, bool for_good, const char *what)
{
    failures++;
    (void)fprintf(stderr, "%s at operation %" PRId64 "%s (%s): %s (%s)\n", name, at,
        for_good ? " and from then on" : "", disk_operation_name(report->hit), what,
        outcome->opened ? outcome->reason : outcome->fault.text);
}

/* False where the round had no such operation any more. */
static bool round_with(struct rig *rig, size_t which, int64_t at, bool for_good,
    const char *expected, struct left *left, struct tally *tally)
{
    const char *name = troubles[which].name;
    struct rig_outcome outcome, after;
    bool new;
    rig_fresh(rig);
    disk_begin(troubles[which].trouble, at, for_good);
    rig_round(rig, false, &outcome);
    struct disk_report report = disk_end();
    if (!report.happened)
        return false;
    tally->count++;
    tally->by_operation[report.hit]++;
    bool complete = outcome.over && !outcome.failed && outcome.proof >= PROOF_ASSERTED;
    tally->not_opened += !outcome.opened;
    tally->failed += outcome.failed;
    tally->partial += outcome.over && !outcome.failed && !complete;
    tally->complete += complete;
    if (outcome.opened && !outcome.over)
        fail(&outcome, &report, name, at, for_good, "the round hangs");
    if (!complete && !(outcome.opened ? outcome.reason : outcome.fault.text)[0])
        fail(&outcome, &report, name, at, for_good, "the reason is not said");
    if (troubles[which].trouble != DISK_ERROR && outcome.store_failed)
        fail(&outcome, &report, name, at, for_good, "a passing trouble is taken for a broken disk");
    if (report.hit == DISK_SYNC && outcome.opened && !complete && !outcome.store_failed)
        fail(&outcome, &report, name, at, for_good, "a broken disk is written to");
    if (report.syncs_after_error > 0)
        fail(&outcome, &report, name, at, for_good, "a sync that failed is tried again");
    struct left_state *state = left_look(left, rig, &new);
    if (new)
        state->batches = rig_batches(rig);
    if (state->batches < outcome.commits)
        fail(&outcome, &report, name, at, for_good, "what was acknowledged is lost");
    if (!new)
        return true;
    if (!rig_audit(rig))
        fail(&outcome, &report, name, at, for_good, "the audit does not hold");
    rig_round(rig, true, &after);
    char *found = rig_state(rig, false);
    if (!after.over || after.failed || after.proof != PROOF_ASSERTED) {
        fail(&after, &report, name, at, for_good, "the round after it is not complete");
    } else if (!rig_same(found, expected)) {
        fail(
            &outcome, &report, name, at, for_good, "the state after it is not the undisturbed one");
    }
    free(found);
    return true;
}

/* Reads and writes are many, and much alike: of these every so manieth; all of the others. */
static bool *take_some(struct rig *rig, size_t which, int64_t every)
{
    struct rig_outcome outcome;
    bool *taken = calloc(OPERATIONS_MAX, sizeof *taken);
    int64_t alike = 0;
    if (!taken)
        abort();
    rig_fresh(rig);
    disk_begin(troubles[which].trouble, 0, false);
    rig_round(rig, false, &outcome);
    int64_t all = disk_end().operations;
    for (int64_t at = 1; at < OPERATIONS_MAX; at++) {
        bool many = at <= all && (disk_was(at) == DISK_READ || disk_was(at) == DISK_WRITE);
        taken[at] = !many || alike++ % every == 0;
    }
    return taken;
}

static void all_of(struct rig *rig, size_t which, bool for_good, int64_t every,
    const char *expected, struct left *left)
{
    struct tally tally = {0};
    bool *taken = take_some(rig, which, every);
    for (int64_t at = 1; at < OPERATIONS_MAX && failures < FAILURES_MOST; at++)
        if (taken[at] && !round_with(rig, which, at, for_good, expected, left, &tally))
            break;
    free(taken);
    (void)printf("%s, %s: %" PRId64 " rounds, of which %" PRId64 " did not begin, %" PRId64
                 " failed, %" PRId64 " were partial, %" PRId64 " complete (",
        troubles[which].name, for_good ? "from then on" : "once", tally.count, tally.not_opened,
        tally.failed, tally.partial, tally.complete);
    for (int i = 0; i < DISK_OPERATIONS; i++)
        if (tally.by_operation[i])
            (void)printf("%s %" PRId64 " ", disk_operation_name((enum disk_operation)i),
                tally.by_operation[i]);
    (void)printf("\b)\n");
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    struct rig rig;
    struct rig_outcome outcome;
    struct tally tally = {0};
    struct left left = {0};
    int64_t every = argc > 2 && strcmp(argv[1], "--every") == 0 ? strtoll(argv[2], NULL, 10) : 1;
    disk_prepare();
    rig_begin(&rig);
    rig_fresh(&rig);
    rig_round(&rig, false, &outcome);
    char *expected = rig_state(&rig, false);
    if (!outcome.over || outcome.failed || outcome.proof != PROOF_ASSERTED) {
        (void)fprintf(stderr, "the undisturbed round is not what it should be\n");
        failures++;
    }
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        if (argc > 3 && strcmp(argv[1], "--only") == 0) {
            int64_t at = strtoll(argv[3], NULL, 10);
            if (strcmp(argv[2], troubles[i].name) == 0)
                (void)round_with(&rig, i, at < 0 ? -at : at, at < 0, expected, &left, &tally);
            continue;
        }
        all_of(&rig, i, false, every, expected, &left);
        all_of(&rig, i, true, every, expected, &left);
    }
    (void)printf("%zu states of the files, each judged once\n", left.count);
    left_free(&left);
    free(expected);
    rig_end(&rig);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
