/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical form of a record: JSON objects in table order with minimal escapes, and the hash of
 * what they say. */
#ifndef MUSTER_RECORD_WRITE_H
#define MUSTER_RECORD_WRITE_H

#include "field.h"

/* The fields whose table index is in `mask`, absent ones left out. */
bool write_fields(const struct yield_program *yield, const struct field_value *values,
    uint32_t mask, struct mapping *mapping, struct span *ret_object,
    struct fault *fault) MUST_CHECK;
/* The words that became "unknown"; nothing where none did. */
bool write_raw(const struct yield_program *yield, const struct field_value *values,
    struct mapping *mapping, struct span *ret_object, struct fault *fault) MUST_CHECK;
/* Sets content_hash: fields, raw words, carry, and what `counting` (attributes without volatile
 * members) says. */
bool write_hash(struct record *record, struct span counting, struct mapping *mapping,
    struct fault *fault) MUST_CHECK;

#endif
