/* SPDX-License-Identifier: Apache-2.0 */
/* The tables describe every byte of connector.h, and the walk believes nothing. */
#include "../../../host/declaration/schema.h"

#include <stdalign.h>
#include <stddef.h>
#include <string.h>
#include "muster/connector.h"
#include "unit.h"

/* Every byte of a structure belongs to exactly one member of its table: a member that is added to
 * the header and forgotten here fails, and so does padding, in which two equal declarations could
 * differ. */
static size_t covered(const struct schema *schema)
{
    size_t at = 0, structures = 1;
    for (size_t i = 0; i < schema->member_count; i++) {
        const struct schema_member *member = &schema->members[i];
        ck_assert_msg(member->offset == at, "%s.%s begins at %u, not at %zu", schema->name,
            member->name, member->offset, at);
        at += schema_member_size(member);
        ck_assert_int_eq(
            member->of != NULL, member->type == SCHEMA_STRUCT || member->type == SCHEMA_LIST);
        ck_assert_int_eq(
            member->words != NULL, member->type == SCHEMA_ENUM || member->type == SCHEMA_FLAGS);
        if (member->of)
            structures += covered(member->of);
    }
    ck_assert_msg(at == schema->size, "%s has %zu bytes, and %zu are described", schema->name,
        schema->size, at);
    ck_assert_uint_le(schema->size, SCHEMA_STRUCT_MAX);
    return structures;
}

START_TEST(describes_every_byte)
{
    ck_assert_uint_ge(covered(&schema_connector), 24);
}
END_TEST

struct memory {
    alignas(8) char bytes[4096];
};

static bool write_from(const struct memory *memory, size_t size, size_t available,
    struct bytes *into, struct refusal *refusal)
{
    const struct schema_range range = {(uintptr_t)memory->bytes, (uintptr_t)memory->bytes + size};
    const struct schema_image image = {&range, 1};
    into->limit = INTAKE_CANONICAL_MAX;
    bytes_clear(into);
    return schema_write(&schema_connector, memory->bytes, available, &image, NULL, into, refusal);
}

START_TEST(walks_only_inside_the_image)
{
    struct memory memory = {{0}};
    struct muster_connector *connector = (struct muster_connector *)(void *)memory.bytes;
    char *end = memory.bytes + sizeof memory.bytes;
    AUTO_BYTES into = {0};
    struct refusal refusal = {0};
    ck_assert(write_from(&memory, sizeof memory.bytes, sizeof *connector, &into, &refusal));
    ck_assert_str_eq(into.data, "{}");
    connector->name = end - 1;
    ck_assert(write_from(&memory, sizeof memory.bytes, sizeof *connector, &into, &refusal));
    ck_assert_str_eq(into.data, "{\"name\":\"\"}");
    end[-1] = 'x';
    ck_assert(!write_from(&memory, sizeof memory.bytes, sizeof *connector, &into, &refusal));
    ck_assert_int_eq(refusal.number, REFUSAL_TEXT);
    connector->name = end;
    ck_assert(!write_from(&memory, sizeof memory.bytes, sizeof *connector, &into, &refusal));
    ck_assert_int_eq(refusal.number, REFUSAL_POINTER);
    /* The structure itself must be inside. */
    connector->name = NULL;
    ck_assert(!write_from(&memory, sizeof *connector - 1, sizeof *connector, &into, &refusal));
    ck_assert_int_eq(refusal.number, REFUSAL_POINTER);
}
END_TEST

START_TEST(lists_end_where_the_image_ends)
{
    struct memory memory = {{0}};
    struct muster_connector *connector = (struct muster_connector *)(void *)memory.bytes;
    AUTO_BYTES into = {0};
    struct refusal refusal = {0};
    char *last = memory.bytes + sizeof memory.bytes - 2 * sizeof(struct muster_origin);
    connector->origins =
        (struct muster_origin_list){(const void *)last, 2, sizeof(struct muster_origin)};
    ck_assert(write_from(&memory, sizeof memory.bytes, sizeof *connector, &into, &refusal));
    ck_assert_str_eq(into.data, "{\"origins\":[{},{}]}");
    connector->origins.count = 3;
    ck_assert(!write_from(&memory, sizeof memory.bytes, sizeof *connector, &into, &refusal));
    ck_assert_int_eq(refusal.number, REFUSAL_POINTER);
    /* Fault 142, one byte of overlap. */
    connector->origins = (struct muster_origin_list){
        (const void *)(memory.bytes + sizeof *connector - sizeof(struct muster_origin)), 1,
        sizeof(struct muster_origin)};
    ck_assert(!write_from(&memory, sizeof memory.bytes, sizeof *connector, &into, &refusal));
    ck_assert_int_eq(refusal.number, REFUSAL_CYCLE);
    connector->origins.items = (const void *)(memory.bytes + sizeof *connector);
    ck_assert(write_from(&memory, sizeof memory.bytes, sizeof *connector, &into, &refusal));
}
END_TEST

START_TEST(shorter_and_longer_structures)
{
    struct memory memory = {{0}};
    struct muster_connector *connector = (struct muster_connector *)(void *)memory.bytes;
    AUTO_BYTES into = {0};
    struct refusal refusal = {0};
    connector->abi = 1;
    connector->base_url = memory.bytes + sizeof memory.bytes - 1;
    ck_assert(write_from(&memory, sizeof memory.bytes, offsetof(struct muster_connector, base_url),
        &into, &refusal));
    ck_assert_str_eq(into.data, "{\"abi\":1}");
    ck_assert(write_from(&memory, sizeof memory.bytes, sizeof *connector + 64, &into, &refusal));
    ck_assert_str_eq(into.data, "{\"abi\":1,\"base_url\":\"\"}");
    memory.bytes[sizeof *connector + 63] = 1;
    ck_assert(!write_from(&memory, sizeof memory.bytes, sizeof *connector + 64, &into, &refusal));
    ck_assert_int_eq(refusal.number, REFUSAL_ABI);
}
END_TEST

START_TEST(writes_only_what_is_asked_for)
{
    static const char *const only[] = {"summary", "mode", NULL};
    const struct muster_stream stream = {
        .name = "a", .summary = "b\n\"", .mode = MUSTER_INCREMENTAL, .role = MUSTER_ENRICHES};
    AUTO_BYTES into = {0};
    struct refusal refusal = {0};
    ck_assert(schema_write(&schema_stream, &stream, sizeof stream, NULL, only, &into, &refusal));
    ck_assert_str_eq(into.data, "{\"summary\":\"b\\n\\\"\",\"mode\":\"incremental\"}");
}
END_TEST

UNIT_MAIN("schema", describes_every_byte, walks_only_inside_the_image,
    lists_end_where_the_image_ends, shorter_and_longer_structures, writes_only_what_is_asked_for)
