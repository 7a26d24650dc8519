/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated application: answers requests from its truth, in its shape, with its faults.
 * Everything follows from its seed and from the virtual time of the requests. */
#ifndef MUSTER_TESTS_APPLICATION_H
#define MUSTER_TESTS_APPLICATION_H

#include "base/http.h"
#include "faults.h"
#include "request/request.h"
#include "shape.h"
#include "truth.h"

#define APPLICATION_WALL_START_MS INT64_C(1767225600000) /* 2026-01-01 */

/* How a page's way on is told; all but NEXT_TRUE are lies. */
enum next_trick {
    NEXT_TRUE,
    NEXT_SELF,      /* 61 */
    NEXT_FIRST,     /* 62 */
    NEXT_LOST,      /* 64 */
    NEXT_ELSEWHERE, /* 74 */
    NEXT_ANEW,      /* the same position by another name: 63, 75, 80 */
    NEXT_NONE       /* 81 */
};

struct entry { /* of a listing */
    struct object *object;
    const struct version *version; /* NULL: a tombstone */
    int64_t stamp_ms, sort;
};

#define NO_ENTRY SIZE_MAX

/* One page before it is written; faults change it. */
struct page_plan {
    enum listing_name name;
    const struct listing_shape *shape;
    struct entry entries[TRUTH_OBJECTS_MAX];
    size_t entry_count; /* of the whole listing, as it is visible */
    size_t from, count; /* what this page gives of it */
    int64_t total;
    bool first_page, doubled, shuffled, bloated, unknown_word;
    enum next_trick trick;
    size_t damaged;   /* the entry whose item is damaged; NO_ENTRY */
    int damage;       /* by which fault */
    int64_t taken_ms; /* the moment it is visible as of */
};

struct visit {
    struct application *application;
    const struct request *request;
    int64_t now_ms, latency_ms;
    struct response *response;
    struct page_plan page;
    int64_t group;        /* of a members' listing */
    size_t damaged_items; /* that the answer really holds */
    bool token;           /* it is for the token endpoint */
    bool limited;         /* the application's own limit answered */
};

/* Of the totals of one listing, in one round: those that were told, and those that were true at
 * some moment of it. A bit for each number. */
struct totals_told {
    uint64_t said[2], held[2];
};

#define TOTALS_MAX   128
#define LISTINGS_MAX (LISTING_COUNT + TRUTH_GROUPS_MAX) /* each group's members are one */

struct application {
    struct random random;
    struct shape shape;
    struct truth truth;
    struct faults faults;
    int64_t skew_ms; /* of its clock (88) */
    int64_t lag_ms;  /* how far its replicas are behind */
    int64_t lag_most_ms;
    int64_t total_late_ms; /* how far its totals are */
    bool lies; /* its totals were wrong in this round (68, 69, 77): nothing holds it to them */
    struct totals_told totals[LISTINGS_MAX];
    bool cut_short[LISTING_COUNT];    /* a late total ended it too early, in this round; */
    bool has_gaps[LISTING_COUNT];     /* or before, and it was not read in full since */
    int64_t hidden_ms[LISTING_COUNT]; /* when it last hid objects and lied about it (77); -1 */
    int64_t deletions_seen, insertions_seen; /* in what was visible, while it was read */
    int64_t requests, token_requests;
    int64_t window_ms, in_window;
    int64_t over_limit; /* most requests above its limit in a window, of those sent knowingly */
    bool heard;         /* the host, as it runs, has had an answer that states the budget; */
    int64_t unheard;    /* how many requests it has sent since the last of those */
    int64_t others;     /* requests of others in the window (89) */
    int64_t token_number, token_expires_ms;
    int64_t refresh_number;  /* of the one refresh token that is good */
    int64_t signed_in;       /* the number of the one that the operator was given */
    int64_t stale_refreshes; /* uses of one that had been used before */
    size_t tokens_under_way, tokens_under_way_most;
};

void application_init(struct application *application, uint64_t seed, int64_t now_ms);
/* The answer, and how long it takes. The response is the caller's. *ret_damaged: how many of its
 * items nobody can map. */
struct response *application_answer(struct application *application, const struct request *request,
    int64_t now_ms, int64_t *ret_latency_ms, size_t *ret_damaged);
/* The host has received that answer. A new process has heard nothing. */
void application_heard(struct application *application, const struct response *response);
void application_forgotten(struct application *application);
/* Another round begins. read_in_full: those listings that were, in the one before. */
void application_round(struct application *application, const bool read_in_full[LISTING_COUNT]);
/* Totals were told of that listing, or of the members of one group that was there all the time, and
 * none of them was right. */
bool application_lied(
    const struct application *application, enum listing_name name, int64_t from_ms, int64_t to_ms);
/* What an exchange needs from the application's files. */
void answer_set(struct response *response, int status, const char *type, const char *text);
void answer_header(struct response *response, const char *name, const char *value);
bool visit_is_listing(const struct visit *on);
void application_must(bool done);

/* listing.c */
bool listing_plan(struct visit *on);
void listing_write(struct visit *on);

#endif
