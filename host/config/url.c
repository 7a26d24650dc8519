/* SPDX-License-Identifier: Apache-2.0 */
/* URLs: parsing, origins, and references resolved against a base (RFC 3986). */
#include "config/url.h"

#include <arpa/inet.h>
#include <string.h>
#include "base/ascii.h"

#define LABEL_MAX       63u /* bytes of one label of a host name (RFC 1035 section 2.3.4) */
#define PORT_DIGITS_MAX 5u

static const struct {
    struct span name;
    uint16_t port;
    bool http;
} schemes[] = {
    {{"http", 4}, 80, true},
    {{"https", 5}, 443, true},
    {{"socks5", 6}, 1080, false},
    {{"socks5h", 7}, 1080, false},
};

#define SCHEME_HTTPS 1
#define SCHEME_COUNT (sizeof schemes / sizeof schemes[0])

/* The parts that RFC 3986 appendix B separates; nothing where a part is not there. */
struct parts {
    struct span scheme, authority, path, query, fragment;
};

static bool is_scheme_character(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || c == '+' || c == '-' || c == '.';
}

static struct span nothing(void)
{
    return (struct span){NULL, 0};
}

static struct span from(struct span text, size_t at)
{
    return (struct span){text.data + at, text.length - at};
}

/* Takes what comes before the first of `stops` off the front of `text`. */
static struct span take_until(struct span *text, const char *stops)
{
    size_t at = 0;
    while (at < text->length && !strchr(stops, text->data[at]))
        at++;
    struct span taken = {text->data, at};
    *text = from(*text, at);
    return taken;
}

/* The length of "scheme" in "scheme:...", or 0. */
static size_t scheme_length(struct span text)
{
    size_t at = 0;
    if (text.length == 0 || !ascii_is_letter(text.data[0]))
        return 0;
    while (at < text.length && is_scheme_character(text.data[at]))
        at++;
    return at < text.length && text.data[at] == ':' ? at : 0;
}

static bool separate(struct span text, struct parts *ret_parts, struct fault *fault)
{
    struct parts parts = {0};
    if (text.length > URL_MAX)
        return fault_set(fault, FAULT_LIMIT, "a URL of more than %u bytes", URL_MAX);
    for (size_t i = 0; i < text.length; i++)
        if (ascii_is_control(text.data[i]))
            return fault_set(fault, FAULT_SYNTAX, "a control character in a URL, at byte %zu", i);
    if (!span_is_utf8(text))
        return fault_set(fault, FAULT_SYNTAX, "a URL that is not UTF-8");
    if (!text.data)
        text.data = "";
    size_t scheme = scheme_length(text);
    if (scheme > 0) {
        parts.scheme = (struct span){text.data, scheme};
        text = from(text, scheme + 1);
    }
    if (span_starts_with(text, SPAN("//"))) {
        text = from(text, 2);
        parts.authority = take_until(&text, "/?#");
    }
    parts.path = take_until(&text, "?#");
    if (text.length > 0 && text.data[0] == '?') {
        text = from(text, 1);
        parts.query = take_until(&text, "#");
    }
    if (text.length > 0)
        parts.fragment = from(text, 1);
    *ret_parts = parts;
    return true;
}

static bool is_ipv6(struct span host, struct in6_addr *ret_address)
{
    char text[INET6_ADDRSTRLEN];
    if (host.length == 0 || host.length >= sizeof text)
        return false;
    (void)memcpy(text, host.data, host.length);
    text[host.length] = '\0';
    return inet_pton(AF_INET6, text, ret_address) == 1;
}

/* Names as they are used (RFC 1123 and the underscore of practice), which covers IPv4 literals. */
static bool check_name(struct span host, struct fault *fault)
{
    size_t label = 0;
    if (host.length == 0)
        return fault_set(fault, FAULT_SYNTAX, "no host in it");
    if (host.length > URL_HOST_MAX)
        return fault_set(fault, FAULT_SYNTAX, "a host of more than %u bytes", URL_HOST_MAX);
    for (size_t i = 0; i < host.length; i++) {
        char c = host.data[i];
        if ((unsigned char)c >= 0x80)
            return fault_set(fault, FAULT_SYNTAX,
                "a host that is not ASCII; write an international name in its xn-- form");
        if (c == '.' ? label == 0
                     : !ascii_is_letter(c) && !ascii_is_digit(c) && c != '-' && c != '_')
            return fault_set(fault, FAULT_SYNTAX,
                "a host with a character or an empty label that no "
                "host has, at byte %zu of it",
                i);
        label = c == '.' ? 0 : label + 1;
        if (label > LABEL_MAX)
            return fault_set(
                fault, FAULT_SYNTAX, "a host with a label of more than %u bytes", LABEL_MAX);
    }
    return true;
}

static bool read_port(struct span text, uint16_t *ret_port, struct fault *fault)
{
    int64_t port = 0;
    if (text.length > PORT_DIGITS_MAX || !span_to_int64(text, &port) || text.data[0] == '-' ||
        port > UINT16_MAX)
        return fault_set(fault, FAULT_SYNTAX, "a port that is no number from 0 to %d", UINT16_MAX);
    *ret_port = (uint16_t)port;
    return true;
}

/* host, host:port, [ipv6], [ipv6]:port. ret_port is nothing where the text has no port, or an empty
 * one. */
static bool split_authority(struct span text, struct span *ret_host, struct span *ret_port,
    bool *ret_ipv6, struct fault *fault)
{
    struct in6_addr address;
    struct span rest = text, host;
    bool ipv6 = text.length > 0 && text.data[0] == '[';
    if (ipv6) {
        rest = from(rest, 1);
        host = take_until(&rest, "]");
        if (rest.length == 0 || !is_ipv6(host, &address))
            return fault_set(fault, FAULT_SYNTAX, "no IPv6 address between its brackets");
        rest = from(rest, 1);
    } else {
        host = take_until(&rest, ":");
        if (!check_name(host, fault))
            return false;
    }
    if (rest.length > 0 && (rest.data[0] != ':' || memchr(rest.data + 1, ':', rest.length - 1)))
        return fault_set(fault, FAULT_SYNTAX,
            "something between host and port; an IPv6 address is written in brackets");
    *ret_host = host;
    *ret_port = rest.length > 1 ? from(rest, 1) : nothing();
    *ret_ipv6 = ipv6;
    return true;
}

static size_t scheme_index(struct span name)
{
    size_t at = 0;
    while (at < SCHEME_COUNT && !span_equal_nocase(name, schemes[at].name))
        at++;
    return at;
}

static bool from_parts(const struct parts *parts, struct url *ret_url, struct fault *fault)
{
    struct url url = {.scheme = parts->scheme, .path = parts->path, .query = parts->query};
    struct span port = {NULL, 0};
    size_t scheme = scheme_index(parts->scheme);
    url.fragment = parts->fragment;
    if (!parts->scheme.data || !parts->authority.data)
        return fault_set(
            fault, FAULT_SYNTAX, "not an absolute URL; it begins with https:// and a host");
    if (scheme == SCHEME_COUNT)
        return fault_set(fault, FAULT_SYNTAX,
            "the scheme is neither https nor http; write https://, then a host");
    if (memchr(parts->authority.data, '@', parts->authority.length))
        return fault_set(
            fault, FAULT_SYNTAX, "user information in a URL; credentials belong in secrets");
    if (!split_authority(parts->authority, &url.host, &port, &url.ipv6, fault))
        return false;
    url.port = schemes[scheme].port;
    if (port.data && !read_port(port, &url.port, fault))
        return false;
    if (url.port == 0)
        return fault_set(fault, FAULT_SYNTAX, "port 0 in a URL; nothing can be reached there");
    *ret_url = url;
    return true;
}

bool url_parse(struct span text, struct url *ret_url, struct fault *fault)
{
    struct parts parts = {0};
    return separate(text, &parts, fault) && from_parts(&parts, ret_url, fault);
}

bool url_is_http(const struct url *url)
{
    size_t scheme = scheme_index(url->scheme);
    return scheme < SCHEME_COUNT && schemes[scheme].http;
}

bool url_is_https(const struct url *url)
{
    return scheme_index(url->scheme) == SCHEME_HTTPS;
}

static bool append_lower(struct bytes *into, struct span text, struct fault *fault)
{
    for (size_t i = 0; i < text.length; i++)
        if (!bytes_append_char(into, ascii_lower(text.data[i]), fault))
            return false;
    return true;
}

bool url_append_origin(const struct url *url, struct bytes *into, struct fault *fault)
{
    char canonical[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (!append_lower(into, url->scheme, fault) || !bytes_append_text(into, "://", fault))
        return false;
    if (url->ipv6 && is_ipv6(url->host, &address)) {
        if (!inet_ntop(AF_INET6, &address, canonical, sizeof canonical))
            return fault_system(fault, "cannot write an IPv6 address");
        return bytes_format(into, fault, "[%s]:%u", canonical, url->port);
    }
    return append_lower(into, url->host, fault) && bytes_format(into, fault, ":%u", url->port);
}

static bool same_host(const struct url *a, const struct url *b)
{
    struct in6_addr one, other;
    if (a->ipv6 != b->ipv6)
        return false;
    if (!a->ipv6)
        return span_equal_nocase(a->host, b->host);
    return is_ipv6(a->host, &one) && is_ipv6(b->host, &other) &&
           memcmp(&one, &other, sizeof one) == 0;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    return span_equal_nocase(a->scheme, b->scheme) && a->port == b->port && same_host(a, b);
}

/* Appends a path or query; what RFC 3986 forbids there is percent-encoded, except "%", which is
 * taken as it came. */
static bool append_sound(struct bytes *into, struct span text, struct fault *fault)
{
    static const char encoded[] = " \"<>\\^`{|}";
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool encode = c >= 0x80 || memchr(encoded, c, sizeof encoded - 1);
        if (!(encode ? bytes_format(into, fault, "%%%02X", c)
                     : bytes_append_char(into, (char)c, fault)))
            return false;
    }
    return true;
}

/* Appends an absolute path without its dot segments (RFC 3986 section 5.2.4). ".." never climbs
 * above `into` as it came. */
static bool append_without_dots(struct bytes *into, struct span path, struct fault *fault)
{
    size_t root = into->length;
    while (path.length > 0) {
        struct span rest = from(path, 1); /* every segment begins with "/" */
        struct span segment = take_until(&rest, "/");
        bool last = rest.length == 0, up = span_equal(segment, SPAN("..")),
             here = span_equal(segment, SPAN("."));
        if (up) {
            while (into->length > root && into->data[into->length - 1] != '/')
                into->length--;
            if (into->length > root)
                into->length--;
            if (into->data)
                into->data[into->length] = '\0';
        }
        if (!up && !here) {
            if (!bytes_append_char(into, '/', fault) || !append_sound(into, segment, fault))
                return false;
        } else if (last && !bytes_append_char(into, '/', fault)) {
            return false;
        }
        path = rest;
    }
    return true;
}

/* The path that a relative path stands for beside the base's (RFC 3986 section 5.2.3). */
static bool merge(const struct url *base, struct span path, struct bytes *into, struct fault *fault)
{
    size_t directory = base->path.length;
    while (directory > 0 && base->path.data[directory - 1] != '/')
        directory--;
    if (directory == 0 && !bytes_append_char(into, '/', fault))
        return false;
    return bytes_append(into, (struct span){base->path.data, directory}, fault) &&
           bytes_append(into, path, fault);
}

static bool append_path(
    const struct url *base, const struct parts *reference, struct bytes *into, struct fault *fault)
{
    AUTO_BYTES merged = {0};
    if (reference->scheme.data || reference->authority.data || reference->path.length == 0)
        return append_without_dots(
            into, reference->authority.data ? reference->path : base->path, fault);
    if (reference->path.data[0] == '/')
        return append_without_dots(into, reference->path, fault);
    return merge(base, reference->path, &merged, fault) &&
           append_without_dots(into, bytes_span(&merged), fault);
}

static bool append_tail(struct bytes *into, char mark, struct span text, struct fault *fault)
{
    return !text.data || (bytes_append_char(into, mark, fault) && append_sound(into, text, fault));
}

bool url_resolve(
    const struct url *base, struct span reference, struct bytes *into, struct fault *fault)
{
    struct parts parts = {0}, absolute;
    struct url target = *base;
    if (!separate(reference, &parts, fault))
        return false;
    if (parts.scheme.data || parts.authority.data) {
        absolute = parts;
        if (!parts.scheme.data)
            absolute.scheme = base->scheme;
        if (!from_parts(&absolute, &target, fault))
            return false;
    }
    /* The authority is written from its checked parts, so that no two readers can split it in two
     * ways. */
    AUTO_BYTES text = {.limit = (size_t)4 * URL_MAX};
    size_t scheme = scheme_index(target.scheme);
    if (!append_lower(&text, target.scheme, fault) || !bytes_append_text(&text, "://", fault) ||
        (target.ipv6 && !bytes_append_char(&text, '[', fault)) ||
        !append_lower(&text, target.host, fault) ||
        (target.ipv6 && !bytes_append_char(&text, ']', fault)))
        return false;
    if ((scheme == SCHEME_COUNT || target.port != schemes[scheme].port) &&
        !bytes_format(&text, fault, ":%u", target.port))
        return false;
    bool keep_query =
        !parts.scheme.data && !parts.authority.data && parts.path.length == 0 && !parts.query.data;
    if (!append_path(base, &parts, &text, fault) ||
        !append_tail(&text, '?', keep_query ? base->query : parts.query, fault) ||
        !append_tail(&text, '#', parts.fragment, fault))
        return false;
    if (text.length > URL_MAX)
        return fault_set(fault, FAULT_LIMIT, "a URL of more than %u bytes", URL_MAX);
    return bytes_append(into, bytes_span(&text), fault);
}

bool url_split_host_port(struct span text, uint16_t default_port, struct span *ret_host,
    uint16_t *ret_port, struct fault *fault)
{
    struct span host = {NULL, 0}, digits = {NULL, 0};
    uint16_t port = default_port;
    bool ipv6 = false;
    if (!split_authority(text, &host, &digits, &ipv6, fault) ||
        (digits.data && !read_port(digits, &port, fault)))
        return false;
    if (port == 0 && default_port != 0)
        return fault_set(fault, FAULT_SYNTAX, "port 0; nothing can be reached there");
    *ret_host = host;
    *ret_port = port;
    return true;
}
