/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole rounds through the engine in simulated worlds: many seeds, each with other applications,
 * other faults, and a host that may die at any moment. Checked: the store against the log of what
 * was true (checker.h); every partial run names its reason; once faults stop, all comes right;
 * nobody's trouble changes a neighbour's trace; no more requests than the application states; the
 * same seed gives the same trace.
 *
 * usage: simulation_test [--seeds N] [--first S] [--all-fire] [--regressions]
 *        simulation_test --seed S [--trace]      replays one
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "checker.h"
#include "regressions.h"
#include "world.h"

#define ROUNDS_WITH_FAULTS 2
#define ROUNDS_TO_HEAL     4 /* after faults stop, within this many all must be right */
#define SEAL_KEY           "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define GAP_MS             INT64_C(3600000)

struct totals {
    int64_t seeds, rounds, acts, requests, restarts, simulated_ms, runs[PROOF_PROVEN + 1], records,
        compared, permitted, rows, letters, traces, neighbours, failures, flips_noticed,
        over_limit_most;
    int64_t fired[FAULT_NUMBERS];
};

static struct world world; /* large; one at a time */
static struct disk disk;

/* ------------------------------------------------------------------ one world ----------------- */

static void count_runs(struct totals *totals)
{
    for (size_t c = world.first_connection; c < world.connection_count; c++)
        for (size_t s = 0; s < LISTING_COUNT; s++)
            if (world.runs[c][s].told) {
                totals->runs[world.runs[c][s].summary.proof]++;
                totals->records += world.runs[c][s].summary.sums.received;
            }
    totals->rounds++;
}

static void add_totals(struct totals *totals, const struct verdict *verdict)
{
    totals->seeds++;
    totals->acts += world.acts;
    totals->requests += world.requests;
    totals->restarts += world.restarts;
    totals->simulated_ms += world.now_ms;
    totals->compared += verdict->compared;
    totals->permitted += verdict->permitted;
    totals->rows += verdict->rows;
    totals->letters += world.letters;
    for (size_t i = 0; i < FAULT_NUMBERS; i++) {
        totals->fired[i] += world.fired[i];
        for (size_t c = 0; c < world.connection_count; c++)
            totals->fired[i] += world.applications[c].faults.fired[i];
    }
}

static bool play_round(struct verdict *verdict, struct totals *totals, bool full)
{
    if (!world_round(&world, full)) {
        world_complain(&world, "a round does not come to its end");
        return false;
    }
    count_runs(totals);
    checker_round(&world, verdict);
    world.now_ms += GAP_MS;
    return true;
}

/* Not one request above what an application states, of those that were sent by a host that knew.
 * application.c says which are not: all that go out before the first answer that tells comes back,
 * and those after as many as the limit without one. Whole seconds give no tolerance: resets are
 * rounded up here, so that whoever keeps to one is late, never early. */
static void check_rates(struct totals *totals)
{
    for (size_t c = world.first_connection; c < world.connection_count; c++) {
        const struct application *application = &world.applications[c];
        if (application->over_limit > totals->over_limit_most)
            totals->over_limit_most = application->over_limit;
        if (application->over_limit > 0)
            world_complain(&world, "app%zu: %" PRId64 " requests above its limit of %" PRId64, c,
                application->over_limit, application->shape.rate_limit);
    }
}

static void end_faults(void)
{
    mishap_over(&world);
    for (size_t c = world.first_connection; c < world.connection_count; c++) {
        world.applications[c].faults.over = true;
        world.applications[c].truth.life.change_every_ms = 0;
        world.applications[c].truth.next_change_ms = TRUTH_FOR_EVER;
    }
}

/* Whoever lost a refresh token gets another one from a person (39). */
static void sign_in_anew(void)
{
    bool any = false;
    for (size_t c = world.first_connection; c < world.connection_count; c++) {
        struct application *application = &world.applications[c];
        if (application->stale_refreshes == 0)
            continue;
        application->signed_in = application->refresh_number;
        application->stale_refreshes = 0;
        any = true;
    }
    if (any)
        world_restart(&world, DISK_KEEPS_ALL);
}

/* Liveness: what was broken heals by itself, but for what a person must let pass. */
static void heal(struct verdict *verdict, struct totals *totals)
{
    char why[256] = "";
    for (int round = 0; round < ROUNDS_TO_HEAL; round++) {
        if (round > 0)
            checker_approve_holds(&world);
        sign_in_anew();
        if (!play_round(verdict, totals, true) ||
            (round > 0 && checker_at_rest(&world, why, sizeof why)))
            return;
    }
    world_complain(&world, "faults are over, and %s", why);
}

static void play_rounds(struct random *random, struct totals *totals)
{
    struct verdict verdict = {0};
    bool goes_on = true;
    int rounds = ROUNDS_WITH_FAULTS + (int)random_below(random, 2);
    for (int round = 0; round < rounds && goes_on; round++) {
        goes_on = play_round(&verdict, totals, random_below(random, 3) == 0);
        if (random_below(random, 2)) /* soon again: what is committed late may be read late */
            world.now_ms -= GAP_MS - 10000;
        for (size_t c = world.first_connection; c < world.connection_count; c++)
            truth_stir(&world.applications[c].truth, (size_t)random_below(random, 8));
    }
    end_faults();
    if (goes_on)
        heal(&verdict, totals);
    check_rates(totals);
    checker_audit(&world);
    if (world.flips)
        totals->flips_noticed += checker_flip(&world, random_next(random));
    add_totals(totals, &verdict);
}

static const unsigned all_places = 1u << PLACE_ANSWER | 1u << PLACE_PAGE | 1u << PLACE_RATE |
                                   1u << PLACE_TOKEN | 1u << PLACE_TRUTH;

/* One world of one to three connections; *ret_why says what is wrong, or is empty. */
static uint64_t play(uint64_t seed, struct totals *totals, char *ret_why, size_t size)
{
    struct random random = random_seeded(seed);
    world_open(&world, &disk, seed);
    size_t connections = 1 + (random_below(&random, 3) == 0) + (random_below(&random, 8) == 0);
    for (size_t c = 0; c < connections; c++) {
        struct application *application = world_add(&world, random_next(&random));
        faults_draw(&application->faults, &random, all_places, 5);
        application_init(application, random_next(&random), world.now_ms);
    }
    world_start(&world);
    mishap_draw(&world, &random, 2);
    play_rounds(&random, totals);
    uint64_t trace = world_trace(&world);
    (void)snprintf(ret_why, size, "%s", world.complaint);
    world_close(&world);
    return trace;
}

/* ------------------------------------------------------------------ one's trouble ------------- */

/* Two rounds of a sound connection, beside a sick one or alone; hashes of all it saw and of what
 * the store has of it. */
static uint64_t play_neighbour(uint64_t seed, bool alone, struct totals *totals)
{
    struct random random = random_seeded(seed ^ 0x150);
    uint64_t sound = random_next(&random), sick = random_next(&random);
    struct verdict verdict = {0};
    world_open(&world, &disk, seed);
    struct application *application = world_add(&world, sick);
    faults_draw(&application->faults, &random, all_places, 5);
    application_init(application, sick, world.now_ms);
    application = world_add(&world, sound);
    application_init(application, sound, world.now_ms);
    application->shape.rate_limit = 0; /* waits for it would draw from the host's own dice */
    world.first_connection = alone ? 1 : 0;
    world_start(&world);
    for (int round = 0; round < 2; round++) {
        /* Both begin at the same moment in either world. */
        int64_t start_ms = world.now_ms;
        (void)play_round(&verdict, totals, false);
        world.now_ms = start_ms + 100 * GAP_MS;
    }
    uint64_t hash = world.trace_of[1] ^ checker_hash(&world, 1);
    add_totals(totals, &verdict);
    world_close(&world);
    return hash;
}

static bool check_neighbours(uint64_t seed, struct totals *totals)
{
    uint64_t alone = play_neighbour(seed, true, totals);
    totals->neighbours++;
    return play_neighbour(seed, false, totals) == alone;
}

/* ------------------------------------------------------------------ many ---------------------- */

static void report_failure(uint64_t seed, const char *why, struct totals *totals)
{
    (void)printf("FAILED: simulation_test --seed %" PRIu64 "   %s\n", seed, why);
    totals->failures++;
}

static void play_seed(uint64_t seed, bool twice, bool shown, struct totals *totals)
{
    char why[256], again_why[256];
    uint64_t trace = play(seed, totals, why, sizeof why);
    if (why[0])
        report_failure(seed, why, totals);
    if (twice) {
        struct totals again = {0};
        totals->traces++;
        if (play(seed, &again, again_why, sizeof again_why) != trace)
            report_failure(seed, "a second time it gives another trace", totals);
    }
    if (seed % 8 == 3 && !check_neighbours(seed, totals))
        report_failure(seed, "a neighbour's trace changes beside a sick connection", totals);
    if (shown)
        (void)printf("seed %" PRIu64 ": trace %016" PRIx64 "\n", seed, trace);
}

static void report(const struct totals *totals, double cpu_s)
{
    (void)printf("%" PRId64 " worlds: %.1f simulated hours, %" PRId64 " rounds, %" PRId64
                 " requests, %" PRId64 " records, %" PRId64 " restarts, %" PRId64 " dead letters\n",
        totals->seeds, (double)totals->simulated_ms / 3600000, totals->rounds, totals->requests,
        totals->records, totals->restarts, totals->letters);
    (void)printf("runs: %" PRId64 " proven, %" PRId64 " asserted, %" PRId64 " partial; %" PRId64
                 " compared with the truth over %" PRId64 " rows; %" PRId64
                 " losses by what was declared and is not so\n",
        totals->runs[PROOF_PROVEN], totals->runs[PROOF_ASSERTED], totals->runs[PROOF_PARTIAL],
        totals->compared, totals->rows, totals->permitted);
    (void)printf("%" PRId64 " traces repeated, %" PRId64 " neighbours compared, at most %" PRId64
                 " requests above a stated limit, %" PRId64 " of %" PRId64
                 " flipped bits noticed\n",
        totals->traces, totals->neighbours, totals->over_limit_most, totals->flips_noticed,
        totals->fired[103]);
    int64_t faults = 0;
    for (size_t i = 0; i < FAULT_NUMBERS; i++)
        faults += totals->fired[i];
    (void)printf("%.2f CPU s: each second %.0f simulated hours, %.0f faults, %.0f records, %.0f "
                 "worlds of %.1f ms\n",
        cpu_s, (double)totals->simulated_ms / 3600000 / cpu_s, (double)faults / cpu_s,
        (double)totals->records / cpu_s, (double)totals->seeds / cpu_s,
        cpu_s * 1000 / (double)totals->seeds);
}

/* By number of FAULTS.md; how many never fired. */
static int report_faults(const struct totals *totals)
{
    int silent = 0;
    for (size_t i = 0; fault_row_at(i); i++) {
        const struct fault_row *row = fault_row_at(i);
        (void)printf(
            "  fault %3d %8" PRId64 "  %s\n", row->number, totals->fired[row->number], row->name);
        silent += totals->fired[row->number] == 0;
    }
    return silent;
}

static double cpu_seconds(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

struct options {
    uint64_t first, seeds;
    bool all_fire, regressions, twice, shown, traced;
};

static struct options read_options(int argc, char **argv)
{
    struct options options = {.first = 1, .seeds = 200};
    for (int i = 1; i < argc; i++) {
        uint64_t value = i + 1 < argc ? strtoull(argv[i + 1], NULL, 10) : 0;
        options.all_fire |= strcmp(argv[i], "--all-fire") == 0;
        options.traced |= strcmp(argv[i], "--trace") == 0;
        options.twice |= strcmp(argv[i], "--twice") == 0;
        options.regressions |= strcmp(argv[i], "--regressions") == 0;
        if (strcmp(argv[i], "--seeds") == 0)
            options.seeds = value;
        else if (strcmp(argv[i], "--first") == 0)
            options.first = value;
        else if (strcmp(argv[i], "--seed") == 0)
            options = (struct options){
                .first = value, .seeds = 1, .twice = true, .shown = true, .traced = options.traced};
    }
    return options;
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    static struct totals totals;
    char path[] =
        "/tmp/muster-simulation-XXXXXX"; /* stands for the store's file: nothing is in it */
    int descriptor = mkstemp(path);
    if (descriptor < 0 || close(descriptor) != 0 ||
        setenv("MUSTER_SIMULATION_SECRET", "s", 1) != 0 ||
        setenv("MUSTER_SIMULATION_SEAL", SEAL_KEY, 1) != 0)
        return EXIT_FAILURE;
    world.shown = options.traced;
    disk_install(&disk, path);
    world_prepare(&disk);
    double started_s = cpu_seconds();
    if (options.regressions)
        for (size_t i = 0; i < sizeof regressions / sizeof regressions[0]; i++)
            play_seed(regressions[i].seed, true, false, &totals);
    else
        for (uint64_t seed = options.first; seed < options.first + options.seeds; seed++)
            play_seed(seed, options.twice || seed % 20 == 0, options.shown, &totals);
    report(&totals, cpu_seconds() - started_s);
    int silent = report_faults(&totals);
    checker_free();
    (void)unlink(path);
    if (options.all_fire && silent > 0) {
        (void)printf("FAILED: %d faults of the table never fired\n", silent);
        totals.failures++;
    }
    (void)printf("%" PRId64 " failures\n", totals.failures);
    return totals.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
