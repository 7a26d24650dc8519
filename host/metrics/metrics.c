/* SPDX-License-Identifier: Apache-2.0 */
/* The table of families, and updates. */
#include "metrics/metrics.h"

#include <assert.h>
#include <string.h>
#include "base/memory.h"
#include "exposition.h"
#include "family.h"

static const double request_buckets[] = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};
static const double run_buckets[] = {0.1, 1, 5, 15, 60, 300, 900, 3600, 14400, 86400};
static const double commit_buckets[] = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5};

struct metrics {
    struct family families[METRIC_COUNT];
    struct family_kind kinds[METRIC_COUNT];
};

static const struct family_kind kinds[METRIC_COUNT] = {
#define X(id, type_, name_, labels_, help_) \
    [id] = {.name = "muster_" name_, .help = (help_), .type = FAMILY_##type_, .labels = (labels_)},
    METRICS_TABLE(X)
#undef X
};

#define COUNT(array) (sizeof(array) / sizeof *(array))
static const struct {
    const double *bounds;
    size_t count;
} buckets[METRIC_COUNT] = {
    [METRIC_HTTP_DURATION] = {request_buckets, COUNT(request_buckets)},
    [METRIC_RUN_DURATION] = {run_buckets, COUNT(run_buckets)},
    [METRIC_COMMIT_DURATION] = {commit_buckets, COUNT(commit_buckets)},
};

static size_t count_words(const char *text)
{
    size_t count = *text != '\0';
    for (; *text; text++)
        count += *text == ' ';
    return count;
}

struct metrics *metrics_create(void)
{
    struct metrics *metrics = memory_allocate(sizeof *metrics);
    if (!metrics)
        return NULL;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        struct family_kind *kind = &metrics->kinds[i];
        *kind = kinds[i];
        kind->label_count = count_words(kind->labels);
        kind->buckets = buckets[i].bounds;
        kind->bucket_count = buckets[i].count;
        assert(kind->label_count <= METRICS_LABELS_MAX && kind->bucket_count <= FAMILY_BUCKETS_MAX);
        assert((kind->type == FAMILY_HISTOGRAM) == (kind->buckets != NULL));
        /* A family without labels is there from the start, at zero. */
        bool ok = family_init(&metrics->families[i], kind) &&
                  (kind->label_count > 0 || family_find(&metrics->families[i], METRICS_LABELS()));
        if (!ok) {
            metrics_free(metrics);
            return NULL;
        }
    }
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    for (size_t i = 0; i < METRIC_COUNT && metrics->families[i].kind; i++)
        family_destroy(&metrics->families[i]);
    memory_free(metrics);
}

/* The mutexes are plain and never taken twice: locking cannot fail (pthread_mutex_lock(3)). */
static struct family *lock(struct metrics *metrics, enum metric metric)
{
    struct family *family = &metrics->families[metric];
    (void)pthread_mutex_lock(&family->lock);
    return family;
}

static void unlock(struct family *family)
{
    (void)pthread_mutex_unlock(&family->lock);
}

void metrics_add(struct metrics *metrics, enum metric metric, const char *const *labels, double by)
{
    assert(kinds[metric].type == FAMILY_COUNTER && by >= 0);
    struct family *family = lock(metrics, metric);
    struct series *series = family_find(family, labels);
    if (series)
        series->value += by;
    unlock(family);
}

void metrics_set(
    struct metrics *metrics, enum metric metric, const char *const *labels, double value)
{
    assert(kinds[metric].type == FAMILY_GAUGE);
    struct family *family = lock(metrics, metric);
    struct series *series = family_find(family, labels);
    if (series)
        series->value = value;
    unlock(family);
}

void metrics_observe(
    struct metrics *metrics, enum metric metric, const char *const *labels, double value)
{
    assert(kinds[metric].type == FAMILY_HISTOGRAM);
    struct family *family = lock(metrics, metric);
    struct series *series = family_find(family, labels);
    if (series) {
        size_t bucket = 0;
        while (bucket < family->kind->bucket_count && !(value <= family->kind->buckets[bucket]))
            bucket++;
        series->buckets[bucket]++;
        series->value += value;
    }
    unlock(family);
}

void metrics_age(struct metrics *metrics, enum metric age, enum metric since, double now_seconds)
{
    assert(kinds[age].type == FAMILY_GAUGE && kinds[since].type == FAMILY_GAUGE);
    assert(age != since && strcmp(kinds[age].labels, kinds[since].labels) == 0);
    struct family *from = lock(metrics, since), *family = lock(metrics, age);
    for (size_t i = 0; i < from->count; i++) {
        const char *labels[METRICS_LABELS_MAX + 1] = {NULL}, *at = from->series[i]->labels;
        for (size_t j = 0; j < from->kind->label_count; j++, at += strlen(at) + 1)
            labels[j] = at;
        struct series *series = family_find(family, labels);
        double seconds = now_seconds - from->series[i]->value;
        if (series)
            series->value = seconds > 0 ? seconds : 0;
    }
    unlock(family);
    unlock(from);
}

void metrics_remove_connection(struct metrics *metrics, const char *connection)
{
    static const struct span label = {"connection", 10};
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        if (!span_starts_with(span_of(kinds[i].labels), label))
            continue;
        struct family *family = lock(metrics, (enum metric)i);
        family_remove(family, connection);
        unlock(family);
    }
}

void metrics_clear(struct metrics *metrics, enum metric metric)
{
    struct family *family = lock(metrics, metric);
    family_remove(family, NULL);
    unlock(family);
}

bool metrics_write(struct metrics *metrics, struct bytes *into, struct fault *fault)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        struct family *family = lock(metrics, (enum metric)i);
        bool ok = exposition_family(family, into, fault);
        unlock(family);
        if (!ok)
            return false;
    }
    return true;
}
