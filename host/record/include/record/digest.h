/* SPDX-License-Identifier: Apache-2.0 */
/* What a page worker does with one response: gate, items, next position, match by bytes, map, hash.
 * A pure function of its input and of what known() answers. */
#ifndef MUSTER_RECORD_DIGEST_H
#define MUSTER_RECORD_DIGEST_H

#include "record/known.h"
#include "record/mapper.h"

/* Borrowed until the digest is freed, the response excepted, which the digest takes. */
struct digest_input {
    const struct program *program;
    struct response *response;         /* taken */
    struct request asked;              /* size asked for, cursor flag */
    struct position at;                /* copied */
    const struct scope_parent *parent; /* lives as long as the scope's run */
    int64_t scope;                     /* the store's key, for known() */
    bool one; /* the answer to a read of one object, by the program's read_one: it is told who it
                 is, and nothing of it is mapped */
    bool nothing_known; /* the scope had no live object when its run began: known() need not be
                           asked */
};

struct digest {
    struct arena *arena;
    struct response *response;
    struct page page;
    struct batch batch;
    uint64_t ids_hash; /* of the item ids in order: a page repeated with a new cursor has the same
                          (fault 80) */
    uint64_t first_id, last_id; /* of the first and the last item; 0: the page has none */
    uint64_t ids_sum;  /* over all items, whatever their order: two listings of the same items have
                          the same. Of listings that may slip only */
    int64_t joined_ms; /* likewise: when the last of them joined, those aside that are byte for byte
                          as the store has them live in the scope; 0: none, INT64_MAX: not known */
    struct span one_id, one_incarnation; /* of a read of one object; nothing: not readable */
    struct span bound_high; /* incremental: the highest bound on the page, in the declared format;
                               nothing: none */
    int64_t bound_order;    /* of bound_high, as mapper_bound has it */
    struct span bound_low;  /* and the lowest */
    int64_t low_order;
    bool bounds_rising; /* incremental: the page's items came in the declared order */
};

/*
 * In two steps, so that the next page can be asked for while this one is mapped. digest_read: the
 * verdict and where the listing goes on; `page` does not change after it. Never fails for what the
 * server sent: that is in page.verdict. False only for our own trouble; the response is freed then
 * too. digest_map: the batch, where the verdict is OK; else nothing. After a failure the digest is
 * good for nothing but digest_free. digest_page does both, and frees what failed.
 */
bool digest_read(
    const struct digest_input *input, struct digest **ret_digest, struct fault *fault) MUST_CHECK;
bool digest_map(struct digest *digest, const struct known *known, struct fault *fault) MUST_CHECK;
bool digest_page(const struct digest_input *input, const struct known *known,
    struct digest **ret_digest, struct fault *fault) MUST_CHECK;
void digest_free(struct digest *digest); /* NULL is fine */

/* The first item is the overlap probe, and was met: it is the page's before, and nothing of it is
 * received with this one. After digest_map. */
void digest_drop_first(struct digest *digest);

/* An assumption failed: maps item `index` of the batch the long way now, into fresh records at the
 * end of the batch. */
bool digest_item_again(struct digest *digest, uint32_t index, struct fault *fault) MUST_CHECK;

#endif
