/* SPDX-License-Identifier: Apache-2.0 */
/* Header fields from a seed: a line each, with the name before its first colon. */
#ifndef MUSTER_TESTS_FUZZ_HEADER_LINES_H
#define MUSTER_TESTS_FUZZ_HEADER_LINES_H

#include <string.h>
#include "base/http.h"

static inline void header_lines(struct http_headers *headers, struct span text)
{
    struct fault fault;
    while (text.length > 0) {
        const char *stop = memchr(text.data, '\n', text.length);
        size_t length = stop ? (size_t)(stop - text.data) : text.length;
        const char *colon = memchr(text.data, ':', length);
        size_t name = colon ? (size_t)(colon - text.data) : 0;
        /* Fields above the limits of one message are left out, as the transport refuses the message
         * then. */
        if (colon)
            (void)!http_headers_add(headers, (struct span){text.data, name},
                span_trim((struct span){colon + 1, length - name - 1}), &fault);
        text.data += length + (stop != NULL);
        text.length -= length + (stop != NULL);
    }
}

#endif
