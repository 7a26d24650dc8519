/* SPDX-License-Identifier: Apache-2.0 */
/* An order is a sorted list of connections' names, each waiting, running or done. */
#include "order.h"

#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "command.h"

#define PROGRESS_MS       300    /* between two progress lines of one order */
#define BACKLOG_MAX       65536u /* bytes unread, above which an order begins nothing more */
#define UNKNOWN_SHOWN_MAX 400u   /* bytes of the list of unknown names */

enum item_state { ITEM_WAITING, ITEM_RUNNING, ITEM_DONE };

struct item {
    const char *name;
    enum item_state state;
    size_t hint; /* where the schedule had it last */
};

struct order {
    struct order *next;
    struct arena *arena; /* the order itself lies in it */
    struct bytes *out;
    struct item *items; /* by name */
    size_t count, left; /* left: not done */
    int64_t pages, records, shown_ms;
    bool full, news, troubled, interrupted, started, overflown;
};

/* ------------------------------------------------------------------ names --------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_items(const void *a, const void *b)
{
    return strcmp(((const struct item *)a)->name, ((const struct item *)b)->name);
}

static struct item *find_item(const struct order *order, const char *name)
{
    const struct item key = {.name = name};
    return order->count ? bsearch(&key, order->items, order->count, sizeof key, compare_items)
                        : NULL;
}

/* Both lists sorted, so that ten thousand names of ten thousand cost no square. */
static bool names_exist(
    const struct control_request *request, const struct generation *generation, struct fault *fault)
{
    const char **known AUTO_FREE = memory_allocate_array(generation->count + 1, sizeof *known);
    AUTO_BYTES unknown = {0};
    if (!known)
        return fault_memory(fault);
    for (size_t i = 0; i < generation->count; i++)
        known[i] = generation->entries[i].name;
    qsort(known, generation->count, sizeof *known, compare_names);
    for (size_t i = 0; i < request->name_count && unknown.length < UNKNOWN_SHOWN_MAX; i++)
        if (!bsearch(&request->names[i], known, generation->count, sizeof *known, compare_names) &&
            !bytes_format(
                &unknown, fault, "%s\"%.64s\"", unknown.length ? ", " : "", request->names[i]))
            return false;
    return unknown.length == 0 || fault_set(fault, FAULT_NOT_FOUND,
                                      "the running host has no connection %.*s; it reads its "
                                      "configuration anew on SIGHUP",
                                      (int)UNKNOWN_SHOWN_MAX, unknown.data);
}

/* ------------------------------------------------------------------ answers ------------------- */

static void answer(struct order *order, const struct answer *answer)
{
    struct fault fault;
    if (!order->overflown && !message_write_answer(answer, order->out, &fault))
        order->overflown = true;
}

static void trouble(struct order *order, const char *connection, const char *text)
{
    order->troubled = true;
    answer(order, &(struct answer){.kind = ANSWER_TROUBLE, .connection = connection, .text = text});
}

static void finish_item(struct order *order, struct item *item)
{
    item->state = ITEM_DONE;
    order->left--;
}

bool order_is_done(const struct order *order, struct answer *ret_answer)
{
    if (order->left > 0)
        return false;
    enum status troubled = order->started ? STATUS_PARTIAL : STATUS_USAGE;
    *ret_answer = (struct answer){.kind = ANSWER_DONE,
        .status = order->interrupted ? STATUS_PARTIAL
                  : order->troubled  ? troubled
                                     : STATUS_DONE,
        .text = order->interrupted
                    ? "the host was told to stop; pages under way were finished first, the next "
                      "sync goes on from there"
                    : ""};
    return true;
}

bool order_has_overflown(const struct order *order)
{
    return order->overflown;
}

int64_t order_progress(struct order *order, int64_t now_ms)
{
    if (!order->news)
        return INT64_MAX;
    if (now_ms < order->shown_ms + PROGRESS_MS)
        return order->shown_ms + PROGRESS_MS;
    order->news = false;
    order->shown_ms = now_ms;
    if (order->out->length == 0) /* whoever has not read the last one needs no other */
        answer(
            order, &(struct answer){
                       .kind = ANSWER_PROGRESS, .pages = order->pages, .records = order->records});
    return INT64_MAX;
}

/* ------------------------------------------------------------------ life ---------------------- */

/* For bsearch. */
static const char **sort_names(const struct control_request *request, struct arena *arena)
{
    const char **names = arena_allocate_array(arena, request->name_count + 1, sizeof *names);
    for (size_t i = 0; names && i < request->name_count; i++)
        names[i] = request->names[i];
    if (names)
        qsort(names, request->name_count, sizeof *names, compare_names);
    return names;
}

static bool is_wanted(const char *const *names, size_t count, const char *name)
{
    return count == 0 || bsearch(&name, names, count, sizeof *names, compare_names) != NULL;
}

static bool take_items(struct order *order, const struct control_request *request,
    const struct generation *generation, struct fault *fault)
{
    const char **names = sort_names(request, order->arena);
    if (!names)
        return fault_memory(fault);
    for (size_t i = 0; i < generation->count; i++) {
        const struct generation_entry *entry = &generation->entries[i];
        if (!is_wanted(names, request->name_count, entry->name))
            continue;
        struct item *item = &order->items[order->count++];
        item->name = arena_copy_text(order->arena, entry->name);
        item->hint = i;
        if (!item->name)
            return fault_memory(fault);
    }
    order->left = order->count;
    qsort(order->items, order->count, sizeof *order->items, compare_items);
    return true;
}

bool order_create(struct orders *orders, const struct control_request *request,
    const struct generation *generation, struct bytes *out, struct order **ret_order,
    struct fault *fault)
{
    if (!names_exist(request, generation, fault))
        return false;
    AUTO_ARENA *arena = arena_create(0);
    struct order *order = arena ? arena_allocate(arena, sizeof *order) : NULL;
    if (!order)
        return fault_memory(fault);
    order->arena = arena;
    order->out = out;
    order->full = request->full;
    order->items = arena_allocate_array(arena, generation->count + 1, sizeof *order->items);
    if (!order->items)
        return fault_memory(fault);
    if (!take_items(order, request, generation, fault))
        return false;
    order->next = orders->first;
    orders->first = order;
    orders->stirred = true;
    (void)TAKE(arena); /* the order owns it now */
    *ret_order = order;
    return true;
}

void order_free(struct orders *orders, struct order *order)
{
    if (!order)
        return;
    struct order **at = &orders->first;
    while (*at != order)
        at = &(*at)->next;
    *at = order->next;
    arena_free(order->arena);
}

/* ------------------------------------------------------------------ rounds -------------------- */

/* The round that now begins is that of every order that waits for it; whether one of them wants it
 * full. */
static bool join_round(struct orders *orders, const char *name)
{
    bool full = false;
    for (struct order *order = orders->first; order; order = order->next) {
        struct item *item = find_item(order, name);
        if (!item || item->state != ITEM_WAITING)
            continue;
        item->state = ITEM_RUNNING;
        full = full || order->full;
    }
    return full;
}

/* False where it has to wait for a round under way. */
static bool start_item(struct orders *orders, struct order *order, struct item *item,
    struct schedule *schedule, const struct generation *generation, struct host *host)
{
    struct appointment *at = schedule_find(schedule, item->name, &item->hint);
    if (!at || !at->connection) {
        finish_item(order, item);
        trouble(order, item->name,
            at ? generation->entries[item->hint].fault.text
               : "was taken out of the configuration meanwhile");
        return true;
    }
    if (at->under_way)
        return false;
    schedule_take(at, host_now_ms(host));
    /* Joined before it starts: a round that is refused is over before host_start returns. */
    bool full = join_round(orders, item->name);
    order->started = true;
    host_start(host, at->connection, full);
    if (item->state == ITEM_DONE)
        host_wake(host, host_now_ms(host)); /* others may wait for this one */
    return true;
}

void orders_start(struct orders *orders, struct schedule *schedule,
    const struct generation *generation, struct host *host)
{
    size_t started = 0;
    if (!orders->stirred || orders->stopping)
        return;
    orders->stirred = false; /* set again by rounds that end while this one starts others */
    for (struct order *order = orders->first; order; order = order->next)
        for (size_t i = 0; order->left > 0 && i < order->count; i++) {
            if (order->items[i].state != ITEM_WAITING)
                continue;
            if (order->out->length > BACKLOG_MAX) { /* goes on when the socket takes more */
                orders->stirred = true;
                break;
            }
            if (started == ORDERS_STARTS_MAX) { /* the loop must not be away for long */
                orders->stirred = true;
                host_wake(host, host_now_ms(host));
                return;
            }
            started += start_item(orders, order, &order->items[i], schedule, generation, host);
        }
}

static struct item *find_running(const struct order *order, const char *name)
{
    struct item *item = find_item(order, name);
    return item && item->state == ITEM_RUNNING ? item : NULL;
}

void orders_note(struct orders *orders, const struct note *note)
{
    for (struct order *order = orders->first; order; order = order->next) {
        if (!find_running(order, note->connection))
            continue;
        if (note->kind == NOTE_PAGE) {
            order->pages++;
            order->records += note->batch.received;
            order->news = true;
        } else if (note->kind == NOTE_RUN_ENDED) {
            order->troubled = order->troubled || !runs_is_good(note->summary);
            answer(order, &(struct answer){.kind = ANSWER_RUN, .run = *note->summary});
        }
    }
}

void orders_round_done(struct orders *orders, const struct effect *effect)
{
    orders->stirred = true;
    for (struct order *order = orders->first; order; order = order->next) {
        struct item *item = find_running(order, effect->round.connection);
        if (!item)
            continue;
        finish_item(order, item);
        order->interrupted = order->interrupted || effect->round.interrupted;
        order->troubled = order->troubled || effect->round.failed || effect->round.interrupted ||
                          effect->round.proof < PROOF_ASSERTED;
        if (effect->round.failed && effect->round.reason[0])
            trouble(order, item->name, effect->round.reason);
    }
}

void orders_stop(struct orders *orders)
{
    orders->stopping = true;
    for (struct order *order = orders->first; order; order = order->next)
        for (size_t i = 0; i < order->count; i++)
            if (order->items[i].state == ITEM_WAITING) {
                finish_item(order, &order->items[i]);
                order->interrupted = true;
            }
}
