/* SPDX-License-Identifier: Apache-2.0 */
/* A refusal: a fault that also carries its number in the fault catalogue. Every step of intake ends
 * in one or in a value. */
#ifndef MUSTER_DECLARATION_REFUSAL_H
#define MUSTER_DECLARATION_REFUSAL_H

#include "declaration/intake.h"

/* Numbers of the fault catalogue, "Plugin". */
enum refusal_number {
    REFUSAL_OTHER = 0, /* the machine's trouble, or one of meaning */
    REFUSAL_CONSTRUCTOR = 127,
    REFUSAL_IFUNC = 128,
    REFUSAL_NEEDED = 129,
    REFUSAL_EXECUTABLE = 130,
    REFUSAL_TLS = 131,
    REFUSAL_RELOCATION = 132,
    REFUSAL_TRUNCATED = 133,
    REFUSAL_SWAPPED = 134,
    REFUSAL_OWNERSHIP = 136,
    REFUSAL_COUNT = 137,
    REFUSAL_POINTER = 138,
    REFUSAL_TEXT = 139,
    REFUSAL_READER = 140,
    REFUSAL_ABI = 141,
    REFUSAL_CYCLE = 142
};

struct refusal {
    enum refusal_number number;
    struct fault fault;
};

/* FAULT_PLUGIN with that number and sentence; returns false always. */
bool refusal_set(struct refusal *refusal, enum refusal_number number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a problem; from INTAKE_PROBLEMS_MAX on they are dropped. NULL is fine. */
void report_add(struct intake_report *report, int number, const char *text);

#endif
