/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Pointers: what is taken can be written back, and leads to where its steps say. */
#include "fuzz.h"

#include <string.h>
#include "json/pointer.h"
#include "json/value.h"

static void append(struct bytes *into, struct span text)
{
    struct fault fault;
    FUZZ_CHECK(bytes_append(into, text, &fault));
}

static void check_written_back(const struct json_pointer *pointer, struct span text)
{
    struct bytes back = {0};
    for (size_t i = 0; i < pointer->count; i++) {
        struct span step = pointer->steps[i];
        append(&back, SPAN("/"));
        for (size_t j = 0; j < step.length; j++)
            append(&back, step.data[j] == '~'   ? SPAN("~0")
                          : step.data[j] == '/' ? SPAN("~1")
                                                : (struct span){step.data + j, 1});
    }
    FUZZ_CHECK(span_equal(bytes_span(&back), text) && span_equal_text(text, pointer->text));
    bytes_free(&back);
}

/* Objects inside each other, each with a member before the one that is named, and an array where
 * the step is a small index. */
static void check_leads(const struct json_pointer *pointer, bool arrays)
{
    struct bytes text = {0};
    struct fault fault;
    struct json_value value;
    struct json_projection *projection;
    char closing[JSON_POINTER_DEPTH_MAX];
    for (size_t i = 0; i < pointer->count; i++) {
        size_t index;
        bool array = arrays && json_pointer_index(pointer->steps[i], &index) && index < 4;
        bool met = span_equal_text(pointer->steps[i], "an other"); /* the first of a name counts */
        append(&text, array ? SPAN("[")
                      : met ? SPAN("{ \"one more\" : [{}, \"}\"], ")
                            : SPAN("{ \"an other\" : [{}, \"}\"], "));
        if (array) {
            while (index-- > 0)
                append(&text, SPAN("\"]\","));
        } else {
            FUZZ_CHECK(bytes_append_json(&text, pointer->steps[i], &fault));
            append(&text, SPAN(" : "));
        }
        closing[i] = array ? ']' : '}';
    }
    append(&text, SPAN("4711"));
    for (size_t i = pointer->count; i-- > 0;)
        append(&text, (struct span){&closing[i], 1});
    value = json_find(bytes_span(&text), pointer);
    FUZZ_CHECK(value.type == JSON_NUMBER && span_equal_text(value.bytes, "4711"));
    FUZZ_CHECK(json_projection_create(pointer, 1, &projection, &fault));
    json_project(projection, bytes_span(&text), &value);
    FUZZ_CHECK(value.type == JSON_NUMBER && span_equal_text(value.bytes, "4711"));
    json_projection_free(projection);
    bytes_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(0);
    struct json_pointer pointer;
    struct fault fault = {0};
    FUZZ_CHECK(arena);
    struct span text = arena_copy(arena, (struct span){(const char *)data, size});
    text = span_of(text.data);
    if (json_pointer_parse(text.data ? text.data : "", arena, &pointer, &fault)) {
        check_written_back(&pointer, text);
        check_leads(&pointer, false);
        check_leads(&pointer, true);
    } else {
        FUZZ_CHECK(fault.code == FAULT_DECLARATION && fault.text[0]);
    }
    arena_free(arena);
    return 0;
}
