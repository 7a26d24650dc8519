/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of paging: every listing says how it ends, by a signal that its kind can give and that
 * can be found. */
#include "validate.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define FLAG_ENDS     (MUSTER_END_HAS_MORE_FALSE | MUSTER_END_LAST_TRUE)
#define NEXT_ENDS     (MUSTER_END_NEXT_ABSENT | MUSTER_END_NEXT_NULL | MUSTER_END_NEXT_EMPTY)
#define LIST_ENDS     (NEXT_ENDS | FLAG_ENDS | MUSTER_END_EMPTY_PAGE | MUSTER_END_DELTA)
#define PAGE_SIZE_MAX 100000u

/* Which members make sense for a kind, which ends it may declare. By enum muster_paging_kind. */
enum paging_member {
    PAGING_NEXT = 1u << 0,
    PAGING_INITIAL = 1u << 1,
    PAGING_KEY = 1u << 2,
    PAGING_PARAMETER = 1u << 3,
    PAGING_START = 1u << 4,
    PAGING_STEP = 1u << 5
};

static const struct paging_rule {
    const char *name;
    unsigned ends, needs, takes;
    const char *advice; /* which ends there are */
} paging_rules[] = {
    [MUSTER_PAGING_NONE] = {"none", MUSTER_END_SINGLE, 0, 0, "SINGLE, which is implied"},
    [MUSTER_PAGING_NUMBER] = {"number",
        MUSTER_END_TOTAL_PAGES | MUSTER_END_TOTAL | FLAG_ENDS | MUSTER_END_EMPTY_PAGE, 0,
        PAGING_PARAMETER | PAGING_START,
        "TOTAL_PAGES, TOTAL, HAS_MORE_FALSE, LAST_TRUE, EMPTY_PAGE"},
    [MUSTER_PAGING_OFFSET] = {"offset", MUSTER_END_TOTAL | FLAG_ENDS | MUSTER_END_EMPTY_PAGE, 0,
        PAGING_PARAMETER | PAGING_START | PAGING_STEP,
        "TOTAL, HAS_MORE_FALSE, LAST_TRUE, EMPTY_PAGE"},
    [MUSTER_PAGING_CURSOR] = {"cursor", LIST_ENDS, PAGING_NEXT,
        PAGING_NEXT | PAGING_PARAMETER | PAGING_INITIAL,
        "NEXT_ABSENT, NEXT_NULL, NEXT_EMPTY, HAS_MORE_FALSE, LAST_TRUE, EMPTY_PAGE, DELTA"},
    [MUSTER_PAGING_LINK] = {"link", LIST_ENDS, 0, PAGING_NEXT,
        "NEXT_ABSENT, NEXT_NULL, NEXT_EMPTY, HAS_MORE_FALSE, LAST_TRUE, EMPTY_PAGE, DELTA"},
    [MUSTER_PAGING_KEYSET] = {"keyset", FLAG_ENDS | MUSTER_END_EMPTY_PAGE,
        PAGING_KEY | PAGING_PARAMETER, PAGING_KEY | PAGING_PARAMETER | PAGING_INITIAL,
        "HAS_MORE_FALSE, LAST_TRUE, EMPTY_PAGE"},
    [MUSTER_PAGING_SCIM] = {"scim", MUSTER_END_TOTAL | MUSTER_END_EMPTY_PAGE, 0,
        PAGING_PARAMETER | PAGING_START, "TOTAL, EMPTY_PAGE"},
};

static unsigned members_set(const struct muster_paging *paging)
{
    return (paging->next ? PAGING_NEXT : 0u) | (paging->initial ? PAGING_INITIAL : 0u) |
           (paging->key ? PAGING_KEY : 0u) | (paging->parameter ? PAGING_PARAMETER : 0u) |
           (paging->start ? PAGING_START : 0u) | (paging->step ? PAGING_STEP : 0u);
}

static void check_members(
    struct check *check, const struct muster_paging *paging, const struct paging_rule *rule)
{
    static const struct {
        enum paging_member member;
        const char *where;
    } members[] = {{PAGING_NEXT, "paging.next"}, {PAGING_INITIAL, "paging.initial"},
        {PAGING_KEY, "paging.key"}, {PAGING_PARAMETER, "paging.parameter"},
        {PAGING_START, "paging.start"}, {PAGING_STEP, "paging.step"}};
    unsigned set = members_set(paging);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if ((rule->needs & members[i].member) && !(set & members[i].member))
            check_problem(check, members[i].where, "paging by %s needs it; add it", rule->name);
        if (!(rule->takes & members[i].member) && (set & members[i].member))
            check_problem(
                check, members[i].where, "paging by %s has no use for it; remove it", rule->name);
    }
}

/* A signal in the body: its end and its pointer are declared together. */
static void check_signal(struct check *check, const char *where, const char *pointer, bool is_end)
{
    check_pointer(check, where, pointer, false);
    if (is_end && !pointer)
        check_problem(
            check, where, "is an end of this listing, but there is no pointer to it; add it");
    if (!is_end && pointer)
        check_problem(check, where,
            "is declared, but it does not end the listing; add its end to paging.ends, or remove "
            "it");
}

static void check_ends(struct check *check, const struct muster_paging *paging,
    const struct muster_delta *delta, const struct paging_rule *rule)
{
    bool implied = paging->kind == MUSTER_PAGING_NONE || paging->kind == MUSTER_PAGING_SCIM;
    if (paging->ends == 0 && !implied)
        check_problem(check, "paging.ends",
            "does not say how this listing ends; paging by %s can end by %s", rule->name,
            rule->advice);
    if (paging->ends & ~rule->ends)
        check_problem(check, "paging.ends",
            "has an end that paging by %s cannot have; it can end by %s", rule->name, rule->advice);
    if (paging->kind == MUSTER_PAGING_LINK && !paging->next &&
        (paging->ends & (MUSTER_END_NEXT_NULL | MUSTER_END_NEXT_EMPTY)))
        check_problem(
            check, "paging.ends", "a Link header is absent, never null or empty; use NEXT_ABSENT");
    if ((paging->ends & MUSTER_END_DELTA) && !delta->token)
        check_problem(check, "paging.ends",
            "has DELTA, but delta.token says not where the token is; add it, with mode "
            "MUSTER_DELTA");
    check_signal(
        check, "paging.has_more", paging->has_more, paging->ends & MUSTER_END_HAS_MORE_FALSE);
    check_signal(check, "paging.last", paging->last, paging->ends & MUSTER_END_LAST_TRUE);
    check_signal(
        check, "paging.total_pages", paging->total_pages, paging->ends & MUSTER_END_TOTAL_PAGES);
}

static bool is_parent_field(const struct muster_parent *parent, const char *name)
{
    for (size_t i = 0; i < parent->fields.count; i++)
        if (parent->fields.items[i].name && strcmp(parent->fields.items[i].name, name) == 0)
            return true;
    return false;
}

static void check_total(struct check *check, const struct muster_stream *stream)
{
    const struct muster_paging *paging = &stream->paging;
    const struct muster_total *total = &paging->total;
    bool scim = paging->kind == MUSTER_PAGING_SCIM; /* RFC 7644 says where its total is */
    int places = (total->pointer != NULL) + (total->header != NULL) + (total->parent != NULL);
    check_pointer(check, "paging.total.pointer", total->pointer, false);
    if (total->header)
        check_header_name(check, "paging.total.header", total->header);
    if (total->parent &&
        (!stream->parent.stream || !is_parent_field(&stream->parent, total->parent)))
        check_problem(check, "paging.total.parent",
            "\"%.64s\" is not among parent.fields; add the field", total->parent);
    if (places > 1)
        check_problem(check, "paging.total", "is declared in several places; keep one");
    if (places == 0 && !scim && (total->exact || total->first_page_only))
        check_problem(check, "paging.total",
            "says nothing of where the total is; add pointer, header or parent");
    if ((paging->ends & MUSTER_END_TOTAL) && !scim && !total->pointer && !total->header)
        check_problem(check, "paging.total",
            "is an end of this listing, but neither pointer nor header says where it is; add one");
}

/* A parameter that paging sets must not be set by the request as well: which of them the server
 * takes is a guess. */
static void check_not_in_query(
    struct check *check, const struct muster_stream *stream, const char *where, const char *name)
{
    const struct muster_pair_list *query = &stream->request.query;
    for (size_t i = 0; name && i < query->count; i++)
        if (query->items[i].name && strcmp(query->items[i].name, name) == 0)
            check_problem(
                check, where, "request.query[%zu] sets %.64s too; remove it there", i, name);
}

static void check_place_of(struct check *check, const struct muster_stream *stream)
{
    const struct muster_paging *paging = &stream->paging;
    bool in_query = paging->place == MUSTER_IN_DEFAULT || paging->place == MUSTER_IN_QUERY;
    if (paging->place == MUSTER_IN_COOKIE)
        check_problem(check, "paging.place", "cannot be a cookie; use query, header or body");
    if (paging->place == MUSTER_IN_BODY && stream->request.body == MUSTER_BODY_NONE)
        check_problem(
            check, "paging.place", "is the body, but the request has none; declare request.body");
    if (paging->place == MUSTER_IN_BODY && stream->request.body == MUSTER_BODY_JSON &&
        paging->parameter)
        check_pointer(check, "paging.parameter", paging->parameter, false);
    if (paging->place == MUSTER_IN_HEADER && paging->parameter)
        check_header(check, "paging.parameter", paging->parameter);
    if (paging->parameter && !paging->parameter[0])
        check_problem(
            check, "paging.parameter", "is empty; name it, or leave it out for the default");
    if (in_query) {
        check_not_in_query(check, stream, "paging.parameter", paging->parameter);
        check_not_in_query(check, stream, "paging.size_parameter", paging->size_parameter);
    }
}

static void check_stability(struct check *check, const struct muster_paging *paging)
{
    if (paging->kind == MUSTER_PAGING_NONE && paging->stability != MUSTER_STABILITY_DEFAULT)
        check_problem(
            check, "paging.stability", "says nothing of a listing in one answer; remove it");
    if (paging->kind == MUSTER_PAGING_NUMBER && paging->stability == MUSTER_STABILITY_FIXED)
        check_problem(check, "paging.stability",
            "cannot be FIXED: pages by number do not overlap, so that a shift between two of them "
            "is not seen in any order; remove it, or page by offset where the API can");
}

void check_paging(struct check *check, const struct muster_stream *stream)
{
    const struct muster_paging *paging = &stream->paging;
    const struct paging_rule *rule = &paging_rules[paging->kind];
    check_members(check, paging, rule);
    check_ends(check, paging, &stream->delta, rule);
    check_total(check, stream);
    check_place_of(check, stream);
    check_stability(check, paging);
    check_pointer(check, "paging.next", paging->next, false);
    check_pointer(check, "paging.key", paging->key, false);
    check_condition(check, "paging.truncated", &paging->truncated);
    if (paging->start < 0)
        check_problem(check, "paging.start", "is negative; the first page or offset is 0 or more");
    if (paging->ceiling < 0)
        check_problem(
            check, "paging.ceiling", "is negative; write the number of items, or 0 for none");
    if (paging->size > PAGE_SIZE_MAX || paging->size_max > PAGE_SIZE_MAX)
        check_problem(check, "paging.size", "asks for more than %u items a page; ask for fewer",
            PAGE_SIZE_MAX);
    if (paging->size_max != 0 && (paging->size ? paging->size : 100) > paging->size_max)
        check_problem(check, "paging.size", "asks for more than size_max; lower it");
    if (stream->items_form == MUSTER_OBJECT && paging->kind != MUSTER_PAGING_NONE)
        check_problem(check, "items_form",
            "is one object, which has no pages; remove paging or use MUSTER_ARRAY");
}
