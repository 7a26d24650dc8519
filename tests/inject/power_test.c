/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process is killed, or the power goes, at every operation on the store's files: of a round
 * (faults 112 to 115, 101, 102), of the round that takes it up again (116), and of making a store
 * (117). Each time the files are sound, what was acknowledged is there, and the round that goes on
 * from them ends with the objects, ledger and checkpoints of one that nothing disturbed.
 *
 * usage: power_test [--every N] [--recoveries N]
 */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "disk.h"
#include "rig.h"

#define FAILURES_MOST 5 /* then it is enough */

static const struct {
    enum disk_trouble trouble;
    const char *name;
} ways[] = {{DISK_KILL, "kill -9"}, {DISK_LOST, "power lost"}, {DISK_TORN, "power lost, torn"}};
#define WAYS (sizeof ways / sizeof ways[0])

/* What is the same for all attempts. */
struct bench {
    struct rig rig;
    char *expected, *content;      /* with and without the books */
    _Atomic int64_t *acknowledged; /* shared with the children */
};

struct tally {
    int64_t count, before, middle, after; /* no page committed, some, the whole round */
};

static int failures;

static void fail(const char *what, const char *name, int64_t at, const char *why)
{
    failures++;
    (void)fprintf(stderr, "%s, %s at operation %" PRId64 ": %s\n", what, name, at, why);
}

/* A round in a process of its own. True where it died of the trouble. */
static bool die_in_round(struct bench *bench, size_t way, int64_t at, bool late)
{
    *bench->acknowledged = 0;
    pid_t child = fork();
    if (child == 0) {
        struct rig_outcome outcome;
        bench->rig.acknowledged = bench->acknowledged;
        disk_begin(ways[way].trouble, at, false);
        rig_round(&bench->rig, late, &outcome);
        _exit(outcome.over ? 0 : 3);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (!killed && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        fail("the round", ways[way].name, at, "ended in another way");
    if (killed && ways[way].trouble != DISK_KILL)
        rig_reboot(&bench->rig);
    return killed;
}

/* The files as they are, then the round that goes on from them. */
static void go_on(
    struct bench *bench, const char *what, size_t way, int64_t at, struct tally *tally)
{
    const char *name = ways[way].name;
    struct rig *rig = &bench->rig;
    struct rig_outcome outcome;
    if (!rig_audit(rig))
        fail(what, name, at, "the audit of what it left does not hold");
    int64_t batches = rig_batches(rig);
    bool ended = rig_runs_ended(rig);
    tally->count++;
    tally->before += batches == 0;
    tally->middle += batches > 0 && !ended;
    tally->after += ended;
    if (batches < *bench->acknowledged)
        fail(what, name, at, "what was acknowledged is lost");
    char *state = ended ? rig_state(rig, true) : NULL; /* a round asked for now is another */
    rig_round(rig, true, &outcome);
    if (!outcome.over || outcome.failed || outcome.proof != PROOF_ASSERTED)
        fail(what, name, at, outcome.opened ? outcome.reason : outcome.fault.text);
    if (!ended)
        state = rig_state(rig, true);
    if (!rig_same(state, bench->expected))
        fail(what, name, at, "the state after it is not the undisturbed one");
    free(state);
    if (!rig_audit(rig))
        fail(what, name, at, "the audit does not hold");
}

static void print(const char *what, size_t way, const struct tally *tally)
{
    (void)printf("%s, %s: %" PRId64 " times; %" PRId64 " before the first page, %" PRId64
                 " in mid round, %" PRId64 " after it\n",
        what, ways[way].name, tally->count, tally->before, tally->middle, tally->after);
    (void)fflush(stdout);
}

/* How many operations there were. */
static int64_t in_a_round(struct bench *bench, size_t way, int64_t every)
{
    struct tally tally = {0};
    int64_t at = 1;
    for (; failures < FAILURES_MOST; at += every) {
        rig_fresh(&bench->rig);
        if (!die_in_round(bench, way, at, false))
            break;
        go_on(bench, "a round", way, at, &tally);
    }
    print("a round", way, &tally);
    return at;
}

/* Killed at `first`; then again at every operation of the round that takes it up. */
static void in_recovery(struct bench *bench, size_t way, int64_t first, int64_t every)
{
    struct tally tally = {0};
    for (int64_t at = 1; failures < FAILURES_MOST; at += every) {
        rig_fresh(&bench->rig);
        if (!die_in_round(bench, way, first, false))
            break;
        int64_t acknowledged = *bench->acknowledged;
        if (!die_in_round(bench, way, at, true))
            break;
        *bench->acknowledged += acknowledged;
        go_on(bench, "the round after a crash", way, at, &tally);
    }
    print("the round after a crash", way, &tally);
}

/* Making the store is one step: it is there whole, or not at all. */
static void in_making(struct bench *bench, size_t way, int64_t every)
{
    struct tally tally = {0};
    struct rig_outcome outcome;
    for (int64_t at = 1; failures < FAILURES_MOST; at += every) {
        rig_remove(&bench->rig);
        if (!die_in_round(bench, way, at, false) || *bench->acknowledged > 0)
            break; /* the store is made: the rest is as in any round */
        rig_round(&bench->rig, true, &outcome);
        tally.count++;
        tally.before++;
        if (!outcome.over || outcome.failed || outcome.proof != PROOF_ASSERTED)
            fail("making a store", ways[way].name, at,
                outcome.opened ? outcome.reason : outcome.fault.text);
        char *state = outcome.opened ? rig_state(&bench->rig, false) : NULL;
        if (!state || !rig_same(state, bench->content) || !rig_audit(&bench->rig))
            fail("making a store", ways[way].name, at, "the state after it is not as it should be");
        free(state);
    }
    print("making a store", way, &tally);
}

int main(int argc, char **argv)
{
    struct bench bench;
    struct rig_outcome outcome;
    int64_t every = 1, recoveries = 1;
    for (int i = 1; i + 1 < argc; i += 2)
        *(strcmp(argv[i], "--every") == 0 ? &every : &recoveries) = strtoll(argv[i + 1], NULL, 10);
    bench.acknowledged = mmap(NULL, sizeof *bench.acknowledged, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    disk_prepare();
    rig_begin(&bench.rig);
    rig_fresh(&bench.rig);
    rig_round(&bench.rig, false, &outcome);
    bench.expected = rig_state(&bench.rig, true);
    bench.content = rig_state(&bench.rig, false);
    if (bench.acknowledged == MAP_FAILED || !outcome.over || outcome.proof != PROOF_ASSERTED) {
        (void)fprintf(stderr, "the undisturbed round is not what it should be\n");
        return EXIT_FAILURE;
    }
    for (size_t way = 0; way < WAYS; way++) {
        int64_t operations = in_a_round(&bench, way, every);
        for (int64_t i = 1; i <= recoveries; i++)
            in_recovery(&bench, way, operations * i / (recoveries + 1), every);
        in_making(&bench, way, every);
    }
    free(bench.expected);
    free(bench.content);
    rig_end(&bench.rig);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
