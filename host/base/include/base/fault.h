/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as values. A function that can fail returns false and fills the caller's `struct fault`;
 * what it would have returned through ret_ parameters is then untouched. The text is one sentence
 * for a person: what, where, what to do.
 */
#ifndef MUSTER_BASE_FAULT_H
#define MUSTER_BASE_FAULT_H

#include <stdbool.h>
#include "base/outcome.h"

#define MUST_CHECK __attribute__((warn_unused_result))

/* Every error of the host with the outcome class that it means for a request in whose course it
 * happens. */
#define FAULT_TABLE(X)                                                                            \
    X(FAULT_NONE, OUTCOME_OK, "none")                                                             \
    X(FAULT_MEMORY, OUTCOME_LOCAL, "memory")       /* an allocation failed */                     \
    X(FAULT_LIMIT, OUTCOME_MALFORMED, "limit")     /* a named limit was exceeded */               \
    X(FAULT_SYNTAX, OUTCOME_MALFORMED, "syntax")   /* text that does not parse */                 \
    X(FAULT_CONTENT, OUTCOME_MALFORMED, "content") /* parses, but says something forbidden */     \
    X(FAULT_DECLARATION, OUTCOME_INVALID,                                                         \
        "declaration")                         /* a connector declares something unusable */      \
    X(FAULT_PLUGIN, OUTCOME_REFUSED, "plugin") /* a connector file is refused */                  \
    X(FAULT_CONFIGURATION, OUTCOME_INVALID, "configuration")                                      \
    X(FAULT_SECRET, OUTCOME_AUTH_DENIED, "secret") /* a secret cannot be read, or may not be */   \
    X(FAULT_EGRESS, OUTCOME_REFUSED, "egress")     /* an address or origin that is not allowed */ \
    X(FAULT_SYSTEM, OUTCOME_LOCAL, "system")       /* a system call failed */                     \
    X(FAULT_STORE, OUTCOME_LOCAL, "store")         /* the store failed; nothing was committed */  \
    X(FAULT_STORE_BUSY, OUTCOME_TRANSIENT, "store_busy")                                          \
    X(FAULT_STORE_CORRUPT, OUTCOME_LOCAL, "store_corrupt")                                        \
    X(FAULT_STORE_NEWER, OUTCOME_LOCAL, "store_newer") /* written by a newer Muster */            \
    X(FAULT_BALANCE, OUTCOME_LOCAL, "balance")         /* a batch whose books do not balance */   \
    X(FAULT_NOT_FOUND, OUTCOME_NOT_FOUND, "not_found") /* the thing asked for is not there */     \
    X(FAULT_USAGE, OUTCOME_INVALID, "usage")

enum fault_code {
#define X(code, class, text) code,
    FAULT_TABLE(X)
#undef X
};

#define FAULT_TEXT_MAX 512

struct fault {
    enum fault_code code;
    char text[FAULT_TEXT_MAX];
};

/* Sets code and sentence; returns false always, so that `return fault_set(...)` reads well. A
 * longer text is cut. */
bool fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with ": " and the text of the present errno after it. */
bool fault_system(struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts "where: " before a sentence that is already there; returns false. */
bool fault_prefix(struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* FAULT_MEMORY with its standard sentence; returns false. */
bool fault_memory(struct fault *fault);
enum outcome fault_outcome(enum fault_code code);
const char *fault_name(enum fault_code code);

#endif
