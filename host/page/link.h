/* SPDX-License-Identifier: Apache-2.0 */
/* Link header fields (RFC 8288 section 3): which of them says where the next page is. Pure. */
#ifndef MUSTER_PAGE_LINK_H
#define MUSTER_PAGE_LINK_H

#include "base/http.h"

#define LINK_VALUES_MAX     64u   /* link-values of one answer */
#define LINK_PARAMETERS_MAX 16u   /* parameters of one link-value */
#define LINK_TARGET_MAX     8192u /* bytes of one target */

enum link_result {
    LINK_NONE,  /* every field was read, and none has rel="next" */
    LINK_FOUND, /* exactly one target; the same one twice is one */
    LINK_BROKEN /* a field that does not parse, exceeds a limit, or two targets: absence is not
                   shown */
};

/* ret_target: the URI reference between the angle brackets, borrowed from `headers`; relative or
 * absolute. Only LINK_FOUND sets it. Links with an `anchor` speak of another page and are passed
 * over (RFC 8288 section 3.2). */
enum link_result link_next(const struct http_headers *headers, struct span *ret_target);

#endif
