/* SPDX-License-Identifier: Apache-2.0 */
/* One family's series: found by their label values, kept in the order in which they came. */
#ifndef MUSTER_METRICS_FAMILY_H
#define MUSTER_METRICS_FAMILY_H

#include <pthread.h>
#include "base/hash.h"
#include "metrics/metrics.h"

#define FAMILY_BUCKETS_MAX 16

enum family_type { FAMILY_COUNTER, FAMILY_GAUGE, FAMILY_HISTOGRAM };

/* What is fixed about a family. */
struct family_kind {
    const char *name, *help;
    enum family_type type;
    const char *labels;    /* names separated by spaces */
    const double *buckets; /* upper bounds, rising, without +Inf; histograms only */
    size_t bucket_count, label_count;
};

struct series {
    double value; /* of a histogram: the sum */
    uint64_t
        *buckets; /* each with the observations in it alone; the last is +Inf. NULL: no histogram */
    char labels[]; /* values, each with its NUL */
};

struct family {
    const struct family_kind *kind;
    pthread_mutex_t lock; /* over all below */
    struct series **series;
    size_t count, capacity;
    uint32_t *index;   /* open addressing over `series`, numbers from 1; 0: free */
    size_t index_size; /* a power of two */
    struct hash_key key;
};

bool family_init(struct family *family, const struct family_kind *kind);
void family_destroy(struct family *family);
/* With the lock held. Creates it where it is not there; "other" where the family is full; NULL
 * without memory. */
struct series *family_find(struct family *family, const char *const *labels);
/* With the lock held. Removes the series whose first label is `first`; NULL: all. */
void family_remove(struct family *family, const char *first);

#endif
