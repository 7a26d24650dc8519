/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated world: virtual time around a real engine, real digests and a real store on a
 * simulated disk. Nothing waits; one seed gives one trace. world.c has the host's body, events.c
 * the order of what happens, mishap.c what hits clock, store and host.
 */
#ifndef MUSTER_TESTS_WORLD_H
#define MUSTER_TESTS_WORLD_H

#include "application.h"
#include "disk.h"
#include "engine/engine.h"
#include "store/store.h"

#define WORLD_CONNECTIONS_MAX 3
#define WORLD_MISHAPS_MAX     3
#define WORLD_JOBS_MAX        1024u
#define WORLD_DIGESTS_MAX     128u

struct world_event;

/* What was said of the latest run of a stream. */
struct run_told {
    bool told; /* in this round */
    struct run_summary summary;
    int64_t began_ms; /* the first start since the last round that the store saw end */
    int64_t ended_ms;
    bool open; /* began since then */
};

struct mishap { /* of clock, store or host */
    const struct fault_row *row;
    int64_t at_act;
    bool struck;
};

/* What an answer held, until its digest is made. */
struct given {
    const struct response *response;
    size_t damaged;
};

struct world {
    struct disk *disk;
    struct application applications[WORLD_CONNECTIONS_MAX]; /* one for each connection */
    size_t connection_count;
    size_t first_connection; /* those before it have no part in this world */
    struct random random,
        delays[WORLD_CONNECTIONS_MAX]; /* one each, so that none disturbs another */
    int64_t now_ms, wall_offset_ms;
    bool strobe;
    struct store *store;
    struct store_reader *reader;
    struct engine *engine;
    struct connection *connections[WORLD_CONNECTIONS_MAX];
    struct plan *plans[WORLD_CONNECTIONS_MAX];
    struct world_event *events, *spare; /* by time, then by order of arrival */
    uint64_t order;
    uint64_t armed;                    /* the order of the one timer that counts; 0: none */
    struct job *queue[WORLD_JOBS_MAX]; /* waiting for the writer */
    size_t queued;
    bool writer_busy;
    struct given given[WORLD_DIGESTS_MAX];
    size_t given_count;
    int64_t acts; /* effects acted on */
    struct mishap mishaps[WORLD_MISHAPS_MAX];
    size_t mishap_count;
    const struct mishap *lethal; /* strikes inside the writer's next group */
    struct disk_backup backup;   /* for 105 */
    bool store_failed;           /* in some job, by plan */
    bool must_restart;           /* the disk failed: a new process goes on */
    enum disk_survival survival;
    int64_t recovering_until; /* acts: a second kill before it is one in recovery */
    int64_t fired[FAULT_NUMBERS];
    uint64_t traces;                          /* of engines that died, folded */
    uint64_t trace_of[WORLD_CONNECTIONS_MAX]; /* what each connection alone saw */
    bool over[WORLD_CONNECTIONS_MAX];         /* its round */
    bool stopping, interrupted;
    bool failed; /* the store did not take a round's beginning or end: it may be taken up again */
    bool flips;  /* a bit of its disk is to flip when all is over (103) */
    bool went_back;       /* the store lost what it had (104, 105) */
    int64_t acknowledged; /* the last batch that the engine was told is durable */
    int64_t restarts, requests, letters;
    bool shown; /* what each connection sees is printed */
    struct run_told runs[WORLD_CONNECTIONS_MAX][LISTING_COUNT];
    char complaint[256]; /* the first thing that was found wrong on the way; empty: none */
};

/* Once a process: makes the image of an empty store that every world begins with. */
void world_prepare(struct disk *disk);
void world_open(struct world *world, struct disk *disk, uint64_t seed);
/* One connection more, to an application of its own, born of that seed. Before world_start. */
struct application *world_add(struct world *world, uint64_t seed);
void world_start(struct world *world);
void world_close(struct world *world);
/* One round of every connection, to their ends, through crashes and drains. False where it did not
 * come to an end within a bound of acts. */
bool world_round(struct world *world, bool full);
uint64_t world_trace(const struct world *world);
int64_t world_wall_ms(const struct world *world);
void world_complain(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* mishap.c */
void mishap_draw(struct world *world, struct random *random, size_t most);
void mishap_add(struct world *world, int number, int64_t at_act);
/* What is due strikes. True where the host was started anew. */
bool mishap_strike(struct world *world);
/* Before and after the writer's group. True where the host is dead, or must be started anew. */
bool mishap_before_group(struct world *world);
bool mishap_after_group(struct world *world);
void mishap_over(struct world *world);

/* A token's answer is about to be handed over: the moment at which a crash loses it (39). */
void mishap_token(struct world *world, const struct response *response);

/* world.c, for the others */
void world_restart(struct world *world, enum disk_survival survival);
void world_feed(struct world *world, struct event *event);
void world_start_rounds(struct world *world, bool full);

/* events.c */
enum what {
    WHAT_START,
    WHAT_RESPONSE,
    WHAT_PAGED,
    WHAT_DIGESTED,
    WHAT_WRITER,
    WHAT_JOB,
    WHAT_TIMER
};

struct world_event {
    struct world_event *next;
    int64_t at_ms;
    uint64_t order;
    enum what what;
    uint64_t ticket;
    size_t connection;
    bool full, token;
    struct response *response;
    struct digest *digest; /* PAGED: borrowed */
    struct job *job;
    struct fault fault;
};

struct world_event *events_add(struct world *world, enum what what, int64_t at_ms);
struct world_event *events_take(struct world *world); /* NULL: nothing is under way */
void events_done(struct world *world, struct world_event *event);
void events_clear(struct world *world);

#endif
