/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses are the public Internet's: both ends of each closed block, and every form that
 * carries an IPv4 address. */
#include "transport/transport.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "unit.h"

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&storage;
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
    } else {
        ck_assert_int_eq(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
        six->sin6_family = AF_INET6;
    }
    return storage;
}

START_TEST(closed_addresses_need_the_operators_word)
{
    static const char *const closed[] = {"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255",
        "100.64.0.0", "100.127.255.255", "100.100.100.200", "127.0.0.1", "127.255.255.255",
        "168.63.129.16", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0",
        "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.0",
        "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.7",
        "224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.255", "::", "::1", "::7f00:1",
        "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::1", "100::1", "2001::1", "2001:db8::1",
        "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1", "febf::1",
        "fec0::1", "ff02::1"};
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        struct sockaddr_storage address = address_of(closed[i]);
        ck_assert_msg(!egress_address_allowed(&address, false), "%s", closed[i]);
        ck_assert_msg(egress_address_allowed(&address, true), "%s", closed[i]);
    }
}
END_TEST

START_TEST(public_addresses_are_open)
{
    static const char *const open[] = {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255",
        "100.128.0.0", "126.255.255.255", "128.0.0.0", "168.63.129.17", "169.253.255.255",
        "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255",
        "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700:4700::1111",
        "2001:4860:4860::8888", "2001:200::1", "2a00::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1",
        "2002:101:101::1"};
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        struct sockaddr_storage address = address_of(open[i]);
        ck_assert_msg(egress_address_allowed(&address, false), "%s", open[i]);
    }
}
END_TEST

START_TEST(other_families_are_never_allowed)
{
    struct sockaddr_storage address = {.ss_family = AF_UNIX};
    ck_assert(!egress_address_allowed(&address, true));
    address.ss_family = AF_UNSPEC;
    ck_assert(!egress_address_allowed(&address, true));
}
END_TEST

UNIT_MAIN("egress", closed_addresses_need_the_operators_word, public_addresses_are_open,
    other_families_are_never_allowed)
