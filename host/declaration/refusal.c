/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals and the report that collects them. */
#include "refusal.h"

#include <stdarg.h>
#include <stdio.h>

bool refusal_set(struct refusal *refusal, enum refusal_number number, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    refusal->number = number;
    refusal->fault.code = FAULT_PLUGIN;
    (void)vsnprintf(refusal->fault.text, sizeof refusal->fault.text, format, arguments);
    va_end(arguments);
    return false;
}

void report_add(struct intake_report *report, int number, const char *text)
{
    if (!report || report->count >= INTAKE_PROBLEMS_MAX)
        return;
    struct intake_problem *problem = &report->problems[report->count++];
    problem->fault_number = number;
    (void)snprintf(problem->text, sizeof problem->text, "%s", text);
}
