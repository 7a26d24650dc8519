/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters and secrets of a connection against what its connector declares. */
#include "values.h"

#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/ascii.h"
#include "base/memory.h"
#include "config/guess.h"
#include "config/url.h"

#define TEXT_MAX        4096u /* bytes of a MUSTER_TEXT */
#define HOST_PORT_USUAL 443u

bool values_refuse(const struct values_where *where, unsigned line, const char *key,
    enum fault_code code, struct fault *fault, const char *format, ...)
{
    char sentence[FAULT_TEXT_MAX];
    const struct connection_settings *connection = &where->settings->connections[where->connection];
    const char *file = connection->file ? connection->file : where->settings->path;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (length < 0)
        sentence[0] = '\0';
    return fault_set(fault, code, "%s:%u: connections[%zu].%s: %s", file ? file : "",
        line ? line : connection->line, where->connection, key, sentence);
}

int values_index(const struct muster_parameter_list *parameters, struct span name)
{
    for (uint32_t i = 0; i < parameters->count; i++)
        if (span_equal_text(name, parameters->items[i].name))
            return (int)i;
    return -1;
}

/* What a value of each type must be; NULL: it is. The sentences never quote the value: it may be
 * secret. */

static const char *check_text(struct span value)
{
    if (value.length == 0 || value.length > TEXT_MAX)
        return "must have 1 to 4096 bytes";
    if (!span_is_utf8(value))
        return "is not UTF-8";
    for (size_t i = 0; i < value.length; i++)
        if (ascii_is_control(value.data[i]))
            return "has a control character in it";
    return NULL;
}

static const char *check_integer(struct span value)
{
    int64_t number;
    return span_to_int64(value, &number) ? NULL : "must be an integer";
}

static const char *check_boolean(struct span value)
{
    bool ok = span_equal(value, SPAN("true")) || span_equal(value, SPAN("false"));
    return ok ? NULL : "must be true or false";
}

static const char *check_url(struct span value)
{
    struct url url;
    struct fault why;
    bool ok =
        url_parse(value, &url, &why) && url_is_http(&url) && !url.query.data && !url.fragment.data;
    return ok ? NULL : "must be an absolute URL without user, query and fragment";
}

static const char *check_host(struct span value)
{
    struct span host;
    uint16_t port;
    struct fault why;
    return url_split_host_port(value, HOST_PORT_USUAL, &host, &port, &why)
               ? NULL
               : "must be a host, optionally with :PORT";
}

static const char *(*const type_checks[])(struct span value) = {
    [MUSTER_TEXT] = check_text,
    [MUSTER_INTEGER] = check_integer,
    [MUSTER_BOOLEAN] = check_boolean,
    [MUSTER_URL] = check_url,
    [MUSTER_HOST] = check_host,
};

/* The whole value against a POSIX extended regular expression. */
static bool matches(const char *pattern, const char *value, bool *ret_matches, struct fault *fault)
{
    AUTO_BYTES whole = {0};
    regex_t compiled;
    if (!bytes_format(&whole, fault, "^(%s)$", pattern))
        return false;
    int error = regcomp(&compiled, whole.data, REG_EXTENDED | REG_NOSUB);
    if (error == REG_ESPACE)
        return fault_memory(fault);
    if (error != 0)
        return fault_set(fault, FAULT_DECLARATION, "the connector's pattern does not compile");
    *ret_matches = regexec(&compiled, value, 0, NULL, 0) == 0;
    regfree(&compiled);
    return true;
}

static bool check_value(const struct values_where *where, const struct muster_parameter *parameter,
    const struct setting_pair *pair, struct span value, struct fault *fault)
{
    char key[96];
    const char *why = "has a type that this host does not know";
    enum fault_code code = parameter->secret ? FAULT_SECRET : FAULT_CONFIGURATION;
    bool match = true;
    (void)snprintf(
        key, sizeof key, "%s.%s", parameter->secret ? "secrets" : "parameters", parameter->name);
    if (parameter->type < sizeof type_checks / sizeof type_checks[0])
        why = type_checks[parameter->type](value);
    if (why)
        return values_refuse(where, pair->line, key, code, fault, "%s", why);
    if (!parameter->pattern)
        return true;
    struct fault pattern_fault;
    if (!matches(parameter->pattern, value.data, &match, &pattern_fault))
        return values_refuse(
            where, pair->line, key, pattern_fault.code, fault, "%s", pattern_fault.text);
    if (!match)
        return values_refuse(where, pair->line, key, code, fault, "does not match %s (%s)",
            parameter->pattern, parameter->summary ? parameter->summary : "no description");
    return true;
}

static bool refuse_unknown(const struct values_where *where, const char *group,
    const struct muster_connector *connector, const struct setting_pair *pair, struct fault *fault)
{
    char key[128], guess[GUESS_TEXT_MAX];
    (void)snprintf(key, sizeof key, "%s.%.80s", group, pair->name);
    if (strcmp(pair->name, "base_url") == 0)
        return values_refuse(where, pair->line, key, FAULT_CONFIGURATION, fault,
            "base_url is a key of the connection itself; move it there");
    return values_refuse(where, pair->line, key, FAULT_CONFIGURATION, fault,
        "the connector %s has no such parameter%s", connector->name,
        guess_text(span_of(pair->name), connector->parameters.items, connector->parameters.count,
            sizeof *connector->parameters.items, guess));
}

static bool read_parameters(const struct values_where *where,
    const struct muster_connector *connector, struct values *values, struct fault *fault)
{
    const struct connection_settings *connection = &where->settings->connections[where->connection];
    for (size_t i = 0; i < connection->parameter_count; i++) {
        const struct setting_pair *pair = &connection->parameters[i];
        int index = values_index(&connector->parameters, span_of(pair->name));
        if (index < 0)
            return refuse_unknown(where, "parameters", connector, pair, fault);
        const struct muster_parameter *parameter = &connector->parameters.items[index];
        if (parameter->secret)
            return values_refuse(where, pair->line, "parameters", FAULT_CONFIGURATION, fault,
                "%s is a secret; give it under secrets, by reference (file:PATH, env:NAME, "
                "credential:NAME), and replace it if it stood here",
                parameter->name);
        values->value[index] = span_of(pair->value);
        if (!check_value(where, parameter, pair, values->value[index], fault))
            return false;
    }
    return true;
}

static bool read_secrets(const struct values_where *where, const struct muster_connector *connector,
    struct secret_pool *pool, struct values *values, struct fault *fault)
{
    const struct connection_settings *connection = &where->settings->connections[where->connection];
    for (size_t i = 0; i < connection->secret_count; i++) {
        char key[128];
        struct fault why;
        const struct setting_pair *pair = &connection->secrets[i];
        int index = values_index(&connector->parameters, span_of(pair->name));
        if (index < 0)
            return refuse_unknown(where, "secrets", connector, pair, fault);
        const struct muster_parameter *parameter = &connector->parameters.items[index];
        if (!parameter->secret)
            return values_refuse(where, pair->line, "secrets", FAULT_CONFIGURATION, fault,
                "%s is no secret; give it under parameters", parameter->name);
        (void)snprintf(key, sizeof key, "secrets.%s", parameter->name);
        if (!secret_read(pool, pair->value, &values->secret[index], &why))
            return values_refuse(where, pair->line, key, why.code, fault, "%s", why.text);
        values->value[index] = values->secret[index].value;
        if (!check_value(where, parameter, pair, values->value[index], fault))
            return false;
    }
    return true;
}

/* Defaults for what is not set; what is required and has none is missing. */
static bool complete(const struct values_where *where, const struct muster_connector *connector,
    struct values *values, struct fault *fault)
{
    for (uint32_t i = 0; i < connector->parameters.count; i++) {
        const struct muster_parameter *parameter = &connector->parameters.items[i];
        if (values->value[i].data)
            continue;
        if (parameter->default_value && !parameter->secret)
            values->value[i] = span_of(parameter->default_value);
        else if (parameter->required)
            return values_refuse(where, 0, parameter->secret ? "secrets" : "parameters",
                FAULT_CONFIGURATION, fault, "%s is missing; the connector %s needs it: %s",
                parameter->name, connector->name,
                parameter->summary ? parameter->summary : "no description");
    }
    return true;
}

bool values_read(const struct values_where *where, const struct muster_connector *connector,
    struct secret_pool *pool, struct values *ret_values, struct fault *fault)
{
    struct values values = {.parameters = &connector->parameters};
    values.value = memory_allocate_array(connector->parameters.count, sizeof *values.value);
    values.secret = memory_allocate_array(connector->parameters.count, sizeof *values.secret);
    bool ok = values.value && values.secret
                  ? read_parameters(where, connector, &values, fault) &&
                        read_secrets(where, connector, pool, &values, fault) &&
                        complete(where, connector, &values, fault)
                  : fault_memory(fault);
    if (!ok) {
        values_free(&values);
        return false;
    }
    *ret_values = values;
    return true;
}

void values_free(struct values *values)
{
    for (uint32_t i = 0; values->secret && i < values->parameters->count; i++)
        secret_release(&values->secret[i]);
    memory_free(values->secret);
    memory_free(values->value);
    *values = (struct values){0};
}
