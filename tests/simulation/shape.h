/* SPDX-License-Identifier: Apache-2.0 */
/* How one simulated application is made: how each of its listings pages and ends, what it says of
 * totals, how it is logged in to, what it lets pass. From it come the declaration that the host
 * reads and the answers that the application gives. */
#ifndef MUSTER_TESTS_SHAPE_H
#define MUSTER_TESTS_SHAPE_H

#include "base/bytes.h"
#include "base/random.h"
#include "muster/connector.h"

enum cursor_form {
    CURSOR_SEEK,     /* goes on after the last object given, in what there is now */
    CURSOR_SNAPSHOT, /* goes on in what there was when the listing began */
    CURSOR_OFFSET,   /* an offset in disguise */
    CURSOR_FORMS
};

enum total_form {
    TOTAL_EXACT,
    TOTAL_HEADER,     /* exact, in a header */
    TOTAL_FIRST_PAGE, /* exact, on the first page only */
    TOTAL_VAGUE,      /* not declared as exact */
    TOTAL_NONE,
    TOTAL_FORMS
};

enum sort_order { SORT_OLDEST_FIRST, SORT_NEWEST_FIRST, SORT_BY_NAME, SORT_ORDERS };

/* A row of the table in shape.c: one kind of paging with one of its ends. */
struct paging_row {
    const char *name;
    const char *text; /* of the declaration, less size and total */
    enum muster_paging_kind kind;
    enum muster_end end;
    bool in_body; /* LINK: the URL is in the body */
};

struct listing_shape {
    const struct paging_row *paging;
    enum cursor_form cursor;
    enum total_form total;
    enum sort_order order;
    enum muster_stability stability; /* as declared, which may be a lie */
    int size;
};

enum listing_name { LISTING_USERS, LISTING_GROUPS, LISTING_MEMBERS, LISTING_KEYS, LISTING_COUNT };

/* What it states of its budget, and in which words. */
enum rate_dialect { RATE_SILENT, RATE_DELTA, RATE_EPOCH, RATE_IETF, RATE_DIALECTS };

enum login_form {
    LOGIN_OPEN,
    LOGIN_CLIENT, /* OAuth client credentials */
    LOGIN_REFRESH /* OAuth refresh tokens, which rotate with each use */
};

struct shape {
    struct listing_shape listings[LISTING_COUNT];
    enum login_form login;
    int64_t token_life_ms;
    bool envelope;          /* errors inside 200 bodies are declared */
    bool joined;            /* users and groups say when they joined their listing */
    bool incarnations;      /* the created time is part of the key */
    bool stamps_in_seconds; /* the incremental field's format */
    bool exclusive;         /* it gives what is strictly above the bound */
    bool tombstones;        /* its changes name what is gone */
    int64_t look_back_ms;
    int64_t rate_limit, rate_window_ms; /* requests in each window; 0: as many as one likes */
    enum rate_dialect dialect;
};

const struct paging_row *paging_row_at(size_t index); /* NULL beyond the last */
void shape_draw(struct shape *shape, struct random *random);
/* Whether its declaration says that nothing can slip through between two of its pages, and
 * something can: the one lie for which the host may be wrong. */
bool listing_lies(const struct listing_shape *shape);
bool listing_has_witness(const struct listing_shape *shape); /* it states an exact total */
/* The connector's canonical declaration (JSON). */
void shape_declare(const struct shape *shape, struct bytes *ret_text);
const char *listing_name(enum listing_name name);

#endif
