/* SPDX-License-Identifier: Apache-2.0 */
/* Connectors that are hostile or strange in one way each, chosen by -DWAY_...; built by
 * CMakeLists.txt, read by hostile_test.c. Those with code in them also set CANARY. */
#include <stddef.h>
#include <muster/connector.h>

#define SOUND                                                                           \
    MUSTER_CONNECTOR_HEADER, .name = "strange", .base_url = "https://api.example.com",  \
                             .streams = MUSTER_LIST(struct muster_stream,               \
                                 {.name = "users",                                      \
                                     .request = {.path = "/users"},                     \
                                     .yields = MUSTER_LIST(struct muster_yield,         \
                                         {.kind = MUSTER_ACCOUNT,                       \
                                             .fields = MUSTER_LIST(struct muster_field, \
                                                 {.to = "id", .from = "/id"})})})

#define EXPORTED __attribute__((visibility("default"), used))

#if defined(CANARY)
#include "canary.h"
#endif

#if defined(WAY_CONSTRUCTOR)
__attribute__((constructor)) static void run(void)
{
    (void)canary_sing();
}
#elif defined(WAY_DESTRUCTOR)
__attribute__((destructor)) static void run(void)
{
    (void)canary_sing();
}
#elif defined(WAY_INIT)
void _init(void);
void _init(void)
{
    (void)canary_sing();
}
#elif defined(WAY_IFUNC)
static void nothing(void)
{
}
static void *resolve(void)
{
    (void)canary_sing();
    return (void *)nothing;
}
void chosen(void) __attribute__((ifunc("resolve"), visibility("hidden")));
static void *const pointer __attribute__((used)) = (void *)chosen;
#elif defined(WAY_FUNCTION)
EXPORTED long helper(void)
{
    return canary_sing();
}
#elif defined(WAY_TLS)
static __thread int counter __attribute__((used)) = 7;
#elif defined(WAY_NEEDED) || defined(WAY_IMPORT)
extern int puts(const char *text);
static int (*const import)(const char *) __attribute__((used)) = puts;
#elif defined(WAY_TWO_SYMBOLS)
EXPORTED const int another = 1;
#endif

#if defined(WAY_COUNT_LIST)
const struct muster_connector muster_connector = {SOUND,
    .headers = {
        .items = (const struct muster_pair[]){{"A", "b", 0, 0}}, .count = 513, .stride = 24}};
#elif defined(WAY_COUNT_HUGE)
const struct muster_connector muster_connector = {
    SOUND, .headers = {.items = (const struct muster_pair[]){{"A", "b", 0, 0}},
               .count = 0xFFFFFFFF,
               .stride = 0xFFFFFFF8}};
#elif defined(WAY_COUNT_OUTSIDE)
const struct muster_connector muster_connector = {SOUND,
    .headers = {
        .items = (const struct muster_pair[]){{"A", "b", 0, 0}}, .count = 500, .stride = 4096}};
#elif defined(WAY_STRIDE_ZERO)
const struct muster_connector muster_connector = {SOUND,
    .headers = {.items = (const struct muster_pair[]){{"A", "b", 0, 0}}, .count = 1, .stride = 0}};
#elif defined(WAY_STRIDE_ODD)
const struct muster_connector muster_connector = {SOUND,
    .headers = {.items = (const struct muster_pair[]){{"A", "b", 0, 0}}, .count = 1, .stride = 9}};
#elif defined(WAY_MULTIPLIED)
/* 256 streams of 512 yields of 512 fields, all of them the same few bytes. */
static const struct muster_field field[] = {[511] = {0}};
static const struct muster_yield yield[] = {
    [0 ... 511] = {.kind = MUSTER_ACCOUNT, .fields = {field, 512, sizeof(struct muster_field)}}};
static const struct muster_stream stream[] = {
    [0 ... 255] = {.name = "s", .yields = {yield, 512, sizeof(struct muster_yield)}}};
const struct muster_connector muster_connector = {MUSTER_CONNECTOR_HEADER, .name = "strange",
    .streams = {stream, 256, sizeof(struct muster_stream)}};
#elif defined(WAY_POINTER)
const struct muster_connector muster_connector = {SOUND, .vendor = (const char *)0x1000};
#elif defined(WAY_POINTER_NEGATIVE)
const struct muster_connector muster_connector = {SOUND, .vendor = (const char *)-8};
#elif defined(WAY_LIST_POINTER)
const struct muster_connector muster_connector = {
    SOUND, .headers = {(const struct muster_pair *)0x1000, 1, 24}};
#elif defined(WAY_LIST_UNALIGNED)
static const char bytes[64];
const struct muster_connector muster_connector = {
    SOUND, .headers = {(const void *)(bytes + 1), 1, 24}};
#elif defined(WAY_TEXT_LONG)
static const char text[] = {[0 ... 4999] = 'x'};
const struct muster_connector muster_connector = {SOUND, .vendor = text};
#elif defined(WAY_TEXT_BYTES)
const struct muster_connector muster_connector = {SOUND, .vendor = "\xC0\xAF"};
#elif defined(WAY_TEXT_ESCAPE)
const struct muster_connector muster_connector = {SOUND, .vendor = "\033[2J"};
#elif defined(WAY_CYCLE)
extern const struct muster_connector self
    __attribute__((alias("muster_connector"), visibility("hidden")));
const struct muster_connector muster_connector = {SOUND, .origins = {(const void *)&self, 1, 8}};
#elif defined(WAY_CYCLE_INNER)
extern const struct muster_stream ring[8];
const struct muster_stream ring[8] = {
    {.name = "ring", .yields = {(const void *)ring, 2, sizeof(struct muster_yield)}}};
const struct muster_connector muster_connector = {
    MUSTER_CONNECTOR_HEADER, .name = "strange", .streams = {ring, 1, sizeof(struct muster_stream)}};
#elif defined(WAY_ABI_TWO)
const struct muster_connector muster_connector = {
    .abi = 2, .size = sizeof(struct muster_connector), .name = "strange"};
#elif defined(WAY_SIZE_LIES)
const struct muster_connector muster_connector = {.abi = 1, .size = 4096, .name = "strange"};
#elif defined(WAY_SIZE_SMALL)
const struct muster_connector muster_connector = {.abi = 1, .size = 4, .name = "strange"};
#elif defined(WAY_ENUM)
const struct muster_connector muster_connector = {SOUND, .auth = {.scheme = 99}};
#elif defined(WAY_FLAG)
const struct muster_connector muster_connector = {MUSTER_CONNECTOR_HEADER, .name = "strange",
    .streams = MUSTER_LIST(struct muster_stream, {.name = "s", .paging = {.ends = 1u << 31}})};
#elif defined(WAY_RESERVED)
const struct muster_connector muster_connector = {SOUND, .auth = {.reserved = 1}};
#elif defined(WAY_NEWER_ZERO) || defined(WAY_NEWER_USED)
/* A later ABI: the connector and an element of a list are longer than the host knows. */
struct newer_parameter {
    struct muster_parameter known;
    uint64_t more;
};
struct newer_connector {
    struct muster_connector known;
    uint64_t more[2];
};
static const struct newer_parameter newer_parameters[] = {
    {.known = {.name = "one"}}, {.known = {.name = "two"}}};
EXPORTED const struct newer_connector newer __asm__("muster_connector") = {
    .known = {SOUND, .size = sizeof(struct newer_connector),
        .parameters = {(const void *)newer_parameters, 2, sizeof(struct newer_parameter)}},
#if defined(WAY_NEWER_USED)
    .more = {0, 1},
#endif
};
#elif defined(WAY_OLDER)
/* An earlier ABI: elements end where theirs ended. */
struct older_parameter {
    const char *name;
};
static const struct older_parameter older_parameters[] = {{"one"}, {"two"}, {"three"}};
const struct muster_connector muster_connector = {
    SOUND, .parameters = {(const void *)older_parameters, 3, sizeof(struct older_parameter)}};
#elif defined(WAY_OLDER_CONNECTOR)
struct older_connector {
    uint32_t abi, size;
    const char *name;
};
EXPORTED const struct older_connector older __asm__("muster_connector") = {
    1, sizeof(struct older_connector), "older"};
#elif defined(WAY_MEANING)
const struct muster_connector muster_connector = {
    SOUND, .version = "not one", .documentation = "neither"};
#else
const struct muster_connector muster_connector = {SOUND};
#endif
