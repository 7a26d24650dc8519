/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask: bearer token, API key, basic, and OAuth 2.0 with tokens that expire and refresh
 * tokens that rotate. What the options do not set is not accepted; if they set nothing, everybody
 * may ask. */
#ifndef UPSTREAM_LOGIN_H
#define UPSTREAM_LOGIN_H

#include "message.h"

#define LOGIN_TOKENS_MAX 64u /* access tokens that are valid at once; the oldest gives way */
#define LOGIN_TOKEN_TEXT 40u

struct login_options {
    const char *token;         /* bearer */
    const char *api_key;       /* header X-API-Key, query or cookie api_key */
    const char *basic;         /* user:password */
    const char *oauth;         /* client id:secret */
    const char *refresh_token; /* the first one */
    uint32_t lifetime_s;       /* of an access token */
};

struct access_token {
    char text[LOGIN_TOKEN_TEXT];
    int64_t expires_ms; /* monotonic */
};

struct login {
    struct login_options options;
    struct access_token tokens[LOGIN_TOKENS_MAX];
    char refresh_token[LOGIN_TOKEN_TEXT];
    uint64_t issued, refused; /* tokens given; requests turned away */
    uint64_t seed;
};

bool login_start(struct login *login, const struct login_options *options, uint64_t seed,
    struct fault *fault) MUST_CHECK;
bool login_allows(const struct login *login, const struct request *request, int64_t now_ms);
/* POST /oauth/token (RFC 6749 sections 4.4 and 6): fills the answer. */
bool login_token(struct login *login, const struct request *request, int64_t now_ms,
    struct answer *answer, struct fault *fault) MUST_CHECK;
/* Every access token is void from now on; refresh tokens stay. */
void login_expire(struct login *login);

#endif
