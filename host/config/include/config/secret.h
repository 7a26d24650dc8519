/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets by reference. What is read lives in pages of its own: locked into memory as far as the
 * system allows, left out of core dumps and of forked children, overwritten before they are given
 * back. A page is shared by many secrets, so that 10,000 connections fit into a small
 * RLIMIT_MEMLOCK.
 */
#ifndef MUSTER_CONFIG_SECRET_H
#define MUSTER_CONFIG_SECRET_H

#include "base/bytes.h"

#define SECRET_BYTES_MAX (64u << 10) /* of one secret */

struct secret_chunk;
struct secret_pool;

struct secret {
    struct span value; /* ends with NUL */
    struct secret_chunk *chunk;
};

/* NULL without memory. Freeing a pool leaves secrets that were read with it alive. */
struct secret_pool *secret_pool_create(void);
void secret_pool_free(struct secret_pool *pool); /* NULL is fine */

/*
 * References: file:PATH, env:NAME, credential:NAME (a file of that name in $CREDENTIALS_DIRECTORY,
 * systemd.exec(5)). FAULT_CONFIGURATION for anything else; the sentence never quotes the text,
 * which may be the secret itself.
 */
bool secret_check(const char *reference, struct fault *fault) MUST_CHECK;

/*
 * Reads what is referred to. A file is regular, owned by root or the host's user, without any
 * permission for group and others, and at most SECRET_BYTES_MAX; one newline at its end is not part
 * of it. Empty, NUL, control characters: refused. FAULT_SECRET names the reference, never the
 * value. Safe from many threads.
 */
bool secret_read(struct secret_pool *pool, const char *reference, struct secret *ret_secret,
    struct fault *fault) MUST_CHECK;
void secret_release(struct secret *secret); /* overwrites and forgets it; an empty one is fine */

#define SECRET_KEY_BYTES 32u

/*
 * Reads a key of SECRET_KEY_BYTES: as they are, as 64 hexadecimal digits, or in base64 (RFC 4648
 * section 4, with or without padding). 32 printable characters are refused: they are a password,
 * not a key. FAULT_SECRET names the reference and how to make a key, never the value.
 */
bool secret_read_key(struct secret_pool *pool, const char *reference, struct secret *ret_secret,
    struct fault *fault) MUST_CHECK;

/* The rules above on a file that holds key material and that somebody else reads by its name. */
bool secret_check_file(const char *path, struct fault *fault) MUST_CHECK;

#endif
