/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader child writes is hostile text. A plan that comes of it has a canonical form, which
 * gives the same plan again. */
#include "fuzz.h"

#include <string.h>
#include "declaration/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan *plan = NULL, *again = NULL;
    struct fault fault = {0};
    if (!plan_create((struct span){(const char *)data, size}, "fuzz.so", NULL, &plan, &fault)) {
        FUZZ_CHECK(!plan && fault.code != FAULT_NONE && fault.text[0]);
        return 0;
    }
    FUZZ_CHECK(plan_create(plan->canonical, "fuzz.so", NULL, &again, &fault));
    FUZZ_CHECK(span_equal(plan->canonical, again->canonical));
    FUZZ_CHECK(memcmp(&plan->hash, &again->hash, sizeof plan->hash) == 0);
    for (uint32_t i = 0; i < plan->connector->streams.count; i++) {
        struct hash256 shape = plan_stream_shape(plan, i),
                       shape_again = plan_stream_shape(again, i);
        FUZZ_CHECK(memcmp(&shape, &shape_again, sizeof shape) == 0);
        FUZZ_CHECK(plan_stream_parent(plan, i) < (int)plan->connector->streams.count);
    }
    plan_release(plan);
    plan_release(again);
    return 0;
}
