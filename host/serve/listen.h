/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket, and which Host headers may reach it. */
#ifndef MUSTER_SERVE_LISTEN_H
#define MUSTER_SERVE_LISTEN_H

#include "base/bytes.h"

/* A bound socket that listens. FAULT_CONFIGURATION names host and port. */
bool listen_open(const char *host, uint16_t port, int *ret_socket, uint16_t *ret_port,
    struct fault *fault) MUST_CHECK;

enum listen_host { LISTEN_HOST_OK, LISTEN_HOST_MALFORMED, LISTEN_HOST_FOREIGN };

/* Judges a Host header (RFC 9110 section 7.2): an address, localhost, or `name`. */
enum listen_host listen_judge_host(struct span header, const char *name);

#endif
