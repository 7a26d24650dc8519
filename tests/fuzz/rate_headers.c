/* SPDX-License-Identifier: Apache-2.0 */
/* Rate-limit headers of any server. Whatever they say, no time read from them is negative or above
 * the bound. */
#include "fuzz.h"

#include "header_lines.h"
#include "policy/dialect.h"

#define MOST_MS INT64_C(900000)

static void check_time(int64_t read_ms)
{
    FUZZ_CHECK(read_ms == RATE_UNKNOWN || (read_ms >= 0 && read_ms <= MOST_MS));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t clocks_ms[] = {0, INT64_C(1700000000000), INT64_C(2147483648000)};
    struct http_headers headers = {0};
    header_lines(&headers, (struct span){(const char *)data, size});
    for (size_t i = 0; i < sizeof clocks_ms / sizeof clocks_ms[0]; i++) {
        struct rate_reading reading;
        dialect_read(&headers, clocks_ms[i], MOST_MS, &reading);
        check_time(reading.reset_ms);
        check_time(reading.retry_after_ms);
        FUZZ_CHECK(reading.window_ms == RATE_UNKNOWN || reading.window_ms >= 0);
        FUZZ_CHECK(reading.limit == RATE_UNKNOWN || reading.limit >= 0);
        FUZZ_CHECK(reading.remaining == RATE_UNKNOWN || reading.remaining >= 0);
        FUZZ_CHECK(reading.rate_per_second >= 0); /* and a number, too */
    }
    http_headers_free(&headers);
    return 0;
}
