/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated world: virtual time around a real engine, real digests and a real store. Nothing
 * waits; one seed gives one trace. */
#ifndef MUSTER_TESTS_WORLD_H
#define MUSTER_TESTS_WORLD_H

#include "application.h"
#include "engine/engine.h"
#include "store/store.h"

struct world_event;

#define WORLD_CONNECTIONS_MAX 4

struct world {
    struct application applications[WORLD_CONNECTIONS_MAX]; /* one for each connection */
    size_t connection_count;
    struct random random; /* of latencies inside the host */
    int64_t now_ms;
    char folder[64], path[96];
    struct store *store;
    struct store_reader *reader;
    struct engine *engine;
    struct connection *connections[WORLD_CONNECTIONS_MAX];
    struct world_event *events; /* by time, then by order of arrival */
    uint64_t order;
    struct job *queue[4096]; /* waiting for the writer */
    size_t queued;
    bool writer_busy;
    int64_t timer_ms;
    int64_t acts;     /* effects acted on */
    int64_t crash_at; /* the host dies before this act; -1: never */
    int64_t
        stop_at; /* the host is told to drain before this act, and started anew after; -1: never */
    int64_t fault_every, jobs; /* every so many jobs the store fails; 0: never */
    int64_t faults, stops;     /* that happened */
    uint64_t traces;           /* of engines that died, folded */
    size_t rounds_over;
    bool crashed, stopping, interrupted;
    bool failed; /* the store did not take a round's beginning or end: it may be taken up again */
    struct run_summary runs[64]; /* the last one told of a stream counts */
    char names[64][2][32];       /* theirs, which outlive the connections */
    size_t run_count;
};

/* A store in a folder of its own, and one connection. */
void world_open(struct world *world, uint64_t seed, enum style style, size_t users, size_t groups);
/* One connection more, to an application of its own. Before the first round. */
void world_add(struct world *world, uint64_t seed, size_t users, size_t groups);
void world_close(struct world *world);
/* One round of every connection, to their ends, through crashes and drains. False where it did not
 * come to an end within a bound of acts. */
bool world_round(struct world *world, bool full);
uint64_t world_trace(const struct world *world);
/* The run of that stream of that connection in the last round; NULL where there was none. */
const struct run_summary *world_run(
    const struct world *world, size_t connection, const char *stream);

#endif
