/* SPDX-License-Identifier: Apache-2.0 */
/* The sample application behind OAuth 2.0 client credentials: for the scenario of logins. */
#include "users.h"

const struct muster_connector muster_connector = {
    MUSTER_CONNECTOR_HEADER,
    .name = "oauth",
    .version = "1.0.0",
    .summary = "Accounts of the sample application, by client credentials",
    .parameters = MUSTER_LIST(struct muster_parameter, CLIENT),
    .auth = {.scheme = MUSTER_AUTH_CLIENT_CREDENTIALS,
        .username_parameter = "client",
        .secret_parameter = "client_secret",
        .token_url = "{base_url}/oauth/token"},
    .streams = USERS,
};
