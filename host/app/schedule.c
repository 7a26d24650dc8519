/* SPDX-License-Identifier: Apache-2.0 */
/* Appointments: a short list, searched in order; ten thousand connections are a few microseconds.
 */
#include "schedule.h"

#include <string.h>
#include "base/memory.h"

static struct appointment *find(const struct schedule *schedule, const char *name)
{
    for (size_t i = 0; i < schedule->count; i++)
        if (strcmp(schedule->list[i].name, name) == 0)
            return &schedule->list[i];
    return NULL;
}

bool schedule_build(struct schedule *schedule, const struct generation *generation, int64_t now_ms,
    struct fault *fault)
{
    struct appointment *list = memory_allocate_array(generation->count, sizeof *list);
    if (!list)
        return fault_memory(fault);
    for (size_t i = 0; i < generation->count; i++) {
        const struct generation_entry *entry = &generation->entries[i];
        const struct appointment *old = find(schedule, entry->name);
        struct appointment *fresh = &list[i];
        int64_t every_ms = entry->connection ? entry->connection->source->settings->every_ms : 0;
        /* What a new configuration mends is tried at once. */
        bool mended = old && old->quarantine.until_ms != 0 && old->connection != entry->connection;
        if (old)
            *fresh = *old;
        if (mended)
            fresh->quarantine = (struct quarantine){0};
        fresh->name = entry->name;
        fresh->connection = entry->connection;
        if (!old)
            fresh->due_ms = now_ms + (int64_t)random_below(&schedule->random, SCHEDULE_SPREAD_MS);
        else if (every_ms != old->every_ms || !old->connection || mended)
            fresh->due_ms = now_ms;
        fresh->every_ms = every_ms;
        if (every_ms == 0)
            fresh->due_ms = INT64_MAX;
    }
    memory_free(schedule->list);
    schedule->list = list;
    schedule->count = generation->count;
    return true;
}

void schedule_free(struct schedule *schedule)
{
    memory_free(schedule->list);
    schedule->list = NULL;
    schedule->count = 0;
}

struct appointment *schedule_take_due(struct schedule *schedule, int64_t now_ms)
{
    for (size_t i = 0; i < schedule->count; i++) {
        struct appointment *at = &schedule->list[i];
        if (at->under_way || !at->connection || at->due_ms > now_ms)
            continue;
        at->under_way = true;
        at->due_ms = now_ms + at->every_ms;
        return at;
    }
    return NULL;
}

struct appointment *schedule_find(struct schedule *schedule, const char *name, size_t *hint)
{
    if (*hint < schedule->count && strcmp(schedule->list[*hint].name, name) == 0)
        return &schedule->list[*hint];
    struct appointment *at = find(schedule, name);
    if (at)
        *hint = (size_t)(at - schedule->list);
    return at;
}

void schedule_take(struct appointment *at, int64_t now_ms)
{
    at->under_way = true;
    if (at->every_ms)
        at->due_ms = now_ms + at->every_ms;
}

int64_t schedule_next_ms(const struct schedule *schedule)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < schedule->count; i++)
        if (!schedule->list[i].under_way && schedule->list[i].connection &&
            schedule->list[i].due_ms < next_ms)
            next_ms = schedule->list[i].due_ms;
    return next_ms;
}

bool schedule_is_quarantined(const struct appointment *at)
{
    return at->every_ms != 0 && at->quarantine.until_ms != 0;
}

static void respect_quarantine(struct appointment *at)
{
    if (schedule_is_quarantined(at) && at->quarantine.until_ms > at->due_ms)
        at->due_ms = at->quarantine.until_ms;
}

const struct appointment *schedule_round_done(
    struct schedule *schedule, const struct effect *effect, int64_t now_ms)
{
    struct appointment *at = find(schedule, effect->round.connection);
    if (!at)
        return NULL;
    at->under_way = false;
    if (!at->connection || effect->round.interrupted)
        return at;
    const struct policy_settings *policy = &at->connection->source->policy;
    if (effect->round.denied)
        quarantine_at_once(&at->quarantine, policy, now_ms);
    else
        quarantine_result(&at->quarantine, policy, effect->round.failed, now_ms, &schedule->random);
    respect_quarantine(at);
    return at;
}

const struct appointment *schedule_restore(
    struct schedule *schedule, const char *name, uint32_t failures, int64_t ago_ms, int64_t now_ms)
{
    struct appointment *at = find(schedule, name);
    if (!at || !at->connection)
        return NULL;
    at->quarantine = quarantine_restored(&at->connection->source->policy, failures, ago_ms, now_ms);
    respect_quarantine(at);
    return at;
}
