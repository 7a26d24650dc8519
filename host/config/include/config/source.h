/* SPDX-License-Identifier: Apache-2.0 */
/* A source: one connection of the configuration joined with its connector's plan. Immutable, shared
 * by count between generations and the runs that began with it; safe from many threads. */
#ifndef MUSTER_CONFIG_SOURCE_H
#define MUSTER_CONFIG_SOURCE_H

#include "config/settings.h"
#include "declaration/plan.h"

struct source {
    const struct connection_settings *settings; /* owned */
    struct plan *plan;                          /* one reference */
    const char *name;
    const char *base_url; /* expanded, canonical, without a trailing slash */
    const char *origin;   /* scheme://host:port of base_url, lower case, port always there */
    struct policy_settings policy;
    bool *selected;             /* per stream of the plan: part of the operator's selection */
    struct hash256 fingerprint; /* of everything that a run depends on, secrets included: equal
                                   means "nothing changed". Never shown or stored */
};

/* Joins and checks: required parameters and secrets are there, patterns match, no unknown
 * parameter, the base URL is absolute and https (or allow_http), selected streams exist and their
 * parents are selected too; a login whose refresh tokens rotate has a store with a seal key.
 * Secrets are read here. FAULT_CONFIGURATION or FAULT_SECRET; the sentence names file, line and
 * key. */
bool source_create(const struct settings *settings, size_t connection, struct plan *plan,
    struct source **ret_source, struct fault *fault) MUST_CHECK;
struct source *source_acquire(struct source *source);
void source_release(struct source *source); /* NULL is fine */

/* A parameter's value: from `parameters`, `secrets`, or the declaration's default; "base_url" is
 * the expanded one. It ends with NUL. False where it is not set. */
bool source_parameter(const struct source *source, struct span name, struct span *ret_value);
bool source_parameter_is_secret(const struct source *source, struct span name);
/* The 32 bytes that what this source has to keep secret is sealed with; nothing where it keeps
 * nothing. */
struct span source_seal_key(const struct source *source);
/* Replaces every secret value of the source in `text`, in place; for messages that quote a server.
 * Found as it is, percent- encoded, and with JSON's backslashes. "[secret]" stands for it, or as
 * many "*" where it is shorter than that. */
void source_redact(const struct source *source, char *text);
/* The same, and further secrets too: tokens that were given to us. Those that are nothing are left
 * aside. */
void source_redact_with(
    const struct source *source, const struct span *secrets, size_t count, char *text);

#endif
