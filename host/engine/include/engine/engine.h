/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one state machine of the host. It does no I/O, reads no clock and draws no random number of
 * its own: an event goes in with its time, effects come out, and whoever holds the engine acts on
 * them (app with threads, sockets and SQLite; tests with a simulated world). With one seed and one
 * sequence of events the effects are the same to the last byte.
 *
 *     round   one pass over a connection's streams
 *       run     one stream of it
 *         scope   one listing: the stream, or the stream for one parent object
 *           page    request -> response -> digest -> commit
 *
 * Worked example, a stream of two pages:
 *     START -> JOB round_open -> DONE -> JOB run_begin -> DONE -> JOB scope_begin -> DONE -> SEND
 *     page 1
 *     RESPONSE -> DIGEST -> PAGED -> SEND page 2    (which waits neither for the mapping of page 1
 *     DIGESTED -> JOB commit 1                       nor for its commit)
 *     RESPONSE -> DIGEST -> DIGESTED -> JOB commit 2 -> DONE, DONE -> JOB scope_end
 *     -> JOB run_end -> JOB round_end -> ROUND_DONE
 * Page 2 may be digested first; it then waits for page 1, and commits go out in the listing's
 * order.
 */
#ifndef MUSTER_ENGINE_ENGINE_H
#define MUSTER_ENGINE_ENGINE_H

#include "base/random.h"
#include "engine/connection.h"
#include "engine/job.h"
#include "record/digest.h"

struct engine;

/* ------------------------------------------------------------------ events in ----------------- */

enum event_kind {
    EVENT_START, /* begin a round; refused with a ROUND_DONE where one of that name is under way */
    EVENT_RESPONSE, /* to SEND */
    EVENT_PAGED, /* to DIGEST, ahead of DIGESTED: the page is one, and where the listing goes on is
                    known. May be left out; it only lets the next page be asked for earlier */
    EVENT_DIGESTED, /* to DIGEST */
    EVENT_JOB_DONE, /* to JOB */
    EVENT_DECLINED, /* after engine_decline: the engine takes back what nobody could act on */
    EVENT_TIMER,    /* the armed time has come (being early or late does no harm) */
    EVENT_STOP /* drain: nothing new is sent, what is under way is committed, then every round ends
                  as interrupted */
};

struct event {
    enum event_kind kind;
    int64_t now_ms; /* monotonic */
    int64_t wall_ms;
    uint64_t ticket;               /* RESPONSE, PAGED, DIGESTED, JOB_DONE */
    struct connection *connection; /* START: one reference is taken */
    bool full;                     /* START: full runs asked for */
    struct response *response;     /* RESPONSE: given */
    const struct page *page;       /* PAGED: borrowed for the call */
    struct digest *digest;         /* DIGESTED: given; NULL: `fault` says why */
    struct job *job;               /* JOB_DONE: given back */
    struct fault fault;            /* DIGESTED */
};

/* ------------------------------------------------------------------ effects out --------------- */

enum effect_kind {
    EFFECT_SEND,      /* send `request` for `connection`; answer with RESPONSE */
    EFFECT_DIGEST,    /* digest `input` (the response is given); answer with PAGED, DIGESTED */
    EFFECT_JOB,       /* hand `job` to the store; answer with JOB_DONE */
    EFFECT_ARM,       /* send TIMER at `deadline_ms` (replaces what was armed); INT64_MAX: disarm */
    EFFECT_NOTE,      /* something to log, count or show */
    EFFECT_ROUND_DONE /* a round is over */
};

enum note_kind {
    NOTE_ROUND_STARTED,
    NOTE_RUN_STARTED,
    NOTE_REQUEST /* answered: status, seconds; number: what the server says is left, or -1 */,
    NOTE_RETRY /* number: wait ms */,
    NOTE_WAIT /* for the rate: number: wait ms as foreseen */,
    NOTE_WAITED /* for the rate: number: ms that it was */,
    NOTE_OUTCOME /* of a request, its page read: outcome. Also of one that was not sent */,
    NOTE_BREAKER /* the connection's, or its origin's where that is worse: number: the state */,
    NOTE_PAGE /* committed: batch */,
    NOTE_ANOMALY /* text: which */,
    NOTE_TOKEN /* renewed */,
    NOTE_SCOPE_ENDED,
    NOTE_RUN_ENDED /* summary */,
    NOTE_TROUBLE /* text: that of the ROUND_DONE to come */
};

/* A run as `muster sync --json` and the history show it. */
struct run_summary {
    const char *connection, *stream, *kind; /* kind: of the stream's first yield */
    int64_t run;
    enum proof proof;
    char reason[REASON_MAX]; /* empty where proven */
    bool full, interrupted;
    int64_t pages, missing, deleted, held, requests, retries, throttled_ms, duration_ms, scopes;
    struct batch_outcome sums;
    int64_t drift, drift_of[DRIFT_KINDS]; /* first reports of this run: all, and by kind */
    int64_t letters_open;                 /* dead letters of the stream */
    int64_t held_open;                    /* absences of the connection that are on hold */
    int64_t started_wall_ms;              /* before any restart of the host */
    bool gap_known; /* full, and at least one of its listings stated a total: */
    int64_t gap;    /* what these listings state, less what was seen of them */
};

struct note {
    enum note_kind kind;
    const char *connection, *stream; /* stream: NULL where it belongs to none */
    enum outcome outcome;
    int status;
    double seconds;
    int64_t number;             /* meaning by kind; PAGE: expected total of the scope, -1 unknown */
    struct batch_outcome batch; /* PAGE */
    const struct run_summary *summary; /* RUN_ENDED: valid until the next event */
    char text[REASON_MAX];
};

struct effect {
    enum effect_kind kind;
    uint64_t ticket;
    struct connection *connection; /* SEND; borrowed */
    const struct request *request; /* SEND: valid until the RESPONSE */
    struct job *job;
    int64_t deadline_ms;
    union { /* the kind says which: room for effects is kept ahead, and should be small */
        struct digest_input input; /* DIGEST */
        struct note note;
        struct {
            const char *connection; /* borrowed until the next event */
            bool failed; /* the login was refused, the store failed, no answer was sound, …: the
                            whole connection */
            bool denied; /* and it will be again until somebody mends it: trying on is no use */
            bool interrupted;
            enum proof proof; /* least of its runs */
            char reason[REASON_MAX];
        } round; /* ROUND_DONE */
    };
};

struct engine_options {
    uint64_t seed; /* of jitter */
};

bool engine_create(const struct engine_options *options, struct engine **ret_engine,
    struct fault *fault) MUST_CHECK;
void engine_free(struct engine *engine);
/* Never fails: trouble of its own becomes the round's. */
void engine_handle(struct engine *engine, const struct event *event);
/* The effects of the last event, in order; take all of them before the next event. */
bool engine_next_effect(struct engine *engine, struct effect *ret_effect);
/*
 * There was no memory to act on a SEND or a DIGEST (whose response is freed then): nobody will
 * answer it. The engine takes no more memory to hear of it, so this cannot fail; once the effects
 * are all taken, EVENT_DECLINED is owed as long as engine_has_declined.
 */
void engine_decline(struct engine *engine, uint64_t ticket);
bool engine_has_declined(const struct engine *engine);
/* Notes that found no room: the only effects that may be lost. */
int64_t engine_notes_lost(const struct engine *engine);
size_t engine_rounds(const struct engine *engine);
/* A hash of every state change so far: equal traces are equal runs. */
uint64_t engine_trace(const struct engine *engine);

#endif
