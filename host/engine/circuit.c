/* SPDX-License-Identifier: Apache-2.0 */
/* What outlasts rounds: a breaker for each connection and one for each origin, which connections
 * share. lane.c asks them before it sends and tells them what came of it. */
#include <string.h>
#include "base/memory.h"
#include "machine.h"

struct circuit *circuit_join(struct engine *engine, struct circuit **list, const char *name)
{
    for (struct circuit *circuit = *list; circuit; circuit = circuit->next)
        if (strcmp(circuit->name, name) == 0) {
            circuit->rounds++;
            return circuit;
        }
    struct circuit *circuit = memory_allocate(sizeof *circuit);
    char *copy = circuit ? memory_copy_text(name) : NULL;
    if (!copy) {
        memory_free(circuit);
        return NULL;
    }
    circuit->name = copy;
    circuit->rounds = 1;
    circuit->shown = -1;
    retry_budget_init(&circuit->budget, engine->now_ms);
    circuit->next = *list;
    *list = circuit;
    return circuit;
}

/* Drops those nobody uses once there are too many: they then start afresh, as closed. */
static void drop_idle(struct circuit **list, size_t most)
{
    size_t count = 0;
    for (struct circuit **at = list; *at;) {
        struct circuit *circuit = *at;
        if (++count > most && circuit->rounds == 0) {
            *at = circuit->next;
            memory_free(circuit->name);
            memory_free(circuit);
        } else {
            at = &circuit->next;
        }
    }
}

void circuit_leave(struct circuit **list, struct circuit *circuit)
{
    if (!circuit)
        return;
    circuit->rounds--;
    drop_idle(list, ENGINE_CIRCUITS_MAX);
}

void circuit_free_all(struct circuit **list)
{
    drop_idle(list, 0);
}

/* ------------------------------------------------------------------ of a round ---------------- */

/* Tells where what a round's connection is under has changed. The state of an origin is that of
 * every connection to it. */
void circuit_show(const struct round *round)
{
    struct circuit *own = round->circuit;
    int state = own->breaker.state > round->origin->breaker.state
                    ? (int)own->breaker.state
                    : (int)round->origin->breaker.state;
    if (state == own->shown)
        return;
    engine_trace_change(round->engine, "breaker", own->shown, state);
    own->shown = state;
    engine_note(round->engine, NOTE_BREAKER, round, NULL)->number = state;
}

/* Tells it of every connection to the origin whose state was another one `before`, else of this. */
static void show_since(const struct round *round, enum breaker_state before)
{
    if (round->origin->breaker.state == before) {
        circuit_show(round);
        return;
    }
    for (const struct round *other = round->engine->rounds; other; other = other->next)
        if (other->origin == round->origin)
            circuit_show(other);
}

int64_t circuit_wait_ms(struct round *round)
{
    int64_t now_ms = round->engine->now_ms;
    enum breaker_state before = round->origin->breaker.state;
    int64_t origin_ms = breaker_wait_ms(&round->origin->breaker, now_ms);
    int64_t own_ms = breaker_wait_ms(&round->circuit->breaker, now_ms);
    show_since(round, before);
    return origin_ms > own_ms ? origin_ms : own_ms;
}

void circuit_sent(struct round *round)
{
    breaker_sent(&round->origin->breaker);
    breaker_sent(&round->circuit->breaker);
}

int64_t circuit_failing_ms(const struct round *round)
{
    const struct breaker *breakers[] = {&round->origin->breaker, &round->circuit->breaker};
    int64_t now_ms = round->engine->now_ms, most_ms = 0;
    for (size_t i = 0; i < sizeof breakers / sizeof breakers[0]; i++) {
        int64_t failing_ms = breaker_failing_ms(breakers[i], now_ms);
        if (breakers[i]->state != BREAKER_CLOSED && failing_ms > most_ms)
            most_ms = failing_ms;
    }
    return most_ms < now_ms - round->began_ms ? most_ms : now_ms - round->began_ms;
}

/* What an exchange tells of the origin: only that it cannot be connected to counts against it. */
enum reach { REACH_UNTOLD, REACHED, NOT_REACHED };
static const enum reach reaches[] = {
    [EXCHANGE_DONE] = REACHED,
    [EXCHANGE_RESOLVE] = NOT_REACHED,
    [EXCHANGE_CONNECT] = NOT_REACHED,
    [EXCHANGE_TLS] = REACHED,
    [EXCHANGE_SEND] = REACHED,
    [EXCHANGE_RECEIVE] = REACHED,
    [EXCHANGE_TIMEOUT] = REACHED, /* of the answer; that of a connection is CONNECT */
    [EXCHANGE_TOO_LARGE] = REACHED,
    [EXCHANGE_PROTOCOL] = REACHED,
    [EXCHANGE_REFUSED] = REACH_UNTOLD,
    [EXCHANGE_LOCAL] = REACH_UNTOLD,
    [EXCHANGE_CANCELLED] = REACH_UNTOLD,
};

void circuit_answered(struct round *round, enum outcome outcome, enum exchange exchange)
{
    const struct policy_settings *policy = round_policy(round);
    int64_t now_ms = round->engine->now_ms;
    enum breaker_state before = round->origin->breaker.state;
    if (reaches[exchange] == REACH_UNTOLD)
        breaker_no_result(&round->origin->breaker);
    else
        breaker_result(&round->origin->breaker, policy, reaches[exchange] == NOT_REACHED, now_ms);
    if (outcome == OUTCOME_LOCAL)
        breaker_no_result(&round->circuit->breaker);
    else
        breaker_result(&round->circuit->breaker, policy, outcome == OUTCOME_TRANSIENT, now_ms);
    show_since(round, before);
}
