/* SPDX-License-Identifier: Apache-2.0 */
/* Header lists and responses. */
#include "base/http.h"

#include "base/memory.h"

static const char *const exchange_names[] = {
#define X(name, text) [name] = (text),
    EXCHANGE_TABLE(X)
#undef X
};

const char *exchange_name(enum exchange exchange)
{
    return exchange_names[exchange];
}

bool http_headers_add(
    struct http_headers *headers, struct span name, struct span value, struct fault *fault)
{
    if (headers->count == HTTP_HEADERS_MAX)
        return fault_set(fault, FAULT_LIMIT, "more than %d header fields", HTTP_HEADERS_MAX);
    if (!headers->fields) {
        headers->fields = memory_allocate_array(HTTP_HEADERS_MAX, sizeof *headers->fields);
        if (!headers->fields)
            return fault_memory(fault);
    }
    headers->text.limit = HTTP_HEADER_BYTES_MAX;
    if (!headers->text.data && !bytes_reserve(&headers->text, HTTP_HEADER_BYTES_MAX, fault))
        return false;
    size_t at = headers->text.length;
    /* Room for both before either goes in: a field is whole or not there. */
    if (!bytes_reserve(&headers->text, name.length + value.length, fault) ||
        !bytes_append(&headers->text, name, fault) || !bytes_append(&headers->text, value, fault))
        return false;
    const char *text = headers->text.data + at;
    headers->fields[headers->count++] =
        (struct http_header){{text, name.length}, {text + name.length, value.length}};
    return true;
}

struct span http_headers_get(const struct http_headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (span_equal_nocase(headers->fields[i].name, span_of(name)))
            return headers->fields[i].value;
    return (struct span){NULL, 0};
}

void http_headers_clear(struct http_headers *headers)
{
    headers->count = 0;
    bytes_clear(&headers->text);
}

void http_headers_free(struct http_headers *headers)
{
    bytes_free(&headers->text);
    memory_free(headers->fields);
    *headers = (struct http_headers){0};
}

void response_free(struct response *response)
{
    if (!response)
        return;
    http_headers_free(&response->headers);
    bytes_free(&response->body);
    memory_free(response);
}
