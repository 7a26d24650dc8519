/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes: who may send, and when. A lane is shared by every round with the same origin and
 * credential, and outlives them, because the server's budget does. */
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

struct lane *lane_join(struct engine *engine, const struct connection *connection)
{
    char *key = lane_key(connection);
    if (!key)
        return NULL;
    for (struct lane *lane = engine->lanes; lane; lane = lane->next)
        if (strcmp(lane->key, key) == 0) {
            memory_free(key);
            lane->rounds++;
            return lane;
        }
    struct lane *lane = memory_allocate(sizeof *lane);
    if (!lane || !engine_reserve(engine, PLACES_LANE)) {
        memory_free(lane);
        memory_free(key);
        return NULL;
    }
    lane->key = key;
    lane->rounds = 1;
    throttle_init(&lane->throttle, engine->now_ms);
    lane->next = engine->lanes;
    engine->lanes = lane;
    return lane;
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

void lane_leave(struct engine *engine, struct lane *lane)
{
    if (!lane)
        return;
    lane->rounds--;
    drop_idle(engine);
}

void lane_queue(struct engine *engine, struct lane *lane, struct scope *scope)
{
    scope->queued_next = NULL;
    if (lane->last)
        lane->last->queued_next = scope;
    else
        lane->first = scope;
    lane->last = scope;
    lane_pump(engine, lane);
}

void lane_remove(struct lane *lane, struct scope *scope)
{
    struct scope *before = NULL;
    for (struct scope *at = lane->first; at; before = at, at = at->queued_next) {
        if (at != scope)
            continue;
        if (before)
            before->queued_next = at->queued_next;
        else
            lane->first = at->queued_next;
        if (lane->last == at)
            lane->last = before;
        at->queued_next = NULL;
        return;
    }
}

/* While the queues are half empty anybody may send; then each round has an even share of their
 * memory. One page it may always hold, or it could never go on. */
static bool has_room(const struct engine *engine, const struct round *round)
{
    size_t most = (size_t)round_policy(round)->queue_bytes_most;
    size_t share = most / (engine->round_count ? engine->round_count : 1);
    return round->held_bytes == 0 || engine->held_bytes < most / 2 || round->held_bytes < share;
}

static struct scope *first_with_room(const struct engine *engine, const struct lane *lane)
{
    for (struct scope *scope = lane->first; scope; scope = scope->queued_next)
        if (has_room(engine, scope->run->round))
            return scope;
    return NULL;
}

static void wait_until(
    struct engine *engine, struct lane *lane, const struct scope *scope, int64_t wait_ms)
{
    if (wait_ms == INT64_MAX) /* until an answer arrives: lane_answered pumps */
        return;
    if (lane->timer == 0) {
        lane->timer = engine_ticket(engine, TICKET_LANE_WAIT, lane);
        struct note *note = engine_note(engine, NOTE_WAIT, scope->run->round, scope->run);
        note->number = wait_ms;
        scope->run->summary.throttled_ms += wait_ms;
    }
    if (lane->timer)
        engine_timer_set(engine, lane->timer, engine->now_ms + wait_ms);
}

void lane_pump(struct engine *engine, struct lane *lane)
{
    struct scope *scope;
    while ((scope = first_with_room(engine, lane))) {
        const struct policy_settings *policy = round_policy(scope->run->round);
        int64_t broken_ms = breaker_wait_ms(&lane->breaker, engine->now_ms);
        int64_t wait_ms = throttle_wait_ms(&lane->throttle, policy, engine->now_ms);
        if (broken_ms > wait_ms)
            wait_ms = broken_ms;
        if (wait_ms > 0) {
            wait_until(engine, lane, scope, wait_ms);
            return;
        }
        lane_remove(lane, scope);
        throttle_sent(&lane->throttle, policy, engine->now_ms);
        breaker_sent(&lane->breaker);
        scope_send(scope);
    }
}

void lane_answered(struct engine *engine, struct lane *lane, const struct policy_settings *policy,
    enum outcome outcome, const struct response *response)
{
    struct rate_reading reading;
    dialect_read(&response->headers, engine->wall_ms, policy->retry_after_most_ms, &reading);
    throttle_answered(&lane->throttle, policy, outcome, &reading, engine->now_ms);
    if (response->exchange != EXCHANGE_CANCELLED)
        breaker_result(&lane->breaker, policy,
            response->exchange == EXCHANGE_CONNECT || response->exchange == EXCHANGE_RESOLVE,
            engine->now_ms);
}

void lane_refused(struct engine *engine, struct lane *lane, const struct policy_settings *policy,
    const struct response *response)
{
    throttle_sent(&lane->throttle, policy, engine->now_ms);
    lane_answered(engine, lane, policy, OUTCOME_THROTTLED, response);
}
