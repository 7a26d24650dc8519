/* SPDX-License-Identifier: Apache-2.0 */
/* What the library is told of a transfer: every option that matters, and the two callbacks by which
 * it uses no address that egress refuses. */
#include "internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* ------------------------------------------------------------------ egress -------------------- */

/* The address that is about to be used. One that is refused is skipped by the library, which tries
 * the name's next. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;
    struct sockaddr_storage storage = {0};
    transfer_resolved(transfer);
    if (purpose != CURLSOCKTYPE_IPCXN || address->addrlen > sizeof storage)
        return CURL_SOCKET_BAD;
    (void)memcpy(&storage, &address->addr, address->addrlen);
    if (!transfer->proxied && !egress_address_allowed(&storage, transfer->allow_private)) {
        transfer->refused = true;
        return CURL_SOCKET_BAD;
    }
    int made = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (made < 0) {
        transfer->no_socket = errno;
        return CURL_SOCKET_BAD;
    }
    transfer->opened = true;
    return made;
}

/* Before the request goes out, on new and pooled connections alike. */
static int before_request(void *context, char *remote, char *local, int remote_port, int local_port)
{
    struct transfer *transfer = context;
    struct sockaddr_storage address;
    (void)local;
    (void)remote_port;
    (void)local_port;
    transfer_resolved(transfer);
    transfer->connected = true;
    if (transfer->proxied)
        return CURL_PREREQFUNC_OK;
    if (remote && egress_address_of(remote, &address) &&
        egress_address_allowed(&address, transfer->allow_private))
        return CURL_PREREQFUNC_OK;
    transfer_fail(transfer, EXCHANGE_REFUSED,
        "%s leads to an address that is not public; allow_private permits it for a connection",
        transfer->host);
    return CURL_PREREQFUNC_ABORT;
}

/* ------------------------------------------------------------------ options ------------------- */

#define SET(option, value) (code = code ? code : curl_easy_setopt(easy, option, value))

static CURLcode set_bounds(CURL *easy, const struct transfer *transfer, int64_t now_ms)
{
    CURLcode code = CURLE_OK;
    int64_t left_ms = transfer->deadline_ms - now_ms;
    SET(CURLOPT_TIMEOUT_MS, (long)(left_ms > 1 ? left_ms : 1));
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)transfer->connect_timeout_ms);
    SET(CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES);
    SET(CURLOPT_LOW_SPEED_TIME, (long)((transfer->low_speed_ms + 999) / 1000));
    SET(CURLOPT_BUFFERSIZE, READ_BUFFER_BYTES);
    return code;
}

/* What the environment, files and servers must not decide. */
static CURLcode set_seclusion(CURL *easy, const struct transfer *transfer)
{
    const struct pool_key *key = &transfer->pool->key;
    CURLcode code = CURLE_OK;
    SET(CURLOPT_PROTOCOLS_STR, transfer->allow_http ? "http,https" : "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, key->proxy ? key->proxy : "");
    SET(CURLOPT_NOPROXY, key->proxy ? "" : "*");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    SET(CURLOPT_PREREQFUNCTION, before_request);
    SET(CURLOPT_PREREQDATA, transfer);
    return code;
}

static CURLcode set_tls(CURL *easy, const struct transfer *transfer)
{
    const struct pool_key *key = &transfer->pool->key;
    CURLcode code = CURLE_OK;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    if (key->ca_file) { /* in place of the system's, not beside them */
        SET(CURLOPT_CAINFO, key->ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    if (key->client_cert) { /* PEM with certificate and key */
        SET(CURLOPT_SSLCERT, key->client_cert);
        SET(CURLOPT_SSLKEY, key->client_cert);
    }
    return code;
}

static CURLcode set_request(CURL *easy, const struct transfer *transfer)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_URL, transfer->url);
    SET(CURLOPT_HTTPHEADER, transfer->headers);
    SET(CURLOPT_USERAGENT, transfer->transport->user_agent);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate"); /* asked for; */
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);        /* decoded by whoever reads the body */
    if (transfer->post) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body.length);
        SET(CURLOPT_POSTFIELDS, transfer->body.data ? transfer->body.data : "");
    } else {
        SET(CURLOPT_HTTPGET, 1L);
    }
    if (transfer->send_once) { /* the library resends on a new connection when a reused one dies */
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_FORBID_REUSE, 1L);
    }
    return code;
}

static CURLcode set_receivers(CURL *easy, struct transfer *transfer)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_HEADERFUNCTION, receive_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, receive_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_ERRORBUFFER, transfer->error);
    SET(CURLOPT_PRIVATE, transfer);
    return code;
}

bool options_set(struct transfer *transfer)
{
    int64_t now_ms = clock_monotonic_ms(&transfer->transport->clock);
    CURL *easy = transfer->easy;
    CURLcode code = CURLE_OK;
    if (transfer->redirects == 0)
        transfer->deadline_ms = now_ms + transfer->request_timeout_ms;
    transfer->framing = (struct framing){.length = -1};
    code = set_bounds(easy, transfer, now_ms);
    code = code ? code : set_seclusion(easy, transfer);
    code = code ? code : set_tls(easy, transfer);
    code = code ? code : set_request(easy, transfer);
    code = code ? code : set_receivers(easy, transfer);
    if (code)
        transfer_fail(transfer, EXCHANGE_LOCAL, "the HTTP library refuses an option: %s",
            curl_easy_strerror(code));
    return code == CURLE_OK;
}
