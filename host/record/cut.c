/* SPDX-License-Identifier: Apache-2.0 */
/* Copies a JSON text with some of its values left out. */
#include "cut.h"

#include <stdlib.h>
#include <string.h>
#include "list.h"

#define REDACTED "\"" CUT_REDACTED "\""

bool cut_add(struct cut_list *list, struct span at, enum cut_kind kind, struct arena *arena,
    struct fault *fault)
{
    if (!list_grow(arena, &list->cuts, sizeof *list->cuts, list->count, &list->capacity, fault))
        return false;
    list->cuts[list->count++] = (struct cut){at, kind};
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct span *one = &((const struct cut *)a)->at, *other = &((const struct cut *)b)->at;
    if (one->data != other->data)
        return one->data < other->data ? -1 : 1;
    return one->length == other->length ? 0 : one->length > other->length ? -1 : 1;
}

void cut_sort(struct cut_list *list)
{
    if (list->count > 1)
        qsort(list->cuts, list->count, sizeof *list->cuts, by_place);
}

bool cut_overlaps(const struct cut_list *list, struct span span)
{
    for (size_t i = 0; list && i < list->count; i++)
        if (span.data < list->cuts[i].at.data + list->cuts[i].at.length &&
            list->cuts[i].at.data < span.data + span.length)
            return true;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *back_over_blanks(const char *at, const char *start)
{
    while (at > start && is_blank(at[-1]))
        at--;
    return at;
}

/* Where the member begins whose value is at `value`, or NULL if the value is no member's. */
static const char *member_start(const char *value, const char *start)
{
    const char *at = back_over_blanks(value, start);
    if (at == start || at[-1] != ':')
        return NULL;
    at = back_over_blanks(at - 1, start);
    at--; /* the name's closing quote; its opening quote is the first that is not escaped */
    for (;;) {
        size_t escapes = 0;
        do
            at--;
        while (at > start && *at != '"');
        while (at - escapes > start && at[-1 - (ptrdiff_t)escapes] == '\\')
            escapes++;
        if (escapes % 2 == 0 || at <= start)
            return at;
    }
}

struct copying {
    char *to;
    size_t length;
    const char *from, *end; /* what is still to be copied */
};

static void copy_until(struct copying *on, const char *stop)
{
    size_t length = (size_t)(stop - on->from);
    (void)memcpy(on->to + on->length, on->from, length);
    on->length += length;
    on->from = stop;
}

static void write(struct copying *on, const char *text)
{
    size_t length = strlen(text);
    (void)memcpy(on->to + on->length, text, length);
    on->length += length;
}

/* Leaves the member out with one of its commas: the one after it, or else the one before it. */
static void leave_member_out(struct copying *on, const char *start, struct span value)
{
    copy_until(on, start);
    on->from = value.data + value.length;
    while (on->from < on->end && is_blank(*on->from))
        on->from++;
    if (on->from < on->end && *on->from == ',') {
        on->from++;
        return;
    }
    while (on->length > 0 && is_blank(on->to[on->length - 1]))
        on->length--;
    if (on->length > 0 && on->to[on->length - 1] == ',')
        on->length--;
}

static void apply(struct copying *on, const struct cut *cut)
{
    const char *member = cut->kind == CUT_MEMBER ? member_start(cut->at.data, on->from) : NULL;
    if (member) {
        leave_member_out(on, member, cut->at);
        return;
    }
    copy_until(on, cut->at.data);
    write(on, cut->kind == CUT_REDACT ? REDACTED : "null");
    on->from = cut->at.data + cut->at.length;
}

bool cut_apply(const struct cut_list *list, struct span within, struct arena *arena,
    struct span *ret_text, struct fault *fault)
{
    struct copying on = {NULL, 0, within.data, within.data + within.length};
    size_t inside = 0;
    for (size_t i = 0; list && i < list->count; i++)
        inside += list->cuts[i].at.data >= within.data &&
                  list->cuts[i].at.data + list->cuts[i].at.length <= on.end;
    if (inside == 0) {
        *ret_text = within;
        return true;
    }
    on.to = arena_allocate(arena, within.length + inside * sizeof REDACTED);
    if (!on.to)
        return fault_memory(fault);
    for (size_t i = 0; i < list->count; i++) {
        const struct span at = list->cuts[i].at;
        if (at.data >= on.from && at.data + at.length <= on.end) /* not in one that is gone */
            apply(&on, &list->cuts[i]);
    }
    copy_until(&on, on.end);
    *ret_text = (struct span){on.to, on.length};
    return true;
}
