/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole rounds through the engine in a simulated world, many seeds, each with another application,
 * other faults, and a host that may die at any moment. Checked: what is proven is true to the last
 * object; what is partial says why; the same seed gives the same trace.
 *
 * usage: simulation_test [--seeds N] [--first S] [--seed S]     --seed replays one and prints its
 * trace
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/query.h"
#include "world.h"

struct totals {
    int64_t rounds, acts, stops, store_faults, compared, simulated_ms, requests, crashes, proven,
        asserted, partial, records;
    int64_t injected[FAULT_NUMBERS];
};

static int failures;

#define EXPECT(condition, ...)                                                                \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            (void)fprintf(stderr, "seed %" PRIu64 ": ", seed);                                \
            (void)fprintf(stderr, __VA_ARGS__);                                               \
            (void)fprintf(stderr, "   (replay: simulation_test --seed %" PRIu64 ")\n", seed); \
            failures++;                                                                       \
        }                                                                                     \
    } while (0)

/* ------------------------------------------------------------------ store against truth ------- */

struct census {
    const struct application *application;
    size_t seen, wrong;
    char first_wrong[128];
};

static struct span cell_named(
    const char *wanted, const char *const *names, const struct cell *cells, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], wanted) == 0)
            return cells[i].text;
    return (struct span){NULL, 0};
}

static const struct object *find(const struct object *objects, size_t count, struct span id)
{
    int64_t number;
    if (id.length < 2 || !span_to_int64((struct span){id.data + 1, id.length - 1}, &number) ||
        number < 1 || (size_t)number > count)
        return NULL;
    return &objects[number - 1];
}

/* A live account in the store must be a live user of the application, in its present version. */
static bool check_account(
    void *context, const char *const *names, const struct cell *cells, size_t count)
{
    struct census *census = context;
    struct span id = cell_named("id", names, cells, count),
                name = cell_named("display_name", names, cells, count);
    const struct object *user =
        find(census->application->users, census->application->user_count, id);
    char expected[64] = "";
    if (user)
        (void)snprintf(
            expected, sizeof expected, "Object %" PRId64 " v%d", user->number, user->version);
    if (user && user->touched)
        return true;
    census->seen++;
    if (!user || !user->live || !span_equal_text(name, expected)) {
        if (!census->wrong++)
            (void)snprintf(census->first_wrong, sizeof census->first_wrong,
                "%.*s \"%.*s\", expected \"%s\"", SPAN_FORMAT(id), SPAN_FORMAT(name), expected);
    }
    return true;
}

static bool check_grant(
    void *context, const char *const *names, const struct cell *cells, size_t count)
{
    struct census *census = context;
    const struct application *application = census->application;
    struct span who = cell_named("subject_id", names, cells, count),
                what = cell_named("object_id", names, cells, count);
    const struct object *user = find(application->users, application->user_count, who);
    const struct object *group = find(application->groups, application->group_count, what);
    if (user && user->touched)
        return true;
    census->seen++;
    if (!user || !group || !application_is_member(group, user))
        census->wrong++;
    return true;
}

static struct census take_census(struct world *world, enum muster_kind kind, query_row *check)
{
    struct census census = {.application = &world->applications[0]};
    const struct export_options options = {.kind = kind_by_number(kind), .as_of_ms = INT64_MIN};
    struct fault fault;
    if (!query_export(world->store, &options, check, &census, &fault)) {
        (void)fprintf(stderr, "export: %s\n", fault.text);
        census.wrong = SIZE_MAX;
    }
    return census;
}

static size_t count_memberships(const struct application *application)
{
    size_t count = 0;
    for (size_t g = 0; g < application->group_count; g++)
        for (size_t u = 0; u < application->user_count; u++)
            count += !application->users[u].touched &&
                     application_is_member(&application->groups[g], &application->users[u]);
    return count;
}

static void print_break(void *context, const char *sentence)
{
    (void)context;
    (void)fprintf(stderr, "audit: %s\n", sentence);
}

static void check_books(struct world *world, uint64_t seed)
{
    int64_t batches, breaks = -1;
    struct fault fault = {0};
    bool read = store_audit(world->store, print_break, NULL, &batches, &breaks, &fault);
    EXPECT(read && breaks == 0, "the books do not hold: %s\n", fault.text);
}

static void check_runs(const struct world *world, uint64_t seed, struct totals *totals)
{
    for (size_t i = 0; i < world->run_count; i++) {
        const struct run_summary *run = &world->runs[i];
        const struct batch_outcome *sums = &run->sums;
        totals->proven += run->proof == PROOF_PROVEN;
        totals->asserted += run->proof == PROOF_ASSERTED;
        totals->partial += run->proof == PROOF_PARTIAL;
        totals->records += sums->received;
        EXPECT(!world->applications[0].forbidden_group || strcmp(run->stream, "members") != 0 ||
                   strncmp(run->reason, "not permitted", 13) != 0,
            "one group's 403 closes %s: %s\n", run->stream, run->reason);
        EXPECT(run->proof == PROOF_PROVEN || run->reason[0], "%s is %s without a reason\n",
            run->stream, proof_name(run->proof));
        EXPECT(sums->received == sums->created + sums->changed + sums->unchanged + sums->duplicate +
                                     sums->filtered + sums->dead,
            "%s does not balance\n", run->stream);
        EXPECT(!(world->applications[0].lying_total && run->proof == PROOF_PROVEN &&
                   sums->received > 0),
            "%s is proven against a total that is wrong\n", run->stream);
    }
}

/* Proven means: exactly the truth. */
static void check_truth(struct world *world, uint64_t seed)
{
    const struct application *application = &world->applications[0];
    const struct run_summary *users = world_run(world, 0, "users"),
                             *members = world_run(world, 0, "members");
    if (users && users->proof == PROOF_PROVEN && users->held == 0) {
        struct census census = take_census(world, MUSTER_ACCOUNT, check_account);
        size_t live = 0;
        for (size_t i = 0; i < application->user_count; i++)
            live += application->users[i].live && !application->users[i].touched;
        EXPECT(census.seen == live && census.wrong == 0,
            "users proven: %zu live in the store, %zu in truth, %zu wrong: %s\n", census.seen, live,
            census.wrong, census.first_wrong);
    }
    if (users && members && users->proof == PROOF_PROVEN && members->proof == PROOF_PROVEN &&
        members->held == 0) {
        struct census census = take_census(world, MUSTER_GRANT, check_grant);
        size_t live = count_memberships(application);
        EXPECT(census.seen == live && census.wrong == 0,
            "members proven: %zu in the store, %zu in truth, %zu wrong\n", census.seen, live,
            census.wrong);
    }
}

/* ------------------------------------------------------------------ one seed ------------------ */

static void change_application(struct application *application, struct random *random)
{
    for (size_t i = 0; i < application->user_count; i++) {
        struct object *user = &application->users[i];
        uint64_t dice = random_below(random, 100);
        user->touched = false;
        if (dice < 3)
            user->live = !user->live;
        else if (dice < 15)
            user->version++;
    }
    if (application->user_count + 5 < APPLICATION_OBJECTS_MAX)
        for (int i = 0; i < 5; i++) {
            struct object *fresh = &application->users[application->user_count++];
            *fresh = (struct object){
                .number = (int64_t)application->user_count, .version = 1, .live = true};
        }
}

static struct fault_rates draw_rates(struct random *random)
{
    static const int levels[] = {0, 0, 0, 10, 50, 150};
#define DRAW() levels[random_below(random, sizeof levels / sizeof levels[0])]
    return (struct fault_rates){.refused = DRAW(),
        .reset = DRAW(),
        .cut = DRAW(),
        .status_500 = DRAW(),
        .throttled = DRAW(),
        .html = DRAW() / 5,
        .empty = DRAW() / 2,
        .slow = DRAW(),
        .no_body = DRAW() / 5,
        .wrong_type = DRAW() / 5,
        .expired = DRAW() / 3,
        .other_host = DRAW() / 5,
        .doubled = DRAW() / 3,
        .no_id = DRAW() / 5};
#undef DRAW
}

/* What a seed draws beside the rates; each in some seeds only, so that each is also met alone. */
static void draw_events(struct world *world, struct random *random)
{
    struct application *application = &world->applications[0];
    application->lying_total = random_below(random, 20) == 0;
    if (random_below(random, 3) == 0)
        application->refuse_login_at = 1 + (int64_t)random_below(random, 40);
    if (random_below(random, 4) == 0)
        application->forbidden_group = 1 + (int64_t)random_below(random, 4);
    if (random_below(random, 3) == 0)
        application->moving = random_below(random, 2) ? 60 : -60;
    if (random_below(random, 4) == 0)
        world->fault_every = 2 + (int64_t)random_below(random, 40);
}

/* The host is killed, or drained, at a moment of the round. */
static void draw_hit(struct world *world, struct random *random)
{
    int64_t at = world->acts + (int64_t)random_below(random, 150);
    uint64_t dice = random_below(random, 4);
    world->crash_at = dice < 2 ? at : -1;
    world->stop_at = dice == 2 ? at : -1;
}

static void add_totals(struct totals *totals, const struct world *world)
{
    totals->acts += world->acts;
    totals->simulated_ms += world->now_ms;
    totals->requests += world->applications[0].requests;
    totals->crashes += world->crashed;
    totals->stops += world->stops;
    totals->store_faults += world->faults;
    for (size_t i = 0; i < FAULT_NUMBERS; i++)
        totals->injected[i] += world->applications[0].injected[i];
}

static uint64_t play(uint64_t seed, struct totals *totals)
{
    static struct world world; /* large; one at a time */
    struct application *application = &world.applications[0];
    struct random random = random_seeded(seed);
    enum style style = (enum style)(seed % STYLE_COUNT);
    world_open(&world, seed, style, random_below(&random, 80), random_below(&random, 5));
    application->rates = draw_rates(&random);
    draw_events(&world, &random);
    /* The first round after the faults may still be one that is taken up again, with scopes that
     * ended as partial in it: the second must come right. */
    for (int round = 0; round < 5; round++) {
        bool healthy = round >= 3, last = round == 4, anew = !world.failed;
        application->healthy = healthy;
        world.crash_at = world.stop_at = -1;
        if (!healthy)
            draw_hit(&world, &random);
        bool over = world_round(&world, random_below(&random, 3) == 0);
        if (last && !anew) /* what was left open is over now; a round of its own shows what holds */
            over = over && world_round(&world, false);
        EXPECT(over, "round %d does not come to an end\n", round);
        if (!over)
            break;
        totals->rounds++;
        check_runs(&world, seed, totals);
        check_truth(&world, seed);
        EXPECT(!last || world.run_count == 3, "faults are over, and %zu runs ended\n",
            world.run_count);
        if (last && !application->lying_total)
            for (size_t i = 0; i < world.run_count; i++)
                EXPECT(world.runs[i].proof == PROOF_PROVEN, "faults are over, and %s is %s: %s\n",
                    world.runs[i].stream, proof_name(world.runs[i].proof), world.runs[i].reason);
        /* A round that is still open goes on where its pages stand. What leaves and what comes
         * between two pages of a listing by index, as many of the one as of the other, nobody can
         * see without a probe. */
        if (!healthy && !world.failed)
            change_application(application, &random);
        world.now_ms += 3600000;
    }
    check_books(&world, seed);
    uint64_t trace = world_trace(&world);
    add_totals(totals, &world);
    world_close(&world);
    return trace;
}

/* ------------------------------------------------------------------ one's trouble ------------- */

/* Two rounds of three connections, the first of which meets every fault, or none. */
static void play_three(
    uint64_t seed, bool trouble, struct world *world, struct run_summary *ret_runs)
{
    struct random random = random_seeded(seed ^ 0x150);
    enum style style = (enum style)(seed % STYLE_COUNT);
    world_open(world, seed, style, 40, 4);
    world_add(world, seed + 1, random_below(&random, 60), random_below(&random, 4));
    world_add(world, seed + 2, random_below(&random, 60), random_below(&random, 4));
    if (trouble) {
        world->applications[0].rates =
            (struct fault_rates){100, 60, 60, 60, 100, 10, 30, 60, 10, 10, 20, 20, 30, 20};
        world->applications[0].refuse_login_at = seed % 3 == 0 ? -1 : 7;
        world->applications[0].forbidden_group = 2;
    }
    for (int round = 0; round < 2; round++) {
        EXPECT(world_round(world, false), "a round of three does not come to an end\n");
        for (size_t c = 1; c < 3; c++) {
            static const char *const streams[] = {"users", "groups", "members"};
            for (size_t s = 0; s < 3; s++) {
                const struct run_summary *run = world_run(world, c, streams[s]);
                EXPECT(run != NULL, "no run of %s\n", streams[s]);
                if (run)
                    ret_runs[((size_t)round * 2 + c - 1) * 3 + s] = *run;
            }
            struct random changes = random_seeded(seed + c + (uint64_t)round);
            change_application(&world->applications[c], &changes);
        }
        world->now_ms += 3600000;
    }
    check_books(world, seed);
}

static bool same_sums(const struct batch_outcome *a, const struct batch_outcome *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Promise 6: what the others' runs say does not depend on it. */
static void compare_neighbours(uint64_t seed, struct totals *totals)
{
    static struct world world;
    struct run_summary quiet[12], loud[12];
    play_three(seed, false, &world, quiet);
    world_close(&world);
    play_three(seed, true, &world, loud);
    for (size_t i = 0; i < 12; i++) {
        const struct run_summary *a = &quiet[i], *b = &loud[i];
        EXPECT(a->proof == b->proof && strcmp(a->reason, b->reason) == 0 && a->full == b->full &&
                   a->pages == b->pages && a->requests == b->requests && a->retries == b->retries &&
                   a->missing == b->missing && a->deleted == b->deleted && a->held == b->held &&
                   a->scopes == b->scopes && same_sums(&a->sums, &b->sums),
            "run %zu differs beside a connection in trouble: %s \"%s\", without: %s \"%s\"\n", i,
            proof_name(b->proof), b->reason, proof_name(a->proof), a->reason);
        totals->compared++;
    }
    world_close(&world);
}

int main(int argc, char **argv)
{
    struct totals totals = {0};
    uint64_t first = 1, seeds = 200;
    if (sodium_init() < 0)
        return EXIT_FAILURE;
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t value = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seeds") == 0)
            seeds = value;
        else if (strcmp(argv[i], "--first") == 0)
            first = value;
        else if (strcmp(argv[i], "--seed") == 0) {
            first = value;
            seeds = 1;
        }
    }
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        uint64_t trace = play(seed, &totals);
        if (seeds == 1 || seed % 10 == 0) { /* the same seed again: the same trace */
            struct totals again = {0};
            EXPECT(play(seed, &again) == trace, "a second run gives another trace\n");
        }
        if (seed % 7 == 3)
            compare_neighbours(seed, &totals);
        if (seeds == 1)
            (void)printf("seed %" PRIu64 ": trace %016" PRIx64 "\n", seed, trace);
    }
    (void)printf("%" PRIu64 " seeds: %" PRId64 " rounds, %" PRId64 " effects, %" PRId64
                 " requests, %" PRId64 " records, %" PRId64 " crashes, %" PRId64 " drains, %" PRId64
                 " store faults, %" PRId64 " runs compared, %.1f simulated hours; runs: %" PRId64
                 " proven, %" PRId64 " asserted, %" PRId64 " partial\n",
        seeds, totals.rounds, totals.acts, totals.requests, totals.records, totals.crashes,
        totals.stops, totals.store_faults, totals.compared, (double)totals.simulated_ms / 3600000,
        totals.proven, totals.asserted, totals.partial);
    for (size_t i = 0; i < FAULT_NUMBERS; i++)
        if (totals.injected[i])
            (void)printf("  fault %zu: %" PRId64 "\n", i, totals.injected[i]);
    (void)printf("%" PRIu64 " passed, %d failed\n", seeds - (failures ? 1 : 0), failures);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
