/* SPDX-License-Identifier: Apache-2.0 */
/* Typed access to parsed settings, each failure with file, line and key. */
#include "reading.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/ascii.h"
#include "base/timestamp.h"
#include "config/guess.h"
#include "config/secret.h"

#define KEY_PATH_MAX 192u
#define KEY_NAME_MAX 64

static const struct scan_entry *entry_of(const config_setting_t *setting)
{
    return config_setting_get_hook(setting);
}

struct text_line reading_line(const struct reading *reading, const config_setting_t *setting)
{
    const struct scan_entry *entry = entry_of(setting);
    return text_line_at(reading->text, entry ? entry->line : 0);
}

/* "connections[2].parameters.tenant", written from its end backwards. */
static const char *key_path(const config_setting_t *setting, char path[KEY_PATH_MAX])
{
    char step[KEY_NAME_MAX + 8];
    size_t at = KEY_PATH_MAX - 1;
    path[at] = '\0';
    for (; setting && !config_setting_is_root(setting); setting = config_setting_parent(setting)) {
        const char *name = config_setting_name(setting);
        bool top = config_setting_is_root(config_setting_parent(setting));
        int length = name
                         ? snprintf(step, sizeof step, "%s%.*s", top ? "" : ".", KEY_NAME_MAX, name)
                         : snprintf(step, sizeof step, "[%d]", config_setting_index(setting));
        if (length < 0 || (size_t)length > at)
            break;
        at -= (size_t)length;
        (void)memcpy(path + at, step, (size_t)length);
    }
    return path + at;
}

bool reading_refuse(const struct reading *reading, const config_setting_t *setting,
    struct fault *fault, const char *format, ...)
{
    char sentence[FAULT_TEXT_MAX], path[KEY_PATH_MAX];
    struct text_line where = reading_line(reading, setting);
    const char *key = key_path(setting, path);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (length < 0)
        sentence[0] = '\0';
    (void)fault_set(fault, FAULT_CONFIGURATION, "%s:%u: %s%s%s", where.file, where.line, key,
        *key ? ": " : "", sentence);
    return false;
}

const char *reading_type_name(const config_setting_t *setting)
{
    static const char *const names[] = {
        [CONFIG_TYPE_NONE] = "nothing",
        [CONFIG_TYPE_GROUP] = "a group",
        [CONFIG_TYPE_INT] = "an integer",
        [CONFIG_TYPE_INT64] = "an integer",
        [CONFIG_TYPE_FLOAT] = "a number with a fraction",
        [CONFIG_TYPE_STRING] = "a text",
        [CONFIG_TYPE_BOOL] = "true or false",
        [CONFIG_TYPE_ARRAY] = "an array",
        [CONFIG_TYPE_LIST] = "a list",
    };
    return names[config_setting_type(setting)];
}

bool reading_expect(const struct reading *reading, const config_setting_t *setting, int type,
    const char *wanted, struct fault *fault)
{
    if (config_setting_type(setting) == type)
        return true;
    return reading_refuse(
        reading, setting, fault, "is %s; write %s", reading_type_name(setting), wanted);
}

static bool read_member(const struct reading *reading, const config_setting_t *setting,
    const struct reading_key *keys, size_t count, void *object, struct fault *fault)
{
    char guess[GUESS_TEXT_MAX];
    struct span name = span_of(config_setting_name(setting));
    for (size_t i = 0; i < count; i++)
        if (span_equal_text(name, keys[i].name))
            return keys[i].read(reading, setting, (char *)object + keys[i].offset, fault);
    return reading_refuse(reading, setting, fault, "unknown key%s",
        guess_text(name, keys, count, sizeof *keys, guess));
}

bool reading_group(const struct reading *reading, const config_setting_t *group,
    const struct reading_key *keys, size_t count, void *object, struct fault *fault)
{
    int length = config_setting_length(group);
    if (!reading_expect(reading, group, CONFIG_TYPE_GROUP, "a group, as { key = value; }", fault))
        return false;
    for (int i = 0; i < length; i++)
        if (!read_member(
                reading, config_setting_get_elem(group, (unsigned)i), keys, count, object, fault))
            return false;
    for (size_t i = 0; i < count; i++)
        if (keys[i].required && !config_setting_get_member(group, keys[i].name))
            return reading_refuse(reading, group, fault, "the key \"%s\" is missing", keys[i].name);
    return true;
}

bool reading_borrow_text(const struct reading *reading, const config_setting_t *setting,
    const char **ret_text, struct fault *fault)
{
    *ret_text = "";
    if (!reading_expect(reading, setting, CONFIG_TYPE_STRING, "a text, in double quotes", fault))
        return false;
    const char *text = config_setting_get_string(setting);
    struct span span = span_of(text);
    if (span.length == 0)
        return reading_refuse(reading, setting, fault, "is empty; leave the key out instead");
    if (span.length > READING_TEXT_MAX)
        return reading_refuse(reading, setting, fault, "has more than %u bytes", READING_TEXT_MAX);
    if (!span_is_utf8(span)) /* the file is, but \x escapes can make anything */
        return reading_refuse(reading, setting, fault, "is not UTF-8");
    for (size_t i = 0; i < span.length; i++)
        if (ascii_is_control(text[i]))
            return reading_refuse(reading, setting, fault, "has a control character in it");
    *ret_text = text;
    return true;
}

bool reading_integer(const struct reading *reading, const config_setting_t *setting,
    int64_t *ret_value, struct fault *fault)
{
    int64_t value;
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
        return reading_refuse(
            reading, setting, fault, "is %s; write an integer", reading_type_name(setting));
    if (!scan_integer(entry_of(setting)->literal, &value)) /* the parsed value may have wrapped */
        return reading_refuse(reading, setting, fault, "is no integer of 64 bits");
    *ret_value = value;
    return true;
}

bool reading_duration(const struct reading *reading, const config_setting_t *setting,
    int64_t *ret_ms, struct fault *fault)
{
    const char *text;
    int64_t ms;
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return reading_refuse(reading, setting, fault,
            "is %s; write a time with its unit, as \"15m\" (ms, s, m, h, d)",
            reading_type_name(setting));
    if (!reading_borrow_text(reading, setting, &text, fault))
        return false;
    if (!timestamp_duration(span_of(text), &ms))
        return reading_refuse(reading, setting, fault,
            "\"%.32s\" is no time; write a whole number and a unit, as \"15m\" (ms, s, m, h, d)",
            text);
    *ret_ms = ms;
    return true;
}

bool reading_text(const struct reading *reading, const config_setting_t *setting, void *member,
    struct fault *fault)
{
    const char *text;
    if (!reading_borrow_text(reading, setting, &text, fault))
        return false;
    char *copy = arena_copy_text(reading->arena, text);
    if (!copy)
        return fault_memory(fault);
    *(const char **)member = copy;
    return true;
}

const char *reading_absolute(const struct reading *reading, const char *path)
{
    if (path[0] == '/')
        return arena_copy_text(reading->arena, path);
    size_t directory = strlen(reading->text->directory), name = strlen(path);
    char *absolute = arena_allocate(reading->arena, directory + 1 + name + 1);
    if (!absolute)
        return NULL;
    (void)memcpy(absolute, reading->text->directory, directory);
    absolute[directory] = '/';
    (void)memcpy(absolute + directory + 1, path, name + 1);
    return absolute;
}

bool reading_path(const struct reading *reading, const config_setting_t *setting, void *member,
    struct fault *fault)
{
    const char *text = NULL;
    if (!reading_borrow_text(reading, setting, &text, fault))
        return false;
    assert(text);
    const char *absolute = reading_absolute(reading, text);
    if (!absolute)
        return fault_memory(fault);
    *(const char **)member = absolute;
    return true;
}

bool reading_bool(const struct reading *reading, const config_setting_t *setting, void *member,
    struct fault *fault)
{
    if (!reading_expect(reading, setting, CONFIG_TYPE_BOOL, "true or false", fault))
        return false;
    *(bool *)member = config_setting_get_bool(setting) == CONFIG_TRUE;
    return true;
}

/* The text is never part of a sentence: it may be the secret itself. */
bool reading_secret(const struct reading *reading, const config_setting_t *setting, void *member,
    struct fault *fault)
{
    static const struct span file = {"file:", 5};
    const char *reference;
    struct fault why;
    if (!reading_borrow_text(reading, setting, &reference, fault))
        return false;
    if (!secret_check(reference, &why))
        return reading_refuse(reading, setting, fault, "%s", why.text);
    if (!span_starts_with(span_of(reference), file) || reference[file.length] == '/')
        return reading_text(reading, setting, member, fault);
    const char *path = reading_absolute(reading, reference + file.length);
    struct span absolute = span_of(path);
    char *whole = path ? arena_allocate(reading->arena, file.length + absolute.length + 1) : NULL;
    if (!whole)
        return fault_memory(fault);
    (void)memcpy(whole, file.data, file.length);
    (void)memcpy(whole + file.length, absolute.data, absolute.length);
    *(const char **)member = whole;
    return true;
}
