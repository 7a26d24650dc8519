/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine asks of the store, as values: the port that a store implements (store/store.h
 * does, for SQLite). The engine does not know which store it has. A job is filled by the engine,
 * executed by one writer in the order given, and comes back with its answer or its fault. Jobs are
 * idempotent: executing one again after a crash changes nothing.
 */
#ifndef MUSTER_ENGINE_JOB_H
#define MUSTER_ENGINE_JOB_H

#include "record/batch.h"
#include "record/drift_kind.h"
#include "request/request.h"

enum proof { PROOF_NONE = 0, PROOF_PARTIAL, PROOF_ASSERTED, PROOF_PROVEN };
const char *proof_name(enum proof proof); /* "none", "partial", "asserted", "proven" */

#define REASON_MAX 256

/* ROUND_OPEN: a round is one pass over a connection's streams. An unfinished one (a crash) is taken
 * up again where its checkpoints stand, unless it is older than resume_age_ms or the declaration
 * changed; then it is closed as partial, "superseded". */
struct job_stream {
    const struct muster_stream *declaration;
    struct span shape, mapping; /* plan_stream_shape, plan_stream_mapping as hexadecimal */
    bool selected;
    /* answers */
    int64_t run;      /* of this round, where it already has one; 0 */
    bool run_ended;   /* and it is over: do not run it again in this round */
    enum proof proof; /* how it ended */
    bool full; /* this round's run must be full: asked for, due, mapping changed, no bookmark, … */
    const char *why_full;      /* static */
    struct span bookmark;      /* in the job's arena; nothing: none */
    int64_t last_full_wall_ms; /* of the last complete full run; TIMESTAMP_NONE */
};

struct job_round_open {
    const struct source *source;
    bool full; /* asked for by the operator */
    int64_t resume_age_ms;
    struct job_stream *streams; /* one for each stream of the plan */
    size_t stream_count;
    /* answers */
    int64_t connection, round;
    bool resumed;
};

/* RUN_BEGIN: one stream of a round. On resume the existing run comes back. */
struct job_run_begin {
    int64_t connection, round;
    size_t stream;
    const struct job_stream *entry;
    const struct source *source;
    bool full;
    struct span bound; /* incremental: the lower bound that requests will carry; nothing: full */
    /* answers */
    int64_t run;
    int64_t started_wall_ms; /* when it began, before any restart of the host */
};

/* PARENTS: live objects of the parent stream's own kind, by key; closes the scopes of parents that
 * are deleted. */
struct job_parent {
    struct scope_parent parent; /* in the job's arena */
    int64_t object;
};
#define JOB_PARENTS_PAGE 256
struct job_parents {
    int64_t connection;
    const struct source *source;
    size_t stream;              /* the child */
    int64_t after;              /* object key to go on after; 0: from the start */
    struct job_parent *parents; /* answer */
    size_t parent_count;
    bool more;
};

/* SCOPE_BEGIN: on resume the scope's checkpoint comes back. */
struct job_scope_begin {
    int64_t connection, run;
    size_t stream;
    const struct source *source;
    struct scope_parent parent;
    bool full;
    /* answers */
    int64_t scope;
    bool ended; /* already over in this run */
    enum proof proof;
    struct span reason;   /* of the proof, where it is over; in the job's arena */
    struct span position; /* encoded; nothing: from the start */
    struct span bookmark; /* highest bound so far */
    int64_t sequence;     /* last batch committed */
    int64_t live_before;  /* live objects of the scope when the run began */
    struct batch_outcome so_far;
};

/* COMMIT: one batch; several COMMIT jobs that wait together go into one transaction (group commit).
 */
struct job_commit {
    struct batch *batch;
    struct batch_outcome outcome; /* answer */
    int64_t live;                 /* answer: live objects of the scope after it */
};

/* SCOPE_RESTART: a listing that must begin anew (cursor expired, second pass): the scope's seen set
 * of this run is dropped; batches stay in the ledger under their sequence. */
struct job_scope_restart {
    int64_t run, scope;
    const char *reason;
    bool full; /* the run, incremental so far, becomes a full one for this reason */
};

/* SCOPE_END: draws the conclusions that the proof allows (DESIGN section 6) in one transaction. */
struct job_scope_end {
    int64_t run, scope;
    bool full;
    enum proof proof;
    const char *reason;     /* NULL for proven */
    const char *end_signal; /* which declared signal ended it; NULL */
    int64_t total;          /* as stated; -1 */
    bool bar_absence;    /* items without a readable id, or a guard: no conclusion about absence */
    bool look_again;     /* this listing alone may take nothing away: where something would newly go
                            missing, nothing is concluded, the scope stays open and `again` says so */
    bool proof_in_reach; /* likewise where something missing would be deleted, if this were proven:
                            another listing that shows the same makes it so */
    int64_t seen_since;  /* what any batch of this run after this sequence saw counts as seen: two
                            listings then vouch for absence together. -1: this listing alone */
    int64_t absence_most, absence_percent;
    struct span bookmark; /* the stream's new bookmark candidate; nothing: unchanged */
    /* answers */
    bool again;
    int64_t missing, deleted, held; /* newly missing, newly deleted, held for a person */
    int64_t live;
    int64_t absent; /* missing in the scope after it, whenever they went */
};

/* SUSPECTS: what direct reads may settle: objects that are missing in the scope, or the object that
 * the scope belongs to, and a live one beside them on which the reading is tried first. Which ones
 * come first differs from run to run, so that some that never get an answer do not keep the others
 * waiting. */
struct job_suspect {
    int64_t object;              /* 0: none */
    struct span id, incarnation; /* in the job's arena; no incarnation: nothing */
};
struct job_suspects {
    int64_t run, scope;
    uint32_t kind;  /* of the objects: what the stream's own yield gives */
    bool parent;    /* about the object that the scope belongs to; `kind` is its kind */
    int64_t before; /* missing since a run before this one; INT64_MAX: or since this one */
    size_t most;
    /* answers */
    struct job_suspect *suspects;
    size_t suspect_count;
    struct job_suspect control; /* live, and none of the suspects */
};

/* EVIDENCE: what a direct read said of a missing object: gone makes it deleted, there makes it live
 * again. Of a scope's parent only "gone" is said: it is deleted, and the scope closes with all that
 * it listed. An object that is neither missing nor a parent any more stays as it is. */
struct job_evidence {
    int64_t run, scope, object;
    bool gone, parent;
    const char *evidence; /* as people read it beside the object */
    /* answer */
    int64_t deleted; /* objects of the scope */
};

/* RUN_END: the sums come from the batches, by the store. `proof` is the least of the scopes'. */
struct job_run_end {
    int64_t run;
    enum proof proof;
    const char *reason;
    int64_t requests, retries, throttled_ms;
    bool complete;   /* every scope ended with its declared end: bookmarks may move */
    bool read_whole; /* every scope was read to its declared end, whatever became of its records:
                        what its items no longer have may be told */
    struct span bookmark; /* incremental: the new one; nothing: unchanged */
    bool forget_bookmark; /* it has expired: the next run is full */
    /* answers */
    struct batch_outcome sums;
    int64_t pages, missing, deleted, held;
    int64_t drift[DRIFT_KINDS]; /* reported by this run for the first time */
    int64_t letters_open;       /* dead letters of the stream */
    int64_t held_open;          /* absences of the connection that are on hold */
};

/* ROUND_END */
struct job_round_end {
    int64_t connection, round;
    bool failed;
    char reason[REASON_MAX];
};

/* TOKEN_SAVE, TOKEN_LOAD: the rotated refresh token, sealed with the key given. What is kept
 * belongs to a credential, (origin, configured): where the operator configures another token, what
 * came of the one before is not given any more. The spans, the answer excepted, lie in the source
 * and in the engine's login, which outlive the job. */
struct job_token {
    struct span origin;     /* of the token endpoint */
    struct span configured; /* the operator's own refresh token, of which all others are descendants
                             */
    struct span seal_key;   /* 32 bytes */
    struct span token;      /* to save; or the answer, nothing where there is none */
};

enum job_kind {
    JOB_ROUND_OPEN,
    JOB_RUN_BEGIN,
    JOB_PARENTS,
    JOB_SCOPE_BEGIN,
    JOB_COMMIT,
    JOB_SCOPE_RESTART,
    JOB_SCOPE_END,
    JOB_SUSPECTS,
    JOB_EVIDENCE,
    JOB_RUN_END,
    JOB_ROUND_END,
    JOB_TOKEN_SAVE,
    JOB_TOKEN_LOAD
};

struct job {
    struct job
        *next; /* for whoever holds it: a job waits in queues that need no memory of their own */
    enum job_kind kind;
    int64_t wall_ms;     /* the time that the rows will carry */
    uint64_t ticket;     /* the engine's: comes back with the answer */
    struct arena *arena; /* of inputs and answers; owned by the engine until the job is done */
    size_t bytes;        /* what it holds, for the queue's bound */
    bool patient;        /* nobody waits for it yet: it may be kept for a few milliseconds, so that
                            others share its transaction */
    bool done;           /* answer: executed and durable */
    struct fault fault;  /* answer: why not */
    union {
        struct job_round_open round_open;
        struct job_run_begin run_begin;
        struct job_parents parents;
        struct job_scope_begin scope_begin;
        struct job_commit commit;
        struct job_scope_restart scope_restart;
        struct job_scope_end scope_end;
        struct job_suspects suspects;
        struct job_evidence evidence;
        struct job_run_end run_end;
        struct job_round_end round_end;
        struct job_token token;
    };
};

#endif
