/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated application: what is true, and how it answers requests for it. Everything follows
 * from its seed. */
#ifndef MUSTER_TESTS_APPLICATION_H
#define MUSTER_TESTS_APPLICATION_H

#include "base/http.h"
#include "base/random.h"
#include "request/request.h"

#define APPLICATION_OBJECTS_MAX 512

/* How the listing of users pages; the declaration of each is in declaration.h. */
enum style {
    STYLE_NUMBER,
    STYLE_OFFSET,
    STYLE_CURSOR,
    STYLE_LINK,
    STYLE_NEXT_URL,
    STYLE_KEYSET,
    STYLE_SCIM,
    STYLE_COUNT
};

struct object {
    int64_t number; /* the id is made of it; rises with creation */
    int version;
    bool live;
    bool touched; /* changed while a round was under way: either answer is true */
};

/* How often what goes wrong, in thousandths of requests. All zero: a perfect world. */
struct fault_rates {
    int refused, reset, cut, status_500, throttled, html, empty, slow;
    int no_body, wrong_type, expired, other_host, doubled, no_id;
};

/* What was injected, by its number in the fault catalogue. */
#define FAULT_NUMBERS 160

struct application {
    struct random random;
    enum style style;
    struct object users[APPLICATION_OBJECTS_MAX];
    size_t user_count;
    struct object groups[APPLICATION_OBJECTS_MAX];
    size_t group_count;
    struct fault_rates rates;
    bool healthy;            /* faults are over: liveness is due */
    bool lying_total;        /* the total is one too high: nothing may be called proven */
    int64_t refuse_login_at; /* the request with this number is answered 401; 0: none, -1: all */
    int64_t forbidden_group; /* whose members are nobody's business (403); 0: none */
    int moving;     /* in thousandths of requests: -: a user goes, +: one comes, mid-round */
    bool anonymous; /* items without an id were given in this round */
    int64_t injected[FAULT_NUMBERS];
    int64_t requests;
};

void application_init(
    struct application *application, uint64_t seed, enum style style, size_t users, size_t groups);
size_t application_live(const struct object *objects, size_t count);
/* Whether user u is a member of group g: a fixed rule, so that nothing needs to be kept. */
bool application_is_member(const struct object *group, const struct object *user);
/* The answer, and how long it takes. The response is the caller's. */
struct response *application_answer(
    struct application *application, const struct request *request, int64_t *ret_latency_ms);
/* The canonical declaration (JSON) of a connector for that style. */
const char *application_declaration(enum style style);

#endif
