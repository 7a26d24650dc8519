/* SPDX-License-Identifier: Apache-2.0 */
/* One page of a collection in one of the paging styles. Three steps, so that a fault can alter what
 * the second one concluded before the third one writes it: read what was asked, conclude what
 * comes, write the page. */
#ifndef UPSTREAM_LISTING_H
#define UPSTREAM_LISTING_H

#include "message.h"
#include "render.h"

#define LISTING_PAGE_DEFAULT 100u

struct style;

/* Where the items come from: a collection, or a list of numbers made for this request. */
struct source {
    enum collection_name collection;
    enum form form;
    uint32_t group;
    uint64_t *numbers; /* NULL: the collection itself */
    uint32_t count;
};

enum next_end { NEXT_NULL, NEXT_ABSENT, NEXT_EMPTY }; /* how a missing next is written */

struct listing {
    const struct style *style;
    struct source source;
    const struct request *request;
    bool falling;       /* order=desc */
    bool relative_urls; /* urls=relative */
    bool tombstones;    /* changes: deleted=true, or bare */
    bool bare_tombstones;
    uint32_t delta_s; /* deltas: what the token of the last page stands for */
    enum next_end end;
    struct span markers;   /* which members `paging` has; nothing: the style's own */
    uint64_t first;        /* page number, offset, startIndex that was asked for, as it is shown */
    uint64_t position;     /* of the first item */
    uint32_t limit;        /* items asked for, within the server's bound */
    uint32_t count;        /* items on this page */
    uint64_t total;        /* as stated */
    uint64_t end_position; /* of the listing */
    bool has_next;
    uint64_t next;         /* position of the next page */
    uint64_t serial;       /* makes cursors other texts for the same position; 0 unless faulty */
    uint64_t asked_serial; /* of the cursor in the request */
    bool reversed;         /* items of the page in reverse */
    bool wrap;             /* positions past the end begin again */
    struct span next_host; /* of an absolute next link; nothing: as the request's */
};

/* For a path of which listing_is_path() holds. The listing is sound, or `answer` holds an error. */
bool listing_prepare(const struct dataset *dataset, const struct request *request,
    uint32_t page_max, struct listing *ret_listing, struct answer *answer,
    struct fault *fault) MUST_CHECK;
bool listing_is_path(const struct request *request);
/* Another position or size: what follows from them is concluded anew. */
void listing_move(struct listing *listing, uint64_t position, uint32_t limit);
/* Whether there is a page to write: false after an error. */
bool listing_is_sound(const struct listing *listing);
bool listing_write(const struct dataset *dataset, const struct listing *listing,
    struct answer *answer, struct fault *fault) MUST_CHECK;
void listing_free(struct listing *listing);

#endif
