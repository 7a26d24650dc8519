/* SPDX-License-Identifier: Apache-2.0 */
/* From a response to items and the next position. The one place that judges whether a listing goes
 * on, has ended by a declared signal, or merely looks like it. Pure; safe from many threads. */
#ifndef MUSTER_PAGE_PAGE_H
#define MUSTER_PAGE_PAGE_H

#include "config/source.h"
#include "json/gate.h"
#include "json/value.h"
#include "policy/classify.h"
#include "request/request.h"

struct page_reader; /* pointers, envelope and paging of one stream, compiled */

bool page_reader_create(const struct source *source, size_t stream, struct page_reader **ret_reader,
    struct fault *fault) MUST_CHECK;
/* The same for the stream's read_one: one answer with one object. NULL where none is declared. */
bool page_reader_create_one(const struct source *source, size_t stream,
    struct page_reader **ret_reader, struct fault *fault) MUST_CHECK;
void page_reader_free(struct page_reader *reader);
const struct classifier *page_reader_classifier(const struct page_reader *reader);

enum page_end {
    PAGE_GOES_ON,   /* `next` is set */
    PAGE_ENDED,     /* a declared end signal was there */
    PAGE_UNDECLARED /* no way on, and no declared end (fault 64): partial */
};

#define PAGE_TOTAL_UNKNOWN (-1)

/* Marks on a page; each is counted as a page anomaly and the engine decides what it denies. */
enum page_mark {
    PAGE_MARK_TRUNCATED = 1u << 0,  /* the declared marker of truncation */
    PAGE_MARK_CEILING = 1u << 1,    /* the listing's declared ceiling was reached */
    PAGE_MARK_SELF = 1u << 2,       /* next equals the position that was asked for (fault 61) */
    PAGE_MARK_EMPTY = 1u << 3,      /* no items */
    PAGE_MARK_NO_BODY = 1u << 4,    /* 204, or an empty body with 200 (fault 25) */
    PAGE_MARK_PAST_TOTAL = 1u << 5, /* more items received than the total says */
    PAGE_MARK_ECHO = 1u << 6, /* the body states another start index or page than was asked for */
    PAGE_MARK_UNFRAMED = 1u << 7 /* close-delimited: a cut could not be told (fault 16) */
};

struct page {
    struct classified verdict; /* OUTCOME_OK, or what the envelope, a wrong content type or a body
                                  that is not JSON made of it */
    struct json_item
        *items; /* in the arena; spans into the response's body. None unless the verdict is OK */
    size_t item_count;
    enum page_end end;
    const char *end_signal; /* static: which declared signal ended it ("total", "next absent", …);
                               NULL unless PAGE_ENDED */
    struct position next;   /* PAGE_GOES_ON: what to ask for; else only its page, received and total
                               count this page */
    struct span delta;      /* PAGE_ENDED, mode DELTA: the token or absolute URL of the next run;
                               nothing:      there is none */
    int64_t total;          /* items in the whole listing as stated; PAGE_TOTAL_UNKNOWN */
    bool total_exact;       /* declared as exact */
    uint32_t marks;         /* enum page_mark, combined */
    size_t body_length;     /* of the response, decoded */
};

/*
 * Reads a whole response with status 2xx. The verdict is MALFORMED where the body is not what was
 * declared: wrong content type (neither application/json, +json, text/json nor, where none is
 * stated, JSON by its first byte), HTML, cut, items that are no array. `fault` is for our own
 * trouble only (memory). Total: body pointer, header, or the parent's field; totals that are
 * negative or no integer are unknown. Order of judgement: declared end signals first (any of them),
 * then the way on, then PAGE_UNDECLARED. An empty page ends a listing only where that is declared;
 * else, where a way on exists, it goes on (fault 63). No body at all is no page: nothing ends by
 * it. A next link to another origin makes the verdict REFUSED (fault 74). A next that equals what
 * was asked for is no way on (fault 61). SCIM: RFC 7644: totalResults against startIndex - 1 +
 * items received; count 0 answers; servers that page less than asked for. Where the request carries
 * an overlap probe, that many items are the page's before: they count neither as received nor for
 * the way on, and whether they are the right ones is the engine's to tell.
 */
bool page_read(const struct page_reader *reader, const struct response *response,
    const struct position *at, const struct request *asked, const struct scope_parent *parent,
    const struct hash_key *key, struct arena *arena, struct page *ret_page,
    struct fault *fault) MUST_CHECK;

#endif
