/* SPDX-License-Identifier: Apache-2.0 */
/* What a source holds beside what everybody sees. */
#ifndef MUSTER_CONFIG_SOURCE_BOX_H
#define MUSTER_CONFIG_SOURCE_BOX_H

#include <stdatomic.h>
#include "values.h"

struct source_box {
    struct source source; /* first: the two share their address */
    atomic_uint references;
    struct values values;
    struct secret seal_key; /* empty: none is needed */
    char *copies;           /* the connection's settings and all texts, one block */
};

#endif
