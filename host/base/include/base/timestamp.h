/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time as milliseconds since 1970-01-01 UTC. Years 0001 to 9999; leap seconds count as
 * the second before. */
#ifndef MUSTER_BASE_TIMESTAMP_H
#define MUSTER_BASE_TIMESTAMP_H

#include "base/bytes.h"

#define TIMESTAMP_TEXT 32
#define TIMESTAMP_NONE INT64_MIN

/* RFC 3339 in UTC with milliseconds: 2026-01-31T23:59:59.123Z. TIMESTAMP_NONE gives "". */
void timestamp_text(int64_t wall_ms, char ret_text[TIMESTAMP_TEXT]);
/* RFC 3339 section 5.6, also with a space for T and without seconds' fraction; finer fractions are
 * floored. A text without an offset is refused. */
bool timestamp_from_rfc3339(struct span text, int64_t *ret_wall_ms);
bool timestamp_from_date(struct span text, int64_t *ret_wall_ms); /* YYYY-MM-DD, midnight UTC */
/* The three forms of RFC 9110 section 5.6.7. */
bool timestamp_from_http_date(struct span text, int64_t *ret_wall_ms);
/* RFC 4517 section 3.3.13, with Z or an offset. */
bool timestamp_from_generalized(struct span text, int64_t *ret_wall_ms);
/* A span of time: a number with ms, s, m, h or d. */
bool timestamp_duration(struct span text, int64_t *ret_ms);

#endif
