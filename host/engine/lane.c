/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes: who may send, and when. A lane is shared by every round with the same origin and
 * credential, and outlives them, because the server's budget does.
 *
 * The next to send is of the connection, and in that of the stream, with the fewest requests under
 * way; of several, the one whose last turn is longest ago. So a stream with thousands of scopes
 * delays another one's page by the requests of the streams that wait, one each, and no further. And
 * the last place is kept for a stream that is between two pages, or it would wait for one of the
 * many to come back before each of its own. */
#include <assert.h>
#include <string.h>
#include "base/memory.h"
#include "machine.h"

static char *lane_key(const struct connection *connection)
{
    struct fault fault;
    struct bytes key = {.limit = 4096};
    if (bytes_format(&key, &fault, "%s %s", connection->source->origin, connection->credential))
        return key.data;
    bytes_free(&key);
    return NULL;
}

static struct lane *find_or_create(struct engine *engine, const struct connection *connection)
{
    char *key = lane_key(connection);
    if (!key)
        return NULL;
    for (struct lane *lane = engine->lanes; lane; lane = lane->next)
        if (strcmp(lane->key, key) == 0) {
            memory_free(key);
            return lane;
        }
    struct lane *lane = memory_allocate(sizeof *lane);
    if (!lane || !engine_reserve(engine, PLACES_LANE)) {
        memory_free(lane);
        memory_free(key);
        return NULL;
    }
    lane->key = key;
    lane->held_since_ms = -1;
    TAILQ_INIT(&lane->waiting);
    throttle_init(&lane->throttle, engine->now_ms);
    lane->next = engine->lanes;
    engine->lanes = lane;
    return lane;
}

bool lane_join(struct round *round)
{
    struct engine *engine = round->engine;
    const struct source *source = round->connection->source;
    TAILQ_INIT(&round->waiting);
    round->began_ms = engine->now_ms;
    round->lane = find_or_create(engine, round->connection);
    if (round->lane)
        round->lane->rounds++;
    round->circuit = circuit_join(engine, &engine->circuits, source->name);
    round->origin = circuit_join(engine, &engine->origins, source->origin);
    if (!round->lane || !round->circuit || !round->origin)
        return false;
    circuit_show(round);
    return true;
}

/* Drops the lanes nobody uses once there are too many: their throttle then starts afresh, which is
 * slow, not wrong. */
static void drop_idle(struct engine *engine)
{
    size_t count = 0;
    for (struct lane **at = &engine->lanes; *at;) {
        struct lane *lane = *at;
        if (++count > ENGINE_LANES_MAX && lane->rounds == 0) {
            *at = lane->next;
            if (lane->timer) {
                engine_timer_drop(engine, lane->timer);
                engine_ticket_drop(engine, lane->timer);
            }
            engine_release(engine, PLACES_LANE);
            memory_free(lane->key);
            memory_free(lane);
        } else {
            at = &lane->next;
        }
    }
}

void lane_leave(struct round *round)
{
    struct engine *engine = round->engine;
    if (round->lane)
        TAKE(round->lane)->rounds--;
    circuit_leave(&engine->circuits, TAKE(round->circuit));
    circuit_leave(&engine->origins, TAKE(round->origin));
    drop_idle(engine);
}

/* ------------------------------------------------------------------ turns --------------------- */

void lane_queue(struct scope *scope)
{
    struct run *run = scope->run;
    struct round *round = run->round;
    if (TAILQ_EMPTY(&round->waiting))
        TAILQ_INSERT_TAIL(&round->lane->waiting, round, queued);
    if (TAILQ_EMPTY(&run->waiting))
        TAILQ_INSERT_TAIL(&round->waiting, run, queued);
    TAILQ_INSERT_TAIL(&run->waiting, scope, queued);
    lane_pump(round->engine, round->lane);
}

void lane_remove(struct scope *scope)
{
    struct run *run = scope->run;
    struct round *round = run->round;
    TAILQ_REMOVE(&run->waiting, scope, queued);
    if (TAILQ_EMPTY(&run->waiting))
        TAILQ_REMOVE(&round->waiting, run, queued);
    if (TAILQ_EMPTY(&round->waiting))
        TAILQ_REMOVE(&round->lane->waiting, round, queued);
}

static void take_turn(struct scope *scope)
{
    struct run *run = scope->run;
    struct round *round = run->round;
    lane_remove(scope);
    run->turned = round->turned = ++round->lane->turns;
    run->asking++;
    round->asking++;
}

/* While the queues are half empty anybody may send; then each round has an even share of their
 * memory. One page it may always hold, or it could never go on. */
static bool has_room(const struct engine *engine, const struct round *round)
{
    size_t most = (size_t)round_policy(round)->queue_bytes_most;
    assert(engine->round_count > 0 && "a round waits that is over");
    size_t share = most / engine->round_count;
    return round->held_bytes == 0 || engine->held_bytes < most / 2 || round->held_bytes < share;
}

static struct scope *next_scope(const struct engine *engine, const struct lane *lane)
{
    struct round *best = NULL;
    struct run *stream = NULL;
    for (struct round *at = TAILQ_FIRST(&lane->waiting); at; at = TAILQ_NEXT(at, queued))
        if ((!best || at->asking < best->asking ||
                (at->asking == best->asking && at->turned < best->turned)) &&
            has_room(engine, at))
            best = at;
    if (!best)
        return NULL;
    for (struct run *at = TAILQ_FIRST(&best->waiting); at; at = TAILQ_NEXT(at, queued))
        if (!stream || at->asking < stream->asking ||
            (at->asking == stream->asking && at->turned < stream->turned))
            stream = at;
    return TAILQ_FIRST(&stream->waiting);
}

#define RESERVE_FROM 3 /* requests under way, from which on a stream leaves the last place */

static bool is_reserved(const struct engine *engine, const struct lane *lane, const struct run *run)
{
    if (run->asking < RESERVE_FROM || throttle_slots(&lane->throttle) != 1)
        return false;
    for (const struct round *round = engine->rounds; round; round = round->next)
        for (size_t i = 0; round->lane == lane && i < round->run_count; i++) {
            const struct run *other = &round->runs[i];
            if (other != run && other->scope_count > 0 && other->asking == 0 &&
                TAILQ_EMPTY(&other->waiting))
                return true;
        }
    return false;
}

/* ------------------------------------------------------------------ waits --------------------- */

static void wait_until(struct engine *engine, struct scope *scope, int64_t wait_ms)
{
    struct lane *lane = scope->run->round->lane;
    if (wait_ms == INT64_MAX) /* until an answer arrives: lane_answered pumps */
        return;
    lane->held_since_ms = engine->now_ms;
    if (lane->timer == 0) {
        lane->timer = engine_ticket(engine, TICKET_LANE_WAIT, lane);
        engine_note(engine, NOTE_WAIT, scope->run->round, scope->run)->number = wait_ms;
    }
    engine_timer_set(engine, lane->timer, engine->now_ms + wait_ms);
}

/* What was waited for the rate since the lane was looked at last; the next to send bears it. */
static void count_wait(struct engine *engine, struct lane *lane, struct scope *scope)
{
    int64_t waited_ms = lane->held_since_ms < 0 ? 0 : engine->now_ms - lane->held_since_ms;
    lane->held_since_ms = -1;
    if (!scope || waited_ms == 0)
        return;
    scope->run->summary.throttled_ms += waited_ms;
    engine_note(engine, NOTE_WAITED, scope->run->round, scope->run)->number = waited_ms;
}

void lane_pump(struct engine *engine, struct lane *lane)
{
    struct scope *scope;
    while ((scope = next_scope(engine, lane))) {
        struct round *round = scope->run->round;
        const struct policy_settings *policy = round_policy(round);
        int64_t broken_ms = circuit_wait_ms(round);
        if (broken_ms > 0) {
            lane_remove(scope);
            scope_unavailable(scope, broken_ms);
            continue;
        }
        count_wait(engine, lane, scope);
        if (is_reserved(engine, lane, scope->run)) /* the next answer pumps */
            return;
        int64_t wait_ms = throttle_wait_ms(&lane->throttle, policy, engine->now_ms);
        if (wait_ms > 0) {
            wait_until(engine, scope, wait_ms);
            return;
        }
        take_turn(scope);
        throttle_sent(&lane->throttle, policy, engine->now_ms);
        circuit_sent(round);
        scope_send(scope);
    }
    count_wait(engine, lane, NULL);
}

/* ------------------------------------------------------------------ answers ------------------- */

static void tell_throttle(
    struct scope *scope, enum outcome outcome, const struct response *response)
{
    struct round *round = scope->run->round;
    const struct policy_settings *policy = round_policy(round);
    struct rate_reading reading;
    dialect_read(&response->headers, round->engine->wall_ms, policy->retry_after_most_ms, &reading);
    throttle_answered(&round->lane->throttle, policy, outcome, &reading, scope->asked->sent_ms,
        round->engine->now_ms);
}

void lane_answered(struct scope *scope, enum outcome outcome, const struct response *response)
{
    scope->run->asking--;
    scope->run->round->asking--;
    tell_throttle(scope, outcome, response);
    circuit_answered(scope->run->round, outcome, response->exchange);
}

void lane_refused(struct scope *scope, const struct response *response)
{
    const struct round *round = scope->run->round;
    throttle_sent(&round->lane->throttle, round_policy(round), round->engine->now_ms);
    tell_throttle(scope, OUTCOME_THROTTLED, response);
}
