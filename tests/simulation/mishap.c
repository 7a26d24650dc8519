/* SPDX-License-Identifier: Apache-2.0 */
/* What hits clock, store and host, at a moment that the seed draws. */
#include <stdlib.h>
#include <string.h>
#include "world.h"

#define HOUR_MS INT64_C(3600000)

static const unsigned places = 1u << PLACE_CLOCK | 1u << PLACE_STORE | 1u << PLACE_HOST;

void mishap_add(struct world *world, int number, int64_t at_act)
{
    const struct fault_row *row = fault_row_numbered(number);
    if (row && world->mishap_count < WORLD_MISHAPS_MAX)
        world->mishaps[world->mishap_count++] = (struct mishap){.row = row, .at_act = at_act};
    if (number == 105)
        world->backup = disk_back_up(world->disk);
}

void mishap_draw(struct world *world, struct random *random, size_t most)
{
    size_t wanted = (size_t)random_below(random, most + 1), rows = 0;
    while (fault_row_at(rows))
        rows++;
    while (world->mishap_count < wanted) {
        const struct fault_row *row = fault_row_at((size_t)random_below(random, rows));
        if (places & 1u << row->place)
            mishap_add(world, row->number, (int64_t)random_below(random, 400));
    }
}

static bool restart(struct world *world, const struct mishap *mishap, enum disk_survival survival)
{
    world->fired[mishap->row->number]++;
    world_restart(world, survival);
    return true;
}

static bool strike_clock(struct world *world, const struct mishap *mishap)
{
    bool coin = random_below(&world->random, 2);
    switch (mishap->row->number) {
    case 92:
        world->wall_offset_ms += HOUR_MS;
        break;
    case 93:
        world->wall_offset_ms -= HOUR_MS;
        break;
    case 94:
        world->strobe = true;
        break;
    case 95: /* 1970-01-01, 2038-01-19 */
        world->wall_offset_ms =
            (coin ? 1000 : INT64_C(2147483648000)) - APPLICATION_WALL_START_MS - world->now_ms;
        break;
    default: /* 96 */
        world->now_ms += 8 * HOUR_MS;
        break;
    }
    world->fired[mishap->row->number]++;
    return false;
}

static const struct {
    int number;
    enum disk_trouble trouble;
    int64_t strikes_most;
    bool ends_process; /* nothing more is written before a restart */
    enum disk_survival survival;
} troubles[] = {
    {97, DISK_BUSY, 300, false, DISK_KEEPS_ALL},
    {98, DISK_FULL, 40, false, DISK_KEEPS_ALL},
    {99, DISK_READ_FAILS, 3, true, DISK_KEEPS_ALL},
    {100, DISK_SYNC_FAILS, 1, true, DISK_LOSES_UNSYNCED},
    {101, DISK_WRITE_FAILS, 1, true, DISK_TEARS_LAST},
    {106, DISK_READ_ONLY, 40, false, DISK_KEEPS_ALL},
};

#define TROUBLES (sizeof troubles / sizeof troubles[0])

static bool strike_store(struct world *world, const struct mishap *mishap)
{
    int number = mishap->row->number;
    for (size_t i = 0; i < TROUBLES; i++)
        if (troubles[i].number == number) {
            disk_plan(world->disk, troubles[i].trouble, (int64_t)random_below(&world->random, 6),
                1 + (int64_t)random_below(&world->random, (uint64_t)troubles[i].strikes_most));
            return false;
        }
    if (number == 102) {
        world->disk->cut_in = (int64_t)random_below(&world->random, 30);
        world->survival = DISK_LOSES_UNSYNCED;
        world->lethal = mishap;
        return false;
    }
    if (number == 104 || number == 105) {
        world->went_back = true;
        (void)memset(world->runs, 0, sizeof world->runs); /* what was told of is no more */
        world->fired[number]++;
        disk_cut(world->disk); /* first the host goes, then its files are changed under it */
        if (number == 104)
            disk_delete_log(world->disk);
        else
            disk_put_back(world->disk, &world->backup);
        world_restart(world, DISK_KEEPS_ALL);
        return true;
    }
    world->flips = true; /* 103: at the end of all */
    return false;
}

static bool strike_host(struct world *world, struct mishap *mishap)
{
    switch (mishap->row->number) {
    case 39:
    case 112:
    case 114:
        world->lethal = mishap;
        return false;
    case 113:
        world->lethal = mishap;
        world->survival = DISK_KEEPS_ALL;
        return false;
    case 116: /* twice: the second one while the first is being recovered from */
        if (world->recovering_until == 0) {
            world->recovering_until = world->acts + 20;
            mishap->struck = false;
            mishap->at_act = world->acts + 1 + (int64_t)random_below(&world->random, 12);
            world_restart(world, DISK_KEEPS_ALL);
            return true;
        }
        return restart(world, mishap, DISK_KEEPS_ALL);
    case 126:
        world->fired[126]++;
        world->stopping = true;
        world_feed(world, &(struct event){.kind = EVENT_STOP});
        return false;
    default: /* 115 */
        return restart(world, mishap, DISK_KEEPS_ALL);
    }
}

bool mishap_strike(struct world *world)
{
    for (size_t i = 0; i < world->mishap_count; i++) {
        struct mishap *mishap = &world->mishaps[i];
        if (mishap->struck || world->acts < mishap->at_act || world->lethal || world->stopping)
            continue;
        mishap->struck = true;
        bool anew = mishap->row->place == PLACE_CLOCK   ? strike_clock(world, mishap)
                    : mishap->row->place == PLACE_STORE ? strike_store(world, mishap)
                                                        : strike_host(world, mishap);
        if (anew)
            return true;
    }
    return false;
}

void mishap_token(struct world *world, const struct response *response)
{
    const struct mishap *lethal = world->lethal;
    if (!lethal || lethal->row->number != 39 || response->status != 200)
        return;
    world->fired[39]++;
    world->survival = DISK_KEEPS_ALL;
    world->must_restart = true;
}

bool mishap_before_group(struct world *world)
{
    const struct mishap *lethal = world->lethal;
    if (!lethal)
        return false;
    if (lethal->row->number == 112) {
        world->fired[112]++;
        world->survival = DISK_KEEPS_ALL;
        world->must_restart = true;
        return true;
    }
    if (lethal->row->number == 113 && world->disk->cut_in < 0)
        world->disk->cut_in = (int64_t)random_below(&world->random, 12);
    return false;
}

bool mishap_after_group(struct world *world)
{
    const struct mishap *lethal = world->lethal;
    struct disk *disk = world->disk;
    if (lethal && (disk->dead || lethal->row->number == 114)) {
        world->fired[lethal->row->number]++;
        if (lethal->row->number == 114)
            world->survival = DISK_KEEPS_ALL;
        world->must_restart = true;
        return true;
    }
    for (size_t i = 0; i < TROUBLES && disk->struck > 0; i++)
        if (troubles[i].trouble == disk->trouble) {
            world->fired[troubles[i].number]++;
            world->store_failed = true;
            if (troubles[i].ends_process) {
                world->survival = troubles[i].survival;
                world->must_restart = true;
            }
        }
    disk->struck = 0;
    return world->must_restart;
}

void mishap_over(struct world *world)
{
    world->mishap_count = 0;
    world->lethal = NULL;
    world->wall_offset_ms = 0;
    world->strobe = false;
    world->disk->trouble = DISK_SOUND;
    world->disk->cut_in = -1;
}
