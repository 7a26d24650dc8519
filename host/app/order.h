/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders to run connections now, beside the schedule (control.h). The rule: what an order brings
 * was read after it was given. So a connection whose round is under way ends that round first and
 * then begins another, and orders that wait for the same connection share that one, which is full
 * where one of them asks for it. All on the I/O thread.
 */
#ifndef MUSTER_APP_ORDER_H
#define MUSTER_APP_ORDER_H

#include "generation.h"
#include "host.h"
#include "message.h"
#include "schedule.h"

struct order;

/* Those that are not done. */
struct orders {
    struct order *first;
    bool stirred; /* something may have become startable */
    bool stopping;
};

/* Answers are appended to `out`, which must outlive the order; its limit bounds what waits there.
 * FAULT_NOT_FOUND lists names that the generation does not have. Nothing starts before
 * orders_start. */
bool order_create(struct orders *orders, const struct control_request *request,
    const struct generation *generation, struct bytes *out, struct order **ret_order,
    struct fault *fault) MUST_CHECK;
/* Rounds that were begun for it go on. NULL is fine. */
void order_free(struct orders *orders, struct order *order);
/* All its rounds are over, or given up because the host stops: how it ended. */
bool order_is_done(const struct order *order, struct answer *ret_answer);
/* Its `out` did not take an answer: whoever reads there is too slow. */
bool order_has_overflown(const struct order *order);
/* Appends how far it is, where that is news; the time from which on it may be asked again
 * (INT64_MAX: no news). */
int64_t order_progress(struct order *order, int64_t now_ms);

/* Begins rounds that can begin, at most ORDERS_STARTS_MAX; the rest follows in the next call, which
 * is asked for with host_wake. Not to be called from a hook of the host other than `tick`. */
#define ORDERS_STARTS_MAX 64u
void orders_start(struct orders *orders, struct schedule *schedule,
    const struct generation *generation, struct host *host);
void orders_note(struct orders *orders, const struct note *note);
void orders_round_done(struct orders *orders, const struct effect *effect);
/* The host stops: rounds that have not begun never will. */
void orders_stop(struct orders *orders);

#endif
