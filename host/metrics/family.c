/* SPDX-License-Identifier: Apache-2.0 */
/* Look-up, growth and removal of one family's series. */
#include "family.h"

#include <assert.h>
#include <string.h>
#include "base/memory.h"
#include "base/random.h"

#define INDEX_FIRST     16u
#define LABELS_TEXT_MAX (METRICS_LABELS_MAX * (METRICS_LABEL_BYTES_MAX + 1))

bool family_init(struct family *family, const struct family_kind *kind)
{
    struct random random = random_from_system();
    *family = (struct family){.kind = kind};
    for (size_t i = 0; i < sizeof family->key.bytes; i++)
        family->key.bytes[i] = (uint8_t)random_next(&random);
    return pthread_mutex_init(&family->lock, NULL) == 0;
}

static void series_free(struct series *series)
{
    memory_free(series->buckets);
    memory_free(series);
}

void family_destroy(struct family *family)
{
    for (size_t i = 0; i < family->count; i++)
        series_free(family->series[i]);
    memory_free(family->series);
    memory_free(family->index);
    (void)pthread_mutex_destroy(&family->lock); /* nobody holds it */
}

/* A label's value as it is kept: sound, and not too long. */
static struct span trim_label(const char *value)
{
    struct span span = {value, strnlen(value, METRICS_LABEL_BYTES_MAX + 1)};
    if (span.length > METRICS_LABEL_BYTES_MAX) {
        span.length = METRICS_LABEL_BYTES_MAX;
        while (span.length > 0 && (span.data[span.length] & 0xC0) == 0x80)
            span.length--; /* not through a character */
    }
    return span_is_utf8(span) ? span : SPAN("invalid");
}

/* The values, each with its NUL, one after another: a key that no two lists share. */
static size_t join_labels(
    const struct family_kind *kind, const char *const *labels, char text[LABELS_TEXT_MAX])
{
    size_t length = 0, count = 0;
    for (; labels[count]; count++) {
        assert(count < kind->label_count);
        struct span value = trim_label(labels[count]);
        (void)memcpy(text + length, value.data, value.length);
        text[length + value.length] = '\0';
        length += value.length + 1;
    }
    assert(count == kind->label_count);
    return length;
}

static size_t labels_length(const struct family_kind *kind, const char *labels)
{
    const char *at = labels;
    for (size_t i = 0; i < kind->label_count; i++)
        at += strlen(at) + 1;
    return (size_t)(at - labels);
}

/* The slot that holds the series with these labels, or the free one where it belongs. */
static uint32_t *find_slot(const struct family *family, struct span labels)
{
    size_t mask = family->index_size - 1;
    size_t at = (size_t)hash_keyed64(&family->key, labels) & mask;
    for (; family->index[at] != 0; at = (at + 1) & mask) {
        const struct series *series = family->series[family->index[at] - 1];
        struct span other = {series->labels, labels_length(family->kind, series->labels)};
        if (span_equal(labels, other))
            break;
    }
    return &family->index[at];
}

static void index_all(struct family *family)
{
    (void)memset(family->index, 0, family->index_size * sizeof *family->index);
    for (size_t i = 0; i < family->count; i++) {
        const char *labels = family->series[i]->labels;
        struct span key = {labels, labels_length(family->kind, labels)};
        *find_slot(family, key) = (uint32_t)(i + 1);
    }
}

/* Room for one more series, the index at most half full. */
static bool grow(struct family *family)
{
    struct series **series =
        memory_grow(family->series, family->count, &family->capacity, sizeof(struct series *));
    if (!series)
        return false;
    family->series = series;
    if (family->index_size >= 2 * (family->count + 1))
        return true;
    size_t size = family->index_size ? family->index_size * 2 : INDEX_FIRST;
    uint32_t *index = memory_allocate_array(size, sizeof *index);
    if (!index)
        return false;
    memory_free(family->index);
    family->index = index;
    family->index_size = size;
    index_all(family);
    return true;
}

static struct series *create(struct family *family, struct span labels)
{
    if (!grow(family))
        return NULL;
    struct series *series = memory_allocate(sizeof *series + labels.length);
    if (!series)
        return NULL;
    (void)memcpy(series->labels, labels.data, labels.length);
    if (family->kind->type == FAMILY_HISTOGRAM) {
        series->buckets =
            memory_allocate_array(family->kind->bucket_count + 1, sizeof *series->buckets);
        if (!series->buckets) {
            series_free(series);
            return NULL;
        }
    }
    *find_slot(family, labels) = (uint32_t)(family->count + 1);
    family->series[family->count++] = series;
    return series;
}

static struct series *look_up(const struct family *family, struct span labels)
{
    uint32_t number = family->index ? *find_slot(family, labels) : 0;
    return number ? family->series[number - 1] : NULL;
}

struct series *family_find(struct family *family, const char *const *labels)
{
    static const char *const others[METRICS_LABELS_MAX] = {"other", "other", "other"};
    const char *other[METRICS_LABELS_MAX + 1] = {0};
    char text[LABELS_TEXT_MAX];
    struct span key = {text, join_labels(family->kind, labels, text)};
    struct series *series = look_up(family, key);
    size_t most =
        family->kind->type == FAMILY_HISTOGRAM ? METRICS_HISTOGRAM_SERIES_MAX : METRICS_SERIES_MAX;
    if (series)
        return series;
    if (family->count < most)
        return create(family, key);
    (void)memcpy(other, others, family->kind->label_count * sizeof *other);
    key.length = join_labels(family->kind, other, text);
    series = look_up(family, key);
    return series ? series : create(family, key);
}

void family_remove(struct family *family, const char *first)
{
    size_t kept = 0;
    for (size_t i = 0; i < family->count; i++) {
        struct series *series = family->series[i];
        if (!first || strcmp(series->labels, first) == 0)
            series_free(series);
        else
            family->series[kept++] = series;
    }
    if (kept == family->count)
        return;
    family->count = kept;
    index_all(family);
}
