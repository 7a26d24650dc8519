/* SPDX-License-Identifier: Apache-2.0 */
/* Rotated refresh tokens: sealed before they reach the file, opened on the way out. */
#ifndef MUSTER_STORE_TOKEN_H
#define MUSTER_STORE_TOKEN_H

#include "inside.h"

bool token_save(struct store *store, const struct job_token *token, int64_t wall_ms,
    struct fault *fault) MUST_CHECK;
/* token->token: in the arena; nothing where none is kept. */
bool token_load(struct store *store, struct job_token *token, struct arena *arena,
    struct fault *fault) MUST_CHECK;

#endif
