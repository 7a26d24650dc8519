/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's own word on accounts: login patterns that give a class, whatever the application
 * says. */
#include <string.h>
#include "compile.h"

void class_free(struct mapper *mapper)
{
    for (size_t i = 0; i < mapper->pattern_count; i++)
        regfree(&mapper->patterns[i].pattern);
}

bool class_compile(struct mapper *mapper, struct fault *fault)
{
    const struct connection_settings *settings = mapper->source->settings;
    size_t count = settings ? settings->classify_count : 0;
    if (count == 0)
        return true;
    mapper->patterns = arena_allocate_array(mapper->arena, count, sizeof *mapper->patterns);
    if (!mapper->patterns)
        return fault_memory(fault);
    for (size_t i = 0; i < count; i++) {
        struct class_pattern *pattern = &mapper->patterns[i];
        char why[128];
        int error =
            regcomp(&pattern->pattern, settings->classify[i].name, REG_EXTENDED | REG_NOSUB);
        if (error != 0) {
            (void)regerror(error, &pattern->pattern, why, sizeof why);
            return fault_set(fault, FAULT_CONFIGURATION,
                "line %u: classify: the pattern \"%.64s\" does not compile: %s",
                settings->classify[i].line, settings->classify[i].name, why);
        }
        mapper->pattern_count++;
        pattern->word = span_of(settings->classify[i].value);
    }
    return true;
}

struct span class_of_login(const struct mapper *mapper, struct span login)
{
    for (size_t i = 0; i < mapper->pattern_count; i++) {
        regmatch_t bounds = {.rm_so = 0, .rm_eo = (regoff_t)login.length};
        if (regexec(&mapper->patterns[i].pattern, login.data, 0, &bounds, REG_STARTEND) == 0)
            return mapper->patterns[i].word;
    }
    return (struct span){NULL, 0};
}
