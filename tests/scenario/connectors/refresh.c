/* SPDX-License-Identifier: Apache-2.0 */
/* The sample application behind OAuth 2.0 refresh tokens that rotate; the client authenticates in
 * the body. */
#include "users.h"

const struct muster_connector muster_connector = {
    MUSTER_CONNECTOR_HEADER,
    .name = "refresh",
    .version = "1.0.0",
    .summary = "Accounts of the sample application, by refresh token",
    .parameters = MUSTER_LIST(struct muster_parameter, CLIENT_AND_TOKEN),
    .auth = {.scheme = MUSTER_AUTH_REFRESH_TOKEN,
        .place = MUSTER_IN_BODY,
        .username_parameter = "client",
        .secret_parameter = "client_secret",
        .refresh_token_parameter = "refresh_token",
        .token_url = "{base_url}/oauth/token"},
    .streams = USERS,
};
