/* SPDX-License-Identifier: Apache-2.0 */
/* The tables: connector.h, member by member. A member that is appended there is appended here, and
 * nowhere else. */
#include "schema.h"

#include <stddef.h>
#include "base/ascii.h"
#include "muster/connector.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The offset of a member, which does not compile unless the member is of that type. */
#define AT(structure, member, type)                                                   \
    (uint32_t)(offsetof(struct structure, member) +                                   \
               0 * sizeof(char[__builtin_types_compatible_p(                          \
                                   __typeof__(((struct structure *)0)->member), type) \
                                   ? 1                                                \
                                   : -1]))

#define TEXT(s, m)                                                        \
    {                                                                     \
        .name = #m, .type = SCHEMA_TEXT, .offset = AT(s, m, const char *) \
    }
#define U32(s, m)                                                    \
    {                                                                \
        .name = #m, .type = SCHEMA_U32, .offset = AT(s, m, uint32_t) \
    }
#define I64(s, m)                                                   \
    {                                                               \
        .name = #m, .type = SCHEMA_I64, .offset = AT(s, m, int64_t) \
    }
#define BOOLEAN(s, m)                                                    \
    {                                                                    \
        .name = #m, .type = SCHEMA_BOOLEAN, .offset = AT(s, m, uint32_t) \
    }
#define RESERVED(s)                                                                      \
    {                                                                                    \
        .name = "reserved", .type = SCHEMA_RESERVED, .offset = AT(s, reserved, uint32_t) \
    }
#define WORD(s, m, w)                                                                \
    {                                                                                \
        .name = #m, .type = SCHEMA_ENUM, .offset = AT(s, m, uint32_t), .words = &(w) \
    }
#define FLAGS(s, m, w)                                                                \
    {                                                                                 \
        .name = #m, .type = SCHEMA_FLAGS, .offset = AT(s, m, uint32_t), .words = &(w) \
    }
#define NUMBERS(s, m, n)                                                               \
    {                                                                                  \
        .name = #m, .type = SCHEMA_U32S, .offset = AT(s, m, uint32_t[n]), .count = (n) \
    }
#define INSIDE(s, m, inner)                                                           \
    {                                                                                 \
        .name = #m, .type = SCHEMA_STRUCT, .offset = AT(s, m, struct muster_##inner), \
        .of = &inner##_schema                                                         \
    }
#define LIST(s, m, inner)                                                                  \
    {                                                                                      \
        .name = #m, .type = SCHEMA_LIST, .offset = AT(s, m, struct muster_##inner##_list), \
        .count = MUSTER_LIST_MAX, .of = &inner##_schema                                    \
    }

#define WORDS(name, ...)                                           \
    static const struct schema_word name##_rows[] = {__VA_ARGS__}; \
    static const struct schema_words name = {name##_rows, COUNT(name##_rows)}

#define SCHEMA(type, ...)                                               \
    static const struct schema_member type##_members[] = {__VA_ARGS__}; \
    static const struct schema type##_schema = {                        \
        #type, type##_members, COUNT(type##_members), sizeof(struct muster_##type)}

WORDS(parameter_types, {MUSTER_TEXT, "text"}, {MUSTER_INTEGER, "integer"},
    {MUSTER_BOOLEAN, "boolean"}, {MUSTER_URL, "url"}, {MUSTER_HOST, "host"});
WORDS(operators, {MUSTER_EQUALS, "equals"}, {MUSTER_NOT_EQUALS, "not_equals"},
    {MUSTER_PRESENT, "present"}, {MUSTER_ABSENT, "absent"}, {MUSTER_IS_NULL, "is_null"},
    {MUSTER_CONTAINS, "contains"});
WORDS(auth_schemes, {MUSTER_AUTH_NONE, "none"}, {MUSTER_AUTH_API_KEY, "api_key"},
    {MUSTER_AUTH_BEARER, "bearer"}, {MUSTER_AUTH_BASIC, "basic"},
    {MUSTER_AUTH_CLIENT_CREDENTIALS, "client_credentials"},
    {MUSTER_AUTH_REFRESH_TOKEN, "refresh_token"});
WORDS(places, {MUSTER_IN_DEFAULT, "default"}, {MUSTER_IN_QUERY, "query"},
    {MUSTER_IN_HEADER, "header"}, {MUSTER_IN_BODY, "body"}, {MUSTER_IN_COOKIE, "cookie"});
WORDS(classes, {MUSTER_CLASS_TRANSIENT, "transient"}, {MUSTER_CLASS_THROTTLED, "throttled"},
    {MUSTER_CLASS_AUTH_EXPIRED, "auth_expired"}, {MUSTER_CLASS_AUTH_DENIED, "auth_denied"},
    {MUSTER_CLASS_FORBIDDEN, "forbidden"}, {MUSTER_CLASS_NOT_FOUND, "not_found"},
    {MUSTER_CLASS_CURSOR_EXPIRED, "cursor_expired"}, {MUSTER_CLASS_INVALID, "invalid"});
WORDS(methods, {MUSTER_GET, "GET"}, {MUSTER_POST, "POST"});
WORDS(bodies, {MUSTER_BODY_NONE, "none"}, {MUSTER_BODY_JSON, "json"}, {MUSTER_BODY_FORM, "form"});
WORDS(paging_kinds, {MUSTER_PAGING_NONE, "none"}, {MUSTER_PAGING_NUMBER, "number"},
    {MUSTER_PAGING_OFFSET, "offset"}, {MUSTER_PAGING_CURSOR, "cursor"},
    {MUSTER_PAGING_LINK, "link"}, {MUSTER_PAGING_KEYSET, "keyset"}, {MUSTER_PAGING_SCIM, "scim"});
WORDS(ends, {MUSTER_END_SINGLE, "single"}, {MUSTER_END_TOTAL_PAGES, "total_pages"},
    {MUSTER_END_TOTAL, "total"}, {MUSTER_END_HAS_MORE_FALSE, "has_more_false"},
    {MUSTER_END_LAST_TRUE, "last_true"}, {MUSTER_END_EMPTY_PAGE, "empty_page"},
    {MUSTER_END_NEXT_ABSENT, "next_absent"}, {MUSTER_END_NEXT_NULL, "next_null"},
    {MUSTER_END_NEXT_EMPTY, "next_empty"}, {MUSTER_END_DELTA, "delta"});
WORDS(steps, {MUSTER_STEP_RECEIVED, "received"}, {MUSTER_STEP_ASKED, "asked"});
WORDS(stabilities, {MUSTER_STABILITY_DEFAULT, "default"}, {MUSTER_STABILITY_FIXED, "fixed"},
    {MUSTER_STABILITY_LOOSE, "loose"});
WORDS(modes, {MUSTER_FULL, "full"}, {MUSTER_INCREMENTAL, "incremental"}, {MUSTER_DELTA, "delta"});
WORDS(time_formats, {MUSTER_TIME_DEFAULT, "default"}, {MUSTER_TIME_RFC3339, "rfc3339"},
    {MUSTER_TIME_EPOCH_S, "epoch_s"}, {MUSTER_TIME_EPOCH_MS, "epoch_ms"},
    {MUSTER_TIME_DATE, "date"}, {MUSTER_TIME_COUNTER, "counter"}, {MUSTER_TIME_OPAQUE, "opaque"},
    {MUSTER_TIME_HTTP_DATE, "http_date"}, {MUSTER_TIME_FILETIME, "filetime"},
    {MUSTER_TIME_GENERALIZED, "generalized"});
WORDS(orders, {MUSTER_ORDER_NONE, "none"}, {MUSTER_ORDER_RISING, "rising"},
    {MUSTER_ORDER_FALLING, "falling"});
WORDS(kind_words, {MUSTER_PERSON, "person"}, {MUSTER_ACCOUNT, "account"}, {MUSTER_GROUP, "group"},
    {MUSTER_ROLE, "role"}, {MUSTER_RESOURCE, "resource"}, {MUSTER_ENTITLEMENT, "entitlement"},
    {MUSTER_GRANT, "grant"}, {MUSTER_OWNERSHIP, "ownership"}, {MUSTER_CREDENTIAL, "credential"},
    {MUSTER_EVENT, "event"});
WORDS(sources, {MUSTER_FROM_ELEMENT, "element"}, {MUSTER_FROM_ITEM, "item"},
    {MUSTER_FROM_PARENT, "parent"}, {MUSTER_FROM_PARAMETER, "parameter"},
    {MUSTER_CONSTANT, "constant"});
WORDS(field_flags, {MUSTER_REQUIRED, "required"}, {MUSTER_LOWER, "lower"}, {MUSTER_TRIM, "trim"},
    {MUSTER_VOLATILE, "volatile"}, {MUSTER_NEGATE, "negate"});
WORDS(attribute_words, {MUSTER_ATTRIBUTES_KEEP, "keep"}, {MUSTER_ATTRIBUTES_NONE, "none"});
WORDS(roles, {MUSTER_YIELDS, "yields"}, {MUSTER_ENRICHES, "enriches"});
WORDS(item_forms, {MUSTER_ARRAY, "array"}, {MUSTER_OBJECT, "object"});

SCHEMA(parameter, TEXT(muster_parameter, name), TEXT(muster_parameter, summary),
    TEXT(muster_parameter, default_value), TEXT(muster_parameter, pattern),
    WORD(muster_parameter, type, parameter_types), BOOLEAN(muster_parameter, required),
    BOOLEAN(muster_parameter, secret), RESERVED(muster_parameter));

SCHEMA(pair, TEXT(muster_pair, name), TEXT(muster_pair, value),
    BOOLEAN(muster_pair, first_page_only), BOOLEAN(muster_pair, full_only));

SCHEMA(condition, TEXT(muster_condition, pointer), TEXT(muster_condition, value),
    WORD(muster_condition, op, operators), RESERVED(muster_condition));

SCHEMA(auth, WORD(muster_auth, scheme, auth_schemes), WORD(muster_auth, place, places),
    TEXT(muster_auth, name), TEXT(muster_auth, prefix), TEXT(muster_auth, secret_parameter),
    TEXT(muster_auth, username_parameter), TEXT(muster_auth, refresh_token_parameter),
    TEXT(muster_auth, token_url), TEXT(muster_auth, scope), TEXT(muster_auth, access_token),
    TEXT(muster_auth, expires_in), TEXT(muster_auth, rotated_refresh_token),
    WORD(muster_auth, expires_format, time_formats), RESERVED(muster_auth),
    LIST(muster_auth, extra, pair));

SCHEMA(envelope, INSIDE(muster_envelope, success, condition),
    INSIDE(muster_envelope, failure, condition), TEXT(muster_envelope, code),
    TEXT(muster_envelope, message));

SCHEMA(error_word, U32(muster_error_word, status),
    {.name = "class",
        .type = SCHEMA_ENUM,
        .offset = AT(muster_error_word, class_, uint32_t),
        .words = &classes},
    TEXT(muster_error_word, code), INSIDE(muster_error_word, also, condition),
    TEXT(muster_error_word, header), TEXT(muster_error_word, header_value));

SCHEMA(request, WORD(muster_request, method, methods), WORD(muster_request, body, bodies),
    TEXT(muster_request, path), LIST(muster_request, query, pair),
    LIST(muster_request, headers, pair), LIST(muster_request, fields, pair));

SCHEMA(total, TEXT(muster_total, pointer), TEXT(muster_total, header), TEXT(muster_total, parent),
    BOOLEAN(muster_total, exact), BOOLEAN(muster_total, first_page_only));

SCHEMA(paging, WORD(muster_paging, kind, paging_kinds), FLAGS(muster_paging, ends, ends),
    WORD(muster_paging, place, places), WORD(muster_paging, step, steps), I64(muster_paging, start),
    TEXT(muster_paging, parameter), TEXT(muster_paging, size_parameter), U32(muster_paging, size),
    U32(muster_paging, size_max), TEXT(muster_paging, next), TEXT(muster_paging, initial),
    TEXT(muster_paging, key), TEXT(muster_paging, has_more), TEXT(muster_paging, last),
    TEXT(muster_paging, total_pages), INSIDE(muster_paging, total, total),
    I64(muster_paging, ceiling), INSIDE(muster_paging, truncated, condition),
    U32(muster_paging, cursor_lifetime_s), WORD(muster_paging, stability, stabilities));

SCHEMA(incremental, TEXT(muster_incremental, field), WORD(muster_incremental, format, time_formats),
    WORD(muster_incremental, order, orders), INSIDE(muster_incremental, bound, pair),
    WORD(muster_incremental, place, places), BOOLEAN(muster_incremental, exclusive),
    U32(muster_incremental, granularity_s), U32(muster_incremental, look_back_s),
    U32(muster_incremental, keeps_s), RESERVED(muster_incremental));

SCHEMA(delta, TEXT(muster_delta, token), TEXT(muster_delta, parameter),
    WORD(muster_delta, place, places), RESERVED(muster_delta));

SCHEMA(joined, TEXT(muster_joined, field), WORD(muster_joined, format, time_formats),
    RESERVED(muster_joined));

SCHEMA(value, TEXT(muster_value, from), TEXT(muster_value, to));

SCHEMA(part, TEXT(muster_part, from), WORD(muster_part, source, sources), RESERVED(muster_part));

SCHEMA(pick, TEXT(muster_pick, where), TEXT(muster_pick, equals), TEXT(muster_pick, take));

SCHEMA(field, TEXT(muster_field, to), TEXT(muster_field, from), WORD(muster_field, source, sources),
    FLAGS(muster_field, flags, field_flags), TEXT(muster_field, or_from),
    TEXT(muster_field, default_value), WORD(muster_field, time_format, time_formats),
    RESERVED(muster_field), LIST(muster_field, values, value), INSIDE(muster_field, pick, pick),
    LIST(muster_field, compose, part));

SCHEMA(yield, WORD(muster_yield, kind, kind_words), WORD(muster_yield, attributes, attribute_words),
    TEXT(muster_yield, each), INSIDE(muster_yield, when, condition),
    LIST(muster_yield, fields, field));

SCHEMA(filter, TEXT(muster_filter, reason), INSIDE(muster_filter, when, condition));

SCHEMA(redact, TEXT(muster_redact, pointer));

SCHEMA(parent_field, TEXT(muster_parent_field, name), TEXT(muster_parent_field, from));

SCHEMA(parent, TEXT(muster_parent, stream), LIST(muster_parent, fields, parent_field),
    INSIDE(muster_parent, when, condition));

SCHEMA(read_one, INSIDE(muster_read_one, request, request),
    NUMBERS(muster_read_one, gone_status, 4), NUMBERS(muster_read_one, hidden_status, 4),
    TEXT(muster_read_one, object));

SCHEMA(stream, TEXT(muster_stream, name), TEXT(muster_stream, summary),
    WORD(muster_stream, role, roles), WORD(muster_stream, mode, modes),
    INSIDE(muster_stream, request, request), INSIDE(muster_stream, parent, parent),
    TEXT(muster_stream, items), WORD(muster_stream, items_form, item_forms),
    RESERVED(muster_stream), INSIDE(muster_stream, paging, paging),
    INSIDE(muster_stream, incremental, incremental), LIST(muster_stream, yields, yield),
    LIST(muster_stream, filters, filter), LIST(muster_stream, redact, redact),
    INSIDE(muster_stream, tombstone, condition), INSIDE(muster_stream, read_one, read_one),
    LIST(muster_stream, error_words, error_word), TEXT(muster_stream, requires_permission),
    INSIDE(muster_stream, delta, delta), INSIDE(muster_stream, joined, joined));

SCHEMA(origin, TEXT(muster_origin, url));

static const struct schema_member connector_members[] = {U32(muster_connector, abi),
    {.name = "size", .type = SCHEMA_SIZE, .offset = AT(muster_connector, size, uint32_t)},
    TEXT(muster_connector, name), TEXT(muster_connector, version), TEXT(muster_connector, vendor),
    TEXT(muster_connector, summary), TEXT(muster_connector, documentation),
    LIST(muster_connector, parameters, parameter), TEXT(muster_connector, base_url),
    LIST(muster_connector, origins, origin), LIST(muster_connector, headers, pair),
    INSIDE(muster_connector, auth, auth), INSIDE(muster_connector, envelope, envelope),
    LIST(muster_connector, error_words, error_word),
    {.name = "streams",
        .type = SCHEMA_LIST,
        .offset = AT(muster_connector, streams, struct muster_stream_list),
        .count = MUSTER_STREAMS_MAX,
        .of = &stream_schema}};

const struct schema schema_connector = {
    "connector", connector_members, COUNT(connector_members), sizeof(struct muster_connector)};
const struct schema schema_stream = {
    "stream", stream_members, COUNT(stream_members), sizeof(struct muster_stream)};

_Static_assert(sizeof(struct muster_connector) <= SCHEMA_STRUCT_MAX, "the connector fits a copy");
_Static_assert(sizeof(struct muster_stream) <= SCHEMA_STRUCT_MAX, "a stream fits a copy");
_Static_assert(sizeof(struct schema_list) == sizeof(struct muster_stream_list), "lists are alike");

size_t schema_member_size(const struct schema_member *member)
{
    switch (member->type) {
    case SCHEMA_TEXT:
        return sizeof(const char *);
    case SCHEMA_I64:
        return sizeof(int64_t);
    case SCHEMA_U32:
    case SCHEMA_BOOLEAN:
    case SCHEMA_ENUM:
    case SCHEMA_FLAGS:
    case SCHEMA_RESERVED:
    case SCHEMA_SIZE:
        return sizeof(uint32_t);
    case SCHEMA_U32S:
        return member->count * sizeof(uint32_t);
    case SCHEMA_STRUCT:
        return member->of->size;
    case SCHEMA_LIST:
        return sizeof(struct schema_list);
    }
    return 0;
}

const char *schema_word_text(const struct schema_words *words, uint32_t value)
{
    for (size_t i = 0; i < words->count; i++)
        if (words->words[i].value == value)
            return words->words[i].text;
    return NULL;
}

bool schema_word_value(const struct schema_words *words, struct span text, uint32_t *ret_value)
{
    for (size_t i = 0; i < words->count; i++)
        if (span_equal_text(text, words->words[i].text)) {
            *ret_value = words->words[i].value;
            return true;
        }
    return false;
}

const char *schema_text_trouble(struct span text)
{
    if (text.length > MUSTER_STRING_MAX)
        return "it is longer than 4096 bytes";
    if (!span_is_utf8(text))
        return "it is not UTF-8";
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        /* C0 and C1 controls: a declaration is shown on terminals and sent in headers. */
        bool c1 = c == 0xC2 && (unsigned char)text.data[i + 1] < 0xA0;
        if ((ascii_is_control((char)c) && c != '\n' && c != '\t') || c1)
            return "it holds a control character";
    }
    return NULL;
}
