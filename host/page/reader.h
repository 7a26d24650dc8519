/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled form of what a stream declares about its pages; shared by the files of this folder.
 */
#ifndef MUSTER_PAGE_READER_H
#define MUSTER_PAGE_READER_H

#include "page/page.h"

/* What may be looked up in a body beside its items. */
enum reader_value {
    READER_NEXT,
    READER_HAS_MORE,
    READER_LAST,
    READER_TOTAL_PAGES,
    READER_TOTAL,
    READER_ECHO,  /* SCIM: the startIndex that the body states */
    READER_DELTA, /* the token for the next run */
    READER_VALUES
};

struct page_reader {
    struct arena *arena;
    const struct source *source;        /* borrowed: its owner outlives the reader */
    const struct muster_paging *paging; /* as declared */
    const struct muster_delta *delta;
    struct classifier *classifier;
    struct json_pointer items;
    bool one_object;
    uint32_t ends;           /* enum muster_end, defaults filled in */
    int64_t start;           /* first number, defaults filled in */
    struct json_pointer key; /* KEYSET */
    struct condition truncated;
    bool declared[READER_VALUES];       /* whether there is a pointer for it */
    struct json_projection *projection; /* of the declared values, in the order of the enum */
    bool needs_whole_body; /* some pointer leads into the items: look-ups may not leave them out */
};

/* What one body says beside its items. Spans of it lie in the arena or in the response. */
struct page_facts {
    struct json_value values[READER_VALUES];
    enum { NEXT_UNREADABLE, NEXT_ABSENT, NEXT_NULL, NEXT_EMPTY, NEXT_THERE } next_form;
    struct span next; /* NEXT_THERE: token or URI reference */
};

/* Whether the listing goes on, from facts and items that `page` already holds: sets end,
 * end_signal, next and marks, or a verdict where the way on may not be taken. */
bool paging_judge(const struct page_reader *reader, const struct page_facts *facts,
    const struct position *at, const struct request *asked, struct arena *arena, struct page *page,
    struct fault *fault) MUST_CHECK;

/* Sets the verdict and takes the items away: what is not believed is not mapped. */
void page_reject(struct page *page, enum outcome outcome, const char *word, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
