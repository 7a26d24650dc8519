/* SPDX-License-Identifier: Apache-2.0 */
/* Link header fields of any server. A target is a piece of one of them, and is there only where one
 * was found. */
#include "link.h"

#include "fuzz.h"
#include "header_lines.h"

static bool is_borrowed(const struct http_headers *headers, struct span target)
{
    for (size_t i = 0; i < headers->count; i++) {
        struct span value = headers->fields[i].value;
        if (target.data >= value.data && target.data + target.length <= value.data + value.length)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_headers headers = {0};
    struct span target = {NULL, 0};
    header_lines(&headers, (struct span){(const char *)data, size});
    enum link_result result = link_next(&headers, &target);
    if (result == LINK_FOUND)
        FUZZ_CHECK(
            target.data && target.length <= LINK_TARGET_MAX && is_borrowed(&headers, target));
    else
        FUZZ_CHECK(!target.data && (result == LINK_NONE || result == LINK_BROKEN));
    http_headers_free(&headers);
    return 0;
}
