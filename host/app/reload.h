/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a new generation beside the running one: on a thread of its own, because intake of many
 * connectors takes longer than the loop may be away. */
#ifndef MUSTER_APP_RELOAD_H
#define MUSTER_APP_RELOAD_H

#include "generation.h"
#include "host.h"

struct reload;

struct reload *reload_create(
    const char *configuration, struct host *host); /* NULL without memory */
/* Begins; one asked for while another runs follows it, so that the last state of the files always
 * counts. */
bool reload_ask(struct reload *reload, struct fault *fault) MUST_CHECK;
/* True once for each finished reading: a generation, or NULL and the fault. */
bool reload_take(
    struct reload *reload, struct generation **ret_generation, struct fault *ret_fault);
void reload_free(struct reload *reload); /* waits for the thread; NULL is fine */

#endif
