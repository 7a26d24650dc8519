/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The overlap probe of listings by index (offset, SCIM). As many objects may leave as join while
 * such a listing is read: its total never moves, and yet items slip from a page that is still to
 * come into one that was read. So each page is asked for one item early, and must begin with the
 * item that the page before it ended with. That item is the page's before; nothing of it is
 * received twice. Where places shift for no other reason (paging.stability), that sees all there
 * is to see. Page numbers cannot overlap, and a loose listing is shuffled behind the probe's back:
 * what those prove with more than one reading is proof.c's.
 */
#include "machine.h"

static const struct muster_paging *paging_of(const struct scope *scope)
{
    return &run_program(scope->run)->declaration->paging;
}

bool probe_may_slip(const struct scope *scope, const struct page_work *work)
{
    const struct muster_paging *paging = paging_of(scope);
    bool by_position = paging->kind == MUSTER_PAGING_NUMBER ||
                       paging->kind == MUSTER_PAGING_OFFSET || paging->kind == MUSTER_PAGING_SCIM;
    bool unprobed = work->request.overlap == 0 && work->digest->page.item_count > 0;
    bool loose = paging->stability == MUSTER_STABILITY_LOOSE;
    return work->at.page > 0 && (loose || (by_position && unprobed));
}

bool probe_wanted(const struct scope *scope)
{
    const struct muster_paging *paging = paging_of(scope);
    bool by_index = paging->kind == MUSTER_PAGING_OFFSET || paging->kind == MUSTER_PAGING_SCIM;
    /* Where the step is what was asked for, items may have been left out of the page before, its
     * last place among them. */
    bool last_is_known = paging->step != MUSTER_STEP_ASKED || scope->ahead.full;
    return by_index && last_is_known && scope->at.page > 0 && !scope->probe_off && !scope->exact;
}

bool probe_is_alone(const struct page_work *work, const struct page *page)
{
    return work->request.overlap > 0 && page->end != PAGE_ENDED &&
           (int64_t)page->item_count == work->request.overlap;
}

enum probe probe_judge(const struct page_work *work)
{
    const struct guards *guards = &work->scope->guards;
    const struct digest *digest = work->digest;
    if (work->request.overlap == 0 || digest->page.marks & PAGE_MARK_NO_BODY)
        return PROBE_NONE;
    if (digest->first_id != 0 && digest->first_id == guards->last_id)
        return PROBE_MET;
    bool from_the_top = digest->first_id != 0 && digest->first_id == guards->first_id;
    return from_the_top || digest->page.marks & PAGE_MARK_ECHO ? PROBE_ROUNDED : PROBE_MISSED;
}
