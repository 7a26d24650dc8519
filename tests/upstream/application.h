/* SPDX-License-Identifier: Apache-2.0 */
/* A request becomes an answer: control, faults, login, listings, single objects, compression. */
#ifndef UPSTREAM_APPLICATION_H
#define UPSTREAM_APPLICATION_H

#include "base/clock.h"
#include "action.h"
#include "journal.h"
#include "login.h"

struct application_options {
    struct dataset_options dataset;
    struct login_options login;
    uint32_t page_max, latency_ms;
    bool gzip;
};

struct application {
    struct application_options options;
    struct dataset dataset;
    struct login login;
    struct script script;
    struct journal journal;
    struct server_counts *counts; /* the server's; set before the first request */
    struct clock clock;
    struct bytes packed; /* compression works here */
};

bool application_create(const struct application_options *options,
    struct application *ret_application, struct fault *fault) MUST_CHECK;
void application_free(struct application *application);
/* The server's handler; context is a struct application. */
bool application_answer(
    void *context, const struct request *request, struct answer *answer, struct fault *fault);
/* Requests under /_control/. */
bool control_answer(struct application *application, const struct request *request,
    struct answer *answer, struct fault *fault) MUST_CHECK;

#endif
