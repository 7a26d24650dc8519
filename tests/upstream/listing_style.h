/* SPDX-License-Identifier: Apache-2.0 */
/* What reading and writing a listing share: the row of a paging style. */
#ifndef UPSTREAM_LISTING_STYLE_H
#define UPSTREAM_LISTING_STYLE_H

#include "listing.h"

#define CURSOR_MASK UINT64_C(0x5DEECE66D) /* so that a cursor does not look like an offset */

enum wrapping { WRAP_OBJECT, WRAP_ARRAY, WRAP_SCIM };

struct style {
    const char *prefix; /* of the path */
    /* Reads the style's parameters into position, first and limit; NULL, or what is wrong with
     * them. */
    const char *(*read)(const struct dataset *dataset, struct listing *listing);
    enum wrapping wrapping;
    const char *markers; /* members of `paging`, separated by commas */
    enum form form;
    const char *size; /* name of the page-size parameter; NULL: no paging */
    bool link_header;
};

/* Whether the listing is the log of changes. */
bool listing_is_changes(const struct listing *listing);

#endif
