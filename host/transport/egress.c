/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses may be connected to: everything that is not the public Internet needs the
 * operator's word. */
#include "transport/transport.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct block4 {
    uint32_t network; /* host byte order */
    int bits;
};

/* RFC 6890 and the IANA registry of special-purpose addresses; 168.63.129.16 is a cloud's metadata
 * and wire server, 192.0.0.192 another's. 169.254.169.254 and 100.100.100.200 are in blocks that
 * are closed anyway. */
static const struct block4 closed4[] = {
    {0x00000000, 8},  /* 0.0.0.0: this network */
    {0x0A000000, 8},  /* 10: private */
    {0x64400000, 10}, /* 100.64: shared (RFC 6598) */
    {0x7F000000, 8},  /* 127: loopback */
    {0xA83F8110, 32}, /* 168.63.129.16 */
    {0xA9FE0000, 16}, /* 169.254: link-local */
    {0xAC100000, 12}, /* 172.16: private */
    {0xC0000000, 24}, /* 192.0.0: protocol assignments */
    {0xC0000200, 24}, /* 192.0.2: documentation */
    {0xC0586300, 24}, /* 192.88.99: 6to4 relays */
    {0xC0A80000, 16}, /* 192.168: private */
    {0xC6120000, 15}, /* 198.18: benchmarks */
    {0xC6336400, 24}, /* 198.51.100: documentation */
    {0xCB007100, 24}, /* 203.0.113: documentation */
    {0xE0000000, 4},  /* 224: multicast */
    {0xF0000000, 4},  /* 240: reserved, broadcast */
};

struct block6 {
    uint8_t prefix[16];
    int bits;
};

static const struct block6 closed6[] = {
    {{0}, 96},                         /* ::, ::1, v4-compatible */
    {{0, 0x64, 0xFF, 0x9B, 0, 1}, 48}, /* 64:ff9b:1: NAT64 of local use */
    {{0x01, 0x00}, 64},                /* 100:: discard */
    {{0x20, 0x01, 0x00, 0x00}, 23},    /* 2001::/23: protocol assignments, Teredo */
    {{0x20, 0x01, 0x0D, 0xB8}, 32},    /* documentation */
    {{0x3F, 0xFF}, 20},                /* documentation (RFC 9637) */
    {{0x5F, 0x00}, 16},                /* segment routing (RFC 9602) */
    {{0xFC}, 7},                       /* unique local (RFC 4193) */
    {{0xFE, 0x80}, 10},                /* link-local */
    {{0xFE, 0xC0}, 10},                /* site-local */
    {{0xFF}, 8},                       /* multicast */
};

/* Forms that carry an IPv4 address, and where. */
static const struct {
    struct block6 block;
    size_t at;
} carriers[] = {
    {{{[10] = 0xFF, [11] = 0xFF}, 96}, 12}, /* v4-mapped */
    {{{[8] = 0xFF, [9] = 0xFF}, 96}, 12},   /* v4-translated (RFC 2765) */
    {{{0x00, 0x64, 0xFF, 0x9B}, 96}, 12},   /* NAT64 (RFC 6052) */
    {{{0x20, 0x02}, 16}, 2},                /* 6to4 */
};

static bool in_block6(const uint8_t address[16], const struct block6 *block)
{
    size_t whole = (size_t)block->bits / 8;
    unsigned rest = (unsigned)block->bits % 8, mask = rest ? 0xFFu << (8 - rest) & 0xFFu : 0;
    if (memcmp(address, block->prefix, whole) != 0)
        return false;
    return mask == 0 || (address[whole] & mask) == (block->prefix[whole] & mask);
}

static bool is_public4(uint32_t address)
{
    for (size_t i = 0; i < sizeof closed4 / sizeof closed4[0]; i++) {
        uint32_t mask = UINT32_MAX << (32 - closed4[i].bits);
        if ((address & mask) == closed4[i].network)
            return false;
    }
    return true;
}

static bool is_public6(const uint8_t address[16])
{
    for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++)
        if (in_block6(address, &carriers[i].block)) {
            const uint8_t *four = address + carriers[i].at;
            return is_public4((uint32_t)four[0] << 24 | (uint32_t)four[1] << 16 |
                              (uint32_t)four[2] << 8 | four[3]);
        }
    for (size_t i = 0; i < sizeof closed6 / sizeof closed6[0]; i++)
        if (in_block6(address, &closed6[i]))
            return false;
    return true;
}

bool egress_address_allowed(const void *sockaddr_storage, bool allow_private)
{
    struct sockaddr_storage storage;
    (void)memcpy(&storage, sockaddr_storage, sizeof storage);
    if (storage.ss_family == AF_INET) {
        struct sockaddr_in four;
        (void)memcpy(&four, &storage, sizeof four);
        return allow_private || is_public4(ntohl(four.sin_addr.s_addr));
    }
    if (storage.ss_family == AF_INET6) {
        struct sockaddr_in6 six;
        (void)memcpy(&six, &storage, sizeof six);
        return allow_private || is_public6(six.sin6_addr.s6_addr);
    }
    return false; /* no other family is ever meant */
}

bool egress_address_of(const char *host, struct sockaddr_storage *ret_address)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    *ret_address = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, host, &four.sin_addr) == 1)
        (void)memcpy(ret_address, &four, sizeof four);
    else if (inet_pton(AF_INET6, host, &six.sin6_addr) == 1)
        (void)memcpy(ret_address, &six, sizeof six);
    else
        return false;
    return true;
}
