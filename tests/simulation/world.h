/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated world: virtual time around a real engine, real digests and a real store. Nothing waits; one seed gives one trace. */
#ifndef MUSTER_TESTS_WORLD_H
#define MUSTER_TESTS_WORLD_H

#include "application.h"
#include "engine/engine.h"
#include "store/store.h"

struct world_event;

struct world {
    struct application application;
    struct random random; /* of latencies inside the host */
    int64_t now_ms;
    char folder[64], path[96];
    struct store *store;
    struct store_reader *reader;
    struct engine *engine;
    struct connection *connection;
    struct world_event *events; /* by time, then by order of arrival */
    uint64_t order;
    struct job *queue[4096]; /* waiting for the writer */
    size_t queued;
    bool writer_busy;
    int64_t timer_ms;
    int64_t acts;     /* effects acted on */
    int64_t crash_at; /* the host dies before this act; -1: never */
    uint64_t traces;  /* of engines that died, folded */
    bool round_over, crashed;
    struct run_summary runs[64];
    size_t run_count;
    char reasons[64][REASON_MAX];
};

/* A store in a folder of its own. */
void world_open(struct world *world, uint64_t seed, enum style style, size_t users, size_t groups);
void world_close(struct world *world);
/* One round, to its end, through crashes. False where it did not come to an end within a bound of acts. */
bool world_round(struct world *world, bool full);
uint64_t world_trace(const struct world *world);
/* The run of that stream in the last round; NULL where there was none. */
const struct run_summary *world_run(const struct world *world, const char *stream);

#endif
