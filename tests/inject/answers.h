/* SPDX-License-Identifier: Apache-2.0 */
/* The scripted application of the rig: what its connector declares and what it answers. */
#ifndef MUSTER_TESTS_ANSWERS_H
#define MUSTER_TESTS_ANSWERS_H

#include "base/http.h"
#include "request/request.h"

#define ANSWERS_STREAMS 3
#define ANSWERS_PAGES   5

const char *answers_declaration(void);
const char *answers_configuration(void);
/* NULL where there is no memory for it. `users_asked`: how often the first page of users was. */
struct response *answers_give(const struct request *request, int *users_asked);

#endif
