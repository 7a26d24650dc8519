/* SPDX-License-Identifier: Apache-2.0 */
/* The one class that every outcome of a request has. The class alone decides what happens next
 * (policy/retry.h). */
#ifndef MUSTER_BASE_OUTCOME_H
#define MUSTER_BASE_OUTCOME_H

#define OUTCOME_TABLE(X)                                                                         \
    X(OUTCOME_OK, "ok")                                                                          \
    X(OUTCOME_TRANSIENT, "transient")       /* may pass by itself: retry */                      \
    X(OUTCOME_THROTTLED, "throttled")       /* asked to wait: no attempt used up */              \
    X(OUTCOME_AUTH_EXPIRED, "auth_expired") /* renew the credential once */                      \
    X(OUTCOME_AUTH_DENIED, "auth_denied")   /* the credential is no good: stop the connection */ \
    X(OUTCOME_FORBIDDEN, "forbidden")       /* this scope is closed to the credential */         \
    X(OUTCOME_NOT_FOUND, "not_found")                                                            \
    X(OUTCOME_CURSOR_EXPIRED, "cursor_expired") /* start the listing anew, once */               \
    X(OUTCOME_INVALID, "invalid")               /* the server says our request is wrong */       \
    X(OUTCOME_MALFORMED, "malformed")           /* the answer is not what was declared */        \
    X(OUTCOME_REFUSED, "refused")               /* egress rules forbid it */                     \
    X(OUTCOME_UNAVAILABLE, "unavailable")       /* the breaker is open */                        \
    X(OUTCOME_LOCAL, "local")                   /* our own machine: memory, disk, descriptors */

enum outcome {
#define X(name, text) name,
    OUTCOME_TABLE(X)
#undef X
        OUTCOME_COUNT
};

/* The word used in metrics, the ledger and messages. */
const char *outcome_name(enum outcome outcome);

#endif
