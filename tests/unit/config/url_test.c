/* SPDX-License-Identifier: Apache-2.0 */
/* URLs: what is refused, origins, and the reference resolution examples of RFC 3986 section 5.4. */
#include "config/url.h"

#include <string.h>
#include "unit.h"

static struct url parse(const char *text)
{
    struct url url;
    struct fault fault;
    ck_assert_msg(url_parse(span_of(text), &url, &fault), "%s: %s", text, fault.text);
    return url;
}

START_TEST(parses_every_part)
{
    struct url url = parse("HTTPS://Api.Example.com:8443/v2/users?a=1&b=[x]#top");
    ck_assert(span_equal_text(url.scheme, "HTTPS"));
    ck_assert(span_equal_text(url.host, "Api.Example.com"));
    ck_assert_uint_eq(url.port, 8443);
    ck_assert(span_equal_text(url.path, "/v2/users"));
    ck_assert(span_equal_text(url.query, "a=1&b=[x]"));
    ck_assert(span_equal_text(url.fragment, "top"));
    ck_assert(url_is_https(&url));
    url = parse("http://h?#");
    ck_assert_uint_eq(url.path.length, 0);
    ck_assert_ptr_nonnull(url.query.data);
    ck_assert_uint_eq(url.query.length, 0);
    ck_assert_ptr_nonnull(url.fragment.data);
    url = parse("http://h");
    ck_assert_ptr_null(url.query.data);
    ck_assert_ptr_null(url.fragment.data);
    ck_assert(url_is_http(&url) && !url_is_https(&url));
    url = parse("socks5h://proxy");
    ck_assert_uint_eq(url.port, 1080);
    ck_assert(!url_is_http(&url));
}
END_TEST

START_TEST(knows_default_ports)
{
    ck_assert_uint_eq(parse("http://h/").port, 80);
    ck_assert_uint_eq(parse("https://h/").port, 443);
    ck_assert_uint_eq(parse("https://h:/").port, 443);
    ck_assert_uint_eq(parse("https://h:00443/").port, 443);
    ck_assert_uint_eq(parse("https://[::1]:65535/").port, 65535);
}
END_TEST

START_TEST(refuses_what_could_mean_two_hosts)
{
    static const char *const bad[] = {"", "example.com", "/path", "//host/path",
        "https:", "https:/h", "https:///path", "https://:80/", "ftp://h/", "file:///etc/passwd",
        "javascript:alert(1)", "https://user@h/", "https://user:pw@h/", "https://h@evil/",
        "https://h\\@evil/", "https://h\\", "https://h%2eevil/", "https://h evil/",
        "https://h/\npath", "https://h\t/", "https://h/\x7f", "https://\xC3\xA9.example/",
        "https://h..evil/", "https://.h/", "https://h:0/", "https://h:65536/", "https://h:-1/",
        "https://h:80:80/", "https://h:8a/", "https://h:000080/", "https://[::1/",
        "https://[::1]x/", "https://[::1]x:80/", "https://::1/", "https://[]/",
        "https://[1.2.3.4]/", "https://[fe80::1%25eth0]/", "https://[::g]/", "https://h/\xff",
        "https://h'/"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct url url = {.port = 7};
        struct fault fault = {0};
        ck_assert_msg(!url_parse(span_of(bad[i]), &url, &fault), "accepted: %s", bad[i]);
        ck_assert_int_eq(fault.code, FAULT_SYNTAX);
        ck_assert_uint_eq(url.port, 7); /* untouched */
        ck_assert_uint_gt(strlen(fault.text), 0);
    }
    struct url url;
    struct fault fault;
    ck_assert(!url_parse((struct span){NULL, 0}, &url, &fault));
    ck_assert(!url_parse((struct span){"https://a\0b/", 12}, &url, &fault));
}
END_TEST

START_TEST(limits_lengths)
{
    char text[URL_MAX + 16];
    struct url url;
    struct fault fault;
    (void)memset(text, 'a', sizeof text);
    (void)memcpy(text, "https://h/", 10);
    ck_assert(url_parse((struct span){text, URL_MAX}, &url, &fault));
    ck_assert(!url_parse((struct span){text, URL_MAX + 1}, &url, &fault));
    ck_assert_int_eq(fault.code, FAULT_LIMIT);
    (void)memcpy(text, "https://", 8);
    text[8 + 63] = '/';
    (void)memset(text + 8, 'a', 63);
    ck_assert(url_parse((struct span){text, 100}, &url, &fault));
    text[8 + 63] = 'a';
    text[8 + 64] = '/';
    ck_assert(!url_parse((struct span){text, 100}, &url, &fault));
    for (size_t i = 0; i < 300; i++) /* many labels */
        text[8 + i] = i % 2 ? '.' : 'a';
    text[8 + 255] = '/';
    ck_assert(url_parse((struct span){text, 400}, &url, &fault));
    text[8 + 255] = '.';
    text[8 + 257] = '/';
    ck_assert(!url_parse((struct span){text, 400}, &url, &fault));
}
END_TEST

static void check_origin(const char *text, const char *wanted)
{
    AUTO_BYTES origin = {0};
    struct fault fault;
    struct url url = parse(text);
    ck_assert(url_append_origin(&url, &origin, &fault));
    ck_assert_str_eq(origin.data, wanted);
}

START_TEST(writes_origins)
{
    check_origin("HTTPS://API.Example.COM/v2", "https://api.example.com:443");
    check_origin("http://h:8080", "http://h:8080");
    check_origin("https://[2001:DB8:0:0::1]/", "https://[2001:db8::1]:443");
    check_origin("https://[::FFFF:1.2.3.4]:1/", "https://[::ffff:1.2.3.4]:1");
    check_origin("https://1.2.3.4", "https://1.2.3.4:443");
}
END_TEST

static bool same(const char *a, const char *b)
{
    struct url one = parse(a), other = parse(b);
    bool result = url_same_origin(&one, &other);
    ck_assert_int_eq(result, url_same_origin(&other, &one));
    return result;
}

START_TEST(compares_origins)
{
    ck_assert(same("https://H/a", "HTTPS://h:443/b?c"));
    ck_assert(same("https://[::1]/", "https://[0:0:0:0:0:0:0:1]:443/"));
    ck_assert(!same("https://h/", "http://h/"));
    ck_assert(!same("https://h/", "https://h:8443/"));
    ck_assert(!same("http://h:443/", "https://h:443/"));
    ck_assert(!same("https://h.example/", "https://evil-h.example/"));
    ck_assert(!same("https://h.example/", "https://h.example.evil/"));
    ck_assert(!same("https://h/", "https://h./"));
    ck_assert(!same("https://[::1]/", "https://127.0.0.1/"));
}
END_TEST

static void check_resolve(const char *base, const char *reference, const char *wanted)
{
    AUTO_BYTES target = {0};
    struct fault fault;
    struct url url = parse(base);
    ck_assert_msg(
        url_resolve(&url, span_of(reference), &target, &fault), "%s: %s", reference, fault.text);
    ck_assert_msg(strcmp(target.data, wanted) == 0, "%s + %s = %s, not %s", base, reference,
        target.data, wanted);
    parse(target.data);
}

START_TEST(resolves_the_examples_of_rfc_3986)
{
    static const struct {
        const char *reference, *target;
    } rows[] = {{"g", "http://a/b/c/g"}, {"./g", "http://a/b/c/g"}, {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"}, {"//g", "http://g"}, {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"}, {"#s", "http://a/b/c/d;p?q#s"}, {"g#s", "http://a/b/c/g#s"},
        {"g?y#s", "http://a/b/c/g?y#s"}, {";x", "http://a/b/c/;x"}, {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y#s"}, {"", "http://a/b/c/d;p?q"}, {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"}, {"..", "http://a/b/"}, {"../", "http://a/b/"},
        {"../g", "http://a/b/g"}, {"../..", "http://a/"}, {"../../", "http://a/"},
        {"../../g", "http://a/g"}, {"../../../g", "http://a/g"}, {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"}, {"/../g", "http://a/g"}, {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"}, {"g..", "http://a/b/c/g.."}, {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"}, {"./g/.", "http://a/b/c/g/"}, {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"}, {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"}, {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"}, {"g#s/./x", "http://a/b/c/g#s/./x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_resolve("http://a/b/c/d;p?q", rows[i].reference, rows[i].target);
}
END_TEST

START_TEST(resolves_what_servers_send)
{
    check_resolve("https://h", "a", "https://h/a");
    check_resolve("https://h?q", "?page=2", "https://h?page=2");
    check_resolve(
        "https://H:443/v1/users", "/v1/users?cursor=a%2Fb==", "https://h/v1/users?cursor=a%2Fb==");
    check_resolve("https://h:8443/v1", "?p[after]=x", "https://h:8443/v1?p[after]=x");
    check_resolve("https://h/v1", "?filter=a eq \"b\"", "https://h/v1?filter=a%20eq%20%22b%22");
    check_resolve("https://h/v1", "?q=\xC3\xA9|{}", "https://h/v1?q=%C3%A9%7C%7B%7D");
    check_resolve("https://h/v1", "/\\evil.example/x", "https://h/%5Cevil.example/x");
    check_resolve("https://h/v1", "\\\\evil.example", "https://h/%5C%5Cevil.example");
    check_resolve("https://h/v1", "//other/x", "https://other/x");
    check_resolve("https://h/v1", "http://other:80/x", "http://other/x");
    check_resolve("https://h/v1", "https://[::1]:444/x", "https://[::1]:444/x");
    check_resolve("https://h/a/b//..", "", "https://h/a/b/");
    check_resolve("https://h/a//b", "..", "https://h/a/");
    check_resolve("https://h/v1", "./a:b", "https://h/a:b");
    check_resolve("https://h/a", "/100%", "https://h/100%");
}
END_TEST

START_TEST(refuses_bad_references)
{
    static const char *const bad[] = {"http:g", "https:/g", "mailto:a@b", "//user@other/x",
        "//h\\evil/x", "//", "///x", "a\nb", "//h:99999/", "a:b", "\xff", "?\x01"};
    struct url base = parse("https://h/v1");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        AUTO_BYTES target = {0};
        struct fault fault;
        ck_assert_msg(
            !url_resolve(&base, span_of(bad[i]), &target, &fault), "%s: %s", bad[i], target.data);
        ck_assert_uint_eq(target.length, 0);
    }
    char text[URL_MAX];
    AUTO_BYTES target = {0};
    struct fault fault;
    (void)memset(text, ' ', sizeof text); /* three times as long once it is encoded */
    ck_assert(!url_resolve(&base, (struct span){text, sizeof text}, &target, &fault));
    ck_assert_int_eq(fault.code, FAULT_LIMIT);
    ck_assert(!url_resolve(&base, (struct span){text, sizeof text / 2}, &target, &fault));
    ck_assert_int_eq(fault.code, FAULT_LIMIT);
}
END_TEST

START_TEST(splits_host_and_port)
{
    static const struct {
        const char *text, *host;
        int port; /* -1: refused */
    } rows[] = {{"127.0.0.1:9464", "127.0.0.1", 9464}, {"[::1]:1", "::1", 1}, {"[::1]", "::1", 443},
        {"localhost", "localhost", 443}, {"h:", "h", 443}, {"h:0", NULL, -1}, {"", NULL, -1},
        {":80", NULL, -1}, {"::1", NULL, -1}, {"h:x", NULL, -1}, {"h/p", NULL, -1},
        {"a b", NULL, -1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct span host = {0};
        uint16_t port = 0;
        struct fault fault;
        bool ok = url_split_host_port(span_of(rows[i].text), 443, &host, &port, &fault);
        ck_assert_msg(ok == (rows[i].port >= 0), "%s", rows[i].text);
        if (ok) {
            ck_assert(span_equal_text(host, rows[i].host));
            ck_assert_int_eq(port, rows[i].port);
        }
    }
    struct span host;
    uint16_t port = 9;
    struct fault fault;
    ck_assert(url_split_host_port(SPAN("h:0"), 0, &host, &port, &fault));
    ck_assert_uint_eq(port, 0);
    ck_assert(!url_split_host_port((struct span){NULL, 0}, 0, &host, &port, &fault));
}
END_TEST

UNIT_MAIN("url", parses_every_part, knows_default_ports, refuses_what_could_mean_two_hosts,
    limits_lengths, writes_origins, compares_origins, resolves_the_examples_of_rfc_3986,
    resolves_what_servers_send, refuses_bad_references, splits_host_and_port)
