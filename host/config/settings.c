/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file from text to value: read, scan, parse, match the two, and take the values
 * out by tables. */
#include "config/settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "config/secret.h"
#include "config/url.h"
#include "connection.h"
#include "policy.h"

#define STORE_PATH_NORMAL "/var/lib/muster/muster.db"

/* What settings_free frees with the settings. */
struct settings_box {
    struct settings settings; /* first: the two share their address */
    struct arena *arena;
};

static bool read_store(
    const struct reading *reading, const config_setting_t *group, void *member, struct fault *fault)
{
    static const struct reading_key keys[] = {
        {"path", reading_path, offsetof(struct settings, store_path), true},
        {"seal_key", reading_secret, offsetof(struct settings, seal_key), false},
    };
    return reading_group(reading, group, keys, sizeof keys / sizeof keys[0], member, fault);
}

static bool read_require_signature(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault)
{
    struct settings *settings = member;
    if (!reading_bool(reading, setting, &settings->require_signature, fault))
        return false;
    if (settings->require_signature)
        return reading_refuse(reading, setting, fault,
            "signatures are not supported yet; set it to false, or keep connectors out");
    return true;
}

static bool read_connectors(
    const struct reading *reading, const config_setting_t *group, void *member, struct fault *fault)
{
    static const struct reading_key keys[] = {
        {"directory", reading_path, offsetof(struct settings, connectors_directory), false},
        {"require_signature", read_require_signature, 0, false},
    };
    return reading_group(reading, group, keys, sizeof keys / sizeof keys[0], member, fault);
}

static bool read_listen(const struct reading *reading, const config_setting_t *setting,
    void *member, struct fault *fault)
{
    const char *text;
    struct span host;
    uint16_t port;
    struct fault why;
    if (!reading_borrow_text(reading, setting, &text, fault))
        return false;
    if (!url_split_host_port(span_of(text), 0, &host, &port, &why))
        return reading_refuse(
            reading, setting, fault, "%s; write HOST:PORT, as \"127.0.0.1:9464\"", why.text);
    const char *end = host.data + host.length;
    end += *end == ']';
    if (end[0] != ':' || end[1] == '\0')
        return reading_refuse(
            reading, setting, fault, "has no port; write HOST:PORT, as \"127.0.0.1:9464\"");
    return reading_text(reading, setting, member, fault);
}

static int compare_connections(const void *a, const void *b)
{
    const struct connection_settings *const *one = a, *const *other = b;
    int order = strcmp((*one)->name, (*other)->name);
    return order ? order : (*one > *other) - (*one < *other); /* both of one array */
}

static bool check_names(const struct reading *reading, const config_setting_t *list,
    const struct connection_settings *connections, size_t count, struct fault *fault)
{
    AUTO_FREE const struct connection_settings **sorted =
        memory_allocate_array(count, sizeof(const struct connection_settings *));
    if (!sorted)
        return fault_memory(fault);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &connections[i];
    qsort(sorted, count, sizeof(const struct connection_settings *), compare_connections);
    for (size_t i = 1; i < count; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
            const config_setting_t *second =
                config_setting_get_elem(list, (unsigned)(sorted[i] - connections));
            return reading_refuse(reading, config_setting_get_member(second, "name"), fault,
                "\"%s\" is the name of two connections; the first is at %s:%u", sorted[i]->name,
                sorted[i - 1]->file, sorted[i - 1]->line);
        }
    return true;
}

static bool read_connections(
    const struct reading *reading, const config_setting_t *list, void *member, struct fault *fault)
{
    struct settings *settings = member;
    if (!reading_expect(
            reading, list, CONFIG_TYPE_LIST, "a list, as ( { name = \"acme\"; ... } )", fault))
        return false;
    size_t count = (size_t)config_setting_length(list);
    if (count > SETTINGS_CONNECTIONS_MAX)
        return reading_refuse(
            reading, list, fault, "more than %u connections", SETTINGS_CONNECTIONS_MAX);
    struct connection_settings *connections =
        arena_allocate_array(reading->arena, count, sizeof *connections);
    if (!connections)
        return fault_memory(fault);
    for (size_t i = 0; i < count; i++)
        if (!connection_read(
                reading, config_setting_get_elem(list, (unsigned)i), &connections[i], fault))
            return false;
    if (!check_names(reading, list, connections, count, fault))
        return false;
    settings->connections = connections;
    settings->connection_count = count;
    return true;
}

#define AT(member) offsetof(struct settings, member)
static const struct reading_key keys[] = {
    {"store", read_store, 0, false},
    {"connectors", read_connectors, 0, false},
    {"listen", read_listen, AT(listen), false},
    {"policy", policy_read, AT(policy), false},
    {"connections", read_connections, 0, true},
};

/* Hands each parsed setting its entry of the scan: both are in the order of the text. False where
 * they differ. */
static bool match_entries(config_setting_t *setting, const struct scan *scan, size_t *at)
{
    for (int i = 0; i < config_setting_length(setting); i++) {
        config_setting_t *child = config_setting_get_elem(setting, (unsigned)i);
        const char *name = config_setting_name(child);
        if (*at == scan->count)
            return false;
        struct scan_entry *entry = &scan->entries[(*at)++];
        if (!name != !entry->name || (name && strcmp(name, entry->name) != 0))
            return false;
        config_setting_set_hook(child, entry);
        if (config_setting_is_aggregate(child) && !match_entries(child, scan, at))
            return false;
    }
    return true;
}

/* What libconfig takes: its scanner's buffers, then the tree, in bytes a byte of text (45 for the
 * shortest settings). */
#define PARSE_LEAST  65536u
#define PARSE_FACTOR 48u

static bool parse(
    config_t *config, const struct text *text, const struct scan *scan, struct fault *fault)
{
    size_t matched = 0;
    if (!memory_is_there(PARSE_LEAST + text->bytes.length * PARSE_FACTOR))
        return fault_memory(fault);
    if (config_read_string(config, text->bytes.data ? text->bytes.data : "") != CONFIG_TRUE) {
        int line = config_error_line(config);
        struct text_line where = text_line_at(text, line > 0 ? (size_t)line - 1 : 0);
        const char *last = NULL;
        for (size_t i = 0; i < scan->count && (int)scan->entries[i].line < line; i++)
            if (scan->entries[i].name)
                last = scan->entries[i].name;
        return fault_set(fault, FAULT_CONFIGURATION,
            "%s:%u: %s: not what libconfig expects there%s%s%s; look for a missing \";\", quote or "
            "bracket",
            where.file, where.line, config_error_text(config), last ? ", after the key \"" : "",
            last ? last : "", last ? "\"" : "");
    }
    if (!match_entries(config_root_setting(config), scan, &matched) || matched != scan->count)
        return fault_set(fault, FAULT_CONFIGURATION,
            "%s:1: its keys cannot be told apart; write one setting a line, each with its \";\"",
            text_line_at(text, 0).file);
    return true;
}

static bool read_settings(const struct reading *reading, const config_setting_t *root,
    struct settings *settings, struct fault *fault)
{
    settings->policy = policy_settings_default();
    if (!reading_group(reading, root, keys, sizeof keys / sizeof keys[0], settings, fault))
        return false;
    if (!settings->store_path)
        settings->store_path = STORE_PATH_NORMAL;
    if (!settings->connectors_directory)
        settings->connectors_directory = MUSTER_CONNECTORS_DIRECTORY;
    return true;
}

static bool fill(
    struct settings_box *box, const char *path, struct arena *scratch, struct fault *fault)
{
    struct text text;
    struct scan scan;
    config_t config;
    if (!text_read(path, scratch, &text, fault))
        return false;
    if (!scan_read(&text, &scan, fault)) {
        text_free(&text);
        return false;
    }
    struct reading reading = {.text = &text, .scan = &scan, .arena = box->arena};
    config_init(&config);
    bool ok = parse(&config, &text, &scan, fault) &&
              read_settings(&reading, config_root_setting(&config), &box->settings, fault);
    config_destroy(&config);
    scan_free(&scan);
    text_free(&text);
    return ok;
}

bool settings_read(const char *path, struct settings **ret_settings, struct fault *fault)
{
    AUTO_ARENA *scratch = arena_create(0);
    struct settings_box *box = memory_allocate(sizeof *box);
    if (!scratch || !box) {
        memory_free(box);
        return fault_memory(fault);
    }
    box->arena = arena_create(0);
    box->settings.secret_pool = secret_pool_create();
    bool ok = box->arena && box->settings.secret_pool ? fill(box, path, scratch, fault)
                                                      : fault_memory(fault);
    if (ok) {
        box->settings.path = arena_copy_text(box->arena, path);
        ok = box->settings.path || fault_memory(fault);
    }
    if (!ok) {
        settings_free(&box->settings);
        return false;
    }
    *ret_settings = &box->settings;
    return true;
}

void settings_free(struct settings *settings)
{
    struct settings_box *box = (struct settings_box *)settings;
    if (!box)
        return;
    secret_pool_free(box->settings.secret_pool);
    arena_free(box->arena);
    memory_free(box);
}
