/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's own structures, seen by its files only; in one header, since each points at its
 * neighbours and every file goes up and down the tree that they are. Who calls whom, always
 * downwards; answers come back up through the *_over functions:
 *
 *     engine.c (events, effects, tickets) -> round.c -> run.c -> scope.c -> lane.c (when to send),
 *     credential.c, login.c (tokens), proof.c (what a listing proved), bookmark.c
 *
 * Beside scope.c stand listing.c (asks for pages) and pages.c (what becomes of them until they are
 * committed).
 */
#ifndef MUSTER_ENGINE_MACHINE_H
#define MUSTER_ENGINE_MACHINE_H

#include <sys/queue.h>
#include "base/heap.h"
#include "engine/engine.h"
#include "policy/breaker.h"
#include "policy/retry.h"
#include "policy/throttle.h"

#define ENGINE_LANES_MAX    4096u  /* lanes kept; idle ones beyond are dropped */
#define ENGINE_CIRCUITS_MAX 16384u /* connections, and origins, remembered; idle ones beyond go */
#define ENGINE_SCOPES_MAX   16u    /* scopes of one run under way at once */
#define ENGINE_LISTING_RESTARTS_MAX \
    1u /* a listing begun anew within a run: cursor expired, or a second pass on drift */
#define ENGINE_JOINED_SLACK_MS 60000 /* a replica may list so late what was created */
#define ENGINE_RENEWALS_MAX    1u    /* credentials renewed for one request */

/* ------------------------------------------------------------------ tickets ------------------- */

enum ticket_kind {
    TICKET_FREE,
    TICKET_SCOPE_SEND,
    TICKET_PAGE_DIGEST,
    TICKET_INQUIRY_DIGEST,
    TICKET_JOB,
    TICKET_SCOPE_WAIT,
    TICKET_LANE_WAIT,
    TICKET_TOKEN_SEND,
    TICKET_TOKEN_WAIT
};

/*
 * Room is taken with what needs it, not when it is needed: an object is not begun before the tables
 * have its places. A place is room for one ticket, one timer and one effect of an event; an object
 * has no more tickets under way than places, and an event gives no more effects than that. So what
 * is begun can always go on and end. Notes, RUN_ENDED aside, have what room is left.
 */
#define PLACES_ENGINE 2u /* ARM; the ROUND_DONE of a round that is refused */
#define PLACES_LANE   1u /* its timer */
#define PLACES_ROUND  2u /* its job or ROUND_DONE */
#define PLACES_LOGIN  2u /* its request, timer or job; and what follows it in one event */
#define PLACES_RUN    2u /* its job; RUN_ENDED */
#define PLACES_SCOPE  1u /* SCOPE_BEGIN, SCOPE_RESTART, SCOPE_END */
#define PLACES_PAGE   1u /* request or retry's wait, then digest, then commit */

/* A place in the ticket table. A ticket is (generation << 32 | place): one that is out of date
 * finds nothing. */
struct ticket {
    enum ticket_kind kind;
    bool declined; /* nobody acts on it: see engine_decline */
    uint32_t generation;
    void *object;
};

/* ------------------------------------------------------------------ lanes --------------------- */

/* What is remembered of a connection, or of an origin, between its rounds. */
struct circuit {
    char *name;
    struct circuit *next;
    struct breaker breaker;     /* of an origin: fed with failures to connect only */
    struct retry_budget budget; /* of a connection */
    int shown;                  /* of a connection: the state last told of; -1: none */
    unsigned rounds;            /* that use it */
};

TAILQ_HEAD(scope_queue, scope);
TAILQ_HEAD(run_queue, run);
TAILQ_HEAD(round_queue, round);

/* One origin and credential: the throttle that all its scopes share, and those that wait to send:
 * rounds (connections) with runs (streams) with scopes. */
struct lane {
    char *key;
    struct lane *next;
    struct throttle throttle;
    struct round_queue waiting;
    uint64_t turns;        /* requests sent so far */
    uint64_t timer;        /* ticket of the armed wait; 0: none */
    int64_t held_since_ms; /* a request could go but for the rate; -1: none could */
    unsigned rounds;       /* that use it */
};

/* ------------------------------------------------------------------ the tree of work ---------- */

enum scope_state {
    SCOPE_BEGINNING,  /* SCOPE_BEGIN under way */
    SCOPE_QUEUED,     /* waits in its lane */
    SCOPE_SENT,       /* a request is under way */
    SCOPE_READING,    /* its answer is with a page worker, and the way on is not known yet */
    SCOPE_WAITING,    /* for a retry's time */
    SCOPE_TOKEN,      /* for a credential to be renewed */
    SCOPE_WINDOW,     /* knows its next page, but too many pages are under way */
    SCOPE_PROBING,    /* the page's overlap alone came: what it says of the way on must be mapped */
    SCOPE_RESTARTING, /* SCOPE_RESTART under way, or waits for pages and commits before it */
    SCOPE_FLUSHING,   /* nothing more is asked for; pages and commits are under way */
    SCOPE_ENDING,     /* SCOPE_END under way */
    SCOPE_ASKING,     /* SUSPECTS or EVIDENCE under way */
    SCOPE_STOPPED,    /* put down at its checkpoint: the host is draining */
    SCOPE_OVER
};

/* The way through a listing up to some page: what the guards of DESIGN section 6 need before the
 * page after it is asked for. */
struct trail {
    struct hash128 tortoise; /* Brent: the position kept for comparison */
    uint64_t steps, power;
    int64_t pages;
    int64_t bytes; /* decoded, so far */
    bool full;     /* the last page gave as many items as were asked for */
};

/* What the guards remember beside the way. */
struct guards {
    uint64_t ids_hash;          /* of the last page with items */
    int64_t barren;             /* pages in a row that brought no new record */
    uint64_t first_id, last_id; /* of the last page with items: what the next one's overlap shows */
    uint64_t ids_sum;           /* over all items, in whatever order */
    int64_t began_ms;  /* when the first page was answered, by its Date; 0: it does not say */
    int64_t joined_ms; /* when the last of the items joined (digest.h) */
    bool slippery;     /* between two of its pages items may have slipped unseen (probe_may_slip) */
    bool strange; /* it has items that no object stands for, or was taken up in its middle: that
                     it shows nothing new cannot be told from its sums */
};

/* What was read from some page on is dropped, once nothing of it is under way. */
enum turn {
    TURN_NONE,
    TURN_BACK,   /* that page is asked for again, without its overlap */
    TURN_RESTART /* the whole listing is read again */
};

enum page_stage {
    STAGE_ASKED,   /* waits for its answer, or to be sent */
    STAGE_READING, /* with a page worker; where the listing goes on is not known yet */
    STAGE_MAPPING, /* that is known; its items are still with the worker */
    STAGE_DIGESTED /* waits for the pages before it */
};

/* A page on its way from request to commit. Lies in its arena, with the request and, in the end,
 * the commit job. */
struct page_work {
    struct page_work *next; /* in the scope, in the order of the listing */
    struct scope *scope;
    struct arena *arena;
    enum page_stage stage;
    struct request request;
    struct position at;    /* that was asked for; what the digest borrows */
    unsigned token_number; /* of the access token in the request */
    int64_t sent_ms;       /* when it was asked for last */
    uint64_t ticket;       /* of its digest */
    size_t held_bytes;     /* counted as the round's */
    size_t body_length;    /* of the answer, decoded once it was read */
    struct trail trail;    /* up to this page */
    const char *guard;     /* why the listing must end with it; NULL */
    bool alone;            /* nothing but its overlap came, and no end */
    struct digest *digest; /* NULL: `fault` says why */
    struct fault fault;
};

/* Beside the page marks in scope.marks: why the bookmark stays. */
#define SCOPE_MARK_DISORDER (1u << 16) /* the items came in another order than declared */
#define SCOPE_MARK_MOVED    (1u << 17) /* items may have slipped through */
#define SCOPE_MARKS_STAY    (SCOPE_MARK_DISORDER | SCOPE_MARK_MOVED)

/* Direct reads: of what is missing, after a listing; of the parent whose listing is not there. */
enum inquiry_about { INQUIRY_NONE, INQUIRY_MISSING, INQUIRY_PARENT };

struct inquiry {
    enum inquiry_about about;
    size_t stream;          /* whose objects are read */
    struct job *job;        /* SUSPECTS, answered: they lie in it; NULL */
    size_t at;              /* 0: the control is read; then the suspect of that number, from 1 */
    int status;             /* of the last answer */
    char doubt[REASON_MAX]; /* PARENT: why its listing could not be read */
};

struct scope {
    struct run *run;
    struct scope *over_next;   /* of those that are over, and freed before the next event */
    struct scope *next;        /* in the run */
    TAILQ_ENTRY(scope) queued; /* in `waiting` of its run */
    enum scope_state state;
    struct arena *arena; /* parent, checkpoint: as long as the scope */
    struct scope_parent parent;
    int64_t key, live_before; /* the store's */
    int64_t live;             /* likewise, after the last commit of this host; -1: none yet */

    struct position at; /* what is asked for; its token lies in `token` */
    struct bytes token;
    struct page_work *asked; /* the page at `at`, until it is answered; NULL */
    uint64_t ticket;         /* of its request, or of the wait for its retry */
    struct retry_state retry;
    unsigned renewals, restarts;
    struct trail ahead; /* up to the last page that was read */

    struct page_work *first, *last; /* answered, and not yet with the store */
    unsigned work_count;            /* of them */
    enum turn turn;
    struct position back; /* TURN_BACK: where to */
    bool cut;             /* a page was not taken: those read after it are dropped */
    bool exact;           /* the next page is asked for without an overlap, */
    bool probe_off;       /* and so are all: the server does not serve them */
    bool twice;           /* a whole listing of this run was read before this one */
    int64_t sequence;
    unsigned commits; /* under way */

    struct trail trail; /* up to the last page that went to the store */
    enum page_end end;
    char end_signal[64];
    int64_t total;
    bool total_exact, total_moved;
    uint32_t marks;
    struct batch_outcome sums; /* of this listing */
    struct batch_outcome
        earlier; /* of those before a restart: received, dead, conflicts, unreadable */
    struct guards guards;
    int64_t pass_from;     /* the batch before this listing's first */
    int64_t before_from;   /* `twice`: the batch before its first, */
    uint64_t sum_before;   /* and the sum of its ids */
    struct bytes bookmark; /* highest bound so far */

    struct inquiry inquiry;
    bool closed; /* its parent is gone */
    bool failed;
    bool read_once;  /* all that denies proof is that it was read once */
    bool read_whole; /* to its declared end, even where too much of it is dead */
    char reason[REASON_MAX];
    enum proof proof;
};

enum run_state { RUN_WAITING, RUN_BEGINNING, RUN_ACTIVE, RUN_ENDING, RUN_OVER };

struct run {
    struct round *round;
    size_t stream;
    int parent; /* stream index, or -1 */
    enum run_state state;
    struct arena *arena; /* bound, bookmark */
    int64_t key;
    bool full;
    struct span bound;
    struct scope *scopes;
    unsigned scope_count;       /* under way */
    struct scope_queue waiting; /* in the lane; in the round's list where there are any */
    TAILQ_ENTRY(run) queued;
    unsigned asking; /* requests under way */
    uint64_t turned; /* number of its last turn in the lane */
    int64_t parents_after;
    bool parents_asked, parents_done;
    struct job *parents; /* the answer being worked off */
    size_t parents_at;
    struct bytes bookmark;
    int64_t direct_reads;  /* of missing objects, so far */
    bool cut;              /* not all that it should have listed was read */
    bool bookmark_lost;    /* a scope was partial, or tells nothing: the bookmark stays */
    bool bookmark_expired; /* the application takes it no more: the next run is full */
    int64_t began_ms;
    int64_t started_wall_ms; /* before any restart of the host */
    struct run_summary summary;
};

enum round_state { ROUND_OPENING, ROUND_ACTIVE, ROUND_CLOSING, ROUND_GONE };

enum login_state {
    LOGIN_NEEDED,
    LOGIN_LOADING, /* TOKEN_LOAD under way */
    LOGIN_SENT,    /* the token request is under way */
    LOGIN_SAVING,  /* TOKEN_SAVE under way: the access token is not used yet */
    LOGIN_WAITING, /* for a retry's time */
    LOGIN_READY,
    LOGIN_REFUSED
};

/* An OAuth token, shared by all rounds with the same credential: one renewal flies at a time. */
struct login {
    struct engine *engine;
    struct login *next;
    struct hash256 name, asks;     /* what is shared; the whole token request (credential.c) */
    struct connection *connection; /* whose token request is sent; one reference */
    unsigned rounds;               /* that use it */
    enum login_state state;
    bool rotates;        /* by refresh token */
    bool loaded;         /* what the store kept has been asked for */
    bool unsaved;        /* `refresh_token` is not durable, and is tried again */
    bool unanswered;     /* a refresh token was sent, and what came of it is not known */
    bool final;          /* REFUSED: for good, until somebody mends it */
    struct bytes origin; /* of the token endpoint */
    struct bytes access_token, refresh_token; /* refresh token: empty while the configured one is
                                                 the latest */
    unsigned number;     /* of the access token: which one a request was sent with */
    int64_t expires_ms;  /* monotonic; INT64_MAX: not stated */
    struct arena *arena; /* of the request under way */
    struct request request;
    uint64_t ticket;
    struct retry_state retry;
    struct retry_budget budget;
    char why[REASON_MAX]; /* REFUSED */
};

struct round {
    struct engine *engine;
    struct round *next;
    struct connection *connection; /* one reference */
    struct lane *lane;
    struct circuit *circuit, *origin;
    struct run_queue waiting; /* in the lane; in the lane's list where there are any */
    TAILQ_ENTRY(round) queued;
    unsigned asking; /* requests under way */
    uint64_t turned; /* number of its last turn in the lane */
    int64_t began_ms;
    struct arena *arena;
    enum round_state state;
    bool full, failed, stopping;
    bool denied;            /* failed, and will fail again until somebody mends it */
    bool spent;             /* taken up again, and nothing was left to do: a new one follows */
    int64_t sound, unsound; /* outcomes; our own trouble is neither */
    char reason[REASON_MAX];
    struct job_stream *entries;
    int64_t connection_key, key;
    struct run *runs; /* one for each stream */
    size_t run_count;
    struct login *login; /* NULL: static credentials */
    unsigned jobs;       /* under way */
    size_t held_bytes;   /* of answers and digests that are not committed */
};

struct engine {
    struct random random;
    int64_t now_ms, wall_ms; /* of the event being handled */
    struct round *rounds;
    size_t round_count;
    struct lane *lanes;
    struct circuit *circuits, *origins; /* by connection; by origin */
    struct login *logins, *logins_gone;
    struct heap timers;
    int64_t armed_ms;
    struct ticket *tickets;
    size_t ticket_capacity, ticket_free;
    struct effect *effects;
    size_t effect_count, effect_at, effect_capacity;
    size_t places;     /* taken: what the tables above have room for at least */
    size_t note_count; /* of this event's effects; the others have places */
    int64_t notes_lost;
    struct note lost; /* what is written of a note without room */
    size_t declined;  /* tickets */
    bool stopping;
    size_t held_bytes; /* of all rounds */
    struct hash128 trace;
    struct round *gone; /* rounds to free before the next event */
    struct scope *over; /* scopes likewise */
};

/* engine.c */
/* Places for an object that begins; false where there is no memory. */
bool engine_reserve(struct engine *engine, size_t places) MUST_CHECK;
void engine_release(struct engine *engine, size_t places); /* it is over */
/* These four do not fail: the caller's object has a place. */
uint64_t engine_ticket(struct engine *engine, enum ticket_kind kind, void *object);
void engine_ticket_drop(struct engine *engine, uint64_t ticket);
struct effect *engine_effect(struct engine *engine, enum effect_kind kind);
void engine_timer_set(struct engine *engine, uint64_t ticket, int64_t deadline_ms);
void engine_timer_drop(struct engine *engine, uint64_t ticket);
void engine_trace_change(struct engine *engine, const char *what, int64_t a, int64_t b);
/* Never NULL; where there is no room, what is written there is lost. */
struct note *engine_note(
    struct engine *engine, enum note_kind kind, const struct round *round, const struct run *run);
struct note *engine_note_of(
    struct engine *engine, enum note_kind kind, const struct connection *connection);
/* A job in an arena of its own; NULL when there is no memory. */
struct job *engine_job(enum job_kind kind);
struct job *engine_job_in(struct arena *arena, enum job_kind kind);
/* Hands it out. `object` is who hears of it. */
void engine_job_send(struct engine *engine, struct job *job, void *object);
/* The same, and the round counts it. */
void engine_job_submit(struct round *round, struct job *job, void *object);

/* round.c */
void round_start(struct engine *engine, struct connection *connection, bool full);
void round_job_done(struct round *round, struct job *job);
void round_fail(struct round *round, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for what stays so until somebody mends it: the connection is stopped. */
void round_deny(struct round *round, const char *format, ...) __attribute__((format(printf, 2, 3)));
void round_stop(struct round *round);
void round_advance(
    struct round *round); /* begins runs whose parents are over, ends the round when all are */
void round_free(struct round *round);
const struct policy_settings *round_policy(const struct round *round);

/* run.c */
void run_begin(struct run *run);
void run_skip(struct run *run, enum proof proof, const char *reason);
void run_job_done(struct run *run, struct job *job);
void run_scope_over(struct run *run, struct scope *scope);
/* The bound has expired: the run, of one scope, becomes a full one. False where there is nothing to
 * widen. */
bool run_widen(struct run *run);
void run_stop(struct run *run);
void run_free(struct run *run);
const struct program *run_program(const struct run *run);

/* scope.c: a scope's life */
struct engine *scope_engine(const struct scope *scope);
void scope_enter(struct scope *scope, enum scope_state state);
/* Nothing more is asked for, for one reason or the other; what is with workers and the store comes
 * back first, then the scope is judged and ended. */
void scope_flush(struct scope *scope);
/* Something of it came back: does what waited for that. */
void scope_settle(struct scope *scope);
/* For a scope of which nothing is under way but pages and commits: it ends as these are done. */
void scope_fail_now(struct scope *scope, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void scope_stop_here(struct scope *scope);
void scope_restart(struct scope *scope);
void scope_over(struct scope *scope); /* the scope is freed with it */
/* What was read is not to be believed from some page on: turns back as soon as nothing of it is
 * under way. */
void scope_turn(struct scope *scope, enum turn turn);

void scope_begin(struct run *run, const struct scope_parent *parent);
void scope_free(struct scope *scope);
void scope_send(struct scope *scope); /* called by its lane: now is the time */
/* Called by its lane: nothing is sent to the application for now. */
void scope_unavailable(struct scope *scope, int64_t wait_ms);
void scope_next(struct scope *scope); /* asks for the page at `at` */
void scope_response(struct scope *scope, struct response *response);
void scope_declined(struct scope *scope); /* its request was not sent */
void scope_job_done(struct scope *scope, struct job *job);
void scope_timer(struct scope *scope);
void scope_token_ready(struct scope *scope);
void scope_fail(struct scope *scope, const char *format, ...) __attribute__((format(printf, 2, 3)));
void scope_stop(struct scope *scope);
bool scope_is_idle(const struct scope *scope); /* nothing of it is with anybody else */

/* listing.c */
/* Counts what came of a request, once its page is read; or of one that was not sent. */
void listing_outcome(struct scope *scope, enum outcome outcome);
/* The request failed, or the answer is none: its class decides. */
void listing_trouble(struct scope *scope, struct classified *said, int64_t wait_ms);
/* How long the server asks to be left alone; RATE_UNKNOWN where it does not say. */
int64_t listing_wait_ms(const struct scope *scope, const struct response *response);

/* pages.c: from answer to commit */
struct page_work *page_work_create(struct scope *scope);             /* NULL: out of memory */
void page_work_free(struct page_work *work);                         /* NULL is fine */
void pages_answered(struct scope *scope, struct response *response); /* to `asked` */
void pages_read(struct page_work *work, const struct page *page);
void pages_digested(struct page_work *work, struct digest *digest, const struct fault *fault);
/* Memory that pages of the round hold, or give back. */
void pages_hold(struct round *round, size_t bytes);
void pages_release(struct round *round, size_t bytes);
bool pages_have_room(const struct scope *scope); /* one more page may be asked for ahead */
void pages_free(struct scope *scope);

/* inquiry.c: direct reads */
/* The scope has ended in the store, and so many of its objects may be asked about: reads what the
 * policy allows. False where there is nothing to read. */
bool inquiry_begin(struct scope *scope, int64_t absent);
/* The listing of a parent's children is not there: reads the parent. False where it cannot be. */
bool inquiry_parent(struct scope *scope, const char *doubt);
bool inquiry_build(
    struct scope *scope, struct page_work *work, struct span token, struct fault *fault) MUST_CHECK;
const struct program *inquiry_program(const struct scope *scope);
void inquiry_answered(struct scope *scope, struct response *response); /* a good one */
void inquiry_refused(struct scope *scope, const struct classified *said);
void inquiry_digested(struct scope *scope, struct digest *digest);
void inquiry_job_done(struct scope *scope, struct job *job);
void inquiry_drop(struct scope *scope);

/* checkpoint.c: the text that a commit stores as the scope's position: what the engine knows of the
 * listing up to that page, then where it goes on */
enum checkpoint_state {
    CHECKPOINT_GOES_ON, /* pages are to come */
    CHECKPOINT_OVER,    /* the listing came to its end: only its conclusion is left */
    CHECKPOINT_FAILED   /* a guard ended it, with the scope's reason */
};
bool checkpoint_encode(const struct scope *scope, enum checkpoint_state state,
    const struct position *at, struct arena *arena, struct span *ret_text,
    struct fault *fault) MUST_CHECK;
/* Fills position, token and evidence, and the failure where there was one. */
bool checkpoint_decode(struct scope *scope, struct span text, enum checkpoint_state *ret_state,
    struct fault *fault) MUST_CHECK;

/* probe.c: listings by index ask each page for the last item of the page before it again */
enum probe {
    PROBE_NONE,    /* the page carries none */
    PROBE_MET,     /* nothing moved between the two pages */
    PROBE_ROUNDED, /* the server begins its pages where it likes: it cannot be asked so */
    PROBE_MISSED   /* another item: something left, came or moved, and items may be skipped */
};
bool probe_wanted(const struct scope *scope);
/* Whether the page holds nothing but its overlap, so that where it leads cannot be told yet. */
bool probe_is_alone(const struct page_work *work, const struct page *page);
enum probe probe_judge(const struct page_work *work);
/* Whether between the page and the one before it items may have slipped into pages that were read,
 * without a trace in either. */
bool probe_may_slip(const struct scope *scope, const struct page_work *work);

/* proof.c */
/* A page was read: moves `ahead` on, and says why the listing must not go on after it; NULL where
 * it may. What needs no item is judged here, before the next request goes. */
const char *proof_read(struct scope *scope, const struct page_work *work, const struct page *page);
/* What a digested page adds to the listing's evidence, in the order of the listing; false where a
 * guard ends the listing (reason set through scope_fail). */
bool proof_page(struct scope *scope, const struct page_work *work);
void proof_reset(struct scope *scope);
void proof_note(struct scope *scope, const char *which); /* an anomaly, for the metrics */
/* Whether absence may be concluded once this listing is over; where not, another one is read first,
 * if something would go missing. */
bool proof_stands(const struct scope *scope);
/* The listing was whole: it vouches for absence together with the one that follows. */
void proof_vouch(struct scope *scope);
/* Whether a listing that drifted may still be begun anew; reading one twice is another matter. */
bool proof_may_restart(const struct scope *scope);
/* After the last commit: proof and reason. True where a second pass should be tried first, for the
 * reason that is then set. */
bool proof_conclude(struct scope *scope);

/* lane.c */
/* The round's lane, and its circuits. False without memory: leave all the same. */
bool lane_join(struct round *round);
void lane_leave(struct round *round);
void lane_queue(struct scope *scope);
void lane_remove(struct scope *scope);
void lane_pump(struct engine *engine, struct lane *lane);
/* Once for each scope_send, whatever came of it. */
void lane_answered(struct scope *scope, enum outcome outcome, const struct response *response);
/* A 200 whose body says "throttled": the lane learns of it after the fact. */
void lane_refused(struct scope *scope, const struct response *response);

/* circuit.c */
struct circuit *circuit_join(struct engine *engine, struct circuit **list, const char *name);
void circuit_leave(struct circuit **list, struct circuit *circuit); /* NULL is fine */
void circuit_free_all(struct circuit **list);                       /* those that nobody uses */
/* 0: the round may send; else ms to wait, as breaker_wait_ms. */
int64_t circuit_wait_ms(struct round *round);
void circuit_sent(struct round *round);
void circuit_answered(struct round *round, enum outcome outcome, enum exchange exchange);
/* For how long of this round there was no sound answer; 0 unless a breaker is open. */
int64_t circuit_failing_ms(const struct round *round);
void circuit_show(const struct round *round); /* tells of the state where that is news */

/* credential.c */
/* The round's login, its own or a shared one; none where its credentials are static. False without
 * memory. */
bool login_join(struct round *round) MUST_CHECK;
void login_leave(struct round *round);
void login_release(struct login *login); /* one user less; without any it goes */
void login_free(struct login *login);
struct span login_configured(const struct login *login); /* the operator's refresh token; nothing */
void login_redact(const struct round *round, char *text); /* secrets, and the tokens at hand */

/* login.c */
bool login_is_ready(struct round *round); /* a token is at hand, or none is needed */
void login_need(struct round *round); /* renews; scopes in SCOPE_TOKEN are told when it is there */
/* Another token than the one of that number is there by now. */
bool login_is_renewed(const struct round *round, unsigned number);
void login_void(struct round *round); /* the token at hand was refused */
struct span login_token(const struct round *round);
unsigned login_number(const struct round *round); /* of that token */
/* A request or a job is under way, or a token is not durable yet: the round does not end before. */
bool login_is_busy(const struct round *round);
bool login_is_under_way(const struct login *login);
void login_response(struct login *login, struct response *response);
void login_declined(struct login *login); /* its request was not sent */
void login_job_done(struct login *login, struct job *job);
void login_timer(struct login *login);
void login_stop(struct login *login); /* nobody waits for it any more */

/* bookmark.c */
bool bookmark_later(uint32_t format, struct span a,
    struct span b); /* a is later than b; nothing is earlier than anything */
/* The lower bound of the next incremental run: the bookmark less look-back, floored to the unit, in
 * the declared format. False where it cannot be taken back (an opaque word): the bookmark itself is
 * used. */
struct span bookmark_bound(const struct muster_incremental *declared, struct span bookmark,
    int64_t look_back_ms, struct arena *arena);
/* What the bookmark's bound would ask for begins before what the API keeps. */
bool bookmark_is_too_old(const struct muster_incremental *declared, struct span bookmark,
    int64_t look_back_ms, int64_t wall_ms);
bool bookmark_is_time(uint32_t format); /* it can be compared with a clock */
/* A time not after `wall_ms`, at which the run began: what changed after that may have changed
 * behind the reader's back, on a page or in a scope that had been read. Counters and opaque words
 * stay as they are. */
struct span bookmark_cap(
    uint32_t format, struct span bookmark, int64_t wall_ms, struct arena *arena);

#endif
