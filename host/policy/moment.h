/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and times as headers state them, told apart by form and magnitude. For dialect.c, which
 * knows what of a budget they are. */
#ifndef MUSTER_POLICY_MOMENT_H
#define MUSTER_POLICY_MOMENT_H

#include "base/bytes.h"

/* A number without a sign, in thousandths; saturates. False where text does not begin with one.
 * *ret_used: its characters. */
bool moment_number(struct span text, int64_t *ret_milli, size_t *ret_used) MUST_CHECK;
/* The number that begins `text`, where nothing but a separator and more follows it; floored.
 * RATE_UNKNOWN where there is none. */
int64_t moment_whole(struct span text);
/* A point or span of time in any form, as ms from now, from 0 to `most_ms`; RATE_UNKNOWN where it
 * is none. `now_ms` is the server's present. */
int64_t moment_read(struct span text, int64_t now_ms, int64_t most_ms);
int64_t moment_clamp(int64_t ms, int64_t most_ms); /* into 0 to `most_ms` */

#endif
