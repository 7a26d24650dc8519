/* SPDX-License-Identifier: Apache-2.0 */
/* When each connection is due: every `every` after its last round began, later while it is
 * quarantined. Pure; the time is a parameter. */
#ifndef MUSTER_APP_SCHEDULE_H
#define MUSTER_APP_SCHEDULE_H

#include "engine/engine.h"
#include "generation.h"
#include "policy/breaker.h"

struct appointment {
    const char *name;              /* the generation entry's */
    struct connection *connection; /* borrowed from the generation; NULL: cannot run */
    int64_t every_ms;              /* 0: only by hand */
    int64_t due_ms;                /* monotonic; INT64_MAX: never by itself */
    bool under_way;
    struct quarantine quarantine;
};

struct schedule {
    struct appointment *list;
    size_t count;
    struct random random;
};

/* Takes over what the appointments of the same names have, quarantine aside where a connection is
 * another now: what was wrong may be right; new ones are due at once, spread over at
 * most SCHEDULE_SPREAD_MS so that a restart with many connections is no stampede. */
#define SCHEDULE_SPREAD_MS 2000
bool schedule_build(struct schedule *schedule, const struct generation *generation, int64_t now_ms,
    struct fault *fault) MUST_CHECK;
void schedule_free(struct schedule *schedule);
/* One that is due now, or NULL; marks it as under way. */
struct appointment *schedule_take_due(struct schedule *schedule, int64_t now_ms);
/* The one of that name, or NULL. `hint`: where it was found last, kept for the next time; the same
 * place as its generation entry's. */
struct appointment *schedule_find(struct schedule *schedule, const char *name, size_t *hint);
/* Asked for by hand: marks it as under way, whatever the time and the quarantine say. */
void schedule_take(struct appointment *at, int64_t now_ms);
int64_t schedule_next_ms(const struct schedule *schedule); /* INT64_MAX: none */
/* The appointment of the round that is over, or NULL. One that was interrupted says nothing. A
 * connection whose login was refused is quarantined at once, and for the longest time: until then
 * only a changed configuration or somebody's order has it tried again. */
const struct appointment *schedule_round_done(
    struct schedule *schedule, const struct effect *effect, int64_t now_ms);
/* What the store tells of rounds before this host's start: so many failed in a row, the last
 * `ago_ms` ago. */
const struct appointment *schedule_restore(
    struct schedule *schedule, const char *name, uint32_t failures, int64_t ago_ms, int64_t now_ms);
/* It is tried less often than its `every` because it keeps failing. */
bool schedule_is_quarantined(const struct appointment *at);

#endif
