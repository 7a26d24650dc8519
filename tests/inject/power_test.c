/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process is killed, or the power goes, at every operation on the store's files: of a round
 * (faults 112 to 115, 101, 102), of the round that takes it up again (116), and of making a store
 * (117). Each time the files are sound, what was acknowledged is there, and the round that goes on
 * from them ends with the objects, ledger and checkpoints of one that nothing disturbed.
 *
 * What is left then is what the files hold at that operation, so one round is enough: before each
 * operation a process of its own copies the files, and goes on from the copy.
 *
 * usage: power_test [--every N] [--recoveries N]
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "disk.h"
#include "left.h"
#include "rig.h"

#define FAILURES_MOST 5 /* then it is enough */

static const struct {
    enum disk_trouble trouble;
    const char *name;
} ways[] = {{DISK_KILL, "kill -9"}, {DISK_LOST, "power lost"}, {DISK_TORN, "power lost, torn"}};
#define WAYS (sizeof ways / sizeof ways[0])

/* What a process found out about one copy, in memory that it shares with the one that forked it. */
struct finding {
    struct left_state state;
    bool known; /* the like was judged before */
    int failures;
};

/* What is the same for all attempts. */
struct bench {
    struct rig rig;
    char *expected, *content; /* with and without the books */
    int64_t acknowledged;     /* before the round under way began */
    struct left left, making; /* in mid round; in making a store */
    struct finding *finding;
};

struct tally {
    int64_t count, before, middle, after; /* no page committed, some, the whole round */
};

/* One round, of which the files are looked at before every so manieth operation. */
struct watch {
    struct bench *bench;
    const char *what;
    size_t way;
    int64_t every, operations;
    bool making;
    struct tally tally;
};

static int failures;

static void fail(const char *what, const char *name, int64_t at, const char *why)
{
    failures++;
    (void)fprintf(stderr, "%s, %s at operation %" PRId64 ": %s\n", what, name, at, why);
}

/* ------------------------------------------------------------------ from a copy --------------- */

/* The files as they are, then the round that goes on from them. */
static void go_on(const struct watch *watch, struct rig *rig, int64_t at, struct left_state *state)
{
    const char *what = watch->what, *name = ways[watch->way].name;
    struct rig_outcome outcome;
    if (!rig_audit(rig))
        fail(what, name, at, "the audit of what it left does not hold");
    state->batches = rig_batches(rig);
    state->ended = rig_runs_ended(rig);
    char *found = state->ended ? rig_state(rig, true) : NULL; /* a round asked for now is another */
    rig_round(rig, true, &outcome);
    if (!outcome.over || outcome.failed || outcome.proof != PROOF_ASSERTED)
        fail(what, name, at, outcome.opened ? outcome.reason : outcome.fault.text);
    if (!state->ended)
        found = rig_state(rig, true);
    if (!rig_same(found, watch->bench->expected))
        fail(what, name, at, "the state after it is not the undisturbed one");
    free(found);
    if (!rig_audit(rig))
        fail(what, name, at, "the audit does not hold");
}

/* Making the store is one step: it is there whole, or not at all. */
static void make_again(const struct watch *watch, struct rig *rig, int64_t at)
{
    const char *what = watch->what, *name = ways[watch->way].name;
    struct rig_outcome outcome;
    rig_round(rig, true, &outcome);
    if (!outcome.over || outcome.failed || outcome.proof != PROOF_ASSERTED)
        fail(what, name, at, outcome.opened ? outcome.reason : outcome.fault.text);
    char *found = outcome.opened ? rig_state(rig, false) : NULL;
    if (!found || !rig_same(found, watch->bench->content) || !rig_audit(rig))
        fail(what, name, at, "the state after it is not as it should be");
    free(found);
}

/* In a process of its own: what would be left if this were the end. */
static void judge(const struct watch *watch, int64_t at)
{
    struct bench *bench = watch->bench;
    struct finding *finding = bench->finding;
    struct rig rig;
    bool killed = ways[watch->way].trouble == DISK_KILL, new;
    rig_copy(&bench->rig, killed, &rig);
    if (!killed)
        disk_lose_power(ways[watch->way].trouble == DISK_TORN, bench->rig.store, rig.store);
    (void)disk_end();
    failures = 0;
    struct left_state *state = left_look(watch->making ? &bench->making : &bench->left, &rig, &new);
    if (new && watch->making)
        make_again(watch, &rig, at);
    else if (new)
        go_on(watch, &rig, at, state);
    if (!watch->making && state->batches < bench->acknowledged + bench->rig.outcome->commits)
        fail(watch->what, ways[watch->way].name, at, "what was acknowledged is lost");
    *finding = (struct finding){.state = *state, .known = !new, .failures = failures};
    rig_remove(&rig);
}

/* ------------------------------------------------------------------ rounds -------------------- */

static void look(void *context, int64_t at)
{
    struct watch *watch = context;
    struct bench *bench = watch->bench;
    bool made = watch->making && bench->rig.outcome->commits > 0; /* the rest is as in any round */
    watch->operations = at;
    if (made || (at - 1) % watch->every != 0 || failures >= FAILURES_MOST)
        return;
    *bench->finding = (struct finding){.failures = 1};
    pid_t child = fork();
    if (child == 0) {
        judge(watch, at);
        _exit(EXIT_SUCCESS);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    if (status != 0)
        fail(watch->what, ways[watch->way].name, at, "who goes on from there comes to no end");
    failures += bench->finding->failures;
    struct left_state *state = &bench->finding->state;
    if (!bench->finding->known)
        left_add(watch->making ? &bench->making : &bench->left, state);
    watch->tally.count++;
    watch->tally.before += state->batches == 0;
    watch->tally.middle += state->batches > 0 && !state->ended;
    watch->tally.after += state->ended;
}

/* How many operations there were. */
static int64_t watch_round(struct watch *watch, bool late)
{
    struct rig_outcome outcome;
    const struct tally *tally = &watch->tally;
    disk_watch(ways[watch->way].trouble, look, watch);
    rig_round(&watch->bench->rig, late, &outcome);
    (void)disk_end();
    if (!outcome.over || outcome.failed || outcome.proof != PROOF_ASSERTED || tally->count == 0)
        fail(watch->what, ways[watch->way].name, 0, "the round itself is not what it should be");
    (void)printf("%s, %s: %" PRId64 " times; %" PRId64 " before the first page, %" PRId64
                 " in mid round, %" PRId64 " after it\n",
        watch->what, ways[watch->way].name, tally->count, tally->before, tally->middle,
        tally->after);
    (void)fflush(stdout);
    return watch->operations;
}

/* This one dies indeed. */
static void die_in_round(struct bench *bench, size_t way, int64_t at)
{
    pid_t child = fork();
    if (child == 0) {
        struct rig_outcome outcome;
        disk_begin(ways[way].trouble, at, false);
        rig_round(&bench->rig, false, &outcome);
        _exit(EXIT_SUCCESS);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        fail("the round", ways[way].name, at, "ended in another way");
    if (ways[way].trouble != DISK_KILL)
        rig_reboot(&bench->rig);
}

/* Killed at `first`; then again at every operation of the round that takes it up. */
static void in_recovery(struct bench *bench, size_t way, int64_t first, int64_t every)
{
    struct watch watch = {
        .bench = bench, .what = "the round after a crash", .way = way, .every = every};
    rig_fresh(&bench->rig);
    die_in_round(bench, way, first);
    bench->acknowledged = rig_batches(&bench->rig);
    (void)watch_round(&watch, true);
    bench->acknowledged = 0;
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    struct rig_outcome outcome;
    int64_t every = 1, recoveries = 1;
    for (int i = 1; i + 1 < argc; i += 2)
        *(strcmp(argv[i], "--every") == 0 ? &every : &recoveries) = strtoll(argv[i + 1], NULL, 10);
    bench.finding = mmap(
        NULL, sizeof *bench.finding, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    disk_prepare();
    rig_begin(&bench.rig);
    rig_fresh(&bench.rig);
    rig_round(&bench.rig, false, &outcome);
    bench.expected = rig_state(&bench.rig, true);
    bench.content = rig_state(&bench.rig, false);
    if (bench.finding == MAP_FAILED || !outcome.over || outcome.proof != PROOF_ASSERTED) {
        (void)fprintf(stderr, "the undisturbed round is not what it should be\n");
        return EXIT_FAILURE;
    }
    for (size_t way = 0; way < WAYS; way++) {
        struct watch round = {.bench = &bench, .what = "a round", .way = way, .every = every};
        struct watch making = round;
        making.what = "making a store";
        making.making = true;
        rig_fresh(&bench.rig);
        int64_t operations = watch_round(&round, false);
        for (int64_t i = 1; i <= recoveries; i++)
            in_recovery(&bench, way, operations * i / (recoveries + 1), every);
        rig_remove(&bench.rig);
        (void)watch_round(&making, false);
    }
    (void)printf(
        "%zu states of the files in mid round and %zu in making a store, each judged once\n",
        bench.left.count, bench.making.count);
    left_free(&bench.left);
    left_free(&bench.making);
    free(bench.expected);
    free(bench.content);
    rig_end(&bench.rig);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
