/* SPDX-License-Identifier: Apache-2.0 */
/* The first step of intake: from a path to bytes that nobody can change any more. */
#ifndef MUSTER_DECLARATION_SEAL_H
#define MUSTER_DECLARATION_SEAL_H

#include "base/bytes.h"
#include "base/hash.h"
#include "refusal.h"

struct sealed {
    int descriptor;      /* a sealed memfd; -1: none */
    struct bytes bytes;  /* what is in it */
    struct hash256 hash; /* of these bytes */
};

/* Opens the file without following a link, checks who owns it and who may write to it, copies it to
 * a memfd and seals that. Whatever happens to the file afterwards, what is checked is what is read
 * (fault 134). */
bool seal_file(const char *path, struct sealed *ret_sealed, struct refusal *refusal) MUST_CHECK;
void sealed_close(struct sealed *sealed);

#define AUTO_SEALED __attribute__((cleanup(sealed_close))) struct sealed

#endif
