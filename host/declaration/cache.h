/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical declarations by content hash and host build, so that known files cost no child process.
 */
#ifndef MUSTER_DECLARATION_CACHE_H
#define MUSTER_DECLARATION_CACHE_H

#include "base/bytes.h"
#include "base/hash.h"
#include "declaration/intake.h"

/* The kept text; false where there is none, or none that can be used. It is hostile all the same:
 * the caller gates and validates it as it would the reader's answer. */
bool cache_find(const struct intake_options *options, const struct hash256 *content,
    struct bytes *into) MUST_CHECK;
/* Keeps a text, atomically. A cache that cannot be written is a slow one, no failure. */
void cache_keep(
    const struct intake_options *options, const struct hash256 *content, struct span canonical);

#endif
