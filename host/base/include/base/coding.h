/* SPDX-License-Identifier: Apache-2.0 */
/* Content codings of responses: gzip (RFC 1952) and deflate (RFC 1950, and RFC 1951, which some
 * servers send for it). */
#ifndef MUSTER_BASE_CODING_H
#define MUSTER_BASE_CODING_H

#include "base/http.h"

/* Decodes the body in place; nothing where it is decoded already. Costs time in proportion to what
 * comes out, so it belongs where nobody else waits. At most `most` bytes and the body's own limit
 * come out. A body that cannot be decoded is dropped, and the exchange is no longer done: too
 * large, protocol (not what its coding says, or something after its end), receive (cut), or local
 * (memory); `why` has the sentence. */
void response_decode(struct response *response, size_t most);

#endif
