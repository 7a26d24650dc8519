/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs as RFC 3986 has them, no more than a connector's host needs: absolute URLs with an
 * authority, their origin, and relative references resolved against them. Nothing here resolves
 * names or decides whether an address may be reached.
 *
 * Stricter than the RFC where laxity lets one text mean two hosts: user information,
 * percent-encoded or non-ASCII hosts, backslashes in the authority and control characters anywhere
 * are refused.
 */
#ifndef MUSTER_CONFIG_URL_H
#define MUSTER_CONFIG_URL_H

#include "base/bytes.h"

#define URL_MAX      8192u /* bytes of one URL or reference */
#define URL_HOST_MAX 255u  /* bytes of a host (RFC 3986 section 3.2.2) */

/* All spans are borrowed from the text, as written; query and fragment are nothing where there is
 * none. */
struct url {
    struct span scheme; /* http, https, or one of the proxies' socks5 and socks5h */
    struct span host;   /* without the brackets of an IPv6 literal */
    struct span path;   /* "" or begins with "/" */
    struct span query, fragment;
    uint16_t port; /* the scheme's where the text has none */
    bool ipv6;
};

/* A URL with scheme and authority. FAULT_SYNTAX or FAULT_LIMIT; the sentence does not quote the
 * text. */
bool url_parse(struct span text, struct url *ret_url, struct fault *fault) MUST_CHECK;
bool url_is_http(const struct url *url); /* http or https */
bool url_is_https(const struct url *url);
/* "https://example.com:443": lower case, IPv6 in its canonical form (RFC 5952), the port always
 * there. */
bool url_append_origin(const struct url *url, struct bytes *into, struct fault *fault) MUST_CHECK;
/* Same scheme, host and port; neither letter case nor a default port that is left out counts. */
bool url_same_origin(const struct url *a, const struct url *b);

/*
 * Appends the target of `reference` as seen from `base` (RFC 3986 section 5.2, strict), dot
 * segments removed. Characters that have no place in a path or query and that servers send there
 * nevertheless (spaces, quotes, braces, non-ASCII) are percent-encoded; so is a backslash, which
 * must never act as a slash. A reference with another scheme or authority is resolved as well:
 * whether it may be followed is for url_same_origin to say.
 */
bool url_resolve(const struct url *base, struct span reference, struct bytes *into,
    struct fault *fault) MUST_CHECK;

/* HOST or HOST:PORT, IPv6 literals in brackets. Without a port *ret_port is `default_port`; port 0
 * passes where default_port is 0. ret_host has no brackets. FAULT_SYNTAX. */
bool url_split_host_port(struct span text, uint16_t default_port, struct span *ret_host,
    uint16_t *ret_port, struct fault *fault) MUST_CHECK;

#endif
