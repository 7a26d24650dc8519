/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the script and decides which rules fire. */
#include "script.h"

#include <string.h>
#include "action.h"
#include "base/memory.h"

static struct span take_word(struct span *rest)
{
    *rest = span_trim(*rest);
    size_t length = 0;
    while (length < rest->length && rest->data[length] != ' ' && rest->data[length] != '\t')
        length++;
    struct span word = {rest->data, length};
    *rest = span_trim((struct span){rest->data + length, rest->length - length});
    return word;
}

static bool read_count(struct span text, uint64_t *ret_value)
{
    int64_t value;
    if (!span_to_int64(text, &value) || value < 1)
        return false;
    *ret_value = (uint64_t)value;
    return true;
}

/* N or N-M */
static bool read_nth(struct span value, struct rule *rule)
{
    const char *dash = value.length ? memchr(value.data, '-', value.length) : NULL;
    if (!dash)
        return read_count(value, &rule->nth_from) && read_count(value, &rule->nth_to);
    struct span first = {value.data, (size_t)(dash - value.data)};
    struct span last = {dash + 1, value.length - first.length - 1};
    return read_count(first, &rule->nth_from) && read_count(last, &rule->nth_to);
}

enum selected { SELECTED, NO_SELECTOR, BAD_SELECTOR };

static enum selected read_selector(struct span word, struct rule *rule)
{
    const char *equals = word.length ? memchr(word.data, '=', word.length) : NULL;
    if (span_equal_text(word, "once")) {
        rule->times = 1;
        return SELECTED;
    }
    if (!equals)
        return NO_SELECTOR;
    struct span name = {word.data, (size_t)(equals - word.data)};
    struct span value = {equals + 1, word.length - name.length - 1};
    const struct {
        const char *name;
        uint64_t *into;
    } counts[] = {{"every", &rule->every}, {"times", &rule->times}, {"chance", &rule->chance}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (span_equal_text(name, counts[i].name))
            return read_count(value, counts[i].into) ? SELECTED : BAD_SELECTOR;
    if (span_equal_text(name, "nth"))
        return read_nth(value, rule) ? SELECTED : BAD_SELECTOR;
    if (span_equal_text(name, "with")) {
        rule->with = value;
        return value.length > 0 ? SELECTED : BAD_SELECTOR;
    }
    return BAD_SELECTOR;
}

/* The action's signature: n a number, t a word, r the rest of the line; in capitals where it may be
 * left out. */
static bool read_arguments(struct rule *rule, struct span rest, size_t line, struct fault *fault)
{
    for (const char *sign = rule->action->signature; *sign; sign++) {
        bool optional = *sign == 'N' || *sign == 'T' || *sign == 'R';
        int64_t number;
        if (rest.length == 0 && optional)
            break;
        if (rest.length == 0)
            return fault_set(fault, FAULT_SYNTAX, "line %zu: %s needs more arguments: %s %s", line,
                rule->action->name, rule->action->name, rule->action->usage);
        struct span argument = rest;
        if (*sign == 'r' || *sign == 'R')
            rest = (struct span){rest.data + rest.length, 0};
        else
            argument = take_word(&rest);
        if ((*sign == 'n' || *sign == 'N') && !span_to_int64(argument, &number))
            return fault_set(fault, FAULT_SYNTAX, "line %zu: \"%.*s\" is no number: %s %s", line,
                SPAN_FORMAT(argument), rule->action->name, rule->action->usage);
        rule->arguments[rule->argument_count++] = argument;
    }
    if (rest.length > 0)
        return fault_set(fault, FAULT_SYNTAX, "line %zu: \"%.*s\" is one argument too many: %s %s",
            line, SPAN_FORMAT(rest), rule->action->name, rule->action->usage);
    return !rule->action->check || rule->action->check(rule, fault) ||
           fault_prefix(fault, "line %zu", line);
}

static bool read_rule(
    struct span text, size_t line, uint64_t seed, struct rule *rule, struct fault *fault)
{
    *rule = (struct rule){.random = random_seeded(seed ^ line)};
    struct span rest = text, word;
    rule->path = take_word(&rest);
    if (rule->path.data[0] != '/')
        return fault_set(fault, FAULT_SYNTAX,
            "line %zu: a rule begins with a path, not with \"%.*s\"", line,
            SPAN_FORMAT(rule->path));
    enum selected selected = SELECTED;
    do {
        word = take_word(&rest);
        selected = read_selector(word, rule);
    } while (selected == SELECTED && rest.length > 0);
    if (selected == BAD_SELECTOR)
        return fault_set(fault, FAULT_SYNTAX,
            "line %zu: \"%.*s\" is none of nth=N, nth=N-M, every=K, times=T, once, chance=PERCENT, "
            "with=TEXT",
            line, SPAN_FORMAT(word));
    if (selected == SELECTED)
        return fault_set(fault, FAULT_SYNTAX, "line %zu: there is no action", line);
    rule->action = action_find(word);
    if (!rule->action)
        return fault_set(fault, FAULT_SYNTAX,
            "line %zu: there is no action \"%.*s\"; --actions lists them", line, SPAN_FORMAT(word));
    return read_arguments(rule, rest, line, fault);
}

bool script_set(struct script *script, struct span text, uint64_t seed, struct fault *fault)
{
    struct script fresh = {0};
    fresh.rules = memory_allocate_array(SCRIPT_RULES_MAX, sizeof *fresh.rules);
    if (!fresh.rules)
        return fault_memory(fault);
    bool ok = bytes_append(&fresh.text, text, fault);
    struct span rest = bytes_span(&fresh.text);
    for (size_t line = 1; ok && rest.length > 0; line++) {
        const char *end = memchr(rest.data, '\n', rest.length);
        size_t length = end ? (size_t)(end - rest.data) : rest.length;
        struct span one = span_trim((struct span){rest.data, length});
        rest =
            (struct span){rest.data + length + (end ? 1 : 0), rest.length - length - (end ? 1 : 0)};
        if (one.length == 0 || one.data[0] == '#')
            continue;
        if (fresh.count == SCRIPT_RULES_MAX)
            ok = fault_set(
                fault, FAULT_LIMIT, "line %zu: more than %u rules", line, SCRIPT_RULES_MAX);
        else
            ok = read_rule(one, line, seed, &fresh.rules[fresh.count++], fault);
    }
    if (!ok) {
        script_free(&fresh);
        return false;
    }
    script_free(script);
    *script = fresh;
    return true;
}

void script_free(struct script *script)
{
    bytes_free(&script->text);
    memory_free(script->rules);
    script->rules = NULL;
    script->count = 0;
}

static bool rule_fires(struct rule *rule, const struct request *request)
{
    if (!span_starts_with(request->path, rule->path))
        return false;
    if (rule->with.data &&
        !memmem(request->target.data, request->target.length, rule->with.data, rule->with.length))
        return false;
    uint64_t n = ++rule->matched;
    if ((rule->nth_from && (n < rule->nth_from || n > rule->nth_to)) ||
        (rule->every && n % rule->every != 0) || (rule->times && rule->fired >= rule->times) ||
        (rule->chance && random_below(&rule->random, 100) >= rule->chance))
        return false;
    rule->fired++;
    return true;
}

void script_fire(struct script *script, const struct request *request, struct fired *ret_fired)
{
    ret_fired->count = 0;
    for (size_t i = 0; i < script->count; i++)
        if (rule_fires(&script->rules[i], request) && ret_fired->count < SCRIPT_FIRED_MAX)
            ret_fired->rules[ret_fired->count++] = &script->rules[i];
}

int64_t rule_number(const struct rule *rule, size_t index, int64_t otherwise)
{
    int64_t value = otherwise;
    if (index < rule->argument_count && !span_to_int64(rule->arguments[index], &value))
        return otherwise;
    return value;
}
