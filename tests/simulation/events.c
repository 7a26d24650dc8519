/* SPDX-License-Identifier: Apache-2.0 */
/* What is under way in the simulated world, by time, then by order of arrival. */
#include <stdlib.h>
#include "base/memory.h"
#include "record/digest.h"
#include "world.h"

/* At one moment timers come first, then the writer: both are shared, and by whom they were set in
 * motion must not move what else happens then. */
static int rank(enum what what)
{
    return what == WHAT_TIMER ? 0 : what == WHAT_WRITER ? 1 : 2;
}

static bool is_before(const struct world_event *event, enum what what, int64_t at_ms)
{
    return event->at_ms < at_ms || (event->at_ms == at_ms && rank(event->what) <= rank(what));
}

struct world_event *events_add(struct world *world, enum what what, int64_t at_ms)
{
    struct world_event *event = world->spare, **at = &world->events;
    if (event)
        world->spare = event->next;
    else
        event = malloc(sizeof *event);
    if (!event)
        abort();
    *event = (struct world_event){.what = what, .at_ms = at_ms, .order = ++world->order};
    while (*at && is_before(*at, what, at_ms))
        at = &(*at)->next;
    event->next = *at;
    *at = event;
    return event;
}

struct world_event *events_take(struct world *world)
{
    struct world_event *event = world->events;
    if (event)
        world->events = event->next;
    return event;
}

void events_done(struct world *world, struct world_event *event)
{
    event->next = world->spare;
    world->spare = event;
}

static void drop(struct world_event *event)
{
    response_free(event->response);
    if (event->what == WHAT_DIGESTED)
        digest_free(event->digest);
    if (!event->job)
        return;
    if (event->job->kind == JOB_COMMIT)
        digest_free(event->job->commit.batch->digest);
    arena_free(event->job->arena);
}

void events_clear(struct world *world)
{
    struct world_event *event;
    while ((event = events_take(world))) {
        drop(event);
        events_done(world, event);
    }
}
