/* SPDX-License-Identifier: Apache-2.0 */
/* Points and spans of time in every form that a server may write them in. What is read lies in the
 * years that can be written, and is read back from its own text. */
#include "fuzz.h"

#include "base/timestamp.h"

static const int64_t least_ms = INT64_C(-62135596800000); /* 0001-01-01 */
static const int64_t most_ms = INT64_C(253402300799999);  /* 9999-12-31, its last millisecond */

static bool (*const readers[])(struct span text, int64_t *ret_wall_ms) = {timestamp_from_rfc3339,
    timestamp_from_date, timestamp_from_http_date, timestamp_from_generalized};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    int64_t read_ms;
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        char back[TIMESTAMP_TEXT];
        int64_t again_ms = 0;
        if (!readers[i](text, &read_ms))
            continue;
        FUZZ_CHECK(read_ms >= least_ms && read_ms <= most_ms);
        timestamp_text(read_ms, back);
        FUZZ_CHECK(timestamp_from_rfc3339(span_of(back), &again_ms) && again_ms == read_ms);
    }
    if (timestamp_duration(text, &read_ms))
        FUZZ_CHECK(read_ms >= 0);
    return 0;
}
