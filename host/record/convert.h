/* SPDX-License-Identifier: Apache-2.0 */
/* Times and booleans in the forms that applications write them. Pure. */
#ifndef MUSTER_RECORD_CONVERT_H
#define MUSTER_RECORD_CONVERT_H

#include "base/timestamp.h"
#include "muster/connector.h"

enum convert_result {
    CONVERT_OK,
    CONVERT_NEVER, /* the format's own word for "no such time": 0 and 2^63 - 1 as Windows file times
                    */
    CONVERT_BAD
};

/* `text` in the declared format (zero: RFC 3339) as milliseconds; fractions below one are floored.
 * Times outside the years 1 to 9999 are CONVERT_BAD, and so is every COUNTER or OPAQUE. */
enum convert_result convert_time(uint32_t format, struct span text, int64_t *ret_wall_ms);

/* true, false, 1, 0, yes, no; without regard to case. */
bool convert_boolean(struct span text, bool *ret_value);

#define CONVERT_BOUND_MAX 64 /* bytes of a formatted bound and its NUL */

/* The text that a lower bound has in the declared format: floored to `granularity_s` seconds (0:
 * 1), so that nothing above it can be missed. COUNTER is the number itself. False for OPAQUE, which
 * has no other form than its own. */
bool convert_bound(
    uint32_t format, uint32_t granularity_s, int64_t number, char ret_text[CONVERT_BOUND_MAX]);

#endif
