/* SPDX-License-Identifier: Apache-2.0 */
/* A connection as the file has it: the table of its keys, and how each is read. */
#include "connection.h"

#include <inttypes.h>
#include <regex.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "base/ascii.h"
#include "config/guess.h"
#include "config/secret.h"
#include "config/url.h"
#include "declaration/kind.h"

#define EVERY_LEAST_MS     INT64_C(1000)
#define EVERY_MOST_MS      (INT64_C(366) * 86400000)
#define FULL_EVERY_NORMAL  INT64_C(86400000)
#define NAME_MAX_LENGTH    64u
#define PATTERN_MAX_LENGTH 512u
#define INTEGER_TEXT_MAX   24

/* Every reader below takes the whole struct connection_settings where it fills more than one
 * member. */

static bool is_name(const char *name, bool connector)
{
    size_t length = strlen(name);
    if (length == 0 || length > NAME_MAX_LENGTH)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        bool first = ascii_is_lower(c) || (!connector && (ascii_is_upper(c) || ascii_is_digit(c)));
        bool later = first || ascii_is_digit(c) || c == '_' || c == '-' || (!connector && c == '.');
        if (!(i == 0 ? first : later))
            return false;
    }
    return true;
}

static bool read_name(const struct reading *reading, const config_setting_t *setting, void *member,
    struct fault *fault)
{
    const char *name;
    if (!reading_borrow_text(reading, setting, &name, fault))
        return false;
    if (!is_name(name, false))
        return reading_refuse(reading, setting, fault,
            "\"%.80s\" is no name: a letter or digit, then up to 63 letters, digits, \".\", \"_\", "
            "\"-\"",
            name);
    return reading_text(reading, setting, member, fault);
}

static bool read_connector(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault)
{
    const char *name;
    if (!reading_borrow_text(reading, setting, &name, fault))
        return false;
    if (!is_name(name, true))
        return reading_refuse(reading, setting, fault,
            "\"%.80s\" is no connector's name: a lower-case letter, then up to 63 of a-z, 0-9, "
            "\"_\", "
            "\"-\"; the file's path and .so are not part of it",
            name);
    return reading_text(reading, setting, member, fault);
}

static bool read_base_url(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault)
{
    const char *text;
    struct url url;
    struct fault why;
    if (!reading_borrow_text(reading, setting, &text, fault))
        return false;
    if (!url_parse(span_of(text), &url, &why))
        return reading_refuse(reading, setting, fault, "%s", why.text);
    if (!url_is_http(&url))
        return reading_refuse(
            reading, setting, fault, "the scheme is neither https nor http; write https://");
    if (url.query.data || url.fragment.data)
        return reading_refuse(reading, setting, fault,
            "ends with a query or a fragment; write the URL up to its path, which is where the "
            "connector's own paths begin");
    return reading_text(reading, setting, member, fault);
}

static bool read_proxy(const struct reading *reading, const config_setting_t *setting, void *member,
    struct fault *fault)
{
    const char *text;
    struct url url;
    struct fault why;
    if (!reading_borrow_text(reading, setting, &text, fault))
        return false;
    if (!url_parse(span_of(text), &url, &why))
        return reading_refuse(
            reading, setting, fault, "%s; write it as http://HOST:PORT", why.text);
    if (url.path.length > 1 || url.query.data || url.fragment.data)
        return reading_refuse(reading, setting, fault, "is no proxy; write it as http://HOST:PORT");
    return reading_text(reading, setting, member, fault);
}

static bool read_period(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault)
{
    int64_t ms;
    if (!reading_duration(reading, setting, &ms, fault))
        return false;
    if (ms < EVERY_LEAST_MS || ms > EVERY_MOST_MS)
        return reading_refuse(reading, setting, fault, "is out of bounds: 1s to 366d");
    *(int64_t *)member = ms;
    return true;
}

/* An array of `count` in the arena; NULL and a fault where there are too many. */
static void *allocate_items(const struct reading *reading, const config_setting_t *setting,
    size_t size, struct fault *fault)
{
    size_t count = (size_t)config_setting_length(setting);
    if (count > CONNECTION_PAIRS_MAX) {
        (void)reading_refuse(
            reading, setting, fault, "has more than %u elements", CONNECTION_PAIRS_MAX);
        return NULL;
    }
    void *items = arena_allocate_array(reading->arena, count, size);
    if (!items)
        (void)fault_memory(fault);
    return items;
}

typedef bool pair_reader(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault);

static bool read_pairs(const struct reading *reading, const config_setting_t *group,
    pair_reader *read_value, struct setting_pair **ret_pairs, size_t *ret_count,
    struct fault *fault)
{
    if (!reading_expect(
            reading, group, CONFIG_TYPE_GROUP, "a group, as { name = \"value\"; }", fault))
        return false;
    size_t count = (size_t)config_setting_length(group);
    struct setting_pair *pairs = allocate_items(reading, group, sizeof *pairs, fault);
    if (!pairs)
        return false;
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        pairs[i].line = reading_line(reading, setting).line;
        pairs[i].name = arena_copy_text(reading->arena, config_setting_name(setting));
        if (!pairs[i].name)
            return fault_memory(fault);
        if (!read_value(reading, setting, &pairs[i].value, fault))
            return false;
    }
    *ret_pairs = pairs;
    *ret_count = count;
    return true;
}

/* A parameter: text, an integer or true and false, all kept as text. */
static bool read_parameter(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault)
{
    char text[INTEGER_TEXT_MAX];
    int64_t number;
    const char *value = text;
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        if (!reading_integer(reading, setting, &number, fault))
            return false;
        (void)snprintf(text, sizeof text, "%" PRId64, number);
        break;
    case CONFIG_TYPE_BOOL:
        value = config_setting_get_bool(setting) ? "true" : "false";
        break;
    case CONFIG_TYPE_STRING:
        return reading_text(reading, setting, member, fault);
    default:
        return reading_refuse(reading, setting, fault,
            "is %s; write a text, an integer, or true or false", reading_type_name(setting));
    }
    char *copy = arena_copy_text(reading->arena, value);
    if (!copy)
        return fault_memory(fault);
    *(const char **)member = copy;
    return true;
}

static bool read_parameters(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault)
{
    struct connection_settings *connection = member;
    return read_pairs(reading, setting, read_parameter, &connection->parameters,
        &connection->parameter_count, fault);
}

static bool read_secrets(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault)
{
    struct connection_settings *connection = member;
    return read_pairs(
        reading, setting, reading_secret, &connection->secrets, &connection->secret_count, fault);
}

static bool read_labels(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault)
{
    struct connection_settings *connection = member;
    return read_pairs(
        reading, setting, reading_text, &connection->labels, &connection->label_count, fault);
}

static bool read_pattern(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault)
{
    const char *pattern;
    char why[128];
    regex_t compiled;
    if (!reading_borrow_text(reading, setting, &pattern, fault))
        return false;
    if (strlen(pattern) > PATTERN_MAX_LENGTH)
        return reading_refuse(
            reading, setting, fault, "has more than %u bytes", PATTERN_MAX_LENGTH);
    int error = regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB);
    if (error != 0) {
        (void)regerror(error, &compiled, why, sizeof why);
        return reading_refuse(
            reading, setting, fault, "is no POSIX extended regular expression: %s", why);
    }
    regfree(&compiled);
    return reading_text(reading, setting, member, fault);
}

static bool read_class(const struct reading *reading, const config_setting_t *setting, void *member,
    struct fault *fault)
{
    const struct kind *account = kind_by_number(MUSTER_ACCOUNT);
    int index = account ? kind_field_index(account, SPAN("class")) : -1;
    const char *class;
    if (!reading_borrow_text(reading, setting, &class, fault))
        return false;
    if (index < 0 || !kind_field_has_word(&account->fields[index], span_of(class)))
        return reading_refuse(reading, setting, fault, "\"%.64s\" is no account class; one of: %s",
            class, index < 0 ? "" : account->fields[index].words);
    return reading_text(reading, setting, member, fault);
}

static const struct reading_key classify_keys[] = {
    {"login", read_pattern, offsetof(struct setting_pair, name), true},
    {"class", read_class, offsetof(struct setting_pair, value), true},
};

static bool read_classify(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault)
{
    struct connection_settings *connection = member;
    if (!reading_expect(reading, setting, CONFIG_TYPE_LIST,
            "a list, as ( { login = \"^svc-\"; class = \"service\"; } )", fault))
        return false;
    size_t count = (size_t)config_setting_length(setting);
    struct setting_pair *pairs = allocate_items(reading, setting, sizeof *pairs, fault);
    if (!pairs)
        return false;
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);
        pairs[i].line = reading_line(reading, element).line;
        if (!reading_group(reading, element, classify_keys,
                sizeof classify_keys / sizeof classify_keys[0], &pairs[i], fault))
            return false;
    }
    connection->classify = pairs;
    connection->classify_count = count;
    return true;
}

static bool read_streams(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault)
{
    struct connection_settings *connection = member;
    int type = config_setting_type(setting), length = config_setting_length(setting);
    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
        return reading_refuse(reading, setting, fault,
            "is %s; write an array, as [ \"users\", \"groups\" ]", reading_type_name(setting));
    if (length == 0)
        return reading_refuse(
            reading, setting, fault, "is empty; leave the key out for all streams");
    const char **streams = allocate_items(reading, setting, sizeof *streams, fault);
    if (!streams)
        return false;
    for (int i = 0; i < length; i++) {
        const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);
        if (!reading_text(reading, element, (void *)&streams[i], fault))
            return false;
        for (int j = 0; j < i; j++)
            if (strcmp(streams[i], streams[j]) == 0)
                return reading_refuse(
                    reading, element, fault, "\"%.64s\" is selected twice", streams[i]);
    }
    connection->streams = streams;
    connection->stream_count = (size_t)length;
    return true;
}

#define AT(member) offsetof(struct connection_settings, member)
static const struct reading_key keys[] = {
    {"name", read_name, AT(name), true},
    {"connector", read_connector, AT(connector), true},
    {"base_url", read_base_url, AT(base_url), false},
    {"tenant", reading_text, AT(tenant), false},
    {"parameters", read_parameters, 0, false},
    {"secrets", read_secrets, 0, false},
    {"labels", read_labels, 0, false},
    {"classify", read_classify, 0, false},
    {"streams", read_streams, 0, false},
    {"every", read_period, AT(every_ms), false},
    {"full_every", read_period, AT(full_every_ms), false},
    {"allow_http", reading_bool, AT(allow_http), false},
    {"allow_private", reading_bool, AT(allow_private), false},
    {"ca_file", reading_path, AT(ca_file), false},
    {"client_cert", reading_path, AT(client_cert), false},
    {"proxy", read_proxy, AT(proxy), false},
};

bool connection_read(const struct reading *reading, const config_setting_t *group,
    struct connection_settings *ret_connection, struct fault *fault)
{
    struct text_line where = reading_line(reading, group);
    struct connection_settings connection = {.full_every_ms = FULL_EVERY_NORMAL};
    connection.line = where.line;
    connection.file = arena_copy_text(reading->arena, where.file);
    if (!connection.file)
        return fault_memory(fault);
    if (!reading_group(reading, group, keys, sizeof keys / sizeof keys[0], &connection, fault))
        return false;
    *ret_connection = connection;
    return true;
}
