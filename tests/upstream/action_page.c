/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on what a page says and holds, and on the data beneath it. */
#include "action.h"

static bool act_next_self(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)rule, (void)moment, (void)fault;
    listing->has_next = true;
    listing->next = listing->position;
    listing->serial = listing->asked_serial; /* the text of the cursor is the same, too */
    return true;
}

static bool act_next_cycle(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)moment, (void)fault;
    int64_t pages = rule_number(rule, 0, 1);
    if (pages > 0 && listing->limit > 0 && listing->next >= (uint64_t)pages * listing->limit)
        listing->next = 0;
    listing->has_next = true;
    return true;
}

static bool act_empty_page(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)moment, (void)fault;
    listing->serial = rule->fired;
    listing->has_next = listing->count > 0 || listing->has_next;
    listing->count = 0;
    listing->next = listing->position;
    return true;
}

static bool act_next_missing(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)rule, (void)moment, (void)fault;
    listing->has_next = false;
    listing->end = NEXT_ABSENT;
    return true;
}

static bool act_overlap(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)moment, (void)fault;
    uint64_t back = (uint64_t)rule_number(rule, 0, 1);
    listing_move(listing, listing->position > back ? listing->position - back : 0, listing->limit);
    return true;
}

static bool act_skip(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)moment, (void)fault;
    listing_move(listing, listing->position + (uint64_t)rule_number(rule, 0, 1), listing->limit);
    return true;
}

static bool act_repeat_page(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)moment, (void)fault;
    listing->serial = rule->fired;
    uint64_t next = listing->next, back = listing->limit;
    bool has_next = listing->has_next;
    listing_move(listing, listing->position > back ? listing->position - back : 0, listing->limit);
    listing->next = next;
    listing->has_next = has_next;
    return true;
}

static bool act_total(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)moment, (void)fault;
    int64_t total = (int64_t)listing->total + rule_number(rule, 0, 0);
    listing->total = total < 0 ? 0 : (uint64_t)total;
    return true;
}

static bool act_total_drift(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)moment, (void)fault;
    listing->total += (rule->fired - 1) * (uint64_t)rule_number(rule, 0, 1);
    return true;
}

static bool act_endless(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)moment, (void)fault;
    listing->wrap = !(rule->argument_count > 0 && span_equal_text(rule->arguments[0], "fresh"));
    listing->count = listing->limit;
    listing->next = listing->position + listing->count;
    listing->has_next = true;
    return true;
}

static bool act_shrink(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)moment, (void)fault;
    uint64_t limit = (uint64_t)rule_number(rule, 0, 1);
    if (limit < listing->limit)
        listing_move(listing, listing->position, (uint32_t)limit);
    return true;
}

static bool act_empty_listing(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)rule, (void)moment, (void)fault;
    listing->end_position = 0;
    listing->total = 0;
    listing_move(listing, 0, listing->limit);
    return true;
}

static bool act_first_page_only(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)moment, (void)fault;
    listing_move(listing, 0, listing->limit);
    listing->has_next = false;
    if (rule->argument_count > 0 && span_equal_text(rule->arguments[0], "lying"))
        listing->total = listing->count;
    return true;
}

static bool act_reverse(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)rule, (void)moment, (void)fault;
    listing->reversed = true;
    return true;
}

static bool act_next_host(
    struct rule *rule, struct moment *moment, struct listing *listing, struct fault *fault)
{
    (void)moment, (void)fault;
    listing->next_host = rule->arguments[0];
    listing->relative_urls = false;
    return true;
}

/* The first `count` of what is listed, or as many new ones at its end. */
static bool act_remove(struct rule *rule, struct moment *moment, struct fault *fault)
{
    return dataset_delete(moment->dataset, USERS, 0, (uint32_t)rule_number(rule, 0, 1), fault);
}

static bool act_insert(struct rule *rule, struct moment *moment, struct fault *fault)
{
    return dataset_add(moment->dataset, USERS, (uint32_t)rule_number(rule, 0, 1), fault);
}

static bool act_change(struct rule *rule, struct moment *moment, struct fault *fault)
{
    return dataset_change(moment->dataset, USERS, (uint32_t)rule_number(rule, 1, 0),
        (uint32_t)rule_number(rule, 0, 1), (uint32_t)rule_number(rule, 2, 0), fault);
}

static const struct action rows[] = {
    {"next-self", "", "", "61", "the next page is this page", .on_listing = act_next_self},
    {"next-cycle", "n", "PAGES", "62", "after so many pages the next one is the first",
        .on_listing = act_next_cycle},
    {"empty-page", "", "", "63", "no items, and a next page that has them (cursors and links)",
        .on_listing = act_empty_page},
    {"next-missing", "", "", "64", "no next page is named, and no end either",
        .on_listing = act_next_missing},
    {"overlap", "N", "[ITEMS]", "65", "begins so many items early: they stand on two pages",
        .on_listing = act_overlap},
    {"skip", "N", "[ITEMS]", "66", "leaves out so many items between two pages",
        .on_listing = act_skip},
    {"repeat-page", "", "", "80", "the items of the page before, under a new cursor",
        .on_listing = act_repeat_page},
    {"total", "n", "DIFFERENCE", "69", "states a total that is wrong by so much",
        .on_listing = act_total},
    {"total-drift", "N", "[STEP]", "68", "states a total that grows with every page",
        .on_listing = act_total_drift},
    {"endless", "T", "[fresh]", "75",
        "always has a next page: the same items again, or ever new ones",
        .on_listing = act_endless},
    {"shrink", "n", "ITEMS", "76", "gives fewer items a page than asked", .on_listing = act_shrink},
    {"empty-listing", "", "", "77", "says that there is nothing at all",
        .on_listing = act_empty_listing},
    {"first-page-only", "T", "[lying]", "81",
        "gives the first page and ends; lying: its total agrees",
        .on_listing = act_first_page_only},
    {"reverse", "", "", "73", "the items of the page in reverse order", .on_listing = act_reverse},
    {"next-host", "t", "HOST", "74", "the next link names another host",
        .on_listing = act_next_host},
    {"remove", "N", "[COUNT]", "66", "deletes the first users before it answers",
        .on_data = act_remove},
    {"insert", "N", "[COUNT]", "67",
        "adds users before it answers; they come first under order=desc", .on_data = act_insert},
    {"change", "NNN", "[COUNT [NUMBER [LATE]]]", "70 71",
        "changes users before it answers, stamped LATE seconds earlier", .on_data = act_change},
};

const struct action_table action_page_table = {rows, sizeof rows / sizeof rows[0]};
