/* SPDX-License-Identifier: Apache-2.0 */
/* One request's life: copied from its value, given to the library (options.c), and judged at its
 * end. */
#include "internal.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "base/memory.h"
#include "config/url.h"

/* ------------------------------------------------------------------ creation ------------------ */

static void wipe_headers(struct curl_slist *headers)
{
    for (struct curl_slist *item = headers; item; item = item->next)
        explicit_bzero(item->data, strlen(item->data)); /* Authorization is among them */
    curl_slist_free_all(headers);
}

void transfer_free(struct transfer *transfer)
{
    if (!transfer)
        return;
    wipe_headers(transfer->headers);
    bytes_wipe(&transfer->body);
    if (transfer->url)
        explicit_bzero(transfer->url, strlen(transfer->url));
    memory_free(transfer->url);
    memory_free(transfer->host);
    response_free(transfer->response);
    memory_free(transfer);
}

static bool add_line(struct transfer *transfer, const char *line)
{
    struct curl_slist *headers = curl_slist_append(transfer->headers, line);
    if (headers)
        transfer->headers = headers;
    return headers != NULL;
}

static bool add_header(struct transfer *transfer, struct span name, struct span value)
{
    AUTO_BYTES line = {0};
    struct fault fault;
    /* The library sends a field without a value for "Name;", and none at all for "Name:". */
    bool ok = bytes_append(&line, name, &fault) &&
              bytes_append_text(&line, value.length > 0 ? ": " : ";", &fault) &&
              bytes_append(&line, value, &fault) && add_line(transfer, line.data);
    bytes_wipe(&line);
    return ok;
}

static bool copy_headers(struct transfer *transfer, const struct request *request)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (!add_header(transfer, request->headers[i].name, request->headers[i].value))
            return false;
    if (request->body.data && request->content_type &&
        !add_header(transfer, SPAN("Content-Type"), span_of(request->content_type)))
        return false;
    return add_line(transfer, "Expect:"); /* no 100-continue: it only costs a round trip */
}

static bool is_literal(const struct url *url)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    if (url->ipv6)
        return true;
    if (url->host.length >= sizeof text)
        return false;
    (void)memcpy(text, url->host.data, url->host.length);
    text[url->host.length] = '\0';
    return inet_pton(AF_INET, text, &address) == 1;
}

/* Through a proxy the address used is the proxy's, which the operator named: then only the URL's
 * own literal can be judged. */
static void check_url(struct transfer *transfer, const struct url *url)
{
    struct sockaddr_storage address;
    if (!url_is_https(url) && !(url_is_http(url) && transfer->allow_http))
        transfer_fail(transfer, EXCHANGE_REFUSED,
            "the URL is not https; allow_http permits that for a connection");
    else if (transfer->proxied && transfer->literal &&
             egress_address_of(transfer->host, &address) &&
             !egress_address_allowed(&address, transfer->allow_private))
        transfer_fail(transfer, EXCHANGE_REFUSED,
            "%s is not a public address; allow_private permits it for a connection",
            transfer->host);
}

static bool set_host(struct transfer *transfer, const struct url *url)
{
    AUTO_BYTES host = {0};
    struct fault fault;
    if (!bytes_append(&host, url->host, &fault) || !(transfer->host = memory_copy_text(host.data)))
        return false;
    transfer->literal = is_literal(url);
    return true;
}

static bool copy_request(struct transfer *transfer, const struct request *request)
{
    struct fault fault;
    struct url url;
    transfer->post = request->method == MUSTER_POST;
    transfer->send_once = request->send_once;
    transfer->url = memory_copy_text(request->url);
    if (!transfer->url || !copy_headers(transfer, request))
        return false;
    if (request->body.data && !bytes_append(&transfer->body, request->body, &fault))
        return false;
    if (!url_parse(span_of(request->url), &url, &fault)) {
        transfer_fail(
            transfer, EXCHANGE_REFUSED, "the request's URL cannot be used: %.120s", fault.text);
        transfer->host = memory_copy_text("");
        return transfer->host != NULL;
    }
    if (!set_host(transfer, &url))
        return false;
    check_url(transfer, &url);
    return true;
}

static bool find_pool(struct transfer *transfer, const struct connection_settings *settings)
{
    const struct pool_key key = {
        settings->allow_private, settings->proxy, settings->ca_file, settings->client_cert};
    struct fault fault;
    transfer->pool = pool_for(transfer->transport, &key, &fault);
    if (!transfer->pool)
        transfer_fail(transfer, EXCHANGE_LOCAL, "%.200s", fault.text);
    else
        transfer->pool->users++;
    return transfer->pool != NULL;
}

struct transfer *transfer_create(struct transport *transport, const struct source *source,
    const struct request *request, uint64_t ticket)
{
    const struct policy_settings *policy = &source->policy;
    struct transfer *transfer = memory_allocate(sizeof *transfer);
    if (!transfer)
        return NULL;
    transfer->response = memory_allocate(sizeof *transfer->response);
    if (!transfer->response) {
        transfer_free(transfer);
        return NULL;
    }
    transfer->transport = transport;
    transfer->ticket = ticket;
    transfer->allow_http = source->settings->allow_http;
    transfer->allow_private = source->settings->allow_private;
    transfer->proxied = source->settings->proxy != NULL;
    transfer->connect_timeout_ms = policy->connect_timeout_ms;
    transfer->low_speed_ms = policy->low_speed_ms;
    transfer->request_timeout_ms = policy->request_timeout_ms;
    transfer->response->body.limit = (size_t)policy->body_bytes_most;
    if (!copy_request(transfer, request)) {
        transfer_free(transfer);
        return NULL;
    }
    if (transfer->failed == EXCHANGE_DONE)
        (void)find_pool(transfer, source->settings);
    return transfer;
}

void transfer_fail(struct transfer *transfer, enum exchange exchange, const char *format, ...)
{
    va_list arguments;
    if (transfer->failed != EXCHANGE_DONE)
        return;
    transfer->failed = exchange;
    va_start(arguments, format);
    (void)vsnprintf(transfer->response->why, sizeof transfer->response->why, format, arguments);
    va_end(arguments);
}

void transfer_resolved(struct transfer *transfer)
{
    if (transfer->resolving)
        transfer->transport->resolving--;
    transfer->resolving = false;
}

/* ------------------------------------------------------------------ conclusion ---------------- */

/* How far an error of the library means that the exchange came; those that depend on the moment are
 * judged by code. */
static const struct {
    CURLcode code;
    enum exchange exchange;
} conclusions[] = {
    {CURLE_COULDNT_RESOLVE_HOST, EXCHANGE_RESOLVE},
    {CURLE_COULDNT_RESOLVE_PROXY, EXCHANGE_RESOLVE},
    {CURLE_COULDNT_CONNECT, EXCHANGE_CONNECT},
    {CURLE_PROXY, EXCHANGE_CONNECT},
    {CURLE_INTERFACE_FAILED, EXCHANGE_CONNECT},
    {CURLE_PEER_FAILED_VERIFICATION, EXCHANGE_TLS},
    {CURLE_SSL_CERTPROBLEM, EXCHANGE_TLS},
    {CURLE_SSL_CIPHER, EXCHANGE_TLS},
    {CURLE_SSL_CACERT_BADFILE, EXCHANGE_TLS},
    {CURLE_SSL_ISSUER_ERROR, EXCHANGE_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, EXCHANGE_TLS},
    {CURLE_SSL_CLIENTCERT, EXCHANGE_TLS},
    {CURLE_USE_SSL_FAILED, EXCHANGE_TLS},
    {CURLE_SSL_ENGINE_INITFAILED, EXCHANGE_LOCAL},
    {CURLE_GOT_NOTHING, EXCHANGE_SEND},
    {CURLE_SEND_ERROR, EXCHANGE_SEND},
    {CURLE_SEND_FAIL_REWIND, EXCHANGE_SEND},
    {CURLE_PARTIAL_FILE, EXCHANGE_RECEIVE},
    {CURLE_WEIRD_SERVER_REPLY, EXCHANGE_PROTOCOL},
    {CURLE_FILESIZE_EXCEEDED, EXCHANGE_TOO_LARGE},
    {CURLE_URL_MALFORMAT, EXCHANGE_REFUSED},
    {CURLE_ABORTED_BY_CALLBACK, EXCHANGE_REFUSED},
};

static bool error_says(const struct transfer *transfer, const char *words)
{
    return strstr(transfer->error, words) != NULL;
}

static enum exchange judge_timeout(const struct transfer *transfer)
{
    if (transfer->connected)
        return EXCHANGE_TIMEOUT;
    return transfer->opened ? EXCHANGE_CONNECT : EXCHANGE_RESOLVE;
}

/* A handshake that was cut off may succeed the next time; one that was refused will not. */
static enum exchange judge_handshake(const struct transfer *transfer)
{
    static const char *const cut[] = {
        "SSL_ERROR_SYSCALL", "reset by peer", "unexpected eof", "Broken pipe", "timed out"};
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++)
        if (error_says(transfer, cut[i]))
            return EXCHANGE_CONNECT;
    return EXCHANGE_TLS;
}

static enum exchange judge(const struct transfer *transfer, CURLcode code)
{
    bool answered = transfer->response->status > 0;
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return judge_timeout(transfer);
    case CURLE_SSL_CONNECT_ERROR:
        return judge_handshake(transfer);
    case CURLE_UNSUPPORTED_PROTOCOL: /* a scheme that is not allowed, or no HTTP at all in the
                                        answer */
        return transfer->connected ? EXCHANGE_PROTOCOL : EXCHANGE_REFUSED;
    case CURLE_RECV_ERROR:
        if (error_says(transfer, "chunk")) /* a bad chunk is told by this code, too */
            return EXCHANGE_PROTOCOL;
        return answered ? EXCHANGE_RECEIVE : EXCHANGE_SEND;
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return answered ? EXCHANGE_RECEIVE : EXCHANGE_SEND;
    case CURLE_OUT_OF_MEMORY: /* also what the library says of one header line above its own limit
                               */
        return answered && !transfer->framing.ended ? EXCHANGE_TOO_LARGE : EXCHANGE_LOCAL;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof conclusions / sizeof conclusions[0]; i++)
        if (conclusions[i].code == code)
            return conclusions[i].exchange;
    return EXCHANGE_LOCAL;
}

static void fail_by_code(struct transfer *transfer, CURLcode code)
{
    enum exchange exchange = judge(transfer, code);
    if (exchange == EXCHANGE_CONNECT && transfer->refused && !transfer->opened)
        transfer_fail(transfer, EXCHANGE_REFUSED,
            "%s leads to an address that is not public; allow_private permits it for a connection",
            transfer->host);
    else if (exchange == EXCHANGE_CONNECT && transfer->no_socket && !transfer->opened)
        transfer_fail(
            transfer, EXCHANGE_LOCAL, "no socket could be made: %s", strerror(transfer->no_socket));
    else if (exchange ==
             EXCHANGE_TLS) /* the library's text names the certificate's trouble, not the URL */
        transfer_fail(transfer, exchange, "%s: %.160s", transfer->host,
            transfer->error[0] ? transfer->error : curl_easy_strerror(code));
    else
        transfer_fail(transfer, exchange, "%s: %s", transfer->host, curl_easy_strerror(code));
}

void transfer_conclude(struct transfer *transfer, CURLcode code)
{
    curl_off_t us = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &us); /* stays 0 where unknown */
    transfer->response->seconds += (double)us / 1e6;
    if (code != CURLE_OK)
        fail_by_code(transfer, code);
    else if (transfer->failed == EXCHANGE_DONE && !transfer->framing.ended)
        transfer_fail(transfer, EXCHANGE_PROTOCOL, "%s: an answer without an end of its header",
            transfer->host);
    transfer->response->exchange = transfer->failed;
}

/* ------------------------------------------------------------------ redirects ----------------- */

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The target, where it is on the same origin; anything else is given through for others to judge.
 */
static bool redirect_target(const struct transfer *transfer, struct bytes *into)
{
    struct span location = http_headers_get(&transfer->response->headers, "Location");
    struct url here, there;
    struct fault fault;
    return location.length > 0 && url_parse(span_of(transfer->url), &here, &fault) &&
           url_resolve(&here, location, into, &fault) &&
           url_parse(bytes_span(into), &there, &fault) && url_same_origin(&here, &there);
}

bool transfer_redirect(struct transfer *transfer)
{
    struct response *response = transfer->response;
    AUTO_BYTES target = {0};
    if (response->exchange != EXCHANGE_DONE || !is_redirect(response->status) || transfer->post ||
        transfer->redirects == REDIRECTS_MAX || !redirect_target(transfer, &target))
        return false;
    char *url = memory_copy_text(target.data);
    if (!url)
        return false;
    transfer->redirects++;
    memory_free(transfer->url);
    transfer->url = url;
    http_headers_clear(&response->headers);
    bytes_clear(&response->body);
    response->status = 0;
    response->unframed = false;
    transfer->opened = transfer->connected = false;
    return true;
}
