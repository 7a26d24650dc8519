/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values: codes, their classes, their sentences. Used by every layer above. */
#include "base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const outcome_names[] = {
#define X(name, text) [name] = (text),
    OUTCOME_TABLE(X)
#undef X
};

static const struct {
    enum outcome class;
    const char *name;
} fault_rows[] = {
#define X(code, class, text) [code] = {class, text},
    FAULT_TABLE(X)
#undef X
};

const char *outcome_name(enum outcome outcome)
{
    return outcome < OUTCOME_COUNT ? outcome_names[outcome] : "unknown";
}

static void write_text(struct fault *fault, const char *format, va_list arguments)
{
    int written = vsnprintf(fault->text, sizeof fault->text, format, arguments);
    if (written < 0)
        fault->text[0] = '\0';
}

bool fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
{
    va_list arguments;
    fault->code = code;
    va_start(arguments, format);
    write_text(fault, format, arguments);
    va_end(arguments);
    return false;
}

bool fault_system(struct fault *fault, const char *format, ...)
{
    int number = errno;
    va_list arguments;
    fault->code = number == ENOMEM ? FAULT_MEMORY : FAULT_SYSTEM;
    va_start(arguments, format);
    write_text(fault, format, arguments);
    va_end(arguments);
    size_t length = strlen(fault->text);
    char buffer[128];
    const char *why = strerror_r(number, buffer, sizeof buffer);
    (void)snprintf(fault->text + length, sizeof fault->text - length, ": %s", why);
    return false;
}

bool fault_prefix(struct fault *fault, const char *format, ...)
{
    char text[FAULT_TEXT_MAX];
    (void)memcpy(text, fault->text, sizeof text);
    va_list arguments;
    va_start(arguments, format);
    write_text(fault, format, arguments);
    va_end(arguments);
    size_t length = strlen(fault->text);
    (void)snprintf(fault->text + length, sizeof fault->text - length, ": %s", text);
    return false;
}

bool fault_memory(struct fault *fault)
{
    return fault_set(fault, FAULT_MEMORY, "out of memory");
}

enum outcome fault_outcome(enum fault_code code)
{
    return fault_rows[code].class;
}

const char *fault_name(enum fault_code code)
{
    return fault_rows[code].name;
}
