/* SPDX-License-Identifier: Apache-2.0 */
/* What a listing proves (DESIGN section 6): the evidence each page adds, the guards that make it
 * partial, and the conclusion. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "machine.h"

void proof_reset(struct scope *scope)
{
    scope->guards = (struct guards){0};
    scope->ahead = scope->trail = (struct trail){.power = 1, .bytes = scope->ahead.bytes};
    scope->cut = false;
    scope->total = PAGE_TOTAL_UNKNOWN;
    scope->total_exact = scope->total_moved = false;
    scope->marks = 0;
    scope->end = PAGE_GOES_ON;
    scope->end_signal[0] = '\0';
    scope->read_once = false;
    scope->sums = (struct batch_outcome){0};
}

void proof_note(struct scope *scope, const char *which)
{
    struct note *note =
        engine_note(scope->run->round->engine, NOTE_ANOMALY, scope->run->round, scope->run);
    (void)snprintf(note->text, sizeof note->text, "%s", which);
}

static struct hash128 position_hash(const struct position *position)
{
    static const struct hash_key key; /* positions are compared within one listing only */
    struct hash128 hash = hash_keyed(&key, position->token);
    for (size_t i = 0; i < sizeof position->number; i++)
        hash.bytes[i] ^= (uint8_t)((uint64_t)position->number >> (8 * i));
    return hash;
}

/* Brent's cycle finding (BIT 20, 1980): one remembered position, moved on at powers of two. */
static bool is_cycle(struct trail *trail, const struct position *next)
{
    struct hash128 hash = position_hash(next);
    if (trail->steps > 0 && hash128_equal(hash, trail->tortoise))
        return true;
    if (trail->steps == 0 || trail->steps == trail->power) {
        trail->tortoise = hash;
        trail->power *= 2;
        trail->steps = 0;
    }
    trail->steps++;
    return false;
}

static void take_total(struct scope *scope, const struct page *page)
{
    if (page->total == PAGE_TOTAL_UNKNOWN)
        return;
    if (scope->total != PAGE_TOTAL_UNKNOWN && scope->total != page->total) {
        scope->total_moved = true;
        proof_note(scope, "total_moved");
    }
    scope->total = page->total;
    scope->total_exact = page->total_exact;
}

static void note_marks(struct scope *scope, uint32_t marks)
{
    static const struct {
        uint32_t mark;
        const char *name;
    } rows[] = {{PAGE_MARK_TRUNCATED, "truncated"}, {PAGE_MARK_CEILING, "ceiling"},
        {PAGE_MARK_SELF, "next_is_self"}, {PAGE_MARK_EMPTY, "empty_page"},
        {PAGE_MARK_NO_BODY, "no_body"}, {PAGE_MARK_PAST_TOTAL, "past_total"},
        {PAGE_MARK_ECHO, "wrong_echo"}, {PAGE_MARK_UNFRAMED, "unframed"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (marks & rows[i].mark && !(rows[i].mark == PAGE_MARK_EMPTY && scope->end == PAGE_ENDED))
            proof_note(scope, rows[i].name);
}

/* The guards; each ends the listing as partial, with the page and the cause. The page's own records
 * are kept all the same. */
const char *proof_read(struct scope *scope, const struct page_work *work, const struct page *page)
{
    const struct policy_settings *policy = round_policy(scope->run->round);
    const struct muster_paging *paging = &run_program(scope->run)->declaration->paging;
    int64_t asked = work->request.asked ? work->request.asked : (int64_t)paging->size;
    struct trail *trail = &scope->ahead;
    const char *why = NULL;
    trail->pages++;
    trail->bytes += (int64_t)work->body_length;
    trail->full = asked > 0 && (int64_t)page->item_count >= asked;
    if (page->marks & PAGE_MARK_NO_BODY)
        why = "an answer without a body in a listing";
    else if (page->marks & PAGE_MARK_SELF)
        why = "its next page is itself";
    else if (page->marks & PAGE_MARK_ECHO)
        why = "the answer is for another position than was asked for";
    else if (page->end == PAGE_UNDECLARED)
        why = "it has no next page, and none of the declared ends of the listing";
    else if (page->end == PAGE_GOES_ON && is_cycle(trail, &page->next))
        why = "its next page was read before: the listing goes in a circle";
    else if (page->end == PAGE_GOES_ON && trail->pages >= policy->pages_most)
        why = "the listing is longer than policy pages_most allows";
    else if (trail->bytes > policy->run_bytes_most)
        why = "the listing is larger than policy run_bytes_most allows";
    return why;
}

/* The same items again tell more than where the listing would go on. */
static bool is_repeated(struct scope *scope, const struct digest *digest)
{
    if (digest->page.item_count == 0)
        return false;
    bool same = scope->guards.ids_hash == digest->ids_hash && scope->trail.pages > 1;
    scope->guards.ids_hash = digest->ids_hash;
    return same;
}

/* A declared order that does not hold says that the field is not what it was taken for, so nothing
 * is built on it: the bookmark stays (fault 73). */
static void check_order(struct scope *scope, const struct digest *digest)
{
    const struct muster_stream *stream = run_program(scope->run)->declaration;
    const struct muster_incremental *declared = &stream->incremental;
    struct span before = scope->bookmark.length ? bytes_span(&scope->bookmark) /* so far */
                                                : (struct span){NULL, 0};
    if (stream->mode != MUSTER_INCREMENTAL || declared->order == MUSTER_ORDER_NONE ||
        !digest->bound_high.data || scope->marks & SCOPE_MARK_DISORDER)
        return;
    bool across = declared->order == MUSTER_ORDER_RISING
                      ? bookmark_later(declared->format, before, digest->bound_low)
                      : before.data && bookmark_later(declared->format, digest->bound_high, before);
    if (digest->bounds_rising && !across)
        return;
    scope->marks |= SCOPE_MARK_DISORDER;
    proof_note(scope, "out_of_order");
}

/* What the next page's overlap will be held against, and what a second listing may be. */
static void note_items(struct scope *scope, const struct page_work *work)
{
    const struct digest *digest = work->digest;
    struct guards *guards = &scope->guards;
    guards->slippery |= probe_may_slip(scope, work);
    if (digest->page.item_count == 0)
        return;
    if (digest->joined_ms > guards->joined_ms)
        guards->joined_ms = digest->joined_ms;
    guards->strange |= digest->batch.counted_count > 0;
    guards->first_id = digest->first_id;
    guards->last_id = digest->last_id;
    guards->ids_sum += digest->ids_sum;
}

bool proof_page(struct scope *scope, const struct page_work *work)
{
    const struct page *page = &work->digest->page;
    const char *why = work->guard;
    scope->trail = work->trail;
    take_total(scope, page);
    scope->marks |= page->marks;
    scope->end = page->end;
    if (page->end == PAGE_ENDED)
        (void)snprintf(scope->end_signal, sizeof scope->end_signal, "%s", page->end_signal);
    note_marks(scope, page->marks);
    check_order(scope, work->digest);
    note_items(scope, work);
    if (is_repeated(scope, work->digest))
        why = "the same items as the page before, under another cursor";
    if (why)
        scope_fail(scope, "page %" PRId64 ": %s", scope->trail.pages, why);
    return why == NULL;
}

static void conclude(struct scope *scope, enum proof proof, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void conclude(struct scope *scope, enum proof proof, const char *format, ...)
{
    va_list arguments;
    scope->proof = proof;
    va_start(arguments, format);
    (void)vsnprintf(scope->reason, sizeof scope->reason, format, arguments);
    va_end(arguments);
}

#define DEAD_FEW 3 /* letters of a listing whose share says nothing yet: it may be very short */

/* The share is that of policy.dead_letters_percent; 0 bears none at all, and where nothing else
 * came few are all. */
static bool too_many_dead(const struct scope *scope)
{
    int64_t percent = round_policy(scope->run->round)->dead_letters_percent;
    int64_t dead = scope->sums.dead, received = scope->sums.received;
    if (dead > 0 && percent < 100 && (percent == 0 || dead == received))
        return true;
    return dead > DEAD_FEW && dead * 100 > percent * received;
}

/* What is slippery: a page's items may have slipped into pages that were read, as others came and
 * went, so that the total stands still and the sum of what was seen agrees with it. For that, one
 * must have joined that was seen: else all that was seen was there from the start, as many as the
 * total says, and nothing else can have been. So a listing is sound that shows nothing but what
 * was known before it began, by the store or by another listing of this run, or what says that it
 * joined before. */

void proof_vouch(struct scope *scope)
{
    scope->twice = true;
    scope->before_from = scope->pass_from;
    scope->sum_before = scope->guards.ids_sum;
}

bool proof_may_restart(const struct scope *scope)
{
    return scope->restarts < ENGINE_LISTING_RESTARTS_MAX + scope->twice;
}

static bool is_witnessed(const struct scope *scope)
{
    return scope->total != PAGE_TOTAL_UNKNOWN && scope->total_exact;
}

static bool agrees(const struct scope *scope)
{
    return !scope->total_moved && scope->sums.distinct + scope->sums.unreadable == scope->total;
}

/* A listing of changes is joined by whoever changes: neither this nor the next speaks of it. */
static bool shows_nothing_new(const struct scope *scope)
{
    const struct batch_outcome *sums = &scope->sums;
    return scope->run->full && is_witnessed(scope) && agrees(scope) && !scope->guards.strange &&
           sums->created + sums->changed + sums->filtered + sums->dead == 0 &&
           scope->live == scope->live_before;
}

/* Nor did anything join. */
static bool shows_nothing_young(const struct scope *scope)
{
    const struct guards *guards = &scope->guards;
    return scope->run->full && is_witnessed(scope) && agrees(scope) &&
           guards->joined_ms < guards->began_ms - ENGINE_JOINED_SLACK_MS;
}

bool proof_stands(const struct scope *scope)
{
    return !scope->guards.slippery || scope->twice || shows_nothing_young(scope);
}

static bool is_vouched(const struct scope *scope)
{
    const struct guards *guards = &scope->guards;
    return !guards->slippery || shows_nothing_young(scope) ||
           (scope->twice ? scope->sum_before == guards->ids_sum : shows_nothing_new(scope));
}

static bool is_incremental(const struct scope *scope)
{
    return run_program(scope->run)->declaration->mode == MUSTER_INCREMENTAL;
}

/* What incremental streams skip stays skipped until the next full run. */
static bool wants_twice(const struct scope *scope)
{
    bool always = round_policy(scope->run->round)->second_pass == SECOND_PASS_ALWAYS;
    return !scope->twice && !is_vouched(scope) &&
           ((always && is_witnessed(scope)) || is_incremental(scope));
}

/* Of an incremental run the total may be of more than what changed. */
static bool has_drifted(const struct scope *scope)
{
    if (!is_witnessed(scope))
        return false;
    return scope->run->full ? !agrees(scope) : scope->guards.slippery && scope->total_moved;
}

/* Whether the listing must be read again before it is judged, and why. */
static bool wants_second_pass(struct scope *scope)
{
    const char *why = NULL;
    if (has_drifted(scope)) {
        if (proof_may_restart(scope))
            why = "the total does not agree with what was seen: second pass";
    } else if (wants_twice(scope)) {
        why = "items may have slipped through unseen: read twice";
        proof_vouch(scope);
    }
    if (why)
        (void)snprintf(scope->reason, sizeof scope->reason, "%s", why);
    return why != NULL;
}

static const char disorder[] =
    "items came in another order than incremental.order declares: the bookmark stays";

/* With a witness: the total that the application states. */
static void conclude_witnessed(struct scope *scope)
{
    const struct batch_outcome *sums = &scope->sums;
    if (sums->distinct + sums->unreadable != scope->total)
        conclude(scope, PROOF_PARTIAL,
            "the application says %" PRId64 " items, %" PRId64 " were seen", scope->total,
            sums->distinct);
    else if (scope->total_moved) /* one item gone and one skipped for it leave the sums equal */
        conclude(scope, PROOF_ASSERTED, "the total changed while it was read, twice");
    else if (sums->unreadable > 0)
        conclude(scope, PROOF_ASSERTED, "%" PRId64 " items have no readable id", sums->unreadable);
    else if (sums->conflicts > 0)
        conclude(scope, PROOF_ASSERTED, "%" PRId64 " ids came twice with different content",
            sums->conflicts);
    else if (scope->marks & PAGE_MARK_UNFRAMED)
        conclude(
            scope, PROOF_ASSERTED, "answers without a declared length: a cut could not be told");
    else if (scope->marks & SCOPE_MARK_DISORDER)
        conclude(scope, PROOF_ASSERTED, "%s", disorder);
    else if (is_vouched(scope))
        conclude(scope, PROOF_PROVEN, "%s", "");
    else if (scope->twice)
        conclude(scope, PROOF_ASSERTED, "it changed while it was read: two listings differ");
    else {
        scope->read_once = true;
        conclude(scope, PROOF_ASSERTED,
            "read once, with news, by pages between which items can slip through unseen: the next "
            "listing that shows the same proves it, or policy second_pass");
    }
}

/* A bookmark never passes what may have slipped through. */
static void hold_bookmark(struct scope *scope)
{
    bool moved = scope->guards.slippery && (has_drifted(scope) || !is_vouched(scope));
    if (scope->proof != PROOF_ASSERTED || !is_incremental(scope) || !moved)
        return;
    scope->marks |= SCOPE_MARK_MOVED;
    conclude(
        scope, PROOF_ASSERTED, "the listing changed while it was read, twice: the bookmark stays");
}

bool proof_conclude(struct scope *scope)
{
    const struct batch_outcome *sums = &scope->sums;
    scope->read_whole =
        !scope->failed && !(scope->marks & (PAGE_MARK_TRUNCATED | PAGE_MARK_CEILING));
    if (scope->failed)
        scope->proof = PROOF_PARTIAL;
    else if (scope->marks & PAGE_MARK_TRUNCATED)
        conclude(scope, PROOF_PARTIAL,
            "the application says that it cut the listing, after %" PRId64 " records",
            sums->received);
    else if (scope->marks & PAGE_MARK_CEILING)
        conclude(scope, PROOF_PARTIAL,
            "the listing reached its ceiling of %" PRId64 " items: there may be more",
            run_program(scope->run)->declaration->paging.ceiling);
    else if (too_many_dead(scope))
        conclude(scope, PROOF_PARTIAL,
            "%" PRId64 " of %" PRId64 " records went to the dead letters", sums->dead,
            sums->received);
    else if (wants_second_pass(scope))
        return true; /* it changed, or may have, while it was read (faults 66 to 68): look again */
    else if (!scope->run->full)
        conclude(scope, PROOF_ASSERTED, "%s",
            scope->marks & SCOPE_MARK_DISORDER ? disorder
                                               : "incremental: only what changed was read");
    else if (!is_witnessed(scope))
        conclude(scope, PROOF_ASSERTED, "the application states no exact total; ended by %s",
            scope->end_signal);
    else
        conclude_witnessed(scope);
    hold_bookmark(scope);
    return false;
}
