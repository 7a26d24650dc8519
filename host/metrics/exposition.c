/* SPDX-License-Identifier: Apache-2.0 */
/* Series as lines of text; source of the format:
 * prometheus.io/docs/instrumenting/exposition_formats. */
#include "exposition.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX  9007199254740992.0 /* integers up to 2^53 are exact in a double */
#define NUMBER_MAX 40

static const char *const type_names[] = {
    [FAMILY_COUNTER] = "counter", [FAMILY_GAUGE] = "gauge", [FAMILY_HISTOGRAM] = "histogram"};

static bool append_number(struct bytes *into, double value, struct fault *fault)
{
    char text[NUMBER_MAX];
    if (isnan(value))
        return bytes_append_text(into, "NaN", fault);
    if (isinf(value))
        return bytes_append_text(into, value > 0 ? "+Inf" : "-Inf", fault);
    if (value == trunc(value) && fabs(value) <= EXACT_MAX) {
        (void)snprintf(text, sizeof text, "%" PRId64, (int64_t)value);
        return bytes_append_text(into, text, fault);
    }
    /* The shortest of the usual precisions that reads back as the same number. */
    for (int digits = 6; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return bytes_append_text(into, text, fault);
}

static bool append_escaped(struct bytes *into, const char *value, struct fault *fault)
{
    for (; *value; value++) {
        bool ok = *value == '\n'                      ? bytes_append_text(into, "\\n", fault)
                  : (*value == '"' || *value == '\\') ? bytes_append_char(into, '\\', fault) &&
                                                            bytes_append_char(into, *value, fault)
                                                      : bytes_append_char(into, *value, fault);
        if (!ok)
            return false;
    }
    return true;
}

/* {connection="acme",stream="users"}, with le="..." at its end where `le` is not NULL. */
static bool append_labels(const struct family_kind *kind, const struct series *series,
    const double *le, struct bytes *into, struct fault *fault)
{
    const char *name = kind->labels, *value = series->labels;
    if (kind->label_count == 0 && !le)
        return true;
    if (!bytes_append_char(into, '{', fault))
        return false;
    for (size_t i = 0; i < kind->label_count; i++) {
        size_t length = strcspn(name, " ");
        if ((i > 0 && !bytes_append_char(into, ',', fault)) ||
            !bytes_append(into, (struct span){name, length}, fault) ||
            !bytes_append_text(into, "=\"", fault) || !append_escaped(into, value, fault) ||
            !bytes_append_char(into, '"', fault))
            return false;
        name += length + (name[length] == ' ');
        value += strlen(value) + 1;
    }
    if (le && (!bytes_append_text(into, kind->label_count ? ",le=\"" : "le=\"", fault) ||
                  !append_number(into, *le, fault) || !bytes_append_char(into, '"', fault)))
        return false;
    return bytes_append_char(into, '}', fault);
}

static bool append_sample(const struct family_kind *kind, const struct series *series,
    const char *suffix, const double *le, double value, struct bytes *into, struct fault *fault)
{
    return bytes_append_text(into, kind->name, fault) && bytes_append_text(into, suffix, fault) &&
           append_labels(kind, series, le, into, fault) && bytes_append_char(into, ' ', fault) &&
           append_number(into, value, fault) && bytes_append_char(into, '\n', fault);
}

static bool append_histogram(const struct family_kind *kind, const struct series *series,
    struct bytes *into, struct fault *fault)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= kind->bucket_count; i++) {
        double le = i < kind->bucket_count ? kind->buckets[i] : (double)INFINITY;
        count += series->buckets[i];
        if (!append_sample(kind, series, "_bucket", &le, (double)count, into, fault))
            return false;
    }
    return append_sample(kind, series, "_sum", NULL, series->value, into, fault) &&
           append_sample(kind, series, "_count", NULL, (double)count, into, fault);
}

bool exposition_family(const struct family *family, struct bytes *into, struct fault *fault)
{
    const struct family_kind *kind = family->kind;
    if (!bytes_format(into, fault, "# HELP %s %s\n# TYPE %s %s\n", kind->name, kind->help,
            kind->name, type_names[kind->type]))
        return false;
    for (size_t i = 0; i < family->count; i++) {
        const struct series *series = family->series[i];
        bool ok = kind->type == FAMILY_HISTOGRAM
                      ? append_histogram(kind, series, into, fault)
                      : append_sample(kind, series, "", NULL, series->value, into, fault);
        if (!ok)
            return false;
    }
    return true;
}
